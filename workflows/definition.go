package workflows

import (
	"time"

	"github.com/mooring-care/mooring/events"
)

// Workflow is one definition, read from one YAML file and checked whole.
type Workflow struct {
	// Name is the file's own name without ".yaml", [a-z0-9-]+.
	Name  string
	Title string
	// Why says in a sentence what the workflow is for; people read it.
	Why string
	// Sources are what its times and words rest on, for people; none need be
	// given.
	Sources []string
	Start   Start
	Stops   []Stop
	// Goal is what counts as success; nil where the file names none.
	Goal *Goal
	// Late is what its messages do when their time has passed; nil means the
	// clinic's own rule.
	Late *Lateness
	// Precedence decides which withdrawal journey a client has: the larger
	// number wins (the rule one-hand). 0 means that the workflow is not a
	// withdrawal journey and runs beside one.
	Precedence int
	// Version is what the file says, its approval left out: "w" and 16
	// hexadecimal characters. Approved is who put it to work; nil for a draft.
	Version  string
	Approved *Approval
	// Program is the steps, flattened: the first one is Program[0], each one
	// knows the next.
	Program []Step
	// index finds a step by its id, and places where it stands in the file.
	index  map[string]int
	places map[string]place
}

// Approval says who put which version of a workflow to work, and when. It comes
// from the file's own `approved`.
type Approval struct {
	By string
	// On is a day, such as "2026-11-02".
	On      string
	Version string

	byAt place
}

// Place is where the workflow's file says who.
func (a *Approval) Place() (line, column int) { return max(a.byAt.line, 1), max(a.byAt.column, 1) }

// Step finds a step of the program by its id.
func (w *Workflow) Step(id string) (*Step, bool) {
	i, ok := w.index[id]
	if !ok {
		return nil, false
	}
	return &w.Program[i], true
}

// StepPlace is where a step stands in the workflow's file.
func (w *Workflow) StepPlace(id string) (line, column int) {
	at := w.places[id]
	return max(at.line, 1), max(at.column, 1)
}

// Start says what begins a journey: events, or that one has not come for a
// while.
type Start struct {
	On      []events.Kind
	Absence *Absence   // nil where only events begin one
	When    *Condition // nil means always
	// Key says what a journey begins once for, and Again how long after a
	// journey of this workflow began the next may; zero values mean no limit.
	Key   Key
	Again time.Duration
	// EvenIfBooked lets a withdrawal journey begin although another appointment
	// lies ahead.
	EvenIfBooked bool
}

// Absence is a start without an event: none of a kind has come for a while.
type Absence struct {
	// Of is the kind that is missed; For counts from the newest one's time.
	Of  events.Kind
	For time.Duration
	// NothingBooked puts the start off while an appointment is expected.
	NothingBooked bool
}

// Key says what one journey of a workflow stands for.
type Key string

// The keys. An episode lasts from one attended appointment to the next.
const (
	KeyAppointment Key = "appointment"
	KeyClient      Key = "client"
	KeyEpisode     Key = "episode"
)

// Goal is what counts as success, within a span from the journey's start.
// Reaching it is noted and stops nothing.
type Goal struct {
	On     []events.Kind
	When   *Condition
	Within time.Duration
}

// Stop says which events end a journey, and how. Without On it is the condition
// alone, looked at in every decision.
type Stop struct {
	On      []events.Kind
	When    *Condition
	Outcome string // a word for reports: "returned", "replied"
}

// StepKind names what a step does.
type StepKind string

// The kinds of step.
const (
	StepSend     StepKind = "send"
	StepWait     StepKind = "wait"
	StepChoose   StepKind = "choose"
	StepTask     StepKind = "task"
	StepEscalate StepKind = "escalate"
	StepPause    StepKind = "pause"
	StepSplit    StepKind = "split"
	StepEnd      StepKind = "end"
)

// Step is one entry of a program. Exactly the part of its Kind is set.
type Step struct {
	// ID is the id given in the file, or the step's place such as "3" or
	// "4.otherwise.1"; it is stable within one version.
	ID   string
	Kind StepKind
	// Next is the id of the step that follows; empty means that the journey
	// ends after this one. Choose and wait may lead elsewhere.
	Next string
	// Late is this step's own rule of lateness; nil means its workflow's for a
	// send, and to do it all the same for a task or an escalation.
	Late *Lateness

	Send     *SendStep
	Wait     *WaitStep
	Choose   *ChooseStep
	Task     *TaskStep
	Escalate *EscalateStep
	Pause    *PauseStep
	Split    *SplitStep
	End      *EndStep
}

// Lateness is what a step does that comes more than After behind its time, as
// after an outage.
type Lateness struct {
	After time.Duration
	Then  LateAct
}

// LateAct is one way to be late.
type LateAct string

// A late step is done all the same, left out, or put to a human as a task.
const (
	LateSend LateAct = "send"
	LateSkip LateAct = "skip"
	LateAsk  LateAct = "ask"
)

// SendStep asks for one care message to the client, or for a note to a member of
// staff.
type SendStep struct {
	// Template is the family: "A" to "F" to the client, "note" to staff.
	Template string
	// Wording names a wording of the family's own, for a split; empty means the
	// usual one.
	Wording string
	// Within says in which hours it may leave; a note to staff leaves at any.
	Within Within
	// To names a member of staff as TaskStep.Owner does; empty means the client.
	To string

	wordingAt place
}

// WordingPlace is where the wording's name stands in the workflow's file.
func (s *SendStep) WordingPlace() (line, column int) { return s.wordingAt.line, s.wordingAt.column }

// Within says in which hours a care message may leave.
type Within string

// Any hour of the client's own day, or those of them in which the clinic is
// open.
const (
	Daytime     Within = ""
	OfficeHours Within = "office-hours"
)

// WaitStep lets time pass, or waits for an event with a limit.
type WaitStep struct {
	// For counts from when this step began by the plan; SinceStart from the
	// time of the event that started the journey; Before and After from the
	// start of the appointment that the journey is about, wherever it is moved.
	// Until is the next time of day. One of them is set; for a wait with On it
	// is the limit.
	For           time.Duration
	SinceStart    time.Duration
	Before, After time.Duration
	Until         *TimeOfDay
	// On are the events waited for; empty for a plain wait.
	On []events.Kind
	// Of restricts On to the escalation or task that this earlier step opened.
	Of string
	// OnEvent and OnLimit are where to go; empty means Step.Next.
	OnEvent, OnLimit string
}

// TimeOfDay is a time on the client's own clock.
type TimeOfDay struct {
	// At counts from midnight.
	At time.Duration
	// Weekdays leaves Saturday and Sunday out, Workdays every day on which the
	// clinic has no hours or a holiday.
	Weekdays, Workdays bool
}

// PauseStep holds care mail to the client back for a while, whatever asks for
// it.
type PauseStep struct {
	For time.Duration
}

// SplitStep sends clients different ways, to compare them. Shares and the
// held-out share are percentages and add up to 100.
type SplitStep struct {
	Ways []Way
	// HeldOut get none of the ways; ApprovedBy is who allowed that.
	HeldOut    int
	ApprovedBy string
}

// Way is one way of a split.
type Way struct {
	Share int
	Then  string // step id; empty means Step.Next
}

// ChooseStep takes the first branch whose condition holds.
type ChooseStep struct {
	Branches []Branch
	// Otherwise is taken when none holds; empty means Step.Next.
	Otherwise string
}

// Branch is one way of a choose step.
type Branch struct {
	When *Condition
	Then string // step id; empty means Step.Next
}

// TaskStep asks a human, without alarm.
type TaskStep struct {
	// What is the code of the question, such as "call-client".
	What string
	// Owner is "assigned", "task-owner", "role:<role>" or "person:<id>".
	Owner string
	// Due counts from when the task is opened.
	Due time.Duration
}

// EscalateStep opens an escalation under a policy of the directory.
type EscalateStep struct {
	Policy string
	// Question is the code of what must be answered, such as "high-risk-no-show".
	Question string
}

// EndStep ends the journey with an outcome for reports.
type EndStep struct {
	Outcome string
}
