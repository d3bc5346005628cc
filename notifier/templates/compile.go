package templates

import "strings"

type opKind uint8

const (
	opLit       opKind = iota // write lit
	opValue                   // write the value of id, escaped for the target
	opLink                    // write the link of id
	opNeed                    // unless every field in need has a value, go to the op at to
	opAny                     // unless one of any has all its values, go to the op at to
	opResources               // write the resource list
	opEach                    // up to the op at to, once for each task of a digest
)

// op is one step of a compiled part: what a render does, with all Markdown and
// all choice of wording behind it.
type op struct {
	kind opKind
	id   fieldID
	lit  string
	need uint64
	any  []uint64
	to   int
}

// program is a list of ops.
type program []op

func (p *program) lit(s string) {
	if s == "" {
		return
	}
	if k := len(*p); k > 0 && (*p)[k-1].kind == opLit && !p.target(k) {
		(*p)[k-1].lit += s
		return
	}
	*p = append(*p, op{kind: opLit, lit: s})
}

// target says whether a jump leads to the op at i: what it skips must not
// grow together with what follows.
func (p *program) target(i int) bool {
	for _, o := range *p {
		if (o.kind == opNeed || o.kind == opAny || o.kind == opEach) && o.to == i {
			return true
		}
	}
	return false
}

// when compiles inner under a condition; need 0 is always true.
func (p *program) when(need uint64, inner func()) {
	if need == 0 {
		inner()
		return
	}
	at := len(*p)
	*p = append(*p, op{kind: opNeed, need: need, to: -1})
	inner()
	(*p)[at].to = len(*p)
}

// needs is what a paragraph cannot do without: its fields outside [[ ]].
func needs(runs []inline) uint64 {
	var need uint64
	depth := 0
	for _, in := range runs {
		switch in.kind {
		case inOpen:
			depth++
		case inClose:
			depth--
		case inValue:
			if depth == 0 {
				need |= bit(in.id)
			}
		case inLink:
			if depth == 0 && !in.fixed {
				need |= bit(in.id)
			}
		}
	}
	return need
}

// uses is every field of a paragraph.
func uses(runs []inline) uint64 {
	var all uint64
	for _, in := range runs {
		if in.kind == inValue || (in.kind == inLink && !in.fixed) {
			all |= bit(in.id)
		}
	}
	return all
}

// group is the inside of the [[ ]] that opens at runs[i].
func group(runs []inline, i int) []inline {
	for j := i + 1; j < len(runs); j++ {
		if runs[j].kind == inClose {
			return runs[i+1 : j]
		}
	}
	return runs[i+1:]
}

// compiled is a template ready to render.
type compiled struct {
	subject program
	html    program
	text    []textBlock
	// uses are the fields that the mail shows, must those it is refused
	// without.
	uses, must uint64
	// size is about how long the HTML and the text grow.
	sizeHTML, sizeText int
	// links are the fixed targets that stand in the file.
	links []string
}

// textBlock is one paragraph of the text part.
type textBlock struct {
	need uint64
	ops  program
	// first and rest begin the first and the further lines.
	first, rest string
	// group is the same for blocks that stand on successive lines; an empty
	// line separates the others.
	group int
	// part marks the crisis line, replies and preferences.
	part bool
	// resources asks for the clinic's list in place of ops.
	resources bool
	// each stands there once for each task of a digest, with the blocks beside it
	// that do.
	each bool
}

// compiler builds one template from its document.
type compiler struct {
	out     compiled
	parts   map[string]document
	group   int
	buttons int
	part    fieldID // the part being compiled, numFields for none
}

// compile turns a subject and a document into a compiled template; parts are
// the language's shared paragraphs.
func compile(language string, subject []inline, doc document, parts map[string]document) compiled {
	c := &compiler{parts: parts, part: numFields}
	c.out.uses = uses(subject)
	c.out.must = musts(needs(subject))
	c.inlineText(&c.out.subject, subject)
	h := &c.out.html
	h.lit(frameHead + language + frameTitle)
	*h = append(*h, c.out.subject...)
	for i := range *h {
		// The subject's own jumps moved by the op before it.
		if (*h)[i].kind == opNeed {
			(*h)[i].to++
		}
	}
	h.lit(frameBody)
	for _, b := range doc {
		c.block(b)
	}
	h.lit(frameEnd)
	for _, o := range c.out.html {
		c.out.sizeHTML += len(o.lit) + 64
	}
	for _, b := range c.out.text {
		for _, o := range b.ops {
			c.out.sizeText += len(o.lit) + 64
		}
	}
	return c.out
}

// musts keeps the fields whose absence refuses the mail.
func musts(set uint64) uint64 {
	var out uint64
	for id := range numFields {
		if set&bit(id) != 0 && fields[id].must {
			out |= bit(id)
		}
	}
	return out
}

// note keeps account of the fields and links of a paragraph.
func (c *compiler) note(runs []inline) {
	c.out.uses |= uses(runs)
	c.out.must |= musts(needs(runs))
	for _, in := range runs {
		if in.kind == inLink && in.fixed {
			c.out.links = append(c.out.links, in.text)
		}
	}
}

func (c *compiler) block(b block) {
	c.group++
	switch b.kind {
	case paragraph:
		c.paragraph(b)
	case heading:
		c.note(b.runs)
		c.out.html.when(needs(b.runs), func() {
			c.out.html.lit(hOpen)
			c.inlineHTML(b.runs)
			c.out.html.lit(hEnd)
		})
		c.textOf(b.runs, "", "")
	case list, ordered:
		c.list(b)
	case rule:
		c.out.html.lit(hrLine)
		c.out.text = append(c.out.text, textBlock{ops: program{{kind: opLit, lit: textRule}}, group: c.group})
	case partBlock:
		if b.part == fResources {
			c.resources(0)
			return
		}
		c.partOf(b.part)
	}
}

// partOf compiles one of the language's shared parts in its place.
func (c *compiler) partOf(part fieldID) {
	c.part = part
	if part == fCrisisLine {
		c.out.html.lit(noteOpen)
	}
	for _, b := range c.parts[fields[part].name] {
		c.block(b)
	}
	if part == fCrisisLine {
		c.out.html.lit(noteEnd)
	}
	c.part = numFields
}

// paragraph compiles words, then the button or the list that ends them.
func (c *compiler) paragraph(b block) {
	words, button := b.runs, []inline(nil)
	if c.part == numFields {
		words, button = splitButton(b.runs)
	}
	need := needs(b.runs)
	if b.part == fResources {
		need |= bit(fResources)
	}
	c.note(b.runs)
	open, end := pOpen, pEnd
	switch c.part {
	case fCrisisLine:
		open = noteP
	case fReplies, fPreferences:
		open = softOpen
	}
	c.out.html.when(need, func() {
		if len(words) > 0 {
			c.out.html.lit(open)
			c.inlineHTML(words)
			c.out.html.lit(end)
		}
		if button != nil {
			c.button(button)
		}
	})
	if len(words) > 0 {
		c.textNeed(words, need, "", "")
	}
	if button != nil {
		c.group++
		label := append(append([]inline{}, button[1:len(button)-1]...), inline{kind: inText, text: ":"})
		c.textNeed(label, need, "", "")
		c.textURL(button[0], need, "")
	}
	if b.part == fResources {
		c.group++
		c.resources(need)
	}
}

// splitButton finds the link that has a paragraph, or its last line, to
// itself.
func splitButton(runs []inline) (words, button []inline) {
	k := len(runs)
	if k < 3 || runs[k-1].kind != inLinkEnd {
		return runs, nil
	}
	for i := k - 2; i >= 0; i-- {
		if runs[i].kind != inLink {
			continue
		}
		if i == 0 {
			return nil, runs
		}
		if runs[i-1].kind == inSoft || runs[i-1].kind == inBreak {
			return runs[:i-1], runs[i:]
		}
		break
	}
	return runs, nil
}

func (c *compiler) button(runs []inline) {
	c.buttons++
	open := btnOpen
	if c.buttons > 1 {
		// The first button is what the mail is about.
		open = btn2Open
	}
	h := &c.out.html
	h.lit(open)
	c.target(h, runs[0])
	h.lit(aMid)
	c.inlineHTML(runs[1 : len(runs)-1])
	h.lit(aEnd + pEnd)
}

func (c *compiler) target(p *program, in inline) {
	if in.fixed {
		p.lit(escape(in.text))
		return
	}
	*p = append(*p, op{kind: opLink, id: in.id})
}

func (c *compiler) list(b block) {
	h := &c.out.html
	var shown []uint64
	for _, runs := range b.items {
		c.note(runs)
		shown = append(shown, needs(runs))
	}
	open, end := ulOpen, ulEnd
	if b.kind == ordered {
		open, end = olOpen, olEnd
	}
	at := len(*h)
	*h = append(*h, op{kind: opAny, any: shown})
	h.lit(open)
	for i, runs := range b.items {
		from, each := len(*h), uses(runs)&bit(fTaskLink) != 0
		if each {
			*h = append(*h, op{kind: opEach})
		}
		h.when(shown[i], func() {
			h.lit(liOpen)
			c.inlineHTML(runs)
			h.lit(liEnd)
		})
		if each {
			(*h)[from].to = len(*h)
		}
		first := "- "
		if b.kind == ordered {
			first = round(i+1) + ". "
		}
		text := len(c.out.text)
		c.textOf(runs, first, strings.Repeat(" ", len(first)))
		for k := range c.out.text[text:] {
			c.out.text[text+k].each = each
		}
	}
	h.lit(end)
	(*h)[at].to = len(*h)
}

func (c *compiler) resources(need uint64) {
	need |= bit(fResources)
	c.out.uses |= bit(fResources)
	c.out.html.when(need, func() {
		c.out.html = append(c.out.html, op{kind: opResources})
	})
	c.out.text = append(c.out.text, textBlock{need: need, resources: true, group: c.group})
}

func (c *compiler) textOf(runs []inline, first, rest string) {
	c.textNeed(runs, needs(runs), first, rest)
}

// textNeed adds a paragraph to the text part, then each link of its words on a
// line of its own.
func (c *compiler) textNeed(runs []inline, need uint64, first, rest string) {
	b := textBlock{need: need, first: first, rest: rest, group: c.group, part: c.part != numFields}
	c.inlineText(&b.ops, runs)
	c.out.text = append(c.out.text, b)
	var inGroup uint64
	for i, in := range runs {
		switch in.kind {
		case inOpen:
			inGroup = uses(group(runs, i))
		case inClose:
			inGroup = 0
		case inLink:
			c.textURL(in, need|inGroup, rest)
		}
	}
}

func (c *compiler) textURL(in inline, need uint64, indent string) {
	b := textBlock{need: need, first: indent, rest: indent, group: c.group, part: c.part != numFields}
	if in.fixed {
		b.ops.lit(in.text)
	} else {
		b.ops = append(b.ops, op{kind: opLink, id: in.id})
	}
	c.out.text = append(c.out.text, b)
}

// inlineText compiles words for the text part and the subject.
func (c *compiler) inlineText(p *program, runs []inline) {
	for i, in := range runs {
		switch in.kind {
		case inText:
			p.lit(in.text)
		case inSoft:
			p.lit(" ")
		case inBreak:
			p.lit("\n")
		case inValue:
			*p = append(*p, op{kind: opValue, id: in.id})
		case inOpen:
			inside := group(runs, i)
			p.when(uses(inside), func() { c.inlineText(p, inside) })
			c.inlineText(p, runs[min(i+len(inside)+2, len(runs)):])
			return
		}
	}
}

// inlineHTML compiles words for the HTML part.
func (c *compiler) inlineHTML(runs []inline) {
	h := &c.out.html
	for i, in := range runs {
		switch in.kind {
		case inText:
			h.lit(escape(in.text))
		case inSoft:
			h.lit("\n")
		case inBreak:
			h.lit("<br/>\n")
		case inStrong:
			h.lit("<strong>")
		case inStrongEnd:
			h.lit("</strong>")
		case inEm:
			h.lit("<em>")
		case inEmEnd:
			h.lit("</em>")
		case inLink:
			h.lit(aOpen)
			c.target(h, in)
			h.lit(aMid)
		case inLinkEnd:
			h.lit(aEnd)
		case inValue:
			open, end := around(in.id)
			h.lit(open)
			*h = append(*h, op{kind: opValue, id: in.id})
			h.lit(end)
		case inOpen:
			inside := group(runs, i)
			h.when(uses(inside), func() { c.inlineHTML(inside) })
			c.inlineHTML(runs[min(i+len(inside)+2, len(runs)):])
			return
		}
	}
}

// around is the markup that a value stands in.
func around(id fieldID) (open, end string) {
	switch id {
	case fFirstName, fStaffName, fOwnerName:
		// A name in another script must not turn its sentence around.
		return "<bdi>", "</bdi>"
	case fClinicPhone, fCrisisPhone, fCode:
		return noWrap, "</span>"
	}
	return "", ""
}
