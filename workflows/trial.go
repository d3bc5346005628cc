package workflows

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"time"
)

// triedBy stands where an approval names who gave it, in a trial alone: nothing
// writes it into a file.
const triedBy = "nobody: this is a trial"

// ReadTrial reads a clinic's folder as ReadClinic does, with one workflow file in
// the place of the clinic's own of the same name, or beside the others where the
// name is new. In the clinic that it returns that workflow is at work, whether
// anybody has approved it or not: such a clinic is for trying, and nothing may be
// sent from it.
//
// file names the workflow's file in error texts, and gives the workflow its name;
// src is what stands in it. What is wrong in any of the files comes back as
// FileErrors; another error means that the folder could not be read.
func ReadTrial(fsys fs.FS, id, file string, src []byte) (*Clinic, *Workflow, error) {
	files, errs, err := gather(fsys)
	if err != nil {
		return nil, nil, err
	}
	if len(errs) == 0 {
		files, errs = withLibrary(files, true)
	}
	if len(errs) > 0 {
		return nil, nil, errs.sorted()
	}
	return readTrial(files, id, file, src, reading{resources: true})
}

// ReadTrialFiles is ReadTrial for files that are in memory, as Clinic.Files has them:
// an older program may have taken them, which checked less. They stay as they are.
func ReadTrialFiles(files map[string][]byte, id, file string, src []byte) (*Clinic, *Workflow, error) {
	return readTrial(files, id, file, src, reading{resources: true, stored: true})
}

func readTrial(files map[string][]byte, id, file string, src []byte, how reading) (*Clinic, *Workflow, error) {
	approved, w, err := Approve(file, src, triedBy, time.Time{})
	if err != nil {
		return nil, nil, err
	}
	files = maps.Clone(files)
	inFolder := workflowFileName(w.Name)
	files[inFolder] = approved
	how.trial = w.Name
	c, err := readFiles(files, id, how)
	if wrong, ok := errors.AsType[FileErrors](err); ok {
		for _, e := range wrong {
			if e.File == inFolder {
				e.File = file
			}
		}
	}
	if err != nil {
		return nil, nil, err
	}
	w, ok := c.AtWork(w.Name)
	if !ok {
		return nil, nil, fmt.Errorf("try the workflow %s: it is not among the clinic's", inFolder)
	}
	return c, w, nil
}

// ReadDraft reads a clinic's folder as ReadClinic does, with every workflow in it at
// work, whether anybody has approved it or not: nothing may be sent from such a
// clinic. The id is that of the clinic it is a draft of.
func ReadDraft(fsys fs.FS, id string) (*Clinic, error) {
	files, errs, err := gather(fsys)
	if err != nil {
		return nil, err
	}
	for name, src := range files {
		if path.Dir(name) != workflowsFolder {
			continue
		}
		approved, _, err := Approve(name, src, triedBy, time.Time{})
		if wrong, ok := errors.AsType[FileErrors](err); ok {
			errs = append(errs, wrong...)
			continue
		}
		if err != nil {
			return nil, err
		}
		files[name] = approved
	}
	if len(errs) > 0 {
		return nil, errs.sorted()
	}
	return readFiles(files, id, reading{resources: true})
}
