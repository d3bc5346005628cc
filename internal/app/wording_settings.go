package app

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mooring-care/mooring/notifier/templates"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/finding"
)

// setting is what clinic.yaml says under a key and mails may hold.
type setting struct {
	key  []string
	text string
	// kind says how it is read.
	kind settingKind
}

type settingKind int

const (
	asWords settingKind = iota
	asLink
)

// settingsOf are a clinic's own and those of its translations. Its name and the crisis
// line's are proper names: `telling-name` speaks of them. Its numbers hold no words.
func settingsOf(c *workflows.Clinic) []setting {
	out := []setting{
		{key: []string{"from", "name"}, text: c.From.Name},
		{key: []string{"reply_to", "name"}, text: c.ReplyTo.Name},
	}
	add := func(said workflows.Said, in ...string) {
		under := func(key ...string) []string { return slices.Concat(in, key) }
		line := said.CrisisLine
		out = append(
			out,
			setting{under("reply_hours"), said.ReplyHours, asWords},
			setting{under("crisis_line", "text"), line.Text, asWords},
			setting{under("crisis_line", "url"), line.URL, asLink},
			setting{under("booking_url"), said.BookingURL, asLink},
		)
	}
	add(c.In(c.Language()))
	for _, l := range slices.Sorted(maps.Keys(c.Translations)) {
		add(c.Translations[l], "translations", l)
	}
	return slices.DeleteFunc(out, func(s setting) bool { return s.text == "" })
}

// found is what the lint finds in a setting.
func (s setting) found(linter *templates.Linter) []templates.Finding {
	part := strings.Join(s.key, ".")
	if s.kind == asLink {
		return linter.Link(part, s.text)
	}
	return linter.Words(part, s.text)
}

// instead says what to write in place of what was found. An address in words has a key
// of its own at most: settings link to nothing.
func (s setting) instead(f templates.Finding) string {
	out, answered := f.Instead(), ", or let somebody answer for it under `lint`"
	if f.Rule == templates.ForeignLink && s.kind == asWords {
		out = "write it without an address"
		if slices.Equal(s.key[max(0, len(s.key)-2):], []string{"crisis_line", "text"}) {
			out = "write the words alone: the address stands under `url` of the crisis line"
		}
	}
	if writtenOut(f) {
		answered = ""
	}
	return out + answered
}

// settingsLinter reads a clinic's settings, and lets by what is waived.
func settingsLinter(c *workflows.Clinic, waived []templates.Waiver) *templates.Linter {
	names := []string{c.Name, c.CrisisLine.Name}
	for _, said := range c.Translations {
		names = append(names, said.CrisisLine.Name)
	}
	return templates.NewLinter(templates.Exceptions{Words: names, Refused: c.Lint.Words, Waived: waived, Hosts: declaredHosts(c)})
}

// unfit is what clinic.yaml says and no mail may hold, as every mail would, and
// waivers that cannot be.
func unfit(c *workflows.Clinic) workflows.FileErrors {
	places := workflows.ReadPlaces(c.Files["clinic.yaml"])
	out := wrongWaivers(c, places)
	if c.Name == "" {
		return out // not read from a file
	}
	linter := settingsLinter(c, lintRules(c).Waived)
	for _, s := range settingsOf(c) {
		line, column := places.ValueOf(s.key...)
		for _, f := range s.found(linter) {
			out = append(out, &workflows.FileError{
				File: "clinic.yaml", Line: line, Column: column, Rule: f.Rule,
				Message: fmt.Sprintf("%s: %q in %#q stands in mails, where %s; %s", f.Rule, f.Match, f.Part, f.Why(), s.instead(f)),
			})
		}
	}
	return out
}

// wrongWaivers are the waivers of clinic.yaml that cannot be.
func wrongWaivers(c *workflows.Clinic, places workflows.Places) workflows.FileErrors {
	var out workflows.FileErrors
	for i, w := range c.Lint.Waivers {
		say := func(line, column int, format string, args ...any) {
			out = append(out, &workflows.FileError{File: "clinic.yaml", Line: line, Column: column, Rule: finding.WrongWaiver, Message: fmt.Sprintf(format, args...)})
		}
		switch {
		case w.Rule == templates.MissingCrisisLine:
			say(w.Line, w.Column, "a missing crisis line is never waived: every client must find help in every mail")
		case !slices.Contains(templates.RuleNames(), w.Rule):
			say(w.Line, w.Column, "there is no rule %#q to waive; the rules are %s", w.Rule, strings.Join(templates.RuleNames(), ", "))
		case findsWords(w.Rule) && len(w.Words) == 0:
			say(w.Line, w.Column, "the waiver of %#q needs `words`: what exactly may leave", w.Rule)
		}
		for j, word := range w.Words {
			if !nameable(word) {
				line, column := places.ValueOf(wordOf(i, j)...)
				say(line, column, "%s", wrongWaiver(word))
			}
		}
	}
	return out
}

// findsWords says whether a rule's findings are words.
func findsWords(rule string) bool {
	return slices.Contains([]string{templates.ClinicalWord, templates.ClinicWord, templates.Blame, templates.Identifier, templates.ForeignLink, templates.CaringContactAsks}, rule)
}
