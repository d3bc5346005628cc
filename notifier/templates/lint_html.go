package templates

import (
	"html"
	"regexp"
	"slices"
	"strings"
)

var cssURL = regexp.MustCompile(`(?i)url\s*\(|@import`)

// page is what a reader, or a mail program, finds in HTML.
type page struct {
	text string
	// hidden is what leaves and is not shown: comments, and attributes of no other use.
	hidden        string
	links, remote []string
}

// blockTags end a word; other tags may stand inside one.
var blockTags = []string{ //nolint:gochecknoglobals // never written again
	"p", "div", "li", "ul", "ol", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "table", "tr", "td", "th",
	"title", "body", "head", "html", "blockquote", "a", "img",
}

// readHTML takes HTML apart as far as the lint needs.
func readHTML(s string) page {
	var p page
	var b, hidden strings.Builder
	for s != "" {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			b.WriteString(html.UnescapeString(s))
			break
		}
		b.WriteString(html.UnescapeString(s[:i]))
		if strings.HasPrefix(s[i:], "<!--") {
			comment, after, _ := strings.Cut(s[i+4:], "-->")
			hidden.WriteString(comment + " ")
			s = after
			continue
		}
		tag, after := cutTag(s[i+1:])
		s = after
		if strings.HasPrefix(tag, "!") || strings.HasPrefix(tag, "?") {
			continue
		}
		name, attrs := splitTag(tag)
		if slices.Contains(blockTags, strings.TrimPrefix(name, "/")) {
			b.WriteByte(' ')
		}
		switch name {
		case "style", "script":
			body, rest, _ := strings.Cut(s, "</"+name)
			_, s, _ = strings.Cut(rest, ">")
			if name == "script" || cssURL.MatchString(body) {
				p.remote = append(p.remote, name)
			}
		case "link", "iframe", "object", "embed", "base", "form", "svg":
			p.remote = append(p.remote, name)
		}
		for _, a := range attrs {
			switch {
			case a.name == "href":
				p.links = append(p.links, a.value)
			case slices.Contains([]string{"src", "srcset", "background", "action", "poster", "data"}, a.name):
				p.remote = append(p.remote, a.value)
			case a.name == "style" && cssURL.MatchString(a.value), strings.HasPrefix(a.name, "on"):
				p.remote = append(p.remote, a.name)
			case slices.Contains([]string{"alt", "title", "aria-label"}, a.name):
				b.WriteString(" " + a.value + " ")
			case !slices.Contains([]string{"style", "class", "role", "charset", "lang", "width", "align", "border", "cellpadding", "cellspacing"}, a.name):
				hidden.WriteString(a.value + " ")
			}
		}
	}
	p.text, p.hidden = b.String(), hidden.String()
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

// splitTag takes a tag apart: its name, and its attributes with a value.
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
		if rest == "" || end < 0 {
			return name, attrs
		}
		key := strings.ToLower(rest[:end])
		rest = strings.TrimLeft(rest[end:], " \n\t\r\f")
		if !strings.HasPrefix(rest, "=") {
			continue // one without a value
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
