package app

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/web"
	"github.com/mooring-care/mooring/workflows"
)

// A mail waits for the day after a holiday. The client's timeline names the
// holiday, for staff in the browser and in a terminal.
func TestStoryHoliday(t *testing.T) {
	t.Parallel()
	cfg := storyConfig(t)
	cfg.Clinics = clinicFolder(t, map[string]string{"office": `start: {on: [client.signal]}
steps:
  - send: {template: E, within: office-hours}
  - end: written
`})
	name := filepath.Join(cfg.Clinics, "quay", "clinic.yaml")
	src, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	// The story begins on this day.
	text := strings.Replace(string(src), "{on: 2026-11-26, name: Thanksgiving}", "{on: 2026-03-02, name: Founders' Day}", 1)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := run(t, cfg)
	p.say(events.ClientSignal, "ana", events.Data{Client: person("ana", events.RiskNone), Signal: &events.Signal{Name: "diary"}})
	p.quiet()
	const want = "until Tue 3 Mar 09:00, Founders' Day"
	view, err := (&views{&p.reader}).Client(t.Context(), p.clinic(), p.ref("ana").Key)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(view.Entries, func(e web.Entry) bool { return e.ReasonCode == string(workflows.ClinicHoliday) })
	if i < 0 || view.Entries[i].Detail != want {
		t.Fatalf("the timeline says %+v, want %q", view.Entries, want)
	}
	shown := &ClientStory{zone: p.zone(p.clinic())}
	state := p.state("ana")
	(&Operator{reader: p.reader}).showHistory(shown, p.ref("ana"), &state, p.story("ana"))
	var terminal strings.Builder
	if shown.decided(&terminal); !strings.Contains(terminal.String(), "09:00, Founders' Day)") {
		t.Errorf("the terminal says %q", terminal.String())
	}
}
