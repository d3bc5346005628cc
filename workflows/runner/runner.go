package runner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strconv"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows"
)

// Config is what a Runner needs. Log, Now and Logger are required; a Runner that
// decides needs the rest too, but Observe.
type Config struct {
	Log         Log
	Timers      Timers
	Outbox      Outbox
	Directories Directories
	// ClientKey is the secret that client keys are derived with.
	ClientKey []byte
	Now       func() time.Time
	Logger    *slog.Logger
	// Observe hears of every decision that was appended by this process, once
	// its effects were tried.
	Observe func(Decided)
}

// Decided tells an observer of a decision.
type Decided struct {
	Ref   Ref
	Entry Entry
	State *workflows.State
}

// Runner takes events to decisions. One process has one; several processes may
// share the same log.
type Runner struct {
	cfg Config
	// states are the latest known states; a stale one loses its
	// compare-and-set and is read again.
	states *lru.Cache[Ref, known]
	// performed are the records whose effects this process has performed, so
	// that the backstop need not.
	performed *lru.Cache[place, struct{}]
	tries     tries
	// unknown are the clinics not configured here whose timers came due, so that
	// each is said once.
	unknown *lru.Cache[string, struct{}]
}

// place is one record: sequences repeat from stream to stream, where several
// hold the clients.
type place struct {
	ref Ref
	seq uint64
}

type known struct {
	state workflows.State
	seq   uint64
}

// The sizes at which a client's record is looked at.
const (
	sizeWarn  = 64 << 10
	sizeHuman = 256 << 10
)

// maxFailures is how often deciding on one event may fail before a human gets
// it.
const maxFailures = 5

// ReasonCannotDecide is the reason in REJECTED of an event that was sound and
// could still not be decided on; a task tells a human.
const ReasonCannotDecide events.Reason = "cannot-decide"

// New makes a Runner.
func New(cfg Config) (*Runner, error) {
	if cfg.Log == nil || cfg.Now == nil || cfg.Logger == nil {
		return nil, errors.New("set up the runner: it needs a Log, Now and a Logger")
	}
	states, err := lru.New[Ref, known](4096)
	if err != nil {
		return nil, fmt.Errorf("set up the runner: %w", err)
	}
	performed, err := lru.New[place, struct{}](64 << 10)
	if err != nil {
		return nil, fmt.Errorf("set up the runner: %w", err)
	}
	tries, err := newTries()
	if err != nil {
		return nil, fmt.Errorf("set up the runner: %w", err)
	}
	unknown, err := lru.New[string, struct{}](1024)
	if err != nil {
		return nil, fmt.Errorf("set up the runner: %w", err)
	}
	if cfg.Observe == nil {
		cfg.Observe = func(Decided) {}
	}
	return &Runner{cfg: cfg, states: states, performed: performed, tries: tries, unknown: unknown}, nil
}

// Read takes a delivery apart: the event with its client key, or the verdict
// that nobody can act on it.
func (r *Runner) Read(d Delivery) (events.Event, Verdict, bool) {
	ev, err := events.Decode(d.Wire)
	if err != nil {
		v := Verdict{Action: Reject, Reason: events.ReasonBroken, Text: err.Error()}
		if p, ok := errors.AsType[*events.Problem](err); ok {
			v.Reason = p.Reason
		}
		return ev, v, false
	}
	if _, ok := r.cfg.Directories.Directory(ev.Clinic); !ok {
		return ev, Verdict{Action: Reject, Clinic: ev.Clinic, Reason: events.ReasonUnknownClinic, Text: "no clinic with this id is configured; check the subject's second token"}, false
	}
	if ev.Key == "" {
		ev.Key = events.ClientKey(r.cfg.ClientKey, ev.Clinic, ev.Client)
	}
	return ev, Verdict{}, true
}

// Handle decides on one event and answers its delivery. It must not run twice
// at once for one client within a process; Pool sees to that.
func (r *Runner) Handle(ctx context.Context, ev events.Event, d Delivery) Verdict {
	source := d.Stream + ":" + strconv.FormatUint(d.Sequence, 10)
	err := r.decide(ctx, ev, source)
	if err == nil {
		r.tries.forget(source)
		return Verdict{Action: Done}
	}
	if errors.Is(err, errFull) {
		return r.refuse(ctx, ev, source)
	}
	if !isStuck(err) {
		// The store or the network: another try mends it, however many it takes.
		r.cfg.Logger.Warn("deciding has to wait; trying again", "kind", ev.Kind, "error", err)
		return r.later(source, away)
	}
	n := r.tries.failed(source, stuck)
	r.cfg.Logger.Error("deciding failed", "kind", ev.Kind, "attempt", n, "error", err)
	if n < maxFailures {
		return Verdict{Action: Retry, After: time.Duration(n) * time.Second}
	}
	text := "the program failed to decide on this event; it counts as answered, with a task for the clinic, and a replay changes nothing"
	if err := r.toHuman(ctx, ev, source); err != nil {
		r.cfg.Logger.Error("handing an event to a human failed", "kind", ev.Kind, "error", err)
		if !isStuck(err) {
			return r.later(source, away)
		}
		// Not even a task can be made: REJECTED keeps the event whole, for a
		// human to find and to replay.
		text = "the program failed to decide on this event, and to make a task of it; replay it once the cause is mended"
	}
	r.tries.forget(source)
	return Verdict{Action: Reject, Clinic: ev.Clinic, Key: ev.Key, Reason: ReasonCannotDecide, Text: text}
}

// Due is called for a timer of the client that fired, early and stale ones
// included. It returns once the timer is set again from the latest state: the
// firing has purged whatever schedule stood there, perhaps a newer one.
func (r *Runner) Due(ctx context.Context, ref Ref) Verdict {
	source := "TIMERS:" + ref.Clinic + "." + ref.Key
	if _, ok := r.cfg.Directories.Directory(ref.Clinic); !ok {
		return r.dueElsewhere(ctx, ref, source)
	}
	if v := r.due(ctx, ref, "TIMERS", source); v.Action != Done {
		return v
	}
	k, err := r.load(ctx, ref)
	if err == nil {
		err = r.setTimer(ctx, ref, k)
	}
	if err != nil {
		r.cfg.Logger.Warn("setting a timer again has to wait; trying again", "error", err)
		return r.later(source, away)
	}
	r.tries.forget(source)
	return Verdict{Action: Done}
}

// due decides on what is due now. from is the record's source, and source names
// the client among what is tried again.
func (r *Runner) due(ctx context.Context, ref Ref, from, source string) Verdict {
	now := r.cfg.Now()
	ev := events.Event{
		ID: "due-" + strconv.FormatInt(now.UnixNano(), 36), Source: "mooring/timer",
		Clinic: ref.Clinic, Key: ref.Key, Kind: events.TimerDue, Time: now,
	}
	err := r.decide(ctx, ev, from)
	if isStuck(err) && r.tries.failed(source, stuck) >= maxFailures {
		// The ladders of this client must not wait for a workflow that fails.
		r.cfg.Logger.Error("a due timer cannot be decided on; a human gets it", "error", err)
		err = r.toHuman(ctx, ev, from)
	}
	if err != nil {
		r.cfg.Logger.Warn("a due timer has to wait; trying again", "error", err)
		return r.later(source, away)
	}
	return Verdict{Action: Done}
}

// stuckError is a failure that more tries will hardly mend.
type stuckError struct{ err error }

func (e *stuckError) Error() string { return e.err.Error() }
func (e *stuckError) Unwrap() error { return e.err }

func isStuck(err error) bool {
	_, ok := errors.AsType[*stuckError](err)
	return ok
}

// decide is the whole of it: load, decide, append by compare-and-set, perform.
func (r *Runner) decide(ctx context.Context, ev events.Event, source string) error {
	return r.apply(ctx, ev, source, workflows.Decide)
}

// toHuman records the event with a task and with what needs no workflow.
func (r *Runner) toHuman(ctx context.Context, ev events.Event, source string) error {
	return r.apply(ctx, ev, source, func(s workflows.State, dir workflows.Directory, ev events.Event, now time.Time) workflows.Decision {
		if s.Decided(ev.Hash()) {
			return workflows.Decision{Nothing: true}
		}
		return workflows.FailToHuman(s, dir, ev, now, workflows.CannotDecide)
	})
}

// decideFunc is workflows.Decide or what stands in for it.
type decideFunc func(workflows.State, workflows.Directory, events.Event, time.Time) workflows.Decision

// guarded turns a panic into an error.
func guarded(decide decideFunc, s workflows.State, dir workflows.Directory, ev events.Event, now time.Time) (dec workflows.Decision, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &stuckError{fmt.Errorf("decide on a %s: panic: %v\n%s", ev.Kind, p, debug.Stack())}
		}
	}()
	return decide(s, dir, ev, now), nil
}

func (r *Runner) apply(ctx context.Context, ev events.Event, source string, decide decideFunc) error {
	dir, ok := r.cfg.Directories.Directory(ev.Clinic)
	if !ok {
		return fmt.Errorf("find the clinic of a %s: it is not configured any more", ev.Kind)
	}
	ref := Ref{ev.Clinic, ev.Key}
	for {
		k, err := r.cached(ctx, ref)
		if err != nil {
			return err
		}
		if err := r.cfg.Directories.Prepare(ctx, ref.Clinic, k.state.Versions()); err != nil {
			return err
		}
		now := r.cfg.Now()
		if ev.Time.IsZero() || ev.Time.After(now) {
			// Our own facts need not say when. A sender's clock that runs ahead
			// must not freeze the client's profile at a time to come.
			ev.Time = now
		}
		dec, err := guarded(decide, k.state, dir, ev, now)
		if err != nil {
			return err
		}
		if dec.Nothing {
			return nil
		}
		next, entry, err := r.append(ctx, ref, k, ev, source, dir, dec, now)
		if err != nil {
			// Lost to another writer, or perhaps stored although the answer was
			// lost: the leader knows, and a stored event is found there by its
			// hash. A timer's decision has no hash; deciding again finds nothing
			// due.
			r.states.Remove(ref)
			if errors.Is(err, ErrConflict) {
				continue
			}
			return err
		}
		// A crash from here on is mended by the effects consumer, which reads
		// the record and performs the same effects under the same ids.
		r.states.Add(ref, next)
		if err := r.perform(ctx, ref, entry.Effects, next); err != nil {
			r.cfg.Logger.Warn("effects of a decision have to wait; the log's reader will perform them", "error", err)
		} else {
			r.performed.Add(place{ref, next.seq}, struct{}{})
		}
		// Last: an observer that takes its time must not hold back safety mail.
		r.cfg.Observe(Decided{ref, entry, &next.state})
		return nil
	}
}

// append encodes and stores a decision.
func (r *Runner) append(
	ctx context.Context, ref Ref, k known, ev events.Event, source string,
	dir workflows.Directory, dec workflows.Decision, now time.Time,
) (known, Entry, error) {
	entry, record, err := r.record(ev, source, dec, now)
	if err != nil {
		return k, entry, &stuckError{err}
	}
	if len(record) > sizeFull && canWait(ev.Kind) {
		return k, entry, errFull
	}
	if len(record) > sizeHuman && !dec.State.Large {
		dec = workflows.TooLarge(dec, dir, ev, now)
		if entry, record, err = r.record(ev, source, dec, now); err != nil {
			return k, entry, &stuckError{err}
		}
	} else if len(record) > sizeWarn {
		r.cfg.Logger.Warn("a client's record is growing large", "bytes", len(record))
	}
	meta := Meta{Next: dec.State.Next(), Previous: k.seq, Decisions: dec.State.Decisions, Tasks: len(dec.State.Tasks)}
	meta.Open, meta.OldestOpen = dec.State.OpenEscalations()
	meta.Ownerless = dec.State.OwnerlessEscalations()
	seq, err := r.cfg.Log.Append(ctx, ref, k.seq, record, meta)
	if errors.Is(err, ErrTooLarge) {
		return k, entry, &stuckError{err}
	}
	if err != nil {
		return k, entry, err
	}
	return known{dec.State, seq}, entry, nil
}

func (r *Runner) record(ev events.Event, source string, dec workflows.Decision, now time.Time) (Entry, []byte, error) {
	entry := Entry{
		Event: ev.Hash(), Kind: ev.Kind, Time: ev.Time, Source: source,
		Decided: now, Directory: dec.Directory, Notes: dec.Notes, Effects: dec.Effects,
		Escalations: standings(dec.Notes, &dec.State), Act: actOf(ev),
	}
	record, err := encode(entry, &dec.State)
	return entry, record, err
}

// perform does what a decision asks for. Messages go first: safety is not kept
// waiting by a timer.
func (r *Runner) perform(ctx context.Context, ref Ref, effects []workflows.Effect, k known) error {
	timer := false
	for _, e := range effects {
		if e.Enqueue != nil {
			if err := r.cfg.Outbox.Enqueue(ctx, ref, *e.Enqueue); err != nil {
				return err
			}
		}
		timer = timer || e.Timer != nil
	}
	if timer {
		return r.setTimer(ctx, ref, k)
	}
	return nil
}

// setTimer sets the client's timer from a state and makes sure that it was the
// latest: between the two another writer may have moved the log and set an
// earlier deadline, which this one has replaced.
func (r *Runner) setTimer(ctx context.Context, ref Ref, k known) error {
	return r.setTimerAt(ctx, ref, k, (*workflows.State).Next)
}

// setTimerAt is setTimer where the time is another one than the state's next.
func (r *Runner) setTimerAt(ctx context.Context, ref Ref, k known, at func(*workflows.State) time.Time) error {
	for {
		if err := r.cfg.Timers.Set(ctx, ref, at(&k.state)); err != nil {
			return err
		}
		last, err := r.cfg.Timers.Last(ctx, ref)
		if err != nil {
			return err
		}
		if last == k.seq {
			return nil
		}
		if k, err = r.load(ctx, ref); err != nil {
			return err
		}
	}
}

// cached is the client's state as last known here.
func (r *Runner) cached(ctx context.Context, ref Ref) (known, error) {
	if k, ok := r.states.Get(ref); ok {
		return k, nil
	}
	return r.load(ctx, ref)
}

// load reads the client's state from the leader.
func (r *Runner) load(ctx context.Context, ref Ref) (known, error) {
	k, _ := r.states.Peek(ref)
	record, seq, err := r.cfg.Log.Load(ctx, ref, k.seq)
	if err != nil {
		return known{}, err
	}
	if seq == 0 {
		return known{}, nil
	}
	if k.seq == seq {
		return k, nil // the same record, read before
	}
	state, err := ReadState(record)
	if err != nil {
		return known{}, err
	}
	k = known{state, seq}
	if newer, ok := r.states.Peek(ref); !ok || newer.seq < seq {
		r.states.Add(ref, k)
	}
	return k, nil
}

// Recorded is called by the reader of the log for every record. It performs
// what a crash may have left undone and returns what AUDIT keeps.
func (r *Runner) Recorded(ctx context.Context, ref Ref, seq uint64, record []byte) ([]byte, error) {
	head := Head(record)
	if r.performed.Contains(place{ref, seq}) {
		return head, nil
	}
	entry, err := ReadEntry(head)
	if err != nil {
		return nil, err
	}
	if len(entry.Effects) > 0 {
		k, err := r.load(ctx, ref)
		if err != nil {
			return nil, err
		}
		if err := r.perform(ctx, ref, entry.Effects, k); err != nil {
			return nil, err
		}
	}
	r.performed.Add(place{ref, seq}, struct{}{})
	return head, nil
}

// Cached is a client's state as last known to this process, read from the
// leader when it is not known here.
func (r *Runner) Cached(ctx context.Context, ref Ref) (workflows.State, error) {
	k, err := r.cached(ctx, ref)
	return k.state, err
}

// State reads a client's state from the leader; seq is 0 for a client that
// nobody has heard of.
func (r *Runner) State(ctx context.Context, ref Ref) (workflows.State, uint64, error) {
	k, err := r.load(ctx, ref)
	return k.state, k.seq, err
}
