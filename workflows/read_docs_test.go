package workflows

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/mooring-care/mooring/events"
)

// fenced are the examples of a page, by their language.
func fenced(t *testing.T, page, lang string) []string {
	t.Helper()
	raw, err := os.ReadFile("../docs/" + page)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range regexp.MustCompile("(?ms)^```"+lang+"\n(.*?)^```$").FindAllStringSubmatch(string(raw), -1) {
		out = append(out, m[1])
	}
	return out
}

// TestWorkflowDocs reads every example of docs/workflows.md.
func TestWorkflowDocs(t *testing.T) {
	const head = "workflow: example\ntitle: Example\nwhy: It stands in the documentation.\n"
	const start = "start: {on: [client.signal]}\n"
	const steps = "steps: [{send: A}]\n"
	used := map[StepKind]bool{}
	examples := fenced(t, "workflows.md", "yaml")
	for _, src := range examples {
		name := "example"
		switch first, _, _ := strings.Cut(src, ":"); first {
		case "workflow":
			name = strings.TrimSpace(strings.TrimPrefix(strings.SplitN(src, "\n", 2)[0], "workflow:"))
		case "start":
			src = head + src
			if !strings.Contains(src, "\nsteps:") {
				src += steps
			}
		case "approved":
			src = head + start + steps + src
		case "stop", "goal", "lateness":
			src = head + start + src + steps
		default:
			src = head + start + "steps:\n" + src
		}
		w, err := ReadWorkflow(name, []byte(src))
		if err != nil {
			t.Errorf("the example\n%s\ncannot be read:\n%v", src, err)
			continue
		}
		for _, s := range w.Program {
			used[s.Kind] = true
		}
	}
	for _, kind := range stepKinds() {
		if !used[StepKind(kind)] {
			t.Errorf("no example of %s", kind)
		}
	}
	lines := 0
	for _, block := range fenced(t, "workflows.md", "cel") {
		for line := range strings.Lines(block) {
			lines++
			if _, wrong := compileCondition(strings.TrimSpace(line)); len(wrong) > 0 {
				t.Errorf("the condition %s cannot be read: %v", strings.TrimSpace(line), wrong)
			}
		}
	}
	if len(examples) < 10 || lines < 5 {
		t.Errorf("%d examples and %d conditions; some were lost", len(examples), lines)
	}
}

// TestWorkflowDocsAreComplete: every name of the language stands on the page.
func TestWorkflowDocsAreComplete(t *testing.T) {
	raw, err := os.ReadFile("../docs/workflows.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(raw)
	for _, f := range factList() {
		if !strings.Contains(page, "| `"+f.name+"` |") {
			t.Errorf("the page has no row for %s", f.name)
		}
		for _, v := range f.values {
			if f.name != "kind" && !strings.Contains(page, "`"+v+"`") {
				t.Errorf("the page does not say that %s can be %s", f.name, v)
			}
		}
	}
	for _, s := range events.Kinds() {
		if Counted(s.Kind) && !strings.Contains(page, string(s.Kind)) && !strings.Contains(page, "`"+strings.TrimPrefix(string(s.Kind), "appointment")+"`") {
			t.Errorf("the page does not say that %s is counted", s.Kind)
		}
		if s.Origin == events.Inside && useWait.allows(s.Kind) && !strings.Contains(page, "`"+string(s.Kind)+"`") {
			t.Errorf("the page does not say that a wait takes %s", s.Kind)
		}
	}
}

// TestClinicDocs reads every example of docs/clinic.md: one that is not whole
// replaces its keys in a small clinic.
func TestClinicDocs(t *testing.T) {
	examples := fenced(t, "clinic.md", "yaml")
	for _, src := range examples {
		if !strings.HasPrefix(src, "name:") {
			src = replaceKeys(smallClinic, src)
		}
		if _, err := ReadClinic(fstest.MapFS{"clinic.yaml": {Data: []byte(src)}}, "docs"); err != nil {
			t.Errorf("the example\n%s\ncannot be read:\n%v", src, err)
		}
	}
	lists := fenced(t, "clinic.md", "yaml resources")
	for _, src := range lists {
		folder := fstest.MapFS{"clinic.yaml": {Data: []byte(examples[0])}, "resources.yaml": {Data: []byte(src)}}
		if c, err := ReadClinic(folder, "docs"); err != nil || len(c.Resources) == 0 {
			t.Errorf("the example\n%s\ncannot be read:\n%v", src, err)
		}
	}
	if len(examples) < 4 || len(lists) < 2 {
		t.Errorf("%d examples and %d lists of services; some were lost", len(examples), len(lists))
	}
}

// replaceKeys takes the top-level keys of part out of whole and appends part.
func replaceKeys(whole, part string) string {
	key := regexp.MustCompile(`^[a-z_]+:`)
	given := map[string]bool{}
	for line := range strings.Lines(part) {
		given[key.FindString(line)] = true
	}
	var out strings.Builder
	keep := true
	for line := range strings.Lines(whole) {
		if k := key.FindString(line); k != "" {
			keep = !given[k]
		}
		if keep {
			out.WriteString(line)
		}
	}
	return out.String() + part
}
