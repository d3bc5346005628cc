package runner

import (
	"context"
	"errors"
	"strconv"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows"
)

// sizeFull is where a client's record takes no more of what can wait. Between
// here and the largest message of a store (1 MiB) there is room for ladders and
// timers, which remember no event, and for some nine thousand concerns, replies,
// answers and human acts: a feed that runs wild must not silence them.
const sizeFull = 768 << 10

// ErrTooLarge is what Append answers when the store takes no record of this
// size: another try meets the same.
var ErrTooLarge = errors.New("the client's record is larger than the store takes")

// errFull says that an event was refused for want of room.
var errFull = errors.New("the client's record has no room for this event")

// canWait says whether a full record refuses events of a kind: those that come
// from outside and are not urgent.
func canWait(k events.Kind) bool {
	spec, ok := events.Lookup(k)
	return ok && spec.Origin == events.Outside && !spec.Urgent
}

// refuse sends an event that has no room to REJECTED, whole. Staff have one
// open task about it. It is not remembered, so that a replay counts once there
// is room again.
func (r *Runner) refuse(ctx context.Context, ev events.Event, source string) Verdict {
	now := r.cfg.Now()
	err := r.apply(ctx, events.Event{
		ID: "full-" + strconv.FormatInt(now.UnixNano(), 36), Source: "mooring/runner",
		Clinic: ev.Clinic, Key: ev.Key, Kind: events.TimerDue, Time: now,
	}, source, workflows.Full)
	switch {
	case isStuck(err):
		r.cfg.Logger.Error("a client's record is full, and a task about it cannot be made", "error", err)
	case err != nil:
		r.cfg.Logger.Warn("refusing an event has to wait; trying again", "kind", ev.Kind, "error", err)
		return r.later(source, away)
	}
	r.tries.forget(source)
	return Verdict{
		Action: Reject, Clinic: ev.Clinic, Key: ev.Key, Reason: ReasonCannotDecide,
		Text: "this client's record has no room for another event; a task tells the clinic, and a replay counts once there is room",
	}
}
