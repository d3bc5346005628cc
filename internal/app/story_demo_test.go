package app

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/internal/testkit"
	"github.com/mooring-care/mooring/internal/web"
	"github.com/mooring-care/mooring/workflows/runner"
	"github.com/mooring-care/mooring/workflows/sample"
)

// A visitor who asks for help once the story is told, whichever client they
// are, finds a clock that waits for people: no rung passes before anybody could
// have read the mail. Days pass in seconds again when the question is closed.
func TestDemoWaitsForPeople(t *testing.T) {
	t.Parallel()
	cfg := storyConfig(t)
	cfg.TimeStart = ""
	d, err := NewDemo(t.Context(), DemoConfig(cfg, true), io.Discard, false)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Stop(context.Background())
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	a := d.App()
	sender, err := jetstream.DialSender(a.EventsURL(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer sender.Close()
	for _, who := range []string{"demo-ana", "a-visitor"} {
		known := events.Event{
			ID: "known-" + who, Source: "ehr", Clinic: sample.ID, Kind: events.ClientUpdated, Client: who, Time: a.Now(),
			Data: events.Data{Client: person(who, events.RiskNone)},
		}
		header, body, err := events.Encode(known)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := sender.Send(t.Context(), events.Subject(events.SubjectEvents, sample.ID, known.Kind), header, body); err != nil {
			t.Fatal(err)
		}
		key := d.key(who)
		testkit.Eventually(t, patience, "the client is known", func() bool {
			s, _, err := a.runner.State(t.Context(), runner.Ref{Clinic: sample.ID, Key: key})
			return err == nil && s.Profile.Clinician.Get() != ""
		})
		ref := runner.Ref{Clinic: sample.ID, Key: key}
		answer := web.Act{ID: "press-" + key, Clinic: sample.ID, Target: "press", Recipient: key}
		if _, err := (&acts{a}).Answer(t.Context(), answer, web.Answer{Feeling: web.NotSafe}); err != nil {
			t.Fatal(err)
		}
		testkit.Eventually(t, patience, "the clock waits for people", func() bool { return a.clock.Speed() <= demoSlow })
		state, _, err := a.runner.State(t.Context(), ref)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(state.Escalations); n != 1 {
			t.Fatalf("%d questions are open", n)
		}
		e := &state.Escalations[0]
		if e.Rung != 0 || e.Round != 0 {
			t.Errorf("it is already asked on rung %d, round %d", e.Rung, e.Round)
		}
		act := web.Act{Clinic: sample.ID, Target: target(key, e.ID), Recipient: e.Owner}
		act.ID = "take-" + e.ID
		if _, err := (&acts{a}).Acknowledge(t.Context(), act); err != nil {
			t.Fatal(err)
		}
		act.ID = "close-" + e.ID
		if _, err := (&acts{a}).Close(t.Context(), act, events.OutcomeReachedSafe, ""); err != nil {
			t.Fatal(err)
		}
		testkit.Eventually(t, patience, "days pass in seconds again", func() bool { return a.clock.Speed() == demoSpeed })
	}
	stopped, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if !d.Stop(stopped) {
		t.Error("it did not come to an end")
	}
}
