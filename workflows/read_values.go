package workflows

import (
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// duration reads a span.
func (r *reader) duration(n ast.Node, key string) (time.Duration, bool) {
	s, ok := r.text(n, key, 200)
	if !ok {
		return 0, false
	}
	d, err := ParseDuration(s)
	if err != nil {
		r.failf(start(n), "%v", err)
		return 0, false
	}
	return d, true
}

// owner reads who is asked: one of the plain words, "role:<role>" or
// "person:<id>".
func (r *reader) owner(n ast.Node, key string, plain ...string) (string, bool) {
	s, ok := r.joined(n)
	if !ok {
		s, ok = r.text(n, key, 200)
	}
	if !ok {
		return "", false
	}
	if slices.Contains(plain, s) {
		return s, true
	}
	kind, name, _ := strings.Cut(s, ":")
	if (kind == "role" || kind == "rota" || kind == "person") && isWord(name) {
		return s, true
	}
	known := append(slices.Clone(plain), "role:<role>", "rota:<rota>", "person:<id>")
	r.failf(start(n), "%#q cannot be %#q; it can be %s", key, shorten(s), listing(known))
	return "", false
}

// joined puts "role:supervisor" together again: inside brackets the YAML parser
// takes it for a key with a value, although no space follows the colon.
func (r *reader) joined(n ast.Node) (string, bool) {
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) == 1 {
		n = m.Values[0]
	}
	v, ok := n.(*ast.MappingValueNode)
	if !ok {
		return "", false
	}
	key, ok1 := v.Key.(*ast.StringNode)
	value, ok2 := v.Value.(*ast.StringNode)
	if !ok1 || !ok2 {
		return "", false
	}
	at := start(key)
	if at.line < 1 || at.line > len(r.lines) {
		return "", false
	}
	line := []rune(r.lines[at.line-1])
	s := key.Value + ":" + value.Value
	if at.column < 1 || at.column > len(line) || !strings.HasPrefix(string(line[at.column-1:]), s) {
		return "", false
	}
	return s, true
}

// pasted says whether a text of the clinic's settings or services stands between the
// quotes of a word processor, which YAML takes for a part of it. An apostrophe inside
// is none; two quotations are the text's own.
func (r *reader) pasted(s string) bool {
	const quotes, apostrophe = "“”„‟‘’‚‛«»‹›", '’'
	text := []rune(strings.TrimSpace(s))
	if r.stored || r.file != clinicFile && r.file != resourcesFile || len(text) < 2 {
		return false
	}
	quote := func(c rune) bool { return strings.ContainsRune(quotes, c) }
	within := slices.ContainsFunc(text[1:len(text)-1], func(c rune) bool { return quote(c) && c != apostrophe })
	return quote(text[0]) && quote(text[len(text)-1]) && !within
}

// yesNo reads true or false; anything else is refused, and no.
func (r *reader) yesNo(e entry) bool {
	b, ok := e.value.(*ast.BoolNode)
	if !ok {
		r.failf(start(e.value), "%#q must be true or false", e.key)
		return false
	}
	return b.Value
}

// clock reads "20:00" as an offset from midnight.
func (r *reader) clock(e entry) (time.Duration, bool) { return r.timeOfDay(e, false) }

// closing is clock for the end of a stretch of a day, which midnight may be.
func (r *reader) closing(e entry) (time.Duration, bool) { return r.timeOfDay(e, true) }

func (r *reader) timeOfDay(e entry, toMidnight bool) (time.Duration, bool) {
	s, ok := r.text(e.value, e.key, 40)
	if !ok {
		return 0, false
	}
	example := `"20:00"`
	if toMidnight {
		if s == "24:00" {
			return 24 * time.Hour, true
		}
		example += `, and "24:00" at the latest`
	}
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != len("15:04") {
		r.failf(start(e.value), "%#q must be an hour and minute such as %s, not %#q", e.key, example, shorten(s))
		return 0, false
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, true
}
