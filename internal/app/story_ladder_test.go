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

// edit changes the clinic's own file, for the next start.
func edit(t *testing.T, cfg Config, from, to string) {
	t.Helper()
	name := filepath.Join(cfg.Clinics, "quay", "clinic.yaml")
	src, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(src), from) {
		t.Fatalf("the clinic's file has no %q", from)
	}
	if err := os.WriteFile(name, []byte(strings.Replace(string(src), from, to, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// take presses "I am contacting the client now" with the code of the mail.
func (p *program) take(l letter) {
	p.t.Helper()
	if g := p.browser().post(l.link(p.t, "e"), "code", l.code(p.t), "do", "take"); g.status != http.StatusSeeOther {
		p.t.Fatalf("taking it: %d\n%s", g.status, g.text)
	}
	p.settle()
}

// An acknowledgement stops what is on its way: a mail that waits for its provider never
// leaves.
func TestStoryQueuedMailStops(t *testing.T) {
	t.Parallel()
	cfg := storyConfig(t)
	waits := newSet(jonas)
	p := run(t, cfg, WithProvider(scriptedMail(t, cfg, func(_ context.Context, m notifier.Mail) error {
		if waits.has(m.To.Email) {
			return &notifier.SendError{Class: notifier.RetryAfter, Detail: "450"}
		}
		return nil
	})))
	p.noshow("dee", events.RiskHigh)
	first := p.expect(amara, "escalation")
	p.set(p.question("dee").Next)
	if err := p.store.Set(t.Context(), p.ref("dee"), p.Now()); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, patience, "the cover is asked", func() bool { return p.question("dee").Owner == "jonas" })
	if g := p.browser().post(first.link(t, "e"), "code", first.code(t), "do", "take"); g.status != http.StatusSeeOther {
		t.Fatalf("taking it: %d\n%s", g.status, g.text)
	}
	waits.put(jonas, false)
	p.settle()
	p.expect("dee@example.org", "E")
	p.quiet() // neither a question to the cover, nor that somebody has taken it
	e := p.stillOpen("dee", "the acknowledgement")
	if last := e.Asks[len(e.Asks)-1]; last.Person != "jonas" || last.Status != escalation.Withdrawn {
		t.Errorf("the cover's mail: %+v", last)
	}
}

// A mail that comes back after the provider took it moves the question on at once.
func TestStoryBounce(t *testing.T) {
	t.Parallel()
	p := run(t, storyConfig(t))
	p.noshow("dee", events.RiskHigh)
	first := p.expect(amara, "escalation")
	p.pass(3 * time.Minute)
	ev := events.Event{
		ID: "bounce-1", Source: "sendgrid", Clinic: p.clinic(), Key: p.ref("dee").Key, Kind: events.MessageBounced, Time: p.Now(),
		Data: events.Data{Message: &events.MessageReport{ID: first.id, Detail: "550 5.1.1"}},
	}
	if err := publishInside(t.Context(), p.store, ev); err != nil {
		t.Fatal(err)
	}
	p.settle()
	second := p.expect(jonas, "escalation")
	p.quiet()
	if _, g := p.browser().enter(second); !strings.Contains(g.text, "the mail was not delivered") || strings.Contains(g.text, "has not answered") {
		t.Errorf("the page calls it something else:\n%s", g.text)
	}
	p.stillOpen("dee", "a bounce")
}

// Everybody is away: the clinic's emergency address is asked, and goes on being asked.
func TestStoryEverybodyAway(t *testing.T) {
	t.Parallel()
	cfg := peopleConfig(t)
	name := filepath.Join(cfg.Clinics, "quay", "clinic.yaml")
	src, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	const away = "    away: [{from: 2026-03-02, to: 2026-03-20}]\n    roles: ["
	if err := os.WriteFile(name, []byte(strings.ReplaceAll(string(src), "    roles: [", away)), 0o600); err != nil {
		t.Fatal(err)
	}
	p := run(t, cfg)
	p.noshow("dee", events.RiskHigh)
	p.expect(duty, "escalation")
	p.quiet()
	p.pass(31 * time.Minute)
	desk := p.expect(duty, "escalation")
	p.quiet()
	p.stillOpen("dee", "nobody's answer")
	p.end("dee", desk)
}

// A policy that is edited while a question is open counts for the next one: the open one
// keeps its rungs and times, also over restarts of the program.
func TestStoryPolicyEdited(t *testing.T) {
	t.Parallel()
	cfg := peopleConfig(t)
	p := run(t, cfg)
	p.noshow("old", events.RiskHigh)
	first := p.expect(amara, "escalation")
	p.stop()
	edit(t, cfg, "- {owner: assigned, within: 30m}\n      - {owner: cover, within: 30m}", "- {owner: role:supervisor, within: 5m}\n      - {owner: person:mei, within: 5m}")
	p.start(cfg)
	p.noshow("new", events.RiskHigh)
	next := p.expect(ruth, "escalation")
	p.quiet()
	p.pass(6 * time.Minute)
	if l := p.expect(mei, "escalation"); l.Message.Target == first.Message.Target {
		t.Error("the open question follows the edited policy")
	}
	p.quiet()
	p.end("new", next)
	p.inbox = nil // who was asked of the new one since is told
	p.pass(25 * time.Minute)
	if l := p.expect(jonas, "escalation"); l.Message.Target != first.Message.Target {
		t.Error("the cover is asked about the other question")
	}
	p.quiet()
	p.restart()
	p.pass(31 * time.Minute)
	p.expect(ruth, "escalation")
	p.quiet()
	p.stillOpen("old", "an edit and two restarts")
	p.end("old", first)
	p.inbox = nil
}

// The program is down for three hours while a question is open: one mail, to the person
// asked last, who has their full time again.
func TestStoryOutage(t *testing.T) {
	t.Parallel()
	cfg := storyConfig(t)
	p := run(t, cfg)
	p.noshow("dee", events.RiskHigh)
	p.expect(amara, "escalation")
	p.pass(31 * time.Minute)
	p.expect(jonas, "escalation")
	p.set(p.Now().Add(3 * time.Hour))
	p.restart()
	p.settle()
	if now := p.Now(); now.Before(p.question("dee").Opened.Add(3 * time.Hour)) {
		t.Fatalf("the clock shows %v", now)
	}
	testkit.Eventually(t, patience, "the timer has come", func() bool { return p.question("dee").Next.After(p.Now()) })
	p.settle()
	last := p.expect(jonas, "escalation")
	p.quiet()
	e := p.stillOpen("dee", "three hours of nothing")
	if left := e.Next.Sub(p.Now()); e.Owner != "jonas" || left < 29*time.Minute || left > 30*time.Minute {
		t.Errorf("%s has %v", e.Owner, left)
	}
	p.end("dee", last)
	p.expect("dee@example.org", "E")
	p.inbox = nil
}

// A mail that was passed to somebody else opens nothing without the code, and with it
// counts as its recipient's.
func TestStoryForwardedLink(t *testing.T) {
	t.Parallel()
	p := run(t, storyConfig(t))
	p.noshow("dee", events.RiskHigh)
	l := p.expect(amara, "escalation")
	stranger := p.browser()
	g := stranger.get(l.link(t, "e"))
	for _, never := range []string{"Firstdee", "Vandermolen", "0142", "chart"} {
		if strings.Contains(g.text, never) {
			t.Errorf("the link alone shows %q", never)
		}
	}
	if g := stranger.post(l.link(t, "e"), "code", "222222", "do", "take"); g.status == http.StatusSeeOther {
		t.Fatal("a guess took the question")
	}
	if e := p.stillOpen("dee", "a guess"); e.Ack != nil {
		t.Fatalf("taken by %s", e.Ack.By)
	}
	p.take(l)
	if e := p.stillOpen("dee", "the code"); e.Ack == nil || e.Ack.By != "amara" {
		t.Errorf("taken: %+v", e.Ack)
	}
	p.expect("dee@example.org", "E")
	p.quiet()
}

// Two questions about one client stand side by side, each with its own mails, and an
// answer to the one is none to the other.
func TestStoryTwoQuestions(t *testing.T) {
	t.Parallel()
	p := run(t, storyConfig(t))
	p.noshow("dee", events.RiskHigh)
	missed := p.expect(amara, "escalation")
	p.pass(5 * time.Minute)
	p.say(events.SafetyConcern, "dee", events.Data{Concern: &events.Concern{Level: events.ConcernImmediate}})
	crisis := p.expect(amara, "escalation")
	p.expect(ruth, "escalation-inform")
	p.quiet()
	s := p.state("dee")
	if n, _ := s.OpenEscalations(); n != 2 || missed.Message.Target == crisis.Message.Target {
		t.Fatalf("%d questions are open", n)
	}
	p.take(crisis)
	p.quiet() // the note after a missed visit waits for its own question
	s = p.state("dee")
	if i := slices.IndexFunc(s.Escalations, func(e escalation.Escalation) bool { return e.ID == missed.Message.Target }); s.Escalations[i].Ack != nil {
		t.Error("the other question counts as taken")
	}
	p.take(missed)
	p.expect("dee@example.org", "E")
	p.quiet()
}

// Two causes raise one question: one ladder, both reasons.
func TestStoryOneQuestion(t *testing.T) {
	t.Parallel()
	p := run(t, storyConfig(t))
	p.say(events.SafetyConcern, "dee", events.Data{Client: person("dee", events.RiskNone), Concern: &events.Concern{Level: events.ConcernImmediate, Note: "a friend called"}})
	first := p.expect(amara, "escalation")
	p.expect(ruth, "escalation-inform")
	ev := events.Event{
		ID: "answer-1", Source: sourcePages, Clinic: p.clinic(), Key: p.ref("dee").Key, Kind: events.CheckinAnswered, Time: p.Now(),
		Data: events.Data{Answer: &events.Answer{Safe: new(false)}},
	}
	if err := publishInside(t.Context(), p.store, ev); err != nil {
		t.Fatal(err)
	}
	p.settle()
	p.quiet() // nobody is asked twice while the ladder runs
	if e := p.stillOpen("dee", "a second cause"); len(e.Questions) != 2 {
		t.Errorf("the question has the reasons %v", e.Questions)
	}
	_, g := p.browser().enter(first)
	for _, want := range []string{"a friend called", questionWords("concern-immediate"), questionWords("not-safe")} {
		if !strings.Contains(g.text, want) {
			t.Errorf("the page does not say %q:\n%s", want, g.text)
		}
	}
}

// Three replicas: each rung asks once.
func TestStoryThreeReplicas(t *testing.T) {
	t.Parallel()
	server, url := external(t)
	t.Cleanup(server.Stop)
	cfg := externalConfig(t, url)
	p := run(t, cfg)
	q := run(t, copyOf(t, cfg), WithObserver(p.decided))
	r := run(t, copyOf(t, cfg), WithObserver(p.decided))
	all := []*program{p, q, r}
	p.noshow("dee", events.RiskHigh)
	asked := func(to string) {
		t.Helper()
		var got []string
		for _, one := range all {
			one.settle()
			for _, l := range one.inbox {
				got = append(got, l.To.Email)
			}
			one.inbox = nil
		}
		if !slices.Equal(got, []string{to}) {
			t.Errorf("mails to %v, want one to %s", got, to)
		}
	}
	asked(amara)
	for _, to := range []string{jonas, ruth} {
		next := p.question("dee").Next
		for _, one := range all {
			one.set(next)
		}
		for range 3 { // each fires the timer, as a server does that lost its place
			if err := p.store.Set(t.Context(), p.ref("dee"), next); err != nil {
				t.Fatal(err)
			}
		}
		testkit.Eventually(t, patience, "the next rung is asked", func() bool { return p.question("dee").Next.After(next) })
		asked(to)
	}
	p.stillOpen("dee", "two rungs")
	for _, one := range all {
		one.Stop(context.Background())
		one.App = nil
	}
}

// In the nights in which clocks change a rung has its half hour, no more and no less,
// and on day 8 the question is still asked.
func TestStoryLadderAtNight(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]string{
		"an hour is left out": "2026-03-08T01:40:00-06:00",
		"an hour comes twice": "2026-11-01T01:40:00-05:00",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := peopleConfig(t, "{owner: role:supervisor, within: 30m}", "{owner: role:supervisor, within: 8h}")
			cfg.TimeStart, cfg.TimeSpeed = start, 0
			p := run(t, cfg)
			p.noshow("dee", events.RiskHigh)
			opened := p.question("dee").Opened
			p.expect(amara, "escalation")
			for i, to := range []string{jonas, ruth} {
				p.pass(30*time.Minute - time.Second)
				p.quiet()
				p.pass(time.Second)
				p.settle()
				if l := p.expect(to, "escalation"); !l.Date.Equal(opened.Add(time.Duration(i+1) * 30 * time.Minute).Truncate(time.Second)) {
					t.Errorf("%s is asked at %v, opened %v", to, l.Date, opened)
				}
			}
			p.pass(7 * 24 * time.Hour)
			p.inbox = nil
			p.pass(9 * time.Hour)
			if !slices.ContainsFunc(p.inbox, func(l letter) bool { return l.Message.Template == "escalation" && l.To.Email == ruth }) ||
				!slices.ContainsFunc(p.inbox, func(l letter) bool { return l.To.Email == duty }) {
				t.Errorf("on day 8 nobody is asked: %s", p.waiting())
			}
			p.inbox = nil
			p.stillOpen("dee", "a week of silence")
		})
	}
}
