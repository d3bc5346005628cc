package bench

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/mooring-care/mooring/internal/app"
	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/notifier"
)

// inFlight is how many published events may wait for their acknowledgement.
const inFlight = 512

// noted is a mailer that takes every mail and notes when.
type noted struct {
	// at holds, per client, when the first mail was taken: nanoseconds since
	// began, 0 for none yet.
	at    []atomic.Int64
	began time.Time
	taken atomic.Int64 // different clients
	again atomic.Int64 // mails beyond the first of a client
	last  atomic.Int64 // nanoseconds since began
	want  int64
	done  chan struct{}
}

func newNoted(clients, want int) *noted {
	return &noted{at: make([]atomic.Int64, clients), began: time.Now(), want: int64(want), done: make(chan struct{})}
}

// Send takes the mail.
func (n *noted) Send(_ context.Context, m notifier.Mail) (notifier.Receipt, error) {
	at := int64(time.Since(n.began))
	i, ok := number(m.To.Email)
	if !ok || i >= len(n.at) || !n.at[i].CompareAndSwap(0, at) {
		n.again.Add(1)
		return notifier.Receipt{}, nil
	}
	n.last.Store(at)
	if n.taken.Add(1) == n.want {
		close(n.done)
	}
	return notifier.Receipt{}, nil
}

// when is the time at which client i's mail was taken.
func (n *noted) when(i int) time.Time { return n.began.Add(time.Duration(n.at[i].Load())) }

// wait returns when every wanted mail was taken.
func (n *noted) wait(ctx context.Context) error {
	select {
	case <-n.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for mails, %d of %d so far: %w", n.taken.Load(), n.want, ctx.Err())
	}
}

// config is the program's, with doors that nobody else uses.
func config(dir, sync string) app.Config {
	const door = "127.0.0.1:0"
	return app.Config{
		Data: filepath.Join(dir, "data"), Clinics: filepath.Join(dir, "clinics"),
		HTTP: door, StaffHTTP: door, OpsHTTP: door, NATSListen: door,
		StoreSync: sync, Mailer: "mailbox", SendGridURL: "https://api.sendgrid.com", SMTPTLS: "required",
		TimeSpeed: 1, Log: "text", LogLevel: "warn",
	}
}

// instance is one fresh program in a folder of its own.
type instance struct {
	*app.App
	dir  string
	pipe *jetstream.Pipe
}

// start makes the folder and starts the program in it.
func (o *Options) start(ctx context.Context, sync string, opts ...app.Option) (*instance, error) {
	return o.startWith(ctx, sync, nil, o.Err, opts...)
}

// startWith does so with further workflows, and the program's warnings on
// warnings.
func (o *Options) startWith(ctx context.Context, sync string, further map[string]string, warnings io.Writer, opts ...app.Option) (*instance, error) {
	dir, err := os.MkdirTemp(o.Dir, "mooring-bench-")
	if err != nil {
		return nil, fmt.Errorf("make a folder to measure in: %w", err)
	}
	in := &instance{dir: dir}
	if err := writeClinic(filepath.Join(dir, "clinics"), time.Now(), further); err != nil {
		in.stop(ctx)
		return nil, err
	}
	log := slog.New(slog.NewTextHandler(warnings, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if in.App, err = app.New(ctx, config(dir, sync), log, opts...); err != nil {
		in.stop(ctx)
		return nil, fmt.Errorf("start the program: %w", err)
	}
	if err = in.Start(ctx); err == nil {
		in.pipe, err = jetstream.DialPipe(in.EventsURL(), inFlight)
	}
	if err != nil {
		in.stop(ctx)
		return nil, fmt.Errorf("start the program: %w", err)
	}
	return in, nil
}

// settled waits until every durable consumer has finished what it held.
func (in *instance) settled(ctx context.Context) error {
	for {
		lag, err := in.Lag(ctx)
		if err != nil {
			return err
		}
		var left uint64
		for _, n := range lag {
			left += n
		}
		if left == 0 {
			return nil
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}

func (in *instance) stop(ctx context.Context) {
	if in.pipe != nil {
		in.pipe.Close()
	}
	if in.App != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
		defer cancel()
		in.Stop(ctx)
	}
	_ = os.RemoveAll(in.dir)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("measure: %w", ctx.Err())
	}
}
