package smtp

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mooring-care/mooring/notifier"
)

func sound() notifier.Mail {
	return notifier.Mail{
		ID: "abc234", Attempt: 1, Lane: notifier.Care, MessageID: "abc234@mooring.test",
		Date:    time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC),
		From:    notifier.Address{Name: "Harbour Clinic", Email: "care@harbour.test"},
		ReplyTo: notifier.Address{Email: "desk@harbour.test"},
		To:      notifier.Address{Name: "Zoë", Email: "zoe@example.test"},
		Subject: "We kept a place for you ☀", Text: "Hello\n.\n..two\n", HTML: "<p>Hello</p>\n",
	}
}

func to(t *testing.T, s *server, change func(*Config)) *Mailer {
	t.Helper()
	cfg := Config{Host: s.host, Port: s.port, TLS: Plain, Timeout: 5 * time.Second}
	if change != nil {
		change(&cfg)
	}
	m, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestSend(t *testing.T) {
	s := &server{}
	s.start(t)
	r, err := to(t, s, nil).Send(t.Context(), sound())
	if err != nil || r != (notifier.Receipt{}) {
		t.Fatalf("got %v, %v", r, err)
	}
	if len(s.taken) != 1 || !strings.Contains(s.taken[0], "Message-ID: <abc234@mooring.test>\r\n") ||
		!strings.Contains(s.taken[0], "\r\nHello\r\n.\r\n..two\r\n") {
		t.Errorf("the server took %q", s.taken)
	}
}

// Every fault at every point, and what is known after it. Below the table
// stands what may never be: a mail taken and called not taken.
func TestFaults(t *testing.T) {
	cert, pool := certificate(t)
	_, strangers := certificate(t)
	large := strings.Repeat("0123456789abcdef\n", 60_000)
	type row struct {
		name     string
		s        *server
		change   func(*Config)
		mail     func(*notifier.Mail)
		class    notifier.Class
		provider bool
		detail   string
	}
	starttls := func(c *Config) { c.TLS, c.RootCAs = Required, pool }
	implicit := func(c *Config) { c.TLS, c.RootCAs = Implicit, pool }
	signIn := func(c *Config) { c.Username, c.Password = "mooring", "s3cret-word" }
	// Short, and long enough for a busy machine to get as far as the stall.
	short := func(c *Config) { c.Timeout = time.Second }
	secured := &tls.Config{Certificates: []tls.Certificate{cert}}
	const (
		retry = notifier.RetryAfter
		never = notifier.Permanent
		open  = notifier.Ambiguous
	)
	rows := []row{
		{"greeting 4xx", &server{greet: "421 4.3.2 busy"}, nil, nil, retry, false, "smtp 421 4.3.2"},
		{"greeting 5xx", &server{greet: "554 5.7.1 go away"}, nil, nil, retry, true, "smtp 554 5.7.1"},
		{"greeting cut", &server{greet: cut}, nil, nil, retry, false, "smtp greet cut"},
		{"greeting noise", &server{greet: "HTTP/1.1 400 Bad Request"}, nil, nil, retry, false, "smtp greet unreadable"},
		{"greeting stall", &server{greet: stall}, short, nil, retry, false, "smtp greet timed out"},
		{"greeting endless", &server{greet: strings.Repeat("220-x\r\n", 200_000) + "220 x"}, nil, nil, retry, false, "smtp greet unreadable"},
		{"ehlo 5xx", &server{ehlo: "550 5.7.1 no"}, nil, nil, retry, true, "smtp 550 5.7.1"},
		{"ehlo cut", &server{ehlo: cut}, nil, nil, retry, false, "smtp greet cut"},
		{"no starttls", &server{}, starttls, nil, retry, true, "smtp tls not offered"},
		{"starttls 4xx", &server{tls: secured, starttls: "454 4.7.0 later"}, starttls, nil, retry, false, "smtp 454 4.7.0"},
		{"starttls 5xx", &server{tls: secured, starttls: "554 5.7.0 no"}, starttls, nil, retry, true, "smtp 554 5.7.0"},
		{"starttls cut", &server{tls: secured, starttls: cut}, starttls, nil, retry, false, "smtp tls cut"},
		{"starttls stall", &server{tls: secured, starttls: stall}, func(c *Config) { starttls(c); short(c) }, nil, retry, false, "smtp tls timed out"},
		{"certificate", &server{tls: secured}, func(c *Config) { c.TLS, c.RootCAs = Required, strangers }, nil, retry, true, "smtp tls certificate"},
		{"implicit certificate", &server{tls: secured, implicit: true}, func(c *Config) { c.TLS, c.RootCAs = Implicit, strangers }, nil, retry, true, "smtp tls certificate"},
		{"implicit to a plain server", &server{}, implicit, nil, retry, false, "smtp tls unreadable"},
		{"auth not offered", &server{}, signIn, nil, retry, true, "smtp auth not offered"},
		{"auth 5xx", &server{mechs: "PLAIN", auth: "535 5.7.8 wrong for mooring"}, signIn, nil, retry, true, "smtp 535 5.7.8"},
		{"auth 4xx", &server{mechs: "PLAIN", auth: "454 4.7.0 later"}, signIn, nil, retry, true, "smtp 454 4.7.0"},
		{"auth cut", &server{mechs: "PLAIN", auth: cut}, signIn, nil, retry, false, "smtp auth cut"},
		{"mail 4xx", &server{mail: "451 4.3.0 later"}, nil, nil, retry, false, "smtp 451 4.3.0"},
		{"mail 5xx", &server{mail: "550 5.1.0 sender"}, nil, nil, retry, true, "smtp 550 5.1.0"},
		{"mail wants sign-in", &server{mail: "530 5.7.0 sign in"}, nil, nil, retry, true, "smtp 530 5.7.0"},
		{"mail cut", &server{mail: cut}, nil, nil, retry, false, "smtp mail cut"},
		{"mail stall", &server{mail: stall}, short, nil, retry, false, "smtp mail timed out"},
		{"rcpt 4xx greylisted", &server{rcpt: "450 4.2.0 greylisted"}, nil, nil, retry, false, "smtp 450 4.2.0"},
		{"rcpt 5xx unknown", &server{rcpt: "550 5.1.1 <zoe@example.test> unknown"}, nil, nil, never, false, "smtp 550 5.1.1"},
		{"rcpt cut", &server{rcpt: cut}, nil, nil, retry, false, "smtp rcpt cut"},
		{"rcpt stall", &server{rcpt: stall}, short, nil, retry, false, "smtp rcpt timed out"},
		{"data 4xx", &server{data: "451 later"}, nil, nil, retry, false, "smtp 451"},
		{"data 5xx", &server{data: "554 5.5.1 no"}, nil, nil, never, false, "smtp 554 5.5.1"},
		{"data cut", &server{data: cut}, nil, nil, retry, false, "smtp data cut"},
		{"data stall", &server{data: stall}, short, nil, retry, false, "smtp data timed out"},
		{"cut before the final dot", &server{partial: 1000}, nil, func(m *notifier.Mail) { m.Text = large }, retry, false, "smtp content cut"},
		{"final dot 4xx", &server{dot: "451 4.7.1 later"}, nil, nil, retry, false, "smtp 451 4.7.1"},
		{"final dot 5xx", &server{dot: "554 5.7.1 spam"}, nil, nil, never, false, "smtp 554 5.7.1"},
		{"final dot wants sign-in", &server{dot: "535 5.7.8 no"}, nil, nil, retry, true, "smtp 535 5.7.8"},
		{"cut after the final dot", &server{dot: cut}, nil, nil, open, false, "smtp end cut"},
		{"stall after the final dot", &server{dot: stall}, short, nil, open, false, "smtp end timed out"},
		{"noise after the final dot", &server{dot: "thanks"}, nil, nil, open, false, "smtp end unreadable"},
		{"3xx after the final dot", &server{dot: "354 more"}, nil, nil, open, false, "smtp 354"},
		{"cut after the final dot, TLS", &server{tls: secured, dot: cut}, starttls, nil, open, false, "smtp end cut"},
		{"cut before the final dot, TLS", &server{tls: secured, implicit: true, partial: 1000}, implicit, func(m *notifier.Mail) { m.Text = large }, retry, false, "smtp content cut"},
		{"bad address", &server{}, nil, func(m *notifier.Mail) { m.To.Email = "zoe@example.test>\r\nRCPT TO:<x@y.test" }, never, false, "invalid to"},
		{"bad header", &server{}, nil, func(m *notifier.Mail) { m.Subject = "a\nb" }, never, false, "invalid subject"},
	}
	for _, tc := range rows {
		t.Run(tc.name, func(t *testing.T) {
			tc.s.start(t)
			mailer := to(t, tc.s, tc.change)
			if tc.s.partial > 0 {
				mailer.dial = smallBuffers
			}
			m := sound()
			if tc.mail != nil {
				tc.mail(&m)
			}
			_, err := mailer.Send(t.Context(), m)
			if err == nil {
				t.Fatal("sent")
			}
			se := notifier.Classify(err)
			if se.Class != tc.class || se.Provider != tc.provider || se.Detail != tc.detail {
				t.Errorf("got %q %s, provider %v; want %q %s, provider %v (%v)", se.Detail, se.Class, se.Provider, tc.detail, tc.class, tc.provider, se.Err)
			}
			for e := err; e != nil; {
				if text := e.Error(); strings.Contains(text, "zoe") || strings.Contains(text, "s3cret") || strings.Contains(text, "mooring") {
					t.Errorf("the error names somebody: %q", text)
				}
				u, ok := e.(interface{ Unwrap() error })
				if !ok {
					break
				}
				e = u.Unwrap()
			}
			tc.s.mu.Lock()
			defer tc.s.mu.Unlock()
			if said := tc.s.dot; len(tc.s.taken) > 0 && (said == "" || said == cut || said == stall) && se.Class != notifier.Ambiguous {
				t.Errorf("the server has the mail, and the class is %s", se.Class)
			}
		})
	}
}

// smallBuffers keeps a large mail from fitting into the kernel, so that a
// reset really meets it half-way.
func smallBuffers(network string, timeout time.Duration, addr string) (net.Conn, error) {
	c, err := net.DialTimeout(network, addr, timeout)
	if err != nil {
		return nil, err
	}
	if tc, ok := c.(*net.TCPConn); ok {
		err = tc.SetWriteBuffer(4096)
	}
	return c, err
}

// A server that hangs up after its 250 has taken the mail.
func TestTakenIsTaken(t *testing.T) {
	for name, dot := range map[string]string{"250": "250 ok", "251": "251 forwarded", "many lines": "250-a\r\n250 b"} {
		t.Run(name, func(t *testing.T) {
			s := &server{dot: dot}
			s.start(t)
			if _, err := to(t, s, nil).Send(t.Context(), sound()); err != nil {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestNobodyThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		t.Fatal("not a TCP listener")
	}
	_ = l.Close()
	_, err = to(t, &server{host: "127.0.0.1", port: addr.Port}, nil).Send(t.Context(), sound())
	if se := notifier.Classify(err); se.Class != notifier.RetryAfter || se.Detail != "smtp connect failed" {
		t.Errorf("got %v", err)
	}
}

func TestCancelled(t *testing.T) {
	for _, tc := range []struct {
		name  string
		s     *server
		class notifier.Class
	}{
		{"before the mail", &server{mail: stall}, notifier.RetryAfter},
		{"after the final dot", &server{dot: stall}, notifier.Ambiguous},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.s.start(t)
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			_, err := to(t, tc.s, func(c *Config) { c.Timeout = time.Minute }).Send(ctx, sound())
			if se := notifier.Classify(err); err == nil || se.Class != tc.class {
				t.Errorf("got %v, want %s", err, tc.class)
			}
		})
	}
}

func TestSecured(t *testing.T) {
	cert, pool := certificate(t)
	for _, mode := range []Security{Required, Implicit} {
		for mechs, want := range map[string]string{
			"PLAIN LOGIN": "AUTH PLAIN AG1vb3JpbmcAczNjcmV0LXdvcmQ=",
			"":            "",
		} {
			t.Run(fmt.Sprintf("%s/%s", mode, mechs), func(t *testing.T) {
				s := &server{tls: &tls.Config{Certificates: []tls.Certificate{cert}}, implicit: mode == Implicit, mechs: mechs}
				s.start(t)
				m := to(t, s, func(c *Config) {
					c.TLS, c.RootCAs = mode, pool
					if mechs != "" {
						c.Username, c.Password = "mooring", "s3cret-word"
					}
				})
				for range 2 {
					if _, err := m.Send(t.Context(), sound()); err != nil {
						t.Fatal(err)
					}
				}
				if len(s.taken) != 2 {
					t.Errorf("took %d mails", len(s.taken))
				}
				for _, got := range s.login {
					if got != want {
						t.Errorf("signed in with %q", got)
					}
				}
			})
		}
	}
}

func TestAtOnce(t *testing.T) {
	s := &server{}
	s.start(t)
	m := to(t, s, nil)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			mail := sound()
			mail.MessageID = fmt.Sprintf("m%02d@mooring.test", i)
			if _, err := m.Send(t.Context(), mail); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	seen := map[string]bool{}
	for _, text := range s.taken {
		_, after, _ := strings.Cut(text, "Message-ID: <")
		id, _, _ := strings.Cut(after, ">")
		seen[id] = true
	}
	if len(s.taken) != 20 || len(seen) != 20 {
		t.Errorf("took %d mails, %d different", len(s.taken), len(seen))
	}
}

func TestNew(t *testing.T) {
	for _, tc := range []struct {
		name string
		cfg  Config
		port int // 0: refused
	}{
		{"required", Config{Host: "mail.test"}, 587},
		{"implicit", Config{Host: "mail.test", TLS: Implicit}, 465},
		{"plain here", Config{Host: "localhost", TLS: Plain}, 25},
		{"plain here, v6", Config{Host: "::1", TLS: Plain, Port: 1025}, 1025},
		{"plain elsewhere", Config{Host: "mail.test", TLS: Plain}, 0},
		{"plain elsewhere by address", Config{Host: "10.0.0.1", TLS: Plain}, 0},
		{"no host", Config{}, 0},
		{"host with port", Config{Host: "a b"}, 0},
		{"port", Config{Host: "mail.test", Port: 70000}, 0},
		{"mode", Config{Host: "mail.test", TLS: "opportunistic"}, 0},
		{"user alone", Config{Host: "mail.test", Username: "a"}, 0},
		{"two lines", Config{Host: "mail.test", Username: "a\r\nb", Password: "c"}, 0},
		{"hello", Config{Host: "mail.test", Hello: "a b"}, 0},
		{"timeout", Config{Host: "mail.test", Timeout: -1}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m, err := New(tc.cfg)
			if tc.port == 0 {
				if err == nil {
					t.Error("accepted")
				}
				return
			}
			if err != nil || m.cfg.Port != tc.port || m.cfg.Timeout != 10*time.Second {
				t.Errorf("got %+v, %v", m, err)
			}
		})
	}
}

func TestPasswordHides(t *testing.T) {
	cfg := Config{Host: "mail.test", Username: "u", Password: "s3cret-word"}
	m, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&b, verb+verb+verb+"\n", cfg, cfg.Password, *m)
	}
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "cfg", cfg, "password", cfg.Password)
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "cfg", cfg, "password", cfg.Password)
	j, err := json.Marshal(cfg.Password)
	if err != nil {
		t.Fatal(err)
	}
	b.Write(j)
	for _, part := range []string{"s3cret", "733363726574"} {
		if strings.Contains(b.String(), part) {
			t.Errorf("the password is shown:\n%s", b.String())
		}
	}
}

func TestEnhanced(t *testing.T) {
	got := map[string]string{}
	for _, w := range []string{"5.1.1", "4.7.999", "2.0.0", "5.1", "3.1.1", "5.1.1x", "zoe@x.y.z", "5..1", "", "245.1.1", "5.1.1234"} {
		got[w] = enhanced(w)
	}
	if d := cmp.Diff(map[string]string{
		"5.1.1": "5.1.1", "4.7.999": "4.7.999", "2.0.0": "2.0.0", "5.1": "", "3.1.1": "", "5.1.1x": "",
		"zoe@x.y.z": "", "5..1": "", "": "", "245.1.1": "", "5.1.1234": "",
	}, got); d != "" {
		t.Error(d)
	}
}
