package app

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/sample"
)

// usedAlike refuses a store that was used for something else: with other
// clinics, or by another clock. It comes before anything is stored, since a
// record of a time that never was would stay.
func (a *App) usedAlike(ctx context.Context, read map[string]*workflows.Clinic) error {
	current, err := a.store.CurrentDirectories(ctx)
	if err != nil {
		return err
	}
	_, err = a.store.KeptEpoch(ctx)
	if err != nil && !errors.Is(err, jetstream.ErrNotFound) {
		return err
	}
	ownClock := err == nil
	where := "MOORING_DATA"
	if a.cfg.NATSURL != "" {
		where = "NATS_URL"
	}
	for _, id := range slices.Sorted(maps.Keys(current)) {
		if a.demo && (id != sample.ID || !ownClock) {
			return &ConfigError{where, "has the records of the clinic " + id + ": the demo needs a folder to itself, such as ./mooring-demo"}
		}
	}
	if err := a.noneMissing(current, read, where); err != nil {
		return err
	}
	switch set := a.cfg.TimeSpeed != 1 || a.cfg.TimeStart != ""; {
	case len(current) == 0 || set == ownClock:
		return nil
	case ownClock:
		return &ConfigError{where, "has records of a clock of its own, such as the demo's, whose times never were: serve a clinic from another folder"}
	case a.cfg.TimeSpeed != 1:
		return &ConfigError{"MOORING_TIME_SPEED", "only goes with a store that began with it: the records there are of the world's time"}
	}
	return &ConfigError{"MOORING_TIME_START", "only goes with a store that began with it: the records there are of the world's time"}
}

// noneMissing refuses to go on without a clinic that was served from this
// store: its open questions would lose their people without a word.
func (a *App) noneMissing(current map[string]string, read map[string]*workflows.Clinic, where string) error {
	retired := a.cfg.retired()
	for _, id := range slices.Sorted(maps.Keys(retired)) {
		if read[id] != nil {
			return &ConfigError{"MOORING_RETIRED_CLINICS", "names " + id + ", whose folder is still in MOORING_CLINICS"}
		}
		if current[id] == "" {
			a.log.Warn("a retired clinic was never served from this store", "clinic", id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(current)) {
		switch {
		case read[id] != nil:
		case id == sample.ID:
			return &ConfigError{where, "has records of the sample clinic, in which nobody exists: a clinic of your own needs a folder to itself"}
		case !retired[id]:
			return &ConfigError{"MOORING_CLINICS", "lacks the folder of the clinic " + id + ", whose open questions would lose their people: bring it back, or name " + id + " in MOORING_RETIRED_CLINICS if it closed for good"}
		}
	}
	return nil
}
