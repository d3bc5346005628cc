package runner

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows"
)

// fill gives the client a record of about so many bytes, all of them events
// decided on, as a feed that runs wild leaves it.
func (r *rig) fill(size int) {
	r.t.Helper()
	state := r.store.state(r.t, ref)
	for i := range size / 24 {
		x := workflows.Seen{At: r.now.Unix(), Reason: workflows.NothingFollows}
		binary.LittleEndian.PutUint64(x.Hash[:], uint64(i)*0x9e3779b97f4a7c15)
		binary.LittleEndian.PutUint64(x.Hash[8:], uint64(i)*0xbf58476d1ce4e5b9)
		state.Seen = append(state.Seen, x)
	}
	last := len(r.store.records[ref]) - 1
	record, err := encode(r.store.decisions(r.t, ref)[last], &state)
	if err != nil {
		r.t.Fatal(err)
	}
	r.store.records[ref][last].record = record
	r.Runner = r.another()
}

// TestNeverSilentWhenFull: a record that has no room refuses what can wait,
// whole and with one task; concerns, human acts and the ladder go on.
func TestNeverSilentWhenFull(t *testing.T) {
	r := newRig(t)
	r.store.largest = 1 << 20
	r.settle(r.Runner, r.event(events.SafetyConcern, concern()))
	r.fill(sizeFull)
	signal := r.event(events.ClientSignal, events.Data{Signal: &events.Signal{Name: "diary"}})
	for range 3 {
		v := r.handle(r.Runner, signal)
		if v.Action != Reject || v.Reason != ReasonCannotDecide || v.Key != ref.Key || v.Text == "" {
			t.Fatalf("an event without room: %+v", v)
		}
	}
	state := r.store.state(t, ref)
	if len(state.Tasks) != 1 || state.Tasks[0].What != string(workflows.StateTooLarge) {
		t.Errorf("tasks: %+v", state.Tasks)
	}
	if state.Decided(signal.Hash()) {
		t.Error("a refused event is remembered: its replay would count for nothing")
	}
	if v := r.settle(r.Runner, r.event(events.MessageReplied, events.Data{})); v.Action != Done {
		t.Errorf("a reply: %+v", v)
	}
	asked := len(r.store.state(t, ref).Escalations[0].Asks)
	r.now = r.now.Add(12 * time.Minute)
	if v := r.Due(t.Context(), ref); v.Action != Done {
		t.Errorf("a due timer: %+v", v)
	}
	if e := r.store.state(t, ref).Escalations[0]; len(e.Asks) == asked || !e.Next.After(r.now) {
		t.Errorf("the ladder stands still: %d asked, next %v", len(e.Asks), e.Next)
	}
	if v := r.settle(r.Runner, r.event(events.EscalationClosed, events.Data{Escalation: &events.EscalationAct{
		ID: state.Escalations[0].ID, By: "amara", Outcome: events.OutcomeReachedSafe,
	}})); v.Action != Done || r.store.state(t, ref).Escalations[0].Open() {
		t.Errorf("an outcome: %+v", v)
	}
	r.check()
}

// TestTooLargeToAppend: where the store takes no record of this size the event
// goes to REJECTED, and is not tried for ever.
func TestTooLargeToAppend(t *testing.T) {
	r := newRig(t)
	r.settle(r.Runner, r.event(events.SafetyConcern, concern()))
	r.store.largest = len(r.store.records[ref][0].record) / 2
	if v := r.settle(r.Runner, r.event(events.SafetyConcern, concern())); v.Action != Reject || v.Reason != ReasonCannotDecide {
		t.Errorf("a concern that cannot be stored: %+v", v)
	}
	if n := len(r.store.decisions(t, ref)); n != 1 {
		t.Errorf("%d decisions", n)
	}
}
