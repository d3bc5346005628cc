package workflows

import (
	"maps"
	"slices"
	"strings"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/finding"
)

// opens says which kind of step opens what an event speaks of.
func opens(k events.Kind) StepKind {
	switch {
	case strings.HasPrefix(string(k), "escalation."):
		return StepEscalate
	case strings.HasPrefix(string(k), "task."):
		return StepTask
	}
	return ""
}

// check finds steps that are never reached and names that lead nowhere. opened
// holds the steps that were certainly taken before.
func (b *builder) check(list []*tree, opened map[string]StepKind) {
	opened = maps.Clone(opened)
	ended := false
	for _, t := range list {
		if ended {
			b.r.breaks(finding.UnreachableStep, t.at, "this step is never reached: the journey has ended before it; remove it or move the end")
			return
		}
		if w := t.step.Wait; w != nil && w.Of != "" && len(w.On) > 0 {
			b.of(t, opened)
		}
		for _, inner := range t.branches {
			b.check(inner, opened)
		}
		b.check(t.otherwise, opened)
		b.check(t.onEvent, opened)
		b.check(t.onLimit, opened)
		if t.step.Kind == StepTask || t.step.Kind == StepEscalate {
			opened[t.step.ID] = t.step.Kind
		}
		ended = t.ends()
	}
}

// of checks that a wait's `of` names an earlier step that opens what its events
// speak of.
func (b *builder) of(t *tree, opened map[string]StepKind) {
	w := t.step.Wait
	kind, ok := opened[w.Of]
	if !ok {
		if _, exists := b.places[w.Of]; exists {
			b.r.breaks(finding.UnknownName, t.ofAt, "`of` names the step %#q, which is not a task or escalate step that every way here has taken; name one that is", shorten(w.Of))
			return
		}
		names := make([]string, 0, len(opened))
		for id := range opened {
			names = append(names, id)
		}
		slices.Sort(names)
		b.r.breaks(finding.UnknownName, t.ofAt, "`of` names an unknown step %s", quoteWithSuggestion(w.Of, names))
		return
	}
	fits := false
	for _, k := range w.On {
		if o := opens(k); o != "" && o != kind {
			b.r.failf(t.ofAt, "%#q is not about the %s step %#q; take it out of `event`", k, kind, w.Of)
			return
		} else if o == kind {
			fits = true
		}
	}
	if !fits {
		b.r.failf(t.ofAt, "none of the events is about the %s step %#q; remove `of` or wait for another event", kind, w.Of)
	}
}

// ends says that no way leads past the step.
func (t *tree) ends() bool {
	switch t.step.Kind {
	case StepEnd:
		return true
	case StepChoose:
		if !listEnds(t.otherwise) {
			return false
		}
		for _, inner := range t.branches {
			if !listEnds(inner) {
				return false
			}
		}
		return true
	case StepWait:
		w := t.step.Wait
		return len(w.On) > 0 && listEnds(t.onEvent) && (!w.limited() || listEnds(t.onLimit))
	case StepSplit:
		if t.step.Split.HeldOut > 0 {
			return false
		}
		for _, inner := range t.branches {
			if !listEnds(inner) {
				return false
			}
		}
		return len(t.branches) > 0
	default:
		return false
	}
}

func listEnds(list []*tree) bool {
	return len(list) > 0 && list[len(list)-1].ends()
}

// flatten appends a list to the program; next is the step that follows it.
func (b *builder) flatten(list []*tree, next string) {
	for i, t := range list {
		follow := next
		if i+1 < len(list) {
			follow = list[i+1].step.ID
		}
		s := t.step
		if s.Kind != StepEnd {
			s.Next = follow
		}
		if s.Choose != nil {
			for j := range s.Choose.Branches {
				s.Choose.Branches[j].Then = firstID(t.branches[j])
			}
			s.Choose.Otherwise = firstID(t.otherwise)
		}
		if s.Split != nil {
			for j := range s.Split.Ways {
				s.Split.Ways[j].Then = firstID(t.branches[j])
			}
		}
		if s.Wait != nil {
			s.Wait.OnEvent, s.Wait.OnLimit = firstID(t.onEvent), firstID(t.onLimit)
		}
		b.f.workflow.Program = append(b.f.workflow.Program, s)
		for _, inner := range t.branches {
			b.flatten(inner, follow)
		}
		b.flatten(t.otherwise, follow)
		b.flatten(t.onEvent, follow)
		b.flatten(t.onLimit, follow)
	}
}

func firstID(list []*tree) string {
	if len(list) == 0 {
		return ""
	}
	return list[0].step.ID
}
