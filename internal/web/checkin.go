package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"unicode/utf8"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/links"
)

// maxText is how many characters of a check-in's free text are kept, and maxRead how
// many are looked at: of a longer one both ends, where most is said.
const (
	maxText = 2000
	maxRead = 4900
)

// checkinPage is the question, and after an answer what became of it.
type checkinPage struct {
	base
	ID      string
	Press   string // what sending again repeats, after an answer that was not confirmed
	Reasons []choice
	Wishes  []choice
	Feeling Feeling
	Text    string
	Missing bool // no answer was chosen
	// Said is set once an answer was given; Confirmed says that it counted.
	Said      Feeling
	Confirmed bool
	Cut       bool // the text was longer than what is kept

	// Wished is what is said of a wish that a person sees to.
	Wished string
	// Stopped and Rests say what a wish came to: no more mail, or none until a day.
	Stopped bool
	// Line shows the crisis line although the client feels okay.
	Line  bool
	Rests string
	// Preferences is where the client changes their mind about mail.
	Preferences string
	// Resources are services that may help; MayMail says that the list can be mailed.
	Resources []Resource
	Flagged   bool
	MayMail   bool
	// Listed is what became of mailing the list, "" where nobody asked for that.
	Listed Result
}

// choice is a Choice that may be marked.
type choice struct {
	Choice
	On bool
}

func (p *public) showCheckin(w http.ResponseWriter, r *http.Request, v visit) {
	// A form needs no record; without one it speaks the browser's language.
	_, _ = p.meet(r, &v)
	p.pages.write(w, p.Log, http.StatusOK, "checkin", p.checkinPage(v, Answer{}))
}

// checkinPage is the form with an answer filled in.
func (p *public) checkinPage(v visit, a Answer) checkinPage {
	say := v.speech.Say()
	page := checkinPage{base: p.base(v, say.CheckinTitle), ID: links.NewID(), Feeling: a.Feeling, Text: a.Text}
	page.CrisisBar = true
	for _, c := range say.Reasons {
		page.Reasons = append(page.Reasons, choice{c, slices.Contains(a.Reasons, c.Code)})
	}
	for _, c := range say.Wishes {
		page.Wishes = append(page.Wishes, choice{c, a.Wish == c.Code})
	}
	return page
}

// answerCheckin takes an answer. "Not safe" is one press without a code: a mail
// scanner's false alarm is accepted there, a real one that got lost is not.
func (p *public) answerCheckin(w http.ResponseWriter, r *http.Request, v visit) {
	answer, whole := readAnswer(r)
	if r.PostFormValue("do") == "list" && !r.PostForm.Has("unsafe") {
		p.mailList(w, r, v, answer)
		return
	}
	if answer.Feeling == "" {
		_, _ = p.meet(r, &v)
		page := p.checkinPage(v, answer)
		page.Missing = true
		page.Title = fmt.Sprintf(page.Say().ChooseTitle, page.Title)
		p.pages.write(w, p.Log, http.StatusUnprocessableEntity, "checkin", page)
		return
	}
	press := p.press(r)
	content := append([]string{"answer", string(answer.Feeling), answer.Wish, answer.Text}, answer.Reasons...)
	ctx, cancel := acting(r)
	defer cancel()
	_, err := p.ClientActs.Answer(ctx, act(press, v, content...), answer)
	if errors.Is(err, ErrUnknown) && answer.Feeling.Safe() {
		p.lookupFailed(w, r, v, err)
		return
	}
	// What the answer came to stands on record only now.
	known, _ := p.meet(r, &v)
	page, status := p.checkinPage(v, answer), http.StatusOK
	if err != nil {
		// Whatever went wrong, somebody who is not safe gets the crisis line
		// and is told that the clinic may not know.
		p.notConfirmed(r, v, err)
		page.Press, status = press, http.StatusServiceUnavailable
	}
	page.Said, page.Confirmed, page.Cut = answer.Feeling, err == nil, !whole
	// Words are read later, and an earlier "not safe" stands: the line is there for both.
	page.Line = answer.Text != "" || v.client.Flagged
	page.Title = saidTitle(page.Say(), answer.Feeling, err == nil)
	if err == nil && known && answer.Feeling.Safe() {
		p.comesToo(r, v, answer, &page)
	}
	p.pages.write(w, p.Log, status, "checkin", page)
}

// comesToo adds what a safe answer comes to beside the thanks: what the wish did,
// and services that fit.
func (p *public) comesToo(r *http.Request, v visit, a Answer, page *checkinPage) {
	say := page.Say()
	page.Wished = map[string]string{"visit": say.WishedVisit, "call": say.WishedCall, "another-approach": say.WishedOther}[a.Wish]
	page.Stopped = a.Wish == "stop" && v.client.OptedOut
	if a.Wish == "pause" && !v.client.OptedOut && v.client.RestsUntil.After(p.Now()) {
		page.Rests = page.Day(v.client.RestsUntil)
		page.Preferences = p.preferencesOf(v)
	}
	p.services(r, v, a.Reasons, page)
}

// services lists what may help. Where that cannot be looked up the page goes
// without: it has said what matters.
func (p *public) services(r *http.Request, v visit, reasons []string, page *checkinPage) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), meetTimeout)
	defer cancel()
	found, err := p.Clients.Resources(ctx, v.claims.Clinic, v.claims.Recipient, reasons)
	if err != nil {
		p.Log.Warn("services not listed", logRoute, route(r), logError, err)
		return
	}
	page.Resources, page.Flagged = found, v.client.Flagged
	page.MayMail = len(found) > 0 && !v.client.Flagged && !v.client.OptedOut
}

// preferencesOf is the address of the client's preferences page: a link from here
// lives no longer than the one that led here.
func (p *public) preferencesOf(v visit) string {
	c := v.claims
	c.Purpose = links.Preferences
	return "/u/" + p.Keys.Sign(c)
}

// mailList mails the client the services that their answer listed.
func (p *public) mailList(w http.ResponseWriter, r *http.Request, v visit, a Answer) {
	ctx, cancel := acting(r)
	defer cancel()
	press := p.press(r)
	out, err := p.ClientActs.MailList(ctx, act(press, v, append([]string{"list"}, a.Reasons...)...), a.Reasons)
	if errors.Is(err, ErrUnknown) {
		p.lookupFailed(w, r, v, err)
		return
	}
	known, _ := p.meet(r, &v)
	page, status := p.checkinPage(v, a), http.StatusOK
	say := page.Say()
	page.Listed = out.Result
	switch {
	case err != nil:
		p.notConfirmed(r, v, err)
		page.Listed, page.Press, status = notKnown, press, http.StatusServiceUnavailable
		page.Title = say.NotYetTitle
	case out.Result == MailAsked:
		page.Title = say.ListSentTitle
	default:
		page.Title = say.ListNotSentTitle
	}
	if known {
		p.services(r, v, a.Reasons, &page)
	}
	p.pages.write(w, p.Log, status, "checkin", page)
}

// notKnown says that nobody knows yet what became of a press.
const notKnown Result = "unknown"

func saidTitle(say *phrases, f Feeling, confirmed bool) string {
	switch {
	case f == NotSafe:
		return say.CallNowTitle
	case !confirmed:
		return say.NotYetTitle
	default:
		return say.ThanksTitle
	}
}

// readAnswer reads the form; unknown codes are left out, and whole is false
// when the text had to be cut.
func readAnswer(r *http.Request) (a Answer, whole bool) {
	switch f := Feeling(r.PostFormValue("feeling")); {
	case r.PostForm.Has("unsafe"):
		// The button that says so counts before what else is chosen.
		a.Feeling = NotSafe
	case f == Okay, f == Hard, f == NotSafe:
		a.Feeling = f
	}
	for _, c := range Reasons() {
		if slices.Contains(r.PostForm["reason"], c.Code) {
			a.Reasons = append(a.Reasons, c.Code)
		}
	}
	for _, c := range Wishes() {
		if r.PostFormValue("wish") == c.Code {
			a.Wish = c.Code
		}
	}
	all := cut(r.PostFormValue("text"), maxForm)
	a.Text = events.Ends(all, maxRead)
	return a, utf8.RuneCountInString(all) <= maxText
}
