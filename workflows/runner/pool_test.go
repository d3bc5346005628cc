package runner

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestPool: one client's work runs in order, different clients' side by side.
func TestPool(t *testing.T) {
	p := NewPool(4)
	var mu sync.Mutex
	got := map[Ref][]int{}
	refs := make([]Ref, 20)
	for i := range refs {
		refs[i] = Ref{"sample", fmt.Sprintf("k%d", i)}
	}
	for n := range 200 {
		for _, ref := range refs {
			p.Submit(ref, func() {
				mu.Lock()
				defer mu.Unlock()
				got[ref] = append(got[ref], n)
			})
		}
	}
	// Of so many clients two have different workers: one waits for the other.
	released := make(chan struct{})
	for i, ref := range refs {
		p.Submit(ref, func() {
			if i == 0 {
				<-released
			}
		})
	}
	ran := make(chan Ref, len(refs))
	go func() {
		defer close(released)
		for _, ref := range refs[1:] {
			p.Submit(ref, func() {
				select {
				case ran <- ref:
				default:
				}
			})
		}
		<-ran
	}()
	p2 := make(chan struct{})
	go func() {
		<-released
		p.Close()
		close(p2)
	}()
	select {
	case <-p2:
	case <-time.After(20 * time.Second):
		t.Fatal("one client's work holds up all others")
	}
	for _, ref := range refs {
		if len(got[ref]) != 200 {
			t.Fatalf("%s: %d runs", ref.Key, len(got[ref]))
		}
		for n, was := range got[ref] {
			if was != n {
				t.Fatalf("%s ran out of order: %v", ref.Key, got[ref][:n+1])
			}
		}
	}
}

// TestUrgentFirst: an urgent event waits for the one piece of work in hand and
// for no import, and neither does whoever submits for all clients.
func TestUrgentFirst(t *testing.T) {
	p := NewPool(1) // all clients meet on one worker
	inHand, release := make(chan struct{}), make(chan struct{})
	p.Submit(Ref{"sample", "kbulk"}, func() { close(inHand); <-release })
	<-inHand
	var imported atomic.Int32
	submitted := make(chan struct{})
	ran := make(chan int32, 2)
	go func() {
		defer close(submitted)
		for range 960 {
			p.Submit(Ref{"sample", "kbulk"}, func() { imported.Add(1) })
		}
		p.SubmitUrgent(Ref{"sample", "kother"}, func() { ran <- imported.Load() })
		p.SubmitUrgent(Ref{"sample", "kbulk"}, func() { ran <- imported.Load() }) // overtakes its own
	}()
	select {
	case <-submitted:
	case <-time.After(20 * time.Second):
		t.Error("whoever submits waits for one client's imports")
	}
	close(release)
	for range 2 {
		if n := <-ran; n != 0 {
			t.Errorf("an urgent event waited for %d imported ones", n)
		}
	}
	p.Close()
	if n := imported.Load(); n != 960 {
		t.Errorf("%d imported events were decided on, want all", n)
	}
}

// TestPoolOrder: each client's urgent work runs in its order, each client's
// other work in its own, nothing is lost, and no two pieces of one client's run
// at once.
func TestPoolOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := NewPool(rapid.IntRange(1, 4).Draw(t, "workers"))
		type piece struct {
			urgent bool
			n      int
		}
		got := make([][]piece, 4)
		busy := make([]atomic.Bool, len(got))
		want := make([][2]int, len(got))
		for range rapid.IntRange(0, 60).Draw(t, "pieces") {
			client := rapid.IntRange(0, len(got)-1).Draw(t, "client")
			urgent := rapid.Bool().Draw(t, "urgent")
			kind, submit := 0, p.Submit
			if urgent {
				kind, submit = 1, p.SubmitUrgent
			}
			n := want[client][kind]
			want[client][kind]++
			submit(Ref{"sample", fmt.Sprint("k", client)}, func() {
				if busy[client].Swap(true) {
					t.Error("two pieces of one client's work run at once")
				}
				got[client] = append(got[client], piece{urgent, n})
				busy[client].Store(false)
			})
		}
		p.Close()
		for client, done := range got {
			for kind := range 2 {
				var order []int
				for _, x := range done {
					if x.urgent == (kind == 1) {
						order = append(order, x.n)
					}
				}
				if len(order) != want[client][kind] || !slices.IsSorted(order) {
					t.Errorf("client %d, kind %d: ran %v of %d", client, kind, order, want[client][kind])
				}
			}
		}
	})
}
