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

// BenchmarkDecide measures one decision on a busy client: an event that
// starts nothing, two about appointments, and a due timer at a send step.
func BenchmarkDecide(b *testing.B) {
	s, c := busyClient(b)
	timer := events.Event{ID: "due", Source: "mooring/timer", Clinic: "sample", Key: simKey, Kind: events.TimerDue}
	for name, bc := range map[string]struct {
		ev    events.Event
		after time.Duration
	}{
		"signal":    {s.event(events.ClientSignal, s.now, events.Data{Signal: &events.Signal{Name: "diary"}}), 0},
		"cancelled": {s.event(events.AppointmentCancelled, s.now, appointment("a9")), 0},
		"attended":  {s.event(events.AppointmentAttended, s.now, appointment("a9")), 0},
		"due":       {timer, s.state.Next().Sub(s.now)},
	} {
		now := s.now.Add(bc.after)
		bc.ev.Time = now
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if dec := Decide(s.state, versions{c}, bc.ev, now); dec.Nothing {
					b.Fatal("nothing was decided")
				}
			}
		})
	}
}
