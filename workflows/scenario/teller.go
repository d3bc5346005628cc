package scenario

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows"
)

// teller does for one client what the runner does, with a virtual clock: one
// event or due timer after the other, the state stored and read back each time.
// It knows of deadlines only what the timer effects told it.
type teller struct {
	clinic *workflows.Clinic
	out    io.Writer
	now    time.Time
	timer  time.Time
	state  workflows.State
	n      int
	kinds  map[events.Hash]events.Kind // of the events delivered
	names  map[string]string           // by id
	ids    map[string]string           // by name
	count  map[string]int
}

func newTeller(c *workflows.Clinic, out io.Writer) *teller {
	return &teller{
		clinic: c, out: out,
		kinds: map[events.Hash]events.Kind{}, names: map[string]string{}, ids: map[string]string{}, count: map[string]int{},
	}
}

// one is a directory of one version.
type one struct{ clinic *workflows.Clinic }

func (o one) Current() *workflows.Clinic { return o.clinic }

func (o one) At(version string) *workflows.Clinic {
	if version == o.clinic.Version {
		return o.clinic
	}
	return nil
}

// The client of every scenario. Nobody is called that.
const (
	clientKey = "kclient2345abcdefghijklmno"
	clientEHR = "scenario-client"
	source    = "scenario"
)

// known is a client whom care mail may reach, in the words of a script.
const known = "known"

// event reads one line's event: kind, and data in YAML's short form.
func (t *teller) event(kind string, at time.Time, data string) (events.Event, error) {
	t.n++
	ev := events.Event{
		ID: fmt.Sprintf("event-%d", t.n), Source: source, Clinic: t.clinic.ID, Key: clientKey,
		Kind: events.Kind(kind), Time: at.UTC(),
	}
	if kind == known {
		ev.Kind = events.ClientUpdated
		ev.Data.Client = reachable()
	}
	spec, ok := events.Lookup(ev.Kind)
	if !ok {
		return ev, fmt.Errorf("unknown event kind %q; docs/events.md lists them", kind)
	}
	if spec.Origin == events.Outside {
		ev.Client = clientEHR
	}
	into := any(&ev.Data)
	if kind == known {
		into = ev.Data.Client
	}
	if data = strings.TrimSpace(data); data != "" {
		raw, err := yaml.YAMLToJSON([]byte(data))
		if err != nil {
			return ev, fmt.Errorf("the data %s cannot be read: %w", data, err)
		}
		dec := json.NewDecoder(strings.NewReader(string(raw)))
		dec.DisallowUnknownFields()
		if err := dec.Decode(into); err != nil {
			return ev, fmt.Errorf("the data %s cannot be read: %w", data, err)
		}
	}
	return ev, events.Validate(ev)
}

func reachable() *events.Client {
	name, email, yes, risk, status := "Sam", "sam@client.example", true, events.RiskNone, events.StatusActive
	clinician := "amara"
	return &events.Client{
		FirstName: &name, Email: &email, EmailVerified: &yes, Clinician: &clinician, Risk: &risk, Status: &status,
		Consent: &events.Consent{Outreach: &events.ConsentRecord{State: events.ConsentGranted}},
	}
}

// deliver decides on an event, now.
func (t *teller) deliver(ev events.Event) error {
	dec := workflows.Decide(t.state, one{t.clinic}, ev, t.now)
	t.kinds[ev.Hash()] = ev.Kind
	t.tell(ev, dec)
	if dec.Nothing {
		return nil
	}
	for _, e := range dec.Effects {
		if e.Timer != nil {
			t.timer = *e.Timer
		}
	}
	stored, err := json.Marshal(dec.State)
	if err != nil {
		return fmt.Errorf("store the state: %w", err)
	}
	t.state = workflows.State{}
	return json.Unmarshal(stored, &t.state)
}

// due fires the timer now; every due message sets the timer again.
func (t *teller) due() error {
	t.n++
	err := t.deliver(events.Event{
		ID: fmt.Sprintf("due-%d", t.n), Source: "mooring/timer", Clinic: t.clinic.ID, Key: clientKey,
		Kind: events.TimerDue, Time: t.now,
	})
	t.timer = t.state.Next()
	return err
}

// mostTimers bounds what fires between two lines: more is a journey that spins.
const mostTimers = 20_000

// until lets time pass; every timer fires on time.
func (t *teller) until(at time.Time) error {
	for fired := 0; !t.timer.IsZero() && !t.timer.After(at); fired++ {
		if fired > mostTimers {
			return errors.New("timers never come to an end")
		}
		if t.timer.After(t.now) {
			t.now = t.timer
		}
		if err := t.due(); err != nil {
			return err
		}
	}
	if at.After(t.now) {
		t.now = at.UTC()
	}
	return nil
}

// outage lets time pass while nobody decides; the timer fires after it.
func (t *teller) outage(at time.Time) error {
	t.now = at.UTC()
	if t.timer.IsZero() || t.timer.After(t.now) {
		return nil
	}
	return t.due()
}

// name is a short name for an id, the same throughout a chapter.
func (t *teller) name(letter, id string) string {
	if t.names[id] == "" {
		t.count[letter]++
		t.names[id] = fmt.Sprintf("$%s%d", letter, t.count[letter])
		t.ids[t.names[id]] = id
	}
	return t.names[id]
}

func (t *teller) when(at time.Time) string { return at.In(t.clinic.Zone).Format("Mon 2 Jan 15:04 MST") }

// tell writes down what was decided.
func (t *teller) tell(ev events.Event, dec workflows.Decision) {
	if dec.Nothing && ev.Kind == events.TimerDue {
		return // a timer that something made needless
	}
	fmt.Fprintf(t.out, "  %s: %s\n", t.when(t.now), ev.Kind)
	for _, n := range dec.Notes {
		words := []string{string(n.What), string(n.Reason)}
		if n.Workflow != "" {
			words = append(words, strings.TrimSuffix(n.Workflow+"/"+n.Step, "/"))
		}
		if n.Detail != "" {
			words = append(words, n.Detail)
		}
		if letter := letterOf(n.What); n.Subject != "" && letter != "" {
			words = append(words, t.name(letter, n.Subject))
		}
		if n.Person != "" {
			words = append(words, "("+n.Person+")")
		}
		if !n.Until.IsZero() {
			words = append(words, "until "+t.when(n.Until))
		}
		fmt.Fprintf(t.out, "    %s\n", strings.Join(words, " "))
	}
}

func letterOf(w workflows.What) string {
	switch w {
	case workflows.WhatMessage:
		return "m"
	case workflows.WhatTask:
		return "t"
	case workflows.WhatEscalation:
		return "e"
	}
	return ""
}

// look takes the last look at every care message that the state knows.
func (t *teller) look() {
	for i := range t.state.Sends {
		x := &t.state.Sends[i]
		if x.Lane != workflows.LaneCare {
			continue
		}
		look := t.state.Look(t.clinic, x.ID, t.now)
		fmt.Fprintf(t.out, "  look %s: wanted %v", t.name("m", x.ID), look.Wanted)
		if look.Reason != "" {
			fmt.Fprintf(t.out, " %s", look.Reason)
		}
		if kind, ok := t.kinds[look.By]; ok {
			fmt.Fprintf(t.out, " by %s", kind)
		}
		if !look.NotBefore.IsZero() {
			fmt.Fprintf(t.out, " not before %s", t.when(look.NotBefore))
		}
		fmt.Fprintln(t.out)
	}
}
