package scenario

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows"
)

// teller tells one chapter: what happens to one client, and what is decided.
type teller struct {
	client
	told    *told
	chapter string
	line    int // of the script's line that is told
	n       int // numbers the events
	kinds   map[events.Hash]events.Kind
	names   Names
}

// told is a timeline as it is told: as text, and as a list.
type told struct {
	text strings.Builder
	list []Told
}

func newTeller(c *workflows.Clinic, to *told, chapter string, stores bool) *teller {
	t := &teller{told: to, chapter: chapter, kinds: map[events.Hash]events.Kind{}}
	t.client = client{clinic: c, key: clientKey, each: t.tell, most: mostTimers, stores: stores}
	return t
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

func (t *teller) when(at time.Time) string { return when(at, t.clinic.Zone) }

// tell writes down what was decided.
func (t *teller) tell(ev events.Event, dec workflows.Decision) {
	t.kinds[ev.Hash()] = ev.Kind
	if needless(ev, dec) {
		return
	}
	t.names.WriteDecision(&t.told.text, t.clinic.Zone, t.now, ev.Kind, dec.Notes)
	entry := Told{Chapter: t.chapter, Line: t.line, At: t.now, Event: ev.Kind, Happened: ev.Time}
	for _, n := range dec.Notes {
		entry.Notes = append(entry.Notes, t.names.note(n))
	}
	for _, e := range dec.Effects {
		if e.Enqueue != nil {
			entry.Mails = append(entry.Mails, Mail{t.names.Of(workflows.WhatMessage, e.Enqueue.ID), *e.Enqueue})
			entry.State = &dec.State
		}
	}
	t.told.list = append(t.told.list, entry)
}

// needless is a timer that something made needless.
func needless(ev events.Event, dec workflows.Decision) bool {
	return dec.Nothing && ev.Kind == events.TimerDue
}

// look takes the last look at every care message that the state knows.
func (t *teller) look() {
	out := &t.told.text
	for i := range t.state.Sends {
		x := &t.state.Sends[i]
		if x.Lane != workflows.LaneCare {
			continue
		}
		look := t.state.Look(t.clinic, x.ID, t.now)
		entry := Look{Message: t.names.Of(workflows.WhatMessage, x.ID), Wanted: look.Wanted, Reason: look.Reason, NotBefore: look.NotBefore}
		fmt.Fprintf(out, "  look %s: wanted %v", entry.Message, look.Wanted)
		if look.Reason != "" {
			fmt.Fprintf(out, " %s", look.Reason)
			entry.Words = look.Reason.Words()
		}
		if kind, ok := t.kinds[look.By]; ok {
			fmt.Fprintf(out, " by %s", kind)
			entry.By = kind
		}
		if !look.NotBefore.IsZero() {
			fmt.Fprintf(out, " not before %s", t.when(look.NotBefore))
		}
		fmt.Fprintln(out)
		t.told.list = append(t.told.list, Told{Chapter: t.chapter, Line: t.line, At: t.now, Look: &entry})
	}
}
