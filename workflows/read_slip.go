package workflows

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"

	"github.com/mooring-care/mooring/workflows/finding"
)

// slip says in plain words what is likely wrong where the parser gave up, what to do,
// and where: the parser often stumbles some lines below what was forgotten. The parser's
// own words stand in brackets. It guesses, and never fails.
func (r *reader) slip(at place, parser string) (place, string) {
	s := &slips{lines: r.lines, at: at, tokens: tokenize(strings.Join(r.lines, "\n")), parser: parser}
	for _, look := range []func() bool{s.tab, s.oddSpace, s.condition, s.quote, s.escape, s.bracket, s.beginning, s.keyword, s.colon, s.indent} {
		if look() {
			break
		}
	}
	if s.wrong == "" {
		s.wrong, s.mend = "this line cannot be read",
			"look at it and at the one above: a text that holds a colon, a quote or a # needs quotes around it, and entries that belong together begin with the same number of spaces"
	}
	// What parts a sentence of ours, and what would be a space, is written another way.
	words := strings.NewReplacer(";", ",", "`", "'", "\t", "⇥")
	return s.at, fmt.Sprintf("%s (YAML says: %s); %s", s.wrong, words.Replace(parser), s.mend)
}

// tokenize splits a text; what the parser's panics leave is enough for a guess.
func tokenize(text string) (out token.Tokens) {
	defer func() {
		if recover() != nil {
			out = nil
		}
	}()
	return lexer.Tokenize(text)
}

// slips looks for one slip after the other.
type slips struct {
	lines  []string
	tokens token.Tokens
	// at is where the parser gave up, and then what the slip is at.
	at          place
	parser      string // its own words
	wrong, mend string
}

// found takes down a slip.
func (s *slips) found(at place, wrong, mend string) bool {
	s.at, s.wrong, s.mend = at, wrong, mend
	return true
}

// line is a line by its number, empty outside the file.
func (s *slips) line(n int) string {
	if n < 1 || n > len(s.lines) {
		return ""
	}
	return s.lines[n-1]
}

// near are the line of the error and those beside it, the most likely first.
func (s *slips) near() []int { return []int{s.at.line, s.at.line + 1, s.at.line - 1} }

// leading is the white space that a line begins with.
func leading(line string) string {
	return line[:len(line)-len(strings.TrimLeftFunc(line, unicode.IsSpace))]
}

func (s *slips) tab() bool {
	for _, n := range s.near() {
		if i := strings.IndexByte(leading(s.line(n)), '\t'); i >= 0 && strings.TrimSpace(s.line(n)) != "" {
			return s.found(place{n, len([]rune(s.line(n)[:i])) + 1}, "a tab stands here", "indent with spaces")
		}
	}
	return false
}

func (s *slips) oddSpace() bool {
	for _, n := range s.near() {
		if column := oddSpaceIn(s.line(n)); column > 0 {
			return s.found(place{n, column}, "the space here is no plain one, as it comes from a web page or a word processor", "type the spaces again")
		}
	}
	return false
}

// oddSpaceIn is the column of a space that is no plain one, before a line's text or
// behind its first colon or hyphen; 0 where there is none.
func oddSpaceIn(line string) int {
	indent := true
	var last rune
	for i, c := range []rune(line) {
		switch {
		case unicode.Is(unicode.Zs, c) && c != ' ' && (indent || last == ':' || last == '-'):
			return i + 1
		case unicode.IsSpace(c):
		default:
			indent, last = false, c
		}
	}
	return 0
}

// before says whether a token begins before the place of the error or at it.
func (s *slips) before(t *token.Token) bool {
	at := tokenPlace(t)
	return at.line < s.at.line || at.line == s.at.line && at.column <= s.at.column
}

// quote looks for a quote that is not closed, that closes lines below where it was
// meant to, or that ends before its text does.
func (s *slips) quote() bool {
	const mend = "close it with the same quote at the end of the text"
	depth := 0
	for i, t := range s.tokens {
		if !s.before(t) {
			break
		}
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			depth++
		case token.MappingEndType, token.SequenceEndType:
			depth--
		}
		text := strings.TrimSpace(t.Origin)
		quoted := t.Type == token.SingleQuoteType || t.Type == token.DoubleQuoteType
		unclosed := t.Type == token.InvalidType && text != "" && strings.ContainsRune(`'"`, rune(text[0])) && strings.Contains(t.Error, "end character")
		switch at := tokenPlace(t); {
		case unclosed:
			return s.found(at, "this text begins with a quote that is not closed", mend)
		case !quoted || i+1 == len(s.tokens) || tokenPlace(s.tokens[i+1]) != s.at || s.tokens[i+1].Type == token.CommentType:
		case strings.Contains(text, "\n"):
			return s.found(at, "this text begins with a quote that is not closed", mend)
		case at.line != s.at.line:
		case t.Type == token.SingleQuoteType && s.tokens[i+1].Type == token.StringType && strings.Contains(s.line(at.line), "'"+s.tokens[i+1].Value):
			return s.found(at, "an apostrophe ends this text, since a ' begins it", `put the text between double quotes ("), or write the apostrophe twice`)
		case depth > 0: // a comma is missing, perhaps
		case slices.Contains([]token.Type{token.StringType, token.SingleQuoteType, token.DoubleQuoteType}, s.tokens[i+1].Type):
			return s.found(at, "this text goes on behind the quote that ends it", "put quotes around all of it, and none inside")
		}
	}
	return false
}

// condition is a condition that nobody quoted.
func (s *slips) condition() bool {
	return strings.Contains(s.line(s.at.line), "when:") && s.found(s.at, "this condition cannot be read", "put the condition between single quotes")
}

// escape is a backslash that means nothing.
func (s *slips) escape() bool {
	return strings.Contains(s.parser, "escape character") &&
		s.found(s.at, "a backslash between double quotes has a meaning of its own", "put the text between single quotes, or leave the backslash out")
}

// partner is what closes a bracket.
func partner(opening token.Type) string {
	if opening == token.MappingStartType {
		return "}"
	}
	return "]"
}

// bracket looks for one that is not closed, or that closes nothing, and for a comma
// that is missing between two.
func (s *slips) bracket() bool {
	var open, atError token.Tokens
	passed := false
	for _, t := range s.tokens {
		if !passed && !s.before(t) {
			atError, passed = slices.Clone(open), true
		}
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			open = append(open, t)
		case token.MappingEndType, token.SequenceEndType:
			if n := len(open); n > 0 && partner(open[n-1].Type) == t.Value {
				open = open[:n-1]
			} else if tokenPlace(t) == s.at && n > 0 {
				return s.unclosed(open[n-1])
			}
		}
	}
	if !passed {
		atError = open
	}
	if n := len(atError); n > 0 {
		last := atError[n-1]
		if slices.Contains(open, last) {
			return s.unclosed(last)
		}
		return s.found(s.at, "a comma is missing before this", "write a comma between two entries that stand between brackets")
	}
	if column := min(s.at.column, len([]rune(s.line(s.at.line)))); column > 0 {
		if c := []rune(s.line(s.at.line))[column-1]; c == '}' || c == ']' {
			return s.found(s.at, fmt.Sprintf("this %c closes a bracket that nothing opened", c), "take it out, or write the bracket that it closes")
		}
	}
	return false
}

func (s *slips) unclosed(t *token.Token) bool {
	at := tokenPlace(t)
	wrong, mend := fmt.Sprintf("the bracket %s that begins here is not closed", t.Value), fmt.Sprintf("write %s where it ends", partner(t.Type))
	line := []rune(s.line(at.line))
	if rest := string(line[min(at.column, len(line)):]); strings.Contains(rest, " #") && strings.Contains(rest, partner(t.Type)) {
		wrong += ", since # begins a comment and what stands behind it is not read"
		mend = "put quotes around the text that holds the #"
	}
	return s.found(at, wrong, mend)
}

// keyed is a line with a key: its indent, the hyphens of a list's entry, the key, and
// what stands behind the colon.
var keyed = regexp.MustCompile(`^( *)((?:- +)*)([^\s:#'"{}\[\],][^:#'"{}\[\],]*):(?: +(.*))?$`)

// beginning is a text that begins with a character that has a meaning of its own.
func (s *slips) beginning() bool {
	line := s.line(s.at.line)
	m := keyed.FindStringSubmatchIndex(line)
	if m == nil || m[8] < 0 || m[8] == m[9] {
		return false
	}
	value := line[m[8]:m[9]]
	at := place{s.at.line, len([]rune(line[:m[8]])) + 1}
	if s.at.column < at.column {
		return false
	}
	odd := strings.ContainsRune("@`%[{&*!", rune(value[0])) ||
		strings.ContainsRune("|>", rune(value[0])) && strings.Trim(value, "|>+-0123456789 ") != "" ||
		strings.HasPrefix(value, "- ") || strings.HasPrefix(value, "? ")
	sign := value[:1]
	if sign == "`" {
		sign = "a backquote"
	}
	return odd && s.found(at, fmt.Sprintf("this text begins with %s, which YAML reads as a sign of its own", sign), "put quotes around the text")
}

// tight is a key whose colon no space follows.
var tight = regexp.MustCompile(`^ *(?:- +)*([a-z_-]+):([^\s/].*)$`)

// keyword is a line without a key.
func (s *slips) keyword() bool {
	line := s.line(s.at.line)
	if m := tight.FindStringSubmatch(line); m != nil {
		return s.found(s.at, "no space follows the colon", fmt.Sprintf("write `%s: %s`", m[1], shorten(strings.ReplaceAll(m[2], "`", "'"))))
	}
	text := strings.TrimSpace(line)
	if len(text) > 1 && text[0] == '-' && !strings.HasPrefix(text, "--") && text[1] != ' ' {
		return s.found(place{s.at.line, len(leading(line)) + 1}, "no space follows the hyphen", "write a space between it and the entry")
	}
	if text == "" || keyed.MatchString(line) || strings.HasPrefix(text, "-") || strings.ContainsAny(text, `:{}[]"'#`) {
		return false
	}
	return s.found(s.at, "this line has no key with a colon behind it", "write it as `key: value`, or put it on the line above, if it goes on from there")
}

// colon is a text that holds a colon.
func (s *slips) colon() bool {
	line := s.line(s.at.line)
	m := keyed.FindStringSubmatchIndex(line)
	if m == nil || m[8] < 0 {
		return false
	}
	value, _, _ := strings.Cut(line[m[8]:m[9]], " #")
	value = strings.TrimSpace(value)
	if strings.Contains(value, "{") || !strings.Contains(value, ": ") && !strings.HasSuffix(value, ":") {
		return false
	}
	if strings.HasSuffix(value, "}") {
		return s.found(place{s.at.line, len([]rune(line[:m[6]])) + 1}, "a } ends this entry, and no { begins it", "write { before its first key")
	}
	return s.found(place{s.at.line, len([]rune(line[:m[8]])) + 1}, "this text holds a colon", "put quotes around a text that holds a colon")
}

// indent is a line that begins with more or fewer spaces than those that it belongs to.
func (s *slips) indent() bool {
	for _, n := range []int{s.at.line, s.at.line + 1} {
		if around := s.around(n); around != "" {
			spaces := len(leading(s.line(n)))
			return s.found(place{n, spaces + 1}, fmt.Sprintf("this line begins with %s, and the entries around it with %s", counted(spaces), around),
				"let entries that belong together begin with the same number of spaces")
		}
	}
	return false
}

func counted(spaces int) string {
	switch spaces {
	case 0:
		return "no space"
	case 1:
		return "1 space"
	}
	return fmt.Sprintf("%d spaces", spaces)
}

// around is with how many spaces the entries begin between which a line stands wrongly;
// empty where it stands rightly.
func (s *slips) around(n int) string {
	text := strings.TrimSpace(s.line(n))
	if text == "" || text[0] == '#' {
		return ""
	}
	var steps []int // the indents that are open, outermost first
	opens := true   // the line above lets a deeper one follow
	for i := 1; i < n; i++ {
		line := s.line(i)
		text := strings.TrimSpace(line)
		if text == "" || text[0] == '#' {
			continue
		}
		width := len(leading(line))
		steps = slices.DeleteFunc(steps, func(step int) bool { return step > width })
		if len(steps) == 0 || steps[len(steps)-1] < width {
			steps = append(steps, width)
		}
		for strings.HasPrefix(text, "- ") {
			rest := strings.TrimLeft(text[1:], " ")
			width += len(text) - len(rest)
			text = rest
			if keyed.MatchString(text) {
				steps = append(steps, width)
			}
		}
		m := keyed.FindStringSubmatch(text)
		opens = m != nil && (m[4] == "" || strings.HasPrefix(m[4], "#") || strings.ContainsRune("|>&!", rune(m[4][0])))
	}
	width := len(leading(s.line(n)))
	if len(steps) == 0 || slices.Contains(steps, width) {
		return ""
	}
	below, above := -1, -1
	for _, step := range steps {
		if step < width {
			below = step
		} else if above < 0 {
			above = step
		}
	}
	switch {
	case above < 0 && opens:
		return ""
	case above < 0:
		return fmt.Sprint(below)
	case below < 0:
		return fmt.Sprint(above)
	}
	return fmt.Sprintf("%d or %d", below, above)
}

// noText says why there is no text behind a key where a comment stands in its place;
// empty where none does.
func (r *reader) noText(n ast.Node, key string) string {
	line := start(n).line
	if _, null := n.(*ast.NullNode); !null || line < 1 || line > len(r.lines) {
		return ""
	}
	if _, rest, ok := strings.Cut(r.lines[line-1], key+":"); !ok || !strings.HasPrefix(strings.TrimSpace(rest), "#") {
		return ""
	}
	return fmt.Sprintf("%#q has no text, since # begins a comment, which nothing reads; put quotes around a text that begins with #", key)
}

// unknown reports a key that means nothing, and the slip that may have made one.
func (r *reader) unknown(n ast.Node, e entry, keys []string) {
	flow, _ := n.(*ast.MappingNode)
	_, null := e.value.(*ast.NullNode)
	trimmed := strings.TrimSpace(e.key)
	switch {
	case trimmed != e.key:
		r.breaks(finding.UnknownKey, e.at, "unknown key %#q, which begins or ends with a space that is no plain one, as it comes from a web page or a word processor; type the spaces again", shorten(trimmed))
	case flow != nil && flow.IsFlowStyle && null:
		r.breaks(finding.UnknownKey, e.at, "unknown key %#q, with nothing behind it; put quotes around a text that holds a comma, or correct the key", shorten(e.key))
	default:
		r.breaks(finding.UnknownKey, e.at, "unknown key %s", quoteWithSuggestion(e.key, keys))
	}
}

// swallowed is where the text of another key holds a key, since no comma stands between
// the two; false where none does.
func (m *mapping) swallowed(key string) (place, bool) {
	for _, e := range m.entries {
		if n, ok := e.value.(*ast.StringNode); ok && n.Token.Type == token.StringType && strings.Contains(n.Value, " "+key+":") {
			return start(n), true
		}
	}
	return place{}, false
}
