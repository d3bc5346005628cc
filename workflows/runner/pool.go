package runner

import (
	"hash/maphash"
	"sync"
)

// Pool runs work in the order in which it was submitted for one client, and
// work for different clients side by side: events and timers of one client
// never race within a process.
type Pool struct {
	seed   maphash.Seed
	queues []chan func()
	done   sync.WaitGroup
}

// NewPool starts a pool of so many workers.
func NewPool(workers int) *Pool {
	p := &Pool{seed: maphash.MakeSeed(), queues: make([]chan func(), workers)}
	for i := range p.queues {
		q := make(chan func(), 64)
		p.queues[i] = q
		p.done.Go(func() {
			for work := range q {
				work()
			}
		})
	}
	return p
}

// Submit queues work behind the client's earlier work; it waits while that
// worker's queue is full.
func (p *Pool) Submit(ref Ref, work func()) {
	var h maphash.Hash
	h.SetSeed(p.seed)
	_, _ = h.WriteString(ref.Clinic)
	_ = h.WriteByte('.')
	_, _ = h.WriteString(ref.Key)
	p.queues[h.Sum64()%uint64(len(p.queues))] <- work
}

// Close runs what was submitted and stops. Nothing may be submitted after.
func (p *Pool) Close() {
	for _, q := range p.queues {
		close(q)
	}
	p.done.Wait()
}
