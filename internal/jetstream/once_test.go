package jetstream

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mooring-care/mooring/internal/testkit"
)

// A link works once over all replicas and restarts, and is forgotten after its
// end.
func TestOnce(t *testing.T) {
	dir := t.TempDir()
	srv, err := StartServer(serverConfig(dir))
	if err != nil {
		t.Fatal(err)
	}
	a, b := connect(t, Options{Server: srv}), connect(t, Options{Server: srv})
	until := time.Now().Add(time.Hour)
	var firsts atomic.Int32
	var all sync.WaitGroup
	for _, s := range []*Store{a, b, a, b} {
		all.Go(func() {
			switch first, err := s.Once().Use(t.Context(), "link.1772467200", until); {
			case err != nil:
				t.Error(err)
			case first:
				firsts.Add(1)
			}
		})
	}
	all.Wait()
	if n := firsts.Load(); n != 1 {
		t.Errorf("it worked %d times", n)
	}
	if first, err := b.Once().Use(t.Context(), "other.1772467200", until); err != nil || !first {
		t.Errorf("another link: %v, %v", first, err)
	}
	srv.Stop()
	if first, err := a.Once().Use(t.Context(), "third.1772467200", until); err == nil || first {
		t.Errorf("without a store: %v, %v", first, err)
	}
	again := connect(t, Options{Server: startServer(t, serverConfig(dir))})
	if first, err := again.Once().Use(t.Context(), "link.1772467200", until); err != nil || first {
		t.Errorf("after a restart: %v, %v", first, err)
	}
}

// What nobody could use any more does not stay.
func TestOnceForgets(t *testing.T) {
	s := newStore(t)
	if _, err := s.kv.Create(t.Context(), metaUsed+"kept", nil); err != nil {
		t.Fatal(err)
	}
	o := Once{s}
	if first, err := o.use(t.Context(), "short", time.Second); err != nil || !first {
		t.Fatalf("%v, %v", first, err)
	}
	left := func() []string {
		lister, err := s.kv.ListKeysFiltered(t.Context(), metaUsed+">")
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		for k := range lister.Keys() {
			keys = append(keys, k)
		}
		return keys
	}
	testkit.Eventually(t, 10*time.Second, "the short one is forgotten", func() bool {
		keys := left()
		return len(keys) == 1 && keys[0] == metaUsed+"kept"
	})
}
