package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/app"
	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/workflows/runner"
)

// Safety is part f: from publishing an event that asks a human to the mailer's
// Send of the mail that asks, while care messages wait for a provider that
// throttles.
type Safety struct {
	// Backlog is how many care messages waited when the first safety event was
	// published, Left how many waited in the end.
	Backlog uint64  `json:"care_messages_waiting"`
	Left    uint64  `json:"care_messages_left"`
	Rate    int     `json:"events_per_second"`
	Seconds float64 `json:"seconds"`
	// Concerns and NoShows take turns.
	Concerns Spread `json:"concerns"`
	NoShows  Spread `json:"no_shows_at_risk"`
	// Taken and Refused are the provider's answers to care, a second.
	Taken   float64 `json:"care_taken_per_second"`
	Refused float64 `json:"care_refused_per_second"`
	// Twice counts care mails beyond the first of a client: none.
	Twice int `json:"mails_twice"`
}

const (
	// throttledFor is what the provider asks a refused care mail to wait: longer
	// than the program keeps it in hand, so that every one goes back to the
	// outbox and comes again.
	throttledFor = 30 * time.Second
	// throttledWord is the answer's name.
	throttledWord = "http 429"
	// askTemplate is the wording of mails that ask a human.
	askTemplate = "escalation"
	// asksWithin bounds the wait for the last safety mail.
	asksWithin = time.Minute
)

// throttled is a mailer that takes safety mail, and so many care mails a second
// over a while. The others it refuses as a provider does whose rate is used up.
type throttled struct {
	trickle float64

	mu sync.Mutex
	// The rest is guarded by mu.
	credit         float64 // care mails that it would take now
	credited       time.Time
	taken, refused int
	to             map[string]int       // care mails by recipient
	left           map[string]time.Time // safety mails by message id, each when it left first
	asks           map[string]int       // the client whom a safety mail is about, by message id
	at             []time.Time          // by client, when the mail that asks left
	missing        int
	done           chan struct{}
}

func newThrottled(trickle, clients int) *throttled {
	return &throttled{
		trickle: float64(trickle), credited: time.Now(), to: map[string]int{}, left: map[string]time.Time{}, asks: map[string]int{},
		at: make([]time.Time, clients), missing: clients, done: make(chan struct{}),
	}
}

// Send takes the mail, or refuses it.
func (p *throttled) Send(_ context.Context, m notifier.Mail) (notifier.Receipt, error) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if m.Lane == notifier.Safety {
		if _, again := p.left[m.ID]; !again {
			p.left[m.ID] = now
			p.meet(m.ID)
		}
		return notifier.Receipt{}, nil
	}
	p.credit = min(p.credit+p.trickle*now.Sub(p.credited).Seconds(), p.trickle*throttledFor.Seconds())
	p.credited = now
	if p.credit < 1 {
		p.refused++
		return notifier.Receipt{}, &notifier.SendError{Class: notifier.RetryAfter, After: throttledFor, Detail: throttledWord}
	}
	p.credit--
	p.taken++
	p.to[m.To.Email]++
	return notifier.Receipt{}, nil
}

// decided hears which message asks about which client: mails to staff name none.
func (p *throttled) decided(d runner.Decided) {
	for _, f := range d.Entry.Effects {
		if f.Enqueue == nil || f.Enqueue.Message.Template != askTemplate {
			continue
		}
		i, ok := number(d.State.Profile.Email.Get())
		if !ok {
			continue
		}
		p.mu.Lock()
		p.asks[f.Enqueue.ID] = i
		p.meet(f.Enqueue.ID)
		p.mu.Unlock()
	}
}

// meet notes when a client's mail left, once both are known: the decision is
// told of after its mail may have left. The caller holds mu.
func (p *throttled) meet(id string) {
	at, left := p.left[id]
	i, asked := p.asks[id]
	if !left || !asked || i >= len(p.at) || !p.at[i].IsZero() {
		return
	}
	p.at[i] = at
	if p.missing--; p.missing == 0 {
		close(p.done)
	}
}

// answers are the provider's to care so far.
func (p *throttled) answers() (taken, refused int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken, p.refused
}

// without429 leaves out what the program says of every refusal: here that is
// not worth reading.
type without429 struct{ w io.Writer }

func (x without429) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte(throttledWord)) {
		return len(line), nil
	}
	return x.w.Write(line) //nolint:wrapcheck // a writer's own error
}

func (o *Options) safety(ctx context.Context, sync string) (*Safety, error) {
	n := int(float64(o.Concerns) * o.Span.Seconds())
	mailer := newThrottled(o.Trickle, n)
	in, err := o.startWith(ctx, sync, map[string]string{"at-risk": atRiskYAML}, without429{o.Err},
		app.WithProvider(mailer), app.WithObserver(mailer.decided))
	if err != nil {
		return nil, err
	}
	defer in.stop(ctx)
	// The clients of the backlog come after those of the safety events.
	for i := n; i < n+o.Backlog; i++ {
		m, err := clientEvent(events.AppointmentNoShow, i, time.Now())
		if err != nil {
			return nil, err
		}
		if err := in.pipe.Publish(m.subject, m.header, m.body); err != nil {
			return nil, err
		}
	}
	if err := in.pipe.Flush(ctx); err != nil {
		return nil, err
	}
	s := &Safety{Rate: o.Concerns, Seconds: o.Span.Seconds()}
	for asked := uint64(0); asked < uint64(o.Backlog); {
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return nil, err
		}
		if asked, s.Backlog, err = in.outbox(ctx); err != nil {
			return nil, err
		}
	}
	taken, refused := mailer.answers()
	began := time.Now()
	published, err := o.ask(ctx, in, n)
	if err != nil {
		return nil, err
	}
	waiting, cancel := context.WithTimeout(ctx, asksWithin)
	defer cancel()
	select {
	case <-mailer.done:
	case <-waiting.Done():
		return nil, fmt.Errorf("wait for mails to staff: %w", waiting.Err())
	}
	took := time.Since(began).Seconds()
	if _, s.Left, err = in.outbox(ctx); err != nil {
		return nil, err
	}
	mailer.mu.Lock()
	defer mailer.mu.Unlock()
	s.Taken, s.Refused = round(float64(mailer.taken-taken)/took, 1), round(float64(mailer.refused-refused)/took, 1)
	for _, mails := range mailer.to {
		s.Twice += mails - 1
	}
	var all [2][]time.Duration
	for i, at := range mailer.at {
		all[i%2] = append(all[i%2], at.Sub(published[i]))
	}
	s.Concerns, s.NoShows = spread(all[0]), spread(all[1])
	o.progress("f  sync %-8s  %d/s for %s while %d care messages wait: concerns p50 %.2f, p99 %.2f, max %.2f ms; no-shows at risk p50 %.2f, p99 %.2f, max %.2f ms",
		sync, s.Rate, o.Span, s.Backlog, s.Concerns.P50, s.Concerns.P99, s.Concerns.Max, s.NoShows.P50, s.NoShows.P99, s.NoShows.Max)
	return s, nil
}

// ask publishes n safety events at their rate, a concern and a no-show by turns,
// and says when each went out.
func (o *Options) ask(ctx context.Context, in *instance, n int) ([]time.Time, error) {
	published := make([]time.Time, n)
	tick := time.NewTicker(time.Second / time.Duration(o.Concerns))
	defer tick.Stop()
	for i := range n {
		kind := []events.Kind{events.SafetyConcern, events.AppointmentNoShow}[i%2]
		m, err := safetyEvent(kind, i, time.Now())
		if err != nil {
			return nil, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("measure: %w", ctx.Err())
		}
		published[i] = time.Now()
		if err := in.pipe.Publish(m.subject, m.header, m.body); err != nil {
			return nil, err
		}
	}
	return published, in.pipe.Flush(ctx)
}

// outbox is how many messages OUTBOX ever had, and has.
func (in *instance) outbox(ctx context.Context) (written, held uint64, err error) {
	uses, err := in.Uses(ctx)
	if err != nil {
		return 0, 0, err
	}
	return uses["OUTBOX"].Written, uses["OUTBOX"].Held, nil
}
