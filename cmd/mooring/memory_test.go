package main

import "testing"

func TestGCPercent(t *testing.T) {
	for _, c := range []struct {
		live uint64
		want int
	}{
		{0, 300},
		{1, 300},
		{40 << 20, 300},
		{80 << 20, 200},
		{160 << 20, 100},
		{320 << 20, 50},
		{8 << 30, 50},
	} {
		if got := gcPercent(c.live); got != c.want {
			t.Errorf("a live heap of %d MB: %d percent, want %d", c.live>>20, got, c.want)
		}
	}
}
