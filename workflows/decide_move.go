package workflows

import (
	"maps"
	"slices"
)

// CannotMove says why a journey cannot go on with another version of its
// workflow; empty when it can. The step that it stands at must be there, do the
// same, and wait for the same: a wait under way ends when it was promised to. The
// steps in which it asked a human must be there and do the same too.
func CannotMove(j *Journey, from, to *Workflow) string {
	if from == nil || to == nil {
		return "the version has no such workflow"
	}
	was, ok := from.Step(j.Step)
	if !ok {
		return "its own version has no step " + j.Step
	}
	is, ok := to.Step(j.Step)
	switch {
	case !ok:
		return "the version has no step " + j.Step
	case is.Kind != was.Kind:
		return "its step " + j.Step + " is a " + string(is.Kind) + " there, and not a " + string(was.Kind)
	case is.Kind == StepWait && (!slices.Equal(is.Wait.On, was.Wait.On) || is.Wait.Of != was.Wait.Of):
		return "its step " + j.Step + " waits for something else there"
	}
	for _, id := range slices.Sorted(maps.Keys(j.Opened)) {
		was, known := from.Step(id)
		switch is, ok := to.Step(id); {
		case !ok:
			return "the version has no step " + id + ", which it asked a human in"
		case known && is.Kind != was.Kind:
			// A question that was never asked would count as asked.
			return "its step " + id + ", which it asked a human in, does something else there"
		}
	}
	return ""
}

// moveJourney moves one journey to another version, as staff asked. Nothing else
// moves one (the rule pinned).
func (d *decider) moveJourney() {
	m := d.ev.Data.Move
	i := slices.IndexFunc(d.s.Journeys, func(j Journey) bool { return j.ID == m.Journey })
	if i < 0 {
		d.note(Note{What: WhatJourney, Reason: JourneyStays, Detail: "it has ended"})
		return
	}
	j := &d.s.Journeys[i]
	var to *Workflow
	if c := d.dir.At(m.To); c != nil {
		to, _ = c.AtWork(j.Workflow)
	}
	if why := CannotMove(j, d.definition(j), to); why != "" {
		d.note(Note{What: WhatJourney, Reason: JourneyStays, Workflow: j.Workflow, Step: j.Step, Detail: why})
		return
	}
	j.Version = m.To
	d.note(Note{What: WhatJourney, Reason: JourneyMoved, Workflow: j.Workflow, Step: j.Step, Detail: m.To})
}
