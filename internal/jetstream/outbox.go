package jetstream

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/workflows/runner"
)

var _ notifier.Ledger = Ledger{}

// Enqueue puts a message into its lane. The same message may be put twice; the
// ledger keeps it from leaving twice.
func (s *Store) Enqueue(ctx context.Context, m notifier.Message) error {
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("write a message for the outbox: %w", err)
	}
	msg := nats.NewMsg(prefixOutbox + string(m.Lane) + "." + messageTail(m))
	msg.Data = body
	if _, err := s.publish(ctx, msg, jetstream.WithMsgID(m.ID)); err != nil {
		return fmt.Errorf("put a message into the outbox: %w", err)
	}
	return nil
}

func messageTail(m notifier.Message) string {
	return tail(runner.Ref{Clinic: m.Clinic, Key: m.Key}) + "." + m.ID
}

// Lane names the queue of messages that one notifier pool reads.
type Lane struct{ q Queue }

// SafetyLane is the queue of messages to staff, over all clinics.
func SafetyLane() Lane {
	return Lane{Queue{streamOutbox, consumerSafety, []string{prefixOutbox + string(notifier.Safety) + ".>"}, notifierAckWait, nil}}
}

// CareLane is the queue of one clinic's messages to clients: one clinic's
// outage fills nobody else's.
func CareLane(clinic string) Lane {
	return Lane{Queue{
		streamOutbox, consumerCarePrefix + clinic,
		[]string{prefixOutbox + string(notifier.Care) + ".*." + clinic + ".>"},
		notifierAckWait, nil,
	}}
}

// Job is one message taken from a lane.
type Job struct {
	Message notifier.Message
	// Finish settles the job: with 0 the message leaves the outbox, else it
	// comes again after that long. It is called exactly once.
	Finish func(again time.Duration)
}

// ConsumeLane reads a lane until ctx ends, at most inFlight messages at once,
// and keeps each one claimed at the server while it is worked on.
func (s *Store) ConsumeLane(ctx context.Context, lane Lane, inFlight int, handle func(Job)) {
	s.consume(ctx, lane.q, inFlight, pullExactly, func(msg jetstream.Msg, done func()) {
		var m notifier.Message
		if err := json.Unmarshal(msg.Data(), &m); err != nil {
			d, derr := deliveryOf(msg)
			if derr == nil {
				s.answer(ctx, msg, d, runner.Verdict{Action: runner.Reject, Reason: "broken", Text: "a message of the outbox cannot be read"})
			}
			done()
			return
		}
		working, stop := context.WithCancel(context.WithoutCancel(ctx))
		go func() {
			for pause(working, notifierAckWait/3) {
				_ = msg.InProgress()
			}
		}()
		handle(Job{Message: m, Finish: func(again time.Duration) {
			stop()
			if again > 0 {
				_ = msg.NakWithDelay(again)
			} else {
				_ = msg.Ack()
			}
			done()
		}})
	})
}

// pullExactly asks for no more messages than there are hands free, for work
// that may take longer than AckWait: what waited in a buffer that long would be
// handed out a second time, and two attempts at one message would meet.
func pullExactly(ctx context.Context, cons jetstream.Consumer, permits chan struct{}, hand func(jetstream.Msg)) error {
	for {
		select {
		case permits <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		free := 1
		for more := true; more && free < cap(permits); {
			select {
			case permits <- struct{}{}:
				free++
			default:
				more = false
			}
		}
		unused, err := pullBatch(ctx, cons, free, hand)
		for range unused {
			<-permits
		}
		if err != nil {
			return err
		}
	}
}

// pullBatch hands over n messages and says how many of n it did not. When ctx
// ends it drains: a fetch that is broken off would lose what has just arrived
// until AckWait is over.
func pullBatch(ctx context.Context, cons jetstream.Consumer, n int, hand func(jetstream.Msg)) (unused int, err error) {
	it, err := cons.Messages(jetstream.PullMaxMessages(n), jetstream.StopAfter(n), jetstream.PullExpiry(30*time.Second))
	if err != nil {
		return n, err
	}
	defer it.Stop()
	defer context.AfterFunc(ctx, it.Drain)()
	for n > 0 {
		msg, err := it.Next()
		if err != nil {
			return n, err
		}
		if ctx.Err() != nil {
			giveBack(msg)
			continue
		}
		hand(msg)
		n--
	}
	return n, nil
}

// Ledger is the DELIVERIES stream as the notifier sees it.
type Ledger struct{ s *Store }

// Ledger of this store.
func (s *Store) Ledger() Ledger { return Ledger{s} }

// Last reads a message's latest ledger record from the leader.
func (l Ledger) Last(ctx context.Context, m notifier.Message) (e notifier.Entry, revision uint64, err error) {
	msg, err := l.s.last(ctx, streamDeliveries, prefixDeliveries+messageTail(m))
	if err != nil || msg == nil {
		return e, 0, err
	}
	if err := json.Unmarshal(msg.Data, &e); err != nil {
		return e, 0, fmt.Errorf("read a ledger record: %w", err)
	}
	return e, msg.Sequence, nil
}

// Put appends a ledger record when the last one is the expected one.
func (l Ledger) Put(ctx context.Context, m notifier.Message, expected uint64, e notifier.Entry) (uint64, error) {
	body, err := json.Marshal(e)
	if err != nil {
		return 0, fmt.Errorf("write a ledger record: %w", err)
	}
	msg := nats.NewMsg(prefixDeliveries + messageTail(m))
	msg.Data = body
	msg.Header.Set(headerStatus, string(e.Status))
	rev, err := l.s.publish(ctx, msg, jetstream.WithExpectLastSequencePerSubject(expected))
	if isConflict(err) {
		return 0, notifier.ErrConflict
	}
	if err != nil {
		return 0, fmt.Errorf("write the ledger: %w", err)
	}
	return rev, nil
}
