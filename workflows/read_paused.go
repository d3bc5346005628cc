package workflows

import "github.com/mooring-care/mooring/workflows/finding"

// This file reads which workflows clinic.yaml takes away, and whose care mail rests.

// removed reads the workflows that a clinic took away, each with why.
func (cr *clinicReader) removed(e entry) {
	m, ok := cr.r.anyMapping(e.value, "`removed`")
	if !ok {
		return
	}
	cr.c.Removed = make(map[string]string, len(m.entries))
	for _, e := range m.entries {
		if !isWord(e.key) {
			cr.r.failf(e.at, "%#q is no workflow's name: small letters, digits and hyphens", shorten(e.key))
			continue
		}
		if why, ok := cr.r.text(e.value, e.key, 200); ok {
			cr.c.Removed[e.key] = why
		}
	}
	cr.removedAt = m
}

// notRemoved refuses a workflow that is both at work and said to be removed.
func (cr *clinicReader) notRemoved() {
	if cr.removedAt == nil {
		return
	}
	for _, e := range cr.removedAt.entries {
		if _, ok := cr.c.AtWork(e.key); ok {
			cr.r.breaks(finding.UnknownName, e.at, "the workflow %#q is at work; take this line out, or its file", e.key)
		}
	}
}

// paused reads whose care mail rests.
func (cr *clinicReader) paused(e entry) {
	r := cr.r
	m, ok := r.mapping(e.value, "`paused`", "clinic", "workflows")
	if !ok {
		return
	}
	if e, ok := m.get("clinic"); ok {
		cr.c.Paused.Clinic = r.yesNo(e)
	}
	if e, ok := m.get("workflows"); ok {
		nodes, ok := r.list(e.value, e.key, "[late-cancellation]")
		if !ok {
			return
		}
		for _, n := range nodes {
			if s, ok := r.word(n, e.key); ok {
				cr.c.Paused.Workflows = append(cr.c.Paused.Workflows, s)
				cr.pausedAt = append(cr.pausedAt, reference{start(n), s})
			}
		}
	}
}

// pausedKnown refuses the pause of a workflow that there is not: a misspelt name
// would pause nothing.
func (cr *clinicReader) pausedKnown() {
	for _, ref := range cr.pausedAt {
		if _, ok := cr.c.Workflow(ref.name); !ok {
			known := make([]string, 0, len(cr.c.Workflows))
			for _, w := range cr.c.Workflows {
				known = append(known, w.Name)
			}
			cr.r.breaks(finding.UnknownName, ref.at, "the clinic has no workflow %s", quoteWithSuggestion(ref.name, known))
		}
	}
}
