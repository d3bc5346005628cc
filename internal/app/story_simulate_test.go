package app

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/runner"
	"github.com/mooring-care/mooring/workflows/scenario"
)

// decisions are what the running program decided, as it decided.
type decisions struct {
	mu   sync.Mutex
	list []runner.Decided // guarded by mu
}

func (d *decisions) hear(one runner.Decided) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.list = append(d.list, one)
}

// inOrder are the decisions from the one after first on, by their number.
func (d *decisions) inOrder(first int) []runner.Decided {
	d.mu.Lock()
	defer d.mu.Unlock()
	slices.SortFunc(d.list, func(a, b runner.Decided) int { return int(a.State.Decisions - b.State.Decisions) })
	return slices.Clone(d.list[first:])
}

// transcript writes what the running program decides as a scenario: each decision
// under a line of its own that lets it come to this.
type transcript struct {
	p     *program
	heard *decisions
	zone  *time.Location
	text  strings.Builder
	names scenario.Names
	done  int
}

const scriptTime = "2006-01-02 15:04"

var nameInScript = regexp.MustCompile(`\$[met][0-9]+\b`)

// play has the clinic's systems and people do what a script says, and writes down
// what was decided.
func (tr *transcript) play(script string) {
	t := tr.p.t
	t.Helper()
	for line := range strings.Lines(script) {
		line, ok := strings.CutPrefix(strings.TrimSpace(line), "> ")
		if !ok {
			continue
		}
		line, until := strings.CutPrefix(line, "until ")
		at, err := time.ParseInLocation(scriptTime, line[:len(scriptTime)], tr.zone)
		if err != nil {
			t.Fatal(err)
		}
		tr.p.pass(at.Sub(tr.p.Now()))
		tr.write("")
		if until {
			continue
		}
		happens := nameInScript.ReplaceAllStringFunc(line, tr.names.ID)
		kind, data, _ := strings.Cut(strings.TrimSpace(happens[len(scriptTime):]), " ")
		tr.happens(events.Kind(kind), at, data)
		tr.write(line)
	}
}

// happens states an event: a clinic's system does, or our own pages do.
func (tr *transcript) happens(kind events.Kind, at time.Time, data string) {
	p := tr.p
	p.t.Helper()
	raw, err := yaml.YAMLToJSON([]byte(data))
	if err != nil {
		p.t.Fatal(err)
	}
	ev := p.event(kind, "sam", events.Data{})
	ev.Time = at.UTC()
	if err := json.Unmarshal(raw, &ev.Data); err != nil {
		p.t.Fatal(err)
	}
	spec, ok := events.Lookup(kind)
	if !ok {
		p.t.Fatalf("no kind %q", kind)
	}
	if spec.Origin == events.Outside {
		p.publish(ev)
	} else {
		ev.Client, ev.Key = "", p.ref("sam").Key
		if err := publishInside(p.t.Context(), p.store, ev); err != nil {
			p.t.Fatal(err)
		}
	}
	p.settle()
}

// write writes the decisions that have come. line is what the script said had
// happened; a timer and the provider's word on a mail come by themselves.
func (tr *transcript) write(line string) {
	for _, d := range tr.heard.inOrder(tr.done) {
		tr.done++
		e, at := d.Entry, d.Entry.Decided.In(tr.zone).Format(scriptTime)
		switch e.Kind {
		case events.TimerDue:
			fmt.Fprintf(&tr.text, "> until %s\n", at)
		case events.MessageAccepted:
			fmt.Fprintf(&tr.text, "> %s %s {message: {id: %s}}\n", at, e.Kind, tr.names.Of(workflows.WhatMessage, e.Notes[0].Subject))
		default:
			fmt.Fprintf(&tr.text, "> %s\n", line)
		}
		tr.names.WriteDecision(&tr.text, tr.zone, e.Decided, e.Kind, e.Notes)
	}
}

// decided are a scenario's own lines, those about a provider's word on a mail left
// out: scripts seldom say that one took it.
func decided(script string) string {
	var out strings.Builder
	skip := false
	for line := range strings.Lines(script) {
		if strings.HasPrefix(line, "  ") && !strings.HasPrefix(line, "    ") {
			skip = strings.HasSuffix(line, ": "+string(events.MessageAccepted)+"\n")
		}
		if strings.HasPrefix(line, "  ") && !skip {
			out.WriteString(line)
		}
	}
	return out.String()
}

var known = regexp.MustCompile(`(?m) known(?: \{risk: ([a-z]+)\})?$`)

// chapter is one of a built-in workflow's scenario, from 1, with its client spelt
// out.
func chapter(t *testing.T, name string, n int) string {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("..", "..", "workflows", "library", name+".scenario.txt"))
	if err != nil {
		t.Fatal(err)
	}
	return spelt(strings.Split(string(src), "\n## ")[n])
}

func spelt(script string) string {
	return known.ReplaceAllStringFunc(script, func(found string) string {
		risk := known.FindStringSubmatch(found)[1]
		if risk == "" {
			risk = "none"
		}
		return " client.updated {client: {first_name: Sam, email: sam@client.example, email_verified: true, clinician: amara, risk: " + risk +
			", status: active, consent: {outreach: {state: granted}}}}"
	})
}

// The draft of the story below, which is approved where it runs.
const ownFlow = `start: {on: [client.signal]}
stop: [{on: [appointment.booked], outcome: returned}]
precedence: 17
steps:
  - wait: 90m
  - send: {template: B, id: slower}
  - wait: {event: [checkin.answered], limit: 2d}
  - choose:
      - when: reason == "stress"
        steps:
          - send: {template: C, id: help}
      - otherwise:
          - task: {id: look, what: review, owner: assigned, due: 1d}
  - end: told
`

const ownScript = `
> 2026-06-01 09:00 known
> 2026-06-01 10:05 client.signal {signal: {name: diary}}
> 2026-06-02 12:00 client.noted {note: {by: amara, reason: stress}}
> until 2026-06-05 12:00
> 2026-06-08 10:05 client.signal {signal: {name: diary}}
> 2026-06-08 12:10 appointment.booked {appointment: {id: a9, start: "2026-06-12T16:00:00-05:00"}}
> until 2026-06-12 12:00
`

// TestSimulationIsWhatRuns: the running program, with its stream, its timers and
// its mail, decides what a simulation tells of the same events, line for line.
func TestSimulationIsWhatRuns(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		workflow string
		chapter  int
		// mails that leave, to the client and to staff.
		mails int
	}{
		{"late-cancellation", 1, 3},
		{"late-cancellation", 2, 2},
		{"high-risk-no-show", 1, 4},
		{"first-no-show", 1, 4},
		{"first-visit", 1, 1},
	} {
		t.Run(fmt.Sprintf("%s %d", tc.workflow, tc.chapter), func(t *testing.T) {
			t.Parallel()
			script := chapter(t, tc.workflow, tc.chapter)
			told, sent := runs(t, storyConfig(t), script, tc.mails)
			if diff := scenario.FirstDifference(decided(script), decided(told)); diff != "" {
				t.Errorf("the scenario of the library says otherwise: %s", diff)
			}
			simulates(t, told, sent, tc.workflow, "")
		})
	}
	t.Run("a draft", func(t *testing.T) {
		t.Parallel()
		// It runs where somebody approved it, and is tried where nobody has.
		other := "start: {on: [client.signal], when: 'risk == \"high\"'}\nsteps: [{send: A}]\n"
		cfg := storyConfig(t)
		cfg.Clinics = clinicFolder(t, map[string]string{"own": ownFlow, "other": other})
		told, sent := runs(t, cfg, spelt(ownScript), 3)
		elsewhere := clinicFolder(t, map[string]string{"other": other})
		draft := filepath.Join(t.TempDir(), "own.yaml")
		if err := os.WriteFile(draft, []byte("workflow: own\ntitle: A test\nwhy: A test.\n"+ownFlow), 0o600); err != nil {
			t.Fatal(err)
		}
		simulates(t, told, sent, draft, filepath.Join(elsewhere, "quay"))
	})
}

// runs plays a script in the running program and gives what was decided as a
// scenario, and the mails that left. There are so many.
func runs(t *testing.T, cfg Config, script string, mails int) (timeline string, sent []string) {
	t.Helper()
	heard := &decisions{}
	cfg.TimeStart = "2026-06-01T13:00:00Z"
	p := run(t, cfg, WithObserver(heard.hear))
	tr := &transcript{p: p, heard: heard, zone: p.clinics.byID[p.clinic()].current.Zone}
	tr.play(script)
	p.inbox = nil // each stands in the timeline
	if told := tr.text.String(); len(p.all) != mails || strings.Count(told, " message asked ") != mails {
		t.Fatalf("%d mails left, want %d:\n%s", len(p.all), mails, told)
	}
	for _, l := range p.all {
		sent = append(sent, likeAny(l.Subject, l.Text))
	}
	return tr.text.String(), sent
}

var (
	anyLink = regexp.MustCompile(`https?://mooring\.[a-z]+/[a-z]/[A-Za-z0-9_.~-]+`)
	anyCode = regexp.MustCompile(`(asks for this code:\s+)[A-Z0-9]+`)
)

// likeAny is a mail without what no two have in common: its own links and code.
func likeAny(subject, text string) string {
	return subject + "\n" + anyCode.ReplaceAllString(anyLink.ReplaceAllString(text, "LINK"), "${1}CODE")
}

// simulates holds a simulation against a timeline and the mails that left.
func simulates(t *testing.T, timeline string, sent []string, workflow, clinicDir string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "running.txt")
	if err := os.WriteFile(file, []byte(timeline), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Simulate(workflow, file, clinicDir)
	if err != nil {
		t.Fatalf("%v\n%s", err, timeline)
	}
	if !s.Met() {
		t.Fatalf("%s is not met:\n%s", workflow, s.Text)
	}
	if err := s.Check(); err != nil {
		t.Errorf("the simulation tells another story than the running program: %v\n%s", err, timeline)
	}
	chapters, err := s.chapters()
	if err != nil {
		t.Fatal(err)
	}
	var written []string
	for _, c := range chapters {
		for _, d := range c.Days {
			for _, e := range d.Entries {
				for _, m := range e.Mails {
					written = append(written, likeAny(m.Subject, m.Text))
				}
			}
		}
	}
	if diff := cmp.Diff(sent, written); diff != "" {
		t.Errorf("the page shows other mails than those that left (-left +shown):\n%s", diff)
	}
}
