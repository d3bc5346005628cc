package workflows

import (
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/mooring-care/mooring/events"
)

// mostAbsence leaves room below LookBack, so that the event that is missed is
// still known when its absence is looked at, and for as long as that may start a
// journey.
const mostAbsence = LookBack - 2*startsWithin

func (b *builder) start(n ast.Node) {
	r, s := b.r, &b.f.workflow.Start
	m, ok := r.mapping(n, "`start`", "on", "absence", "when", "even_if_booked", "key", "again")
	if !ok {
		return
	}
	on, hasOn := m.get("on")
	if hasOn {
		s.On = r.kinds(on, useStart)
	}
	absence, hasAbsence := m.get("absence")
	if hasAbsence {
		s.Absence = b.absence(absence.value)
	}
	if !hasOn && !hasAbsence {
		r.failf(m.at, "`start` needs the key `on`, such as `on: [appointment.noshow]`, or `absence`")
	}
	if e, ok := m.get("when"); ok {
		s.When, b.f.startWhen = r.condition(e.value), start(e.value)
	}
	if e, ok := m.get("even_if_booked"); ok {
		s.EvenIfBooked = r.yesNo(e)
	}
	if e, ok := m.get("key"); ok {
		b.key(e)
	}
	if e, ok := m.get("again"); ok {
		s.Again = r.lookBack(e, "a workflow remembers at most %s")
	}
}

// lookBack reads a span within which the past is still known.
func (r *reader) lookBack(e entry, tooLong string) time.Duration {
	d, ok := r.duration(e.value, e.key)
	if ok && d > LookBack {
		r.failf(start(e.value), tooLong+"; write a shorter span", FormatDuration(LookBack))
		return 0
	}
	return d
}

// absence reads what must be missing, and for how long.
func (b *builder) absence(n ast.Node) *Absence {
	const what = "`absence`"
	r := b.r
	m, ok := r.mapping(n, what, "of", "for", "booked")
	if !ok {
		return nil
	}
	a := &Absence{}
	if e, ok := r.need(m, what, "of", "appointment.attended"); ok {
		if s, ok := r.text(e.value, e.key, 100); ok {
			if a.Of = events.Kind(s); !Counted(a.Of) {
				r.failf(start(e.value), "unknown event kind %s", quoteWithSuggestion(s, countedKinds()))
			}
		}
	}
	if e, ok := r.need(m, what, "for", "21d"); ok {
		if a.For, ok = r.duration(e.value, e.key); ok && a.For > mostAbsence {
			r.failf(start(e.value), "an absence is at most %s long; write a shorter span", FormatDuration(mostAbsence))
		}
	}
	if e, ok := m.get("booked"); ok {
		switch s, ok := r.text(e.value, e.key, 100); {
		case !ok:
		case s == "nothing":
			a.NothingBooked = true
		default:
			r.failf(start(e.value), "`booked` can only be `nothing`: while an appointment is expected, nothing begins; leave the key out where that does not matter")
		}
	}
	return a
}

// countedKinds lists the kinds that are kept for conditions.
func countedKinds() []string {
	var out []string
	for _, s := range events.Kinds() {
		if Counted(s.Kind) {
			out = append(out, string(s.Kind))
		}
	}
	return out
}

// key reads what a journey begins once for.
func (b *builder) key(e entry) {
	r, s := b.r, &b.f.workflow.Start
	text, ok := r.text(e.value, e.key, 100)
	if !ok {
		return
	}
	switch k := Key(text); {
	case k == KeyAppointment && s.Absence != nil:
		r.failf(start(e.value), "an absence is about no appointment; write `client` or `episode`")
	case k == KeyAppointment, k == KeyClient, k == KeyEpisode:
		s.Key = k
	default:
		r.failf(start(e.value), "`key` cannot be %s", quoteWithSuggestion(text, []string{string(KeyAppointment), string(KeyClient), string(KeyEpisode)}))
	}
}

func (b *builder) stops(n ast.Node) {
	const what = "an entry of `stop`"
	r := b.r
	nodes, ok := r.list(n, "stop", "[{on: [appointment.booked], outcome: returned}]")
	if !ok {
		return
	}
	for _, n := range nodes {
		m, ok := r.mapping(n, what, "on", "when", "outcome")
		if !ok {
			continue
		}
		var s Stop
		on, hasOn := m.get("on")
		if hasOn {
			s.On = r.kinds(on, useStop)
		}
		when, hasWhen := m.get("when")
		at := m.at
		if hasWhen {
			s.When, at = r.condition(when.value), start(when.value)
		}
		if !hasOn && !hasWhen {
			r.failf(m.at, "%s needs the key `on`, such as `on: [appointment.booked]`, or `when`", what)
		}
		if e, ok := r.need(m, what, "outcome", "returned"); ok {
			s.Outcome, _ = r.word(e.value, e.key)
		}
		b.f.workflow.Stops = append(b.f.workflow.Stops, s)
		b.f.stopWhen = append(b.f.stopWhen, at)
	}
}

func (b *builder) goal(n ast.Node) {
	r := b.r
	m, ok := r.mapping(n, "`goal`", "on", "when", "within")
	if !ok {
		return
	}
	g := &Goal{}
	if e, ok := r.need(m, "`goal`", "on", "[appointment.attended]"); ok {
		g.On = r.kinds(e, useStop)
	}
	if e, ok := m.get("when"); ok {
		g.When, b.f.goalWhen = r.condition(e.value), start(e.value)
	}
	if e, ok := r.need(m, "`goal`", "within", "30d"); ok {
		g.Within = r.lookBack(e, "a goal is watched for at most %s")
	}
	b.f.workflow.Goal = g
}
