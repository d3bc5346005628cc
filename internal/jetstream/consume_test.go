package jetstream

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/testkit"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/runner"
	"github.com/mooring-care/mooring/workflows/sample"
)

// TestConsumers holds the consumers to line 8.
func TestConsumers(t *testing.T) {
	s := newStore(t)
	consumersOf(t, s, SafetyLane(), CareLane("harbor"), CareLane("bay"))
	want := map[string]struct {
		stream  string
		ackWait time.Duration
	}{
		consumerEventsUrgent: {streamEvents, 5 * time.Second}, consumerEvents: {streamEvents, 5 * time.Second},
		consumerBulk:         {streamEvents, 5 * time.Second},
		consumerInsideUrgent: {streamInside, 5 * time.Second}, consumerInside: {streamInside, 5 * time.Second},
		consumerTimers: {streamTimers, 5 * time.Second}, consumerEffects: {streamClients, 5 * time.Second},
		consumerSafety: {streamOutbox, 30 * time.Second},
		"care-harbor":  {streamOutbox, 30 * time.Second}, "care-bay": {streamOutbox, 30 * time.Second},
	}
	for name, w := range want {
		cons, err := s.js.Consumer(t.Context(), w.stream, name)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		c := cons.CachedInfo().Config
		if c.MaxDeliver != -1 || len(c.BackOff) != 0 || c.AckWait != w.ackWait || c.AckPolicy != jetstream.AckExplicitPolicy ||
			c.DeliverPolicy != jetstream.DeliverAllPolicy || c.InactiveThreshold != 0 || c.Durable != name {
			t.Errorf("%s: %+v", name, c)
		}
	}
	consumersOf(t, s, SafetyLane(), CareLane("harbor")) // a second start changes nothing
	total := 0
	for _, stream := range []string{streamEvents, streamInside, streamClients, streamTimers, streamOutbox} {
		info, err := s.streams[stream].Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		total += info.State.Consumers
	}
	if total != len(want) {
		t.Errorf("%d consumers, want %d", total, len(want))
	}
}

// A start says when it cannot read.
func TestConsumersCannotBeMade(t *testing.T) {
	s := newStore(t)
	if err := s.js.DeleteStream(t.Context(), streamTimers); err != nil {
		t.Fatal(err)
	}
	if err := s.CreateConsumers(t.Context()); err == nil || !strings.Contains(err.Error(), consumerTimers) {
		t.Errorf("got %v, want an error that names the consumer", err)
	}
}

// TestUrgentFirst guards line 7: each kind is read by one queue, the urgent by
// their own, the youngest of them by both, and what is no known kind by the plain one
// (nothing-lost).
func TestUrgentFirst(t *testing.T) {
	s := newStore(t)
	type read struct{ queue, subject string }
	got := make(chan read, 256)
	for _, q := range Queues() {
		running(t, func(ctx context.Context) {
			s.Consume(ctx, q, 8, func(_ context.Context, d runner.Delivery, finish func(runner.Verdict)) {
				got <- read{q.durable, d.Wire.Subject}
				finish(runner.Verdict{Action: runner.Done})
			})
		})
	}
	want := map[read]bool{}
	expect := func(subject, queue string) {
		publish(t, s, subject, "{}")
		want[read{queue, subject}] = true
	}
	for _, k := range events.Kinds() {
		switch {
		case k.Origin == events.Outside && k.Urgent:
			expect(events.Subject(events.SubjectEvents, "harbor", k.Kind), consumerEventsUrgent)
		case k.Origin == events.Outside:
			expect(events.Subject(events.SubjectEvents, "harbor", k.Kind), consumerEvents)
		case k.Urgent:
			expect(events.Subject(events.SubjectInside, "harbor", k.Kind), consumerInsideUrgent)
			if k.Kind == youngestUrgent {
				want[read{consumerInside, events.Subject(events.SubjectInside, "harbor", k.Kind)}] = true
			}
			// From outside it is REJECTED, by the rule inside-only.
			expect(events.Subject(events.SubjectEvents, "harbor", k.Kind), consumerEvents)
		default:
			expect(events.Subject(events.SubjectInside, "harbor", k.Kind), consumerInside)
		}
		expect(events.Subject(events.SubjectBulk, "harbor", k.Kind), consumerBulk)
	}
	for _, subject := range []string{"events.harbor.no.such.kind", "events.harbor", "events.harbor.appointment", "events.harbor.safety.concern.more"} {
		expect(subject, consumerEvents)
	}
	expect("inside.harbor.of.tomorrow", consumerInside)
	for n := len(want); n > 0; n-- {
		r := within(t, 5*time.Second, "an event", got)
		if !want[r] {
			t.Errorf("%s was read by %s", r.subject, r.queue)
		}
		delete(want, r)
	}
	if len(want) > 0 {
		t.Errorf("nobody read %v", want)
	}
	nothing(t, 50*time.Millisecond, "event", got)
}

// TestConsumeGoesOn: a consumer or a stream that is deleted under the program
// is made again, and reading goes on.
func TestConsumeGoesOn(t *testing.T) {
	s := newStore(t)
	got := make(chan string, 64)
	running(t, func(ctx context.Context) {
		s.Consume(ctx, queueNamed(t, consumerEvents), 4, func(_ context.Context, d runner.Delivery, finish func(runner.Verdict)) {
			got <- string(d.Wire.Body)
			finish(runner.Verdict{Action: runner.Done})
		})
	})
	expect := func(body string) {
		t.Helper()
		for {
			if b := within(t, 10*time.Second, "the event "+body, got); b == body {
				return // what came before may come again: no ack is load-bearing
			}
		}
	}
	publish(t, s, "events.harbor.appointment.booked", "one")
	expect("one")
	if err := s.js.DeleteConsumer(t.Context(), streamEvents, consumerEvents); err != nil {
		t.Fatal(err)
	}
	publish(t, s, "events.harbor.appointment.booked", "two")
	expect("two")
	if err := s.js.DeleteStream(t.Context(), streamEvents); err != nil {
		t.Fatal(err)
	}
	if err := s.createStreams(t.Context(), 1, true); err != nil { // restored
		t.Fatal(err)
	}
	publish(t, s, "events.harbor.appointment.booked", "three")
	expect("three")
}

// TestConsumeStopsGently: what is under way is seen through, what was pulled
// and not begun is given back at once instead of waiting for AckWait, and no
// delivery is answered twice.
func TestConsumeStopsGently(t *testing.T) {
	s := newStore(t)
	const total = 60
	for n := range total {
		publish(t, s, "events.harbor.appointment.booked", fmt.Sprint(n))
	}
	q := queueNamed(t, consumerEvents)
	var mu sync.Mutex
	answered := map[string]int{}
	answer := func(d runner.Delivery, finish func(runner.Verdict)) {
		mu.Lock()
		answered[string(d.Wire.Body)]++
		mu.Unlock()
		finish(runner.Verdict{Action: runner.Done})
	}
	begun := make(chan struct{}, total)
	release := make(chan struct{})
	stop := running(t, func(ctx context.Context) {
		s.Consume(ctx, q, 8, func(_ context.Context, d runner.Delivery, finish func(runner.Verdict)) {
			begun <- struct{}{}
			go func() {
				<-release
				answer(d, finish)
			}()
		})
	})
	for range 8 {
		within(t, 5*time.Second, "a delivery", begun)
	}
	go func() {
		<-time.After(20 * time.Millisecond)
		close(release)
	}()
	stop()
	mu.Lock()
	first := len(answered)
	mu.Unlock()
	if first < 8 {
		t.Errorf("%d deliveries were answered before Consume returned, want those begun", first)
	}
	began := time.Now()
	all := make(chan struct{})
	running(t, func(ctx context.Context) {
		s.Consume(ctx, q, 8, func(_ context.Context, d runner.Delivery, finish func(runner.Verdict)) {
			answer(d, finish)
			mu.Lock()
			defer mu.Unlock()
			if len(answered) == total {
				close(all)
			}
		})
	})
	within(t, 10*time.Second, "the rest", all)
	if d := time.Since(began); d > runnerAckWait/2 {
		t.Errorf("the rest took %v: something waited for AckWait", d)
	}
	mu.Lock()
	defer mu.Unlock()
	for body, n := range answered {
		if n != 1 {
			t.Errorf("delivery %s was answered %d times", body, n)
		}
	}
}

// TestDecidedOnceAndAckIsNotLoadBearing guards lines 1 and 2: events come
// again after their acknowledgement is lost, and from senders that repeat
// themselves without an id. Two replicas decide on each once.
func TestDecidedOnceAndAckIsNotLoadBearing(t *testing.T) {
	srv := startServer(t, serverConfig(t.TempDir()))
	clinic, err := workflows.ReadClinic(sample.FS, sample.ID)
	if err != nil {
		t.Fatal(err)
	}
	var stores []*Store
	decided := make(chan runner.Decided, 256)
	consume := func(s *Store) func() {
		r, err := runner.New(runner.Config{
			Log: s, Timers: s, Outbox: noOutbox{}, Directories: one{clinic}, ClientKey: []byte("tests"), Now: time.Now, Logger: quiet(),
			Observe: func(d runner.Decided) { decided <- d },
		})
		if err != nil {
			t.Fatal(err)
		}
		return running(t, func(ctx context.Context) {
			s.Consume(ctx, queueNamed(t, consumerEvents), 16, func(ctx context.Context, d runner.Delivery, finish func(runner.Verdict)) {
				go func() {
					ev, verdict, ok := r.Read(d)
					if !ok {
						t.Errorf("rejected: %+v", verdict)
						finish(verdict)
						return
					}
					finish(r.Handle(context.WithoutCancel(ctx), ev, d))
				}()
			})
		})
	}
	const clients, repeats = 8, 5
	s := connect(t, Options{Server: srv})
	start := time.Now().Add(time.Hour).Truncate(time.Second)
	for n := range clients * repeats {
		ev := events.Event{
			ID: fmt.Sprint("e", n%clients), Source: "ehr", Clinic: sample.ID, Client: fmt.Sprint("c", n%clients),
			Kind: events.AppointmentBooked, Time: time.Now().Add(-time.Hour).Truncate(time.Second),
			Data: events.Data{Appointment: &events.Appointment{ID: "a1", Start: &start}},
		}
		header, body, err := events.Encode(ev)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Publisher().Publish(t.Context(), events.Subject(events.SubjectEvents, sample.ID, ev.Kind), "", header, body); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		stores = append(stores, connect(t, Options{Server: srv}))
	}
	stops := []func(){consume(stores[0]), consume(stores[1])}
	settled := func() bool {
		ok, err := s.consumerPassed(t.Context(), queueNamed(t, consumerEvents), clients*repeats)
		return err == nil && ok
	}
	testkit.Eventually(t, 10*time.Second, "every delivery is answered", settled)
	for _, stop := range stops {
		stop()
	}
	if n := held(t, s, streamClients); n != clients {
		t.Errorf("%d decisions on %d events of %d clients", n, clients*repeats, clients)
	}
	// Every acknowledgement is lost, as after a crash.
	if err := s.js.DeleteConsumer(t.Context(), streamEvents, consumerEvents); err != nil {
		t.Fatal(err)
	}
	consume(stores[0])
	testkit.Eventually(t, 10*time.Second, "every delivery is answered again", settled)
	if n := held(t, s, streamClients); n != clients {
		t.Errorf("after the acknowledgements were lost: %d decisions, want %d", n, clients)
	}
	if len(decided) != clients {
		t.Errorf("%d decisions were observed, want %d", len(decided), clients)
	}
}

type noOutbox struct{}

func (noOutbox) Enqueue(context.Context, runner.Ref, workflows.Enqueue) error { return nil }

type one struct{ c *workflows.Clinic }

func (o one) Directory(id string) (workflows.Directory, bool) { return o, id == o.c.ID }
func (o one) Prepare(context.Context, string, []string) error { return nil }
func (o one) Current() *workflows.Clinic                      { return o.c }
func (o one) At(string) *workflows.Clinic                     { return o.c }

// TestRejectedWholeAndReplayed guards the rule nothing-lost: what nobody could
// act on is kept whole, once, and goes back where it came from.
func TestRejectedWholeAndReplayed(t *testing.T) {
	s := newStore(t)
	body := bytes.Repeat([]byte{0, 0xff, 'x'}, events.MaxEvent/2)
	header := map[string]string{"Ce-Id": "7", "ce-source": "ehr%20one", "X-Other": "y"}
	subject := "events.harbor.appointment.booked"
	verdict := runner.Verdict{
		Action: runner.Reject, Reason: "oversized", Text: "an event must be\r\nNats-Rollup: all", Key: refN(1).Key, Clinic: "harbor",
	}
	deliveries := make(chan runner.Delivery, 8)
	reject := true
	running(t, func(ctx context.Context) {
		s.Consume(ctx, queueNamed(t, consumerEvents), 1, func(_ context.Context, d runner.Delivery, finish func(runner.Verdict)) {
			deliveries <- d
			if reject {
				reject = false
				finish(verdict)
				return
			}
			finish(runner.Verdict{Action: runner.Done})
		})
	})
	if err := s.Publisher().Publish(t.Context(), subject, "an id", header, body); err != nil {
		t.Fatal(err)
	}
	first := within(t, 5*time.Second, "the event", deliveries)
	testkit.Eventually(t, 5*time.Second, "it is rejected", func() bool { return held(t, s, streamRejected) == 1 })
	// A crash between storing and acknowledging repeats it.
	if err := s.Reject(t.Context(), first, verdict); err != nil {
		t.Fatal(err)
	}
	list, err := s.ListRejected(t.Context(), 10)
	if err != nil || len(list) != 1 {
		t.Fatalf("%d rejected, %v; want one", len(list), err)
	}
	r, err := s.GetRejected(t.Context(), list[0].Sequence)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(r.Body, body) || r.Clinic != "harbor" || r.Key != refN(1).Key || r.Reason != "oversized" || r.Origin != subject || !strings.Contains(r.Text, "an event must be") {
		t.Errorf("rejected as %+v", list[0])
	}
	want := map[string][]string{}
	for k, v := range header {
		want[k] = []string{v}
	}
	if d := cmp.Diff(want, r.Header); d != "" {
		t.Errorf("headers (-want +got):\n%s", d)
	}
	if list[0].Body != nil || list[0].Header != nil {
		t.Error("a list carries what clients wrote")
	}
	if err := s.Replay(t.Context(), r.Sequence); err != nil {
		t.Fatal(err)
	}
	again := within(t, 5*time.Second, "the event again", deliveries)
	if again.Wire.Subject != subject || !bytes.Equal(again.Wire.Body, body) {
		t.Errorf("came again on %s, %d bytes", again.Wire.Subject, len(again.Wire.Body))
	}
	for k, v := range header {
		if got := again.Wire.Header[k]; !slices.Equal(got, []string{v}) {
			t.Errorf("came again with %s %q, want %q", k, got, v)
		}
	}
}

// TestInsideOnlyIsNotReplayed guards the rule inside-only.
func TestInsideOnlyIsNotReplayed(t *testing.T) {
	s := newStore(t)
	for _, subject := range []string{"inside.harbor.escalation.closed", "outbox.care.a.harbor.a2.m1", "clients.a.harbor.a2", ""} {
		d := runner.Delivery{Wire: events.Wire{Subject: subject, Body: []byte("{}")}, Stream: "X", Sequence: uint64(len(subject) + 1)}
		if err := s.Reject(t.Context(), d, runner.Verdict{Reason: "broken"}); err != nil {
			t.Fatal(err)
		}
	}
	list, err := s.ListRejected(t.Context(), 10)
	if err != nil || len(list) != 4 {
		t.Fatalf("%d rejected, %v", len(list), err)
	}
	for _, r := range list {
		if err := s.Replay(t.Context(), r.Sequence); err == nil {
			t.Errorf("%q was replayed", r.Origin)
		}
	}
	if few, err := s.ListRejected(t.Context(), 2); err != nil || len(few) != 2 || few[0].Sequence < few[1].Sequence {
		t.Errorf("the newest two: %+v, %v", few, err)
	}
	if held(t, s, streamInside) != 0 {
		t.Error("something was published inside")
	}
}

func TestReplayOfNothing(t *testing.T) {
	if err := newStore(t).Replay(t.Context(), 7); err == nil || !strings.Contains(err.Error(), "not found") {
		t.Errorf("got %v, want not found", err)
	}
}

// TestConsumeNeverWaitsForNothing: a stored event is handed over at once, even
// where the server answers a pull request faster than the client library notes
// that it was sent. One event at a time is the case that meets it most often.
func TestConsumeNeverWaitsForNothing(t *testing.T) {
	s := newStore(t)
	got := make(chan uint64, 1)
	running(t, func(ctx context.Context) {
		s.Consume(ctx, Queues()[2], 1, func(_ context.Context, d runner.Delivery, finish func(runner.Verdict)) {
			finish(runner.Verdict{Action: runner.Done})
			got <- d.Sequence
		})
	})
	for range 1000 {
		publish(t, s, "events.harbor.appointment.noshow", "{}")
		within(t, 10*time.Second, "an event", got)
	}
}

// TestConsumeStartsAnew: a reader that heard nothing for a while asks afresh, and
// no event is lost or read twice where one reader ends and the next begins.
func TestConsumeStartsAnew(t *testing.T) {
	s := newStore(t)
	got := make(chan uint64, 1)
	began := make(chan struct{}, 1) // that a reader began since it was last looked at
	read := func(ctx context.Context, cons jetstream.Consumer, permits chan struct{}, hand func(jetstream.Msg)) error {
		select {
		case began <- struct{}{}:
		default:
		}
		return pullAhead(time.Millisecond)(ctx, cons, permits, hand)
	}
	running(t, func(ctx context.Context) {
		s.consume(ctx, Queues()[2], 4, read, func(msg jetstream.Msg, done func()) {
			defer done()
			d, err := deliveryOf(msg)
			if err != nil {
				t.Error(err)
			}
			_ = msg.Ack()
			got <- d.Sequence
		})
	})
	for want := uint64(1); want <= 8; want++ {
		within(t, 20*time.Second, "another reader", began)
		publish(t, s, "events.harbor.appointment.noshow", "{}")
		if seq := within(t, 20*time.Second, "an event", got); seq != want {
			t.Errorf("got event %d, want %d", seq, want)
		}
	}
}
