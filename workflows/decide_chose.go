package workflows

import (
	"slices"
	"time"

	"github.com/mooring-care/mooring/events"
)

// The mails about a change of address: to the new one, with a link, and to the one
// that was left. They are no clinic's to send from a workflow.
const (
	templateAddress = "address"
	templateMoved   = "address-changed"
)

// WordingList is the wording of family C for a list that the client asked for.
const WordingList = "list"

const (
	// wishedRest is the break that a client gets who wishes for one on the check-in page.
	wishedRest = 30 * 24 * time.Hour
	// longestRest bounds a break without an end: the client's own word, once given,
	// should not silence the clinic for ever. An opt-out does.
	longestRest = 100 * 24 * time.Hour
	// askedPerDay is how many mails of one kind a client can ask for in a day.
	askedPerDay = 3
	// AddressWaits is how long a link to a new address works.
	AddressWaits = 3 * 24 * time.Hour
)

// taskAddressMoved asks that the chart learn of the client's new address.
const taskAddressMoved = "address-moved"

// taskAddressUntold asks that a person tell the client, since no mail can tell the
// address that was left: whoever asked for the change may be somebody else.
const taskAddressUntold = "address-untold"

// chose takes what the client chose about their mail. None of it lifts an opt-out
// or gives consent (the rule consent-first).
func (d *decider) chose() {
	c := d.ev.Data.Choice
	if c.Language != "" {
		set(&d.s.Profile.OwnLanguage, &c.Language, d.said())
		d.note(Note{What: WhatClient, Reason: LanguageChosen})
	}
	if c.MailList {
		d.mailList(c.Reasons)
	}
	switch own := d.s.Profile.OwnAddress; {
	case c.Address == "":
	case own.Known() && c.Linked != nil && !c.Linked.After(own.At):
		// The link lay in an inbox that the client has left.
		d.note(Note{What: WhatClient, Reason: AddressLinkOld})
	default:
		d.askAddress(c.Address)
	}
	if c.Confirm != "" {
		d.confirmAddress(c.Confirm)
	}
}

// rests begins or ends the client's own break from mail.
func (d *decider) rests(on bool, until time.Time) {
	latest := d.ev.Time.Add(longestRest)
	if on && (until.IsZero() || until.After(latest)) {
		until = latest
	}
	set(&d.s.Profile.Rest, &PausedUntil{On: on, Until: until}, d.said())
	if !on {
		d.note(Note{What: WhatClient, Reason: RestEnded})
		return
	}
	d.note(Note{What: WhatClient, Reason: ClientRests, Until: until})
}

// mailList mails the client the services that fit their reasons.
func (d *decider) mailList(reasons []string) {
	m := Message{Template: "C", Wording: WordingList, Why: d.s.Profile.Reason.Get()}
	for _, code := range reasonCodes() {
		if slices.Contains(reasons, code) {
			m.Reasons = append(m.Reasons, code)
		}
	}
	d.own(m, "")
}

// askAddress mails a link to a new address. Nothing else changes until its button
// was pressed.
func (d *decider) askAddress(email string) {
	if d.c.ownAddress(email) {
		// A colleague's inbox is no client's, and neither is the clinic's.
		d.note(Note{What: WhatMessage, Reason: ClinicsAddress, Detail: templateAddress})
		return
	}
	d.n++
	id := events.TargetID("address", d.s.Key, d.hash, d.n)
	if !d.own(Message{Template: templateAddress, Target: id}, email) {
		return
	}
	// A link that is under way to another address has nothing to open any more.
	d.s.NewAddress = &NewAddress{ID: id, Email: email, Until: d.now.Add(AddressWaits)}
	d.stopWhere(NoLongerWanted, func(x *Send) bool { return x.Message.Template == templateAddress && x.Message.Target != id })
}

// confirmAddress uses a new address from now on, and tells the one before.
func (d *decider) confirmAddress(id string) {
	n, p := d.s.NewAddress, &d.s.Profile
	if n == nil || n.ID != id || d.ev.Time.After(n.Until) {
		d.note(Note{What: WhatClient, Reason: AddressLinkOld})
		return
	}
	was, verified := p.Address(), p.verified()
	d.s.NewAddress = nil
	d.note(Note{What: WhatClient, Reason: AddressConfirmed})
	set(&p.OwnAddress, &OwnAddress{Email: n.Email, Left: p.left(was, n.Email)}, said{after(d.ev.Time, p.Email), d.hash})
	if was == "" || was == n.Email {
		return
	}
	d.task(taskAddressMoved, "assigned", replyDue, nil, "", AddressConfirmed)
	// An address that nobody verified may be a stranger's.
	if !verified || !d.own(Message{Template: templateMoved}, was) {
		d.task(taskAddressUntold, "assigned", replyDue, nil, "", AddressConfirmed)
	}
}

// left are the addresses that a new one takes the place of, besides that itself.
func (p *Profile) left(was, now string) []string {
	var out []string
	for _, a := range append(slices.Clone(p.OwnAddress.Get().Left), p.Email.Get(), was) {
		if a != "" && a != now && !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out[max(0, len(out)-keptLeft):]
}

// own asks for a mail that the client asked for themself: to an address, or, where
// that is empty, to theirs. It keeps to every rule about whether mail may leave and
// to none about how much or when, but for so many a day. It is false where the mail
// may not leave.
func (d *decider) own(m Message, to string) bool {
	n := Note{What: WhatMessage, Detail: m.Template}
	why, _, ok := d.s.lets(d.c, letter{m.Template, true, to}, d.now)
	rest, rests := d.c.rests("")
	switch {
	case !ok:
		n.Reason = why
	case rests:
		n.Reason = rest
	case d.askedOften(m.Template):
		n.Reason = AskedOften
	default:
		n.Reason, n.Subject = Asked, d.send(LaneCare, m, "", "", "")
		x := &d.s.Sends[len(d.s.Sends)-1]
		x.Own, x.Email = true, to
		if to != "" {
			x.To = events.AddressMark(d.s.Key, to)
		}
	}
	d.note(n)
	return n.Reason == Asked
}

// askedOften says whether the client has had as many such mails as they can ask for
// in a day: whoever finds their link must not flood an inbox.
func (d *decider) askedOften(template string) bool {
	if template == templateMoved {
		return false // a warning that nobody asks for
	}
	count := 0
	for i := range d.s.Sends {
		if x := &d.s.Sends[i]; x.Own && x.Message.Template == template && d.now.Sub(x.At) < 24*time.Hour {
			count++
		}
	}
	return count >= askedPerDay
}
