package workflows

import (
	"maps"
	"slices"
	"time"

	"github.com/mooring-care/mooring/events"
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
	// Sent is the journey's last message before, Steps are those that had opened
	// something by then, and Pauses counts the pauses of mail before it.
	Sent  string   `json:"sent,omitempty"`
	Steps []string `json:"steps,omitempty"`
	// Opened is what a record of an older program has in place of Steps.
	Opened map[string]string `json:"opened,omitempty"`
	Pauses int               `json:"pauses,omitempty"`
}

// MadePause is a pause of mail that a journey made after a limit.
type MadePause struct {
	// By is the event that the pause was decided on, and Was what held before.
	By  events.Hash         `json:"by"`
	Was *Field[PausedUntil] `json:"was,omitempty"`
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
	p := PassedLimit{Step: st.ID, Nominal: began, At: at, Steps: slices.Sorted(maps.Keys(j.Opened)), Pauses: len(j.Pauses)}
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
		if len(j.Limits) == 0 {
			j.Pauses = nil
		}
	}
}

// heard takes a journey back to the first wait that the event would have ended,
// had it been heard of in its time.
func (d *decider) heard(j *Journey, w *Workflow) bool {
	for i, p := range j.Limits {
		st, ok := w.Step(p.Step)
		if !ok || st.Kind != StepWait || !slices.Contains(st.Wait.On, d.ev.Kind) || d.ev.Time.After(p.At) ||
			d.now.Sub(p.At) > heardLate || !d.about(j, st.Wait, &p) {
			continue
		}
		d.note(Note{What: WhatStep, Reason: HeardLate, Workflow: j.Workflow, Step: st.ID, Detail: string(d.ev.Kind)})
		at := d.ev.Time
		if at.Before(p.Nominal) {
			at = p.Nominal
		}
		id, since := j.ID, d.since(j.ID, p)
		j.Limits = slices.Clone(j.Limits[:i])
		d.undoPauses(j, p.Pauses)
		d.again = map[string]bool{}
		d.advance(j, w, st, st.Wait.OnEvent, at)
		d.takeBack(id, since)
		d.again = nil
		return true
	}
	return false
}

// asked is what a journey asked for: the ids of messages and tasks, each with
// the steps that asked. Several steps may ask for one task.
type asked map[string][]string

// since is what a journey has asked for since a limit. A task that it had before
// is not among it, whatever step asked for that one again.
func (d *decider) since(journey string, p PassedLimit) asked {
	out := asked{}
	before := slices.IndexFunc(d.s.Sends, func(x Send) bool { return p.Sent != "" && x.ID == p.Sent })
	for _, x := range d.s.Sends[before+1:] {
		if x.Journey == journey && x.Lane == LaneCare {
			out[x.ID] = append(out[x.ID], x.Message.Step)
		}
	}
	i := slices.IndexFunc(d.s.Journeys, func(j Journey) bool { return j.ID == journey })
	for step, id := range d.s.Journeys[i].Opened {
		if _, older := p.Opened[step]; !older && !slices.Contains(p.Steps, step) {
			out[id] = append(out[id], step)
		}
	}
	for _, id := range p.Opened {
		delete(out, id)
	}
	for _, step := range p.Steps {
		delete(out, d.s.Journeys[i].Opened[step])
	}
	return out
}

// undoPauses takes back the pauses that the journey made on the way that it would
// not have taken, the newest first, as long as nobody has said anything since. One
// that stands on its own way too is made anew when it comes there.
func (d *decider) undoPauses(j *Journey, kept int) {
	for len(j.Pauses) > kept {
		last := len(j.Pauses) - 1
		made := j.Pauses[last]
		j.Pauses = slices.Clone(j.Pauses[:last])
		if !d.s.Profile.Paused.Known() || d.s.Profile.Paused.By != made.By {
			continue
		}
		d.s.Profile.Paused = made.Was
		d.note(Note{What: WhatClient, Reason: PauseUndone, Workflow: j.Workflow})
	}
}

// pausedBeneath keeps what somebody said of mail below the pauses that journeys made
// since: where such a pause is taken back, it must hold again.
func (d *decider) pausedBeneath(p *PausedUntil) {
	for i := range d.s.Journeys {
		j := &d.s.Journeys[i]
		j.Pauses = slices.Clone(j.Pauses)
		for k := range j.Pauses {
			set(&j.Pauses[k].Was, p, d.said())
		}
	}
}

// takeBack withdraws what the journey asked for on the way that it would not
// have taken. Steps that it has met again on its own way stand, and so does
// every escalation (the rule humans-close).
func (d *decider) takeBack(journey string, since asked) {
	maps.DeleteFunc(since, func(id string, steps []string) bool {
		return d.again[id] || slices.ContainsFunc(steps, func(step string) bool { return d.again[step] })
	})
	d.stopWhere(HeardLate, func(x *Send) bool { _, ok := since[x.ID]; return ok })
	dropped := map[string]bool{}
	d.dropTasks(HeardLate, func(t *Task) bool {
		_, ok := since[t.ID]
		dropped[t.ID] = ok && t.Journey == journey
		return dropped[t.ID]
	})
	// Nobody did them: a step that the journey comes to later asks anew.
	if i := slices.IndexFunc(d.s.Journeys, func(j Journey) bool { return j.ID == journey }); i >= 0 {
		j := &d.s.Journeys[i]
		j.Opened = maps.Clone(j.Opened)
		maps.DeleteFunc(j.Opened, func(_, id string) bool { return dropped[id] })
	}
}

// metBefore says whether a step was done on the way that the journey took
// before it heard of an answer: a message that may have left is not asked for
// again, nor a person, and no colleague is told twice.
func (d *decider) metBefore(j *Journey, st *Step) bool {
	_, met := j.Opened[st.ID]
	if st.Kind == StepSend && !met {
		met = slices.ContainsFunc(d.s.Sends, func(x Send) bool {
			return x.Journey == j.ID && x.Message.Step == st.ID &&
				(x.mayHaveLeft() || x.told() && x.Status != SendRefused)
		})
	}
	if met && d.again != nil {
		d.again[st.ID] = true
	}
	return met
}
