package app_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/app"
	"github.com/mooring-care/mooring/internal/testkit"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/runner"
)

// natsCLI is the public client of NATS, as a clinic's scripts call it, from
// MOORING_NATS_CLI or PATH. Nothing is built here: a test run fetches no tools.
// Without it the test is left out and says so, and fails where CI should have it.
func natsCLI(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("MOORING_NATS_CLI"); path != "" {
		return path
	}
	path, err := exec.LookPath("nats")
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("CI=true, and no nats client was found in PATH or MOORING_NATS_CLI")
	}
	fmt.Println("test of the nats client's events left out: no nats found (go -C tools build -o DIR/ tool)")
	return ""
}

// publisher sends with the nats client as the user events.
type publisher struct {
	t           *testing.T
	binary, url string
}

// pub publishes to JetStream, which must acknowledge.
func (p publisher) pub(subject, body string, headers ...string) {
	p.t.Helper()
	args := []string{"--server", p.url, "pub", "--jetstream", "--no-templates", "--force-stdin", subject}
	for _, h := range headers {
		args = append(args, "-H", h)
	}
	cmd := exec.CommandContext(p.t.Context(), p.binary, args...)
	cmd.Stdin = strings.NewReader(body)
	// The client keeps its settings at home; it shall have none.
	cmd.Env = []string{"HOME=" + p.t.TempDir(), "PATH=" + os.Getenv("PATH")}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Stored in Stream: EVENTS") {
		p.t.Fatalf("nats pub %s: %v\n%s", subject, err, out)
	}
}

// listening is a running App with its decisions.
type listening struct {
	*app.App
	cfg     app.Config
	decided chan runner.Decided
}

func listen(t *testing.T) listening {
	t.Helper()
	l := listening{
		cfg: app.Config{
			Data: t.TempDir(), HTTP: "127.0.0.1:0", StaffHTTP: "127.0.0.1:0", OpsHTTP: "127.0.0.1:0", NATSListen: "127.0.0.1:0",
			StoreSync: "interval", Mailer: "mailbox", TimeSpeed: 1, Log: "text", LogLevel: "error", SMTPTLS: "required",
		},
		decided: make(chan runner.Decided, 64),
	}
	var err error
	l.App, err = app.New(t.Context(), l.cfg, slog.New(slog.DiscardHandler), app.WithObserver(func(d runner.Decided) {
		if d.Entry.Kind == events.AppointmentNoShow {
			l.decided <- d
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Stop(context.Background()) })
	if err := l.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return l
}

// expectJourney waits for the next decision on a no-show, which must have
// started the journey of that client.
func (l listening) expectJourney(t *testing.T, client string) {
	t.Helper()
	select {
	case d := <-l.decided:
		if d.State.EHR != client {
			t.Fatalf("the decision is on another client than %s", client)
		}
		if !slices.ContainsFunc(d.State.Journeys, func(j workflows.Journey) bool { return j.Workflow == "first-no-show" }) {
			t.Fatalf("no journey runs after %+v", d.Entry.Notes)
		}
		if !slices.ContainsFunc(d.Entry.Notes, func(n workflows.Note) bool { return n.Reason == workflows.Started }) {
			t.Fatalf("no journey has started: %+v", d.Entry.Notes)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("nothing was decided on the client %s", client)
	}
}

// data is what a clinic's script would send of a no-show.
const data = `{"client":{"first_name":"Zoë","email":"zoe@example.org","email_verified":true,"risk":"none","clinician":"amara",` +
	`"consent":{"outreach":{"state":"granted"}}},"appointment":{"id":"a-1"}}`

// structured is a whole CloudEvent.
func structured(id, kind, client, data string) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"https://ehr.example.org","type":"care.mooring.%s","subject":%q,"time":%q,"data":%s}`,
		id, kind, client, time.Now().UTC().Format(time.RFC3339Nano), data)
}

// binaryHeaders are a CloudEvent's attributes as headers.
func binaryHeaders(id, client string) []string {
	return []string{
		"ce-specversion:1.0", "ce-id:" + id, "ce-source:https://ehr.example.org", "ce-type:care.mooring.appointment.noshow",
		"ce-subject:" + client, "ce-time:" + time.Now().UTC().Format(time.RFC3339Nano), "Content-Type:application/json",
	}
}

const cloudEvent = "Content-Type:application/cloudevents+json"

const noShow = "events.sample.appointment.noshow"

// What a clinic's own tools send arrives: over NATS in both modes, and over
// HTTP in both.
func TestEventsFromPublicTools(t *testing.T) {
	l := listen(t)
	if binary := natsCLI(t); binary != "" {
		p := publisher{t, binary, l.EventsURL()}
		p.pub(noShow, structured("1", "appointment.noshow", "nats-structured", data), cloudEvent)
		l.expectJourney(t, "nats-structured")
		p.pub(noShow, structured("2", "appointment.noshow", "nats-plain", data))
		l.expectJourney(t, "nats-plain")
		p.pub(noShow, data, binaryHeaders("3", "nats-bin%C3%A4r")...)
		l.expectJourney(t, "nats-binär")
	}

	post := func(want int, token, body string, headers ...string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+l.Addr("MOORING_HTTP")+"/v1/clinics/sample/events", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		for _, h := range headers {
			name, value, _ := strings.Cut(h, ":")
			req.Header.Set(name, value)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if said, _ := io.ReadAll(res.Body); res.StatusCode != want {
			t.Fatalf("the door answered %d, want %d: %s", res.StatusCode, want, said)
		}
	}
	token := l.EventToken("sample")
	post(http.StatusAccepted, token, structured("4", "appointment.noshow", "http-structured", data), cloudEvent)
	l.expectJourney(t, "http-structured")
	post(http.StatusAccepted, token, data, binaryHeaders("5", "http-binary")...)
	l.expectJourney(t, "http-binary")
	post(http.StatusUnauthorized, "x"+token, data, binaryHeaders("6", "nobody")...)
	post(http.StatusForbidden, token, structured("7", "escalation.closed", "abc", `{}`), cloudEvent)
}

// refused is one event that nobody can act on.
type refused struct {
	reason  events.Reason
	subject string
	body    string
	headers []string
}

// The rule nothing-lost: what a sender got an acknowledgement for and nobody
// can act on stands in REJECTED whole, with the reason, and is counted.
func TestNothingLostRejectedWhole(t *testing.T) {
	l := listen(t)
	all := []refused{
		{events.ReasonBroken, noShow, `{"specversion":`, []string{cloudEvent, "X-Sender:ehr"}},
		{events.ReasonUnknownKind, "events.sample.appointment.vanished", structured("1", "appointment.vanished", "1", data), []string{cloudEvent}},
		{events.ReasonUnknownKind, "bulk.sample.appointment.vanished", structured("2", "appointment.vanished", "1", data), []string{cloudEvent}},
		{events.ReasonOversized, noShow, structured("3", "appointment.noshow", "1", `{"note":"`+strings.Repeat("x", events.MaxEvent)+`"}`), []string{cloudEvent}},
		{events.ReasonUnknownClinic, "events.elsewhere.appointment.noshow", structured("4", "appointment.noshow", "1", data), []string{cloudEvent}},
		{events.ReasonSubjectDisagree, "events.sample.appointment.attended", structured("5", "appointment.noshow", "1", data), []string{cloudEvent}},
		{events.ReasonInsideFromOut, "events.sample.escalation.closed", structured("6", "escalation.closed", "abc", `{"escalation":{"id":"abc","by":"ruth","outcome":"false-alarm"}}`), []string{cloudEvent}},
		{events.ReasonInvalidData, noShow, `{"appointment":{}}`, binaryHeaders("7", "1")},
		{events.ReasonBadSubject, "events.sample", structured("8", "appointment.noshow", "1", data), []string{cloudEvent}},
	}
	binary := natsCLI(t)
	if binary == "" {
		return
	}
	p := publisher{t, binary, l.EventsURL()}
	want := map[events.Reason]int{}
	for _, r := range all {
		p.pub(r.subject, r.body, r.headers...)
		want[r.reason]++
	}
	op, err := app.OpenOperator(t.Context(), l.cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer op.Close()
	var list []app.Rejected
	testkit.Eventually(t, 20*time.Second, "all are rejected", func() bool {
		if list, err = op.ListRejected(t.Context(), 100); err != nil {
			t.Fatal(err)
		}
		return len(list) >= len(all)
	})
	if len(list) != len(all) {
		t.Errorf("%d were rejected, want %d", len(list), len(all))
	}
	for _, row := range list {
		got, err := op.GetRejected(t.Context(), row.Sequence)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(all, func(r refused) bool { return r.subject == got.Origin && r.body == string(got.Body) })
		if i < 0 {
			t.Errorf("a rejected message of %s is not what was sent, or stands there twice", got.Origin)
			continue
		}
		sent := all[i]
		all = slices.Delete(all, i, i+1)
		if got.Reason != sent.reason || got.Text == "" {
			t.Errorf("%s was rejected for %q (%s), want %s", got.Origin, got.Reason, got.Text, sent.reason)
		}
		headers := map[string][]string{}
		for _, h := range sent.headers {
			name, value, _ := strings.Cut(h, ":")
			headers[name] = []string{value}
		}
		if diff := cmp.Diff(headers, got.Header); diff != "" {
			t.Errorf("the headers of %s (-sent +kept):\n%s", got.Origin, diff)
		}
	}
	counted := map[events.Reason]int{}
	for reason := range want {
		counted[reason] = l.counted(t, reason)
	}
	if diff := cmp.Diff(want, counted); diff != "" {
		t.Errorf("mooring_rejected_total (-want +got):\n%s", diff)
	}
	select {
	case d := <-l.decided:
		t.Errorf("a rejected event was decided on: %+v", d.Entry.Notes)
	default:
	}
}

// counted reads the counter of a reason as Prometheus would.
func (l listening) counted(t *testing.T, reason events.Reason) int {
	t.Helper()
	res, err := http.Get("http://" + l.Addr("MOORING_OPS_HTTP") + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, `mooring_rejected_total{reason="`+string(reason)+`"} `); ok {
			n, err := strconv.Atoi(strings.TrimSpace(value))
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	return 0
}
