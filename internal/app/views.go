package app

import (
	"context"
	"slices"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/web"
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
	return webClinic(c.current.Clinic), true
}

// webClinic is a clinic as its pages show it.
func webClinic(c *workflows.Clinic) web.Clinic {
	out := web.Clinic{
		ID: c.ID, Name: c.Name, Phone: c.Phone, Zone: c.Zone, Crisis: web.CrisisLine(c.CrisisLine),
		Languages: c.Languages, CrisisIn: map[string]web.CrisisLine{},
	}
	for _, language := range c.Languages {
		out.CrisisIn[language] = web.CrisisLine(c.In(language).CrisisLine)
	}
	return out
}

// Only is the clinic, where there is one.
func (v *views) Only() (web.Clinic, bool) {
	if ids := v.a.clinics.ids(); len(ids) == 1 {
		return v.Clinic(ids[0])
	}
	return web.Clinic{}, false
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
		c.Brief = append(c.Brief, web.Fact{Label: "What was said", Text: text})
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
