package workflows

import (
	"slices"
)

// toClient is the word for the one whom a send writes to unless it says otherwise.
const toClient = "client"

// withins are the words for the hours in which a message may leave.
func withins() []string { return []string{string(OfficeHours), "daytime"} }

// send reads a message: its family alone, or with all that is said about it.
func (b *builder) send(t *tree, body entry) {
	r, s := b.r, &SendStep{}
	t.step.Send = s
	value := body.value
	if isMapping(value) {
		m, ok := b.keys(t, body, "template", "to", "wording", "after", "within", "lateness")
		if !ok {
			return
		}
		b.lateness(t, m)
		if e, ok := m.get("wording"); ok {
			s.Wording, _ = r.word(e.value, e.key)
			s.wordingAt = start(e.value)
		}
		if e, ok := m.get("to"); ok && !b.to(s, e) {
			return // what it may be follows from whom it is for
		}
		if e, ok := m.get("within"); ok {
			b.within(s, e)
		}
		if e, ok := m.get("after"); ok {
			b.after(t, e)
		}
		if s.To != "" {
			b.onlyToClient(t, m)
		}
		e, ok := r.need(m, "`send`", "template", "A")
		if !ok {
			return
		}
		value = e.value
	}
	family, ok := r.text(value, "send", 100)
	if !ok {
		return
	}
	s.Template = family
	client, staff := slices.Contains(families(), family), slices.Contains(staffFamilies(), family)
	switch {
	case s.To == "" && staff:
		r.failf(start(value), "%#q is written to staff; say to whom, such as `send: {template: %s, to: assigned}`", family, family)
	case s.To == "" && !client:
		r.failf(start(value), "unknown message family %#q; it can be %s", shorten(family), listing(families()))
	case s.To != "" && client:
		r.failf(start(value), "%#q is written to clients; a message to staff can be %s", family, listing(staffFamilies()))
	case s.To != "" && !staff:
		r.failf(start(value), "unknown message family %#q; a message to staff can be %s", shorten(family), listing(staffFamilies()))
	}
}

// to reads whom a message is for.
func (b *builder) to(s *SendStep, e entry) bool {
	to, ok := b.r.owner(e.value, e.key, toClient, "assigned", taskOwnerWord)
	if ok && to != toClient {
		s.To = to
		b.f.owners = append(b.f.owners, reference{start(e.value), to})
	}
	return ok
}

// within reads the hours in which a message may leave.
func (b *builder) within(s *SendStep, e entry) {
	word, ok := b.r.text(e.value, e.key, 40)
	switch {
	case !ok:
	case !slices.Contains(withins(), word):
		b.r.failf(start(e.value), "`within` cannot be %s", quoteWithSuggestion(word, withins()))
	case word == string(OfficeHours):
		s.Within = OfficeHours
		if b.f.officeHours == nil {
			at := start(e.value)
			b.f.officeHours = &at
		}
	}
}

// after reads how long after the step before it a message is sent. It is a plain
// wait with a name of its own, so that it does all that one does.
func (b *builder) after(t *tree, e entry) {
	if isMapping(e.value) {
		b.r.failf(start(e.value), "`after` is a duration such as `3h`, from the step before; to count from anything else, write a `wait` as the step before")
		return
	}
	d, _ := b.r.duration(e.value, e.key)
	b.count++
	t.before = &tree{step: Step{Kind: StepWait, Wait: &WaitStep{For: d}}}
}

// onlyToClient refuses what a message to staff has no use for.
func (b *builder) onlyToClient(t *tree, m *mapping) {
	if e, ok := m.get("wording"); ok {
		b.r.failf(e.at, "a message to staff has one wording; take `wording` out")
	}
	if e, ok := m.get("within"); ok {
		b.r.failf(e.at, "a message to staff leaves at any hour; for a time of day, write `wait: {until: \"09:30\", days: workdays}` as the step before")
	}
	if l := t.step.Late; l != nil && l.Then == LateAsk {
		e, _ := m.get("lateness")
		b.r.failf(start(e.value), "a message to staff reaches a human already; write `send` or `skip`")
	}
}
