// Package schema describes the form of a workflow file, so that editors complete
// and check it while it is written. workflow.schema.json is made of the types
// below, and a test holds them to what the reader takes. It must never know how
// a file is read or run.
package schema

import _ "embed"

//go:embed workflow.schema.json
var file []byte

// FileName is what the schema is called; each workflow's first line names it.
const FileName = "workflow.schema.json"

// JSON is the schema, in JSON Schema 2020-12. The caller owns the bytes.
func JSON() []byte { return append([]byte(nil), file...) }

// Duration is a span such as "3h" or "1d12h".
type Duration string

// Condition is an expression in CEL.
type Condition string

// Word is a short code.
type Word string

// StartKind is a kind of event that begins a journey.
type StartKind string

// StopKind is a kind of event that ends one.
type StopKind string

// WaitKind is a kind of event that a wait takes.
type WaitKind string

// MissedKind is a kind of event whose absence begins a journey.
type MissedKind string

// Workflow is one file.
type Workflow struct {
	Workflow   Word      `json:"workflow" jsonschema_description:"The file's own name without .yaml."`
	Title      string    `json:"title" jsonschema:"maxLength=100" jsonschema_description:"What people read on pages and in reports."`
	Why        string    `json:"why" jsonschema:"maxLength=500" jsonschema_description:"What it is for, in a sentence that people read."`
	Sources    []string  `json:"sources,omitempty" jsonschema:"minItems=1,maxLength=300" jsonschema_description:"What its times and words rest on: studies, policies, the clinic's own rule."`
	Precedence int       `json:"precedence,omitempty" jsonschema:"minimum=1,maximum=1000" jsonschema_description:"For a withdrawal journey: the larger number wins. Without it the workflow runs beside others."`
	Start      Start     `json:"start" jsonschema_description:"What begins a journey."`
	Stop       []Stop    `json:"stop,omitempty" jsonschema:"minItems=1" jsonschema_description:"What ends it early."`
	Goal       *Goal     `json:"goal,omitempty" jsonschema_description:"What counts as success, and within how long."`
	Lateness   *Lateness `json:"lateness,omitempty" jsonschema_description:"What its messages do when their time has passed."`
	Steps      []Step    `json:"steps" jsonschema:"minItems=1" jsonschema_description:"What happens, from top to bottom."`
	Approved   *Approved `json:"approved,omitempty" jsonschema_description:"Who put which version to work. mooring workflow approve writes it; without it the file is a draft."`
}

// Start is what begins a journey.
type Start struct {
	On           []StartKind `json:"on,omitempty" jsonschema:"minItems=1,uniqueItems=true" jsonschema_description:"The events that begin a journey."`
	Absence      *Absence    `json:"absence,omitempty" jsonschema_description:"Begins a journey because something has not come."`
	When         Condition   `json:"when,omitempty" jsonschema_description:"Only when this holds."`
	EvenIfBooked bool        `json:"even_if_booked,omitempty" jsonschema_description:"Also for a client who has another appointment ahead."`
	Key          string      `json:"key,omitempty" jsonschema:"enum=appointment,enum=client,enum=episode" jsonschema_description:"What a journey begins once for."`
	Again        Duration    `json:"again,omitempty" jsonschema_description:"The least time between the beginnings of two journeys."`
}

// Absence is something that has not come.
type Absence struct {
	Of     MissedKind `json:"of" jsonschema_description:"The event that is missed."`
	For    Duration   `json:"for" jsonschema_description:"How long since the newest one."`
	Booked string     `json:"booked,omitempty" jsonschema:"enum=nothing" jsonschema_description:"Put off while an appointment is expected."`
}

// Stop is what ends a journey early.
type Stop struct {
	On      []StopKind `json:"on,omitempty" jsonschema:"minItems=1,uniqueItems=true" jsonschema_description:"The events that end it; without them the condition alone does."`
	When    Condition  `json:"when,omitempty" jsonschema_description:"Only when this holds."`
	Outcome Word       `json:"outcome" jsonschema_description:"A code for reports, such as returned."`
}

// Goal is what counts as success.
type Goal struct {
	On     []StopKind `json:"on" jsonschema:"minItems=1,uniqueItems=true" jsonschema_description:"The events that count."`
	When   Condition  `json:"when,omitempty" jsonschema_description:"Only when this holds."`
	Within Duration   `json:"within" jsonschema_description:"How long after the beginning."`
}

// Lateness is what a step does when its time has passed.
type Lateness struct {
	After Duration `json:"after" jsonschema_description:"How far behind its time."`
	Then  string   `json:"then" jsonschema:"enum=send,enum=skip,enum=ask" jsonschema_description:"Done all the same, left out, or put to a human."`
}

// Step does one thing.
type Step struct {
	ID       Word      `json:"id,omitempty" jsonschema_description:"Names the step on pages and in of."`
	Send     *Send     `json:"send,omitempty" jsonschema_description:"One message to the client, or a note to staff."`
	Wait     *Wait     `json:"wait,omitempty" jsonschema_description:"Lets time pass, or waits for an event with a limit."`
	Choose   []Branch  `json:"choose,omitempty" jsonschema:"minItems=1" jsonschema_description:"Takes the first branch whose condition holds."`
	Task     *Task     `json:"task,omitempty" jsonschema_description:"Asks a human, without alarm."`
	Escalate *Escalate `json:"escalate,omitempty" jsonschema_description:"Asks a human who must answer."`
	Pause    *Pause    `json:"pause,omitempty" jsonschema_description:"Gives the client a while without mail."`
	Split    *Split    `json:"split,omitempty" jsonschema_description:"Sends clients different ways, to compare them."`
	End      *End      `json:"end,omitempty" jsonschema_description:"Ends the journey with an outcome."`
}

// Send is one message to the client, or its family alone; or a note to staff.
type Send struct {
	ID       Word      `json:"id,omitempty"`
	Template string    `json:"template" jsonschema:"enum=A,enum=B,enum=C,enum=D,enum=E,enum=F,enum=note" jsonschema_description:"A warm notice, B normalise, C barriers and resources, D collaborate, E caring with no ask, F orientation; to staff: note."`
	To       string    `json:"to,omitempty" jsonschema:"pattern=^(client|assigned|task-owner|role:.+|rota:.+|person:.+)$" jsonschema_description:"client, or a member of staff: assigned, task-owner, role:<role>, rota:<rota> or person:<id>."`
	Wording  Word      `json:"wording,omitempty" jsonschema_description:"A second wording of the family, by its name."`
	After    Duration  `json:"after,omitempty" jsonschema_description:"How long after the step before it, as a plain wait."`
	Within   string    `json:"within,omitempty" jsonschema:"enum=office-hours,enum=daytime" jsonschema_description:"Only while the clinic is open, or at any hour of the client's day."`
	Lateness *Lateness `json:"lateness,omitempty" jsonschema_description:"What it does when its time has passed."`
}

// Wait is a span, or what is waited for.
type Wait struct {
	ID                Word       `json:"id,omitempty"`
	For               Duration   `json:"for,omitempty" jsonschema_description:"From when the step began by the plan."`
	SinceStart        Duration   `json:"since_start,omitempty" jsonschema_description:"From the event that began the journey."`
	Until             string     `json:"until,omitempty" jsonschema:"pattern=^([01][0-9]|2[0-3]):[0-5][0-9]$" jsonschema_description:"The next time of day on the client's own clock."`
	Days              string     `json:"days,omitempty" jsonschema:"enum=weekdays,enum=workdays,enum=all" jsonschema_description:"On which days the time of day counts."`
	BeforeAppointment Duration   `json:"before_appointment,omitempty" jsonschema_description:"Before the start of the journey's appointment, wherever it is moved."`
	AfterAppointment  Duration   `json:"after_appointment,omitempty" jsonschema_description:"After the start of the journey's appointment."`
	Event             []WaitKind `json:"event,omitempty" jsonschema:"minItems=1,uniqueItems=true" jsonschema_description:"The events waited for."`
	Of                string     `json:"of,omitempty" jsonschema_description:"Only what happens to the task or escalation of this earlier step counts."`
	Limit             *Limit     `json:"limit,omitempty" jsonschema_description:"When the wait for an event is over."`
	OnEvent           []Step     `json:"on_event,omitempty" jsonschema:"minItems=1" jsonschema_description:"What happens when it comes."`
	OnLimit           []Step     `json:"on_limit,omitempty" jsonschema:"minItems=1" jsonschema_description:"What happens when it does not."`
}

// Limit is a span, or what it counts from.
type Limit struct {
	SinceStart        Duration `json:"since_start,omitempty"`
	BeforeAppointment Duration `json:"before_appointment,omitempty"`
	AfterAppointment  Duration `json:"after_appointment,omitempty"`
}

// Branch is one way of a choose, or its otherwise.
type Branch struct {
	When      Condition `json:"when,omitempty" jsonschema_description:"The branch is taken when this holds."`
	Steps     []Step    `json:"steps,omitempty" jsonschema:"minItems=1"`
	Otherwise []Step    `json:"otherwise,omitempty" jsonschema:"minItems=1" jsonschema_description:"Taken when no branch is; the last one."`
}

// Task asks a human, without alarm.
type Task struct {
	ID       Word      `json:"id,omitempty"`
	What     Word      `json:"what" jsonschema_description:"The code of the question, such as call-client."`
	Owner    string    `json:"owner" jsonschema:"pattern=^(assigned|task-owner|role:.+|rota:.+|person:.+)$" jsonschema_description:"assigned, task-owner, role:<role>, rota:<rota> or person:<id>."`
	Due      Duration  `json:"due" jsonschema_description:"From when the task is opened."`
	Lateness *Lateness `json:"lateness,omitempty"`
}

// Escalate asks a human who must answer.
type Escalate struct {
	ID       Word `json:"id,omitempty"`
	Policy   Word `json:"policy" jsonschema_description:"A policy of clinic.yaml."`
	Question Word `json:"question" jsonschema_description:"The code of what must be answered."`
}

// Pause is a span, or one with an id.
type Pause struct {
	ID  Word     `json:"id,omitempty"`
	For Duration `json:"for"`
}

// Split sends clients different ways.
type Split struct {
	ID         Word   `json:"id,omitempty"`
	Holdout    int    `json:"holdout,omitempty" jsonschema:"minimum=1,maximum=50" jsonschema_description:"The percentage that gets none of the ways."`
	ApprovedBy string `json:"approved_by,omitempty" jsonschema:"maxLength=100" jsonschema_description:"Who allowed the holdout."`
	Ways       []Way  `json:"ways" jsonschema:"minItems=1"`
}

// Way is one way of a split.
type Way struct {
	Share int    `json:"share" jsonschema:"minimum=1,maximum=100" jsonschema_description:"A percentage; shares and holdout make 100."`
	Steps []Step `json:"steps" jsonschema:"minItems=1"`
}

// End is an outcome, or one with an id.
type End struct {
	ID      Word `json:"id,omitempty"`
	Outcome Word `json:"outcome" jsonschema_description:"A code for reports."`
}

// Approved is who put which version to work.
type Approved struct {
	By      string `json:"by" jsonschema:"maxLength=100" jsonschema_description:"Who has read it."`
	On      string `json:"on" jsonschema:"pattern=^[0-9]{4}-[0-9]{2}-[0-9]{2}$" jsonschema_description:"The day."`
	Version string `json:"version" jsonschema_description:"The version of everything above this block."`
}
