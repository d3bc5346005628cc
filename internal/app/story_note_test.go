package app

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
)

// A workflow tells the clinician that there is news. The link in her mail and its
// code open the client's page on any browser, without a sign-in, and nothing
// follows from looking.
func TestStoryNote(t *testing.T) {
	t.Parallel()
	cfg := storyConfig(t)
	cfg.Clinics = clinicFolder(t, map[string]string{"news": `start: {on: [appointment.noshow]}
steps:
  - send: {template: note, to: assigned}
  - send: {template: B, after: 2d, id: second}
  - end: written
`})
	p := run(t, cfg)
	p.noshow("ana", events.RiskNone)
	mail := p.expect(amara, "note")
	p.quiet()
	before := p.state("ana").Decisions

	b, link := p.browser(), mail.link(t, "n")
	g := b.get(link)
	if g.status != http.StatusOK || !strings.Contains(g.text, "please enter your code") || strings.Contains(g.text, "Firstana") {
		t.Fatalf("the link alone shows (%d):\n%s", g.status, g.text)
	}
	if g = b.post(link, "code", mail.code(t)); g.status != http.StatusSeeOther {
		t.Fatalf("the code: %d\n%s", g.status, g.text)
	}
	g = b.get(link)
	for _, want := range []string{"Firstana Vandermolen-ana", "&#43;1 555 0142", "The client did not come", "The next step of “A test”"} {
		if !strings.Contains(g.text, want) {
			t.Errorf("the page does not say %q:\n%s", want, g.text)
		}
	}
	if other := p.browser().get(link); strings.Contains(other.text, "Firstana") {
		t.Error("another browser needs no code")
	}
	p.settle()
	if n := p.state("ana").Decisions; n != before {
		t.Errorf("looking led to %d decisions", n-before)
	}
	p.pass(49 * time.Hour)
	p.expect("ana@example.org", "B")
}
