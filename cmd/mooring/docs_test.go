package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/mooring-care/mooring/internal/app"
)

func docs(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Every command that the help lists stands on its page, and none besides.
func TestCommandsAreDocumented(t *testing.T) {
	parser, err := kong.New(&cli{})
	if err != nil {
		t.Fatal(err)
	}
	page := docs(t, "docs/commands.md")
	known := map[string]bool{}
	for _, c := range parser.Model.Children {
		known[c.Name] = true
		if !c.Hidden && !strings.Contains(page, "| `mooring "+c.Name) {
			t.Errorf("docs/commands.md does not list mooring %s", c.Name)
		}
	}
	for _, m := range regexp.MustCompile("\\| `mooring ([a-z]+)").FindAllStringSubmatch(page, -1) {
		if !known[m[1]] {
			t.Errorf("docs/commands.md lists mooring %s, which there is not", m[1])
		}
	}
}

// Every page of documentation is reached from the first.
func TestDocsAreListed(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join("..", "..", "docs", "*.md"))
	if err != nil || len(pages) < 5 {
		t.Fatal(len(pages), err)
	}
	index := docs(t, "docs/README.md")
	for _, p := range pages {
		if name := filepath.Base(p); name != "README.md" && !strings.Contains(index, "]("+name+")") {
			t.Errorf("docs/README.md leaves out %s", name)
		}
	}
}

var (
	variableName = regexp.MustCompile(`\b(?:MOORING_[A-Z_]+[A-Z]|SENDGRID_API_KEY|NATS_URL|NATS_CREDS)\b`)
	// assigned is a value that a page gives to a variable.
	assigned = regexp.MustCompile(`\b(MOORING_[A-Z_]+[A-Z])=([a-z]+)\b`)
)

// The pages name variables that the program knows, and values that it takes.
func TestVariablesInDocs(t *testing.T) {
	var usage strings.Builder
	if err := app.Usage(&usage); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for line := range strings.Lines(usage.String()) {
		if name := variableName.FindString(line); strings.HasPrefix(line, name) {
			known[name] = true
		}
	}
	values := map[string][]string{
		"MOORING_SMTP_TLS": {"required", "implicit", "none"}, "MOORING_MAILER": {"mailbox", "smtp", "sendgrid"},
		"MOORING_STORE_SYNC": {"always", "interval"}, "MOORING_LOG": {"text", "json"},
	}
	seen, given := 0, 0
	for _, name := range []string{"README.md", "docs/mail.md", "docs/operations.md", "docs/commands.md", "docs/events.md", "docs/clinic.md", "deploy/README.md", "docs/performance.md"} {
		page := docs(t, name)
		for _, v := range variableName.FindAllString(page, -1) {
			if seen++; !known[v] {
				t.Errorf("%s names %s, which Mooring does not know", name, v)
			}
		}
		for _, m := range assigned.FindAllStringSubmatch(page, -1) {
			if list, ok := values[m[1]]; ok {
				if given++; !slices.Contains(list, m[2]) {
					t.Errorf("%s sets %s to %s, want one of %q", name, m[1], m[2], list)
				}
			}
		}
	}
	if seen < 30 || given < 4 {
		t.Fatalf("only %d variables and %d values were found", seen, given)
	}
	// The values above are those that the program takes.
	for name, list := range values {
		for _, v := range append(slices.Clone(list), "plain") {
			settle(t, testClinics)
			for _, set := range [][2]string{
				{"MOORING_SMTP_TLS", "required"},
				{"MOORING_TIME_START", ""},
				{"MOORING_SMTP_HOST", "localhost"},
				{"SENDGRID_API_KEY", "SG.invented"},
				{"MOORING_PUBLIC_URL", "https://mooring.example.org"},
				{"MOORING_STAFF_URL", "https://staff.example.org"},
				{name, v},
			} {
				t.Setenv(set[0], set[1])
			}
			if _, err := app.ReadConfig(); (err == nil) != slices.Contains(list, v) {
				t.Errorf("%s=%s: %v", name, v, err)
			}
		}
	}
	// A table's row lists the values, each with what it means.
	row := regexp.MustCompile("(?m)^\\| `MOORING_SMTP_TLS` .*$").FindString(docs(t, "docs/mail.md"))
	for _, v := range values["MOORING_SMTP_TLS"] {
		if !strings.Contains(row, "`"+v+"`:") {
			t.Errorf("docs/mail.md does not say what MOORING_SMTP_TLS=%s means: %s", v, row)
		}
	}
	for _, m := range regexp.MustCompile("`([a-z]+)`:").FindAllStringSubmatch(row, -1) {
		if !slices.Contains(values["MOORING_SMTP_TLS"], m[1]) {
			t.Errorf("docs/mail.md has MOORING_SMTP_TLS=%s", m[1])
		}
	}
}
