package app

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/workflows/escalation"
)

// A pager beside mail: the question reaches it at the same moment, and its code opens the
// page. A mail that fails moves the question on, whatever the pager said. The emergency
// desk's pager rings when nobody answers.
func TestStoryPager(t *testing.T) {
	t.Parallel()
	type page struct{ ID, To, Title, Text, Link, Code string }
	got := make(chan page, 64)
	var down atomic.Bool
	pager := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var pg page
		if err := json.NewDecoder(r.Body).Decode(&pg); err != nil || r.Header.Get("Authorization") != "Bearer pager-token" {
			t.Errorf("the page: %v, %s", err, r.Header.Get("Authorization"))
		}
		if down.Load() {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		got <- pg
	}))
	t.Cleanup(pager.Close)
	cfg := peopleConfig(t, "    email: amara@harbour-lane.example.org\n", "    email: amara@harbour-lane.example.org\n    reach: {webhook: amara-on-call}\n")
	edit(t, cfg, "email: duty@harbour-lane.example.org}", "email: duty@harbour-lane.example.org, reach: {webhook: duty-pager}}")
	cfg.WebhookURL, cfg.WebhookToken = Secret(pager.URL+"/pages"), "pager-token"
	fails := newSet()
	p := run(t, cfg, WithProvider(scriptedMail(t, cfg, func(_ context.Context, m notifier.Mail) error {
		if fails.has(m.To.Email) {
			return &notifier.SendError{Class: notifier.Permanent, Detail: "550"}
		}
		return nil
	})))

	p.noshow("dee", events.RiskHigh)
	mail := p.expect(amara, "escalation")
	pg := <-got
	if pg.To != "amara-on-call" || pg.ID != mail.id || pg.Link != mail.link(t, "e") || pg.Code != mail.code(t) || !strings.Contains(pg.Text, pg.Code) || pg.Title == "" {
		t.Errorf("the page is %+v", pg)
	}
	if g := p.browser().post(pg.Link, "code", pg.Code, "do", "take"); g.status != http.StatusSeeOther {
		t.Fatalf("taking it from the page: %d\n%s", g.status, g.text)
	}
	p.settle()
	p.quiet()
	p.end("dee", mail)

	// Her mail comes back and the page does not: she is paged, and the next person is
	// asked at once all the same. Both stand on record.
	fails.put(amara, true)
	p.noshow("kim", events.RiskHigh)
	if pg := <-got; pg.To != "amara-on-call" {
		t.Errorf("the page is %+v", pg)
	}
	kim := p.expect(jonas, "escalation")
	p.quiet()
	if e := p.question("kim"); e.Owner != "jonas" || e.Asks[0].Status != escalation.Failed {
		t.Errorf("the question about kim: %+v", e)
	}
	p.end("kim", kim)

	// Both fail: the next person is asked at once.
	down.Store(true)
	p.noshow("lou", events.RiskHigh)
	next := p.expect(jonas, "escalation")
	p.quiet()
	if len(got) != 0 {
		t.Errorf("a page too many: %+v", <-got)
	}
	p.end("lou", next)

	// Nobody answers: from the third repeat on the desk's pager rings, and the mail says
	// what is asked of them.
	down.Store(false)
	fails.put(amara, false)
	p.noshow("max", events.RiskHigh)
	p.pass(4 * time.Hour)
	p.collect()
	var wide int
	for _, l := range p.inbox {
		if strings.HasPrefix(l.Subject, "Nobody has answered") && l.To.Email == duty {
			wide++
		}
	}
	p.inbox = nil
	rang := 0
	for len(got) > 0 {
		if pg := <-got; pg.To == "duty-pager" {
			rang++
		}
	}
	if wide == 0 || rang != wide {
		t.Errorf("the desk got %d mails and %d pages", wide, rang)
	}
}
