package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/app"
	"github.com/mooring-care/mooring/internal/jetstream"
)

// Waiting is part c: what clients cost that have had their first mail and
// wait. The program runs as a process of its own.
type Waiting struct {
	Clients int `json:"clients"`
	// Loaded is its resident memory once all wait, Ready after the restart.
	Loaded float64 `json:"resident_mb_loaded"`
	Ready  float64 `json:"resident_mb_restarted"`
	Peak   float64 `json:"resident_mb_peak_restarted"`
	// Disk is what the data folder takes, per client.
	Disk float64 `json:"disk_bytes_per_client"`
	// ReadyAfter is the time from starting again after SIGKILL until /readyz
	// answers 200.
	ReadyAfter float64 `json:"ready_seconds"`
	// TakenAfter is the time until a new event's mail is accepted.
	TakenAfter float64 `json:"first_mail_seconds"`
}

// hello is what the child writes once it works.
type hello struct {
	EventsURL string `json:"events_url"`
}

// progress is what it writes from then on.
type progress struct {
	Taken int64  `json:"taken"`
	Left  uint64 `json:"left"`
}

// Child is the measured process of part c: it serves until its input ends.
func Child(ctx context.Context, dir, sync, ops string, clients int, out, errOut io.Writer) error {
	cfg := config(dir, sync)
	cfg.OpsHTTP = ops
	mailer := newNoted(clients, clients)
	a, err := app.New(ctx, cfg, cfg.Logger(errOut), app.WithProvider(mailer))
	if err != nil {
		return fmt.Errorf("start the measured program: %w", err)
	}
	defer a.Stop(context.WithoutCancel(ctx))
	if err := a.Start(ctx); err != nil {
		return fmt.Errorf("start the measured program: %w", err)
	}
	enc := json.NewEncoder(out)
	if err := enc.Encode(hello{a.EventsURL()}); err != nil {
		return nil
	}
	for sleep(ctx, 250*time.Millisecond) == nil {
		p := progress{Taken: mailer.taken.Load()}
		if lag, err := a.Lag(ctx); err == nil {
			for _, n := range lag {
				p.Left += n
			}
		} else {
			p.Left = 1
		}
		if err := enc.Encode(p); err != nil {
			return nil
		}
	}
	return nil
}

// child is the measured process as its parent sees it.
type child struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
	hello hello
}

func (o *Options) child(ctx context.Context, dir, sync, ops string, clients int) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	c := &child{cmd: exec.CommandContext(ctx, self, o.Self(dir, sync, ops, clients)...)} //nolint:gosec // this program itself
	c.cmd.Stderr = o.Err
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start the measured process: %w", err)
	}
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the measured process: %w", err)
	}
	c.lines = bufio.NewScanner(out)
	return c, nil
}

// next reads one line of the child.
func (c *child) next(v any) error {
	if !c.lines.Scan() {
		return errors.New("the measured process ended")
	}
	if err := json.Unmarshal(c.lines.Bytes(), v); err != nil {
		return fmt.Errorf("read the measured process's output: %w", err)
	}
	return nil
}

// until waits for so many mails, and for every consumer to be done.
func (c *child) until(taken int64) error {
	for {
		var p progress
		if err := c.next(&p); err != nil {
			return err
		}
		if p.Taken >= taken && p.Left == 0 {
			return nil
		}
	}
}

// kill ends it as a power cut would.
func (c *child) kill() {
	if c == nil || c.cmd.ProcessState != nil {
		return
	}
	_ = c.cmd.Process.Signal(syscall.SIGKILL)
	_ = c.cmd.Wait()
}

// quietFor is long enough for the server to forget what a flood, or its start,
// was about, and for the program to give back what that had used.
const quietFor = 150 * time.Second

func (o *Options) waiting(ctx context.Context, sync string) (_ *Waiting, err error) {
	w := &Waiting{Clients: o.Waiting}
	dir, err := os.MkdirTemp(o.Dir, "mooring-bench-")
	if err != nil {
		return nil, fmt.Errorf("make a folder to measure in: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := writeClinic(filepath.Join(dir, "clinics"), time.Now(), nil); err != nil {
		return nil, err
	}
	ops, err := freePort()
	if err != nil {
		return nil, err
	}
	c, err := o.child(ctx, dir, sync, ops, o.Waiting+1)
	if err != nil {
		return nil, err
	}
	defer func() { c.kill() }()
	if err := c.next(&c.hello); err != nil {
		return nil, err
	}
	began := time.Now()
	if err := publish(ctx, c.hello.EventsURL, 0, o.Waiting); err != nil {
		return nil, err
	}
	if err := c.until(int64(o.Waiting)); err != nil {
		return nil, err
	}
	o.progress("c  sync %-8s  %d clients wait after %.0f s", sync, o.Waiting, time.Since(began).Seconds())
	if err := sleep(ctx, quietFor); err != nil {
		return nil, err
	}
	if w.Loaded, _, err = resident(c.cmd.Process.Pid); err != nil {
		return nil, err
	}
	c.kill()
	disk, err := onDisk(filepath.Join(dir, "data"))
	if err != nil {
		return nil, err
	}
	w.Disk = round(float64(disk)/float64(o.Waiting), 0)

	began = time.Now()
	again, err := o.child(ctx, dir, sync, ops, o.Waiting+1)
	if err != nil {
		return nil, err
	}
	c = again
	if err := ready(ctx, "http://"+ops+"/readyz"); err != nil {
		return nil, err
	}
	w.ReadyAfter = round(time.Since(began).Seconds(), 2)
	if err := c.next(&c.hello); err != nil {
		return nil, err
	}
	if err := publish(ctx, c.hello.EventsURL, o.Waiting, 1); err != nil {
		return nil, err
	}
	if err := c.until(1); err != nil {
		return nil, err
	}
	w.TakenAfter = round(time.Since(began).Seconds(), 2)
	if err := sleep(ctx, quietFor); err != nil {
		return nil, err
	}
	if w.Ready, w.Peak, err = resident(c.cmd.Process.Pid); err != nil {
		return nil, err
	}
	o.progress("c  sync %-8s  %.0f MB resident, %.0f MB after the restart (peak %.0f), %.0f bytes on disk a client, ready after %.2f s, first mail after %.2f s",
		sync, w.Loaded, w.Ready, w.Peak, w.Disk, w.ReadyAfter, w.TakenAfter)
	return w, nil
}

// publish sends the events of count clients from the first on.
func publish(ctx context.Context, url string, first, count int) error {
	pipe, err := jetstream.DialPipe(url, inFlight)
	if err != nil {
		return err
	}
	defer pipe.Close()
	for i := first; i < first+count; i++ {
		m, err := clientEvent(events.AppointmentNoShow, i, time.Now())
		if err != nil {
			return err
		}
		if err := pipe.Publish(m.subject, m.header, m.body); err != nil {
			return err
		}
	}
	return pipe.Flush(ctx)
}

// ready waits until url answers 200.
func ready(ctx context.Context, url string) error {
	client := http.Client{Timeout: 2 * time.Second}
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			return fmt.Errorf("ask %s: %w", url, err)
		}
		if resp, err := client.Do(req); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		if err := sleep(ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
}

// freePort is an address that nobody listens on.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it returns at once
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String(), nil
}

// resident is a process's resident memory in MB, now and at its peak.
func resident(pid int) (now, peak float64, err error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0, 0, fmt.Errorf("read the memory of the measured process: %w", err)
	}
	for line := range bytes.Lines(text) {
		name, rest, _ := strings.Cut(string(line), ":")
		fields := strings.Fields(rest)
		if len(fields) == 0 {
			continue
		}
		kb, _ := strconv.ParseFloat(fields[0], 64)
		switch name {
		case "VmRSS":
			now = round(kb/1000*1.024, 0)
		case "VmHWM":
			peak = round(kb/1000*1.024, 0)
		}
	}
	return now, peak, nil
}

// onDisk is what the files below dir take.
func onDisk(dir string) (bytes int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if st, ok := info.Sys().(*syscall.Stat_t); ok {
			bytes += st.Blocks * 512
		} else {
			bytes += info.Size()
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("measure the data folder: %w", err)
	}
	return bytes, nil
}
