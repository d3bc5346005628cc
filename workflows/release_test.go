package workflows

import (
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
)

// flaggedVisit is a client whose risk is high, with a visit in two days, in a clinic that
// writes before visits.
func flaggedVisit(t *testing.T) *sim {
	c := oneWorkflow(t, "{on: [appointment.booked], even_if_booked: true}", "steps:\n  - wait: {before_appointment: 36h}\n  - send: {template: F, id: before}\n  - wait: 10d\n  - send: E\n")
	s := newSim(t, chicago(t, "2026-06-01 10:00"), c)
	k := friendly()
	k.Risk = new(events.RiskHigh)
	s.happens(events.ClientUpdated, clientData(k))
	s.happens(events.AppointmentBooked, events.Data{Appointment: &events.Appointment{ID: "a1", Start: new(s.now.Add(48 * time.Hour))}})
	s.pass(13 * time.Hour)
	return s
}

func (s *sim) task(what string) *Task {
	for i := range s.state.Tasks {
		if s.state.Tasks[i].What == what {
			return &s.state.Tasks[i]
		}
	}
	return nil
}

// TestOrientationIsReleased: the mail before a visit goes to a client with a safety flag
// only when a person lets it go, and no later than it makes sense.
func TestOrientationIsReleased(t *testing.T) {
	for name, tc := range map[string]struct {
		say   *bool
		want  int
		noted Reason
	}{
		"let go":    {new(true), 1, Asked},
		"held":      {new(false), 0, NotReleased},
		"no answer": {nil, 0, TooLate},
	} {
		t.Run(name, func(t *testing.T) {
			s := flaggedVisit(t)
			task := s.task(taskRelease)
			if task == nil || len(s.mails(LaneCare)) != 0 || s.everNoted(WhatMessage, NeedsRelease) != 1 {
				t.Fatalf("the task is %+v; %d mails", task, len(s.mails(LaneCare)))
			}
			if tc.say != nil {
				s.happens(events.TaskDone, events.Data{Task: &events.TaskAct{ID: task.ID, By: "amara", Release: *tc.say}})
			}
			s.pass(30 * time.Hour)
			if got := s.mails(LaneCare); len(got) != tc.want || s.everNoted(WhatMessage, tc.noted) == 0 {
				t.Errorf("%d mails, %s %d times", len(got), tc.noted, s.everNoted(WhatMessage, tc.noted))
			}
			if s.task(taskRelease) != nil {
				t.Error("the question is open although its time is over")
			}
			for _, m := range s.mails(LaneCare) {
				if look := s.state.Look(s.dir.Current(), m.ID, s.now); look.Reason == NeedsRelease {
					t.Errorf("the last look holds what was let go: %+v", look)
				}
			}
		})
	}
}

// TestFlagHoldsOrientation: a flag that is raised while the mail is on its way holds it.
func TestFlagHoldsOrientation(t *testing.T) {
	c := oneWorkflow(t, "{on: [appointment.booked], even_if_booked: true}", "steps:\n  - send: {template: F, id: before}\n  - wait: 10d\n  - send: E\n")
	s := newSim(t, chicago(t, "2026-06-01 10:00"), c)
	s.happens(events.ClientUpdated, clientData(friendly()))
	s.happens(events.AppointmentBooked, events.Data{Appointment: &events.Appointment{ID: "a1", Start: new(s.now.Add(48 * time.Hour))}})
	id := s.mails(LaneCare)[0].ID
	if look := s.state.Look(s.dir.Current(), id, s.now); !look.Wanted {
		t.Fatalf("without a flag: %+v", look)
	}
	s.happens(events.ClientUpdated, clientData(&events.Client{Risk: new(events.RiskElevated)}))
	if look := s.state.Look(s.dir.Current(), id, s.now); look.Wanted || look.Reason != NeedsRelease {
		t.Errorf("with a flag: %+v", look)
	}
	s.happens(events.MessageWithdrawn, events.Data{Message: &events.MessageReport{ID: id, Detail: string(NeedsRelease)}})
	if s.task(taskVisitUntold) == nil {
		t.Error("nobody is asked to say it themselves")
	}
}

// TestHumanFirst: while a question about a client's safety is open and nobody has it, not
// even the caring note leaves; once somebody has, it does.
func TestHumanFirst(t *testing.T) {
	c := oneWorkflow(t, "{on: [client.signal]}", "steps:\n  - wait: 2h\n  - send: {template: E, id: one}\n  - wait: 1d\n  - send: {template: E, id: two}\n")
	s := newSim(t, chicago(t, "2026-06-01 10:00"), c)
	s.happens(events.ClientUpdated, clientData(friendly()))
	s.happens(events.ClientSignal, signal("diary"))
	s.happens(events.SafetyConcern, events.Data{Concern: &events.Concern{Level: events.ConcernImmediate}})
	s.pass(3 * time.Hour)
	if len(s.mails(LaneCare)) != 0 || s.everNoted(WhatMessage, HumanFirst) != 1 {
		t.Fatalf("%d mails, held %d times", len(s.mails(LaneCare)), s.everNoted(WhatMessage, HumanFirst))
	}
	e := s.openEscalation()
	s.happens(events.EscalationAcknowledged, events.Data{Escalation: &events.EscalationAct{ID: e.ID, By: "amara"}})
	s.happens(events.EscalationClosed, events.Data{Escalation: &events.EscalationAct{ID: e.ID, By: "amara", Outcome: events.OutcomeReachedSafe}})
	if len(s.mails(LaneCare)) != 1 {
		t.Errorf("once a person has answered: %d mails", len(s.mails(LaneCare)))
	}
	s.pass(25 * time.Hour)
	if len(s.mails(LaneCare)) != 2 {
		t.Errorf("a day later: %d mails", len(s.mails(LaneCare)))
	}
}
