package jetstream

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/runner"
)

// Wrong is what is wrong with an entry of AUDIT.
type Wrong string

// What can be wrong.
const (
	WrongChanged  Wrong = "changed"
	WrongMissing  Wrong = "missing"
	WrongMoved    Wrong = "moved"
	WrongInserted Wrong = "inserted"
)

// Finding is one thing wrong with a client's chain.
type Finding struct {
	Ref   runner.Ref
	Wrong Wrong
	// Sequence is the entry's in AUDIT; of a missing one it is that of the entry
	// after it or, where none comes after it, of the one before. 0 where AUDIT has
	// nothing of the client.
	Sequence uint64
	// Record is the sequence in CLIENTS of the decision, 0 where it is not known.
	Record uint64
	// Text says what was found.
	Text string
}

// Verified is what a walk over AUDIT found.
type Verified struct {
	Clients, Entries int
	// Waiting counts decisions that were not copied into AUDIT yet.
	Waiting  int
	Findings []Finding
	// Ends are the ends of the chains, by client.
	Ends map[runner.Ref]ChainEnd
}

// copiedWithin is how long a verification waits for decisions that are just being
// copied.
const copiedWithin = 5 * time.Second

// audited is one entry of AUDIT.
type audited struct {
	seq, record uint64
	link, hash  string
	sum         [sha256.Size]byte
	anew        bool
}

// kept is one record of CLIENTS; AUDIT must have the same of it.
type kept struct {
	seq, previous uint64
	decisions     int64
	sum           [sha256.Size]byte
	stored        time.Time
	created       time.Time // when the client was first heard of; read of the last record alone
}

func auditedOf(msg jetstream.Msg) (runner.Ref, audited, error) {
	ref, _, ok := refOf(msg.Subject(), prefixAudit)
	md, err := msg.Metadata()
	if !ok || err != nil {
		return ref, audited{}, fmt.Errorf("read an entry of AUDIT on %s: %w", msg.Subject(), cmp.Or(err, errNoClientSubject))
	}
	// An entry without a readable record is one that this program did not write.
	record, _ := strconv.ParseUint(msg.Headers().Get(headerRecord), 10, 64)
	link := msg.Headers().Get(headerChain)
	return ref, audited{
		seq: md.Sequence.Stream, record: record, link: link, hash: chainHash(link, msg.Data()),
		sum: sha256.Sum256(msg.Data()), anew: msg.Headers().Get(headerChainAnew) != "",
	}, nil
}

// errNoClientSubject says that a subject names no client.
var errNoClientSubject = errors.New("the subject names no client")

func keptOf(msg jetstream.Msg) (runner.Ref, kept, error) {
	ref, _, ok := refOf(msg.Subject(), prefixClients)
	md, err := msg.Metadata()
	if !ok || err != nil {
		return ref, kept{}, fmt.Errorf("read a record of CLIENTS on %s: %w", msg.Subject(), cmp.Or(err, errNoClientSubject))
	}
	m := metaOf(msg.Headers())
	return ref, kept{
		seq: md.Sequence.Stream, previous: m.Previous, decisions: m.Decisions,
		sum: sha256.Sum256(runner.Head(msg.Data())), stored: md.Timestamp,
	}, nil
}

// chainSeen is what a walk over all clients keeps of one.
type chainSeen struct {
	kept    []kept
	matched int // how many of kept AUDIT has
	end     ChainEnd
	entries int
	doubt   bool // something does not fit: the client is looked at by itself
}

// take follows a client's chain by one entry.
func (c *chainSeen) take(a audited) {
	first := c.entries == 0
	if first && (a.link != "" || a.anew) || !first && (a.link != c.end.Hash || a.anew) || a.record <= c.end.Record {
		c.doubt = true
	}
	if n := len(c.kept); n > 0 && a.record >= c.kept[0].seq {
		switch {
		case c.matched < n && c.kept[c.matched].seq == a.record && c.kept[c.matched].sum == a.sum:
			c.matched++
		default:
			c.doubt = true // or newer than what was read of CLIENTS
		}
	}
	c.entries++
	c.end = ChainEnd{a.seq, a.record, a.hash}
}

// whole says whether everything fits: then AUDIT has each decision once and in
// order, from the first to the newest.
func (c *chainSeen) whole() bool {
	n := len(c.kept)
	if c.doubt || n == 0 || c.matched != n {
		return false
	}
	// A record of an early version does not say how many there are.
	return c.kept[n-1].decisions == 0 || c.kept[n-1].decisions == int64(c.entries)
}

// Verify walks AUDIT, of one clinic or with "" of all, and says what is wrong
// with it. A decision that is only not copied yet is not wrong.
//
// The chain alone does not show that its end is gone, nor that it was written
// anew from some entry on. CLIENTS does: it keeps each client's newest decisions,
// and each says how many there are. earlier, which may be nil, are ends that a
// verification before gave and that were kept elsewhere: they show that old
// entries were written anew, too.
func (s *Store) Verify(ctx context.Context, clinic string, earlier map[runner.Ref]ChainEnd) (Verified, error) {
	v := Verified{Ends: map[runner.Ref]ChainEnd{}}
	met := map[runner.Ref]bool{}
	of := clinic
	if of == "" {
		of = "*"
	}
	// One bucket after the other: what is kept of a client is let go with its bucket.
	for _, bucket := range events.Alphabet {
		if err := s.verifyBucket(ctx, string(bucket)+"."+of+".*", earlier, met, &v); err != nil {
			return v, err
		}
	}
	return v, s.leadThrough(ctx, streamAudit, clinic, earlier, met, &v)
}

// verifyBucket verifies the clients whose subjects fit a pattern. It notes which of the
// earlier ends it has met.
func (s *Store) verifyBucket(ctx context.Context, pattern string, earlier map[runner.Ref]ChainEnd, met map[runner.Ref]bool, v *Verified) error {
	seen := map[runner.Ref]*chainSeen{}
	of := func(ref runner.Ref) *chainSeen {
		if seen[ref] == nil {
			seen[ref] = &chainSeen{}
		}
		return seen[ref]
	}
	// CLIENTS first: what it is seen to have, AUDIT has by the time that it is
	// read, or soon.
	err := s.each(ctx, streamClients, prefixClients+pattern, func(msg jetstream.Msg) error {
		ref, k, err := keptOf(msg)
		if err == nil {
			of(ref).kept = append(of(ref).kept, k)
		}
		return err
	})
	if err != nil {
		return err
	}
	err = s.each(ctx, streamAudit, prefixAudit+pattern, func(msg jetstream.Msg) error {
		ref, a, err := auditedOf(msg)
		if err == nil {
			of(ref).take(a)
			v.Entries++
			if earlier[ref].Hash == a.hash {
				met[ref] = true
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	v.Clients += len(seen)
	within := time.Now().Add(copiedWithin)
	for _, ref := range sorted(seen) {
		if v.Ends[ref] = seen[ref].end; seen[ref].whole() {
			continue
		}
		one, err := s.verifyUntil(ctx, ref, within)
		if err != nil {
			return err
		}
		v.Ends[ref] = one.Ends[ref]
		v.Waiting += one.Waiting
		v.Findings = append(v.Findings, one.Findings...)
	}
	return nil
}

// leadThrough finds the chains of a stream that do not lead through their earlier
// ends any more.
func (s *Store) leadThrough(ctx context.Context, stream, clinic string, earlier map[runner.Ref]ChainEnd, met map[runner.Ref]bool, v *Verified) error {
	info, err := s.streams[stream].Info(ctx)
	if err != nil {
		return fmt.Errorf("ask the stream %s: %w", stream, err)
	}
	for _, ref := range sorted(earlier) {
		// What was dropped for its age stood before all that is there now.
		e := earlier[ref]
		dropped := e.Sequence < info.State.FirstSeq && time.Since(info.Created) > info.Config.MaxAge
		if e.Hash != "" && !met[ref] && !dropped && (clinic == "" || ref.Clinic == clinic) {
			v.Findings = append(v.Findings, Finding{
				ref, WrongChanged, e.Sequence, e.Record,
				fmt.Sprintf("an earlier verification ended with entry %d, and the chain does not lead through it any more: it or one before it is not what it was", e.Sequence),
			})
		}
	}
	return nil
}

// VerifyAccess is Verify for ACCESS. Nothing else knows what should stand there, so
// that only links are followed: that the end of a chain is gone, earlier alone shows.
func (s *Store) VerifyAccess(ctx context.Context, clinic string, earlier map[runner.Ref]ChainEnd) (Verified, error) {
	v := Verified{Ends: map[runner.Ref]ChainEnd{}}
	if s.streams[streamAccess] == nil {
		return v, nil
	}
	info, err := s.streams[streamAccess].Info(ctx)
	if err != nil {
		return v, fmt.Errorf("ask the stream %s: %w", streamAccess, err)
	}
	aged := time.Since(info.Created) > info.Config.MaxAge
	pattern := ">"
	if clinic != "" {
		pattern = "*." + clinic + ".*"
	}
	met := map[runner.Ref]bool{}
	err = s.each(ctx, streamAccess, prefixAccess+pattern, func(msg jetstream.Msg) error {
		ref, _, ok := refOf(msg.Subject(), prefixAccess)
		md, err := msg.Metadata()
		if !ok || err != nil {
			return fmt.Errorf("read an entry of ACCESS on %s: %w", msg.Subject(), cmp.Or(err, errNoClientSubject))
		}
		end, known := v.Ends[ref]
		switch link := msg.Headers().Get(headerChain); {
		case link == end.Hash, !known && aged:
		case known:
			v.Findings = append(v.Findings, Finding{ref, WrongChanged, end.Sequence, 0, fmt.Sprintf(
				"the entry is not what it was when entry %d was written after it, or one between them was taken out, moved or put in", md.Sequence.Stream)})
		default:
			v.Findings = append(v.Findings, Finding{ref, WrongMissing, md.Sequence.Stream, 0, "the entry before this one, and perhaps more before that, is not there, and nothing is old enough to be dropped for its age"})
		}
		end = ChainEnd{Sequence: md.Sequence.Stream, Hash: chainHash(msg.Headers().Get(headerChain), msg.Data())}
		v.Ends[ref] = end
		v.Entries++
		met[ref] = met[ref] || earlier[ref].Hash == end.Hash
		return nil
	})
	if err != nil {
		return v, err
	}
	v.Clients = len(v.Ends)
	return v, s.leadThrough(ctx, streamAccess, clinic, earlier, met, &v)
}

// sorted are the clients of a map, in a fixed order.
func sorted[T any](of map[runner.Ref]T) []runner.Ref {
	return slices.SortedFunc(maps.Keys(of), func(a, b runner.Ref) int {
		return cmp.Or(cmp.Compare(a.Clinic, b.Clinic), cmp.Compare(a.Key, b.Key))
	})
}

// VerifyClient is Verify for one client.
func (s *Store) VerifyClient(ctx context.Context, ref runner.Ref) (Verified, error) {
	return s.verifyUntil(ctx, ref, time.Now().Add(copiedWithin))
}

// verifyUntil looks at one client, again while decisions are being copied.
func (s *Store) verifyUntil(ctx context.Context, ref runner.Ref, until time.Time) (Verified, error) {
	for {
		v, err := s.verifyClient(ctx, ref)
		if err != nil || v.Waiting == 0 || time.Now().After(until) {
			return v, err
		}
		if !pause(ctx, 50*time.Millisecond) {
			return v, fmt.Errorf("verify AUDIT: %w", ctx.Err())
		}
	}
}

// verifyClient looks at one client once.
func (s *Store) verifyClient(ctx context.Context, ref runner.Ref) (Verified, error) {
	v := Verified{Clients: 1, Ends: map[runner.Ref]ChainEnd{}}
	// The floor first: what it says is copied, AUDIT must have.
	floor, err := s.copiedUpTo(ctx)
	if err != nil {
		return v, err
	}
	j := judge{ref: ref, floor: floor}
	err = s.each(ctx, streamAudit, prefixAudit+tail(ref), func(msg jetstream.Msg) error {
		_, a, err := auditedOf(msg)
		j.entries = append(j.entries, a)
		return err
	})
	if err != nil {
		return v, err
	}
	var last []byte
	err = s.each(ctx, streamClients, prefixClients+tail(ref), func(msg jetstream.Msg) error {
		_, k, err := keptOf(msg)
		j.kept, last = append(j.kept, k), msg.Data()
		return err
	})
	if err != nil {
		return v, err
	}
	if n := len(j.kept); n > 0 {
		if state, err := runner.ReadState(last); err == nil {
			j.kept[n-1].created = state.Created
		}
	}
	info, err := s.streams[streamAudit].Info(ctx)
	if err != nil {
		return v, fmt.Errorf("ask the stream %s: %w", streamAudit, err)
	}
	j.since, j.maxAge, j.now = info.Created, info.Config.MaxAge, time.Now()
	j.run()
	v.Entries, v.Waiting, v.Findings = len(j.entries), j.waiting, j.findings
	if n := len(j.entries); n > 0 {
		e := j.entries[n-1]
		v.Ends[ref] = ChainEnd{e.seq, e.record, e.hash}
	}
	return v, nil
}

// copiedUpTo is the sequence in CLIENTS up to which every record was copied.
func (s *Store) copiedUpTo(ctx context.Context) (uint64, error) {
	q := effectsQueue()
	cons, err := s.js.Consumer(ctx, q.stream, q.durable)
	switch {
	case errors.Is(err, jetstream.ErrConsumerNotFound): // nobody copied yet, or begins again
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("ask the consumer %s: %w", q.durable, err)
	}
	return cons.CachedInfo().AckFloor.Stream, nil
}
