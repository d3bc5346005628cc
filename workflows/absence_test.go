package workflows

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
)

const aDay = 24 * time.Hour

// absentFor is a clinic whose one workflow waits so many days for a visit; none
// does with 0.
func absentFor(t failer, days int) *Clinic {
	start := "{on: [client.signal]}"
	if days > 0 {
		start = fmt.Sprintf("{absence: {of: appointment.attended, for: %dd, booked: nothing}}", days)
	}
	c := oneWorkflow(t, start, "steps:\n  - send: B\n  - wait: 90d\n")
	c.Version = fmt.Sprintf("v-%d", days)
	return c
}

// TestDeadlinesFollowTheFolder: whatever timer comes, early or late, sets the
// deadlines that the folder in force asks for, and says so once; a timer that
// changes nothing is not recorded.
func TestDeadlinesFollowTheFolder(t *testing.T) {
	for name, tc := range map[string]struct {
		was, is int
		day     int // of the look, from the visit
		note    Reason
		next    int  // the day waited for then; 0 for none
		runs    bool // a journey begins at once
	}{
		"the same":                    {14, 14, 5, "", 14, false},
		"none before, and none":       {0, 0, 5, "", 0, false},
		"a new one":                   {0, 14, 5, AbsenceMoved, 14, false},
		"a new one, days late":        {0, 14, 20, Started, 0, true},
		"a new one, long over":        {0, 14, 45, "", 0, false},
		"longer":                      {14, 21, 5, AbsenceMoved, 21, false},
		"longer, as the old one ends": {14, 21, 14, AbsenceMoved, 21, false},
		"shorter":                     {21, 14, 5, AbsenceMoved, 14, false},
		"shorter, over since days":    {21, 14, 18, Started, 0, true},
		"shorter, long over":          {90, 14, 45, TooLate, 0, false},
		"gone":                        {14, 0, 5, AbsenceDropped, 0, false},
		"longer, though once missed":  {14, 90, 45, "", 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(t, historyStart, absentFor(t, tc.was))
			s.happens(events.ClientUpdated, clientData(friendly()))
			s.happens(events.AppointmentAttended, appointment("a1"))
			visit := s.now
			if name == "longer, though once missed" {
				s.until(visit.Add(time.Duration(tc.day) * aDay))
			}
			s.now = visit.Add(time.Duration(tc.day) * aDay)
			s.dir = append(s.dir, absentFor(t, tc.is))
			before, other := len(s.state.Journeys), s.state.OtherDeadlines(s.dir.Current(), s.now)
			dec := s.due()
			if dec.Nothing != (tc.note == "") || other == dec.Nothing {
				t.Fatalf("nothing follows: %v, and other deadlines were asked for: %v; %+v", dec.Nothing, other, dec.Notes)
			}
			if tc.note != "" && !noted(dec, WhatJourney, tc.note) {
				t.Errorf("noted %+v, want %s", dec.Notes, tc.note)
			}
			if runs := len(s.state.Journeys) > before; runs != tc.runs {
				t.Errorf("a journey begins: %v", runs)
			}
			i := slices.IndexFunc(s.state.Missed, func(m Missed) bool { return !m.Done })
			if tc.next == 0 && i >= 0 || tc.next > 0 && (i < 0 || !s.state.Missed[i].Due.Equal(visit.Add(time.Duration(tc.next)*aDay))) {
				t.Errorf("waited for: %+v, want day %d", s.state.Missed, tc.next)
			}
			if again := s.due(); !again.Nothing || s.state.OtherDeadlines(s.dir.Current(), s.now) {
				t.Errorf("a second look decides %+v", again.Notes)
			}
		})
	}
}

// TestAbsenceLongOverIsNotForgotten: what a workflow need not look at any more, it
// looks at all the same once it waits longer.
func TestAbsenceLongOverIsNotForgotten(t *testing.T) {
	s := newSim(t, historyStart, absentFor(t, 14))
	s.happens(events.ClientUpdated, clientData(friendly()))
	s.deliver(s.event(events.AppointmentAttended, s.now.Add(-50*aDay), appointment("a1")))
	if len(s.state.Missed) != 0 {
		t.Fatalf("history is waited for: %+v", s.state.Missed)
	}
	s.dir = append(s.dir, absentFor(t, 60))
	s.due()
	s.pass(11 * aDay)
	if len(s.state.Journeys) != 1 {
		t.Errorf("after 61 days: %+v", s.steps[len(s.steps)-1].dec.Notes)
	}
}

// TestAbsences: two folders set the same deadlines exactly when they name the
// same absences.
func TestAbsences(t *testing.T) {
	base := "{absence: {of: appointment.attended, for: 14d}}"
	lines := func(start string) []string { return oneWorkflow(t, start, "steps:\n  - wait: 1d\n").Absences() }
	if got := lines(base); len(got) != 1 {
		t.Fatalf("%q", got)
	}
	for start, same := range map[string]bool{
		base: true,
		"{absence: {of: appointment.attended, for: 2w}}":                       true,
		"{absence: {of: appointment.attended, for: 14d}, when: '!flagged'}":    true,
		"{on: [client.signal], absence: {of: appointment.attended, for: 14d}}": true,
		"{absence: {of: appointment.attended, for: 15d}}":                      false,
		"{absence: {of: appointment.noshow, for: 14d}}":                        false,
		"{absence: {of: appointment.attended, for: 14d, booked: nothing}}":     false,
		"{on: [client.signal]}":                                                false,
	} {
		if got := slices.Equal(lines(start), lines(base)); got != same {
			t.Errorf("%s: same %v", start, got)
		}
	}
}
