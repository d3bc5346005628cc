package jetstream

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mooring-care/mooring/internal/testkit"
	"github.com/mooring-care/mooring/workflows/runner"
)

func plan(t testing.TB, s *Store, rules ...string) *Walk {
	t.Helper()
	w, err := s.PlanWalk(t.Context(), "harbor", rules)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// looked walks to the end and returns whom it met, how often.
func looked(t testing.TB, s *Store, w *Walk) map[runner.Ref]int {
	t.Helper()
	met := map[runner.Ref]int{}
	var mu sync.Mutex
	over := s.Walk(t.Context(), w, func(_ context.Context, ref runner.Ref, _ []byte, finish func(runner.Verdict)) {
		mu.Lock()
		met[ref]++
		mu.Unlock()
		finish(runner.Verdict{Action: runner.Done})
	})
	if !over {
		t.Fatal("the walk has not come to its end")
	}
	return met
}

// clients appends one record of so many clients, and a second of each tenth.
func clients(t testing.TB, s *Store, n int) {
	t.Helper()
	for i := range n {
		seq, err := s.Append(t.Context(), refN(i), 0, []byte("{}\n{}"), runner.Meta{Decisions: 1})
		if err == nil && i%10 == 0 {
			_, err = s.Append(t.Context(), refN(i), seq, []byte("{}\n{}"), runner.Meta{Decisions: 2, Previous: seq})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func walkConsumers(t testing.TB, s *Store) (names []string) {
	t.Helper()
	list := s.streams[streamClients].ConsumerNames(t.Context())
	for name := range list.Name() {
		if strings.HasPrefix(name, consumerWalkPrefix) {
			names = append(names, name)
		}
	}
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	return names
}

// TestWalkPlan: clients are looked at when a rule is there that not every client
// is known to follow, and else not at all.
func TestWalkPlan(t *testing.T) {
	s := connect(t, Options{Server: startServer(t, serverConfig(t.TempDir())), Alone: true})
	clients(t, s, 20)
	for i, step := range []struct {
		rules string
		walks bool
	}{
		{"", false},
		{"a", true},
		{"a", false},
		{"a b", true},
		{"b", false},
		{"b", false},
		{"a b", true}, // what was decided meanwhile does not know of a
		{"", false},
		{"", false},
		{"a", true},
	} {
		w := plan(t, s, strings.Fields(step.rules)...)
		if (w != nil) != step.walks {
			t.Fatalf("step %d, rules %q: walks %v", i, step.rules, w != nil)
		}
		if w == nil {
			continue
		}
		if met := looked(t, s, w); len(met) != 20 || met[refN(0)] != 1 || met[refN(1)] != 1 {
			t.Errorf("step %d: met %d clients: %v", i, len(met), met)
		}
	}
	if names := walkConsumers(t, s); len(names) != 0 {
		t.Errorf("consumers stay: %v", names)
	}
}

// TestWalkPlanHalfway: a walk that was not finished is gone on with, by whoever
// starts with the same rules; with others it begins again, whatever they are.
func TestWalkPlanHalfway(t *testing.T) {
	s := connect(t, Options{Server: startServer(t, serverConfig(t.TempDir())), Alone: true})
	clients(t, s, 20)
	looked(t, s, plan(t, s, "a"))
	first := plan(t, s, "a", "b")
	if again := plan(t, s, "a", "b"); again == nil || again.consumer() != first.consumer() {
		t.Fatal("the same rules begin another walk")
	}
	ctx, cancel := context.WithCancel(t.Context())
	over := s.Walk(ctx, first, func(_ context.Context, _ runner.Ref, _ []byte, finish func(runner.Verdict)) {
		cancel()
		finish(runner.Verdict{Action: runner.Done})
	})
	if over || len(walkConsumers(t, s)) != 1 {
		t.Fatalf("over %v, %v", over, walkConsumers(t, s))
	}
	back := plan(t, s, "b")
	if back == nil {
		t.Fatal("only some clients follow b, and nobody looks")
	}
	if names := walkConsumers(t, s); len(names) != 0 {
		t.Errorf("of the walk that was given up there stays %v", names)
	}
	if met := looked(t, s, first); len(met) != 0 {
		t.Errorf("a replica of the rules before goes on: %v", met)
	}
	if met := looked(t, s, back); len(met) != 20 {
		t.Errorf("met %d clients", len(met))
	}
}

// TestWalkAfterAnOlderReplica: where other processes decide too, the next start
// looks at whom they decided on since; a week later nobody runs the older rules.
func TestWalkAfterAnOlderReplica(t *testing.T) {
	s := newStore(t)
	clients(t, s, 20)
	looked(t, s, plan(t, s, "a"))
	if w := plan(t, s, "a"); w != nil {
		t.Error("nothing was decided since, and there is a walk")
	}
	clientsFrom(t, s, 20, 25)
	if met := looked(t, s, plan(t, s, "a")); len(met) != 5 {
		t.Errorf("met %v", met)
	}
	clientsFrom(t, s, 25, 30)
	w := &Walk{Clinic: "harbor"}
	if _, err := s.readWalk(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	w.record.Changed = time.Now().Add(-8 * 24 * time.Hour)
	if _, needed := s.nextWalk(w.record, true, []string{"a"}, 1<<40); needed {
		t.Error("a week later there is a walk")
	}
}

func clientsFrom(t testing.TB, s *Store, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		if _, err := s.Append(t.Context(), refN(i), 0, []byte("{}\n{}"), runner.Meta{Decisions: 1}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWalkIsBounded: few clients are in hand at once, and no more than so many a
// second: what is urgent never waits for a walk.
func TestWalkIsBounded(t *testing.T) {
	s := newStore(t)
	const n = 300
	clients(t, s, n)
	w := plan(t, s, "a")
	hand := make(chan func(runner.Verdict), n)
	ended := make(chan bool, 1)
	running(t, func(ctx context.Context) {
		ended <- s.Walk(ctx, w, func(_ context.Context, _ runner.Ref, _ []byte, finish func(runner.Verdict)) { hand <- finish })
	})
	done := runner.Verdict{Action: runner.Done}
	var held []func(runner.Verdict)
	for range walkHands {
		held = append(held, within(t, 5*time.Second, "a client", hand))
	}
	nothing(t, 100*time.Millisecond, "client more in hand", hand)
	began := time.Now()
	for _, finish := range held {
		finish(done)
	}
	for range n - walkHands {
		within(t, 5*time.Second, "the next client", hand)(done)
	}
	if took := time.Since(began); took < time.Duration(n-2*walkBatch)*time.Second/walkRate {
		t.Errorf("%d clients in %v", n, took)
	}
	if !within(t, 5*time.Second, "the end", ended) {
		t.Error("not over")
	}
}

// TestWalkSurvivesKill: the process and its server are gone in the middle; the
// next goes on where it was, and meets everybody.
func TestWalkSurvivesKill(t *testing.T) {
	dir := t.TempDir()
	srv := startServer(t, serverConfig(dir))
	s := connect(t, Options{Server: srv, Alone: true})
	const n, first = 100, 50
	clientsFrom(t, s, 0, n)
	w := plan(t, s, "a")
	var mu sync.Mutex
	met := map[runner.Ref]int{}
	var never []func(runner.Verdict) // those in hand when it is killed
	stuck := make(chan struct{})
	running(t, func(ctx context.Context) {
		s.Walk(ctx, w, func(_ context.Context, ref runner.Ref, _ []byte, finish func(runner.Verdict)) {
			mu.Lock()
			defer mu.Unlock()
			if len(met) == first {
				if never = append(never, finish); len(never) == walkHands {
					close(stuck)
				}
				return
			}
			met[ref]++
			finish(runner.Verdict{Action: runner.Done})
		})
	})
	t.Cleanup(func() {
		for _, finish := range never {
			finish(runner.Verdict{Action: runner.Done})
		}
	})
	within(t, 10*time.Second, "the walk is in the middle", stuck)
	s.nc.Close() // nothing is said to the server any more
	srv.Stop()

	again := connect(t, Options{Server: startServer(t, serverConfig(dir)), Alone: true})
	rest := plan(t, again, "a")
	if rest == nil || rest.consumer() != w.consumer() {
		t.Fatal("another walk begins")
	}
	repeated := 0
	for ref, times := range looked(t, again, rest) {
		if met[ref]++; times != 1 {
			t.Errorf("the second process met a client %d times", times)
		}
		if met[ref] > 1 {
			repeated++
		}
	}
	if len(met) != n || repeated > walkBatch {
		t.Errorf("met %d of %d clients, %d of them twice", len(met), n, repeated)
	}
}

// deafOnce is an archive whose first rejection is not stored.
type deafOnce struct {
	Archive
	failed atomic.Bool
}

func (a *deafOnce) Reject(ctx context.Context, d runner.Delivery, v runner.Verdict) error {
	if a.failed.CompareAndSwap(false, true) {
		return context.DeadlineExceeded
	}
	return a.Archive.Reject(ctx, d, v)
}

// TestWalkComesAgain, the rules nothing-lost and fail-to-human: a client who could
// not be looked at comes again, and after so many tries a human has them. That
// is stored before the client is let go.
func TestWalkComesAgain(t *testing.T) {
	s := newStore(t)
	s.archive = &deafOnce{Archive: s.archive}
	clients(t, s, 3)
	w := plan(t, s, "a")
	tries := map[runner.Ref]int{}
	var mu sync.Mutex
	over := s.Walk(t.Context(), w, func(_ context.Context, ref runner.Ref, _ []byte, finish func(runner.Verdict)) {
		mu.Lock()
		defer mu.Unlock()
		tries[ref]++
		v := runner.Verdict{Action: runner.Done}
		if ref == refN(0) || ref == refN(1) && tries[ref] < 3 {
			v = runner.Verdict{Action: runner.Retry, After: time.Millisecond}
		}
		finish(v)
	})
	if !over || tries[refN(0)] != walkTries+1 || tries[refN(1)] != 3 || tries[refN(2)] != 1 || w.Rejected() != 1 {
		t.Errorf("over %v; tries %v; %d rejected", over, tries, w.Rejected())
	}
	list, err := s.ListRejected(t.Context(), 10)
	if err != nil || len(list) != 1 {
		t.Fatalf("rejected: %+v, %v", list, err)
	}
	r, err := s.GetRejected(t.Context(), list[0].Sequence)
	if err != nil {
		t.Fatal(err)
	}
	if r.Clinic != "harbor" || r.Key != refN(0).Key || r.Reason != runner.ReasonCannotDecide || r.Origin != prefixClients+tail(refN(0)) {
		t.Errorf("rejected: %+v", r)
	}
	if len(r.Body) != 0 || len(r.Header) != 0 {
		t.Errorf("the client's record is in REJECTED too: %q %v", r.Body, r.Header)
	}
}

// TestWalkKeepsWhoeverFails, the rule nothing-lost: a walk that ends while a look
// fails is not done, and the next start looks at that client again.
func TestWalkKeepsWhoeverFails(t *testing.T) {
	s := newStore(t)
	clients(t, s, 3)
	w := plan(t, s, "a")
	ctx, cancel := context.WithCancel(t.Context())
	var failed atomic.Int64
	over := s.Walk(ctx, w, func(_ context.Context, ref runner.Ref, _ []byte, finish func(runner.Verdict)) {
		if ref != refN(0) {
			finish(runner.Verdict{Action: runner.Done})
			return
		}
		if failed.Add(1) == 3 {
			cancel()
		}
		finish(runner.Verdict{Action: runner.Retry})
	})
	if over {
		t.Fatal("the walk is over without one client")
	}
	again := plan(t, s, "a")
	if again == nil {
		t.Fatal("the next start looks at nobody")
	}
	if met := looked(t, s, again); met[refN(0)] != 1 || again.Rejected() != 0 {
		t.Errorf("met %v, %d rejected", met, again.Rejected())
	}
}

// TestWalkEndsElsewhere: what one replica ends, the other does not begin again.
func TestWalkEndsElsewhere(t *testing.T) {
	srv := startServer(t, serverConfig(t.TempDir()))
	a, b := connect(t, Options{Server: srv}), connect(t, Options{Server: srv})
	clients(t, a, 200)
	one, two := plan(t, a, "a"), plan(t, b, "a")
	if one == nil || two == nil || one.consumer() != two.consumer() {
		t.Fatal("each replica has a walk of its own")
	}
	other := make(chan map[runner.Ref]int, 1)
	go func() { other <- looked(t, b, two) }()
	met := looked(t, a, one)
	for ref, n := range within(t, 20*time.Second, "the other replica's end", other) {
		met[ref] += n
	}
	for i := range 200 {
		if n := met[refN(i)]; n != 1 {
			t.Errorf("client %d was met %d times", i, n)
		}
	}
	testkit.Eventually(t, 5*time.Second, "no consumer stays", func() bool { return len(walkConsumers(t, a)) == 0 })
}
