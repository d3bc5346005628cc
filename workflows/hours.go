package workflows

import "time"

// Hours are when a clinic is open, on its own clock.
type Hours struct {
	// Week is what is open on each weekday, Sunday first, from morning to
	// evening; a day without any is closed.
	Week [7][]Opening
	// Holidays are closed whatever their weekday.
	Holidays []Holiday
}

// Opening is one stretch of a day, as offsets from midnight: From belongs to it,
// To does not. The last To is midnight, 24 hours.
type Opening struct{ From, To time.Duration }

// Holiday is one day or several, the last one included.
type Holiday struct {
	From, To Day
	Name     string
}

// Day is a date on a calendar, whatever the time zone: 20261225.
type Day int

// dayOf is the date that a clock shows.
func dayOf(t time.Time) Day {
	year, month, day := t.Date()
	return Day(year*10000 + int(month)*100 + day)
}

// usualHours are those of a clinic that states none: Monday to Friday, 9 to 5.
func usualHours() (h Hours) {
	for day := time.Monday; day <= time.Friday; day++ {
		h.Week[day] = []Opening{{9 * time.Hour, 17 * time.Hour}}
	}
	return h
}

// holiday says whether a date is one.
func (h *Hours) holiday(d Day) bool {
	for i := range h.Holidays {
		if h.Holidays[i].From <= d && d <= h.Holidays[i].To {
			return true
		}
	}
	return false
}

// holidayName is what the clinic calls a date, empty where it has no name for it.
func (h *Hours) holidayName(d Day) string {
	for i := range h.Holidays {
		if off := &h.Holidays[i]; off.From <= d && d <= off.To && off.Name != "" {
			return off.Name
		}
	}
	return ""
}

// workday says whether the clinic works on a date: it has hours on that weekday,
// and no holiday.
func (h *Hours) workday(date time.Time) bool {
	return len(h.Week[date.Weekday()]) > 0 && !h.holiday(dayOf(date))
}

// longestClosed bounds how many days are looked through for one on which the
// clinic is open. The longest holiday that can be written is shorter.
const longestClosed = 400

// open is the first moment at which the clinic is open, on loc's clock: now
// itself where it is. Zero means in none of the days looked through.
func (h *Hours) open(loc *time.Location, now time.Time) time.Time {
	year, month, day := now.In(loc).Date()
	for ahead := range longestClosed {
		date := time.Date(year, month, day+ahead, 0, 0, 0, 0, time.UTC)
		if !h.workday(date) {
			continue
		}
		for _, o := range h.Week[date.Weekday()] {
			from, to := onClock(date, o.From, loc), onClock(date, o.To, loc)
			switch {
			case !from.Before(to) || !now.Before(to):
				// The night on which clocks change swallowed it, or it is over.
			case now.Before(from):
				return from
			default:
				return now
			}
		}
	}
	return time.Time{}
}

// onClock is when loc's clock shows a time of day on a date. What a night of
// changing clocks leaves out is as much later as the clocks were moved, the hour
// at midnight too; what comes twice is the first.
func onClock(date time.Time, at time.Duration, loc *time.Location) time.Time {
	year, month, day := date.Date()
	usual := time.Date(year, month, day, 0, int(at/time.Minute), 0, 0, loc)
	_, before := usual.Add(-12 * time.Hour).Zone()
	_, after := usual.Add(12 * time.Hour).Zone()
	if before == after {
		return usual
	}
	// time.Date says of neither case which of two times it gives.
	wall := time.Date(year, month, day, 0, int(at/time.Minute), 0, 0, time.UTC)
	for _, offset := range [...]int{before, after} {
		t := wall.Add(-time.Duration(offset) * time.Second).In(loc)
		if t.Hour() == wall.Hour() && t.Minute() == wall.Minute() && dayOf(t) == dayOf(wall) {
			return t
		}
	}
	return wall.Add(-time.Duration(before) * time.Second).In(loc)
}

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
	until = c.Hours.open(zone, now)
	switch local := now.In(zone); {
	case until.Equal(now):
		return until, ""
	case c.Hours.holiday(dayOf(local)) && len(c.Hours.Week[local.Weekday()]) > 0:
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
