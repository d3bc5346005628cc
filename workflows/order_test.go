package workflows

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mooring-care/mooring/events"
)

// facts of a client that must come out the same whatever the order.
type orderFree struct {
	Profile      string
	Appointments string
	Past         string
	Missed       string
	Concerns     []string
	Flagged      bool
}

func orderFreeOf(t failer, s *State, now time.Time) orderFree {
	out := orderFree{Profile: jsonOf(t, s.Profile), Flagged: s.Flagged(now)}
	appointments := slices.Clone(s.Appointments)
	slices.SortFunc(appointments, func(a, b Appointment) int { return strings.Compare(a.ID, b.ID) })
	out.Appointments = jsonOf(t, appointments)
	for _, e := range s.Escalations {
		for _, q := range e.Questions {
			if strings.HasPrefix(q, "concern-") && !slices.Contains(out.Concerns, q) {
				out.Concerns = append(out.Concerns, q)
			}
		}
	}
	slices.Sort(out.Concerns)
	for _, m := range s.Missed {
		out.Missed += m.Workflow + " " + m.Of.String() + " " + m.Due.UTC().Format(time.RFC3339) + "\n"
	}
	for _, o := range s.Past {
		out.Past += fmt.Sprintf("%s %s %s\n", o.Kind, o.At.UTC().Format(time.RFC3339), o.Appointment)
	}
	return out
}

// TestOrderFree delivers the same events in two orders, with repeats and
// delays, and compares what the client's record says.
func TestOrderFree(t *testing.T) {
	// No journey adds a flag of its own: this one only waits, for an absence that
	// then begins nothing.
	dir := versions{withWorkflows(t, sampleClinic(t), "v-absence", map[string]string{"away": `workflow: away
title: Away
why: Nobody has come for a while.
start:
  absence: {of: appointment.attended, for: 1d, booked: nothing}
  when: minor && !minor
steps:
  - send: A
`})}
	gens := generators()
	kinds := []events.Kind{
		events.ClientUpdated, events.ClientUpdated, events.ClientUpdated,
		events.AppointmentBooked, events.AppointmentRescheduled, events.AppointmentCancelled,
		events.AppointmentNoShow, events.AppointmentAttended, events.AppointmentRetracted,
		events.SafetyConcern, events.ClientOptedOut, events.ClientPaused, events.ClientResumed, events.ClientChose, events.ClientNoted,
		events.CheckinAnswered, events.ClientSignal, events.MessageReplied,
	}
	counted := false
	rapid.Check(t, func(rt *rapid.T) {
		maker := newSim(rt, historyStart, dir...)
		var made []events.Event
		for range rapid.IntRange(2, 9).Draw(rt, "events") {
			// Ties are wanted.
			maker.now = maker.now.Add(time.Duration(rapid.SampledFrom([]int{0, 0, 1, 60, 3000}).Draw(rt, "minutes")) * time.Minute)
			kind := rapid.SampledFrom(kinds).Draw(rt, "kind")
			ev := maker.event(kind, maker.now, gens[kind](rt, maker))
			ev.ID = fmt.Sprintf("%s-%d", ev.ID, rapid.IntRange(0, 1000).Draw(rt, "id"))
			made = append(made, ev)
		}
		end := maker.now
		tell := func(name string, order []events.Event) orderFree {
			s := newSim(rt, end, dir...)
			for _, ev := range order {
				s.pass(time.Duration(rapid.IntRange(0, 60).Draw(rt, name)) * time.Minute)
				s.deliver(ev)
			}
			return orderFreeOf(rt, &s.state, end.Add(24*time.Hour))
		}
		one := tell("delay", made)
		shuffled := rapid.Permutation(made).Draw(rt, "order")
		for _, ev := range rapid.SliceOfN(rapid.SampledFrom(made), 0, 3).Draw(rt, "repeats") {
			at := rapid.IntRange(0, len(shuffled)).Draw(rt, "at")
			shuffled = slices.Insert(slices.Clone(shuffled), at, ev)
		}
		two := tell("other delay", shuffled)
		if contradictory(made) {
			// An outcome that was contradicted and then said again may have been
			// forgotten in between; conditions count the fewer.
			one.Past, two.Past = "", ""
			one.Missed, two.Missed = "", ""
		} else {
			counted = counted || strings.Contains(one.Past, string(events.AppointmentNoShow))
		}
		if diff := cmp.Diff(one, two); diff != "" {
			rt.Fatalf("another order, another record:\n%s", diff)
		}
	})
	if !counted {
		t.Error("no history compared what conditions count")
	}
}

// contradictory says whether two of the events cannot both be true of one
// appointment.
func contradictory(made []events.Event) bool {
	for _, a := range made {
		for _, b := range made {
			if aboutAppointment(a.Kind) && aboutAppointment(b.Kind) && a.Data.Appointment.ID == b.Data.Appointment.ID &&
				a.Kind != b.Kind && contradicts(a.Kind, b.Kind) {
				return true
			}
		}
	}
	return false
}

// TestOrderFreeCounts: what conditions count does not depend on the order
// either, where each appointment has one outcome.
func TestOrderFreeCounts(t *testing.T) {
	clinic := *sampleClinic(t)
	clinic.Workflows = nil
	outcomes := []events.Kind{events.AppointmentNoShow, events.AppointmentAttended, events.AppointmentCancelled}
	rapid.Check(t, func(rt *rapid.T) {
		s := newSim(rt, historyStart, &clinic)
		var made []events.Event
		for i := range rapid.IntRange(1, 4).Draw(rt, "appointments") {
			kind := rapid.SampledFrom(outcomes).Draw(rt, "outcome")
			for v := range rapid.IntRange(1, 3).Draw(rt, "times said") {
				d := appointment(fmt.Sprintf("a%d", i))
				d.Appointment.Version = int64(v)
				made = append(made, s.event(kind, s.now.Add(time.Duration(rapid.IntRange(0, 99).Draw(rt, "minute"))*time.Minute), d))
			}
		}
		s.now = s.now.Add(2 * time.Hour)
		var past []string
		for range 2 {
			s.state = State{}
			for _, ev := range rapid.Permutation(made).Draw(rt, "order") {
				s.deliver(ev)
			}
			past = append(past, jsonOf(rt, s.state.Past))
		}
		if past[0] != past[1] {
			rt.Fatalf("another order, another count:\n%s\n%s", past[0], past[1])
		}
	})
}

// TestOrderFreeStops: a journey whose stop came before its start does not
// start, one whose stop is older than its start goes on.
func TestOrderFreeStops(t *testing.T) {
	for name, tc := range map[string]struct {
		kind events.Kind
		data events.Data
		// since is when the stop happened, from the no-show.
		since time.Duration
		runs  bool
	}{
		"attended after":  {events.AppointmentAttended, appointment("a2"), time.Hour, false},
		"attended before": {events.AppointmentAttended, appointment("a2"), -time.Hour, true},
		"replied after":   {events.MessageReplied, events.Data{}, time.Hour, false},
		"replied before":  {events.MessageReplied, events.Data{}, -time.Hour, true},
		"booked before":   {events.AppointmentBooked, booking("a2", historyStart.Add(9*24*time.Hour)), -time.Hour, false},
		"booked and past": {events.AppointmentBooked, booking("a2", historyStart.Add(-time.Minute)), -time.Hour, true},
		"noted after":     {events.ClientNoted, events.Data{Note: &events.Note{By: "amara"}}, time.Hour, true}, // stops at risk alone
	} {
		t.Run(name, func(t *testing.T) {
			for _, stopFirst := range []bool{true, false} {
				s := newSim(t, historyStart)
				s.happens(events.ClientUpdated, clientData(friendly()))
				noshow := s.event(events.AppointmentNoShow, historyStart.Add(2*time.Hour), appointment("a1"))
				stop := s.event(tc.kind, historyStart.Add(2*time.Hour+tc.since), tc.data)
				s.now = historyStart.Add(4 * time.Hour)
				order := []events.Event{noshow, stop}
				if stopFirst {
					slices.Reverse(order)
				}
				for _, ev := range order {
					s.deliver(ev)
				}
				if runs := len(s.state.Journeys) == 1; runs != tc.runs {
					t.Errorf("stop first %v: runs %v, want %v", stopFirst, runs, tc.runs)
				}
			}
		})
	}
}

// TestOrderFreeVersions: of two words about an appointment the one with the
// higher version counts, whenever each was said and heard of.
func TestOrderFreeVersions(t *testing.T) {
	at := chicago(t, "2026-06-01 10:00")
	said := func(s *sim, kind events.Kind, version int64, when, start time.Time) events.Event {
		data := booking("a1", start)
		data.Appointment.Version = version
		return s.event(kind, when, data)
	}
	for _, newestFirst := range []bool{false, true} {
		s := newSim(t, at, sampleClinic(t))
		evs := []events.Event{
			said(s, events.AppointmentCancelled, 1, at.Add(-time.Hour), at.Add(24*time.Hour)),
			// The higher version bears the earlier time: clocks of two systems differ.
			said(s, events.AppointmentBooked, 2, at.Add(-2*time.Hour), at.Add(48*time.Hour)),
		}
		if newestFirst {
			slices.Reverse(evs)
		}
		for _, ev := range evs {
			s.deliver(ev)
		}
		if a := s.state.Appointments[0]; a.Status != events.AppointmentBooked || !a.Start.Equal(at.Add(48*time.Hour)) {
			t.Errorf("newest first %t: %s at %v", newestFirst, a.Status, a.Start)
		}
	}
}
