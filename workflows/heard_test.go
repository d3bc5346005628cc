package workflows

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mooring-care/mooring/events"
)

// heardSteps is a journey that silence and an answer take different ways and
// that both end in the same message and task.
const heardSteps = `steps:
  - wait:
      event: [checkin.answered, message.replied]
      limit: 2d
      on_event:
        - task: {id: call, what: call-client, owner: assigned, due: 24h}
      on_limit:
        - send: {template: A, id: ask}
        - task: {id: offer, what: offer-visit, owner: assigned, due: 24h}
  - wait: 12h
  - send: {template: E, id: after, lateness: {after: 20d, then: skip}}
  - task: {id: last, what: review-closure, owner: assigned, due: 3d}
  - wait: {event: [task.done], of: last, limit: 30d}
  - end: over
`

// heard tells the journey with one reply that was written at a time and heard
// of at another.
func heard(t failer, wrote, told time.Duration) *sim {
	t.Helper()
	s := newSim(t, chicago(t, "2026-06-01 10:00"), oneWorkflow(t, "{on: [client.signal]}", heardSteps))
	s.happens(events.ClientUpdated, clientData(friendly()))
	began := s.now
	s.happens(events.ClientSignal, signal("diary"))
	s.until(began.Add(told))
	s.deliver(s.event(events.MessageReplied, began.Add(wrote), events.Data{Reply: &events.Reply{}}))
	s.until(began.Add(10 * 24 * time.Hour))
	return s
}

func (s *sim) careSteps() []string {
	var out []string
	for _, m := range s.mails(LaneCare) {
		out = append(out, m.Message.Step)
	}
	return out
}

// TestOrderFreeAnswers: an answer from before the limit counts although it is
// heard of after it. What silence had asked for is taken back where it has not
// happened, and nothing is done twice.
func TestOrderFreeAnswers(t *testing.T) {
	const h = time.Hour
	for name, tc := range map[string]struct {
		wrote, told time.Duration
		tasks       []string
		mails       []string
		back        int
	}{
		"in time":                           {30 * h, 30 * h, []string{"read-reply", "call-client", "review-closure"}, []string{"after"}, 0},
		"heard of an hour after the limit":  {30 * h, 49 * h, []string{"read-reply", "call-client", "review-closure"}, []string{"ask", "after"}, 1},
		"written at the limit, heard later": {48 * h, 50 * h, []string{"read-reply", "call-client", "review-closure"}, []string{"ask", "after"}, 1},
		"heard of after all was done":       {30 * h, 96 * h, []string{"review-closure", "read-reply", "call-client"}, []string{"ask", "after"}, 1},
		"written after the limit":           {49 * h, 50 * h, []string{"offer-visit", "read-reply", "review-closure"}, []string{"ask", "after"}, 0},
		"heard of when it is too late":      {30 * h, 48*h + heardLate + h, []string{"offer-visit", "review-closure", "read-reply"}, []string{"ask", "after"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := heard(t, tc.wrote, tc.told)
			if got := s.openTasks(); !slices.Equal(got, tc.tasks) {
				t.Errorf("open tasks %v, want %v", got, tc.tasks)
			}
			if got := s.careSteps(); !slices.Equal(got, tc.mails) {
				t.Errorf("messages asked for at %v, want %v", got, tc.mails)
			}
			if got := s.everNoted(WhatStep, HeardLate); got != tc.back {
				t.Errorf("it went back %d times, want %d", got, tc.back)
			}
		})
	}
}

// TestOrderFreeAnswersStop: a message that silence asked for and that has
// perhaps not left is stopped, with the answer as what stopped it.
func TestOrderFreeAnswersStop(t *testing.T) {
	s := heard(t, 30*time.Hour, 49*time.Hour)
	i := slices.IndexFunc(s.state.Sends, func(x Send) bool { return x.Message.Step == "ask" })
	if i < 0 || s.state.Sends[i].Status != SendStopped || s.state.Sends[i].Reason != HeardLate {
		t.Fatalf("the message that silence asked for: %+v", s.state.Sends)
	}
	if by := s.state.Sends[i].By; by.IsZero() {
		t.Error("nothing says which event stopped it")
	}
}

// TestOrderFreeAnswersOutage: after an outage the timer may come before the
// answer that was written during it.
func TestOrderFreeAnswersOutage(t *testing.T) {
	s := newSim(t, chicago(t, "2026-06-01 10:00"), oneWorkflow(t, "{on: [client.signal]}", heardSteps))
	s.happens(events.ClientUpdated, clientData(friendly()))
	began := s.now
	s.happens(events.ClientSignal, signal("diary"))
	s.outage(80 * time.Hour) // both waits are over at once
	s.deliver(s.event(events.MessageReplied, began.Add(30*time.Hour), events.Data{Reply: &events.Reply{}}))
	s.pass(24 * time.Hour)
	if got, want := s.openTasks(), []string{"review-closure", "read-reply", "call-client"}; !slices.Equal(got, want) {
		t.Errorf("open tasks %v, want %v", got, want)
	}
}

// TestOrderFreeAnswersTellOnce: a colleague who was told on the way that silence
// took is not told again, for as long as an answer can take the journey back.
func TestOrderFreeAnswersTellOnce(t *testing.T) {
	const steps = `steps:
  - wait: {event: [message.replied], limit: 2d, on_event: [{task: {what: call-client, owner: assigned, due: 24h}}]}
  - send: {template: note, to: assigned, id: news}
  - wait: 30d
`
	for _, told := range []time.Duration{30 * time.Hour, 49 * time.Hour, 52 * time.Hour, 48*time.Hour + heardLate} {
		s := newSim(t, chicago(t, "2026-06-01 10:00"), oneWorkflow(t, "{on: [client.signal]}", steps))
		s.happens(events.ClientUpdated, clientData(friendly()))
		began := s.now
		s.happens(events.ClientSignal, signal("diary"))
		s.until(began.Add(told))
		s.deliver(s.event(events.MessageReplied, began.Add(30*time.Hour), events.Data{Reply: &events.Reply{}}))
		notes := 0
		for _, m := range s.mails(LaneSafety) {
			if m.Message.Template == "note" {
				notes++
			}
		}
		if notes != 1 {
			t.Errorf("heard of after %v: %d notes, want 1", told, notes)
		}
	}
}

// TestOrderFreeAnswersAskLater: a task that was taken back is opened after all
// once the journey comes to it on its own way; one that was done is not.
func TestOrderFreeAnswersAskLater(t *testing.T) {
	const steps = `steps:
  - wait: {event: [message.replied], limit: 2d, on_event: [{wait: 5d}]}
  - task: {id: last, what: review-closure, owner: assigned, due: 3d}
  - wait: 30d
`
	for name, tc := range map[string]struct {
		done  bool
		tasks []string
	}{
		"still open": {false, []string{"read-reply", "review-closure"}},
		"done":       {true, []string{"read-reply"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(t, chicago(t, "2026-06-01 10:00"), oneWorkflow(t, "{on: [client.signal]}", steps))
			s.happens(events.ClientUpdated, clientData(friendly()))
			began := s.now
			s.happens(events.ClientSignal, signal("diary"))
			s.until(began.Add(49 * time.Hour))
			if tc.done {
				s.happens(events.TaskDone, events.Data{Task: &events.TaskAct{ID: s.state.Tasks[0].ID, By: "amara"}})
			}
			s.deliver(s.event(events.MessageReplied, began.Add(30*time.Hour), events.Data{Reply: &events.Reply{}}))
			if got := s.openTasks(); !slices.Equal(got, []string{"read-reply"}) {
				t.Errorf("once it was heard of: open tasks %v", got)
			}
			s.pass(6 * 24 * time.Hour)
			if got := s.openTasks(); !slices.Equal(got, tc.tasks) {
				t.Errorf("in the end: open tasks %v, want %v", got, tc.tasks)
			}
		})
	}
}

// TestOrderFreeAnswersAnyTime: whenever a reply is written and heard of, the
// same steps are done, the same people asked; only what had left differs, and
// never twice.
func TestOrderFreeAnswersAnyTime(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		wrote := time.Duration(rapid.IntRange(1, 48*60).Draw(rt, "wrote")) * time.Minute
		late := time.Duration(rapid.IntRange(0, 6*24*60).Draw(rt, "late")) * time.Minute
		on, told := heard(rt, wrote, wrote), heard(rt, wrote, wrote+late)
		a, b := on.openTasks(), told.openTasks()
		slices.Sort(a)
		slices.Sort(b)
		if !slices.Equal(a, b) {
			rt.Fatalf("in time %v, late %v", a, b)
		}
		steps := told.careSteps()
		slices.Sort(steps)
		if len(slices.Compact(slices.Clone(steps))) != len(steps) || !slices.Contains(steps, "after") {
			rt.Fatalf("messages %v", steps)
		}
		if on.state.Journeys[0].Step != told.state.Journeys[0].Step {
			rt.Fatalf("in time it stands at %s, late at %s", on.state.Journeys[0].Step, told.state.Journeys[0].Step)
		}
	})
}

// TestOrderFreeAnswersShared: what a journey goes back on is neither lost nor
// doubled where the two ways share tasks and notes.
func TestOrderFreeAnswersShared(t *testing.T) {
	const h = time.Hour
	tail := "  - task: {id: last, what: review-closure, owner: assigned, due: 3d}\n" +
		"  - wait: {event: [task.done], of: last, limit: 60d, on_event: [{end: done}]}\n"
	wait := "  - wait:\n      event: [message.replied]\n      limit: 2d\n"
	for name, tc := range map[string]struct {
		steps string
		tasks []string
		notes int
	}{
		"a task that comes later on the way of the answer is asked then": {
			wait + "      on_event: [{wait: 3d}]\n" + tail,
			[]string{"read-reply", "review-closure"},
			0,
		},
		"a task that two steps ask for stands when one of them does": {
			wait + "      on_event: [{wait: 1h}]\n      on_limit: [{task: {id: early, what: review-closure, owner: assigned, due: 3d}}]\n" + tail,
			[]string{"review-closure", "read-reply"},
			0,
		},
		"a task from before the wait stands": {
			"  - task: {id: first, what: call-client, owner: assigned, due: 3d}\n" + wait +
				"      on_event: [{wait: 1h}]\n      on_limit: [{task: {id: more, what: call-client, owner: assigned, due: 3d}}]\n" + tail,
			[]string{"call-client", "review-closure", "read-reply"},
			0,
		},
		"nobody is asked about a late message that the answer makes needless": {
			wait + "      on_event: [{wait: 1h}]\n      on_limit: [{send: {template: A, lateness: {after: 1h, then: ask}}}]\n" + tail,
			[]string{"review-closure", "read-reply"},
			0,
		},
		"a task that either way asks for stands": {
			wait + "      on_event: [{task: {id: soon, what: call-client, owner: assigned, due: 1d}}]\n      on_limit: [{task: {id: more, what: call-client, owner: assigned, due: 3d}}]\n" + tail,
			[]string{"call-client", "review-closure", "read-reply"},
			0,
		},
		"a colleague is told once": {
			wait + "      on_event: [{wait: 1h}]\n  - send: {template: note, to: assigned}\n" + tail,
			[]string{"review-closure", "read-reply"},
			1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			for range 8 { // the order of a map must not show
				s := newSim(t, chicago(t, "2026-06-01 10:00"), oneWorkflow(t, "{on: [client.signal]}", "steps:\n"+tc.steps))
				s.happens(events.ClientUpdated, clientData(friendly()))
				began := s.now
				s.happens(events.ClientSignal, signal("diary"))
				s.outage(6 * 24 * h)
				s.pass(10 * h)
				s.deliver(s.event(events.MessageReplied, began.Add(30*h), events.Data{Reply: &events.Reply{}}))
				s.until(began.Add(14 * 24 * h))
				got := s.openTasks()
				slices.Sort(got)
				want := slices.Sorted(slices.Values(tc.tasks))
				if !slices.Equal(got, want) {
					t.Fatalf("open tasks %v, want %v", got, want)
				}
				told := slices.DeleteFunc(s.mails(LaneSafety), func(m Enqueue) bool { return m.Message.Template != "note" })
				if len(told) != tc.notes {
					t.Fatalf("told %d times, want %d", len(told), tc.notes)
				}
				if len(s.state.Journeys) != 1 {
					t.Fatal("the journey took a task that nobody did for done")
				}
			}
		})
	}
}

// crossing tells a journey that writes to the client and waits for a word of
// theirs some hours later. The word may come before the message, between the two,
// in the wait or after it, and be heard of at once or later.
func crossing(t failer, kind events.Kind, wrote, told time.Duration) *sim {
	t.Helper()
	const steps = `steps:
  - wait: 1d
  - send: {template: A, id: ask}
  - wait: 6h
  - wait:
      event: [checkin.answered, message.replied, client.noted, client.signal, appointment.booked]
      limit: 2d
      on_event: [{task: {id: call, what: call-client, owner: assigned, due: 24h}}]
      on_limit: [{task: {id: offer, what: offer-visit, owner: assigned, due: 24h}}]
  - wait: 30d
  - end: over
`
	s := newSim(t, chicago(t, "2026-06-01 10:00"), oneWorkflow(t, "{on: [appointment.noshow]}", steps))
	s.happens(events.ClientUpdated, clientData(friendly()))
	began := s.now
	s.happens(events.AppointmentNoShow, events.Data{Appointment: &events.Appointment{ID: "a1", Version: 1, Start: &began}})
	s.until(began.Add(told))
	data := signal("diary")
	switch kind {
	case events.CheckinAnswered:
		safe := true
		data = events.Data{Answer: &events.Answer{Safe: &safe}}
	case events.MessageReplied:
		data = events.Data{Reply: &events.Reply{}}
	case events.ClientNoted:
		data = events.Data{Note: &events.Note{By: "amara", Noticed: []string{"quieter"}}}
	case events.AppointmentBooked:
		ahead := began.Add(40 * 24 * time.Hour)
		data = events.Data{Appointment: &events.Appointment{ID: "next", Version: 1, Start: &ahead}}
	}
	s.deliver(s.event(kind, began.Add(wrote), data))
	s.until(began.Add(10 * 24 * time.Hour))
	return s
}

// TestOrderFreeAnswersCross: a word from before the message is no answer to it,
// and one from after it is, whenever it is heard of and whether the wait has begun.
func TestOrderFreeAnswersCross(t *testing.T) {
	const h = time.Hour
	for name, tc := range map[string]struct {
		wrote, told time.Duration
		want        string
	}{
		"before the message, heard at once":         {20 * h, 20 * h, "offer-visit"},
		"before the message, heard in the wait":     {20 * h, 40 * h, "offer-visit"},
		"before the message, heard after the limit": {20 * h, 90 * h, "offer-visit"},
		"with the message":                          {24 * h, 24 * h, "call-client"},
		"after it, before the wait":                 {26 * h, 26 * h, "call-client"},
		"after it, heard in the wait":               {26 * h, 40 * h, "call-client"},
		"after it, heard after the limit":           {26 * h, 90 * h, "call-client"},
		"in the wait":                               {40 * h, 40 * h, "call-client"},
		"after the limit":                           {79 * h, 79 * h, "offer-visit"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, kind := range []events.Kind{events.CheckinAnswered, events.MessageReplied, events.ClientNoted, events.ClientSignal} {
				got, want := crossing(t, kind, tc.wrote, tc.told), tc.want
				if kind == events.MessageReplied && !slices.Contains(got.careSteps(), "ask") {
					want = "call-client" // while a reply lies unread there is no message
				}
				if tasks := got.openTasks(); !slices.Contains(tasks, want) {
					t.Errorf("%s: open tasks %v, want %s", kind, tasks, want)
				}
			}
		})
	}
}

// TestOrderFreeAnswersCrossAnyTime: the same at any time. Only a message that one
// of the two has had and the other has not makes a difference.
func TestOrderFreeAnswersCrossAnyTime(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		kind := rapid.SampledFrom([]events.Kind{
			events.CheckinAnswered, events.MessageReplied, events.ClientNoted, events.ClientSignal,
		}).Draw(rt, "kind")
		wrote := time.Duration(rapid.IntRange(1, 4*24*60).Draw(rt, "wrote")) * time.Minute
		late := time.Duration(rapid.IntRange(0, 4*24*60).Draw(rt, "late")) * time.Minute
		on, told := crossing(rt, kind, wrote, wrote), crossing(rt, kind, wrote, wrote+late)
		a, b := on.openTasks(), told.openTasks()
		slices.Sort(a)
		slices.Sort(b)
		if kind == events.MessageReplied && !slices.Equal(on.careSteps(), told.careSteps()) {
			return
		}
		if !slices.Equal(a, b) {
			rt.Fatalf("heard at once %v, later %v", a, b)
		}
	})
}

// TestWaitKnowsOfABooking: what was booked between the message and the wait ends
// the wait before it begins, as long as it still lies ahead.
func TestWaitKnowsOfABooking(t *testing.T) {
	const h = time.Hour
	for told, want := range map[time.Duration]string{
		26 * h: "call-client", 40 * h: "call-client", 90 * h: "call-client",
	} {
		if got := crossing(t, events.AppointmentBooked, 26*h, told).openTasks(); !slices.Contains(got, want) {
			t.Errorf("heard of after %v: open tasks %v, want %s", told, got, want)
		}
	}
}

// TestOrderFreeAnswersPause: a while without mail that only silence brought is taken
// back with the rest, and what was said of mail before it holds again.
func TestOrderFreeAnswersPause(t *testing.T) {
	const h = time.Hour
	const wait = "  - wait:\n      event: [checkin.answered]\n      limit: 2d\n      on_limit: [{pause: 20d}]\n"
	const tail = "  - wait: 1d\n  - send: {template: A, id: after}\n  - wait: 30d\n"
	lifted := func(s *sim) {
		s.happens(events.ClientResumed, events.Data{Pause: &events.Pause{By: "amara"}})
	}
	for name, tc := range map[string]struct {
		steps string
		then  func(*sim) // between the limit and the answer
		on    bool
	}{
		"taken back":            {steps: wait + "      on_event: [{wait: 1h}]\n" + tail},
		"made on the other way": {steps: wait + "      on_event: [{pause: 30d}]\n" + tail, on: true},
		"made after both":       {steps: "  - wait:\n      event: [checkin.answered]\n      limit: 2d\n      on_event: [{wait: 1h}]\n  - pause: 20d\n" + tail, on: true},
		"two in a row":          {steps: wait + "      on_event: [{wait: 1h}]\n  - choose:\n      - when: reason == \"\"\n        steps: [{pause: 40d}]\n" + tail},
		"paused by staff meanwhile, heard of later": {steps: wait + "      on_event: [{wait: 1h}]\n" + tail, then: func(s *sim) {
			s.deliver(s.event(events.ClientPaused, s.now.Add(-20*h), events.Data{Pause: &events.Pause{By: "amara"}}))
		}, on: true},
		"lifted by staff before": {steps: wait + "      on_event: [{wait: 1h}]\n" + tail, then: lifted},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(t, chicago(t, "2026-06-01 10:00"), oneWorkflow(t, "{on: [client.signal]}", "steps:\n"+tc.steps))
			s.happens(events.ClientUpdated, clientData(friendly()))
			began := s.now
			s.happens(events.ClientSignal, signal("diary"))
			s.until(began.Add(49 * h))
			if !s.state.Profile.Paused.Get().On {
				t.Fatal("silence brought no pause")
			}
			if tc.then != nil {
				tc.then(s)
			}
			safe := true
			s.deliver(s.event(events.CheckinAnswered, began.Add(30*h), events.Data{Answer: &events.Answer{Safe: &safe, Reasons: []string{"stress"}}}))
			if got := s.state.Profile.Paused.Get().On; got != tc.on {
				t.Errorf("mail is paused: %v, want %v", got, tc.on)
			}
			s.until(began.Add(9 * 24 * h))
			if got := slices.Contains(s.careSteps(), "after"); got == tc.on {
				t.Errorf("the message after it was asked for: %v", got)
			}
			s.until(began.Add(12 * 24 * h))
			if got := s.state.Journeys[0].Pauses; len(got) > 0 {
				t.Errorf("pauses that nothing can undo any more are kept: %+v", got)
			}
		})
	}
}
