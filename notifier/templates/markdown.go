package templates

import (
	"strings"
	"unicode"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

type inlineKind uint8

const (
	inText inlineKind = iota
	inValue
	inSoft // the end of a line that is not the end of a paragraph
	inBreak
	inStrong
	inStrongEnd
	inEm
	inEmEnd
	inLink
	inLinkEnd
	inOpen // [[
	inClose
)

// inline is one piece of a paragraph.
type inline struct {
	kind inlineKind
	text string  // of inText, and of inLink with a fixed target
	id   fieldID // of inValue, and of inLink with a placeholder
	// fixed is true for a link whose target stands in the file.
	fixed bool
	// entity says of inText that the file writes it with other characters.
	entity bool
	at     int // offset in the file
}

type blockKind uint8

const (
	paragraph blockKind = iota
	heading
	list
	ordered
	rule
	partBlock // a block placeholder: its id is in part
)

// block is one paragraph, list or the like.
type block struct {
	kind  blockKind
	runs  []inline
	items [][]inline
	part  fieldID
	at    int
}

// document is a body read from Markdown.
type document []block

// newParser makes a parser of plain Markdown without link definitions, which
// would let a target stand far from its words.
func newParser() parser.Parser {
	return parser.NewParser(
		parser.WithBlockParsers(parser.DefaultBlockParsers()...),
		parser.WithInlineParsers(parser.DefaultInlineParsers()...),
	)
}

// reader walks a Markdown tree and keeps what a mail may hold.
type reader struct {
	s   *source
	m   marked
	src []byte
	doc document
	// last is the offset of the piece before, for problems in nodes that do
	// not know their place.
	last int
}

// readBody reads a body; what a mail must not hold is refused.
func (s *source) readBody(body span) document {
	m := s.mark(body)
	if len(s.errs) > 0 {
		return nil
	}
	r := &reader{s: s, m: m, src: []byte(m.text)}
	root := newParser().Parse(text.NewReader(r.src))
	for n := root.FirstChild(); n != nil; n = n.NextSibling() {
		r.block(n)
	}
	return r.doc
}

// place is the offset in the file of a node.
func (r *reader) place(n ast.Node) int {
	if n.Type() == ast.TypeBlock && n.Lines().Len() > 0 {
		r.last = n.Lines().At(0).Start
	} else if t, ok := n.(*ast.Text); ok {
		r.last = t.Segment.Start
	} else if h, ok := n.(*ast.RawHTML); ok && h.Segments.Len() > 0 {
		r.last = h.Segments.At(0).Start
	} else if c := n.FirstChild(); c != nil {
		return r.place(c)
	}
	return r.m.source(r.last)
}

func (r *reader) refuse(n ast.Node, what string) {
	r.s.fail(r.place(n), "%s cannot stand in a mail; paste or type the words as plain text", what)
}

// refuseBefore refuses a node that begins with a sign before its words.
func (r *reader) refuseBefore(n ast.Node, sign, what string) {
	at := r.place(n)
	if n.FirstChild() != nil {
		at = max(0, strings.LastIndex(r.s.text[:at], sign))
	} else if ahead := strings.Index(r.s.text[at:], sign); ahead >= 0 {
		at += ahead // it has no words, and so no place of its own
	}
	r.s.fail(at, "%s cannot stand in a mail; paste or type the words as plain text", what)
}

func (r *reader) block(n ast.Node) {
	at := r.place(n)
	switch n := n.(type) {
	case *ast.Paragraph:
		r.paragraph(n, at)
	case *ast.Heading:
		r.doc = append(r.doc, block{kind: heading, runs: r.inlines(n), at: at})
	case *ast.ThematicBreak:
		r.doc = append(r.doc, block{kind: rule, at: at})
	case *ast.List:
		b := block{kind: list, at: at}
		if n.IsOrdered() {
			b.kind = ordered
		}
		for item := n.FirstChild(); item != nil; item = item.NextSibling() {
			text := item.FirstChild()
			if text == nil || item.ChildCount() != 1 || (text.Kind() != ast.KindTextBlock && text.Kind() != ast.KindParagraph) {
				r.refuse(item, "a list item that is not one paragraph")
				continue
			}
			b.items = append(b.items, r.inlines(text))
		}
		for _, runs := range b.items {
			r.noParts(runs)
		}
		r.doc = append(r.doc, b)
	case *ast.HTMLBlock:
		r.refuse(n, "HTML")
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		r.refuse(n, "code (or a line that begins with four spaces)")
	case *ast.Blockquote:
		r.refuse(n, "a quotation")
	default:
		r.refuse(n, "this kind of Markdown")
	}
}

// paragraph tells text from a block placeholder. {{resources}} may end a
// paragraph that introduces it: then both are left out together.
func (r *reader) paragraph(n *ast.Paragraph, at int) {
	runs := r.inlines(n)
	b := block{kind: paragraph, runs: runs, at: at, part: numFields}
	if k := len(runs); k > 0 {
		last := runs[k-1]
		if last.kind == inValue && fields[last.id].kind == blockField {
			if k == 1 {
				b.kind, b.part, b.runs = partBlock, last.id, nil
			} else if last.id == fResources && runs[k-2].kind == inSoft {
				b.part, b.runs = last.id, runs[:k-2]
			}
		}
	}
	r.noParts(b.runs)
	r.doc = append(r.doc, b)
}

// noParts refuses a block placeholder among words.
func (r *reader) noParts(runs []inline) {
	for _, in := range runs {
		if in.kind == inValue && fields[in.id].kind == blockField {
			r.s.fail(in.at, "{{%s}} must stand alone, with an empty line before and after it", fields[in.id].name)
		}
	}
}

// inlines reads the pieces of one paragraph and checks how they nest.
func (r *reader) inlines(n ast.Node) []inline {
	var out []inline
	r.inline(n, &out)
	var stack []inlineKind
	for i, in := range out {
		switch in.kind {
		case inStrong, inEm, inLink, inOpen:
			stack = append(stack, in.kind)
		case inStrongEnd, inEmEnd, inLinkEnd, inClose:
			// Each end is its start plus one.
			if k := len(stack); k == 0 || stack[k-1]+1 != in.kind {
				r.s.fail(in.at, "[[ and ]] must stand in one paragraph, and both inside or both outside of a link or bold words")
				return out
			}
			stack = stack[:len(stack)-1]
			if in.kind == inClose && !holdsValue(out[:i]) {
				r.s.fail(in.at, "[[ ]] without a placeholder in it would always be shown; put one in it, or leave the brackets out")
			}
		}
	}
	if len(stack) > 0 {
		r.s.fail(r.place(n), "[[ and ]] must stand in one paragraph")
	}
	return out
}

// holdsValue says whether a value or a link with a placeholder stands between
// the last [[ of runs and their end.
func holdsValue(runs []inline) bool {
	for i := len(runs) - 1; i >= 0 && runs[i].kind != inOpen; i-- {
		if runs[i].kind == inValue || (runs[i].kind == inLink && !runs[i].fixed) {
			return true
		}
	}
	return false
}

func (r *reader) inline(n ast.Node, out *[]inline) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		at := r.place(c)
		switch c := c.(type) {
		case *ast.Text:
			r.words(c.Segment.Value(r.src), c.Segment.Start, out)
			if end := r.m.source(c.Segment.Stop); c.HardLineBreak() {
				*out = append(*out, inline{kind: inBreak, at: end})
			} else if c.SoftLineBreak() {
				*out = append(*out, inline{kind: inSoft, at: end})
			}
		case *ast.String:
			r.words(c.Value, r.last, out)
		case *ast.Emphasis:
			open, end := inEm, inEmEnd
			if c.Level == 2 {
				open, end = inStrong, inStrongEnd
			}
			*out = append(*out, inline{kind: open, at: at})
			r.inline(c, out)
			*out = append(*out, inline{kind: end, at: at})
		case *ast.Link:
			*out = append(*out, r.link(c, at))
			r.inline(c, out)
			*out = append(*out, inline{kind: inLinkEnd, at: at})
		case *ast.RawHTML:
			r.refuse(c, "HTML")
		case *ast.Image:
			r.refuseBefore(c, "![", "a picture")
		case *ast.CodeSpan:
			r.refuseBefore(c, "`", "code")
		case *ast.AutoLink:
			r.refuse(c, "a bare link (write [words](link))")
		default:
			r.refuse(c, "this kind of Markdown")
		}
	}
}

// link reads where a link leads: one placeholder, or a fixed https address.
func (r *reader) link(n *ast.Link, at int) inline {
	if len(n.Title) > 0 {
		r.s.fail(at, "a link has no title; leave the words in quotes behind its address out")
	}
	if n.FirstChild() == nil {
		r.s.fail(at, "a link needs words")
	}
	target := []rune(string(n.Destination))
	if len(target) == 1 && target[0] >= markField && target[0] < markField+rune(numFields) {
		id := fieldID(target[0] - markField)
		if fields[id].kind != linkField {
			r.s.fail(at, "{{%s}} is not a link", fields[id].name)
		}
		return inline{kind: inLink, id: id, at: at}
	}
	fixed := string(n.Destination)
	if !strings.HasPrefix(fixed, "https://") || !plainURL(fixed) {
		r.s.fail(at, "a link leads to one placeholder or to an https:// address; write [words]({{booking_link}}) or [words](https://…)")
	}
	return inline{kind: inLink, text: fixed, fixed: true, at: at}
}

// words splits text at its marks and resolves Markdown's escapes.
func (r *reader) words(raw []byte, start int, out *[]inline) {
	put := func(from, to int, reference bool) {
		if from == to {
			return
		}
		t := raw[from:to]
		if reference {
			t = util.ResolveEntityNames(util.ResolveNumericReferences(util.UnescapePunctuations(t)))
		}
		// An entity may hide what newSource refuses.
		words := strings.Map(func(c rune) rune {
			switch {
			case !invisible(c):
				return c
			case unicode.IsSpace(c):
				return ' ' // else the words on both sides would be one
			}
			return -1
		}, string(t))
		*out = append(*out, inline{kind: inText, text: words, entity: reference, at: r.m.source(start + from)})
	}
	flush := func(from, to int) {
		for ref := references.FindIndex(raw[from:to]); ref != nil; ref = references.FindIndex(raw[from:to]) {
			put(from, from+ref[0], false)
			put(from+ref[0], from+ref[1], true)
			from += ref[1]
		}
		put(from, to, false)
	}
	from := 0
	for i, c := range string(raw) {
		in := inline{at: r.m.source(start + i)}
		switch {
		case c == markOpen:
			in.kind = inOpen
		case c == markClose:
			in.kind = inClose
		case c >= markField && c < markField+rune(numFields):
			in.kind, in.id = inValue, fieldID(c-markField)
			if fields[in.id].kind == linkField {
				r.s.fail(in.at, "{{%s}} needs words: [words]({{%[1]s}})", fields[in.id].name)
			}
		default:
			continue
		}
		flush(from, i)
		*out = append(*out, in)
		from = i + len(string(c))
	}
	flush(from, len(raw))
}
