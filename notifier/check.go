package notifier

import (
	"fmt"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of one mail. A header line has 998 octets by RFC 5322; the rest is
// far above what outreach needs and far below what a provider refuses.
const (
	maxHeaderValue = 900
	maxBody        = 1 << 20
	maxHeaders     = 20
	maxID          = 128
)

// Check says whether m can be sent as it is, by any provider. Its error is a
// *SendError of class Permanent whose Detail names the field and never its
// value.
//
// A line break or another control character in anything that becomes a header
// is refused, not cleaned: whoever put it there meant something else than a
// mail of ours.
func (m Mail) Check() error {
	switch {
	case !validID(m.ID):
		return invalid("id")
	case m.Attempt < 1:
		return invalid("attempt")
	case m.Date.IsZero():
		return invalid("date")
	case !validMessageID(m.MessageID):
		return invalid("message id")
	case !m.From.valid():
		return invalid("from")
	case !m.To.valid():
		return invalid("to")
	case m.ReplyTo != Address{} && !m.ReplyTo.valid():
		return invalid("reply-to")
	case strings.TrimSpace(m.Subject) == "" || !validLine(m.Subject):
		return invalid("subject")
	case strings.TrimSpace(m.Text) == "" || !validBody(m.Text):
		return invalid("text")
	case !validBody(m.HTML):
		return invalid("html")
	case len(m.Headers) > maxHeaders:
		return invalid("headers")
	}
	seen := make(map[string]bool, len(m.Headers))
	for _, h := range m.Headers {
		name := strings.ToLower(h.Name)
		if seen[name] || !validHeaderName(name) || h.Value == "" || !validLine(h.Value) {
			return invalid("header")
		}
		seen[name] = true
	}
	return nil
}

func invalid(field string) error {
	return &SendError{Class: Permanent, Detail: "invalid " + field, Err: fmt.Errorf("check mail: %s cannot be sent", field)}
}

// validID accepts what is safe in a file name and in a provider's metadata.
func validID(id string) bool {
	if id == "" || len(id) > maxID {
		return false
	}
	for _, c := range []byte(id) {
		if !isAlphanumeric(c) && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

func isAlphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// validMessageID accepts local@domain in the characters that every mail server
// leaves alone.
func validMessageID(id string) bool {
	local, domain, ok := strings.Cut(id, "@")
	if !ok || local == "" || domain == "" || len(id) > 250 {
		return false
	}
	for _, c := range []byte(local + domain) {
		if !isAlphanumeric(c) && !strings.ContainsRune("-_.+", rune(c)) {
			return false
		}
	}
	return true
}

// valid accepts plain ASCII addresses without comments, quoting or address
// literals: those that every provider reads the same way.
func (a Address) valid() bool {
	if a.Email == "" || len(a.Email) > 254 || strings.ContainsAny(a.Email, " \t\"<>()[],;:\\") {
		return false
	}
	for _, c := range []byte(a.Email) {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	got, err := mail.ParseAddress(a.Email)
	return err == nil && got.Address == a.Email && got.Name == "" && (a.Name == "" || validLine(a.Name))
}

// validLine accepts one line of text. "=?" opens an encoded word: text that
// carries one itself would be read as something that nobody checked.
func validLine(s string) bool {
	return len(s) <= maxHeaderValue && utf8.ValidString(s) && strings.IndexFunc(s, unicode.IsControl) < 0 &&
		!strings.ContainsAny(s, "\u2028\u2029") && !strings.Contains(s, "=?")
}

func validBody(s string) bool {
	return len(s) <= maxBody && utf8.ValidString(s) && !strings.ContainsRune(s, 0)
}

// validHeaderName takes a lower-case name. What the mail's own fields, the
// provider or the servers on the way write is not for Headers to write.
func validHeaderName(name string) bool {
	if name == "" || len(name) > 76 {
		return false
	}
	for _, c := range []byte(name) {
		if !isAlphanumeric(c) && c != '-' {
			return false
		}
	}
	switch name {
	case "from", "to", "cc", "bcc", "sender", "reply-to", "subject", "date", "message-id", "mime-version",
		"return-path", "received", "dkim-signature":
		return false
	}
	for _, prefix := range []string{"content-", "resent-", "arc-", "x-sg-", "x-smtpapi"} {
		if strings.HasPrefix(name, prefix) {
			return false
		}
	}
	return true
}
