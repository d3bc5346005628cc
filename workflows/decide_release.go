package workflows

import (
	"slices"
	"time"

	"github.com/mooring-care/mooring/events"
)

// taskRelease asks whether the orientation may go to a client with a safety flag.
const taskRelease = "release-mail"

// Asks says whether finishing the task answers if a mail may leave.
func (t *Task) Asks() bool { return t.What == taskRelease }

// taskVisitUntold asks for a person's own words before a visit: a flag came up when the
// mail was on its way.
const taskVisitUntold = "visit-untold"

// needsRelease says whether a mail of this family leaves only when a person let it:
// the orientation to a client with a safety flag.
func (s *State) needsRelease(template string, now time.Time) bool {
	return template == "F" && s.Flagged(now)
}

// unanswered is the open question about the client's safety that nobody has taken, by
// what raised it. Until a person answers, no machine writes to the client.
func (s *State) unanswered() (events.Hash, bool) {
	for i := range s.Escalations {
		if e := &s.Escalations[i]; e.Open() && e.Ack == nil {
			return e.Cause, true
		}
	}
	return events.Hash{}, false
}

// unansweredSince is what raised a question that nobody has taken and that was opened
// after a time; zero where one of before is with nobody again, which no event did.
func (s *State) unansweredSince(at time.Time) events.Hash {
	for i := range s.Escalations {
		if e := &s.Escalations[i]; e.Open() && e.Ack == nil && !e.Opened.Before(at) {
			return e.Cause
		}
	}
	return events.Hash{}
}

// released says why a mail that a person must let go does not leave yet, or never
// will; empty where it may. It asks the person when nobody has been asked. until is
// when it would be too late.
func (d *decider) released(j *Journey, st *Step, until time.Time) Reason {
	if !d.s.needsRelease(st.Send.Template, d.now) {
		return ""
	}
	if said, ok := j.Released[st.ID]; ok {
		if said {
			return ""
		}
		return NotReleased
	}
	id, asked := j.Asked[st.ID]
	if !asked {
		// Due by half of the time, so that a reminder comes before it is too late.
		d.task(taskRelease, "assigned", until.Sub(d.now)/2, j, "", NeedsRelease)
		for i := range d.s.Tasks {
			if t := &d.s.Tasks[i]; t.Asks() && t.Journey == j.ID {
				j.Asked = with(j.Asked, st.ID, t.ID)
			}
		}
		return NeedsRelease
	}
	if !d.open(id) {
		return NotReleased // finished by a program that knew no answer
	}
	return NeedsRelease
}

func (d *decider) open(task string) bool {
	return slices.ContainsFunc(d.s.Tasks, func(t Task) bool { return t.ID == task })
}

// answerRelease keeps what a person said about a mail that waits for them, and has its
// journey go on.
func (d *decider) answerRelease(task string, leave bool) {
	for i := range d.s.Journeys {
		j := &d.s.Journeys[i]
		if j.Step == "" || j.Asked[j.Step] != task {
			continue
		}
		j.Released, j.Due = with(j.Released, j.Step, leave), d.now
	}
}

// releaseOver takes back the question about a mail whose step is over: its time has
// passed, or something else holds it.
func (d *decider) releaseOver(j *Journey, st *Step) {
	if id, asked := j.Asked[st.ID]; asked {
		d.dropTasks(TaskNoLonger, func(t *Task) bool { return t.ID == id })
	}
}

// personAnswered says whether a person has just said what a mail waits for: whether it
// may leave, or that they have the question about the client's safety.
func (d *decider) personAnswered(j *Journey) bool {
	switch d.ev.Kind {
	case events.TaskDone:
		return d.ev.Data.Task.ID == j.Asked[j.Step]
	case events.EscalationAcknowledged, events.EscalationClosed:
		_, waits := d.s.unanswered()
		return !j.Due.IsZero() && !waits
	}
	return false
}
