package app

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/internal/web"
	"github.com/mooring-care/mooring/workflows/runner"
)

// LookKeeper keeps who saw which client when.
type LookKeeper interface {
	KeepAccess(ctx context.Context, ref runner.Ref, a jetstream.Access) error
	// ClientOf finds the client whom a message is about.
	ClientOf(ctx context.Context, messageID string) (runner.Ref, bool, error)
}

// looks writes down who saw which client. No page waits for it: what it cannot
// write down in time is counted and said in the log.
type looks struct {
	store LookKeeper
	now   func() time.Time // the program's
	wall  func() time.Time
	lost  func()
	log   *slog.Logger
	queue chan sighting
	// written are the looks of the last while, by when they were written down.
	written *bounded[sameLook, time.Time]
	clients *bounded[string, runner.Ref] // by message id
	patient time.Duration
}

// sameLook is what two looks have in common that are told as one.
type sameLook struct {
	session          string
	page             web.Page
	ref              runner.Ref
	message, subject string
}

// sighting is one look that is to be written down.
type sighting struct {
	same   sameLook
	access jetstream.Access
}

const (
	// lookAgain is how long a session's looks at the same thing count as one, and
	// lookRefresh the same for a list that stands open and refreshes by itself.
	lookAgain   = time.Minute
	lookRefresh = time.Hour
	// looksWaiting bounds the looks that wait to be written down, looksPatient how
	// long one is tried, and looksAtStop how long the last ones are at a stop.
	looksWaiting = 8192
	looksPatient = time.Minute
	looksAtStop  = 3 * time.Second
	looksKnown   = 32 << 10
)

func newLooks(stand func(LookKeeper) LookKeeper, store LookKeeper, now func() time.Time, lost func(), log *slog.Logger) *looks {
	return &looks{
		store: between(stand, store), now: now, wall: time.Now, lost: lost, log: log,
		queue: make(chan sighting, looksWaiting), patient: looksPatient,
		written: newBounded[sameLook, time.Time](looksKnown), clients: newBounded[string, runner.Ref](looksKnown),
	}
}

// Saw takes a look and returns at once.
func (l *looks) Saw(s web.Sight) {
	x := sighting{
		sameLook{s.Session, s.Page, runner.Ref{Clinic: s.Clinic, Key: s.ClientKey}, s.Message, s.Target},
		jetstream.Access{At: l.now().UTC(), Who: s.Person, Page: string(s.Page), Target: s.Target},
	}
	if _, id, ok := splitTarget(s.Target); ok {
		x.access.Target = id // a link carries the client's key before it
	}
	if s.Message != "" {
		x.access.Target = s.Message
	}
	within := lookAgain
	if s.Refresh {
		within = lookRefresh
	}
	wall := l.wall()
	if at, ok := l.written.get(x.same); ok && wall.Sub(at) < within {
		return
	}
	l.written.put(x.same, wall)
	select {
	case l.queue <- x:
	default:
		l.loses(x, errLooksFull)
	}
}

var errLooksFull = errors.New("too many wait already")

// loses tells of a look that nobody will find in ACCESS. The next one like it is
// tried anew.
func (l *looks) loses(x sighting, err error) {
	l.written.forget(x.same)
	l.lost()
	l.log.Error("a look at a client could not be written down", "clinic", x.same.ref.Clinic, "key", x.same.ref.Key, "page", string(x.same.page), "error", err)
}

// run writes down until ctx ends, and then what waits still.
func (l *looks) run(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case x := <-l.queue:
			if !l.write(ctx, x) {
				l.writeRest(ctx, x)
				return
			}
		case <-ctx.Done():
		}
	}
	l.writeRest(ctx)
}

// writeRest writes down what waits at a stop, as far as there is time.
func (l *looks) writeRest(ctx context.Context, first ...sighting) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), looksAtStop)
	defer cancel()
	for {
		var x sighting
		if len(first) > 0 {
			x, first = first[0], nil
		} else {
			select {
			case x = <-l.queue:
			default:
				return
			}
		}
		if ctx.Err() != nil || !l.write(ctx, x) {
			l.loses(x, context.DeadlineExceeded)
		}
	}
}

// write tries until it is written down or given up; false means that ctx ended
// before.
func (l *looks) write(ctx context.Context, x sighting) (over bool) {
	until := l.wall().Add(l.patient)
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		err := l.keep(ctx, x)
		switch {
		case err == nil:
			return true
		case ctx.Err() != nil:
			return false
		case errors.Is(err, errNoLedger):
			l.loses(x, err) // a mail is in the ledger before it leaves: it never will be
			return true
		case l.wall().After(until):
			l.loses(x, err)
			return true
		case !pause(ctx, wait):
			return false
		}
	}
}

// errNoLedger says that a mail leads to no client.
var errNoLedger = errors.New("the ledger does not know the mail")

// keep writes one look down. To do it again after an answer that did not come
// changes nothing.
func (l *looks) keep(ctx context.Context, x sighting) error {
	ref := x.same.ref
	if strings.HasPrefix(x.same.message, alarmPrefix) {
		return nil // the watcher's own mail, which tells of no client
	}
	if x.same.message != "" {
		var known bool
		if ref, known = l.clients.get(x.same.message); !known {
			var err error
			if ref, known, err = l.store.ClientOf(ctx, x.same.message); err != nil {
				return err
			}
			if !known {
				return errNoLedger
			}
			l.clients.put(x.same.message, ref)
		}
	}
	return l.store.KeepAccess(ctx, ref, x.access)
}
