package workflows

import (
	"slices"
	"time"

	"github.com/mooring-care/mooring/events"
)

// facts are what conditions may ask about, in the light of the state after
// the event.
func (d *decider) facts(j *Journey) *Facts {
	p := &d.s.Profile
	at := d.ev.Time
	f := &Facts{
		Kind: d.ev.Kind, Risk: p.Risk.Get(), Status: p.status(), Flagged: d.s.Flagged(d.now),
		Minor: p.Minor.Get(), Language: p.Speaks(), Programmes: programmeCodes(p.Programmes.Get()), Reason: p.Reason.Get(),
		Noticed: p.Noticed.Get(), Approach: p.Approach.Get(),
	}
	if a := p.Answered; a != nil && (j != nil && !a.At.Before(j.Origin) || j == nil && d.ev.Kind == events.CheckinAnswered) {
		f.Wish, f.Safe = a.Value.Wish, "no"
		if a.Value.Safe {
			f.Safe = "yes"
		}
	}
	f.StatusBefore = d.statusBefore
	if s := d.ev.Data.Signal; s != nil {
		f.Signal = s.Name
	}
	if c := d.ev.Data.Concern; c != nil {
		f.Concern, f.ConcernFrom = c.Level, c.From
	}
	id := ""
	if j != nil {
		id = j.Appointment
	}
	if a := d.ev.Data.Appointment; a != nil {
		id = orElse(id, a.ID)
	}
	for i := range d.s.Appointments {
		a := &d.s.Appointments[i]
		if id == "" || a.ID != id {
			continue
		}
		f.CancelledBy, f.FirstVisit = a.CancelledBy, a.Visit == events.VisitFirst
		if a.Status == events.AppointmentCancelled && !a.Start.IsZero() {
			f.Notice, f.NoticeKnown = a.Start.Sub(a.StatusSaid.At), true
		}
	}
	f.HasFutureAppointment = func() bool { return d.s.HasFutureAppointment(d.now) }
	impossible := d.s.impossible()
	f.Count = func(k events.Kind, within time.Duration) int {
		n := 0
		for i := range d.s.Past {
			o := &d.s.Past[i]
			if o.Kind == k && !slices.Contains(impossible, o.Appointment) && !o.At.After(at) && at.Sub(o.At) <= within {
				n++
			}
		}
		return min(n, CountedAtMost) // this event's own may be one more than are kept
	}
	f.LateCancellations = func(notice, within time.Duration) int {
		n := 0
		for i := range d.s.Appointments {
			a := &d.s.Appointments[i]
			said := a.StatusSaid.At
			if a.Status == events.AppointmentCancelled && a.CancelledBy == events.ByClient && !a.Start.IsZero() &&
				a.Start.Sub(said) < notice && !said.After(at) && at.Sub(said) <= within {
				n++
			}
		}
		return n
	}
	f.DaysSince = func(k events.Kind) int {
		for i := len(d.s.Past) - 1; i >= 0; i-- {
			o := &d.s.Past[i]
			if o.Kind == k && !o.At.After(at) && !slices.Contains(impossible, o.Appointment) {
				if at.Sub(o.At) > LookBack {
					return -1 // not forgotten yet, after a long silence
				}
				return int(at.Sub(o.At) / (24 * time.Hour))
			}
		}
		return -1
	}
	return f
}
