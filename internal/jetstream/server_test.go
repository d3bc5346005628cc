package jetstream

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/runner"
)

// TestLeastPrivilege guards what the clinic's systems may do on the embedded
// server: hand events in, read their own replies, nothing else.
func TestLeastPrivilege(t *testing.T) {
	srv := startServer(t, serverConfig(t.TempDir()))
	s := connect(t, Options{Server: srv})
	sender, err := DialSender("nats://"+UserEvents+":"+eventsPassword+"@"+srv.Addr(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer sender.Close()
	for _, subject := range []string{"events.harbor.appointment.booked", "bulk.harbor.appointment.booked"} {
		if stream, seq, err := sender.Send(t.Context(), subject, map[string]string{"X": "y"}, []byte("{}")); err != nil || stream != streamEvents || seq == 0 {
			t.Errorf("publishing on %s: %s %d, %v", subject, stream, seq, err)
		}
	}

	denied := make(chan error, 64)
	ev := as(t, srv, UserEvents, eventsPassword, nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { denied <- err }))
	for _, subject := range []string{
		"inside.harbor.escalation.closed", "clients.a.harbor.a2", "audit.a.harbor.a2", "access.a.harbor.a2", "timers.set.a.harbor.a2", "timers.due.a.harbor.a2",
		"outbox.safety.a.harbor.a2.m", "deliveries.a.harbor.a2.m", "rejected.harbor.none.x", "$KV.DIRECTORY.harbor.current",
		"$JS.API.STREAM.INFO.CLIENTS", "$JS.API.STREAM.PURGE.CLIENTS", "$JS.API.STREAM.MSG.GET.CLIENTS", "$JS.API.CONSUMER.CREATE.EVENTS",
		"$JS.ACK.EVENTS.events.1.1.1.1.1", "$SYS.REQ.SERVER.PING", "_MOORING_INBOX.x", "_INBOX.x", "somewhere.else",
	} {
		if err := ev.Publish(subject, []byte("{}")); err != nil {
			t.Fatal(err)
		}
		if err := within(t, 5*time.Second, "a refusal to publish on "+subject, denied); !errors.Is(err, nats.ErrPermissionViolation) {
			t.Errorf("publishing on %s: %v, want a violation", subject, err)
		}
	}
	for _, subject := range []string{">", "events.>", "inside.>", "clients.>", "_MOORING_INBOX.>", "$JS.>", "$KV.>", "*.>"} {
		if _, err := ev.Subscribe(subject, func(*nats.Msg) {}); err != nil {
			t.Fatal(err)
		}
		if err := within(t, 5*time.Second, "a refusal to subscribe to "+subject, denied); !errors.Is(err, nats.ErrPermissionViolation) {
			t.Errorf("subscribing to %s: %v, want a violation", subject, err)
		}
	}
	for _, password := range []string{"", "wrong", operatorPassword} {
		if nc, err := nats.Connect("nats://"+srv.Addr(), nats.UserInfo(UserEvents, password)); err == nil {
			nc.Close()
			t.Errorf("the password %q was taken", password)
		}
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestInsideOnlyAcknowledgements guards the rule inside-only where it is least
// seen: who publishes an event names the subject of its acknowledgement, and
// must not have it stored as a decision, a timer or a fact of our own.
func TestInsideOnlyAcknowledgements(t *testing.T) {
	srv := startServer(t, serverConfig(t.TempDir()))
	s := connect(t, Options{Server: srv})
	ev := as(t, srv, UserEvents, eventsPassword)
	replies := []string{
		"inside.harbor.escalation.closed", "clients.a.harbor.a2", "audit.a.harbor.a2", "access.a.harbor.a2", "timers.set.a.harbor.a2",
		"outbox.safety.a.harbor.a2.m", "deliveries.a.harbor.a2.m", "rejected.harbor.none.x", "$KV.DIRECTORY.harbor.current", "$JS.API.STREAM.PURGE.EVENTS",
	}
	for _, reply := range replies {
		if err := ev.PublishRequest("events.harbor.appointment.booked", reply, []byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	// The last one's answer comes after all the others'.
	if _, err := ev.Request("events.harbor.appointment.booked", []byte("{}"), 5*time.Second); err != nil {
		t.Fatal(err)
	}
	uses, err := s.Uses(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, u := range uses {
		want := uint64(0)
		if name == streamEvents {
			want = uint64(len(replies) + 1)
		}
		if u.Written != want {
			t.Errorf("%s holds %d messages, want %d", name, u.Written, want)
		}
	}
	if _, err := s.kv.Get(t.Context(), "harbor.current"); !errors.Is(err, jetstream.ErrKeyNotFound) {
		t.Errorf("the directory was written: %v", err)
	}
}

// TestEventsTakesNoCommands: headers that steer a stream are refused on the
// way in, and so is what could not be stored whole when it is rejected.
func TestEventsTakesNoCommands(t *testing.T) {
	srv := startServer(t, serverConfig(t.TempDir()))
	s := connect(t, Options{Server: srv})
	publish(t, s, "events.harbor.appointment.booked", "kept")
	ev := as(t, srv, UserEvents, eventsPassword)
	js, err := jetstream.New(ev)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"Nats-Rollup": "all", "Nats-TTL": "1s", headerSchedule: "@at 2030-01-01T00:00:00Z", "X-Long": strings.Repeat("x", 2*events.MaxEvent),
	} {
		msg := nats.NewMsg("events.harbor.appointment.booked")
		msg.Header.Set(name, value)
		msg.Header.Set(headerScheduleTarget, "events.harbor.appointment.cancelled")
		_, err := js.PublishMsg(t.Context(), msg)
		if _, ok := errors.AsType[*jetstream.APIError](err); !ok {
			t.Errorf("%s: %v, want a refusal", name, err)
		}
	}
	if u, err := s.Uses(t.Context()); err != nil || u[streamEvents].Held != 1 {
		t.Errorf("EVENTS: %+v, %v; want the one event kept", u[streamEvents], err)
	}
}

// TestStoreKey guards line 13: what is at rest is unreadable without the key,
// another key is refused and changes nothing, and a new one reads what the old
// one wrote.
func TestStoreKey(t *testing.T) {
	const secret = "what-a-client-wrote"
	dir := t.TempDir()
	start := func(key, old string) (*Server, error) {
		cfg := serverConfig(dir)
		cfg.StoreKey, cfg.OldStoreKey = key, old
		return StartServer(cfg)
	}
	srv, err := start("first key", "")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Connect(t.Context(), Options{Server: srv})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Append(t.Context(), refN(1), 0, []byte(secret), runner.Meta{}); err != nil {
		t.Fatal(err)
	}
	s.Close()
	srv.Stop()
	notOnDisk(t, dir, secret)
	for _, key := range []string{"another key", ""} {
		if srv, err := start(key, ""); !errors.Is(err, ErrStoreKey) {
			if err == nil {
				srv.Stop()
			}
			t.Fatalf("with the key %q: %v, want ErrStoreKey", key, err)
		}
	}
	for _, keys := range [][2]string{{"first key", ""}, {"second key", "first key"}, {"second key", ""}} {
		srv, err := start(keys[0], keys[1])
		if err != nil {
			t.Fatalf("with %q: %v", keys, err)
		}
		s, err := Connect(t.Context(), Options{Server: srv})
		if err != nil {
			t.Fatal(err)
		}
		if got, _, err := s.Load(t.Context(), refN(1), 0); err != nil || string(got) != secret {
			t.Errorf("with %q: read %q, %v", keys, got, err)
		}
		s.Close()
		srv.Stop()
	}
	notOnDisk(t, dir, secret)
}

func notOnDisk(t *testing.T, dir, secret string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path) //nolint:gosec // the test's own folder
		if bytes.Contains(b, []byte(secret)) {
			t.Errorf("%s holds the plain text", filepath.Base(path))
		}
		files++
		return err
	})
	if err != nil || files < 10 {
		t.Fatalf("looked through %d files: %v", files, err)
	}
}

// A crash may leave the folder of a stream that was never quite made; that is
// no reason not to start.
func TestStoreKeyIsNotBlamedForAHalfMadeStream(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "jetstream", "$G", "streams", "HALF", "msgs"), 0o700); err != nil {
		t.Fatal(err)
	}
	startServer(t, serverConfig(dir))
}

// TestFlush guards line 14: the operator's word reaches the server.
func TestFlush(t *testing.T) {
	for _, always := range []bool{true, false} {
		cfg := serverConfig(t.TempDir())
		cfg.SyncAlways = always
		srv := startServer(t, cfg)
		if got := srv.ns.JetStreamConfig().SyncAlways; got != always {
			t.Errorf("SyncAlways is %v, want %v", got, always)
		}
	}
}

func TestServerAddress(t *testing.T) {
	for _, listen := range []string{"", "here", "127.0.0.1:", "127.0.0.1:port"} {
		cfg := serverConfig(t.TempDir())
		cfg.Listen = listen
		if srv, err := StartServer(cfg); err == nil {
			srv.Stop()
			t.Errorf("the address %q was taken", listen)
		} else if !strings.Contains(err.Error(), "read the embedded server's") {
			t.Errorf("the address %q: %v, want an error that names it", listen, err)
		}
	}
}

// TestOldServerIsRefused says which version was found.
func TestOldServerIsRefused(t *testing.T) {
	for _, tc := range []struct {
		found string
		ok    bool
	}{
		{MinServer, true},
		{"2.14.1", true},
		{"2.15.2", true},
		{"3.0.0", true},
		{"2.15.0-RC.1", true},
		{"2.13.9", false},
		{"2.9.25", false},
		{"1.99.99", false},
		{"2.14", false},
		{"", false},
		{"latest", false},
		{"v2.15.2", false},
	} {
		err := checkVersion(tc.found)
		if (err == nil) != tc.ok {
			t.Errorf("%q: %v, want ok %v", tc.found, err, tc.ok)
		}
		if err != nil && (!strings.Contains(err.Error(), tc.found) || !strings.Contains(err.Error(), MinServer)) {
			t.Errorf("%q: %q names neither what was found nor what is needed", tc.found, err)
		}
	}
	if err := checkVersion(ServerVersion()); err != nil {
		t.Errorf("the embedded server is refused: %v", err)
	}
}
