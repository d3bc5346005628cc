package workflows

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/mooring-care/mooring/workflows/calendar"
	"github.com/mooring-care/mooring/workflows/escalation"
)

// Clinic is one version of a clinic's configuration: what decisions look
// names, hours, policies and workflows up in.
type Clinic struct {
	// ID is the clinic's id and Version the hash of everything in its folder.
	ID      string
	Version string

	Name string
	// Zone is the clinic's time zone.
	Zone *time.Location
	// Languages are those that the clinic serves, such as "en" and "es", its own first.
	// None means English.
	Languages   []string
	languagesAt place
	// CrisisLine is what every client mail and page shows; In has it as another language
	// says it.
	CrisisLine CrisisLine
	// ReplyTo is the staffed address that answers go to; From is the sender.
	ReplyTo Address
	From    Address
	// ReplyHours says in words when replies are read; empty says office hours.
	ReplyHours string
	// BookingURL is where a client books; empty leaves the sentence out.
	BookingURL string
	// Phone is the clinic's own number, for pages and mails.
	Phone string
	// Translations are what the clinic says in its other languages, by language.
	Translations map[string]Said

	// Staff is who can be asked.
	Staff escalation.Staff
	// Policies are the escalation policies by id. "safety" must exist: it
	// answers what no workflow asked for.
	Policies map[string]escalation.Policy
	// TaskOwner owns tasks that name nobody who can be found.
	TaskOwner string

	// Consent says what a feed's silence means; outreach is opt-in by default.
	Consent ConsentRules
	// Cap limits care messages to a client over all workflows.
	Cap Cap
	// Lateness is how long after its time a care message may still leave; 0
	// means a day. A clock of another speed scales it.
	Lateness time.Duration
	// FeedQuiet is for how long, in hours in which the clinic is open, its system may send
	// no event before somebody is told; 0 means that nobody is.
	FeedQuiet time.Duration
	// Digest says that whoever has open tasks gets one mail about all of them on each day
	// that they work; without it the owner of an overdue task is reminded daily.
	Digest bool
	// Hours are when the clinic is open, and its holidays.
	Hours calendar.Hours
	// QuietFrom and QuietTo bound the hours, in the client's zone, in which no
	// care message leaves, as offsets from midnight.
	QuietFrom, QuietTo time.Duration

	// AcknowledgeNoBAA must be true before the SendGrid mailer starts.
	AcknowledgeNoBAA bool

	// Workflows are those at work, sorted by falling precedence, then by name.
	Workflows []*Workflow
	// Drafts are those that nobody has approved, in the same order. They are read
	// and checked, and start nothing; journeys of earlier versions may know them.
	Drafts []*Workflow
	// Paused holds care mail back: all of it, or that of some workflows.
	Paused MailPause
	// Removed are workflows that were at work once and are no more, with why, in
	// words: their journeys end.
	Removed map[string]string

	// Lint is what the clinic adds to the check of its mails, and takes from it.
	Lint LintRules
	// Resources are the services that mails list, in the order of their file.
	Resources []Resource
	// Templates are the clinic's own wordings, as written, by file name without
	// ".md"; what is absent is the built-in one.
	Templates map[string][]byte
	// Files are all files that this version was made of, by path, the built-in
	// workflows included where they are used: ReadClinicFiles makes the same
	// version of them elsewhere.
	Files map[string][]byte
}

// MailPause is whose care mail rests. Journeys go on and leave out what
// they would have sent, so that nothing is made up for afterwards. Safety mail
// never rests.
type MailPause struct {
	Clinic    bool
	Workflows []string
}

// rests says whether a workflow's care mail is held back, and why.
func (c *Clinic) rests(workflow string) (Reason, bool) {
	switch {
	case c.Paused.Clinic:
		return ClinicPaused, true
	case slices.Contains(c.Paused.Workflows, workflow):
		return WorkflowPaused, true
	}
	return "", false
}

// Workflow finds a workflow by name, a draft too.
func (c *Clinic) Workflow(name string) (*Workflow, bool) {
	for _, all := range [...][]*Workflow{c.Workflows, c.Drafts} {
		for _, w := range all {
			if w.Name == name {
				return w, true
			}
		}
	}
	return nil, false
}

// AtWork finds a workflow that may start journeys.
func (c *Clinic) AtWork(name string) (*Workflow, bool) {
	for _, w := range c.Workflows {
		if w.Name == name {
			return w, true
		}
	}
	return nil, false
}

// english is the language of a clinic that names none.
const english = "en"

// Language is the clinic's own language: what its staff read, and clients for
// whom it has no other.
func (c *Clinic) Language() string {
	if len(c.Languages) == 0 {
		return english
	}
	return c.Languages[0]
}

// LanguageFor is the language that the clinic speaks with somebody whose language
// is tag, a BCP 47 tag or empty: that one where it is served ("es-MX" counts as
// "es"), else the clinic's own.
func (c *Clinic) LanguageFor(tag string) string {
	base := strings.ToLower(tag)
	if i := strings.IndexAny(base, "-_"); i >= 0 {
		base = base[:i]
	}
	if slices.Contains(c.Languages, base) {
		return base
	}
	return c.Language()
}

// LintRules are a clinic's own part in the check of its mails.
type LintRules struct {
	// Words are kept out of every mail; one that ends in * is the beginning of a word.
	Words []string
	// Waivers let by what somebody answers for.
	Waivers []MailWaiver
}

// MailWaiver lets findings of one rule by.
type MailWaiver struct {
	// Rule is the rule's code, such as "clinical-word".
	Rule string
	Waiver
	// Line and Column are its place in clinic.yaml.
	Line, Column int
}

// Said is what a clinic says to its clients in one language.
type Said struct {
	CrisisLine CrisisLine
	ReplyHours string
	BookingURL string
}

// In is what the clinic says in a language. Where it has no words of its own in that
// language, sentences are left out rather than shown in another; names, numbers and
// addresses are the clinic's.
func (c *Clinic) In(language string) Said {
	said := Said{CrisisLine: c.CrisisLine, ReplyHours: c.ReplyHours, BookingURL: c.BookingURL}
	if language == c.Language() {
		return said
	}
	own := c.Translations[language]
	said.CrisisLine.Text, said.ReplyHours = own.CrisisLine.Text, own.ReplyHours
	said.CrisisLine.Name = cmp.Or(own.CrisisLine.Name, said.CrisisLine.Name)
	said.CrisisLine.Phone = cmp.Or(own.CrisisLine.Phone, said.CrisisLine.Phone)
	said.CrisisLine.URL = cmp.Or(own.CrisisLine.URL, said.CrisisLine.URL)
	said.CrisisLine.EmergencyPhone = cmp.Or(own.CrisisLine.EmergencyPhone, said.CrisisLine.EmergencyPhone)
	said.BookingURL = cmp.Or(own.BookingURL, said.BookingURL)
	return said
}

// LanguagesPlace is where clinic.yaml lists the languages.
func (c *Clinic) LanguagesPlace() (line, column int) {
	return max(1, c.languagesAt.line), max(1, c.languagesAt.column)
}

// CrisisLine is the clinic's own.
type CrisisLine struct {
	Name  string // "988 Lifeline"
	Phone string // "988"
	Text  string // optional: "Text HOME to 741741"
	URL   string // optional
	// EmergencyPhone is the number for danger right now, such as "911"; empty leaves pages
	// to say "your local emergency number".
	EmergencyPhone string
}

// Address is one mailbox.
type Address struct {
	Name, Email string
}

// ConsentRules are the clinic's choices about consent.
type ConsentRules struct {
	// ExcludedProgrammes get no care mail (42 CFR Part 2) unless opted in.
	ExcludedProgrammes []string
}

// Cap is a limit of care messages in a span of time.
type Cap struct {
	Messages int
	Within   time.Duration
}

// Directory gives a decision its clinic configuration. It answers from memory:
// a decision does no I/O.
type Directory interface {
	// Current is the configuration in force.
	Current() *Clinic
	// At is the configuration of a version that a journey is pinned to; nil
	// when it is not known.
	At(version string) *Clinic
}

// ownAddress says whether an address is the clinic's or a colleague's.
func (c *Clinic) ownAddress(email string) bool {
	own := []string{c.From.Email, c.ReplyTo.Email}
	for _, p := range c.Staff.People {
		own = append(own, p.Email)
	}
	return slices.ContainsFunc(own, func(a string) bool { return strings.EqualFold(a, email) })
}
