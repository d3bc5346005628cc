package schema

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/library"
)

var update = flag.Bool("update", false, "write workflow.schema.json anew")

// What the types alone cannot say.

func (Duration) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: `^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?$`, MinLength: new(uint64(2)), Description: "Such as 30m, 3h, 2d, 1w or 1d12h."}
}

func (Condition) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{
		OneOf:       []*jsonschema.Schema{{Type: "string", MaxLength: new(uint64(1000))}, {Type: "boolean"}},
		Description: "An expression in CEL; docs/workflows.md lists its names.",
	}
}

func (Word) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: `^[a-z][a-z0-9-]{0,39}$`}
}

func kinds(all []string) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "string"}
	for _, k := range all {
		s.Enum = append(s.Enum, k)
	}
	return s
}

func (StartKind) JSONSchema() *jsonschema.Schema  { return kinds(workflows.StartKinds()) }
func (StopKind) JSONSchema() *jsonschema.Schema   { return kinds(workflows.StopKinds()) }
func (WaitKind) JSONSchema() *jsonschema.Schema   { return kinds(workflows.WaitKinds()) }
func (MissedKind) JSONSchema() *jsonschema.Schema { return kinds(workflows.CountedKinds()) }

// either lets a short form stand for the long one.
func either(s *jsonschema.Schema, short *jsonschema.Schema) {
	long := *s
	*s = jsonschema.Schema{OneOf: []*jsonschema.Schema{short, &long}}
}

func duration() *jsonschema.Schema { return Duration("").JSONSchema() }

// JSONSchemaExtend keeps what is written to clients and to staff apart.
func (Send) JSONSchemaExtend(s *jsonschema.Schema) {
	t, _ := s.Properties.Get("template")
	last := len(t.Enum) - 1
	one := func(key string, value *jsonschema.Schema) *jsonschema.Schema {
		p := jsonschema.NewProperties()
		p.Set(key, value)
		return &jsonschema.Schema{Properties: p}
	}
	s.If = one("to", &jsonschema.Schema{Not: &jsonschema.Schema{Const: "client"}})
	s.If.Required = []string{"to"}
	s.Then = one("template", &jsonschema.Schema{Enum: t.Enum[last:]})
	s.Then.Not = &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Required: []string{"within"}}, {Required: []string{"wording"}}}}
	s.Else = one("template", &jsonschema.Schema{Enum: t.Enum[:last]})
	either(s, &jsonschema.Schema{Type: "string", Enum: t.Enum[:last], Description: t.Description})
}
func (Wait) JSONSchemaExtend(s *jsonschema.Schema)  { either(s, duration()) }
func (Limit) JSONSchemaExtend(s *jsonschema.Schema) { either(s, duration()) }
func (Pause) JSONSchemaExtend(s *jsonschema.Schema) { either(s, duration()) }
func (End) JSONSchemaExtend(s *jsonschema.Schema)   { either(s, Word("").JSONSchema()) }

// JSONSchemaExtend lets a step do one thing.
func (Step) JSONSchemaExtend(s *jsonschema.Schema) {
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		if p.Key != "id" {
			s.OneOf = append(s.OneOf, &jsonschema.Schema{Required: []string{p.Key}})
		}
	}
}

func (Branch) JSONSchemaExtend(s *jsonschema.Schema) {
	s.OneOf = []*jsonschema.Schema{{Required: []string{"when", "steps"}}, {Required: []string{"otherwise"}}}
}

func (Start) JSONSchemaExtend(s *jsonschema.Schema) {
	s.AnyOf = []*jsonschema.Schema{{Required: []string{"on"}}, {Required: []string{"absence"}}}
}

func (Stop) JSONSchemaExtend(s *jsonschema.Schema) {
	s.AnyOf = []*jsonschema.Schema{{Required: []string{"on"}}, {Required: []string{"when"}}}
}

func generate(t *testing.T) []byte {
	t.Helper()
	r := &jsonschema.Reflector{Anonymous: true}
	s := r.Reflect(&Workflow{})
	s.Title = "A workflow of Mooring"
	out, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(out, '\n')
}

// TestSchemaIsGenerated: the file is what the types say.
func TestSchemaIsGenerated(t *testing.T) {
	want := generate(t)
	if *update {
		if err := os.WriteFile(FileName, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(want, JSON()) {
		t.Error("workflow.schema.json is not what the types say; write it anew with: go test ./workflows/schema -update")
	}
}

// check reads a workflow by the schema alone.
func check(t *testing.T) func(src []byte) error {
	t.Helper()
	doc, err := validator.UnmarshalJSON(bytes.NewReader(generate(t)))
	if err != nil {
		t.Fatal(err)
	}
	c := validator.NewCompiler()
	if err := c.AddResource(FileName, doc); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile(FileName)
	if err != nil {
		t.Fatal(err)
	}
	return func(src []byte) error {
		raw, err := yaml.YAMLToJSON(src)
		if err != nil {
			return err
		}
		v, err := validator.UnmarshalJSON(bytes.NewReader(raw))
		if err != nil {
			return err
		}
		return compiled.Validate(v)
	}
}

// TestSchemaTakesTheBuiltIns, each of which names it in its first line.
func TestSchemaTakesTheBuiltIns(t *testing.T) {
	valid := check(t)
	for name, src := range library.Files() {
		if err := valid(src); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		first, _, _ := strings.Cut(string(src), "\n")
		to, ok := strings.CutPrefix(first, "# yaml-language-server: $schema=")
		if _, err := os.Stat(filepath.Join("..", "library", to)); !ok || err != nil {
			t.Errorf("%s: the first line is %q, and names no schema: %v", name, first, err)
		}
	}
}

var (
	unknownKey = regexp.MustCompile("unknown key `zzz`; it can be (.*)")
	word       = regexp.MustCompile("`([a-z_]+)`")
)

// TestSchemaAgreesWithTheReader: at each place of a file both take the same
// keys. The reader says which when it meets one that it does not know.
func TestSchemaAgreesWithTheReader(t *testing.T) {
	const head = "workflow: case\ntitle: t\nwhy: w\n"
	const start, steps = "start: {on: [appointment.noshow]}\n", "steps: [{send: A}]\n"
	var doc struct {
		Defs map[string]struct {
			Properties map[string]any
			OneOf      []struct{ Properties map[string]any }
		} `json:"$defs"`
	}
	if err := json.Unmarshal(generate(t), &doc); err != nil {
		t.Fatal(err)
	}
	for def, src := range map[string]string{
		"Workflow": head + start + steps + "zzz: 1\n",
		"Start":    head + "start: {zzz: 1}\n" + steps,
		"Absence":  head + "start: {absence: {zzz: 1}}\n" + steps,
		"Stop":     head + start + "stop: [{zzz: 1}]\n" + steps,
		"Goal":     head + start + "goal: {zzz: 1}\n" + steps,
		"Lateness": head + start + "lateness: {zzz: 1}\n" + steps,
		"Step":     head + start + "steps: [{zzz: 1}]\n",
		"Send":     head + start + "steps: [{send: {zzz: 1}}]\n",
		"Wait":     head + start + "steps: [{wait: {zzz: 1}}]\n",
		"Limit":    head + start + "steps: [{wait: {event: [task.done], limit: {zzz: 1}}}]\n",
		"Branch":   head + start + "steps: [{choose: [{zzz: 1}]}]\n",
		"Task":     head + start + "steps: [{task: {zzz: 1}}]\n",
		"Escalate": head + start + "steps: [{escalate: {zzz: 1}}]\n",
		"Pause":    head + start + "steps: [{pause: {zzz: 1}}]\n",
		"Split":    head + start + "steps: [{split: {zzz: 1}}]\n",
		"Way":      head + start + "steps: [{split: {ways: [{zzz: 1}]}}]\n",
		"End":      head + start + "steps: [{end: {zzz: 1}}]\n",
		"Approved": head + start + steps + "approved: {zzz: 1}\n",
	} {
		_, err := workflows.ReadWorkflow("case", []byte(src))
		if err == nil {
			t.Errorf("%s: an unknown key was read", def)
			continue
		}
		m := unknownKey.FindStringSubmatch(err.Error())
		if m == nil {
			t.Errorf("%s: the reader does not list its keys: %v", def, err)
			continue
		}
		var reader, own []string
		for _, w := range word.FindAllStringSubmatch(m[1], -1) {
			reader = append(reader, w[1])
		}
		d, ok := doc.Defs[def]
		if !ok {
			t.Errorf("the schema has no %s", def)
			continue
		}
		props := d.Properties
		for _, o := range d.OneOf {
			if len(o.Properties) > 0 {
				props = o.Properties
			}
		}
		for k := range props {
			own = append(own, k)
		}
		slices.Sort(reader)
		slices.Sort(own)
		if !slices.Equal(reader, own) {
			t.Errorf("%s: the reader takes %v, the schema %v", def, reader, own)
		}
		delete(doc.Defs, def)
	}
	for def, d := range doc.Defs {
		if len(d.Properties) > 0 {
			t.Errorf("the schema's %s is compared with nothing", def)
		}
	}
}

// TestSchemaRefuses what has a wrong form: most of what the reader refuses for
// its form alone, and nothing of what it takes.
func TestSchemaRefuses(t *testing.T) {
	valid := check(t)
	raw, err := os.ReadFile(filepath.Join("..", "testdata", "bad-workflows.txt"))
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	blocks := strings.Split(string(raw), "\n== ")[1:]
	for _, block := range blocks {
		_, rest, _ := strings.Cut(block, "\n")
		src, _, _ := strings.Cut(rest, "\n--")
		if valid([]byte(src)) != nil {
			refused++
		}
	}
	if refused < len(blocks)/2 {
		t.Errorf("the schema refuses %d of %d broken files", refused, len(blocks))
	}
	for _, src := range []string{
		"workflow: case\ntitle: t\nwhy: w\nstart: {on: [appointment.noshw]}\nsteps: [{send: A}]\n",
		"workflow: case\ntitle: t\nwhy: w\nstart: {on: [appointment.noshow]}\nsteps: [{send: A, wait: 2d}]\n",
		"workflow: case\ntitle: t\nwhy: w\nstart: {on: [appointment.noshow]}\nsteps: [{wait: soon}]\n",
		"workflow: case\ntitle: t\nwhy: w\nstart: {when: flagged}\nsteps: [{send: A}]\n",
		"workflow: case\ntitle: t\nwhy: w\nstart: {on: [appointment.noshow]}\nsteps: [{send: note}]\n",
		"workflow: case\ntitle: t\nwhy: w\nstart: {on: [appointment.noshow]}\nsteps: [{send: {template: note}}]\n",
		"workflow: case\ntitle: t\nwhy: w\nstart: {on: [appointment.noshow]}\nsteps: [{send: {template: note, to: client}}]\n",
		"workflow: case\ntitle: t\nwhy: w\nstart: {on: [appointment.noshow]}\nsteps: [{send: {template: A, to: assigned}}]\n",
		"workflow: case\ntitle: t\nwhy: w\nstart: {on: [appointment.noshow]}\nsteps: [{send: {template: note, to: assigned, within: daytime}}]\n",
		"workflow: case\ntitle: t\nwhy: w\nstart: {on: [appointment.noshow]}\nsteps: [{send: {template: A, within: evenings}}]\n",
		"workflow: case\ntitle: t\nwhy: w\nstart: {on: [appointment.noshow]}\nsteps: [{wait: {until: \"09:30\", days: holidays}}]\n",
	} {
		if valid([]byte(src)) == nil {
			t.Errorf("the schema takes\n%s", src)
		}
	}
	for _, step := range []string{
		"send: {template: note, to: assigned, after: 3h}", "send: {template: A, to: client, after: 1d, within: office-hours}",
		"send: {template: note, to: role:supervisor, lateness: {after: 1d, then: skip}}", "wait: {until: \"09:30\", days: workdays}",
	} {
		src := "workflow: case\ntitle: t\nwhy: w\nstart: {on: [appointment.noshow]}\nsteps: [{" + step + "}]\n"
		if err := valid([]byte(src)); err != nil {
			t.Errorf("the schema refuses %s: %v", step, err)
		}
		if _, err := workflows.ReadWorkflow("case", []byte(src)); err != nil {
			t.Errorf("the reader refuses %s: %v", step, err)
		}
	}
	// What the manual shows is taken.
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "workflows.md"))
	if err != nil {
		t.Fatal(err)
	}
	whole := 0
	for _, part := range strings.Split(string(page), "```yaml\n")[1:] {
		src, _, _ := strings.Cut(part, "```")
		if !strings.HasPrefix(src, "workflow:") {
			continue
		}
		whole++
		if err := valid([]byte(src)); err != nil {
			t.Errorf("the manual's example is refused: %v\n%s", err, src)
		}
	}
	if whole == 0 {
		t.Error("the manual has no whole example")
	}
}

// TestEveryKeyHasAnExample: the manual shows each key of a workflow file in use.
func TestEveryKeyHasAnExample(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "workflows.md"))
	if err != nil {
		t.Fatal(err)
	}
	var examples strings.Builder
	for _, part := range strings.Split(string(page), "```yaml\n")[1:] {
		src, _, _ := strings.Cut(part, "```")
		examples.WriteString(src)
	}
	var doc struct {
		Defs map[string]struct {
			Properties map[string]any
			OneOf      []struct{ Properties map[string]any }
		} `json:"$defs"`
	}
	if err := json.Unmarshal(JSON(), &doc); err != nil {
		t.Fatal(err)
	}
	keys := 0
	for def, d := range doc.Defs {
		all := maps.Clone(d.Properties)
		for _, o := range d.OneOf {
			if len(o.Properties) > 0 {
				all = o.Properties
			}
		}
		for key := range all {
			keys++
			if !regexp.MustCompile(`\b` + key + `:`).MatchString(examples.String()) {
				t.Errorf("no example shows %s of %s", key, def)
			}
		}
	}
	if keys < 60 {
		t.Errorf("%d keys; some were lost", keys)
	}
}
