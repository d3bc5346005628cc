package app

import (
	"context"

	"github.com/mooring-care/mooring/workflows/runner"
)

// retime sets every client's timer again. A timer waits on the server's clock,
// so one that was set at another speed, or while the program's clock stood still,
// would fire at another moment. Only a store with a clock of its own needs it.
func (a *App) retime(ctx context.Context) {
	for _, id := range a.clinics.ids() {
		err := a.store.Records(ctx, id, func(ref runner.Ref, _ []byte, _ uint64) error {
			// What a due timer does is all that is wanted; its answer is nobody's.
			a.submitTimer(ref, func() { a.runner.Due(context.WithoutCancel(ctx), ref) })
			return ctx.Err()
		})
		if err != nil && ctx.Err() == nil {
			a.log.Warn("setting timers by the clock's speed has to wait; each is set when it fires", "clinic", id, "error", err)
		}
	}
}
