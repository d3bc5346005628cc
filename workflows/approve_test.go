package workflows

import (
	"bytes"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/library"
)

const draftWorkflow = "workflow: own\ntitle: Our own\nwhy: It stands in a test.\nstart: {on: [client.signal]}\nsteps:\n  - send: A\n"

// folderWith is a small clinic's folder with one workflow of its own.
func folderWith(src string) fstest.MapFS {
	return fstest.MapFS{
		"clinic.yaml":        {Data: []byte(smallClinic)},
		"workflows/own.yaml": {Data: []byte(src)},
	}
}

// TestDraftsStartNothing: what nobody has approved is read, and does nothing,
// also where it starts on an absence.
func TestDraftsStartNothing(t *testing.T) {
	absent := strings.Replace(draftWorkflow, "{on: [client.signal]}", "{on: [client.signal], absence: {of: appointment.attended, for: 1d}}", 1)
	approved, _, err := Approve("own", []byte(absent), "Ruth", historyStart)
	if err != nil {
		t.Fatal(err)
	}
	for src, want := range map[string]int{absent: 0, string(approved): 2} {
		c, err := ReadClinic(folderWith(src), "small")
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Workflows)+len(c.Drafts) != 1 || (len(c.Drafts) == 1) != (want == 0) {
			t.Fatalf("%d at work, %d drafts", len(c.Workflows), len(c.Drafts))
		}
		s := newSim(t, historyStart, c)
		s.happens(events.ClientUpdated, clientData(friendly()))
		s.happens(events.AppointmentAttended, appointment("a1"))
		s.happens(events.ClientSignal, signal("diary"))
		s.pass(5 * 24 * time.Hour)
		if got := s.everNoted(WhatJourney, Started); got != want {
			t.Errorf("%d journeys began, want %d", got, want)
		}
	}
}

// TestApprovalIsOfOneVersion: any change of what was approved is noticed;
// line ends and empty lines at the end are none.
func TestApprovalIsOfOneVersion(t *testing.T) {
	approved, _, err := Approve("own", []byte(draftWorkflow), "Ruth", historyStart)
	if err != nil {
		t.Fatal(err)
	}
	for name, same := range map[string][]byte{
		"as written": approved, "lines of another system": bytes.ReplaceAll(approved, []byte("\n"), []byte("\r\n")),
		"more empty lines": bytes.Replace(approved, []byte("approved:"), []byte("\n\napproved:"), 1),
	} {
		if c, err := ReadClinic(folderWith(string(same)), "small"); err != nil || len(c.Workflows) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
	at := bytes.Index(approved, []byte("\napproved:"))
	rapid.Check(t, func(rt *rapid.T) {
		changed := bytes.Clone(approved)
		i := rapid.IntRange(0, at-1).Draw(rt, "at")
		changed[i] = rapid.SampledFrom([]byte("aeiou 0123# ")).Draw(rt, "to")
		if bytes.Equal(changed, approved) || len(bytes.TrimRight(changed[:at], "\n")) < len(bytes.TrimRight(approved[:at], "\n")) {
			return
		}
		if c, err := ReadClinic(folderWith(string(changed)), "small"); err == nil && len(c.Workflows) > 0 {
			rt.Fatalf("a changed file is at work:\n%s", changed)
		}
	})
}

// TestRemovedWorkflowEnds its journeys with the clinic's word, and what they
// asked for; escalations stay.
func TestRemovedWorkflowEnds(t *testing.T) {
	c := oneWorkflow(t, "{on: [client.signal]}", "steps:\n  - send: E\n  - escalate: {policy: safety, question: ask}\n  - wait: 2d\n  - send: E\n")
	after := *c
	after.Version, after.Workflows, after.Removed = "v-after", nil, map[string]string{"own": "merged into another"}
	s := newSim(t, chicago(t, "2026-06-01 10:00"), c)
	s.happens(events.ClientUpdated, clientData(friendly()))
	s.happens(events.ClientSignal, signal("diary"))
	first := s.mails(LaneCare)[0].ID
	s.dir = append(s.dir, &after)
	if look := s.state.Look(s.dir.Current(), first, s.now); look.Wanted || look.Reason != WorkflowRemoved {
		t.Errorf("what it asked for still leaves: %+v", look)
	}
	s.pass(3 * 24 * time.Hour)
	if s.everNoted(WhatJourney, WorkflowRemoved) != 1 || len(s.state.Journeys) != 0 || len(s.mails(LaneCare)) != 1 {
		t.Errorf("%d journeys, %d mails", len(s.state.Journeys), len(s.mails(LaneCare)))
	}
	if s.openEscalation() == nil {
		t.Error("its question was closed, which only a person may")
	}
}

// TestLineEndsDoNotCount: an editor that writes other line ends changes neither the
// version nor where an error is said to be.
func TestLineEndsDoNotCount(t *testing.T) {
	crlf := func(src []byte) []byte { return bytes.ReplaceAll(src, []byte("\n"), []byte("\r\n")) }
	for name, src := range library.Files() {
		a, err := ReadWorkflow(name, src)
		if err != nil {
			t.Fatal(err)
		}
		b, err := ReadWorkflow(name, crlf(src))
		if err != nil || a.Version != b.Version {
			t.Errorf("%s: %v, another version", name, err)
		}
	}
	bad := []byte("workflow: x\ntitle: t\nwhy: |\n  w\n  v\nstart: {on: [appointment.noshow]}\nsteps:\n  - sned: A\n")
	_, one := ReadWorkflow("x", bad)
	_, two := ReadWorkflow("x", crlf(bad))
	if one == nil || two == nil || one.Error() != two.Error() || !strings.Contains(two.Error(), "x.yaml:8:5") {
		t.Errorf("one says %v, the other %v", one, two)
	}
}
