package workflows

import (
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
)

// TestLastLookWaitsForItsHours: a care message that is still wanted leaves at the
// look by day and, where it asks for office hours, while the clinic is open; else
// the look says when, and why not now. A message to staff leaves at any hour.
func TestLastLookWaitsForItsHours(t *testing.T) {
	const home, west, far = "America/Chicago", "America/Los_Angeles", "Asia/Tokyo"
	// The sample clinic is open Monday to Friday, 9 to 5; quiet are 20 to 9 on the
	// client's own clock, and 26 November is Thanksgiving, a Thursday.
	for _, tc := range []struct {
		within         Within
		zone, now, not string // not before; "" where it may leave at once
		why            Reason
	}{
		{Daytime, home, "2026-11-18 09:00", "", ""},
		{Daytime, home, "2026-11-18 19:59", "", ""},
		{Daytime, home, "2026-11-18 20:00", "2026-11-19 09:00", QuietHours},
		{Daytime, home, "2026-11-19 00:30", "2026-11-19 09:00", QuietHours},
		{Daytime, home, "2026-11-19 08:59", "2026-11-19 09:00", QuietHours},
		{Daytime, home, "2026-11-21 12:00", "", ""}, // a Saturday
		{Daytime, home, "2026-11-26 12:00", "", ""},
		{Daytime, west, "2026-11-18 10:59", "2026-11-18 11:00", QuietHours},
		{Daytime, west, "2026-11-18 21:59", "", ""},
		{Daytime, far, "2026-11-18 12:00", "2026-11-18 18:00", QuietHours},

		{OfficeHours, home, "2026-11-18 09:00", "", ""},
		{OfficeHours, home, "2026-11-18 16:59", "", ""},
		{OfficeHours, home, "2026-11-18 17:00", "2026-11-19 09:00", OfficeClosed},
		{OfficeHours, home, "2026-11-19 08:59", "2026-11-19 09:00", OfficeClosed},
		{OfficeHours, home, "2026-11-20 17:00", "2026-11-23 09:00", OfficeClosed},
		{OfficeHours, home, "2026-11-25 17:00", "2026-11-27 09:00", OfficeClosed},
		{OfficeHours, home, "2026-11-26 12:00", "2026-11-27 09:00", ClinicHoliday},
		{OfficeHours, west, "2026-11-18 10:59", "2026-11-18 11:00", QuietHours},
		{OfficeHours, west, "2026-11-18 17:00", "2026-11-19 11:00", OfficeClosed},
	} {
		look := lookAt(t, tc.zone, tc.now, Send{Lane: LaneCare, Within: tc.within})
		var want time.Time
		if tc.not != "" {
			want = chicago(t, tc.not)
		}
		if !look.Wanted || look.Reason != tc.why || !look.NotBefore.Equal(want) {
			t.Errorf("%q at %s, client in %s: %+v; want %q, not before %q", tc.within, tc.now, tc.zone, look, tc.why, tc.not)
		}
	}
	// The clinic's day is this client's night: no hour is both.
	if look := lookAt(t, far, "2026-11-18 12:00", Send{Lane: LaneCare, Within: OfficeHours}); look.Wanted || look.Reason != HoursNeverMeet {
		t.Errorf("where the hours never meet: %+v", look)
	}
	if look := lookAt(t, home, "2026-11-21 03:00", Send{Lane: LaneSafety}); !look.Wanted || !look.NotBefore.IsZero() || look.Reason != "" {
		t.Errorf("a message to staff on a Saturday night: %+v", look)
	}
}

// lookAt is the last look at a message that was asked for an hour before, to a
// client in a zone; now is on the sample clinic's clock.
func lookAt(t *testing.T, zone, now string, x Send) Look {
	t.Helper()
	at := chicago(t, now)
	s := newSim(t, at.Add(-time.Hour))
	c := friendly()
	c.TimeZone = &zone
	s.happens(events.ClientUpdated, clientData(c))
	x.ID, x.Status, x.At = "kmessage", SendAsked, at.Add(-time.Hour)
	x.Message.Template = "A"
	s.state.Sends = append(s.state.Sends, x)
	return s.state.Look(s.dir[0], x.ID, at)
}
