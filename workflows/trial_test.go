package workflows_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/library"
	"github.com/mooring-care/mooring/workflows/sample"
)

const trialDraft = `workflow: %
title: Tried
why: It stands in a test.
precedence: 41
start: {on: [client.signal]}
steps: [{send: A}]
`

func names(of []*workflows.Workflow) []string {
	var out []string
	for _, w := range of {
		out = append(out, w.Name)
	}
	return out
}

// TestReadTrial: what is tried is at work, in the place of its namesake or beside
// the others; whatever its own approval says.
func TestReadTrial(t *testing.T) {
	builtin, err := workflows.ReadClinic(sample.FS, sample.ID)
	if err != nil {
		t.Fatal(err)
	}
	stale := "approved: {by: Ruth, on: 2026-01-02, version: w0000000000000000}\n"
	for _, tc := range []struct {
		name, file, src string
		with            int
	}{
		{"a new one", "drafts/tried.yaml", strings.Replace(trialDraft, "%", "tried", 1), len(builtin.Workflows) + 1},
		{"in the place of another", "drafts/late-cancellation.yaml", strings.Replace(trialDraft, "%", "late-cancellation", 1), len(builtin.Workflows)},
		{"changed since it was approved", "late-cancellation.yaml", strings.Replace(trialDraft, "%", "late-cancellation", 1) + stale, len(builtin.Workflows)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, w, err := workflows.ReadTrial(sample.FS, sample.ID, tc.file, []byte(tc.src))
			if err != nil {
				t.Fatal(err)
			}
			at, ok := c.AtWork(w.Name)
			if !ok || at != w || w.Title != "Tried" || len(c.Workflows) != tc.with || len(c.Drafts) != 0 {
				t.Errorf("at work is %q, drafts %q", names(c.Workflows), names(c.Drafts))
			}
			if c.Version == builtin.Version || len(c.Resources) != len(builtin.Resources) {
				t.Errorf("version %s, %d services", c.Version, len(c.Resources))
			}
		})
	}
	// The draft that lies in the folder already is the one that is tried.
	src := strings.Replace(trialDraft, "%", "tried", 1)
	folder := trialFolder(t, map[string]string{"workflows/tried.yaml": src + stale, "workflows/late-cancellation.yaml": string(library.Files()["late-cancellation.yaml"])})
	c, _, err := workflows.ReadTrial(folder, "quay", "quay/workflows/tried.yaml", []byte(src+stale))
	if err != nil || !slices.Equal(names(c.Workflows), []string{"tried", "late-cancellation"}) {
		t.Errorf("%v: at work is %q", err, names(c.Workflows))
	}
}

func trialFolder(t *testing.T, files map[string]string) fstest.MapFS {
	t.Helper()
	clinic, err := sample.FS.ReadFile("clinic.yaml")
	if err != nil {
		t.Fatal(err)
	}
	out := fstest.MapFS{"clinic.yaml": {Data: clinic}}
	for name, text := range files {
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

// TestReadTrialRefuses: what is wrong is said of the file as its writer knows it;
// of two that clash it is the one that is tried.
func TestReadTrialRefuses(t *testing.T) {
	for _, tc := range []struct{ name, file, src, want string }{
		{"clashes", "drafts/a-first.yaml", strings.Replace(strings.Replace(trialDraft, "%", "a-first", 1), "41", "40", 1), "drafts/a-first.yaml:4:13: the workflow `late-cancellation` has the precedence 40 too"},
		{"clashes, later by name", "z-last.yaml", strings.Replace(strings.Replace(trialDraft, "%", "z-last", 1), "41", "40", 1), "z-last.yaml:4:13: the workflow `late-cancellation` has the precedence 40 too"},
		{"unknown key", "drafts/tried.yaml", strings.Replace(trialDraft, "%", "tried", 1) + "colour: red\n", "drafts/tried.yaml:7:1: unknown key `colour`"},
		{"another's name", "drafts/tried.yaml", strings.Replace(trialDraft, "%", "other", 1), "drafts/tried.yaml:1:"},
		{
			"a policy that there is not", "tried.yaml", strings.Replace(strings.Replace(trialDraft, "%", "tried", 1), "[{send: A}]", "[{escalate: {policy: nightly, question: q}}]", 1),
			"tried.yaml:6:",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, _, err := workflows.ReadTrial(sample.FS, sample.ID, tc.file, []byte(tc.src))
			wrong, ok := errors.AsType[workflows.FileErrors](err)
			if !ok || len(wrong) != 1 || !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("the error is %v, want one that begins with %q", err, tc.want)
			}
		})
	}
}
