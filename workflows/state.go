package workflows

import (
	"slices"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/escalation"
)

// StateVersion is written into every state; a reader that meets a newer one
// refuses it, so that two versions of the program can run side by side.
const StateVersion = 5

// State is all that a decision about one client may depend on beside the
// directory, the event and the time. It is stored whole with every decision;
// what is settled leaves it.
type State struct {
	V      int    `json:"v"`
	Clinic string `json:"clinic"`
	Key    string `json:"key"`
	// EHR is the clinic's own id of the client.
	EHR string `json:"ehr,omitempty"`

	Profile      Profile       `json:"profile"`
	Appointments []Appointment `json:"appointments,omitempty"`
	// Past holds what conditions count: one entry per event of a counted kind,
	// the newest CountedAtMost of each.
	Past []Occurrence `json:"past,omitempty"`

	Journeys []Journey `json:"journeys,omitempty"`
	// Missed are the absences that workflows start on, each with its deadline.
	Missed []Missed `json:"missed,omitempty"`
	// Began is when journeys began whose workflow limits how often, and Goals
	// what may still count as a journey's success, after its end too.
	Began []Began     `json:"began,omitempty"`
	Goals []GoalWatch `json:"goals,omitempty"`

	Escalations []escalation.Escalation `json:"escalations,omitempty"`
	Tasks       []Task                  `json:"tasks,omitempty"`
	// Sends are the messages asked for: those not settled, and care messages
	// as long as the cap looks back.
	Sends []Send `json:"sends,omitempty"`
	// Seen are the events decided on, oldest first, as long as EVENTS keeps
	// them (the rule once).
	Seen SeenList `json:"seen,omitempty"`

	// NewAddress waits for the client's word from its inbox.
	NewAddress *NewAddress `json:"new_address,omitempty"`

	// Mended is when a human was last asked for what alone kept mail back.
	Mended time.Time `json:"mended,omitzero"`
	// Decisions counts the decisions made for this client, this one included.
	Decisions int64 `json:"decisions"`
	// Large is set once staff were told that this state has grown too big.
	Large bool `json:"large,omitempty"`
	// Created is when the client was first heard of.
	Created time.Time `json:"created"`
}

// Field is one profile value with the event that said it. The newest event
// time wins, ties go to the larger event hash: the result does not depend on
// the order of arrival (the rule order-free).
type Field[T any] struct {
	Value T           `json:"v"`
	At    time.Time   `json:"at"`
	By    events.Hash `json:"by"`
}

// Known says whether any event has set the field.
func (f *Field[T]) Known() bool { return f != nil && !f.At.IsZero() }

// Get is the value, or the type's zero value where nothing is known.
func (f *Field[T]) Get() T {
	if f == nil {
		var zero T
		return zero
	}
	return f.Value
}

// Profile is what is known about the client, field by field.
type Profile struct {
	FirstName     *Field[string]        `json:"first_name,omitempty"`
	LastName      *Field[string]        `json:"last_name,omitempty"`
	Email         *Field[string]        `json:"email,omitempty"`
	EmailVerified *Field[Verification]  `json:"email_verified,omitempty"`
	Phone         *Field[string]        `json:"phone,omitempty"`
	ChartURL      *Field[string]        `json:"chart_url,omitempty"`
	Language      *Field[string]        `json:"language,omitempty"`
	TimeZone      *Field[string]        `json:"time_zone,omitempty"`
	Clinician     *Field[string]        `json:"clinician,omitempty"`
	Risk          *Field[events.Risk]   `json:"risk,omitempty"`
	Status        *Field[events.Status] `json:"status,omitempty"`
	// Died is the newest word that the client has died, and Alive staff's newest
	// word that care may go on.
	Died       *Field[bool]     `json:"died,omitempty"`
	Alive      *Field[bool]     `json:"alive,omitempty"`
	Programmes *Field[[]string] `json:"programmes,omitempty"`
	// NeverAsk are members of staff who are not asked about this client.
	NeverAsk     *Field[[]string] `json:"never_ask,omitempty"`
	Minor        *Field[bool]     `json:"minor,omitempty"`
	AddressOwner *Field[string]   `json:"address_owner,omitempty"`
	// OwnedAddress is the address that the word on its owner came with, empty where it
	// named none.
	OwnedAddress *Field[string] `json:"owned_address,omitempty"`
	// Outreach is consent as the clinic's systems report it.
	Outreach *Field[events.ConsentRecord] `json:"outreach,omitempty"`
	// Resources, Caring and Orientation are consent to one kind of mail, where it
	// was spoken of by itself.
	Resources   *Field[events.ConsentRecord] `json:"resources,omitempty"`
	Caring      *Field[events.ConsentRecord] `json:"caring,omitempty"`
	Orientation *Field[events.ConsentRecord] `json:"orientation,omitempty"`
	// OptedOut is the client's own word; no feed lifts it.
	OptedOut *Field[bool] `json:"opted_out,omitempty"`
	// Suppressed are the addresses that bounced or whose owner complained, by
	// their marks, in the marks' order; the newest few are kept.
	Suppressed []Suppression `json:"suppressed,omitempty"`
	// Reason is why the client steps back, by their own choice or a
	// clinician's note; it tailors the wording.
	Reason *Field[string] `json:"reason,omitempty"`
	// Noticed is what a clinician last noticed, and Approach what they said the
	// client prefers, in events.Noticed's and events.Approaches' codes.
	Noticed  *Field[[]string] `json:"noticed,omitempty"`
	Approach *Field[string]   `json:"approach,omitempty"`
	// Answered is the client's newest answer on the check-in page.
	Answered *Field[Answered] `json:"answered,omitempty"`
	// Paused is set by staff; a zero Until means until lifted.
	Paused *Field[PausedUntil] `json:"paused,omitempty"`
	// Rest is the client's own break from mail, beside what staff and workflows pause.
	Rest *Field[PausedUntil] `json:"rest,omitempty"`
	// OwnLanguage and OwnAddress are what the client chose themself: see Speaks and
	// Address.
	OwnLanguage *Field[string]     `json:"own_language,omitempty"`
	OwnAddress  *Field[OwnAddress] `json:"own_address,omitempty"`
}

// OwnAddress is an address that the client named and confirmed. Left are those before
// it, theirs and their clinic's, the newest keptLeft: who names one of them has not
// heard of it.
type OwnAddress struct {
	Email string   `json:"email"`
	Left  []string `json:"left,omitempty"`
}

// keptLeft is how many addresses that a client left are remembered.
const keptLeft = 8

// NewAddress is one that the client named and has not confirmed. There is one at a
// time: whoever names another one ends it.
type NewAddress struct {
	ID    string    `json:"id"`
	Email string    `json:"email"`
	Until time.Time `json:"until"`
}

// Answered is what of an answer steps may depend on.
type Answered struct {
	Wish string `json:"wish,omitempty"`
	Safe bool   `json:"safe,omitempty"`
	Hard bool   `json:"hard,omitempty"`
}

// Verification is the clinic's word on an address; Address is the one that the
// same event named, empty where it named none.
type Verification struct {
	OK      bool   `json:"ok"`
	Address string `json:"address,omitempty"`
}

// Suppression is an address that gets no more mail, by events.AddressMark.
type Suppression struct {
	Mark string      `json:"mark"`
	At   time.Time   `json:"at"`
	By   events.Hash `json:"by"`
}

// PausedUntil is a pause of care mail; On false means lifted.
type PausedUntil struct {
	On    bool      `json:"on"`
	Until time.Time `json:"until,omitzero"`
}

// Stamp orders what is said about one appointment: the highest version wins,
// then the newest event time, then the larger event hash.
type Stamp struct {
	Version int64     `json:"n,omitempty"`
	At      time.Time `json:"at,omitzero"`
	// Rank orders what was said in the same moment.
	Rank int8        `json:"r,omitempty"`
	By   events.Hash `json:"by,omitzero"`
}

// Appointment is one appointment as last reported. Each part carries the stamp
// of the event that said it, so that the order of arrival does not matter.
type Appointment struct {
	ID string `json:"id"`
	// Status is the kind of the latest event: booked, cancelled and so on.
	Status      events.Kind        `json:"status"`
	CancelledBy events.CancelledBy `json:"cancelled_by,omitempty"`
	StatusSaid  Stamp              `json:"status_said"`
	// StatusOther is the newest word that does not stand: without a version where what
	// stands has one, with one where it has none. StartOther and VisitOther likewise.
	StatusOther *Word[Outcome] `json:"status_other,omitempty"`

	Start      time.Time        `json:"start,omitzero"`
	StartSaid  Stamp            `json:"start_said,omitzero"`
	StartOther *Word[time.Time] `json:"start_other,omitempty"`

	// Asked says that a human was asked about this status of it.
	Asked bool `json:"asked,omitempty"`
	// Refused are the workflows that did not begin for it, because a journey of theirs
	// about another appointment was under way.
	Refused []string `json:"refused,omitempty"`
	// Ended says that a journey ended, or did not begin, because of it.
	Ended bool `json:"ended,omitempty"`

	Visit      events.Visit        `json:"visit,omitempty"`
	VisitSaid  Stamp               `json:"visit_said,omitzero"`
	VisitOther *Word[events.Visit] `json:"visit_other,omitempty"`
}

// Outcome is what became of an appointment.
type Outcome struct {
	Status      events.Kind        `json:"status"`
	CancelledBy events.CancelledBy `json:"cancelled_by,omitempty"`
}

// Word is something that was said, and by which event.
type Word[T any] struct {
	Value T     `json:"v"`
	Said  Stamp `json:"said"`
}

// Occurrence is one counted event.
type Occurrence struct {
	Kind        events.Kind `json:"kind"`
	At          time.Time   `json:"at"`
	Event       events.Hash `json:"event"`
	Appointment string      `json:"appointment,omitempty"`
}

// Seen is an event that was decided on.
type Seen struct {
	Hash events.Hash `json:"h"`
	At   int64       `json:"t"` // Unix seconds of the decision
	// Reason is what was concluded, so that a repeat is answered alike.
	Reason Reason `json:"r,omitempty"`
}

// Journey is one client's run through one version of one workflow.
type Journey struct {
	ID       string `json:"id"`
	Workflow string `json:"workflow"`
	// Version is the directory version the journey started with (the rule
	// pinned).
	Version string `json:"version"`
	// Cause is the event that started it, and Origin that event's time, from
	// which every delay counts.
	Cause       events.Hash `json:"cause"`
	Origin      time.Time   `json:"origin"`
	Started     time.Time   `json:"started"`
	Appointment string      `json:"appointment,omitempty"`
	// Replaced is the workflow of the weaker journey that this one took over from.
	Replaced string `json:"replaced,omitempty"`
	// Step is the id of the step the journey stands at.
	Step string `json:"step"`
	// Nominal is when the current step began by the plan: waits count from
	// here, so that lateness does not add up.
	Nominal time.Time `json:"nominal"`
	// Due is when the current wait ends by itself.
	Due time.Time `json:"due,omitzero"`
	// Opened maps the id of an escalate or task step to what it opened, and that of
	// a message which came too late to the task that asks about it.
	Opened map[string]string `json:"opened,omitempty"`
	// Limits are the waits that their limits ended lately, in order; Pauses are the
	// pauses of mail since the first of them.
	Limits []PassedLimit `json:"limits,omitempty"`
	Pauses []MadePause   `json:"pauses,omitempty"`
	// Silent says that a condition to stop it could not be told: it sends the client no
	// more, and goes on to the questions that it asks.
	Silent bool `json:"silent,omitempty"`
	// Asked are the tasks that ask a person whether a mail may leave, by the id of its
	// step.
	Asked map[string]string `json:"asked,omitempty"`
	// Released is what a person said about a mail that leaves only when they let it, by
	// the id of its step.
	Released map[string]bool `json:"released,omitempty"`
}

// Missed is the deadline of one workflow's absence: of the event Of nothing
// newer came.
type Missed struct {
	Workflow string      `json:"w"`
	Of       events.Hash `json:"of"`
	Due      time.Time   `json:"due"`
	// Done says that it was looked at; only a newer event opens it again.
	Done bool `json:"done,omitempty"`
}

// Began is the start of one journey.
type Began struct {
	Workflow    string    `json:"w"`
	Appointment string    `json:"a,omitempty"`
	At          time.Time `json:"t"`
}

// GoalWatch waits for a journey's success.
type GoalWatch struct {
	Workflow    string    `json:"w"`
	Version     string    `json:"v"`
	Appointment string    `json:"a,omitempty"`
	Origin      time.Time `json:"from"`
	Until       time.Time `json:"until"`
}

// Task is a question without alarm: an owner and a due time.
type Task struct {
	ID      string    `json:"id"`
	What    string    `json:"what"`
	Owner   string    `json:"owner"`
	Opened  time.Time `json:"opened"`
	Due     time.Time `json:"due"`
	Journey string    `json:"journey,omitempty"`
	// Text is what the client wrote, for the owner's eyes behind a session.
	Text string `json:"text,omitempty"`
	// Next is when the owner is reminded, or, before it is due, when their leave
	// begins.
	Next time.Time `json:"next"`
	// Reminded counts the reminders after Due, by a mail of their own or in a digest.
	Reminded int `json:"reminded,omitempty"`
	// Cause is the event that opened it.
	Cause events.Hash `json:"cause,omitzero"`
}

// Lane separates safety messages to staff from care messages to clients.
type Lane string

// The two lanes; neither ever waits behind the other.
const (
	LaneSafety Lane = "safety"
	LaneCare   Lane = "care"
)

// SendStatus is what the client's log knows about a message.
type SendStatus string

// The statuses of a message in the state. Accepted is recorded for the safety
// lane, where the ladder depends on it; for care the ledger has it. Stopped is
// our wish, which a message that has already left cannot follow; withdrawn is
// the notifier's word that it did.
const (
	SendAsked     SendStatus = "asked"
	SendStopped   SendStatus = "stopped"
	SendAccepted  SendStatus = "accepted"
	SendWithdrawn SendStatus = "withdrawn"
	SendRefused   SendStatus = "refused"
	SendUnknown   SendStatus = "unknown"
)

// Send is one message that a decision asked for.
type Send struct {
	ID      string     `json:"id"`
	Lane    Lane       `json:"lane"`
	At      time.Time  `json:"at"`
	Status  SendStatus `json:"status"`
	Message Message    `json:"message"`
	// Journey, Escalation or Task asked for it.
	Journey    string `json:"journey,omitempty"`
	Escalation string `json:"escalation,omitempty"`
	Task       string `json:"task,omitempty"`
	// To is the mark of the address that a care message was asked for, and
	// Appointment the one its journey is about.
	To          string `json:"to,omitempty"`
	Appointment string `json:"appointment,omitempty"`
	// Own says that the client asked for it, so that no limit on mail holds it back or
	// counts it; Email is where it goes, where that is not the client's address.
	Own   bool   `json:"own,omitempty"`
	Email string `json:"email,omitempty"`
	// Precedence is that of the workflow that asked: of two messages that would
	// leave together the stronger one does.
	Precedence int `json:"precedence,omitempty"`
	// Late is how long after it was asked for it may still leave; 0 means the
	// clinic's own bound.
	Late time.Duration `json:"late,omitempty"`
	// Within says in which hours a care message may leave.
	Within Within `json:"within,omitempty"`
	// Released says that a person let it go to a client with a safety flag.
	Released bool `json:"released,omitempty"`
	// By is the event that stopped it, Reason why.
	Reason Reason      `json:"reason,omitempty"`
	By     events.Hash `json:"by,omitzero"`
}

// Versions are the directory versions that the state's journeys and messages
// are pinned to.
func (s *State) Versions() []string {
	var out []string
	add := func(v string) {
		if v != "" && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	for i := range s.Journeys {
		add(s.Journeys[i].Version)
	}
	for i := range s.Goals {
		add(s.Goals[i].Version)
	}
	for i := range s.Sends {
		if s.Sends[i].Lane == LaneCare {
			add(s.Sends[i].Message.Version)
		}
	}
	return out
}
