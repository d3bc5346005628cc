package app

import (
	"bytes"
	"context"
	"strconv"
	"sync/atomic"
	"time"

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
	// todo are the records that are to be counted, by a goroutine of its own: what
	// reads a client's history must not keep safety events waiting.
	todo chan toCount
	// left is how many are to be counted.
	left atomic.Int64
	// said is when it was last said that too many wait, in Unix seconds.
	said atomic.Int64
}

type toCount struct {
	record countedRecord
	head   []byte
}

// countsWait bounds how many records wait to be counted; countWithin is how long
// reading one client's history may take.
const (
	countsWait  = 16 << 10
	countWithin = 30 * time.Second
)

type countedRecord struct {
	ref runner.Ref
	seq uint64
}

const countedRecords = 64 << 10

func newEscalationTimes() *escalationTimes {
	t := &escalationTimes{counted: newBounded[countedRecord, struct{}](countedRecords), todo: make(chan toCount, countsWait)}
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

// escalationDecided has the stretches counted that a record of the log ends. It waits
// for nothing and fails nobody: where too many wait, that is said in the log.
func (a *App) escalationDecided(r jetstream.Recorded, head []byte) {
	e, err := runner.ReadEntry(head)
	if err != nil || !endsStretch(&e) {
		return // what cannot be read was said by whoever performs it
	}
	a.metrics.times.left.Add(1)
	select {
	case a.metrics.times.todo <- toCount{countedRecord{r.Ref, r.Sequence}, head}:
	default:
		a.metrics.times.left.Add(-1)
		if now, said := time.Now().Unix(), a.metrics.times.said.Load(); now-said >= 60 && a.metrics.times.said.CompareAndSwap(said, now) {
			a.log.Warn("times that questions took are not counted: too many wait", "clinic", r.Ref.Clinic)
		}
	}
}

// countTimes counts until ctx ends.
func (a *App) countTimes(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case one := <-a.metrics.times.todo:
			within, cancel := context.WithTimeout(ctx, countWithin)
			a.countTime(within, one.record, one.head)
			cancel()
			a.metrics.times.left.Add(-1)
		}
	}
}

// countTime counts the stretches that a record ends. What came before stands in the
// client's history, so that a restart in the middle of a question changes nothing.
func (a *App) countTime(ctx context.Context, r countedRecord, head []byte) {
	t := a.metrics.times
	if _, ok := t.counted.get(r); ok {
		return
	}
	history, err := a.store.History(ctx, r.ref)
	if err != nil {
		a.log.Warn("the time that a question took is not counted", "clinic", r.ref.Clinic, "error", err)
		return
	}
	t.counted.put(r, struct{}{})
	past := newPastEscalations()
	for _, body := range history {
		one, err := runner.ReadEntry(body)
		if err != nil {
			a.log.Error("the time that a question took is not counted", "clinic", r.ref.Clinic, "error", err)
			return
		}
		ended := past.take(r.ref, one)
		if !bytes.Equal(body, head) {
			continue
		}
		for _, x := range ended {
			t.stretch[x.what].WithLabelValues(x.e.ref.Clinic, x.e.policyName(), strconv.Itoa(x.rung)).Observe(x.took.Seconds())
		}
		return
	}
}
