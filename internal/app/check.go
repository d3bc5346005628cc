package app

import (
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
	for _, id := range slices.Sorted(maps.Keys(c.Policies)) {
		shortest := mailIsSlow
		for _, r := range c.Policies[id].Rungs {
			shortest = min(shortest, r.Within)
		}
		if shortest < mailIsSlow {
			out = append(out, fmt.Sprintf("the policy %s gives people %d minutes, and mail is all that reaches them; it may lie unread for longer, so agree on a telephone or a pager beside it",
				id, int(shortest.Minutes())))
		}
	}
	return append(out, staleResources(c, now)...)
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
