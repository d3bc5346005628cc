package workflows

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/goccy/go-yaml/ast"

	"github.com/mooring-care/mooring/workflows/calendar"
)

// The bounds of resources.yaml.
const (
	maxResourceEntries = 100
	// MaxListed is how many services one mail lists.
	MaxListed = 5
	// ResourceChecked is how long a look at a service is believed; after it
	// somebody should see that the service still exists.
	ResourceChecked = 365 * 24 * time.Hour
)

// Resource is a service that a clinic tells its clients about.
type Resource struct {
	Title string
	// About says in a sentence what it helps with; empty says nothing.
	About string
	// HelpsWith are the reasons that it fits, in the check-in page's codes; none
	// means that it fits every reason.
	HelpsWith []string
	Reach     Reach
	// Hours and Cost are in words; empty says nothing.
	Hours, Cost string
	// Translations are About, Hours and Cost in other languages, by code.
	Translations map[string]ServiceWords
	// Languages are codes such as "en"; none means any.
	Languages []string
	// Programmes are those whose clients alone hear of it; none means all.
	Programmes []string
	// WhenFlagged says that a client with a safety flag may be shown it: people to reach,
	// and no tips or exercises.
	WhenFlagged bool
	// Checked is the day on which somebody last saw that the entry is right.
	Checked time.Time
	// Until is the last day on which it is listed; 0 has no end.
	Until calendar.Day
	// Waiver lets words leave that no mail may hold otherwise; nil for none.
	Waiver *Waiver
	// Line is where the entry begins in resources.yaml.
	Line int
}

// ServiceWords are what is said of a service in one language; empty says nothing.
type ServiceWords struct{ About, Hours, Cost string }

// In is the service as it is told in a language; what nobody translated stays.
func (s *Resource) In(language string) Resource {
	out := *s
	said, ok := s.Translations[language]
	if !ok {
		return out
	}
	for _, text := range []struct {
		said string
		into *string
	}{{said.About, &out.About}, {said.Hours, &out.Hours}, {said.Cost, &out.Cost}} {
		if text.said != "" {
			*text.into = text.said
		}
	}
	return out
}

// Untranslated are the keys that a service has words under and none in a language.
func (s *Resource) Untranslated(language string) []string {
	var out []string
	said := s.Translations[language]
	for _, text := range []struct{ key, own, said string }{{"about", s.About, said.About}, {"hours", s.Hours, said.Hours}, {"cost", s.Cost, said.Cost}} {
		if text.own != "" && text.said == "" {
			out = append(out, text.key)
		}
	}
	return out
}

// Reach is how somebody comes into contact with a service; at least one of them
// is there.
type Reach struct {
	Phone, URL, Address string
}

// Waiver is somebody's word that a text may leave as it is.
type Waiver struct {
	Words []string
	By    string // the id of somebody in `people`
	Why   string
}

// Ended says whether the entry is no longer listed on the day of now in a zone.
func (s *Resource) Ended(now time.Time, zone *time.Location) bool {
	return s.Until != 0 && s.Until < calendar.DayOf(now.In(zone))
}

// Stale says whether nobody has looked at the entry for too long.
func (s *Resource) Stale(now time.Time) bool { return now.Sub(s.Checked) > ResourceChecked }

// ResourcesFor chooses from the clinic's list what fits a client: the reason (the
// check-in page's code; empty for unknown), the language (empty for the clinic's
// own) and the programmes that the client is in. What helps with practical matters fits an
// unknown reason too. Entries that name the reason come first, then those for
// everybody, each in the order of the file; MaxListed at most.
func (c *Clinic) ResourcesFor(reason, language string, programmes []string, now time.Time) []Resource {
	programmes = programmeCodes(programmes)
	if reason == "" || reason == "other" {
		reason = "stress"
	}
	if language = strings.ToLower(language); language == "" {
		language = c.Language()
	}
	base, _, _ := strings.Cut(language, "-")
	var named, general []Resource
	for i := range c.Resources {
		s := &c.Resources[i]
		switch {
		case s.Ended(now, c.Zone):
		case len(s.Languages) > 0 && !slices.ContainsFunc(s.Languages, func(l string) bool { return l == language || l == base }):
		case len(s.Programmes) > 0 && !slices.ContainsFunc(s.Programmes, func(p string) bool { return slices.Contains(programmes, p) }):
		case len(s.HelpsWith) == 0:
			general = append(general, s.In(base))
		case slices.Contains(s.HelpsWith, reason):
			named = append(named, s.In(base))
		}
	}
	named = append(named, general...)
	return named[:min(len(named), MaxListed)]
}

// resources reads resources.yaml, whose errors name that file; cr has read
// clinic.yaml before.
func (cr *clinicReader) resources(src []byte) FileErrors {
	rr := &clinicReader{r: &reader{file: resourcesFile, stored: cr.r.stored}, c: cr.c, staffRead: cr.staffRead}
	if n := rr.r.document(src); n != nil {
		rr.entries(n)
	}
	return rr.r.errs
}

func (cr *clinicReader) entries(n ast.Node) {
	const example = "[{title: Ride Together, reach: {phone: \"+1 555 0142\"}, checked: 2026-11-01}]"
	r := cr.r
	m, ok := r.mapping(n, "a list of services", "resources")
	if !ok {
		return
	}
	e, ok := r.need(m, "a list of services", "resources", example)
	if !ok {
		return
	}
	nodes, ok := r.list(e.value, e.key, example)
	if !ok {
		return
	}
	if len(nodes) > maxResourceEntries {
		r.failf(e.at, "`resources` has at most %d entries; keep those that your clients use", maxResourceEntries)
		return
	}
	lines := map[string]int{}
	for _, n := range nodes {
		s, ok := cr.resource(n)
		if !ok {
			continue
		}
		title := strings.ToLower(s.Title)
		if line, twice := lines[title]; twice && s.Title != "" {
			r.failf(start(n), "the service %#q stands on line %d already; remove one of the two", shorten(s.Title), line)
			continue
		}
		lines[title] = s.Line
		cr.c.Resources = append(cr.c.Resources, s)
	}
}

func (cr *clinicReader) resource(n ast.Node) (s Resource, ok bool) {
	const what = "a service"
	r := cr.r
	m, ok := r.mapping(n, what, "title", "about", "helps_with", "reach", "hours", "cost", "translations", "languages", "programmes", "when_flagged", "checked", "until", "waiver")
	if !ok {
		return s, false
	}
	s.Line = m.at.line
	if e, ok := r.need(m, what, "title", "Ride Together"); ok {
		s.Title = cr.told(e, 80)
	}
	for _, text := range []struct {
		key  string
		most int
		into *string
	}{{"about", 200, &s.About}, {"hours", 80, &s.Hours}, {"cost", 80, &s.Cost}} {
		if e, ok := m.get(text.key); ok {
			*text.into = cr.told(e, text.most)
		}
	}
	if e, ok := m.get("translations"); ok {
		s.Translations = cr.serviceWords(e)
	}
	if e, ok := m.get("helps_with"); ok {
		s.HelpsWith = cr.among(e, "[stress]", reasonCodes())
	}
	if e, ok := r.need(m, what, "reach", "{phone: \"+1 555 0142\"}"); ok {
		s.Reach = cr.reach(e)
	}
	if e, ok := m.get("languages"); ok {
		s.Languages = cr.languages(e)
	}
	if e, ok := m.get("programmes"); ok {
		s.Programmes = cr.programmes(e)
	}
	if e, ok := m.get("when_flagged"); ok {
		s.WhenFlagged = r.yesNo(e)
	}
	if e, ok := r.need(m, what, "checked", "2026-11-01"); ok {
		s.Checked, _ = cr.date(e)
	}
	if e, ok := m.get("until"); ok {
		if date, ok := cr.date(e); ok {
			s.Until = calendar.DayOf(date)
		}
	}
	if e, ok := m.get("waiver"); ok {
		s.Waiver = cr.waiver(e)
	}
	return s, true
}

// serviceWords reads what is said of a service in the clinic's other languages.
func (cr *clinicReader) serviceWords(e entry) map[string]ServiceWords {
	r := cr.r
	m, ok := r.anyMapping(e.value, "`translations`")
	if !ok {
		return nil
	}
	out := map[string]ServiceWords{}
	for _, l := range m.entries {
		// Where clinic.yaml could not be read, which languages there are is not known.
		if len(cr.c.Languages) > 0 && !slices.Contains(cr.c.Languages[1:], l.key) {
			r.failf(l.at, "`translations` has %#q, which is none of the other languages that the clinic serves; list it under `languages` in clinic.yaml, after the clinic's own, or take it out", shorten(l.key))
			continue
		}
		wm, ok := r.mapping(l.value, "`"+l.key+"`", "about", "hours", "cost")
		if !ok {
			continue
		}
		var w ServiceWords
		for _, text := range []struct {
			key  string
			most int
			into *string
		}{{"about", 200, &w.About}, {"hours", 80, &w.Hours}, {"cost", 80, &w.Cost}} {
			if e, ok := wm.get(text.key); ok {
				*text.into = cr.told(e, text.most)
			}
		}
		out[l.key] = w
	}
	return out
}

// The forms of markup that a text may hold; "Q&A;" is none.
var (
	markdownLink = regexp.MustCompile(`!?\[[^\[\]]*\]\([^()]*\)?`)
	htmlTag      = regexp.MustCompile(`<[a-zA-Z/!?][^<>]*>?`)
	htmlEntity   = regexp.MustCompile(`&(#[xX]?[0-9a-fA-F]+|[a-zA-Z]{2}[a-zA-Z0-9]*);`)
)

// told reads a text that clients are told of a service, which stands in mails and on
// pages as it is.
func (cr *clinicReader) told(e entry, most int) string {
	s := cr.line(e, most)
	cr.plain(e, s)
	return s
}

// plain refuses markup: a mail shows it as it stands, or a mail program makes of it
// what nobody has looked at. What an older program stored may hold some.
func (cr *clinicReader) plain(e entry, text string) {
	if cr.r.stored {
		return
	}
	refuse := func(what, found, write string) {
		cr.r.failf(start(e.value), "%#q holds the %s %#q, which a mail shows as it stands; %s", e.key, what, shorten(found), write)
	}
	if found := markdownLink.FindString(text); found != "" {
		refuse("Markdown link", found, "write the words alone, and put the address under `reach: {url: ...}`")
	}
	if found := htmlTag.FindString(text); found != "" {
		refuse("tag", found, "write plain words, without it")
	}
	if found := htmlEntity.FindString(text); found != "" {
		refuse("entity", found, "write the character itself, if one can see it, or nothing in its place")
	}
}

// among reads a list of codes that are all known.
func (cr *clinicReader) among(e entry, example string, known []string) []string {
	nodes, ok := cr.r.list(e.value, e.key, example)
	if !ok {
		return nil
	}
	var out []string
	for _, n := range nodes {
		s, ok := cr.r.text(n, e.key, 40)
		switch {
		case !ok:
		case !slices.Contains(known, s):
			cr.r.failf(start(n), "%#q cannot be %s", e.key, quoteWithSuggestion(s, known))
		case slices.Contains(out, s):
			cr.r.failf(start(n), "%#q stands here twice; remove one", s)
		default:
			out = append(out, s)
		}
	}
	return out
}

func (cr *clinicReader) reach(e entry) Reach {
	var out Reach
	r := cr.r
	m, ok := r.mapping(e.value, "`reach`", "phone", "url", "address")
	if !ok {
		return out
	}
	if len(m.entries) == 0 {
		r.failf(e.at, "`reach` is empty; say how to reach the service, such as `reach: {phone: \"+1 555 0142\"}`")
	}
	if e, ok := m.get("phone"); ok {
		out.Phone = cr.phone(e, "+1 555 0142", "what else there is to say stands in `hours` or `about` of the service")
	}
	if e, ok := m.get("url"); ok {
		out.URL = cr.url(e)
	}
	if e, ok := m.get("address"); ok {
		out.Address = cr.told(e, 120)
	}
	return out
}

// languageTag is a language as clients' records state it, such as "pt-BR".
var languageTag = regexp.MustCompile(`^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$`)

func (cr *clinicReader) languages(e entry) []string {
	nodes, ok := cr.r.list(e.value, e.key, "[en, es]")
	if !ok {
		return nil
	}
	var out []string
	for _, n := range nodes {
		s, ok := cr.r.text(n, e.key, 40)
		if ok && !languageTag.MatchString(s) {
			cr.r.failf(start(n), "%#q must be a language's code such as `en`, `es` or `pt-BR`, not %#q", e.key, shorten(s))
			continue
		}
		if ok {
			out = append(out, strings.ToLower(s))
		}
	}
	return out
}

// programmes reads whose clients hear of a service. A programme that gets no care
// mail would hear of nothing: the clinic has to decide on it first.
func (cr *clinicReader) programmes(e entry) []string {
	out := cr.words(e, "[substance-use]", false)
	for _, p := range out {
		if slices.Contains(cr.c.Consent.ExcludedProgrammes, p) {
			cr.r.failf(start(e.value),
				"clients of the programme %#q get no care mail here, so nobody would read of this service; take the programme out of `excluded_programmes` in clinic.yaml to opt in, or remove the service", p)
		}
	}
	return out
}

func (cr *clinicReader) waiver(e entry) *Waiver {
	const what = "`waiver`"
	r, w := cr.r, &Waiver{}
	m, ok := r.mapping(e.value, what, "words", "by", "why")
	if !ok {
		return nil
	}
	cr.signed(m, what, w, true)
	return w
}

// signed reads who lets which words by, and why.
func (cr *clinicReader) signed(m *mapping, what string, w *Waiver, needsWords bool) {
	r := cr.r
	words, ok := m.get("words")
	if needsWords {
		words, ok = r.need(m, what, "words", "[recovery]")
	}
	if e := words; ok {
		nodes, _ := r.list(e.value, e.key, "[recovery]")
		for _, n := range nodes {
			if s, ok := r.text(n, e.key, 40); ok {
				w.Words = append(w.Words, strings.ToLower(s))
			}
		}
	}
	if e, ok := r.need(m, what, "by", "ruth"); ok {
		if w.By, ok = r.word(e.value, e.key); ok {
			cr.resolves("person:"+w.By, r, start(e.value))
		}
	}
	if e, ok := r.need(m, what, "why", "it is the group's own name"); ok {
		w.Why = r.line(e, 200)
	}
}

// line reads a text that stands on one line wherever it is shown.
func (r *reader) line(e entry, most int) string {
	s, _ := r.text(e.value, e.key, most)
	if strings.ContainsFunc(s, unicode.IsControl) {
		r.failf(start(e.value), "%#q must be one line, without tabs: it stands in mails as it is", e.key)
		return ""
	}
	return s
}
