package workflows

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/calendar"
)

// oneWorkflow is the sample clinic with one workflow of a test's own. Reading them
// takes longer than most histories, and a property reads the same ones again and
// again, so each is read once; callers may change the copy's own fields.
func oneWorkflow(t failer, start, rest string) *Clinic {
	t.Helper()
	src := "workflow: own\ntitle: t\nwhy: w\nstart: " + start + "\n" + rest
	if _, known := ownClinics.Load(src); !known {
		ownClinics.Store(src, withWorkflows(t, sampleClinic(t), "v-own", map[string]string{"own": src}))
	}
	kept, _ := ownClinics.Load(src)
	own, ok := kept.(*Clinic)
	if !ok {
		t.Fatalf("the cache holds a %T", kept)
	}
	c := *own
	c.Workflows = slices.Clone(c.Workflows)
	c.Policies = maps.Clone(c.Policies)
	c.Staff.People = slices.Clone(c.Staff.People)
	return &c
}

var ownClinics sync.Map // of *Clinic, by the workflow's source

func signal(name string) events.Data { return events.Data{Signal: &events.Signal{Name: name}} }

// TestLateIsDecidedByItsRule: after an outage a message does what its step, else
// its workflow, else the clinic says, and never more than that.
func TestLateIsDecidedByItsRule(t *testing.T) {
	const skip, ask, always = "{after: 6h, then: skip}", "{after: 6h, then: ask}", "{after: 6h, then: send}"
	for name, tc := range map[string]struct {
		workflow, step string
		late           time.Duration
		mails          int
		tasks          []string
		why            Reason
	}{
		"in time by default":           {"", "", 23 * time.Hour, 1, nil, Asked},
		"late by default":              {"", "", 25 * time.Hour, 0, nil, TooLate},
		"in time by the workflow":      {skip, "", 5 * time.Hour, 1, nil, Asked},
		"late by the workflow":         {skip, "", 7 * time.Hour, 0, nil, TooLate},
		"the step's own word counts":   {skip, always, 25 * time.Hour, 1, nil, Asked},
		"late and asked":               {"", ask, 7 * time.Hour, 0, []string{"late-message"}, LateAsked},
		"sent however late":            {always, "", 10 * 24 * time.Hour, 1, nil, Asked},
		"late by the step, not by all": {always, skip, 7 * time.Hour, 0, nil, TooLate},
	} {
		t.Run(name, func(t *testing.T) {
			rest, step := "", ""
			if tc.workflow != "" {
				rest = "lateness: " + tc.workflow + "\n"
			}
			if tc.step != "" {
				step = ", lateness: " + tc.step
			}
			rest += "steps:\n  - wait: 1h\n  - send: {template: A" + step + "}\n  - wait: 9d\n"
			// At noon, so that the quiet hours have no part in it.
			s := newSim(t, chicago(t, "2026-06-01 10:00"), oneWorkflow(t, "{on: [client.signal]}", rest))
			s.happens(events.ClientUpdated, clientData(friendly()))
			s.now = chicago(t, "2026-06-01 10:00").UTC()
			s.happens(events.ClientSignal, signal("diary"))
			s.outage(time.Hour + tc.late)
			s.pass(13 * time.Hour) // into the morning where it was night
			if got := len(s.mails(LaneCare)); got != tc.mails {
				t.Errorf("%d mails, want %d", got, tc.mails)
			}
			if got := s.openTasks(); !slices.Equal(got, tc.tasks) {
				t.Errorf("tasks %v, want %v", got, tc.tasks)
			}
			if s.everNoted(WhatMessage, tc.why) != 1 {
				t.Errorf("%d notes say %s", s.everNoted(WhatMessage, tc.why), tc.why)
			}
		})
	}
}

// TestLateIsDecidedAtTheLook: a message that waits for its provider follows its
// step's rule too.
func TestLateIsDecidedAtTheLook(t *testing.T) {
	for rule, bound := range map[string]time.Duration{
		"": 24 * time.Hour, ", lateness: {after: 6h, then: skip}": 6 * time.Hour, ", lateness: {after: 6h, then: send}": 30 * 24 * time.Hour,
	} {
		s := newSim(t, chicago(t, "2026-06-01 10:00"), oneWorkflow(t, "{on: [client.signal]}", "steps:\n  - send: {template: A"+rule+"}\n"))
		s.happens(events.ClientUpdated, clientData(friendly()))
		s.happens(events.ClientSignal, signal("diary"))
		id := s.mails(LaneCare)[0].ID
		if look := s.state.Look(s.dir.Current(), id, s.now.Add(bound)); !look.Wanted {
			t.Errorf("%q: not wanted after %v: %s", rule, bound, look.Reason)
		}
		if look := s.state.Look(s.dir.Current(), id, s.now.Add(bound+time.Minute)); look.Wanted || look.Reason != TooLate {
			t.Errorf("%q: after %v and a minute: %+v", rule, bound, look)
		}
	}
}

// TestTimeOfDay: the next such time on the wall clock, both nights on which
// clocks change included.
func TestTimeOfDay(t *testing.T) {
	for _, tc := range []struct{ from, at, days, want string }{
		{"2026-06-01 08:00", "09:30", "", "2026-06-01 09:30 CDT"},
		{"2026-06-01 09:30", "09:30", "", "2026-06-01 09:30 CDT"},
		{"2026-06-01 09:31", "09:30", "", "2026-06-02 09:30 CDT"},
		{"2026-06-05 12:00", "09:30", "weekdays", "2026-06-08 09:30 CDT"}, // a Friday
		{"2026-06-06 08:00", "09:30", "weekdays", "2026-06-08 09:30 CDT"},
		{"2026-03-07 12:00", "02:30", "", "2026-03-08 03:30 CDT"}, // the hour from 2 is left out
		{"2026-10-31 12:00", "01:30", "", "2026-11-01 01:30 CDT"}, // it comes twice: the first
		{"2026-03-07 12:00", "09:30", "", "2026-03-08 09:30 CDT"},
		{"2026-10-31 12:00", "09:30", "", "2026-11-01 09:30 CST"},
	} {
		var d time.Duration
		if _, err := fmt.Sscanf(tc.at, "%02d:%02d", new(int), new(int)); err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse("15:04", tc.at)
		if err != nil {
			t.Fatal(err)
		}
		d = time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
		day := TimeOfDay{At: d, Weekdays: tc.days == "weekdays"}
		if got := day.next(chicago(t, tc.from), &calendar.Hours{}).Format("2006-01-02 15:04 MST"); got != tc.want {
			t.Errorf("from %s the next %s %s is %s, want %s", tc.from, tc.at, tc.days, got, tc.want)
		}
	}
}

// TestTimeOfDayIsNext: never before, and less than four days ahead.
func TestTimeOfDayIsNext(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		zone := rapid.SampledFrom([]string{"America/Chicago", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"}).Draw(rt, "zone")
		loc, err := time.LoadLocation(zone)
		if err != nil {
			rt.Fatal(err)
		}
		from := time.Unix(rapid.Int64Range(1767225600, 1830297600).Draw(rt, "from"), 0).In(loc)
		day := TimeOfDay{At: time.Duration(rapid.IntRange(0, 24*60-1).Draw(rt, "at")) * time.Minute, Weekdays: rapid.Bool().Draw(rt, "weekdays")}
		got := day.next(from, &calendar.Hours{})
		if got.Before(from) || got.Sub(from) > 76*time.Hour || !day.Weekdays && got.Sub(from) > 26*time.Hour {
			rt.Fatalf("from %v the next is %v", from, got)
		}
		if wd := got.Weekday(); day.Weekdays && (wd == time.Saturday || wd == time.Sunday) {
			rt.Fatalf("%v is no weekday", got)
		}
	})
}

// TestWaitRaces: an answer in the same instant as the limit, before the wait
// began, and just after the limit.
func TestWaitRaces(t *testing.T) {
	const rest = `steps:
  - send: A
  - wait: 1d
  - wait:
      event: [checkin.answered]
      limit: 2d
      on_event:
        - choose:
            - when: wish == "call"
              steps:
                - task: {what: call-client, owner: assigned, due: 24h}
        - end: answered
      on_limit:
        - task: {what: offer-visit, owner: assigned, due: 24h}
  - end: silent
`
	start := chicago(t, "2026-06-01 10:00").UTC()
	limit := start.Add(3 * 24 * time.Hour)
	for name, tc := range map[string]struct {
		at    time.Time
		tasks []string
		wait  time.Duration
	}{
		"before the wait began": {start.Add(2 * time.Hour), []string{"read-answer", "call-client"}, 25 * time.Hour},
		"in time":               {start.Add(30 * time.Hour), []string{"read-answer", "call-client"}, 0},
		"in the same instant":   {limit, []string{"read-answer", "call-client"}, 0},
		"just after the limit":  {limit.Add(time.Second), []string{"offer-visit", "read-answer"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(t, start, oneWorkflow(t, "{on: [client.signal]}", rest))
			s.happens(events.ClientUpdated, clientData(friendly()))
			s.happens(events.ClientSignal, signal("diary"))
			answer := events.Data{Answer: &events.Answer{Safe: new(true), Wish: "call"}}
			if tc.at.Equal(limit) {
				// The timer is on its way; the answer is decided first.
				s.until(limit.Add(-time.Second))
				s.now = limit
			} else {
				s.until(tc.at)
			}
			s.happens(events.CheckinAnswered, answer)
			s.pass(tc.wait)
			s.pass(time.Minute)
			if got := s.openTasks(); !slices.Equal(got, tc.tasks) {
				t.Errorf("tasks %v, want %v", got, tc.tasks)
			}
		})
	}
}

// TestPauseStep: a while without mail, that a longer pause by staff outlasts and
// that a resume by staff ends.
func TestPauseStep(t *testing.T) {
	c := oneWorkflow(t, "{on: [client.signal]}", "steps:\n  - pause: 10d\n  - wait: 1h\n  - send: {template: A, id: held}\n  - wait: 11d\n  - send: {template: B, id: free}\n")
	run := func(before, after func(*sim)) []string {
		s := newSim(t, chicago(t, "2026-06-01 10:00"), c)
		s.happens(events.ClientUpdated, clientData(friendly()))
		before(s)
		s.happens(events.ClientSignal, signal("diary"))
		after(s)
		s.pass(20 * 24 * time.Hour)
		var out []string
		for _, m := range s.mails(LaneCare) {
			out = append(out, m.Message.Step)
		}
		return out
	}
	nothing := func(*sim) {}
	pause := func(days int) func(*sim) {
		return func(s *sim) {
			p := &events.Pause{By: "amara"}
			if days > 0 {
				p.Until = new(s.now.Add(time.Duration(days) * 24 * time.Hour))
			}
			s.happens(events.ClientPaused, events.Data{Pause: p})
			s.pass(time.Minute)
		}
	}
	resume := func(s *sim) {
		s.pass(time.Minute)
		s.happens(events.ClientResumed, events.Data{Pause: &events.Pause{By: "amara"}})
	}
	for name, tc := range map[string]struct {
		got, want []string
	}{
		"the workflow's":         {run(nothing, nothing), []string{"free"}},
		"lifted by staff":        {run(nothing, resume), []string{"held", "free"}},
		"longer by staff":        {run(pause(15), nothing), nil},
		"without end by staff":   {run(pause(0), nothing), nil},
		"staff's shorter is out": {run(pause(2), nothing), []string{"free"}},
	} {
		if !slices.Equal(tc.got, tc.want) {
			t.Errorf("%s: %v, want %v", name, tc.got, tc.want)
		}
	}
}

// TestSplit: the shares come out, a client keeps their way, and whoever has a
// safety flag goes the first way and is never held out.
func TestSplit(t *testing.T) {
	step := &SplitStep{Ways: []Way{{Share: 45}, {Share: 35}}, HeldOut: 20}
	got := map[int]int{}
	const clients = 10_000
	for i := range clients {
		key := fmt.Sprintf("kclient%d", i)
		way := step.way(key, "own", "words")
		if way != step.way(key, "own", "words") {
			t.Fatal("a client's way changes")
		}
		got[way]++
	}
	for way, share := range map[int]int{0: 45, 1: 35, -1: 20} {
		if percent := float64(got[way]) * whole / clients; percent < float64(share)-2 || percent > float64(share)+2 {
			t.Errorf("way %d has %.1f %%, want %d", way, percent, share)
		}
	}

	const rest = `steps:
  - split:
      id: words
      holdout: 50
      approved_by: Dr. Ruth Adeyemi
      ways:
        - {share: 1, steps: [{send: {template: E, id: first}}]}
        - {share: 49, steps: [{send: {template: F, id: second}}]}
  - end: over
`
	rapid.Check(t, func(rt *rapid.T) {
		s := newSim(rt, chicago(t, "2026-06-01 10:00"), oneWorkflow(t, "{on: [client.signal]}", rest))
		s.state.Key = "k" + rapid.StringMatching(`[a-z2-7]{25}`).Draw(rt, "key")
		c := friendly()
		flagged := rapid.Bool().Draw(rt, "flagged")
		if flagged {
			c.Risk = new(events.RiskHigh)
		}
		s.state = State{V: StateVersion, Clinic: "sample", Key: s.state.Key, Created: s.now}
		s.happens(events.ClientUpdated, clientData(c))
		s.happens(events.ClientSignal, signal("diary"))
		held, mails := s.everNoted(WhatStep, HeldOut), s.mails(LaneCare)
		if held+len(mails) != 1 {
			rt.Fatalf("%d times held out, %d mails", held, len(mails))
		}
		if flagged && (held > 0 || mails[0].Message.Step != "first") {
			rt.Fatalf("a client with a safety flag is part of the comparison: %+v", mails)
		}
	})
}

// TestMovedAppointment: wherever a first visit is moved, its words leave once,
// before it and never for a time that is gone.
func TestMovedAppointment(t *testing.T) {
	clinic := onlyWorkflows(t, "first-visit")
	rapid.Check(t, func(rt *rapid.T) {
		s := newSim(rt, chicago(t, "2026-06-01 10:00"), clinic)
		s.happens(events.ClientUpdated, clientData(friendly()))
		start := s.now.Add(time.Duration(rapid.IntRange(1, 300).Draw(rt, "hours")) * time.Hour)
		book := func(kind events.Kind) {
			d := booking("a1", start)
			d.Appointment.Visit = events.VisitFirst
			s.happens(kind, d)
		}
		book(events.AppointmentBooked)
		for range rapid.IntRange(0, 4).Draw(rt, "moves") {
			s.pass(time.Duration(rapid.IntRange(0, 40).Draw(rt, "gap"))*time.Hour + time.Minute) // the later news wins
			if s.everNoted(WhatMessage, Asked) > 0 || !start.After(s.now) {
				break
			}
			start = s.now.Add(time.Duration(rapid.IntRange(1, 300).Draw(rt, "hours")) * time.Hour)
			book(events.AppointmentRescheduled)
		}
		s.until(start.Add(24 * time.Hour))
		mails := 0
		for _, st := range s.steps {
			for _, e := range st.dec.Effects {
				if e.Enqueue == nil || e.Enqueue.Lane != LaneCare {
					continue
				}
				mails++
				if !st.now.Before(start) {
					rt.Fatalf("the words leave at %v, the visit began at %v", st.now, start)
				}
				if ahead := start.Sub(st.now); ahead > 36*time.Hour {
					rt.Fatalf("the words leave %v ahead", ahead)
				}
			}
		}
		if mails > 1 {
			rt.Fatalf("%d mails about one visit", mails)
		}
	})
}

// TestStartLimits: key and again, each with its named reason.
func TestStartLimits(t *testing.T) {
	const day = 24 * time.Hour
	noShow := func(id string) (events.Kind, events.Data) { return events.AppointmentNoShow, appointment(id) }
	for name, tc := range map[string]struct {
		start string
		again func(*sim)
		want  Reason
	}{
		"another appointment": {"{on: [appointment.noshow], key: appointment}", func(s *sim) { k, d := noShow("a2"); s.happens(k, d) }, Started},
		"the same appointment": {"{on: [appointment.noshow], key: appointment}", func(s *sim) {
			d := appointment("a1")
			d.Appointment.Version = 2
			s.happens(events.AppointmentBooked, booking("a1", s.now))
			s.happens(events.AppointmentNoShow, d)
		}, AlreadyBegan},
		"the same client":         {"{on: [appointment.noshow], key: client}", func(s *sim) { k, d := noShow("a2"); s.happens(k, d) }, AlreadyBegan},
		"the same client, a year": {"{on: [appointment.noshow], key: client}", func(s *sim) { s.pass(367 * day); k, d := noShow("a2"); s.happens(k, d) }, Started},
		"the same episode":        {"{on: [appointment.noshow], key: episode}", func(s *sim) { k, d := noShow("a2"); s.happens(k, d) }, AlreadyBegan},
		"another episode": {"{on: [appointment.noshow], key: episode}", func(s *sim) {
			s.happens(events.AppointmentAttended, appointment("a9"))
			s.pass(day)
			k, d := noShow("a2")
			s.happens(k, d)
		}, Started},
		"again, too soon":          {"{on: [appointment.noshow], again: 60d}", func(s *sim) { k, d := noShow("a2"); s.happens(k, d) }, BeganRecently},
		"again, late enough":       {"{on: [appointment.noshow], again: 60d}", func(s *sim) { s.pass(61 * day); k, d := noShow("a2"); s.happens(k, d) }, Started},
		"a stop that holds before": {"{on: [appointment.noshow]}\nstop: [{when: 'count(\"appointment.noshow\", \"60d\") > 1', outcome: x}]", func(s *sim) { k, d := noShow("a2"); s.happens(k, d) }, StopHolds},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(t, chicago(t, "2026-06-01 10:00"), oneWorkflow(t, tc.start, "steps:\n  - end: over\n"))
			s.happens(events.ClientUpdated, clientData(friendly()))
			k, d := noShow("a1")
			if dec := s.happens(k, d); !noted(dec, WhatJourney, Started) {
				t.Fatalf("nothing starts: %+v", dec.Notes)
			}
			s.pass(2 * day)
			tc.again(s)
			if dec := s.steps[len(s.steps)-1].dec; !noted(dec, WhatJourney, tc.want) {
				t.Errorf("want %s: %+v", tc.want, dec.Notes)
			}
		})
	}
}

// TestStartLimitsNeverSilence a question about safety: what keeps it from being
// asked again makes a task.
func TestStartLimitsNeverSilence(t *testing.T) {
	c := oneWorkflow(t, "{on: [appointment.noshow], key: client}", "steps:\n  - escalate: {id: ask, policy: safety, question: high-risk-no-show}\n")
	s := newSim(t, chicago(t, "2026-06-01 10:00"), c)
	s.happens(events.ClientUpdated, clientData(atRisk()))
	s.happens(events.AppointmentNoShow, appointment("a1"))
	s.happens(events.EscalationClosed, events.Data{Escalation: &events.EscalationAct{ID: s.openEscalation().ID, By: "amara", Outcome: events.OutcomeReachedSafe}})
	s.pass(3 * 24 * time.Hour)
	s.happens(events.AppointmentNoShow, appointment("a2"))
	if got := strings.Join(s.openTasks(), " "); got != "no-show-at-risk" {
		t.Errorf("tasks %q: nobody hears of the second one", got)
	}
}

// TestGoals: met within the span, before the journey's end or after; missed
// otherwise, and said once.
func TestGoals(t *testing.T) {
	const day = 24 * time.Hour
	c := oneWorkflow(t, "{on: [client.signal]}", "goal: {on: [appointment.attended], within: 30d}\nsteps:\n  - wait: 2d\n  - end: over\n")
	for name, tc := range map[string]struct {
		seen        time.Duration // 0 for never
		met, missed int
	}{
		"during the journey": {day, 1, 0},
		"after its end":      {20 * day, 1, 0},
		"too late":           {33 * day, 0, 1},
		"never":              {0, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(t, chicago(t, "2026-06-01 10:00"), c)
			s.happens(events.ClientUpdated, clientData(friendly()))
			s.happens(events.ClientSignal, signal("diary"))
			if tc.seen > 0 {
				s.pass(tc.seen)
				s.happens(events.AppointmentAttended, appointment("a1"))
			}
			s.pass(60 * day)
			s.happens(events.ClientUpdated, clientData(friendly()))
			if met, missed := s.everNoted(WhatJourney, GoalMet), s.everNoted(WhatJourney, GoalMissed); met != tc.met || missed != tc.missed {
				t.Errorf("met %d times, missed %d times; want %d and %d", met, missed, tc.met, tc.missed)
			}
			if len(s.state.Goals) != 0 {
				t.Errorf("still watched: %+v", s.state.Goals)
			}
		})
	}
}
