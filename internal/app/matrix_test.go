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
	"github.com/mooring-care/mooring/internal/testkit/fakesendgrid"
	"github.com/mooring-care/mooring/internal/testkit/faults"
	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/runner"
)

// matrix is one running program and the world around it.
type matrix struct {
	t  *testing.T
	js jetstream.JetStream // as the operator
	in *faults.Injector
	// shared are the faults that meet whoever comes first.
	shared map[string][]faults.Fault
	mu     sync.Mutex
	said   []faults.Acked // guarded by mu
	// answered are the escalations that somebody has taken, booked the clients
	// who will book. Guarded by mu.
	answered map[string]bool
	booked   map[string]matrixRow
	acts     sync.WaitGroup
	// door is the HTTP door's address, token opens it.
	door, token string
}

// TestMatrix: whichever one call fails, before it took effect or after, the
// rules nothing-lost, once and never-silent hold, and every story comes to its
// end.
func TestMatrix(t *testing.T) {
	runMatrix(t, matrixRows(), map[string][]faults.Fault{
		// A clinic's versions are asked for by whichever client comes first.
		faults.Clinic: {
			{Call: faults.CallPrepare, Nth: 1, Times: 3},
			{Call: faults.CallPrepare, Nth: 40, Times: 3, After: true},
			{Call: faults.CallPrepare, Nth: 200, Times: 20},
		},
	})
}

// TestMatrixLastLook: wherever the reader beside the queues loses its place, a
// care look waits for what was acknowledged before it.
func TestMatrixLastLook(t *testing.T) {
	runMatrix(t, bookedRows(), map[string][]faults.Fault{
		faults.Reader: {
			{Call: faults.CallStart, Nth: 1, Times: 1},
			{Call: faults.CallStart, Nth: 4, Times: 3, After: true},
			{Call: faults.CallOpen, Nth: 2, Times: 1},
			{Call: faults.CallOpen, Nth: 5, Times: 1, After: true},
			{Call: faults.CallFloors, Nth: 2, Times: 1},
			{Call: faults.CallFloors, Nth: 4, Times: 1, After: true},
		},
	})
}

// runMatrix lives through every row on one program.
func runMatrix(t *testing.T, rows []matrixRow, shared map[string][]faults.Fault) {
	t.Helper()
	dir := t.TempDir()
	clinics := filepath.Join(dir, "clinics")
	if err := faults.WriteClinic(clinics, time.Now()); err != nil {
		t.Fatal(err)
	}
	m := &matrix{t: t, shared: shared, answered: map[string]bool{}, booked: map[string]matrixRow{}}
	m.in = faults.NewInjector(m.mailed, m.looking)
	for _, r := range rows {
		if r.story == storyBooked {
			m.booked[r.key] = r // its faults are planned when it books
			continue
		}
		m.in.Plan(r.key, r.faults...)
		m.in.Plan(r.ehr, r.faults...)
	}
	for key, planned := range shared {
		m.in.Plan(key, planned...)
	}
	cfg := app.Config{
		Data: filepath.Join(dir, "data"), Clinics: clinics, Mailer: "mailbox", TimeSpeed: 1, StoreSync: "interval",
		HTTP: "127.0.0.1:0", StaffHTTP: "127.0.0.1:0", OpsHTTP: "127.0.0.1:0", NATSListen: "127.0.0.1:0",
		ClientKey: app.Secret(base64.StdEncoding.EncodeToString([]byte(matrixKey))), SMTPTLS: "required", Log: "text", LogLevel: "error",
	}
	a, err := app.New(t.Context(), cfg, slog.New(slog.DiscardHandler), app.WithProvider(m.in.Provider()), app.WithBetween(app.Between{
		Log: m.in.Log, Timers: m.in.Timers, Outbox: m.in.Outbox, Directories: m.in.Directories, Ledger: m.in.Ledger, Looker: m.in.Looker, Reporter: m.in.Reporter,
		Archive: m.in.Archive, Arrivals: m.in.Arrivals, Door: m.in.Door,
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

	m.door, m.token = "http://"+a.Addr("MOORING_HTTP")+"/v1/clinics/"+faults.Clinic+"/events", a.EventToken(faults.Clinic)

	for _, r := range rows {
		m.begin(r)
	}
	m.reached("every story asks for its care mail", func() bool {
		return !slices.ContainsFunc(rows, func(r matrixRow) bool { return !m.in.Asked(r.key, workflows.LaneCare) })
	})
	for _, r := range rows {
		m.goOn(r)
	}
	m.acts.Wait()
	quiet := 0
	m.reached("nothing is left to do", func() bool {
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
	for _, left := range m.unspent() {
		t.Error(left)
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) { m.verify(t, r, s) })
	}
	t.Logf("%d rows: %+v", len(rows), report.Counts)
}

// reached waits for what every run comes to. A run that does not is judged all
// the same: the rule that it broke says more than that it hangs.
func (m *matrix) reached(what string, ok func() bool) {
	m.t.Helper()
	const long = 90 * time.Second
	deadline := time.NewTimer(long)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline.C:
			m.t.Errorf("not within %v: %s", long, what)
			return
		}
	}
}

// unspent are the shared faults that have not struck as often as was planned.
func (m *matrix) unspent() (left []string) {
	for key, planned := range m.shared {
		want := map[faults.Call]int{}
		for _, f := range planned {
			want[f.Call] += f.Times
		}
		for call, n := range want {
			if got := m.in.Fired(key, call); got != n {
				left = append(left, fmt.Sprintf("%s of %s was made to fail %d times, want %d", call, key, got, n))
			}
		}
	}
	return left
}

// verify holds one client against what its story must come to.
func (m *matrix) verify(t *testing.T, r matrixRow, s *faults.Snapshot) {
	sends := false
	for _, f := range r.faults {
		sends = sends || f.Call == faults.CallSend
		want := 1
		if repeated(f) {
			want = f.Times
		}
		if got := m.in.Fired(r.key, f.Call) + m.in.Fired(r.ehr, f.Call); got < want {
			t.Errorf("%s was made to fail %d times, want %d: the row proves nothing", f.Call, got, want)
		}
	}
	ref := runner.Ref{Clinic: faults.Clinic, Key: r.key}
	care, last := 0, notifier.Entry{}
	for _, a := range s.Audit[ref] {
		for _, e := range a.Entry.Effects {
			if e.Enqueue == nil || e.Enqueue.Lane != workflows.LaneCare {
				continue
			}
			care++
			if words := s.Ledger[e.Enqueue.ID]; len(words) > 0 {
				last = words[len(words)-1].Entry
			}
			if r.story == storyBooked && slices.ContainsFunc(m.in.Taken(), func(x fakesendgrid.Entry) bool { return x.MID == e.Enqueue.ID }) {
				t.Error("the care mail left after its client had booked")
			}
		}
	}
	if care != 1 {
		t.Errorf("%d care messages were asked for, want 1", care)
	}
	if !sends && last.Status == notifier.Unknown {
		t.Error("the care message is of unknown fate, and its request never failed")
	}
	c := s.Clients[ref]
	switch r.story {
	case storyRisky:
		// Whoever took it holds it for a minute, which may have passed.
		taken := slices.ContainsFunc(s.Audit[ref], func(a faults.Audited) bool { return a.Entry.Kind == events.EscalationAcknowledged })
		if x := c.State.Escalations; len(x) != 1 || !x[0].Open() || !taken {
			t.Errorf("somebody took an escalation: %v; want one that is open, have %+v", taken, x)
		}
	case storyBooked:
		if last.Status != notifier.Withdrawn || last.By != r.books()[0].Hash().String() {
			t.Errorf("the care message ends with %q by %q, want it withdrawn by the booking", last.Status, last.By)
		}
	case storyBusy:
		// The last trim did what those that failed left undone, unless it failed
		// by itself: then the next one would.
		if n := len(c.Kept); c.Decisions < int64(r.updates()) || n < 16 || n > 31 && m.in.Failed(r.key, faults.CallTrim) == 0 {
			t.Errorf("of %d decisions CLIENTS has %d, want 16 to 31", c.Decisions, n)
		}
	case storyNoShow, storyBroken:
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

func operatorPassword(t *testing.T, data string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(data, "keys", "nats-operator-password"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}
