package scenario

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows"
)

// Names are short names for ids, handed out in the order in which the ids are
// met: $m1 is the first message, $e1 the first escalation, $t1 the first task.
// The zero value is ready.
type Names struct {
	names map[string]string // by id
	ids   map[string]string // by name
	count map[string]int
}

// Of is the short name of the message, escalation or task with this id, the same
// each time; empty for what has none.
func (n *Names) Of(what workflows.What, id string) string {
	letter := letterOf(what)
	if id == "" || letter == "" {
		return ""
	}
	if n.names == nil {
		n.names, n.ids, n.count = map[string]string{}, map[string]string{}, map[string]int{}
	}
	if n.names[id] == "" {
		n.count[letter]++
		n.names[id] = fmt.Sprintf("$%s%d", letter, n.count[letter])
		n.ids[n.names[id]] = id
	}
	return n.names[id]
}

// ID is the id that a short name stands for; empty where nothing has that name.
func (n *Names) ID(name string) string { return n.ids[name] }

func letterOf(w workflows.What) string {
	switch w {
	case workflows.WhatMessage:
		return "m"
	case workflows.WhatTask:
		return "t"
	case workflows.WhatEscalation:
		return "e"
	}
	return ""
}

// WriteDecision writes what was decided at a time on an event of a kind, as it
// stands in a scenario: a line for the event, and one below it for each note, in
// the zone's time and with the ids by their short names.
func (n *Names) WriteDecision(w io.Writer, zone *time.Location, at time.Time, kind events.Kind, notes []workflows.Note) {
	fmt.Fprintf(w, "  %s: %s\n", when(at, zone), kind)
	for _, note := range notes {
		fmt.Fprintf(w, "    %s\n", n.line(note, zone))
	}
}

// line is one note without its indent.
func (n *Names) line(note workflows.Note, zone *time.Location) string {
	words := []string{string(note.What), string(note.Reason)}
	if note.Workflow != "" {
		words = append(words, strings.TrimSuffix(note.Workflow+"/"+note.Step, "/"))
	}
	if note.Detail != "" {
		words = append(words, note.Detail)
	}
	if name := n.Of(note.What, note.Subject); name != "" {
		words = append(words, name)
	}
	if note.Person != "" {
		words = append(words, "("+note.Person+")")
	}
	if !note.Until.IsZero() {
		until := "until " + when(note.Until, zone)
		if note.Holiday != "" {
			until += ", " + note.Holiday
		}
		words = append(words, until)
	}
	return strings.Join(words, " ")
}

func when(at time.Time, zone *time.Location) string { return at.In(zone).Format("Mon 2 Jan 15:04 MST") }
