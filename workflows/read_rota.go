package workflows

import (
	"time"

	"github.com/mooring-care/mooring/workflows/escalation"
)

// The bounds of a rota.
const (
	maxRotas     = 20
	maxTurns     = 50
	maxTurnDays  = 91
	maxOverrides = 100
)

// rotas reads whose turn it is for which duty.
func (cr *clinicReader) rotas(e entry) {
	r := cr.r
	m, ok := r.anyMapping(e.value, "`rotas`")
	if !ok {
		return
	}
	if len(m.entries) > maxRotas {
		r.failf(e.at, "`rotas` has at most %d entries", maxRotas)
		return
	}
	for _, e := range m.entries {
		if !isWord(e.key) {
			r.failf(e.at, "a rota's id must be small letters, digits and hyphens that begin with a letter, not %#q", shorten(e.key))
			continue
		}
		cr.c.Staff.Rotas = append(cr.c.Staff.Rotas, cr.rota(e))
	}
}

func (cr *clinicReader) rota(e entry) escalation.Rota {
	r, c, what := cr.r, cr.c, "the rota `"+e.key+"`"
	rota := escalation.Rota{ID: e.key, Zone: c.Zone}
	m, ok := r.mapping(e.value, what, "people", "from", "at", "days", "overrides")
	if !ok {
		return rota
	}
	if e, ok := r.need(m, what, "people", "[amara, jonas]"); ok {
		nodes, _ := r.list(e.value, e.key, "[amara, jonas]")
		if len(nodes) > maxTurns {
			r.failf(e.at, "a rota has at most %d turns", maxTurns)
			nodes = nil
		}
		// Somebody may have several turns.
		for _, n := range nodes {
			if s, ok := r.word(n, e.key); ok {
				rota.People = append(rota.People, s)
				cr.resolves("person:"+s, r, start(n))
			}
		}
	}
	if e, ok := r.need(m, what, "from", "2026-06-01"); ok {
		rota.First, _ = cr.date(e)
	}
	if e, ok := r.need(m, what, "at", "\"09:00\""); ok {
		rota.At, _ = r.clock(e)
	}
	if e, ok := r.need(m, what, "days", "7"); ok {
		rota.Days = r.number(e, maxTurnDays, "")
	}
	if e, ok := m.get("overrides"); ok {
		rota.Overrides = cr.overrides(e)
	}
	return rota
}

func (cr *clinicReader) overrides(e entry) []escalation.Override {
	r := cr.r
	nodes, ok := r.list(e.value, e.key, "[{from: 2026-07-03, to: 2026-07-05, person: jonas}]")
	if !ok {
		return nil
	}
	if len(nodes) > maxOverrides {
		r.failf(e.at, "a rota has at most %d overrides; remove those that are over", maxOverrides)
		return nil
	}
	var out []escalation.Override
	for _, n := range nodes {
		const what = "an override"
		m, ok := r.mapping(n, what, "from", "to", "person")
		if !ok {
			continue
		}
		from, to, ok1 := cr.stretch(m, what)
		e, ok2 := r.need(m, what, "person", "jonas")
		if !ok2 {
			continue
		}
		s, ok3 := r.word(e.value, e.key)
		if ok3 {
			cr.resolves("person:"+s, r, start(e.value))
		}
		if ok1 && ok3 {
			out = append(out, escalation.Override{From: from, To: to, Person: s})
		}
	}
	return out
}

// stretch reads the two ends of a time in which something is otherwise. Dates mean
// whole days, the last one included.
func (cr *clinicReader) stretch(m *mapping, what string) (from, to time.Time, ok bool) {
	a, ok1 := cr.r.need(m, what, "from", "2026-07-01")
	b, ok2 := cr.r.need(m, what, "to", "2026-07-14")
	if !ok1 || !ok2 {
		return from, to, false
	}
	from, good1 := cr.moment(a, 0)
	to, good2 := cr.moment(b, 1)
	if !good1 || !good2 {
		return from, to, false
	}
	if !from.Before(to) {
		cr.r.failf(start(b.value), "`to` lies before `from`; swap them")
		return from, to, false
	}
	return from, to, true
}
