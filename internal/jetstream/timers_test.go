package jetstream

import (
	"context"
	"testing"
	"time"

	"github.com/mooring-care/mooring/internal/testkit"
	"github.com/mooring-care/mooring/workflows/runner"
)

// fired is one due timer and when it came.
type fired struct {
	ref runner.Ref
	at  time.Time
}

// timersOf consumes due timers and answers Done.
func timersOf(t *testing.T, s *Store) (<-chan fired, func()) {
	t.Helper()
	ch := make(chan fired, 1024)
	stop := running(t, func(ctx context.Context) {
		s.ConsumeTimers(ctx, 16, func(_ context.Context, ref runner.Ref, finish func(runner.Verdict)) {
			ch <- fired{ref, time.Now()}
			finish(runner.Verdict{Action: runner.Done})
		})
	})
	return ch, stop
}

func set(t testing.TB, s *Store, ref runner.Ref, at time.Time) {
	t.Helper()
	if err := s.Set(t.Context(), ref, at); err != nil {
		t.Fatal(err)
	}
}

func timersHeld(t testing.TB, s *Store) uint64 {
	t.Helper()
	u, err := s.Uses(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return u[streamTimers].Held
}

// TestTimerPrecision guards line 5: a timer is exact to less than a second,
// and never early.
func TestTimerPrecision(t *testing.T) {
	s := newStore(t)
	due, _ := timersOf(t, s)
	at := time.Now().Add(time.Second).Truncate(time.Second).Add(430 * time.Millisecond)
	set(t, s, refN(1), at)
	msg, err := s.last(t.Context(), streamTimers, prefixTimersSet+tail(refN(1)))
	if err != nil || msg.Header.Get(headerSchedule) != "@at "+at.UTC().Format(time.RFC3339Nano) {
		t.Fatalf("stored %v, %v", msg, err)
	}
	f := within(t, 5*time.Second, "the timer", due)
	if late := f.at.Sub(at); late < 0 || late > 500*time.Millisecond {
		t.Errorf("came %v after its time", late)
	}
	if f.ref != refN(1) {
		t.Errorf("came for %+v", f.ref)
	}
	testkit.Eventually(t, 5*time.Second, "nothing is left of the timer", func() bool { return timersHeld(t, s) == 0 })
}

func TestTimerInThePastFiresAtOnce(t *testing.T) {
	s := newStore(t)
	due, _ := timersOf(t, s)
	set(t, s, refN(1), time.Now().Add(-24*time.Hour))
	within(t, 5*time.Second, "the timer", due)
}

func TestTimerZeroSetsNothing(t *testing.T) {
	s := newStore(t)
	set(t, s, refN(1), time.Now().Add(time.Hour))
	set(t, s, refN(1), time.Time{}) // lets the stale one fire rather than purge
	set(t, s, refN(2), time.Time{})
	if n := timersHeld(t, s); n != 1 {
		t.Errorf("%d timers are kept, want the first alone", n)
	}
}

func TestTimerIsOnePerClient(t *testing.T) {
	s := newStore(t)
	due, _ := timersOf(t, s)
	set(t, s, refN(1), time.Now().Add(time.Hour))
	set(t, s, refN(1), time.Now().Add(2*time.Hour))
	set(t, s, refN(1), time.Now().Add(300*time.Millisecond))
	if n := timersHeld(t, s); n != 1 {
		t.Errorf("%d timers are kept, want one", n)
	}
	within(t, 5*time.Second, "the timer", due)
	testkit.Eventually(t, 5*time.Second, "nothing is left", func() bool { return timersHeld(t, s) == 0 })
	nothing(t, 100*time.Millisecond, "second firing", due)
}

// Options.Real turns the program's clock into the server's.
func TestTimerAtAnotherSpeed(t *testing.T) {
	srv := startServer(t, serverConfig(t.TempDir()))
	s := connect(t, Options{Server: srv, Real: func(at time.Time) time.Time { return at.AddDate(-1, 0, 0) }})
	due, _ := timersOf(t, s)
	set(t, s, refN(1), time.Now().AddDate(1, 0, 0))
	within(t, 5*time.Second, "the timer", due)
}

// TestTimersSurviveRestart: timers wait on disk, those that came due meanwhile
// included.
func TestTimersSurviveRestart(t *testing.T) {
	dir := t.TempDir()
	srv := startServer(t, serverConfig(dir))
	s := connect(t, Options{Server: srv})
	overdue := time.Now().Add(50 * time.Millisecond)
	set(t, s, refN(1), overdue)
	set(t, s, refN(2), time.Now().Add(1500*time.Millisecond))
	s.Close()
	srv.Stop()
	<-time.After(time.Until(overdue))
	s = connect(t, Options{Server: startServer(t, serverConfig(dir))})
	due, _ := timersOf(t, s)
	got := map[runner.Ref]bool{}
	for range 2 {
		got[within(t, 10*time.Second, "a timer from before the restart", due).ref] = true
	}
	if !got[refN(1)] || !got[refN(2)] {
		t.Errorf("came for %v", got)
	}
}

// A due timer that cannot be handled comes again, and what cannot be one is
// dropped.
func TestTimerRetries(t *testing.T) {
	s := newStore(t)
	if _, err := s.js.Publish(t.Context(), prefixTimersDue+"nobody", nil); err != nil {
		t.Fatal(err)
	}
	tries := make(chan int, 8)
	n := 0
	running(t, func(ctx context.Context) {
		s.ConsumeTimers(ctx, 1, func(_ context.Context, _ runner.Ref, finish func(runner.Verdict)) {
			n++
			tries <- n
			v := runner.Verdict{Action: runner.Retry}
			if n == 3 {
				v.Action = runner.Done
			}
			finish(v)
		})
	})
	set(t, s, refN(1), time.Now())
	for i := 1; i <= 3; i++ {
		if got := within(t, 5*time.Second, "another try", tries); got != i {
			t.Errorf("try %d, want %d", got, i)
		}
	}
	testkit.Eventually(t, 5*time.Second, "nothing is left", func() bool { return timersHeld(t, s) == 0 })
}
