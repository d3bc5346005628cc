package templates

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is the length that a first name is cut at, in runes.
const maxName = 40

// maxWord is the longest word of a name, in runes: a longer one is none, and would make
// a mail wider than a phone.
const maxWord = 24

// cleanName makes a first name fit for a greeting, or answers "" for the
// nameless one. A name comes from another system's free text, so anything that
// a mail program could turn into a link, and anything that the lint would hold the
// mail back for, by the clinic's own words too, is not a name to us.
func cleanName(s string, clinic *Linter) string {
	if !plainName(s) {
		s = cleanWords(s, maxName)
		if s == "" || linkish(s) || strings.IndexFunc(s, unicode.IsLetter) < 0 || strings.IndexFunc(s, unicode.IsDigit) >= 0 || longestWord(s) > maxWord {
			return ""
		}
	}
	if slices.Contains(noNames, fold(s)) || len(clinic.Words("", s)) > 0 {
		return ""
	}
	return s
}

// noNames is what other systems write where there is no name.
var noNames = []string{"null", "none", "undefined", "unknown", "unk", "anonymous", "anonimo", "anonima", "desconocido", "desconocida", "no name", "sin nombre", "first name", "firstname"} //nolint:gochecknoglobals // never written again

// plainName is the quick way for the usual name.
func plainName(s string) bool {
	if s == "" || len(s) > maxWord {
		return false
	}
	for i := range len(s) {
		if c := s[i] | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

// longestWord is its length in runes.
func longestWord(s string) int {
	n := 0
	for w := range strings.FieldsFuncSeq(s, func(r rune) bool { return unicode.IsSpace(r) || r == '-' }) {
		n = max(n, utf8.RuneCountInString(w))
	}
	return n
}

// linkish says whether a mail program might make a link or markup of s.
func linkish(s string) bool {
	f := fold(s)
	if strings.Contains(f, "://") || strings.Contains(f, "www.") || strings.ContainsAny(f, "@<>{}[]|\\/`=%&;:") {
		return true
	}
	// "evil.com" has a dot followed at once by two letters; "J. R." has not.
	r := []rune(f)
	for i := 0; i+2 < len(r); i++ {
		if r[i] == '.' && unicode.IsLetter(r[i+1]) && unicode.IsLetter(r[i+2]) {
			return true
		}
	}
	return false
}

// cleanWords drops what cannot be seen (controls, direction marks, zero-width
// and private characters), collapses white space, and cuts at limit runes, at
// the last space where there is one.
func cleanWords(s string, limit int) string {
	if plainWords(s, limit) {
		return s
	}
	// A value is never longer than a mail shows: the rest is not even read.
	if most := limit * utf8.UTFMax * 4; len(s) > most {
		s = s[:most]
	}
	var b strings.Builder
	n, marks, cut := 0, 0, 0
	space := false
	for _, r := range s {
		if unicode.IsSpace(r) {
			space = n > 0
			continue
		}
		if r == utf8.RuneError || invisible(r) {
			continue
		}
		if unicode.In(r, unicode.Mn, unicode.Me) {
			// Two marks on a letter are an alphabet; twenty are a prank.
			if marks++; n == 0 || space || marks > 2 {
				continue
			}
		} else {
			marks = 0
		}
		if space {
			if n+1 >= limit {
				break
			}
			cut = b.Len()
			b.WriteByte(' ')
			n++
			space = false
		}
		if n == limit {
			if cut > 0 {
				return b.String()[:cut]
			}
			break
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}

// plainWords is the quick way for words that need no cleaning.
func plainWords(s string, limit int) bool {
	if len(s) > limit {
		return false
	}
	space := true
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c > '~' || (c == ' ' && space) {
			return false
		}
		space = c == ' '
	}
	return !space || s == ""
}

// invisible characters never reach a mail.
func invisible(r rune) bool {
	switch r {
	case 0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0:
		return true // fillers that draw nothing and count as letters or symbols
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp, unicode.Variation_Selector)
}

// plainURL says whether s is an http or https URL of visible ASCII with a host
// and no user, safe in an attribute and on a line of text.
func plainURL(s string) bool {
	if len(s) > 2000 {
		return false
	}
	rest, ok := strings.CutPrefix(s, "https://")
	if !ok {
		if rest, ok = strings.CutPrefix(s, "http://"); !ok {
			return false
		}
	}
	for i := range len(rest) {
		if c := rest[i]; c <= ' ' || c > '~' || strings.IndexByte("\"'<>\\`{}|^", c) >= 0 {
			return false
		}
	}
	host := rest
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		host = rest[:i]
	}
	return host != "" && host[0] != ':' && host[0] != '.' && !strings.Contains(host, "@")
}
