package workflows

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/escalation"
)

// Every property below runs random histories of all kinds of events; a failure
// prints its seed, and -rapid.checks makes the run longer.

// deepCopy is a copy that shares nothing, for comparing what must not change.
func deepCopy(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		p := reflect.New(v.Type().Elem())
		p.Elem().Set(deepCopy(v.Elem()))
		return p
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return v
		}
		for i := range v.NumField() {
			out.Field(i).Set(deepCopy(v.Field(i)))
		}
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		// The capacity too: appending must not write behind the caller's end.
		out.Set(reflect.MakeSlice(v.Type(), v.Cap(), v.Cap()))
		whole := v.Slice(0, v.Cap())
		for i := range whole.Len() {
			out.Index(i).Set(deepCopy(whole.Index(i)))
		}
		out = out.Slice(0, v.Len())
	case reflect.Map:
		if v.IsNil() {
			return v
		}
		out.Set(reflect.MakeMap(v.Type()))
		for _, k := range v.MapKeys() {
			out.SetMapIndex(k, deepCopy(v.MapIndex(k)))
		}
	default:
		return v
	}
	return out
}

func copyOf[T any](v T) T { return deepCopy(reflect.ValueOf(v)).Interface().(T) } //nolint:errcheck // it is a copy of a T

// spare also shows what lies between a slice's length and capacity.
func spare(s State) []any {
	return []any{
		s.Appointments[:cap(s.Appointments)], s.Past[:cap(s.Past)], s.Journeys[:cap(s.Journeys)], s.Escalations[:cap(s.Escalations)],
		s.Tasks[:cap(s.Tasks)], s.Sends[:cap(s.Sends)], s.Seen[:cap(s.Seen)],
	}
}

func TestDecideIsPure(t *testing.T) {
	dir := []*Clinic{historyClinic(t)}
	rapid.Check(t, func(rt *rapid.T) {
		var last State // as Decide returned it, not as it was stored
		history(rt, dir, func(s *sim, st step) {
			for _, state := range []State{st.before, last} {
				if state.V == 0 && len(s.steps) > 1 {
					continue
				}
				was, event := copyOf(state), copyOf(st.ev)
				one := Decide(state, versions(dir), st.ev, st.now)
				if !reflect.DeepEqual(state, was) || !reflect.DeepEqual(spare(state), spare(was)) {
					rt.Fatalf("%s changed the state it was given:\n%s", st.ev.Kind, cmp.Diff(was, state))
				}
				if !reflect.DeepEqual(st.ev, event) {
					rt.Fatalf("%s: the event was changed:\n%s", st.ev.Kind, cmp.Diff(event, st.ev))
				}
				two := Decide(state, versions(dir), st.ev, st.now)
				if !reflect.DeepEqual(one, two) {
					rt.Fatalf("%s: decided twice, two decisions:\n%s", st.ev.Kind, cmp.Diff(one, two))
				}
			}
			if !st.dec.Nothing {
				last = st.dec.State
			}
		})
	})
}

func TestOnce(t *testing.T) {
	dir := []*Clinic{historyClinic(t)}
	rapid.Check(t, func(rt *rapid.T) {
		s := history(rt, dir, func(*sim, step) {})
		for _, st := range s.steps {
			if st.ev.Kind == events.TimerDue {
				continue
			}
			again := Decide(s.state, versions(dir), st.ev, s.now)
			if !again.Nothing || len(again.Effects) > 0 || !reflect.DeepEqual(again.State, s.state) {
				rt.Fatalf("a repeated %s changes something: %+v", st.ev.Kind, again.Notes)
			}
			if _, ok := s.state.Conclusion(st.ev.Hash()); !ok {
				rt.Fatalf("what was concluded from a %s is forgotten", st.ev.Kind)
			}
		}
		ids := map[string]bool{}
		for _, m := range append(s.mails(LaneCare), s.mails(LaneSafety)...) {
			if ids[m.ID] {
				rt.Fatalf("message %s was asked for twice", m.ID)
			}
			ids[m.ID] = true
		}
	})
}

func TestOnceForAsLongAsEventsKeeps(t *testing.T) {
	s := newSim(t, historyStart)
	ev := s.event(events.SafetyConcern, s.now, events.Data{Concern: &events.Concern{Level: events.ConcernImmediate}})
	s.deliver(ev)
	for range 9 {
		s.now = s.now.Add(10 * 24 * time.Hour)
		s.happens(events.ClientSignal, events.Data{Signal: &events.Signal{Name: "diary"}})
	}
	if dec := s.deliver(ev); !dec.Nothing {
		t.Errorf("after 90 days an event was decided on again: %+v", dec.Notes)
	}
}

func TestOneHand(t *testing.T) {
	dir := []*Clinic{historyClinic(t)}
	rapid.Check(t, func(rt *rapid.T) {
		history(rt, dir, func(s *sim, st step) {
			withdrawal := 0
			for i := range s.state.Journeys {
				if w, _ := dir[0].Workflow(s.state.Journeys[i].Workflow); w.Precedence > 0 {
					withdrawal++
				}
			}
			if withdrawal > 1 {
				rt.Fatalf("after %s: %d withdrawal journeys at once: %s", st.ev.Kind, withdrawal, jsonOf(rt, s.state.Journeys))
			}
			for i := range s.state.Journeys {
				j := &s.state.Journeys[i]
				if j.ID == "" || j.Step == "" {
					rt.Fatalf("after %s: an ended journey stays in the state: %s", st.ev.Kind, jsonOf(rt, j))
				}
				w, _ := dir[0].Workflow(j.Workflow)
				if !st.dec.Nothing && j.Cause == st.ev.Hash() && s.state.HasFutureAppointment(st.now) && w.Precedence > 0 && !w.Start.EvenIfBooked && !w.asksHuman() {
					rt.Fatalf("%s started %s although an appointment lies ahead", st.ev.Kind, j.Workflow)
				}
			}
		})
	})
}

// TestOneHandKeepsItsPrecedence sets three workflows against each other.
func TestOneHandKeepsItsPrecedence(t *testing.T) {
	workflow := func(precedence, kind string) string {
		return "workflow: " + strings.ReplaceAll(kind, ".", "-") + "\ntitle: t\nwhy: w\n" + precedence +
			"start: {on: [" + kind + "]}\nsteps:\n  - wait: 5d\n  - send: A\n"
	}
	c := withWorkflows(t, sampleClinic(t), "v1", map[string]string{
		"client-signal":        workflow("precedence: 10\n", "client.signal"),
		"appointment-noshow":   workflow("precedence: 20\n", "appointment.noshow"),
		"appointment-attended": workflow("precedence: 20\n", "appointment.attended"),
		"client-noted":         workflow("", "client.noted"),
	})
	s := newSim(t, historyStart, c)
	running := func() string {
		var names []string
		for i := range s.state.Journeys {
			names = append(names, s.state.Journeys[i].Workflow)
		}
		return strings.Join(names, " ")
	}
	s.happens(events.ClientUpdated, clientData(friendly()))
	for _, tc := range []struct {
		kind events.Kind
		data events.Data
		want string
		why  Reason
	}{
		{events.ClientSignal, events.Data{Signal: &events.Signal{Name: "diary"}}, "client-signal", Started},
		{events.ClientSignal, events.Data{Signal: &events.Signal{Name: "diary"}}, "client-signal", AlreadyRuns},
		{events.ClientNoted, events.Data{Note: &events.Note{By: "amara"}}, "client-signal client-noted", Started},
		{events.AppointmentNoShow, appointment("a1"), "client-noted appointment-noshow", ReplacedByStrong},
		{events.ClientSignal, events.Data{Signal: &events.Signal{Name: "diary"}}, "client-noted appointment-noshow", StrongerRuns},
		{events.AppointmentAttended, appointment("a2"), "client-noted appointment-noshow", StrongerRuns},
	} {
		dec := s.happens(tc.kind, tc.data)
		if running() != tc.want || !noted(dec, WhatJourney, tc.why) {
			t.Errorf("%s: running %q, want %q with the reason %s in %+v", tc.kind, running(), tc.want, tc.why, dec.Notes)
		}
	}
}

func TestLateIsDecided(t *testing.T) {
	for name, tc := range map[string]struct {
		gap time.Duration
		// care are the mails of the decision after the outage, tasks those it
		// opens, late how many sends it skips as too late.
		care        string
		tasks, late int
	}{
		"two hours":   {5 * time.Hour, "A", 0, 0},
		"a day":       {27 * time.Hour, "A", 0, 0},
		"a day and 1": {27*time.Hour + time.Minute, "", 0, 1},
		"three days":  {76 * time.Hour, "B", 0, 1},
		"five days":   {5 * 24 * time.Hour, "", 0, 2},
		"eight days":  {8 * 24 * time.Hour, "", 1, 2},
		"ten days":    {10*24*time.Hour + 5*time.Hour, "D", 1, 2},
		"twenty days": {20 * 24 * time.Hour, "", 1, 3},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(t, chicago(t, "2026-03-02 10:00"))
			s.happens(events.ClientUpdated, clientData(friendly()))
			s.happens(events.AppointmentNoShow, appointment("a1"))
			s.outage(tc.gap)
			care := ""
			for _, m := range s.mails(LaneCare) {
				care += m.Message.Template
			}
			if care != tc.care || len(s.state.Tasks) != tc.tasks || s.everNoted(WhatMessage, TooLate) != tc.late {
				t.Errorf("care %q, %d tasks, %d too late; want %+v", care, len(s.state.Tasks), s.everNoted(WhatMessage, TooLate), tc)
			}
			if len(s.mails(LaneCare)) > 1 || len(s.mails(LaneSafety)) > 1 {
				t.Errorf("it floods: %+v", s.mails(LaneSafety))
			}
		})
	}
	t.Run("the last look", func(t *testing.T) {
		s := newSim(t, chicago(t, "2026-03-02 10:00"))
		s.happens(events.ClientUpdated, clientData(friendly()))
		s.happens(events.AppointmentNoShow, appointment("a1"))
		s.pass(3 * time.Hour)
		id := s.mails(LaneCare)[0].ID
		if look := s.state.Look(s.dir.Current(), id, s.now.Add(24*time.Hour)); !look.Wanted {
			t.Errorf("after a day: %+v", look)
		}
		if look := s.state.Look(s.dir.Current(), id, s.now.Add(24*time.Hour+1)); look.Wanted || look.Reason != TooLate {
			t.Errorf("after more than a day: %+v", look)
		}
	})
	t.Run("escalations", func(t *testing.T) {
		// Nobody could answer meanwhile: the rung last asked has its time once more,
		// and a mail that has not left yet is the one that asks.
		for _, gap := range []time.Duration{time.Hour, 26 * time.Hour, 100 * time.Hour} {
			for mails, accepted := range map[int]bool{1: true, 0: false} {
				s := newSim(t, historyStart)
				s.happens(events.ClientUpdated, clientData(friendly()))
				s.happens(events.SafetyConcern, events.Data{Concern: &events.Concern{Level: events.ConcernImmediate}})
				asked := s.mails(LaneSafety)
				if accepted {
					s.happens(events.MessageAccepted, events.Data{Message: &events.MessageReport{ID: asked[0].ID}})
				}
				s.outage(gap)
				e := s.openEscalation()
				if e.Rung != 0 || e.Owner != "amara" || !e.Next.Equal(s.now.Add(e.Policy.Rungs[0].Within)) {
					t.Errorf("after %v: rung %d with %s, %v left", gap, e.Rung, e.Owner, e.Next.Sub(s.now))
				}
				want := mails
				if gap > 24*time.Hour {
					want = 1 // a mail that has waited so long is not relied on
				}
				if n := len(s.mails(LaneSafety)) - len(asked); n != want {
					t.Errorf("after %v, accepted %v: %d mails at once", gap, accepted, n)
				}
				s.pass(e.Policy.Rungs[0].Within)
				if e := s.openEscalation(); e.Rung != 1 {
					t.Errorf("after %v and the rung's time: rung %d", gap, e.Rung)
				}
			}
		}
	})
}

// TestNothingFloods: whatever the outage, one decision sends a client one mail
// at most.
func TestNothingFloods(t *testing.T) {
	dir := []*Clinic{historyClinic(t)}
	rapid.Check(t, func(rt *rapid.T) {
		history(rt, dir, func(_ *sim, st step) {
			care := 0
			for _, e := range st.dec.Effects {
				if e.Enqueue != nil && e.Enqueue.Lane == LaneCare {
					care++
				}
			}
			if care > 1 {
				rt.Fatalf("one %s sends the client %d mails", st.ev.Kind, care)
			}
		})
	})
}

func TestPinned(t *testing.T) {
	old := sampleClinic(t)
	source := func(template string) map[string]string {
		return map[string]string{"first-no-show": "workflow: first-no-show\ntitle: t\nwhy: w\nprecedence: 60\nstart: {on: [appointment.noshow]}\n" +
			"stop:\n  - {on: [message.replied], outcome: replied}\nsteps:\n  - wait: 1d\n  - send: " + template + "\n"}
	}
	v1, v2 := withWorkflows(t, old, "v1", source("B")), withWorkflows(t, old, "v2", source("C"))
	v2.Cap.Messages = 2 // the clinic's limits are those in force
	s := newSim(t, chicago(t, "2026-03-02 10:00"), v1)
	s.happens(events.ClientUpdated, clientData(friendly()))
	s.happens(events.AppointmentNoShow, appointment("a1"))
	s.dir = append(s.dir, v2)
	if got := s.state.Versions(); !slices.Equal(got, []string{"v1"}) {
		t.Errorf("the state is pinned to %v", got)
	}
	s.pass(25 * time.Hour)
	s.happens(events.AppointmentNoShow, appointment("a2"))
	s.pass(25 * time.Hour)
	mails := s.mails(LaneCare)
	if len(mails) != 2 {
		t.Fatalf("mails: %+v", mails)
	}
	for i, want := range []Message{{Template: "B", Version: "v1"}, {Template: "C", Version: "v2"}} {
		if m := mails[i].Message; m.Template != want.Template || m.Version != want.Version {
			t.Errorf("mail %d is %s of %s, want %s of %s", i, m.Template, m.Version, want.Template, want.Version)
		}
	}
	s.happens(events.AppointmentNoShow, appointment("a3"))
	s.pass(25 * time.Hour)
	if len(s.mails(LaneCare)) != 2 || s.everNoted(WhatMessage, CapReached) != 1 {
		t.Error("the cap in force does not count for a journey pinned to an older version")
	}

	// The version is gone: a human gets the journey, whatever meets it first.
	for name, meet := range map[string]func(*sim){
		"a timer":  func(s *sim) { s.pass(25 * time.Hour) },
		"an event": func(s *sim) { s.happens(events.ClientSignal, events.Data{Signal: &events.Signal{Name: "diary"}}) },
	} {
		s := newSim(t, chicago(t, "2026-03-02 10:00"), v1)
		s.happens(events.ClientUpdated, clientData(friendly()))
		s.happens(events.AppointmentNoShow, appointment("a1"))
		s.dir = versions{v2}
		meet(s)
		if len(s.state.Journeys) != 0 || len(s.state.Tasks) != 1 || s.state.Tasks[0].What != "version-missing" || len(s.mails(LaneCare)) != 0 {
			t.Errorf("%s: journeys %d, tasks %+v", name, len(s.state.Journeys), s.state.Tasks)
		}
	}
}

func TestWhy(t *testing.T) {
	dir := []*Clinic{historyClinic(t)}
	known := map[Reason]bool{}
	for _, r := range Reasons() {
		if known[r] {
			t.Errorf("%q stands twice in the table", r)
		}
		known[r] = true
		if r == "" || r.Words() == string(r) {
			t.Errorf("%q has no words", r)
		}
	}
	for _, r := range escalation.Reasons() {
		known[Reason(r)] = true
		if Reason(r).Words() == string(r) {
			t.Errorf("%q has no words", r)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		history(rt, dir, func(s *sim, st step) {
			if len(st.dec.Notes) == 0 && (!st.dec.Nothing || st.ev.Kind != events.TimerDue) {
				rt.Fatalf("%s: decided without a word", st.ev.Kind)
			}
			asked := map[string]int{}
			for _, n := range st.dec.Notes {
				if !known[n.Reason] || n.What == "" {
					rt.Fatalf("%s: a note with an unknown reason: %+v", st.ev.Kind, n)
				}
				if n.What == WhatMessage && n.Reason == Asked {
					asked[n.Subject]++
				}
			}
			for _, e := range st.dec.Effects {
				if (e.Enqueue == nil) == (e.Timer == nil) {
					rt.Fatalf("%s: an effect asks for not exactly one thing: %+v", st.ev.Kind, e)
				}
				if e.Enqueue == nil {
					continue
				}
				if asked[e.Enqueue.ID] != 1 {
					rt.Fatalf("%s: message %s has %d notes", st.ev.Kind, e.Enqueue.ID, asked[e.Enqueue.ID])
				}
				delete(asked, e.Enqueue.ID)
			}
			if len(asked) > 0 {
				rt.Fatalf("%s: notes of messages that nobody asked for: %v", st.ev.Kind, asked)
			}
			// A journey that passed a send either asked for it or said why not.
			for i := range s.state.Sends {
				if x := &s.state.Sends[i]; x.Status == SendStopped && (x.Reason == "" || !known[x.Reason] || x.By.IsZero()) {
					rt.Fatalf("%s: a stopped message does not say why and by what: %+v", st.ev.Kind, x)
				}
			}
		})
	})
}

// TestWhyOfEverySend follows the journeys: every send step that a journey went
// past has exactly one note, beside those that put it off.
func TestWhyOfEverySend(t *testing.T) {
	dir := []*Clinic{historyClinic(t)}
	type sent struct{ workflow, step string }
	sends := map[string][]string{}
	branches := map[string]bool{} // of workflows in which not every way meets every send
	for _, w := range dir[0].Workflows {
		for _, st := range w.Program {
			switch st.Kind {
			case StepSend:
				sends[w.Name] = append(sends[w.Name], st.ID)
			case StepChoose, StepSplit:
				branches[w.Name] = true
			}
		}
	}
	if len(sends) < 10 || len(sends)-len(branches) < 4 {
		t.Fatalf("sends of %d workflows, %d with branches", len(sends), len(branches))
	}
	rapid.Check(t, func(rt *rapid.T) {
		said := map[sent]int{} // of the journeys under way
		history(rt, dir, func(_ *sim, st step) {
			for _, n := range st.dec.Notes {
				switch {
				case n.What == WhatJourney && n.Reason == Started:
					for _, id := range sends[n.Workflow] {
						delete(said, sent{n.Workflow, id})
					}
				case n.What == WhatMessage && n.Step != "" && n.Until.IsZero() && st.ev.Data.Message == nil:
					said[sent{n.Workflow, n.Step}]++
				case n.What == WhatJourney && n.Reason == Finished:
					for _, id := range sends[n.Workflow] {
						if got := said[sent{n.Workflow, id}]; got > 1 || got == 0 && !branches[n.Workflow] {
							rt.Fatalf("%s finished, and %d notes say what became of %s", n.Workflow, got, id)
						}
					}
				}
			}
		})
	})
}

// TestWhyOfEveryStep: a journey says of every step that it came to what became of
// it, whatever kind of step it is and whether the clinic's cap lets its mail out.
func TestWhyOfEveryStep(t *testing.T) {
	c := oneWorkflow(t, "{on: [client.signal]}", `steps:
  - wait: 1h
  - choose: [{when: minor, steps: [{end: never}]}]
  - task: {id: call, what: call-client, owner: assigned, due: 24h}
  - choose: [{when: risk == "none", steps: [{wait: {id: breath, for: 1h}}]}]
  - split: {id: way, ways: [{share: 100, steps: [{send: {template: A, id: first}}]}]}
  - wait: {id: word, event: [message.replied], limit: 1d, on_limit: [{send: {template: E, id: second}}]}
  - send: {template: note, to: assigned, id: told}
  - send: {template: E, id: third, after: 2d}
  - pause: {for: 1d, id: rest}
  - send: {template: E, id: held}
  - wait: {id: done, event: [task.done], of: call, limit: 30d}
  - escalate: {id: ask, policy: safety, question: all-well}
  - end: over
`)
	for _, most := range []int{1, 3} {
		limited := *c
		limited.Cap.Messages = most
		s := newSim(t, chicago(t, "2026-06-01 10:00"), &limited)
		s.happens(events.ClientUpdated, clientData(friendly()))
		s.happens(events.ClientSignal, signal("diary"))
		s.pass(6 * 24 * time.Hour)
		s.happens(events.TaskDone, events.Data{Task: &events.TaskAct{ID: s.state.Tasks[0].ID, By: "amara"}})
		if len(s.state.Journeys) > 0 {
			t.Fatalf("it stands at %s", s.state.Journeys[0].Step)
		}
		said := map[string]int{}
		for _, st := range s.steps {
			for _, n := range st.dec.Notes {
				said[n.Step]++
				if n.What == WhatEscalation {
					said["ask"]++ // a question is told by what is asked
				}
			}
		}
		w, _ := limited.Workflow("own")
		for i := range w.Program {
			if id := w.Program[i].ID; said[id] == 0 && id != "2.1.1" {
				t.Errorf("with a cap of %d nothing says what became of the step %s", most, id)
			}
		}
	}
}
