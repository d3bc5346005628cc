package scenario

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows"
)

// Past is what happened to a number of clients. Several goroutines read it at once.
type Past interface {
	// Len is how many clients there are.
	Len() int
	// Client gives one client's events, in the order of their times and all with the
	// same key; i counts from 0.
	Client(i int) ([]events.Event, error)
}

// Histories is a past that is in memory, client by client.
type Histories [][]events.Event

// Len is how many clients there are.
func (h Histories) Len() int { return len(h) }

// Client gives one client's events.
func (h Histories) Client(i int) ([]events.Event, error) { return h[i], nil }

// Options say how two versions are compared.
type Options struct {
	// Until is when it ends.
	Until time.Time
	// Hands is how many clients are decided on at a time; at least one. The
	// comparison is the same with any number of them.
	Hands int
	// All keeps what is the same on both sides among the changes.
	All bool
	// Done hears of the events of each client once both sides have decided on them,
	// from several goroutines at once; nil where nobody wants to know.
	Done func(events int)
}

// Comparison is what two versions of a clinic decide about the same clients.
type Comparison struct {
	Before, After Tally
	// Differ are the clients for whom it is not the same, in their order.
	Differ []Parting
	// Changes are what would have come to a client on one side and not on the other,
	// or at another time or in other words; by client, and then by time. With All
	// those that are the same stand among them.
	Changes []Change
}

// ClientError is what went wrong for one client.
type ClientError struct {
	// Client is the client's place in the past, from 0.
	Client int
	Err    error
}

// Error names the client by its place.
func (e *ClientError) Error() string { return fmt.Sprintf("the client at %d: %v", e.Client, e.Err) }

// Unwrap is what went wrong.
func (e *ClientError) Unwrap() error { return e.Err }

// Compare decides what happened to clients twice, with one version of a clinic
// and with another. Each event is decided on at its own time, and every timer fires
// on time between them and until the end. Nobody answers anything that is not in
// the events: a question stays open, a task undone, a mail without a bounce. What
// is only asked of staff again and again is left out.
//
// Clients are read one at a time and forgotten again. An error is the context's,
// or a *ClientError about the first client for whom something went wrong.
func Compare(ctx context.Context, before, after *workflows.Clinic, past Past, o Options) (Comparison, error) {
	var next atomic.Int64
	hands := make([]*hand, max(o.Hands, 1))
	var all sync.WaitGroup
	for i := range hands {
		h := &hand{was: newTallier(before), is: newTallier(after), past: past, o: o}
		hands[i] = h
		all.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= past.Len() {
					return
				}
				if err := h.take(i); err != nil {
					h.failed = &ClientError{i, err}
					// Whoever comes before this one is in somebody's hands already.
					next.Store(int64(past.Len()))
					return
				}
			}
		})
	}
	all.Wait()
	return joined(ctx, hands)
}

// hand decides on some of the clients.
type hand struct {
	was, is *tallier
	past    Past
	o       Options

	differ  []Parting
	changes []Change
	failed  *ClientError
}

// take decides on one client, with either version.
func (h *hand) take(i int) error {
	history, err := h.past.Client(i)
	if err != nil {
		return err
	}
	if len(history) == 0 {
		h.was.met(newCounted())
		h.is.met(newCounted())
		return nil
	}
	was, err := h.was.live(history, h.o.Until)
	if err != nil {
		return err
	}
	is, err := h.is.live(history, h.o.Until)
	if err != nil {
		return err
	}
	if p, differ := parting(was, is); differ {
		p.Client = i
		h.differ = append(h.differ, p)
	}
	for _, c := range changes(was, is) {
		if h.o.All || len(c.How) > 0 {
			c.Client = i
			h.changes = append(h.changes, c)
		}
	}
	if h.o.Done != nil {
		h.o.Done(len(history))
	}
	return nil
}

// joined puts together what the hands have: sums, and lists in the order of the
// clients, so that nobody can tell how many hands there were.
func joined(ctx context.Context, hands []*hand) (Comparison, error) {
	var out Comparison
	var failed *ClientError
	was, is := hands[0].was, hands[0].is
	for i, h := range hands {
		if h.failed != nil && (failed == nil || h.failed.Client < failed.Client) {
			failed = h.failed
		}
		if i > 0 {
			was.add(h.was)
			is.add(h.is)
		}
		out.Differ = append(out.Differ, h.differ...)
		out.Changes = append(out.Changes, h.changes...)
	}
	if err := ctx.Err(); err != nil {
		return Comparison{}, fmt.Errorf("compare two versions: %w", err)
	}
	if failed != nil {
		return Comparison{}, failed
	}
	slices.SortFunc(out.Differ, func(a, b Parting) int { return a.Client - b.Client })
	// Each client is in one hand, which has them in order.
	slices.SortStableFunc(out.Changes, func(a, b Change) int { return a.Client - b.Client })
	out.Before, out.After = was.tally(), is.tally()
	return out, nil
}

// mostUnanswered bounds the timers of one client between two events.
const mostUnanswered = 60_000

// life is what was decided about one client with one version.
type life struct {
	zone   *time.Location
	told   []entry
	doings []Doing
}

// entry is one note, when it was decided, and on what.
type entry struct {
	at    time.Time
	event events.Kind
	note  workflows.Note
}

// live decides what happened to one client, and counts it.
func (t *tallier) live(history []events.Event, until time.Time) (*life, error) {
	l := &life{zone: t.clinic.Zone}
	seen := newCounted()
	c := &client{clinic: t.clinic, key: history[0].Key, most: mostUnanswered, once: true}
	c.each = func(ev events.Event, dec workflows.Decision) {
		if dec.Nothing {
			return
		}
		from := len(l.doings)
		l.doings = seen.doings(l.doings, dec, c.now)
		for i := range l.doings[from:] {
			l.doings[from+i].Waited = l.waited(l.doings[from+i].Workflow)
		}
		t.count(seen, dec, l.doings[from:])
		for _, n := range dec.Notes {
			if ev.Kind != events.TimerDue || !asksAgain(c.state, n) {
				l.told = append(l.told, entry{c.now, ev.Kind, n})
			}
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
	return l, err
}
