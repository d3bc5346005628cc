package scenario

import (
	"fmt"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows"
)

// Comparison is what two versions of a clinic decide about the same clients.
type Comparison struct {
	Before, After Tally
	// Differ are the clients for whom it is not the same, in their order.
	Differ []Parting
}

// ClientError is what went wrong for one client.
type ClientError struct {
	// Client is the client's place in the list, from 0.
	Client int
	Err    error
}

// Error names the client by its place.
func (e *ClientError) Error() string { return fmt.Sprintf("the client at %d: %v", e.Client, e.Err) }

// Unwrap is what went wrong.
func (e *ClientError) Unwrap() error { return e.Err }

// Parting is where one client's two timelines part.
type Parting struct {
	// Client is the client's place in the list that was compared, from 0.
	Client int
	// Before and After are the first entry that is not the same; nil where a
	// timeline has come to its end.
	Before, After *Line
}

// Line is one note of a timeline.
type Line struct {
	// At is when it was decided, and Event the kind of event decided on.
	At    time.Time   `json:"at"`
	Event events.Kind `json:"event"`
	// Text is the note as it stands in a scenario, Reason its code and Words what
	// people read.
	Text   string           `json:"text"`
	Reason workflows.Reason `json:"reason"`
	Words  string           `json:"words"`
}

// Compare decides what happened to clients twice, with one version of a clinic
// and with another. Each client has the events of one list, in the order of their
// times, all with the same key; each event is decided on at its own time, and every timer
// fires on time between them and until the end. Nobody answers anything that is
// not in the events: a question stays open, a task undone, a mail without a
// bounce.
//
// An error is a *ClientError.
func Compare(before, after *workflows.Clinic, clients [][]events.Event, until time.Time) (Comparison, error) {
	var out Comparison
	was, is := newTallier(before), newTallier(after)
	for i, history := range clients {
		first, err := was.live(history, until)
		if err != nil {
			return out, &ClientError{i, err}
		}
		second, err := is.live(history, until)
		if err != nil {
			return out, &ClientError{i, err}
		}
		if p, differ := parting(first, second); differ {
			p.Client = i
			out.Differ = append(out.Differ, p)
		}
	}
	out.Before, out.After = was.tally(), is.tally()
	return out, nil
}

// mostUnanswered bounds the timers of one client between two events: a ladder that
// asks every ten minutes for more than a year.
const mostUnanswered = 60_000

// parting finds the first entry in which two timelines differ.
func parting(before, after []Line) (Parting, bool) {
	at := func(lines []Line, i int) *Line {
		if i < len(lines) {
			return &lines[i]
		}
		return nil
	}
	for i := range max(len(before), len(after)) {
		b, a := at(before, i), at(after, i)
		if a == nil || b == nil || !a.same(*b) {
			return Parting{Before: b, After: a}, true
		}
	}
	return Parting{}, false
}

func (l Line) same(as Line) bool {
	return l.At.Equal(as.At) && l.Event == as.Event && l.Text == as.Text
}

// live decides what happened to one client, counts it, and tells it.
func (t *tallier) live(history []events.Event, until time.Time) ([]Line, error) {
	if len(history) == 0 {
		return nil, nil
	}
	var lines []Line
	var names Names
	seen := newCounted()
	c := &client{clinic: t.clinic, key: history[0].Key}
	// A ladder that nobody answers asks again for years.
	c.most = mostUnanswered
	c.each = func(ev events.Event, dec workflows.Decision) {
		if dec.Nothing {
			return
		}
		t.count(seen, dec)
		for _, n := range dec.Notes {
			lines = append(lines, Line{At: c.now, Event: ev.Kind, Text: names.line(n, t.clinic.Zone), Reason: n.Reason, Words: n.Reason.Words()})
		}
	}
	for _, ev := range history {
		if err := c.until(ev.Time); err != nil {
			return nil, err
		}
		if err := c.deliver(ev); err != nil {
			return nil, err
		}
	}
	err := c.until(until)
	t.met(seen)
	return lines, err
}
