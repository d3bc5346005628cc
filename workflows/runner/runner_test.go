package runner

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows"
)

// TestAppendAmbiguous: the answer to an append is lost, before or after it
// took effect; one decision stands, and its effects are performed.
func TestAppendAmbiguous(t *testing.T) {
	for name, f := range map[string]fault{"it was not stored": failsBefore, "it was stored": failsAfter} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.store.plant("append", f)
			ev := r.event(events.SafetyConcern, concern())
			if v := r.handle(r.Runner, ev); v.Action != Retry || v.After <= 0 {
				t.Errorf("an ambiguous append was answered with %+v", v)
			}
			if v := r.settle(r.Runner, ev); v.Action != Done {
				t.Errorf("the second delivery: %+v", v)
			}
			r.backstop(r.Runner)
			if n := len(r.store.decisions(t, ref)); n != 1 {
				t.Errorf("%d decisions", n)
			}
			r.check()
		})
	}
}

// TestEveryCallFails: each call of the store fails once, before and after it
// took effect, at each place; the same end is reached.
func TestEveryCallFails(t *testing.T) {
	for _, call := range []string{"load", "append", "enqueue", "set", "last"} {
		for at := range 3 {
			for _, f := range []fault{failsBefore, failsAfter} {
				t.Run(fmt.Sprintf("%s %d %d", call, at, f), func(t *testing.T) {
					r := newRig(t)
					for range at {
						r.store.plant(call, works)
					}
					r.store.plant(call, f)
					for _, kind := range []events.Kind{events.SafetyConcern, events.MessageReplied} {
						data := events.Data{}
						if kind == events.SafetyConcern {
							data = concern()
						}
						if v := r.settle(r.Runner, r.event(kind, data)); v.Action != Done {
							t.Errorf("%s: %+v", kind, v)
						}
						r.now = r.now.Add(time.Minute)
					}
					r.now = r.now.Add(time.Hour)
					for range 5 {
						if v := r.Due(context.Background(), ref); v.Action == Done {
							break
						}
					}
					for range 3 { // the backstop is another process, and meets the fault too
						other := r.another()
						for _, rec := range r.store.records[ref] {
							if _, err := other.Recorded(context.Background(), ref, rec.seq, rec.record); err != nil {
								break
							}
						}
					}
					if len(r.store.faults[call]) != 0 {
						t.Fatalf("the fault was never met")
					}
					r.check()
				})
			}
		}
	}
}

// TestConflictDecidesAgain: another process is faster; the decision is made
// again on the state as it is now.
func TestConflictDecidesAgain(t *testing.T) {
	r := newRig(t)
	other := r.another()
	r.settle(r.Runner, r.event(events.MessageReplied, events.Data{})) // both may know the client
	first, second := r.event(events.SafetyConcern, concern()), r.event(events.CheckinAnswered, events.Data{Answer: &events.Answer{Safe: new(bool)}})
	r.store.race["append"] = func() { r.settle(other, first) }
	if v := r.handle(r.Runner, second); v.Action != Done {
		t.Errorf("after a conflict: %+v", v)
	}
	state := r.store.state(t, ref)
	if len(state.Escalations) != 1 || len(state.Escalations[0].Questions) != 2 {
		t.Errorf("the second cause did not join: %+v", state.Escalations)
	}
	if n := len(r.store.decisions(t, ref)); n != 3 {
		t.Errorf("%d decisions, want 3", n)
	}
	r.backstop(r.another())
	r.check()

	// Both processes get the same event: the one who is late finds it decided.
	same := r.event(events.MessageReplied, events.Data{})
	r.store.race["append"] = func() { r.settle(other, same) }
	if v := r.handle(r.Runner, same); v.Action != Done {
		t.Errorf("the same event twice: %+v", v)
	}
	if n := len(r.store.decisions(t, ref)); n != 4 {
		t.Errorf("%d decisions, want 4", n)
	}
}

// TestLastLookRefreshes: what the last look read of another process's decision
// is what the mail is written from afterwards; an address that changed there
// would else hold the mail back for as long as the old state is remembered.
func TestLastLookRefreshes(t *testing.T) {
	r := newRig(t)
	other := r.another()
	say := func(by *Runner, email string) {
		r.settle(by, r.event(events.ClientUpdated, events.Data{Client: &events.Client{Email: &email}}))
	}
	say(r.Runner, "old@example.org")
	say(other, "new@example.org")
	if s, err := r.Cached(t.Context(), ref); err != nil || s.Profile.Email.Get() != "old@example.org" {
		t.Fatalf("the address is %q already: nothing is shown here (%v)", s.Profile.Email.Get(), err)
	}
	if s, _, err := r.State(t.Context(), ref); err != nil || s.Profile.Email.Get() != "new@example.org" {
		t.Fatalf("the leader has %q (%v)", s.Profile.Email.Get(), err)
	}
	if s, err := r.Cached(t.Context(), ref); err != nil || s.Profile.Email.Get() != "new@example.org" {
		t.Errorf("after the look the mail is written to %q (%v)", s.Profile.Email.Get(), err)
	}
}

// TestTimerSetAgainWhenLogMoved: between an append and its timer another
// process appends an earlier deadline, and sets it first.
func TestTimerSetAgainWhenLogMoved(t *testing.T) {
	r := newRig(t)
	other := r.another()
	r.store.race["set"] = func() { r.settle(other, r.event(events.SafetyConcern, concern())) }
	r.settle(r.Runner, r.event(events.MessageReplied, events.Data{})) // a task, due in a day
	state := r.store.state(t, ref)
	if len(state.Escalations) != 1 || len(state.Tasks) != 1 {
		t.Fatalf("the race did not happen: %+v", state)
	}
	if !r.store.timers[ref].Equal(state.Next()) {
		t.Errorf("the timer stands at %v, want %v", r.store.timers[ref], state.Next())
	}
	r.check()
}

// TestDueAlwaysSetsTimer: a due message, early or stale, sets the timer again
// from the latest state: the firing purged what stood there.
func TestDueAlwaysSetsTimer(t *testing.T) {
	for name, tc := range map[string]struct {
		pass    time.Duration
		records int
	}{
		"early":   {time.Second, 1},
		"on time": {10 * time.Minute, 2},
		"late":    {50 * time.Hour, 2},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.settle(r.Runner, r.event(events.SafetyConcern, concern()))
			// Another process moved the log; this one's state is stale.
			other := r.another()
			delete(r.store.timers, ref)
			r.now = r.now.Add(tc.pass)
			if v := other.Due(context.Background(), ref); v.Action != Done {
				t.Fatalf("due: %+v", v)
			}
			r.check()
			delete(r.store.timers, ref)
			if v := r.Due(context.Background(), ref); v.Action != Done {
				t.Fatalf("due with a stale state: %+v", v)
			}
			r.check()
			if n := len(r.store.decisions(t, ref)); n != tc.records {
				t.Errorf("%d decisions, want %d", n, tc.records)
			}
		})
	}
	t.Run("not acknowledged before it is set", func(t *testing.T) {
		r := newRig(t)
		r.settle(r.Runner, r.event(events.SafetyConcern, concern()))
		for _, f := range []fault{failsBefore, failsAfter} {
			r.store.plant("set", f)
			if v := r.Due(context.Background(), ref); v.Action != Retry || v.After <= 0 {
				t.Errorf("due was answered with %+v", v)
			}
		}
		if v := r.Due(context.Background(), ref); v.Action != Done {
			t.Errorf("due: %+v", v)
		}
	})
	t.Run("nobody has heard of the client", func(t *testing.T) {
		r := newRig(t)
		if v := r.Due(context.Background(), ref); v.Action != Done || len(r.store.records) != 0 {
			t.Errorf("due: %+v, %d records", v, len(r.store.records))
		}
	})
}

// noshow brings a journey under way, so that older versions are asked for.
func (r *rig) noshow() {
	risk, granted := events.RiskNone, events.ConsentGranted
	r.settle(r.Runner, r.event(events.ClientUpdated, events.Data{Client: &events.Client{
		Risk: &risk, Consent: &events.Consent{Outreach: &events.ConsentRecord{State: granted}},
	}}))
	r.settle(r.Runner, r.event(events.AppointmentNoShow, events.Data{Appointment: &events.Appointment{ID: "a1"}}))
	if len(r.store.state(r.t, ref).Journeys) != 1 {
		r.t.Fatal("no journey is under way")
	}
}

// TestCannotDecideGoesToHuman: an event that makes the program panic is tried
// five times; then a human has a task and REJECTED has the event.
func TestCannotDecideGoesToHuman(t *testing.T) {
	r := newRig(t)
	r.noshow()
	r.dir.explode = true
	ev := r.event(events.SafetyConcern, concern())
	var last time.Duration
	for try := 1; try < maxFailures; try++ {
		v := r.handle(r.Runner, ev)
		if v.Action != Retry || v.After <= last {
			t.Fatalf("try %d: %+v, want a longer pause than %v", try, v, last)
		}
		last = v.After
	}
	v := r.handle(r.Runner, ev)
	if v.Action != Reject || v.Reason != ReasonCannotDecide || v.Clinic != ref.Clinic || v.Key != ref.Key || v.Text == "" {
		t.Errorf("the last try: %+v", v)
	}
	state := r.store.state(t, ref)
	tasks := ""
	for _, task := range state.Tasks {
		tasks += task.What + " "
	}
	if !strings.Contains(tasks, string(workflows.CannotDecide)) || len(state.Escalations) != 1 || len(state.Journeys) != 0 {
		t.Errorf("tasks %q, %d escalations, %d journeys", tasks, len(state.Escalations), len(state.Journeys))
	}
	r.check()
	// A replay after the cause is mended finds it decided; the count began anew.
	r.dir.explode = false
	if v := r.handle(r.Runner, ev); v.Action != Done {
		t.Errorf("a replay: %+v", v)
	}
	if n := r.tries.of.Len(); n != 0 {
		t.Errorf("%d counts of tries are kept", n)
	}
}

// TestCannotDecideOnATimer: a workflow that panics must not keep the client's
// ladders from moving.
func TestCannotDecideOnATimer(t *testing.T) {
	r := newRig(t)
	r.noshow()
	r.settle(r.Runner, r.event(events.MessageAccepted, events.Data{Message: &events.MessageReport{ID: "kother"}}))
	// The journey stays due, for only a concern about the client would stop it.
	r.now = r.now.Add(4 * time.Hour)
	r.dir.explode = true
	for try := 1; try < maxFailures; try++ {
		if v := r.Due(context.Background(), ref); v.Action != Retry {
			t.Fatalf("try %d: %+v", try, v)
		}
	}
	if v := r.Due(context.Background(), ref); v.Action != Done {
		t.Fatalf("the last try: %+v", v)
	}
	state := r.store.state(t, ref)
	if len(state.Journeys) != 0 || len(state.Tasks) != 1 || !state.Next().After(r.now) {
		t.Errorf("journeys %+v, tasks %+v, next %v at %v", state.Journeys, state.Tasks, state.Next(), r.now)
	}
	r.check()
}

// TestCannotEvenMakeATask: the clinic's configuration itself is broken; the
// program lives, and REJECTED has the event.
func TestCannotEvenMakeATask(t *testing.T) {
	r := newRig(t)
	r.dir.nothing = true
	ev := r.event(events.SafetyConcern, concern())
	if v := r.settle(r.Runner, ev); v.Action != Reject || v.Reason != ReasonCannotDecide {
		t.Errorf("%+v", v)
	}
	r.dir.nothing = false
	if v := r.settle(r.Runner, ev); v.Action != Done || len(r.store.state(t, ref).Escalations) != 1 {
		t.Errorf("a replay: %+v", v)
	}
}

// TestStoreFailuresAreNoVerdict: however long the store is away, no event is
// rejected for it.
func TestStoreFailuresAreNoVerdict(t *testing.T) {
	r := newRig(t)
	ev := r.event(events.SafetyConcern, concern())
	for range 3 * maxFailures {
		r.store.plant("load", failsBefore)
		if v := r.handle(r.Runner, ev); v.Action != Retry {
			t.Fatalf("%+v", v)
		}
	}
	r.cfg.Directories.(*clinics).prepareErr = errPlanted //nolint:errcheck // the rig's own
	for range 3 * maxFailures {
		if v := r.handle(r.Runner, ev); v.Action != Retry {
			t.Fatalf("%+v", v)
		}
	}
	r.cfg.Directories.(*clinics).prepareErr = nil //nolint:errcheck // the rig's own
	if v := r.handle(r.Runner, ev); v.Action != Done {
		t.Errorf("%+v", v)
	}
	r.check()
}

// TestRecordedPerformsAfterCrash: the process dies after the append; the
// reader of the log performs the effects, once, under the same ids.
func TestRecordedPerformsAfterCrash(t *testing.T) {
	for name, call := range map[string]string{"before the first mail": "enqueue", "before the timer": "set"} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.store.plant(call, failsBefore)
			if v := r.handle(r.Runner, r.event(events.SafetyConcern, concern())); v.Action != Done {
				t.Fatalf("decided and stored, and yet: %+v", v)
			}
			again := r.another()
			r.backstop(again)
			r.check()
			calls, sets := len(r.store.enqueued), r.store.sets
			r.backstop(again)
			if len(r.store.enqueued) != calls || r.store.sets != sets {
				t.Error("the same process performed a record twice")
			}
		})
	}
	t.Run("performed already", func(t *testing.T) {
		r := newRig(t)
		r.handle(r.Runner, r.event(events.SafetyConcern, concern()))
		calls, sets := len(r.store.enqueued), r.store.sets
		r.backstop(r.Runner)
		if len(r.store.enqueued) != calls || r.store.sets != sets {
			t.Error("the backstop repeats what this process has done")
		}
	})
	t.Run("another client, the same sequence in another stream", func(t *testing.T) {
		r := newRig(t)
		r.handle(r.Runner, r.event(events.SafetyConcern, concern()))
		rec := r.store.records[ref][0]
		calls := len(r.store.enqueued)
		if _, err := r.Recorded(context.Background(), Ref{ref.Clinic, "lother"}, rec.seq, rec.record); err != nil {
			t.Fatal(err)
		}
		if len(r.store.enqueued) == calls {
			t.Error("another client's effects were taken for done")
		}
	})
	t.Run("what AUDIT keeps", func(t *testing.T) {
		r := newRig(t)
		email := "z0zmail@client.example"
		r.handle(r.Runner, r.event(events.ClientUpdated, events.Data{Client: &events.Client{Email: &email}}))
		rec := r.store.records[ref][0]
		audit, err := r.Recorded(context.Background(), ref, rec.seq, rec.record)
		if err != nil || bytes.Contains(audit, []byte("z0z")) || !bytes.Contains(rec.record, []byte("z0z")) {
			t.Errorf("%s, %v", audit, err)
		}
		if e, err := ReadEntry(audit); err != nil || e.Kind != events.ClientUpdated || len(e.Notes) == 0 {
			t.Errorf("%+v, %v", e, err)
		}
	})
}

// TestStateTooLarge: staff are told once; the decision that crossed the line
// keeps its effects.
func TestStateTooLarge(t *testing.T) {
	r := newRig(t)
	r.settle(r.Runner, r.event(events.ClientSignal, events.Data{Signal: &events.Signal{Name: "diary"}}))
	state := r.store.state(t, ref)
	state.EHR = strings.Repeat("x", sizeHuman)
	e := r.store.decisions(t, ref)[0]
	record, err := encode(e, &state)
	if err != nil {
		t.Fatal(err)
	}
	r.store.records[ref][0].record = record
	again := r.another()
	for range 3 {
		if v := r.settle(again, r.event(events.SafetyConcern, concern())); v.Action != Done {
			t.Errorf("%+v", v)
		}
	}
	state = r.store.state(t, ref)
	large := 0
	for _, task := range state.Tasks {
		if task.What == string(workflows.StateTooLarge) {
			large++
		}
	}
	if large != 1 || len(state.Escalations) != 1 || !state.Large {
		t.Errorf("%d tasks, %d escalations", large, len(state.Escalations))
	}
	notes := 0
	for _, e := range r.store.decisions(t, ref) {
		for _, n := range e.Notes {
			if n.What == workflows.WhatClient && n.Reason == workflows.StateTooLarge {
				notes++
			}
		}
	}
	if notes != 1 {
		t.Errorf("staff were told %d times", notes)
	}
	asked := map[string]int{}
	for _, m := range r.store.enqueued {
		asked[m.Message.Template]++
	}
	if asked["escalation"] != 1 || asked["task"] != 1 {
		t.Errorf("mails: %v", asked)
	}
	r.check()
}

// TestNewerStateIsLeftAlone: a record of a newer version of the program is not
// guessed at, and not overwritten.
func TestNewerStateIsLeftAlone(t *testing.T) {
	r := newRig(t)
	r.settle(r.Runner, r.event(events.SafetyConcern, concern()))
	state := r.store.state(t, ref)
	state.V = workflows.StateVersion + 1
	record, err := encode(r.store.decisions(t, ref)[0], &state)
	if err != nil {
		t.Fatal(err)
	}
	r.store.records[ref][0].record = record
	old := r.another()
	for range 2 * maxFailures {
		if v := r.handle(old, r.event(events.MessageReplied, events.Data{})); v.Action != Retry {
			t.Fatalf("%+v", v)
		}
		if v := old.Due(context.Background(), ref); v.Action != Retry {
			t.Fatalf("due: %+v", v)
		}
	}
	if _, _, err := old.State(context.Background(), ref); err == nil {
		t.Error("a page would show a state that it cannot read")
	}
	if len(r.store.records[ref]) != 1 {
		t.Error("the record was written over")
	}
}

// TestFutureEventsAreClamped: a sender's clock that runs ahead must not freeze
// the client's profile; an event of ours without a time has one.
func TestFutureEventsAreClamped(t *testing.T) {
	r := newRig(t)
	name := func(s string) events.Data { return events.Data{Client: &events.Client{FirstName: &s}} }
	ahead := r.event(events.ClientUpdated, name("ahead"))
	ahead.Time = r.now.Add(1000 * time.Hour)
	r.settle(r.Runner, ahead)
	if got := r.store.state(t, ref).Profile.FirstName; !got.At.Equal(r.now) {
		t.Errorf("the profile stands at %v, now is %v", got.At, r.now)
	}
	r.now = r.now.Add(time.Minute)
	r.settle(r.Runner, r.event(events.ClientUpdated, name("right")))
	if got := r.store.state(t, ref).Profile.FirstName; got.Value != "right" {
		t.Errorf("the profile is frozen at %v", got.At)
	}
	r.now = r.now.Add(time.Minute)
	timeless := r.event(events.ClientOptedOut, events.Data{})
	timeless.Time = time.Time{}
	r.settle(r.Runner, timeless)
	if got := r.store.state(t, ref).Profile.OptedOut; !got.Known() || !got.At.Equal(r.now) {
		t.Errorf("the opt-out: %+v", got)
	}
	for _, e := range r.store.decisions(t, ref) {
		if e.Time.After(e.Decided) || e.Time.IsZero() {
			t.Errorf("the timeline says that %s happened at %v", e.Kind, e.Time)
		}
	}
}

// TestObserve: an observer hears of every decision that this process appended
// and of no other.
func TestObserve(t *testing.T) {
	r := newRig(t)
	ev := r.event(events.SafetyConcern, concern())
	r.store.plant("append", failsAfter, failsBefore)
	r.settle(r.Runner, ev)
	other := r.event(events.MessageReplied, events.Data{})
	r.settle(r.Runner, other)
	r.settle(r.Runner, other)
	if len(r.seen) != 1 || r.seen[0].Entry.Event != other.Hash() || r.seen[0].Ref != ref || r.seen[0].State == nil {
		t.Errorf("heard of %d decisions", len(r.seen))
	}
}

// TestObserveLast: an observer that takes its time holds back neither mail nor
// timer.
func TestObserveLast(t *testing.T) {
	r := newRig(t)
	observed := false
	r.cfg.Observe = func(Decided) {
		observed = true
		if len(r.store.enqueued) == 0 || r.store.timers[ref].IsZero() {
			t.Errorf("told after %d mails, with the timer at %v", len(r.store.enqueued), r.store.timers[ref])
		}
	}
	r.settle(r.another(), r.event(events.SafetyConcern, concern()))
	if !observed {
		t.Error("the observer heard nothing")
	}
}

func TestRead(t *testing.T) {
	r := newRig(t)
	wire := func(clinic, body string) Delivery {
		return Delivery{Wire: events.Wire{Subject: "events." + clinic + ".message.replied", Body: []byte(body)}}
	}
	good, err := json.Marshal(map[string]any{
		"specversion": "1.0", "id": "1", "source": "test", "type": "care.mooring.message.replied", "subject": "8421", "time": "2026-03-02T10:00:00Z",
	})
	if err != nil {
		t.Fatal(err)
	}
	ev, _, ok := r.Read(wire("sample", string(good)))
	if want := events.ClientKey([]byte("key"), "sample", "8421"); !ok || ev.Key != want || ev.Client != "8421" {
		t.Errorf("%+v, %v", ev, ok)
	}
	if _, v, ok := r.Read(wire("nobody", string(good))); ok || v.Action != Reject || v.Reason != events.ReasonUnknownClinic || v.Clinic != "nobody" {
		t.Errorf("%+v, %v", v, ok)
	}
	if _, v, ok := r.Read(wire("sample", "{")); ok || v.Action != Reject || v.Reason != events.ReasonBroken || v.Text == "" {
		t.Errorf("%+v, %v", v, ok)
	}
}

func TestRecord(t *testing.T) {
	for name, raw := range map[string]string{"empty": "", "no state": "{}", "no JSON": "x\ny", "half a state": "{}\n{"} {
		if _, err := ReadState([]byte(raw)); err == nil {
			t.Errorf("%s: a state was read", name)
		}
	}
	if _, err := ReadEntry([]byte("x\n{}")); err == nil {
		t.Error("an entry was read")
	}
	e := Entry{Kind: events.MessageReplied, Decided: start, Notes: []workflows.Note{{What: workflows.WhatClient, Reason: workflows.Recorded, Detail: "two\nlines"}}}
	record, err := encode(e, &workflows.State{V: 1, EHR: "two\nlines"})
	if err != nil {
		t.Fatal(err)
	}
	if s, err := ReadState(record); err != nil || s.EHR != "two\nlines" {
		t.Errorf("%+v, %v", s, err)
	}
	if got, err := ReadEntry(Head(record)); err != nil || got.Notes[0].Detail != "two\nlines" {
		t.Errorf("%+v, %v", got, err)
	}
}
