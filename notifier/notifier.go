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

	lru "github.com/hashicorp/golang-lru/v2"

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
	// Reason and By say why not, and which event said so; Reason also says what
	// a message that must wait waits for.
	Reason, By string
	// Email is the recipient's address now; empty for staff.
	Email string
	// Later is how long a message that is wanted must wait yet, for the quiet
	// hours to end or the clinic to open: real time, however fast the program's
	// clock runs.
	Later time.Duration
}

// Looker takes the last look (the rule last-look).
type Looker interface {
	// Wait returns when a look would not have to wait long, as far as this
	// process knows without asking anybody.
	Wait(ctx context.Context, m Message) error
	// Look reads the client's latest decision from the leader and, in the care
	// lane, first waits until everything acknowledged to a sender at this
	// moment has been decided on.
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

// Config is what a Notifier needs; all of it is required but Speed and Observe.
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
	// Speed is how fast Now runs, 0 for a clock that stands still; nil is 1.
	Speed func() float64
	// Observe hears how each message of a lane ended.
	Observe func(lane Lane, s Status)
}

// Notifier takes messages through the stages. It may be used by many
// goroutines at once.
type Notifier struct {
	cfg Config

	mu sync.Mutex
	// rest is until when the provider asked care to wait. Guarded by mu.
	rest time.Time
	// working holds the messages that this process is at; two copies of one
	// never meet here. Guarded by mu.
	working map[string]bool
	// unsure are the nonces of claims that may stand in the ledger, by message
	// id: it is known that no mail left under them, so this process may take
	// them up again. A forgotten one is safe: its claim is then taken for
	// somebody else's.
	unsure *lru.Cache[string, string]
}

// keptNonces bounds unsure. Another replica may settle the message, and then
// nobody here asks again.
const keptNonces = 4096

// New makes a Notifier; it fails on a Config that lacks something.
func New(cfg Config) (*Notifier, error) {
	for what, given := range map[string]bool{
		"Provider": cfg.Provider != nil, "Ledger": cfg.Ledger != nil, "Renderer": cfg.Renderer != nil, "Looker": cfg.Looker != nil,
		"Reporter": cfg.Reporter != nil, "Limiter": cfg.Limiter != nil, "Now": cfg.Now != nil, "Pause": cfg.Pause != nil, "Logger": cfg.Logger != nil,
	} {
		if !given {
			return nil, fmt.Errorf("set up the notifier: it needs a %s", what)
		}
	}
	if cfg.Speed == nil {
		cfg.Speed = func() float64 { return 1 }
	}
	if cfg.Observe == nil {
		cfg.Observe = func(Lane, Status) {}
	}
	unsure, err := lru.New[string, string](keptNonces)
	if err != nil {
		return nil, fmt.Errorf("set up the notifier: %w", err)
	}
	return &Notifier{cfg: cfg, working: map[string]bool{}, unsure: unsure}, nil
}

// restCare has the care lane wait, as the provider asked. Safety never rests: a
// mail too many is refused at no cost, and one held back may be the one that
// matters.
func (n *Notifier) restCare(d time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if until := n.cfg.Now().Add(d); until.After(n.rest) {
		n.rest = until
	}
}

func (n *Notifier) resting(lane Lane) time.Duration {
	if lane == Safety {
		return 0
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.rest.Sub(n.cfg.Now())
}

// begin says whether this process may take the message up: not while another
// copy of it is under way here.
func (n *Notifier) begin(id string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.working[id] {
		return false
	}
	n.working[id] = true
	return true
}

func (n *Notifier) done(id string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.working, id)
}

// nonce names a new attempt, or takes up one whose claim may be stored.
func (n *Notifier) nonce(id string) string {
	if kept, ok := n.unsure.Get(id); ok {
		n.unsure.Remove(id)
		return kept
	}
	return rand.Text()
}

func (n *Notifier) keepNonce(id, nonce string) { n.unsure.Add(id, nonce) }

// since is how long ago t was, at the speed of life.
func (n *Notifier) since(t time.Time) time.Duration {
	if n.cfg.Speed() == 0 {
		return 0 // nothing grows old while the clock stands still
	}
	return time.Duration(float64(n.cfg.Now().Sub(t)) / n.cfg.Speed())
}

// attempt is one message on its way through the stages.
type attempt struct {
	m     Message
	nonce string
	// number counts attempts from 1; revision is the ledger's.
	number   int
	revision uint64
	claimed  time.Time // when, as the ledger has it
	unsure   int       // requests so far of which nobody knows whether the mail left
	late     bool      // the client's log has heard that the message has to wait
	mail     Mail
	tries    int // requests made under this claim
}

// outcome of a stage: go on, leave with the message settled or to come again,
// or go back to the first stage under the same claim.
type outcome struct {
	leave bool
	again time.Duration
	retry bool
}

func goOn() outcome { return outcome{} }

func settled() outcome { return outcome{leave: true} }

func comeAgain(after time.Duration) outcome { return outcome{leave: true, again: after} }

func tryAgain() outcome { return outcome{retry: true} }

// stage is one step of a message's way.
type stage struct {
	name string
	run  func(*Notifier, context.Context, *attempt) outcome
}

// stages is the whole way, top to bottom. A retry after an answer that the
// mail did not leave goes back to the top, and so to another last look.
func stages() []stage {
	return []stage{
		{"wait", (*Notifier).wait},       // what takes long comes before the claim: a crash here leaves no question
		{"permit", (*Notifier).permit},   // the provider's rate, after the wait: permits taken before it would be used all at once
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
	// longestRest is how long such hours keep a message without another look: the
	// clinic may have changed them.
	longestRest = time.Hour
	// safetyWait bounds what a provider's fault, or its own word, can hold a
	// safety message back.
	safetyWait = 20 * time.Second
	// claimHeld is how long a claim of a care message counts as another
	// attempt's that is under way: as long as the outbox waits for a notifier
	// that has fallen silent (30 s), and a request more. A request begins early
	// enough to end, and its end to be written down, within that.
	claimHeld = 30*time.Second + requestTimeout
	// lookAgain is how often a copy asks what became of another's claim.
	lookAgain = 5 * time.Second
)

// Deliver takes one message as far as it goes now. It returns 0 when the
// message is settled and may leave the outbox, else how long to wait before it
// comes again.
func (n *Notifier) Deliver(ctx context.Context, m Message) (again time.Duration) {
	if !n.begin(m.ID) {
		return soon
	}
	defer n.done(m.ID)
	a := &attempt{m: m}
	for {
		out := n.pass(ctx, a)
		if !out.retry {
			return out.again
		}
	}
}

// pass takes an attempt through the stages once.
func (n *Notifier) pass(ctx context.Context, a *attempt) outcome {
	for _, s := range stages() {
		if ctx.Err() != nil {
			// The program is stopping: a claim is given back rather than left to
			// be taken for a request whose fate nobody knows.
			return n.putOff(ctx, a, "stopping", nil, soon)
		}
		if out := s.run(n, ctx, a); out.leave || out.retry {
			return out
		}
	}
	// The last stage leaves or tries again.
	return comeAgain(soon)
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
		e := Entry{Status: Claimed, Attempt: last.Attempt + 1, Nonce: a.nonce, At: n.cfg.Now(), Unsure: last.Unsure, Late: last.Late}
		got, err := n.cfg.Ledger.Put(ctx, a.m, rev, e)
		if err == nil {
			a.holds(e, got)
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
			if n.since(last.At) > claimHeld/2 {
				continue // ours from a delivery before: made anew
			}
			a.holds(last, rev)
			return goOn()
		case last.Status.Final():
			return n.report(ctx, a, last)
		case last.Status == Claimed && a.m.Lane == Care:
			if left := claimHeld - n.since(last.At); left > 0 {
				// Another replica may be at it: nothing is known to be wrong yet.
				n.keepNonce(a.m.ID, a.nonce) // ours may be stored still
				return comeAgain(min(max(left, soon), lookAgain))
			}
			a.holds(last, rev)
			return n.settle(ctx, a, Entry{Status: Unknown, Detail: "claimed by an attempt that never ended"})
		}
	}
	n.cfg.Logger.Warn("claiming a message has to wait", "message", a.m.ID)
	n.keepNonce(a.m.ID, a.nonce)
	return comeAgain(soon)
}

// holds notes the claim that the attempt stands on.
func (a *attempt) holds(e Entry, revision uint64) {
	a.number, a.revision, a.claimed, a.unsure, a.late = e.Attempt, revision, e.At, e.Unsure, e.Late
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

// wait keeps a care message back while its last look would have to wait: after
// a restart that may last seconds, and a claim that a crash cuts off in that
// time would go to a human although nothing left. The look after the claim
// decides.
func (n *Notifier) wait(ctx context.Context, a *attempt) outcome {
	if a.m.Lane == Safety || a.revision > 0 {
		return goOn()
	}
	if err := n.cfg.Looker.Wait(ctx, a.m); err != nil {
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
	if l.Later > 0 {
		return n.putOff(ctx, a, l.Reason, nil, min(l.Later, longestRest))
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

// request makes one request. It leaves, or asks for another try.
func (n *Notifier) request(ctx context.Context, a *attempt) outcome {
	if a.m.Lane == Care && n.since(a.claimed) > claimHeld-2*requestTimeout {
		// Another replica could take the claim for dead while the request is made.
		return n.putOff(ctx, a, "the claim grew old", nil, soon)
	}
	a.mail.Attempt = a.number
	// The program may be stopping; a request that has begun is seen through.
	rctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTimeout)
	receipt, err := n.cfg.Provider.Send(rctx, a.mail)
	cancel()
	a.tries++
	if err == nil {
		if receipt.Wait > 0 {
			n.restCare(receipt.Wait)
		}
		return n.settle(ctx, a, Entry{Status: Accepted, ProviderID: receipt.ProviderID, Detail: receipt.Ways})
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
		return n.later(ctx, a, se)
	default: // Ambiguous
		if a.m.Lane == Care {
			return n.settle(ctx, a, Entry{Status: Unknown, Detail: se.Detail})
		}
		return n.repeat(ctx, a, se)
	}
}

// later waits for another try, here or back in the outbox.
func (n *Notifier) later(ctx context.Context, a *attempt, se *SendError) outcome {
	wait := n.backoff(a.tries, se.After)
	if a.m.Lane == Safety {
		// However long the provider asks for, or its account is at fault: each
		// safety message tries for itself, and soon.
		wait = min(wait, safetyWait)
	} else if se.Provider {
		n.restCare(wait) // every other mail would meet the same
	}
	if a.tries >= maxTries || wait > longWait || se.Provider {
		return n.putOff(ctx, a, se.Detail, nil, wait)
	}
	if !n.cfg.Pause(ctx, wait) {
		return n.putOff(ctx, a, se.Detail, nil, soon)
	}
	return tryAgain()
}

// unsureTold is how many requests for one safety message may end without
// anybody knowing whether it left, before the client's log hears of it.
const unsureTold = 5

// repeat has a safety message sent again rather than not at all, as another
// attempt of the same Message-ID. Each may have arrived: the waits grow, about a
// minute in all up to the fifth, then minutes, so that somebody who has the mail
// is not buried under it.
func (n *Notifier) repeat(ctx context.Context, a *attempt, se *SendError) outcome {
	a.unsure++
	wait := n.backoff(a.unsure+2, 0)
	if a.unsure >= unsureTold {
		wait = min(time.Minute<<min(a.unsure-unsureTold, 4), 10*time.Minute)
	}
	// Its lateness is told at the next try: that comes no later than it is late.
	if left := n.untilLate(a.m); left > 0 {
		wait = min(wait, left)
	}
	if a.unsure == unsureTold {
		e := Entry{Status: Unknown, Attempt: a.number, At: n.cfg.Now(), Detail: se.Detail}
		if err := n.cfg.Reporter.Report(context.WithoutCancel(ctx), a.m, events.MessageUnknown, e); err != nil {
			n.cfg.Logger.Warn("telling of a message of unknown fate has to wait", "message", a.m.ID, "error", err)
			a.unsure-- // the next attempt tells
		}
	}
	return n.putOff(ctx, a, se.Detail, nil, wait)
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
