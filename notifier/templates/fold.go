package templates

import (
	"strings"
	"unicode"
)

// fold brings text to the plain lower-case letters that a reader sees: hidden
// characters and accents go, wide, styled and look-alike letters become Latin
// ones. It serves checks alone; no mail shows its result.
func fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		if r < 0x80 {
			if r >= 'A' && r <= 'Z' {
				r += 'a' - 'A'
			}
			b.WriteRune(r)
			continue
		}
		if unicode.In(r, unicode.Mn, unicode.Me) || (invisible(r) && r != 0x2028 && r != 0x2029) {
			continue
		}
		if unicode.IsSpace(r) {
			b.WriteByte(' ')
			continue
		}
		b.WriteString(foldRune(unicode.ToLower(styled(r))))
	}
	return b.String()
}

// styled undoes the forms of letters and digits that Unicode keeps in blocks:
// full width, circled, and mathematical.
func styled(r rune) rune {
	switch {
	case r >= 0xFF01 && r <= 0xFF5E:
		return r - 0xFF01 + '!'
	case r >= 0x24B6 && r <= 0x24CF:
		return r - 0x24B6 + 'a'
	case r >= 0x24D0 && r <= 0x24E9:
		return r - 0x24D0 + 'a'
	case r >= 0x1F130 && r <= 0x1F189:
		return (r-0x1F130)%32%26 + 'a'
	case r >= 0x1D400 && r <= 0x1D6A3:
		return (r-0x1D400)%26 + 'a'
	case r >= 0x1D7CE && r <= 0x1D7FF:
		return (r-0x1D7CE)%10 + '0'
	}
	return r
}

// foldRune maps one lower-case letter to the Latin letters it looks like.
func foldRune(r rune) string {
	if to, ok := lookalikes[r]; ok {
		return to
	}
	return string(r)
}

var lookalikes = func() map[rune]string { //nolint:gochecknoglobals // never written again
	m := map[rune]string{
		'ß': "ss", 'æ': "ae", 'œ': "oe", 'ﬀ': "ff", 'ﬁ': "fi", 'ﬂ': "fl", 'ﬃ': "ffi", 'ﬄ': "ffl",
		'‐': "-", '‑': "-", '‒': "-", '–': "-", '—': "-", '−': "-", '’': "'", '‘': "'", 'ʼ': "'", '′': "'",
		'“': "\"", '”': "\"", '․': ".", '。': ".", '…': "...", '⁄': "/", '∕': "/", '‹': "<", '›': ">",
	}
	for to, from := range map[string]string{
		"a": "àáâãäåāăąǎаαɑ", "b": "ƀЬ", "c": "çćĉċčсϲ", "d": "ďđԁ", "e": "èéêëēĕėęěеєε",
		"g": "ĝğġģɡ", "h": "ĥħһ", "i": "ìíîïĩīĭįıіι", "j": "ĵј", "k": "ķкκ", "l": "ĺļľŀłӏ",
		"m": "м", "n": "ñńņňŋη", "o": "òóôõöøōŏőоο", "p": "рρ", "r": "ŕŗřг", "s": "śŝşšѕ",
		"t": "ţťŧтτ", "u": "ùúûüũūŭůűųυ", "v": "ѵν", "w": "ŵԝ", "x": "хχ", "y": "ýÿŷуγ", "z": "źżž",
	} {
		for _, r := range from {
			m[r] = to
		}
	}
	return m
}()
