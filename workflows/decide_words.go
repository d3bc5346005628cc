package workflows

import (
	"slices"

	"github.com/mooring-care/mooring/events"

	"github.com/mooring-care/mooring/workflows/escalation"
)

// keepWords keeps what somebody wrote with a cause, for whoever answers the
// open question of a policy.
func (d *decider) keepWords(policy, text string) {
	for i := range d.s.Escalations {
		e := &d.s.Escalations[i]
		if e.Open() && e.Policy.ID == policy {
			keepSaid(e, text)
		}
	}
}

// signed puts the name of a member of staff before what they wrote.
func (d *decider) signed(by, text string) string {
	if p := d.c.Staff.Person(by); p != nil && text != "" {
		return p.Name + ": " + text
	}
	return text
}

// keepSaid keeps what somebody wrote with a question.
func keepSaid(e *escalation.Escalation, text string) {
	if text != "" {
		e.Said = append(slices.Clone(e.Said), cut(text))
		e.Said = e.Said[max(0, len(e.Said)-keptWords):]
	}
}

// cut bounds a text at longestCut characters, of which it keeps both ends.
func cut(s string) string { return events.Ends(s, longestCut) }

// join puts two texts one after the other.
func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + ": " + b
}
