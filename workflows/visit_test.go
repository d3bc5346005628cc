package workflows

import (
	"slices"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
)

// TestWordsBeforeAVisit: what is counted back from a visit moves with it, through
// a further span too, and does not leave once the visit has begun.
func TestWordsBeforeAVisit(t *testing.T) {
	const hour = time.Hour
	booked := chicago(t, "2026-06-01 10:00")
	visit := chicago(t, "2026-06-13 10:00") // a Saturday
	for name, tc := range map[string]struct {
		steps string
		// moved is when the visit is moved to and movedAt when that is said, both
		// from its first time; zero means never.
		moved, movedAt time.Duration
		want           []time.Time
	}{
		"after the span": {
			"steps:\n  - wait: {before_appointment: 48h}\n  - send: {template: F, after: 3h}\n", 0, 0,
			[]time.Time{visit.Add(-45 * hour)},
		},
		"moved while the span runs": {
			"steps:\n  - wait: {before_appointment: 48h}\n  - send: {template: F, after: 3h}\n", 17 * 24 * hour, -46 * hour,
			[]time.Time{visit.Add(17*24*hour - 45*hour)},
		},
		"closed until the visit has begun": {
			"steps:\n  - wait: {before_appointment: 15h}\n  - send: {template: A, within: office-hours}\n", 0, 0, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(t, booked, oneWorkflow(t, "{on: [appointment.booked], even_if_booked: true}", tc.steps))
			s.happens(events.ClientUpdated, clientData(friendly()))
			s.happens(events.AppointmentBooked, booking("v", visit))
			if tc.moved > 0 {
				s.until(visit.Add(tc.movedAt))
				s.happens(events.AppointmentRescheduled, booking("v", visit.Add(tc.moved)))
			}
			s.until(visit.Add(tc.moved + 5*24*hour))
			var got []time.Time
			for _, m := range s.mails(LaneCare) {
				got = append(got, m.Message.Asked)
			}
			if !slices.EqualFunc(got, tc.want, time.Time.Equal) {
				t.Errorf("asked for at %v, want %v", got, tc.want)
			}
			if tc.want == nil && s.everNoted(WhatMessage, AppointmentPast) == 0 {
				t.Error("nothing says why no mail left")
			}
		})
	}
}
