package escalation

import (
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/calendar"
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
	// KeepHours passes over whoever is not at work, as if away; else people are
	// asked at any hour.
	KeepHours bool `json:"keep_hours,omitempty"`
}

// Rung is one step of the ladder.
type Rung struct {
	// Owner is "assigned", "cover" (whoever covers for the assigned clinician),
	// "role:<role>", "rota:<rota>" or "person:<id>".
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
	// Reach is where else the person is asked beside mail: an address by channel.
	Reach map[string]string
	Roles []string
	// Cover is the id of the person who stands in where an absence names nobody.
	Cover string
	// Away are the times at which the person cannot be asked.
	Away []Absence
	// Hours are when the person works, on Zone's clock, the clinic's holidays
	// excepted; nil means at any time.
	Hours *calendar.Hours
	Zone  *time.Location
	// Verified is when somebody last made sure that mail reaches the person; zero
	// means never.
	Verified calendar.Day
	// Emergency says that this is no member of staff but an address of the clinic's
	// that hears where nobody answers. No rung names it.
	Emergency bool
}

// Absence is a time at which somebody cannot be asked: From belongs to it, To does
// not.
type Absence struct {
	From, To time.Time
	// Cover is who stands in; empty means whoever stands in for them usually.
	Cover string
	// Roles are those in which the person is absent; without any it is in all they
	// do.
	Roles []string
}

// Rota says whose turn it is. Turns follow each other for ever, each so many days
// long.
type Rota struct {
	ID     string
	People []string
	// First is the date on which the first of People begins; At is when one hands
	// over to the next, as an offset from midnight on Zone's clock.
	First time.Time
	At    time.Duration
	Zone  *time.Location
	// Days is how long a turn is.
	Days int
	// Overrides are exceptions. Of several at one time the last one counts.
	Overrides []Override
}

// Override is who has the duty at a time instead of whose turn it is.
type Override struct {
	From, To time.Time
	Person   string
}

// Staff finds people.
type Staff struct {
	People []Person
	Rotas  []Rota
	// OnCall is asked where a rung names somebody who cannot be found: the id of a
	// person who must exist, or "rota:<rota>".
	OnCall string
	// Never are people who are not asked about this client: neither on a rung nor
	// in anybody's place.
	Never []string
	// Slack is how late a timer may be without an outage behind it; 0 means five
	// minutes. A clock of another speed lengthens it.
	Slack time.Duration

	// keepHours passes over whoever is not at work.
	keepHours bool
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
	// Wide is true for people who are told because nobody answers: they may take the
	// question or pass it on as if they had been asked.
	Wide bool `json:"wide,omitempty"`
	// Away is true where the person was asked although they were on leave: there was
	// nobody else.
	Away bool `json:"away,omitempty"`
	// Again is true where an outage gave this rung its time once more.
	Again bool `json:"again,omitempty"`
	// Why is the reason of whoever passed the question on, in a code of
	// events.Declines; empty where they gave none.
	Why string `json:"why,omitempty"`
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
	// Turn counts what makes an opened page out of date: another cause, an opening
	// anew.
	Turn int `json:"turn,omitempty"`
	// Owner is the person the question is with.
	Owner string `json:"owner"`
	// Next is when the ladder moves by itself.
	Next time.Time `json:"next,omitzero"`
	// Asks are the last 30 people asked or told, oldest first; where some must leave,
	// those whose mail still waits, the last time that each person was asked, and the
	// owner's own leave last.
	Asks []Ask `json:"asks,omitempty"`

	// Never are people who said that they should not be asked about this client.
	Never []string `json:"never,omitempty"`

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
