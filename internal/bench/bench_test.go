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

	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/runner"
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
		if err := writeClinic(dir, time.Date(2026, 3, 2, hour, 59, 30, 0, time.UTC), map[string]string{"at-risk": atRiskYAML}); err != nil {
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
		{
			Sync: "interval", Burst: &Burst{Ratio: 0.5, Twice: 1}, Steady: &Steady{Spread: Spread{P99: 5}},
			Safety: &Safety{Concerns: Spread{P99: 999}, NoShows: Spread{P99: 1000}, Twice: 1},
			Pages:  &Pages{Link: Spread{P99: 49}, Code: Spread{P99: 50}, Case: Spread{P99: 49}, Take: Spread{P99: 50}, Failed: 1},
		},
	}}
	r.judge()
	var below []string
	for _, f := range r.Floors {
		if !f.Met {
			below = append(below, f.Sync+" "+f.Name)
		}
	}
	want := "always journeys against the same messages written bare, always timers early, interval mails sent twice, interval event to mail, p99, " +
		"interval no-show at risk to mail under load, p99, interval care mails sent twice, " +
		"interval POST the code, p99, interval POST the acknowledgement, p99, interval requests failed"
	if got := strings.Join(below, ", "); got != want || r.Met() {
		t.Errorf("below their floors: %s\nwant %s", got, want)
	}
}

// The whole of it, small: the real program, every part that needs no process
// of its own.
func TestRun(t *testing.T) {
	r, err := Run(t.Context(), Options{
		Parts: []string{"a", "b", "d", "f", "g"}, Syncs: []string{"interval"}, Dir: t.TempDir(),
		Events: map[string]int{"interval": 200}, Runs: 1, Rate: 50, Span: time.Second,
		Timers: 20, Window: time.Second, Backlog: 100, Trickle: 1, Concerns: 20, Open: 20, Requests: 40, Progress: io.Discard, Err: io.Discard,
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
	if s := m.Safety; s.Concerns.P50 <= 0 || s.NoShows.P50 <= 0 || s.Twice != 0 || s.Backlog == 0 || s.Left == 0 {
		t.Errorf("measured %+v", s)
	}
	for i, k := range m.Pages.kinds() {
		if k.P50 <= 0 || m.Pages.Failed != 0 {
			t.Errorf("%s: %+v, %d failed", pageKinds()[i], k, m.Pages.Failed)
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

// A provider that throttles takes what its rate has left, and all safety mail; a
// client's mail counts from the first, and from whichever of the two is heard
// of first, the mail or its decision.
func TestThrottled(t *testing.T) {
	p := newThrottled(1, 2)
	p.credit = 1
	care := func(to string) error {
		_, err := p.Send(t.Context(), notifier.Mail{Lane: notifier.Care, To: notifier.Address{Email: to}})
		return err
	}
	if err := care(address(7)); err != nil {
		t.Fatal(err)
	}
	p.credit = 0
	if se := notifier.Classify(care(address(8))); se.Class != notifier.RetryAfter || se.After != throttledFor {
		t.Errorf("refused with %+v", se)
	}
	asks := func(i int, id string) {
		state := workflows.State{}
		state.Profile.Email = &workflows.Field[string]{Value: address(i)}
		p.decided(runner.Decided{State: &state, Entry: runner.Entry{Effects: []workflows.Effect{
			{Enqueue: &workflows.Enqueue{ID: id, Message: workflows.Message{Template: askTemplate}}},
		}}})
	}
	send := func(id string) {
		if _, err := p.Send(t.Context(), notifier.Mail{ID: id, Lane: notifier.Safety}); err != nil {
			t.Fatal(err)
		}
	}
	send("m0")
	asks(0, "m0")
	first := p.at[0]
	asks(0, "m0-again")
	send("m0-again")
	if first.IsZero() || !p.at[0].Equal(first) {
		t.Errorf("left at %v, then at %v", first, p.at[0])
	}
	asks(1, "m1")
	send("m1")
	select {
	case <-p.done:
	default:
		t.Error("every mail left, and more are waited for")
	}
}
