package links

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

const (
	// keySize is the length of a generated key in bytes, the block that
	// HMAC-SHA-256 can make full use of.
	keySize = 32
	// minKeySize is the shortest key that is taken from a configuration.
	minKeySize = 16
	maxKeyID   = 16
	maxKeys    = 16
)

// ErrNoKeys is returned for a ring without any key.
var ErrNoKeys = errors.New("no link key given")

// Keys is a ring of link keys: the first one signs, all of them verify. Adding
// a key in front rotates the ring while links already sent live on; removing
// one ends every link that it signed. A ring never changes once it is made and
// is safe for use by many goroutines.
type Keys struct {
	ring []key
}

type key struct {
	id     string
	secret []byte
}

// Generate makes a ring of one new random key with a random id.
func Generate() *Keys {
	secret := make([]byte, keySize)
	// Read never fails: since Go 1.24 a broken source of randomness ends the
	// program instead.
	_, _ = rand.Read(secret)
	return &Keys{ring: []key{{id: NewID()[:8], secret: secret}}}
}

// With is the ring with a new signing key in front; the older ones still
// verify.
func (k *Keys) With(newer *Keys) *Keys {
	ring := make([]key, 0, len(newer.ring)+len(k.ring))
	ring = append(ring, newer.ring...)
	return &Keys{ring: append(ring, k.ring...)}
}

// ParseKeys reads the form that String writes: "id:base64,id:base64", the
// signing key first. An id is 1 to 16 characters of [a-z0-9-]; a key is at
// least 16 bytes; spaces and line ends around the commas are forgiven, for the
// ring is often read from a file. No error contains any part of a key.
func ParseKeys(text string) (*Keys, error) {
	var ring []key
	seen := map[string]bool{}
	for i, part := range strings.Split(strings.TrimRight(strings.TrimSpace(text), ","), ",") {
		part = strings.TrimSpace(part)
		if part == "" && i == 0 {
			return nil, ErrNoKeys
		}
		id, encoded, ok := strings.Cut(part, ":")
		if !ok {
			return nil, fmt.Errorf("read link key %d: want id:base64", i+1)
		}
		if !validKeyID(id) {
			return nil, fmt.Errorf("read link key %d: the id must be 1 to %d of a-z, 0-9 and -", i+1, maxKeyID)
		}
		if seen[id] {
			return nil, fmt.Errorf("read link key %d: the id stands there twice", i+1)
		}
		seen[id] = true
		secret, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return nil, fmt.Errorf("read link key %d: not base64", i+1)
		}
		if len(secret) < minKeySize {
			return nil, fmt.Errorf("read link key %d: %d bytes, want at least %d", i+1, len(secret), minKeySize)
		}
		ring = append(ring, key{id: id, secret: secret})
	}
	if len(ring) > maxKeys {
		return nil, fmt.Errorf("read link keys: %d keys, at most %d are taken", len(ring), maxKeys)
	}
	return &Keys{ring: ring}, nil
}

// Export is the ring as ParseKeys reads it, secrets included: for a key file
// or the environment alone.
func (k *Keys) Export() string {
	parts := make([]string, len(k.ring))
	for i, one := range k.ring {
		parts[i] = one.id + ":" + base64.StdEncoding.EncodeToString(one.secret)
	}
	return strings.Join(parts, ",")
}

// String lists the key ids and no secret, so that a ring that is logged by
// mistake tells nothing.
func (k *Keys) String() string {
	ids := make([]string, len(k.ring))
	for i, one := range k.ring {
		ids[i] = one.id
	}
	return "link keys " + strings.Join(ids, ", ")
}

// GoString is String: "%#v" must not print secrets either.
func (k *Keys) GoString() string { return k.String() }

// find looks a key up by its id.
func (k *Keys) find(id string) (key, bool) {
	for _, one := range k.ring {
		if one.id == id {
			return one, true
		}
	}
	return key{}, false
}

func validKeyID(id string) bool {
	return id != "" && len(id) <= maxKeyID && strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// NewID is a random id of 26 characters [a-z2-7], 128 bits: for targets,
// sessions and form nonces.
func NewID() string {
	raw := make([]byte, 16)
	_, _ = rand.Read(raw)
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw))
}
