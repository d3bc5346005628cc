// Package graph draws a workflow as people read it: steps, waits, branches, what ends
// it, and who is asked. It knows no files and no clinic's state.
package graph

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows"
)

// Words are what a picture calls things that a workflow's file names by codes. Every
// field must be set.
type Words struct {
	// Mail names a family of mails, such as "a warm notice".
	Mail func(template string) string
	// Question is what somebody is asked, by its code.
	Question func(code string) string
	// Person names an owner in the notation of workflows.TaskStep.Owner.
	Person func(owner string) string
	// Policy says how a policy asks, a line for each rung; nil for one that is not
	// known.
	Policy func(id string) []string
}

// Kind is what a box stands for.
type Kind string

// The kinds of box.
const (
	Starts   Kind = "start"
	Wait     Kind = "wait"
	Mail     Kind = "mail"
	Note     Kind = "note"
	Task     Kind = "task"
	Escalate Kind = "escalate"
	Pause    Kind = "pause"
	Choose   Kind = "choose"
	Split    Kind = "split"
	Ends     Kind = "end"
	// Rule is what holds wherever a journey stands.
	Rule Kind = "rule"
)

// Box is one step. Head says what kind of thing happens, Lines what.
type Box struct {
	// ID is the step's in its file; "" for what stands in no step.
	ID    string
	Kind  Kind
	Head  string
	Lines []string
	// Arms are the ways that part here, and meet again below; nil for a box that
	// leads straight on.
	Arms []Arm
}

// Arm is one way, with the condition that leads there.
type Arm struct {
	Label string
	Steps []Box // none where the way leads straight on
}

// Chart is a workflow as a picture.
type Chart struct {
	Name, Title, Why string
	// Draft says that nobody has approved it, so that it sends nothing.
	Draft bool
	Start Box
	Steps []Box
	// Stops are what ends a journey at any time, a line each; Goal is what counts as
	// success, "" for none.
	Stops []string
	Goal  string
}

// Of is a workflow's picture.
func Of(w *workflows.Workflow, say Words) *Chart {
	c := &Chart{Name: w.Name, Title: w.Title, Why: w.Why, Draft: w.Approved == nil, Start: start(w)}
	r := reader{w, say}
	if len(w.Program) > 0 {
		c.Steps = r.steps(w.Program[0].ID, "")
	}
	for _, s := range w.Stops {
		c.Stops = append(c.Stops, stop(s))
	}
	if g := w.Goal; g != nil {
		c.Goal = happens(g.On) + condition(", and ", g.When) + ", within " + span(g.Within)
	}
	return c
}

func start(w *workflows.Workflow) Box {
	b := Box{Kind: Starts, Head: "It starts when"}
	if len(w.Start.On) > 0 {
		b.Lines = append(b.Lines, happens(w.Start.On))
	}
	if a := w.Start.Absence; a != nil {
		one, _, _ := workflows.OccurrenceWords(a.Of)
		line := pick(len(w.Start.On) > 0, "or ", "") + "there was no " + one + " for " + span(a.For)
		if a.NothingBooked {
			line += ", and nothing is booked"
		}
		b.Lines = append(b.Lines, line)
	}
	if w.Start.When != nil {
		b.Lines = append(b.Lines, "if "+w.Start.When.Words())
	}
	switch w.Start.Key {
	case workflows.KeyAppointment:
		b.Lines = append(b.Lines, "once for each appointment")
	case workflows.KeyClient:
		b.Lines = append(b.Lines, "once for each client")
	case workflows.KeyEpisode:
		b.Lines = append(b.Lines, "once between two visits")
	}
	if w.Start.Again > 0 {
		b.Lines = append(b.Lines, "again after "+span(w.Start.Again)+" at the soonest")
	}
	if w.Start.EvenIfBooked {
		b.Lines = append(b.Lines, "also when another appointment is booked")
	}
	return b
}

// stop is one line of what ends a journey.
func stop(s workflows.Stop) string {
	var line string
	switch {
	case len(s.On) == 0:
		line = s.When.Words()
	case s.When == nil:
		line = happens(s.On)
	default:
		line = s.When.Words() + " (looked at when " + happens(s.On) + ")"
	}
	return line + ": " + spaced(s.Outcome)
}

type reader struct {
	w   *workflows.Workflow
	say Words
}

// steps are the boxes from one step up to another, or to the end.
func (r reader) steps(from, until string) []Box {
	var out []Box
	for id := from; id != until; {
		s, ok := r.w.Step(id)
		if !ok {
			break
		}
		out = append(out, r.box(s))
		if s.Kind == workflows.StepEnd {
			return out
		}
		id = s.Next
	}
	if until == "" && (len(out) == 0 || !over(out)) {
		out = append(out, Box{Kind: Ends, Head: "The end"})
	}
	return out
}

// over says whether nothing can follow boxes: the last one ends, or all its ways do.
func over(boxes []Box) bool {
	if len(boxes) == 0 {
		return false
	}
	last := boxes[len(boxes)-1]
	return last.Kind == Ends || len(last.Arms) > 0 && !slices.ContainsFunc(last.Arms, func(a Arm) bool { return !over(a.Steps) })
}

func (r reader) box(s *workflows.Step) Box {
	b := Box{ID: s.ID}
	arm := func(label, then string) {
		a := Arm{Label: label}
		if then != "" && then != s.Next {
			a.Steps = r.steps(then, s.Next)
		}
		b.Arms = append(b.Arms, a)
	}
	switch s.Kind {
	case workflows.StepWait:
		b.Kind, b.Head = Wait, "Wait"
		b.Lines = r.wait(s.Wait)
		if s.Wait.OnEvent != "" || s.Wait.OnLimit != "" {
			arm("it happens", s.Wait.OnEvent)
			arm("it does not", s.Wait.OnLimit)
		}
	case workflows.StepSend:
		r.send(&b, s.Send)
	case workflows.StepTask:
		b.Kind, b.Head = Task, "Task for "+r.say.Person(s.Task.Owner)
		b.Lines = []string{r.say.Question(s.Task.What), "due within " + span(s.Task.Due)}
	case workflows.StepEscalate:
		b.Kind, b.Head = Escalate, "Ask about safety"
		b.Lines = append([]string{r.say.Question(s.Escalate.Question)}, r.say.Policy(s.Escalate.Policy)...)
	case workflows.StepPause:
		b.Kind, b.Head, b.Lines = Pause, "Pause", []string{"no care mail to the client for " + span(s.Pause.For)}
	case workflows.StepChoose:
		b.Kind, b.Head = Choose, "Which one holds?"
		for _, way := range s.Choose.Branches {
			arm(way.When.Words(), way.Then)
		}
		arm("otherwise", s.Choose.Otherwise)
	case workflows.StepSplit:
		b.Kind, b.Head = Split, "By chance, to compare"
		for i, way := range s.Split.Ways {
			arm("way "+strconv.Itoa(i+1)+": "+strconv.Itoa(way.Share)+" of 100", way.Then)
		}
		if s.Split.HeldOut > 0 {
			arm("none of them: "+strconv.Itoa(s.Split.HeldOut)+" of 100", "")
		}
	case workflows.StepEnd:
		b.Kind, b.Head, b.Lines = Ends, "The end", []string{spaced(s.End.Outcome)}
	}
	if s.Late != nil {
		b.Lines = append(b.Lines, late(s.Late))
	}
	return b
}

func (r reader) send(b *Box, s *workflows.SendStep) {
	what := r.say.Mail(s.Template)
	if s.To != "" {
		b.Kind, b.Head, b.Lines = Note, "Note to "+r.say.Person(s.To), []string{what}
		return
	}
	b.Kind, b.Head, b.Lines = Mail, "Mail to the client", []string{s.Template + ": " + what}
	if s.Wording != "" {
		b.Lines = append(b.Lines, "in the wording “"+s.Wording+"”")
	}
	if s.Within == workflows.OfficeHours {
		b.Lines = append(b.Lines, "while the clinic is open")
	}
}

func (r reader) wait(w *workflows.WaitStep) []string {
	var limit string
	switch {
	case w.For > 0:
		limit = span(w.For)
	case w.SinceStart > 0:
		limit = span(w.SinceStart) + " after the start"
	case w.Before > 0:
		limit = span(w.Before) + " before the appointment"
	case w.After > 0:
		limit = span(w.After) + " after the appointment"
	case w.Until != nil:
		limit = timeOfDay(*w.Until)
	}
	counts := w.For > 0
	if len(w.On) == 0 {
		return []string{pick(counts, "", "until ") + limit}
	}
	what := "until " + happens(w.On)
	if s, ok := r.w.Step(w.Of); ok {
		switch s.Kind {
		case workflows.StepTask:
			what += " (“" + r.say.Question(s.Task.What) + "”)"
		case workflows.StepEscalate:
			what += " (“" + r.say.Question(s.Escalate.Question) + "”)"
		default:
		}
	}
	if limit == "" {
		return []string{what, "however long it takes"}
	}
	return []string{what, pick(counts, "at most ", "at the latest ") + limit}
}

func timeOfDay(t workflows.TimeOfDay) string {
	clock := time.Time{}.Add(t.At).Format("15:04")
	switch {
	case t.Workdays:
		return clock + " on a day on which the clinic is open"
	case t.Weekdays:
		return clock + " from Monday to Friday"
	}
	return "the next " + clock
}

func late(l *workflows.Lateness) string {
	after := span(l.After) + " late or more: "
	switch l.Then {
	case workflows.LateSkip:
		return after + "left out"
	case workflows.LateAsk:
		return after + "a person is asked"
	case workflows.LateSend:
	}
	return after + "done all the same"
}

// happens says what is waited for, one or the other.
func happens(kinds []events.Kind) string {
	words := make([]string, len(kinds))
	for i, k := range kinds {
		words[i] = meaning(k)
	}
	if n := len(words); n > 1 {
		return strings.Join(words[:n-1], ", ") + " or " + words[n-1]
	}
	return strings.Join(words, "")
}

// meaning says an event in a few words.
func meaning(k events.Kind) string {
	switch k {
	case events.AppointmentBooked:
		return "a visit is booked"
	case events.AppointmentRescheduled:
		return "a visit is moved"
	case events.AppointmentCancelled:
		return "a visit is cancelled"
	case events.AppointmentNoShow:
		return "the client does not come"
	case events.AppointmentAttended:
		return "the client comes"
	case events.ClientUpdated:
		return "the record changes"
	case events.ClientSignal:
		return "a sign of stepping back is seen"
	case events.ClientNoted:
		return "staff note something"
	case events.SafetyConcern:
		return "a safety concern comes in"
	case events.SafetyRaised:
		return "a colleague worries"
	case events.MessageReplied:
		return "the client writes back"
	case events.CheckinAnswered:
		return "a check-in is answered"
	case events.EscalationAcknowledged:
		return "somebody takes the question"
	case events.EscalationClosed:
		return "somebody closes the question"
	case events.TaskDone:
		return "the task is done"
	case events.ClientOptedOut:
		return "the client wants no more mail"
	default:
		s, _ := events.Lookup(k)
		return s.Meaning
	}
}

func condition(before string, c *workflows.Condition) string {
	if c == nil {
		return ""
	}
	return before + c.Words()
}

func span(d time.Duration) string { return workflows.SpanWords(d) }

// spaced is an outcome's code in words.
func spaced(code string) string { return strings.ReplaceAll(code, "-", " ") }

func pick(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}
