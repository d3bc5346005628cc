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

// youngestUrgent is read by both queues: a replica of an earlier version that starts
// beside this one sets the urgent queue's filter back to the kinds that it knows. What
// comes twice is recognised.
const youngestUrgent = events.SafetyRaised

// urgent says which subjects an urgent queue reads alone.
func urgent(origin events.Origin) func(string) bool {
	return func(subject string) bool {
		_, _, kind, ok := events.ParseSubject(subject)
		s, known := events.Lookup(kind)
		return ok && known && s.Urgent && s.Origin == origin && kind != youngestUrgent
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
// once, then waits for those under way. Whatever fails in between is tried again;
// that a consumer can be made at all is for CreateConsumers to say.
func (s *Store) Consume(ctx context.Context, q Queue, inFlight int, handle Handler) {
	s.consume(ctx, q, inFlight, pullAhead(renewAfter), func(msg jetstream.Msg, done func()) {
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

// consumer makes a queue's consumer, or brings it up to date.
func (s *Store) consumer(ctx context.Context, q Queue) (jetstream.Consumer, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cons, err := s.js.CreateOrUpdateConsumer(ctx, q.stream, jetstream.ConsumerConfig{
		Durable:        q.durable,
		AckPolicy:      jetstream.AckExplicitPolicy,
		AckWait:        q.ackWait,
		MaxDeliver:     -1,
		MaxAckPending:  4096,
		FilterSubjects: q.filters,
		DeliverPolicy:  jetstream.DeliverAllPolicy,
	})
	if err != nil {
		return nil, fmt.Errorf("create the consumer %s: %w", q.durable, err)
	}
	return cons, nil
}

// CreateConsumers makes the consumers of every queue and of the lanes, so that
// a program that cannot read says so when it starts.
func (s *Store) CreateConsumers(ctx context.Context, lanes ...Lane) error {
	queues := append(Queues(), timersQueue(), effectsQueue())
	for _, l := range lanes {
		queues = append(queues, l.q)
	}
	for _, q := range queues {
		if _, err := s.consumer(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// consume is the loop that all consumers share: pull reads until ctx ends or
// something fails, and hands each message over with a permit. It returns once
// ctx has ended and every message handed over is done with.
func (s *Store) consume(ctx context.Context, q Queue, inFlight int, pull puller, handle func(msg jetstream.Msg, done func())) {
	var under sync.WaitGroup
	defer under.Wait()
	permits := make(chan struct{}, inFlight)
	hand := func(msg jetstream.Msg) {
		under.Add(1)
		handle(msg, func() {
			<-permits
			under.Done()
		})
	}
	for ctx.Err() == nil {
		// The consumer may be gone (a stream restored from a backup, a hand that
		// slipped): it is made again, and starts from what nobody acknowledged.
		cons, err := s.consumer(ctx, q)
		if err == nil {
			err = pull(ctx, cons, permits, hand)
		}
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			continue
		}
		s.log.Warn("reading failed; trying again", "consumer", q.durable, "error", err)
		pause(ctx, 250*time.Millisecond)
	}
}

// puller reads a consumer until ctx ends, it fails, or it wants to start anew
// (nil). It takes a permit for each message before it hands it over.
type puller func(ctx context.Context, cons jetstream.Consumer, permits chan struct{}, hand func(jetstream.Msg)) error

// The client library leaves out a pull request when an answer overtakes its own
// bookkeeping of the request before, and looks again only when Next is called.
// So Next is called again after lookAgain; and because that resets its watch over
// the server's heartbeats, a reader that heard nothing for renewAfter starts anew
// with a fresh request.
const (
	lookAgain  = 250 * time.Millisecond
	renewAfter = 30 * time.Second
)

// pullAhead keeps a buffer full, for work of milliseconds. What is in it when
// ctx ends is given back, or it would come again only after AckWait. It returns
// nil when it heard nothing for as long as quiet.
func pullAhead(quiet time.Duration) puller {
	return func(ctx context.Context, cons jetstream.Consumer, permits chan struct{}, hand func(jetstream.Msg)) error {
		it, err := cons.Messages(jetstream.PullMaxMessages(cap(permits)), jetstream.PullExpiry(30*time.Second))
		if err != nil {
			return err
		}
		defer it.Stop()
		defer context.AfterFunc(ctx, it.Drain)()
		heard, renewing := time.Now(), false
		for {
			msg, err := it.Next(jetstream.NextMaxWait(lookAgain))
			switch {
			case errors.Is(err, nats.ErrTimeout):
				if !renewing && time.Since(heard) >= quiet {
					renewing = true
					it.Drain()
				}
				continue
			case renewing && errors.Is(err, jetstream.ErrMsgIteratorClosed):
				return nil
			case err != nil:
				return err
			}
			select {
			case permits <- struct{}{}:
			case <-ctx.Done():
			}
			if ctx.Err() != nil {
				giveBack(msg)
				continue
			}
			hand(msg)
			heard = time.Now()
		}
	}
}

// giveBack has a message come again at once. The server writes down a delay,
// however short; a plain Nak it forgets when it stops too, and the message
// would wait for AckWait after the start.
func giveBack(msg jetstream.Msg) { _ = msg.NakWithDelay(time.Millisecond) }

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
		if err := s.archive.Reject(context.WithoutCancel(ctx), d, v); err != nil {
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
func (s *Store) ConsumeTimers(ctx context.Context, inFlight int, handle func(ctx context.Context, ref runner.Ref, finish func(runner.Verdict))) {
	s.consume(ctx, timersQueue(), inFlight, pullAhead(renewAfter), func(msg jetstream.Msg, done func()) {
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

func timersQueue() Queue {
	return Queue{streamTimers, consumerTimers, []string{prefixTimersDue + ">"}, runnerAckWait, nil}
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
