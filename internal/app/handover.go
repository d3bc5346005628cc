package app

import (
	"context"
	"time"

	"github.com/mooring-care/mooring/workflows/runner"
)

// handOver looks at every open question once after a start: by the folder that was read
// now, whoever has one may work here no more, or be on leave. Then the next person is
// asked at once. Of several copies of the program that look, one decides.
func (a *App) handOver(ctx context.Context) {
	for !a.index.Ready() {
		if !pause(ctx, 20*time.Millisecond) {
			return
		}
	}
	for _, row := range a.index.Open() {
		if ctx.Err() != nil {
			return
		}
		if _, ok := a.clinics.byID[row.Ref.Clinic]; ok {
			a.submitTimer(row.Ref, func() { a.dueAgain(ctx, row.Ref) })
		}
	}
}

// dueAgain has a client looked at as a timer would, until that was done.
func (a *App) dueAgain(ctx context.Context, ref runner.Ref) {
	if v := a.runner.Due(context.WithoutCancel(ctx), ref); v.Action != runner.Done && pause(ctx, time.Second) {
		a.submitTimer(ref, func() { a.dueAgain(ctx, ref) })
	}
}
