package workflows

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/escalation"
	"github.com/mooring-care/mooring/workflows/sample"
)

// simKey is the client of all simulations.
const simKey = "kclient2345abcdefghijklmno"

// versions is a Directory of several versions; the last one is in force.
type versions []*Clinic

func (v versions) Current() *Clinic { return v[len(v)-1] }

func (v versions) At(version string) *Clinic {
	for _, c := range v {
		if c.Version == version {
			return c
		}
	}
	return nil
}

// failer is what tests and properties share.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func sampleClinic(t failer) *Clinic {
	t.Helper()
	c, err := ReadClinic(sample.FS, sample.ID)
	if err != nil {
		t.Fatalf("read the sample clinic: %v", err)
	}
	return c
}

// withWorkflows is a copy of the clinic with other workflows and a version of
// its own.
func withWorkflows(t failer, c *Clinic, version string, sources map[string]string) *Clinic {
	t.Helper()
	out := *c
	out.Version = version
	out.Workflows = nil
	for name, src := range sources {
		w, err := ReadWorkflow(name, []byte(src))
		if err != nil {
			t.Fatalf("read the workflow %s: %v", name, err)
		}
		out.Workflows = append(out.Workflows, w)
	}
	slices.SortFunc(out.Workflows, func(a, b *Workflow) int {
		if a.Precedence != b.Precedence {
			return b.Precedence - a.Precedence
		}
		return strings.Compare(a.Name, b.Name)
	})
	return &out
}

// step is one decision of a simulation.
type step struct {
	before State
	ev     events.Event
	now    time.Time
	dec    Decision
}

// sim does what the runner does, with a virtual clock: one event or due timer
// after the other, the state stored and read back each time. It knows of
// deadlines only what the timer effects told it.
type sim struct {
	t     failer
	dir   versions
	now   time.Time
	state State
	timer time.Time
	n     int
	steps []step
	// each, when set, hears of every decision.
	each func(step)
}

func newSim(t failer, at time.Time, dir ...*Clinic) *sim {
	if len(dir) == 0 {
		dir = []*Clinic{sampleClinic(t)}
	}
	return &sim{t: t, dir: dir, now: at.UTC()}
}

// jsonOf is the stored form of a value.
func jsonOf(t failer, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatalf("store: %v", err)
	}
	return string(b)
}

func stored(t failer, s State) State {
	t.Helper()
	text := jsonOf(t, s)
	var out State
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatalf("read a state back: %v", err)
	}
	if again := jsonOf(t, out); again != text {
		t.Fatalf("a state stored twice differs:\n%s\n%s", text, again)
	}
	return out
}

// event makes an event that happened at a time.
func (s *sim) event(kind events.Kind, at time.Time, data events.Data) events.Event {
	s.n++
	ev := events.Event{
		ID: fmt.Sprintf("ev-%d", s.n), Source: "test", Clinic: sample.ID, Key: simKey,
		Kind: kind, Time: at.UTC(), Data: data,
	}
	if spec, _ := events.Lookup(kind); spec.Origin == events.Outside {
		ev.Client = "z0z-ehr-8421"
	}
	return ev
}

// happens delivers an event that happens now.
func (s *sim) happens(kind events.Kind, data events.Data) Decision {
	s.t.Helper()
	return s.deliver(s.event(kind, s.now, data))
}

// deliver decides on an event, now.
func (s *sim) deliver(ev events.Event) Decision {
	s.t.Helper()
	dec := Decide(s.state, s.dir, ev, s.now)
	st := step{s.state, ev, s.now, dec}
	s.steps = append(s.steps, st)
	if !dec.Nothing {
		s.state = stored(s.t, dec.State)
		for _, e := range dec.Effects {
			if e.Timer != nil {
				s.timer = *e.Timer
			}
		}
	}
	if s.each != nil {
		s.each(st)
	}
	next := s.state.Next()
	if !next.IsZero() && ev.Kind != events.TimerDue && (s.timer.IsZero() || s.timer.After(next)) {
		s.t.Fatalf("after %s the next deadline is %v and the timer stands at %v", ev.Kind, next, s.timer)
	}
	return dec
}

// due fires the timer now, early or late.
func (s *sim) due() Decision {
	s.t.Helper()
	s.n++
	dec := s.deliver(events.Event{
		ID: fmt.Sprintf("due-%d", s.n), Source: "mooring/timer", Clinic: sample.ID, Key: simKey,
		Kind: events.TimerDue, Time: s.now,
	})
	s.timer = s.state.Next() // every due message sets the timer again
	return dec
}

// until lets time pass; every timer fires on time.
func (s *sim) until(at time.Time) {
	s.t.Helper()
	for fired := 0; !s.timer.IsZero() && !s.timer.After(at); fired++ {
		if fired > 5000 {
			s.t.Fatalf("timers spin at %v", s.now)
		}
		if s.timer.After(s.now) {
			s.now = s.timer
		}
		s.due()
	}
	if at.After(s.now) {
		s.now = at.UTC()
	}
}

func (s *sim) pass(d time.Duration) { s.t.Helper(); s.until(s.now.Add(d)) }

// outage lets time pass while nobody decides; the timer fires after it.
func (s *sim) outage(d time.Duration) {
	s.t.Helper()
	s.now = s.now.Add(d)
	if !s.timer.IsZero() && !s.timer.After(s.now) {
		s.due()
	}
}

// mails lists the messages of a lane asked for so far.
func (s *sim) mails(lane Lane) []Enqueue {
	var out []Enqueue
	for _, st := range s.steps {
		if st.dec.Nothing {
			continue
		}
		for _, e := range st.dec.Effects {
			if e.Enqueue != nil && e.Enqueue.Lane == lane {
				out = append(out, *e.Enqueue)
			}
		}
	}
	return out
}

func (s *sim) openEscalation() *escalation.Escalation {
	for i := range s.state.Escalations {
		if s.state.Escalations[i].Open() {
			return &s.state.Escalations[i]
		}
	}
	return nil
}

// noted says whether a decision has a note of this kind.
func noted(dec Decision, what What, why Reason) bool {
	return slices.ContainsFunc(dec.Notes, func(n Note) bool { return n.What == what && n.Reason == why })
}

func (s *sim) everNoted(what What, why Reason) int {
	n := 0
	for _, st := range s.steps {
		for _, note := range st.dec.Notes {
			if note.What == what && note.Reason == why {
				n++
			}
		}
	}
	return n
}

// friendly is a client whom care mail may reach.
func friendly() *events.Client {
	return &events.Client{
		FirstName: new("Z0zfirst"), LastName: new("Z0zlast"), Email: new("z0zmail@client.example"), EmailVerified: new(true),
		Phone: new("z0z-555"), ChartURL: new("https://ehr.example/z0z"), TimeZone: new("America/Chicago"), Clinician: new("amara"),
		Risk: new(events.RiskNone), Status: new(events.StatusActive), Minor: new(false),
		Consent: &events.Consent{Outreach: &events.ConsentRecord{State: events.ConsentGranted}},
	}
}

func clientData(c *events.Client) events.Data { return events.Data{Client: c} }

func appointment(id string) events.Data {
	return events.Data{Appointment: &events.Appointment{ID: id}}
}

func booking(id string, start time.Time) events.Data {
	return events.Data{Appointment: &events.Appointment{ID: id, Start: &start}}
}

// chicago is a wall clock time in the sample clinic's zone.
func chicago(t failer, text string) time.Time {
	t.Helper()
	loc, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatalf("load the zone: %v", err)
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", text, loc)
	if err != nil {
		t.Fatalf("read a time: %v", err)
	}
	return at
}

var errPlanted = errors.New("planted")

// failing is a condition that fails when it is asked.
func failing() *Condition {
	return &Condition{Text: "planted", eval: func(*Facts) (bool, error) { return false, errPlanted }}
}
