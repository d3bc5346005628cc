package workflows

import (
	"slices"
	"strings"
	"unicode"
)

// maxListed is how many words an error may list.
const maxListed = 30

// quoteWithSuggestion quotes a word that is not among the known ones and says
// what it could have been: "`wiat`; did you mean `wait`?".
func quoteWithSuggestion(word string, known []string) string {
	quoted := "`" + shorten(word) + "`"
	best, distance := "", 1+max(1, len(word)/3)
	for _, k := range known {
		if d := editDistance(strings.ToLower(word), k, distance); d < distance {
			best, distance = k, d
		}
	}
	switch {
	case best != "":
		return quoted + "; did you mean `" + best + "`?"
	case len(known) == 0:
		return quoted
	}
	return quoted + "; " + canBe(known)
}

// canBe says what is possible, or where that is listed.
func canBe(known []string) string {
	if len(known) > maxListed {
		return "docs/workflows.md lists what it can be"
	}
	return "it can be " + listing(known)
}

// listing writes words as "a, b or c".
func listing(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = "`" + w + "`"
	}
	if len(quoted) < 2 {
		return strings.Join(quoted, "")
	}
	last := len(quoted) - 1
	return strings.Join(quoted[:last], ", ") + " or " + quoted[last]
}

// shorten makes a text from a file fit for one line of an error.
func shorten(s string) string {
	clean := oneLine(s)
	if runes := []rune(clean); len(runes) > 60 {
		return string(runes[:57]) + "..."
	}
	return clean
}

// oneLine replaces what would break a line or hide in it.
func oneLine(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return ' '
		}
		return c
	}, s)
}

// editDistance counts the letters to insert, drop, change or swap with their
// neighbour to make a from b; it gives up at limit.
func editDistance(a, b string, limit int) int {
	ra, rb := []rune(a), []rune(b)
	if d := len(ra) - len(rb); d >= limit || -d >= limit {
		return limit
	}
	before, prev := make([]int, len(rb)+1), make([]int, len(rb)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(ra); i++ {
		row := make([]int, len(rb)+1)
		row[0] = i
		for j := 1; j <= len(rb); j++ {
			cost := 1
			if ra[i-1] == rb[j-1] {
				cost = 0
			}
			row[j] = min(row[j-1]+1, prev[j]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && ra[i-1] == rb[j-2] && ra[i-2] == rb[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		if slices.Min(row) >= limit {
			return limit
		}
		before, prev = prev, row
	}
	return prev[len(rb)]
}
