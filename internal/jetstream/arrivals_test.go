package jetstream

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/mooring-care/mooring/workflows/runner"
)

// waiting asks arrivals for a client and reports when it may go on.
func waiting(t *testing.T, a *arrivals, ref runner.Ref, end uint64) <-chan error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- a.wait(t.Context(), ref, map[string]uint64{streamEvents: end}) }()
	return done
}

// reading is arrivals that note what is decided.
func reading() *arrivals {
	a := newArrivals()
	a.noting.Store(true)
	return a
}

func (a *arrivals) waiters() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := len(a.behind)
	for _, x := range a.of {
		n += len(x.waited)
	}
	return n
}

// until polls a condition that another goroutine brings about.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range 5000 {
		if ok() {
			return
		}
		<-tick.C
	}
	t.Fatalf("never: %s", what)
}

func TestLastLookWaitsForItsOwnClient(t *testing.T) {
	a := reading()
	one, two := refN(1), refN(2)
	a.arrived(place{streamEvents, 1}, one, false, consumerEvents)
	a.arrived(place{streamEvents, 2}, two, false, consumerEvents)
	a.arrived(place{streamEvents, 3}, runner.Ref{}, false, "") // nobody's

	first := waiting(t, a, one, 3)
	if err := within(t, 5*time.Second, "a client with nothing open", waiting(t, a, refN(3), 3)); err != nil {
		t.Fatal(err)
	}
	until(t, "the look waits", func() bool { return a.waiters() == 1 })
	a.decided(place{streamEvents, 2})
	select {
	case err := <-first:
		t.Fatalf("the look went on before its client's event was decided: %v", err)
	default:
	}
	a.decided(place{streamEvents, 1})
	if err := within(t, 5*time.Second, "the look", first); err != nil {
		t.Fatal(err)
	}
	if len(a.of) != 0 || len(a.refs) != 0 || a.held[streamEvents] != 0 || a.awaited[streamEvents] != 0 {
		t.Errorf("something was kept of decided events: %+v", a)
	}
}

func TestLastLookWaitsUntilTheStreamIsRead(t *testing.T) {
	a := reading()
	one := refN(1)
	done := waiting(t, a, one, 2)
	until(t, "the look waits", func() bool { return a.waiters() == 1 })
	a.arrived(place{streamEvents, 1}, refN(2), false, consumerEvents)
	// The booking that was acknowledged just before the look began.
	a.arrived(place{streamEvents, 2}, one, false, consumerEvents)
	until(t, "the look waits for its client's event", func() bool {
		a.mu.Lock()
		defer a.mu.Unlock()
		return len(a.behind) == 0 && a.awaited[streamEvents] == 1
	})
	a.decided(place{streamEvents, 2})
	if err := within(t, 5*time.Second, "the look", done); err != nil {
		t.Fatal(err)
	}
}

func TestArrivalsDecidedBeforeTheyAreRead(t *testing.T) {
	a := reading()
	a.decided(place{streamEvents, 1})
	a.arrived(place{streamEvents, 1}, refN(1), false, consumerEvents)
	if err := within(t, 5*time.Second, "the look", waiting(t, a, refN(1), 1)); err != nil {
		t.Fatal(err)
	}
	if len(a.early) != 0 {
		t.Errorf("early keeps %v", a.early)
	}
}

// A merge speaks of two clients, one of whom its subject does not name.
func TestArrivalsOfEveryone(t *testing.T) {
	a := reading()
	a.arrived(place{streamEvents, 1}, refN(1), true, consumerEvents)
	done := waiting(t, a, refN(2), 1)
	until(t, "another client's look waits", func() bool { return a.waiters() == 1 })
	a.decided(place{streamEvents, 1})
	if err := within(t, 5*time.Second, "the look", done); err != nil {
		t.Fatal(err)
	}
}

func TestArrivalsLostPlace(t *testing.T) {
	a := reading()
	a.arrived(place{streamEvents, 1}, refN(1), false, consumerEvents)
	held, behind := waiting(t, a, refN(1), 1), waiting(t, a, refN(2), 9)
	until(t, "both looks wait", func() bool { return a.waiters() == 2 })
	a.reset(errLostPlace)
	for _, done := range []<-chan error{held, behind} {
		if err := within(t, 5*time.Second, "a look", done); !errors.Is(err, errLostPlace) {
			t.Errorf("a look ended with %v, want %v", err, errLostPlace)
		}
	}
}

// A look whose client's event was read, and forgotten before the look saw it,
// must not pass: nobody has decided on the event (the rule last-look).
func TestLastLookLostPlaceBetween(t *testing.T) {
	for _, most := range []int{maxHeld, 19} {
		a := reading()
		a.most = most
		for round := range 500 {
			done := waiting(t, a, refN(1), 1)
			until(t, "the look waits", func() bool { return a.waiters() == 1 })
			a.arrived(place{streamEvents, 1}, refN(1), false, consumerEvents)
			a.reset(errLostPlace)
			if err := within(t, 5*time.Second, "the look", done); !errors.Is(err, errLostPlace) {
				t.Fatalf("round %d: a look ended with %v, want %v", round, err, errLostPlace)
			}
		}
	}
}

// The reading runs so far ahead of the decisions and no further; a look for
// what was not read yet waits, whoever its client is.
func TestLastLookBehindFullReading(t *testing.T) {
	const most = 19
	for name, free := range map[string]struct {
		do   func(a *arrivals)
		want error
	}{
		"decided":   {func(a *arrivals) { a.decided(place{streamEvents, 7}) }, nil},
		"forgotten": {func(a *arrivals) { a.reset(errLostPlace) }, errLostPlace},
	} {
		t.Run(name, func(t *testing.T) {
			a := reading()
			a.most = most
			read := make(chan uint64, most+1)
			go func() {
				for seq := uint64(1); seq <= most+1; seq++ {
					a.arrived(place{streamEvents, seq}, refN(int(seq)), false, consumerEvents)
					read <- seq
				}
			}()
			for range most - 1 {
				within(t, 5*time.Second, "an event", read)
			}
			until(t, "the last one that there is room for is read", func() bool { _, _, held := a.state(streamEvents); return held == most })
			done := waiting(t, a, refN(100), most+1)
			until(t, "the look waits", func() bool { return a.waiters() == 1 })
			nothing(t, 20*time.Millisecond, "event beyond the bound", read)
			select {
			case err := <-done:
				t.Fatalf("the look did not wait: %v", err)
			default:
			}
			free.do(a)
			if err := within(t, 5*time.Second, "the look", done); !errors.Is(err, free.want) {
				t.Errorf("the look ended with %v, want %v", err, free.want)
			}
		})
	}
}

// The whole of it on a server: the client's own event holds the look, until it
// is answered; another client's does not.
func TestLastLookPassed(t *testing.T) {
	s := newStore(t)
	plain := queueNamed(t, consumerEvents)
	type held struct {
		d      runner.Delivery
		finish func(runner.Verdict)
	}
	deliveries := make(chan held, 4)
	running(t, func(ctx context.Context) {
		s.Consume(ctx, plain, 4, func(_ context.Context, d runner.Delivery, finish func(runner.Verdict)) {
			deliveries <- held{d, finish}
		})
	})
	running(t, func(ctx context.Context) {
		s.FollowArrivals(ctx, func(d runner.Delivery) (runner.Ref, bool, bool) {
			return runner.Ref{Clinic: "harbor", Key: string(d.Wire.Body)}, false, true
		})
	})
	until(t, "the streams are being read", s.arrivals.ready.Load)
	one, two := refN(1), refN(2)
	publish(t, s, "events.harbor.appointment.booked", one.Key)
	publish(t, s, "events.harbor.appointment.booked", two.Key)
	first := within(t, 10*time.Second, "a delivery", deliveries)
	second := within(t, 10*time.Second, "a delivery", deliveries)
	if string(first.d.Wire.Body) != one.Key {
		first, second = second, first
	}
	passed := make(chan error, 1)
	go func() { passed <- s.Passed(t.Context(), one) }()
	until(t, "the look waits", func() bool { return s.arrivals.waiters() == 1 })
	second.finish(runner.Verdict{Action: runner.Done})
	if err := s.Passed(t.Context(), two); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-passed:
		t.Fatalf("the look overtook its client's booking: %v", err)
	default:
	}
	first.finish(runner.Verdict{Action: runner.Done})
	if err := within(t, 10*time.Second, "the look", passed); err != nil {
		t.Fatal(err)
	}
}
