package faults

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/testkit/fakesendgrid"
	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/runner"
)

// messages: care leaves at most once, safety at least once, and every message
// that was asked for came to an end that is on record.
func (j *judge) messages() {
	asked := map[string]bool{}
	for ref, records := range j.s.Audit {
		heard := fates(records)
		for i, a := range records {
			for _, e := range a.Entry.Effects {
				if e.Enqueue == nil {
					continue
				}
				if asked[e.Enqueue.ID] {
					j.broken("once", "message %s was asked for by two decisions", e.Enqueue.ID)
				}
				asked[e.Enqueue.ID] = true
				if taken := j.taken[e.Enqueue.ID]; len(taken) > 0 {
					j.delays[e.Enqueue.Lane] = append(j.delays[e.Enqueue.Lane], taken[0].Time.Sub(e.Enqueue.Message.Asked).Seconds())
				}
				words := j.s.Ledger[e.Enqueue.ID]
				if len(words) == 0 && !j.later(a.Entry.Decided) {
					j.broken("nothing-lost", "%s message %s (%s) of %s was asked for at %s and never claimed", e.Enqueue.Lane, e.Enqueue.ID, e.Enqueue.Message.Template, ref.Key, a.Entry.Decided.Format(clock))
					continue
				}
				if j.later(a.Entry.Decided) {
					if e.Enqueue.Lane == workflows.LaneCare && len(j.taken[e.Enqueue.ID]) > 1 {
						j.broken("once", "care message %s left twice", e.Enqueue.ID)
					}
					continue
				}
				if e.Enqueue.Lane == workflows.LaneCare {
					j.care(e.Enqueue.ID, words, heard[e.Enqueue.ID][workflows.FateUnknown])
				} else {
					j.safety(e.Enqueue.ID, words)
				}
				j.grounds(e.Enqueue, words, records[i:], heard[e.Enqueue.ID])
			}
		}
	}
	for mid, mails := range j.taken {
		if strings.HasPrefix(mid, "alarm") && !asked[mid] {
			continue // the watcher's own: on a machine that is killed again and again something is late
		}
		if strings.HasPrefix(mid, "digest") && !asked[mid] {
			if len(mails) > 1 {
				j.broken("once", "the digest %s left twice", mid)
			}
			continue // of open tasks, one a person and day: no decision asks for it
		}
		if !asked[mid] && !j.later(mails[0].Time) {
			j.broken("once", "the provider took a message %s that no decision asked for", mid)
		}
	}
	j.r.Counts.CareDelay, j.r.Counts.SafetyDelay = percentiles(j.delays[workflows.LaneCare]), percentiles(j.delays[workflows.LaneSafety])
}

// fates are, by message, what the client's log heard of it. That its fate is
// unknown counts where a human was told.
func fates(records []Audited) map[string]map[workflows.Reason]bool {
	out := map[string]map[workflows.Reason]bool{}
	for _, a := range records {
		task := slices.ContainsFunc(a.Entry.Notes, func(n workflows.Note) bool { return n.What == workflows.WhatTask })
		for _, n := range a.Entry.Notes {
			if n.What != workflows.WhatMessage || n.Reason == workflows.FateUnknown && !task {
				continue
			}
			if out[n.Subject] == nil {
				out[n.Subject] = map[workflows.Reason]bool{}
			}
			out[n.Subject][n.Reason] = true
		}
	}
	return out
}

// grounds: what was refused was refused by the provider, what was withdrawn was
// stopped by an event or by a rule of time, and the client's log says so. since
// are the client's records from the one that asked on.
func (j *judge) grounds(m *workflows.Enqueue, words []Written, since []Audited, heard map[workflows.Reason]bool) {
	last := words[len(words)-1].Entry
	switch last.Status {
	case notifier.Refused:
		if j.refused[m.ID] == 0 {
			j.broken("once", "%s message %s is on record as refused, and the provider never said so (%s)", m.Lane, m.ID, tell(words))
		}
		if !heard[workflows.ProviderRefused] {
			j.broken("why", "%s message %s was refused, and the client's log does not say so", m.Lane, m.ID)
		}
	case notifier.Withdrawn:
		if why := j.unfounded(m, last, since); why != "" {
			j.broken("why", "%s message %s was withdrawn as %q by %q: %s (%s)", m.Lane, m.ID, last.Detail, last.By, why, tell(words))
		}
		if !heard[workflows.WasWithdrawn] {
			j.broken("why", "%s message %s was withdrawn, and the client's log does not say so", m.Lane, m.ID)
		}
	}
}

// tooLate is less than any clinic allows a message to be late.
const tooLate = time.Hour

// unfounded says what is wrong with the grounds of a withdrawal; empty is
// nothing.
func (j *judge) unfounded(m *workflows.Enqueue, last notifier.Entry, since []Audited) string {
	if !slices.Contains(workflows.Reasons(), workflows.Reason(last.Detail)) {
		return "no such reason"
	}
	if last.By != "" {
		if !slices.ContainsFunc(since, func(a Audited) bool { return a.Entry.Event.String() == last.By }) {
			return "no decision since it was asked for answered that event"
		}
		return ""
	}
	switch workflows.Reason(last.Detail) {
	case workflows.TooLate:
		if last.At.Sub(m.Message.Asked) < tooLate {
			return "it was not late"
		}
	case workflows.TooClose:
		followed := slices.ContainsFunc(since[1:], func(a Audited) bool {
			return slices.ContainsFunc(a.Entry.Effects, func(e workflows.Effect) bool {
				return e.Enqueue != nil && e.Enqueue.Lane == workflows.LaneCare
			})
		})
		if !followed {
			return "no other message followed"
		}
	case workflows.HumanFirst:
		// The hold of whoever had the question may have run out, which no event does.
		moved := slices.ContainsFunc(since[1:], func(a Audited) bool {
			return slices.ContainsFunc(a.Entry.Notes, func(n workflows.Note) bool { return n.What == workflows.WhatEscalation })
		})
		if !moved {
			return "no question moved since it was asked for"
		}
	default:
		return "nothing withdrew it"
	}
	return ""
}

// never says whether an answer refuses this one mail for good; the others of
// 4xx blame the account, or the moment.
func never(status int) bool {
	switch status {
	case 401, 402, 403, 404, 405, 406, 408, 415, 425, 429:
		return false
	}
	return status/100 == 4
}

const clock = "15:04:05.000"

// percentiles are the median and the 99th percentile.
func percentiles(x []float64) (out [2]float64) {
	if len(x) > 0 {
		slices.Sort(x)
		out = [2]float64{x[len(x)/2], x[len(x)*99/100]}
	}
	return out
}

func (j *judge) care(id string, words []Written, told bool) {
	c := &j.r.Counts
	c.Care++
	taken, last := j.taken[id], words[len(words)-1].Entry
	if len(taken) > 1 {
		j.broken("once", "care message %s left %d times (%s)", id, len(taken), tell(words))
	}
	switch last.Status {
	case notifier.Accepted, notifier.Delivered:
		c.CareTaken++
		if len(taken) == 0 {
			j.broken("once", "care message %s is on record as accepted, and the provider never took it", id)
		}
	case notifier.Withdrawn:
		c.CareWithdrawn++
		c.Withdrawn[last.Detail]++
		if len(taken) > 0 {
			j.broken("last-look", "care message %s is on record as withdrawn, and the provider took it (%s)", id, tell(words))
		}
	case notifier.Refused:
		c.CareRefused++
		if len(taken) > 0 {
			j.broken("once", "care message %s is on record as refused, and the provider took it (%s)", id, tell(words))
		}
	case notifier.Unknown:
		c.CareUnknown++
		if len(taken) > 0 {
			c.CareUnknownTook++
		}
		if !told {
			j.broken("fail-to-human", "care message %s is of unknown fate and no human was told", id)
		}
		j.excused(id, words, taken)
	default:
		j.broken("nothing-lost", "care message %s ends with %q (%s)", id, last.Status, tell(words))
	}
}

// excused says whether a fate may be unknown: a kill came while the message was
// under way, or the provider answered in a way that says nothing (the ledger's
// word is then the answer's, not that of a claim found later).
func (j *judge) excused(id string, words []Written, taken []fakesendgrid.Entry) {
	last := words[len(words)-1].Entry
	if j.h.Excused[id] || strings.HasPrefix(last.Detail, "http ") || slices.ContainsFunc(taken, func(e fakesendgrid.Entry) bool { return e.Status != 202 }) {
		j.r.Counts.CareUnknownFault++
		return
	}
	var claim time.Time
	for _, w := range words {
		if w.Entry.Status == notifier.Claimed {
			claim = w.Entry.At
		}
	}
	for _, k := range j.h.Kills {
		if d := k.Sub(claim); d >= 0 && d <= j.h.InFlight {
			return
		}
	}
	j.broken("once", "care message %s is of unknown fate, and neither a kill nor a fault explains it (%s)", id, tell(words))
}

func (j *judge) safety(id string, words []Written) {
	c := &j.r.Counts
	c.Safety++
	taken, last := j.taken[id], words[len(words)-1].Entry
	if len(taken) > 0 {
		c.SafetyTaken++
		c.SafetyDuplicates += len(taken) - 1
	}
	switch last.Status {
	case notifier.Accepted, notifier.Delivered:
		if len(taken) == 0 {
			j.broken("once", "safety message %s is on record as accepted, and the provider never took it", id)
		}
	case notifier.Withdrawn:
		c.SafetyWithdrawn++
	case notifier.Refused:
		c.SafetyRefused++
	default:
		j.broken("nothing-lost", "safety message %s ends with %q (%s)", id, last.Status, tell(words))
	}
}

// tell writes a message's ledger on one line.
func tell(words []Written) string {
	var out strings.Builder
	for _, w := range words {
		fmt.Fprintf(&out, "%s %s#%d %s; ", w.Entry.At.Format(clock), w.Entry.Status, w.Entry.Attempt, w.Entry.Detail)
	}
	return out.String()
}

// overtaken is how long after an acknowledgement a request may reach the
// provider that had begun, or was past its last look, before it.
const overtaken = 200 * time.Millisecond

// lastLook: what an event has stopped was not asked of the provider after that
// event was acknowledged to its sender, or confirmed to whoever pressed a
// button, but for a request that had begun.
func (j *judge) lastLook() {
	acked := map[events.Hash]time.Time{}
	for _, a := range j.h.Acked {
		if t, ok := acked[a.Hash]; !ok || a.At.Before(t) {
			acked[a.Hash] = a.At
		}
	}
	for ref, c := range j.s.Clients {
		for _, x := range c.State.Sends {
			if x.Lane != workflows.LaneCare || x.Status != workflows.SendStopped {
				continue
			}
			at, ok := acked[x.By]
			if !ok {
				at, ok = j.confirmed(ref, x.By)
			}
			if !ok {
				continue
			}
			j.r.Counts.Stopped++
			for _, e := range j.taken[x.ID] {
				if late := e.Began.Sub(at); late > overtaken {
					j.broken("last-look", "care message %s of %s was asked of the provider %v after the event that stopped it was acknowledged", x.ID, ref.Key, late)
				}
			}
		}
	}
}

// confirmed is when a page told the client, or a member of staff, that an event
// of ours counted.
func (j *judge) confirmed(ref runner.Ref, by events.Hash) (at time.Time, ok bool) {
	i := slices.IndexFunc(j.s.Inside, func(e Stored) bool { return e.Err == nil && e.Event.Hash() == by })
	if i < 0 {
		return at, false
	}
	said := j.s.Inside[i]
	for _, a := range j.h.Acts {
		if a.Clinic == ref.Clinic && a.Key == ref.Key && a.Kind == said.Event.Kind && !a.At.Before(said.At) && (!ok || a.At.Before(at)) {
			at, ok = a.At, true
		}
	}
	return at, ok
}
