package app

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/testkit"
	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/workflows/escalation"
)

// peopleConfig serves a clinic whose question after a missed visit goes to the
// clinician, to their cover and then to a rota. Each pair of edits is a text of the
// sample clinic and what stands there instead.
func peopleConfig(t *testing.T, edits ...string) Config {
	t.Helper()
	cfg := storyConfig(t)
	cfg.Clinics = clinicFolder(t, map[string]string{"missed": `start: {on: [appointment.noshow]}
steps:
  - escalate: {id: ask, policy: high-risk-no-show, question: high-risk-no-show}
  - wait: {event: [escalation.acknowledged, escalation.closed], of: ask}
  - end: with-a-human
`})
	name := filepath.Join(cfg.Clinics, "quay", "clinic.yaml")
	src, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	text := string(src)
	for pair := range slices.Chunk(edits, 2) {
		if !strings.Contains(text, pair[0]) {
			t.Fatalf("the sample clinic has no %q", pair[0])
		}
		text = strings.Replace(text, pair[0], pair[1], 1)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return cfg
}

// enter opens the session of an escalation's mail and gives back the page.
func (b *browser) enter(l letter) (link string, g page) {
	b.p.t.Helper()
	link = l.link(b.p.t, "e")
	if g := b.post(link, "code", l.code(b.p.t), "do", "show"); g.status != http.StatusSeeOther {
		b.p.t.Fatalf("the code: %d\n%s", g.status, g.text)
	}
	return link, b.get(link)
}

// press fills in one form of the page that a session shows.
func (b *browser) press(link string, g page, pairs ...string) page {
	b.p.t.Helper()
	held := []string{"form", g.field(b.p.t, "form"), "id", g.field(b.p.t, "id")}
	if strings.Contains(g.text, `name="turn"`) {
		held = append(held, "turn", g.field(b.p.t, "turn"))
	}
	return b.post(link, append(held, pairs...)...)
}

// end closes the client's question, so that its ladder says no more.
func (p *program) end(who string, l letter) {
	p.t.Helper()
	b := p.browser()
	link, g := b.enter(l)
	if g := b.press(link, g, "do", "close", "outcome", string(events.OutcomeReachedSafe), "none", "yes"); g.status != http.StatusSeeOther {
		p.t.Fatalf("closing: %d\n%s", g.status, g.text)
	}
	p.settle()
	if e := p.question(who); e.Open() {
		p.t.Fatalf("the question about %s is open", who)
	}
}

// Working hours, a rota and people who should not be asked: by day the clinician is
// asked; whoever passes it on over a conflict is not asked again; in the evening whoever
// has the duty is; a crisis asks at any hour. A closed question is opened again.
func TestStoryPeople(t *testing.T) {
	t.Parallel()
	const office = "    hours: {mon-fri: {from: \"09:00\", to: \"17:00\"}}\n"
	p := run(t, peopleConfig(t,
		"    cover: jonas\n", office+"    cover: jonas\n",
		"    cover: mei\n", office,
		"on_call: ruth\n", "rotas:\n  nights: {people: [mei, ruth], from: 2026-03-02, at: \"17:00\", days: 1}\non_call: rota:nights\n",
		"{owner: role:supervisor, within: 30m}", "{owner: rota:nights, within: 30m}",
	))
	p.noshow("dee", events.RiskHigh)
	first := p.expect(amara, "escalation")
	p.pass(31 * time.Minute)
	second := p.expect(jonas, "escalation")
	p.quiet()

	// He must not be asked about her. Whose turn it was since yesterday is asked at
	// once, and somebody is to record it.
	b := p.browser()
	link, g := b.enter(second)
	for _, want := range []string{"Amara Cole", "asked, and has not answered in time", "0 of 3 tries"} {
		if !strings.Contains(g.text, want) {
			t.Errorf("the page does not say %q:\n%s", want, g.text)
		}
	}
	if g = b.press(link, g, "do", "pass", "why", events.DeclineConflict); !strings.Contains(g.text, "It is with Ruth Adeyemi now") {
		t.Fatalf("passing on: %d\n%s", g.status, g.text)
	}
	p.settle()
	third := p.expect(ruth, "escalation")
	p.expect(ruth, "task")
	p.quiet()
	if e := p.stillOpen("dee", "passing on"); e.Owner != "ruth" {
		t.Fatalf("it is with %s", e.Owner)
	}
	p.end("dee", third)

	// He sees nothing of it any more. It is opened again with a reason, and begins anew.
	if g = b.get(link); g.status != http.StatusForbidden || strings.Contains(g.text, "Firstdee") {
		t.Fatalf("whoever must not be asked: %d\n%s", g.status, g.text)
	}
	b = p.browser()
	link, g = b.enter(third)
	if !strings.Contains(g.text, "Closed by Ruth Adeyemi") {
		t.Fatalf("after closing: %d\n%s", g.status, g.text)
	}
	if g = b.press(link, g, "do", "reopen", "why", " "); g.status != http.StatusUnprocessableEntity {
		t.Fatalf("opening it again without a reason: %d", g.status)
	}
	if g = b.press(link, g, "do", "reopen", "why", "her sister called again"); g.status != http.StatusSeeOther {
		t.Fatalf("opening it again: %d\n%s", g.status, g.text)
	}
	p.settle()
	again := p.expect(amara, "escalation")
	p.quiet()
	if _, g := p.browser().enter(again); !strings.Contains(g.text, "her sister called again") {
		t.Errorf("whoever is asked now does not read why:\n%s", g.text)
	}
	p.stillOpen("dee", "opening it again")
	p.end("dee", again)
	if g := p.browser().get(first.link(t, "e")); g.status != http.StatusOK {
		t.Errorf("the oldest link: %d", g.status)
	}

	// In the evening neither clinician is at work; it is Mei's turn since five.
	p.set(time.Date(2026, 3, 2, 23, 30, 0, 0, time.UTC))
	p.noshow("eve", events.RiskHigh)
	night := p.expect(mei, "escalation")
	p.quiet()
	if e := p.stillOpen("eve", "the evening"); e.Rung != 2 || !e.Next.Equal(e.Opened.Add(30*time.Minute)) {
		t.Errorf("rung %d until %v", e.Rung, e.Next)
	}
	p.end("eve", night)

	// A crisis does not ask for hours; whoever is never asked about a client is not.
	p.say(events.SafetyConcern, "fay", events.Data{Client: person("fay", events.RiskNone), Concern: &events.Concern{Level: events.ConcernImmediate}})
	crisis := p.expect(amara, "escalation")
	p.expect(ruth, "escalation-inform")
	p.quiet()
	p.end("fay", crisis)
	apart := person("gil", events.RiskNone)
	apart.NeverAsk = []string{"amara", "ruth"}
	p.say(events.SafetyConcern, "gil", events.Data{Client: apart, Concern: &events.Concern{Level: events.ConcernImmediate}})
	cover := p.expect(jonas, "escalation")
	p.expect(mei, "escalation-inform")
	p.quiet()
	p.end("gil", cover)
}

// A cover is asked inside the window of the leave alone; of two leaves at once the one
// that began last counts.
func TestStoryCover(t *testing.T) {
	t.Parallel()
	p := run(t, peopleConfig(t, "    cover: jonas\n", `    cover: jonas
    away:
      - {from: 2026-03-03, to: 2026-03-03}
      - {from: "2026-03-03T12:00:00-06:00", to: "2026-03-03T14:00:00-06:00", cover: mei}
`))
	for _, tc := range []struct{ who, at, asks string }{
		{"ann", "2026-03-02 23:59", amara},
		{"ben", "2026-03-03 00:00", jonas},
		{"cid", "2026-03-03 11:59", jonas},
		{"dot", "2026-03-03 12:00", mei},
		{"eli", "2026-03-03 13:59", mei},
		{"flo", "2026-03-03 14:00", jonas},
		{"gus", "2026-03-04 00:00", amara},
	} {
		at, err := time.ParseInLocation("2006-01-02 15:04", tc.at, p.zone(p.clinic()))
		if err != nil {
			t.Fatal(err)
		}
		p.set(at)
		p.noshow(tc.who, events.RiskHigh)
		l := p.expect(tc.asks, "escalation")
		p.quiet()
		p.end(tc.who, l)
	}
}

// A mail that has to wait keeps nobody waiting: after five minutes the next person is
// asked, and the page says of the first that their mail has not left. Once it can leave
// it asks too.
func TestStoryMailWaits(t *testing.T) {
	t.Parallel()
	cfg := storyConfig(t)
	waits := newSet(amara)
	p := run(t, cfg, WithProvider(scriptedMail(t, cfg, func(_ context.Context, m notifier.Mail) error {
		if waits.has(m.To.Email) {
			return &notifier.SendError{Class: notifier.RetryAfter, Detail: "450 4.2.1"}
		}
		return nil
	})))
	p.publish(p.event(events.AppointmentNoShow, "dee", events.Data{Client: person("dee", events.RiskHigh), Appointment: p.appointment("dee-missed", -time.Hour)}))
	owner := func(who string) func() bool {
		return func() bool {
			e := p.state("dee").Escalations
			return len(e) == 1 && e[0].Owner == who
		}
	}
	testkit.Eventually(t, patience, "the clinician is asked", owner("amara"))
	asked := p.question("dee")
	p.set(asked.Opened.Add(4 * time.Minute))
	p.set(asked.Opened.Add(5*time.Minute + time.Second))
	testkit.Eventually(t, patience, "the cover is asked", owner("jonas"))
	e := p.stillOpen("dee", "a mail that waits")
	if e.Asks[0].Status != escalation.Asked || e.Rung != 1 {
		t.Fatalf("the ladder stands at %d: %+v", e.Rung, e.Asks)
	}
	var second letter
	testkit.Eventually(t, patience, "the cover has the mail", func() bool {
		p.collect()
		if len(p.inbox) == 1 && p.inbox[0].To.Email == jonas {
			second, p.inbox = p.inbox[0], nil
		}
		return second.id != ""
	})
	if _, g := p.browser().enter(second); !strings.Contains(g.text, "the mail has not left yet") {
		t.Errorf("the page does not say so:\n%s", g.text)
	}
	waits.put(amara, false)
	p.settle()
	p.expect(amara, "escalation")
	p.quiet()
	if e := p.stillOpen("dee", "the mail that left"); e.Asks[0].Status != escalation.Accepted || e.Owner != "jonas" {
		t.Errorf("it is with %s: %+v", e.Owner, e.Asks)
	}
	p.end("dee", second)
	p.expect("dee@example.org", "E") // the note that follows once a human has answered
}
