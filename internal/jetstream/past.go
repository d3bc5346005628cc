package jetstream

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/events"
)

// Past reads what came in about a clinic's clients, in the order in which it was
// stored: everything of EVENTS, and of INSIDE the kinds that are named. stored is when
// the server took it. It reads as Records does, changes nothing, and ends with what is
// there now.
func (s *Store) Past(ctx context.Context, clinic string, inside []events.Kind, do func(w events.Wire, stored time.Time) error) error {
	subjects := map[string][]string{streamEvents: {events.SubjectEvents + "." + clinic + ".>", events.SubjectBulk + "." + clinic + ".>"}}
	for _, k := range inside {
		subjects[streamInside] = append(subjects[streamInside], events.Subject(events.SubjectInside, clinic, k))
	}
	for _, stream := range []string{streamEvents, streamInside} {
		if len(subjects[stream]) == 0 {
			continue
		}
		cfg := jetstream.OrderedConsumerConfig{FilterSubjects: slices.Clone(subjects[stream]), DeliverPolicy: jetstream.DeliverAllPolicy}
		err := s.walk(ctx, stream, cfg, func(msg jetstream.Msg) error {
			md, err := msg.Metadata()
			if err != nil {
				return fmt.Errorf("read a message's metadata: %w", err)
			}
			return do(events.Wire{Subject: msg.Subject(), Header: msg.Headers(), Body: msg.Data()}, md.Timestamp)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
