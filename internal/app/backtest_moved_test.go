package app

import (
	"testing"
	"time"
)

// TestMoved says by how much, as people do.
func TestMoved(t *testing.T) {
	t.Parallel()
	for by, want := range map[time.Duration]string{
		0: "", 20 * time.Second: "", time.Minute: ", 1 minute later", -time.Hour: ", 1 hour sooner", -90 * time.Minute: ", 2 hours sooner",
		47 * time.Hour: ", 47 hours later", 75 * time.Hour: ", 3 days later", -10 * 24 * time.Hour: ", 10 days sooner",
	} {
		if got := moved(by); got != want {
			t.Errorf("%s is %q, want %q", by, got, want)
		}
	}
}
