package app

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/escalation"
	"github.com/mooring-care/mooring/workflows/runner"
)

// ClientStoryVersion is the version of ClientStory's JSON. Fields are added
// without a new one; a field that goes or changes its meaning makes one.
const ClientStoryVersion = 1

// ClientStory is all that is known about one client: for staff, on their own
// terminal. Its JSON is described in docs/commands.md.
type ClientStory struct {
	Version int `json:"version"`
	// Now is the program's time when it was read.
	Now    time.Time   `json:"now"`
	Clinic StoryClinic `json:"clinic"`
	Client StoryClient `json:"client"`

	Profile      Profile            `json:"profile"`
	Appointments []StoryAppointment `json:"appointments"`
	Journeys     []StoryJourney     `json:"journeys"`
	Escalations  []StoryEscalation  `json:"escalations"`
	Tasks        []StoryTask        `json:"tasks"`
	// Timeline and Messages are oldest first, Next soonest first.
	Timeline []StoryMoment  `json:"timeline"`
	Messages []StoryMessage `json:"messages"`
	Next     []StoryNext    `json:"next"`

	zone *time.Location
}

// StoryClinic is the client's clinic.
type StoryClinic struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Zone string `json:"zone"`
}

// StoryClient says who it is about.
type StoryClient struct {
	EHR       string    `json:"ehr_id"`
	Key       string    `json:"key"`
	Name      string    `json:"name"`
	Since     time.Time `json:"since"`
	Decisions int64     `json:"decisions"`
	Flagged   bool      `json:"flagged"`
}

// Profile is what is known, field by field. In JSON it is an object.
type Profile []Known

// Known is one field with the event that said it.
type Known struct {
	Field string    `json:"-"`
	Value any       `json:"value"`
	Since time.Time `json:"since"`
	Event string    `json:"event"`

	label, words string
}

// MarshalJSON writes the fields by name.
func (p Profile) MarshalJSON() ([]byte, error) {
	m := make(map[string]Known, len(p))
	for _, k := range p {
		m[k.Field] = k
	}
	return json.Marshal(m)
}

// StoryAppointment is one appointment as last reported.
type StoryAppointment struct {
	ID          string    `json:"id"`
	Status      string    `json:"status"`
	Start       time.Time `json:"start,omitzero"`
	Visit       string    `json:"visit,omitempty"`
	CancelledBy string    `json:"cancelled_by,omitempty"`
	Since       time.Time `json:"since"`
	Ahead       bool      `json:"ahead"`
}

// StoryJourney is one journey under way.
type StoryJourney struct {
	ID       string `json:"id"`
	Workflow string `json:"workflow"`
	Title    string `json:"title"`
	// Directory is the version of the clinic's folder that it is pinned to.
	Directory string    `json:"directory"`
	Started   time.Time `json:"started"`
	Step      string    `json:"step"`
	StepSince time.Time `json:"step_since"`
	Due       time.Time `json:"due,omitzero"`
}

// StoryEscalation is one question, open or closed within 30 days.
type StoryEscalation struct {
	ID             string         `json:"id"`
	Policy         string         `json:"policy"`
	Urgency        string         `json:"urgency"`
	Questions      []string       `json:"questions"`
	Opened         time.Time      `json:"opened"`
	Open           bool           `json:"open"`
	Owner          string         `json:"owner"`
	OwnerName      string         `json:"owner_name"`
	Rung           int            `json:"rung"`
	Rungs          int            `json:"rungs"`
	Round          int            `json:"round"`
	Next           time.Time      `json:"next,omitzero"`
	AcknowledgedBy string         `json:"acknowledged_by,omitempty"`
	AcknowledgedAt time.Time      `json:"acknowledged_at,omitzero"`
	ClosedBy       string         `json:"closed_by,omitempty"`
	ClosedAt       time.Time      `json:"closed_at,omitzero"`
	Outcome        events.Outcome `json:"outcome,omitempty"`
	// Note is what the person who closed it wrote for colleagues.
	Note string `json:"note,omitempty"`

	words string
}

// StoryTask is one open task.
type StoryTask struct {
	ID        string    `json:"id"`
	What      string    `json:"what"`
	Words     string    `json:"words"`
	Owner     string    `json:"owner"`
	OwnerName string    `json:"owner_name"`
	Opened    time.Time `json:"opened"`
	Due       time.Time `json:"due"`
	Journey   string    `json:"journey,omitempty"`
}

// StoryMoment is one thing decided, with its one named reason.
type StoryMoment struct {
	At    time.Time `json:"at"`
	About string    `json:"about"`
	Words string    `json:"words"`
	// Reason is the stable code, ReasonWords what people read.
	Reason      string `json:"reason"`
	ReasonWords string `json:"reason_words"`
	// Event, EventKind and EventTime are of the event answered; the ledger's
	// own words have none.
	Event     string    `json:"event,omitempty"`
	EventKind string    `json:"event_kind,omitempty"`
	EventTime time.Time `json:"event_time,omitzero"`
	Workflow  string    `json:"workflow,omitempty"`
	Step      string    `json:"step,omitempty"`
	Subject   string    `json:"subject,omitempty"`
	Person    string    `json:"person,omitempty"`
	Until     time.Time `json:"until,omitzero"`
	// Holiday is the one that keeps a message back until then, where it has a name.
	Holiday string `json:"holiday,omitempty"`
	Detail  string `json:"detail,omitempty"`

	eventWords string
	written    string
}

// StoryMessage is one message that was asked for, with the ledger's word.
type StoryMessage struct {
	ID    string    `json:"id"`
	Lane  string    `json:"lane"`
	Asked time.Time `json:"asked"`
	// To is "client" or the directory id of a member of staff.
	To            string `json:"to"`
	ToName        string `json:"to_name"`
	Template      string `json:"template"`
	TemplateWords string `json:"template_words"`
	Workflow      string `json:"workflow,omitempty"`
	Step          string `json:"step,omitempty"`
	// Status is the ledger's, or "queued" before its first word.
	Status      string    `json:"status"`
	StatusWords string    `json:"status_words"`
	StatusAt    time.Time `json:"status_at,omitzero"`
	Attempt     int       `json:"attempt,omitempty"`
	// Detail is a machine's word, or the reason of a message held back;
	// WithdrawnBy is the event that said so.
	Detail      string `json:"detail,omitempty"`
	DetailWords string `json:"detail_words,omitempty"`
	WithdrawnBy string `json:"withdrawn_by,omitempty"`
}

// StoryNext is one thing that comes.
type StoryNext struct {
	At    time.Time `json:"at"`
	About string    `json:"about"`
	ID    string    `json:"id,omitempty"`
	Words string    `json:"words"`
}

// statusQueued is a message that the ledger has no word on yet.
const statusQueued = "queued"

// Client tells the story of the client with an EHR's id. Its error is
// ErrUnknownClient when no event about them was decided on.
func (o *Operator) Client(ctx context.Context, clinicID, ehrID string) (*ClientStory, error) {
	ref := o.ref(clinicID, ehrID)
	state, err := o.clientState(ctx, ref)
	if errors.Is(err, errNoClient) {
		return nil, ErrUnknownClient
	}
	if err != nil {
		return nil, err
	}
	if err := o.clinics.Prepare(ctx, clinicID, state.Versions()); err != nil {
		return nil, err
	}
	told, err := o.story(ctx, ref)
	if err != nil {
		return nil, err
	}
	now, zone := o.Now(), o.zone(clinicID)
	s := &ClientStory{
		Version: ClientStoryVersion, Now: now, zone: zone,
		Clinic: StoryClinic{ID: clinicID, Name: o.clinics.byID[clinicID].current.Name, Zone: zone.String()},
		Client: StoryClient{
			EHR: ehrID, Key: ref.Key, Name: fullName(&state.Profile), Since: state.Created,
			Decisions: state.Decisions, Flagged: state.Flagged(now),
		},
		Profile: o.profile(clinicID, ref.Key, &state.Profile, zone),
	}
	o.showState(s, &state, now)
	o.showHistory(s, ref, &state, told)
	return s, nil
}

// profile lists the fields that any event has set.
func (o *Operator) profile(clinicID, key string, p *workflows.Profile, zone *time.Location) Profile {
	out := Profile{}
	add := func(name, label string, known bool, value any, words string, at time.Time, by events.Hash) {
		if known {
			out = append(out, Known{name, value, at, by.String(), label, words})
		}
	}
	text := func(name, label string, f *workflows.Field[string]) {
		if f != nil {
			add(name, label, f.Known(), f.Value, f.Value, f.At, f.By)
		}
	}
	truth := func(name, label string, f *workflows.Field[bool]) {
		if f != nil {
			add(name, label, f.Known(), f.Value, yes(f.Value), f.At, f.By)
		}
	}
	for _, n := range []struct {
		name, label string
		f           *workflows.Field[string]
	}{{"first_name", "First name", p.FirstName}, {"last_name", "Last name", p.LastName}} {
		if f := n.f; f != nil {
			add(n.name, n.label, f.Known(), f.Value, shownName(f.Value), f.At, f.By)
		}
	}
	text("email", "Email", p.Email)
	if f := p.EmailVerified; f != nil {
		add("email_verified", "Email verified", f.Known(), f.Value.OK, yes(f.Value.OK), f.At, f.By)
	}
	text("phone", "Phone", p.Phone)
	text("chart_url", "Chart", p.ChartURL)
	text("language", "Language", p.Language)
	text("time_zone", "Time zone", p.TimeZone)
	if f := p.Clinician; f != nil {
		add("clinician", "Clinician", f.Known(), f.Value, o.personName(clinicID, f.Value), f.At, f.By)
	}
	if f := p.Risk; f != nil {
		add("risk", "Risk", f.Known(), f.Value, string(f.Value), f.At, f.By)
	}
	if f := p.Status; f != nil {
		words := string(f.Value)
		if p.InDoubt() {
			words += ", though said to have died: care is stopped"
		}
		add("status", "Status", f.Known(), f.Value, words, f.At, f.By)
	}
	if f := p.Programmes; f != nil {
		add("programmes", "Programmes", f.Known(), slices.Concat([]string{}, f.Value), orWord(strings.Join(f.Value, ", "), "in none"), f.At, f.By)
	}
	if f := p.NeverAsk; f != nil {
		var names []string
		for _, id := range f.Value {
			names = append(names, o.personName(clinicID, id))
		}
		add("never_ask", "Never asked", f.Known(), slices.Concat([]string{}, f.Value), orWord(strings.Join(names, ", "), "nobody"), f.At, f.By)
	}
	truth("minor", "Minor", p.Minor)
	text("address_owner", "Whose address", p.AddressOwner)
	for _, purpose := range events.Purposes() {
		if f := p.Consent(purpose); f != nil {
			add("consent_"+string(purpose), consentLabel(purpose), f.Known(), f.Value, consentWords(f.Value, zone), f.At, f.By)
		}
	}
	truth("opted_out", "Asked for no more mail", p.OptedOut)
	if email := p.Address(); email != "" {
		for _, x := range p.Suppressed {
			if x.Mark == events.AddressMark(key, email) {
				add("suppressed", "Mail failed before to", true, email, email, x.At, x.By)
			}
		}
	}
	text("reason", "Why they step back", p.Reason)
	if f := p.Noticed; f != nil {
		add("noticed", "Noticed", f.Known(), f.Value, choiceWords(events.Noticed(), f.Value...), f.At, f.By)
	}
	if f := p.Approach; f != nil {
		add("approach", "Would like better", f.Known(), f.Value, choiceWords(events.Approaches(), f.Value), f.At, f.By)
	}
	if f := p.Paused; f != nil {
		words := yes(f.Value.On)
		if f.Value.On && !f.Value.Until.IsZero() {
			words += ", until " + when(f.Value.Until, zone)
		}
		add("paused", "Mail is paused", f.Known(), f.Value, words, f.At, f.By)
	}
	return out
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// showState takes in what stands at this moment.
func (o *Operator) showState(s *ClientStory, state *workflows.State, now time.Time) {
	clinicID := s.Clinic.ID
	s.Appointments = []StoryAppointment{}
	for _, a := range state.Appointments {
		booked := a.Status == events.AppointmentBooked || a.Status == events.AppointmentRescheduled
		s.Appointments = append(s.Appointments, StoryAppointment{
			ID: a.ID, Status: string(a.Status), Start: a.Start, Visit: string(a.Visit),
			CancelledBy: string(a.CancelledBy), Since: a.StatusSaid.At, Ahead: booked && a.Start.After(now),
		})
	}
	slices.SortStableFunc(s.Appointments, func(a, b StoryAppointment) int { return a.Start.Compare(b.Start) })
	s.Journeys = []StoryJourney{}
	for _, j := range state.Journeys {
		title := o.title(clinicID, j.Workflow)
		if c := o.clinics.byID[clinicID].At(j.Version); c != nil {
			if w, ok := c.Workflow(j.Workflow); ok && w.Title != "" {
				title = w.Title
			}
		}
		s.Journeys = append(s.Journeys, StoryJourney{
			ID: j.ID, Workflow: j.Workflow, Title: title, Directory: j.Version,
			Started: j.Started, Step: j.Step, StepSince: j.Nominal, Due: j.Due,
		})
	}
	s.Escalations = []StoryEscalation{}
	for i := range state.Escalations {
		s.Escalations = append(s.Escalations, o.showEscalation(clinicID, &state.Escalations[i]))
	}
	s.Tasks = []StoryTask{}
	for _, t := range state.Tasks {
		s.Tasks = append(s.Tasks, StoryTask{
			ID: t.ID, What: t.What, Words: questionWords(t.What), Owner: t.Owner, OwnerName: o.personName(clinicID, t.Owner),
			Opened: t.Opened, Due: t.Due, Journey: t.Journey,
		})
	}
	s.Next = []StoryNext{}
	for _, p := range o.planned(clinicID, state) {
		s.Next = append(s.Next, StoryNext{p.at, string(p.about), p.id, p.what})
	}
	for _, a := range s.Appointments {
		if a.Ahead {
			s.Next = append(s.Next, StoryNext{a.Start, "appointment", a.ID, "The next appointment"})
		}
	}
	slices.SortStableFunc(s.Next, func(a, b StoryNext) int { return a.At.Compare(b.At) })
}

func (o *Operator) showEscalation(clinicID string, e *escalation.Escalation) StoryEscalation {
	out := StoryEscalation{
		ID: e.ID, Policy: e.Policy.ID, Urgency: e.Policy.Urgency, Questions: slices.Concat([]string{}, e.Questions),
		Opened: e.Opened, Open: e.Open(), Owner: e.Owner, OwnerName: o.personName(clinicID, e.Owner),
		Rung: e.Rung + 1, Rungs: len(e.Policy.Rungs), Round: e.Round, Next: e.Until(),
	}
	for i, q := range e.Questions {
		if i > 0 {
			out.words += "; "
		}
		out.words += questionWords(q)
	}
	switch {
	case e.Closed != nil:
		out.words += ": closed by " + o.personName(clinicID, e.Closed.By)
	case e.Ack != nil:
		out.words += ": taken by " + o.personName(clinicID, e.Ack.By)
	default:
		out.words += ": with " + out.OwnerName
	}
	if e.Ack != nil {
		out.AcknowledgedBy, out.AcknowledgedAt = e.Ack.By, e.Ack.At
	}
	if e.Closed != nil {
		out.ClosedBy, out.ClosedAt, out.Outcome, out.Note = e.Closed.By, e.Closed.At, e.Closed.Outcome, e.Closed.Note
	}
	return out
}

// showHistory takes in what was decided and what became of the mail.
func (o *Operator) showHistory(s *ClientStory, ref runner.Ref, state *workflows.State, told story) {
	s.Timeline = []StoryMoment{}
	for _, m := range told.moments {
		t := StoryMoment{
			At: m.at, About: string(m.note.What), Words: m.told.what, Reason: string(m.note.Reason), ReasonWords: m.told.why,
			EventKind: string(m.kind), EventTime: m.happened, Workflow: m.note.Workflow, Step: m.note.Step,
			Subject: m.note.Subject, Person: m.note.Person, Until: m.note.Until, Holiday: m.note.Holiday, Detail: m.note.Detail, written: closingNote(state, m.note),
		}
		if !m.event.IsZero() {
			t.Event, t.eventWords = m.event.String(), eventWords(m.kind)
		}
		s.Timeline = append(s.Timeline, t)
	}
	s.Messages = []StoryMessage{}
	for _, m := range told.mails {
		x := StoryMessage{
			ID: m.id, Lane: string(m.lane), Asked: m.message.Asked, To: m.message.Person, Template: m.message.Template,
			TemplateWords: templateWords(m.message.Template), Workflow: m.message.Workflow, Step: m.message.Step,
			Status: string(m.entry.Status), StatusWords: statusWords(m.entry.Status), StatusAt: m.entry.At,
			Attempt: m.entry.Attempt, Detail: m.entry.Detail, WithdrawnBy: m.entry.By,
		}
		if x.Status == "" {
			x.Status = statusQueued
		}
		if words := workflows.Reason(x.Detail).Words(); words != x.Detail {
			x.DetailWords = words
		}
		if x.To == "" {
			x.To, x.ToName = "client", s.Client.Name
		} else {
			x.ToName = o.personName(ref.Clinic, x.To)
		}
		s.Messages = append(s.Messages, x)
	}
}
