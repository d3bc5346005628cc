package notifier

import (
	"context"
	"errors"
	"time"
)

// Message asks for one email to one person. Its id is fixed by the decision
// that asked for it, so that asking again is harmless.
type Message struct {
	ID     string `json:"id"`
	Clinic string `json:"clinic"`
	// Key is the client the message is about, a pseudonym.
	Key  string `json:"key"`
	Lane Lane   `json:"lane"`
	// Template, Wording and Version choose the wording.
	Template string `json:"template"`
	Wording  string `json:"wording,omitempty"`
	Version  string `json:"version"`
	// Person is the directory id of a staff recipient; empty for the client.
	Person string `json:"person,omitempty"`
	// Target is what the mail's link opens.
	Target string `json:"target,omitempty"`
	// Why, What, Urgency and Round tailor the wording; all are codes.
	Why string `json:"why,omitempty"`
	// Reasons are what a list of services that the client asked for must fit.
	Reasons []string `json:"reasons,omitempty"`
	What    string   `json:"what,omitempty"`
	Urgency string   `json:"urgency,omitempty"`
	Round   int      `json:"round,omitempty"`
	// Asked is when the decision asked for it.
	Asked time.Time `json:"asked"`
}

// Status is what the ledger says about a message.
type Status string

// The statuses of a ledger record. Claimed and Deferred are not final.
const (
	Claimed   Status = "claimed"
	Deferred  Status = "deferred" // given back, will be tried again; care: known not to have left, safety: may have left
	Accepted  Status = "accepted"
	Delivered Status = "delivered"
	Bounced   Status = "bounced"
	Withdrawn Status = "withdrawn"
	Refused   Status = "refused"
	Unknown   Status = "unknown" // whether it left cannot be known
)

// Final says that nothing more will be tried by itself.
func (s Status) Final() bool { return s != "" && s != Claimed && s != Deferred }

// Entry is one record of the ledger.
type Entry struct {
	Status  Status `json:"status"`
	Attempt int    `json:"attempt"`
	// Nonce names the attempt that wrote the entry, so that a claim whose
	// answer was lost is recognised as our own.
	Nonce string    `json:"nonce,omitempty"`
	At    time.Time `json:"at"`
	// Detail is a machine's word, such as "http 413".
	Detail string `json:"detail,omitempty"`
	// By is the event that withdrew the message.
	By         string `json:"by,omitempty"`
	ProviderID string `json:"provider_id,omitempty"`
	// To is the events.AddressMark of the client's address that a care message
	// was written to: that one is to blame when it comes back, whatever the
	// address has become since.
	To string `json:"to,omitempty"`
	// Corrects is the final word that this one took back, empty for none: that
	// the provider took the mail outranks what another attempt concluded.
	Corrects Status `json:"corrects,omitempty"`
	// Unsure counts a safety message's requests of which nobody knows whether
	// the mail left.
	Unsure int `json:"unsure,omitempty"`
	// Late says that the client's log has heard that a safety message has to wait.
	Late bool `json:"late,omitempty"`
}

// ErrConflict is what Put answers when the ledger has moved on.
var ErrConflict = errors.New("the ledger has moved on")

// Ledger is the record of every attempt to send a message. Its contract:
//
//   - Last answers from the leader; revision 0 means no record.
//   - Put stores exactly when the last revision is expected, and answers
//     ErrConflict when it is not. Any other error is ambiguous.
type Ledger interface {
	Last(ctx context.Context, m Message) (e Entry, revision uint64, err error)
	Put(ctx context.Context, m Message, expected uint64, e Entry) (revision uint64, err error)
}
