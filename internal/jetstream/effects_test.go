package jetstream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/internal/testkit"
	"github.com/mooring-care/mooring/workflows/runner"
)

// decisions appends records first to last of a client behind each other.
func decisions(t testing.TB, s *Store, ref runner.Ref, first, last int) {
	t.Helper()
	prev, err := s.Last(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	for n := first; n <= last; n++ {
		record := fmt.Sprintf("decision %d\nstate %d", n, n)
		if prev, err = s.Append(t.Context(), ref, prev, []byte(record), runner.Meta{Previous: prev, Decisions: int64(n)}); err != nil {
			t.Fatal(err)
		}
	}
}

// effects follows the log with the client's order kept, as the program does.
func effects(t testing.TB, s *Store, perform func(Recorded) error) (stop func()) {
	t.Helper()
	pool := runner.NewPool(4)
	stopReading := running(t, func(ctx context.Context) {
		s.ConsumeEffects(ctx, 64, pool.Submit, func(_ context.Context, r Recorded) ([]byte, error) {
			if err := perform(r); err != nil {
				return nil, err
			}
			return runner.Head(r.Record), nil
		})
	})
	var once sync.Once
	stop = func() { once.Do(func() { stopReading(); pool.Close() }) }
	t.Cleanup(stop)
	return stop
}

func willing(Recorded) error { return nil }

// chainOf reads a client's audit chain and fails unless every link holds.
func chainOf(t testing.TB, s *Store, ref runner.Ref) (bodies []string) {
	t.Helper()
	link, record := "", ""
	err := s.each(t.Context(), streamAudit, prefixAudit+tail(ref), func(msg jetstream.Msg) error {
		if got := msg.Headers().Get(headerChain); got != link {
			t.Errorf("audit record %d carries the link %q, want %q", len(bodies)+1, got, link)
		}
		if got := msg.Headers().Get(headerRecord); got == record {
			t.Errorf("audit record %d copies the same record as the one before", len(bodies)+1)
		} else {
			record = got
		}
		link = chainHash(link, msg.Data())
		bodies = append(bodies, string(msg.Data()))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return bodies
}

func wantChain(t testing.TB, s *Store, ref runner.Ref, n int) {
	t.Helper()
	testkit.Eventually(t, 10*time.Second, "AUDIT has every decision", func() bool { return held(t, s, streamAudit) >= uint64(n) })
	got := chainOf(t, s, ref)
	var want []string
	for i := 1; i <= n; i++ {
		want = append(want, fmt.Sprintf("decision %d", i))
	}
	if !slices.Equal(got, want) {
		t.Errorf("the chain reads %q, want %d decisions in order and without their states", got, n)
	}
}

// TestAuditChain: every decision, once, in order, each with the hash of the
// one before, whatever fails in between and whoever does the work.
func TestAuditChain(t *testing.T) {
	s := newStore(t)
	ref := refN(1)
	var mu sync.Mutex
	tries := map[uint64]int{}
	stop := effects(t, s, func(r Recorded) error {
		mu.Lock()
		defer mu.Unlock()
		// Each third record's effects fail the first time; those behind it wait
		// for it rather than leave a gap.
		if tries[r.Sequence]++; r.Meta.Decisions%3 == 0 && tries[r.Sequence] == 1 {
			return errors.New("the outbox is away")
		}
		return nil
	})
	decisions(t, s, ref, 1, 6)
	wantChain(t, s, ref, 6)
	stop()

	// A restart knows nothing; what was copied before a crash is not copied again.
	s.chain.Purge()
	if err := s.js.DeleteConsumer(t.Context(), streamClients, consumerEffects); err != nil {
		t.Fatal(err)
	}
	stop = effects(t, s, willing)
	decisions(t, s, ref, 7, 9)
	wantChain(t, s, ref, 9)
	stop()
	if n := held(t, s, streamAudit); n != 9 {
		t.Errorf("AUDIT holds %d records, want 9", n)
	}
}

// Two replicas whose views are both old copy the same records at once.
func TestAuditChainFromTwoReplicas(t *testing.T) {
	srv := startServer(t, serverConfig(t.TempDir()))
	a, b := connect(t, Options{Server: srv}), connect(t, Options{Server: srv})
	ref := refN(1)
	decisions(t, a, ref, 1, 12)
	var records []Recorded
	err := a.each(t.Context(), streamClients, prefixClients+tail(ref), func(msg jetstream.Msg) error {
		md, err := msg.Metadata()
		records = append(records, Recorded{ref, md.Sequence.Stream, msg.Data(), metaOf(msg.Headers())})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for _, s := range []*Store{a, b} {
		wg.Go(func() {
			for _, r := range records {
				if err := s.audit(t.Context(), r, runner.Head(r.Record)); err != nil {
					t.Errorf("decision %d: %v", r.Meta.Decisions, err)
				}
			}
		})
	}
	wg.Wait()
	wantChain(t, a, ref, 12)
	if n := held(t, a, streamAudit); n != 12 {
		t.Errorf("AUDIT holds %d records, want 12", n)
	}
}

func TestAuditGapWaits(t *testing.T) {
	s := newStore(t)
	r := Recorded{Ref: refN(1), Sequence: 9, Meta: runner.Meta{Previous: 4, Decisions: 3}}
	if err := s.audit(t.Context(), r, []byte("x")); !errors.Is(err, errGap) {
		t.Errorf("got %v, want a gap", err)
	}
	if n := held(t, s, streamAudit); n != 0 {
		t.Errorf("AUDIT holds %d records, want none", n)
	}
}

// TestAuditGoesOn: somebody takes the newest entry of a client out of AUDIT while the
// program runs. What is decided later is copied all the same, and Verify names the one
// that is missing.
func TestAuditGoesOn(t *testing.T) {
	for name, forget := range map[string]bool{"as last known": false, "after a restart": true} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			ref := refN(1)
			stop := effects(t, s, willing)
			defer stop()
			decisions(t, s, ref, 1, 3)
			testkit.Eventually(t, 10*time.Second, "AUDIT has every decision", func() bool { return held(t, s, streamAudit) == 3 })
			msg, err := s.last(t.Context(), streamAudit, prefixAudit+tail(ref))
			if err != nil {
				t.Fatal(err)
			}
			if err := s.streams[streamAudit].DeleteMsg(t.Context(), msg.Sequence); err != nil {
				t.Fatal(err)
			}
			if forget {
				s.chain.Purge()
			}
			decisions(t, s, ref, 4, 5)
			testkit.Eventually(t, 10*time.Second, "AUDIT has the decisions since", func() bool { return held(t, s, streamAudit) == 4 })
			got, err := s.Verify(t.Context(), "", nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Findings) != 1 || got.Findings[0].Wrong != WrongMissing || !strings.Contains(got.Findings[0].Text, "the decision that CLIENTS has at sequence 3 is not in AUDIT") {
				t.Errorf("Verify says %+v", got.Findings)
			}
		})
	}
}

// TestAuditBeginsAnew: AUDIT has dropped all it had of a client for its age;
// the next decision begins a chain that says so, and is not kept waiting for
// what is gone. A decision that is only not copied yet is waited for.
func TestAuditBeginsAnew(t *testing.T) {
	for name, forget := range map[string]bool{"as last known": false, "after a restart": true} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			ref := refN(1)
			var late atomic.Int32
			stop := effects(t, s, func(r Recorded) error {
				if r.Meta.Decisions == 4 && late.Add(1) < 3 {
					return errors.New("the outbox is away")
				}
				return nil
			})
			decisions(t, s, ref, 1, 3)
			decisions(t, s, refN(2), 1, 2)
			testkit.Eventually(t, 10*time.Second, "AUDIT has every decision", func() bool { return held(t, s, streamAudit) == 5 })
			if err := s.streams[streamAudit].Purge(t.Context(), jetstream.WithPurgeSubject(prefixAudit+tail(ref))); err != nil {
				t.Fatal(err)
			}
			if forget {
				s.chain.Purge()
			}
			last, err := s.Last(t.Context(), ref)
			if err != nil {
				t.Fatal(err)
			}
			decisions(t, s, ref, 4, 6)
			testkit.Eventually(t, 10*time.Second, "AUDIT has the decisions since", func() bool { return held(t, s, streamAudit) == 5 })
			stop()
			if got := chainOf(t, s, ref); !slices.Equal(got, []string{"decision 4", "decision 5", "decision 6"}) {
				t.Errorf("the chain reads %q", got)
			}
			var anew []string
			err = s.each(t.Context(), streamAudit, prefixAudit+">", func(msg jetstream.Msg) error {
				anew = append(anew, msg.Headers().Get(headerChainAnew))
				return nil
			})
			if want := []string{"", "", fmt.Sprint(last), "", ""}; err != nil || !slices.Equal(anew, want) {
				t.Errorf("the chains begin anew after %q, want %q (%v)", anew, want, err)
			}
		})
	}
}

// TestTrimKeeps16AfterAudit: a client's log is cut back to its last records,
// and never by one that AUDIT does not have, however far the log has run ahead
// of its reader (the rule nothing-lost).
func TestTrimKeeps16AfterAudit(t *testing.T) {
	s := newStore(t)
	ref := refN(1)
	decisions(t, s, ref, 1, 60) // before anybody reads
	decisions(t, s, refN(2), 1, 5)
	stop := effects(t, s, willing)
	testkit.Eventually(t, 10*time.Second, "AUDIT has both clients", func() bool { return held(t, s, streamAudit) >= 65 })
	wantChain(t, s, ref, 60)
	wantChain(t, s, refN(2), 5)
	// 60 is no multiple of 16: what 48 left, and the twelve since.
	testkit.Eventually(t, 5*time.Second, "the log is trimmed", func() bool { return held(t, s, streamClients) == 16+12+5 })
	decisions(t, s, ref, 61, 64)
	wantChainOf(t, s, ref, 64)
	testkit.Eventually(t, 5*time.Second, "the log is trimmed again", func() bool { return held(t, s, streamClients) == 16+5 })
	stop()
	history, err := s.History(t.Context(), ref)
	if err != nil || len(history) != 64 || string(history[0]) != "decision 1" || string(history[63]) != "decision 64" {
		t.Errorf("the history has %d decisions, %v", len(history), err)
	}
}

func wantChainOf(t testing.TB, s *Store, ref runner.Ref, n int) {
	t.Helper()
	testkit.Eventually(t, 10*time.Second, "AUDIT has every decision of the client", func() bool { return len(chainOf(t, s, ref)) >= n })
}

// The history joins what AUDIT has with what it does not have yet.
func TestHistoryBeforeAudit(t *testing.T) {
	s := newStore(t)
	ref := refN(1)
	decisions(t, s, ref, 1, 3)
	stop := effects(t, s, willing)
	wantChain(t, s, ref, 3)
	stop()
	decisions(t, s, ref, 4, 5)
	history, err := s.History(t.Context(), ref)
	if err != nil || len(history) != 5 || string(history[4]) != "decision 5" {
		t.Errorf("%q, %v", history, err)
	}
	if history, err = s.History(t.Context(), refN(7)); err != nil || len(history) != 0 {
		t.Errorf("of nobody: %q, %v", history, err)
	}
}
