package workflows

import (
	"slices"
	"strings"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/escalation"
)

// message takes what became of a message.
func (d *decider) message() {
	rep := d.ev.Data.Message
	i := slices.IndexFunc(d.s.Sends, func(x Send) bool { return x.ID == rep.ID })
	reason, failed := messageReason(d.ev.Kind)
	if reason == ProviderRefused && strings.HasPrefix(rep.Detail, events.MailHeld) {
		reason = HeldBack
	}
	d.addressFailed(rep, i, reason)
	var x Send
	switch {
	case i >= 0:
		x = d.s.Sends[i]
		if reason == FateUnknown && x.Lane == LaneSafety {
			reason = FateUnknownRepeats
		}
	case !slices.ContainsFunc(d.s.Escalations, func(e escalation.Escalation) bool { return e.Asked(rep.ID) }):
		d.note(Note{What: WhatMessage, Reason: NotOurMessage, Subject: rep.ID, Detail: string(d.ev.Kind)})
		return
	}
	d.note(Note{What: WhatMessage, Reason: reason, Subject: rep.ID, Person: x.Message.Person, Detail: machineWord(rep.Detail), Workflow: x.Message.Workflow, Step: x.Message.Step})

	status := escalation.Accepted
	if failed {
		status = escalation.Failed
	}
	// The ladder knows its own mails, even those that the state has let go.
	for k := range d.s.Escalations {
		if reason == MailWaits {
			d.moved(&d.s.Escalations[k], d.s.Escalations[k].Late(rep.ID, d.staff(), d.now))
			continue
		}
		if reason != WasWithdrawn && reason != FateUnknown && reason != FateUnknownRepeats {
			d.moved(&d.s.Escalations[k], d.s.Escalations[k].Delivered(rep.ID, status, d.staff(), d.now))
		}
	}
	if i < 0 {
		return
	}
	send := &d.s.Sends[i]
	switch reason {
	case ProviderAccepted, Delivered:
		send.Status = SendAccepted
		if x.Status == SendUnknown {
			d.fateKnown()
		}
	case WasWithdrawn:
		send.Status = SendWithdrawn
	case FateUnknownRepeats, MailWaits:
		// It is still asked for: what stops it, stops it, and the ladder knows it.
	case FateUnknown:
		if x.Status == SendAccepted {
			return // an older word than that the provider took it
		}
		send.Status = SendUnknown
	default:
		send.Status = SendRefused
	}
	switch {
	case x.Email != "":
		// It is not the client's address: mail to that goes on.
		d.ownFailed(x, reason)
	case x.Lane == LaneCare && reason == WasWithdrawn && x.Message.Template == "F" && rep.Detail == string(NeedsRelease):
		d.task(taskVisitUntold, "assigned", replyDue, nil, "", NeedsRelease)
	case x.Lane == LaneCare:
		d.careFailed(reason)
	case failed && x.Task != "":
		d.handOn(x)
	case failed && x.told(), failed && x.Escalation != "" && d.wasTold(rep.ID):
		d.task(taskNoteFailed, taskOwnerWord, replyDue, nil, "", reason)
	}
}

// ownFailed is what follows when a mail to an address that is not the client's now did
// not leave: a link that never comes must not be waited for, and a warning to the address
// that they left is a person's then.
func (d *decider) ownFailed(x Send, reason Reason) {
	if reason != WasWithdrawn && reason != HeldBack && reason != ProviderRefused {
		return
	}
	if n := d.s.NewAddress; n != nil && n.ID == x.Message.Target {
		d.s.NewAddress = nil
	}
	if x.Message.Template == templateMoved {
		d.task(taskAddressUntold, "assigned", replyDue, nil, "", reason)
	}
	if reason == HeldBack {
		d.careFailed(reason)
	}
}

// wasTold says whether a mail told somebody of a question, and asked nothing: its
// failure moves no ladder.
func (d *decider) wasTold(message string) bool {
	for i := range d.s.Escalations {
		for _, a := range d.s.Escalations[i].Asks {
			if a.Message == message {
				return a.Inform
			}
		}
	}
	return false
}

// addressFailed remembers an address that returned a message: the one that it
// went to, which may not be the client's any more. i is the message's place, or
// -1 when the state has let it go; the report itself may still say where it
// went.
func (d *decider) addressFailed(rep *events.MessageReport, i int, reason Reason) {
	to := rep.To
	if to == "" && i >= 0 {
		to = d.s.Sends[i].To
	}
	if to != "" && (reason == Bounced || reason == Dropped || reason == Complained) {
		d.s.Profile.suppress(to, d.said())
	}
}

// machineWord is a provider's own word such as "550 5.1.1". Servers like to
// repeat the address in their answers; such an answer is left out.
func machineWord(s string) string {
	if len(s) > 100 || strings.ContainsAny(s, "@<>") {
		return ""
	}
	return s
}

// careFailed is what follows when a client's mail did not arrive: no further
// mail to an address that returns it, and a human knows.
func (d *decider) careFailed(reason Reason) {
	switch reason {
	case Bounced, Dropped, Complained:
		d.task("address-failed", "assigned", replyDue, nil, "", reason)
	case ProviderRefused:
		d.task("mail-refused", "assigned", replyDue, nil, "", reason)
	case HeldBack:
		d.task("mail-held", "assigned", replyDue, nil, "", reason)
	case FateUnknown:
		d.task(taskMailUnknown, "assigned", replyDue, nil, "", reason)
	}
}

// fateKnown takes back the task to find out about a client's mail, once every
// mail is known to have left.
func (d *decider) fateKnown() {
	if slices.ContainsFunc(d.s.Sends, func(x Send) bool { return x.Lane == LaneCare && x.Status == SendUnknown }) {
		return
	}
	d.s.Tasks = slices.DeleteFunc(d.s.Tasks, func(t Task) bool {
		if t.What != taskMailUnknown {
			return false
		}
		d.note(Note{What: WhatTask, Reason: TaskNoLonger, Subject: t.ID, Person: t.Owner, Detail: t.What})
		d.stopTaskMail(t.ID, TaskNoLonger)
		return true
	})
}

// handOn gives a task whose mail failed to whoever owns what nobody else can.
func (d *decider) handOn(x Send) {
	i := slices.IndexFunc(d.s.Tasks, func(t Task) bool { return t.ID == x.Task })
	if i < 0 || x.Message.Person == d.taskOwner() {
		return // the owner of last resort is reminded when it is overdue
	}
	t := &d.s.Tasks[i]
	t.Owner = d.taskOwner()
	d.note(Note{What: WhatTask, Reason: TaskHandedOn, Subject: t.ID, Person: t.Owner, Detail: t.What})
	d.mailTask(t, "task", t.Owner)
}

func messageReason(k events.Kind) (r Reason, failed bool) {
	switch k {
	case events.MessageAccepted:
		return ProviderAccepted, false
	case events.MessageDelivered:
		return Delivered, false
	case events.MessageBounced:
		return Bounced, true
	case events.MessageDropped:
		return Dropped, true
	case events.MessageComplained:
		return Complained, true
	case events.MessageUnknown:
		return FateUnknown, false
	case events.MessageDeferred:
		return MailWaits, false
	case events.MessageWithdrawn:
		return WasWithdrawn, false
	default:
		return ProviderRefused, true
	}
}
