package web

import (
	"bytes"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/mooring-care/mooring/internal/links"
)

// Preview is one page in one state, as the real handlers answer it.
type Preview struct {
	// Name is what is shown: "escalation-open-glance".
	Name   string
	Staff  bool
	Status int
	Header http.Header
	HTML   []byte
	path   string
}

// shot is how a preview comes about: one request to one handler.
type shot struct {
	name   string
	path   string
	form   url.Values // nil means GET
	cookie *http.Cookie
	method string // where it is neither GET nor POST
	staff  http.Handler
}

// Gallery shows every page in every state, in the languages of a clinic at one
// moment. It runs the same handlers that serve, with samples behind them.
func Gallery(of Sample, now time.Time) ([]Preview, error) {
	g, err := newGallery(of, now)
	if err != nil {
		return nil, fmt.Errorf("make previews: %w", err)
	}
	var out []Preview
	for _, s := range append(g.publicShots(), g.staffShots()...) {
		p, err := g.take(s)
		if err != nil {
			return nil, fmt.Errorf("make previews: %w", err)
		}
		// A shot without a name only prepares the next one.
		if p.Name != "" {
			out = append(out, p)
		}
	}
	return out, nil
}

type gallery struct {
	of     Clinic
	now    time.Time
	keys   *links.Keys
	public http.Handler
	// The staff pages of a clinic with something to see, of one without, and
	// of one whose records cannot be read.
	full, empty, trouble http.Handler
}

func newGallery(of Sample, now time.Time) (*gallery, error) {
	g := &gallery{of: of.Clinic, now: now, keys: links.Generate()}
	clock := func() time.Time { return now }
	log := slog.New(slog.DiscardHandler)
	s := samples{now: now, of: of}
	var err error
	g.public, err = NewPublic(PublicConfig{
		Keys: g.keys, Directory: s, Escalations: s, Clients: s, Acts: s, ClientActs: s, ClientChoices: s, TaskCases: s, Tasks: s, Care: s, NoteCases: s, Sights: s,
		PublicURL: "https://mail.example", Now: clock, Wall: clock, Log: log,
	})
	if err != nil {
		return nil, err
	}
	for _, one := range []struct {
		h *http.Handler
		s samples
	}{
		{&g.full, samples{now: now, of: of}},
		{&g.empty, samples{now: now, of: of, empty: true}},
		{&g.trouble, samples{now: now, of: of, trouble: true}},
	} {
		*one.h, err = NewStaff(StaffConfig{
			Keys: g.keys, Overview: one.s, Mails: one.s, Tasks: one.s, Care: one.s, Pauses: one.s, Sights: one.s, Now: clock, Wall: clock, Log: log,
			Notice: "This is a demo. No mail leaves this machine.",
		})
		if err != nil {
			return nil, err
		}
	}
	return g, nil
}

func (g *gallery) claims(p links.Purpose, target, recipient string) links.Claims {
	return links.Claims{Purpose: p, Clinic: sampleClinic, Target: target, Recipient: recipient, Issued: g.now.Add(-time.Hour), Expires: g.now.Add(time.Hour)}
}

func (g *gallery) publicShots() []shot {
	var out []shot
	for _, target := range []string{sampleOpen, sampleUrgent, sampleOthers, sampleMine, sampleClosed, sampleInformed, samplePassed} {
		c := g.claims(links.Escalation, target, samplePerson)
		at := "/e/" + g.keys.Sign(c)
		v := visit{claims: c}
		opened := g.claims(links.Session, target, samplePerson)
		opened.Expires = g.now.Add(14 * time.Minute)
		held := session{value: g.keys.Sign(opened)}
		cookie := &http.Cookie{Name: caseCookie(v), Value: held.value} //nolint:gosec // sent to the handler, not set
		out = append(out,
			shot{name: "escalation-" + target + "-glance", path: at},
			shot{name: "escalation-" + target + "-case", path: at, cookie: cookie},
		)
		switch target {
		case sampleOpen:
			out = append(out,
				shot{name: "escalation-wrong-code", path: at, form: url.Values{"code": {"222222"}, "do": {"take"}}},
				shot{name: "escalation-session-over", path: at, form: url.Values{"do": {"take"}}},
				shot{name: "escalation-no-outcome-chosen", path: at, cookie: cookie, form: url.Values{"do": {"close"}, "form": {held.nonce()}}},
				shot{name: "escalation-no-note", path: at, cookie: cookie, form: url.Values{"do": {"close"}, "outcome": {"reached-safe"}, "form": {held.nonce()}}},
			)
		case samplePassed:
			out = append(out, shot{name: "escalation-passed-on", path: at, cookie: cookie, form: url.Values{"do": {"pass"}, "form": {held.nonce()}}})
		case sampleUrgent:
			out = append(out, shot{name: "escalation-nobody-else", path: at, cookie: cookie, form: url.Values{"do": {"pass"}, "form": {held.nonce()}}})
		case sampleInformed:
			out = append(out, shot{name: "escalation-not-asked", path: at, cookie: cookie, form: url.Values{"do": {"pass"}, "form": {held.nonce()}}})
		case sampleClosed:
			out = append(out, shot{name: "escalation-why-again", path: at, cookie: cookie, form: url.Values{"do": {"reopen"}, "form": {held.nonce()}}})
			out = append(out, shot{name: "escalation-closed-before", path: at, cookie: cookie, form: url.Values{"do": {"attempt"}, "how": {"phone"}, "form": {held.nonce()}}})
		}
	}
	for name, target := range map[string]string{"escalation-taken-before": sampleSecond, "escalation-not-confirmed": sampleSilent} {
		c := g.claims(links.Escalation, target, samplePerson)
		out = append(out, shot{name: name, path: "/e/" + g.keys.Sign(c), form: url.Values{"code": {g.keys.Code(c)}, "do": {"take"}}})
	}
	slow := "/e/" + g.keys.Sign(g.claims(links.Escalation, sampleUrgent, "priya"))
	for range 8 {
		out = append(out, shot{path: slow, form: url.Values{"code": {"222222"}}})
	}
	out = append(out, shot{name: "escalation-too-many-codes", path: slow, form: url.Values{"code": {"222222"}}})

	out = append(out, g.taskShots()...)
	out = append(out, g.noteShots()...)

	expiredStaff := g.claims(links.Escalation, sampleOpen, samplePerson)
	expiredStaff.Expires = g.now.Add(-time.Minute)
	out = append(out,
		shot{name: "help-broken-escalation", path: "/e/nothing"},
		shot{name: "help-expired-escalation", path: "/e/" + g.keys.Sign(expiredStaff)},
		shot{name: "help-unknown-escalation", path: "/e/" + g.keys.Sign(g.claims(links.Escalation, sampleUnknown, samplePerson))},
		shot{name: "help-records-down", path: "/e/" + g.keys.Sign(g.claims(links.Escalation, sampleDown, samplePerson))},
	)
	for _, words := range served(&g.of) {
		if words.Tag == "es" {
			out = append(out, g.clientShots("-es", sampleSpanish, sampleRestingES, sampleStoppedES, sampleFlaggedES)...)
		} else {
			out = append(out, g.clientShots("", sampleClient, sampleResting, sampleStopped, sampleFlagged)...)
		}
	}
	return out
}

// clientShots are the pages of clients who read one language.
func (g *gallery) clientShots(suffix, client, resting, stopped, flagged string) []shot {
	at := func(p links.Purpose, target, who string) string {
		return "/" + string(rune(p)) + "/" + g.keys.Sign(g.claims(p, target, who))
	}
	checkin, lost := at(links.Checkin, "k1", client), at(links.Checkin, sampleSilent, client)
	prefs, silent := at(links.Preferences, "k2", client), at(links.Preferences, sampleSilent, client)
	rests := at(links.Preferences, "k2", resting)
	hard := url.Values{"feeling": {"hard"}, "text": {strings.Repeat("So long. ", 300)}}
	list := url.Values{"do": {"list"}, "reason": {"stress"}}
	address := url.Values{"do": {"address"}, "address": {"new@example.net"}}
	expired := g.claims(links.Checkin, "k1", client)
	expired.Expires = g.now.Add(-time.Minute)
	old := "/c/" + g.keys.Sign(expired)
	// Nobody is known at these: the address asks for the language.
	query := ""
	if suffix != "" {
		query = "?lang=es"
	}
	shots := []shot{
		{name: "checkin", path: checkin},
		{name: "checkin-nothing-chosen", path: checkin, form: url.Values{"reason": {"overwhelm"}, "text": {"Thank you for asking."}}},
		{name: "checkin-okay", path: checkin, form: url.Values{"feeling": {"okay"}}},
		{name: "checkin-hard", path: checkin, form: hard},
		{name: "checkin-hard-flagged", path: at(links.Checkin, "k1", flagged), form: url.Values{"feeling": {"hard"}}},
		{name: "checkin-pause", path: at(links.Checkin, "k1", resting), form: url.Values{"feeling": {"okay"}, "wish": {"pause"}}},
		{name: "checkin-stop", path: at(links.Checkin, "k1", stopped), form: url.Values{"feeling": {"okay"}, "wish": {"stop"}}},
		{name: "checkin-not-safe", path: checkin, form: url.Values{"feeling": {"not-safe"}}},
		{name: "checkin-not-safe-not-confirmed", path: lost, form: url.Values{"feeling": {"not-safe"}}},
		{name: "checkin-not-confirmed", path: lost, form: url.Values{"feeling": {"okay"}}},
		{name: "checkin-list-mailed", path: checkin, form: list},
		{name: "checkin-list-held", path: at(links.Checkin, sampleHeld, client), form: list},
		{name: "checkin-list-often", path: at(links.Checkin, sampleOften, client), form: list},
		{name: "checkin-list-not-confirmed", path: lost, form: list},
		{name: "preferences", path: prefs},
		{name: "preferences-stopped", path: at(links.Preferences, "k2", stopped), form: url.Values{"do": {"stop"}}},
		{name: "preferences-stopped-before", path: at(links.Preferences, "k2", stopped)},
		{name: "preferences-not-confirmed", path: silent, form: url.Values{"do": {"stop"}}},
		{name: "preferences-resting", path: rests},
		{name: "preferences-paused", path: rests, form: url.Values{"do": {"pause"}, "for": {"1m"}}},
		{name: "preferences-resumed", path: prefs, form: url.Values{"do": {"resume"}}},
		{name: "preferences-language", path: prefs, form: url.Values{"do": {"language"}, "language": {"es"}}},
		{name: "preferences-address-wrong", path: prefs, form: url.Values{"do": {"address"}, "address": {"new at example"}}},
		{name: "preferences-address-asked", path: rests, form: address},
		{name: "preferences-address-held", path: at(links.Preferences, sampleHeld, client), form: address},
		{name: "preferences-address-often", path: at(links.Preferences, sampleOften, client), form: address},
		{name: "preferences-address-not-confirmed", path: silent, form: address},
		{name: "address", path: at(links.Address, "k3", client)},
		{name: "address-confirmed", path: at(links.Address, "k3", client), form: url.Values{"do": {"confirm"}}},
		{name: "address-confirmed-stopped", path: at(links.Address, "k3", stopped), form: url.Values{"do": {"confirm"}}},
		{name: "address-too-old", path: at(links.Address, sampleHeld, client), form: url.Values{"do": {"confirm"}}},
		{name: "address-not-confirmed", path: at(links.Address, sampleSilent, client), form: url.Values{"do": {"confirm"}}},
		{name: "help-broken-checkin", path: "/c/nothing" + query},
		{name: "help-expired-checkin", path: old},
		{name: "help-expired-checkin-answered", path: old, form: url.Values{"feeling": {"not-safe"}}},
		{name: "help-other-method", path: checkin + query, method: http.MethodDelete},
		{name: "help-too-long", path: checkin, form: url.Values{"text": {strings.Repeat("x", maxForm)}}},
		{name: "help-odd-form", path: prefs, form: url.Values{"do": {"dance"}}},
		{name: "help-nothing-here", path: "/" + query},
	}
	for i := range shots {
		shots[i].name += suffix
	}
	return shots
}

// opened is a link to staff with a session for it: the cookie, and what its
// forms carry.
func (g *gallery) opened(p links.Purpose, target string) (path string, cookie *http.Cookie, form string) {
	v := visit{claims: g.claims(p, target, samplePerson)}
	claims := g.claims(links.Session, target, samplePerson)
	claims.Expires = g.now.Add(14 * time.Minute)
	held := session{value: g.keys.Sign(claims)}
	return v.path() + g.keys.Sign(v.claims), &http.Cookie{Name: caseCookie(v), Value: held.value}, held.nonce() //nolint:gosec // sent to the handler, not set
}

func (g *gallery) noteShots() []shot {
	at, cookie, form := g.opened(links.Note, sampleNote)
	bare, bareCookie, _ := g.opened(links.Note, sampleBare)
	unknown, unknownCookie, _ := g.opened(links.Note, sampleUnknown)
	down, downCookie, _ := g.opened(links.Note, sampleDown)
	return []shot{
		{name: "note-glance", path: at},
		{name: "note-wrong-code", path: at, form: url.Values{"code": {"222222"}}},
		{name: "note-session-over", path: at, form: url.Values{"do": {"leave"}}},
		{name: "note-case", path: at, cookie: cookie},
		{name: "note-case-bare", path: bare, cookie: bareCookie},
		{name: "help-odd-note", path: at, cookie: cookie, form: url.Values{"do": {"done"}, "form": {form}}},
		{name: "help-unknown-note", path: unknown, cookie: unknownCookie},
		{name: "help-note-down", path: down, cookie: downCookie},
	}
}

func (g *gallery) taskShots() []shot {
	at := func(target string) (string, *http.Cookie, string) { return g.opened(links.Task, target) }
	open, cookie, form := at(sampleTask)
	late, lateCookie, _ := at(sampleLate)
	silent, silentCookie, silentForm := at(sampleSilent)
	over, _, _ := at(sampleOver)
	own, _, _ := at(sampleOwn)
	ended, _, _ := at(sampleEnded)
	faster, fasterCookie, fasterForm := at(sampleFaster)
	asks, asksCookie, _ := at(sampleAsks)
	unknown, _, _ := at(sampleUnknown)
	return []shot{
		{name: "task-asks-whether-a-mail-leaves", path: asks, cookie: asksCookie},
		{name: "task-glance", path: open},
		{name: "task-wrong-code", path: open, form: url.Values{"code": {"222222"}}},
		{name: "task-case", path: open, cookie: cookie},
		{name: "task-nothing-chosen", path: open, cookie: cookie, form: url.Values{"do": {"notice"}, "form": {form}}},
		{name: "task-noticed", path: open, cookie: cookie, form: url.Values{"do": {"notice"}, "noticed": {"quieter"}, "form": {form}}},
		{name: "task-worry", path: open, cookie: cookie, form: url.Values{"do": {"worry-now"}, "form": {form}}},
		{name: "task-worry-not-confirmed", path: silent, cookie: silentCookie, form: url.Values{"do": {"worry-now"}, "worry": {"It reads like goodbye."}, "form": {silentForm}}},
		{name: "task-done", path: open, cookie: cookie, form: url.Values{"do": {"done"}, "form": {form}}},
		{name: "task-session-over", path: open, form: url.Values{"do": {"done"}}},
		{name: "task-late-glance", path: late},
		{name: "task-late-case", path: late, cookie: lateCookie},
		{name: "task-not-confirmed", path: silent, cookie: silentCookie, form: url.Values{"do": {"done"}, "form": {silentForm}}},
		{name: "task-over", path: over},
		{name: "task-over-own", path: own},
		{name: "task-not-needed", path: ended},
		{name: "task-finished-before", path: faster, cookie: fasterCookie, form: url.Values{"do": {"done"}, "form": {fasterForm}}},
		{name: "help-unknown-task", path: unknown},
	}
}

func (g *gallery) staffShots() []shot {
	token := SignInToken(g.keys, samplePerson, g.now, g.now.Add(time.Hour))
	old := SignInToken(g.keys, samplePerson, g.now.Add(-time.Hour), g.now.Add(-time.Minute))
	cookie := &http.Cookie{Name: staffCookie, Value: g.keys.Sign(links.Claims{Purpose: links.Staff, Target: "s", Recipient: samplePerson, Issued: g.now, Expires: g.now.Add(time.Hour)})} //nolint:gosec // sent to the handler, not set
	see := func(name, path string, h http.Handler) shot {
		return shot{name: name, path: path, cookie: cookie, staff: h}
	}
	const alex, stopped = "/clients/" + sampleClinic + "/" + sampleClient, "/clients/" + sampleClinic + "/" + sampleStopped
	press := func(name, path string, h http.Handler, pairs ...string) shot {
		form := url.Values{"form": {session{value: cookie.Value}.nonce()}}
		for i := 0; i < len(pairs); i += 2 {
			form.Add(pairs[i], pairs[i+1])
		}
		return shot{name: name, path: path, form: form, cookie: cookie, staff: h}
	}
	return []shot{
		see("staff-notice", alex+"/notice", g.full),
		press("staff-notice-nothing-chosen", alex+"/notice", g.full),
		press("staff-notice-not-confirmed", alex+"/notice", g.trouble, "noticed", "quieter", "noticed", "wants-to-stop", "reason", "shame", "approach", "remote"),
		press("staff-client-noticed", alex+"/notice", g.full, "noticed", "late"),
		press("staff-client-paused", alex+"/mail", g.full, "do", "pause"),
		press("staff-client-no-day", alex+"/mail", g.full, "do", "pause", "until", "2020-01-01"),
		see("staff-client-opted-out", stopped, g.full),
		press("staff-client-opt-in-not-asked", stopped+"/mail", g.full, "do", "opt-in"),
		press("staff-client-not-confirmed", stopped+"/mail", g.trouble, "do", "resume"),
		{name: "staff-sign-in", path: "/signin/" + token, staff: g.full},
		{path: "/signin/" + token, form: url.Values{}, staff: g.full},
		{name: "staff-sign-in-used", path: "/signin/" + token, form: url.Values{}, staff: g.full},
		{name: "staff-sign-in-expired", path: "/signin/" + old, staff: g.full},
		{name: "staff-sign-in-broken", path: "/signin/nothing", staff: g.full},
		{name: "staff-no-session", path: "/", staff: g.full},
		{name: "staff-signed-out", path: "/signout", form: url.Values{"form": {session{value: cookie.Value}.nonce()}}, cookie: cookie, staff: g.full},
		see("staff-overview", "/", g.full),
		see("staff-overview-empty", "/", g.empty),
		see("staff-overview-trouble", "/", g.trouble),
		see("staff-pauses", "/pauses", g.full),
		see("staff-pauses-none", "/pauses", g.empty),
		press("staff-pauses-paused", "/pauses", g.full, "clinic", sampleClinic, "do", "pause", "why", "No heating"),
		press("staff-pauses-no-reason", "/pauses", g.empty, "clinic", sampleClinic, "do", "pause"),
		press("staff-pauses-long-reason", "/pauses", g.empty, "clinic", sampleClinic, "workflow", "late-cancellation", "do", "pause", "why", strings.Repeat("No heating. ", 20)),
		press("staff-pauses-lifted", "/pauses", g.empty, "clinic", sampleClinic, "do", "lift", "pause", samplePause),
		press("staff-pauses-look-again", "/pauses", g.full, "clinic", sampleClinic, "do", "lift", "pause", "0"),
		press("staff-pauses-not-confirmed", "/pauses", g.trouble, "clinic", sampleClinic, "do", "pause", "why", "No heating"),
		see("staff-client", "/clients/"+sampleClinic+"/"+sampleClient, g.full),
		see("staff-client-empty", "/clients/"+sampleClinic+"/"+sampleClient, g.empty),
		see("staff-nothing-here", "/clients/"+sampleClinic+"/nobody", g.full),
		see("staff-mails", "/mails", g.full),
		see("staff-mails-empty", "/mails", g.empty),
		see("staff-mails-trouble", "/mails", g.trouble),
		see("staff-mail", "/mails/"+sampleMail, g.full),
		see("staff-mail-text", "/mails/"+sampleMail+"?view=text", g.full),
		see("staff-mail-headers", "/mails/"+sampleMail+"?view=headers", g.full),
		see("staff-mail-body", "/mails/"+sampleMail+"/body", g.full),
	}
}

// take makes one request and keeps the answer.
func (g *gallery) take(s shot) (Preview, error) {
	h, method, body := g.public, http.MethodGet, io.Reader(http.NoBody)
	if s.staff != nil {
		h = s.staff
	}
	if s.form != nil {
		method, body = http.MethodPost, strings.NewReader(s.form.Encode())
	}
	if s.method != "" {
		method = s.method
	}
	r, err := http.NewRequest(method, s.path, body) //nolint:noctx // answered in this process, at once
	if err != nil {
		return Preview{}, fmt.Errorf("make request for %q: %w", s.name, err)
	}
	r.RemoteAddr = "192.0.2.1:1"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if s.cookie != nil {
		r.AddCookie(s.cookie)
	}
	rec := &recorder{header: http.Header{}, status: http.StatusOK}
	h.ServeHTTP(rec, r)
	return Preview{Name: s.name, Staff: s.staff != nil, Status: rec.status, Header: rec.header, HTML: rec.body.Bytes(), path: r.URL.Path}, nil
}

// recorder keeps an answer.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

// WriteGallery writes every page in every state into a folder, each as <name>.html, and
// returns the names. The pages find their style beside them; what they link to does not
// exist.
func WriteGallery(dir string, of Sample, now time.Time) ([]string, error) {
	all, err := Gallery(of, now)
	if err != nil {
		return nil, err
	}
	files, err := newAssets()
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	for at, body := range files.bodies {
		out[strings.TrimPrefix(at, "/")] = body
	}
	frame := map[string]string{} // what the frame of a mail's page asks for
	for _, p := range all {
		if strings.HasSuffix(p.path, "/body") {
			frame[`src="`+p.path+`"`] = `src="` + p.Name + `.html"`
		}
	}
	var names []string
	for _, p := range all {
		page := strings.ReplaceAll(string(p.HTML), `="`+assetPrefix, `="`+strings.TrimPrefix(assetPrefix, "/"))
		for from, to := range frame {
			page = strings.ReplaceAll(page, from, to)
		}
		out[p.Name+".html"] = []byte(page)
		names = append(names, p.Name)
	}
	for name, body := range out {
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o750); err != nil {
			return nil, err
		}
		if err := os.WriteFile(at, body, 0o600); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// GalleryHandler serves the previews for a browser: a list at "/", each page at
// "/gallery/<name>". It shows fictional people and acts on nothing.
func GalleryHandler(of Sample, now time.Time) (http.Handler, error) {
	all, err := Gallery(of, now)
	if err != nil {
		return nil, err
	}
	files, err := newAssets()
	if err != nil {
		return nil, err
	}
	byPath := map[string]Preview{}
	var list bytes.Buffer
	list.WriteString("<!doctype html><html lang=\"en\"><title>Every page in every state</title><ul>")
	for _, p := range all {
		byPath["/gallery/"+p.Name] = p
		if strings.HasSuffix(p.path, "/body") {
			byPath[p.path] = p // what the frame of a mail's page asks for
		}
		fmt.Fprintf(&list, `<li><a href="/gallery/%[1]s">%[1]s</a>`, template.HTMLEscapeString(p.Name))
	}
	list.WriteString("</ul></html>")
	mux := http.NewServeMux()
	mux.Handle(assetPrefix, files)
	// The script of a staff page asks whether anything changed: it never does.
	mux.HandleFunc("/fragments/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		p, ok := byPath[r.URL.Path]
		if !ok {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = w.Write(list.Bytes())
			return
		}
		for k, v := range p.Header {
			if k != "Set-Cookie" {
				w.Header()[k] = v
			}
		}
		w.WriteHeader(p.Status)
		_, _ = w.Write(p.HTML)
	})
	return mux, nil
}
