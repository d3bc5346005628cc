package web

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// TestLanguagesHoldTheSameWords: no language lacks a word, each stands with as many
// values as in English, choices have the same codes, and only what must be alike is.
func TestLanguagesHoldTheSameWords(t *testing.T) {
	verbs := regexp.MustCompile(`%(\[\d\])?[sd]`)
	in := func(s string) []string {
		found := verbs.FindAllString(s, -1)
		slices.Sort(found)
		return found
	}
	first := reflect.ValueOf(*english())
	for _, words := range languages()[1:] {
		v := reflect.ValueOf(*words)
		for i := range v.NumField() {
			name := words.Tag + ": " + v.Type().Field(i).Name
			switch a, b := first.Field(i).Interface(), v.Field(i).Interface(); is := b.(type) {
			case string:
				was, _ := a.(string)
				if strings.TrimSpace(is) == "" || strings.TrimSpace(was) == "" || is == was {
					t.Errorf("%s is %q, in English %q", name, is, was)
				}
				if !slices.Equal(in(is), in(was)) {
					t.Errorf("%s has other values than the English: %q, %q", name, is, was)
				}
				// A sentence in one language is one in the other.
				if ends := func(s string) bool { return strings.HasSuffix(s, ".") }; ends(is) != ends(was) {
					t.Errorf("%s ends otherwise: %q, %q", name, is, was)
				}
			case []Choice:
				was, _ := a.([]Choice)
				if len(is) != len(was) || len(is) == 0 {
					t.Fatalf("%s has %d choices, in English %d", name, len(is), len(was))
				}
				for k := range is {
					if is[k].Code != was[k].Code || is[k].Words == "" || is[k].Words == was[k].Words {
						t.Errorf("%s: %+v, in English %+v", name, is[k], was[k])
					}
				}
			case [12]string:
				for k, month := range is {
					if month == "" || strings.ContainsFunc(month, unicode.IsSpace) {
						t.Errorf("%s: month %d is %q", name, k+1, month)
					}
				}
			default:
				t.Errorf("%s is a %T, which nothing holds equal", name, b)
			}
		}
	}
}
