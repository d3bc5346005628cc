package app

import (
	"cmp"
	"errors"
	"log/slog"
	"slices"
	"sync"

	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/notifier/templates"
)

// lastReader reads every mail as its bytes say it, the last thing before they leave. A
// client's mail with a finding goes to a human instead; mail to staff always leaves,
// and what was found is counted.
type lastReader struct {
	clinics *clinics
	// ours are the addresses that our own links begin with.
	ours        []string
	preferences string
	log         *slog.Logger
	found       func(notifier.Lane, string)
	mu          sync.Mutex
	linters     map[linterKey]*templates.Linter // guarded by mu
}

// linterKey is what a linter is made of: the clinic in force, the wording's version,
// and the language.
type linterKey struct {
	clinic, version, wording, language string

	stranger bool
}

// maxLinters bounds what is kept: then it begins anew.
const maxLinters = 256

// inspect is the last reader's look. The clinics are known by the time of the first
// mail.
func (a *App) inspect() notifier.Inspect {
	var r *lastReader
	once := sync.OnceFunc(func() {
		r = &lastReader{
			clinics: a.clinics, ours: []string{a.publicURL(), a.staffURL()}, preferences: a.publicURL() + "/u/",
			log: a.log, found: a.metrics.found, linters: map[linterKey]*templates.Linter{},
		}
	})
	return func(left notifier.Mail) error {
		once()
		return r.look(left)
	}
}

// look says whether a mail may leave.
func (r *lastReader) look(left notifier.Mail) error {
	audience := templates.Client
	if left.Lane == notifier.Safety {
		audience = templates.Staff
	}
	l := r.linter(left.Origin)
	if l == nil {
		return notifier.Unread(left, errors.New("the clinic is not configured"))
	}
	m := templates.Mail{
		Subject: left.Subject, Text: left.Text, HTML: left.HTML, Language: left.Origin.Language,
		Sender: left.From.Name, ReplyTo: left.ReplyTo.Name,
	}
	for _, h := range left.Headers {
		m.Headers = append(m.Headers, templates.Header(h))
	}
	found := l.Leaving(m, audience)
	if len(found) == 0 {
		return nil
	}
	var rules []string
	for _, f := range found {
		if !slices.Contains(rules, f.Rule) {
			rules = append(rules, f.Rule)
			r.found(left.Lane, f.Rule)
		}
	}
	// Where, and never what: it may be a client's.
	if audience == templates.Staff {
		r.log.Warn("a mail to staff holds what it should not, and leaves all the same", "message", left.ID, "clinic", left.Origin.Clinic, "rules", rules, "part", found[0].Part)
		return nil
	}
	r.log.Error("a mail to a client holds what must not leave; a person is asked", "message", left.ID, "clinic", left.Origin.Clinic, "rules", rules, "part", found[0].Part)
	return notifier.Held(rules[0])
}

// linter is the one for mails of an origin; nil where its clinic is not known.
func (r *lastReader) linter(o notifier.Origin) *templates.Linter {
	c, ok := r.clinics.byID[o.Clinic]
	if !ok {
		return nil
	}
	key := linterKey{o.Clinic, c.current.Version, o.Version, o.Language, o.Stranger}
	r.mu.Lock()
	defer r.mu.Unlock()
	if l := r.linters[key]; l != nil {
		return l
	}
	allowed := exceptions(c.current, o.Language)
	allowed.Own, allowed.PreferencesURL, allowed.NoPreferences = r.ours, r.preferences, o.Stranger
	allowed.Links = append(allowed.Links, r.ours...)
	allowed.Links = append(allowed.Links, cmp.Or(c.at(o.Version), c.current).wording.Links()...)
	if len(r.linters) >= maxLinters {
		clear(r.linters)
	}
	l := templates.NewLinter(allowed)
	r.linters[key] = l
	return l
}

// exceptions are what the mails of a clinic in a language may hold by its settings.
func exceptions(c *version, language string) templates.Exceptions {
	said := c.In(language)
	allowed := templates.Exceptions{
		Words: []string{c.Name, said.CrisisLine.Name, said.CrisisLine.Text}, Said: []string{c.Phone, said.ReplyHours},
		CrisisPhone: said.CrisisLine.Phone,
	}
	rules := lintRules(c.Clinic)
	allowed.Refused, allowed.Waived, allowed.Hosts = rules.Refused, rules.Waived, rules.Hosts
	for _, link := range []string{said.BookingURL, said.CrisisLine.URL} {
		if link != "" {
			allowed.Links = append(allowed.Links, link)
		}
	}
	for i := range c.Resources {
		s := &c.Resources[i]
		allowed.Words = append(allowed.Words, s.Title)
		told := s.In(language)
		allowed.Said = append(allowed.Said, told.About, s.Reach.Phone, s.Reach.Address, told.Hours, told.Cost)
		if s.Reach.URL != "" {
			allowed.Links, allowed.Read = append(allowed.Links, s.Reach.URL), append(allowed.Read, s.Reach.URL)
		}
	}
	return allowed
}
