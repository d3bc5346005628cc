package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/runner"
)

// pinnedTo is what a journey runs on.
type pinnedTo struct{ workflow, directory string }

// countJourneys reads the latest record of every client: no index is kept of
// what only people ask for. Some ten thousand clients take a second. counted
// hears how far it is; nil for nobody.
func countJourneys(ctx context.Context, store *jetstream.Store, clinic string, counted func(done int, left uint64)) (map[pinnedTo]int, error) {
	n, done := map[pinnedTo]int{}, 0
	err := store.Records(ctx, clinic, func(_ runner.Ref, record []byte, left uint64) error {
		s, err := runner.ReadState(record)
		if err != nil {
			return err
		}
		for i := range s.Journeys {
			n[pinnedTo{s.Journeys[i].Workflow, s.Journeys[i].Version}]++
		}
		if done++; counted != nil {
			counted(done, left)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count the journeys of %s: %w", clinic, err)
	}
	return n, nil
}

// journeysByWorkflow counts running journeys, whatever their version.
func journeysByWorkflow(ctx context.Context, store *jetstream.Store, clinic string) (map[string]int, error) {
	counts, err := countJourneys(ctx, store, clinic, nil)
	if err != nil {
		return nil, err
	}
	n := map[string]int{}
	for on, journeys := range counts {
		n[on.workflow] += journeys
	}
	return n, nil
}

// WorkflowsOf lists the workflows of the clinic folders in dir, or without one
// those that the Mooring of cfg has in force, else the sample clinic's; and how
// many journeys run on each version, where a Mooring has run. With an error
// there may be a list all the same, without these numbers. counted hears how far
// the counting is.
func WorkflowsOf(ctx context.Context, cfg Config, dir string, counted func(done int, left uint64)) ([]ListedWorkflow, error) {
	runs := hasRun(cfg)
	var clinics []*workflows.Clinic
	if dir != "" || !runs {
		var err error
		if clinics, err = CheckClinics(dir); err != nil || !runs {
			return listWorkflows(clinics), err
		}
	}
	list, err := withJourneys(ctx, cfg, clinics, counted)
	if err == nil {
		return list, nil
	}
	return listWorkflows(clinics), fmt.Errorf("how many journeys run is not known: %w", err)
}

// hasRun says whether a Mooring has ever kept anything where cfg points.
func hasRun(cfg Config) bool {
	if cfg.NATSURL != "" {
		return true
	}
	_, err := os.Stat(filepath.Join(cfg.Data, "streams"))
	return !errors.Is(err, fs.ErrNotExist)
}

func withJourneys(ctx context.Context, cfg Config, clinics []*workflows.Clinic, counted func(done int, left uint64)) ([]ListedWorkflow, error) {
	o, err := OpenOperator(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer o.Close()
	if clinics == nil {
		for _, id := range slices.Sorted(maps.Keys(o.clinics.byID)) {
			clinics = append(clinics, o.clinics.byID[id].current.Clinic)
		}
	}
	var list []ListedWorkflow
	for _, c := range clinics {
		rows, err := o.clinicJourneys(ctx, c, counted)
		if err != nil {
			return nil, err
		}
		list = append(list, rows...)
	}
	return list, nil
}

// clinicJourneys lists a clinic's workflows with how many journeys run on each
// version, and besides the versions that still have some although the clinic's
// folder has them no more. Of a clinic that Mooring does not know nothing is told.
func (o *Operator) clinicJourneys(ctx context.Context, folder *workflows.Clinic, counted func(done int, left uint64)) ([]ListedWorkflow, error) {
	rows := listWorkflows([]*workflows.Clinic{folder})
	if o.clinics.byID[folder.ID] == nil {
		return rows, nil
	}
	counts, err := countJourneys(ctx, o.store, folder.ID, counted)
	if err != nil {
		return nil, err
	}
	holds, err := o.store.Holds(ctx, folder.ID)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		rows[i].Journeys, rows[i].Paused = new(int), holds.Clinic
		if h, paused := holds.Workflows[rows[i].Workflow]; paused {
			rows[i].Paused = &h
		}
	}
	at := slices.SortedFunc(maps.Keys(counts), func(a, b pinnedTo) int {
		return slices.Compare([]string{a.workflow, a.directory}, []string{b.workflow, b.directory})
	})
	for _, on := range at {
		// A workflow's version is its file's; the folder has another one with every
		// change of anything in it.
		l, err := o.pinned(ctx, folder, on)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(rows, func(r ListedWorkflow) bool { return r.Workflow == l.Workflow && r.Version == l.Version })
		if i < 0 {
			i, rows = len(rows), append(rows, l)
		}
		*rows[i].Journeys += counts[on]
	}
	return rows, nil
}

// pinned is the row of a version that journeys are pinned to and that the folder
// does not have.
func (o *Operator) pinned(ctx context.Context, folder *workflows.Clinic, on pinnedTo) (ListedWorkflow, error) {
	if err := o.clinics.Prepare(ctx, folder.ID, []string{on.directory}); err != nil {
		return ListedWorkflow{}, err
	}
	// A version that nobody can read any more is told as the journey has it.
	l := ListedWorkflow{Clinic: folder.ID, Workflow: on.workflow, Version: on.directory}
	if v := o.clinics.byID[folder.ID].at(on.directory); v != nil {
		if w, ok := v.Workflow(on.workflow); ok {
			l = listed(folder.ID, w)
		}
	}
	l.State, l.Draft, l.Journeys = StateEarlier, false, new(int)
	if why, gone := folder.Removed[on.workflow]; gone {
		l.State, l.Removed = StateRemoved, why
	}
	return l, nil
}
