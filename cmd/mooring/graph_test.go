package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestGraph: the form follows from the flag, else from the file's name.
func TestGraph(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ format, out, begins string }{
		{"", "", "---\ntitle: \"First no-show\"\n---\nflowchart TD\n"},
		{"svg", "", "<svg xmlns="},
		{"text", "", "It starts when: the client does not come;"},
		{"", "a.svg", "<svg xmlns="},
		{"", "a.txt", "It starts when:"},
		{"mermaid", "b.svg", "---\ntitle:"},
	} {
		args := []string{"graph", "first-no-show"}
		if c.format != "" {
			args = append(args, "--format", c.format)
		}
		if c.out != "" {
			args = append(args, "--out", filepath.Join(dir, c.out))
		}
		stdout := done(t, args...)
		if c.out != "" {
			if want := filepath.Join(dir, c.out) + ": drawn\n"; stdout != want {
				t.Errorf("%q says %q, want %q", args, stdout, want)
			}
			drawn, err := os.ReadFile(filepath.Join(dir, c.out))
			if err != nil {
				t.Fatal(err)
			}
			stdout = string(drawn)
		}
		if !strings.HasPrefix(stdout, c.begins) {
			t.Errorf("%q draws %.80q, want %q", args, stdout, c.begins)
		}
	}
	own := write(t, dir, "own.yaml", "workflow: own\ntitle: Own\nwhy: A test.\nstart: {on: [client.signal]}\nsteps: [{send: A}]\n")
	fails(t, exitMisuse, "would write over what is read", "graph", own, "--out", own)
	fails(t, exitMisuse, "what is it to be?", "graph", own, "--out", filepath.Join(dir, "own.png"))
	fails(t, exitWrong, "first-no-show", "graph", "no-such-workflow")
	fails(t, exitMisuse, "--format", "graph", "first-no-show", "--format", "pdf")
}
