package notifier

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mooring-care/mooring/events"
)

// TestOnceForeignClaim guards the rule once: an attempt that never ended may
// have sent. Care goes to a human, safety repeats.
func TestOnceForeignClaim(t *testing.T) {
	w := newWorld()
	w.write(Entry{Status: Claimed, Attempt: 1, Nonce: "somebody", At: w.now})
	began := w.now
	w.deliver(t, w.notifier(), Care)
	if e, _ := w.last(); e.Status != Unknown || len(w.sent) != 0 || !slices.Equal(w.kinds(), []events.Kind{events.MessageUnknown}) {
		t.Errorf("care: %+v, %d sent, reported %v; want unknown, none, unknown", e, len(w.sent), w.kinds())
	}
	if d := w.now.Sub(began); d < claimHeld || d > claimHeld+lookAgain {
		t.Errorf("a claim was taken for dead after %v, want %v", d, claimHeld)
	}
	w = newWorld()
	w.write(Entry{Status: Claimed, Attempt: 1, Nonce: "somebody", At: w.now})
	w.deliver(t, w.notifier(), Safety)
	if e, _ := w.last(); e.Status != Accepted || e.Attempt != 2 || len(w.sent) != 1 || w.sent[0].Attempt != 2 {
		t.Errorf("safety: %+v, %d sent; want attempt 2 accepted", e, len(w.sent))
	}
	if !w.now.Equal(monday) {
		t.Errorf("safety waited %v for another attempt's claim", w.now.Sub(monday))
	}
}

// At another speed a claim is as old as it is in life.
func TestOnceForeignClaimAtAnotherSpeed(t *testing.T) {
	w := newWorld()
	n := w.notifier()
	n.cfg.Speed = func() float64 { return 3600 }
	w.write(Entry{Status: Claimed, Attempt: 1, Nonce: "somebody", At: w.now})
	w.now = w.now.Add(10 * time.Hour) // ten seconds
	if again := n.Deliver(t.Context(), message(Care)); again == 0 || len(w.entries) != 1 {
		t.Errorf("again after %v, the ledger says %v; want a claim that still counts", again, w.statuses())
	}
}

// TestOnceTwoCopiesInOneProcess: the outbox may hold a message twice, and one
// pull may hand out both.
func TestOnceTwoCopiesInOneProcess(t *testing.T) {
	lanes(t, func(t *testing.T, lane Lane) {
		w := newWorld()
		n := w.notifier()
		begun, answer := make(chan struct{}), make(chan struct{})
		w.send = func(Mail) (Receipt, error) {
			close(begun)
			<-answer
			return Receipt{}, nil
		}
		first := make(chan time.Duration)
		go func() { first <- n.Deliver(t.Context(), message(lane)) }()
		<-begun
		w.now = w.now.Add(time.Hour)
		if again := n.Deliver(t.Context(), message(lane)); again == 0 || len(w.entries) != 1 {
			t.Errorf("the copy comes again after %v, the ledger says %v; want it to wait", again, w.statuses())
		}
		other := message(lane)
		other.ID = "def234"
		if !n.begin(other.ID) {
			t.Error("another message waits too")
		}
		close(answer)
		if again := <-first; again != 0 {
			t.Errorf("the first comes again after %v", again)
		}
		if again := n.Deliver(t.Context(), message(lane)); again != 0 || len(w.sent) != 1 {
			t.Errorf("the copy comes again after %v with %d sent; want it settled", again, len(w.sent))
		}
	})
}

// TestOnceAnOldClaimSendsNothing: what another replica may take for dead is
// given back instead of used.
func TestOnceAnOldClaimSendsNothing(t *testing.T) {
	w := newWorld()
	slow := true
	render := w.render
	w.render = func(m Message) (Mail, error) {
		if slow {
			w.now, slow = w.now.Add(claimHeld-2*requestTimeout+time.Second), false
		}
		return render(m)
	}
	w.deliver(t, w.notifier(), Care)
	if d := cmp.Diff([]Status{Claimed, Deferred, Claimed, Accepted}, w.statuses()); d != "" || len(w.sent) != 1 {
		t.Errorf("%d sent, the ledger (-want +got):\n%s", len(w.sent), d)
	}
}

// TestAcceptedTakesBackUnknown: the client's log was told that nobody knows, and
// hears that the provider took the mail; also when the program died in between.
func TestAcceptedTakesBackUnknown(t *testing.T) {
	for _, crashed := range []bool{false, true} {
		t.Run("crashed "+strconv.FormatBool(crashed), func(t *testing.T) {
			w := newWorld()
			w.send = func(Mail) (Receipt, error) {
				w.write(Entry{Status: Unknown, Attempt: 1, Nonce: "other"})
				return Receipt{}, nil
			}
			w.before = func(call string) error {
				if call == "report" && crashed {
					panic(crash{})
				}
				return nil
			}
			func() {
				defer func() {
					if p := recover(); (p != nil) != crashed {
						t.Fatalf("recovered %v", p)
					}
				}()
				w.deliver(t, w.notifier(), Care)
			}()
			if crashed {
				crashed = false
				w.deliver(t, w.notifier(), Care)
			}
			if e, _ := w.last(); e.Status != Accepted || e.Corrects != Unknown {
				t.Errorf("the ledger says %+v, want accepted, which takes back unknown", e)
			}
			if d := cmp.Diff([]events.Kind{events.MessageAccepted}, w.kinds()); d != "" {
				t.Errorf("reports (-want +got):\n%s", d)
			}
		})
	}
}

func TestNoncesAreBounded(t *testing.T) {
	n := newWorld().notifier()
	for i := range keptNonces {
		n.keepNonce(fmt.Sprint(i), "kept "+fmt.Sprint(i))
	}
	n.keepNonce("0", "the youngest now")
	n.keepNonce("one more", "kept too")
	if got := []string{n.nonce("0"), n.nonce("one more")}; !slices.Equal(got, []string{"the youngest now", "kept too"}) {
		t.Errorf("took %q", got)
	}
	if n.nonce("1") == "kept 1" {
		t.Error("the oldest was kept beyond the bound")
	}
	if n.nonce("0") == "the youngest now" {
		t.Error("a nonce was given twice")
	}
}

func TestNewWantsEverything(t *testing.T) {
	whole := newWorld().notifier().cfg
	whole.Speed, whole.Observe = nil, nil
	if _, err := New(whole); err != nil {
		t.Errorf("all that is required: %v", err)
	}
	for name, leave := range map[string]func(*Config){
		"Provider": func(c *Config) { c.Provider = nil }, "Ledger": func(c *Config) { c.Ledger = nil },
		"Renderer": func(c *Config) { c.Renderer = nil }, "Looker": func(c *Config) { c.Looker = nil },
		"Reporter": func(c *Config) { c.Reporter = nil }, "Limiter": func(c *Config) { c.Limiter = nil },
		"Now": func(c *Config) { c.Now = nil }, "Pause": func(c *Config) { c.Pause = nil }, "Logger": func(c *Config) { c.Logger = nil },
	} {
		cfg := whole
		leave(&cfg)
		if _, err := New(cfg); err == nil {
			t.Errorf("without a %s nothing was said", name)
		}
	}
}
