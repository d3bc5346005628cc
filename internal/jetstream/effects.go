package jetstream

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/workflows/runner"
)

// keepRecords is how many of a client's latest records stay in CLIENTS once
// AUDIT has the rest.
const keepRecords = 16

// Recorded is one decision read back from the log.
type Recorded struct {
	Ref      runner.Ref
	Sequence uint64
	Record   []byte
	Meta     runner.Meta
}

// ConsumeEffects reads the log of decisions: perform does what a decision asks
// for, unless that was done right after the append, and returns the record
// without its state, which is copied into AUDIT before the record is
// acknowledged. submit runs work in the order of one client's records.
func (s *Store) ConsumeEffects(
	ctx context.Context, inFlight int,
	submit func(ref runner.Ref, work func()),
	perform func(ctx context.Context, r Recorded) (audit []byte, err error),
) {
	s.consume(ctx, effectsQueue(), inFlight, pullAhead(renewAfter), func(msg jetstream.Msg, done func()) {
		ref, _, ok := refOf(msg.Subject(), prefixClients)
		md, err := msg.Metadata()
		if !ok || err != nil {
			s.log.Error("a record of CLIENTS cannot be read", "error", err)
			done()
			return
		}
		r := Recorded{ref, md.Sequence.Stream, msg.Data(), metaOf(msg.Headers())}
		submit(ref, func() {
			defer done()
			work := context.WithoutCancel(ctx)
			audit, err := perform(work, r)
			if err == nil {
				err = s.audit(work, r, audit)
			}
			if err != nil {
				s.log.Warn("effects of a decision are not done yet; trying again", "sequence", r.Sequence, "error", err)
				_ = msg.NakWithDelay(200 * time.Millisecond)
				return
			}
			// Trimmed only now: AUDIT has this record and, as it is filled in
			// order, every one before it.
			if r.Meta.Decisions > keepRecords && r.Meta.Decisions%keepRecords == 0 {
				if err := s.archive.Trim(work, r); err != nil {
					s.log.Warn("trimming a client's log failed; the next time will do it", "error", err)
				}
			}
			_ = msg.Ack()
		})
	})
}

func effectsQueue() Queue {
	return Queue{streamClients, consumerEffects, []string{prefixClients + ">"}, runnerAckWait, nil}
}

// trim drops a client's records before the last keepRecords up to r. It counts
// back from r and not from the end of the log: of what came after r AUDIT may
// have nothing yet.
func (s *Store) trim(ctx context.Context, r Recorded) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	oldest := r.Meta.Previous
	for range keepRecords - 2 {
		msg, err := s.streams[streamClients].GetMsg(ctx, oldest)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil // trimmed before
		}
		if err != nil {
			return fmt.Errorf("count a client's records: %w", err)
		}
		if oldest = metaOf(msg.Header).Previous; oldest == 0 {
			return nil
		}
	}
	err := s.streams[streamClients].Purge(ctx,
		jetstream.WithPurgeSubject(prefixClients+tail(r.Ref)), jetstream.WithPurgeSequence(oldest))
	if err != nil {
		return fmt.Errorf("trim a client's log: %w", err)
	}
	return nil
}

// errGap says that an earlier record of the client is not in AUDIT yet.
var errGap = errors.New("an earlier decision is not in AUDIT yet")

// audit appends a record to its client's chain, once and in order.
func (s *Store) audit(ctx context.Context, r Recorded, body []byte) error {
	subject := prefixAudit + tail(r.Ref)
	end, known := s.chain.Get(subject)
	if !known && r.Meta.Previous != 0 {
		var err error
		if end, err = s.archive.End(ctx, r.Ref); err != nil {
			return err
		}
	}
	for {
		if end.Record >= r.Sequence {
			s.chain.Add(subject, end)
			return nil // copied before a crash, or by another replica
		}
		header := nats.Header{}
		if end.Record != r.Meta.Previous {
			gone, err := s.copiedBefore(ctx, r)
			if err != nil || !gone {
				s.chain.Remove(subject)
				return cmp.Or(err, errGap)
			}
			if end.Sequence == 0 {
				header.Set(headerChainAnew, strconv.FormatUint(r.Meta.Previous, 10))
			}
		}
		header.Set(headerChain, end.Hash)
		header.Set(headerRecord, strconv.FormatUint(r.Sequence, 10))
		seq, err := s.archive.Copy(ctx, r.Ref, end.Sequence, header, body)
		switch {
		case err == nil:
			s.chain.Add(subject, ChainEnd{seq, r.Sequence, chainHash(end.Hash, body)})
			return nil
		case !isConflict(err):
			s.chain.Remove(subject)
			return fmt.Errorf("copy a decision into AUDIT: %w", err)
		}
		if end, err = s.archive.End(ctx, r.Ref); err != nil {
			return err
		}
	}
}

// copiedBefore says whether every decision before r was copied, so that what AUDIT
// lacks of them is gone: dropped for its age, or taken out. Then the chain goes on
// from what there is, and Verify says what is missing. An earlier one that is only
// not copied yet is still there and not acknowledged, for the copy comes first; so
// all were copied when, of what CLIENTS holds of the client beyond the point up to
// which everything was acknowledged, r is the first.
func (s *Store) copiedBefore(ctx context.Context, r Recorded) (bool, error) {
	q := effectsQueue()
	var floor uint64
	switch cons, err := s.js.Consumer(ctx, q.stream, q.durable); {
	case errors.Is(err, jetstream.ErrConsumerNotFound): // nothing was acknowledged
	case err != nil:
		return false, fmt.Errorf("ask the consumer %s: %w", q.durable, err)
	default:
		floor = cons.CachedInfo().AckFloor.Stream
	}
	q.filters = []string{prefixClients + tail(r.Ref)}
	first, err := s.openFrom(ctx, q, floor)
	return first == r.Sequence, err
}

func (s *Store) auditEnd(ctx context.Context, subject string) (ChainEnd, error) {
	msg, err := s.last(ctx, streamAudit, subject)
	if err != nil || msg == nil {
		return ChainEnd{}, err
	}
	record, err := strconv.ParseUint(msg.Header.Get(headerRecord), 10, 64)
	if err != nil {
		return ChainEnd{}, fmt.Errorf("read the header %s of an audit record: %w", headerRecord, err)
	}
	return ChainEnd{msg.Sequence, record, chainHash(msg.Header.Get(headerChain), msg.Data)}, nil
}

// chainHash is what the next record carries: the hash over this one's link and
// body.
func chainHash(link string, body []byte) string {
	h := sha256.New()
	h.Write([]byte(link))
	h.Write([]byte{0})
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}
