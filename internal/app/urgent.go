package app

import (
	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/runner"
)

// submitEvent hands an event's work to its client's worker. What was imported
// comes last, whatever its kind.
func (a *App) submitEvent(ev events.Event, d runner.Delivery, work func()) {
	ref := runner.Ref{Clinic: ev.Clinic, Key: ev.Key}
	if isUrgent(ev.Kind, d.Wire.Subject) {
		a.pool.SubmitUrgent(ref, work)
		return
	}
	a.pool.Submit(ref, work)
}

func isUrgent(k events.Kind, subject string) bool {
	spec, known := events.Lookup(k)
	first, _, _, ok := events.ParseSubject(subject)
	return known && spec.Urgent && ok && first != events.SubjectBulk
}

// submitTimer hands a due timer's work to its client's worker. A client with an
// open escalation comes first, for the timer may be its ladder's next rung; so
// does everybody until it is known who has one.
func (a *App) submitTimer(ref runner.Ref, work func()) {
	if !a.index.Ready() || a.index.HasOpen(ref) {
		a.pool.SubmitUrgent(ref, work)
		return
	}
	a.pool.Submit(ref, work)
}
