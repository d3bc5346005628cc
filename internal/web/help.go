package web

import (
	"net/http"
)

// audience is whom a page speaks to.
type audience int

const (
	forClient audience = iota
	forStaff
)

// helpWhy is why a link opens no page.
type helpWhy int

// The reasons for a help page. Two that a stranger could learn from, a forged
// link and one to something that does not exist, are the same one.
const (
	helpBroken helpWhy = iota + 1
	helpExpired
	helpMethod
	helpTooLarge
	helpForm
	helpDown
	helpNothing
)

// helpText is what is said for a reason.
type helpText struct {
	status        int
	title         string
	client, staff string
	// again is true where the same link may work later.
	again bool
}

func (y helpWhy) text() helpText {
	const reopen = "If you came from a mail, open the link in it again."
	switch y {
	case helpExpired:
		return helpText{
			http.StatusGone, "This link is too old",
			"Links stop working after a while, to keep you safe. A newer mail has a link that works.",
			"Links stop working after a while. If the question is still open, a newer mail has a link that works.", false,
		}
	case helpMethod:
		return helpText{http.StatusMethodNotAllowed, "That did not work", reopen, reopen, true}
	case helpTooLarge:
		return helpText{
			http.StatusRequestEntityTooLarge, "That was too long",
			"Please go back and make your text shorter.", "Please go back and make your note shorter.", true,
		}
	case helpForm:
		return helpText{
			http.StatusBadRequest, "That did not arrive whole",
			"Please go back and press the button again.", "Please go back and press the button again.", true,
		}
	case helpDown:
		return helpText{
			http.StatusServiceUnavailable, "We cannot look this up right now",
			"This is our fault, not yours. Please try again in a minute.",
			"The program could not read its records. Try again in a minute. If you know who this is about, do not wait for this page.", true,
		}
	case helpNothing:
		return helpText{http.StatusNotFound, "There is nothing here", reopen, reopen, true}
	case helpBroken:
	}
	return helpText{
		http.StatusNotFound, "This link does not work",
		"It may have been cut off when it was copied or passed on. Open it again from the mail itself, or copy the whole of it.",
		"It may have been cut off when it was copied or passed on. Open it again from the newest mail about this question.", false,
	}
}

// helpPage is what the template shows.
type helpPage struct {
	base
	Text     string
	ForStaff bool
	Acted    bool // something was pressed, and it did not count
	Again    bool
}

// help answers a link that opens no page. It changes nothing, says what to do
// instead, and names the clinic only when a verified token does.
func (p *public) help(w http.ResponseWriter, r *http.Request, who audience, clinic *Clinic, why helpWhy) {
	t := why.text()
	p.Log.Info("link not opened", logRoute, route(r), logWhy, t.title)
	if t.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "30")
	}
	page := helpPage{
		base: base{Title: t.title, Clinic: clinic, CrisisBar: clinic != nil && who == forClient, T: newTimes(p.Now(), nil)},
		Text: t.client, ForStaff: who == forStaff, Acted: !reads(r), Again: t.again,
	}
	if who == forStaff {
		page.Text = t.staff
	}
	p.pages.write(w, p.Log, t.status, "help", page)
}

// route is a request's path without what is secret in it.
func route(r *http.Request) string {
	if r.Pattern == "" {
		return "/"
	}
	return r.Pattern
}
