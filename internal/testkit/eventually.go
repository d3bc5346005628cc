// Package testkit holds what tests of several packages share.
//
// It must never be imported by the program itself.
package testkit

import (
	"testing"
	"time"
)

// Eventually asks ok again and again until it is true, and fails the test when
// it is not within d. It is for conditions that nobody signals, such as a
// server's own bookkeeping.
func Eventually(t testing.TB, d time.Duration, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(d)
	defer deadline.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("not within %v: %s", d, what)
		}
	}
}
