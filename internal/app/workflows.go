package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/library"
	"github.com/mooring-care/mooring/workflows/schema"
)

// ApproveWorkflow writes into a workflow's file who approved it, in place of an
// earlier approval. A file that cannot be read is left as it is.
func ApproveWorkflow(file, by string, on time.Time) (ListedWorkflow, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return ListedWorkflow{}, err
	}
	out, w, err := workflows.Approve(filepath.Base(file), src, by, on)
	if err != nil {
		return ListedWorkflow{}, fmt.Errorf("it is not approved, since it cannot be read:\n%w", err)
	}
	if err := precedenceFree(file, w); err != nil {
		return ListedWorkflow{}, fmt.Errorf("it is not approved, since the clinic's folder could not be read with it:\n%w", err)
	}
	if err := wordingKnown(file, w); err != nil {
		return ListedWorkflow{}, fmt.Errorf("it is not approved, since it could not be sent:\n%w", err)
	}
	if err := replaceFile(file, out); err != nil {
		return ListedWorkflow{}, fmt.Errorf("write the approval: %w", err)
	}
	return listed("", w), nil
}

// replaceFile writes a file whole or not at all.
func replaceFile(name string, data []byte) error {
	mode := os.FileMode(0o644)
	if info, err := os.Stat(name); err == nil {
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".mooring-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // it is gone once it was renamed
	if _, err := f.Write(data); err != nil {
		_ = f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Chmod(f.Name(), mode); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// CopyWorkflows writes built-in workflows into a clinic's folder, to be changed
// there, with the schema that their first lines name. Without names it writes
// them all: a clinic with workflows of its own has no others. A file that is
// there already is left as it is. It returns what it wrote.
func CopyWorkflows(dir string, names []string) ([]string, error) {
	files := library.Files()
	if len(names) == 0 {
		for name := range files {
			names = append(names, strings.TrimSuffix(name, ".yaml"))
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if files[name+".yaml"] == nil {
			return nil, fmt.Errorf("there is no built-in workflow %q; mooring workflow list names them", name)
		}
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("%s is no folder; name the clinic's, the one with clinic.yaml", dir)
	}
	if _, err := os.Stat(filepath.Join(dir, "clinic.yaml")); err != nil {
		return nil, fmt.Errorf("%s has no clinic.yaml; name the clinic's own folder, the one that has it", dir)
	}
	var wrote []string
	write := func(name string, data []byte) error {
		to := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil { //nolint:gosec // a clinic's folder holds no secret
			return err
		}
		f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // the same
		if errors.Is(err, fs.ErrExist) {
			return nil
		}
		if err != nil {
			return err
		}
		_, err = f.Write(data)
		wrote = append(wrote, name)
		return errors.Join(err, f.Close())
	}
	for _, name := range names {
		if err := write("workflows/"+name+".yaml", files[name+".yaml"]); err != nil {
			return wrote, fmt.Errorf("copy a workflow: %w", err)
		}
	}
	if err := write("schema/"+schema.FileName, schema.JSON()); err != nil {
		return wrote, fmt.Errorf("copy the schema: %w", err)
	}
	return wrote, nil
}

// ListedWorkflow is one workflow of a clinic, as programs read it.
type ListedWorkflow struct {
	Clinic     string `json:"clinic"`
	Workflow   string `json:"workflow"`
	Title      string `json:"title"`
	Why        string `json:"why"`
	Precedence int    `json:"precedence"`
	Version    string `json:"version"`
	Draft      bool   `json:"draft"`
	ApprovedBy string `json:"approved_by,omitempty"`
	ApprovedOn string `json:"approved_on,omitempty"`
	// State is one of the states below.
	State string `json:"state"`
	// Removed says why, of one that the clinic took away.
	Removed string `json:"removed,omitempty"`
	// Journeys is how many run on this version; nil where nobody can tell.
	Journeys *int `json:"journeys,omitempty"`
	// Paused says who stopped its care mail, or all of the clinic's, while Mooring
	// runs; nil where nobody did.
	Paused *jetstream.Hold `json:"paused,omitempty"`
}

// The states of a workflow's version. The last two are listed where journeys
// still run on them.
const (
	StateAtWork  = "at-work"
	StateDraft   = "draft"
	StateEarlier = "earlier"
	StateRemoved = "removed"
)

func listed(clinic string, w *workflows.Workflow) ListedWorkflow {
	l := ListedWorkflow{
		Clinic: clinic, Workflow: w.Name, Title: w.Title, Why: w.Why,
		Precedence: w.Precedence, Version: w.Version, Draft: w.Approved == nil, State: StateDraft,
	}
	if w.Approved != nil {
		l.State = StateAtWork
		l.ApprovedBy, l.ApprovedOn = w.Approved.By, w.Approved.On
	}
	return l
}

// listWorkflows lists the workflows of clinics: by clinic those at work, then the
// drafts, each by falling precedence.
func listWorkflows(clinics []*workflows.Clinic) []ListedWorkflow {
	var list []ListedWorkflow
	for _, c := range clinics {
		for _, w := range slices.Concat(c.Workflows, c.Drafts) {
			list = append(list, listed(c.ID, w))
		}
	}
	return list
}
