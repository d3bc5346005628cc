package workflows

import (
	"slices"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/escalation"
)

// starts begins the journeys that the event calls for.
func (d *decider) starts() {
	for _, w := range d.c.Workflows { // by falling precedence
		if slices.Contains(w.Start.On, d.ev.Kind) && d.fits(w) && d.may(w) {
			d.start(w)
		}
	}
}

// fits says whether the start's condition holds; one that fails goes to a
// human and starts nothing.
func (d *decider) fits(w *Workflow) bool {
	holds, err := w.Start.When.Eval(d.facts(nil))
	if err != nil {
		d.note(Note{What: WhatJourney, Reason: ConditionFailed, Workflow: w.Name, Step: "start"})
		d.task("condition-failed", "assigned", replyDue, nil, "", ConditionFailed)
		return false
	}
	return holds
}

// asksLate asks about a visit that was missed before the client was known to be
// at risk: news that comes in another order must raise the same question (the
// rule order-free). Only workflows that ask a human first are looked at, and the
// newest visit stands for those before it.
func (d *decider) asksLate() {
	ev := d.ev
	defer func() { d.ev = ev }()
	open := d.unanswered()
	asked := false
	for _, w := range d.c.Workflows {
		if !w.asksHuman() {
			continue
		}
		for _, o := range open {
			if !slices.Contains(w.Start.On, o.Kind) {
				continue
			}
			d.ev = events.Event{
				Clinic: ev.Clinic, Key: ev.Key, Kind: o.Kind, Time: o.At,
				Data: events.Data{Appointment: &events.Appointment{ID: o.Appointment}},
			}
			if !d.fits(w) {
				continue
			}
			asked = true
			if d.may(w) {
				d.start(w)
			}
			break
		}
	}
	for _, o := range open {
		if asked {
			d.asked(o.Appointment)
		}
	}
}

// unanswered are the appointments, the newest first, whose outcome nobody was
// asked about and which the client has not come back from since.
func (d *decider) unanswered() []Occurrence {
	var seen time.Time // when the client was last seen
	happened := map[string]Occurrence{}
	for i := range d.s.Past {
		o := &d.s.Past[i]
		switch o.Kind {
		case events.AppointmentAttended:
			seen = o.At
		case events.AppointmentBooked, events.AppointmentRescheduled:
			// What becomes of it from here on is another outcome.
			delete(happened, o.Appointment)
		}
		if isOutcome(o.Kind) {
			happened[o.Appointment] = *o
		}
	}
	var out []Occurrence
	for i := range d.s.Appointments {
		a := &d.s.Appointments[i]
		// When it was said first: systems repeat an outcome with every change to
		// the record.
		at := a.StatusSaid.At
		if o := happened[a.ID]; o.Kind == a.Status {
			at = o.At
		}
		if a.Asked || a.StatusSaid.By == d.hash || at.Before(seen) || d.now.Sub(at) > startsWithin {
			continue
		}
		out = append(out, Occurrence{Kind: a.Status, At: at, Event: a.StatusSaid.By, Appointment: a.ID})
	}
	slices.SortFunc(out, func(a, b Occurrence) int { return compareOccurrences(b, a) })
	return out
}

// asked remembers that a human was asked about what became of an appointment.
func (d *decider) asked(appointment string) {
	for i := range d.s.Appointments {
		if a := &d.s.Appointments[i]; a.ID == appointment {
			a.Asked = true
		}
	}
}

// startsWithin is how long after an event a withdrawal journey may still
// start: what is older is history that was imported or a feed that was long
// down, and an answer to it would come out of nowhere.
const startsWithin = 30 * 24 * time.Hour

// may says whether a workflow that fits may start at all, and why not.
func (d *decider) may(w *Workflow) bool {
	_, stopped := statusReason(d.s.Profile.status())
	switch {
	case stopped:
		d.refuse(w, NotActive, "")
	case w.Precedence > 0 && d.overtaken(w):
		d.refuse(w, ReturnedSince, "")
	case d.now.Sub(d.ev.Time) > startsWithin, d.longMissed():
		d.refuse(w, TooLate, "")
	case d.notBegun():
		d.refuse(w, VisitAhead, "")
	case d.ev.Kind == events.SafetyConcern && d.now.Sub(d.ev.Time) > concernWithin:
		// A human has it as a task already, and no ladder begins at night.
		d.refuse(w, OldConcern, "")
	case d.stopHolds(w):
		d.refuse(w, StopHolds, "")
	default:
		return true
	}
	return false
}

// refuse says why a workflow that fits does not start. One that asks a human
// first is a question about safety, and no reason makes that vanish: a human
// gets it as a task (the rule fail-to-human). Nobody is asked about the dead,
// nor about history that tells of no risk: what is older than anything
// conditions can count, or old and of a client whose risk nobody has stated. An
// import brings these by the thousand.
func (d *decider) refuse(w *Workflow, why Reason, detail string) {
	d.note(Note{What: WhatJourney, Reason: why, Workflow: w.Name, Detail: detail})
	if !w.asksHuman() || d.s.Profile.status() == events.StatusDeceased {
		return
	}
	if age := d.now.Sub(d.ev.Time); age > LookBack || age > startsWithin && !d.s.Profile.Risk.Known() {
		return
	}
	if d.asksAlready(w) {
		return
	}
	if d.ev.Kind == events.AppointmentNoShow {
		d.task("no-show-at-risk", "assigned", replyDue, nil, "", why)
	} else {
		d.task("safety-question", "assigned", replyDue, nil, "", why)
	}
	if a := d.ev.Data.Appointment; a != nil {
		d.asked(a.ID)
	}
}

// asksAlready says whether this very event has just opened the workflow's
// question by itself, or joined it.
func (d *decider) asksAlready(w *Workflow) bool {
	ask := w.Program[0].Escalate
	if d.ev.Kind != events.CheckinAnswered && d.ev.Kind != events.SafetyConcern && d.ev.Kind != events.SafetyRaised {
		return false
	}
	return slices.ContainsFunc(d.s.Escalations, func(e escalation.Escalation) bool {
		return e.Open() && e.Policy.ID == ask.Policy && slices.Contains(e.Questions, ask.Question)
	})
}

// overtaken says whether something has happened since the event that would
// have stopped the journey: had it come in order, the journey would be over.
// Bookings are looked at by themselves, since one that has passed stops
// nothing.
func (d *decider) overtaken(w *Workflow) bool {
	f, impossible := d.facts(nil), d.s.impossible()
	for i := range d.s.Past {
		o := &d.s.Past[i]
		if slices.Contains(impossible, o.Appointment) {
			continue
		}
		if !o.At.After(d.ev.Time) || o.Event == d.hash ||
			o.Kind == events.AppointmentBooked || o.Kind == events.AppointmentRescheduled {
			continue
		}
		for _, stop := range w.Stops {
			if !slices.Contains(stop.On, o.Kind) {
				continue
			}
			// Where the condition fails, the journey starts, and a stop that
			// comes asks a human.
			if holds, err := stop.When.Eval(f); err == nil && holds {
				return true
			}
		}
	}
	return false
}

// start keeps the rule one-hand: one withdrawal journey at a time, the written
// precedence says which, and none for a client who has a next appointment. A
// workflow that asks a human first is no withdrawal journey but a question about
// safety, and a booking does not answer it: somebody with a standing weekly
// visit nearly always has one ahead, and would never be asked about. What it
// sends afterwards stays subject to every gate.
func (d *decider) start(w *Workflow) {
	for i := range d.s.Journeys {
		if j := &d.s.Journeys[i]; j.Workflow == w.Name {
			d.startsAgain(j, w)
			return
		}
	}
	if why, limited := d.beganBefore(w); limited {
		d.refuse(w, why, "")
		return
	}
	replaced := ""
	if w.Precedence > 0 {
		if !w.asksHuman() && !w.Start.EvenIfBooked && d.s.HasFutureAppointment(d.now) {
			for i := range d.s.Appointments {
				if a := &d.s.Appointments[i]; a.ahead(d.now) {
					a.Ended = true
				}
			}
			d.refuse(w, FutureAppointment, "")
			return
		}
		var weaker []int
		for i := range d.s.Journeys {
			j := &d.s.Journeys[i]
			other := d.definition(j)
			if other == nil || other.Precedence == 0 {
				continue
			}
			if other.Precedence >= w.Precedence {
				d.refuse(w, StrongerRuns, j.Workflow)
				return
			}
			weaker = append(weaker, i)
		}
		for _, i := range weaker {
			replaced = d.s.Journeys[i].Workflow
			d.end(&d.s.Journeys[i], ReplacedByStrong, w.Name)
		}
		d.sweep()
	}
	d.n++
	j := Journey{
		ID: events.TargetID("journey", d.s.Key, d.hash, d.n), Workflow: w.Name, Version: d.c.Version,
		Cause: d.hash, Origin: d.ev.Time, Started: d.now, Nominal: d.ev.Time, Step: w.Program[0].ID,
		Replaced: replaced,
	}
	if a := d.ev.Data.Appointment; a != nil {
		j.Appointment = a.ID
		d.waitsNoMore(a.ID, w.Name)
		if w.asksHuman() {
			d.asked(a.ID)
		}
	}
	d.s.Journeys = append(d.s.Journeys, j)
	d.began(w, &j)
	d.watch(w, &j)
	d.note(Note{What: WhatJourney, Reason: Started, Workflow: w.Name})
	d.headline = orReason(d.headline, Started)
	d.run(&d.s.Journeys[len(d.s.Journeys)-1], w)
	d.sweep()
}

// startsAgain is a second cause of a journey that is under way. Where its
// question is still open the cause joins it; one that was closed does not answer
// what has happened since.
func (d *decider) startsAgain(j *Journey, w *Workflow) {
	if w.asksHuman() {
		ask := &w.Program[0]
		for i := range d.s.Escalations {
			if e := &d.s.Escalations[i]; e.Open() && e.ID == j.Opened[ask.ID] {
				d.note(Note{What: WhatJourney, Reason: AlreadyRuns, Workflow: w.Name})
				d.escalate(e.Policy.ID, ask.Escalate.Question, nil, "")
				if a := d.ev.Data.Appointment; a != nil {
					d.asked(a.ID)
				}
				return
			}
		}
	}
	if a := d.ev.Data.Appointment; a != nil && a.ID != j.Appointment {
		i := slices.IndexFunc(d.s.Appointments, func(x Appointment) bool { return x.ID == a.ID })
		if x := &d.s.Appointments[i]; !slices.Contains(x.Refused, w.Name) {
			x.Refused = append(slices.Clone(x.Refused), w.Name)
		}
	}
	d.refuse(w, AlreadyRuns, "")
}

// frees remembers that a journey ends because its own appointment will not be.
func (d *decider) frees(j *Journey) {
	a := d.ev.Data.Appointment
	if a == nil || a.ID != j.Appointment {
		return
	}
	i := slices.IndexFunc(d.s.Appointments, func(x Appointment) bool { return x.ID == a.ID })
	switch d.s.Appointments[i].Status {
	case events.AppointmentCancelled, events.AppointmentRetracted:
		d.freed = append(d.freed, j.Workflow)
	}
}

// startsFreed begins, for the next appointment that waits for it, a workflow whose
// journey has just ended with its own: whoever moves a visit often books the new one
// first and cancels the old one after (the rule order-free).
func (d *decider) startsFreed() {
	ev := d.ev
	defer func() { d.ev = ev }()
	for _, name := range d.freed {
		w, ok := d.c.AtWork(name)
		next := -1
		for i := range d.s.Appointments {
			if a := &d.s.Appointments[i]; slices.Contains(a.Refused, name) && a.ahead(d.now) && (next < 0 || a.Start.Before(d.s.Appointments[next].Start)) {
				next = i
			}
		}
		if !ok || next < 0 {
			continue
		}
		a := &d.s.Appointments[next]
		d.waitsNoMore(a.ID, name)
		d.ev = events.Event{
			Clinic: ev.Clinic, Key: ev.Key, Kind: a.Status, Time: ev.Time,
			Data: events.Data{Appointment: &events.Appointment{ID: a.ID}},
		}
		if slices.Contains(w.Start.On, d.ev.Kind) && d.fits(w) && d.may(w) {
			d.start(w)
		}
	}
}

// waitsNoMore says that an appointment no longer waits for a workflow to begin.
func (d *decider) waitsNoMore(appointment, workflow string) {
	for i := range d.s.Appointments {
		if a := &d.s.Appointments[i]; a.ID == appointment {
			a.Refused = slices.DeleteFunc(slices.Clone(a.Refused), func(name string) bool { return name == workflow })
		}
	}
}

// asksHuman says whether the workflow puts a question to a human first.
func (w *Workflow) asksHuman() bool {
	return len(w.Program) > 0 && w.Program[0].Kind == StepEscalate
}

// escalates says whether the workflow puts a question to a human anywhere.
func (w *Workflow) escalates() bool {
	return slices.ContainsFunc(w.Program, func(st Step) bool { return st.Kind == StepEscalate })
}

// stopHolds says whether a stop that is a condition alone holds before the
// journey has begun. Where it fails, the journey begins, and the next event asks
// a human.
func (d *decider) stopHolds(w *Workflow) bool {
	return slices.ContainsFunc(w.Stops, func(stop Stop) bool {
		if len(stop.On) > 0 {
			return false
		}
		holds, err := stop.When.Eval(d.facts(nil))
		return err == nil && holds
	})
}

// beganBefore says whether the workflow's key or its time between two journeys
// keeps it from beginning now.
func (d *decider) beganBefore(w *Workflow) (Reason, bool) {
	appointment := ""
	if a := d.ev.Data.Appointment; a != nil {
		appointment = a.ID
	}
	for i := range d.s.Began {
		b := &d.s.Began[i]
		if b.Workflow != w.Name || d.now.Sub(b.At) > LookBack {
			continue
		}
		switch w.Start.Key {
		case KeyAppointment:
			if b.Appointment == appointment {
				return AlreadyBegan, true
			}
		case KeyClient:
			return AlreadyBegan, true
		case KeyEpisode:
			if seen := newest(d.s.Past, events.AppointmentAttended, d.s.impossible()); seen == nil || !b.At.Before(seen.At) {
				return AlreadyBegan, true
			}
		}
		if w.Start.Again > 0 && d.ev.Time.Sub(b.At).Abs() < w.Start.Again {
			return BeganRecently, true
		}
	}
	return "", false
}

// began remembers that a journey began, where that limits the next.
func (d *decider) began(w *Workflow, j *Journey) {
	if w.Start.Key == "" && w.Start.Again == 0 {
		return
	}
	d.s.Began = append(slices.Clone(d.s.Began), Began{Workflow: w.Name, Appointment: j.Appointment, At: j.Origin})
	if over := len(d.s.Began) - keptBegan; over > 0 {
		d.s.Began = d.s.Began[over:]
	}
}

// keptBegan bounds what is remembered of journeys that began: more than one a
// week for every built-in workflow that limits itself.
const keptBegan = 200
