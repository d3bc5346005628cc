package scenario_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

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
func made(clients int) [][]events.Event {
	r := rand.New(rand.NewPCG(7, 11))
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
// something is due. It counts in the states and effects.
type brute struct {
	clinic                            *workflows.Clinic
	messages                          map[[2]string]int
	reached                           map[[2]string]int
	perClient                         []int
	tasks, escalations, capped, begun int
}

func (b *brute) Current() *workflows.Clinic { return b.clinic }

func (b *brute) At(version string) *workflows.Clinic {
	if version == b.clinic.Version {
		return b.clinic
	}
	return nil
}

// live gives what was decided, without ids.
func (b *brute) live(history []events.Event, until time.Time) []string {
	var s workflows.State
	var said []string
	messages, opened := map[[2]string]int{}, map[string]bool{}
	decide := func(ev events.Event, now time.Time) {
		dec := workflows.Decide(s, b, ev, now)
		if dec.Nothing {
			return
		}
		s = dec.State
		for _, e := range dec.Effects {
			if e.Enqueue != nil && e.Enqueue.Message.Person == "" {
				messages[[2]string{e.Enqueue.Message.Workflow, e.Enqueue.Message.Template}]++
			}
		}
		for i := range s.Tasks {
			if id := s.Tasks[i].ID; !opened[id] {
				opened[id] = true
				b.tasks++
			}
		}
		for i := range s.Escalations {
			if id := s.Escalations[i].ID; !opened[id] {
				opened[id] = true
				b.escalations++
			}
		}
		for _, n := range dec.Notes {
			if n.Reason == workflows.CapReached {
				b.capped++
			}
			if n.Reason == workflows.Started {
				b.begun++
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
	if sum > 0 {
		b.perClient = append(b.perClient, sum)
	}
	return said
}

// TestCompareCounts: what a comparison counts is what is counted minute by minute,
// and the clients for whom it differs are the same ones.
func TestCompareCounts(t *testing.T) {
	before, after := sampleClinic(t), tried(t, "late-cancellation", "  - wait: {since_start: 4h}\n  - send: {template: A, id: notice}\n", "  - wait: {since_start: 2h}\n")
	clients := made(40)
	until := time.Date(2026, 4, 15, 0, 0, 0, 0, time.UTC)
	got, err := scenario.Compare(before, after, clients, until)
	if err != nil {
		t.Fatal(err)
	}
	var told [2][][]string
	for side, c := range []*workflows.Clinic{before, after} {
		b := &brute{clinic: c, messages: map[[2]string]int{}, reached: map[[2]string]int{}}
		for _, history := range clients {
			told[side] = append(told[side], b.live(history, until))
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
	}
	if !slices.Equal(differ, want) || len(want) < 5 || len(want) == len(clients) {
		t.Errorf("it differs for %v, counted for %v", differ, want)
	}
	if was, is := got.Before.Find("late-cancellation"), got.After.Find("late-cancellation"); was.Find("A").Messages == 0 || is.Find("A").Messages != 0 || is.Find("B").Messages == 0 {
		t.Errorf("without the first note it sends %+v, before %+v", is, was)
	}
}

// holds compares a tally with what was counted.
func (b *brute) holds(t *testing.T, tally scenario.Tally) {
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
	slices.Sort(b.perClient)
	most := b.perClient[len(b.perClient)-1]
	below, above := 0, 0
	for _, n := range b.perClient {
		switch cmp.Compare(float64(n), tally.Median) {
		case -1:
			below++
		case 1:
			above++
		}
	}
	if half := len(b.perClient) / 2; below > half || above > half || tally.Most != most || tally.Reached != len(b.perClient) {
		t.Errorf("median %v, most %d of %d clients; counted %v", tally.Median, tally.Most, tally.Reached, b.perClient)
	}
	for what, n := range map[string][2]int{
		"tasks": {tally.Tasks, b.tasks}, "escalations": {tally.Escalations, b.escalations}, "dropped by the cap": {tally.Capped, b.capped}, "journeys": {begun, b.begun},
	} {
		if n[0] != n[1] || n[1] == 0 {
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
	got, err := scenario.Compare(before, shorter, [][]events.Event{quiet, one}, until)
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
	if got, err = scenario.Compare(before, before, [][]events.Event{one, {}}, until); err != nil || len(got.Differ) != 0 {
		t.Errorf("%v: the same clinic differs: %+v", err, got.Differ)
	}
	// What a new workflow adds at the end stands beside nothing.
	src := "workflow: later\ntitle: Later\nwhy: It stands in a test.\nstart: {absence: {of: appointment.cancelled, for: 174h}}\nsteps: [{end: told}]\n"
	longer, _, err := workflows.ReadTrial(sample.FS, sample.ID, "later.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	got, err = scenario.Compare(before, longer, [][]events.Event{one}, at.Add(180*time.Hour))
	if err != nil || len(got.Differ) != 1 || got.Differ[0].Before != nil || got.Differ[0].After == nil || got.Differ[0].After.Text != "journey started later" {
		t.Errorf("%v: %+v", err, got.Differ)
	}
}
