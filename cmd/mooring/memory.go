package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// The garbage collector may let the heap grow by about headroom between two
// runs: a small heap is then collected seldom, and a large one does not double.
const (
	headroom = 160 << 20
	gcSeldom = 300 // percent of the live heap
	gcOften  = 50
)

// What a busy hour used is given back once the program has been quiet for
// quietFor, and again every two minutes, as often as the runtime collects
// garbage by itself: the server forgets in that time which subjects it has just
// written, and a small machine has other things to do with the memory.
const (
	quietBytes = 8 << 20 // allocated in a second
	quietFor   = 20      // seconds
	quietAgain = 120     // seconds
)

// The runtime's metrics that steadyMemory reads.
const (
	liveMetric   = "/gc/heap/live:bytes"
	allocsMetric = "/gc/heap/allocs:bytes"
)

// steadyMemory keeps the garbage collector at that until ctx ends, unless the
// operator has set GOGC.
func steadyMemory(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	samples := []metrics.Sample{{Name: liveMetric}, {Name: allocsMetric}}
	percent := 0
	var quiet quietness
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		metrics.Read(samples)
		if want := gcPercent(samples[0].Value.Uint64()); want != percent {
			debug.SetGCPercent(want)
			percent = want
		}
		if quiet.second(samples[1].Value.Uint64()) {
			debug.FreeOSMemory()
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
	}
}

// gcPercent is what GOGC is set to for a live heap, in steps of ten: setting it
// stops the program for a moment.
func gcPercent(live uint64) int {
	if live == 0 {
		return gcSeldom
	}
	percent := min(uint64(gcSeldom), headroom*100/live) / 10 * 10
	return int(max(percent, gcOften))
}

// quietness counts the seconds in which little was allocated.
type quietness struct {
	seconds   int
	allocated uint64 // so far
}

// second takes what was allocated so far, once a second, and says whether it is
// time to give memory back.
func (q *quietness) second(allocated uint64) bool {
	busy := allocated-q.allocated > quietBytes
	q.allocated = allocated
	if busy {
		q.seconds = 0
		return false
	}
	q.seconds++
	return q.seconds == quietFor || q.seconds > quietFor && (q.seconds-quietFor)%quietAgain == 0
}
