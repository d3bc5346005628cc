package workflows

import (
	"bytes"
	"slices"
	"strconv"
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
	return s.Seen.find(h)
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
	// statusBefore is the client's status before the event.
	statusBefore events.Status
	// was is the event's appointment as it was known before, and past what was
	// counted then.
	was  Appointment
	past []Occurrence
	// possible says that the event's appointment could not be so before, and now can.
	possible bool

	effects []Effect
	notes   []Note
	// again are the steps met anew, and the tasks asked for anew, while a journey
	// goes back to an answer that was heard of late; nil otherwise.
	again map[string]bool
	// freed are the workflows whose journey ended because its appointment will not be.
	freed []string
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
		s.Clinic, s.Key, s.Created = ev.Clinic, ev.Key, now
	}
	s.V = StateVersion
	if ev.Client != "" {
		s.EHR = ev.Client
	}
	if ev.Time.IsZero() {
		ev.Time = now
	}
	if !aboutAppointment(ev.Kind) {
		// Whatever a sender adds for company, only the appointment's own kinds
		// say what became of it.
		ev.Data.Appointment = nil
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
	d.absences()
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
	was := d.s.Profile.Risk.Get()
	said := d.take()
	raised := was == events.RiskNone && d.s.Profile.Risk.Get() != was
	d.stops()
	d.follow()
	d.goals()
	d.answers()
	switch said {
	case saidOld:
		d.note(Note{What: WhatClient, Reason: OldNews})
		if d.possible {
			d.startsMended()
		}
	case saidBefore:
		d.note(Note{What: WhatClient, Reason: SaidBefore})
	default:
		d.starts()
	}
	d.startsFreed()
	if raised {
		d.asksLate()
	}
	if d.ev.Kind == events.TimerDue {
		d.due()
	}
}

// take puts the event into the state and does what its kind itself asks for:
// all that needs no workflow.
func (d *decider) take() saying {
	wasStatus, firstStatus := d.s.Profile.status(), !d.s.Profile.Status.Known()
	d.statusBefore = wasStatus
	doubt := d.s.Profile.InDoubt() && d.s.Profile.Status.Get() == events.StatusActive
	if c := d.ev.Data.Client; c != nil {
		never := d.s.Profile.NeverAsk.Get()
		d.s.Profile.merge(c, d.said())
		defer d.excluded(never)
	}
	said := saidNew
	if a := d.ev.Data.Appointment; a != nil {
		if i := slices.IndexFunc(d.s.Appointments, func(x Appointment) bool { return x.ID == a.ID }); i >= 0 {
			d.was = d.s.Appointments[i]
		}
		said = d.s.appointment(d.ev, d.hash)
		d.doubtVisit(a.ID)
	}
	d.count()
	d.kind(said)
	if is := d.s.Profile.status(); is != wasStatus {
		d.statusChanged(is, firstStatus)
	}
	d.doubted(doubt)
	d.mended()
	return said
}

func aboutAppointment(k events.Kind) bool {
	switch k {
	case events.AppointmentBooked, events.AppointmentRescheduled, events.AppointmentCancelled,
		events.AppointmentNoShow, events.AppointmentAttended, events.AppointmentRetracted:
		return true
	}
	return false
}

// count keeps the event for conditions to count, in the order of event times.
func (d *decider) count() {
	o := Occurrence{Kind: d.ev.Kind, At: d.ev.Time, Event: d.hash}
	a := d.ev.Data.Appointment
	if a != nil {
		o.Appointment = a.ID
	}
	if Counted(o.Kind) && !d.countedEarlier(o) {
		i, _ := slices.BinarySearchFunc(d.s.Past, o, compareOccurrences)
		d.s.Past = slices.Insert(d.s.Past, i, o)
	}
	if a == nil {
		return
	}
	// What the appointment turned out not to be is not counted: it never was,
	// or a no-show was a mistake.
	i := slices.IndexFunc(d.s.Appointments, func(x Appointment) bool { return x.ID == a.ID })
	is := d.s.Appointments[i].Status
	never := func(o Occurrence) bool { return o.Appointment == a.ID && contradicts(is, o.Kind) }
	d.past = d.s.Past
	if slices.ContainsFunc(d.s.Past, never) {
		d.s.Past = slices.DeleteFunc(slices.Clone(d.s.Past), never)
	}
}

// countedEarlier keeps one occurrence, the earliest, of an outcome that an
// appointment has once: systems report it again with every change to the
// record.
func (d *decider) countedEarlier(o Occurrence) bool {
	if !isOutcome(o.Kind) {
		return false
	}
	i := slices.IndexFunc(d.s.Past, func(x Occurrence) bool { return x.Kind == o.Kind && x.Appointment == o.Appointment })
	if i < 0 {
		return false
	}
	if compareOccurrences(d.s.Past[i], o) <= 0 {
		return true
	}
	d.s.Past = slices.Delete(d.s.Past, i, i+1)
	return false
}

func compareOccurrences(a, b Occurrence) int {
	if c := a.At.Compare(b.At); c != 0 {
		return c
	}
	return bytes.Compare(a.Event[:], b.Event[:])
}

// kind does what the kind itself asks for, whatever the workflows say.
func (d *decider) kind(said saying) {
	switch d.ev.Kind {
	case events.SafetyConcern:
		d.concern()
	case events.SafetyRaised:
		d.raised()
	case events.ClientMerged:
		// Which record stands, and what of the other holds, is a human's answer.
		d.task(taskMerged, "assigned", replyDue, nil, "", Recorded)
	case events.JourneyMoved:
		d.moveJourney()
	case events.ClientErased:
		// What this program itself keeps is not erased by the event: a human
		// sees to it.
		d.task("erase-record", "assigned", replyDue, nil, "", Recorded)
	case events.CheckinAnswered:
		d.answered()
	case events.MessageReplied:
		d.note(Note{What: WhatClient, Reason: ClientWroteBack})
		d.task(taskReadReply, "assigned", replyDue, nil, "", ReplyToRead)
	case events.EscalationAcknowledged, events.EscalationDeclined, events.EscalationAttempted,
		events.EscalationClosed, events.EscalationReopened:
		d.escalationAct()
	case events.TaskDone:
		d.taskDone()
	case events.ClientNoted:
		d.noted()
	case events.ClientPaused, events.ClientResumed:
		d.paused()
	case events.ClientChose:
		d.chose()
	case events.ClientOptedOut:
		yes := true
		set(&d.s.Profile.OptedOut, &yes, d.said())
		d.note(Note{What: WhatClient, Reason: OptedOut})
		d.endJourneys(OptedOut)
	case events.MessageAccepted, events.MessageDelivered, events.MessageBounced, events.MessageDropped,
		events.MessageComplained, events.MessageUnknown, events.MessageDeferred, events.MessageWithdrawn, events.MessageRefused:
		d.message()
	case events.AppointmentRetracted:
		if said == saidOld {
			return // the clinic has spoken of it since
		}
		d.note(Note{What: WhatClient, Reason: Recorded})
		d.stopCare(Retracted)
		undone := false
		for i := range d.s.Journeys {
			if j := &d.s.Journeys[i]; j.Appointment == d.ev.Data.Appointment.ID {
				undone = undone || j.Replaced != ""
				d.end(j, Retracted, "")
			}
		}
		d.sweep()
		d.undone(undone)
	}
}

const replyDue = 24 * time.Hour

// concernWithin is how long after it was raised a concern still opens a ladder.
// It is generous, since a feed may be down for days; what is older comes with
// an import of history, and is a human's task without an alarm at night.
const concernWithin = 7 * 24 * time.Hour

func (d *decider) concern() {
	c := d.ev.Data.Concern
	words := join(c.From, c.Note)
	if age := d.now.Sub(d.ev.Time); age > concernWithin {
		days := strconv.Itoa(int(age/(24*time.Hour))) + " days ago"
		d.note(Note{What: WhatClient, Reason: OldConcern, Detail: days})
		d.task(taskOldConcern, "assigned", replyDue, nil, "", OldConcern)
		for i := range d.s.Tasks {
			if t := &d.s.Tasks[i]; t.What == taskOldConcern {
				t.Text = cut(join(t.Text, join(days, words)))
			}
		}
		return
	}
	policy := d.policyOf(c.Level)
	d.escalate(policy, "concern-"+string(c.Level), nil, "")
	d.keepWords(policy, words)
}

// policyOf is whose ladder a level of concern takes.
func (d *decider) policyOf(level events.ConcernLevel) string {
	if _, ok := d.c.Policies[sameDayPolicy]; ok && level == events.ConcernSameDay {
		return sameDayPolicy
	}
	return safetyPolicy
}

// raised opens the question that a member of staff asks. It is theirs by name, and
// however late it is heard of, somebody pressed a button for it.
func (d *decider) raised() {
	c, by := d.ev.Data.Concern, d.ev.Data.Note.By
	name := "A colleague"
	if p := d.c.Staff.Person(by); p != nil {
		name = p.Name
	}
	policy := d.policyOf(c.Level)
	d.note(Note{What: WhatClient, Reason: Recorded, Person: by})
	d.escalate(policy, "raised-"+string(c.Level), nil, "")
	d.keepWords(policy, join(name, c.Note))
}

// The tasks that hold somebody's own words.
const (
	taskReadReply   = "read-reply"
	taskReadAnswer  = "read-answer"
	taskOldConcern  = "old-concern"
	taskMerged      = "records-merged"
	taskImplausible = "implausible-visit"
	// taskChangeAsked is for whoever owns what nobody else can.
	taskChangeAsked = "change-who-is-asked"
)

func (d *decider) answered() {
	a := d.ev.Data.Answer
	if len(a.Reasons) > 0 {
		d.reason(a.Reasons[0])
	}
	set(&d.s.Profile.Answered, &Answered{Wish: a.Wish, Safe: a.Safe != nil && *a.Safe, Hard: a.Hard}, d.said())
	switch {
	case a.Safe == nil || !*a.Safe:
		// Whoever takes the question reads the answer too.
		d.escalate(safetyPolicy, "not-safe", nil, "")
		d.keepWords(safetyPolicy, a.Text)
	case speaksOfDanger(a.Text):
		d.escalate(safetyPolicy, "words-of-danger", nil, "")
		d.keepWords(safetyPolicy, a.Text)
	default:
		d.note(Note{What: WhatClient, Reason: ClientIsSafe})
		if a.Hard || a.Text != "" || (a.Wish != "" && a.Wish != "stop") {
			d.task(taskReadAnswer, "assigned", replyDue, nil, "", ReplyToRead)
			for i := range d.s.Tasks {
				if t := &d.s.Tasks[i]; t.What == taskReadAnswer && a.Text != "" {
					t.Text = cut(join(t.Text, a.Text))
				}
			}
		}
	}
	if a.Wish == "pause" {
		d.rests(true, d.ev.Time.Add(wishedRest))
	}
	if a.Wish == "stop" {
		yes := true
		set(&d.s.Profile.OptedOut, &yes, d.said())
		d.note(Note{What: WhatClient, Reason: OptedOut})
		d.endJourneys(OptedOut)
	}
}

// reason keeps why the client steps back. It goes into messages and so must be
// one of the known codes: somebody's own words stay out.
func (d *decider) reason(code string) {
	if slices.Contains(reasonCodes(), code) {
		set(&d.s.Profile.Reason, &code, d.said())
	}
}

func (d *decider) paused() {
	on := d.ev.Kind == events.ClientPaused
	p := PausedUntil{On: on}
	if on && d.ev.Data.Pause.Until != nil {
		p.Until = *d.ev.Data.Pause.Until
	}
	if d.ev.Data.Pause.By == events.TheClient {
		d.rests(on, p.Until)
		return
	}
	if !on {
		// Whoever tells staff that they want mail again wants no break from it.
		set(&d.s.Profile.Rest, &PausedUntil{}, d.said())
	}
	d.pausedBeneath(&p)
	set(&d.s.Profile.Paused, &p, d.said())
	reason := Resumed
	if on {
		reason = Paused
	}
	d.note(Note{What: WhatClient, Reason: reason, Person: d.ev.Data.Pause.By})
	if !on {
		d.alive()
	}
	if !on && d.ev.Data.Pause.OptIn {
		no := false
		set(&d.s.Profile.OptedOut, &no, d.said())
		d.note(Note{What: WhatClient, Reason: OptOutLifted, Person: d.ev.Data.Pause.By})
	}
}

// statusChanged stops care; unless the client has died, staff say what next.
// The first word on a client for whom nothing is under way asks nobody: a roster
// brings one for every client of the past.
func (d *decider) statusChanged(is events.Status, first bool) {
	why, stopped := statusReason(is)
	if !stopped {
		return
	}
	d.note(Note{What: WhatClient, Reason: StatusChanged, Detail: string(why)})
	open, _ := d.s.OpenEscalations()
	idle := first && len(d.s.Journeys)+len(d.s.Tasks)+open == 0
	d.endJourneys(why)
	if is != events.StatusDeceased && !idle {
		d.task("status-changed", "assigned", replyDue, nil, "", StatusChanged)
	}
}

// due does what has come due: ladders first, then tasks, then what was missed,
// then journeys.
func (d *decider) due() {
	d.ladders()
	d.remind()
	d.miss()
	for i := range d.s.Journeys {
		j := &d.s.Journeys[i]
		if !j.Due.IsZero() && !j.Due.After(d.now) {
			d.waited(j)
		}
	}
	d.sweep()
}

// ladders moves every ladder whose time has come.
func (d *decider) ladders() {
	for i := range d.s.Escalations {
		e := &d.s.Escalations[i]
		if e.Open() && (!e.Next.After(d.now) || e.HolderGone(d.staff(), d.now)) {
			d.moved(e, e.Due(d.staff(), d.now))
		}
	}
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
	for i := range s.Missed {
		if !s.Missed[i].Done {
			take(s.Missed[i].Due)
		}
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

// OwnerlessEscalations counts the open ones that nobody could be asked.
func (s *State) OwnerlessEscalations() (n int) {
	for i := range s.Escalations {
		if s.Escalations[i].Ownerless() {
			n++
		}
	}
	return n
}

// prune drops what no later decision can need.
func (d *decider) prune() {
	s := &d.s
	s.Seen = slices.DeleteFunc(s.Seen, func(x Seen) bool { return d.now.Unix()-x.At > int64(SeenFor/time.Second) })
	s.prunePast(d.now)
	if s.NewAddress != nil && d.now.After(s.NewAddress.Until) {
		s.NewAddress = nil
	}
	s.Escalations = slices.DeleteFunc(s.Escalations, func(e escalation.Escalation) bool {
		return !e.Open() && d.now.Sub(e.Closed.At) > flagDays
	})
	s.Sends = slices.DeleteFunc(s.Sends, func(x Send) bool {
		if x.Status == SendWithdrawn || x.Status == SendRefused {
			return true
		}
		age := d.now.Sub(x.At)
		switch {
		case x.Lane == LaneCare:
			return age > max(d.c.Cap.Within, careSendKept)
		case x.told():
			return age > careSendKept
		case x.Escalation != "" && x.Status != SendAsked:
			return age > rungSendKept
		}
		return age > safetySendKept
	})
	s.pruneAppointments(d.now)
	d.forgetLimits()
	if len(s.Began) > 0 {
		s.Began = slices.DeleteFunc(slices.Clone(s.Began), func(b Began) bool { return d.now.Sub(b.At) > LookBack })
	}
}

const (
	// A journey that goes back to an answer knows by these what it has said.
	careSendKept = 14 * 24 * time.Hour
	// A mail that was accepted may still bounce for three days.
	safetySendKept = 3 * 24 * time.Hour
	// A ladder knows its own mails; nobody's answer for days must not fill the
	// client's record with them.
	rungSendKept = time.Hour
)
