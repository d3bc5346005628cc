package templates

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// The rules of the lint.
const (
	// ClinicalWord: a diagnosis, a medicine, a therapist's title, a kind of visit, a
	// score or "therapy" (the rule no-clinical-words).
	ClinicalWord = "clinical-word"
	// ClinicWord: a word that the clinic itself keeps out of its mails.
	ClinicWord = "clinic-word"
	// Blame: blame, guilt, fees, threats, or humour.
	Blame = "blame"
	// Identifier: what leads to a person: a record's number, a date of birth, a mail
	// address (the rule no-identifiers).
	Identifier = "identifier"
	// MissingCrisisLine, MissingReplySentence and MissingPreferences: what
	// every client mail must show, in both bodies.
	MissingCrisisLine    = "missing-crisis-line"
	MissingReplySentence = "missing-reply-sentence"
	MissingPreferences   = "missing-preferences"
	// ForeignLink: a link outside the given addresses, or remote content.
	ForeignLink = "foreign-link"
	// Disguised: what shows other words to a reader than stand there: signs that turn
	// the direction of reading, styles and tags that hide, move or add words.
	Disguised = "disguised"
	// CaringContactAsks: a demand, advice or a question in family E, which goes to a
	// client with a safety flag. It is a matter of the wording alone, as GradeRule is.
	CaringContactAsks = "caring-contact-asks"
	// GradeRule: harder to read than MaxGrade.
	GradeRule = "grade"
)

// RuleNames lists every rule.
func RuleNames() []string {
	return []string{ClinicalWord, ClinicWord, Blame, Identifier, MissingCrisisLine, MissingReplySentence, MissingPreferences, ForeignLink, Disguised, CaringContactAsks, GradeRule}
}

// advice is why a rule is there, and what to write instead.
type advice struct{ why, instead string }

func adviceOn(rule string) advice {
	switch rule {
	case ClinicalWord:
		return advice{"whoever sees the screen would know what the client comes for", "say it in plain words, such as \"visit\", \"talk\" or \"our team\", or leave it out"}
	case ClinicWord:
		return advice{"your clinic keeps this word out of its mails", "say it in other words"}
	case Blame:
		return advice{"it can read as blame, a threat, a claim or a joke, and drives people away", "say what you offer, and leave out what was not done"}
	case Identifier:
		return advice{"it leads to one person, and mail is read by others", "leave it out; the pages behind the link show it to whoever may see it"}
	case MissingCrisisLine:
		return advice{"a client in danger must find help in every mail", "put {{crisis_line}} on a line of its own"}
	case MissingReplySentence:
		return advice{"a client must know whether somebody reads what they write, and when", "put {{replies}} on a line of its own, and say in it that a person reads replies in office hours"}
	case MissingPreferences:
		return advice{"every client may change or stop these mails", "put {{preferences}} on a line of its own"}
	case ForeignLink:
		return advice{"it leads away from you, or tells others that the mail was opened", "link to {{booking_link}}, {{checkin_link}} or an address of the clinic"}
	case Disguised:
		return advice{"a reader may see other words than anybody has checked", "leave it out; plain words in plain order need none of it"}
	case CaringContactAsks:
		return advice{"family E goes to a client who may be in danger; it asks for nothing and advises nothing, not even kindly, and a person asks the rest", "say that you think of them and that they are welcome; name the crisis line; put \"if you like\" beside a call or a reply"}
	case GradeRule:
		return advice{"many clients would not read to its end", "use shorter sentences and shorter words"}
	}
	return advice{}
}

// Finding is one thing that the lint holds against a mail.
type Finding struct {
	Rule string
	// Part is "subject", "text", "html", "sender", "reply-to" or "header".
	Part string
	// Match is the words found, folded to plain lower case; empty where
	// something is missing.
	Match  string
	Detail string
	// File and Line are the wording's place, where it is known: "templates/es/note.md"
	// and the line from 1.
	File string
	Line int
	// near is what stands at the finding's place where Match is empty, as fold writes it.
	near string
}

// Why says why the rule is there.
func (f Finding) Why() string { return adviceOn(f.Rule).why }

// Instead says what to write in place of what was found.
func (f Finding) Instead() string { return adviceOn(f.Rule).instead }

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

// Mail is all of a mail that its reader, a bystander, or whoever carries it may see.
type Mail struct {
	Subject, Text, HTML string
	// Language is the mail's, such as "es"; empty is English.
	Language string
	// Sender and ReplyTo are the names shown beside the addresses.
	Sender, ReplyTo string
	Headers         []Header
}

// Header is one further header line.
type Header struct{ Name, Value string }

// Exceptions is what one clinic's mails may and must hold.
type Exceptions struct {
	// Words are proper names that are no finding whatever they contain: the
	// clinic's name, the crisis line's, those of resources.
	Words []string
	// Said are other texts of the clinic's settings, such as a telephone number or what
	// its list says of a service: no finding in a mail, having been looked at there.
	Said []string
	// Links are the addresses that a link may begin with: same scheme and
	// host, and the same path up to a slash. A resource's whole URL is one.
	Links []string
	// Own are those of Links whose further path we make ourselves, at random: nobody
	// reads words in it.
	Own []string
	// Read are whole addresses whose words somebody has looked at, or answers for, such as
	// a service's.
	Read []string
	// Hosts are those that the clinic has declared, such as its own domain: no words are
	// read in them.
	Hosts []string
	// CrisisPhone is the number that the crisis line must show. Empty asks for
	// any number beside words of help.
	CrisisPhone string
	// PreferencesURL is the address that the preferences link begins with.
	// Empty asks for the word alone.
	PreferencesURL string
	// NoPreferences lets a mail be without that link: one to an address that nobody has
	// confirmed (family address) may be read by anybody.
	NoPreferences bool
	// Refused are words that the clinic keeps out of its mails; one that ends in *
	// is the beginning of a word.
	Refused []string
	// Waived are findings that somebody answers for.
	Waived []Waiver
}

// Waiver lets findings of a rule by: those of the words given, or, of a rule that
// finds no words, all. A missing crisis line is never waived.
type Waiver struct {
	Rule  string
	Words []string
}

// Waives says whether a finding is let by.
func (w Waiver) Waives(f Finding) bool {
	if w.Rule != f.Rule || f.Rule == MissingCrisisLine {
		return false
	}
	return f.Match == "" || slices.ContainsFunc(w.Words, func(s string) bool { return squeeze(fold(s)) == f.Match })
}

// Linter reads mails of one clinic. It may be used by many goroutines at once.
type Linter struct {
	allowed Exceptions
	// names are the allowed words as fold writes them, the longest first, so that a
	// name inside another leaves no rest.
	names []string
	own   *lexicon
	phone string
	// plain are allowed links whose words are no finding: most links of a mail.
	plain []string
}

// NewLinter prepares what one clinic's mails may and must hold.
func NewLinter(allowed Exceptions) *Linter {
	l := &Linter{allowed: allowed, own: newLexicon(), phone: squeeze(fold(allowed.CrisisPhone))}
	for _, w := range allowed.Words {
		if f := squeeze(fold(w)); f != "" {
			l.names = append(l.names, f)
		}
	}
	for _, w := range allowed.Refused {
		// A short stem would not be found by its first letters.
		if stem, cut := strings.CutSuffix(w, "*"); !cut || utf8.RuneCountInString(fold(stem)) >= stemLetters {
			l.own.add(ClinicWord, fold(w))
		}
	}
	var said []string
	for _, w := range allowed.Said {
		// What is no finding by itself stays, so that words around it are read with it:
		// "Free" is a price, and stands in "free of charge".
		if len(l.Words("", w)) > 0 {
			said = append(said, squeeze(fold(w)))
		}
	}
	l.names = append(l.names, said...)
	slices.SortFunc(l.names, func(a, b string) int { return len(b) - len(a) })
	for _, link := range allowed.Links {
		if slices.Contains(allowed.Read, link) || len(l.Link("", link)) == 0 {
			l.plain = append(l.plain, link)
		}
	}
	return l
}

// Lint reads a rendered mail as Linter.Lint does, for one use.
func Lint(r Rendered, audience string, allowed Exceptions) []Finding {
	return NewLinter(allowed).Lint(r.Mail(), audience)
}

// Mail is the rendered mail without a sender.
func (r Rendered) Mail() Mail {
	return Mail{Subject: r.Subject, Text: r.Text, HTML: r.HTML, Language: r.Language}
}

// Lint says what must not leave in a mail, or is not there, and how hard it reads.
func (l *Linter) Lint(m Mail, audience string) []Finding {
	found := l.leaving(m, audience)
	if audience == Client {
		found.grade(m.Text, m.Language)
	}
	return found.list
}

// Leaving is Lint without the reading grade, which is a matter of the wording and
// not of one mail. It reads a mail as its recipient would: through hidden
// characters, look-alike letters, HTML entities, tags inside words, and the
// encodings of links. It takes a fraction of a millisecond.
func (l *Linter) Leaving(m Mail, audience string) []Finding { return l.leaving(m, audience).list }

func (l *Linter) leaving(m Mail, audience string) *findings {
	found := l.findings(audience)
	page := readHTML(m.HTML)
	found.words("subject", m.Subject)
	text := found.words("text", m.Text)
	shown := found.words("html", page.text)
	found.words("html", page.hidden)
	found.words("sender", m.Sender)
	found.words("reply-to", m.ReplyTo)
	for _, h := range m.Headers {
		found.words("header", strings.ReplaceAll(h.Name, "-", " "))
		found.words("header", h.Value)
	}
	for _, text := range page.seams {
		found.seam("html", text, shown.shown)
	}
	for _, how := range page.disguised {
		found.add(Finding{Rule: Disguised, Part: "html", Match: how, Detail: "mail programs show other words than stand there"})
	}
	for _, link := range page.links {
		found.link("html", link)
	}
	for _, remote := range page.remote {
		found.add(Finding{Rule: ForeignLink, Part: "html", Match: remote, Detail: "remote content"})
	}
	if audience == Client {
		found.needs("text", text, addressesIn(m.Text), m.Language)
		found.needs("html", shown, page.links, m.Language)
	}
	return found
}

// Words lists what may not stand in a text by itself, such as a name in a clinic's
// settings; part says where it stands.
func (l *Linter) Words(part, text string) []Finding {
	found := l.findings(Client)
	found.words(part, text)
	return found.list
}

// Link lists the words of a link, path and query, that may not stand in a mail.
func (l *Linter) Link(part, link string) []Finding {
	found := l.findings(Client)
	found.linkWords(part, link)
	return found.list
}

// ClinicalWords lists the words of a text that no mail to a client may hold (the
// rule no-clinical-words), folded to plain lower case.
func ClinicalWords(text string) []string {
	f := squeeze(fold(text))
	var out []string
	builtinWords().find(tokensOf(f), func(rule string, from, to int) {
		if word := f[from:to]; rule == ClinicalWord && !slices.Contains(out, word) {
			out = append(out, word)
		}
	})
	return out
}

// findings collects what a linter holds against one mail.
type findings struct {
	*Linter
	audience string
	list     []Finding
}

func (l *Linter) findings(audience string) *findings { return &findings{Linter: l, audience: audience} }

func (l *findings) add(f Finding) {
	if slices.Contains(l.list, f) || slices.ContainsFunc(l.allowed.Waived, func(w Waiver) bool { return w.Waives(f) }) {
		return
	}
	l.list = append(l.list, f)
}

// bare is folded text without allowed links, and the same without proper names.
func (l *Linter) bare(text string) (shown, f string) {
	if spots := addressSpots(text); len(spots) > 0 {
		var b strings.Builder
		from := 0
		for _, s := range spots {
			if a := trimLink(text[s.from:s.to]); l.mayLink(a) {
				b.WriteString(text[from:s.from] + " ")
				from = s.from + len(a)
			}
		}
		b.WriteString(text[from:])
		text = b.String()
	}
	shown = squeeze(fold(text))
	return shown, l.nameless(shown)
}

// nameless puts "name" in the place of the clinic's names.
func (l *Linter) nameless(f string) string {
	for _, n := range l.names {
		f = replaceName(f, n)
	}
	return f
}

// replaceName puts "name" in the place of a name that stands there whole.
func replaceName(text, name string) string {
	i := strings.Index(text, name)
	if i < 0 {
		return text
	}
	var b strings.Builder
	for ; i >= 0; i = strings.Index(text, name) {
		end := i + len(name)
		before, _ := utf8.DecodeLastRuneInString(text[:i])
		after, _ := utf8.DecodeRuneInString(text[end:])
		b.WriteString(text[:i])
		if i > 0 && isLetter(before) || end < len(text) && isLetter(after) {
			b.WriteString(name)
		} else {
			b.WriteString("name")
		}
		text = text[end:]
	}
	b.WriteString(text)
	return b.String()
}

// read is a part of a mail, folded and in words.
type read struct {
	// shown is the folded text, plain the same without names, in which the tokens stand.
	shown, plain string
	tokens       []token
}

// words reads a part: its words, its identifiers and the addresses that are written
// in it, also one that is spelt with other letters than it seems.
func (l *findings) words(part, text string) read {
	if text == "" {
		return read{}
	}
	var seen []string
	for _, a := range addressesIn(text) {
		seen = append(seen, squeeze(fold(a)))
		l.link(part, a)
	}
	shown, f := l.bare(text)
	out := read{shown, f, tokensOf(f)}
	hit := func(rule string, from, to int) {
		if !excused(f, rule, out.tokens, from, to) && !l.isCode(f[from:to]) {
			l.add(Finding{Rule: rule, Part: part, Match: f[from:to]})
		}
	}
	l.find(out.tokens, hit)
	if plain, ok := unsigned(f); ok {
		l.find(tokensOf(plain), hit)
	}
	if mark := turned(text); mark != "" {
		l.add(Finding{Rule: Disguised, Part: part, Match: mark, Detail: "a sign that turns the direction of reading"})
	}
	l.identifiers(part, f)
	rest := f
	for _, a := range addressesIn(f) {
		rest = strings.Replace(rest, a, " ", 1)
		if !slices.Contains(seen, a) {
			l.link(part, a)
		}
	}
	if !dotted(rest) {
		return out
	}
	for _, a := range bareDomains.FindAllString(rest, -1) {
		if !l.mayLink("https://"+a) && !l.mayLink("http://"+a) {
			detail := "a mail program makes a link of it"
			if host, _, _ := strings.Cut(a, "/"); onHost(host, l.allowed.Hosts) {
				detail += "; an address of yours stands behind words: [like these](https://" + a + ")"
			}
			l.add(Finding{Rule: ForeignLink, Part: part, Match: a, Detail: detail})
		}
	}
	return out
}

// find looks for the words of all mails and of the clinic in every reading of a text.
func (l *findings) find(tokens []token, hit func(rule string, from, to int)) {
	for _, read := range append(readings(tokens), tokens) {
		builtinWords().find(read, hit)
		if len(l.allowed.Refused) > 0 {
			l.own.find(read, hit)
		}
	}
}

// seam reads a few words of which one stands over the border of two boxes, lines or
// links. What stands in the shown text as well has been looked at there.
func (l *findings) seam(part, text, shown string) {
	f, some := squeeze(fold(text)), false
	if l.find(tokensOf(f), func(_ string, from, to int) { some = some || !strings.Contains(shown, f[from:to]) }); !some {
		return
	}
	f = l.nameless(f)
	l.find(tokensOf(f), func(rule string, from, to int) {
		if !strings.Contains(shown, f[from:to]) {
			l.add(Finding{Rule: rule, Part: part, Match: f[from:to], Detail: "in parts that stand side by side"})
		}
	})
}

// turned names the first character of a text that sets its direction of reading; empty
// where there is none.
func turned(text string) string {
	for i := strings.IndexByte(text, 0xE2); i >= 0 && i+2 < len(text); {
		switch r, _ := utf8.DecodeRuneInString(text[i:]); {
		case r == 0x200E, r == 0x200F, r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x206F:
			return fmt.Sprintf("%U", r)
		}
		next := strings.IndexByte(text[i+1:], 0xE2)
		if next < 0 {
			break
		}
		i += 1 + next
	}
	if strings.ContainsRune(text, 0x061C) {
		return "U+061C"
	}
	return ""
}

var bareDomains = regexp.MustCompile(`\b[a-z0-9ñ-]+(\.[a-z0-9ñ-]+)*\.(com|org|net|edu|gov|io|info|biz|co|us|uk|eu|ru|cn|es|mx|link|click|app|page|site|xyz|top|online|health|care|example|test)\b(/\S*)?`)

// dotted says whether a dot stands between letters: else there is no bare domain.
func dotted(text string) bool {
	for i := 1; i+2 < len(text); i++ {
		if text[i] == '.' && text[i-1] > ' ' && text[i+1] >= 'a' && text[i+1] <= 'z' && text[i+2] >= 'a' && text[i+2] <= 'z' {
			return true
		}
	}
	return false
}

// needs checks what every client mail shows, in the words of its language.
func (l *findings) needs(part string, r read, links []string, language string) {
	language = baseLanguage(language)
	if language == "" {
		language = DefaultLanguage
	}
	_, known := telling[language]
	says := tells(r.plain, r.tokens, language)
	helps := !known || says.all&tellsCall != 0
	if shown := l.phone == "" && digits(r.shown) > 2 || l.phone != "" && strings.Contains(r.shown, l.phone); !shown || !helps {
		l.add(Finding{Rule: MissingCrisisLine, Part: part, Detail: "the clinic's crisis number stands nowhere"})
	}
	if known && (!says.both(tellsReply, tellsRead) || says.all&tellsHours == 0 || says.denied&tellsRead != 0) {
		l.add(Finding{Rule: MissingReplySentence, Part: part, Detail: "no sentence says plainly, without a \"not\", that a person reads replies, and in which hours"})
	}
	if l.allowed.NoPreferences {
		return
	}
	if known && (!says.both(tellsMail, tellsChange) || says.denied&tellsChange != 0) {
		l.add(Finding{Rule: MissingPreferences, Part: part, Detail: "no sentence says plainly, without a \"not\", how to change or stop these mails"})
	} else if p := l.allowed.PreferencesURL; p != "" && !slices.ContainsFunc(links, func(a string) bool { return under(a, p) }) {
		l.add(Finding{Rule: MissingPreferences, Part: part, Detail: "the preferences link is missing"})
	}
}

func (l *findings) grade(text, language string) {
	g := GradeIn(language, text, l.allowed.Words...)
	if phone := l.allowed.CrisisPhone; phone != "" {
		if above, _, ok := strings.Cut(text, phone); ok {
			// The paragraph that the number stands in is the crisis line's.
			if i := strings.LastIndex(above, "\n\n"); i >= 0 {
				above = above[:i]
			}
			g = max(g, GradeIn(language, above, l.allowed.Words...))
		}
	}
	if g > MaxGrade {
		sentence := hardest(language, text, l.allowed.Words)
		l.add(Finding{Rule: GradeRule, Part: "text", Detail: fmt.Sprintf("grade %.1f, at most %.1f; the hardest sentence: %q", g, MaxGrade, sentence), near: squeeze(fold(sentence))})
	}
}
