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

// listedRow is what the JSON says of one version.
type listedRow struct {
	Workflow, Version, State, Removed string
	Journeys                          *int
}

// TestWorkflowListCountsJourneys: every version on which journeys run is there
// with their number: what is at work, an earlier version, one that was removed.
func TestWorkflowListCountsJourneys(t *testing.T) {
	clinics := t.TempDir()
	if err := os.CopyFS(clinics, os.DirFS(testClinics)); err != nil {
		t.Fatal(err)
	}
	settle(t, clinics)
	list := func(args ...string) (rows []listedRow) {
		t.Helper()
		if err := json.Unmarshal([]byte(done(t, append([]string{"workflow", "list", "--json"}, args...)...)), &rows); err != nil {
			t.Fatal(err)
		}
		return rows
	}
	// told is how many journeys a version has: by state, of the workflow "missed".
	told := func(rows []listedRow) map[string]int {
		out := map[string]int{}
		for _, r := range rows {
			if r.Workflow != "missed" {
				continue
			}
			out[r.State] = -1
			if r.Journeys != nil {
				out[r.State] = *r.Journeys
			}
		}
		return out
	}
	holds := func(rows []listedRow, want map[string]int) {
		t.Helper()
		got := told(rows)
		if len(got) != len(want) {
			t.Fatalf("%v, want %v", got, want)
		}
		for state, n := range want {
			if got[state] != n {
				t.Errorf("%s: %d journeys, want %d", state, got[state], n)
			}
		}
	}
	// Nobody can tell before anything has run.
	holds(list(), map[string]int{"at-work": -1})
	a := begin(t)
	holds(list(), map[string]int{"at-work": 0})
	sendStory(t)
	testkit.Eventually(t, patience, "a journey runs", func() bool { return told(list())["at-work"] == 1 })
	a.Stop(context.Background())
	holds(list(), map[string]int{"at-work": 1})

	file := filepath.Join(clinics, "quay", "workflows", "missed.yaml")
	first, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(first), "template: B", "template: D", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	done(t, "workflow", "approve", file, "--by", "The tests", "--on", "2026-11-24")
	a = begin(t)
	holds(list(), map[string]int{"at-work": 0, "earlier": 1})
	if text := done(t, "workflow", "list"); !strings.Contains(text, "an earlier version; its journeys finish on it") {
		t.Errorf("%s", text)
	}
	a.Stop(context.Background())

	// A folder that is refused says what it would end.
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if c := call(t, "serve"); c.code == exitDone || !strings.Contains(c.err, "end its journeys (1 run now)") {
		t.Errorf("exit %d: %s", c.code, c.err)
	}
	clinic := filepath.Join(clinics, "quay", "clinic.yaml")
	text, err := os.ReadFile(clinic)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(clinic, append(text, "\nremoved: {missed: merged into another}\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	holds(list(), map[string]int{"removed": 1})
	if text := done(t, "workflow", "list"); !strings.Contains(text, "removed: merged into another; its journeys end") {
		t.Errorf("%s", text)
	}
	// Without a folder it is what Mooring has in force that is listed.
	t.Setenv("MOORING_CLINICS", "")
	holds(list(), map[string]int{"at-work": 0, "earlier": 1})

	// A folder can be listed although its Mooring cannot be asked.
	t.Setenv("MOORING_CLIENT_KEY", "bm90IHRoZSBrZXkgdGhhdCB0aGUgc3RvcmUga25vd3M=")
	c := call(t, "workflow", "list", clinics)
	if c.code != exitWrong || !strings.Contains(c.out, "CLINIC") || !strings.Contains(c.err, "how many journeys run is not known") {
		t.Errorf("exit %d: %s%s", c.code, c.out, c.err)
	}
}
