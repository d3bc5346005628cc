package workflows

import (
	"slices"
	"time"

	"github.com/mooring-care/mooring/events"
)

// startCorrected says whether the event corrects what a journey began with: the
// outcome of its own appointment is another one now, or somebody else
// cancelled. Had the correction come first nothing would have started (the rule
// order-free). A question about safety is not taken back by it.
func (d *decider) startCorrected(j *Journey, w *Workflow) bool {
	a := d.ev.Data.Appointment
	if a == nil || a.ID != j.Appointment || w.asksHuman() || !isOutcome(d.was.Status) || !slices.Contains(w.Start.On, d.was.Status) {
		return false
	}
	i := slices.IndexFunc(d.s.Appointments, func(x Appointment) bool { return x.ID == a.ID })
	is := &d.s.Appointments[i]
	if !slices.Contains(w.Start.On, is.Status) || is.tooEarly() {
		return true
	}
	if is.CancelledBy == d.was.CancelledBy {
		return false
	}
	holds, err := d.startHolds(w, is, j.Origin)
	if err != nil {
		d.note(Note{What: WhatJourney, Reason: ConditionFailed, Workflow: w.Name, Step: "start"})
		d.task("condition-failed", "assigned", replyDue, nil, "", ConditionFailed)
		return false
	}
	return !holds
}

// startHolds says whether the workflow's start condition holds for what became of
// the appointment, had it been told at that time.
func (d *decider) startHolds(w *Workflow, is *Appointment, at time.Time) (bool, error) {
	ev := d.ev
	defer func() { d.ev = ev }()
	d.ev = events.Event{
		Clinic: ev.Clinic, Key: ev.Key, Kind: is.Status, Time: at,
		Data: events.Data{Appointment: &events.Appointment{ID: is.ID}},
	}
	return w.Start.When.Eval(d.facts(nil))
}

// unfounded says whether the event takes back the outcome of another appointment
// without which the journey would not have begun: the second no-show is the first
// once the one before it was a mistake, unless a third has come.
func (d *decider) unfounded(j *Journey, w *Workflow) bool {
	a := d.ev.Data.Appointment
	if a == nil || j.Appointment == "" || a.ID == j.Appointment || w.asksHuman() || !isOutcome(d.was.Status) {
		return false
	}
	own := slices.IndexFunc(d.s.Appointments, func(x Appointment) bool { return x.ID == j.Appointment })
	i := slices.IndexFunc(d.s.Appointments, func(x Appointment) bool { return x.ID == a.ID })
	is := d.s.Appointments[i]
	if is.Status == d.was.Status && is.CancelledBy == d.was.CancelledBy || own < 0 || !slices.Contains(w.Start.On, d.s.Appointments[own].Status) {
		return false
	}
	for _, at := range []time.Time{j.Origin, d.now} {
		if holds, err := d.startHolds(w, &d.s.Appointments[own], at); holds || err != nil {
			return false
		}
	}
	past := d.s.Past
	defer func() { d.s.Appointments[i], d.s.Past = is, past }()
	d.s.Appointments[i], d.s.Past = d.was, d.past
	held, err := d.startHolds(w, &d.s.Appointments[own], j.Origin)
	return held && err == nil
}

// early is how long before its start an appointment may have been missed or attended:
// clocks and zones differ between systems, days do not.
const early = 24 * time.Hour

// tooEarly says whether the appointment is said to be over long before it begins.
func (a *Appointment) tooEarly() bool {
	over := a.Status == events.AppointmentNoShow || a.Status == events.AppointmentAttended
	return over && !a.Start.IsZero() && a.Start.Sub(a.StatusSaid.At) > early
}

// missedVisit is the event's appointment where the event says that it was missed.
func (d *decider) missedVisit() *Appointment {
	if a := d.ev.Data.Appointment; a != nil && d.ev.Kind == events.AppointmentNoShow {
		if i := slices.IndexFunc(d.s.Appointments, func(x Appointment) bool { return x.ID == a.ID }); i >= 0 {
			return &d.s.Appointments[i]
		}
	}
	return nil
}

// notBegun says whether the event tells of a visit as missed that has not begun.
func (d *decider) notBegun() bool {
	a := d.missedVisit()
	return a != nil && a.tooEarly()
}

// longMissed says whether the visit that was missed is so long ago that words about
// it would come out of nowhere, however lately it was entered.
func (d *decider) longMissed() bool {
	a := d.missedVisit()
	return a != nil && !a.Start.IsZero() && d.now.Sub(a.Start) > startsWithin
}

// doubtVisit asks a human about a visit that is over before it begins, as long as one
// is.
func (d *decider) doubtVisit(id string) {
	i := slices.IndexFunc(d.s.Appointments, func(a Appointment) bool { return a.ID == id })
	switch is := d.s.Appointments[i].tooEarly(); {
	case is && !d.was.tooEarly():
		d.task(taskImplausible, "assigned", replyDue, nil, "", VisitAhead)
	case !is && d.was.tooEarly():
		d.possible = true
		if len(d.s.impossible()) == 0 {
			d.dropTask(taskImplausible)
		}
	}
}

// impossible are the appointments that are said to be over before they begin: nothing
// is counted of them.
func (s *State) impossible() []string {
	var out []string
	for i := range s.Appointments {
		if a := &s.Appointments[i]; a.tooEarly() {
			out = append(out, a.ID)
		}
	}
	return out
}

// startsMended starts what an appointment's outcome would have started, once what made
// it impossible is put right by other news of the same appointment.
func (d *decider) startsMended() {
	a := &d.s.Appointments[slices.IndexFunc(d.s.Appointments, func(a Appointment) bool { return a.ID == d.ev.Data.Appointment.ID })]
	ev := d.ev
	defer func() { d.ev = ev }()
	d.ev = events.Event{
		Clinic: ev.Clinic, Key: ev.Key, Kind: a.Status, Time: a.StatusSaid.At, Data: events.Data{Appointment: &events.Appointment{ID: a.ID}},
	}
	d.starts()
}

// isOutcome says whether an appointment of this status is over.
func isOutcome(k events.Kind) bool {
	return k == events.AppointmentNoShow || k == events.AppointmentAttended || k == events.AppointmentCancelled
}

// contradicts says whether an appointment with this status cannot have had
// that outcome.
func contradicts(status, outcome events.Kind) bool {
	switch status {
	case events.AppointmentRetracted:
		return true
	case events.AppointmentAttended:
		return outcome == events.AppointmentNoShow
	case events.AppointmentNoShow:
		return outcome == events.AppointmentAttended
	case events.AppointmentCancelled:
		return outcome == events.AppointmentNoShow || outcome == events.AppointmentAttended
	}
	return false
}

// ended remembers of the event's appointment that a journey ended because of it;
// with its own appointment a journey never was.
func (d *decider) ended(j *Journey) {
	if a := d.ev.Data.Appointment; a != nil && a.ID != j.Appointment {
		i := slices.IndexFunc(d.s.Appointments, func(x Appointment) bool { return x.ID == a.ID })
		d.s.Appointments[i].Ended = true
	}
}

// undone asks a human what comes next where an appointment that was entered by
// mistake had ended a journey, kept one from beginning, had a stronger one take over
// from it, or made one begin by its number: what it ended does not begin again by
// itself, and must not end in silence. Where something else is under way, or another appointment lies ahead,
// the client is not forgotten.
func (d *decider) undone(replaced bool) {
	i := slices.IndexFunc(d.s.Appointments, func(x Appointment) bool { return x.ID == d.ev.Data.Appointment.ID })
	a := &d.s.Appointments[i]
	ended := a.Ended || replaced
	a.Ended = false
	if !ended || d.s.Profile.status() != events.StatusActive || d.s.HasFutureAppointment(d.now) {
		return
	}
	for j := range d.s.Journeys {
		if w := d.definition(&d.s.Journeys[j]); w != nil && w.Precedence > 0 {
			return
		}
	}
	d.task(string(VisitUndone), "assigned", replyDue, nil, "", VisitUndone)
}
