package web

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// enterCode compares the short code of a staff mail; the right one opens the
// session. Every other is answered by refuse, which shows the page anew with what
// is wrong, and nothing of the client.
func (p *public) enterCode(w http.ResponseWriter, r *http.Request, v visit, refuse func(status int, codeError string)) (session, bool) {
	tooFast := func(wait time.Duration) {
		seconds := int((wait + time.Second - 1) / time.Second)
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
		refuse(http.StatusTooManyRequests, fmt.Sprintf(
			"That code does not match, or came too fast after wrong ones. Nothing was recorded. Please wait %d seconds, then try again. The right code always works.", seconds))
	}
	address := p.ClientAddress(r)
	if ok, wait := p.slow.allow(v.token, address, p.Wall()); !ok {
		tooFast(wait)
		return session{}, false
	}
	if !p.Keys.CodeMatches(v.claims, r.PostFormValue("code")) {
		if wait := p.slow.failed(v.token, address); wait > 0 {
			tooFast(wait)
			return session{}, false
		}
		refuse(http.StatusForbidden,
			"That code does not match. Nothing was recorded. The code is in the same mail as the link you opened; each mail has its own.")
		return session{}, false
	}
	p.slow.passed(v.token, address)
	return p.openCase(w, v), true
}

// held is the session that a press on a page for staff needs. A form with a code
// opens one and shows the page; without a session nothing counts. Both it answers
// itself, and says false.
func (p *public) held(w http.ResponseWriter, r *http.Request, v visit, glance func(status int, codeError string, n *note)) (session, bool) {
	if r.PostForm.Has("code") {
		refuse := func(status int, codeError string) { glance(status, codeError, nil) }
		if _, ok := p.enterCode(w, r, v, refuse); ok {
			seeOther(w, r, v)
		}
		return session{}, false
	}
	s, ok := p.caseOf(r, v)
	if !ok || !s.holds(r.PostFormValue("form")) {
		glance(http.StatusForbidden, "", sessionOver())
		return session{}, false
	}
	return s, true
}

// left is how long a session still shows the client, in words.
func (p *public) left(s session) string {
	return span(s.claims.Expires.Sub(p.Wall()).Round(time.Minute))
}

// sessionOver is said where a press came without a session.
func sessionOver() *note {
	return &note{
		Heading: "Nothing was recorded",
		Text:    "The page was open for more than 15 minutes, or in another browser. Enter the code again and press once more.", Warn: true,
	}
}

// seeOther sends the browser to the page it came from, so that a reload does
// not press again.
func seeOther(w http.ResponseWriter, r *http.Request, v visit) {
	http.Redirect(w, r, v.path()+v.token, http.StatusSeeOther)
}
