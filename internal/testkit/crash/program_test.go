package crash

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/mooring-care/mooring/internal/testkit/fakesendgrid"
)

// build compiles a command of this module and returns the binary's path.
func build(t *testing.T, dir, pkg string) string {
	t.Helper()
	out := filepath.Join(dir, filepath.Base(filepath.Dir(pkg))+"-"+filepath.Base(pkg))
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", out, pkg)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", pkg, err, text)
	}
	return out
}

// freePort finds a port that nobody has now and that the program can have again
// after every restart.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// program is one process that is killed and started again.
type program struct {
	bin  string
	args []string
	env  []string
	log  string // file that its output is appended to
	ops  string // host:port of its /readyz; empty for one without

	mu     sync.Mutex
	cmd    *exec.Cmd
	exited chan struct{} // closed when cmd has ended
}

func (p *program) start(t *testing.T) {
	t.Helper()
	f, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(p.bin, p.args...)
	cmd.Env = append(os.Environ(), p.env...)
	cmd.Stdout, cmd.Stderr = f, f
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = f.Close() // the process has its own
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait() // how it ended is read from its state
		close(exited)
	}()
	p.mu.Lock()
	p.cmd, p.exited = cmd, exited
	p.mu.Unlock()
}

// kill ends it without a chance to say goodbye and returns when it is gone.
func (p *program) kill() time.Time {
	p.mu.Lock()
	cmd, exited := p.cmd, p.exited
	p.mu.Unlock()
	if cmd != nil {
		_ = cmd.Process.Signal(syscall.SIGKILL)
		<-exited
	}
	return time.Now()
}

// stop asks it to end and returns its exit code; it is killed when it does not.
func (p *program) stop(within time.Duration) int {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
	case <-time.After(within):
		p.kill()
	}
	return p.cmd.ProcessState.ExitCode()
}

// ready waits until it answers that it is, and fails when it ends instead.
func (p *program) ready(t *testing.T, within time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if code, _ := get(ctx, "http://"+p.ops+"/readyz"); code == http.StatusOK {
			return
		}
		select {
		case <-p.exited:
			t.Fatalf("the program ended instead of getting ready:\n%s", p.tail())
		case <-ctx.Done():
			t.Fatalf("the program was not ready within %v:\n%s", within, p.tail())
		case <-tick.C:
		}
	}
}

// tail is the end of its output.
func (p *program) tail() string {
	b, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return strings.Join(lines[max(0, len(lines)-40):], "\n")
}

func get(ctx context.Context, url string) (int, string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err.Error()
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(body)
}

// provider is the fake SendGrid in a process of its own.
type provider struct {
	program
	url    string
	record string // its own record of what it took
	// answers is its record of every answer that it gave.
	answers string
}

func startProvider(t *testing.T, bin, dir, key string) *provider {
	t.Helper()
	p := &provider{record: filepath.Join(dir, "taken.jsonl"), answers: filepath.Join(dir, "answers.jsonl")}
	readyFile := filepath.Join(dir, "provider-url")
	p.bin, p.log = bin, filepath.Join(dir, "provider.log")
	p.args = []string{"-log", p.record, "-answers", p.answers, "-ready-file", readyFile, "-key", key, "-keep-text"}
	p.start(t)
	t.Cleanup(func() { p.kill() })
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for p.url == "" {
		b, err := os.ReadFile(readyFile)
		if err == nil {
			p.url = strings.TrimSpace(string(b))
			continue
		}
		if !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("the provider was not ready:\n%s", p.tail())
		}
	}
	return p
}

func (p *provider) script(t *testing.T, s fakesendgrid.Script) {
	t.Helper()
	if err := fakesendgrid.SendScript(t.Context(), p.url, s); err != nil {
		t.Fatal(err)
	}
}
