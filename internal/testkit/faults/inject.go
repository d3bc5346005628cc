package faults

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/testkit/fakesendgrid"
	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/runner"
)

// Call is one place where the program calls the store or the provider.
type Call string

// The calls.
const (
	CallLogLoad       Call = "log load"
	CallLogAppend     Call = "log append"
	CallTimersSet     Call = "timers set"
	CallTimersLast    Call = "timers last"
	CallOutboxEnqueue Call = "outbox enqueue"
	CallLedgerLast    Call = "ledger last"
	CallLedgerPut     Call = "ledger put"
	CallLook          Call = "look"
	CallReport        Call = "report"
	CallSend          Call = "send"
	// CallPrepare is about a clinic, not a client: plan it under the clinic's id.
	CallPrepare Call = "prepare versions"
)

// Calls lists every one that each client meets, or may.
func Calls() []Call {
	return []Call{CallLogLoad, CallLogAppend, CallTimersSet, CallTimersLast, CallOutboxEnqueue, CallLedgerLast, CallLedgerPut, CallLook, CallReport, CallSend, CallAuditCopy}
}

// Fault has one client's calls fail: the nth one, counted from 1, and as many
// after it as Times says, before or after they took effect.
type Fault struct {
	Call  Call
	After bool
	Nth   int
	Times int
}

// ErrInjected is what a call that was made to fail answers.
var ErrInjected = errors.New("injected fault")

// Injector makes calls fail by client, so that many clients of one program each
// meet a fault of their own.
type Injector struct {
	mu     sync.Mutex
	faults map[string][]Fault // by client key
	counts map[string]map[Call]int
	fired  map[string]map[Call]int
	failed map[string]map[Call]int
	// messages are those asked for, by id.
	messages map[string]asked
	taken    []fakesendgrid.Entry
	excused  map[string]bool
	held     map[string]func() bool
	took     func(notifier.Mail, workflows.Enqueue, runner.Ref)
	looking  func(notifier.Message)
}

type asked struct {
	ref     runner.Ref
	enqueue workflows.Enqueue
}

// NewInjector calls took, on the sender's goroutine, for every mail that its
// provider took, and looking just before every last look.
func NewInjector(took func(notifier.Mail, workflows.Enqueue, runner.Ref), looking func(notifier.Message)) *Injector {
	return &Injector{
		faults: map[string][]Fault{}, counts: map[string]map[Call]int{}, fired: map[string]map[Call]int{}, failed: map[string]map[Call]int{},
		messages: map[string]asked{}, excused: map[string]bool{}, held: map[string]func() bool{}, took: took, looking: looking,
	}
}

// Plan has the client's calls fail.
func (in *Injector) Plan(key string, f ...Fault) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.faults[key] = f
	in.counts[key], in.fired[key], in.failed[key] = map[Call]int{}, map[Call]int{}, map[Call]int{}
}

// Fired is how often the client's calls of a kind were made to fail.
func (in *Injector) Fired(key string, c Call) int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.fired[key][c]
}

// Failed is how often the client's calls of a kind failed by themselves: a
// machine with too much to do is slow to answer.
func (in *Injector) Failed(key string, c Call) int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.failed[key][c]
}

// Taken are the mails that the provider took, in order.
func (in *Injector) Taken() []fakesendgrid.Entry {
	in.mu.Lock()
	defer in.mu.Unlock()
	return append([]fakesendgrid.Entry{}, in.taken...)
}

// Excused are the messages whose fate nobody could know: their request was made
// to fail.
func (in *Injector) Excused() map[string]bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	out := map[string]bool{}
	for id := range in.excused {
		out[id] = true
	}
	return out
}

// Asked says whether a message of the lane was asked for.
func (in *Injector) Asked(key string, lane workflows.Lane) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, m := range in.messages {
		if m.ref.Key == key && m.enqueue.Lane == lane {
			return true
		}
	}
	return false
}

// strike says whether this call fails, and when.
func (in *Injector) strike(key string, c Call) (before, after bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.counts[key] == nil {
		return false, false // nothing is planned
	}
	in.counts[key][c]++
	n := in.counts[key][c]
	for _, f := range in.faults[key] {
		if f.Call == c && n >= f.Nth && n < f.Nth+max(f.Times, 1) {
			in.fired[key][c]++
			return !f.After, f.After
		}
	}
	return false, false
}

// around makes one call, or seems to.
func around[T any](in *Injector, key string, c Call, do func() (T, error)) (T, error) {
	var zero T
	before, after := in.strike(key, c)
	if before {
		return zero, ErrInjected
	}
	out, err := do()
	if err != nil {
		in.mu.Lock()
		if in.failed[key] != nil {
			in.failed[key][c]++
		}
		in.mu.Unlock()
	}
	if after {
		return zero, ErrInjected
	}
	return out, err
}

type none struct{}

// Log stands before a log.
func (in *Injector) Log(to runner.Log) runner.Log { return injectedLog{in, to} }

type injectedLog struct {
	in *Injector
	to runner.Log
}

func (l injectedLog) Load(ctx context.Context, ref runner.Ref, known uint64) (record []byte, seq uint64, err error) {
	record, err = around(l.in, ref.Key, CallLogLoad, func() ([]byte, error) {
		var out []byte
		var err error
		out, seq, err = l.to.Load(ctx, ref, known)
		return out, err
	})
	if err != nil {
		return nil, 0, err
	}
	return record, seq, nil
}

func (l injectedLog) Append(ctx context.Context, ref runner.Ref, expected uint64, record []byte, meta runner.Meta) (uint64, error) {
	if l.in.holds(ref.Key) {
		return 0, ErrInjected
	}
	return around(l.in, ref.Key, CallLogAppend, func() (uint64, error) { return l.to.Append(ctx, ref, expected, record, meta) })
}

// Timers stands before timers.
func (in *Injector) Timers(to runner.Timers) runner.Timers { return injectedTimers{in, to} }

type injectedTimers struct {
	in *Injector
	to runner.Timers
}

func (x injectedTimers) Set(ctx context.Context, ref runner.Ref, at time.Time) error {
	_, err := around(x.in, ref.Key, CallTimersSet, func() (none, error) { return none{}, x.to.Set(ctx, ref, at) })
	return err
}

func (x injectedTimers) Last(ctx context.Context, ref runner.Ref) (uint64, error) {
	return around(x.in, ref.Key, CallTimersLast, func() (uint64, error) { return x.to.Last(ctx, ref) })
}

// Outbox stands before an outbox.
func (in *Injector) Outbox(to runner.Outbox) runner.Outbox { return injectedOutbox{in, to} }

type injectedOutbox struct {
	in *Injector
	to runner.Outbox
}

func (x injectedOutbox) Enqueue(ctx context.Context, ref runner.Ref, m workflows.Enqueue) error {
	x.in.mu.Lock()
	x.in.messages[m.ID] = asked{ref, m}
	x.in.mu.Unlock()
	_, err := around(x.in, ref.Key, CallOutboxEnqueue, func() (none, error) { return none{}, x.to.Enqueue(ctx, ref, m) })
	return err
}

// Directories stands before the clinics' configuration.
func (in *Injector) Directories(to runner.Directories) runner.Directories {
	return injectedDirectories{to, in}
}

type injectedDirectories struct {
	runner.Directories

	in *Injector
}

func (x injectedDirectories) Prepare(ctx context.Context, clinic string, versions []string) error {
	_, err := around(x.in, clinic, CallPrepare, func() (none, error) { return none{}, x.Directories.Prepare(ctx, clinic, versions) })
	return err
}

// Ledger stands before a ledger.
func (in *Injector) Ledger(to notifier.Ledger) notifier.Ledger { return injectedLedger{in, to} }

type injectedLedger struct {
	in *Injector
	to notifier.Ledger
}

func (x injectedLedger) Last(ctx context.Context, m notifier.Message) (e notifier.Entry, revision uint64, err error) {
	e, err = around(x.in, m.Key, CallLedgerLast, func() (notifier.Entry, error) {
		var out notifier.Entry
		var err error
		out, revision, err = x.to.Last(ctx, m)
		return out, err
	})
	if err != nil {
		return e, 0, err
	}
	return e, revision, nil
}

func (x injectedLedger) Put(ctx context.Context, m notifier.Message, expected uint64, e notifier.Entry) (uint64, error) {
	return around(x.in, m.Key, CallLedgerPut, func() (uint64, error) { return x.to.Put(ctx, m, expected, e) })
}

// Looker stands before a looker.
func (in *Injector) Looker(to notifier.Looker) notifier.Looker { return injectedLooker{in, to} }

type injectedLooker struct {
	in *Injector
	to notifier.Looker
}

func (x injectedLooker) Wait(ctx context.Context, m notifier.Message) error {
	_, err := around(x.in, m.Key, CallLook, func() (none, error) { return none{}, x.to.Wait(ctx, m) })
	return err
}

func (x injectedLooker) Look(ctx context.Context, m notifier.Message) (notifier.Look, error) {
	x.in.looking(m)
	return around(x.in, m.Key, CallLook, func() (notifier.Look, error) { return x.to.Look(ctx, m) })
}

// Reporter stands before a reporter.
func (in *Injector) Reporter(to notifier.Reporter) notifier.Reporter { return injectedReporter{in, to} }

type injectedReporter struct {
	in *Injector
	to notifier.Reporter
}

func (x injectedReporter) Report(ctx context.Context, m notifier.Message, k events.Kind, e notifier.Entry) error {
	_, err := around(x.in, m.Key, CallReport, func() (none, error) { return none{}, x.to.Report(ctx, m, k, e) })
	return err
}

// Provider is a provider that takes every mail and keeps it on record.
func (in *Injector) Provider() notifier.Provider { return injectedProvider{in} }

type injectedProvider struct{ in *Injector }

func (x injectedProvider) Send(_ context.Context, m notifier.Mail) (notifier.Receipt, error) {
	x.in.mu.Lock()
	a := x.in.messages[m.ID]
	x.in.mu.Unlock()
	struck, began := x.in.Fired(a.ref.Key, CallSend), time.Now()
	receipt, err := around(x.in, a.ref.Key, CallSend, func() (notifier.Receipt, error) {
		x.in.mu.Lock()
		x.in.taken = append(x.in.taken, fakesendgrid.Entry{
			Time: time.Now(), Began: began, MID: m.ID, To: m.To.Email, Subject: m.Subject, Lane: string(m.Lane), Status: 202, Text: m.Text,
		})
		x.in.mu.Unlock()
		x.in.took(m, a.enqueue, a.ref)
		return notifier.Receipt{ProviderID: m.ID}, nil
	})
	if err != nil && x.in.Fired(a.ref.Key, CallSend) > struck {
		x.in.mu.Lock()
		x.in.excused[m.ID] = true
		x.in.mu.Unlock()
	}
	return receipt, err
}
