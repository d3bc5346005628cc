package app

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/mooring-care/mooring/notifier/templates"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/finding"
)

// missingTemplates are the mails that a workflow sends to clients and nobody wrote in
// one of the other languages that the clinic serves. What its own language lacks, serve
// refuses.
func missingTemplates(set *templates.Set, c *workflows.Clinic) finding.List {
	var out finding.List
	spoken := set.Languages()
	for _, w := range slices.Concat(c.Workflows, c.Drafts) {
		for i := range w.Program {
			s := w.Program[i].Send
			if s == nil || s.To != "" {
				continue
			}
			for _, l := range c.Languages[min(1, len(c.Languages)):] {
				if !slices.Contains(spoken, l) || !slices.Contains(set.Lacks(l), s.Template) {
					continue
				}
				line, column := w.StepPlace(w.Program[i].ID)
				out = append(out, finding.Finding{
					Rule: finding.TemplateMissing, Level: finding.Error, File: "workflows/" + w.Name + ".yaml", Line: line, Column: column,
					Message: fmt.Sprintf("the step %s sends %s, which nobody wrote in the language %q: clients who read that would get another one", w.Program[i].ID, s.Template, l),
					Mend:    writeFile(set, l, s.Template),
				})
			}
		}
	}
	return append(append(out, missingBeside(set, c)...), fallsBack(set, c)...)
}

// missingBeside are the mails to clients that no workflow asks for, such as the one
// after a change of address, and that nobody wrote in another language.
func missingBeside(set *templates.Set, c *workflows.Clinic) finding.List {
	var out finding.List
	line, column := c.LanguagesPlace()
	for _, l := range c.Languages[min(1, len(c.Languages)):] {
		lacks := set.Lacks(l)
		for _, name := range templates.ClientNames() {
			if len(name) == 1 || !slices.Contains(set.Languages(), l) || !slices.Contains(lacks, name) {
				continue // a letter stands in workflows
			}
			out = append(out, finding.Finding{
				Rule: finding.TemplateMissing, Level: finding.Error, File: "clinic.yaml", Line: line, Column: column,
				Message: fmt.Sprintf("nobody wrote %s in the language %q, and it is sent whatever the workflows are: clients who read that would get another one", name, l),
				Mend:    writeFile(set, l, name),
			})
		}
	}
	return out
}

// writeFile says which file to write for a family in a language.
func writeFile(set *templates.Set, language, family string) string {
	return fmt.Sprintf("write templates/%s/%s with the line \"family: %s\"", language, path.Base(set.Answers(family, templates.DefaultLanguage, templates.Unknown)), family)
}

// fallsBack are the reasons for which the clinic's own language has words of their own,
// and another one the usual ones.
func fallsBack(set *templates.Set, c *workflows.Clinic) finding.List {
	var out finding.List
	line, column := c.LanguagesPlace()
	own := func(family, language, reason string) bool {
		return set.Answers(family, language, reason) != set.Answers(family, language, templates.Unknown)
	}
	for _, l := range c.Languages[min(1, len(c.Languages)):] {
		for _, family := range templates.Names() {
			var lacks []string
			for _, reason := range templates.Reasons() {
				if own(family, c.Language(), reason) && !own(family, l, reason) && !slices.Contains(set.Lacks(l), family) {
					lacks = append(lacks, reason)
				}
			}
			if len(lacks) == 0 {
				continue
			}
			reasons := strings.Join(lacks, ", ")
			out = append(out, finding.Finding{
				Rule: finding.TemplateFallsBack, Level: finding.Note, File: "clinic.yaml", Line: line, Column: column,
				Message: fmt.Sprintf("in the language %q, %s has the usual words for %s, and words of its own in %q", l, family, reasons, c.Language()),
				Mend:    fmt.Sprintf("write a file in templates/%s with the lines \"family: %s\" and \"reasons: %s\", where the difference matters", l, family, reasons),
			})
		}
	}
	return out
}

// untranslated names what the clinic says to clients in its own language alone.
func (c *clinicCheck) untranslated() {
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
			key := []string{"translations", l}
			if len(c.Translations) == 0 {
				key = []string{"languages"}
			}
			c.warn(finding.Untranslated, fmt.Sprintf("mails in %s leave out or do not translate %s", l, strings.Join(lacks, ", ")), fmt.Sprintf("write it under `translations: {%s: ...}`", l), key...)
		}
	}
}

// resources names services that clients read of in another language than theirs, and
// those that may be dead: nobody has looked at the entry for long, or its last day is
// over.
func (c *clinicCheck) resources() {
	places := workflows.ReadPlaces(c.Files["resources.yaml"])
	for i := range c.Resources {
		s := &c.Resources[i]
		stale := func(key, message, mend string) {
			line, column := places.ValueOf(serviceKey(i, key)...)
			c.add(finding.StaleResource, "resources.yaml", line, column, message, mend)
		}
		for _, l := range c.Languages[min(1, len(c.Languages)):] {
			if lacks := s.Untranslated(l); len(lacks) > 0 && (len(s.Languages) == 0 || slices.Contains(s.Languages, l)) {
				line, column := places.Of(serviceKey(i, "translations", l)...)
				c.add(finding.UntranslatedResource, "resources.yaml", line, column, fmt.Sprintf("clients who read %s are told of %s in the clinic's own language", l, s.Title),
					fmt.Sprintf("write %s under `translations: {%s: ...}`", strings.Join(lacks, ", "), l))
			}
		}
		const day = "2 January 2006"
		switch {
		case s.Checked.After(c.now.Add(48 * time.Hour)):
			stale("checked", fmt.Sprintf("%s is said to have been looked at on %s, which has not come yet", s.Title, s.Checked.Format(day)), "write the day of the last look into `checked`")
		case s.Ended(c.now, c.Zone):
			stale("until", s.Title+" has ended and is listed no more", "take it out, or change `until`")
		case s.Stale(c.now):
			stale("checked", fmt.Sprintf("%s was last looked at on %s, more than a year ago", s.Title, s.Checked.Format(day)), "")
		}
	}
}

// unusedWordings are the clinic's own wordings of a name that no workflow asks for. What
// is built in by that name the program itself asks for.
func unusedWordings(base, set *templates.Set, c *workflows.Clinic) finding.List {
	all, err := set.Wordings()
	if err != nil {
		return nil // the built-in ones have been read before
	}
	asked := map[string]bool{}
	for _, w := range slices.Concat(c.Workflows, c.Drafts) {
		for i := range w.Program {
			if s := w.Program[i].Send; s != nil && s.Wording != "" {
				asked[s.Template+"."+s.Wording] = true
			}
		}
	}
	var out finding.List
	for _, w := range all {
		family, wording, named := strings.Cut(w.Template, ".")
		if !w.Own || !named || asked[w.Template] || base.HasWording(templates.DefaultLanguage, family, wording) {
			continue
		}
		line := 1
		src := string(c.Templates[strings.TrimSuffix(strings.TrimPrefix(w.File, "templates/"), ".md")])
		for i, text := range strings.Split(src, "\n") {
			if strings.HasPrefix(text, "wording:") {
				line = i + 1
				break
			}
		}
		out = append(out, finding.Finding{
			Rule: finding.UnusedWording, Level: finding.Warning, File: w.File, Line: line, Column: 1,
			Message: fmt.Sprintf("no workflow asks for the wording %q of %s, so nobody is sent it", wording, family),
			Mend:    fmt.Sprintf("write `send: {template: %s, wording: %s}` in a workflow, take the line out to have it sent in place of the usual words, or take the file out", family, wording),
		})
	}
	return out
}
