package jetstream

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/mooring-care/mooring/workflows/runner"
)

var _ runner.Timers = (*Store)(nil)

// Set replaces the client's one timer. The zero time sets nothing: a stale
// timer may fire, finds nothing due and is acknowledged. A purge would race
// with a newer timer; letting it fire cannot.
func (s *Store) Set(ctx context.Context, ref runner.Ref, at time.Time) error {
	if at.IsZero() {
		return nil
	}
	t := tail(ref)
	msg := nats.NewMsg(prefixTimersSet + t)
	// The client library cuts to whole seconds, so the header is written here.
	msg.Header.Set(headerSchedule, "@at "+s.real(at).UTC().Format(time.RFC3339Nano))
	msg.Header.Set(headerScheduleTarget, prefixTimersDue+t)
	if _, err := s.publish(ctx, msg); err != nil {
		return fmt.Errorf("set a client's timer: %w", err)
	}
	return nil
}

// Last is the sequence of the client's latest record.
func (s *Store) Last(ctx context.Context, ref runner.Ref) (uint64, error) {
	if seq, ok := s.heads.get(ref); ok {
		return seq, nil
	}
	msg, err := s.last(ctx, streamClients, prefixClients+tail(ref))
	if err != nil || msg == nil {
		return 0, err
	}
	return msg.Sequence, nil
}
