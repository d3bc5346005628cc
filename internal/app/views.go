package app

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/internal/web"
	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/notifier/mailbox"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/escalation"
	"github.com/mooring-care/mooring/workflows/runner"
)

var (
	_ web.Directory   = (*views)(nil)
	_ web.Escalations = (*views)(nil)
	_ web.Clients     = (*views)(nil)
	_ web.TaskCases   = (*views)(nil)
	_ web.NoteCases   = (*views)(nil)
	_ web.Overview    = (*views)(nil)
	_ web.Mails       = (*mails)(nil)
)

// views answers what pages ask. Lists come from the index; every row and every
// page reads the leader.
type views struct{ a *reader }

// Clinic names a clinic.
func (v *views) Clinic(id string) (web.Clinic, bool) {
	c, ok := v.a.clinics.byID[id]
	if !ok {
		return web.Clinic{}, false
	}
	out := web.Clinic{
		ID: id, Name: c.current.Name, Phone: c.current.Phone, Zone: c.current.Zone, Crisis: web.CrisisLine(c.current.CrisisLine),
		Languages: c.current.Languages, CrisisIn: map[string]web.CrisisLine{},
	}
	for _, language := range c.current.Languages {
		out.CrisisIn[language] = web.CrisisLine(c.current.In(language).CrisisLine)
	}
	return out, true
}

// Person names a member of staff.
func (v *views) Person(clinic, id string) (string, bool) {
	c, ok := v.a.clinics.byID[clinic]
	if !ok {
		return "", false
	}
	p := c.current.Staff.Person(id)
	if p == nil {
		return "", false
	}
	return p.Name, true
}

func (v *views) escalation(ctx context.Context, clinic, target string) (*workflows.State, *escalation.Escalation, error) {
	key, id, ok := splitTarget(target)
	if !ok {
		return nil, nil, web.ErrUnknown
	}
	state, err := v.a.clientState(ctx, runner.Ref{Clinic: clinic, Key: key})
	if err != nil {
		return nil, nil, err
	}
	e := findEscalation(&state, id)
	if e == nil {
		return nil, nil, web.ErrUnknown
	}
	return &state, e, nil
}

// Glance is what a link alone may show.
func (v *views) Glance(ctx context.Context, clinic, target string) (web.Glance, error) {
	s, e, err := v.escalation(ctx, clinic, target)
	if err != nil {
		return web.Glance{}, err
	}
	return v.glance(clinic, s, e), nil
}

func (v *views) glance(clinic string, s *workflows.State, e *escalation.Escalation) web.Glance {
	g := web.Glance{
		Urgency: web.Urgency(e.Policy.Urgency), Opened: e.Opened, Informed: onlyInformed(e), Ack: v.ack(clinic, e), Turn: e.Turn,
	}
	for _, id := range slices.Concat(s.Profile.NeverAsk.Get(), e.Never) {
		// A desk is asked whoever sits there, and passes it to a colleague.
		if p := v.a.person(clinic, id); p == nil || !p.Emergency {
			g.LeftOut = append(g.LeftOut, id)
		}
	}
	if c := e.Closed; c != nil {
		g.Closing = &web.Closing{By: c.By, Name: v.a.personName(clinic, c.By), At: c.At, Outcome: c.Outcome, Note: c.Note}
	}
	return g
}

// onlyInformed are the people who were told of an escalation and never asked.
func onlyInformed(e *escalation.Escalation) []string {
	var out []string
	for _, a := range e.Asks {
		asked := a.Person == e.Owner || slices.ContainsFunc(e.Asks, func(b escalation.Ask) bool { return b.Person == a.Person && b.ToAnswer() })
		if !asked && !slices.Contains(out, a.Person) {
			out = append(out, a.Person)
		}
	}
	return out
}

func (v *views) ack(clinic string, e *escalation.Escalation) *web.Ack {
	if e.Ack == nil {
		return nil
	}
	ack := &web.Ack{By: e.Ack.By, Name: v.a.personName(clinic, e.Ack.By), At: e.Ack.At, Until: e.Until()}
	if e.Ack.For != "" {
		ack.For = v.a.personName(clinic, e.Ack.For)
	}
	return ack
}

// Case is what the session shows.
func (v *views) Case(ctx context.Context, clinic, target string) (web.Case, error) {
	s, e, err := v.escalation(ctx, clinic, target)
	if err != nil {
		return web.Case{}, err
	}
	c := web.Case{
		Glance: v.glance(clinic, s, e), ClientKey: s.Key, Client: contact(&s.Profile),
		Owner: v.a.personName(clinic, e.Owner), Next: e.Until(),
	}
	for i := range s.Escalations {
		if other := &s.Escalations[i]; other.ID != e.ID && other.Open() {
			c.Others++
		}
	}
	for _, q := range e.Questions {
		c.Questions = append(c.Questions, questionWords(q))
	}
	for _, at := range e.Attempts {
		c.Attempts = append(c.Attempts, web.Attempt{Name: v.a.personName(clinic, at.By), How: at.How, At: at.At})
	}
	if slices.Contains(e.Questions, highRiskNoShow) {
		c.Tries = triesOnRecord
	}
	for _, a := range slices.Backward(e.Asks) {
		c.Asked = append(c.Asked, web.Asked{Name: v.a.personName(clinic, a.Person), At: a.At, Words: askWords(a)})
	}
	c.Since = v.since(clinic, s, e.Opened)
	c.Brief, c.Opening = v.brief(clinic, s, e.Opened)
	for _, text := range e.Said {
		c.Brief = append(c.Brief, web.Fact{Label: "In their words", Text: text})
	}
	return c, nil
}

// task finds an open task by its link's target.
func (v *views) task(ctx context.Context, clinic, target string) (*workflows.State, *workflows.Task, error) {
	key, id, ok := splitTarget(target)
	if !ok {
		return nil, nil, web.ErrUnknown
	}
	ref := runner.Ref{Clinic: clinic, Key: key}
	state, err := v.a.clientState(ctx, ref)
	if err != nil {
		return nil, nil, err
	}
	for i := range state.Tasks {
		if state.Tasks[i].ID == id {
			return &state, &state.Tasks[i], nil
		}
	}
	end, err := v.a.taskEnd(ctx, ref, id)
	if err != nil {
		return nil, nil, err
	}
	return nil, nil, &web.TaskOverError{TaskEnd: end}
}

// TaskGlance is what a task's link alone may show.
func (v *views) TaskGlance(ctx context.Context, clinic, target string) (web.TaskGlance, error) {
	_, t, err := v.task(ctx, clinic, target)
	if err != nil {
		return web.TaskGlance{}, err
	}
	return v.taskGlance(clinic, t), nil
}

func (v *views) taskGlance(clinic string, t *workflows.Task) web.TaskGlance {
	return web.TaskGlance{What: questionWords(t.What), Due: t.Due, OwnerID: t.Owner, Owner: v.a.personName(clinic, t.Owner), Asks: t.Asks()}
}

// TaskCase is what the session shows of a task.
func (v *views) TaskCase(ctx context.Context, clinic, target string) (web.TaskCase, error) {
	s, t, err := v.task(ctx, clinic, target)
	if err != nil {
		return web.TaskCase{}, err
	}
	c := web.TaskCase{TaskGlance: v.taskGlance(clinic, t), ID: t.ID, ClientKey: s.Key, Client: contact(&s.Profile), Text: t.Text}
	c.Brief, c.Opening = v.brief(clinic, s, v.a.clock.Now())
	return c, nil
}

// NoteCase is what the session shows of the client whom a note is about.
func (v *views) NoteCase(ctx context.Context, clinic, target string) (web.NoteCase, error) {
	key, _, ok := splitTarget(target)
	if !ok {
		return web.NoteCase{}, web.ErrUnknown
	}
	s, err := v.a.clientState(ctx, runner.Ref{Clinic: clinic, Key: key})
	if err != nil {
		return web.NoteCase{}, err
	}
	c := web.NoteCase{ClientKey: s.Key, Client: contact(&s.Profile), Planned: v.planned(clinic, &s)}
	c.Brief, c.Opening = v.brief(clinic, &s, v.a.clock.Now())
	return c, nil
}

// contact is how a client can be reached.
func contact(p *workflows.Profile) web.Contact {
	return web.Contact{Name: fullName(p), Phone: p.Phone.Get(), ChartURL: p.ChartURL.Get()}
}

// brief is what helps with the conversation: what the client said, what was
// missed, what was sent, and one sentence to open with.
func (v *views) brief(clinic string, s *workflows.State, until time.Time) ([]web.Fact, string) {
	var out []web.Fact
	zone := v.zone(clinic)
	for _, o := range slices.Backward(s.Past) {
		if len(out) < 3 && !o.At.After(until) {
			out = append(out, web.Fact{Label: when(o.At, zone), Text: eventWords(o.Kind)})
		}
	}
	reason := s.Profile.Reason.Get()
	if words := choiceWords(events.NoteReasons(), reason); words != "" {
		out = append(out, web.Fact{Label: "Why they stepped back", Text: words})
	}
	if s.Profile.Answered.Get().Hard {
		out = append(out, web.Fact{Label: "How they said they are", Text: "Having a hard time, and safe"})
	}
	if own := s.Profile.OwnAddress; own.Known() && s.Profile.Address() == own.Get().Email && own.Get().Email != s.Profile.Email.Get() {
		out = append(out, web.Fact{Label: "Mail address that they confirmed", Text: own.Get().Email})
	}
	for _, w := range append(web.Wishes(), web.Choice{Code: "time", Words: "Some time to themself"}) {
		if w.Code == s.Profile.Answered.Get().Wish {
			out = append(out, web.Fact{Label: "What they wish for", Text: w.Words})
		}
	}
	for _, f := range notedFacts(&s.Profile) {
		if f.Label != whyNoted { // said above
			out = append(out, f)
		}
	}
	sent, now := 0, v.a.clock.Now()
	for i := range s.Sends {
		x := &s.Sends[i]
		// That a mail to a client was taken stands in the ledger alone; what is
		// asked for and was not stopped leaves within moments.
		left := x.Status == workflows.SendAsked || x.Status == workflows.SendAccepted || x.Status == workflows.SendUnknown
		if left && x.Lane == workflows.LaneCare && now.Sub(x.At) <= 14*24*time.Hour {
			sent++
		}
	}
	out = append(out, web.Fact{Label: "Mails in the last two weeks", Text: countWords(sent)})
	if s.HasFutureAppointment(now) {
		out = append(out, web.Fact{Label: "Next appointment", Text: "There is one ahead"})
	}
	return out, opening(reason)
}

// since is what is on record of the client after a time, the newest first.
func (v *views) since(clinic string, s *workflows.State, after time.Time) (out []web.Fact) {
	for _, o := range slices.Backward(s.Past) {
		if len(out) < 5 && o.At.After(after) {
			out = append(out, web.Fact{Label: when(o.At, v.zone(clinic)), Text: eventWords(o.Kind)})
		}
	}
	return out
}

func countWords(n int) string {
	words := []string{"none", "one", "two", "three"}
	if n < len(words) {
		return words[n]
	}
	return "more than three"
}

// opening is one sentence to begin with, by the reason that the client or a
// clinician gave.
func opening(reason string) string {
	switch reason {
	case "vulnerability", "shame":
		return "“I am glad to hear your voice. We can talk about as much or as little as you like.”"
	case "resistance":
		return "“You set the pace. What would you like to be different, if anything?”"
	case "overwhelm":
		return "“We can go slower. What would feel like enough for today?”"
	case "no-progress":
		return "“It may be time to try another way. What have you hoped for that has not come yet?”"
	case "stress":
		return "“It sounds like there is a lot going on. What would make things a little easier just now?”"
	}
	return "“I noticed we did not get to talk, and I wanted to hear how you are.”"
}

func fullName(p *workflows.Profile) string {
	name := strings.TrimSpace(p.FirstName.Get() + " " + p.LastName.Get())
	if name == "" {
		return "Name not on record"
	}
	return name
}

// shortName is a first name and an initial.
func shortName(p *workflows.Profile) string {
	name := p.FirstName.Get()
	if last := []rune(p.LastName.Get()); len(last) > 0 {
		name += " " + string(last[0]) + "."
	}
	if name = strings.TrimSpace(name); name == "" {
		return "Name not on record"
	}
	return name
}

// ClientMail is what a client's own pages know about them.
func (v *views) ClientMail(ctx context.Context, clinic, key string) (web.ClientMail, error) {
	s, err := v.a.clientState(ctx, runner.Ref{Clinic: clinic, Key: key})
	if err != nil {
		return web.ClientMail{}, err
	}
	p, now := &s.Profile, v.a.clock.Now()
	m := web.ClientMail{Language: p.Speaks(), OptedOut: p.OptedOut.Get(), Flagged: s.Flagged(now)}
	if rest := p.Rest.Get(); rest.On && now.Before(rest.Until) {
		m.RestsUntil = rest.Until
	}
	if n := s.NewAddress; n != nil && now.Before(n.Until) {
		m.AddressUntil = n.Until
	}
	return m, nil
}

// Resources are the clinic's services that fit a client and these reasons.
func (v *views) Resources(ctx context.Context, clinic, key string, reasons []string) ([]web.Resource, error) {
	s, err := v.a.clientState(ctx, runner.Ref{Clinic: clinic, Key: key})
	if err != nil {
		return nil, err
	}
	c, ok := v.a.clinics.byID[clinic]
	if !ok {
		return nil, web.ErrUnknown
	}
	now := v.a.clock.Now()
	var out []web.Resource
	language, _, _ := strings.Cut(strings.ToLower(s.Profile.Speaks()), "-")
	for _, r := range c.current.ResourcesForAny(reasons, s.Profile.Speaks(), s.Profile.Programmes.Get(), s.Flagged(now), now) {
		_, translated := r.Translations[language]
		out = append(out, web.Resource{
			Translated: translated,
			Name:       r.Title, About: r.About, Phone: r.Reach.Phone, Address: r.Reach.Address, URL: r.Reach.URL, Hours: r.Hours, Cost: r.Cost,
		})
	}
	return out, nil
}

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

// mailOf is the newest mail in the mailbox that asks about the escalation.
func (v *views) mailOf(e *escalation.Escalation) string {
	if v.a.mailbox == nil {
		return ""
	}
	entries, err := v.a.mailbox.List(mailsShown)
	if err != nil {
		return ""
	}
	for _, entry := range entries {
		if slices.ContainsFunc(e.Asks, func(a escalation.Ask) bool { return !a.Inform && a.Message == entry.MessageID }) {
			return entry.Name
		}
	}
	return ""
}

// mailsShown is how far back the mailbox is searched for a link.
const mailsShown = 500

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

// mailFiles finds mails in the mailbox by message id.
func (v *views) mailFiles() map[string]string {
	out := map[string]string{}
	if v.a.mailbox == nil {
		return out
	}
	entries, err := v.a.mailbox.List(mailsShown)
	if err != nil {
		return out
	}
	for _, e := range entries {
		if _, ok := out[e.MessageID]; !ok {
			out[e.MessageID] = e.Name
		}
	}
	return out
}

// mails shows the mailbox's folder.
type mails struct{ box *mailbox.Mailbox }

// List is the newest mails.
func (m *mails) List(_ context.Context, limit int) ([]web.MailRow, error) {
	if m.box == nil {
		return nil, nil
	}
	entries, err := m.box.List(limit)
	if err != nil {
		return nil, err
	}
	out := make([]web.MailRow, 0, len(entries))
	for _, e := range entries {
		row, _, err := m.read(e.Name)
		if err != nil {
			continue // a crash left a name without a mail
		}
		row.Attempt = e.Attempt
		out = append(out, row)
	}
	return out, nil
}

func (m *mails) read(name string) (web.MailRow, mailbox.Parsed, error) {
	p, err := m.box.Read(name)
	if err != nil {
		return web.MailRow{}, p, err
	}
	entry, _ := mailbox.ParseName(name)
	row := web.MailRow{Name: name, Message: entry.MessageID, To: p.To.Email, Subject: p.Subject, At: p.Date, Safety: true}
	for _, h := range p.Headers {
		if strings.EqualFold(h.Name, "List-Unsubscribe") {
			row.Safety = false
		}
	}
	// A link to a new address has no such header; mail to clients names nobody.
	row.Safety = row.Safety && p.To.Name != ""
	return row, p, nil
}

// Read is one mail as its recipient sees it.
func (m *mails) Read(_ context.Context, name string) (web.MailView, error) {
	if m.box == nil {
		return web.MailView{}, web.ErrUnknown
	}
	row, p, err := m.read(name)
	if errors.Is(err, mailbox.ErrName) || errors.Is(err, fs.ErrNotExist) {
		return web.MailView{}, web.ErrUnknown
	}
	if err != nil {
		return web.MailView{}, err
	}
	view := web.MailView{MailRow: row, From: addressWords(p.From), ReplyTo: addressWords(p.ReplyTo), Text: p.Text, HTML: p.HTML}
	for _, h := range p.Headers {
		view.Headers = append(view.Headers, web.Fact{Label: h.Name, Text: h.Value})
	}
	return view, nil
}

func addressWords(a notifier.Address) string {
	if a.Name == "" {
		return a.Email
	}
	return a.Name + " <" + a.Email + ">"
}
