package jetstream

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/workflows/runner"
)

// Index is a replica's view over all clients, built from the headers of their
// latest records. It holds those with an open escalation and the most recent
// others; a row is a pointer, the truth is the log.
type Index struct {
	mu sync.RWMutex
	// open are the clients with an open escalation, recent the latest changed
	// ones, oldest first, ready is set once the log was read to its end; seq is
	// up to where it was read, and since how many records ago a snapshot was
	// kept. All guarded by mu.
	open   map[runner.Ref]IndexRow
	recent []IndexRow
	ready  bool
	seq    uint64
	since  int
}

// IndexRow is one client in the index.
type IndexRow struct {
	Ref  runner.Ref
	Meta runner.Meta
	Seq  uint64
	At   time.Time
}

// recentRows is how many clients without an open question the index keeps.
const recentRows = 200

// NewIndex makes an empty index.
func NewIndex() *Index { return &Index{open: map[runner.Ref]IndexRow{}} }

// Follow reads the log's headers until ctx ends, from the latest record of
// each client on.
func (s *Store) Follow(ctx context.Context, ix *Index) {
	for ctx.Err() == nil {
		if err := s.follow(ctx, ix); err != nil && ctx.Err() == nil {
			s.log.Warn("the index lost its place; reading again", "error", err)
			pause(ctx, time.Second)
		}
	}
}

func (s *Store) follow(ctx context.Context, ix *Index) error {
	info, err := s.streams[streamClients].Info(ctx)
	if err != nil {
		return fmt.Errorf("ask the stream %s: %w", streamClients, err)
	}
	end := info.State.LastSeq
	from := s.resume(ctx, ix, info)
	ix.mark(from >= end || info.State.Msgs == 0)
	return s.headers(ctx, from, end, func(row IndexRow, atEnd bool) {
		if row.Ref.Key != "" {
			ix.put(row)
		}
		if atEnd {
			ix.mark(true)
		}
		if snap, due := ix.snapshot(info.Created); due {
			if err := s.keepSnapshot(ctx, snap); err != nil {
				s.log.Warn("the index could not be kept; the next start reads more of the log", "error", err)
			}
		}
	})
}

// headers reads the headers of the log until ctx ends or the place is lost: of all
// after from, or where that is 0 of the latest record of each client. each hears of
// every record, and whether the log was read to where it ended once; a record whose
// subject names no client has no Ref.
func (s *Store) headers(ctx context.Context, from, end uint64, each func(row IndexRow, atEnd bool)) error {
	cfg := jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy, HeadersOnly: true}
	if from > 0 {
		cfg.DeliverPolicy, cfg.OptStartSeq = jetstream.DeliverByStartSequencePolicy, from+1
	}
	cons, err := s.js.OrderedConsumer(ctx, streamClients, cfg)
	if err != nil {
		return fmt.Errorf("read the log's headers: %w", err)
	}
	it, err := cons.Messages(jetstream.PullMaxMessages(4096))
	if err != nil {
		return fmt.Errorf("read the log's headers: %w", err)
	}
	defer context.AfterFunc(ctx, it.Stop)()
	defer it.Stop()
	for {
		msg, err := it.Next()
		if err != nil {
			return fmt.Errorf("read the log's headers: %w", err)
		}
		md, err := msg.Metadata()
		if err != nil {
			continue
		}
		var row IndexRow
		if ref, _, ok := refOf(msg.Subject(), prefixClients); ok {
			row = IndexRow{ref, metaOf(msg.Headers()), md.Sequence.Stream, md.Timestamp}
		}
		// The record that stood at the end may be gone by now.
		each(row, md.Sequence.Stream >= end || md.NumPending == 0)
	}
}

func (ix *Index) mark(ready bool) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	ix.ready = ix.ready || ready
}

func (ix *Index) put(row IndexRow) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if row.Meta.Open > 0 {
		ix.open[row.Ref] = row
	} else {
		delete(ix.open, row.Ref)
	}
	ix.seq = max(ix.seq, row.Seq)
	ix.since++
	ix.recent = append(ix.recent, row)
	if len(ix.recent) > 4*recentRows {
		ix.recent = ix.distinct(recentRows)
		slices.Reverse(ix.recent)
	}
}

// distinct lists the latest rows of different clients, newest first. The
// caller holds mu.
func (ix *Index) distinct(limit int) []IndexRow {
	seen := make(map[runner.Ref]bool, limit)
	out := make([]IndexRow, 0, limit)
	for i := len(ix.recent) - 1; i >= 0 && len(out) < limit; i-- {
		if row := ix.recent[i]; !seen[row.Ref] {
			seen[row.Ref] = true
			out = append(out, row)
		}
	}
	return out
}

// Open lists the clients with an open escalation, the oldest first.
func (ix *Index) Open() []IndexRow {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	out := make([]IndexRow, 0, len(ix.open))
	for _, row := range ix.open {
		out = append(out, row)
	}
	slices.SortFunc(out, func(a, b IndexRow) int {
		return cmp.Or(a.Meta.OldestOpen.Compare(b.Meta.OldestOpen), cmp.Compare(a.Ref.Key, b.Ref.Key))
	})
	return out
}

// HasOpen says whether the client has an open escalation.
func (ix *Index) HasOpen(ref runner.Ref) bool {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	_, ok := ix.open[ref]
	return ok
}

// Recent lists the clients whose log moved last, newest first.
func (ix *Index) Recent(limit int) []IndexRow {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	return ix.distinct(limit)
}

// Ready says whether the index has read the log to where it stood at start.
func (ix *Index) Ready() bool {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	return ix.ready
}
