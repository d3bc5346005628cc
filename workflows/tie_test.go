package workflows

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mooring-care/mooring/events"
)

// gated is why the gate holds a mail of a family back now; empty where it does not.
func (s *sim) gated(template string) Reason {
	why, _, _ := s.state.gate(s.dir.Current(), template, s.now)
	return why
}

// TestSaferWordOfAMoment: systems that count in seconds send two words with one time.
// In either order, whatever their ids, the safer one counts.
func TestSaferWordOfAMoment(t *testing.T) {
	consent := func(s events.ConsentState) *events.Client {
		return &events.Client{Consent: &events.Consent{Outreach: &events.ConsentRecord{State: s}}}
	}
	for name, tc := range map[string]struct {
		safer, other events.Data
		kinds        [2]events.Kind
		held         func(*State) bool
	}{
		"consent": {
			clientData(consent(events.ConsentWithdrawn)), clientData(consent(events.ConsentGranted)),
			[2]events.Kind{events.ClientUpdated, events.ClientUpdated},
			func(s *State) bool { return s.Profile.Outreach.Get().State == events.ConsentWithdrawn },
		},
		"status": {
			clientData(&events.Client{Status: new(events.StatusDischarged)}), clientData(&events.Client{Status: new(events.StatusActive)}),
			[2]events.Kind{events.ClientUpdated, events.ClientUpdated},
			func(s *State) bool { return s.Profile.status() == events.StatusDischarged },
		},
		"risk": {
			clientData(&events.Client{Risk: new(events.RiskHigh)}), clientData(&events.Client{Risk: new(events.RiskElevated)}),
			[2]events.Kind{events.ClientUpdated, events.ClientUpdated},
			func(s *State) bool { return s.Profile.Risk.Get() == events.RiskHigh },
		},
		"attended": {
			appointment("a1"), appointment("a1"),
			[2]events.Kind{events.AppointmentAttended, events.AppointmentNoShow},
			func(s *State) bool { return s.Appointments[0].Status == events.AppointmentAttended },
		},
		"missed": {
			appointment("a1"), appointment("a1"),
			[2]events.Kind{events.AppointmentNoShow, events.AppointmentBooked},
			func(s *State) bool { return s.Appointments[0].Status == events.AppointmentNoShow },
		},
	} {
		for seed := range 20 {
			for _, first := range []int{0, 1} {
				s := newSim(t, chicago(t, "2026-03-02 10:00"), sampleClinic(t))
				s.n = seed * 10 // other ids
				s.happens(events.ClientUpdated, clientData(friendly()))
				s.now = s.now.Add(time.Minute)
				pair := []events.Event{s.event(tc.kinds[0], s.now, tc.safer), s.event(tc.kinds[1], s.now, tc.other)}
				s.deliver(pair[first])
				s.deliver(pair[1-first])
				if !tc.held(&s.state) {
					t.Fatalf("%s, seed %d, first %d: the other word counts", name, seed, first)
				}
			}
		}
	}
}

// TestOrderFreeMixedVersions: words on one appointment with and without versions come to the
// same in any order, and of the newest of each kind the later one counts.
func TestOrderFreeMixedVersions(t *testing.T) {
	kinds := []events.Kind{events.AppointmentBooked, events.AppointmentRescheduled, events.AppointmentNoShow, events.AppointmentAttended, events.AppointmentCancelled}
	rapid.Check(t, func(rt *rapid.T) {
		maker := newSim(rt, historyStart, sampleClinic(rt))
		var made []events.Event
		for range rapid.IntRange(1, 6).Draw(rt, "events") {
			d := appointment("a1")
			d.Appointment.Version = int64(rapid.IntRange(0, 3).Draw(rt, "version"))
			d.Appointment.Start = new(historyStart.Add(time.Duration(rapid.IntRange(-3, 3).Draw(rt, "start")) * time.Hour))
			at := historyStart.Add(time.Duration(rapid.IntRange(0, 3).Draw(rt, "minute")) * time.Minute)
			made = append(made, maker.event(rapid.SampledFrom(kinds).Draw(rt, "kind"), at, d))
		}
		tell := func(order []events.Event) string {
			var s State
			for _, ev := range order {
				s.appointment(ev, ev.Hash())
			}
			return jsonOf(rt, s.Appointments)
		}
		want := tell(made)
		if got := tell(rapid.Permutation(made).Draw(rt, "order")); got != want {
			rt.Fatalf("in order %s; in another %s", want, got)
		}
		var newest [2]*events.Event
		later := func(a, b *events.Event, versions bool) bool {
			stamp := func(e *events.Event) Stamp {
				st := Stamp{At: e.Time, Rank: outcomeRank(e.Kind), By: e.Hash()}
				if versions {
					st.Version = e.Data.Appointment.Version
				}
				return st
			}
			return stamp(a).before(stamp(b))
		}
		for i := range made {
			n := &newest[rankOf(made[i].Data.Appointment.Version > 0)]
			if *n == nil || later(*n, &made[i], true) {
				*n = &made[i]
			}
		}
		stands := newest[0]
		if stands == nil || newest[1] != nil && later(stands, newest[1], false) {
			stands = newest[1]
		}
		var s State
		for _, ev := range made {
			s.appointment(ev, ev.Hash())
		}
		if a := s.Appointments[0]; a.Status != stands.Kind || !a.Start.Equal(*stands.Data.Appointment.Start) {
			rt.Fatalf("%s at %v stands, want %s at %v", a.Status, a.Start, stands.Kind, *stands.Data.Appointment.Start)
		}
	})
}

// TestProgrammesAsSystemsWriteThem: an excluded programme is excluded however a system
// spells it.
func TestProgrammesAsSystemsWriteThem(t *testing.T) {
	for name, excluded := range map[string]bool{
		"substance-use": true, "Substance-Use": true, " substance use ": true, "SUBSTANCE_USE": true, "Substance / Use": true,
		"substances": false, "use-substance": false, "": false,
	} {
		s := newSim(t, chicago(t, "2026-03-02 10:00"), sampleClinic(t))
		k := friendly()
		k.Programmes = []string{"group", name}
		s.happens(events.ClientUpdated, clientData(k))
		if got := s.gated("A") == ProgrammeExcluded; got != excluded {
			t.Errorf("%q is excluded: %v", name, got)
		}
	}
}

// TestOwnerOfAnAddress: whose address it is was said of one address and not of the next.
func TestOwnerOfAnAddress(t *testing.T) {
	guardian, one, two := "guardian", "one@client.example", "two@client.example"
	for name, tc := range map[string]struct {
		said []*events.Client
		held bool
	}{
		"with the address":            {[]*events.Client{{Email: &one, AddressOwner: &guardian}}, false},
		"after the address":           {[]*events.Client{{Email: &one}, {AddressOwner: &guardian}}, false},
		"of the address before":       {[]*events.Client{{Email: &one, AddressOwner: &guardian}, {Email: &two}}, true},
		"by itself, then a new one":   {[]*events.Client{{Email: &one}, {AddressOwner: &guardian}, {Email: &two}}, true},
		"the same address once more":  {[]*events.Client{{Email: &one, AddressOwner: &guardian}, {Email: &one}}, false},
		"a proxy's, by itself":        {[]*events.Client{{Email: &one}, {AddressOwner: &guardian}, {Email: &one}}, true},
		"of the new one, in the same": {[]*events.Client{{Email: &one, AddressOwner: &guardian}, {Email: &two, AddressOwner: &guardian}}, false},
	} {
		s := newSim(t, chicago(t, "2026-03-02 10:00"), sampleClinic(t))
		k := friendly()
		k.Minor = new(true)
		s.happens(events.ClientUpdated, clientData(k))
		for _, c := range tc.said {
			s.pass(time.Minute)
			c.EmailVerified = new(true)
			s.happens(events.ClientUpdated, clientData(c))
		}
		if got := s.gated("A") == MinorUnknownOwner; got != tc.held {
			t.Errorf("%s: held back %v (%s)", name, got, s.gated("A"))
		}
	}
}

// TestProxyStaysOne: what was said of a proxy's address without naming it is not lifted
// by the same address, said once more.
func TestProxyStaysOne(t *testing.T) {
	s := newSim(t, chicago(t, "2026-03-02 10:00"), sampleClinic(t))
	k := friendly()
	k.Consent.Outreach.By = ""
	s.happens(events.ClientUpdated, clientData(k))
	s.pass(time.Minute)
	s.happens(events.ClientUpdated, clientData(&events.Client{AddressOwner: new(addressOfProxy)}))
	s.pass(time.Minute)
	s.happens(events.ClientUpdated, clientData(&events.Client{Email: k.Email, EmailVerified: new(true)}))
	if got := s.gated("A"); got != ProxyUnnamed {
		t.Errorf("held back: %q", got)
	}
}

// TestVisitsThatCannotBe: a visit that is over days before it begins, or was missed
// months ago, brings no mail; a human looks, or history stays history.
func TestVisitsThatCannotBe(t *testing.T) {
	const day = 24 * time.Hour
	for name, tc := range map[string]struct {
		kind    events.Kind
		in      time.Duration
		runs    bool
		doubted bool
	}{
		"missed an hour ago":            {events.AppointmentNoShow, -time.Hour, true, false},
		"missed, said hours too early":  {events.AppointmentNoShow, 23 * time.Hour, true, false},
		"missed in four days":           {events.AppointmentNoShow, 4 * day, false, true},
		"missed three months ago":       {events.AppointmentNoShow, -90 * day, false, false},
		"attended in a month":           {events.AppointmentAttended, 30 * day, false, true},
		"attended an hour ago":          {events.AppointmentAttended, -time.Hour, false, false},
		"cancelled late, as it happens": {events.AppointmentCancelled, 20 * time.Hour, true, false},
	} {
		s := newSim(t, chicago(t, "2026-03-02 10:00"), sampleClinic(t))
		s.happens(events.ClientUpdated, clientData(friendly()))
		d := cancellation("a1", events.ByClient, s.now.Add(tc.in))
		if tc.kind != events.AppointmentCancelled {
			d.Appointment.By = ""
		}
		s.happens(tc.kind, d)
		if got := len(s.state.Journeys) > 0; got != tc.runs {
			t.Errorf("%s: a journey runs: %v", name, got)
		}
		if got := slices.Contains(s.openTasks(), taskImplausible); got != tc.doubted {
			t.Errorf("%s: tasks %v", name, s.openTasks())
		}
		if !tc.doubted {
			continue
		}
		// Finished by a human, it does not come back with other news.
		i := slices.IndexFunc(s.state.Tasks, func(t Task) bool { return t.What == taskImplausible })
		s.happens(events.TaskDone, events.Data{Task: &events.TaskAct{ID: s.state.Tasks[i].ID, By: "amara"}})
		s.happens(events.AppointmentRetracted, appointment("other"))
		if slices.Contains(s.openTasks(), taskImplausible) {
			t.Errorf("%s: the task comes back", name)
		}
		// A correction that makes it possible starts what it would have started.
		s.pass(time.Minute)
		d.Appointment.Start = new(s.now.Add(-time.Hour))
		s.happens(tc.kind, d)
		if got := len(s.state.Journeys) > 0; got != (tc.kind == events.AppointmentNoShow) {
			t.Errorf("%s, put right: a journey runs: %v", name, got)
		}
	}

	// What cannot be is not counted: the next missed visit is the first.
	for _, kind := range []events.Kind{events.AppointmentNoShow, events.AppointmentAttended} {
		s := newSim(t, chicago(t, "2026-03-02 10:00"), sampleClinic(t))
		s.happens(events.ClientUpdated, clientData(friendly()))
		s.happens(kind, cancellation("a1", "", s.now.Add(4*day)))
		s.pass(time.Hour)
		s.deliver(s.event(events.AppointmentNoShow, s.now.Add(-2*time.Hour), appointment("a2")))
		if len(s.state.Journeys) != 1 || s.state.Journeys[0].Workflow != "first-no-show" {
			t.Errorf("after an impossible %s: %+v", kind, s.state.Journeys)
		}
	}

	// An attended visit that has not begun ends nothing.
	s := newSim(t, chicago(t, "2026-03-02 10:00"), sampleClinic(t))
	s.happens(events.ClientUpdated, clientData(friendly()))
	s.happens(events.AppointmentNoShow, appointment("a1"))
	d := cancellation("a2", "", s.now.Add(30*day))
	s.happens(events.AppointmentAttended, d)
	if len(s.state.Journeys) != 1 {
		t.Errorf("the journey ended: %v", s.steps[len(s.steps)-1].dec.Notes)
	}
}

// TestMergedRecordsWait: a record that turned out to be another client's gets no care
// mail until a human has looked at both.
func TestMergedRecordsWait(t *testing.T) {
	s := newSim(t, chicago(t, "2026-03-02 10:00"), sampleClinic(t))
	s.happens(events.ClientUpdated, clientData(friendly()))
	s.happens(events.ClientMerged, events.Data{Merge: &events.Merge{Into: "z0z-other"}})
	if got := s.gated("A"); got != RecordsMerged {
		t.Fatalf("held back: %q", got)
	}
	i := slices.IndexFunc(s.state.Tasks, func(t Task) bool { return t.What == taskMerged })
	s.happens(events.TaskDone, events.Data{Task: &events.TaskAct{ID: s.state.Tasks[i].ID, By: "amara"}})
	if got := s.gated("A"); got != "" {
		t.Errorf("after somebody has looked: %q", got)
	}
}

// TestConsentInOneBreath: who withdraws outreach and grants one purpose in the same
// event means both, whatever dates stand there.
func TestConsentInOneBreath(t *testing.T) {
	s := newSim(t, chicago(t, "2026-05-02 10:00"), sampleClinic(t))
	s.happens(events.ClientUpdated, clientData(friendly()))
	s.pass(time.Minute)
	date := func(month time.Month) *time.Time { return new(time.Date(2026, month, 1, 9, 0, 0, 0, time.UTC)) }
	s.happens(events.ClientUpdated, clientData(&events.Client{Consent: &events.Consent{
		Outreach: &events.ConsentRecord{State: events.ConsentWithdrawn, At: date(time.March)},
		Caring:   &events.ConsentRecord{State: events.ConsentGranted, At: date(time.April)},
	}}))
	if a, e := s.gated("A"), s.gated("E"); a != ConsentWithdrawn || e != "" {
		t.Errorf("A is held back by %q, E by %q", a, e)
	}
}

// TestStopThatFails: where nobody can say whether a stop applies, the journey ends and a
// human looks: its mail would come although the client may be back.
func TestStopThatFails(t *testing.T) {
	c := withWorkflows(t, sampleClinic(t), "v1", map[string]string{"fails": `workflow: fails
title: t
why: w
start: {on: [appointment.noshow]}
stop:
  - {on: [client.signal], when: size(programmes) + 9223372036854775807 > 0, outcome: x}
steps:
  - wait: 2d
  - send: A
`})
	s := newSim(t, chicago(t, "2026-03-02 10:00"), c)
	k := friendly()
	k.Programmes = []string{"group"}
	s.happens(events.ClientUpdated, clientData(k))
	s.happens(events.AppointmentNoShow, appointment("a1"))
	if len(s.state.Journeys) != 1 {
		t.Fatal("no journey runs")
	}
	s.happens(events.ClientSignal, events.Data{Signal: &events.Signal{Name: "diary"}})
	s.pass(4 * 24 * time.Hour)
	if len(s.mails(LaneCare)) > 0 || len(s.state.Journeys) > 0 || fmt.Sprint(s.openTasks()) != "[condition-failed]" {
		t.Errorf("mails %d, journeys %d, tasks %v", len(s.mails(LaneCare)), len(s.state.Journeys), s.openTasks())
	}
}

// TestStopThatFailsAsks: a journey that asks a human later goes on to its question, and
// sends the client no more.
func TestStopThatFailsAsks(t *testing.T) {
	c := withWorkflows(t, sampleClinic(t), "v1", map[string]string{"fails": `workflow: fails
title: t
why: w
start: {on: [appointment.noshow]}
stop:
  - {on: [client.signal], when: size(programmes) + 9223372036854775807 > 0, outcome: x}
steps:
  - wait: 1d
  - send: A
  - wait: 2d
  - escalate: {policy: high-risk-no-show, question: high-risk-no-show, id: ask}
`})
	s := newSim(t, chicago(t, "2026-03-02 10:00"), c)
	k := friendly()
	k.Programmes = []string{"group"}
	s.happens(events.ClientUpdated, clientData(k))
	s.happens(events.AppointmentNoShow, appointment("a1"))
	s.happens(events.ClientSignal, events.Data{Signal: &events.Signal{Name: "diary"}})
	s.pass(4 * 24 * time.Hour)
	if len(s.mails(LaneCare)) > 0 || s.openEscalation() == nil || s.everNoted(WhatMessage, MailStopped) != 1 {
		t.Errorf("mails %d, question %v", len(s.mails(LaneCare)), s.openEscalation())
	}
}
