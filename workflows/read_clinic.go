package workflows

import (
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"

	"github.com/mooring-care/mooring/workflows/calendar"
	"github.com/mooring-care/mooring/workflows/escalation"
	"github.com/mooring-care/mooring/workflows/finding"
)

// What a clinic gets where clinic.yaml says nothing.
const (
	defaultCapMessages = 3
	defaultCapWithin   = 14 * 24 * time.Hour
	defaultQuietFrom   = 20 * time.Hour
	defaultQuietTo     = 9 * time.Hour
	// defaultExcluded keeps 42 CFR Part 2 programmes out until a clinic decides.
	defaultExcluded = "substance-use"
)

// safetyPolicy answers what no workflow asked for.
const safetyPolicy = "safety"

// taskOwnerWord names whoever owns the clinic's tasks that nobody else can.
const taskOwnerWord = "task-owner"

// sameDayPolicy answers a concern that can wait some hours, where the clinic has
// one; else safetyPolicy does.
const sameDayPolicy = "same-day"

// The bounds of the numbers in clinic.yaml.
const (
	maxPeople    = 1000
	maxRungs     = 20
	maxCap       = 20
	maxRungSpan  = 7 * 24 * time.Hour
	maxEmergency = 10
)

const urgencyCrisis = "crisis"

// emergencyPrefix begins the ids of emergency addresses: "emergency-1" is the first.
const emergencyPrefix = "emergency-"

// clinicReader reads clinic.yaml into a Clinic.
type clinicReader struct {
	r *reader
	c *Clinic
	// staffRead says that `people` could be read, so that names can be checked.
	staffRead bool
	// hoursRead says that the hours could be read, or their defaults stand.
	hoursRead bool
	// removedAt is where the removed workflows stand; nil for none.
	removedAt *mapping
	// pausedAt is where the names of paused workflows stand.
	pausedAt []reference
}

func (cr *clinicReader) clinic(n ast.Node) {
	r, c := cr.r, cr.c
	const what = "a clinic"
	m, ok := r.mapping(n, what, "name", "zone", "languages", "phone", "booking_url", "from", "reply_to", "reply_hours", "crisis_line", "translations",
		"people", "rotas", "on_call", "emergency", "task_owner", "feed_quiet", "digest", "policies", "consent", "cap", "hours", "holidays", "quiet_hours", "acknowledge_no_baa", "lint", "paused", "removed")
	if !ok {
		return
	}
	if e, ok := r.need(m, what, "name", "Harbour Lane"); ok {
		c.Name = cr.line(e, 100)
	}
	if e, ok := r.need(m, what, "zone", "America/Chicago"); ok {
		c.Zone = cr.zone(e)
	}
	c.Languages = []string{english}
	if e, ok := m.get("languages"); ok {
		c.Languages, c.languagesAt = cr.served(e), e.at
	}
	if e, ok := m.get("phone"); ok {
		c.Phone = cr.phone(e, "+1 555 0100", "leave out what else there is to say, or the key")
	}
	if e, ok := m.get("booking_url"); ok {
		c.BookingURL = cr.url(e)
	}
	if e, ok := r.need(m, what, "from", "{name: Harbour Lane, email: hello@example.org}"); ok {
		c.From = cr.address(e)
	}
	if e, ok := r.need(m, what, "reply_to", "{name: Front desk, email: desk@example.org}"); ok {
		c.ReplyTo = cr.address(e)
	}
	if e, ok := m.get("reply_hours"); ok {
		c.ReplyHours = cr.line(e, 100)
	}
	if e, ok := r.need(m, what, "crisis_line", "{name: 988 Lifeline, phone: \"988\"}"); ok {
		c.CrisisLine = cr.crisisLine(e, true)
	}
	if e, ok := m.get("translations"); ok {
		cr.translations(e)
	}
	if e, ok := r.need(m, what, "people", "{amara: {name: Amara Cole, email: amara@example.org, roles: [clinician]}}"); ok {
		cr.people(e)
	}
	if e, ok := m.get("rotas"); ok {
		cr.rotas(e)
	}
	if e, ok := r.need(m, what, "on_call", "amara"); ok {
		cr.onCall(e)
	}
	if e, ok := m.get("emergency"); ok {
		cr.emergency(e)
	}
	if e, ok := m.get("task_owner"); ok {
		if s, ok := r.owner(e.value, e.key); ok {
			c.TaskOwner = s
			cr.resolves(s, r, start(e.value))
		}
	} else if c.Staff.OnCall != "" {
		c.TaskOwner, _ = c.Staff.Duty(time.Time{})
	}
	if e, ok := m.get("feed_quiet"); ok {
		c.FeedQuiet = cr.span(e, 15*time.Minute, 14*24*time.Hour)
	}
	c.Digest = true
	if e, ok := m.get("digest"); ok {
		c.Digest = r.yesNo(e)
	}
	if e, ok := r.need(m, what, "policies", "{safety: {urgency: crisis, hold: 2h, rungs: [{owner: assigned, within: 10m}]}}"); ok {
		cr.policies(e)
	}
	cr.rules(m)
}

// rules reads what has a default.
func (cr *clinicReader) rules(m *mapping) {
	r, c := cr.r, cr.c
	c.Consent.ExcludedProgrammes = []string{defaultExcluded}
	if e, ok := m.get("consent"); ok {
		if cm, ok := r.mapping(e.value, "`consent`", "excluded_programmes"); ok {
			if e, ok := cm.get("excluded_programmes"); ok {
				c.Consent.ExcludedProgrammes = cr.words(e, "[substance-use]", true)
			}
		}
	}
	c.Cap = Cap{defaultCapMessages, defaultCapWithin}
	if e, ok := m.get("cap"); ok {
		if cm, ok := r.mapping(e.value, "`cap`", "messages", "within"); ok {
			if e, ok := r.need(cm, "`cap`", "messages", "3"); ok {
				c.Cap.Messages = r.number(e, maxCap, "")
			}
			if e, ok := r.need(cm, "`cap`", "within", "14d"); ok {
				c.Cap.Within = cr.span(e, 24*time.Hour, 90*24*time.Hour)
			}
		}
	}
	before := len(r.errs)
	c.QuietFrom, c.QuietTo = defaultQuietFrom, defaultQuietTo
	if e, ok := m.get("quiet_hours"); ok {
		if qm, ok := r.mapping(e.value, "`quiet_hours`", "from", "to"); ok {
			from, ok1 := r.need(qm, "`quiet_hours`", "from", "\"20:00\"")
			to, ok2 := r.need(qm, "`quiet_hours`", "to", "\"09:00\"")
			if ok1 && ok2 {
				var good1, good2 bool
				c.QuietFrom, good1 = r.clock(from)
				c.QuietTo, good2 = r.clock(to)
				if good1 && good2 && c.QuietFrom == c.QuietTo {
					r.failf(to.at, "quiet hours that begin when they end leave no hour to write in; change one of them")
				}
			}
		}
	}
	c.Hours = calendar.UsualHours()
	if e, ok := m.get("hours"); ok {
		c.Hours.Week = cr.week(e, "a clinic that is never open reads no reply; write its hours")
	}
	cr.hoursRead = len(r.errs) == before
	if e, ok := m.get("holidays"); ok {
		cr.holidays(e)
	}
	for i := range c.Staff.People {
		if hours := c.Staff.People[i].Hours; hours != nil {
			hours.Holidays = c.Hours.Holidays
		}
	}
	if e, ok := m.get("lint"); ok {
		cr.lint(e)
	}
	if e, ok := m.get("paused"); ok {
		cr.paused(e)
	}
	if e, ok := m.get("removed"); ok {
		cr.removed(e)
	}
	if e, ok := m.get("acknowledge_no_baa"); ok {
		c.AcknowledgeNoBAA = r.yesNo(e)
	}
}

func (cr *clinicReader) zone(e entry) *time.Location {
	s, ok := cr.r.text(e.value, e.key, 100)
	if !ok {
		return nil
	}
	zone, err := time.LoadLocation(s)
	if err != nil || s == "Local" {
		cr.r.failf(start(e.value), "unknown time zone %#q; write an IANA name such as America/Chicago", shorten(s))
		return nil
	}
	return zone
}

func (cr *clinicReader) url(e entry) string {
	s, ok := cr.r.text(e.value, e.key, 500)
	if !ok {
		return ""
	}
	u, err := url.Parse(s)
	if err == nil && cr.r.stored && u.Scheme == "https" && u.Host != "" && u.User == nil {
		return s
	}
	if err != nil || !strings.HasPrefix(s, "https://") || strings.Trim(u.Hostname(), ".") != u.Hostname() || u.Hostname() == "" || u.User != nil {
		cr.r.failf(start(e.value), "%#q must be a web address that begins with https://, not %#q", e.key, shorten(s))
		return ""
	}
	if i := strings.IndexFunc(s, func(c rune) bool { return c <= ' ' || c > '~' || strings.ContainsRune("\"'<>\\`{}|^", c) }); i >= 0 {
		c, _ := utf8.DecodeRuneInString(s[i:])
		cr.r.failf(start(e.value), "%#q holds the character %q, which no link in a mail may; copy the address from a browser, which writes it another way", e.key, string(c))
		return ""
	}
	return s
}

// line reads a text that stands on one line wherever it is shown: in a mail's head,
// a subject, a page. What an older program stored may still have been checked less.
func (cr *clinicReader) line(e entry, most int) string {
	if cr.r.stored {
		s, _ := cr.r.text(e.value, e.key, most)
		return strings.Join(strings.Fields(s), " ")
	}
	return cr.r.line(e, most)
}

func (cr *clinicReader) email(e entry) string {
	s, ok := cr.r.text(e.value, e.key, 254)
	if !ok {
		return ""
	}
	a, err := mail.ParseAddress(s)
	_, domain, _ := strings.Cut(s, "@")
	if err != nil || a.Address != s || !strings.Contains(strings.Trim(domain, "."), ".") {
		cr.r.failf(start(e.value), "%#q must be one mail address such as desk@example.org, not %#q", e.key, shorten(s))
		return ""
	}
	return s
}

func (cr *clinicReader) address(e entry) Address {
	m, ok := cr.r.mapping(e.value, "`"+e.key+"`", "name", "email")
	if !ok {
		return Address{}
	}
	return cr.addressIn(m, "`"+e.key+"`")
}

// addressIn reads the name and email of a mapping that may hold more.
func (cr *clinicReader) addressIn(m *mapping, what string) (a Address) {
	if e, ok := cr.r.need(m, what, "name", "Front desk"); ok {
		a.Name = cr.line(e, 100)
	}
	if e, ok := cr.r.need(m, what, "email", "desk@example.org"); ok {
		a.Email = cr.email(e)
	}
	return a
}

// crisisLine reads the clinic's line; a translation of it need not be whole.
func (cr *clinicReader) crisisLine(e entry, whole bool) (line CrisisLine) {
	const what, besideLine = "`crisis_line`", "what else there is to say stands in `text`"
	r := cr.r
	m, ok := r.mapping(e.value, what, "name", "phone", "text", "url", "emergency_phone")
	if !ok {
		return line
	}
	get := func(key, example string) (entry, bool) {
		if whole {
			return r.need(m, what, key, example)
		}
		return m.get(key)
	}
	if e, ok := get("name", "988 Lifeline"); ok {
		line.Name = cr.line(e, 100)
	}
	if e, ok := get("phone", "\"988\""); ok {
		line.Phone = cr.phone(e, "988", besideLine)
	}
	if e, ok := m.get("text"); ok {
		line.Text = cr.line(e, 100)
	}
	if e, ok := m.get("url"); ok {
		line.URL = cr.url(e)
	}
	if e, ok := m.get("emergency_phone"); ok {
		line.EmergencyPhone = cr.phone(e, "911", besideLine)
	}
	return line
}

// words reads a list of codes; an empty one only where that means something.
func (cr *clinicReader) words(e entry, example string, mayBeEmpty bool) []string {
	if seq, ok := e.value.(*ast.SequenceNode); ok && len(seq.Values) == 0 && mayBeEmpty {
		return nil
	}
	nodes, ok := cr.r.list(e.value, e.key, example)
	if !ok {
		return nil
	}
	var out []string
	for _, n := range nodes {
		s, ok := cr.r.word(n, e.key)
		if ok && slices.Contains(out, s) {
			cr.r.failf(start(n), "%#q stands here twice; remove one", s)
			continue
		}
		if ok {
			out = append(out, s)
		}
	}
	return out
}

// span reads a duration between least and most.
func (cr *clinicReader) span(e entry, least, most time.Duration) time.Duration {
	d, ok := cr.r.duration(e.value, e.key)
	if ok && (d < least || d > most) {
		cr.r.failf(start(e.value), "%#q must be from %s to %s", e.key, FormatDuration(least), FormatDuration(most))
	}
	return d
}

func (cr *clinicReader) policies(e entry) {
	r, c := cr.r, cr.c
	m, ok := r.anyMapping(e.value, "`policies`")
	if !ok {
		return
	}
	c.Policies = make(map[string]escalation.Policy, len(m.entries))
	if _, ok := m.get(safetyPolicy); !ok {
		r.breaks(finding.MissingKey, e.at, "`policies` needs the policy `safety`: it answers what no workflow asked for")
	}
	for _, p := range m.entries {
		if !isWord(p.key) {
			r.failf(p.at, "a policy's id must be small letters, digits and hyphens that begin with a letter, not %#q", shorten(p.key))
			continue
		}
		c.Policies[p.key] = cr.policy(p)
	}
}

func (cr *clinicReader) policy(p entry) escalation.Policy {
	r, what := cr.r, "the policy `"+p.key+"`"
	policy := escalation.Policy{ID: p.key}
	m, ok := r.mapping(p.value, what, "urgency", "hold", "off_hours", "rungs")
	if !ok {
		return policy
	}
	if e, ok := r.need(m, what, "urgency", "crisis"); ok {
		if s, ok := r.text(e.value, e.key, 40); ok {
			if known := []string{urgencyCrisis, "urgent"}; !slices.Contains(known, s) {
				r.failf(start(e.value), "unknown urgency %s", quoteWithSuggestion(s, known))
			}
			policy.Urgency = s
		}
	}
	policy.KeepHours = cr.keepHours(m, policy.Urgency)
	if e, ok := r.need(m, what, "hold", "2h"); ok {
		policy.Hold = cr.span(e, escalation.Shortest, maxRungSpan)
	}
	before := len(r.errs)
	e, ok := r.need(m, what, "rungs", "[{owner: assigned, within: 10m}]")
	var nodes []ast.Node
	if ok {
		nodes, ok = r.list(e.value, e.key, "[{owner: assigned, within: 10m}]")
	}
	if !ok {
		// What repeats is the last rung.
		for _, wrong := range r.errs[before:] {
			wrong.Rule = finding.PolicyWithoutRepeat
		}
		return policy
	}
	if len(nodes) > maxRungs {
		r.failf(e.at, "a policy has at most %d rungs; the last one repeats by itself", maxRungs)
		return policy
	}
	for _, n := range nodes {
		const what = "a rung"
		m, ok := r.mapping(n, what, "owner", "within", "inform")
		if !ok {
			continue
		}
		var rung escalation.Rung
		if e, ok := r.need(m, what, "owner", "assigned"); ok {
			rung.Owner = cr.asked(e.value, e.key)
		}
		if e, ok := r.need(m, what, "within", "10m"); ok {
			rung.Within = cr.span(e, escalation.Shortest, maxRungSpan)
		}
		if e, ok := m.get("inform"); ok {
			others, _ := r.list(e.value, e.key, "[role:supervisor]")
			for _, n := range others {
				if s := cr.asked(n, e.key); s != "" {
					rung.Inform = append(rung.Inform, s)
				}
			}
		}
		policy.Rungs = append(policy.Rungs, rung)
	}
	return policy
}

// keepHours reads what a policy does about people's working hours. A crisis asks
// whoever it names at any hour; any other question passes over those who are not at
// work, unless the clinic says otherwise.
func (cr *clinicReader) keepHours(m *mapping, urgency string) bool {
	const ask, pass = "ask", "pass"
	usual := urgency != urgencyCrisis
	e, ok := m.get("off_hours")
	if !ok {
		return usual
	}
	s, ok := cr.r.text(e.value, e.key, 40)
	switch known := []string{ask, pass}; {
	case !ok:
		return usual
	case !slices.Contains(known, s):
		cr.r.failf(start(e.value), "`off_hours` cannot be %s", quoteWithSuggestion(s, known))
	case !usual && s == pass:
		cr.r.failf(start(e.value), "a crisis asks whoever it names at any hour; remove `off_hours`, or make the urgency `urgent`")
	}
	return s == pass
}

// onCall reads whoever is asked where nobody else can be: a person, or a rota.
func (cr *clinicReader) onCall(e entry) {
	s, ok := cr.r.joined(e.value)
	if !ok {
		s, ok = cr.r.text(e.value, e.key, 200)
	}
	if !ok {
		return
	}
	owner := s
	if kind, name, is := strings.Cut(s, ":"); !is && isWord(s) {
		owner = "person:" + s
	} else if kind != "rota" || !isWord(name) {
		cr.r.failf(start(e.value), "`on_call` must be the id of a person, or `rota:<rota>`, not %#q", shorten(s))
		return
	}
	cr.c.Staff.OnCall = s
	cr.resolves(owner, cr.r, start(e.value))
}

// asked reads who a rung asks or informs, and checks that such a person exists.
func (cr *clinicReader) asked(n ast.Node, key string) string {
	s, ok := cr.r.owner(n, key, "assigned", "cover")
	if ok {
		cr.resolves(s, cr.r, start(n))
	}
	return s
}

// resolves reports a role that nobody has, or a rota or person that does not exist.
func (cr *clinicReader) resolves(owner string, r *reader, at place) {
	kind, name, _ := strings.Cut(owner, ":")
	if !cr.staffRead || name == "" {
		return
	}
	var ids, roles []string
	for _, p := range cr.c.Staff.People {
		if p.Emergency {
			continue // no rung names one
		}
		ids = append(ids, p.ID)
		for _, role := range p.Roles {
			if !slices.Contains(roles, role) {
				roles = append(roles, role)
			}
		}
	}
	switch {
	case kind == "role" && !slices.Contains(roles, name):
		r.breaks(finding.RoleWithoutPerson, at, "nobody under `people` has the role %s", quoteWithSuggestion(name, roles))
	case kind == "rota" && cr.c.Staff.Rota(name) == nil:
		known := make([]string, 0, len(cr.c.Staff.Rotas))
		for i := range cr.c.Staff.Rotas {
			known = append(known, cr.c.Staff.Rotas[i].ID)
		}
		r.breaks(finding.RoleWithoutPerson, at, "`rotas` has none called %s", quoteWithSuggestion(name, known))
	case kind == "person" && !slices.Contains(ids, name):
		r.breaks(finding.RoleWithoutPerson, at, "`people` has nobody called %s", quoteWithSuggestion(name, ids))
	}
}

// references checks the names in a workflow that only the clinic knows.
func (cr *clinicReader) references(file string, f *workflowFile) FileErrors {
	r := &reader{file: file}
	for _, ref := range f.policies {
		if cr.c.Policies == nil {
			break // that there are none has been reported
		}
		if _, ok := cr.c.Policies[ref.name]; !ok && ref.name != sameDayPolicy {
			known := make([]string, 0, len(cr.c.Policies))
			for id := range cr.c.Policies {
				known = append(known, id)
			}
			slices.Sort(known)
			r.breaks(finding.UnknownName, ref.at, "clinic.yaml has no policy %s", quoteWithSuggestion(ref.name, known))
		}
	}
	for _, ref := range f.owners {
		if ref.name != taskOwnerWord {
			cr.resolves(ref.name, r, ref.at)
		}
	}
	if f.officeHours != nil && cr.hoursRead && !cr.opensByDay() {
		r.failf(*f.officeHours, "the clinic is never open outside the quiet hours of a client in its own zone, so this would never leave; change `hours` or `quiet_hours` in clinic.yaml")
	}
	return r.errs
}
