package jetstream

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/testkit"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/runner"
	"github.com/mooring-care/mooring/workflows/sample"
)

// onlySample knows the sample clinic.
type onlySample struct{ clinic *workflows.Clinic }

func (o onlySample) Directory(id string) (workflows.Directory, bool) { return o, id == o.clinic.ID }

func (o onlySample) Prepare(context.Context, string, []string) error { return nil }

func (o onlySample) Current() *workflows.Clinic { return o.clinic }

func (o onlySample) At(string) *workflows.Clinic { return o.clinic }

// nowhere takes every message and sends none.
type nowhere struct{}

func (nowhere) Enqueue(context.Context, runner.Ref, workflows.Enqueue) error { return nil }

// asked is a runner on a real store, whose clock runs fast, with so many
// clients whose concern is open.
type asked struct {
	*runner.Runner
	s       *Store
	now     func() time.Time
	shown   func(time.Time) time.Time // what its clock shows at a moment
	clients []runner.Ref
	due     time.Time     // when all questions go to the next rung
	rung    chan fired    // a client's question went on
	stale   *atomic.Int32 // timers that came before there was anything to decide
}

func newAsked(t *testing.T, clients int, speed float64) *asked {
	t.Helper()
	clinic, err := workflows.ReadClinic(sample.FS, sample.ID)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	shown := func(at time.Time) time.Time { return began.Add(time.Duration(float64(at.Sub(began)) * speed)) }
	a := &asked{
		shown: shown,
		now:   func() time.Time { return shown(time.Now()) },
		rung:  make(chan fired, 4*clients),
		stale: &atomic.Int32{},
	}
	a.s = connect(t, Options{Server: startServer(t, serverConfig(t.TempDir())), Real: func(at time.Time) time.Time {
		return began.Add(time.Duration(float64(at.Sub(began)) / speed))
	}})
	a.Runner, err = runner.New(runner.Config{
		Log: a.s, Timers: a.s, Outbox: nowhere{}, Directories: onlySample{clinic}, ClientKey: []byte("tests"),
		Now: a.now, Logger: slog.New(slog.DiscardHandler),
		Observe: func(d runner.Decided) {
			if d.Entry.Kind == events.TimerDue {
				a.rung <- fired{d.Ref, time.Now()}
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for n := range clients {
		ref := runner.Ref{Clinic: sample.ID, Key: events.ClientKey([]byte("tests"), sample.ID, fmt.Sprint(n))}
		a.clients = append(a.clients, ref)
		v := a.Handle(t.Context(), events.Event{
			ID: fmt.Sprint(n), Source: "test", Clinic: ref.Clinic, Key: ref.Key, Kind: events.SafetyConcern, Time: began,
			Data: events.Data{Concern: &events.Concern{Level: events.ConcernImmediate}},
		}, runner.Delivery{Stream: streamEvents, Sequence: uint64(n + 1)})
		state, _, err := a.State(t.Context(), ref)
		if v.Action != runner.Done || err != nil || state.Next().IsZero() {
			t.Fatalf("nobody is asked: %+v, %v", v, err)
		}
		if a.due = state.Next(); n == 0 {
			t.Logf("the next rung comes %v after the first", a.s.real(a.due).Sub(began).Round(time.Millisecond))
		}
	}
	return a
}

// follow hands the timers to the runner, as the program does.
func (a *asked) follow(t *testing.T) {
	t.Helper()
	pool := runner.NewPool(16)
	t.Cleanup(pool.Close)
	running(t, func(ctx context.Context) {
		a.s.ConsumeTimers(ctx, 32, func(ctx context.Context, ref runner.Ref, finish func(runner.Verdict)) {
			pool.SubmitUrgent(ref, func() {
				work := context.WithoutCancel(ctx)
				if state, _, err := a.State(work, ref); err == nil && state.Next().After(a.now()) {
					a.stale.Add(1)
				}
				finish(a.Due(work, ref))
			})
		})
	})
}

// TestTimerPurgeIsRepaired guards line 4: a schedule that fires purges a newer
// one set at that moment. Every due message, the stale ones too, sets the timer
// again from the latest state, and so none is lost.
func TestTimerPurgeIsRepaired(t *testing.T) {
	const clients = 60
	a := newAsked(t, clients+1, 240)
	a.follow(t)
	// An older, earlier deadline of every client fires first. Of the last client
	// the newer one is lost for certain: it is never stored again.
	first := time.Now().Add(500 * time.Millisecond)
	if late := a.s.real(a.due); !first.Add(300 * time.Millisecond).Before(late) {
		t.Fatalf("this machine is too slow: the questions are due at %v already", late)
	}
	for _, ref := range a.clients {
		set(t, a.s, ref, a.shown(first))
	}
	// The newer deadlines are set while the old ones fire.
	<-time.After(time.Until(first.Add(-2 * time.Millisecond)))
	for _, ref := range a.clients[:clients] {
		set(t, a.s, ref, a.due)
	}
	went := map[runner.Ref]bool{}
	for len(went) < clients+1 {
		went[within(t, 10*time.Second, "a client's newer timer", a.rung).ref] = true
	}
	if a.stale.Load() == 0 {
		t.Error("no stale timer fired")
	}
}

// TestNeverSilentBesideGoneClinic: more timers of a clinic that is not
// configured come due than may be unanswered at once; another clinic's question
// goes on all the same.
func TestNeverSilentBesideGoneClinic(t *testing.T) {
	a := newAsked(t, 1, 600)
	const gone = 4200
	for n := range gone {
		set(t, a.s, refN(n), time.Now().Add(-time.Hour))
	}
	testkit.Eventually(t, 20*time.Second, "every timer has fired", func() bool { return time.Now().After(a.s.real(a.due)) && timersHeld(t, a.s) == gone+1 })
	a.follow(t)
	within(t, time.Minute, "the question's next rung", a.rung)
}
