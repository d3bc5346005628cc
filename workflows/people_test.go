package workflows

import (
	"slices"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
)

// TestNeverAskedAboutAClient: whoever is never asked about a client is neither asked
// about their safety nor given a task nor told; their cover is. A newer word lifts it.
func TestNeverAskedAboutAClient(t *testing.T) {
	s := newSim(t, chicago(t, "2026-03-02 10:00"), sampleClinic(t))
	k := friendly()
	k.NeverAsk = []string{"amara", "ruth"}
	s.happens(events.ClientUpdated, clientData(k))
	s.happens(events.SafetyConcern, events.Data{Concern: &events.Concern{Level: events.ConcernImmediate}})
	s.happens(events.MessageReplied, events.Data{})
	s.pass(3 * 24 * time.Hour)
	asked := map[string]int{}
	for _, m := range s.mails(LaneSafety) {
		asked[m.Message.Person]++
	}
	if asked["amara"]+asked["ruth"] > 0 || asked["jonas"] == 0 || asked["mei"] == 0 {
		t.Errorf("mails: %v", asked)
	}
	if e := s.openEscalation(); e.Owner == "" || e.Next.IsZero() {
		t.Errorf("the question is with %q until %v", e.Owner, e.Next)
	}
	if s.everNoted(WhatEscalation, Covered) == 0 || s.everNoted(WhatTask, Covered) == 0 {
		t.Error("the timeline does not say who stands in")
	}

	s.happens(events.ClientUpdated, clientData(&events.Client{NeverAsk: []string{}}))
	s.pass(24 * time.Hour)
	if !slices.ContainsFunc(s.mails(LaneSafety), func(m Enqueue) bool { return m.Message.Person == "ruth" }) {
		t.Error("ruth is not asked although nobody is left out any more")
	}
}

// TestShouldNotBeAsked: who passes a question on because they should not be asked
// about this client is not asked again, and somebody is asked to record it.
func TestShouldNotBeAsked(t *testing.T) {
	for why, never := range map[string]bool{events.DeclineConflict: true, events.DeclineBusy: false, "": false} {
		s := newSim(t, chicago(t, "2026-03-02 10:00"), sampleClinic(t))
		s.happens(events.ClientUpdated, clientData(friendly()))
		s.happens(events.SafetyConcern, events.Data{Concern: &events.Concern{Level: events.ConcernImmediate}})
		e := s.openEscalation()
		s.pass(time.Minute)
		s.happens(events.EscalationDeclined, events.Data{Escalation: &events.EscalationAct{ID: e.ID, By: "amara", Why: why}})
		before := len(s.mails(LaneSafety))
		if e := s.openEscalation(); e.Owner != "jonas" || e.Rung != 1 || e.Asks[0].Why != why {
			t.Errorf("%q: the question is with %s on rung %d, %+v", why, e.Owner, e.Rung, e.Asks)
		}
		s.pass(24 * time.Hour)
		again := slices.ContainsFunc(s.mails(LaneSafety)[before:], func(m Enqueue) bool { return m.Message.Person == "amara" })
		if again == never {
			t.Errorf("%q: amara is asked again: %v", why, again)
		}
		if got := slices.Contains(s.openTasks(), taskChangeAsked); got != never {
			t.Errorf("%q: tasks %v", why, s.openTasks())
		}
	}
}
