package app

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/mooring-care/mooring/internal/jetstream"
)

// Clock is what time it is for decisions. At the speed of life it is the
// machine's; at another it runs, or stands still, from an epoch that is kept
// with the data.
type Clock struct {
	epoch atomic.Pointer[jetstream.Epoch]
}

// Now is the program's time.
func (c *Clock) Now() time.Time {
	e := c.epoch.Load()
	if e == nil {
		return time.Now()
	}
	return e.Shown.Add(time.Duration(float64(time.Since(e.Real)) * e.Speed))
}

// Real is when the machine's clock shows that the program's shows t.
func (c *Clock) Real(t time.Time) time.Time {
	e := c.epoch.Load()
	if e == nil {
		return t
	}
	// Anything beyond a century is as good as never, and would overflow.
	const century = 100 * 365 * 24 * time.Hour
	d := float64(t.Sub(e.Shown))
	switch {
	case e.Speed > 0:
		d /= e.Speed
	case d > 0:
		d = float64(century) // it stands still
	}
	return e.Real.Add(time.Duration(min(d, float64(century))))
}

// Speed is how fast it runs; 0 for a clock that stands still.
func (c *Clock) Speed() float64 {
	if e := c.epoch.Load(); e != nil {
		return e.Speed
	}
	return 1
}

// stoppedAfter is how old the kept epoch must be to say that no replica runs.
const stoppedAfter = 5 * time.Second

// setSpeed has the clock run at another speed from now on.
func (c *Clock) setSpeed(speed float64) {
	now := time.Now()
	for {
		old := c.epoch.Load()
		e := jetstream.Epoch{Real: now, Shown: old.Shown.Add(time.Duration(float64(now.Sub(old.Real)) * old.Speed)), Speed: speed}
		if c.epoch.CompareAndSwap(old, &e) {
			return
		}
	}
}

// keepEpoch takes up the clock that is kept with the data, or starts it. While
// no replica runs, such a clock stands still.
func (c *Clock) keepEpoch(ctx context.Context, store *jetstream.Store, cfg *Config) error {
	shown := time.Now()
	if cfg.TimeStart != "" {
		shown, _ = time.Parse(time.RFC3339, cfg.TimeStart) // checked by Check
	}
	want := jetstream.Epoch{Real: time.Now(), Shown: shown, Speed: cfg.TimeSpeed}
	kept, err := store.Epoch(ctx, want)
	if err != nil {
		return err
	}
	age := time.Since(kept.Real)
	if age > stoppedAfter || kept.Speed != cfg.TimeSpeed {
		kept.Shown = kept.Shown.Add(time.Duration(float64(min(age, time.Second)) * kept.Speed))
		kept.Real, kept.Speed = time.Now(), cfg.TimeSpeed
	}
	c.epoch.Store(&kept)
	return store.KeepEpoch(ctx, kept)
}

// follow keeps the epoch fresh until ctx ends, so that the next start goes on
// where this one stopped.
func (c *Clock) follow(ctx context.Context, store *jetstream.Store) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-t.C:
		case <-ctx.Done():
		}
		e := *c.epoch.Load()
		now := time.Now()
		e.Shown = e.Shown.Add(time.Duration(float64(now.Sub(e.Real)) * e.Speed))
		e.Real = now
		kctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		_ = store.KeepEpoch(kctx, e) // the next second tries again
		cancel()
		if ctx.Err() != nil {
			return
		}
	}
}
