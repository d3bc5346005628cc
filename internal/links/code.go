package links

import (
	"crypto/subtle"
	"encoding/binary"
	"strings"
)

const (
	// CodeLength is the number of characters of a short code: 25^6 is some 244
	// million codes, a different one for every link.
	CodeLength = 6
	// codeAlphabet has no two characters that look alike on a small screen, and
	// no vowels, so that no code is a word. Some sound alike: a code is read
	// from a mail, not heard on the phone.
	codeAlphabet = "23456789CDFGHJKMNPQRTVWXY"
	// maxCodeInput bounds what somebody may type around six characters.
	maxCodeInput = 64
)

// Code is the short code that stands in the mail's text beside the link with
// these claims: six characters, derived from the claims, so that nothing is
// stored. A machine that opens links without reading the mail does not know it.
func (k *Keys) Code(c Claims) string { return codeOf(k.ring[0], c) }

// CodeMatches says whether input is the code of the link with these claims
// under any key of the ring. It forgives case, spaces, dashes and dots, and
// reads B, S and Z, which no code has, as 8, 5 and 2. It takes the same time
// for every wrong code.
func (k *Keys) CodeMatches(c Claims, input string) bool {
	given, ok := normalCode(input)
	if !ok {
		return false
	}
	found := 0
	for _, one := range k.ring {
		found |= subtle.ConstantTimeCompare([]byte(codeOf(one, c)), []byte(given))
	}
	return found == 1
}

func codeOf(signer key, c Claims) string {
	n := binary.BigEndian.Uint64(sum(signer.secret, domainCode, appendClaims(nil, c)))
	// 64 bits against 28 of a code: the first codes are more likely than the
	// last ones by less than one in ten thousand million.
	var code [CodeLength]byte
	for i := range code {
		code[i] = codeAlphabet[n%uint64(len(codeAlphabet))]
		n /= uint64(len(codeAlphabet))
	}
	return string(code[:])
}

// normalCode is input as Code would write it; ok is false where it can be
// nobody's code.
func normalCode(input string) (code string, ok bool) {
	if len(input) > maxCodeInput {
		return "", false
	}
	var b strings.Builder
	for _, r := range strings.ToUpper(input) {
		switch r {
		case ' ', '\t', '\r', '\n', '\u00a0', '-', '\u2010', '\u2011', '\u2013', '.', '_':
			continue
		case 'B':
			r = '8'
		case 'S':
			r = '5'
		case 'Z':
			r = '2'
		}
		if r > 'Z' || !strings.ContainsRune(codeAlphabet, r) {
			return "", false
		}
		b.WriteRune(r)
	}
	return b.String(), b.Len() == CodeLength
}
