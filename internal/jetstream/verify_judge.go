package jetstream

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"github.com/mooring-care/mooring/workflows/runner"
)

// judge says what is wrong with one client's chain. It is given all that AUDIT
// and CLIENTS have of the client and asks nobody.
type judge struct {
	ref     runner.Ref
	entries []audited // in the order of AUDIT
	kept    []kept    // in the order of CLIENTS
	// floor is the sequence in CLIENTS up to which everything was copied.
	floor uint64
	// AUDIT is there since then, and drops what is older than maxAge.
	since, now time.Time
	maxAge     time.Duration

	findings []Finding
	waiting  int

	byRecord map[uint64]int  // the entry that copies a record, by its own word
	on       []bool          // entries that belong to the chain
	blamed   map[int]bool    // entries that something was said of
	missed   map[uint64]bool // records that are said to be missing
	short    int64           // entries that are missing without a word yet
}

func (j *judge) say(w Wrong, seq, record uint64, format string, args ...any) {
	j.findings = append(j.findings, Finding{j.ref, w, seq, record, fmt.Sprintf(format, args...)})
}

func (j *judge) run() {
	j.on, j.blamed, j.missed = make([]bool, len(j.entries)), map[int]bool{}, map[uint64]bool{}
	j.byRecord = map[uint64]int{}
	sums := map[uint64][sha256.Size]byte{}
	for _, k := range j.kept {
		sums[k.seq] = k.sum
	}
	for i, e := range j.entries {
		// Of several that copy one record the first counts, or one that does copy it.
		if was, twice := j.byRecord[e.record]; !twice || j.entries[was].sum != sums[e.record] && e.sum == sums[e.record] {
			j.byRecord[e.record] = i
		}
	}
	if len(j.kept) == 0 {
		if n := len(j.entries); n > 0 {
			j.say(WrongInserted, j.entries[n-1].seq, 0, "AUDIT has %d entries of a client of whom CLIENTS has nothing", n)
		}
		return
	}
	j.newest()
	if len(j.entries) == 0 {
		if last := j.kept[len(j.kept)-1]; len(j.findings) == 0 && last.decisions > int64(len(j.kept)) && !j.mayBeDropped() {
			j.say(WrongMissing, 0, 0, "AUDIT has nothing of this client, of whom %d decisions were made", last.decisions)
		}
		return
	}
	j.short = j.uncounted()
	path := j.follow()
	j.order(path)
	j.strangers()
	j.number()
	slices.SortStableFunc(j.findings, func(a, b Finding) int { return cmp.Compare(a.Sequence, b.Sequence) })
}

// newest holds AUDIT against what CLIENTS still has.
func (j *judge) newest() {
	var gone []uint64 // a run of records that AUDIT has nothing of
	tell := func() {
		if len(gone) == 0 {
			return
		}
		seq, where := j.around(gone[0])
		if n := len(gone); n == 1 {
			j.say(WrongMissing, seq, gone[0], "the decision that CLIENTS has at sequence %d is not in AUDIT: %s", gone[0], where)
		} else {
			j.say(WrongMissing, seq, gone[0], "%d decisions that CLIENTS has from sequence %d to %d are not in AUDIT: %s", n, gone[0], gone[n-1], where)
		}
		gone = nil
	}
	for _, k := range j.kept {
		i, ok := j.byRecord[k.seq]
		switch {
		case ok && j.entries[i].sum != k.sum:
			j.blamed[i] = true
			j.say(WrongChanged, j.entries[i].seq, k.seq, "the entry is not the decision that CLIENTS has at sequence %d", k.seq)
		case ok:
		case k.seq > j.floor && j.afterAll(k.seq):
			j.waiting++
		case j.maxAge > 0 && j.now.Sub(k.stored) > j.maxAge: // dropped for its age
		default:
			j.missed[k.seq] = true
			gone = append(gone, k.seq)
			continue
		}
		tell()
	}
	tell()
}

// afterAll says whether a record is newer than all that AUDIT has.
func (j *judge) afterAll(record uint64) bool {
	return !slices.ContainsFunc(j.entries, func(e audited) bool { return e.record > record })
}

// around is where a record should be in AUDIT.
func (j *judge) around(record uint64) (seq uint64, where string) {
	for _, e := range j.entries {
		if e.record > record {
			return e.seq, fmt.Sprintf("it belongs before entry %d", e.seq)
		}
	}
	if n := len(j.entries); n > 0 {
		seq = j.entries[n-1].seq
		return seq, fmt.Sprintf("it belongs after entry %d", seq)
	}
	return 0, "AUDIT has nothing of this client"
}

// mayBeDropped says whether AUDIT may have dropped entries of the client for
// their age.
func (j *judge) mayBeDropped() bool {
	created := j.kept[len(j.kept)-1].created
	return j.maxAge > 0 && j.now.Sub(j.since) > j.maxAge && (created.IsZero() || j.now.Sub(created) > j.maxAge)
}

// counted says whether it is known how many entries there must be: the newest
// record tells it, unless AUDIT has dropped some for their age.
func (j *judge) counted() bool {
	return j.kept[len(j.kept)-1].decisions > 0 && !j.mayBeDropped()
}

// uncounted is by how many entries AUDIT has fewer than there must be, beside
// those that are said to be missing.
func (j *judge) uncounted() int64 {
	if !j.counted() {
		return 0
	}
	last := j.kept[len(j.kept)-1]
	n := int64(0)
	for _, e := range j.entries {
		if e.record <= last.seq {
			n++
		}
	}
	return last.decisions - n - int64(j.waiting) - int64(len(j.missed))
}

// anchor is an entry that is right for sure: the newest that CLIENTS confirms.
func (j *judge) anchor() int {
	for _, k := range slices.Backward(j.kept) {
		if i, ok := j.byRecord[k.seq]; ok && j.entries[i].sum == k.sum {
			return i
		}
	}
	return len(j.entries) - 1
}

// follow goes back from link to link, and over each that leads nowhere, which it
// names. The path that it returns goes forward.
func (j *judge) follow() (path []int) {
	byHash := map[string][]int{}
	for i, e := range j.entries {
		byHash[e.hash] = append(byHash[e.hash], i)
	}
	p := j.anchor()
	for {
		j.on[p] = true
		path = append(path, p)
		e := j.entries[p]
		if e.link == "" {
			j.begins(p)
			break
		}
		next := -1
		for _, i := range byHash[e.link] { // of copies the first
			if !j.on[i] && next < 0 {
				next = i
			}
		}
		if next < 0 {
			if next = j.broken(p); next < 0 {
				break
			}
		}
		p = next
	}
	slices.Reverse(path)
	return path
}

// before is the nearest entry before p that is not on the path yet, or -1.
func (j *judge) before(p int) int {
	for i := p - 1; i >= 0; i-- {
		if !j.on[i] {
			return i
		}
	}
	return -1
}

// broken says what became of the entry before p, to which p's link should lead,
// and returns where the path goes on.
func (j *judge) broken(p int) int {
	e, q := j.entries[p], j.before(p)
	if q < 0 {
		if !j.mayBeDropped() && len(j.missed) == 0 {
			j.short--
			j.say(WrongMissing, e.seq, 0, "the entry before this one, and perhaps more before that, is not there, and nothing here is old enough to be dropped for its age")
		}
		return q
	}
	switch previous := j.previous(e.record); {
	case j.blamed[q] || j.blamed[p], previous > 0 && j.missed[previous]: // said already
	case j.short > 0:
		j.short--
		j.say(WrongMissing, e.seq, previous, "an entry, or more than one, is not there between entry %d and this one", j.entries[q].seq)
	case j.counted():
		j.blamed[q] = true
		j.say(WrongChanged, j.entries[q].seq, j.entries[q].record, "the entry is not what it was when entry %d was written after it", e.seq)
	default:
		j.blamed[q] = true
		j.say(WrongChanged, j.entries[q].seq, j.entries[q].record, "the entry is not what it was when entry %d was written after it, or one between them is not there", e.seq)
	}
	return q
}

// previous is the record before one, where CLIENTS still says so.
func (j *judge) previous(record uint64) uint64 {
	for _, k := range j.kept {
		if k.seq == record {
			return k.previous
		}
	}
	return 0
}

// begins judges the beginning of the chain.
func (j *judge) begins(p int) {
	e := j.entries[p]
	if e.anew && !j.mayBeDropped() {
		j.short = 0
		j.say(WrongMissing, e.seq, 0, "all entries before this one were taken away before it was written: the chain begins anew here, and nothing is old enough to be dropped for its age")
	}
}

// order finds entries that stand elsewhere than their links say.
func (j *judge) order(path []int) {
	at, record := -1, uint64(0)
	for _, i := range path {
		e := j.entries[i]
		switch {
		case i < at:
			j.blamed[i] = true
			j.say(WrongMoved, e.seq, e.record, "the entry stands before entry %d, and was written after it", j.entries[at].seq)
		case e.record <= record && !j.blamed[i]:
			j.blamed[i] = true
			j.say(WrongChanged, e.seq, e.record, "the entry says that it copies the decision at sequence %d of CLIENTS, and the entry before it copies a later one", e.record)
		}
		at, record = max(at, i), max(record, e.record)
	}
}

// strangers are entries that no link leads to, and those that copy a decision
// which CLIENTS does not have.
func (j *judge) strangers() {
	first := j.kept[0].seq
	for i, e := range j.entries {
		known := e.record < first || slices.ContainsFunc(j.kept, func(k kept) bool { return k.seq == e.record })
		switch {
		case j.blamed[i]:
		case !j.on[i]:
			j.blamed[i] = true
			text := "no link leads to the entry: it does not belong to the chain"
			if k := slices.IndexFunc(j.entries, func(o audited) bool { return o.hash == e.hash }); k != i {
				text = fmt.Sprintf("the entry is a copy of entry %d", j.entries[k].seq)
			}
			j.say(WrongInserted, e.seq, e.record, "%s", text)
		case !known:
			j.blamed[i] = true
			j.say(WrongInserted, e.seq, e.record, "the entry says that it copies the decision at sequence %d of CLIENTS, where there is none of this client", e.record)
		}
	}
}

// number finds a chain that was written anew as a whole: every link fits, and
// there are more or fewer entries than decisions.
func (j *judge) number() {
	if len(j.findings) > 0 || j.short == 0 {
		return
	}
	e, last := j.entries[len(j.entries)-1], j.kept[len(j.kept)-1]
	if j.short > 0 {
		j.say(WrongMissing, e.seq, 0, "every link fits, and %d of the %d decisions made are not there: the chain was written anew without them", j.short, last.decisions)
		return
	}
	j.say(WrongInserted, e.seq, 0, "every link fits, and there are %d entries more than the %d decisions made: the chain was written anew with them", -j.short, last.decisions)
}
