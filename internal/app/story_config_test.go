package app

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	natsserver "github.com/nats-io/nats-server/v2/server"
)

// Each wrong variable stops the start with one line that names it.
func TestConfigErrors(t *testing.T) {
	clinics := clinicFolder(t, atOnce())
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	empty := t.TempDir()
	misnamed := t.TempDir()
	if err := os.Mkdir(filepath.Join(misnamed, "No Clinic"), 0o700); err != nil {
		t.Fatal(err)
	}
	taken := run(t, storyConfig(t))
	key := "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	data, keyDir, keys := t.TempDir(), t.TempDir(), map[string]string{"short": "tooshort\n", "blank": " \n", "whole": "0123456789abcdef0123456789abcdef\n"}
	for name, text := range keys {
		for _, dir := range []string{data, keyDir} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	linked, dangling := t.TempDir(), t.TempDir()
	if err := errors.Join(os.Symlink(data, filepath.Join(linked, "data")), os.Symlink("nowhere", filepath.Join(dangling, "quay"))); err != nil {
		t.Fatal(err)
	}
	smtp := []string{"MOORING_MAILER=smtp", "MOORING_SMTP_HOST=mail.example.org", "MOORING_CLINICS=" + clinics}
	grid := []string{"MOORING_MAILER=sendgrid", "SENDGRID_API_KEY=SG.invented", "MOORING_CLINICS=" + clinics}
	urls := []string{"MOORING_PUBLIC_URL=https://mooring.example.org", "MOORING_STAFF_URL=https://staff.example.org"}
	for _, c := range []struct {
		names string // the variable that the line must name
		env   []string
	}{
		{"MOORING_HTTP", []string{"MOORING_HTTP=8080"}},
		{"MOORING_STAFF_HTTP", []string{"MOORING_STAFF_HTTP=localhost"}},
		{"MOORING_OPS_HTTP", []string{"MOORING_OPS_HTTP="}},
		{"MOORING_NATS_LISTEN", []string{"MOORING_NATS_LISTEN=4222"}},
		{"MOORING_HTTP", []string{"MOORING_HTTP=" + taken.Addr("MOORING_HTTP")}},
		{"MOORING_OPS_HTTP", []string{"MOORING_OPS_HTTP=" + taken.Addr("MOORING_OPS_HTTP")}},
		{"MOORING_PUBLIC_URL", []string{"MOORING_PUBLIC_URL=clinic.example.org"}},
		{"MOORING_STAFF_URL", []string{"MOORING_STAFF_URL=ftp://clinic.example.org"}},
		{"MOORING_SENDGRID_URL", []string{"MOORING_SENDGRID_URL=sendgrid"}},
		{"MOORING_STORE_SYNC", []string{"MOORING_STORE_SYNC=sometimes"}},
		{"MOORING_STORE_KEY_FILE", []string{"MOORING_STORE_KEY_FILE=" + filepath.Join(empty, "none")}},
		{"MOORING_STORE_KEY_FILE", []string{"MOORING_STORE_KEY_FILE=" + filepath.Join(keyDir, "short")}},
		{"MOORING_STORE_KEY_FILE", []string{"MOORING_STORE_KEY_FILE=" + filepath.Join(keyDir, "blank")}},
		{"MOORING_STORE_KEY_FILE", []string{"MOORING_DATA=" + data, "MOORING_STORE_KEY_FILE=" + filepath.Join(data, "whole")}},
		{"MOORING_STORE_KEY_FILE", []string{"MOORING_DATA=" + filepath.Join(linked, "data"), "MOORING_STORE_KEY_FILE=" + filepath.Join(data, "whole")}},
		{"MOORING_STORE_KEY_FILE", []string{"NATS_URL=nats://127.0.0.1:1", "MOORING_STORE_KEY_FILE=" + filepath.Join(keyDir, "whole")}},
		{"MOORING_STORE_KEY", []string{"NATS_URL=nats://127.0.0.1:1", "MOORING_STORE_KEY=" + key}},
		{"MOORING_STORE_KEY_OLD", []string{"MOORING_STORE_KEY_OLD=" + key}},
		{"MOORING_MAILER", []string{"MOORING_MAILER=pigeon"}},
		{"MOORING_MAILBOX", []string{"MOORING_MAILBOX=" + filepath.Join(file, "mailbox")}},
		{"MOORING_MAIL_RATE", []string{"MOORING_MAIL_RATE=-1"}},
		{"MOORING_MAIL_RATE", []string{"MOORING_MAIL_RATE=fast"}},
		{"MOORING_SMTP_TLS", []string{"MOORING_SMTP_TLS=perhaps"}},
		{"MOORING_SMTP_PORT", []string{"MOORING_SMTP_PORT=smtp"}},
		{"MOORING_SMTP_HOST", []string{"MOORING_MAILER=smtp", "MOORING_CLINICS=" + clinics}},
		{"SENDGRID_API_KEY", []string{"MOORING_MAILER=sendgrid", "MOORING_CLINICS=" + clinics}},
		{"acknowledge_no_baa", slices.Concat(grid, urls)},
		{"MOORING_PUBLIC_URL", smtp},
		{"MOORING_PUBLIC_URL", grid},
		{"MOORING_PUBLIC_URL", slices.Concat(smtp, urls, []string{"MOORING_PUBLIC_URL=http://127.0.0.1:8080"})},
		{"MOORING_PUBLIC_URL", slices.Concat(smtp, urls, []string{"MOORING_PUBLIC_URL=https://localhost"})},
		{"MOORING_PUBLIC_URL", slices.Concat(smtp, urls, []string{"MOORING_PUBLIC_URL=http://0.0.0.0:8080"})},
		{"MOORING_STAFF_URL", slices.Concat(smtp, urls[:1])},
		{"MOORING_STAFF_URL", slices.Concat(grid, urls[:1])},
		{"MOORING_STAFF_URL", slices.Concat(smtp, urls, []string{"MOORING_STAFF_URL=http://[::1]:8081"})},
		{"MOORING_CLINICS", []string{"MOORING_MAILER=smtp", "MOORING_SMTP_HOST=mail.example.org"}},
		{"MOORING_CLINICS", []string{"MOORING_MAILER=sendgrid", "SENDGRID_API_KEY=SG.invented"}},
		{"MOORING_CLINICS", []string{"MOORING_CLINICS=" + filepath.Join(empty, "none")}},
		{"MOORING_CLINICS", []string{"MOORING_CLINICS=" + empty}},
		{"MOORING_CLINICS", []string{"MOORING_CLINICS=" + misnamed}},
		{"MOORING_CLINICS", []string{"MOORING_CLINICS=" + dangling}},
		{"MOORING_RETIRED_CLINICS", []string{"MOORING_RETIRED_CLINICS=The Annex"}},
		{"MOORING_RETIRED_CLINICS", []string{"MOORING_RETIRED_CLINICS=annex, quay", "MOORING_CLINICS=" + clinics}},
		{"MOORING_TIME_SPEED", []string{"MOORING_TIME_SPEED=-1"}},
		{"MOORING_TIME_SPEED", []string{"MOORING_TIME_SPEED=2", "MOORING_MAILER=smtp", "MOORING_SMTP_HOST=mail.example.org", "MOORING_CLINICS=" + clinics}},
		{"MOORING_TIME_START", []string{"MOORING_TIME_START=yesterday"}},
		{"MOORING_TIME_START", []string{"MOORING_TIME_START=" + storyStart, "MOORING_MAILER=smtp", "MOORING_SMTP_HOST=mail.example.org", "MOORING_CLINICS=" + clinics}},
		{"MOORING_LOG", []string{"MOORING_LOG=xml"}},
		{"MOORING_LOG_LEVEL", []string{"MOORING_LOG_LEVEL=loud"}},
		{"MOORING_CLIENT_KEY", []string{"MOORING_CLIENT_KEY=not base64"}},
		{"MOORING_CLIENT_KEY", []string{"MOORING_CLIENT_KEY=c2hvcnQ="}},
		{"MOORING_LINK_KEYS", []string{"MOORING_LINK_KEYS=short"}},
		{"MOORING_EVENT_TOKENS", []string{"MOORING_EVENT_TOKENS=sample"}},
		{"MOORING_EVENT_TOKENS", []string{"MOORING_EVENT_TOKENS=sample:short"}},
		{"MOORING_CLIENT_KEY", []string{"NATS_URL=nats://127.0.0.1:1"}},
		{"MOORING_LINK_KEYS", []string{"NATS_URL=nats://127.0.0.1:1", "MOORING_CLIENT_KEY=" + key}},
		{"MOORING_DATA", []string{"MOORING_DATA=" + filepath.Join(file, "data")}},
		{"MOORING_DATA", []string{"MOORING_DATA=" + taken.cfg.Data}}, // a second process
	} {
		t.Run(strings.Join(c.env, " "), func(t *testing.T) {
			for _, e := range []string{"MOORING_HTTP", "MOORING_STAFF_HTTP", "MOORING_OPS_HTTP", "MOORING_NATS_LISTEN"} {
				t.Setenv(e, "127.0.0.1:0")
			}
			t.Setenv("MOORING_DATA", t.TempDir())
			for _, e := range c.env {
				name, value, _ := strings.Cut(e, "=")
				t.Setenv(name, value)
			}
			cfg, err := ReadConfig()
			if err == nil {
				var a *App
				if a, err = New(t.Context(), cfg, cfg.Logger(&buffer{})); err == nil {
					a.Stop(t.Context())
				}
			}
			if err == nil {
				t.Fatal("it starts")
			}
			line := err.Error()
			if strings.Contains(line, "\n") || !strings.Contains(line, c.names) {
				t.Errorf("%q is not one line that names %s", line, c.names)
			}
			var wrong *ConfigError
			if strings.Contains(c.names, "_") && c.names == strings.ToUpper(c.names) && (!errors.As(err, &wrong) || wrong.Variable != c.names) {
				t.Errorf("%q is no error of the variable %s", line, c.names)
			}
			if strings.Contains(line, "SG.invented") || strings.Contains(line, key) {
				t.Errorf("%q shows a secret", line)
			}
		})
	}
}

// A NATS server without JetStream is said in one line.
func TestServerWithoutJetStream(t *testing.T) {
	t.Parallel()
	ns, err := natsserver.NewServer(&natsserver.Options{Host: "127.0.0.1", Port: natsserver.RANDOM_PORT, NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	ns.Start()
	defer ns.WaitForShutdown()
	defer ns.Shutdown()
	if !ns.ReadyForConnections(patience) {
		t.Fatal("the server is not ready")
	}
	cfg := externalConfig(t, ns.ClientURL())
	refuses(t, cfg, "NATS_URL", "JetStream is off")
}

// Mail that stays on this machine may carry links that lead nowhere else.
func TestLoopbackMailNeedsNoAddress(t *testing.T) {
	for _, change := range []func(*Config){
		func(c *Config) { c.Mailer, c.SMTPHost = "smtp", "127.0.0.1" },
		func(c *Config) { c.Mailer, c.SMTPHost = "smtp", "localhost" },
		func(c *Config) {
			c.Mailer, c.SendGridKey, c.SendGridURL = "sendgrid", "SG.invented", "http://127.0.0.1:8099"
		},
		func(*Config) {},
	} {
		cfg := storyConfig(t)
		cfg.Clinics, cfg.TimeStart, cfg.PublicURL, cfg.StaffURL = "clinics", "", "", ""
		change(&cfg)
		if err := cfg.Check(); err != nil {
			t.Errorf("%s: %v", cfg.Mailer, err)
		}
	}
}
