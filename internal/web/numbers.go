package web

import (
	"html/template"
	"regexp"
	"strings"
)

// oneNumber is a number as people write it, which a press can dial: groups of what a
// telephone's keys say, some in brackets, but not the last.
var oneNumber = regexp.MustCompile(`^\+?(([0-9*#]+|\([0-9]+\))( +|[.-])?)*[0-9*#]+$`)

// trunkZero is the "(0)" in +44 (0)20, which nobody dials after a +.
var trunkZero = regexp.MustCompile(`^\+.*\(0[0-9]*\)`)

// extension is what systems of record write after a client's number: "x12", "ext. 12".
var extension = regexp.MustCompile(`(?i)([ ,;]*(x|ext|extn|extension)|[ ,;]+#)[.:= ]*[0-9]{1,7}$`)

// maxDigits is how many digits a number has at most, by ITU-T E.164.
const maxDigits = 15

// dials says whether a text is one number. What is none is shown as text: a press that
// dials something else is worse than no link.
func dials(phone string) bool {
	phone = strings.TrimSpace(phone)
	n := 0
	for _, c := range phone {
		if c >= '0' && c <= '9' {
			n++
		}
	}
	return n > 0 && n <= maxDigits && oneNumber.MatchString(phone) && !trunkZero.MatchString(phone)
}

// direct is a client's number without its extension, as it is dialled.
func direct(phone string) string { return extension.ReplaceAllString(strings.TrimSpace(phone), "") }

// telURL is a tel: link to a number that dials. In a URL a # begins something else.
func telURL(phone string) template.URL {
	keys := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '+' || r == '*' || r == '#' {
			return r
		}
		return -1
	}, phone)
	return template.URL("tel:" + strings.ReplaceAll(keys, "#", "%23")) //nolint:gosec // nothing but digits and three signs is left of the input
}
