package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/internal/links"
	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/notifier/templates"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/escalation"
	"github.com/mooring-care/mooring/workflows/runner"
)

// How long a link in a mail works. Somebody who wants no more mail may find an
// old one first.
const (
	linkLife        = 30 * 24 * time.Hour
	preferencesLife = 5 * 365 * 24 * time.Hour
	longestLife     = 100 * 365 * 24 * time.Hour
)

// outbox turns what a decision asks for into the notifier's message.
type outbox struct{ store *jetstream.Store }

// Enqueue puts a message into its lane.
func (o outbox) Enqueue(ctx context.Context, ref runner.Ref, e workflows.Enqueue) error {
	return o.store.Enqueue(ctx, messageOf(ref, e))
}

// messageOf is the notifier's message for what a decision asks for.
func messageOf(ref runner.Ref, e workflows.Enqueue) notifier.Message {
	m := e.Message
	return notifier.Message{
		ID: e.ID, Clinic: ref.Clinic, Key: ref.Key, Lane: notifier.Lane(e.Lane),
		Template: m.Template, Wording: m.Wording, Version: m.Version, Person: m.Person, Target: m.Target,
		Why: m.Why, Reasons: m.Reasons, What: m.What, Urgency: m.Urgency, Round: m.Round, Asked: m.Asked,
	}
}

// renderer writes mails: wording of the pinned version, links, recipient.
type renderer struct {
	clinics   *clinics
	runner    *runner.Runner
	keys      *links.Keys
	publicURL string
	clock     *Clock
}

// Render writes the mail for a message.
func (r *renderer) Render(ctx context.Context, m notifier.Message, attempt int) (notifier.Mail, error) {
	c, ok := r.clinics.byID[m.Clinic]
	if !ok {
		// Not final: another replica may know the clinic, and a question must not
		// lose its mail to one that was started with the wrong folder.
		return notifier.Mail{}, errors.New("write a mail: the clinic is not configured")
	}
	if err := r.clinics.Prepare(ctx, m.Clinic, []string{m.Version}); err != nil {
		return notifier.Mail{}, err
	}
	wording := c.at(m.Version)
	if wording == nil {
		wording = c.current
	}
	state, err := r.runner.Cached(ctx, runner.Ref{Clinic: m.Clinic, Key: m.Key})
	if err != nil {
		return notifier.Mail{}, err
	}
	return r.write(m, attempt, &state, c.current.Clinic, wording)
}

// write fills in the mail for a message: words of the version that it began with, names
// and addresses of the clinic as it is, and the client as they are known.
func (r *renderer) write(m notifier.Message, attempt int, state *workflows.State, c *workflows.Clinic, wording *version) (notifier.Mail, error) {
	mail := notifier.Mail{
		ID: m.ID, Attempt: attempt, Lane: m.Lane, Date: r.clock.Now(),
		From:    notifier.Address(c.From),
		ReplyTo: notifier.Address(c.ReplyTo),
		Origin:  notifier.Origin{Clinic: m.Clinic, Version: wording.Version, Stranger: m.Template == "address" || m.Template == "address-changed"},
	}
	_, domain, _ := strings.Cut(mail.From.Email, "@")
	mail.MessageID = m.ID + "@" + domain

	name := m.Template
	if m.Wording != "" {
		name += "." + m.Wording
	}
	language := wording.wording.Speaks(name, languages(c, m.Lane, &state.Profile)...)
	v := clinicValues(c, language)
	if m.Lane == notifier.Care {
		r.client(m, state, c, &v, &mail)
	} else if err := r.staff(m, state, c, language, &v, &mail); err != nil {
		return mail, err
	}
	out, err := wording.wording.Render(name, language, wordingReason(m.Why), v)
	if err != nil {
		return mail, fmt.Errorf("%w: %w", err, notifier.ErrCannotRender)
	}
	mail.Origin.Language = out.Language
	mail.Subject, mail.Text, mail.HTML = out.Subject, out.Text, out.HTML
	if asksNow(m.Template) {
		mail.Pages = pages(c.Staff.Person(m.Person), &mail, v.EscalationURL, v.Code)
	}
	return mail, nil
}

// clinicValues are what every mail of a clinic is filled in with, as the clinic says it
// in a language.
func clinicValues(c *workflows.Clinic, language string) templates.Values {
	said := c.In(language)
	return templates.Values{
		ClinicName: c.Name, ClinicPhone: c.Phone, BookingURL: said.BookingURL,
		CrisisName: said.CrisisLine.Name, CrisisPhone: said.CrisisLine.Phone,
		CrisisText: said.CrisisLine.Text, CrisisURL: said.CrisisLine.URL,
		ReplyHours: said.ReplyHours,
	}
}

// asksNow says whether a mail of a family asks for an answer before the day is over,
// so that it also goes where its reader is reached beside mail.
func asksNow(family string) bool {
	return slices.Contains([]string{"escalation", "escalation-hold", "escalation-wide"}, family)
}

// pages are a mail to a member of staff on the other ways on which they are reached.
func pages(p *escalation.Person, mail *notifier.Mail, link, code string) []notifier.Page {
	var out []notifier.Page
	for _, channel := range slices.Sorted(maps.Keys(p.Reach)) {
		out = append(out, notifier.Page{Channel: channel, To: p.Reach[channel], Title: mail.Subject, Text: mail.Text, Link: link, Code: code})
	}
	return out
}

// languages are those to write a mail in, the first that has wording: a client's
// own where the clinic serves it, then the clinic's. Staff read the clinic's.
func languages(c *workflows.Clinic, lane notifier.Lane, p *workflows.Profile) []string {
	if lane != notifier.Care {
		return []string{c.Language()}
	}
	return []string{c.LanguageFor(p.Speaks()), c.Language()}
}

// client fills in a mail to the client.
func (r *renderer) client(m notifier.Message, s *workflows.State, c *workflows.Clinic, v *templates.Values, mail *notifier.Mail) {
	p := &s.Profile
	mail.To = notifier.Address{Email: p.Address()}
	for i := range s.Sends {
		if x := &s.Sends[i]; x.ID == m.ID && x.Email != "" {
			mail.To.Email = x.Email
		}
	}
	if m.Template == "address" {
		// Nobody knows yet whose inbox it is: it names nobody and leads to the one page.
		v.ConfirmURL = r.link("a", m, links.Claims{Purpose: links.Address, Clinic: m.Clinic, Target: m.Target, Recipient: m.Key})
		return
	}
	v.FirstName = p.FirstName.Get()
	if m.Template == "address-changed" {
		return // nobody knows who reads that inbox now: no link to the client's choices
	}
	if m.Template == "C" {
		v.Resources = resources(c, p, m, r.clock.Now())
	}
	v.CheckinURL = r.link("c", m, links.Claims{Purpose: links.Checkin, Clinic: m.Clinic, Target: m.ID, Recipient: m.Key})
	v.PreferencesURL = r.link("u", m, links.Claims{Purpose: links.Preferences, Clinic: m.Clinic, Target: m.ID, Recipient: m.Key})
	mail.Headers = append(mail.Headers,
		notifier.Header{Name: "List-Unsubscribe", Value: "<" + v.PreferencesURL + ">"},
		notifier.Header{Name: "List-Unsubscribe-Post", Value: "List-Unsubscribe=One-Click"})
}

// resources are the clinic's services that fit a client, as they are in force now:
// one that has closed must not be named because the journey is an old one.
func resources(c *workflows.Clinic, p *workflows.Profile, m notifier.Message, now time.Time) []templates.Resource {
	fit := c.ResourcesFor(m.Why, p.Speaks(), p.Programmes.Get(), now)
	if m.Wording == workflows.WordingList {
		// The list that the client saw: the gate lets none to a client with a flag.
		fit = c.ResourcesForAny(m.Reasons, p.Speaks(), p.Programmes.Get(), false, now)
	}
	var out []templates.Resource
	for _, s := range fit {
		out = append(out, resourceOf(&s))
	}
	return out
}

// resourceOf is a service as a mail shows it.
func resourceOf(s *workflows.Resource) templates.Resource {
	return templates.Resource{
		Name: s.Title, About: s.About, Phone: s.Reach.Phone, Address: s.Reach.Address, URL: s.Reach.URL, Hours: s.Hours, Cost: s.Cost,
	}
}

// staff fills in a mail to a member of staff, with times in the words of its
// language. It names no client.
func (r *renderer) staff(m notifier.Message, s *workflows.State, c *workflows.Clinic, language string, v *templates.Values, mail *notifier.Mail) error {
	person := c.Staff.Person(m.Person)
	if person == nil || person.Email == "" {
		return fmt.Errorf("write a mail to staff: the recipient is not in the directory: %w", notifier.ErrCannotRender)
	}
	mail.To = notifier.Address{Name: person.Name, Email: person.Email}
	v.StaffName, v.Urgency, v.Round = person.Name, m.Urgency, m.Round
	switch m.Template {
	case "escalation", "escalation-inform", "escalation-hold", "escalation-taken", "escalation-wide", "escalation-closed":
		v.EscalationURL, v.Code = r.staffLink("e", m, links.Escalation, m.Target)
		for i := range s.Escalations {
			if e := &s.Escalations[i]; e.ID == m.Target {
				v.OpenedAgo = templates.Span(language, r.clock.Now().Sub(e.Opened))
				v.HoldEnds = templates.Moment(language, e.Until().In(c.Zone))
				owner := e.Owner
				if m.Template == "escalation-closed" && e.Closed != nil {
					owner = e.Closed.By
				}
				if p := c.Staff.Person(owner); p != nil {
					v.OwnerName = p.Name
				}
			}
		}
	case "note":
		// The note is what the link leads to: it has no other id than its own.
		v.ClientURL, v.Code = r.staffLink("n", m, links.Note, m.ID)
	default:
		v.TaskURL, v.Code = r.staffLink("t", m, links.Task, m.Target)
		v.TaskWhat = m.What
		for i := range s.Tasks {
			if t := &s.Tasks[i]; t.ID == m.Target {
				v.TaskDue = templates.Moment(language, t.Due.In(c.Zone))
			}
		}
	}
	return nil
}

// claims dates a link by the decision that asked for the mail, so that a mail
// written twice carries the same link and code. At another speed links live as
// much longer: people open them.
func (r *renderer) claims(m notifier.Message, c links.Claims) links.Claims {
	c.Issued = m.Asked.UTC().Truncate(time.Second)
	life := linkLife
	switch c.Purpose {
	case links.Preferences:
		life = preferencesLife
	case links.Address:
		life = workflows.AddressWaits
	}
	life = time.Duration(min(float64(life)*max(1, r.clock.Speed()), float64(longestLife)))
	c.Expires = c.Issued.Add(life)
	return c
}

func (r *renderer) link(path string, m notifier.Message, c links.Claims) string {
	return r.publicURL + "/" + path + "/" + r.keys.Sign(r.claims(m, c))
}

// staffLink is the link of a mail to staff, with the short code that its page
// asks for.
func (r *renderer) staffLink(path string, m notifier.Message, p links.Purpose, id string) (url, code string) {
	claims := r.claims(m, links.Claims{Purpose: p, Clinic: m.Clinic, Target: target(m.Key, id), Recipient: m.Person})
	return r.publicURL + "/" + path + "/" + r.keys.Sign(claims), r.keys.Code(claims)
}

// target joins a client key and an id, so that a link leads to its client.
func target(key, id string) string { return key + "-" + id }

func splitTarget(t string) (key, id string, ok bool) {
	key, id, ok = strings.Cut(t, "-")
	return key, id, ok && events.ValidToken(key) && events.ValidToken(id)
}

// wordingReason maps the check-in page's codes to the wording's.
func wordingReason(code string) string {
	switch code {
	case "stress":
		return templates.OutsideStress
	case "", "other":
		return templates.Unknown
	}
	return code
}

// looker takes the last look.
type looker struct {
	clinics *clinics
	store   *jetstream.Store
	runner  *runner.Runner
	clock   *Clock
}

// Wait returns at once unless events wait that concern the client, or the
// program has only just started and does not know yet.
func (l *looker) Wait(ctx context.Context, m notifier.Message) error {
	ref := runner.Ref{Clinic: m.Clinic, Key: m.Key}
	if l.store.Calm(ref) {
		return nil
	}
	return l.store.Passed(ctx, ref)
}

// Look reads the client's latest decision from the leader; in the care lane
// only after everything acknowledged to a sender that concerns the client has
// been decided on.
func (l *looker) Look(ctx context.Context, m notifier.Message) (notifier.Look, error) {
	c, ok := l.clinics.byID[m.Clinic]
	if !ok {
		return notifier.Look{}, errors.New("take the last look: the clinic is not configured")
	}
	if m.Lane == notifier.Care {
		if err := l.store.Passed(ctx, runner.Ref{Clinic: m.Clinic, Key: m.Key}); err != nil {
			return notifier.Look{}, err
		}
	}
	state, _, err := l.runner.State(ctx, runner.Ref{Clinic: m.Clinic, Key: m.Key})
	if err != nil {
		return notifier.Look{}, err
	}
	got := state.Look(c.Current(), m.ID, l.clock.Now())
	look := notifier.Look{Wanted: got.Wanted, Reason: string(got.Reason)}
	if !got.By.IsZero() {
		look.By = got.By.String()
	}
	if m.Lane == notifier.Care {
		look.Email = got.Email
	}
	if !got.NotBefore.IsZero() {
		look.Later = time.Until(l.clock.Real(got.NotBefore))
	}
	return look, nil
}

// reporter states what became of a message as an event from inside.
type reporter struct {
	store *jetstream.Store
	clock *Clock
}

// Report publishes the event. Its id follows from message, status and attempt,
// so that a second report counts once.
func (r reporter) Report(ctx context.Context, m notifier.Message, k events.Kind, e notifier.Entry) error {
	ev := events.Event{
		ID: fmt.Sprintf("%s-%s-%d", m.ID, e.Status, e.Attempt), Source: "mooring/notifier", Clinic: m.Clinic,
		Key: m.Key, Kind: k, Time: e.At,
		Data: events.Data{Message: &events.MessageReport{ID: m.ID, Attempt: e.Attempt, Detail: e.Detail, By: e.By, To: e.To}},
	}
	return publishInside(ctx, r.store, ev)
}

// publishInside states an event of our own.
func publishInside(ctx context.Context, store *jetstream.Store, ev events.Event) error {
	header, body, err := events.Encode(ev)
	if err != nil {
		return fmt.Errorf("write an event from inside: %w", err)
	}
	subject := events.Subject(events.SubjectInside, ev.Clinic, ev.Kind)
	return store.Publisher().Publish(ctx, subject, ev.Hash().String(), header, body)
}

// limiter holds the care lane to the operator's rate; safety is never held.
type limiter struct{ care *rate.Limiter }

func newLimiter(perSecond float64) limiter {
	if perSecond <= 0 {
		return limiter{}
	}
	return limiter{rate.NewLimiter(rate.Limit(perSecond), max(1, int(perSecond)))}
}

// Permit waits for the lane's turn.
func (l limiter) Permit(ctx context.Context, lane notifier.Lane) error {
	if lane != notifier.Care || l.care == nil {
		return nil
	}
	return l.care.Wait(ctx)
}
