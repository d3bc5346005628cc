package templates

import (
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// The rules of the lint.
const (
	// ClinicalWord: a diagnosis, a therapist's title, a kind of visit, a score
	// or "therapy" (the rule no-clinical-words).
	ClinicalWord = "clinical-word"
	// Blame: blame, guilt, fees, threats, or humour.
	Blame = "blame"
	// MissingCrisisLine, MissingReplySentence and MissingPreferences: what
	// every client mail must show, in both bodies.
	MissingCrisisLine    = "missing-crisis-line"
	MissingReplySentence = "missing-reply-sentence"
	MissingPreferences   = "missing-preferences"
	// ForeignLink: a link outside the given addresses, or remote content.
	ForeignLink = "foreign-link"
	// GradeRule: harder to read than MaxGrade.
	GradeRule = "grade"
)

// Finding is one thing that the lint holds against a mail.
type Finding struct {
	Rule string
	// Part is "subject", "text" or "html".
	Part string
	// Match is the words found, folded to plain lower case; empty where
	// something is missing.
	Match  string
	Detail string
}

// String reads "rule in part: match (detail)".
func (f Finding) String() string {
	s := f.Rule + " in " + f.Part
	if f.Match != "" {
		s += fmt.Sprintf(": %q", f.Match)
	}
	if f.Detail != "" {
		s += " (" + f.Detail + ")"
	}
	return s
}

// Exceptions is what one clinic's mails may and must hold.
type Exceptions struct {
	// Words are proper names that are no finding whatever they contain: the
	// clinic's name, the crisis line's, those of resources.
	Words []string
	// Links are the addresses that a link may begin with: same scheme and
	// host, and the same path up to a slash. A resource's whole URL is one.
	Links []string
	// CrisisPhone is the number that the crisis line must show. Empty asks for
	// any number beside words of help.
	CrisisPhone string
	// PreferencesURL is the address that the preferences link begins with.
	// Empty asks for the word alone.
	PreferencesURL string
}

var (
	clinicalWords = regexp.MustCompile(`\b(` + strings.Join([]string{
		`(psycho)?therap(y|ies|ist|ists|eutic)`, `counsell?(ing|or|ors)`, `psycho\w*`, `psychiatr\w*`,
		`doctors?`, `dr`, `ph\.?d`, `psy\.?d`, `lcsw`, `lmft`, `lpcc?`, `clinicians?`, `clinical`, `patients?`, `nurses?`,
		`diagnos\w*`, `disorders?`, `depress\w*`, `anxiet\w*`, `anxious`, `ptsd`, `bipolar`, `adhd`, `autis\w*`, `schizo\w*`,
		`suicid\w*`, `self[- ]?harm\w*`, `self[- ]?injur\w*`, `overdos\w*`, `trauma\w*`, `addict\w*`, `relaps\w*`, `rehab\w*`, `sober\w*`, `recovery`,
		`mental(ly)?`, `illness\w*`, `symptoms?`, `medications?`, `meds`, `treatments?`, `disease\w*`,
		`appointment types?`, `intakes?`, `evaluations?`, `assessments?`, `screenings?`, `follow[- ]?ups?`, `first (visit|appointment|session)`,
		`phq\S*`, `gad-?7`, `scores?`, `risks?`, `cbt`, `dbt`, `emdr`, `group session`,
	}, "|") + `)\b`)
	blameWords = regexp.MustCompile(`\b(` + strings.Join([]string{
		`miss(ed|ing)?`, `no[- ]?shows?`, `fail(ed|s|ing|ure|ures)?`, `faults?`, `blam\w*`, `guilt\w*`, `asham\w*`, `sham(e|es|ed|ing|eful)`, `excuses?`,
		`disappoint\w*`, `let (us|me|yourself) down`, `wast(e|ed|ing)`, `neglect\w*`, `ignor(e|ed|ing)`, `irresponsib\w*`, `lazy`,
		`you (must|should|ought)`, `you did(n'?t| not)`, `you have(n'?t| not)`, `why (did|have)(n'?t| you not)`, `(once|yet) again`, `still have not`,
		`fees?`, `charg(e|es|ed)`, `invoic\w*`, `penalt\w*`, `owe[ds]?`, `overdue`, `unpaid`,
		`discharg\w*`, `terminat\w*`, `dropped from`, `clos(e|ing) your (file|case|chart)`, `lose your (place|spot|slot)`,
		`last chance`, `(last|final) (notice|reminder|warning)`, `warning`, `or else`, `consequences?`, `comply`, `complian\w*`, `non-?complian\w*`,
		`lol`, `haha\w*`, `jok(e|es|ing)`, `just kidding`,
	}, "|") + `)\b`)
	addresses   = regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*://[^\s<>"]+|\bwww\.[^\s<>"]+`)
	bareDomains = regexp.MustCompile(`\b[a-z0-9-]+(\.[a-z0-9-]+)*\.(com|org|net|edu|gov|io|info|biz|co|us|uk|eu|ru|cn|link|click|app|page|site|xyz|top|online|health|care|example|test)\b(/\S*)?`)
	cssURL      = regexp.MustCompile(`(?i)url\s*\(|@import`)
	helpWords   = regexp.MustCompile(`\b(call|text|reach|phone)\b`)
	replyTells  = regexp.MustCompile(`\b(repl(y|ies)|write back|answers?)\b[^.!?]*\b(reads?|read by)\b|\breads?\b[^.!?]*\b(repl(y|ies)|answers?)\b`)
	hoursTell   = regexp.MustCompile(`\bhours\b`)
	prefsTell   = regexp.MustCompile(`\b(mails?|emails?|messages?|notes?)\b[^.!?]*\b(stop|change|choose|fewer|less)\b|\b(stop|change|choose)\b[^.!?]*\b(mails?|emails?|messages?|notes?)\b`)
	anyPhone    = regexp.MustCompile(`\d{3}`)
)

// Lint reads a rendered mail as its recipient would and says what must not
// leave, or is not there. It looks through hidden characters, look-alike
// letters, HTML entities and tags inside words. Rules about words and reading
// level know English; a mail in another language skips them.
//
// It takes some milliseconds: it is for checks and tests, not for every send.
func Lint(r Rendered, audience string, allowed Exceptions) []Finding {
	l := &linter{allowed: allowed}
	for _, w := range allowed.Words {
		if f := squeeze(fold(w)); f != "" {
			l.names = append(l.names, f)
		}
	}
	// The longest name first, so that a name inside another leaves no rest.
	slices.SortFunc(l.names, func(a, b string) int { return len(b) - len(a) })

	page := readHTML(r.HTML)
	english := r.Language == "" || r.Language == "en"
	for _, part := range []struct{ name, text string }{
		{"subject", r.Subject}, {"text", r.Text}, {"html", page.text},
	} {
		if english {
			l.words(part.name, part.text)
		}
		l.links(part.name, part.text)
	}
	for _, link := range page.links {
		l.link("html", link)
	}
	for _, remote := range page.remote {
		l.add(Finding{ForeignLink, "html", remote, "remote content"})
	}
	if audience == Client {
		l.needs("text", r.Text, r.Text, english)
		l.needs("html", page.text, page.text+" "+strings.Join(page.links, " "), english)
		if english {
			l.grade(r.Text)
		}
	}
	return l.found
}

// ClinicalWords lists the words of a text that no mail to a client may hold (the
// rule no-clinical-words), folded to plain lower case.
func ClinicalWords(text string) []string {
	return clinicalWords.FindAllString(squeeze(fold(text)), -1)
}

type linter struct {
	allowed Exceptions
	names   []string
	found   []Finding
}

func (l *linter) add(f Finding) {
	if !slices.Contains(l.found, f) {
		l.found = append(l.found, f)
	}
}

// bare is folded text without allowed links and proper names.
func (l *linter) bare(text string) string {
	text = addresses.ReplaceAllStringFunc(text, func(a string) string {
		if l.mayLink(trimLink(a)) {
			return " "
		}
		return a
	})
	f := squeeze(fold(text))
	for _, n := range l.names {
		f = strings.ReplaceAll(f, n, "name")
	}
	return f
}

func (l *linter) words(part, text string) {
	f := l.bare(text)
	for _, m := range clinicalWords.FindAllString(f, -1) {
		l.add(Finding{ClinicalWord, part, m, ""})
	}
	for _, m := range blameWords.FindAllString(f, -1) {
		l.add(Finding{Blame, part, m, ""})
	}
}

// links checks every address written in text, also one that is spelt with
// other letters than it seems.
func (l *linter) links(part, text string) {
	var seen []string
	for _, a := range addresses.FindAllString(text, -1) {
		a = trimLink(a)
		seen = append(seen, squeeze(fold(a)))
		l.link(part, a)
	}
	f := l.bare(text)
	for _, a := range addresses.FindAllString(f, -1) {
		if a = trimLink(a); !slices.Contains(seen, a) {
			l.link(part, a)
		}
	}
	for _, a := range bareDomains.FindAllString(addresses.ReplaceAllString(f, " "), -1) {
		if !l.mayLink("https://"+a) && !l.mayLink("http://"+a) {
			l.add(Finding{ForeignLink, part, a, "a mail program makes a link of it"})
		}
	}
}

func (l *linter) link(part, a string) {
	if !l.mayLink(a) {
		l.add(Finding{ForeignLink, part, a, ""})
	}
}

// mayLink says whether a link lies under an allowed address.
func (l *linter) mayLink(a string) bool {
	for _, base := range l.allowed.Links {
		if under(a, base) {
			return true
		}
	}
	return false
}

// under compares scheme, host and path, so that neither "clinic.example.evil"
// nor "clinic.example@evil" passes for "clinic.example".
func under(a, base string) bool {
	if a == base {
		return true
	}
	u, err := url.Parse(a)
	if err != nil || u.User != nil || u.Host == "" || strings.Contains(u.EscapedPath(), "..") {
		return false
	}
	b, err := url.Parse(base)
	if err != nil || b.RawQuery != "" || b.Fragment != "" || u.Scheme != b.Scheme || !strings.EqualFold(u.Host, b.Host) {
		return false
	}
	want := strings.TrimSuffix(b.EscapedPath(), "/")
	rest, ok := strings.CutPrefix(u.EscapedPath(), want)
	return ok && (rest == "" || rest[0] == '/')
}

// needs checks what every client mail shows. all is the text with its links.
func (l *linter) needs(part, text, all string, english bool) {
	f := squeeze(fold(text))
	phone := squeeze(fold(l.allowed.CrisisPhone))
	switch {
	case phone != "" && strings.Contains(f, phone) && (!english || helpWords.MatchString(f)):
	case phone == "" && anyPhone.MatchString(f) && (!english || helpWords.MatchString(f)):
	default:
		l.add(Finding{MissingCrisisLine, part, "", "the clinic's crisis number stands nowhere"})
	}
	if english && (!replyTells.MatchString(f) || !hoursTell.MatchString(f)) {
		l.add(Finding{MissingReplySentence, part, "", "nothing says that a person reads replies, and in which hours"})
	}
	if english && !prefsTell.MatchString(f) {
		l.add(Finding{MissingPreferences, part, "", "nothing says how to change or stop these mails"})
	} else if p := l.allowed.PreferencesURL; p != "" {
		linked := slices.ContainsFunc(strings.Fields(all), func(w string) bool { return under(trimLink(w), p) })
		if !linked {
			l.add(Finding{MissingPreferences, part, "", "the preferences link is missing"})
		}
	}
}

func (l *linter) grade(text string) {
	g := Grade(text, l.allowed.Words...)
	if phone := l.allowed.CrisisPhone; phone != "" {
		if above, _, ok := strings.Cut(text, phone); ok {
			// The paragraph that the number stands in is the crisis line's.
			if i := strings.LastIndex(above, "\n\n"); i >= 0 {
				above = above[:i]
			}
			g = max(g, Grade(above, l.allowed.Words...))
		}
	}
	if g > MaxGrade {
		l.add(Finding{GradeRule, "text", "", fmt.Sprintf("grade %.1f, at most %.1f; the hardest sentence: %q", g, MaxGrade, hardest(text, l.allowed.Words))})
	}
}

// trimLink drops the sentence's own punctuation from an address.
func trimLink(a string) string { return strings.TrimRight(a, ".,;:!?)]}'") }

// squeeze collapses white space.
func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

// page is what a reader, or a mail program, finds in HTML.
type page struct {
	text          string
	links, remote []string
}

// blockTags end a word; other tags may stand inside one.
var blockTags = []string{ //nolint:gochecknoglobals // never written again
	"p", "div", "li", "ul", "ol", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "table", "tr", "td", "th",
	"title", "body", "head", "html", "blockquote", "a", "img",
}

// readHTML takes HTML apart as far as the lint needs.
func readHTML(s string) page {
	var p page
	var b strings.Builder
	for s != "" {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			b.WriteString(html.UnescapeString(s))
			break
		}
		b.WriteString(html.UnescapeString(s[:i]))
		if strings.HasPrefix(s[i:], "<!--") {
			_, after, _ := strings.Cut(s[i+4:], "-->")
			s = after
			continue
		}
		tag, after := cutTag(s[i+1:])
		s = after
		name, attrs := splitTag(tag)
		if slices.Contains(blockTags, strings.TrimPrefix(name, "/")) {
			b.WriteByte(' ')
		}
		switch name {
		case "style", "script":
			body, rest, _ := strings.Cut(s, "</"+name)
			_, s, _ = strings.Cut(rest, ">")
			if name == "script" || cssURL.MatchString(body) {
				p.remote = append(p.remote, name)
			}
		case "link", "iframe", "object", "embed", "base", "form", "svg":
			p.remote = append(p.remote, name)
		}
		for _, a := range attrs {
			switch {
			case a.name == "href":
				p.links = append(p.links, a.value)
			case slices.Contains([]string{"src", "srcset", "background", "action", "poster", "data"}, a.name):
				p.remote = append(p.remote, a.value)
			case a.name == "style" && cssURL.MatchString(a.value), strings.HasPrefix(a.name, "on"):
				p.remote = append(p.remote, a.name)
			case slices.Contains([]string{"alt", "title", "aria-label"}, a.name):
				b.WriteString(" " + a.value + " ")
			}
		}
	}
	p.text = b.String()
	return p
}

// cutTag splits behind the > that ends a tag, minding quotes.
func cutTag(s string) (tag, after string) {
	var quote byte
	for i := range len(s) {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

type attribute struct{ name, value string }

var attributes = regexp.MustCompile(`([a-zA-Z:@-]+)\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)`)

func splitTag(tag string) (name string, attrs []attribute) {
	name, rest, _ := strings.Cut(strings.Join(strings.Fields(tag), " "), " ")
	for _, m := range attributes.FindAllStringSubmatch(rest, -1) {
		attrs = append(attrs, attribute{strings.ToLower(m[1]), html.UnescapeString(strings.Trim(m[2], `"'`))})
	}
	return strings.ToLower(strings.TrimSuffix(name, "/")), attrs
}
