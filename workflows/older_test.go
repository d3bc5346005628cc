package workflows

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
)

// TestNeverSilentAfterUpgrade: a question that an older program opened goes on under
// this one as it was asked: its policy, its owner and its time. The record is what a
// program of November 2026 stored.
func TestNeverSilentAfterUpgrade(t *testing.T) {
	body, err := os.ReadFile("testdata/older/open-question.json")
	if err != nil {
		t.Fatal(err)
	}
	then := *sampleClinic(t)
	then.Version = "vfbfde829fea92655" // as the record names it
	s := newSim(t, chicago(t, "2026-03-02 10:00"), &then, sampleClinic(t))
	s.n = 100 // ids that are not in it
	if err := json.Unmarshal(body, &s.state); err != nil {
		t.Fatal(err)
	}
	s.timer = s.state.Next()
	e := s.openEscalation()
	if e == nil || e.Owner != "amara" || e.Policy.KeepHours {
		t.Fatalf("the record holds %+v", e)
	}
	s.pass(31 * time.Minute)
	if e := s.openEscalation(); e.Owner != "jonas" || e.Rung != 1 || e.Next.IsZero() {
		t.Errorf("after its time the question is with %s on rung %d until %v", e.Owner, e.Rung, e.Next)
	}
	s.happens(events.EscalationDeclined, events.Data{Escalation: &events.EscalationAct{ID: e.ID, By: "jonas"}})
	if e := s.openEscalation(); e.Owner != "ruth" {
		t.Errorf("passed on to %s", e.Owner)
	}
	s.happens(events.EscalationAcknowledged, events.Data{Escalation: &events.EscalationAct{ID: e.ID, By: "amara"}})
	s.happens(events.EscalationClosed, events.Data{Escalation: &events.EscalationAct{ID: e.ID, By: "amara", Outcome: events.OutcomeReachedSafe}})
	if s.openEscalation() != nil || len(s.state.Appointments) != 2 || len(s.state.Tasks) != 1 {
		t.Errorf("in the end: %d appointments, %d tasks", len(s.state.Appointments), len(s.state.Tasks))
	}
}
