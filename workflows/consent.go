package workflows

import (
	"slices"
	"time"

	"github.com/mooring-care/mooring/events"
)

// purposeOf is what a family of care mail needs consent to.
func purposeOf(template string) events.Purpose {
	switch template {
	case "C":
		return events.PurposeResources
	case "E":
		return events.PurposeCaring
	case "F":
		return events.PurposeOrientation
	}
	return events.PurposeOutreach
}

// consent is where the newest word about a purpose stands.
func (p *Profile) consent(of events.Purpose) **Field[events.ConsentRecord] {
	switch of {
	case events.PurposeResources:
		return &p.Resources
	case events.PurposeCaring:
		return &p.Caring
	case events.PurposeOrientation:
		return &p.Orientation
	}
	return &p.Outreach
}

// Consent is the newest word about a purpose, nil where nobody spoke of it.
func (p *Profile) Consent(of events.Purpose) *Field[events.ConsentRecord] { return *p.consent(of) }

// mergeConsent takes what an event says about each purpose, each by itself.
func (p *Profile) mergeConsent(c *events.Consent, s said) {
	if c == nil {
		return
	}
	for _, purpose := range events.Purposes() {
		rec := c.Of(purpose)
		if rec == nil {
			continue
		}
		// Consent counts from when it was given, where the feed says so; a time
		// after the event's own is a mistake that would outlast a withdrawal. A
		// withdrawal counts from when it was said, whatever date it carries: many
		// systems date to the day, and midnight is older than this morning's
		// consent.
		when := s
		if rec.State == events.ConsentGranted && rec.At != nil && rec.At.Before(s.at) {
			when.at = *rec.At
		}
		setSafer(p.consent(purpose), rec, when, func(r events.ConsentRecord) int { return rankOf(r.State == events.ConsentWithdrawn) })
	}
}

// consents says whether there is consent to a family, and the word that it
// rests on. A purpose that nobody spoke of follows outreach. Outreach withdrawn
// blocks every purpose but one that was granted by itself later, or in the same
// breath: somebody who said "no more of this" must say of each kind that it is
// welcome all the same.
func (p *Profile) consents(template string) (by *Field[events.ConsentRecord], why Reason) {
	out, purpose := p.Outreach, purposeOf(template)
	own := p.Consent(purpose)
	if own == nil || purpose == events.PurposeOutreach {
		switch out.Get().State {
		case events.ConsentGranted:
			return out, ""
		case events.ConsentWithdrawn:
			return out, ConsentWithdrawn
		}
		return out, NoConsent
	}
	switch own.Value.State {
	case events.ConsentGranted:
	case events.ConsentWithdrawn:
		return own, PurposeWithdrawn
	default:
		return own, PurposeUnknown
	}
	together := out != nil && own.By == out.By
	if out.Get().State == events.ConsentWithdrawn && !own.At.After(out.At) && !together {
		return out, ConsentWithdrawn
	}
	return own, ""
}

// owned says whether it is known whose address it is, as far as that must be
// known: a minor's must have an owner, and where it is a proxy's, the word that
// the consent rests on must say who gave it.
func (p *Profile) owned(consent *Field[events.ConsentRecord]) (Reason, events.Hash) {
	switch owner := p.owner(); {
	case owner == "" && p.Minor.Get():
		if p.AddressOwner.Get() != "" {
			return MinorUnknownOwner, p.Email.By // it was another address's
		}
		return MinorUnknownOwner, p.Minor.By
	case owner == addressOfProxy && consent.Get().By == "":
		said := p.AddressOwner
		if newer(consent.At, consent.By, said.At, said.By) {
			return ProxyUnnamed, consent.By
		}
		return ProxyUnnamed, said.By
	}
	return "", events.Hash{}
}

// owner is whose the client's address is; empty where nobody has said so of this
// address.
func (p *Profile) owner() string {
	of, owner := p.OwnedAddress.Get(), p.AddressOwner.Get()
	switch {
	case owner == addressOfProxy:
		// A proxy's stays one until somebody says otherwise of the new one.
	case of != "":
		if of != p.Address() {
			return ""
		}
	case p.ownAddressStands():
		return "" // nobody has said so of what the client chose
	case p.Email.Known() && p.AddressOwner.Known() && p.Email.At.After(p.AddressOwner.At):
		return "" // it may be the same address, said once more: nobody knows
	}
	return owner
}

// addressOfProxy is the AddressOwner of somebody who stands in for the client.
const addressOfProxy = "proxy"

// mend asks a human for what alone keeps a message back and what a human can
// find out, at most once in mendEvery for one client. A missing consent or
// verification is none of these: a clinic that never sends mail would have a
// task for every client.
func (d *decider) mend(why Reason) {
	if why != MinorUnknownOwner && why != ProxyUnnamed || !d.s.Mended.IsZero() && d.now.Sub(d.s.Mended) < mendEvery {
		return
	}
	d.s.Mended = d.now
	if why == MinorUnknownOwner {
		d.task(taskAddressOwner, "assigned", mendDue, nil, "", why)
		return
	}
	d.task(taskProxyConsent, "assigned", mendDue, nil, "", why)
}

const (
	mendEvery = 30 * 24 * time.Hour
	mendDue   = 7 * 24 * time.Hour
)

// The tasks that mend what keeps mail back.
const (
	taskAddressOwner = "address-owner"
	taskProxyConsent = "proxy-consent"
)

// mended takes back such a task once what it asks for is known; should it be
// forgotten again, a human is asked again.
func (d *decider) mended() {
	if d.s.Mended.IsZero() {
		return
	}
	p := &d.s.Profile
	if p.Minor.Get() && p.owner() == "" {
		return
	}
	for _, purpose := range events.Purposes() {
		f := p.Consent(purpose)
		if p.owner() == addressOfProxy && f.Get().State == events.ConsentGranted && f.Value.By == "" {
			return
		}
	}
	d.s.Mended = time.Time{}
	d.dropTask(taskAddressOwner)
	d.dropTask(taskProxyConsent)
}

// dropTask takes back a task of the client's own that is not needed any more.
func (d *decider) dropTask(what string) {
	d.s.Tasks = slices.DeleteFunc(d.s.Tasks, func(t Task) bool {
		if t.What != what || t.Journey != "" {
			return false
		}
		d.note(Note{What: WhatTask, Reason: TaskNoLonger, Subject: t.ID, Person: t.Owner, Detail: t.What})
		d.stopTaskMail(t.ID, TaskNoLonger)
		return true
	})
}
