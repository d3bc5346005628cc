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

// eventWords says what happened, as somebody at the front desk would. Every kind
// of event has its words (TestWhyEveryEventHasWords).
func eventWords(k events.Kind) string {
	switch k {
	case events.TimerDue:
		return "It was time for the next step"
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
		return "An appointment was entered by mistake"
	case events.ClientUpdated:
		return "The client's record changed"
	case events.ClientSignal:
		return "Another system saw the client step back"
	case events.ClientMerged:
		return "Two records turned out to be one client"
	case events.SafetyRaised:
		return "A colleague asked whether the client is safe"
	case events.SafetyConcern:
		return "Somebody raised a safety concern"
	case events.MessageReplied:
		return "The client wrote back"
	case events.CheckinAnswered:
		return "The client answered a check-in"
	case events.EscalationAcknowledged:
		return "Somebody took the question"
	case events.EscalationDeclined:
		return "Somebody passed the question on"
	case events.EscalationAttempted:
		return "Somebody tried to reach the client"
	case events.EscalationClosed:
		return "Somebody closed the question"
	case events.EscalationReopened:
		return "Somebody opened the question again"
	case events.TaskDone:
		return "Somebody finished a task"
	case events.ClientNoted:
		return "A clinician noticed something"
	case events.ClientPaused:
		return "Mail to the client was paused"
	case events.ClientResumed:
		return "Mail to the client may go out again"
	case events.ClientOptedOut:
		return "The client asked for no more mail"
	case events.ClientChose:
		return "The client chose something about their mail"
	case events.JourneyMoved:
		return "Staff moved a workflow's journey to another version"
	case events.ClientErased:
		return "The client's data was erased"
	case events.MessageAccepted:
		return "A mail left"
	case events.MessageDelivered:
		return "A mail arrived"
	case events.MessageBounced:
		return "A mail came back"
	case events.MessageDropped:
		return "The mail provider did not pass a mail on"
	case events.MessageComplained:
		return "Somebody marked a mail as unwanted"
	case events.MessageDeferred:
		return "A mail to staff has to wait"
	case events.MessageUnknown:
		return "Nobody can tell whether a mail left"
	case events.MessageWithdrawn:
		return "A mail was held back before it left"
	case events.MessageRefused:
		return "The mail provider refused a mail"
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
	case "address":
		return "a link to confirm a new address"
	case "address-changed":
		return "a note to the old address that there is a new one"
	case "escalation":
		return "the question, with a link to answer it"
	case "escalation-hold":
		return "a reminder that the question they took is open"
	case "escalation-taken":
		return "a note that somebody has taken the question"
	case "escalation-wide":
		return "word that nobody answers the question"
	case "escalation-closed":
		return "a note that somebody has closed the question they took"
	case "escalation-inform":
		return "a note that a question is open"
	case "task":
		return "a task"
	case "task-reminder":
		return "a reminder of a task"
	case "alarm":
		return "an alarm: something does not go on"
	case "feed":
		return "a note that no events come"
	case "digest":
		return "the open tasks of a day"
	case "note":
		return "a note that there is news"
	}
	return t
}

// question is one code of what a person is asked, with its words.
type question struct{ code, words string }

// questions are the codes that the engine and the built-in workflows ask with,
// and a few more that a clinic's own workflows may use. Those of tasks have words
// in every language's parts.md too, which is what a mail says; there they name
// nothing that a mail may not. TestEveryQuestionHasWords holds the two and the
// engine together.
func questions() []question {
	return []question{
		{"not-safe", "The client says they are not safe"},
		{"high-risk-no-show", "A client at risk did not come"},
		{"concern-immediate", "Somebody raised an urgent safety concern"},
		{"concern-same-day", "Somebody raised a safety concern"},
		{"words-of-danger", "A client’s own words may speak of dying or of harm, beside the answer “I am safe”"},
		{"raised-immediate", "A colleague asks whether the client is safe, and for a call now"},
		{"raised-same-day", "A colleague asks whether the client is safe, and for a call today"},
		{"call-client", "Call the client"},
		{"offer-visit", "Offer the client a visit"},
		{"read-reply", "Read the client's reply"},
		{"read-answer", "Read the client's answer"},
		{"ask-next", "Decide whether care mail goes on"},
		{"decide-closure", "Decide what comes next for the client"},
		{"review", "Look at the client's record"},
		{"address-failed", "Mail to the client came back: find another way"},
		{"mail-refused", "A mail to the client was refused: find another way"},
		{"mail-held", "A mail to the client held something that must not leave: look at its words, and reach the client another way"},
		{"mail-unknown", "See whether a mail reached the client"},
		{"note-failed", "A note to a colleague did not arrive: see that they hear of it"},
		{"address-untold", "The client's mail goes to another address now, and the old one could not be told: ring the client before you record it"},
		{"visit-untold", "A safety flag kept back the mail before a visit: tell the client yourself what it is like, if that fits"},
		{"release-mail", "The client has a safety flag: decide whether the mail before their visit leaves"},
		{"not-seen", "The client has not been seen since leaving hospital: decide what comes next"},
		{"late-message", "A message to the client came too late: decide what to say now"},
		{"status-changed", "Care mail stopped: decide what comes next"},
		{"address-owner", "The client is a minor: record whose address it is"},
		{"proxy-consent", "The address is a proxy's: record who gave the consent"},
		{"address-moved", "The client confirmed a new address: record it in the chart"},
		{"status-contradiction", "The client was said to have died, and now to be in care: finish this once you know that they live"},
		{"visit-undone", "A visit that had ended our mails was entered by mistake: decide what comes next"},
		{"change-who-is-asked", "A colleague should not be asked about this client: record who is not, and who is"},
		{"implausible-visit", "News of a visit cannot be right: look at the client's appointments"},
		{"records-merged", "Two records turned out to be one client: look at both"},
		{"erase-record", "The client's record was erased elsewhere: see that it is erased here"},
		{"no-show-at-risk", "A client with a flag did not come"},
		{"safety-question", "A question about the client's safety was not asked by itself: look at it"},
		{"old-concern", "A safety concern from some time ago came in: look at it"},
		{"condition-failed", "A workflow could not decide: look at what it asks"},
		{"version-missing", "A workflow could not go on: look at where it stood"},
		{"cannot-decide", "Something came in that the program could not decide on: look at it"},
		{"state-too-large", "The client's record has grown too large: look at it"},
	}
}

// questionWords puts a question's or task's code into words. A clinic's own code
// reads as it is written, without its dashes.
func questionWords(code string) string {
	for _, q := range questions() {
		if q.code == code {
			return q.words
		}
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
		if n.Reason == workflows.StoppedByEvent && n.Detail != "" {
			t.why += ": " + strings.ReplaceAll(n.Detail, "-", " ")
		}
	case workflows.WhatStep:
		t.kind, t.what = web.EntryEvent, "Step "+n.Step+" of “"+title+"”"
		switch n.Reason {
		case workflows.WaitsUntil:
			t.what, t.why = "“"+title+"” waits", "its next step is planned"
		case workflows.WaitsForEvent:
			t.what, t.why = "“"+title+"” waits", "a person answers first"
		case workflows.Covered:
			t.kind, t.what = web.EntryHuman, "“"+title+"” writes to "+orSomebody(who)
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

// highRiskNoShow is the question of a visit that a client at risk missed. Three tries
// to reach them belong on record.
const (
	highRiskNoShow = "high-risk-no-show"
	triesOnRecord  = 3
)

// askWords says what came of asking or telling somebody. A mail that was not
// delivered and a person who did not answer are never called the same.
func askWords(a escalation.Ask) string {
	switch {
	case a.Status == escalation.Failed:
		return "the mail was not delivered"
	case a.Status == escalation.Withdrawn:
		return "not asked after all: the mail had not left"
	case a.Status == escalation.Passed:
		if words := choiceWords(events.Declines(), a.Why); words != "" {
			return "passed it on: “" + words + "”"
		}
		return "passed it on"
	case a.Status == escalation.Asked:
		return "the mail has not left yet"
	case a.Inform:
		return "told"
	case a.Status == escalation.Silent:
		return "asked, and has not answered in time"
	}
	return "asked"
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
		workflows.NotActive, workflows.ReturnedSince, workflows.TooLate, workflows.OldConcern,
		workflows.AlreadyBegan, workflows.BeganRecently, workflows.StopHolds, workflows.AbsenceOver, workflows.AbsenceDropped:
		return web.EntryHeld, "“" + title + "” does not start"
	case workflows.AbsenceMoved:
		return web.EntryEvent, "“" + title + "” has another time to start"
	case workflows.JourneyMoved, workflows.JourneyStays:
		return web.EntryEvent, "“" + title + "” goes on"
	case workflows.GoalMet, workflows.GoalMissed:
		return web.EntryEvent, "The goal of “" + title + "”"
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
	case workflows.QuietHours, workflows.OfficeClosed, workflows.ClinicHoliday:
		return web.EntryHeld, "Mail " + to + " waits: " + templateWords(n.Detail)
	case workflows.TooClose:
		if !n.Until.IsZero() {
			return web.EntryHeld, "Mail " + to + " waits: " + templateWords(n.Detail)
		}
	case workflows.NotOurMessage:
		return web.EntryEvent, "A report about a mail"
	case workflows.ProviderRefused, workflows.HeldBack, workflows.Bounced, workflows.Dropped, workflows.Complained,
		workflows.FateUnknown, workflows.FateUnknownRepeats, workflows.MailWaits, workflows.WasWithdrawn:
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
		return "Nobody could be asked here, so the next person is"
	case escalation.AttemptRecorded:
		return who + " tried to reach the client"
	case escalation.LookFirst:
		return who + " wanted to close the question"
	}
	if n.Detail == workflows.AboutMail {
		return "The mail to " + orSomebody(who)
	}
	if n.Reason == workflows.SafetyQuestion {
		return "A person must answer: " + questionWords(n.Detail)
	}
	return "The question is with " + orSomebody(who)
}

// withHoliday names the holiday, where one keeps something back until then.
func withHoliday(until, name string) string {
	if name == "" {
		return until
	}
	return until + ", " + name
}

// when writes a moment for a reader.
func when(t time.Time, zone *time.Location) string {
	if zone == nil {
		zone = time.UTC
	}
	return t.In(zone).Format("Mon 2 Jan 15:04")
}
