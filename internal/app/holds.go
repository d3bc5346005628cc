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
	"github.com/mooring-care/mooring/workflows"
)

// holdWhyMost bounds the reason of a pause, in characters.
const holdWhyMost = 200

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
// beside those of clinic.yaml.
func (c *clinic) hold(h jetstream.Holds) {
	held := *c.current.Clinic
	held.Paused.Clinic = held.Paused.Clinic || h.Clinic != nil
	held.Paused.Workflows = slices.Concat(held.Paused.Workflows, slices.Sorted(maps.Keys(h.Workflows)))
	c.held.Store(&held)
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
	_, err := o.store.ChangeHolds(ctx, a.Clinic, func(h *jetstream.Holds) bool {
		if a.Workflow == "" {
			h.Clinic = &hold
			return true
		}
		if h.Workflows == nil {
			h.Workflows = map[string]jetstream.Hold{}
		}
		h.Workflows[a.Workflow] = hold
		return true
	})
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
		if a.Workflow == "" {
			lifted = h.Clinic != nil
			h.Clinic = nil
			return lifted
		}
		_, lifted = h.Workflows[a.Workflow]
		delete(h.Workflows, a.Workflow)
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
