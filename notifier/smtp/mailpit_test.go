package smtp

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mooring-care/mooring/notifier"
)

// A mail server that is not ours reads what we send, with and without TLS and
// sign-in.
func TestMailpit(t *testing.T) {
	binary := mailpit(t)
	if binary == "" {
		return
	}
	dir := t.TempDir()
	cert, pool := certificate(t)
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	certFile := write("cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}))
	keyFile := write("key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
	users := write("users", []byte("mooring:s3cret-word\n"))
	withTLS := []string{"--smtp-tls-cert", certFile, "--smtp-tls-key", keyFile, "--smtp-auth-file", users}

	for _, tc := range []struct {
		name     string
		flags    []string
		change   func(*Config)
		class    notifier.Class
		provider bool
		taken    bool
	}{
		{"plain", nil, nil, 0, false, true},
		{"starttls", append([]string{"--smtp-require-starttls"}, withTLS...), func(c *Config) {
			c.TLS, c.RootCAs, c.Username, c.Password = Required, pool, "mooring", "s3cret-word"
		}, 0, false, true},
		{"implicit", append([]string{"--smtp-require-tls"}, withTLS...), func(c *Config) {
			c.TLS, c.RootCAs, c.Username, c.Password = Implicit, pool, "mooring", "s3cret-word"
		}, 0, false, true},
		{"wrong password", append([]string{"--smtp-require-starttls"}, withTLS...), func(c *Config) {
			c.TLS, c.RootCAs, c.Username, c.Password = Required, pool, "mooring", "wrong"
		}, notifier.RetryAfter, true, false},
		{"no sign-in", append([]string{"--smtp-require-starttls"}, withTLS...), func(c *Config) {
			c.TLS, c.RootCAs = Required, pool
		}, notifier.RetryAfter, true, false},
		{"starttls not offered", nil, func(c *Config) { c.TLS, c.RootCAs = Required, pool }, notifier.RetryAfter, true, false},
		{"unknown recipient", []string{"--smtp-allowed-recipients", "@elsewhere\\.test$"}, nil, notifier.Permanent, false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, api := run(t, binary, tc.flags)
			m := sound()
			_, err := to(t, s, tc.change).Send(t.Context(), m)
			if tc.taken != (err == nil) {
				t.Fatalf("sent: %v", err)
			}
			if err != nil {
				if se := notifier.Classify(err); se.Class != tc.class || se.Provider != tc.provider {
					t.Errorf("got %v (provider %v), want %s (provider %v)", err, se.Provider, tc.class, tc.provider)
				}
			}
			var list struct {
				Messages []struct{ ID string }
			}
			get(t, api+"/api/v1/messages", &list)
			if (len(list.Messages) == 1) != tc.taken {
				t.Fatalf("mailpit has %d mails", len(list.Messages))
			}
			if !tc.taken {
				return
			}
			type person struct{ Name, Address string }
			type read struct {
				MessageID, Subject, Text, HTML string
				From                           person
				To, ReplyTo                    []person
			}
			var got read
			get(t, api+"/api/v1/message/"+list.Messages[0].ID, &got)
			got.Text, got.HTML = strings.ReplaceAll(got.Text, "\r\n", "\n"), strings.ReplaceAll(got.HTML, "\r\n", "\n")
			want := read{
				MessageID: m.MessageID, Subject: m.Subject, Text: m.Text, HTML: m.HTML,
				From: person{m.From.Name, m.From.Email}, To: []person{{m.To.Name, m.To.Email}}, ReplyTo: []person{{"", m.ReplyTo.Email}},
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("mailpit read (-want +got):\n%s", d)
			}
		})
	}
}

// mailpit finds the binary in MOORING_MAILPIT or PATH. Nothing is built here: a
// test run fetches no tools. Without it the test is left out and says so, and
// fails where CI should have it.
func mailpit(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("MOORING_MAILPIT"); path != "" {
		return path
	}
	path, err := exec.LookPath("mailpit")
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("CI=true, and no mailpit was found in PATH or MOORING_MAILPIT")
	}
	fmt.Println("test with a real mail server left out: no mailpit found (go -C tools build -o DIR/ tool)")
	return ""
}

// run starts mailpit on free ports and waits until it is ready.
func run(t *testing.T, binary string, flags []string) (s *server, api string) {
	t.Helper()
	smtpPort, httpPort := freePort(t), freePort(t)
	api = fmt.Sprintf("http://127.0.0.1:%d", httpPort)
	args := append([]string{
		"--smtp", fmt.Sprintf("127.0.0.1:%d", smtpPort), "--listen", fmt.Sprintf("127.0.0.1:%d", httpPort),
		"--database", filepath.Join(t.TempDir(), "mails.db"), "--disable-version-check", "--smtp-disable-rdns", "--quiet",
	}, flags...)
	var said strings.Builder
	cmd := exec.Command(binary, args...)
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		if err := <-ended; err == nil {
			t.Error("mailpit ended by itself")
		}
	})
	deadline := time.After(15 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("mailpit ended: %v\n%s", err, said.String())
		case <-deadline:
			t.Fatal("mailpit did not become ready in 15 s")
		case <-tick.C:
		}
		if ready(t, api+"/readyz") && listens(smtpPort) {
			return &server{host: "127.0.0.1", port: smtpPort}, api
		}
	}
}

func listens(port int) bool {
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	return c.Close() == nil
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		t.Fatal("not a TCP listener")
	}
	return addr.Port
}

func ready(t *testing.T, url string) bool {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer func() { _ = resp.Body.Close() }()
	return resp.StatusCode == http.StatusOK
}

func get(t *testing.T, url string, into any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(body, into); err != nil {
		t.Fatalf("%s: %v\n%s", url, err, body)
	}
}
