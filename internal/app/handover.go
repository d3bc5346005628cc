package app

import (
	"context"
	"time"

	"github.com/mooring-care/mooring/workflows/runner"
)

// How many questions handOver has looked at together, and how often it comes back to
// those that could not be: a newer copy of the program may have written of them, and
// looks by itself.
const (
	handOverTogether = 64
	handOverTries    = 6
)

// handOver looks at every open question once after a start: by the folder that was read
// now, whoever has one may work here no more, or be on leave. Then the next person is
// asked at once. Of several copies of the program that look, one decides. It waits by
// itself: no worker is kept from what is new.
func (a *App) handOver(ctx context.Context) {
	for !a.index.Ready() {
		if !pause(ctx, 20*time.Millisecond) {
			return
		}
	}
	var left []runner.Ref
	for _, row := range a.index.Open() {
		if _, ok := a.clinics.byID[row.Ref.Clinic]; ok {
			left = append(left, row.Ref)
		}
	}
	for try := range handOverTries {
		if left = a.lookAgain(ctx, left); len(left) == 0 || !pause(ctx, time.Second<<try) {
			return
		}
	}
	a.log.Warn("some open questions could not be looked at after the start; each is at its own time", "questions", len(left))
}

// lookAgain has clients looked at as their timers would, some together, and gives back
// those of whom that failed.
func (a *App) lookAgain(ctx context.Context, refs []runner.Ref) (failed []runner.Ref) {
	type answer struct {
		ref runner.Ref
		ok  bool
	}
	answers := make(chan answer, handOverTogether)
	for len(refs) > 0 && ctx.Err() == nil {
		some := refs[:min(len(refs), handOverTogether)]
		refs = refs[len(some):]
		for _, ref := range some {
			a.submitTimer(ref, func() {
				answers <- answer{ref, a.runner.Due(context.WithoutCancel(ctx), ref).Action == runner.Done}
			})
		}
		for range some {
			select {
			case x := <-answers:
				if !x.ok {
					failed = append(failed, x.ref)
				}
			case <-ctx.Done():
				return nil
			}
		}
	}
	return failed
}
