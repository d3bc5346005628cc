package workflows

import (
	"strings"
	"unicode"

	"github.com/mooring-care/mooring/events"
)

func digitsIn(s string) (n int) {
	for _, c := range s {
		if c >= '0' && c <= '9' {
			n++
		}
	}
	return n
}

// spelled is a number of North America with its letters as the digits of their keys:
// 1-800-273-TALK is 1-800-273-8255. It is "" for any other text.
func spelled(s string) string {
	const keys = "22233344455566677778889999"
	if s == "" || !strings.ContainsRune("0123456789+(", rune(s[0])) {
		return ""
	}
	out := strings.Map(func(c rune) rune {
		switch {
		case c >= 'A' && c <= 'Z':
			return rune(keys[c-'A'])
		case c >= 'a' && c <= 'z':
			return rune(keys[c-'a'])
		}
		return c
	}, s)
	n := digitsIn(out)
	american := n == 10 || n == 11 && strings.TrimLeft(out, "+(")[0] == '1'
	if out == s || !american || !events.Dials(out) {
		return ""
	}
	return out
}

// typed is a number with the hyphens and spaces of a keyboard in place of those that a
// word processor writes, and "" for what is none even so.
func typed(s string) string {
	out := strings.Map(func(c rune) rune {
		switch {
		case unicode.Is(unicode.Pd, c):
			return '-'
		case unicode.Is(unicode.Zs, c):
			return ' '
		}
		return c
	}, s)
	if out == s || !events.Dials(out) {
		return ""
	}
	return out
}

// phone reads a number that a press on a page dials; rest says where else there may be
// something to say of it. What an older program stored may hold anything.
func (cr *clinicReader) phone(e entry, example, rest string) string {
	s := cr.line(e, 40)
	if s == "" || cr.r.stored || events.Dials(s) {
		return s
	}
	at, digits, plain := start(e.value), spelled(s), typed(s)
	switch {
	case plain != "":
		cr.r.failf(at, "%#q has a hyphen or a space that no keyboard types, which a press may not dial: %#q; write %s", e.key, shorten(s), plain)
	case digits != "":
		cr.r.failf(at, "%#q must be one number in digits, which a press dials, not %#q; write %s", e.key, shorten(s), digits)
	case events.TrunkZero(s):
		cr.r.failf(at, "%#q must be one number, which a press dials, not %#q; leave out the 0 in brackets, which nobody dials after a +", e.key, shorten(s))
	default:
		cr.r.failf(at, "%#q must be one number, which a press dials, not %#q; write one number, such as \"%s\"; %s", e.key, shorten(s), example, rest)
	}
	return ""
}
