package workflows

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"time"
)

// split sends a client their way of a comparison. The way follows from the
// client, the workflow and the step alone, so that every journey of theirs goes
// it, whatever else of the file is edited. A client with a safety flag is no part
// of a comparison: they go the first way, and are never held out.
func (d *decider) split(j *Journey, st *Step) (next string) {
	n := Note{What: WhatStep, Reason: WayTaken, Workflow: j.Workflow, Step: st.ID}
	way := 0
	if !d.s.Flagged(d.now) {
		way = st.Split.way(d.s.Key, j.Workflow, st.ID)
	}
	if way < 0 {
		n.Reason = HeldOut
		d.note(n)
		return st.Next
	}
	n.Detail = branchName(way)
	d.note(n)
	return orElse(st.Split.Ways[way].Then, st.Next)
}

// way is the index of a client's way, -1 for held out.
func (s *SplitStep) way(key, workflow, step string) int {
	sum := sha256.Sum256([]byte(key + "/" + workflow + "/" + step))
	at := int(binary.BigEndian.Uint64(sum[:8]) % whole)
	for i, w := range s.Ways {
		if at -= w.Share; at < 0 {
			return i
		}
	}
	return -1
}

// pauseMail gives the client a while without mail. A longer pause by staff
// stays, and so does their word that mail may go out again where the journey only
// comes past the step a second time.
func (d *decider) pauseMail(j *Journey, st *Step) {
	until := j.Nominal.Add(st.Pause.For)
	was := d.s.Profile.Paused.Get()
	switch {
	case d.again != nil && d.s.Profile.Paused.Known() && !was.On && d.s.Profile.Paused.At.After(j.Nominal):
		d.note(Note{What: WhatStep, Reason: MetBefore, Workflow: j.Workflow, Step: st.ID})
		return
	case was.On && (was.Until.IsZero() || was.Until.After(until)):
		until = was.Until
	default:
		if len(j.Limits) > 0 {
			j.Pauses = append(slices.Clip(j.Pauses), MadePause{By: d.hash, Was: d.s.Profile.Paused})
		}
		p := PausedUntil{On: true, Until: until}
		set(&d.s.Profile.Paused, &p, said{after(d.ev.Time, d.s.Profile.Paused), d.hash})
	}
	d.note(Note{What: WhatStep, Reason: MailPaused, Workflow: j.Workflow, Step: st.ID, Until: until})
}

// after is a time, or the first moment after a field's own where that is later:
// what a journey decides now comes after what was said before.
func after[T any](t time.Time, f *Field[T]) time.Time {
	if f.Known() && !t.After(f.At) {
		return f.At.Add(time.Nanosecond)
	}
	return t
}
