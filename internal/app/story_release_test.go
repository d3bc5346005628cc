package app

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
)

// The mail before a visit waits for a person where the client has a safety flag: her
// "yes" on the task's page lets it leave, her "no" keeps it back.
func TestStoryReleased(t *testing.T) {
	t.Parallel()
	cfg := storyConfig(t)
	cfg.Clinics = clinicFolder(t, map[string]string{"before": `start: {on: [appointment.booked], even_if_booked: true}
steps:
  - send: {template: F, id: before}
  - wait: 10d
  - end: told
`})
	p := run(t, cfg)
	ask := func(who string) letter {
		p.say(events.AppointmentBooked, who, events.Data{Client: person(who, events.RiskElevated), Appointment: p.appointment(who+"-1", 36*time.Hour)})
		return p.expect(amara, "task")
	}
	answer := func(l letter, do string) {
		b, link := p.browser(), l.link(t, "t")
		if g := b.post(link, "code", l.code(t)); g.status != http.StatusSeeOther {
			t.Fatalf("the code: %d\n%s", g.status, g.text)
		}
		g := b.get(link)
		if !strings.Contains(g.text, "decide whether the mail before their visit leaves") || !strings.Contains(g.text, "May the mail leave?") {
			t.Fatalf("the page does not ask:\n%s", g.text)
		}
		if g = b.press(link, g, "do", do); g.status != http.StatusOK {
			t.Fatalf("the answer: %d\n%s", g.status, g.text)
		}
		p.settle()
	}
	yes := ask("dee")
	p.quiet()
	answer(yes, "release")
	p.expect("dee@example.org", "F")
	p.quiet()

	no := ask("kim")
	answer(no, "done")
	p.quiet()
	p.pass(30 * time.Hour)
	p.quiet()
}
