package sendgrid

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mooring-care/mooring/internal/testkit/fakesendgrid"
	"github.com/mooring-care/mooring/notifier"
)

const key = "SG.s3cret-word"

func sound() notifier.Mail {
	return notifier.Mail{
		ID: "abc234", Attempt: 2, Lane: notifier.Care, MessageID: "abc234@mooring.test",
		Date:    time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC),
		From:    notifier.Address{Name: "Harbour Clinic", Email: "care@harbour.test"},
		ReplyTo: notifier.Address{Email: "desk@harbour.test"},
		To:      notifier.Address{Name: "Zoë", Email: "zoe@example.test"},
		Subject: "We kept a place for you ☀", Text: "Hello\n", HTML: "<p>Hello</p>\n",
		Headers: []notifier.Header{
			{Name: "List-Unsubscribe", Value: "<https://harbour.test/u/x>"},
			{Name: "X-Word", Value: "für"},
		},
	}
}

func fake(tb testing.TB, queue ...fakesendgrid.Fault) *fakesendgrid.Server {
	tb.Helper()
	s, err := fakesendgrid.Start(fakesendgrid.Config{Key: key})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	if err := s.Script(fakesendgrid.Script{Queue: queue, ResetIn: 60}); err != nil {
		tb.Fatal(err)
	}
	return s
}

func to(tb testing.TB, url string, change func(*Config)) *Mailer {
	tb.Helper()
	cfg := Config{APIKey: key, BaseURL: url}
	if change != nil {
		change(&cfg)
	}
	m, err := New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(m.client.CloseIdleConnections)
	return m
}

// Every way an answer can fail, and what is known after it. Below the table
// stands what may never be: a mail taken and called not taken.
func TestFaults(t *testing.T) {
	const (
		retry = notifier.RetryAfter
		never = notifier.Permanent
		open  = notifier.Ambiguous
	)
	short := func(c *Config) { c.Timeout = 150 * time.Millisecond }
	for _, tc := range []struct {
		fault    fakesendgrid.Fault
		change   func(*Config)
		class    notifier.Class
		provider bool
		after    time.Duration // 60 s less the second that Unix time cuts off
		detail   string
		cause    string
	}{
		{fakesendgrid.Bad, nil, never, false, 0, "http 400", "http 400: personalizations.0.to.0.email"},
		{fakesendgrid.BadKey, nil, retry, true, 5 * time.Minute, "http 401", "http 401"},
		{fakesendgrid.Forbidden, nil, retry, true, 5 * time.Minute, "http 403", "http 403: from"},
		{fakesendgrid.TooLarge, nil, never, false, 0, "http 413", "http 413"},
		{fakesendgrid.TooMany, nil, retry, false, time.Minute, "http 429", "http 429"},
		{fakesendgrid.Broken, nil, open, false, 0, "http 500", "http 500"},
		{fakesendgrid.TakenFail, nil, open, false, 0, "http 500", "http 500"},
		{fakesendgrid.BadGate, nil, open, false, 0, "http 502", "http 502"},
		{fakesendgrid.Away, nil, retry, false, 0, "http 503", "http 503"},
		{fakesendgrid.LateGate, nil, open, false, 0, "http 504", "http 504"},
		{fakesendgrid.OddOK, nil, open, false, 0, "http 200", "http 200"},
		{fakesendgrid.Redirect, nil, retry, true, 5 * time.Minute, "http 302", "http 302"},
		{fakesendgrid.CutBefore, nil, open, false, 0, "http answer cut", ""},
		{fakesendgrid.CutAfter, nil, open, false, 0, "http answer cut", ""},
		{fakesendgrid.Hang, short, open, false, 0, "http answer timed out", ""},
		{fakesendgrid.HangBlind, short, open, false, 0, "http answer timed out", ""},
		{fakesendgrid.BadKey, func(c *Config) { c.APIKey = "SG.other" }, retry, true, 5 * time.Minute, "http 401", "http 401"},
	} {
		t.Run(string(tc.fault), func(t *testing.T) {
			s := fake(t, tc.fault)
			_, err := to(t, s.URL(), tc.change).Send(t.Context(), sound())
			if err == nil {
				t.Fatal("sent")
			}
			se := notifier.Classify(err)
			if se.Class != tc.class || se.Provider != tc.provider || se.Detail != tc.detail {
				t.Errorf("got %q %s, provider %v; want %q %s, provider %v (%v)", se.Detail, se.Class, se.Provider, tc.detail, tc.class, tc.provider, se.Err)
			}
			if se.After > tc.after || se.After < tc.after-3*time.Second {
				t.Errorf("wait %v, want %v", se.After, tc.after)
			}
			if tc.cause != "" && se.Err.Error() != tc.cause {
				t.Errorf("cause %q, want %q", se.Err, tc.cause)
			}
			quiet(t, err)
			if taken := s.Received(); len(taken) > 0 && se.Class != notifier.Ambiguous || len(taken) > 1 {
				t.Errorf("taken %d times, and the class is %s", len(taken), se.Class)
			}
			if len(s.Requests()) > 1 {
				t.Errorf("%d requests for one attempt", len(s.Requests()))
			}
		})
	}
}

// quiet checks that nothing in an error's chain names a person or the key.
func quiet(t *testing.T, err error) {
	t.Helper()
	for ; err != nil; err = errors.Unwrap(err) {
		for _, secret := range []string{"zoe", "Zoë", "s3cret", "harbour", "place"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the error says too much: %q", err)
			}
		}
	}
}

// Statuses that the fake server does not play.
func TestStatuses(t *testing.T) {
	for status, want := range map[int]notifier.SendError{
		201: {Class: notifier.Ambiguous}, 204: {Class: notifier.Ambiguous}, 304: {Class: notifier.RetryAfter, Provider: true},
		402: {Class: notifier.RetryAfter, Provider: true}, 404: {Class: notifier.Permanent, Provider: true},
		405: {Class: notifier.Permanent, Provider: true}, 406: {Class: notifier.Permanent, Provider: true},
		408: {Class: notifier.RetryAfter}, 409: {Class: notifier.Permanent}, 415: {Class: notifier.Permanent, Provider: true},
		422: {Class: notifier.Permanent}, 425: {Class: notifier.RetryAfter}, 451: {Class: notifier.Permanent},
		501: {Class: notifier.Ambiguous}, 505: {Class: notifier.Ambiguous}, 520: {Class: notifier.Ambiguous}, 999: {Class: notifier.Ambiguous},
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
			t.Cleanup(s.Close)
			_, err := to(t, s.URL, nil).Send(t.Context(), sound())
			se := notifier.Classify(err)
			if err == nil || se.Class != want.Class || se.Provider != want.Provider || se.Detail != fmt.Sprintf("http %d", status) {
				t.Errorf("got %v, provider %v; want %s, provider %v", err, se.Provider, want.Class, want.Provider)
			}
		})
	}
}

func TestAccepted(t *testing.T) {
	for _, fault := range []fakesendgrid.Fault{fakesendgrid.Accept, fakesendgrid.LastOne, fakesendgrid.CutAnswer} {
		t.Run(string(fault), func(t *testing.T) {
			s := fake(t, fault)
			r, err := to(t, s.URL(), nil).Send(t.Context(), sound())
			if err != nil {
				t.Fatal(err)
			}
			if (fault != fakesendgrid.CutAnswer) != strings.HasPrefix(r.ProviderID, "fake") {
				t.Errorf("provider id %q", r.ProviderID)
			}
			if (fault == fakesendgrid.LastOne) != (r.Wait > 55*time.Second && r.Wait <= time.Minute) {
				t.Errorf("wait %v", r.Wait)
			}
			got := s.Received()
			if len(got) != 1 {
				t.Fatalf("taken %d times", len(got))
			}
			if got[0].Began.IsZero() || got[0].Began.After(got[0].Time) {
				t.Errorf("began at %v, taken at %v", got[0].Began, got[0].Time)
			}
			got[0].Time, got[0].Began = time.Time{}, time.Time{}
			if d := cmp.Diff(fakesendgrid.Entry{
				MID: "abc234", Attempt: "2", MessageID: "abc234@mooring.test", To: "zoe@example.test",
				Subject: "We kept a place for you ☀", Lane: "care", Status: 202, Fault: fault,
			}, got[0]); d != "" {
				t.Error(d)
			}
		})
	}
}

// What goes over the wire, field by field: nothing else may.
func TestNoIdentifiers(t *testing.T) {
	for _, lane := range []notifier.Lane{notifier.Care, notifier.Safety} {
		t.Run(string(lane), func(t *testing.T) {
			s := fake(t)
			m := sound()
			m.Lane = lane
			if _, err := to(t, s.URL(), nil).Send(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			req := s.Requests()[0]
			var got map[string]any
			if err := json.Unmarshal(req.Body, &got); err != nil {
				t.Fatal(err)
			}
			off := map[string]any{"enable": false}
			want := map[string]any{
				"from": map[string]any{"name": "Harbour Clinic", "email": "care@harbour.test"}, "reply_to": map[string]any{"email": "desk@harbour.test"},
				"subject": "We kept a place for you ☀",
				"personalizations": []any{map[string]any{
					"to": []any{map[string]any{"name": "Zoë", "email": "zoe@example.test"}},
				}},
				"content": []any{
					map[string]any{"type": "text/plain", "value": "Hello\n"},
					map[string]any{"type": "text/html", "value": "<p>Hello</p>\n"},
				},
				"headers": map[string]any{
					"Message-ID": "<abc234@mooring.test>", "List-Unsubscribe": "<https://harbour.test/u/x>", "X-Word": "=?utf-8?q?f=C3=BCr?=",
				},
				"custom_args": map[string]any{"mid": "abc234", "attempt": "2"},
				"tracking_settings": map[string]any{
					"click_tracking": map[string]any{"enable": false, "enable_text": false},
					"open_tracking":  off, "subscription_tracking": off, "ganalytics": off,
				},
			}
			if lane == notifier.Safety {
				want["mail_settings"] = map[string]any{"bypass_list_management": map[string]any{"enable": true}}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("the request differs (-want +got):\n%s", d)
			}
			req.Header.Del("Content-Length")
			req.Header.Del("Accept-Encoding")
			if d := cmp.Diff(http.Header{
				"Authorization": {"Bearer " + key}, "Content-Type": {"application/json"}, "Accept": {"application/json"}, "User-Agent": {"mooring"},
			}, req.Header); d != "" {
				t.Errorf("the request's headers differ (-want +got):\n%s", d)
			}
		})
	}
}

func TestRefusedUnsent(t *testing.T) {
	for name, change := range map[string]func(*notifier.Mail){
		"invalid to":         func(m *notifier.Mail) { m.To.Email = "zoe" },
		"invalid subject":    func(m *notifier.Mail) { m.Subject = "a\r\nBcc: x@y.test" },
		"invalid header":     func(m *notifier.Mail) { m.Headers[0].Value = "a\nb" },
		"invalid message id": func(m *notifier.Mail) { m.MessageID = "" },
	} {
		t.Run(name, func(t *testing.T) {
			s := fake(t)
			m := sound()
			change(&m)
			_, err := to(t, s.URL(), nil).Send(t.Context(), m)
			if se := notifier.Classify(err); err == nil || se.Class != notifier.Permanent || se.Detail != name {
				t.Errorf("got %v", err)
			}
			if len(s.Requests()) != 0 {
				t.Error("a request was made")
			}
		})
	}
}

func TestNotReached(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := "http://" + l.Addr().String()
	_ = l.Close()
	strange := httptest.NewTLSServer(http.NotFoundHandler())
	strange.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	t.Cleanup(strange.Close)
	for _, tc := range []struct {
		name, url string
		gone      bool // the caller has given up
		detail    string
	}{
		{"refused", dead, false, "http request failed"},
		{"certificate", strange.URL, false, "http request failed"},
		{"cancelled", dead, true, "http request cancelled"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if tc.gone {
				cancel()
			}
			_, err := to(t, tc.url, nil).Send(ctx, sound())
			if se := notifier.Classify(err); err == nil || se.Class != notifier.RetryAfter || se.Detail != tc.detail {
				t.Errorf("got %v", err)
			}
			quiet(t, err)
		})
	}
}

// A request that was cut off before its end was not taken.
func TestCutInsideTheRequest(t *testing.T) {
	for name, reset := range map[string]bool{"reset": true, "stall": false} {
		t.Run(name, func(t *testing.T) {
			url := raw(t, func(c *net.TCPConn, done <-chan struct{}) {
				_ = c.SetReadBuffer(4096)
				_, _ = c.Read(make([]byte, 1000))
				if reset {
					_ = c.SetLinger(0)
				} else {
					<-done
				}
			})
			m := sound()
			m.Text = strings.Repeat("0123456789abcdef\n", 60_000)
			mailer := to(t, url, func(c *Config) {
				c.Timeout = 300 * time.Millisecond
				c.Client = &http.Client{Transport: &http.Transport{
					DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
						conn, err := new(net.Dialer).DialContext(ctx, network, addr)
						if tc, ok := conn.(*net.TCPConn); ok {
							err = tc.SetWriteBuffer(4096)
						}
						return conn, err
					},
				}}
			})
			_, err := mailer.Send(t.Context(), m)
			want := map[bool]string{true: "http request failed", false: "http request timed out"}[reset]
			if se := notifier.Classify(err); err == nil || se.Class != notifier.RetryAfter || se.Detail != want {
				t.Errorf("got %v (%v), want %q", err, se.Err, want)
			}
		})
	}
}

// raw serves each connection by handle, and hangs up when it returns.
func raw(t *testing.T, handle func(c *net.TCPConn, done <-chan struct{})) string {
	t.Helper()
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.AcceptTCP()
			if err != nil {
				return
			}
			wg.Go(func() {
				handle(c, done)
				_ = c.Close()
			})
		}
	})
	t.Cleanup(func() {
		close(done)
		_ = l.Close()
		wg.Wait()
	})
	return "http://" + l.Addr().String()
}

// On a kept-alive connection that dies, the library would like to send again by
// itself. One attempt is one request, whatever happens.
func TestNeverSentTwice(t *testing.T) {
	for name, closing := range map[string]func(c *net.TCPConn){
		"orderly": func(*net.TCPConn) {},
		"reset":   func(c *net.TCPConn) { _ = c.SetLinger(0) },
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			seen := map[string]int{}
			conns := 0
			url := raw(t, func(c *net.TCPConn, _ <-chan struct{}) {
				mu.Lock()
				conns++
				mu.Unlock()
				// Answers the first request, reads the second and hangs up on it.
				r := newRequests(c)
				for i := range 2 {
					mid, ok := r.next()
					if !ok {
						return
					}
					mu.Lock()
					seen[mid]++
					mu.Unlock()
					if i == 0 {
						_, _ = c.Write([]byte("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"))
					}
				}
				closing(c)
			})
			m := to(t, url, nil)
			const n = 20
			for i := range n {
				mail := sound()
				mail.ID = fmt.Sprintf("m%02d", i)
				_, err := m.Send(t.Context(), mail)
				if i%2 == 0 {
					if err != nil {
						t.Fatalf("mail %d: %v", i, err)
					}
				} else if se := notifier.Classify(err); err == nil || se.Class != notifier.Ambiguous {
					t.Fatalf("mail %d: got %v, want ambiguous: the server read it whole", i, err)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			for mid, times := range seen {
				if times != 1 {
					t.Errorf("%s arrived %d times", mid, times)
				}
			}
			if len(seen) != n || conns != n/2 {
				t.Errorf("%d mails over %d connections, want %d over %d", len(seen), conns, n, n/2)
			}
		})
	}
}

func TestAtOnce(t *testing.T) {
	s := fake(t)
	if err := s.Script(fakesendgrid.Script{Seed: 1, Chances: map[fakesendgrid.Fault]float64{
		fakesendgrid.CutAfter: 0.1, fakesendgrid.CutBefore: 0.1, fakesendgrid.TakenFail: 0.1, fakesendgrid.Away: 0.1, fakesendgrid.TooMany: 0.1, fakesendgrid.Bad: 0.1,
	}}); err != nil {
		t.Fatal(err)
	}
	m := to(t, s.URL(), nil)
	const workers, each = 8, 25
	var mu sync.Mutex
	got := map[string]error{}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				mail := sound()
				mail.ID = fmt.Sprintf("w%d-%d", w, i)
				_, err := m.Send(t.Context(), mail)
				mu.Lock()
				got[mail.ID] = err
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	taken := map[string]int{}
	for _, e := range s.Received() {
		taken[e.MID]++
	}
	if len(taken) < workers*each/2 {
		t.Errorf("only %d of %d mails were taken", len(taken), workers*each)
	}
	for id, err := range got {
		class := notifier.Classify(err).Class
		switch {
		case taken[id] > 1:
			t.Errorf("%s was taken %d times", id, taken[id])
		case err == nil && taken[id] == 0:
			t.Errorf("%s was called taken and was not", id)
		case err != nil && class != notifier.Ambiguous && taken[id] != 0:
			t.Errorf("%s was called not taken (%v) and was", id, err)
		}
	}
}
