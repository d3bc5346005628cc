package crash

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/testkit/faults"
)

const source = "https://ehr.example.org/crash"

// publishers play the clinic's systems: each states one event after the other,
// and repeats it until the stream acknowledges it.
type publishers struct {
	urls     []string // of the NATS servers
	door     string   // the HTTP door, and its token
	token    string
	clients  int
	pace     time.Duration // on average, between two events of one publisher
	seed     uint64
	repeated atomic.Int64 // publishes beyond the first of an event

	mu    sync.Mutex
	acked []faults.Acked // guarded by mu
}

func (p *publishers) record(a faults.Acked) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.acked = append(p.acked, a)
}

// run publishes as number n of many until stop ends; the event under way is
// still brought to its acknowledgement, as long as ctx lives.
func (p *publishers) run(ctx, stop context.Context, n, of int) error {
	nc, err := nats.Connect(p.urls[n%len(p.urls)],
		nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.ReconnectWait(30*time.Millisecond), nats.ReconnectJitter(0, 0),
		nats.IgnoreAuthErrorAbort(), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	if err != nil {
		return fmt.Errorf("connect publisher %d: %w", n, err)
	}
	defer nc.Close()
	rng := rand.New(rand.NewPCG(p.seed, uint64(n)))
	for i := 0; stop.Err() == nil; i++ {
		m := p.next(rng, fmt.Sprintf("p%d-%d", n, i), i*of+n)
		if !p.publish(ctx, nc, rng, m) {
			return fmt.Errorf("publisher %d: an event was never acknowledged: %w", n, ctx.Err())
		}
		if i*of+n < p.clients {
			continue // the clients are introduced at full speed
		}
		pause := time.NewTimer(time.Duration(rng.Int64N(int64(2*p.pace) + 1)))
		select {
		case <-pause.C:
		case <-stop.Done():
			pause.Stop()
		}
	}
	return nil
}

// stated is an event ready to be published.
type stated struct {
	subject string
	header  map[string]string
	body    []byte
	hash    events.Hash
	invalid bool
	http    bool
}

// publish repeats one event until it is acknowledged; now and then it is said
// once more although it was.
func (p *publishers) publish(ctx context.Context, nc *nats.Conn, rng *rand.Rand, m stated) bool {
	times := 1
	if rng.IntN(20) == 0 {
		times = 2
	}
	for tries := 0; times > 0; tries++ {
		if ctx.Err() != nil {
			return false
		}
		if tries > 0 {
			p.repeated.Add(1)
		}
		var ok bool
		if m.http {
			ok = p.post(ctx, m)
		} else {
			ok = p.request(ctx, nc, m)
		}
		if ok {
			times--
			continue
		}
		again := time.NewTimer(20 * time.Millisecond)
		select {
		case <-again.C:
		case <-ctx.Done():
			again.Stop()
		}
	}
	return true
}

func (p *publishers) request(ctx context.Context, nc *nats.Conn, m stated) bool {
	msg := nats.NewMsg(m.subject)
	msg.Data = m.body
	for k, v := range m.header {
		msg.Header.Set(k, v)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	reply, err := nc.RequestMsgWithContext(ctx, msg)
	if err != nil {
		return false
	}
	var ack struct {
		Stream   string          `json:"stream"`
		Sequence uint64          `json:"seq"`
		Error    json.RawMessage `json:"error"`
	}
	if err := json.Unmarshal(reply.Data, &ack); err != nil || len(ack.Error) > 0 || ack.Sequence == 0 {
		return false
	}
	p.record(faults.Acked{Hash: m.hash, At: time.Now(), Stream: ack.Stream, Sequence: ack.Sequence, Invalid: m.invalid, Subject: m.subject})
	return true
}

func (p *publishers) post(ctx context.Context, m stated) bool {
	ctx, cancel := context.WithTimeout(ctx, 6*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.door, bytes.NewReader(m.body))
	if err != nil {
		return false
	}
	for k, v := range m.header {
		req.Header.Set(k, v)
	}
	req.Header.Set("Authorization", "Bearer "+p.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusAccepted {
		return false
	}
	p.record(faults.Acked{Hash: m.hash, At: time.Now(), Subject: m.subject})
	return true
}

// next makes the publisher's next event. The first ones introduce the clients.
func (p *publishers) next(rng *rand.Rand, id string, turn int) stated {
	client := rng.IntN(p.clients)
	if turn < p.clients {
		return encode(rng, id, turn, events.ClientUpdated, time.Now(), events.Data{Client: profile(turn)})
	}
	if rng.IntN(50) == 0 {
		return invalid(rng, id)
	}
	kind, at, data := happening(rng, client)
	return encode(rng, id, client, kind, at, data)
}

func encode(rng *rand.Rand, id string, client int, kind events.Kind, at time.Time, data events.Data) stated {
	ev := events.Event{
		ID: id, Source: source, Clinic: faults.Clinic, Kind: kind,
		Client: fmt.Sprintf("mrn-%04d", client), Time: at, Data: data,
	}
	write, first := events.Encode, events.SubjectEvents
	if rng.IntN(4) == 0 {
		write = events.EncodeBinary
	}
	if rng.IntN(20) == 0 {
		first = events.SubjectBulk
	}
	header, body, err := write(ev)
	if err != nil {
		panic(fmt.Sprintf("encode a %s: %v", kind, err)) // a mistake of the harness itself
	}
	return stated{
		subject: events.Subject(first, faults.Clinic, kind), header: header, body: body, hash: ev.Hash(),
		http: first == events.SubjectEvents && rng.IntN(10) == 0,
	}
}

// risky says which clients are at risk: their questions go to humans, and they
// get the caring note alone.
func risky(client int) bool { return client%5 == 4 }

func profile(client int) *events.Client {
	risk := events.RiskNone
	if risky(client) {
		risk = events.RiskHigh
	}
	return &events.Client{
		FirstName: new("Sam"), Email: new(fmt.Sprintf("client%d@example.org", client)), EmailVerified: new(true),
		Clinician: new([]string{"amara", "jonas", "mei"}[client%3]), Risk: &risk, Status: new(events.StatusActive),
		Consent: &events.Consent{Outreach: &events.ConsentRecord{State: events.ConsentGranted}},
	}
}

// happening draws what an outside system says about a client. No-shows are
// dated back, so that the waits counted from them end within seconds.
func happening(rng *rand.Rand, client int) (events.Kind, time.Time, events.Data) {
	now := time.Now()
	back := func(d time.Duration) time.Time { return now.Add(-d + time.Duration(rng.Int64N(int64(6*time.Second)))) }
	appointment := &events.Appointment{ID: fmt.Sprintf("a%d", rng.IntN(12))}
	data := events.Data{Appointment: appointment}
	x := rng.IntN(100)
	if risky(client) {
		switch {
		case x < 25:
			appointment.By = events.ByProvider // begins the journey that asks
			return events.AppointmentCancelled, now, data
		case x < 30:
			return events.AppointmentNoShow, now, data
		case x < 38:
			return events.SafetyConcern, now, events.Data{Concern: &events.Concern{Level: events.ConcernImmediate, From: "portal"}}
		}
	}
	switch {
	case x < 45:
		return events.ClientSignal, now, events.Data{Signal: &events.Signal{Name: "diary-skipped"}}
	case x < 55:
		return events.AppointmentNoShow, back(time.Minute), data
	case x < 63:
		return events.AppointmentNoShow, back(2 * time.Minute), data
	case x < 72:
		appointment.Start = new(now.Add(3 * time.Second)) // ahead for a moment only
		return events.AppointmentBooked, now, data
	case x < 75:
		appointment.Start = new(now.Add(2 * time.Second))
		return events.AppointmentRescheduled, now, data
	case x < 80:
		appointment.By, appointment.Start = events.ByClient, new(now.Add(time.Hour))
		return events.AppointmentCancelled, now, data
	case x < 85:
		return events.AppointmentAttended, now, data
	case x < 88:
		return events.AppointmentRetracted, now, data
	case x < 97:
		if rng.IntN(10) == 0 { // withdrawn, and granted again by a later event
			return events.ClientUpdated, now, events.Data{Client: &events.Client{Consent: &events.Consent{Outreach: &events.ConsentRecord{State: events.ConsentWithdrawn}}}}
		}
		return events.ClientUpdated, now, events.Data{Client: profile(client)}
	case x < 98:
		return events.MessageReplied, now, events.Data{}
	default:
		return events.ClientMerged, now, events.Data{Merge: &events.Merge{Into: "mrn-elsewhere"}}
	}
}

// invalid is an event that is broken by intent.
func invalid(rng *rand.Rand, id string) stated {
	body := func(kind string, data string) []byte {
		return fmt.Appendf(nil, `{"specversion":"1.0","id":%q,"source":%q,"type":"care.mooring.%s","subject":"mrn-0001","time":%q,"data":%s}`,
			id, source, kind, time.Now().UTC().Format(time.RFC3339), data)
	}
	m := stated{invalid: true, header: map[string]string{"Content-Type": "application/cloudevents+json"}}
	switch rng.IntN(5) {
	case 0: // half an event
		m.subject, m.body = "events."+faults.Clinic+".appointment.booked", []byte(`{"specversion":"1.0","id":`)
	case 1: // a kind that does not exist
		m.subject, m.body = "events."+faults.Clinic+".appointment.imagined", body("appointment.imagined", `{}`)
	case 2: // a human's word, from outside (the rule inside-only)
		m.subject = "events." + faults.Clinic + ".escalation.closed"
		m.body = body("escalation.closed", `{"escalation":{"id":"a","by":"amara","outcome":"false-alarm"}}`)
	case 3: // a clinic that nobody configured
		m.subject, m.body = "events.nowhere.client.signal", body("client.signal", `{"signal":{"name":"x"}}`)
	default: // a subject that says another kind than the body
		m.subject, m.body = "events."+faults.Clinic+".client.signal", body("appointment.attended", `{"appointment":{"id":"a1"}}`)
	}
	return m
}
