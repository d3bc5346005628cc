package workflows

import (
	"fmt"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
)

// busyClient has 50 past events and 3 journeys, two of which run beside the
// withdrawal journey.
func busyClient(b *testing.B) (*sim, *Clinic) {
	b.Helper()
	source := func(name, kind string) string {
		return "workflow: " + name + "\ntitle: t\nwhy: w\nstart: {on: [" + kind + "]}\n" +
			"stop:\n  - on: [appointment.attended]\n    when: risk == \"none\" && count(\"appointment.attended\", \"30d\") > 99\n    outcome: x\n" +
			"steps:\n  - wait: 60d\n  - send: A\n"
	}
	c := withWorkflows(b, sampleClinic(b), "v1", map[string]string{
		"beside-one": source("beside-one", "client.signal"), "beside-two": source("beside-two", "client.noted"),
	})
	c.Workflows = append(sampleClinic(b).Workflows, c.Workflows...)
	s := newSim(b, historyStart, c)
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
		b.Fatalf("%d journeys, %d past events", len(s.state.Journeys), len(s.state.Past))
	}
	return s, c
}

// closedClinic is the busy client a moment before a message in office hours is
// due, on the eve of a weekend and two weeks of holidays.
func closedClinic(b *testing.B) *sim {
	b.Helper()
	s, busy := busyClient(b)
	s.until(chicago(b, "2026-06-04 18:00"))
	c := withWorkflows(b, busy, "v2", map[string]string{
		"office": "workflow: office\ntitle: t\nwhy: w\nstart: {on: [client.signal]}\nsteps:\n  - send: {template: A, after: 1d, within: office-hours}\n  - send: {template: note, to: assigned}\n",
	})
	c.Workflows = append(c.Workflows, busy.Workflows...)
	c.Hours.Holidays = []Holiday{{From: 20260608, To: 20260619}}
	s.dir = append(s.dir, c)
	s.happens(events.ClientSignal, signal("diary"))
	s.until(chicago(b, "2026-06-05 17:59"))
	return s
}

// BenchmarkDecide measures one decision on a busy client: an event that
// starts nothing, two about appointments, a due timer at a send step, and one at
// a message that waits for the clinic to open.
func BenchmarkDecide(b *testing.B) {
	closed := closedClinic(b)
	s, c := busyClient(b)
	timer := events.Event{ID: "due", Source: "mooring/timer", Clinic: "sample", Key: simKey, Kind: events.TimerDue}
	for name, bc := range map[string]struct {
		ev    events.Event
		after time.Duration
		of    *sim // nil for the busy client as it is
	}{
		"signal":    {s.event(events.ClientSignal, s.now, events.Data{Signal: &events.Signal{Name: "diary"}}), 0, nil},
		"cancelled": {s.event(events.AppointmentCancelled, s.now, appointment("a9")), 0, nil},
		"attended":  {s.event(events.AppointmentAttended, s.now, appointment("a9")), 0, nil},
		"due":       {timer, s.state.Next().Sub(s.now), nil},
		"closed":    {timer, time.Minute, closed},
	} {
		state, dir, now := s.state, versions{c}, s.now.Add(bc.after)
		if bc.of != nil {
			state, dir, now = closed.state, closed.dir, closed.now.Add(bc.after)
		}
		bc.ev.Time = now
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if dec := Decide(state, dir, bc.ev, now); dec.Nothing || bc.of != nil && !noted(dec, WhatMessage, OfficeClosed) {
					b.Fatal("nothing was decided")
				}
			}
		})
	}
}
