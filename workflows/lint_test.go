package workflows

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/finding"
	"github.com/mooring-care/mooring/workflows/library"
)

// TestLintSaysWhatToDo holds what is said of files that can be read and are odd.
func TestLintSaysWhatToDo(t *testing.T) {
	path := filepath.Join("testdata", "lint-workflows.txt")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(raw), "\n== ")
	if len(blocks) < 40 {
		t.Fatalf("%d cases; some were lost", len(blocks)-1)
	}
	out := blocks[0]
	for _, block := range blocks[1:] {
		name, rest, _ := strings.Cut(block, "\n")
		src, want, found := strings.Cut(rest, "\n--\n")
		if !found {
			t.Fatalf("the case %q has no line with --", name)
		}
		var got strings.Builder
		t.Run(name, func(t *testing.T) {
			if _, err := ReadWorkflow("case", []byte(src+"\n")); err != nil {
				t.Fatalf("it cannot be read: %v", err)
			}
			if err := finding.WriteText(&got, "", Lint("case.yaml", []byte(src+"\n"))); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.TrimSpace(want), strings.TrimSpace(got.String())); diff != "" && !*updateGolden {
				t.Errorf("findings differ (-want +got):\n%s", diff)
			}
		})
		out += "\n== " + name + "\n" + src + "\n--\n" + got.String()
	}
	if *updateGolden {
		if err := os.WriteFile(path, []byte(out), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// The built-in workflows have nothing of that kind.
func TestLintOfTheLibrary(t *testing.T) {
	for name, src := range library.Files() {
		if found := Lint(name, src); len(found) > 0 {
			t.Errorf("%s: %v", name, found)
		}
	}
	if found := Lint("case.yaml", []byte("workflow: case\n")); found != nil {
		t.Errorf("of a file with errors: %v", found)
	}
}

// TestFactsKeepTheirBounds: what lies longer back than is kept counts as never, also for
// the first event after a long silence, and no count is larger than is said.
func TestFactsKeepTheirBounds(t *testing.T) {
	s := newSim(t, chicago(t, "2026-03-02 10:00"))
	facts := func(past ...Occurrence) *Facts {
		return newDecider(State{Past: past}, s.dir, events.Event{Kind: events.ClientSignal, Time: s.now}, events.Hash{}, s.now).facts(nil)
	}
	attended := func(days int) Occurrence {
		return Occurrence{Kind: events.AppointmentAttended, At: s.now.AddDate(0, 0, -days)}
	}
	for days, want := range map[int]int{0: 0, 21: 21, 366: 366, 367: -1, 500: -1} {
		if got := facts(attended(days)).DaysSince(events.AppointmentAttended); got != want {
			t.Errorf("%d days ago: %d, want %d", days, got, want)
		}
	}
	many := make([]Occurrence, CountedAtMost+1)
	for i := range many {
		many[i] = attended(1)
	}
	if got := facts(many...).Count(events.AppointmentAttended, 48*time.Hour); got != CountedAtMost {
		t.Errorf("%d of %d are counted", got, len(many))
	}
}

// What no combination of facts makes true, no client makes true, and likewise for false:
// the lint may leave a condition undecided and never speaks ill of one that is sound.
func TestWorldsLeaveNobodyOut(t *testing.T) {
	atoms := []string{
		"flagged", "minor", "late", "same_day", "notice_known", "first_visit", "has_future_appointment", "flagged == true",
		`risk == "high"`, `risk != "none"`, `risk in ["none", "unknown"]`, `status == "active"`, `status_before == ""`,
		`cancelled_by == "client"`, `reason == "stress"`, `reason in ["shame", ""]`, `language == "es"`, `language != ""`,
		`signal == "quiet"`, `"group" in programmes`, `"dbt" in programmes`, `"quieter" in noticed`,
		`kind == "appointment.noshow"`, `kind in ["appointment.cancelled", "client.signal"]`,
		`notice > duration("24h")`, `notice <= duration("36h")`, `duration("48h") > notice`,
		`count("appointment.noshow", "30d") >= 2`, `count("appointment.noshow", "60d") == 1`, `3 > count("appointment.noshow", "60d")`,
		`days_since("appointment.attended") > 21`, `days_since("appointment.attended") == -1`, `late_cancellations("24h", "30d") in [1, 2]`, `late_cancellations("24h", "30d") > 1`,
		"true", "1 > 2",
	}
	decided := 0
	rapid.Check(t, func(rt *rapid.T) {
		var draw func(depth int) string
		draw = func(depth int) string {
			switch n := rapid.IntRange(0, 3).Draw(rt, "shape"); {
			case depth == 0 || n == 0:
				return rapid.SampledFrom(atoms).Draw(rt, "atom")
			case n == 1:
				return "!(" + draw(depth-1) + ")"
			default:
				return "(" + draw(depth-1) + []string{" && ", " || "}[n-2] + draw(depth-1) + ")"
			}
		}
		text := draw(2)
		c, wrong := compileCondition(text)
		if wrong != nil {
			rt.Fatalf("%s: %v", text, wrong)
		}
		f := drawFacts(rt)
		got, err := c.Eval(f)
		if err != nil {
			rt.Fatal(err)
		}
		rows, ok := worlds([]*Condition{c}, nil)
		if !ok {
			return
		}
		decided++
		if never, always := holds(rows, anyOf); got && never || !got && always {
			rt.Fatalf("%s is %v, and in all of %d worlds it is not", text, got, len(rows))
		}
	})
	if decided < 50 {
		t.Errorf("only %d conditions were decided", decided)
	}
}

func drawFacts(rt *rapid.T) *Facts {
	yes := func(name string) bool { return rapid.Bool().Draw(rt, name) }
	one := func(name string, of ...string) string { return rapid.SampledFrom(of).Draw(rt, name) }
	some := func(name string, of ...string) []string {
		return rapid.SliceOfDistinct(rapid.SampledFrom(of), rapid.ID[string]).Draw(rt, name)
	}
	long := rapid.IntRange(0, 5).Draw(rt, "count")
	short := rapid.IntRange(0, long).Draw(rt, "newer")
	late := rapid.IntRange(0, 4).Draw(rt, "late")
	future := yes("future")
	days := rapid.IntRange(-1, 366).Draw(rt, "days")
	return &Facts{
		Kind: events.Kind(one("kind", "appointment.noshow", "appointment.cancelled", "client.signal", "timer.due")),
		Risk: events.Risk(one("risk", "", "none", "elevated", "high")), Status: events.Status(one("status", "", "active", "deceased")),
		StatusBefore: events.Status(one("before", "", "active")), CancelledBy: events.CancelledBy(one("by", "", "client", "provider")),
		Flagged: yes("flagged"), Minor: yes("minor"), FirstVisit: yes("first"),
		Language: one("language", "", "en", "es", "es-MX"), Reason: one("reason", "", "stress", "shame", "overwhelm"), Signal: one("signal", "", "quiet", "loud"),
		Programmes: some("programmes", "group", "dbt", "other"), Noticed: some("noticed", "quieter", "later"),
		Notice: time.Duration(rapid.IntRange(-10, 100).Draw(rt, "notice")) * time.Hour, NoticeKnown: yes("known"),
		HasFutureAppointment: func() bool { return future },
		Count: func(_ events.Kind, within time.Duration) int {
			if within > 30*24*time.Hour {
				return long
			}
			return short
		},
		LateCancellations: func(time.Duration, time.Duration) int { return late },
		DaysSince:         func(events.Kind) int { return days },
	}
}

// Every journey ends: whatever can be written leads from each step to a later one, and
// each wait has a limit or is answered by a human in the end.
func TestEveryJourneyEnds(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := 0
		var steps func(depth int) string
		steps = func(depth int) string {
			var out []string
			for range rapid.IntRange(1, 3).Draw(rt, "steps") {
				n++
				inner := func() string {
					if depth == 0 {
						return "[{send: A}]"
					}
					return steps(depth - 1)
				}
				switch rapid.IntRange(0, 6).Draw(rt, "kind") {
				case 0:
					out = append(out, "{wait: 2d}")
				case 1:
					out = append(out, "{choose: [{when: flagged, steps: "+inner()+"}, {otherwise: "+inner()+"}]}")
				case 2:
					out = append(out, "{wait: {event: [message.replied], limit: 3d, on_event: "+inner()+", on_limit: "+inner()+"}}")
				case 3:
					id := fmt.Sprintf("ask-%d", n)
					out = append(out, "{escalate: {policy: safety, question: why, id: "+id+"}}", "{wait: {event: [escalation.closed], of: "+id+"}}")
				case 4:
					out = append(out, "{split: {ways: [{share: 50, steps: "+inner()+"}, {share: 50, steps: "+inner()+"}]}}")
				case 5:
					out = append(out, "{wait: {event: [message.replied]}}") // refused
				default:
					out = append(out, "{send: {template: A, after: 1h}}")
				}
			}
			return "[" + strings.Join(out, ",\n ") + "]"
		}
		src := "workflow: case\ntitle: A case\nwhy: It is drawn.\nstart: {on: [appointment.noshow]}\nsteps: " + steps(2) + "\n"
		w, err := ReadWorkflow("case", []byte(src))
		if err == nil {
			endsAlways(rt, w)
		} else if !strings.Contains(src, "event: [message.replied]}") {
			rt.Fatalf("refused: %v\n%s", err, src)
		}
	})
	for name, src := range library.Files() {
		w, err := ReadWorkflow(name, src)
		if err != nil {
			t.Fatal(err)
		}
		endsAlways(t, w)
	}
}

func endsAlways(t failer, w *Workflow) {
	for i := range w.Program {
		s := &w.Program[i]
		to := []string{s.Next}
		switch s.Kind {
		case StepWait:
			if len(s.Wait.On) > 0 && !s.Wait.limited() && !s.Wait.answered() {
				t.Fatalf("step %s of %s waits for ever", s.ID, w.Name)
			}
			to = append(to, s.Wait.OnEvent, s.Wait.OnLimit)
		case StepChoose:
			to = append(to, s.Choose.Otherwise)
			for _, b := range s.Choose.Branches {
				to = append(to, b.Then)
			}
		case StepSplit:
			for _, way := range s.Split.Ways {
				to = append(to, way.Then)
			}
		}
		for _, id := range to {
			if at, ok := w.index[id]; id != "" && (!ok || at <= i) {
				t.Fatalf("step %s of %s leads back to %s", s.ID, w.Name, id)
			}
		}
	}
}
