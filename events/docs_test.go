package events

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

const docsPage = "../docs/events.md"

var update = flag.Bool("update", false, "write the generated tables of docs/events.md anew")

// tables are the parts of the page that the registry writes.
func tables() map[string]string {
	kinds := func(o Origin) string {
		var b strings.Builder
		b.WriteString("| kind | what it says | must carry |\n| --- | --- | --- |\n")
		for _, s := range Kinds() {
			if s.Origin != o {
				continue
			}
			needs := "–"
			if len(s.Needs) > 0 {
				needs = "`" + strings.Join(s.Needs, "` `") + "`"
			}
			urgent := ""
			if s.Urgent {
				urgent = " (urgent)"
			}
			fmt.Fprintf(&b, "| `%s` | %s%s | %s |\n", s.Kind, s.Meaning, urgent, needs)
		}
		return b.String()
	}
	var reasons strings.Builder
	reasons.WriteString("| reason | what was wrong |\n| --- | --- |\n")
	for _, r := range Reasons() {
		fmt.Fprintf(&reasons, "| `%s` | %s |\n", r, r.Meaning())
	}
	return map[string]string{"outside": kinds(Outside), "inside": kinds(Inside), "reasons": reasons.String()}
}

func TestDocsKeepInStepWithTheRegistry(t *testing.T) {
	raw, err := os.ReadFile(docsPage)
	if err != nil {
		t.Fatal(err)
	}
	page := string(raw)
	for name, want := range tables() {
		begin, end := "<!-- "+name+": begin -->\n", "<!-- "+name+": end -->"
		before, rest, ok := strings.Cut(page, begin)
		got, after, closed := strings.Cut(rest, end)
		if !ok || !closed {
			t.Fatalf("%s has no table %q", docsPage, name)
		}
		if *update {
			page = before + begin + want + end + after
		} else if got != want {
			t.Errorf("the table %q of %s is out of step; run go test ./events -run TestDocs -update\n%s", name, docsPage, want)
		}
	}
	if *update {
		if err := os.WriteFile(docsPage, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDocsNameEveryField(t *testing.T) {
	raw, err := os.ReadFile(docsPage)
	if err != nil {
		t.Fatal(err)
	}
	outside := map[string]bool{"client": true, "appointment": true, "signal": true, "concern": true, "reply": true, "merge": true}
	var walk func(at string, typ reflect.Type)
	walk = func(at string, typ reflect.Type) {
		for typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || typ.PkgPath() == "time" {
			if !strings.Contains(string(raw), "`"+at+"`") {
				t.Errorf("%s does not name %s", docsPage, at)
			}
			return
		}
		for field := range typ.Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if at != "" {
				name = at + "." + name
			} else if !outside[name] {
				continue
			}
			walk(name, field.Type)
		}
	}
	walk("", reflect.TypeFor[Data]())
}

var jsonBlock = regexp.MustCompile("(?s)```json\n(.*?)```")

func TestDocsExamplesAreAccepted(t *testing.T) {
	raw, err := os.ReadFile(docsPage)
	if err != nil {
		t.Fatal(err)
	}
	blocks := jsonBlock.FindAllStringSubmatch(string(raw), -1)
	if len(blocks) == 0 {
		t.Fatal("the page has no example")
	}
	for i, b := range blocks {
		if _, err := DecodeOutside("sample", Wire{Body: []byte(b[1])}); err != nil {
			t.Errorf("example %d: %v\n%s", i, err, b[1])
		}
	}
	// The binary examples keep all they need on lines of their own.
	for _, kind := range regexp.MustCompile(`ce-type: ?care\.mooring\.([a-z.]+)`).FindAllStringSubmatch(string(raw), -1) {
		if spec, ok := Lookup(Kind(kind[1])); !ok || spec.Origin != Outside {
			t.Errorf("an example sends the kind %q", kind[1])
		}
	}
}
