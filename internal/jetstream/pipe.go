package jetstream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/workflows/runner"
)

// ServerVersion is the version of the embedded server.
func ServerVersion() string { return server.VERSION }

// Pipe publishes over a connection of its own with many messages on their way
// at once: how a busy sender of events reaches a stream.
type Pipe struct {
	nc *nats.Conn
	js jetstream.JetStream

	failed atomic.Int64
	mu     sync.Mutex
	err    error // the first failure, guarded by mu
}

// DialPipe connects to the server at url, with at most inFlight messages not
// yet acknowledged.
func DialPipe(url string, inFlight int) (*Pipe, error) {
	nc, err := nats.Connect(url, nats.Name("mooring-pipe"))
	if err != nil {
		return nil, fmt.Errorf("connect to NATS: %w", err)
	}
	return newPipe(nc, inFlight)
}

func newPipe(nc *nats.Conn, inFlight int) (*Pipe, error) {
	p := &Pipe{nc: nc}
	js, err := jetstream.New(nc,
		jetstream.WithPublishAsyncMaxPending(inFlight),
		jetstream.WithPublishAsyncTimeout(time.Minute),
		jetstream.WithPublishAsyncErrHandler(func(_ jetstream.JetStream, _ *nats.Msg, err error) { p.fail(err) }))
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("open JetStream: %w", err)
	}
	p.js = js
	return p, nil
}

func (p *Pipe) fail(err error) {
	p.failed.Add(1)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		p.err = err
	}
}

// Publish sends one message and returns at once, unless inFlight messages wait
// for their acknowledgement already. Flush says whether it was stored.
func (p *Pipe) Publish(subject string, header map[string]string, body []byte) error {
	msg := nats.NewMsg(subject)
	msg.Data = body
	for k, v := range header {
		msg.Header.Set(k, v)
	}
	if _, err := p.js.PublishMsgAsync(msg, jetstream.WithStallWait(time.Minute)); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	return nil
}

// Flush waits until every message was acknowledged, and fails when one was not
// stored.
func (p *Pipe) Flush(ctx context.Context) error {
	select {
	case <-p.js.PublishAsyncComplete():
	case <-ctx.Done():
		return fmt.Errorf("wait for acknowledgements: %w", ctx.Err())
	}
	if n := p.failed.Load(); n > 0 {
		p.mu.Lock()
		defer p.mu.Unlock()
		return fmt.Errorf("%d messages were not stored, the first because: %w", n, p.err)
	}
	return nil
}

// Close ends the connection.
func (p *Pipe) Close() { p.nc.Close() }

// Use is what one stream has taken.
type Use struct {
	// Written counts messages ever stored; Held and Bytes are those there now.
	Written, Held, Bytes uint64
}

// Uses says what each stream has taken so far.
func (s *Store) Uses(ctx context.Context) (map[string]Use, error) {
	out := map[string]Use{}
	for name, st := range s.streams {
		info, err := st.Info(ctx)
		if err != nil {
			return nil, fmt.Errorf("ask the stream %s: %w", name, err)
		}
		out[name] = Use{info.State.LastSeq, info.State.Msgs, info.State.Bytes}
	}
	return out, nil
}

// Load is a number of bare messages for one stream, each Bytes long as the
// stream counts it.
type Load struct {
	Stream   string
	Messages int
	Bytes    int
}

// errNoSubject says that a stream cannot be loaded.
var errNoSubject = errors.New("no bare messages can be written to it")

// WriteBare publishes the loads side by side, each over a connection of its
// own with inFlight messages on their way, and returns once every message was
// acknowledged. Subjects, sizes and the timers' schedules are those of the
// program; nothing reads, compares or decides.
func WriteBare(ctx context.Context, o Options, loads []Load, inFlight int) error {
	errs := make(chan error, len(loads))
	for _, l := range loads {
		go func() { errs <- writeBare(ctx, o, l, inFlight) }()
	}
	var err error
	for range loads {
		err = errors.Join(err, <-errs)
	}
	return err
}

func writeBare(ctx context.Context, o Options, l Load, inFlight int) error {
	nc, err := dial(o)
	if err != nil {
		return err
	}
	defer nc.Close()
	p, err := newPipe(nc, inFlight)
	if err != nil {
		return err
	}
	due := time.Now().Add(3 * day)
	for i := range l.Messages {
		subject, header, body, err := l.message(i, due)
		if err != nil {
			return err
		}
		if err := p.Publish(subject, header, body); err != nil {
			return fmt.Errorf("load the stream %s: %w", l.Stream, err)
		}
	}
	if err := p.Flush(ctx); err != nil {
		return fmt.Errorf("load the stream %s: %w", l.Stream, err)
	}
	return nil
}

// WriteBareInOrder publishes the loads as so many journeys write them: each of
// the hands takes one journey at a time and publishes its messages one after
// another, in the order of the loads, each once the one before was
// acknowledged. Nothing reads, compares or decides.
func WriteBareInOrder(ctx context.Context, o Options, loads []Load, journeys, hands int) error {
	nc, err := dial(o)
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return fmt.Errorf("open JetStream: %w", err)
	}
	due := time.Now().Add(3 * day)
	journey := func(n int) error {
		for _, l := range loads {
			for i := n * l.Messages / journeys; i < (n+1)*l.Messages/journeys; i++ {
				msg, err := l.msg(i, due)
				if err != nil {
					return err
				}
				if _, err := js.PublishMsg(ctx, msg); err != nil {
					return fmt.Errorf("load the stream %s: %w", l.Stream, err)
				}
			}
		}
		return nil
	}
	var next atomic.Int64
	errs := make(chan error, hands)
	for range hands {
		go func() {
			for n := int(next.Add(1)) - 1; n < journeys; n = int(next.Add(1)) - 1 {
				if err := journey(n); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for range hands {
		err = errors.Join(err, <-errs)
	}
	return err
}

// msg is the i-th message of a load as the client library takes it.
func (l Load) msg(i int, due time.Time) (*nats.Msg, error) {
	subject, header, body, err := l.message(i, due)
	if err != nil {
		return nil, err
	}
	msg := nats.NewMsg(subject)
	msg.Data = body
	for k, v := range header {
		msg.Header.Set(k, v)
	}
	return msg, nil
}

// message is the i-th message of a load, of its size as the stream counts it.
func (l Load) message(i int, due time.Time) (subject string, header map[string]string, body []byte, err error) {
	subject, header = bareMessage(l.Stream, i, due)
	if subject == "" {
		return "", nil, nil, fmt.Errorf("load the stream %s: %w", l.Stream, errNoSubject)
	}
	// What the server's store adds to subject, headers and body: a record
	// header and a checksum, and a length where there are headers.
	size := l.Bytes - 30 - len(subject)
	if len(header) > 0 {
		size -= 4 + len("NATS/1.0\r\n\r\n")
		for k, v := range header {
			size -= len(k) + len(v) + len(": \r\n")
		}
	}
	return subject, header, bytes.Repeat([]byte{'x'}, max(0, size)), nil
}

// bareMessage is a subject, and the headers without which a stream would not
// do the same work, of the i-th bare message.
func bareMessage(stream string, i int, due time.Time) (string, map[string]string) {
	t := tail(runner.Ref{Clinic: "bench", Key: fmt.Sprintf("%c%025d", 'a'+i%26, i)})
	switch stream {
	case streamEvents:
		return "events.bench.appointment.noshow", nil
	case streamInside:
		return "inside.bench.message.accepted", nil
	case streamClients:
		return prefixClients + t, nil
	case streamAudit:
		return prefixAudit + t, nil
	case streamTimers:
		return prefixTimersSet + t, map[string]string{
			headerSchedule: "@at " + due.UTC().Format(time.RFC3339Nano), headerScheduleTarget: prefixTimersDue + t,
		}
	case streamOutbox:
		return fmt.Sprintf("%scare.%s.m%025d", prefixOutbox, t, i), nil
	case streamDeliveries:
		return fmt.Sprintf("%s%s.m%025d", prefixDeliveries, t, i/2), nil
	}
	return "", nil
}
