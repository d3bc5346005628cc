package main

import (
	"bytes"
	"context"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mooring-care/mooring/internal/app"
	"github.com/mooring-care/mooring/internal/jetstream"
)

var update = flag.Bool("update", false, "write golden files anew")

// The tests of commands beside a program run the real program in process, and
// the commands as main does. They share the environment, so none is parallel.

// settle has the environment mean a data folder of the test's own.
func settle(t *testing.T, clinics string) {
	t.Helper()
	for name, value := range map[string]string{
		"MOORING_DATA": filepath.Join(t.TempDir(), "data"), "MOORING_CLINICS": clinics,
		"MOORING_HTTP": "127.0.0.1:0", "MOORING_STAFF_HTTP": "127.0.0.1:0", "MOORING_OPS_HTTP": "127.0.0.1:0",
		"MOORING_NATS_LISTEN": "127.0.0.1:0", "MOORING_STORE_SYNC": "interval",
		"MOORING_CLIENT_KEY": "bW9vcmluZyB0ZXN0IGNsaWVudCBrZXksIDMyIGJ5dGU=",
		"MOORING_TIME_START": "2026-03-02T16:00:05Z",
		"NATS_URL":           "", "NATS_CREDS": "", "MOORING_NATS_PASSWORD": "", "MOORING_EVENT_TOKENS": "",
		"MOORING_MAILER": "mailbox", "MOORING_MAILBOX": "", "MOORING_LOG": "text", "MOORING_LOG_LEVEL": "info",
	} {
		t.Setenv(name, value)
	}
}

// begin starts the program that the environment describes; the end of the test
// stops it.
func begin(t *testing.T) *app.App {
	t.Helper()
	cfg, err := app.ReadConfig()
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Stop(context.Background()) })
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return a
}

// called is what a command left.
type called struct {
	code     int
	out, err string
}

func call(t *testing.T, args ...string) called {
	t.Helper()
	var out, errs bytes.Buffer
	code := run(t.Context(), args, streams{strings.NewReader(""), &out, &errs})
	return called{code, out.String(), errs.String()}
}

// done calls a command that must succeed and returns what it printed.
func done(t *testing.T, args ...string) string {
	t.Helper()
	c := call(t, args...)
	if c.code != exitDone || c.err != "" {
		t.Fatalf("mooring %s: exit %d\n%s%s", strings.Join(args, " "), c.code, c.out, c.err)
	}
	return c.out
}

// fails calls a command that must fail with a code and say some words.
func fails(t *testing.T, code int, words string, args ...string) {
	t.Helper()
	c := call(t, args...)
	if c.code != code || !strings.Contains(c.err, words) {
		t.Errorf("mooring %s: exit %d, want %d with %q\n%s%s", strings.Join(args, " "), c.code, code, words, c.out, c.err)
	}
}

// golden holds text against a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; -update writes it anew):\n%s", name, diff)
	}
}

// outsider publishes what no command of ours would.
func outsider(t *testing.T, a *app.App, subject string, header map[string]string, body string) {
	t.Helper()
	s, err := jetstream.DialSender(a.EventsURL(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, _, err := s.Send(t.Context(), subject, header, []byte(body)); err != nil {
		t.Fatal(err)
	}
}

// patience bounds waits for the program's own work.
const patience = 20 * time.Second
