package templates

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// locator finds the places in a file where the words of findings stand, as offsets.
type locator struct {
	*file
	lint *Linter
	// inMail is a paragraph as the mail shows it in which the findings were made.
	inMail func([]inline) string
	// read are the file as its reader sees it, also with its lines joined and without what
	// may be left out; raw is what stands there and is no text.
	read []tokened
	raw  tokened
	// asked are the places by the words that ask.
	asked map[string][]int
	// linked are the places of what is held against the links, by rule and words.
	linked map[Finding][]int
}

// tokened is a mapped text in words.
type tokened struct {
	*mapped
	whole  string
	tokens []token
}

func (m *mapped) tokened() tokened { return tokened{m, string(m.text), tokensOf(string(m.text))} }

// locator reads a file for the findings of a linter in a mail that shows it.
func (f *file) locator(lint *Linter, inMail func([]inline) string) locator {
	l := locator{file: f, lint: lint, inMail: inMail, asked: map[string][]int{}, linked: map[Finding][]int{}}
	for _, runs := range f.paragraphs() {
		for _, in := range runs {
			if in.kind != inLink || !in.fixed {
				continue
			}
			found := lint.findings(Client)
			found.link("", in.text)
			at := in.at
			if ahead := strings.Index(f.source.text[at:], "]("); ahead >= 0 {
				at += ahead + len("](")
			}
			for _, one := range found.list {
				key := Finding{Rule: one.Rule, Match: one.Match}
				l.linked[key] = append(l.linked[key], at+max(0, strings.Index(fold(in.text), one.Match)))
			}
		}
	}
	for _, how := range []reading{asShown, asJoined, asBare} {
		l.read = append(l.read, f.whole(how).tokened())
	}
	l.raw = f.unshown().tokened()
	f.eachAsk(func(a asked, at int) { l.asked[a.words] = append(l.asked[a.words], at) })
	return l
}

// sorted are places in the order of the file, each once.
func sorted(places []int) []int {
	slices.Sort(places)
	return slices.Compact(places)
}

// places are those of a finding: also of words that go over a line's end or are cut by
// markup or entities, and not of those that are said kindly. What is not there has the
// place where it belongs; none are the places of what stands elsewhere.
func (l locator) places(found Finding) []int {
	if places := l.asked[found.Match]; found.Rule == CaringContactAsks && len(places) > 0 {
		return sorted(places)
	}
	// The same words may stand in the text as well.
	linked := l.linked[Finding{Rule: found.Rule, Match: found.Match}]
	if part, ok := partOf[found.Rule]; ok && found.Match == "" {
		return []int{l.partAt(part)}
	}
	for _, read := range l.read {
		if found.Match == "" {
			break
		}
		guilty, all := read.find(found)
		// What no mail shows here: a code in words.
		further, more := l.raw.find(found)
		guilty, all = append(append(guilty, linked...), read.without(further)...), append(all, read.without(more)...)
		if len(guilty) == 0 {
			guilty = all[:min(len(all), 1)]
		}
		if len(guilty) > 0 {
			return sorted(guilty)
		}
	}
	if found.Match == "" && found.near == "" {
		return []int{0}
	}
	return nil
}

// paragraph is that of a finding which holds a value as well: the mail shows the words
// there. No is false where none does.
func (l locator) paragraph(found Finding) (at int, ok bool) {
	near := cmp.Or(found.Match, found.near)
	for _, runs := range l.paragraphs() {
		if near != "" && len(runs) > 0 && strings.Contains(squeeze(fold(l.inMail(runs))), near) {
			return firstWords(runs, near), true
		}
	}
	return 0, false
}

// maxFirstWords is how many words of a sentence are looked for to find its place.
const maxFirstWords = 6

// firstWords is where the first words of a sentence stand in a paragraph, which may show
// a value behind them; its beginning where they do not.
func firstWords(runs []inline, sentence string) int {
	var m mapped
	m.paragraph(runs, asShown)
	words := strings.Fields(sentence)
	for n := min(len(words), maxFirstWords); n > 0; n-- {
		if at := strings.Index(string(m.text), strings.Join(words[:n], " ")); at >= 0 {
			return m.at[at]
		}
	}
	return runs[0].at
}

// find lists the places where a finding's words stand whole: those where it is one
// there too, and all.
func (t tokened) find(found Finding) (guilty, all []int) {
	for from := 0; ; {
		at := strings.Index(t.whole[from:], found.Match)
		if at < 0 {
			return guilty, all
		}
		at += from
		from = at + len(found.Match)
		if !standsAlone(t.whole, at, from) {
			continue
		}
		all = append(all, t.at[at])
		if !excused(t.whole, found.Rule, t.tokens, at, from) {
			guilty = append(guilty, t.at[at])
		}
	}
}

// without leaves the places that are none of a text's own.
func (m *mapped) without(places []int) []int {
	return slices.DeleteFunc(places, func(at int) bool {
		_, own := slices.BinarySearch(m.at, at)
		return own
	})
}

// standsAlone says whether no letter goes on before or behind a piece of text.
func standsAlone(f string, at, end int) bool {
	before, _ := utf8.DecodeLastRuneInString(f[:at])
	after, _ := utf8.DecodeRuneInString(f[end:])
	return (at == 0 || !isLetter(before)) && (end == len(f) || !isLetter(after))
}

// partOf is the part of every client mail whose words a rule asks for.
var partOf = map[string]fieldID{MissingCrisisLine: fCrisisLine, MissingReplySentence: fReplies, MissingPreferences: fPreferences} //nolint:gochecknoglobals // never written again

// partAt is where a part stands in its own file, or is shown in another.
func (f *file) partAt(part fieldID) int {
	if f.key.name == partsName {
		for _, sec := range f.source.sections() {
			if sec.name == fields[part].name {
				return sec.at
			}
		}
		return 0
	}
	for _, runs := range f.paragraphs() {
		for _, in := range runs {
			if in.kind == inValue && in.id == part {
				return in.at
			}
		}
	}
	return 0
}
