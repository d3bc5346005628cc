package workflows

import (
	"maps"
	"slices"
	"time"
)

// PassedLimit is a wait for an event that its limit ended. An answer from
// before the limit may be heard of after it, as after an outage: then it counts
// all the same, and what the journey asked for in between is taken back as far
// as it has not happened.
type PassedLimit struct {
	// Step is the wait's, Nominal when it began and At when it ended by the plan.
	Step    string    `json:"step"`
	Nominal time.Time `json:"nominal"`
	At      time.Time `json:"at"`
	// Sent is the journey's last message before, and Opened what its steps had
	// opened by then.
	Sent   string            `json:"sent,omitempty"`
	Opened map[string]string `json:"opened,omitempty"`
}

// heardLate is how long after a limit an answer from before it still changes
// the journey's way. A journey's messages are known for longer than that, so
// that none is asked for twice.
const heardLate = 7 * 24 * time.Hour

// limitPassed remembers a wait that its limit ended.
func (d *decider) limitPassed(j *Journey, st *Step, began, at time.Time) {
	d.note(Note{What: WhatStep, Reason: LimitReached, Workflow: j.Workflow, Step: st.ID})
	if orElse(st.Wait.OnEvent, st.Next) == orElse(st.Wait.OnLimit, st.Next) {
		return // either way the same step follows
	}
	p := PassedLimit{Step: st.ID, Nominal: began, At: at, Opened: j.Opened}
	for i := range d.s.Sends {
		if d.s.Sends[i].Journey == j.ID {
			p.Sent = d.s.Sends[i].ID
		}
	}
	j.Limits = append(slices.Clip(j.Limits), p)
}

// forgetLimits drops what is too long ago to be changed.
func (d *decider) forgetLimits() {
	for i := range d.s.Journeys {
		j := &d.s.Journeys[i]
		if len(j.Limits) > 0 && d.now.Sub(j.Limits[0].At) > heardLate {
			j.Limits = slices.DeleteFunc(slices.Clone(j.Limits), func(p PassedLimit) bool { return d.now.Sub(p.At) > heardLate })
		}
	}
}

// heard takes a journey back to the first wait that the event would have ended,
// had it been heard of in its time.
func (d *decider) heard(j *Journey, w *Workflow) bool {
	for i, p := range j.Limits {
		st, ok := w.Step(p.Step)
		if !ok || st.Kind != StepWait || !slices.Contains(st.Wait.On, d.ev.Kind) || d.ev.Time.After(p.At) ||
			d.now.Sub(p.At) > heardLate || !d.about(j, st.Wait) {
			continue
		}
		d.note(Note{What: WhatStep, Reason: HeardLate, Workflow: j.Workflow, Step: st.ID, Detail: string(d.ev.Kind)})
		at := d.ev.Time
		if at.Before(p.Nominal) {
			at = p.Nominal
		}
		id, since := j.ID, d.since(j.ID, p)
		j.Limits = slices.Clone(j.Limits[:i])
		d.again = map[string]bool{}
		d.advance(j, w, st, st.Wait.OnEvent, at)
		d.takeBack(id, since)
		d.again = nil
		return true
	}
	return false
}

// asked is what a journey asked for at some of its steps: messages and tasks,
// by their ids.
type asked map[string]string

// since is what a journey has asked for since a limit: the step, by the id of
// the message or task.
func (d *decider) since(journey string, p PassedLimit) asked {
	out := asked{}
	before := slices.IndexFunc(d.s.Sends, func(x Send) bool { return p.Sent != "" && x.ID == p.Sent })
	for _, x := range d.s.Sends[before+1:] {
		if x.Journey == journey && x.Lane == LaneCare {
			out[x.ID] = x.Message.Step
		}
	}
	i := slices.IndexFunc(d.s.Journeys, func(j Journey) bool { return j.ID == journey })
	for step, id := range d.s.Journeys[i].Opened {
		if _, earlier := p.Opened[step]; !earlier {
			out[id] = step
		}
	}
	return out
}

// takeBack withdraws what the journey asked for on the way that it would not
// have taken. Steps that it has met again on its own way stand, and so does
// every escalation (the rule humans-close). A step whose task is taken back was
// never done: the journey may come to it later.
func (d *decider) takeBack(journey string, since asked) {
	maps.DeleteFunc(since, func(_, step string) bool { return d.again[step] })
	d.stopWhere(HeardLate, func(x *Send) bool { _, ok := since[x.ID]; return ok })
	back := map[string]bool{}
	d.dropTasks(HeardLate, func(t *Task) bool {
		_, ok := since[t.ID]
		back[t.ID] = ok && t.Journey == journey
		return back[t.ID]
	})
	for i := range d.s.Journeys {
		if j := &d.s.Journeys[i]; j.ID == journey {
			j.Opened = maps.Clone(j.Opened)
			maps.DeleteFunc(j.Opened, func(_, id string) bool { return back[id] })
		}
	}
}

// metBefore says whether a step was done on the way that the journey took
// before it heard of an answer: a message that may have left is not asked for
// again, nor a person.
func (d *decider) metBefore(j *Journey, st *Step) bool {
	met := false
	switch st.Kind {
	case StepSend:
		met = slices.ContainsFunc(d.s.Sends, func(x Send) bool {
			return x.Journey == j.ID && x.Message.Step == st.ID && x.Status != SendWithdrawn && x.Status != SendRefused
		})
	case StepTask, StepEscalate:
		_, met = j.Opened[st.ID]
	}
	if met && d.again != nil {
		d.again[st.ID] = true
	}
	return met
}
