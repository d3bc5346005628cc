package workflows

import (
	"slices"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
)

// TestVisitUndone: an appointment that was entered by mistake had ended a journey,
// kept one from beginning, had a stronger one take over, or was counted for one. A human decides what
// comes next; nothing ends in silence.
func TestVisitUndone(t *testing.T) {
	const h = time.Hour
	at := func(s *sim, id string, in time.Duration) events.Data {
		start := s.now.Add(in)
		return events.Data{Appointment: &events.Appointment{ID: id, Start: &start}}
	}
	cancelled := func(s *sim, id string) {
		d := at(s, id, 30*h)
		d.Appointment.By = events.ByClient
		s.happens(events.AppointmentCancelled, d)
	}
	retracted := func(s *sim, id string) {
		s.pass(h)
		s.happens(events.AppointmentRetracted, events.Data{Appointment: &events.Appointment{ID: id}})
	}
	for name, tc := range map[string]struct {
		happens func(*sim)
		asked   bool
	}{
		"a booking that ended a journey": {func(s *sim) {
			cancelled(s, "a1")
			s.happens(events.AppointmentBooked, at(s, "b2", 200*h))
			retracted(s, "b2")
		}, true},
		"a booking that kept one from beginning": {func(s *sim) {
			s.happens(events.AppointmentBooked, at(s, "b2", 200*h))
			cancelled(s, "a1")
			retracted(s, "b2")
		}, true},
		"an attended visit that ended a journey": {func(s *sim) {
			cancelled(s, "a1")
			s.happens(events.AppointmentAttended, at(s, "b2", -h))
			retracted(s, "b2")
		}, true},
		"a second no-show that took over": {func(s *sim) {
			s.happens(events.AppointmentNoShow, at(s, "c1", -h))
			s.pass(2 * 24 * h)
			s.happens(events.AppointmentNoShow, at(s, "c2", -h))
			retracted(s, "c2")
		}, true},
		"the first of two no-shows": {func(s *sim) {
			s.happens(events.AppointmentNoShow, at(s, "c1", -h))
			s.pass(2 * 24 * h)
			s.happens(events.AppointmentNoShow, at(s, "c2", -h))
			retracted(s, "c1")
		}, true},
		"the first of two no-shows was attended after all": {func(s *sim) {
			first := at(s, "c1", -h)
			s.happens(events.AppointmentNoShow, first)
			s.pass(2 * 24 * h)
			s.happens(events.AppointmentNoShow, at(s, "c2", -h))
			s.pass(h)
			s.deliver(s.event(events.AppointmentAttended, s.now.Add(-40*h), first))
		}, true},
		"the first of three no-shows": {func(s *sim) {
			for _, id := range []string{"c1", "c2", "c3"} {
				s.happens(events.AppointmentNoShow, at(s, id, -h))
				s.pass(2 * 24 * h)
			}
			retracted(s, "c1")
		}, false},
		"a booking that changed nothing": {func(s *sim) {
			s.happens(events.AppointmentBooked, at(s, "b2", 200*h))
			retracted(s, "b2")
		}, false},
		"the journey's own appointment": {func(s *sim) {
			s.happens(events.AppointmentNoShow, at(s, "c1", -h))
			retracted(s, "c1")
		}, false},
		"another booking still lies ahead": {func(s *sim) {
			cancelled(s, "a1")
			s.happens(events.AppointmentBooked, at(s, "b2", 200*h))
			s.happens(events.AppointmentBooked, at(s, "b3", 300*h))
			retracted(s, "b2")
		}, false},
		"the client has been discharged since": {func(s *sim) {
			cancelled(s, "a1")
			s.happens(events.AppointmentBooked, at(s, "b2", 200*h))
			status := events.StatusDischarged
			s.happens(events.ClientUpdated, clientData(&events.Client{Status: &status}))
			retracted(s, "b2")
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(t, chicago(t, "2026-06-01 10:00"), sampleClinic(t))
			s.happens(events.ClientUpdated, clientData(friendly()))
			tc.happens(s)
			if got := slices.Contains(s.openTasks(), string(VisitUndone)); got != tc.asked {
				t.Errorf("somebody is asked: %v, want %v; open tasks %v", got, tc.asked, s.openTasks())
			}
			if got := s.everNoted(WhatTask, VisitUndone); (got > 0) != tc.asked {
				t.Errorf("the timeline says so %d times", got)
			}
		})
	}
}

// TestOrderFreeRebooking: a first visit is moved by booking the new one and
// cancelling the old one, in either order; what to expect is sent before the new one,
// once.
func TestOrderFreeRebooking(t *testing.T) {
	const h = time.Hour
	for name, cancelFirst := range map[string]bool{"cancelled, then booked": true, "booked, then cancelled": false} {
		for _, over := range []events.Kind{events.AppointmentCancelled, events.AppointmentRetracted} {
			t.Run(name+", by "+string(over), func(t *testing.T) {
				s := newSim(t, chicago(t, "2026-06-01 10:00"), sampleClinic(t))
				s.happens(events.ClientUpdated, clientData(friendly()))
				began := s.now
				first := func(id string, in time.Duration) events.Data {
					start := began.Add(in)
					return events.Data{Appointment: &events.Appointment{ID: id, Start: &start, Visit: events.VisitFirst, By: events.ByProvider}}
				}
				s.happens(events.AppointmentBooked, first("v1", 5*24*h))
				s.pass(h)
				steps := []func(){
					func() { s.happens(over, first("v1", 5*24*h)) },
					func() { s.happens(events.AppointmentBooked, first("v2", 12*24*h)) },
				}
				if !cancelFirst {
					slices.Reverse(steps)
				}
				for _, step := range steps {
					step()
					s.pass(h)
				}
				s.until(began.Add(10 * 24 * h))
				if got := s.careSteps(); slices.Contains(got, "orientation") {
					t.Errorf("a visit that will not be was written about: %v", got)
				}
				s.until(began.Add(12*24*h - h))
				got := 0
				for _, step := range s.careSteps() {
					if step == "orientation" {
						got++
					}
				}
				if got != 1 {
					t.Errorf("%d mails about what to expect, want 1", got)
				}
			})
		}
	}
}

// TestFirstVisitStands: that another appointment is cancelled ends nothing for the
// visit that stands.
func TestFirstVisitStands(t *testing.T) {
	s := newSim(t, chicago(t, "2026-06-01 10:00"), sampleClinic(t))
	s.happens(events.ClientUpdated, clientData(friendly()))
	began := s.now
	booked := func(id string, in time.Duration) events.Data {
		start := began.Add(in)
		return events.Data{Appointment: &events.Appointment{ID: id, Start: &start, Visit: events.VisitFirst, By: events.ByProvider}}
	}
	s.happens(events.AppointmentBooked, booked("v1", 5*24*time.Hour))
	s.happens(events.AppointmentBooked, booked("v2", 12*24*time.Hour))
	s.pass(time.Hour)
	s.happens(events.AppointmentCancelled, booked("v2", 12*24*time.Hour))
	s.until(began.Add(4 * 24 * time.Hour))
	if got := s.careSteps(); !slices.Contains(got, "orientation") {
		t.Errorf("messages asked for at %v", got)
	}
}
