package app

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/kelseyhightower/envconfig"

	"github.com/mooring-care/mooring/events"
)

// Secret is a value that is never printed.
type Secret string

// String hides the value.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "(set)"
}

// GoString hides the value.
func (s Secret) GoString() string { return s.String() }

// LogValue hides the value.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Config is the program's whole configuration, read from the environment.
type Config struct {
	Data    string `envconfig:"MOORING_DATA" default:"./mooring-data" desc:"folder for streams, keys and the mailbox"`
	Clinics string `envconfig:"MOORING_CLINICS" desc:"folder of clinic folders; unset: the embedded sample clinic, allowed with the mailbox mailer only"`
	Retired string `envconfig:"MOORING_RETIRED_CLINICS" desc:"ids, with commas between, of clinics that closed for good: their folder may be gone, and no mail goes to their clients any more"`

	HTTP      string `envconfig:"MOORING_HTTP" default:"127.0.0.1:8080" desc:"address of the public pages, hooks and event door"`
	StaffHTTP string `envconfig:"MOORING_STAFF_HTTP" default:"127.0.0.1:8081" desc:"address of the staff pages"`
	OpsHTTP   string `envconfig:"MOORING_OPS_HTTP" default:"127.0.0.1:8082" desc:"address of /healthz, /readyz and /metrics"`
	PublicURL string `envconfig:"MOORING_PUBLIC_URL" desc:"how clients and staff reach MOORING_HTTP from outside; unset: http:// and its address"`
	StaffURL  string `envconfig:"MOORING_STAFF_URL" desc:"how staff reach MOORING_STAFF_HTTP; unset: http:// and its address"`

	NATSListen   string `envconfig:"MOORING_NATS_LISTEN" default:"127.0.0.1:4222" desc:"address of the embedded NATS server's client port, which has no TLS: for this machine, a private network or a tunnel"`
	NATSPassword Secret `envconfig:"MOORING_NATS_PASSWORD" desc:"password of its user events; unset: made, kept in the data folder and printed"`
	NATSURL      string `envconfig:"NATS_URL" desc:"an external NATS server, 2.14 or newer, instead of the embedded one"`
	NATSCreds    string `envconfig:"NATS_CREDS" desc:"credentials file for the external server"`
	Replicas     int    `envconfig:"MOORING_NATS_REPLICAS" default:"0" desc:"replicas of each stream on an external server; 0: 3 in a cluster, else 1"`

	StoreSync    string `envconfig:"MOORING_STORE_SYNC" default:"always" desc:"always: the embedded server flushes every write before it acknowledges; interval: every two minutes"`
	StoreKey     Secret `envconfig:"MOORING_STORE_KEY" desc:"encrypts the embedded server's streams at rest"`
	StoreKeyOld  Secret `envconfig:"MOORING_STORE_KEY_OLD" desc:"the store key before this one, while it is being replaced"`
	StoreKeyFile string `envconfig:"MOORING_STORE_KEY_FILE" desc:"file outside the data folder that holds the store key, instead of MOORING_STORE_KEY"`
	ClientKey    Secret `envconfig:"MOORING_CLIENT_KEY" desc:"base64 of 32 bytes that client keys derive from; never changes; unset and embedded: made and kept"`
	LinkKeys     Secret `envconfig:"MOORING_LINK_KEYS" desc:"id:base64 pairs that sign links, newest first; unset and embedded: made and kept"`
	EventTokens  Secret `envconfig:"MOORING_EVENT_TOKENS" desc:"clinic:token pairs for the HTTP event door; unset and embedded: made and kept"`

	Mailer       string  `envconfig:"MOORING_MAILER" default:"mailbox" desc:"mailbox (nothing leaves this machine), smtp or sendgrid"`
	Mailbox      string  `envconfig:"MOORING_MAILBOX" desc:"folder of the mailbox mailer; unset: mailbox in the data folder"`
	MailRate     float64 `envconfig:"MOORING_MAIL_RATE" default:"0" desc:"most mails a second to clients; 0: no limit of our own"`
	SendGridKey  Secret  `envconfig:"SENDGRID_API_KEY" desc:"for the sendgrid mailer"`
	SendGridURL  string  `envconfig:"MOORING_SENDGRID_URL" default:"https://api.sendgrid.com" desc:"another address of the SendGrid API, for a local server"`
	SMTPHost     string  `envconfig:"MOORING_SMTP_HOST" desc:"for the smtp mailer"`
	SMTPPort     int     `envconfig:"MOORING_SMTP_PORT" default:"0" desc:"0: 587, or 465 with implicit TLS"`
	SMTPUsername string  `envconfig:"MOORING_SMTP_USERNAME" desc:"unset: no authentication"`
	SMTPPassword Secret  `envconfig:"MOORING_SMTP_PASSWORD" desc:"for MOORING_SMTP_USERNAME"`
	SMTPTLS      string  `envconfig:"MOORING_SMTP_TLS" default:"required" desc:"required (STARTTLS), implicit, or none (loopback only)"`

	WebhookURL   Secret `envconfig:"MOORING_WEBHOOK_URL" desc:"https address of a pager, or of a bridge to one, that is told of questions beside mail, for whom clinic.yaml says \"reach: {webhook: …}\""`
	WebhookToken Secret `envconfig:"MOORING_WEBHOOK_TOKEN" desc:"bearer token for MOORING_WEBHOOK_URL"`

	TimeSpeed float64 `envconfig:"MOORING_TIME_SPEED" default:"1" desc:"how fast the program's clock runs, 0 for a clock that stands still; anything but 1 with the mailbox mailer only"`
	TimeStart string  `envconfig:"MOORING_TIME_START" desc:"what the clock shows at the first start, RFC 3339; mailbox mailer only; unset: now"`

	PingURL Secret `envconfig:"MOORING_PING_URL" desc:"https address of an outside monitor that is told every 15 seconds that questions and tasks move, and at <address>/fail that they do not; it alarms when it hears nothing"`

	Log      string `envconfig:"MOORING_LOG" default:"text" desc:"text or json"`
	LogLevel string `envconfig:"MOORING_LOG_LEVEL" default:"info" desc:"debug, info, warn or error"`
}

// minStoreKey is the shortest store key taken, in characters.
const minStoreKey = 16

// ConfigError is one wrong variable.
type ConfigError struct {
	Variable string
	Problem  string
}

// Error is one line that names the variable.
func (e *ConfigError) Error() string { return e.Variable + ": " + e.Problem }

// ReadConfig reads the environment. Its error is a *ConfigError.
func ReadConfig() (Config, error) {
	c, err := readEnvironment()
	if err != nil {
		return c, err
	}
	return c, c.Check()
}

// ReadOperatorConfig is ReadConfig for commands beside a running program: what
// only the program itself needs may be absent.
func ReadOperatorConfig() (Config, error) { return readEnvironment() }

func readEnvironment() (Config, error) {
	var c Config
	if err := envconfig.Process("", &c); err != nil {
		if pe, ok := errors.AsType[*envconfig.ParseError](err); ok {
			return c, &ConfigError{pe.KeyName, "is not a " + pe.TypeName}
		}
		return c, &ConfigError{"environment", err.Error()}
	}
	return c, nil
}

// Check says what is wrong with a configuration, one variable at a time.
func (c *Config) Check() error {
	for _, a := range []struct{ name, value string }{
		{"MOORING_HTTP", c.HTTP}, {"MOORING_STAFF_HTTP", c.StaffHTTP}, {"MOORING_OPS_HTTP", c.OpsHTTP}, {"MOORING_NATS_LISTEN", c.NATSListen},
	} {
		if _, _, err := net.SplitHostPort(a.value); err != nil {
			return &ConfigError{a.name, "is not host:port, such as 127.0.0.1:8080"}
		}
	}
	for _, a := range []struct{ name, value string }{
		{"MOORING_PUBLIC_URL", c.PublicURL},
		{"MOORING_STAFF_URL", c.StaffURL},
		{"MOORING_SENDGRID_URL", c.SendGridURL},
		{"MOORING_PING_URL", string(c.PingURL)},
	} {
		if a.value == "" {
			continue
		}
		u, err := url.Parse(a.value)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			return &ConfigError{a.name, "is not a URL that begins with https:// or http://"}
		}
	}
	for _, a := range []struct {
		name, value string
		oneOf       []string
	}{
		{"MOORING_STORE_SYNC", c.StoreSync, []string{"always", "interval"}},
		{"MOORING_MAILER", c.Mailer, []string{"mailbox", "smtp", "sendgrid"}},
		{"MOORING_SMTP_TLS", c.SMTPTLS, []string{"required", "implicit", "none"}},
		{"MOORING_LOG", c.Log, []string{"text", "json"}},
		{"MOORING_LOG_LEVEL", c.LogLevel, []string{"debug", "info", "warn", "error"}},
	} {
		ok := false
		for _, v := range a.oneOf {
			ok = ok || v == a.value
		}
		if !ok {
			return &ConfigError{a.name, "is none of " + strings.Join(a.oneOf, ", ")}
		}
	}
	if !(c.TimeSpeed >= 0) || math.IsInf(c.TimeSpeed, 0) { // NaN is not greater either
		return &ConfigError{"MOORING_TIME_SPEED", "must be a number, 0 or greater"}
	}
	if n := len(c.StoreKey); n > 0 && n < minStoreKey {
		return &ConfigError{"MOORING_STORE_KEY", "is too short to protect anything; use at least 16 characters, made at random"}
	}
	if c.TimeStart != "" {
		if _, err := time.Parse(time.RFC3339, c.TimeStart); err != nil {
			return &ConfigError{"MOORING_TIME_START", "is not a time such as 2026-03-08T09:00:00-06:00"}
		}
	}
	if c.Mailer == "mailbox" && c.WebhookURL != "" {
		if u, err := url.Parse(string(c.WebhookURL)); err != nil || !isLoopback(u.Hostname()) {
			return &ConfigError{"MOORING_WEBHOOK_URL", "must be an address of this machine with MOORING_MAILER=mailbox: with it nothing leaves"}
		}
	}
	if c.Mailer != "mailbox" {
		for _, a := range []struct {
			name string
			set  bool
		}{
			{"MOORING_TIME_SPEED", c.TimeSpeed != 1}, {"MOORING_TIME_START", c.TimeStart != ""},
		} {
			if a.set {
				return &ConfigError{a.name, "only goes with MOORING_MAILER=mailbox: real people get no mail from a clock that is not theirs"}
			}
		}
		if c.Clinics == "" {
			return &ConfigError{"MOORING_CLINICS", "must be set: the sample clinic sends with the mailbox mailer only"}
		}
	}
	for id := range c.retired() {
		if !events.ValidClinic(id) {
			return &ConfigError{"MOORING_RETIRED_CLINICS", "is not a list of clinic ids with commas between"}
		}
	}
	if c.Mailer == "sendgrid" && c.SendGridKey == "" {
		return &ConfigError{"SENDGRID_API_KEY", "must be set for the sendgrid mailer"}
	}
	if c.Mailer == "smtp" && c.SMTPHost == "" {
		return &ConfigError{"MOORING_SMTP_HOST", "must be set for the smtp mailer"}
	}
	if c.mailLeaves() {
		for _, a := range []struct{ name, value string }{{"MOORING_PUBLIC_URL", c.PublicURL}, {"MOORING_STAFF_URL", c.StaffURL}} {
			u, _ := url.Parse(a.value) // checked above
			if a.value == "" || isLoopback(u.Hostname()) {
				return &ConfigError{a.name, "must be how people reach Mooring from outside, such as https://mooring.clinic.example: links in mail that leaves this machine begin with it"}
			}
		}
	}
	if !(c.MailRate >= 0) || math.IsInf(c.MailRate, 0) {
		return &ConfigError{"MOORING_MAIL_RATE", "must be a number, 0 or greater"}
	}
	if c.StoreKeyOld != "" && c.StoreKey == "" && c.StoreKeyFile == "" {
		return &ConfigError{"MOORING_STORE_KEY_OLD", "goes with MOORING_STORE_KEY: streams are never decrypted for good"}
	}
	if c.NATSURL != "" {
		for _, a := range []struct {
			name string
			set  bool
		}{
			{"MOORING_STORE_KEY", c.StoreKey != ""}, {"MOORING_STORE_KEY_FILE", c.StoreKeyFile != ""},
		} {
			if a.set {
				return &ConfigError{a.name, "only goes with the embedded server: an external one is given its key in its own configuration"}
			}
		}
		if c.ClientKey == "" {
			return &ConfigError{"MOORING_CLIENT_KEY", "must be set with an external server: all replicas share it"}
		}
		if c.LinkKeys == "" {
			return &ConfigError{"MOORING_LINK_KEYS", "must be set with an external server: all replicas share them"}
		}
	}
	return nil
}

// mailLeaves says whether mail goes to somebody who is not on this machine.
func (c *Config) mailLeaves() bool {
	switch c.Mailer {
	case "smtp":
		return !isLoopback(c.SMTPHost)
	case "sendgrid":
		u, _ := url.Parse(c.SendGridURL) // checked by Check
		return !isLoopback(u.Hostname())
	}
	return false
}

// isLoopback says whether a host is this machine itself, or no machine at all.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || (ip != nil && (ip.IsLoopback() || ip.IsUnspecified()))
}

// openToOthers says whether other machines may reach what listens on a
// host:port.
func openToOthers(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return true
	}
	return net.ParseIP(host).IsUnspecified() || !isLoopback(host)
}

// retired are the ids of MOORING_RETIRED_CLINICS.
func (c *Config) retired() map[string]bool {
	out := map[string]bool{}
	for id := range strings.SplitSeq(c.Retired, ",") {
		if id = strings.TrimSpace(id); id != "" {
			out[id] = true
		}
	}
	return out
}

// Usage lists every variable with type, default and meaning.
func Usage(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	const format = "{{range .}}{{usage_key .}}\t{{usage_type .}}\t{{usage_default .}}\t{{usage_description .}}\n{{end}}"
	if _, err := io.WriteString(tw, "VARIABLE\tTYPE\tDEFAULT\tMEANING\n"); err != nil {
		return fmt.Errorf("list the environment: %w", err)
	}
	if err := envconfig.Usagef("", &Config{}, tw, format); err != nil {
		return fmt.Errorf("list the environment: %w", err)
	}
	return tw.Flush()
}

// Logger is the program's log.
func (c *Config) Logger(w io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.LogLevel)) // checked by Check
	opts := &slog.HandlerOptions{Level: level}
	if c.Log == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}
