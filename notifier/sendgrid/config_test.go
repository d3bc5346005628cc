package sendgrid

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestWait(t *testing.T) {
	now := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	s := &Mailer{clock: func() time.Time { return now }}
	reset := func(d time.Duration) string { return fmt.Sprint(now.Add(d).Unix()) }
	for _, tc := range []struct {
		name         string
		after, reset string
		want         time.Duration
	}{
		{"none", "", "", 0},
		{"seconds", "7", "", 7 * time.Second},
		{"date", now.Add(9 * time.Second).Format(http.TimeFormat), "", 9 * time.Second},
		{"reset", "", reset(12 * time.Second), 12 * time.Second},
		{"both", "3", reset(12 * time.Second), 3 * time.Second},
		{"noise, then reset", "soon", reset(12 * time.Second), 12 * time.Second},
		{"past", now.Add(-time.Hour).Format(http.TimeFormat), reset(-time.Hour), 0},
		{"absurd", "99999999", "", maxWait},
		{"absurd reset", "", "9999999999999", maxWait},
		{"negative", "-5", "-5", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := http.Header{}
			h.Set("Retry-After", tc.after)
			h.Set("X-RateLimit-Reset", tc.reset)
			if got := s.wait(h); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func FuzzFields(f *testing.F) {
	f.Add([]byte(`{"errors":[{"field":"from.email","message":"zoe@example.test"},{"field":null}]}`))
	f.Add([]byte("<html>"))
	f.Add([]byte(`{"errors":[{"field":"zoe@example.test"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got := fields(body)
		if strings.ContainsAny(got, "@\r\n<>") || len(got) > 5*66 {
			t.Errorf("names %q", got)
		}
	})
}

func TestNew(t *testing.T) {
	for _, tc := range []struct {
		name string
		cfg  Config
		url  string // "": refused
	}{
		{"default", Config{APIKey: key}, "https://api.sendgrid.com/v3/mail/send"},
		{"EU", Config{APIKey: key, BaseURL: "https://api.eu.sendgrid.com/"}, "https://api.eu.sendgrid.com/v3/mail/send"},
		{"local", Config{APIKey: key, BaseURL: "http://127.0.0.1:1"}, "http://127.0.0.1:1/v3/mail/send"},
		{"no key", Config{}, ""},
		{"key in two lines", Config{APIKey: "a\nb"}, ""},
		{"http elsewhere", Config{APIKey: key, BaseURL: "http://mail.test"}, ""},
		{"password in URL", Config{APIKey: key, BaseURL: "https://u:s3cret@mail.test"}, ""},
		{"query", Config{APIKey: key, BaseURL: "https://mail.test?x=1"}, ""},
		{"no host", Config{APIKey: key, BaseURL: "mail.test"}, ""},
		{"timeout", Config{APIKey: key, Timeout: -1}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m, err := New(tc.cfg)
			if (err == nil) != (tc.url != "") || err == nil && m.url != tc.url {
				t.Fatalf("got %+v, %v", m, err)
			}
			if err != nil && strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the error shows a secret: %v", err)
			}
		})
	}
}

func TestKeyHides(t *testing.T) {
	cfg := Config{APIKey: key}
	m := to(t, "http://127.0.0.1:1", nil)
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&b, verb+verb+verb+"\n", cfg, cfg.APIKey, *m)
	}
	for _, h := range []slog.Handler{slog.NewJSONHandler(&b, nil), slog.NewTextHandler(&b, nil)} {
		slog.New(h).Info("x", "key", cfg.APIKey, "holder", struct{ K APIKey }{cfg.APIKey})
	}
	for _, part := range []string{"s3cret", "733363726574"} {
		if strings.Contains(b.String(), part) {
			t.Errorf("the key is shown:\n%s", b.String())
		}
	}
}

func BenchmarkSend(b *testing.B) {
	m := to(b, fake(b).URL(), nil)
	for b.Loop() {
		if _, err := m.Send(b.Context(), sound()); err != nil {
			b.Fatal(err)
		}
	}
}
