package web

import (
	"errors"
	"net/http"

	"github.com/mooring-care/mooring/internal/links"
)

// addressPage asks whoever opened the mail to a new address whether it is to be
// used, and says what became of the answer. It never shows the address: the link
// may have been passed on.
type addressPage struct {
	base
	ID, Press string
	// Done is Chosen, MailHeld, or notKnown after a press; "" before it.
	Done Result
	// Stopped says that the client wants no mail, which no address changes.
	Stopped bool
}

func (p *public) showAddress(w http.ResponseWriter, r *http.Request, v visit) {
	if _, err := p.meet(r, &v); err != nil {
		p.lookupFailed(w, r, v, err)
		return
	}
	p.writeAddress(w, v, http.StatusOK, addressPage{})
}

func (p *public) writeAddress(w http.ResponseWriter, v visit, status int, page addressPage) {
	say := v.speech.Say()
	title := say.ConfirmTitle
	switch page.Done {
	case Chosen:
		title = say.ConfirmedTitle
	case MailHeld:
		title = say.NotConfirmedTitle
	case notKnown:
		title = say.NotYetTitle
	}
	page.base, page.ID, page.Stopped = p.base(v, title), links.NewID(), v.client.OptedOut
	page.CrisisBar = true
	p.pages.write(w, p.Log, status, "address", page)
}

func (p *public) confirmAddress(w http.ResponseWriter, r *http.Request, v visit) {
	if r.PostFormValue("do") != "confirm" {
		p.help(w, r, forClient, v, helpForm)
		return
	}
	ctx, cancel := acting(r)
	defer cancel()
	press := p.press(r)
	out, err := p.ClientChoices.ConfirmAddress(ctx, act(press, v, "confirm"))
	if errors.Is(err, ErrUnknown) {
		p.lookupFailed(w, r, v, err)
		return
	}
	_, _ = p.meet(r, &v)
	if err != nil {
		p.notConfirmed(r, v, err)
		p.writeAddress(w, v, http.StatusServiceUnavailable, addressPage{Done: notKnown, Press: press})
		return
	}
	p.writeAddress(w, v, http.StatusOK, addressPage{Done: out.Result})
}
