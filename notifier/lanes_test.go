package notifier

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mooring-care/mooring/events"
)

// TestProviderAtFaultRestsCare: the account is at fault, so further care mail
// waits without a request; safety tries each, and each again within the half
// minute.
func TestProviderAtFaultRestsCare(t *testing.T) {
	for name, answer := range map[string]*SendError{
		"the account": {Class: RetryAfter, After: 10 * time.Minute, Provider: true},
		"the address": {Class: Permanent, Provider: true},
		"the rate":    {Class: RetryAfter, After: 5 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			sends := 0
			w.send = func(Mail) (Receipt, error) { sends++; return Receipt{}, answer }
			n := w.notifier()
			n.Deliver(t.Context(), message(Care))
			other := message(Care)
			other.ID, w.entries = "def234", nil
			again := n.Deliver(t.Context(), other)
			if rests := sends == 1; rests != answer.Provider || again < 4*time.Minute {
				t.Errorf("another care message: %d requests and again after %v", sends, again)
			}
			for range 5 {
				sends, w.entries = 0, nil
				if again := n.Deliver(t.Context(), message(Safety)); sends != 1 || again > 30*time.Second {
					t.Errorf("safety: %d requests and again after %v; want one, and half a minute at most", sends, again)
				}
			}
		})
	}
}

// TestReceiptAsksForAPause: the provider took a mail and asks for a pause
// before the next. Care takes it, safety does not.
func TestReceiptAsksForAPause(t *testing.T) {
	lanes(t, func(t *testing.T, lane Lane) {
		w := newWorld()
		w.send = func(Mail) (Receipt, error) { return Receipt{Wait: 5 * time.Second}, nil }
		n := w.notifier()
		n.Deliver(t.Context(), message(lane))
		w.entries = nil // another message
		n.Deliver(t.Context(), message(lane))
		if paused := slices.Contains(w.paused, 5*time.Second); paused != (lane == Care) || len(w.sent) != 2 {
			t.Errorf("paused %v, sent %d", w.paused, len(w.sent))
		}
	})
}

// TestAmbiguousSafetyBacksOff: a provider that takes every mail and never says
// so must not bury the clinician, and the client's log hears of it, once.
func TestAmbiguousSafetyBacksOff(t *testing.T) {
	w := newWorld()
	w.send = func(Mail) (Receipt, error) { return Receipt{}, errFault }
	n := w.notifier()
	var waits []time.Duration
	var early time.Duration
	for i := range 12 {
		if i == 7 {
			n = w.notifier() // the count outlives the program
		}
		again := n.Deliver(t.Context(), message(Safety))
		waits = append(waits, again)
		if i < unsureTold-1 {
			early += again
		}
		if want := i >= unsureTold-1; (len(w.reports) == 1) != want {
			t.Fatalf("after %d requests the log heard %v", i+1, w.kinds())
		}
		w.now = w.now.Add(again)
	}
	if early < 30*time.Second || early > time.Minute || waits[4] < time.Minute || waits[11] != 10*time.Minute {
		t.Errorf("waits %v; want the first four within a minute, then minutes, and never more than ten", waits)
	}
	if d := cmp.Diff([]events.Kind{events.MessageUnknown}, w.kinds()); d != "" {
		t.Errorf("reports (-want +got):\n%s", d)
	}
	w.send = func(Mail) (Receipt, error) { return Receipt{}, nil }
	w.deliver(t, n, Safety)
	if d := cmp.Diff([]events.Kind{events.MessageUnknown, events.MessageAccepted}, w.kinds()); d != "" {
		t.Errorf("reports in the end (-want +got):\n%s", d)
	}
}

// An outage before it does not count: what was refused is known not to have
// left.
func TestAmbiguousSafetyAfterAnOutage(t *testing.T) {
	w := newWorld()
	sends := 0
	w.send = func(Mail) (Receipt, error) {
		if sends++; sends <= 20 {
			return Receipt{}, &SendError{Class: RetryAfter, Provider: true}
		}
		return Receipt{}, errFault
	}
	n := w.notifier()
	for range 20 {
		n.Deliver(t.Context(), message(Safety))
	}
	if again := n.Deliver(t.Context(), message(Safety)); again > 5*time.Second || len(w.reports) > 0 {
		t.Errorf("the first of unknown fate comes again after %v, reported %v", again, w.kinds())
	}
}

// The log cannot be told at first: the next attempt tells it.
func TestAmbiguousSafetyIsToldLater(t *testing.T) {
	w := newWorld()
	w.send = func(Mail) (Receipt, error) { return Receipt{}, errFault }
	failed := false
	w.before = func(call string) error {
		if call == "report" && !failed {
			failed = true
			return errFault
		}
		return nil
	}
	n := w.notifier()
	for range unsureTold + 3 {
		n.Deliver(t.Context(), message(Safety))
	}
	if d := cmp.Diff([]events.Kind{events.MessageUnknown}, w.kinds()); d != "" || !failed {
		t.Errorf("reports (-want +got):\n%s", d)
	}
}

// TestRateHoldsAfterTheWait: permits taken before a long wait would be used all
// at once after it.
func TestRateHoldsAfterTheWait(t *testing.T) {
	w := newWorld()
	w.permit = func(context.Context) error { return nil }
	w.deliver(t, w.notifier(), Care)
	if d := cmp.Diff([]string{"wait", "permit", "put claimed", "render", "look", "send", "put accepted"}, w.seen); d != "" {
		t.Errorf("the calls (-want +got):\n%s", d)
	}
}

// TestSafetyThatWaits: while a provider puts a safety mail off, the client's log hears
// of it once, after minutes, so that somebody else is asked; the mail is tried on.
func TestSafetyThatWaits(t *testing.T) {
	for lane, want := range map[Lane][]events.Kind{
		Safety: {events.MessageDeferred, events.MessageAccepted},
		Care:   nil,
	} {
		w := newWorld()
		w.send = func(Mail) (Receipt, error) { return Receipt{}, &SendError{Class: RetryAfter, Provider: true} }
		n := w.notifier()
		begun, m := w.now, message(lane)
		m.Asked = begun
		for i := range 200 {
			if i == 100 {
				n = w.notifier() // that it was told outlives the program
			}
			again := n.Deliver(t.Context(), m)
			if waited := w.now.Sub(begun); (len(w.reports) > 0) != (lane == Safety && waited >= lateAfter) {
				t.Fatalf("after %v the log heard %v", waited, w.kinds())
			}
			w.now = w.now.Add(max(again, 4*time.Second))
		}
		if w.now.Sub(begun) < 2*lateAfter {
			t.Fatalf("only %v passed", w.now.Sub(begun))
		}
		w.send = func(Mail) (Receipt, error) { return Receipt{}, nil }
		w.now = w.now.Add(time.Hour) // the provider's rest is over
		if again := n.Deliver(t.Context(), m); again != 0 {
			t.Fatalf("%s: it comes again in %v", lane, again)
		}
		if d := cmp.Diff(want, w.kinds()); d != "" {
			t.Errorf("%s: reports (-want +got):\n%s", lane, d)
		}
	}
}

// TestSafetyInDoubtIsLateInTime: the waits between two requests of unknown fate grow to
// minutes, and still the log hears no later than the bound that the mail has to wait.
func TestSafetyInDoubtIsLateInTime(t *testing.T) {
	w := newWorld()
	w.send = func(Mail) (Receipt, error) { return Receipt{}, errFault }
	n, m := w.notifier(), message(Safety)
	begun := w.now
	m.Asked = begun
	for range 40 {
		again := n.Deliver(t.Context(), m)
		if told := slices.Contains(w.kinds(), events.MessageDeferred); told {
			if waited := w.now.Sub(begun); waited > lateAfter+requestTimeout {
				t.Errorf("the log heard after %v", waited)
			}
			return
		}
		w.now = w.now.Add(again)
	}
	t.Errorf("the log never heard: %v", w.kinds())
}
