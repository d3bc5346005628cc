package jetstream

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// WritePlainly takes so many journeys through the streams as the program does,
// and does nothing else: an event is read, a decision of its size is appended
// on the condition that there is none before, the message and the timer follow;
// the decision is read and copied into AUDIT, the message is read and written
// down twice. Nothing is parsed, decided, rendered or looked up. deciding and
// sending are how many hands do each at once. It returns once the last message
// was written down.
func WritePlainly(ctx context.Context, o Options, loads []Load, journeys, deciding, sending int) error {
	nc, err := dial(o)
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(time.Minute))
	if err != nil {
		return fmt.Errorf("open JetStream: %w", err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	p := &plain{js: js, loads: map[string]Load{}, due: time.Now().Add(3 * day), done: make(chan struct{}), fail: cancel}
	p.left.Store(int64(journeys))
	for _, l := range loads {
		p.loads[l.Stream] = l
	}
	var under sync.WaitGroup
	var stops []func()
	defer func() {
		for _, stop := range stops {
			stop()
		}
		under.Wait()
	}()
	for _, r := range []struct {
		stream string
		hands  int
		work   work
	}{
		{streamEvents, deciding, p.decide},
		{streamClients, deciding, p.copy},
		{streamOutbox, sending, p.send},
	} {
		it, err := p.read(ctx, r.stream, r.hands)
		if err != nil {
			return fmt.Errorf("read %s: %w", r.stream, err)
		}
		stops = append(stops, it.Stop)
		for range r.hands {
			under.Go(func() { p.follow(ctx, it, r.work) })
		}
	}
	if err := p.begin(nc, journeys); err != nil {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("write plainly: %w", context.Cause(ctx))
	}
}

type plain struct {
	js    jetstream.JetStream
	loads map[string]Load
	due   time.Time
	left  atomic.Int64 // journeys not yet sent
	done  chan struct{}
	fail  context.CancelCauseFunc
}

// work writes what follows from the n-th message of a stream.
type work func(ctx context.Context, n int) error

func (p *plain) read(ctx context.Context, stream string, hands int) (jetstream.MessagesContext, error) {
	cons, err := p.js.CreateConsumer(ctx, stream, jetstream.ConsumerConfig{
		Durable: "plain", AckPolicy: jetstream.AckExplicitPolicy, AckWait: time.Minute, MaxAckPending: 4096,
	})
	if err != nil {
		return nil, err
	}
	return cons.Messages(jetstream.PullMaxMessages(2 * hands))
}

// begin publishes the events as a busy sender does.
func (p *plain) begin(nc *nats.Conn, journeys int) error {
	pipe, err := newPipe(nc, plainInFlight)
	if err != nil {
		return err
	}
	for n := range journeys {
		subject, header, body, err := p.loads[streamEvents].message(n, p.due)
		if err != nil {
			return err
		}
		if err := pipe.Publish(subject, header, body); err != nil {
			return err
		}
	}
	return nil
}

// plainInFlight is how many published events may wait for their
// acknowledgement.
const plainInFlight = 512

// follow reads one message after another and writes what follows from it.
func (p *plain) follow(ctx context.Context, it jetstream.MessagesContext, work work) {
	for ctx.Err() == nil {
		msg, err := it.Next()
		if errors.Is(err, jetstream.ErrMsgIteratorClosed) {
			return
		}
		if err == nil {
			var md *jetstream.MsgMetadata
			if md, err = msg.Metadata(); err == nil {
				err = work(ctx, int(md.Sequence.Stream)-1)
			}
		}
		if err != nil {
			p.fail(err)
			return
		}
		_ = msg.Ack()
	}
}

func (p *plain) decide(ctx context.Context, n int) error {
	return p.write(ctx, n, streamClients, streamOutbox, streamTimers)
}

func (p *plain) copy(ctx context.Context, n int) error { return p.write(ctx, n, streamAudit) }

func (p *plain) send(ctx context.Context, n int) error {
	if err := p.write(ctx, n, streamDeliveries, streamDeliveries); err != nil {
		return err
	}
	if p.left.Add(-1) == 0 {
		close(p.done)
	}
	return nil
}

// write publishes journey n's message of each stream, one after another, each
// expecting to be its subject's first or to follow the one before it.
func (p *plain) write(ctx context.Context, n int, streams ...string) error {
	var last uint64
	for i, stream := range streams {
		of := n
		if stream == streamDeliveries {
			of = 2 * n
		}
		msg, err := p.loads[stream].msg(of, p.due)
		if err != nil {
			return err
		}
		var opts []jetstream.PublishOpt
		switch stream {
		case streamClients, streamAudit:
			opts = append(opts, jetstream.WithExpectLastSequencePerSubject(0))
		case streamDeliveries:
			opts = append(opts, jetstream.WithExpectLastSequencePerSubject(last))
		}
		ack, err := p.js.PublishMsg(ctx, msg, opts...)
		if err != nil {
			return fmt.Errorf("write message %d to %s: %w", i, stream, err)
		}
		last = ack.Sequence
	}
	return nil
}
