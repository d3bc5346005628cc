package scenario

import (
	"maps"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/sample"
)

// TestAskedOnce: a comparison asks everybody on a ladder once, and reminds of a task
// once; that both would go on is left out.
func TestAskedOnce(t *testing.T) {
	c, err := workflows.ReadClinic(sample.FS, sample.ID)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 2, 16, 0, 0, 0, time.UTC)
	start, risk, who := at.Add(-time.Hour), events.RiskHigh, reachable()
	who.Risk = &risk
	history := []events.Event{
		{ID: "1", Source: source, Clinic: c.ID, Client: clientEHR, Key: clientKey, Kind: events.AppointmentNoShow, Time: at, Data: events.Data{
			Client: who, Appointment: &events.Appointment{ID: "a1", Start: &start},
		}},
		{ID: "2", Source: source, Clinic: c.ID, Client: clientEHR, Key: clientKey, Kind: events.MessageReplied, Time: at.Add(time.Hour)},
	}
	l, err := newTallier(c).live(history, at.Add(40*24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	asked := map[workflows.Reason]int{}
	for _, e := range l.told {
		if e.note.What == workflows.WhatEscalation || e.note.What == workflows.WhatTask {
			asked[e.note.Reason]++
		}
	}
	// The clinician, the cover and the supervisor are asked, and the supervisor a second
	// time, from where on it would repeat.
	want := map[workflows.Reason]int{workflows.SafetyQuestion: 1, "opened": 1, "no-answer": 2, "repeats": 1, "reply-to-read": 1, workflows.TaskOverdue: 1}
	if !maps.Equal(asked, want) {
		t.Errorf("staff are asked %v, want %v", asked, want)
	}
}
