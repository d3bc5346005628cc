package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/mooring-care/mooring/internal/bench"
	"github.com/mooring-care/mooring/workflows/library"
)

// shorterDraft leaves out the second note of a built-in workflow, and asks for a call
// after three days.
func shorterDraft(t *testing.T) string {
	t.Helper()
	text, _, _ := strings.Cut(string(library.Files()["late-cancellation.yaml"]), "\napproved:")
	from, to := strings.Index(text, "  - choose:"), strings.Index(text, "  - wait: {since_start: 7d}\n")
	if from < 0 || to < from {
		t.Fatal("late-cancellation.yaml has another form")
	}
	return text[:from] + strings.TrimPrefix(text[to:], "  - wait: {since_start: 7d}\n") + "\n"
}

// backtestPart is the section of docs/commands.md.
func backtestPart(t *testing.T) string {
	t.Helper()
	_, part, _ := strings.Cut(docs(t, "docs/commands.md"), "\n## mooring backtest\n")
	part, _, _ = strings.Cut(part, "\n## ")
	return part
}

// TestBacktestInDocs: what the page shows is what the command says of such a past and
// such a draft.
func TestBacktestInDocs(t *testing.T) {
	settle(t, "")
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "past.jsonl"))
	if err == nil {
		err = bench.WritePast(f, 40, 6)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	out := done(t, "backtest", write(t, dir, "late-cancellation.yaml", shorterDraft(t)), "--events", f.Name())
	golden(t, "backtest-docs.txt", out)
	shown := regexp.MustCompile("(?s)\n```\n([0-9].*?)```").FindStringSubmatch(backtestPart(t))
	if shown == nil {
		t.Fatal("the page shows nothing")
	}
	for part := range strings.SplitSeq(shown[1], "…\n") {
		if !strings.Contains(out, part) {
			t.Errorf("the page shows\n%swhich is no part of\n%s", part, out)
		}
	}
}

// TestBacktestFlagsInDocs: every flag stands in the table, and none besides.
func TestBacktestFlagsInDocs(t *testing.T) {
	parser, err := kong.New(&backtestCmd{})
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, f := range parser.Model.Flags {
		if f.Name != "help" {
			want = append(want, f.Name)
		}
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `--([a-z-]+)`").FindAllStringSubmatch(backtestPart(t), -1) {
		got = append(got, m[1])
	}
	if strings.Join(want, " ") != strings.Join(got, " ") {
		t.Errorf("the page has the flags %q, the command %q", got, want)
	}
}

// TestBacktestHTML: the page is a file of the operator's own, whole or not there.
func TestBacktestHTML(t *testing.T) {
	settle(t, "")
	dir := t.TempDir()
	draft, file := write(t, dir, "slower.yaml", triedYAML), write(t, dir, "past.jsonl", past())
	page := filepath.Join(dir, "report.html")
	with := done(t, "backtest", draft, "--events", file, "--until", "2026-06-05", "--html", page)
	if without := done(t, "backtest", draft, "--events", file, "--until", "2026-06-05"); with != without {
		t.Errorf("with a page it prints\n%s", with)
	}
	info, err := os.Stat(page)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() < 5000 {
		t.Errorf("%v: the page is %+v", err, info)
	}
	fails(t, exitWrong, "write the page", "backtest", draft, "--events", file, "--html", filepath.Join(dir, "none", "report.html"))
	if left, err := filepath.Glob(filepath.Join(dir, ".backtest-*")); err != nil || len(left) > 0 {
		t.Errorf("%v: %q stayed", err, left)
	}
	out := done(t, "backtest", draft, "--events", file, "--until", "2026-06-05", "--all", "--ids")
	for _, words := range []string{"client 1 (ehr-8421), first on line 1", "1 (ehr-8421)  mail B of slower      the client"} {
		if !strings.Contains(out, words) {
			t.Errorf("it lacks %q:\n%s", words, out)
		}
	}
}

// TestBar: it is drawn on a terminal alone, in one line that fits one.
func TestBar(t *testing.T) {
	for _, c := range []struct {
		done, of int
		took     time.Duration
		want     string
	}{
		{0, 10, 0, "[--------------------------------]   0%  0 of 10 events"},
		{0, 0, time.Hour, "[################################] 100%  0 of 0 events"},
		{5, 10, time.Millisecond, "[################----------------]  50%  5 of 10 events"},
		{50_000, 200_000, 4 * time.Second, "[########------------------------]  25%  50000 of 200000 events, 12s left"},
		{200_000, 200_000, time.Minute, "[################################] 100%  200000 of 200000 events"},
	} {
		if got := barText(c.done, c.of, c.took); got != c.want || len(got) > 80 {
			t.Errorf("%d of %d after %s: %q", c.done, c.of, c.took, got)
		}
	}
	var out strings.Builder
	b := newBar(&out)
	b.show(1, 2)
	b.clear()
	f, err := os.Create(filepath.Join(t.TempDir(), "err"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	b = newBar(f)
	b.show(1, 2)
	b.clear()
	if info, err := f.Stat(); err != nil || info.Size() > 0 || out.Len() > 0 {
		t.Errorf("%v: no terminal gets a bar: %q", err, out.String())
	}
	// On one it is written over, and taken away.
	b = &bar{out: &out, began: time.Now()}
	b.show(2, 2)
	b.clear()
	if got := out.String(); got != "\r\x1b[K"+barText(2, 2, 0)+"\r\x1b[K" {
		t.Errorf("it draws %q", got)
	}
}
