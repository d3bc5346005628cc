package workflows

import (
	"slices"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/calendar"
)

// wait begins a wait; waits is false when it is over already.
func (d *decider) wait(j *Journey, st *Step) (next string, waits bool) {
	w := st.Wait
	if len(w.On) > 0 && d.answeredAlready(j, w) {
		d.note(Note{What: WhatStep, Reason: EventCame, Workflow: j.Workflow, Step: st.ID})
		return orElse(w.OnEvent, st.Next), false
	}
	due, why := d.waitsUntil(j, w)
	if why != "" {
		d.end(j, why, "")
		return "", true
	}
	if len(w.On) > 0 && due.IsZero() || due.After(d.now) {
		n := Note{What: WhatStep, Reason: WaitsUntil, Workflow: j.Workflow, Step: st.ID, Until: due}
		if len(w.On) > 0 {
			n.Reason = WaitsForEvent
		}
		j.Due = due
		d.note(n)
		return "", true
	}
	began := j.Nominal
	// A wait that was over before it began takes no time away from what follows.
	if due.After(j.Nominal) {
		j.Nominal = due
	}
	if len(w.On) > 0 {
		d.limitPassed(j, st, began, due)
		return orElse(w.OnLimit, st.Next), false
	}
	return st.Next, false
}

// waitsUntil is when a wait, or its limit, is over; zero for one without a
// limit. why is set when the journey cannot go on.
func (d *decider) waitsUntil(j *Journey, w *WaitStep) (due time.Time, why Reason) {
	switch {
	case w.SinceStart > 0:
		return j.Origin.Add(w.SinceStart), ""
	case w.For > 0:
		return j.Nominal.Add(w.For), ""
	case w.Until != nil:
		return w.Until.next(j.Nominal.In(d.s.zone(d.c)), &d.c.Hours), ""
	case w.Before > 0, w.After > 0:
		a := d.journeysAppointment(j)
		switch {
		case a == nil || a.Start.IsZero():
			return due, NoAppointment
		case w.After > 0:
			return a.Start.Add(w.After), ""
		case !a.Start.After(d.now):
			return due, AppointmentPast
		}
		return a.Start.Add(-w.Before), ""
	}
	return due, ""
}

// next is the first such time of day that is not before from, on from's clock
// and by its calendar. A clinic that has no workday for more than a year is
// waited for no longer.
func (t *TimeOfDay) next(from time.Time, hours *calendar.Hours) time.Time {
	year, month, first := from.Date()
	for day := 0; ; day++ {
		date := time.Date(year, month, first+day, 0, 0, 0, 0, time.UTC)
		weekend := date.Weekday() == time.Saturday || date.Weekday() == time.Sunday
		if day < calendar.LongestClosed && (t.Weekdays && weekend || t.Workdays && !hours.Workday(date)) {
			continue
		}
		if at := calendar.OnClock(date, t.At, from.Location()); !at.Before(from) {
			return at
		}
	}
}

func (d *decider) journeysAppointment(j *Journey) *Appointment {
	i := slices.IndexFunc(d.s.Appointments, func(a Appointment) bool { return j.Appointment != "" && a.ID == j.Appointment })
	if i < 0 {
		return nil
	}
	return &d.s.Appointments[i]
}

// appointmentOver says whether the appointment of a journey has begun.
func (d *decider) appointmentOver(j *Journey) bool {
	a := d.journeysAppointment(j)
	return a != nil && !a.Start.After(d.now)
}

// follow moves the waits that count from an appointment along with it.
func (d *decider) follow() {
	a := d.ev.Data.Appointment
	if a == nil {
		return
	}
	for i := range d.s.Journeys {
		j := &d.s.Journeys[i]
		if j.Appointment != a.ID || j.Due.IsZero() {
			continue
		}
		w := d.definition(j)
		if w == nil {
			continue
		}
		st := w.countsFromAppointment(j.Step)
		if st == nil {
			continue
		}
		due, why := d.waitsUntil(j, st.Wait)
		if why != "" {
			continue // it has begun meanwhile; what comes due says so
		}
		// Moved so near that the time has passed: it goes on from this news.
		if due.Before(d.ev.Time) {
			due = d.ev.Time
		}
		if due.Equal(j.Due) || st.ID != j.Step && !due.After(d.now) {
			continue
		}
		j.Step, j.Due = st.ID, due
		d.note(Note{What: WhatStep, Reason: MovedTo, Workflow: j.Workflow, Step: st.ID, Until: due})
	}
}

// countsFromAppointment is the wait that a journey stands at, or that it came
// from to a further span or to a message which was put off, where that wait
// counts from the appointment.
func (w *Workflow) countsFromAppointment(at string) *Step {
	st, ok := w.Step(at)
	for ok && (st.Kind == StepSend || st.Kind == StepWait && len(st.Wait.On) == 0 && st.Wait.For > 0) {
		at = st.ID
		i := slices.IndexFunc(w.Program, func(before Step) bool {
			return before.Wait != nil && len(before.Wait.On) == 0 && before.Next == at
		})
		if ok = i >= 0; ok {
			st = &w.Program[i]
		}
	}
	if !ok || st.Kind != StepWait || st.Wait.Before == 0 && st.Wait.After == 0 {
		return nil
	}
	return st
}

// answeredAlready says whether what the wait asks for happened before it
// began: a task finished, an escalation taken, or what is known of the client
// since the journey last wrote to them.
func (d *decider) answeredAlready(j *Journey, w *WaitStep) bool {
	if w.Of == "" {
		return d.happenedSince(j, w.On)
	}
	id, ok := j.Opened[w.Of]
	if !ok {
		return false
	}
	for _, k := range w.On {
		switch k {
		case events.TaskDone:
			if !d.open(id) {
				return true
			}
		case events.EscalationAcknowledged, events.EscalationClosed:
			if d.taken(id, k) {
				return true
			}
		}
	}
	return false
}

// happenedSince says whether one of these happened since the journey's last
// message, or since it began where it has sent none, and is still true.
func (d *decider) happenedSince(j *Journey, on []events.Kind) bool {
	since := d.lastWord(j, nil)
	return slices.ContainsFunc(d.s.Past, func(o Occurrence) bool {
		// What began the journey is no answer to it.
		return slices.Contains(on, o.Kind) && o.Event != j.Cause && !o.At.Before(since) && d.stands(o)
	})
}

// stands says whether what is counted of an appointment still holds: a booking
// lies ahead, and nothing newer is known of the others.
func (d *decider) stands(o Occurrence) bool {
	if !aboutAppointment(o.Kind) {
		return true
	}
	i := slices.IndexFunc(d.s.Appointments, func(a Appointment) bool { return a.ID == o.Appointment })
	if i < 0 {
		return false
	}
	switch a := &d.s.Appointments[i]; o.Kind {
	case events.AppointmentBooked, events.AppointmentRescheduled:
		return a.ahead(d.now)
	default:
		return a.Status == o.Kind
	}
}

// lastWord is when the journey last wrote to the client, or when it began where it
// has not: only what happened since is an answer. For a wait that its limit ended
// it is the last message before that; nil stands for one under way.
func (d *decider) lastWord(j *Journey, p *PassedLimit) time.Time {
	since := j.Origin
	for i := range d.s.Sends {
		x := &d.s.Sends[i]
		if x.Journey == j.ID && x.Lane == LaneCare && (p == nil || x.ID == p.Sent) {
			since = x.At
		}
	}
	return since
}
