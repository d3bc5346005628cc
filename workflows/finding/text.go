package finding

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// WriteText writes findings for people, as compilers do: "file:line:column: level:
// message [rule]", and the mend below. Files are named from where the reader stands,
// so that a terminal or an editor opens them: dir is put before each.
func WriteText(w io.Writer, dir string, list List) error {
	var b strings.Builder
	for _, f := range list {
		fmt.Fprintf(&b, "%s:%d:%d: %s: %s [%s]\n", filepath.Join(dir, filepath.FromSlash(f.File)), f.Line, f.Column, f.Level, f.Message, f.Rule)
		if f.Mend != "" {
			fmt.Fprintf(&b, "    %s\n", f.Mend)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Summary counts findings in words: "1 error, 2 warnings"; "nothing found" for none.
func (l List) Summary() string {
	var parts []string
	for _, level := range []Level{Error, Warning, Note} {
		switch n := l.Count(level); n {
		case 0:
		case 1:
			parts = append(parts, "1 "+string(level))
		default:
			parts = append(parts, fmt.Sprintf("%d %ss", n, level))
		}
	}
	if parts == nil {
		return "nothing found"
	}
	return strings.Join(parts, ", ")
}
