package events

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"
)

// Alphabet is what ids and client keys are written in; a client's bucket is the first
// character of their key.
const Alphabet = "abcdefghijklmnopqrstuvwxyz234567"

// encoding is base32 in lower case without padding: safe in subjects, file
// names and URLs.
var encoding = base32.NewEncoding(Alphabet).WithPadding(base32.NoPadding) //nolint:gochecknoglobals // never written again

// ClientKey is the pseudonym of a client in subjects: HMAC-SHA-256 over clinic
// and EHR id, cut to 128 bits, base32, 26 characters. The secret is made once
// and never rotates: with another one every client would be a stranger.
func ClientKey(secret []byte, clinic, ehrID string) string {
	mac := hmac.New(sha256.New, secret)
	fmt.Fprintf(mac, "%d:%s%s", len(clinic), clinic, ehrID)
	return encoding.EncodeToString(mac.Sum(nil)[:16])
}

// Bucket is the first character of a client key or message id, one of 32 for
// ever. Streams are split by it.
func Bucket(key string) string {
	if key == "" {
		return "-"
	}
	return key[:1]
}

// MessageID is fixed by the decision that asks for the message: the client,
// the event it answers and the number of the effect. It begins with the
// client's bucket, so that it leads to its client through the ledger.
func MessageID(key string, cause Hash, n int) string {
	h := sha256.New()
	fmt.Fprintf(h, "message:%s:%s:%d", key, cause, n)
	return Bucket(key) + encoding.EncodeToString(h.Sum(nil)[:15])
}

// TargetID names an escalation, a task or a check-in in links and states; like
// a message id it is fixed by what caused it.
func TargetID(what, key string, cause Hash, n int) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s:%s:%s:%d", what, key, cause, n)
	return Bucket(key) + encoding.EncodeToString(h.Sum(nil)[:15])
}

// AddressMark stands for one of a client's mail addresses where the address
// itself has no place: in the ledger, in reports, in the list of addresses that
// failed. It says nothing to who does not have the address already, and the
// same address of another client has another mark. Case does not matter.
func AddressMark(key, address string) string {
	h := sha256.New()
	fmt.Fprintf(h, "address:%s:%s", key, strings.ToLower(strings.TrimSpace(address)))
	return encoding.EncodeToString(h.Sum(nil)[:10])
}

// ValidClinic says whether a clinic id is [a-z0-9-]{1,40}.
func ValidClinic(id string) bool {
	if id == "" || len(id) > 40 {
		return false
	}
	return strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// ValidToken says whether s is a client key or an id made by this package:
// lower-case base32, 1 to 40 characters.
func ValidToken(s string) bool {
	if s == "" || len(s) > 40 {
		return false
	}
	return strings.Trim(s, Alphabet) == ""
}
