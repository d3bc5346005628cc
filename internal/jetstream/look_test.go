package jetstream

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/internal/testkit"
	"github.com/mooring-care/mooring/workflows/runner"
)

func consumersOf(t testing.TB, s *Store, lanes ...Lane) {
	t.Helper()
	if err := s.CreateConsumers(t.Context(), lanes...); err != nil {
		t.Fatal(err)
	}
}

func queueNamed(t testing.TB, durable string) Queue {
	t.Helper()
	for _, q := range Queues() {
		if q.durable == durable {
			return q
		}
	}
	t.Fatalf("no queue %s", durable)
	return Queue{}
}

func booking(t testing.TB, s *Store) uint64 {
	t.Helper()
	seq, err := s.publish(t.Context(), nats.NewMsg("events.harbor.appointment.booked"))
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

// ackOne takes one message of a queue and acknowledges it.
func ackOne(t testing.TB, s *Store, durable string) {
	t.Helper()
	q := queueNamed(t, durable)
	cons, err := s.js.Consumer(t.Context(), q.stream, q.durable)
	if err != nil {
		t.Fatal(err)
	}
	msg, err := cons.Next(jetstream.FetchMaxWait(5 * time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if err := msg.DoubleAck(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// unaware publishes and asks at once whether the consumer is past it, before
// the consumer itself can have heard. The answer must be no until the event
// was acknowledged.
func unaware(t *testing.T, s *Store, rounds int) {
	t.Helper()
	q := queueNamed(t, consumerEvents)
	for round := range rounds {
		seq := booking(t, s)
		if ok, err := s.consumerPassed(t.Context(), q, seq); ok || err != nil {
			t.Fatalf("round %d: passed %v, %v before anybody had read the event", round, ok, err)
		}
		ackOne(t, s, consumerEvents)
		testkit.Eventually(t, 10*time.Second, "the consumer is past what was acknowledged", func() bool {
			ok, err := s.consumerPassed(t.Context(), q, seq)
			if err != nil {
				t.Fatal(err)
			}
			return ok
		})
	}
}

// TestLookWaitsForRunnerItHasNotHeard guards the rule last-look where it is
// narrowest: the server counts nothing as pending for a moment after it
// acknowledged an event to its sender.
func TestLookWaitsForRunnerItHasNotHeard(t *testing.T) {
	s := newStore(t)
	consumersOf(t, s)
	unaware(t, s, 400)
}

// looks runs a test with looks that ask the consumers, and with looks that
// read beside them.
func looks(t *testing.T, f func(t *testing.T, s *Store)) {
	t.Helper()
	for _, beside := range []bool{false, true} {
		name := "asking the consumers"
		if beside {
			name = "reading beside them"
		}
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			consumersOf(t, s)
			if beside {
				running(t, func(ctx context.Context) {
					s.FollowArrivals(ctx, func(runner.Delivery) (runner.Ref, bool, bool) { return refN(1), false, true })
				})
				testkit.Eventually(t, 5*time.Second, "the streams are being read", s.arrivals.ready.Load)
			}
			f(t, s)
		})
	}
}

// TestLookWaitsForRunner guards the rule last-look: an event acknowledged
// before the look is decided before the look returns.
func TestLookWaitsForRunner(t *testing.T) {
	for _, durable := range []string{consumerEvents, consumerEventsUrgent, consumerBulk, consumerInside, consumerInsideUrgent} {
		t.Run(durable, func(t *testing.T) {
			subject := map[string]string{
				consumerEvents: "events.harbor.appointment.booked", consumerEventsUrgent: "events.harbor.safety.concern",
				consumerBulk: "bulk.harbor.appointment.booked", consumerInside: "inside.harbor.task.done", consumerInsideUrgent: "inside.harbor.checkin.answered",
			}[durable]
			looks(t, func(t *testing.T, s *Store) {
				if err := s.Passed(t.Context(), refN(1)); err != nil {
					t.Fatalf("with nothing to wait for: %v", err)
				}
				finish := make(chan struct{})
				handled := make(chan struct{}, 8)
				for _, q := range Queues() {
					running(t, func(ctx context.Context) {
						s.Consume(ctx, q, 4, func(_ context.Context, _ runner.Delivery, done func(runner.Verdict)) {
							handled <- struct{}{}
							go func() {
								<-finish
								done(runner.Verdict{Action: runner.Done})
							}()
						})
					})
				}
				publish(t, s, subject, "{}")
				within(t, 5*time.Second, "the event", handled)
				short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
				defer cancel()
				if err := s.Passed(short, refN(1)); !errors.Is(err, context.DeadlineExceeded) {
					t.Fatalf("a look before the decision: %v, want it to wait", err)
				}
				looked := make(chan error, 1)
				go func() { looked <- s.Passed(t.Context(), refN(1)) }()
				nothing(t, 50*time.Millisecond, "look", looked)
				close(finish)
				if err := within(t, 5*time.Second, "the look after the decision", looked); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// Two hundred looks at once share a few questions to the server.
func TestLooksShareRounds(t *testing.T) {
	looks(t, func(t *testing.T, s *Store) {
		seq := booking(t, s)
		before := s.nc.Stats().OutMsgs
		var wg sync.WaitGroup
		errs := make(chan error, 200)
		started := make(chan struct{}, 200)
		for range 200 {
			wg.Go(func() {
				started <- struct{}{}
				errs <- s.Passed(t.Context(), refN(1))
			})
		}
		for range 200 {
			<-started
		}
		nothing(t, 50*time.Millisecond, "look", errs)
		ackOne(t, s, consumerEvents)
		s.arrivals.decided(place{streamEvents, seq})
		wg.Wait()
		for range 200 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		if asked := s.nc.Stats().OutMsgs - before; asked > 600 {
			t.Errorf("200 looks put %d questions to the server", asked)
		}
	})
}

// An event that leaves the stream undecided (its age, a hand that deletes it)
// holds no look for ever.
func TestLookDoesNotWaitForWhatIsGone(t *testing.T) {
	looks(t, func(t *testing.T, s *Store) {
		seq := booking(t, s)
		if err := s.streams[streamEvents].DeleteMsg(t.Context(), seq); err != nil {
			t.Fatal(err)
		}
		looked := make(chan error, 1)
		go func() { looked <- s.Passed(t.Context(), refN(2)) }()
		if err := within(t, 5*time.Second, "the look", looked); err != nil {
			t.Error(err)
		}
	})
}

// forgetful fails when it is asked what follows, before it asked or after, so
// many times.
type forgetful struct {
	Arrivals

	after bool
	left  *atomic.Int32
}

var errForgot = errors.New("nobody answered")

func (f forgetful) Follows(ctx context.Context, stream string, after uint64) (uint64, error) {
	fails := f.left.Add(-1) >= 0
	if fails && !f.after {
		return 0, errForgot
	}
	next, err := f.Arrivals.Follows(ctx, stream, after)
	if fails {
		return 0, errForgot
	}
	return next, err
}

// TestLastLookWhereTheEndIsGone: the stream's end was deleted, and asking what
// is there instead fails: the look waits for its own client's booking all the
// same, and for no longer.
func TestLastLookWhereTheEndIsGone(t *testing.T) {
	for _, after := range []bool{false, true} {
		for _, times := range []int32{1, 3} {
			t.Run(fmt.Sprintf("after=%v,times=%d", after, times), func(t *testing.T) {
				var left atomic.Int32
				left.Store(times)
				s := connect(t, Options{
					Server:   startServer(t, serverConfig(t.TempDir())),
					Arrivals: func(to Arrivals) Arrivals { return forgetful{to, after, &left} },
				})
				consumersOf(t, s)
				seq := booking(t, s)
				if err := s.streams[streamEvents].DeleteMsg(t.Context(), booking(t, s)); err != nil {
					t.Fatal(err)
				}
				running(t, func(ctx context.Context) {
					s.FollowArrivals(ctx, func(runner.Delivery) (runner.Ref, bool, bool) { return refN(1), false, true })
				})
				looked, looks := make(chan error, 1<<14), 0
				testkit.Eventually(t, 20*time.Second, "asking has failed as often", func() bool {
					if s.arrivals.ready.Load() && s.arrivals.waiters() == 0 { // the looks before this one wait elsewhere now
						looks++
						go func() { looked <- s.Passed(t.Context(), refN(1)) }()
					}
					return left.Load() <= 0
				})
				nothing(t, 20*time.Millisecond, "look", looked)
				ackOne(t, s, consumerEvents)
				s.arrivals.decided(place{streamEvents, seq})
				for range looks {
					if err := within(t, 10*time.Second, "the look", looked); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
}

// TestLag names every consumer, those of lanes whose clinic is gone included.
func TestLag(t *testing.T) {
	s := newStore(t)
	if _, err := s.Lag(t.Context()); !errors.Is(err, jetstream.ErrConsumerNotFound) {
		t.Errorf("before the consumers are made: %v", err)
	}
	consumersOf(t, s, SafetyLane(), CareLane("harbor"), CareLane("gone"))
	booking(t, s)
	for _, clinic := range []string{"harbor", "gone", "gone"} {
		enqueue(t, s, clinic, "care", booking(t, s))
	}
	want := map[string]uint64{
		consumerEvents: 4, consumerEventsUrgent: 0, consumerBulk: 0, consumerInside: 0, consumerInsideUrgent: 0,
		consumerTimers: 0, consumerEffects: 0, consumerSafety: 0, "care-harbor": 1, "care-gone": 2,
	}
	var lag map[string]uint64
	testkit.Eventually(t, 5*time.Second, "the lag is as it is", func() bool {
		var err error
		if lag, err = s.Lag(t.Context()); err != nil {
			t.Fatal(err)
		}
		for name, n := range want {
			if got, ok := lag[name]; !ok || got != n {
				return false
			}
		}
		return len(lag) == len(want)
	})
}
