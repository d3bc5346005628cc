package bench

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/workflows"
)

func TestSpread(t *testing.T) {
	var ds []time.Duration
	for i := 100; i >= 1; i-- {
		ds = append(ds, time.Duration(i)*time.Millisecond)
	}
	if got, want := spread(ds), (Spread{P50: 51, P99: 100, Max: 100}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := spread(nil); got != (Spread{}) {
		t.Errorf("of nothing: %+v", got)
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		xs   []float64
		want float64
	}{{nil, 0}, {[]float64{7}, 7}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 3, 2}, 2.5}} {
		if got := median(c.xs); got != c.want {
			t.Errorf("median of %v: %v, want %v", c.xs, got, c.want)
		}
	}
}

func TestAddress(t *testing.T) {
	for _, i := range []int{0, 7, 999_999} {
		if got, ok := number(address(i)); !ok || got != i {
			t.Errorf("%s leads to %d, %v", address(i), got, ok)
		}
	}
	if _, ok := number("amara@bench.example.org"); ok {
		t.Error("a member of staff counts as a client")
	}
}

// The measured clinic must be one that serve accepts, with its quiet minute
// far from now whatever the hour.
func TestClinic(t *testing.T) {
	for hour := range 24 {
		dir := t.TempDir()
		if err := writeClinic(dir, time.Date(2026, 3, 2, hour, 59, 30, 0, time.UTC)); err != nil {
			t.Fatal(err)
		}
		c, err := workflows.ReadClinic(os.DirFS(filepath.Join(dir, clinicID)), clinicID)
		if err != nil {
			t.Fatalf("at %d:59: %v", hour, err)
		}
		now := time.Duration(hour)*time.Hour + 59*time.Minute
		if away := (c.QuietFrom - now + 24*time.Hour) % (24 * time.Hour); away != 12*time.Hour {
			t.Errorf("at %d:59 the quiet minute is %v away", hour, away)
		}
	}
}

func TestJudge(t *testing.T) {
	r := Report{Measured: []Measured{
		{
			Sync: "always", Burst: &Burst{Ratio: 0.79}, Steady: &Steady{Spread: Spread{P99: 10.9}},
			Timers: &Timers{Early: 1, Spread: Spread{P99: 299}}, Waiting: &Waiting{Clients: 2_000_000, Loaded: 1900, Ready: 1500, ReadyAfter: 19},
		},
		{Sync: "interval", Burst: &Burst{Ratio: 0.5, Twice: 1}, Steady: &Steady{Spread: Spread{P99: 5}}},
	}}
	r.judge()
	var below []string
	for _, f := range r.Floors {
		if !f.Met {
			below = append(below, f.Sync+" "+f.Name)
		}
	}
	want := "always journeys against the same messages written bare, always timers early, interval mails sent twice, interval event to mail, p99"
	if got := strings.Join(below, ", "); got != want || r.Met() {
		t.Errorf("below their floors: %s\nwant %s", got, want)
	}
}

// The whole of it, small: the real program, every part that needs no process
// of its own.
func TestRun(t *testing.T) {
	r, err := Run(t.Context(), Options{
		Parts: []string{"a", "b", "d"}, Syncs: []string{"interval"}, Dir: t.TempDir(),
		Events: map[string]int{"interval": 200}, Runs: 1, Rate: 50, Span: time.Second,
		Timers: 20, Window: time.Second, Progress: io.Discard, Err: io.Discard,
	})
	if err != nil {
		t.Fatal(err)
	}
	m := r.Measured[0]
	if m.Burst.Median <= 0 || m.Burst.Twice != 0 || m.Steady.P50 <= 0 || m.Timers.Early != 0 || m.Timers.P99 <= 0 {
		t.Errorf("measured %+v, %+v, %+v", m.Burst, m.Steady, m.Timers)
	}
	for stream, messages := range map[string]float64{"EVENTS": 1, "CLIENTS": 1, "AUDIT": 1, "TIMERS": 1, "OUTBOX": 1, "DELIVERIES": 2} {
		if got := m.Burst.Writes[stream].Messages; got != messages {
			t.Errorf("one journey writes %v messages to %s, want %v", got, stream, messages)
		}
	}
	var out bytes.Buffer
	if err := r.JSON(&out); err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal(out.Bytes(), &back); err != nil || back.Machine != r.Machine {
		t.Errorf("read back %+v, %v", back.Machine, err)
	}
	out.Reset()
	if err := r.Table(&out); err != nil || !strings.Contains(out.String(), "200 events at once") {
		t.Errorf("the table says %q, %v", out.String(), err)
	}
}
