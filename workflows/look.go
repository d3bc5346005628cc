package workflows

import (
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
			if now.Sub(x.At) > c.lateness() {
				return Look{Reason: TooLate}
			}
			if why, by, ok := s.gate(c, x.Message.Template, now); !ok {
				return Look{Reason: why, By: by}
			}
		}
		return Look{Wanted: true, Email: s.Profile.Email.Get()}
	}
	return Look{Reason: NoLongerWanted}
}

// FailToHuman is the decision when Decide itself could not: the event is
// remembered and a human gets a task (the rule fail-to-human).
func FailToHuman(s State, dir Directory, ev events.Event, now time.Time, why Reason) Decision {
	d := newDecider(s, dir, ev, ev.Hash(), now)
	before := s.Next()
	d.note(Note{What: WhatClient, Reason: why})
	d.task(string(why), "assigned", replyDue, nil, "", why)
	d.s.Large = d.s.Large || why == StateTooLarge
	return d.finish(before)
}
