package runner

import (
	"context"
	"fmt"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/mooring-care/mooring/workflows"
)

// tries counts this process's own tries at what has not succeeded yet. What
// another process finishes is never forgotten here, so the count is bounded;
// the bound is beyond what all queues together hand out unanswered, and a count
// that is lost all the same only begins anew.
type tries struct{ of *lru.Cache[try, int] }

// try is a delivery, by its stream and sequence or by the client whose timer it
// is, and what kind of failure is counted.
type try struct {
	source string
	kind   failure
}

type failure int

const (
	// stuck: the decision fails, and another try may not mend it.
	stuck failure = iota
	// away: the store or the network does not answer.
	away
	// unknown: the clinic is not configured here.
	unknown
)

const maxTries = 64 << 10

func newTries() (tries, error) {
	of, err := lru.New[try, int](maxTries)
	if err != nil {
		return tries{}, fmt.Errorf("set up the count of tries: %w", err)
	}
	return tries{of}, nil
}

// failed counts a failure and says how many there were. One client's work runs
// one at a time, so nobody counts the same in between.
func (t tries) failed(source string, kind failure) int {
	n, _ := t.of.Get(try{source, kind})
	t.of.Add(try{source, kind}, n+1)
	return n + 1
}

func (t tries) forget(source string) {
	for _, kind := range [...]failure{stuck, away, unknown} {
		t.of.Remove(try{source, kind})
	}
}

// The pauses before a retry while the store is away. They grow, so that a
// store that comes back is not met by everything at once; and not far, as a
// question may wait.
const (
	firstPause = 250 * time.Millisecond
	maxPause   = 5 * time.Second
)

// later asks for another try, after a pause that doubles with every one.
func (r *Runner) later(source string, kind failure) Verdict {
	n := r.tries.failed(source, kind)
	return Verdict{Action: Retry, After: min(firstPause<<min(n-1, 10), maxPause)}
}

// parked is how far ahead a timer of a clinic is set that is not configured.
const parked = time.Hour

// dueElsewhere answers a timer whose clinic is not configured here. All
// clinics' timers share one consumer, and what it waits for an answer to is
// bounded: a clinic that is gone must not fill it (the rule never-silent). A
// few tries leave it to a replica that knows the clinic; then the timer is set
// ahead, and so is there when the clinic is configured again.
func (r *Runner) dueElsewhere(ctx context.Context, ref Ref, source string) Verdict {
	if v := r.later(source, unknown); v.After < maxPause/2 {
		return v
	}
	if seen, _ := r.unknown.ContainsOrAdd(ref.Clinic, struct{}{}); !seen {
		r.cfg.Logger.Error("a timer is due for a clinic that is not configured; it is asked again every hour", "clinic", ref.Clinic)
	}
	k, err := r.load(ctx, ref)
	if err == nil {
		now := r.cfg.Now()
		err = r.setTimerAt(ctx, ref, k, func(s *workflows.State) time.Time {
			if next := s.Next(); next.IsZero() || next.After(now) {
				return next
			}
			return now.Add(parked)
		})
	}
	if err != nil {
		r.cfg.Logger.Warn("setting a timer again has to wait; trying again", "error", err)
		return r.later(source, away)
	}
	r.tries.forget(source)
	return Verdict{Action: Done}
}
