// Package finding is what `mooring check` says of a clinic's folder: one thing at one
// place, under the name of a rule, with what to do about it.
//
// It owns the rules' names, the order of findings, and how they are written for people
// and for programs. It must never know how a folder is read or what a clinic is.
package finding

import (
	"cmp"
	"slices"
	"strings"
)

// Level says how bad a finding is.
type Level string

// An Error ends a check with exit 1. A Warning is something that a person should look
// at. A Note is what a clinic has decided and a reader should know.
const (
	Error   Level = "error"
	Warning Level = "warning"
	Note    Level = "note"
)

// Finding is one thing at one place. Its fields' JSON names are part of what
// docs/check.md promises.
type Finding struct {
	Rule  string `json:"rule"`
	Level Level  `json:"level"`
	// File is the path below the folder of clinic folders, with slashes.
	File string `json:"file"`
	// Line and Column count from 1; columns count characters.
	Line   int `json:"line"`
	Column int `json:"column"`
	// Message says what is the matter, Mend what to do about it.
	Message string `json:"message"`
	Mend    string `json:"mend"`
}

// Rule is what one kind of finding has in common.
type Rule struct {
	ID string
	// Level is the usual one.
	Level Level
	// What says what the rule finds, Mend what to do where a finding says no more.
	What, Mend string
}

// List is what a check found.
type List []Finding

// Sort puts findings in the order of files and places, and drops repeats.
func (l List) Sort() List {
	slices.SortStableFunc(l, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Message, b.Message), cmp.Compare(a.Mend, b.Mend))
	})
	return slices.Compact(l)
}

// Count is how many findings have a level.
func (l List) Count(level Level) int {
	n := 0
	for _, f := range l {
		if f.Level == level {
			n++
		}
	}
	return n
}

// Split parts a sentence such as "the file is empty; give it a text" into what is the
// matter and what to do. A semicolon between quotes or backquotes parts nothing. The
// mend is empty where the sentence has no second part.
func Split(text string) (message, mend string) {
	var quote byte
	for i := range len(text) {
		switch c := text[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '`' || c == '"' && strings.IndexByte(text[i+1:], '"') >= 0:
			quote = c
		case c == ';' && strings.HasPrefix(text[i:], "; "):
			return text[:i], text[i+2:]
		}
	}
	return text, ""
}
