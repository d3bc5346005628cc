package workflows

import (
	"strconv"

	"github.com/goccy/go-yaml/ast"

	"github.com/mooring-care/mooring/workflows/finding"
)

// stepKinds are the keys that say what a step does.
func stepKinds() []string {
	return []string{
		string(StepSend), string(StepWait), string(StepChoose),
		string(StepTask), string(StepEscalate), string(StepPause), string(StepSplit), string(StepEnd),
	}
}

// steps reads a list of steps; prefix is the path of the list, such as "4.1.".
func (b *builder) steps(n ast.Node, key, prefix string, depth int) []*tree {
	nodes, ok := b.r.list(n, key, "[{send: A}]")
	if !ok {
		return nil
	}
	if depth > maxDepth {
		b.r.failf(start(n), "these steps are nested more than %d deep; move some into a workflow of their own", maxDepth)
		return nil
	}
	var out []*tree
	for i, n := range nodes {
		b.count++
		if b.count == maxSteps+1 {
			b.r.failf(start(n), "the workflow has more than %d steps; split it", maxSteps)
		}
		if b.count > maxSteps {
			return out
		}
		t := b.step(n, prefix+strconv.Itoa(i+1), depth)
		if t == nil {
			b.dropped = true
			continue
		}
		if t.before != nil {
			out = append(out, t.before)
		}
		out = append(out, t)
	}
	return out
}

func (b *builder) step(n ast.Node, at string, depth int) *tree {
	before := len(b.r.errs)
	m, ok := b.r.mapping(n, "a step", append([]string{"id"}, stepKinds()...)...)
	if !ok {
		return nil
	}
	t := &tree{at: m.at, step: Step{ID: at}}
	var body entry
	for _, e := range m.entries {
		switch {
		case e.key == "id":
		case t.step.Kind == "":
			t.step.Kind, body = StepKind(e.key), e
		default:
			b.r.failf(e.at, "a step does one thing; write %#q as the next step, with its own `-`", e.key)
		}
	}
	if t.step.Kind == "" {
		// Where a key was misspelt, that has been said already.
		if len(b.r.errs) == before {
			b.r.failf(m.at, "this step does nothing; give it one of %s", listing(stepKinds()))
		}
		return nil
	}
	if e, ok := m.get("id"); ok {
		b.id(t, e)
	}
	t.saidAt = start(body.value)
	b.body(t, body, at, depth)
	if first, twice := b.places[t.step.ID]; twice {
		b.r.breaks(finding.RepeatedKey, t.at, "a second step is called %#q; the first is on line %d, give this one another id", t.step.ID, first.line)
	} else {
		b.places[t.step.ID] = t.at
	}
	if t.before != nil {
		// No id of a file's own has a dot, and no place such a name.
		t.before.at, t.before.step.ID = t.at, t.step.ID+".after"
	}
	return t
}

// id gives a step the name that the file chose.
func (b *builder) id(t *tree, e entry) {
	if s, ok := b.r.word(e.value, "id"); ok {
		if isWord(t.step.ID) {
			b.r.failf(e.at, "the step already has the id %#q; keep one", t.step.ID)
			return
		}
		t.step.ID = s
	}
}

// keys reads the long form of a step and takes its id.
func (b *builder) keys(t *tree, body entry, keys ...string) (*mapping, bool) {
	m, ok := b.r.mapping(body.value, "`"+body.key+"`", append(keys, "id")...)
	if !ok {
		return nil, false
	}
	if e, ok := m.get("id"); ok {
		b.id(t, e)
	}
	return m, true
}

func isMapping(n ast.Node) bool {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return true
	}
	return false
}

func (b *builder) body(t *tree, body entry, at string, depth int) {
	r := b.r
	switch t.step.Kind {
	case StepSend:
		b.send(t, body)
	case StepWait:
		b.wait(t, body, at, depth)
	case StepChoose:
		b.choose(t, body, at, depth)
	case StepTask:
		t.step.Task = &TaskStep{}
		m, ok := b.keys(t, body, "what", "owner", "due", "lateness")
		if !ok {
			return
		}
		b.lateness(t, m)
		if l := t.step.Late; l != nil && l.Then == LateAsk {
			e, _ := m.get("lateness")
			r.failf(start(e.value), "a task asks a human already; write `send` or `skip`")
		}
		if e, ok := r.need(m, "`task`", "what", "call-client"); ok {
			t.step.Task.What, _ = r.word(e.value, e.key)
		}
		if e, ok := r.need(m, "`task`", "owner", "assigned"); ok {
			if s, ok := r.owner(e.value, e.key, "assigned", taskOwnerWord); ok {
				t.step.Task.Owner = s
				b.f.owners = append(b.f.owners, reference{start(e.value), s})
			}
		}
		if e, ok := r.need(m, "`task`", "due", "24h"); ok {
			t.step.Task.Due, _ = r.duration(e.value, e.key)
		}
	case StepEscalate:
		t.step.Escalate = &EscalateStep{}
		m, ok := b.keys(t, body, "policy", "question")
		if !ok {
			return
		}
		if e, ok := r.need(m, "`escalate`", "policy", "safety"); ok {
			if s, ok := r.word(e.value, e.key); ok {
				t.step.Escalate.Policy = s
				b.f.policies = append(b.f.policies, reference{start(e.value), s})
			}
		}
		if e, ok := r.need(m, "`escalate`", "question", "high-risk-no-show"); ok {
			t.step.Escalate.Question, _ = r.word(e.value, e.key)
		}
	case StepPause:
		t.step.Pause = &PauseStep{}
		value := body.value
		if isMapping(value) {
			m, ok := b.keys(t, body, "for")
			if !ok {
				return
			}
			e, ok := r.need(m, "`pause`", "for", "30d")
			if !ok {
				return
			}
			value = e.value
		}
		t.step.Pause.For, _ = r.duration(value, "pause")
	case StepSplit:
		b.split(t, body, at, depth)
	case StepEnd:
		t.step.End = &EndStep{}
		value := body.value
		if isMapping(value) {
			m, ok := b.keys(t, body, "outcome")
			if !ok {
				return
			}
			e, ok := r.need(m, "`end`", "outcome", "no-answer")
			if !ok {
				return
			}
			value = e.value
		}
		t.step.End.Outcome, _ = r.word(value, "end")
	}
}

func (b *builder) choose(t *tree, body entry, at string, depth int) {
	t.step.Choose = &ChooseStep{}
	nodes, ok := b.r.list(body.value, "choose", "[{when: flagged, steps: [{send: E}]}, {otherwise: [{send: B}]}]")
	if !ok {
		return
	}
	for i, n := range nodes {
		m, ok := b.r.mapping(n, "a branch of `choose`", "when", "steps", "otherwise")
		if !ok {
			continue
		}
		if e, ok := m.get("otherwise"); ok {
			switch {
			case len(m.entries) > 1:
				b.r.failf(e.at, "`otherwise` holds its own steps and stands alone; move it to the end of `choose` with its own `-`")
			case i < len(nodes)-1:
				b.r.breaks(finding.UnreachableStep, e.at, "`otherwise` must be the last branch; nothing after it would be looked at")
			case i == 0:
				b.r.failf(e.at, "`choose` needs a branch with `when` before `otherwise`; or write the steps without `choose`")
			}
			t.otherwiseAt = e.at
			t.otherwise = b.steps(e.value, e.key, at+".otherwise.", depth+1)
			continue
		}
		var br Branch
		whenAt := m.at
		if e, ok := b.r.need(m, "a branch of `choose`", "when", "flagged"); ok {
			whenAt = start(e.value)
			br.When = b.r.condition(e.value)
		}
		var list []*tree
		if e, ok := b.r.need(m, "a branch of `choose`", "steps", "[{send: A}]"); ok {
			list = b.steps(e.value, e.key, at+"."+strconv.Itoa(i+1)+".", depth+1)
		}
		t.step.Choose.Branches = append(t.step.Choose.Branches, br)
		t.branches = append(t.branches, list)
		t.whenAt = append(t.whenAt, whenAt)
	}
}
