package notifier

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
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

// Reach is a Provider that sends each mail, and at the same time its pages. What became
// of the mail is what it says: a page helps somebody see the question sooner, and a rung
// counts as asked by its mail. A mail that is tried again does not page anew whom its
// page has reached.
type Reach struct {
	mail     Provider
	channels map[string]Channel
	log      *slog.Logger
	observe  func(channel string, taken bool)
	pause    func(ctx context.Context, d time.Duration) bool
	// taken are the pages that were, by message and channel. A forgotten one pages
	// again, which does no harm.
	taken *lru.Cache[string, bool]
}

// ReachConfig is what a Reach needs.
type ReachConfig struct {
	Mail Provider
	// Channels are the other ways, by name.
	Channels map[string]Channel
	Logger   *slog.Logger
	// Observe hears how each page ended.
	Observe func(channel string, taken bool)
	// Pause waits between two tries of a page; false means that ctx ended.
	Pause func(ctx context.Context, d time.Duration) bool
}

// NewReach makes a Reach.
func NewReach(c ReachConfig) (*Reach, error) {
	taken, err := lru.New[string, bool](keptPages)
	if err != nil {
		return nil, fmt.Errorf("set up the channels: %w", err)
	}
	return &Reach{mail: c.Mail, channels: c.Channels, log: c.Logger, observe: c.Observe, pause: c.Pause, taken: taken}, nil
}

// A page is tried this often, within so long; what became of the mail is not kept
// waiting for it longer than pageWait.
const (
	pageTries = 3
	pageTime  = 6 * time.Second
	pageWait  = time.Second
	keptPages = 4096
)

// Send sends the mail and its pages at once, and answers as the mail's provider did. What
// became of the pages stands in the receipt, or in the error's detail.
func (r *Reach) Send(ctx context.Context, m Mail) (Receipt, error) {
	if len(m.Pages) == 0 {
		return r.mail.Send(ctx, m)
	}
	var (
		mu   sync.Mutex
		ways = make([]string, len(m.Pages)) // guarded by mu
		all  = make(chan struct{})
		wg   sync.WaitGroup
	)
	for i, p := range m.Pages {
		ways[i] = p.Channel + " not heard of yet"
		wg.Go(func() {
			// A page goes on when the mail is done, and when the program stops meanwhile.
			way := p.Channel
			if !r.page(context.WithoutCancel(ctx), p, m) {
				way = "not " + way
			}
			mu.Lock()
			defer mu.Unlock()
			ways[i] = way
		})
	}
	go func() { wg.Wait(); close(all) }()
	receipt, err := r.mail.Send(ctx, m)
	patience := time.NewTimer(pageWait)
	defer patience.Stop()
	select {
	case <-all:
	case <-patience.C:
	}
	mu.Lock()
	defer mu.Unlock()
	reached := strings.Join(ways, ", ")
	if err != nil {
		se := *Classify(err)
		se.Detail += "; " + reached
		return Receipt{}, &se
	}
	receipt.Ways = "mail, " + reached
	return receipt, nil
}

// page tries one page until it is taken, refused for good, or its time is over.
func (r *Reach) page(ctx context.Context, p Page, m Mail) bool {
	key := m.ID + " " + p.Channel
	if known, _ := r.taken.ContainsOrAdd(key, true); known {
		return true // taken, or under way
	}
	p.ID, p.Attempt = m.ID, m.Attempt
	ctx, cancel := context.WithTimeout(ctx, pageTime)
	defer cancel()
	err := r.try(ctx, p)
	r.observe(p.Channel, err == nil)
	if err == nil {
		return true
	}
	r.taken.Remove(key)
	se := Classify(err)
	r.log.Warn("a page was not taken", "message", m.ID, "channel", p.Channel, "class", se.Class.String(), "detail", se.Detail)
	return false
}

func (r *Reach) try(ctx context.Context, p Page) (err error) {
	channel, ok := r.channels[p.Channel]
	if !ok {
		return &SendError{Class: Permanent, Detail: "not set up"}
	}
	for try := 1; ; try++ {
		if err = channel.Send(ctx, p); err == nil {
			return nil
		}
		if Classify(err).Class == Permanent || try == pageTries || !r.pause(ctx, time.Duration(try)*500*time.Millisecond) {
			return err
		}
	}
}
