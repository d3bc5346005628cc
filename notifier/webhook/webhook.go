// Package webhook is the channel that hands a page to a service of the clinic's
// own choice: one JSON request, which an on-call service or a text message gateway
// takes as it is or through a small bridge.
//
// It owns the request and what each answer means. It must never know wording.
package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/mooring-care/mooring/notifier"
)

// Name is what clinic.yaml calls the channel.
const Name = "webhook"

// maxAnswer bounds what is read of an answer.
const maxAnswer = 64 << 10

// Config is the way to the service.
type Config struct {
	// URL takes the pages. http is for this machine alone.
	URL string
	// Token is sent as a bearer token; "" sends none.
	Token string
	// Timeout bounds one attempt; 0 is 2 s.
	Timeout time.Duration
}

// Channel sends pages.
type Channel struct {
	url, token string
	client     *http.Client
}

// New makes the channel. Its error names what is wrong with the URL, never the URL:
// it may hold a secret.
func New(c Config) (*Channel, error) {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http"):
		return nil, errors.New("is not an address such as https://pager.clinic.example/pages")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, errors.New("must begin with https: a page holds a link and its code")
	}
	if c.Timeout <= 0 {
		c.Timeout = 2 * time.Second
	}
	return &Channel{url: c.URL, token: c.Token, client: &http.Client{
		Timeout: c.Timeout,
		// A redirect could take the page anywhere; it is an answer like another.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// body is the request, all of it strings but attempt, which counts from 1.
type body struct {
	ID      string `json:"id"`
	Attempt int    `json:"attempt"`
	To      string `json:"to"`
	Title   string `json:"title"`
	Text    string `json:"text"`
	Link    string `json:"link"`
	Code    string `json:"code"`
}

// Send makes one request. Any 2xx is taken.
//
//	answer                                class
//	2xx                                   taken
//	401 403 404 408 425 429 503           retry-after
//	other 4xx, any redirect               permanent
//	other 5xx, silence                    ambiguous
//	no connection                         retry-after
func (c *Channel) Send(ctx context.Context, p notifier.Page) error {
	data, err := json.Marshal(body{ID: p.ID, Attempt: p.Attempt, To: p.To, Title: p.Title, Text: p.Text, Link: p.Link, Code: p.Code})
	if err != nil {
		return failed(notifier.Permanent, "json", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(data))
	if err != nil {
		return failed(notifier.Permanent, "http request", errors.New("the request cannot be made"))
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "mooring")
	req.Header.Set("Idempotency-Key", p.ID)
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return silence(err)
	}
	defer func() { _ = resp.Body.Close() }()
	// Read, so that the connection can be kept; what it says is not for our logs.
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer))
	return classify(resp.StatusCode)
}

func classify(code int) error {
	detail := "http " + strconv.Itoa(code)
	switch {
	case code/100 == 2:
		return nil
	case code == http.StatusUnauthorized, code == http.StatusForbidden, code == http.StatusNotFound,
		code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable:
		// The service or its key may be mended while the question is open.
		return failed(notifier.RetryAfter, detail, nil)
	case code/100 == 3, code/100 == 4:
		return failed(notifier.Permanent, detail, nil)
	}
	return failed(notifier.Ambiguous, detail, nil)
}

// silence classifies a request without an answer.
func silence(err error) error {
	// A url.Error repeats the URL, and says nothing more.
	if ue, ok := errors.AsType[*url.Error](err); ok {
		err = ue.Err
	}
	if oe, ok := errors.AsType[*net.OpError](err); ok && oe.Op == "dial" {
		return failed(notifier.RetryAfter, "http no connection", err)
	}
	return failed(notifier.Ambiguous, "http no answer", err)
}

func failed(class notifier.Class, detail string, err error) error {
	if err == nil {
		err = fmt.Errorf("the service answered %s", detail)
	}
	return &notifier.SendError{Class: class, Detail: detail, Err: err}
}
