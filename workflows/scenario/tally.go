package scenario

import (
	"cmp"
	"maps"
	"slices"

	"github.com/mooring-care/mooring/workflows"
)

// Tally is what was decided about a number of clients, counted. Messages are
// those to clients: mails to staff are not among them.
type Tally struct {
	// Messages were asked for, and Reached is how many clients they were for.
	Messages int `json:"messages"`
	Reached  int `json:"reached"`
	// Median and Most are the messages to one client, over those reached.
	Median float64 `json:"median"`
	Most   int     `json:"most"`
	// Tasks and Escalations were opened; Capped messages were left out because the
	// client had got as many as the cap allows.
	Tasks       int `json:"tasks"`
	Escalations int `json:"escalations"`
	Capped      int `json:"capped"`
	// Workflows are those that came up, by name; what none of them asked for
	// stands first, without a name.
	Workflows []WorkflowTally `json:"workflows"`
}

// WorkflowTally is one workflow's share of a Tally.
type WorkflowTally struct {
	Workflow string `json:"workflow"`
	// Journeys began.
	Journeys    int `json:"journeys"`
	Tasks       int `json:"tasks"`
	Escalations int `json:"escalations"`
	Capped      int `json:"capped"`
	// Families are the wordings that it sent, by letter.
	Families []FamilyTally `json:"families"`
}

// FamilyTally is what was sent of one message family.
type FamilyTally struct {
	Family   string `json:"family"`
	Messages int    `json:"messages"`
	Reached  int    `json:"reached"`
}

// Find is a workflow's share; without any where it did not come up.
func (t *Tally) Find(workflow string) WorkflowTally {
	for _, w := range t.Workflows {
		if w.Workflow == workflow {
			return w
		}
	}
	return WorkflowTally{Workflow: workflow}
}

// Find is what was sent of a family.
func (w *WorkflowTally) Find(family string) FamilyTally {
	for _, f := range w.Families {
		if f.Family == family {
			return f
		}
	}
	return FamilyTally{Family: family}
}

// asking is a workflow with one of its message families.
type asking struct{ workflow, family string }

// tallier counts what is decided with one version of a clinic, client by client.
type tallier struct {
	clinic *workflows.Clinic
	// sums are the workflows' own, but for the families.
	sums     map[string]*WorkflowTally
	messages map[asking]int
	reached  map[asking]int
	// perClient are the messages to each client reached.
	perClient []int
}

func newTallier(c *workflows.Clinic) *tallier {
	return &tallier{clinic: c, sums: map[string]*WorkflowTally{}, messages: map[asking]int{}, reached: map[asking]int{}}
}

// counted is what one client has met so far.
type counted struct {
	messages map[asking]int
	opened   map[string]bool // tasks and escalations, by id
}

func newCounted() *counted { return &counted{map[asking]int{}, map[string]bool{}} }

func (t *tallier) of(workflow string) *WorkflowTally {
	if t.sums[workflow] == nil {
		t.sums[workflow] = &WorkflowTally{Workflow: workflow}
	}
	return t.sums[workflow]
}

// count takes up one decision about a client.
func (t *tallier) count(seen *counted, dec workflows.Decision) {
	for _, e := range dec.Effects {
		if e.Enqueue != nil && e.Enqueue.Lane == workflows.LaneCare {
			m := e.Enqueue.Message
			seen.messages[asking{m.Workflow, m.Template}]++
			t.of(m.Workflow)
		}
	}
	for _, n := range dec.Notes {
		switch {
		case n.What == workflows.WhatJourney && n.Reason == workflows.Started:
			t.of(n.Workflow).Journeys++
		case n.What == workflows.WhatMessage && n.Reason == workflows.CapReached:
			t.of(n.Workflow).Capped++
		case n.What == workflows.WhatTask && !seen.opened[n.Subject]:
			seen.opened[n.Subject] = true
			t.of(n.Workflow).Tasks++
		case n.What == workflows.WhatEscalation && n.Reason == workflows.SafetyQuestion && !seen.opened[n.Subject]:
			seen.opened[n.Subject] = true
			t.of(whoAsked(dec.State, n.Subject)).Escalations++
		}
	}
}

// whoAsked is the workflow whose journey opened an escalation; empty where none
// did, or where the journey ended as soon as it had asked.
func whoAsked(s workflows.State, escalation string) string {
	for i := range s.Journeys {
		for _, id := range s.Journeys[i].Opened {
			if id == escalation {
				return s.Journeys[i].Workflow
			}
		}
	}
	return ""
}

// met closes the count of one client.
func (t *tallier) met(seen *counted) {
	sum := 0
	for a, n := range seen.messages {
		t.messages[a] += n
		t.reached[a]++
		sum += n
	}
	if sum > 0 {
		t.perClient = append(t.perClient, sum)
	}
}

// tally is everything counted so far.
func (t *tallier) tally() Tally {
	out := Tally{Reached: len(t.perClient), Workflows: []WorkflowTally{}}
	for _, name := range slices.Sorted(maps.Keys(t.sums)) {
		w := *t.sums[name]
		w.Families = t.families(name)
		out.Tasks += w.Tasks
		out.Escalations += w.Escalations
		out.Capped += w.Capped
		for _, f := range w.Families {
			out.Messages += f.Messages
		}
		out.Workflows = append(out.Workflows, w)
	}
	out.Median, out.Most = middle(t.perClient)
	return out
}

func (t *tallier) families(workflow string) []FamilyTally {
	out := []FamilyTally{}
	for a, n := range t.messages {
		if a.workflow == workflow {
			out = append(out, FamilyTally{Family: a.family, Messages: n, Reached: t.reached[a]})
		}
	}
	slices.SortFunc(out, func(a, b FamilyTally) int { return cmp.Compare(a.Family, b.Family) })
	return out
}

// middle is the median and the largest of some numbers, 0 of none.
func middle(of []int) (median float64, most int) {
	if len(of) == 0 {
		return 0, 0
	}
	sorted := slices.Sorted(slices.Values(of))
	n := len(sorted)
	return float64(sorted[(n-1)/2]+sorted[n/2]) / 2, sorted[n-1]
}
