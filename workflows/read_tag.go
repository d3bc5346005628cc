package workflows

import (
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/mooring-care/mooring/workflows/finding"
)

// bareNot is a condition that begins with `!` outside quotes. YAML takes it for a tag,
// which eats the condition and may eat what follows.
var bareNot = regexp.MustCompile(`(?:^|[\s{,])when:[ \t]+(!.*)$`)

// eaten reports the condition on a line that YAML took for a tag; false where there is
// none. column is where the tag begins, 0 where that is not known.
func (r *reader) eaten(line, column int) bool {
	if line < 1 || line > len(r.lines) {
		return false
	}
	text := r.lines[line-1]
	m := bareNot.FindStringSubmatchIndex(text)
	if m == nil {
		return false
	}
	at := place{line, len([]rune(text[:m[2]])) + 1}
	if column != 0 && column != at.column {
		return false
	}
	condition, _, _ := strings.Cut(text[m[2]:], " #")
	if strings.Contains(text[:m[2]], "{") {
		condition, _, _ = strings.Cut(condition, ",")
		condition, _, _ = strings.Cut(condition, "}")
	}
	condition = strings.TrimSpace(condition)
	r.breaks(finding.WrongCondition, at, "YAML takes what begins with `!` for a tag, and nothing is left of the condition; put it between single quotes: when: '%s'",
		strings.ReplaceAll(shorten(condition), "'", "''"))
	return true
}

// eatenConditions reports every condition that YAML took for a tag. What else would be
// said of the file follows from them.
func (r *reader) eatenConditions(n ast.Node) bool {
	found := &eatenTags{r: r}
	ast.Walk(found, n)
	return found.any
}

type eatenTags struct {
	r   *reader
	any bool
}

// Visit looks at one node, and at all below it.
func (e *eatenTags) Visit(n ast.Node) ast.Visitor {
	if tag, ok := n.(*ast.TagNode); ok {
		at := tokenPlace(tag.GetToken())
		e.any = e.r.eaten(at.line, at.column) || e.any
	}
	return e
}
