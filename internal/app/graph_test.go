package app

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/graph"
	"github.com/mooring-care/mooring/workflows/sample"
)

// TestLibraryPage holds docs/library.md to the built-in workflows, in the order of
// precedence.
func TestLibraryPage(t *testing.T) {
	t.Parallel()
	c, err := workflows.ReadClinic(sample.FS, sample.ID)
	if err != nil {
		t.Fatal(err)
	}
	list := slices.Clone(c.Workflows)
	slices.SortStableFunc(list, func(a, b *workflows.Workflow) int {
		if a.Precedence != b.Precedence {
			return b.Precedence - a.Precedence
		}
		return strings.Compare(a.Name, b.Name)
	})
	var b strings.Builder
	b.WriteString(`# The built-in workflows, drawn

Each picture is what ` + "`mooring graph`" + ` draws of the file in [workflows/library](../workflows/library), with the policies of the sample clinic. What the families A
to F say is in [templates](templates.md), what a file can say in [workflows](workflows.md). All times are defaults that a clinic can change.
`)
	for _, w := range list {
		fmt.Fprintf(&b, "\n## %s\n\n`%s`. %s\n", w.Title, w.Name, w.Why)
		for _, s := range w.Sources {
			fmt.Fprintf(&b, "\n- %s", s)
		}
		if len(w.Sources) > 0 {
			b.WriteString("\n")
		}
		chart := graph.Of(w, graphWords(c))
		fmt.Fprintf(&b, "\n```mermaid\n%s```\n", chart.Mermaid())
	}
	file := filepath.Join("..", "..", "docs", "library.md")
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), b.String()); diff != "" {
		t.Errorf("docs/library.md is not what is drawn (-page +drawn); write it anew with -update:\n%s", diff)
	}
}

// TestGraphWords: whoever is asked has a name, whatever a clinic's notation.
func TestGraphWords(t *testing.T) {
	t.Parallel()
	c, err := workflows.ReadClinic(sample.FS, sample.ID)
	if err != nil {
		t.Fatal(err)
	}
	for owner, want := range map[string]string{
		"assigned": "the assigned clinician", "cover": "whoever stands in for them", "role:supervisor": "the role “supervisor”",
		"rota:nights": "whoever is on the rota “nights”", "person:amara": "Amara Cole", "person:gone": "gone", "odd": "odd",
	} {
		if got := ownerWords(c, owner); got != want {
			t.Errorf("%s is %q, want %q", owner, got, want)
		}
	}
	if got := policyWords(c, "no-such"); got != nil {
		t.Errorf("a policy that there is not asks %q", got)
	}
	rungs := policyWords(c, "safety")
	if len(rungs) != len(c.Policies["safety"].Rungs)+1 || rungs[0] != "1. the assigned clinician: 10 minutes; told: the role “supervisor”" {
		t.Errorf("the policy safety asks %q", rungs)
	}
}

// TestGraphOfADraft says that it sends nothing, and a file that is wrong is refused
// with its place.
func TestGraphOfADraft(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "try.yaml")
	write := func(src string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("workflow: try\ntitle: A try\nwhy: To look.\nstart: {on: [appointment.noshow]}\nsteps:\n  - send: A\n")
	chart, err := Graph(file, "")
	if err != nil || !strings.Contains(chart.Mermaid(), "A draft: it sends nothing.") || !strings.Contains(chart.SVG(), "A draft: it sends nothing.") {
		t.Errorf("a draft: %v", err)
	}
	write("workflow: try\ntitle: A try\nwhy: To look.\nstart: {on: [appointment.noshow]}\nsteps:\n  - sned: A\n")
	if _, err = Graph(file, ""); err == nil || !strings.Contains(err.Error(), "try.yaml:6:5") {
		t.Errorf("a mistake: %v", err)
	}
}
