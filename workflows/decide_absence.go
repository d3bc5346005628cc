package workflows

import (
	"slices"
	"time"

	"github.com/mooring-care/mooring/events"
)

// expectedFor is how long after its start an appointment of which nothing was
// heard may still turn out to have been attended: feeds report a visit hours
// later, or the next day.
const expectedFor = 48 * time.Hour

// absences sets the deadlines of the workflows that start because something has
// not come. They follow from the events kept, the appointments and the
// directory in force, whatever the order in which these came; only whether a
// deadline was looked at is remembered.
func (d *decider) absences() {
	var missed []Missed
	for _, w := range d.c.Workflows {
		if w.Start.Absence == nil {
			continue
		}
		if m, ok := d.missed(w); ok {
			missed = append(missed, m)
		}
	}
	d.s.Missed = missed
}

// missed is the deadline of one workflow; ok is false while the event that is
// missed has never come.
func (d *decider) missed(w *Workflow) (m Missed, ok bool) {
	a := w.Start.Absence
	of := newest(d.s.Past, a.Of)
	if of == nil {
		return m, false
	}
	m = Missed{Workflow: w.Name, Of: of.Event, Due: of.At.Add(a.For)}
	if a.NothingBooked {
		for i := range d.s.Appointments {
			if over := d.s.Appointments[i].expected(d.now); over.After(m.Due) {
				m.Due = over
			}
		}
	}
	if i := slices.IndexFunc(d.s.Missed, func(x Missed) bool { return x.Workflow == w.Name && x.Of == of.Event }); i >= 0 {
		m.Done = d.s.Missed[i].Done
	}
	// An import of history wakes nobody: what is long over would start nothing.
	if d.now.Sub(m.Due) > startsWithin {
		m.Done = true
	}
	return m, true
}

// newest is the last event of a kind; nil where there was none.
func newest(past []Occurrence, k events.Kind) *Occurrence {
	for i := len(past) - 1; i >= 0; i-- {
		if past[i].Kind == k {
			return &past[i]
		}
	}
	return nil
}

// expected is until when an appointment may still turn out to have been
// attended; zero when its outcome is known or nobody knows its time.
func (a *Appointment) expected(now time.Time) time.Time {
	booked := a.Status == events.AppointmentBooked || a.Status == events.AppointmentRescheduled
	if !booked || a.Start.IsZero() || a.Start.After(now.AddDate(farthestYears, 0, 0)) {
		return time.Time{}
	}
	return a.Start.Add(expectedFor)
}

// miss looks at the absences whose time has come, each once for the event that
// is missed.
func (d *decider) miss() {
	ev := d.ev
	defer func() { d.ev = ev }()
	d.s.Missed = slices.Clone(d.s.Missed)
	for i := range d.s.Missed {
		m := &d.s.Missed[i]
		if m.Done || m.Due.After(d.now) {
			continue
		}
		m.Done = true
		w, ok := d.c.AtWork(m.Workflow)
		// Delays count from when the absence was long enough.
		d.ev = events.Event{Clinic: ev.Clinic, Key: ev.Key, Kind: events.TimerDue, Time: m.Due}
		// The directory may have changed since: finish sets the deadlines anew.
		if !ok || w.Start.Absence == nil || !d.fits(w) {
			d.note(Note{What: WhatJourney, Reason: AbsenceOver, Workflow: m.Workflow})
			continue
		}
		if d.may(w) {
			d.start(w)
		}
	}
}
