package faults

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/runner"
)

// Snapshot is everything that the streams held at one moment, read with a plain
// connection and by names of its own: the program's store must not vouch for
// itself.
type Snapshot struct {
	At      time.Time
	Events  []Stored // EVENTS, oldest first
	Inside  []Stored // INSIDE, oldest first
	Audit   map[runner.Ref][]Audited
	Clients map[runner.Ref]Client
	Ledger  map[string][]Written // by message id, oldest first
	Timers  map[runner.Ref]Timer
	// Rejected is what stands in REJECTED, by origin subject and sequence.
	Rejected map[string][]Refused
	// Outbox are the ids of messages that still wait.
	Outbox []string
	// Unfinished is what durable consumers have not finished.
	Unfinished map[string]uint64
}

// Stored is one event of EVENTS or INSIDE.
type Stored struct {
	Subject  string
	Sequence uint64
	At       time.Time
	Event    events.Event
	// Err says why nobody can act on it.
	Err    error
	Header map[string][]string
	Body   []byte
}

// Refused is one record of REJECTED.
type Refused struct {
	Subject string
	Reason  events.Reason
	// Whole is the event's headers as a line of JSON, then its body.
	Whole []byte
}

// Origin names the event as REJECTED does.
func (s Stored) Origin() string { return origin(s.Subject, strconv.FormatUint(s.Sequence, 10)) }

func origin(subject, seq string) string { return subject + "#" + seq }

// Audited is one record of AUDIT.
type Audited struct {
	Entry  runner.Entry
	Chain  string // the hash of the one before, as the record has it
	Record uint64 // the sequence in CLIENTS that it copies
	Body   []byte
}

// Client is a client's latest record.
type Client struct {
	State     workflows.State
	Sequence  uint64
	At        time.Time // when it was stored
	Decisions int64
	Kept      []uint64 // the sequences that CLIENTS still has
}

// Written is one record of the ledger.
type Written struct {
	Ref   runner.Ref
	Entry notifier.Entry
}

// Timer is what TIMERS holds for a client.
type Timer struct {
	Set time.Time // zero when none is set
	Due bool      // it has fired and waits for the runner
}

// Take reads the snapshot over nc, whose user may read everything.
func Take(ctx context.Context, nc *nats.Conn) (*Snapshot, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("take a snapshot: %w", err)
	}
	s := &Snapshot{
		Audit: map[runner.Ref][]Audited{}, Clients: map[runner.Ref]Client{}, Ledger: map[string][]Written{},
		Timers: map[runner.Ref]Timer{}, Rejected: map[string][]Refused{},
	}
	if s.Unfinished, err = Unfinished(ctx, nc); err != nil {
		return nil, err
	}
	for _, r := range []struct {
		stream string
		take   func(jetstream.Msg, *jetstream.MsgMetadata) error
	}{
		// What follows from others is read after them.
		{"EVENTS", func(m jetstream.Msg, md *jetstream.MsgMetadata) error {
			s.Events = append(s.Events, stored(m, md))
			return nil
		}},
		{"INSIDE", func(m jetstream.Msg, md *jetstream.MsgMetadata) error {
			s.Inside = append(s.Inside, stored(m, md))
			return nil
		}},
		{"CLIENTS", s.client},
		{"AUDIT", s.audited},
		{"DELIVERIES", s.written},
		{"OUTBOX", func(m jetstream.Msg, _ *jetstream.MsgMetadata) error {
			s.Outbox = append(s.Outbox, m.Subject()[strings.LastIndexByte(m.Subject(), '.')+1:])
			return nil
		}},
		{"REJECTED", func(m jetstream.Msg, _ *jetstream.MsgMetadata) error {
			from := origin(m.Headers().Get("Mooring-Origin"), m.Headers().Get("Mooring-Origin-Sequence"))
			s.Rejected[from] = append(s.Rejected[from], Refused{
				Subject: m.Subject(), Reason: events.Reason(m.Headers().Get("Mooring-Reason")), Whole: m.Data(),
			})
			return nil
		}},
	} {
		if err := each(ctx, js, r.stream, r.take); err != nil {
			return nil, fmt.Errorf("take a snapshot of %s: %w", r.stream, err)
		}
	}
	if err := s.timers(ctx, js); err != nil {
		return nil, fmt.Errorf("take a snapshot of TIMERS: %w", err)
	}
	s.At = time.Now()
	return s, nil
}

// firing is how long a timer may take from its set-subject to its due-subject.
const firing = 2 * time.Second

// timers reads TIMERS, and again while somebody who waits has none: a timer that
// fires just then is on neither subject for a moment.
func (s *Snapshot) timers(ctx context.Context, js jetstream.JetStream) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for began := time.Now(); ; {
		s.Timers = map[runner.Ref]Timer{}
		if err := each(ctx, js, "TIMERS", s.timer); err != nil {
			return err
		}
		missing := false
		for ref, c := range s.Clients {
			missing = missing || !c.State.Next().IsZero() && s.Timers[ref] == Timer{}
		}
		if !missing || time.Since(began) > firing {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func stored(m jetstream.Msg, md *jetstream.MsgMetadata) Stored {
	ev, err := events.Decode(events.Wire{Subject: m.Subject(), Header: m.Headers(), Body: m.Data()})
	return Stored{
		Subject: m.Subject(), Sequence: md.Sequence.Stream, At: md.Timestamp, Event: ev, Err: err, Header: m.Headers(), Body: m.Data(),
	}
}

func (s *Snapshot) client(m jetstream.Msg, md *jetstream.MsgMetadata) error {
	ref, err := refOf(m.Subject(), 1)
	if err != nil {
		return err
	}
	c := s.Clients[ref]
	if c.State, err = runner.ReadState(m.Data()); err != nil {
		return err
	}
	c.Sequence, c.At, c.Kept = md.Sequence.Stream, md.Timestamp, append(c.Kept, md.Sequence.Stream)
	if c.Decisions, err = strconv.ParseInt(m.Headers().Get("Mooring-Decisions"), 10, 64); err != nil {
		return fmt.Errorf("read the number of decisions: %w", err)
	}
	s.Clients[ref] = c
	return nil
}

func (s *Snapshot) audited(m jetstream.Msg, _ *jetstream.MsgMetadata) error {
	ref, err := refOf(m.Subject(), 1)
	if err != nil {
		return err
	}
	a := Audited{Chain: m.Headers().Get("Mooring-Chain"), Body: m.Data()}
	if a.Entry, err = runner.ReadEntry(m.Data()); err != nil {
		return err
	}
	if a.Record, err = strconv.ParseUint(m.Headers().Get("Mooring-Record"), 10, 64); err != nil {
		return fmt.Errorf("read the record that an audit record copies: %w", err)
	}
	s.Audit[ref] = append(s.Audit[ref], a)
	return nil
}

func (s *Snapshot) written(m jetstream.Msg, _ *jetstream.MsgMetadata) error {
	ref, err := refOf(m.Subject(), 1)
	if err != nil {
		return err
	}
	w := Written{Ref: ref}
	if err := json.Unmarshal(m.Data(), &w.Entry); err != nil {
		return fmt.Errorf("read a ledger record: %w", err)
	}
	id := m.Subject()[strings.LastIndexByte(m.Subject(), '.')+1:]
	s.Ledger[id] = append(s.Ledger[id], w)
	return nil
}

func (s *Snapshot) timer(m jetstream.Msg, _ *jetstream.MsgMetadata) error {
	ref, err := refOf(m.Subject(), 2)
	if err != nil {
		return err
	}
	t := s.Timers[ref]
	if strings.HasPrefix(m.Subject(), "timers.due.") {
		t.Due = true
	} else {
		at, _ := strings.CutPrefix(m.Headers().Get("Nats-Schedule"), "@at ")
		if t.Set, err = time.Parse(time.RFC3339Nano, at); err != nil {
			return fmt.Errorf("read a timer: %w", err)
		}
	}
	s.Timers[ref] = t
	return nil
}

// refOf reads the client from a subject whose first tokens are its kind's.
func refOf(subject string, first int) (runner.Ref, error) {
	parts := strings.Split(subject, ".")
	if len(parts) < first+3 {
		return runner.Ref{}, fmt.Errorf("read the subject %q: too short", subject)
	}
	return runner.Ref{Clinic: parts[first+1], Key: parts[first+2]}, nil
}

// each reads a stream from its beginning to where it ends now.
func each(ctx context.Context, js jetstream.JetStream, stream string, take func(jetstream.Msg, *jetstream.MsgMetadata) error) error {
	st, err := js.Stream(ctx, stream)
	if err != nil {
		return err
	}
	end := st.CachedInfo().State.LastSeq
	if st.CachedInfo().State.Msgs == 0 {
		return nil
	}
	if st.CachedInfo().Config.Retention == jetstream.WorkQueuePolicy {
		// A work queue lets nobody read past its consumers.
		for seq := st.CachedInfo().State.FirstSeq; ; seq++ {
			m, err := st.GetMsg(ctx, seq, jetstream.WithGetMsgSubject(">"))
			if errors.Is(err, jetstream.ErrMsgNotFound) {
				return nil
			}
			if err != nil {
				return err
			}
			if err := take(raw{m}, nil); err != nil {
				return err
			}
			seq = m.Sequence
		}
	}
	cons, err := js.OrderedConsumer(ctx, stream, jetstream.OrderedConsumerConfig{})
	if err != nil {
		return err
	}
	it, err := cons.Messages()
	if err != nil {
		return err
	}
	defer it.Stop()
	defer context.AfterFunc(ctx, it.Stop)()
	for {
		m, err := it.Next()
		if err != nil {
			return errors.Join(err, ctx.Err())
		}
		md, err := m.Metadata()
		if err != nil {
			return err
		}
		if err := take(m, md); err != nil {
			return err
		}
		if md.NumPending == 0 || md.Sequence.Stream >= end {
			return nil
		}
	}
}

// raw is a stored message that no consumer delivered.
type raw struct{ m *jetstream.RawStreamMsg }

func (r raw) Metadata() (*jetstream.MsgMetadata, error) { return nil, errors.New("not delivered") }
func (r raw) Data() []byte                              { return r.m.Data }
func (r raw) Headers() nats.Header                      { return r.m.Header }
func (r raw) Subject() string                           { return r.m.Subject }
func (r raw) Reply() string                             { return "" }
func (r raw) Ack() error                                { return nil }
func (r raw) DoubleAck(context.Context) error           { return nil }
func (r raw) Nak() error                                { return nil }
func (r raw) NakWithDelay(time.Duration) error          { return nil }
func (r raw) InProgress() error                         { return nil }
func (r raw) Term() error                               { return nil }
func (r raw) TermWithReason(string) error               { return nil }

// Unfinished is how many messages each durable consumer has not finished, and
// how many messages of the outbox wait.
func Unfinished(ctx context.Context, nc *nats.Conn) (map[string]uint64, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("count what is unfinished: %w", err)
	}
	out := map[string]uint64{}
	for _, stream := range []string{"EVENTS", "INSIDE", "CLIENTS", "TIMERS", "OUTBOX"} {
		st, err := js.Stream(ctx, stream)
		if err != nil {
			return nil, fmt.Errorf("count what is unfinished in %s: %w", stream, err)
		}
		if n := st.CachedInfo().State.Msgs; stream == "OUTBOX" && n > 0 {
			out[stream] = n
		}
		list := st.ListConsumers(ctx)
		for info := range list.Info() {
			if n := info.NumPending + uint64(max(info.NumAckPending, 0)); info.Config.Durable != "" && n > 0 {
				out[info.Name] = n
			}
		}
		if err := list.Err(); err != nil {
			return nil, fmt.Errorf("count what is unfinished in %s: %w", stream, err)
		}
	}
	return out, nil
}
