package jetstream

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/workflows/runner"
)

// shared is one question to the server whose answer serves all who asked
// before it was put: the looks of a busy moment share a few requests.
type shared[T any] struct {
	ask func(context.Context) (T, error)

	mu sync.Mutex
	// waiting are those that the next round serves; running says that a round
	// is under way. Guarded by mu.
	waiting []chan answered[T]
	running bool
}

type answered[T any] struct {
	value T
	err   error
}

// get returns an answer to the question put after get was called.
func (w *shared[T]) get(ctx context.Context) (T, error) {
	ch := make(chan answered[T], 1)
	w.mu.Lock()
	w.waiting = append(w.waiting, ch)
	if !w.running {
		w.running = true
		go w.rounds()
	}
	w.mu.Unlock()
	select {
	case a := <-ch:
		return a.value, a.err
	case <-ctx.Done():
		var zero T
		return zero, fmt.Errorf("wait for the runner to pass what was acknowledged: %w", ctx.Err())
	}
}

func (w *shared[T]) rounds() {
	for {
		w.mu.Lock()
		batch := w.waiting
		w.waiting = nil
		if len(batch) == 0 {
			w.running = false
			w.mu.Unlock()
			return
		}
		w.mu.Unlock()
		// A round ends by itself, so that looks whose callers gave up do not
		// hold it; callers that still wait ask again.
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		value, err := w.ask(ctx)
		cancel()
		for _, ch := range batch {
			ch <- answered[T]{value, err}
		}
	}
}

// Passed returns once every event that EVENTS and INSIDE held when it was
// called, and that concerns the client, has been decided on or rejected. It
// waits as long as ctx allows: a care message waits rather than overtake a
// booking.
func (s *Store) Passed(ctx context.Context, ref runner.Ref) error {
	if s.arrivals.ready.Load() {
		ends, err := s.ends.get(ctx)
		if err != nil {
			return err
		}
		if err = s.arrivals.wait(ctx, ref, ends); !errors.Is(err, errLostPlace) {
			return err
		}
	}
	_, err := s.passed.get(ctx)
	return err
}

// Calm says, without asking the server, that no event is known that concerns
// the client and has not been decided on. It is a hint: Passed knows.
func (s *Store) Calm(ref runner.Ref) bool { return s.arrivals.ready.Load() && s.arrivals.calm(ref) }

// readEnds reads both streams' last sequences.
func (s *Store) readEnds(ctx context.Context) (map[string]uint64, error) {
	var (
		asking sync.WaitGroup
		last   [len(arrivalStreams)]uint64
		errs   [len(arrivalStreams)]error
	)
	for i, name := range arrivalStreams {
		asking.Go(func() {
			info, err := s.streams[name].Info(ctx)
			if err != nil {
				errs[i] = fmt.Errorf("ask the stream %s: %w", name, err)
				return
			}
			last[i] = info.State.LastSeq
		})
	}
	asking.Wait()
	ends := map[string]uint64{}
	for i, name := range arrivalStreams {
		ends[name] = last[i]
	}
	return ends, errors.Join(errs[:]...)
}

// passAll reads both streams' last sequences once, then waits for each
// consumer to pass them.
func (s *Store) passAll(ctx context.Context) (struct{}, error) {
	var none struct{}
	last, err := s.readEnds(ctx)
	if err != nil {
		return none, err
	}
	for _, q := range Queues() {
		wait := 500 * time.Microsecond
		for {
			ok, err := s.consumerPassed(ctx, q, last[q.stream])
			if err != nil {
				return none, err
			}
			if ok {
				break
			}
			if !pause(ctx, wait) {
				return none, fmt.Errorf("wait for the consumer %s: %w", q.durable, ctx.Err())
			}
			wait = min(2*wait, 50*time.Millisecond)
		}
	}
	return none, nil
}

// consumerPassed says whether everything up to seq that the consumer reads was
// acknowledged.
func (s *Store) consumerPassed(ctx context.Context, q Queue, seq uint64) (bool, error) {
	if seq == 0 {
		return true, nil
	}
	floor, err := s.floor(ctx, q, seq)
	return floor >= seq, err
}

// floor says up to where everything that a queue reads was acknowledged, as
// far as end.
//
// That nothing is pending at a consumer proves nothing: it hears of a message
// only after the publisher did, on one server a moment later, in a cluster
// when its own replica has the message. What it does say for certain is up to
// where it was acknowledged, and the stream's leader says what there is to
// acknowledge.
func (s *Store) floor(ctx context.Context, q Queue, end uint64) (uint64, error) {
	cons, err := s.js.Consumer(ctx, q.stream, q.durable)
	if err != nil {
		return 0, fmt.Errorf("ask the consumer %s: %w", q.durable, err)
	}
	// Consumer asks the server, so its information is a moment old.
	floor := cons.CachedInfo().AckFloor.Stream
	if floor >= end {
		return floor, nil
	}
	first, err := s.openFrom(ctx, q, floor)
	if err != nil {
		return 0, err
	}
	if first == 0 || first > end {
		return end, nil
	}
	return max(floor, first-1), nil
}

// Lag is how many messages each consumer has not finished, by its name: the
// runner's, and those of the lanes, clinics that are configured no more
// included.
func (s *Store) Lag(ctx context.Context) (map[string]uint64, error) {
	out := map[string]uint64{}
	note := func(name string, info *jetstream.ConsumerInfo) {
		out[name] = info.NumPending + uint64(max(info.NumAckPending, 0))
	}
	queues := append(Queues(),
		Queue{stream: streamTimers, durable: consumerTimers},
		Queue{stream: streamClients, durable: consumerEffects})
	for _, q := range queues {
		cons, err := s.js.Consumer(ctx, q.stream, q.durable)
		if err != nil {
			return nil, fmt.Errorf("ask the consumer %s: %w", q.durable, err)
		}
		note(q.durable, cons.CachedInfo())
	}
	lanes := s.streams[streamOutbox].ListConsumers(ctx)
	for info := range lanes.Info() {
		note(info.Name, info)
	}
	if err := lanes.Err(); err != nil {
		return nil, fmt.Errorf("list the consumers of %s: %w", streamOutbox, err)
	}
	return out, nil
}
