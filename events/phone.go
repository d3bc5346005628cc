package events

import (
	"regexp"
)

// maxDigits is how many digits a number has at most, by ITU-T E.164.
const maxDigits = 15

var (
	// oneNumber is a number as people write it: groups of what a telephone's keys say, with
	// little between them. Some may be in brackets, but not the last.
	oneNumber = regexp.MustCompile(`^\+?(([0-9*#]+|\([0-9]+\))( +|[.-])?)*[0-9*#]+$`)
	trunkZero = regexp.MustCompile(`^\+.*\(0[0-9]*\)`)
)

// Dials says whether a text is one telephone number, which a press can dial. A second
// number, hours or an extension beside it would be dialled along with it.
func Dials(text string) bool {
	n := 0
	for _, c := range text {
		if c >= '0' && c <= '9' {
			n++
		}
	}
	return n > 0 && n <= maxDigits && oneNumber.MatchString(text) && !TrunkZero(text)
}

// TrunkZero says whether a number has the "(0)" of +44 (0)20, which nobody dials after
// a +.
func TrunkZero(text string) bool { return trunkZero.MatchString(text) }
