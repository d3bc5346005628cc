package app

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/internal/testkit"
	"github.com/mooring-care/mooring/workflows/runner"
)

// TestUrgentFirst: what concerns safety goes before what else waits for a
// worker; what was imported never does.
func TestUrgentFirst(t *testing.T) {
	server, err := jetstream.StartServer(jetstream.ServerConfig{
		Dir: t.TempDir(), Listen: "127.0.0.1:0", EventsPassword: "events", OperatorPassword: "operator",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	store, err := jetstream.Connect(t.Context(), jetstream.Options{Server: server})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	a := &App{reader: reader{store: store, index: jetstream.NewIndex()}}
	calm, asked := runner.Ref{Clinic: "quay", Key: "kcalm"}, runner.Ref{Clinic: "quay", Key: "kasked"}

	// order submits behind an import that is in hand and says what ran when.
	order := func() string {
		a.pool = runner.NewPool(1)
		release := make(chan struct{})
		inHand := make(chan struct{})
		a.pool.Submit(calm, func() { close(inHand); <-release })
		<-inHand
		var ran []string
		say := func(s string) func() { return func() { ran = append(ran, s) } }
		event := func(k events.Kind, first string) {
			ev := events.Event{Clinic: "quay", Key: calm.Key, Kind: k}
			d := runner.Delivery{Wire: events.Wire{Subject: events.Subject(first, "quay", k)}}
			a.submitEvent(ev, d, say(first+"/"+string(k)))
		}
		event(events.AppointmentBooked, events.SubjectBulk)
		event(events.SafetyConcern, events.SubjectBulk)
		event(events.AppointmentBooked, events.SubjectEvents)
		a.submitTimer(calm, say("timer"))
		a.submitTimer(asked, say("ladder"))
		event(events.SafetyConcern, events.SubjectEvents)
		event(events.EscalationAcknowledged, events.SubjectInside)
		close(release)
		a.pool.Close()
		return strings.Join(ran, " ")
	}
	const urgent, plain = " events/safety.concern inside/escalation.acknowledged", "bulk/appointment.booked bulk/safety.concern events/appointment.booked"
	if got, want := order(), "timer ladder"+urgent+" "+plain; got != want {
		t.Errorf("before it is known who is asked: %s, want %s", got, want)
	}

	if _, err := store.Append(t.Context(), asked, 0, []byte("{}\n{}"), runner.Meta{Open: 1, OldestOpen: time.Now(), Decisions: 1}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	followed := make(chan struct{})
	go func() { defer close(followed); store.Follow(ctx, a.index) }()
	t.Cleanup(func() { stop(); <-followed })
	testkit.Eventually(t, 10*time.Second, "the index is read", a.index.Ready)
	if got, want := order(), "ladder"+urgent+" "+plain+" timer"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
