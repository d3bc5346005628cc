package finding

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"
)

func TestSplit(t *testing.T) {
	for text, want := range map[string][2]string{
		"":                                    {"", ""},
		"the file is empty":                   {"the file is empty", ""},
		"the file is empty; give it a text":   {"the file is empty", "give it a text"},
		"one; two; three":                     {"one", "two; three"},
		"`a; b` is no key; remove it":         {"`a; b` is no key", "remove it"},
		"\"a; b\" is no word; remove it":      {"\"a; b\" is no word", "remove it"},
		"an odd \" stands here; remove it":    {"an odd \" stands here", "remove it"},
		"at 12;30 it ends":                    {"at 12;30 it ends", ""},
		"an open ` hides what follows; it is": {"an open ` hides what follows; it is", ""},
	} {
		message, mend := Split(text)
		if message != want[0] || mend != want[1] {
			t.Errorf("%q: %q and %q", text, message, mend)
		}
	}
	// Nothing of a reader's words is lost.
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.StringMatching("[ab;\"` ]*").Draw(rt, "text")
		message, mend := Split(text)
		if joined := message + "; " + mend; joined != text && message != text {
			rt.Fatalf("%q became %q and %q", text, message, mend)
		}
	})
}

func sampleList() List {
	return List{
		{RoleWithoutPerson, Error, "quay/clinic.yaml", 12, 7, "nobody has the role `lead`", "name somebody"},
		{Waived, Note, "quay/clinic.yaml", 3, 1, "ruth waives it", ""},
		{Draft, Warning, "quay/a b#1%.yaml", 3, 1, "a draft <of> ruth's", "have it read"},
		{Waived, Note, "quay/clinic.yaml", 3, 1, "ruth waives it", ""},
		{RoleWithoutPerson, Error, "quay/clinic.yaml", 12, 3, "nobody has the role `head`", "name somebody"},
	}
}

func TestText(t *testing.T) {
	list := sampleList().Sort()
	var b strings.Builder
	if err := WriteText(&b, "clinics", list); err != nil {
		t.Fatal(err)
	}
	want := `clinics/quay/a b#1%.yaml:3:1: warning: a draft <of> ruth's [draft]
    have it read
clinics/quay/clinic.yaml:3:1: note: ruth waives it [waived]
clinics/quay/clinic.yaml:12:3: error: nobody has the role ` + "`head`" + ` [role-without-person]
    name somebody
clinics/quay/clinic.yaml:12:7: error: nobody has the role ` + "`lead`" + ` [role-without-person]
    name somebody
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("text differs (-want +got):\n%s", diff)
	}
	if got := list.Summary(); got != "2 errors, 1 warning, 1 note" {
		t.Errorf("%q", got)
	}
	if got := (List{}).Summary(); got != "nothing found" {
		t.Errorf("%q", got)
	}
}

// officialSchema is the one that OASIS publishes for SARIF 2.1.0. A library carries it
// as a constant in its source, unexported.
func officialSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/owenrumney/go-sarif/v3").Output()
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(dir)), "pkg", "report", "v210", "sarif", "schema.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var text string
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && len(lit.Value) > len(text) {
			text = lit.Value
		}
		return true
	})
	text, err = strconv.Unquote(text)
	if err != nil {
		t.Fatal(err)
	}
	doc := plain(t, text)
	if said, ok := doc.(map[string]any); !ok || said["id"] != "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json" {
		t.Fatalf("the longest constant is not the schema: %.80s", text)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("sarif.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// What is written is SARIF 2.1.0 by the official schema, and a reader that is not ours
// finds in it what was put there.
func TestSARIF(t *testing.T) {
	schema := officialSchema(t)
	for name, list := range map[string]List{"nothing": {}, "findings": sampleList().Sort()} {
		var b strings.Builder
		if err := WriteSARIF(&b, "v1.2.3", Rules(), list); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(plain(t, b.String())); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		report, err := sarif.FromString(b.String())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		run := report.Runs[0]
		if len(run.Results) != len(list) || len(run.Tool.Driver.Rules) != len(Rules()) {
			t.Fatalf("%s: %d results, %d rules", name, len(run.Results), len(run.Tool.Driver.Rules))
		}
		for i, r := range run.Results {
			at := r.Locations[0].PhysicalLocation
			if *run.Tool.Driver.Rules[r.RuleIndex].ID != list[i].Rule || r.Level != string(list[i].Level) || *at.Region.StartLine != list[i].Line || *at.Region.StartColumn != list[i].Column {
				t.Errorf("%s: result %d is %+v", name, i, r)
			}
		}
		if len(list) > 0 && *run.Results[0].Locations[0].PhysicalLocation.ArtifactLocation.URI != "quay/a%20b%231%25.yaml" {
			t.Errorf("a path became %q", *run.Results[0].Locations[0].PhysicalLocation.ArtifactLocation.URI)
		}
	}
}

func plain(t *testing.T, text string) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Every rule has a name of small words, a level, and says what it finds and what to do.
func TestRulesSayWhatToDo(t *testing.T) {
	var seen []string
	for _, r := range Rules() {
		if slices.Contains(seen, r.ID) || strings.Trim(r.ID, "abcdefghijklmnopqrstuvwxyz-") != "" || r.What == "" || r.Mend == "" || !slices.Contains([]Level{Error, Warning, Note}, r.Level) {
			t.Errorf("%+v", r)
		}
		seen = append(seen, r.ID)
	}
	if _, known := Look(Rules(), "no-such-rule"); known {
		t.Error("it knows a rule that there is not")
	}
}
