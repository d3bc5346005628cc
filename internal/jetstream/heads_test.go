package jetstream

import (
	"context"
	"errors"
	"testing"

	"github.com/mooring-care/mooring/workflows/runner"
)

// A process that is alone answers from what it wrote, and asks the server as
// soon as it cannot be sure of that.
func TestAloneKnowsItsOwnAppends(t *testing.T) {
	s := connect(t, Options{Server: startServer(t, serverConfig(t.TempDir())), Alone: true})
	ref := refN(1)
	if _, ok := s.heads.get(ref); ok {
		t.Fatal("a client is known that nothing was written for")
	}
	first, err := s.Append(t.Context(), ref, 0, []byte("first"), runner.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	if record, seq, err := s.Load(t.Context(), ref, first); err != nil || seq != first || record != nil {
		t.Fatalf("Load of a known record = %q, %d, %v; want none, %d", record, seq, err, first)
	}
	if record, seq, err := s.Load(t.Context(), ref, 0); err != nil || seq != first || string(record) != "first" {
		t.Fatalf("Load of an unknown record = %q, %d, %v", record, seq, err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Append(gone, ref, first, []byte("of unknown fate"), runner.Meta{}); err == nil || errors.Is(err, runner.ErrConflict) {
		t.Fatalf("an append whose answer never comes = %v", err)
	}
	if seq, ok := s.heads.get(ref); ok {
		t.Fatalf("after an append of unknown fate sequence %d still counts as the last", seq)
	}
	_, last, err := s.Load(t.Context(), ref, 0)
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.Append(t.Context(), ref, last, []byte("second"), runner.Meta{Previous: last})
	if err != nil {
		t.Fatal(err)
	}
	if seq, err := s.Last(t.Context(), ref); err != nil || seq != second {
		t.Fatalf("Last = %d, %v; want %d", seq, err, second)
	}
	if _, err := s.Append(t.Context(), ref, first, []byte("too late"), runner.Meta{}); !errors.Is(err, runner.ErrConflict) {
		t.Fatalf("an append behind an old record = %v, want ErrConflict", err)
	}
	if _, ok := s.heads.get(ref); ok {
		t.Fatal("after a conflict the log has moved on, and the old end still counts")
	}
}

// Answers that come back late do not turn the clock back.
func TestHeadsKeepTheGreatest(t *testing.T) {
	h, err := newHeads()
	if err != nil {
		t.Fatal(err)
	}
	h.put(refN(1), 7)
	h.put(refN(1), 5)
	if seq, ok := h.get(refN(1)); !ok || seq != 7 {
		t.Errorf("the last sequence is %d, %v; want 7", seq, ok)
	}
	var none *heads
	none.put(refN(1), 1)
	none.forget(refN(1))
	if _, ok := none.get(refN(1)); ok {
		t.Error("nobody knows something")
	}
}
