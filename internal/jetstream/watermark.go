package jetstream

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// watermark answers the last look's question: has the runner passed everything
// that was acknowledged to a sender at this moment? All looks that begin
// before a round share that round's few requests.
type watermark struct {
	s *Store

	mu sync.Mutex
	// waiting are the looks that the next round serves; running says that a
	// round is under way. Guarded by mu.
	waiting []chan error
	running bool
}

func newWatermark(s *Store) *watermark { return &watermark{s: s} }

// Passed returns once every event that EVENTS and INSIDE held when it was
// called has been decided on or rejected. It waits as long as ctx allows: a
// care message waits rather than overtake a booking.
func (s *Store) Passed(ctx context.Context) error {
	return s.passed.wait(ctx)
}

func (w *watermark) wait(ctx context.Context) error {
	ch := make(chan error, 1)
	w.mu.Lock()
	w.waiting = append(w.waiting, ch)
	if !w.running {
		w.running = true
		go w.rounds()
	}
	w.mu.Unlock()
	select {
	case err := <-ch:
		return err
	case <-ctx.Done():
		return fmt.Errorf("wait for the runner to pass what was acknowledged: %w", ctx.Err())
	}
}

func (w *watermark) rounds() {
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
		err := w.round(ctx)
		cancel()
		for _, ch := range batch {
			ch <- err
		}
	}
}

// round reads both streams' last sequences once, then waits for each consumer
// to pass them.
func (w *watermark) round(ctx context.Context) error {
	last := map[string]uint64{}
	for _, name := range []string{streamEvents, streamInside} {
		info, err := w.s.streams[name].Info(ctx)
		if err != nil {
			return fmt.Errorf("ask the stream %s: %w", name, err)
		}
		last[name] = info.State.LastSeq
	}
	for _, q := range Queues() {
		wait := 500 * time.Microsecond
		for {
			ok, err := w.s.consumerPassed(ctx, q, last[q.stream])
			if err != nil {
				return err
			}
			if ok {
				break
			}
			if !pause(ctx, wait) {
				return fmt.Errorf("wait for the consumer %s: %w", q.durable, ctx.Err())
			}
			wait = min(2*wait, 50*time.Millisecond)
		}
	}
	return nil
}

// consumerPassed says whether everything up to seq that the consumer reads was
// acknowledged.
func (s *Store) consumerPassed(ctx context.Context, q Queue, seq uint64) (bool, error) {
	if seq == 0 {
		return true, nil
	}
	cons, err := s.js.Consumer(ctx, q.stream, q.durable)
	if err != nil {
		return false, fmt.Errorf("ask the consumer %s: %w", q.durable, err)
	}
	// Consumer asks the server, so its information is a moment old.
	info := cons.CachedInfo()
	if info.NumPending == 0 && info.NumAckPending == 0 {
		return true, nil
	}
	return info.AckFloor.Stream >= seq, nil
}

// Lag is how many events each of the runner's consumers has not finished.
func (s *Store) Lag(ctx context.Context) (map[string]uint64, error) {
	out := map[string]uint64{}
	queues := append(Queues(),
		Queue{stream: streamTimers, durable: consumerTimers},
		Queue{stream: streamClients, durable: consumerEffects},
		Queue{stream: streamOutbox, durable: consumerSafety})
	for _, q := range queues {
		cons, err := s.js.Consumer(ctx, q.stream, q.durable)
		if err != nil {
			return nil, fmt.Errorf("ask the consumer %s: %w", q.durable, err)
		}
		info := cons.CachedInfo()
		out[q.durable] = info.NumPending + uint64(max(info.NumAckPending, 0))
	}
	return out, nil
}
