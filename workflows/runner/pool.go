package runner

import (
	"hash/maphash"
	"sync"
)

// Pool runs one client's work on one worker, never two pieces at once, and
// different clients' side by side: events and timers of one client never race
// within a process.
//
// A worker takes what is urgent first. Urgent work of one client runs in the
// order in which it was submitted, and so does its other work; an urgent event
// may overtake the same client's earlier plain ones, which costs nothing, as
// what is decided does not hang on their order (the rule order-free).
//
// Submitting never waits, or a loop that submits for all clients would wait for
// one of them. What may lie here is bounded by those who submit: each queue has
// so many deliveries unanswered at once.
type Pool struct {
	seed    maphash.Seed
	workers []*worker
	done    sync.WaitGroup
}

// worker is one goroutine and what it has to do.
type worker struct {
	mu   sync.Mutex
	some *sync.Cond
	// Guarded by mu, as is what some signals.
	urgent, plain []func()
	closed        bool
}

// NewPool starts a pool of so many workers.
func NewPool(workers int) *Pool {
	p := &Pool{seed: maphash.MakeSeed(), workers: make([]*worker, workers)}
	for i := range p.workers {
		w := &worker{}
		w.some = sync.NewCond(&w.mu)
		p.workers[i] = w
		p.done.Go(func() {
			for work := w.next(); work != nil; work = w.next() {
				work()
			}
		})
	}
	return p
}

// next waits for work; nil means that the pool was closed and all is done.
func (w *worker) next() (work func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.urgent) == 0 && len(w.plain) == 0 && !w.closed {
		w.some.Wait()
	}
	from := &w.urgent
	if len(*from) == 0 {
		from = &w.plain
	}
	if len(*from) == 0 {
		return nil
	}
	work, (*from)[0] = (*from)[0], nil
	*from = (*from)[1:]
	return work
}

// Submit queues work behind the client's earlier work.
func (p *Pool) Submit(ref Ref, work func()) {
	w := p.of(ref)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.plain = append(w.plain, work)
	w.some.Signal()
}

// SubmitUrgent queues work behind other urgent work alone.
func (p *Pool) SubmitUrgent(ref Ref, work func()) {
	w := p.of(ref)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.urgent = append(w.urgent, work)
	w.some.Signal()
}

func (p *Pool) of(ref Ref) *worker {
	var h maphash.Hash
	h.SetSeed(p.seed)
	_, _ = h.WriteString(ref.Clinic)
	_ = h.WriteByte('.')
	_, _ = h.WriteString(ref.Key)
	return p.workers[h.Sum64()%uint64(len(p.workers))]
}

// Close runs what was submitted and stops. Nothing may be submitted after.
func (p *Pool) Close() {
	for _, w := range p.workers {
		w.mu.Lock()
		w.closed = true
		w.some.Signal()
		w.mu.Unlock()
	}
	p.done.Wait()
}
