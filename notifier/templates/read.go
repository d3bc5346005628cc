package templates

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxFile bounds one wording file, in bytes.
const maxFile = 64 << 10

// FileError is one thing wrong in one file. Line and Column count from 1, the
// column in characters.
type FileError struct {
	File         string
	Line, Column int
	Problem      string
	// Rule is the lint's, Match the words that it found, Why why it is there, and Mend
	// what to write instead; all empty where the lint found nothing.
	Rule, Match, Why, Mend string
}

// Error reads as compilers write it: file:line:column: problem. What the lint found
// reads "rule: words: why; mend".
func (e *FileError) Error() string {
	s := fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Problem)
	if e.Why != "" {
		s += ": " + e.Why + "; " + e.Mend
	}
	return s
}

// source is one file while it is read: its text and what is wrong with it.
type source struct {
	file string // as errors name it, "templates/en/a-notice.md"
	text string
	errs []error
}

// position is the line and the column, from 1, of a byte offset of the text.
func (s *source) position(at int) (line, column int) {
	before := s.text[:min(max(at, 0), len(s.text))]
	return strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
}

// fail notes a problem at a byte offset of the text.
func (s *source) fail(at int, format string, args ...any) {
	line, column := s.position(at)
	s.errs = append(s.errs, &FileError{File: s.file, Line: line, Column: column, Problem: fmt.Sprintf(format, args...)})
}

// newSource bounds a file and brings its line ends to LF.
func newSource(file string, data []byte) *source {
	s := &source{file: file}
	switch {
	case len(data) > maxFile:
		s.fail(0, "the file is longer than %d KB; make it shorter", maxFile>>10)
	case !utf8.Valid(data):
		s.fail(0, "the file is not UTF-8 text; save it as plain text, in UTF-8")
	default:
		s.text = strings.TrimPrefix(string(data), "\ufeff")
		s.text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s.text)
		// Nobody sees which kind of space was pasted.
		s.text = strings.Map(func(r rune) rune {
			if unicode.Is(unicode.Zs, r) {
				return ' '
			}
			return r
		}, s.text)
		for i, r := range s.text {
			if r != '\n' && r != '\t' && invisible(r) {
				s.fail(i, "a character that nobody can see (%U); delete it, and type the words beside it again", r)
			}
		}
	}
	return s
}

// header is the front matter of a template.
type header struct {
	family   string
	audience string
	reasons  []string
	wording  string
	subject  span
	familyAt int
}

// span is a piece of the source with its place.
type span struct {
	text string
	at   int
}

// headerLines splits the front matter, "key: value" lines between two lines of
// three dashes, from the body.
func (s *source) headerLines() (lines map[string]span, body span) {
	rest, ok := strings.CutPrefix(s.text, "---\n")
	if !ok {
		s.fail(0, "the file must begin with a line of three dashes; begin it as docs/templates.md shows")
		return nil, span{}
	}
	at := len(s.text) - len(rest)
	lines = map[string]span{}
	for {
		line, after, more := strings.Cut(rest, "\n")
		start := at
		at += len(line) + 1
		rest = after
		if strings.TrimRight(line, " \t") == "---" {
			return lines, span{rest, min(at, len(s.text))}
		}
		if !more {
			s.fail(start, "the lines at the top must end with a line of three dashes; write --- below them")
			return nil, span{}
		}
		if strings.TrimSpace(line) == "" {
			continue
		}
		if strings.Trim(line, "-–—_= \t") == "" {
			s.fail(start, "the lines at the top end with a line of three plain dashes; write --- here")
			return nil, span{}
		}
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			s.fail(start, "this is no line of the top; write it as \"name: value\", or end the top with --- above it")
			continue
		}
		trimmed := strings.TrimLeft(value, " \t")
		key = strings.TrimSpace(key)
		if _, twice := lines[key]; twice {
			s.fail(start, "%q stands here twice; keep one of the two", key)
		}
		lines[key] = span{strings.TrimRight(trimmed, " \t"), start + len(line) - len(trimmed)}
	}
}

// readHeader checks the front matter of a template.
func (s *source) readHeader() (header, span) {
	var h header
	lines, body := s.headerLines()
	if lines == nil {
		return h, body
	}
	for key, v := range lines {
		if !slices.Contains([]string{"family", "audience", "reasons", "wording", "subject"}, key) {
			s.fail(strings.LastIndexByte(s.text[:v.at], '\n')+1, "unknown setting %q: the settings are family, audience, reasons, wording and subject", key)
		}
	}
	need := func(key string) span {
		v := lines[key]
		if v.text == "" {
			s.fail(v.at, "%q is missing; add a line for it at the top", key)
		}
		return v
	}
	family := need("family")
	h.family, h.familyAt = family.text, family.at
	if h.family != "" && !slices.Contains(Names(), h.family) {
		s.fail(family.at, "unknown family %q: the families are %s", h.family, strings.Join(Names(), ", "))
	}
	audience := need("audience")
	h.audience = audience.text
	if want := audienceOf(h.family); h.audience != "" && h.audience != want {
		s.fail(audience.at, "the audience of %s is %s", h.family, want)
	}
	h.reasons = s.readReasons(lines["reasons"], h.audience)
	h.wording = s.readWording(lines["wording"], h.audience)
	h.subject = need("subject")
	return h, body
}

func (s *source) readReasons(v span, audience string) []string {
	if v.text == "" {
		return []string{Unknown}
	}
	if audience == Staff {
		s.fail(v.at, "staff mail has no reasons")
	}
	var out []string
	next := v.at
	for part := range strings.SplitSeq(v.text, ",") {
		r := strings.TrimSpace(part)
		at := next + strings.Index(part, r)
		next += len(part) + len(",")
		switch {
		case !slices.Contains(Reasons(), r):
			s.fail(at, "unknown reason %q: the reasons are %s", r, strings.Join(Reasons(), ", "))
		case slices.Contains(out, r):
			s.fail(at, "%q stands here twice; keep one of the two", r)
		default:
			out = append(out, r)
		}
	}
	return out
}

// readWording reads the name of a wording of the family's own, which a
// workflow asks for by it.
func (s *source) readWording(v span, audience string) string {
	switch {
	case v.text == "":
	case audience == Staff:
		s.fail(v.at, "staff mail has one wording")
	case len(v.text) > 40 || strings.Trim(v.text, "abcdefghijklmnopqrstuvwxyz0123456789-") != "":
		s.fail(v.at, "a wording's name is made of small letters, digits and dashes")
	default:
		return v.text
	}
	return ""
}

// audienceOf says who reads a family's mails.
func audienceOf(family string) string {
	if len(family) == 1 || family == familyAddress || family == familyMoved {
		return Client
	}
	return Staff
}

// The marks that stand for a placeholder and for [[ ]] while Markdown is
// parsed: private characters, which a file cannot hold (newSource).
const (
	markOpen  = '\uE000'
	markClose = '\uE001'
	markField = '\uE100'
)

// marked is a piece of source with its marks in, and the way back from its
// offsets to the source's.
type marked struct {
	text  string
	steps []step
	at    int
}

type step struct{ marked, source int }

// source is the offset in the file of an offset in the marked text.
func (m *marked) source(at int) int {
	i, found := slices.BinarySearchFunc(m.steps, at, func(s step, at int) int { return s.marked - at })
	if !found {
		i--
	}
	if i < 0 {
		return m.at + at
	}
	return m.steps[i].source + at - m.steps[i].marked
}

// mark replaces placeholders and [[ ]] by marks, and refuses what is neither.
func (s *source) mark(body span) marked {
	m := marked{at: body.at}
	var b strings.Builder
	text := body.text
	put := func(r rune, next int) {
		b.WriteRune(r)
		m.steps = append(m.steps, step{b.Len(), body.at + next})
	}
	open := -1
	for i := 0; i < len(text); {
		here := text[i:]
		switch {
		case strings.HasPrefix(here, "{{"):
			name, length, ok := placeholder(here)
			if !ok {
				s.fail(body.at+i, "a placeholder is two braces, a name in small letters, two braces: {{first_name}}")
				i += length
				continue
			}
			id, known := fieldNamed(name)
			if !known {
				s.fail(body.at+i, "unknown placeholder {{%s}}; %s", name, placeholderMeant(name))
			} else {
				put(markField+rune(id), i+length)
			}
			i += length
		case strings.HasPrefix(here, "}}"):
			s.fail(body.at+i, "}} without {{")
			i += 2
		case strings.HasPrefix(here, "[["):
			if open >= 0 {
				s.fail(body.at+i, "[[ inside [[ ]]")
			}
			open = i
			put(markOpen, i+2)
			i += 2
		case strings.HasPrefix(here, "]]"):
			if open < 0 {
				s.fail(body.at+i, "]] without [[")
			}
			open = -1
			put(markClose, i+2)
			i += 2
		default:
			b.WriteByte(text[i])
			i++
		}
	}
	if open >= 0 {
		s.fail(body.at+open, "[[ without ]]")
	}
	m.text = b.String()
	return m
}

// placeholder reads the name of a placeholder that text begins with, and how long it is
// there: spaces around the name, capitals and dashes in it are forgiven.
func placeholder(text string) (name string, length int, ok bool) {
	line, _, _ := strings.Cut(text[2:], "\n")
	inside, _, ok := strings.Cut(line, "}}")
	if !ok {
		return "", 2, false
	}
	name = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(inside)), "-", "_")
	length = len(inside) + 4
	if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") != "" {
		return "", length, false
	}
	return name, length, true
}

// placeholderMeant says which one may be meant by a name that there is not.
func placeholderMeant(name string) string {
	for _, f := range fields {
		if len(name) >= sameLetters && (strings.Contains(f.name, name) || strings.HasPrefix(f.name, name[:sameLetters])) {
			return "did you mean {{" + f.name + "}}? docs/templates.md lists them"
		}
	}
	return "docs/templates.md lists those that there are"
}
