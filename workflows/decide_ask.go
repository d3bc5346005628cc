package workflows

import (
	"maps"
	"slices"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/escalation"
)

// send asks for a message: into the state, so that a last look can be taken,
// and into the effects.
func (d *decider) send(lane Lane, m Message, journey, esc, task string) string {
	d.n++
	id := events.MessageID(d.s.Key, d.hash, d.n)
	m.Asked, m.Version = d.now, orElse(m.Version, d.c.Version)
	x := Send{
		ID: id, Lane: lane, At: d.now, Status: SendAsked, Message: m,
		Journey: journey, Escalation: esc, Task: task,
	}
	if lane == LaneCare {
		x.To = events.AddressMark(d.s.Key, d.s.Profile.Address())
	}
	d.s.Sends = append(d.s.Sends, x)
	d.effects = append(d.effects, Effect{Enqueue: &Enqueue{ID: id, Lane: lane, Message: m}})
	return id
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// escalate opens an escalation, or joins the one that is already open under
// the same policy. The journey that asked remembers it under its step.
func (d *decider) escalate(policyID, question string, j *Journey, step string) {
	p, ok := d.policy(policyID, j)
	if !ok {
		p = d.c.Policies[safetyPolicy]
	}
	if !ok && policyID != sameDayPolicy {
		d.note(Note{What: WhatEscalation, Reason: PolicyMissing, Detail: policyID})
	}
	for i := range d.s.Escalations {
		e := &d.s.Escalations[i]
		if e.Open() && e.Policy.ID == p.ID {
			d.moved(e, e.Join(question, d.staff(), d.now))
			d.headline = orReason(d.headline, SafetyQuestion)
			d.remember(j, step, e.ID)
			return
		}
	}
	d.n++
	id := events.TargetID("escalation", d.s.Key, d.hash, d.n)
	e, m := escalation.Open(id, p, question, d.hash, d.s.Profile.Clinician.Get(), d.staff(), d.now)
	d.s.Escalations = append(d.s.Escalations, e)
	d.note(Note{What: WhatEscalation, Reason: SafetyQuestion, Subject: id, Detail: question, Workflow: workflowOf(j), Step: step})
	d.headline = SafetyQuestion
	d.moved(&d.s.Escalations[len(d.s.Escalations)-1], m)
	d.remember(j, step, id)
}

// policy is the one that a question is asked under: for a journey as it was
// when that began (the rule pinned). Whom its rungs lead to follows from the
// people in force.
func (d *decider) policy(id string, j *Journey) (escalation.Policy, bool) {
	if j != nil {
		if c := d.dir.At(j.Version); c != nil {
			if p, ok := c.Policies[id]; ok {
				return p, true
			}
		}
	}
	p, ok := d.c.Policies[id]
	return p, ok
}

func (d *decider) remember(j *Journey, step, id string) {
	if j == nil || step == "" {
		return
	}
	j.Opened = with(j.Opened, step, id)
}

// with is a map with one more entry; the one that it is given belongs to another state.
func with[V any](m map[string]V, key string, v V) map[string]V {
	out := make(map[string]V, len(m)+1)
	maps.Copy(out, m)
	out[key] = v
	return out
}

// AboutMail is the detail of a note that is about a person's mail and not about whom the
// question is with.
const AboutMail = "mail"

// moved turns what a ladder did into mails and notes.
func (d *decider) moved(e *escalation.Escalation, m escalation.Move) {
	if m.Reason == escalation.Stale || m.Reason == escalation.Unrelated {
		return
	}
	until := time.Time{}
	if e.Open() {
		until = e.Until()
	}
	for range m.Skipped {
		d.note(Note{What: WhatEscalation, Reason: Reason(escalation.NobodyReachable), Subject: e.ID})
	}
	// A ladder that moved by itself because nobody could answer says so by name
	// of who is asked now.
	n := Note{What: WhatEscalation, Reason: Reason(m.Reason), Subject: e.ID, Person: e.Owner, Until: until}
	if m.Told != nil {
		n.Person = m.Told.By
	}
	if m.Of != "" && len(m.Asks) == 0 {
		n.Person, n.Detail = m.Of, AboutMail // and the question stays where it is
	}
	if e.Closed != nil {
		n.Person, n.Detail = e.Closed.By, string(e.Closed.Outcome)
	}
	d.note(n)
	for _, id := range m.Withdraw {
		d.stop(id, NoLongerWanted)
	}
	if m.Reason == escalation.Closed {
		// Nor does anybody need to hear of it who was only to be told.
		d.stopWhere(NoLongerWanted, func(x *Send) bool { return x.Escalation == e.ID })
	}
	for _, t := range m.Tell {
		staff := d.staff()
		if p := staff.Person(t.Person); p == nil || staff.Away(t.Person, d.now) {
			continue // away, or an operator whom no mail reaches; nothing waits for it
		}
		template := "escalation-" + string(t.What)
		id := d.send(LaneSafety, Message{Template: template, Person: t.Person, Target: e.ID, Urgency: e.Policy.Urgency}, "", e.ID, "")
		d.note(Note{What: WhatMessage, Reason: Asked, Subject: id, Person: t.Person, Detail: template})
	}
	for _, a := range m.Asks {
		template := "escalation"
		switch {
		case a.Wide:
			template = "escalation-wide"
		case a.Inform:
			template = "escalation-inform"
		}
		msg := Message{
			Template: template, Person: a.Person, Target: e.ID,
			What: first(e.Questions), Urgency: e.Policy.Urgency, Round: a.Round,
		}
		if !e.AskedBefore(a.Person, a.Rung, a.Round) {
			msg.Round = 0 // the ladder has gone round, and not to them
		}
		if m.Reason == escalation.AskedAgain {
			// Not a reminder: who took the question must see that it changed.
			msg.What, msg.Urgency, msg.Round = orElse(m.Question, msg.What), msg.Urgency+"-again", 0
		}
		id := d.send(LaneSafety, msg, "", e.ID, "")
		e.Attach(a.Person, a.Rung, a.Round, id)
		if !a.Inform && e.StandsIn(a, d.staff(), d.now) {
			d.note(Note{What: WhatEscalation, Reason: Covered, Subject: e.ID, Person: a.Person})
		}
		d.note(Note{What: WhatMessage, Reason: Asked, Subject: id, Person: a.Person, Detail: template})
	}
}

func first(s []string) string {
	if len(s) == 0 {
		return ""
	}
	return s[0]
}

// stop says that a message is no longer wanted; one that has left has left,
// and so no note says that it did not: the notifier's report does.
func (d *decider) stop(id string, why Reason) {
	for i := range d.s.Sends {
		if x := &d.s.Sends[i]; x.ID == id && x.Status == SendAsked {
			x.Status, x.Reason, x.By = SendStopped, why, d.hash
		}
	}
}

// stopWhere stops every message that fits.
func (d *decider) stopWhere(why Reason, fits func(*Send) bool) {
	for i := range d.s.Sends {
		if fits(&d.s.Sends[i]) {
			d.stop(d.s.Sends[i].ID, why)
		}
	}
}

// escalationAct takes what a human did with an escalation.
func (d *decider) escalationAct() {
	act := d.ev.Data.Escalation
	i := slices.IndexFunc(d.s.Escalations, func(e escalation.Escalation) bool { return e.ID == act.ID })
	if i < 0 {
		d.note(Note{What: WhatEscalation, Reason: Reason(escalation.NotOpen), Subject: act.ID, Person: act.By})
		return
	}
	e := &d.s.Escalations[i]
	var m escalation.Move
	switch d.ev.Kind {
	case events.EscalationAcknowledged:
		m = e.Acknowledge(act.By, orElse(act.For, e.For(act.By, d.staff(), d.now)), d.now)
		e.UntilLeave(d.staff(), d.now)
	case events.EscalationDeclined:
		m = e.Decline(act.By, act.Why, d.staff(), d.now)
	case events.EscalationAttempted:
		m = e.Attempt(act.By, act.How, d.now)
		e.UntilLeave(d.staff(), d.now)
	case events.EscalationClosed:
		if m = (escalation.Move{Reason: escalation.LookFirst}); !e.Open() || act.Turn == nil || *act.Turn == e.Turn {
			m = e.Close(act.By, act.Outcome, act.Note, d.now)
		}
	case events.EscalationReopened:
		m = e.Reopen(act.By, d.staff(), d.now)
		if m.Reason == escalation.Reopened {
			keepSaid(e, d.signed(act.By, act.Note))
		}
	}
	d.headline = Reason(m.Reason)
	d.moved(e, m)
	if act.Why == events.DeclineConflict && m.Reason == escalation.PassedOn {
		// Who is asked about this client next time is not decided by asking around.
		d.task(taskChangeAsked, taskOwnerWord, replyDue, nil, "", ShouldNotBeAsked)
	}
}

// task opens a task and mails its owner; step and j are set when a journey
// asked for it.
func (d *decider) task(what, owner string, due time.Duration, j *Journey, step string, why Reason) {
	for i := range d.s.Tasks {
		if t := &d.s.Tasks[i]; t.What == what && t.Journey == journeyID(j) {
			d.note(Note{What: WhatTask, Reason: why, Subject: t.ID, Person: t.Owner, Detail: what, Until: t.Due})
			d.remember(j, step, t.ID)
			if d.again != nil {
				d.again[t.ID] = true
			}
			return
		}
	}
	person, standsIn := d.asks(owner)
	d.n++
	t := Task{
		ID: events.TargetID("task", d.s.Key, d.hash, d.n), What: what, Owner: person,
		Opened: d.now, Due: d.now.Add(due), Journey: journeyID(j), Cause: d.hash,
	}
	t.Next = d.nextOf(&t)
	d.s.Tasks = append(d.s.Tasks, t)
	d.remember(j, step, t.ID)
	d.note(Note{What: WhatTask, Reason: why, Subject: t.ID, Person: person, Detail: what, Until: t.Due, Workflow: workflowOf(j), Step: step})
	if standsIn {
		d.note(Note{What: WhatTask, Reason: Covered, Subject: t.ID, Person: person, Detail: what, Until: t.Due})
	}
	d.mailTask(&t, "task", person)
}

// taskOwner owns what nobody else can: the clinic's own choice, else whoever is
// on call.
func (d *decider) taskOwner() string {
	staff := d.staff()
	duty, person := staff.Duty(d.now)
	for _, who := range []string{d.c.TaskOwner, "person:" + d.c.TaskOwner, duty} {
		if found := staff.Resolve(who, "", d.now); len(found) > 0 {
			return found[0].ID
		}
	}
	if !slices.Contains(staff.Never, person) {
		return person
	}
	return staff.Fallback(d.now)
}

func journeyID(j *Journey) string {
	if j == nil {
		return ""
	}
	return j.ID
}

func workflowOf(j *Journey) string {
	if j == nil {
		return ""
	}
	return j.Workflow
}

func (d *decider) mailTask(t *Task, template, person string) {
	id := d.send(LaneSafety, Message{Template: template, Person: person, Target: t.ID, What: t.What, Round: t.Reminded}, "", "", t.ID)
	d.note(Note{What: WhatMessage, Reason: Asked, Subject: id, Person: person, Detail: template})
}

// remindEvery is how often an overdue task comes up again: its owner is reminded,
// or, where the clinic sends a digest, after the first time that stands for it.
// After remindAlone times somebody else hears of it too: a reply that nobody reads
// may be a cry for help.
const (
	remindEvery = 24 * time.Hour
	remindAlone = 2
)

// remind mails the owners of overdue tasks, once each, however late it is, and
// whoever stands in for an owner whose leave begins.
// Whoever is away by now is stood in for by their cover, or by whoever owns
// what nobody else can; the task stays theirs.
func (d *decider) remind() {
	for i := range d.s.Tasks {
		t := &d.s.Tasks[i]
		if t.Next.After(d.now) {
			continue
		}
		if t.Due.After(d.now) {
			d.leaves(t)
			continue
		}
		t.Reminded++
		t.Next = d.now.Add(remindEvery)
		if d.c.Digest && t.Reminded > 1 {
			d.note(Note{What: WhatTask, Reason: TaskInDigest, Subject: t.ID, Person: t.Owner, Detail: t.What, Until: t.Next})
			continue
		}
		d.note(Note{What: WhatTask, Reason: TaskOverdue, Subject: t.ID, Person: t.Owner, Detail: t.What, Until: t.Next})
		last := d.taskOwner()
		there, standsIn := d.asks("person:" + t.Owner)
		if standsIn {
			d.note(Note{What: WhatTask, Reason: Covered, Subject: t.ID, Person: there, Detail: t.What})
		}
		d.mailTask(t, "task-reminder", there)
		if t.Reminded > remindAlone && last != there {
			d.mailTask(t, "task-reminder", last)
		}
	}
}

func (d *decider) taskDone() {
	act := d.ev.Data.Task
	i := slices.IndexFunc(d.s.Tasks, func(t Task) bool { return t.ID == act.ID })
	if i < 0 {
		d.note(Note{What: WhatTask, Reason: TaskNotOpen, Subject: act.ID, Person: act.By})
		return
	}
	d.note(Note{What: WhatTask, Reason: TaskFinished, Subject: act.ID, Person: act.By, Detail: d.s.Tasks[i].What})
	d.stopTaskMail(act.ID, TaskFinished)
	if d.s.Tasks[i].What == taskContradiction {
		d.alive()
	}
	asks := d.s.Tasks[i].Asks()
	d.s.Tasks = slices.Delete(d.s.Tasks, i, i+1)
	if asks {
		d.answerRelease(act.ID, act.Release)
	}
}

const taskMailUnknown = "mail-unknown"

// taskNoteFailed asks that a colleague hear of news whose mail did not arrive.
const taskNoteFailed = "note-failed"

// stopTaskMail stops the mails that a task asked for.
func (d *decider) stopTaskMail(task string, why Reason) {
	d.stopWhere(why, func(x *Send) bool { return x.Task == task })
}

const (
	keptWords  = 5
	longestCut = 2000
)
