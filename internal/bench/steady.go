package bench

import (
	"context"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/app"
)

// Steady is part b: from publishing an event to the mailer's Send at a steady
// rate.
type Steady struct {
	Rate    int     `json:"events_per_second"`
	Seconds float64 `json:"seconds"`
	Spread
	Twice int64 `json:"mails_twice"`
}

// warmUp is how many events of part b are sent before those that count: the
// first few pay for connections and caches.
const warmUp = 50

func (o *Options) steady(ctx context.Context, sync string) (*Steady, error) {
	n := warmUp + int(float64(o.Rate)*o.Span.Seconds())
	mailer := newNoted(n, n)
	in, err := o.start(ctx, sync, app.WithProvider(mailer))
	if err != nil {
		return nil, err
	}
	defer in.stop(ctx)
	published := make([]time.Time, n)
	tick := time.NewTicker(time.Second / time.Duration(o.Rate))
	defer tick.Stop()
	for i := range n {
		m, err := clientEvent(events.AppointmentNoShow, i, time.Now())
		if err != nil {
			return nil, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		published[i] = time.Now()
		if err := in.pipe.Publish(m.subject, m.header, m.body); err != nil {
			return nil, err
		}
	}
	if err := in.pipe.Flush(ctx); err != nil {
		return nil, err
	}
	if err := mailer.wait(ctx); err != nil {
		return nil, err
	}
	took := make([]time.Duration, 0, n)
	for i := warmUp; i < n; i++ {
		took = append(took, mailer.when(i).Sub(published[i]))
	}
	s := &Steady{Rate: o.Rate, Seconds: o.Span.Seconds(), Spread: spread(took), Twice: mailer.again.Load()}
	o.progress("b  sync %-8s  %d/s for %s: p50 %.2f ms, p99 %.2f ms, max %.2f ms", sync, o.Rate, o.Span, s.P50, s.P99, s.Max)
	return s, nil
}
