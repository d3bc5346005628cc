package fakesendgrid

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Fault is how one request is answered.
type Fault string

// The faults. "Taken" means that the mail is on the record of what was taken,
// whatever the client is told.
const (
	// Answers as SendGrid documents them.
	Accept    Fault = "202"          // taken
	LastOne   Fault = "202-last"     // taken, X-RateLimit-Remaining: 0
	Bad       Fault = "400"          // not taken
	BadKey    Fault = "401"          // not taken
	TooLarge  Fault = "413"          // not taken, answered in HTML
	TooMany   Fault = "429"          // not taken, with X-RateLimit headers
	Broken    Fault = "500"          // not taken
	BadGate   Fault = "502"          // not taken
	Away      Fault = "503"          // not taken
	LateGate  Fault = "504"          // not taken
	Forbidden Fault = "403"          // not taken
	TakenFail Fault = "500-taken"    // taken, and the answer is 500
	OddOK     Fault = "200"          // not taken: what a wrong server says
	Redirect  Fault = "302"          // not taken
	CutBefore Fault = "cut-before"   // not taken: the connection ends before the body is read
	CutAfter  Fault = "cut-after"    // taken, and the connection ends without an answer
	Hang      Fault = "hang"         // taken, and no answer ever comes
	HangBlind Fault = "hang-blind"   // not taken, and no answer ever comes
	CutAnswer Fault = "202-cut-body" // taken: 202, and the connection ends inside its body
)

func faults() []Fault {
	return []Fault{
		Accept, LastOne, Bad, BadKey, TooLarge, TooMany, Broken, BadGate, Away, LateGate, Forbidden, TakenFail,
		OddOK, Redirect, CutBefore, CutAfter, Hang, HangBlind, CutAnswer,
	}
}

// Taken says whether a mail that meets f is on the record.
func (f Fault) Taken() bool {
	switch f {
	case Accept, LastOne, TakenFail, CutAfter, Hang, CutAnswer:
		return true
	default:
		return false
	}
}

// status is what goes on the record: what the client was answered, 0 for
// nothing. Every fault that answers begins with its status.
func (f Fault) status() int {
	digits, _, _ := strings.Cut(string(f), "-")
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return n
}

func (f Fault) check() error {
	if !slices.Contains(faults(), f) {
		return fmt.Errorf("unknown fault %q, want one of %v", string(f), faults())
	}
	return nil
}

// Script says how requests are answered. The queue comes first, one fault a
// request; after it each request draws from the chances, and is accepted where
// none is drawn.
type Script struct {
	Queue   []Fault           `json:"queue,omitempty"`
	Chances map[Fault]float64 `json:"chances,omitempty"` // probabilities, together at most 1
	Seed    uint64            `json:"seed,omitempty"`    // of the draws; the same seed draws the same
	// ResetIn is X-RateLimit-Reset, in whole seconds from now; 0 is 2.
	ResetIn int `json:"reset_in,omitempty"`
}

func (s Script) check() error {
	for _, f := range s.Queue {
		if err := f.check(); err != nil {
			return err
		}
	}
	total := 0.0
	for f, p := range s.Chances {
		if err := f.check(); err != nil {
			return err
		}
		if p < 0 {
			return fmt.Errorf("the chance of %q is below 0", string(f))
		}
		total += p
	}
	if total > 1+1e-9 {
		return fmt.Errorf("the chances make %g, want at most 1", total)
	}
	return nil
}
