package app

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/notifier/templates"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/library"
)

// The rule why: what happened always has words of its own, and no code is left
// in them.
func TestWhyEveryEventHasWords(t *testing.T) {
	t.Parallel()
	seen := map[string]events.Kind{}
	for _, s := range events.Kinds() {
		words := eventWords(s.Kind)
		if other, taken := seen[words]; taken || strings.Contains(words, ".") || words[:1] != strings.ToUpper(words[:1]) {
			t.Errorf("%s has the words %q, as has %q", s.Kind, words, other)
		}
		seen[words] = s.Kind
	}
}

// asked are the codes that the engine asks people with, read from its source:
// those of tasks, and those of escalations.
func asked(t *testing.T) (tasks, escalations []string) {
	t.Helper()
	files, err := filepath.Glob("../../workflows/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("read the engine: %d files, %v", len(files), err)
	}
	runs, err := filepath.Glob("../../workflows/runner/*.go")
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, runs...)
	reasons := map[string]string{} // the words of constants of type Reason
	var calls []*ast.CallExpr
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				for i, v := range n.Values {
					if lit, ok := v.(*ast.BasicLit); ok && lit.Kind == token.STRING {
						reasons[n.Names[i].Name], _ = strconv.Unquote(lit.Value)
					}
				}
			case *ast.CallExpr:
				calls = append(calls, n)
			}
			return true
		})
	}
	word := func(e ast.Expr) (string, bool) {
		switch e := e.(type) {
		case *ast.BasicLit:
			s, err := strconv.Unquote(e.Value)
			return s, err == nil
		case *ast.Ident:
			s, ok := reasons[e.Name]
			return s, ok
		case *ast.SelectorExpr:
			s, ok := reasons[e.Sel.Name]
			return s, ok
		}
		return "", false
	}
	for _, c := range calls {
		sel, ok := c.Fun.(*ast.SelectorExpr)
		if !ok || len(c.Args) == 0 {
			continue
		}
		switch sel.Sel.Name {
		case "task", "failed":
			if s, ok := word(c.Args[0]); ok {
				tasks = append(tasks, s)
			}
		case "FailToHuman":
			if s, ok := word(c.Args[len(c.Args)-1]); ok {
				tasks = append(tasks, s)
			}
		case "escalate":
			if s, ok := word(c.Args[1]); ok {
				escalations = append(escalations, s)
			}
		}
	}
	for _, l := range []events.ConcernLevel{events.ConcernImmediate, events.ConcernSameDay} {
		escalations = append(escalations, "concern-"+string(l))
	}
	for _, text := range library.Files() {
		for _, m := range regexp.MustCompile(`- (task|escalate): \{[^}]*\b(?:what|question): ([a-z-]+)`).FindAllStringSubmatch(string(text), -1) {
			if m[1] == "task" {
				tasks = append(tasks, m[2])
			} else {
				escalations = append(escalations, m[2])
			}
		}
	}
	return tasks, escalations
}

// TestEveryQuestionHasWords in every place that tells of it: on the pages and
// in the terminal; in the mail, where it is a task; and in the manual, where it
// says that something is wrong.
func TestEveryQuestionHasWords(t *testing.T) {
	t.Parallel()
	tasks, escalations := asked(t)
	for _, must := range []string{"read-reply", "call-client", string(workflows.ConditionFailed), string(workflows.StateTooLarge), string(workflows.CannotDecide)} {
		if !slices.Contains(tasks, must) {
			t.Fatalf("%s is not found in the engine: this test reads it wrongly; found %v", must, tasks)
		}
	}
	if !slices.Contains(escalations, "not-safe") || !slices.Contains(escalations, "high-risk-no-show") {
		t.Fatalf("the questions found in the engine are %v", escalations)
	}
	known := map[string]bool{}
	for _, q := range questions() {
		if known[q.code] {
			t.Errorf("%s stands twice", q.code)
		}
		known[q.code] = true
	}
	set, err := templates.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	mail := func(code string) string {
		v := templates.SampleValues()
		v.TaskWhat = code
		r, err := set.Render("task", "en", "", v)
		if err != nil {
			t.Fatal(err)
		}
		return r.Subject
	}
	other := mail("no such code")
	for _, code := range slices.Concat(tasks, escalations) {
		if !known[code] {
			t.Errorf("the engine asks %q, and no page has words for it", code)
		}
	}
	for _, code := range tasks {
		if mail(code) == other {
			t.Errorf("the engine opens the task %q, and its mail says %q", code, other)
		}
	}
	// And no words for codes that only the other place knows.
	parts, err := os.ReadFile("../../notifier/templates/en/parts.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^# task: ([a-z-]+)$`).FindAllStringSubmatch(string(parts), -1) {
		if m[1] != "other" && !known[m[1]] {
			t.Errorf("mail has words for the task %q, the pages have none", m[1])
		}
	}
	manual, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []workflows.Reason{workflows.ConditionFailed, workflows.VersionMissing, workflows.CannotDecide, workflows.StateTooLarge} {
		if words, _, _ := strings.Cut(questionWords(string(r)), ":"); !strings.Contains(string(manual), "“"+words) {
			t.Errorf("docs/operations.md does not say what to do about %q", words)
		}
	}
}
