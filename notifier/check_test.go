package notifier

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func sound() Mail {
	return Mail{
		ID: "abc234", Attempt: 1, Lane: Care, MessageID: "abc234@mooring.test", Date: time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC),
		From:    Address{"Harbour Clinic", "care@harbour.test"},
		ReplyTo: Address{"", "desk@harbour.test"},
		To:      Address{"Zoë O'Neil", "zoe+mail@example.test"},
		Subject: "We kept a place for you ☀", Text: "Hello\n", HTML: "<p>Hello</p>",
		Headers: []Header{{"List-Unsubscribe", "<https://harbour.test/u/x>"}},
	}
}

func TestCheck(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*Mail)
		detail string
	}{
		{"sound", func(*Mail) {}, ""},
		{"no html", func(m *Mail) { m.HTML = "" }, ""},
		{"no reply-to", func(m *Mail) { m.ReplyTo = Address{} }, ""},
		{"no id", func(m *Mail) { m.ID = "" }, "invalid id"},
		{"path in id", func(m *Mail) { m.ID = "../x" }, "invalid id"},
		{"attempt 0", func(m *Mail) { m.Attempt = 0 }, "invalid attempt"},
		{"no date", func(m *Mail) { m.Date = time.Time{} }, "invalid date"},
		{"message id with bracket", func(m *Mail) { m.MessageID = "a@b>" }, "invalid message id"},
		{"message id twice @", func(m *Mail) { m.MessageID = "a@b@c" }, "invalid message id"},
		{"message id with line break", func(m *Mail) { m.MessageID = "a@b\r\nBcc: x" }, "invalid message id"},
		{"from with name inside", func(m *Mail) { m.From.Email = "A <a@b.test>" }, "invalid from"},
		{"from name with line break", func(m *Mail) { m.From.Name = "A\nBcc: x@y.test" }, "invalid from"},
		{"to empty", func(m *Mail) { m.To.Email = "" }, "invalid to"},
		{"to two", func(m *Mail) { m.To.Email = "a@b.test,c@d.test" }, "invalid to"},
		{"to line break", func(m *Mail) { m.To.Email = "a@b.test\r\nRCPT TO:<c@d.test>" }, "invalid to"},
		{"to not ascii", func(m *Mail) { m.To.Email = "zoë@b.test" }, "invalid to"},
		{"to without domain", func(m *Mail) { m.To.Email = "zoe" }, "invalid to"},
		{"to literal", func(m *Mail) { m.To.Email = "zoe@[127.0.0.1]" }, "invalid to"},
		{"reply-to name alone", func(m *Mail) { m.ReplyTo = Address{Name: "Desk"} }, "invalid reply-to"},
		{"subject blank", func(m *Mail) { m.Subject = " " }, "invalid subject"},
		{"subject CR", func(m *Mail) { m.Subject = "a\rb" }, "invalid subject"},
		{"subject LF", func(m *Mail) { m.Subject = "a\nb" }, "invalid subject"},
		{"subject NEL", func(m *Mail) { m.Subject = "a\u0085b" }, "invalid subject"},
		{"subject line separator", func(m *Mail) { m.Subject = "a\u2028b" }, "invalid subject"},
		{"subject encoded word", func(m *Mail) { m.Subject = "=?utf-8?q?x?=" }, "invalid subject"},
		{"subject not utf-8", func(m *Mail) { m.Subject = "a\xff" }, "invalid subject"},
		{"subject long", func(m *Mail) { m.Subject = strings.Repeat("a", 901) }, "invalid subject"},
		{"text empty", func(m *Mail) { m.Text = "" }, "invalid text"},
		{"text NUL", func(m *Mail) { m.Text = "a\x00" }, "invalid text"},
		{"html long", func(m *Mail) { m.HTML = strings.Repeat("a", maxBody+1) }, "invalid html"},
		{"header value", func(m *Mail) { m.Headers[0].Value = "a\r\nBcc: x@y.test" }, "invalid header"},
		{"header name", func(m *Mail) { m.Headers[0].Name = "X\r\nBcc" }, "invalid header"},
		{"header of ours", func(m *Mail) { m.Headers[0].Name = "BCC" }, "invalid header"},
		{"header of MIME", func(m *Mail) { m.Headers[0].Name = "Content-Type" }, "invalid header"},
		{"header of the provider", func(m *Mail) { m.Headers[0].Name = "X-SG-EID" }, "invalid header"},
		{"header twice", func(m *Mail) { m.Headers = append(m.Headers, Header{"list-unsubscribe", "x"}) }, "invalid header"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := sound()
			tc.change(&m)
			err := m.Check()
			if tc.detail == "" {
				if err != nil {
					t.Fatalf("got %v, want a sound mail", err)
				}
				return
			}
			var se *SendError
			if !errors.As(err, &se) || se.Class != Permanent || se.Detail != tc.detail {
				t.Fatalf("got %v, want permanent %q", err, tc.detail)
			}
		})
	}
}
