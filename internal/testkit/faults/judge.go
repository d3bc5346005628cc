package faults

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/testkit/fakesendgrid"
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
	// refused counts, by message, how often the provider said never.
	refused map[string]int
	// delays are seconds from decision to provider.
	delays map[workflows.Lane][]float64
}

func (j *judge) broken(rule, format string, args ...any) {
	j.r.Broken = append(j.r.Broken, rule+": "+fmt.Sprintf(format, args...))
}

// Judge holds a finished, quiet run against the rules.
func Judge(s *Snapshot, h History) Report {
	j := &judge{s: s, h: h, decided: map[events.Hash]int{}, taken: map[string][]fakesendgrid.Entry{}, refused: map[string]int{}, delays: map[workflows.Lane][]float64{}}
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
	for _, a := range h.Answers {
		if never(a.Status) {
			j.refused[a.MID]++
		}
	}
	j.r.Counts.Withdrawn = map[string]int{}
	j.r.Counts.Kills, j.r.Counts.Clients = len(h.Kills), len(s.Clients)
	j.quiet()
	j.events()
	j.rejected()
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
			n := len(j.s.Rejected[e.Origin()])
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
		j.kept(ref, c, records)
	}
}
