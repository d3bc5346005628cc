package app

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/internal/links"
	"github.com/mooring-care/mooring/internal/web"
	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/notifier/templates"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/escalation"
)

// TestJourneyWords: only what ends a journey reads as its end.
func TestJourneyWords(t *testing.T) {
	t.Parallel()
	ends := map[workflows.Reason]bool{
		workflows.StoppedByEvent: true, workflows.StartCorrected: true, workflows.Retracted: true, workflows.Finished: true,
		workflows.ReplacedByStrong: true, workflows.WorkflowRemoved: true, workflows.NoAppointment: true, workflows.AppointmentPast: true,
	}
	for _, r := range []workflows.Reason{
		workflows.Started, workflows.FutureAppointment, workflows.StrongerRuns, workflows.AlreadyRuns, workflows.NotActive, workflows.ReturnedSince,
		workflows.TooLate, workflows.AlreadyBegan, workflows.BeganRecently, workflows.StopHolds, workflows.AbsenceOver, workflows.JourneyMoved,
		workflows.JourneyStays, workflows.GoalMet, workflows.GoalMissed, workflows.StoppedByEvent, workflows.StartCorrected, workflows.Retracted,
		workflows.Finished, workflows.ReplacedByStrong, workflows.WorkflowRemoved, workflows.NoAppointment, workflows.AppointmentPast,
		workflows.AbsenceMoved, workflows.AbsenceDropped,
	} {
		if _, words := journeyWords(workflows.Note{Reason: r}, "Own"); strings.HasSuffix(words, "ends") != ends[r] {
			t.Errorf("%s reads %q", r, words)
		}
	}
}

// TestHeldMailWords: what waits reads as waiting, and what never leaves as no
// mail; a note to staff names who gets it.
func TestHeldMailWords(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		reason workflows.Reason
		who    string
		kind   web.EntryKind
		want   string
	}{
		{workflows.QuietHours, "", web.EntryHeld, "Mail to the client waits: a warm notice"},
		{workflows.OfficeClosed, "", web.EntryHeld, "Mail to the client waits: a warm notice"},
		{workflows.ClinicHoliday, "", web.EntryHeld, "Mail to the client waits: a warm notice"},
		{workflows.HoursNeverMeet, "", web.EntryHeld, "No mail to the client: a warm notice"},
		{workflows.Asked, "Jonas Reyes", web.EntryMail, "Mail to Jonas Reyes: a note that there is news"},
		{workflows.ToldAlready, "Jonas Reyes", web.EntryHeld, "No mail to Jonas Reyes: a note that there is news"},
	} {
		detail := "A"
		if tc.who != "" {
			detail = "note"
		}
		if kind, words := messageWords(workflows.Note{Reason: tc.reason, Detail: detail}, tc.who); kind != tc.kind || words != tc.want {
			t.Errorf("%s reads %q, of kind %v", tc.reason, words, kind)
		}
	}
	r := &reader{clinics: &clinics{}}
	got := r.tell("annex", workflows.Note{What: workflows.WhatStep, Reason: workflows.Covered, Workflow: "own", Step: "news"})
	if got.what != "“own” writes to staff" || got.why != "somebody is away, so whoever stands in for them is asked" {
		t.Errorf("a cover reads %+v", got)
	}
}

// TestNoteLeadsToTheClient: a note to staff has the link to a page that shows the
// client to its reader alone, the code that it asks for, and nothing of a task or
// question.
func TestNoteLeadsToTheClient(t *testing.T) {
	t.Parallel()
	r := &renderer{keys: links.Generate(), publicURL: "https://mail.example.org", clock: &Clock{}}
	c := &workflows.Clinic{Staff: escalation.Staff{People: []escalation.Person{{ID: "jonas", Name: "Jonas Reyes", Email: "jonas@example.org"}}}}
	var v templates.Values
	var mail notifier.Mail
	m := notifier.Message{Clinic: "annex", Key: "kclient2345", ID: "mnote2345", Lane: notifier.Safety, Template: "note", Person: "jonas", Asked: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	if err := r.staff(m, &workflows.State{}, c, "en", &v, &mail); err != nil {
		t.Fatal(err)
	}
	token, ok := strings.CutPrefix(v.ClientURL, "https://mail.example.org/n/")
	claims, err := r.keys.Verify(token, links.Note, m.Asked)
	if !ok || err != nil {
		t.Fatalf("the note leads to %q: %v", v.ClientURL, err)
	}
	if claims.Clinic != "annex" || claims.Target != "kclient2345-mnote2345" || claims.Recipient != "jonas" {
		t.Errorf("the link says %+v", claims)
	}
	if want := (templates.Values{StaffName: "Jonas Reyes", ClientURL: v.ClientURL, Code: r.keys.Code(claims)}); !reflect.DeepEqual(v, want) {
		t.Errorf("the note is filled in with %+v", v)
	}
	if mail.To.Email != "jonas@example.org" {
		t.Errorf("the note goes to %q", mail.To.Email)
	}
}
