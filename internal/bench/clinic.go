package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/mooring-care/mooring/events"

	"github.com/mooring-care/mooring/workflows"
)

// clinicID is the measured clinic.
const clinicID = "bench"

// clinicYAML has quiet hours of one minute, half a day from now: the language
// has no way to do without, and none may fall into the measurement.
const clinicYAML = `name: Bench Street Practice
zone: UTC
from: {name: Bench Street Practice, email: hello@bench.example.org}
reply_to: {name: Front desk, email: desk@bench.example.org}
crisis_line: {name: 988 Suicide and Crisis Lifeline, phone: "988"}
people:
  amara: {name: Amara Cole, email: amara@bench.example.org, roles: [clinician, supervisor]}
on_call: amara
policies:
  safety:
    urgency: crisis
    hold: 2h
    rungs:
      - {owner: assigned, within: 10m}
cap: {messages: 20, within: 1d}
quiet_hours: {from: "%s", to: "%s"}
`

// The two workflows: a mail at once, then a long wait; and a mail when a timer
// is due.
const (
	atOnceYAML = `workflow: at-once
title: At once
why: The first mail leaves at once, then the client waits.
start:
  on: [appointment.noshow]
steps:
  - send: A
  - wait: 3d
  - send: B
  - end: no-answer
`
	laterYAML = `workflow: later
title: Later
why: The mail leaves when a timer is due.
start:
  on: [appointment.cancelled]
steps:
  - wait: {since_start: 1h}
  - send: A
  - end: no-answer
`
	// atRiskYAML is part f's: a client at risk who does not come.
	atRiskYAML = `workflow: at-risk
title: At risk
why: A human is asked first about a client at risk who did not come.
precedence: 90
start:
  on: [appointment.noshow]
  when: risk in ["elevated", "high"]
steps:
  - escalate: {id: ask, policy: safety, question: high-risk-no-show}
  - wait: {event: [escalation.acknowledged, escalation.closed], of: ask}
  - end: with-a-human
`
	// laterWait is the wait of laterYAML.
	laterWait = time.Hour
)

// writeClinic writes the clinic's folder below dir, with further workflows by
// name.
func writeClinic(dir string, now time.Time, further map[string]string) error {
	quiet := now.UTC().Add(12 * time.Hour)
	files := map[string]string{
		"clinic.yaml":            fmt.Sprintf(clinicYAML, quiet.Format("15:04"), quiet.Add(time.Minute).Format("15:04")),
		"workflows/at-once.yaml": atOnceYAML,
		"workflows/later.yaml":   laterYAML,
	}
	for name, text := range further {
		files["workflows/"+name+".yaml"] = text
	}
	for name, text := range files {
		path := filepath.Join(dir, clinicID, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return fmt.Errorf("write the measured clinic: %w", err)
		}
		if strings.HasPrefix(name, "workflows/") {
			approved, _, err := workflows.Approve(filepath.Base(name), []byte(text), "mooring bench", now)
			if err != nil {
				return fmt.Errorf("write the measured clinic: %w", err)
			}
			text = string(approved)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return fmt.Errorf("write the measured clinic: %w", err)
		}
	}
	return nil
}

// address is the i-th client's; number reads it back.
func address(i int) string { return "c" + strconv.Itoa(i) + "@example.org" }

func number(address string) (int, bool) {
	digits, _, ok := strings.Cut(strings.TrimPrefix(address, "c"), "@")
	if !ok {
		return 0, false
	}
	i, err := strconv.Atoi(digits)
	return i, err == nil
}

// message is one event as it goes over the wire.
type message struct {
	subject string
	header  map[string]string
	body    []byte
}

// clientEvent is the i-th client's event: everything about the client, and an
// appointment, at a time.
func clientEvent(kind events.Kind, i int, at time.Time) (message, error) {
	return encode(newEvent(kind, i, at, events.RiskNone))
}

// safetyEvent is the i-th client's event that asks a human: a concern, or a
// visit missed by somebody at risk.
func safetyEvent(kind events.Kind, i int, at time.Time) (message, error) {
	ev := newEvent(kind, i, at, events.RiskHigh)
	if kind == events.SafetyConcern {
		ev.Data.Appointment = nil
		ev.Data.Concern = &events.Concern{Level: events.ConcernImmediate, From: "questionnaire"}
	}
	return encode(ev)
}

func newEvent(kind events.Kind, i int, at time.Time, risk events.Risk) events.Event {
	yes := true
	first, email, clinician := "Sam", address(i), "amara"
	start := at.Add(-time.Hour)
	client := "p" + strconv.Itoa(i)
	return events.Event{
		ID: string(kind) + "-" + strconv.Itoa(i), Source: "bench", Clinic: clinicID, Client: client, Kind: kind, Time: at,
		Data: events.Data{
			Client: &events.Client{
				FirstName: &first, Email: &email, EmailVerified: &yes, Risk: &risk, Clinician: &clinician,
				Consent: &events.Consent{Outreach: &events.ConsentRecord{State: events.ConsentGranted}},
			},
			Appointment: &events.Appointment{ID: "a" + strconv.Itoa(i), Start: &start},
		},
	}
}

func encode(ev events.Event) (message, error) {
	header, body, err := events.Encode(ev)
	if err != nil {
		return message{}, fmt.Errorf("write an event: %w", err)
	}
	return message{events.Subject(events.SubjectEvents, clinicID, ev.Kind), header, body}, nil
}
