package app

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/testkit"
	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/workflows/escalation"
	"github.com/mooring-care/mooring/workflows/runner"
)

// watchedQuestion is what a test has seen of one question, from the states alone: it knows
// nothing of notes or of AUDIT.
type watchedQuestion struct {
	policy                          string
	opened, accepted, taken, closed time.Time
	takenOn                         int
	rung                            int
	open, climbed, passed, failed   bool
}

// stateWatch watches every decision's state.
type stateWatch struct {
	mu   sync.Mutex
	seen map[string]*watchedQuestion // by escalation, guarded by mu
}

func (w *stateWatch) decided(d runner.Decided) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range d.State.Escalations {
		e := &d.State.Escalations[i]
		x := w.seen[e.ID]
		if x == nil {
			x = &watchedQuestion{policy: e.Policy.ID, opened: e.Opened, rung: e.Rung}
			w.seen[e.ID] = x
		}
		x.climbed = x.climbed || e.Rung > x.rung
		x.rung, x.open = e.Rung, e.Closed == nil
		for _, a := range e.Asks {
			if a.Inform {
				continue
			}
			if x.accepted.IsZero() && (a.Status == escalation.Accepted || a.Status == escalation.Silent) {
				x.accepted = d.Entry.Time
			}
			x.passed = x.passed || a.Status == escalation.Passed
			x.failed = x.failed || a.Status == escalation.Failed
		}
		if x.taken.IsZero() && (e.Ack != nil || e.Closed != nil) {
			x.takenOn = e.Rung + 1
			if e.Ack != nil {
				x.taken = e.Ack.At
			} else {
				x.taken = e.Closed.At
			}
		}
		if x.closed.IsZero() && e.Closed != nil {
			x.closed = e.Closed.At
		}
	}
}

// least is the smallest of some times that so large a part of them does not pass.
func least(list []float64, part float64) float64 {
	best := math.Inf(1)
	for _, v := range list {
		n := 0
		for _, other := range list {
			if other <= v {
				n++
			}
		}
		if float64(n) >= part*float64(len(list)) && v < best {
			best = v
		}
	}
	return best
}

func statsByForce(list []float64) StretchStats {
	if len(list) == 0 {
		return StretchStats{}
	}
	return StretchStats{len(list), least(list, 0.5), least(list, 0.9), least(list, 0.99)}
}

// byForce counts what the report should say, and what the histograms should.
func (w *stateWatch) byForce(clinic string) (rows []EscalationReportRow, sums map[string][2]float64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	type key struct {
		policy string
		rung   int
	}
	times := map[key][4][]float64{}
	counts := map[key]EscalationReportRow{}
	sums = map[string][2]float64{}
	for _, x := range w.seen {
		k := key{x.policy, x.takenOn}
		row, list := counts[k], times[k]
		row.Clinic, row.Policy, row.Rung = clinic, x.policy, x.takenOn
		row.Count++
		if x.open {
			if row.Open++; row.OldestOpen.IsZero() || x.opened.Before(row.OldestOpen) {
				row.OldestOpen = x.opened
			}
		}
		for n, is := range map[*int]bool{&row.Climbed: x.climbed, &row.Declined: x.passed, &row.NotDelivered: x.failed} {
			if is {
				*n++
			}
		}
		for i, ends := range [4][2]time.Time{{x.opened, x.accepted}, {x.accepted, x.taken}, {x.opened, x.taken}, {x.taken, x.closed}} {
			if ends[0].IsZero() || ends[1].IsZero() {
				continue
			}
			took := ends[1].Sub(ends[0]).Seconds()
			list[i] = append(list[i], took)
			if i > 0 { // the first one's rung is where the ladder stood then
				name := fmt.Sprintf("%s %s %d", []string{"", "answered", "acknowledged", "outcome"}[i], x.policy, x.takenOn)
				sums[name] = [2]float64{sums[name][0] + 1, sums[name][1] + took}
			}
		}
		counts[k], times[k] = row, list
	}
	for k, row := range counts {
		row.ToAccepted, row.ToAnswer = statsByForce(times[k][0]), statsByForce(times[k][1])
		row.ToHuman, row.ToOutcome = statsByForce(times[k][2]), statsByForce(times[k][3])
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b EscalationReportRow) int { return cmp.Compare(a.Rung, b.Rung) })
	return rows, sums
}

// answers opens a question's page from its mail, with the code where the browser has
// no session yet, and presses; what is the value of the button, with the fields that
// go with it.
func (b *browser) answers(l letter, what string, fields ...string) {
	p := b.p
	p.t.Helper()
	link := l.link(p.t, "e")
	g := b.get(link)
	if strings.Contains(g.text, `name="code"`) {
		if g = b.post(link, "code", l.code(p.t), "do", "show"); g.status != http.StatusSeeOther {
			p.t.Fatalf("the code: %d\n%s", g.status, g.text)
		}
		g = b.get(link)
	}
	g = b.press(link, g, append([]string{"do", what}, fields...)...)
	if g.status != http.StatusSeeOther && g.status != http.StatusOK {
		p.t.Fatalf("%s: %d\n%s", what, g.status, g.text)
	}
	p.settle()
}

var histogram = regexp.MustCompile(`mooring_escalation_([a-z]+)_seconds_(count|sum)\{clinic="sample",policy="([a-z-]+)",rung="(\d)"\} (\S+)`)

// histograms are count and sum of each histogram in /metrics.
func (p *program) histograms() (sums map[string][2]float64, accepted int) {
	p.t.Helper()
	testkit.Eventually(p.t, patience, "everything is counted", func() bool { return p.metrics.times.left.Load() == 0 })
	sums = map[string][2]float64{}
	for _, m := range histogram.FindAllStringSubmatch(p.browser().get(opsURL+"/metrics").text, -1) {
		v, err := strconv.ParseFloat(m[5], 64)
		if err != nil {
			p.t.Fatal(err)
		}
		name := m[1] + " " + m[3] + " " + m[4]
		x := sums[name]
		if m[2] == "count" {
			x[0] = v
		} else {
			x[1] = v
		}
		if m[1] == "accepted" {
			if m[2] == "count" {
				accepted += int(v)
			}
			continue
		}
		sums[name] = x
	}
	return sums, accepted
}

// TestReportEscalations: the report and the histograms count what a count by force
// over every state counts, for questions that are taken at once and late, passed on,
// climb, fail to reach somebody, are closed untaken, and stay open.
func TestReportEscalations(t *testing.T) {
	t.Parallel()
	watch := &stateWatch{seen: map[string]*watchedQuestion{}}
	var refusing atomic.Bool
	cfg := storyConfig(t)
	p := run(t, cfg, WithObserver(watch.decided), WithProvider(scriptedMail(t, cfg, func(_ context.Context, m notifier.Mail) error {
		if refusing.Load() && m.To.Email == amara {
			return &notifier.SendError{Class: notifier.Permanent, Detail: "550"}
		}
		return nil
	})))
	take := func(who, to, what string, fields ...string) {
		t.Helper()
		for _, l := range slices.Backward(p.all) {
			if l.To.Email == to && l.Message.Template == "escalation" && l.Message.Target == p.question(who).ID {
				p.browser().answers(l, what, fields...)
				return
			}
		}
		t.Fatalf("no question about %s to %s", who, to)
	}
	outcome := []string{"outcome", string(events.OutcomeReachedPlan), "none", "yes"}

	p.noshow("quick", events.RiskHigh)
	p.pass(7 * time.Minute)
	p.noshow("untaken", events.RiskHigh)
	take("quick", amara, "take")
	p.noshow("passed", events.RiskHigh)
	p.pass(3 * time.Minute)
	take("passed", amara, "pass")
	refusing.Store(true)
	p.noshow("unreached", events.RiskHigh)
	refusing.Store(false)
	p.noshow("silent", events.RiskHigh)
	p.pass(9 * time.Minute)
	take("untaken", amara, "close", outcome...)
	take("quick", amara, "close", outcome...)
	take("passed", jonas, "take")
	p.noshow("forgotten", events.RiskHigh)
	p.pass(5 * time.Minute)
	take("forgotten", amara, "take")
	p.pass(17 * time.Minute) // silent climbs
	take("unreached", jonas, "take")
	take("silent", jonas, "take")
	p.noshow("open", events.RiskHigh)
	p.pass(40 * time.Minute)
	take("silent", jonas, "close", outcome...)
	p.pass(100 * time.Minute) // the hold of the forgotten one is over, and the open one climbs
	take("forgotten", jonas, "take")
	take("forgotten", jonas, "close", outcome...)
	p.inbox = nil

	rows, sums := watch.byForce(p.clinic())
	if n := len(rows); n < 3 || rows[0].Rung != 0 || len(sums) < 6 {
		t.Fatalf("the stories do not differ enough: %+v, %v", rows, sums)
	}
	o := p.beside()
	got, err := o.EscalationReport(t.Context(), "", time.Time{})
	if err != nil || !slices.Equal(got.Rows, rows) {
		t.Errorf("the report (%v)\n%+v\nby force\n%+v", err, got.Rows, rows)
	}
	var text bytes.Buffer
	if err := got.WriteText(&text); err != nil || strings.Count(text.String(), "high-risk-no-show") != len(rows) || !strings.Contains(text.String(), "nobody yet") {
		t.Errorf("%v\n%s", err, &text)
	}
	// Records of an earlier version do not say where a question stands.
	old := newPastEscalations()
	if err := p.store.Decisions(t.Context(), "", func(ref runner.Ref, head []byte) error {
		e, err := runner.ReadEntry(head)
		e.Escalations = nil
		old.take(ref, e)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for _, e := range old.order {
		if w := watch.seen[e.id]; e.policyName() != unknownPolicy || e.ackRung != w.takenOn || e.climbed != w.climbed {
			t.Errorf("without standings %s is taken on %d, climbed %v; want %+v", e.id, e.ackRung, e.climbed, w)
		}
	}
	// Those opened since then only.
	late, err := o.EscalationReport(t.Context(), p.clinic(), p.question("open").Opened)
	if err != nil || len(late.Rows) != 1 || late.Rows[0].Count != 1 || late.Rows[0].Open != 1 {
		t.Errorf("since then: %+v, %v", late, err)
	}

	same := func(when string) {
		t.Helper()
		near := func(a, b [2]float64) bool { return a[0] == b[0] && math.Abs(a[1]-b[1]) < 1e-6 }
		got, accepted := p.histograms()
		if !maps.EqualFunc(got, sums, near) || accepted != len(watch.seen) {
			t.Errorf("%s the histograms have %v and %d first mails; by force %v and %d", when, got, accepted, sums, len(watch.seen))
		}
	}
	same("at first")
	// The log is read again from its beginning, as after a crash: nothing counts twice.
	js, err := jetstream.New(p.nc)
	if err != nil {
		t.Fatal(err)
	}
	if err := js.DeleteConsumer(t.Context(), "CLIENTS", "effects"); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, patience, "everything is read again", func() bool {
		c, err := js.Consumer(t.Context(), "CLIENTS", "effects")
		if err != nil {
			return false
		}
		i := c.CachedInfo()
		return i.NumPending == 0 && i.NumAckPending == 0 && i.Delivered.Consumer >= 20
	})
	same("read again")
}
