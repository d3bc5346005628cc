package workflows

import (
	"slices"
	"time"

	"github.com/mooring-care/mooring/workflows/calendar"
	"github.com/mooring-care/mooring/workflows/escalation"
)

// Listed is one open task in the digest of somebody who is to read of it.
type Listed struct {
	Task Task
	// Person reads of it: its owner, whoever stands in for them, or whoever owns what
	// nobody else can.
	Person string
}

// Listed says who reads of the client's open tasks in a digest made now. Whoever is
// away does not: whoever stands in does. A task that has been overdue for long stands
// in the digest of whoever owns what nobody else can, too.
func (s *State) Listed(c *Clinic, now time.Time) []Listed {
	d := decider{s: *s, c: c, now: now}
	never := s.Profile.NeverAsk.Get()
	var out []Listed
	add := func(t *Task, person string) {
		if !slices.Contains(never, person) {
			out = append(out, Listed{*t, person})
		}
	}
	for i := range s.Tasks {
		t := &s.Tasks[i]
		there, _ := d.asks("person:" + t.Owner)
		add(t, there)
		if last := d.taskOwner(); t.Reminded > remindAlone && last != there {
			add(t, last)
		}
	}
	return out
}

// DigestDay is the working day of somebody that the clock shows now, on their own clock
// and by their own hours where they have any, and else by the clinic's: its date, when
// their digest is due, and until when it may still be made. ok is false where they do
// not work on that day.
func (c *Clinic) DigestDay(p *escalation.Person, now time.Time) (day calendar.Day, from, to time.Time, ok bool) {
	hours, zone := &c.Hours, c.zone()
	if p.Zone != nil {
		zone = p.Zone
	}
	if p.Hours != nil {
		hours = p.Hours
	}
	from, to, ok = hours.Working(zone, now)
	return calendar.DayOf(now.In(zone)), from, to, ok
}
