package templates

import (
	"strings"
	"testing"
)

// TestLeftovers: what was pasted from another program and would be sent as it stands is
// refused at its place; what only looks like it is not.
func TestLeftovers(t *testing.T) {
	s := mustBuiltin(t)
	for _, tc := range []struct{ words, want string }{
		{"Hello [Name], we are here.", ":12:7: a field of another program"},
		{"Hello «First Name», we are here.", ":12:7: a field of another program"},
		{"Hola «Nombre», aquí estamos.", ":12:6: a field of another program"},
		{"Call {clinic_phone} now.", ":12:6: a field of another program"},
		{"Hello %FIRST_NAME%, we are here.", ":12:7: a field of another program"},
		{"| a | b |\n|---|---|\n| c | d |", ":12:1: a table cannot stand"},
		{"• first • second", ":12:1: a sign of a list"},
		{"#Heading", ":12:1: write a space behind #"},
		{"We are ~~not~~ here.", ":12:8: words that are struck out"},
		{"We are «here» for you.", ""},
		{"Half of us (one | two) are here, and 100% of us care.", ""},
		{"{{ clinic_name }} and {{Clinic-Name}} [[and {{clinic_phone}}]].", ""},
		{"Number #1 is here.", ""},
	} {
		src, err := builtin.ReadFile("en/a-notice.md")
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.With(map[string][]byte{"a-notice": []byte(strings.Replace(string(src), "We are here, and", tc.words+"\n\nWe are here, and", 1))})
		if (tc.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), "a-notice.md"+tc.want) {
			t.Errorf("%q: %v, want %q", tc.words, err, tc.want)
		}
	}
}

// TestCodesOfParts: a mistyped code is named with the one that was meant, and no urgency
// is lost.
func TestCodesOfParts(t *testing.T) {
	s := mustBuiltin(t)
	src, err := builtin.ReadFile("en/parts.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		old, new string
		want     []string
	}{
		{"# urgency: crisis\n", "# urgency: crises\n", []string{`:15:1: nothing asks for the part "urgency: crises"; did you mean "# urgency: crisis"?`, `the part "urgency: crisis" is missing: mails would say "Urgent" in its place`}},
		{"# task: call-client\n", "# task: call client\n", []string{`nothing asks for the part "task: call client"; did you mean "# task: call-client"?`}},
		{"# task: call-client\n", "# task: juggle\n", []string{`nothing asks for the part "task: juggle"`}},
		{"# task: call-client\n\nCall a client\n", "", nil},
		{"Call a client", "Ring a client", nil},
	} {
		own := strings.Replace(string(src), tc.old, tc.new, 1)
		if own == string(src) {
			t.Fatalf("nothing was replaced by %q", tc.new)
		}
		_, err := s.With(map[string][]byte{"parts": []byte(own)})
		if (err == nil) != (len(tc.want) == 0) {
			t.Errorf("%q: %v", tc.new, err)
			continue
		}
		for _, want := range tc.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q: %v, want %q", tc.new, err, want)
			}
		}
		if _, err := s.WithRules(map[string][]byte{"parts": []byte(own)}, Rules{Stored: true}); err != nil {
			t.Errorf("%q is not read where it was stored: %v", tc.new, err)
		}
	}
}
