package jetstream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/workflows/runner"
)

// History reads a client's decisions without their state, oldest first: what
// AUDIT has, and from the log what it does not have yet.
func (s *Store) History(ctx context.Context, ref runner.Ref) ([][]byte, error) {
	var out [][]byte
	var copied uint64
	err := s.each(ctx, streamAudit, prefixAudit+tail(ref), func(msg jetstream.Msg) error {
		out = append(out, msg.Data())
		if _, err := fmt.Sscan(msg.Headers().Get(headerRecord), &copied); err != nil {
			return fmt.Errorf("read the header %s of an audit record: %w", headerRecord, err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = s.each(ctx, streamClients, prefixClients+tail(ref), func(msg jetstream.Msg) error {
		md, err := msg.Metadata()
		if err != nil {
			return fmt.Errorf("read a record's metadata: %w", err)
		}
		if md.Sequence.Stream > copied {
			out = append(out, runner.Head(msg.Data()))
		}
		return nil
	})
	return out, err
}

// Delivery is the ledger's latest word on one message.
type Delivery struct {
	MessageID string
	Entry     notifier.Entry
}

// Records walks the clients of a clinic, each once, in no order, with the latest
// record of each; left is how many come after it.
func (s *Store) Records(ctx context.Context, clinic string, do func(ref runner.Ref, record []byte, left uint64) error) error {
	cfg := jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{prefixClients + "*." + clinic + ".*"}, DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy,
	}
	return s.walk(ctx, streamClients, cfg, func(msg jetstream.Msg) error {
		ref, _, ok := refOf(msg.Subject(), prefixClients)
		md, err := msg.Metadata()
		if !ok || err != nil {
			return err
		}
		return do(ref, msg.Data(), md.NumPending)
	})
}

// Deliveries reads the ledger of one client: every record, oldest first.
func (s *Store) Deliveries(ctx context.Context, ref runner.Ref) ([]Delivery, error) {
	var out []Delivery
	err := s.each(ctx, streamDeliveries, prefixDeliveries+tail(ref)+".*", func(msg jetstream.Msg) error {
		_, id, _ := refOf(msg.Subject(), prefixDeliveries)
		var e notifier.Entry
		if err := json.Unmarshal(msg.Data(), &e); err != nil {
			return fmt.Errorf("read a ledger record: %w", err)
		}
		out = append(out, Delivery{id, e})
		return nil
	})
	return out, err
}

// each reads every message of a subject, oldest first.
func (s *Store) each(ctx context.Context, stream, subject string, do func(jetstream.Msg) error) error {
	return s.walk(ctx, stream, jetstream.OrderedConsumerConfig{FilterSubjects: []string{subject}, DeliverPolicy: jetstream.DeliverAllPolicy}, do)
}

// walk reads what a consumer of its own finds now, to its end.
func (s *Store) walk(ctx context.Context, stream string, cfg jetstream.OrderedConsumerConfig, do func(jetstream.Msg) error) error {
	cons, err := s.js.OrderedConsumer(ctx, stream, cfg)
	if err != nil {
		return fmt.Errorf("read %s: %w", stream, err)
	}
	info, err := cons.Info(ctx)
	if err != nil {
		return fmt.Errorf("read %s: %w", stream, err)
	}
	defer func() { _ = s.js.DeleteConsumer(context.WithoutCancel(ctx), stream, info.Name) }()
	if info.NumPending == 0 {
		return nil
	}
	it, err := cons.Messages()
	if err != nil {
		return fmt.Errorf("read %s: %w", stream, err)
	}
	defer it.Stop()
	defer context.AfterFunc(ctx, it.Stop)()
	for {
		msg, err := it.Next()
		if errors.Is(err, jetstream.ErrMsgIteratorClosed) && ctx.Err() != nil {
			return fmt.Errorf("read %s: %w", stream, ctx.Err())
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", stream, err)
		}
		md, err := msg.Metadata()
		if err != nil {
			return fmt.Errorf("read %s: %w", stream, err)
		}
		if err := do(msg); err != nil {
			return err
		}
		if md.NumPending == 0 {
			return nil
		}
	}
}

// Decisions reads every decision without its state, of a clinic or with "" of all,
// each client's in order: what AUDIT has, and from the log what it does not have
// yet.
func (s *Store) Decisions(ctx context.Context, clinic string, do func(ref runner.Ref, head []byte) error) error {
	pattern := ">"
	if clinic != "" {
		pattern = "*." + clinic + ".*"
	}
	return s.decisions(ctx, pattern, do)
}

func (s *Store) decisions(ctx context.Context, pattern string, do func(ref runner.Ref, head []byte) error) error {
	copied := map[runner.Ref]uint64{}
	err := s.each(ctx, streamAudit, prefixAudit+pattern, func(msg jetstream.Msg) error {
		ref, a, err := auditedOf(msg)
		if err != nil {
			return err
		}
		copied[ref] = a.record
		return do(ref, msg.Data())
	})
	if err != nil {
		return err
	}
	return s.each(ctx, streamClients, prefixClients+pattern, func(msg jetstream.Msg) error {
		ref, k, err := keptOf(msg)
		if err != nil || k.seq <= copied[ref] {
			return err
		}
		return do(ref, runner.Head(msg.Data()))
	})
}

// ClientDecided finds the client of whom a decision speaks of an id, such as an
// escalation's: ids begin with their client's bucket. It reads all that was decided
// on that bucket's clients.
func (s *Store) ClientDecided(ctx context.Context, clinic, id string) (found runner.Ref, ok bool, err error) {
	quoted := []byte(`"` + id + `"`)
	err = s.decisions(ctx, bucketOf(id)+"."+clinic+".*", func(ref runner.Ref, head []byte) error {
		if !bytes.Contains(head, quoted) {
			return nil
		}
		found, ok = ref, true
		return errFound
	})
	if errors.Is(err, errFound) {
		err = nil
	}
	return found, ok, err
}

// errFound ends a walk that has found what it looked for.
var errFound = errors.New("found")
