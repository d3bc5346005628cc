package scenario

import (
	"cmp"
	"maps"
	"slices"
	"time"

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
	// Spread is how many clients got how many messages, the fewest first; whoever got
	// none is among them.
	Spread []SpreadTally `json:"spread"`
	// Weeks are those of the clinic's calendar in which anything came up, in order.
	Weeks []WeekTally `json:"weeks"`
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

// SpreadTally is how many clients got so many messages.
type SpreadTally struct {
	Messages int `json:"messages"`
	Clients  int `json:"clients"`
}

// WeekTally is what came up in one week.
type WeekTally struct {
	// Monday is the day on which it begins, such as 2026-03-02.
	Monday      string `json:"monday"`
	Messages    int    `json:"messages"`
	Tasks       int    `json:"tasks"`
	Escalations int    `json:"escalations"`
	Capped      int    `json:"capped"`
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
	// spread is how many clients got how many messages.
	spread map[int]int
	weeks  map[string]*WeekTally
}

func newTallier(c *workflows.Clinic) *tallier {
	return &tallier{
		clinic: c, sums: map[string]*WorkflowTally{}, messages: map[asking]int{}, reached: map[asking]int{},
		spread: map[int]int{}, weeks: map[string]*WeekTally{},
	}
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

// week is the one that a time falls into, by the clinic's calendar.
func (t *tallier) week(at time.Time) *WeekTally {
	day := at.In(t.clinic.Zone)
	monday := day.AddDate(0, 0, -(int(day.Weekday())+6)%7).Format(time.DateOnly)
	if t.weeks[monday] == nil {
		t.weeks[monday] = &WeekTally{Monday: monday}
	}
	return t.weeks[monday]
}

// count takes up one decision about a client, and what followed from it.
func (t *tallier) count(seen *counted, dec workflows.Decision, doings []Doing) {
	for i := range doings {
		d := &doings[i]
		of, week := t.of(d.Workflow), t.week(d.At)
		switch d.What {
		case SortMail:
			seen.messages[asking{d.Workflow, d.About}]++
			week.Messages++
		case SortTask:
			of.Tasks++
			week.Tasks++
		case SortEscalation:
			of.Escalations++
			week.Escalations++
		case SortCap:
			of.Capped++
			week.Capped++
		}
	}
	for _, n := range dec.Notes {
		if n.What == workflows.WhatJourney && n.Reason == workflows.Started {
			t.of(n.Workflow).Journeys++
		}
	}
}

// met closes the count of one client.
func (t *tallier) met(seen *counted) {
	sum := 0
	for a, n := range seen.messages {
		t.messages[a] += n
		t.reached[a]++
		sum += n
	}
	t.spread[sum]++
}

// add takes up what another has counted of other clients.
func (t *tallier) add(other *tallier) {
	for name, w := range other.sums {
		of := t.of(name)
		of.Journeys += w.Journeys
		of.Tasks += w.Tasks
		of.Escalations += w.Escalations
		of.Capped += w.Capped
	}
	addAll(t.messages, other.messages)
	addAll(t.reached, other.reached)
	addAll(t.spread, other.spread)
	for monday, w := range other.weeks {
		if t.weeks[monday] == nil {
			t.weeks[monday] = &WeekTally{Monday: monday}
		}
		week := t.weeks[monday]
		week.Messages += w.Messages
		week.Tasks += w.Tasks
		week.Escalations += w.Escalations
		week.Capped += w.Capped
	}
}

func addAll[K comparable](to, from map[K]int) {
	for k, n := range from {
		to[k] += n
	}
}

// tally is everything counted so far.
func (t *tallier) tally() Tally {
	out := Tally{Spread: []SpreadTally{}, Weeks: []WeekTally{}, Workflows: []WorkflowTally{}}
	for _, n := range slices.Sorted(maps.Keys(t.spread)) {
		out.Spread = append(out.Spread, SpreadTally{n, t.spread[n]})
		if n > 0 {
			out.Reached += t.spread[n]
			out.Most = n
		}
	}
	for _, monday := range slices.Sorted(maps.Keys(t.weeks)) {
		out.Weeks = append(out.Weeks, *t.weeks[monday])
	}
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
	out.Median = out.middle()
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

// middle is the median of the messages to those who got any; 0 where nobody did.
func (t *Tally) middle() float64 {
	at := func(place int) int { // from 0, the fewest first
		for _, s := range t.Spread {
			if s.Messages == 0 {
				continue
			}
			if place -= s.Clients; place < 0 {
				return s.Messages
			}
		}
		return 0
	}
	return float64(at((t.Reached-1)/2)+at(t.Reached/2)) / 2
}
