package templates

import (
	"net/url"
	"slices"
	"strings"
	"unicode"
)

func (l *findings) link(part, a string) {
	if slices.Contains(l.plain, a) {
		return
	}
	if !l.mayLink(a) {
		detail := ""
		if onHost(HostOf(a), l.allowed.Hosts) {
			detail = "an address of yours stands behind words: [like these](" + a + ")"
		}
		l.add(Finding{Rule: ForeignLink, Part: part, Match: a, Detail: detail})
	}
	if !slices.Contains(l.allowed.Read, a) && !slices.ContainsFunc(l.allowed.Own, func(base string) bool { return under(a, base) }) {
		l.linkWords(part, a)
	}
}

// askedFor are keys of a query whose value is about a person.
var askedFor = []string{"mrn", "dob", "ssn", "name", "firstname", "lastname", "fname", "lname", "email", "phone", "patient", "client", "patientid", "clientid", "nombre", "apellido", "correo", "telefono", "paciente", "cliente"} //nolint:gochecknoglobals // never written again

// linkWords reads a link, whatever encodes it: the path, the query, and the host where
// it is none that the clinic has declared.
func (l *findings) linkWords(part, a string) {
	_, rest, ok := strings.Cut(a, "://")
	if !ok {
		rest = a
	}
	i := strings.IndexAny(rest, "/?#")
	if i < 0 {
		i = len(rest)
	}
	if host := rest[:i]; !l.declared(host) {
		for _, word := range TellingWords(host) {
			l.add(Finding{Rule: ClinicalWord, Part: part, Match: word, Detail: "in the host of a link"})
		}
	}
	if i == len(rest) {
		return
	}
	path := decoded(rest[i:])
	f := l.nameless(squeeze(fold(inWordsOf(path))))
	hit := func(rule string, from, to int) {
		l.add(Finding{Rule: rule, Part: part, Match: f[from:to], Detail: "in a link"})
	}
	tokens := tokensOf(f)
	l.find(tokens, hit)
	for _, t := range tokens {
		if stemInside(t.word) {
			hit(ClinicalWord, t.from, t.to)
		}
	}
	if strings.Contains(path, "@") {
		for _, m := range mailAddresses.FindAllString(fold(path), -1) {
			l.add(Finding{Rule: Identifier, Part: part, Match: m, Detail: "a mail address in a link"})
		}
	}
	if _, query, ok := strings.Cut(path, "?"); ok {
		for pair := range strings.FieldsFuncSeq(query, func(r rune) bool { return r == '&' || r == ';' || r == '#' }) {
			key, value, _ := strings.Cut(pair, "=")
			if key = strings.NewReplacer("_", "", "-", "").Replace(fold(key)); value != "" && slices.Contains(askedFor, key) {
				l.add(Finding{Rule: Identifier, Part: part, Match: key, Detail: "a link says whose it is"})
			}
		}
	}
	if !slices.Contains(l.allowed.Links, a) && digits(f) > 5 {
		l.identifiers(part, f)
	}
}

// insideWords are stems of clinical words that stand in no innocent word, wherever in a
// word they begin: in addresses words run together, as in "harbourtherapy".
var insideWords = strings.Fields("therap terapi terapeut psych psiq psicol psicot sicolog counsel consejer depress depresi anxiet ansiedad bipolar trauma suicid addict adicc autis rehab detox diagnos disorder trastorn psicos schizo esquizo overdos sobredosis selfharm mentalhealth saludmental behavioralhealth behaviouralhealth bereave hospitali medicat medicac prescription sobriety alcoholi substanceabuse intake firstvisit firstappointment primeracita primeravisita followup noshow patient paciente clinical screening relapse recaida eatingdis clinician psiquiatr") //nolint:gochecknoglobals // never written again

// stemInside says whether a folded word holds such a stem.
func stemInside(word string) bool {
	return len(word) > stemLetters && slices.ContainsFunc(insideWords, func(stem string) bool { return strings.Contains(word, stem) })
}

// TellingWords are the words of a name, an address or a host from which anybody who
// sees it may tell what a client comes for, also where words run together; folded.
func TellingWords(text string) []string {
	out := ClinicalWords(strings.NewReplacer(".", " ", "@", " ").Replace(text))
	for _, t := range tokensOf(squeeze(fold(text))) {
		if stemInside(t.word) && !slices.ContainsFunc(out, func(o string) bool { return strings.Contains(o, t.word) }) {
			out = append(out, t.word)
		}
	}
	return out
}

// HostOf is the host of a web address, or what stands behind the @ of a mail address.
func HostOf(address string) string {
	if _, host, ok := strings.Cut(address, "@"); ok && !strings.Contains(address, "://") {
		return host
	}
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// declared says whether a host is one of the clinic's own, or belongs to the same
// domain.
func (l *Linter) declared(host string) bool {
	host = strings.ToLower(host)
	return slices.ContainsFunc(l.allowed.Hosts, func(own string) bool {
		own = strings.ToLower(own)
		return own != "" && (host == own || strings.HasSuffix(host, "."+own) || strings.Contains(host, ".") && strings.HasSuffix(own, "."+host))
	})
}

// decoded undoes percent-encoding, also where it was encoded again.
func decoded(s string) string {
	for range 3 {
		if !strings.Contains(s, "%") {
			break
		}
		var b strings.Builder
		for i := 0; i < len(s); i++ {
			if s[i] == '%' && i+2 < len(s) {
				if u, err := url.PathUnescape(s[i : i+3]); err == nil {
					b.WriteString(u)
					i += 2
					continue
				}
			}
			b.WriteByte(s[i])
		}
		s = b.String()
	}
	return strings.ToValidUTF8(s, " ")
}

// inWordsOf puts spaces between the words of a path: "groupSession" has two.
func inWordsOf(path string) string {
	var b strings.Builder
	small := false
	for _, r := range path {
		if small && unicode.IsUpper(r) {
			b.WriteByte(' ')
		}
		small = unicode.IsLower(r)
		if strings.ContainsRune("/?&=+._#;:,!~", r) {
			r = ' '
		}
		b.WriteRune(r)
	}
	return b.String()
}

// mayLink says whether a link lies under an allowed address.
func (l *Linter) mayLink(a string) bool {
	for _, base := range l.allowed.Links {
		if under(a, base) {
			return true
		}
	}
	return false
}

// onHost says whether a host is one of some, or below one.
func onHost(host string, hosts []string) bool {
	host = strings.ToLower(host)
	return slices.ContainsFunc(hosts, func(own string) bool {
		own = strings.ToLower(own)
		return own != "" && (host == own || strings.HasSuffix(host, "."+own))
	})
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

// spot is a piece of a text.
type spot struct{ from, to int }

// addressSpots finds the web addresses written in a text: a scheme, or www., and all
// up to a space or a bracket.
func addressSpots(text string) []spot {
	var out []spot
	end := 0
	for i := 0; i < len(text); i++ {
		from := -1
		switch c := text[i]; {
		case c == ':' && strings.HasPrefix(text[i:], "://"):
			for from = i; from > end && schemeLetter(text[from-1]); from-- {
			}
			for from < i && !asciiLetter(text[from]) {
				from++
			}
			if from == i {
				from = -1
			}
		case c|0x20 == 'w' && len(text)-i > 4 && strings.EqualFold(text[i:i+4], "www.") && (i == 0 || !asciiLetter(text[i-1]) && text[i-1] != '/'):
			from = i
		}
		if from < 0 {
			continue
		}
		end = i + 3
		for end < len(text) && text[end] > ' ' && text[end] != '<' && text[end] != '>' && text[end] != '"' {
			end++
		}
		if end > i+3 {
			out = append(out, spot{from, end})
		}
		i = end - 1
	}
	return out
}

func asciiLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func schemeLetter(c byte) bool {
	return asciiLetter(c) || c >= '0' && c <= '9' || c == '+' || c == '.' || c == '-'
}

// addressesIn lists the web addresses of a text, without the sentence's punctuation.
func addressesIn(text string) []string {
	var out []string
	for _, s := range addressSpots(text) {
		out = append(out, trimLink(text[s.from:s.to]))
	}
	return out
}

// withoutAddresses leaves a space in the place of each.
func withoutAddresses(text string) string {
	for _, s := range slices.Backward(addressSpots(text)) {
		text = text[:s.from] + " " + text[s.to:]
	}
	return text
}

// trimLink drops the sentence's own punctuation from an address.
func trimLink(a string) string { return strings.TrimRight(a, ".,;:!?)]}'") }

// squeeze collapses white space.
func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }
