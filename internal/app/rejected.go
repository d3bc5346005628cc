package app

import (
	"context"

	"github.com/mooring-care/mooring/internal/jetstream"
)

// ErrNotRejected says that no rejected message has such a sequence.
var ErrNotRejected = jetstream.ErrNotFound

// Rejected is one message that nobody could act on.
type Rejected = jetstream.Rejected

// ListRejected lists the newest rejected messages first, at most limit of
// them, without headers and bodies.
func (o *Operator) ListRejected(ctx context.Context, limit int) ([]Rejected, error) {
	return o.store.ListRejected(ctx, limit)
}

// GetRejected reads one rejected message whole; ErrNotRejected when there is
// none.
func (o *Operator) GetRejected(ctx context.Context, sequence uint64) (Rejected, error) {
	return o.store.GetRejected(ctx, sequence)
}

// ReplayRejected publishes a rejected message again where it came from. It is
// judged anew: what was wrong may have been mended since.
func (o *Operator) ReplayRejected(ctx context.Context, sequence uint64) error {
	return o.store.Replay(ctx, sequence)
}
