package jetstream

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestHolds: of changes at the same time all count, each is heard of, and no clinic
// hears of another's.
func TestHolds(t *testing.T) {
	srv := startServer(t, serverConfig(t.TempDir()))
	s := connect(t, Options{Server: srv})
	if h, err := s.Holds(t.Context(), "harbor"); err != nil || h.Clinic != nil || len(h.Workflows) > 0 {
		t.Fatalf("before anything: %+v, %v", h, err)
	}
	heard := make(chan Holds, 64)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var following sync.WaitGroup
	following.Go(func() {
		s.FollowHolds(ctx, func(clinic string, h Holds) {
			if clinic != "harbor" {
				t.Errorf("heard of %s", clinic)
			}
			heard <- h
		})
	})
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	var asking sync.WaitGroup
	for i := range 8 {
		asking.Go(func() {
			_, err := s.ChangeHolds(t.Context(), "harbor", func(h *Holds) bool {
				if h.Workflows == nil {
					h.Workflows = map[string]Hold{}
				}
				h.Workflows[fmt.Sprintf("w%d", i)] = Hold{By: "ruth", Why: "a test", At: at}
				return true
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	asking.Wait()
	var last Holds
	for len(last.Workflows) < 8 {
		select {
		case last = <-heard:
		case <-time.After(30 * time.Second):
			t.Fatalf("heard of %d pauses, want 8", len(last.Workflows))
		}
	}
	if _, err := s.ChangeHolds(t.Context(), "harbor", func(h *Holds) bool { h.Clinic = &Hold{By: "mei"}; return false }); err != nil {
		t.Fatal(err)
	}
	got, err := s.Holds(t.Context(), "harbor")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(last, got); diff != "" {
		t.Errorf("what was heard and what is kept (-heard +kept):\n%s", diff)
	}
	changed, err := s.ChangeHolds(t.Context(), "harbor", func(h *Holds) bool { h.Pressed = []string{"p"}; return true })
	if err != nil || changed.Revision <= got.Revision {
		t.Errorf("a change after revision %d has revision %d, %v", got.Revision, changed.Revision, err)
	}
	if got, err = s.Holds(t.Context(), "harbor"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(changed, got); diff != "" {
		t.Errorf("what was changed and what is kept (-changed +kept):\n%s", diff)
	}
	stop()
	following.Wait()
}
