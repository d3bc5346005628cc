package app

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mooring-care/mooring/events"
)

// A workflow that is at work does not vanish because its file was moved or its
// approval taken out: the program does not start, and says what to do. Once the
// folder says that it was removed, its journeys end and their mail is held back.
func TestNeverSilentLostWorkflow(t *testing.T) {
	t.Parallel()
	cfg := storyConfig(t)
	flows := atOnce()
	flows["slow"] = "start: {on: [appointment.noshow]}\nsteps:\n  - wait: 10d\n  - send: A\n"
	cfg.Clinics = clinicFolder(t, flows)
	p := run(t, cfg)
	p.noshow("ana", events.RiskNone)
	p.settle()
	if s := p.state("ana"); len(s.Journeys) != 1 {
		t.Fatalf("%d journeys run", len(s.Journeys))
	}
	const name = "slow"
	p.stop()

	folder := filepath.Join(cfg.Clinics, "quay")
	file := filepath.Join(folder, "workflows", name+".yaml")
	approved, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(want string) {
		t.Helper()
		a, err := New(t.Context(), cfg, slog.New(slog.DiscardHandler))
		if err == nil {
			a.Stop(context.Background())
			t.Fatal("it starts")
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
	write := func(name string, text []byte) {
		t.Helper()
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	draft, _, _ := strings.Cut(string(approved), "approved:")
	write(file, []byte(draft))
	refused("the workflow " + name + " is at work and is a draft now")
	write(file, []byte(strings.Replace(string(approved), "A test.", "Another test.", 1)))
	refused("the file has changed since")

	clinic := filepath.Join(folder, "clinic.yaml")
	text, err := os.ReadFile(clinic)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	refused("the workflow " + name + " is at work and is not in the folder any more")

	write(clinic, append(text, []byte("\nremoved: {"+name+": merged into another}\n")...))
	p.start(cfg)
	p.say(events.ClientUpdated, "ana", events.Data{Client: &events.Client{}})
	p.settle()
	if s := p.state("ana"); len(s.Journeys) != 0 {
		t.Errorf("the journey of the removed workflow runs on: %+v", s.Journeys)
	}
}
