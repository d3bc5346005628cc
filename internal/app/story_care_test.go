package app

import (
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/links"
	"github.com/mooring-care/mooring/workflows"
)

// What a clinician notices tailors what follows, and a pause holds it back, on
// the running program.
func TestStoryStaffSay(t *testing.T) {
	t.Parallel()
	p := run(t, storyConfig(t))
	x := &acts{p.App}
	p.noshow("ana", events.RiskNone)
	p.settle()
	ref := p.ref("ana")
	press := links.NewID()
	note := events.Note{By: "amara", Noticed: []string{"quieter"}, Reason: "overwhelm", Approach: "slower"}
	for range 2 { // pressed twice
		if err := x.Note(t.Context(), ref.Clinic, ref.Key, press, note); err != nil {
			t.Fatal(err)
		}
	}
	s := p.state("ana")
	if got := s.Profile; got.Reason.Get() != "overwhelm" || got.Approach.Get() != "slower" || len(got.Noticed.Get()) != 1 {
		t.Errorf("the record says %q, %q, %v", got.Reason.Get(), got.Approach.Get(), got.Noticed.Get())
	}
	p.pass(4 * time.Hour)
	p.expect("ana@example.org", "A")
	if err := x.Pause(t.Context(), ref.Clinic, ref.Key, links.NewID(), "amara", p.clock.Now().Add(7*24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	p.pass(3 * 24 * time.Hour)
	if !p.noted("ana", workflows.WhatMessage, workflows.Paused, "B") {
		t.Error("the timeline does not say that the pause held B back")
	}
	if err := x.Resume(t.Context(), ref.Clinic, ref.Key, links.NewID(), "amara", false); err != nil {
		t.Fatal(err)
	}
	if pz := p.state("ana").Profile.Paused.Get(); pz.On {
		t.Error("the pause is not lifted")
	}
	if err := x.Note(t.Context(), ref.Clinic, "znobody", links.NewID(), note); !unknown(err) {
		t.Errorf("a client nobody heard of: %v", err)
	}
}
