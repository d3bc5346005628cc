package workflows

import (
	"testing"
	"time"
)

// TestQuietHours: the wall clock decides, also in the nights when it jumps.
func TestQuietHours(t *testing.T) {
	at := func(zone, text string) time.Time {
		t.Helper()
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		out, err := time.ParseInLocation("2006-01-02 15:04:05", text, loc)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	const h = time.Hour
	for _, tc := range []struct {
		from, to  time.Duration
		zone, now string
		until     string // empty: not quiet
	}{
		{20 * h, 9 * h, "America/Chicago", "2026-03-02 19:59:59", ""},
		{20 * h, 9 * h, "America/Chicago", "2026-03-02 20:00:00", "2026-03-03 09:00:00"},
		{20 * h, 9 * h, "America/Chicago", "2026-03-03 08:59:59", "2026-03-03 09:00:00"},
		{20 * h, 9 * h, "America/Chicago", "2026-03-03 09:00:00", ""},
		{20 * h, 9 * h, "America/Chicago", "2026-03-07 23:00:00", "2026-03-08 09:00:00"}, // an hour less
		{20 * h, 9 * h, "America/Chicago", "2026-10-31 23:00:00", "2026-11-01 09:00:00"}, // an hour more
		{20 * h, 9 * h, "America/Chicago", "2026-03-08 20:00:00", "2026-03-09 09:00:00"},
		{20 * h, 9 * h, "America/Chicago", "2026-11-01 20:00:00", "2026-11-02 09:00:00"},
		{22*h + 30*time.Minute, 7*h + 15*time.Minute, "Asia/Kolkata", "2026-12-31 23:00:00", "2027-01-01 07:15:00"},
		{12 * h, 14 * h, "Europe/Madrid", "2026-03-29 11:59:59", ""},
		{12 * h, 14 * h, "Europe/Madrid", "2026-03-29 12:00:00", "2026-03-29 14:00:00"},
		{12 * h, 14 * h, "Europe/Madrid", "2026-03-29 14:00:00", ""},
		{0, 6 * h, "Europe/Madrid", "2026-10-25 02:30:00", "2026-10-25 06:00:00"},
		{9 * h, 9 * h, "Europe/Madrid", "2026-10-25 09:00:00", ""},
	} {
		now := at(tc.zone, tc.now)
		got := quietUntil(&Clinic{QuietFrom: tc.from, QuietTo: tc.to}, now.Location(), now)
		var want time.Time
		if tc.until != "" {
			want = at(tc.zone, tc.until)
		}
		if !got.Equal(want) {
			t.Errorf("%v to %v, %s %s: until %v, want %v", tc.from, tc.to, tc.zone, tc.now, got, want)
		}
	}
}

// TestClientZone: the client's own zone, else the clinic's, else UTC.
func TestClientZone(t *testing.T) {
	clinic := sampleClinic(t)
	for zone, want := range map[string]string{"Asia/Kolkata": "Asia/Kolkata", "": "America/Chicago", "Nowhere/Land": "America/Chicago"} {
		s := State{Profile: Profile{TimeZone: &Field[string]{Value: zone, At: historyStart}}}
		if got := s.zone(clinic).String(); got != want {
			t.Errorf("%q: %s, want %s", zone, got, want)
		}
		if got := s.zone(&Clinic{}); zone == "" && got != time.UTC {
			t.Errorf("a clinic without a zone: %v", got)
		}
		// Read once: what the machine says of a zone later changes no decision.
		if first, again := s.zone(clinic), s.zone(clinic); first != again {
			t.Errorf("%q is read again at each decision", zone)
		}
	}
}

// TestQuietHoursWhereClocksChange: quiet is what the wall clock says, minute by
// minute, also where the quiet hours begin or end in an hour that comes twice or
// not at all; and they end at the first minute that is not quiet.
func TestQuietHoursWhereClocksChange(t *testing.T) {
	const step = 10 * time.Minute
	clocks := []time.Duration{0, 30 * time.Minute, time.Hour, 90 * time.Minute, 150 * time.Minute, 9 * time.Hour, 1350 * time.Minute, 23 * time.Hour}
	for zone, changes := range map[string][]string{
		"America/Chicago":     {"2026-03-08T08:00:00Z", "2026-11-01T07:00:00Z"},
		"Atlantic/Azores":     {"2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"}, // at midnight
		"Africa/Cairo":        {"2026-04-23T22:00:00Z", "2026-10-29T21:00:00Z"},
		"Australia/Lord_Howe": {"2026-04-04T15:00:00Z", "2026-10-03T15:30:00Z"}, // half an hour
		"Antarctica/Troll":    {"2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"}, // two hours
	} {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		quiet := func(c *Clinic, at time.Time) bool {
			hour, minute, _ := at.In(loc).Clock()
			clock := time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute
			if c.QuietFrom < c.QuietTo {
				return c.QuietFrom <= clock && clock < c.QuietTo
			}
			return c.QuietFrom != c.QuietTo && (c.QuietFrom <= clock || clock < c.QuietTo)
		}
		for _, text := range changes {
			change, err := time.Parse(time.RFC3339, text)
			if err != nil {
				t.Fatal(err)
			}
			if _, at := change.Add(-time.Second).In(loc).ZoneBounds(); !at.Equal(change) {
				t.Fatalf("%s: clocks change at %v, not at %v", zone, at.UTC(), change)
			}
			for _, from := range clocks {
				for _, to := range clocks {
					c := &Clinic{QuietFrom: from, QuietTo: to}
					var until time.Time // going back in time
					for now := change.Add(25 * time.Hour); now.After(change.Add(-25 * time.Hour)); now = now.Add(-step) {
						switch is := quiet(c, now); {
						case !is:
							until = now
							if got := quietUntil(c, loc, now); !got.IsZero() {
								t.Fatalf("%v to %v, %v: quiet until %v", from, to, now.In(loc), got)
							}
						case !until.IsZero():
							if got := quietUntil(c, loc, now.Add(time.Second)); !got.Equal(until) {
								t.Fatalf("%v to %v, %v: quiet until %v, want %v", from, to, now.In(loc), got, until.In(loc))
							}
						}
					}
				}
			}
		}
	}
}
