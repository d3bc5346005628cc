package notifier

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
)

var (
	monday   = time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	errFault = errors.New("a fault")
)

// world is everything around a Notifier, in memory, with a clock that only
// waiting moves. A fault hook, where one is set, is asked before and after
// each call takes effect; its error is the call's.
type world struct {
	mu      sync.Mutex
	now     time.Time
	entries []Entry // the ledger of the one message; revision n is entries[n-1]
	before  func(call string) error
	after   func(call string) error

	email   string // the client's address
	render  func(Message) (Mail, error)
	look    func() (Look, error)
	send    func(Mail) (Receipt, error)
	permit  func(ctx context.Context) error
	paused  []time.Duration
	pause   func(d time.Duration) bool
	sent    []Mail
	reports []report
	seen    []string // the calls, in order
	ended   []Status // what Observe heard
}

type report struct {
	kind  events.Kind
	entry Entry
}

func newWorld() *world {
	w := &world{now: monday, email: "sam@client.test"}
	w.render = func(m Message) (Mail, error) {
		return Mail{ID: m.ID, Lane: m.Lane, MessageID: m.ID + "@harbor.test", To: Address{Email: w.email}}, nil
	}
	w.look = func() (Look, error) { return Look{Wanted: true, Email: w.email}, nil }
	w.send = func(Mail) (Receipt, error) { return Receipt{ProviderID: "p1"}, nil }
	w.permit = func(context.Context) error { return nil }
	w.pause = func(time.Duration) bool { return true }
	return w
}

func (w *world) notifier() *Notifier {
	n, err := New(Config{
		Provider: (*fakeProvider)(w), Ledger: (*fakeLedger)(w), Renderer: (*fakeRenderer)(w), Looker: (*fakeLooker)(w),
		Reporter: (*fakeReporter)(w), Limiter: (*fakeLimiter)(w), Logger: slog.New(slog.DiscardHandler),
		Now: func() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.now },
		Pause: func(ctx context.Context, d time.Duration) bool {
			w.mu.Lock()
			w.now = w.now.Add(d)
			w.paused = append(w.paused, d)
			w.mu.Unlock()
			return w.pause(d) && ctx.Err() == nil
		},
		Observe: func(_ Lane, s Status) { w.ended = append(w.ended, s) },
	})
	if err != nil {
		panic(err) // nothing is left out above
	}
	return n
}

// call runs one call with its faults.
func (w *world) call(name string, effect func() error) error {
	w.mu.Lock()
	w.seen = append(w.seen, name)
	w.mu.Unlock()
	if w.before != nil {
		if err := w.before(name); err != nil {
			return err
		}
	}
	if err := effect(); err != nil {
		return err
	}
	if w.after != nil {
		return w.after(name)
	}
	return nil
}

func (w *world) last() (Entry, uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := len(w.entries); n > 0 {
		return w.entries[n-1], uint64(n)
	}
	return Entry{}, 0
}

// write is somebody else's hand in the ledger.
func (w *world) write(e Entry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.entries = append(w.entries, e)
}

func (w *world) statuses() []Status {
	var out []Status
	for _, e := range w.entries {
		out = append(out, e.Status)
	}
	return out
}

func (w *world) kinds() []events.Kind {
	var out []events.Kind
	for _, r := range w.reports {
		out = append(out, r.kind)
	}
	return out
}

type (
	fakeLedger   world
	fakeProvider world
	fakeRenderer world
	fakeLooker   world
	fakeReporter world
	fakeLimiter  world
)

func (l *fakeLedger) Last(context.Context, Message) (e Entry, rev uint64, err error) {
	w := (*world)(l)
	err = w.call("last", func() error { e, rev = w.last(); return nil })
	if err != nil {
		return Entry{}, 0, err
	}
	return e, rev, nil
}

func (l *fakeLedger) Put(_ context.Context, _ Message, expected uint64, e Entry) (rev uint64, err error) {
	w := (*world)(l)
	err = w.call("put "+string(e.Status), func() error {
		w.mu.Lock()
		defer w.mu.Unlock()
		if uint64(len(w.entries)) != expected {
			return ErrConflict
		}
		w.entries = append(w.entries, e)
		rev = uint64(len(w.entries))
		return nil
	})
	if err != nil {
		return 0, err
	}
	return rev, nil
}

func (p *fakeProvider) Send(ctx context.Context, m Mail) (r Receipt, err error) {
	w := (*world)(p)
	if _, ok := ctx.Deadline(); !ok {
		return r, errors.New("a request without a time-out")
	}
	err = w.call("send", func() error {
		if r, err = w.send(m); err == nil {
			w.sent = append(w.sent, m)
		}
		return err
	})
	return r, err
}

func (r *fakeRenderer) Render(_ context.Context, m Message, _ int) (mail Mail, err error) {
	w := (*world)(r)
	err = w.call("render", func() error { mail, err = w.render(m); return err })
	return mail, err
}

func (l *fakeLooker) Wait(context.Context, Message) error {
	w := (*world)(l)
	return w.call("wait", func() error { return nil })
}

func (l *fakeLooker) Look(context.Context, Message) (seen Look, err error) {
	w := (*world)(l)
	err = w.call("look", func() error { seen, err = w.look(); return err })
	return seen, err
}

func (r *fakeReporter) Report(_ context.Context, _ Message, k events.Kind, e Entry) error {
	w := (*world)(r)
	return w.call("report", func() error { w.reports = append(w.reports, report{k, e}); return nil })
}

func (l *fakeLimiter) Permit(ctx context.Context, _ Lane) error {
	w := (*world)(l)
	return w.call("permit", func() error { return w.permit(ctx) })
}

func message(lane Lane) Message {
	return Message{ID: "abc234", Clinic: "harbor", Key: "a2", Lane: lane, Template: "warm"}
}

// deliver hands the message over until it leaves the outbox, and says how
// often that took.
func (w *world) deliver(t testing.TB, n *Notifier, lane Lane) (times int) {
	t.Helper()
	for times = 1; times <= 50; times++ {
		again := n.Deliver(t.Context(), message(lane))
		if again == 0 {
			return times
		}
		w.now = w.now.Add(again)
	}
	t.Fatalf("the message never settled; the ledger says %v", w.statuses())
	return times
}
