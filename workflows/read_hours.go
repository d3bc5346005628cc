package workflows

import (
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/mooring-care/mooring/workflows/calendar"
)

// The bounds of a clinic's calendar.
const (
	maxOpenings    = 4
	maxHolidays    = 200
	longestHoliday = 366
)

// week reads when the clinic is open, or somebody works: a weekday or several, such
// as mon-fri, with one stretch or a list of them. Without any, never says why that
// cannot be.
func (cr *clinicReader) week(e entry, never string) (week [7][]calendar.Opening) {
	r := cr.r
	m, ok := r.anyMapping(e.value, "`hours`")
	if !ok {
		return week
	}
	if len(m.entries) == 0 {
		r.failf(e.at, "%s, such as `mon-fri: {from: \"09:00\", to: \"17:00\"}`", never)
	}
	for _, e := range m.entries {
		first, last, ok := weekdays(e.key)
		if !ok {
			r.failf(e.at, "unknown weekday %#q; write one such as `monday`, or a run of them from Monday to Sunday such as `mon-fri`", shorten(e.key))
			continue
		}
		open := cr.openings(e)
		for day := first; day <= last; day++ {
			// Monday is the first day of a run, and Sunday the first of time's week.
			is := &week[(day+1)%7]
			if *is != nil {
				r.failf(e.at, "%s stands here twice; give each day its hours once", time.Weekday((day+1)%7))
				break
			}
			*is = open
		}
	}
	return week
}

// weekdays are the days that a key of `hours` names, from 0 for Monday to 6 for
// Sunday.
func weekdays(key string) (first, last int, ok bool) {
	from, to, run := strings.Cut(key, "-")
	if !run {
		to = from
	}
	first, last = weekday(from), weekday(to)
	return first, last, first >= 0 && first <= last
}

func weekday(s string) int {
	return slices.IndexFunc([]string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}, func(day string) bool {
		return s == day || s == day[:3]
	})
}

// openings reads one stretch, or a list of them from morning to evening. It is
// never nil, so that a day named twice is seen although its hours are wrong.
func (cr *clinicReader) openings(e entry) []calendar.Opening {
	r, what := cr.r, "`"+e.key+"`"
	nodes := []ast.Node{e.value}
	if list, ok := e.value.(*ast.SequenceNode); ok && len(list.Values) > 0 {
		nodes = list.Values
	} else if !isMapping(e.value) {
		r.failf(start(e.value), "%s must be hours such as {from: \"09:00\", to: \"17:00\"}, or a list of them; leave out a day on which the clinic is closed", what)
		return []calendar.Opening{}
	}
	if len(nodes) > maxOpenings {
		r.failf(e.at, "a day has at most %d stretches", maxOpenings)
	}
	out := []calendar.Opening{}
	for _, n := range nodes {
		m, ok := r.mapping(n, what, "from", "to")
		if !ok {
			continue
		}
		from, ok1 := r.need(m, what, "from", "\"09:00\"")
		to, ok2 := r.need(m, what, "to", "\"17:00\"")
		if !ok1 || !ok2 {
			continue
		}
		var o calendar.Opening
		var good1, good2 bool
		o.From, good1 = r.clock(from)
		o.To, good2 = r.closing(to)
		switch last := len(out) - 1; {
		case !good1 || !good2:
		case o.To <= o.From:
			r.failf(start(to.value), "`to` must be later than `from`, on the same day")
		case last >= 0 && o.From < out[last].To:
			r.failf(start(from.value), "this begins before the stretch above it ends; write them from morning to evening")
		default:
			out = append(out, o)
		}
	}
	return out
}

// holidays reads the dates on which the clinic is closed whatever the weekday.
func (cr *clinicReader) holidays(e entry) {
	const example = "[2026-12-25, {from: 2026-12-28, to: 2026-12-31, name: Winter break}]"
	r := cr.r
	if seq, ok := e.value.(*ast.SequenceNode); ok && len(seq.Values) == 0 {
		return
	}
	nodes, ok := r.list(e.value, e.key, example)
	if !ok {
		return
	}
	if len(nodes) > maxHolidays {
		r.failf(e.at, "`holidays` has at most %d entries; take out those of years gone by", maxHolidays)
		return
	}
	for _, n := range nodes {
		if h, ok := cr.holiday(n); ok {
			cr.c.Hours.Holidays = append(cr.c.Hours.Holidays, h)
		}
	}
}

func (cr *clinicReader) holiday(n ast.Node) (h calendar.Holiday, ok bool) {
	const what = "an entry of `holidays`"
	r := cr.r
	if !isMapping(n) {
		date, ok := cr.date(entry{key: "holidays", at: start(n), value: n})
		h.From, h.To = calendar.DayOf(date), calendar.DayOf(date)
		return h, ok
	}
	m, ok := r.mapping(n, what, "on", "from", "to", "name")
	if !ok {
		return h, false
	}
	if e, ok := m.get("name"); ok {
		h.Name, _ = r.text(e.value, e.key, 100)
	}
	if e, ok := m.get("on"); ok {
		for _, key := range []string{"from", "to"} {
			if e, both := m.get(key); both {
				r.failf(e.at, "a holiday is `on` a day, or goes `from` one `to` another; remove %#q or `on`", key)
				return h, false
			}
		}
		date, ok := cr.date(e)
		h.From, h.To = calendar.DayOf(date), calendar.DayOf(date)
		return h, ok
	}
	from, ok1 := r.need(m, what, "from", "2026-12-24")
	to, ok2 := r.need(m, what, "to", "2027-01-01")
	if !ok1 || !ok2 {
		return h, false
	}
	first, good1 := cr.date(from)
	last, good2 := cr.date(to)
	switch {
	case !good1 || !good2:
		return h, false
	case last.Before(first):
		r.failf(start(to.value), "`to` lies before `from`; swap them")
	case last.Sub(first) >= longestHoliday*24*time.Hour:
		r.failf(start(to.value), "a holiday lasts at most %d days", longestHoliday)
	}
	h.From, h.To = calendar.DayOf(first), calendar.DayOf(last)
	return h, true
}

// date reads a day of the calendar.
func (cr *clinicReader) date(e entry) (time.Time, bool) {
	s, ok := cr.r.text(e.value, e.key, 40)
	if !ok {
		return time.Time{}, false
	}
	date, err := time.Parse(time.DateOnly, s)
	if err != nil {
		cr.r.failf(start(e.value), "%#q must be a date such as 2026-12-25, not %#q", e.key, shorten(s))
	}
	return date, err == nil
}

// opensByDay says whether the clinic has an hour outside the quiet hours of a
// client in its own zone.
func (cr *clinicReader) opensByDay() bool {
	quiet := &Clinic{QuietFrom: cr.c.QuietFrom, QuietTo: cr.c.QuietTo}
	for _, day := range cr.c.Hours.Week {
		for _, o := range day {
			midnight := time.Unix(0, 0)
			if until := quietUntil(quiet, time.UTC, midnight.Add(o.From)); until.Before(midnight.Add(o.To)) {
				return true // zero where it is not quiet
			}
		}
	}
	return false
}
