package faults

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/testkit/fakesendgrid"
	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/escalation"
	"github.com/mooring-care/mooring/workflows/runner"
)

// judge collects what is broken.
type judge struct {
	s *Snapshot
	h History
	r Report
	// decided counts decisions by event.
	decided map[events.Hash]int
	taken   map[string][]fakesendgrid.Entry
	// delays are seconds from decision to provider.
	delays map[workflows.Lane][]float64
}

func (j *judge) broken(rule, format string, args ...any) {
	j.r.Broken = append(j.r.Broken, rule+": "+fmt.Sprintf(format, args...))
}

// Judge holds a finished, quiet run against the rules.
func Judge(s *Snapshot, h History) Report {
	j := &judge{s: s, h: h, decided: map[events.Hash]int{}, taken: map[string][]fakesendgrid.Entry{}, delays: map[workflows.Lane][]float64{}}
	for _, records := range s.Audit {
		for _, a := range records {
			j.r.Counts.Decisions++
			if a.Entry.Kind == events.TimerDue {
				j.r.Counts.Timers++
				continue
			}
			j.decided[a.Entry.Event]++
		}
	}
	for _, e := range h.Taken {
		j.taken[e.MID] = append(j.taken[e.MID], e)
	}
	j.r.Counts.Withdrawn = map[string]int{}
	j.r.Counts.Kills, j.r.Counts.Clients = len(h.Kills), len(s.Clients)
	j.quiet()
	j.events()
	j.acts()
	j.messages()
	j.lastLook()
	j.neverSilent()
	j.chains()
	return j.r
}

// later says that something began after the program was seen quiet.
func (j *judge) later(t time.Time) bool { return !j.h.Quiet.IsZero() && t.After(j.h.Quiet) }

func (j *judge) quiet() {
	if !j.h.Quiet.IsZero() {
		return // it was seen while the program ran
	}
	for consumer, n := range j.s.Unfinished {
		if consumer != "timers" { // one may always have come due
			j.broken("nothing-lost", "%s has %d unfinished", consumer, n)
		}
	}
	for _, id := range j.s.Outbox {
		j.broken("nothing-lost", "message %s is still in the outbox", id)
	}
}

// events: what was acknowledged is stored; what is stored was decided exactly
// once or stands in REJECTED; nothing was decided that nobody said.
func (j *judge) events() {
	type place struct {
		stream string
		seq    uint64
	}
	copies := map[events.Hash]int{}
	at := map[place]Stored{}
	known := map[events.Hash]bool{}
	for stream, list := range map[string][]Stored{"EVENTS": j.s.Events, "INSIDE": j.s.Inside} {
		for _, e := range list {
			at[place{stream, e.Sequence}] = e
			n := j.s.Rejected[e.Origin()]
			if !j.sound(e) {
				if n == 0 && !j.later(e.At) {
					j.broken("nothing-lost", "%s %d on %s is stored, cannot be acted on (%v), and is not in REJECTED", stream, e.Sequence, e.Subject, e.Err)
				}
				continue
			}
			h := e.Event.Hash()
			copies[h]++
			known[h] = true
			switch d := j.decided[h]; {
			case d == 0 && n == 0 && j.later(e.At):
			case d == 0 && n == 0:
				j.broken("nothing-lost", "%s %d, a %s, was neither decided on nor rejected", stream, e.Sequence, e.Event.Kind)
			case d > 1:
				j.broken("once", "%s %d, a %s, was decided on %d times", stream, e.Sequence, e.Event.Kind, d)
			case n > 0:
				j.broken("nothing-lost", "%s %d, a sound %s, is in REJECTED", stream, e.Sequence, e.Event.Kind)
			}
		}
	}
	for h := range j.decided {
		if !known[h] {
			j.broken("once", "an event %s was decided on that no stream holds", h)
		}
	}
	for _, n := range j.s.Rejected {
		j.r.Counts.Rejected += n
	}
	distinct := map[events.Hash]bool{}
	for _, a := range j.h.Acked {
		e, ok := at[place{a.Stream, a.Sequence}]
		switch {
		case a.Stream == "": // a door that tells no sequence
			if !known[a.Hash] {
				j.broken("nothing-lost", "an event on %s was acknowledged by the door and is not stored", a.Subject)
			}
			distinct[a.Hash] = true
			continue
		case !ok:
			j.broken("nothing-lost", "%s %d on %s was acknowledged and is not stored", a.Stream, a.Sequence, a.Subject)
			continue
		case a.Invalid:
			j.r.Counts.Invalid++
			if j.sound(e) {
				j.broken("inside-only", "%s %d on %s was broken by intent and is taken for sound", a.Stream, a.Sequence, a.Subject)
			}
			continue
		case e.Err != nil:
			j.broken("nothing-lost", "%s %d on %s was sound and cannot be read: %v", a.Stream, a.Sequence, a.Subject, e.Err)
			continue
		case e.Event.Hash() != a.Hash:
			j.broken("nothing-lost", "%s %d on %s was acknowledged and another event stands there", a.Stream, a.Sequence, a.Subject)
			continue
		}
		distinct[a.Hash] = true
	}
	j.r.Counts.Events = len(distinct)
	for h := range distinct {
		j.r.Counts.Repeats += copies[h] - 1
	}
}

// sound says whether somebody can act on an event.
func (j *judge) sound(e Stored) bool {
	return e.Err == nil && slices.Contains(j.h.Clinics, e.Event.Clinic)
}

// acts: what a page confirmed was decided.
func (j *judge) acts() {
	j.r.Counts.Acts = len(j.h.Acts)
	type act struct {
		ref    runner.Ref
		kind   events.Kind
		target string
	}
	found := map[act]int{}
	for ref, records := range j.s.Audit {
		for _, a := range records {
			x := act{ref: ref, kind: a.Entry.Kind}
			switch a.Entry.Kind {
			case events.EscalationAcknowledged, events.EscalationClosed:
				for _, n := range a.Entry.Notes {
					if n.What == workflows.WhatEscalation {
						x.target = n.Subject
						break
					}
				}
			case events.CheckinAnswered, events.ClientOptedOut:
			default:
				continue
			}
			found[x]++
		}
	}
	want := map[act]int{}
	for _, a := range j.h.Acts {
		x := act{ref: runner.Ref{Clinic: a.Clinic, Key: a.Key}, kind: a.Kind, target: a.Target}
		want[x]++
	}
	for x, n := range want {
		if found[x] < n {
			j.broken("nothing-lost", "%d presses (%s) were confirmed and %d decided on", n, x.kind, found[x])
		}
	}
}

// messages: care leaves at most once, safety at least once, and every message
// that was asked for came to an end that is on record.
func (j *judge) messages() {
	asked := map[string]bool{}
	for ref, records := range j.s.Audit {
		// unknown are the care messages of which a human was told.
		unknown := map[string]bool{}
		for _, a := range records {
			if a.Entry.Kind != events.MessageUnknown {
				continue
			}
			task := slices.ContainsFunc(a.Entry.Notes, func(n workflows.Note) bool { return n.What == workflows.WhatTask })
			for _, n := range a.Entry.Notes {
				if n.What == workflows.WhatMessage && n.Reason == workflows.FateUnknown && task {
					unknown[n.Subject] = true
				}
			}
		}
		for _, a := range records {
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
					j.care(e.Enqueue.ID, words, unknown[e.Enqueue.ID])
				} else {
					j.safety(e.Enqueue.ID, words)
				}
			}
		}
	}
	for mid, mails := range j.taken {
		if !asked[mid] && !j.later(mails[0].Time) {
			j.broken("once", "the provider took a message %s that no decision asked for", mid)
		}
	}
	j.r.Counts.CareDelay, j.r.Counts.SafetyDelay = percentiles(j.delays[workflows.LaneCare]), percentiles(j.delays[workflows.LaneSafety])
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

// overtaken is how long after an acknowledgement a request that had begun may
// still reach the provider's record.
const overtaken = time.Second

// lastLook: what an event has stopped did not leave after that event was
// acknowledged, but for a request that had begun.
func (j *judge) lastLook() {
	acked := map[events.Hash]time.Time{}
	for _, a := range j.h.Acked {
		if t, ok := acked[a.Hash]; !ok || a.At.Before(t) {
			acked[a.Hash] = a.At
		}
	}
	for ref, c := range j.s.Clients {
		for _, x := range c.State.Sends {
			at, ok := acked[x.By]
			if x.Lane != workflows.LaneCare || x.Status != workflows.SendStopped || !ok {
				continue
			}
			j.r.Counts.Stopped++
			for _, e := range j.taken[x.ID] {
				if late := e.Time.Sub(at); late > overtaken {
					j.broken("last-look", "care message %s of %s was taken %v after the event that stopped it was acknowledged", x.ID, ref.Key, late)
				}
			}
		}
	}
}

// grace is how long after its time a deadline may still be under way when the
// snapshot is taken.
const grace = 5 * time.Second

// neverSilent: an open escalation has an owner and a deadline, and whoever
// waits for something has a timer that comes in time.
func (j *judge) neverSilent() {
	for ref, c := range j.s.Clients {
		for i := range c.State.Escalations {
			e := &c.State.Escalations[i]
			if !e.Open() {
				j.r.Counts.Closed++
				continue
			}
			j.r.Counts.Open++
			if e.Next.IsZero() || e.Owner == "" {
				j.broken("never-silent", "an open escalation of %s has the owner %q and the deadline %v", ref.Key, e.Owner, e.Next)
			}
			if !slices.ContainsFunc(e.Asks, func(a escalation.Ask) bool { return a.Message != "" }) {
				j.broken("never-silent", "nobody was asked about an open escalation of %s", ref.Key)
			}
		}
		next := c.State.Next()
		if next.IsZero() {
			continue
		}
		t := j.s.Timers[ref]
		switch {
		case t.Due:
		case t.Set.IsZero() && next.After(j.s.At.Add(-grace)):
			j.broken("never-silent", "client %s waits for %s and has no timer (the snapshot is of %s)", ref.Key, next.Format(clock), j.s.At.Format(clock))
		case t.Set.IsZero():
			j.broken("never-silent", "client %s waits for %s, which has passed, and has no timer", ref.Key, next.Format(clock))
		case t.Set.After(next.Add(time.Millisecond)):
			j.broken("never-silent", "client %s waits for %s and its timer comes at %s", ref.Key, next.Format(clock), t.Set.Format(clock))
		}
	}
}

// chains: AUDIT has every decision, in order, each with the hash of the one
// before.
func (j *judge) chains() {
	for ref, records := range j.s.Audit {
		chain, seen := "", uint64(0)
		for i, a := range records {
			if a.Chain != chain {
				j.broken("why", "record %d of %s in AUDIT breaks the chain", i+1, ref.Key)
				break
			}
			if a.Record <= seen {
				j.broken("why", "record %d of %s in AUDIT is out of order", i+1, ref.Key)
			}
			seen = a.Record
			sum := sha256.Sum256(slices.Concat([]byte(chain), []byte{0}, a.Body))
			chain = hex.EncodeToString(sum[:])
		}
	}
	for ref, c := range j.s.Clients {
		records := j.s.Audit[ref]
		if j.later(c.At) {
			continue // AUDIT may not have its latest yet
		}
		if int64(len(records)) != c.Decisions {
			j.broken("why", "client %s has %d decisions and %d of them are in AUDIT", ref.Key, c.Decisions, len(records))
			continue
		}
		if len(records) == 0 || records[len(records)-1].Record != c.Sequence {
			j.broken("why", "client %s: the latest decision is not the last one in AUDIT", ref.Key)
		}
		for _, kept := range c.Kept {
			if !slices.ContainsFunc(records, func(a Audited) bool { return a.Record == kept }) {
				j.broken("why", "client %s: record %d of CLIENTS is not in AUDIT", ref.Key, kept)
			}
		}
	}
}
