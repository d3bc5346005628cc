package app

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/testkit"
	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/workflows/calendar"
)

// digestConfig serves the clinic "quay" as quayConfig does, and nobody hears where no
// events come.
func digestConfig(t testing.TB, cfg Config, pairs ...string) Config {
	t.Helper()
	return quayConfig(t, cfg, append(pairs, "feed_quiet: 8h\n", "")...)
}

// noDigest are the words by which a clinic leaves the digest out.
var noDigest = []string{"task_owner: ", "digest: false\ntask_owner: "}

// quayConfig serves the clinic "quay", whose tasks are due after five days, with these
// pairs of words in its clinic.yaml replaced.
func quayConfig(t testing.TB, cfg Config, pairs ...string) Config {
	t.Helper()
	cfg.Clinics = clinicFolder(t, map[string]string{
		"call": "start: {on: [appointment.noshow]}\nsteps:\n  - task: {id: call, what: call-client, owner: assigned, due: 5d}\n  - end: over\n",
	})
	name := filepath.Join(cfg.Clinics, "quay", "clinic.yaml")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(string(text), pairs[i]) {
			t.Fatalf("%q is not in clinic.yaml", pairs[i])
		}
	}
	if err := os.WriteFile(name, []byte(strings.NewReplacer(pairs...).Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	return cfg
}

// onClock is a time of the clinic's clock.
func (p *program) onClock(clock string) time.Time {
	p.t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", clock, p.zone(p.clinic()))
	if err != nil {
		p.t.Fatal(err)
	}
	return at
}

// makeDigests has the digester look once, when it knows of all that was decided.
func (p *program) makeDigests() {
	p.t.Helper()
	testkit.Eventually(p.t, patience, "the watch has read the log", p.watcher.watch.Ready)
	p.digester.once(p.t.Context())
	p.collect()
}

// digestsAt lets the time until then pass and makes the digests that are due.
func (p *program) digestsAt(clock string) {
	p.t.Helper()
	p.pass(p.onClock(clock).Sub(p.Now()))
	p.makeDigests()
}

// replies has a client of somebody's write back: a task that is due after a day.
func (p *program) replies(who, clinician string) {
	p.t.Helper()
	c := person(who, events.RiskNone)
	c.Clinician = &clinician
	p.say(events.MessageReplied, who, events.Data{Client: c, Reply: &events.Reply{}})
}

// misses has a client miss a visit: a task that is due after five days.
func (p *program) misses(who string) {
	p.t.Helper()
	p.noshow(who, events.RiskNone)
}

// expectDigest takes the one digest to an address, and holds it to what it may say.
func (p *program) expectDigest(to string, count int) letter {
	p.t.Helper()
	l := p.expect(to, "")
	if want := fmt.Sprintf("Your open tasks today: %d", count); l.Subject != want {
		p.t.Errorf("the subject to %s is %q, want %q", to, l.Subject, want)
	}
	for _, no := range []string{"Vandermolen", "First", "555 0142", "example.org/chart"} {
		if strings.Contains(l.Text+l.HTML+l.Subject, no) {
			p.t.Errorf("the digest says %q of a client:\n%s", no, l.Text)
		}
	}
	return l
}

var listedIn = regexp.MustCompile(`Its\s+code:\s+([A-Z0-9]+)\s+(http://mooring\.test/t/[A-Za-z0-9_.~-]+)`)

// listed are the codes and links of a digest, from its top.
func (l letter) listed() (out [][2]string) {
	for _, m := range listedIn.FindAllStringSubmatch(l.Text, -1) {
		out = append(out, [2]string{m[1], m[2]})
	}
	return out
}

// TestDigest: two weeks of three people's mornings. Each gets one mail on each day that
// they work, as that begins on their own clock, about what is open then.
func TestDigest(t *testing.T) {
	t.Parallel()
	p := run(t, digestConfig(t, storyConfig(t),
		"    cover: jonas\n", "    cover: jonas\n    away: [{from: 2026-03-05, to: 2026-03-05}]\n",
		"    roles: [clinician]\n    cover: amara\n", "    roles: [clinician]\n    cover: amara\n    zone: America/New_York\n    hours: {mon-thu: {from: \"08:00\", to: \"16:00\"}}\n",
		"holidays:\n", "holidays:\n  - 2026-03-06\n"))
	p.makeDigests() // nothing is open on Monday at ten, and what comes later has a mail of its own
	for i := range 12 {
		p.replies(fmt.Sprintf("ana%d", i), "amara")
		p.expect(amara, "task")
	}
	p.replies("ben", "jonas")
	p.expect(jonas, "task")
	p.replies("cleo", "mei")
	p.expect(mei, "task")
	p.makeDigests()
	p.quiet()

	p.digestsAt("2026-03-03 06:59")
	p.quiet()
	p.digestsAt("2026-03-03 07:00") // eight in New York
	p.expectDigest(mei, 1)
	p.digestsAt("2026-03-03 08:59")
	p.quiet()
	p.digestsAt("2026-03-03 09:00")
	p.expectDigest(jonas, 1)
	l := p.expectDigest(amara, 12)
	listed := l.listed()
	if len(listed) != digestTasks || !strings.Contains(l.Text, "And 2 more") || !strings.Contains(l.Text, staffURL+"/\n") {
		t.Fatalf("%d tasks are listed:\n%s", len(listed), l.Text)
	}
	if n := strings.Count(strings.Join(strings.Fields(l.Text), " "), "It is due Tuesday, 3 March, 10:00 am. Open since Monday, 2 March."); n != digestTasks {
		t.Errorf("%d say when they are due and since when they are open:\n%s", n, l.Text)
	}
	p.quiet()
	seen := map[string]bool{}
	for i, one := range listed {
		// Each link leads to a task of its own, and its page wants the code beside it.
		b := p.browser()
		if g := b.get(one[1]); g.status != http.StatusOK || strings.Contains(g.text, "Vandermolen") {
			t.Errorf("without the code: %d\n%s", g.status, g.text)
		}
		if other := listed[(i+1)%len(listed)]; b.post(one[1], "code", other[0], "do", "show").status == http.StatusSeeOther {
			t.Error("another task's code opens the page")
		}
		if g := b.post(one[1], "code", one[0], "do", "show"); g.status != http.StatusSeeOther {
			t.Fatalf("with the code: %d\n%s", g.status, g.text)
		}
		page := b.get(one[1])
		who := regexp.MustCompile(`Vandermolen-ana\d+`).FindString(page.text)
		if who == "" || seen[who] {
			t.Errorf("the page shows %q", who)
		}
		seen[who] = true
		if i < 8 {
			if g := b.post(one[1], "do", "done", "form", page.field(t, "form"), "id", page.field(t, "id")); g.status != http.StatusOK {
				t.Fatalf("done: %d\n%s", g.status, g.text)
			}
		}
	}
	p.settle()

	// They fall due: each has its one reminder.
	p.digestsAt("2026-03-03 12:00")
	for range 4 {
		p.expect(amara, "task-reminder")
	}
	p.expect(jonas, "task-reminder")
	p.expect(mei, "task-reminder")
	p.restart()
	p.makeDigests()
	p.quiet()

	p.digestsAt("2026-03-04 07:00")
	p.expectDigest(mei, 1)
	p.misses("dee")
	p.expect(amara, "task")
	p.digestsAt("2026-03-04 09:00")
	p.expectDigest(jonas, 1)
	l = p.expectDigest(amara, 5)
	if words := strings.Join(strings.Fields(l.Text), " "); strings.Count(words, "It was due Tuesday") != 4 || strings.LastIndex(words, "It was due Tuesday") > strings.Index(words, "Call a client") {
		t.Errorf("what was due first does not stand first:\n%s", l.Text)
	}
	p.quiet()

	// On Thursday amara is away, and jonas reads of hers.
	p.digestsAt("2026-03-05 07:00")
	p.expect(jonas, "task") // her leave began before dee's task is due
	p.expectDigest(mei, 1)
	p.digestsAt("2026-03-05 09:00")
	if l = p.expectDigest(jonas, 6); !strings.Contains(strings.Join(strings.Fields(l.Text), " "), "(it belongs to Amara Cole)") {
		t.Errorf("it does not say whose they are:\n%s", l.Text)
	}
	p.quiet()

	// Friday is a holiday, and on Monday the clock has been moved.
	for _, clock := range []string{"2026-03-06 10:00", "2026-03-07 10:00", "2026-03-08 10:00", "2026-03-09 06:59"} {
		p.digestsAt(clock)
	}
	p.quiet()
	p.digestsAt("2026-03-09 07:00")
	p.expectDigest(mei, 1)
	p.digestsAt("2026-03-09 08:59")
	p.expect(amara, "task-reminder") // dee's
	p.quiet()
	p.digestsAt("2026-03-09 09:00")
	p.expectDigest(amara, 5)
	p.expectDigest(jonas, 1)
	// What has lain for days stands with the task owner, too: all but dee's.
	if l = p.expectDigest(ruth, 6); strings.Contains(l.Text, "Call a client") {
		t.Errorf("the task owner reads\n%s", l.Text)
	}
	p.makeDigests()
	p.quiet()
}

// TestDigestOfADayThatIsOver: after an outage that lasts to the evening there is none,
// and in its afternoon there is one.
func TestDigestOfADayThatIsOver(t *testing.T) {
	t.Parallel()
	p := run(t, digestConfig(t, storyConfig(t)))
	p.makeDigests()
	p.misses("ana")
	p.expect(amara, "task")
	p.digestsAt("2026-03-03 17:00")
	p.quiet()
	p.digestsAt("2026-03-04 16:59")
	p.expectDigest(amara, 1)
	p.digestsAt("2026-03-04 17:00")
	p.quiet()
}

// TestDigestTwoReplicas: of two one mails, each day once; one that died while it was at
// it costs the day, never a second mail.
func TestDigestTwoReplicas(t *testing.T) {
	t.Parallel()
	server, url := external(t)
	t.Cleanup(server.Stop)
	cfg := digestConfig(t, externalConfig(t, url))
	p := run(t, cfg, WithWatch(look, time.Hour))
	q := run(t, copyOf(t, cfg), WithWatch(look, time.Hour))
	at := func(clock string) {
		t.Helper()
		for _, r := range []*program{p, q} {
			r.set(r.onClock(clock))
		}
		for _, r := range []*program{p, q} {
			from := r.digester.looked.Load()
			testkit.Eventually(t, patience, "the digester has looked", func() bool { return r.digester.looked.Load() >= from+3 })
		}
	}
	told := func() (out []letter) {
		for _, r := range []*program{p, q} {
			r.collect()
			out, r.inbox = append(out, r.inbox...), nil
		}
		return out
	}
	testkit.Eventually(t, patience, "both have read the log", func() bool { return p.watcher.watch.Ready() && q.watcher.watch.Ready() })
	at("2026-03-02 10:00")
	p.misses("ana")
	q.settle()
	if mails := told(); len(mails) != 1 {
		t.Fatalf("%d first mails", len(mails))
	}
	for _, day := range []string{"2026-03-03", "2026-03-04"} {
		at(day + " 09:00")
		at(day + " 13:00")
		if mails := told(); len(mails) != 1 || mails[0].Subject != "Your open tasks today: 1" || mails[0].To.Email != amara {
			t.Errorf("on %s there are %+v", day, mails)
		}
	}
	if _, mine, err := p.store.TakeDigest(t.Context(), p.clinic(), "amara", 20260305); err != nil || !mine {
		t.Fatal(mine, err)
	}
	at("2026-03-05 09:00")
	if mails := told(); len(mails) != 0 {
		t.Errorf("after a crash there are %+v", mails)
	}
	at("2026-03-06 09:00")
	if mails := told(); len(mails) != 1 {
		t.Errorf("on the day after there are %+v", mails)
	}
}

// picky is a provider that answers mails about open tasks with errors, as long as it has
// any.
type picky struct {
	errs []error
	sent []notifier.Mail
}

func (x *picky) Send(_ context.Context, m notifier.Mail) (notifier.Receipt, error) {
	if !strings.HasPrefix(m.ID, digestPrefix) {
		return notifier.Receipt{}, nil
	}
	x.sent = append(x.sent, m)
	if len(x.errs) == 0 {
		return notifier.Receipt{}, nil
	}
	err := x.errs[0]
	x.errs = x.errs[1:]
	return notifier.Receipt{}, err
}

// TestDigestProvider: what certainly did not leave is tried again, with the same id; what
// may have left is not.
func TestDigestProvider(t *testing.T) {
	t.Parallel()
	x := &picky{errs: []error{&notifier.SendError{Class: notifier.RetryAfter}, &notifier.SendError{Class: notifier.Ambiguous}}}
	p := run(t, digestConfig(t, storyConfig(t)), WithProvider(x))
	p.makeDigests()
	p.misses("ana")
	tries := func(want int) {
		t.Helper()
		p.makeDigests()
		if len(x.sent) != want {
			t.Fatalf("%d tries, want %d", len(x.sent), want)
		}
	}
	p.digestsAt("2026-03-03 09:00")
	tries(1) // it waits for two minutes
	clear(p.digester.again)
	tries(2)
	clear(p.digester.again)
	tries(2)
	if x.sent[0].ID != x.sent[1].ID || x.sent[0].Text != x.sent[1].Text || strings.Contains(x.sent[0].ID, "amara") {
		t.Errorf("the tries are %s and %s", x.sent[0].ID, x.sent[1].ID)
	}
	p.restart()
	tries(2)
	p.digestsAt("2026-03-04 09:00")
	tries(3)
	if x.sent[2].ID == x.sent[0].ID {
		t.Error("two days have one id")
	}
	if last, err := p.store.LastDigest(t.Context(), p.clinic(), "amara"); err != nil || !last.Made || last.Day != calendar.Day(20260304) {
		t.Errorf("the last is %+v, %v", last, err)
	}
}

// TestDigestOff: the clinic wants none, and its tasks are reminded of daily; and none at
// a speed at which days pass in seconds.
func TestDigestOff(t *testing.T) {
	t.Parallel()
	p := run(t, digestConfig(t, storyConfig(t), noDigest...))
	p.replies("ana", "amara")
	p.expect(amara, "task")
	for _, day := range []string{"2026-03-03", "2026-03-04"} {
		p.digestsAt(day + " 09:30")
		p.quiet()
		p.digestsAt(day + " 10:30")
		p.expect(amara, "task-reminder")
	}
	p.quiet()

	q := run(t, digestConfig(t, storyConfig(t)))
	q.misses("ana")
	q.expect(amara, "task")
	q.clock.setSpeed(1.5)
	q.digestsAt("2026-03-03 09:30")
	q.quiet()
	q.clock.setSpeed(1)
	q.makeDigests()
	q.expectDigest(amara, 1)
}

// TestDigestOfOldRecords: a record of a version that did not write how many tasks are
// open. Its task comes up when it is due, which writes the record anew.
func TestDigestOfOldRecords(t *testing.T) {
	t.Parallel()
	p := run(t, digestConfig(t, storyConfig(t)))
	p.makeDigests()
	p.replies("ana", "amara")
	p.expect(amara, "task")
	clients, err := streams(t, p.nc).Stream(t.Context(), "CLIENTS")
	if err != nil {
		t.Fatal(err)
	}
	info, err := clients.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	last, err := clients.GetMsg(t.Context(), info.State.LastSeq)
	if err != nil {
		t.Fatal(err)
	}
	old := &nats.Msg{Subject: last.Subject, Header: last.Header, Data: last.Data}
	for name := range old.Header {
		if name == "Mooring-Tasks" || strings.HasPrefix(name, "Nats-") {
			delete(old.Header, name)
		}
	}
	old.Header.Set("Mooring-Previous", fmt.Sprint(last.Sequence))
	if _, err := streams(t, p.nc).PublishMsg(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	p.restart()
	p.digestsAt("2026-03-03 09:00")
	p.quiet()
	p.digestsAt("2026-03-03 10:30")
	p.expect(amara, "task-reminder")
	p.digestsAt("2026-03-04 09:00")
	p.expectDigest(amara, 1)
}
