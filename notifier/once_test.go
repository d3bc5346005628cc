package notifier

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/mooring-care/mooring/events"
)

// crash is what a killed program looks like from inside.
type crash struct{}

// TestOnce guards the rule once against faults anywhere: each call may fail
// before it took effect, fail after it did, or be the last of the process; the
// outbox hands the message over until it is settled.
func TestOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lane := rapid.SampledFrom([]Lane{Care, Safety}).Draw(t, "lane")
		w := newWorld()
		budget := rapid.IntRange(0, 12).Draw(t, "faults")
		strike := func(point string) error {
			if budget == 0 {
				return nil
			}
			switch rapid.SampledFrom([]string{"", "", "", "fail", "crash"}).Draw(t, point) {
			case "fail":
				budget--
				return errFault
			case "crash":
				budget--
				panic(crash{})
			}
			return nil
		}
		taken, refused := 0, 0
		w.before = func(call string) error { return strike("before " + call) }
		// The provider's own answers stand in send; a fault after it is an answer
		// that was lost.
		w.after = func(call string) error { return strike("after " + call) }
		wanted, lastSeen := true, Look{}
		w.look = func() (Look, error) {
			if wanted && rapid.IntRange(0, 9).Draw(t, "withdraw") == 0 {
				wanted = false
			}
			lastSeen = Look{Wanted: wanted, Email: w.email, By: "e7"}
			return lastSeen, nil
		}
		w.send = func(Mail) (Receipt, error) {
			if lane == Care && !lastSeen.Wanted {
				t.Fatal("a care message left although the last look said no")
			}
			answer := "take"
			if budget > 0 {
				answer = rapid.SampledFrom([]string{"take", "take", "permanent", "later", "much later", "lost", "lost but taken"}).Draw(t, "answer")
			}
			if answer != "take" {
				budget--
			}
			switch answer {
			case "permanent":
				refused++
				return Receipt{}, &SendError{Class: Permanent}
			case "later":
				return Receipt{}, &SendError{Class: RetryAfter}
			case "much later":
				return Receipt{}, &SendError{Class: RetryAfter, After: soon * 60}
			case "lost":
				return Receipt{}, &SendError{Class: Ambiguous}
			case "lost but taken":
				taken++
				return Receipt{}, &SendError{Class: Ambiguous}
			}
			taken++
			return Receipt{}, nil
		}
		n := w.notifier()
		deliver := func() (settled bool) {
			defer func() {
				if p := recover(); p != nil {
					if _, ok := p.(crash); !ok {
						panic(p)
					}
					n = w.notifier() // what it kept in memory is gone
				}
			}()
			again := n.Deliver(t.Context(), message(lane))
			w.now = w.now.Add(again)
			return again == 0
		}
		settled := false
		for i := 0; i < 100 && !settled; i++ {
			settled = deliver()
		}
		end, _ := w.last()
		if !settled || !end.Status.Final() {
			t.Fatalf("settled %v, the ledger says %v", settled, w.statuses())
		}
		if lane == Care {
			if taken > 1 {
				t.Fatalf("a care message left %d times: %v", taken, w.statuses())
			}
			if taken == 1 && end.Status != Accepted && end.Status != Unknown {
				t.Fatalf("a care message left and the ledger says %s", end.Status)
			}
		} else if taken == 0 && end.Status != Withdrawn && (end.Status != Refused || refused <= 0) {
			t.Fatalf("a safety message never left and the ledger says %s", end.Status)
		}
		if end.Status == Accepted && taken == 0 {
			t.Fatal("accepted, and nothing left")
		}
		if end.Status == Withdrawn && (wanted || end.By != "e7") {
			t.Fatalf("withdrawn by %q, wanted %v", end.By, wanted)
		}
		if kind, ok := kindOf(lane, end); ok && !slices.Contains(w.kinds(), kind) {
			t.Fatalf("ended as %s and reported %v", end.Status, w.kinds())
		}
		for _, k := range w.kinds() {
			if k == events.MessageAccepted && taken == 0 {
				t.Fatal("reported as accepted, and nothing left")
			}
		}
	})
}
