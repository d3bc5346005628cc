package workflows

import (
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
)

// consented is what an event says about purposes, each in one word.
func consented(words map[events.Purpose]events.ConsentState) events.Data {
	c := &events.Consent{}
	for purpose, state := range words {
		rec := &events.ConsentRecord{State: state}
		switch purpose {
		case events.PurposeOutreach:
			c.Outreach = rec
		case events.PurposeResources:
			c.Resources = rec
		case events.PurposeCaring:
			c.Caring = rec
		case events.PurposeOrientation:
			c.Orientation = rec
		}
	}
	return clientData(&events.Client{Consent: c})
}

// TestConsentFirstPerPurpose: each purpose is spoken of by itself; one that was
// not follows outreach, and outreach withdrawn takes all away but what was
// granted since or in the same words. All that in either order of arrival.
func TestConsentFirstPerPurpose(t *testing.T) {
	const (
		out, res, car, ori = events.PurposeOutreach, events.PurposeResources, events.PurposeCaring, events.PurposeOrientation
		yes, no, unknown   = events.ConsentGranted, events.ConsentWithdrawn, events.ConsentUnknown
	)
	type words = map[events.Purpose]events.ConsentState
	type gates = map[string]Reason // what is not allowed, and why
	for name, tc := range map[string]struct {
		said []words
		want gates
	}{
		"outreach alone": {[]words{{out: yes}}, gates{}},
		"nothing":        {[]words{}, gates{"A": NoConsent, "B": NoConsent, "C": NoConsent, "D": NoConsent, "E": NoConsent, "F": NoConsent}},
		"one withdrawn":  {[]words{{out: yes}, {car: no}}, gates{"E": PurposeWithdrawn}},
		"withdrawn, and outreach granted since": {
			[]words{{car: no}, {out: yes}}, gates{"E": PurposeWithdrawn},
		},
		"one unknown": {[]words{{out: yes}, {res: unknown}}, gates{"C": PurposeUnknown}},
		"one granted and nothing else": {
			[]words{{ori: yes}}, gates{"A": NoConsent, "B": NoConsent, "C": NoConsent, "D": NoConsent, "E": NoConsent},
		},
		"granted, then outreach withdrawn": {
			[]words{{res: yes}, {out: no}},
			gates{"A": ConsentWithdrawn, "B": ConsentWithdrawn, "C": ConsentWithdrawn, "D": ConsentWithdrawn, "E": ConsentWithdrawn, "F": ConsentWithdrawn},
		},
		"granted since outreach was withdrawn": {
			[]words{{out: no}, {res: yes}},
			gates{"A": ConsentWithdrawn, "B": ConsentWithdrawn, "D": ConsentWithdrawn, "E": ConsentWithdrawn, "F": ConsentWithdrawn},
		},
		"granted in the same words": {
			[]words{{out: no, car: yes}},
			gates{"A": ConsentWithdrawn, "B": ConsentWithdrawn, "C": ConsentWithdrawn, "D": ConsentWithdrawn, "F": ConsentWithdrawn},
		},
		"outreach granted again": {[]words{{res: yes}, {out: no}, {out: yes}}, gates{}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, reversed := range []bool{false, true} {
				s := newSim(t, historyStart.Add(100*time.Hour))
				c := friendly()
				c.Consent = nil
				s.deliver(s.event(events.ClientUpdated, historyStart, clientData(c)))
				for i := range tc.said {
					if reversed {
						i = len(tc.said) - 1 - i
					}
					s.deliver(s.event(events.ClientUpdated, historyStart.Add(time.Duration(i+1)*time.Hour), consented(tc.said[i])))
				}
				for _, family := range families() {
					if why, _, ok := s.state.gate(s.dir.Current(), family, s.now); why != tc.want[family] || ok != (why == "") {
						t.Errorf("reversed %v, %s: the gate says %q, want %q", reversed, family, why, tc.want[family])
					}
				}
				// The client's own word takes all of it away, and no feed brings any back.
				s.happens(events.ClientOptedOut, events.Data{})
				s.now = s.now.Add(time.Hour)
				s.happens(events.ClientUpdated, consented(words{out: yes, res: yes, car: yes, ori: yes}))
				for _, family := range families() {
					if why, _, _ := s.state.gate(s.dir.Current(), family, s.now); why != OptedOut {
						t.Errorf("%s after an opt-out: %q", family, why)
					}
				}
			}
		})
	}
}

// TestConsentFirstSaysWho: what was said about a purpose is kept with who, when
// and how, and the gate names the event that said it.
func TestConsentFirstSaysWho(t *testing.T) {
	s := newSim(t, historyStart)
	s.happens(events.ClientUpdated, clientData(friendly()))
	s.pass(time.Hour)
	rec := events.ConsentRecord{State: events.ConsentWithdrawn, By: "z0z client", How: "z0z phone", At: new(historyStart)}
	s.happens(events.ClientUpdated, clientData(&events.Client{Consent: &events.Consent{Caring: &rec}}))
	by := s.steps[len(s.steps)-1].ev.Hash()
	if got := s.state.Profile.Consent(events.PurposeCaring); got.Value.By != rec.By || got.Value.How != rec.How || !got.Value.At.Equal(historyStart) || !got.At.Equal(s.now) {
		t.Errorf("kept %+v", got)
	}
	if why, said, ok := s.state.gate(s.dir.Current(), "E", s.now); ok || why != PurposeWithdrawn || said != by {
		t.Errorf("the gate says %s by %v", why, said)
	}
}

// TestFailToHumanAddressOwner: a message that only the owner of the address
// keeps back asks a human, once in 30 days, until it is known.
func TestFailToHumanAddressOwner(t *testing.T) {
	minor := func(c *events.Client) { c.Minor = new(true) }
	proxy := func(c *events.Client) { c.AddressOwner = new("proxy") }
	guardian := func(c *events.Client) { c.AddressOwner = new("guardian") }
	by := func(c *events.Client) {
		c.Consent = &events.Consent{Outreach: &events.ConsentRecord{State: events.ConsentGranted, By: "z0z aunt"}}
	}
	for name, tc := range map[string]struct {
		is, mends func(*events.Client)
		want      Reason
		task      string
	}{
		"a minor's":         {minor, guardian, MinorUnknownOwner, "address-owner"},
		"a proxy's":         {proxy, by, ProxyUnnamed, "proxy-consent"},
		"a proxy's no more": {proxy, guardian, ProxyUnnamed, "proxy-consent"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(t, chicago(t, "2026-03-02 10:00"))
			c := friendly()
			tc.is(c)
			s.happens(events.ClientUpdated, clientData(c))
			if len(s.state.Tasks) != 0 {
				t.Fatalf("asked before anything was to be sent: %+v", s.state.Tasks)
			}
			open := func() (n int) {
				for i := range s.state.Tasks {
					if s.state.Tasks[i].What == tc.task {
						n++
					}
				}
				return n
			}
			s.happens(events.AppointmentNoShow, appointment("a1"))
			s.pass(3 * time.Hour)
			if got := s.everNoted(WhatMessage, tc.want); got != 1 || open() != 1 {
				t.Fatalf("%d messages kept back, %d tasks", got, open())
			}
			// Done and still not known: not again at the next message, but after 30 days.
			s.happens(events.TaskDone, events.Data{Task: &events.TaskAct{ID: s.state.Tasks[0].ID, By: "amara"}})
			s.pass(12 * 24 * time.Hour)
			if got := s.everNoted(WhatMessage, tc.want); got != 3 || open() != 0 {
				t.Errorf("%d messages kept back, %d tasks", got, open())
			}
			s.pass(20 * 24 * time.Hour)
			s.happens(events.AppointmentCancelled, events.Data{Appointment: &events.Appointment{ID: "a2", Start: new(s.now.Add(30 * time.Hour)), By: events.ByClient}})
			s.pass(24 * time.Hour)
			if open() != 1 {
				t.Errorf("after 30 days: %d tasks", open())
			}
			c = &events.Client{}
			tc.mends(c)
			s.happens(events.ClientUpdated, clientData(c))
			if open() != 0 || s.everNoted(WhatTask, TaskNoLonger) == 0 {
				t.Errorf("known, and still asked: %d", open())
			}
			if why, _, ok := s.state.gate(s.dir.Current(), "A", s.now); !ok {
				t.Errorf("known, and still kept back: %s", why)
			}
		})
	}
}
