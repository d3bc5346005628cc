package templates

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

//go:embed en es
var builtin embed.FS

// ErrUnknownTemplate is a template name that no file answers to.
var ErrUnknownTemplate = errors.New("unknown template")

// DefaultLanguage answers where a language has no wording.
const DefaultLanguage = "en"

// partsName is the file of the paragraphs that every mail of a language
// shares.
const partsName = "parts"

// Set is the wording in force: every file read, checked and compiled. It never
// changes, and may be used by many goroutines at once.
type Set struct {
	// files by language and name; own ones stand before built-in ones in the
	// index.
	files map[fileKey]*file
	index map[wordingKey]*file
	words map[string]map[string]string // by language: codes in words
	// names reads the names of clients, by the clinic's own words too.
	names *Linter
}

func (s *Set) speech(language string) speech { return speech{s.words[language], s.names} }

// fileKey names a file: "en", "a-notice".
type fileKey struct{ language, name string }

// wordingKey is what a render asks for.
type wordingKey struct{ language, family, reason, wording string }

// file is one wording file.
type file struct {
	key fileKey
	// own is true for a clinic's file.
	own bool
	// given is a clinic's own file as the clinic calls it.
	given  string
	data   []byte
	source *source

	// Of a template:
	header  header
	body    span
	subject []inline
	doc     document
	mail    compiled

	// Of parts.md:
	parts map[string]document
	words map[string]string
}

// path is the file's name as problems give it.
func (f *file) path() string {
	if f.given != "" {
		return "templates/" + f.given + ".md"
	}
	return path.Join("templates", f.key.language, f.key.name+".md")
}

// Builtin reads the wording that comes with the program.
func Builtin() (*Set, error) {
	files := map[fileKey]*file{}
	err := fs.WalkDir(builtin, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := builtin.ReadFile(p)
		if err != nil {
			return err
		}
		key, err := keyOf(p)
		if err != nil {
			return err
		}
		files[key] = &file{key: key, data: data}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read built-in wording: %w", err)
	}
	return newSet(files, Rules{})
}

// With is the set with a clinic's own files. A key is a path inside the
// clinic's templates folder, with or without ".md": "a-notice" or
// "es/a-notice.md"; without a folder the language is English. A file with a
// built-in name replaces that file; one with a new name answers for its family
// and reasons in place of the built-in file that did.
//
// What is wrong is refused, all of it at once: the error joins one *FileError
// for each problem.
func (s *Set) With(overrides map[string][]byte) (*Set, error) {
	return s.WithRules(overrides, Rules{})
}

// Rules are a clinic's own part in the lint.
type Rules struct {
	// Refused and Waived are as in Exceptions.
	Refused []string
	Waived  []Waiver
	// Hosts are as in Exceptions.
	Hosts []string
	// Languages are those in which a built-in file must keep to Refused.
	Languages []string
	// Stored says that an earlier program took these files as they are. What is
	// asked of a wording may have become stricter since: its mails are looked at when
	// they leave, and the files are not again.
	Stored bool
}

// own are those links that lead to a host of the clinic's, or below one. Where no host
// is declared all of them do.
func (r Rules) own(links []string) []string {
	if len(r.Hosts) == 0 {
		return links
	}
	return slices.DeleteFunc(slices.Clone(links), func(link string) bool {
		return !onHost(HostOf(link), r.Hosts)
	})
}

// WithRules is With where the clinic has rules of its own. Words that it refuses are
// looked for in the built-in files too, in the languages that it serves.
func (s *Set) WithRules(overrides map[string][]byte, rules Rules) (*Set, error) {
	files := maps.Clone(s.files)
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(overrides)) {
		key, err := keyOf(name)
		if err != nil {
			errs = append(errs, &FileError{File: path.Join("templates", name), Line: 1, Column: 1, Problem: err.Error()})
			continue
		}
		if f := files[key]; f != nil && f.own {
			errs = append(errs, &FileError{File: f.path(), Line: 1, Column: 1, Problem: fmt.Sprintf("this is the wording of %s too; keep one of the two", path.Join("templates", strings.TrimSuffix(strings.TrimPrefix(name, "templates/"), ".md")+".md"))})
			continue
		}
		files[key] = &file{key: key, data: overrides[name], own: true, given: strings.TrimSuffix(strings.TrimPrefix(name, "templates/"), ".md")}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return newSet(files, rules)
}

// keyOf reads a file's language and name.
func keyOf(p string) (fileKey, error) {
	language, name, ok := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(p, "templates/"), ".md"), "/")
	if !ok {
		language, name = DefaultLanguage, language
	}
	const letters = "abcdefghijklmnopqrstuvwxyz"
	if len(language) < 2 || len(language) > 3 || strings.Trim(language, letters) != "" {
		return fileKey{}, folderError(language)
	}
	if name == "" || len(name) > 60 || strings.Trim(name, letters+"0123456789-") != "" {
		return fileKey{}, errors.New("a file's name is made of small letters, digits and dashes")
	}
	return fileKey{language, name}, nil
}

// folderError says what a folder for a language is called.
func folderError(folder string) error {
	const rule = "a folder of wordings is called by its language alone, in two or three small letters, such as es; English ones stand in the templates folder itself, Spanish ones in templates/es, and another language begins with a parts.md of its own"
	if base := baseLanguage(folder); base != folder && len(base) >= 2 && len(base) <= 3 {
		place := "templates/" + base
		if base == DefaultLanguage {
			place = "the templates folder itself"
		}
		return fmt.Errorf("the folder %s names a region or is not in small letters: move its files to %s, which serves every region; %s", folder, place, rule)
	}
	return fmt.Errorf("the folder %s is no language: %s", folder, rule)
}

// newSet reads, checks and compiles files.
func newSet(files map[fileKey]*file, rules Rules) (*Set, error) {
	s := &Set{files: map[fileKey]*file{}, index: map[wordingKey]*file{}, words: map[string]map[string]string{}, names: NewLinter(Exceptions{Refused: rules.Refused, Waived: rules.Waived})}
	var errs []error
	for _, key := range sortedKeys(files) {
		// A copy: the set that these files come from never changes.
		read := *files[key]
		f := &read
		if f.source == nil {
			f.source = newSource(f.path(), f.data)
			if len(f.source.errs) == 0 {
				if key.name == partsName {
					f.readParts()
				} else {
					f.readTemplate()
				}
			}
			errs = append(errs, f.source.sorted()...)
		}
		s.files[key] = f
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	errs = append(errs, s.buildIndex()...)
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	for _, key := range sortedKeys(s.files) {
		if f := s.files[key]; key.name != partsName {
			parts := s.files[fileKey{key.language, partsName}]
			f.mail = compile(key.language, f.subject, f.doc, parts.parts)
		}
	}
	if rules.Stored {
		return s, nil
	}
	for _, key := range sortedKeys(s.files) {
		if f := s.files[key]; s.lints(f, rules) {
			errs = append(errs, s.lintFile(f, rules)...)
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return s, nil
}

func sortedKeys(files map[fileKey]*file) []fileKey {
	return slices.SortedFunc(maps.Keys(files), func(a, b fileKey) int {
		return strings.Compare(a.language+"/"+a.name, b.language+"/"+b.name)
	})
}

// buildIndex settles which file answers for which family and reason.
func (s *Set) buildIndex() []error {
	var errs []error
	problem := func(f *file, format string, args ...any) {
		errs = append(errs, &FileError{File: f.path(), Line: 1, Column: 1, Problem: fmt.Sprintf(format, args...)})
	}
	for _, own := range []bool{false, true} {
		for _, key := range sortedKeys(s.files) {
			f := s.files[key]
			if f.own != own {
				continue
			}
			if key.name == partsName {
				s.words[key.language] = f.words
				continue
			}
			if s.files[fileKey{key.language, partsName}] == nil {
				problem(f, "the language %q has no parts.md with its crisis line", key.language)
			}
			for _, reason := range f.header.reasons {
				k := wordingKey{key.language, f.header.family, reason, f.header.wording}
				if other := s.index[k]; other != nil && other.own == own {
					problem(f, "family %s, reason %s is answered by %s already; delete one of the two, or give it other reasons", withWording(k.family, k.wording), reason, other.path())
					continue
				}
				s.index[k] = f
			}
		}
	}
	for _, family := range Names() {
		if s.index[wordingKey{DefaultLanguage, family, Unknown, ""}] == nil {
			errs = append(errs, s.unanswered(family))
		}
	}
	return errs
}

// unanswered is the error of a family that no file answers for: one of the clinic's own
// stands in the place of the built-in file that did.
func (s *Set) unanswered(family string) error {
	e := &FileError{File: "templates", Line: 1, Column: 1, Problem: fmt.Sprintf("no file answers for family %s, reason %s", family, Unknown)}
	for _, key := range sortedKeys(s.files) {
		f := s.files[key]
		data, err := builtin.ReadFile(key.language + "/" + key.name + ".md")
		if !f.own || err != nil || key.language != DefaultLanguage || key.name == partsName {
			continue
		}
		h, _ := newSource("", data).readHeader()
		if h.family != family || h.wording != "" || !slices.Contains(h.reasons, Unknown) {
			continue
		}
		e.File = f.path()
		e.Line, e.Column = f.source.position(f.header.familyAt)
		e.Problem += fmt.Sprintf(": this file stands in the place of the built-in one that does; write \"family: %s\" and \"reasons: %s\" at its top, with no \"wording\", or give the file another name", family, Unknown)
		break
	}
	return e
}

// Render fills in the wording of a template, which is one of Names, or one with
// a wording's name after a dot, such as "A.short". The language is a BCP 47 tag:
// without wording for it the mail is English. A reason without a file of its own
// reads as unknown, and a wording that is not there as the usual one.
//
// It fails with ErrUnknownTemplate, or with a *ValueError when a value is
// missing that the mail cannot do without.
func (s *Set) Render(name, language, reason string, v Values) (Rendered, error) {
	f := s.find(name, language, reason)
	if f == nil {
		return Rendered{}, fmt.Errorf("render %q: %w", name, ErrUnknownTemplate)
	}
	out, err := f.mail.render(&v, s.speech(f.key.language))
	if err != nil {
		return Rendered{}, fmt.Errorf("render %s: %w", name, err)
	}
	out.Language = f.key.language
	return out, nil
}

// find prefers the recipient's language to the exact reason.
func (s *Set) find(name, language, reason string) *file {
	if language != DefaultLanguage {
		language = baseLanguage(language)
	}
	family, wording, _ := strings.Cut(name, ".")
	for _, wording := range [...]string{wording, ""} {
		for _, k := range [...]wordingKey{
			{language, family, reason, wording},
			{language, family, Unknown, wording},
			{DefaultLanguage, family, reason, wording},
			{DefaultLanguage, family, Unknown, wording},
		} {
			if f := s.index[k]; f != nil {
				return f
			}
		}
	}
	return nil
}

// answers says whether a file is asked for anything.
func (s *Set) answers(f *file) bool {
	if f.key.name == partsName {
		return true
	}
	for _, reason := range f.header.reasons {
		if s.index[wordingKey{f.key.language, f.header.family, reason, f.header.wording}] == f {
			return true
		}
	}
	return false
}

// HasWording says whether a family has a wording of its own of that name in a
// language.
func (s *Set) HasWording(language, family, wording string) bool {
	return s.index[wordingKey{language, family, Unknown, wording}] != nil
}

// Speaks is the language that Render takes for a template when asked for the first
// of languages in which there is wording for it; English where there is none in
// any. Tags such as "es-MX" count as their language.
func (s *Set) Speaks(name string, languages ...string) string {
	for _, l := range languages {
		if f := s.find(name, l, Unknown); f != nil && f.key.language == baseLanguage(l) {
			return f.key.language
		}
	}
	return DefaultLanguage
}

// Lacks lists the templates, of Names, for which a language has no wording.
func (s *Set) Lacks(language string) []string {
	var out []string
	for _, name := range Names() {
		if s.index[wordingKey{language, name, Unknown, ""}] == nil {
			out = append(out, name)
		}
	}
	return out
}

// Languages lists those that have wording for clients, in alphabetical order.
func (s *Set) Languages() []string {
	var out []string
	for key := range s.index {
		if audienceOf(key.family) == Client && !slices.Contains(out, key.language) {
			out = append(out, key.language)
		}
	}
	slices.Sort(out)
	return out
}

// Links lists the fixed targets of links that stand in the files, built-in and own.
func (s *Set) Links() []string {
	var out []string
	for _, key := range sortedKeys(s.files) {
		out = append(out, s.files[key].mail.links...)
	}
	return out
}

// baseLanguage is "es" for "es-MX".
func baseLanguage(tag string) string {
	if i := strings.IndexAny(tag, "-_"); i >= 0 {
		tag = tag[:i]
	}
	return strings.ToLower(tag)
}

// sorted are a file's problems from its top to its end.
func (s *source) sorted() []error { return byPlace(s.errs) }

// withWording is a template's name with its wording.
func withWording(family, wording string) string {
	if wording == "" {
		return family
	}
	return family + "." + wording
}
