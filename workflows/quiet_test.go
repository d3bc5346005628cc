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
