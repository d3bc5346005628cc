package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/web"
)

// sourceCommands names the commands of an operator as the sender of events.
const sourceCommands = "mooring/commands"

// ErrNotConfirmed says that something was told to Mooring, or may have been, and
// that nobody has seen it decided on.
var ErrNotConfirmed = errors.New("not yet confirmed: look again with `mooring client show`, before doing it once more")

// OpenRunning reaches a Mooring that can decide; its error is ErrNotRunning
// where none runs on the data folder.
func OpenRunning(ctx context.Context, cfg Config) (*Operator, error) {
	return openOperator(ctx, cfg, false)
}

// MailAct is what an operator does with mail to one client, for somebody of the
// clinic.
type MailAct struct {
	Clinic, EHR string
	// By is the directory id of who decided it.
	By string
	// Until is the day on which a pause ends, such as 2026-03-09; "" for never.
	Until string
	// OptIn says, when resuming, that the client asked for mail again.
	OptIn bool
}

// PauseMail stops care mail to a client. It returns the decision's reason in
// words; a *DraftError means that nothing was told.
func (o *Operator) PauseMail(ctx context.Context, a MailAct) (string, error) {
	until, err := o.dayToCome(a.Clinic, a.Until)
	if err != nil {
		return "", &DraftError{fmt.Sprintf("a pause ends on a day to come, such as 2026-03-09; %q is none", a.Until)}
	}
	return o.mailAct(ctx, a, events.ClientPaused, events.Pause{By: a.By, Until: until})
}

// ResumeMail lifts a pause and, on the client's word, an opt-out.
func (o *Operator) ResumeMail(ctx context.Context, a MailAct) (string, error) {
	return o.mailAct(ctx, a, events.ClientResumed, events.Pause{By: a.By, OptIn: a.OptIn})
}

// mailAct tells it to Mooring and waits for the decision.
func (o *Operator) mailAct(ctx context.Context, a MailAct, k events.Kind, p events.Pause) (string, error) {
	if o.clinics.byID[a.Clinic].current.Staff.Person(a.By) == nil {
		return "", &DraftError{fmt.Sprintf("there is no person %q in the clinic %s; --by takes an id of clinic.yaml", a.By, a.Clinic)}
	}
	ref := o.ref(a.Clinic, a.EHR)
	if _, err := o.clientState(ctx, ref); errors.Is(err, errNoClient) {
		return "", ErrUnknownClient
	} else if err != nil {
		return "", err
	}
	ev := events.Event{
		ID: rand.Text(), Source: sourceCommands, Clinic: a.Clinic, Key: ref.Key, Kind: k, Time: o.Now(), Data: events.Data{Pause: &p},
	}
	reason, state, err := o.stateAndWait(ctx, ev)
	if errors.Is(err, web.ErrNotConfirmed) {
		return "", ErrNotConfirmed
	}
	if err != nil {
		return "", err
	}
	told := said(ev, reason, &state)
	if !told.Counted {
		return "", errors.New("something newer counts: " + told.Reason)
	}
	return told.Reason, nil
}
