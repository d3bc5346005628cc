package web

import (
	"context"
	"errors"
	"time"

	"github.com/mooring-care/mooring/events"
)

// The escalations of the previews, by target id; each is one state.
const (
	sampleOpen     = "open"
	sampleUrgent   = "urgent"
	sampleOthers   = "others"
	sampleMine     = "mine"
	sampleClosed   = "closed"
	sampleInformed = "informed"
	samplePassed   = "passed"
	sampleSecond   = "second" // open when looked at, taken by the time it is acknowledged
	sampleSilent   = "silent" // acts on it are never confirmed
	sampleDown     = "down"   // its records cannot be read
	sampleUnknown  = "unknown"
	sampleTask     = "task"
	sampleAsks     = "asks"
	sampleLate     = "task-late"  // overdue, and with somebody else
	sampleOver     = "task-over"  // finished by somebody else
	sampleOwn      = "task-own"   // finished by the person who looks
	sampleEnded    = "task-ended" // not needed any more
	sampleFaster   = "task-other" // finished by somebody else between look and press
	sampleNote     = "note"
	sampleBare     = "note-bare" // about a client of whom little is known
	sampleClinic   = "harbor"
	samplePerson   = "dana"
	sampleClient   = "b7qk2mz4c5d6e7f2g3h4i5j6k7"
	sampleStopped  = "c7qk2mz4c5d6e7f2g3h4i5j6k7"
	// The clients of the pages for clients, by what is on record about them.
	sampleResting   = "d7qk2mz4c5d6e7f2g3h4i5j6k7"
	sampleFlagged   = "e7qk2mz4c5d6e7f2g3h4i5j6k7"
	sampleSpanish   = "f7qk2mz4c5d6e7f2g3h4i5j6k7"
	sampleStoppedES = "g7qk2mz4c5d6e7f2g3h4i5j6k7"
	sampleRestingES = "h7qk2mz4c5d6e7f2g3h4i5j6k7"
	sampleFlaggedES = "i7qk2mz4c5d6e7f2g3h4i5j6k7"
	sampleHeld      = "held"  // something on record keeps its mail back
	sampleOften     = "often" // its mail was asked for too often
	samplePause     = "1"
	sampleMail      = "20260302T170312Z-b4k2-1.eml"
	sampleStaffMail = "20260302T171502Z-b9x2-1.eml"
)

// samples stands in for the program behind the pages, with people who do not exist at
// one clinic, for previews alone.
type samples struct {
	now time.Time
	of  Sample
	// empty is a clinic without clients and mails, trouble one whose records
	// cannot be read.
	empty, trouble bool
}

var errSample = errors.New("records cannot be read")

func (s samples) Clinic(id string) (Clinic, bool) {
	c := s.of.Clinic
	c.ID = sampleClinic
	return c, id == sampleClinic
}

func (s samples) Only() (Clinic, bool) { return s.Clinic(sampleClinic) }

func (samples) Person(_, id string) (string, bool) {
	name, ok := map[string]string{samplePerson: "Dana", "priya": "Priya Nair"}[id]
	return name, ok
}

func (s samples) ago(d time.Duration) time.Time { return s.now.Add(-d) }

func (s samples) Glance(_ context.Context, _, id string) (Glance, error) {
	g := Glance{Urgency: Crisis, Opened: s.ago(12 * time.Minute)}
	switch id {
	case sampleOpen, sampleSilent, samplePassed:
	case sampleUrgent:
		g.Urgency, g.Opened = Urgent, s.ago(26*time.Hour)
	case sampleInformed:
		g.Informed = []string{samplePerson}
	case sampleOthers, sampleSecond:
		g.Ack = &Ack{By: "priya", Name: "Priya Nair", At: s.ago(3 * time.Minute), Until: s.now.Add(57 * time.Minute)}
	case sampleMine:
		g.Ack = &Ack{By: samplePerson, Name: "Dana Whitfield", At: s.ago(time.Minute), Until: s.now.Add(59 * time.Minute)}
	case sampleClosed:
		g.Opened = s.ago(4 * time.Hour)
		g.Closing = &Closing{By: "priya", Name: "Priya Nair", At: s.ago(3 * time.Hour), Outcome: events.OutcomeReachedSafe, Note: "We spoke for a while. A friend is with Jamie tonight.\nDana calls again tomorrow."}
	case sampleDown:
		return Glance{}, errSample
	default:
		return Glance{}, ErrUnknown
	}
	return g, nil
}

func (s samples) Case(ctx context.Context, clinic, id string) (Case, error) {
	g, err := s.Glance(ctx, clinic, id)
	if err != nil {
		return Case{}, err
	}
	c := Case{
		Glance: g, ClientKey: sampleClient,
		Client:    Contact{Name: "Jamie Rivera", Phone: "(555) 010-0177", ChartURL: "https://ehr.example/charts/1"},
		Questions: []string{"Is Jamie safe? The check-in was answered “I am not safe”."},
		Owner:     "Dana Whitfield", Next: s.now.Add(8 * time.Minute),
		Brief: []Fact{
			{"What Jamie said", "“I am not safe”, 12 minutes ago. Before that: “It was too much at once”."},
			{"What was missed", "Two visits in the last 60 days, the last one on Thursday."},
			{"What was sent", "One caring note, 2 days ago."},
		},
		Opening: "I am glad I reached you. How are you right now, and is somebody with you?",
		Asked: []Asked{
			{"Dana Whitfield", "asked", s.ago(2 * time.Minute)},
			{"Priya Nair", "asked, and has not answered in time", s.ago(12 * time.Minute)},
			{"Marcus Okafor", "the mail was not delivered", s.ago(12 * time.Minute)},
		},
	}
	switch id {
	case sampleMine:
		c.Attempts = []Attempt{{"Dana Whitfield", "phone", s.ago(40 * time.Second)}, {"Dana Whitfield", "text", s.ago(20 * time.Second)}}
	case samplePassed:
		c.Owner = "Priya Nair"
	case sampleUrgent:
		c.Client = Contact{Name: "Alexandria Featherstonehaugh-Montgomery"}
		c.Brief, c.Opening, c.Questions = nil, "", []string{"A visit was missed, and the risk on record is high."}
		c.Tries, c.Since = 3, []Fact{{"Today, 9:10 am", "The client booked an appointment"}}
	}
	return c, nil
}

// Saw hears of a look and keeps nothing.
func (samples) Saw(Sight) {}

// ClientMail is one client for each state of their pages.
func (s samples) ClientMail(_ context.Context, _, key string) (ClientMail, error) {
	m := ClientMail{Language: "en"}
	switch key {
	case sampleSpanish:
		m.Language = "es-MX"
	case sampleStopped:
		m.OptedOut = true
	case sampleResting:
		m.RestsUntil, m.AddressUntil = s.now.AddDate(0, 1, 0), s.now.AddDate(0, 0, 2)
	case sampleFlagged:
		m.Flagged = true
	}
	if key == sampleStoppedES || key == sampleRestingES || key == sampleFlaggedES {
		m, _ = s.ClientMail(context.Background(), "", spanishSamples()[key])
		m.Language = "es"
	}
	return m, nil
}

// spanishSamples are the clients of the previews who read Spanish, with whom they
// are like otherwise.
func spanishSamples() map[string]string {
	return map[string]string{sampleSpanish: sampleClient, sampleStoppedES: sampleStopped, sampleRestingES: sampleResting, sampleFlaggedES: sampleFlagged}
}

func (s samples) Resources(_ context.Context, _, key string, _ []string) ([]Resource, error) {
	language := "en"
	if _, spanish := spanishSamples()[key]; spanish {
		language = "es"
	}
	return s.of.Resources(language, key == sampleFlagged || key == sampleFlaggedES), nil
}

func (s samples) decide(a Act, r Result) (Outcome, error) {
	if a.Target == sampleSilent {
		return Outcome{}, ErrNotConfirmed
	}
	return Outcome{Result: r, Name: "Priya Nair", At: s.ago(3 * time.Minute)}, nil
}

func (s samples) Acknowledge(_ context.Context, a Act) (Outcome, error) {
	if a.Target == sampleSecond {
		return s.decide(a, AlreadyAcknowledged)
	}
	return s.decide(a, Acknowledged)
}

func (s samples) Reopen(_ context.Context, a Act, _ string) (Outcome, error) {
	return s.decide(a, Reopened)
}

func (s samples) Decline(_ context.Context, a Act, _ string) (Outcome, error) {
	switch a.Target {
	case sampleUrgent:
		return s.decide(a, NobodyElse)
	case sampleInformed:
		return s.decide(a, NotAsked)
	}
	return s.decide(a, Declined)
}

func (s samples) Attempt(_ context.Context, a Act, _ string) (Outcome, error) {
	if a.Target == sampleClosed {
		return s.decide(a, AlreadyClosed)
	}
	return s.decide(a, Attempted)
}

func (s samples) Close(_ context.Context, a Act, _ events.Outcome, _ string) (Outcome, error) {
	return s.decide(a, Closed)
}

func (s samples) Answer(_ context.Context, a Act, _ Answer) (Outcome, error) {
	return s.decide(a, Answered)
}

func (s samples) MailList(_ context.Context, a Act, _ []string) (Outcome, error) {
	return s.asked(a)
}

// asked is what becomes of a mail that the client asked for, by the link's target.
func (s samples) asked(a Act) (Outcome, error) {
	switch a.Target {
	case sampleHeld:
		return s.decide(a, MailHeld)
	case sampleOften:
		return s.decide(a, AskedOften)
	}
	return s.decide(a, MailAsked)
}

func (s samples) Rest(_ context.Context, a Act, _ time.Time) (Outcome, error) {
	return s.decide(a, Chosen)
}

func (s samples) EndRest(_ context.Context, a Act) (Outcome, error) { return s.decide(a, Chosen) }

func (s samples) Speak(_ context.Context, a Act, _ string) (Outcome, error) {
	return s.decide(a, Chosen)
}

func (s samples) AskAddress(_ context.Context, a Act, _ string) (Outcome, error) { return s.asked(a) }

func (s samples) ConfirmAddress(_ context.Context, a Act) (Outcome, error) {
	if a.Target == sampleHeld {
		return s.decide(a, MailHeld)
	}
	return s.decide(a, Chosen)
}

func (s samples) OptOut(_ context.Context, a Act) (Outcome, error) { return s.decide(a, OptedOut) }

// Finish stands for a program that finishes tasks: the previews show its button.
func (s samples) Finish(_ context.Context, _, _, task, person string, _ bool) (TaskEnd, error) {
	switch task {
	case sampleSilent:
		return TaskEnd{}, ErrNotConfirmed
	case sampleFaster:
		person = "priya"
	}
	return s.ended(person), nil
}

func (s samples) ended(person string) TaskEnd {
	name, _ := s.Person(sampleClinic, person)
	return TaskEnd{By: person, Name: name, At: s.ago(3 * time.Minute)}
}

func (s samples) TaskGlance(_ context.Context, _, id string) (TaskGlance, error) {
	g := TaskGlance{What: "Call the client", Due: s.now.Add(20 * time.Hour), OwnerID: samplePerson, Owner: "Dana Whitfield"}
	switch id {
	case sampleTask, sampleSilent, sampleFaster:
	case sampleAsks:
		g.What, g.Asks = "The client has a safety flag: decide whether the mail before their visit leaves", true
	case sampleLate:
		g.Due, g.OwnerID, g.Owner = s.ago(3*time.Hour), "priya", "Priya Nair"
	case sampleOver:
		return g, &TaskOverError{s.ended("priya")}
	case sampleOwn:
		return g, &TaskOverError{s.ended(samplePerson)}
	case sampleEnded:
		return g, &TaskOverError{}
	case sampleDown:
		return g, errSample
	default:
		return g, ErrUnknown
	}
	return g, nil
}

func (s samples) TaskCase(ctx context.Context, clinic, id string) (TaskCase, error) {
	g, err := s.TaskGlance(ctx, clinic, id)
	if err != nil {
		return TaskCase{}, err
	}
	c := TaskCase{TaskGlance: g, ID: id, ClientKey: sampleClient, Client: Contact{Name: "Alexandria Featherstonehaugh-Montgomery"}}
	if id == sampleSilent {
		c.ClientKey = sampleSilent
	}
	if id == sampleTask {
		v, _ := s.Client(ctx, sampleClinic, sampleClient)
		c.Client = Contact{Name: v.Name, Phone: v.Phone, ChartURL: v.ChartURL}
		c.Text, c.Brief, c.Opening = v.Tasks[0].Text, v.Brief, v.Opening
	}
	return c, nil
}

func (s samples) NoteCase(ctx context.Context, _, id string) (NoteCase, error) {
	c := NoteCase{ClientKey: sampleClient}
	switch id {
	case sampleNote:
		v, _ := s.Client(ctx, sampleClinic, sampleClient)
		c.Client = Contact{Name: v.Name, Phone: v.Phone, ChartURL: v.ChartURL}
		c.Brief, c.Opening, c.Planned = v.Brief, v.Opening, v.Planned
	case sampleBare:
		c.Client = Contact{Name: "Alexandria Featherstonehaugh-Montgomery"}
		c.Brief = []Fact{{"Mails in the last two weeks", "none"}}
	case sampleDown:
		return c, errSample
	default:
		return c, ErrUnknown
	}
	return c, nil
}

// care stands for a program that takes what staff say.
func (s samples) care(r string) (Said, error) {
	if s.trouble {
		return Said{}, ErrNotConfirmed
	}
	return Said{Counted: true, Reason: r}, nil
}

func (s samples) Notice(context.Context, Act, Notice) (Said, error) { return s.care("noted") }

func (samples) Raise(_ context.Context, a Act, _ events.ConcernLevel, _ string) (Raised, error) {
	if a.Target == sampleSilent {
		return Raised{}, ErrNotConfirmed
	}
	return Raised{Owner: "Priya Nair"}, nil
}

func (s samples) Pause(_ context.Context, _ Act, day string) (Said, error) {
	if day != "" {
		return Said{}, ErrDay
	}
	return s.care("staff paused mail for this client")
}

func (s samples) Resume(context.Context, Act, bool) (Said, error) {
	return s.care("staff lifted the pause")
}

// ClinicMail has every kind of pause; in trouble only some mail is paused, and
// without clients none.
func (s samples) ClinicMail(context.Context) ([]ClinicMail, error) {
	c := ClinicMail{Clinic: sampleClinic, Name: s.of.Clinic.Name, Workflows: []MailPause{
		{Workflow: "late-cancellation", Title: "Late cancellation"},
		{Workflow: "first-no-show", Title: "First no-show"},
		{Workflow: "disengaged", Title: "A client who has not come for a while, and has nothing booked"},
	}}
	if s.empty {
		return []ClinicMail{c}, nil
	}
	c.Workflows[1].Folder = true
	c.Workflows[2].Staff = &Pause{ID: "2", By: "Priya Nair", Why: "We are looking at its words.", Since: s.ago(74 * time.Hour)}
	if !s.trouble {
		c.All.Staff = &Pause{ID: samplePause, By: "Dana Whitfield", Why: "The building has no heating; all visits of this week move to the other house or to the phone.", Since: s.ago(2 * time.Hour)}
		c.Workflows[2].Folder = true
	}
	return []ClinicMail{c}, nil
}

func (s samples) Hold(context.Context, Act, string) (bool, error) { return s.changePause(true) }

func (s samples) Release(_ context.Context, _ Act, pause string) (bool, error) {
	return s.changePause(pause == samplePause)
}

func (s samples) changePause(counted bool) (bool, error) {
	if s.trouble {
		return false, ErrNotConfirmed
	}
	return counted, nil
}

func (s samples) OpenEscalations(context.Context) ([]EscalationRow, error) {
	switch {
	case s.trouble:
		return nil, errSample
	case s.empty:
		return nil, nil
	}
	return []EscalationRow{
		{
			Clinic: sampleClinic, ID: sampleUrgent, ClientKey: sampleClient, ClientName: "Morgan T.", Urgency: Urgent,
			Question: "Visit missed, and the risk on record is high", Opened: s.ago(3 * time.Minute), Owner: "Dana Whitfield",
			Ack: &Ack{By: "dana", Name: "Dana Whitfield", At: s.ago(time.Minute)}, Next: s.now.Add(58 * time.Minute),
			Policy: "safety", Rung: 1, Rungs: 3,
		},
		{
			Clinic: sampleClinic, ID: sampleOpen, ClientKey: sampleClient, ClientName: "Jamie R.", Urgency: Crisis,
			Question: "Check-in answered “I am not safe”", Opened: s.ago(12 * time.Minute), Owner: "Priya Nair",
			Next: s.now.Add(8 * time.Minute), Policy: "crisis", Rung: 3, Rungs: 3, Round: 1, Mail: sampleStaffMail,
		},
	}, nil
}

func (s samples) RecentClients(context.Context, int) ([]ClientRow, error) {
	switch {
	case s.trouble:
		return nil, errSample
	case s.empty:
		return nil, nil
	}
	return []ClientRow{
		{Clinic: sampleClinic, Key: sampleClient, Name: "Jamie R.", Runs: []string{"Check-in answered “not safe”"}, Next: "the supervisor is asked", NextAt: s.now.Add(8 * time.Minute), Last: s.ago(2 * time.Minute), Flagged: true, Open: true},
		{Clinic: sampleClinic, Key: sampleClient, Name: "Morgan T.", Runs: []string{"High-risk no-show"}, Last: s.ago(3 * time.Minute), Flagged: true},
		{Clinic: sampleClinic, Key: sampleClient, Name: "Alex P.", Runs: []string{"Late cancellation", "First visit ahead"}, Next: "a practical mail (C)", NextAt: s.now.Add(50 * time.Hour), Last: s.ago(5 * time.Hour)},
		{Clinic: sampleClinic, Key: sampleClient, Name: "Robin K.", Last: s.ago(74 * time.Hour)},
	}, nil
}

func (s samples) Client(_ context.Context, clinic, key string) (ClientView, error) {
	if clinic != sampleClinic || key != sampleClient && key != sampleStopped {
		return ClientView{}, ErrUnknown
	}
	v := ClientView{Clinic: sampleClinic, ClinicName: s.of.Clinic.Name, Key: key, Name: "Alex P."}
	if key == sampleStopped {
		v.Mail = MailState{OptedOut: true, Paused: true, Until: s.now.AddDate(0, 0, 20)}
		return v, nil
	}
	if s.empty {
		return v, nil
	}
	v.Facts = []Fact{{"Agreed to mail", "Yes, on paper, Jan 12"}, {"Risk on record", "None"}, {"Clinician", "Dana Whitfield"}}
	v.Flagged = true
	v.Phone, v.ChartURL = "(555) 010-0177", "https://ehr.example/charts/1"
	v.Tasks = []TaskRow{{ID: "t1", What: "Read the client's answer", Text: "Mornings are hard.\nCould we try another day?", Owner: "Dana Whitfield", Due: s.now.Add(20 * time.Hour)}}
	v.Brief = []Fact{{"Thu 26 Feb 09:10", "An appointment was cancelled"}, {"Why they stepped back", "It was too much at once"}, {"Mails in the last two weeks", "one"}}
	v.Opening = "“We can go slower. What would feel like enough for today?”"
	v.Runs = []Run{{Workflow: "Late cancellation", Why: "Somebody cancelled late and has not booked again: notice it, kindly, and make coming back easy.", Step: "Waiting for 3 days to pass", Since: s.ago(5 * time.Hour)}}
	v.Planned = []Planned{{"A practical mail with times and help (C)", s.now.Add(50 * time.Hour)}, {"A task for Dana, if nothing is booked", s.now.Add(150 * time.Hour)}}
	v.Entries = []Entry{
		{At: s.ago(5 * time.Hour), Kind: EntryMail, What: "A warm note (A) left", Reason: "a visit was cancelled late and 4 hours have passed", ReasonCode: "step-due", Workflow: "Late cancellation", Step: "2", Mail: sampleMail},
		{At: s.ago(7 * time.Hour), Kind: EntryHuman, What: "Dana noticed: quieter than usual", Workflow: "", Detail: "Approach they prefer: a short call"},
		{At: s.ago(9 * time.Hour), Kind: EntryEvent, What: "The client cancelled Thursday’s visit", Reason: "less than 48 hours were left", ReasonCode: "late-cancellation", Workflow: "Late cancellation", Step: "1"},
		{At: s.ago(80 * time.Hour), Kind: EntrySafety, What: "Escalation closed: I reached the client, who is safe", Reason: "a person recorded the outcome", ReasonCode: "closed-by-human", Note: "We spoke for a while. A friend is with Alex tonight."},
		{At: s.ago(200 * time.Hour), Kind: EntryHeld, What: "A note (B) was not sent", Reason: "3 care mails had left in 14 days", ReasonCode: "cap-reached", Workflow: "Disengaged", Step: "1"},
	}
	return v, nil
}

func (s samples) List(context.Context, int) ([]MailRow, error) {
	switch {
	case s.trouble:
		return nil, errSample
	case s.empty:
		return nil, nil
	}
	return []MailRow{
		{Name: sampleStaffMail, At: s.ago(2 * time.Minute), To: "Dana Whitfield <dana@harbor.example>", Subject: "Crisis: a client is waiting for you", Safety: true, Attempt: 2},
		{Name: sampleMail, At: s.ago(5 * time.Hour), To: "Alex <alex@example.net>", Subject: "A note from " + s.of.Clinic.Name, Attempt: 1},
	}, nil
}

func (s samples) Read(ctx context.Context, name string) (MailView, error) {
	rows, _ := s.List(ctx, 0)
	for _, row := range rows {
		if row.Name == name {
			const link = "https://mail.example/c/AQhrM2Y3YWJjMgEBAWMGaGFyYm9y"
			return MailView{
				MailRow: row, From: s.of.Clinic.Name + " <hello@harbor.example>", ReplyTo: s.of.Clinic.Name + " <front-desk@harbor.example>",
				Headers: []Fact{{"Subject", row.Subject}, {"To", row.To}, {"Message-ID", "<b4k2@harbor.example>"}, {"List-Unsubscribe-Post", "List-Unsubscribe=One-Click"}},
				Text:    "Dear Alex,\n\nwe noticed that you could not come on Thursday. That is fine.\n\nIf you like, tell us how you are: " + link + ".\n\nWarmly,\n" + s.of.Clinic.Name,
				HTML:    `<!doctype html><html lang="en"><head><title>A note</title></head><body style="font-family:Georgia,serif;color:#223;background:#fff;padding:24px"><p style="font-size:18px">Dear Alex,</p><p>we noticed that you could not come on Thursday. That is fine.</p><p><a href="` + link + `" style="background:#1f5c66;color:#fff;padding:12px 18px;border-radius:10px;display:inline-block">Tell us how you are</a></p><script>document.title="ran"</script></body></html>`,
			}, nil
		}
	}
	return MailView{}, ErrUnknown
}
