package app

import (
	"slices"
	"strings"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/escalation"
	"github.com/mooring-care/mooring/workflows/runner"
)

// This file reads escalations back from decisions. The report, the metrics and the
// export of one all count the same way, so there is one reader.

// stretch is a part of the time from a question to its outcome.
type stretch int

// The stretches. Somebody who closes a question without having taken it takes it in
// that moment.
const (
	toAccepted stretch = iota // from the opening to the first mail that asks being taken by the provider
	toAnswer                  // from there to somebody taking the question
	toHuman                   // from the opening to somebody taking it
	toOutcome                 // from there to the first outcome
	stretches
)

// pastEscalation is one escalation as AUDIT tells it.
type pastEscalation struct {
	ref       runner.Ref
	id        string
	policy    string // "" in records of an earlier version
	questions []string
	cause     events.Kind
	caused    time.Time

	opened, accepted, acknowledged, closed time.Time // closed is the first outcome's
	// rung is where the ladder stands, rungs how many there are (0: not known), and
	// ackRung where it stood when somebody took it; all count from 1.
	rung, rungs, ackRung int
	open                 bool
	climbed              bool // to another rung, at least once
	declined             int
	undelivered          int
}

// reached is a stretch that has just come to its end.
type reached struct {
	e    *pastEscalation
	what stretch
	took time.Duration
	rung int
}

// pastEscalations collects escalations from decisions, each client's in order.
type pastEscalations struct {
	byID  map[string]*pastEscalation
	order []*pastEscalation
	asks  map[string]*askMail // by message id
}

// askMail is a mail about an escalation.
type askMail struct {
	e    *pastEscalation
	id   string
	mail workflows.Message
	asks bool // and does not only tell
	rung int
}

func newPastEscalations() *pastEscalations {
	return &pastEscalations{byID: map[string]*pastEscalation{}, asks: map[string]*askMail{}}
}

// unknownPolicy stands where a record does not say.
const unknownPolicy = "unknown"

func (e *pastEscalation) policyName() string {
	if e.policy == "" {
		return unknownPolicy
	}
	return e.policy
}

// took is how long a stretch took; false while it has not come to its end.
func (e *pastEscalation) took(s stretch) (time.Duration, bool) {
	from, to := e.opened, e.acknowledged
	switch s {
	case toAccepted:
		to = e.accepted
	case toAnswer:
		from = e.accepted
	case toOutcome:
		from, to = e.acknowledged, e.closed
	}
	if from.IsZero() || to.IsZero() {
		return 0, false
	}
	return max(to.Sub(from), 0), true
}

// take takes a decision in, and says which stretches it ends.
func (p *pastEscalations) take(ref runner.Ref, d runner.Entry) []reached {
	var out []reached
	before := map[*pastEscalation][stretches]bool{}
	touch := func(e *pastEscalation) {
		if _, ok := before[e]; ok {
			return
		}
		var done [stretches]bool
		for s := range stretches {
			_, done[s] = e.took(s)
		}
		before[e] = done
	}
	skipped := 0
	for _, n := range d.Notes {
		switch {
		case n.What == workflows.WhatEscalation && n.Reason == workflows.SafetyQuestion:
			e := &pastEscalation{ref: ref, id: n.Subject, cause: d.Kind, caused: d.Time, opened: d.Decided, rung: 1, open: true}
			p.byID[n.Subject], p.order = e, append(p.order, e)
			e.ask(n.Detail)
			touch(e)
		case n.What == workflows.WhatEscalation && n.Reason == workflows.Reason(escalation.NobodyReachable):
			skipped++
		case n.What == workflows.WhatEscalation && p.byID[n.Subject] != nil:
			e := p.byID[n.Subject]
			touch(e)
			e.move(d, n, skipped)
			skipped = 0
		case n.What == workflows.WhatMessage && (n.Reason == workflows.ProviderAccepted || n.Reason == workflows.Delivered):
			if a := p.asks[n.Subject]; a != nil && a.asks && a.e.accepted.IsZero() {
				touch(a.e)
				a.e.accepted = d.Time
				if a.e.accepted.Before(a.e.opened) {
					a.e.accepted = a.e.opened
				}
			}
		}
	}
	for _, f := range d.Effects {
		if f.Enqueue == nil || !strings.HasPrefix(f.Enqueue.Message.Template, askTemplate) {
			continue
		}
		m := f.Enqueue.Message
		if e := p.byID[m.Target]; e != nil {
			p.asks[f.Enqueue.ID] = &askMail{e: e, id: f.Enqueue.ID, mail: m, asks: m.Template == askTemplate, rung: e.rung}
			e.ask(m.What)
		}
	}
	for _, e := range p.order {
		was, ok := before[e]
		if !ok {
			continue
		}
		rung := e.rung
		if e.ackRung > 0 {
			rung = e.ackRung
		}
		for s := range stretches {
			if took, done := e.took(s); done && !was[s] {
				out = append(out, reached{e, s, took, rung})
			}
		}
	}
	return out
}

// ask adds a question that the escalation asks.
func (e *pastEscalation) ask(code string) {
	if code != "" && !slices.Contains(e.questions, code) {
		e.questions = append(e.questions, code)
	}
}

// move takes in what a decision did to the escalation. skipped are rungs that were
// passed at once.
func (e *pastEscalation) move(d runner.Entry, n workflows.Note, skipped int) {
	was, reason := e.rung, escalation.Reason(n.Reason)
	i := slices.IndexFunc(d.Escalations, func(s runner.Standing) bool { return s.ID == e.id })
	switch {
	case i >= 0:
		e.policy, e.rung, e.rungs = d.Escalations[i].Policy, d.Escalations[i].Rung, d.Escalations[i].Rungs
	case reason == escalation.NoAnswer, reason == escalation.HoldRanOut,
		(reason == escalation.PassedOn || reason == escalation.NotDelivered) && asksOf(d, e.id):
		e.rung += 1 + skipped
	case reason == escalation.Reopened:
		e.rung = 1 + skipped
	default:
		e.rung += skipped
	}
	switch reason {
	case escalation.NoAnswer, escalation.HoldRanOut, escalation.PassedOn, escalation.NobodyElse, escalation.NotDelivered, escalation.NotLeft, escalation.Excluded:
		e.climbed = e.climbed || e.rung > was
	}
	switch reason {
	case escalation.PassedOn, escalation.NobodyElse:
		e.declined++
	case escalation.NotDelivered:
		e.undelivered++
	case escalation.Acknowledged:
		e.taken(d.Decided)
	case escalation.Closed:
		e.taken(d.Decided)
		if e.open = false; e.closed.IsZero() {
			e.closed = d.Decided
		}
	case escalation.Reopened:
		e.open = true
	}
}

// asksOf says whether a decision asks somebody an escalation's question.
func asksOf(d runner.Entry, id string) bool {
	return slices.ContainsFunc(d.Effects, func(f workflows.Effect) bool {
		return f.Enqueue != nil && f.Enqueue.Message.Target == id && f.Enqueue.Message.Template == askTemplate
	})
}

// askTemplate is the wording of mails that ask; others only tell.
const askTemplate = "escalation"

// taken says that somebody has the question; the first time counts.
func (e *pastEscalation) taken(at time.Time) {
	if e.acknowledged.IsZero() {
		e.acknowledged, e.ackRung = at, e.rung
	}
}
