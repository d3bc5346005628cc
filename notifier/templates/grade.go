package templates

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// MaxGrade is the hardest that a client mail may read.
const MaxGrade = 6.0

// Grade is the Flesch–Kincaid grade level of English prose:
//
//	0.39 × words ÷ sentences + 11.8 × syllables ÷ words − 15.59
//
// It never falls below 0. Links are left out, and each of names counts as one
// short word: nobody can choose the name of a clinic or a crisis line. A line
// that ends without a full stop, such as a greeting or a button, counts as a
// sentence when it has four words or more, else not at all.
//
// The lint measures the whole mail and the part above the crisis line, and the
// harder one counts, so that an easy footer cannot carry a hard letter.
//
// Syllables are groups of the vowels a e i o u y; a silent e, -es or -ed at
// the end is none, and two vowels that are spoken apart (ia, io, iou, ua, ing
// after a vowel) are two. A number is one word of one syllable.
func Grade(text string, names ...string) float64 {
	var words, sentences, syll int
	for _, s := range sentencesOf(text, names) {
		sentences++
		words += len(s)
		for _, w := range s {
			syll += syllables(w)
		}
	}
	return gradeOf(words, sentences, syll)
}

func gradeOf(words, sentences, syll int) float64 {
	if words == 0 || sentences == 0 {
		return 0
	}
	return max(0, 0.39*float64(words)/float64(sentences)+11.8*float64(syll)/float64(words)-15.59)
}

// GradeIn is the grade of prose in a language: Grade for English, GradeSpanish for
// Spanish, and 0 for one that nobody has a formula for here. An empty language is
// English.
func GradeIn(language, text string, names ...string) float64 {
	switch baseLanguage(language) {
	case "", "en":
		return Grade(text, names...)
	case "es":
		return GradeSpanish(text, names...)
	}
	return 0
}

// hardest is the sentence with the highest grade of its own.
func hardest(language, text string, names []string) string {
	count, of := syllables, gradeOf
	if baseLanguage(language) == "es" {
		count, of = syllablesSpanish, gradeOfSpanish
	}
	best, at := -1.0, ""
	for _, s := range sentencesOf(text, names) {
		syll := 0
		for _, w := range s {
			syll += count(w)
		}
		if g := of(len(s), 1, syll); g > best {
			best, at = g, strings.Join(s, " ")
		}
	}
	return at
}

var (
	listItem    = regexp.MustCompile(`(?m)^\s*(-|\d+\.) `)
	sentenceEnd = regexp.MustCompile(`[.!?]+["')\]]*(\s+|$)`)
)

// sentencesOf splits a text part into sentences of words.
func sentencesOf(text string, names []string) [][]string {
	// The longest name first: one may stand inside another.
	names = slices.Clone(names)
	slices.SortFunc(names, func(a, b string) int { return len(b) - len(a) })
	// Lines are wrapped, so that a name may be broken by a line's end.
	paragraphs := strings.Split(listItem.ReplaceAllString(text, "\n\n"), "\n\n")
	var out [][]string
	for _, p := range paragraphs {
		p = squeeze(withoutAddresses(p))
		for _, n := range names {
			if n = squeeze(n); n != "" {
				p = strings.ReplaceAll(p, n, "Name")
			}
		}
		from := 0
		for _, end := range sentenceEnd.FindAllStringIndex(p, -1) {
			if w := wordsOf(p[from:end[0]]); len(w) > 0 {
				out = append(out, w)
			}
			from = end[1]
		}
		if w := wordsOf(p[from:]); len(w) >= 4 {
			out = append(out, w)
		}
	}
	return out
}

// wordsOf are the fields of a sentence that hold a letter or a digit.
func wordsOf(s string) []string {
	var out []string
	for w := range strings.FieldsSeq(s) {
		if strings.IndexFunc(w, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) >= 0 {
			out = append(out, w)
		}
	}
	return out
}

func vowel(c byte) bool { return strings.IndexByte("aeiouy", c) >= 0 }

// syllables estimates how many a word has, at least 1.
func syllables(word string) int {
	total := 0
	for part := range strings.SplitSeq(fold(word), "-") {
		w := strings.Trim(strings.ReplaceAll(part, "'", ""), "\".,;:!?()[]*_ ")
		if w != "" {
			total += syllablesOf(w)
		}
	}
	return max(total, 1)
}

func syllablesOf(w string) int {
	n := 0
	for i := range len(w) {
		if vowel(w[i]) && (i == 0 || !vowel(w[i-1])) {
			n++
		}
	}
	k := len(w)
	ends := func(s string) bool { return strings.HasSuffix(w, s) }
	switch {
	case k > 3 && ends("le") && !vowel(w[k-3]):
	case k > 2 && ends("e") && !vowel(w[k-2]):
		n--
	case k > 3 && ends("ed") && !vowel(w[k-3]) && w[k-3] != 't' && w[k-3] != 'd':
		n--
	case k > 3 && ends("es") && !vowel(w[k-3]) && strings.IndexByte("szxcg", w[k-3]) < 0 && !ends("ches") && !ends("shes"):
		n--
	}
	for i := 1; i+1 < k; i++ {
		switch pair := w[i : i+2]; {
		case pair == "ia" && strings.IndexByte("ctsg", w[i-1]) < 0,
			pair == "io" && strings.IndexByte("ctsg", w[i-1]) < 0,
			pair == "ua" && w[i-1] != 'q' && w[i-1] != 'g':
			n++
		}
	}
	if k > 4 && ends("ing") && vowel(w[k-4]) {
		n++
	}
	return max(n, 1)
}
