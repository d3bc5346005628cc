package workflows

import (
	"slices"
	"time"

	"github.com/mooring-care/mooring/workflows/escalation"
)

// toldApart is how long one note to somebody about a client stands for all: it
// says that there is news, and the page that it leads to tells the rest. After an
// outage a journey may come past several of them at once.
const toldApart = time.Hour

// tell writes to a member of staff that there is news of the client. That is no
// care message: neither consent nor cap, neither quiet hours nor a pause of the
// client's mail count.
func (d *decider) tell(j *Journey, w *Workflow, st *Step) {
	n := Note{What: WhatMessage, Workflow: j.Workflow, Step: st.ID, Detail: st.Send.Template}
	person, standsIn := d.asks(st.Send.To)
	n.Person = person
	switch rule := d.c.lateRule(w, st); {
	case rule.late(d.now.Sub(j.Nominal)):
		n.Reason = TooLate
	case d.toldLately(person, st.Send.Template):
		n.Reason = ToldAlready
	default:
		n.Reason = Asked
		n.Subject = d.send(LaneSafety, Message{Template: st.Send.Template, Person: person, Workflow: j.Workflow, Step: st.ID}, j.ID, "", "")
	}
	d.note(n)
	if standsIn && n.Reason == Asked {
		d.note(Note{What: WhatStep, Reason: Covered, Workflow: j.Workflow, Step: st.ID, Person: person})
	}
}

func (d *decider) toldLately(person, template string) bool {
	return slices.ContainsFunc(d.s.Sends, func(x Send) bool {
		return x.Message.Person == person && x.Message.Template == template && x.Status != SendRefused && d.now.Sub(x.At) < toldApart
	})
}

// told says whether a message is a note to staff, which neither a task nor a
// ladder follows up.
func (x *Send) told() bool {
	return x.Lane == LaneSafety && x.Task == "" && x.Escalation == ""
}

// staff are the clinic's people as far as they may be asked about this client.
func (d *decider) staff() escalation.Staff {
	staff := d.c.Staff
	staff.Never = d.s.Profile.NeverAsk.Get()
	return staff
}

// excluded stops what goes to members of staff who must not be asked about the client
// any more: their questions and tasks are whoever's who stands in.
func (d *decider) excluded(before []string) {
	gone := slices.DeleteFunc(slices.Clone(d.s.Profile.NeverAsk.Get()), func(id string) bool { return slices.Contains(before, id) })
	if len(gone) == 0 {
		return
	}
	d.stopWhere(NoLongerWanted, func(x *Send) bool { return x.Lane == LaneSafety && slices.Contains(gone, x.Message.Person) })
	for i := range d.s.Escalations {
		if e := &d.s.Escalations[i]; e.Open() {
			if m := e.Exclude(d.staff(), d.now); m.Changed {
				d.moved(e, m)
			}
		}
	}
	for i := range d.s.Tasks {
		t := &d.s.Tasks[i]
		if !slices.Contains(gone, t.Owner) {
			continue
		}
		t.Owner, _ = d.asks("person:" + t.Owner)
		t.Next = d.nextOf(t)
		d.note(Note{What: WhatTask, Reason: TaskHandedOn, Subject: t.ID, Person: t.Owner, Detail: t.What})
		d.mailTask(t, "task", t.Owner)
	}
}

// asks is the member of staff who is asked or told where a task or step names
// owner, and whether they stand in for somebody who is away. Where nobody can be
// found it is whoever owns what nobody else can.
func (d *decider) asks(owner string) (person string, standsIn bool) {
	if owner == taskOwnerWord {
		owner = d.c.TaskOwner
	}
	clinician, staff := d.s.Profile.Clinician.Get(), d.staff()
	if found := staff.Resolve(owner, clinician, d.now); len(found) > 0 {
		person = found[0].ID
	} else {
		person = d.taskOwner()
	}
	return person, staff.StandsIn(person, owner, clinician, d.now)
}

// nextOf is when a task's owner must next be thought of: once it is due, or
// before, when their leave begins.
func (d *decider) nextOf(t *Task) time.Time {
	if leave := d.c.Staff.LeaveBegins(t.Owner, d.now, t.Due); !leave.IsZero() {
		return leave
	}
	return t.Due
}

// leaves asks whoever stands in for the owner of a task whose leave begins
// before it is due. The task stays theirs.
func (d *decider) leaves(t *Task) {
	t.Next = d.nextOf(t)
	there, standsIn := d.asks("person:" + t.Owner)
	n := Note{What: WhatTask, Reason: Covered, Subject: t.ID, Person: there, Detail: t.What, Until: t.Due}
	if !standsIn {
		n.Reason, n.Person = LeaveCalledOff, t.Owner
		if staff := d.staff(); staff.Away(t.Owner, d.now) {
			n.Reason = NobodyStandsIn
		}
		d.note(n)
		return
	}
	d.note(n)
	d.mailTask(t, "task", there)
}
