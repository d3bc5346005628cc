package app

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/jetstream"
)

// pastEvents is what happened to the clients of one clinic. It knows of each event
// where it stands and when it was; the event itself is read again when its client's
// turn has come, so that a long past takes little memory.
type pastEvents struct {
	clinic string
	// name is the file's, empty for a stream; at reads it.
	name string
	at   io.ReaderAt
	// clients are in the order in which they are first named.
	clients     []pastClient
	events      int
	first, last time.Time
	unread      []UnreadLine
	skipped     int
	place       map[string]int // of a client key, while it is read
}

// pastClient is one client's events, by time.
type pastClient struct {
	key string
	// line is the first line about the client, or the number of the first event in a
	// stream.
	line int
	refs []pastRef
}

// pastRef is where an event stands, and when it happened.
type pastRef struct {
	offset int64
	size   int32
	line   int32
	at     int64 // Unix nanoseconds
}

// Len is how many clients there are.
func (p *pastEvents) Len() int { return len(p.clients) }

// Client reads one client's events; several goroutines may at once.
func (p *pastEvents) Client(i int) ([]events.Event, error) {
	c := &p.clients[i]
	out := make([]events.Event, len(c.refs))
	var line []byte
	for j, r := range c.refs {
		line = slices.Grow(line[:0], int(r.size))[:r.size]
		_, err := p.at.ReadAt(line, r.offset)
		if err == nil {
			out[j], err = events.Decode(events.Wire{Header: jsonHeader(), Body: line})
		}
		if err != nil || out[j].Time.UnixNano() != r.at {
			return nil, errChanged
		}
		out[j].Clinic, out[j].Key = p.clinic, c.key
	}
	return out, nil
}

// ehr is the EHR's id of a client; empty where nothing from outside names it.
func (p *pastEvents) ehr(i int) string {
	all, err := p.Client(i)
	if err != nil {
		return ""
	}
	for _, ev := range all {
		if ev.Client != "" {
			return ev.Client
		}
	}
	return ""
}

var errChanged = errors.New("the file was changed while it was read; run the backtest again")

func jsonHeader() map[string][]string {
	return map[string][]string{"Content-Type": {events.ContentType}}
}

// A backtest of a file has client keys of its own, so that what it prints leads to
// nobody.
const backtestKey = "the client keys of a backtest are nobody's"

// readPastFile reads a file of CloudEvents in JSON, one a line, as the doors read
// them: only what comes from outside. Empty lines are left out. It is an error when no
// line can be read. closing gives the file back.
func readPastFile(ctx context.Context, file, clinic string, now time.Time) (p *pastEvents, closing func(), err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, nil, err
	}
	shut := func() { _ = f.Close() } // it was only read
	defer func() {
		if err != nil {
			shut()
		}
	}()
	p = &pastEvents{clinic: clinic, name: file, at: f, unread: []UnreadLine{}, place: map[string]int{}}
	var in io.Reader = f
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		// What comes through a pipe cannot be read again: it is kept.
		all, err := io.ReadAll(f)
		if err != nil {
			return nil, nil, fmt.Errorf("read %s: %w", file, err)
		}
		kept := bytes.NewReader(all)
		p.at, in = kept, kept
	}
	lines := bufio.NewReaderSize(in, 1<<20)
	var offset int64
	for n := 1; ; n++ {
		if err := ctx.Err(); err != nil {
			return nil, nil, fmt.Errorf("read %s: %w", file, err)
		}
		line, err := lines.ReadBytes('\n')
		if n == 1 && bytes.HasPrefix(line, []byte("\ufeff")) {
			offset, line = 3, line[3:] // some editors put a mark before the first line
		}
		if trimmed := bytes.TrimSpace(line); len(trimmed) > 0 {
			p.line(n, trimmed, offset+int64(bytes.Index(line, trimmed[:1])), now)
		}
		offset += int64(len(line))
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, fmt.Errorf("read %s: %w", file, err)
		}
	}
	if p.events == 0 {
		err := fmt.Errorf("%s has no event that can be read", file)
		for _, u := range p.unread[:min(len(p.unread), 3)] {
			err = fmt.Errorf("%w\n%s", err, u)
		}
		return nil, nil, err
	}
	p.sort()
	return p, shut, nil
}

// line takes up one line of a file.
func (p *pastEvents) line(n int, line []byte, offset int64, now time.Time) {
	ev, err := events.DecodeOutside(p.clinic, events.Wire{Header: jsonHeader(), Body: line})
	if err != nil {
		p.unread = append(p.unread, UnreadLine{p.name, n, err.Error()})
		return
	}
	if ev.Time.After(now.Add(aheadMost)) {
		p.unread = append(p.unread, UnreadLine{p.name, n, "it is dated " + ev.Time.UTC().Format(time.RFC3339) + ", which has not come yet; a backtest decides on what has happened"})
		return
	}
	at, known := p.place[ev.Client]
	if !known {
		at = p.newClient(ev.Client, events.ClientKey([]byte(backtestKey), p.clinic, ev.Client), n)
	}
	p.add(at, n, ev.Time, offset, len(line))
}

func (p *pastEvents) newClient(name, key string, n int) int {
	p.place[name] = len(p.clients)
	p.clients = append(p.clients, pastClient{key: key, line: n})
	return len(p.clients) - 1
}

func (p *pastEvents) add(client, n int, at time.Time, offset int64, size int) {
	c := &p.clients[client]
	c.refs = append(c.refs, pastRef{offset, int32(size), int32(n), at.UnixNano()})
	if p.events++; p.events == 1 || at.Before(p.first) {
		p.first = at
	}
	if at.After(p.last) {
		p.last = at
	}
}

// sort puts each client's events in the order of their times; those of one instant
// stay as they came.
func (p *pastEvents) sort() {
	p.place = nil
	for i := range p.clients {
		slices.SortFunc(p.clients[i].refs, func(a, b pastRef) int {
			if a.at != b.at {
				return cmp.Compare(a.at, b.at)
			}
			return cmp.Compare(a.line, b.line)
		})
	}
}

// insideFacts are what people said of a client inside Mooring and what speaks of no
// decision: it happened, whatever the workflows had been. Answers to a mail, a task or
// an escalation are about one that another version may never have sent.
func insideFacts() []events.Kind {
	return []events.Kind{events.ClientNoted, events.ClientPaused, events.ClientResumed, events.ClientOptedOut, events.SafetyRaised}
}

// readPastStream reads what a clinic's streams keep of the past, and keeps the text of
// it in memory until the backtest is over. What cannot be read was rejected when it
// came, and is counted.
func readPastStream(ctx context.Context, store *jetstream.Store, clientKey []byte, clinic string, now time.Time) (*pastEvents, error) {
	p := &pastEvents{clinic: clinic, unread: []UnreadLine{}, place: map[string]int{}}
	var kept bytes.Buffer
	n := 0
	err := store.Past(ctx, clinic, insideFacts(), func(w events.Wire, stored time.Time) error {
		n++
		ev, err := events.Decode(w)
		if ev.Time.IsZero() {
			ev.Time = stored.UTC()
		}
		if err != nil || ev.Time.After(now.Add(aheadMost)) {
			p.skipped++
			return nil //nolint:nilerr // it is counted
		}
		if ev.Key == "" {
			ev.Key = events.ClientKey(clientKey, clinic, ev.Client)
		}
		_, body, err := events.Encode(ev)
		if err != nil {
			p.skipped++
			return nil //nolint:nilerr // it is counted
		}
		at, known := p.place[ev.Key]
		if !known {
			at = p.newClient(ev.Key, ev.Key, n)
		}
		p.add(at, n, ev.Time, int64(kept.Len()), len(body))
		_, _ = kept.Write(body)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if p.events == 0 {
		return nil, fmt.Errorf("the streams keep no event of the clinic %s that can be read; name a file with --events", clinic)
	}
	p.at = bytes.NewReader(kept.Bytes())
	p.sort()
	return p, nil
}
