package jetstream

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// ErrOtherKey says that the streams were written under another client key.
var ErrOtherKey = errors.New("the client key is another one than the streams were written under: with it every client would be a stranger; restore the key that was kept when they were made")

// CheckClientKey compares the key's fingerprint with the stored one, which the
// first start creates and nobody ever replaces.
func (s *Store) CheckClientKey(ctx context.Context, key []byte) error {
	mark := fingerprint(key)
	_, err := s.kv.Create(ctx, metaFingerprint, []byte(mark))
	if err == nil {
		return nil
	}
	if !errors.Is(err, jetstream.ErrKeyExists) {
		return fmt.Errorf("store the client key's fingerprint: %w", err)
	}
	entry, err := s.kv.Get(ctx, metaFingerprint)
	if err != nil {
		return fmt.Errorf("read the client key's fingerprint: %w", err)
	}
	if string(entry.Value()) != mark {
		return ErrOtherKey
	}
	return nil
}

func fingerprint(key []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("fingerprint"))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

// Epoch keeps when the program's clock was started and what it showed then, so
// that a clock of another speed goes on where it was.
type Epoch struct {
	Real  time.Time `json:"real"`
	Shown time.Time `json:"shown"`
	Speed float64   `json:"speed"`
}

// Epoch stores the epoch when there is none yet and returns the one that is.
func (s *Store) Epoch(ctx context.Context, e Epoch) (Epoch, error) {
	body, err := json.Marshal(e)
	if err != nil {
		return e, fmt.Errorf("write the clock's epoch: %w", err)
	}
	_, err = s.kv.Create(ctx, metaEpoch, body)
	if err == nil {
		return e, nil
	}
	if !errors.Is(err, jetstream.ErrKeyExists) {
		return e, fmt.Errorf("store the clock's epoch: %w", err)
	}
	entry, err := s.kv.Get(ctx, metaEpoch)
	if err != nil {
		return e, fmt.Errorf("read the clock's epoch: %w", err)
	}
	var kept Epoch
	if err := json.Unmarshal(entry.Value(), &kept); err != nil {
		return e, fmt.Errorf("read the clock's epoch: %w", err)
	}
	return kept, nil
}

// PutDirectory stores one version of a clinic's folder, once, and points
// current at it.
func (s *Store) PutDirectory(ctx context.Context, clinic, version string, files map[string][]byte) error {
	body, err := json.Marshal(files)
	if err != nil {
		return fmt.Errorf("write the folder of the clinic %s: %w", clinic, err)
	}
	if _, err := s.kv.Create(ctx, clinic+"."+version, body); err != nil && !errors.Is(err, jetstream.ErrKeyExists) {
		return fmt.Errorf("store the folder of the clinic %s: %w", clinic, err)
	}
	for {
		entry, err := s.kv.Get(ctx, clinic+".current")
		switch {
		case errors.Is(err, jetstream.ErrKeyNotFound):
			_, err = s.kv.Create(ctx, clinic+".current", []byte(version))
		case err != nil:
			return fmt.Errorf("read the current version of the clinic %s: %w", clinic, err)
		case string(entry.Value()) == version:
			return nil
		default:
			_, err = s.kv.Update(ctx, clinic+".current", []byte(version), entry.Revision())
		}
		if err == nil {
			return nil
		}
		if !isConflict(err) && !errors.Is(err, jetstream.ErrKeyExists) {
			return fmt.Errorf("point the clinic %s at its version: %w", clinic, err)
		}
	}
}

// GetDirectory reads one version of a clinic's folder; ErrNotFound when it was
// never stored.
func (s *Store) GetDirectory(ctx context.Context, clinic, version string) (map[string][]byte, error) {
	entry, err := s.kv.Get(ctx, clinic+"."+version)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, fmt.Errorf("version %s of the clinic %s: %w", version, clinic, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("read version %s of the clinic %s: %w", version, clinic, err)
	}
	var files map[string][]byte
	if err := json.Unmarshal(entry.Value(), &files); err != nil {
		return nil, fmt.Errorf("read version %s of the clinic %s: %w", version, clinic, err)
	}
	return files, nil
}

// KeepEpoch replaces the stored epoch.
func (s *Store) KeepEpoch(ctx context.Context, e Epoch) error {
	body, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("write the clock's epoch: %w", err)
	}
	if _, err := s.kv.Put(ctx, metaEpoch, body); err != nil {
		return fmt.Errorf("store the clock's epoch: %w", err)
	}
	return nil
}
