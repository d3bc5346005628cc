package jetstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// This file is for commands beside a running program: they read what is there
// and create nothing.

// ErrNoStreams says that Mooring has never run on a server.
var ErrNoStreams = errors.New("Mooring has not run on this server yet") //nolint:staticcheck // a name begins it

// openStreams finds every stream and the bucket without making any.
func (s *Store) openStreams(ctx context.Context) error {
	for _, name := range []string{
		streamEvents, streamInside, streamClients, streamAudit, streamAccess, streamTimers, streamOutbox, streamDeliveries, streamRejected,
	} {
		st, err := s.js.Stream(ctx, name)
		if errors.Is(err, jetstream.ErrStreamNotFound) && name == streamAccess {
			continue // an earlier version made the streams: what needs it says so
		}
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			return fmt.Errorf("%w: the stream %s is missing", ErrNoStreams, name)
		}
		if err != nil {
			return fmt.Errorf("ask the stream %s: %w", name, err)
		}
		s.streams[name] = st
	}
	kv, err := s.js.KeyValue(ctx, bucketDirectory)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		return fmt.Errorf("%w: the bucket %s is missing", ErrNoStreams, bucketDirectory)
	}
	if err != nil {
		return fmt.Errorf("ask the bucket %s: %w", bucketDirectory, err)
	}
	s.kv = kv
	return nil
}

// CompareClientKey is CheckClientKey for those who must not store: ErrOtherKey
// when the streams were written under another key.
func (s *Store) CompareClientKey(ctx context.Context, key []byte) error {
	entry, err := s.kv.Get(ctx, metaFingerprint)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return fmt.Errorf("%w: no client key is known there", ErrNoStreams)
	}
	if err != nil {
		return fmt.Errorf("read the client key's fingerprint: %w", err)
	}
	if string(entry.Value()) != fingerprint(key) {
		return ErrOtherKey
	}
	return nil
}

// KeptEpoch reads the epoch; ErrNotFound when the clock always ran at the
// speed of life.
func (s *Store) KeptEpoch(ctx context.Context) (Epoch, error) {
	var e Epoch
	entry, err := s.kv.Get(ctx, metaEpoch)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return e, fmt.Errorf("the clock's epoch: %w", ErrNotFound)
	}
	if err == nil {
		err = json.Unmarshal(entry.Value(), &e)
	}
	if err != nil {
		return e, fmt.Errorf("read the clock's epoch: %w", err)
	}
	return e, nil
}

// CurrentDirectories lists the version in force of each clinic.
func (s *Store) CurrentDirectories(ctx context.Context) (map[string]string, error) {
	keys, err := s.kv.ListKeysFiltered(ctx, "*.current")
	if err != nil {
		return nil, fmt.Errorf("list the clinics: %w", err)
	}
	out := map[string]string{}
	for key := range keys.Keys() {
		entry, err := s.kv.Get(ctx, key)
		if err != nil {
			return nil, fmt.Errorf("read the current version of a clinic: %w", err)
		}
		out[strings.TrimSuffix(key, ".current")] = string(entry.Value())
	}
	return out, nil
}
