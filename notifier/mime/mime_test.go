package mime

import (
	"bytes"
	"errors"
	"io"
	stdmime "mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mooring-care/mooring/notifier"
)

func sound() notifier.Mail {
	return notifier.Mail{
		ID: "abc234", Attempt: 1, Lane: notifier.Care, MessageID: "abc234@mooring.test",
		Date:    time.Date(2026, 5, 4, 9, 0, 0, 0, time.FixedZone("", 2*3600)),
		From:    notifier.Address{Name: "Harbour Clinic", Email: "care@harbour.test"},
		ReplyTo: notifier.Address{Email: "desk@harbour.test"},
		To:      notifier.Address{Name: "Zoë O'Neil", Email: "zoe@example.test"},
		Subject: "We kept a place for you ☀", Text: "Hello Zoë\n.\nBye\n", HTML: "<p>Hello Zoë</p>\n",
		Headers: []notifier.Header{
			{Name: "List-Unsubscribe", Value: "<https://harbour.test/u/" + strings.Repeat("x", 120) + ">"},
			{Name: "List-Unsubscribe-Post", Value: "List-Unsubscribe=One-Click"},
		},
	}
}

func read(t interface{ Fatal(...any) }, b []byte) (*netmail.Message, string) {
	m, err := netmail.ReadMessage(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(m.Body)
	if err != nil {
		t.Fatal(err)
	}
	return m, string(body)
}

func TestCompose(t *testing.T) {
	b, err := Bytes(sound())
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(bytes.ReplaceAll(b, []byte("\r\n"), nil), []byte("\n")) {
		t.Error("a bare LF was written")
	}
	m, body := read(t, b)
	dec := new(stdmime.WordDecoder)
	subject, err := dec.DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{"Subject": subject}
	for name := range m.Header {
		if len(m.Header[name]) != 1 {
			t.Errorf("%s was written %d times", name, len(m.Header[name]))
		}
		if name != "Subject" && name != "Content-Type" {
			got[name] = m.Header.Get(name)
		}
	}
	want := map[string]string{
		"Subject": "We kept a place for you ☀", "Mime-Version": "1.0", "Message-Id": "<abc234@mooring.test>",
		"Date": "Mon, 04 May 2026 09:00:00 +0200", "From": `"Harbour Clinic" <care@harbour.test>`,
		"Reply-To": "<desk@harbour.test>", "To": "=?utf-8?b?Wm/DqyBPJ05laWw=?= <zoe@example.test>",
		"List-Unsubscribe":      "<https://harbour.test/u/" + strings.Repeat("x", 120) + ">",
		"List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("headers differ (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{
		"text/plain; charset=UTF-8", "Hello Zoë\r\n.\r\nBye\r\n",
		"text/html; charset=UTF-8", "<p>Hello Zoë</p>\r\n",
	}, parts(t, m, body)); d != "" {
		t.Errorf("parts differ (-want +got):\n%s", d)
	}
}

func TestComposeTextAlone(t *testing.T) {
	in := sound()
	in.HTML, in.ReplyTo = "", notifier.Address{}
	b, err := Bytes(in)
	if err != nil {
		t.Fatal(err)
	}
	m, _ := read(t, b)
	if got := m.Header.Get("Content-Type"); got != "text/plain; charset=UTF-8" {
		t.Errorf("content type %q", got)
	}
	if got, ok := m.Header["Reply-To"]; ok {
		t.Errorf("reply-to %q, want none", got)
	}
}

// A name's backslash, encoded as it is, would make the header unreadable.
func TestComposeBackslashInAName(t *testing.T) {
	for name, want := range map[string]string{`é\`: "é", `Zoë \ O'Neil`: "Zoë O'Neil", `a\b`: "a b"} {
		in := sound()
		in.To.Name = name
		b, err := Bytes(in)
		if err != nil {
			t.Fatal(err)
		}
		m, _ := read(t, b)
		if to, err := m.Header.AddressList("To"); err != nil || len(to) != 1 || to[0].Name != want || to[0].Address != in.To.Email {
			t.Errorf("%s: to %v (%v), want %s", name, to, err, want)
		}
	}
}

func parts(t *testing.T, m *netmail.Message, body string) []string {
	t.Helper()
	_, params, err := stdmime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for r := multipart.NewReader(strings.NewReader(body), params["boundary"]); ; {
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p.Header.Get("Content-Type"), string(text))
	}
}

// Whatever stands in a mail's fields, what is written has the headers that were
// asked for and no other.
func TestNoHeaderInjection(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		nasty := rapid.StringOfN(rapid.SampledFrom([]rune("aZ é☀\r\n\t:;,<>@\"\\()=?_\x00\u2028\u0085")), 1, 40, -1)
		m := sound()
		m.Subject = nasty.Draw(rt, "subject")
		m.To.Name = nasty.Draw(rt, "name")
		m.Headers = []notifier.Header{{Name: "X-Trial", Value: nasty.Draw(rt, "value")}}
		if rapid.Bool().Draw(rt, "address too") {
			m.To.Email = nasty.Draw(rt, "address")
		}
		b, err := Bytes(m)
		if err != nil {
			if se := notifier.Classify(err); se.Class != notifier.Permanent {
				rt.Fatalf("refused as %v, want permanent", se.Class)
			}
			return
		}
		got, _ := read(rt, b)
		want := "Content-Type Date From Message-Id Mime-Version Reply-To Subject To X-Trial"
		for name := range strings.FieldsSeq(want) {
			if len(got.Header[name]) != 1 {
				rt.Fatalf("%s was written %d times", name, len(got.Header[name]))
			}
		}
		if len(got.Header) != 9 {
			rt.Fatalf("wrote %d headers, want 9: %v", len(got.Header), got.Header)
		}
		to, err := got.Header.AddressList("To")
		if err != nil || len(to) != 1 || to[0].Address != m.To.Email {
			rt.Fatalf("to %v (%v), want %q alone", to, err, m.To.Email)
		}
	})
}

// TestLeavingReadsTheBytes: what is looked at is what the bytes say, decoded, and an
// error keeps the mail here.
func TestLeavingReadsTheBytes(t *testing.T) {
	m := notifier.Mail{
		ID: "m1", Attempt: 1, Lane: notifier.Care, MessageID: "m1@mooring.test", Date: time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC),
		From: notifier.Address{Name: "Clínica del Río", Email: "care@harbour.test"}, ReplyTo: notifier.Address{Name: "Recepción", Email: "desk@harbour.test"}, To: notifier.Address{Email: "zoe@example.test"},
		Subject: "Un mensaje  para usted, con una línea que es larga: mañana también habrá sol en la ciudad ☀", Text: "¿Cómo está?\n", HTML: "<p>¿Cómo está?</p>\n",
		Headers: []notifier.Header{{Name: "List-Unsubscribe", Value: "<https://harbour.test/u/x>"}, {Name: "X-Word", Value: "für"}},
		Origin:  notifier.Origin{Clinic: "quay", Language: "es"},
	}
	var seen notifier.Mail
	data, err := Leaving(m, func(left notifier.Mail) error { seen = left; return nil })
	if err != nil || len(data) == 0 {
		t.Fatal(err)
	}
	want := m
	want.Subject = strings.Join(strings.Fields(m.Subject), " ")
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("looked at another mail (-want +got):\n%s", diff)
	}
	if _, err := Leaving(m, func(notifier.Mail) error { return notifier.Held("blame") }); err == nil {
		t.Error("a mail that is held leaves")
	}
	if data, err := Leaving(m, nil); err != nil || len(data) == 0 {
		t.Errorf("without a look: %v", err)
	}
	if err := notifier.Unread(m, errors.New("no mail")); err == nil {
		t.Error("a care mail that nobody can read leaves")
	}
	m.Lane = notifier.Safety
	if err := notifier.Unread(m, errors.New("no mail")); err != nil {
		t.Errorf("a safety mail that nobody can read stays: %v", err)
	}
}
