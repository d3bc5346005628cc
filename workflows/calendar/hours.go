package calendar

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

// DayOf is the date that a clock shows.
func DayOf(t time.Time) Day {
	year, month, day := t.Date()
	return Day(year*10000 + int(month)*100 + day)
}

// UsualHours are those of a clinic that states none: Monday to Friday, 9 to 5.
func UsualHours() (h Hours) {
	for day := time.Monday; day <= time.Friday; day++ {
		h.Week[day] = []Opening{{9 * time.Hour, 17 * time.Hour}}
	}
	return h
}

// Holiday says whether a date is one.
func (h *Hours) Holiday(d Day) bool {
	for i := range h.Holidays {
		if h.Holidays[i].From <= d && d <= h.Holidays[i].To {
			return true
		}
	}
	return false
}

// HolidayName is what the clinic calls a date, empty where it has no name for it.
func (h *Hours) HolidayName(d Day) string {
	for i := range h.Holidays {
		if off := &h.Holidays[i]; off.From <= d && d <= off.To && off.Name != "" {
			return off.Name
		}
	}
	return ""
}

// Workday says whether the clinic works on a date: it has hours on that weekday,
// and no holiday.
func (h *Hours) Workday(date time.Time) bool {
	return len(h.Week[date.Weekday()]) > 0 && !h.Holiday(DayOf(date))
}

// Working is when the day begins and ends that loc's clock shows now: its first opening
// and its last closing. ok is false on a day without hours, and on a holiday.
func (h *Hours) Working(loc *time.Location, now time.Time) (from, to time.Time, ok bool) {
	year, month, day := now.In(loc).Date()
	date := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	if !h.Workday(date) {
		return from, to, false
	}
	for _, o := range h.Week[date.Weekday()] {
		a, b := OnClock(date, o.From, loc), OnClock(date, o.To, loc)
		if !a.Before(b) {
			continue // the night on which clocks change swallowed it
		}
		if !ok {
			from, ok = a, true
		}
		to = b
	}
	return from, to, ok
}

// LongestClosed bounds how many days are looked through for one on which the
// clinic is open. The longest holiday that can be written is shorter.
const LongestClosed = 400

// Open is the first moment at which the clinic is open, on loc's clock: now
// itself where it is. Zero means in none of the days looked through.
func (h *Hours) Open(loc *time.Location, now time.Time) time.Time {
	year, month, day := now.In(loc).Date()
	for ahead := range LongestClosed {
		date := time.Date(year, month, day+ahead, 0, 0, 0, 0, time.UTC)
		if !h.Workday(date) {
			continue
		}
		for _, o := range h.Week[date.Weekday()] {
			from, to := OnClock(date, o.From, loc), OnClock(date, o.To, loc)
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

// OpenFor is how long the clinic is open between two times, on loc's clock. What lies
// longer ago than the days looked through does not count.
func (h *Hours) OpenFor(loc *time.Location, from, to time.Time) (open time.Duration) {
	if farthest := to.AddDate(0, 0, -LongestClosed); from.Before(farthest) {
		from = farthest
	}
	year, month, day := from.In(loc).Date()
	for ahead := range LongestClosed + 2 {
		date := time.Date(year, month, day+ahead, 0, 0, 0, 0, time.UTC)
		if !h.Workday(date) {
			continue
		}
		for _, o := range h.Week[date.Weekday()] {
			a, b := OnClock(date, o.From, loc), OnClock(date, o.To, loc)
			if a.Before(from) {
				a = from
			}
			if b.After(to) {
				b = to
			}
			if a.Before(b) {
				open += b.Sub(a)
			}
		}
	}
	return open
}

// OnClock is when loc's clock shows a time of day on a date. What a night of
// changing clocks leaves out is as much later as the clocks were moved, the hour
// at midnight too; what comes twice is the first.
func OnClock(date time.Time, at time.Duration, loc *time.Location) time.Time {
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
		if t.Hour() == wall.Hour() && t.Minute() == wall.Minute() && DayOf(t) == DayOf(wall) {
			return t
		}
	}
	return wall.Add(-time.Duration(before) * time.Second).In(loc)
}
