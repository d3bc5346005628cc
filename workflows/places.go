package workflows

import (
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Places is where the keys, values and entries of a YAML file stand, for whoever finds
// something wrong after it was read.
type Places map[string]stands

// stands is where a key stands, and where its value begins; an entry of a list has one
// place for both.
type stands struct{ key, value place }

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
			return at.key.line, at.key.column
		}
	}
	return 1, 1
}

// ValueOf is where the value of a key begins, and where there is no such key the place
// that Of gives.
func (p Places) ValueOf(path ...string) (line, column int) {
	if at, ok := p[strings.Join(path, "\n")]; ok {
		return at.value.line, at.value.column
	}
	return p.Of(path...)
}

func (p Places) take(path string, n ast.Node) {
	below := func(name string, at place, n ast.Node) {
		name = strings.TrimPrefix(path+"\n"+name, "\n")
		p[name] = stands{at, start(n)}
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
