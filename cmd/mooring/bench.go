package main

import (
	"context"
	"fmt"
	"os"
	"runtime/pprof"
	"slices"
	"strconv"
	"time"

	"github.com/mooring-care/mooring/internal/bench"
)

type benchCmd struct {
	Parts   []string      `default:"a,b,c,d,f,g" enum:"a,b,c,d,f,g" help:"a: journeys a second, against bare writes (e); b: event to mail; c: waiting clients; d: timers; f: safety mail while care waits; g: the acknowledgement page."`
	Sync    string        `default:"both" enum:"always,interval,both" help:"How the store flushes: always, interval or both."`
	N       int           `short:"n" help:"Events of a run of part a (20000 with sync always, 50000 with interval)."`
	Runs    int           `default:"3" help:"Runs of part a, of which the median counts."`
	Rate    int           `default:"50" help:"Events a second of part b."`
	Span    time.Duration `default:"60s" help:"How long parts b, f and g take."`
	Waiting int           `default:"100000" help:"Waiting clients of part c."`
	Timers  int           `default:"1000" help:"Timers of part d."`
	Window  time.Duration `default:"10s" help:"In which they are due."`

	Backlog  int `default:"20000" help:"Care messages that wait in part f for a provider that throttles."`
	Trickle  int `default:"10" help:"Care mails a second that it takes."`
	Concerns int `default:"20" help:"Safety events a second of part f."`
	Open     int `default:"10000" help:"Open escalations of part g."`
	Requests int `default:"50" help:"Requests a second of part g."`

	Dir  string `type:"existingdir" help:"Where to measure: on the disk that will hold the data (the system's folder for temporary files)."`
	JSON bool   `help:"Write JSON instead of a table."`

	Past    string `hidden:"" type:"path" help:"Write the made-up past on which docs/performance.md measures mooring backtest, and measure nothing."`
	Profile string `hidden:"" type:"path" help:"Write a processor profile."`
	// The rest makes this process the measured one of part c.
	Child   string `hidden:""`
	Ops     string `hidden:""`
	Clients int    `hidden:""`
}

// Validate refuses sizes that cannot be measured.
func (c *benchCmd) Validate() error {
	for name, n := range map[string]int{
		"--runs": c.Runs, "--rate": c.Rate, "--waiting": c.Waiting, "--timers": c.Timers,
		"--backlog": c.Backlog, "--trickle": c.Trickle, "--concerns": c.Concerns, "--open": c.Open, "--requests": c.Requests,
	} {
		if n < 1 {
			return fmt.Errorf("%s must be at least 1", name)
		}
	}
	if c.N < 0 || c.Span < time.Second || c.Window < time.Second {
		return fmt.Errorf("-n must not be negative, --span and --window must be at least 1s")
	}
	return nil
}

// Run measures this machine.
func (c *benchCmd) Run(ctx context.Context, io streams) error {
	if c.Past != "" {
		return writePast(c.Past)
	}
	// As serve does: what is measured is that program.
	go steadyMemory(ctx)
	if c.Child != "" {
		processors(c.Sync == "always")
		return bench.Child(ctx, c.Child, c.Sync, c.Ops, c.Clients, io.out, io.err)
	}
	if c.Profile != "" {
		f, err := os.Create(c.Profile)
		if err != nil {
			return fmt.Errorf("write the profile: %w", err)
		}
		defer func() { _ = f.Close() }()
		if err := pprof.StartCPUProfile(f); err != nil {
			return fmt.Errorf("write the profile: %w", err)
		}
		defer pprof.StopCPUProfile()
	}
	o := bench.Options{
		Parts: slices.Compact(slices.Sorted(slices.Values(c.Parts))), Syncs: []string{c.Sync}, Dir: c.Dir,
		Events: map[string]int{"always": 20_000, "interval": 50_000},
		Runs:   c.Runs, Rate: c.Rate, Span: c.Span, Waiting: c.Waiting, Timers: c.Timers, Window: c.Window,
		Backlog: c.Backlog, Trickle: c.Trickle, Concerns: c.Concerns, Open: c.Open, Requests: c.Requests,
		Progress: io.err, Err: io.err,
		Tune: func(sync string) { processors(sync == "always") },
		Self: func(dir, sync, ops string, clients int) []string {
			return []string{"bench", "--child", dir, "--sync", sync, "--ops", ops, "--clients", strconv.Itoa(clients)}
		},
	}
	if c.Sync == "both" {
		o.Syncs = []string{"always", "interval"}
	}
	if c.N > 0 {
		o.Events = map[string]int{"always": c.N, "interval": c.N}
	}
	r, err := bench.Run(ctx, o)
	if err != nil {
		return err
	}
	if c.JSON {
		err = r.JSON(io.out)
	} else {
		err = r.Table(io.out)
	}
	if err == nil && !r.Met() {
		return bench.ErrBelowFloor
	}
	return err
}

// writePast writes 200,000 events of 20,000 clients.
func writePast(file string) error {
	f, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("write a past: %w", err)
	}
	err = bench.WritePast(f, 20_000, 10)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}
