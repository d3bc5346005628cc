package app

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/internal/testkit"
	"github.com/mooring-care/mooring/internal/testkit/faults"
	"github.com/mooring-care/mooring/notifier"
)

// atOnce answers every signal with a mail, and escalates a no-show.
func atOnce() map[string]string {
	return map[string]string{
		"at-once": "start: {on: [client.signal]}\nsteps:\n  - send: {template: E, id: note}\n  - end: written\n",
		"ask": `precedence: 90
start: {on: [appointment.noshow], when: risk == "high"}
steps:
  - escalate: {id: ask, policy: high-risk-no-show, question: high-risk-no-show}
  - wait: {event: [escalation.acknowledged, escalation.closed], of: ask}
  - end: asked
`,
	}
}

// once holds that every event was decided on once and every message that was
// asked for left exactly once; it returns the snapshot.
func (p *program) once(sent []events.Event) *faults.Snapshot {
	p.t.Helper()
	snap, err := faults.Take(p.t.Context(), p.nc)
	if err != nil {
		p.t.Fatal(err)
	}
	decided, asked := map[events.Hash]int{}, map[string]bool{}
	for _, records := range snap.Audit {
		for _, a := range records {
			decided[a.Entry.Event]++
			for _, e := range a.Entry.Effects {
				if e.Enqueue != nil {
					asked[e.Enqueue.ID] = true
				}
			}
		}
	}
	for _, ev := range sent {
		if n := decided[ev.Hash()]; n != 1 {
			p.t.Errorf("the event %s was decided on %d times", ev.ID, n)
		}
	}
	left := map[string]int{}
	for _, l := range p.all {
		left[l.id]++
	}
	for id := range asked {
		words := snap.Ledger[id]
		if len(words) == 0 {
			p.t.Errorf("message %s was never claimed", id)
			continue
		}
		if last := words[len(words)-1].Entry; left[id] != 1 || last.Status != notifier.Accepted {
			p.t.Errorf("message %s left %d times and ends as %q (%s)", id, left[id], last.Status, last.Detail)
		}
	}
	for id := range left {
		if !asked[id] {
			p.t.Errorf("message %s left, and no decision asked for it", id)
		}
	}
	return snap
}

// load is a signal of so many clients, and a no-show of every tenth at risk.
func (p *program) load(n int) []events.Event {
	out := make([]events.Event, 0, n)
	for i := range n {
		who := fmt.Sprintf("load-%d", i)
		if i%10 == 0 {
			out = append(out, p.event(events.AppointmentNoShow, who, events.Data{Client: person(who, events.RiskHigh), Appointment: p.appointment(who, -time.Hour)}))
			continue
		}
		out = append(out, p.event(events.ClientSignal, who, events.Data{Client: person(who, events.RiskNone), Signal: &events.Signal{Name: "quiet"}}))
	}
	return out
}

// slow is a provider whose requests take a while; took counts those it took.
func slow(t testing.TB, cfg Config, took chan<- string) notifier.Provider {
	t.Helper()
	return scriptedMail(t, cfg, func(ctx context.Context, m notifier.Mail) error {
		pause(ctx, 15*time.Millisecond)
		took <- m.ID
		return nil
	})
}

// A stop in the middle of the load loses nothing, repeats nothing, and leaves
// no message of unknown fate.
func TestDrain(t *testing.T) {
	t.Parallel()
	cfg := storyConfig(t)
	cfg.Clinics = clinicFolder(t, atOnce())
	took := make(chan string, 1000)
	p := run(t, cfg, WithProvider(slow(t, cfg, took)))
	sent := p.load(150)
	for _, ev := range sent {
		p.publish(ev)
	}
	for range 30 { // some have left, others are on their way, others wait
		<-took
	}
	p.restart()
	p.settle()
	p.once(sent)
	if len(p.all) != len(sent) {
		t.Errorf("%d mails left for %d events", len(p.all), len(sent))
	}
	p.inbox = nil
}

// Two replicas on one server, and events that are said twice: each is decided
// on once, each mail leaves once. One of them stops in the middle.
func TestReplicas(t *testing.T) {
	t.Parallel()
	server, url := external(t)
	defer server.Stop()
	t.Run("two", func(t *testing.T) { // its clean-up comes before the server stops
		cfg := externalConfig(t, url)
		cfg.Clinics = clinicFolder(t, atOnce())
		other := cfg
		other.Data = t.TempDir()
		took := make(chan string, 1000)
		provider := slow(t, cfg, took)
		p := run(t, cfg, WithProvider(provider))
		q := run(t, other, WithProvider(provider), WithObserver(p.decided))
		sent := p.load(200)
		for i, ev := range sent {
			p.publish(ev)
			if i%3 == 0 {
				q.publish(ev)
			}
			if i == len(sent)/2 {
				<-took // it is at work
				q.stop()
				q.sender = p.sender
			}
		}
		p.settle()
		snap := p.once(sent)
		if len(p.all) != len(sent) {
			t.Errorf("%d mails left for %d events", len(p.all), len(sent))
		}
		rungs := map[string]int{}
		for _, l := range p.all {
			if l.Message.Template == "escalation" {
				rungs[l.Message.Target]++
			}
		}
		open := 0
		for _, c := range snap.Clients {
			for _, e := range c.State.Escalations {
				if open++; rungs[e.ID] != 1 {
					t.Errorf("one rung was asked with %d mails", rungs[e.ID])
				}
			}
		}
		if open != 20 {
			t.Errorf("%d questions are open, want 20", open)
		}
		p.inbox = nil
	})
}

// external is a NATS server of somebody else, with its operator's URL.
func external(t testing.TB) (*jetstream.Server, string) {
	t.Helper()
	return externalAt(t, t.TempDir(), "127.0.0.1:0")
}

func externalAt(t testing.TB, dir, listen string) (*jetstream.Server, string) {
	t.Helper()
	s, err := jetstream.StartServer(jetstream.ServerConfig{
		Dir: dir, Listen: listen, EventsPassword: "events-password", OperatorPassword: "operator-password",
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, "nats://" + jetstream.UserOperator + ":operator-password@" + s.Addr()
}

// externalConfig shares its keys with every copy of it.
func externalConfig(t testing.TB, url string) Config {
	t.Helper()
	own := storyConfig(t)
	made, err := readSecrets(&own, nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg := storyConfig(t)
	cfg.NATSURL = url
	cfg.LinkKeys = Secret(made.linkKeys.Export())
	cfg.ClientKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	if err := cfg.Check(); err != nil {
		t.Fatal(err)
	}
	return cfg
}

// A running journey finishes on the version it started with; a new one takes
// the new version.
func TestPinned(t *testing.T) {
	t.Parallel()
	flow := func(template string) map[string]string {
		return map[string]string{"visit": "start: {on: [appointment.noshow]}\nsteps:\n" +
			"  - wait: {since_start: 1h}\n  - send: {template: " + template + ", id: first}\n" +
			"  - wait: {since_start: 1d1h}\n  - send: {template: " + template + ", id: second}\n  - end: written\n"}
	}
	cfg := storyConfig(t)
	cfg.Clinics = clinicFolder(t, flow("A"))
	p := run(t, cfg)
	p.noshow("old", events.RiskNone)
	pinned := p.state("old").Journeys[0].Version
	p.stop()
	writeClinic(t, cfg.Clinics, flow("B"))
	p.start(cfg)
	p.noshow("new", events.RiskNone)
	if now := p.state("new").Journeys[0].Version; now == pinned {
		t.Fatalf("both journeys run on version %s", now)
	}
	for _, until := range []time.Duration{time.Hour + time.Minute, 24 * time.Hour} {
		p.pass(until)
		p.expect("old@example.org", "A")
		p.expect("new@example.org", "B")
		p.quiet()
	}
	// Once more from a cold start: the old version comes from the store alone.
	p.noshow("third", events.RiskNone)
	p.restart()
	p.pass(time.Hour + time.Minute)
	p.expect("third@example.org", "B")
}

// Waits go on after a stop, on a clock that keeps its epoch.
func TestContinuesAfterRestart(t *testing.T) {
	t.Parallel()
	p := run(t, storyConfig(t))
	p.noshow("dee", events.RiskHigh)
	p.expect(amara, "escalation")
	p.noshow("ben", events.RiskNone)
	p.pass(20 * time.Minute)
	before, waits := p.Now(), p.question("dee").Next
	p.restart()
	if now := p.Now(); now.Before(before) || now.Sub(before) > patience {
		t.Fatalf("the clock showed %v, and after a restart %v", before, now)
	}
	if next := p.question("dee").Next; !next.Equal(waits) {
		t.Fatalf("the deadline was %v and is %v", waits, next)
	}
	p.pass(9 * time.Minute)
	p.settle()
	p.quiet()
	p.pass(2 * time.Minute)
	p.expect(jonas, "escalation")
	p.quiet()
	p.pass(2*time.Hour + 30*time.Minute)
	p.expect("ben@example.org", "A")
	p.inbox = nil // the ladder went on meanwhile
}

// The same by the server's own timers, at a speed at which three hours take a
// little more than a second.
func TestContinuesAtSpeed(t *testing.T) {
	t.Parallel()
	cfg := storyConfig(t)
	cfg.TimeSpeed = 9000
	p := run(t, cfg)
	ev := p.event(events.AppointmentNoShow, "ben", events.Data{Client: person("ben", events.RiskNone), Appointment: p.appointment("b", -time.Hour)})
	p.publish(ev)
	testkit.Eventually(t, patience, "the journey has begun", func() bool { return len(p.state("ben").Journeys) == 1 })
	shown := p.Now()
	p.restart()
	if p.Now().Before(shown) {
		t.Errorf("the clock went back from %v to %v", shown, p.Now())
	}
	testkit.Eventually(t, patience, "the mail has left", func() bool { p.collect(); return len(p.all) > 0 })
	mail := p.expect("ben@example.org", "A")
	if early := ev.Time.Add(3 * time.Hour).Truncate(time.Second); mail.Date.Before(early) {
		t.Errorf("the mail of %v is dated %v", early, mail.Date)
	}
}
