package webhook

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/notifier"
)

func page() notifier.Page {
	return notifier.Page{ID: "m1", Attempt: 2, Channel: Name, To: "amara", Title: "Urgent", Text: "Hello", Link: "https://x.example/e/t", Code: "ABCD"}
}

// The request holds what its documentation says, and the token.
func TestSend(t *testing.T) {
	t.Parallel()
	var got map[string]any
	var header http.Header
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header = r.Header
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(srv.Close)
	c, err := New(Config{URL: srv.URL + "/pages?key=s", Token: "tok"})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Send(t.Context(), page()); err != nil {
		t.Fatal(err)
	}
	for k, v := range map[string]any{"id": "m1", "attempt": 2.0, "to": "amara", "title": "Urgent", "text": "Hello", "link": "https://x.example/e/t", "code": "ABCD"} {
		if got[k] != v {
			t.Errorf("%s is %v, want %v", k, got[k], v)
		}
	}
	if len(got) != 7 || header.Get("Authorization") != "Bearer tok" || header.Get("Idempotency-Key") != "m1" || header.Get("Content-Type") != "application/json" {
		t.Errorf("the request: %v, %v", got, header)
	}
}

// Every answer, and every silence, has its class; none names the address.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]notifier.Class{
		301: notifier.Permanent, 307: notifier.Permanent, 400: notifier.Permanent, 410: notifier.Permanent, 413: notifier.Permanent,
		401: notifier.RetryAfter, 403: notifier.RetryAfter, 404: notifier.RetryAfter, 408: notifier.RetryAfter, 429: notifier.RetryAfter, 503: notifier.RetryAfter,
		500: notifier.Ambiguous, 502: notifier.Ambiguous, 504: notifier.Ambiguous,
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(code)
		}))
		c, err := New(Config{URL: srv.URL})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Send(t.Context(), page()); err == nil || notifier.Classify(err).Class != want {
			t.Errorf("%d: %v, want %s", code, err, want)
		}
		srv.Close()
	}
	hang := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	t.Cleanup(slow.Close)
	t.Cleanup(func() { close(hang) })
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := gone.Addr().String()
	_ = gone.Close()
	for url, want := range map[string]notifier.Class{slow.URL + "/secret": notifier.Ambiguous, "http://" + address + "/secret": notifier.RetryAfter} {
		c, err := New(Config{URL: url, Timeout: 50 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		err = c.Send(t.Context(), page())
		if err == nil || notifier.Classify(err).Class != want {
			t.Errorf("silence: %v, want %s", err, want)
		}
		for ; err != nil; err = errors.Unwrap(err) {
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the address is told: %v", err)
			}
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"": "is not an address", "pager": "is not an address", "ftp://x.example/": "is not an address", "https://": "is not an address",
		"http://pager.example/secret": "must begin with https",
	} {
		if _, err := New(Config{URL: url}); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v, want %q", url, err, want)
		}
	}
	for _, url := range []string{"https://pager.example/p", "http://127.0.0.1:9/p", "http://localhost:9"} {
		if _, err := New(Config{URL: url}); err != nil {
			t.Errorf("%q: %v", url, err)
		}
	}
}
