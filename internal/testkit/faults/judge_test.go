package faults

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/testkit/fakesendgrid"
	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/escalation"
	"github.com/mooring-care/mooring/workflows/runner"
)

// world is a run in which all is well: one event, one decision, one care mail
// and one safety mail, one open escalation.
type world struct {
	s   *Snapshot
	h   History
	ref runner.Ref
}

const (
	careID   = "care1"
	safetyID = "safety1"
)

func newWorld() *world {
	at := time.Date(2026, 3, 2, 16, 0, 0, 0, time.UTC)
	ref := runner.Ref{Clinic: Clinic, Key: "k"}
	ev := events.Event{ID: "1", Source: "ehr", Clinic: Clinic, Kind: events.AppointmentNoShow}
	enqueue := func(id string, lane workflows.Lane) workflows.Effect {
		return workflows.Effect{Enqueue: &workflows.Enqueue{ID: id, Lane: lane}}
	}
	write := func(statuses ...notifier.Status) []Written {
		var out []Written
		for i, s := range statuses {
			out = append(out, Written{ref, notifier.Entry{Status: s, Attempt: 1, At: at.Add(time.Duration(i) * time.Second)}})
		}
		return out
	}
	next := at.Add(time.Hour)
	body := []byte("first")
	w := &world{ref: ref}
	w.s = &Snapshot{
		At:     at.Add(time.Minute),
		Events: []Stored{{Subject: "events.quay.appointment.noshow", Sequence: 1, Event: ev}},
		Audit: map[runner.Ref][]Audited{ref: {{Record: 7, Body: body, Entry: runner.Entry{
			Event: ev.Hash(), Kind: ev.Kind,
			Effects: []workflows.Effect{enqueue(careID, workflows.LaneCare), enqueue(safetyID, workflows.LaneSafety)},
		}}}},
		Clients: map[runner.Ref]Client{ref: {Sequence: 7, Decisions: 1, Kept: []uint64{7}, State: workflows.State{
			Escalations: []escalation.Escalation{{Owner: "amara", Next: next, Asks: []escalation.Ask{{Message: safetyID}}}},
		}}},
		Ledger:   map[string][]Written{careID: write(notifier.Claimed, notifier.Accepted), safetyID: write(notifier.Claimed, notifier.Accepted)},
		Timers:   map[runner.Ref]Timer{ref: {Set: next}},
		Rejected: map[string][]Refused{}, Unfinished: map[string]uint64{},
	}
	w.h = History{
		Clinics:  []string{Clinic},
		Acked:    []Acked{{Hash: ev.Hash(), At: at, Stream: "EVENTS", Sequence: 1}},
		Taken:    []fakesendgrid.Entry{{MID: careID, Status: 202, Time: at, Began: at}, {MID: safetyID, Status: 202, Time: at, Began: at}},
		Answers:  []fakesendgrid.Answer{{MID: careID, Status: 202, Time: at}, {MID: safetyID, Status: 202, Time: at}},
		InFlight: 2 * time.Second,
	}
	return w
}

// last replaces the ledger's last word on the care message.
func (w *world) last(s notifier.Status) {
	words := w.s.Ledger[careID]
	words[len(words)-1].Entry.Status = s
}

func (w *world) client(f func(*Client)) {
	c := w.s.Clients[w.ref]
	f(&c)
	w.s.Clients[w.ref] = c
}

// told adds the decision that gives a message of unknown fate to a human.
func (w *world) told() {
	w.decided(events.MessageUnknown, workflows.Note{What: workflows.WhatMessage, Reason: workflows.FateUnknown, Subject: careID}, workflows.Note{What: workflows.WhatTask})
}

// decided adds a decision on one of our own events.
func (w *world) decided(kind events.Kind, notes ...workflows.Note) events.Event {
	records := w.s.Audit[w.ref]
	before := records[len(records)-1]
	sum := sha256.Sum256([]byte(before.Chain + "\x00" + string(before.Body)))
	ev := events.Event{ID: string(kind), Source: "mooring", Clinic: Clinic, Kind: kind}
	w.s.Inside = append(w.s.Inside, Stored{Subject: "inside.quay." + string(kind), Sequence: uint64(len(records)), At: w.h.Acked[0].At, Event: ev})
	seq := before.Record + 1
	w.s.Audit[w.ref] = append(records, Audited{
		Record: seq, Chain: hex.EncodeToString(sum[:]), Body: []byte(kind), Entry: runner.Entry{Event: ev.Hash(), Kind: kind, Notes: notes},
	})
	w.client(func(c *Client) { c.Sequence, c.Decisions, c.Kept = seq, c.Decisions+1, append(c.Kept, seq) })
	return ev
}

// brokenOrigin is what breaks adds.
const brokenOrigin = "events.quay.x#2"

// breaks adds an event that nobody can act on, and its record in REJECTED.
func (w *world) breaks() *Refused {
	w.s.Events = append(w.s.Events, Stored{
		Subject: "events.quay.x", Sequence: 2, Err: &events.Problem{Reason: events.ReasonUnknownKind, Err: errors.New("x")},
		Header: map[string][]string{"Ce-Id": {"7"}, "Nats-Msg-Id": {"m"}}, Body: []byte("{1}"),
	})
	w.s.Rejected[brokenOrigin] = []Refused{{
		Subject: "rejected.quay.none.unknown-kind", Reason: events.ReasonUnknownKind, Whole: []byte(`{"Ce-Id":["7"]}` + "\n{1}"),
	}}
	return &w.s.Rejected[brokenOrigin][0]
}

// busy adds so many decisions.
func (w *world) busy(n int) {
	for i := range n {
		w.decided(events.Kind("busy." + strconv.Itoa(i)))
	}
}

// ends has the care message end without the provider taking it, for the reason
// and by the event given, and the log say so.
func (w *world) ends(s notifier.Status, why workflows.Reason, by string) {
	words := w.s.Ledger[careID]
	e := &words[len(words)-1].Entry
	e.Status, e.Detail, e.By = s, string(why), by
	w.h.Taken = w.h.Taken[1:]
	kind, reason := events.MessageWithdrawn, workflows.WasWithdrawn
	if s == notifier.Refused {
		kind, reason = events.MessageRefused, workflows.ProviderRefused
	}
	w.decided(kind, workflows.Note{What: workflows.WhatMessage, Reason: reason, Subject: careID})
}

// asked is the care message as it was asked for.
func (w *world) asked() *workflows.Message {
	return &w.s.Audit[w.ref][0].Entry.Effects[0].Enqueue.Message
}

// stops has the event stop the care message.
func (w *world) stops(ev events.Event) {
	w.client(func(c *Client) {
		c.State.Sends = []workflows.Send{{ID: careID, Lane: workflows.LaneCare, Status: workflows.SendStopped, By: ev.Hash()}}
	})
}

// TestJudge breaks one thing at a time; the judge must name the rule, and must
// find nothing where nothing is broken.
func TestJudge(t *testing.T) {
	for _, tt := range []struct {
		name  string
		spoil func(*world)
		rule  string // empty: nothing is broken
	}{
		{"all is well", func(*world) {}, ""},
		{"an acknowledged event is gone", func(w *world) { w.s.Events = nil }, "nothing-lost"},
		{"an event has no decision", func(w *world) { w.s.Audit = nil }, "nothing-lost"},
		{"an event was decided twice", func(w *world) { w.s.Audit[w.ref] = append(w.s.Audit[w.ref], w.s.Audit[w.ref][0]) }, "once"},
		{"a broken event vanished", func(w *world) {
			w.breaks()
			w.s.Rejected = nil
		}, "nothing-lost"},
		{"a broken event is in REJECTED", func(w *world) { w.breaks() }, ""},
		{"a broken event is in REJECTED twice", func(w *world) {
			r := w.breaks()
			w.s.Rejected[brokenOrigin] = append(w.s.Rejected[brokenOrigin], *r)
		}, ""},
		{"a broken event is in REJECTED for two reasons", func(w *world) {
			r := *w.breaks()
			r.Reason = events.ReasonBroken
			w.s.Rejected[brokenOrigin] = append(w.s.Rejected[brokenOrigin], r)
		}, "why"},
		{"a broken event is in REJECTED on a subject with another reason", func(w *world) { w.breaks().Subject = "rejected.quay.none.broken" }, "why"},
		{"an event of a stranger's clinic is in REJECTED", func(w *world) {
			r := w.breaks()
			w.s.Events[1].Err, r.Reason, r.Subject = nil, events.ReasonUnknownClinic, "rejected.none.none.unknown-clinic"
		}, ""},
		{"a broken event lost its end", func(w *world) { r := w.breaks(); r.Whole = r.Whole[:len(r.Whole)-1] }, "nothing-lost"},
		{"a broken event lost a header", func(w *world) { w.breaks().Whole = []byte("{}\n{1}") }, "nothing-lost"},
		{"REJECTED has what nobody sent", func(w *world) { w.breaks(); w.s.Rejected["events.quay.x#9"] = []Refused{{}} }, "nothing-lost"},
		{"a sound event was rejected", func(w *world) { w.s.Rejected["events.quay.appointment.noshow#1"] = []Refused{{}} }, "nothing-lost"},
		{"the door took an event", func(w *world) { w.h.Acked = append(w.h.Acked, Acked{Hash: w.s.Events[0].Event.Hash()}) }, ""},
		{"the door took an event that is not stored", func(w *world) {
			w.h.Acked = append(w.h.Acked, Acked{Hash: events.Event{ID: "2", Source: "ehr"}.Hash()})
		}, "nothing-lost"},
		{"the door took an event that has no decision", func(w *world) {
			w.s.Events = append(w.s.Events, Stored{Subject: "events.quay.x", Sequence: 2, Event: events.Event{ID: "2", Source: "ehr", Clinic: Clinic}})
			w.h.Acked = append(w.h.Acked, Acked{Hash: w.s.Events[1].Event.Hash()})
		}, "nothing-lost"},
		{"a confirmed press was never decided", func(w *world) {
			w.h.Acts = []Act{{Kind: events.EscalationClosed, Clinic: Clinic, Key: "k", Target: "e"}}
		}, "nothing-lost"},
		{"work is unfinished", func(w *world) { w.s.Unfinished["events"] = 1 }, "nothing-lost"},
		{"a care mail left twice", func(w *world) { w.h.Taken = append(w.h.Taken, w.h.Taken[0]) }, "once"},
		{"a safety mail left twice", func(w *world) { w.h.Taken = append(w.h.Taken, w.h.Taken[1]) }, ""},
		{"accepted, and never taken", func(w *world) { w.h.Taken = w.h.Taken[1:] }, "once"},
		{"a safety mail accepted, and never taken", func(w *world) { w.h.Taken = w.h.Taken[:1] }, "once"},
		{"a mail that nobody asked for", func(w *world) { w.h.Taken[0].MID = "stranger" }, "once"},
		{"the watcher's own mail", func(w *world) {
			alarm := w.h.Taken[1]
			alarm.MID = "alarmq2345"
			w.h.Taken = append(w.h.Taken, alarm)
		}, ""},
		{"a digest", func(w *world) {
			digest := w.h.Taken[1]
			digest.MID = "digestq2345"
			w.h.Taken = append(w.h.Taken, digest)
		}, ""},
		{"a digest left twice", func(w *world) {
			digest := w.h.Taken[1]
			digest.MID = "digestq2345"
			w.h.Taken = append(w.h.Taken, digest, digest)
		}, "once"},
		{"a message was never claimed", func(w *world) { delete(w.s.Ledger, careID); w.h.Taken = w.h.Taken[1:] }, "nothing-lost"},
		{"a message was left claimed", func(w *world) { w.last(notifier.Claimed) }, "nothing-lost"},
		{"withdrawn, and taken", func(w *world) { w.last(notifier.Withdrawn) }, "last-look"},
		{"unknown, and no human knows", func(w *world) { w.last(notifier.Unknown) }, "fail-to-human"},
		{"unknown for no reason", func(w *world) { w.last(notifier.Unknown); w.told() }, "once"},
		{"unknown because of a kill", func(w *world) {
			w.last(notifier.Unknown)
			w.told()
			w.h.Kills = []time.Time{w.s.Ledger[careID][0].Entry.At.Add(time.Second)}
		}, ""},
		{"left long after what stopped it", func(w *world) {
			w.stops(w.s.Events[0].Event)
			w.h.Taken[0].Began = w.h.Acked[0].At.Add(300 * time.Millisecond)
		}, "last-look"},
		{"taken long after what stopped it, and asked for in time", func(w *world) {
			w.stops(w.s.Events[0].Event)
			w.h.Taken[0].Time = w.h.Acked[0].At.Add(time.Minute)
		}, ""},
		{"left after a page confirmed the opt-out", func(w *world) {
			ev := w.decided(events.ClientOptedOut)
			w.stops(ev)
			w.h.Acts = []Act{{Kind: ev.Kind, Clinic: Clinic, Key: "k", At: w.h.Acked[0].At.Add(time.Second)}}
			w.h.Taken[0].Began = w.h.Acked[0].At.Add(2 * time.Second)
		}, "last-look"},
		{"left before a page confirmed the opt-out", func(w *world) {
			ev := w.decided(events.ClientOptedOut)
			w.stops(ev)
			w.h.Acts = []Act{{Kind: ev.Kind, Clinic: Clinic, Key: "k", At: w.h.Acked[0].At.Add(time.Second)}}
			w.h.Taken[0].Began = w.h.Acked[0].At.Add(time.Second)
		}, ""},
		{"refused by the provider", func(w *world) {
			w.ends(notifier.Refused, "http 400", "")
			w.h.Answers[0].Status = 400
		}, ""},
		{"refused, and the provider never said so", func(w *world) { w.ends(notifier.Refused, "http 400", "") }, "once"},
		{"refused, and the provider asked to wait", func(w *world) {
			w.ends(notifier.Refused, "http 429", "")
			w.h.Answers[0].Status = 429
		}, "once"},
		{"refused, and another mail was meant", func(w *world) {
			w.ends(notifier.Refused, "http 400", "")
			w.h.Answers[1].Status = 400
		}, "once"},
		{"refused, and the log does not know", func(w *world) {
			w.last(notifier.Refused)
			w.h.Answers[0].Status = 400
		}, "why"},
		{"withdrawn by an event", func(w *world) {
			w.ends(notifier.Withdrawn, workflows.OptedOut, w.decided(events.ClientOptedOut).Hash().String())
		}, ""},
		{"withdrawn by an event that nobody decided on", func(w *world) {
			ev := events.Event{ID: "9", Source: "x", Clinic: Clinic, Kind: events.ClientOptedOut}
			w.ends(notifier.Withdrawn, workflows.OptedOut, ev.Hash().String())
		}, "why"},
		{"withdrawn by an event from before it was asked for", func(w *world) {
			w.decided(events.CheckinAnswered)
			records := w.s.Audit[w.ref]
			records[0].Entry.Effects, records[1].Entry.Effects = nil, records[0].Entry.Effects
			w.ends(notifier.Withdrawn, workflows.OptedOut, w.s.Events[0].Event.Hash().String())
		}, "why"},
		{"withdrawn for nothing", func(w *world) { w.ends(notifier.Withdrawn, workflows.NoLongerWanted, "") }, "why"},
		{"withdrawn for a reason that there is not", func(w *world) { w.ends(notifier.Withdrawn, "whim", w.s.Events[0].Event.Hash().String()) }, "why"},
		{"withdrawn as too late, and it was", func(w *world) {
			words := w.s.Ledger[careID]
			words[1].Entry.At = words[1].Entry.At.Add(25 * time.Hour)
			w.asked().Asked = words[0].Entry.At
			w.ends(notifier.Withdrawn, workflows.TooLate, "")
		}, ""},
		{"withdrawn as too late, and it was not", func(w *world) {
			w.asked().Asked = w.s.Ledger[careID][0].Entry.At
			w.ends(notifier.Withdrawn, workflows.TooLate, "")
		}, "why"},
		{"withdrawn because another followed, and none did", func(w *world) { w.ends(notifier.Withdrawn, workflows.TooClose, "") }, "why"},
		{"withdrawn, and the log does not know", func(w *world) {
			w.ends(notifier.Withdrawn, workflows.OptedOut, w.decided(events.ClientOptedOut).Hash().String())
			records := w.s.Audit[w.ref]
			records[len(records)-1].Entry.Notes = nil
		}, "why"},
		{"an open escalation has no deadline", func(w *world) { w.client(func(c *Client) { c.State.Escalations[0].Next = time.Time{} }) }, "never-silent"},
		{"an open escalation has no owner", func(w *world) { w.client(func(c *Client) { c.State.Escalations[0].Owner = "" }) }, "never-silent"},
		{"nobody was asked", func(w *world) { w.client(func(c *Client) { c.State.Escalations[0].Asks = nil }) }, "never-silent"},
		{"no timer", func(w *world) { delete(w.s.Timers, w.ref) }, "never-silent"},
		{"the timer comes too late", func(w *world) { w.s.Timers[w.ref] = Timer{Set: w.s.At.Add(2 * time.Hour)} }, "never-silent"},
		{"the chain is broken", func(w *world) { w.told(); w.s.Audit[w.ref][1].Chain = "x" }, "why"},
		{"AUDIT misses a decision", func(w *world) { w.client(func(c *Client) { c.Decisions = 2 }) }, "why"},
		{"AUDIT misses what CLIENTS has dropped", func(w *world) { w.busy(40); w.s.Audit[w.ref] = w.s.Audit[w.ref][1:] }, "why"},
		{"AUDIT has a decision twice", func(w *world) { w.told(); w.s.Audit[w.ref] = slices.Insert(w.s.Audit[w.ref], 1, w.s.Audit[w.ref][1]) }, "why"},
		{"the log was trimmed", func(w *world) { w.busy(40); w.client(func(c *Client) { c.Kept = c.Kept[25:] }) }, ""},
		{"the log was trimmed by one too many", func(w *world) { w.busy(40); w.client(func(c *Client) { c.Kept = c.Kept[26:] }) }, "why"},
		{"the log has a hole", func(w *world) { w.busy(40); w.client(func(c *Client) { c.Kept = slices.Delete(c.Kept, 3, 4) }) }, "why"},
		{"AUDIT misses the latest record", func(w *world) { w.client(func(c *Client) { c.Sequence, c.Kept = 9, []uint64{7, 9} }) }, "why"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld()
			tt.spoil(w)
			broken := Judge(w.s, w.h).Broken
			if tt.rule == "" && len(broken) > 0 {
				t.Errorf("nothing is broken, and the judge says %q", broken)
			}
			if tt.rule != "" && !slices.ContainsFunc(broken, func(b string) bool { return strings.HasPrefix(b, tt.rule+": ") }) {
				t.Errorf("the judge says %q, want something about %s", broken, tt.rule)
			}
		})
	}
}
