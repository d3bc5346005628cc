package templates

import (
	"strings"
	"unicode/utf8"
)

// Rendered is one mail's subject and its two bodies.
type Rendered struct {
	// Subject is one line of at most 150 characters.
	Subject string
	// Text is plain text, wrapped at 72 columns, each link on its own line.
	Text string
	HTML string
	// Language is the language the mail is in, such as "en".
	Language string
}

// maxSubject is the length of a subject, in runes.
const maxSubject = 150

// render fills a compiled template in.
func (c *compiled) render(v *Values, said speech) (Rendered, error) {
	f, err := fill(v, c.uses, said)
	if err != nil {
		return Rendered{}, err
	}
	for _, one := range append([]*filled{f}, f.tasks...) {
		if missing := c.must &^ one.have; missing != 0 {
			return Rendered{}, &ValueError{firstOf(missing), "the mail cannot do without it"}
		}
	}
	var out Rendered
	scratch := make([]byte, 0, 256)
	scratch = c.subject.run(scratch, f, false)
	out.Subject = cleanWords(string(scratch), maxSubject)
	out.HTML = string(c.html.run(make([]byte, 0, c.sizeHTML+256*len(f.resources)), f, true))
	out.Text = c.runText(scratch, f)
	return out, nil
}

// firstOf is the name of a set's first field.
func firstOf(set uint64) string {
	for id := range numFields {
		if set&bit(id) != 0 {
			return fields[id].name
		}
	}
	return ""
}

// run appends what a program writes.
func (p *program) run(dst []byte, f *filled, html bool) []byte {
	return p.span(dst, f, html, 0, len(*p))
}

// span appends what the ops from one place up to another write.
func (p *program) span(dst []byte, f *filled, html bool, from, to int) []byte {
	ops := *p
	for i := from; i < to; i++ {
		o := &ops[i]
		switch o.kind {
		case opLit:
			dst = append(dst, o.lit...)
		case opValue, opLink:
			if html {
				dst = appendEscaped(dst, f.val[o.id])
			} else {
				dst = append(dst, f.val[o.id]...)
			}
		case opNeed:
			if f.have&o.need != o.need {
				i = o.to - 1
			}
		case opAny:
			if !anyOf(o.any, f.have) {
				i = o.to - 1
			}
		case opResources:
			dst = appendResources(dst, f.resources)
		case opEach:
			if f.tasks != nil {
				for _, one := range f.tasks {
					dst = p.span(dst, one, html, i+1, o.to)
				}
				i = o.to - 1
			}
		}
	}
	return dst
}

func anyOf(sets []uint64, have uint64) bool {
	for _, need := range sets {
		if have&need == need {
			return true
		}
	}
	return false
}

func appendResources(dst []byte, rs []Resource) []byte {
	dst = append(dst, ulOpen...)
	for i := range rs {
		r := &rs[i]
		dst = append(dst, liOpen...)
		if r.URL != "" {
			dst = append(dst, aOpen...)
			dst = appendEscaped(dst, r.URL)
			dst = append(dst, aMid...)
			dst = appendEscaped(dst, r.Name)
			dst = append(dst, aEnd...)
		} else {
			dst = append(dst, "<strong>"...)
			dst = appendEscaped(dst, r.Name)
			dst = append(dst, "</strong>"...)
		}
		for _, more := range r.lines() {
			if more != "" {
				dst = append(dst, "<br/>"...)
				dst = appendEscaped(dst, more)
			}
		}
		dst = append(dst, liEnd...)
	}
	return append(dst, ulEnd...)
}

// runText writes the text part, paragraph by paragraph.
func (c *compiled) runText(scratch []byte, f *filled) string {
	w := textWriter{dst: make([]byte, 0, c.sizeText+256*len(f.resources)), scratch: scratch, last: -1}
	for i := 0; i < len(c.text); i++ {
		from := i
		for c.text[from].each && i+1 < len(c.text) && c.text[i+1].each && c.text[i+1].first == c.text[from].rest {
			i++ // the links of an entry stand below it
		}
		about := []*filled{f}
		if c.text[from].each && f.tasks != nil {
			about = f.tasks
		}
		for _, one := range about {
			for k := from; k <= i; k++ {
				w.block(&c.text[k], one)
			}
		}
	}
	return string(append(w.dst, '\n'))
}

// textWriter writes the text part.
type textWriter struct {
	dst, scratch []byte
	// last is the group of the block before, and inParts says that the shared parts
	// have begun.
	last    int
	inParts bool
}

func (w *textWriter) block(b *textBlock, f *filled) {
	if f.have&b.need != b.need {
		return
	}
	switch {
	case len(w.dst) == 0:
	case b.group == w.last:
		w.dst = append(w.dst, '\n')
	default:
		w.dst = append(w.dst, "\n\n"...)
	}
	if b.part && !w.inParts {
		w.dst = append(w.dst, textRule+"\n\n"...)
	}
	w.last, w.inParts = b.group, b.part
	if b.resources {
		w.dst = textResources(w.dst, w.scratch, f.resources)
		return
	}
	w.dst = wrap(w.dst, b.ops.run(w.scratch[:0], f, false), b.first, b.rest)
}

func textResources(dst, scratch []byte, rs []Resource) []byte {
	for i := range rs {
		r := &rs[i]
		if i > 0 {
			dst = append(dst, '\n')
		}
		dst = wrap(dst, append(scratch[:0], r.Name...), "- ", "  ")
		lines := r.lines()
		for _, more := range append(lines[:], r.URL) {
			if more != "" {
				dst = append(dst, '\n')
				dst = wrap(dst, append(scratch[:0], more...), "  ", "  ")
			}
		}
	}
	return dst
}

// wrap appends words in lines of at most 72 columns; a longer word, such as a
// link, keeps its line whole.
func wrap(dst, words []byte, first, rest string) []byte {
	dst = append(dst, first...)
	column := len(first)
	empty := true
	for i := 0; i < len(words); {
		if words[i] == ' ' {
			i++
			continue
		}
		if words[i] == '\n' {
			dst = append(append(dst, '\n'), rest...)
			column, empty = len(rest), true
			i++
			continue
		}
		end := i
		for end < len(words) && words[end] != ' ' && words[end] != '\n' {
			end++
		}
		width := utf8.RuneCount(words[i:end])
		switch {
		case empty:
		case column+1+width > textWidth:
			dst = append(append(dst, '\n'), rest...)
			column = len(rest)
		default:
			dst = append(dst, ' ')
			column++
		}
		dst = append(dst, words[i:end]...)
		column += width
		empty = false
		i = end
	}
	return dst
}

// escape makes text safe in HTML, between tags and in quoted attributes.
func escape(s string) string { return string(appendEscaped(nil, s)) }

func appendEscaped(dst []byte, s string) []byte {
	if !strings.ContainsAny(s, "&<>\"'") {
		return append(dst, s...)
	}
	for i := range len(s) {
		switch s[i] {
		case '&':
			dst = append(dst, "&amp;"...)
		case '<':
			dst = append(dst, "&lt;"...)
		case '>':
			dst = append(dst, "&gt;"...)
		case '"':
			dst = append(dst, "&#34;"...)
		case '\'':
			dst = append(dst, "&#39;"...)
		default:
			dst = append(dst, s[i])
		}
	}
	return dst
}
