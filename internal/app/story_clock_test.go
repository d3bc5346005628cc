package app

import (
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/internal/testkit"
)

// A clock can stand still while the program works; what waited for it comes once
// the clock runs, at whatever speed, on the server's own timers.
func TestStoppedClock(t *testing.T) {
	t.Parallel()
	cfg := storyConfig(t)
	cfg.TimeSpeed = 0
	p := run(t, cfg)
	stands := p.Now()
	p.publish(p.event(events.AppointmentNoShow, "ben", events.Data{Client: person("ben", events.RiskNone), Appointment: p.appointment("b", -time.Hour)}))
	p.settle()
	if s := p.state("ben"); len(s.Journeys) != 1 || !p.Now().Equal(stands) {
		t.Fatalf("journeys %+v, and the clock went from %v to %v", s.Journeys, stands, p.Now())
	}
	p.quiet()
	p.cfg.TimeSpeed = 7200
	p.restart()
	testkit.Eventually(t, patience, "the mail has left", func() bool { p.collect(); return len(p.all) > 0 })
	if mail := p.expect("ben@example.org", "A"); mail.Date.Before(stands.Add(3 * time.Hour).Truncate(time.Second)) {
		t.Errorf("the mail of %v is dated %v", stands, mail.Date)
	}
}

// TestClockStandsStill: what lies ahead never comes, and what is past has come.
func TestClockStandsStill(t *testing.T) {
	shown := time.Date(2026, 3, 8, 1, 59, 0, 0, time.UTC)
	c := &Clock{}
	c.epoch.Store(&jetstream.Epoch{Real: time.Now(), Shown: shown})
	for range 3 {
		if now := c.Now(); !now.Equal(shown) {
			t.Fatalf("it shows %v", now)
		}
	}
	for ahead, never := range map[time.Duration]bool{-time.Hour: false, 0: false, time.Nanosecond: true, 24 * time.Hour: true} {
		if got := time.Until(c.Real(shown.Add(ahead))) > 24*time.Hour; got != never {
			t.Errorf("%v ahead: never is %v", ahead, got)
		}
	}
}
