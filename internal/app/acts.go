package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/web"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/escalation"
	"github.com/mooring-care/mooring/workflows/runner"
)

var (
	_ web.Acts       = (*acts)(nil)
	_ web.ClientActs = (*acts)(nil)

	_ web.ClientChoices = (*acts)(nil)
)

// acts does what people press: state an event from inside, wait until it was
// decided on, and say what was decided.
type acts struct{ a *App }

// confirmWithin is how long a page waits for the decision.
const confirmWithin = 5 * time.Second

// sourcePages names our own pages as the sender of events.
const sourcePages = "mooring/pages"

// do publishes an event and waits for its conclusion.
func (x *acts) do(ctx context.Context, act web.Act, key string, k events.Kind, data events.Data) (workflows.Reason, workflows.State, error) {
	ev := events.Event{
		ID: act.ID, Source: sourcePages, Clinic: act.Clinic, Key: key, Kind: k, Time: x.a.clock.Now(), Data: data,
	}
	return x.a.stateAndWait(ctx, ev)
}

// stateAndWait publishes an event from inside and waits until its id is in the
// client's state: only then may a page say that it was done.
func (a *App) stateAndWait(ctx context.Context, ev events.Event) (workflows.Reason, workflows.State, error) {
	reason, state, err := a.reader.stateAndWait(ctx, ev)
	if err != nil && err != web.ErrNotConfirmed { //nolint:errorlint // bare where it was published
		a.log.Warn("an act could not be published", "kind", ev.Kind, "error", err)
	}
	return reason, state, err
}

// onEscalation does an act on the escalation that the link led to.
func (x *acts) onEscalation(ctx context.Context, act web.Act, k events.Kind, e events.EscalationAct) (web.Outcome, error) {
	key, id, ok := splitTarget(act.Target)
	if !ok {
		return web.Outcome{}, web.ErrUnknown
	}
	e.ID, e.By = id, act.Recipient
	reason, state, err := x.do(ctx, act, key, k, events.Data{Escalation: &e})
	if err != nil {
		return web.Outcome{}, err
	}
	esc := findEscalation(&state, id)
	if esc == nil {
		return web.Outcome{}, web.ErrUnknown
	}
	return x.outcome(act, k, escalation.Reason(reason), esc)
}

func findEscalation(s *workflows.State, id string) *escalation.Escalation {
	for i := range s.Escalations {
		if s.Escalations[i].ID == id {
			return &s.Escalations[i]
		}
	}
	return nil
}

// outcome puts a ladder's reason into the page's terms. A decision that did more
// may have another headline; then the state tells whether the act counted.
func (x *acts) outcome(act web.Act, k events.Kind, reason escalation.Reason, e *escalation.Escalation) (web.Outcome, error) {
	out := web.Outcome{}
	taken := func(r web.Result) {
		out.Result = r
		if e.Ack != nil {
			out.Name, out.At = x.a.personName(act.Clinic, e.Ack.By), e.Ack.At
		}
	}
	switch reason {
	case escalation.Acknowledged:
		taken(web.Acknowledged)
	case escalation.AlreadyAcknowledged:
		taken(web.AlreadyAcknowledged)
		if e.Ack != nil && e.Ack.By == act.Recipient {
			out.Result = web.Acknowledged
		}
	case escalation.Reopened:
		out.Result = web.Reopened
	case escalation.AlreadyOpen:
		out.Result = web.AlreadyOpen
	case escalation.AttemptRecorded:
		out.Result = web.Attempted
	case escalation.Closed:
		out.Result = web.Closed
	case escalation.AlreadyClosed, escalation.NotOpen:
		out.Result = web.AlreadyClosed
		if e.Closed != nil {
			out.Name, out.At = x.a.personName(act.Clinic, e.Closed.By), e.Closed.At
		}
	case escalation.PassedOn:
		out.Result, out.Name = web.Declined, x.a.personName(act.Clinic, e.Owner)
		if e.Ack != nil && e.Ack.By != act.Recipient {
			taken(web.AlreadyAcknowledged)
		}
	case escalation.NobodyElse:
		out.Result, out.Name = web.NobodyElse, x.a.personName(act.Clinic, e.Owner)
	case escalation.LookFirst:
		out.Result = web.LookFirst
	case escalation.NotAsked:
		out.Result, out.Name = web.NotAsked, x.a.personName(act.Clinic, e.Owner)
	default:
		switch mine := e.Ack != nil && e.Ack.By == act.Recipient; {
		case k == events.EscalationClosed && e.Closed != nil && e.Closed.By == act.Recipient:
			out.Result = web.Closed
		case k == events.EscalationAcknowledged && mine:
			taken(web.Acknowledged)
		case k == events.EscalationReopened && e.Open():
			out.Result = web.Reopened
		case k == events.EscalationDeclined && !mine && e.Owner != act.Recipient:
			out.Result, out.Name = web.Declined, x.a.personName(act.Clinic, e.Owner)
		default:
			return out, web.ErrNotConfirmed
		}
	}
	return out, nil
}

// Acknowledge takes an escalation.
func (x *acts) Acknowledge(ctx context.Context, act web.Act) (web.Outcome, error) {
	return x.onEscalation(ctx, act, events.EscalationAcknowledged, events.EscalationAct{})
}

// Decline passes it on.
func (x *acts) Decline(ctx context.Context, act web.Act, why string) (web.Outcome, error) {
	return x.onEscalation(ctx, act, events.EscalationDeclined, events.EscalationAct{Why: why})
}

// Reopen opens a closed one again.
func (x *acts) Reopen(ctx context.Context, act web.Act, why string) (web.Outcome, error) {
	return x.onEscalation(ctx, act, events.EscalationReopened, events.EscalationAct{Note: why})
}

// Attempt records a try to reach the client.
func (x *acts) Attempt(ctx context.Context, act web.Act, how string) (web.Outcome, error) {
	return x.onEscalation(ctx, act, events.EscalationAttempted, events.EscalationAct{How: how})
}

// Close closes it with an outcome.
func (x *acts) Close(ctx context.Context, act web.Act, outcome events.Outcome, note string) (web.Outcome, error) {
	return x.onEscalation(ctx, act, events.EscalationClosed, events.EscalationAct{Outcome: outcome, Note: note, Turn: act.Turn})
}

// Answer records a check-in.
func (x *acts) Answer(ctx context.Context, act web.Act, answer web.Answer) (web.Outcome, error) {
	if !events.ValidToken(act.Recipient) {
		return web.Outcome{}, web.ErrUnknown
	}
	safe := answer.Feeling.Safe()
	_, _, err := x.do(ctx, act, act.Recipient, events.CheckinAnswered, events.Data{Answer: &events.Answer{
		Checkin: act.Target, Safe: &safe, Hard: answer.Feeling == web.Hard, Reasons: answer.Reasons, Wish: answer.Wish, Text: answer.Text,
	}})
	return web.Outcome{Result: web.Answered}, err
}

// OptOut stops all care mail.
func (x *acts) OptOut(ctx context.Context, act web.Act) (web.Outcome, error) {
	if !events.ValidToken(act.Recipient) {
		return web.Outcome{}, web.ErrUnknown
	}
	_, _, err := x.do(ctx, act, act.Recipient, events.ClientOptedOut, events.Data{})
	return web.Outcome{Result: web.OptedOut}, err
}

// MailList asks for a mail with the services that fit the client's reasons.
func (x *acts) MailList(ctx context.Context, act web.Act, reasons []string) (web.Outcome, error) {
	return x.choose(ctx, act, events.ClientChoice{MailList: true, Reasons: reasons})
}

// Rest begins the client's own break from mail.
func (x *acts) Rest(ctx context.Context, act web.Act, until time.Time) (web.Outcome, error) {
	return x.rest(ctx, act, events.ClientPaused, events.Pause{By: events.TheClient, Until: &until})
}

// EndRest ends it.
func (x *acts) EndRest(ctx context.Context, act web.Act) (web.Outcome, error) {
	return x.rest(ctx, act, events.ClientResumed, events.Pause{By: events.TheClient})
}

func (x *acts) rest(ctx context.Context, act web.Act, k events.Kind, p events.Pause) (web.Outcome, error) {
	if !events.ValidToken(act.Recipient) {
		return web.Outcome{}, web.ErrUnknown
	}
	_, _, err := x.do(ctx, act, act.Recipient, k, events.Data{Pause: &p})
	return web.Outcome{Result: web.Chosen}, err
}

// Speak sets the client's language.
func (x *acts) Speak(ctx context.Context, act web.Act, language string) (web.Outcome, error) {
	return x.choose(ctx, act, events.ClientChoice{Language: language})
}

// AskAddress asks for a link to a new address.
func (x *acts) AskAddress(ctx context.Context, act web.Act, email string) (web.Outcome, error) {
	return x.choose(ctx, act, events.ClientChoice{Address: email, Linked: &act.Linked})
}

// ConfirmAddress uses the address that the link was mailed to.
func (x *acts) ConfirmAddress(ctx context.Context, act web.Act) (web.Outcome, error) {
	return x.choose(ctx, act, events.ClientChoice{Confirm: act.Target})
}

// choose states what the client chose, and says what came of it.
func (x *acts) choose(ctx context.Context, act web.Act, c events.ClientChoice) (web.Outcome, error) {
	if !events.ValidToken(act.Recipient) {
		return web.Outcome{}, web.ErrUnknown
	}
	reason, _, err := x.do(ctx, act, act.Recipient, events.ClientChose, events.Data{Choice: &c})
	out := web.Outcome{Result: web.MailHeld}
	switch reason {
	case workflows.Asked:
		out.Result = web.MailAsked
	case workflows.AskedOften:
		out.Result = web.AskedOften
	case workflows.AddressLinkOld:
		if c.Address != "" {
			out.Result = web.LinkOld
		}
	case workflows.LanguageChosen, workflows.AddressConfirmed:
		out.Result = web.Chosen
	}
	return out, err
}

var _ web.Tasks = (*acts)(nil)

// Finish records that a task is done. Its event id follows from the task, so
// that of two presses the first counts, whosever they are.
func (x *acts) Finish(ctx context.Context, clinic, key, task, person string, release bool) (web.TaskEnd, error) {
	ref := runner.Ref{Clinic: clinic, Key: key}
	if !events.ValidClinic(clinic) || !events.ValidToken(key) || !events.ValidToken(task) {
		return web.TaskEnd{}, web.ErrUnknown
	}
	if _, err := x.a.clientState(ctx, ref); err != nil {
		return web.TaskEnd{}, err
	}
	_, _, err := x.a.stateAndWait(ctx, events.Event{
		ID: "done-" + task, Source: sourcePages, Clinic: clinic, Key: key, Kind: events.TaskDone, Time: x.a.clock.Now(),
		Data: events.Data{Task: &events.TaskAct{ID: task, By: person, Release: release}},
	})
	if err != nil {
		return web.TaskEnd{}, err
	}
	return x.a.taskEnd(ctx, ref, task)
}

// taskEnd is who finished a task, and when; zero where nobody did. The state has
// let a task go that is not open any more, and the client's history has not.
func (r *reader) taskEnd(ctx context.Context, ref runner.Ref, task string) (web.TaskEnd, error) {
	records, err := r.store.History(ctx, ref)
	if err != nil {
		return web.TaskEnd{}, err
	}
	for _, record := range records {
		e, err := runner.ReadEntry(record)
		if err != nil {
			return web.TaskEnd{}, err
		}
		for _, n := range e.Notes {
			if n.What == workflows.WhatTask && n.Reason == workflows.TaskFinished && n.Subject == task {
				return web.TaskEnd{By: n.Person, Name: r.personName(ref.Clinic, n.Person), At: e.Decided}, nil
			}
		}
	}
	return web.TaskEnd{}, nil
}

// personName is a member of staff's name, or the id of one who has left.
func (r *reader) personName(clinicID, id string) string {
	if id == escalation.Nobody {
		return "nobody"
	}
	if p := r.person(clinicID, id); p != nil {
		return p.Name
	}
	return id
}

// person is a member of staff; nil for one who has left.
func (r *reader) person(clinicID, id string) *escalation.Person {
	if c, ok := r.clinics.byID[clinicID]; ok {
		return c.current.Staff.Person(id)
	}
	return nil
}

// errNoClient says that nobody has heard of a client.
var errNoClient = fmt.Errorf("client: %w", web.ErrUnknown)

// clientState reads a client's state from the leader.
func (r *reader) clientState(ctx context.Context, ref runner.Ref) (workflows.State, error) {
	if !events.ValidClinic(ref.Clinic) || !events.ValidToken(ref.Key) {
		// An address that somebody typed: a * in it would be every client.
		return workflows.State{}, errNoClient
	}
	state, seq, err := r.runner.State(ctx, ref)
	if err != nil {
		return state, err
	}
	if seq == 0 {
		return state, errNoClient
	}
	return state, nil
}

// unknown says whether an error means that there is no such thing.
func unknown(err error) bool { return errors.Is(err, web.ErrUnknown) }
