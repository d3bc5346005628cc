// Package sendgrid is the provider that hands a mail to SendGrid's v3 API.
//
// It owns the request, and what each answer and each silence means. It must
// never know wording.
package sendgrid

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/mooring-care/mooring/notifier"
)

// APIKey is a secret that prints as a fixed word. string(k) is the secret.
type APIKey string

const hidden = "[hidden]"

// Format hides the secret from every verb of fmt.
func (APIKey) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(hidden)) }

// LogValue hides the secret from slog.
func (APIKey) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText hides the secret from JSON and YAML.
func (APIKey) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Config is the way to SendGrid.
type Config struct {
	APIKey APIKey
	// BaseURL is "" for https://api.sendgrid.com. http is for this machine alone.
	BaseURL string
	// Client is nil for one made for this: HTTP/1.1, kept-alive connections,
	// time-outs. Of a Client that is given, redirects and cookies are turned off
	// in a copy. Its transport must speak HTTP/1.1 (an HTTP/2 request may be on
	// its way when it seems not to be) and must not retry.
	Client *http.Client
	// Timeout bounds one whole mail; 0 is 10 s.
	Timeout time.Duration
	// Clock turns X-RateLimit-Reset into a wait; nil is time.Now.
	Clock func() time.Time
	// Inspect looks at each mail before it leaves; nil looks at nothing.
	Inspect notifier.Inspect
}

const (
	defaultURL     = "https://api.sendgrid.com"
	path           = "/v3/mail/send"
	defaultTimeout = 10 * time.Second
)

// Mailer sends by SendGrid. It may be used by many goroutines.
type Mailer struct {
	// key is a function because fmt prints what unexported fields hold without
	// asking their types.
	key     func() string
	url     string
	client  *http.Client
	timeout time.Duration
	clock   func() time.Time
	inspect notifier.Inspect
}

var _ notifier.Provider = (*Mailer)(nil)

// New checks cfg and reaches no server.
func New(cfg Config) (*Mailer, error) {
	if cfg.APIKey == "" || strings.IndexFunc(string(cfg.APIKey), func(r rune) bool { return r <= ' ' || r > '~' }) >= 0 {
		return nil, errors.New("set up sendgrid: the API key must be one word")
	}
	if cfg.BaseURL == "" {
		cfg.BaseURL = defaultURL
	}
	u, err := url.Parse(strings.TrimSuffix(cfg.BaseURL, "/"))
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		// The URL is not repeated: it may hold a password.
		return nil, errors.New("set up sendgrid: the URL must be https://host")
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		return nil, errors.New("set up sendgrid: the URL must be https; http is for this machine (localhost) alone")
	}
	if cfg.Timeout < 0 {
		return nil, errors.New("set up sendgrid: the timeout must be above 0")
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = defaultTimeout
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	client := &http.Client{Transport: transport()}
	if cfg.Client != nil {
		given := *cfg.Client
		client = &given
	}
	client.Jar = nil
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	key := string(cfg.APIKey)
	return &Mailer{key: func() string { return key }, url: u.String() + path, client: client, timeout: cfg.Timeout, clock: cfg.Clock, inspect: cfg.Inspect}, nil
}

func transport() *http.Transport {
	// HTTP/1.1 alone: there a request that was not written to its end was not
	// taken, and the library never sends a second one by itself.
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	dialer := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		Protocols:              &protocols,
		TLSHandshakeTimeout:    5 * time.Second,
		ResponseHeaderTimeout:  9 * time.Second,
		MaxIdleConns:           32,
		MaxIdleConnsPerHost:    32,
		IdleConnTimeout:        30 * time.Second, // well before the other end gives up: a mail lost to a dying connection is ambiguous
		MaxResponseHeaderBytes: 64 << 10,
	}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
