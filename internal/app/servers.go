package app

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/mooring-care/mooring/events/ingress"
	"github.com/mooring-care/mooring/internal/web"
	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/notifier/mailbox"
	"github.com/mooring-care/mooring/notifier/sendgrid"
	"github.com/mooring-care/mooring/notifier/smtp"
	"github.com/mooring-care/mooring/notifier/webhook"
)

// newNotifier makes the mailer and the stages around it.
func (a *App) newNotifier() error {
	if a.provider == nil {
		var err error
		if a.provider, a.mailbox, err = newProvider(&a.cfg, a.inspect()); err != nil {
			return err
		}
	}
	if a.mailed != nil {
		a.provider = hooked{a.provider, a.mailed}
	}
	channels, err := a.newChannels()
	if err != nil {
		return err
	}
	if a.provider, err = notifier.NewReach(notifier.ReachConfig{Mail: a.provider, Channels: channels, Logger: a.log, Observe: a.metrics.paged, Pause: pause}); err != nil {
		return err
	}
	a.notify, err = notifier.New(notifier.Config{
		Provider: between(a.between.Provider, a.provider),
		Ledger:   between(a.between.Ledger, notifier.Ledger(a.store.Ledger())),
		Renderer: &renderer{clinics: a.clinics, runner: a.runner, keys: a.secrets.linkKeys, publicURL: a.publicURL(), clock: a.clock},
		Looker:   between(a.between.Looker, notifier.Looker(&looker{a.clinics, a.store, a.runner, a.clock})),
		Reporter: between(a.between.Reporter, notifier.Reporter(reporter{a.store, a.clock})),
		Limiter:  newLimiter(a.cfg.MailRate),
		Now:      a.clock.Now,
		Pause:    pause,
		Logger:   a.log,
		Speed:    a.clock.Speed,
		Observe:  a.metrics.sent,
	})
	return err
}

// hooked tells of every mail that its provider took.
type hooked struct {
	notifier.Provider
	took func(notifier.Mail)
}

// Send sends, then tells.
func (h hooked) Send(ctx context.Context, m notifier.Mail) (notifier.Receipt, error) {
	r, err := h.Provider.Send(ctx, m)
	if err == nil {
		h.took(m)
	}
	return r, err
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// newProvider is the way that the configuration names for mail, with a last look at
// what leaves by it. The mailbox is nil where mail leaves this machine.
func newProvider(cfg *Config, inspect notifier.Inspect) (notifier.Provider, *mailbox.Mailbox, error) {
	switch cfg.Mailer {
	case "smtp":
		security := map[string]smtp.Security{"required": smtp.Required, "implicit": smtp.Implicit, "none": smtp.Plain}[cfg.SMTPTLS]
		p, err := smtp.New(smtp.Config{
			Host: cfg.SMTPHost, Port: cfg.SMTPPort, Username: cfg.SMTPUsername,
			Password: smtp.Password(cfg.SMTPPassword), TLS: security, Inspect: inspect,
		})
		if err != nil {
			return nil, nil, fmt.Errorf("set up the smtp mailer (MOORING_SMTP_…): %w", err)
		}
		return p, nil, nil
	case "sendgrid":
		p, err := sendgrid.New(sendgrid.Config{APIKey: sendgrid.APIKey(cfg.SendGridKey), BaseURL: cfg.SendGridURL, Inspect: inspect})
		if err != nil {
			return nil, nil, fmt.Errorf("set up the sendgrid mailer: %w", err)
		}
		return p, nil, nil
	default:
		dir := cfg.Mailbox
		if dir == "" {
			dir = cfg.Data + "/mailbox"
		}
		box, err := mailbox.New(dir, time.Now)
		if err != nil {
			return nil, nil, &ConfigError{"MOORING_MAILBOX", "cannot be used: " + err.Error()}
		}
		box.Inspect = inspect
		return box, box, nil
	}
}

// channelNames are the ways beside mail on which this program can reach people, as
// clinic.yaml calls them.
func channelNames() []string { return []string{webhook.Name} }

// newChannels makes those that are set up, and sees that nobody is to be reached on
// another.
func (a *App) newChannels() (map[string]notifier.Channel, error) {
	channels := map[string]notifier.Channel{}
	if a.cfg.WebhookURL != "" {
		c, err := webhook.New(webhook.Config{URL: string(a.cfg.WebhookURL), Token: string(a.cfg.WebhookToken)})
		if err != nil {
			return nil, &ConfigError{"MOORING_WEBHOOK_URL", err.Error()}
		}
		channels[webhook.Name] = c
	}
	for _, id := range a.clinics.ids() {
		for _, p := range a.clinics.byID[id].current.Staff.People {
			for name := range p.Reach {
				if channels[name] == nil && a.cfg.Mailer != "mailbox" {
					return nil, &ConfigError{"MOORING_WEBHOOK_URL", "must be set: in clinic " + id + " somebody is reached by " + name}
				}
			}
		}
	}
	return channels, nil
}

func (a *App) publicURL() string {
	if a.cfg.PublicURL != "" {
		return strings.TrimRight(a.cfg.PublicURL, "/")
	}
	return "http://" + Loopback(a.Addr("MOORING_HTTP"))
}

func (a *App) staffURL() string {
	if a.cfg.StaffURL != "" {
		return strings.TrimRight(a.cfg.StaffURL, "/")
	}
	return "http://" + Loopback(a.Addr("MOORING_STAFF_HTTP"))
}

// newServers makes the three listeners' handlers.
func (a *App) newServers() error {
	hashes := ingress.TokenHashes{}
	for clinic, token := range a.secrets.eventTokens {
		hashes[clinic] = append(hashes[clinic], ingress.HashToken(token))
	}
	door := between(a.between.Door, ingress.Publisher(a.store.Publisher()))
	v := &views{&a.reader}
	public, err := web.NewPublic(web.PublicConfig{
		Keys: a.secrets.linkKeys, Directory: v, Escalations: v, Clients: v, Acts: &acts{a}, ClientActs: &acts{a}, ClientChoices: &acts{a},
		TaskCases: v, Tasks: &acts{a}, Care: &acts{a}, NoteCases: v, Sights: a.looks,
		PublicURL: a.publicURL(), Now: a.clock.Now, Log: a.log,
		Events: ingress.NewHTTP(ingress.HTTPConfig{Tokens: hashes, Publisher: door, Log: a.log}),
	})
	if err != nil {
		return err
	}
	zone := time.UTC
	if ids := a.clinics.ids(); len(ids) > 0 {
		zone = v.zone(ids[0])
	}
	staff, err := web.NewStaff(web.StaffConfig{
		Keys: a.secrets.linkKeys, Overview: v, Mails: &mails{a.mailbox}, Tasks: &acts{a}, Care: &acts{a}, Pauses: &acts{a}, Sights: a.looks, Zone: zone,
		StaffURL: a.staffURL(), Notice: a.notice(), Now: a.clock.Now, Log: a.log, Once: a.store.Once(),
	})
	if err != nil {
		return err
	}
	ops := http.NewServeMux()
	ops.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "alive") })
	ops.HandleFunc("GET /readyz", a.ready)
	ops.Handle("GET /metrics", promhttp.HandlerFor(a.metrics.registry, promhttp.HandlerOpts{
		// What can be told is told when something else cannot: alarms read it.
		ErrorHandling: promhttp.ContinueOnError,
	}))
	a.public, a.staff, a.ops = server(public), server(staff), server(ops)
	return nil
}

func (a *App) notice() string {
	if a.cfg.Clinics == "" {
		return "This is the sample clinic. Nobody in it exists, and no mail leaves this machine."
	}
	return ""
}

// server bounds what a slow or hostile client can hold.
func server(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
	}
}

// ready makes a real round trip through the stream. A program that is stopping,
// or does not know yet what is open, should not be sent to.
func (a *App) ready(w http.ResponseWriter, r *http.Request) {
	if a.stopping.Load() {
		answer(w, http.StatusServiceUnavailable, "stopping")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := a.store.Ping(ctx); err != nil {
		a.log.Warn("not ready", "error", err)
		answer(w, http.StatusServiceUnavailable, "the stream does not answer")
		return
	}
	if !a.index.Ready() {
		answer(w, http.StatusServiceUnavailable, "still reading what is open")
		return
	}
	answer(w, http.StatusOK, "ready")
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "{\"status\":%q}\n", text)
}

// Banner tells whoever started the program where its doors are.
func (a *App) Banner() string {
	var b strings.Builder
	line := func(label, value string) { fmt.Fprintf(&b, "  %-14s %s\n", label, value) }
	if a.cfg.Clinics == "" {
		b.WriteString("\n  *** SAMPLE CLINIC: nobody in it exists, and no mail leaves this machine. ***\n  *** Set MOORING_CLINICS to serve a real one.                             ***\n")
	}
	b.WriteString("\n")
	line("Staff pages", a.SignInLink())
	line("", "(the link works once; mooring signin makes another)")
	line("Public pages", a.publicURL())
	line("Operations", "http://"+Loopback(a.Addr("MOORING_OPS_HTTP"))+"/healthz /readyz /metrics")
	if url := a.EventsURL(); url != "" {
		line("Events", url)
	} else {
		line("Events", "events.<clinic>.<kind> on the server of NATS_URL")
	}
	for _, clinic := range a.clinics.ids() {
		if a.EventToken(clinic) != "" && a.cfg.EventTokens == "" {
			line("", "or POST "+a.publicURL()+"/v1/clinics/"+clinic+"/events")
			line("", "   with the token in "+filepath.Join(a.cfg.Data, "keys", "event-token-"+clinic))
		}
	}
	if a.mailbox != nil {
		line("Mailbox", a.mailbox.Dir()+" (no mail leaves this machine)")
	}
	b.WriteString("\n")
	return b.String()
}
