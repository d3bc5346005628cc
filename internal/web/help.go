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
	status int
	title  string
	text   string
	// again is true where the same link may work later.
	again bool
}

// forClient is what a client reads, in their language.
func (y helpWhy) forClient(say *phrases) helpText {
	switch y {
	case helpExpired:
		return helpText{http.StatusGone, say.ExpiredTitle, say.Expired, false}
	case helpMethod:
		return helpText{http.StatusMethodNotAllowed, say.MethodTitle, say.Reopen, true}
	case helpTooLarge:
		return helpText{http.StatusRequestEntityTooLarge, say.LongTitle, say.Long, true}
	case helpForm:
		return helpText{http.StatusBadRequest, say.FormTitle, say.Form, true}
	case helpDown:
		return helpText{http.StatusServiceUnavailable, say.DownTitle, say.Down, true}
	case helpNothing:
		return helpText{http.StatusNotFound, say.NothingTitle, say.Reopen, true}
	case helpBroken:
	}
	return helpText{http.StatusNotFound, say.BrokenTitle, say.Broken, false}
}

// forStaff is what a member of staff reads: the same titles, and other advice.
func (y helpWhy) forStaff() helpText {
	t := y.forClient(english())
	switch y {
	case helpExpired:
		t.text = "Links stop working after a while. If the question is still open, a newer mail has a link that works."
	case helpTooLarge:
		t.text = "Please go back and make your note shorter."
	case helpDown:
		t.text = "The program could not read its records. Try again in a minute. If you know who this is about, do not wait for this page."
	case helpBroken:
		t.text = "It may have been cut off when it was copied or passed on. Open it again from the newest mail about this question."
	case helpMethod, helpForm, helpNothing:
	}
	return t
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
// instead, and names the clinic only when a verified token does, or where one alone
// is served: its crisis line may be what somebody needs.
func (p *public) help(w http.ResponseWriter, r *http.Request, who audience, v visit, why helpWhy) {
	var clinic *Clinic
	told := v.clinic.ID != ""
	if told {
		clinic = &v.clinic
	} else if only, ok := p.Directory.Only(); ok {
		clinic = &only
	}
	t := why.forStaff()
	if who == forClient {
		if v.speech = speak(r, clinic, nil); told {
			// Its language matters; whether it could be found out does not.
			_, _ = p.meet(r, &v)
		}
		t = why.forClient(v.speech.Say())
	}
	p.Log.Info("link not opened", logRoute, route(r), logWhy, why.forStaff().title)
	if t.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "30")
	}
	p.pages.write(w, p.Log, t.status, "help", helpPage{
		base: base{Title: t.title, Clinic: clinic.in(v.speech), CrisisBar: clinic != nil && who == forClient, T: newTimes(p.Now(), nil), speech: v.speech},
		Text: t.text, ForStaff: who == forStaff, Acted: !reads(r), Again: t.again,
	})
}

// route is a request's path without what is secret in it.
func route(r *http.Request) string {
	if r.Pattern == "" {
		return "/"
	}
	return r.Pattern
}
