package web

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/mooring-care/mooring/events"
)

// openWorry is note.Open where the question about safety needs another look.
const openWorry = "worry"

// maxWorry is how many characters may stand beside a question.
const maxWorry = 500

// Raised says who is asked about the client's safety, or, where a press is heard of that
// late, who has answered.
type Raised struct {
	Owner    string
	Answered bool
}

// worry reads the form that asks for somebody to see whether a client is safe; ok
// is false where another button was pressed.
func worry(r *http.Request) (level events.ConcernLevel, words string, ok bool) {
	words = strings.TrimSpace(r.PostFormValue("worry"))
	if utf8.RuneCountInString(words) > maxWorry {
		words = string([]rune(words)[:maxWorry])
	}
	switch r.PostFormValue("do") {
	case "worry-now":
		return events.ConcernImmediate, words, true
	case "worry-today":
		return events.ConcernSameDay, words, true
	}
	return "", "", false
}

// raise asks, and says what to show above the page. An error is ErrUnknown alone.
func raise(ctx context.Context, care Care, a Act, level events.ConcernLevel, words, press string, unsure func(error)) (int, *note, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), actTimeout)
	defer cancel()
	raised, err := care.Raise(ctx, a, level, words)
	switch {
	case errors.Is(err, ErrUnknown):
		return 0, nil, err
	case err != nil:
		unsure(err)
		return http.StatusServiceUnavailable, &note{
			Heading: "Not yet confirmed", Warn: true, Press: press, Open: openWorry, Given: words,
			Text: "We do not know yet whether anybody is asked. If you can call the client, call now. Then press the same button again: it will not count twice.",
		}, nil
	}
	if raised.Answered {
		return http.StatusOK, &note{
			Heading: "It was asked, and " + raised.Owner + " has answered",
			Text:    "The question is closed. If you still worry, load this page again and ask once more, or call.",
		}, nil
	}
	return http.StatusOK, &note{
		Heading: raised.Owner + " is asked now",
		Text:    "The question stays open, and others are asked in turn, until a person has said how it ended. If you can call, do not wait.",
	}, nil
}

// raiseOn takes the question from a page that a link led to, whatever has become of what
// that page is about: nothing is looked up first. show writes the page again, and says
// whether it could.
func (p *public) raiseOn(w http.ResponseWriter, r *http.Request, v visit, show func(status int, n *note) bool) {
	level, words, _ := worry(r)
	press := p.press(r)
	status, n, err := raise(r.Context(), p.Care, act(press, v, openWorry, string(level), words), level, words, press, func(err error) { p.notConfirmed(r, v, err) })
	if err != nil {
		p.lookupFailed(w, r, v, err)
		return
	}
	if !show(status, n) {
		p.pages.write(w, p.Log, status, "say", sayPage{base: p.base(v, n.Heading), Text: n.Text})
	}
}

// worried takes the question from a client's page.
func (s *staff) worried(w http.ResponseWriter, r *http.Request) {
	v, ok := s.pressed(w, r, s.Care != nil)
	if !ok {
		return
	}
	level, words, ok := worry(r)
	if !ok {
		s.writeClient(w, r, v, http.StatusUnprocessableEntity, &note{Heading: "Nothing was changed", Text: "Press one of the buttons below.", Warn: true, Open: openWorry})
		return
	}
	press := pressName(r, s.Wall())
	status, n, err := raise(r.Context(), s.Care, staffAct(r, v, press, openWorry, string(level), words), level, words, press, func(err error) { s.notConfirmed(r, err) })
	if err != nil {
		s.failed(w, r, v, err)
		return
	}
	s.writeClient(w, r, v, status, n)
}
