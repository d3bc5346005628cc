package workflows

import (
	"time"
)

// Decision is what the engine concluded from one event: the state after it,
// what the outside is asked to do, and why.
type Decision struct {
	State   State
	Effects []Effect
	// Notes say every step taken or skipped with its reason, in order (the
	// rule why). The first one is the decision's headline.
	Notes []Note
	// Directory is the version of the directory that was used.
	Directory string
	// Nothing is true when the event changes nothing and need not be recorded:
	// a timer that came early, or a repeat.
	Nothing bool
}

// Note is one thing decided, with its one named reason.
type Note struct {
	What What `json:"what"`
	// Reason is a stable word from the table in reasons.go.
	Reason Reason `json:"reason"`
	// Workflow and Step say where, for notes about a journey.
	Workflow string `json:"workflow,omitempty"`
	Step     string `json:"step,omitempty"`
	// Subject is the id of the message, escalation or task concerned.
	Subject string `json:"subject,omitempty"`
	// Person is the directory id of the staff member concerned.
	Person string `json:"person,omitempty"`
	// Until is when something will happen, where the note promises a time.
	Until time.Time `json:"until,omitzero"`
	// Holiday is the clinic's name for the day that keeps a message back, as it was
	// when that was decided: entries of years gone by are taken out.
	Holiday string `json:"holiday,omitempty"`
	// Detail is more for the reader: a rule's figure, a family's letter. It
	// never holds a client's data.
	Detail string `json:"detail,omitempty"`
}

// Effect is what a decision asks the outside to do. Exactly one field is set.
// Every effect may be performed again: message ids are fixed by the decision,
// and the timer is always set from the latest state.
type Effect struct {
	// Enqueue puts a message into its lane's queue.
	Enqueue *Enqueue `json:"enqueue,omitempty"`
	// Timer sets the client's one timer to this time.
	Timer *time.Time `json:"timer,omitempty"`
}

// Enqueue asks for one message.
type Enqueue struct {
	ID      string  `json:"id"`
	Lane    Lane    `json:"lane"`
	Message Message `json:"message"`
}

// Message says what to write to whom; the notifier looks up wording by
// Template at the pinned Version and the recipient's address just before it
// sends.
type Message struct {
	// Template is the wording: a client family ("A".."F") or a staff mail
	// ("escalation", "task", "task-reminder", "note").
	Template string `json:"template"`
	// Wording names a wording of the family's own; empty means the usual one.
	Wording string `json:"wording,omitempty"`
	// Version is the directory version whose wording applies.
	Version string `json:"version"`
	// Person is the directory id of a staff recipient; empty for the client.
	Person string `json:"person,omitempty"`
	// Workflow and Step asked for it.
	Workflow string `json:"workflow,omitempty"`
	Step     string `json:"step,omitempty"`
	// Target is the escalation, task or check-in that the mail's link opens.
	Target string `json:"target,omitempty"`
	// Why is the reason chosen by the client, which tailors the wording.
	Why string `json:"why,omitempty"`
	// Reasons are what a list of services that the client asked for must fit.
	Reasons []string `json:"reasons,omitempty"`
	// Asked is when the decision asked for it; links expire from here.
	Asked time.Time `json:"asked"`
	// What is the question of a task or escalation, a code that templates put
	// into words.
	What string `json:"what,omitempty"`
	// Urgency and Round tell a rung's mail how to speak.
	Urgency string `json:"urgency,omitempty"`
	Round   int    `json:"round,omitempty"`
}
