package notifier

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// Page asks a person, by another way than mail, to look at one question. Like the
// mail beside it, it names no client.
type Page struct {
	// ID and Attempt are those of the mail: a channel that sees an ID again may leave
	// the second one out.
	ID      string
	Attempt int
	// Channel is the way to take, and To where the person is on it: a number, a name.
	Channel, To string
	// Title is one line, Text the whole mail as plain text. Link opens the question,
	// and its page asks for Code.
	Title, Text, Link, Code string
}

// Channel reaches members of staff in another way than by mail: a pager, a text
// message, a call. Its contract is that of Provider: nil means taken, a *SendError
// says what is known instead, it makes one attempt, ends when ctx does, and may be
// called by many goroutines at once.
type Channel interface {
	Send(ctx context.Context, p Page) error
}

// Reach is a Provider that sends each mail, and at the same time its pages. Whoever
// was reached in one way was reached; only where every way failed has the mail
// failed.
type Reach struct {
	Mail Provider
	// Channels are the other ways, by name.
	Channels map[string]Channel
	Logger   *slog.Logger
	// Observe hears how each page ended; nil is nobody.
	Observe func(channel string, taken bool)
	// Pause waits between two tries of a page; false means that ctx ended.
	Pause func(ctx context.Context, d time.Duration) bool
}

// A page is tried this often, within so long: less than a request for a mail may
// take, so that a pager that hangs holds no notifier.
const (
	pageTries = 3
	pageTime  = 6 * time.Second
)

// Send sends the mail and its pages at once. The error, where every way failed, is
// the one that leaves most open: what may have left, then what may leave later.
func (r *Reach) Send(ctx context.Context, m Mail) (Receipt, error) {
	if len(m.Pages) == 0 {
		return r.Mail.Send(ctx, m)
	}
	failed := make([]error, len(m.Pages))
	var wg sync.WaitGroup
	for i, p := range m.Pages {
		wg.Go(func() { failed[i] = r.page(ctx, p, m) })
	}
	receipt, err := r.Mail.Send(ctx, m)
	wg.Wait()
	ways := []string{"mail"}
	if err != nil {
		ways[0] = "not mail"
	}
	worst, taken := err, err == nil
	for i, p := range m.Pages {
		if failed[i] == nil {
			ways, taken = append(ways, p.Channel), true
			continue
		}
		ways = append(ways, "not "+p.Channel)
		worst = leavesMoreOpen(worst, failed[i])
	}
	if !taken {
		return Receipt{}, worst
	}
	receipt.Ways = strings.Join(ways, ", ")
	return receipt, nil
}

// page tries one page until it is taken, refused for good, or its time is over.
func (r *Reach) page(ctx context.Context, p Page, m Mail) (err error) {
	p.ID, p.Attempt = m.ID, m.Attempt
	ctx, cancel := context.WithTimeout(ctx, pageTime)
	defer cancel()
	defer func() {
		if r.Observe != nil {
			r.Observe(p.Channel, err == nil)
		}
	}()
	channel, ok := r.Channels[p.Channel]
	if !ok {
		err = &SendError{Class: Permanent, Detail: "no such channel", Err: errors.New("the channel is not set up")}
	}
	for try := 1; ok; try++ {
		if err = channel.Send(ctx, p); err == nil {
			return nil
		}
		if Classify(err).Class == Permanent || try == pageTries || !r.Pause(ctx, time.Duration(try)*500*time.Millisecond) {
			break
		}
	}
	se := Classify(err)
	r.Logger.Warn("a page was not taken", "message", m.ID, "channel", p.Channel, "class", se.Class.String(), "detail", se.Detail)
	// Of the same class for the stages, whose pauses are for the mail's provider.
	return &SendError{Class: se.Class, Detail: p.Channel + " " + se.Detail, Err: err}
}

// leavesMoreOpen picks the error after which more may still happen.
func leavesMoreOpen(a, b error) error {
	if a == nil {
		return b
	}
	rank := map[Class]int{Ambiguous: 2, RetryAfter: 1, Permanent: 0}
	if rank[Classify(b).Class] > rank[Classify(a).Class] {
		return b
	}
	return a
}
