package app

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mooring-care/mooring/notifier/templates"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/finding"
)

// wordOf is the path of a word of a waiver in clinic.yaml.
func wordOf(waiver, word int) []string {
	return []string{"lint", "waivers", strconv.Itoa(waiver), "words", strconv.Itoa(word)}
}

// waives says whether an entry's waiver lets a finding by.
func waives(f templates.Finding, w *workflows.Waiver) bool {
	return w != nil && (templates.Waiver{Rule: f.Rule, Words: w.Words}).Waives(f)
}

// idleWaivers are the waivers that let nothing by: nothing of the clinic's files is
// found by their words. `check` alone names them, since they do no harm to a mail.
func idleWaivers(base *templates.Set, c *workflows.Clinic) finding.List {
	var out finding.List
	say := func(file string, line, column int, message, mend string) {
		out = append(out, finding.Finding{Rule: finding.WrongWaiver, Level: finding.Error, File: file, Line: line, Column: column, Message: message, Mend: mend})
	}
	linter := templates.NewLinter(templates.Exceptions{Refused: c.Lint.Words})
	var services []templates.Finding
	places := workflows.ReadPlaces(c.Files["resources.yaml"])
	for i := range c.Resources {
		s := &c.Resources[i]
		var found []templates.Finding
		for _, said := range saidOf(s) {
			found = append(found, said.found(linter, s.WhenFlagged)...)
		}
		services = append(services, found...)
		for j, word := range waivedOf(s) {
			if !nameable(word) || slices.ContainsFunc(found, func(f templates.Finding) bool { return waives(f, &workflows.Waiver{Words: []string{word}}) }) {
				continue
			}
			line, column := places.ValueOf(serviceKey(i, "waiver", "words", strconv.Itoa(j))...)
			say("resources.yaml", line, column, fmt.Sprintf("the waiver of %q lets nothing by: the lint finds no such words in what %s says", word, s.Title), instead(linter, "", word, found))
		}
	}
	if len(c.Lint.Waivers) == 0 {
		return out
	}
	wordings, known := inWordings(base, c)
	if !known {
		return out
	}
	found := slices.Concat(wordings, services)
	settings := settingsLinter(c, nil)
	for _, s := range settingsOf(c) {
		found = append(found, s.found(settings)...)
	}
	places = workflows.ReadPlaces(c.Files["clinic.yaml"])
	for i, w := range c.Lint.Waivers {
		idle := func(words ...string) bool {
			return !slices.ContainsFunc(found, (templates.Waiver{Rule: w.Rule, Words: words}).Waives)
		}
		if w.Rule == templates.MissingCrisisLine || !slices.Contains(templates.RuleNames(), w.Rule) || findsWords(w.Rule) && len(w.Words) == 0 {
			continue // it cannot be, and is refused
		}
		if len(w.Words) == 0 && idle() {
			say("clinic.yaml", w.Line, w.Column, fmt.Sprintf("the waiver of %#q lets nothing by: no wording of the clinic breaks that rule", w.Rule), "")
		}
		for j, word := range w.Words {
			if nameable(word) && idle(word) {
				line, column := places.ValueOf(wordOf(i, j)...)
				say("clinic.yaml", line, column, fmt.Sprintf("the waiver of %#q for %q lets nothing by: the lint finds no such words in the clinic's wordings, settings and services", w.Rule, word), instead(linter, w.Rule, word, found))
			}
		}
	}
	return out
}

// inWordings is what the lint would find in a clinic's wordings without its waivers, and
// in the built-in ones where the clinic refuses words; false where they cannot be read,
// of which `check` says why.
func inWordings(base *templates.Set, c *workflows.Clinic) ([]templates.Finding, bool) {
	rules := lintRules(c)
	rules.Waived = nil
	_, err := base.WithRules(c.Templates, rules)
	var out []templates.Finding
	for _, one := range leaves(err) {
		wrong, ok := errors.AsType[*templates.FileError](one)
		if !ok || wrong.Rule == "" {
			return nil, false
		}
		out = append(out, templates.Finding{Rule: wrong.Rule, Match: wrong.Match})
	}
	return out, true
}

// instead names what the lint does find near a waiver's word, or nothing. A waiver
// without a rule is of every rule.
func instead(linter *templates.Linter, rule, word string, found []templates.Finding) string {
	inside := linter.Words("", word)
	for _, f := range found {
		if f.Match == "" {
			continue
		}
		exactly := (templates.Waiver{Rule: f.Rule, Words: []string{word}}).Waives(f)
		near := strings.Contains(word, f.Match) || strings.Contains(f.Match, word) ||
			slices.ContainsFunc(inside, func(i templates.Finding) bool { return i.Match == f.Match })
		switch {
		case exactly && f.Rule != rule:
			return fmt.Sprintf("the lint finds %q by the rule %#q; write that rule", f.Match, f.Rule)
		case near && (rule == "" || f.Rule == rule):
			return fmt.Sprintf("the lint finds %q; write that", f.Match)
		}
	}
	return ""
}
