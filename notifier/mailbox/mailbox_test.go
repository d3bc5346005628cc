package mailbox

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/notifier/mime"
)

var at = time.Date(2026, 5, 4, 9, 0, 0, 5, time.UTC)

func frozen() time.Time { return at.In(time.FixedZone("", 3600)) }

func sound() notifier.Mail {
	return notifier.Mail{
		ID: "abc234", Attempt: 1, Lane: notifier.Care, MessageID: "abc234@mooring.test", Date: at.Truncate(time.Second),
		From:    notifier.Address{Name: "Harbour Clinic", Email: "care@harbour.test"},
		ReplyTo: notifier.Address{Email: "desk@harbour.test"},
		To:      notifier.Address{Name: "Zoë O'Neil", Email: "zoe@example.test"},
		Subject: "We kept a place for you ☀", Text: "Hello Zoë,\n.\n=20 a b\n", HTML: "<p>Hello Zoë</p>\n",
		Headers: []notifier.Header{{Name: "List-Unsubscribe", Value: "<https://harbour.test/u/x>"}},
	}
}

func open(tb testing.TB) *Mailbox {
	tb.Helper()
	b, err := New(filepath.Join(tb.TempDir(), "a", "mailbox"), frozen)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func files(t *testing.T, b *Mailbox) []string {
	t.Helper()
	all, err := os.ReadDir(b.Dir())
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, e := range all {
		out = append(out, e.Name())
	}
	return out
}

func TestSendAndRead(t *testing.T) {
	b := open(t)
	r, err := b.Send(t.Context(), sound())
	if err != nil {
		t.Fatal(err)
	}
	const name = "20260504T090000.000000005Z-abc234-1.eml"
	if d := cmp.Diff(notifier.Receipt{ProviderID: name}, r); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{name}, files(t, b)); d != "" {
		t.Error(d)
	}
	info, err := os.Stat(filepath.Join(b.Dir(), name))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600: the file holds a person's mail", info.Mode())
	}
	got, err := b.Read(name)
	if err != nil {
		t.Fatal(err)
	}
	m := sound()
	if !got.Date.Equal(m.Date) {
		t.Errorf("date %v, want %v", got.Date, m.Date)
	}
	names := ""
	for _, h := range got.Headers {
		names += h.Name + " "
	}
	if want := "Content-Type Date From List-Unsubscribe Message-Id Mime-Version Reply-To Subject To "; names != want {
		t.Errorf("headers %q, want %q", names, want)
	}
	got.Date, got.Headers = time.Time{}, nil
	want := Parsed{
		From: m.From, To: m.To, ReplyTo: m.ReplyTo, MessageID: m.MessageID, Subject: m.Subject,
		Text: m.Text, HTML: m.HTML,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("read back (-want +got):\n%s", d)
	}
}

func TestNeverOverwritten(t *testing.T) {
	for name, link := range map[string]func(string, string) error{"link": place, "reserve": reserve} {
		t.Run(name, func(t *testing.T) {
			b := open(t)
			b.link = link
			var texts []string
			for i := range 3 {
				m := sound()
				m.Text = fmt.Sprintf("mail %d\n", i)
				r, err := b.Send(t.Context(), m)
				if err != nil {
					t.Fatal(err)
				}
				got, err := b.Read(r.ProviderID)
				if err != nil {
					t.Fatal(err)
				}
				texts = append(texts, got.Text)
			}
			if d := cmp.Diff([]string{
				"20260504T090000.000000005Z-abc234-1.eml",
				"20260504T090000.000000006Z-abc234-1.eml",
				"20260504T090000.000000007Z-abc234-1.eml",
			}, files(t, b)); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff([]string{"mail 0\n", "mail 1\n", "mail 2\n"}, texts); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestSendAtOnce(t *testing.T) {
	b := open(t)
	const n = 40
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			m := sound()
			m.Attempt = 1 + i%2
			if _, err := b.Send(t.Context(), m); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	all, err := b.List(0)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != n || len(files(t, b)) != n {
		t.Errorf("%d mails in %d files, want %d", len(all), len(files(t, b)), n)
	}
	for _, e := range all {
		if _, err := b.Read(e.Name); err != nil {
			t.Errorf("%s: %v", e.Name, err)
		}
	}
}

func TestFailures(t *testing.T) {
	broken := errors.New("broken")
	for _, tc := range []struct {
		name   string
		gone   bool // the caller has given up
		change func(*Mailbox, *notifier.Mail)
		class  notifier.Class
		detail string
		mails  int
	}{
		{"bad address", false, func(_ *Mailbox, m *notifier.Mail) { m.To.Email = "x" }, notifier.Permanent, "invalid to", 0},
		{"header injection", false, func(_ *Mailbox, m *notifier.Mail) { m.Subject = "a\r\nBcc: x@y.test" }, notifier.Permanent, "invalid subject", 0},
		{"id with a path", false, func(_ *Mailbox, m *notifier.Mail) { m.ID = "../../x" }, notifier.Permanent, "invalid id", 0},
		{"folder gone", false, func(b *Mailbox, _ *notifier.Mail) { b.dir += "-gone" }, notifier.RetryAfter, "mailbox write", 0},
		{"cancelled", true, func(*Mailbox, *notifier.Mail) {}, notifier.RetryAfter, "mailbox cancelled", 0},
		{"no name given", false, func(b *Mailbox, _ *notifier.Mail) {
			b.link = func(string, string) error { return broken }
		}, notifier.RetryAfter, "mailbox name", 0},
		{"every name taken", false, func(b *Mailbox, _ *notifier.Mail) {
			b.link = func(string, string) error { return fs.ErrExist }
		}, notifier.RetryAfter, "mailbox name", 0},
		{"not flushed", false, func(b *Mailbox, _ *notifier.Mail) {
			b.syncDir = func(string) error { return broken }
		}, notifier.Ambiguous, "mailbox sync", 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b, m := open(t), sound()
			dir := b.dir
			tc.change(b, &m)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if tc.gone {
				cancel()
			}
			_, err := b.Send(ctx, m)
			se := notifier.Classify(err)
			if err == nil || se.Class != tc.class || se.Detail != tc.detail {
				t.Fatalf("got %v, want %s (%s)", err, tc.detail, tc.class)
			}
			b.dir = dir
			if got := files(t, b); len(got) != tc.mails {
				t.Errorf("left %v, want %d mails and nothing else", got, tc.mails)
			}
		})
	}
}

func TestList(t *testing.T) {
	b := open(t)
	now := at
	b.clock = func() time.Time { now = now.Add(time.Second); return now }
	for i := range 3 {
		m := sound()
		m.Attempt = i + 1
		if _, err := b.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	for _, stray := range []string{"notes.txt", ".unfinished-x", "20260504T090000.000000005Z-a-0.eml"} {
		if err := os.WriteFile(filepath.Join(b.Dir(), stray), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := b.List(2)
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		if got[i].Size < 200 {
			t.Errorf("%s has %d octets", got[i].Name, got[i].Size)
		}
		got[i].Size = 0
	}
	if d := cmp.Diff([]Entry{
		{Name: "20260504T090003.000000005Z-abc234-3.eml", Time: at.Add(3 * time.Second), MessageID: "abc234", Attempt: 3},
		{Name: "20260504T090002.000000005Z-abc234-2.eml", Time: at.Add(2 * time.Second), MessageID: "abc234", Attempt: 2},
	}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if all, err := b.List(0); err != nil || len(all) != 3 {
		t.Errorf("all: %d mails (%v), want 3", len(all), err)
	}
}

func TestReadStaysInside(t *testing.T) {
	b := open(t)
	secret := filepath.Join(filepath.Dir(b.Dir()), "secret")
	if err := os.WriteFile(secret, []byte("Subject: secret\r\n\r\nx"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"", ".", "..", "../secret", secret, "x.eml", "20260504T090000.000000005Z-../../secret-1.eml",
		"20260504T090000.000000005Z-a\x00-1.eml", "20260504T090000.000000005Z-a-01.eml", "20260504T090000.000000005Z--1.eml",
		"20260504T250000.000000005Z-a-1.eml",
	} {
		if _, err := b.Read(name); !errors.Is(err, ErrName) {
			t.Errorf("%q: %v, want ErrName", name, err)
		}
	}
	const planted = "20260504T090000.000000005Z-a-1.eml"
	if _, err := b.Read(planted); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v, want fs.ErrNotExist", err)
	}
	if err := os.Symlink(secret, filepath.Join(b.Dir(), planted)); err != nil {
		t.Fatal(err)
	}
	if got, err := b.Read(planted); err == nil {
		t.Errorf("a link led out of the folder, to %q", got.Subject)
	}
	if list, err := b.List(0); err != nil || len(list) != 0 {
		t.Errorf("listed %v (%v), want nothing: a link is no mail", list, err)
	}
}

func TestNewSweeps(t *testing.T) {
	b := open(t)
	old, young := filepath.Join(b.Dir(), tempPrefix+"old"), filepath.Join(b.Dir(), tempPrefix+"young")
	for _, p := range []string{old, young} {
		if err := os.WriteFile(p, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	past := time.Now().Add(-2 * time.Hour)
	if err := os.Chtimes(old, past, past); err != nil {
		t.Fatal(err)
	}
	if _, err := New(b.Dir(), frozen); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{tempPrefix + "young"}, files(t, b)); d != "" {
		t.Error(d)
	}
}

func FuzzRead(f *testing.F) {
	b := open(f)
	r, err := b.Send(f.Context(), sound())
	if err != nil {
		f.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(b.Dir(), r.ProviderID))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add([]byte("Subject: =?utf-8?q?x?=\r\n\r\nHello"))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--\n--a--\n"))
	f.Add([]byte("Content-Transfer-Encoding: base64\n\n!!"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := mime.Parse(strings.NewReader(string(data)))
		if err != nil {
			if d := cmp.Diff(Parsed{}, p); d != "" {
				t.Errorf("an error came with a mail:\n%s", d)
			}
			return
		}
		if len(p.Text) > 12<<20 || len(p.HTML) > 12<<20 {
			t.Error("read more than the bound")
		}
		for _, s := range []string{p.Subject, p.Text, p.HTML, p.From.Name, p.To.Email, p.MessageID} {
			if s != strings.ToValidUTF8(s, "") {
				t.Errorf("%q is not UTF-8", s)
			}
		}
	})
}

func FuzzName(f *testing.F) {
	f.Add("20260504T090000.000000005Z-abc-2-1.eml")
	f.Add("../x")
	f.Fuzz(func(t *testing.T, name string) {
		e, ok := ParseName(name)
		if !ok {
			return
		}
		if again := fmt.Sprintf("%s-%s-%d.eml", e.Time.Format(stamp), e.MessageID, e.Attempt); again != name {
			t.Errorf("%q reads as %q", name, again)
		}
		if name != filepath.Base(name) || !filepath.IsLocal(name) {
			t.Errorf("%q is more than a name", name)
		}
	})
}

func BenchmarkSend(b *testing.B) {
	box := open(b)
	box.clock = time.Now
	for b.Loop() {
		if _, err := box.Send(b.Context(), sound()); err != nil {
			b.Fatal(err)
		}
	}
}
