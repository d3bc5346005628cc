package main

import (
	"slices"
	"testing"
)

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

// Memory is given back once after a flood, and then now and again.
func TestQuietness(t *testing.T) {
	var q quietness
	var allocated uint64
	var gaveBack []int
	for second := range 300 {
		allocated += 1 << 20
		if second < 30 {
			allocated += 100 << 20
		}
		if q.second(allocated) {
			gaveBack = append(gaveBack, second)
		}
	}
	if want := []int{49, 169, 289}; !slices.Equal(gaveBack, want) {
		t.Errorf("memory was given back in seconds %v, want %v", gaveBack, want)
	}
	allocated += 100 << 20
	if q.second(allocated) || q.seconds != 0 {
		t.Error("a busy second counts as a quiet one")
	}
}
