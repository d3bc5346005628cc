package runner

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows"
)

// A stored record is two lines: the decision without the state, then the
// state. AUDIT copies the first line as it stands.

// errNewer says that a newer version of the program wrote the record.
var errNewer = errors.New("the record was written by a newer version of Mooring; this replica leaves it to one that can read it")

// Entry is the first line of a record: one decision, as the timeline and AUDIT
// keep it.
type Entry struct {
	// Event is the identity of the event answered, Kind its kind, Time when it
	// happened.
	Event events.Hash `json:"event"`
	Kind  events.Kind `json:"kind"`
	Time  time.Time   `json:"time"`
	// Source is the stream and sequence that the event came from.
	Source    string             `json:"source,omitempty"`
	Decided   time.Time          `json:"decided"`
	Directory string             `json:"directory"`
	Notes     []workflows.Note   `json:"notes"`
	Effects   []workflows.Effect `json:"effects,omitempty"`
	// Escalations is where those that the notes speak of stand after the decision.
	// An earlier version did not write it down.
	Escalations []Standing `json:"escalations,omitempty"`
	// Act is who pressed, where the event is what somebody did with an escalation.
	Act *Act `json:"act,omitempty"`
}

// Act is who did something with an escalation: directory ids. How is how they tried
// to reach the client, and Why the code of why they passed it on.
type Act struct {
	By  string `json:"by"`
	For string `json:"for,omitempty"`
	How string `json:"how,omitempty"`
	Why string `json:"why,omitempty"`
}

func actOf(ev events.Event) *Act {
	if a := ev.Data.Escalation; a != nil && a.By != "" {
		return &Act{a.By, a.For, a.How, a.Why}
	}
	return nil
}

// Standing is where an escalation stands.
type Standing struct {
	ID     string `json:"id"`
	Policy string `json:"policy"`
	Owner  string `json:"owner"`
	// Rung counts from 1 of Rungs; Round counts the repeats of the last one.
	Rung  int `json:"rung"`
	Rungs int `json:"rungs"`
	Round int `json:"round,omitempty"`
}

// standings are the escalations that notes speak of.
func standings(notes []workflows.Note, s *workflows.State) []Standing {
	var out []Standing
	for _, n := range notes {
		if n.What != workflows.WhatEscalation || n.Subject == "" || slices.ContainsFunc(out, func(o Standing) bool { return o.ID == n.Subject }) {
			continue
		}
		for i := range s.Escalations {
			if e := &s.Escalations[i]; e.ID == n.Subject {
				out = append(out, Standing{e.ID, e.Policy.ID, e.Owner, e.Rung + 1, len(e.Policy.Rungs), e.Round})
			}
		}
	}
	return out
}

func encode(e Entry, s *workflows.State) ([]byte, error) {
	head, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("write a decision: %w", err)
	}
	state, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("write a client's state: %w", err)
	}
	out := make([]byte, 0, len(head)+1+len(state))
	out = append(out, head...)
	out = append(out, '\n')
	return append(out, state...), nil
}

// Head is a record without the state.
func Head(record []byte) []byte {
	head, _, _ := bytes.Cut(record, []byte{'\n'})
	return head
}

// ReadEntry reads a record's first line, or an audit record.
func ReadEntry(record []byte) (Entry, error) {
	var e Entry
	if err := json.Unmarshal(Head(record), &e); err != nil {
		return e, fmt.Errorf("read a decision: %w", err)
	}
	return e, nil
}

// ReadState reads a record's second line.
func ReadState(record []byte) (workflows.State, error) {
	var s workflows.State
	_, state, ok := bytes.Cut(record, []byte{'\n'})
	if !ok {
		return s, errors.New("read a client's state: the record has none")
	}
	if err := json.Unmarshal(state, &s); err != nil {
		return s, fmt.Errorf("read a client's state: %w", err)
	}
	if s.V > workflows.StateVersion {
		return s, errNewer
	}
	return s, nil
}
