package workflows

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mooring-care/mooring/events"
)

// atRisk is a client at high risk; all else is well.
func atRisk() *events.Client {
	c := friendly()
	c.Risk = new(events.RiskHigh)
	return c
}

func riskOf(r events.Risk) events.Data { return clientData(&events.Client{Risk: &r}) }

func (s *sim) openTasks() []string {
	var out []string
	for i := range s.state.Tasks {
		out = append(out, s.state.Tasks[i].What)
	}
	return out
}

// onlyWorkflows is the sample clinic with some of its workflows.
func onlyWorkflows(t failer, names ...string) *Clinic {
	c := *sampleClinic(t)
	c.Workflows = slices.DeleteFunc(slices.Clone(c.Workflows), func(w *Workflow) bool { return !slices.Contains(names, w.Name) })
	return &c
}

func cancellation(id string, by events.CancelledBy, start time.Time) events.Data {
	d := booking(id, start)
	d.Appointment.By = by
	return d
}

// TestOrderFreeCorrections: a correction ends the journey that the event it
// corrects began; in the other order nothing starts at all.
func TestOrderFreeCorrections(t *testing.T) {
	ahead := historyStart.Add(30 * time.Hour)
	for name, tc := range map[string]struct {
		first, then events.Kind
		a, b        events.Data
		ends        bool
	}{
		"no-show, cancelled by the clinic": {events.AppointmentNoShow, events.AppointmentCancelled, appointment("a1"), cancellation("a1", events.ByProvider, ahead), true},
		"no-show, moved to a time gone by": {events.AppointmentNoShow, events.AppointmentRescheduled, appointment("a1"), booking("a1", historyStart), true},
		"no-show of another appointment":   {events.AppointmentNoShow, events.AppointmentCancelled, appointment("a1"), cancellation("a2", events.ByProvider, ahead), false},
		"no-show, said again":              {events.AppointmentNoShow, events.AppointmentNoShow, appointment("a1"), appointment("a1"), false},
		"by the client, no, by the clinic": {events.AppointmentCancelled, events.AppointmentCancelled, cancellation("a1", events.ByClient, ahead), cancellation("a1", events.ByProvider, ahead), true},
		"by the client, nobody knows":      {events.AppointmentCancelled, events.AppointmentCancelled, cancellation("a1", events.ByClient, ahead), cancellation("a1", events.ByUnknown, ahead), true},
		"by the client, said again":        {events.AppointmentCancelled, events.AppointmentCancelled, cancellation("a1", events.ByClient, ahead), cancellation("a1", events.ByClient, ahead), false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, corrected := range []bool{true, false} {
				// With the two workflows alone that a correction is about.
				s := newSim(t, historyStart, onlyWorkflows(t, "first-no-show", "late-cancellation"))
				s.happens(events.ClientUpdated, clientData(friendly()))
				first := s.event(tc.first, historyStart.Add(time.Minute), tc.a)
				then := s.event(tc.then, historyStart.Add(time.Hour), tc.b)
				s.now = historyStart.Add(2 * time.Hour)
				if corrected {
					s.deliver(first)
					if len(s.state.Journeys) != 1 {
						t.Fatalf("nothing started: %+v", s.steps[len(s.steps)-1].dec.Notes)
					}
					s.deliver(then)
				} else {
					s.deliver(then)
					s.deliver(first)
				}
				if runs := len(s.state.Journeys) == 1; runs == tc.ends {
					t.Errorf("corrected last %v: runs %v", corrected, runs)
				}
				if got := s.everNoted(WhatJourney, StartCorrected); corrected && tc.ends != (got == 1) {
					t.Errorf("%d notes say that the start was corrected", got)
				}
				s.pass(11 * 24 * time.Hour)
				if mails := s.mails(LaneCare); tc.ends && len(mails) != 0 {
					t.Errorf("corrected last %v: mail leaves all the same: %+v", corrected, mails)
				}
			}
		})
	}
}

// TestStartIsNotCorrectedByTime: that a booked appointment was held is no
// correction of the booking.
func TestStartIsNotCorrectedByTime(t *testing.T) {
	c := withWorkflows(t, sampleClinic(t), "v1", map[string]string{"welcome": `workflow: welcome
title: t
why: w
start: {on: [appointment.booked]}
steps:
  - wait: 5d
  - end: over
`})
	for _, then := range []events.Kind{events.AppointmentAttended, events.AppointmentNoShow, events.AppointmentCancelled, events.AppointmentRescheduled} {
		s := newSim(t, historyStart, c)
		s.happens(events.ClientUpdated, clientData(friendly()))
		s.happens(events.AppointmentBooked, booking("a1", s.now.Add(time.Hour)))
		s.pass(2 * time.Hour)
		s.happens(then, booking("a1", s.now))
		if len(s.state.Journeys) != 1 {
			t.Errorf("%s: %+v", then, s.steps[len(s.steps)-1].dec.Notes)
		}
	}
}

// TestOrderFreeLastWord: a correction also stops a message that its journey
// asked for last and that has perhaps not left.
func TestOrderFreeLastWord(t *testing.T) {
	c := withWorkflows(t, sampleClinic(t), "v1", map[string]string{"brief": `workflow: brief
title: t
why: w
start: {on: [appointment.noshow]}
steps:
  - send: A
`})
	for _, id := range []string{"a1", "a2"} {
		s := newSim(t, chicago(t, "2026-03-02 10:00"), c)
		s.happens(events.ClientUpdated, clientData(friendly()))
		s.happens(events.AppointmentNoShow, appointment("a1"))
		s.pass(time.Minute)
		s.happens(events.AppointmentCancelled, cancellation(id, events.ByProvider, s.now))
		look := s.state.Look(s.dir.Current(), s.mails(LaneCare)[0].ID, s.now)
		if want := id != "a1"; look.Wanted != want || !want && look.Reason != StartCorrected {
			t.Errorf("%s was cancelled: the last look at the mail about a1 says %+v", id, look)
		}
	}
}

// TestOrderFreeStarts: whatever is said in whatever order about one
// appointment, the same journeys run in the end, but for mail already sent.
func TestOrderFreeStarts(t *testing.T) {
	kinds := []events.Kind{
		events.AppointmentNoShow, events.AppointmentNoShow,
		events.AppointmentCancelled, events.AppointmentCancelled, events.AppointmentCancelled, events.AppointmentCancelled,
		events.AppointmentAttended, events.AppointmentRescheduled, events.AppointmentBooked, events.AppointmentRetracted,
	}
	clinic := sampleClinic(t)
	ran := map[string]bool{}
	rapid.Check(t, func(rt *rapid.T) {
		maker := newSim(rt, historyStart, clinic)
		var made []events.Event
		start := historyStart.Add(time.Duration(rapid.SampledFrom([]int{-5, 3, 30, 36, 60}).Draw(rt, "start")) * time.Hour)
		for i := range rapid.IntRange(2, 6).Draw(rt, "events") {
			maker.now = maker.now.Add(time.Minute)
			kind := rapid.SampledFrom(kinds).Draw(rt, "kind")
			d := cancellation("a1", rapid.SampledFrom([]events.CancelledBy{events.ByClient, events.ByProvider, ""}).Draw(rt, "by"), start)
			if kind != events.AppointmentCancelled {
				d.Appointment.By = ""
			}
			d.Appointment.Version = int64(i / 2)
			made = append(made, maker.event(kind, maker.now, d))
		}
		tell := func(order []events.Event) string {
			s := newSim(rt, historyStart, clinic)
			s.happens(events.ClientUpdated, clientData(friendly()))
			s.now = maker.now.Add(time.Minute)
			for _, ev := range order {
				s.deliver(ev)
			}
			if len(s.mails(LaneCare)) > 0 {
				rt.Fatalf("mail left, so that nothing is shown")
			}
			out := fmt.Sprint(s.openTasks())
			for i := range s.state.Journeys {
				out += " " + s.state.Journeys[i].Workflow
				ran[s.state.Journeys[i].Workflow] = true
			}
			return out
		}
		one, two := tell(made), tell(rapid.Permutation(made).Draw(rt, "order"))
		if one != two {
			rt.Fatalf("in order: %s; in another: %s", one, two)
		}
	})
	if !ran["first-no-show"] || !ran["late-cancellation"] {
		t.Errorf("the histories ran only %v", ran)
	}
}

// TestAsksLateOnce: a risk that is raised asks about a missed visit that nobody
// has answered, and about no other.
func TestAsksLateOnce(t *testing.T) {
	const day = 24 * time.Hour
	raise := func(s *sim) { s.happens(events.ClientUpdated, riskOf(events.RiskElevated)) }
	lower := func(s *sim) { s.happens(events.ClientUpdated, riskOf(events.RiskNone)) }
	closes := func(s *sim) {
		s.happens(events.EscalationClosed, events.Data{Escalation: &events.EscalationAct{ID: s.openEscalation().ID, By: "amara", Outcome: events.OutcomeReachedSafe}})
	}
	for name, tc := range map[string]struct {
		then func(*sim)
		want int // escalations ever
	}{
		"missed, then at risk": {raise, 1},
		"attended since": {func(s *sim) {
			s.happens(events.AppointmentAttended, appointment("a2"))
			s.pass(7 * day)
			s.happens(events.AppointmentAttended, appointment("a3"))
			s.pass(10 * day)
			raise(s)
		}, 0},
		"attended since, and the record was touched later": {func(s *sim) {
			s.happens(events.AppointmentAttended, appointment("a2"))
			s.pass(day)
			d := appointment("a1")
			d.Appointment.Version = 2
			s.happens(events.AppointmentNoShow, d)
			raise(s)
		}, 0},
		"attended before": {func(s *sim) {
			s.deliver(s.event(events.AppointmentAttended, s.now.Add(-3*day), appointment("a2")))
			raise(s)
		}, 1},
		"answered, and raised again": {func(s *sim) {
			raise(s)
			closes(s)
			s.pass(day)
			lower(s)
			s.pass(2 * day)
			raise(s)
		}, 1},
		"answered, then missed again, and raised again": {func(s *sim) {
			raise(s)
			closes(s)
			lower(s)
			s.pass(31 * day) // until the flag is down
			s.happens(events.AppointmentRescheduled, booking("a1", s.now.Add(time.Hour)))
			s.pass(day)
			s.happens(events.AppointmentNoShow, appointment("a1"))
			raise(s)
		}, 2},
		"too long ago": {func(s *sim) {
			s.pass(31 * day)
			raise(s)
		}, 0},
		"two visits missed, one question": {func(s *sim) {
			s.happens(events.AppointmentNoShow, appointment("a2"))
			raise(s)
			closes(s)
			lower(s)
			s.pass(day)
			raise(s)
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(t, chicago(t, "2026-06-01 10:00"))
			s.happens(events.ClientUpdated, clientData(friendly()))
			s.happens(events.AppointmentNoShow, appointment("a1"))
			s.pass(day)
			tc.then(s)
			if got := s.everNoted(WhatEscalation, SafetyQuestion); got != tc.want || slices.Contains(s.openTasks(), "no-show-at-risk") {
				t.Errorf("%d questions, want %d; tasks %v", got, tc.want, s.openTasks())
			}
		})
	}
}

// TestOneHandNextVisit: a client who has a next visit starts no withdrawal
// journey, and a question about safety is asked all the same.
func TestOneHandNextVisit(t *testing.T) {
	for _, tc := range []struct {
		client    *events.Client
		questions int
	}{{atRisk(), 1}, {friendly(), 0}} {
		s := newSim(t, historyStart)
		s.happens(events.ClientUpdated, clientData(tc.client))
		s.happens(events.AppointmentBooked, booking("a2", s.now.Add(9*24*time.Hour)))
		s.happens(events.AppointmentNoShow, appointment("a1"))
		if len(s.state.Escalations) != tc.questions || len(s.state.Journeys) != tc.questions || len(s.state.Tasks) != 0 {
			t.Errorf("%d escalations, %d journeys, tasks %v; want %d", len(s.state.Escalations), len(s.state.Journeys), s.openTasks(), tc.questions)
		}
	}
}

// TestFailToHumanRefused: a workflow that asks a human first and may not start
// is a human's task, whatever the reason; one that does not is a note.
func TestFailToHumanRefused(t *testing.T) {
	const asks = `workflow: asks
title: t
why: w
precedence: 50
start: {on: [appointment.noshow, client.signal]}
stop:
  - {on: [appointment.attended], outcome: seen}
steps:
  - escalate: {id: ask, policy: safety, question: high-risk-no-show}
  - wait: 2d
  - end: over
`
	const stronger = `workflow: stronger
title: t
why: w
precedence: 60
start: {on: [appointment.cancelled]}
steps:
  - wait: 5d
  - end: over
`
	noshow := func(s *sim) { s.happens(events.AppointmentNoShow, appointment("a1")) }
	status := func(is events.Status) func(*sim) {
		return func(s *sim) {
			s.happens(events.ClientUpdated, clientData(&events.Client{Status: &is}))
			s.happens(events.TaskDone, events.Data{Task: &events.TaskAct{ID: s.state.Tasks[0].ID, By: "amara"}})
			noshow(s)
		}
	}
	old := func(days int) func(*sim) {
		return func(s *sim) {
			s.deliver(s.event(events.AppointmentNoShow, s.now.Add(-time.Duration(days)*24*time.Hour), appointment("a1")))
		}
	}
	for name, tc := range map[string]struct {
		then func(*sim)
		why  Reason
		task string
	}{
		"hospitalised": {status(events.StatusHospitalised), NotActive, "no-show-at-risk"},
		"discharged":   {status(events.StatusDischarged), NotActive, "no-show-at-risk"},
		"transferred":  {status(events.StatusTransferred), NotActive, "no-show-at-risk"},
		"died": {func(s *sim) {
			s.happens(events.ClientUpdated, clientData(&events.Client{Status: new(events.StatusDeceased)}))
			noshow(s)
		}, NotActive, ""},
		"a stronger one runs": {func(s *sim) {
			s.happens(events.AppointmentCancelled, appointment("a0"))
			noshow(s)
		}, StrongerRuns, "no-show-at-risk"},
		"a stronger one runs, another kind": {func(s *sim) {
			s.happens(events.AppointmentCancelled, appointment("a0"))
			s.happens(events.ClientSignal, events.Data{Signal: &events.Signal{Name: "diary"}})
		}, StrongerRuns, "safety-question"},
		"seen since": {func(s *sim) {
			s.happens(events.AppointmentAttended, appointment("a2"))
			s.deliver(s.event(events.AppointmentNoShow, s.now.Add(-time.Hour), appointment("a1")))
		}, ReturnedSince, "no-show-at-risk"},
		"a month old":     {old(31), TooLate, "no-show-at-risk"},
		"three years old": {old(3 * 365), TooLate, ""},
		"its question was closed": {func(s *sim) {
			s.happens(events.AppointmentNoShow, appointment("a0"))
			s.happens(events.EscalationClosed, events.Data{Escalation: &events.EscalationAct{ID: s.state.Escalations[0].ID, By: "amara", Outcome: events.OutcomeReachedSafe}})
			noshow(s)
		}, AlreadyRuns, "no-show-at-risk"},
		"its question is open": {func(s *sim) {
			s.happens(events.AppointmentNoShow, appointment("a0"))
			noshow(s)
		}, AlreadyRuns, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(t, historyStart, withWorkflows(t, sampleClinic(t), "v1", map[string]string{"asks": asks, "stronger": stronger}))
			s.happens(events.ClientUpdated, clientData(atRisk()))
			tc.then(s)
			var want []string
			if tc.task != "" {
				want = []string{tc.task}
			}
			if got := s.openTasks(); !slices.Equal(got, want) || s.everNoted(WhatJourney, tc.why) != 1 {
				t.Errorf("tasks %v, want %v; %d notes of %s", got, want, s.everNoted(WhatJourney, tc.why), tc.why)
			}
			if tc.task != "" && s.everNoted(WhatTask, tc.why) != 1 {
				t.Errorf("the task does not say %s", tc.why)
			}
		})
	}
}

// TestLateIsDecidedOnImport: what an import of history brings starts nothing and
// asks nobody, but for what tells of a risk; that is a task and not an alarm.
func TestLateIsDecidedOnImport(t *testing.T) {
	const day = 24 * time.Hour
	unknown := friendly()
	unknown.Risk = nil
	concern := events.Data{Concern: &events.Concern{Level: events.ConcernImmediate, From: "portal", Note: "words"}}
	signal := events.Data{Signal: &events.Signal{Name: "diary"}}
	roster := friendly()
	roster.Status = new(events.StatusDischarged)
	for name, tc := range map[string]struct {
		client *events.Client
		kind   events.Kind
		data   events.Data
		age    time.Duration
		tasks  []string
		asked  int // escalations
		runs   int
	}{
		"a no-show, nobody stated a risk":     {unknown, events.AppointmentNoShow, appointment("a1"), 31 * day, nil, 0, 0},
		"a no-show at risk":                   {atRisk(), events.AppointmentNoShow, appointment("a1"), 31 * day, []string{"no-show-at-risk"}, 0, 0},
		"a no-show at risk, years ago":        {atRisk(), events.AppointmentNoShow, appointment("a1"), 3 * 365 * day, nil, 0, 0},
		"a no-show just now, nobody stated":   {unknown, events.AppointmentNoShow, appointment("a1"), time.Hour, nil, 1, 1},
		"a concern, years ago":                {friendly(), events.SafetyConcern, concern, 3 * 365 * day, []string{"old-concern"}, 0, 0},
		"a concern, a week and an hour ago":   {friendly(), events.SafetyConcern, concern, 7*day + time.Hour, []string{"old-concern"}, 0, 0},
		"a concern from before a long outage": {friendly(), events.SafetyConcern, concern, 6 * day, nil, 1, 0},
		"beside others, long ago":             {friendly(), events.ClientSignal, signal, 31 * day, nil, 0, 0},
		"beside others, just now":             {friendly(), events.ClientSignal, signal, day, nil, 0, 2},
		"discharged, the first word":          {nil, events.ClientUpdated, clientData(roster), 0, nil, 0, 0},
		"discharged from active":              {friendly(), events.ClientUpdated, clientData(roster), 0, []string{"status-changed"}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c := *sampleClinic(t)
			beside, err := ReadWorkflow("beside", []byte("workflow: beside\ntitle: t\nwhy: w\nstart: {on: [client.signal]}\nsteps:\n  - wait: 60d\n  - end: over\n"))
			if err != nil {
				t.Fatal(err)
			}
			c.Workflows = append(slices.Clone(c.Workflows), beside)
			s := newSim(t, historyStart, &c)
			if tc.client != nil {
				s.happens(events.ClientUpdated, clientData(tc.client))
			}
			s.deliver(s.event(tc.kind, s.now.Add(-tc.age), tc.data))
			if !slices.Equal(s.openTasks(), tc.tasks) || len(s.state.Escalations) != tc.asked || len(s.state.Journeys) != tc.runs {
				t.Errorf("tasks %v, %d escalations, %d journeys", s.openTasks(), len(s.state.Escalations), len(s.state.Journeys))
			}
			if slices.Contains(tc.tasks, "old-concern") {
				if want := fmt.Sprintf("%d days ago: portal: words", int(tc.age/day)); s.state.Tasks[0].Text != want {
					t.Errorf("the task says %q, want %q", s.state.Tasks[0].Text, want)
				}
			}
		})
	}
}

// TestFailToHumanFirstStatus: the first word that a client is not in care asks a
// human where something is under way.
func TestFailToHumanFirstStatus(t *testing.T) {
	s := newSim(t, historyStart)
	c := friendly()
	c.Status = nil
	s.happens(events.ClientUpdated, clientData(c))
	s.happens(events.AppointmentNoShow, appointment("a1"))
	s.happens(events.ClientUpdated, clientData(&events.Client{Status: new(events.StatusDischarged)}))
	if got := s.openTasks(); !slices.Equal(got, []string{"status-changed"}) {
		t.Errorf("tasks %v", got)
	}
}

// TestOneHandProviderCancels: over random histories a cancellation that is not
// known to be the client's own begins no withdrawal journey.
func TestOneHandProviderCancels(t *testing.T) {
	dir := []*Clinic{historyClinic(t)}
	began := 0
	rapid.Check(t, func(rt *rapid.T) {
		history(rt, dir, func(_ *sim, st step) {
			if st.ev.Kind != events.AppointmentCancelled || st.dec.Nothing || st.ev.Data.Appointment.By == events.ByClient {
				return
			}
			for _, n := range st.dec.Notes {
				if n.Reason != Started {
					continue
				}
				began++
				// It may tell of a visit that was missed, and said to be ahead, when it was.
				if w, _ := dir[0].AtWork(n.Workflow); w.Precedence > 0 && slices.Contains(w.Start.On, events.AppointmentCancelled) {
					rt.Fatalf("cancelled by %q: %s begins", st.ev.Data.Appointment.By, w.Name)
				}
			}
		}, func(s *sim) {
			s.happens(events.ClientUpdated, clientData(friendly()))
			by := rapid.SampledFrom([]events.CancelledBy{events.ByProvider, events.ByUnknown, ""}).Draw(rt, "by")
			ahead := time.Duration(rapid.IntRange(1, 90).Draw(rt, "hours ahead")) * time.Hour
			s.happens(events.AppointmentCancelled, cancellation("a9", by, s.now.Add(ahead)))
		})
	})
	if began == 0 {
		t.Error("no cancellation began anything: these histories say nothing")
	}
}
