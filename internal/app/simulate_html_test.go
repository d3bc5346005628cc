package app

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSimulationPage: every decision and every mail has its place, nothing runs and
// nothing is loaded, and a heading of the script means nothing to a browser.
func TestSimulationPage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	script := filepath.Join(dir, "try.txt")
	if err := os.WriteFile(script, []byte("# A try.\n\n## <script>alert(1)</script>\n> 2026-06-01 09:00 known\n> 2026-06-01 10:00 appointment.noshow {appointment: {id: a1, start: \"2026-06-01T10:00:00-05:00\"}}\n> until 2026-06-08 12:00\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Simulate("first-no-show", script, "")
	if err != nil {
		t.Fatal(err)
	}
	var page bytes.Buffer
	if err := s.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	text := page.String()
	notes, mails := 0, 0
	for _, e := range s.Timeline {
		notes += len(e.Notes)
		mails += len(e.Mails)
	}
	if got := strings.Count(text, `<div class="note`); got != notes || notes < 8 {
		t.Errorf("%d decisions are shown, of %d", got, notes)
	}
	if got := strings.Count(text, `<section class="mail`); got != mails || mails != 3 {
		t.Errorf("%d mails are shown, of %d", got, mails)
	}
	for _, want := range []string{"Monday, 1 June 2026", "“First no-show” starts", "Mail to the client: a warm notice", "A task for you: Call a client", "&lt;script&gt;alert(1)"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(text, "<script") {
		t.Error("a script stands on the page")
	}
	if err := os.WriteFile(filepath.Join(dir, "page.html"), page.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	readable(t, dir, "page.html")
}
