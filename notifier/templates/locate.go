package templates

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// place is one in a file, from 1.
type place struct{ line, column int }

// locate lists the places of a file where the words of a finding stand, also where they
// go over the end of a line, and not where they are said kindly; its top where none does.
func (s *source) locate(found Finding) []place {
	if found.Match == "" {
		return []place{{1, 1}}
	}
	var whole strings.Builder
	var starts []int
	for text := range strings.SplitSeq(s.text, "\n") {
		starts = append(starts, whole.Len())
		whole.WriteString(squeeze(fold(text)) + " ")
	}
	f := whole.String()
	tokens := tokensOf(f)
	var all, guilty []place
	for from := 0; ; {
		at := strings.Index(f[from:], found.Match)
		if at < 0 {
			break
		}
		at += from
		end := at + len(found.Match)
		from = end
		if !standsAlone(f, at, end) {
			continue
		}
		line, _ := slices.BinarySearch(starts, at+1)
		here := place{line, utf8.RuneCountInString(f[starts[line-1]:at]) + 1}
		all = append(all, here)
		if holds(f, tokens, found, at, end) {
			guilty = append(guilty, here)
		}
	}
	switch {
	case len(guilty) > 0:
		return guilty
	case len(all) > 0:
		return all[:1]
	}
	return []place{{1, 1}}
}

// standsAlone says whether no letter goes on before or behind a piece of text.
func standsAlone(f string, at, end int) bool {
	before, _ := utf8.DecodeLastRuneInString(f[:at])
	after, _ := utf8.DecodeRuneInString(f[end:])
	return (at == 0 || !isLetter(before)) && (end == len(f) || !isLetter(after))
}

// holds says whether a finding is one at this place too.
func holds(f string, tokens []token, found Finding, at, end int) bool {
	if found.Rule != CaringContactAsks {
		return !excused(f, found.Rule, tokens, at, end)
	}
	// What a sentence asks for depends on the rest of it.
	first, _ := slices.BinarySearchFunc(tokens, at, func(t token, at int) int { return t.from - at })
	begin, last := first, first
	for begin > 0 && !tokens[begin-1].last {
		begin--
	}
	for last+1 < len(tokens) && !tokens[last].last {
		last++
	}
	after := len(f)
	if last+1 < len(tokens) {
		after = tokens[last+1].from
	}
	asks := asksOf(f[tokens[begin].from:after])
	return slices.ContainsFunc(asks, func(a asked) bool { return strings.Contains(a.words, found.Match) })
}
