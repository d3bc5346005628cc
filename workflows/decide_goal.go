package workflows

import (
	"slices"
	"strconv"
	"time"
)

// watch remembers what a journey that begins hopes for. A second journey of the
// workflow hopes anew.
func (d *decider) watch(w *Workflow, j *Journey) {
	if w.Goal == nil {
		return
	}
	d.s.Goals = slices.DeleteFunc(slices.Clone(d.s.Goals), func(g GoalWatch) bool { return g.Workflow == w.Name })
	d.s.Goals = append(d.s.Goals, GoalWatch{
		Workflow: w.Name, Version: j.Version, Appointment: j.Appointment, Origin: j.Origin, Until: j.Origin.Add(w.Goal.Within),
	})
}

// goals notes the goals that the event meets, and those whose time is over. It
// wakes nobody: a goal that was missed is said with whatever comes next.
func (d *decider) goals() {
	if len(d.s.Goals) == 0 {
		return
	}
	d.s.Goals = slices.DeleteFunc(slices.Clone(d.s.Goals), func(g GoalWatch) bool {
		j := Journey{Workflow: g.Workflow, Version: g.Version, Appointment: g.Appointment, Origin: g.Origin}
		w := d.definition(&j)
		if w == nil || w.Goal == nil {
			return true
		}
		if slices.Contains(w.Goal.On, d.ev.Kind) && d.ev.Time.After(g.Origin) && !d.ev.Time.After(g.Until) && d.news(&j) {
			// A condition that fails counts as not met: nothing depends on it.
			if met, err := w.Goal.When.Eval(d.facts(&j)); err == nil && met {
				days := strconv.Itoa(int(d.ev.Time.Sub(g.Origin)/(24*time.Hour))) + "d"
				d.note(Note{What: WhatJourney, Reason: GoalMet, Workflow: g.Workflow, Detail: days})
				return true
			}
		}
		if d.now.Sub(g.Until) <= goalGrace {
			return false
		}
		d.note(Note{What: WhatJourney, Reason: GoalMissed, Workflow: g.Workflow})
		return true
	})
}

// goalGrace is how late news of a goal may come.
const goalGrace = 48 * time.Hour
