package jetstream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Once remembers, for all replicas and over restarts, which ids were used.
type Once struct{ s *Store }

// Once is the store's memory of what may be used one time only.
func (s *Store) Once() Once { return Once{s} }

// Use is true for the first call with an id, which is made of letters, digits
// and dots; it is forgotten some time after until. On an error nobody knows
// whether the id counts as used.
func (o Once) Use(ctx context.Context, id string, until time.Time) (first bool, err error) {
	// A minute more than the id's own life, should clocks differ.
	return o.use(ctx, id, max(time.Until(until), 0).Round(time.Second)+time.Minute)
}

func (o Once) use(ctx context.Context, id string, life time.Duration) (first bool, err error) {
	_, err = o.s.kv.Create(ctx, metaUsed+id, nil, jetstream.KeyTTL(life))
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, jetstream.ErrKeyExists):
		return false, nil
	}
	return false, fmt.Errorf("note that a link was used: %w", err)
}
