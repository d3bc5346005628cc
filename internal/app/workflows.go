package app

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/mooring-care/mooring/workflows"
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
	f, err := os.CreateTemp(filepath.Dir(name), ".approve-*")
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
}

func listed(clinic string, w *workflows.Workflow) ListedWorkflow {
	l := ListedWorkflow{
		Clinic: clinic, Workflow: w.Name, Title: w.Title, Why: w.Why,
		Precedence: w.Precedence, Version: w.Version, Draft: w.Approved == nil,
	}
	if w.Approved != nil {
		l.ApprovedBy, l.ApprovedOn = w.Approved.By, w.Approved.On
	}
	return l
}

// ListWorkflows lists the workflows of clinic folders: by clinic those at work,
// then the drafts, each by falling precedence.
func ListWorkflows(dir string) ([]ListedWorkflow, error) {
	clinics, err := CheckClinics(dir)
	if err != nil {
		return nil, err
	}
	list := []ListedWorkflow{}
	for _, c := range clinics {
		for _, w := range slices.Concat(c.Workflows, c.Drafts) {
			list = append(list, listed(c.ID, w))
		}
	}
	return list, nil
}
