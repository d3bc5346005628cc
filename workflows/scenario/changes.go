package scenario

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/mooring-care/mooring/workflows"
)

// Sort is what kind of thing somebody would get. The words are stable.
type Sort string

// What a client would get, or somebody for their sake; and what a cap kept back.
const (
	SortMail       Sort = "mail"
	SortTask       Sort = "task"
	SortEscalation Sort = "escalation"
	SortCap        Sort = "cap"
)

// Doing is one thing that somebody would have got, and when.
type Doing struct {
	What Sort      `json:"what"`
	At   time.Time `json:"at"`
	// Workflow and Step asked for it; empty where no workflow did.
	Workflow string `json:"workflow,omitempty"`
	Step     string `json:"step,omitempty"`
	// About is the family of a mail, or what a task or an escalation asks; Wording is
	// the mail's, where it is not the family's usual one.
	About   string `json:"about,omitempty"`
	Wording string `json:"wording,omitempty"`
	// To is the person of staff who was asked first; empty for the client.
	To string `json:"to,omitempty"`
	// Reason is the engine's, Words what people read.
	Reason workflows.Reason `json:"reason"`
	Words  string           `json:"words"`
	// Waited is what the workflow had waited for until then; empty where it had not.
	Waited workflows.Reason `json:"waited,omitempty"`
}

// How says what is different about a Doing. The words are stable.
type How string

// What is added is there in the second version alone, what is removed in the first
// alone. What is moved comes at another time, reworded in other words.
const (
	Added    How = "added"
	Removed  How = "removed"
	Moved    How = "moved"
	Reworded How = "reworded"
)

// Change is one thing that would have come to a client, in either version.
type Change struct {
	// Client is the client's place in the past, from 0.
	Client int
	// How is what is different; empty where nothing is. What is moved may be
	// reworded, too.
	How []How
	// Before and After are the thing itself; nil on the side that does not have it.
	Before, After *Doing
	// Because is what the side without it decided instead: the note that ended what
	// would have led there, or the last one before it. Nil where both have it, and where
	// that side says nothing of the workflow.
	Because *Line
}

// One is the thing on either side.
func (c *Change) One() *Doing {
	if c.Before != nil {
		return c.Before
	}
	return c.After
}

// doings adds to a list what follows from a decision for somebody to get.
func (seen *counted) doings(to []Doing, dec workflows.Decision, now time.Time) []Doing {
	for _, e := range dec.Effects {
		if e.Enqueue == nil || e.Enqueue.Lane != workflows.LaneCare {
			continue
		}
		m := e.Enqueue.Message
		x := Doing{What: SortMail, At: now, Workflow: m.Workflow, Step: m.Step, About: m.Template, Wording: m.Wording, Reason: workflows.Asked}
		for _, n := range dec.Notes {
			if n.What == workflows.WhatMessage && n.Subject == e.Enqueue.ID {
				x.Reason = n.Reason
			}
		}
		to = append(to, x)
	}
	for _, n := range dec.Notes {
		x := Doing{At: now, Workflow: n.Workflow, Step: n.Step, About: n.Detail, To: n.Person, Reason: n.Reason}
		switch {
		case n.What == workflows.WhatMessage && n.Reason == workflows.CapReached:
			x.What = SortCap
		case n.What == workflows.WhatTask && !seen.opened[n.Subject]:
			seen.opened[n.Subject] = true
			x.What = SortTask
		case n.What == workflows.WhatEscalation && n.Reason == workflows.SafetyQuestion && !seen.opened[n.Subject]:
			seen.opened[n.Subject] = true
			x.What = SortEscalation
			x.Workflow = cmp.Or(n.Workflow, whoAsked(dec.State, n.Subject))
			x.To = ownerOf(dec.State, n.Subject)
		default:
			continue
		}
		to = append(to, x)
	}
	for i := range to {
		to[i].Words = to[i].Reason.Words()
	}
	return to
}

// whoAsked is the workflow whose journey has an escalation that a rule of the engine
// opened; empty where none has.
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

func ownerOf(s workflows.State, escalation string) string {
	for i := range s.Escalations {
		if s.Escalations[i].ID == escalation {
			return s.Escalations[i].Owner
		}
	}
	return ""
}

// waited is what a workflow said last that it waits for.
func (l *life) waited(workflow string) workflows.Reason {
	for i := len(l.told) - 1; i >= 0 && workflow != ""; i-- {
		if n := &l.told[i].note; n.Workflow == workflow && (n.What == workflows.WhatStep || n.What == workflows.WhatMessage) {
			if n.Until.IsZero() {
				return ""
			}
			return n.Reason
		}
	}
	return ""
}

// changes pairs what two lives came to. The strictest likeness is tried first: the
// same thing at the same time; another wording at the same time; the same words at
// another time, the first with the first; the same step in other words at another
// time. What is left over is removed or added.
func changes(before, after *life) []Change {
	var out []Change
	was, is := pointers(before.doings), pointers(after.doings)
	for _, alike := range []func(a, b *Doing) bool{
		func(a, b *Doing) bool {
			return a.source(b) && a.At.Equal(b.At) && a.About == b.About && a.Wording == b.Wording
		},
		func(a, b *Doing) bool { return a.source(b) && a.At.Equal(b.At) },
		func(a, b *Doing) bool { return a.source(b) && a.About == b.About && a.Wording == b.Wording },
		func(a, b *Doing) bool { return a.source(b) && a.Step != "" && a.Step == b.Step },
	} {
		for i, x := range was {
			if x == nil {
				continue
			}
			j := slices.IndexFunc(is, func(y *Doing) bool { return y != nil && alike(x, y) })
			if j < 0 {
				continue
			}
			out = append(out, Change{How: x.how(is[j]), Before: x, After: is[j]})
			was[i], is[j] = nil, nil
		}
	}
	for _, x := range was {
		if x != nil {
			out = append(out, Change{How: []How{Removed}, Before: x, Because: after.instead(x)})
		}
	}
	for _, x := range is {
		if x != nil {
			out = append(out, Change{How: []How{Added}, After: x, Because: before.instead(x)})
		}
	}
	slices.SortStableFunc(out, func(a, b Change) int { return a.One().At.Compare(b.One().At) })
	return out
}

// source says whether two things are of one sort and one workflow.
func (d *Doing) source(as *Doing) bool { return d.What == as.What && d.Workflow == as.Workflow }

// how says what is different about two that were paired.
func (d *Doing) how(after *Doing) []How {
	var how []How
	if !d.At.Equal(after.At) {
		how = append(how, Moved)
	}
	if d.About != after.About || d.Wording != after.Wording {
		how = append(how, Reworded)
	}
	return how
}

func pointers(of []Doing) []*Doing {
	out := make([]*Doing, len(of))
	for i := range of {
		out[i] = &of[i]
	}
	return out
}

// instead is what a life without a thing decided in its place: the first note of that
// workflow, from then on, that keeps a message back or ends the journey; else the last
// one before.
func (l *life) instead(x *Doing) *Line {
	last := -1
	for i := range l.told {
		t := &l.told[i]
		if t.note.Workflow != x.Workflow || x.Workflow == "" {
			continue
		}
		if t.at.Before(x.At) {
			last = i
			continue
		}
		if t.note.Reason != workflows.Asked && t.note.Reason != workflows.Started {
			if t.note.What == workflows.WhatJourney || t.note.What == workflows.WhatMessage || t.at.Equal(x.At) {
				return l.line(i)
			}
		}
	}
	if last < 0 {
		return nil
	}
	return l.line(last)
}

// line tells one note alone.
func (l *life) line(i int) *Line {
	var names Names
	for j := range i {
		names.Of(l.told[j].note.What, l.told[j].note.Subject)
	}
	return l.told[i].line(&names, l.zone)
}

func (t *entry) line(names *Names, zone *time.Location) *Line {
	return &Line{At: t.at, Event: t.event, Text: names.line(t.note, zone), Reason: t.note.Reason, Words: t.note.Reason.Words()}
}

// String names a thing for people: what it is, and of which workflow.
func (d *Doing) String() string {
	text := string(d.What)
	if d.About != "" {
		text += " " + d.About
	}
	if d.Wording != "" {
		text += "." + d.Wording
	}
	if d.Workflow != "" {
		text = fmt.Sprintf("%s of %s", text, d.Workflow)
	}
	return text
}
