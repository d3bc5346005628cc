package app

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/internal/testkit"
	"github.com/mooring-care/mooring/internal/testkit/faults"
	"github.com/mooring-care/mooring/notifier/mailbox"
	"github.com/mooring-care/mooring/notifier/templates"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/runner"
	"github.com/mooring-care/mooring/workflows/sample"
)

// The stories run the whole program: its own NATS server, its own pages over
// real connections, mail in a real folder. Their clock stands at a Monday, ten
// in the morning at the sample clinic, and moves on only when a story says so.
const storyStart = "2026-03-02T16:00:00Z"

// patience bounds every wait of a story; nothing takes this long.
const patience = 30 * time.Second

// The addresses that mails show. They outlive a restart, unlike the ports.
const (
	publicURL = "http://mooring.test"
	staffURL  = "http://staff.mooring.test"
	opsURL    = "http://ops.mooring.test"
)

// program is a running App and everything outside it: the clinic's system that
// sends events, the people who read mails and press buttons.
type program struct {
	*App
	t    testing.TB
	opts []Option
	log  *buffer
	// sender is the user "events"; nc is the operator, who reads everything.
	sender *jetstream.Sender
	nc     *nats.Conn

	sent  int               // numbers the events
	read  map[string]bool   // file names in the mailbox
	inbox []letter          // mails that no story expected so far
	all   []letter          // every mail that ever left
	addrs map[string]string // host in a URL → address of the listener

	mu    sync.Mutex
	asked map[string]workflows.Enqueue // by message id, guarded by mu
	refs  map[runner.Ref]bool          // the clients decided on, guarded by mu
}

// storyConfig is the sample clinic on a folder and ports of its own.
func storyConfig(t testing.TB) Config {
	t.Helper()
	c := Config{
		Data: t.TempDir(), HTTP: "127.0.0.1:0", StaffHTTP: "127.0.0.1:0", OpsHTTP: "127.0.0.1:0", NATSListen: "127.0.0.1:0",
		PublicURL: publicURL, StaffURL: staffURL, StoreSync: "interval", Mailer: "mailbox", SMTPTLS: "required",
		SendGridURL: "https://api.sendgrid.com", TimeSpeed: 1, TimeStart: storyStart, Log: "json", LogLevel: "debug",
	}
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	return c
}

// run starts the program. When the test is over, every mail that left must have
// been expected and must read as mails may.
func run(t testing.TB, cfg Config, opts ...Option) *program {
	t.Helper()
	p := &program{
		t: t, opts: opts, log: &buffer{}, read: map[string]bool{},
		asked: map[string]workflows.Enqueue{}, refs: map[runner.Ref]bool{},
	}
	p.start(cfg)
	t.Cleanup(func() {
		if !t.Failed() && p.App != nil {
			p.settle()
			p.quiet()
			p.lint()
		}
		p.stop()
	})
	return p
}

func (p *program) start(cfg Config) {
	p.t.Helper()
	// The watcher looks where a story asks it to: its own clock is not the story's.
	a, err := New(p.t.Context(), cfg, cfg.Logger(p.log), append([]Option{WithObserver(p.decided), WithWatch(time.Hour, time.Hour)}, p.opts...)...)
	if err != nil {
		p.t.Fatal(err)
	}
	p.App = a
	if err := a.Start(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	p.addrs = map[string]string{
		"mooring.test:80": a.Addr("MOORING_HTTP"), "staff.mooring.test:80": a.Addr("MOORING_STAFF_HTTP"), "ops.mooring.test:80": a.Addr("MOORING_OPS_HTTP"),
	}
	events, everything := a.EventsURL(), cfg.NATSURL
	if everything == "" {
		everything = "nats://" + jetstream.UserOperator + ":" + a.secrets.operator + "@" + a.Addr("NATS")
	} else {
		events = everything
	}
	if p.sender, err = jetstream.DialSender(events, ""); err != nil {
		p.t.Fatal(err)
	}
	if p.nc, err = nats.Connect(everything); err != nil {
		p.t.Fatal(err)
	}
	testkit.Eventually(p.t, patience, "every consumer is there", func() bool {
		_, err := a.Lag(context.Background())
		return err == nil
	})
}

func (p *program) stop() {
	if p.App == nil {
		return
	}
	p.sender.Close()
	p.nc.Close()
	p.Stop(context.Background())
	p.App = nil
}

// restart stops the program and starts it again on the same data.
func (p *program) restart() {
	p.t.Helper()
	cfg := p.cfg
	p.stop()
	p.start(cfg)
}

func (p *program) decided(d runner.Decided) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refs[d.Ref] = true
	for _, e := range d.Entry.Effects {
		if e.Enqueue != nil {
			p.asked[e.Enqueue.ID] = *e.Enqueue
		}
	}
}

// clinic is the id of the one clinic that the program serves.
func (p *program) clinic() string { return p.clinics.ids()[0] }

func (p *program) ref(who string) runner.Ref {
	return runner.Ref{Clinic: p.clinic(), Key: events.ClientKey(p.secrets.clientKey, p.clinic(), who)}
}

// event is one that the clinic's system would send now.
func (p *program) event(kind events.Kind, who string, data events.Data) events.Event {
	p.sent++
	return events.Event{
		ID: fmt.Sprintf("story-%d", p.sent), Source: "ehr", Clinic: p.clinic(), Kind: kind, Client: who, Time: p.Now(), Data: data,
	}
}

// say publishes an event as the clinic's system does and waits until the
// program has done what follows from it.
func (p *program) say(kind events.Kind, who string, data events.Data) events.Event {
	p.t.Helper()
	ev := p.event(kind, who, data)
	p.publish(ev)
	p.settle()
	return ev
}

// publish returns once the stream has acknowledged the event.
func (p *program) publish(ev events.Event) {
	p.t.Helper()
	header, body, err := events.Encode(ev)
	if err != nil {
		p.t.Fatal(err)
	}
	if _, _, err := p.sender.Send(p.t.Context(), events.Subject(events.SubjectEvents, ev.Clinic, ev.Kind), header, body); err != nil {
		p.t.Fatal(err)
	}
}

// settle waits until everything that was said was decided on and every mail
// that follows has left.
func (p *program) settle() {
	p.t.Helper()
	var before map[string]jetstream.Use
	var unfinished map[string]uint64
	deadline := time.Now().Add(patience)
	for ctx := context.Background(); ; {
		uses, err := p.Uses(ctx)
		if err == nil {
			unfinished, err = faults.Unfinished(ctx, p.nc)
		}
		if err != nil {
			p.t.Fatal(err)
		}
		// What one part finishes another begins: only two looks alike are rest.
		if len(unfinished) == 0 && before != nil && maps.Equal(uses, before) {
			break
		}
		before = uses
		if len(unfinished) > 0 {
			before = nil
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("the program does not come to rest: %v\n%s", unfinished, p.log.tail())
		}
		pause(ctx, 3*time.Millisecond)
	}
	p.collect()
}

// state is the client's latest state, from the leader.
func (p *program) state(who string) workflows.State {
	p.t.Helper()
	s, _, err := p.runner.State(context.Background(), p.ref(who))
	if err != nil {
		p.t.Fatal(err)
	}
	return s
}

// pass lets so much time go by: the clock goes from deadline to deadline, and
// at each the client's own timer fires.
func (p *program) pass(d time.Duration) {
	p.t.Helper()
	end := p.Now().Add(d)
	for {
		p.settle()
		next, refs := p.due()
		if len(refs) == 0 || next.After(end) {
			break
		}
		p.set(next)
		for _, ref := range refs {
			if err := p.store.Set(p.t.Context(), ref, next); err != nil {
				p.t.Fatal(err)
			}
		}
		testkit.Eventually(p.t, patience, "the deadline "+next.String()+" is past", func() bool {
			now, _ := p.due()
			return now.IsZero() || now.After(next)
		})
	}
	p.set(end)
}

// set moves the clock on.
func (p *program) set(to time.Time) {
	if now := p.Now(); to.Before(now) {
		to = now
	}
	p.clock.epoch.Store(&jetstream.Epoch{Real: time.Now(), Shown: to, Speed: p.clock.Speed()})
}

// due is the earliest deadline of all clients, and whose it is.
func (p *program) due() (next time.Time, whose []runner.Ref) {
	p.t.Helper()
	p.mu.Lock()
	refs := slices.Collect(maps.Keys(p.refs))
	p.mu.Unlock()
	for _, ref := range refs {
		s, _, err := p.runner.State(context.Background(), ref)
		if err != nil {
			p.t.Fatal(err)
		}
		at := s.Next()
		switch {
		case at.IsZero() || (!next.IsZero() && at.After(next)):
		case at.Equal(next):
			whose = append(whose, ref)
		default:
			next, whose = at, []runner.Ref{ref}
		}
	}
	return next, whose
}

// letter is one mail as its recipient has it.
type letter struct {
	mailbox.Parsed
	id string
	workflows.Enqueue
}

// collect reads the mails that have come since it was last called.
func (p *program) collect() {
	p.t.Helper()
	dir := filepath.Join(p.cfg.Data, "mailbox")
	box, err := mailbox.New(dir, time.Now)
	if err != nil {
		p.t.Fatal(err)
	}
	entries, err := box.List(0)
	if err != nil {
		p.t.Fatal(err)
	}
	slices.Reverse(entries)
	// A mail may be there before the decision that asked for it is heard of.
	p.mu.Lock()
	for _, list := range [][]letter{p.inbox, p.all} {
		for i := range list {
			if list[i].Message.Template == "" {
				list[i].Enqueue = p.asked[list[i].id]
			}
		}
	}
	p.mu.Unlock()
	for _, e := range entries {
		if p.read[e.Name] || e.Size == 0 {
			continue
		}
		p.read[e.Name] = true
		m, err := box.Read(e.Name)
		if err != nil {
			p.t.Fatal(err)
		}
		p.mu.Lock()
		l := letter{m, e.MessageID, p.asked[e.MessageID]}
		p.mu.Unlock()
		p.inbox, p.all = append(p.inbox, l), append(p.all, l)
	}
}

// expect takes the one mail to an address out of the inbox; it is a mistake
// when there is none, or one of another template.
func (p *program) expect(to, template string) letter {
	p.t.Helper()
	for i, l := range p.inbox {
		if l.To.Email == to && l.Message.Template == template {
			p.inbox = slices.Delete(p.inbox, i, i+1)
			return l
		}
	}
	p.t.Fatalf("no %s mail to %s; there is: %s", template, to, p.waiting())
	return letter{}
}

// quiet fails on every mail that nobody expected.
func (p *program) quiet() {
	p.t.Helper()
	if len(p.inbox) > 0 {
		p.t.Fatalf("unexpected mail: %s", p.waiting())
	}
}

func (p *program) waiting() string {
	out := make([]string, 0, len(p.inbox))
	for _, l := range p.inbox {
		out = append(out, fmt.Sprintf("%s to %s (%q)", l.Message.Template, l.To.Email, l.Subject))
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// lint holds one mail of each template that left to what mails may say.
func (p *program) lint() {
	p.t.Helper()
	done := map[string]bool{}
	for _, l := range p.all {
		if t := l.Message.Template; !done[t] {
			done[t] = true
			p.lintOne(l)
		}
	}
}

func (p *program) lintOne(l letter) {
	p.t.Helper()
	c := p.clinics.byID[p.clinic()].current
	audience := templates.Staff
	if l.Lane == workflows.LaneCare {
		audience = templates.Client
	}
	_, language, _ := strings.Cut(l.HTML, `<html lang="`)
	language, _, _ = strings.Cut(language, `"`)
	allowed := exceptions(c, language)
	allowed.Own, allowed.PreferencesURL = []string{publicURL, staffURL}, publicURL+"/u/"
	allowed.Links = append(allowed.Links, publicURL, staffURL)
	allowed.NoPreferences = l.Message.Template == "address" || l.Message.Template == "address-changed"
	for _, f := range templates.Lint(templates.Rendered{Subject: l.Subject, Text: l.Text, HTML: l.HTML, Language: language}, audience, allowed) {
		p.t.Errorf("the %s mail: %s\n%s", l.Message.Template, f, l.Text)
	}
}

var (
	linkIn = regexp.MustCompile(`http://mooring\.test/[etncua]/[A-Za-z0-9_.~-]+`)
	codeIn = regexp.MustCompile(`asks for this code:\s+([A-Z0-9]+)`)
)

// link is the mail's link of a kind: "e", "t", "n", "c" or "u".
func (l letter) link(t testing.TB, kind string) string {
	t.Helper()
	for _, found := range linkIn.FindAllString(l.Text, -1) {
		if strings.HasPrefix(found, publicURL+"/"+kind+"/") {
			return found
		}
	}
	t.Fatalf("no /%s/ link in the mail:\n%s", kind, l.Text)
	return ""
}

// code is the short code in a mail to staff.
func (l letter) code(t testing.TB) string {
	t.Helper()
	m := codeIn.FindStringSubmatch(l.Text)
	if m == nil {
		t.Fatalf("no code in the mail:\n%s", l.Text)
	}
	return m[1]
}

// person is a client of the sample clinic whose record allows every mail; name
// is the EHR's id, too.
func person(name string, risk events.Risk) *events.Client {
	last, email, clinician := "Vandermolen-"+name, name+"@example.org", "amara"
	yes, zone, phone := true, "America/Chicago", "+1 555 0142"
	first := "First" + name
	return &events.Client{
		FirstName: &first, LastName: &last, Email: &email, EmailVerified: &yes, Clinician: &clinician,
		Risk: &risk, TimeZone: &zone, Phone: &phone,
		Consent: &events.Consent{Outreach: &events.ConsentRecord{State: events.ConsentGranted, By: "front desk", How: "in person"}},
	}
}

// appointment starts so long from now.
func (p *program) appointment(id string, in time.Duration) *events.Appointment {
	start := p.Now().Add(in)
	return &events.Appointment{ID: id, Start: &start, Minutes: 50, Visit: events.VisitFollowUp}
}

// noshow is said of a client who was expected an hour ago.
func (p *program) noshow(who string, risk events.Risk) events.Event {
	p.t.Helper()
	return p.say(events.AppointmentNoShow, who, events.Data{Client: person(who, risk), Appointment: p.appointment(who+"-missed", -time.Hour)})
}

// clinicFolder writes a clinic "quay" with these workflows: the sample clinic,
// quiet for one minute of the night, with room for many mails.
func clinicFolder(t testing.TB, flows map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	writeClinic(t, dir, flows)
	return dir
}

func writeClinic(t testing.TB, dir string, flows map[string]string) {
	t.Helper()
	src, err := sample.FS.ReadFile("clinic.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(src), `quiet_hours: {from: "20:00", to: "09:00"}`, `quiet_hours: {from: "03:00", to: "03:01"}`, 1)
	text = strings.Replace(text, "cap: {messages: 3, within: 14d}", "cap: {messages: 20, within: 1d}", 1)
	folder := filepath.Join(dir, "quay", "workflows")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(dir, "quay", "clinic.yaml"), text)
	for name, flow := range flows {
		src, _, err := workflows.Approve(name, []byte("workflow: "+name+"\ntitle: A test\nwhy: A test.\n"+flow), "The tests", time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		write(filepath.Join(folder, name+".yaml"), string(src))
	}
}
