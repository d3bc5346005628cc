package app

import (
	"context"
	"slices"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/internal/web"
	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/runner"
)

// This file puts one client's records in order, for the page and the terminal
// alike.

// story is all that was decided about one client, and what became of the mail.
type story struct {
	moments []moment
	mails   []mailStory
}

// moment is one thing decided, or one word of the ledger that no decision
// repeats.
type moment struct {
	at time.Time
	// event, kind and happened are of the event answered; a ledger's word has
	// none.
	event    events.Hash
	kind     events.Kind
	happened time.Time
	note     workflows.Note
	told     told
}

// mailStory is one message that was asked for.
type mailStory struct {
	id      string
	lane    workflows.Lane
	message workflows.Message
	// entry is the ledger's latest word; its status is empty before the first.
	entry notifier.Entry
}

// story reads a client's history and ledger, oldest first.
func (r *reader) story(ctx context.Context, ref runner.Ref) (story, error) {
	records, err := r.store.History(ctx, ref)
	if err != nil {
		return story{}, err
	}
	ledger, err := r.store.Deliveries(ctx, ref)
	if err != nil {
		return story{}, err
	}
	var s story
	for _, record := range records {
		e, err := runner.ReadEntry(record)
		if err != nil {
			return story{}, err
		}
		for _, n := range e.Notes {
			m := moment{at: e.Decided, event: e.Event, kind: e.Kind, happened: e.Time, note: n, told: r.tell(ref.Clinic, n)}
			if n.What == workflows.WhatClient {
				m.told.what = eventWords(e.Kind)
			}
			s.moments = append(s.moments, m)
		}
		for _, f := range e.Effects {
			if f.Enqueue != nil {
				s.mails = append(s.mails, mailStory{id: f.Enqueue.ID, lane: f.Enqueue.Lane, message: f.Enqueue.Message})
			}
		}
	}
	s.ledger(ledger)
	slices.SortStableFunc(s.moments, func(a, b moment) int { return a.at.Compare(b.at) })
	return s, nil
}

// ledger adds what only the ledger knows: each message's latest status, and as
// a moment of its own that a care message was accepted.
func (s *story) ledger(ledger []jetstream.Delivery) {
	for _, d := range ledger {
		i := slices.IndexFunc(s.mails, func(m mailStory) bool { return m.id == d.MessageID })
		if i < 0 {
			continue
		}
		m := &s.mails[i]
		m.entry = d.Entry
		if m.lane != workflows.LaneCare || d.Entry.Status != notifier.Accepted {
			continue
		}
		s.moments = append(s.moments, moment{
			at: d.Entry.At,
			note: workflows.Note{
				What: workflows.WhatMessage, Reason: workflows.ProviderAccepted, Subject: m.id,
				Workflow: m.message.Workflow, Step: m.message.Step, Detail: m.message.Template,
			},
			told: told{
				kind: web.EntryMail, what: "Mail to the client: " + templateWords(m.message.Template),
				why: workflows.ProviderAccepted.Words(),
			},
		})
	}
}

// plan is one thing that comes by itself.
type plan struct {
	at   time.Time
	what string
	// about says what it is, id which one.
	about workflows.What
	id    string
}

// planned is what comes next by itself, the soonest first.
func (r *reader) planned(clinic string, s *workflows.State) []plan {
	var out []plan
	for i := range s.Escalations {
		if e := &s.Escalations[i]; e.Open() {
			what := "The next person is asked"
			if e.Ack != nil {
				what = "Others are asked, unless it is closed by then"
			}
			out = append(out, plan{e.Until(), what, workflows.WhatEscalation, e.ID})
		}
	}
	for i := range s.Tasks {
		t := &s.Tasks[i]
		out = append(out, plan{t.Next, "Task due for " + r.personName(clinic, t.Owner) + ": " + questionWords(t.What), workflows.WhatTask, t.ID})
	}
	for i := range s.Journeys {
		if j := &s.Journeys[i]; !j.Due.IsZero() {
			out = append(out, plan{j.Due, "The next step of “" + r.title(clinic, j.Workflow) + "”", workflows.WhatJourney, j.ID})
		}
	}
	slices.SortStableFunc(out, func(a, b plan) int { return a.at.Compare(b.at) })
	return out
}

// title is what a workflow is called.
func (r *reader) title(clinic, workflow string) string {
	if c, ok := r.clinics.byID[clinic]; ok {
		if w, ok := c.current.Workflow(workflow); ok && w.Title != "" {
			return w.Title
		}
	}
	return workflow
}

// zone is the clinic's time zone.
func (r *reader) zone(clinic string) *time.Location {
	if c, ok := r.clinics.byID[clinic]; ok && c.current.Zone != nil {
		return c.current.Zone
	}
	return time.UTC
}

// statusWords says what became of a message.
func statusWords(s notifier.Status) string {
	switch s {
	case "":
		return "waiting to be sent"
	case notifier.Claimed:
		return "being sent"
	case notifier.Deferred:
		return "not sent yet; it will be tried again"
	case notifier.Accepted:
		return "sent: the mail provider took it"
	case notifier.Delivered:
		return "arrived"
	case notifier.Bounced:
		return "came back"
	case notifier.Withdrawn:
		return "not sent: it was held back"
	case notifier.Refused:
		return "not sent: the mail provider refused it"
	case notifier.Unknown:
		return "nobody can tell whether it left"
	}
	return string(s)
}
