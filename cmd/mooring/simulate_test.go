package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A workflow that nobody has approved, and what becomes of it.
const (
	triedYAML = "workflow: slower\ntitle: Slower\nwhy: It stands in a test.\nprecedence: 41\nstart: {on: [client.signal]}\n" +
		"steps:\n  - wait: 4h\n  - send: {template: B, id: first}\n  - end: told\n"
	triedScript = "# A try.\n\n## One\n> 2026-06-01 09:00 known\n> 2026-06-01 10:00 client.signal {signal: {name: diary}}\n> until 2026-06-03 00:00\n> look\n"
	triedTold   = `# A try.

## One
> 2026-06-01 09:00 known
  Mon 1 Jun 09:00 CDT: client.updated
    client nothing-follows
> 2026-06-01 10:00 client.signal {signal: {name: diary}}
  Mon 1 Jun 10:00 CDT: client.signal
    journey started slower
    step waits-until slower/1 until Mon 1 Jun 14:00 CDT
    journey stronger-runs disengaged slower
> until 2026-06-03 00:00
  Mon 1 Jun 14:00 CDT: timer.due
    message asked slower/first B $m1
    journey finished slower/3 told
> look
` + "  look $m1: wanted false too-late\n"
)

// write writes a file below a folder of the test's own.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestSimulate: a draft's timeline is told, compared and written, with nothing
// running and nothing made.
func TestSimulate(t *testing.T) {
	settle(t, "")
	draft, script := write(t, t.TempDir(), "slower.yaml", triedYAML), write(t, t.TempDir(), "try.txt", triedScript)
	if out := done(t, "simulate", draft, script); out != triedTold {
		t.Errorf("it tells\n%s", out)
	}
	fails(t, exitWrong, "try.txt:5: the file's timeline is not the one that was decided\nfile    > 2026-06-01 10:00 client.signal {signal: {name: diary}}\ndecided   Mon 1 Jun 09:00 CDT: client.updated", "simulate", draft, script, "--check")
	if now, err := os.ReadFile(script); err != nil || string(now) != triedScript {
		t.Errorf("%v: a comparison changed the file:\n%s", err, now)
	}
	if out := done(t, "simulate", draft, script, "--write"); !strings.HasSuffix(out, "try.txt: written anew\n") {
		t.Error(out)
	}
	if now, err := os.ReadFile(script); err != nil || string(now) != triedTold {
		t.Errorf("%v: written is\n%s", err, now)
	}
	if out := done(t, "simulate", draft, script, "--write"); !strings.HasSuffix(out, "as decided, nothing was written\n") {
		t.Error(out)
	}
	if out := done(t, "simulate", draft, script, "--check"); !strings.HasSuffix(out, "try.txt: as decided\n") {
		t.Error(out)
	}
	page := filepath.Join(t.TempDir(), "try.html")
	if out := done(t, "simulate", draft, script, "--html", page); out != page+": written\n" {
		t.Error(out)
	}
	if text, err := os.ReadFile(page); err != nil || !strings.Contains(string(text), "Slower: what would happen") {
		t.Errorf("the page: %v\n%.300s", err, text)
	}
	for _, over := range []string{draft, script} {
		fails(t, exitMisuse, "would write over what is read", "simulate", draft, script, "--html", over)
	}
	fails(t, exitWrong, "this is no scenario", "simulate", draft, draft, "--write")
	for _, slip := range []string{" > 2026-06-01 09:00 known", "2026-06-01 09:00 known"} {
		off := write(t, t.TempDir(), "off.txt", "## One\n> 2026-06-01 08:00 known\n"+slip+"\n")
		fails(t, exitWrong, "off.txt:3: this looks like something that happens", "simulate", draft, off)
	}
	nobody := write(t, t.TempDir(), "nobody.txt", "> 2026-06-01 08:00 known\n> 2026-06-01 09:00 task.done {task: {id: $t9, by: amara}}\n")
	fails(t, exitWrong, "nobody.txt:2: $t9 has not come up in this chapter", "simulate", draft, nobody)
	crlf := write(t, t.TempDir(), "crlf.txt", strings.ReplaceAll(triedTold, "\n", "\r\n"))
	done(t, "simulate", draft, crlf, "--check")
	if _, err := os.Stat(os.Getenv("MOORING_DATA")); !os.IsNotExist(err) {
		t.Errorf("a simulation made the data folder: %v", err)
	}
}

// TestSimulateJSON: programs read the same timeline.
func TestSimulateJSON(t *testing.T) {
	settle(t, "")
	draft, script := write(t, t.TempDir(), "slower.yaml", triedYAML), write(t, t.TempDir(), "try.txt", triedScript)
	var list []struct {
		Chapter string
		Line    int
		At      time.Time
		Event   string
		Notes   []map[string]string
		Look    map[string]any
	}
	if err := json.Unmarshal([]byte(done(t, "simulate", draft, script, "--json")), &list); err != nil || len(list) != 4 {
		t.Fatalf("%v: %+v", err, list)
	}
	due := list[2]
	if due.Chapter != "One" || due.Line != 6 || due.Event != "timer.due" || !due.At.Equal(time.Date(2026, 6, 1, 19, 0, 0, 0, time.UTC)) || len(due.Notes) != 2 {
		t.Fatalf("%+v", due)
	}
	for key, want := range map[string]string{
		"what": "message", "reason": "asked", "words": "on its way", "workflow": "slower", "step": "first", "detail": "B", "subject": "$m1",
	} {
		if got := due.Notes[0][key]; got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if look := list[3].Look; list[3].Event != "" || look["message"] != "$m1" || look["wanted"] != false || look["reason"] != "too-late" {
		t.Errorf("the look is %+v", list[3])
	}
	empty := write(t, t.TempDir(), "empty.txt", "# Nothing happens.\n")
	c := call(t, "simulate", draft, empty, "--json")
	if c.code != exitDone || c.out != "[]\n" || !strings.Contains(c.err, "The workflow slower comes up nowhere in this scenario.") {
		t.Errorf("exit %d: %s%s", c.code, c.out, c.err)
	}
}

// TestSimulateBuiltIns: the built-in workflows tell the scenarios that they come
// with, by name and by file.
func TestSimulateBuiltIns(t *testing.T) {
	settle(t, "")
	scenarios, err := filepath.Glob(filepath.Join("..", "..", "workflows", "library", "*.scenario.txt"))
	if err != nil || len(scenarios) < 14 {
		t.Fatal(len(scenarios), err)
	}
	for _, file := range scenarios {
		workflow := strings.TrimSuffix(file, ".scenario.txt")
		done(t, "simulate", filepath.Base(workflow), file, "--check")
		done(t, "simulate", workflow+".yaml", file, "--check")
	}
}

// TestSimulateInAClinic: a draft is tried among the workflows of the clinic's
// folder that it lies in, or of the one that is named.
func TestSimulateInAClinic(t *testing.T) {
	settle(t, "")
	dir := t.TempDir()
	clinic, err := os.ReadFile(filepath.Join("..", "..", "workflows", "sample", "clinic.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "quay/clinic.yaml", strings.Replace(string(clinic), "America/Chicago", "Europe/Dublin", 1))
	inside := write(t, dir, "quay/workflows/slower.yaml", triedYAML)
	stronger := write(t, dir, "quay/workflows/stronger.yaml", strings.Replace(strings.Replace(triedYAML, "slower", "stronger", 1), "41", "42", 1))
	done(t, "workflow", "approve", stronger, "--by", "Ruth")
	script := write(t, dir, "try.txt", triedScript)
	for _, out := range []string{
		done(t, "simulate", inside, script),
		done(t, "simulate", write(t, dir, "slower.yaml", triedYAML), script, "--clinic-dir", filepath.Join(dir, "quay")),
		done(t, "simulate", "slower", script, "--clinic-dir", filepath.Join(dir, "quay")),
	} {
		if !strings.Contains(out, "10:00 IST: client.signal\n    journey started stronger\n") || !strings.Contains(out, "journey stronger-runs slower stronger\n") {
			t.Errorf("among the clinic's own it tells\n%s", out)
		}
	}
	same := write(t, dir, "another.yaml", strings.Replace(strings.Replace(triedYAML, "slower", "another", 1), "41", "42", 1))
	fails(t, exitWrong, "another.yaml:4:13: the workflow `stronger` has the precedence 42 too", "simulate", same, script, "--clinic-dir", filepath.Join(dir, "quay"))
	fails(t, exitWrong, "is no clinic's folder", "simulate", same, script, "--clinic-dir", dir)
	fails(t, exitWrong, "late-cancellation, missed-check-in, not-safe, rebooking-courtesy, repeated-no-show, same-day-cancellation, screening, slower, stronger.", "simulate", "swifter", script, "--clinic-dir", filepath.Join(dir, "quay"))
}

func TestSimulateRefuses(t *testing.T) {
	settle(t, "")
	dir := t.TempDir()
	draft, script := write(t, dir, "slower.yaml", triedYAML), write(t, dir, "try.txt", triedScript)
	wording := write(t, dir, "worded/slower.yaml", strings.Replace(triedYAML, "template: B", "template: B, wording: warmer", 1))
	for _, tc := range []struct {
		name, words string
		code        int
		args        []string
	}{
		{"no scenario", "<scenario>", exitMisuse, []string{draft}},
		{"two ways", "--check and --write", exitMisuse, []string{draft, script, "--check", "--write"}},
		{"no such scenario", "none.txt: no such file", exitWrong, []string{draft, filepath.Join(dir, "none.txt")}},
		{"no such file", "none.yaml: no such file", exitWrong, []string{filepath.Join(dir, "none.yaml"), script}},
		{"no such name", `there is no workflow "slwer"`, exitWrong, []string{"slwer", script}},
		{"a wrong draft", "wrong.yaml:2:1: unknown key `tilte`", exitWrong, []string{write(t, dir, "wrong.yaml", strings.Replace(strings.Replace(triedYAML, "slower", "wrong", 1), "title", "tilte", 1)), script}},
		{"a wrong line", "wrong.txt:2: unknown event kind", exitWrong, []string{draft, write(t, dir, "wrong.txt", "# Wrong.\n> 2026-06-01 09:00 client.seen\n")}},
		{"a wording that nobody wrote", "slower.yaml:8:34: the step", exitWrong, []string{wording, script}},
		{"no such folder", "is no clinic's folder", exitWrong, []string{draft, script, "--clinic-dir", filepath.Join(dir, "none")}},
	} {
		t.Run(tc.name, func(t *testing.T) { fails(t, tc.code, tc.words, append([]string{"simulate"}, tc.args...)...) })
	}
}
