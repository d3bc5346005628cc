package workflows

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/finding"
)

// FileError is one thing wrong in a clinic's file, and what to do about it.
type FileError struct {
	// File is the path within the clinic's folder.
	File string
	// Line and Column count from 1; columns count characters.
	Line, Column int
	Message      string
	// Rule is the name of the rule that is broken, of package finding; empty is a value
	// that cannot be.
	Rule string
}

// Error is "file:line:column: message".
func (e *FileError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
}

// FileErrors is everything found wrong, sorted by file and place.
type FileErrors []*FileError

// Error has one line for each thing wrong.
func (e FileErrors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives errors.As each FileError.
func (e FileErrors) Unwrap() []error {
	out := make([]error, len(e))
	for i, one := range e {
		out[i] = one
	}
	return out
}

// sorted puts the errors in order and drops repeats.
func (e FileErrors) sorted() FileErrors {
	slices.SortStableFunc(e, func(a, b *FileError) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column), cmp.Compare(a.Message, b.Message))
	})
	return slices.CompactFunc(e, func(a, b *FileError) bool { return *a == *b })
}

// The bounds of a file: far above what a clinic writes, far below what would
// hurt.
const (
	maxFileBytes  = 256 << 10
	maxLineBytes  = 2000
	maxFileErrors = 100
)

// place is a position in a file.
type place struct{ line, column int }

// reader reads one file and collects what is wrong with it.
type reader struct {
	file  string
	lines []string
	errs  FileErrors
	// stored says that what an older program stored is read, which may have been
	// checked less.
	stored bool
}

func (r *reader) failf(at place, format string, args ...any) {
	r.breaks(finding.WrongValue, at, format, args...)
}

// breaks is failf for a rule of its own.
func (r *reader) breaks(rule string, at place, format string, args ...any) {
	if len(r.errs) >= maxFileErrors {
		return
	}
	r.errs = append(r.errs, &FileError{
		File: r.file, Line: max(at.line, 1), Column: max(at.column, 1),
		Message: oneLine(fmt.Sprintf(format, args...)), Rule: rule,
	})
}

// directives says whether the file begins with lines such as %YAML 1.2, and
// refuses each: what they say is known.
func (r *reader) directives() (found bool) {
	for i, line := range r.lines {
		switch text := strings.TrimSpace(line); {
		case strings.HasPrefix(line, "%"):
			r.breaks(finding.UnreadableFile, place{i + 1, 1}, "a directive such as %%YAML or %%TAG is not needed here; remove this line")
			found = true
		case text != "" && !strings.HasPrefix(text, "#"):
			return found
		}
	}
	return found
}

// document parses the file's one YAML document; nil when it cannot be read.
func (r *reader) document(src []byte) ast.Node {
	top := place{1, 1}
	if len(src) > maxFileBytes {
		r.breaks(finding.UnreadableFile, top, "the file has %d bytes; at most %d are allowed", len(src), maxFileBytes)
		return nil
	}
	// Line ends are as the editor pleases; the parser's own count of lines is not.
	src = bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n"))
	r.lines = strings.Split(string(src), "\n")
	for i, line := range r.lines {
		// The parser's time grows with the square of what nests on one line.
		if len(line) > maxLineBytes {
			r.breaks(finding.UnreadableFile, place{i + 1, 1}, "this line has %d bytes; break it, at most %d are allowed", len(line), maxLineBytes)
			return nil
		}
		for col, c := range []rune(line) {
			if c == unicode.ReplacementChar || (unicode.IsControl(c) && c != '\t') || c == '\ufeff' {
				wrong := "this character cannot be used; save the file as plain UTF-8 text"
				if c == '\ufeff' {
					wrong = "a byte order mark stands here; save the file as UTF-8 without one (in Notepad: encoding UTF-8, not UTF-8 with BOM)"
				}
				r.breaks(finding.UnreadableFile, place{i + 1, col + 1}, "%s", wrong)
				return nil
			}
			if hidden(c) && !r.stored {
				r.breaks(finding.UnreadableFile, place{i + 1, col + 1}, "an invisible character (U+%04X) stands here, and what is read would not be what is seen; remove it", c)
				return nil
			}
		}
	}
	if !r.stored && r.directives() {
		return nil
	}
	depth := 0
	for _, c := range src {
		if c == '[' || c == '{' {
			depth++
		}
	}
	if depth > 2000 {
		r.breaks(finding.UnreadableFile, top, "the file has %d opening brackets; at most 2000 are allowed", depth)
		return nil
	}
	file, err := parseYAML(src)
	if err != nil {
		r.syntax(err)
		return nil
	}
	var body ast.Node
	for _, doc := range file.Docs {
		if doc == nil || doc.Body == nil {
			continue
		}
		if _, comment := doc.Body.(*ast.CommentGroupNode); comment {
			continue
		}
		if body != nil {
			r.breaks(finding.UnreadableFile, start(doc.Body), "the file has a second document; keep one and remove the line with ---")
			return nil
		}
		body = doc.Body
	}
	if body == nil {
		r.breaks(finding.UnreadableFile, top, "the file is empty")
	} else if r.eatenConditions(body) {
		return nil
	}
	return body
}

// hidden says that a character shows nothing and may change how others show:
// direction marks, zero-width spaces and the like. Those that join letters are
// part of how some languages are written.
func hidden(c rune) bool {
	const zeroWidthNonJoiner, zeroWidthJoiner = '\u200c', '\u200d'
	return unicode.In(c, unicode.Cf, unicode.Zl, unicode.Zp) && c != zeroWidthNonJoiner && c != zeroWidthJoiner
}

// unseen says whether a character of a value cannot be seen; a line break can.
func unseen(c rune) bool { return hidden(c) || unicode.IsControl(c) && c != '\n' && c != '\t' }

// parseYAML parses without checking for duplicate keys, which the reader finds
// itself. The parser is not ours: a panic in it is a file that cannot be read,
// not the end of the program.
func parseYAML(src []byte) (file *ast.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			file, err = nil, fmt.Errorf("the YAML parser gave up: %v", p)
		}
	}()
	return parser.ParseBytes(src, 0, parser.AllowDuplicateMapKey())
}

// syntax reports that the file is not YAML.
func (r *reader) syntax(err error) {
	at, message := place{1, 1}, err.Error()
	if se, ok := errors.AsType[*yaml.SyntaxError](err); ok {
		message = se.Message
		if se.Token != nil {
			at = tokenPlace(se.Token)
		}
	}
	if r.eaten(at.line, 0) {
		for i, line := range r.lines { // those below it would come one by one
			if i+1 != at.line && !strings.HasPrefix(strings.TrimSpace(line), "#") {
				r.eaten(i+1, 0)
			}
		}
		return
	}
	message, _, _ = strings.Cut(message, "\n")
	at, said := r.slip(at, message)
	r.breaks(finding.UnreadableFile, at, "%s", said)
}

func tokenPlace(t *token.Token) place {
	if t == nil || t.Position == nil {
		return place{1, 1}
	}
	return place{t.Position.Line, t.Position.Column}
}

// start is where a node begins, in the reader's eyes: a block mapping begins at
// its first key.
func start(n ast.Node) place {
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return start(n.Values[0])
		}
	case *ast.MappingValueNode:
		return start(n.Key)
	}
	if n == nil || n.GetToken() == nil {
		return place{1, 1}
	}
	return tokenPlace(n.GetToken())
}

// entry is one "key: value" of a mapping.
type entry struct {
	key   string
	at    place
	value ast.Node
}

// mapping is a YAML mapping in file order.
type mapping struct {
	at      place
	entries []entry
}

func (m *mapping) get(key string) (entry, bool) {
	for _, e := range m.entries {
		if e.key == key {
			return e, true
		}
	}
	return entry{}, false
}

// mapping reads a mapping whose keys are among the given ones; without keys
// any is allowed. Unknown and repeated keys are reported and left out.
func (r *reader) mapping(n ast.Node, what string, keys ...string) (*mapping, bool) {
	m, ok := r.anyMapping(n, what)
	if !ok {
		return nil, false
	}
	kept := m.entries[:0]
	for _, e := range m.entries {
		if !slices.Contains(keys, e.key) {
			r.unknown(n, e, keys)
			continue
		}
		kept = append(kept, e)
	}
	m.entries = kept
	return m, true
}

func (r *reader) anyMapping(n ast.Node, what string) (*mapping, bool) {
	m := &mapping{at: start(n)}
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		r.failf(m.at, "%s must be written as keys with values, not as %s", what, nodeWord(n))
		return nil, false
	}
	lines := map[string]int{}
	for _, v := range values {
		at := start(v.Key)
		switch v.Key.(type) {
		case *ast.StringNode, *ast.IntegerNode, *ast.BoolNode, *ast.NullNode, *ast.FloatNode:
		default:
			r.failf(at, "a key must be a plain word here")
			continue
		}
		key := v.Key.GetToken().Value
		if line, twice := lines[key]; twice {
			r.breaks(finding.RepeatedKey, at, "the key %#q stands here a second time; the first is on line %d", shorten(key), line)
			continue
		}
		lines[key] = at.line
		m.entries = append(m.entries, entry{key, at, v.Value})
	}
	return m, true
}

// need gets a key that must be there.
func (r *reader) need(m *mapping, what, key, example string) (entry, bool) {
	e, ok := m.get(key)
	if ok {
		return e, true
	}
	if at, ok := m.swallowed(key); ok {
		r.breaks(finding.MissingKey, at, "this text holds the key %#q, which is missing; write a comma before it", key)
	} else {
		r.breaks(finding.MissingKey, m.at, "%s needs the key %#q, such as `%s: %s`", what, key, key, example)
	}
	return e, false
}

// list reads a sequence with at least one entry.
func (r *reader) list(n ast.Node, key, example string) ([]ast.Node, bool) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		r.failf(start(n), "%#q must be a list, such as %s", key, example)
		return nil, false
	}
	if len(seq.Values) == 0 {
		r.failf(start(n), "%#q is empty; give it at least one entry, such as %s", key, example)
		return nil, false
	}
	return seq.Values, true
}

// text reads a scalar that is not empty and not longer than most characters.
func (r *reader) text(n ast.Node, key string, most int) (string, bool) {
	s, ok := scalar(n)
	switch why := r.noText(n, key); {
	case why != "":
		r.failf(start(n), "%s", why)
		return "", false
	case !ok:
		r.failf(start(n), "%#q must be a text, not %s", key, nodeWord(n))
		return "", false
	case strings.TrimSpace(s) == "":
		r.failf(start(n), "%#q is empty; give it a text", key)
		return "", false
	case !r.stored && strings.ContainsFunc(s, unseen):
		r.failf(start(n), "%#q has a character that cannot be seen, written with a backslash perhaps; what is read must be what is seen, so remove it", key)
		return "", false
	case r.pasted(s):
		r.failf(start(n), "%#q stands between curly quotes, which would be part of it: %#q; take the quotes out, or write straight ones", key, shorten(s))
		return "", false
	case len([]rune(s)) > most:
		r.failf(start(n), "%#q is longer than %d characters; make it shorter", key, most)
		return "", false
	}
	return strings.TrimSpace(s), true
}

// scalar is the text of a scalar node as written.
func scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.LiteralNode:
		if n.Value == nil {
			return "", false
		}
		return n.Value.Value, true
	case *ast.StringNode:
		return n.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// isBool says that a scalar is true or false, which is no code.
func isBool(n ast.Node) bool {
	_, ok := n.(*ast.BoolNode)
	return ok
}

// isWord says whether s is a code: [a-z][a-z0-9-]{0,39}.
func isWord(s string) bool {
	if s == "" || len(s) > 40 || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// word reads a code.
func (r *reader) word(n ast.Node, key string) (string, bool) {
	s, ok := r.text(n, key, 200)
	if !ok {
		return "", false
	}
	if !isWord(s) || isBool(n) {
		r.failf(start(n), "%#q must be a short code of small letters, digits and hyphens that begins with a letter, not %#q", key, shorten(s))
		return "", false
	}
	return s, true
}

// kinds reads a list of event kinds that fits a use.
func (r *reader) kinds(e entry, u use) []events.Kind {
	nodes, ok := r.list(e.value, e.key, "["+u.example()+"]")
	if !ok {
		return nil
	}
	var out []events.Kind
	for _, n := range nodes {
		s, ok := r.text(n, e.key, 100)
		if !ok {
			continue
		}
		k := events.Kind(s)
		switch _, known := events.Lookup(k); {
		case !known:
			r.failf(start(n), "unknown event kind %s", quoteWithSuggestion(s, u.kinds()))
		case !u.allows(k):
			r.failf(start(n), "%#q cannot %s; %s", k, u.verb(), canBe(u.kinds()))
		case slices.Contains(out, k):
			r.breaks(finding.RepeatedKey, start(n), "%#q stands here twice; remove one", k)
		default:
			out = append(out, k)
		}
	}
	return out
}

// condition reads a CEL expression; nil when it is wrong, which is reported at
// the character where CEL found it.
func (r *reader) condition(n ast.Node) *Condition {
	s, ok := scalar(n)
	if !ok {
		r.breaks(finding.WrongCondition, start(n), "`when` must be a condition, such as 'risk == \"none\"', not %s", nodeWord(n))
		return nil
	}
	s = strings.TrimRight(s, "\n")
	c, wrong := compileCondition(s)
	for _, w := range wrong {
		r.breaks(finding.WrongCondition, r.within(n, s, w.line, w.column), "%s", w.message)
	}
	return c
}

// within turns a place inside a scalar into a place in the file. Where quoting
// or folding has moved the text, it is the scalar's own beginning.
func (r *reader) within(n ast.Node, text string, line, column int) place {
	at := start(n)
	parts := strings.Split(text, "\n")
	if line < 1 || line > len(parts) || strings.TrimSpace(parts[line-1]) == "" {
		return at
	}
	row := at.line + line - 1
	from := at.column - 1
	if _, block := n.(*ast.LiteralNode); block {
		row++
		from = 0
	} else if len(parts) > 1 {
		return at
	}
	if row < 1 || row > len(r.lines) {
		return at
	}
	runes := []rune(r.lines[row-1])
	if from < 0 || from > len(runes) {
		return at
	}
	i := strings.Index(string(runes[from:]), parts[line-1])
	if i < 0 {
		return at
	}
	before := len([]rune(string(runes[from:])[:i]))
	return place{row, from + before + column + 1}
}

// nodeWord says what a node is.
func nodeWord(n ast.Node) string {
	switch n.(type) {
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "keys with values"
	case nil, *ast.NullNode:
		return "nothing"
	case *ast.AliasNode, *ast.AnchorNode, *ast.TagNode:
		return "an anchor, alias or tag (put it between quotes if it is meant as text)"
	case *ast.BoolNode:
		return "a yes or no"
	}
	return "a text"
}

// use is what a list of event kinds is for; it decides which kinds make sense.
type use int

const (
	useStart use = iota
	useStop
	useWait
)

func (u use) verb() string {
	return [...]string{"start a journey", "stop a journey", "be waited for"}[u]
}

func (u use) example() string {
	return [...]string{"appointment.noshow", "appointment.booked", "task.done"}[u]
}

// allows is the table of which kinds fit which use. Merging and the fate of
// single messages are the engine's own business.
func (u use) allows(k events.Kind) bool {
	switch k {
	case events.ClientMerged, events.ClientErased, events.JourneyMoved, events.TimerDue:
		return false
	case events.CheckinAnswered, events.ClientNoted, events.SafetyRaised:
		return true
	case events.TaskDone, events.EscalationAcknowledged, events.EscalationClosed,
		events.ClientOptedOut, events.ClientPaused, events.MessageBounced, events.MessageComplained:
		return u != useStart
	case events.EscalationDeclined, events.EscalationAttempted, events.EscalationReopened,
		events.ClientResumed, events.MessageDelivered:
		return u == useWait
	default:
		s, ok := events.Lookup(k)
		return ok && s.Origin == events.Outside
	}
}

func (u use) kinds() []string {
	var out []string
	for _, s := range events.Kinds() {
		if u.allows(s.Kind) {
			out = append(out, string(s.Kind))
		}
	}
	return out
}

// StartKinds are the kinds of event that begin a journey.
func StartKinds() []string { return useStart.kinds() }

// StopKinds are the kinds that end a journey.
func StopKinds() []string { return useStop.kinds() }

// WaitKinds are the kinds that a wait takes.
func WaitKinds() []string { return useWait.kinds() }

// CountedKinds are the kinds that are kept for conditions.
func CountedKinds() []string { return countedKinds() }
