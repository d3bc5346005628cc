// Package sample owns the embedded sample clinic: invented people at
// example.org, for trying Mooring out and for tests. It must never be used with
// a mailer that reaches anybody.
package sample

import "embed"

// ID is the sample clinic's id.
const ID = "sample"

// FS is the sample clinic's folder.
//
//go:embed *.yaml
var FS embed.FS
