package jetstream

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/workflows/calendar"
)

// Digest is what is known of the last digest that was made for a person.
type Digest struct {
	// Day is the working day it was for; 0 where a replica gave it back.
	Day calendar.Day `json:"day,omitempty"`
	// Made says that nothing is left to do on that day; without it a replica is at it,
	// or died while it was.
	Made bool `json:"made,omitempty"`
	// By is the attempt that took it, so that a replica knows its own.
	By string `json:"by,omitempty"`

	revision uint64
}

// digestKey names nobody: a person's id may be their name.
func digestKey(clinic, person string) string {
	sum := sha256.Sum256([]byte(clinic + "\x00" + person))
	return clinic + ".digest." + hex.EncodeToString(sum[:12])
}

// LastDigest is the last digest of a person; the zero one where there was none.
func (s *Store) LastDigest(ctx context.Context, clinic, person string) (d Digest, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	entry, err := s.kv.Get(ctx, digestKey(clinic, person))
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return d, nil
	}
	if err == nil {
		err = json.Unmarshal(entry.Value(), &d)
	}
	if err != nil {
		return d, fmt.Errorf("read the last digest of somebody at the clinic %s: %w", clinic, err)
	}
	d.revision = entry.Revision()
	return d, nil
}

// TakeDigest says whether this replica is the one that makes a person's digest of a
// day: of all replicas one is, once, whatever becomes of it.
func (s *Store) TakeDigest(ctx context.Context, clinic, person string, day calendar.Day) (d Digest, mine bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	last, err := s.LastDigest(ctx, clinic, person)
	if err != nil || last.Day >= day {
		return last, false, err
	}
	d = Digest{Day: day, By: rand.Text(), revision: last.revision}
	if err = s.putDigest(ctx, clinic, person, &d); err == nil {
		return d, true, nil
	}
	// An error leaves open whether it is ours.
	last, again := s.LastDigest(context.WithoutCancel(ctx), clinic, person)
	if again == nil && last.By == d.By {
		return last, true, nil
	}
	if errors.Is(err, errTaken) {
		return last, false, again
	}
	return d, false, err
}

// DigestMade keeps that nothing is left to do for a digest which this replica took.
func (s *Store) DigestMade(ctx context.Context, clinic, person string, d Digest) error {
	d.Made = true
	return s.putDigest(ctx, clinic, person, &d)
}

// ReturnDigest gives back a digest that certainly did not leave, so that a replica may
// take it again.
func (s *Store) ReturnDigest(ctx context.Context, clinic, person string, d Digest) error {
	d.Day = 0
	return s.putDigest(ctx, clinic, person, &d)
}

func (s *Store) putDigest(ctx context.Context, clinic, person string, d *Digest) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	body, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("write the digest of somebody at the clinic %s: %w", clinic, err)
	}
	if d.revision == 0 {
		d.revision, err = s.kv.Create(ctx, digestKey(clinic, person), body)
	} else {
		d.revision, err = s.kv.Update(ctx, digestKey(clinic, person), body, d.revision)
	}
	switch {
	case err == nil:
		return nil
	case isConflict(err), errors.Is(err, jetstream.ErrKeyExists):
		return errTaken
	}
	return fmt.Errorf("store the digest of somebody at the clinic %s: %w", clinic, err)
}
