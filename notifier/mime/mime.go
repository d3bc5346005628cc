// Package mime turns a mail into the bytes that leave: headers, and text and
// HTML as alternatives.
//
// It must never know wording, or how and where a mail is sent.
package mime

import (
	"bytes"
	"errors"
	"fmt"
	stdmime "mime"
	netmail "net/mail"
	"strings"

	"github.com/wneessen/go-mail"

	"github.com/mooring-care/mooring/notifier"
)

// Compose makes m's MIME message: multipart/alternative (text alone where
// there is no HTML), UTF-8 in quoted-printable, the Message-ID and Date that m
// carries. Runs of white space in subject and names become one space, since a
// folded header cannot keep them.
//
// Its error is a *notifier.SendError of class Permanent: the mail itself is at
// fault.
func Compose(m notifier.Mail) (*mail.Msg, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent(), mail.WithCharset(mail.CharsetUTF8), mail.WithEncoding(mail.EncodingQP))
	msg.FromMailAddress(address(m.From))
	msg.ToMailAddress(address(m.To))
	if m.ReplyTo.Email != "" {
		msg.ReplyToMailAddress(address(m.ReplyTo))
	}
	msg.Subject(oneSpace(m.Subject))
	msg.SetDateWithValue(m.Date)
	msg.SetMessageIDWithValue(m.MessageID)
	// Written as they are, on one line: some readers do not unfold an
	// unsubscribe link.
	for _, h := range m.Headers {
		msg.SetGenHeaderPreformatted(mail.Header(h.Name), encode(h.Value))
	}
	msg.SetBodyString(mail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(mail.TypeTextHTML, m.HTML)
	}
	return msg, nil
}

// Bytes is Compose, written out with CRLF line ends.
func Bytes(m notifier.Mail) ([]byte, error) {
	msg, err := Compose(m)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if _, err := msg.WriteTo(&b); err != nil {
		return nil, &notifier.SendError{Class: notifier.Permanent, Detail: "compose", Err: fmt.Errorf("compose mail: %w", err)}
	}
	if b.Len() == 0 {
		return nil, &notifier.SendError{Class: notifier.Permanent, Detail: "compose", Err: errors.New("compose mail: nothing was written")}
	}
	return b.Bytes(), nil
}

// Leaving is Bytes, looked at before they leave: inspect reads what they say, not what
// was meant. Its error, or that nobody could read the bytes, keeps a care mail back; a
// safety mail leaves all the same. A nil inspect looks at nothing.
func Leaving(m notifier.Mail, inspect notifier.Inspect) ([]byte, error) {
	data, err := Bytes(m)
	if err != nil || inspect == nil {
		return data, err
	}
	p, err := Parse(bytes.NewReader(data))
	if err != nil {
		return data, notifier.Unread(m, err)
	}
	left := m
	left.Subject, left.Text, left.HTML, left.From, left.ReplyTo = p.Subject, p.Text, p.HTML, p.From, p.ReplyTo
	left.Headers = nil
	for _, h := range p.Headers {
		switch h.Name {
		case "From", "To", "Reply-To", "Subject", "Date", "Message-Id", "Mime-Version", "Content-Type", "Content-Transfer-Encoding":
		default:
			left.Headers = append(left.Headers, h)
		}
	}
	return data, inspect(left)
}

// address leaves backslashes out of the name: in the encoded form of a name
// that is not ASCII the standard library writes them as they are, and then
// nobody can read the header.
func address(a notifier.Address) *netmail.Address {
	return &netmail.Address{Name: oneSpace(strings.ReplaceAll(a.Name, `\`, " ")), Address: a.Email}
}

func oneSpace(s string) string { return strings.Join(strings.Fields(s), " ") }

// encode leaves ASCII alone and folds the encoded words of anything else, each
// of which is at most 75 characters long.
func encode(v string) string {
	v = oneSpace(v)
	return strings.ReplaceAll(stdmime.QEncoding.Encode("utf-8", v), "?= =?", "?=\r\n =?")
}
