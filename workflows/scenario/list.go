package scenario

import (
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows"
)

// Told is one entry of a timeline, for programs: a decision, or a last look at a
// message. Its JSON is stable: fields are added and never renamed.
type Told struct {
	// Chapter is the heading that it stands under, without "##"; empty before the
	// first one.
	Chapter string `json:"chapter"`
	// Line is the script's line that let it come to this, from 1.
	Line int `json:"line"`
	// At is when it was decided, in virtual time and UTC.
	At time.Time `json:"at"`
	// Event is the kind of event decided on, and Happened when that happened; both
	// are empty for a look.
	Event    events.Kind `json:"event,omitempty"`
	Happened time.Time   `json:"happened,omitzero"`
	// Notes are what was decided, in order; none for a look.
	Notes []Note `json:"notes,omitempty"`
	// Look is the last look at one message; nil for a decision.
	Look *Look `json:"look,omitempty"`
	// Mails are those that the decision asked for, and State the client as they were
	// known then, for whoever writes the mails.
	Mails []Mail           `json:"-"`
	State *workflows.State `json:"-"`
}

// Mail is one that a decision asked for.
type Mail struct {
	// Name is the short name, such as $m1.
	Name string
	workflows.Enqueue
}

// Note is one thing decided, with its reason as a stable code and in words.
type Note struct {
	What     workflows.What   `json:"what"`
	Reason   workflows.Reason `json:"reason"`
	Words    string           `json:"words"`
	Workflow string           `json:"workflow,omitempty"`
	Step     string           `json:"step,omitempty"`
	Detail   string           `json:"detail,omitempty"`
	// Subject is the short name of a message, escalation or task, such as $m1.
	Subject string `json:"subject,omitempty"`
	// Person is the directory id of a member of staff.
	Person string    `json:"person,omitempty"`
	Until  time.Time `json:"until,omitzero"`
}

// Look is the last look at one message before it would leave.
type Look struct {
	Message string           `json:"message"`
	Wanted  bool             `json:"wanted"`
	Reason  workflows.Reason `json:"reason,omitempty"`
	Words   string           `json:"words,omitempty"`
	// By is the kind of event that made it unwanted, where one did.
	By        events.Kind `json:"by,omitempty"`
	NotBefore time.Time   `json:"not_before,omitzero"`
}

// note is a note as programs read it.
func (n *Names) note(from workflows.Note) Note {
	return Note{
		What: from.What, Reason: from.Reason, Words: from.Reason.Words(), Workflow: from.Workflow, Step: from.Step, Detail: from.Detail,
		Subject: n.Of(from.What, from.Subject), Person: from.Person, Until: from.Until,
	}
}
