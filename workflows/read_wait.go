package workflows

import (
	"slices"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/finding"
)

func (b *builder) wait(t *tree, body entry, at string, depth int) {
	r, w := b.r, &WaitStep{}
	t.step.Wait = w
	if !isMapping(body.value) {
		w.For, _ = r.duration(body.value, "wait")
		return
	}
	m, ok := b.keys(t, body, append(waitSpans(), "days", "event", "of", "limit", "on_event", "on_limit")...)
	if !ok {
		return
	}
	ev, waits := m.get("event")
	if !waits {
		b.plainWait(m, w)
		return
	}
	w.On = r.kinds(ev, useWait)
	for _, key := range append(waitSpans(), "days") {
		if e, ok := m.get(key); ok {
			r.failf(e.at, "a wait for an event has `limit` in place of %#q", key)
		}
	}
	if e, ok := m.get("of"); ok {
		w.Of, _ = r.text(e.value, e.key, 100)
		t.ofAt = start(e.value)
	}
	limit, limited := m.get("limit")
	switch {
	case limited && isMapping(limit.value):
		if lm, ok := r.mapping(limit.value, "`limit`", "since_start", "before_appointment", "after_appointment"); ok {
			b.waitSpan(lm, w, "`limit` needs `since_start`, `before_appointment` or `after_appointment`, such as `since_start: 7d`")
		}
	case limited:
		w.For, _ = r.duration(limit.value, limit.key)
	case len(w.On) > 0 && !w.answered():
		r.breaks(finding.EndlessJourney, m.at, "this wait may never end; give it a `limit`, such as `limit: 48h`")
	}
	if e, ok := m.get("on_event"); ok {
		t.onEvent = b.steps(e.value, e.key, at+".event.", depth+1)
	}
	if e, ok := m.get("on_limit"); ok {
		if !limited {
			r.failf(e.at, "`on_limit` needs a `limit`, such as `limit: 48h`")
		}
		t.onLimit = b.steps(e.value, e.key, at+".limit.", depth+1)
	}
}

// answered says that a wait ends without a limit: the ladder of its escalation
// goes on until somebody takes or closes it.
func (w *WaitStep) answered() bool {
	return w.Of != "" && slices.ContainsFunc(w.On, func(k events.Kind) bool {
		return k == events.EscalationAcknowledged || k == events.EscalationClosed
	})
}

// plainWait reads a wait that only time ends.
func (b *builder) plainWait(m *mapping, w *WaitStep) {
	r := b.r
	for _, key := range []string{"of", "limit", "on_event", "on_limit"} {
		if e, ok := m.get(key); ok {
			r.failf(e.at, "%#q belongs to a wait for an event; add `event`, such as `event: [task.done]`", key)
		}
	}
	b.waitSpan(m, w, "this wait says neither how long nor for what; write `wait: 2d` or `wait: {event: [task.done], limit: 48h}`")
	if e, ok := m.get("days"); ok {
		b.days(e, w)
	}
}

// waitSpans are the keys that say when a wait is over; it has one of them.
func waitSpans() []string {
	return []string{"for", "since_start", "until", "before_appointment", "after_appointment"}
}

// waitSpan reads the one key that says when a wait, or its limit, is over.
func (b *builder) waitSpan(m *mapping, w *WaitStep, none string) {
	r := b.r
	var given []entry
	for _, key := range waitSpans() {
		if e, ok := m.get(key); ok {
			given = append(given, e)
		}
	}
	switch len(given) {
	case 0:
		r.failf(m.at, "%s", none)
		return
	case 1:
	default:
		r.failf(given[1].at, "a wait has %#q or %#q, not both; remove one", given[0].key, given[1].key)
		return
	}
	e := given[0]
	if e.key == "until" {
		if at, ok := r.clock(e); ok {
			w.Until = &TimeOfDay{At: at}
		}
		return
	}
	d, _ := r.duration(e.value, e.key)
	switch e.key {
	case "for":
		w.For = d
	case "since_start":
		w.SinceStart = d
	case "before_appointment":
		w.Before = d
	case "after_appointment":
		w.After = d
	}
	if (w.Before > 0 || w.After > 0) && b.f.workflow.Start.noAppointment() {
		r.failf(e.at, "no start of this workflow is about an appointment, so there is none to count from; write `since_start`")
	}
}

// days reads on which days a time of day counts.
func (b *builder) days(e entry, w *WaitStep) {
	s, ok := b.r.text(e.value, e.key, 40)
	switch {
	case !ok:
	case !slices.Contains(waitDays(), s):
		b.r.failf(start(e.value), "`days` cannot be %s", quoteWithSuggestion(s, waitDays()))
	case w.Until == nil:
		b.r.failf(e.at, "`days` belongs to a time of day; add `until`, such as `until: \"09:30\"`")
	default:
		w.Until.Weekdays, w.Until.Workdays = s == "weekdays", s == "workdays"
	}
}

// waitDays are the words for the days on which a time of day counts.
func waitDays() []string { return []string{"weekdays", "workdays", "all"} }

// noAppointment says that no start can bring an appointment with it.
func (s *Start) noAppointment() bool {
	return !slices.ContainsFunc(s.On, aboutAppointment)
}

// limited says that the wait is over at some time by itself.
func (w *WaitStep) limited() bool {
	return w.For > 0 || w.SinceStart > 0 || w.Before > 0 || w.After > 0 || w.Until != nil
}
