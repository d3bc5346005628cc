package workflows

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/finding"
	"github.com/mooring-care/mooring/workflows/library"
)

// The files of a clinic's folder.
const (
	clinicFile      = "clinic.yaml"
	resourcesFile   = "resources.yaml"
	workflowsFolder = "workflows"
	templatesFolder = "templates"
)

// The bounds of a clinic's folder.
const (
	maxClinicFiles = 200
	maxClinicBytes = 4 << 20
)

// ReadClinic reads a clinic's folder: clinic.yaml, workflows/*.yaml (without
// that folder the built-in workflows), templates/*.md and resources.yaml. What
// is wrong in the files comes back as FileErrors, all of it at once; another
// error means that the folder could not be read.
func ReadClinic(fsys fs.FS, id string) (*Clinic, error) {
	c, stray, err := ReadClinicToCheck(fsys, id)
	wrong, ok := errors.AsType[FileErrors](err)
	if err != nil && !ok {
		return nil, err
	}
	if wrong = append(wrong, stray...); len(wrong) > 0 {
		return nil, wrong.sorted()
	}
	return c, nil
}

// ReadClinicToCheck is ReadClinic that goes on where files stand that nothing reads:
// these come apart from the rest.
func ReadClinicToCheck(fsys fs.FS, id string) (c *Clinic, stray FileErrors, err error) {
	files, stray, err := gather(fsys)
	if err != nil {
		return nil, nil, err
	}
	c, err = readFiles(files, id, reading{resources: true, stray: stray})
	return c, stray.sorted(), err
}

// ReadClinicFiles makes a clinic of files that are in memory, by their path in
// the clinic's folder. Clinic.Files gives the same version again. It leaves
// Resources empty: those in force count, not those of an older version.
func ReadClinicFiles(files map[string][]byte, id string) (*Clinic, error) {
	return readFiles(files, id, reading{stored: true})
}

// reading says how a clinic's files are read.
type reading struct {
	// resources takes up what resources.yaml lists: the folder in force is read, and
	// not what an older program stored.
	resources bool
	// stored says that an older program took these files, which may have checked less.
	stored bool
	// trial is the workflow that is tried: of two that clash it is the one to
	// change. Empty where none is.
	trial string
	// stray are the files that nothing reads, of which has been said what is wrong.
	stray FileErrors
}

// strays says whether a file of the folder, or the file of that name, is not read.
func (how reading) strays(name string) bool {
	return slices.ContainsFunc(how.stray, func(e *FileError) bool { return e.File == name || folderOf(e.File) == name })
}

func readFiles(files map[string][]byte, id string, how reading) (*Clinic, error) {
	if !events.ValidClinic(id) {
		return nil, fmt.Errorf("read clinic: the id %q must be 1 to 40 small letters, digits and hyphens", id)
	}
	files, errs := withLibrary(files, !how.strays(workflowsFolder))
	if len(errs) > 0 {
		return nil, errs.sorted()
	}
	c := &Clinic{ID: id, Version: version(files), Files: files, Templates: map[string][]byte{}}
	cr := &clinicReader{r: &reader{file: clinicFile, stored: how.stored}, c: c}
	if src, ok := files[clinicFile]; ok {
		if n := cr.r.document(src); n != nil {
			cr.clinic(n)
		}
	} else if !how.strays(clinicFile) {
		cr.r.breaks(finding.MissingKey, place{1, 1}, "the file is missing; every clinic needs one, docs/clinic.md shows how to write it")
	}
	if src, ok := files[resourcesFile]; ok && how.resources {
		errs = append(errs, cr.resources(src)...)
	}
	errs = append(errs, cr.r.errs...)

	var read []*workflowFile
	for _, name := range slices.Sorted(maps.Keys(files)) {
		switch folder := folderOf(name); folder {
		case templatesFolder:
			c.Templates[strings.TrimSuffix(strings.TrimPrefix(name, templatesFolder+"/"), ".md")] = files[name]
		case workflowsFolder:
			f, wrong := readWorkflow(name, files[name], how.stored)
			errs = append(errs, wrong...)
			if f != nil {
				read = append(read, f)
				// What was stored was approved when it was read from its folder.
				if err := f.stale(name); err != nil && how.resources {
					errs = append(errs, err)
				}
				errs = append(errs, cr.references(name, f)...)
			}
		}
	}
	errs = append(errs, clashes(read, how.trial)...)
	if len(errs) > 0 {
		return nil, errs.sorted()
	}
	for _, f := range read {
		if f.workflow.Approved == nil {
			c.Drafts = append(c.Drafts, f.workflow)
			continue
		}
		c.Workflows = append(c.Workflows, f.workflow)
	}
	cr.notRemoved()
	if !how.strays(workflowsFolder) {
		cr.pausedKnown()
	}
	if len(cr.r.errs) > 0 {
		return nil, cr.r.errs.sorted()
	}
	for _, all := range [...][]*Workflow{c.Workflows, c.Drafts} {
		slices.SortFunc(all, func(a, b *Workflow) int {
			return cmp.Or(cmp.Compare(b.Precedence, a.Precedence), cmp.Compare(a.Name, b.Name))
		})
	}
	return c, nil
}

// clashes finds workflows that share a precedence: which of them a client has
// would not be written anywhere (the rule one-hand). The later one is named, and
// last comes after all others.
func clashes(read []*workflowFile, last string) FileErrors {
	var errs FileErrors
	first := map[int]string{}
	if i := slices.IndexFunc(read, func(f *workflowFile) bool { return f.workflow.Name == last }); i >= 0 {
		read = append(slices.Concat(read[:i], read[i+1:]), read[i])
	}
	for _, f := range read {
		p := f.workflow.Precedence
		if p == 0 || f.workflow.Approved == nil {
			continue // a draft may stand beside the one that it is to replace
		}
		if other, taken := first[p]; taken {
			errs = append(errs, &FileError{
				File: workflowFileName(f.workflow.Name), Line: f.precedence.line, Column: f.precedence.column, Rule: finding.PrecedenceTaken,
				Message: fmt.Sprintf("the workflow %#q has the precedence %d too; give each its own", other, p),
			})
			continue
		}
		first[p] = f.workflow.Name
	}
	return errs
}

func workflowFileName(name string) string { return workflowsFolder + "/" + name + ".yaml" }

// version is "v" and the first 16 hexadecimal characters of a SHA-256 over all
// names and contents, each with its length, so that no two folders run together.
func version(files map[string][]byte) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(h, "%d:%s%d:", len(name), name, len(files[name]))
		h.Write(files[name])
	}
	return "v" + hex.EncodeToString(h.Sum(nil))[:16]
}

// withLibrary copies the files that a clinic is made of and adds the built-in
// workflows where the clinic has none of its own, if these may stand in.
func withLibrary(files map[string][]byte, standIn bool) (map[string][]byte, FileErrors) {
	var errs FileErrors
	out := make(map[string][]byte, len(files)+4)
	own := !standIn
	for name, src := range files {
		if wrong := misplaced(name, func(other string) bool { _, ok := files[other]; return ok }); wrong != "" {
			errs = append(errs, &FileError{File: name, Line: 1, Column: 1, Message: wrong, Rule: finding.MisplacedFile})
			continue
		}
		own = own || strings.HasPrefix(name, workflowsFolder+"/")
		out[name] = slices.Clone(src)
	}
	if !own {
		for name, src := range library.Files() {
			out[workflowsFolder+"/"+name] = src
		}
	}
	return out, errs
}

// gather reads the folder's files into memory. Files that are no part of a
// clinic by their kind (a README, an editor's backup) are left alone; a YAML or
// Markdown file in the wrong place is reported, because nobody would notice
// that it does nothing.
func gather(fsys fs.FS) (map[string][]byte, FileErrors, error) {
	files := map[string][]byte{}
	var errs FileErrors
	total, hasFolder, hasWorkflow := 0, false, false
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name == "." {
			return nil
		}
		base := path.Base(name)
		if strings.HasPrefix(base, ".") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		kind := strings.ToLower(path.Ext(base))
		ours := slices.Contains([]string{".yaml", ".yml", ".md"}, kind)
		if d.IsDir() {
			hasFolder = hasFolder || name == workflowsFolder
			if ours {
				errs = append(errs, &FileError{File: name, Line: 1, Column: 1, Message: "this is a folder, called as a file is; nothing reads it, so give it another name or take it out", Rule: finding.MisplacedFile})
				return fs.SkipDir
			}
			return nil
		}
		if !ours {
			return nil
		}
		// Reading from anything but a file may never end.
		if info, err := fs.Stat(fsys, name); err == nil && !info.Mode().IsRegular() {
			errs = append(errs, &FileError{File: name, Line: 1, Column: 1, Message: "this is no file that can be read; take it out", Rule: finding.UnreadableFile})
			return nil
		}
		if strings.EqualFold(base, "README.md") {
			return nil
		}
		if wrong := misplaced(name, standsIn(fsys)); wrong != "" {
			errs = append(errs, &FileError{File: name, Line: 1, Column: 1, Message: wrong, Rule: finding.MisplacedFile})
			return nil
		}
		src, err := readBounded(fsys, name)
		if err != nil {
			return err
		}
		total += len(src)
		if len(files) == maxClinicFiles || total > maxClinicBytes {
			return errors.New("more than 200 files or 4 MB; a clinic's folder holds its own configuration alone")
		}
		files[name] = src
		hasWorkflow = hasWorkflow || strings.HasPrefix(name, workflowsFolder+"/")
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read clinic's folder: %w", err)
	}
	if hasFolder && !hasWorkflow && len(errs) == 0 {
		errs = append(errs, &FileError{
			File: workflowsFolder, Line: 1, Column: 1, Rule: finding.MissingKey,
			Message: "the folder holds no workflow; add one, or remove the folder to use the built-in workflows",
		})
	}
	return files, errs, nil
}

// readBounded reads one file, one byte past the bound at most: the reader says
// that it is too long.
func readBounded(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	src, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	return src, errors.Join(err, f.Close())
}
