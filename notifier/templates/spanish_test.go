package templates

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestSpanishIsWhole: every mail, reason, wording and code that English has is there
// in Spanish too.
func TestSpanishIsWhole(t *testing.T) {
	s := mustBuiltin(t)
	for key := range s.index {
		other := key
		other.language = "es"
		if s.index[other] == nil {
			t.Errorf("%+v has no wording in Spanish", key)
		}
	}
	for code := range s.words["en"] {
		if s.words["es"][code] == "" {
			t.Errorf("%q has no words in Spanish", code)
		}
	}
	if got, want := len(s.words["es"]), len(s.words["en"]); got != want {
		t.Errorf("Spanish has %d codes in words, English %d", got, want)
	}
	if got := s.Languages(); !slices.Equal(got, []string{"en", "es"}) {
		t.Errorf("the languages are %v", got)
	}
	for _, l := range s.Languages() {
		if lacks := s.Lacks(l); lacks != nil {
			t.Errorf("%s lacks %v", l, lacks)
		}
	}
}

// TestSpanishMailsAreSpanish: no word of the English mails stands in a Spanish one,
// but those that are Spanish as well, names, and links.
func TestSpanishMailsAreSpanish(t *testing.T) {
	s := mustBuiltin(t)
	words := func(text string) map[string]bool {
		out := map[string]bool{}
		for _, n := range []string{"Riverside House", "Mill Street", "Jordan Lee", "Alex Moreno"} {
			text = strings.ReplaceAll(squeeze(text), n, "")
		}
		for _, w := range wordsOf(withoutAddresses(text)) {
			if w = strings.Trim(strings.ToLower(w), ".,:;()\"¿?!*"); strings.Trim(w, "0123456789-") != "" {
				out[w] = true
			}
		}
		return out
	}
	english, spanish := map[string]bool{}, map[string]bool{}
	for _, g := range s.Gallery() {
		r, err := s.Render(g.Template, g.Language, g.Reason, g.Values)
		if err != nil {
			t.Fatal(err)
		}
		into := spanish
		if r.Language == "en" {
			into = english
		}
		maps.Copy(into, words(r.Subject+"\n"+r.Text))
	}
	// Codes, names, and what is spelt alike.
	same := []string{"a", "no", "crisis", "normal", "decide", "5:00", "5:10", "8:00", "am", "pm", "sam", "mooring", "plan", "4tk-9qw", "4tk9qw", "h2mdxv", "7rycnf"}
	for w := range spanish {
		if english[w] && !slices.Contains(same, w) {
			t.Errorf("%q stands in mails of both languages", w)
		}
	}
	if len(spanish) < 200 || len(english) < 200 {
		t.Errorf("%d Spanish words, %d English ones", len(spanish), len(english))
	}
}

// TestSpanishMailsMustShow: what every client mail shows is asked for in Spanish, and
// in Spanish words alone; hard prose and demands are found.
func TestSpanishMailsMustShow(t *testing.T) {
	s := mustBuiltin(t)
	v := SampleValuesIn("es")
	r, err := s.Render("A", "es", Unknown, v)
	if err != nil {
		t.Fatal(err)
	}
	allowed := v.Exceptions("https://mail.riverside.example/")
	for old, tc := range map[string]struct{ to, rule string }{
		"988":           {"", MissingCrisisLine},
		"horario":       {"hours", MissingReplySentence},
		"ee":            {"", MissingReplySentence}, // "lee" and "leemos"
		"correos":       {"mails", MissingPreferences},
		"Aquí estamos,": {"La participación individualmente coordinada en encuentros colaborativos continuamente organizados resulta extraordinariamente beneficiosa para comunidades interdisciplinarias organizacionalmente comprometidas, independientemente de circunstancias internacionales excepcionalmente complicadas,", GradeRule},
	} {
		spoilt := r
		spoilt.Text, spoilt.HTML = strings.ReplaceAll(r.Text, old, tc.to), strings.ReplaceAll(r.HTML, old, tc.to)
		found := Lint(spoilt, Client, allowed)
		if spoilt == r || !slices.ContainsFunc(found, func(f Finding) bool { return f.Rule == tc.rule }) {
			t.Errorf("without %q: found %v, want %s", old, found, tc.rule)
		}
	}
	e, err := builtin.ReadFile("es/e-caring.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, ask := range []string{"Cuídese mucho.", "Por favor llámenos.", "Esperamos que vuelva.", "Puede venir."} {
		_, err := s.With(map[string][]byte{"es/e-caring": []byte(strings.Replace(string(e), "Pensamos en usted.", "Pensamos en usted. "+ask, 1))})
		if err == nil || !strings.Contains(err.Error(), "caring-contact-asks") {
			t.Errorf("%q: %v", ask, err)
		}
	}
}
