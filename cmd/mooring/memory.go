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
	headroom   = 160 << 20
	gcSeldom   = 300 // percent of the live heap
	gcOften    = 50
	liveMetric = "/gc/heap/live:bytes"
)

// steadyMemory keeps the garbage collector at that until ctx ends, unless the
// operator has set GOGC.
func steadyMemory(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	sample := []metrics.Sample{{Name: liveMetric}}
	last := 0
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		metrics.Read(sample)
		if percent := gcPercent(sample[0].Value.Uint64()); percent != last {
			debug.SetGCPercent(percent)
			last = percent
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
