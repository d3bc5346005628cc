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
	"sync"
	"sync/atomic"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/notifier/templates"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/runner"
	"github.com/mooring-care/mooring/workflows/sample"
)

var (
	_ runner.Directories  = (*clinics)(nil)
	_ workflows.Directory = (*clinic)(nil)
)

// clinics are the configured clinics with every version in use.
type clinics struct {
	store *jetstream.Store
	// lateness and slack override the clinics' own tolerances; 0 leaves them.
	lateness, slack time.Duration
	base            *templates.Set
	byID            map[string]*clinic
	// retired are the clinics that closed for good. What is open there goes on,
	// so they stand in byID as well; no mail goes to their clients.
	retired map[string]bool
}

// clinic is one clinic: what is in force and what older journeys began with.
type clinic struct {
	current *version
	// held is the clinic in force with the pauses that staff asked for while the
	// program runs; nil before the first look at them.
	held atomic.Pointer[held]

	mu sync.RWMutex
	// versions are those read so far; a nil entry was never stored. Guarded by
	// mu.
	versions map[string]*version
}

// version is one version of a clinic's folder, read.
type version struct {
	*workflows.Clinic
	wording *templates.Set
}

// Current is the configuration in force.
func (c *clinic) Current() *workflows.Clinic {
	if held := c.held.Load(); held != nil {
		return held.clinic
	}
	return c.current.Clinic
}

// At is the configuration of a version; nil when it was never stored.
func (c *clinic) At(v string) *workflows.Clinic {
	if got := c.at(v); got != nil {
		return got.Clinic
	}
	return nil
}

func (c *clinic) at(v string) *version {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.versions[v]
}

// ReadClinics reads the configured clinic folders, or the embedded sample.
func ReadClinics(dir string) (map[string]*workflows.Clinic, error) {
	folders, err := foldersIn(dir)
	if err != nil {
		return nil, err
	}
	out := map[string]*workflows.Clinic{}
	for _, f := range folders {
		c, err := workflows.ReadClinic(f.files, f.id)
		if err != nil {
			return nil, fmt.Errorf("read the clinic %s:\n%w", f.id, err)
		}
		if wrong := unknownChannels(c); len(wrong) > 0 {
			return nil, fmt.Errorf("read the clinic %s:\n%w", f.id, wrong)
		}
		out[c.ID] = c
	}
	return out, nil
}

// oneFolder is one clinic's folder, not yet read.
type oneFolder struct {
	id    string
	files fs.FS
}

// foldersIn lists the folders of a folder of clinics, or the embedded sample's. One
// whose name is no clinic's is refused.
func foldersIn(dir string) ([]oneFolder, error) {
	out, misnamed, err := foldersOf(dir)
	if err == nil && len(misnamed) > 0 {
		return nil, &ConfigError{"MOORING_CLINICS", "has a folder " + misnamed[0] + " whose name is no clinic id: use 1 to 40 of a-z, 0-9 and -"}
	}
	if err == nil && len(out) == 0 {
		err = &ConfigError{"MOORING_CLINICS", fmt.Sprintf("%s holds no clinic folder, one with a clinic.yaml in it", dir)}
	}
	return out, err
}

// foldersOf is foldersIn with the folders apart whose names are no clinic's.
func foldersOf(dir string) (out []oneFolder, misnamed []string, err error) {
	if dir == "" {
		return []oneFolder{{sample.ID, sample.FS}}, nil, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, &ConfigError{"MOORING_CLINICS", dir + " cannot be read: " + errText(err)}
	}
	if slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == "clinic.yaml" }) {
		return nil, nil, &ConfigError{"MOORING_CLINICS", fmt.Sprintf("%s is one clinic's own folder; name the folder that it stands in, whose folders are the clinics", dir)}
	}
	for _, e := range entries {
		if e.Name()[0] == '.' {
			continue
		}
		// A link to a folder is one too: a clinic must not vanish because its
		// folder was put elsewhere.
		info, err := os.Stat(filepath.Join(dir, e.Name()))
		switch {
		case err != nil:
			return nil, nil, &ConfigError{"MOORING_CLINICS", "has an entry " + e.Name() + " that cannot be read: " + errText(err)}
		case !info.IsDir():
		case !events.ValidClinic(e.Name()):
			misnamed = append(misnamed, e.Name())
		default:
			out = append(out, oneFolder{e.Name(), os.DirFS(filepath.Join(dir, e.Name()))})
		}
	}
	return out, misnamed, nil
}

func errText(err error) string {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err.Error()
	}
	return err.Error()
}

// newClinics stores each clinic's folder and makes it current; of a retired
// clinic it takes up what was stored last.
func newClinics(ctx context.Context, store *jetstream.Store, read map[string]*workflows.Clinic, retired map[string]bool, lateness, slack time.Duration) (*clinics, error) {
	base, err := templates.Builtin()
	if err != nil {
		return nil, fmt.Errorf("read the built-in wording: %w", err)
	}
	cs := &clinics{store: store, lateness: lateness, slack: slack, base: base, byID: map[string]*clinic{}, retired: retired}
	for _, id := range slices.Sorted(maps.Keys(read)) {
		v, err := cs.version(read[id], false)
		if err != nil {
			return nil, err
		}
		if err := fitToLeave(v.wording, v.Clinic); err != nil {
			return nil, err
		}
		if err := cs.nothingLost(ctx, v.Clinic); err != nil {
			return nil, err
		}
		if err := store.PutDirectory(ctx, id, v.Version, v.Files); err != nil {
			return nil, err
		}
		cs.byID[id] = &clinic{current: v, versions: map[string]*version{v.Version: v}}
	}
	if len(retired) == 0 {
		return cs, nil
	}
	current, err := store.CurrentDirectories(ctx)
	if err != nil {
		return nil, err
	}
	for id := range retired {
		v, ok := current[id]
		if !ok {
			continue
		}
		if cs.byID[id], err = cs.stored(ctx, id, v); err != nil {
			return nil, err
		}
	}
	return cs, nil
}

// nothingLost refuses a folder in which a workflow that is at work has become a
// draft or is gone, unless the folder says that it was removed: somebody's journey
// may be half-way through it, and a question about safety must not fall silent
// because a file was moved.
func (cs *clinics) nothingLost(ctx context.Context, next *workflows.Clinic) error {
	current, err := cs.store.CurrentDirectories(ctx)
	if err != nil {
		return err
	}
	at, ok := current[next.ID]
	if !ok || at == next.Version {
		return nil
	}
	files, err := cs.store.GetDirectory(ctx, next.ID, at)
	if err != nil {
		return err
	}
	was, err := workflows.ReadClinicFiles(files, next.ID)
	if err != nil {
		return nil //nolint:nilerr // what an older program stored may not be readable any more; nothing can be told from it
	}
	var lost []error
	var running map[string]int
	for _, w := range was.Workflows {
		if _, ok := next.AtWork(w.Name); ok {
			continue
		}
		if _, said := next.Removed[w.Name]; said {
			continue
		}
		what := "is not in the folder any more"
		if _, draft := next.Workflow(w.Name); draft {
			what = "is a draft now"
		}
		if running == nil {
			if running, err = journeysByWorkflow(ctx, cs.store, next.ID); err != nil {
				return err
			}
		}
		lost = append(lost, fmt.Errorf(
			"clinic.yaml: the workflow %s is at work and %s; put it back with its approval, or end its journeys (%d run now) with a line under `removed`, such as `removed: {%s: merged into another}`",
			w.Name, what, running[w.Name], w.Name))
	}
	if len(lost) > 0 {
		return fmt.Errorf("read the clinic %s:\n%w", next.ID, errors.Join(lost...))
	}
	return nil
}

// stored is a clinic as a version that was stored.
func (cs *clinics) stored(ctx context.Context, id, v string) (*clinic, error) {
	files, err := cs.store.GetDirectory(ctx, id, v)
	if err != nil {
		return nil, err
	}
	read, err := workflows.ReadClinicFiles(files, id)
	if err != nil {
		return nil, fmt.Errorf("read the clinic %s as it was stored:\n%w", id, err)
	}
	got, err := cs.version(read, true)
	if err != nil {
		return nil, err
	}
	return &clinic{current: got, versions: map[string]*version{v: got}}, nil
}

// version is a folder with its wording. One that an earlier program stored stays
// readable however strict the lint has become: journeys began with it.
func (cs *clinics) version(c *workflows.Clinic, stored bool) (*version, error) {
	rules := lintRules(c)
	rules.Stored = stored
	wording, err := wordingBy(cs.base, c, rules)
	if err != nil {
		return nil, err
	}
	if cs.lateness > 0 {
		c.Lateness = cs.lateness
	}
	c.Staff.Slack = cs.slack
	return &version{c, wording}, nil
}

// Directory finds a clinic.
func (cs *clinics) Directory(id string) (workflows.Directory, bool) {
	c, ok := cs.byID[id]
	if !ok {
		return nil, false
	}
	return c, true
}

// Prepare reads versions that older journeys began with.
func (cs *clinics) Prepare(ctx context.Context, id string, versions []string) error {
	c, ok := cs.byID[id]
	if !ok {
		return nil
	}
	for _, want := range versions {
		c.mu.RLock()
		_, known := c.versions[want]
		c.mu.RUnlock()
		if known {
			continue
		}
		var v *version
		files, err := cs.store.GetDirectory(ctx, id, want)
		switch {
		case errors.Is(err, jetstream.ErrNotFound):
		case err != nil:
			return err
		default:
			read, err := workflows.ReadClinicFiles(files, id)
			if err != nil {
				// It was read once, by another version of the program; a journey
				// that needs it goes to a human.
				break
			}
			if v, err = cs.version(read, true); err != nil {
				v = nil
			}
		}
		c.mu.Lock()
		c.versions[want] = v
		c.mu.Unlock()
	}
	return nil
}

// ids are the clinics that are served; a retired one is not.
func (cs *clinics) ids() []string {
	out := make([]string, 0, len(cs.byID))
	for id := range cs.byID {
		if !cs.retired[id] {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// CheckClinics reads the clinic folders as Start would, wording included, and
// lists them by id.
func CheckClinics(dir string) ([]*workflows.Clinic, error) {
	read, err := ReadClinics(dir)
	if err != nil {
		return nil, err
	}
	base, err := templates.Builtin()
	if err != nil {
		return nil, fmt.Errorf("read the built-in wording: %w", err)
	}
	var out []*workflows.Clinic
	for _, id := range slices.Sorted(maps.Keys(read)) {
		set, err := wordingOf(base, read[id])
		if err != nil {
			return nil, err
		}
		if err := fitToLeave(set, read[id]); err != nil {
			return nil, err
		}
		out = append(out, read[id])
	}
	return out, nil
}
