package graph

import (
	"fmt"
	"strings"
)

// Mermaid is the picture in the notation that GitHub, GitLab and many editors draw
// (https://mermaid.js.org/syntax/flowchart.html).
func (c *Chart) Mermaid() string {
	m := mermaid{}
	fmt.Fprintf(&m.out, "---\ntitle: %q\n---\nflowchart TD\n", c.Title+pick(c.Draft, ". "+draft, ""))
	from := []end{{m.node(&c.Start), ""}}
	m.steps(c.Steps, from)
	if len(c.Stops) > 0 || c.Goal != "" {
		m.out.WriteString("  subgraph any[\"Wherever it stands\"]\n")
		if len(c.Stops) > 0 {
			stops := Box{Kind: Rule, Head: "It ends at once when", Lines: bullets(c.Stops)}
			m.node(&stops)
		}
		if c.Goal != "" {
			goal := Box{Kind: Rule, Head: "It has done its work when", Lines: []string{c.Goal}}
			m.node(&goal)
		}
		m.out.WriteString("  end\n  style any fill:none,stroke:#77736a\n")
	}
	for _, class := range [...]struct {
		kind         Kind
		fill, stroke string
	}{
		{Mail, "#e3efee", "#1f5c66"},
		{Note, "#e3efee", "#1f5c66"},
		{Task, "#fdf1d8", "#8a6412"},
		{Escalate, "#fbe3dc", "#8f3a22"},
		{Rule, "#ffffff", "#77736a"},
		{Wait, "#f4f1ea", "#77736a"},
		{Pause, "#f4f1ea", "#77736a"},
		{Ends, "#ffffff", "#77736a"},
		{Starts, "#ffffff", "#1f5c66"},
	} {
		fmt.Fprintf(&m.out, "  classDef is_%s fill:%s,stroke:%s,color:#22303a\n", class.kind, class.fill, class.stroke)
	}
	return m.out.String()
}

func bullets(lines []string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = "• " + l
	}
	return out
}

// mermaid writes nodes and arrows.
type mermaid struct {
	out strings.Builder
	n   int
}

// end is where an arrow begins, with the words on it.
type end struct{ node, label string }

// steps writes boxes one after the other and returns what leads on from them.
func (m *mermaid) steps(boxes []Box, from []end) []end {
	for i := range boxes {
		b := &boxes[i]
		id := m.node(b)
		m.arrows(from, id)
		from = []end{{id, ""}}
		if len(b.Arms) > 0 {
			from = nil
			for _, a := range b.Arms {
				from = append(from, m.steps(a.Steps, []end{{id, a.Label}})...)
			}
		}
		if b.Kind == Ends {
			return nil
		}
	}
	return from
}

func (m *mermaid) arrows(from []end, to string) {
	for _, e := range from {
		if e.label == "" {
			fmt.Fprintf(&m.out, "  %s --> %s\n", e.node, to)
			continue
		}
		fmt.Fprintf(&m.out, "  %s -->|%s| %s\n", e.node, quoted(e.label), to)
	}
}

// node writes a box and returns its name.
func (m *mermaid) node(b *Box) string {
	m.n++
	id := fmt.Sprintf("n%d", m.n)
	open, shut := "[", "]"
	switch b.Kind {
	case Ends:
		open, shut = "([", "])"
	case Choose, Split:
		open, shut = "{{", "}}"
	case Starts, Wait, Pause:
		open, shut = "(", ")"
	case Mail, Note, Task, Escalate, Rule:
	}
	lines := append([]string{"<b>" + escaped(b.Head) + "</b>"}, make([]string, 0, len(b.Lines))...)
	for _, l := range b.Lines {
		lines = append(lines, escaped(l))
	}
	fmt.Fprintf(&m.out, "  %s%s\"%s\"%s:::is_%s\n", id, open, strings.Join(lines, "<br>"), shut, b.Kind)
	return id
}

func quoted(s string) string { return `"` + escaped(s) + `"` }

// escaped is text that means nothing to Mermaid and to HTML.
func escaped(s string) string {
	return strings.NewReplacer(
		"#", "#35;", `"`, "#quot;", "<", "#lt;", ">", "#gt;", "&", "#amp;", "`", "#96;", "\\", "#92;", "\n", " ", ";", "#59;",
	).Replace(s)
}
