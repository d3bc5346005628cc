package templates

import "strings"

// A text may be read in more than one way. readings are the other ones: each with a
// few words around what is read differently, so that phrases are found too.

// aroundReading is how many words a phrase may have before, and behind, what is read
// differently.
const aroundReading = 4

// maxGlued is how many parts of a word that is put together follow its first, and
// minGlued how long it must be.
const maxGlued, minGlued = 4, 3

// readings lists the other ways to read a text: words whose parts one sign holds
// together, "med-icine", and words with digits in the place of letters, "th3rapy".
func readings(tokens []token) [][]token {
	var out [][]token
	for i := range tokens {
		if len(unnumbered(tokens[i].word)) > 0 {
			out = append(out, numbered(wordsNear(tokens, i))...)
		}
		whole := tokens[i]
		whole.word = ""
		for end := i + 1; end < len(tokens) && end <= i+maxGlued && tokens[end].glued; end++ {
			if whole.word == "" {
				whole.word = tokens[i].word
			}
			whole.word += tokens[end].word
			whole.to, whole.last = tokens[end].to, tokens[end].last
			if len(whole.word) < minGlued {
				continue
			}
			near := append(append(append([]token(nil), tokens[max(0, i-aroundReading):i]...), whole), tokens[end+1:min(len(tokens), end+1+aroundReading)]...)
			out = append(append(out, near), numbered(near)...)
		}
	}
	return out
}

// wordsNear are a token and a few on both sides.
func wordsNear(tokens []token, i int) []token {
	return tokens[max(0, i-aroundReading):min(len(tokens), i+1+aroundReading)]
}

// numbered are tokens with letters in the place of digits; none where no word has any.
func numbered(tokens []token) [][]token {
	var out [][]token
	for way := range 2 {
		read := append([]token(nil), tokens...)
		changed := false
		for i := range read {
			if ways := unnumbered(read[i].word); way < len(ways) {
				read[i].word, changed = ways[way], true
			} else if digits(read[i].word) < len(read[i].word) {
				read[i].word = asLetters.Replace(read[i].word)
			}
		}
		if changed {
			out = append(out, read)
		}
	}
	return out
}

// unnumbered are the readings of a word in which digits stand for letters, as in
// "th3rapy"; a number with a unit, such as "70c", is none.
func unnumbered(w string) []string {
	n := digits(w)
	if n == 0 || n == len(w) {
		return nil
	}
	if unit := strings.TrimLeft(w, "0123456789"); unit == "am" || unit == "pm" || unit == "th" {
		return nil
	}
	if n > len(w)-n || len(w)-n < 2 {
		return nil
	}
	out := []string{asLetters.Replace(w)}
	if strings.Contains(w, "1") {
		out = append(out, asLetters.Replace(strings.ReplaceAll(w, "1", "l")))
	}
	return out
}

var asLetters = strings.NewReplacer("0", "o", "1", "i", "2", "z", "3", "e", "4", "a", "5", "s", "6", "g", "7", "t", "8", "b", "9", "g") //nolint:gochecknoglobals // never written again

// unsigned is the text with letters in the place of the signs that stand beside some,
// each a byte for a byte; no where it has none.
func unsigned(text string) (string, bool) {
	const signs, letters = "@$!|+", "asilt"
	i := strings.IndexAny(text, signs)
	if i < 0 {
		return "", false
	}
	out, changed := []byte(text), false
	for ; i < len(text); i++ {
		k := strings.IndexByte(signs, text[i])
		if k < 0 {
			continue
		}
		before, after := i > 0 && asciiLetter(text[i-1]), i+1 < len(text) && asciiLetter(text[i+1])
		if after && (before || k < 2) || before && k < 2 {
			out[i], changed = letters[k], true
		}
	}
	return string(out), changed
}
