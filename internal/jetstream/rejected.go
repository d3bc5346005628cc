package jetstream

import (
	"bytes"
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
	"github.com/mooring-care/mooring/workflows/runner"
)

// Reject stores a delivery whole, with the reason. Rejecting the same one
// twice stores it once while the server remembers its id.
func (s *Store) Reject(ctx context.Context, d runner.Delivery, v runner.Verdict) error {
	clinic, key := none, none
	if events.ValidClinic(v.Clinic) {
		clinic = v.Clinic
	} else if _, c, _, ok := events.ParseSubject(d.Wire.Subject); ok && events.ValidClinic(c) {
		clinic = c
	}
	if events.ValidToken(v.Key) {
		key = v.Key
	}
	msg := nats.NewMsg(prefixRejected + clinic + "." + key + "." + string(v.Reason))
	msg.Data = whole(d.Wire)
	msg.Header.Set(headerReason, string(v.Reason))
	msg.Header.Set(headerReasonText, v.Text)
	msg.Header.Set(headerOrigin, d.Wire.Subject)
	msg.Header.Set(headerOriginSeq, strconv.FormatUint(d.Sequence, 10))
	id := d.Stream + "-" + strconv.FormatUint(d.Sequence, 10)
	if _, err := s.publish(ctx, msg, jetstream.WithMsgID(id)); err != nil {
		return fmt.Errorf("store a rejected message: %w", err)
	}
	return nil
}

// whole is a message as REJECTED keeps it: its headers as one line of JSON, then
// its body. A sender's headers may name a person (binary mode has the client's
// id in one), and ours never do.
func whole(w events.Wire) []byte {
	kept := map[string][]string{}
	for k, v := range w.Header {
		if !isProtocolHeader(k) {
			kept[k] = v
		}
	}
	line, err := json.Marshal(kept)
	if err != nil {
		line = []byte("{}") // strings always marshal
	}
	return append(append(line, '\n'), w.Body...)
}

// readWhole takes the two apart again.
func readWhole(data []byte) (header map[string][]string, body []byte) {
	line, body, ok := bytes.Cut(data, []byte{'\n'})
	if !ok || json.Unmarshal(line, &header) != nil {
		return nil, data
	}
	return header, body
}

// isProtocolHeader says whether a header steers the server and must not be
// passed on with a copy.
func isProtocolHeader(k string) bool {
	return len(k) >= 5 && (k[:5] == "Nats-" || k[:5] == "nats-")
}

// Rejected is one message that nobody could act on.
type Rejected struct {
	Sequence uint64        `json:"sequence"`
	At       time.Time     `json:"at"`
	Clinic   string        `json:"clinic"`
	Key      string        `json:"key,omitempty"`
	Reason   events.Reason `json:"reason"`
	Text     string        `json:"text"`
	// Origin is the subject it was published on.
	Origin string              `json:"origin"`
	Header map[string][]string `json:"header,omitempty"`
	Body   []byte              `json:"body,omitempty"`
}

// ErrNotFound says that no such message is stored.
var ErrNotFound = errors.New("not found")

// ListRejected lists the newest rejected messages, at most limit, newest
// first, without their bodies.
func (s *Store) ListRejected(ctx context.Context, limit int) ([]Rejected, error) {
	info, err := s.streams[streamRejected].Info(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask the stream %s: %w", streamRejected, err)
	}
	out := make([]Rejected, 0, min(limit, int(info.State.Msgs)))
	for seq := info.State.LastSeq; seq >= info.State.FirstSeq && seq > 0 && len(out) < limit; seq-- {
		r, err := s.GetRejected(ctx, seq)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		r.Body, r.Header = nil, nil
		out = append(out, r)
	}
	return out, nil
}

// GetRejected reads one rejected message whole.
func (s *Store) GetRejected(ctx context.Context, seq uint64) (Rejected, error) {
	msg, err := s.streams[streamRejected].GetMsg(ctx, seq)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return Rejected{}, fmt.Errorf("rejected message %d: %w", seq, ErrNotFound)
	}
	if err != nil {
		return Rejected{}, fmt.Errorf("read rejected message %d: %w", seq, err)
	}
	r := Rejected{
		Sequence: msg.Sequence, At: msg.Time,
		Reason: events.Reason(msg.Header.Get(headerReason)),
		Text:   msg.Header.Get(headerReasonText),
		Origin: msg.Header.Get(headerOrigin),
	}
	r.Header, r.Body = readWhole(msg.Data)
	if parts := strings.Split(msg.Subject, "."); len(parts) == 4 {
		r.Clinic = parts[1]
		if parts[2] != none {
			r.Key = parts[2]
		}
	}
	return r, nil
}

// Replay publishes a rejected message again where it came from; what was wrong
// may have been mended since. Messages that claimed to come from inside are
// never replayed as such: they go the way they came.
func (s *Store) Replay(ctx context.Context, seq uint64) error {
	r, err := s.GetRejected(ctx, seq)
	if err != nil {
		return err
	}
	first, _, _, ok := events.ParseSubject(r.Origin)
	if !ok || first == events.SubjectInside {
		return fmt.Errorf("replay rejected message %d: it did not come from outside", seq)
	}
	msg := nats.NewMsg(r.Origin)
	msg.Data = r.Body
	msg.Header = nats.Header(r.Header)
	if _, err := s.publish(ctx, msg); err != nil {
		return fmt.Errorf("replay rejected message %d: %w", seq, err)
	}
	return nil
}
