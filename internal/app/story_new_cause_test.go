package app

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/testkit"
)

// What a page does not show cannot be closed from it: a second cause that came in after
// the page was opened, and a question that was opened again since.
func TestStoryNewCauseIsRead(t *testing.T) {
	t.Parallel()
	p := run(t, peopleConfig(t))
	concern := func(note string) {
		p.say(events.SafetyConcern, "dee", events.Data{Client: person("dee", events.RiskNone), Concern: &events.Concern{Level: events.ConcernImmediate, Note: note}})
	}
	concern("first")
	mail := p.expect(amara, "escalation")
	p.inbox = nil
	b := p.browser()
	link, old := b.enter(mail)
	concern("second: has pills now")
	p.quiet()
	shut := []string{"do", "close", "outcome", string(events.OutcomeReachedSafe), "none", "yes"}
	g := b.press(link, old, shut...)
	if g.status != http.StatusConflict || !strings.Contains(g.text, "Something new came up") || !strings.Contains(g.text, "has pills now") {
		t.Fatalf("closing what was not read: %d\n%s", g.status, g.text)
	}
	p.stillOpen("dee", "a page of before the second concern")
	seen := b.get(link)
	if g := b.press(link, seen, shut...); g.status != http.StatusSeeOther {
		t.Fatalf("closing what was read: %d\n%s", g.status, g.text)
	}
	p.settle()
	if e := p.question("dee"); e.Open() {
		t.Fatal("it is open")
	}
	if g := b.press(link, b.get(link), "do", "reopen", "why", "she called again"); g.status != http.StatusSeeOther {
		t.Fatalf("opening it again: %d\n%s", g.status, g.text)
	}
	p.settle()
	p.inbox = nil
	// The used form of before, and one that was never pressed.
	b.press(link, seen, shut...)
	p.stillOpen("dee", "a used form of before it was opened again")
	if g := b.press(link, seen, "do", "close", "outcome", string(events.OutcomeFalseAlarm), "none", "yes"); g.status != http.StatusConflict {
		t.Fatalf("a form of before it was opened again: %d\n%s", g.status, g.text)
	}
	p.stillOpen("dee", "a form of before it was opened again")
	p.inbox = nil
}

// Whoever has a question leaves the clinic's folder: at the next start the next person is
// asked at once, whether it was taken or not.
func TestStoryHolderLeaves(t *testing.T) {
	t.Parallel()
	cfg := peopleConfig(t)
	p := run(t, cfg)
	p.noshow("dee", events.RiskHigh)
	p.expect(amara, "escalation")
	p.noshow("kim", events.RiskHigh)
	p.take(p.expect(amara, "escalation"))
	p.stop()
	edit(t, cfg, "    cover: jonas\n", "    cover: jonas\n    away: [{from: 2026-03-01, to: 2026-04-01}]\n")
	p.start(cfg)
	dee := p.expectSoon(jonas, "escalation")
	p.quiet()
	if e := p.question("kim"); e.Ack == nil || e.Ack.By != "amara" {
		t.Errorf("whoever took it while on leave keeps it: %+v", e)
	}
	p.stop()
	edit(t, cfg, "    away: [{from: 2026-03-01, to: 2026-04-01}]\n", "")
	edit(t, cfg, "  amara:\n", "  anna:\n")
	edit(t, cfg, "cover: amara", "cover: anna")
	p.start(cfg)
	kim := p.expectSoon(ruth, "escalation")
	p.end("kim", kim)
	p.end("dee", dee)
}

// Whoever should not be asked about a client sees nothing of it by an old link, and what
// they had taken goes on at once; whoever has a question hears that somebody else closed it.
func TestStoryLeftOut(t *testing.T) {
	t.Parallel()
	p := run(t, peopleConfig(t))
	p.noshow("dee", events.RiskHigh)
	mail := p.expect(amara, "escalation")
	p.take(mail)
	k := person("dee", events.RiskHigh)
	k.NeverAsk = []string{"amara"}
	p.say(events.ClientUpdated, "dee", events.Data{Client: k})
	jon := p.expect(jonas, "escalation")
	p.quiet()
	for _, g := range []page{p.browser().get(mail.link(t, "e")), p.browser().post(mail.link(t, "e"), "code", mail.code(t), "do", "take")} {
		if g.status != http.StatusForbidden || !strings.Contains(g.text, "This question is not yours") || strings.Contains(g.text, "Firstdee") {
			t.Errorf("an old link: %d\n%s", g.status, g.text)
		}
	}
	p.take(jon)
	p.pass(3 * time.Hour) // the hold runs out, and the supervisor is asked
	sup := p.expect(ruth, "escalation")
	p.take(jon)
	p.inbox = nil
	p.end("dee", sup)
	p.expect(jonas, "escalation-closed")
	p.quiet()
}

// expectSoon waits for a mail that nothing of the story's own asked for.
func (p *program) expectSoon(to, template string) letter {
	p.t.Helper()
	testkit.Eventually(p.t, patience, "a mail to "+to, func() bool {
		p.collect()
		return slices.ContainsFunc(p.inbox, func(l letter) bool { return l.To.Email == to && l.Message.Template == template })
	})
	p.settle()
	return p.expect(to, template)
}
