package jetstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/workflows/runner"
)

// To find every client's last record the server reads the whole log. So the
// index keeps itself now and then, with the sequence up to which it had read:
// a start goes on from there, and without it reads all. It is a view like the
// index: losing it loses nothing.

const (
	// snapshotEvery is after how many records the index keeps itself: about
	// what a start then reads.
	snapshotEvery = 4096
	// snapshotRows is how many open questions it keeps itself with at most; it
	// must fit into one message. Beyond that a start reads all.
	snapshotRows = 2000
)

// snapshot is an index at one moment.
type snapshot struct {
	// Log is when the log was created that Seq is a sequence of.
	Log time.Time `json:"log"`
	Seq uint64    `json:"seq"`
	// Open and Recent are the index's own.
	Open   []snapshotRow `json:"open"`
	Recent []snapshotRow `json:"recent"`
}

// snapshotRow is an IndexRow; Clinic and Key are its Ref.
type snapshotRow struct {
	Clinic string      `json:"clinic"`
	Key    string      `json:"key"`
	Meta   runner.Meta `json:"meta"`
	Seq    uint64      `json:"seq"`
	At     time.Time   `json:"at"`
}

// snapshot says whether the index should be kept, and as what.
func (ix *Index) snapshot(log time.Time) (snapshot, bool) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if !ix.ready || ix.since < snapshotEvery || len(ix.open) > snapshotRows {
		return snapshot{}, false
	}
	ix.since = 0
	snap := snapshot{Log: log, Seq: ix.seq}
	for _, row := range ix.open {
		snap.Open = append(snap.Open, snapshotRow{row.Ref.Clinic, row.Ref.Key, row.Meta, row.Seq, row.At})
	}
	for _, row := range ix.distinct(recentRows) {
		snap.Recent = append(snap.Recent, snapshotRow{row.Ref.Clinic, row.Ref.Key, row.Meta, row.Seq, row.At})
	}
	slices.Reverse(snap.Recent) // oldest first, as the index keeps them
	return snap, true
}

// restore makes the index what it was.
func (ix *Index) restore(snap snapshot) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	clear(ix.open)
	ix.recent, ix.seq, ix.since = nil, snap.Seq, 0
	for _, r := range snap.Open {
		row := r.row()
		ix.open[row.Ref] = row
	}
	for _, r := range snap.Recent {
		ix.recent = append(ix.recent, r.row())
	}
}

func (r snapshotRow) row() IndexRow {
	return IndexRow{runner.Ref{Clinic: r.Clinic, Key: r.Key}, r.Meta, r.Seq, r.At}
}

// resume says after which sequence the log has to be read: where the index
// stands, or else where a kept one stood; 0 for the whole.
func (s *Store) resume(ctx context.Context, ix *Index, info *jetstream.StreamInfo) uint64 {
	ix.mu.RLock()
	seq := ix.seq
	ix.mu.RUnlock()
	if seq > 0 && seq <= info.State.LastSeq {
		return seq
	}
	snap, err := s.readSnapshot(ctx)
	switch {
	case errors.Is(err, ErrNotFound):
	case err != nil:
		s.log.Warn("the index that was kept cannot be read; reading the whole log", "error", err)
	case snap.Log.Equal(info.Created) && snap.Seq <= info.State.LastSeq:
		ix.restore(snap)
		return snap.Seq
	}
	ix.restore(snapshot{}) // what a longer log had is not this one's
	return 0
}

func (s *Store) readSnapshot(ctx context.Context) (snapshot, error) {
	var snap snapshot
	entry, err := s.kv.Get(ctx, metaIndex)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return snap, fmt.Errorf("a kept index: %w", ErrNotFound)
	}
	if err == nil {
		err = json.Unmarshal(entry.Value(), &snap)
	}
	if err != nil {
		return snap, fmt.Errorf("read the kept index: %w", err)
	}
	return snap, nil
}

func (s *Store) keepSnapshot(ctx context.Context, snap snapshot) error {
	body, err := json.Marshal(snap)
	if err != nil {
		return fmt.Errorf("write the index: %w", err)
	}
	if _, err := s.kv.Put(ctx, metaIndex, body); err != nil {
		return fmt.Errorf("keep the index: %w", err)
	}
	return nil
}
