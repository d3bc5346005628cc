package templates

import "github.com/aymanbagabas/go-udiff"

// Wording is one file of a set, as somebody who reads or changes it sees it.
type Wording struct {
	// File is its name: "templates/es/a-notice.md".
	File     string
	Language string
	// Template is what Render calls it, such as "A.short", and Name the file's name
	// without folder and ending.
	Template, Name string
	Audience       string
	// Reasons are those for which this file is taken.
	Reasons []string
	// Own is true for a clinic's file. Changed is then how it differs from the
	// built-in file of that name, as a unified diff; empty where there is none, or no
	// difference.
	Own     bool
	Changed string
}

// Wordings lists the files of mails in force, by language and name. A file in whose
// place another answers for all its reasons is left out.
func (s *Set) Wordings() ([]Wording, error) {
	original, err := Builtin()
	if err != nil {
		return nil, err
	}
	var out []Wording
	for _, key := range sortedKeys(s.files) {
		f := s.files[key]
		if key.name == partsName {
			continue
		}
		w := Wording{
			File: f.path(), Language: key.language, Name: key.name, Template: withWording(f.header.family, f.header.wording),
			Audience: f.header.audience, Own: f.own,
		}
		for _, reason := range f.header.reasons {
			if s.index[wordingKey{key.language, f.header.family, reason, f.header.wording}] == f {
				w.Reasons = append(w.Reasons, reason)
			}
		}
		if len(w.Reasons) == 0 {
			continue
		}
		if was := original.files[key]; f.own && was != nil {
			w.Changed = udiff.Unified("built in", w.File, string(was.data), string(f.data))
		}
		out = append(out, w)
	}
	return out, nil
}

// Answers is the file that Render takes for a template, a language and a reason;
// empty where it fails with ErrUnknownTemplate.
func (s *Set) Answers(template, language, reason string) string {
	if f := s.find(template, language, reason); f != nil {
		return f.path()
	}
	return ""
}
