package app

import (
	"strings"
	"unicode"

	"github.com/mooring-care/mooring/workflows"
)

// maxShown is how many characters of a name staff are shown.
const maxShown = 60

// nameless stands where no name is known.
const nameless = "Name not on record"

// shownName is a name as staff read it: another system's free text on one line,
// without characters that nobody sees or that turn what follows around, and no longer
// than a name is.
func shownName(s string) string {
	s = strings.Join(strings.FieldsFunc(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r):
			return ' '
		case unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, s), unicode.IsSpace), " ")
	if r := []rune(s); len(r) > maxShown {
		s = strings.TrimSpace(string(r[:maxShown])) + "…"
	}
	return s
}

func fullName(p *workflows.Profile) string {
	return orWord(shownName(p.FirstName.Get()+" "+p.LastName.Get()), nameless)
}

// shortName is a first name and an initial.
func shortName(p *workflows.Profile) string {
	name := shownName(p.FirstName.Get())
	if last := []rune(shownName(p.LastName.Get())); len(last) > 0 {
		name = strings.TrimSpace(name + " " + string(last[0]) + ".")
	}
	return orWord(name, nameless)
}
