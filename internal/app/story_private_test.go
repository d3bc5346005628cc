package app

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/testkit"
)

// tell plays every kind of mail and page on one client at risk and one who is
// not.
func (p *program) tell() {
	t := p.t
	t.Helper()
	p.noshow("zerlina", events.RiskHigh)
	p.say(events.AppointmentCancelled, "wendelin", events.Data{Client: person("wendelin", events.RiskNone), Appointment: cancelled(p.appointment("w-1", 30*time.Hour))})
	asked := p.expect(amara, "escalation")
	p.pass(31 * time.Minute)
	p.expect(jonas, "escalation")
	b, link := p.browser(), asked.link(t, "e")
	b.get(link)
	b.post(link, "code", "AAAAAA", "do", "take")
	b.post(link, "code", asked.code(t), "do", "take")
	p.settle()
	g := b.get(link)
	if !strings.Contains(g.text, "Firstzerlina Vandermolen-zerlina") {
		t.Fatalf("the page does not show the client (%d):\n%s", g.status, g.text)
	}
	b.post(link, "form", g.field(t, "form"), "id", g.field(t, "id"), "do", "attempt", "how", "phone")
	b.post(link, "form", g.field(t, "form"), "id", g.field(t, "id"), "turn", g.field(t, "turn"), "do", "close", "outcome", string(events.OutcomeReachedSafe), "note", "Firstzerlina was at her sister's")
	p.settle()
	p.expect("zerlina@example.org", "E")
	p.pass(5 * time.Hour)
	first := p.expect("wendelin@example.org", "A")
	p.browser().post(first.link(t, "c"), "feeling", "hard", "reason", "stress", "wish", "call", "text", "Firstwendelin writes this")
	p.settle()
	// No further mail leaves while an answer lies unread.
	for _, task := range p.state("wendelin").Tasks {
		done := p.event(events.TaskDone, "wendelin", events.Data{Task: &events.TaskAct{ID: task.ID, By: "amara", Note: "Firstwendelin wants a call"}})
		done.Client, done.Key = "", p.ref("wendelin").Key
		if err := publishInside(t.Context(), p.store, done); err != nil {
			t.Fatal(err)
		}
	}
	p.settle()
	p.pass(3 * 24 * time.Hour)
	p.pass(5 * 24 * time.Hour)
	p.browser().post(first.link(t, "u"), "do", "stop")
	p.settle()
	// What nobody can act on is kept, too.
	header, body, err := events.EncodeBinary(p.event(events.ClientUpdated, "zerlina", events.Data{Client: person("zerlina", events.RiskHigh)}))
	if err != nil {
		t.Fatal(err)
	}
	for subject, body := range map[string]string{
		events.Subject(events.SubjectEvents, "nowhere", events.ClientUpdated):    string(body),
		events.Subject(events.SubjectEvents, p.clinic(), events.ClientUpdated):   `{"client":{"email":"zerlina at home","first_name":7}}`,
		events.Subject(events.SubjectEvents, p.clinic(), "client.misspelt"):      `{"client":{"first_name":"Zerlina"}}`,
		events.Subject(events.SubjectBulk, p.clinic(), events.AppointmentBooked): `{"appointment":{"id":"zerlina","start":"zerlina"}}`,
	} {
		if _, _, err := p.sender.Send(t.Context(), subject, header, []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	p.settle()
	templates := map[string]bool{}
	for _, l := range p.all {
		templates[l.Message.Template] = true
	}
	for _, want := range []string{"A", "C", "E", "escalation", "task"} {
		if !templates[want] {
			t.Errorf("the story has no %s mail: %v", want, slices.Sorted(maps.Keys(templates)))
		}
	}
	p.inbox = nil
}

// about are the words that lead to a person: names, address, telephone, the
// EHR's id, their own words.
var about = regexp.MustCompile(`(?i)zerlina|wendelin|vandermolen|555 ?0142|sister|writes this`)

// In everything that travels or is written down for operators, nothing leads
// to a person.
func TestNoIdentifiers(t *testing.T) {
	t.Parallel()
	p := run(t, storyConfig(t))
	// Work queues forget; a listener to everything does not.
	var mu sync.Mutex
	found, heard := map[string]bool{}, 0
	check := func(where, text string) {
		if about.MatchString(text) {
			found[where+": "+text] = true
		}
	}
	look := func(m *nats.Msg) {
		mu.Lock()
		defer mu.Unlock()
		if first, _, _ := strings.Cut(m.Subject, "."); first == events.SubjectEvents || first == events.SubjectBulk || strings.HasPrefix(first, "_") {
			return
		}
		heard++
		check("subject", m.Subject)
		for k, v := range m.Header {
			check("header of "+m.Subject, fmt.Sprintf("%s: %s", k, v))
		}
	}
	if _, err := p.nc.Subscribe(">", look); err != nil {
		t.Fatal(err)
	}
	if err := p.nc.Flush(); err != nil {
		t.Fatal(err)
	}
	p.tell()
	if err := p.nc.Flush(); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	for _, stream := range []string{"INSIDE", "CLIENTS", "AUDIT", "ACCESS", "TIMERS", "OUTBOX", "DELIVERIES", "REJECTED", "KV_DIRECTORY"} {
		n := 0
		p.each(stream, func(m *natsjs.RawStreamMsg) {
			n++
			check("subject in "+stream, m.Subject)
			for k, v := range m.Header {
				check("header in "+stream, fmt.Sprintf("%s: %s", k, v))
			}
		})
		if n == 0 && stream != "OUTBOX" && stream != "TIMERS" {
			t.Errorf("%s holds nothing: the story is too short to show anything", stream)
		}
	}
	if heard < 50 {
		t.Errorf("only %d messages were heard", heard)
	}
	for line := range strings.SplitSeq(p.log.String(), "\n") {
		check("log", line)
	}
	if !strings.Contains(p.log.String(), "client page shown") {
		t.Error("the log holds no access to a client's page")
	}
	metrics := p.browser().get(opsURL + "/metrics")
	if metrics.status != http.StatusOK || !strings.Contains(metrics.text, "mooring_decisions_total") {
		t.Errorf("metrics: %d", metrics.status)
	}
	check("metrics", metrics.text)
	for _, l := range p.all {
		check("message id", l.id+" "+l.MessageID)
		check("subject of a mail", l.Subject)
		for _, h := range l.Headers {
			if h.Name != "To" {
				check("header of a mail", h.Name+": "+h.Value)
			}
		}
		for _, url := range linkIn.FindAllString(l.Text, -1) {
			check("link", url)
			token := url[strings.LastIndexByte(url, '/')+1:]
			for _, part := range strings.FieldsFunc(token, func(r rune) bool { return r == '.' || r == '~' }) {
				if b, err := base64.RawURLEncoding.DecodeString(part); err == nil {
					check("inside a link", string(b))
				}
			}
		}
		if l.Lane == "safety" {
			check("mail to staff", l.Text)
		}
	}
	for f := range found {
		t.Errorf("%.300s", f)
	}
}

// Every mail of a whole story reads as mails may.
func TestNoClinicalWords(t *testing.T) {
	t.Parallel()
	p := run(t, storyConfig(t))
	p.tell()
	for _, l := range p.all {
		p.lintOne(l)
	}
}

// Ready says whether the store answers; alive says only that the program runs.
// When the store is back, the program goes on by itself.
func TestReadyz(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server, url := externalAt(t, dir, "127.0.0.1:0")
	t.Cleanup(func() { server.Stop() })
	p := run(t, externalConfig(t, url))
	b := p.browser()
	answers := func(path string, want int) bool { return b.get(opsURL+path).status == want }
	for _, path := range []string{"/healthz", "/readyz"} {
		if !answers(path, http.StatusOK) {
			t.Errorf("%s is not well at the start", path)
		}
	}
	p.noshow("dee", events.RiskHigh)
	asked := p.expect(amara, "escalation")
	addr := server.Addr()
	server.Stop()
	if !answers("/readyz", http.StatusServiceUnavailable) {
		t.Error("ready without a store")
	}
	if !answers("/healthz", http.StatusOK) {
		t.Error("not alive without a store")
	}
	// What the program knows by itself is told all the same.
	if g := b.get(opsURL + "/metrics"); g.status != http.StatusOK || !strings.Contains(g.text, "mooring_sends_total{") || !strings.Contains(g.text, "mooring_open_escalations 1") {
		t.Errorf("metrics without a store: %d\n%.2000s", g.status, g.text)
	}
	// A page that cannot know says so.
	g := b.post(asked.link(t, "e"), "code", asked.code(t), "do", "take")
	if g.status < 500 {
		t.Errorf("taking a question without a store: %d\n%s", g.status, g.text)
	}
	server, _ = externalAt(t, dir, addr)
	testkit.Eventually(t, patience, "it is ready again", func() bool { return answers("/readyz", http.StatusOK) })
	// A busy machine may not confirm the first press in time; the page then asks
	// for the same press again, and it counts once.
	testkit.Eventually(t, patience, "the question is taken", func() bool {
		g = b.post(asked.link(t, "e"), "code", asked.code(t), "do", "take")
		if g.status == http.StatusServiceUnavailable && strings.Contains(g.text, "press the same button again") {
			return false
		}
		if g.status != http.StatusSeeOther {
			t.Fatalf("taking a question once the store is back: %d\n%s", g.status, g.text)
		}
		return true
	})
	p.settle()
	p.expect("dee@example.org", "E")
	p.noshow("una", events.RiskHigh)
	p.expect(amara, "escalation")
}
