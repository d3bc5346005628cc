package templates

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// fileLint reads one file as the mails that it makes will be read.
type fileLint struct {
	*file
	set   *Set
	rules Rules
	// shows is the mail that shows the file: itself, or for parts.md one with every
	// part; nil where a language has none.
	shows   *file
	values  Values
	allowed Exceptions
	lint    *Linter
	// beside are the places in the other file of that mail, once they were asked for.
	beside *locator
}

// lints says whether a file is read by the lint: what is not a clinic's own was read
// when it was made, but for words that the clinic refuses.
func (s *Set) lints(f *file, rules Rules) bool {
	return f.own || len(rules.Refused) > 0 && slices.Contains(rules.Languages, f.key.language) && s.answers(f)
}

// lintFile turns what the lint finds into problems of a file, from its top to its end.
func (s *Set) lintFile(f *file, rules Rules) []error {
	l := &fileLint{file: f, set: s, rules: rules, shows: f}
	if f.key.name == partsName {
		l.shows = s.showsParts(f.key.language)
	}
	l.values = SampleValuesIn(f.key.language)
	l.allowed = l.values.Exceptions("https://mail.riverside.example/")
	l.allowed.Refused, l.allowed.Waived = rules.Refused, rules.Waived
	l.allowed.Hosts = append(l.allowed.Hosts, rules.Hosts...)
	l.allowed.NoPreferences = l.shows != nil && (l.shows.header.family == familyAddress || l.shows.header.family == familyMoved)
	if l.shows != nil {
		l.allowed.Links = append(l.allowed.Links, rules.own(l.shows.mail.links)...)
	}
	l.lint = NewLinter(l.allowed)
	own := l.itself()
	mail, err := l.inMails()
	if err != nil {
		return []error{&FileError{File: f.path(), Line: 1, Column: 1, Problem: err.Error()}}
	}
	errs := slices.Concat(f.subjectSays(), f.leftovers(), f.unknownCodes())
	if len(own)+len(mail) == 0 {
		return byPlace(errs)
	}
	places := l.locator(f)
	seen := map[string]bool{}
	for i, found := range append(own, mail...) {
		// The same words in text and HTML are one problem of the file.
		if seen[found.Rule+found.Match] {
			continue
		}
		seen[found.Rule+found.Match] = true
		at := places.places(found)
		if len(at) == 0 && i >= len(own) {
			if l.elsewhere(found) {
				continue
			}
			if in, ok := places.paragraph(found); ok {
				at = []int{in}
			} else if found.Rule == ClinicWord {
				continue // of a value, which is looked at where it comes from
			}
		}
		errs = append(errs, f.problems(found, at)...)
	}
	return byPlace(errs)
}

// byPlace are a file's problems from its top to its end.
func byPlace(errs []error) []error {
	slices.SortStableFunc(errs, func(a, b error) int {
		x, _ := errors.AsType[*FileError](a)
		y, _ := errors.AsType[*FileError](b)
		return cmp.Or(cmp.Compare(x.Line, y.Line), cmp.Compare(x.Column, y.Column))
	})
	return errs
}

// showsParts is a mail to a client that shows every shared part of a language; nil
// where there is none.
func (s *Set) showsParts(language string) *file {
	if f := s.index[wordingKey{language, "E", Unknown, ""}]; f != nil {
		return f
	}
	for _, key := range sortedKeys(s.files) {
		if f := s.files[key]; key.language == language && key.name != partsName && len(f.header.family) == 1 {
			return f
		}
	}
	return nil
}

// itself are the findings in what stands in the file and nowhere else: what family E
// asks, the codes in words, and parts that no mail shows.
func (l *fileLint) itself() []Finding {
	found := l.lint.findings(Client)
	if l.key.name == partsName || l.header.family == "E" {
		for _, a := range l.asks() {
			found.add(a)
		}
	}
	for _, code := range slices.Sorted(maps.Keys(l.words)) {
		found.words("text", l.words[code])
	}
	if l.shows == nil {
		found.words("text", string(l.whole(asShown).text))
		for _, runs := range l.paragraphs() {
			for _, in := range runs {
				if in.kind == inLink && in.fixed && !slices.Contains(l.rules.own([]string{in.text}), in.text) {
					found.link("html", in.text)
				}
			}
		}
	}
	return found.list
}

// inMails are the findings in the mail that shows the file: with every value, and with
// those alone that are always there, because what may be left out may bring the words
// around it together.
func (l *fileLint) inMails() ([]Finding, error) {
	if l.shows == nil {
		return nil, nil
	}
	found := l.lint.findings(Client)
	for i, values := range []Values{l.values, bareValues(l.values)} {
		r, err := l.shows.mail.render(&values, l.set.speech(l.key.language))
		if err != nil {
			return nil, err
		}
		r.Language = l.key.language
		reads := l.lint.Lint
		if i > 0 {
			reads = l.lint.Leaving // the grade is that of the whole wording
		}
		for _, one := range reads(r.Mail(), l.shows.header.audience) {
			found.add(one)
		}
	}
	return found.list, nil
}

// elsewhere says whether a finding in a mail, which has no place in this file, stands in
// the other one that makes the mail, and is named there.
func (l *fileLint) elsewhere(found Finding) bool {
	if !l.own {
		return true // what was read when it was made
	}
	other := l.shows
	if l.key.name != partsName {
		other = l.set.files[fileKey{l.key.language, partsName}]
	}
	if other == nil || !l.set.lints(other, l.rules) {
		return false
	}
	if l.beside == nil {
		beside := l.locator(other)
		l.beside = &beside
	}
	at := l.beside.places(found)
	if _, ok := l.beside.paragraph(found); len(at) == 0 && l.key.name == partsName {
		return ok
	}
	return len(at) > 0
}

// problems are what a finding is to whoever writes the file, one for each place; the
// file's top is the place of what stands nowhere.
func (f *file) problems(found Finding, at []int) []error {
	problem := found.Rule
	if found.Match != "" {
		problem += fmt.Sprintf(": %q", found.Match)
	}
	if found.Detail != "" {
		problem += ": " + found.Detail
	}
	if len(at) == 0 {
		at = []int{0}
	}
	var errs []error
	for _, at := range at {
		line, column := f.source.position(at)
		errs = append(errs, &FileError{f.path(), line, column, problem, found.Rule, found.Match, found.Why(), found.Instead()})
	}
	return errs
}

// locator finds places in a file of the mail.
func (l *fileLint) locator(f *file) locator {
	return f.locator(l.lint, func(runs []inline) string {
		if runs[0].kind == inValue && fields[runs[0].id].kind == blockField {
			return ""
		}
		one := compile(l.key.language, nil, document{{kind: paragraph, runs: runs, part: numFields}}, nil)
		r, err := one.render(&l.values, l.set.speech(l.key.language))
		if err != nil {
			return ""
		}
		shown := []string{r.Text, readHTML(r.HTML).text}
		for _, sentence := range sentencesOf(r.Text, l.allowed.Words) {
			shown = append(shown, sentence...) // as the grade reads them
		}
		return strings.Join(shown, " ")
	})
}
