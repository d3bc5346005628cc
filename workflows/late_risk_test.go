package workflows

import (
	"slices"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/sample"
)

// one is a directory of one version.
type one struct{ c *Clinic }

func (o one) Current() *Clinic  { return o.c }
func (o one) At(string) *Clinic { return o.c }

// TestOrderFreeSafety: a visit missed and a risk raised before it raise one
// question, in whichever order the news comes.
func TestOrderFreeSafety(t *testing.T) {
	t.Parallel()
	c, err := ReadClinic(sample.FS, sample.ID)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 4, 17, 0, 0, 0, time.UTC)
	none, high, clinician := events.RiskNone, events.RiskHigh, "amara"
	start := now.Add(-3 * time.Hour)
	calm := events.Event{ID: "1", Kind: events.ClientUpdated, Time: now.Add(-5 * time.Hour), Data: events.Data{Client: &events.Client{Risk: &none, Clinician: &clinician}}}
	raised := events.Event{ID: "2", Kind: events.ClientUpdated, Time: now.Add(-2 * time.Hour), Data: events.Data{Client: &events.Client{Risk: &high}}}
	missed := events.Event{ID: "3", Kind: events.AppointmentNoShow, Time: now.Add(-time.Hour), Data: events.Data{Appointment: &events.Appointment{ID: "a", Start: &start}}}
	for name, order := range map[string][]events.Event{"in order": {calm, raised, missed}, "risk last": {calm, missed, raised}} {
		var s State
		for _, ev := range order {
			ev.Source, ev.Clinic, ev.Client, ev.Key = "ehr", sample.ID, "p", "abcdefghijklmnopqrstuvwxyz"
			s = Decide(s, one{c}, ev, now).State
		}
		if len(s.Escalations) != 1 || !slices.Equal(s.Escalations[0].Questions, []string{"high-risk-no-show"}) {
			t.Errorf("%s: escalations %+v, want the one question about the missed visit", name, s.Escalations)
		}
		if len(s.Journeys) != 1 || s.Journeys[0].Workflow != "high-risk-no-show" {
			t.Errorf("%s: journeys %+v, want the one that asks a human first", name, s.Journeys)
		}
	}
}

// TestFailToHumanReadsWords: what somebody wrote with a cause reaches whoever
// answers, and a merged record reaches a human.
func TestFailToHumanReadsWords(t *testing.T) {
	t.Parallel()
	c, err := ReadClinic(sample.FS, sample.ID)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 4, 17, 0, 0, 0, time.UTC)
	yes, no := true, false
	var s State
	for i, data := range []struct {
		kind events.Kind
		data events.Data
	}{
		{events.SafetyConcern, events.Data{Concern: &events.Concern{Level: events.ConcernImmediate, From: "portal", Note: "first"}}},
		{events.CheckinAnswered, events.Data{Answer: &events.Answer{Safe: &no, Text: "second"}}},
		{events.CheckinAnswered, events.Data{Answer: &events.Answer{Safe: &yes, Text: "third"}}},
		{events.ClientMerged, events.Data{Merge: &events.Merge{Into: "q"}}},
	} {
		s = Decide(s, one{c}, events.Event{
			ID: string(rune('a' + i)), Source: "x", Clinic: sample.ID, Key: "abcdefghijklmnopqrstuvwxyz", Kind: data.kind, Time: now, Data: data.data,
		}, now).State
	}
	if len(s.Escalations) != 1 || !slices.Equal(s.Escalations[0].Said, []string{"portal: first", "second"}) {
		t.Errorf("escalations %+v, want one with both texts", s.Escalations)
	}
	var what, text []string
	for _, task := range s.Tasks {
		what, text = append(what, task.What), append(text, task.Text)
	}
	if !slices.Equal(what, []string{"read-answer", "records-merged"}) || text[0] != "third" {
		t.Errorf("tasks %v with %v, want the answer to read and the records to look at", what, text)
	}
}

// TestFailToHumanLate: a condition that fails when the risk comes after the
// missed visit is a human's task, as it is when the visit comes last.
func TestFailToHumanLate(t *testing.T) {
	t.Parallel()
	c, err := ReadClinic(sample.FS, sample.ID)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 4, 17, 0, 0, 0, time.UTC)
	none, high := events.RiskNone, events.RiskHigh
	say := func(s State, id string, kind events.Kind, data events.Data) State {
		return Decide(s, one{c}, events.Event{
			ID: id, Source: "ehr", Clinic: sample.ID, Key: "abcdefghijklmnopqrstuvwxyz", Kind: kind, Time: now, Data: data,
		}, now).State
	}
	s := say(State{}, "1", events.ClientUpdated, events.Data{Client: &events.Client{Risk: &none}})
	s = say(s, "2", events.AppointmentNoShow, events.Data{Appointment: &events.Appointment{ID: "a"}})
	w, ok := c.Workflow("high-risk-no-show")
	if !ok || len(s.Tasks) != 0 {
		t.Fatalf("the stage is not set: %t, %+v", ok, s.Tasks)
	}
	w.Start.When = &Condition{Text: "boom", eval: func(*Facts) (bool, error) { return true, errNotCompiled }}
	s = say(s, "3", events.ClientUpdated, events.Data{Client: &events.Client{Risk: &high}})
	if !slices.ContainsFunc(s.Tasks, func(t Task) bool { return t.What == "condition-failed" }) || len(s.Escalations) != 0 {
		t.Errorf("tasks %+v and escalations %+v, want a human to look and nobody to guess", s.Tasks, s.Escalations)
	}
}
