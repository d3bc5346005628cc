package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/testkit"
	"github.com/mooring-care/mooring/internal/web"
	"github.com/mooring-care/mooring/notifier"
)

// refuses holds that the program does not start, for a reason that names a
// variable and says some words.
func refuses(t *testing.T, cfg Config, variable, words string) {
	t.Helper()
	a, err := New(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err == nil {
		a.Stop(context.Background())
		t.Errorf("it starts; want a complaint about %s", variable)
		return
	}
	var wrong *ConfigError
	if !errors.As(err, &wrong) || wrong.Variable != variable || !strings.Contains(wrong.Problem, words) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%v; want one line about %s that says %q", err, variable, words)
	}
}

func copyClinic(t *testing.T, dir, from, to string) {
	t.Helper()
	if err := os.CopyFS(filepath.Join(dir, to), os.DirFS(filepath.Join(dir, from))); err != nil {
		t.Fatal(err)
	}
}

// A clinic that was served and whose folder is gone is not passed over: its
// questions would lose their people. Once somebody says that it closed, what is
// open goes on, and its clients get no mail.
func TestNeverSilentMissingClinic(t *testing.T) {
	t.Parallel()
	cfg := storyConfig(t)
	cfg.Clinics = clinicFolder(t, atOnce())
	copyClinic(t, cfg.Clinics, "quay", "annex")
	p := run(t, cfg)
	if p.clinic() != "annex" {
		t.Fatalf("the story is about %s", p.clinic())
	}
	p.noshow("dee", events.RiskHigh)
	p.expect(amara, "escalation")
	annex := p.ref("dee")
	p.stop()

	elsewhere := filepath.Join(t.TempDir(), "moved")
	folder := filepath.Join(cfg.Clinics, "annex")
	if err := os.Rename(folder, elsewhere); err != nil {
		t.Fatal(err)
	}
	refuses(t, cfg, "MOORING_CLINICS", "annex")
	other := cfg
	other.Retired = "quay"
	refuses(t, other, "MOORING_RETIRED_CLINICS", "quay")

	// A link to a folder is a clinic's folder too.
	if err := os.Symlink(elsewhere, folder); err != nil {
		t.Fatal(err)
	}
	p.start(cfg)
	if ids := strings.Join(p.clinics.ids(), " "); ids != "annex quay" {
		t.Errorf("behind a link it serves %q", ids)
	}
	p.stop()
	if err := os.Remove(folder); err != nil {
		t.Fatal(err)
	}

	cfg.Retired = "annex"
	p.start(cfg)
	if ids := strings.Join(p.clinics.ids(), " "); ids != "quay" || p.EventToken("annex") != "" {
		t.Errorf("with a retired clinic it serves %q", ids)
	}
	p.pass(31 * time.Minute)
	p.expect(jonas, "escalation")
	signal := p.event(events.ClientSignal, "wen", events.Data{Client: person("wen", events.RiskNone), Signal: &events.Signal{Name: "quiet"}})
	signal.Clinic = annex.Clinic
	p.publish(signal)
	testkit.Eventually(t, patience, "the mail waits", func() bool {
		lag, err := p.Lag(t.Context())
		return err == nil && lag["care-annex"] == 1
	})
	p.collect()
	p.quiet()
	p.stop()
}

// A message of a clinic that this replica does not know waits for one that
// does: refused for good, a question would lose its mail.
func TestNeverSilentUnknownClinic(t *testing.T) {
	t.Parallel()
	r := &renderer{clinics: &clinics{}}
	_, err := r.Render(t.Context(), notifier.Message{Clinic: "annex", Lane: notifier.Safety}, 1)
	if err == nil || errors.Is(err, notifier.ErrCannotRender) {
		t.Errorf("the mail of an unknown clinic: %v", err)
	}
}

// The demo, a clinic and the sample clinic each need a store to themselves,
// and so does every clock.
func TestStoresAreNotMixed(t *testing.T) {
	t.Parallel()
	worldTime := func(cfg Config) Config {
		cfg.TimeStart, cfg.TimeSpeed = "", 1
		return cfg
	}
	served := func(cfg Config) Config {
		t.Helper()
		a, err := New(t.Context(), cfg, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		a.Stop(context.Background())
		return cfg
	}
	refusesDemo := func(cfg Config, words string) {
		t.Helper()
		d, err := NewDemo(t.Context(), DemoConfig(cfg, true), io.Discard, true)
		if err == nil {
			d.Stop(context.Background())
		}
		var wrong *ConfigError
		if !errors.As(err, &wrong) || wrong.Variable != "MOORING_DATA" || !strings.Contains(err.Error(), words) {
			t.Errorf("the demo on somebody's folder: %v", err)
		}
	}
	clinic := worldTime(storyConfig(t))
	clinic.Clinics = clinicFolder(t, atOnce())
	served(clinic)
	refusesDemo(clinic, "the clinic quay")
	faster := clinic
	faster.TimeSpeed = 60
	refuses(t, faster, "MOORING_TIME_SPEED", "began with it")
	faster.TimeSpeed, faster.TimeStart = 1, storyStart
	refuses(t, faster, "MOORING_TIME_START", "began with it")
	served(clinic) // nothing of it stayed

	sampled := served(worldTime(storyConfig(t)))
	refusesDemo(sampled, "the clinic sample")
	sampled.Clinics = clinic.Clinics
	refuses(t, sampled, "MOORING_DATA", "the sample clinic")

	demo := DemoConfig(storyConfig(t), true)
	for range 2 { // it goes on where it stopped
		d, err := NewDemo(t.Context(), demo, io.Discard, true)
		if err != nil {
			t.Fatal(err)
		}
		d.Stop(context.Background())
	}
	refuses(t, worldTime(demo), "MOORING_DATA", "clock of its own")
	slower := demo
	slower.TimeSpeed = 60
	served(slower) // on that clock, only not as fast
}

// Until the index has read the log, "nobody waits" is not known and not said.
func TestNotReadIsNotNothing(t *testing.T) {
	t.Parallel()
	p := run(t, storyConfig(t))
	p.noshow("dee", events.RiskHigh)
	p.expect(amara, "escalation")
	cfg := p.cfg
	p.stop()
	a, err := New(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Stop(context.Background())
	ask := func(path string) (int, string) {
		w := httptest.NewRecorder()
		a.ops.Handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, http.NoBody))
		return w.Code, w.Body.String()
	}
	v := &views{&a.reader}
	if code, _ := ask("/readyz"); code != http.StatusServiceUnavailable {
		t.Errorf("/readyz says %d", code)
	}
	if _, text := ask("/metrics"); strings.Contains(text, "mooring_open_escalations") || strings.Contains(text, "mooring_oldest_escalation_seconds") {
		t.Errorf("the metrics say how many are open:\n%.1000s", text)
	}
	if rows, err := v.OpenEscalations(t.Context()); err == nil {
		t.Errorf("the list of open questions is %v", rows)
	}
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, patience, "it is ready", func() bool {
		code, _ := ask("/readyz")
		return code == http.StatusOK
	})
	rows, err := v.OpenEscalations(t.Context())
	if _, text := ask("/metrics"); err != nil || len(rows) != 1 || !strings.Contains(text, "mooring_open_escalations 1") {
		t.Errorf("%d open, %v; metrics:\n%.1000s", len(rows), err, text)
	}
}

// The first start with a store key says what it does to plain streams; the
// first without one is refused and changes nothing.
func TestStoreKeyComesAndGoes(t *testing.T) {
	t.Parallel()
	cfg := storyConfig(t)
	p := run(t, cfg)
	p.noshow("ben", events.RiskNone)
	p.stop()
	cfg.StoreKey = "0123456789abcdef0123456789abcdef"
	p.start(cfg)
	if !strings.Contains(p.log.String(), "encrypted from now on") {
		t.Error("the log does not say that the streams are encrypted")
	}
	if email := p.state("ben").Profile.Email.Get(); email != "ben@example.org" {
		t.Errorf("what was plain reads %q", email)
	}
	p.stop()
	plain := cfg
	plain.StoreKey = ""
	refuses(t, plain, "MOORING_STORE_KEY", "is missing")
	before := strings.Count(p.log.String(), "encrypted from now on")
	p.start(cfg)
	if n := strings.Count(p.log.String(), "encrypted from now on"); n != before {
		t.Error("it is said again of streams that are encrypted")
	}
}

// An address that somebody types is one client or none: never every client.
func TestNoWildcardClients(t *testing.T) {
	t.Parallel()
	p := run(t, storyConfig(t))
	p.noshow("ben", events.RiskNone)
	v := &views{&p.reader}
	ref := p.ref("ben")
	if _, err := v.Client(t.Context(), ref.Clinic, ref.Key); err != nil {
		t.Fatal(err)
	}
	for _, at := range [][2]string{{"*", "*"}, {ref.Clinic, "*"}, {"*", ref.Key}, {ref.Clinic, ">"}, {ref.Clinic, ""}, {"", ref.Key}, {ref.Clinic, ref.Key + " x"}} {
		if view, err := v.Client(t.Context(), at[0], at[1]); !errors.Is(err, web.ErrUnknown) {
			t.Errorf("%q: %v, %v", at, view.Name, err)
		}
		if _, err := v.ClientMail(t.Context(), at[0], at[1]); !errors.Is(err, web.ErrUnknown) {
			t.Errorf("preferences of %q: %v", at, err)
		}
	}
}
