package workflows

import (
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Places is where the keys and entries of a YAML file stand, for whoever finds
// something wrong after it was read.
type Places map[string]place

// ReadPlaces looks for them; a file that is no YAML has none.
func ReadPlaces(src []byte) Places {
	r := &reader{stored: true}
	p := Places{}
	if n := r.document(src); n != nil {
		p.take("", n)
	}
	return p
}

// Of is the place of a key, such as Of("policies", "safety", "rungs", "0"), or of the
// nearest one above it that there is; the top of the file where there is none.
func (p Places) Of(path ...string) (line, column int) {
	for n := len(path); n > 0; n-- {
		if at, ok := p[strings.Join(path[:n], "\n")]; ok {
			return at.line, at.column
		}
	}
	return 1, 1
}

func (p Places) take(path string, n ast.Node) {
	below := func(name string, at place, n ast.Node) {
		name = strings.TrimPrefix(path+"\n"+name, "\n")
		p[name] = at
		p.take(name, n)
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		for _, v := range n.Values {
			below(v.Key.GetToken().Value, start(v.Key), v.Value)
		}
	case *ast.MappingValueNode:
		below(n.Key.GetToken().Value, start(n.Key), n.Value)
	case *ast.SequenceNode:
		for i, v := range n.Values {
			below(strconv.Itoa(i), start(v), v)
		}
	}
}
