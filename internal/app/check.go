package app

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/mooring-care/mooring/notifier/templates"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/finding"
)

// Checked is what a check of clinic folders found. Its JSON is part of what
// docs/check.md promises.
type Checked struct {
	// Version is of this form: 1.
	Version int             `json:"version"`
	Clinics []CheckedClinic `json:"clinics"`
	// Errors, Warnings and Notes count the findings.
	Errors   int          `json:"errors"`
	Warnings int          `json:"warnings"`
	Notes    int          `json:"notes"`
	Findings finding.List `json:"findings"`
}

// CheckedClinic is one clinic that was checked. What could not be read is left out.
type CheckedClinic struct {
	Clinic string `json:"clinic"`
	// Folder is the version of the clinic's folder.
	Folder    string `json:"folder,omitempty"`
	Workflows int    `json:"workflows"`
	Drafts    int    `json:"drafts"`
	People    int    `json:"people"`
	Errors    int    `json:"errors"`
}

// Check reads clinic folders as Start would, goes on where Start would refuse, and looks
// for what can be read and will not work. An error means that there was nothing to
// check.
func Check(dir string, now time.Time) (Checked, error) {
	out := Checked{Version: 1, Clinics: []CheckedClinic{}, Findings: finding.List{}}
	folders, misnamed, err := foldersOf(dir)
	if err != nil {
		return out, err
	}
	if len(folders)+len(misnamed) == 0 {
		return out, &ConfigError{"MOORING_CLINICS", fmt.Sprintf("%s holds no clinic folder, one with a clinic.yaml in it", dir)}
	}
	for _, name := range misnamed {
		out.Findings = append(out.Findings, finding.Finding{
			Rule: finding.MisplacedFile, Level: finding.Error, File: name, Line: 1, Column: 1,
			Message: "the folder's name is no clinic id", Mend: "use 1 to 40 of a-z, 0-9 and -, or put it elsewhere",
		})
	}
	base, err := templates.Builtin()
	if err != nil {
		return out, fmt.Errorf("read the built-in wording: %w", err)
	}
	for _, f := range folders {
		c, found := checkFolder(base, f, now)
		out.Clinics = append(out.Clinics, c)
		out.Findings = append(out.Findings, found...)
	}
	out.Findings = out.Findings.Sort()
	out.Errors, out.Warnings, out.Notes = out.Findings.Count(finding.Error), out.Findings.Count(finding.Warning), out.Findings.Count(finding.Note)
	return out, nil
}

// checkFolder checks one clinic's folder.
func checkFolder(base *templates.Set, f oneFolder, now time.Time) (CheckedClinic, finding.List) {
	row := CheckedClinic{Clinic: f.id}
	found := lintWorkflows(f)
	c, misplaced, err := workflows.ReadClinicToCheck(f.files, f.id)
	stray := append(fromError(misplaced), workflows.Ignored(f.files)...)
	if err != nil {
		found = append(found, fromError(err)...)
	} else {
		if len(misplaced) == 0 {
			row.Folder, row.Workflows, row.Drafts, row.People = c.Version, len(c.Workflows), len(c.Drafts), c.Staff.Members()
		}
		found = append(found, despite(stray, checkClinic(base, c, now))...)
		found = append(found, unknownApprovers(f, c)...)
	}
	found = append(found, stray...)
	for i := range found {
		found[i].File = path.Join(f.id, found[i].File)
		if rule, _ := finding.Look(CheckRules(), found[i].Rule); found[i].Mend == "" {
			found[i].Mend = rule.Mend
		}
	}
	found = found.Sort()
	row.Errors = found.Count(finding.Error)
	return row, found
}

// despite leaves out what would not be found if the files were read that stray: a wording
// that is missing, a waiver of its words, and a wording that a workflow would ask for.
func despite(stray, found finding.List) finding.List {
	in := func(folder string) bool {
		return slices.ContainsFunc(stray, func(f finding.Finding) bool {
			return f.Level == finding.Error && strings.HasPrefix(f.File, folder+"/")
		})
	}
	wordings, flows := in("templates"), in("workflows")
	return slices.DeleteFunc(found, func(f finding.Finding) bool {
		return wordings && (f.Rule == finding.TemplateMissing || f.Rule == finding.WrongWaiver) || flows && f.Rule == finding.UnusedWording
	})
}

// checkClinic checks a clinic whose folder could be read.
func checkClinic(base *templates.Set, c *workflows.Clinic, now time.Time) finding.List {
	found := fromError(unknownChannels(c))
	set, err := base.WithRules(c.Templates, lintRules(c))
	if err != nil {
		found = append(found, fromError(err)...)
		found = append(found, fromError(append(unfit(c), unfitResources(c)...))...)
	} else {
		found = append(found, fromError(unworded(set, c, c.Workflows))...)
		found = append(found, fromError(mayNotLeave(set, c))...)
		found = append(found, missingTemplates(set, c)...)
		found = append(found, unusedWordings(base, set, c)...)
	}
	found = append(found, idleWaivers(base, c)...)
	return append(append(found, warnings(c, now)...), notes(c, found)...)
}

// mostLinted bounds a file that is looked at by itself, in bytes; reading the clinic
// refuses less.
const mostLinted = 1 << 20

// ownWorkflows are the workflow files of a clinic's own folder, by path.
func ownWorkflows(f oneFolder) []string {
	names, err := fs.Glob(f.files, "workflows/*.yaml")
	if err != nil {
		return nil // the pattern is right; what cannot be read, reading the clinic says
	}
	return slices.DeleteFunc(names, func(name string) bool {
		info, err := fs.Stat(f.files, name)
		return err != nil || !info.Mode().IsRegular() || info.Size() > mostLinted || path.Base(name)[0] == '.'
	})
}

// lintWorkflows looks at each workflow file by itself, also where another one cannot be
// read. The built-in ones have been looked at.
func lintWorkflows(f oneFolder) finding.List {
	var found finding.List
	for _, name := range ownWorkflows(f) {
		if src, err := fs.ReadFile(f.files, name); err == nil { // else reading the clinic says why
			found = append(found, workflows.Lint(name, src)...)
		}
	}
	return found
}

// fromError makes findings of what a reader refuses: one for each place that it names.
func fromError(err error) finding.List {
	var out finding.List
	for _, one := range leaves(err) {
		var ours *workflows.FileError
		var wording *templates.FileError
		f := finding.Finding{Level: finding.Error, File: ".", Line: 1, Column: 1}
		switch {
		case errors.As(one, &ours):
			f.Rule, f.File, f.Line, f.Column = ours.Rule, ours.File, ours.Line, ours.Column
			f.Message, f.Mend = finding.Split(ours.Message)
		case errors.As(one, &wording):
			f.Rule, f.File, f.Line, f.Column = finding.WrongTemplate, wording.File, wording.Line, wording.Column
			f.Message, f.Mend = finding.Split(wording.Problem)
			if wording.Rule != "" {
				f.Rule, f.Message, f.Mend = wording.Rule, wording.Problem+": "+wording.Why, wording.Mend
			}
		default:
			f.Rule = finding.UnreadableFile
			f.Message, f.Mend = finding.Split(one.Error())
		}
		out = append(out, f)
	}
	return out
}

// leaves are the errors that were joined into one.
func leaves(err error) []error {
	if err == nil {
		return nil
	}
	var many interface{ Unwrap() []error }
	if !errors.As(err, &many) {
		return []error{err}
	}
	var out []error
	for _, one := range many.Unwrap() {
		out = append(out, leaves(one)...)
	}
	return out
}

// CheckRules lists every rule that a finding may name.
func CheckRules() []finding.Rule {
	rules := finding.Rules()
	for _, name := range templates.RuleNames() {
		about := templates.Finding{Rule: name}
		rules = append(rules, finding.Rule{ID: name, Level: finding.Error, What: "in a mail: " + about.Why(), Mend: about.Instead()})
	}
	return rules
}

// WriteSARIF writes it for code hosts and editors.
func (c Checked) WriteSARIF(w io.Writer, version string) error {
	return finding.WriteSARIF(w, version, CheckRules(), c.Findings)
}

// WriteText writes it for people: what was found, and a line on each clinic.
func (c Checked) WriteText(w io.Writer, dir string) error {
	if err := finding.WriteText(w, dir, c.Findings); err != nil {
		return err
	}
	var b strings.Builder
	for _, one := range c.Clinics {
		state := "in order"
		if one.Errors > 0 {
			state = "not in order"
		}
		if one.Folder == "" {
			fmt.Fprintf(&b, "%s: %s\n", one.Clinic, state)
			continue
		}
		drafts := ""
		if one.Drafts > 0 {
			drafts = ", " + counted(one.Drafts, "draft", "drafts")
		}
		fmt.Fprintf(&b, "%s: %s%s, %s, version %s: %s\n", one.Clinic, counted(one.Workflows, "workflow", "workflows"), drafts,
			counted(one.People, "person", "people"), one.Folder, state)
	}
	fmt.Fprintln(&b, c.Findings.Summary())
	_, err := io.WriteString(w, b.String())
	return err
}
