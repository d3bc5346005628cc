package app

import (
	"context"
	"maps"
	"time"

	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/workflows/escalation"
)

// feed is what the watcher knows of a clinic's events from outside.
type feed struct {
	// seq is the newest one's and heard when it came, as the program's clock showed it.
	seq   uint64
	heard time.Time
	// silent says that no event came for as long as the clinic is open; calm that an
	// alarm of it is known to be over.
	silent, calm bool
}

// runFeed looks at the clinics' events until ctx ends, by itself: what holds it up
// must not hold up the look at questions.
func (w *watcher) runFeed(ctx context.Context) {
	for pause(ctx, w.feedEvery) {
		w.feed(ctx)
		w.heard.Add(1)
	}
}

// feed looks whether the clinics' systems still send events. Where one has sent none in
// so many hours in which the clinic was open, whoever owns what nobody else can is
// told, once over all replicas, and again after half a day.
func (w *watcher) feed(ctx context.Context) {
	if w.a.clock.Speed() > 1 {
		return // days pass in seconds, and no system keeps up with them
	}
	now := w.a.clock.Now()
	silent := map[string]bool{}
	for _, id := range w.a.clinics.ids() {
		c := w.a.clinics.byID[id].current
		if c.FeedQuiet <= 0 {
			continue
		}
		f := w.feeds[id]
		if f == nil {
			f = &feed{}
			w.feeds[id] = f
		}
		seq, stored, err := w.a.store.LastEvent(ctx, id)
		switch {
		case err != nil:
			w.a.log.Warn("the watcher cannot see whether events come", "clinic", id, "error", err)
			return // the others' are in the same stream
		case seq == 0 && f.seq == 0:
			continue // nothing is connected yet
		case seq == 0:
			// The newest is as old as the stream keeps: it is silent all the more.
		case f.seq == 0:
			f.seq, f.heard = seq, now.Add(-time.Since(stored))
		case f.seq != seq:
			f.seq, f.heard = seq, now
		}
		f.silent = c.Hours.OpenFor(c.Zone, f.heard, now) >= c.FeedQuiet
		silent[id] = f.silent
		w.feedAlarm(ctx, c, f)
	}
	w.mu.Lock()
	w.silent = silent
	w.mu.Unlock()
}

func (w *watcher) feedAlarm(ctx context.Context, c *version, f *feed) {
	if !f.silent {
		if f.calm {
			return
		}
		if err := w.a.store.EndAlarm(ctx, c.ID, jetstream.AlarmFeed); err != nil {
			w.a.log.Warn("an alarm that is over could not be forgotten; trying again", "clinic", c.ID, "error", err)
			return
		}
		f.calm = true
		return
	}
	f.calm = false
	if now := w.a.clock.Now(); !c.Hours.Open(c.Zone, now).Equal(now) {
		return // nobody is there to mend it
	}
	taken, mine, err := w.a.store.TakeAlarm(ctx, c.ID, jetstream.AlarmFeed, 1, time.Now())
	if err != nil {
		w.a.log.Warn("that no events come could not be taken on; trying again", "clinic", c.ID, "error", err)
	}
	if err != nil || !mine {
		return
	}
	w.a.log.Warn("no events come from a clinic's system while it is open; its task owner is told", "clinic", c.ID)
	if p := w.taskOwner(c); p != nil && w.send(ctx, c, p, "feed", "", f.heard) {
		if err := w.a.store.AlarmTold(ctx, c.ID, jetstream.AlarmFeed, taken); err != nil {
			w.a.log.Warn("an alarm was told, and that could not be kept; it may be told again", "clinic", c.ID, "error", err)
		}
	}
}

// taskOwner is whoever owns what nobody else can; nil where nobody can be written to.
func (w *watcher) taskOwner(c *version) *escalation.Person {
	now := w.a.clock.Now()
	if found := c.Staff.Resolve(c.TaskOwner, "", now); len(found) > 0 {
		return &found[0]
	}
	return c.Staff.Person(c.Staff.Fallback(now))
}

// silentFeeds says for each clinic that wants to know whether its events have stopped.
func (w *watcher) silentFeeds() map[string]bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.silent)
}
