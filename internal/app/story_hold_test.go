package app

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/internal/testkit"
	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/workflows"
)

// holds changes the pauses of the story's clinic as a command does, and waits until
// the program has heard of it.
func (p *program) holds(on bool, change func(*jetstream.Holds)) {
	p.t.Helper()
	_, err := p.store.ChangeHolds(p.t.Context(), p.clinic(), func(h *jetstream.Holds) bool {
		change(h)
		return true
	})
	if err != nil {
		p.t.Fatal(err)
	}
	c := p.clinics.byID[p.clinic()]
	testkit.Eventually(p.t, patience, "the program hears of the pause", func() bool {
		paused := c.Current().Paused
		return on == (paused.Clinic || len(paused.Workflows) > 0)
	})
}

// TestStoryHold: a pause while the program runs stops care mail at once, also what
// waits for its provider; the question to a human goes on; it outlives a restart;
// and its end makes up for nothing.
func TestStoryHold(t *testing.T) {
	t.Parallel()
	cfg := storyConfig(t)
	tried, held := make(chan struct{}), make(chan struct{})
	var first sync.Once
	p := run(t, cfg, WithProvider(scriptedMail(t, cfg, func(_ context.Context, m notifier.Mail) (err error) {
		if m.Lane == notifier.Care {
			first.Do(func() {
				close(tried)
				<-held
				err = &notifier.SendError{Class: notifier.RetryAfter, After: time.Millisecond, Detail: "busy"}
			})
		}
		return err
	})))
	cancels := func(who string) {
		p.say(events.AppointmentCancelled, who, events.Data{Client: person(who, events.RiskNone), Appointment: cancelled(p.appointment(who+"-1", 30*time.Hour))})
	}
	cancels("ana")
	p.set(p.Now().Add(4*time.Hour + time.Minute))
	if err := p.store.Set(t.Context(), p.ref("ana"), p.Now()); err != nil {
		t.Fatal(err)
	}
	<-tried // her first mail waits for its provider
	p.holds(true, func(h *jetstream.Holds) { h.Clinic = &jetstream.Hold{By: "ruth", Why: "a fire", At: p.Now()} })
	close(held) // the provider is well again
	p.settle()
	p.quiet()
	if !p.noted("ana", workflows.WhatMessage, workflows.WasWithdrawn, "") {
		t.Errorf("the mail that waited was not held back:\n%+v", p.story("ana").moments)
	}
	p.restart()
	cancels("ben")
	p.pass(5 * time.Hour)
	p.settle()
	if !p.noted("ben", workflows.WhatMessage, workflows.ClinicPaused, "A") {
		t.Error("nothing says that the clinic's pause kept the mail")
	}
	p.holds(false, func(h *jetstream.Holds) { h.Clinic = nil })
	p.settle()
	p.quiet()
	p.pass(3 * 24 * time.Hour)
	p.settle()
	p.expect("ana@example.org", "B")
	p.expect("ben@example.org", "B")
	p.quiet()
	p.holds(true, func(h *jetstream.Holds) { h.Clinic = &jetstream.Hold{By: "ruth", Why: "a fire", At: p.Now()} })
	p.noshow("dee", events.RiskHigh)
	p.expect(amara, "escalation")
	p.quiet()
}

// TestHoldsOfAWorkflow: one workflow's mail rests, and what clinic.yaml pauses stays
// paused beside it.
func TestHoldsOfAWorkflow(t *testing.T) {
	t.Parallel()
	c := &clinic{current: &version{Clinic: &workflows.Clinic{ID: "quay", Paused: workflows.MailPause{Workflows: []string{"disengaged"}}}}}
	if got := c.Current().Paused; got.Clinic || len(got.Workflows) != 1 {
		t.Errorf("before anybody asked: %+v", got)
	}
	c.hold(jetstream.Holds{Workflows: map[string]jetstream.Hold{"first-no-show": {By: "ruth"}}})
	if got := c.Current().Paused; got.Clinic || len(got.Workflows) != 2 || got.Workflows[1] != "first-no-show" {
		t.Errorf("with a workflow paused: %+v", got)
	}
	c.hold(jetstream.Holds{Clinic: &jetstream.Hold{By: "ruth"}})
	if got := c.Current().Paused; !got.Clinic || len(got.Workflows) != 1 {
		t.Errorf("with the clinic paused: %+v", got)
	}
	c.hold(jetstream.Holds{})
	if got := c.Current().Paused; got.Clinic || len(got.Workflows) != 1 {
		t.Errorf("after all was lifted: %+v", got)
	}
	if got := c.current.Paused; len(got.Workflows) != 1 {
		t.Errorf("the folder's own pause became %+v", got)
	}
}
