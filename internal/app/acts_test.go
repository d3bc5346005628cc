package app

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/web"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/escalation"
)

// What the ladder concluded is what the page says; what it does not know never
// reads as done.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	x := &acts{&App{reader: reader{clinics: &clinics{}}}}
	waiting := escalation.Escalation{Owner: "amara"}
	passed := escalation.Escalation{Owner: "jonas"}
	taken := escalation.Escalation{Owner: "amara", Ack: &escalation.Ack{By: "amara"}}
	others := escalation.Escalation{Owner: "jonas", Ack: &escalation.Ack{By: "jonas"}}
	closed := escalation.Escalation{Owner: "amara", Closed: &escalation.Closing{By: "amara"}}
	more := escalation.Reason(workflows.SafetyQuestion) // the decision asked another question too
	for name, c := range map[string]struct {
		kind   events.Kind
		reason escalation.Reason
		e      escalation.Escalation
		want   web.Result
		who    string
	}{
		"taken":                        {events.EscalationAcknowledged, escalation.Acknowledged, taken, web.Acknowledged, "amara"},
		"taken twice":                  {events.EscalationAcknowledged, escalation.AlreadyAcknowledged, taken, web.Acknowledged, "amara"},
		"taken second":                 {events.EscalationAcknowledged, escalation.AlreadyAcknowledged, others, web.AlreadyAcknowledged, "jonas"},
		"passed on":                    {events.EscalationDeclined, escalation.PassedOn, passed, web.Declined, "jonas"},
		"passed on and taken by then":  {events.EscalationDeclined, escalation.PassedOn, others, web.AlreadyAcknowledged, "jonas"},
		"nobody else":                  {events.EscalationDeclined, escalation.NobodyElse, waiting, web.NobodyElse, "amara"},
		"not asked":                    {events.EscalationDeclined, escalation.NotAsked, passed, web.NotAsked, "jonas"},
		"tried":                        {events.EscalationAttempted, escalation.AttemptRecorded, taken, web.Attempted, ""},
		"closed":                       {events.EscalationClosed, escalation.Closed, closed, web.Closed, ""},
		"closed before":                {events.EscalationClosed, escalation.AlreadyClosed, closed, web.AlreadyClosed, "amara"},
		"closed, and more":             {events.EscalationClosed, more, closed, web.Closed, ""},
		"taken, and more":              {events.EscalationAcknowledged, more, taken, web.Acknowledged, "amara"},
		"passed on, and more":          {events.EscalationDeclined, more, passed, web.Declined, "jonas"},
		"still mine, whatever else":    {events.EscalationDeclined, more, waiting, "", ""},
		"not decided":                  {events.EscalationDeclined, escalation.Reason(workflows.CannotDecide), waiting, "", ""},
		"closed by nobody":             {events.EscalationClosed, escalation.PersonMissing, waiting, "", ""},
		"closed without an outcome":    {events.EscalationClosed, escalation.OutcomeMissing, waiting, "", ""},
		"taken, and the program fails": {events.EscalationAcknowledged, escalation.Reason(workflows.CannotDecide), others, "", ""},
	} {
		got, err := x.outcome(web.Act{Recipient: "amara"}, c.kind, c.reason, &c.e)
		if errors.Is(err, web.ErrNotConfirmed) != (c.want == "") || got.Result != c.want || got.Name != c.who {
			t.Errorf("%s: %q with %q, %v; want %q with %q", name, got.Result, got.Name, err, c.want, c.who)
		}
	}
}

// Who was only told of a question is told so; who was ever asked, or has it
// now, is not.
func TestOnlyInformed(t *testing.T) {
	t.Parallel()
	e := &escalation.Escalation{Owner: "mei", Asks: []escalation.Ask{
		{Person: "amara"},
		{Person: "ruth", Inform: true},
		{Person: "amara", Inform: true},
		{Person: "ruth", Inform: true, Round: 1},
		{Person: "mei", Inform: true},
	}}
	if got := onlyInformed(e); !slices.Equal(got, []string{"ruth"}) {
		t.Errorf("only informed are %v, want ruth", got)
	}
}

// The note of an outcome stands below it wherever the story is told, and
// nowhere else.
func TestClosingNote(t *testing.T) {
	t.Parallel()
	s := &workflows.State{Escalations: []escalation.Escalation{{
		ID: "e1", Closed: &escalation.Closing{By: "ruth", Outcome: events.OutcomeReachedSafe, Note: "spoke for\na while"},
	}}}
	note := workflows.Note{What: workflows.WhatEscalation, Reason: workflows.Reason(escalation.Closed), Subject: "e1", Person: "ruth", Detail: string(events.OutcomeReachedSafe)}
	if got := closingNote(s, note); got != "spoke for\na while" {
		t.Errorf("the note reads %q", got)
	}
	for name, change := range map[string]func(*workflows.Note){
		"another question":   func(n *workflows.Note) { n.Subject = "e2" },
		"an earlier outcome": func(n *workflows.Note) { n.Detail = string(events.OutcomeFalseAlarm) },
		"another person":     func(n *workflows.Note) { n.Person = "mei" },
		"another act":        func(n *workflows.Note) { n.Reason = workflows.Reason(escalation.Acknowledged) },
		"a task":             func(n *workflows.Note) { n.What = workflows.WhatTask },
	} {
		n := note
		change(&n)
		if got := closingNote(s, n); got != "" {
			t.Errorf("%s has the note %q", name, got)
		}
	}

	var b strings.Builder
	story := &ClientStory{zone: time.UTC, Timeline: []StoryMoment{{Event: "1", Words: "Ruth Adeyemi closes the question", written: closingNote(s, note)}}}
	if err := story.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "They wrote: “spoke for a while”\n") {
		t.Errorf("the terminal does not show the note:\n%s", b.String())
	}
	o := &Operator{reader: reader{clinics: &clinics{}}}
	if got := o.showEscalation("quay", &s.Escalations[0]).Note; got != "spoke for\na while" {
		t.Errorf("the machine's story has the note %q", got)
	}
}
