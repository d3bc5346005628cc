package workflows

import (
	"slices"
	"strconv"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/calendar"
	"github.com/mooring-care/mooring/workflows/escalation"
)

// people reads who works at the clinic.
func (cr *clinicReader) people(e entry) {
	r, c := cr.r, cr.c
	m, ok := r.anyMapping(e.value, "`people`")
	if !ok {
		return
	}
	if len(m.entries) == 0 || len(m.entries) > maxPeople {
		r.failf(e.at, "`people` must have 1 to %d entries", maxPeople)
		return
	}
	covers := map[string]place{}
	for _, p := range m.entries {
		if !isWord(p.key) {
			r.failf(p.at, "a person's id must be small letters, digits and hyphens that begin with a letter, not %#q", shorten(p.key))
			continue
		}
		if p.key == escalation.Nobody {
			r.failf(p.at, "%#q is what Mooring calls nobody at all; give the person another id", p.key)
			continue
		}
		if p.key == events.TheClient {
			r.failf(p.at, "%#q stands for the clients themselves and is nobody's id; give the person another one", p.key)
			continue
		}
		what := "the person `" + p.key + "`"
		pm, ok := r.mapping(p.value, what, "name", "email", "reach", "verified", "roles", "cover", "away", "hours", "zone")
		if !ok {
			continue
		}
		person := escalation.Person{ID: p.key}
		if e, ok := r.need(pm, what, "name", "Amara Cole"); ok {
			person.Name = cr.line(e, 100)
		}
		if e, ok := r.need(pm, what, "email", "amara@example.org"); ok {
			person.Email = cr.email(e)
		}
		if e, ok := pm.get("reach"); ok {
			person.Reach = cr.channels(e)
		}
		if e, ok := pm.get("verified"); ok {
			if date, ok := cr.date(e); ok {
				person.Verified = calendar.DayOf(date)
			}
		}
		if e, ok := r.need(pm, what, "roles", "[clinician]"); ok {
			person.Roles = cr.words(e, "[clinician]", false)
		}
		if e, ok := pm.get("cover"); ok {
			if s, ok := r.word(e.value, e.key); ok {
				if s == p.key {
					r.failf(start(e.value), "%#q cannot cover for themselves; name somebody else", s)
				}
				person.Cover = s
				covers[s] = start(e.value)
			}
		}
		if e, ok := pm.get("away"); ok {
			person.Away = cr.away(e, person.Roles, covers)
		}
		person.Zone = c.Zone
		zone, ok := pm.get("zone")
		if ok {
			person.Zone = cr.zone(zone)
		}
		if e, is := pm.get("hours"); is {
			person.Hours = &calendar.Hours{Week: cr.week(e, "somebody who never works is never asked; write when they do")}
		} else if ok {
			r.failf(zone.at, "`zone` is whose clock %s's `hours` are on; write those too, or leave it out", p.key)
		}
		c.Staff.People = append(c.Staff.People, person)
	}
	cr.staffRead = true
	for id, at := range covers {
		cr.resolves("person:"+id, r, at)
	}
}

// emergency reads the addresses that hear of a question which nobody answers. Each
// becomes a person whom no rung names.
func (cr *clinicReader) emergency(e entry) {
	const example = "[{name: Duty desk, email: duty@example.org}]"
	r, c := cr.r, cr.c
	nodes, ok := r.list(e.value, e.key, example)
	if !ok {
		return
	}
	if len(nodes) > maxEmergency {
		r.failf(e.at, "`emergency` has at most %d addresses", maxEmergency)
		return
	}
	for i, n := range nodes {
		a, reach := cr.duty(entry{key: e.key, at: start(n), value: n})
		id := emergencyPrefix + strconv.Itoa(i+1)
		if c.Staff.Person(id) != nil {
			r.failf(start(n), "`people` has somebody called %#q, which is the id of this address; give them another", id)
			continue
		}
		c.Staff.People = append(c.Staff.People, escalation.Person{ID: id, Name: a.Name, Email: a.Email, Reach: reach, Emergency: true})
	}
}

// duty reads one emergency address.
func (cr *clinicReader) duty(e entry) (a Address, reach map[string]string) {
	m, ok := cr.r.mapping(e.value, "an entry of `emergency`", "name", "email", "reach")
	if !ok {
		return a, nil
	}
	if e, ok := m.get("reach"); ok {
		reach = cr.channels(e)
	}
	return cr.addressIn(m, "an entry of `emergency`"), reach
}

// maxReach bounds in how many ways one person is asked, and maxReachAddress where they
// are on each, in characters.
const maxReach, maxReachAddress = 4, 200

// channels reads where somebody is asked beside mail: an address by channel. Which
// channels there are is not for this package to know.
func (cr *clinicReader) channels(e entry) map[string]string {
	r := cr.r
	m, ok := r.anyMapping(e.value, "`reach`")
	if !ok {
		return nil
	}
	if len(m.entries) == 0 || len(m.entries) > maxReach {
		r.failf(e.at, "`reach` names 1 to %d channels, such as {webhook: amara}", maxReach)
		return nil
	}
	out := map[string]string{}
	for _, ch := range m.entries {
		if !isWord(ch.key) {
			r.failf(ch.at, "a channel is a word such as webhook, not %#q", shorten(ch.key))
			continue
		}
		if s := cr.line(ch, maxReachAddress); s != "" {
			out[ch.key] = s
		}
	}
	return out
}

// away reads the times when somebody cannot be asked, in all that they do or in some
// of their roles. A date means the whole day in the clinic's zone, so that `to` is the
// last day away. Who stands in is put into covers, with the place.
func (cr *clinicReader) away(e entry, roles []string, covers map[string]place) []escalation.Absence {
	r := cr.r
	nodes, ok := r.list(e.value, e.key, "[{from: 2026-07-01, to: 2026-07-14}]")
	if !ok {
		return nil
	}
	var out []escalation.Absence
	for _, n := range nodes {
		const what = "an entry of `away`"
		m, ok := r.mapping(n, what, "from", "to", "cover", "roles")
		if !ok {
			continue
		}
		var a escalation.Absence
		a.From, a.To, ok = cr.stretch(m, what)
		if e, ok := m.get("cover"); ok {
			if s, ok := r.word(e.value, e.key); ok {
				a.Cover, covers[s] = s, start(e.value)
			}
		}
		if e, ok := m.get("roles"); ok {
			a.Roles = cr.words(e, "[supervisor]", false)
			for _, role := range a.Roles {
				if !slices.Contains(roles, role) {
					r.failf(start(e.value), "they do not have the role %s", quoteWithSuggestion(role, roles))
				}
			}
		}
		if ok {
			out = append(out, a)
		}
	}
	return out
}

// moment reads a date, plus so many days, or an RFC 3339 time.
func (cr *clinicReader) moment(e entry, days int) (time.Time, bool) {
	s, ok := cr.r.text(e.value, e.key, 40)
	if !ok {
		return time.Time{}, false
	}
	zone := cr.c.Zone
	if zone == nil {
		zone = time.UTC // the missing zone has been reported
	}
	if date, err := time.Parse(time.DateOnly, s); err == nil {
		return calendar.OnClock(date.AddDate(0, 0, days), 0, zone), true
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, true
	}
	cr.r.failf(start(e.value), "%#q must be a date such as 2026-07-01 or a time such as 2026-07-01T08:00:00-05:00, not %#q", e.key, shorten(s))
	return time.Time{}, false
}
