package escalation

import (
	"slices"
	"time"
)

// Shortest is the least time of a policy. A shorter one found in a stored
// policy counts as Shortest, so that no ladder spins.
const Shortest = time.Minute

// clone keeps an open escalation apart from the directory it came from.
func (p Policy) clone() Policy {
	p.Rungs = slices.Clone(p.Rungs)
	for i := range p.Rungs {
		p.Rungs[i].Inform = slices.Clone(p.Rungs[i].Inform)
	}
	return p
}

func (p Policy) last() int { return max(len(p.Rungs)-1, 0) }

// rung is the rung at i. A policy without rungs, which no clinic's file makes,
// has one that names nobody: whoever is on call is asked.
func (p Policy) rung(i int) Rung {
	if len(p.Rungs) == 0 {
		return Rung{Within: 10 * time.Minute}
	}
	return p.Rungs[min(max(i, 0), p.last())]
}

// informed are all who are told on the rungs before the one at i.
func (p Policy) informed(i int) []string {
	var out []string
	for k := range min(i, len(p.Rungs)) {
		out = append(out, p.Rungs[k].Inform...)
	}
	return out
}

func (p Policy) within(i int) time.Duration { return max(p.rung(i).Within, Shortest) }

func (p Policy) hold() time.Duration { return max(p.Hold, Shortest) }

// notice is how long before the end of a hold whoever took the question is
// reminded: a quarter of the hold, a quarter of an hour at the most. A hold of
// under four minutes ends without.
func (p Policy) notice() time.Duration {
	notice := min(p.hold()/4, 15*time.Minute)
	if notice < Shortest {
		return 0
	}
	return notice
}
