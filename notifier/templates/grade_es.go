package templates

import (
	"strings"
	"unicode"
)

// GradeSpanish is the grade level of Spanish prose, the harder of two formulas:
//
//	−0.205 × sentences per 100 words + 0.049 × syllables per 100 words − 3.407
//	13 − (206.84 − 60 × syllables ÷ words − 1.02 × words ÷ sentences) ÷ 10
//
// The first is Crawford's for elementary school (A. N. Crawford, "Fórmula y gráfico
// para determinar la comprensibilidad de textos de nivel primario en castellano",
// Lectura y Vida, 1984). It counts long sentences for little, so that the second
// stands beside it: Fernández Huerta's reading ease ("Medidas sencillas de
// lecturabilidad", 1959, with the correction of its sentence term by Gwillim Law,
// 2011), whose table gives 70 to 80 to the sixth grade, 80 to 90 to the fifth and 90
// to 100 to the fourth.
//
// It never falls below 0; what counts as a sentence and a word is as in Grade.
func GradeSpanish(text string, names ...string) float64 {
	var words, sentences, syll int
	for _, s := range sentencesOf(text, names) {
		sentences++
		words += len(s)
		for _, w := range s {
			syll += syllablesSpanish(w)
		}
	}
	return gradeOfSpanish(words, sentences, syll)
}

func gradeOfSpanish(words, sentences, syll int) float64 {
	if words == 0 || sentences == 0 {
		return 0
	}
	w, s, y := float64(words), float64(sentences), float64(syll)
	crawford := -0.205*100*s/w + 0.049*100*y/w - 3.407
	huerta := 13 - (206.84-60*y/w-1.02*w/s)/10
	return max(0, crawford, huerta)
}

// spoken undoes what Spanish writes and does not say: the u of que, qui, gue and gui,
// and the h but in ch. An accent written as a mark of its own joins its letter.
var spoken = strings.NewReplacer( //nolint:gochecknoglobals // never written again
	"a\u0301", "á", "e\u0301", "é", "i\u0301", "í", "o\u0301", "ó", "u\u0301", "ú", "u\u0308", "ü",
	"que", "ke", "qué", "ké", "qui", "ki", "quí", "kí", "gue", "ge", "gué", "gé", "gui", "gi", "guí", "gí", "ch", "c", "h", "",
)

// syllablesSpanish counts the syllables of a Spanish word, at least 1: its groups of
// vowels, split where two are spoken apart. Those are two of a, e and o, an accented í
// or ú beside one of these, and the same vowel twice. A y is a vowel where no vowel
// follows it.
func syllablesSpanish(word string) int {
	letters := []rune(spoken.Replace(strings.ToLower(word)))
	n := 0
	var before rune // the vowel just before; 0 where none is
	for i, r := range letters {
		if r == 'y' && (i+1 == len(letters) || !spanishVowel(letters[i+1])) {
			r = 'i'
		}
		switch {
		case !spanishVowel(r):
			if unicode.IsLetter(r) || r == '-' {
				before = 0
			}
			continue
		case before == 0, apart(before, r):
			n++
		}
		before = r
	}
	return max(n, 1)
}

func spanishVowel(r rune) bool { return strings.ContainsRune("aeiouáéíóúü", r) }

// apart says whether two vowels that stand side by side are of two syllables.
func apart(a, b rune) bool {
	strong := func(r rune) bool { return strings.ContainsRune("aeoáéó", r) }
	stressed := func(r rune) bool { return r == 'í' || r == 'ú' }
	return strong(a) && strong(b) || strong(a) && stressed(b) || stressed(a) && strong(b) || a == b
}
