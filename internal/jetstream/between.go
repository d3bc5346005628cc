package jetstream

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/workflows/runner"
)

// Archive is what the store writes of its own accord: nobody else asks for it,
// so nobody else can be told that it failed.
type Archive interface {
	// Copy appends a decision to its client's chain in AUDIT when the last
	// sequence of the chain is the expected one.
	Copy(ctx context.Context, ref runner.Ref, expected uint64, header nats.Header, body []byte) (seq uint64, err error)
	// End reads the end of a client's chain; zero when there is none.
	End(ctx context.Context, ref runner.Ref) (ChainEnd, error)
	// Trim drops a client's records before the last few up to r.
	Trim(ctx context.Context, r Recorded) error
	// Reject stores a delivery whole, with the reason.
	Reject(ctx context.Context, d runner.Delivery, v runner.Verdict) error
}

// ChainEnd is the end of one client's chain.
type ChainEnd struct {
	Sequence uint64 // in AUDIT
	Record   uint64 // in CLIENTS
	Hash     string
}

type archive struct{ s *Store }

func (a archive) Copy(ctx context.Context, ref runner.Ref, expected uint64, header nats.Header, body []byte) (uint64, error) {
	msg := &nats.Msg{Subject: prefixAudit + tail(ref), Header: header, Data: body}
	return a.s.publish(ctx, msg, jetstream.WithExpectLastSequencePerSubject(expected))
}

func (a archive) End(ctx context.Context, ref runner.Ref) (ChainEnd, error) {
	return a.s.auditEnd(ctx, prefixAudit+tail(ref))
}

func (a archive) Trim(ctx context.Context, r Recorded) error { return a.s.trim(ctx, r) }

func (a archive) Reject(ctx context.Context, d runner.Delivery, v runner.Verdict) error {
	return a.s.Reject(ctx, d, v)
}

// Arrivals is how the streams of events are read beside the queues.
type Arrivals interface {
	// Start finds after which event a stream has to be read, and up to where
	// each of its queues is done.
	Start(ctx context.Context, stream string) (after uint64, floors map[string]uint64, err error)
	// Read begins to read a stream after an event.
	Read(ctx context.Context, stream string, after uint64) (Reading, error)
	// Follows finds the next event after one; 0 when there is none.
	Follows(ctx context.Context, stream string, after uint64) (uint64, error)
	// Floors says, for each queue of a stream, up to where everything it reads
	// was acknowledged.
	Floors(ctx context.Context, stream string) (map[string]uint64, error)
}

// Reading is one stream that is being read.
type Reading interface {
	Next() (runner.Delivery, error)
	Stop()
}

type eventReader struct{ s *Store }

func (r eventReader) Start(ctx context.Context, stream string) (uint64, map[string]uint64, error) {
	return r.s.startOf(ctx, stream)
}

func (r eventReader) Read(ctx context.Context, stream string, after uint64) (Reading, error) {
	cons, err := r.s.js.OrderedConsumer(ctx, stream, jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: after + 1,
	})
	if err != nil {
		return nil, fmt.Errorf("read the events of %s that wait: %w", stream, err)
	}
	it, err := cons.Messages(jetstream.PullMaxMessages(1024))
	if err != nil {
		return nil, fmt.Errorf("read the events of %s that wait: %w", stream, err)
	}
	return follower{it}, nil
}

func (r eventReader) Follows(ctx context.Context, stream string, after uint64) (uint64, error) {
	msg, err := r.s.streams[stream].GetMsg(ctx, after+1, jetstream.WithGetMsgSubject(">"))
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("ask what follows in %s: %w", stream, err)
	}
	return msg.Sequence, nil
}

func (r eventReader) Floors(ctx context.Context, stream string) (map[string]uint64, error) {
	return r.s.floors(ctx, stream)
}

type follower struct{ it jetstream.MessagesContext }

func (r follower) Next() (runner.Delivery, error) {
	msg, err := r.it.Next()
	if err != nil {
		return runner.Delivery{}, fmt.Errorf("read the events that wait: %w", err)
	}
	return deliveryOf(msg)
}

func (r follower) Stop() { r.it.Stop() }
