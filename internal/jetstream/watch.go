package jetstream

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/runner"
)

// Watch is a second view over the clients for whom a human has something to do. It
// reads the log by itself, so that what makes the Index lose its place does not
// blind it too.
type Watch struct {
	mu sync.RWMutex
	// rows are the clients with an open escalation or task; ready is set once the
	// log was read to its end, and seq is up to where it was read. All guarded by mu.
	rows  map[runner.Ref]IndexRow
	ready bool
	seq   uint64
}

// NewWatch makes an empty watch.
func NewWatch() *Watch { return &Watch{rows: map[runner.Ref]IndexRow{}} }

// Ready says whether the log was read to where it stood at start.
func (w *Watch) Ready() bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.ready
}

// Suspects are the clients for whom a human has something to do and whose earliest
// deadline has passed before a time, or who have none, and those with a question that
// nobody can be asked. A row is a pointer: whether it is so stands in the log.
func (w *Watch) Suspects(before time.Time) []IndexRow {
	w.mu.RLock()
	defer w.mu.RUnlock()
	var out []IndexRow
	for _, row := range w.rows {
		if row.Meta.Next.Before(before) || row.Meta.Ownerless > 0 {
			out = append(out, row)
		}
	}
	slices.SortFunc(out, func(a, b IndexRow) int {
		return cmp.Or(a.Meta.Next.Compare(b.Meta.Next), cmp.Compare(a.Ref.Key, b.Ref.Key))
	})
	return out
}

// Tasked are a clinic's clients who have an open task.
func (w *Watch) Tasked(clinic string) []runner.Ref {
	w.mu.RLock()
	defer w.mu.RUnlock()
	var out []runner.Ref
	for ref, row := range w.rows {
		if ref.Clinic == clinic && row.Meta.Tasks > 0 {
			out = append(out, ref)
		}
	}
	slices.SortFunc(out, func(a, b runner.Ref) int { return cmp.Compare(a.Key, b.Key) })
	return out
}

// ErrBehind says that the watch does not catch up with the log.
var ErrBehind = errors.New("the reading of the log lags behind")

// Watched waits until the watch has read all that the log held when it was called.
func (s *Store) Watched(ctx context.Context, w *Watch) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	info, err := s.streams[streamClients].Info(ctx)
	if err != nil {
		return fmt.Errorf("ask the stream %s: %w", streamClients, err)
	}
	for !w.read(info.State.LastSeq, info.State.Msgs == 0) {
		if pause(ctx, watchedEvery); ctx.Err() != nil {
			return ErrBehind
		}
	}
	return nil
}

// watchedEvery is how often Watched looks.
const watchedEvery = 10 * time.Millisecond

func (w *Watch) read(seq uint64, empty bool) bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.ready && (w.seq >= seq || empty)
}

func (w *Watch) put(row IndexRow) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seq = max(w.seq, row.Seq)
	if row.Meta.Open+row.Meta.Tasks > 0 {
		w.rows[row.Ref] = row
	} else {
		delete(w.rows, row.Ref)
	}
}

func (w *Watch) mark() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ready = true
}

// FollowWatch reads the log's headers until ctx ends.
func (s *Store) FollowWatch(ctx context.Context, w *Watch) {
	for ctx.Err() == nil {
		if err := s.followWatch(ctx, w); err != nil && ctx.Err() == nil {
			s.log.Warn("the watcher lost its place; reading again", "error", err)
			pause(ctx, time.Second)
		}
	}
}

func (s *Store) followWatch(ctx context.Context, w *Watch) error {
	info, err := s.streams[streamClients].Info(ctx)
	if err != nil {
		return fmt.Errorf("ask the stream %s: %w", streamClients, err)
	}
	if info.State.Msgs == 0 {
		w.mark()
	}
	return s.headers(ctx, 0, info.State.LastSeq, func(row IndexRow, atEnd bool) {
		if row.Ref.Key != "" {
			w.put(row)
		}
		if atEnd {
			w.mark()
		}
	})
}

// OldestSafety is since when a clinic's oldest message to staff waits to leave; zero
// when none does.
func (s *Store) OldestSafety(ctx context.Context, clinic string) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	msg, err := s.streams[streamOutbox].GetMsg(ctx, 1, jetstream.WithGetMsgSubject(prefixOutbox+"safety.*."+clinic+".>"))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("ask what waits to leave: %w", err)
	}
	return msg.Time, nil
}

// alarmAgain is how long a replica that took on an alarm has to tell it, before
// another does.
const alarmAgain = 2 * time.Minute

// alarmRepeat is how long an alarm that goes on is not told again.
const alarmRepeat = 12 * time.Hour

// AlarmOf is what an alarm of a clinic's is about.
type AlarmOf string

// Questions, tasks and mail to staff that do not go on; a system that sends nothing.
const (
	AlarmStands AlarmOf = "alarm"
	AlarmFeed   AlarmOf = "feed"
)

// Alarm is a clinic's alarm under way.
type Alarm struct {
	// Rank says how bad it is; a worse one is told again.
	Rank int `json:"rank,omitempty"`
	// Taken is when a replica took it on, and Told that its mail has left.
	Taken time.Time `json:"taken"`
	Told  bool      `json:"told,omitempty"`

	revision uint64
}

func alarmKey(clinic string, of AlarmOf) string { return clinic + "." + string(of) }

// TakeAlarm says whether this replica is the one that tells of a clinic's alarm: of
// several that see it one does, and another where that one did not. One that goes on
// is told again when it becomes worse, and after half a day.
func (s *Store) TakeAlarm(ctx context.Context, clinic string, of AlarmOf, rank int, now time.Time) (a Alarm, mine bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	a, found, err := s.alarm(ctx, clinic, of)
	wait := alarmAgain
	if a.Told {
		wait = alarmRepeat
	}
	if err != nil || found && rank <= a.Rank && now.Sub(a.Taken) < wait {
		return a, false, err
	}
	a.Taken, a.Rank, a.Told = now, max(rank, a.Rank), false
	if err = s.putAlarm(ctx, clinic, of, &a); errors.Is(err, errTaken) {
		return a, false, nil
	}
	return a, err == nil, err
}

// AlarmTold keeps that the mail of an alarm which this replica took has left.
func (s *Store) AlarmTold(ctx context.Context, clinic string, of AlarmOf, a Alarm) error {
	a.Told = true
	return s.putAlarm(ctx, clinic, of, &a)
}

// EndAlarm forgets a clinic's alarm, so that the next one is told again.
func (s *Store) EndAlarm(ctx context.Context, clinic string, of AlarmOf) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	_, found, err := s.alarm(ctx, clinic, of)
	if err != nil || !found {
		return err
	}
	if err := s.kv.Delete(ctx, alarmKey(clinic, of)); err != nil {
		return fmt.Errorf("end the alarm of the clinic %s: %w", clinic, err)
	}
	return nil
}

func (s *Store) alarm(ctx context.Context, clinic string, of AlarmOf) (a Alarm, found bool, err error) {
	entry, err := s.kv.Get(ctx, alarmKey(clinic, of))
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return a, false, nil
	}
	if err != nil {
		return a, false, fmt.Errorf("read the alarm of the clinic %s: %w", clinic, err)
	}
	if err := json.Unmarshal(entry.Value(), &a); err != nil {
		return a, false, fmt.Errorf("read the alarm of the clinic %s: %w", clinic, err)
	}
	a.revision = entry.Revision()
	return a, true, nil
}

// errTaken says that another replica was quicker.
var errTaken = errors.New("another replica has taken the alarm")

func (s *Store) putAlarm(ctx context.Context, clinic string, of AlarmOf, a *Alarm) error {
	body, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("write the alarm of the clinic %s: %w", clinic, err)
	}
	if a.revision == 0 {
		a.revision, err = s.kv.Create(ctx, alarmKey(clinic, of), body)
	} else {
		a.revision, err = s.kv.Update(ctx, alarmKey(clinic, of), body, a.revision)
	}
	switch {
	case err == nil:
		return nil
	case isConflict(err), errors.Is(err, jetstream.ErrKeyExists):
		return errTaken
	}
	return fmt.Errorf("store the alarm of the clinic %s: %w", clinic, err)
}

// LastEvent is the newest event of a clinic's from outside: its sequence and when it was
// stored, by the server's clock. Sequence 0 means that there is none.
func (s *Store) LastEvent(ctx context.Context, clinic string) (seq uint64, stored time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	msg, err := s.streams[streamEvents].GetLastMsgForSubject(ctx, events.SubjectEvents+"."+clinic+".>")
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, stored, nil
	}
	if err != nil {
		return 0, stored, fmt.Errorf("read the newest event of the clinic %s: %w", clinic, err)
	}
	return msg.Sequence, msg.Time, nil
}
