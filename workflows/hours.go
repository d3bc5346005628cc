package workflows

import (
	"time"

	"github.com/mooring-care/mooring/workflows/calendar"
)

func (c *Clinic) zone() *time.Location {
	if c.Zone == nil {
		return time.UTC
	}
	return c.Zone
}

// closed says until when the clinic is closed, and why; no reason where it is
// open. A zero time means that nobody can tell when it opens.
func (c *Clinic) closed(now time.Time) (until time.Time, why Reason) {
	zone := c.zone()
	until = c.Hours.Open(zone, now)
	switch local := now.In(zone); {
	case until.Equal(now):
		return until, ""
	case c.Hours.Holiday(calendar.DayOf(local)) && len(c.Hours.Week[local.Weekday()]) > 0:
		return until, ClinicHoliday
	}
	return until, OfficeClosed
}

// mostTurns bounds how many closings and nights are passed in the search for an
// hour that is the clinic's and the client's day alike: more than a week has.
// Somebody on the other side of the world may have no such hour.
const mostTurns = 100

// mayLeave is the first moment, not before now, at which a care message may
// leave, and why not before; no reason where that is now. Zero means never.
func (c *Clinic) mayLeave(within Within, client *time.Location, now time.Time) (at time.Time, why Reason) {
	if within != OfficeHours {
		if quiet := quietUntil(c, client, now); !quiet.IsZero() {
			return quiet, QuietHours
		}
		return now, ""
	}
	at = now
	for range mostTurns {
		if opens, closed := c.closed(at); closed != "" {
			if opens.IsZero() {
				break
			}
			at, why = opens, orReason(why, closed)
		} else if quiet := quietUntil(c, client, at); !quiet.IsZero() {
			at, why = quiet, orReason(why, QuietHours)
		} else {
			return at, why
		}
	}
	return time.Time{}, HoursNeverMeet
}

// tooLate says whether a message has waited for its provider for longer than it
// may. Hours in which the clinic is closed do not make it late: what comes due
// in them has as long again once it opens.
func (x *Send) tooLate(c *Clinic, client *time.Location, now time.Time) bool {
	bound := x.mayWait(c)
	if now.Sub(x.At) <= bound {
		return false
	}
	if x.Within != OfficeHours {
		return true
	}
	opens, closed := c.mayLeave(x.Within, client, x.At.Add(bound))
	return closed == "" || opens.IsZero() || now.Sub(opens) > bound
}
