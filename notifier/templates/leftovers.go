package templates

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// longestSubject is how long a subject may be in a file, in characters. A phone shows about
// forty.
const longestSubject = 100

// markup is what a subject would show as it stands.
var markup = regexp.MustCompile(`\*\*|__|</?[a-zA-Z]|\]\(|` + "`" + `|~~`)

// subjectSays refuses a subject of quotes or signs alone, one in quotes or with markup,
// and one that nobody reads to its end.
func (f *file) subjectSays() []error {
	at := f.header.subject
	says := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	s := source{file: f.path(), text: f.source.text}
	first, _ := utf8.DecodeRuneInString(at.text)
	last, _ := utf8.DecodeLastRuneInString(at.text)
	switch found := markup.FindStringIndex(at.text); {
	case f.key.name == partsName:
	case strings.IndexFunc(at.text, says) < 0:
		s.fail(at.at, "the subject %s says nothing; write a few plain words, without quotes", at.text)
	case strings.ContainsRune(`"'“‘«„`, first) && strings.ContainsRune(`"'”’»“`, last):
		s.fail(at.at, "the subject stands in quotes, and its readers would see them; take them out")
	case found != nil:
		s.fail(at.at+found[0], "a subject is plain words: %s would be shown as it stands; take it out", at.text[found[0]:found[1]])
	case utf8.RuneCountInString(at.text) > longestSubject:
		s.fail(at.at, "the subject is longer than %d characters, and a phone shows about forty; write a few plain words", longestSubject)
	}
	return s.errs
}

// leftover is what was pasted from elsewhere and would be shown as it stands.
type leftover struct {
	what *regexp.Regexp
	mend string
}

// leftoversKnown are read in the words of a paragraph, as fold writes them.
var leftoversKnown = sync.OnceValue(func() []leftover { //nolint:gochecknoglobals // never written again
	return []leftover{
		{regexp.MustCompile(`\{[^{}]*\}|\[[^\[\]]*\]|%[a-z_]{3,}%|<<[^<>]*>>|[«<](?:first|last|full|client|patient|user|your|insert|date|time|nombre|name|apellido|fecha|hora|cliente|paciente)[^»>]*[»>]`), "a field of another program stands here, and would be sent as it is; a placeholder of ours is written with two braces: {{first_name}}"},
		{regexp.MustCompile(`\|[ :-]*-{2,}[ :-]*\||^\|.*\|$`), "a table cannot stand in a mail, and would be shown as signs; write a list, each line with \"- \" before it"},
		{regexp.MustCompile(`[•·▪◦‣●]`), "a sign of a list was pasted here; write each entry on a line of its own with \"- \" before it"},
		{regexp.MustCompile(`^#+[a-z]`), "write a space behind # for a heading, or leave it out"},
		{regexp.MustCompile(`~~`), "words that are struck out would be shown with their signs; leave them out"},
	}
})

// leftovers are such pieces of a file.
func (f *file) leftovers() []error {
	s := source{file: f.path(), text: f.source.text}
	for _, runs := range f.paragraphs() {
		var m mapped
		m.paragraph(runs, asShown|keepsFields)
		for _, known := range leftoversKnown() {
			for _, at := range known.what.FindAllIndex(m.text, -1) {
				s.fail(m.at[at[0]], "%s", known.mend)
			}
		}
	}
	return s.errs
}

// codesKnown are the codes in words that our own parts have, "task: call-client".
var codesKnown = sync.OnceValue(func() []string { //nolint:gochecknoglobals // never written again
	data, err := builtin.ReadFile(DefaultLanguage + "/" + partsName + ".md")
	if err != nil {
		return nil
	}
	var out []string
	for _, sec := range newSource("", data).sections() {
		if strings.Contains(sec.name, ": ") {
			out = append(out, sec.name)
		}
	}
	return out
})

// sameLetters is how many letters at its beginning a mistyped code shares with the one
// that was meant.
const sameLetters = 4

// unknownCodes are codes of a clinic's parts.md that nothing asks for, and those of an
// urgency that it leaves out: another one would be shown in their place.
func (f *file) unknownCodes() []error {
	if f.key.name != partsName || !f.own {
		return nil
	}
	s := source{file: f.path(), text: f.source.text}
	known := codesKnown()
	for _, sec := range f.source.sections() {
		table, code, isCode := strings.Cut(sec.name, ": ")
		if !isCode || slices.Contains(known, sec.name) {
			continue
		}
		meant := ""
		for _, k := range known {
			if same, ok := strings.CutPrefix(k, table+": "); ok && (strings.ReplaceAll(strings.ToLower(code), " ", "-") == same || len(code) >= sameLetters && strings.HasPrefix(same, code[:sameLetters])) {
				meant = "; did you mean \"# " + k + "\"?"
				break
			}
		}
		s.fail(sec.at, "nothing asks for the part %q%s", sec.name, meant)
	}
	for _, k := range known {
		if table, _, _ := strings.Cut(k, ": "); table == fields[fUrgency].name && f.words[k] == "" {
			s.fail(len(s.text), "the part %q is missing: mails would say %q in its place; write it as the built-in parts.md does", k, f.words[fields[fUrgency].name+": other"])
		}
	}
	return s.errs
}
