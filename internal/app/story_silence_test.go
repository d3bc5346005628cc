package app

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	natsjs "github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/testkit"
	"github.com/mooring-care/mooring/internal/testkit/faults"
	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/notifier/mailbox"
)

// scripted is a provider that asks a test first and then puts the mail into a
// folder, as the mailbox mailer does.
type scripted struct {
	box    *mailbox.Mailbox
	before func(context.Context, notifier.Mail) error
}

// scriptedMail is a provider on the mailbox that run reads.
func scriptedMail(t testing.TB, cfg Config, before func(context.Context, notifier.Mail) error) *scripted {
	t.Helper()
	box, err := mailbox.New(cfg.Data+"/mailbox", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return &scripted{box, before}
}

// Send asks the script, then sends.
func (s *scripted) Send(ctx context.Context, m notifier.Mail) (notifier.Receipt, error) {
	if err := s.before(ctx, m); err != nil {
		return notifier.Receipt{}, err
	}
	return s.box.Send(ctx, m)
}

// A day in which nobody answers: the question always has an owner, a next
// deadline and a timer, and the last rung asks again and tells more people.
func TestNeverSilent(t *testing.T) {
	t.Parallel()
	cfg := storyConfig(t)
	cfg.Clinics = clinicFolder(t, atOnce())
	slower(t, cfg.Clinics)
	p := run(t, cfg)
	p.noshow("dee", events.RiskHigh)
	p.expect(amara, "escalation")
	begin := p.Now()
	told, asked := map[string]bool{}, 0
	for p.Now().Sub(begin) < 24*time.Hour {
		e := p.stillOpen("dee", "silence")
		snap, err := faults.Take(t.Context(), p.nc)
		if err != nil {
			t.Fatal(err)
		}
		if timer := snap.Timers[p.ref("dee")]; timer.Set.IsZero() && !timer.Due {
			t.Fatalf("no timer is set; the deadline is %v", e.Next)
		}
		p.pass(e.Next.Sub(p.Now()) + time.Second)
		p.settle()
		owners := 0
		for _, l := range p.inbox {
			told[l.To.Email] = true
			if l.Message.Template == "escalation" {
				owners++
			}
		}
		if owners != 1 {
			t.Fatalf("at a deadline %d owners were asked: %s", owners, p.waiting())
		}
		p.inbox, asked = nil, asked+1
	}
	if e := p.stillOpen("dee", "a day"); e.Round != 10 || asked != 12 {
		t.Errorf("asked %d times, round %d, after a day at two hours a rung", asked, e.Round)
	}
	for _, who := range []string{amara, jonas, ruth, duty} {
		if !told[who] {
			t.Errorf("%s never heard of it", who)
		}
	}
}

// slower gives each rung of the clinic two hours.
func slower(t testing.TB, clinics string) {
	t.Helper()
	name := filepath.Join(clinics, "quay", "clinic.yaml")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.ReplaceAll(text, []byte("within: 30m"), []byte("within: 2h"))
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// The provider refuses a rung's mail: the next rung is asked at once. It
// refuses everybody's: the question keeps its deadline, and is asked again
// when mail leaves once more.
func TestNeverSilentRefused(t *testing.T) {
	t.Parallel()
	cfg := storyConfig(t)
	refused := newSet(amara)
	p := run(t, cfg, WithProvider(scriptedMail(t, cfg, func(_ context.Context, m notifier.Mail) error {
		if refused.has(m.To.Email) {
			return &notifier.SendError{Class: notifier.Permanent, Detail: "550 5.1.1"}
		}
		return nil
	})))
	p.noshow("dee", events.RiskHigh)
	p.expect(jonas, "escalation") // at once
	p.quiet()
	if e := p.stillOpen("dee", "a refusal"); e.Owner != "jonas" {
		t.Errorf("owner %q", e.Owner)
	}
	for _, who := range []string{jonas, mei, ruth, duty} {
		refused.put(who, true)
	}
	p.pass(3 * time.Hour)
	p.quiet()
	p.stillOpen("dee", "three hours in which no mail left")
	for _, who := range []string{amara, jonas, mei, ruth, duty} {
		refused.put(who, false)
	}
	p.pass(time.Hour)
	if !slices.ContainsFunc(p.inbox, func(l letter) bool { return l.Message.Template == "escalation" }) {
		t.Errorf("nobody was asked once mail left again: %s", p.waiting())
	}
	p.inbox = nil
	p.stillOpen("dee", "the refusals")
}

// What only we may say is refused from outside, kept whole, and changes
// nothing.
func TestInsideOnly(t *testing.T) {
	t.Parallel()
	p := run(t, storyConfig(t))
	p.noshow("dee", events.RiskHigh)
	asked := p.expect(amara, "escalation")
	e, ref := p.question("dee"), p.ref("dee")
	before := p.records()

	act := func(o events.Outcome) events.Data {
		return events.Data{Escalation: &events.EscalationAct{ID: e.ID, By: "amara", Outcome: o}}
	}
	lies := []events.Event{
		{ID: "lie-1", Kind: events.EscalationClosed, Data: act(events.OutcomeFalseAlarm)},
		{ID: "lie-2", Kind: events.EscalationAcknowledged, Data: act("")},
		{ID: "lie-3", Kind: events.TimerDue},
		{ID: "lie-4", Kind: events.MessageAccepted, Data: events.Data{Message: &events.MessageReport{ID: asked.id}}},
		{ID: "lie-5", Kind: events.ClientOptedOut},
	}
	bodies := map[string]bool{}
	for _, lie := range lies {
		lie.Source, lie.Clinic, lie.Key, lie.Time = "ehr", ref.Clinic, ref.Key, p.Now()
		header, body, err := events.Encode(lie)
		if err != nil {
			t.Fatal(err)
		}
		// In NATS nobody keeps the user "events" from saying it on its own
		// subjects; there it is read, refused and kept.
		for _, first := range []string{events.SubjectEvents, events.SubjectBulk} {
			if _, _, err := p.sender.Send(t.Context(), events.Subject(first, ref.Clinic, lie.Kind), header, body); err != nil {
				t.Fatal(err)
			}
			bodies[events.Subject(first, ref.Clinic, lie.Kind)+string(body)] = true
		}
		// Our own subjects it may not write to at all.
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		if _, _, err := p.sender.Send(ctx, events.Subject(events.SubjectInside, ref.Clinic, lie.Kind), header, body); err == nil {
			t.Errorf("the user events wrote a %s on inside.>", lie.Kind)
		}
		cancel()
		// Nor does the HTTP door take it.
		g := p.browser().do(http.MethodPost, publicURL+"/v1/clinics/sample/events", header["Content-Type"], string(body), map[string]string{"Authorization": "Bearer " + p.EventToken("sample")})
		if g.status != http.StatusForbidden {
			t.Errorf("the HTTP door answered a %s with %d: %s", lie.Kind, g.status, g.text)
		}
	}
	testkit.Eventually(t, patience, "every lie is in REJECTED", func() bool {
		found := 0
		p.each("REJECTED", func(m *natsjs.RawStreamMsg) {
			// The sender's headers stand in the first line, the body after it.
			headers, body, _ := strings.Cut(string(m.Data), "\n")
			if bodies[m.Header.Get("Mooring-Origin")+body] && strings.Contains(headers, "application/cloudevents+json") {
				found++
			}
		})
		return found == 2*len(lies)
	})
	p.settle()
	for subject, record := range p.records() {
		if before[subject] != record {
			t.Errorf("the record of %s changed", subject)
		}
	}
	if e := p.stillOpen("dee", "lies from outside"); e.Ack != nil {
		t.Errorf("taken by %+v", e.Ack)
	}
	// The door does take what outsiders may say.
	header, body, err := events.Encode(p.event(events.ClientUpdated, "dee", events.Data{Client: person("dee", events.RiskHigh)}))
	if err != nil {
		t.Fatal(err)
	}
	g := p.browser().do(http.MethodPost, publicURL+"/v1/clinics/sample/events", header["Content-Type"], string(body), map[string]string{"Authorization": "Bearer " + p.EventToken("sample")})
	if g.status != http.StatusAccepted {
		t.Errorf("the HTTP door answered a sound event with %d: %s", g.status, g.text)
	}
}
