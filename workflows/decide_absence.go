package workflows

import (
	"fmt"
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
// missed has never come, and where it is long over.
func (d *decider) missed(w *Workflow) (m Missed, ok bool) {
	a := w.Start.Absence
	of := newest(d.s.Past, a.Of, d.s.impossible())
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
		return m, true
	}
	// An import of history, or a workflow that is new, wakes nobody whose
	// absence is long over: it would start nothing. It is not noted as looked
	// at, since the next version of the workflow may wait longer.
	return m, d.now.Sub(m.Due) <= startsWithin
}

// Absences names what decides over a client's deadlines in this configuration
// beside what the client's record says: one line for each workflow that starts on
// an absence. Two configurations with the same lines set the same deadlines.
func (c *Clinic) Absences() []string {
	var lines []string
	for _, w := range c.Workflows {
		if a := w.Start.Absence; a != nil {
			lines = append(lines, fmt.Sprintf("%s: %s for %s, nothing booked %t", w.Name, a.Of, a.For, a.NothingBooked))
		}
	}
	slices.Sort(lines)
	return lines
}

// OtherDeadlines says whether a clinic's configuration asks for other deadlines
// than the state has: a workflow that starts on an absence came, is gone, or
// waits longer or shorter. Decide sets them, with the next event or timer.
func (s *State) OtherDeadlines(c *Clinic, now time.Time) bool {
	d := decider{s: *s, c: c, now: now}
	d.absences()
	return len(moved(s.Missed, d.s.Missed)) > 0
}

// moved tells of every deadline that stands otherwise than it did before.
func moved(was, is []Missed) []Note {
	var notes []Note
	for i := range is {
		m := &is[i]
		if !m.Done && !slices.ContainsFunc(was, func(x Missed) bool { return !x.Done && x.Workflow == m.Workflow && x.Due.Equal(m.Due) }) {
			notes = append(notes, Note{What: WhatJourney, Reason: AbsenceMoved, Workflow: m.Workflow, Until: m.Due})
		}
	}
	for i := range was {
		m := &was[i]
		if !m.Done && !slices.ContainsFunc(is, func(x Missed) bool { return x.Workflow == m.Workflow && (x.Of == m.Of || !x.Done) }) {
			notes = append(notes, Note{What: WhatJourney, Reason: AbsenceDropped, Workflow: m.Workflow})
		}
	}
	return notes
}

// newest is the last event of a kind; nil where there was none.
func newest(past []Occurrence, k events.Kind, but []string) *Occurrence {
	for i := len(past) - 1; i >= 0; i-- {
		if past[i].Kind == k && !slices.Contains(but, past[i].Appointment) {
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
// is missed. The directory may have changed since their deadlines were set, and
// it is the one in force that counts: so they are set anew first.
func (d *decider) miss() {
	ev, was := d.ev, d.s.Missed
	defer func() { d.ev = ev }()
	d.absences()
	for i := range d.s.Missed {
		m := &d.s.Missed[i]
		if m.Done || m.Due.After(d.now) {
			continue
		}
		m.Done = true
		w, _ := d.c.AtWork(m.Workflow)
		// Delays count from when the absence was long enough.
		d.ev = events.Event{Clinic: ev.Clinic, Key: ev.Key, Kind: events.TimerDue, Time: m.Due}
		if !d.fits(w) {
			d.note(Note{What: WhatJourney, Reason: AbsenceOver, Workflow: m.Workflow})
			continue
		}
		if d.may(w) {
			d.start(w)
		}
	}
	// Whatever stands otherwise now is said, and so recorded: a timer about which
	// there is nothing to say would find the old deadline again, for ever.
	d.notes = append(d.notes, moved(was, d.s.Missed)...)
}
