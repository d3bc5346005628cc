package app

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/mooring-care/mooring/notifier/templates"
	"github.com/mooring-care/mooring/workflows"
)

// versions are the two that a backtest compares.
type versions struct {
	// id is the clinic's, workflow the one that is tried; empty for a folder.
	id, workflow  string
	asItIs, draft *workflows.Clinic

	op      *Operator // where Mooring had to be asked
	closing []func()
}

func (v *versions) close() {
	for _, f := range slices.Backward(v.closing) {
		f()
	}
}

// openVersions finds the draft, and the clinic as it is.
func openVersions(ctx context.Context, o BacktestOptions) (_ *versions, err error) {
	v := &versions{}
	defer func() {
		if err != nil {
			v.close()
		}
	}()
	info, err := os.Stat(o.Draft)
	folder := err == nil && info.IsDir()
	if o.Events == "" || folder && o.ClinicDir == "" {
		if err := v.reach(ctx, o); err != nil {
			return nil, err
		}
	}
	switch {
	case folder:
		return v, v.folder(o)
	case o.Events == "" && o.ClinicDir == "":
		return v, v.inForce(o)
	}
	t, err := openTrial(o.Draft, o.ClinicDir)
	if err != nil {
		return nil, err
	}
	if v.op != nil && t.id != v.id {
		return nil, fmt.Errorf("the folder %s is the clinic %s's, and the streams to read are the clinic %s's", o.ClinicDir, t.id, v.id)
	}
	v.id, v.workflow, v.draft = t.id, t.workflow.Name, t.clinic
	if v.asItIs, err = workflows.ReadClinic(t.folder, t.id); err != nil {
		return nil, fmt.Errorf("read the clinic %s as it is; a draft that takes the place of a workflow is kept outside its folder, which --clinic-dir names:\n%w", t.id, err)
	}
	return v, nil
}

// reach opens Mooring, and says which of its clinics is meant: the one named, else
// the one that has a folder's name, else the only one.
func (v *versions) reach(ctx context.Context, o BacktestOptions) error {
	op, err := o.Open(ctx)
	if err != nil {
		return fmt.Errorf("reach Mooring for the past or for the version in force; --events FILE and --clinic-dir DIR do without it: %w", err)
	}
	v.op = op
	v.closing = append(v.closing, op.Close)
	named := o.Clinic
	for _, dir := range []string{o.ClinicDir, o.Draft} {
		if id := filepath.Base(dir); named == "" && op.clinics.byID[id] != nil {
			named = id
		}
	}
	v.id, err = op.Clinic(named)
	return err
}

// folder takes a whole folder as the draft.
func (v *versions) folder(o BacktestOptions) error {
	if o.ClinicDir != "" {
		fsys, id, err := oneClinic(o.ClinicDir)
		if err != nil {
			return err
		}
		if v.op == nil {
			v.id = id
		}
		if v.asItIs, err = workflows.ReadClinic(fsys, v.id); err != nil {
			return fmt.Errorf("read the clinic %s as it is:\n%w", v.id, err)
		}
	} else {
		v.asItIs = v.op.clinics.byID[v.id].Current()
	}
	fsys, err := openFolder(o.Draft)
	if err != nil {
		return err
	}
	if v.draft, err = workflows.ReadDraft(fsys, v.id); err != nil {
		return fmt.Errorf("read the draft of the clinic %s:\n%w", v.id, err)
	}
	base, err := templates.Builtin()
	if err != nil {
		return fmt.Errorf("read the built-in wording: %w", err)
	}
	_, err = wordingOf(base, v.draft)
	return err
}

// inForce tries a workflow in the version that Mooring has in force.
func (v *versions) inForce(o BacktestOptions) error {
	v.asItIs = v.op.clinics.byID[v.id].Current()
	t := &trial{id: v.id, stored: true}
	var err error
	if t.file, t.src, err = findWorkflow(o.Draft, ""); err != nil {
		return err
	}
	if t.clinic, t.workflow, err = workflows.ReadTrialFiles(v.asItIs.Files, v.id, t.file, t.src); err != nil {
		return fmt.Errorf("try the workflow in the clinic %s:\n%w", v.id, err)
	}
	v.draft, v.workflow = t.clinic, t.workflow.Name
	return t.wordings()
}

// past reads what happened.
func (v *versions) past(ctx context.Context, o BacktestOptions) (*pastEvents, error) {
	if o.Events == "" {
		return readPastStream(ctx, v.op.store, v.op.clientKey, v.id, v.op.Now())
	}
	p, closing, err := readPastFile(ctx, o.Events, v.id, time.Now())
	if err != nil {
		return nil, err
	}
	v.closing = append(v.closing, closing)
	return p, nil
}

// wordings are the files of wording that the two versions do not share.
func (v *versions) wordings() []string {
	out := []string{}
	for _, name := range slices.Sorted(maps.Keys(v.asItIs.Templates)) {
		if !bytes.Equal(v.asItIs.Templates[name], v.draft.Templates[name]) {
			out = append(out, name)
		}
	}
	for name := range v.draft.Templates {
		if _, both := v.asItIs.Templates[name]; !both {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// counter tells how far it is each time that many more events are done.
func counter(all int, tell func(done, of int)) func(events int) {
	if tell == nil {
		return nil
	}
	var mu sync.Mutex
	done := 0 // guarded by mu, as are the calls
	return func(events int) {
		mu.Lock()
		defer mu.Unlock()
		done += events
		tell(done, all)
	}
}
