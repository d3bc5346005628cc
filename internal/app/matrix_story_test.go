package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/events/ingress"
	"github.com/mooring-care/mooring/internal/testkit/faults"
	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/runner"
)

// event is what the row's EHR says about its client for the nth time.
func (r matrixRow) event(n int, kind events.Kind, at time.Time) events.Event {
	return events.Event{
		ID: fmt.Sprintf("%s-%d", r.ehr, n), Source: "https://ehr.example.org/matrix", Clinic: faults.Clinic, Client: r.ehr, Time: at, Kind: kind,
	}
}

// first begins the client's story.
func (r matrixRow) first(now time.Time) events.Event {
	name, email, yes, clinician, risk := "Sam", r.ehr+"@example.org", true, "amara", events.RiskNone
	ev := r.event(1, events.AppointmentNoShow, now.Add(-time.Minute+12*time.Second)) // the timer comes within twelve seconds, long after the decision
	ev.Data.Appointment = &events.Appointment{ID: "a1"}
	if r.story == storyRisky {
		risk, ev.Time, ev.Kind = events.RiskHigh, now, events.AppointmentCancelled
		ev.Data.Appointment.By = events.ByProvider
	}
	ev.Data.Client = &events.Client{
		FirstName: &name, Email: &email, EmailVerified: &yes, Clinician: &clinician, Risk: &risk,
		Consent: &events.Consent{Outreach: &events.ConsentRecord{State: events.ConsentGranted}},
	}
	return ev
}

// updated changes nothing that a mail hangs on.
func (r matrixRow) updated(n int, now time.Time) events.Event {
	name := fmt.Sprintf("Sam %d", n)
	ev := r.event(n, events.ClientUpdated, now)
	ev.Data.Client = &events.Client{FirstName: &name}
	return ev
}

// books is how a client of the story of a booking comes back.
func (r matrixRow) books() [2]events.Event {
	now := time.Now()
	start := now.Add(72 * time.Hour)
	ev := r.event(2, events.AppointmentBooked, now)
	ev.Data.Appointment = &events.Appointment{ID: "a2", Start: &start}
	return [2]events.Event{ev, r.updated(3, now)}
}

// updates is how many decisions it takes until a trim succeeds after those that
// fail: the first is made at the 32nd, the others 16 apart.
func (r matrixRow) updates() int {
	f := r.faults[0]
	return 16 * (f.Nth + f.Times + 1)
}

// begin tells the first half of a client's story.
func (m *matrix) begin(r matrixRow) {
	now := time.Now()
	switch {
	case r.door && r.story == storyRisky: // all at once
		m.acts.Go(func() { m.post(r.first(now), r.updated(2, now)) })
		return
	case r.door:
		m.acts.Go(func() {
			m.post(r.first(now))
			m.post(r.updated(2, now))
		})
		return
	case r.story == storyBroken:
		m.breaks(r, 2)
		m.breaks(r, 3)
	}
	m.say(events.SubjectEvents, r.first(now))
}

// goOn tells the rest of a client's story: later, or all that there is to
// decide would hold up the decisions that the others' timers follow.
func (m *matrix) goOn(r matrixRow) {
	updates := 0
	switch {
	case r.story == storyBusy:
		updates = r.updates()
	case r.story == storyNoShow && !r.door:
		updates = 1
	}
	now := time.Now()
	for n := range updates {
		m.say(events.SubjectEvents, r.updated(n+2, now))
	}
}

// mailed plays the clinician: who is asked takes the question, once.
func (m *matrix) mailed(_ notifier.Mail, e workflows.Enqueue, ref runner.Ref) {
	if e.Message.Template != "escalation" {
		return
	}
	m.mu.Lock()
	first := !m.answered[e.Message.Target]
	m.answered[e.Message.Target] = true
	m.mu.Unlock()
	if !first {
		return
	}
	m.acts.Go(func() {
		m.say(events.SubjectInside, events.Event{
			ID: "ack-" + e.Message.Target, Source: "mooring/pages", Clinic: ref.Clinic, Key: ref.Key, Time: time.Now(),
			Kind: events.EscalationAcknowledged,
			Data: events.Data{Escalation: &events.EscalationAct{ID: e.Message.Target, By: e.Message.Person}},
		})
	})
}

// looking plays the client who books just before the last look. The runner
// decides on it only once everything that was to fail has failed: until then
// the look has to wait, whoever it asks.
func (m *matrix) looking(msg notifier.Message) {
	m.mu.Lock()
	r, ok := m.booked[msg.Key]
	if ok = ok && msg.Lane == notifier.Care; ok {
		delete(m.booked, msg.Key)
	}
	m.mu.Unlock()
	if !ok {
		return
	}
	m.in.Plan(r.ehr, r.faults...)
	m.in.Hold(r.key, func() bool { return m.in.Fired(r.ehr, faults.CallRead) >= r.faults[0].Times && len(m.unspent()) == 0 })
	for _, ev := range r.books() {
		m.say(events.SubjectEvents, ev)
	}
}

// say publishes an event and keeps its acknowledgement.
func (m *matrix) say(first string, ev events.Event) {
	header, body, err := events.Encode(ev)
	if err != nil {
		m.t.Error(err)
		return
	}
	m.publish(events.Subject(first, ev.Clinic, ev.Kind), header, body, faults.Acked{Hash: ev.Hash()})
}

// breaks publishes an event that nobody can act on, for each row and time for
// another reason.
func (m *matrix) breaks(r matrixRow, n int) {
	ev := r.updated(n, time.Now())
	header, body, err := events.Encode(ev)
	if err != nil {
		m.t.Error(err)
		return
	}
	header["X-Sender"] = r.ehr
	subject := events.Subject(events.SubjectEvents, ev.Clinic, ev.Kind)
	spoil := func(was, is string) { body = bytes.Replace(body, []byte(was), []byte(is), 1) }
	switch kind := string(ev.Kind); (len(r.ehr) + int(r.ehr[len(r.ehr)-1]) + n) % 5 {
	case 0: // a kind that there is not
		subject = strings.Replace(subject, kind, "client.imagined", 1)
		spoil(kind, "client.imagined")
	case 1: // the subject says something else
		subject = strings.Replace(subject, kind, string(events.ClientSignal), 1)
	case 2:
		spoil(`"time":"`, `"time":"about `)
	case 3:
		subject = strings.Replace(subject, faults.Clinic, "nowhere", 1)
	case 4:
		spoil(`"specversion":"1.0"`, `"specversion":"0.3"`)
	}
	m.publish(subject, header, body, faults.Acked{Invalid: true})
}

func (m *matrix) publish(subject string, header map[string]string, body []byte, said faults.Acked) {
	msg := nats.NewMsg(subject)
	msg.Data = body
	for k, v := range header {
		msg.Header.Set(k, v)
	}
	ack, err := m.js.PublishMsg(context.Background(), msg)
	if err != nil {
		m.t.Error(err)
		return
	}
	said.At, said.Stream, said.Sequence, said.Subject = time.Now(), ack.Stream, ack.Sequence, subject
	m.acked(said)
}

func (m *matrix) acked(said faults.Acked) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.said = append(m.said, said)
}

// post sends events to the HTTP door until it has taken them, several as a
// batch. What it says that it took is not sent again.
func (m *matrix) post(list ...events.Event) {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	batch := len(list) > 1
	for list = m.posted(list, batch); len(list) > 0; list = m.posted(list, batch) {
		select {
		case <-again.C:
		case <-m.t.Context().Done():
			return
		}
	}
}

// posted makes one request, keeps what the door says that it took, and returns
// the rest.
func (m *matrix) posted(list []events.Event, batch bool) (rest []events.Event) {
	var bodies [][]byte
	for _, ev := range list {
		_, body, err := events.Encode(ev)
		if err != nil {
			m.t.Error(err)
			return nil
		}
		bodies = append(bodies, body)
	}
	content, body := events.ContentType, bodies[0]
	if batch {
		content, body = events.ContentTypeBatch, slices.Concat([]byte("["), bytes.Join(bodies, []byte(",")), []byte("]"))
	}
	req, err := http.NewRequestWithContext(m.t.Context(), http.MethodPost, m.door, bytes.NewReader(body))
	if err != nil {
		m.t.Error(err)
		return nil
	}
	req.Header.Set("Content-Type", content)
	req.Header.Set("Authorization", "Bearer "+m.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		m.t.Error(err)
		return nil
	}
	defer resp.Body.Close()
	var answer struct {
		Results []ingress.Result `json:"results"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		m.t.Error(err)
		return nil
	}
	all := resp.StatusCode == http.StatusAccepted
	if !all && resp.StatusCode != http.StatusServiceUnavailable {
		m.t.Errorf("the door answers %s", resp.Status)
		return nil
	}
	for i, ev := range list {
		if all || i < len(answer.Results) && answer.Results[i].Status == ingress.StatusAccepted {
			m.acked(faults.Acked{Hash: ev.Hash(), At: time.Now(), Subject: string(ev.Kind)})
		} else {
			rest = append(rest, ev)
		}
	}
	return rest
}
