package jetstream

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/workflows/runner"
)

var _ runner.Log = (*Store)(nil)

// Load reads a client's last record from the stream's leader, or knows that it
// is the one that the caller has.
func (s *Store) Load(ctx context.Context, ref runner.Ref, known uint64) ([]byte, uint64, error) {
	if seq, ok := s.heads.get(ref); ok && seq == known {
		return nil, seq, nil
	}
	msg, err := s.last(ctx, streamClients, prefixClients+tail(ref))
	if err != nil || msg == nil {
		return nil, 0, err
	}
	return msg.Data, msg.Sequence, nil
}

// last reads the last message of a subject from the stream's leader; nil when
// there is none.
func (s *Store) last(ctx context.Context, stream, subject string) (*jetstream.RawStreamMsg, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	msg, err := s.streams[stream].GetLastMsgForSubject(ctx, subject)
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read the last message of a client in %s: %w", stream, err)
	}
	return msg, nil
}

// Append stores a decision when the client's last sequence is the expected one.
func (s *Store) Append(ctx context.Context, ref runner.Ref, expected uint64, record []byte, meta runner.Meta) (uint64, error) {
	msg := nats.NewMsg(prefixClients + tail(ref))
	msg.Data = record
	msg.Header.Set(headerDecisions, strconv.FormatInt(meta.Decisions, 10))
	msg.Header.Set(headerPrevious, strconv.FormatUint(meta.Previous, 10))
	if meta.Open > 0 {
		msg.Header.Set(headerOpen, strconv.Itoa(meta.Open))
		msg.Header.Set(headerOldestOpen, meta.OldestOpen.UTC().Format(time.RFC3339Nano))
	}
	if meta.Ownerless > 0 {
		msg.Header.Set(headerOwnerless, strconv.Itoa(meta.Ownerless))
	}
	if meta.Tasks > 0 {
		msg.Header.Set(headerTasks, strconv.Itoa(meta.Tasks))
	}
	if !meta.Next.IsZero() {
		msg.Header.Set(headerNext, meta.Next.UTC().Format(time.RFC3339Nano))
	}
	seq, err := s.publish(ctx, msg, jetstream.WithExpectLastSequencePerSubject(expected))
	if err != nil {
		s.heads.forget(ref)
	}
	if isConflict(err) {
		return 0, runner.ErrConflict
	}
	if isTooLarge(err) {
		return 0, fmt.Errorf("append a decision of %d bytes: %w", len(record), runner.ErrTooLarge)
	}
	if err != nil {
		return 0, fmt.Errorf("append a decision: %w", err)
	}
	s.heads.put(ref, seq)
	return seq, nil
}

// metaOf reads a record's headers back; what is absent is zero.
func metaOf(h nats.Header) runner.Meta {
	var m runner.Meta
	m.Open, _ = strconv.Atoi(h.Get(headerOpen))
	m.Ownerless, _ = strconv.Atoi(h.Get(headerOwnerless))
	m.Tasks, _ = strconv.Atoi(h.Get(headerTasks))
	m.Decisions, _ = strconv.ParseInt(h.Get(headerDecisions), 10, 64)
	m.Previous, _ = strconv.ParseUint(h.Get(headerPrevious), 10, 64)
	m.OldestOpen, _ = time.Parse(time.RFC3339Nano, h.Get(headerOldestOpen))
	m.Next, _ = time.Parse(time.RFC3339Nano, h.Get(headerNext))
	return m
}
