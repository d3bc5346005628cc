package workflows

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/calendar"
)

func located(t failer, zone string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatalf("load the zone %s: %v", zone, err)
	}
	return loc
}

// isOpen says by a table of its own whether a clinic is open: weekday and wall
// clock alone, minute by minute.
func isOpen(h *calendar.Hours, local time.Time) bool {
	date := local.Format("20060102")
	for _, off := range h.Holidays {
		if fmt.Sprint(int(off.From)) <= date && date <= fmt.Sprint(int(off.To)) {
			return false
		}
	}
	clock := local.Format("15:04")
	return slices.ContainsFunc(h.Week[local.Weekday()], func(o calendar.Opening) bool {
		wall := func(d time.Duration) string { return fmt.Sprintf("%02d:%02d", d/time.Hour, d%time.Hour/time.Minute) }
		return wall(o.From) <= clock && clock < wall(o.To)
	})
}

func drawHours(rt *rapid.T, zone string) calendar.Hours {
	var h calendar.Hours
	for day := range h.Week {
		for range rapid.IntRange(0, 2).Draw(rt, "stretches") {
			from, last := 4*60, len(h.Week[day])-1
			if last >= 0 {
				from = int(h.Week[day][last].To / time.Minute)
			}
			from += rapid.IntRange(0, 8*60).Draw(rt, "from")
			to := from + rapid.IntRange(1, 6*60).Draw(rt, "to")
			if from < 23*60 && rapid.IntRange(0, 4).Draw(rt, "to midnight") == 0 {
				to = 24 * 60
			}
			if to < 23*60 || to == 24*60 { // none ends in the hour that comes twice in Cairo
				h.Week[day] = append(h.Week[day], calendar.Opening{From: time.Duration(from) * time.Minute, To: time.Duration(to) * time.Minute})
			}
		}
	}
	for range rapid.IntRange(0, 3).Draw(rt, "holidays") {
		first := time.Date(2026, 1, 1+rapid.IntRange(0, 364).Draw(rt, "holiday in "+zone), 0, 0, 0, 0, time.UTC)
		h.Holidays = append(h.Holidays, calendar.Holiday{From: calendar.DayOf(first), To: calendar.DayOf(first.AddDate(0, 0, rapid.IntRange(0, 9).Draw(rt, "days")))})
	}
	return h
}

// TestHoursOpen: what the hours give is open, is not before, and passes over no
// minute at which the clinic is open, in every week of a year.
func TestHoursOpen(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		zone := rapid.SampledFrom([]string{"America/Chicago", "Europe/Berlin", "Asia/Kolkata", "Africa/Cairo", "UTC"}).Draw(rt, "zone")
		loc, h := located(rt, zone), drawHours(rt, zone)
		now := time.Unix(rapid.Int64Range(1767225600, 1798761600).Draw(rt, "now"), 0)
		got := h.Open(loc, now)
		if got.IsZero() {
			if slices.ContainsFunc(h.Week[:], func(day []calendar.Opening) bool { return len(day) > 0 }) {
				rt.Fatalf("%+v never opens after %v", h, now)
			}
			return
		}
		if got.Before(now) || !isOpen(&h, got.In(loc)) {
			rt.Fatalf("from %v it opens %v, which is closed", now, got.In(loc))
		}
		for at := now; at.Before(got); at = at.Add(time.Minute) {
			if isOpen(&h, at.In(loc)) {
				rt.Fatalf("from %v it opens %v, and is open at %v", now, got.In(loc), at.In(loc))
			}
		}
	})
}

// TestMayLeave: what asks for office hours leaves when the clinic is open and it
// is day for the client, and no sooner one that does so is passed over; anything
// else leaves by day, whatever the clinic's hours.
func TestMayLeave(t *testing.T) {
	zones := []string{"America/Chicago", "America/Los_Angeles", "Europe/Berlin", "Asia/Kolkata", "Asia/Tokyo"}
	rapid.Check(t, func(rt *rapid.T) {
		zone := rapid.SampledFrom(zones).Draw(rt, "clinic")
		c := &Clinic{Zone: located(rt, zone), Hours: drawHours(rt, zone), QuietFrom: 20 * time.Hour, QuietTo: 9 * time.Hour}
		client := located(rt, rapid.SampledFrom(zones).Draw(rt, "client"))
		now := time.Unix(rapid.Int64Range(1767225600, 1798761600).Draw(rt, "now"), 0)
		day := func(at time.Time) bool { h := at.In(client).Hour(); return h >= 9 && h < 20 }
		for within, ok := range map[Within]func(time.Time) bool{
			Daytime: day, OfficeHours: func(at time.Time) bool { return day(at) && isOpen(&c.Hours, at.In(c.Zone)) },
		} {
			got, why := c.mayLeave(within, client, now)
			until := got
			if got.IsZero() {
				if within != OfficeHours || why != HoursNeverMeet {
					rt.Fatalf("%q never leaves: %s", within, why)
				}
				until = now.Add(14 * 24 * time.Hour)
			} else if got.Before(now) || !ok(got) || (why == "") != got.Equal(now) {
				rt.Fatalf("%q from %v may leave at %v, with %q", within, now, got.In(c.Zone), why)
			}
			for at := now; at.Before(until); at = at.Add(time.Minute) {
				if ok(at) {
					rt.Fatalf("%q from %v may leave at %v, and could at %v", within, now, got, at.In(c.Zone))
				}
			}
		}
	})
}

// TestClosedSaysWhy names the holiday where that is what closes it.
func TestClosedSaysWhy(t *testing.T) {
	c := sampleClinic(t)
	c.Hours.Holidays = []calendar.Holiday{{From: 20260525, To: 20260525, Name: "Memorial Day"}, {From: 20260530, To: 20260530}}
	for now, want := range map[string]Reason{
		"2026-05-22 16:59": "", "2026-05-22 17:00": OfficeClosed, "2026-05-23 12:00": OfficeClosed, "2026-05-25 12:00": ClinicHoliday,
		"2026-05-26 08:59": OfficeClosed, "2026-05-26 09:00": "", "2026-05-30 12:00": OfficeClosed, // a Saturday is closed anyway
	} {
		if _, why := c.closed(chicago(t, now)); why != want {
			t.Errorf("%s: %q, want %q", now, why, want)
		}
	}
}

// TestOpenToMidnight: a stretch that ends at 24:00 is open to the last minute and
// joins the next day's that begins at 00:00; a night of changing clocks leaves no
// gap, where midnight itself is left out or comes twice, too.
func TestOpenToMidnight(t *testing.T) {
	var h calendar.Hours
	for day := range h.Week {
		h.Week[day] = []calendar.Opening{{From: 20 * time.Hour, To: 24 * time.Hour}}
	}
	h.Week[time.Sunday] = []calendar.Opening{{From: 0, To: time.Hour}}
	const layout = "2006-01-02 15:04 -0700"
	for _, tc := range []struct{ zone, now, want string }{
		{"America/Chicago", "2026-03-02 23:59 -0600", "2026-03-02 23:59 -0600"},
		{"America/Chicago", "2026-03-03 00:00 -0600", "2026-03-03 20:00 -0600"},
		{"America/Chicago", "2026-03-07 23:59 -0600", "2026-03-07 23:59 -0600"},
		{"America/Chicago", "2026-03-08 00:00 -0600", "2026-03-08 00:00 -0600"},
		{"America/Chicago", "2026-03-08 01:00 -0600", "2026-03-09 20:00 -0500"},
		{"Africa/Cairo", "2026-04-23 23:59 +0200", "2026-04-23 23:59 +0200"}, // an hour later it is one o'clock
		{"Africa/Cairo", "2026-04-24 01:00 +0300", "2026-04-24 20:00 +0300"},
		{"Africa/Cairo", "2026-10-29 23:59 +0300", "2026-10-29 23:59 +0300"}, // the hour comes again
		{"Africa/Cairo", "2026-10-29 23:59 +0200", "2026-10-29 23:59 +0200"},
		{"Africa/Cairo", "2026-10-30 00:00 +0200", "2026-10-30 20:00 +0200"},
	} {
		now, err := time.Parse(layout, tc.now)
		if err != nil {
			t.Fatal(err)
		}
		loc := located(t, tc.zone)
		if got := h.Open(loc, now).In(loc).Format(layout); got != tc.want {
			t.Errorf("%s, %s: opens %s, want %s", tc.zone, tc.now, got, tc.want)
		}
	}
}

// TestHolidayName: a day inside several holidays has the first name that one of
// them gives it.
func TestHolidayName(t *testing.T) {
	h := calendar.Hours{Holidays: []calendar.Holiday{
		{From: 20261224, To: 20261226}, {From: 20261225, To: 20261225, Name: "Christmas Day"}, {From: 20261220, To: 20261231, Name: "Winter break"},
	}}
	for day, want := range map[calendar.Day]string{20261219: "", 20261220: "Winter break", 20261225: "Christmas Day", 20261226: "Winter break", 20270101: ""} {
		if got := h.HolidayName(day); got != want {
			t.Errorf("%d is %q, want %q", day, got, want)
		}
	}
}

// TestWorkdays: a day of the week on which the clinic has hours, Saturday too,
// and none that is a holiday.
func TestWorkdays(t *testing.T) {
	h := calendar.UsualHours()
	h.Week[time.Saturday] = []calendar.Opening{{From: 9 * time.Hour, To: 12 * time.Hour}}
	h.Week[time.Wednesday] = nil
	h.Holidays = []calendar.Holiday{{From: 20260601, To: 20260602}}
	for from, want := range map[string]string{
		"2026-05-29 12:00": "2026-05-30 09:30", "2026-05-30 12:00": "2026-06-04 09:30", "2026-06-04 09:30": "2026-06-04 09:30",
	} {
		day := TimeOfDay{At: 9*time.Hour + 30*time.Minute, Workdays: true}
		if got := day.next(chicago(t, from), &h).Format("2006-01-02 15:04"); got != want {
			t.Errorf("from %s the next is %s, want %s", from, got, want)
		}
	}
	// A clinic without any: the search has an end.
	day := TimeOfDay{Workdays: true}
	if got := day.next(chicago(t, "2026-06-01 00:00"), &calendar.Hours{}).Format(time.DateOnly); got != "2027-07-06" {
		t.Errorf("a clinic without workdays is waited for until %s", got)
	}
}

// TestReadHours: each form says the same, and what is left out is closed.
func TestReadHours(t *testing.T) {
	read := func(tail string) calendar.Hours {
		t.Helper()
		c, err := ReadClinic(fstest.MapFS{"clinic.yaml": {Data: []byte(smallClinic + tail)}}, "small")
		if err != nil {
			t.Fatal(err)
		}
		return c.Hours
	}
	nine := []calendar.Opening{{From: 9 * time.Hour, To: 17 * time.Hour}}
	usual := calendar.Hours{Week: [7][]calendar.Opening{1: nine, 2: nine, 3: nine, 4: nine, 5: nine}}
	for name, tail := range map[string]string{
		"unless stated": "",
		"short":         "hours: {mon-fri: {from: \"09:00\", to: \"17:00\"}}\nholidays: []\n",
		"long":          "hours: {monday-thursday: [{from: \"09:00\", to: \"17:00\"}], fri: {from: \"09:00\", to: \"17:00\"}}\n",
	} {
		if diff := cmp.Diff(usual, read(tail)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	late := read("hours: {friday: {from: \"18:00\", to: \"24:00\"}}\n")
	if want := []calendar.Opening{{From: 18 * time.Hour, To: 24 * time.Hour}}; !slices.Equal(late.Week[time.Friday], want) {
		t.Errorf("an evening to midnight is read as %v", late.Week[time.Friday])
	}
	got := read("hours:\n  sat-sun: [{from: \"08:00\", to: \"12:00\"}, {from: \"12:00\", to: \"13:30\"}]\nholidays: [2026-12-25, {on: 2027-01-01}, {from: 2026-07-01, to: 2026-07-14, name: Summer}]\n")
	two := []calendar.Opening{{From: 8 * time.Hour, To: 12 * time.Hour}, {From: 12 * time.Hour, To: 13*time.Hour + 30*time.Minute}}
	want := calendar.Hours{Week: [7][]calendar.Opening{0: two, 6: two}, Holidays: []calendar.Holiday{{From: 20261225, To: 20261225}, {From: 20270101, To: 20270101}, {From: 20260701, To: 20260714, Name: "Summer"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("a weekend's clinic (-want +got):\n%s", diff)
	}
}

// TestReadOfficeHoursThatNeverCome: hours that lie in the night of everybody
// nearby are refused where a message asks for them, and nowhere else.
func TestReadOfficeHoursThatNeverCome(t *testing.T) {
	workflow := func(within string) string {
		return "workflow: late\ntitle: t\nwhy: w\nstart: {on: [client.signal]}\nsteps:\n  - send: {template: A, within: " + within + "}\n  - send: {template: note, to: role:nobody}\n"
	}
	read := func(tail, within string) string {
		t.Helper()
		_, err := ReadClinic(fstest.MapFS{
			"clinic.yaml": {Data: []byte(smallClinic + tail)}, "workflows/late.yaml": {Data: []byte(workflow(within))},
		}, "small")
		if err == nil {
			t.Fatal("a role that nobody has was read")
		}
		return err.Error()
	}
	const night, evening = "hours: {mon-fri: {from: \"20:00\", to: \"23:00\"}}\n", "hours: {mon-fri: {from: \"19:30\", to: \"23:00\"}}\n"
	const refused = "workflows/late.yaml:6:33: the clinic is never open outside the quiet hours"
	if got := read(night, "office-hours"); !strings.Contains(got, refused) {
		t.Errorf("hours in the night: %s", got)
	}
	for tail, within := range map[string]string{night: "daytime", evening: "office-hours", "": "office-hours"} {
		got := read(tail, within)
		if strings.Contains(got, "never open") || !strings.Contains(got, "workflows/late.yaml:7:32: nobody under `people` has the role `nobody`") {
			t.Errorf("%s %s: %s", tail, within, got)
		}
	}
}

// TestAfterIsAWait: a send with `after` decides as the same wait and send would,
// whatever comes in between.
func TestAfterIsAWait(t *testing.T) {
	own := func(steps string) *Clinic {
		return oneWorkflow(t, "{on: [client.signal]}", "stop: [{on: [message.replied], outcome: replied}]\nsteps:\n"+steps)
	}
	short := own("  - send: A\n  - send: {template: B, id: second, after: 2d12h, within: office-hours}\n  - send: {template: note, to: assigned, id: told, after: 3h}\n  - end: over\n")
	long := own("  - send: A\n  - wait: 2d12h\n  - send: {template: B, id: second, within: office-hours}\n  - wait: 3h\n  - send: {template: note, to: assigned, id: told}\n  - end: over\n")
	names := map[string]string{"second.after": "2", "told.after": "4", "4": "6"}
	rapid.Check(t, func(rt *rapid.T) {
		one, two := newSim(rt, historyStart, short), newSim(rt, historyStart, long)
		both := func(do func(*sim)) { do(one); do(two) }
		both(func(s *sim) { s.happens(events.ClientUpdated, clientData(friendly())) })
		both(func(s *sim) { s.happens(events.ClientSignal, signal("diary")) })
		for range rapid.IntRange(1, 6).Draw(rt, "events") {
			gap := time.Duration(rapid.IntRange(0, 60).Draw(rt, "hours")) * time.Hour
			switch rapid.IntRange(0, 3).Draw(rt, "what") {
			case 0:
				both(func(s *sim) { s.outage(gap) })
			case 1:
				both(func(s *sim) { s.pass(gap); s.happens(events.MessageReplied, events.Data{}) })
			default:
				both(func(s *sim) { s.pass(gap) })
			}
		}
		both(func(s *sim) { s.pass(9 * 24 * time.Hour) })
		if len(one.steps) != len(two.steps) {
			rt.Fatalf("%d decisions, and %d with waits", len(one.steps), len(two.steps))
		}
		for i := range one.steps {
			a, b := one.steps[i].dec.Notes, two.steps[i].dec.Notes
			a = slices.Clone(a)
			for k := range a {
				if a[k].Workflow != "" && names[a[k].Step] != "" {
					a[k].Step = names[a[k].Step]
				}
			}
			if diff := cmp.Diff(b, a); diff != "" || !one.steps[i].now.Equal(two.steps[i].now) {
				rt.Fatalf("decision %d at %v and %v (-waits +after):\n%s", i, one.steps[i].now, two.steps[i].now, diff)
			}
		}
	})
	if w, _ := short.Workflow("own"); len(w.Program) != 6 || w.Program[1].ID != "second.after" || w.Program[0].Next != "second.after" || w.Program[1].Next != "second" {
		t.Errorf("the program is %+v", w.Program)
	}
	many := "workflow: own\ntitle: t\nwhy: w\nstart: {on: [client.signal]}\nsteps:\n" + strings.Repeat("  - send: {template: A, after: 1h}\n", 101)
	if _, err := ReadWorkflow("own", []byte(many)); err == nil || !strings.Contains(err.Error(), "more than 200 steps") {
		t.Errorf("202 steps: %v", err)
	}
}

// TestOpenFor counts the minutes in which a clinic is open, one by one.
func TestOpenFor(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		zone := rapid.SampledFrom([]string{"America/Chicago", "Europe/Berlin", "Africa/Cairo", "Asia/Kolkata"}).Draw(rt, "zone")
		h, loc := drawHours(rt, zone), located(rt, zone)
		from := time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 60*24*60).Draw(rt, "from")) * time.Minute)
		to := from.Add(time.Duration(rapid.IntRange(0, 4*24*60).Draw(rt, "minutes")) * time.Minute)
		var want time.Duration
		for at := from; at.Before(to); at = at.Add(time.Minute) {
			if isOpen(&h, at.In(loc)) {
				want += time.Minute
			}
		}
		if got := h.OpenFor(loc, from, to); got != want {
			rt.Fatalf("open for %v from %v to %v, want %v", got, from.In(loc), to.In(loc), want)
		}
		if h.OpenFor(loc, to, from) != 0 {
			rt.Fatal("open between a time and an earlier one")
		}
	})
}
