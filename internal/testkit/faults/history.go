package faults

import (
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/testkit/fakesendgrid"
)

// Acked is an event that a stream acknowledged to its sender.
type Acked struct {
	Hash events.Hash
	At   time.Time
	// Stream and Sequence are the acknowledgement's own words.
	Stream   string
	Sequence uint64
	// Invalid is set on what was broken by intent: it must be in REJECTED, and
	// nowhere else.
	Invalid bool
	Subject string
}

// Act is what a page told a person was done.
type Act struct {
	Kind   events.Kind
	Clinic string
	Key    string // the client
	Target string // the escalation, empty for others
	Person string // who did it, empty for the client
	At     time.Time
}

// History is what the world outside saw of a run.
type History struct {
	Clinics []string // those that are configured
	Acked   []Acked
	Acts    []Act
	Taken   []fakesendgrid.Entry
	// Answers are what the provider said to each request, one that refuses
	// included.
	Answers []fakesendgrid.Answer
	Kills   []time.Time
	// Quiet is when the program was seen to have nothing left to do; zero means
	// that the snapshot was. A deadline that came later, while it stopped, is
	// rightly left to its next start.
	Quiet time.Time
	// InFlight is how long before a kill a care message may have been claimed
	// whose fate nobody knows: the wait for its last look included.
	InFlight time.Duration
	// Excused are message ids whose send is allowed to be of unknown fate, for
	// another reason than a kill.
	Excused map[string]bool
}

// Report is the verdict: what was counted, and every rule that was broken.
type Report struct {
	Counts Counts   `json:"counts"`
	Broken []string `json:"broken"`
}

// Counts are the figures of a run.
type Counts struct {
	Events           int `json:"events"`            // distinct events acknowledged
	Repeats          int `json:"repeats"`           // copies of them that the stream stored besides
	Invalid          int `json:"invalid"`           // broken by intent, acknowledged
	Rejected         int `json:"rejected"`          // records of REJECTED
	Decisions        int `json:"decisions"`         // records of AUDIT
	Timers           int `json:"timers"`            // of those, deadlines that came
	Acts             int `json:"acts"`              // presses that a page confirmed
	Clients          int `json:"clients"`           //
	Kills            int `json:"kills"`             //
	Care             int `json:"care"`              // care messages asked for
	CareTaken        int `json:"care_taken"`        // taken by the provider, each once
	CareWithdrawn    int `json:"care_withdrawn"`    // not wanted any more at the last look
	CareRefused      int `json:"care_refused"`      // refused by the provider
	CareUnknown      int `json:"care_unknown"`      // of unknown fate, with a human
	CareUnknownTook  int `json:"care_unknown_took"` // of those, had left
	CareUnknownFault int `json:"care_unknown_fault"`
	Stopped          int `json:"stopped"`          // care messages that an event stopped when they had left or were about to
	Safety           int `json:"safety"`           // safety messages asked for
	SafetyTaken      int `json:"safety_taken"`     // taken at least once
	SafetyWithdrawn  int `json:"safety_withdrawn"` //
	SafetyRefused    int `json:"safety_refused"`   //
	SafetyDuplicates int `json:"safety_duplicates"`
	// CareDelay and SafetyDelay are how long a message took from its decision to
	// the provider: the median and the 99th percentile, in seconds.
	CareDelay   [2]float64 `json:"care_delay"`
	SafetyDelay [2]float64 `json:"safety_delay"`
	// Withdrawn counts withdrawn care messages by reason.
	Withdrawn map[string]int `json:"withdrawn"`
	Open      int            `json:"open"`   // escalations still open
	Closed    int            `json:"closed"` // escalations closed by a human
}
