package notifier

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mooring-care/mooring/events"
)

// copyOf is one copy of the message in the outbox, and whoever is at it.
type copyOf struct {
	name    string
	process int
	handed  int       // how often it was handed out
	due     time.Time // when the outbox hands it out again
	settled bool

	// at is the call that it stands before, empty while nobody is at it; by is
	// when that call must have been made, or a pause is over.
	at   string
	by   time.Time
	says chan string    // the call it comes to, or "over"
	goes chan verdict   // what becomes of the call
	next verdict        // of the call under way
	hurt bool           // a call of this delivery was made to fail
	took *time.Duration // what Deliver answered
}

type verdict struct {
	fault  string // "", before, after, crash before, crash after
	answer string // the provider's
}

// claimant is one delivery of a copy, which made a claim.
type claimant struct {
	*copyOf
	handed int
}

// alive says that the delivery is under way and was spared.
func (c claimant) alive() bool { return c.handed == c.copyOf.handed && c.at != "" && !c.hurt }

// meeting is one message in two copies, and one or two processes. One call is
// made at a time, and chance says whose.
type meeting struct {
	t      *rapid.T
	w      *world
	lane   Lane
	n      []*Notifier
	copies []*copyOf
	now    *copyOf             // who makes a call just now
	owner  map[string]claimant // by nonce
	budget int                 // of faults
	slow   int                 // in how many of ten steps time passes first
	aim    string              // the one call of the first copy that is struck; empty strikes any

	wanted, sawWanted bool
	taken, refused    int
	doubt             bool // a fault or an answer leaves the fate open
	broken            string
}

func (m *meeting) process(i int) *Notifier {
	n := m.w.notifier()
	n.cfg.Pause = func(ctx context.Context, d time.Duration) bool {
		c := m.now
		c.by = m.w.now.Add(d)
		m.stand(c, "pause")
		return ctx.Err() == nil
	}
	m.n[i] = n
	return n
}

// stand waits before a call until it is its turn.
func (m *meeting) stand(c *copyOf, call string) {
	c.says <- call
	c.next = <-c.goes
	if c.next.fault == "crash before" {
		panic(crash{})
	}
}

func (m *meeting) before(call string) error {
	c := m.now
	c.by = m.w.now.Add(2 * time.Second)
	if call == "send" {
		c.by = m.w.now.Add(requestTimeout)
	}
	m.stand(c, call)
	if c.next.fault == "before" {
		c.hurt = true
		return errFault
	}
	if last, _ := m.w.last(); call == "put unknown" && last.Status == Claimed {
		// The rule: nobody says unknown of a claim whose attempt is alive.
		if o, ok := m.owner[last.Nonce]; ok && o.copyOf != c && o.alive() {
			m.broken = fmt.Sprintf("%s says unknown while %s stands before %q", c.name, o.name, o.at)
		}
	}
	return nil
}

func (m *meeting) after(call string) error {
	c := m.now
	if last, _ := m.w.last(); call == "put claimed" {
		m.owner[last.Nonce] = claimant{c, c.handed}
	}
	switch c.next.fault {
	case "after":
		c.hurt = true
		return errFault
	case "crash after":
		panic(crash{})
	}
	return nil
}

func (m *meeting) send(Mail) (Receipt, error) {
	if m.lane == Care && !m.sawWanted {
		m.broken = "a care message left although a look had said no"
	}
	switch m.now.next.answer {
	case "permanent":
		m.refused++
		return Receipt{}, &SendError{Class: Permanent}
	case "later":
		return Receipt{}, &SendError{Class: RetryAfter, After: 3 * time.Second}
	case "much later":
		return Receipt{}, &SendError{Class: RetryAfter, After: time.Minute}
	case "lost":
		m.doubt = true
		return Receipt{}, &SendError{Class: Ambiguous}
	}
	m.taken++
	if m.now.next.answer == "lost but taken" || m.now.next.fault == "after" {
		m.doubt = true
		return Receipt{}, &SendError{Class: Ambiguous}
	}
	return Receipt{}, nil
}

// hand gives a copy to its process and runs it up to its first call.
func (m *meeting) hand(c *copyOf) {
	c.says, c.goes, c.took, c.hurt = make(chan string), make(chan verdict), nil, false
	c.handed++
	n := m.n[c.process]
	m.now = c
	go func() {
		defer func() {
			if p := recover(); p != nil {
				if _, ok := p.(crash); !ok {
					m.broken = fmt.Sprint("panic: ", p)
				}
			}
			c.says <- "over"
		}()
		again := n.Deliver(context.Background(), message(m.lane))
		c.took = &again
	}()
	m.arrives(c)
}

// let makes the call that a copy stands before and runs it up to the next.
func (m *meeting) let(c *copyOf, v verdict) {
	m.now = c
	c.goes <- v
	m.arrives(c)
}

func (m *meeting) arrives(c *copyOf) {
	c.at = <-c.says
	if c.at != "over" {
		return
	}
	c.at = ""
	switch {
	case c.took == nil: // it crashed, and with it all of its process
		m.doubt = true
		m.process(c.process)
		c.due = m.w.now.Add(time.Duration(rapid.IntRange(0, 35).Draw(m.t, "handed out again after")) * time.Second)
		for _, o := range m.copies {
			if o.process == c.process && o.at != "" {
				m.let(o, verdict{fault: "crash before"})
			}
		}
	case *c.took == 0:
		c.settled = true
	default:
		c.due = m.w.now.Add(*c.took)
	}
}

// step makes one call, hands out one copy, or lets time pass; false means that
// all is settled.
func (m *meeting) step() bool {
	var ready, late []*copyOf
	var next time.Time
	for _, c := range m.copies {
		at := c.due
		switch {
		case c.settled && c.at == "":
			continue
		case c.at != "" && c.at != "pause":
			ready, at = append(ready, c), c.by
			if !m.w.now.Before(c.by) {
				late = append(late, c)
			}
		case c.at == "pause":
			at = c.by
			fallthrough
		default:
			if !m.w.now.Before(at) {
				ready, late = append(ready, c), append(late, c)
			}
		}
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	if next.IsZero() {
		return false
	}
	if len(late) > 0 {
		ready = late // no call lasts longer than it may
	}
	if len(ready) == 0 || len(late) == 0 && rapid.IntRange(0, 9).Draw(m.t, "time passes") < m.slow {
		m.w.now = next
		return true
	}
	c := ready[rapid.IntRange(0, len(ready)-1).Draw(m.t, "whose call")]
	if c.at == "" {
		m.hand(c)
		return true
	}
	var v verdict
	if m.budget > 0 && c.at != "pause" {
		kinds := []string{"", "", "", "", "", "", "before", "after", "crash before", "crash after"}
		if m.aim != "" {
			kinds = []string{""}
			if c.name == "one" && c.at == m.aim {
				kinds = []string{"", "before", "before", "after"}
			}
		}
		v.fault = rapid.SampledFrom(kinds).Draw(m.t, c.name+" "+c.at)
		if c.at == "send" && v.fault == "" && (m.aim == "" || m.aim == "put deferred") {
			v.answer = rapid.SampledFrom([]string{"", "", "permanent", "later", "later", "much later", "lost", "lost but taken"}).Draw(m.t, "answer")
		}
		if v != (verdict{}) {
			m.budget--
		}
	}
	if v.fault != "" && (c.at == "send" || strings.HasPrefix(c.at, "put ") && c.at != "put claimed") {
		m.doubt = true // nobody knows whether such a request left, or the ledger never took what is known
	}
	m.let(c, v)
	return true
}

// TestOnceTwoMeet guards the rule once where two copies of one message meet, in
// one process or in two: chance interleaves every call, lets calls last as long
// as they may, and strikes here and there. Unknown is said only when nobody's
// attempt is alive.
func TestOnceTwoMeet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &meeting{t: t, w: newWorld(), owner: map[string]claimant{}, wanted: true}
		m.lane = rapid.SampledFrom([]Lane{Care, Care, Safety}).Draw(t, "lane")
		processes := rapid.IntRange(1, 2).Draw(t, "processes")
		m.budget = rapid.SampledFrom([]int{0, 0, 1, 2, 6, 12}).Draw(t, "faults")
		m.slow = rapid.SampledFrom([]int{0, 2, 5, 10}).Draw(t, "slow")
		m.aim = rapid.SampledFrom([]string{"", "", "send", "put claimed", "put accepted", "put deferred", "last"}).Draw(t, "aim")
		m.n = make([]*Notifier, processes)
		m.w.before, m.w.after, m.w.send = m.before, m.after, m.send
		m.w.look = func() (Look, error) {
			m.sawWanted = m.wanted
			return Look{Wanted: m.wanted, Email: m.w.email, By: "e7"}, nil
		}
		for i := range processes {
			m.process(i)
		}
		for i, name := range []string{"one", "two"} {
			m.copies = append(m.copies, &copyOf{name: name, process: i % processes, due: m.w.now})
		}
		defer func() { // nobody is left standing when a check fails
			for _, c := range m.copies {
				for c.at != "" {
					m.now = c
					c.goes <- verdict{fault: "crash before"}
					if c.at = <-c.says; c.at == "over" {
						c.at = ""
					}
				}
			}
		}()
		stops := rapid.IntRange(0, 120).Draw(t, "withdrawn at step")
		for i := 0; m.step(); i++ {
			if m.broken != "" {
				t.Fatalf("%s (%v)", m.broken, m.w.statuses())
			}
			if m.wanted = m.wanted && i != stops; i > 2000 {
				t.Fatalf("the message never settled; the ledger says %v", m.w.statuses())
			}
		}
		m.judge()
	})
}

// judge holds the end against the rule.
func (m *meeting) judge() {
	end, _ := m.w.last()
	kinds := m.w.kinds()
	switch {
	case !end.Status.Final():
		m.t.Fatalf("the end is %v", m.w.statuses())
	case m.lane == Care && m.taken > 1:
		m.t.Fatalf("a care message left %d times: %v", m.taken, m.w.statuses())
	case m.lane == Care && m.taken == 1 && end.Status != Accepted && end.Status != Unknown,
		m.taken == 0 && end.Status == Accepted:
		m.t.Fatalf("it left %d times, and the end is %v", m.taken, m.w.statuses())
	case m.lane == Safety && m.taken == 0 && end.Status != Withdrawn && (end.Status != Refused || m.refused == 0):
		m.t.Fatalf("a safety message never left: %v", m.w.statuses())
	case end.Status == Unknown && !m.doubt:
		m.t.Fatalf("unknown, and nothing was in doubt: %v", m.w.statuses())
	}
	if kind, ok := kindOf(m.lane, end); ok && !slices.Contains(kinds, kind) {
		m.t.Fatalf("ended as %s and reported %v", end.Status, kinds)
	}
	if end.Status == Accepted && slices.Contains(kinds, events.MessageUnknown) && !slices.Contains(kinds, events.MessageAccepted) {
		m.t.Fatalf("the log was told of an unknown fate, and not that the mail was accepted: %v", m.w.statuses())
	}
}
