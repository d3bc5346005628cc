package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPreview(t *testing.T) {
	settle(t, "")
	out := done(t, "preview", "b-overwhelm")
	if !strings.HasPrefix(out, "templates/en/b-overwhelm.md\n\nSubject: A note from Harbour Lane\n\nHello Sam,\n") {
		t.Errorf("it prints\n%s", out)
	}
	if out := done(t, "preview", "B", "--reason", "overwhelm", "--html"); !strings.HasPrefix(out, "<!doctype html>") || !strings.Contains(out, "Slower is fine.") {
		t.Errorf("as HTML\n%s", out)
	}
	dir := filepath.Join(t.TempDir(), "previews")
	if out := done(t, "preview", "--out", dir); !strings.Contains(out, " of Harbour Lane: open "+filepath.Join(dir, "index.html")) {
		t.Errorf("it says %q", out)
	}
	if _, err := os.Stat(filepath.Join(dir, "index.html")); err != nil {
		t.Error(err)
	}
	box := filepath.Join(t.TempDir(), "box")
	t.Setenv("MOORING_MAILBOX", box)
	if out := done(t, "preview", "A", "--send-to", "amara"); !strings.HasPrefix(out, "Sent “[Test] A note from Harbour Lane” to amara: it lies in "+box) {
		t.Errorf("it says %q", out)
	}
	if mails, err := filepath.Glob(filepath.Join(box, "*.eml")); err != nil || len(mails) != 1 {
		t.Errorf("%d mails, %v", len(mails), err)
	}
	fails(t, exitWrong, "name the mail to send", "preview", "--send-to", "amara")
	fails(t, exitWrong, "there is: ", "preview", "A", "--send-to", "somebody@example.org")
	fails(t, exitWrong, `there is no mail "nix"`, "preview", "nix")
	fails(t, exitWrong, `the clinic does not serve the language "fr"; it serves en, es`, "preview", "A", "--language", "fr")
	fails(t, exitWrong, "is no clinic's folder", "preview", "--clinic-dir", t.TempDir())
}
