package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mooring-care/mooring/internal/testkit"
)

// rejected waits until so many messages are rejected and lists them.
func rejected(t *testing.T, n int) []rejectedJSON {
	t.Helper()
	var list []rejectedJSON
	testkit.Eventually(t, patience, "the messages are rejected", func() bool {
		list = nil
		if err := json.Unmarshal([]byte(done(t, "rejected", "list", "--json")), &list); err != nil {
			t.Fatal(err)
		}
		return len(list) == n
	})
	return list
}

var times = regexp.MustCompile(`\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+Z)?`)

func TestRejected(t *testing.T) {
	settle(t, testClinics)
	a := begin(t)
	if out := done(t, "rejected", "list"); out != "Nothing was rejected.\n" {
		t.Errorf("an empty list: %q", out)
	}
	if out := done(t, "rejected", "list", "--json"); out != "[]\n" {
		t.Errorf("an empty list in JSON: %q", out)
	}
	outsider(t, a, "events.quay.appointment.noshow", map[string]string{"X-From": "a test\x1b[2J"}, `{"specversion":"1.0"}`)
	rejected(t, 1)
	outsider(t, a, "events.quay.client.updated", nil, "\x1b]0;owned\x07 \xff not JSON")
	rejected(t, 2)
	outsider(t, a, "events.quay.escalation.closed", nil,
		`{"specversion":"1.0","id":"1","source":"s","type":"care.mooring.escalation.closed","subject":"abc","time":"2026-03-02T15:00:00Z","data":{}}`)
	list := rejected(t, 3)

	var reasons []string
	for _, r := range list {
		reasons = append(reasons, r.Reason)
	}
	if diff := cmp.Diff([]string{"inside-kind-from-outside", "broken", "unknown-kind"}, reasons); diff != "" {
		t.Errorf("newest first (-want +got):\n%s", diff)
	}
	mask := func(s string) string { return times.ReplaceAllString(s, "<time>") }
	golden(t, "rejected-list.txt", mask(done(t, "rejected", "list")))
	golden(t, "rejected-list.json", mask(done(t, "rejected", "list", "--json", "--limit", "2")))
	for _, seq := range []string{"1", "2", "3"} {
		golden(t, "rejected-show-"+seq+".txt", mask(done(t, "rejected", "show", seq)))
	}
	golden(t, "rejected-show.json", mask(done(t, "rejected", "show", "1", "--json")))
	if out := done(t, "rejected", "show", "2", "--json"); !strings.Contains(out, `"body_base64"`) {
		t.Errorf("a body that is no text: %s", out)
	}

	fails(t, exitWrong, "no rejected message has the sequence 9", "rejected", "show", "9")
	fails(t, exitMisuse, "--limit must be 1 or more", "rejected", "list", "--limit", "0")
	fails(t, exitMisuse, "<sequence>", "rejected", "show", "first")
	fails(t, exitWrong, "1 of 2 were not sent again", "rejected", "replay", "9", "1")
	rejected(t, 4) // nothing was mended, so it is rejected again
}

// What was wrong is mended: a clinic that was missing is there now.
func TestRejectedReplay(t *testing.T) {
	clinics := t.TempDir()
	add := func(name string) {
		if err := os.CopyFS(filepath.Join(clinics, name), os.DirFS(filepath.Join(testClinics, "quay"))); err != nil {
			t.Fatal(err)
		}
	}
	add("quay")
	settle(t, clinics)
	a := begin(t)
	outsider(t, a, "events.pier.client.updated", nil,
		`{"specversion":"1.0","id":"1","source":"s","type":"care.mooring.client.updated","subject":"8421","time":"2026-03-02T15:00:00Z","data":{"client":{"first_name":"Sam"}}}`)
	if list := rejected(t, 1); list[0].Reason != "unknown-clinic" {
		t.Fatalf("rejected for %s", list[0].Reason)
	}
	a.Stop(context.Background())
	add("pier")
	out := done(t, "rejected", "replay", "1")
	if out != "1 was sent again.\nMooring is stopped; it is judged anew at the next start.\n" {
		t.Errorf("replay while stopped: %q", out)
	}
	begin(t)
	testkit.Eventually(t, patience, "the event is decided on", func() bool {
		c := call(t, "client", "show", "8421", "--clinic", "pier")
		return c.code == exitDone && strings.HasPrefix(c.out, "Sam\n")
	})
	rejected(t, 1)
	fails(t, exitMisuse, "there are several clinics; name one with --clinic: pier, quay", "client", "show", "8421")
}

// A stranger's text does not steer the terminal.
func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"plain\n\ttext é":  "plain\n\ttext é",
		"\x1b[2J":          `\u001b[2J`,
		"a\u202eb":         `a\u202eb`,
		"\xff":             "\uFFFD",
		"\r\u0085\u007f":   `\u000d\u0085\u007f`,
		"\u200bzero width": `\u200bzero width`,
	} {
		if got := visible(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
