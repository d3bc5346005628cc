package web

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/mooring-care/mooring/internal/links"
)

// How many rows the lists have.
const (
	listClients = 100
	listMails   = 200
)

// StaffConfig is what the staff pages need. Everything but the fields marked
// optional must be set.
type StaffConfig struct {
	Keys     *links.Keys
	Overview Overview
	Mails    Mails
	// Sights hears who saw which client.
	Sights Sights
	// Tasks finishes tasks (optional; without it they are only shown).
	Tasks Tasks
	// Care takes what staff notice, and pauses and resumes mail (optional;
	// without it the client page offers neither).
	Care Care
	// Pauses stops mail to clients and lets it go out again (optional; without
	// it the pages only say what is paused).
	Pauses Pauses
	// Zone is what times are written in (optional; UTC).
	Zone *time.Location
	// StaffURL is where staff reach these pages; with https the session's
	// cookie is marked Secure.
	StaffURL string
	// Notice stands above every page, such as that this is a demo (optional).
	Notice string
	// Now is the product's clock, which ages are told by.
	Now func() time.Time
	// Wall is the clock on the wall (optional; time.Now), by which sign-in
	// links and sessions expire.
	Wall func() time.Time
	Log  *slog.Logger
	// Once remembers used sign-in links (optional). The default remembers them
	// in memory, and refuses links made before the handler was.
	Once Once
}

// staff is the handler of the staff pages.
type staff struct {
	StaffConfig
	pages  *pages
	secure bool
}

// SignInToken makes the token of a one-time sign-in link: the page is at
// <staff URL>/signin/<token>. Person is who signs in, a directory id; the
// times are the wall's.
func SignInToken(keys *links.Keys, person string, issued, expires time.Time) string {
	return keys.Sign(links.Claims{Purpose: links.SignIn, Target: links.NewID(), Recipient: person, Issued: issued, Expires: expires})
}

// NewStaff makes the handler of the staff pages. It fails when something it
// needs is missing.
func NewStaff(cfg StaffConfig) (http.Handler, error) {
	switch {
	case cfg.Keys == nil, cfg.Overview == nil, cfg.Mails == nil, cfg.Sights == nil, cfg.Now == nil, cfg.Log == nil:
		return nil, errors.New("make staff pages: a required field is not set")
	}
	if cfg.Wall == nil {
		cfg.Wall = time.Now
	}
	if cfg.Once == nil {
		cfg.Once = &onceInMemory{wall: cfg.Wall, since: cfg.Wall(), used: map[string]time.Time{}}
	}
	pages, err := newPages()
	if err != nil {
		return nil, fmt.Errorf("make staff pages: %w", err)
	}
	s := &staff{StaffConfig: cfg, pages: pages, secure: strings.HasPrefix(cfg.StaffURL, "https://")}

	mux := http.NewServeMux()
	mux.Handle(assetPrefix, pages.assets)
	mux.HandleFunc("/signin/{token}", s.signIn)
	mux.HandleFunc("/signout", s.signOut)
	mux.HandleFunc("/{$}", s.page(s.overview))
	mux.HandleFunc("/clients/{clinic}/{key}", s.page(s.client))
	mux.HandleFunc("POST /clients/{clinic}/{key}/tasks/{task}", s.finishTask)
	mux.HandleFunc("/clients/{clinic}/{key}/notice", s.page(s.noticed))
	mux.HandleFunc("POST /clients/{clinic}/{key}/notice", s.notice)
	mux.HandleFunc("POST /clients/{clinic}/{key}/mail", s.mailTo)
	mux.HandleFunc("POST /clients/{clinic}/{key}/safety", s.worried)
	mux.HandleFunc("/pauses", s.page(s.pauses))
	mux.HandleFunc("POST /pauses", s.pauseMail)
	mux.HandleFunc("/mails", s.page(s.mails))
	mux.HandleFunc("/mails/{name}", s.page(s.mail))
	mux.HandleFunc("/mails/{name}/body", s.page(s.mailBody))
	mux.HandleFunc("/fragments/overview", s.page(s.overviewFragment))
	mux.HandleFunc("/fragments/mails", s.page(s.mailsFragment))
	mux.HandleFunc("/", s.page(func(w http.ResponseWriter, _ *http.Request, v session) {
		s.say(w, v, http.StatusNotFound, "There is nothing here", "The page may have been moved, or the address cut off.")
	}))
	return secured(policyStaff, mux), nil
}

// page lets nobody without a session see anything, and nobody do anything:
// every staff page but signing in and out, finishing a task and what Care and
// Pauses take can only be read.
func (s *staff) page(show func(http.ResponseWriter, *http.Request, session)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, ok := s.session(r)
		if !ok {
			s.say(w, session{}, http.StatusUnauthorized, "Please sign in",
				"The command “mooring signin” makes a sign-in link, where Mooring runs. Each link works once, and a session lasts 8 hours.")
			return
		}
		if !reads(r) {
			w.Header().Set("Allow", "GET, HEAD")
			s.say(w, v, http.StatusMethodNotAllowed, "That did not work", "This page can only be read.")
			return
		}
		show(w, r, v)
	}
}

func (s *staff) session(r *http.Request) (session, bool) {
	c, err := r.Cookie(staffCookie)
	if err != nil {
		return session{}, false
	}
	claims, err := s.Keys.Verify(c.Value, links.Staff, s.Wall())
	return session{value: c.Value, claims: claims}, err == nil
}

// base is the frame of a staff page.
func (s *staff) base(v session, title, here string) base {
	b := base{Title: title, Staff: true, Here: here, Notice: s.Notice, Pauses: s.Pauses != nil, T: newTimes(s.Now(), s.Zone)}
	if v.value != "" {
		b.SignOut = v.nonce()
	}
	return b
}

// sayPage is a staff page of one heading and one paragraph, with at most one
// button.
type sayPage struct {
	base
	Text   string
	When   time.Time // of what the heading says, where that matters
	Button string
}

func (s *staff) say(w http.ResponseWriter, v session, status int, title, text string) {
	s.pages.write(w, s.Log, status, "say", sayPage{base: s.base(v, title, ""), Text: text})
}

// failed answers when something could not be read.
func (s *staff) failed(w http.ResponseWriter, r *http.Request, v session, err error) {
	if errors.Is(err, ErrUnknown) {
		s.say(w, v, http.StatusNotFound, "There is nothing here", "No client and no mail is known under this address.")
		return
	}
	s.Log.Error("records not read", logRoute, route(r), logError, err)
	s.say(w, v, http.StatusServiceUnavailable, "We cannot look this up right now",
		"The program could not read its records. Mails and escalations go on without this page.")
}

// signIn shows a button, because mail scanners and chat previews open every
// link; only pressing it uses the link up.
func (s *staff) signIn(w http.ResponseWriter, r *http.Request) {
	const askAgain = "The command “mooring signin” makes a new one, where Mooring runs."
	if !reads(r) && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, HEAD, POST")
		s.say(w, session{}, http.StatusMethodNotAllowed, "That did not work", "Open the sign-in link again.")
		return
	}
	claims, err := s.Keys.Verify(r.PathValue("token"), links.SignIn, s.Wall())
	switch {
	case errors.Is(err, links.ErrExpired):
		s.say(w, session{}, http.StatusGone, "This sign-in link is too old", askAgain)
		return
	case err != nil:
		s.say(w, session{}, http.StatusNotFound, "This sign-in link does not work", "It may have been cut off when it was copied. "+askAgain)
		return
	}
	if reads(r) {
		s.pages.write(w, s.Log, http.StatusOK, "say", sayPage{
			base: s.base(session{}, "Sign in to Mooring", ""), Button: "Sign in",
			Text: "This link works once. You stay signed in on this device for 8 hours.",
		})
		return
	}
	first, err := s.Once.Use(r.Context(), claims.Target+"."+strconv.FormatInt(claims.Issued.Unix(), 10), claims.Expires)
	switch {
	case err != nil:
		s.failed(w, r, session{}, err)
		return
	case !first:
		s.say(w, session{}, http.StatusGone, "This sign-in link was used before", "If that was not you, tell whoever runs Mooring. "+askAgain)
		return
	}
	now := s.Wall()
	value := s.Keys.Sign(links.Claims{
		Purpose: links.Staff, Target: claims.Target, Recipient: claims.Recipient, Issued: now, Expires: now.Add(staffSession),
	})
	s.Log.Info("staff signed in")
	http.SetCookie(w, s.cookie(value, int(staffSession/time.Second)))
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (s *staff) signOut(w http.ResponseWriter, r *http.Request) {
	v, ok := s.session(r)
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if r.Method != http.MethodPost || !ok || !v.holds(r.PostFormValue("form")) {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	http.SetCookie(w, s.cookie("", -1))
	s.say(w, session{}, http.StatusOK, "You are signed out", "Open a new sign-in link to come back.")
}

func (s *staff) cookie(value string, maxAge int) *http.Cookie {
	// Lax, so that a link from elsewhere to a staff page works; what a session
	// allows to do beside reading is signing out, which needs its nonce.
	return &http.Cookie{ //nolint:gosec // Secure follows the staff URL: without TLS a browser would drop the cookie
		Name: staffCookie, Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode,
	}
}

// onceInMemory forgets what it knew when the program ends; so it refuses every
// link that was made before it began.
type onceInMemory struct {
	wall  func() time.Time
	since time.Time

	mu   sync.Mutex
	used map[string]time.Time // until when each id must be remembered
}

// Use reads the time of issue from the id, where signIn put it.
func (o *onceInMemory) Use(_ context.Context, id string, until time.Time) (bool, error) {
	_, issued, _ := strings.Cut(id, ".")
	at, err := strconv.ParseInt(issued, 10, 64)
	// An id without a time counts as used.
	if err != nil || at < o.since.Unix() {
		return false, nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.wall()
	for k, t := range o.used {
		if !now.Before(t) {
			delete(o.used, k)
		}
	}
	if _, ok := o.used[id]; ok {
		return false, nil
	}
	o.used[id] = until
	return true, nil
}

// overviewPage is the first page: what is paused, what is open, and who was heard
// of last.
type overviewPage struct {
	base
	// Paused is what mail is paused; All, that it is all mail of a clinic.
	Paused  []pausedMail
	All     bool
	Open    []EscalationRow
	Clients []ClientRow
	// Trouble is set when a list could not be read: an empty list would say
	// that nothing is open.
	Trouble bool
}

func (s *staff) overviewData(ctx context.Context, v session) overviewPage {
	page := overviewPage{base: s.base(v, "Today", "overview")}
	page.Live = true
	clinics, err := s.Overview.ClinicMail(ctx)
	if err != nil {
		s.Log.Error("pauses not read", logError, err)
		page.Trouble = true
	}
	page.Paused, page.All = paused(clinics, page.T)
	if page.Open, err = s.Overview.OpenEscalations(ctx); err != nil {
		s.Log.Error("open escalations not read", logError, err)
		page.Trouble = true
	}
	slices.SortStableFunc(page.Open, func(a, b EscalationRow) int { return a.Opened.Compare(b.Opened) })
	if page.Clients, err = s.Overview.RecentClients(ctx, listClients); err != nil {
		s.Log.Error("recent clients not read", logError, err)
		page.Trouble = true
	}
	return page
}

func (s *staff) overview(w http.ResponseWriter, r *http.Request, v session) {
	page := s.overviewData(r.Context(), v)
	s.sawList(v, page, false)
	s.pages.write(w, s.Log, http.StatusOK, "overview", page)
}

func (s *staff) overviewFragment(w http.ResponseWriter, r *http.Request, v session) {
	page := s.overviewData(r.Context(), v)
	s.sawList(v, page, true)
	s.fragment(w, r, "overview", page)
}

// sawList tells of every client whose name stands in the lists.
func (s *staff) sawList(v session, page overviewPage, refresh bool) {
	for i := range page.Open {
		e := &page.Open[i]
		s.saw(v, Sight{Page: PageList, Clinic: e.Clinic, ClientKey: e.ClientKey, Target: e.ID, Refresh: refresh})
	}
	for i := range page.Clients {
		c := &page.Clients[i]
		s.saw(v, Sight{Page: PageList, Clinic: c.Clinic, ClientKey: c.Key, Refresh: refresh})
	}
}

// fragment sends the part of a page that changes, or that it has not changed.
func (s *staff) fragment(w http.ResponseWriter, r *http.Request, name string, data any) {
	body, err := s.pages.bytes(name, "live", data)
	if err != nil {
		s.Log.Error("page not rendered", logPage, name, logError, err)
		http.Error(w, "This part could not be shown.", http.StatusInternalServerError)
		return
	}
	sum := sha256.Sum256(body)
	tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	w.Header().Set("Etag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(body)
}

// clientPage is one client's timeline.
type clientPage struct {
	base
	Client ClientView
	// Form is the session's nonce; empty leaves the tasks' buttons out, and an
	// empty Care those of Care.
	Form, Care string
	ID         string // the nonce of what is pressed next
	Press      string // set after a press that was not confirmed
	Note       *note
	// Older is how many more entries the timeline has than are shown.
	Older int
}

// firstEntries are how many entries of a timeline a page shows at first: a question that
// nobody takes for days has hundreds.
const firstEntries = 100

func (s *staff) client(w http.ResponseWriter, r *http.Request, v session) {
	s.writeClient(w, r, v, http.StatusOK, nil)
}

func (s *staff) writeClient(w http.ResponseWriter, r *http.Request, v session, status int, n *note) {
	clinic, key := r.PathValue("clinic"), r.PathValue("key")
	c, err := s.Overview.Client(r.Context(), clinic, key)
	if err != nil && n != nil && !errors.Is(err, ErrUnknown) {
		// What was pressed has its answer, whether or not the page can be read.
		s.say(w, v, status, n.Heading, n.Text)
		return
	}
	if err != nil {
		s.failed(w, r, v, err)
		return
	}
	shown(s.Log, r, c.Clinic, c.Key)
	s.saw(v, Sight{Page: PageClient, Clinic: c.Clinic, ClientKey: c.Key})
	page := clientPage{base: s.base(v, c.Name, "overview"), Client: c}
	page.ID, page.Note = links.NewID(), n
	if r.URL.Query().Get("timeline") != "all" {
		page.Older = max(0, len(c.Entries)-firstEntries)
		page.Client.Entries = c.Entries[:len(c.Entries)-page.Older]
	}
	if n != nil {
		page.Press = n.Press
	}
	if s.Tasks != nil {
		page.Form = v.nonce()
	}
	if s.Care != nil {
		page.Care = v.nonce()
	}
	s.pages.write(w, s.Log, status, "client", page)
}

// finishTask needs the session's nonce, so that no other site can press it.
func (s *staff) finishTask(w http.ResponseWriter, r *http.Request) {
	v, ok := s.session(r)
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if !ok || s.Tasks == nil || !v.holds(r.PostFormValue("form")) {
		s.say(w, v, http.StatusForbidden, "That did not work", "Go back, load the page again and press the button once more.")
		return
	}
	clinic, key := r.PathValue("clinic"), r.PathValue("key")
	end, err := s.Tasks.Finish(r.Context(), clinic, key, r.PathValue("task"), v.claims.Recipient, r.PostFormValue("do") == "release")
	switch {
	case errors.Is(err, ErrUnknown):
		s.failed(w, r, v, err)
	case err != nil:
		s.Log.Warn("a finished task is not confirmed", logRoute, route(r), logError, err)
		s.say(w, v, http.StatusServiceUnavailable, "Not yet confirmed", "We do not know yet whether this was recorded. Go back and look again in a moment.")
	case end.By != v.claims.Recipient:
		title := "This task is not open any more"
		if end.By != "" {
			title = end.Name + " finished this task"
		}
		s.pages.write(w, s.Log, http.StatusConflict, "say", sayPage{
			base: s.base(v, title, ""), When: end.At, Text: "It ended before you pressed, so nothing more was recorded.",
		})
	default:
		http.Redirect(w, r, "/clients/"+clinic+"/"+key, http.StatusSeeOther) //nolint:gosec // Finish knows both, so they are ids and no address
	}
}
