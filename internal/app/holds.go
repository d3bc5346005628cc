package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/internal/web"
	"github.com/mooring-care/mooring/workflows"
)

// holdWhyMost bounds the reason of a pause, in characters.
const holdWhyMost = web.PauseWhyMost

// held is a clinic with its pauses, and those of them that staff asked for.
type held struct {
	clinic *workflows.Clinic
	holds  jetstream.Holds
}

// loadHolds takes in the pauses that staff asked for before this start.
func (cs *clinics) loadHolds(ctx context.Context) error {
	for id, c := range cs.byID {
		h, err := cs.store.Holds(ctx, id)
		if err != nil {
			return err
		}
		c.hold(h)
	}
	return nil
}

// followHolds takes in every pause as it comes and goes, until ctx ends.
func (cs *clinics) followHolds(ctx context.Context) {
	cs.store.FollowHolds(ctx, func(id string, h jetstream.Holds) {
		if c, ok := cs.byID[id]; ok {
			c.hold(h)
		}
	})
}

// hold makes the pauses count for every decision and last look from now on,
// beside those of clinic.yaml. Pauses come from whoever changed them and from
// following them, in any order: what is older than those in force is left out.
func (c *clinic) hold(h jetstream.Holds) {
	with := *c.current.Clinic
	with.Paused.Clinic = with.Paused.Clinic || h.Clinic != nil
	with.Paused.Workflows = slices.Concat(with.Paused.Workflows, slices.Sorted(maps.Keys(h.Workflows)))
	next := &held{&with, h}
	for {
		was := c.held.Load()
		if was != nil && was.holds.Revision > h.Revision {
			return
		}
		if c.held.CompareAndSwap(was, next) {
			return
		}
	}
}

// holds are the pauses in force that staff asked for.
func (c *clinic) holds() jetstream.Holds {
	if held := c.held.Load(); held != nil {
		return held.holds
	}
	return jetstream.Holds{}
}

// holdOf is the pause of a workflow, or with "" of all the clinic's care mail; nil
// where there is none.
func holdOf(h *jetstream.Holds, workflow string) *jetstream.Hold {
	if workflow == "" {
		return h.Clinic
	}
	if one, ok := h.Workflows[workflow]; ok {
		return &one
	}
	return nil
}

// setHold pauses a workflow or, with "", all; a nil hold lifts the pause.
func setHold(h *jetstream.Holds, workflow string, hold *jetstream.Hold) {
	switch {
	case workflow == "":
		h.Clinic = hold
	case hold == nil:
		delete(h.Workflows, workflow)
	default:
		if h.Workflows == nil {
			h.Workflows = map[string]jetstream.Hold{}
		}
		h.Workflows[workflow] = *hold
	}
}

// HoldAct pauses a clinic's care mail, or that of one workflow, and lifts a pause.
type HoldAct struct {
	Clinic string
	// Workflow is a name; "" means all of the clinic's care mail.
	Workflow string
	// By is the directory id of who asked, and Why their reason in words.
	By, Why string
}

// Hold stops care mail at once: every running copy of the program hears of it.
// Journeys go on and leave out what they would have sent. A *DraftError means that
// nothing was changed.
func (o *Operator) Hold(ctx context.Context, a HoldAct) (string, error) {
	c := o.clinics.byID[a.Clinic].current
	if err := a.check(c.Clinic); err != nil {
		return "", err
	}
	if strings.TrimSpace(a.Why) == "" || len([]rune(a.Why)) > holdWhyMost || strings.ContainsFunc(a.Why, unicode.IsControl) {
		return "", &DraftError{fmt.Sprintf("a pause needs a reason in words, on one line and at most %d characters long, for those who find it", holdWhyMost)}
	}
	if _, known := c.Workflow(a.Workflow); a.Workflow != "" && !known {
		return "", &DraftError{fmt.Sprintf("the clinic %s has no workflow %q; mooring workflow list names them", a.Clinic, a.Workflow)}
	}
	hold := jetstream.Hold{By: a.By, Why: strings.TrimSpace(a.Why), At: o.Now()}
	var stands *jetstream.Hold
	_, err := o.store.ChangeHolds(ctx, a.Clinic, func(h *jetstream.Holds) bool {
		if stands = holdOf(h, a.Workflow); stands != nil {
			return false // nobody's reason gets lost
		}
		setHold(h, a.Workflow, &hold)
		return true
	})
	if err == nil && stands != nil {
		return fmt.Sprintf("%s was paused already, by %s on %s: %s", a.words(), stands.By, stands.At.UTC().Format("2 January 2006, 15:04 UTC"), stands.Why), nil
	}
	return a.words() + " is paused", err
}

// ErrNotHeld says that there was no pause to lift.
var ErrNotHeld = errors.New("it was not paused; what clinic.yaml pauses under `paused` goes on until that is taken out")

// Release lifts a pause that Hold made. What was left out meanwhile is not made
// up for.
func (o *Operator) Release(ctx context.Context, a HoldAct) (string, error) {
	c := o.clinics.byID[a.Clinic].current
	if err := a.check(c.Clinic); err != nil {
		return "", err
	}
	lifted := false
	_, err := o.store.ChangeHolds(ctx, a.Clinic, func(h *jetstream.Holds) bool {
		lifted = holdOf(h, a.Workflow) != nil
		setHold(h, a.Workflow, nil)
		return lifted
	})
	if err == nil && !lifted {
		err = ErrNotHeld
	}
	return a.words() + " may go out again", err
}

func (a HoldAct) check(c *workflows.Clinic) error {
	if c.Staff.Person(a.By) == nil {
		return &DraftError{fmt.Sprintf("there is no person %q in the clinic %s; --by takes an id of clinic.yaml", a.By, a.Clinic)}
	}
	return nil
}

func (a HoldAct) words() string {
	if a.Workflow == "" {
		return "Care mail of the clinic " + a.Clinic
	}
	return "Care mail of the workflow " + a.Workflow + " in the clinic " + a.Clinic
}
