package templates

import (
	"bytes"
	"html"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

var cssURL = regexp.MustCompile(`(?i)url\s*\(|@import`)

// fetches says whether a style loads something.
func fetches(style string) bool {
	low := strings.ToLower(style)
	return (strings.Contains(low, "url") || strings.Contains(low, "@import")) && cssURL.MatchString(low)
}

// page is what a reader, or a mail program, finds in HTML.
type page struct {
	text string
	// hidden is what leaves and is not shown: comments, and attributes of no other use.
	hidden        string
	links, remote []string
	// seams are stretches of text in which a word goes over the border of two cells,
	// lines or links: "med</td><td>icine".
	seams []string
	// disguised are the tags and styles that hide, move or add words.
	disguised []string
}

// blockTags end a word; other tags may stand inside one.
var blockTags = []string{ //nolint:gochecknoglobals // never written again
	"p", "div", "li", "ul", "ol", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "table", "tr", "td", "th",
	"title", "body", "head", "html", "blockquote", "a", "img",
}

// seamTags are those of them that leave the words around them side by side, or in one
// column.
var seamTags = []string{"br", "td", "th", "tr", "a", "img"} //nolint:gochecknoglobals // never written again

// disguises are the tags whose content shows in some programs alone, or in another
// order.
var disguises = []string{"bdo", "template", "noscript", "noembed", "xmp", "plaintext", "textarea", "input", "select", "option", "datalist", "dialog", "details", "summary", "marquee", "math", "ruby", "rt", "rp", "canvas", "video", "audio", "font"} //nolint:gochecknoglobals // never written again

// seams is a page's text without what its boxes, lines and links put between words.
type seams struct {
	text []byte
	// at are the places of borders with a word before them; boxed says that one of a box
	// or a line is the last thing read, which swallows spaces.
	at    []int
	boxed bool
	// block is where the last block ends or begins: nothing goes over that.
	block int
}

const spaces = " \n\t\r\f"

func (s *seams) add(text string) {
	if s.boxed {
		text = strings.TrimLeft(text, spaces)
		s.boxed = text == ""
	}
	s.text = append(s.text, text...)
}

// border takes a tag that ends a word.
func (s *seams) border(name string) {
	if !slices.Contains(seamTags, name) {
		s.text, s.boxed = append(s.text, '\n'), false
		s.block = len(s.text)
		return
	}
	if name != "a" && name != "img" {
		s.text, s.boxed = append(s.text[:s.block], bytes.TrimRight(s.text[s.block:], spaces)...), true
	}
	if k := len(s.text); k > 0 && strings.IndexByte(spaces, s.text[k-1]) < 0 {
		s.at = append(s.at, k)
	}
}

// aroundSeam is how many bytes around a border are read.
const aroundSeam = 64

// words are stretches of text with words that go over a border.
func (s *seams) words() []string {
	var out []string
	text := string(s.text)
	from, to := 0, 0 // the stretch so far; one that overlaps the next is read with it
	for _, at := range s.at {
		if at == len(text) {
			break
		}
		if r, _ := utf8.DecodeRuneInString(text[at:]); !unicode.IsLetter(r) && !unicode.IsDigit(r) && !invisible(r) {
			continue
		}
		begin, end := max(0, at-aroundSeam), min(len(text), at+aroundSeam)
		if space := strings.IndexAny(text[begin:at], spaces); begin > 0 && space >= 0 {
			begin += space
		}
		if space := strings.LastIndexAny(text[at:end], spaces); end < len(text) && space > 0 {
			end = at + space
		}
		if begin < to {
			to = end
			continue
		}
		if to > 0 {
			out = append(out, text[from:to])
		}
		from, to = begin, end
	}
	if to > 0 {
		out = append(out, text[from:to])
	}
	return out
}

// readHTML takes HTML apart as far as the lint needs.
func readHTML(s string) page {
	var p page
	var b, hidden strings.Builder
	var seen seams
	var styles []string
	disguise := func(how string) {
		if !slices.Contains(p.disguised, how) {
			p.disguised = append(p.disguised, how)
		}
	}
	show := func(text string) {
		text = html.UnescapeString(text)
		b.WriteString(text)
		seen.add(text)
	}
	for s != "" {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			show(s)
			break
		}
		show(s[:i])
		if strings.HasPrefix(s[i:], "<!--") {
			comment, after, _ := strings.Cut(s[i+4:], "-->")
			hidden.WriteString(comment + " ")
			if strings.HasPrefix(comment, "[") {
				disguise("a comment for some programs")
			}
			s = after
			continue
		}
		tag, after := cutTag(s[i+1:])
		s = after
		if strings.HasPrefix(tag, "!") || strings.HasPrefix(tag, "?") {
			continue
		}
		name, attrs := splitTag(tag)
		if plain := strings.TrimPrefix(name, "/"); slices.Contains(blockTags, plain) {
			b.WriteByte(' ')
			seen.border(plain)
		} else if slices.Contains(disguises, plain) {
			disguise("<" + plain + ">")
		}
		switch name {
		case "style", "script":
			body, rest, _ := strings.Cut(s, "</"+name)
			_, s, _ = strings.Cut(rest, ">")
			if name == "script" || fetches(body) {
				p.remote = append(p.remote, name)
			}
			if style := strangeStyle(body); name == "style" && style != "" {
				disguise(style)
			}
		case "link", "iframe", "object", "embed", "base", "form", "svg":
			p.remote = append(p.remote, name)
		}
		for _, a := range attrs {
			if a.name == "style" {
				if slices.Contains(styles, a.value) {
					continue // our own mails repeat a few
				}
				styles = append(styles, a.value)
				if style := strangeStyle(a.value); style != "" {
					disguise(style)
				}
			}
			switch {
			case a.name == "dir", a.name == "hidden":
				disguise(a.name)
			case a.name == "href":
				p.links = append(p.links, a.value)
			case slices.Contains([]string{"src", "srcset", "background", "action", "poster", "data"}, a.name):
				p.remote = append(p.remote, a.value)
			case a.name == "style" && fetches(a.value), strings.HasPrefix(a.name, "on"):
				p.remote = append(p.remote, a.name)
			case slices.Contains([]string{"alt", "title", "aria-label"}, a.name):
				b.WriteString(" " + a.value + " ")
			case !slices.Contains([]string{"style", "class", "role", "charset", "lang", "width", "align", "border", "cellpadding", "cellspacing"}, a.name):
				hidden.WriteString(a.value + " ")
			}
		}
	}
	p.text, p.hidden, p.seams = b.String(), hidden.String(), seen.words()
	return p
}

// cutTag splits behind the > that ends a tag, minding quotes.
func cutTag(s string) (tag, after string) {
	var quote byte
	for i := range len(s) {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

type attribute struct{ name, value string }

// splitTag takes a tag apart: its name, and its attributes.
func splitTag(tag string) (name string, attrs []attribute) {
	space := func(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' }
	i := 0
	for i < len(tag) && !space(tag[i]) && (tag[i] != '/' || i == 0) {
		i++
	}
	name, rest := strings.ToLower(tag[:i]), tag[i:]
	for {
		rest = strings.TrimLeft(rest, " \n\t\r\f/")
		end := strings.IndexAny(rest, "= \n\t\r\f")
		if rest == "" {
			return name, attrs
		}
		if end < 0 {
			return name, append(attrs, attribute{name: strings.ToLower(rest)})
		}
		key := strings.ToLower(rest[:end])
		rest = strings.TrimLeft(rest[end:], " \n\t\r\f")
		if !strings.HasPrefix(rest, "=") {
			attrs = append(attrs, attribute{name: key}) // one without a value
			continue
		}
		rest = strings.TrimLeft(rest[1:], " \n\t\r\f")
		var value string
		if quote := cutRunes(rest, 1); quote == `"` || quote == "'" {
			value, rest, _ = strings.Cut(rest[1:], quote)
		} else if end := strings.IndexAny(rest, " \n\t\r\f"); end >= 0 {
			value, rest = rest[:end], rest[end:]
		} else {
			value, rest = rest, ""
		}
		attrs = append(attrs, attribute{key, html.UnescapeString(value)})
	}
}

// plainStyles are the properties that leave the words of a mail where and as they stand.
var plainStyles = map[string]bool{ //nolint:gochecknoglobals // never written again
	"background": true, "background-color": true, "border": true, "border-collapse": true, "border-color": true, "border-left": true, "border-radius": true, "border-top": true, "border-width": true,
	"color": true, "color-scheme": true, "display": true, "font-family": true, "font-size": true, "font-style": true, "font-weight": true, "line-height": true, "margin": true, "max-width": true,
	"padding": true, "padding-left": true, "text-align": true, "text-decoration": true, "white-space": true, "width": true, "-webkit-text-size-adjust": true, "vertical-align": true,
}

// strangeStyle is the first declaration of a style that may hide, move, turn or add
// words; empty where there is none.
func strangeStyle(style string) string {
	if strings.Contains(style, "\\") || strings.Contains(style, "/*") {
		return "a style in disguise"
	}
	for style != "" {
		end := strings.IndexAny(style, "{};")
		if end < 0 {
			end = len(style)
		}
		one := style[:end]
		selects := end < len(style) && style[end] == '{'
		style = style[min(end+1, len(style)):]
		name, value, ok := strings.Cut(one, ":")
		if selects || !ok {
			continue
		}
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.ToLower(strings.TrimSpace(value))
		value = strings.TrimSpace(strings.TrimSuffix(value, "!important"))
		small := (name == "font-size" || name == "line-height" || name == "width" || name == "max-width") && (strings.HasPrefix(value, "0") || strings.HasPrefix(value, ".") || strings.HasPrefix(value, "-"))
		if !plainStyles[name] || small || name == "display" && value != "block" && value != "inline-block" && value != "inline" || strings.Contains(value, "transparent") || strings.Contains(value, "rgba(") || strings.Contains(name, "margin") && strings.Contains(value, "-") {
			return name + ":" + value
		}
	}
	return ""
}
