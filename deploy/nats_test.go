// Package deploy_test loads what stands in this folder the way its servers
// would, and tries the doors.
package deploy_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/internal/testkit"
)

const (
	// Passwords as an operator may choose them: one begins like a number.
	mooringPassword = "7e3b0c44298fc1c1"
	eventsPassword  = "m9f86d081884c7d6"
)

// configured loads nats.conf with the environment that docker-compose.yml
// would give its container.
func configured(t *testing.T) *server.Options {
	t.Helper()
	operator := map[string]string{
		"NATS_MOORING_PASSWORD": mooringPassword,
		"NATS_EVENTS_PASSWORD":  eventsPassword,
		"NATS_STORE_KEY":        "0123456789abcdef0123456789abcdef",
	}
	for name, value := range readCompose(t).Services["nats"].Environment {
		t.Setenv(name, interpolate(t, value, operator))
	}
	opts, err := server.ProcessConfigFile(filepath.Join("nats", "nats.conf"))
	if err != nil {
		t.Fatalf("load nats.conf: %v", err)
	}
	return opts
}

// start runs the configured server on a free port with a store of its own.
func start(t *testing.T) *server.Server {
	t.Helper()
	opts := configured(t)
	opts.Host, opts.Port = "127.0.0.1", server.RANDOM_PORT
	opts.HTTPPort = 0
	opts.StoreDir = t.TempDir()
	opts.NoSigs, opts.NoLog = true, true
	ns, err := server.NewServer(opts)
	if err != nil {
		t.Fatalf("set up the server: %v", err)
	}
	ns.Start()
	t.Cleanup(func() {
		ns.Shutdown()
		ns.WaitForShutdown()
	})
	if !ns.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server was not ready within 10 s")
	}
	return ns
}

// connect returns a connection and the permission errors it was told of.
func connect(t *testing.T, ns *server.Server, user, password string) (*nats.Conn, <-chan error) {
	t.Helper()
	refused := make(chan error, 8)
	conn, err := nats.Connect(ns.ClientURL(),
		nats.UserInfo(user, password),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refused <- err }),
	)
	if err != nil {
		t.Fatalf("connect as %s: %v", user, err)
	}
	t.Cleanup(conn.Close)
	return conn, refused
}

func TestNATSFlushesAndEncrypts(t *testing.T) {
	opts := configured(t)
	if !opts.SyncAlways {
		t.Error("writes are acknowledged before they are flushed")
	}
	if opts.JetStreamKey == "" || opts.JetStreamCipher != server.ChaCha {
		t.Errorf("streams are not encrypted at rest: key of %d characters, cipher %v", len(opts.JetStreamKey), opts.JetStreamCipher)
	}
	if opts.HTTPHost != "127.0.0.1" {
		t.Errorf("the monitoring page listens on %q, want this machine only", opts.HTTPHost)
	}
	if opts.NoAuthUser != "" {
		t.Errorf("whoever names no user becomes %q", opts.NoAuthUser)
	}
}

func TestNATSRefusesStrangers(t *testing.T) {
	ns := start(t)
	for _, tc := range []struct {
		name string
		opts []nats.Option
	}{
		{"no user", nil},
		{"wrong password", []nats.Option{nats.UserInfo("events", mooringPassword)}},
		{"unknown user", []nats.Option{nats.UserInfo("admin", mooringPassword)}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			conn, err := nats.Connect(ns.ClientURL(), tc.opts...)
			if err == nil {
				conn.Close()
				t.Fatal("connected")
			}
			if !errors.Is(err, nats.ErrAuthorization) {
				t.Fatalf("refused for another reason: %v", err)
			}
		})
	}
}

// TestInsideOnly: the clinic's systems hand in events, get JetStream's
// acknowledgement, and can do nothing else.
func TestInsideOnly(t *testing.T) {
	ns := start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()

	ours, _ := connect(t, ns, "mooring", mooringPassword)
	js, err := jetstream.New(ours)
	if err != nil {
		t.Fatal(err)
	}
	for name, subjects := range map[string][]string{
		"EVENTS": {"events.>", "bulk.>"},
		"INSIDE": {"inside.>"},
		"TIMERS": {"timers.>"},
	} {
		if _, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: name, Subjects: subjects}); err != nil {
			t.Fatalf("create stream %s: %v", name, err)
		}
	}

	clinic, refused := connect(t, ns, "events", eventsPassword)
	clinicJS, err := jetstream.New(clinic)
	if err != nil {
		t.Fatal(err)
	}

	t.Run("events and imports are acknowledged by the stream", func(t *testing.T) {
		for _, subject := range []string{"events.sample.appointment.cancelled", "bulk.sample.appointment.booked"} {
			msg := nats.NewMsg(subject)
			msg.Header.Set("ce-id", "1")
			msg.Data = []byte(`{"x":1}`)
			ack, err := clinicJS.PublishMsg(ctx, msg)
			if err != nil {
				t.Fatalf("publish %s: %v", subject, err)
			}
			if ack.Stream != "EVENTS" {
				t.Fatalf("%s was stored in %q, want EVENTS", subject, ack.Stream)
			}
			events, err := js.Stream(ctx, "EVENTS")
			if err != nil {
				t.Fatal(err)
			}
			stored, err := events.GetMsg(ctx, ack.Sequence)
			if err != nil {
				t.Fatalf("read back %s: %v", subject, err)
			}
			if stored.Subject != subject || string(stored.Data) != `{"x":1}` || stored.Header.Get("ce-id") != "1" {
				t.Fatalf("stored as %s %v %s", stored.Subject, stored.Header, stored.Data)
			}
		}
	})

	t.Run("an event without a reply subject is stored too", func(t *testing.T) {
		sub, err := ours.SubscribeSync("events.plain.>")
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(ours.Flush(), clinic.Publish("events.plain.client.signal", []byte("{}")), clinic.Flush()); err != nil {
			t.Fatal(err)
		}
		if _, err := sub.NextMsg(5 * time.Second); err != nil {
			t.Fatalf("wait for it: %v", err)
		}
		events, err := js.Stream(ctx, "EVENTS")
		if err != nil {
			t.Fatal(err)
		}
		// Whoever subscribes may have it a moment before the stream does.
		testkit.Eventually(t, 5*time.Second, "the stream has it", func() bool {
			_, err := events.GetLastMsgForSubject(ctx, "events.plain.client.signal")
			return err == nil
		})
	})

	for _, subject := range []string{
		"inside.sample.timer.due",
		"timers.set.a.sample.b",
		"clients.a.sample.b",
		"outbox.safety.a.sample.b.c",
		"_INBOX.someone",
		"_MOORING_INBOX.someone",
		"$JS.API.INFO",
		"$JS.API.STREAM.DELETE.EVENTS",
		"$SYS.REQ.SERVER.PING",
	} {
		t.Run("may not publish "+subject, func(t *testing.T) {
			if err := errors.Join(clinic.Publish(subject, []byte("{}")), clinic.Flush()); err != nil {
				t.Fatal(err)
			}
			wantRefusal(t, refused, "Permissions Violation for Publish", subject)
		})
	}
	for _, subject := range []string{">", "events.>", "inside.>", "_MOORING_INBOX.>", "$JS.>", "$SYS.>"} {
		t.Run("may not subscribe "+subject, func(t *testing.T) {
			sub, err := clinic.SubscribeSync(subject)
			if err != nil {
				t.Fatal(err)
			}
			if err := clinic.Flush(); err != nil {
				t.Fatal(err)
			}
			wantRefusal(t, refused, "Permissions Violation for Subscription", subject)
			_ = sub.Unsubscribe()
		})
	}
	for _, name := range []string{"INSIDE", "TIMERS"} {
		stream, err := js.Stream(ctx, name)
		if err != nil {
			t.Fatal(err)
		}
		if n := stream.CachedInfo().State.Msgs; n != 0 {
			t.Errorf("%s holds %d messages from outside", name, n)
		}
	}
}

// TestRepliesStayInside: what Mooring reads from its own streams, clients'
// records among it, reaches no inbox of the clinic's systems.
func TestRepliesStayInside(t *testing.T) {
	ns := start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()

	clinic, _ := connect(t, ns, "events", eventsPassword)
	overheard, err := clinic.SubscribeSync("_INBOX.>")
	if err != nil {
		t.Fatal(err)
	}
	if err := clinic.Flush(); err != nil {
		t.Fatal(err)
	}

	ours, _ := connect(t, ns, "mooring", mooringPassword)
	js, err := jetstream.New(ours)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "EVENTS", Subjects: []string{"events.>"}}); err != nil {
		t.Fatal(err)
	}
	stream, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "CLIENTS", Subjects: []string{"clients.>"}})
	if err != nil {
		t.Fatal(err)
	}
	ack, err := js.Publish(ctx, "clients.a.sample.b", []byte("a client's record"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.GetMsg(ctx, ack.Sequence); err != nil {
		t.Fatal(err)
	}

	// The clinic's own reply is overheard, and by then whatever else could have
	// been: the server has handled all that we sent before.
	if err := ours.Flush(); err != nil {
		t.Fatal(err)
	}
	if _, err := clinic.RequestWithContext(ctx, "events.sample.client.signal", []byte("{}")); err != nil {
		t.Fatal(err)
	}
	if _, err := overheard.NextMsgWithContext(ctx); err != nil {
		t.Fatalf("wait for the clinic's own reply: %v", err)
	}
	if n, _, err := overheard.Pending(); err != nil || n != 0 {
		t.Fatalf("the clinic's user overheard %d replies of ours (error %v)", n, err)
	}
}

func wantRefusal(t *testing.T, refused <-chan error, kind, subject string) {
	t.Helper()
	select {
	case err := <-refused:
		if !errors.Is(err, nats.ErrPermissionViolation) || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(kind)) || !strings.Contains(err.Error(), `"`+subject+`"`) {
			t.Fatalf("refused otherwise: %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatalf("%s was not refused", subject)
	}
}
