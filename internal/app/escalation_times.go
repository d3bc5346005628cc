package app

import (
	"bytes"
	"context"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/escalation"
	"github.com/mooring-care/mooring/workflows/runner"
)

// escalationTimes are the histograms of how long questions take to reach a human.
type escalationTimes struct {
	stretch [stretches]*prometheus.HistogramVec
	// counted are the records that were counted: one that comes again counts once in
	// this process. After a restart, or in another one, it may count once more.
	counted *bounded[countedRecord, struct{}]
}

type countedRecord struct {
	ref runner.Ref
	seq uint64
}

const countedRecords = 64 << 10

func newEscalationTimes() *escalationTimes {
	t := &escalationTimes{counted: newBounded[countedRecord, struct{}](countedRecords)}
	for s, text := range [stretches][2]string{
		toAccepted: {"mooring_escalation_accepted_seconds", "From a question's opening to the provider taking the first mail that asks it."},
		toAnswer:   {"mooring_escalation_answered_seconds", "From the first mail taken to somebody taking the question."},
		toHuman:    {"mooring_escalation_acknowledged_seconds", "From a question's opening to somebody taking it."},
		toOutcome:  {"mooring_escalation_outcome_seconds", "From somebody taking a question to its first outcome."},
	} {
		t.stretch[s] = prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: text[0], Help: text[1],
			Buckets: []float64{1, 5, 15, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800, 86400, 259200},
		}, []string{"clinic", "policy", "rung"})
	}
	return t
}

// endsStretch says whether a decision may end a stretch.
func endsStretch(e *runner.Entry) bool {
	for _, n := range e.Notes {
		if n.What != workflows.WhatEscalation {
			continue
		}
		switch escalation.Reason(n.Reason) {
		case escalation.MailAccepted, escalation.Acknowledged, escalation.Closed:
			return true
		}
	}
	return false
}

// escalationDecided counts the stretches that a record of the log ends. What came
// before stands in the client's history, so that a restart in the middle of a
// question changes nothing. It fails nobody: a record that cannot be counted is said
// in the log.
func (a *App) escalationDecided(ctx context.Context, r jetstream.Recorded, head []byte) {
	t, key := a.metrics.times, countedRecord{r.Ref, r.Sequence}
	if _, ok := t.counted.get(key); ok {
		return
	}
	e, err := runner.ReadEntry(head)
	if err != nil || !endsStretch(&e) {
		return // what cannot be read was said by whoever performs it
	}
	history, err := a.store.History(ctx, r.Ref)
	if err != nil {
		a.log.Warn("the time that a question took is not counted yet", "clinic", r.Ref.Clinic, "error", err)
		return
	}
	t.counted.put(key, struct{}{})
	past := newPastEscalations()
	for _, body := range history {
		one, err := runner.ReadEntry(body)
		if err != nil {
			a.log.Error("the time that a question took is not counted", "clinic", r.Ref.Clinic, "error", err)
			return
		}
		ended := past.take(r.Ref, one)
		if !bytes.Equal(body, head) {
			continue
		}
		for _, x := range ended {
			t.stretch[x.what].WithLabelValues(x.e.ref.Clinic, x.e.policyName(), strconv.Itoa(x.rung)).Observe(x.took.Seconds())
		}
		return
	}
}
