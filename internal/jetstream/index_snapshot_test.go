package jetstream

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mooring-care/mooring/internal/testkit"
	"github.com/mooring-care/mooring/workflows/runner"
)

// A start that goes on from a kept index sees what one that reads the whole
// log sees; what was kept too early, of another log or of a longer one, counts
// for nothing.
func TestIndexGoesOnFromWhatWasKept(t *testing.T) {
	s := newStore(t)
	at := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	appendMeta(t, s, refN(1), runner.Meta{Open: 1, OldestOpen: at})
	appendMeta(t, s, refN(2), runner.Meta{Open: 1, OldestOpen: at.Add(time.Hour)})
	info, err := s.streams[streamClients].Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	first := follow(t, s)
	testkit.Eventually(t, 5*time.Second, "the index is ready", first.Ready)
	first.mu.Lock()
	first.since = snapshotEvery
	first.mu.Unlock()
	snap, due := first.snapshot(info.Created)
	if !due {
		t.Fatal("the index does not keep itself")
	}
	if _, due := first.snapshot(info.Created); due {
		t.Error("the index keeps itself twice")
	}
	if err := s.keepSnapshot(t.Context(), snap); err != nil {
		t.Fatal(err)
	}
	appendMeta(t, s, refN(1), runner.Meta{}) // closed since
	appendMeta(t, s, refN(3), runner.Meta{Open: 1, OldestOpen: at.Add(-time.Hour)})
	want := []runner.Ref{refN(3), refN(2)}

	second := NewIndex()
	if from := s.resume(t.Context(), second, info); from != snap.Seq {
		t.Fatalf("reading goes on after %d, want %d", from, snap.Seq)
	}
	third := follow(t, s)
	testkit.Eventually(t, 5*time.Second, "the index is ready again", third.Ready)
	if d := cmp.Diff(want, refsOf(third.Open())); d != "" {
		t.Errorf("open (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]runner.Ref{refN(3), refN(1), refN(2)}, refsOf(third.Recent(10))); d != "" {
		t.Errorf("recent (-want +got):\n%s", d)
	}
	for name, spoil := range map[string]func(*snapshot){
		"of another log":  func(x *snapshot) { x.Log = x.Log.Add(time.Second) },
		"of a longer log": func(x *snapshot) { x.Seq += 1000 },
	} {
		other := snap
		spoil(&other)
		if err := s.keepSnapshot(t.Context(), other); err != nil {
			t.Fatal(err)
		}
		ix := NewIndex()
		if from := s.resume(t.Context(), ix, info); from != 0 || len(ix.Open()) != 0 {
			t.Errorf("what was kept %s is used: from %d, %d open", name, from, len(ix.Open()))
		}
	}
	if _, err := s.kv.Put(t.Context(), metaIndex, []byte("{")); err != nil {
		t.Fatal(err)
	}
	if from := s.resume(t.Context(), NewIndex(), info); from != 0 {
		t.Errorf("a broken one is used from %d on", from)
	}
}

// Whatever happened to the clients, an index taken up from any kept moment
// ends as one that saw everything.
func TestIndexSnapshotIsTheIndex(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole, part := NewIndex(), NewIndex()
		whole.mark(true)
		n := rapid.IntRange(1, 60).Draw(t, "records")
		cut := rapid.IntRange(0, n-1).Draw(t, "kept after")
		for i := range n {
			row := IndexRow{
				Ref: refN(rapid.IntRange(0, 6).Draw(t, "client")), Seq: uint64(i + 1),
				Meta: runner.Meta{Open: rapid.IntRange(0, 2).Draw(t, "open")},
			}
			whole.put(row)
			if i > cut {
				part.put(row)
			}
			if i == cut {
				whole.since = snapshotEvery
				snap, due := whole.snapshot(time.Time{})
				if !due {
					t.Fatal("the index does not keep itself")
				}
				part.restore(snap)
			}
		}
		if d := cmp.Diff(whole.Open(), part.Open()); d != "" {
			t.Errorf("open (-whole +part):\n%s", d)
		}
		if d := cmp.Diff(whole.Recent(recentRows), part.Recent(recentRows)); d != "" {
			t.Errorf("recent (-whole +part):\n%s", d)
		}
	})
}
