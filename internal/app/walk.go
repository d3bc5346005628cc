package app

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/workflows/runner"
)

// planWalks says at which clinics' clients somebody has to look again, since
// their folder sets other deadlines than before.
func (a *App) planWalks(ctx context.Context) ([]*jetstream.Walk, error) {
	var walks []*jetstream.Walk
	for _, id := range a.clinics.ids() {
		w, err := a.store.PlanWalk(ctx, id, a.clinics.byID[id].current.Absences())
		if err != nil {
			return nil, err
		}
		if w != nil {
			walks = append(walks, w)
		}
	}
	return walks, nil
}

// walk looks again at the clients of these clinics, one clinic after another.
// It is the last thing that anybody waits for: most clients are only read, and
// the few whose deadlines change stand behind their worker's other work.
func (a *App) walk(ctx context.Context, walks []*jetstream.Walk) {
	for _, w := range walks {
		began := time.Now()
		var looked, changed atomic.Int64
		over := a.store.Walk(ctx, w, func(ctx context.Context, ref runner.Ref, record []byte, finish func(runner.Verdict)) {
			other, err := a.runner.OtherDeadlines(ref, record)
			if err != nil {
				a.log.Warn("a client's record cannot be read; trying again", "error", err)
				finish(runner.Verdict{Action: runner.Retry, After: 5 * time.Second})
				return
			}
			if !other {
				looked.Add(1)
				finish(runner.Verdict{Action: runner.Done})
				return
			}
			a.pool.Submit(ref, func() {
				v := a.runner.Look(context.WithoutCancel(ctx), ref)
				if v.Action == runner.Done {
					looked.Add(1)
					changed.Add(1)
				}
				finish(v)
			})
		})
		for range w.Rejected() {
			a.metrics.rejected(runner.ReasonCannotDecide)
		}
		if looked.Load() == 0 {
			// As at a first start, or where events came before the walk.
			a.log.Debug("none of a clinic's clients had to be looked at", "clinic", w.Clinic, "all", over)
			continue
		}
		a.log.Info("a clinic's clients were looked at", "clinic", w.Clinic, "looked", looked.Load(), "changed", changed.Load(), "all", over, "seconds", time.Since(began).Seconds())
	}
}
