package notifier

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	mrand "math/rand/v2"
	"sync"
	"time"

	"github.com/mooring-care/mooring/events"
)

// Renderer writes the mail for a message. An error that wraps ErrCannotRender
// is final; any other is tried again.
type Renderer interface {
	Render(ctx context.Context, m Message, attempt int) (Mail, error)
}

// ErrCannotRender says that no wording or no recipient exists for a message.
var ErrCannotRender = errors.New("cannot render")

// Look is what the last look before a request saw.
type Look struct {
	Wanted bool
	// Reason and By say why not, and which event said so.
	Reason, By string
	// Email is the recipient's address now; empty for staff.
	Email string
}

// Looker takes the last look (the rule last-look): it reads the client's
// latest decision from the leader and, in the care lane, first waits until
// everything acknowledged to a sender at this moment has been decided on.
type Looker interface {
	Look(ctx context.Context, m Message) (Look, error)
}

// Reporter tells the client's log what became of a message. Reporting the same
// twice is harmless.
type Reporter interface {
	Report(ctx context.Context, m Message, k events.Kind, e Entry) error
}

// Limiter grants the permit to send one mail; it waits while the lane's rate
// is used up.
type Limiter interface {
	Permit(ctx context.Context, lane Lane) error
}

// Config is what a Notifier needs; all of it is required but Observe.
type Config struct {
	Provider Provider
	Ledger   Ledger
	Renderer Renderer
	Looker   Looker
	Reporter Reporter
	Limiter  Limiter
	Now      func() time.Time
	// Pause waits; false means that ctx ended.
	Pause  func(ctx context.Context, d time.Duration) bool
	Logger *slog.Logger
	// Observe hears how each message of a lane ended.
	Observe func(lane Lane, s Status)
}

// Notifier takes messages through the stages. It may be used by many
// goroutines at once.
type Notifier struct {
	cfg Config

	mu sync.Mutex
	// rest is until when the provider asked each lane to wait. Guarded by mu.
	rest map[Lane]time.Time
	// unsure are the nonces of claims that may stand in the ledger, by message
	// id: it is known that no mail left under them, so this process may take
	// them up again. Guarded by mu.
	unsure map[string]string
}

// New makes a Notifier.
func New(cfg Config) *Notifier {
	if cfg.Observe == nil {
		cfg.Observe = func(Lane, Status) {}
	}
	return &Notifier{cfg: cfg, rest: map[Lane]time.Time{}, unsure: map[string]string{}}
}

// restFor has a lane wait, as the provider asked.
func (n *Notifier) restFor(lane Lane, d time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if until := n.cfg.Now().Add(d); until.After(n.rest[lane]) {
		n.rest[lane] = until
	}
}

func (n *Notifier) resting(lane Lane) time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.rest[lane].Sub(n.cfg.Now())
}

// nonce names a new attempt, or takes up one whose claim may be stored.
func (n *Notifier) nonce(id string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if kept, ok := n.unsure[id]; ok {
		delete(n.unsure, id)
		return kept
	}
	return rand.Text()
}

func (n *Notifier) keepNonce(id, nonce string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.unsure[id] = nonce
}

// attempt is one message on its way through the stages.
type attempt struct {
	m     Message
	nonce string
	// number counts attempts from 1; revision is the ledger's.
	number   int
	revision uint64
	mail     Mail
	tries    int // requests made under this claim
}

// outcome of a stage: go on, or leave with the message settled or to come
// again.
type outcome struct {
	leave bool
	again time.Duration
}

func goOn() outcome { return outcome{} }

func settled() outcome { return outcome{leave: true} }

func comeAgain(after time.Duration) outcome { return outcome{leave: true, again: after} }

// stage is one step of a message's way.
type stage struct {
	name string
	run  func(*Notifier, context.Context, *attempt) outcome
}

// stages is the whole way, top to bottom. A retry after an answer that the
// mail did not leave goes back to the permit, and so to another last look.
func stages() []stage {
	return []stage{
		{"permit", (*Notifier).permit},   // the provider's rate
		{"wait", (*Notifier).wait},       // what takes long comes before the claim: a crash here leaves no question
		{"claim", (*Notifier).claim},     // at most one attempt is under way, and the ledger says which
		{"render", (*Notifier).render},   // words, links, recipient
		{"look", (*Notifier).look},       // is it still wanted?
		{"request", (*Notifier).request}, // the one moment at which mail leaves
	}
}

// The bounds of waiting within one delivery; what takes longer goes back to
// the outbox.
const (
	requestTimeout = 10 * time.Second
	maxTries       = 4
	maxClaims      = 5
	longWait       = 15 * time.Second
	soon           = time.Second
)

// Deliver takes one message as far as it goes now. It returns 0 when the
// message is settled and may leave the outbox, else how long to wait before it
// comes again.
func (n *Notifier) Deliver(ctx context.Context, m Message) (again time.Duration) {
	a := &attempt{m: m}
	list := stages()
	for i := 0; i < len(list); i++ {
		if ctx.Err() != nil {
			// The program is stopping: a claim is given back rather than left to
			// be taken for a request whose fate nobody knows.
			if a.revision > 0 {
				return n.putOff(ctx, a, "stopping", nil, soon).again
			}
			return soon
		}
		out := list[i].run(n, ctx, a)
		if out.leave {
			return out.again
		}
		if list[i].name == "request" { // asked to try again under the same claim
			i = -1
		}
	}
	return 0
}

// claim writes into the ledger that this attempt is under way. A crash right
// after it leaves a claim whose fate nobody knows: a care message then goes to
// a human, a safety message is sent again.
func (n *Notifier) claim(ctx context.Context, a *attempt) outcome {
	if a.revision > 0 {
		return goOn() // the same claim, tried again
	}
	a.nonce = n.nonce(a.m.ID)
	ctx = context.WithoutCancel(ctx)
	var last Entry
	var rev uint64
	for range maxClaims {
		a.number = last.Attempt + 1
		e := Entry{Status: Claimed, Attempt: a.number, Nonce: a.nonce, At: n.cfg.Now()}
		got, err := n.cfg.Ledger.Put(ctx, a.m, rev, e)
		if err == nil {
			a.revision = got
			return goOn()
		}
		// Lost to another claim, or stored although the answer was lost: the
		// leader knows, and our nonce is our name.
		if last, rev, err = n.cfg.Ledger.Last(ctx, a.m); err != nil {
			n.cfg.Logger.Warn("claiming a message has to wait", "message", a.m.ID, "error", err)
			n.keepNonce(a.m.ID, a.nonce)
			return comeAgain(soon)
		}
		switch {
		case last.Nonce == a.nonce && last.Status == Claimed:
			a.number, a.revision = last.Attempt, rev
			return goOn()
		case last.Status.Final():
			return n.report(ctx, a, last)
		case last.Status == Claimed && a.m.Lane == Care:
			a.number, a.revision = last.Attempt, rev
			return n.settle(ctx, a, Entry{Status: Unknown, Detail: "claimed by an attempt that never ended"})
		}
	}
	n.cfg.Logger.Warn("claiming a message has to wait", "message", a.m.ID)
	n.keepNonce(a.m.ID, a.nonce)
	return comeAgain(soon)
}

func (n *Notifier) render(ctx context.Context, a *attempt) outcome {
	mail, err := n.cfg.Renderer.Render(ctx, a.m, a.number)
	switch {
	case err == nil:
		a.mail = mail
		return goOn()
	case errors.Is(err, ErrCannotRender):
		n.cfg.Logger.Error("a message cannot be written", "message", a.m.ID, "template", a.m.Template, "error", err)
		return n.settle(ctx, a, Entry{Status: Refused, Detail: "cannot render"})
	}
	return n.putOff(ctx, a, "render", err, soon)
}

func (n *Notifier) permit(ctx context.Context, a *attempt) outcome {
	if d := n.resting(a.m.Lane); d > longWait {
		return n.putOff(ctx, a, "the provider asked to wait", nil, d)
	} else if d > 0 && !n.cfg.Pause(ctx, d) {
		return n.putOff(ctx, a, "permit", ctx.Err(), soon)
	}
	if err := n.cfg.Limiter.Permit(ctx, a.m.Lane); err != nil {
		return n.putOff(ctx, a, "permit", err, soon)
	}
	return goOn()
}

// wait takes a first look in the care lane, for its waiting alone: after a
// restart it may last seconds, and a claim that a crash cuts off in that time
// would go to a human although nothing left. The look after the claim decides.
func (n *Notifier) wait(ctx context.Context, a *attempt) outcome {
	if a.m.Lane == Safety || a.revision > 0 {
		return goOn()
	}
	if _, err := n.cfg.Looker.Look(ctx, a.m); err != nil {
		n.cfg.Logger.Warn("a message has to wait for its last look", "message", a.m.ID, "error", err)
		return comeAgain(soon)
	}
	return goOn()
}

func (n *Notifier) look(ctx context.Context, a *attempt) outcome {
	l, err := n.cfg.Looker.Look(ctx, a.m)
	if err != nil {
		if a.m.Lane == Safety {
			// Safety never waits for a look that cannot be taken.
			n.cfg.Logger.Warn("a safety message leaves without a last look", "message", a.m.ID, "error", err)
			return goOn()
		}
		return n.putOff(ctx, a, "look", err, soon)
	}
	if !l.Wanted {
		return n.settle(ctx, a, Entry{Status: Withdrawn, Detail: l.Reason, By: l.By})
	}
	if l.Email != "" && l.Email != a.mail.To.Email {
		// The address changed since the mail was written.
		if out := n.render(ctx, a); out.leave {
			return out
		}
		if l.Email != a.mail.To.Email {
			return n.putOff(ctx, a, "look", errors.New("the address is changing"), soon)
		}
	}
	return goOn()
}

// request makes one request. It leaves, or asks for another try by goOn.
func (n *Notifier) request(ctx context.Context, a *attempt) outcome {
	a.mail.Attempt = a.number
	// The program may be stopping; a request that has begun is seen through.
	rctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTimeout)
	receipt, err := n.cfg.Provider.Send(rctx, a.mail)
	cancel()
	a.tries++
	if err == nil {
		if receipt.Wait > 0 {
			n.restFor(a.m.Lane, receipt.Wait)
		}
		return n.settle(ctx, a, Entry{Status: Accepted, ProviderID: receipt.ProviderID})
	}
	se := Classify(err)
	n.cfg.Logger.Warn("a mail was not accepted", "message", a.m.ID, "lane", a.m.Lane, "class", se.Class.String(), "detail", se.Detail)
	if se.Class == Permanent && se.Provider {
		// A wrong address of the provider refuses every mail alike; the mails are
		// kept until the operator has mended it.
		se = &SendError{Class: RetryAfter, After: 5 * time.Minute, Detail: se.Detail, Provider: true}
	}
	switch se.Class {
	case Permanent:
		return n.settle(ctx, a, Entry{Status: Refused, Detail: se.Detail})
	case RetryAfter:
		wait := n.backoff(a.tries, se.After)
		if se.Provider && a.m.Lane == Care {
			// Every other mail would meet the same; safety still tries each.
			n.restFor(a.m.Lane, wait)
		}
		if a.tries >= maxTries || wait > longWait || se.Provider {
			return n.putOff(ctx, a, se.Detail, nil, wait)
		}
		if !n.cfg.Pause(ctx, wait) {
			return n.putOff(ctx, a, se.Detail, nil, soon)
		}
		return goOn()
	default: // Ambiguous
		if a.m.Lane == Care {
			return n.settle(ctx, a, Entry{Status: Unknown, Detail: se.Detail})
		}
		// A safety message is sent again rather than not at all, as another
		// attempt of the same Message-ID.
		return n.putOff(ctx, a, se.Detail, nil, n.backoff(a.number, 0))
	}
}

// backoff doubles from half a second, with jitter, and honours the provider's
// own word.
func (n *Notifier) backoff(tries int, after time.Duration) time.Duration {
	d := 500 * time.Millisecond << min(tries-1, 6)
	d += time.Duration(mrand.Int64N(int64(d)/2 + 1)) //nolint:gosec // jitter is no secret
	if after > 0 {
		// Never before the provider's time, and spread a little after it.
		return max(d, after+time.Duration(mrand.Int64N(int64(after)/10+1))) //nolint:gosec // jitter is no secret
	}
	return d
}

// putOff gives the claim back: the mail is known not to have left (or, in the
// safety lane, may leave again), and the message comes again later.
func (n *Notifier) putOff(ctx context.Context, a *attempt, detail string, err error, after time.Duration) outcome {
	if err != nil {
		n.cfg.Logger.Warn("a message is put off", "message", a.m.ID, "at", detail, "error", err)
	}
	if a.revision == 0 {
		return comeAgain(max(after, soon)) // nothing was claimed
	}
	e := Entry{Status: Deferred, Attempt: a.number, Nonce: a.nonce, At: n.cfg.Now(), Detail: detail}
	if _, err := n.put(ctx, a, e); err != nil {
		n.cfg.Logger.Warn("the ledger could not note that a message is put off", "message", a.m.ID, "error", err)
		n.keepNonce(a.m.ID, a.nonce)
	}
	return comeAgain(max(after, soon))
}

// settle writes the final word into the ledger, then tells the client's log. A
// crash between the two is mended when the outbox hands the message over
// again: claim finds the final word and reports it.
func (n *Notifier) settle(ctx context.Context, a *attempt, e Entry) outcome {
	e.Attempt, e.Nonce, e.At = a.number, a.nonce, n.cfg.Now()
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
		a.revision = rev
	}
	return e, fmt.Errorf("write the ledger: %w", failed)
}

// report tells the client's log what a human or a ladder must know. That a
// care message was accepted is the ledger's knowledge alone: nothing is
// decided on it.
func (n *Notifier) report(ctx context.Context, a *attempt, e Entry) outcome {
	kind, ok := kindOf(a.m.Lane, e.Status)
	if !ok {
		return settled()
	}
	if err := n.cfg.Reporter.Report(context.WithoutCancel(ctx), a.m, kind, e); err != nil {
		n.cfg.Logger.Warn("reporting a message has to wait", "message", a.m.ID, "error", err)
		return comeAgain(soon)
	}
	return settled()
}

func kindOf(lane Lane, s Status) (events.Kind, bool) {
	switch s {
	case Accepted:
		return events.MessageAccepted, lane == Safety
	case Withdrawn:
		return events.MessageWithdrawn, true
	case Refused:
		return events.MessageRefused, true
	case Unknown:
		return events.MessageUnknown, true
	}
	return "", false
}
