package app

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
)

// UnknownVariable is one that looks like Mooring's and changes nothing.
type UnknownVariable struct{ Name, Nearest string }

// UnknownVariables lists those of an environment (name=value), by name. They
// are no error: Kubernetes sets some after a service's name.
func UnknownVariables(environ []string) []UnknownVariable {
	var known []string
	for f := range reflect.TypeFor[Config]().Fields() {
		known = append(known, f.Tag.Get("envconfig"))
	}
	var out []UnknownVariable
	for _, pair := range environ {
		name, _, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, "MOORING_") || slices.Contains(known, name) {
			continue
		}
		near := slices.MinFunc(known, func(a, b string) int { return cmp.Compare(distance(name, a), distance(name, b)) })
		out = append(out, UnknownVariable{name, near})
	}
	slices.SortFunc(out, func(a, b UnknownVariable) int { return cmp.Compare(a.Name, b.Name) })
	return out
}
