package app

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mooring-care/mooring/notifier/templates"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/calendar"
	"github.com/mooring-care/mooring/workflows/escalation"
)

// Notes are what a clinic has decided and a reader of its folder should know: the
// waivers of its mails' check, each in one line.
func Notes(c *workflows.Clinic) []string {
	var out []string
	for _, w := range c.Lint.Waivers {
		what := w.Rule
		if len(w.Words) > 0 {
			what += " for " + strings.Join(w.Words, ", ")
		}
		out = append(out, fmt.Sprintf("clinic.yaml:%d: %s waives %s: %s", w.Line, w.By, what, w.Why))
	}
	for i := range c.Resources {
		if s := &c.Resources[i]; s.Waiver != nil {
			out = append(out, fmt.Sprintf("resources.yaml:%d: %s waives %s for %s: %s", s.Line, s.Waiver.By, templates.ClinicalWord, strings.Join(s.Waiver.Words, ", "), s.Waiver.Why))
		}
	}
	return out
}

// mailIsSlow is how long a mail may well lie unread: a policy that counts in
// minutes cannot rely on it.
const mailIsSlow = time.Hour

// Warnings are what is in order by the letter of a clinic's folder, and yet a
// person should look at, each in one line.
func Warnings(c *workflows.Clinic, now time.Time) []string {
	var out []string
	for _, w := range c.Drafts {
		for _, other := range c.Workflows {
			if w.Precedence > 0 && other.Precedence == w.Precedence && other.Name != w.Name {
				out = append(out, fmt.Sprintf("the draft %s has the precedence %d of %s; give it its own before it is approved", w.Name, w.Precedence, other.Name))
			}
		}
		out = append(out, fmt.Sprintf("the workflow %s is a draft and sends nothing: nobody has approved it; have it read, and run mooring workflow approve", w.Name))
	}
	if !slices.ContainsFunc(c.Staff.People, func(p escalation.Person) bool { return p.Emergency }) {
		out = append(out, "there is no `emergency` address: where everybody is away, or nobody answers, nobody else hears of it")
	}
	if c.FeedQuiet == 0 {
		out = append(out, "`feed_quiet` is not set: nobody hears when the clinic's system stops sending events; write for how long it may be silent while the clinic is open, such as `feed_quiet: 8h`")
	}
	out = append(append(out, untranslated(c)...), unverified(c, now)...)
	out = append(out, oneMailbox(c)...)
	for _, id := range slices.Sorted(maps.Keys(c.Policies)) {
		out = append(out, thin(c, id, now)...)
		shortest := mailIsSlow
		for _, r := range c.Policies[id].Rungs {
			if !paged(c, r.Owner) {
				shortest = min(shortest, r.Within)
			}
		}
		if shortest < mailIsSlow {
			out = append(out, fmt.Sprintf("the policy %s gives people %d minutes, and mail is all that reaches some of them; it may lie unread for longer, so write a pager under `reach`, or agree on a telephone beside it",
				id, int(shortest.Minutes())))
		}
	}
	return append(append(append(out, untranslatedResources(c)...), staleResources(c, now)...), indiscreet(c)...)
}

// untranslatedResources are the services that clients read of in another language than
// theirs.
func untranslatedResources(c *workflows.Clinic) []string {
	var out []string
	for i := range c.Resources {
		s := &c.Resources[i]
		for _, l := range c.Languages[min(1, len(c.Languages)):] {
			if lacks := s.Untranslated(l); len(lacks) > 0 && (len(s.Languages) == 0 || slices.Contains(s.Languages, l)) {
				out = append(out, fmt.Sprintf("resources.yaml:%d: clients who read %s are told of %s in the clinic's own language: write %s under `translations: {%s: ...}`", s.Line, l, s.Title, strings.Join(lacks, ", "), l))
			}
		}
	}
	return out
}

// slowForSafety is how long one person may have a question about safety before a
// clinic should think again.
const slowForSafety = 24 * time.Hour

// thin says what makes a policy safe by its letter alone.
func thin(c *workflows.Clinic, id string, now time.Time) []string {
	var out []string
	warn := func(format string, args ...any) {
		out = append(out, "the policy "+id+" "+fmt.Sprintf(format, args...))
	}
	p := c.Policies[id]
	owners := map[string]bool{}
	for i, r := range p.Rungs {
		owners[r.Owner] = true
		if r.Within > slowForSafety {
			warn("lets its rung %d wait %d hours for an answer; nobody else is asked until then", i+1, int(r.Within.Hours()))
		}
		if r.Owner != "assigned" && r.Owner != "cover" && len(c.Staff.Resolve(r.Owner, "", now)) == 0 {
			warn("asks %s on its rung %d, where nobody can be asked now: everybody is on leave and nobody stands in", r.Owner, i+1)
		}
	}
	if p.Hold > slowForSafety {
		warn("gives whoever took a question %d hours before others are asked", int(p.Hold.Hours()))
	}
	if len(owners) == 1 {
		warn("asks %s alone, again and again: name somebody else on a second rung", p.Rungs[0].Owner)
	}
	return out
}

// untranslated names what the clinic says to clients in its own language alone.
func untranslated(c *workflows.Clinic) []string {
	var out []string
	for _, l := range c.Languages[min(1, len(c.Languages)):] {
		var lacks []string
		said := c.In(l)
		if c.ReplyHours != "" && said.ReplyHours == "" {
			lacks = append(lacks, "`reply_hours`")
		}
		if c.CrisisLine.Text != "" && said.CrisisLine.Text == "" {
			lacks = append(lacks, "`text` of the crisis line")
		}
		if c.Translations[l].CrisisLine.Name == "" {
			lacks = append(lacks, "`name` of the crisis line")
		}
		if len(lacks) > 0 {
			out = append(out, fmt.Sprintf("mails in %s leave out or do not translate %s; write it under `translations: {%s: ...}`", l, strings.Join(lacks, ", "), l))
		}
	}
	return out
}

// oneMailbox names people who share an address: to ask the one after the other asks
// nobody new.
func oneMailbox(c *workflows.Clinic) []string {
	var out []string
	of := map[string]string{}
	for _, p := range c.Staff.People {
		address := strings.ToLower(p.Email)
		if other := of[address]; address != "" && other != "" {
			out = append(out, fmt.Sprintf("%s and %s have one mail address; whoever is asked second is nobody new", other, p.ID))
		}
		of[address] = p.ID
	}
	return out
}

// paged says whether everybody whom a rung may ask is reached by more than mail.
func paged(c *workflows.Clinic, owner string) bool {
	_, role, isRole := strings.Cut(owner, "role:")
	_, person, isPerson := strings.Cut(owner, "person:")
	some := false
	for _, p := range c.Staff.People {
		if p.Emergency || isRole && !slices.Contains(p.Roles, role) || isPerson && p.ID != person {
			continue
		}
		if len(p.Reach) == 0 {
			return false
		}
		some = true
	}
	return some
}

// unknownChannels refuses ways of `reach` that this program does not know.
func unknownChannels(c *workflows.Clinic) error {
	var errs []error
	for _, p := range c.Staff.People {
		for _, name := range slices.Sorted(maps.Keys(p.Reach)) {
			if !slices.Contains(channelNames(), name) {
				errs = append(errs, fmt.Errorf("clinic.yaml: %s is to be reached by %q, which is no channel; there is: %s", p.ID, name, strings.Join(channelNames(), ", ")))
			}
		}
	}
	return errors.Join(errs...)
}

// unverified names the people whom mail may not reach: nobody has made sure of it, or
// not for long.
func unverified(c *workflows.Clinic, now time.Time) []string {
	var never, long []string
	for _, p := range c.Staff.People {
		switch {
		case p.Emergency:
		case p.Verified == 0:
			never = append(never, p.ID)
		case p.Verified < calendar.DayOf(now.AddDate(-1, 0, 0)):
			long = append(long, p.ID)
		}
	}
	const mend = "send a mail, have it answered, and write the date as `verified` under `people`"
	var out []string
	if len(never) > 0 {
		out = append(out, "nobody has made sure that mail reaches "+strings.Join(never, ", ")+"; "+mend)
	}
	if len(long) > 0 {
		out = append(out, "it is more than a year since somebody made sure that mail reaches "+strings.Join(long, ", ")+"; "+mend)
	}
	return out
}

// staleResources are the services that may be dead: nobody has looked at the entry
// for long, or its last day is over.
func staleResources(c *workflows.Clinic, now time.Time) []string {
	var out []string
	for i := range c.Resources {
		s := &c.Resources[i]
		place := fmt.Sprintf("resources.yaml:%d: %s", s.Line, s.Title)
		switch {
		case s.Checked.After(now.Add(48 * time.Hour)):
			out = append(out, fmt.Sprintf("%s is said to have been looked at on %s, which has not come yet; write the day of the last look into `checked`",
				place, s.Checked.Format("2 January 2006")))
		case s.Ended(now, c.Zone):
			out = append(out, place+" has ended and is listed no more; take it out, or change `until`")
		case s.Stale(now):
			out = append(out, fmt.Sprintf("%s was last looked at on %s, more than a year ago; see that it still exists, and write today's date into `checked`",
				place, s.Checked.Format("2 January 2006")))
		}
	}
	return out
}
