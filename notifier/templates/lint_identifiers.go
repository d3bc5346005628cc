package templates

import (
	"regexp"
	"strings"
)

// months of both languages, as fold writes them.
const months = `(?:january|february|march|april|may|june|july|august|september|october|november|december|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|setiembre|octubre|noviembre|diciembre|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|ene|abr|ago|dic)`

// numberSigns may stand between a word for a record and its number.
const numberSigns = `[ .:#=-]*(?:no|num|nr|numero|number|n\.o)?[ .:#=-]*`

var (
	// fullDates have a year: nothing that we write does, and a date of birth has.
	fullDates = regexp.MustCompile(`\b(?:(?:19|20)\d\d[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12]\d|3[01])|(?:0?[1-9]|[12]\d|3[01])[-/.](?:0?[1-9]|[12]\d|3[01])[-/.](?:(?:19|20)\d\d|\d\d)|` +
		months + `\.? \d{1,2}(?:st|nd|rd|th)?,? (?:del? )?(?:19|20)\d\d|\d{1,2}(?:st|nd|rd|th)? (?:de |of )?` + months + `\.?,? (?:del? )?(?:19|20)\d\d)\b`)
	// recordWords are a word for a record and its number; recordNumbers letters and five
	// digits or more, seven digits or more in a row, a social security number.
	recordWords = regexp.MustCompile(`\b(?:(?:mrn|emr|ehr|chart|record|id|pid|nhc|exp|expte|folio|historia)` + numberSigns + `\d\d\d+|` +
		`(?:id|folio|pid) (?:is|es)[ :]*\d\d\d\d+|` +
		`(?:case|file|caso|expediente|ref|reference|referencia|account|acct|cuenta|client|cliente|member|membership|afiliado|afiliada|policy|poliza|claim|carnet|admission|ingreso)` + numberSigns + `\d\d\d\d+)\b`)
	recordNumbers = regexp.MustCompile(`\b(?:[a-z]{1,4}-?\d{5,12}|\d{7,12}|\d{3}-\d{2}-\d{4})\b|#\d{4,}\b`)
	// inAYear is no record's number: "in case 2027 is better".
	inAYear       = regexp.MustCompile(`^(?:case|file|caso|client|cliente|account|cuenta|policy|member|ingreso) (?:19|20)\d\d$`)
	mailAddresses = regexp.MustCompile(`[a-z0-9._%+-]+@[a-z0-9.-]+\.[a-z]{2,}`)
)

// staffCode is the length of the code that a mail to staff shows, and that may look
// like a short record's number.
const staffCode = 6

// codeLetters are those of such a code, as fold writes them: no vowels, so that most of
// what they spell by chance is no word.
const codeLetters = "23456789cdfghjkmnpqrtvwxy"

// isCode says whether a finding may be the code of a mail to staff: "R3H48X" reads as
// a word to whoever takes its digits for letters.
func (l *findings) isCode(match string) bool {
	return l.audience == Staff && len(match) == staffCode && strings.Trim(match, codeLetters) == ""
}

// identifiers looks for what leads to one person in folded text.
func (l *findings) identifiers(part, f string) {
	if strings.Contains(f, "@") {
		for _, m := range mailAddresses.FindAllString(f, -1) {
			l.add(Finding{Rule: Identifier, Part: part, Match: m, Detail: "a mail address"})
		}
	}
	for _, near := range aroundNumbers(f) {
		l.numbers(part, f, near)
	}
}

// numbers looks for dates and record numbers in a few words around a number of a text.
func (l *findings) numbers(part, whole, f string) {
	n := digits(f)
	if n >= 4 {
		for _, m := range fullDates.FindAllString(f, -1) {
			if ofOpening(whole, m) {
				continue
			}
			l.add(Finding{Rule: Identifier, Part: part, Match: m, Detail: "a full date, as that of a birth"})
		}
	}
	found := recordWords.FindAllString(f, -1)
	if n >= 4 {
		found = append(found, recordNumbers.FindAllString(f, -1)...)
	}
	for _, m := range found {
		if (l.audience != Staff || len(m) != staffCode) && !strings.Contains(l.phone, m) && !inAYear.MatchString(m) {
			l.add(Finding{Rule: Identifier, Part: part, Match: m, Detail: "it looks like the number of a record"})
		}
	}
}

var (
	// opening says that somebody is there on a day, or not; ofABirth that it is another
	// kind of day all the same.
	opening  = regexp.MustCompile(`\b(?:we (?:are|re|will be|stay) (?:closed|open)|we (?:move|moved|will move|have moved|are moving)|nos (?:mudamos|mudaremos|cambiamos)|we (?:close|open|reopen)|office (?:is|will be) (?:closed|open)|closed (?:on|from)|cerrad[oa]s? (?:el|del|desde)|cerramos|abrimos|cerraremos|abriremos|(?:estamos|estaremos) (?:cerrados|abiertos|cerradas|abiertas)|oficina (?:esta|estara) (?:cerrada|abierta))\b`)
	ofABirth = regexp.MustCompile(`\b(?:born|birth|birthday|dob|naci|nac|nacio|nacido|nacida|nacimiento|cumpleaños|file|case|chart|expediente)\b`)
)

// ofOpening says whether every sentence with a date says when we are open or closed,
// and tells of nobody's birth.
func ofOpening(text, date string) bool {
	for from := 0; ; {
		at := strings.Index(text[from:], date)
		if at < 0 {
			return from > 0
		}
		at += from
		from = at + len(date)
		begin, end := 0, len(text)
		if i := strings.LastIndexAny(text[:at], ".!?"); i >= 0 {
			begin = i
		}
		if i := strings.IndexAny(text[from:], ".!?"); i >= 0 {
			end = from + i
		}
		if said := strings.ReplaceAll(text[begin:end], "'", " "); !opening.MatchString(said) || ofABirth.MatchString(said) {
			return false
		}
	}
}

// beforeNumber and afterNumber are how many bytes around a number can belong to a date
// or to a record's number.
const beforeNumber, afterNumber = 32, 12

// aroundNumbers lists what stands around each number of three digits or more, or date:
// patterns are looked for there alone, because most of a mail has none.
func aroundNumbers(f string) []string {
	var out []string
	for i := 0; i < len(f); i++ {
		if f[i] < '0' || f[i] > '9' {
			continue
		}
		from, n := i, 0
		for i < len(f) && (f[i] >= '0' && f[i] <= '9' || f[i] == '-' || f[i] == '/' || f[i] == '.') {
			if f[i] >= '0' && f[i] <= '9' {
				n++
			}
			i++
		}
		if n < 3 {
			continue
		}
		begin, end := max(0, from-beforeNumber), min(len(f), i+afterNumber)
		if at := strings.IndexByte(f[begin:from], ' '); begin > 0 && at >= 0 {
			begin += at // a word that is cut in two begins nothing
		}
		if at := strings.LastIndexByte(f[i:end], ' '); end < len(f) && at >= 0 {
			end = i + at
		}
		out = append(out, f[begin:end])
	}
	return out
}

// digits counts them.
func digits(s string) int {
	n := 0
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			n++
		}
	}
	return n
}
