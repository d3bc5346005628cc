package scenario_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/library"
	"github.com/mooring-care/mooring/workflows/sample"
	"github.com/mooring-care/mooring/workflows/scenario"
)

// tried is the sample clinic with a built-in workflow changed.
func tried(t *testing.T, name, old, replaced string) *workflows.Clinic {
	t.Helper()
	src := string(library.Files()[name+".yaml"])
	if !strings.Contains(src, old) {
		t.Fatalf("%s has no %q", name, old)
	}
	c, _, err := workflows.ReadTrial(sample.FS, sample.ID, name+".yaml", []byte(strings.Replace(src, old, replaced, 1)))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// made is a made-up history of some clients, each minute a whole one.
func made(r *rand.Rand, clients int) [][]events.Event {
	start := time.Date(2026, 3, 2, 15, 0, 0, 0, time.UTC)
	out := make([][]events.Event, clients)
	for i := range out {
		at, n := start.Add(time.Duration(r.IntN(600))*time.Minute), 0
		says := func(kind events.Kind, at time.Time, data events.Data) {
			n++
			ehr := fmt.Sprint("ehr-", i)
			out[i] = append(out[i], events.Event{
				ID: fmt.Sprintf("%d-%d", i, n), Source: "ehr", Clinic: sample.ID, Client: ehr, Key: events.ClientKey([]byte("made up"), sample.ID, ehr),
				Kind: kind, Time: at, Data: data,
			})
		}
		says(events.ClientUpdated, at, events.Data{Client: somebody(r, i%10 == 3)})
		for visit := range 1 + r.IntN(4) {
			at = at.Add(time.Duration(60+r.IntN(6000)) * time.Minute)
			begins := at.Add(time.Duration(26+r.IntN(30)) * time.Hour)
			a := func() *events.Appointment { return &events.Appointment{ID: fmt.Sprint("a", visit), Start: &begins} }
			says(events.AppointmentBooked, at, events.Data{Appointment: a()})
			switch r.IntN(4) {
			case 0:
				says(events.AppointmentNoShow, begins.Add(time.Hour), events.Data{Appointment: a()})
			case 1:
				says(events.AppointmentAttended, begins.Add(time.Hour), events.Data{Appointment: a()})
			default:
				off := a()
				off.By = events.ByClient
				says(events.AppointmentCancelled, at.Add(90*time.Minute), events.Data{Appointment: off})
			}
			at = begins.Add(2 * time.Hour)
		}
		if r.IntN(6) == 0 {
			says(events.MessageReplied, at.Add(90*time.Minute), events.Data{})
		}
	}
	return out
}

func somebody(r *rand.Rand, atRisk bool) *events.Client {
	name, email, yes, risk, status, clinician := "Sam", "sam@client.example", true, events.RiskNone, events.StatusActive, "amara"
	consent := events.ConsentGranted
	if r.IntN(8) == 0 {
		consent = events.ConsentUnknown
	}
	if atRisk {
		risk = events.RiskHigh
	}
	return &events.Client{
		FirstName: &name, Email: &email, EmailVerified: &yes, Clinician: &clinician, Risk: &risk, Status: &status,
		Consent: &events.Consent{Outreach: &events.ConsentRecord{State: consent}},
	}
}

// brute decides a history without any timer: each minute it asks the state whether
// something is due, and lets every ladder and reminder go on. It counts in the states
// and effects.
type brute struct {
	clinic                            *workflows.Clinic
	messages                          map[[2]string]int
	reached                           map[[2]string]int
	spread                            map[int]int
	weeks                             map[string]scenario.WeekTally
	tasks, escalations, capped, begun int
}

func newBrute(c *workflows.Clinic) *brute {
	return &brute{clinic: c, messages: map[[2]string]int{}, reached: map[[2]string]int{}, spread: map[int]int{}, weeks: map[string]scenario.WeekTally{}}
}

func (b *brute) Current() *workflows.Clinic { return b.clinic }

func (b *brute) At(version string) *workflows.Clinic {
	if version == b.clinic.Version {
		return b.clinic
	}
	return nil
}

// came is one thing that somebody would have got, as text: of which sort, and the whole.
type came struct{ sort, all string }

// week adds to the week of a time; days are gone back one at a time.
func (b *brute) week(now time.Time, add func(*scenario.WeekTally)) {
	day := now.In(b.clinic.Zone)
	for day.Weekday() != time.Monday {
		day = day.AddDate(0, 0, -1)
	}
	w := b.weeks[day.Format(time.DateOnly)]
	w.Monday = day.Format(time.DateOnly)
	add(&w)
	b.weeks[w.Monday] = w
}

// live gives what was decided, without ids, but for what is asked of staff again and
// again; and what came of it.
func (b *brute) live(history []events.Event, until time.Time) (said []string, got []came) {
	var s workflows.State
	messages, opened := map[[2]string]int{}, map[string]bool{}
	gets := func(now time.Time, sort, workflow string, what ...any) {
		words := fmt.Sprint(sort, workflow, what)
		got = append(got, came{sort, fmt.Sprint(words, now.UTC())})
	}
	decide := func(ev events.Event, now time.Time) {
		dec := workflows.Decide(s, b, ev, now)
		if dec.Nothing {
			return
		}
		s = dec.State
		for _, e := range dec.Effects {
			if e.Enqueue != nil && e.Enqueue.Message.Person == "" {
				m := e.Enqueue.Message
				messages[[2]string{m.Workflow, m.Template}]++
				b.week(now, func(w *scenario.WeekTally) { w.Messages++ })
				gets(now, "mail", m.Workflow, m.Template, m.Wording)
			}
		}
		for i := range s.Tasks {
			if id := s.Tasks[i].ID; !opened[id] {
				opened[id] = true
				b.tasks++
				b.week(now, func(w *scenario.WeekTally) { w.Tasks++ })
				got = append(got, came{sort: "task"})
			}
		}
		for i := range s.Escalations {
			if id := s.Escalations[i].ID; !opened[id] {
				opened[id] = true
				b.escalations++
				b.week(now, func(w *scenario.WeekTally) { w.Escalations++ })
				got = append(got, came{sort: "escalation"})
			}
		}
		for _, n := range dec.Notes {
			if n.Reason == workflows.CapReached {
				b.capped++
				b.week(now, func(w *scenario.WeekTally) { w.Capped++ })
				gets(now, "cap", n.Workflow, n.Detail, "")
			}
			if n.Reason == workflows.Started {
				b.begun++
			}
			if n.What == workflows.WhatEscalation || n.Reason == workflows.TaskOverdue || n.Reason == workflows.Covered {
				continue
			}
			n.Subject = ""
			said = append(said, fmt.Sprint(now, ev.Kind, n))
		}
	}
	for now, next := history[0].Time, 0; !now.After(until); now = now.Add(time.Minute) {
		for due := s.Next(); !due.IsZero() && !due.After(now); due = s.Next() {
			decide(events.Event{ID: "due", Source: "brute", Clinic: sample.ID, Key: history[0].Key, Kind: events.TimerDue, Time: now}, now)
		}
		for ; next < len(history) && history[next].Time.Equal(now); next++ {
			decide(history[next], now)
		}
	}
	sum := 0
	for k, n := range messages {
		b.messages[k] += n
		b.reached[k]++
		sum += n
	}
	b.spread[sum]++
	return said, got
}

// TestCompareCounts: what a comparison counts is what is counted minute by minute,
// and the clients for whom it differs are the same ones. Ladders go on in the one and
// not in the other, and that changes nothing that is counted.
func TestCompareCounts(t *testing.T) {
	before, after := sampleClinic(t), tried(t, "late-cancellation", "  - wait: {since_start: 4h}\n  - send: {template: A, id: notice}\n", "  - wait: {since_start: 2h}\n")
	clients := made(rand.New(rand.NewPCG(7, 11)), 40)
	until := time.Date(2026, 4, 15, 0, 0, 0, 0, time.UTC)
	got := holdsBrute(t, before, after, clients, until)
	if n := len(got.Differ); n < 5 || n == len(clients) {
		t.Errorf("it differs for %d clients", n)
	}
	for _, n := range []int{got.Before.Tasks, got.Before.Escalations, got.Before.Capped, got.Before.Messages} {
		if n == 0 {
			t.Errorf("something never comes up: %+v", got.Before)
		}
	}
	if was, is := got.Before.Find("late-cancellation"), got.After.Find("late-cancellation"); was.Find("A").Messages == 0 || is.Find("A").Messages != 0 || is.Find("B").Messages == 0 {
		t.Errorf("without the first note it sends %+v, before %+v", is, was)
	}
}

// TestCompareCountsAnything: the same for histories and drafts of any kind.
func TestCompareCountsAnything(t *testing.T) {
	before := sampleClinic(t)
	drafts := []*workflows.Clinic{
		before,
		tried(t, "late-cancellation", "{since_start: 4h}", "{since_start: 30h}"),
		tried(t, "first-no-show", "{since_start: 3h}", "{since_start: 5h}"),
		tried(t, "late-cancellation", "template: A, id: notice", "template: B, id: notice"),
		tried(t, "disengaged", "for: 21d", "for: 9d"),
	}
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		clients := made(r, rapid.IntRange(1, 2).Draw(t, "clients"))
		after := rapid.SampledFrom(drafts).Draw(t, "draft")
		days := rapid.IntRange(10, 24).Draw(t, "days")
		holdsBrute(t, before, after, clients, time.Date(2026, 3, 3+days, 0, 0, 0, 0, time.UTC))
	})
}

type failing interface {
	Helper()
	Errorf(format string, args ...any)
	Fatal(args ...any)
}

// holdsBrute compares with one hand and with three, and holds both against what is
// counted slowly.
func holdsBrute(t failing, before, after *workflows.Clinic, clients [][]events.Event, until time.Time) scenario.Comparison {
	t.Helper()
	latest := clients[0][0].Time
	for _, history := range clients {
		latest = slices.MaxFunc([]time.Time{latest, history[len(history)-1].Time}, time.Time.Compare)
	}
	if until.Before(latest) {
		until = latest
	}
	o := scenario.Options{Until: until, Hands: 1, All: true}
	got, err := scenario.Compare(context.Background(), before, after, scenario.Histories(clients), o)
	if err != nil {
		t.Fatal(err)
	}
	o.Hands = 3
	if three, err := scenario.Compare(context.Background(), before, after, scenario.Histories(clients), o); err != nil || !reflect.DeepEqual(got, three) {
		t.Errorf("three hands come to something else than one (%v):\n%+v\n%+v", err, three, got)
	}
	var told [2][][]string
	var things [2][][]came
	for side, c := range []*workflows.Clinic{before, after} {
		b := newBrute(c)
		for _, history := range clients {
			said, come := b.live(history, until)
			told[side], things[side] = append(told[side], said), append(things[side], come)
		}
		tally := got.Before
		if side == 1 {
			tally = got.After
		}
		b.holds(t, tally)
	}
	var differ, want []int
	for _, p := range got.Differ {
		differ = append(differ, p.Client)
	}
	for i := range clients {
		if !slices.Equal(told[0][i], told[1][i]) {
			want = append(want, i)
		}
		holdsChanges(t, i, got.Changes, things[0][i], things[1][i])
	}
	if !slices.Equal(differ, want) {
		t.Errorf("it differs for %v, counted for %v", differ, want)
	}
	return got
}

// holdsChanges: each thing of either side stands in one change, what is the same to
// the minute is called the same, and nothing is called added that is removed elsewhere.
func holdsChanges(t failing, client int, all []scenario.Change, was, is []came) {
	t.Helper()
	sides := [2]map[string]int{{}, {}}
	same := 0
	var added, removed []string
	for _, c := range all {
		if c.Client != client {
			continue
		}
		for side, d := range []*scenario.Doing{c.Before, c.After} {
			if d != nil {
				sides[side][string(d.What)]++
			}
		}
		mail := c.One().What == scenario.SortMail || c.One().What == scenario.SortCap
		words := fmt.Sprint(c.One().What, c.One().Workflow, []any{c.One().About, c.One().Wording})
		switch {
		case len(c.How) == 0 && mail:
			same++
		case slices.Contains(c.How, scenario.Added) && mail:
			added = append(added, words)
		case slices.Contains(c.How, scenario.Removed) && mail:
			removed = append(removed, words)
		}
		if (c.Before == nil) != slices.Contains(c.How, scenario.Added) || (c.After == nil) != slices.Contains(c.How, scenario.Removed) {
			t.Errorf("%v is said of %+v and %+v", c.How, c.Before, c.After)
		}
	}
	counted := [2]map[string]int{{}, {}}
	left := map[string]int{}
	for _, x := range was {
		counted[0][x.sort]++
		left[x.all]++
	}
	both := 0
	for _, x := range is {
		counted[1][x.sort]++
		if x.all != "" && left[x.all] > 0 {
			left[x.all]--
			both++
		}
	}
	if !reflect.DeepEqual(sides, counted) || same != both {
		t.Errorf("changes have %v and %d the same, counted %v and %d", sides, same, counted, both)
	}
	for _, x := range added {
		if slices.Contains(removed, x) {
			t.Errorf("%s is both added and removed", x)
		}
	}
}

// holds compares a tally with what was counted.
func (b *brute) holds(t failing, tally scenario.Tally) {
	t.Helper()
	messages, reached, begun := map[[2]string]int{}, map[[2]string]int{}, 0
	for _, w := range tally.Workflows {
		begun += w.Journeys
		for _, f := range w.Families {
			messages[[2]string{w.Workflow, f.Family}] = f.Messages
			reached[[2]string{w.Workflow, f.Family}] = f.Reached
		}
	}
	if !reflect.DeepEqual(messages, b.messages) || !reflect.DeepEqual(reached, b.reached) {
		t.Errorf("messages %v to %v clients, counted %v to %v", messages, reached, b.messages, b.reached)
	}
	spread, weeks := map[int]int{}, map[string]scenario.WeekTally{}
	for _, s := range tally.Spread {
		spread[s.Messages] = s.Clients
	}
	for _, w := range tally.Weeks {
		weeks[w.Monday] = w
	}
	if !reflect.DeepEqual(spread, b.spread) || !reflect.DeepEqual(weeks, b.weeks) {
		t.Errorf("spread %v over weeks %v, counted %v over %v", spread, weeks, b.spread, b.weeks)
	}
	var each []int
	sum := 0
	for n, clients := range b.spread {
		sum += n * clients
		for range clients {
			if n > 0 {
				each = append(each, n)
			}
		}
	}
	slices.Sort(each)
	below, above, most := 0, 0, 0
	for _, n := range each {
		most = n
		switch cmp.Compare(float64(n), tally.Median) {
		case -1:
			below++
		case 1:
			above++
		}
	}
	if half := len(each) / 2; below > half || above > half || tally.Most != most || tally.Reached != len(each) || tally.Messages != sum {
		t.Errorf("median %v, most %d of %d clients; counted %v", tally.Median, tally.Most, tally.Reached, each)
	}
	for what, n := range map[string][2]int{
		"tasks": {tally.Tasks, b.tasks}, "escalations": {tally.Escalations, b.escalations}, "dropped by the cap": {tally.Capped, b.capped}, "journeys": {begun, b.begun},
	} {
		if n[0] != n[1] {
			t.Errorf("%s: %d, counted %d", what, n[0], n[1])
		}
	}
}

// TestCompareSaysWhereItParts: the first line that differs, with its reason, and
// the end of a timeline that is shorter.
func TestCompareSaysWhereItParts(t *testing.T) {
	at := time.Date(2026, 6, 1, 15, 0, 0, 0, time.UTC)
	begins := at.Add(36 * time.Hour)
	says := func(id string, kind events.Kind, data events.Data) events.Event {
		return events.Event{ID: id, Source: "ehr", Clinic: sample.ID, Client: "8421", Key: "kclient2345abcdefghijklmno", Kind: kind, Time: at, Data: data}
	}
	one := []events.Event{
		says("1", events.ClientUpdated, events.Data{Client: somebody(rand.New(rand.NewPCG(1, 1)), false)}),
		says("2", events.AppointmentCancelled, events.Data{Appointment: &events.Appointment{ID: "a", Start: &begins, By: events.ByClient}}),
	}
	quiet := []events.Event{one[0]}
	before := sampleClinic(t)
	shorter := tried(t, "late-cancellation", "  - task: {id: call, what: call-client, owner: assigned, due: 24h}\n", "")
	until := at.Add(9 * 24 * time.Hour)
	got, err := scenario.Compare(t.Context(), before, shorter, scenario.Histories{quiet, one}, scenario.Options{Until: until})
	if err != nil || len(got.Differ) != 1 || got.Differ[0].Client != 1 {
		t.Fatalf("%v: %+v", err, got.Differ)
	}
	p := got.Differ[0]
	if p.Before == nil || p.Before.Reason != workflows.TaskOpened || p.Before.Words != "somebody is asked to do this" ||
		p.Before.Text != "task task-opened late-cancellation/call call-client $t1 (amara) until Tue 9 Jun 10:00 CDT" {
		t.Errorf("before it is %+v", p.Before)
	}
	if p.After == nil || p.After.Text != "journey finished late-cancellation/6 not-rebooked" || !p.After.At.Equal(at.Add(7*24*time.Hour)) {
		t.Errorf("after it is %+v", p.After)
	}
	if got, err = scenario.Compare(t.Context(), before, before, scenario.Histories{one, {}}, scenario.Options{Until: until}); err != nil || len(got.Differ) != 0 {
		t.Errorf("%v: the same clinic differs: %+v", err, got.Differ)
	}
	// What a new workflow adds at the end stands beside nothing.
	src := "workflow: later\ntitle: Later\nwhy: It stands in a test.\nstart: {absence: {of: appointment.cancelled, for: 174h}}\nsteps: [{end: told}]\n"
	longer, _, err := workflows.ReadTrial(sample.FS, sample.ID, "later.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	got, err = scenario.Compare(t.Context(), before, longer, scenario.Histories{one}, scenario.Options{Until: at.Add(180 * time.Hour)})
	if err != nil || len(got.Differ) != 1 || got.Differ[0].Before != nil || got.Differ[0].After == nil || got.Differ[0].After.Text != "journey started later" {
		t.Errorf("%v: %+v", err, got.Differ)
	}
}
