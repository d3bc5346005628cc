package web

import (
	"fmt"
	"html/template"
	"time"
)

// times writes times for people: as seen at one moment, in one zone.
type times struct {
	now  time.Time
	zone *time.Location
}

func newTimes(now time.Time, zone *time.Location) times {
	if zone == nil {
		zone = time.UTC
	}
	return times{now: now, zone: zone}
}

// span writes a length of time in its largest unit.
func span(d time.Duration) string {
	unit := func(n int, one string) string {
		if n == 1 {
			return "1 " + one
		}
		return fmt.Sprintf("%d %ss", n, one)
	}
	switch {
	case d < time.Minute:
		return "less than a minute"
	case d < time.Hour:
		return unit(int(d/time.Minute), "minute")
	case d < 48*time.Hour:
		hours, minutes := int(d/time.Hour), int(d%time.Hour/time.Minute)
		if hours < 6 && minutes > 0 {
			return unit(hours, "hour") + " " + unit(minutes, "minute")
		}
		return unit(hours, "hour")
	default:
		return unit(int(d/(24*time.Hour)), "day")
	}
}

// Age is how long t is past: "12 minutes".
func (x times) Age(t time.Time) string { return span(x.now.Sub(t)) }

// Ago is "12 minutes ago".
func (x times) Ago(t time.Time) string {
	if d := x.now.Sub(t); d >= time.Minute {
		return span(d) + " ago"
	}
	return "just now"
}

// In is "in 12 minutes", or "now" once t has come.
func (x times) In(t time.Time) string {
	d := t.Sub(x.now)
	switch {
	case d <= 0:
		return "now"
	case d < time.Minute:
		return "in less than a minute"
	default:
		return "in " + span(d)
	}
}

// Clock is the time of day, with the date unless that is today's.
func (x times) Clock(t time.Time) template.HTML {
	t = t.In(x.zone)
	today := x.now.In(x.zone)
	layout := "Mon, Jan 2, 3:04 PM"
	switch {
	case t.Year() == today.Year() && t.YearDay() == today.YearDay():
		layout = "3:04 PM"
	case t.Year() != today.Year():
		layout = "Mon, Jan 2, 2006, 3:04 PM"
	}
	return x.tag(t, t.Format(layout))
}

// Full is date and time, always.
func (x times) Full(t time.Time) template.HTML {
	t = t.In(x.zone)
	return x.tag(t, t.Format("Mon, Jan 2, 2006, 3:04 PM MST"))
}

// Now is the moment the page shows.
func (x times) Now() time.Time { return x.now }

// tag names the minute, as what is shown does: with seconds in it, a list that
// looks the same would be another one at every look.
func (times) tag(t time.Time, shown string) template.HTML {
	const tag = `<time datetime="%s">%s</time>`
	return template.HTML(fmt.Sprintf(tag, t.UTC().Format("2006-01-02T15:04Z07:00"), template.HTMLEscapeString(shown))) //nolint:gosec // only a formatted time, and escaped
}
