package workflows

import (
	"slices"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/escalation"
)

// SeenFor is how long decided events are remembered: as long as EVENTS keeps
// them, so that none can be delivered again after it was forgotten.
const SeenFor = 91 * 24 * time.Hour

// Decide concludes from one event what follows for one client. It is pure: the
// same arguments give the same decision, and none of them is changed.
//
// The event is applied first and deadlines after, so that an answer which
// comes in the same instant as its time limit counts.
func Decide(s State, dir Directory, ev events.Event, now time.Time) Decision {
	hash := ev.Hash()
	if ev.Kind != events.TimerDue && s.Decided(hash) {
		return Decision{State: s, Nothing: true, Notes: []Note{{What: WhatClient, Reason: AlreadyDecided}}}
	}
	d := newDecider(s, dir, ev, hash, now)
	before := s.Next()
	d.apply()
	return d.finish(before)
}

// Decided says whether an event was decided on before.
func (s *State) Decided(h events.Hash) bool {
	_, ok := s.Conclusion(h)
	return ok
}

// Conclusion is what was concluded from an event that was decided on.
func (s *State) Conclusion(h events.Hash) (Reason, bool) {
	for i := len(s.Seen) - 1; i >= 0; i-- {
		if s.Seen[i].Hash == h {
			return s.Seen[i].Reason, true
		}
	}
	return "", false
}

// decider is one decision under way.
type decider struct {
	s    State
	dir  Directory
	c    *Clinic // the configuration in force
	ev   events.Event
	hash events.Hash
	now  time.Time
	n    int // numbers the ids that this decision makes

	effects []Effect
	notes   []Note
	// headline is what a person who caused the event is told; the first note
	// where nothing else was said.
	headline Reason
}

func newDecider(s State, dir Directory, ev events.Event, hash events.Hash, now time.Time) *decider {
	// Slices are cloned, so that the caller's state stays as it is.
	s.Appointments = slices.Clone(s.Appointments)
	s.Past = slices.Clone(s.Past)
	s.Journeys = slices.Clone(s.Journeys)
	s.Escalations = slices.Clone(s.Escalations)
	s.Tasks = slices.Clone(s.Tasks)
	s.Sends = slices.Clone(s.Sends)
	s.Seen = slices.Clone(s.Seen)
	if s.V == 0 {
		s.V, s.Clinic, s.Key, s.Created = StateVersion, ev.Clinic, ev.Key, now
	}
	if ev.Client != "" {
		s.EHR = ev.Client
	}
	return &decider{s: s, dir: dir, c: dir.Current(), ev: ev, hash: hash, now: now}
}

// finish prunes what is settled and sets the timer.
func (d *decider) finish(before time.Time) Decision {
	if d.ev.Kind == events.TimerDue && len(d.notes) == 0 {
		return Decision{State: d.s, Nothing: true}
	}
	if len(d.notes) == 0 {
		d.note(Note{What: WhatClient, Reason: NothingFollows})
	}
	if d.headline == "" {
		d.headline = d.notes[0].Reason
	}
	d.s.Decisions++
	if d.ev.Kind != events.TimerDue {
		d.s.Seen = append(d.s.Seen, Seen{Hash: d.hash, At: d.now.Unix(), Reason: d.headline})
	}
	d.prune()
	if next := d.s.Next(); !next.IsZero() && !next.Equal(before) {
		d.effects = append(d.effects, Effect{Timer: &next})
	}
	return Decision{State: d.s, Effects: d.effects, Notes: d.notes, Directory: d.c.Version}
}

func (d *decider) note(n Note) { d.notes = append(d.notes, n) }

// said is the stamp of this event on a profile field.
func (d *decider) said() said { return said{d.ev.Time, d.hash} }

// apply takes the event into the state and lets everything follow from it.
func (d *decider) apply() {
	wasStatus := d.s.Profile.status()
	if c := d.ev.Data.Client; c != nil {
		d.s.Profile.merge(c, d.said())
	}
	latest := true
	if a := d.ev.Data.Appointment; a != nil {
		_, latest = d.s.appointment(d.ev, d.hash)
	}
	if d.ev.Kind == events.AppointmentRetracted {
		d.forget(d.ev.Data.Appointment.ID)
	} else if Counted(d.ev.Kind) && !d.retracted() {
		d.count()
	}

	d.kind()

	if is := d.s.Profile.status(); is != wasStatus {
		d.statusChanged(is)
	}
	d.stops()
	d.answers()
	if !latest {
		d.note(Note{What: WhatClient, Reason: OldNews})
	} else if _, stopped := statusReason(d.s.Profile.status()); !stopped {
		d.starts()
	}
	if d.ev.Kind == events.TimerDue {
		d.due()
	}
}

// retracted says whether the event speaks of an appointment that the clinic
// has taken back.
func (d *decider) retracted() bool {
	a := d.ev.Data.Appointment
	if a == nil {
		return false
	}
	i := slices.IndexFunc(d.s.Appointments, func(x Appointment) bool { return x.ID == a.ID })
	return i >= 0 && d.s.Appointments[i].Status == events.AppointmentRetracted
}

// count keeps the event for conditions to count, in the order of event times.
func (d *decider) count() {
	o := Occurrence{Kind: d.ev.Kind, At: d.ev.Time, Event: d.hash}
	if a := d.ev.Data.Appointment; a != nil {
		o.Appointment = a.ID
	}
	i, _ := slices.BinarySearchFunc(d.s.Past, o, func(a, b Occurrence) int {
		if a.At.Equal(b.At) {
			return slices.Compare(a.Event[:], b.Event[:])
		}
		return a.At.Compare(b.At)
	})
	d.s.Past = slices.Insert(d.s.Past, i, o)
}

// forget drops what was counted for an appointment that never was.
func (d *decider) forget(appointment string) {
	d.s.Past = slices.DeleteFunc(d.s.Past, func(o Occurrence) bool { return o.Appointment == appointment })
}

// kind does what the kind itself asks for, whatever the workflows say.
func (d *decider) kind() {
	switch d.ev.Kind {
	case events.SafetyConcern:
		question := "concern-" + string(d.ev.Data.Concern.Level)
		d.escalate("safety", question, nil, "")
	case events.CheckinAnswered:
		d.answered()
	case events.MessageReplied:
		d.note(Note{What: WhatClient, Reason: ClientWroteBack})
		d.task("read-reply", "assigned", replyDue, nil, "", ReplyToRead)
	case events.EscalationAcknowledged, events.EscalationDeclined, events.EscalationAttempted,
		events.EscalationClosed, events.EscalationReopened:
		d.escalationAct()
	case events.TaskDone:
		d.taskDone()
	case events.ClientNoted:
		if r := d.ev.Data.Note.Reason; r != "" {
			set(&d.s.Profile.Reason, &r, d.said())
		}
		d.note(Note{What: WhatClient, Reason: Recorded, Person: d.ev.Data.Note.By})
	case events.ClientPaused, events.ClientResumed:
		d.paused()
	case events.ClientOptedOut:
		yes := true
		set(&d.s.Profile.OptedOut, &yes, d.said())
		d.note(Note{What: WhatClient, Reason: OptedOut})
		d.endJourneys(OptedOut)
	case events.MessageAccepted, events.MessageDelivered, events.MessageBounced, events.MessageDropped,
		events.MessageComplained, events.MessageUnknown, events.MessageWithdrawn, events.MessageRefused:
		d.message()
	case events.AppointmentRetracted:
		d.note(Note{What: WhatClient, Reason: Recorded})
		for i := range d.s.Journeys {
			if d.s.Journeys[i].Appointment == d.ev.Data.Appointment.ID {
				d.end(&d.s.Journeys[i], Retracted, "")
			}
		}
		d.sweep()
	}
}

const replyDue = 24 * time.Hour

func (d *decider) answered() {
	a := d.ev.Data.Answer
	if len(a.Reasons) > 0 {
		set(&d.s.Profile.Reason, &a.Reasons[0], d.said())
	}
	if a.Safe == nil || !*a.Safe {
		d.escalate("safety", "not-safe", nil, "")
		return
	}
	d.note(Note{What: WhatClient, Reason: ClientIsSafe})
	if a.Text != "" || (a.Wish != "" && a.Wish != "stop") {
		d.task("read-answer", "assigned", replyDue, nil, "", ReplyToRead)
	}
	if a.Wish == "stop" {
		yes := true
		set(&d.s.Profile.OptedOut, &yes, d.said())
		d.note(Note{What: WhatClient, Reason: OptedOut})
		d.endJourneys(OptedOut)
	}
}

func (d *decider) paused() {
	on := d.ev.Kind == events.ClientPaused
	p := PausedUntil{On: on}
	if on && d.ev.Data.Pause.Until != nil {
		p.Until = *d.ev.Data.Pause.Until
	}
	set(&d.s.Profile.Paused, &p, d.said())
	reason := Resumed
	if on {
		reason = Paused
	}
	d.note(Note{What: WhatClient, Reason: reason, Person: d.ev.Data.Pause.By})
}

// statusChanged stops care; unless the client has died, staff say what next.
func (d *decider) statusChanged(is events.Status) {
	why, stopped := statusReason(is)
	if !stopped {
		return
	}
	d.note(Note{What: WhatClient, Reason: StatusChanged, Detail: string(why)})
	d.endJourneys(why)
	if is != events.StatusDeceased {
		d.task("status-changed", "assigned", replyDue, nil, "", StatusChanged)
	}
}

// due does what has come due: ladders first, then tasks, then journeys.
func (d *decider) due() {
	for i := range d.s.Escalations {
		e := &d.s.Escalations[i]
		if e.Open() && !e.Next.After(d.now) {
			d.moved(e, e.Due(d.c.Staff, d.now))
		}
	}
	d.remind()
	for i := range d.s.Journeys {
		j := &d.s.Journeys[i]
		if !j.Due.IsZero() && !j.Due.After(d.now) {
			d.waited(j)
		}
	}
	d.sweep()
}

// Next is the earliest deadline in the state, zero when nothing waits.
func (s *State) Next() time.Time {
	var next time.Time
	take := func(t time.Time) {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	for i := range s.Escalations {
		if s.Escalations[i].Open() {
			take(s.Escalations[i].Next)
		}
	}
	for i := range s.Tasks {
		take(s.Tasks[i].Next)
	}
	for i := range s.Journeys {
		take(s.Journeys[i].Due)
	}
	return next
}

// OpenEscalations counts the open ones; oldest is when the first was opened.
func (s *State) OpenEscalations() (n int, oldest time.Time) {
	for i := range s.Escalations {
		e := &s.Escalations[i]
		if !e.Open() {
			continue
		}
		if n++; oldest.IsZero() || e.Opened.Before(oldest) {
			oldest = e.Opened
		}
	}
	return n, oldest
}

// prune drops what no later decision can need.
func (d *decider) prune() {
	s := &d.s
	s.Seen = slices.DeleteFunc(s.Seen, func(x Seen) bool { return d.now.Unix()-x.At > int64(SeenFor/time.Second) })
	s.Past = slices.DeleteFunc(s.Past, func(o Occurrence) bool { return d.now.Sub(o.At) > LookBack })
	s.Escalations = slices.DeleteFunc(s.Escalations, func(e escalation.Escalation) bool {
		return !e.Open() && d.now.Sub(e.Closed.At) > flagDays
	})
	s.Sends = slices.DeleteFunc(s.Sends, func(x Send) bool {
		if x.Status == SendWithdrawn || x.Status == SendRefused {
			return true
		}
		age := d.now.Sub(x.At)
		if x.Lane == LaneSafety {
			return age > safetySendKept
		}
		return age > max(d.c.Cap.Within, careSendKept)
	})
	s.Appointments = slices.DeleteFunc(s.Appointments, func(a Appointment) bool {
		return d.now.Sub(a.StatusSaid.At) > LookBack && !a.ahead(d.now)
	})
}

const (
	careSendKept = 14 * 24 * time.Hour
	// A mail that was accepted may still bounce for three days.
	safetySendKept = 3 * 24 * time.Hour
)
