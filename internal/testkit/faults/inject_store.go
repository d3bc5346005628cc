package faults

import (
	"cmp"
	"context"

	"github.com/nats-io/nats.go"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/events/ingress"
	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/workflows/runner"
)

// The calls that the store makes of its own accord, and the HTTP door's.
const (
	CallAuditCopy Call = "audit copy"
	CallAuditEnd  Call = "audit end"
	CallTrim      Call = "trim"
	// Those about an event are planned under the client as the event names it:
	// not everybody who meets one knows our key.
	CallReject  Call = "reject"
	CallPublish Call = "publish"
	CallRead    Call = "read an event"
	// Those about a whole stream are planned under Reader.
	CallStart   Call = "find the start"
	CallOpen    Call = "begin to read"
	CallFollows Call = "ask what follows"
	CallFloors  Call = "ask the floors"
)

// Reader stands for the one who reads events beside the queues.
const Reader = "the reader of arrivals"

// Hold has every decision on a client fail before it is stored, until free
// says so: the events about the client stay undecided.
func (in *Injector) Hold(key string, free func() bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.held[key] = free
}

func (in *Injector) holds(key string) bool {
	in.mu.Lock()
	free := in.held[key]
	in.mu.Unlock()
	return free != nil && !free()
}

// whose is the client that an event is about, as its sender named it: a broken
// one may do so too.
func whose(w events.Wire) string {
	ev, _ := events.Decode(w)
	return cmp.Or(ev.Client, ev.Key)
}

// Archive stands before an archive.
func (in *Injector) Archive(to jetstream.Archive) jetstream.Archive { return injectedArchive{in, to} }

type injectedArchive struct {
	in *Injector
	to jetstream.Archive
}

func (x injectedArchive) Copy(ctx context.Context, ref runner.Ref, expected uint64, header nats.Header, body []byte) (uint64, error) {
	return around(x.in, ref.Key, CallAuditCopy, func() (uint64, error) { return x.to.Copy(ctx, ref, expected, header, body) })
}

func (x injectedArchive) End(ctx context.Context, ref runner.Ref) (jetstream.ChainEnd, error) {
	return around(x.in, ref.Key, CallAuditEnd, func() (jetstream.ChainEnd, error) { return x.to.End(ctx, ref) })
}

func (x injectedArchive) Trim(ctx context.Context, r jetstream.Recorded) error {
	_, err := around(x.in, r.Ref.Key, CallTrim, func() (none, error) { return none{}, x.to.Trim(ctx, r) })
	return err
}

func (x injectedArchive) Reject(ctx context.Context, d runner.Delivery, v runner.Verdict) error {
	_, err := around(x.in, whose(d.Wire), CallReject, func() (none, error) { return none{}, x.to.Reject(ctx, d, v) })
	return err
}

// Door stands before what the HTTP door publishes to.
func (in *Injector) Door(to ingress.Publisher) ingress.Publisher { return injectedDoor{in, to} }

type injectedDoor struct {
	in *Injector
	to ingress.Publisher
}

func (x injectedDoor) Publish(ctx context.Context, subject, msgID string, header map[string]string, body []byte) error {
	w := events.Wire{Subject: subject, Header: map[string][]string{}, Body: body}
	for k, v := range header {
		w.Header[k] = []string{v}
	}
	_, err := around(x.in, whose(w), CallPublish, func() (none, error) { return none{}, x.to.Publish(ctx, subject, msgID, header, body) })
	return err
}

// Arrivals stands before the reading of events beside the queues.
func (in *Injector) Arrivals(to jetstream.Arrivals) jetstream.Arrivals {
	return injectedArrivals{in, to}
}

type injectedArrivals struct {
	in *Injector
	to jetstream.Arrivals
}

func (x injectedArrivals) Start(ctx context.Context, stream string) (after uint64, floors map[string]uint64, err error) {
	after, err = around(x.in, Reader, CallStart, func() (uint64, error) {
		var out uint64
		var err error
		out, floors, err = x.to.Start(ctx, stream)
		return out, err
	})
	if err != nil {
		return 0, nil, err
	}
	return after, floors, nil
}

func (x injectedArrivals) Read(ctx context.Context, stream string, after uint64) (jetstream.Reading, error) {
	var begun jetstream.Reading
	_, err := around(x.in, Reader, CallOpen, func() (none, error) {
		var err error
		begun, err = x.to.Read(ctx, stream, after)
		return none{}, err
	})
	if err != nil {
		if begun != nil {
			begun.Stop() // nobody else can
		}
		return nil, err
	}
	return &injectedReading{in: x.in, to: begun}, nil
}

func (x injectedArrivals) Follows(ctx context.Context, stream string, after uint64) (uint64, error) {
	return around(x.in, Reader, CallFollows, func() (uint64, error) { return x.to.Follows(ctx, stream, after) })
}

func (x injectedArrivals) Floors(ctx context.Context, stream string) (map[string]uint64, error) {
	return around(x.in, Reader, CallFloors, func() (map[string]uint64, error) { return x.to.Floors(ctx, stream) })
}

// injectedReading fails instead of handing an event on, or right after it.
type injectedReading struct {
	in  *Injector
	to  jetstream.Reading
	end bool
}

func (x *injectedReading) Next() (runner.Delivery, error) {
	if x.end {
		return runner.Delivery{}, ErrInjected
	}
	d, err := x.to.Next()
	if err != nil {
		return d, err
	}
	before, after := x.in.strike(whose(d.Wire), CallRead)
	if before {
		return runner.Delivery{}, ErrInjected
	}
	x.end = after
	return d, nil
}

func (x *injectedReading) Stop() { x.to.Stop() }
