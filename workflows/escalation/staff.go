package escalation

import (
	"slices"
	"strings"
	"time"

	"github.com/mooring-care/mooring/workflows/calendar"
)

// Who a rung names: two words and three prefixes.
const (
	ownerAssigned = "assigned"
	ownerCover    = "cover"
	ownerRole     = "role:"
	ownerRota     = "rota:"
	ownerPerson   = "person:"
)

// Nobody is who owns a question where nobody at all can be asked: everybody is
// never to be asked about the client, and there is no emergency address. A mail to
// them fails, the ladder goes on, and Ownerless says so.
const Nobody = "on-call"

// Ownerless says whether the question is open and nobody could be asked.
func (e *Escalation) Ownerless() bool { return e.Open() && e.Owner == Nobody }

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
// "cover", "role:<role>", "rota:<rota>" or "person:<id>". The first one is the
// rung's owner. Whoever is absent is replaced by their cover, and so on along the
// covers; whoever has no email address is left out. Of a role, holders who are
// there come first, in the order of the staff list, then the covers of the others.
// Of a rota it is whoever has the duty, then the others from there on. Empty means
// that nobody can be reached.
func (s *Staff) Resolve(owner, clinician string, now time.Time) []Person {
	var out []Person
	add := func(p *Person) {
		if p != nil && p.ID != "" && !slices.ContainsFunc(out, func(o Person) bool { return o.ID == p.ID }) {
			out = append(out, *p)
		}
	}
	kind, name := s.named(owner, clinician)
	switch kind {
	case ownerPerson:
		add(s.standIn(s.Person(name), "", now))
	case ownerRole:
		holders := s.holders(name)
		for _, p := range holders {
			if !s.absent(p, name, now) && p.mailable() {
				add(p)
			}
		}
		for _, p := range holders {
			if s.absent(p, name, now) {
				add(s.standIn(p, name, now))
			}
		}
	case ownerRota:
		for _, id := range s.turns(name, now) {
			add(s.standIn(s.Person(id), "", now))
		}
	}
	return out
}

// named is what a rung's word comes to: a person, a role or a rota, by its prefix
// and name; an empty prefix where it names nobody.
func (s *Staff) named(owner, clinician string) (kind, name string) {
	switch owner {
	case ownerAssigned:
		return ownerPerson, clinician
	case ownerCover:
		if p := s.Person(clinician); p != nil {
			return ownerPerson, p.Cover
		}
		return "", ""
	}
	for _, kind := range [...]string{ownerPerson, ownerRole, ownerRota} {
		if name, ok := strings.CutPrefix(owner, kind); ok {
			return kind, name
		}
	}
	return "", ""
}

// standIn is the person, or the first along their covers who is not absent; nil
// when that one has no email address or the covers run in a circle.
func (s *Staff) standIn(p *Person, role string, now time.Time) *Person {
	// Longer than the list means a circle.
	for range s.People {
		if p == nil {
			return nil
		}
		if !s.absent(p, role, now) {
			if !p.mailable() {
				return nil
			}
			return p
		}
		p = s.Person(p.cover(role, now))
	}
	return nil
}

// StandsIn says whether the person who is asked where owner is named stands in
// for somebody who is absent.
func (s *Staff) StandsIn(person, owner, clinician string, now time.Time) bool {
	kind, name := s.named(owner, clinician)
	switch kind {
	case ownerPerson:
		return s.replaces(person, name, now)
	case ownerRota:
		turns := s.turns(name, now)
		return len(turns) > 0 && s.replaces(person, turns[0], now)
	case ownerRole:
		absent := false
		for _, p := range s.holders(name) {
			if p.ID == person {
				return false
			}
			absent = absent || s.absent(p, name, now)
		}
		return absent
	}
	return false
}

// InsteadOf is the one person in whose place somebody is asked where owner is named;
// empty where they stand in for nobody, or for a role that several hold.
func (s *Staff) InsteadOf(person, owner, clinician string, now time.Time) string {
	if !s.StandsIn(person, owner, clinician, now) {
		return ""
	}
	switch kind, name := s.named(owner, clinician); kind {
	case ownerPerson:
		return name
	case ownerRota:
		return s.turns(name, now)[0]
	}
	return ""
}

func (s *Staff) replaces(person, named string, now time.Time) bool {
	p := s.Person(named)
	return p != nil && p.ID != person && s.absent(p, "", now)
}

// Away says whether a person must not be written to now: they are on leave, or are
// never asked about this client. Somebody who is not on the list is not away.
func (s *Staff) Away(person string, now time.Time) bool {
	p := s.Person(person)
	return p != nil && s.out(p, "", now)
}

// absent says whether somebody else must be asked instead of a person.
func (s *Staff) absent(p *Person, role string, now time.Time) bool {
	return s.out(p, role, now) || s.keepHours && !p.atWork(now)
}

// gone says the same of somebody by id; who is not on the list is not gone.
func (s *Staff) gone(person string, now time.Time) bool {
	p := s.Person(person)
	return p != nil && s.absent(p, "", now)
}

func (s *Staff) out(p *Person, role string, now time.Time) bool {
	return slices.Contains(s.Never, p.ID) || p.absence(role, now) != nil
}

// LeaveBegins is when the first leave of a person from all that they do begins
// that does so after now and before a time; zero when none does.
func (s *Staff) LeaveBegins(person string, now, before time.Time) (first time.Time) {
	p := s.Person(person)
	if p == nil {
		return first
	}
	for _, a := range p.Away {
		if len(a.Roles) == 0 && a.From.After(now) && a.From.Before(before) && (first.IsZero() || a.From.Before(first)) {
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

// Duty is whoever is on call: the word that Resolve reads, and the person, there or
// not.
func (s *Staff) Duty(now time.Time) (owner, person string) {
	if rota, ok := strings.CutPrefix(s.OnCall, ownerRota); ok {
		if turns := s.turns(rota, now); len(turns) > 0 {
			person = turns[0]
		}
		return s.OnCall, person
	}
	return ownerPerson + s.OnCall, s.OnCall
}

// Fallback is who is asked where nobody else can be, at work or not: whoever is on
// call or stands in for them, else an emergency address, else whoever is on call,
// away or not. It is never empty.
func (s *Staff) Fallback(now time.Time) string {
	all := *s
	all.keepHours = false
	owner, person := s.Duty(now)
	if people := all.Resolve(owner, "", now); len(people) > 0 {
		return people[0].ID
	}
	if slices.Contains(s.Never, person) {
		person = ""
	}
	wide := s.Emergency()
	if person == "" {
		wide = append(all.there(now), wide...)
	}
	switch {
	case len(wide) > 0:
		return wide[0].ID
	case person != "":
		return person
	}
	for i := range s.People {
		if p := &s.People[i]; p.ID != "" && p.mailable() && !slices.Contains(s.Never, p.ID) {
			return p.ID // away, and still somebody
		}
	}
	return Nobody
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
		if p := &s.People[i]; !p.Emergency && p.ID != "" && p.mailable() && !s.absent(p, "", now) {
			out = append(out, p)
		}
	}
	return out
}

func (p *Person) mailable() bool { return strings.TrimSpace(p.Email) != "" }

// atWork says whether the person works now.
func (p *Person) atWork(now time.Time) bool {
	if p.Hours == nil {
		return true
	}
	zone := p.Zone
	if zone == nil {
		zone = time.UTC
	}
	return p.Hours.Open(zone, now).Equal(now)
}

func within(from, to, now time.Time) bool { return !now.Before(from) && now.Before(to) }

// absence is the one that counts now for what the person does in a role, or in none
// in particular; nil where there is none. Of several it is one that names the role
// before one that names none, then the one that began last, then the one written
// last.
func (p *Person) absence(role string, now time.Time) *Absence {
	var counts *Absence
	for i := range p.Away {
		a := &p.Away[i]
		if !within(a.From, a.To, now) || len(a.Roles) > 0 && !slices.Contains(a.Roles, role) {
			continue
		}
		if counts != nil {
			closer := len(a.Roles) > 0
			if was := len(counts.Roles) > 0; was && !closer || was == closer && a.From.Before(counts.From) {
				continue
			}
		}
		counts = a
	}
	return counts
}

// cover is who stands in for the person.
func (p *Person) cover(role string, now time.Time) string {
	if a := p.absence(role, now); a != nil && a.Cover != "" {
		return a.Cover
	}
	return p.Cover
}

// Rota finds a rota by id; nil when there is none.
func (s *Staff) Rota(id string) *Rota {
	for i := range s.Rotas {
		if s.Rotas[i].ID == id {
			return &s.Rotas[i]
		}
	}
	return nil
}

// turns are the people of a rota in the order in which they are asked: whoever has
// the duty now, then the others as they follow.
func (s *Staff) turns(rota string, now time.Time) []string {
	r := s.Rota(rota)
	if r == nil || len(r.People) == 0 {
		return nil
	}
	var out []string
	for _, o := range slices.Backward(r.Overrides) {
		if within(o.From, o.To, now) {
			out = append(out, o.Person)
			break
		}
	}
	first := r.turn(now)
	for i := range r.People {
		out = append(out, r.People[(first+i)%len(r.People)])
	}
	return out
}

// turn is the index of the person whose turn it is. Turns are counted in dates and
// handed over by the clock on the wall, so that a night on which clocks are moved
// moves none.
func (r *Rota) turn(now time.Time) int {
	zone := r.Zone
	if zone == nil {
		zone = time.UTC
	}
	year, month, day := now.In(zone).Date()
	date := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	if now.Before(calendar.OnClock(date, r.At, zone)) {
		date = date.AddDate(0, 0, -1)
	}
	year, month, day = r.First.Date()
	days := int(date.Sub(time.Date(year, month, day, 0, 0, 0, 0, time.UTC)) / (24 * time.Hour))
	n, turn := len(r.People), max(r.Days, 1)
	passed := days / turn
	if days%turn < 0 {
		passed--
	}
	return (passed%n + n) % n
}
