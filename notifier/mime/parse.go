package mime

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	stdmime "mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"slices"
	"strings"
	"time"

	"github.com/mooring-care/mooring/notifier"
)

// Bounds of what is read from one file: ours need depth 1 and two parts.
const (
	maxDepth = 4
	maxParts = 50
	maxText  = 4 << 20
)

// Parsed is a mail read back, decoded for people.
type Parsed struct {
	From, To, ReplyTo notifier.Address
	MessageID         string // without angle brackets
	Subject           string
	Date              time.Time // zero where the header is missing or wrong
	Text, HTML        string
	// Headers are all header lines, decoded, sorted by name.
	Headers []notifier.Header
}

// Parse reads one mail in MIME. It takes the first text/plain and the first
// text/html part, passes over what it does not know, and fails only where the
// header or the frame cannot be read. Bytes that are not UTF-8 become U+FFFD.
func Parse(r io.Reader) (Parsed, error) {
	m, err := netmail.ReadMessage(r)
	if err != nil {
		return Parsed{}, fmt.Errorf("read mail: %w", err)
	}
	p := Parsed{
		From:      firstAddress(m.Header, "From"),
		To:        firstAddress(m.Header, "To"),
		ReplyTo:   firstAddress(m.Header, "Reply-To"),
		MessageID: strings.Trim(decode(m.Header.Get("Message-Id")), "<> "),
		Subject:   decode(m.Header.Get("Subject")),
	}
	if at, err := m.Header.Date(); err == nil {
		p.Date = at
	}
	for name, values := range m.Header {
		for _, v := range values {
			p.Headers = append(p.Headers, notifier.Header{Name: clean(name), Value: decode(v)})
		}
	}
	slices.SortStableFunc(p.Headers, func(a, b notifier.Header) int { return strings.Compare(a.Name, b.Name) })

	s := scan{out: &p}
	if err := s.part(m.Header.Get, m.Body, 0); err != nil {
		return Parsed{}, fmt.Errorf("read mail: %w", err)
	}
	return p, nil
}

type scan struct {
	out        *Parsed
	parts      int
	text, html bool // such a part was seen
}

var errParts = errors.New("too many parts")

func (s *scan) part(header func(string) string, body io.Reader, depth int) error {
	if s.parts++; s.parts > maxParts {
		return errParts
	}
	kind, params, err := stdmime.ParseMediaType(header("Content-Type"))
	if err != nil {
		kind = "text/plain" // what RFC 2045 says of a missing type; a wrong one reads best so too
	}
	switch {
	case strings.HasPrefix(kind, "multipart/"):
		if depth == maxDepth || params["boundary"] == "" {
			return nil
		}
		return s.multipart(multipart.NewReader(body, params["boundary"]), depth+1)
	case kind == "text/plain" && !s.text:
		s.text = true
		s.out.Text, err = content(header("Content-Transfer-Encoding"), body)
	case kind == "text/html" && !s.html:
		s.html = true
		s.out.HTML, err = content(header("Content-Transfer-Encoding"), body)
	default:
		return nil
	}
	return err
}

func (s *scan) multipart(r *multipart.Reader, depth int) error {
	for {
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.part(p.Header.Get, p, depth); err != nil {
			return err
		}
	}
}

func content(encoding string, body io.Reader) (string, error) {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	b, err := io.ReadAll(io.LimitReader(body, maxText))
	if err != nil {
		return "", err
	}
	return strings.ReplaceAll(clean(string(b)), "\r\n", "\n"), nil
}

func firstAddress(h netmail.Header, name string) notifier.Address {
	list, err := h.AddressList(name)
	if err != nil || len(list) == 0 {
		return notifier.Address{}
	}
	return notifier.Address{Name: clean(list[0].Name), Email: clean(list[0].Address)}
}

func decode(v string) string {
	if out, err := new(stdmime.WordDecoder).DecodeHeader(v); err == nil {
		v = out
	}
	return clean(v)
}

func clean(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
