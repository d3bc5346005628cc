package app

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/links"
	"github.com/mooring-care/mooring/internal/testkit"
	"github.com/mooring-care/mooring/workflows"
)

// promises are the words of a page that would say when somebody calls.
var promises = regexp.MustCompile(`(?i)\b(within|minutes?|hours?|soon|shortly|today|right away|at once)\b`)

// A client cancels late, gets the first mail, opens its check-in and is not
// safe: the page says whom to call, and humans are asked at once.
func TestStoryCheckin(t *testing.T) {
	t.Parallel()
	p := run(t, storyConfig(t))
	p.say(events.AppointmentCancelled, "ana", events.Data{Client: person("ana", events.RiskNone), Appointment: cancelled(p.appointment("ana-1", 30*time.Hour))})
	p.pass(3*time.Hour + 50*time.Minute)
	p.settle()
	p.quiet()
	p.pass(11 * time.Minute)
	mail := p.expect("ana@example.org", "A")
	p.quiet()

	b, link := p.browser(), mail.link(t, "c")
	g := b.get(link)
	if g.status != http.StatusOK || !strings.Contains(g.text, `href="tel:988"`) {
		t.Fatalf("the check-in page does not show the crisis line (%d):\n%s", g.status, g.text)
	}
	before := p.state("ana").Decisions

	// Pressed twice, it counts once. A form counts anew every two minutes; the
	// two presses stay within one such time.
	testkit.Eventually(t, patience, "two minutes do not end just now", func() bool {
		return time.Until(time.Now().Truncate(2*time.Minute).Add(2*time.Minute)) > 3*time.Second
	})
	nonce := g.field(t, "id")
	for range 2 {
		g = b.post(link, "id", nonce, "feeling", "not-safe")
		if g.status != http.StatusOK || !strings.Contains(g.text, "Please call now") || !strings.Contains(g.text, `href="tel:988"`) {
			t.Fatalf("the page after “not safe” (%d):\n%s", g.status, g.text)
		}
		_, words, _ := strings.Cut(g.text, "<main")
		words, _, _ = strings.Cut(words, "</main>")
		if found := promises.FindString(words); found != "" {
			t.Errorf("the page promises a time (%q):\n%s", found, words)
		}
	}
	p.settle()
	p.expect(amara, "escalation")
	p.expect(ruth, "escalation-inform")
	p.quiet()
	e := p.stillOpen("ana", "“not safe”")
	if e.Policy.ID != "safety" || !slices.Equal(e.Questions, []string{"not-safe"}) {
		t.Errorf("policy %q, questions %q", e.Policy.ID, e.Questions)
	}
	s := p.state("ana")
	// The invitation is over; what asks the human goes on until they answer.
	if len(s.Journeys) != 1 || s.Journeys[0].Workflow != "not-safe" {
		t.Errorf("the journey goes on: %+v", s.Journeys)
	}
	answers := 0
	for _, m := range p.story("ana").moments {
		if m.kind == events.CheckinAnswered && m.note.What == workflows.WhatEscalation && m.note.Reason == workflows.SafetyQuestion {
			answers++
		}
	}
	if answers != 1 {
		t.Errorf("two presses counted %d times (%d decisions, then %d)", answers, before, s.Decisions)
	}
	if !p.noted("ana", workflows.WhatJourney, workflows.StoppedByEvent, "with-a-human") {
		t.Error("the timeline does not say that the journey ended with a human")
	}

	// Ten minutes of silence: the cover; the client hears nothing more.
	p.pass(11 * time.Minute)
	p.expect(jonas, "escalation")
	p.quiet()
	// A safe answer afterwards closes nothing.
	p.browser().post(link, "id", links.NewID(), "feeling", "okay")
	p.settle()
	p.stillOpen("ana", "an answer that all is well")
	p.quiet()
}

// story is the client's timeline as the staff page and the terminal tell it.
func (p *program) story(who string) story {
	p.t.Helper()
	s, err := p.reader.story(p.t.Context(), p.ref(who))
	if err != nil {
		p.t.Fatal(err)
	}
	return s
}

// noted says whether the timeline has a note; an empty detail means any.
func (p *program) noted(who string, what workflows.What, why workflows.Reason, detail string) bool {
	p.t.Helper()
	return slices.ContainsFunc(p.story(who).moments, func(m moment) bool {
		return m.note.What == what && m.note.Reason == why && (detail == "" || m.note.Detail == detail) && m.told.why != ""
	})
}

// No consent, no mail; and the timeline says so.
func TestConsentFirst(t *testing.T) {
	t.Parallel()
	p := run(t, storyConfig(t))
	type change func(*events.Client)
	consent := func(s events.ConsentState) change {
		return func(c *events.Client) { c.Consent.Outreach.State = s }
	}
	status := func(s events.Status) change { return func(c *events.Client) { c.Status = &s } }
	yes, no := true, false
	cases := []struct {
		who    string
		change change
		// later says it by a feed, after the journey began.
		later bool
		what  workflows.What
		why   workflows.Reason
		// task is a mail to the clinician that belongs to it.
		task bool
	}{
		{"none", func(c *events.Client) { c.Consent = nil }, false, workflows.WhatMessage, workflows.NoConsent, false},
		{"unknown", consent(events.ConsentUnknown), false, workflows.WhatMessage, workflows.NoConsent, false},
		{"withdrawn", consent(events.ConsentWithdrawn), false, workflows.WhatMessage, workflows.ConsentWithdrawn, false},
		{"withdraws", consent(events.ConsentWithdrawn), true, workflows.WhatMessage, workflows.ConsentWithdrawn, false},
		{"unverified", func(c *events.Client) { c.EmailVerified = &no }, false, workflows.WhatMessage, workflows.AddressNotVerified, false},
		{"unnamed", func(c *events.Client) { c.EmailVerified = nil }, false, workflows.WhatMessage, workflows.AddressNotVerified, false},
		{"noaddress", func(c *events.Client) { c.Email = nil }, false, workflows.WhatMessage, workflows.NoAddress, false},
		{"deceased", status(events.StatusDeceased), false, workflows.WhatClient, workflows.StatusChanged, false},
		{"dies", status(events.StatusDeceased), true, workflows.WhatJourney, workflows.Deceased, false},
		{"discharged", status(events.StatusDischarged), true, workflows.WhatJourney, workflows.Discharged, true},
		{"hospital", status(events.StatusHospitalised), true, workflows.WhatJourney, workflows.Hospitalised, true},
		{"minor", func(c *events.Client) { c.Minor = &yes }, false, workflows.WhatMessage, workflows.MinorUnknownOwner, false},
		{"excluded", func(c *events.Client) { c.Programmes = []string{"substance-use"} }, false, workflows.WhatMessage, workflows.ProgrammeExcluded, false},
	}
	for _, c := range cases {
		client := person(c.who, events.RiskNone)
		if !c.later {
			c.change(client)
		}
		p.publish(p.event(events.AppointmentNoShow, c.who, events.Data{Client: client, Appointment: p.appointment(c.who+"-1", -time.Hour)}))
	}
	for _, who := range []string{"page", "oneclick", "bounce"} {
		p.publish(p.event(events.AppointmentNoShow, who, events.Data{Client: person(who, events.RiskNone), Appointment: p.appointment(who+"-1", -time.Hour)}))
	}
	p.pass(time.Hour)
	for _, c := range cases {
		if c.later {
			client := &events.Client{Consent: &events.Consent{Outreach: &events.ConsentRecord{State: events.ConsentGranted}}}
			c.change(client)
			p.say(events.ClientUpdated, c.who, events.Data{Client: client})
		}
		if c.task {
			p.expect(amara, "task")
		}
	}
	p.quiet()
	p.pass(2*time.Hour + time.Minute)
	for _, c := range cases {
		if !p.noted(c.who, c.what, c.why, "") {
			t.Errorf("%s: the timeline does not say %q", c.who, c.why)
		}
	}

	// Three get the first mail; then the page, the one-click header and a bounce
	// stop the second.
	p.expect(amara, "task") // whose the minor's address is
	page, click, bounced := p.expect("page@example.org", "A"), p.expect("oneclick@example.org", "A"), p.expect("bounce@example.org", "A")
	p.quiet()
	if g := p.browser().post(page.link(t, "u"), "do", "stop"); g.status != http.StatusOK || !strings.Contains(g.text, "You will get no more of these emails") {
		t.Errorf("stopping by the page: %d\n%s", g.status, g.text)
	}
	address := ""
	for _, h := range click.Headers {
		if h.Name == "List-Unsubscribe" {
			address = strings.Trim(h.Value, "<>")
		}
	}
	if g := p.browser().oneClick(address); g.status != http.StatusOK {
		t.Errorf("stopping by one click: %d\n%s", g.status, g.text)
	}
	report := events.Event{
		ID: "sg-1", Source: "provider", Clinic: p.clinic(), Key: p.ref("bounce").Key, Kind: events.MessageBounced, Time: p.Now(),
		Data: events.Data{Message: &events.MessageReport{ID: bounced.id, Attempt: 1, Detail: "550 5.1.1"}},
	}
	if err := publishInside(t.Context(), p.store, report); err != nil {
		t.Fatal(err)
	}
	p.settle()
	p.expect(amara, "task")
	p.quiet()
	// A feed that knows nothing of it lifts no opt-out.
	for _, who := range []string{"page", "oneclick"} {
		p.say(events.ClientUpdated, who, events.Data{Client: person(who, events.RiskNone)})
		p.say(events.AppointmentNoShow, who, events.Data{Appointment: p.appointment(who+"-2", -time.Hour)})
	}
	p.pass(3*24*time.Hour + time.Hour)
	for _, l := range p.inbox {
		if l.Lane == workflows.LaneCare {
			t.Errorf("a %s mail to %s", l.Message.Template, l.To.Email)
		}
	}
	p.inbox = nil // reminders of tasks that nobody does here
	for who, why := range map[string]workflows.Reason{"page": workflows.OptedOut, "oneclick": workflows.OptedOut, "bounce": workflows.Suppressed} {
		if !p.noted(who, "journey", why, "") && !p.noted(who, workflows.WhatMessage, why, "") {
			t.Errorf("%s: the timeline does not say %q", who, why)
		}
	}
}

// oneClick presses as a mail program does, without opening anything.
func (b *browser) oneClick(address string) page {
	b.p.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	if err := w.WriteField("List-Unsubscribe", "One-Click"); err != nil {
		b.p.t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.p.t.Fatal(err)
	}
	return b.do(http.MethodPost, address, w.FormDataContentType(), body.String(), nil)
}
