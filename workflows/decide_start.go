package workflows

import (
	"slices"
	"time"

	"github.com/mooring-care/mooring/events"
)

// starts begins the journeys that the event calls for.
func (d *decider) starts() {
	for _, w := range d.c.Workflows { // by falling precedence
		if slices.Contains(w.Start.On, d.ev.Kind) && d.fits(w) && d.may(w) {
			d.start(w)
		}
	}
}

// fits says whether the start's condition holds; one that fails goes to a
// human and starts nothing.
func (d *decider) fits(w *Workflow) bool {
	holds, err := w.Start.When.Eval(d.facts(nil))
	if err != nil {
		d.note(Note{What: WhatJourney, Reason: ConditionFailed, Workflow: w.Name, Step: "start"})
		d.task("condition-failed", "assigned", replyDue, nil, "", ConditionFailed)
		return false
	}
	return holds
}

// asksLate asks about a visit that was missed before the client was known to be
// at risk: news that comes in another order must raise the same question (the
// rule order-free). Only workflows that ask a human first are looked at.
func (d *decider) asksLate() {
	ev := d.ev
	defer func() { d.ev = ev }()
	for _, w := range d.c.Workflows {
		if !w.asksHuman() {
			continue
		}
		for i := range d.s.Appointments {
			a := &d.s.Appointments[i]
			if !slices.Contains(w.Start.On, a.Status) || a.StatusSaid.By == d.hash || d.now.Sub(a.StatusSaid.At) > startsWithin {
				continue
			}
			d.ev = events.Event{
				Clinic: ev.Clinic, Key: ev.Key, Kind: a.Status, Time: a.StatusSaid.At,
				Data: events.Data{Appointment: &events.Appointment{ID: a.ID}},
			}
			if d.fits(w) && d.may(w) {
				d.start(w)
				break
			}
		}
	}
}

// startsWithin is how long after an event a withdrawal journey may still
// start: what is older is history that was imported or a feed that was long
// down, and an answer to it would come out of nowhere.
const startsWithin = 30 * 24 * time.Hour

// may says whether a workflow that fits may start at all, and why not.
func (d *decider) may(w *Workflow) bool {
	not := func(why Reason) bool {
		d.note(Note{What: WhatJourney, Reason: why, Workflow: w.Name})
		return false
	}
	if _, stopped := statusReason(d.s.Profile.status()); stopped {
		return not(NotActive)
	}
	if w.Precedence == 0 {
		return true
	}
	if d.overtaken(w) {
		return not(ReturnedSince)
	}
	if d.now.Sub(d.ev.Time) > startsWithin {
		if w.asksHuman() {
			d.task("no-show-at-risk", "assigned", replyDue, nil, "", TooLate)
		}
		return not(TooLate)
	}
	return true
}

// overtaken says whether something has happened since the event that would
// have stopped the journey: had it come in order, the journey would be over.
// Bookings are looked at by themselves, since one that has passed stops
// nothing.
func (d *decider) overtaken(w *Workflow) bool {
	f := d.facts(nil)
	for i := range d.s.Past {
		o := &d.s.Past[i]
		if !o.At.After(d.ev.Time) || o.Event == d.hash ||
			o.Kind == events.AppointmentBooked || o.Kind == events.AppointmentRescheduled {
			continue
		}
		for _, stop := range w.Stops {
			if !slices.Contains(stop.On, o.Kind) {
				continue
			}
			// Where the condition fails, the journey starts, and a stop that
			// comes asks a human.
			if holds, err := stop.When.Eval(f); err == nil && holds {
				return true
			}
		}
	}
	return false
}

// start keeps the rule one-hand: one withdrawal journey at a time, the written
// precedence says which, and none for a client who has a next appointment.
func (d *decider) start(w *Workflow) {
	for i := range d.s.Journeys {
		if d.s.Journeys[i].Workflow == w.Name {
			d.note(Note{What: WhatJourney, Reason: AlreadyRuns, Workflow: w.Name})
			return
		}
	}
	if w.Precedence > 0 {
		if d.s.HasFutureAppointment(d.now) {
			d.note(Note{What: WhatJourney, Reason: FutureAppointment, Workflow: w.Name})
			if w.asksHuman() {
				// A booking answers no safety question; without the journey a
				// human still hears of it.
				d.task("no-show-at-risk", "assigned", replyDue, nil, "", BookedButRisk)
			}
			return
		}
		var weaker []int
		for i := range d.s.Journeys {
			j := &d.s.Journeys[i]
			other := d.definition(j)
			if other == nil || other.Precedence == 0 {
				continue
			}
			if other.Precedence >= w.Precedence {
				d.note(Note{What: WhatJourney, Reason: StrongerRuns, Workflow: w.Name, Detail: j.Workflow})
				return
			}
			weaker = append(weaker, i)
		}
		for _, i := range weaker {
			d.end(&d.s.Journeys[i], ReplacedByStrong, w.Name)
		}
		d.sweep()
	}
	d.n++
	j := Journey{
		ID: events.TargetID("journey", d.s.Key, d.hash, d.n), Workflow: w.Name, Version: d.c.Version,
		Cause: d.hash, Origin: d.ev.Time, Started: d.now, Nominal: d.ev.Time, Step: w.Program[0].ID,
	}
	if a := d.ev.Data.Appointment; a != nil {
		j.Appointment = a.ID
	}
	d.s.Journeys = append(d.s.Journeys, j)
	d.note(Note{What: WhatJourney, Reason: Started, Workflow: w.Name})
	d.headline = orReason(d.headline, Started)
	d.run(&d.s.Journeys[len(d.s.Journeys)-1], w)
	d.sweep()
}

// asksHuman says whether the workflow puts a question to a human first.
func (w *Workflow) asksHuman() bool {
	return len(w.Program) > 0 && w.Program[0].Kind == StepEscalate
}
