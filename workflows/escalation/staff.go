package escalation

import (
	"slices"
	"strings"
	"time"
)

// Who a rung names: two words and two prefixes.
const (
	ownerAssigned = "assigned"
	ownerCover    = "cover"
	ownerRole     = "role:"
	ownerPerson   = "person:"
)

// nameless is who owns a question where the staff list is empty, as no clinic's
// file makes it. A mail to them fails, and the failure is seen.
const nameless = "on-call"

// usualSlack is how late a timer may be on a busy day.
const usualSlack = 5 * time.Minute

func (s *Staff) slack() time.Duration {
	if s.Slack > 0 {
		return s.Slack
	}
	return usualSlack
}

// Person finds a person by id; nil when there is none.
func (s *Staff) Person(id string) *Person {
	if id == "" {
		return nil
	}
	for i := range s.People {
		if s.People[i].ID == id {
			return &s.People[i]
		}
	}
	return nil
}

// Resolve says who can be asked now where a rung names owner: "assigned",
// "cover", "role:<role>" or "person:<id>". The first one is the rung's owner.
// Whoever is away is replaced by their cover, and so on along the covers;
// whoever has no email address is left out. Of a role, holders who are there
// come first, in the order of the staff list, then the covers of the others.
// Empty means that nobody can be reached.
func (s *Staff) Resolve(owner, clinician string, now time.Time) []Person {
	var out []Person
	add := func(p *Person) {
		if p != nil && p.ID != "" && !slices.ContainsFunc(out, func(o Person) bool { return o.ID == p.ID }) {
			out = append(out, *p)
		}
	}
	switch {
	case owner == ownerAssigned:
		add(s.standIn(s.Person(clinician), now))
	case owner == ownerCover:
		if p := s.Person(clinician); p != nil {
			add(s.standIn(s.Person(p.Cover), now))
		}
	case strings.HasPrefix(owner, ownerPerson):
		add(s.standIn(s.Person(strings.TrimPrefix(owner, ownerPerson)), now))
	case strings.HasPrefix(owner, ownerRole):
		holders := s.holders(strings.TrimPrefix(owner, ownerRole))
		for _, p := range holders {
			if !p.away(now) && p.mailable() {
				add(p)
			}
		}
		for _, p := range holders {
			if p.away(now) {
				add(s.standIn(p, now))
			}
		}
	}
	return out
}

// standIn is the person, or the first along their covers who is not away; nil
// when that one has no email address or the covers run in a circle.
func (s *Staff) standIn(p *Person, now time.Time) *Person {
	// Longer than the list means a circle.
	for range s.People {
		if p == nil {
			return nil
		}
		if !p.away(now) {
			if !p.mailable() {
				return nil
			}
			return p
		}
		p = s.Person(p.Cover)
	}
	return nil
}

// StandsIn says whether the person who is asked where owner is named stands in
// for somebody who is away.
func (s *Staff) StandsIn(person, owner, clinician string, now time.Time) bool {
	switch {
	case owner == ownerAssigned:
		return s.replaces(person, clinician, now)
	case owner == ownerCover:
		p := s.Person(clinician)
		return p != nil && s.replaces(person, p.Cover, now)
	case strings.HasPrefix(owner, ownerPerson):
		return s.replaces(person, strings.TrimPrefix(owner, ownerPerson), now)
	case strings.HasPrefix(owner, ownerRole):
		away := false
		for _, p := range s.holders(strings.TrimPrefix(owner, ownerRole)) {
			if p.ID == person {
				return false
			}
			away = away || p.away(now)
		}
		return away
	}
	return false
}

func (s *Staff) replaces(person, named string, now time.Time) bool {
	p := s.Person(named)
	return p != nil && p.ID != person && p.away(now)
}

// Away says whether a person is away now; somebody who is not on the list is not.
func (s *Staff) Away(person string, now time.Time) bool {
	p := s.Person(person)
	return p != nil && p.away(now)
}

// LeaveBegins is when the first leave of a person begins that does so after now
// and before a time; zero when none does.
func (s *Staff) LeaveBegins(person string, now, before time.Time) (first time.Time) {
	p := s.Person(person)
	if p == nil {
		return first
	}
	for _, a := range p.Away {
		if a.From.After(now) && a.From.Before(before) && (first.IsZero() || a.From.Before(first)) {
			first = a.From
		}
	}
	return first
}

func (s *Staff) holders(role string) []*Person {
	var out []*Person
	for i := range s.People {
		if slices.Contains(s.People[i].Roles, role) {
			out = append(out, &s.People[i])
		}
	}
	return out
}

// fallback is who is asked where nobody else can be: whoever is on call or stands
// in for them, else an emergency address, else whoever is on call, away or not. It
// is never empty.
func (s *Staff) fallback(now time.Time) string {
	people := s.Resolve(ownerPerson+s.OnCall, "", now)
	if len(people) > 0 {
		return people[0].ID
	}
	wide := s.Emergency()
	if s.OnCall == "" {
		wide = append(s.there(now), wide...)
	}
	switch {
	case len(wide) > 0:
		return wide[0].ID
	case s.OnCall != "":
		return s.OnCall
	}
	return nameless
}

// Members counts the members of staff; an emergency address is none.
func (s *Staff) Members() int {
	n := 0
	for i := range s.People {
		if !s.People[i].Emergency {
			n++
		}
	}
	return n
}

// Emergency are the clinic's emergency addresses.
func (s *Staff) Emergency() []*Person {
	var out []*Person
	for i := range s.People {
		if p := &s.People[i]; p.Emergency && p.ID != "" && p.mailable() {
			out = append(out, p)
		}
	}
	return out
}

// there are the members of staff who can be asked now.
func (s *Staff) there(now time.Time) []*Person {
	var out []*Person
	for i := range s.People {
		if p := &s.People[i]; !p.Emergency && p.ID != "" && p.mailable() && !p.away(now) {
			out = append(out, p)
		}
	}
	return out
}

func (p *Person) mailable() bool { return strings.TrimSpace(p.Email) != "" }

func (p *Person) away(now time.Time) bool {
	return slices.ContainsFunc(p.Away, func(s Span) bool {
		return !now.Before(s.From) && now.Before(s.To)
	})
}
