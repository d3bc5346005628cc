package app

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/mooring-care/mooring/workflows"
)

func named(first, last string) *workflows.Profile {
	return &workflows.Profile{FirstName: &workflows.Field[string]{Value: first}, LastName: &workflows.Field[string]{Value: last}}
}

// TestShownNames: what staff read of a name that another system made up.
func TestShownNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 500)
	for _, c := range []struct{ first, last, full, short string }{
		{"Ana", "Ruiz", "Ana Ruiz", "Ana R."},
		{"", "", "Name not on record", "Name not on record"},
		{" ", "\u200b", "Name not on record", "Name not on record"},
		{"", "Ruiz", "Ruiz", "R."},
		{"Ana\r\nBcc: x", "\tRuiz", "Ana Bcc: x Ruiz", "Ana Bcc: x R."},
		{"\u202eanA", "\u2066Ruiz", "anA Ruiz", "anA R."},
		{"مريم", "حداد", "مريم حداد", "مريم ح."},
		{"Jean-Luc", "O’Neill", "Jean-Luc O’Neill", "Jean-Luc O."},
		{"\x1b[31mAna", "", "[31mAna", "[31mAna"},
		{long, "Ruiz", long[:60] + "…", long[:60] + "… R."},
	} {
		p := named(c.first, c.last)
		if got := fullName(p); got != c.full {
			t.Errorf("%q %q is shown as %q, want %q", c.first, c.last, got, c.full)
		}
		if got := shortName(p); got != c.short {
			t.Errorf("%q %q is shown in short as %q, want %q", c.first, c.last, got, c.short)
		}
	}
}

// TestShownNamesAreHarmless whatever another system sends.
func TestShownNamesAreHarmless(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := named(rapid.String().Draw(t, "first"), rapid.String().Draw(t, "last"))
		for _, name := range []string{fullName(p), shortName(p)} {
			if n := utf8.RuneCountInString(name); n == 0 || n > maxShown+4 {
				t.Fatalf("%q has %d characters", name, n)
			}
			for _, r := range name {
				if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.IsSpace(r) && r != ' ' {
					t.Fatalf("%q holds %U", name, r)
				}
			}
		}
	})
}
