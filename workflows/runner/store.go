package runner

import (
	"context"
	"errors"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows"
)

// Ref names one client.
type Ref struct{ Clinic, Key string }

// ErrConflict is what Append answers when the client's log has moved on.
var ErrConflict = errors.New("the client's log has moved on")

// Log is every client's log of decisions. Its contract:
//
//   - Load answers from the leader, never from a replica that may lag. known is
//     the sequence of a record that the caller has; when that is still the
//     last one, record is nil.
//   - Append stores exactly when the client's last sequence is expected
//     (0 for a client without a record), and answers ErrConflict when it is
//     not. ErrTooLarge says that no record of this size can be stored. Any
//     other error is ambiguous: the record may have been stored.
type Log interface {
	Load(ctx context.Context, ref Ref, known uint64) (record []byte, seq uint64, err error)
	Append(ctx context.Context, ref Ref, expected uint64, record []byte, meta Meta) (seq uint64, err error)
}

// Meta stands in a record's headers, so that an index over all clients need
// not read the records.
type Meta struct {
	// Open counts open escalations; OldestOpen is when the oldest was opened.
	Open       int
	OldestOpen time.Time
	// Ownerless counts those of them whom nobody can be asked about.
	Ownerless int
	// Tasks counts open tasks.
	Tasks int
	// Next is the client's earliest deadline, zero when nothing waits.
	Next time.Time
	// Previous is the sequence of the record before, 0 for the first.
	Previous uint64
	// Decisions numbers the client's decisions from 1.
	Decisions int64
}

// Timers keeps one timer a client. Set replaces it and returns once that is
// stored; the zero time means that nothing waits, and a stale timer may fire.
type Timers interface {
	Set(ctx context.Context, ref Ref, at time.Time) error
	// Last is the sequence of the client's latest record, from the leader.
	Last(ctx context.Context, ref Ref) (uint64, error)
}

// Outbox queues messages. Enqueue may be called again for the same id; the
// ledger keeps a message from leaving twice.
type Outbox interface {
	Enqueue(ctx context.Context, ref Ref, m workflows.Enqueue) error
}

// Directories finds a clinic's configuration, all versions in use.
type Directories interface {
	Directory(clinic string) (workflows.Directory, bool)
	// Prepare makes sure that At answers for these versions, if they were ever
	// stored. It fails only when another try may succeed.
	Prepare(ctx context.Context, clinic string, versions []string) error
}

// Delivery is one message of a queue, as the store hands it over.
type Delivery struct {
	Wire events.Wire
	// Stream and Sequence say where it came from.
	Stream   string
	Sequence uint64
	// Stored is when the stream took it.
	Stored time.Time
}

// Action says what to do with a delivery.
type Action int

// The actions. The zero value asks for another delivery: what nobody decided
// on must not be lost.
const (
	Retry Action = iota
	Done
	Reject
)

// Verdict is the answer to a delivery.
type Verdict struct {
	Action Action
	// After is how long to wait before a retry.
	After time.Duration
	// Reason and Text say why it was rejected; Key is the client concerned,
	// where one is known.
	Reason events.Reason
	Text   string
	Key    string
	Clinic string
}
