package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/links"
)

// How long a session lasts on the wall's clock.
const (
	caseSession  = 15 * time.Minute
	staffSession = 8 * time.Hour
)

const (
	idLength    = 26
	staffCookie = "mooring-staff"
)

// derive is 26 characters [a-z2-7] that follow from the parts and from nothing
// else; what separates one use of it from another.
func derive(what string, parts ...string) string {
	h := sha256.New()
	fmt.Fprintf(h, "mooring web %s\x00", what)
	for _, part := range parts {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return strings.ToLower(base32.StdEncoding.EncodeToString(h.Sum(nil))[:idLength])
}

func validID(id string) bool {
	return len(id) == idLength && strings.Trim(id, events.Alphabet) == ""
}

// session is an opened session: the signed value of its cookie and what it
// says.
type session struct {
	value  string
	claims links.Claims
}

// nonce is what the session's forms carry. It follows from the cookie, which
// scripts and other sites cannot read, and does not reveal it.
func (s session) nonce() string { return derive("form", s.value) }

// holds says whether a form was made for this session.
func (s session) holds(nonce string) bool {
	return subtle.ConstantTimeCompare([]byte(s.nonce()), []byte(nonce)) == 1
}

// caseCookie names the cookie of one person's session for one escalation or
// task, so that two can be open side by side.
func caseCookie(v visit) string {
	return "mooring-" + derive("cookie", v.claims.Clinic, v.claims.Target, v.claims.Recipient)[:12]
}

// openCase begins a session for this one escalation or task, and person.
func (p *public) openCase(w http.ResponseWriter, v visit) session {
	now := p.Wall()
	s := session{claims: links.Claims{
		Purpose: links.Session, Clinic: v.claims.Clinic, Target: v.claims.Target, Recipient: v.claims.Recipient,
		Issued: now, Expires: now.Add(caseSession),
	}}
	s.value = p.Keys.Sign(s.claims)
	http.SetCookie(w, p.cookie(v, s.value, int(caseSession/time.Second)))
	return s
}

// endCase forgets the session in this browser.
func (p *public) endCase(w http.ResponseWriter, v visit) {
	http.SetCookie(w, p.cookie(v, "", -1))
}

func (p *public) cookie(v visit, value string, maxAge int) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // Secure follows the public URL: without TLS a browser would drop the cookie
		Name: caseCookie(v), Value: value, Path: v.path(), MaxAge: maxAge,
		HttpOnly: true, Secure: p.secure, SameSite: http.SameSiteStrictMode,
	}
}

// caseOf finds the session for this target and this person; a session for
// another one does not count.
func (p *public) caseOf(r *http.Request, v visit) (session, bool) {
	c, err := r.Cookie(caseCookie(v))
	if err != nil {
		return session{}, false
	}
	claims, err := p.Keys.Verify(c.Value, links.Session, p.Wall())
	if err != nil || claims.Clinic != v.claims.Clinic || claims.Target != v.claims.Target || claims.Recipient != v.claims.Recipient {
		return session{}, false
	}
	return session{value: c.Value, claims: claims}, true
}
