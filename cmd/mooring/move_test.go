package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mooring-care/mooring/internal/testkit"
)

// TestWorkflowMove: a journey stays with the version that it began with until
// somebody moves it; the command says first what would move.
func TestWorkflowMove(t *testing.T) {
	clinics := t.TempDir()
	if err := os.CopyFS(clinics, os.DirFS(testClinics)); err != nil {
		t.Fatal(err)
	}
	settle(t, clinics)
	a := begin(t)
	sendStory(t)
	journey := func() (version, step string) {
		var story struct {
			Journeys []struct{ Directory, Step string }
		}
		c := call(t, "client", "show", "8421", "--json")
		if c.code != exitDone || json.Unmarshal([]byte(c.out), &story) != nil || len(story.Journeys) != 1 {
			return "", ""
		}
		return story.Journeys[0].Directory, story.Journeys[0].Step
	}
	testkit.Eventually(t, patience, "the journey waits", func() bool { _, step := journey(); return step == "2" })
	first, _ := journey()
	if first == "" {
		t.Fatal("the story does not say which version the journey is on")
	}
	if out := done(t, "workflow", "move", "missed"); !strings.Contains(out, "No journey runs an older version") {
		t.Errorf("%s", out)
	}
	a.Stop(context.Background())

	file := filepath.Join(clinics, "quay", "workflows", "missed.yaml")
	edit := func(old, with string) {
		t.Helper()
		text, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(text), old) {
			t.Fatal(err, old)
		}
		if err := os.WriteFile(file, []byte(strings.Replace(string(text), old, with, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		done(t, "workflow", "approve", file, "--by", "The tests", "--on", "2026-11-24")
	}
	edit("send: {template: B, id: normalise}", "send: {template: D, id: normalise}")
	a = begin(t)
	out := done(t, "workflow", "move", "missed")
	if !strings.Contains(out, "can be moved") || !strings.Contains(out, "Nothing was moved. Say --yes to move 1 of 1.") {
		t.Errorf("dry run:\n%s", out)
	}
	if now, _ := journey(); now != first {
		t.Fatalf("it moved to %s although nobody said so", now)
	}
	if out := done(t, "workflow", "move", "missed", "--yes"); !strings.Contains(out, "is moved") {
		t.Errorf("%s", out)
	}
	testkit.Eventually(t, patience, "the journey is moved", func() bool { now, _ := journey(); return now != first && now != "" })
	a.Stop(context.Background())

	// A version in which its step is another one.
	edit("wait: {since_start: 3d}", "task: {what: call-client, owner: assigned, due: 24h}")
	begin(t)
	fails(t, exitWrong, "1 of 1 cannot be moved", "workflow", "move", "missed", "--yes")
	fails(t, exitWrong, "no workflow \"nothing\" at work", "workflow", "move", "nothing")
	fails(t, exitMisuse, "there is no clinic", "workflow", "move", "missed", "--clinic", "elsewhere")
	var plan []struct{ Why string }
	c := call(t, "workflow", "move", "missed", "--json")
	if err := json.Unmarshal([]byte(c.out), &plan); err != nil || len(plan) != 1 || !strings.Contains(plan[0].Why, "is a task there, and not a wait") {
		t.Errorf("%v: %s", err, c.out)
	}
}
