package workflows

import (
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
)

// TestPausedClinic: a pause of the clinic or of a workflow holds care mail back at
// once, what waits for its provider too; its end makes up for nothing, and a
// question about safety goes on throughout.
func TestPausedClinic(t *testing.T) {
	for name, tc := range map[string]struct {
		paused MailPause
		why    Reason
		rests  bool
	}{
		"the clinic":       {MailPause{Clinic: true}, ClinicPaused, true},
		"its workflow":     {MailPause{Workflows: []string{"first-no-show"}}, WorkflowPaused, true},
		"another workflow": {MailPause{Workflows: []string{"late-cancellation"}}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			open := sampleClinic(t)
			closed := *open
			closed.Version, closed.Paused = "v-paused", tc.paused
			after := *open
			after.Version = "v-after"
			s := newSim(t, chicago(t, "2026-06-01 10:00"), open)
			s.happens(events.ClientUpdated, clientData(friendly()))
			s.happens(events.AppointmentNoShow, appointment("a1"))
			s.pass(3 * time.Hour)
			first := s.mails(LaneCare)
			if len(first) != 1 {
				t.Fatalf("%d mails before the pause", len(first))
			}
			s.dir = append(s.dir, &closed)
			if look := s.state.Look(s.dir.Current(), first[0].ID, s.now); look.Wanted == tc.rests || look.Reason != tc.why {
				t.Errorf("the mail that waits for its provider: %+v", look)
			}
			s.happens(events.SafetyConcern, events.Data{Concern: &events.Concern{Level: events.ConcernImmediate}})
			if len(s.mails(LaneSafety)) == 0 {
				t.Error("a safety question rests")
			}
			s = newSim(t, chicago(t, "2026-06-01 10:00"), open)
			s.happens(events.ClientUpdated, clientData(friendly()))
			s.happens(events.AppointmentNoShow, appointment("a1"))
			s.pass(3 * time.Hour)
			s.dir = append(s.dir, &closed)
			s.pass(5 * 24 * time.Hour)
			held := s.everNoted(WhatMessage, ClinicPaused) + s.everNoted(WhatMessage, WorkflowPaused)
			if got := len(s.mails(LaneCare)); tc.rests && (got != 1 || held != 1) || !tc.rests && (got != 2 || held != 0) {
				t.Errorf("%d mails, %d held back", got, held)
			}
			s.dir = append(s.dir, &after)
			s.pass(time.Hour)
			before := len(s.mails(LaneCare))
			s.pass(5 * 24 * time.Hour)
			if got := len(s.mails(LaneCare)) - before; got != 1 {
				t.Errorf("%d mails after the pause, want the one that is newly due", got)
			}
		})
	}
}

// TestPauseStepAfterStaffsWord: a pause holds although staff lifted another one
// later than the news that it follows from; a journey that goes back to an
// answer does not pause again what staff let go.
func TestPauseStepAfterStaffsWord(t *testing.T) {
	const h = time.Hour
	lift := events.Data{Pause: &events.Pause{By: "amara"}}
	for i := range 8 { // whose hash is the larger must not count
		at := chicago(t, "2026-06-01 10:00").Add(time.Duration(i) * time.Second)
		s := newSim(t, at, oneWorkflow(t, "{on: [client.signal]}", "steps:\n  - pause: 10d\n  - wait: 20d\n"))
		s.happens(events.ClientUpdated, clientData(friendly()))
		s.happens(events.ClientResumed, lift)
		s.deliver(s.event(events.ClientSignal, at.Add(-h), signal("diary")))
		if !s.state.Profile.Paused.Get().On {
			t.Fatal("the journey says that mail is paused, and it is not")
		}

		s = newSim(t, at, oneWorkflow(t, "{on: [client.signal]}",
			"steps:\n  - wait:\n      event: [message.replied]\n      limit: 2d\n      on_event: [{wait: 1h}]\n  - pause: 10d\n  - wait: 20d\n"))
		s.happens(events.ClientUpdated, clientData(friendly()))
		began := s.now
		s.happens(events.ClientSignal, signal("diary"))
		s.until(began.Add(60 * h))
		s.happens(events.ClientResumed, lift)
		s.pass(h)
		s.deliver(s.event(events.MessageReplied, began.Add(30*h), events.Data{Reply: &events.Reply{}}))
		if s.state.Profile.Paused.Get().On {
			t.Fatal("what staff let go is paused again")
		}
	}
}
