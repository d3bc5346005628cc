package app

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/testkit"
)

const look = 20 * time.Millisecond

// alarms takes the watcher's mails out of the inbox, and holds them to what they
// may say.
func (p *program) alarms() []letter {
	p.t.Helper()
	p.collect()
	var out []letter
	rest := p.inbox[:0]
	for _, l := range p.inbox {
		if !strings.HasPrefix(l.Subject, "Please look now: ") {
			rest = append(rest, l)
			continue
		}
		if strings.Contains(l.Text+l.Subject, "Vandermolen") || !strings.Contains(l.Text, staffURL) {
			p.t.Errorf("the alarm reads\n%s", l.Text)
		}
		out = append(out, l)
	}
	p.inbox = rest
	return out
}

// expectAlarm waits for the one alarm.
func (p *program) expectAlarm(words string) {
	p.t.Helper()
	var got []letter
	testkit.Eventually(p.t, patience, "the alarm about "+words, func() bool {
		got = append(got, p.alarms()...)
		return len(got) > 0
	})
	if len(got) != 1 || got[0].To.Email != duty || !strings.Contains(got[0].Subject, words) {
		p.t.Errorf("alarms %+v, want one to %s about %q", got, duty, words)
	}
}

// looks waits until the watcher has looked so often.
func (p *program) looks(n int) {
	p.t.Helper()
	from := p.watcher.looked.Load()
	testkit.Eventually(p.t, patience, "the watcher has looked", func() bool { return p.watcher.looked.Load() >= from+int64(n) })
}

// streams speaks to the program's server as an operator who breaks things.
func streams(t testing.TB, nc *nats.Conn) natsjs.JetStream {
	t.Helper()
	js, err := natsjs.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// lose takes the client's timer away and lets its time pass.
func (p *program) lose(who string) {
	p.t.Helper()
	s, err := streams(p.t, p.nc).Stream(p.t.Context(), "TIMERS")
	if err != nil {
		p.t.Fatal(err)
	}
	if err := s.Purge(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	p.set(p.question(who).Next.Add(2 * time.Minute))
}

// TestWatcherSeesLostTimers: the timers are gone and a question stands still. The
// emergency address hears of it once, the metric says it, the outside monitor is
// told; once it goes on the alarm ends, and the next one is told again.
func TestWatcherSeesLostTimers(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	pings := map[string]int{}
	monitor := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		pings[r.Method+" "+r.URL.Path]++
	}))
	defer monitor.Close()
	pinged := func(what string) int {
		mu.Lock()
		defer mu.Unlock()
		return pings[what]
	}
	cfg := storyConfig(t)
	cfg.PingURL = Secret(monitor.URL + "/check")
	p := run(t, cfg, WithWatch(look, time.Hour))
	p.noshow("dee", events.RiskHigh)
	p.expect(amara, "escalation")
	p.looks(3)
	if n := len(p.alarms()); n > 0 || pinged("POST /check") == 0 || pinged("POST /check/fail") > 0 {
		t.Errorf("all is well: %d alarms, %d pings, %d of a failure", n, pinged("POST /check"), pinged("POST /check/fail"))
	}

	p.lose("dee")
	p.expectAlarm("A question about a client's safety is past its time")
	p.looks(5)
	if more := p.alarms(); len(more) > 0 || pinged("POST /check/fail") == 0 {
		t.Errorf("%d more alarms, %d pings of a failure", len(more), pinged("POST /check/fail"))
	}
	if g := p.browser().get("http://ops.mooring.test/metrics"); !strings.Contains(g.text, `mooring_overdue{what="questions"} 1`) {
		t.Errorf("the metric is missing:\n%s", g.text)
	}

	// Somebody sets the timer again: the ladder goes on.
	if err := p.store.Set(t.Context(), p.ref("dee"), p.Now()); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, patience, "the ladder goes on", func() bool { return p.question("dee").Next.After(p.Now()) })
	p.settle()
	p.expect(jonas, "escalation")
	p.looks(calmLooks + 2)
	p.lose("dee")
	p.expectAlarm("A question about a client's safety is past its time")
	p.quiet()
}

// TestWatcherSeesAStoppedRunner: nobody decides any more, on questions or tasks.
func TestWatcherSeesAStoppedRunner(t *testing.T) {
	t.Parallel()
	p := run(t, quayConfig(t, storyConfig(t), noDigest...), WithWatch(look, time.Hour))
	p.say(events.MessageReplied, "ana", events.Data{Client: person("ana", events.RiskNone), Reply: &events.Reply{}})
	p.expect(amara, "task")
	p.stopReading()
	p.reading.Wait()
	s := p.state("ana")
	p.set(s.Next().Add(2 * time.Minute))
	p.expectAlarm("A task is past its time")
	testkit.Eventually(t, patience, "somebody hears that no news has come for a working day either", func() bool {
		p.collect()
		return len(p.inbox) > 0
	})
	p.expect(ruth, "")
	p.restart()
	p.settle()
	p.expect(amara, "task-reminder")
}

// TestWatcherSeesALostOutbox: mail to staff does not leave, since its consumer is
// gone. The alarm goes its own way.
func TestWatcherSeesALostOutbox(t *testing.T) {
	t.Parallel()
	p := run(t, storyConfig(t), WithWatch(look, time.Nanosecond))
	if err := streams(t, p.nc).DeleteConsumer(t.Context(), "OUTBOX", "safety"); err != nil {
		t.Fatal(err)
	}
	p.publish(p.event(events.AppointmentNoShow, "dee", events.Data{Client: person("dee", events.RiskHigh), Appointment: p.appointment("dee-1", -time.Hour)}))
	p.expectAlarm("Mail to staff does not leave")
	p.restart()
	p.settle()
	p.expect(amara, "escalation")
}

// TestWatcherTellsOnce: two replicas see the same, and one tells.
func TestWatcherTellsOnce(t *testing.T) {
	t.Parallel()
	server, url := external(t)
	t.Cleanup(server.Stop)
	cfg := externalConfig(t, url)
	p := run(t, cfg, WithWatch(look, time.Hour))
	q := run(t, copyOf(t, cfg), WithWatch(look, time.Hour))
	p.noshow("dee", events.RiskHigh)
	q.settle()
	p.stopReading()
	q.stopReading()
	p.reading.Wait()
	q.reading.Wait()
	for _, r := range []*program{p, q} {
		r.set(p.question("dee").Next.Add(2 * time.Minute))
	}
	var told []letter
	testkit.Eventually(t, patience, "one of them tells", func() bool {
		told = append(append(told, p.alarms()...), q.alarms()...)
		return len(told) > 0
	})
	p.looks(5)
	q.looks(5)
	if told = append(append(told, p.alarms()...), q.alarms()...); len(told) != 1 {
		t.Errorf("%d alarms, want 1", len(told))
	}
	p.inbox, q.inbox = nil, nil // who was asked is another story's
	for _, r := range []*program{p, q} {
		r.Stop(context.Background())
		r.App = nil
	}
}

// TestWatcherSeesNobody: everybody is never to be asked about a client, and the clinic
// has no emergency address. The ladder goes on asking nobody, so whoever is on call
// hears of it, without a word about the client, until there is somebody again.
func TestWatcherSeesNobody(t *testing.T) {
	t.Parallel()
	cfg := peopleConfig(t, "emergency:\n  - {name: Harbour Lane duty desk, email: duty@harbour-lane.example.org}\n", "")
	p := run(t, cfg, WithWatch(look, time.Hour))
	alone := person("dee", events.RiskHigh)
	alone.NeverAsk = []string{"amara", "jonas", "mei", "ruth"}
	p.say(events.AppointmentNoShow, "dee", events.Data{Client: alone, Appointment: p.appointment("dee-missed", -time.Hour)})
	e := p.question("dee")
	if !e.Ownerless() || e.Next.IsZero() {
		t.Fatalf("the question is %+v", e)
	}
	var told []letter
	testkit.Eventually(t, patience, "somebody hears of it", func() bool {
		told = append(told, p.alarms()...)
		return len(told) > 0
	})
	p.looks(5)
	if told = append(told, p.alarms()...); len(told) != 1 || told[0].To.Email != ruth || !strings.Contains(told[0].Subject, "has nobody who can be asked") {
		t.Errorf("alarms %+v, want one to %s", told, ruth)
	}
	if g := p.browser().get("http://ops.mooring.test/metrics"); !strings.Contains(g.text, `mooring_overdue{what="nobody"} 1`) {
		t.Errorf("the metric is missing:\n%s", g.text)
	}
	alone.NeverAsk = []string{}
	p.say(events.ClientUpdated, "dee", events.Data{Client: alone})
	p.pass(31 * time.Minute)
	p.settle()
	l := p.expect(ruth, "escalation")
	p.expect(jonas, "escalation-inform")
	p.end("dee", l)
}

// A clinic's system falls silent. Hours in which the clinic is closed do not count; of
// two replicas one tells the task owner, once; news ends it, and the next silence is told
// again.
func TestWatcherFeed(t *testing.T) {
	t.Parallel()
	server, url := external(t)
	t.Cleanup(server.Stop)
	cfg := externalConfig(t, url)
	p := run(t, cfg, WithWatch(look, time.Hour))
	q := run(t, copyOf(t, cfg), WithWatch(look, time.Hour))
	heard := func() {
		t.Helper()
		for _, r := range []*program{p, q} {
			from := r.watcher.heard.Load()
			testkit.Eventually(t, patience, "it has looked at the events", func() bool { return r.watcher.heard.Load() >= from+3 })
		}
	}
	at := func(clock string) {
		t.Helper()
		to, err := time.ParseInLocation("2006-01-02 15:04", clock, p.zone(p.clinic()))
		if err != nil {
			t.Fatal(err)
		}
		heard()
		p.set(to)
		q.set(to)
		heard()
	}
	silent := func(want string) {
		t.Helper()
		testkit.Eventually(t, patience, "the figure is "+want, func() bool {
			return strings.Contains(p.browser().get("http://ops.mooring.test/metrics").text, `mooring_feed_silent{clinic="sample"} `+want)
		})
	}
	told := func() letter {
		t.Helper()
		var out letter
		testkit.Eventually(t, patience, "the task owner is told", func() bool {
			for _, r := range []*program{p, q} {
				if r.collect(); len(r.inbox) > 0 {
					out, r.inbox = r.inbox[0], r.inbox[1:]
				}
			}
			return out.Subject != ""
		})
		return out
	}
	p.say(events.AppointmentBooked, "ana", events.Data{Client: person("ana", events.RiskNone), Appointment: p.appointment("ana-1", 300*time.Hour)})
	at("2026-03-02 16:59")
	at("2026-03-03 09:59") // eight hours less a minute, and a night
	p.quiet()
	q.quiet()
	silent("0")
	at("2026-03-03 10:01")
	if l := told(); l.To.Email != ruth || l.Subject != "No news from your system" || !strings.Contains(strings.Join(strings.Fields(l.Text), " "), "nothing for 24 hours") {
		t.Errorf("to %s: %s\n%s", l.To.Email, l.Subject, l.Text)
	}
	silent("1")
	at("2026-03-03 12:00")
	p.say(events.AppointmentBooked, "ana", events.Data{Appointment: p.appointment("ana-2", 400*time.Hour)})
	at("2026-03-03 12:01")
	silent("0")
	p.quiet()
	q.quiet()
	at("2026-03-04 12:30")
	if l := told(); l.To.Email != ruth {
		t.Errorf("the next silence is told to %s", l.To.Email)
	}
	p.quiet()
	q.quiet()
}
