// Package scenario tells what the engine would decide about one client: events
// go in, and the exact timeline with its reasons comes out, in virtual time. The
// scenario beside each built-in workflow is written in it, and is that
// workflow's test. It also compares what two versions of a clinic would have
// decided about the same past. It must never know storage, mail or the network.
package scenario

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/mooring-care/mooring/workflows"
)

// Tell runs a script for a clinic and gives it back with the timeline that
// follows from it: the script is a golden file of itself. name stands in error
// texts, which say the line.
//
// A line that begins with "##" opens a chapter: another client, of whom nothing
// is known yet. A line that begins with ">" is what happens, in the clinic's
// time; the indented lines below it are what was decided, and why. They are
// written anew, and so are not read. Other lines are for people.
//
//	> 2026-03-02 09:30 known {risk: none}               a client whom mail may reach
//	> 2026-03-02 10:00 appointment.noshow {appointment: {id: a1}}
//	> 2026-03-02 10:05 at 2026-03-01 09:00 appointment.noshow {appointment: {id: a1}}
//	> until 2026-03-12 00:00                            every timer fires on time
//	> outage 2026-03-12 00:00                           nobody decides until then
//	> look                                              the last look at each care message
//
// With "at" an event happened earlier than it arrives. In data, $m1, $e1 and $t1
// are the first message, escalation and task of the chapter.
func Tell(c *workflows.Clinic, name, script string) (string, error) {
	t, err := run(c, name, script, true)
	if err != nil {
		return "", err
	}
	return t.text.String(), nil
}

// List runs a script as Tell does and gives the timeline alone, for programs. It
// is never nil without an error.
func List(c *workflows.Clinic, name, script string) ([]Told, error) {
	t, err := run(c, name, script, true)
	if err != nil {
		return nil, err
	}
	return append([]Told{}, t.list...), nil
}

// almostEvent is a line that was meant to begin with ">".
var almostEvent = regexp.MustCompile(`^(?:\s+>|\s?\d{4}-\d\d-\d\d \d\d:\d\d |\s?(?:until|outage) \d{4}-\d\d-\d\d|\s?look\s*$)`)

// run tells a script line by line; stores is the client's.
func run(c *workflows.Clinic, name, script string, stores bool) (*told, error) {
	if c.Zone == nil {
		return nil, errors.New("tell a scenario: the clinic has no time zone")
	}
	out := &told{}
	t := newTeller(c, out, "", stores)
	n := 0
	script = strings.TrimPrefix(script, "\ufeff")
	if strings.Contains("\n"+script, "\n  ") && !strings.Contains("\n"+script, "\n>") {
		return nil, fmt.Errorf("%s: this is no scenario: nothing in it begins with >, such as `> 2026-06-01 09:00 known`", name)
	}
	for line := range strings.Lines(script) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if almostEvent.MatchString(line) {
			return nil, fmt.Errorf("%s:%d: this looks like something that happens; begin the line with `> `, without a space before it", name, n)
		}
		switch {
		case strings.HasPrefix(line, "  "):
			continue // what was decided the last time
		case strings.HasPrefix(line, "##"):
			t = newTeller(c, out, strings.TrimSpace(strings.TrimLeft(line, "#")), stores)
		case strings.HasPrefix(line, ">"):
			fmt.Fprintln(&out.text, line)
			t.line = n
			if err := t.command(strings.TrimSpace(line[1:])); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", name, n, err)
			}
			continue
		}
		fmt.Fprintln(&out.text, line)
	}
	return out, nil
}

// FirstDifference says where two timelines part; empty where they are the same.
func FirstDifference(want, got string) string {
	line, a, b := Difference(want, got)
	if line == 0 {
		return ""
	}
	return fmt.Sprintf("line %d\nwant %s\ngot  %s", line, a, b)
}

// Difference is the first line in which two timelines part, from 1, and what
// stands there in each; 0 where they are the same. Empty lines at the end do not
// count.
func Difference(want, got string) (line int, inWant, inGot string) {
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
			return i + 1, a, b
		}
	}
	return 0, "", ""
}

// clock is how times are written.
const clock = "2006-01-02 15:04"

// time reads a wall clock time at the beginning of a line.
func (t *teller) time(line string) (at time.Time, rest string, err error) {
	if len(line) < len(clock) {
		return at, "", fmt.Errorf("%q: a time such as 2026-03-02 10:00 must stand here", line)
	}
	at, err = time.ParseInLocation(clock, line[:len(clock)], t.clinic.Zone)
	if err != nil {
		return at, "", fmt.Errorf("%q: a time such as 2026-03-02 10:00 must stand here", line[:len(clock)])
	}
	return at, strings.TrimSpace(line[len(clock):]), nil
}

func (t *teller) command(line string) error {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "look":
		t.look()
		return nil
	case "until", "outage":
		at, _, err := t.time(strings.TrimSpace(rest))
		if err != nil {
			return err
		}
		if at.Before(t.now) {
			return fmt.Errorf("time goes on: it is %s already", t.when(t.now))
		}
		if word == "outage" {
			return t.outage(at)
		}
		return t.until(at)
	}
	at, rest, err := t.time(line)
	if err != nil {
		return err
	}
	if at.Before(t.now) {
		return fmt.Errorf("time goes on: it is %s already", t.when(t.now))
	}
	happened := at
	if early, ok := strings.CutPrefix(rest, "at "); ok {
		if happened, rest, err = t.time(early); err != nil {
			return err
		}
	}
	kind, data, _ := strings.Cut(rest, " ")
	// Timers come first: what was met then can be named in the data.
	if err := t.until(at); err != nil {
		return err
	}
	data, err = t.named(data)
	if err != nil {
		return err
	}
	ev, err := t.event(kind, happened, data)
	if err != nil {
		return err
	}
	return t.deliver(ev)
}

var reference = regexp.MustCompile(`\$[met][0-9]+\b`)

// named puts ids where a script names them. What it names must have come up.
func (t *teller) named(data string) (string, error) {
	var err error
	out := reference.ReplaceAllStringFunc(data, func(name string) string {
		id := t.names.ID(name)
		if id == "" {
			err = fmt.Errorf("%s has not come up in this chapter: $m1 is its first message, $e1 its first question, $t1 its first task", name)
		}
		return id
	})
	return out, err
}
