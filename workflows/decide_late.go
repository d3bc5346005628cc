package workflows

import "time"

// usualLateness is how long after its time a care message may still leave,
// where neither its step nor its workflow says otherwise.
const usualLateness = 24 * time.Hour

// lateness is that bound on this clinic's clock: one of another speed scales it.
func (c *Clinic) lateness() time.Duration {
	if c.Lateness > 0 {
		return c.Lateness
	}
	return usualLateness
}

// lateRule is what a step does when its time has passed (the rule
// late-is-decided). What asks or tells a human is never too late, unless its own
// step says so.
func (c *Clinic) lateRule(w *Workflow, st *Step) Lateness {
	rule := Lateness{After: usualLateness, Then: LateSkip}
	switch {
	case st.Late != nil:
		rule = *st.Late
	case st.Kind != StepSend || st.Send.To != "":
		rule.Then = LateSend
	case w.Late != nil:
		rule = *w.Late
	}
	if c.Lateness > 0 {
		rule.After = time.Duration(float64(rule.After) * (float64(c.Lateness) / float64(usualLateness)))
	}
	return rule
}

// late says whether a step that is so far behind its time is not simply done.
func (l *Lateness) late(behind time.Duration) bool {
	return l.Then != LateSend && behind > l.After
}

// waits is what Send.Late says of a message: how long it may wait for its
// provider. One that is sent however late is history after a month all the same.
func (l *Lateness) waits(c *Clinic) time.Duration {
	switch {
	case l.Then == LateSend:
		return startsWithin
	case l.After == c.lateness():
		return 0
	}
	return l.After
}

// mayWait is how long after it was asked for a message may still leave.
func (x *Send) mayWait(c *Clinic) time.Duration {
	if x.Late > 0 {
		return x.Late
	}
	return c.lateness()
}

// tooLate leaves a late message out, or asks a human about it.
func (d *decider) tooLate(j *Journey, rule Lateness, n Note) {
	if rule.Then == LateSkip {
		n.Reason = TooLate
		d.note(n)
		return
	}
	n.Reason = LateAsked
	d.note(n)
	d.task(taskLateMessage, "assigned", replyDue, j, n.Step, LateAsked)
}

// taskLateMessage asks what to say now in place of a message whose time passed.
const taskLateMessage = "late-message"
