package runner

import (
	"context"
)

// OtherDeadlines says whether the clinic's configuration in force asks for other
// deadlines than a record of the client has. It neither reads nor keeps anything,
// so that looking at every client leaves the states of those who are busy at hand.
func (r *Runner) OtherDeadlines(ref Ref, record []byte) (bool, error) {
	dir, ok := r.cfg.Directories.Directory(ref.Clinic)
	if !ok {
		return false, nil
	}
	s, err := ReadState(record)
	if err != nil {
		return false, err
	}
	return s.OtherDeadlines(dir.Current(), r.cfg.Now()), nil
}

// Look sets the client's deadlines as the configuration in force asks for them,
// and does what is due by them. Nothing is recorded of a client for whom nothing
// changes. No timer has fired here, so none needs setting but by a decision. As
// Handle it must not run beside other work of the client.
func (r *Runner) Look(ctx context.Context, ref Ref) Verdict {
	source := "DIRECTORY:" + ref.Clinic + "." + ref.Key
	v := r.due(ctx, ref, "DIRECTORY", source)
	if v.Action == Done {
		r.tries.forget(source)
	}
	return v
}
