package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/sample"
)

// writtenPast is a file of clients who cancel late, one each hour; every fifth is at
// risk and does not come.
func writtenPast(t *testing.T, clients int) string {
	t.Helper()
	var text bytes.Buffer
	at := time.Date(2026, 3, 2, 15, 0, 0, 0, time.UTC)
	for i := range clients {
		who := fmt.Sprintf("ehr-%d", i)
		at = at.Add(7 * time.Hour)
		start := at.Add(36 * time.Hour)
		a := &events.Appointment{ID: who + "-1", Start: &start, By: events.ByClient}
		kind, risk := events.AppointmentCancelled, events.RiskNone
		if i%5 == 4 {
			kind, risk, a.By = events.AppointmentNoShow, events.RiskHigh, ""
		}
		for n, ev := range []events.Event{
			{Kind: events.ClientUpdated, Data: events.Data{Client: person(who, risk)}},
			{Kind: kind, Data: events.Data{Appointment: a}},
		} {
			ev.ID, ev.Source, ev.Clinic, ev.Client, ev.Time = fmt.Sprint(who, n), "ehr", sample.ID, who, at.Add(time.Duration(n)*time.Minute)
			_, body, err := events.Encode(ev)
			if err != nil {
				t.Fatal(err)
			}
			text.Write(append(body, '\n'))
		}
	}
	file := filepath.Join(t.TempDir(), "past.jsonl")
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func tryLate(t *testing.T, old, replaced string, o BacktestOptions) *Backtest {
	t.Helper()
	o.Draft = filepath.Join(t.TempDir(), "late-cancellation.yaml")
	if err := os.WriteFile(o.Draft, []byte(lateCancellation(t, old, replaced)), 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := RunBacktest(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestBacktestPage: the page loads nothing, names nobody unless it was asked to, has a
// table for every picture, and is for every eye and screen.
func TestBacktestPage(t *testing.T) {
	t.Parallel()
	file := writtenPast(t, 60)
	b := tryLate(t, "template: A, id: notice", "template: B, id: notice", BacktestOptions{Events: file})
	var page bytes.Buffer
	if err := b.HTML(&page); err != nil {
		t.Fatal(err)
	}
	text := page.String()
	for _, never := range []string{"<script", "http:", "https:", "url(h", "@import", "ehr-", "example.org", "Vandermolen", "555 0142", "ZgotmplZ"} {
		if strings.Contains(text, never) {
			t.Errorf("the page has %q", never)
		}
	}
	for _, words := range append([]string{"mail A → B of late-cancellation", "reworded", "cannot be known from the past", "different for 48 of 60 clients"}, b.Limits[1:]...) {
		if !strings.Contains(text, words) {
			t.Errorf("the page lacks %q", words)
		}
	}
	if pictures, tables := strings.Count(text, `role="img" aria-label="`), strings.Count(text, ": the numbers</summary>"); pictures != 5 || tables != 5 {
		t.Errorf("%d pictures with %d tables", pictures, tables)
	}
	named := tryLate(t, "template: A, id: notice", "template: B, id: notice", BacktestOptions{Events: file, IDs: true, All: true})
	page.Reset()
	if err := named.HTML(&page); err != nil || !strings.Contains(page.String(), "1 (ehr-0)") || !strings.Contains(page.String(), "names clients by the ids") {
		t.Errorf("%v: asked for ids, the page has none", err)
	}

	// axe-core is put into the page, whose own policy lets no script in.
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "page.html"), []byte(regexp.MustCompile(`<meta http-equiv[^>]*>`).ReplaceAllString(text, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	readable(t, dir, "page.html")
}

// TestBacktestHands: one hand and four write the same, and say how far they are.
func TestBacktestHands(t *testing.T) {
	t.Parallel()
	file := writtenPast(t, 40)
	var reports [2]string
	for i, hands := range []int{1, 4} {
		last, calls := 0, 0
		b := tryLate(t, "{since_start: 4h}", "{since_start: 30h}", BacktestOptions{Events: file, Hands: hands, All: true, Progress: func(done, of int) {
			if done <= last || of != 80 {
				t.Errorf("%d of %d after %d", done, of, last)
			}
			last = done
			calls++
		}})
		if last != 80 || calls != 40 {
			t.Errorf("it ends at %d, told %d times", last, calls)
		}
		text, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := errors.Join(b.Text(&out), b.HTML(&out)); err != nil {
			t.Fatal(err)
		}
		reports[i] = string(text) + out.String()
	}
	if reports[0] != reports[1] {
		t.Errorf("the reports differ:\n%s\n%s", reports[0], reports[1])
	}
}

// TestBacktestOfAPipe: what cannot be read twice is kept, and comes to the same.
func TestBacktestOfAPipe(t *testing.T) {
	t.Parallel()
	file := writtenPast(t, 5)
	want := tryLate(t, "{since_start: 4h}", "{since_start: 30h}", BacktestOptions{Events: file})
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = os.WriteFile(pipe, text, 0o600) }() // the comparison shows what arrived
	if got := tryLate(t, "{since_start: 4h}", "{since_start: 30h}", BacktestOptions{Events: pipe}); got.Events != 10 || got.AsItIs.Messages != want.AsItIs.Messages || len(got.Changes) != len(want.Changes) || len(want.Changes) == 0 {
		t.Errorf("through a pipe %+v\nof a file %+v", got, want)
	}
}

// TestBacktestEnds: it ends with its context, and with a file that changes under it.
func TestBacktestEnds(t *testing.T) {
	t.Parallel()
	file := writtenPast(t, 6)
	ctx, cancel := context.WithCancel(t.Context())
	o := BacktestOptions{Draft: "late-cancellation", Events: file, Hands: 1, Progress: func(int, int) { cancel() }}
	if b, err := RunBacktest(ctx, o); b != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled it says %v", err)
	}
	o.Progress = func(done, _ int) {
		if done == 2 {
			if err := os.Truncate(file, 20); err != nil {
				t.Error(err)
			}
		}
	}
	_, err := RunBacktest(t.Context(), o)
	if !errors.Is(err, errChanged) || !strings.Contains(err.Error(), "past.jsonl:3: the client whom this line is the first about") {
		t.Errorf("of a file that changed it says %v", err)
	}
}

// TestChart: bars stand in the picture, as high as their numbers, and a label never
// leaves it.
func TestChart(t *testing.T) {
	t.Parallel()
	for n := range 120 {
		c := chart{ID: "x", Title: "X"}
		for i := range n {
			c.Bars = append(c.Bars, bar{Label: "2 Feb", AsItIs: i * i, WithDraft: n})
		}
		c = c.drawn()
		top, _ := c.Most()
		if most := max(top, n, 1); len(c.Ticks) < 2 || len(c.Ticks) > 6 || c.Ticks[len(c.Ticks)-1].Y < chartTop || most > 4*tickStep(most) {
			t.Errorf("%d bars have the lines %+v", n, c.Ticks)
		}
		last := -1000.0
		for i, b := range c.Bars {
			if b.Was.X < chartLeft-1 || b.Is.X+b.Is.W > chartWidth || b.Was.Y < chartTop || b.Was.Y+b.Was.H > c.Floor()+0.2 {
				t.Fatalf("bar %d of %d stands at %+v and %+v", i, n, b.Was, b.Is)
			}
			if i > 0 && b.AsItIs > c.Bars[i-1].AsItIs && b.Was.H < c.Bars[i-1].Was.H {
				t.Errorf("bar %d of %d is lower than one of less", i, n)
			}
			if b.Labelled {
				if b.Mid-last < labelRoom-1 {
					t.Errorf("the label of bar %d of %d has no room", i, n)
				}
				last = b.Mid
			}
		}
	}
}
