package app

import (
	"strings"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/web"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/escalation"
)

// This file puts decisions into words. The terminal, the staff page and
// `mooring client show` all tell the same story, so there is one teller.

// told is one note in words.
type told struct {
	kind web.EntryKind
	what string
	why  string
}

// eventWords says what happened.
func eventWords(k events.Kind) string {
	switch k {
	case events.TimerDue:
		return "A time came that was waited for"
	case events.AppointmentBooked:
		return "An appointment was booked"
	case events.AppointmentRescheduled:
		return "An appointment was moved"
	case events.AppointmentCancelled:
		return "An appointment was cancelled"
	case events.AppointmentNoShow:
		return "The client did not come"
	case events.AppointmentAttended:
		return "The client came"
	case events.AppointmentRetracted:
		return "An appointment was taken back"
	case events.ClientUpdated:
		return "The client's record changed"
	case events.SafetyConcern:
		return "A safety concern was raised"
	case events.MessageReplied:
		return "The client wrote back"
	case events.CheckinAnswered:
		return "The client answered a check-in"
	}
	if s, ok := events.Lookup(k); ok {
		return strings.ToUpper(s.Meaning[:1]) + s.Meaning[1:]
	}
	return string(k)
}

// templateWords names a mail.
func templateWords(t string) string {
	switch t {
	case "A":
		return "a warm notice"
	case "B":
		return "a note that stepping back is common"
	case "C":
		return "practical help"
	case "D":
		return "an invitation to look at it together"
	case "E":
		return "a caring note that asks nothing"
	case "F":
		return "what to expect at a first visit"
	case "escalation":
		return "the question, with a link to answer it"
	case "escalation-inform":
		return "word of the question"
	case "task":
		return "a task"
	case "task-reminder":
		return "a reminder of a task"
	}
	return t
}

// questionWords puts a question's or task's code into words.
func questionWords(code string) string {
	switch code {
	case "not-safe":
		return "The client says they are not safe"
	case "high-risk-no-show":
		return "A client at risk did not come"
	case "concern-immediate":
		return "Somebody raised an urgent safety concern"
	case "concern-same-day":
		return "Somebody raised a safety concern"
	case "call-client":
		return "Call the client"
	case "read-reply":
		return "Read the client's reply"
	case "read-answer":
		return "Read the client's answer"
	case "address-failed":
		return "Mail to the client came back: find another way"
	case "mail-refused":
		return "A mail to the client was refused: find another way"
	case "mail-unknown":
		return "See whether a mail reached the client"
	case "status-changed":
		return "Care mail stopped: decide what comes next"
	case "records-merged":
		return "Two records turned out to be one client: look at both"
	case "no-show-at-risk":
		return "A client with a flag did not come"
	}
	s := strings.ReplaceAll(code, "-", " ")
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// tell puts a note into words.
func (r *reader) tell(clinicID string, n workflows.Note) told {
	t := told{why: clause(n.Reason.Words())}
	title := n.Workflow
	if c, ok := r.clinics.byID[clinicID]; ok {
		if w, ok := c.current.Workflow(n.Workflow); ok && w.Title != "" {
			title = w.Title
		}
	}
	who := ""
	if n.Person != "" {
		who = r.personName(clinicID, n.Person)
	}
	switch n.What {
	case workflows.WhatJourney:
		t.kind, t.what = journeyWords(n, title)
	case workflows.WhatStep:
		t.kind, t.what = web.EntryEvent, "Step "+n.Step+" of “"+title+"”"
		switch n.Reason {
		case workflows.WaitsUntil:
			t.what, t.why = "“"+title+"” waits", "its next step has a time"
		case workflows.WaitsForEvent:
			t.what, t.why = "“"+title+"” waits", "a human answers first"
		}
	case workflows.WhatMessage:
		t.kind, t.what = messageWords(n, who)
	case workflows.WhatTask:
		t.kind, t.what = web.EntryHuman, "Task for "+orSomebody(who)+": "+questionWords(n.Detail)
	case workflows.WhatEscalation:
		t.kind, t.what = web.EntrySafety, escalationWords(n, who)
	default:
		t.kind, t.what = web.EntryEvent, "About the client"
	}
	return t
}

// clause is a sentence as the second half of another: no capital, no full stop.
func clause(s string) string {
	s = strings.TrimSuffix(s, ".")
	if len(s) > 1 && s[1] >= 'a' && s[1] <= 'z' || len(s) > 1 && s[1] == ' ' && s[0] == 'A' {
		s = strings.ToLower(s[:1]) + s[1:]
	}
	return s
}

func orSomebody(who string) string {
	if who == "" {
		return "staff"
	}
	return who
}

func journeyWords(n workflows.Note, title string) (web.EntryKind, string) {
	switch n.Reason {
	case workflows.Started:
		return web.EntryEvent, "“" + title + "” starts"
	case workflows.FutureAppointment, workflows.StrongerRuns, workflows.AlreadyRuns,
		workflows.NotActive, workflows.ReturnedSince, workflows.TooLate:
		return web.EntryHeld, "“" + title + "” does not start"
	}
	return web.EntryEvent, "“" + title + "” ends"
}

func messageWords(n workflows.Note, who string) (web.EntryKind, string) {
	to := "to the client"
	if who != "" {
		to = "to " + who
	}
	switch n.Reason {
	case workflows.Asked:
		return web.EntryMail, "Mail " + to + ": " + templateWords(n.Detail)
	case workflows.ProviderAccepted, workflows.Delivered:
		return web.EntryMail, "Mail " + to
	case workflows.QuietHours:
		return web.EntryHeld, "Mail " + to + " waits: " + templateWords(n.Detail)
	case workflows.ProviderRefused, workflows.Bounced, workflows.Dropped, workflows.Complained, workflows.FateUnknown, workflows.WasWithdrawn:
		return web.EntryHeld, "Mail " + to
	}
	return web.EntryHeld, "No mail " + to + ": " + templateWords(n.Detail)
}

func escalationWords(n workflows.Note, who string) string {
	switch escalation.Reason(n.Reason) {
	case escalation.Acknowledged:
		return who + " takes the question"
	case escalation.AlreadyAcknowledged:
		return "Taken already by " + who
	case escalation.Closed:
		for _, o := range events.Outcomes() {
			if string(o.Code) == n.Detail {
				return who + " closes the question: “" + o.Words + "”"
			}
		}
		return who + " closes the question"
	case escalation.AlreadyClosed:
		return "Closed already by " + who
	case escalation.NobodyReachable:
		return "A rung with nobody to ask is passed"
	case escalation.AttemptRecorded:
		return who + " tried to reach the client"
	}
	if n.Reason == workflows.SafetyQuestion {
		return "A human must answer: " + questionWords(n.Detail)
	}
	return "The question is with " + orSomebody(who)
}

// when writes a moment for a reader.
func when(t time.Time, zone *time.Location) string {
	if zone == nil {
		zone = time.UTC
	}
	return t.In(zone).Format("Mon 2 Jan 15:04")
}
