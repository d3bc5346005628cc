package graph_test

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/graph"
	"github.com/mooring-care/mooring/workflows/library"
	"github.com/mooring-care/mooring/workflows/sample"
)

func words() graph.Words {
	return graph.Words{
		Mail: func(t string) string { return "the mail " + t }, Question: func(code string) string { return "ask " + code },
		Person: func(owner string) string { return owner }, Policy: func(id string) []string { return []string{"by " + id} },
	}
}

// everything has each kind of step, with words that mean something to Mermaid and XML.
const everything = `workflow: everything
title: 'Each "kind" <of> step & more; #1'
why: To look at all of them.
start:
  on: [appointment.noshow]
  absence: {of: appointment.attended, for: 21d, booked: nothing}
  when: risk == "none" && !flagged
  key: episode
  again: 30d
stop:
  - {on: [appointment.booked], outcome: returned}
  - {on: [client.updated], when: flagged, outcome: with-a-human}
goal: {on: [appointment.attended], within: 30d}
steps:
  - wait: {until: "10:00", days: weekdays}
  - send: {template: A, id: first, within: office-hours}
  - choose:
      - when: reason == "stress"
        steps:
          - send: {template: C}
          - end: helped
      - when: '"group" in programmes'
        steps:
          - split:
              holdout: 10
              approved_by: Ruth Adeyemi
              ways:
                - share: 45
                  steps: [{send: {template: B}}]
                - share: 45
                  steps: [{send: {template: D}}]
      - otherwise:
          - pause: 7d
  - escalate: {id: ask, policy: safety, question: not-safe}
  - wait:
      event: [escalation.acknowledged]
      of: ask
      limit: 2d
      on_event:
        - send: {template: note, to: assigned}
  - task: {id: call, what: call-client, owner: assigned, due: 24h}
  - wait: {event: [task.done], of: call, limit: 3d}
`

func read(t *testing.T, name, src string) *workflows.Workflow {
	t.Helper()
	clinic, err := sample.FS.ReadFile("clinic.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, w, err := workflows.ReadTrial(fstest.MapFS{"clinic.yaml": {Data: clinic}}, "test", name+".yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// all are the built-in workflows, and one of everything.
func all(t *testing.T) map[string]*workflows.Workflow {
	t.Helper()
	out := map[string]*workflows.Workflow{"everything": read(t, "everything", everything)}
	for name, src := range library.Files() {
		name = strings.TrimSuffix(name, ".yaml")
		out[name] = read(t, name, string(src))
	}
	return out
}

// ids are the steps that boxes stand for, in order.
func ids(boxes []graph.Box) []string {
	var out []string
	for _, b := range boxes {
		if b.ID != "" {
			out = append(out, b.ID)
		}
		for _, a := range b.Arms {
			out = append(out, ids(a.Steps)...)
		}
	}
	return out
}

// TestNoStepIsLost, and none is drawn twice.
func TestNoStepIsLost(t *testing.T) {
	t.Parallel()
	for name, w := range all(t) {
		var want []string
		for i := range w.Program {
			want = append(want, w.Program[i].ID)
		}
		got := ids(graph.Of(w, words()).Steps)
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s has the steps\n%q, and drawn are\n%q", name, want, got)
		}
	}
}

var (
	node  = regexp.MustCompile(`^  (n\d+)(?:\[|\(|\{\{|\(\[)"(.*)"(?:\]|\)|\}\}|\]\)):::is_[a-z]+$`)
	arrow = regexp.MustCompile(`^  (n\d+) -->(?:\|"([^"]*)"\|)? (n\d+)$`)
	other = regexp.MustCompile(`^(?:---|title: ".*"|flowchart TD|  classDef is_[a-z]+ fill:#[0-9a-f]{6},stroke:#[0-9a-f]{6},color:#[0-9a-f]{6}|  subgraph any\["[^"]*"\]|  end|  style any fill:none,stroke:#[0-9a-f]{6})$`)
	inert = regexp.MustCompile("^(?:[^\"<>&`;#]|#[a-z0-9]+;|<b>|</b>|<br>)*$")
)

// TestMermaid: every line is a box, an arrow between boxes, or of the frame; no words
// of a clinic mean anything there.
func TestMermaid(t *testing.T) {
	t.Parallel()
	for name, w := range all(t) {
		drawn := graph.Of(w, words()).Mermaid()
		boxes, reached := map[string]bool{}, map[string]bool{"n1": true}
		for line := range strings.Lines(drawn) {
			line = strings.TrimRight(line, "\n")
			switch {
			case node.MatchString(line):
				m := node.FindStringSubmatch(line)
				boxes[m[1]] = true
				if !inert.MatchString(m[2]) {
					t.Errorf("%s: the box %q", name, m[2])
				}
				if strings.Contains(line, "is_rule") {
					reached[m[1]] = true
				}
			case arrow.MatchString(line):
				m := arrow.FindStringSubmatch(line)
				reached[m[3]] = true
				if !boxes[m[1]] || !inert.MatchString(m[2]) {
					t.Errorf("%s: the arrow %q", name, line)
				}
			case !other.MatchString(line):
				t.Errorf("%s: the line %q", name, line)
			}
		}
		for b := range boxes {
			if !reached[b] {
				t.Errorf("%s: nothing leads to %s in\n%s", name, b, drawn)
			}
		}
	}
}

// TestSVG is XML that nothing is loaded by and nothing runs in, with its words as a
// description.
func TestSVG(t *testing.T) {
	t.Parallel()
	for name, w := range all(t) {
		chart := graph.Of(w, words())
		drawn := chart.SVG()
		d := xml.NewDecoder(strings.NewReader(drawn))
		var desc string
		for {
			tok, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			start, ok := tok.(xml.StartElement)
			if !ok {
				continue
			}
			if !slices.Contains([]string{"svg", "title", "desc", "style", "rect", "text", "path"}, start.Name.Local) {
				t.Errorf("%s: the element %s", name, start.Name.Local)
			}
			if start.Name.Local == "desc" {
				if err := d.DecodeElement(&desc, &start); err != nil {
					t.Fatal(err)
				}
			}
		}
		if desc != chart.Outline() {
			t.Errorf("%s: described as %q", name, desc)
		}
		if strings.Contains(drawn, "url(") || strings.Count(drawn, "http") != 1 {
			t.Errorf("%s loads something", name)
		}
	}
}

// TestOutline is the whole picture in words.
func TestOutline(t *testing.T) {
	t.Parallel()
	const want = `It starts when: the client does not come; or there was no visit for 21 days, and nothing is booked; if the client is not at risk, and there is no safety flag; once between two visits; again after 30 days at the soonest.
Wait: until 10:00 from Monday to Friday.
Mail to the client: A: the mail A; while the clinic is open.
Which one holds?
  If the reason is “Life gets in the way: work, family, money”:
    Mail to the client: C: the mail C.
    The end: helped.
  If the client is in the programme “group”:
    By chance, to compare
      If way 1: 45 of 100:
        Mail to the client: B: the mail B.
      If way 2: 45 of 100:
        Mail to the client: D: the mail D.
      If none of them: 10 of 100: on with what follows.
  If otherwise:
    Pause: no care mail to the client for 7 days.
Ask about safety: ask not-safe; by safety.
Wait: until somebody takes the question (“ask not-safe”); at most 48 hours.
  If it happens:
    Note to assigned: the mail note.
  If it does not: on with what follows.
Task for assigned: ask call-client; due within 24 hours.
Wait: until the task is done (“ask call-client”); at most 3 days.
The end
It ends at once when a visit is booked: returned.
It ends at once when there is a safety flag (looked at when the record changes): with a human.
It has done its work when the client comes, within 30 days.
`
	if got := graph.Of(read(t, "everything", everything), words()).Outline(); got != want {
		t.Errorf("the outline is\n%s\nwant\n%s", got, want)
	}
}
