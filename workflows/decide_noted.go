package workflows

import (
	"slices"

	"github.com/mooring-care/mooring/events"
)

// noted takes what a clinician notices. Only known codes are kept: what tailors
// messages must not be somebody's own words.
func (d *decider) noted() {
	n := d.ev.Data.Note
	d.reason(n.Reason)
	var noticed []string
	for _, c := range events.Noticed() {
		if slices.Contains(n.Noticed, c.Code) {
			noticed = append(noticed, c.Code)
		}
	}
	if len(noticed) > 0 {
		set(&d.s.Profile.Noticed, &noticed, d.said())
	}
	if slices.ContainsFunc(events.Approaches(), func(c events.Choice) bool { return c.Code == n.Approach }) {
		set(&d.s.Profile.Approach, &n.Approach, d.said())
	}
	d.note(Note{What: WhatClient, Reason: Recorded, Person: n.By})
}
