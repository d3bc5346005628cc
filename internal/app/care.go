package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/web"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/runner"
)

var _ web.Care = (*acts)(nil)

// Notice records what a member of staff notices.
func (x *acts) Notice(ctx context.Context, act web.Act, n web.Notice) (web.Said, error) {
	return x.about(ctx, act, events.ClientNoted, events.Data{Note: &events.Note{
		By: act.Recipient, Noticed: n.Noticed, Reason: n.Reason, Approach: n.Approach,
	}})
}

// Raise asks for somebody to see whether a client is safe, and says who is asked. The
// target is the client's key, or that of a link, which the key begins.
func (x *acts) Raise(ctx context.Context, act web.Act, level events.ConcernLevel, words string) (web.Raised, error) {
	key := act.Target
	if k, _, ok := splitTarget(act.Target); ok {
		key = k
	}
	if !events.ValidClinic(act.Clinic) || !events.ValidToken(key) {
		return web.Raised{}, web.ErrUnknown
	}
	if _, err := x.a.clientState(ctx, runner.Ref{Clinic: act.Clinic, Key: key}); unknown(err) {
		return web.Raised{}, err
	}
	_, state, err := x.do(ctx, act, key, events.SafetyRaised, events.Data{
		Concern: &events.Concern{Level: level, Note: words}, Note: &events.Note{By: act.Recipient},
	})
	if err != nil {
		return web.Raised{}, err
	}
	for _, open := range []bool{true, false} {
		for i := range state.Escalations {
			e := &state.Escalations[i]
			if e.Open() != open || !slices.Contains(e.Questions, "raised-"+string(level)) {
				continue
			}
			if open {
				return web.Raised{Owner: x.a.personName(act.Clinic, e.Owner)}, nil
			}
			return web.Raised{Owner: x.a.personName(act.Clinic, e.Closed.By), Answered: true}, nil
		}
	}
	return web.Raised{}, web.ErrNotConfirmed
}

// Pause stops care mail until a day begins, or until somebody lifts it.
func (x *acts) Pause(ctx context.Context, act web.Act, day string) (web.Said, error) {
	until, err := x.a.dayToCome(act.Clinic, day)
	if err != nil {
		return web.Said{}, err
	}
	return x.about(ctx, act, events.ClientPaused, events.Data{Pause: &events.Pause{By: act.Recipient, Until: until}})
}

// Resume lifts a pause and, on the client's word, an opt-out.
func (x *acts) Resume(ctx context.Context, act web.Act, optIn bool) (web.Said, error) {
	return x.about(ctx, act, events.ClientResumed, events.Data{Pause: &events.Pause{By: act.Recipient, OptIn: optIn}})
}

// about states something about a client who is known, and says what was decided.
func (x *acts) about(ctx context.Context, act web.Act, k events.Kind, data events.Data) (web.Said, error) {
	if _, err := x.a.clientState(ctx, runner.Ref{Clinic: act.Clinic, Key: act.Target}); err != nil {
		return web.Said{}, err
	}
	ev := events.Event{ID: act.ID, Source: sourcePages, Clinic: act.Clinic, Key: act.Target, Kind: k, Time: x.a.clock.Now(), Data: data}
	reason, state, err := x.a.stateAndWait(ctx, ev)
	if err != nil {
		return web.Said{}, err
	}
	return said(ev, reason, &state), nil
}

// said is what the state says of an event that was decided on: whether its word
// stands, and why not.
func said(ev events.Event, reason workflows.Reason, s *workflows.State) web.Said {
	p, hash := &s.Profile, ev.Hash()
	out := web.Said{Counted: true, Reason: reason.Words()}
	if ev.Kind == events.ClientNoted {
		out.Counted = reason != workflows.CannotDecide
		return out
	}
	out.Counted = p.Paused != nil && p.Paused.By == hash
	if ev.Data.Pause.OptIn {
		stands := p.OptedOut != nil && p.OptedOut.By == hash
		out.Counted = out.Counted && stands
		if stands {
			out.Reason = workflows.OptOutLifted.Words()
		}
	}
	return out
}

// dayToCome is when a day of the clinic's calendar begins, nil for no day. The
// error is web.ErrDay where it is no day, or has begun.
func (r *reader) dayToCome(clinicID, day string) (*time.Time, error) {
	if day == "" {
		return nil, nil //nolint:nilnil // no day is an answer: until somebody lifts it
	}
	t, err := time.ParseInLocation(time.DateOnly, day, r.zone(clinicID))
	if err != nil || !t.After(r.clock.Now()) {
		return nil, web.ErrDay
	}
	return &t, nil
}

// whyNoted labels the reason among notedFacts.
const whyNoted = "Why, as far as known"

// notedFacts are what staff said about a client, in words.
func notedFacts(p *workflows.Profile) []web.Fact {
	var out []web.Fact
	add := func(label string, list []events.Choice, codes ...string) {
		if words := choiceWords(list, codes...); words != "" {
			out = append(out, web.Fact{Label: label, Text: words})
		}
	}
	add("What was noticed", events.Noticed(), p.Noticed.Get()...)
	add(whyNoted, events.NoteReasons(), p.Reason.Get())
	add("What they would like better", events.Approaches(), p.Approach.Get())
	return out
}

// choiceWords is what staff read for codes.
func choiceWords(list []events.Choice, codes ...string) string {
	var words []string
	for _, code := range codes {
		for _, c := range list {
			if c.Code == code {
				words = append(words, c.Words)
			}
		}
	}
	return strings.Join(words, "; ")
}

// mailState is what the client and staff said about mail.
func mailState(p *workflows.Profile, now time.Time) web.MailState {
	pause := p.Paused.Get()
	m := web.MailState{OptedOut: p.OptedOut.Get()}
	if pause.On && (pause.Until.IsZero() || now.Before(pause.Until)) {
		m.Paused, m.Until = true, pause.Until
	}
	if rest := p.Rest.Get(); rest.On && now.Before(rest.Until) && (!m.Paused || !m.Until.IsZero() && m.Until.Before(rest.Until)) {
		m.Paused, m.Until = true, rest.Until
	}
	return m
}

// stateAndWait publishes an event from inside and waits until its id is in the
// client's state. Its error is web.ErrNotConfirmed.
func (r *reader) stateAndWait(ctx context.Context, ev events.Event) (workflows.Reason, workflows.State, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), confirmWithin)
	defer cancel()
	if err := publishInside(ctx, r.store, ev); err != nil {
		return "", workflows.State{}, fmt.Errorf("%w: %w", web.ErrNotConfirmed, err)
	}
	ref, hash := runner.Ref{Clinic: ev.Clinic, Key: ev.Key}, ev.Hash()
	for wait := 2 * time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		state, _, err := r.runner.State(ctx, ref)
		if err == nil {
			if reason, ok := state.Conclusion(hash); ok {
				return reason, state, nil
			}
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return "", workflows.State{}, web.ErrNotConfirmed
		}
	}
}
