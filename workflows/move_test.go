package workflows

import (
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
)

// TestPinnedUnlessMoved: a journey goes on with its own version until staff move
// it; then the new version's steps follow, and the wait under way keeps its
// promise. What does not correspond stays, and says why.
func TestPinnedUnlessMoved(t *testing.T) {
	const old = "steps:\n  - {id: rest, wait: 2d}\n  - send: {template: A, id: note}\n  - wait: 9d\n"
	for name, tc := range map[string]struct {
		next string
		want string // the mail that follows
		stay string // why it stays
	}{
		"other words":          {"steps:\n  - {id: rest, wait: 5d}\n  - send: {template: B, id: note}\n  - wait: 9d\n", "B", ""},
		"a step put before it": {"steps:\n  - send: {template: D, id: first}\n  - {id: rest, wait: 2d}\n  - send: {template: B, id: note}\n  - wait: 9d\n", "B", ""},
		"its step is gone":     {"steps:\n  - send: {template: B, id: note}\n  - wait: 9d\n", "A", "has no step rest"},
		"another kind of step": {"steps:\n  - {id: rest, send: B}\n  - wait: 9d\n", "A", "is a send there"},
		"another wait":         {"steps:\n  - {id: rest, wait: {event: [message.replied], limit: 2d}}\n  - send: {template: B, id: note}\n", "A", "waits for something else"},
	} {
		t.Run(name, func(t *testing.T) {
			one := oneWorkflow(t, "{on: [client.signal]}", old)
			two := oneWorkflow(t, "{on: [client.signal]}", tc.next)
			two.Version = "v-next"
			start := chicago(t, "2026-06-01 10:00")
			s := newSim(t, start, one)
			s.happens(events.ClientUpdated, clientData(friendly()))
			s.happens(events.ClientSignal, signal("diary"))
			s.dir = append(s.dir, two)
			s.pass(24 * time.Hour)
			if got := s.state.Journeys[0].Version; got != one.Version {
				t.Fatalf("it is on %s although nobody moved it", got)
			}
			dec := s.happens(events.JourneyMoved, events.Data{Move: &events.Move{Journey: s.state.Journeys[0].ID, To: two.Version}})
			if noted(dec, WhatJourney, JourneyMoved) != (tc.stay == "") || !strings.Contains(dec.Notes[0].Detail, tc.stay) {
				t.Errorf("the move: %+v", dec.Notes)
			}
			s.until(start.Add(49 * time.Hour))
			mails := s.mails(LaneCare)
			if len(mails) != 1 || mails[0].Message.Template != tc.want {
				t.Errorf("after the wait: %+v, want %s", mails, tc.want)
			}
		})
	}
	// What it asked a human in must be there too, and ask in the same way: what was
	// never asked must not count as asked.
	const asked = "steps:\n  - task: {id: call, what: call-client, owner: assigned, due: 9d}\n  - task: {id: offer, what: offer-visit, owner: assigned, due: 9d}\n  - {id: rest, wait: 2d}\n"
	for next, stay := range map[string]string{
		strings.Replace(asked, "due: 9d", "due: 3d", 1): "",
		"steps:\n  - {id: rest, wait: 2d}\n":            "has no step call, which it asked a human in",
		"steps:\n  - task: {id: offer, what: offer-visit, owner: assigned, due: 9d}\n  - {id: rest, wait: 2d}\n  - escalate: {id: call, policy: safety, question: high-risk-no-show}\n": "its step call, which it asked a human in, does something else there",
	} {
		s := newSim(t, historyStart, oneWorkflow(t, "{on: [client.signal]}", asked))
		two := oneWorkflow(t, "{on: [client.signal]}", next)
		two.Version = "v-next"
		s.dir = append(s.dir, two)
		s.dir[0], s.dir[1] = s.dir[1], s.dir[0]
		s.happens(events.ClientUpdated, clientData(friendly()))
		s.happens(events.ClientSignal, signal("diary"))
		dec := s.happens(events.JourneyMoved, events.Data{Move: &events.Move{Journey: s.state.Journeys[0].ID, To: two.Version}})
		if noted(dec, WhatJourney, JourneyMoved) != (stay == "") || !strings.Contains(dec.Notes[0].Detail, stay) {
			t.Errorf("the move to\n%s%+v", next, dec.Notes)
		}
	}
	// A version that nobody knows, and a journey that has ended.
	s := newSim(t, historyStart, oneWorkflow(t, "{on: [client.signal]}", old))
	s.happens(events.ClientUpdated, clientData(friendly()))
	s.happens(events.ClientSignal, signal("diary"))
	for _, m := range []events.Move{{Journey: s.state.Journeys[0].ID, To: "v-nowhere"}, {Journey: "kgone", To: s.dir[0].Version}} {
		if dec := s.happens(events.JourneyMoved, events.Data{Move: &m}); !noted(dec, WhatJourney, JourneyStays) {
			t.Errorf("%+v: %+v", m, dec.Notes)
		}
	}
}
