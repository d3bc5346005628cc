package app

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/notifier/templates"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/library"
	"github.com/mooring-care/mooring/workflows/sample"
	"github.com/mooring-care/mooring/workflows/scenario"
)

// trial is a workflow that is tried, and the clinic it is tried in.
type trial struct {
	// file is where the workflow was read, and src what stands there. A built-in
	// one has a name for a file.
	file string
	src  []byte
	// folder is the clinic's, and id the clinic's id.
	folder fs.FS
	id     string

	clinic   *workflows.Clinic
	workflow *workflows.Workflow
	words    *templates.Set
	// stored says that an older program took the clinic's files as they are.
	stored bool
}

// openTrial finds a workflow, by the path of its file or by its name, and the
// clinic to try it in, and reads both. clinicDir is the folder of one clinic;
// empty means the folder around the workflow's file if that is a clinic's, or
// else the embedded sample.
func openTrial(workflow, clinicDir string) (*trial, error) {
	t := &trial{folder: sample.FS, id: sample.ID}
	var err error
	if t.file, t.src, err = findWorkflow(workflow, clinicDir); err != nil {
		return nil, err
	}
	if clinicDir == "" {
		clinicDir = clinicAround(t.file)
	}
	if clinicDir != "" {
		if t.folder, t.id, err = oneClinic(clinicDir); err != nil {
			return nil, err
		}
	}
	if t.clinic, t.workflow, err = workflows.ReadTrial(t.folder, t.id, t.file, t.src); err != nil {
		return nil, fmt.Errorf("try the workflow in the clinic %s:\n%w", t.id, err)
	}
	return t, t.wordings()
}

// wordings refuses what no wording was written for: it could not be sent.
func (t *trial) wordings() error {
	base, err := templates.Builtin()
	if err != nil {
		return fmt.Errorf("read the built-in wording: %w", err)
	}
	rules := lintRules(t.clinic)
	rules.Stored = t.stored
	set, err := base.WithRules(t.clinic.Templates, rules)
	if err != nil {
		return fmt.Errorf("read the clinic %s's wording:\n%w", t.id, err)
	}
	t.words = set
	missing := missingWordings(set, t.workflow, t.clinic.Language())
	for _, e := range missing {
		e.File = t.file
	}
	if len(missing) > 0 {
		return missing
	}
	return nil
}

// findWorkflow reads a workflow's file. What looks like no path is a name, of one
// in the clinic's folder, or of a built-in one.
func findWorkflow(workflow, clinicDir string) (file string, src []byte, err error) {
	if filepath.Base(workflow) != workflow || filepath.Ext(workflow) != "" {
		src, err = os.ReadFile(workflow)
		return workflow, src, err
	}
	name := workflow + ".yaml"
	var own []string
	if clinicDir != "" {
		file = filepath.Join(clinicDir, "workflows", name)
		if src, err = os.ReadFile(file); err == nil || !os.IsNotExist(err) {
			return file, src, err
		}
		if own, err = fs.Glob(os.DirFS(clinicDir), "workflows/*.yaml"); err != nil {
			return "", nil, err
		}
	}
	builtin := library.Files()
	if src, ok := builtin[name]; ok {
		return name, src, nil
	}
	known := slices.Collect(maps.Keys(builtin))
	for _, file := range own {
		known = append(known, filepath.Base(file))
	}
	slices.Sort(known)
	return "", nil, fmt.Errorf("there is no workflow %q; there is: %s. A file of your own is named with its folder, such as ./%s",
		workflow, strings.ReplaceAll(strings.Join(slices.Compact(known), ", "), ".yaml", ""), name)
}

// clinicAround is the clinic's folder in which a workflow's file lies; empty where
// it lies in none.
func clinicAround(file string) string {
	absolute, err := filepath.Abs(file)
	if err != nil || filepath.Base(filepath.Dir(absolute)) != "workflows" {
		return ""
	}
	folder := filepath.Dir(filepath.Dir(absolute))
	if _, err := os.Stat(filepath.Join(folder, "clinic.yaml")); err != nil {
		return ""
	}
	return folder
}

// oneClinic is a clinic's folder and its id, which is the folder's name.
func oneClinic(dir string) (fs.FS, string, error) {
	folder, err := openFolder(dir)
	if err != nil {
		return nil, "", err
	}
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return nil, "", err
	}
	id := filepath.Base(absolute)
	if !events.ValidClinic(id) {
		return nil, "", fmt.Errorf("the folder %s has a name that is no clinic id: use 1 to 40 of a-z, 0-9 and -", absolute)
	}
	return folder, id, nil
}

// openFolder is a clinic's folder, whatever it is called.
func openFolder(dir string) (fs.FS, error) {
	if _, err := os.Stat(filepath.Join(dir, "clinic.yaml")); err != nil {
		return nil, fmt.Errorf("%s is no clinic's folder, which is the one with clinic.yaml: %s", dir, errText(err))
	}
	return os.DirFS(dir), nil
}

// Simulation is a scenario told with a workflow at work that is tried: what the
// engine decides, in virtual time. Nothing is sent and no stream is touched.
type Simulation struct {
	// Workflow is the name of the one that is tried, and Clinic the id of the clinic.
	Workflow, Clinic string
	// Text is the scenario with the timeline that follows from it, and Timeline
	// that timeline alone.
	Text     string
	Timeline []scenario.Told

	file, script string
	trial        *trial
}

// Simulate tells the scenario of a file in a clinic in which a workflow, by its
// file or its name, stands in the place of the one of its name, approved or not.
// The clinic's other workflows are at work beside it. Errors name file and line.
func Simulate(workflow, scenarioFile, clinicDir string) (*Simulation, error) {
	script, err := os.ReadFile(scenarioFile)
	if err != nil {
		return nil, err
	}
	t, err := openTrial(workflow, clinicDir)
	if err != nil {
		return nil, err
	}
	s := &Simulation{Workflow: t.workflow.Name, Clinic: t.id, file: scenarioFile, script: string(script), trial: t}
	if s.Text, err = scenario.Tell(t.clinic, scenarioFile, s.script); err != nil {
		return nil, err
	}
	if s.Timeline, err = scenario.List(t.clinic, scenarioFile, s.script); err != nil {
		return nil, err
	}
	return s, nil
}

// Met says whether the workflow comes up in the timeline at all.
func (s *Simulation) Met() bool {
	return slices.ContainsFunc(s.Timeline, func(e scenario.Told) bool {
		return slices.ContainsFunc(e.Notes, func(n scenario.Note) bool { return n.Workflow == s.Workflow })
	})
}

// Check is nil where the file's own timeline is the one that was decided; its
// error says the line in which they part, and what stands there in each.
func (s *Simulation) Check() error {
	// Editors change line ends; what was decided is the same.
	line, says, decided := scenario.Difference(strings.ReplaceAll(s.script, "\r\n", "\n"), s.Text)
	if line == 0 {
		return nil
	}
	return fmt.Errorf("%s:%d: the file's timeline is not the one that was decided\nfile    %s\ndecided %s", s.file, line, says, decided)
}

// Write writes the timeline into the scenario's file, whole or not at all. It
// says whether there was anything to write.
func (s *Simulation) Write() (bool, error) {
	if s.Check() == nil {
		return false, nil
	}
	if err := replaceFile(s.file, []byte(s.Text)); err != nil {
		return false, fmt.Errorf("write the scenario: %w", err)
	}
	return true, nil
}
