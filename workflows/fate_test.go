package workflows

import (
	"slices"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
)

// TestUnknownFateBecomesKnown: a task asks a human whether a client's mail left,
// until the provider's own word says that all of them did.
func TestUnknownFateBecomesKnown(t *testing.T) {
	for _, word := range []events.Kind{events.MessageAccepted, events.MessageDelivered} {
		t.Run(string(word), func(t *testing.T) {
			s := newSim(t, chicago(t, "2026-03-02 10:00"))
			s.happens(events.ClientUpdated, clientData(friendly()))
			s.happens(events.AppointmentNoShow, appointment("a1"))
			s.pass(4 * 24 * time.Hour)
			mails := s.mails(LaneCare)
			if len(mails) < 2 {
				t.Fatalf("asked for %d mails, want two", len(mails))
			}
			says := func(kind events.Kind, id string) {
				s.happens(kind, events.Data{Message: &events.MessageReport{ID: id}})
			}
			waits := func() bool {
				return slices.ContainsFunc(s.state.Tasks, func(x Task) bool { return x.What == taskMailUnknown })
			}
			says(events.MessageUnknown, mails[0].ID)
			says(events.MessageUnknown, mails[1].ID)
			asked := s.mails(LaneSafety)
			if !waits() || len(asked) == 0 {
				t.Fatal("nobody was asked about two mails of unknown fate")
			}
			says(word, mails[0].ID)
			if !waits() {
				t.Error("the task is gone although one fate is unknown yet")
			}
			says(word, mails[1].ID)
			if waits() || s.everNoted(WhatTask, TaskNoLonger) != 1 {
				t.Error("every fate is known, and a human is asked all the same")
			}
			if look := s.state.Look(s.dir.Current(), asked[len(asked)-1].ID, s.now); look.Wanted || look.Reason != TaskNoLonger {
				t.Errorf("the task's own mail: %+v", look)
			}
			says(events.MessageUnknown, mails[0].ID) // an older report, late
			if waits() {
				t.Error("an older word than the provider's made a task")
			}
		})
	}
}

// TestUnknownSafetyIsStillAskedFor: a safety message of unknown fate is sent
// again until somebody answers, and no longer.
func TestUnknownSafetyIsStillAskedFor(t *testing.T) {
	s := newSim(t, chicago(t, "2026-03-02 10:00"))
	s.happens(events.ClientUpdated, clientData(friendly()))
	s.happens(events.SafetyConcern, events.Data{Concern: &events.Concern{Level: events.ConcernImmediate}})
	id := s.openEscalation().Asks[0].Message
	s.happens(events.MessageUnknown, events.Data{Message: &events.MessageReport{ID: id}})
	s.pass(2 * time.Hour)
	if look := s.state.Look(s.dir.Current(), id, s.now); !look.Wanted {
		t.Fatalf("two hours later: %+v, want it wanted", look)
	}
	s.happens(events.EscalationClosed, events.Data{Escalation: &events.EscalationAct{
		ID: s.openEscalation().ID, By: "amara", Outcome: events.OutcomeReachedSafe,
	}})
	if look := s.state.Look(s.dir.Current(), id, s.now); look.Wanted {
		t.Errorf("after it was closed: %+v, want it stopped", look)
	}
}
