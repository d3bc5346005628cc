package app

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/publicsuffix"

	"github.com/mooring-care/mooring/notifier/templates"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/finding"
)

// unfitResources finds what resources.yaml says and no mail to a client may hold. What
// somebody has waived by name is let by.
func unfitResources(c *workflows.Clinic) workflows.FileErrors {
	var out workflows.FileErrors
	places := workflows.ReadPlaces(c.Files["resources.yaml"])
	linter := templates.NewLinter(templates.Exceptions{Refused: c.Lint.Words, Waived: lintRules(c).Waived})
	for i := range c.Resources {
		s := &c.Resources[i]
		for j, word := range waivedOf(s) {
			if !nameable(word) {
				line, column := places.ValueOf(serviceKey(i, "waiver", "words", strconv.Itoa(j))...)
				out = append(out, &workflows.FileError{File: "resources.yaml", Line: line, Column: column, Rule: finding.WrongWaiver, Message: wrongWaiver(word)})
			}
		}
		for _, said := range saidOf(s) {
			line, column := places.ValueOf(serviceKey(i, said.path...)...)
			for _, f := range said.found(linter, s.WhenFlagged) {
				if waives(f, s.Waiver) && !writtenOut(f) {
					continue
				}
				answer := fmt.Sprintf(", or let somebody answer for it: `waiver: {words: [%s], by: <a person>, why: <why it may leave>}`", f.Match)
				if writtenOut(f) {
					answer = ""
				}
				why := "which somebody else may see on a screen; say it in other words"
				switch f.Rule {
				case templates.ClinicalWord:
				case templates.CaringContactAsks:
					why = "where `when_flagged` shows it to a client who may be in danger: nothing there asks or advises, and tips and exercises do harm; say who is there and when, or leave `when_flagged` out"
				case templates.ForeignLink:
					why = "where a mail program makes a link of it; put the address under `reach: {url: ...}`, or say it in plain words"
				default:
					why = "where " + f.Why() + "; " + f.Instead()
				}
				out = append(out, &workflows.FileError{
					File: "resources.yaml", Line: line, Column: column, Rule: f.Rule,
					Message: fmt.Sprintf("%q in %#q of %q may not stand in a mail, %s%s", f.Match, said.key(), s.Title, why, answer),
				})
			}
		}
	}
	return out
}

// writtenOut says whether a finding is a web address and no name that looks like one: a
// mail leaves with no address but those that the clinic has declared, whoever answers
// for the words.
func writtenOut(f templates.Finding) bool {
	return f.Rule == templates.ForeignLink && (strings.Contains(f.Match, "://") || strings.HasPrefix(f.Match, "www."))
}

// serviceKey is the path of a key of an entry of resources.yaml.
func serviceKey(i int, key ...string) []string {
	return append([]string{"resources", strconv.Itoa(i)}, key...)
}

// waivedOf are the words that an entry's waiver names.
func waivedOf(s *workflows.Resource) []string {
	if s.Waiver == nil {
		return nil
	}
	return s.Waiver.Words
}

// entrySaid is one thing that an entry says, by its path in the entry.
type entrySaid struct {
	words string
	path  []string
}

func saidOf(s *workflows.Resource) []entrySaid {
	out := []entrySaid{
		{s.Title, []string{"title"}},
		{s.About, []string{"about"}},
		{s.Reach.Address, []string{"reach", "address"}},
		{s.Reach.Phone, []string{"reach", "phone"}},
		{s.Hours, []string{"hours"}},
		{s.Cost, []string{"cost"}},
		{s.Reach.URL, []string{"reach", "url"}},
	}
	for _, l := range slices.Sorted(maps.Keys(s.Translations)) {
		t, in := s.Translations[l], "translations"
		out = append(out, entrySaid{t.About, []string{in, l, "about"}}, entrySaid{t.Hours, []string{in, l, "hours"}}, entrySaid{t.Cost, []string{in, l, "cost"}})
	}
	return slices.DeleteFunc(out, func(s entrySaid) bool { return s.words == "" })
}

func (s entrySaid) key() string { return s.path[len(s.path)-1] }

// found is what the lint finds, the same words once, and what a mail program makes a
// link of.
func (s entrySaid) found(linter *templates.Linter, flagged bool) []templates.Finding {
	var found []templates.Finding
	if s.key() == "url" {
		found = linter.Link(s.key(), s.words)
	} else {
		found = linter.Words(s.key(), s.words)
		for _, host := range bareHosts(s.words) {
			if !slices.ContainsFunc(found, func(f templates.Finding) bool {
				return f.Rule == templates.ForeignLink && strings.Contains(f.Match, host)
			}) {
				found = append(found, templates.Finding{Rule: templates.ForeignLink, Part: s.key(), Match: host})
			}
		}
	}
	if flagged && (s.key() == "title" || s.key() == "about") {
		found = append(found, linter.Asks(s.key(), s.words)...)
	}
	var out []templates.Finding
	for _, f := range found {
		if !s.mayHold(f) && !slices.ContainsFunc(out, func(o templates.Finding) bool { return o.Match == f.Match }) {
			out = append(out, f)
		}
	}
	return out
}

// bareHosts are the words of a text that are hosts by their ending, such as
// "ride.example.org": mail programs make links of them. A time of day is none, though
// .am is an ending.
func bareHosts(text string) []string {
	var out []string
	for _, host := range dotted.FindAllString(strings.ToLower(text), -1) {
		if _, listed := publicsuffix.PublicSuffix(host); listed && !timeOfDay.MatchString(host) && !slices.Contains(out, host) {
			out = append(out, host)
		}
	}
	return out
}

var (
	dotted    = regexp.MustCompile(`[\p{L}\p{N}][\p{L}\p{N}-]*(\.[\p{L}\p{N}-]+)*\.\p{L}[\p{L}\p{N}-]*`)
	timeOfDay = regexp.MustCompile(`^[0-9]{1,2}(\.[0-9]{2})?\.[ap]m$`)
)

// mayHold says whether a finding is none for what the key is for: a price in `cost`, a
// number in `phone`, days in `hours`, a street in `address`, and money in what is said of
// a service that helps with it, unless it says that somebody owes some.
func (s entrySaid) mayHold(f templates.Finding) bool {
	switch f.Rule {
	case templates.ClinicalWord:
		return s.key() == "address" && slices.Contains([]string{"dr", "lic", "dra"}, f.Match)
	case templates.ClinicWord, templates.ForeignLink, templates.CaringContactAsks:
		return false
	case templates.Identifier:
		return s.key() == "phone" || s.key() == "hours"
	case templates.Blame:
		owes := strings.HasPrefix(f.Match, "owe") || strings.HasPrefix(f.Match, "adeud")
		return templates.OfMoney(f.Match) && (s.key() == "cost" || s.key() == "title" || s.key() == "about" && !owes)
	}
	return true
}

// nameable says whether a waiver's word can be the words of a finding: something to
// read, and no pattern.
func nameable(word string) bool {
	return !strings.Contains(word, "*") && strings.IndexFunc(word, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) >= 0
}

func wrongWaiver(word string) string {
	return fmt.Sprintf("%q in `words` of a waiver matches nothing; write each word whole, as the finding shows it, such as `words: [recovery]`", word)
}
