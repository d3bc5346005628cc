package web

import (
	"errors"
	"net/http"

	"github.com/mooring-care/mooring/internal/links"
)

// preferencesPage says whether mail goes out and offers to stop it.
type preferencesPage struct {
	base
	ID      string
	Press   string // what trying again repeats
	Stopped bool
	// Unconfirmed says that stopping was asked for and not yet seen to count.
	Unconfirmed bool
}

func (p *public) showPreferences(w http.ResponseWriter, r *http.Request, v visit) {
	stopped, err := p.Clients.OptedOut(r.Context(), v.claims.Clinic, v.claims.Recipient)
	if err != nil {
		p.lookupFailed(w, r, v, err)
		return
	}
	p.writePreferences(w, v, http.StatusOK, preferencesPage{Stopped: stopped, ID: links.NewID()})
}

func (p *public) writePreferences(w http.ResponseWriter, v visit, status int, page preferencesPage) {
	title := "Your mail from " + v.clinic.Name
	switch {
	case page.Unconfirmed:
		title = "Not yet confirmed"
	case page.Stopped:
		title = "You get no more of these mails"
	}
	page.base = p.base(v, title)
	page.CrisisBar = true
	p.pages.write(w, p.Log, status, "preferences", page)
}

// stopMail stops all mail: from the page's button, or in one click from a mail
// program as RFC 8058 has it, which asks nothing and is honoured at once. The
// token alone is the proof in both.
func (p *public) stopMail(w http.ResponseWriter, r *http.Request, v visit) {
	if r.PostFormValue("List-Unsubscribe") != "One-Click" && r.PostFormValue("do") != "stop" {
		p.help(w, r, forClient, &v.clinic, helpForm)
		return
	}
	ctx, cancel := acting(r)
	defer cancel()
	press := p.press(r)
	_, err := p.ClientActs.OptOut(ctx, act(press, v, "opt-out"))
	switch {
	case errors.Is(err, ErrUnknown):
		p.lookupFailed(w, r, v, err)
	case err != nil:
		p.notConfirmed(r, v, err)
		// A mail program that gets a 503 tries again.
		w.Header().Set("Retry-After", "60")
		p.writePreferences(w, v, http.StatusServiceUnavailable, preferencesPage{Unconfirmed: true, ID: links.NewID(), Press: press})
	default:
		p.writePreferences(w, v, http.StatusOK, preferencesPage{Stopped: true})
	}
}
