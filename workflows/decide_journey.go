package workflows

import (
	"slices"
	"strconv"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/calendar"
	"github.com/mooring-care/mooring/workflows/escalation"
)

// definition finds the workflow in the version a journey is pinned to.
func (d *decider) definition(j *Journey) *Workflow {
	c := d.dir.At(j.Version)
	if c == nil {
		return nil
	}
	if w, ok := c.Workflow(j.Workflow); ok {
		return w
	}
	return nil
}

func orReason(r, other Reason) Reason {
	if r == "" {
		return other
	}
	return r
}

// stops ends the journeys that the event ends.
func (d *decider) stops() {
	unfounded := false
	for i := range d.s.Journeys {
		j := &d.s.Journeys[i]
		if j.Cause == d.hash {
			continue
		}
		if _, gone := d.c.Removed[j.Workflow]; gone {
			d.end(j, WorkflowRemoved, "")
			continue
		}
		w := d.definition(j)
		if w == nil {
			d.note(Note{What: WhatJourney, Reason: VersionMissing, Workflow: j.Workflow})
			d.end(j, VersionMissing, "")
			d.task("version-missing", "assigned", replyDue, nil, "", VersionMissing)
			continue
		}
		for _, stop := range w.Stops {
			if len(stop.On) > 0 && (!slices.Contains(stop.On, d.ev.Kind) || !d.news(j)) {
				continue
			}
			holds, err := stop.When.Eval(d.facts(j))
			if err != nil {
				// Nobody can say whether the client is back: mail that is not sent harms
				// less than mail that hurts, and a human looks.
				d.task("condition-failed", "assigned", replyDue, nil, "", ConditionFailed)
				if w.escalates() {
					// A question that it asks later must not be lost with its mail.
					j.Silent = true
					d.stopWhere(MailStopped, func(x *Send) bool { return x.Journey == j.ID && x.Lane == LaneCare })
					d.note(Note{What: WhatJourney, Reason: MailStopped, Workflow: w.Name, Step: "stop"})
					continue
				}
				d.end(j, ConditionFailed, "")
				break
			}
			if holds {
				d.ended(j)
				d.end(j, StoppedByEvent, stop.Outcome)
				break
			}
		}
		if j.ID != "" && d.startCorrected(j, w) {
			d.end(j, StartCorrected, "")
		}
		if j.ID != "" && d.unfounded(j, w) {
			d.end(j, StartCorrected, "")
			unfounded = true
		}
	}
	d.sweep()
	if unfounded {
		d.undone(true)
	}
	d.stopLastWords()
}

// stopLastWords stops messages whose journey has come to its end but which
// have perhaps not left: an event that would have ended the journey ends them.
func (d *decider) stopLastWords() {
	for i := range d.s.Sends {
		x := &d.s.Sends[i]
		if x.Lane != LaneCare || x.Status != SendAsked || x.By == d.hash || x.tooLate(d.c, d.s.zone(d.c), d.now) {
			continue
		}
		// When the journey began is gone with it; what happened within a day
		// before its last message is late news that ends it too.
		origin := x.At.Add(-24 * time.Hour)
		j := Journey{ID: x.Journey, Workflow: x.Message.Workflow, Version: x.Message.Version, Origin: origin, Appointment: x.Appointment}
		w := d.definition(&j)
		if w == nil || slices.ContainsFunc(d.s.Journeys, func(alive Journey) bool { return alive.ID == x.Journey }) {
			continue
		}
		for _, stop := range w.Stops {
			if len(stop.On) > 0 && (!slices.Contains(stop.On, d.ev.Kind) || !d.news(&j)) {
				continue
			}
			// A condition that fails here stops the message too: care that is
			// not sent harms less than care that hurts.
			if holds, err := stop.When.Eval(d.facts(&j)); holds || err != nil {
				d.stop(x.ID, StoppedByEvent)
				break
			}
		}
		if d.startCorrected(&j, w) || d.unfounded(&j, w) {
			d.stop(x.ID, StartCorrected)
		}
	}
}

// stopCare stops the last words of journeys that are over; those under way
// stop their own.
func (d *decider) stopCare(why Reason) {
	d.stopWhere(why, func(x *Send) bool {
		return x.Lane == LaneCare && !x.Own && !slices.ContainsFunc(d.s.Journeys, func(j Journey) bool { return j.ID == x.Journey })
	})
}

// news says whether the event can end the journey: a booking that has passed
// or was cancelled since, an appointment of which newer news came first, or an
// event from before the journey's cause, cannot.
func (d *decider) news(j *Journey) bool {
	since := !d.ev.Time.Before(j.Origin)
	a := d.ev.Data.Appointment
	if a == nil {
		return since
	}
	i := slices.IndexFunc(d.s.Appointments, func(x Appointment) bool { return x.ID == a.ID })
	x := &d.s.Appointments[i]
	switch d.ev.Kind {
	case events.AppointmentBooked, events.AppointmentRescheduled:
		return x.ahead(d.now)
	case events.AppointmentCancelled:
		// A journey towards a visit that stands hears nothing of another's end.
		if own := d.journeysAppointment(j); a.ID != j.Appointment && own != nil && own.ahead(d.now) {
			return false
		}
	case events.AppointmentAttended:
		// The appointment that the journey is about was attended after all.
		since = (since || a.ID == j.Appointment) && !x.tooEarly()
	}
	return since && x.Status == d.ev.Kind
}

// answers moves the journeys that wait for this event.
func (d *decider) answers() {
	for i := range d.s.Journeys {
		j := &d.s.Journeys[i]
		w := d.definition(j)
		if w == nil || j.Step == "" || d.heard(j, w) {
			continue
		}
		st, ok := w.Step(j.Step)
		if ok && st.Kind == StepSend && d.personAnswered(j) {
			d.waited(j)
			continue
		}
		if !ok || st.Kind != StepWait || !slices.Contains(st.Wait.On, d.ev.Kind) || !d.about(j, st.Wait, nil) {
			continue
		}
		d.note(Note{What: WhatStep, Reason: EventCame, Workflow: j.Workflow, Step: st.ID, Detail: string(d.ev.Kind)})
		// Delays count from when it happened, not from when it was heard of.
		at := d.ev.Time
		if at.Before(j.Nominal) {
			at = j.Nominal
		}
		d.advance(j, w, st, st.Wait.OnEvent, at)
	}
	d.sweep()
}

// about says whether the event is what the wait asks for: an act on the
// escalation or task that the journey opened, and one that took effect; else what
// happened since the journey's last message before the wait. p is the limit that
// ended the wait, nil for one under way.
func (d *decider) about(j *Journey, w *WaitStep, p *PassedLimit) bool {
	if w.Of == "" {
		return d.news(j) && (aboutAppointment(d.ev.Kind) || !d.ev.Time.Before(d.lastWord(j, p)))
	}
	id := j.Opened[w.Of]
	switch {
	case d.ev.Data.Escalation != nil && d.ev.Data.Escalation.ID == id:
		return d.ev.Kind != events.EscalationAcknowledged && d.ev.Kind != events.EscalationClosed || d.taken(id, d.ev.Kind)
	case d.ev.Data.Task != nil && d.ev.Data.Task.ID == id:
		return true
	}
	return false
}

// taken says whether an escalation was acknowledged or closed, whichever is
// asked for. One that is not in the state any more was closed long ago.
func (d *decider) taken(id string, by events.Kind) bool {
	i := slices.IndexFunc(d.s.Escalations, func(e escalation.Escalation) bool { return e.ID == id })
	if i < 0 {
		return true
	}
	e := &d.s.Escalations[i]
	return !e.Open() || by == events.EscalationAcknowledged && e.Ack != nil
}

// waited ends a wait whose time has come.
func (d *decider) waited(j *Journey) {
	w := d.definition(j)
	if w == nil {
		d.note(Note{What: WhatJourney, Reason: VersionMissing, Workflow: j.Workflow})
		d.end(j, VersionMissing, "")
		d.task("version-missing", "assigned", replyDue, nil, "", VersionMissing)
		return
	}
	st, ok := w.Step(j.Step)
	if !ok {
		d.end(j, VersionMissing, "")
		return
	}
	due := j.Due
	if st.Kind == StepWait && st.Wait.Before > 0 && len(st.Wait.On) == 0 && d.appointmentOver(j) {
		d.end(j, AppointmentPast, "")
		return
	}
	if st.Kind == StepWait {
		to := st.Next
		if len(st.Wait.On) > 0 {
			to = orElse(st.Wait.OnLimit, st.Next)
			d.limitPassed(j, st, j.Nominal, due)
		}
		d.advance(j, w, st, to, due)
		return
	}
	// A message that was put off is tried again.
	j.Due = time.Time{}
	d.run(j, w)
}

// advance leaves a step at its time by the plan and goes on.
func (d *decider) advance(j *Journey, w *Workflow, from *Step, to string, nominal time.Time) {
	j.Due = time.Time{}
	j.Nominal = nominal
	j.Step = orElse(to, from.Next)
	d.run(j, w)
}

// run takes steps until the journey waits or ends. A program has no loops, so
// it comes to an end.
func (d *decider) run(j *Journey, w *Workflow) {
	for {
		if j.Step == "" {
			d.end(j, Finished, "")
			return
		}
		st, ok := w.Step(j.Step)
		if !ok {
			d.end(j, VersionMissing, "")
			return
		}
		next := st.Next
		if d.metBefore(j, st) {
			d.note(Note{What: WhatStep, Reason: MetBefore, Workflow: j.Workflow, Step: st.ID})
			j.Step = next
			continue
		}
		switch st.Kind {
		case StepSend:
			switch {
			case st.Send.To != "":
				d.tell(j, w, st)
			case j.Silent:
				d.note(Note{What: WhatMessage, Reason: MailStopped, Workflow: j.Workflow, Step: st.ID, Detail: st.Send.Template})
			case !d.care(j, w, st):
				return // put off
			default:
				d.releaseOver(j, st)
			}
		case StepWait:
			to, waits := d.wait(j, st)
			if waits {
				return
			}
			next = to
		case StepChoose:
			to, ok := d.choose(j, st)
			if !ok {
				return
			}
			next = to
		case StepTask:
			if rule := d.c.lateRule(w, st); rule.late(d.now.Sub(j.Nominal)) {
				d.note(Note{What: WhatTask, Reason: LateSkipped, Workflow: j.Workflow, Step: st.ID, Detail: st.Task.What})
				break
			}
			d.task(st.Task.What, st.Task.Owner, st.Task.Due, j, st.ID, TaskOpened)
		case StepEscalate:
			d.escalate(st.Escalate.Policy, st.Escalate.Question, j, st.ID)
		case StepPause:
			d.pauseMail(j, st)
		case StepSplit:
			next = d.split(j, st)
		case StepEnd:
			d.end(j, Finished, st.End.Outcome)
			return
		}
		j.Step = next
	}
}

// care asks for a message to the client, or says why not. It is false when the
// journey stays at the step: until the quiet hours are over, the clinic opens, or
// the mail before this one is careGap old.
func (d *decider) care(j *Journey, w *Workflow, st *Step) bool {
	n := Note{What: WhatMessage, Workflow: j.Workflow, Step: st.ID, Detail: st.Send.Template}
	within, zone := st.Send.Within, d.s.zone(d.c)
	if within == OfficeHours {
		// A weekend makes it neither late nor crowd what comes after: by the plan
		// it is this step's time when the clinic opens.
		if opens, closed := d.c.mayLeave(within, zone, j.Nominal); closed != "" && !opens.IsZero() {
			j.Nominal = opens
		}
	}
	rule := d.c.lateRule(w, st)
	if rule.late(d.now.Sub(j.Nominal)) {
		d.tooLate(j, rule, n)
		return true
	}
	if why, rests := d.c.rests(j.Workflow); rests {
		n.Reason = why
		d.note(n)
		return true
	}
	before := w.countsFromAppointment(st.ID)
	if d.s.visitBegan(st.Send.Template, j.Appointment, d.now) || before != nil && before.Wait.Before > 0 && d.appointmentOver(j) {
		n.Reason = AppointmentPast
		d.note(n)
		return true
	}
	if why, _, ok := d.s.gate(d.c, st.Send.Template, d.now); !ok {
		n.Reason = why
		if until := d.lastMoment(j, rule); why == HumanFirst && until.After(d.now) {
			// It leaves once a person has answered, if that is not too late.
			n.Until, j.Due = until, until
			d.note(n)
			return false
		}
		d.note(n)
		d.mend(why)
		return true
	}
	if why := d.released(j, st, d.lastMoment(j, rule)); why != "" {
		n.Reason = why
		if why == NeedsRelease {
			n.Until = d.lastMoment(j, rule)
			j.Due = n.Until
		}
		d.note(n)
		return why != NeedsRelease
	}
	if d.capped() {
		n.Reason = CapReached
		d.note(n)
		return true
	}
	if until := d.tooClose(); !until.IsZero() {
		n.Reason = TooClose
		until, _ = d.c.mayLeave(within, zone, until)
		if until.IsZero() || rule.late(until.Sub(j.Nominal)) {
			d.note(n) // it could only leave too late
			return true
		}
		j.Due, n.Until = until, until
		d.note(n)
		return false
	}
	if until, why := d.c.mayLeave(within, zone, d.now); why != "" {
		j.Due = until
		n.Reason, n.Until = why, until
		if why == ClinicHoliday {
			n.Holiday = d.c.Hours.HolidayName(calendar.DayOf(d.now.In(d.c.zone())))
		}
		d.note(n)
		return until.IsZero() // never: it is left out
	}
	id := d.send(LaneCare, Message{
		Template: st.Send.Template, Wording: st.Send.Wording, Version: j.Version, Workflow: j.Workflow, Step: st.ID,
		Why: d.s.Profile.Reason.Get(),
	}, j.ID, "", "")
	x := &d.s.Sends[len(d.s.Sends)-1]
	x.Precedence, x.Appointment, x.Late, x.Within = w.Precedence, j.Appointment, rule.waits(d.c), within
	x.Released = j.Released[st.ID]
	n.Reason, n.Subject = Asked, id
	d.note(n)
	return true
}

// lastMoment is until when a message of the step that the journey stands at makes
// sense: until it is late, or the visit that it is about begins.
func (d *decider) lastMoment(j *Journey, rule Lateness) time.Time {
	bound := rule.waits(d.c)
	if bound == 0 {
		bound = d.c.lateness()
	}
	until := j.Nominal.Add(bound)
	for _, a := range d.s.Appointments {
		if a.ID == j.Appointment && a.Start.After(d.now) && a.Start.Before(until) {
			until = a.Start
		}
	}
	// A moment later it is late for sure.
	return until.Add(time.Second)
}

// mayHaveLeft says whether a care message counts as one that the client has
// had: only what is known not to have left does not.
func (x *Send) mayHaveLeft() bool {
	return x.Lane == LaneCare && x.Status != SendWithdrawn && x.Status != SendRefused
}

// capped says whether the client has had as many care messages as the clinic
// allows, whichever workflows they came from.
func (d *decider) capped() bool {
	limit := d.c.Cap
	if limit.Messages <= 0 {
		return false
	}
	count := 0
	for i := range d.s.Sends {
		if x := &d.s.Sends[i]; x.mayHaveLeft() && !x.Own && d.now.Sub(x.At) < limit.Within {
			count++
		}
	}
	return count >= limit.Messages
}

// careGap is the least time between two care messages to one client, whatever
// asked for them: two mails that open together in the morning, after quiet
// hours or an outage, read as pressure. With the day that a message may be
// late, half a day still lets the second one leave.
const careGap = 12 * time.Hour

// tooClose is until when the next care message must wait for the sake of the
// last one; zero when it need not.
func (d *decider) tooClose() time.Time {
	var until time.Time
	for i := range d.s.Sends {
		if x := &d.s.Sends[i]; x.mayHaveLeft() && !x.Own && x.At.Add(careGap).After(d.now) && x.At.Add(careGap).After(until) {
			until = x.At.Add(careGap)
		}
	}
	return until
}

// choose takes the first branch whose condition holds. A condition that fails
// goes to a human, and the journey ends there: nobody guesses.
func (d *decider) choose(j *Journey, st *Step) (next string, ok bool) {
	f := d.facts(j)
	for i, b := range st.Choose.Branches {
		holds, err := b.When.Eval(f)
		if err != nil {
			d.note(Note{What: WhatStep, Reason: ConditionFailed, Workflow: j.Workflow, Step: st.ID})
			d.task("condition-failed", "assigned", replyDue, nil, "", ConditionFailed)
			d.end(j, ConditionFailed, "")
			return "", false
		}
		if holds {
			d.note(Note{What: WhatStep, Reason: BranchTaken, Workflow: j.Workflow, Step: st.ID, Detail: branchName(i)})
			return orElse(b.Then, st.Next), true
		}
	}
	d.note(Note{What: WhatStep, Reason: NoBranch, Workflow: j.Workflow, Step: st.ID})
	return orElse(st.Choose.Otherwise, st.Next), true
}

func branchName(i int) string { return strconv.Itoa(i + 1) }

// end marks a journey as ended and stops what it asked for and what has not
// left. Its escalations stay: only a person closes those (humans-close). So do
// its tasks where the client wants no more mail: that is no answer to the
// question whether somebody should call. News that staff were to have is news
// still.
func (d *decider) end(j *Journey, why Reason, detail string) {
	if j.ID == "" {
		return
	}
	d.note(Note{What: WhatJourney, Reason: why, Workflow: j.Workflow, Step: j.Step, Detail: detail})
	d.frees(j)
	if why == StartCorrected || why == Retracted {
		// What never began has nothing to hope for.
		d.s.Goals = slices.DeleteFunc(slices.Clone(d.s.Goals), func(g GoalWatch) bool { return g.Workflow == j.Workflow })
	}
	if why != Finished {
		d.stopWhere(JourneyEnded, func(x *Send) bool { return x.Journey == j.ID && x.Lane == LaneCare })
	}
	if why != Finished && why != OptedOut {
		d.dropTasks(JourneyEnded, func(t *Task) bool { return t.Journey == j.ID })
	}
	*j = Journey{}
}

// dropTasks takes back the tasks that fit: nobody needs to do them any more.
func (d *decider) dropTasks(why Reason, fits func(*Task) bool) {
	d.s.Tasks = slices.DeleteFunc(d.s.Tasks, func(t Task) bool {
		if !fits(&t) {
			return false
		}
		d.note(Note{What: WhatTask, Reason: TaskNoLonger, Subject: t.ID, Person: t.Owner, Detail: t.What})
		d.stopTaskMail(t.ID, why)
		return true
	})
}

// sweep drops the journeys that ended.
func (d *decider) sweep() {
	d.s.Journeys = slices.DeleteFunc(d.s.Journeys, func(j Journey) bool { return j.ID == "" })
}

func (d *decider) endJourneys(why Reason) {
	for i := range d.s.Journeys {
		d.end(&d.s.Journeys[i], why, "")
	}
	d.sweep()
}
