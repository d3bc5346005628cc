package scenario_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/sample"
	"github.com/mooring-care/mooring/workflows/scenario"
)

var update = flag.Bool("update", false, "write the timelines of the stories and scenarios anew")

func sampleClinic(tb testing.TB) *workflows.Clinic {
	tb.Helper()
	c, err := workflows.ReadClinic(sample.FS, sample.ID)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// TestStories tells the rules' stories and the scenarios of the built-in
// workflows: each file is the timeline that somebody has read and approved. The
// calendar's have a clinic of their own, with hours, holidays and leave.
func TestStories(t *testing.T) {
	calendar, err := workflows.ReadClinic(os.DirFS("../testdata/calendar"), sample.ID)
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	for _, pattern := range []string{"../testdata/stories/*.txt", "../library/*.scenario.txt", "../testdata/calendar-stories/*.txt"} {
		clinic := sampleClinic(t)
		if strings.Contains(pattern, "calendar") {
			clinic = calendar
		}
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		told += len(files)
		for _, file := range files {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
				raw, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				got, err := scenario.Tell(clinic, file, string(raw))
				if err != nil {
					t.Fatal(err)
				}
				if got == string(raw) {
					return
				}
				if *update {
					if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
					return
				}
				t.Errorf("the story went differently (-update writes it anew):\n%s", scenario.FirstDifference(string(raw), got))
			})
		}
	}
	if told == 0 {
		t.Fatal("no stories")
	}
}

// TestEveryBuiltInHasAScenario: beside each built-in workflow stands a scenario
// in which it begins, and in which each of its messages, tasks and questions is
// met once.
func TestEveryBuiltInHasAScenario(t *testing.T) {
	clinic := sampleClinic(t)
	if len(clinic.Workflows) < 12 {
		t.Fatalf("%d built-in workflows", len(clinic.Workflows))
	}
	for _, w := range clinic.Workflows {
		raw, err := os.ReadFile("../library/" + w.Name + ".scenario.txt")
		if err != nil {
			t.Errorf("the workflow %s has no scenario: %v", w.Name, err)
			continue
		}
		file, err := os.ReadFile("../library/" + w.Name + ".yaml")
		if err != nil || len(w.Sources) == 0 || !strings.Contains(string(file), "\n# Defaults, for a clinic to change: ") {
			t.Errorf("the workflow %s does not say what it rests on, or what is for a clinic to change: %q, %v", w.Name, w.Sources, err)
		}
		told := string(raw)
		if !strings.Contains(told, "journey started "+w.Name+"\n") {
			t.Errorf("the scenario of %s never begins a journey", w.Name)
		}
		for _, st := range w.Program {
			var want string
			switch st.Kind {
			case workflows.StepSend:
				want = "message asked " + w.Name + "/" + st.ID + " "
			case workflows.StepTask:
				want = "task task-opened " + w.Name + "/" + st.ID + " "
			case workflows.StepEscalate:
				want = "escalation safety-question " + st.Escalate.Question
			case workflows.StepEnd:
				want = "journey finished " + w.Name + "/" + st.ID + " "
			default:
				continue
			}
			if !strings.Contains(told, want) {
				t.Errorf("no scenario of %s comes to its step %s: %q", w.Name, st.ID, want)
			}
		}
	}
}

// TestTellRefuses: what a script gets wrong is named with its line.
func TestTellRefuses(t *testing.T) {
	clinic := sampleClinic(t)
	for _, c := range []struct{ name, script, want string }{
		{"no time", "# one\n> tomorrow known", "x.txt:2: \"tomorrow known\": a time such as"},
		{"no such kind", "> 2026-03-02 10:00 appointment.missed", "unknown event kind \"appointment.missed\""},
		{"no such field", "> 2026-03-02 10:00 known {rsik: none}", `unknown field "rsik"`},
		{"not valid", "> 2026-03-02 10:00 appointment.noshow", "data.appointment.id"},
		{"backwards", "> 2026-03-02 10:00 known\n> 2026-03-01 10:00 known", "x.txt:2: time goes on"},
		{"until backwards", "> 2026-03-02 10:00 known\n> until 2026-03-01 10:00", "x.txt:2: time goes on"},
		{"broken data", "> 2026-03-02 10:00 known {risk", "cannot be read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := scenario.Tell(clinic, "x.txt", c.script)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v, want one with %q", err, c.want)
			}
		})
	}
}

// FuzzTell: no script makes it panic or spin.
func FuzzTell(f *testing.F) {
	f.Add("## one\n> 2026-03-02 09:30 known\n> 2026-03-02 10:00 appointment.noshow {appointment: {id: a1}}\n> until 2026-03-20 00:00\n> look\n")
	f.Add("> outage 2026-03-02 09:30\n> 2026-03-02 09:30 at 2026-03-01 09:30 safety.concern {concern: {level: immediate}}")
	clinic := sampleClinic(f)
	f.Fuzz(func(t *testing.T, script string) {
		if strings.Count(script, ">") > 5 || strings.Contains(script, "until") && !strings.Contains(script, "until 2026-") ||
			strings.Contains(script, "outage") && !strings.Contains(script, "outage 2026-") {
			return // centuries of reminders take their time
		}
		told, err := scenario.Tell(clinic, "f", script)
		if err != nil {
			return
		}
		again, err := scenario.Tell(clinic, "f", told)
		if err != nil || again != told {
			t.Errorf("told twice it differs: %v\n%s", err, scenario.FirstDifference(told, again))
		}
	})
}

// TestTellDatesNothingAhead: what a sender dates ahead happens now, as it does for
// the running program, and what is said later wins.
func TestTellDatesNothingAhead(t *testing.T) {
	script := "## A clock that runs ahead\n" +
		"> 2026-06-01 09:00 at 2099-01-01 00:00 known\n" +
		"> 2026-06-01 09:05 client.updated {client: {consent: {outreach: {state: withdrawn}}}}\n" +
		"> 2026-06-01 10:00 client.signal {signal: {name: diary}}\n"
	got, err := scenario.Tell(sampleClinic(t), "ahead.txt", script)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(got, "message consent-withdrawn disengaged/normalise") {
		t.Errorf("a consent from the future stands:\n%s", got)
	}
}
