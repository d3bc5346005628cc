package app

import "testing"

func TestBounded(t *testing.T) {
	b := newBounded[int, int](3)
	has := func(k int) bool { _, ok := b.get(k); return ok }
	for k := range 3 {
		b.put(k, k)
	}
	b.put(0, 7)
	if v, ok := b.get(0); !ok || v != 7 || !has(1) || !has(2) {
		t.Errorf("three fit: %+v", b.values)
	}
	b.put(3, 3)
	if has(0) || !has(1) || !has(3) {
		t.Errorf("the first goes first: %+v", b.values)
	}
	b.forget(1)
	for k := 10; k < 30; k++ {
		b.put(k, k)
	}
	if has(1) || len(b.values) > 3 || len(b.order) != 3 || !has(29) {
		t.Errorf("%d are remembered: %+v", len(b.values), b.values)
	}
}
