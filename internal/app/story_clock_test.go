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

// The nights in which clocks change, from the evening before to day 8, on a clock
// of one's own: what is put off over the night leaves at nine by the client's
// clock, however long that night is; delays of days count whole days of 24 hours.
func TestStoryDSTNights(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ evening, first, second, call, overdue string }{
		"an hour is left out": {"2026-03-07T20:00:00-06:00", "2026-03-08T09:00:00-05:00", "2026-03-11T09:00:00-05:00", "2026-03-14T21:00:00-05:00", "2026-03-15T21:00:00-05:00"},
		"an hour comes twice": {"2026-10-31T20:00:00-05:00", "2026-11-01T09:00:00-06:00", "2026-11-03T19:00:00-06:00", "2026-11-07T19:00:00-06:00", "2026-11-08T19:00:00-06:00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := storyConfig(t)
			cfg.TimeStart, cfg.TimeSpeed = tc.evening, 0
			p := run(t, cfg)
			p.noshow("ana", events.RiskNone)
			// until lets time go by until nothing but one mail is there: from then on.
			until := func(at, to, template string) {
				t.Helper()
				want, err := time.Parse(time.RFC3339, at)
				if err != nil {
					t.Fatal(err)
				}
				p.pass(want.Sub(p.Now()) - time.Second)
				p.settle()
				p.quiet()
				p.pass(time.Second)
				p.settle()
				if mail := p.expect(to, template); !mail.Date.Equal(want) {
					t.Errorf("%s is dated %v, want %v", template, mail.Date, want)
				}
				p.quiet()
			}
			until(tc.first, "ana@example.org", "A")
			until(tc.second, "ana@example.org", "B")
			until(tc.call, amara, "task")
			until(tc.overdue, amara, "task-reminder")
		})
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
