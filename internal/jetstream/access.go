package jetstream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/workflows/runner"
)

// Access is one look at a client's data. It holds no name and no EHR id.
type Access struct {
	At time.Time `json:"at"`
	// Who is a directory id, or empty for somebody at a terminal who gave none.
	Who string `json:"who,omitempty"`
	// Page is the kind of page.
	Page string `json:"page"`
	// Target is the escalation, task or message that it was about.
	Target string `json:"target,omitempty"`
}

// ErrNoAccess says that the server has no stream for looks: a version of Mooring
// that keeps none made its streams.
var ErrNoAccess = errors.New("the stream " + streamAccess + " is not there yet; the next start of `mooring serve` makes it")

// KeepAccess appends a look to its client's chain in ACCESS. To keep the same look
// again, because no answer came, keeps it once.
func (s *Store) KeepAccess(ctx context.Context, ref runner.Ref, a Access) error {
	if s.streams[streamAccess] == nil {
		return ErrNoAccess
	}
	body, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("write a look at a client: %w", err)
	}
	subject := prefixAccess + tail(ref)
	end, ok := s.chain.Get(subject)
	for {
		if !ok {
			var found bool
			if end, found, err = s.accessEnd(ctx, subject, body); err != nil || found {
				return err // found: a try before was stored, though its answer did not come
			}
		}
		msg := &nats.Msg{Subject: subject, Header: nats.Header{headerChain: {end.Hash}}, Data: body}
		ack, err := s.publishOnce(ctx, msg, chainHash(subject, body), end.Sequence)
		if err == nil && !ack.Duplicate {
			s.chain.Add(subject, ChainEnd{Sequence: ack.Sequence, Hash: chainHash(end.Hash, body)})
			return nil
		}
		if s.chain.Remove(subject); err == nil {
			return nil
		}
		if ok = false; !isConflict(err) {
			return fmt.Errorf("keep a look at a client: %w", err)
		}
	}
}

// publishOnce stores a message when its subject's last sequence is the expected one
// and the server does not remember the id.
func (s *Store) publishOnce(ctx context.Context, msg *nats.Msg, id string, last uint64) (*jetstream.PubAck, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return s.js.PublishMsg(ctx, msg, jetstream.WithMsgID(id), jetstream.WithExpectLastSequencePerSubject(last))
}

// accessEnd reads the end of a client's chain, and whether it is this very entry.
func (s *Store) accessEnd(ctx context.Context, subject string, body []byte) (end ChainEnd, same bool, err error) {
	msg, err := s.last(ctx, streamAccess, subject)
	if err != nil || msg == nil {
		return ChainEnd{}, false, err
	}
	return ChainEnd{Sequence: msg.Sequence, Hash: chainHash(msg.Header.Get(headerChain), msg.Data)}, bytes.Equal(msg.Data, body), nil
}

// Accesses reads looks, oldest first: of one client or, with an empty key, of all
// clients of a clinic.
func (s *Store) Accesses(ctx context.Context, ref runner.Ref, do func(runner.Ref, Access) error) error {
	if s.streams[streamAccess] == nil {
		return ErrNoAccess
	}
	subject := prefixAccess + "*." + ref.Clinic + ".*"
	if ref.Key != "" {
		subject = prefixAccess + tail(ref)
	}
	return s.each(ctx, streamAccess, subject, func(msg jetstream.Msg) error {
		ref, _, ok := refOf(msg.Subject(), prefixAccess)
		var a Access
		if err := json.Unmarshal(msg.Data(), &a); err != nil || !ok {
			return fmt.Errorf("read a look at a client: %w", err)
		}
		return do(ref, a)
	})
}

// ClientOf finds the client whom a message is about, through the ledger; false for
// a message that was never claimed.
func (s *Store) ClientOf(ctx context.Context, messageID string) (runner.Ref, bool, error) {
	msg, err := s.last(ctx, streamDeliveries, prefixDeliveries+bucketOf(messageID)+".*.*."+messageID)
	if err != nil || msg == nil {
		return runner.Ref{}, false, err
	}
	ref, _, ok := refOf(msg.Subject, prefixDeliveries)
	return ref, ok, nil
}
