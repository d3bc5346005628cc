package app

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/internal/web"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/escalation"
	"github.com/mooring-care/mooring/workflows/runner"
)

// errNotRead says that what is open is not known yet.
var errNotRead = errors.New("the index has not read the log yet")

// OpenEscalations lists every open one. While the index still reads the log it
// fails: half a list would look like good news.
func (v *views) OpenEscalations(ctx context.Context) ([]web.EscalationRow, error) {
	if !v.a.index.Ready() {
		return nil, errNotRead
	}
	var out []web.EscalationRow
	for _, row := range v.a.index.Open() {
		s, err := v.a.clientState(ctx, row.Ref)
		if unknown(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for i := range s.Escalations {
			e := &s.Escalations[i]
			if !e.Open() {
				continue
			}
			r := web.EscalationRow{
				Clinic: row.Ref.Clinic, ID: e.ID, ClientKey: row.Ref.Key, ClientName: shortName(&s.Profile),
				Urgency: web.Urgency(e.Policy.Urgency), Opened: e.Opened, Owner: v.a.personName(row.Ref.Clinic, e.Owner),
				Ack: v.ack(row.Ref.Clinic, e), Next: e.Until(),
				Policy: e.Policy.ID, Rung: e.Rung + 1, Rungs: len(e.Policy.Rungs), Round: e.Round,
			}
			for n, q := range e.Questions {
				if n > 0 {
					r.Question += "; "
				}
				r.Question += questionWords(q)
			}
			r.Mail = v.mailOf(e)
			out = append(out, r)
		}
	}
	return out, nil
}

// RecentClients lists the clients whose log moved last.
func (v *views) RecentClients(ctx context.Context, limit int) ([]web.ClientRow, error) {
	var out []web.ClientRow
	for _, row := range v.a.index.Recent(limit) {
		s, err := v.a.clientState(ctx, row.Ref)
		if unknown(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		open, _ := s.OpenEscalations()
		r := web.ClientRow{
			Clinic: row.Ref.Clinic, Key: row.Ref.Key, Name: shortName(&s.Profile),
			Last: lastDecided(&s, row), Flagged: s.Flagged(v.a.clock.Now()), Open: open > 0,
		}
		for i := range s.Journeys {
			r.Runs = append(r.Runs, v.title(row.Ref.Clinic, s.Journeys[i].Workflow))
		}
		if planned := v.planned(row.Ref.Clinic, &s); len(planned) > 0 {
			r.Next, r.NextAt = planned[0].What, planned[0].At
		}
		out = append(out, r)
	}
	return out, nil
}

func lastDecided(s *workflows.State, row jetstream.IndexRow) time.Time {
	if n := len(s.Seen); n > 0 {
		return time.Unix(s.Seen[n-1].At, 0)
	}
	return row.At
}

func (v *views) title(clinic, workflow string) string { return v.a.title(clinic, workflow) }

func (v *views) zone(clinic string) *time.Location { return v.a.zone(clinic) }

// planned is what comes next by itself, the soonest first.
func (v *views) planned(clinic string, s *workflows.State) []web.Planned {
	var out []web.Planned
	for _, p := range v.a.planned(clinic, s) {
		out = append(out, web.Planned{What: p.what, At: p.at})
	}
	return out
}

// Client is one client's page.
func (v *views) Client(ctx context.Context, clinic, key string) (web.ClientView, error) {
	ref := runner.Ref{Clinic: clinic, Key: key}
	s, err := v.a.clientState(ctx, ref)
	if err != nil {
		return web.ClientView{}, err
	}
	now := v.a.clock.Now()
	open, _ := s.OpenEscalations()
	p := &s.Profile
	c, _ := v.Clinic(clinic)
	view := web.ClientView{
		Clinic: clinic, ClinicName: c.Name, Key: key, Name: fullName(p),
		Phone: p.Phone.Get(), ChartURL: p.ChartURL.Get(),
		Flagged: s.Flagged(now), Open: open > 0, Planned: v.planned(clinic, &s),
		Facts: append(consentFacts(p, v.zone(clinic)),
			web.Fact{Label: "Risk", Text: orUnknown(string(p.Risk.Get()))},
			web.Fact{Label: "Status", Text: orWord(string(p.Status.Get()), "active")},
			web.Fact{Label: "Clinician", Text: orUnknown(v.a.personName(clinic, p.Clinician.Get()))},
		),
	}
	view.Mail = mailState(p, now)
	view.Facts = append(view.Facts, notedFacts(p)...)
	if p.OptedOut.Get() {
		view.Facts = append(view.Facts, web.Fact{Label: "Mail", Text: "asked for no more"})
	}
	for i := range s.Journeys {
		j := &s.Journeys[i]
		run := web.Run{Workflow: v.title(clinic, j.Workflow), Step: "step " + j.Step, Since: j.Started}
		if cl, ok := v.a.clinics.byID[clinic]; ok {
			if w, ok := cl.current.Workflow(j.Workflow); ok {
				run.Why = w.Why
			}
		}
		view.Runs = append(view.Runs, run)
	}
	for i := range s.Tasks {
		t := &s.Tasks[i]
		view.Tasks = append(view.Tasks, web.TaskRow{ID: t.ID, What: questionWords(t.What), Text: t.Text, Owner: v.a.personName(clinic, t.Owner), Due: t.Due, Asks: t.Asks()})
	}
	view.Brief, view.Opening = v.brief(clinic, &s, v.a.clock.Now())
	if view.Entries, err = v.timeline(ctx, ref, &s); err != nil {
		return view, err
	}
	return view, nil
}

func orUnknown(s string) string { return orWord(s, "not on record") }

func orWord(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// timeline is everything decided and everything the ledger says, newest first.
// What somebody wrote beside an outcome comes from the state: no note of a
// decision holds it.
func (v *views) timeline(ctx context.Context, ref runner.Ref, s *workflows.State) ([]web.Entry, error) {
	story, err := v.a.story(ctx, ref)
	if err != nil {
		return nil, err
	}
	files := v.mailFiles()
	var out []web.Entry
	for _, m := range story.moments {
		entry := web.Entry{
			At: m.at, Kind: m.told.kind, What: m.told.what, Reason: m.told.why, ReasonCode: string(m.note.Reason),
			Workflow: m.note.Workflow, Step: m.note.Step,
		}
		if !m.note.Until.IsZero() {
			entry.Detail = "until " + withHoliday(when(m.note.Until, v.zone(ref.Clinic)), m.note.Holiday)
		}
		entry.Note = closingNote(s, m.note)
		if m.note.What == workflows.WhatMessage {
			entry.Mail = files[m.note.Subject]
		}
		out = append(out, entry)
	}
	slices.Reverse(out)
	return out, nil
}

// closingNote is what was written beside the outcome that a decision's note is
// about, "" for nothing and for every other note.
func closingNote(s *workflows.State, n workflows.Note) string {
	if n.What != workflows.WhatEscalation || escalation.Reason(n.Reason) != escalation.Closed {
		return ""
	}
	if e := findEscalation(s, n.Subject); e != nil && e.Closed != nil && e.Closed.By == n.Person && string(e.Closed.Outcome) == n.Detail {
		return e.Closed.Note
	}
	return ""
}
