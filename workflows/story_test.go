package workflows

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
)

var update = flag.Bool("update", false, "write the golden timelines of testdata/stories anew")

// TestStories runs the timelines in testdata/stories. A line that begins with
// ">" is what happens, in the sample clinic's time; the lines below it are
// what was decided, and why. Commands:
//
//	> 2026-03-02 15:00 appointment.noshow {"appointment":{"id":"a1"}}
//	> until 2026-03-12 00:00      every timer fires on time
//	> outage 2026-03-12 00:00     nobody decides until then
//	> look                        the last look at each care message
//
// An event may begin with "at <time>" where it happened earlier than it
// arrives. In data, $m1, $e1 and $t1 are the first message, escalation and
// task that the story met.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/stories/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := tell(t, string(raw))
			if got == string(raw) {
				return
			}
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			t.Errorf("the story went differently (-update writes it anew):\n%s", firstDifference(string(raw), got))
		})
	}
}

// teller writes down what a simulation decides.
type teller struct {
	*sim
	zone  *time.Location
	names map[string]string // by id
	ids   map[string]string // by name
	count map[string]int
	out   strings.Builder
}

func tell(t *testing.T, script string) string {
	s := newSim(t, chicago(t, "2026-01-01 00:00"))
	tl := &teller{sim: s, zone: s.dir[0].Zone, names: map[string]string{}, ids: map[string]string{}, count: map[string]int{}}
	s.each = tl.decided
	for line := range strings.Lines(script) {
		line = strings.TrimSuffix(line, "\n")
		if !strings.HasPrefix(line, ">") {
			if line == "" || strings.HasPrefix(line, "#") {
				tl.out.WriteString(line + "\n")
			}
			continue
		}
		tl.out.WriteString(line + "\n")
		tl.command(t, strings.TrimSpace(line[1:]))
	}
	return tl.out.String()
}

func (tl *teller) command(t *testing.T, line string) {
	const width = len("2026-03-02 15:00")
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "look":
		for i := range tl.state.Sends {
			if x := &tl.state.Sends[i]; x.Lane == LaneCare {
				look := tl.state.Look(tl.dir.Current(), x.ID, tl.now)
				not := ""
				if !look.NotBefore.IsZero() {
					not = "not before " + tl.when(look.NotBefore)
				}
				fmt.Fprintf(&tl.out, "  look %s: wanted %v %s%s%s\n", tl.name("m", x.ID), look.Wanted, look.Reason, tl.who(look.By), not)
			}
		}
		return
	case "until":
		tl.until(chicago(t, rest))
		return
	case "outage":
		tl.outage(chicago(t, rest).Sub(tl.now))
		return
	}
	at := chicago(t, line[:width])
	kind, data, _ := strings.Cut(line[width+1:], " ")
	happened := at
	if kind == "at" {
		happened = chicago(t, data[:width])
		kind, data, _ = strings.Cut(data[width+1:], " ")
	}
	for name, id := range tl.ids {
		data = strings.ReplaceAll(data, `"`+name+`"`, `"`+id+`"`)
	}
	ev := tl.event(events.Kind(kind), happened, events.Data{})
	if data != "" {
		if err := json.Unmarshal([]byte(data), &ev.Data); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	if err := events.Validate(ev); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	tl.until(at)
	tl.deliver(ev)
}

func (tl *teller) who(by events.Hash) string {
	for _, st := range tl.steps {
		if st.ev.Hash() == by {
			return " by " + string(st.ev.Kind)
		}
	}
	return ""
}

// name is a short name for an id, the same throughout the story.
func (tl *teller) name(letter, id string) string {
	if tl.names[id] == "" {
		tl.count[letter]++
		tl.names[id] = fmt.Sprintf("$%s%d", letter, tl.count[letter])
		tl.ids[tl.names[id]] = id
	}
	return tl.names[id]
}

func (tl *teller) when(at time.Time) string { return at.In(tl.zone).Format("Mon 2 Jan 15:04 MST") }

func (tl *teller) decided(st step) {
	fmt.Fprintf(&tl.out, "  %s: %s\n", tl.when(st.now), st.ev.Kind)
	for _, n := range st.dec.Notes {
		words := []string{string(n.What), string(n.Reason)}
		if n.Workflow != "" {
			words = append(words, strings.TrimSuffix(n.Workflow+"/"+n.Step, "/"))
		}
		if n.Detail != "" {
			words = append(words, n.Detail)
		}
		if n.Subject != "" {
			letter := map[What]string{WhatMessage: "m", WhatTask: "t", WhatEscalation: "e"}[n.What]
			words = append(words, tl.name(letter, n.Subject))
		}
		if n.Person != "" {
			words = append(words, "("+n.Person+")")
		}
		if !n.Until.IsZero() {
			words = append(words, "until "+tl.when(n.Until))
		}
		fmt.Fprintf(&tl.out, "    %s\n", strings.Join(words, " "))
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		var a, b string
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			b = g[i]
		}
		if a != b {
			return fmt.Sprintf("line %d\nwant %s\ngot  %s", i+1, a, b)
		}
	}
	return ""
}
