package main

import (
	"context"
	"strings"
	"testing"
)

// TestPauseAndResume: a clinic's or a workflow's care mail stops at a word, while
// Mooring runs and while it is stopped; the list says who said so and why.
func TestPauseAndResume(t *testing.T) {
	settle(t, testClinics)
	a := begin(t)
	if out := done(t, "clinic", "pause", "--by", "ruth", "--why", "a fire"); out != "Care mail of the clinic quay is paused.\n" {
		t.Errorf("pausing says %q", out)
	}
	if out := done(t, "clinic", "pause", "--by", "amara", "--why", "a flood"); !strings.Contains(out, "was paused already, by ruth on ") || !strings.Contains(out, ": a fire.") {
		t.Errorf("pausing once more says %q", out)
	}
	if out := done(t, "workflow", "list"); strings.Count(out, "its mail is paused: a fire (ruth, ") < 2 {
		t.Errorf("the list says\n%s", out)
	}
	a.Stop(context.Background())
	if out := done(t, "clinic", "resume", "--by", "amara"); out != "Care mail of the clinic quay may go out again.\n" {
		t.Errorf("resuming says %q", out)
	}
	if out := done(t, "workflow", "pause", "missed", "--by", "ruth", "--why", "new words"); out != "Care mail of the workflow missed in the clinic quay is paused.\n" {
		t.Errorf("pausing a workflow says %q", out)
	}
	if out := done(t, "workflow", "list"); strings.Count(out, "its mail is paused: new words") != 1 {
		t.Errorf("the list says\n%s", out)
	}
	fails(t, exitMisuse, "--by", "clinic", "pause", "--why", "x")
	fails(t, exitMisuse, "--why", "clinic", "pause", "--by", "ruth")
	fails(t, exitMisuse, "needs a reason in words", "clinic", "pause", "--by", "ruth", "--why", " ")
	fails(t, exitMisuse, "needs a reason in words", "clinic", "pause", "--by", "ruth", "--why", "one\ntwo")
	fails(t, exitMisuse, `there is no person "nobody"`, "clinic", "pause", "--by", "nobody", "--why", "x")
	fails(t, exitMisuse, `has no workflow "second-no-show"`, "workflow", "pause", "second-no-show", "--by", "ruth", "--why", "x")
	fails(t, exitWrong, "it was not paused", "clinic", "resume", "--by", "ruth")
	fails(t, exitWrong, "it was not paused", "workflow", "resume", "worried", "--by", "ruth")
	if out := done(t, "workflow", "resume", "missed", "--by", "ruth"); !strings.Contains(out, "may go out again") {
		t.Errorf("resuming a workflow says %q", out)
	}
}
