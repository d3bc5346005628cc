package app

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/testkit"
	"github.com/mooring-care/mooring/workflows/runner"
)

// away writes to a client who has not come for so long.
func away(days int) map[string]string {
	flows := atOnce()
	flows["away"] = fmt.Sprintf(`start:
  absence: {of: appointment.attended, for: %dd, booked: nothing}
steps:
  - send: {template: B, id: note}
  - wait: 9d
`, days)
	return flows
}

// edited puts other workflows into the clinic's folder.
func edited(t testing.TB, dir string, flows map[string]string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(dir, "quay", "workflows")); err != nil {
		t.Fatal(err)
	}
	writeClinic(t, dir, flows)
}

// attended is said of a client who was here just now.
func (p *program) attended(who string) (at time.Time) {
	p.t.Helper()
	return p.say(events.AppointmentAttended, who, events.Data{Client: person(who, events.RiskNone), Appointment: p.appointment(who+"-visit", -time.Hour)}).Time
}

// awaits is until when a client is waited for; zero when they are not.
func (p *program) awaits(who string) (due time.Time) {
	p.t.Helper()
	s := p.state(who)
	for _, m := range s.Missed {
		if !m.Done {
			due = m.Due
		}
	}
	return due
}

// walked waits until the log says so often that all clients were looked at.
func (p *program) walked(times int) {
	p.t.Helper()
	testkit.Eventually(p.t, patience, fmt.Sprintf("the clients were looked at %d times", times), func() bool {
		return strings.Count(p.log.String(), `"msg":"a clinic's clients were looked at"`) == times
	})
	p.settle()
}

// A workflow comes that waits for what does not happen. The clients whom it is
// for are silent; each is waited for all the same, and nobody else hears of it.
func TestAbsenceReachesTheSilent(t *testing.T) {
	t.Parallel()
	cfg := storyConfig(t)
	cfg.Clinics = clinicFolder(t, atOnce())
	p := run(t, cfg)
	p.attended("old")
	p.pass(40 * 24 * time.Hour)
	visit := p.attended("ana")
	p.say(events.ClientUpdated, "new", events.Data{Client: person("new", events.RiskNone)})
	p.pass(10 * 24 * time.Hour)
	p.stop()

	edited(t, cfg.Clinics, away(14))
	p.start(cfg)
	p.walked(1)
	if due := p.awaits("ana"); !due.Equal(visit.Add(14 * 24 * time.Hour)) {
		t.Fatalf("ana is waited for until %v", due)
	}
	// 50 days without old are longer than the 14 and 30 that a journey may begin in.
	for who, want := range map[string]int64{"ana": 2, "old": 1, "new": 1} {
		if n := p.state(who).Decisions; n != want {
			t.Errorf("%s: %d decisions, want %d", who, n, want)
		}
	}
	if !strings.Contains(p.log.String(), `"looked":3,"changed":1,"all":true`) {
		t.Errorf("the log does not say how many were looked at:\n%s", p.log.tail())
	}
	p.pass(4*24*time.Hour - time.Minute)
	p.quiet()
	p.pass(2 * time.Minute)
	p.expect("ana@example.org", "B")
	if s := p.state("ana"); len(s.Journeys) != 1 || s.Journeys[0].Workflow != "away" {
		t.Errorf("the journeys of ana are %+v", s.Journeys)
	}

	// The same rules again: nobody is looked at, whatever else has changed.
	flows := away(14)
	flows["at-once"] = strings.Replace(flows["at-once"], "template: E", "template: A", 1)
	p.stop()
	edited(t, cfg.Clinics, flows)
	p.start(cfg)
	p.settle()
	p.walked(1)
}

// What a workflow waits for grows longer and shorter again: the folder in force
// counts, also for a timer that was set by another.
func TestAbsenceFollowsTheFolder(t *testing.T) {
	t.Parallel()
	cfg := storyConfig(t)
	cfg.Clinics = clinicFolder(t, away(14))
	p := run(t, cfg)
	visit := p.attended("ana")
	day := func(n float64) time.Time { return visit.Add(time.Duration(n * 24 * float64(time.Hour))) }
	until := func(n float64) {
		p.t.Helper()
		p.pass(day(n).Sub(p.Now()))
	}
	change := func(flows map[string]string) {
		p.t.Helper()
		p.stop()
		edited(t, cfg.Clinics, flows)
		from := len(p.log.String())
		p.start(cfg)
		// A timer may be due at once, and decide on the client before the walk.
		testkit.Eventually(t, patience, "the walk is over", func() bool {
			said := p.log.String()[from:]
			return strings.Contains(said, "clients were looked at") || strings.Contains(said, "clients had to be looked at")
		})
		p.settle()
	}
	until(5)
	change(away(21))
	if due := p.awaits("ana"); !due.Equal(day(21)) {
		t.Fatalf("of 21 days: until %v", due)
	}
	until(14.5)
	p.quiet()
	// Back to 14 days, of which the last ended half a day ago: at once.
	change(away(14))
	p.expect("ana@example.org", "B")
	if due := p.awaits("ana"); !due.IsZero() {
		t.Errorf("ana is waited for until %v, although she was written to", due)
	}
	// Each absence is looked at once: the longer one does not begin another.
	change(away(21))
	until(22)
	p.quiet()

	// A workflow that is gone waits for nobody, and no timer spins.
	p.attended("ben")
	flows := away(21)
	delete(flows, "away")
	p.stop()
	edited(t, cfg.Clinics, flows)
	removed(t, cfg.Clinics, "away")
	p.start(cfg)
	until(50)
	p.quiet()
	if s := p.state("ben"); len(s.Missed) != 0 || s.Decisions != 2 {
		t.Errorf("of a workflow that is gone: %+v after %d decisions", s.Missed, s.Decisions)
	}
}

// removed says in the clinic's folder that a workflow is gone.
func removed(t testing.TB, dir, workflow string) {
	t.Helper()
	name := filepath.Join(dir, "quay", "clinic.yaml")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	text = append(bytes.TrimSpace(text), []byte("\nremoved: {"+workflow+": a test}\n")...)
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// stalls is a log that takes so many decisions, and then none.
type stalls struct {
	runner.Log
	left *atomic.Int64
}

func (s stalls) Append(ctx context.Context, ref runner.Ref, expected uint64, record []byte, meta runner.Meta) (uint64, error) {
	if s.left.Add(-1) < 0 {
		return 0, context.DeadlineExceeded
	}
	return s.Log.Append(ctx, ref, expected, record, meta)
}

// The program ends half-way. The next one goes on; with a folder that was
// changed once more meanwhile it begins again, and whoever was reached is taken
// along.
func TestAbsenceWalkGoesOn(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		days int
		// reached and other are how many decisions a client has at the end whom
		// the first walk reached, or did not.
		reached, other int64
	}{
		"with the same folder": {21, 2, 2},
		"with the one before":  {14, 3, 1},
		"with yet another":     {18, 3, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const clients, first = 12, 5
			cfg := storyConfig(t)
			cfg.Clinics = clinicFolder(t, away(14))
			p := run(t, cfg)
			visits := map[string]time.Time{}
			for i := range clients {
				who := fmt.Sprintf("c%d", i)
				visits[who] = p.attended(who)
			}
			p.stop()

			edited(t, cfg.Clinics, away(21))
			left := &atomic.Int64{}
			left.Store(first)
			p.opts = []Option{WithBetween(Between{Log: func(l runner.Log) runner.Log { return stalls{l, left} }})}
			p.start(cfg)
			testkit.Eventually(t, patience, "the walk stalls", func() bool { return left.Load() < 0 })
			p.stop()

			edited(t, cfg.Clinics, away(tc.days))
			p.opts = nil
			p.start(cfg)
			p.walked(2)
			decisions := map[int64]int{}
			for who, visit := range visits {
				if due, want := p.awaits(who), visit.Add(time.Duration(tc.days)*24*time.Hour); !due.Equal(want) {
					t.Errorf("%s is waited for until %v, want %v", who, due, want)
				}
				decisions[p.state(who).Decisions]++
			}
			want := map[int64]int{}
			want[tc.reached] += first
			want[tc.other] += clients - first
			if !maps.Equal(decisions, want) {
				t.Errorf("so many clients have so many decisions: %v, want %v", decisions, want)
			}
		})
	}
}

// Two replicas share the walk: each client's deadline is set once.
func TestAbsenceWalkIsShared(t *testing.T) {
	t.Parallel()
	nats, url := external(t)
	t.Cleanup(nats.Stop)
	cfg := externalConfig(t, url)
	cfg.Clinics = clinicFolder(t, away(14))
	p := run(t, cfg)
	const clients = 40
	for i := range clients {
		who := fmt.Sprintf("c%d", i)
		p.publish(p.event(events.AppointmentAttended, who, events.Data{Client: person(who, events.RiskNone), Appointment: p.appointment(who+"-visit", -time.Hour)}))
	}
	p.settle()
	p.stop()
	edited(t, cfg.Clinics, away(21))
	p.start(cfg)
	q := run(t, copyOf(t, cfg))
	testkit.Eventually(t, patience, "every client is waited for longer", func() bool {
		for i := range clients {
			if due := p.awaits(fmt.Sprintf("c%d", i)); due.Sub(p.Now()) < 20*24*time.Hour {
				return false
			}
		}
		return true
	})
	q.settle()
	for i := range clients {
		if n := p.state(fmt.Sprintf("c%d", i)).Decisions; n != 2 {
			t.Errorf("%d decisions on a client", n)
		}
	}
}

// copyOf is another replica of the same program.
func copyOf(t testing.TB, cfg Config) Config {
	t.Helper()
	own := storyConfig(t)
	cfg.Data = own.Data
	return cfg
}

// A replica that still has the older folder decides on a client whom the walk has
// reached before. When it is replaced too, that client is looked at again.
func TestAbsenceAfterAnOlderReplica(t *testing.T) {
	t.Parallel()
	nats, url := external(t)
	t.Cleanup(nats.Stop)
	older := externalConfig(t, url)
	older.Clinics = clinicFolder(t, away(14))
	p := run(t, older)
	p.attended("ana")
	p.attended("ben")

	newer := copyOf(t, older)
	newer.Clinics = clinicFolder(t, away(21))
	q := run(t, newer)
	q.walked(1)
	q.stop()
	p.say(events.ClientUpdated, "ana", events.Data{Client: person("ana", events.RiskNone)})
	if due := p.awaits("ana"); due.Sub(p.Now()) > 15*24*time.Hour {
		t.Fatalf("the older replica waits until %v", due)
	}
	p.stop()
	q.start(newer)
	q.walked(2)
	for who, want := range map[string]int64{"ana": 4, "ben": 2} {
		if due := q.awaits(who); due.Sub(q.Now()) < 20*24*time.Hour {
			t.Errorf("%s is waited for until %v", who, due)
		}
		if n := q.state(who).Decisions; n != want {
			t.Errorf("%s: %d decisions, want %d", who, n, want)
		}
	}
}
