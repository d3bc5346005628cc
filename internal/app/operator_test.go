package app

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/internal/testkit"
	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/workflows/sample"
)

// besideConfig is a Mooring on a folder of its own.
func besideConfig(t *testing.T) Config {
	t.Helper()
	return Config{
		Data: filepath.Join(t.TempDir(), "data"), HTTP: "127.0.0.1:0", StaffHTTP: "127.0.0.1:0", OpsHTTP: "127.0.0.1:0",
		NATSListen: "127.0.0.1:0", StoreSync: "interval", Mailer: "mailbox", TimeSpeed: 1, SMTPTLS: "required",
	}
}

func running(t *testing.T, cfg Config) *App {
	t.Helper()
	a, err := New(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Stop(context.Background()) })
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return a
}

func opened(t *testing.T, cfg Config) *Operator {
	t.Helper()
	o, err := OpenOperator(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.Close)
	return o
}

// A command that stands in for a stopped Mooring lets others in, and keeps a
// Mooring from starting until it is done.
func TestOperatorsOnAStoppedFolder(t *testing.T) {
	cfg := besideConfig(t)
	running(t, cfg).Stop(context.Background())
	first := opened(t, cfg)
	second := opened(t, cfg)
	if first.Running() || !second.Running() {
		t.Error("only the first command may stand in")
	}
	if _, err := New(t.Context(), cfg, slog.New(slog.DiscardHandler)); !errors.Is(err, errInUse) {
		t.Errorf("a Mooring started beside a command that stands in: %v", err)
	}
	if got, err := second.Clinic(""); err != nil || got != sample.ID {
		t.Errorf("the only clinic: %q, %v", got, err)
	}
	second.Close()
	first.Close()
	if _, err := os.Stat(addressFile(cfg.Data)); !os.IsNotExist(err) {
		t.Errorf("the address of a server that is gone stayed: %v", err)
	}
	running(t, cfg)
}

// A command finds the server by the folder, wherever it listens, and a stale
// address of an earlier one does not mislead it for long.
func TestOperatorFindsTheServer(t *testing.T) {
	cfg := besideConfig(t)
	a := running(t, cfg)
	text, err := os.ReadFile(addressFile(cfg.Data))
	if err != nil || strings.TrimSpace(string(text)) != a.Addr("NATS") {
		t.Fatalf("the address kept is %q (%v), want %s", text, err, a.Addr("NATS"))
	}
	if err := writeAddress(cfg.Data, "127.0.0.1:1"); err != nil {
		t.Fatal(err)
	}
	got := make(chan error, 1)
	go func() {
		o, err := OpenOperator(context.Background(), cfg)
		if err == nil {
			o.Close()
		}
		got <- err
	}()
	// As a start does a moment after it took the lock.
	if err := writeAddress(cfg.Data, a.Addr("NATS")); err != nil {
		t.Fatal(err)
	}
	if err := <-got; err != nil {
		t.Error(err)
	}
	if err := writeAddress(cfg.Data, "127.0.0.1:1"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := OpenOperator(ctx, cfg); err == nil || !strings.Contains(err.Error(), "at 127.0.0.1:1") {
		t.Errorf("a Mooring that does not answer: %v", err)
	}
}

func TestOperatorRefuses(t *testing.T) {
	t.Run("no folder", func(t *testing.T) {
		cfg := besideConfig(t)
		_, err := OpenOperator(t.Context(), cfg)
		var wrong *ConfigError
		if !errors.As(err, &wrong) || wrong.Variable != "MOORING_DATA" || !strings.Contains(err.Error(), cfg.Data) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("no streams", func(t *testing.T) {
		cfg := besideConfig(t)
		if _, err := readSecrets(&cfg, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenOperator(t.Context(), cfg); !errors.Is(err, jetstream.ErrNoStreams) {
			t.Errorf("got %v", err)
		}
		if _, err := os.Stat(filepath.Join(cfg.Data, "streams")); !os.IsNotExist(err) {
			t.Errorf("a command made streams: %v", err)
		}
	})
	t.Run("external without the key", func(t *testing.T) {
		cfg := besideConfig(t)
		cfg.NATSURL = "nats://127.0.0.1:1"
		_, err := OpenOperator(t.Context(), cfg)
		var wrong *ConfigError
		if !errors.As(err, &wrong) || wrong.Variable != "MOORING_CLIENT_KEY" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("external without streams", func(t *testing.T) {
		cfg := besideConfig(t)
		srv, err := jetstream.StartServer(jetstream.ServerConfig{
			Dir: t.TempDir(), Listen: "127.0.0.1:0", EventsPassword: "e", OperatorPassword: "o",
		})
		if err != nil {
			t.Fatal(err)
		}
		defer srv.Stop()
		cfg.NATSURL = "nats://operator:o@" + srv.Addr()
		cfg.ClientKey = Secret(base64.StdEncoding.EncodeToString(make([]byte, 32)))
		if _, err := OpenOperator(t.Context(), cfg); !errors.Is(err, jetstream.ErrNoStreams) {
			t.Errorf("got %v", err)
		}
	})
}

// With NATS_URL the data folder is not looked at.
func TestOperatorOverNATSURL(t *testing.T) {
	cfg := besideConfig(t)
	a := running(t, cfg)
	ev := events.Event{
		ID: "1", Source: "test", Clinic: sample.ID, Kind: events.ClientUpdated, Client: "8421", Time: a.Now(),
		Data: events.Data{Client: &events.Client{}},
	}
	header, body, err := events.Encode(ev)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.store.Publisher().Publish(t.Context(), events.Subject(events.SubjectEvents, ev.Clinic, ev.Kind), "", header, body); err != nil {
		t.Fatal(err)
	}
	away := besideConfig(t)
	away.NATSURL = "nats://operator:" + a.secrets.operator + "@" + a.Addr("NATS")
	away.ClientKey = Secret(base64.StdEncoding.EncodeToString(a.secrets.clientKey))
	o := opened(t, away)
	testkit.Eventually(t, 20*time.Second, "the client is known", func() bool {
		story, err := o.Client(t.Context(), sample.ID, "8421")
		return err == nil && story.Client.Decisions == 1
	})
	if _, err := o.Client(t.Context(), sample.ID, "8422"); !errors.Is(err, ErrUnknownClient) {
		t.Errorf("an unknown client: %v", err)
	}
}

func TestLoopback(t *testing.T) {
	for in, want := range map[string]string{
		"127.0.0.1:4222": "127.0.0.1:4222", "0.0.0.0:4222": "127.0.0.1:4222", "[::]:4222": "127.0.0.1:4222",
		":4222": "127.0.0.1:4222", "10.1.2.3:1": "10.1.2.3:1", "[::1]:2": "[::1]:2", "nats:3": "nats:3", "wrong": "wrong",
	} {
		if got := Loopback(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestNearestKind(t *testing.T) {
	for in, want := range map[string]string{
		"appointment.no-show": "appointment.noshow", "noshow": "appointment.noshow", "appointment.canceled": "appointment.cancelled",
		"booked": "appointment.booked", "client.update": "client.updated", "safety": "safety.concern", "reply": "message.replied",
	} {
		if got := nearest(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// Every kind from outside may be sent, none from inside.
func TestInsideOnlyCheckKind(t *testing.T) {
	for _, s := range events.Kinds() {
		err := CheckKind(string(s.Kind))
		if (err == nil) != (s.Origin == events.Outside) {
			t.Errorf("%s: %v", s.Kind, err)
		}
		if again := CheckKind(events.TypePrefix + string(s.Kind)); (again == nil) != (err == nil) {
			t.Errorf("%s with the type's prefix: %v", s.Kind, again)
		}
	}
}

// The rule why: every status of the ledger has words of its own.
func TestWhyStatusWords(t *testing.T) {
	seen := map[string]notifier.Status{}
	for _, s := range []notifier.Status{
		"", notifier.Claimed, notifier.Deferred, notifier.Accepted, notifier.Delivered,
		notifier.Bounced, notifier.Withdrawn, notifier.Refused, notifier.Unknown,
	} {
		words := statusWords(s)
		if other, taken := seen[words]; taken || words == string(s) {
			t.Errorf("%q has the words %q, as has %q", s, words, other)
		}
		seen[words] = s
	}
}
