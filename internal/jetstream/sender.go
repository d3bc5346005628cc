package jetstream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Sender publishes events as an outsider does: with a plain connection, as the
// user that a clinic's systems have.
type Sender struct {
	nc *nats.Conn
	js jetstream.JetStream
}

// DialSender connects to a NATS URL, which carries user and password; creds is
// a credentials file, empty for none.
func DialSender(url, creds string) (*Sender, error) {
	opts := []nats.Option{nats.Name("mooring event"), nats.Timeout(5 * time.Second)}
	if creds != "" {
		opts = append(opts, nats.UserCredentials(creds))
	}
	nc, err := nats.Connect(url, opts...)
	if err != nil {
		return nil, fmt.Errorf("connect to NATS: %w", err)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("open JetStream: %w", err)
	}
	return &Sender{nc, js}, nil
}

// ErrNotStored says that no stream acknowledged the event.
var ErrNotStored = errors.New("no stream acknowledged it; is Mooring running there, and may this user publish?")

// Send publishes one event and returns the stream's acknowledgement.
func (s *Sender) Send(ctx context.Context, subject string, header map[string]string, body []byte) (stream string, seq uint64, err error) {
	msg := nats.NewMsg(subject)
	msg.Data = body
	for k, v := range header {
		msg.Header.Set(k, v)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	ack, err := s.js.PublishMsg(ctx, msg)
	if errors.Is(err, jetstream.ErrNoStreamResponse) || errors.Is(err, context.DeadlineExceeded) {
		return "", 0, fmt.Errorf("publish on %s: %w", subject, ErrNotStored)
	}
	if err != nil {
		return "", 0, fmt.Errorf("publish on %s: %w", subject, err)
	}
	return ack.Stream, ack.Sequence, nil
}

// Close ends the connection.
func (s *Sender) Close() { s.nc.Close() }
