package app

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/workflows/runner"
)

// metrics are what /metrics shows. Labels are codes of our own: no person and
// no stranger's text is among them.
type metrics struct {
	registry  *prometheus.Registry
	events    *prometheus.CounterVec
	refused   *prometheus.CounterVec
	decisions *prometheus.CounterVec
	sends     *prometheus.CounterVec
	pages     *prometheus.CounterVec
	lost      prometheus.Counter
	findings  *prometheus.CounterVec
	times     *escalationTimes
}

func newMetrics(a *App) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "mooring_events_total", Help: "Events read, by kind.",
		}, []string{"kind"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "mooring_rejected_total", Help: "Events that nobody could act on, by reason.",
		}, []string{"reason"}),
		decisions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "mooring_decisions_total", Help: "What was decided, by workflow and reason.",
		}, []string{"workflow", "reason"}),
		sends: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "mooring_sends_total", Help: "Messages settled, by lane and result.",
		}, []string{"lane", "result"}),
		pages: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "mooring_pages_total", Help: "Pages to staff beside mail, by channel and result: taken or failed.",
		}, []string{"channel", "result"}),
		lost: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "mooring_looks_lost_total", Help: "Looks at a client's data that could not be written down.",
		}),
	}
	m.findings = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "mooring_mail_findings_total", Help: "What the last look at a mail's bytes held against it, by lane and rule. A care mail was kept back; a safety mail left.",
	}, []string{"lane", "rule"})
	m.times = newEscalationTimes()
	for _, h := range m.times.stretch {
		m.registry.MustRegister(h)
	}
	m.registry.MustRegister(
		m.events, m.refused, m.decisions, m.sends, m.pages, m.lost, m.findings, newLive(a),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

func (m *metrics) event(k events.Kind)      { m.events.WithLabelValues(string(k)).Inc() }
func (m *metrics) rejected(r events.Reason) { m.refused.WithLabelValues(string(r)).Inc() }
func (m *metrics) found(l notifier.Lane, rule string) {
	m.findings.WithLabelValues(string(l), rule).Inc()
}
func (m *metrics) lookLost() { m.lost.Inc() }
func (m *metrics) sent(l notifier.Lane, s notifier.Status) {
	m.sends.WithLabelValues(string(l), string(s)).Inc()
}

// paged hears how a page ended.
func (m *metrics) paged(channel string, taken bool) {
	result := "failed"
	if taken {
		result = "taken"
	}
	m.pages.WithLabelValues(channel, result).Inc()
}

func (m *metrics) decided(d runner.Decided) {
	for _, n := range d.Entry.Notes {
		m.decisions.WithLabelValues(n.Workflow, string(n.Reason)).Inc()
	}
}

// live asks for what is true at the moment of a scrape.
type live struct {
	a              *App
	open, age, lag *prometheus.Desc
	overdue        *prometheus.Desc
	silent         *prometheus.Desc
}

func newLive(a *App) *live {
	return &live{
		a:       a,
		open:    prometheus.NewDesc("mooring_open_escalations", "Escalations that no human has closed, as this replica's index has them.", nil, nil),
		age:     prometheus.NewDesc("mooring_oldest_escalation_seconds", "Age of the oldest open escalation; 0 when none is open.", nil, nil),
		lag:     prometheus.NewDesc("mooring_consumer_lag", "Messages that a durable consumer has not finished.", []string{"consumer"}, nil),
		silent:  prometheus.NewDesc("mooring_feed_silent", "1 where a clinic's system has sent no event for as long as the clinic allows while it is open.", []string{"clinic"}, nil),
		overdue: prometheus.NewDesc("mooring_overdue", "Questions and tasks that have not moved a minute after their time, or that nobody can be asked, as the watcher sees it; 1 for mail to staff that does not leave.", []string{"what"}, nil),
	}
}

// Describe names the gauges.
func (l *live) Describe(ch chan<- *prometheus.Desc) {
	ch <- l.open
	ch <- l.age
	ch <- l.lag
	ch <- l.overdue
	ch <- l.silent
}

// Collect reads them.
func (l *live) Collect(ch chan<- prometheus.Metric) {
	// No figure is better than a nought that only means "not read yet".
	if l.a.index.Ready() {
		open, age := 0, 0.0
		for i, row := range l.a.index.Open() {
			open += row.Meta.Open
			if i == 0 {
				age = l.a.clock.Now().Sub(row.Meta.OldestOpen).Seconds()
			}
		}
		ch <- prometheus.MustNewConstMetric(l.open, prometheus.GaugeValue, float64(open))
		ch <- prometheus.MustNewConstMetric(l.age, prometheus.GaugeValue, max(age, 0))
	}
	questions, nobody, tasks, mail := l.a.watcher.counts()
	for what, n := range map[string]int{alarmQuestions: questions, alarmNobody: nobody, alarmTasks: tasks, alarmMail: mail} {
		ch <- prometheus.MustNewConstMetric(l.overdue, prometheus.GaugeValue, float64(n), what)
	}
	for clinic, silent := range l.a.watcher.silentFeeds() {
		n := 0.0
		if silent {
			n = 1
		}
		ch <- prometheus.MustNewConstMetric(l.silent, prometheus.GaugeValue, n, clinic)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	lag, err := l.a.store.Lag(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(l.lag, err)
		return
	}
	for consumer, n := range lag {
		ch <- prometheus.MustNewConstMetric(l.lag, prometheus.GaugeValue, float64(n), consumer)
	}
}
