package workflows

import (
	"slices"
	"time"

	"github.com/mooring-care/mooring/events"
)

// prunePast drops what conditions cannot ask about: what is older than
// LookBack, and of each kind all but the newest CountedAtMost. Which these are
// does not depend on the order of arrival, since Past is in order of event
// times.
func (s *State) prunePast(now time.Time) {
	s.Past = slices.DeleteFunc(s.Past, func(o Occurrence) bool { return now.Sub(o.At) > LookBack })
	if len(s.Past) <= CountedAtMost {
		return
	}
	over := map[events.Kind]int{}
	for i := range s.Past {
		over[s.Past[i].Kind]++
	}
	s.Past = slices.DeleteFunc(s.Past, func(o Occurrence) bool { // the oldest come first
		over[o.Kind]--
		return over[o.Kind] >= CountedAtMost
	})
}

// keptAppointments is how many appointments a client's record holds: more than
// one a working day for a year, and a year of weekly ones ahead.
const keptAppointments = 400

// pruneAppointments forgets appointments that were last spoken of more than
// LookBack ago. Beyond keptAppointments it forgets, of those that are over,
// the ones spoken of longest ago; then the farthest ahead. What a running
// journey is about stays.
func (s *State) pruneAppointments(now time.Time) {
	s.Appointments = slices.DeleteFunc(s.Appointments, func(a Appointment) bool {
		return now.Sub(a.StatusSaid.At) > LookBack && !a.ahead(now)
	})
	over := len(s.Appointments) - keptAppointments
	if over <= 0 {
		return
	}
	least := make([]*Appointment, len(s.Appointments))
	for i := range s.Appointments {
		least[i] = &s.Appointments[i]
	}
	rank := func(a *Appointment) int {
		switch {
		case slices.ContainsFunc(s.Journeys, func(j Journey) bool { return j.Appointment == a.ID }):
			return 2
		case a.ahead(now):
			return 1
		}
		return 0
	}
	slices.SortFunc(least, func(a, b *Appointment) int {
		if r := rank(a) - rank(b); r != 0 {
			return r
		}
		if rank(a) == 1 {
			return b.Start.Compare(a.Start)
		}
		if a.StatusSaid.before(b.StatusSaid) {
			return -1
		}
		return 1
	})
	gone := map[string]bool{}
	for _, a := range least[:over] {
		gone[a.ID] = true
	}
	s.Appointments = slices.DeleteFunc(s.Appointments, func(a Appointment) bool { return gone[a.ID] })
}

// Full is the decision when a client's record has no room for an event: the
// event is not remembered, and staff have one open task about the record. ev is
// a timer, which is never remembered either.
func Full(s State, dir Directory, ev events.Event, now time.Time) Decision {
	if slices.ContainsFunc(s.Tasks, func(t Task) bool { return t.What == string(StateTooLarge) }) {
		return Decision{State: s, Nothing: true}
	}
	d := newDecider(s, dir, ev, ev.Hash(), now)
	d.failed(StateTooLarge)
	d.s.Large = true
	return d.finish(s.Next())
}
