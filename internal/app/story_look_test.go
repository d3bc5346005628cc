package app

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/testkit/faults"
	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/workflows"
)

// moments notes when something last happened to a message.
type moments struct {
	mu sync.Mutex
	at map[string]time.Time // guarded by mu
}

func newMoments() *moments { return &moments{at: map[string]time.Time{}} }

func (m *moments) note(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at[id] = time.Now()
}

func (m *moments) of(id string) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.at[id]
}

// signals tell once that something began for a client, by key.
type signals map[string]chan struct{}

func (s signals) tell(key string) {
	if ch, ok := s[key]; ok {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}

// watched notes when each look begins and tells who waits for that.
type watched struct {
	notifier.Looker
	began *moments
	waits signals
}

// Look notes the time, then looks.
func (w watched) Look(ctx context.Context, m notifier.Message) (notifier.Look, error) {
	w.began.note(m.ID)
	w.waits.tell(m.Key)
	return w.Looker.Look(ctx, m)
}

// A booking that was acknowledged before the last look began is always seen by
// it, whatever the order in which the two are decided: the mail is withdrawn
// and the ledger names the booking. A mail whose look came first is a request
// already begun.
func TestLastLook(t *testing.T) {
	t.Parallel()
	const clients = 90
	cfg := storyConfig(t)
	cfg.Clinics = clinicFolder(t, map[string]string{"visit": `precedence: 60
start: {on: [appointment.noshow]}
stop:
  - {on: [appointment.booked], outcome: returned}
steps:
  - send: {template: A, id: notice}
  - end: written
`})
	looks, sends, atLook, atSend := newMoments(), newMoments(), signals{}, signals{}
	p := run(t, cfg,
		WithProvider(scriptedMail(t, cfg, func(_ context.Context, m notifier.Mail) error {
			sends.note(m.ID)
			atSend.tell(m.To.Email)
			return nil
		})),
		WithBetween(Between{Looker: func(l notifier.Looker) notifier.Looker { return watched{l, looks, atLook} }}))

	type client struct {
		who            string
		missed, booked events.Event
		offset         time.Duration
		acked          time.Time
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	all := make([]*client, clients)
	for i := range all {
		who := "c" + string(rune('a'+i/26)) + string(rune('a'+i%26))
		all[i] = &client{
			who:    who,
			missed: p.event(events.AppointmentNoShow, who, events.Data{Client: person(who, events.RiskNone), Appointment: p.appointment(who+"-1", -time.Hour)}),
			booked: p.event(events.AppointmentBooked, who, events.Data{Appointment: p.appointment(who+"-2", 48*time.Hour)}),
			offset: time.Duration(rng.Int64N(int64(8 * time.Millisecond))),
		}
		switch i % 3 {
		case 1: // the booking comes while the look is under way
			atLook[p.ref(who).Key] = make(chan struct{}, 1)
			all[i].offset /= 4
		case 2: // or when the request has begun
			atSend[who+"@example.org"] = make(chan struct{}, 1)
			all[i].offset /= 8
		}
	}
	waited, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var under sync.WaitGroup
	hands := make(chan struct{}, 6)
	for _, c := range all {
		hands <- struct{}{}
		under.Go(func() {
			defer func() { <-hands }()
			for _, ev := range []events.Event{c.missed, c.booked} {
				header, body, err := events.Encode(ev)
				if err == nil {
					_, _, err = p.sender.Send(t.Context(), events.Subject(events.SubjectEvents, ev.Clinic, ev.Kind), header, body)
				}
				if err != nil {
					t.Error(err)
					return
				}
				c.acked = time.Now()
				if ev.Kind == events.AppointmentNoShow {
					for _, ch := range []chan struct{}{atLook[p.ref(c.who).Key], atSend[c.who+"@example.org"]} {
						if ch == nil {
							continue
						}
						select {
						case <-ch:
						case <-waited.Done():
							t.Errorf("%s: nobody looked, or nothing was sent", c.who)
						}
					}
					pause(t.Context(), c.offset)
				}
			}
		})
	}
	under.Wait()
	p.settle()

	snap, err := faults.Take(t.Context(), p.nc)
	if err != nil {
		t.Fatal(err)
	}
	left := map[string]letter{}
	for _, l := range p.all {
		left[l.To.Email] = l
	}
	mailed, withdrawn, never, begun := 0, 0, 0, 0
	for _, c := range all {
		if l, ok := left[c.who+"@example.org"]; ok {
			mailed++
			if look := looks.of(l.id); look.After(c.acked) {
				t.Errorf("%s: the look began %v after the booking was acknowledged, and the mail left", c.who, look.Sub(c.acked))
			}
			if sends.of(l.id).After(c.acked) {
				begun++
			}
			continue
		}
		by := ""
		for _, words := range snap.Ledger {
			if last := words[len(words)-1]; last.Ref == p.ref(c.who) && last.Entry.Status == notifier.Withdrawn {
				by = last.Entry.By
			}
		}
		switch {
		case by == c.booked.Hash().String():
			withdrawn++
			if !p.noted(c.who, workflows.WhatMessage, workflows.WasWithdrawn, "") {
				t.Errorf("%s: the timeline does not say that the mail was withdrawn", c.who)
			}
		case by == "" && (p.noted(c.who, workflows.WhatJourney, workflows.FutureAppointment, "") || p.noted(c.who, workflows.WhatJourney, workflows.ReturnedSince, "")):
			never++ // the booking was decided on first
		default:
			t.Errorf("%s: no mail, and it was withdrawn by %q, want %s", c.who, by, c.booked.Hash())
		}
	}
	t.Logf("%d mails left (%d requests begun), %d withdrawn, %d never asked for", mailed, begun, withdrawn, never)
	if withdrawn == 0 || mailed == 0 {
		t.Error("the bookings came all too early or all too late to show anything")
	}
	p.inbox = nil
}
