package jetstream

import (
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ErrNoJetStream says that a NATS server, or the account there, keeps no
// streams.
var ErrNoJetStream = errors.New("it keeps no streams: JetStream is off there, or off for the account")

// enabled names what a server without JetStream answers.
func enabled(err error) error {
	for _, known := range []error{jetstream.ErrJetStreamNotEnabled, jetstream.ErrJetStreamNotEnabledForAccount, nats.ErrNoResponders} {
		if errors.Is(err, known) {
			return fmt.Errorf("%w (%w)", ErrNoJetStream, err)
		}
	}
	return err
}
