package workflows

import (
	"slices"
	"time"

	"github.com/mooring-care/mooring/events"
)

// Look is what the last look before a request sees.
type Look struct {
	// Wanted says whether the message should still leave.
	Wanted bool
	// Reason and By say why not, and which event said so; By is zero where no
	// single event did.
	Reason Reason
	By     events.Hash
	// Email is the client's address now, for care messages.
	Email string
	// NotBefore is when a message that is wanted may leave, where that is not
	// yet, and Reason why: the quiet hours end then, or the clinic opens. What
	// could not leave in the evening must not leave at night.
	NotBefore time.Time
}

// Look says whether a message is still wanted by this state (the rule
// last-look). A message that the state does not know is not.
func (s *State) Look(c *Clinic, id string, now time.Time) Look {
	for i := range s.Sends {
		x := &s.Sends[i]
		if x.ID != id {
			continue
		}
		if x.Status != SendAsked && x.Status != SendAccepted && x.Status != SendUnknown {
			return Look{Reason: x.Reason, By: x.By}
		}
		if x.Lane == LaneCare {
			if x.tooLate(c, s.zone(c), now) {
				return Look{Reason: TooLate}
			}
			if _, gone := c.Removed[x.Message.Workflow]; gone {
				return Look{Reason: WorkflowRemoved}
			}
			if why, rests := c.rests(x.Message.Workflow); rests {
				return Look{Reason: why}
			}
			if s.visitBegan(x.Message.Template, x.Appointment, now) {
				return Look{Reason: AppointmentPast}
			}
			if why, by, ok := s.lets(c, letter{x.Message.Template, x.Own, x.Email}, now); !ok {
				if why == HumanFirst {
					by = s.unansweredSince(x.At)
				}
				return Look{Reason: why, By: by}
			}
			if !x.Released && s.needsRelease(x.Message.Template, now) {
				return Look{Reason: NeedsRelease, By: s.flaggedBy()}
			}
			if x.Own {
				return Look{Wanted: true, Email: orElse(x.Email, s.Profile.Address())}
			}
			if s.followed(x) {
				return Look{Reason: TooClose}
			}
			at, why := c.mayLeave(x.Within, s.zone(c), now)
			switch {
			case at.IsZero():
				return Look{Reason: why}
			case why == "":
				at = time.Time{}
			}
			return Look{Wanted: true, Reason: why, Email: s.Profile.Address(), NotBefore: at}
		}
		return Look{Wanted: true, Email: s.Profile.Address()}
	}
	return Look{Reason: NoLongerWanted}
}

// visitBegan says whether the words for a visit that is ahead come too late: it
// has begun.
func (s *State) visitBegan(template, appointment string, now time.Time) bool {
	if template != "F" || appointment == "" {
		return false
	}
	return slices.ContainsFunc(s.Appointments, func(a Appointment) bool {
		return a.ID == appointment && !a.Start.IsZero() && !a.Start.After(now)
	})
}

// followed says whether a later care message, of a workflow as strong or
// stronger, is on its way. While the provider is down messages wait for it, and
// two of them would leave together: the later one says what counts now.
func (s *State) followed(x *Send) bool {
	return slices.ContainsFunc(s.Sends, func(y Send) bool {
		return y.Lane == LaneCare && !y.Own && y.Status == SendAsked && y.At.After(x.At) && y.Precedence >= x.Precedence
	})
}

// FailToHuman is the decision when Decide itself could not: the event is
// remembered and a human gets a task (the rule fail-to-human). What needs no
// workflow is done all the same, so that no ladder falls silent and no opt-out
// is lost; care that nobody can decide on ends.
func FailToHuman(s State, dir Directory, ev events.Event, now time.Time, why Reason) Decision {
	if dec, ok := withoutWorkflows(s, dir, ev, now, why); ok {
		return dec
	}
	d := newDecider(s, dir, ev, ev.Hash(), now)
	d.failed(why)
	return d.finish(s.Next())
}

// withoutWorkflows is false when even that much fails.
func withoutWorkflows(s State, dir Directory, ev events.Event, now time.Time, why Reason) (dec Decision, ok bool) {
	defer func() {
		if recover() != nil {
			dec, ok = Decision{}, false
		}
	}()
	d := newDecider(s, dir, ev, ev.Hash(), now)
	timer := ev.Kind == events.TimerDue
	d.failed(why)
	d.take()
	if timer {
		d.ladders()
		d.remind()
	}
	for i := range d.s.Journeys {
		if j := &d.s.Journeys[i]; !timer || !j.Due.IsZero() && !j.Due.After(now) {
			d.end(j, why, "")
		}
	}
	d.sweep()
	return d.finish(s.Next()), true
}

func (d *decider) failed(why Reason) {
	d.note(Note{What: WhatClient, Reason: why})
	d.task(string(why), "assigned", replyDue, nil, "", why)
}

// TooLarge adds to a decision that staff are told, once, that the client's
// record has grown too large. What was decided stands.
func TooLarge(dec Decision, dir Directory, ev events.Event, now time.Time) Decision {
	d := newDecider(dec.State, dir, ev, ev.Hash(), now)
	d.effects, d.notes = slices.Clone(dec.Effects), slices.Clone(dec.Notes)
	d.n = beyondOne
	d.failed(StateTooLarge)
	d.s.Large = true
	if next := d.s.Next(); !next.IsZero() {
		d.effects = append(d.effects, Effect{Timer: &next})
	}
	dec.State, dec.Effects, dec.Notes = d.s, d.effects, d.notes
	return dec
}

// beyondOne is a number that no id of one decision reaches.
const beyondOne = 1 << 20
