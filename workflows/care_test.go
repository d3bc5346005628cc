package workflows

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/escalation"
)

const twoSends = `
workflow: quick
title: Two mails close to each other
why: The client did not come.
precedence: 50
start:
  on: [appointment.noshow]
steps:
  - wait: 3h
  - send: A
  - wait: 6h
  - send: B
  - wait: 9d
`

// TestNothingFloodsApart: two mails never leave together, whether the quiet
// hours or an outage brought them together. The later one waits, or is skipped
// where it could only leave too late.
func TestNothingFloodsApart(t *testing.T) {
	tests := []struct {
		name, begin string
		outage      time.Duration
		want        string
	}{
		{"in the day", "2026-03-02 10:00", 0, "A Mon 13:00, B Tue 09:00"},
		{"over the night", "2026-03-02 18:00", 0, "A Tue 09:00, B skipped"},
		{"after an outage", "2026-03-02 10:00", 11 * time.Hour, "A Tue 09:00, B skipped"},
		{"after a shorter outage", "2026-03-02 06:00", 9*time.Hour + 30*time.Minute, "A Mon 15:30, B Tue 09:00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := withWorkflows(t, sampleClinic(t), "quick", map[string]string{"quick": twoSends})
			s := newSim(t, chicago(t, tt.begin), c)
			var got []string
			s.each = func(st step) {
				for _, n := range st.dec.Notes {
					at := st.now.In(c.Zone).Format("Mon 15:04")
					switch {
					case n.What == WhatMessage && n.Reason == Asked && len(n.Detail) == 1:
						got = append(got, n.Detail+" "+at)
					case n.What == WhatMessage && n.Reason == TooClose && n.Until.IsZero():
						got = append(got, n.Detail+" skipped")
					}
				}
			}
			s.happens(events.ClientUpdated, clientData(friendly()))
			s.happens(events.AppointmentNoShow, appointment("a1"))
			if tt.outage > 0 {
				s.outage(tt.outage)
			}
			s.pass(4 * 24 * time.Hour)
			if text := strings.Join(got, ", "); text != tt.want {
				t.Errorf("got %q, want %q", text, tt.want)
			}
		})
	}
}

// TestNothingFloodsEver: over random histories no two care messages are asked
// for within careGap, and never more in 14 days than the cap says, over all
// workflows. What the client asked for themself is neither held to that nor counted;
// of each kind of it there are three a day.
func TestNothingFloodsEver(t *testing.T) {
	dir := []*Clinic{historyClinic(t)}
	rapid.Check(t, func(rt *rapid.T) {
		history(rt, dir, func(_ *sim, st step) {
			for _, e := range st.dec.Effects {
				if e.Enqueue == nil || e.Enqueue.Lane != LaneCare {
					continue
				}
				if letterOf(&st.dec.State, e.Enqueue.ID).own {
					asked := 0
					for _, x := range st.before.Sends {
						if x.Own && x.Message.Template == e.Enqueue.Message.Template && st.now.Sub(x.At) < 24*time.Hour {
							asked++
						}
					}
					if asked >= 3 {
						rt.Fatalf("%s leaves a fourth time in a day", e.Enqueue.Message.Template)
					}
					continue
				}
				all := 0
				for _, x := range st.before.Sends {
					if x.Lane != LaneCare || x.Own || x.Status == SendWithdrawn || x.Status == SendRefused {
						continue
					}
					if apart := st.now.Sub(x.At); apart < 12*time.Hour {
						rt.Fatalf("%s follows %s after %v", e.Enqueue.Message.Template, x.Message.Template, apart)
					}
					if st.now.Sub(x.At) < 14*24*time.Hour {
						all++
					}
				}
				if all >= 3 {
					rt.Fatalf("%s leaves after %d messages", e.Enqueue.Message.Template, all)
				}
			}
			// What waits at the provider leaves in the order of its weight, and
			// never at night.
			var wanted []Send
			for _, x := range st.dec.State.Sends {
				if x.Lane != LaneCare || x.Own || x.Status != SendAsked {
					continue
				}
				look := st.dec.State.Look(dir[0], x.ID, st.now)
				if !look.Wanted {
					continue
				}
				wanted = append(wanted, x)
				leaves := st.now
				if look.NotBefore.After(leaves) {
					leaves = look.NotBefore
				}
				if local := leaves.In(st.dec.State.zone(dir[0])); local.Hour() >= 20 || local.Hour() < 9 {
					rt.Fatalf("%s may leave at %v, in the quiet hours", x.Message.Template, local)
				}
			}
			slices.SortFunc(wanted, func(a, b Send) int { return a.At.Compare(b.At) })
			for i := 1; i < len(wanted); i++ {
				if wanted[i].Precedence >= wanted[i-1].Precedence {
					rt.Fatalf("%s and %s would leave together", wanted[i-1].Message.Template, wanted[i].Message.Template)
				}
			}
		})
	})
}

// TestLastLookSendsTheLater: two messages that waited for the mail provider do
// not leave together.
func TestLastLookSendsTheLater(t *testing.T) {
	c := withWorkflows(t, sampleClinic(t), "quick", map[string]string{"quick": twoSends})
	s := newSim(t, chicago(t, "2026-03-02 10:00"), c)
	s.happens(events.ClientUpdated, clientData(friendly()))
	s.happens(events.AppointmentNoShow, appointment("a1"))
	s.until(chicago(t, "2026-03-03 09:30"))
	mails := s.mails(LaneCare)
	if len(mails) != 2 {
		t.Fatalf("%d mails, want A and B", len(mails))
	}
	if look := s.state.Look(c, mails[0].ID, s.now); look.Wanted || look.Reason != TooClose {
		t.Errorf("the first one: %+v", look)
	}
	if look := s.state.Look(c, mails[1].ID, s.now); !look.Wanted {
		t.Errorf("the later one: %+v", look)
	}
	later := &s.state.Sends[slices.IndexFunc(s.state.Sends, func(x Send) bool { return x.ID == mails[1].ID })]
	// What matters less does not take the place of what matters more.
	later.Precedence--
	if look := s.state.Look(c, mails[0].ID, s.now); !look.Wanted {
		t.Errorf("the first one, of a stronger workflow: %+v", look)
	}
	later.Precedence++
	// Once the later one is not wanted, the first one is.
	later.Status = SendStopped
	if look := s.state.Look(c, mails[0].ID, s.now); !look.Wanted {
		t.Errorf("the first one, alone again: %+v", look)
	}
}

// TestNothingFloodsToTheMinute: where no quiet hours stand between, the second
// mail leaves as soon as the first one is half a day old.
func TestNothingFloodsToTheMinute(t *testing.T) {
	c := withWorkflows(t, sampleClinic(t), "quick", map[string]string{"quick": twoSends})
	c.QuietFrom, c.QuietTo = 0, 0
	s := newSim(t, chicago(t, "2026-03-02 10:00"), c)
	s.happens(events.ClientUpdated, clientData(friendly()))
	s.happens(events.AppointmentNoShow, appointment("a1"))
	s.pass(48 * time.Hour)
	mails := s.mails(LaneCare)
	if len(mails) != 2 || mails[1].Message.Asked.Sub(mails[0].Message.Asked) != 12*time.Hour {
		t.Errorf("asked for %+v, want two, half a day apart", mails)
	}
}

// TestConsentFirstUnread: while a client's words wait to be read, nothing that
// asks them for anything leaves; the last look names what they came with.
func TestConsentFirstUnread(t *testing.T) {
	c := sampleClinic(t)
	for name, wrote := range map[string]func(*sim) Decision{
		"reply": func(s *sim) Decision { return s.happens(events.MessageReplied, events.Data{}) },
		"answer": func(s *sim) Decision {
			return s.happens(events.CheckinAnswered, events.Data{Answer: &events.Answer{Safe: new(true), Text: "z0z words"}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(t, chicago(t, "2026-03-02 10:00"), c)
			s.happens(events.ClientUpdated, clientData(friendly()))
			wrote(s)
			by := s.steps[len(s.steps)-1].ev.Hash()
			for _, family := range []string{"A", "B", "C", "D", "E", "F"} {
				asks := family < "E"
				why, said, ok := s.state.gate(c, family, s.now)
				if ok == asks || asks && (why != ReplyUnread || said != by) {
					t.Errorf("%s: allowed %v, %s by %s", family, ok, why, said)
				}
			}
			s.happens(events.TaskDone, events.Data{Task: &events.TaskAct{ID: s.state.Tasks[0].ID, By: "amara"}})
			if why, _, ok := s.state.gate(c, "A", s.now); !ok {
				t.Errorf("once it is read: %s", why)
			}
		})
	}
}

// TestAskedAgainSaysWhy: the mail about a second cause is about that cause, and
// reads as news and not as a reminder.
func TestAskedAgainSaysWhy(t *testing.T) {
	s := newSim(t, chicago(t, "2026-03-02 10:00"))
	s.happens(events.ClientUpdated, clientData(friendly()))
	s.happens(events.SafetyConcern, events.Data{Concern: &events.Concern{Level: events.ConcernImmediate}})
	s.happens(events.EscalationAcknowledged, events.Data{Escalation: &events.EscalationAct{ID: s.openEscalation().ID, By: "amara"}})
	s.pass(time.Minute)
	before := len(s.mails(LaneSafety))
	s.happens(events.CheckinAnswered, events.Data{Answer: &events.Answer{Safe: new(false)}})
	mails := s.mails(LaneSafety)[before:]
	if len(mails) != 2 {
		t.Fatalf("%d mails, want the ask and one told", len(mails))
	}
	for _, m := range mails {
		if got := m.Message; got.What != "not-safe" || got.Urgency != "crisis-again" || got.Round != 0 {
			t.Errorf("%s: what %q, urgency %q, round %d", got.Template, got.What, got.Urgency, got.Round)
		}
	}
}

// TestNeverSilentTasks: a reminder goes to who is there, and after two that
// nobody answered somebody else hears of it too. Where the clinic sends a digest,
// the first one goes out, the same people read of it every day after, and the task
// comes up again all the same.
func TestNeverSilentTasks(t *testing.T) {
	begin := chicago(t, "2026-03-02 10:00")
	leave := []escalation.Absence{{From: begin.Add(time.Hour), To: begin.Add(60 * 24 * time.Hour)}}
	tests := []struct {
		name string
		away []string
		want []string // who is mailed on each day
	}{
		{"there", nil, []string{"amara", "amara", "amara, ruth", "amara, ruth"}},
		// As the leave begins, and once the task is due.
		{"on leave: the cover, while the task stays hers", []string{"amara"}, []string{"jonas task, jonas", "jonas", "jonas, ruth"}},
		{"nobody stands in: who owns what nobody else can", []string{"amara", "jonas", "mei"}, []string{"ruth task, ruth", "ruth", "ruth"}},
	}
	for i := range 2 * len(tests) {
		tt, digest := tests[i/2], i%2 == 1
		t.Run(fmt.Sprintf("%s, digest %t", tt.name, digest), func(t *testing.T) {
			c := *sampleClinic(t)
			c.Digest = digest
			c.Staff.People = slices.Clone(c.Staff.People)
			for i := range c.Staff.People {
				if p := &c.Staff.People[i]; slices.Contains(tt.away, p.ID) {
					p.Away = leave
				}
			}
			s := newSim(t, begin, &c)
			s.happens(events.ClientUpdated, clientData(friendly()))
			s.happens(events.MessageReplied, events.Data{})
			for day, want := range tt.want {
				before := len(s.mails(LaneSafety))
				s.until(begin.Add(time.Duration(day+1) * 24 * time.Hour))
				var got []string
				for _, m := range s.mails(LaneSafety)[before:] {
					who := m.Message.Person
					if m.Message.Template == "task" {
						who += " task"
					}
					got = append(got, who)
				}
				if digest && day > 0 {
					if len(got) > 0 {
						t.Errorf("day %d: mailed %v beside the digest", day+1, got)
					}
					for _, l := range s.state.Listed(&c, s.now) {
						got = append(got, l.Person)
					}
				}
				if strings.Join(got, ", ") != want {
					t.Errorf("day %d: mailed or listed %v, want %s", day+1, got, want)
				}
				if next := s.state.Tasks[0].Next; !next.After(s.now) || next.Sub(s.now) > remindEvery {
					t.Errorf("day %d: it comes up again at %s, and it is %s", day+1, next, s.now)
				}
			}
			if owner := s.state.Tasks[0].Owner; owner != "amara" {
				t.Errorf("the task is %s's now", owner)
			}
		})
	}
}

// TestWhyOfReports: a report about a mail that nobody knows says so, and one
// whose fate is unknown says what follows in its lane.
func TestWhyOfReports(t *testing.T) {
	s := newSim(t, chicago(t, "2026-03-02 10:00"))
	s.happens(events.ClientUpdated, clientData(friendly()))
	s.happens(events.MessageReplied, events.Data{})
	staff := s.mails(LaneSafety)[0].ID
	s.happens(events.TaskDone, events.Data{Task: &events.TaskAct{ID: s.state.Tasks[0].ID, By: "amara"}})
	s.happens(events.AppointmentNoShow, appointment("a1"))
	s.pass(3 * time.Hour)
	client := s.mails(LaneCare)[0].ID
	s.happens(events.SafetyConcern, events.Data{Concern: &events.Concern{Level: events.ConcernImmediate}})
	rung := s.openEscalation().Asks[0].Message
	// The ladder knows its mails longer than the list of messages does.
	s.state.Sends = slices.DeleteFunc(s.state.Sends, func(x Send) bool { return x.ID == rung })
	for _, tt := range []struct {
		kind events.Kind
		id   string
		want Reason
	}{
		{events.MessageBounced, "kunknown", NotOurMessage},
		{events.MessageUnknown, "kunknown", NotOurMessage},
		{events.MessageUnknown, staff, FateUnknownRepeats},
		{events.MessageUnknown, client, FateUnknown},
		{events.MessageBounced, rung, Bounced},
	} {
		dec := s.happens(tt.kind, events.Data{Message: &events.MessageReport{ID: tt.id}})
		if got := dec.Notes[0].Reason; got != tt.want {
			t.Errorf("%s: %s, want %s", tt.kind, got, tt.want)
		}
	}
}

func TestBranchNames(t *testing.T) {
	for i, want := range map[int]string{0: "1", 8: "9", 9: "10", 19: "20"} {
		if got := branchName(i); got != want {
			t.Errorf("branch %d is called %s, want %s", i, got, want)
		}
	}
}
