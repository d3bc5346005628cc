package workflows

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/escalation"
	"github.com/mooring-care/mooring/workflows/library"
)

// TestLibraryTiming holds two built-in workflows against the clinical table, to
// the minute, from the event's own time, on time and two hours late.
func TestLibraryTiming(t *testing.T) {
	const day = 24 * time.Hour
	start := chicago(t, "2026-06-01 10:00") // no clocks change in the next days
	cancelled := booking("a1", start.Add(30*time.Hour))
	cancelled.Appointment.By = events.ByClient
	for name, tc := range map[string]struct {
		kind   events.Kind
		data   events.Data
		reason string
		want   []string
	}{
		"late cancellation":         {events.AppointmentCancelled, cancelled, "", []string{"4h0m0s A", "72h0m0s B", "168h0m0s call-client"}},
		"late cancellation, stress": {events.AppointmentCancelled, cancelled, "stress", []string{"4h0m0s A", "72h0m0s C", "168h0m0s call-client"}},
		"late cancellation, shame":  {events.AppointmentCancelled, cancelled, "shame", []string{"4h0m0s A", "72h0m0s B", "168h0m0s call-client"}},
		"first no-show":             {events.AppointmentNoShow, appointment("a1"), "", []string{"3h0m0s A", "72h0m0s B", "168h0m0s call-client", "240h0m0s D"}},
	} {
		for _, delay := range []time.Duration{0, 2 * time.Hour} {
			t.Run(fmt.Sprintf("%s, %v late", name, delay), func(t *testing.T) {
				s := newSim(t, start.Add(-time.Hour))
				c := friendly()
				s.happens(events.ClientUpdated, clientData(c))
				s.now = start.Add(delay).UTC()
				s.deliver(s.event(tc.kind, start, tc.data))
				if tc.reason != "" {
					s.happens(events.ClientNoted, events.Data{Note: &events.Note{By: "amara", Reason: tc.reason}})
				}
				s.until(start.Add(10*day + time.Hour))
				var got []string
				for _, st := range s.steps {
					for _, e := range st.dec.Effects {
						if e.Enqueue == nil || e.Enqueue.Message.Template == "task-reminder" {
							continue
						}
						m := e.Enqueue.Message
						what := m.Template
						if m.Template == "task" {
							what = m.What
						} else if m.Why != tc.reason {
							t.Errorf("%s is tailored to %q", what, m.Why)
						}
						got = append(got, fmt.Sprintf("%v %s", st.now.Sub(start), what))
					}
				}
				if !slices.Equal(got, tc.want) {
					t.Errorf("got  %q\nwant %q", got, tc.want)
				}
				if len(s.state.Journeys) != 0 {
					t.Errorf("it still runs: %+v", s.state.Journeys)
				}
			})
		}
	}
}

// TestHighRiskHumanFirst: no mail to the client before somebody has taken the
// question, whatever comes; E after it.
func TestHighRiskHumanFirst(t *testing.T) {
	for _, taken := range []struct {
		kind events.Kind
		act  events.EscalationAct
		mail bool
	}{
		{events.EscalationAcknowledged, events.EscalationAct{By: "amara"}, true},
		{events.EscalationClosed, events.EscalationAct{By: "amara", Outcome: events.OutcomeReachedSafe}, true},
		{events.EscalationClosed, events.EscalationAct{By: "amara", Outcome: "odd"}, false},
		{events.EscalationClosed, events.EscalationAct{By: "", Outcome: events.OutcomeReachedSafe}, false},
		{events.EscalationAcknowledged, events.EscalationAct{By: ""}, false},
		{events.EscalationDeclined, events.EscalationAct{By: "amara"}, false},
		{events.EscalationAttempted, events.EscalationAct{By: "amara"}, false},
	} {
		t.Run(fmt.Sprintf("%s by %q %s", taken.kind, taken.act.By, taken.act.Outcome), func(t *testing.T) {
			s := newSim(t, chicago(t, "2026-03-02 10:00"))
			c := friendly()
			c.Risk = new(events.RiskHigh)
			s.happens(events.ClientUpdated, clientData(c))
			s.happens(events.AppointmentNoShow, appointment("a1"))
			s.pass(5 * time.Minute)
			act := taken.act
			act.ID = s.state.Escalations[0].ID
			s.happens(taken.kind, events.Data{Escalation: &act})
			if mails := s.mails(LaneCare); (len(mails) == 1 && mails[0].Message.Template == "E") != taken.mail || len(mails) > 1 {
				t.Errorf("mails to the client: %+v", mails)
			}
		})
	}
}

// TestTakenBeforeTheWait: a wait for an answer that came before the wait began
// goes on at once, even when the escalation has left the state since.
func TestTakenBeforeTheWait(t *testing.T) {
	c := withWorkflows(t, sampleClinic(t), "v1", map[string]string{"slow": `workflow: slow
title: t
why: w
start: {on: [appointment.noshow]}
steps:
  - escalate: {id: ask, policy: safety, question: high-risk-no-show}
  - task: {id: call, what: call-client, owner: assigned, due: 24h}
  - wait: 40d
  - wait: {event: [task.done], of: call, limit: 1d}
  - wait: {event: [escalation.acknowledged, escalation.closed], of: ask}
  - end: over
`})
	s := newSim(t, historyStart, c)
	s.happens(events.ClientUpdated, clientData(friendly()))
	s.happens(events.AppointmentNoShow, appointment("a1"))
	s.happens(events.TaskDone, events.Data{Task: &events.TaskAct{ID: s.state.Tasks[0].ID, By: "amara"}})
	s.happens(events.EscalationClosed, events.Data{Escalation: &events.EscalationAct{ID: s.state.Escalations[0].ID, By: "amara", Outcome: events.OutcomeReachedSafe, Note: "she will come on Monday"}})
	if got := s.state.Escalations[0].Closed.Note; got != "she will come on Monday" {
		t.Errorf("the note of the outcome reads %q", got)
	}
	s.pass(41 * 24 * time.Hour)
	if len(s.state.Journeys) != 0 || s.everNoted(WhatStep, EventCame) != 2 {
		t.Errorf("it waits for ever: %+v, %d answers", s.state.Journeys, s.everNoted(WhatStep, EventCame))
	}
	if len(s.state.Escalations) != 0 {
		t.Error("the escalation was meant to have left the state: this test says nothing")
	}
}

// TestAnswerInTheSameInstant: an answer that comes at the very limit counts.
func TestAnswerInTheSameInstant(t *testing.T) {
	c := withWorkflows(t, sampleClinic(t), "v1", map[string]string{"ask": `workflow: ask
title: t
why: w
start: {on: [appointment.noshow]}
steps:
  - wait:
      event: [client.signal]
      limit: 2h
      on_event: [{send: B}]
      on_limit: [{send: D}]
  - end: over
`})
	for gap, want := range map[time.Duration]string{2*time.Hour - time.Second: "B", 2 * time.Hour: "B", 2*time.Hour + time.Second: "D"} {
		s := newSim(t, chicago(t, "2026-03-02 10:00"), c)
		s.happens(events.ClientUpdated, clientData(friendly()))
		s.happens(events.AppointmentNoShow, appointment("a1"))
		s.until(s.now.Add(min(gap, 2*time.Hour-time.Second)))
		if gap > 2*time.Hour {
			s.pass(2 * time.Second)
		}
		s.now = chicago(t, "2026-03-02 10:00").Add(gap).UTC()
		s.happens(events.ClientSignal, events.Data{Signal: &events.Signal{Name: "diary"}})
		s.due()
		if mails := s.mails(LaneCare); len(mails) != 1 || mails[0].Message.Template != want {
			t.Errorf("after %v: %+v, want %s", gap, mails, want)
		}
	}
}

// TestAnswersCountFromTheirTime: what follows an answer counts from when it
// was given; an answer from before the journey is none.
func TestAnswersCountFromTheirTime(t *testing.T) {
	c := withWorkflows(t, sampleClinic(t), "v1", map[string]string{"ask": `workflow: ask
title: t
why: w
start: {on: [appointment.noshow]}
steps:
  - wait: {event: [client.signal], limit: 3d}
  - wait: 10h
  - end: over
`})
	s := newSim(t, historyStart, c)
	s.happens(events.ClientUpdated, clientData(friendly()))
	s.happens(events.AppointmentNoShow, appointment("a1"))
	signal := events.Data{Signal: &events.Signal{Name: "diary"}}
	s.pass(8 * time.Hour)
	if dec := s.deliver(s.event(events.ClientSignal, historyStart.Add(-time.Hour), signal)); noted(dec, WhatStep, EventCame) {
		t.Error("an old signal was taken for the answer")
	}
	s.deliver(s.event(events.ClientSignal, historyStart.Add(time.Hour), signal))
	if want := historyStart.Add(11 * time.Hour); !s.state.Next().Equal(want) {
		t.Errorf("the next step is at %v, want %v", s.state.Next(), want)
	}
}

func failingStarts(c *Clinic) {
	for _, w := range c.Workflows {
		w.Start.When = failing()
	}
}

// TestFailToHumanDecides: what fails goes to a human, and nobody guesses. The
// conditions' own half of the rule is TestFailToHuman.
func TestFailToHumanDecides(t *testing.T) {
	const choosing = `workflow: choosing
title: t
why: w
precedence: 10
start: {on: [appointment.noshow]}
stop:
  - {on: [client.signal], when: risk == "none", outcome: signalled}
steps:
  - wait: 1h
  - choose:
      - when: risk == "none"
        steps: [{send: A}]
      - otherwise: [{send: B}]
  - escalate: {policy: safety, question: high-risk-no-show}
`
	for name, tc := range map[string]struct {
		spoil func(*Clinic)
		then  func(*sim)
		what  string
		runs  int
	}{
		"start": {failingStarts, func(*sim) {}, "condition-failed", 0},
		"stop": {
			func(c *Clinic) { c.Workflows[0].Stops[0].When = failing() },
			func(s *sim) { s.happens(events.ClientSignal, events.Data{Signal: &events.Signal{Name: "diary"}}) },
			"condition-failed", 1,
		},
		"choose": {
			func(c *Clinic) {
				for i := range c.Workflows[0].Program {
					if st := &c.Workflows[0].Program[i]; st.Kind == StepChoose {
						st.Choose.Branches[0].When = failing()
					}
				}
			},
			func(s *sim) { s.pass(2 * time.Hour) },
			"condition-failed", 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := withWorkflows(t, sampleClinic(t), "v1", map[string]string{"choosing": choosing})
			tc.spoil(c)
			s := newSim(t, chicago(t, "2026-03-02 10:00"), c)
			s.happens(events.ClientUpdated, clientData(friendly()))
			s.happens(events.AppointmentNoShow, appointment("a1"))
			tc.then(s)
			if len(s.state.Journeys) != tc.runs || len(s.mails(LaneCare)) != 0 {
				t.Errorf("%d journeys, mails %+v", len(s.state.Journeys), s.mails(LaneCare))
			}
			if len(s.state.Tasks) != 1 || s.state.Tasks[0].What != tc.what || s.state.Tasks[0].Owner != "amara" {
				t.Errorf("tasks: %+v", s.state.Tasks)
			}
		})
	}
	t.Run("policy", func(t *testing.T) {
		c := withWorkflows(t, sampleClinic(t), "v1", map[string]string{"choosing": choosing})
		for i := range c.Workflows[0].Program {
			if st := &c.Workflows[0].Program[i]; st.Kind == StepEscalate {
				st.Escalate.Policy = "gone"
			}
		}
		s := newSim(t, chicago(t, "2026-03-02 10:00"), c)
		s.happens(events.ClientUpdated, clientData(friendly()))
		s.happens(events.AppointmentNoShow, appointment("a1"))
		s.pass(2 * time.Hour)
		if e := s.openEscalation(); e == nil || e.Policy.ID != "safety" || e.Owner == "" || s.everNoted(WhatEscalation, PolicyMissing) != 1 {
			t.Errorf("nobody is asked: %+v", e)
		}
	})
	t.Run("not even the safety policy", func(t *testing.T) {
		c := *sampleClinic(t)
		c.Policies = nil
		s := newSim(t, historyStart, &c)
		s.happens(events.SafetyConcern, events.Data{Concern: &events.Concern{Level: events.ConcernImmediate}})
		if e := s.openEscalation(); e == nil || e.Owner != "ruth" || e.Next.IsZero() {
			t.Errorf("nobody is asked: %+v", e)
		}
	})
	t.Run("nobody owns it", func(t *testing.T) {
		c := *sampleClinic(t)
		c.TaskOwner = "role:nobody"
		s := newSim(t, historyStart, &c)
		s.happens(events.MessageReplied, events.Data{})
		if len(s.state.Tasks) != 1 || s.state.Tasks[0].Owner != c.Staff.OnCall {
			t.Errorf("tasks: %+v", s.state.Tasks)
		}
	})
}

// bomb is a directory whose older versions cannot even be asked for.
type bomb struct{ *Clinic }

func (b bomb) Current() *Clinic  { return b.Clinic }
func (b bomb) At(string) *Clinic { panic("planted") }

// TestFailToHumanKeepsSafety: where Decide itself failed, what needs no
// workflow is done all the same.
func TestFailToHumanKeepsSafety(t *testing.T) {
	base := func() *sim {
		s := newSim(t, chicago(t, "2026-03-02 10:00"))
		s.happens(events.ClientUpdated, clientData(friendly()))
		s.happens(events.AppointmentNoShow, appointment("a1"))
		return s
	}
	fail := func(s *sim, ev events.Event) Decision {
		dec := FailToHuman(s.state, bomb{s.dir.Current()}, ev, s.now, CannotDecide)
		if len(dec.Notes) == 0 || dec.Notes[0].Reason != CannotDecide {
			t.Errorf("%s: the headline is not %s: %+v", ev.Kind, CannotDecide, dec.Notes)
		}
		if i := slices.IndexFunc(dec.State.Tasks, func(x Task) bool { return x.What == string(CannotDecide) }); i < 0 {
			t.Errorf("%s: no human is asked: %+v", ev.Kind, dec.State.Tasks)
		}
		s.state = stored(t, dec.State)
		return dec
	}
	t.Run("a concern", func(t *testing.T) {
		s := base()
		dec := fail(s, s.event(events.SafetyConcern, s.now, events.Data{Concern: &events.Concern{Level: events.ConcernImmediate}}))
		if s.openEscalation() == nil || len(s.state.Seen) != 3 {
			t.Errorf("the question is lost: %+v", dec.Notes)
		}
		if len(s.state.Journeys) != 0 {
			t.Error("care goes on that nobody can decide on")
		}
	})
	t.Run("an opt-out", func(t *testing.T) {
		s := base()
		fail(s, s.event(events.ClientOptedOut, s.now, events.Data{}))
		if !s.state.Profile.OptedOut.Get() {
			t.Error("the opt-out is lost")
		}
	})
	t.Run("a timer", func(t *testing.T) {
		s := base()
		s.happens(events.SafetyConcern, events.Data{Concern: &events.Concern{Level: events.ConcernImmediate}})
		s.now = s.now.Add(12 * time.Minute)
		fail(s, events.Event{ID: "due", Source: "mooring/timer", Clinic: "sample", Key: simKey, Kind: events.TimerDue, Time: s.now})
		if e := s.openEscalation(); e.Rung != 1 || !s.state.Next().After(s.now) {
			t.Errorf("the ladder fell silent: rung %d, next %v at %v", e.Rung, s.state.Next(), s.now)
		}
	})
	t.Run("a timer of a journey", func(t *testing.T) {
		s := base()
		s.now = s.now.Add(4 * time.Hour)
		fail(s, events.Event{ID: "due", Source: "mooring/timer", Clinic: "sample", Key: simKey, Kind: events.TimerDue, Time: s.now})
		if len(s.state.Journeys) != 0 || !s.state.Next().After(s.now) || len(s.mails(LaneCare)) != 0 {
			t.Errorf("journeys %+v, next %v at %v", s.state.Journeys, s.state.Next(), s.now)
		}
	})
	t.Run("even that fails", func(t *testing.T) {
		s := base()
		ev := s.event(events.EscalationClosed, s.now, events.Data{}) // nothing in it, which no door lets through
		fail(s, ev)
		if !s.state.Decided(ev.Hash()) {
			t.Error("the event would be decided on for ever")
		}
	})
}

// TestTooLargeKeepsTheDecision: telling staff that a record is large adds to
// the decision and takes nothing from it.
func TestTooLargeKeepsTheDecision(t *testing.T) {
	s := newSim(t, historyStart)
	ev := s.event(events.SafetyConcern, s.now, events.Data{Concern: &events.Concern{Level: events.ConcernImmediate}})
	dec := Decide(s.state, s.dir, ev, s.now)
	got := TooLarge(dec, s.dir, ev, s.now)
	ids := map[string]bool{}
	for _, e := range got.Effects {
		if e.Enqueue != nil {
			ids[e.Enqueue.ID] = true
		}
	}
	enqueued := 0
	for _, e := range dec.Effects {
		if e.Enqueue != nil {
			enqueued++
			if !ids[e.Enqueue.ID] {
				t.Errorf("the mail %s is lost", e.Enqueue.ID)
			}
		}
	}
	if len(ids) != enqueued+1 || len(got.State.Tasks) != 1 || !got.State.Large || got.State.Decisions != 1 || len(got.State.Seen) != 1 {
		t.Errorf("%d mails, tasks %+v, decisions %d", len(ids), got.State.Tasks, got.State.Decisions)
	}
	if len(dec.State.Tasks) != 0 || dec.State.Large {
		t.Error("the decision given was changed")
	}
}

// TestLastLook holds the look against events that withdraw a message between
// the decision that asked for it and the request.
func TestLastLook(t *testing.T) {
	soon := chicago(t, "2026-03-09 10:00")
	for name, tc := range map[string]struct {
		kind events.Kind
		data events.Data
		want Reason
	}{
		"booked":      {events.AppointmentBooked, booking("a2", soon), JourneyEnded},
		"rescheduled": {events.AppointmentRescheduled, booking("a1", soon), JourneyEnded},
		"attended":    {events.AppointmentAttended, appointment("a1"), JourneyEnded},
		"retracted":   {events.AppointmentRetracted, appointment("a1"), JourneyEnded},
		"replied":     {events.MessageReplied, events.Data{}, JourneyEnded},
		"concern":     {events.SafetyConcern, events.Data{Concern: &events.Concern{Level: events.ConcernSameDay}}, JourneyEnded},
		"noted":       {events.ClientNoted, events.Data{Note: &events.Note{By: "amara"}}, ""},
		"long past":   {events.AppointmentBooked, booking("a2", chicago(t, "2026-03-01 10:00")), ""},
		"signal":      {events.ClientSignal, events.Data{Signal: &events.Signal{Name: "diary"}}, ""},
	} {
		// The journey is under way, or it asked for its last message and ended.
		for _, over := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, journey over %v", name, over), func(t *testing.T) {
				c := sampleClinic(t)
				if over {
					src := string(library.Files()["first-no-show.yaml"])
					head, _, _ := strings.Cut(src, "steps:")
					c = withWorkflows(t, c, "v1", map[string]string{"first-no-show": head + "steps:\n  - wait: 3h\n  - send: A\n"})
				}
				s := newSim(t, chicago(t, "2026-03-02 10:00"), c)
				s.happens(events.ClientUpdated, clientData(friendly()))
				s.happens(events.AppointmentNoShow, appointment("a1"))
				s.pass(3*time.Hour + time.Minute)
				if over == (len(s.state.Journeys) > 0) {
					t.Fatalf("journeys: %+v", s.state.Journeys)
				}
				id := s.mails(LaneCare)[0].ID
				s.happens(tc.kind, tc.data)
				by := s.steps[len(s.steps)-1].ev.Hash()
				look := s.state.Look(c, id, s.now)
				if tc.want == "" {
					if !look.Wanted || look.Email != "z0zmail@client.example" {
						t.Errorf("held back by %s: %+v", tc.kind, look)
					}
					return
				}
				if look.Wanted || look.Reason == "" || look.By != by {
					t.Errorf("got %+v, want it held back by %s", look, tc.kind)
				}
				if !over && look.Reason != tc.want {
					t.Errorf("the reason is %s, want %s", look.Reason, tc.want)
				}
			})
		}
	}
	s := newSim(t, historyStart)
	if look := s.state.Look(s.dir.Current(), "kunknown", s.now); look.Wanted || look.Reason != NoLongerWanted {
		t.Errorf("a message that nobody asked for: %+v", look)
	}
}

// TestLastLookAtSafety: mails to staff are withdrawn by the act that makes
// them needless, those that only inform too.
func TestLastLookAtSafety(t *testing.T) {
	s := newSim(t, historyStart)
	s.happens(events.ClientUpdated, clientData(friendly()))
	concern := events.Data{Concern: &events.Concern{Level: events.ConcernImmediate}}
	s.happens(events.SafetyConcern, concern)
	id := s.openEscalation().ID
	s.happens(events.EscalationAcknowledged, events.Data{Escalation: &events.EscalationAct{ID: id, By: "amara"}})
	s.happens(events.SafetyConcern, events.Data{Concern: &events.Concern{Level: events.ConcernImmediate}})
	s.happens(events.EscalationClosed, events.Data{Escalation: &events.EscalationAct{ID: id, By: "amara", Outcome: events.OutcomeReachedSafe}})
	mails := s.mails(LaneSafety)
	if len(mails) != 4 {
		t.Fatalf("%d mails, want the ask and one told, and both again at the second cause", len(mails))
	}
	for _, m := range mails {
		if look := s.state.Look(s.dir.Current(), m.ID, s.now); look.Wanted || look.By.IsZero() {
			t.Errorf("%s to %s: %+v", m.Message.Template, m.Message.Person, look)
		}
	}
}

// TestUnansweredStaysSmall: a ladder that nobody answers for a day goes on
// asking and does not fill the client's record.
func TestUnansweredStaysSmall(t *testing.T) {
	for _, accepted := range []bool{true, false} {
		s := newSim(t, historyStart)
		s.happens(events.ClientUpdated, clientData(friendly()))
		s.happens(events.SafetyConcern, events.Data{Concern: &events.Concern{Level: events.ConcernImmediate}})
		for range 24 * 6 {
			s.steps = nil
			s.until(s.openEscalation().Next)
			if accepted {
				for _, m := range s.mails(LaneSafety) {
					s.happens(events.MessageAccepted, events.Data{Message: &events.MessageReport{ID: m.ID}})
				}
			}
			s.state.Seen = nil
		}
		if size := len(jsonOf(t, s.state)); size > 32<<10 {
			t.Errorf("accepted %v: %d bytes, %d messages", accepted, size, len(s.state.Sends))
		}
	}
}

// TestStrayAppointment: an appointment named for company by another kind of
// event says nothing about the appointment.
func TestStrayAppointment(t *testing.T) {
	s := newSim(t, historyStart)
	s.happens(events.AppointmentBooked, booking("a1", s.now.Add(48*time.Hour)))
	d := clientData(friendly())
	d.Appointment = &events.Appointment{ID: "a1"}
	s.pass(time.Minute)
	s.happens(events.ClientUpdated, d)
	s.happens(events.MessageReplied, appointment("a9"))
	if !s.state.HasFutureAppointment(s.now) || len(s.state.Appointments) != 1 {
		t.Errorf("appointments: %+v", s.state.Appointments)
	}
}

// TestHistoryStartsNothing: what is long over asks a human only about safety.
func TestHistoryStartsNothing(t *testing.T) {
	for _, risk := range []events.Risk{events.RiskNone, events.RiskHigh} {
		s := newSim(t, historyStart)
		c := friendly()
		c.Risk = new(risk)
		s.happens(events.ClientUpdated, clientData(c))
		s.deliver(s.event(events.AppointmentNoShow, s.now.Add(-31*24*time.Hour), appointment("a1")))
		s.deliver(s.event(events.AppointmentNoShow, s.now.Add(-200*24*time.Hour), appointment("a2")))
		wantTasks := 0
		if risk != events.RiskNone {
			wantTasks = 1
		}
		if len(s.state.Journeys)+len(s.state.Escalations) != 0 || len(s.state.Tasks) != wantTasks || s.everNoted(WhatJourney, TooLate) != 2 {
			t.Errorf("%s: journeys %d, escalations %d, tasks %+v", risk, len(s.state.Journeys), len(s.state.Escalations), s.state.Tasks)
		}
	}
}

// TestEscalationsJoin: a second cause joins the open question under the same
// policy, another policy is another question.
func TestEscalationsJoin(t *testing.T) {
	s := newSim(t, historyStart)
	c := friendly()
	c.Risk = new(events.RiskHigh)
	s.happens(events.ClientUpdated, clientData(c))
	s.happens(events.SafetyConcern, events.Data{Concern: &events.Concern{Level: events.ConcernImmediate}})
	s.happens(events.CheckinAnswered, events.Data{Answer: &events.Answer{Safe: new(false)}})
	s.happens(events.AppointmentNoShow, appointment("a1"))
	var got []string
	for _, e := range s.state.Escalations {
		got = append(got, e.Policy.ID+": "+strings.Join(e.Questions, " "))
	}
	if want := []string{"safety: concern-immediate not-safe", "high-risk-no-show: high-risk-no-show"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if n, oldest := s.state.OpenEscalations(); n != 2 || !oldest.Equal(historyStart) {
		t.Errorf("%d open, the oldest since %v", n, oldest)
	}
}

// TestHoldEndsWhileAway: whoever took a question and has gone on leave since is not
// reminded at home; others are asked when the hold ends.
func TestHoldEndsWhileAway(t *testing.T) {
	for name, tc := range map[string]struct {
		away  bool
		mails int
	}{"there": {false, 1}, "away": {true, 0}} {
		t.Run(name, func(t *testing.T) {
			c := sampleClinic(t)
			s := newSim(t, chicago(t, "2026-03-02 10:00"), c)
			s.happens(events.ClientUpdated, clientData(friendly()))
			s.happens(events.SafetyConcern, events.Data{Concern: &events.Concern{Level: events.ConcernImmediate}})
			e := s.openEscalation()
			s.happens(events.EscalationAcknowledged, events.Data{Escalation: &events.EscalationAct{ID: e.ID, By: "amara"}})
			if tc.away {
				leave := *c
				leave.Staff.People = slices.Clone(c.Staff.People)
				leave.Staff.People[0].Away = []escalation.Absence{{From: s.now, To: s.now.Add(48 * time.Hour)}}
				leave.Version = "v-leave"
				s.dir = append(s.dir, &leave)
			}
			s.pass(e.Policy.Hold - time.Minute)
			reminded := 0
			for _, m := range s.mails(LaneSafety) {
				if m.Message.Template == "escalation-hold" {
					reminded++
				}
			}
			if reminded != tc.mails || s.everNoted(WhatEscalation, Reason(escalation.HoldEnds)) != 1 {
				t.Errorf("%d reminders, want %d", reminded, tc.mails)
			}
			s.pass(2 * time.Minute)
			if e := s.openEscalation(); e.Ack != nil || e.Owner == "amara" {
				t.Errorf("after the hold it is with %s", e.Owner)
			}
		})
	}
}
