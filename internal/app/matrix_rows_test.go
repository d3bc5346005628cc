package app_test

import (
	"fmt"
	"strings"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/testkit/faults"
)

// story is what a client of the matrix goes through.
type story int

const (
	storyNoShow story = iota // a no-show, with a timer before its mail
	storyRisky               // an escalation, and a mail once somebody took it
	storyBooked              // a no-show, and a booking while its mail takes its last look
	storyBusy                // a no-show, and decisions enough for the log to be trimmed
	storyBroken              // a no-show, and two events that nobody can act on
)

// matrixRow is one client some of whose calls fail.
type matrixRow struct {
	name   string
	faults []faults.Fault
	story  story
	// door has the events come through the HTTP door.
	door bool
	ehr  string
	key  string
}

// matrixKey makes the clients' keys.
const matrixKey = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"

// newRow is the nth row.
func newRow(n int, s story, list ...faults.Fault) matrixRow {
	r := matrixRow{faults: list, story: s, ehr: fmt.Sprintf("mrn-%03d", n)}
	names := []string{[...]string{"no-show", "risky", "booked", "busy", "broken"}[s]}
	for _, f := range list {
		names = append(names, fmt.Sprintf("%s,after=%v,nth=%d,times=%d", f.Call, f.After, f.Nth, f.Times))
		r.door = r.door || f.Call == faults.CallPublish
	}
	r.name = strings.Join(names, "/")
	r.key = events.ClientKey([]byte(matrixKey), faults.Clinic, r.ehr)
	return r
}

// each calls f with every combination.
func each(f func(a, b, c, d bool)) {
	for i := range 16 {
		f(i&1 > 0, i&2 > 0, i&4 > 0, i&8 > 0)
	}
}

func number(b bool, no, yes int) int {
	if b {
		return yes
	}
	return no
}

// bookedRows are the reading of events beside the queues, failing before an
// event that a look waits for is handed on and after.
func bookedRows() []matrixRow {
	var rows []matrixRow
	each(func(after, later, thrice, twice bool) {
		if !twice {
			f := faults.Fault{Call: faults.CallRead, After: after, Nth: number(later, 1, 2), Times: number(thrice, 1, 3)}
			rows = append(rows, newRow(len(rows), storyBooked, f))
		}
	})
	return rows
}

// matrixRows are the calls of runner and notifier to the store and to the
// provider, those that the store makes of its own accord, and the HTTP door's,
// failing before they took effect and after, the first time and a later time,
// once and thrice in a row.
func matrixRows() []matrixRow {
	var rows []matrixRow
	add := func(s story, list ...faults.Fault) { rows = append(rows, newRow(len(rows), s, list...)) }
	plain := func(is bool) story {
		if is {
			return storyRisky
		}
		return storyNoShow
	}
	for _, call := range faults.Calls() {
		each(func(after, later, thrice, risk bool) {
			f := faults.Fault{Call: call, After: after, Nth: number(later, 1, 2), Times: number(thrice, 1, 3)}
			if happens(f, risk) {
				add(plain(risk), f)
			}
		})
	}
	// The ledger is read only where a write to it has failed: the claim, or the
	// final word.
	each(func(after, final, readAfter, risk bool) {
		add(plain(risk),
			faults.Fault{Call: faults.CallLedgerPut, After: after, Nth: number(final, 1, 2), Times: 1},
			faults.Fault{Call: faults.CallLedgerLast, After: readAfter, Nth: 1, Times: 1})
	})
	// So is the end of a client's chain in AUDIT.
	each(func(after, readAfter, thrice, risk bool) {
		add(plain(risk),
			faults.Fault{Call: faults.CallAuditCopy, After: after, Nth: 2, Times: 1},
			faults.Fault{Call: faults.CallAuditEnd, After: readAfter, Nth: 1, Times: number(thrice, 1, 3)})
	})
	for _, x := range []struct {
		story story
		call  faults.Call
	}{{storyBusy, faults.CallTrim}, {storyBroken, faults.CallReject}} {
		each(func(after, later, thrice, twice bool) {
			if !twice {
				add(x.story, faults.Fault{Call: x.call, After: after, Nth: number(later, 1, 2), Times: number(thrice, 1, 3)})
			}
		})
	}
	// The copy after a trim fails: what was dropped cannot be read again.
	each(func(after, copyAfter, thrice, twice bool) {
		if !twice {
			add(storyBusy,
				faults.Fault{Call: faults.CallTrim, After: after, Nth: 1, Times: 1},
				faults.Fault{Call: faults.CallAuditCopy, After: copyAfter, Nth: 33, Times: number(thrice, 1, 3)})
		}
	})
	each(func(after, later, thrice, risk bool) {
		add(plain(risk), faults.Fault{Call: faults.CallPublish, After: after, Nth: number(later, 1, 2), Times: number(thrice, 1, 3)})
	})
	return rows
}

// happens leaves out the calls that a story does not make by itself: without a
// risk there is one mail, and nobody reports that care was accepted.
func happens(f faults.Fault, risk bool) bool {
	switch f.Call {
	case faults.CallLedgerLast:
		return false
	case faults.CallReport:
		return risk && f.Nth == 1
	case faults.CallSend, faults.CallOutboxEnqueue:
		return risk || f.Nth == 1
	}
	return true
}

// repeated says whether a call is made again until it succeeds, so that it must
// fail as often as was planned. A copy into AUDIT that took effect is found
// there.
func repeated(f faults.Fault) bool {
	switch f.Call {
	case faults.CallAuditCopy:
		return !f.After
	case faults.CallTrim, faults.CallReject, faults.CallPublish, faults.CallRead:
		return true
	}
	return false
}
