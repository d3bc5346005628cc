package app

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/links"
	"github.com/mooring-care/mooring/workflows"
)

// A client steps back because it was too much, reads of places that fit, has the list
// mailed at night, and the mail that follows speaks of what they said. A press that is
// made twice mails once.
func TestStoryAnswerAndList(t *testing.T) {
	t.Parallel()
	p := run(t, storyConfig(t))
	p.say(events.AppointmentCancelled, "ben", events.Data{Client: person("ben", events.RiskNone), Appointment: cancelled(p.appointment("ben-1", 96*time.Hour))})
	p.pass(49 * time.Hour)
	p.settle()
	notice := p.expect("ben@example.org", "A")
	p.pass(11 * time.Hour) // ten at night
	b, link := p.browser(), notice.link(t, "c")
	g := b.post(link, "id", links.NewID(), "feeling", "hard", "reason", "overwhelm", "reason", "vulnerability", "text", "Mornings are hard.")
	for _, part := range []string{"Lakeside Family Help Desk", "Second Saturday Walkers", "Email me this list", `href="tel:988"`} {
		if !strings.Contains(g.text, part) {
			t.Errorf("the page after the answer lacks %q:\n%s", part, g.text)
		}
	}
	if strings.Contains(g.text, "Ride Together") {
		t.Errorf("the page lists what does not fit:\n%s", g.text)
	}
	nonce := g.field(t, "id")
	for range 2 {
		g = b.post(link, "id", nonce, "do", "list", "reason", "overwhelm", "reason", "vulnerability")
		if g.status != http.StatusOK || !strings.Contains(g.text, "The list is on its way") {
			t.Fatalf("asking for the list: %d\n%s", g.status, g.text)
		}
	}
	p.settle()
	p.expect(amara, "task") // to read the words
	mail := p.expect("ben@example.org", "C")
	p.quiet()
	for _, part := range []string{"Here is the list that you asked for", "- Lakeside Family Help Desk", "- Second Saturday Walkers"} {
		if !strings.Contains(mail.Text, part) {
			t.Errorf("the mail lacks %q:\n%s", part, mail.Text)
		}
	}
	if strings.Contains(mail.Text, "Mornings are hard") {
		t.Error("the client's words stand in a mail")
	}

	// Who has a flag sees no tips and gets no list; who is not safe sees the line alone.
	p.say(events.ClientUpdated, "ben", events.Data{Client: &events.Client{Risk: new(events.RiskElevated)}})
	g = b.post(link, "id", links.NewID(), "feeling", "okay", "reason", "overwhelm")
	if g.status != http.StatusOK || strings.Contains(g.text, "Walkers") || strings.Contains(g.text, "Email me this list") || !strings.Contains(g.text, "Thank you") {
		t.Errorf("the page of a client with a flag: %d\n%s", g.status, g.text)
	}
	g = b.post(link, "id", links.NewID(), "do", "list", "reason", "overwhelm")
	if !strings.Contains(g.text, "We cannot email the list") || !p.noted("ben", workflows.WhatMessage, workflows.FlaggedClient, "C") {
		t.Errorf("a list for a client with a flag: %d\n%s", g.status, g.text)
	}
	p.settle()
	p.quiet()
}

// asksAndWaits sends a notice and waits for an answer, then says what fits it.
const asksAndWaits = `start: {on: [appointment.noshow]}
steps:
  - send: {template: A, id: ask}
  - wait: {event: [checkin.answered], limit: 7d, id: answer}
  - wait: {for: 1d}
  - choose:
      - when: wish == "another-approach"
        steps:
          - send: {template: D, id: together}
      - otherwise:
          - send: {template: B, id: normalise}
`

// choicesFolder is a clinic that serves English and Spanish.
func choicesFolder(t *testing.T) Config {
	t.Helper()
	cfg := storyConfig(t)
	cfg.Clinics = clinicFolder(t, map[string]string{"asks": asksAndWaits})
	return cfg
}

// What a client answers ends the waiting of the journey, and what follows is worded by
// their reason and goes by their wish; a wish for a pause is kept.
func TestStoryAnswerDrivesTheJourney(t *testing.T) {
	t.Parallel()
	p := run(t, choicesFolder(t))
	for who, wish := range map[string]string{"cai": "another-approach", "dov": "call", "eve": "pause"} {
		p.noshow(who, events.RiskNone)
		p.settle()
		notice := p.expect(who+"@example.org", "A")
		p.pass(time.Hour)
		p.browser().post(notice.link(t, "c"), "id", links.NewID(), "feeling", "okay", "reason", "no-progress", "wish", wish)
		p.settle()
		task := p.expect(amara, "task") // a wish is for a person to read
		p.finish(who, task)
	}
	p.pass(25 * time.Hour)
	p.settle()
	if mail := p.expect("cai@example.org", "D"); mail.Message.Why != "no-progress" {
		t.Errorf("the mail is worded for %q", mail.Message.Why)
	}
	if mail := p.expect("dov@example.org", "B"); mail.Message.Why != "no-progress" {
		t.Errorf("the mail is worded for %q", mail.Message.Why)
	}
	p.quiet()
	if !p.noted("eve", workflows.WhatMessage, workflows.ClientRests, "B") {
		t.Error("the timeline does not say that the client rests")
	}
	if until := p.state("eve").Profile.Rest.Get().Until.Sub(p.Now()); until < 28*24*time.Hour || until > 30*24*time.Hour {
		t.Errorf("the break lasts %v more", until)
	}
}

// finish does a task, as the page does that its mail leads to.
func (p *program) finish(who string, l letter) {
	p.t.Helper()
	if _, err := (&acts{p.App}).Finish(p.t.Context(), p.clinic(), p.ref(who).Key, l.Message.Target, "amara", false); err != nil {
		p.t.Fatal(err)
	}
	p.settle()
}

var confirmLink = regexp.MustCompile(`/a/[A-Za-z0-9_.~-]+`)

// A client reads Spanish from now on, takes a break and ends it, and moves to another
// address: nothing changes before the button on the page that the new inbox led to was
// pressed, the old address is told, and an opt-out stays one.
func TestStoryPreferences(t *testing.T) {
	t.Parallel()
	p := run(t, choicesFolder(t))
	p.noshow("dee", events.RiskNone)
	p.settle()
	prefs := p.expect("dee@example.org", "A").link(t, "u")
	b := p.browser()
	press := func(pairs ...string) page {
		t.Helper()
		g := b.post(prefs, append([]string{"id", links.NewID()}, pairs...)...)
		p.settle()
		return g
	}
	before := p.state("dee").Decisions
	for range 3 {
		b.get(prefs)
		b.get(prefs + "?do=stop&lang=es")
	}
	if got := p.state("dee").Decisions; got != before {
		t.Errorf("looking made %d decisions", got-before)
	}
	if g := press("do", "pause", "for", "2w"); !strings.Contains(g.text, "You will get none of these emails until March 16, 2026") {
		t.Errorf("a break: %d\n%s", g.status, g.text)
	}
	if !p.noted("dee", workflows.WhatClient, workflows.ClientRests, "") {
		t.Error("the timeline does not tell of the break")
	}
	if g := press("do", "resume"); !strings.Contains(g.text, "The break is over") || p.state("dee").Profile.Rest.Get().On {
		t.Errorf("the end of the break: %d\n%s", g.status, g.text)
	}

	if g := press("do", "address", "address", "dee.new@example.net"); !strings.Contains(g.text, "Please look in your new inbox") {
		t.Fatalf("a new address: %d\n%s", g.status, g.text)
	}
	mail := p.expect("dee.new@example.net", "address")
	p.quiet()
	link := publicURL + confirmLink.FindString(mail.Text)
	if strings.Contains(mail.Text, "Firstdee") || strings.Contains(mail.Text, "/u/") || strings.Contains(mail.Text, "/c/") {
		t.Errorf("the mail to an address that nobody has confirmed says too much:\n%s", mail.Text)
	}
	before = p.state("dee").Decisions
	if g := b.get(link); g.status != http.StatusOK || !strings.Contains(g.text, "Use this address from now on?") || strings.Contains(g.text, "example.net") || p.state("dee").Decisions != before {
		t.Errorf("looking at the link: %d\n%s", g.status, g.text)
	}
	if got := p.state("dee"); got.Profile.Address() != "dee@example.org" {
		t.Errorf("mail goes to %q already", got.Profile.Address())
	}
	if g := b.post(link, "id", links.NewID(), "do", "confirm"); !strings.Contains(g.text, "We use this address now") {
		t.Errorf("the button: %d\n%s", g.status, g.text)
	}
	p.settle()
	if told := p.expect("dee@example.org", "address-changed"); strings.Contains(told.Text, "example.net") {
		t.Errorf("the old address reads the new one:\n%s", told.Text)
	}
	p.expect(amara, "task") // to note it in the chart
	p.quiet()
	// The clinic's system knows of nothing yet.
	p.say(events.ClientUpdated, "dee", events.Data{Client: person("dee", events.RiskNone)})

	if g := press("do", "language", "language", "es"); !strings.Contains(g.text, "El idioma quedó guardado") {
		t.Fatalf("the language: %d\n%s", g.status, g.text)
	}
	if g := b.get(prefs); !strings.Contains(g.text, `<html lang="es">`) {
		t.Errorf("the page does not speak Spanish:\n%s", g.text)
	}
	p.pass(9 * 24 * time.Hour) // the answer that never came
	p.settle()
	next := p.expect("dee.new@example.net", "B")
	if !strings.Contains(next.Text, "Hola") {
		t.Errorf("the next mail is not in Spanish:\n%s", next.Text)
	}
	p.inbox = nil // reminders of the task that nobody does here

	// The link of before lies in an inbox that she left: it names no other address.
	if g := press("do", "address", "address", "dee.third@example.net"); strings.Contains(g.text, "en su nueva dirección") || !strings.Contains(g.text, "correo más reciente") {
		t.Fatalf("an old link: %d\n%s", g.status, g.text)
	}
	p.quiet()
	prefs = next.link(t, "u")
	// An opt-out, and then another address: nothing of it asks for mail again.
	if g := press("do", "address", "address", "dee.third@example.net"); !strings.Contains(g.text, "en su nueva dirección") {
		t.Fatalf("another address: %d\n%s", g.status, g.text)
	}
	link = publicURL + confirmLink.FindString(p.expect("dee.third@example.net", "address").Text)
	press("do", "stop")
	if g := b.post(link, "id", links.NewID(), "do", "confirm"); !strings.Contains(g.text, "eso sigue igual") {
		t.Errorf("the button after an opt-out: %d\n%s", g.status, g.text)
	}
	p.settle()
	s := p.state("dee")
	if !s.Profile.OptedOut.Get() || s.Profile.Address() != "dee.third@example.net" {
		t.Errorf("opted out %v, address %q", s.Profile.OptedOut.Get(), s.Profile.Address())
	}
	p.expect(amara, "task") // no mail tells the address that she left, so a person does
	p.quiet()
	if strings.Contains(p.log.String(), "example.net") {
		t.Error("a log line holds an address")
	}
}
