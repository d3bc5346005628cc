package templates

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// lexicon holds the words and phrases that a lint looks for, so that a text is read
// once, word by word, however many there are.
type lexicon struct {
	// exact has the entries that begin with a whole word; stems those whose first word
	// is only a beginning, by its first letters.
	exact map[string]*beginning
	stems map[string][]phrase
}

// beginning are the entries that begin with one word: by their second word where that is a
// whole one, because many begin with "you", and the others.
type beginning struct {
	second map[string][]phrase
	others []phrase
}

// stemLetters is how many letters of a stem find it: each stem has at least as many.
const stemLetters = 3

// phrase is one entry. A word that ends in * is the beginning of one.
type phrase struct {
	rule  string
	words []string
}

// add takes entries up, separated by commas: words as fold writes them.
func (l *lexicon) add(rule, entries string) {
	for entry := range strings.SplitSeq(entries, ",") {
		p := phrase{rule, strings.Fields(entry)}
		if len(p.words) == 0 {
			continue
		}
		if stem, ok := strings.CutSuffix(p.words[0], "*"); ok {
			key := cutRunes(stem, stemLetters)
			l.stems[key] = append(l.stems[key], p)
			continue
		}
		e := l.exact[p.words[0]]
		if e == nil {
			e = &beginning{}
			l.exact[p.words[0]] = e
		}
		if len(p.words) == 1 || strings.HasSuffix(p.words[1], "*") {
			e.others = append(e.others, p)
			continue
		}
		if e.second == nil {
			e.second = map[string][]phrase{}
		}
		e.second[p.words[1]] = append(e.second[p.words[1]], p)
	}
}

func newLexicon() *lexicon {
	return &lexicon{exact: map[string]*beginning{}, stems: map[string][]phrase{}}
}

// cutRunes is the first n runes of s.
func cutRunes(s string, n int) string {
	for i := range s {
		if n--; n < 0 {
			return s[:i]
		}
	}
	return s
}

// token is one word of a folded text.
type token struct {
	word string
	// from and to are its place in the text.
	from, to int
	// near says that it follows the one before in one phrase: after a space, a hyphen,
	// an apostrophe, or a dot with letters on both sides. last ends a sentence.
	near, last bool
	// glued says that nothing but one sign stands between the one before and it, as in
	// "med-icine"; a line may end behind a hyphen.
	glued bool
}

// tokensOf splits folded text into words of letters and digits.
func tokensOf(text string) []token {
	out := make([]token, 0, len(text)/5+1)
	for i := 0; i < len(text); {
		from, start := i, i+stretch(text[i:], false)
		if i = start + stretch(text[start:], true); i == start {
			break
		}
		gap := text[from:start]
		k := len(out)
		if k > 0 {
			out[k-1].last = endsSentence(gap)
		}
		t := token{word: text[start:i], from: start, to: i}
		if k > 0 {
			t.near = joins(gap) || i-start == 1 && len(out[k-1].word) == 1 && sets(gap)
			t.glued = glues(gap)
		}
		out = append(out, t)
	}
	if k := len(out); k > 0 {
		out[k-1].last = true
	}
	return out
}

// stretch is for how many bytes a text goes on with letters, or without.
func stretch(text string, letters bool) int {
	for i, r := range text {
		if isLetter(r) != letters {
			return i
		}
	}
	return len(text)
}

func isLetter(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= 'a' && r <= 'z' || r >= '0' && r <= '9'
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

// joins says whether what stands between two words leaves them one phrase.
func joins(gap string) bool {
	switch gap {
	case " ", "-", "'", ".", "_", "/", "&", "":
		return true
	}
	return strings.Trim(gap, " -_/'") == ""
}

// sets says whether a gap sets two letters apart that stand alone, as in "P. H. Q.".
func sets(gap string) bool { return gap == ". " || gap == ".-" || glues(gap) }

// glues says whether a gap leaves two words side by side to somebody who reads on.
func glues(gap string) bool {
	switch gap {
	case "-", "- ", "_", ".", "/", "*", "|", "+", "~", "=", "·", "¬":
		return true
	}
	return false
}

func endsSentence(gap string) bool {
	i := strings.IndexAny(gap, ".!?")
	return i >= 0 && (i+1 < len(gap) || i > 0)
}

// find calls hit for every entry that stands in the tokens of a text.
func (l *lexicon) find(tokens []token, hit func(rule string, from, to int)) {
	for i := range tokens {
		w := tokens[i].word
		l.findAt(tokens, i, w, hit)
		if strings.Contains(w, "ñ") {
			// Somebody may write it for an n: "añxiety". Words that differ from another
			// by it alone, as "año", are in no list without it.
			l.findAt(tokens, i, strings.ReplaceAll(w, "ñ", "n"), hit)
		}
		if spaced, end := spacedOut(tokens, i); spaced != "" {
			l.findAt([]token{{word: spaced, from: tokens[i].from, to: tokens[end].to}}, 0, spaced, hit)
		}
	}
}

// findAt looks for the entries that begin at one token, read as w.
func (l *lexicon) findAt(tokens []token, i int, w string, hit func(rule string, from, to int)) {
	if e := l.exact[w]; e != nil {
		stand(e.others, tokens, i, w, hit)
		if e.second != nil && i+1 < len(tokens) && tokens[i+1].near {
			stand(e.second[tokens[i+1].word], tokens, i, w, hit)
		}
	}
	if len(w) < stemLetters {
		return
	}
	stand(l.stems[cutRunes(w, stemLetters)], tokens, i, w, hit)
}

// stand calls hit for each of the entries that stands at a token, read as w.
func stand(all []phrase, tokens []token, i int, w string, hit func(rule string, from, to int)) {
	for k := range all {
		if end, ok := all[k].standsAt(tokens, i, w); ok {
			hit(all[k].rule, tokens[i].from, tokens[end].to)
		}
	}
}

// standsAt says whether the phrase stands at a token, and at which it ends.
func (p *phrase) standsAt(tokens []token, i int, first string) (end int, ok bool) {
	if i+len(p.words) > len(tokens) {
		return 0, false
	}
	for k, want := range p.words {
		got := first
		if k > 0 {
			if !tokens[i+k].near {
				return 0, false
			}
			got = tokens[i+k].word
		}
		if stem, cut := strings.CutSuffix(want, "*"); cut && strings.HasPrefix(got, stem) || got == want {
			continue
		}
		return 0, false
	}
	return i + len(p.words) - 1, true
}

// spacedOut joins letters that stand alone, "t h e r a p y" or "P.H.Q.", where a run of
// three or more begins.
func spacedOut(tokens []token, i int) (word string, end int) {
	alone := func(k int) bool { return utf8.RuneCountInString(tokens[k].word) == 1 }
	if !alone(i) || i > 0 && tokens[i].near && alone(i-1) {
		return "", 0
	}
	for end = i; end+1 < len(tokens) && tokens[end+1].near && alone(end+1); end++ {
	}
	if end-i < 2 {
		return "", 0
	}
	var b strings.Builder
	for k := i; k <= end; k++ {
		b.WriteString(tokens[k].word)
	}
	return b.String(), end
}
