package runner

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
)

// TestNeverSilentForUnknownClinic: the timers of a clinic that is not
// configured are answered after a few tries and are set ahead; what waits for
// an answer is bounded over all clinics.
func TestNeverSilentForUnknownClinic(t *testing.T) {
	r := newRig(t)
	var log bytes.Buffer
	r.cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
	r.settle(r.Runner, r.event(events.SafetyConcern, concern()))
	deadline := r.store.timers[ref]
	r.cfg.Directories = &clinics{}
	elsewhere := r.another()
	due := func(client Ref) {
		t.Helper()
		delete(r.store.timers, client) // the firing purges it
		var waited time.Duration
		for range 10 {
			v := elsewhere.Due(context.Background(), client)
			if v.Action == Done {
				if waited < time.Second || waited > 5*time.Second {
					t.Errorf("answered after %v", waited)
				}
				return
			}
			waited += v.After
		}
		t.Fatal("the timer is never answered")
	}
	due(ref) // early
	if got := r.store.timers[ref]; !got.Equal(deadline) {
		t.Errorf("the timer stands at %v, want %v", got, deadline)
	}
	r.now = deadline.Add(time.Minute)
	due(ref)
	if got, want := r.store.timers[ref], r.now.Add(parked); !got.Equal(want) {
		t.Errorf("the timer stands at %v, want %v", got, want)
	}
	if n := strings.Count(log.String(), "not configured"); n != 1 {
		t.Errorf("it was said %d times", n)
	}
	other := Ref{"gone", "kother"}
	due(other)
	if _, set := r.store.timers[other]; set {
		t.Error("a timer was set for nobody")
	}
	if n := strings.Count(log.String(), "not configured"); n != 2 {
		t.Errorf("it was said %d times of two clinics", n)
	}
	if n := elsewhere.tries.of.Len(); n != 0 {
		t.Errorf("%d counts of tries are kept", n)
	}
	// The clinic is back: its ladder goes on.
	if v := r.Due(context.Background(), ref); v.Action != Done {
		t.Errorf("due: %+v", v)
	}
	r.check()
}

// The timer is not answered before it was set ahead.
func TestUnknownClinicTimerIsSet(t *testing.T) {
	r := newRig(t)
	r.settle(r.Runner, r.event(events.SafetyConcern, concern()))
	delete(r.store.timers, ref)
	r.cfg.Directories = &clinics{}
	elsewhere := r.another()
	r.store.plant("set", failsBefore, failsAfter)
	for range 20 {
		if v := elsewhere.Due(context.Background(), ref); v.Action == Done {
			break
		}
	}
	if r.store.timers[ref].IsZero() || len(r.store.faults["set"]) != 0 {
		t.Errorf("answered with the timer at %v", r.store.timers[ref])
	}
}

// TestStorePausesGrow: a store that comes back is not met by everything at
// once, and no pause is long; after a success they begin anew.
func TestStorePausesGrow(t *testing.T) {
	r := newRig(t)
	ev := r.event(events.SafetyConcern, concern())
	for name, call := range map[string]func() Verdict{
		"event": func() Verdict { return r.handle(r.Runner, ev) },
		"timer": func() Verdict { return r.Due(context.Background(), Ref{ref.Clinic, "kother"}) },
	} {
		t.Run(name, func(t *testing.T) {
			last := time.Duration(0)
			for try := range 100 {
				r.store.plant("load", failsBefore)
				v := call()
				if v.Action != Retry || v.After > maxPause || v.After < last || (last < maxPause && v.After == last) {
					t.Fatalf("try %d: %+v after %v", try, v, last)
				}
				last = v.After
			}
			if last != maxPause {
				t.Errorf("the pauses end at %v", last)
			}
			if v := call(); v.Action != Done {
				t.Fatalf("the store is back: %+v", v)
			}
			if n := r.tries.of.Len(); n != 0 {
				t.Errorf("%d counts of tries are kept", n)
			}
		})
	}
}

// What another replica finishes is never forgotten here; the count of tries is
// bounded.
func TestTriesAreBounded(t *testing.T) {
	c, err := newTries()
	if err != nil {
		t.Fatal(err)
	}
	for n := range maxTries + 10 {
		c.failed(fmt.Sprint(n), stuck)
	}
	if n := c.of.Len(); n != maxTries {
		t.Errorf("%d counts are kept", n)
	}
}
