package workflows

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/escalation"
)

// TestOfficeHours: over random histories nothing that asks for office hours
// leaves while the clinic is closed or it is night for the client: not by the
// decision, and not by the last look, whenever that is taken.
func TestOfficeHours(t *testing.T) {
	dir := []*Clinic{historyClinic(t)}
	c := dir[0]
	asked, held := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		history(rt, dir, func(_ *sim, st step) {
			may := func(s *State, at time.Time) bool {
				hour := at.In(s.zone(c)).Hour()
				return isOpen(&c.Hours, at.In(c.Zone)) && hour >= 9 && hour < 20
			}
			state := &st.dec.State
			for i := range state.Sends {
				x := &state.Sends[i]
				steps := x.Message.Workflow == "calendar" && (x.Message.Step == "open" || x.Message.Step == "caring")
				if steps != (x.Within == OfficeHours) {
					rt.Fatalf("%s: %s/%s may leave within %q", st.ev.Kind, x.Message.Workflow, x.Message.Step, x.Within)
				}
				if !steps {
					continue
				}
				// At the same moment the client may move to where it is night.
				if slices.ContainsFunc(st.dec.Effects, func(e Effect) bool { return e.Enqueue != nil && e.Enqueue.ID == x.ID }) {
					asked++
					if !may(state, st.now) {
						rt.Fatalf("%s is asked for at %v", x.Message.Step, st.now.In(c.Zone))
					}
				}
				at := st.now.Add(time.Duration(rapid.IntRange(0, 120).Draw(rt, "half hours later")) * 30 * time.Minute)
				look := state.Look(c, x.ID, at)
				if !look.Wanted {
					continue
				}
				if look.NotBefore.IsZero() != (look.Reason == "") || look.NotBefore.IsZero() != may(state, at) {
					rt.Fatalf("the look at %v: %+v", at.In(c.Zone), look)
				}
				if held++; !look.NotBefore.IsZero() && (!look.NotBefore.After(at) || !may(state, look.NotBefore)) {
					rt.Fatalf("the look at %v has it leave at %v", at.In(c.Zone), look.NotBefore.In(c.Zone))
				}
			}
		}, noticed(rt))
	})
	if asked == 0 || held == 0 {
		t.Errorf("%d asked for, %d looked at: these histories say nothing", asked, held)
	}
}

// TestStaffAreTold: a note goes to who is there, once an hour at most, whatever
// of the client's would hold a message to them back, and it says nothing of them.
func TestStaffAreTold(t *testing.T) {
	dir := []*Clinic{historyClinic(t)}
	c := dir[0]
	told, covered := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		last, whose := map[string]time.Time{}, map[string]string{}
		history(rt, dir, func(_ *sim, st step) {
			if m := st.ev.Data.Message; m != nil {
				delete(last, whose[m.ID]) // it may not have come, and may be asked for again
			}
			for _, e := range st.dec.Effects {
				if e.Enqueue == nil || e.Enqueue.Message.Template != "note" {
					continue
				}
				told++
				m := e.Enqueue.Message
				want := Message{Template: "note", Person: m.Person, Version: c.Version, Workflow: "calendar", Step: m.Step, Asked: st.now}
				if e.Enqueue.Lane != LaneSafety || !reflect.DeepEqual(m, want) {
					rt.Fatalf("a note is %+v", e.Enqueue)
				}
				if p := c.Staff.Person(m.Person); p == nil || away(p, st.now) {
					rt.Fatalf("at %v a note goes to %s", st.now.In(c.Zone), m.Person)
				}
				if at, ok := last[m.Person]; ok && st.now.Sub(at) < time.Hour {
					rt.Fatalf("%s gets two notes in %v", m.Person, st.now.Sub(at))
				}
				last[m.Person], whose[e.Enqueue.ID] = st.now, m.Person
			}
			for _, n := range st.dec.Notes {
				if n.Step == "news" && n.Reason != Asked && n.Reason != ToldAlready && n.Reason != Covered && st.ev.Data.Message == nil && n.What == WhatMessage {
					rt.Fatalf("a note is held back: %s", n.Reason)
				}
				if n.Reason == Covered {
					covered++
				}
			}
		}, noticed(rt))
	})
	if told == 0 || covered == 0 {
		t.Errorf("%d notes, %d by a cover: these histories say nothing", told, covered)
	}
}

// noticed begins a calendar journey on a Saturday, of a client whom mail may
// reach, and lets some days pass.
func noticed(rt *rapid.T) func(*sim) {
	return func(s *sim) {
		s.happens(events.ClientUpdated, clientData(friendly()))
		s.happens(events.ClientSignal, signal("diary"))
		s.pass(time.Duration(rapid.IntRange(0, 120).Draw(rt, "hours since")) * time.Hour)
	}
}

func away(p *escalation.Person, now time.Time) bool {
	return slices.ContainsFunc(p.Away, func(s escalation.Absence) bool { return !now.Before(s.From) && now.Before(s.To) })
}

// TestLeaveIsCovered: over random histories no mail about a task or a question
// goes to somebody who is away, and a task whose owner's leave begins is covered.
func TestLeaveIsCovered(t *testing.T) {
	dir := []*Clinic{historyClinic(t)}
	c := dir[0]
	stoodIn := 0
	rapid.Check(t, func(rt *rapid.T) {
		history(rt, dir, func(_ *sim, st step) {
			for _, e := range st.dec.Effects {
				if e.Enqueue == nil || e.Enqueue.Lane != LaneSafety {
					continue
				}
				m := e.Enqueue.Message
				if p := c.Staff.Person(m.Person); p == nil || away(p, st.now) {
					rt.Fatalf("at %v a mail %s goes to %s", st.now.In(c.Zone), m.Template, m.Person)
				}
			}
			for i := range st.dec.State.Tasks {
				task := &st.dec.State.Tasks[i]
				if task.Next.IsZero() || !task.Next.After(st.now) && st.ev.Kind == events.TimerDue {
					rt.Fatalf("the task %s is forgotten: %+v", task.What, task)
				}
			}
			for i := range st.before.Tasks {
				task := &st.before.Tasks[i]
				owner := c.Staff.Person(task.Owner)
				if st.ev.Kind != events.TimerDue || task.Next.After(st.now) || !task.Due.After(st.now) || !away(owner, st.now) {
					continue
				}
				// Away as of now, and it is not due yet: somebody gets its mail, and the
				// timeline says why.
				if !noted(st.dec, WhatTask, Covered) || !slices.ContainsFunc(st.dec.Effects, func(e Effect) bool {
					return e.Enqueue != nil && e.Enqueue.Message.Target == task.ID && e.Enqueue.Message.Template == "task" && e.Enqueue.Message.Person != task.Owner
				}) {
					rt.Fatalf("at %v %s is away and nobody gets the task %s", st.now.In(c.Zone), task.Owner, task.What)
				}
				stoodIn++
			}
		}, func(s *sim) {
			// On the eve of amara's leave, and some of it passes.
			s.happens(events.ClientUpdated, clientData(friendly()))
			s.until(chicago(rt, "2026-03-08 20:00"))
			s.happens(events.MessageReplied, events.Data{})
			s.pass(time.Duration(rapid.IntRange(0, 30).Draw(rt, "hours of it")) * time.Hour)
		})
	})
	if stoodIn == 0 {
		t.Error("nobody stood in for anybody: these histories say nothing")
	}
}

// TestLeaveCalledOff: a leave that is not taken after all leaves the task where it
// is, and says so; the next one is covered.
func TestLeaveCalledOff(t *testing.T) {
	begin := chicago(t, "2026-03-02 10:00")
	c := *oneWorkflow(t, "{on: [client.signal]}", "steps:\n  - task: {what: call-client, owner: assigned, due: 5d}\n  - wait: 9d\n")
	c.Staff.People = slices.Clone(c.Staff.People)
	c.Staff.People[0].Away = []escalation.Absence{
		{From: begin.Add(24 * time.Hour), To: begin.Add(30 * time.Hour)}, {From: begin.Add(48 * time.Hour), To: begin.Add(54 * time.Hour)},
	}
	there := c
	there.Version, there.Staff.People = "v-there", slices.Clone(c.Staff.People)
	there.Staff.People[0].Away = c.Staff.People[0].Away[1:]
	s := newSim(t, begin, &c)
	s.happens(events.ClientUpdated, clientData(friendly()))
	s.happens(events.ClientSignal, signal("diary"))
	s.dir = append(s.dir, &there)
	s.pass(47 * time.Hour)
	if s.everNoted(WhatTask, LeaveCalledOff) != 1 || s.everNoted(WhatTask, Covered) != 0 || len(s.mails(LaneSafety)) != 1 {
		t.Errorf("a leave that was called off: %d mails, task %+v", len(s.mails(LaneSafety)), s.state.Tasks)
	}
	// The other one stands; of both, each is thought of once.
	s.pass(2 * time.Hour)
	mails := s.mails(LaneSafety)
	if s.everNoted(WhatTask, Covered) != 1 || len(mails) != 2 || mails[1].Message.Person != "jonas" || mails[1].Message.Template != "task" {
		t.Errorf("the second leave: %+v", mails)
	}
	s.until(begin.Add(5*24*time.Hour + time.Minute))
	if mails = s.mails(LaneSafety); len(mails) != 3 || mails[2].Message.Person != "amara" || mails[2].Message.Template != "task-reminder" {
		t.Errorf("once it is due: %+v", mails)
	}
}

// TestLeaveOfEverybody: where nobody is there to stand in, the task stays with its
// owner, and nobody is told that the leave was called off.
func TestLeaveOfEverybody(t *testing.T) {
	begin := chicago(t, "2026-03-02 10:00")
	c := *oneWorkflow(t, "{on: [client.signal]}", "steps:\n  - task: {what: call-client, owner: task-owner, due: 3d}\n  - wait: 9d\n")
	c.Staff.People = slices.Clone(c.Staff.People)
	for i := range c.Staff.People {
		c.Staff.People[i].Away = []escalation.Absence{{From: begin.Add(24 * time.Hour), To: begin.Add(30 * time.Hour)}}
	}
	s := newSim(t, begin, &c)
	s.happens(events.ClientUpdated, clientData(friendly()))
	s.happens(events.ClientSignal, signal("diary"))
	s.pass(48 * time.Hour)
	if s.everNoted(WhatTask, NobodyStandsIn) != 1 || s.everNoted(WhatTask, LeaveCalledOff) != 0 || len(s.mails(LaneSafety)) != 1 {
		t.Errorf("%d mails, and the last decision says %+v", len(s.mails(LaneSafety)), s.steps[len(s.steps)-1].dec.Notes)
	}
}

// TestOldStates: what earlier versions stored, without hours and leave, goes on:
// a message leaves by day, and a task is thought of once it is due.
func TestOldStates(t *testing.T) {
	s := newSim(t, chicago(t, "2026-03-06 16:00"), oneWorkflow(t, "{on: [client.signal]}", "steps:\n  - send: A\n  - task: {what: call-client, owner: assigned, due: 2d}\n  - wait: 9d\n"))
	s.happens(events.ClientUpdated, clientData(friendly()))
	s.happens(events.ClientSignal, signal("diary"))
	if text := jsonOf(t, s.state.Sends[0]); s.state.Sends[0].Lane != LaneCare || strings.Contains(text, "within") {
		t.Errorf("a message without hours is stored as %s", text)
	}
	// A Saturday: the clinic is closed.
	if look := s.state.Look(s.dir.Current(), s.mails(LaneCare)[0].ID, chicago(t, "2026-03-07 10:00")); !look.Wanted || !look.NotBefore.IsZero() {
		t.Errorf("the look on a Saturday: %+v", look)
	}
	if task := s.state.Tasks[0]; !task.Next.Equal(task.Due) {
		t.Errorf("a task is thought of at %v, due at %v", task.Next, task.Due)
	}
}

// TestLeaveIsWholeDays: a leave of dates is as long as its days are in the
// clinic's zone, and begins with the day where a day has no midnight.
func TestLeaveIsWholeDays(t *testing.T) {
	for _, tc := range []struct{ zone, from, to, begins, ends string }{
		{"America/Chicago", "2026-03-08", "2026-03-08", "2026-03-08 00:00 CST", "2026-03-09 00:00 CDT"},
		{"America/Chicago", "2026-11-01", "2026-11-01", "2026-11-01 00:00 CDT", "2026-11-02 00:00 CST"},
		{"America/Havana", "2026-03-08", "2026-03-08", "2026-03-08 01:00 CDT", "2026-03-09 00:00 CDT"},
		{"Africa/Cairo", "2026-04-24", "2026-04-24", "2026-04-24 01:00 EEST", "2026-04-25 00:00 EEST"},
		{"Africa/Cairo", "2026-04-20", "2026-04-23", "2026-04-20 00:00 EET", "2026-04-24 01:00 EEST"},
	} {
		src := strings.Replace(smallClinic, "America/Chicago", tc.zone, 1)
		src = strings.Replace(src, "{from: 2026-07-01, to: 2026-07-14}", "{from: "+tc.from+", to: "+tc.to+"}", 1)
		c, err := ReadClinic(fstest.MapFS{"clinic.yaml": {Data: []byte(src)}}, "small")
		if err != nil {
			t.Fatal(err)
		}
		const clock = "2006-01-02 15:04 MST"
		got := c.Staff.People[0].Away[0]
		if from, to := got.From.In(c.Zone).Format(clock), got.To.In(c.Zone).Format(clock); from != tc.begins || to != tc.ends {
			t.Errorf("%s, %s to %s: from %s to %s", tc.zone, tc.from, tc.to, from, to)
		}
	}
}

// TestJourneyKeepsTheNote: what ends a journey takes back its mail to the client,
// and not the news that staff were to have.
func TestJourneyKeepsTheNote(t *testing.T) {
	s := newSim(t, chicago(t, "2026-06-01 10:00"), oneWorkflow(t, "{on: [client.signal]}",
		"stop: [{on: [appointment.attended], outcome: returned}]\nsteps:\n  - send: {template: note, to: assigned}\n  - send: A\n  - wait: 9d\n"))
	s.happens(events.ClientUpdated, clientData(friendly()))
	s.happens(events.ClientSignal, signal("diary"))
	s.happens(events.AppointmentAttended, appointment("a1"))
	for i := range s.state.Sends {
		want := SendAsked
		if s.state.Sends[i].Lane == LaneCare {
			want = SendStopped
		}
		if x := &s.state.Sends[i]; x.Status != want {
			t.Errorf("%s is %s, want %s", x.Message.Template, x.Status, want)
		}
	}
	if len(s.state.Sends) != 2 {
		t.Errorf("%d messages, want the note and A", len(s.state.Sends))
	}
}
