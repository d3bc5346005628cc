package jetstream

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mooring-care/mooring/internal/testkit"
	"github.com/mooring-care/mooring/notifier"
)

func messageN(clinic string, lane notifier.Lane, n uint64) notifier.Message {
	ref := refN(int(n))
	return notifier.Message{ID: fmt.Sprintf("m%d", n), Clinic: clinic, Key: ref.Key, Lane: lane, Template: "warm"}
}

func enqueue(t testing.TB, s *Store, clinic string, lane notifier.Lane, n uint64) {
	t.Helper()
	if err := s.Enqueue(t.Context(), messageN(clinic, lane, n)); err != nil {
		t.Fatal(err)
	}
}

// jobs consumes a lane and hands the jobs over.
func jobs(t testing.TB, s *Store, lane Lane, inFlight int) (<-chan Job, func()) {
	t.Helper()
	ch := make(chan Job, 1024)
	stop := running(t, func(ctx context.Context) {
		s.ConsumeLane(ctx, lane, inFlight, func(j Job) { ch <- j })
	})
	return ch, stop
}

func held(t testing.TB, s *Store, stream string) uint64 {
	t.Helper()
	u, err := s.Uses(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return u[stream].Held
}

func TestLane(t *testing.T) {
	s := newStore(t)
	want := notifier.Message{
		ID: "m1", Clinic: "harbor", Key: refN(1).Key, Lane: notifier.Care, Template: "warm", Version: "v1", Person: "p", Target: "t",
		Why: "w", What: "x", Urgency: "u", Round: 2, Asked: time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC),
	}
	for range 2 { // asked for twice: kept once
		if err := s.Enqueue(t.Context(), want); err != nil {
			t.Fatal(err)
		}
	}
	got, _ := jobs(t, s, CareLane("harbor"), 4)
	j := within(t, 5*time.Second, "the message", got)
	if d := cmp.Diff(want, j.Message); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	put := time.Now()
	j.Finish(300 * time.Millisecond)
	j = within(t, 5*time.Second, "the message again", got)
	if d := time.Since(put); d < 300*time.Millisecond {
		t.Errorf("came again after %v", d)
	}
	j.Finish(0)
	testkit.Eventually(t, 5*time.Second, "the outbox is empty", func() bool { return held(t, s, streamOutbox) == 0 })
	nothing(t, 50*time.Millisecond, "delivery", got)
}

// TestUrgentFirstLanesDoNotWait guards lines 7 and 8: safety and the other
// clinics go on while one clinic's care lane stands still.
func TestUrgentFirstLanesDoNotWait(t *testing.T) {
	s := newStore(t)
	stuck, _ := jobs(t, s, CareLane("harbor"), 2)
	bay, _ := jobs(t, s, CareLane("bay"), 2)
	safety, _ := jobs(t, s, SafetyLane(), 2)
	for n := range uint64(10) {
		enqueue(t, s, "harbor", notifier.Care, n)
	}
	mine := []Job{within(t, 5*time.Second, "a job", stuck), within(t, 5*time.Second, "a job", stuck)}
	enqueue(t, s, "bay", notifier.Care, 11)
	enqueue(t, s, "harbor", notifier.Safety, 12)
	within(t, 5*time.Second, "the other clinic's", bay).Finish(0)
	within(t, 5*time.Second, "safety's", safety).Finish(0)
	nothing(t, 50*time.Millisecond, "third job in two hands", stuck)
	for _, j := range mine {
		j.Finish(0)
	}
	for range 8 {
		within(t, 5*time.Second, "another", stuck).Finish(0)
	}
}

// TestOnceLanePullsWhatItWorksOn guards the rule once: what waits in a buffer
// past AckWait is handed out again, and two attempts at one message would meet.
func TestOnceLanePullsWhatItWorksOn(t *testing.T) {
	s := newStore(t)
	for n := range uint64(12) {
		enqueue(t, s, "harbor", notifier.Care, n)
	}
	got, _ := jobs(t, s, CareLane("harbor"), 3)
	out := func() int {
		cons, err := s.js.Consumer(t.Context(), streamOutbox, consumerCarePrefix+"harbor")
		if err != nil {
			t.Fatal(err)
		}
		return cons.CachedInfo().NumAckPending
	}
	done := 0
	for done < 12 {
		batch := []Job{}
		for range min(3, 12-done) {
			batch = append(batch, within(t, 5*time.Second, "a job", got))
		}
		// The acks of the batch before are on their way; what waited in a buffer
		// would stay out as long as these hands are full.
		testkit.Eventually(t, 5*time.Second, "no more messages out than there are hands", func() bool { return out() <= 3 })
		for _, j := range batch {
			j.Finish(0)
			done++
		}
	}
}

// A lane that stops waits for what is under way and gives back the rest at
// once; nothing waits for AckWait.
func TestLaneStopsGently(t *testing.T) {
	s := newStore(t)
	got, stop := jobs(t, s, CareLane("harbor"), 8)
	for n := range uint64(40) {
		enqueue(t, s, "harbor", notifier.Care, n)
	}
	seen := map[string]bool{}
	stopped, over := make(chan struct{}), make(chan struct{})
	for range 8 {
		j := within(t, 5*time.Second, "a job", got)
		seen[j.Message.ID] = true
		go func() {
			<-stopped
			j.Finish(0)
		}()
	}
	// What is handed over before the stop is heard is under way like the rest.
	between, ended := []string{}, make(chan struct{})
	go func() {
		defer close(ended)
		close(stopped)
		for {
			select {
			case j := <-got:
				between = append(between, j.Message.ID)
				j.Finish(0)
			case <-t.Context().Done():
				return
			case <-over:
				return
			}
		}
	}()
	stop()
	close(over)
	<-ended
	for _, id := range between {
		seen[id] = true
	}
	again, _ := jobs(t, s, CareLane("harbor"), 8)
	for len(seen) < 40 {
		j := within(t, 5*time.Second, "the rest", again)
		if seen[j.Message.ID] {
			t.Errorf("%s came twice", j.Message.ID)
		}
		seen[j.Message.ID] = true
		j.Finish(0)
	}
}

func TestLaneRejectsWhatItCannotRead(t *testing.T) {
	s := newStore(t)
	if _, err := s.js.Publish(t.Context(), prefixOutbox+"care.a.harbor.a2.m1", []byte("{not json")); err != nil {
		t.Fatal(err)
	}
	enqueue(t, s, "harbor", notifier.Care, 1)
	got, _ := jobs(t, s, CareLane("harbor"), 1)
	within(t, 5*time.Second, "the one that can be read", got).Finish(0)
	testkit.Eventually(t, 5*time.Second, "the outbox is empty", func() bool { return held(t, s, streamOutbox) == 0 })
	list, err := s.ListRejected(t.Context(), 10)
	if err != nil || len(list) != 1 || list[0].Origin != prefixOutbox+"care.a.harbor.a2.m1" {
		t.Errorf("rejected: %+v, %v", list, err)
	}
}

// Each job keeps its message claimed on a goroutine that ends with it.
func TestLaneLeavesNoGoroutines(t *testing.T) {
	s := newStore(t)
	got, _ := jobs(t, s, CareLane("harbor"), 16)
	enqueue(t, s, "harbor", notifier.Care, 0)
	within(t, 5*time.Second, "a job", got).Finish(0)
	before := runtime.NumGoroutine()
	for n := uint64(1); n <= 200; n++ {
		enqueue(t, s, "harbor", notifier.Care, n)
	}
	for range 200 {
		within(t, 5*time.Second, "a job", got).Finish(0)
	}
	testkit.Eventually(t, 5*time.Second, "the goroutines have ended", func() bool { return runtime.NumGoroutine() <= before+10 })
}

// TestOnceLedger guards the rule once: of attempts that race for a message one
// claims it.
func TestOnceLedger(t *testing.T) {
	s := newStore(t)
	l, m := s.Ledger(), messageN("harbor", notifier.Care, 1)
	if e, rev, err := l.Last(t.Context(), m); err != nil || rev != 0 || e.Status != "" {
		t.Fatalf("an empty ledger says %+v at %d, %v", e, rev, err)
	}
	won := make(chan uint64, 16)
	lost := make(chan error, 16)
	for range 16 {
		go func() {
			rev, err := l.Put(t.Context(), m, 0, notifier.Entry{Status: notifier.Claimed, Attempt: 1})
			if err == nil {
				won <- rev
			} else {
				lost <- err
			}
		}()
	}
	for range 15 {
		if err := within(t, 5*time.Second, "a loser", lost); !errors.Is(err, notifier.ErrConflict) {
			t.Errorf("lost with %v, want ErrConflict", err)
		}
	}
	rev := within(t, 5*time.Second, "the winner", won)
	want := notifier.Entry{
		Status: notifier.Withdrawn, Attempt: 1, Nonce: "n", At: time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC),
		Detail: "d", By: "e7", ProviderID: "p",
	}
	last, err := l.Put(t.Context(), m, rev, want)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Put(t.Context(), m, rev, want); !errors.Is(err, notifier.ErrConflict) {
		t.Errorf("behind a record that is not the last: %v, want ErrConflict", err)
	}
	got, at, err := l.Last(t.Context(), m)
	if err != nil || at != last {
		t.Fatalf("the last is at %d, %v; want %d", at, err, last)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	// Another message of the same client is another subject.
	other := m
	other.ID = "m2"
	if _, err := l.Put(t.Context(), other, 0, notifier.Entry{Status: notifier.Claimed}); err != nil {
		t.Error(err)
	}
	all, err := s.Deliveries(t.Context(), refN(1))
	if err != nil || len(all) != 3 || all[2].MessageID != "m2" || all[1].Entry.Status != notifier.Withdrawn {
		t.Errorf("the client's deliveries: %+v, %v", all, err)
	}
}
