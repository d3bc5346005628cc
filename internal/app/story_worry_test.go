package app

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/links"
)

// A client says that they are safe and writes something that worries whoever reads it.
// From the task's page one press asks the ladder, with the reader's name and words, and
// care mail stops; the task stays theirs.
func TestStoryWorry(t *testing.T) {
	t.Parallel()
	p := run(t, storyConfig(t))
	p.say(events.AppointmentCancelled, "ana", events.Data{Client: person("ana", events.RiskNone), Appointment: cancelled(p.appointment("ana-1", 30*time.Hour))})
	p.pass(4*time.Hour + time.Minute)
	mail := p.expect("ana@example.org", "A")
	p.browser().post(mail.link(t, "c"), "id", links.NewID(), "feeling", "okay", "text", "Tell everybody that I was fond of them.")
	p.settle()
	task := p.expect(amara, "task")
	p.quiet()

	b, link := p.browser(), task.link(t, "t")
	b.post(link, "code", task.code(t))
	g := b.get(link)
	if !strings.Contains(g.text, "Tell everybody that I was fond of them.") || !strings.Contains(g.text, "I worry about their safety") {
		t.Fatalf("the task's page (%d):\n%s", g.status, g.text)
	}
	press := []string{"form", g.field(t, "form"), "id", g.field(t, "id"), "do", "worry-now", "worry", "It reads like goodbye."}
	for range 2 {
		g = b.post(link, press...)
		if g.status != http.StatusOK || !strings.Contains(g.text, "Amara Cole is asked now") {
			t.Fatalf("the press (%d):\n%s", g.status, g.text)
		}
	}
	p.settle()
	asked := p.expect(amara, "escalation")
	p.expect(ruth, "escalation-inform")
	p.quiet()
	e := p.stillOpen("ana", "a press twice")
	if e.Policy.ID != "safety" || !slices.Equal(e.Questions, []string{"raised-immediate"}) {
		t.Errorf("policy %s, questions %q", e.Policy.ID, e.Questions)
	}
	s := p.state("ana")
	if len(s.Journeys) != 0 || len(s.Tasks) != 1 {
		t.Errorf("%d journeys and %d tasks", len(s.Journeys), len(s.Tasks))
	}
	b = p.browser()
	b.post(asked.link(t, "e"), "code", asked.code(t))
	if g = b.get(asked.link(t, "e")); !strings.Contains(g.text, "Amara Cole: It reads like goodbye.") || !strings.Contains(g.text, "A colleague asks whether the client is safe") {
		t.Errorf("whoever is asked does not read why:\n%s", g.text)
	}
	p.pass(11 * time.Minute)
	p.expect(jonas, "escalation")
	p.quiet()

	// Answered, and then raised once more: whoever pressed reads who is asked now, and
	// not how the question of before ended.
	g = b.get(asked.link(t, "e"))
	g = b.post(asked.link(t, "e"), "form", g.field(t, "form"), "id", g.field(t, "id"), "turn", g.field(t, "turn"), "do", "close", "outcome", string(events.OutcomeReachedSafe), "note", "We spoke.")
	if g.status != http.StatusSeeOther {
		t.Fatalf("closing (%d):\n%s", g.status, g.text)
	}
	p.settle()
	b = p.browser()
	b.post(link, "code", task.code(t))
	g = b.get(link)
	g = b.post(link, "form", g.field(t, "form"), "id", g.field(t, "id"), "do", "worry-now", "worry", "It reads like goodbye again.")
	if g.status != http.StatusOK || !strings.Contains(g.text, "Amara Cole is asked now") {
		t.Errorf("the second worry (%d):\n%s", g.status, g.text)
	}
	p.settle()
	p.expect(amara, "escalation")
	p.expect(ruth, "escalation-inform")
	p.quiet()
}

// "I am safe", and words that say otherwise: a person is asked at once, as after
// "not safe", and reads them; the page shows the crisis line.
func TestStoryWordsOfDanger(t *testing.T) {
	t.Parallel()
	p := run(t, storyConfig(t))
	p.say(events.AppointmentCancelled, "ben", events.Data{Client: person("ben", events.RiskNone), Appointment: cancelled(p.appointment("ben-1", 30*time.Hour))})
	p.pass(4*time.Hour + time.Minute)
	mail := p.expect("ben@example.org", "A")
	g := p.browser().post(mail.link(t, "c"), "id", links.NewID(), "feeling", "okay", "text", "All fine. I just don’t want to be here anymore.")
	if g.status != http.StatusOK {
		t.Errorf("the page (%d):\n%s", g.status, g.text)
	}
	p.settle()
	asked := p.expect(amara, "escalation")
	p.expect(ruth, "escalation-inform")
	p.quiet()
	if e := p.stillOpen("ben", "words of danger"); !slices.Equal(e.Questions, []string{"words-of-danger"}) {
		t.Errorf("questions %q", e.Questions)
	}
	b := p.browser()
	b.post(asked.link(t, "e"), "code", asked.code(t))
	if g = b.get(asked.link(t, "e")); !strings.Contains(g.text, "All fine. I just don’t want to be here anymore.") {
		t.Errorf("whoever is asked cannot read the words:\n%s", g.text)
	}
}
