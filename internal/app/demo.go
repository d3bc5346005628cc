package app

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/internal/web"
	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/workflows/runner"
	"github.com/mooring-care/mooring/workflows/sample"
)

// The demo's clock: days pass in seconds, but while a safety question is open
// it slows down, so that a visitor can open the link and answer.
const (
	demoStart = "2026-03-02T15:00:00Z" // a Monday, 9 am at the sample clinic
	demoSpeed = 21600                  // a day in four seconds
	demoSlow  = 60                     // an hour in a minute
)

// DemoConfig is the configuration of a demo: the sample clinic on its own data
// folder and clock. What the environment says of doors and folders holds.
func DemoConfig(cfg Config, dataGiven bool) Config {
	if !dataGiven {
		cfg.Data = "./mooring-demo"
	}
	cfg.Clinics, cfg.Mailer, cfg.NATSURL = "", "mailbox", ""
	if cfg.TimeSpeed == 1 {
		cfg.TimeSpeed = demoSpeed
	}
	if cfg.TimeStart == "" {
		cfg.TimeStart = demoStart
	}
	return cfg
}

// Demo plays the sample story on a running App and tells it.
type Demo struct {
	app  *App
	out  *teller
	fast time.Duration // how long a colleague waits before stepping in
	base float64       // the speed while nothing is asked

	pacing  context.CancelFunc // ends pace
	helpers sync.WaitGroup

	mu sync.Mutex // held while the speed changes
	// asked is everybody about whom a question was open; guarded by mu.
	asked map[runner.Ref]bool
}

// NewDemo makes an App that tells what it does to w. With hurry, a colleague
// answers safety questions soon; else a visitor has most of a minute.
func NewDemo(ctx context.Context, cfg Config, w io.Writer, hurry bool) (*Demo, error) {
	d := &Demo{out: &teller{w: w}, fast: 50 * time.Second, base: cfg.TimeSpeed, asked: map[runner.Ref]bool{}}
	if hurry {
		d.fast = 12 * time.Second
	}
	alone := func(a *App) { a.demo = true }
	a, err := New(ctx, cfg, cfg.Logger(w), alone, WithObserver(d.out.decided), WithObserver(d.slow), WithMailHook(d.out.mailed))
	if err != nil {
		return nil, err
	}
	d.app, d.out.app = a, a
	if len(d.open()) > 0 {
		a.clock.setSpeed(min(demoSlow, d.base)) // it stopped with a question open
	}
	return d, nil
}

// App is the running program.
func (d *Demo) App() *App { return d.app }

// Start has the program begin to work, and its clock follow the questions that
// are open: until Stop, since a visitor may open one after the story's end.
func (d *Demo) Start(ctx context.Context) error {
	if err := d.app.Start(ctx); err != nil {
		return err
	}
	pacing, stop := context.WithCancel(context.WithoutCancel(ctx))
	d.pacing = stop
	d.helpers.Go(func() { d.pace(pacing) })
	return nil
}

// Stop is App.Stop.
func (d *Demo) Stop(ctx context.Context) (finished bool) {
	if d.pacing != nil {
		d.pacing()
		d.helpers.Wait()
	}
	return d.app.Stop(ctx)
}

// slow slows the clock the moment a question opens: until pace has looked, a
// whole ladder could pass.
func (d *Demo) slow(decided runner.Decided) {
	if n, _ := decided.State.OpenEscalations(); n == 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked[decided.Ref] = true
	if d.app.clock.Speed() > demoSlow {
		d.app.clock.setSpeed(demoSlow)
	}
}

// beat is one moment of the story: at so long after the start, this happens.
type beat struct {
	at   time.Duration
	id   string
	kind events.Kind
	who  string // the sample client's EHR id
	data events.Data
}

// cast are the sample clients; every name is invented.
func cast() map[string]*events.Client {
	person := func(first, last, clinician string, risk events.Risk) *events.Client {
		email := strings.ToLower(first) + "@example.org"
		yes, zone, phone, chart := true, "America/Chicago", "+1 555 0142", "https://ehr.example.org/chart/"+strings.ToLower(first)
		return &events.Client{
			FirstName: &first, LastName: &last, Email: &email, EmailVerified: &yes, Clinician: &clinician,
			Risk: &risk, TimeZone: &zone, Phone: &phone, ChartURL: &chart,
			Consent: &events.Consent{Outreach: &events.ConsentRecord{State: events.ConsentGranted, By: "front desk", How: "in person"}},
		}
	}
	return map[string]*events.Client{
		"demo-ana":  person("Ana", "Okafor", "amara", events.RiskNone),
		"demo-ben":  person("Ben", "Lindqvist", "jonas", events.RiskNone),
		"demo-cleo": person("Cleo", "Marsh", "mei", events.RiskNone),
		"demo-dee":  person("Dee", "Alvarez", "amara", events.RiskHigh),
		"demo-eli":  person("Eli", "Brandt", "jonas", events.RiskNone),
	}
}

// script is the story, in the order in which it happens.
func script(start time.Time) []beat {
	people := cast()
	appointment := func(id string, at time.Duration, by events.CancelledBy) *events.Appointment {
		t := start.Add(at)
		return &events.Appointment{ID: id, Start: &t, Minutes: 50, Visit: events.VisitFollowUp, By: by}
	}
	const h, day = time.Hour, 24 * time.Hour
	return []beat{
		{0, "ana-cancels", events.AppointmentCancelled, "demo-ana", events.Data{Client: people["demo-ana"], Appointment: appointment("a-1", 30*h, events.ByClient)}},
		{10 * time.Minute, "ben-noshow", events.AppointmentNoShow, "demo-ben", events.Data{Client: people["demo-ben"], Appointment: appointment("b-1", -h, "")}},
		{20 * time.Minute, "cleo-noshow", events.AppointmentNoShow, "demo-cleo", events.Data{Client: people["demo-cleo"], Appointment: appointment("c-1", -h, "")}},
		{30 * time.Minute, "eli-cancels", events.AppointmentCancelled, "demo-eli", events.Data{Client: people["demo-eli"], Appointment: appointment("e-1", 26*h, events.ByClient)}},
		{day + 2*h, "cleo-books", events.AppointmentBooked, "demo-cleo", events.Data{Appointment: appointment("c-2", 6*day, "")}},
		{2 * day, "dee-noshow", events.AppointmentNoShow, "demo-dee", events.Data{Client: people["demo-dee"], Appointment: appointment("d-1", 2*day-h, "")}},
		{4 * day, "eli-not-safe", events.CheckinAnswered, "demo-eli", events.Data{}},
		{11 * day, "end", "", "", events.Data{}},
	}
}

// Tell plays the story until its end or the end of ctx. Every event has an id
// of its own, so that a demo that is started again goes on where it stopped.
func (d *Demo) Tell(ctx context.Context) error {
	start, err := time.Parse(time.RFC3339, d.app.cfg.TimeStart)
	if err != nil {
		return fmt.Errorf("read the demo's start: %w", err)
	}
	sender, err := jetstream.DialSender(d.app.EventsURL(), "")
	if err != nil {
		return err
	}
	defer sender.Close()
	for _, b := range script(start) {
		if !d.until(ctx, start.Add(b.at)) {
			return nil
		}
		if err := d.play(ctx, sender, start, b); err != nil {
			return err
		}
	}
	// The last word belongs to people: the story is over when none is asked.
	for len(d.open()) > 0 {
		if !pause(ctx, 200*time.Millisecond) {
			return nil
		}
	}
	return nil
}

// until waits for a moment of the program's clock, whatever its speed becomes.
func (d *Demo) until(ctx context.Context, at time.Time) bool {
	for d.app.Now().Before(at) {
		if !pause(ctx, 50*time.Millisecond) {
			return false
		}
	}
	return ctx.Err() == nil
}

func (d *Demo) play(ctx context.Context, sender *jetstream.Sender, start time.Time, b beat) error {
	if b.kind == "" {
		return nil
	}
	if b.kind == events.CheckinAnswered {
		if state, err := d.app.runner.Cached(ctx, runner.Ref{Clinic: sample.ID, Key: d.key(b.who)}); err == nil && len(state.Escalations) > 0 {
			return nil // it was pressed before the last stop
		}
		d.out.say("Eli opens the check-in link of the first mail and presses “I am not safe”.")
		safe := web.Act{ID: b.id, Clinic: sample.ID, Target: b.id, Recipient: d.key(b.who)}
		_, err := (&acts{d.app}).Answer(ctx, safe, web.Answer{Feeling: web.NotSafe, Reasons: []string{"overwhelm"}})
		return err
	}
	ev := events.Event{
		ID: "demo-" + b.id, Source: "demo-ehr", Clinic: sample.ID, Kind: b.kind, Client: b.who, Time: start.Add(b.at), Data: b.data,
	}
	header, body, err := events.Encode(ev)
	if err != nil {
		return fmt.Errorf("write a sample event: %w", err)
	}
	if _, _, err := sender.Send(ctx, events.Subject(events.SubjectEvents, sample.ID, b.kind), header, body); err != nil {
		return fmt.Errorf("send a sample event: %w", err)
	}
	return nil
}

func (d *Demo) key(ehr string) string {
	return events.ClientKey(d.app.secrets.clientKey, sample.ID, ehr)
}

// people are the sample clients, and whoever a visitor sent events about. The
// caller holds mu.
func (d *Demo) people() []runner.Ref {
	var out []runner.Ref
	for who := range cast() {
		out = append(out, runner.Ref{Clinic: sample.ID, Key: d.key(who)})
	}
	add := func(ref runner.Ref) {
		if !slices.Contains(out, ref) {
			out = append(out, ref)
		}
	}
	for _, row := range d.app.index.Recent(maxVisitors) {
		add(row.Ref)
	}
	// The index hears of a question a little later.
	for ref := range d.asked {
		add(ref)
	}
	return out
}

// maxVisitors bounds the clients whose tasks and timers the demo looks after.
const maxVisitors = 50

// open lists those of them with a question that nobody has closed.
func (d *Demo) open() []runner.Ref {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.openNow()
}

func (d *Demo) openNow() []runner.Ref {
	var out []runner.Ref
	for _, ref := range d.people() {
		state, err := d.app.runner.Cached(context.Background(), ref)
		if err != nil {
			continue
		}
		if n, _ := state.OpenEscalations(); n > 0 {
			out = append(out, ref)
		}
	}
	return out
}

// pace slows the clock while a question is open, and has a colleague answer it
// when the visitor does not.
func (d *Demo) pace(ctx context.Context) {
	var since time.Time
	for pause(ctx, 100*time.Millisecond) {
		open := d.open()
		d.finishTasks(ctx)
		switch {
		case len(open) > 0 && since.IsZero():
			since = time.Now()
			d.rest()
			d.out.say(fmt.Sprintf("The clock slows down: a question is open. Open the newest mail to staff on the staff pages and answer it; in %d seconds a colleague will.", int(d.fast.Seconds())))
		case len(open) > 0 && time.Since(since) > d.fast:
			for _, ref := range open {
				d.answer(ctx, ref)
			}
		case len(open) == 0 && (!since.IsZero() || d.app.clock.Speed() < d.base):
			if d.hurry() {
				since = time.Time{}
				d.out.say("The question is closed; days pass in seconds again.")
			}
		}
	}
}

// finishTasks has the sample staff do their tasks the day after.
func (d *Demo) finishTasks(ctx context.Context) {
	d.mu.Lock()
	people := d.people()
	d.mu.Unlock()
	for _, ref := range people {
		state, err := d.app.runner.Cached(ctx, ref)
		if err != nil {
			continue
		}
		for i := range state.Tasks {
			t := &state.Tasks[i]
			if d.app.Now().Sub(t.Opened) < taskTakes {
				continue
			}
			if _, err := (&acts{d.app}).Finish(ctx, ref.Clinic, ref.Key, t.ID, t.Owner, false); err != nil {
				return // the next round tries again
			}
		}
	}
}

// taskTakes is how long the sample staff take over a task.
const taskTakes = 20 * time.Hour

// rest slows the clock down.
func (d *Demo) rest() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.speed(min(demoSlow, d.base))
}

// hurry has days pass in seconds again, unless a question opened just now.
func (d *Demo) hurry() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.openNow()) > 0 {
		return false
	}
	d.speed(d.base)
	return true
}

// speed changes the clock and sets everybody's timers by it. The caller holds
// mu.
func (d *Demo) speed(to float64) {
	d.app.clock.setSpeed(to)
	for _, ref := range d.people() {
		d.app.pool.Submit(ref, func() { d.app.runner.Due(context.Background(), ref) })
	}
}

// answer has the question's present owner take and close it.
func (d *Demo) answer(ctx context.Context, ref runner.Ref) {
	state, err := d.app.runner.Cached(ctx, ref)
	if err != nil {
		return
	}
	for i := range state.Escalations {
		e := &state.Escalations[i]
		if !e.Open() {
			continue
		}
		act := web.Act{Clinic: ref.Clinic, Target: target(ref.Key, e.ID), Recipient: e.Owner}
		act.ID = "demo-ack-" + e.ID
		if _, err := (&acts{d.app}).Acknowledge(ctx, act); err != nil {
			return
		}
		act.ID = "demo-call-" + e.ID
		if _, err := (&acts{d.app}).Attempt(ctx, act, "phone"); err != nil {
			return
		}
		act.ID = "demo-close-" + e.ID
		if _, err := (&acts{d.app}).Close(ctx, act, events.OutcomeReachedPlan, ""); err != nil {
			return
		}
	}
}

// Missing says which parts of the story did not happen; empty when it was told
// whole.
func (d *Demo) Missing() []string {
	want := []string{
		"“Late cancellation by the client” starts", "“First no-show” starts", "“High-risk no-show” starts",
		"” ends", "takes the question", "closes the question",
	}
	d.out.mu.Lock()
	defer d.out.mu.Unlock()
	var out []string
	for _, line := range want {
		if !slices.ContainsFunc(d.out.lines, func(l string) bool { return strings.Contains(l, line) }) {
			out = append(out, line)
		}
	}
	if d.out.mails < 8 {
		out = append(out, fmt.Sprintf("at least 8 mails (%d left)", d.out.mails))
	}
	return out
}

// teller writes the story to the terminal, line by line.
type teller struct {
	app *App
	w   io.Writer

	mu    sync.Mutex
	lines []string // all that was said; guarded by mu
	mails int      // mails that left; guarded by mu
}

func (t *teller) print(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines = append(t.lines, line)
	_, _ = fmt.Fprintln(t.w, line)
}

func (t *teller) say(text string) { t.print("\n  ~ " + text + "\n") }

// decided tells one decision: what happened, then each thing that follows with
// its reason.
func (t *teller) decided(d runner.Decided) {
	c, ok := t.app.clinics.byID[d.Ref.Clinic]
	if !ok {
		return
	}
	zone := c.current.Zone
	if d.Entry.Kind == events.MessageAccepted {
		return // the mail itself is told
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %-9s %s", d.Entry.Decided.In(zone).Format("Mon 2 Jan 15:04"), d.State.Profile.FirstName.Get(), eventWords(d.Entry.Kind))
	for _, n := range d.Entry.Notes {
		told := t.app.tell(d.Ref.Clinic, n)
		fmt.Fprintf(&b, "\n%28s→ %s: %s", "", told.what, told.why)
		if !n.Until.IsZero() {
			fmt.Fprintf(&b, " (%s)", withHoliday(when(n.Until, zone), n.Holiday))
		}
	}
	t.print(b.String())
}

// mailed tells that a mail left.
func (t *teller) mailed(m notifier.Mail) {
	t.mu.Lock()
	t.mails++
	t.mu.Unlock()
	zone := time.UTC
	if c, ok := t.app.clinics.byID[sample.ID]; ok {
		zone = c.current.Zone
	}
	t.print(fmt.Sprintf("%s  ✉ %s: “%s”", m.Date.In(zone).Format("Mon 2 Jan 15:04"), m.To.Email, m.Subject))
}
