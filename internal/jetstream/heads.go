package jetstream

import (
	"fmt"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/mooring-care/mooring/workflows/runner"
)

// heads are the last sequences of clients in CLIENTS, as far as this process
// wrote them. Where it is the only one that does, they are what the leader
// would answer, without asking. A nil *heads knows nothing.
//
// An append whose fate is unknown takes its client out. The next one that
// succeeds puts it back: by its expected sequence the unknown one can then no
// longer be stored.
type heads struct {
	mu sync.Mutex
	of *lru.Cache[runner.Ref, uint64] // guarded by mu
}

func newHeads() (*heads, error) {
	of, err := lru.New[runner.Ref, uint64](32 << 10)
	if err != nil {
		return nil, fmt.Errorf("set up the cache of last sequences: %w", err)
	}
	return &heads{of: of}, nil
}

func (h *heads) get(ref runner.Ref) (uint64, bool) {
	if h == nil {
		return 0, false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.of.Get(ref)
}

// put notes an append. Answers may come back in another order than they were
// given in: the greater sequence stands.
func (h *heads) put(ref runner.Ref, seq uint64) {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if last, ok := h.of.Peek(ref); !ok || last < seq {
		h.of.Add(ref, seq)
	}
}

func (h *heads) forget(ref runner.Ref) {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.of.Remove(ref)
}
