package web

import (
	"context"
	"net/http"
	"time"

	"github.com/mooring-care/mooring/internal/links"
)

// NoteCases looks up the client whom a note to staff is about, from the leader.
type NoteCases interface {
	// NoteCase is what the 15-minute session shows; ErrUnknown for a client or
	// clinic that is not known. It is asked for only after the short code was
	// given.
	NoteCase(ctx context.Context, clinic, id string) (NoteCase, error)
}

// NoteCase is the client as they are now: the news and what came since.
type NoteCase struct {
	ClientKey string
	Client    Contact
	Brief     []Fact
	Opening   string
	Planned   []Planned
}

// notePage is the two states of /n/: what the link alone shows, and what a
// session shows. Neither has anything to press but the code and the way out.
type notePage struct {
	base
	Written time.Time
	// Case is nil without a session; Nonce and Left belong to the session.
	Case  *NoteCase
	Nonce string
	Left  string

	You       string // the name of the person whose link this is
	ID, Press string // what every form carries
	CodeError string
	Note      *note
}

func (p *public) notePage(v visit, title string) notePage {
	return notePage{base: p.base(v, title), Written: v.claims.Issued, You: v.person, ID: links.NewID()}
}

func (p *public) showNote(w http.ResponseWriter, r *http.Request, v visit) {
	if s, ok := p.caseOf(r, v); ok {
		p.writeNote(w, r, v, s)
		return
	}
	p.writeNoteGlance(w, v, http.StatusOK, "", nil)
}

// writeNoteGlance asks for the code. Nothing is looked up for it, so it cannot
// tell anything of the client.
func (p *public) writeNoteGlance(w http.ResponseWriter, v visit, status int, codeError string, n *note) {
	page := p.notePage(v, "News about one of your clients")
	page.CodeError, page.Note = codeError, n
	p.pages.write(w, p.Log, status, "note", page)
}

// writeNote shows the client, to the session alone, and logs that it did.
func (p *public) writeNote(w http.ResponseWriter, r *http.Request, v visit, s session) {
	c, err := p.NoteCases.NoteCase(r.Context(), v.claims.Clinic, v.claims.Target)
	if err != nil {
		p.lookupFailed(w, r, v, err)
		return
	}
	page := p.notePage(v, c.Client.Name)
	page.Case, page.Nonce, page.Left = &c, s.nonce(), p.left(s)
	p.saw(r, v, s, PageNote, c.ClientKey)
	p.pages.write(w, p.Log, http.StatusOK, "note", page)
}

// actOnNote takes the code and the way out; there is nothing else to press.
func (p *public) actOnNote(w http.ResponseWriter, r *http.Request, v visit) {
	_, ok := p.held(w, r, v, func(status int, codeError string, n *note) { p.writeNoteGlance(w, v, status, codeError, n) })
	switch {
	case !ok:
	case r.PostFormValue("do") == "leave":
		p.endCase(w, v)
		seeOther(w, r, v)
	default:
		p.help(w, r, forStaff, v, helpForm)
	}
}
