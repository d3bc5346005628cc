package jetstream

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mooring-care/mooring/internal/testkit"
	"github.com/mooring-care/mooring/workflows/runner"
)

func appendMeta(t testing.TB, s *Store, ref runner.Ref, m runner.Meta) uint64 {
	t.Helper()
	prev, err := s.Last(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	m.Previous = prev
	seq, err := s.Append(t.Context(), ref, prev, []byte("x\ny"), m)
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

func follow(t testing.TB, s *Store) *Index {
	t.Helper()
	ix := NewIndex()
	running(t, func(ctx context.Context) { s.Follow(ctx, ix) })
	return ix
}

func refsOf(rows []IndexRow) []runner.Ref {
	var out []runner.Ref
	for _, r := range rows {
		out = append(out, r.Ref)
	}
	return out
}

// TestIndex guards line 10: the open questions over all clients, the oldest
// first, from the headers of each client's last record.
func TestIndex(t *testing.T) {
	dir := t.TempDir()
	srv := startServer(t, serverConfig(dir))
	s := connect(t, Options{Server: srv})
	at := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	appendMeta(t, s, refN(1), runner.Meta{Open: 1, OldestOpen: at.Add(time.Hour)})
	appendMeta(t, s, refN(2), runner.Meta{})
	appendMeta(t, s, refN(3), runner.Meta{Open: 2, OldestOpen: at, Next: at.Add(time.Minute)})
	appendMeta(t, s, refN(4), runner.Meta{Open: 1, OldestOpen: at.Add(2 * time.Hour)})
	appendMeta(t, s, refN(4), runner.Meta{}) // closed

	ix := follow(t, s)
	testkit.Eventually(t, 5*time.Second, "the index is ready", ix.Ready)
	if d := cmp.Diff([]runner.Ref{refN(3), refN(1)}, refsOf(ix.Open())); d != "" {
		t.Errorf("open (-want +got):\n%s", d)
	}
	if row := ix.Open()[0]; row.Meta.Open != 2 || !row.Meta.OldestOpen.Equal(at) || !row.Meta.Next.Equal(at.Add(time.Minute)) || row.Seq != 3 {
		t.Errorf("the first row is %+v", row)
	}
	if d := cmp.Diff([]runner.Ref{refN(4), refN(3)}, refsOf(ix.Recent(2))); d != "" {
		t.Errorf("recent (-want +got):\n%s", d)
	}
	// It follows what comes.
	appendMeta(t, s, refN(3), runner.Meta{})
	appendMeta(t, s, refN(2), runner.Meta{Open: 1, OldestOpen: at})
	testkit.Eventually(t, 5*time.Second, "the index follows", func() bool {
		return cmp.Equal([]runner.Ref{refN(2), refN(1)}, refsOf(ix.Open()))
	})
	// A restart rebuilds it from the log alone.
	s.Close()
	srv.Stop()
	s = connect(t, Options{Server: startServer(t, serverConfig(dir))})
	ix = follow(t, s)
	testkit.Eventually(t, 5*time.Second, "the index is ready again", ix.Ready)
	if d := cmp.Diff([]runner.Ref{refN(2), refN(1)}, refsOf(ix.Open())); d != "" {
		t.Errorf("open after a restart (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]runner.Ref{refN(2), refN(3), refN(4), refN(1)}, refsOf(ix.Recent(10))); d != "" {
		t.Errorf("recent after a restart (-want +got):\n%s", d)
	}
}

// An index is ready on an empty log, and when the record that stood at the end
// is gone.
func TestIndexIsReady(t *testing.T) {
	s := newStore(t)
	testkit.Eventually(t, 5*time.Second, "ready on an empty log", follow(t, s).Ready)
	first := appendMeta(t, s, refN(1), runner.Meta{Open: 1})
	last := appendMeta(t, s, refN(2), runner.Meta{})
	for _, seq := range []uint64{last, first} {
		if err := s.streams[streamClients].DeleteMsg(t.Context(), seq); err != nil {
			t.Fatal(err)
		}
		testkit.Eventually(t, 5*time.Second, "ready without the end", follow(t, s).Ready)
	}
}

func TestIndexKeepsTheLatest(t *testing.T) {
	ix := NewIndex()
	for n := range 10 * recentRows {
		ix.put(IndexRow{Ref: runner.Ref{Clinic: "harbor", Key: fmt.Sprint(n % 250)}, Seq: uint64(n)})
	}
	rows := ix.Recent(recentRows)
	if len(rows) != recentRows || rows[0].Seq != 10*recentRows-1 {
		t.Fatalf("%d rows from %d on", len(rows), rows[0].Seq)
	}
	for i := 1; i < len(rows); i++ {
		if rows[i].Seq != rows[i-1].Seq-1 {
			t.Errorf("row %d has sequence %d behind %d", i, rows[i].Seq, rows[i-1].Seq)
		}
	}
	if len(ix.recent) > 4*recentRows {
		t.Errorf("%d rows are kept", len(ix.recent))
	}
}

// TestClientKeyFingerprint guards line 13.
func TestClientKeyFingerprint(t *testing.T) {
	dir := t.TempDir()
	srv := startServer(t, serverConfig(dir))
	s := connect(t, Options{Server: srv})
	if err := s.CompareClientKey(t.Context(), []byte("key")); !errors.Is(err, ErrNoStreams) {
		t.Errorf("before the first start: %v, want ErrNoStreams", err)
	}
	for range 2 {
		if err := s.CheckClientKey(t.Context(), []byte("key")); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.CheckClientKey(t.Context(), []byte("another")); !errors.Is(err, ErrOtherKey) {
		t.Errorf("another key: %v, want ErrOtherKey", err)
	}
	s.Close()
	srv.Stop()
	s = connect(t, Options{Server: startServer(t, serverConfig(dir)), Beside: true})
	if err := s.CheckClientKey(t.Context(), []byte("another")); !errors.Is(err, ErrOtherKey) {
		t.Errorf("another key after a restart: %v, want ErrOtherKey", err)
	}
	if err := s.CompareClientKey(t.Context(), []byte("another")); !errors.Is(err, ErrOtherKey) {
		t.Errorf("another key beside the program: %v, want ErrOtherKey", err)
	}
	if err := s.CheckClientKey(t.Context(), []byte("key")); err != nil {
		t.Errorf("the key after a restart: %v", err)
	}
	entry, err := s.kv.Get(t.Context(), metaFingerprint)
	if err != nil || string(entry.Value()) == "key" || len(entry.Value()) != 16 {
		t.Errorf("stored %q, %v", entry.Value(), err)
	}
}

// TestEpoch guards line 15: the clock goes on where it was.
func TestEpoch(t *testing.T) {
	dir := t.TempDir()
	srv := startServer(t, serverConfig(dir))
	s := connect(t, Options{Server: srv})
	at := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	first := Epoch{Real: at, Shown: at.AddDate(1, 0, 0), Speed: 60}
	if _, err := s.KeptEpoch(t.Context()); !errors.Is(err, ErrNotFound) {
		t.Errorf("before there is one: %v, want ErrNotFound", err)
	}
	got, err := s.Epoch(t.Context(), first)
	if err != nil || got != first {
		t.Fatalf("%+v, %v", got, err)
	}
	s.Close()
	srv.Stop()
	s = connect(t, Options{Server: startServer(t, serverConfig(dir))})
	if got, err = s.Epoch(t.Context(), Epoch{Real: at.Add(time.Hour), Speed: 7}); err != nil || !got.Real.Equal(first.Real) || !got.Shown.Equal(first.Shown) || got.Speed != 60 {
		t.Errorf("after a restart: %+v, %v; want the first", got, err)
	}
	second := Epoch{Real: at, Shown: at, Speed: 1}
	if err := s.KeepEpoch(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	if got, err = s.KeptEpoch(t.Context()); err != nil || got != second {
		t.Errorf("replaced: %+v, %v", got, err)
	}
}

func TestDirectoryVersions(t *testing.T) {
	s := newStore(t)
	v1, v2 := map[string][]byte{"clinic.yaml": []byte("one")}, map[string][]byte{"clinic.yaml": []byte("two"), "a.md": {0, 0xff}}
	current := func(want string) {
		t.Helper()
		if got, err := s.CurrentDirectories(t.Context()); err != nil || !cmp.Equal(map[string]string{"harbor": want}, got) {
			t.Errorf("current: %v, %v; want %s", got, err, want)
		}
	}
	put := func(version string, files map[string][]byte) {
		t.Helper()
		if err := s.PutDirectory(t.Context(), "harbor", version, files); err != nil {
			t.Fatal(err)
		}
	}
	put("v1", v1)
	current("v1")
	put("v2", v2)
	put("v2", v2)
	current("v2")
	put("v1", map[string][]byte{"clinic.yaml": []byte("something else under an old name")})
	current("v1") // an operator went back
	for version, want := range map[string]map[string][]byte{"v1": v1, "v2": v2} {
		got, err := s.GetDirectory(t.Context(), "harbor", version)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", version, d)
		}
	}
	if _, err := s.GetDirectory(t.Context(), "harbor", "v3"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a version that never was: %v, want ErrNotFound", err)
	}
	// Replicas that start at once agree.
	errs := make(chan error, 8)
	for range 8 {
		go func() { errs <- s.PutDirectory(context.Background(), "harbor", "v2", v2) }()
	}
	for range 8 {
		if err := within(t, 5*time.Second, "a replica", errs); err != nil {
			t.Error(err)
		}
	}
	current("v2")
}

// Commands beside the program make nothing.
func TestBesideMakesNothing(t *testing.T) {
	srv := startServer(t, serverConfig(t.TempDir()))
	if _, err := Connect(t.Context(), Options{Server: srv, Beside: true}); !errors.Is(err, ErrNoStreams) {
		t.Errorf("on a server without streams: %v, want ErrNoStreams", err)
	}
	connect(t, Options{Server: srv})
	beside := connect(t, Options{URL: "nats://" + srv.Addr(), User: UserOperator, Password: operatorPassword, Beside: true})
	if _, err := beside.Lag(t.Context()); err == nil {
		t.Error("a command has made the consumers")
	}
}
