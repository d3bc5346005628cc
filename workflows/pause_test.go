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
