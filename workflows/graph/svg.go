package graph

import (
	"encoding/xml"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The sizes of the picture, in CSS pixels.
const (
	boxWidth    = 272
	boxInside   = 14 // between a box's edge and its words
	lineHeight  = 19
	headHeight  = 20
	gap         = 30 // between two boxes, for the arrow
	armGap      = 28 // between two ways
	margin      = 24
	lineLetters = 36 // how many letters fit a line
)

// draft is said of a workflow that nobody has approved.
const draft = "A draft: it sends nothing."

// SVG is the picture as one file: no script, no remote content, in light and dark.
func (c *Chart) SVG() string {
	all := append([]Box{c.Start}, c.Steps...)
	width := max(seqWidth(all), boxWidth) + 2*margin
	s := &drawing{}
	middle := width / 2
	y := margin
	y = s.words("title", margin, y, wrap(c.Title, (width-2*margin)/11), 24)
	if c.Draft {
		y = s.words("head", margin, y, []string{draft}, lineHeight)
	}
	y = s.words("why", margin, y, wrap(c.Why, (width-2*margin)*10/78), lineHeight) + gap/2
	y, _ = s.steps(all, middle, y)
	if len(c.Stops) > 0 {
		y = s.panel("It ends at once when", c.Stops, margin, y+gap, width-2*margin)
	}
	if c.Goal != "" {
		y = s.panel("It has done its work when", []string{c.Goal}, margin, y+gap/2, width-2*margin)
	}
	height := y + margin
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-labelledby="title outline">
<title id="title">%s</title>
<desc id="outline">%s</desc>
<style>%s</style>
<rect class="paper" width="%d" height="%d"/>
%s</svg>
`, width, height, width, height, text(c.Title), text(c.Outline()), style, width, height, s.out.String())
}

const style = `
svg { --paper: #fbf8f2; --ink: #22303a; --soft: #5c6670; --line: #8a9299; --card: #ffffff; --sea: #1f5c66; --mail: #e3efee; --task: #fdf1d8; --tasks: #8a6412; --ask: #fbe3dc; --asks: #8f3a22; font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
@media (prefers-color-scheme: dark) { svg { --paper: #14191d; --ink: #e8e6e1; --soft: #a9b0b6; --line: #6d767d; --card: #1d242a; --sea: #7fc4ce; --mail: #18363b; --task: #3a2f14; --tasks: #e0b860; --ask: #41221a; --asks: #f0a58f; } }
.paper { fill: var(--paper); }
text { fill: var(--ink); font-size: 14px; }
.title { font-size: 19px; font-weight: 700; }
.why, .label { fill: var(--soft); }
.label { font-size: 13px; font-style: italic; text-anchor: middle; }
.head { font-weight: 700; font-size: 13px; }
.box { fill: var(--card); stroke: var(--line); stroke-width: 1.5; }
.mail, .note { fill: var(--mail); stroke: var(--sea); }
.task { fill: var(--task); stroke: var(--tasks); }
.escalate { fill: var(--ask); stroke: var(--asks); stroke-width: 2.5; }
.start { stroke: var(--sea); stroke-width: 2.5; }
.choose, .split { stroke-dasharray: 5 4; }
.way { fill: none; stroke: var(--line); stroke-width: 1.5; }
.tip { fill: var(--line); }
`

// drawing collects shapes.
type drawing struct{ out strings.Builder }

// steps draws boxes below each other around a middle line, from y on, and returns where
// the last one ends, and whether the way goes on from there.
func (d *drawing) steps(boxes []Box, middle, y int) (bottom int, on bool) {
	for i := range boxes {
		if i > 0 {
			d.arrow(middle, y, y+gap)
			y += gap
		}
		b := &boxes[i]
		y = d.box(b, middle, y)
		if len(b.Arms) > 0 {
			var on bool
			if y, on = d.arms(b.Arms, middle, y); !on {
				return y, false
			}
		}
		if b.Kind == Ends {
			return y, false
		}
	}
	return y, true
}

// arms draws the ways beside each other, and joins those that go on.
func (d *drawing) arms(arms []Arm, middle, y int) (bottom int, on bool) {
	const drop = 16
	left := middle - armsWidth(arms)/2
	labels := 0
	for _, a := range arms {
		labels = max(labels, len(wrap(a.Label, lineLetters)))
	}
	top := y + 2*drop + labels*lineHeight
	type open struct{ x, y int }
	var ends []open
	first, last := 0, 0
	d.line(middle, y, middle, y+drop)
	for i, a := range arms {
		w := max(seqWidth(a.Steps), boxWidth)
		x := left + w/2
		if i == 0 {
			first = x
		}
		last = x
		d.line(x, y+drop, x, y+drop+6)
		under := d.words("label", x, y+drop+6, wrap(a.Label, lineLetters), lineHeight)
		end, goes := under, true
		if len(a.Steps) > 0 {
			d.arrow(x, under, top+gap/2)
			end, goes = d.steps(a.Steps, x, top+gap/2)
		}
		bottom = max(bottom, end)
		if goes {
			ends = append(ends, open{x, end})
		}
		left += w + armGap
	}
	d.line(first, y+drop, last, y+drop)
	if len(ends) == 0 {
		return bottom, false
	}
	join := bottom + drop
	for _, e := range ends {
		d.line(e.x, e.y, e.x, join)
	}
	d.line(min(ends[0].x, middle), join, max(ends[len(ends)-1].x, middle), join)
	return join, true
}

// box draws one box and returns where it ends.
func (d *drawing) box(b *Box, middle, y int) int {
	h := boxHeight(b)
	round := 8
	if b.Kind == Starts || b.Kind == Ends {
		round = 22
	}
	x := middle - boxWidth/2
	fmt.Fprintf(&d.out, "<rect class=\"box %s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"%d\"/>\n", b.Kind, x, y, boxWidth, h, round)
	at := d.words("head", x+boxInside, y+boxInside-4, wrap(b.Head, lineLetters-2), headHeight)
	for _, l := range b.Lines {
		at = d.words("", x+boxInside, at, wrap(l, lineLetters-2), lineHeight)
	}
	return y + h
}

func boxHeight(b *Box) int {
	h := 2*boxInside - 8 + len(wrap(b.Head, lineLetters-2))*headHeight
	for _, l := range b.Lines {
		h += len(wrap(l, lineLetters-2)) * lineHeight
	}
	return h
}

// panel draws a list on the width of the picture.
func (d *drawing) panel(head string, lines []string, x, y, width int) int {
	letters := (width - 2*boxInside) * 10 / 78
	h := 2*boxInside - 8 + headHeight
	var all [][]string
	for _, l := range lines {
		if len(lines) > 1 {
			l = "• " + l
		}
		all = append(all, wrap(l, letters))
		h += len(all[len(all)-1]) * lineHeight
	}
	fmt.Fprintf(&d.out, "<rect class=\"box\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"8\"/>\n", x, y, width, h)
	at := d.words("head", x+boxInside, y+boxInside-4, []string{head}, headHeight)
	for _, l := range all {
		at = d.words("", x+boxInside, at, l, lineHeight)
	}
	return y + h
}

// words writes lines and returns where the next would stand.
func (d *drawing) words(class string, x, y int, lines []string, step int) int {
	for _, l := range lines {
		y += step
		if class == "" {
			fmt.Fprintf(&d.out, "<text x=\"%d\" y=\"%d\">%s</text>\n", x, y-5, text(l))
			continue
		}
		fmt.Fprintf(&d.out, "<text class=\"%s\" x=\"%d\" y=\"%d\">%s</text>\n", class, x, y-5, text(l))
	}
	return y
}

func (d *drawing) line(x1, y1, x2, y2 int) {
	if x1 != x2 || y1 != y2 {
		fmt.Fprintf(&d.out, "<path class=\"way\" d=\"M%d %dL%d %d\"/>\n", x1, y1, x2, y2)
	}
}

func (d *drawing) arrow(x, from, to int) {
	d.line(x, from, x, to-6)
	fmt.Fprintf(&d.out, "<path class=\"tip\" d=\"M%d %dl-5 -9h10z\"/>\n", x, to)
}

// seqWidth is how wide boxes below each other are.
func seqWidth(boxes []Box) int {
	w := 0
	for i := range boxes {
		w = max(w, boxWidth, armsWidth(boxes[i].Arms))
	}
	return w
}

func armsWidth(arms []Arm) int {
	w := 0
	for i, a := range arms {
		if i > 0 {
			w += armGap
		}
		w += max(seqWidth(a.Steps), boxWidth)
	}
	return w
}

// text is a text's characters in XML.
func text(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder takes all
	return b.String()
}

// wrap breaks text into lines of so many letters; a longer word is cut.
func wrap(words string, letters int) []string {
	letters = max(letters, 8)
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(words) {
		for utf8.RuneCountInString(word) > letters {
			if line != "" {
				lines, line = append(lines, line), ""
			}
			r := []rune(word)
			lines, word = append(lines, string(r[:letters])), string(r[letters:])
		}
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= letters:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// Outline is the picture in words, for whoever does not see it.
func (c *Chart) Outline() string {
	var b strings.Builder
	var tell func(boxes []Box, deep string)
	tell = func(boxes []Box, deep string) {
		for i := range boxes {
			x := &boxes[i]
			b.WriteString(deep + x.Head)
			if len(x.Lines) > 0 {
				b.WriteString(": " + strings.Join(x.Lines, "; ") + ".")
			}
			b.WriteString("\n")
			for _, a := range x.Arms {
				b.WriteString(deep + "  If " + a.Label + pick(len(a.Steps) > 0, ":", ": on with what follows.") + "\n")
				tell(a.Steps, deep+"    ")
			}
		}
	}
	tell([]Box{c.Start}, "")
	tell(c.Steps, "")
	for _, s := range c.Stops {
		b.WriteString("It ends at once when " + s + ".\n")
	}
	if c.Goal != "" {
		b.WriteString("It has done its work when " + c.Goal + ".\n")
	}
	return b.String()
}
