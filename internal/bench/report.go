package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/mooring-care/mooring/internal/app"
	"github.com/mooring-care/mooring/internal/jetstream"
)

// Report is everything measured in one go.
type Report struct {
	At       time.Time  `json:"at"`
	Machine  Machine    `json:"machine"`
	Measured []Measured `json:"measured"`
	// Floors are the figures that have a floor, each with its verdict.
	Floors []Floor `json:"floors"`
}

// Machine is what it was measured on.
type Machine struct {
	OS         string `json:"os"`
	Arch       string `json:"arch"`
	Cores      int    `json:"cores"`
	Go         string `json:"go"`
	NATSServer string `json:"nats_server"`
	// Fsync is how long one small write with its flush takes on the disk
	// measured on: the median of many.
	Fsync float64 `json:"fsync_ms"`
}

// Measured is what was measured under one sync mode; parts that were not asked
// for are absent.
type Measured struct {
	Sync     string   `json:"sync"`
	MaxProcs int      `json:"gomaxprocs"`
	Burst    *Burst   `json:"a_burst,omitempty"`
	Steady   *Steady  `json:"b_steady,omitempty"`
	Waiting  *Waiting `json:"c_waiting,omitempty"`
	Timers   *Timers  `json:"d_timers,omitempty"`
	Safety   *Safety  `json:"f_safety,omitempty"`
	Pages    *Pages   `json:"g_pages,omitempty"`
}

// Floor is one figure against what it must reach on two cores.
type Floor struct {
	Name  string  `json:"name"`
	Sync  string  `json:"sync"`
	Got   float64 `json:"got"`
	Floor float64 `json:"floor"`
	Unit  string  `json:"unit"`
	Met   bool    `json:"met"`
}

// Met says whether every floor was reached.
func (r *Report) Met() bool {
	return !slices.ContainsFunc(r.Floors, func(f Floor) bool { return !f.Met })
}

// judge holds the figures to their floors.
func (r *Report) judge() {
	least := func(name, sync string, got, floor float64, unit string) {
		r.Floors = append(r.Floors, Floor{name, sync, got, floor, unit, got >= floor})
	}
	below := func(name, sync string, got, floor float64, unit string) {
		r.Floors = append(r.Floors, Floor{name, sync, got, floor, unit, got < floor})
	}
	for _, m := range r.Measured {
		flushed := m.Sync == "always"
		pick := func(always, interval float64) float64 {
			if flushed {
				return always
			}
			return interval
		}
		if b := m.Burst; b != nil {
			least("journeys against the same messages written bare", m.Sync, b.Ratio, pick(0.8, 0.5), "")
			below("mails sent twice", m.Sync, float64(b.Twice), 1, "")
		}
		if s := m.Steady; s != nil {
			below("event to mail, p99", m.Sync, s.P99, pick(11, 5), "ms")
		}
		if w := m.Waiting; w != nil {
			// The floors are those of a million. What fewer take says little of
			// it: part of the memory is there without any client.
			share := float64(w.Clients) / 1e6
			if share >= 1 {
				below("resident memory", m.Sync, max(w.Loaded, w.Ready), 1000*share, "MB")
			}
			below("ready after SIGKILL", m.Sync, w.ReadyAfter, 10*max(1, share), "s")
		}
		if t := m.Timers; t != nil {
			below("timers early", m.Sync, float64(t.Early), 1, "")
			below("timers late, p99", m.Sync, t.P99, 300, "ms")
		}
		if s := m.Safety; s != nil {
			below("concern to mail under load, p99", m.Sync, s.Concerns.P99, 1000, "ms")
			below("no-show at risk to mail under load, p99", m.Sync, s.NoShows.P99, 1000, "ms")
			below("care mails sent twice", m.Sync, float64(s.Twice), 1, "")
		}
		if p := m.Pages; p != nil {
			for i, x := range p.kinds() {
				below(pageKinds()[i]+", p99", m.Sync, x.P99, 50, "ms")
			}
			below("requests failed", m.Sync, float64(p.Failed), 1, "")
		}
	}
}

// JSON writes the report for a program.
func (r *Report) JSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// Table writes the report for a person.
func (r *Report) Table(w io.Writer) error {
	m := r.Machine
	fmt.Fprintf(w, "%s/%s, %d cores, %s, nats-server %s embedded, one write with its flush %.2f ms\n\n",
		m.OS, m.Arch, m.Cores, m.Go, m.NATSServer, m.Fsync)
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(tw, "PART\tSYNC\tWHAT\tFIGURE")
	row := func(part, sync, what, format string, args ...any) {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", part, sync, what, fmt.Sprintf(format, args...))
	}
	for _, x := range r.Measured {
		if b := x.Burst; b != nil {
			row("a", x.Sync, fmt.Sprintf("%d events at once, median of %d", b.Events, len(b.PerSecond)), "%.0f journeys/s %v, %.0f us processor time each", b.Median, b.PerSecond, b.Processor)
			row("e", x.Sync, fmt.Sprintf("the same messages written bare, %d of each stream at once", bareInFlight), "%.0f/s %v; ratio %.2f", b.BareMedian, b.Bare, b.Ratio)
			row("", x.Sync, fmt.Sprintf("the same in a journey's order, by %d hands", app.Hands), "%.0f/s %v; ratio %.2f", b.OrderedMedian, b.Ordered, b.OrderedRatio)
			row("", x.Sync, "the same read and written, with nothing decided", "%.0f/s %v; ratio %.2f", b.PlainMedian, b.Plain, b.PlainRatio)
			var messages, bytes float64
			for _, u := range b.Writes {
				messages += u.Messages
				bytes += u.Messages * u.Bytes
			}
			row("", x.Sync, "one journey writes", "%.1f messages, %.0f bytes", messages, bytes)
		}
		if s := x.Steady; s != nil {
			row("b", x.Sync, fmt.Sprintf("event to mail at %d/s for %.0f s", s.Rate, s.Seconds), "p50 %.2f, p99 %.2f, max %.2f ms", s.P50, s.P99, s.Max)
		}
		if c := x.Waiting; c != nil {
			row("c", x.Sync, fmt.Sprintf("%d clients waiting", c.Clients), "%.0f MB resident, %.0f MB restarted, %.0f bytes on disk each", c.Loaded, c.Ready, c.Disk)
			row("", x.Sync, "after SIGKILL", "ready in %.2f s, first mail in %.2f s", c.ReadyAfter, c.TakenAfter)
		}
		if t := x.Timers; t != nil {
			row("d", x.Sync, fmt.Sprintf("%d timers due in %.0f s", t.Timers, t.Window), "%d early; late p50 %.1f, p99 %.1f, max %.1f ms", t.Early, t.P50, t.P99, t.Max)
		}
		if s := x.Safety; s != nil {
			row("f", x.Sync, fmt.Sprintf("%d safety events/s for %.0f s, %d care messages waiting", s.Rate, s.Seconds, s.Backlog), "concerns p50 %.2f, p99 %.2f, max %.2f ms", s.Concerns.P50, s.Concerns.P99, s.Concerns.Max)
			row("", x.Sync, "", "no-shows at risk p50 %.2f, p99 %.2f, max %.2f ms", s.NoShows.P50, s.NoShows.P99, s.NoShows.Max)
			row("", x.Sync, "the provider meanwhile", "%.1f care mails/s taken, %.1f/s refused; %d wait still", s.Taken, s.Refused, s.Left)
		}
		if p := x.Pages; p != nil {
			row("g", x.Sync, fmt.Sprintf("%d requests/s for %.0f s, %d escalations open", p.Rate, p.Seconds, p.Open), "%d failed", p.Failed)
			for i, k := range p.kinds() {
				row("", x.Sync, pageKinds()[i], "p50 %.2f, p99 %.2f, max %.2f ms", k.P50, k.P99, k.Max)
			}
		}
	}
	fmt.Fprintln(tw, "\nFLOOR\tSYNC\tGOT\tNEEDS")
	for _, f := range r.Floors {
		verdict := "met"
		if !f.Met {
			verdict = "BELOW"
		}
		fmt.Fprintf(tw, "%s\t%s\t%.4g %s\t%.4g %s\t%s\n", f.Name, f.Sync, f.Got, f.Unit, f.Floor, f.Unit, verdict)
	}
	if err := tw.Flush(); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// machine says what is measured on.
func machine(dir string) (Machine, error) {
	m := Machine{
		OS: runtime.GOOS, Arch: runtime.GOARCH, Cores: runtime.NumCPU(),
		Go: runtime.Version(), NATSServer: jetstream.ServerVersion(),
	}
	var err error
	m.Fsync, err = fsync(dir)
	return m, err
}

// fsync is the median time of appending one kilobyte and flushing it, in
// milliseconds.
func fsync(dir string) (float64, error) {
	tmp, err := os.MkdirTemp(dir, "mooring-bench-")
	if err != nil {
		return 0, fmt.Errorf("measure the disk: %w", err)
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	f, err := os.Create(filepath.Join(tmp, "probe"))
	if err != nil {
		return 0, fmt.Errorf("measure the disk: %w", err)
	}
	defer func() { _ = f.Close() }()
	block := make([]byte, 1024)
	var took []float64
	for range 500 {
		began := time.Now()
		if _, err := f.Write(block); err != nil {
			return 0, fmt.Errorf("measure the disk: %w", err)
		}
		if err := f.Sync(); err != nil {
			return 0, fmt.Errorf("measure the disk: %w", err)
		}
		took = append(took, ms(time.Since(began)))
	}
	return round(median(took), 3), nil
}

func round(x float64, digits int) float64 {
	p := math.Pow10(digits)
	return math.Round(x*p) / p
}
