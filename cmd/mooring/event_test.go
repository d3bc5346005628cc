package main

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/internal/app"
	"github.com/mooring-care/mooring/internal/testkit"
)

func TestEvent(t *testing.T) {
	settle(t, testClinics)
	begin(t)
	golden(t, "event.txt", done(t,
		"event", "appointment.cancelled", "--client", "8421", "--id", "cancel-1", "--source", "test",
		"--at", "2026-03-02T14:02:00Z", "--appointment", "a-1", "--start", "2026-03-03T09:00:00-06:00",
		"--visit", "first", "--cancelled-by", "client", "--version", "3",
		"--first-name", "Sam", "--last-name", "Okafor", "--email", "sam@example.org", "--no-email-verified",
		"--phone", "+1 555 0142", "--language", "en", "--time-zone", "America/Chicago", "--clinician", "amara",
		"--risk", "none", "--status", "active", "--consent", "withdrawn",
		"--data", `{"client":{"minor":false,"risk":"high"},"signal":{"name":"diary-skipped","strength":0.5}}`,
	))
	golden(t, "event.json", done(t,
		"event", "care.mooring.client.updated", "--client", "8421", "--id", "up-1", "--source", "test",
		"--at", "2026-03-02T14:02:00Z", "--clinic", "quay", "--phone", "", "--json",
	))
	testkit.Eventually(t, patience, "both are decided on", func() bool {
		c := call(t, "client", "show", "8421")
		return strings.Contains(c.out, "Consent to outreach  withdrawn") && strings.Contains(c.out, "taken back")
	})
}

// Relative times count from the program's clock, at whatever speed it runs.
func TestEventTimesAreTheProgramsOwn(t *testing.T) {
	settle(t, testClinics)
	begin(t)
	var sent struct {
		Event struct {
			Time time.Time
			Data struct{ Appointment struct{ Start time.Time } }
		}
	}
	out := done(t, "event", "appointment.booked", "--client", "1", "--appointment", "a", "--at", "-2h", "--start", "+3d", "--json")
	if err := json.Unmarshal([]byte(out), &sent); err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 2, 16, 0, 5, 0, time.UTC)
	for what, off := range map[string]time.Duration{
		"time":  sent.Event.Time.Sub(now.Add(-2 * time.Hour)),
		"start": sent.Event.Data.Appointment.Start.Sub(now.Add(72 * time.Hour)),
	} {
		if off < 0 || off > time.Minute {
			t.Errorf("%s is %v off the program's clock", what, off)
		}
	}
}

func TestEventMisuse(t *testing.T) {
	settle(t, testClinics)
	begin(t)
	for _, tc := range []struct {
		name, words string
		args        []string
	}{
		{"no client", "--client", []string{"appointment.noshow"}},
		{"near kind", `there is no kind "appointment.no-show"; the nearest is appointment.noshow`, []string{"appointment.no-show", "--client", "1"}},
		{"far kind", "What can be sent: appointment.booked", []string{"x", "--client", "1"}},
		{"inside kind", "escalation.closed comes from inside", []string{"escalation.closed", "--client", "1"}},
		{"missing field", "data.appointment.id is missing", []string{"appointment.noshow", "--client", "1"}},
		{"wrong field", "data.client.risk must be one of none, elevated, high", []string{"client.updated", "--client", "1", "--risk", "hgh"}},
		{"wrong email", "data.client.email must be one plain address", []string{"client.updated", "--client", "1", "--email", "x"}},
		{"empty client", "subject must be the EHR's id of the client", []string{"client.updated", "--client", " ", "--risk", "none"}},
		{"wrong time", "--at: must be a time such as", []string{"client.updated", "--client", "1", "--at", "yesterday"}},
		{"time missing", "--start", []string{"client.updated", "--client", "1", "--start"}},
		{"wrong data", "--data must be one JSON object", []string{"client.updated", "--client", "1", "--data", "[1]"}},
		{"two objects", "--data must be one JSON object", []string{"client.updated", "--client", "1", "--data", "{} {}"}},
		{"null data", "--data must be one JSON object", []string{"client.updated", "--client", "1", "--data", "null"}},
		{"wrong clinic", `there is no clinic "x" here; there is: quay`, []string{"client.updated", "--client", "1", "--risk", "none", "--clinic", "x"}},
		{"two ways", "--url", []string{"client.updated", "--client", "1", "--url", "nats://x", "--http", "http://x"}},
		{"token without door", "--token goes with --http", []string{"client.updated", "--client", "1", "--token", "x"}},
		{"wrong door", "must look like http://", []string{"client.updated", "--client", "1", "--http", "x"}},
		{"wrong server", "must look like nats://", []string{"client.updated", "--client", "1", "--url", "x"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			fails(t, exitMisuse, tc.words, append([]string{"event"}, tc.args...)...)
		})
	}
	if out := done(t, "rejected", "list"); out != "Nothing was rejected.\n" {
		t.Errorf("a refused event was sent: %s", out)
	}
}

func TestEventOverHTTP(t *testing.T) {
	settle(t, testClinics)
	a := begin(t)
	args := []string{"event", "client.updated", "--client", "8421", "--first-name", "Sam", "--http", "http://" + a.Addr("MOORING_HTTP") + "/"}
	if out := done(t, args...); !strings.HasSuffix(out, "\nAccepted by the HTTP door.\n") {
		t.Errorf("the token of the data folder: %s", out)
	}
	done(t, append(args, "--token", a.EventToken("quay"))...)
	fails(t, exitWrong, "did not take the event (401)", append(args, "--token", "wrong")...)
	t.Setenv("MOORING_EVENT_TOKENS", "other:0123456789abcdef,quay:"+a.EventToken("quay"))
	t.Setenv("MOORING_DATA", t.TempDir())
	done(t, args...)
	t.Setenv("MOORING_EVENT_TOKENS", "")
	fails(t, exitMisuse, "the HTTP door needs the clinic's token", args...)
	a.Stop(context.Background())
	fails(t, exitWrong, "reach the HTTP door", append(args, "--token", "x")...)
}

func TestEventOverNATS(t *testing.T) {
	settle(t, testClinics)
	a := begin(t)
	args := []string{"event", "client.updated", "--client", "8421", "--first-name", "Sam", "--clinic", "quay"}
	password, err := os.ReadFile(os.Getenv("MOORING_DATA") + "/keys/nats-events-password")
	if err != nil {
		t.Fatal(err)
	}
	// From here on the data folder is another machine's.
	t.Setenv("MOORING_DATA", t.TempDir())
	done(t, append(args, "--url", a.EventsURL())...)
	fails(t, exitWrong, "Authorization Violation", append(args, "--url", "nats://"+a.Addr("NATS"))...)
	t.Setenv("MOORING_NATS_PASSWORD", strings.TrimSpace(string(password)))
	done(t, append(args, "--url", "nats://"+a.Addr("NATS"))...)
	t.Setenv("NATS_URL", "nats://"+a.Addr("NATS"))
	if out := done(t, args...); !strings.Contains(out, "Stored in EVENTS as number 3, from events.quay.client.updated.") {
		t.Errorf("the acknowledgement is missing: %s", out)
	}
}

// An event is not kept for later behind the caller's back.
func TestEventWhileStopped(t *testing.T) {
	settle(t, testClinics)
	args := []string{"event", "client.updated", "--client", "8421", "--risk", "none"}
	fails(t, exitMisuse, "there is no Mooring's data in", args...)
	begin(t).Stop(context.Background())
	fails(t, exitWrong, "no Mooring is running on the data folder; start it with `mooring serve`", args...)
}

func TestEventHelpListsTheKinds(t *testing.T) {
	out := done(t, "event", "--help")
	for _, k := range app.OutsideKinds() {
		if !strings.Contains(out, k[0]) {
			t.Errorf("the help does not list %s", k[0])
		}
	}
	if strings.Contains(out, "escalation.closed") {
		t.Error("the help lists a kind from inside")
	}
}

func TestStretch(t *testing.T) {
	for _, tc := range []struct {
		text string
		want time.Duration
		ok   bool
	}{
		{"now", 0, true},
		{"-2h", -2 * time.Hour, true},
		{"+3d", 72 * time.Hour, true},
		{"-1d12h", -36 * time.Hour, true},
		{"+1w2d3h4m5s", 9*24*time.Hour + 3*time.Hour + 4*time.Minute + 5*time.Second, true},
		{"+0s", 0, true},
		{"", 0, false},
		{"2h", 0, false},
		{"+", 0, false},
		{"-h", 0, false},
		{"+3", 0, false},
		{"+3x", 0, false},
		{"+-3d", 0, false},
		{"+1.5h", 0, false},
		{"+4000000000w", 0, false},
		{"+40000d40000d", 0, false},
		{"+99999999999999999999s", 0, false},
	} {
		got, ok := stretch(tc.text)
		if got != tc.want || ok != tc.ok {
			t.Errorf("%q: %v, %v; want %v, %v", tc.text, got, ok, tc.want, tc.ok)
		}
	}
}

func FuzzStretch(f *testing.F) {
	for _, s := range []string{"now", "-2h", "+3d", "-1d12h", "+40000d", "+\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, ok := stretch(s)
		if d.Abs() > maxStretch || (!ok && d != 0) {
			t.Errorf("%q: %v, %v", s, d, ok)
		}
		if ok && strings.HasPrefix(s, "-") != (d < 0) && d != 0 {
			t.Errorf("%q has the sign of %v", s, d)
		}
	})
}
