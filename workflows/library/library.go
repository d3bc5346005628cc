// Package library owns the built-in workflows, one YAML file each, as they are
// described in docs/workflows.md. It must never know how they are read or run.
package library

import (
	"embed"
	"fmt"
	"io/fs"
)

//go:embed *.yaml
var embedded embed.FS

// Files are the built-in workflows by file name, such as "first-no-show.yaml".
// The caller owns the map and the bytes.
func Files() map[string][]byte {
	files := map[string][]byte{}
	names, err := fs.Glob(embedded, "*.yaml")
	if err != nil {
		panic(fmt.Sprintf("library: list the embedded workflows: %v", err))
	}
	for _, name := range names {
		src, err := embedded.ReadFile(name)
		if err != nil {
			panic(fmt.Sprintf("library: read the embedded workflow %s: %v", name, err))
		}
		files[name] = src
	}
	return files
}
