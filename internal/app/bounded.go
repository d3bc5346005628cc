package app

import "sync"

// bounded remembers the values of the keys that were added last, and forgets the
// others. Many goroutines may use it.
type bounded[K comparable, V any] struct {
	mu     sync.Mutex
	values map[K]V // guarded by mu
	// order holds the keys in the order in which they came, over and over; next is
	// the place of the next one. Guarded by mu.
	order []K
	next  int
}

func newBounded[K comparable, V any](most int) *bounded[K, V] {
	return &bounded[K, V]{values: map[K]V{}, order: make([]K, 0, most)}
}

func (b *bounded[K, V]) get(k K) (v V, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	v, ok = b.values[k]
	return v, ok
}

// put remembers a value. A key that is there keeps its place.
func (b *bounded[K, V]) put(k K, v V) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.values[k]; !ok {
		if len(b.order) < cap(b.order) {
			b.order = append(b.order, k)
		} else {
			delete(b.values, b.order[b.next])
			b.order[b.next] = k
			b.next = (b.next + 1) % len(b.order)
		}
	}
	b.values[k] = v
}

// forget drops a key's value. Its place is kept, so a key that comes again may be
// forgotten a little sooner than others.
func (b *bounded[K, V]) forget(k K) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.values, k)
}
