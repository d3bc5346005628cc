package workflows

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var updateGolden = flag.Bool("update-definitions", false, "write the golden files of the definition language")

// badCases reads testdata/<file>: blocks that begin with "== name", hold a file
// and, after "--", the errors it must give.
func badCases(t *testing.T, file string, read func(src []byte) error) {
	t.Helper()
	path := filepath.Join("testdata", file)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(raw), "\n== ")
	intro := blocks[0]
	out := intro
	if len(blocks) < 20 {
		t.Fatalf("%s has %d cases; some were lost", file, len(blocks)-1)
	}
	for _, block := range blocks[1:] {
		name, rest, _ := strings.Cut(block, "\n")
		src, want, found := strings.Cut(rest, "\n--\n")
		if !found {
			src, found = strings.CutSuffix(rest, "\n--")
		}
		if !found {
			t.Fatalf("%s: the case %q has no line with --", file, name)
		}
		var got string
		t.Run(name, func(t *testing.T) {
			err := read([]byte(src + "\n"))
			if err == nil {
				t.Fatal("read without an error")
			}
			if _, ok := errors.AsType[FileErrors](err); !ok {
				t.Fatalf("error is a %T, want FileErrors: %v", err, err)
			}
			if _, ok := errors.AsType[*FileError](err); !ok {
				t.Fatalf("FileErrors does not unwrap to FileError: %v", err)
			}
			got = err.Error()
			if diff := cmp.Diff(strings.TrimSpace(want), got); diff != "" && !*updateGolden {
				t.Errorf("errors differ (-want +got):\n%s", diff)
			}
		})
		out += "\n== " + name + "\n" + src + "\n--\n" + got + "\n"
	}
	if *updateGolden {
		if err := os.WriteFile(path, []byte(out), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReadWorkflowSaysWhatToDo(t *testing.T) {
	badCases(t, "bad-workflows.txt", func(src []byte) error {
		w, err := ReadWorkflow("case", src)
		if err != nil && w != nil {
			t.Error("a workflow came with an error")
		}
		return err
	})
}

const goodWorkflow = `workflow: everything
title: Every construct
why: It shows each of them once.
precedence: 60
start:
  on: [appointment.noshow, checkin.answered]
  when: risk == "none" && count("appointment.noshow", "60d") == 1
stop:
  - on: [appointment.booked, client.optedout]
    outcome: returned
  - on: [message.replied]
    when: >-
      reason == "stress"
    outcome: replied
steps:
  - wait: {since_start: 3h}
  - send: A
  - id: pause
    wait: 1w1d12h30m
  - choose:
      - when: 'reason == "stress"'
        steps:
          - send: {template: C, id: resources}
          - end: {outcome: helped, id: helped}
      - when: |
          reason == "overwhelm"
        steps: [{send: B}]
      - otherwise:
          - choose:
              - when: true
                steps: [{send: D}]
  - task: {id: call, what: call-client, owner: role:supervisor, due: 24h}
  - wait: {event: [task.done, message.replied], of: call, limit: {since_start: 10d}, on_event: [{end: called}], on_limit: [{send: E}]}
  - escalate: {id: ask, policy: safety, question: not-reached}
  - wait: {event: [escalation.acknowledged], of: ask}
  - wait: {for: 1d}
  - end: no-answer
`

func TestReadWorkflow(t *testing.T) {
	w, err := ReadWorkflow("workflows/everything.yaml", []byte(goodWorkflow))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range w.Program {
		line := s.ID + " " + string(s.Kind) + " next=" + s.Next
		switch {
		case s.Choose != nil:
			for _, b := range s.Choose.Branches {
				line += " (" + b.When.Text + ")=" + b.Then
			}
			line += " otherwise=" + s.Choose.Otherwise
		case s.Wait != nil:
			line += " for=" + s.Wait.For.String() + " since=" + s.Wait.SinceStart.String()
			for _, k := range s.Wait.On {
				line += " " + string(k)
			}
			line += " of=" + s.Wait.Of + " event=" + s.Wait.OnEvent + " limit=" + s.Wait.OnLimit
		case s.Task != nil:
			line += " " + s.Task.What + " " + s.Task.Owner + " " + s.Task.Due.String()
		case s.Escalate != nil:
			line += " " + s.Escalate.Policy + " " + s.Escalate.Question
		case s.Send != nil:
			line += " " + s.Send.Template
		case s.End != nil:
			line += " " + s.End.Outcome
		}
		got = append(got, line)
		if found, ok := w.Step(s.ID); !ok || found.ID != s.ID {
			t.Errorf("Step(%q) does not find the step", s.ID)
		}
	}
	want := []string{
		"1 wait next=2 for=0s since=3h0m0s of= event= limit=",
		"2 send next=pause A",
		"pause wait next=4 for=204h30m0s since=0s of= event= limit=",
		`4 choose next=call (reason == "stress")=resources (reason == "overwhelm")=4.2.1 otherwise=4.otherwise.1`,
		"resources send next=helped C",
		"helped end next= helped",
		"4.2.1 send next=call B",
		"4.otherwise.1 choose next=call (true)=4.otherwise.1.1.1 otherwise=",
		"4.otherwise.1.1.1 send next=call D",
		"call task next=6 call-client role:supervisor 24h0m0s",
		"6 wait next=ask for=0s since=240h0m0s task.done message.replied of=call event=6.event.1 limit=6.limit.1",
		"6.event.1 end next= called",
		"6.limit.1 send next=ask E",
		"ask escalate next=8 safety not-reached",
		"8 wait next=9 for=0s since=0s escalation.acknowledged of=ask event= limit=",
		"9 wait next=10 for=24h0m0s since=0s of= event= limit=",
		"10 end next= no-answer",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("program differs (-want +got):\n%s", diff)
	}
	if w.Name != "everything" || w.Precedence != 60 || len(w.Start.On) != 2 || len(w.Stops) != 2 || w.Stops[1].When == nil {
		t.Errorf("the head was read as %+v", w)
	}
}

// TestReadWorkflowBounds: a hostile file is refused, and quickly.
func TestReadWorkflowBounds(t *testing.T) {
	for name, src := range map[string]string{
		"too long":       strings.Repeat("#", maxFileBytes+1),
		"brackets":       "steps: " + strings.Repeat("[", 100_000),
		"dashes":         "steps:\n  " + strings.Repeat("- ", 60_000) + "x",
		"keys in keys":   strings.Repeat("? ", 900),
		"nested lists":   "steps:\n  " + strings.Repeat("- ", 900) + "x",
		"many steps":     strings.Replace(goodWorkflow, "  - send: A\n", strings.Repeat("  - send: A\n", 500), 1),
		"many mistakes":  "steps:\n" + strings.Repeat("  - sned: A\n", 5_000),
		"many keys":      strings.Repeat("a: 1\n", 4_000),
		"byte order":     "\ufeffworkflow: x\n",
		"control":        "workflow: \x00\n",
		"not utf-8":      "workflow: \xff\xfe\n",
		"second":         goodWorkflow + "---\n" + goodWorkflow,
		"empty":          "",
		"only a comment": "# nothing\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadWorkflow("everything", []byte(src))
			var all FileErrors
			if !errors.As(err, &all) {
				t.Fatalf("got %v, want FileErrors", err)
			}
			if len(all) > maxFileErrors {
				t.Errorf("%d errors, want at most %d", len(all), maxFileErrors)
			}
		})
	}
}

func FuzzReadWorkflow(f *testing.F) {
	f.Add([]byte(goodWorkflow))
	for _, name := range []string{"bad-workflows.txt", "lint-workflows.txt"} {
		raw, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		for block := range strings.SplitSeq(string(raw), "\n== ") {
			_, rest, _ := strings.Cut(block, "\n")
			src, _, _ := strings.Cut(rest, "\n--")
			f.Add([]byte(src))
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, found := range Lint("everything.yaml", src) {
			if lines := strings.Count(string(src), "\n") + 1; found.Line < 1 || found.Line > lines || found.Column < 1 || found.Message == "" || found.Mend == "" {
				t.Errorf("of %d lines: %+v", lines, found)
			}
		}
		places := ReadPlaces(src)
		for path := range places {
			line, column := places.Of(strings.Split(path, "\n")...)
			if below, beside := places.ValueOf(strings.Split(path, "\n")...); min(line, column, below, beside) < 1 {
				t.Errorf("%q stands at %d:%d, and its value at %d:%d", path, line, column, below, beside)
			}
		}
		w, err := ReadWorkflow("everything", src)
		if err != nil {
			checkErrors(t, err, src)
			return
		}
		// Every way through the program leads to a step that exists, or out.
		for _, s := range w.Program {
			to := []string{s.Next}
			if s.Choose != nil {
				to = append(to, s.Choose.Otherwise)
				for _, b := range s.Choose.Branches {
					to = append(to, b.Then)
				}
			}
			if s.Wait != nil {
				to = append(to, s.Wait.OnEvent, s.Wait.OnLimit, s.Wait.Of)
			}
			for _, id := range to {
				if _, ok := w.Step(id); id != "" && !ok {
					t.Errorf("step %q leads to %q, which does not exist", s.ID, id)
				}
			}
		}
		if len(w.Program) == 0 || len(w.Program) != len(w.index) {
			t.Errorf("%d steps, %d of them found by id", len(w.Program), len(w.index))
		}
	})
}

// checkErrors: errors are sorted, point into the file and fit on their line.
func checkErrors(t *testing.T, err error, src []byte) {
	t.Helper()
	var all FileErrors
	if !errors.As(err, &all) || len(all) == 0 {
		t.Fatalf("error is a %T without entries: %v", err, err)
	}
	if !slices.IsSortedFunc(all, func(a, b *FileError) int {
		if a.File != b.File {
			return strings.Compare(a.File, b.File)
		}
		return a.Line - b.Line
	}) {
		t.Errorf("errors are not sorted:\n%v", err)
	}
	lines := strings.Count(string(src), "\n") + strings.Count(string(src), "\r") + 1
	for _, e := range all {
		if e.Line < 1 || e.Column < 1 || e.Line > lines+1 || e.Message == "" || strings.ContainsAny(e.Message, "\n\r") {
			t.Errorf("error is not a line that points into the file: %q", e.Error())
		}
	}
}
