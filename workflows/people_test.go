package workflows

import (
	"slices"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/escalation"
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

// TestNeverAskedFromNowOn: news that somebody must not be asked about a client reaches
// what is under way: their mail that waits stops, whoever stands in is asked at once, and
// their tasks are handed on.
func TestNeverAskedFromNowOn(t *testing.T) {
	s := newSim(t, chicago(t, "2026-03-02 10:00"), sampleClinic(t))
	s.happens(events.ClientUpdated, clientData(friendly()))
	s.happens(events.SafetyConcern, events.Data{Concern: &events.Concern{Level: events.ConcernSameDay}})
	s.happens(events.MessageReplied, events.Data{})
	if e := s.openEscalation(); e.Owner != "amara" || s.state.Tasks[0].Owner != "amara" {
		t.Fatalf("the question is with %s", e.Owner)
	}
	s.pass(time.Minute)
	before := len(s.mails(LaneSafety))
	s.happens(events.ClientUpdated, clientData(&events.Client{NeverAsk: []string{"amara"}}))
	e := s.openEscalation()
	if e.Owner != "jonas" || !e.Next.After(s.now) || s.state.Tasks[0].Owner != "jonas" {
		t.Errorf("the question is with %s, the task with %s", e.Owner, s.state.Tasks[0].Owner)
	}
	var to []string
	for _, m := range s.mails(LaneSafety)[before:] {
		to = append(to, m.Message.Person)
	}
	if !slices.Equal(to, []string{"jonas", "jonas"}) {
		t.Errorf("mails to %v", to)
	}
	for _, x := range s.state.Sends {
		if x.Message.Person == "amara" && x.Status == SendAsked {
			t.Errorf("her mail still waits: %+v", x)
		}
	}
	s.pass(5 * 24 * time.Hour)
	for _, m := range s.mails(LaneSafety)[before:] {
		if m.Message.Person == "amara" {
			t.Fatalf("she is written to later: %+v", m.Message)
		}
	}
}

// TestNeverAskedWhereNobodyElseIs: not even where no other member of staff is there. The
// emergency address is asked; whoever is on leave is, rather than nobody.
func TestNeverAskedWhereNobodyElseIs(t *testing.T) {
	for name, tc := range map[string]struct {
		people []escalation.Person
		want   string
	}{
		"an emergency address": {[]escalation.Person{{ID: "amara", Email: "a@x.example"}, {ID: "emergency-1", Email: "d@x.example", Emergency: true}}, "emergency-1"},
		"a colleague on leave": {[]escalation.Person{
			{ID: "amara", Email: "a@x.example"},
			{ID: "mei", Email: "m@x.example", Away: []escalation.Absence{{From: chicago(t, "2026-03-01 00:00"), To: chicago(t, "2026-04-01 00:00")}}},
		}, "mei"},
	} {
		c := *sampleClinic(t)
		c.Staff.People, c.Staff.OnCall, c.TaskOwner = tc.people, "amara", "person:amara"
		s := newSim(t, chicago(t, "2026-03-02 10:00"), &c)
		k := friendly()
		k.NeverAsk = []string{"amara"}
		s.happens(events.ClientUpdated, clientData(k))
		s.happens(events.SafetyConcern, events.Data{Concern: &events.Concern{Level: events.ConcernImmediate}})
		s.happens(events.MessageReplied, events.Data{})
		s.pass(2 * 24 * time.Hour)
		mails := s.mails(LaneSafety)
		if len(mails) == 0 {
			t.Fatalf("%s: nobody is asked", name)
		}
		for _, m := range mails {
			if m.Message.Person != tc.want {
				t.Fatalf("%s: %s is written to", name, m.Message.Person)
			}
		}
	}
}

// TestPassedOnToNobody: where nobody else can be asked the question stays with whoever
// would pass it on, whatever their reason: somebody must have it.
func TestPassedOnToNobody(t *testing.T) {
	c := *sampleClinic(t)
	c.Staff.People, c.Staff.OnCall, c.TaskOwner = []escalation.Person{{ID: "amara", Email: "a@x.example"}}, "amara", "person:amara"
	s := newSim(t, chicago(t, "2026-03-02 10:00"), &c)
	s.happens(events.ClientUpdated, clientData(friendly()))
	s.happens(events.SafetyConcern, events.Data{Concern: &events.Concern{Level: events.ConcernImmediate}})
	s.pass(time.Minute)
	id := s.openEscalation().ID
	dec := s.happens(events.EscalationDeclined, events.Data{Escalation: &events.EscalationAct{ID: id, By: "amara", Why: events.DeclineConflict}})
	if e := s.openEscalation(); e.Owner != "amara" || len(e.Never) > 0 || !noted(dec, WhatEscalation, Reason(escalation.NobodyElse)) {
		t.Errorf("it is with %s: %v", e.Owner, dec.Notes)
	}
	before := len(s.mails(LaneSafety))
	s.pass(time.Hour)
	if got := s.mails(LaneSafety)[before:]; len(got) == 0 || got[0].Message.Person != "amara" {
		t.Errorf("asked later: %+v", got)
	}
}

// TestConflictSaidSecond: who passed a question on for another reason first is not asked
// again once they say that they should not be.
func TestConflictSaidSecond(t *testing.T) {
	s := newSim(t, chicago(t, "2026-03-02 10:00"), sampleClinic(t))
	s.happens(events.ClientUpdated, clientData(friendly()))
	s.happens(events.SafetyConcern, events.Data{Concern: &events.Concern{Level: events.ConcernImmediate}})
	id := s.openEscalation().ID
	for _, why := range []string{events.DeclineBusy, events.DeclineConflict} {
		s.pass(time.Minute)
		s.happens(events.EscalationDeclined, events.Data{Escalation: &events.EscalationAct{ID: id, By: "amara", Why: why}})
	}
	if e := s.openEscalation(); !slices.Equal(e.Never, []string{"amara"}) {
		t.Errorf("never asked: %v", e.Never)
	}
}

// TestActsForSomebody: a cover who takes a question is recorded as acting for whom they
// stand in for.
func TestActsForSomebody(t *testing.T) {
	for who, want := range map[string]string{"jonas": "amara", "ruth": ""} {
		c := *sampleClinic(t)
		c.Staff.People = slices.Clone(c.Staff.People)
		c.Staff.People[0].Away = []escalation.Absence{{From: chicago(t, "2026-03-01 00:00"), To: chicago(t, "2026-04-01 00:00")}}
		s := newSim(t, chicago(t, "2026-03-02 10:00"), &c)
		s.happens(events.ClientUpdated, clientData(friendly()))
		s.happens(events.SafetyConcern, events.Data{Concern: &events.Concern{Level: events.ConcernImmediate}})
		s.happens(events.EscalationAcknowledged, events.Data{Escalation: &events.EscalationAct{ID: s.openEscalation().ID, By: who}})
		if e := s.openEscalation(); e.Ack == nil || e.Ack.For != want {
			t.Errorf("%s took it: %+v", who, e.Ack)
		}
	}
}
