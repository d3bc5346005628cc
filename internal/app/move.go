package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/links"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/runner"
)

// sourceCommand names our own commands as the sender of events.
const sourceCommand = "mooring/command"

// PlannedMove is one journey that runs an older version of a workflow.
type PlannedMove struct {
	// Client is the client's key, a pseudonym.
	Client  string `json:"client"`
	Journey string `json:"journey"`
	Step    string `json:"step"`
	From    string `json:"from"`
	To      string `json:"to"`
	// Why says why it cannot be moved; empty where it can.
	Why string `json:"why,omitempty"`
}

// PlanMove finds the journeys of a workflow that run another version than the
// one in force, and says which can go on with that.
func (o *Operator) PlanMove(ctx context.Context, clinicID, workflow string) ([]PlannedMove, error) {
	c, ok := o.clinics.byID[clinicID]
	if !ok {
		return nil, errNoClient
	}
	to, ok := c.current.AtWork(workflow)
	if !ok {
		return nil, fmt.Errorf("the clinic %s has no workflow %q at work", clinicID, workflow)
	}
	plan := []PlannedMove{}
	err := o.store.Records(ctx, clinicID, func(ref runner.Ref, record []byte, _ uint64) error {
		state, err := runner.ReadState(record)
		if err != nil {
			return err
		}
		for i := range state.Journeys {
			j := &state.Journeys[i]
			if j.Workflow != workflow || j.Version == c.current.Version {
				continue
			}
			if err := o.clinics.Prepare(ctx, clinicID, []string{j.Version}); err != nil {
				return err
			}
			var from *workflows.Workflow
			if v := c.at(j.Version); v != nil {
				from, _ = v.Workflow(workflow)
			}
			plan = append(plan, PlannedMove{
				Client: ref.Key, Journey: j.ID, Step: j.Step, From: j.Version, To: c.current.Version,
				Why: workflows.CannotMove(j, from, to),
			})
		}
		return nil
	})
	return plan, err
}

// Move states that a planned move is to happen; the program does it when it runs,
// if it still can then.
func (o *Operator) Move(ctx context.Context, clinicID string, m PlannedMove) error {
	if m.Why != "" {
		return errors.New("it cannot be moved: " + m.Why)
	}
	return publishInside(ctx, o.store, events.Event{
		ID: links.NewID(), Source: sourceCommand, Clinic: clinicID, Key: m.Client, Kind: events.JourneyMoved, Time: o.clock.Now(),
		Data: events.Data{Move: &events.Move{Journey: m.Journey, To: m.To}},
	})
}
