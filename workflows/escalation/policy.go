package escalation

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Shortest and Longest bound the times of a policy. A shorter time found in a
// stored policy counts as Shortest, so that no ladder spins.
const (
	Shortest = time.Minute
	Longest  = 7 * 24 * time.Hour
)

// Check says what keeps a policy from working: no rungs, times out of bounds,
// an owner who could not be asked even if nobody were away. It returns all
// that it found, joined; the texts are for the person who wrote the policy.
func (p Policy) Check(staff Staff) error {
	var found []error
	if p.Urgency != "" && p.Urgency != "crisis" && p.Urgency != "urgent" {
		found = append(found, fmt.Errorf("urgency is %q, want crisis or urgent", p.Urgency))
	}
	if len(p.Rungs) == 0 {
		found = append(found, errors.New("it has no rungs, so nobody would be asked"))
	}
	if err := checkTime(p.Hold); err != nil {
		found = append(found, fmt.Errorf("hold: %w", err))
	}
	for i, r := range p.Rungs {
		if err := checkTime(r.Within); err != nil {
			found = append(found, fmt.Errorf("rung %d: within: %w", i+1, err))
		}
		if err := staff.checkOwner(r.Owner); err != nil {
			found = append(found, fmt.Errorf("rung %d: owner: %w", i+1, err))
		}
		for _, who := range r.Inform {
			if err := staff.checkOwner(who); err != nil {
				found = append(found, fmt.Errorf("rung %d: inform: %w", i+1, err))
			}
		}
	}
	if err := errors.Join(found...); err != nil {
		return fmt.Errorf("check escalation policy %q: %w", p.ID, err)
	}
	return nil
}

func checkTime(d time.Duration) error {
	if d < Shortest || d > Longest {
		return fmt.Errorf("%v is not between %v and %v", d, Shortest, Longest)
	}
	return nil
}

// checkOwner finds who could never be asked. Who is assigned, and so who
// covers, is known only for a client.
func (s *Staff) checkOwner(owner string) error {
	switch {
	case owner == ownerAssigned, owner == ownerCover:
		return nil
	case strings.HasPrefix(owner, ownerPerson):
		id := strings.TrimPrefix(owner, ownerPerson)
		p := s.Person(id)
		if p == nil {
			return fmt.Errorf("there is no person %q", id)
		}
		if !p.mailable() {
			return fmt.Errorf("person %q has no email address", id)
		}
		return nil
	case strings.HasPrefix(owner, ownerRole):
		role := strings.TrimPrefix(owner, ownerRole)
		if !slices.ContainsFunc(s.holders(role), (*Person).mailable) {
			return fmt.Errorf("nobody with an email address has the role %q", role)
		}
		return nil
	default:
		return fmt.Errorf("%q is not assigned, cover, role:<role> or person:<id>", owner)
	}
}

// clone keeps an open escalation apart from the directory it came from.
func (p Policy) clone() Policy {
	p.Rungs = slices.Clone(p.Rungs)
	for i := range p.Rungs {
		p.Rungs[i].Inform = slices.Clone(p.Rungs[i].Inform)
	}
	return p
}

func (p Policy) last() int { return max(len(p.Rungs)-1, 0) }

// rung is the rung at i. A policy without rungs, which Check refuses, has one
// that names nobody: whoever is on call is asked.
func (p Policy) rung(i int) Rung {
	if len(p.Rungs) == 0 {
		return Rung{Within: 10 * time.Minute}
	}
	return p.Rungs[min(max(i, 0), p.last())]
}

func (p Policy) within(i int) time.Duration { return max(p.rung(i).Within, Shortest) }

func (p Policy) hold() time.Duration { return max(p.Hold, Shortest) }
