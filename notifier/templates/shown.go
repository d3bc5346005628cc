package templates

import (
	"regexp"
	"slices"
	"unicode"
	"unicode/utf8"
)

// mapped is folded text that knows where in its file each byte comes from.
type mapped struct {
	text []byte
	at   []int
}

func (m *mapped) put(folded string, at int) {
	for i := range len(folded) {
		c := folded[i]
		if c == '\n' || c == '\t' {
			c = ' '
		}
		if c == ' ' && (len(m.text) == 0 || m.text[len(m.text)-1] == ' ') {
			continue // as squeeze does
		}
		m.text, m.at = append(m.text, c), append(m.at, at)
	}
}

// words appends text that stands in the file as it is from an offset on.
func (m *mapped) words(text string, at int) {
	for i := 0; i < len(text); {
		_, end := utf8.DecodeRuneInString(text[i:])
		for end += i; end < len(text); { // a letter and the marks on it are one
			r, size := utf8.DecodeRuneInString(text[end:])
			if !unicode.In(r, unicode.Mn, unicode.Me) {
				break
			}
			end += size
		}
		m.put(fold(text[i:end]), at+i)
		i = end
	}
}

// reading is how a paragraph is read.
type reading uint8

const (
	// asJoined leaves out line ends that Markdown keeps.
	asJoined reading = 1 << iota
	// asBare leaves out what may be left out.
	asBare
	// asMarked keeps a sign for markup that stands between words, where a part of a
	// sentence may begin.
	asMarked
	// keepsFields leaves a placeholder out, so that its braces are not taken for another
	// program's.
	keepsFields
	// asShown leaves markup out, as whoever reads the mail does.
	asShown reading = 0
)

// paragraph appends the pieces of one.
func (m *mapped) paragraph(runs []inline, how reading) {
	out := false
	for i, in := range runs {
		if in.kind == inOpen || in.kind == inClose {
			out = in.kind == inOpen && how&asBare != 0
		}
		if out {
			continue
		}
		switch in.kind {
		case inText:
			if in.entity {
				m.put(fold(in.text), in.at)
				continue
			}
			m.words(in.text, in.at)
		case inValue:
			name := ""
			if how&asMarked != 0 {
				name = fields[in.id].name
			}
			if how&keepsFields != 0 {
				m.put("_", in.at)
				continue
			}
			m.put("{{"+name+"}}", in.at)
		case inSoft:
			m.put(" ", in.at)
		case inBreak:
			switch {
			case how&asMarked != 0:
				m.put(" - ", in.at)
			case how&asJoined == 0:
				m.put(" ", in.at)
			}
		case inStrong, inEm, inLink, inStrongEnd, inEmEnd:
			if how&asMarked != 0 && !insideWord(runs, i) {
				sign := "*"
				if in.kind == inLink {
					sign = "["
				}
				m.put(sign, in.at)
			}
		case inLinkEnd:
			if how&asMarked != 0 && !insideWord(runs, i) {
				m.put("]("+target(runs[:i])+")", in.at)
			}
		}
	}
}

// target is where the link leads that ends behind runs.
func target(runs []inline) string {
	for _, in := range slices.Backward(runs) {
		if in.kind == inLink {
			if in.fixed {
				return in.text
			}
			return fields[in.id].name
		}
	}
	return ""
}

// insideWord says whether letters stand on both sides of a piece of markup.
func insideWord(runs []inline, i int) bool {
	beside := func(runs []inline, last bool) bool {
		for k := range runs {
			in := runs[k]
			if last {
				in = runs[len(runs)-1-k]
			}
			if in.kind != inText {
				if in.kind == inValue || in.kind == inSoft || in.kind == inBreak {
					return false
				}
				continue
			}
			f := fold(in.text)
			if f == "" {
				continue
			}
			r, _ := utf8.DecodeRuneInString(f)
			if last {
				r, _ = utf8.DecodeLastRuneInString(f)
			}
			return isLetter(r)
		}
		return false
	}
	return beside(runs[:i], true) && beside(runs[i+1:], false)
}

// paragraphs are all of a file that its reader sees as words of one piece, the subject
// first.
func (f *file) paragraphs() [][]inline {
	if f.key.name != partsName {
		return append([][]inline{f.subject}, f.doc.runs()...)
	}
	var out [][]inline
	for _, sec := range f.source.sections() {
		out = append(out, f.parts[sec.name].runs()...)
	}
	return out
}

// whole is the file as its reader sees it, in one text.
func (f *file) whole(how reading) *mapped {
	m := &mapped{}
	for _, runs := range f.paragraphs() {
		m.paragraph(runs, how)
		if k := len(m.at); k > 0 {
			m.put(" ", m.at[k-1])
		}
	}
	return m
}

// hiddenParts are pieces of a file that are no words of a mail.
var hiddenParts = regexp.MustCompile(`\{\{[^{}\n]*\}\}|\]\([^)\s]*|(?m:^# .*$)`)

// unshown is the body as it stands there, without placeholders, links and the names of
// parts: it has the codes in words.
func (f *file) unshown() *mapped {
	m := &mapped{}
	text, at := f.source.text, 0
	if f.key.name != partsName {
		text, at = f.body.text, f.body.at
	}
	for text != "" {
		next := hiddenParts.FindStringIndex(text)
		if next == nil {
			next = []int{len(text), len(text)}
		}
		m.words(text[:next[0]], at)
		if next[1] > next[0] {
			m.put(" - ", at+next[0])
		}
		text, at = text[next[1]:], at+next[1]
	}
	return m
}

// references are the ways to write a character in Markdown by other ones.
var references = regexp.MustCompile(`&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]*);|\\[[:punct:]]`)
