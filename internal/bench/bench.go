package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"slices"
	"time"
)

// Options say what to measure. Run fills in nothing: the command has the
// defaults.
type Options struct {
	// Parts are "a" to "d", "f" and "g"; Syncs are "always" and "interval".
	Parts, Syncs []string
	// Dir is where folders to measure in are made; "" is the system's.
	Dir string

	Events   map[string]int // part a: events of a run, by sync
	Runs     int            // part a: runs, of which the median is told
	Rate     int            // part b: events a second
	Span     time.Duration  // parts b, f and g: how long
	Waiting  int            // part c: waiting clients
	Timers   int            // part d: timers
	Window   time.Duration  // part d: in which they are due
	Backlog  int            // part f: care messages that wait
	Trickle  int            // part f: care mails a second that the provider takes
	Concerns int            // part f: safety events a second
	Open     int            // part g: open escalations
	Requests int            // part g: requests a second
	Progress io.Writer      // one line per run
	Err      io.Writer      // the measured program's warnings
	// Tune sets this process up for a sync as serve does.
	Tune func(sync string)
	// Self starts this program again as the measured child: arguments after
	// the program's name.
	Self func(dir, sync, ops string, clients int) []string
}

// Run measures every part under every sync, each on a fresh program.
func Run(ctx context.Context, o Options) (*Report, error) {
	r := &Report{At: time.Now().UTC().Truncate(time.Second)}
	var err error
	if r.Machine, err = machine(o.Dir); err != nil {
		return nil, err
	}
	for _, sync := range o.Syncs {
		m := Measured{Sync: sync}
		if o.Tune != nil {
			o.Tune(sync)
		}
		m.MaxProcs = runtime.GOMAXPROCS(0)
		for _, part := range o.Parts {
			// What the part before left behind is not this one's.
			runtime.GC()
			debug.FreeOSMemory()
			var err error
			switch part {
			case "a":
				m.Burst, err = o.burst(ctx, sync)
			case "b":
				m.Steady, err = o.steady(ctx, sync)
			case "c":
				m.Waiting, err = o.waiting(ctx, sync)
			case "d":
				m.Timers, err = o.timers(ctx, sync)
			case "f":
				m.Safety, err = o.safety(ctx, sync)
			case "g":
				m.Pages, err = o.pages(ctx, sync)
			}
			if err != nil {
				return nil, fmt.Errorf("part %s, sync %s: %w", part, sync, err)
			}
		}
		r.Measured = append(r.Measured, m)
	}
	r.judge()
	return r, nil
}

// ErrBelowFloor says that a figure is worse than its floor.
var ErrBelowFloor = errors.New("a figure is below its floor")

func (o *Options) progress(format string, args ...any) {
	fmt.Fprintf(o.Progress, format+"\n", args...)
}

// Spread is how a set of durations lies, in milliseconds.
type Spread struct {
	P50 float64 `json:"p50_ms"`
	P99 float64 `json:"p99_ms"`
	Max float64 `json:"max_ms"`
}

func spread(ds []time.Duration) Spread {
	if len(ds) == 0 {
		return Spread{}
	}
	slices.Sort(ds)
	at := func(q float64) float64 { return ms(ds[min(len(ds)-1, int(q*float64(len(ds))))]) }
	return Spread{P50: at(0.50), P99: at(0.99), Max: ms(ds[len(ds)-1])}
}

func ms(d time.Duration) float64 { return round(float64(d)/float64(time.Millisecond), 3) }

// median of an odd or even number of figures; it sorts them.
func median(xs []float64) float64 {
	s := slices.Sorted(slices.Values(xs))
	if len(s) == 0 {
		return 0
	}
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}
