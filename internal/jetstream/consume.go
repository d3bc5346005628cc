package jetstream

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/runner"
)

// Queue names a durable consumer that the runner or a notifier reads.
type Queue struct {
	stream  string
	durable string
	filters []string
	ackWait time.Duration
	// passOver says which subjects that the filters let in are read by another
	// queue; nil for none.
	passOver func(subject string) bool
}

// Queues of the runner, most urgent first. Kinds that concern safety never
// wait behind others, and imports come last. The plain queues read all that
// their stream holds: a kind that nobody knows, or that is not this stream's,
// was acknowledged too and must end in REJECTED (the rule nothing-lost).
func Queues() []Queue {
	var urgentOut, urgentIn []string
	for _, s := range events.Kinds() {
		switch {
		case s.Urgent && s.Origin == events.Outside:
			urgentOut = append(urgentOut, events.Subject(events.SubjectEvents, "*", s.Kind))
		case s.Urgent:
			urgentIn = append(urgentIn, events.Subject(events.SubjectInside, "*", s.Kind))
		}
	}
	return []Queue{
		{streamEvents, consumerEventsUrgent, urgentOut, runnerAckWait, nil},
		{streamInside, consumerInsideUrgent, urgentIn, runnerAckWait, nil},
		{streamEvents, consumerEvents, []string{events.SubjectEvents + ".>"}, runnerAckWait, urgent(events.Outside)},
		{streamInside, consumerInside, []string{events.SubjectInside + ".>"}, runnerAckWait, urgent(events.Inside)},
		{streamEvents, consumerBulk, []string{events.SubjectBulk + ".>"}, runnerAckWait, nil},
	}
}

// urgent says which subjects an urgent queue reads.
func urgent(origin events.Origin) func(string) bool {
	return func(subject string) bool {
		_, _, kind, ok := events.ParseSubject(subject)
		s, known := events.Lookup(kind)
		return ok && known && s.Urgent && s.Origin == origin
	}
}

const (
	runnerAckWait   = 5 * time.Second
	notifierAckWait = 30 * time.Second
)

// Handler takes a delivery and answers by calling finish exactly once, on any
// goroutine.
type Handler func(ctx context.Context, d runner.Delivery, finish func(runner.Verdict))

// Consume reads a queue until ctx ends, with at most inFlight deliveries at
// once, then waits for those under way. It returns an error only when the
// consumer cannot be set up.
func (s *Store) Consume(ctx context.Context, q Queue, inFlight int, handle Handler) error {
	return s.consume(ctx, q, inFlight, func(msg jetstream.Msg, done func()) {
		if q.passOver != nil && q.passOver(msg.Subject()) {
			_ = msg.Ack()
			done()
			return
		}
		d, err := deliveryOf(msg)
		if err != nil {
			// Without metadata it is no JetStream delivery and cannot be acked.
			s.log.Error("a delivery without metadata was passed over", "error", err)
			done()
			return
		}
		handle(ctx, d, func(v runner.Verdict) {
			defer done()
			s.answer(ctx, msg, d, v)
		})
	})
}

// consume is the loop that all consumers share.
func (s *Store) consume(ctx context.Context, q Queue, inFlight int, handle func(msg jetstream.Msg, done func())) error {
	cfg := jetstream.ConsumerConfig{
		Durable:        q.durable,
		AckPolicy:      jetstream.AckExplicitPolicy,
		AckWait:        q.ackWait,
		MaxDeliver:     -1,
		MaxAckPending:  4096,
		FilterSubjects: q.filters,
		DeliverPolicy:  jetstream.DeliverAllPolicy,
	}
	setup, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	cons, err := s.js.CreateOrUpdateConsumer(setup, q.stream, cfg)
	if err != nil {
		return fmt.Errorf("create the consumer %s: %w", q.durable, err)
	}
	var under sync.WaitGroup
	defer under.Wait()
	permits := make(chan struct{}, inFlight)
	for ctx.Err() == nil {
		it, err := cons.Messages(jetstream.PullMaxMessages(inFlight), jetstream.PullExpiry(30*time.Second))
		if err != nil {
			s.log.Warn("pulling failed; trying again", "consumer", q.durable, "error", err)
			if !pause(ctx, time.Second) {
				return nil
			}
			continue
		}
		// Drained, not stopped: what was pulled and not begun is given back below,
		// so that it comes again at once, to another replica or after the start.
		stop := context.AfterFunc(ctx, it.Drain)
		for {
			msg, err := it.Next()
			if err != nil {
				if !errors.Is(err, jetstream.ErrMsgIteratorClosed) && ctx.Err() == nil {
					s.log.Warn("reading failed; trying again", "consumer", q.durable, "error", err)
				}
				break
			}
			if !taken(ctx, permits) {
				_ = msg.Nak()
				continue
			}
			under.Add(1)
			handle(msg, func() {
				<-permits
				under.Done()
			})
		}
		stop()
		it.Stop()
		if ctx.Err() == nil {
			// The consumer may be gone (a purge by hand, a restored backup): it
			// is made again, and starts from what nobody acknowledged.
			again, cancel := context.WithTimeout(ctx, timeout)
			if c, err := s.js.CreateOrUpdateConsumer(again, q.stream, cfg); err == nil {
				cons = c
			}
			cancel()
			if !pause(ctx, 100*time.Millisecond) {
				return nil
			}
		}
	}
	return nil
}

// taken takes a permit; false means that ctx ended first.
func taken(ctx context.Context, permits chan<- struct{}) bool {
	if ctx.Err() != nil {
		return false
	}
	select {
	case permits <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// pause waits for d or the end of ctx; false means that ctx ended.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func deliveryOf(msg jetstream.Msg) (runner.Delivery, error) {
	md, err := msg.Metadata()
	if err != nil {
		return runner.Delivery{}, fmt.Errorf("read a delivery's metadata: %w", err)
	}
	return runner.Delivery{
		Wire:     events.Wire{Subject: msg.Subject(), Header: msg.Headers(), Body: msg.Data()},
		Stream:   md.Stream,
		Sequence: md.Sequence.Stream,
		Stored:   md.Timestamp,
	}, nil
}

// answer tells the server what became of a delivery. An answer that is lost
// costs a repeat, which event ids and the ledger recognise.
func (s *Store) answer(ctx context.Context, msg jetstream.Msg, d runner.Delivery, v runner.Verdict) {
	switch v.Action {
	case runner.Done:
		s.arrivals.decided(place{d.Stream, d.Sequence})
		_ = msg.Ack()
	case runner.Reject:
		// Stored in REJECTED first, acknowledged after: a crash between the two
		// repeats it under the same message id.
		if err := s.Reject(context.WithoutCancel(ctx), d, v); err != nil {
			s.log.Warn("rejecting failed; trying again", "error", err)
			_ = msg.NakWithDelay(time.Second)
			return
		}
		s.arrivals.decided(place{d.Stream, d.Sequence})
		_ = msg.Ack()
	default:
		if v.After > 0 {
			_ = msg.NakWithDelay(v.After)
		} else {
			_ = msg.Nak()
		}
	}
}

// ConsumeTimers hands every due timer to handle, which answers when the timer
// was set again from the client's latest state.
func (s *Store) ConsumeTimers(ctx context.Context, inFlight int, handle func(ctx context.Context, ref runner.Ref, finish func(runner.Verdict))) error {
	q := Queue{streamTimers, consumerTimers, []string{prefixTimersDue + ">"}, runnerAckWait, nil}
	return s.consume(ctx, q, inFlight, func(msg jetstream.Msg, done func()) {
		ref, _, ok := refOf(msg.Subject(), prefixTimersDue)
		if !ok {
			_ = msg.Term()
			done()
			return
		}
		handle(ctx, ref, func(v runner.Verdict) {
			defer done()
			if v.Action == runner.Done {
				_ = msg.Ack()
				return
			}
			_ = msg.NakWithDelay(max(v.After, 50*time.Millisecond))
		})
	})
}

// Publisher stores events; it is the door's and our own pages' way in.
type Publisher struct{ s *Store }

// Publisher of this store.
func (s *Store) Publisher() Publisher { return Publisher{s} }

// Publish stores one event and returns once the stream acknowledged it.
func (p Publisher) Publish(ctx context.Context, subject, msgID string, header map[string]string, body []byte) error {
	msg := nats.NewMsg(subject)
	msg.Data = body
	for k, v := range header {
		msg.Header.Set(k, v)
	}
	var opts []jetstream.PublishOpt
	if msgID != "" {
		opts = append(opts, jetstream.WithMsgID(msgID))
	}
	if _, err := p.s.publish(ctx, msg, opts...); err != nil {
		return fmt.Errorf("publish an event: %w", err)
	}
	return nil
}
