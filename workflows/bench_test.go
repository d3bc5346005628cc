package workflows

import (
	"fmt"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/calendar"
)

// busyClient has 50 past events and 3 journeys, two of which run beside the
// withdrawal journey.
func busyClient(tb testing.TB) (*sim, *Clinic) {
	tb.Helper()
	source := func(name, kind string) string {
		return "workflow: " + name + "\ntitle: t\nwhy: w\nstart: {on: [" + kind + "]}\n" +
			"stop:\n  - on: [appointment.attended]\n    when: risk == \"none\" && count(\"appointment.attended\", \"30d\") > 99\n    outcome: x\n" +
			"steps:\n  - wait: 60d\n  - send: A\n"
	}
	c := withWorkflows(tb, sampleClinic(tb), "v1", map[string]string{
		"beside-one": source("beside-one", "client.signal"), "beside-two": source("beside-two", "client.noted"),
	})
	c.Workflows = append(sampleClinic(tb).Workflows, c.Workflows...)
	s := newSim(tb, historyStart, c)
	s.happens(events.ClientUpdated, clientData(friendly()))
	for i := range 23 {
		s.now = s.now.Add(26 * time.Hour)
		id := fmt.Sprintf("past-%d", i)
		s.happens(events.AppointmentBooked, booking(id, s.now.Add(25*time.Hour)))
		s.pass(25 * time.Hour)
		s.happens(events.AppointmentAttended, appointment(id))
	}
	s.pass(2 * time.Hour)
	s.happens(events.ClientSignal, events.Data{Signal: &events.Signal{Name: "diary"}})
	s.happens(events.ClientNoted, events.Data{Note: &events.Note{By: "amara"}})
	s.happens(events.AppointmentNoShow, appointment("a1"))
	if len(s.state.Journeys) != 3 || len(s.state.Past) < 49 {
		tb.Fatalf("%d journeys, %d past events", len(s.state.Journeys), len(s.state.Past))
	}
	return s, c
}

// closedClinic is the busy client a moment before a message in office hours is
// due, on the eve of a weekend and two weeks of holidays.
func closedClinic(tb testing.TB) *sim {
	tb.Helper()
	s, busy := busyClient(tb)
	s.until(chicago(tb, "2026-06-04 18:00"))
	c := withWorkflows(tb, busy, "v2", map[string]string{
		"office": "workflow: office\ntitle: t\nwhy: w\nstart: {on: [client.signal]}\nsteps:\n  - send: {template: A, after: 1d, within: office-hours}\n  - send: {template: note, to: assigned}\n",
	})
	c.Workflows = append(c.Workflows, busy.Workflows...)
	c.Hours.Holidays = []calendar.Holiday{{From: 20260608, To: 20260619}}
	s.dir = append(s.dir, c)
	s.happens(events.ClientSignal, signal("diary"))
	s.until(chicago(tb, "2026-06-05 17:59"))
	return s
}

// busyDecisions are decisions on a busy client: an event that starts nothing, two
// about appointments, a due timer at a send step, and one at a message that waits
// for the clinic to open.
func busyDecisions(tb testing.TB) map[string]func() Decision {
	tb.Helper()
	closed := closedClinic(tb)
	s, c := busyClient(tb)
	timer := events.Event{ID: "due", Source: "mooring/timer", Clinic: "sample", Key: simKey, Kind: events.TimerDue}
	decisions := map[string]func() Decision{}
	of := func(name string, state State, dir versions, ev events.Event, now time.Time) {
		ev.Time = now
		decisions[name] = func() Decision { return Decide(state, dir, ev, now) }
	}
	of("signal", s.state, versions{c}, s.event(events.ClientSignal, s.now, signal("diary")), s.now)
	of("cancelled", s.state, versions{c}, s.event(events.AppointmentCancelled, s.now, appointment("a9")), s.now)
	of("attended", s.state, versions{c}, s.event(events.AppointmentAttended, s.now, appointment("a9")), s.now)
	of("due", s.state, versions{c}, timer, s.state.Next())
	of("closed", closed.state, closed.dir, timer, closed.now.Add(time.Minute))
	for name, decide := range decisions {
		if dec := decide(); dec.Nothing || noted(dec, WhatMessage, OfficeClosed) != (name == "closed") {
			tb.Fatalf("%s: %+v", name, dec.Notes)
		}
	}
	return decisions
}

func BenchmarkDecide(b *testing.B) {
	for name, decide := range busyDecisions(b) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				decide()
			}
		})
	}
}

// TestDecideAllocatesLittle: how long a decision takes depends on the machine; how
// often it allocates does not.
func TestDecideAllocatesLittle(t *testing.T) {
	for name, decide := range busyDecisions(t) {
		if n := testing.AllocsPerRun(100, func() { decide() }); n > 100 {
			t.Errorf("%s: %v allocations, want at most 100", name, n)
		}
	}
}
