package jetstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Hold is a pause of care mail that staff asked for while the program runs.
type Hold struct {
	// By is the directory id of who asked, and Why their reason in words.
	By  string    `json:"by"`
	Why string    `json:"why"`
	At  time.Time `json:"at"`
}

// Holds are the pauses of one clinic: of all its care mail, and of workflows by
// name.
type Holds struct {
	Clinic    *Hold           `json:"clinic,omitempty"`
	Workflows map[string]Hold `json:"workflows,omitempty"`
	// Pressed are the last presses of staff pages that changed something, so that
	// none counts twice.
	Pressed []string `json:"pressed,omitempty"`
	// Revision orders what was stored: a later one is greater, and 0 is before all.
	Revision uint64 `json:"-"`
}

// holdsKey is where a clinic's pauses lie in DIRECTORY, beside its versions: they
// are no part of one, since they come and go while the program runs.
func holdsKey(clinic string) string { return clinic + ".holds" }

// Holds reads a clinic's pauses; none where nobody ever asked for one.
func (s *Store) Holds(ctx context.Context, clinic string) (Holds, error) {
	entry, err := s.kv.Get(ctx, holdsKey(clinic))
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return Holds{}, nil
	}
	if err != nil {
		return Holds{}, fmt.Errorf("read the pauses of the clinic %s: %w", clinic, err)
	}
	h, err := readHolds(entry)
	if err != nil {
		return Holds{}, fmt.Errorf("read the pauses of the clinic %s: %w", clinic, err)
	}
	return h, nil
}

func readHolds(entry jetstream.KeyValueEntry) (h Holds, err error) {
	err = json.Unmarshal(entry.Value(), &h)
	h.Revision = entry.Revision()
	return h, err
}

// ChangeHolds changes a clinic's pauses; of two changes at once both count. change
// may be called more than once, and says whether anything is to be stored.
func (s *Store) ChangeHolds(ctx context.Context, clinic string, change func(*Holds) bool) (Holds, error) {
	for {
		h, err := s.Holds(ctx, clinic)
		if err != nil {
			return h, err
		}
		if !change(&h) {
			return h, nil
		}
		body, err := json.Marshal(h)
		if err != nil {
			return h, fmt.Errorf("write the pauses of the clinic %s: %w", clinic, err)
		}
		var revision uint64
		if h.Revision == 0 {
			revision, err = s.kv.Create(ctx, holdsKey(clinic), body)
		} else {
			revision, err = s.kv.Update(ctx, holdsKey(clinic), body, h.Revision)
		}
		if err == nil {
			h.Revision = revision
			return h, nil
		}
		if !isConflict(err) && !errors.Is(err, jetstream.ErrKeyExists) {
			return h, fmt.Errorf("store the pauses of the clinic %s: %w", clinic, err)
		}
	}
}

// watchAgain is how long a reading of pauses that broke off waits.
const watchAgain = time.Second

// FollowHolds calls each with the pauses of every clinic, as they are and whenever
// they change, until ctx ends.
func (s *Store) FollowHolds(ctx context.Context, each func(clinic string, h Holds)) {
	for {
		err := s.watchHolds(ctx, each)
		if ctx.Err() != nil {
			return
		}
		s.log.Warn("the reading of pauses begins anew", "error", err)
		select {
		case <-time.After(watchAgain):
		case <-ctx.Done():
			return
		}
	}
}

func (s *Store) watchHolds(ctx context.Context, each func(clinic string, h Holds)) error {
	w, err := s.kv.Watch(ctx, holdsKey("*"), jetstream.IgnoreDeletes())
	if err != nil {
		return err
	}
	defer w.Stop() //nolint:errcheck // it ends either way
	for {
		select {
		case entry, ok := <-w.Updates():
			if !ok {
				return errors.New("the server ended it")
			}
			if entry == nil {
				continue // all that there was has been read
			}
			h, err := readHolds(entry)
			if err != nil {
				s.log.Error("the pauses of a clinic cannot be read; those known before stand", "clinic", strings.TrimSuffix(entry.Key(), ".holds"), "error", err)
				continue
			}
			each(strings.TrimSuffix(entry.Key(), ".holds"), h)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
