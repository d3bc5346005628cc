package events

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// Event is a fact about one client of one clinic.
type Event struct {
	// ID is unique within Source; together they make a repeat recognisable.
	ID string
	// Source is a URI reference that names the sender.
	Source string
	// Clinic is the tenant, [a-z0-9-]{1,40}.
	Clinic string
	Kind   Kind
	// Client is the EHR's id of the client (the CloudEvent's subject). It is
	// set on events from outside and never leaves the event's body.
	Client string
	// Key is the client key, the pseudonym that our own subjects use. Events
	// from inside carry it; for events from outside the runner derives it.
	Key string
	// Time is when it happened, which may be long before it arrived.
	Time time.Time
	Data Data
}

// Hash is the 16-byte identity of an event: its clinic, source and id.
type Hash [16]byte

// Hash identifies the event for the rule once: same clinic, source and id,
// same event, whatever else the repeat says.
func (e Event) Hash() Hash {
	h := sha256.New()
	for _, part := range [...]string{e.Clinic, e.Source, e.ID} {
		// The length goes first, so that no two triples run together.
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	var out Hash
	copy(out[:], h.Sum(nil))
	return out
}

// String is the hash in hexadecimal, 32 characters.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// IsZero says that no event is meant.
func (h Hash) IsZero() bool { return h == Hash{} }

// MarshalText writes the hash as hexadecimal.
func (h Hash) MarshalText() ([]byte, error) {
	return hex.AppendEncode(nil, h[:]), nil
}

// UnmarshalText reads 32 hexadecimal characters.
func (h *Hash) UnmarshalText(text []byte) error {
	if len(text) != 2*len(h) {
		return fmt.Errorf("read event hash: %d characters, want %d", len(text), 2*len(h))
	}
	if _, err := hex.Decode(h[:], text); err != nil {
		return fmt.Errorf("read event hash: %w", err)
	}
	return nil
}
