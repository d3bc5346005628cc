package notifier

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mooring-care/mooring/events"
)

// lanes runs a test in both lanes.
func lanes(t *testing.T, f func(t *testing.T, lane Lane)) {
	t.Helper()
	for _, lane := range []Lane{Care, Safety} {
		t.Run(string(lane), func(t *testing.T) { f(t, lane) })
	}
}

func TestProviderAnswers(t *testing.T) {
	type want struct {
		ledger  []Status
		reports []events.Kind
		again   time.Duration // at least; 0 means settled
		sends   int
	}
	var (
		accepted = want{[]Status{Claimed, Accepted}, nil, 0, 1}
		refused  = want{[]Status{Claimed, Refused}, []events.Kind{events.MessageRefused}, 0, 1}
		kept     = func(d time.Duration, sends int) want { return want{[]Status{Claimed, Deferred}, nil, d, sends} }
	)
	reported := accepted
	reported.reports = []events.Kind{events.MessageAccepted}
	for _, tc := range []struct {
		name         string
		err          error
		care, safety want
	}{
		{"taken", nil, accepted, reported},
		{"permanent", &SendError{Class: Permanent, Detail: "http 413"}, refused, refused},
		{"retry, short", &SendError{Class: RetryAfter, After: 2 * time.Second}, kept(soon, maxTries), kept(soon, maxTries)},
		{"retry, no time named", &SendError{Class: RetryAfter}, kept(soon, maxTries), kept(soon, maxTries)},
		{"retry, long", &SendError{Class: RetryAfter, After: time.Minute}, kept(time.Minute, 1), kept(safetyWait, 1)},
		{"the whole provider, later", &SendError{Class: RetryAfter, After: 2 * time.Second, Provider: true}, kept(2*time.Second, 1), kept(2*time.Second, 1)},
		{"the whole provider, for good", &SendError{Class: Permanent, Provider: true}, kept(5*time.Minute, 1), kept(safetyWait, 1)},
		{
			"ambiguous", &SendError{Class: Ambiguous, Detail: "timeout"},
			want{[]Status{Claimed, Unknown}, []events.Kind{events.MessageUnknown}, 0, 1},
			kept(soon, 1),
		},
		{
			"another error", errors.New("broken pipe"),
			want{[]Status{Claimed, Unknown}, []events.Kind{events.MessageUnknown}, 0, 1},
			kept(soon, 1),
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			lanes(t, func(t *testing.T, lane Lane) {
				w := newWorld()
				sends := 0
				w.send = func(Mail) (Receipt, error) { sends++; return Receipt{ProviderID: "p1"}, tc.err }
				want := tc.care
				if lane == Safety {
					want = tc.safety
				}
				again := w.notifier().Deliver(t.Context(), message(lane))
				if again < want.again || (again == 0) != (want.again == 0) {
					t.Errorf("comes again after %v, want at least %v", again, want.again)
				}
				if d := cmp.Diff(want.ledger, w.statuses()); d != "" {
					t.Errorf("the ledger (-want +got):\n%s", d)
				}
				if d := cmp.Diff(want.reports, w.kinds()); d != "" {
					t.Errorf("reports (-want +got):\n%s", d)
				}
				if sends != want.sends {
					t.Errorf("%d requests, want %d", sends, want.sends)
				}
			})
		})
	}
}

// TestLastLookBeforeEveryRetry guards "look again before every retry", and
// that a retry never comes before the provider's time.
func TestLastLookBeforeEveryRetry(t *testing.T) {
	lanes(t, func(t *testing.T, lane Lane) {
		w := newWorld()
		var asked []time.Time
		w.send = func(Mail) (Receipt, error) {
			if asked = append(asked, w.now); len(asked) < 3 {
				return Receipt{}, &SendError{Class: RetryAfter, After: 3 * time.Second}
			}
			return Receipt{}, nil
		}
		if n := w.deliver(t, w.notifier(), lane); n != 1 {
			t.Errorf("took %d deliveries, want 1", n)
		}
		looked := false
		for _, call := range w.seen {
			switch call {
			case "look":
				looked = true
			case "send":
				if !looked {
					t.Errorf("a request without a look of its own: %v", w.seen)
				}
				looked = false
			}
		}
		for i := 1; i < len(asked); i++ {
			if d := asked[i].Sub(asked[i-1]); d < 3*time.Second {
				t.Errorf("request %d came %v after the one before, want 3s or more", i+1, d)
			}
		}
	})
}

func TestLastLookWithdraws(t *testing.T) {
	lanes(t, func(t *testing.T, lane Lane) {
		w := newWorld()
		w.look = func() (Look, error) { return Look{Reason: "booked-again", By: "e7"}, nil }
		w.deliver(t, w.notifier(), lane)
		if len(w.sent) != 0 {
			t.Error("a withdrawn message left")
		}
		if len(w.reports) != 1 || w.reports[0].kind != events.MessageWithdrawn ||
			w.reports[0].entry.By != "e7" || w.reports[0].entry.Detail != "booked-again" {
			t.Errorf("reported %+v, want one withdrawal that says by which event and why", w.reports)
		}
	})
}

// A look that cannot be taken puts care off; safety leaves without.
func TestLastLookFails(t *testing.T) {
	w := newWorld()
	w.look = func() (Look, error) { return Look{}, errFault }
	if again := w.notifier().Deliver(t.Context(), message(Care)); again < soon || len(w.sent) != 0 {
		t.Errorf("care came again after %v with %d sent, want a second or more and none", again, len(w.sent))
	}
	if again := w.notifier().Deliver(t.Context(), message(Safety)); again != 0 || len(w.sent) != 1 {
		t.Errorf("safety came again after %v with %d sent, want 0 and one", again, len(w.sent))
	}
}

// A message that is wanted, but not in the quiet hours, gives its claim back and
// loses nothing: it leaves once, after them. In between it is looked at again.
func TestLastLookKeepsTheQuietHours(t *testing.T) {
	w := newWorld()
	later := 13 * time.Hour
	w.look = func() (Look, error) {
		return Look{Wanted: true, Reason: "office-closed", Email: w.email, Later: later}, nil
	}
	n := w.notifier()
	if again := n.Deliver(t.Context(), message(Care)); again != time.Hour || len(w.sent) != 0 {
		t.Fatalf("comes again after %v with %d sent, want an hour and none", again, len(w.sent))
	}
	later = 20 * time.Minute
	if again := n.Deliver(t.Context(), message(Care)); again != 20*time.Minute || len(w.sent) != 0 {
		t.Fatalf("comes again after %v with %d sent, want 20 minutes and none", again, len(w.sent))
	}
	later = 0
	w.deliver(t, n, Care)
	if d := cmp.Diff([]Status{Claimed, Deferred, Claimed, Deferred, Claimed, Accepted}, w.statuses()); d != "" {
		t.Errorf("the ledger (-want +got):\n%s", d)
	}
	if got := w.entries[1].Detail; got != "office-closed" {
		t.Errorf("the ledger says that it waits for %q", got)
	}
	if len(w.sent) != 1 || len(w.reports) != 0 {
		t.Errorf("%d sent, reported %+v; want one and nothing", len(w.sent), w.reports)
	}
}

// The look after the claim fails: the claim is given back.
func TestLastLookFailsAfterTheClaim(t *testing.T) {
	w := newWorld()
	looks := 0
	w.look = func() (Look, error) {
		if looks++; looks == 1 {
			return Look{}, errFault
		}
		return Look{Wanted: true, Email: w.email}, nil
	}
	w.deliver(t, w.notifier(), Care)
	if d := cmp.Diff([]Status{Claimed, Deferred, Claimed, Accepted}, w.statuses()); d != "" {
		t.Errorf("the ledger (-want +got):\n%s", d)
	}
}

func TestAddressChangesBeforeTheRequest(t *testing.T) {
	w := newWorld()
	w.look = func() (Look, error) {
		w.email = "new@client.test" // moved while the mail was written
		return Look{Wanted: true, Email: w.email}, nil
	}
	first := true
	render := w.render
	w.render = func(m Message) (Mail, error) {
		mail, err := render(m)
		if first {
			mail.To.Email, first = "old@client.test", false
		}
		return mail, err
	}
	w.deliver(t, w.notifier(), Care)
	if len(w.sent) != 1 || w.sent[0].To.Email != "new@client.test" {
		t.Errorf("sent %+v, want one mail to the new address", w.sent)
	}
	if e, _ := w.last(); e.To != events.AddressMark(message(Care).Key, "new@client.test") {
		t.Errorf("the ledger has %q for where it went", e.To)
	}
}

func TestAddressThatNeverAgreesSendsNothing(t *testing.T) {
	w := newWorld()
	w.look = func() (Look, error) { return Look{Wanted: true, Email: "other@client.test"}, nil }
	if again := w.notifier().Deliver(t.Context(), message(Care)); again < soon || len(w.sent) != 0 {
		t.Errorf("came again after %v with %d sent, want a second or more and none", again, len(w.sent))
	}
}

func TestRenderErrors(t *testing.T) {
	lanes(t, func(t *testing.T, lane Lane) {
		w := newWorld()
		w.render = func(Message) (Mail, error) { return Mail{}, fmt.Errorf("no such wording: %w", ErrCannotRender) }
		w.deliver(t, w.notifier(), lane)
		if d := cmp.Diff([]events.Kind{events.MessageRefused}, w.kinds()); d != "" {
			t.Errorf("reports (-want +got):\n%s", d)
		}
		w = newWorld()
		render, failures := w.render, 2
		w.render = func(m Message) (Mail, error) {
			if failures--; failures >= 0 {
				return Mail{}, errFault
			}
			return render(m)
		}
		if n := w.deliver(t, w.notifier(), lane); n != 3 || len(w.sent) != 1 {
			t.Errorf("took %d deliveries and sent %d, want 3 and 1", n, len(w.sent))
		}
	})
}

// TestOnceOwnClaimIsRecognised guards the rule once: the answer to a claim is
// lost, and the nonce in the ledger is ours.
func TestOnceOwnClaimIsRecognised(t *testing.T) {
	lanes(t, func(t *testing.T, lane Lane) {
		w := newWorld()
		lost := false
		w.after = func(call string) error {
			if call == "put claimed" && !lost {
				lost = true
				return errFault
			}
			return nil
		}
		if n := w.deliver(t, w.notifier(), lane); n != 1 {
			t.Errorf("took %d deliveries, want 1", n)
		}
		if e, _ := w.last(); e.Status != Accepted || e.Attempt != 1 || len(w.sent) != 1 {
			t.Errorf("got %+v with %d sent, want the first attempt accepted", e, len(w.sent))
		}
	})
}

// The claim's answer is lost, and the leader cannot be asked either: the next
// delivery takes the same claim up.
func TestOnceOwnClaimIsTakenUpLater(t *testing.T) {
	w := newWorld()
	faults := map[string]int{"put claimed": 1, "last": 1}
	w.after = func(call string) error {
		if faults[call]--; faults[call] >= 0 {
			return errFault
		}
		return nil
	}
	if n := w.deliver(t, w.notifier(), Care); n != 2 {
		t.Errorf("took %d deliveries, want 2", n)
	}
	if d := cmp.Diff([]Status{Claimed, Accepted}, w.statuses()); d != "" {
		t.Errorf("the ledger (-want +got):\n%s", d)
	}
}

// The ledger is away when a message is put off: that nothing left is known all
// the same, to this process.
func TestOncePutOffWithoutALedgerIsNotUnknown(t *testing.T) {
	w := newWorld()
	away := false
	w.send = func(Mail) (Receipt, error) {
		if !away {
			away = true
			return Receipt{}, &SendError{Class: RetryAfter, After: time.Hour}
		}
		return Receipt{}, nil
	}
	w.before = func(call string) error {
		if call == "put deferred" && away {
			return errFault
		}
		return nil
	}
	w.deliver(t, w.notifier(), Care)
	if d := cmp.Diff([]Status{Claimed, Claimed, Accepted}, w.statuses()); d != "" {
		t.Errorf("the ledger (-want +got):\n%s", d)
	}
}

// A crash between the final word and its report is mended by the next
// delivery, which sends nothing.
func TestFinalWordIsReportedAgain(t *testing.T) {
	for _, tc := range []struct {
		lane Lane
		s    Status
		want events.Kind
	}{
		{Care, Withdrawn, events.MessageWithdrawn},
		{Care, Refused, events.MessageRefused},
		{Care, Unknown, events.MessageUnknown},
		{Care, Accepted, ""},
		{Safety, Accepted, events.MessageAccepted},
		{Safety, Withdrawn, events.MessageWithdrawn},
		{Care, Delivered, ""},
		{Safety, Bounced, ""},
	} {
		t.Run(string(tc.lane)+"/"+string(tc.s), func(t *testing.T) {
			w := newWorld()
			w.write(Entry{Status: tc.s, Attempt: 1, Nonce: "before the crash", By: "e7"})
			w.deliver(t, w.notifier(), tc.lane)
			if len(w.sent) != 0 {
				t.Error("a settled message left again")
			}
			var want []events.Kind
			if tc.want != "" {
				want = []events.Kind{tc.want}
			}
			if d := cmp.Diff(want, w.kinds()); d != "" {
				t.Errorf("reports (-want +got):\n%s", d)
			}
		})
	}
}

func TestReportFails(t *testing.T) {
	w := newWorld()
	failures := 2
	w.before = func(call string) error {
		if call == "report" {
			if failures--; failures >= 0 {
				return errFault
			}
		}
		return nil
	}
	if n := w.deliver(t, w.notifier(), Safety); n != 3 || len(w.sent) != 1 || len(w.reports) != 1 {
		t.Errorf("took %d deliveries, sent %d, reported %d; want 3, 1, 1", n, len(w.sent), len(w.reports))
	}
}

// TestConflictWhileSettling has another attempt write behind our claim before
// our own last word.
func TestConflictWhileSettling(t *testing.T) {
	permanent := func(Mail) (Receipt, error) { return Receipt{}, &SendError{Class: Permanent} }
	taken := func(Mail) (Receipt, error) { return Receipt{}, nil }
	for _, tc := range []struct {
		name    string
		lane    Lane
		send    func(Mail) (Receipt, error)
		other   Entry
		want    Status // of the ledger after one delivery
		settled bool
	}{
		// Acknowledging here would take the message from the other attempt, and
		// if that one died nobody would send it.
		{"refused, another attempt is under way", Safety, permanent, Entry{Status: Claimed, Attempt: 2, Nonce: "other"}, Claimed, false},
		{"refused, another attempt put it off", Care, permanent, Entry{Status: Deferred, Attempt: 1, Nonce: "other"}, Deferred, false},
		{"refused, another attempt had it taken", Safety, permanent, Entry{Status: Accepted, Attempt: 2, Nonce: "other"}, Accepted, true},
		{"taken, another attempt is under way", Safety, taken, Entry{Status: Claimed, Attempt: 2, Nonce: "other"}, Accepted, true},
		{"taken, another gave it up", Care, taken, Entry{Status: Unknown, Attempt: 1, Nonce: "other"}, Accepted, true},
		{"taken, another withdrew it", Safety, taken, Entry{Status: Withdrawn, Attempt: 2, Nonce: "other"}, Accepted, true},
		{"taken, the provider has said more", Care, taken, Entry{Status: Delivered, Attempt: 1, Nonce: "other"}, Delivered, true},
		{"taken, and so said another", Safety, taken, Entry{Status: Accepted, Attempt: 2, Nonce: "other"}, Accepted, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld()
			w.send = func(m Mail) (Receipt, error) {
				w.write(tc.other)
				return tc.send(m)
			}
			again := w.notifier().Deliver(t.Context(), message(tc.lane))
			if e, _ := w.last(); e.Status != tc.want || (again == 0) != tc.settled {
				t.Errorf("the ledger says %s and it comes again after %v; want %s, settled %v", e.Status, again, tc.want, tc.settled)
			}
		})
	}
}

// TestStoppingGivesTheClaimBack cancels at every call of a delivery: the
// message is never unknown for it, and a request begun is seen through.
func TestStoppingGivesTheClaimBack(t *testing.T) {
	lanes(t, func(t *testing.T, lane Lane) {
		for _, at := range []string{"permit", "put claimed", "render", "look", "send", "put accepted", "report"} {
			if at == "report" && lane == Care {
				continue // nothing is reported
			}
			t.Run(at, func(t *testing.T) {
				w := newWorld()
				ctx, cancel := context.WithCancel(t.Context())
				w.before = func(call string) error {
					if call == at {
						cancel()
					}
					return nil
				}
				again := w.notifier().Deliver(ctx, message(lane))
				e, _ := w.last()
				switch begun := at == "send" || at == "put accepted" || at == "report"; {
				case begun && (again != 0 || e.Status != Accepted || len(w.sent) != 1):
					t.Errorf("a request begun ended as %q, again after %v", e.Status, again)
				case !begun && (again == 0 || len(w.sent) != 0 || (e.Status != Deferred && e.Status != "")):
					t.Errorf("ended as %q, again after %v, %d sent; want the claim given back", e.Status, again, len(w.sent))
				}
				w.before = nil
				w.deliver(t, w.notifier(), lane) // after the restart
				if e, _ := w.last(); e.Status != Accepted || len(w.sent) != 1 {
					t.Errorf("after the restart: %q with %d sent, want accepted and one", e.Status, len(w.sent))
				}
			})
		}
	})
}

// TestStoppingWhileWaitingForARetry guards the same for the wait in between.
func TestStoppingWhileWaitingForARetry(t *testing.T) {
	lanes(t, func(t *testing.T, lane Lane) {
		w := newWorld()
		ctx, cancel := context.WithCancel(t.Context())
		w.send = func(Mail) (Receipt, error) { return Receipt{}, &SendError{Class: RetryAfter, After: time.Second} }
		w.pause = func(time.Duration) bool { cancel(); return false }
		again := w.notifier().Deliver(ctx, message(lane))
		if e, _ := w.last(); e.Status != Deferred || again == 0 {
			t.Errorf("ended as %q, again after %v; want deferred", e.Status, again)
		}
	})
}

func TestLimiterRefuses(t *testing.T) {
	w := newWorld()
	w.permit = func(context.Context) error { return errFault }
	if again := w.notifier().Deliver(t.Context(), message(Care)); again < soon || len(w.entries) != 0 {
		t.Errorf("again after %v with the ledger at %v; want a second or more and nothing claimed", again, w.statuses())
	}
}

// TestClaimGivesUpOnAnAilingLedger: the leader answers, and takes nothing.
func TestClaimGivesUpOnAnAilingLedger(t *testing.T) {
	w := newWorld()
	w.before = func(call string) error {
		if call == "put claimed" {
			return errFault
		}
		return nil
	}
	if again := w.notifier().Deliver(t.Context(), message(Care)); again < soon || len(w.sent) != 0 {
		t.Errorf("again after %v with %d sent; want a second or more and none", again, len(w.sent))
	}
}

func TestObserveHearsEachEndOnce(t *testing.T) {
	w := newWorld()
	n := w.notifier()
	w.deliver(t, n, Safety)
	w.deliver(t, n, Safety) // handed over again
	if d := cmp.Diff([]Status{Accepted}, w.ended); d != "" {
		t.Errorf("Observe heard (-want +got):\n%s", d)
	}
}
