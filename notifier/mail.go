package notifier

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mooring-care/mooring/events"
)

// Lane separates safety messages to staff from care messages to clients. A
// lane never waits behind the other.
type Lane string

// The two lanes.
const (
	Safety Lane = "safety"
	Care   Lane = "care"
)

// Address is one mailbox.
type Address struct {
	Name  string
	Email string
}

// Mail is one rendered email to one person.
type Mail struct {
	// ID is the message's own id, random to anybody outside; Attempt counts
	// from 1. A provider may carry both in its own metadata.
	ID      string
	Attempt int
	Lane    Lane
	// MessageID is the Message-ID header without angle brackets, the same for
	// every attempt, so that a mail sent twice can be recognised as one.
	MessageID string
	Date      time.Time

	From, ReplyTo, To Address
	Subject           string
	Text, HTML        string
	// Headers are further header lines, such as List-Unsubscribe.
	Headers []Header
	// Pages ask the recipient in other ways at the same time; to staff alone.
	Pages []Page

	// Origin says where the words come from. It is never sent.
	Origin Origin
}

// Origin is whose words a mail has.
type Origin struct {
	// Clinic is the clinic's id, Version that of the wording, Language a code such as
	// "es".
	Clinic, Version, Language string
	// Stranger says that nobody knows yet who reads it: a link to a new address.
	Stranger bool
}

// Inspect looks at a mail as its bytes say it, the last thing before they leave. An
// error, a *SendError of class Permanent made by Held, keeps it back; it must be nil for
// the safety lane, whose mails leave whatever they hold. It may be called by many
// goroutines at once.
type Inspect func(left Mail) error

// Held is the error of a mail that must not leave for what it holds; rule is a code
// such as "clinical-word".
func Held(rule string) error {
	return &SendError{Class: Permanent, Detail: events.MailHeld + rule, Err: errors.New("the mail holds what must not leave: " + rule)}
}

// Unread is what follows where a mail's own bytes cannot be read back.
func Unread(m Mail, err error) error {
	if m.Lane == Safety {
		return nil
	}
	return &SendError{Class: Permanent, Detail: events.MailHeld + "unreadable", Err: err}
}

// Header is one header line of a mail.
type Header struct{ Name, Value string }

// Provider sends one mail. Its contract:
//
//   - nil means that the provider has taken the mail: accepted, not delivered.
//   - A *SendError says what is known instead; any other error counts as
//     Ambiguous.
//   - It makes one attempt, never retries, and ends when ctx does.
//   - It may be called by many goroutines at once.
type Provider interface {
	Send(ctx context.Context, m Mail) (Receipt, error)
}

// Receipt is what a provider said when it took a mail.
type Receipt struct {
	// ProviderID is the provider's own id of the mail, "" where it has none.
	ProviderID string
	// Wait asks for a pause before the next mail: the provider took this one and
	// said that it would refuse another. 0 asks for none.
	Wait time.Duration
	// Ways says in machine's words how the recipient was reached, where there was more
	// than one way: "mail, webhook", "mail, not webhook".
	Ways string
}

// Class says what a failed attempt means.
type Class int

// The classes of failure. The zero value is Ambiguous: what is not known to be
// harmless is treated as if the mail might have left.
const (
	// Ambiguous: whether the mail left cannot be known.
	Ambiguous Class = iota
	// Permanent: the mail did not leave, and trying it again would not help.
	Permanent
	// RetryAfter: the mail did not leave; later it may.
	RetryAfter
)

// String is the class as logs and metrics write it.
func (c Class) String() string {
	switch c {
	case Permanent:
		return "permanent"
	case RetryAfter:
		return "retry-after"
	default:
		return "ambiguous"
	}
}

// SendError is a failed attempt.
type SendError struct {
	Class Class
	// After is the least time to wait before the next attempt; 0 leaves it to
	// the caller's backoff.
	After time.Duration
	// Detail is a machine's word such as "http 413" or "smtp 550 5.1.1", with
	// no address and no text of the mail in it.
	Detail string
	// Provider is true when the whole provider account is at fault (a revoked
	// key, an exhausted plan) and every other mail would fail the same way.
	Provider bool
	Err      error
}

// Error says class and detail; it names no person.
func (e *SendError) Error() string {
	return fmt.Sprintf("send mail: %s (%s)", e.Detail, e.Class)
}

// Unwrap is the cause.
func (e *SendError) Unwrap() error { return e.Err }

// Classify finds the SendError in err; anything else is Ambiguous.
func Classify(err error) *SendError {
	if se, ok := errors.AsType[*SendError](err); ok {
		return se
	}
	return &SendError{Class: Ambiguous, Detail: "unexpected error", Err: err}
}
