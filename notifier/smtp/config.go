// Package smtp is the provider that hands a mail to the clinic's own mail
// server.
//
// It owns one SMTP conversation per mail and what its end means. It must never
// know wording.
package smtp

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/mooring-care/mooring/notifier"
)

// Security says how the connection is protected.
type Security string

const (
	// Required begins in the clear and goes on only after STARTTLS; port 587.
	Required Security = "required"
	// Implicit speaks TLS from the first byte; port 465.
	Implicit Security = "implicit"
	// Plain never encrypts. It is for a server on this very machine and refused
	// for any other; port 25.
	Plain Security = "plain"
)

// Password is a secret that prints as a fixed word. string(p) is the secret.
type Password string

const hidden = "[hidden]"

// Format hides the secret from every verb of fmt.
func (Password) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(hidden)) }

// LogValue hides the secret from slog.
func (Password) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText hides the secret from JSON and YAML.
func (Password) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Config is the way to a mail server.
type Config struct {
	Host string
	Port int // 0 is the usual port of TLS
	// Username is "" for a server that asks for none.
	Username string
	Password Password
	TLS      Security // "" is Required
	// Timeout bounds one whole mail, from dialling to the last reply; 0 is 10 s.
	Timeout time.Duration
	// Hello is the name we greet with; "" is the domain of the mail's From, which
	// gives away no machine's name.
	Hello string
	// RootCAs are the authorities to trust; nil is the system's.
	RootCAs *x509.CertPool
	// Inspect looks at each mail before it leaves; nil looks at nothing.
	Inspect notifier.Inspect
}

// Mailer sends by SMTP. It may be used by many goroutines: it keeps nothing
// between mails but TLS tickets.
type Mailer struct {
	cfg Config // without the password
	// password is a function because fmt prints what unexported fields hold
	// without asking their types.
	password func() string
	tls      *tls.Config
	dial     func(network string, timeout time.Duration, addr string) (net.Conn, error)
}

var _ notifier.Provider = (*Mailer)(nil)

// New checks cfg and reaches no server.
func New(cfg Config) (*Mailer, error) {
	if cfg.TLS == "" {
		cfg.TLS = Required
	}
	if cfg.Port == 0 {
		cfg.Port = map[Security]int{Required: 587, Implicit: 465, Plain: 25}[cfg.TLS]
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 10 * time.Second
	}
	switch {
	case cfg.Host == "" || strings.ContainsAny(cfg.Host, " \t\r\n/@"):
		return nil, errors.New("set up smtp: the host must be a name or an address")
	case cfg.Port < 1 || cfg.Port > 65535:
		return nil, errors.New("set up smtp: the port must be between 1 and 65535")
	case cfg.Timeout < 0:
		return nil, errors.New("set up smtp: the timeout must be above 0")
	case cfg.TLS != Required && cfg.TLS != Implicit && cfg.TLS != Plain:
		return nil, errors.New("set up smtp: tls must be required, implicit or plain")
	case cfg.TLS == Plain && !loopback(cfg.Host):
		return nil, errors.New("set up smtp: plain is for a server on this machine (localhost) alone")
	case (cfg.Username == "") != (cfg.Password == ""):
		return nil, errors.New("set up smtp: username and password go together")
	case strings.ContainsAny(cfg.Username+string(cfg.Password), "\r\n\x00"):
		return nil, errors.New("set up smtp: username and password must be one line each")
	case strings.ContainsAny(cfg.Hello, " \t\r\n"):
		return nil, errors.New("set up smtp: the greeting name must be one word")
	}
	password := string(cfg.Password)
	cfg.Password = ""
	return &Mailer{
		cfg: cfg, password: func() string { return password },
		tls: &tls.Config{
			ServerName: cfg.Host, RootCAs: cfg.RootCAs, MinVersion: tls.VersionTLS12,
			ClientSessionCache: tls.NewLRUClientSessionCache(8),
		},
	}, nil
}

func (m *Mailer) addr() string { return net.JoinHostPort(m.cfg.Host, strconv.Itoa(m.cfg.Port)) }

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
