package jetstream

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/runner"
)

const (
	eventsPassword   = "the-events-password"
	operatorPassword = "the-operator-password"
)

func serverConfig(dir string) ServerConfig {
	return ServerConfig{
		Dir: dir, Listen: "127.0.0.1:0", EventsPassword: eventsPassword, OperatorPassword: operatorPassword,
	}
}

func startServer(t testing.TB, cfg ServerConfig) *Server {
	t.Helper()
	srv, err := StartServer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(srv.Stop)
	return srv
}

func connect(t testing.TB, o Options) *Store {
	t.Helper()
	s, err := Connect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// newStore is a store on an embedded server of its own.
func newStore(t testing.TB) *Store {
	t.Helper()
	return connect(t, Options{Server: startServer(t, serverConfig(t.TempDir()))})
}

// as connects as another user, with that user's own options.
func as(t testing.TB, srv *Server, user, password string, opts ...nats.Option) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect("nats://"+srv.Addr(), append(opts, nats.UserInfo(user, password))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// refN names the n-th client of the clinic harbor.
func refN(n int) runner.Ref {
	return runner.Ref{Clinic: "harbor", Key: events.ClientKey([]byte("tests"), "harbor", fmt.Sprint(n))}
}

// running starts f and stops it, when the test ends or stop is called, by the
// end of its context.
func running(t testing.TB, f func(ctx context.Context)) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(ctx)
	}()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		select {
		case <-done:
		case <-time.After(20 * time.Second):
			t.Error("a consumer did not stop")
		}
	}
	t.Cleanup(stop)
	return stop
}

// within waits for a value.
func within[T any](t testing.TB, d time.Duration, what string, ch <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-ch:
		return v
	case <-time.After(d):
		t.Fatalf("not within %v: %s", d, what)
		return v
	}
}

// none fails when ch has something within d.
func nothing[T any](t testing.TB, d time.Duration, what string, ch <-chan T) {
	t.Helper()
	select {
	case v := <-ch:
		t.Fatalf("unexpected %s: %v", what, v)
	case <-time.After(d):
	}
}

func publish(t testing.TB, s *Store, subject, body string) {
	t.Helper()
	if err := s.Publisher().Publish(t.Context(), subject, "", nil, []byte(body)); err != nil {
		t.Fatal(err)
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
