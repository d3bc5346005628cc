package workflows

import (
	"strconv"
)

// whole is what the shares of a split add up to.
const whole = 100

// split reads the ways that a comparison sends clients.
func (b *builder) split(t *tree, body entry, at string, depth int) {
	const what = "`split`"
	r, s := b.r, &SplitStep{}
	t.step.Split = s
	m, ok := b.keys(t, body, "holdout", "approved_by", "ways")
	if !ok {
		return
	}
	if e, ok := m.get("holdout"); ok {
		s.HeldOut = r.number(e, 50, "leave the key out where every client goes one of the ways")
		if _, named := m.get("approved_by"); !named {
			r.failf(e.at, "clients who get nothing need a name: add `approved_by` with who allowed it, such as `approved_by: Dr. Ruth Adeyemi`")
		}
	}
	if e, ok := m.get("approved_by"); ok {
		s.ApprovedBy, _ = r.text(e.value, e.key, 100)
		if _, held := m.get("holdout"); !held {
			r.failf(e.at, "`approved_by` belongs to `holdout`; add one or remove the other")
		}
	}
	e, ok := r.need(m, what, "ways", "[{share: 50, steps: [{send: A}]}, {share: 50, steps: [{send: B}]}]")
	if !ok {
		return
	}
	nodes, ok := r.list(e.value, e.key, "[{share: 50, steps: [{send: A}]}, {share: 50, steps: [{send: B}]}]")
	if !ok {
		return
	}
	sum := s.HeldOut
	for i, n := range nodes {
		const what = "an entry of `ways`"
		m, ok := r.mapping(n, what, "share", "steps")
		if !ok {
			return
		}
		var w Way
		if e, ok := r.need(m, what, "share", "50"); ok {
			w.Share = r.number(e, whole, "")
		}
		sum += w.Share
		var list []*tree
		if e, ok := r.need(m, what, "steps", "[{send: A}]"); ok {
			list = b.steps(e.value, e.key, at+"."+strconv.Itoa(i+1)+".", depth+1)
		}
		s.Ways = append(s.Ways, w)
		t.branches = append(t.branches, list)
	}
	if sum != whole {
		r.failf(e.at, "the shares and `holdout` add up to %d; they must make %d", sum, whole)
	}
}

// lateness reads a step's own rule of lateness.
func (b *builder) lateness(t *tree, m *mapping) {
	if e, ok := m.get("lateness"); ok {
		t.step.Late = b.late(e)
	}
}

// late reads a rule of lateness.
func (b *builder) late(e entry) *Lateness {
	const what = "`lateness`"
	r := b.r
	m, ok := r.mapping(e.value, what, "after", "then")
	if !ok {
		return nil
	}
	l := &Lateness{}
	if e, ok := r.need(m, what, "after", "24h"); ok {
		l.After, _ = r.duration(e.value, e.key)
	}
	if e, ok := r.need(m, what, "then", "skip"); ok {
		if s, ok := r.text(e.value, e.key, 40); ok {
			switch act := LateAct(s); act {
			case LateSend, LateSkip, LateAsk:
				l.Then = act
			default:
				r.failf(start(e.value), "`then` cannot be %s", quoteWithSuggestion(s, []string{string(LateSend), string(LateSkip), string(LateAsk)}))
			}
		}
	}
	return l
}
