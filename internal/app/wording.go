package app

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mooring-care/mooring/notifier/templates"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/finding"
)

// wordingOf is the wording of a clinic, with all that its workflows at work ask
// for.
func wordingOf(base *templates.Set, c *workflows.Clinic) (*templates.Set, error) {
	return wordingBy(base, c, lintRules(c))
}

func wordingBy(base *templates.Set, c *workflows.Clinic, rules templates.Rules) (*templates.Set, error) {
	set, err := base.WithRules(c.Templates, rules)
	if err != nil {
		return nil, fmt.Errorf("read the clinic %s's wording:\n%w", c.ID, err)
	}
	if missing := unworded(set, c, c.Workflows); len(missing) > 0 {
		return nil, fmt.Errorf("read the clinic %s's wording:\n%w", c.ID, missing)
	}
	return set, nil
}

// unworded are the wordings in the clinic's own language that workflows ask for and
// nobody wrote.
func unworded(set *templates.Set, c *workflows.Clinic, all []*workflows.Workflow) workflows.FileErrors {
	var missing workflows.FileErrors
	for _, w := range all {
		missing = append(missing, missingWordings(set, w, c.Language())...)
	}
	return missing
}

// fitToLeave checks what a folder that is read now must keep to, and an older
// version that was stored need not: drafts ask for wordings that there are, and
// what resources.yaml says may stand in a client's mail.
func fitToLeave(set *templates.Set, c *workflows.Clinic) error {
	if wrong := mayNotLeave(set, c); len(wrong) > 0 {
		return fmt.Errorf("read the clinic %s:\n%w", c.ID, wrong)
	}
	return nil
}

// mayNotLeave is what fitToLeave refuses.
func mayNotLeave(set *templates.Set, c *workflows.Clinic) workflows.FileErrors {
	wrong := append(unspoken(set, c), unfit(c)...)
	wrong = append(wrong, unworded(set, c, c.Drafts)...)
	if len(wrong) == 0 && len(c.Languages) > 1 {
		for _, w := range slices.Concat(c.Workflows, c.Drafts) {
			wrong = append(wrong, missingWordings(set, w, c.Languages[1], c.Languages[2:]...)...)
		}
	}
	return append(wrong, unfitResources(c)...)
}

// lintRules are the clinic's own part in the lint.
func lintRules(c *workflows.Clinic) templates.Rules {
	rules := templates.Rules{Refused: c.Lint.Words, Languages: c.Languages, Hosts: declaredHosts(c)}
	for _, w := range c.Lint.Waivers {
		rules.Waived = append(rules.Waived, templates.Waiver{Rule: w.Rule, Words: w.Words})
	}
	return rules
}

// unspoken are the languages that clinic.yaml lists and nobody wrote in. The clinic's
// own must have every mail: it stands in where another has none.
func unspoken(set *templates.Set, c *workflows.Clinic) workflows.FileErrors {
	var out workflows.FileErrors
	line, column := c.LanguagesPlace()
	say := func(format string, args ...any) {
		out = append(out, &workflows.FileError{File: "clinic.yaml", Line: line, Column: column, Rule: finding.TemplateMissing, Message: fmt.Sprintf(format, args...)})
	}
	for i, l := range c.Languages {
		switch lacks := set.Lacks(l); {
		case !slices.Contains(set.Languages(), l):
			say("`languages` lists %#q, and there is no wording in it, only in %s; take it out, or add templates/%s/parts.md and the mails beside it",
				l, strings.Join(set.Languages(), ", "), l)
		case i == 0 && len(lacks) > 0:
			say("the clinic's own language %#q, the first of `languages`, has no wording for %s; add them to templates/%s, or list another language first",
				l, strings.Join(lacks, ", "), l)
		}
	}
	return out
}

// missingWordings are the wordings that a workflow asks for and nobody wrote in one
// of the languages.
func missingWordings(set *templates.Set, w *workflows.Workflow, language string, more ...string) workflows.FileErrors {
	var out workflows.FileErrors
	for i := range w.Program {
		s := w.Program[i].Send
		for _, l := range append([]string{language}, more...) {
			if s == nil || s.Wording == "" || set.HasWording(l, s.Template, s.Wording) {
				continue
			}
			line, column := s.WordingPlace()
			in, folder := "", "the templates folder"
			if l != templates.DefaultLanguage {
				in, folder = fmt.Sprintf(" in the language %q", l), "templates/"+l
			}
			out = append(out, &workflows.FileError{
				File: "workflows/" + w.Name + ".yaml", Line: line, Column: column, Rule: finding.TemplateMissing,
				Message: fmt.Sprintf("the step %q asks for the wording %q of %s, which no file has%s; add one to %s with the line \"wording: %s\"",
					w.Program[i].ID, s.Wording, s.Template, in, folder, s.Wording),
			})
		}
	}
	return out
}

// templatesNear are the wordings of the clinic's folder in which a workflow's file
// lies; none where it lies elsewhere.
func templatesNear(file string) (map[string][]byte, error) {
	absolute, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	folder := filepath.Dir(absolute)
	if filepath.Base(folder) != "workflows" {
		return nil, nil
	}
	out := map[string][]byte{}
	var names []string
	for _, pattern := range []string{"templates/*.md", "templates/*/*.md"} {
		found, err := fs.Glob(os.DirFS(filepath.Dir(folder)), pattern)
		if err != nil {
			return nil, err
		}
		names = append(names, found...)
	}
	for _, name := range names {
		src, err := os.ReadFile(filepath.Join(filepath.Dir(folder), filepath.FromSlash(name)))
		if err != nil {
			return nil, err
		}
		if base := path.Base(name); !strings.EqualFold(base, "README.md") {
			out[strings.TrimSuffix(strings.TrimPrefix(name, "templates/"), ".md")] = src
		}
	}
	return out, nil
}

// wordingKnown refuses a workflow that asks for a wording which neither the
// clinic's folder around it nor the built-in ones have.
func wordingKnown(file string, w *workflows.Workflow) error {
	base, err := templates.Builtin()
	if err != nil {
		return err
	}
	own, err := templatesNear(file)
	if err != nil {
		return fmt.Errorf("read the wordings beside the workflow: %w", err)
	}
	set, err := base.WithRules(own, rulesNear(file))
	if err != nil {
		return fmt.Errorf("read the wordings beside the workflow:\n%w", err)
	}
	// Which languages the clinic serves is not known here; the folder's check does.
	var missing workflows.FileErrors
	for _, l := range append(set.Languages(), templates.DefaultLanguage) {
		if missing = missingWordings(set, w, l); len(missing) == 0 {
			return nil
		}
	}
	return missing
}

// rulesNear are the lint rules of the clinic's folder in which a workflow's file lies;
// none where there is no such folder, or it cannot be read: `check` says why.
func rulesNear(file string) templates.Rules {
	absolute, err := filepath.Abs(file)
	if err != nil {
		return templates.Rules{}
	}
	c, err := workflows.ReadClinic(os.DirFS(filepath.Dir(filepath.Dir(absolute))), "near")
	if err != nil {
		return templates.Rules{}
	}
	return lintRules(c)
}

// precedenceFree refuses a workflow whose precedence another one has that is at work
// in the folder around it: which of them a client has would not be written anywhere.
func precedenceFree(file string, w *workflows.Workflow) error {
	absolute, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	folder := filepath.Dir(absolute)
	if w.Precedence == 0 || filepath.Base(folder) != "workflows" {
		return nil
	}
	names, err := fs.Glob(os.DirFS(folder), "*.yaml")
	if err != nil {
		return err
	}
	for _, name := range names {
		src, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return err
		}
		other, err := workflows.ReadWorkflow(name, src)
		if err != nil {
			continue // `check` says what is wrong with it
		}
		if other.Approved != nil && other.Name != w.Name && other.Precedence == w.Precedence {
			return fmt.Errorf("workflows/%s has the precedence %d too; give each its own", name, w.Precedence)
		}
	}
	return nil
}
