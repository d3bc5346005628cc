package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/links"
)

// Care does what staff say about a client's care. Every method publishes and
// waits like those of Acts; press is the id of one press of the button, so that
// a second one counts once.
type Care interface {
	// Note records what a clinician notices.
	Note(ctx context.Context, clinic, key, press string, n events.Note) error
	// Pause stops care mail until a time; a zero one means until somebody
	// lifts it.
	Pause(ctx context.Context, clinic, key, press, person string, until time.Time) error
	// Resume lifts a pause; optIn says that the client asked for mail again.
	Resume(ctx context.Context, clinic, key, press, person string, optIn bool) error
}

// pauses are how long a pause may be, in days; 0 is until somebody lifts it.
func pauses() []Choice {
	return []Choice{{"14", "For two weeks"}, {"30", "For a month"}, {"0", "Until somebody lifts it"}}
}

// careForms is what the client page offers beside reading.
type careForms struct {
	// Press is new with every page.
	Press                                string
	Noticed, Reasons, Approaches, Pauses []Choice
}

func newCareForms() *careForms {
	plain := func(all []events.Choice) []Choice {
		out := make([]Choice, len(all))
		for i, c := range all {
			out[i] = Choice(c)
		}
		return out
	}
	return &careForms{
		Press: links.NewID(), Noticed: plain(events.Noticed()), Approaches: plain(events.Approaches()),
		Reasons: staffReasons(), Pauses: pauses(),
	}
}

// staffReasons are the reasons as a clinician would say them.
func staffReasons() []Choice {
	return []Choice{
		{"vulnerability", "Opening up is hard"},
		{"shame", "They feel ashamed"},
		{"resistance", "Not ready for a change"},
		{"overwhelm", "It is too much at once"},
		{"no-progress", "It does not seem to help"},
		{"stress", "Life gets in the way"},
		{"other", "Something else"},
	}
}

// chosen keeps the codes that the page offered.
func chosen(offered []Choice, given ...string) []string {
	var out []string
	for _, c := range offered {
		if slices.Contains(given, c.Code) {
			out = append(out, c.Code)
		}
	}
	return out
}

func one(codes []string) string {
	if len(codes) == 0 {
		return ""
	}
	return codes[0]
}

// care guards a button of the client page: a session, its nonce, so that no other
// site can press it, and the press's own id.
func (s *staff) care(act func(ctx context.Context, clinic, key, press, person string, form url.Values) (said bool, err error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, ok := s.session(r)
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		press := r.PostFormValue("press")
		if !ok || s.Care == nil || !v.holds(r.PostFormValue("form")) || !validID(press) {
			s.say(w, v, http.StatusForbidden, "That did not work", "Go back, load the page again and press the button once more.")
			return
		}
		clinic, key := r.PathValue("clinic"), r.PathValue("key")
		said, err := act(r.Context(), clinic, key, press, v.claims.Recipient, r.PostForm)
		switch {
		case !said:
			s.say(w, v, http.StatusUnprocessableEntity, "Please choose something first", "Go back and tap what you notice, then press the button.")
		case errors.Is(err, ErrUnknown):
			s.failed(w, r, v, err)
		case err != nil:
			s.Log.Warn("what staff said is not confirmed", logRoute, route(r), logError, err)
			s.say(w, v, http.StatusServiceUnavailable, "Not yet confirmed", "We do not know yet whether this was recorded. Go back and look again in a moment.")
		default:
			http.Redirect(w, r, "/clients/"+clinic+"/"+key+"#timeline", http.StatusSeeOther) //nolint:gosec // the act knows both, so they are ids and no address
		}
	}
}

// note takes what a clinician notices: one thing at least.
func (s *staff) note(ctx context.Context, clinic, key, press, person string, form url.Values) (said bool, err error) {
	f := newCareForms()
	n := events.Note{
		By: person, Noticed: chosen(f.Noticed, form["noticed"]...),
		Reason: one(chosen(f.Reasons, form.Get("reason"))), Approach: one(chosen(f.Approaches, form.Get("approach"))),
	}
	if len(n.Noticed) == 0 && n.Reason == "" && n.Approach == "" {
		return false, nil
	}
	return true, s.Care.Note(ctx, clinic, key, press, n)
}

// pause stops care mail for as long as was chosen.
func (s *staff) pause(ctx context.Context, clinic, key, press, person string, form url.Values) (said bool, err error) {
	code := one(chosen(pauses(), form.Get("for")))
	if code == "" {
		return false, nil
	}
	var until time.Time
	if days, err := strconv.Atoi(code); err == nil && days > 0 {
		until = s.Now().AddDate(0, 0, days)
	}
	return true, s.Care.Pause(ctx, clinic, key, press, person, until)
}

// resume lifts a pause; an opt-out only where the client asked for it.
func (s *staff) resume(ctx context.Context, clinic, key, press, person string, form url.Values) (said bool, err error) {
	return true, s.Care.Resume(ctx, clinic, key, press, person, form.Get("opt_in") == "1")
}
