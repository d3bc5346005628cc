package templates

import (
	"os"
	"strings"
	"testing"
)

// TestNamesAreGreeted: no common first name loses its greeting because it holds a word
// of the lists.
func TestNamesAreGreeted(t *testing.T) {
	data, err := os.ReadFile("testdata/first-names.txt")
	if err != nil {
		t.Fatal(err)
	}
	l, n := NewLinter(Exceptions{}), 0
	for line := range strings.Lines(string(data)) {
		names := strings.Fields(line)
		if strings.HasPrefix(line, "#") {
			continue
		} else if many, ok := strings.CutPrefix(line, "= "); ok {
			names = strings.Split(strings.TrimSpace(many), ", ")
		}
		for _, name := range names {
			if n++; cleanName(name, l) != name {
				t.Errorf("%s is greeted as %q: %v", name, cleanName(name, l), l.Words("", name))
			}
		}
	}
	if n < 500 {
		t.Errorf("only %d names were read", n)
	}
	for _, name := range []string{"Therapy", "Dr. Moon", "Th3rapy", "MRN 48213", "Fee", "D.O.B.", "born 3 May", "null", "NULL", "Undefined", "Unknown", "No Name", "mailto:x", "http:Ann"} {
		if got := cleanName(name, l); got != "" {
			t.Errorf("%s is greeted as %q", name, got)
		}
	}
}

// TestNamesKeepToTheClinicsWords: a client whose name is a word that the clinic keeps
// out of its mails is greeted without it, so that their mail is not held back.
func TestNamesKeepToTheClinicsWords(t *testing.T) {
	rules := Rules{Refused: []string{"Lodge", "grace*"}}
	s, err := mustBuiltin(t).WithRules(nil, rules)
	if err != nil {
		t.Fatal(err)
	}
	v := SampleValues()
	allowed := SampleExceptions()
	allowed.Refused = rules.Refused
	for name, want := range map[string]string{"Grace": "Hello,", "Gracie": "Hello Gracie,", "Graceland": "Hello,", "Lodge": "Hello,", "Sam": "Hello Sam,"} {
		v.FirstName = name
		r := mustRender(t, s, "A", Unknown, v)
		if !strings.HasPrefix(r.Text, want) {
			t.Errorf("%s is greeted by %q, want %q", name, strings.SplitN(r.Text, "\n", 2)[0], want)
		}
		if found := NewLinter(allowed).Leaving(r.Mail(), Client); len(found) > 0 {
			t.Errorf("%s: %v", name, found)
		}
	}
}
