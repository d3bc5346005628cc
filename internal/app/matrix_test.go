package app_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/app"
	store "github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/internal/testkit"
	"github.com/mooring-care/mooring/internal/testkit/faults"
	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/runner"
)

// matrixRow is one client some of whose calls fail.
type matrixRow struct {
	name   string
	faults []faults.Fault
	// risky clients go through an escalation, the others through a no-show with
	// a timer before its mail.
	risky bool
	ehr   string
	key   string
}

// matrixRows are the calls of runner and notifier to the store and to the
// provider, failing before it took effect and after, the first time and a later
// time, once and thrice in a row, in both stories.
func matrixRows(clientKey []byte) []matrixRow {
	var rows []matrixRow
	add := func(risky bool, list ...faults.Fault) {
		r := matrixRow{faults: list, risky: risky, ehr: fmt.Sprintf("mrn-%03d", len(rows)), name: fmt.Sprintf("risky=%v", risky)}
		for _, f := range list {
			r.name += fmt.Sprintf("/%s,after=%v,nth=%d,times=%d", f.Call, f.After, f.Nth, f.Times)
		}
		r.key = events.ClientKey(clientKey, faults.Clinic, r.ehr)
		rows = append(rows, r)
	}
	each := func(f func(a, b, c, d bool)) {
		for i := range 16 {
			f(i&1 > 0, i&2 > 0, i&4 > 0, i&8 > 0)
		}
	}
	number := func(b bool, no, yes int) int {
		if b {
			return yes
		}
		return no
	}
	for _, call := range faults.Calls() {
		each(func(after, later, thrice, risky bool) {
			f := faults.Fault{Call: call, After: after, Nth: number(later, 1, 2), Times: number(thrice, 1, 3)}
			if happens(f, risky) {
				add(risky, f)
			}
		})
	}
	// The ledger is read only where a write to it has failed: the claim, or the
	// final word.
	each(func(after, final, readAfter, risky bool) {
		add(risky,
			faults.Fault{Call: faults.CallLedgerPut, After: after, Nth: number(final, 1, 2), Times: 1},
			faults.Fault{Call: faults.CallLedgerLast, After: readAfter, Nth: 1, Times: 1})
	})
	return rows
}

// happens leaves out the calls that a story does not make by itself: without a
// risk there is one mail, and nobody reports that care was accepted.
func happens(f faults.Fault, risky bool) bool {
	switch f.Call {
	case faults.CallLedgerLast:
		return false
	case faults.CallReport:
		return risky && f.Nth == 1
	case faults.CallSend, faults.CallOutboxEnqueue:
		return risky || f.Nth == 1
	}
	return true
}

// matrix is one running program and the world around it.
type matrix struct {
	t    *testing.T
	js   jetstream.JetStream // as the operator
	in   *faults.Injector
	mu   sync.Mutex
	said []faults.Acked // guarded by mu
	// answered are the escalations that somebody has taken. Guarded by mu.
	answered map[string]bool
	acts     sync.WaitGroup
}

// TestMatrix: whichever one call fails, before it took effect or after, the
// rules nothing-lost, once and never-silent hold, and both stories come to
// their end.
func TestMatrix(t *testing.T) {
	dir := t.TempDir()
	clinics := filepath.Join(dir, "clinics")
	if err := faults.WriteClinic(clinics, time.Now()); err != nil {
		t.Fatal(err)
	}
	clientKey := []byte(strings.Repeat("k", 32))
	rows := matrixRows(clientKey)
	m := &matrix{t: t, answered: map[string]bool{}}
	m.in = faults.NewInjector(m.mailed)
	for _, r := range rows {
		m.in.Plan(r.key, r.faults...)
	}
	// A clinic's versions are asked for by whichever client comes first.
	versions := []faults.Fault{
		{Call: faults.CallPrepare, Nth: 1, Times: 3},
		{Call: faults.CallPrepare, Nth: 40, Times: 3, After: true},
		{Call: faults.CallPrepare, Nth: 200, Times: 20},
	}
	m.in.Plan(faults.Clinic, versions...)
	cfg := app.Config{
		Data: filepath.Join(dir, "data"), Clinics: clinics, Mailer: "mailbox", TimeSpeed: 1, StoreSync: "interval",
		HTTP: "127.0.0.1:0", StaffHTTP: "127.0.0.1:0", OpsHTTP: "127.0.0.1:0", NATSListen: "127.0.0.1:0",
		ClientKey: app.Secret(base64.StdEncoding.EncodeToString(clientKey)), SMTPTLS: "required", Log: "text", LogLevel: "error",
	}
	a, err := app.New(t.Context(), cfg, slog.New(slog.DiscardHandler), app.WithProvider(m.in.Provider()), app.WithBetween(app.Between{
		Log: m.in.Log, Timers: m.in.Timers, Outbox: m.in.Outbox, Directories: m.in.Directories, Ledger: m.in.Ledger, Looker: m.in.Looker, Reporter: m.in.Reporter,
	}))
	if err != nil {
		t.Fatal(err)
	}
	stop := sync.OnceFunc(func() { a.Stop(context.Background()) })
	t.Cleanup(stop)
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	operator := m.connect(a.Addr("NATS"), operatorPassword(t, cfg.Data))
	if m.js, err = jetstream.New(operator); err != nil {
		t.Fatal(err)
	}

	for _, r := range rows {
		m.begin(r)
	}
	const long = 60 * time.Second
	testkit.Eventually(t, long, "every story asks for its care mail", func() bool {
		return !slices.ContainsFunc(rows, func(r matrixRow) bool { return !m.in.Asked(r.key, workflows.LaneCare) })
	})
	m.acts.Wait()
	quiet := 0
	testkit.Eventually(t, long, "nothing is left to do", func() bool {
		left, err := faults.Unfinished(t.Context(), operator)
		if err != nil {
			t.Fatal(err)
		}
		if len(left) > 0 {
			quiet = 0
		}
		quiet++
		return quiet > 3
	})
	stop()

	server, err := store.StartServer(store.ServerConfig{
		Dir: filepath.Join(cfg.Data, "streams"), Listen: "127.0.0.1:0", OperatorPassword: "reads", EventsPassword: "unused",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	s, err := faults.Take(t.Context(), m.connect(server.Addr(), "reads"))
	if err != nil {
		t.Fatal(err)
	}
	report := faults.Judge(s, faults.History{
		Clinics: []string{faults.Clinic}, Acked: m.said, Taken: m.in.Taken(), Excused: m.in.Excused(),
	})
	for _, b := range report.Broken {
		t.Error(b)
	}
	want := 0
	for _, f := range versions {
		want += f.Times
	}
	if n := m.in.Fired(faults.Clinic, faults.CallPrepare); n != want {
		t.Errorf("preparing a clinic's versions was made to fail %d times, want %d", n, want)
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) { m.verify(t, r, s) })
	}
	t.Logf("%d rows: %+v", len(rows), report.Counts)
}

// verify holds one client against what its story must come to.
func (m *matrix) verify(t *testing.T, r matrixRow, s *faults.Snapshot) {
	sends := false
	for _, f := range r.faults {
		sends = sends || f.Call == faults.CallSend
		if m.in.Fired(r.key, f.Call) == 0 {
			t.Errorf("no %s was made to fail: the row proves nothing", f.Call)
		}
	}
	ref := runner.Ref{Clinic: faults.Clinic, Key: r.key}
	care, unknown := 0, 0
	for _, a := range s.Audit[ref] {
		for _, e := range a.Entry.Effects {
			if e.Enqueue == nil || e.Enqueue.Lane != workflows.LaneCare {
				continue
			}
			care++
			if words := s.Ledger[e.Enqueue.ID]; len(words) > 0 && words[len(words)-1].Entry.Status == notifier.Unknown {
				unknown++
			}
		}
	}
	if care != 1 {
		t.Errorf("%d care messages were asked for, want 1", care)
	}
	if !sends && unknown > 0 {
		t.Error("the care message is of unknown fate, and its request never failed")
	}
	state := s.Clients[ref].State
	if r.risky && (len(state.Escalations) != 1 || !state.Escalations[0].Open() || state.Escalations[0].Ack == nil) {
		t.Errorf("want one open escalation that somebody took, have %+v", state.Escalations)
	}
}

func (m *matrix) connect(addr, password string) *nats.Conn {
	m.t.Helper()
	nc, err := nats.Connect("nats://operator:" + password + "@" + addr)
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(nc.Close)
	return nc
}

// begin tells the first half of a client's story.
func (m *matrix) begin(r matrixRow) {
	risk, now := events.RiskNone, time.Now()
	if r.risky {
		risk = events.RiskHigh
	}
	name, email, yes, clinician := "Sam", r.ehr+"@example.org", true, "amara"
	ev := events.Event{
		ID: r.ehr + "-1", Source: "https://ehr.example.org/matrix", Clinic: faults.Clinic, Client: r.ehr, Time: now,
		Kind: events.AppointmentCancelled,
		Data: events.Data{
			Appointment: &events.Appointment{ID: "a1", By: events.ByProvider},
			Client: &events.Client{
				FirstName: &name, Email: &email, EmailVerified: &yes, Clinician: &clinician, Risk: &risk,
				Consent: &events.Consent{Outreach: &events.ConsentRecord{State: events.ConsentGranted}},
			},
		},
	}
	if !r.risky { // the timer comes within three seconds, long after the decision
		ev.Kind, ev.Time = events.AppointmentNoShow, now.Add(-time.Minute+3*time.Second)
		ev.Data.Appointment.By = ""
	}
	m.say(events.SubjectEvents, ev)
}

// mailed plays the clinician: who is asked takes the question, once.
func (m *matrix) mailed(_ notifier.Mail, e workflows.Enqueue, ref runner.Ref) {
	if e.Message.Template != "escalation" {
		return
	}
	m.mu.Lock()
	first := !m.answered[e.Message.Target]
	m.answered[e.Message.Target] = true
	m.mu.Unlock()
	if !first {
		return
	}
	m.acts.Go(func() {
		m.say(events.SubjectInside, events.Event{
			ID: "ack-" + e.Message.Target, Source: "mooring/pages", Clinic: ref.Clinic, Key: ref.Key, Time: time.Now(),
			Kind: events.EscalationAcknowledged,
			Data: events.Data{Escalation: &events.EscalationAct{ID: e.Message.Target, By: e.Message.Person}},
		})
	})
}

// say publishes an event and keeps its acknowledgement.
func (m *matrix) say(first string, ev events.Event) {
	header, body, err := events.Encode(ev)
	if err != nil {
		m.t.Error(err)
		return
	}
	msg := nats.NewMsg(events.Subject(first, ev.Clinic, ev.Kind))
	msg.Data = body
	for k, v := range header {
		msg.Header.Set(k, v)
	}
	ack, err := m.js.PublishMsg(context.Background(), msg)
	if err != nil {
		m.t.Error(err)
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.said = append(m.said, faults.Acked{Hash: ev.Hash(), At: time.Now(), Stream: ack.Stream, Sequence: ack.Sequence, Subject: msg.Subject})
}

func operatorPassword(t *testing.T, data string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(data, "keys", "nats-operator-password"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}
