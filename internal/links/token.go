package links

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Purpose says what a token may be used for; a token of one purpose is refused
// for every other.
type Purpose byte

// The purposes.
const (
	Escalation  Purpose = 'e' // opens one escalation for one member of staff
	Checkin     Purpose = 'c' // opens one client's check-in
	Preferences Purpose = 'u' // opens one client's mail preferences
	Address     Purpose = 'a' // confirms one new address of a client
	Task        Purpose = 't' // opens one task for one member of staff
	Note        Purpose = 'n' // shows one client to one member of staff who was told of news
	SignIn      Purpose = 's' // signs a member of staff in, once
	Session     Purpose = 'x' // a cookie: one escalation after its code was given
	Staff       Purpose = 'w' // a cookie: the staff pages after signing in
)

// Claims is what a token says once it is verified.
type Claims struct {
	Purpose Purpose
	Clinic  string
	// Target is the random id of what the link opens.
	Target string
	// Recipient is a directory id or a client key: never a name, an address
	// or an EHR's id.
	Recipient string
	// Issued and Expires count in whole seconds. The token is good while now
	// is before Expires.
	Issued, Expires time.Time
}

// What Verify answers with. The claims beside ErrExpired and ErrPurpose are
// verified ones, so that a page can name the clinic to turn to; beside the
// other two they are empty.
var (
	ErrMalformed = errors.New("not a token")
	ErrForged    = errors.New("token is not signed by any of our keys")
	ErrExpired   = errors.New("token is expired")
	ErrPurpose   = errors.New("token is for another purpose")
)

const (
	tokenVersion = 1
	macSize      = sha256.Size
	maxField     = 64
	// maxToken bounds how much is looked at: the longest token that Sign can
	// make, in base64.
	maxToken = (2 + maxKeyID + 1 + 3*(1+maxField) + 16 + macSize + 2) / 3 * 4
)

// Domains keep a signature, a code and whatever comes later apart: a value
// made for one is worthless as the other.
const (
	domainToken = "mooring link token v1\x00"
	domainCode  = "mooring link code v1\x00"
)

// Sign makes a token of c under the ring's first key. It is safe in a URL's
// path: [A-Za-z0-9_-], no padding. Clinic, target and recipient longer than 64
// bytes are a mistake of the program and panic.
func (k *Keys) Sign(c Claims) string {
	signer := k.ring[0]
	body := make([]byte, 0, 192)
	body = append(body, tokenVersion, byte(len(signer.id)))
	body = append(body, signer.id...)
	body = appendClaims(body, c)
	body = append(body, sum(signer.secret, domainToken, body)...)
	return base64.RawURLEncoding.EncodeToString(body)
}

// Verify checks a token's signature, then its purpose, then its expiry; now is
// the caller's clock. Its error is ErrMalformed, ErrForged, ErrPurpose or
// ErrExpired.
//
// Until the signature is checked nothing in the token is believed: the key id
// is read only to know which key must have signed it.
func (k *Keys) Verify(token string, want Purpose, now time.Time) (Claims, error) {
	if token == "" || len(token) > maxToken {
		return Claims{}, ErrMalformed
	}
	// Strict and without the line ends that the decoder would pass over, so
	// that one token has one spelling.
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) < 2+macSize || strings.ContainsAny(token, "\r\n") {
		return Claims{}, ErrMalformed
	}
	body, mac := raw[:len(raw)-macSize], raw[len(raw)-macSize:]
	n := int(body[1])
	if body[0] != tokenVersion || n > maxKeyID || len(body) < 2+n {
		return Claims{}, ErrMalformed
	}
	signer, ok := k.find(string(body[2 : 2+n]))
	if !ok || !hmac.Equal(mac, sum(signer.secret, domainToken, body)) {
		return Claims{}, ErrForged
	}

	c, err := readClaims(body[2+n:])
	if err != nil {
		return Claims{}, ErrMalformed
	}
	if c.Purpose != want {
		return c, ErrPurpose
	}
	if !now.Before(c.Expires) {
		return c, ErrExpired
	}
	return c, nil
}

// appendClaims writes purpose, the three fields with their lengths, issue and
// expiry: every claim has one encoding, and no two run together.
func appendClaims(b []byte, c Claims) []byte {
	b = append(b, byte(c.Purpose))
	for _, field := range [...]string{c.Clinic, c.Target, c.Recipient} {
		if len(field) > maxField {
			panic(fmt.Sprintf("sign link: a field of %d bytes, at most %d", len(field), maxField))
		}
		b = append(b, byte(len(field)))
		b = append(b, field...)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(c.Issued.Unix()))
	return binary.BigEndian.AppendUint64(b, uint64(c.Expires.Unix()))
}

func readClaims(b []byte) (Claims, error) {
	if len(b) < 1 {
		return Claims{}, ErrMalformed
	}
	c := Claims{Purpose: Purpose(b[0])}
	b = b[1:]
	for _, field := range [...]*string{&c.Clinic, &c.Target, &c.Recipient} {
		if len(b) < 1 || int(b[0]) > maxField || len(b) < 1+int(b[0]) {
			return Claims{}, ErrMalformed
		}
		*field = string(b[1 : 1+int(b[0])])
		b = b[1+int(b[0]):]
	}
	if len(b) != 16 {
		return Claims{}, ErrMalformed
	}
	c.Issued = time.Unix(int64(binary.BigEndian.Uint64(b[:8])), 0).UTC()
	c.Expires = time.Unix(int64(binary.BigEndian.Uint64(b[8:])), 0).UTC()
	return c, nil
}

func sum(secret []byte, domain string, body []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(domain))
	mac.Write(body)
	return mac.Sum(nil)
}
