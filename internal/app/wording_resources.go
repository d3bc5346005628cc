package app

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/mooring-care/mooring/notifier/templates"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/finding"
)

// unfitResources finds what resources.yaml says and no mail to a client may hold. What
// somebody has waived by name is let by.
func unfitResources(c *workflows.Clinic) workflows.FileErrors {
	var out workflows.FileErrors
	linter := templates.NewLinter(templates.Exceptions{Refused: c.Lint.Words, Waived: lintRules(c).Waived})
	for i := range c.Resources {
		s := &c.Resources[i]
		if s.Waiver != nil {
			for _, word := range s.Waiver.Words {
				if !nameable(word) {
					out = append(out, &workflows.FileError{File: "resources.yaml", Line: s.Line, Column: max(s.Column, 1), Rule: finding.WrongWaiver, Message: wrongWaiver(word)})
				}
			}
		}
		for _, said := range saidOf(s) {
			found := linter.Words(said.key, said.words)
			if said.key == "url" {
				found = linter.Link(said.key, said.words)
			}
			if s.WhenFlagged && (said.key == "title" || said.key == "about") {
				found = append(found, linter.Asks(said.key, said.words)...)
			}
			var seen []string
			for _, f := range found {
				if slices.Contains(seen, f.Match) || said.mayHold(f) || s.Waiver != nil && (templates.Waiver{Rule: f.Rule, Words: s.Waiver.Words}).Waives(f) {
					continue
				}
				seen = append(seen, f.Match)
				why := "which somebody else may see on a screen; say it in other words"
				if f.Rule == templates.CaringContactAsks {
					why = "where `when_flagged` shows it to a client who may be in danger: nothing there asks or advises, and tips and exercises do harm; say who is there and when, or leave `when_flagged` out"
				} else if f.Rule != templates.ClinicalWord {
					why = "where " + f.Why() + "; " + f.Instead()
				}
				out = append(out, &workflows.FileError{
					File: "resources.yaml", Line: s.Line, Column: max(s.Column, 1), Rule: f.Rule,
					Message: fmt.Sprintf("%q in %#q of %q may not stand in a mail, %s, or let somebody answer for it: `waiver: {words: [%s], by: <a person>, why: <why it may leave>}`",
						f.Match, said.key, s.Title, why, f.Match),
				})
			}
		}
	}
	return out
}

// entrySaid is one thing that an entry says, by its key.
type entrySaid struct{ key, words string }

func saidOf(s *workflows.Resource) []entrySaid {
	out := []entrySaid{{"title", s.Title}, {"about", s.About}, {"address", s.Reach.Address}, {"phone", s.Reach.Phone}, {"hours", s.Hours}, {"cost", s.Cost}, {"url", s.Reach.URL}}
	for _, l := range slices.Sorted(maps.Keys(s.Translations)) {
		t := s.Translations[l]
		out = append(out, entrySaid{"about", t.About}, entrySaid{"hours", t.Hours}, entrySaid{"cost", t.Cost})
	}
	return slices.DeleteFunc(out, func(s entrySaid) bool { return s.words == "" })
}

// mayHold says whether a finding is none for what the key is for: a price in `cost`, a
// number in `phone`, days in `hours`, a street in `address`, and money in what is said of
// a service that helps with it, unless it says that somebody owes some.
func (s entrySaid) mayHold(f templates.Finding) bool {
	switch f.Rule {
	case templates.ClinicalWord:
		return s.key == "address" && slices.Contains([]string{"dr", "lic", "dra"}, f.Match)
	case templates.ClinicWord:
		return false
	case templates.Identifier:
		return s.key == "phone" || s.key == "hours"
	case templates.CaringContactAsks:
		return false
	case templates.Blame:
		owes := strings.HasPrefix(f.Match, "owe") || strings.HasPrefix(f.Match, "adeud")
		return templates.OfMoney(f.Match) && (s.key == "cost" || s.key == "title" || s.key == "about" && !owes)
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
