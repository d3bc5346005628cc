package jetstream

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/runner"
)

// race has many writers append behind the same sequence, round after round,
// and fails unless exactly one wins each and every other meets ErrConflict.
func race(t *testing.T, stores []*Store, rounds, writers int) {
	t.Helper()
	ref, last := refN(1), uint64(0)
	for round := range rounds {
		var wg sync.WaitGroup
		var won, seq atomic.Uint64
		start := make(chan struct{})
		for w := range writers {
			wg.Go(func() {
				<-start
				s := stores[w%len(stores)]
				got, err := s.Append(t.Context(), ref, last, fmt.Appendf(nil, "%d by %d", round, w), runner.Meta{Previous: last})
				switch {
				case err == nil:
					won.Add(1)
					seq.Store(got)
				case !errors.Is(err, runner.ErrConflict):
					t.Errorf("round %d: %v, want ErrConflict or none", round, err)
				}
			})
		}
		close(start)
		wg.Wait()
		if won.Load() != 1 {
			t.Fatalf("round %d: %d writers won, want one", round, won.Load())
		}
		last = seq.Load()
		for _, s := range stores {
			if record, got, err := s.Load(t.Context(), ref, 0); err != nil || got != last || !strings.HasPrefix(string(record), fmt.Sprint(round)) {
				t.Fatalf("round %d: the leader says %q at %d, %v; want sequence %d", round, record, got, err, last)
			}
		}
	}
}

func TestAppendRace(t *testing.T) {
	race(t, []*Store{newStore(t)}, 50, 16)
}

func TestAppendExpects(t *testing.T) {
	s := newStore(t)
	add := func(n int, expected uint64) (uint64, error) {
		return s.Append(t.Context(), refN(n), expected, []byte("x"), runner.Meta{})
	}
	if _, err := add(1, 7); !errors.Is(err, runner.ErrConflict) {
		t.Errorf("behind a record that is not there: %v, want ErrConflict", err)
	}
	first, err := add(1, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := add(2, 0); err != nil { // another client moves the stream on
		t.Fatal(err)
	}
	if _, err := add(1, 0); !errors.Is(err, runner.ErrConflict) {
		t.Errorf("as the first when there is one: %v, want ErrConflict", err)
	}
	if _, err := add(1, first); err != nil {
		t.Errorf("behind the client's own last record: %v", err)
	}
	if record, seq, err := s.Load(t.Context(), refN(3), 0); err != nil || seq != 0 || record != nil {
		t.Errorf("a client nobody has heard of: %q at %d, %v", record, seq, err)
	}
	if seq, err := s.Last(t.Context(), refN(3)); err != nil || seq != 0 {
		t.Errorf("a client nobody has heard of: %d, %v", seq, err)
	}
}

// TestAppendTooLarge: what passes the connection's limit or a stream's own is
// known not to be stored, and is not tried again.
func TestAppendTooLarge(t *testing.T) {
	s := newStore(t)
	if _, err := s.Append(t.Context(), refN(1), 0, make([]byte, 1<<20+1), runner.Meta{}); !errors.Is(err, runner.ErrTooLarge) {
		t.Errorf("more than the connection takes: %v, want ErrTooLarge", err)
	}
	if _, err := s.Append(t.Context(), refN(1), 0, make([]byte, 1<<20-4096), runner.Meta{Open: 1, OldestOpen: time.Now(), Next: time.Now()}); err != nil {
		t.Errorf("nearly as much as it takes: %v", err)
	}
	if err := fmt.Errorf("publish: %w", &jetstream.APIError{Code: 400, ErrorCode: 10054}); !isTooLarge(err) {
		t.Errorf("%v is not taken for too large", err)
	}
	if isTooLarge(nil) || isTooLarge(errors.New("nats: timeout")) {
		t.Error("another error is taken for too large")
	}
}

func TestConflictCodes(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{errors.New("nats: timeout"), false},
		{jetstream.ErrNoStreamResponse, false},
		{&jetstream.APIError{Code: 400, ErrorCode: 10071}, true},
		{&jetstream.APIError{Code: 400, ErrorCode: 10164}, true},
		{&jetstream.APIError{Code: 400, ErrorCode: 10158}, true},
		{&jetstream.APIError{Code: 503, ErrorCode: 10077}, false},
		{fmt.Errorf("publish: %w", &jetstream.APIError{ErrorCode: 10164}), true},
	} {
		if got := isConflict(tc.err); got != tc.want {
			t.Errorf("%v: %v, want %v", tc.err, got, tc.want)
		}
	}
}

// stale appends and reads, round after round, and fails when a read that begins
// after an acknowledgement sees less than what was acknowledged.
func stale(t *testing.T, write, read *Store, rounds int, last uint64) {
	t.Helper()
	for round := range rounds {
		for {
			seq, err := write.Append(t.Context(), refN(1), last, fmt.Append(nil, round), runner.Meta{Previous: last})
			if err == nil {
				last = seq
				break
			}
			// Three replicas may call it a conflict while they are still busy with
			// the one before; then the leader says that nothing has moved.
			if now, lerr := write.Last(t.Context(), refN(1)); !errors.Is(err, runner.ErrConflict) || lerr != nil || now != last {
				t.Fatalf("round %d: %v, and the leader says %d, %v; acknowledged was %d", round, err, now, lerr, last)
			}
		}
		record, seq, err := read.Load(t.Context(), refN(1), 0)
		if err != nil || seq != last || string(record) != fmt.Sprint(round) {
			t.Fatalf("round %d: read %q at %d, %v; acknowledged was %d", round, record, seq, err, last)
		}
	}
}

// TestLookReadsLeader guards line 6 on the embedded server, which has no
// replica that could lag; TestCluster guards it on three.
func TestLookReadsLeader(t *testing.T) {
	s := newStore(t)
	stale(t, s, s, 500, 0)
}

// TestStreams holds the streams to the table in the design.
func TestStreams(t *testing.T) {
	s := newStore(t)
	for name, want := range map[string]struct {
		age       time.Duration
		retention jetstream.RetentionPolicy
	}{
		streamEvents: {90 * day, jetstream.LimitsPolicy}, streamInside: {90 * day, jetstream.LimitsPolicy},
		streamClients: {0, jetstream.LimitsPolicy}, streamAudit: {6 * year, jetstream.LimitsPolicy},
		streamAccess: {6 * year, jetstream.LimitsPolicy},
		streamTimers: {0, jetstream.WorkQueuePolicy}, streamOutbox: {0, jetstream.WorkQueuePolicy},
		streamDeliveries: {0, jetstream.LimitsPolicy}, streamRejected: {90 * day, jetstream.LimitsPolicy},
	} {
		info, err := s.streams[name].Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		c := info.Config
		if c.MaxAge != want.age || c.Retention != want.retention || c.Storage != jetstream.FileStorage || c.MaxBytes > 0 || c.MaxMsgs > 0 {
			t.Errorf("%s: %+v", name, c)
		}
		if c.AllowRollup && name != streamTimers {
			t.Errorf("%s allows a message to wipe others", name)
		}
	}
}

func TestMetaStandsInHeaders(t *testing.T) {
	s := newStore(t)
	at := time.Date(2026, 5, 4, 9, 0, 0, 123456789, time.UTC)
	want := runner.Meta{Open: 2, OldestOpen: at, Ownerless: 1, Tasks: 3, Next: at.Add(time.Hour), Previous: 0, Decisions: 41}
	if _, err := s.Append(t.Context(), refN(1), 0, []byte("x"), want); err != nil {
		t.Fatal(err)
	}
	msg, err := s.last(t.Context(), streamClients, prefixClients+tail(refN(1)))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, metaOf(msg.Header)); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func FuzzMetaOf(f *testing.F) {
	f.Add("2", "2026-05-04T09:00:00Z", "2026-05-04T09:00:00.5Z", "7", "41")
	f.Add("-1", "", "yesterday", "-7", "9223372036854775808")
	f.Fuzz(func(t *testing.T, open, oldest, next, previous, decisions string) {
		h := nats.Header{headerOpen: {open}, headerOldestOpen: {oldest}, headerNext: {next}, headerPrevious: {previous}, headerDecisions: {decisions}}
		m := metaOf(h)
		if again := metaOf(nats.Header{headerNext: {m.Next.Format(time.RFC3339Nano)}}); !m.Next.IsZero() && !again.Next.Equal(m.Next) {
			t.Errorf("%q reads as %v, then as %v", next, m.Next, again.Next)
		}
	})
}

func FuzzRefOf(f *testing.F) {
	f.Add("clients.a.harbor.a2")
	f.Add("clients.a.harbor.a2.m.n")
	f.Add("clients.")
	f.Add("clients.a")
	f.Add("deliveries.a.harbor.a2.m")
	f.Fuzz(func(t *testing.T, subject string) {
		ref, rest, ok := refOf(subject, prefixClients)
		if !ok {
			return
		}
		back := prefixClients + strings.SplitN(strings.TrimPrefix(subject, prefixClients), ".", 2)[0] + "." + ref.Clinic + "." + ref.Key
		if rest != "" {
			back += "." + rest
		}
		if back != subject && back+"." != subject {
			t.Errorf("%q reads as %+v and %q", subject, ref, rest)
		}
	})
}

// What tail writes, refOf reads.
func TestRefOf(t *testing.T) {
	for n := range 100 {
		ref := refN(n)
		if got, rest, ok := refOf(prefixDeliveries+tail(ref)+".m1", prefixDeliveries); !ok || got != ref || rest != "m1" {
			t.Errorf("%+v reads back as %+v, %q, %v", ref, got, rest, ok)
		}
	}
	for _, subject := range []string{"", "clients", "clients.a.b", "audit.a.b.c"} {
		if _, _, ok := refOf(subject, prefixClients); ok {
			t.Errorf("%q was taken", subject)
		}
	}
}

func FuzzQueueOf(f *testing.F) {
	queues := map[string]string{}
	for _, q := range Queues() {
		for _, subject := range q.filters {
			queues[subject] = q.durable
		}
	}
	f.Add("events.harbor.appointment.booked")
	f.Add("inside.harbor.checkin.answered")
	f.Add("bulk.harbor.appointment.booked")
	f.Add("events.harbor.no.such.kind")
	f.Fuzz(func(t *testing.T, subject string) {
		name := queueOf(queues, subject)
		if _, _, _, ok := events.ParseSubject(subject); ok == (name == "") {
			t.Fatalf("%q goes to the queue %q", subject, name)
		}
		for _, q := range Queues() {
			if q.durable == name && q.passOver != nil && q.passOver(subject) {
				t.Errorf("%q goes to %s, which passes it over", subject, name)
			}
		}
	})
}
