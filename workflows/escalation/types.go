package escalation

import (
	"time"

	"github.com/mooring-care/mooring/events"
)

// Policy says who is asked in which order. A policy has at least one rung; the
// last one repeats for ever (the rule never-silent).
type Policy struct {
	ID string `json:"id"`
	// Urgency is told to whoever is asked: "crisis" or "urgent".
	Urgency string `json:"urgency"`
	Rungs   []Rung `json:"rungs"`
	// Hold is how long an acknowledgement pauses the ladder; without an
	// outcome by then the ladder resumes.
	Hold time.Duration `json:"hold"`
}

// Rung is one step of the ladder.
type Rung struct {
	// Owner is "assigned", "cover" (whoever covers for the assigned clinician),
	// "role:<role>" or "person:<id>".
	Owner string `json:"owner"`
	// Within is how long the owner has before the next rung is asked.
	Within time.Duration `json:"within"`
	// Inform lists others who are told, in the same notation as Owner.
	Inform []string `json:"inform,omitempty"`
}

// Person is a member of staff.
type Person struct {
	ID    string
	Name  string
	Email string
	Roles []string
	// Cover is the id of the person who stands in.
	Cover string
	// Away are the times at which the person cannot be asked.
	Away []Span
	// Emergency says that this is no member of staff but an address of the clinic's
	// that hears where nobody answers. No rung names it.
	Emergency bool
}

// Span is a half-open stretch of time.
type Span struct{ From, To time.Time }

// Staff finds people.
type Staff struct {
	People []Person
	// OnCall is asked where a rung names somebody who cannot be found: the id
	// of a person who must exist.
	OnCall string
	// Slack is how late a timer may be without an outage behind it; 0 means five
	// minutes. A clock of another speed lengthens it.
	Slack time.Duration
}

// Status of one ask.
type Status string

// What became of asking somebody.
const (
	Asked    Status = "asked"
	Accepted Status = "accepted" // the provider took the mail
	Failed   Status = "failed"   // refused, bounced or dropped: not delivered
	Passed   Status = "passed"   // the person passed the question on
	// Silent means no answer within the rung's time. Only somebody whose mail
	// the provider took can be silent; else the ask stays Asked.
	Silent Status = "silent"
	// Withdrawn means that the mail was no longer wanted before the provider
	// took it.
	Withdrawn Status = "withdrawn"
)

// Ask is one time that one person was asked.
type Ask struct {
	Rung   int       `json:"rung"`
	Round  int       `json:"round,omitempty"`
	Person string    `json:"person"`
	At     time.Time `json:"at"`
	Status Status    `json:"status"`
	// Message is the id of the mail that asks; the caller sets it.
	Message string `json:"message,omitempty"`
	// Inform is true for people who are told and not asked.
	Inform bool `json:"inform,omitempty"`
	// Again is true where an outage gave this rung its time once more.
	Again bool `json:"again,omitempty"`
}

// Escalation is a question that a human must answer. While it is open, Next is
// never zero and Owner never empty (the rule never-silent, kept by
// TestNeverSilent).
type Escalation struct {
	ID string `json:"id"`
	// Policy is a copy: an open escalation keeps the version it began with.
	Policy Policy `json:"policy"`
	// Questions are the codes of what must be answered; a second cause joins
	// the open escalation.
	Questions []string    `json:"questions"`
	Cause     events.Hash `json:"cause"`
	Opened    time.Time   `json:"opened"`
	// Clinician is the assigned clinician when it was opened.
	Clinician string `json:"clinician,omitempty"`

	// Rung and Round are where the ladder stands; Round counts the repeats of
	// the last rung. A reopened escalation begins its ladder with a new round,
	// so that a rung, a round and a person name one ask for ever (TestOneAsk).
	Rung  int `json:"rung"`
	Round int `json:"round,omitempty"`
	// Wide says that everybody on duty has been told, as far as there is room.
	Wide bool `json:"wide,omitempty"`
	// Owner is the person the question is with.
	Owner string `json:"owner"`
	// Next is when the ladder moves by itself.
	Next time.Time `json:"next,omitzero"`
	// Asks are the last 20 people asked, oldest first; where some must leave,
	// those whose mail still waits and the owner's own leave last.
	Asks []Ask `json:"asks,omitempty"`

	Ack      *Ack      `json:"ack,omitempty"`
	Attempts []Attempt `json:"attempts,omitempty"`
	// Said is what somebody wrote with a cause, for whoever answers: the client
	// on a check-in, a colleague who raised a concern. The last 5 are kept.
	Said   []string `json:"said,omitempty"`
	Closed *Closing `json:"closed,omitempty"`
}

// Ack is that a named human took the question.
type Ack struct {
	By  string    `json:"by"`
	For string    `json:"for,omitempty"`
	At  time.Time `json:"at"`
	// Until is when the hold ends; a record of an older program has none, and its
	// hold ends at Next.
	Until time.Time `json:"until,omitzero"`
	// Reminded says that the person heard that the hold is about to end.
	Reminded bool `json:"reminded,omitempty"`
}

// Attempt is one recorded try to reach the client.
type Attempt struct {
	By  string    `json:"by"`
	At  time.Time `json:"at"`
	How string    `json:"how,omitempty"`
}

// Closing is the outcome with who and when.
type Closing struct {
	By      string         `json:"by"`
	At      time.Time      `json:"at"`
	Outcome events.Outcome `json:"outcome"`
	// Note is what the person wrote for colleagues, at most 500 characters.
	Note string `json:"note,omitempty"`
}

// Open says whether the question still waits for an outcome.
func (e *Escalation) Open() bool { return e.Closed == nil }
