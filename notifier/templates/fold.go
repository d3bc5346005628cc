package templates

import (
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// fold brings text to the plain lower-case letters that a reader sees: hidden
// characters and accents go, wide, styled and look-alike letters become Latin
// ones. The ñ stays, as a letter of its own, written in one character or with a
// tilde on an n: "año" and "ano" are two words. It serves checks alone; no mail
// shows its result.
func fold(s string) string {
	out := make([]byte, 0, len(s))
	for _, r := range s {
		if r < 0x80 {
			if r >= 'A' && r <= 'Z' {
				r += 'a' - 'A'
			}
			out = append(out, byte(r))
			continue
		}
		if k := len(out) - 1; r == tilde && k >= 0 && out[k] == 'n' {
			out = append(out[:k], "ñ"...)
			continue
		}
		if to, ok := lookalikes[r]; ok { // the quick way for most letters
			out = append(out, to...)
			continue
		}
		if unicode.In(r, unicode.Mn, unicode.Me) || (invisible(r) && r != 0x2028 && r != 0x2029) {
			continue
		}
		if unicode.IsSpace(r) {
			out = append(out, ' ')
			continue
		}
		if low, ok := capitals[r]; ok {
			out = append(out, low)
			continue
		}
		out = appendPlain(out, styled(r))
	}
	return string(out)
}

// appendPlain appends a rare character as the letters that Unicode says it stands for:
// full width, raised, lowered, circled, in brackets, mathematical.
func appendPlain(out []byte, r rune) []byte {
	r = unicode.ToLower(r)
	plain := norm.NFKD.PropertiesString(string(r)).Decomposition()
	if r == 'ñ' || len(plain) == 0 {
		return append(out, foldRune(r)...)
	}
	for _, p := range string(plain) {
		if p == '(' || p == ')' || unicode.In(p, unicode.Mn, unicode.Me) {
			continue
		}
		if p < 0x80 || p == r {
			out = append(out, string(unicode.ToLower(p))...)
			continue
		}
		out = append(out, foldRune(unicode.ToLower(p))...)
	}
	return out
}

// tilde is the mark of a decomposed ñ.
const tilde = 0x0303

// styled undoes the forms of letters that Unicode has no plain letter for: squares,
// dark circles and squares, and the letters of flags; full-width brackets stay ones.
func styled(r rune) rune {
	switch {
	case r >= 0xFF01 && r <= 0xFF5E:
		return r - 0xFF01 + '!'
	case r >= 0x1F130 && r <= 0x1F189:
		return (r-0x1F130)%32%26 + 'a'
	case r >= 0x1F1E6 && r <= 0x1F1FF:
		return r - 0x1F1E6 + 'a'
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
		"a": "àáâãäåāăąǎаαɑᴀªɐ", "b": "ƀьвʙ", "c": "çćĉċčсϲᴄ", "d": "ďđԁᴅɗ", "e": "èéêëēĕėęěеєεᴇəǝɘ",
		"f": "ꜰƒ", "g": "ĝğġģɡɢց", "h": "ĥħһнʜհɦ", "i": "ìíîïĩīĭįıіιɪɩ", "j": "ĵјᴊ", "k": "ķкκᴋ", "l": "ĺļľŀłӏʟ",
		"m": "мᴍ", "n": "ńņňŋηпո", "o": "òóôõöøōŏőоοᴏօσº", "p": "рρᴘ", "r": "ŕŗřгʀ", "s": "śŝşšșѕꜱ",
		"t": "ţťŧțтτᴛ", "u": "ùúûüũūŭůűųυᴜս", "v": "ѵνᴠ", "w": "ŵԝωᴡ", "x": "хχ", "y": "ýÿŷуγʏ", "z": "źżžᴢ",
	} {
		for _, r := range from {
			m[r] = to
		}
	}
	return m
}()

// capitals are capital letters of other alphabets whose small letter looks like
// another Latin one.
var capitals = map[rune]byte{ //nolint:gochecknoglobals // never written again
	'Α': 'a', 'Β': 'b', 'Ε': 'e', 'Ζ': 'z', 'Η': 'h', 'Ι': 'i', 'Κ': 'k', 'Μ': 'm', 'Ν': 'n', 'Ο': 'o', 'Ρ': 'p', 'Τ': 't', 'Υ': 'y', 'Χ': 'x',
	'В': 'b', 'Н': 'h', 'С': 'c', 'Р': 'p', 'У': 'y', 'Х': 'x', 'П': 'n',
}
