package bench

import (
	"context"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/app"
)

// Timers is part d: how late the mails of timers are that fall due in a
// window.
type Timers struct {
	Timers int     `json:"timers"`
	Window float64 `json:"window_seconds"`
	// Early counts mails that left before they were due: none.
	Early int `json:"early"`
	Spread
}

func (o *Options) timers(ctx context.Context, sync string) (*Timers, error) {
	mailer := newNoted(o.Timers, o.Timers)
	in, err := o.start(ctx, sync, app.WithProvider(mailer))
	if err != nil {
		return nil, err
	}
	defer in.stop(ctx)
	// Time enough to take the events in: at least 100 a second.
	begin := time.Now().Add(2*time.Second + time.Duration(o.Timers)*10*time.Millisecond)
	due := make([]time.Time, o.Timers)
	for i := range due {
		due[i] = begin.Add(o.Window * time.Duration(i) / time.Duration(o.Timers))
		m, err := clientEvent(events.AppointmentCancelled, i, due[i].Add(-laterWait))
		if err != nil {
			return nil, err
		}
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
	t := &Timers{Timers: o.Timers, Window: o.Window.Seconds()}
	late := make([]time.Duration, 0, o.Timers)
	for i := range due {
		d := mailer.when(i).Sub(due[i])
		if d < 0 {
			t.Early++
		}
		late = append(late, d)
	}
	t.Spread = spread(late)
	o.progress("d  sync %-8s  %d timers in %s: %d early, late by p50 %.2f ms, p99 %.2f ms, max %.2f ms", sync, t.Timers, o.Window, t.Early, t.P50, t.P99, t.Max)
	return t, nil
}
