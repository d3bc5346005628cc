package web

import (
	"log/slog"
	"net/http"
)

// Sights hears of every look at a client's data.
type Sights interface {
	// Saw is told of a client whose data a page shows. It returns at once, and
	// whatever becomes of what it writes down, the page is shown.
	Saw(s Sight)
}

// Sight is that somebody saw a client's data.
type Sight struct {
	// Session tells the looks of one session from those of another. It is secret.
	Session string
	// Person is the directory id of who looks.
	Person string
	Page   Page
	// Clinic and ClientKey say whose data it is; for a mail both may be empty, and
	// Message leads there.
	Clinic, ClientKey, Message string
	// Target is the id of the escalation or task concerned, or what a link carries
	// for it; "" where none is.
	Target string
	// Refresh says that the page asked for it by itself.
	Refresh bool
}

// Page is a kind of page.
type Page string

// The pages that show a client's data. They stand in stored history: never rename
// one.
const (
	PageEscalation Page = "escalation" // an escalation's, after the code
	PageTask       Page = "task"       // a task's, after the code
	PageNote       Page = "note"       // that of a note to staff, after the code
	PageClient     Page = "client"     // the staff page of one client
	PageList       Page = "list"       // a row of the staff pages' first page
	PageMail       Page = "mail"       // one mail
	PageMails      Page = "mails"      // a row of the list of mails
)

// saw tells that a page with a link shows a client.
func (p *public) saw(r *http.Request, v visit, s session, page Page, key string) {
	shown(p.Log, r, v.claims.Clinic, key)
	sight := Sight{Session: s.value, Person: v.claims.Recipient, Page: page, Clinic: v.claims.Clinic, ClientKey: key, Target: v.claims.Target}
	if page == PageNote {
		sight.Target = ""
	}
	p.Sights.Saw(sight)
}

// saw tells that a staff page shows a client.
func (s *staff) saw(v session, sight Sight) {
	sight.Session, sight.Person = v.value, v.claims.Recipient
	s.Sights.Saw(sight)
}

func shown(log *slog.Logger, r *http.Request, clinic, key string) {
	log.Info("client page shown", logRoute, route(r), logClinic, clinic, logKey, key)
}
