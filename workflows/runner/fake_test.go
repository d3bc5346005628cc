package runner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/sample"
)

var errPlanted = errors.New("planted")

// fault says how one call fails.
type fault int

const (
	works fault = iota
	failsBefore
	failsAfter // it took effect, and the answer was lost
)

// store is a Log, Timers and Outbox in memory, with faults.
type store struct {
	mu       sync.Mutex
	seq      uint64
	records  map[Ref][]stored
	timers   map[Ref]time.Time
	sets     int
	enqueued []workflows.Enqueue
	// largest is the largest record it takes; 0 takes any.
	largest int
	// faults are what the next calls of each name do.
	faults map[string][]fault
	// race runs inside a call of this name, once, before it takes effect.
	race map[string]func()
}

type stored struct {
	seq    uint64
	record []byte
	meta   Meta
}

func newStore() *store {
	return &store{records: map[Ref][]stored{}, timers: map[Ref]time.Time{}, faults: map[string][]fault{}, race: map[string]func(){}}
}

// next takes the next fault of a call, and runs what races with it.
func (s *store) next(call string) fault {
	s.mu.Lock()
	race := s.race[call]
	delete(s.race, call)
	f := works
	if q := s.faults[call]; len(q) > 0 {
		f, s.faults[call] = q[0], q[1:]
	}
	s.mu.Unlock()
	if race != nil {
		race()
	}
	return f
}

func (s *store) do(call string, effect func() error) error {
	f := s.next(call)
	if f == failsBefore {
		return fmt.Errorf("%s: %w", call, errPlanted)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := effect(); err != nil {
		return err
	}
	if f == failsAfter {
		return fmt.Errorf("%s: the answer was lost: %w", call, errPlanted)
	}
	return nil
}

func (s *store) Load(_ context.Context, ref Ref, known uint64) (record []byte, seq uint64, err error) {
	err = s.do("load", func() error {
		if all := s.records[ref]; len(all) > 0 {
			if seq = all[len(all)-1].seq; seq != known {
				record = all[len(all)-1].record
			}
		}
		return nil
	})
	return record, seq, err
}

func (s *store) Append(_ context.Context, ref Ref, expected uint64, record []byte, meta Meta) (seq uint64, err error) {
	err = s.do("append", func() error {
		last := uint64(0)
		if all := s.records[ref]; len(all) > 0 {
			last = all[len(all)-1].seq
		}
		if last != expected {
			return ErrConflict
		}
		if s.largest > 0 && len(record) > s.largest {
			return ErrTooLarge
		}
		s.seq++
		seq = s.seq
		s.records[ref] = append(s.records[ref], stored{seq, record, meta})
		return nil
	})
	return seq, err
}

func (s *store) Set(_ context.Context, ref Ref, at time.Time) error {
	return s.do("set", func() error {
		s.sets++
		if !at.IsZero() {
			s.timers[ref] = at
		}
		return nil
	})
}

func (s *store) Last(_ context.Context, ref Ref) (seq uint64, err error) {
	err = s.do("last", func() error {
		if all := s.records[ref]; len(all) > 0 {
			seq = all[len(all)-1].seq
		}
		return nil
	})
	return seq, err
}

func (s *store) Enqueue(_ context.Context, _ Ref, m workflows.Enqueue) error {
	return s.do("enqueue", func() error {
		s.enqueued = append(s.enqueued, m)
		return nil
	})
}

// plant makes the next calls fail so.
func (s *store) plant(call string, faults ...fault) {
	s.faults[call] = append(s.faults[call], faults...)
}

func (s *store) decisions(t *testing.T, ref Ref) []Entry {
	t.Helper()
	var out []Entry
	for _, r := range s.records[ref] {
		e, err := ReadEntry(r.record)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

func (s *store) state(t *testing.T, ref Ref) workflows.State {
	t.Helper()
	all := s.records[ref]
	if len(all) == 0 {
		t.Fatal("nobody has heard of the client")
	}
	state, err := ReadState(all[len(all)-1].record)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// ids counts the messages enqueued by id.
func (s *store) ids() map[string]int {
	out := map[string]int{}
	for _, m := range s.enqueued {
		out[m.ID]++
	}
	return out
}

// clinics are the directories of a test.
type clinics struct {
	dirs       map[string]workflows.Directory
	prepareErr error
	prepared   []string
}

func (c *clinics) Directory(clinic string) (workflows.Directory, bool) {
	d, ok := c.dirs[clinic]
	return d, ok
}

func (c *clinics) Prepare(_ context.Context, _ string, versions []string) error {
	c.prepared = append(c.prepared, versions...)
	return c.prepareErr
}

// directory has one version; explode makes the next look at older ones, or
// every look, panic.
type directory struct {
	clinic  *workflows.Clinic
	explode bool
	nothing bool
	asked   int
}

func (d *directory) Current() *workflows.Clinic {
	if d.nothing {
		return nil
	}
	return d.clinic
}

func (d *directory) At(version string) *workflows.Clinic {
	d.asked++
	if d.explode {
		panic("planted")
	}
	if version == d.clinic.Version {
		return d.clinic
	}
	return nil
}

// rig is a runner on a fake store with a clock of its own.
type rig struct {
	*Runner
	t     *testing.T
	store *store
	dir   *directory
	cfg   Config
	now   time.Time
	n     int
	seen  []Decided
}

var (
	start = time.Date(2026, 3, 2, 16, 0, 0, 0, time.UTC)
	ref   = Ref{sample.ID, "kclient2345abcdefghijklmno"}
)

func newRig(t *testing.T) *rig {
	t.Helper()
	clinic, err := workflows.ReadClinic(sample.FS, sample.ID)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, store: newStore(), dir: &directory{clinic: clinic}, now: start}
	r.cfg = Config{
		Log: r.store, Timers: r.store, Outbox: r.store,
		Directories: &clinics{dirs: map[string]workflows.Directory{sample.ID: r.dir}},
		ClientKey:   []byte("key"),
		Now:         func() time.Time { return r.now },
		Logger:      slog.New(slog.DiscardHandler),
		Observe:     func(d Decided) { r.seen = append(r.seen, d) },
	}
	r.Runner = r.another()
	return r
}

// another is a second process on the same store.
func (r *rig) another() *Runner {
	r.t.Helper()
	out, err := New(r.cfg)
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

func (r *rig) event(kind events.Kind, data events.Data) events.Event {
	r.n++
	return events.Event{
		ID: fmt.Sprintf("ev-%d", r.n), Source: "test", Clinic: ref.Clinic, Key: ref.Key,
		Kind: kind, Time: r.now, Data: data,
	}
}

func (r *rig) delivery(ev events.Event) Delivery {
	return Delivery{Stream: "EVENTS", Sequence: uint64(len(ev.ID))*1000 + uint64(ev.ID[len(ev.ID)-1])}
}

// handle delivers an event once.
func (r *rig) handle(by *Runner, ev events.Event) Verdict {
	return by.Handle(context.Background(), ev, r.delivery(ev))
}

// settle delivers an event until it is not to be delivered again.
func (r *rig) settle(by *Runner, ev events.Event) Verdict {
	r.t.Helper()
	for range 20 {
		if v := r.handle(by, ev); v.Action != Retry {
			return v
		}
	}
	r.t.Fatalf("a %s is delivered for ever", ev.Kind)
	return Verdict{}
}

func concern() events.Data {
	return events.Data{Concern: &events.Concern{Level: events.ConcernImmediate}}
}

// backstop is the reader of the log: it gets every record.
func (r *rig) backstop(by *Runner) {
	r.t.Helper()
	for client, all := range r.store.records {
		for _, rec := range all {
			if _, err := by.Recorded(context.Background(), client, rec.seq, rec.record); err != nil {
				r.t.Fatal(err)
			}
		}
	}
}

// check holds what must be true once everything has settled: one decision an
// event, every message asked for enqueued, the timer at the next deadline.
func (r *rig) check() {
	r.t.Helper()
	for client := range r.store.records {
		seen := map[events.Hash]bool{}
		ids := r.store.ids()
		for _, e := range r.store.decisions(r.t, client) {
			if e.Kind != events.TimerDue && seen[e.Event] {
				r.t.Errorf("two decisions on one %s", e.Kind)
			}
			seen[e.Event] = true
			for _, eff := range e.Effects {
				if eff.Enqueue != nil && ids[eff.Enqueue.ID] == 0 {
					r.t.Errorf("a message asked for was never enqueued")
				}
			}
		}
		state := r.store.state(r.t, client)
		next := state.Next()
		if !next.IsZero() && !r.store.timers[client].Equal(next) {
			r.t.Errorf("the timer stands at %v, the next deadline is %v", r.store.timers[client], next)
		}
		for i, rec := range r.store.records[client] {
			if rec.meta.Decisions != int64(i+1) {
				r.t.Errorf("record %d counts %d decisions", i+1, rec.meta.Decisions)
			}
			if i > 0 && rec.meta.Previous != r.store.records[client][i-1].seq {
				r.t.Errorf("record %d says that %d came before", rec.seq, rec.meta.Previous)
			}
		}
	}
}
