package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/links"
)

// preferencesPage says what mail goes out and how, and offers to change it.
type preferencesPage struct {
	base
	ID      string
	Press   string // what trying again repeats
	Stopped bool
	// Rests is until when the client's own break lasts, AddressUntil until when a
	// link to a new address works; "" for none.
	Rests, AddressUntil string
	// Languages can be chosen where there are several; Spoken is the page's own.
	Languages []*phrases
	// Told is what became of a press, "" after none.
	Told, ToldMore string
	// Undone is the press that was not seen to count, with what it needs to be
	// repeated; its Do is "" after none.
	Undone choiceForm
	// Typed is an address that is none, as it was written.
	Typed string
	Wrong bool
}

// choiceForm is what a form of the preferences page said.
type choiceForm struct{ Do, For, Language, Address string }

// rests are the breaks that a client can take, by the form's code.
func rests() map[string]func(time.Time) time.Time {
	return map[string]func(time.Time) time.Time{
		"2w": func(t time.Time) time.Time { return t.AddDate(0, 0, 14) },
		"1m": func(t time.Time) time.Time { return t.AddDate(0, 1, 0) },
		"3m": func(t time.Time) time.Time { return t.AddDate(0, 3, 0) },
	}
}

func (p *public) showPreferences(w http.ResponseWriter, r *http.Request, v visit) {
	if _, err := p.meet(r, &v); err != nil {
		p.lookupFailed(w, r, v, err)
		return
	}
	p.writePreferences(w, v, http.StatusOK, preferencesPage{})
}

// writePreferences shows the page as the record stands, with what page says beyond
// it.
func (p *public) writePreferences(w http.ResponseWriter, v visit, status int, page preferencesPage) {
	say := v.speech.Say()
	title := fmt.Sprintf(say.MailTitle, v.clinic.Name)
	page.Stopped = page.Stopped || v.client.OptedOut
	switch {
	case page.Undone.Do != "":
		title = say.NotYetTitle
	case page.Told != "":
		title = page.Told
	case page.Wrong:
		title = say.AddressWrongTitle
	case page.Stopped:
		title = say.StoppedTitle
	case v.client.RestsUntil.After(p.Now()):
		title = say.PausedTitle
	}
	page.base = p.base(v, title)
	page.ID, page.CrisisBar = links.NewID(), true
	if v.client.RestsUntil.After(p.Now()) {
		page.Rests = page.Day(v.client.RestsUntil)
	}
	if v.client.AddressUntil.After(p.Now()) {
		page.AddressUntil = page.Day(v.client.AddressUntil)
	}
	if all := served(&v.clinic); len(all) > 1 {
		page.Languages = all
	}
	p.pages.write(w, p.Log, status, "preferences", page)
}

// choose does what a form of the page asks for, or stops all mail in one click from
// a mail program as RFC 8058 has it, which asks nothing and is honoured at once.
// The token alone is the proof in both.
func (p *public) choose(w http.ResponseWriter, r *http.Request, v visit) {
	form := choiceForm{Do: r.PostFormValue("do")}
	if r.PostFormValue("List-Unsubscribe") == "One-Click" {
		form.Do = "stop"
	}
	ctx, cancel := acting(r)
	defer cancel()
	press := p.press(r)
	out, err := p.chosen(ctx, r, v, press, &form)
	switch {
	case errors.Is(err, errForm):
		p.help(w, r, forClient, v, helpForm)
		return
	case errors.Is(err, errAddress):
		_, _ = p.meet(r, &v)
		p.writePreferences(w, v, http.StatusUnprocessableEntity, preferencesPage{Wrong: true, Typed: form.Address})
		return
	case errors.Is(err, ErrUnknown):
		p.lookupFailed(w, r, v, err)
		return
	}
	if form.Do == "language" && err == nil {
		r.URL.RawQuery = "" // the new language speaks at once
	}
	known, _ := p.meet(r, &v)
	if err != nil {
		p.notConfirmed(r, v, err)
		// A mail program that gets a 503 tries again.
		w.Header().Set("Retry-After", "60")
		p.writePreferences(w, v, http.StatusServiceUnavailable, preferencesPage{Undone: form, Press: press})
		return
	}
	page := told(v.speech.Say(), form.Do, out.Result)
	if v.client.OptedOut && (form.Do == "pause" || form.Do == "resume") {
		page = preferencesPage{} // nothing is mailed, break or not: the page says that alone
	}
	if form.Do == "address" && out.Result == MailAsked {
		page.ToldMore = fmt.Sprintf(page.ToldMore, p.base(v, "").Day(v.client.AddressUntil))
	}
	page.Stopped = form.Do == "stop" && !known
	p.writePreferences(w, v, http.StatusOK, page)
}

var (
	// errForm: the form asks for nothing that the page offers.
	errForm = errors.New("no such choice")
	// errAddress: what was written is no address.
	errAddress = errors.New("not an address")
)

// chosen does what the form asks for, and keeps in form what repeating it needs.
func (p *public) chosen(ctx context.Context, r *http.Request, v visit, press string, form *choiceForm) (Outcome, error) {
	switch form.Do {
	case "stop":
		return p.ClientActs.OptOut(ctx, act(press, v, "opt-out"))
	case "pause":
		form.For = r.PostFormValue("for")
		until, ok := rests()[form.For]
		if !ok {
			return Outcome{}, errForm
		}
		return p.ClientChoices.Rest(ctx, act(press, v, "pause", form.For), until(p.Now().In(p.base(v, "").T.zone)))
	case "resume":
		return p.ClientChoices.EndRest(ctx, act(press, v, "resume"))
	case "language":
		form.Language = r.PostFormValue("language")
		for _, words := range served(&v.clinic) {
			if words.Tag == form.Language {
				return p.ClientChoices.Speak(ctx, act(press, v, "language", words.Tag), words.Tag)
			}
		}
	case "address":
		form.Address = strings.TrimSpace(r.PostFormValue("address"))
		if !plainAddress(form.Address) {
			form.Address = cut(form.Address, maxAddress)
			return Outcome{}, errAddress
		}
		return p.ClientChoices.AskAddress(ctx, act(press, v, "address", form.Address), form.Address)
	}
	return Outcome{}, errForm
}

// maxAddress is the longest address that there is, in bytes.
const maxAddress = 254

// plainAddress says whether mail can be sent to an address as it is written: one
// mailbox in ASCII, without quotes and comments, on a host whose name has a dot.
func plainAddress(s string) bool {
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' || strings.ContainsRune(`"<>()[],;:\`, rune(c)) {
			return false
		}
	}
	host := s[strings.LastIndexByte(s, '@')+1:]
	dot := strings.LastIndexByte(host, '.')
	return dot > 0 && len(host)-dot > 2 && events.ValidEmail(s)
}

// told is what the page says once a press has counted.
func told(say *phrases, do string, r Result) preferencesPage {
	switch do {
	case "pause":
		return preferencesPage{Told: say.PausedTitle}
	case "resume":
		return preferencesPage{Told: say.ResumedTitle, ToldMore: say.Resumed}
	case "language":
		return preferencesPage{Told: say.LanguageSavedTitle, ToldMore: say.LanguageSaved}
	case "address":
		switch r {
		case MailAsked:
			return preferencesPage{Told: say.AddressAskedTitle, ToldMore: say.AddressAsked}
		case AskedOften:
			return preferencesPage{Told: say.AddressNotAskedTitle, ToldMore: say.AddressOften}
		case LinkOld:
			return preferencesPage{Told: say.AddressNotAskedTitle, ToldMore: say.AddressOldLink}
		}
		return preferencesPage{Told: say.AddressNotAskedTitle, ToldMore: say.AddressNotAsked}
	}
	return preferencesPage{}
}
