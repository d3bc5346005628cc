package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/mooring-care/mooring/internal/links"
)

// PublicConfig is what the public pages need. Everything but the fields marked
// optional must be set.
type PublicConfig struct {
	Keys        *links.Keys
	Directory   Directory
	Escalations Escalations
	Clients     Clients
	Acts        Acts
	// ClientActs and ClientChoices do what a client pressed on a check-in and on the
	// preferences page.
	ClientActs    ClientActs
	ClientChoices ClientChoices
	// TaskCases, Tasks and Care are what a task's page shows and does, NoteCases
	// what that of a note to staff shows.
	TaskCases TaskCases
	Tasks     Tasks
	Care      Care
	NoteCases NoteCases
	// Sights hears who saw which client.
	Sights Sights
	// PublicURL is where people reach these pages; with https the session's
	// cookie is marked Secure.
	PublicURL string
	// Now is the product's clock: links expire and ages are told by it.
	Now func() time.Time
	// Wall is the clock on the wall (optional; time.Now): sessions and the
	// slowdown of wrong codes go by it, at whatever speed Now runs.
	Wall func() time.Time
	Log  *slog.Logger
	// Events is mounted at /v1/ (optional). It bounds its own bodies.
	Events http.Handler
	// ClientAddress is where a request comes from, for slowing down wrong
	// codes (optional; the connection's own address). Behind a proxy that
	// serves everybody from one address, read the header that it sets.
	ClientAddress func(*http.Request) string
}

// public is the handler of the pages that mails lead to.
type public struct {
	PublicConfig
	pages  *pages
	slow   *slowdown
	secure bool
}

// actTimeout bounds one act: the wait for its decision is 5 s, publishing comes
// before that.
const actTimeout = 10 * time.Second

// NewPublic makes the handler of /e/, /t/, /n/, /c/, /u/, /a/, the assets and, where one is
// given, the event door at /v1/. It fails when something it needs is missing.
func NewPublic(cfg PublicConfig) (http.Handler, error) {
	switch {
	case cfg.Keys == nil, cfg.Directory == nil, cfg.Escalations == nil, cfg.Clients == nil, cfg.Acts == nil, cfg.ClientActs == nil, cfg.ClientChoices == nil,
		cfg.TaskCases == nil, cfg.Tasks == nil, cfg.Care == nil, cfg.NoteCases == nil, cfg.Sights == nil, cfg.Now == nil, cfg.Log == nil:
		return nil, errors.New("make public pages: a required field is not set")
	}
	if cfg.Wall == nil {
		cfg.Wall = time.Now
	}
	if cfg.ClientAddress == nil {
		cfg.ClientAddress = remoteAddress
	}
	pages, err := newPages()
	if err != nil {
		return nil, fmt.Errorf("make public pages: %w", err)
	}
	p := &public{PublicConfig: cfg, pages: pages, slow: newSlowdown(), secure: strings.HasPrefix(cfg.PublicURL, "https://")}

	mux := http.NewServeMux()
	mux.Handle(assetPrefix, pages.assets)
	mux.HandleFunc("/e/{token}", p.page(links.Escalation, p.showEscalation, p.actOnEscalation))
	mux.HandleFunc("/t/{token}", p.page(links.Task, p.showTask, p.actOnTask))
	mux.HandleFunc("/n/{token}", p.page(links.Note, p.showNote, p.actOnNote))
	mux.HandleFunc("/c/{token}", p.page(links.Checkin, p.showCheckin, p.answerCheckin))
	mux.HandleFunc("/u/{token}", p.page(links.Preferences, p.showPreferences, p.choose))
	mux.HandleFunc("/a/{token}", p.page(links.Address, p.showAddress, p.confirmAddress))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { p.help(w, r, forClient, visit{}, helpNothing) })
	if cfg.Events != nil {
		mux.Handle("/v1/", cfg.Events)
	}
	return secured(policyPublic, mux), nil
}

// visit is one request with a link that was verified and belongs to a clinic
// and, for staff, to a person whom the directory knows.
type visit struct {
	token  string
	claims links.Claims
	clinic Clinic
	person string // the name of the member of staff, where staff() holds
	// client and speech are what meet found out, for the pages of a client.
	client ClientMail
	speech speech
}

// staff says whether the link was made for a member of staff.
func (v visit) staff() bool { return forStaffAlone(v.claims.Purpose) }

func forStaffAlone(p links.Purpose) bool {
	return p == links.Escalation || p == links.Task || p == links.Note
}

// path is where links of this purpose lead, and their cookies.
func (v visit) path() string { return "/" + string(rune(v.claims.Purpose)) + "/" }

// page is the way into every link: the method, then the token, then the clinic
// and the person, and only then the page itself. GET and HEAD go to show alone.
func (p *public) page(purpose links.Purpose, show, act func(http.ResponseWriter, *http.Request, visit)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		who := forClient
		if forStaffAlone(purpose) {
			who = forStaff
		}
		if !reads(r) && r.Method != http.MethodPost {
			w.Header().Set("Allow", "GET, HEAD, POST")
			p.help(w, r, who, visit{}, helpMethod)
			return
		}
		v := visit{token: r.PathValue("token")}
		claims, err := p.Keys.Verify(v.token, purpose, p.Now())
		v.claims = claims
		clinic, known := p.Directory.Clinic(claims.Clinic)
		verified := err == nil || errors.Is(err, links.ErrExpired) || errors.Is(err, links.ErrPurpose)
		if verified && known {
			v.clinic = clinic
		}
		switch {
		case errors.Is(err, links.ErrExpired):
			p.help(w, r, who, v, helpExpired)
			return
		case err != nil, !known:
			p.help(w, r, who, v, helpBroken)
			return
		}
		if v.staff() {
			if v.person, known = p.Directory.Person(claims.Clinic, claims.Recipient); !known {
				p.help(w, r, who, v, helpBroken)
				return
			}
		}
		if reads(r) {
			show(w, r, v)
			return
		}
		if err := parseForm(w, r); err != nil {
			why := helpForm
			if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
				why = helpTooLarge
			}
			p.help(w, r, who, v, why)
			return
		}
		act(w, r, v)
	}
}

// parseForm reads a bounded form in either encoding: mail programs send one-click opt-outs
// as multipart/form-data.
func parseForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return err
	}
	if err := r.ParseMultipartForm(maxForm); err != nil && !errors.Is(err, http.ErrNotMultipart) { //nolint:gosec // bounded two lines above
		return err
	}
	return nil
}

// base is the frame of a page of this visit.
func (p *public) base(v visit, title string) base {
	return base{Title: title, Clinic: v.clinic.in(v.speech), T: newTimes(p.Now(), v.clinic.Zone), speech: v.speech}
}

// acting is the context of an act: a press counts even when the phone that
// made it loses the network before the answer.
func acting(r *http.Request) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(r.Context()), actTimeout)
}

// press names one press of a form: the form's own nonce within two minutes, so
// that a double press counts once and a form left open counts again when it is
// pressed again later. A page that could not confirm a press sends its name
// along, so that the next press repeats it, however much later. Nothing is
// believed of that name but its shape: whoever makes one up repeats nobody's
// press but their own.
func (p *public) press(r *http.Request) string { return pressName(r, p.Wall()) }

func pressName(r *http.Request, wall time.Time) string {
	if again := r.PostFormValue("press"); validID(again) {
		return again
	}
	nonce := r.PostFormValue("id")
	if !validID(nonce) {
		nonce = links.NewID()
	}
	return derive("press", nonce, wall.Truncate(2*time.Minute).UTC().Format(time.RFC3339))
}

// act is the Act of a press. Its id follows from the press, the link and the
// content, so that a changed answer never vanishes as a repeat.
func act(press string, v visit, content ...string) Act {
	parts := append([]string{press, v.token}, content...)
	return Act{ID: derive("act", parts...), Clinic: v.claims.Clinic, Target: v.claims.Target, Recipient: v.claims.Recipient, Linked: v.claims.Issued}
}
