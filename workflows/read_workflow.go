package workflows

import (
	"path"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// The bounds of a workflow.
const (
	maxSteps      = 200
	maxDepth      = 6
	maxPrecedence = 1000
)

// families are the letters that send can name for a client, and staffFamilies
// what it can name for staff.
func families() []string { return []string{"A", "B", "C", "D", "E", "F"} }

func staffFamilies() []string { return []string{"note"} }

// reference is a name in a workflow that only the clinic can check.
type reference struct {
	at   place
	name string
}

// workflowFile is a workflow with what is still to be checked against the
// clinic.
type workflowFile struct {
	workflow *Workflow
	policies []reference
	owners   []reference
	// officeHours is where a send asks for them first; nil where none does.
	officeHours *place
	// precedence is where the key stands, for clashes with other files.
	precedence place
	// approved is where the approved version stands.
	approved place

	// What Lint looks at: the steps as they are nested, and where conditions stand.
	steps               []*tree
	startWhen, goalWhen place
	stopWhen            []place
}

// ReadWorkflow reads one workflow file. The name is the file's, with or without
// folder and ".yaml"; the file's `workflow` key must say the same. What is wrong
// comes back as FileErrors, all of it at once.
func ReadWorkflow(name string, src []byte) (*Workflow, error) {
	f, errs := readWorkflow(name, src, false)
	if len(errs) > 0 {
		return nil, errs
	}
	return f.workflow, nil
}

func readWorkflow(name string, src []byte, stored bool) (*workflowFile, FileErrors) {
	file := name
	if path.Ext(file) != ".yaml" {
		file += ".yaml"
	}
	r := &reader{file: file, stored: stored}
	b := &builder{r: r, f: &workflowFile{workflow: &Workflow{Name: strings.TrimSuffix(path.Base(file), ".yaml")}}}
	if n := r.document(src); n != nil {
		b.workflow(n)
	}
	if len(r.errs) > 0 {
		return nil, r.errs.sorted()
	}
	return b.f, nil
}

// builder turns a parsed file into a workflow.
type builder struct {
	r     *reader
	f     *workflowFile
	count int
	// dropped says that a step could not be read: what follows from its absence
	// would be noise.
	dropped bool
	// places finds where each step id stands.
	places map[string]place
}

// tree is a step before it is flattened: its nested lists are still inside.
type tree struct {
	step Step
	at   place
	// saidAt is where it says what it does, whenAt where its branches say when, and
	// otherwiseAt where the last one is.
	saidAt, otherwiseAt place
	whenAt              []place
	// before is the wait of a send with `after`.
	before    *tree
	ofAt      place
	branches  [][]*tree
	otherwise []*tree
	onEvent   []*tree
	onLimit   []*tree
}

func (b *builder) workflow(n ast.Node) {
	r, w := b.r, b.f.workflow
	m, ok := r.mapping(n, "a workflow", "workflow", "title", "why", "sources", "precedence", "start", "stop", "goal", "lateness", "steps", "approved")
	if !ok {
		return
	}
	if e, ok := r.need(m, "a workflow", "workflow", w.Name); ok {
		if s, ok := r.text(e.value, e.key, 200); ok && s != w.Name {
			r.failf(start(e.value), "the file is called %#q and the workflow %#q; give both the same name", shorten(w.Name), shorten(s))
		}
	}
	if !isWord(w.Name) {
		r.failf(m.at, "the file's name %#q must be small letters, digits and hyphens that begin with a letter, at most 40", shorten(w.Name))
	}
	if e, ok := r.need(m, "a workflow", "title", "First no-show"); ok {
		w.Title, _ = r.text(e.value, e.key, 100)
	}
	if e, ok := r.need(m, "a workflow", "why", "One sentence that people read."); ok {
		w.Why, _ = r.text(e.value, e.key, 500)
	}
	if e, ok := m.get("sources"); ok {
		if list, ok := r.list(e.value, e.key, "[Swift & Greenberg 2012]"); ok {
			for _, n := range list {
				if s, ok := r.text(n, e.key, 300); ok {
					w.Sources = append(w.Sources, s)
				}
			}
		}
	}
	if e, ok := m.get("precedence"); ok {
		b.f.precedence = start(e.value)
		w.Precedence = r.number(e, maxPrecedence, "leave the key out for a workflow that runs beside others")
	}
	if e, ok := r.need(m, "a workflow", "start", "{on: [appointment.noshow]}"); ok {
		b.start(e.value)
	}
	if e, ok := m.get("stop"); ok {
		b.stops(e.value)
	}
	w.Version = contentVersion(r.lines, m)
	if e, ok := m.get("approved"); ok {
		b.approved(m, e)
	}
	if e, ok := m.get("lateness"); ok {
		w.Late = b.late(e)
	}
	if e, ok := m.get("goal"); ok {
		b.goal(e.value)
	}
	if e, ok := r.need(m, "a workflow", "steps", "[{send: A}]"); ok {
		b.places = map[string]place{}
		list := b.steps(e.value, e.key, "", 1)
		if !b.dropped {
			b.check(list, map[string]StepKind{})
		}
		b.f.steps = list
		b.flatten(list, "")
		w.index = make(map[string]int, len(w.Program))
		for i, s := range w.Program {
			w.index[s.ID] = i
		}
		w.places = b.places
	}
}

// number reads a whole number from 1 to most.
func (r *reader) number(e entry, most int, otherwise string) int {
	s, ok := scalar(e.value)
	if _, isInt := e.value.(*ast.IntegerNode); ok && isInt {
		if n, err := strconv.Atoi(s); err == nil && n >= 1 && n <= most {
			return n
		}
	}
	if otherwise != "" {
		otherwise = "; " + otherwise
	}
	r.failf(start(e.value), "%#q must be a whole number from 1 to %d%s", e.key, most, otherwise)
	return 0
}
