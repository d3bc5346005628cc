package notifier

import (
	"context"
	"fmt"
	"time"

	"github.com/mooring-care/mooring/events"
)

// putOff gives the claim back: the mail is known not to have left (or, in the
// safety lane, may leave again), and the message comes again later.
func (n *Notifier) putOff(ctx context.Context, a *attempt, detail string, err error, after time.Duration) outcome {
	if err != nil {
		n.cfg.Logger.Warn("a message is put off", "message", a.m.ID, "at", detail, "error", err)
	}
	if a.revision == 0 {
		return comeAgain(max(after, soon)) // nothing was claimed
	}
	n.tellLate(ctx, a, detail)
	e := Entry{Status: Deferred, Attempt: a.number, Nonce: a.nonce, At: n.cfg.Now(), Detail: detail, Unsure: a.unsure, Late: a.late}
	if _, err := n.put(ctx, a, e); err != nil {
		n.cfg.Logger.Warn("the ledger could not note that a message is put off", "message", a.m.ID, "error", err)
		n.keepNonce(a.m.ID, a.nonce)
	}
	return comeAgain(max(after, soon))
}

// lateAfter is how long a safety message may wait before the client's log hears of
// it, and the next person is asked. A clock of another speed lengthens it.
const lateAfter = 5 * time.Minute

// untilLate is in how long, of real time, a safety message is late.
func (n *Notifier) untilLate(m Message) time.Duration {
	speed := max(1, n.cfg.Speed())
	return time.Duration(float64(m.Asked.Add(time.Duration(float64(lateAfter)*speed)).Sub(n.cfg.Now())) / speed)
}

// tellLate tells the client's log, once, that a safety message has to wait.
func (n *Notifier) tellLate(ctx context.Context, a *attempt, detail string) {
	now := n.cfg.Now()
	if a.m.Lane != Safety || a.late || a.m.Asked.IsZero() || n.untilLate(a.m) > 0 {
		return
	}
	// The same report each time: whoever hears it twice knows it.
	if err := n.cfg.Reporter.Report(context.WithoutCancel(ctx), a.m, events.MessageDeferred, Entry{Status: Deferred, At: now, Detail: detail}); err != nil {
		n.cfg.Logger.Warn("telling of a message that waits has to wait", "message", a.m.ID, "error", err)
		return
	}
	a.late = true
}

// settle writes the final word into the ledger, then tells the client's log. A
// crash between the two is mended when the outbox hands the message over
// again: claim finds the final word and reports it.
func (n *Notifier) settle(ctx context.Context, a *attempt, e Entry) outcome {
	e.Attempt, e.Nonce, e.At, e.Unsure, e.Late = a.number, a.nonce, n.cfg.Now(), a.unsure, a.late
	if a.m.Lane == Care && e.Status != Withdrawn && a.mail.To.Email != "" {
		e.To = events.AddressMark(a.m.Key, a.mail.To.Email)
	}
	stored, err := n.put(ctx, a, e)
	if err != nil {
		n.cfg.Logger.Error("the ledger could not take a final word; the message will be looked at again", "message", a.m.ID, "status", e.Status, "error", err)
		if e.Status == Withdrawn || e.Status == Refused {
			n.keepNonce(a.m.ID, a.nonce) // nothing has left under this claim
		}
		return comeAgain(soon)
	}
	if !stored.Status.Final() {
		// Another attempt is under way, or has put the message off. It stays in
		// the outbox: if that attempt dies, nobody else would take it up.
		return comeAgain(soon)
	}
	if stored.Nonce == e.Nonce {
		n.cfg.Observe(a.m.Lane, stored.Status)
	}
	return n.report(ctx, a, stored)
}

// outranks says that a final word replaces another attempt's: that a provider
// took the mail is known, whatever the other took to be so.
func outranks(s, other Status) bool {
	return s == Accepted && (other == Unknown || other == Withdrawn || other == Refused)
}

// put writes behind our own claim and keeps at it through faults: what has
// left must be on record. When somebody else has written the final word, that
// word stands unless ours outranks it.
func (n *Notifier) put(ctx context.Context, a *attempt, e Entry) (Entry, error) {
	ctx = context.WithoutCancel(ctx)
	var failed error
	for try := range 5 {
		if try > 0 && !n.cfg.Pause(ctx, time.Duration(try)*200*time.Millisecond) {
			break
		}
		rev, err := n.cfg.Ledger.Put(ctx, a.m, a.revision, e)
		if err == nil {
			a.revision = rev
			return e, nil
		}
		failed = err
		last, rev, lerr := n.cfg.Ledger.Last(ctx, a.m)
		if lerr != nil {
			continue
		}
		if (last.Nonce == e.Nonce && last.Status == e.Status) || (last.Status.Final() && !outranks(e.Status, last.Status)) {
			a.revision = rev
			return last, nil
		}
		if last.Nonce != e.Nonce && e.Status != Accepted {
			// Another attempt holds the claim now; its word will stand.
			return last, nil
		}
		if last.Status.Final() {
			// It stays on record that a word was taken back: whoever finds ours after
			// a crash tells the client's log too.
			e.Corrects = last.Status
		}
		a.revision = rev
	}
	return e, fmt.Errorf("write the ledger: %w", failed)
}

// report tells the client's log what a human or a ladder must know. That a
// care message was accepted is the ledger's knowledge alone, as nothing is
// decided on it, unless the log has heard otherwise.
func (n *Notifier) report(ctx context.Context, a *attempt, e Entry) outcome {
	kind, ok := kindOf(a.m.Lane, e)
	if !ok {
		return settled()
	}
	if err := n.cfg.Reporter.Report(context.WithoutCancel(ctx), a.m, kind, e); err != nil {
		n.cfg.Logger.Warn("reporting a message has to wait", "message", a.m.ID, "error", err)
		return comeAgain(soon)
	}
	return settled()
}

func kindOf(lane Lane, e Entry) (events.Kind, bool) {
	switch e.Status {
	case Accepted:
		return events.MessageAccepted, lane == Safety || e.Corrects != ""
	case Withdrawn:
		return events.MessageWithdrawn, true
	case Refused:
		return events.MessageRefused, true
	case Unknown:
		return events.MessageUnknown, true
	}
	return "", false
}
