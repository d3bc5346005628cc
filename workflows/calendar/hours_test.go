package calendar

import (
	"testing"
	"time"
)

func located(t *testing.T, zone string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatalf("load the zone %s: %v", zone, err)
	}
	return loc
}

// TestOnClock: on either side of Greenwich the hour that is left out comes later,
// and of the hour that comes twice the first counts, at midnight too.
func TestOnClock(t *testing.T) {
	for _, tc := range []struct{ zone, date, at, want string }{
		{"America/Chicago", "2026-03-08", "02:30", "2026-03-08 03:30 CDT"},
		{"America/Chicago", "2026-03-08", "09:00", "2026-03-08 09:00 CDT"},
		{"America/Chicago", "2026-11-01", "01:30", "2026-11-01 01:30 CDT"},
		{"America/Chicago", "2026-11-01", "09:00", "2026-11-01 09:00 CST"},
		{"Europe/Berlin", "2026-03-29", "02:30", "2026-03-29 03:30 CEST"},
		{"Europe/Berlin", "2026-10-25", "02:30", "2026-10-25 02:30 CEST"},
		{"Europe/Berlin", "2026-10-25", "03:00", "2026-10-25 03:00 CET"},
		{"America/Havana", "2026-03-08", "00:00", "2026-03-08 01:00 CDT"}, // here too, and on the other side of Greenwich
		{"Africa/Cairo", "2026-04-24", "00:00", "2026-04-24 01:00 EEST"},  // midnight is left out
		{"Africa/Cairo", "2026-10-29", "23:30", "2026-10-29 23:30 EEST"},  // the hour before it comes twice
		{"Australia/Lord_Howe", "2026-10-04", "02:10", "2026-10-04 02:40 +11"},
		{"Australia/Lord_Howe", "2026-04-05", "01:40", "2026-04-05 01:40 +11"},
		{"Asia/Kolkata", "2026-03-08", "02:30", "2026-03-08 02:30 IST"},
	} {
		date, err := time.Parse(time.DateOnly, tc.date)
		if err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse("15:04", tc.at)
		if err != nil {
			t.Fatal(err)
		}
		offset := time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
		if got := OnClock(date, offset, located(t, tc.zone)).Format("2006-01-02 15:04 MST"); got != tc.want {
			t.Errorf("%s %s in %s is %s, want %s", tc.date, tc.at, tc.zone, got, tc.want)
		}
	}
}
