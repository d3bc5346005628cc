package app

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/scenario"
)

// backtestAfter is how long after the last event a backtest goes on.
const backtestAfter = 60 * 24 * time.Hour

// aheadMost is how far ahead of the clock here a sender's may run.
const aheadMost = 24 * time.Hour

// ErrUntil says that a backtest was to end at no time, or before its last event.
var ErrUntil = errors.New("the end of a backtest must be a time such as 2026-11-02T15:04:05Z or a day such as 2026-11-02, and not before its last event")

// Backtest is what a clinic's past would have come to with a draft in place, in
// comparison with the clinic as it is. It names no client but by a number.
type Backtest struct {
	Clinic   string `json:"clinic"`
	Workflow string `json:"workflow"`
	// Events and Clients are how many were read, First and Last the times of the
	// first and the last event, and Until where it ends.
	Events  int       `json:"events"`
	Clients int       `json:"clients"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
	Until   time.Time `json:"until"`

	AsItIs    scenario.Tally `json:"as_it_is"`
	WithDraft scenario.Tally `json:"with_draft"`
	// Differ are the clients for whom it is not the same.
	Differ []DifferentClient `json:"differ"`
	// Unread are the lines of the file that no event could be read from.
	Unread []UnreadLine `json:"unread"`

	zone *time.Location
}

// DifferentClient is where a client's timeline with the draft parts from the one
// without it.
type DifferentClient struct {
	// Client numbers the clients from 1 in the order in which the file names them,
	// and Line is the first line about this one.
	Client int `json:"client"`
	Line   int `json:"line"`
	// AsItIs and WithDraft are the first entry that differs; nil where nothing
	// more happens.
	AsItIs    *scenario.Line `json:"as_it_is"`
	WithDraft *scenario.Line `json:"with_draft"`
}

// UnreadLine is a line of a file of events that cannot be read, and why.
type UnreadLine struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Problem string `json:"problem"`
}

// String is "file:line: problem".
func (u UnreadLine) String() string { return fmt.Sprintf("%s:%d: %s", u.File, u.Line, u.Problem) }

// RunBacktest decides past events of a file, one CloudEvent in JSON a line, twice:
// with the clinic as its folder is, and with a workflow in its place there, as
// Simulate does. until is the end, in RFC 3339 or as a day by the clinic's
// calendar; empty means 60 days after the last event. Nothing is sent and no stream
// is touched. Lines that cannot be read are listed and left out.
//
// It fails with ErrUntil where the end is none.
func RunBacktest(draft, eventsFile, clinicDir, until string) (*Backtest, error) {
	t, err := openTrial(draft, clinicDir)
	if err != nil {
		return nil, err
	}
	asItIs, err := workflows.ReadClinic(t.folder, t.id)
	if err != nil {
		return nil, fmt.Errorf("read the clinic %s as it is; a draft that takes the place of a workflow is kept outside its folder, which --clinic-dir names:\n%w", t.id, err)
	}
	h, err := readHistory(eventsFile, t.id, time.Now())
	if err != nil {
		return nil, err
	}
	b := &Backtest{
		Clinic: t.id, Workflow: t.workflow.Name, Events: h.events, Clients: len(h.clients), First: h.first, Last: h.last,
		Differ: []DifferentClient{}, Unread: h.unread, zone: t.clinic.Zone,
	}
	if b.Until, err = endOf(until, h.last, b.zone); err != nil {
		return nil, err
	}
	compared, err := scenario.Compare(asItIs, t.clinic, h.clients, b.Until)
	if spun, ok := errors.AsType[*scenario.ClientError](err); ok {
		return nil, fmt.Errorf("%s:%d: the client whom this line is the first about: %w; look at the times of their events", eventsFile, h.lines[spun.Client], spun.Err)
	}
	if err != nil {
		return nil, err
	}
	b.AsItIs, b.WithDraft = compared.Before, compared.After
	for _, p := range compared.Differ {
		b.Differ = append(b.Differ, DifferentClient{Client: p.Client + 1, Line: h.lines[p.Client], AsItIs: p.Before, WithDraft: p.After})
	}
	return b, nil
}

// endOf is when a backtest ends whose last event was at a time.
func endOf(until string, last time.Time, zone *time.Location) (time.Time, error) {
	if until == "" {
		return last.Add(backtestAfter), nil
	}
	at, err := time.Parse(time.RFC3339, until)
	if err != nil {
		at, err = time.ParseInLocation(time.DateOnly, until, zone)
	}
	if err != nil || at.Before(last) {
		return at, fmt.Errorf("%w: that was at %s, and the end is to be %q", ErrUntil, last.Format(time.RFC3339), until)
	}
	return at.UTC(), nil
}

// history is what a file of events says of clients.
type history struct {
	// clients are in the order in which the file names them, each with its events
	// by time; lines are the first line about each.
	clients     [][]events.Event
	lines       []int
	events      int
	first, last time.Time
	unread      []UnreadLine
}

// A backtest has client keys of its own, so that what it prints leads to nobody.
const backtestKey = "the client keys of a backtest are nobody's"

// readHistory reads a file of CloudEvents in JSON, one a line, as the doors read
// them: only what comes from outside. Empty lines are left out. It is an error
// when no line can be read.
func readHistory(file, clinic string, now time.Time) (*history, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	h := &history{unread: []UnreadLine{}}
	place := map[string]int{} // of a client key
	in := bufio.NewReader(f)
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if line = bytes.TrimSpace(line); len(line) > 0 {
			h.take(file, n, clinic, line, place, now)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
	}
	if h.events == 0 {
		err := fmt.Errorf("%s has no event that can be read", file)
		for _, u := range h.unread[:min(len(h.unread), 3)] {
			err = fmt.Errorf("%w\n%s", err, u)
		}
		return nil, err
	}
	for _, all := range h.clients {
		slices.SortStableFunc(all, func(a, b events.Event) int { return a.Time.Compare(b.Time) })
	}
	return h, nil
}

// take reads one line.
func (h *history) take(file string, n int, clinic string, line []byte, place map[string]int, now time.Time) {
	ev, err := events.DecodeOutside(clinic, events.Wire{Header: map[string][]string{"Content-Type": {events.ContentType}}, Body: line})
	if err != nil {
		h.unread = append(h.unread, UnreadLine{file, n, err.Error()})
		return
	}
	if ev.Time.After(now.Add(aheadMost)) {
		h.unread = append(h.unread, UnreadLine{file, n, "it is dated " + ev.Time.UTC().Format(time.RFC3339) + ", which has not come yet; a backtest decides on what has happened"})
		return
	}
	ev.Key = events.ClientKey([]byte(backtestKey), clinic, ev.Client)
	at, known := place[ev.Key]
	if !known {
		at = len(h.clients)
		place[ev.Key] = at
		h.clients, h.lines = append(h.clients, nil), append(h.lines, n)
	}
	h.clients[at] = append(h.clients[at], ev)
	if h.events++; h.events == 1 || ev.Time.Before(h.first) {
		h.first = ev.Time
	}
	if ev.Time.After(h.last) {
		h.last = ev.Time
	}
}
