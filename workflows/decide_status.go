package workflows

import "github.com/mooring-care/mooring/events"

// mergeStatus takes what an event says about the status. That a client has died
// is remembered beside it: a later word that they are in care may be a mistake,
// and mail to the dead hurts those who read it.
func (p *Profile) mergeStatus(v *events.Status, s said) {
	if f := p.Status; p.Died == nil && f.Get() == events.StatusDeceased {
		p.Died = &Field[bool]{Value: true, At: f.At, By: f.By} // stored before this was kept
	}
	if v != nil && *v == events.StatusDeceased {
		yes := true
		set(&p.Died, &yes, s)
	}
	setSafer(&p.Status, v, s, func(is events.Status) int {
		return rankOf(is != events.StatusActive) + rankOf(is == events.StatusDeceased)
	})
}

// InDoubt says whether the newest word on the status contradicts that the
// client has died, and nobody has said since that they live.
func (p *Profile) InDoubt() bool {
	return p.Died.Known() && p.Status.Get() != events.StatusDeceased && !p.lives()
}

// lives says whether a human has said that the client lives, since it was said
// that they died.
func (p *Profile) lives() bool {
	return p.Alive.Known() && newer(p.Alive.At, p.Alive.By, p.Died.At, p.Died.By)
}

// status is active until somebody says otherwise, and deceased as long as that
// is in doubt.
func (p *Profile) status() events.Status {
	switch {
	case p.InDoubt():
		return events.StatusDeceased
	case !p.Status.Known():
		return events.StatusActive
	}
	return p.Status.Get()
}

// statusBy is the event that the status rests on.
func (p *Profile) statusBy() events.Hash {
	if p.InDoubt() {
		return p.Died.By
	}
	return by(p.Status)
}

// doubted asks a human when a client who was said to have died is said to be in
// care, and takes that back once it is settled.
func (d *decider) doubted(before bool) {
	p := &d.s.Profile
	doubt := p.InDoubt() && p.Status.Get() == events.StatusActive
	switch {
	case doubt && !before:
		d.note(Note{What: WhatClient, Reason: StatusContradiction})
		d.task(taskContradiction, "assigned", replyDue, nil, "", StatusContradiction)
	case before && !doubt:
		d.dropTask(taskContradiction)
	}
}

const taskContradiction = "status-contradiction"

// alive is a human's word that care may go on.
func (d *decider) alive() {
	yes := true
	set(&d.s.Profile.Alive, &yes, d.said())
}
