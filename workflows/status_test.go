package workflows

import (
	"slices"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
)

// TestConsentFirstDeath: a client who was said to have died gets nothing, also
// when a later word says that they are in care, until a human has looked. In
// whichever order the words come.
func TestConsentFirstDeath(t *testing.T) {
	is := func(s events.Status) events.Data { return clientData(&events.Client{Status: &s}) }
	const died, active = events.StatusDeceased, events.StatusActive
	for name, settle := range map[string]func(*sim){
		"task done": func(s *sim) {
			i := slices.IndexFunc(s.state.Tasks, func(t Task) bool { return t.What == "status-contradiction" })
			s.happens(events.TaskDone, events.Data{Task: &events.TaskAct{ID: s.state.Tasks[i].ID, By: "amara"}})
		},
		"resumed": func(s *sim) {
			s.happens(events.ClientResumed, events.Data{Pause: &events.Pause{By: "amara"}})
		},
	} {
		for _, reversed := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				s := newSim(t, chicago(t, "2026-03-02 10:00"))
				s.happens(events.ClientUpdated, clientData(friendly()))
				s.happens(events.AppointmentNoShow, appointment("a1"))
				s.pass(3 * time.Hour)
				words := []events.Event{
					s.event(events.ClientUpdated, s.now.Add(time.Minute), is(died)),
					s.event(events.ClientUpdated, s.now.Add(2*time.Minute), is(active)),
				}
				death := words[0].Hash()
				if reversed {
					slices.Reverse(words)
				}
				s.pass(5 * time.Minute)
				for _, ev := range words {
					s.deliver(ev)
				}
				tasks := func() int { return len(s.state.Tasks) }
				if tasks() != 1 || s.state.Tasks[0].What != "status-contradiction" || len(s.state.Journeys) != 0 {
					t.Fatalf("reversed %v: tasks %+v, journeys %+v", reversed, s.state.Tasks, s.state.Journeys)
				}
				if why, by, ok := s.state.gate(s.dir.Current(), "E", s.now); ok || why != Deceased || by != death {
					t.Errorf("the gate says %s by %v", why, by)
				}
				// Said again, nobody is asked again.
				s.pass(time.Minute)
				s.happens(events.ClientUpdated, is(active))
				if dec := s.happens(events.AppointmentNoShow, appointment("a2")); tasks() != 1 || !noted(dec, WhatJourney, NotActive) {
					t.Errorf("reversed %v: %d tasks, %+v", reversed, tasks(), dec.Notes)
				}
				s.pass(time.Minute)
				settle(s)
				if why, _, ok := s.state.gate(s.dir.Current(), "E", s.now); !ok || tasks() != 0 {
					t.Errorf("settled: %s, %d tasks", why, tasks())
				}
				// A new word of a death is a new question.
				s.pass(time.Minute)
				s.happens(events.ClientUpdated, is(died))
				s.pass(time.Minute)
				s.happens(events.ClientUpdated, is(active))
				if why, _, _ := s.state.gate(s.dir.Current(), "E", s.now); why != Deceased || tasks() != 1 {
					t.Errorf("died again: %s, %d tasks", why, tasks())
				}
				// Corrected by the feed, the question is answered.
				s.pass(time.Minute)
				s.happens(events.ClientUpdated, is(died))
				if tasks() != 0 {
					t.Errorf("answered, and still asked: %+v", s.state.Tasks)
				}
			})
		}
	}
}

// TestConsentFirstDeathStored: a state that was stored before deaths were kept
// by themselves is read as one that knows them.
func TestConsentFirstDeathStored(t *testing.T) {
	s := newSim(t, historyStart)
	c := friendly()
	c.Status = new(events.StatusDeceased)
	s.happens(events.ClientUpdated, clientData(c))
	s.state.Profile.Died = nil
	s.pass(time.Hour)
	s.happens(events.ClientUpdated, clientData(friendly()))
	if why, _, _ := s.state.gate(s.dir.Current(), "E", s.now); why != Deceased || len(s.state.Tasks) != 1 {
		t.Errorf("the gate says %q, tasks %+v", why, s.state.Tasks)
	}
}

// TestConsentFirstProgrammes: substance-use programmes get nothing unless the
// clinic opts in.
func TestConsentFirstProgrammes(t *testing.T) {
	src := smallClinic
	for _, tc := range []struct {
		rules, programme string
		want             Reason
	}{
		{"", "substance-use", ProgrammeExcluded},
		{"", "group", ""},
		{"consent: {excluded_programmes: []}\n", "substance-use", ""},
		{"consent: {excluded_programmes: [group]}\n", "group", ProgrammeExcluded},
		{"consent: {excluded_programmes: [group]}\n", "substance-use", ""},
	} {
		c, err := ReadClinicFiles(map[string][]byte{"clinic.yaml": []byte(src + tc.rules)}, "small")
		if err != nil {
			t.Fatal(err)
		}
		s := newSim(t, chicago(t, "2026-03-02 10:00"), c)
		who := friendly()
		who.Programmes = []string{"other", tc.programme}
		s.happens(events.ClientUpdated, clientData(who))
		if why, _, _ := s.state.gate(c, "E", s.now); why != tc.want {
			t.Errorf("%q, %s: the gate says %q, want %q", tc.rules, tc.programme, why, tc.want)
		}
	}
}
