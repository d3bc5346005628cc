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
// session shows. Nothing has to be pressed; whoever worries can ask for a call.
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
		p.writeNote(w, r, v, s, http.StatusOK, nil)
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
func (p *public) writeNote(w http.ResponseWriter, r *http.Request, v visit, s session, status int, n *note) {
	c, err := p.NoteCases.NoteCase(r.Context(), v.claims.Clinic, v.claims.Target)
	if err != nil {
		p.lookupFailed(w, r, v, err)
		return
	}
	page := p.notePage(v, c.Client.Name)
	page.Case, page.Nonce, page.Left, page.Note = &c, s.nonce(), p.left(s), n
	if n != nil {
		page.Press = n.Press
	}
	p.saw(r, v, s, PageNote, c.ClientKey)
	p.pages.write(w, p.Log, status, "note", page)
}

// actOnNote takes the code, the way out, and the question whether the client is safe.
func (p *public) actOnNote(w http.ResponseWriter, r *http.Request, v visit) {
	s, ok := p.held(w, r, v, func(status int, codeError string, n *note) { p.writeNoteGlance(w, v, status, codeError, n) })
	if !ok {
		return
	}
	switch r.PostFormValue("do") {
	case "leave":
		p.endCase(w, v)
		seeOther(w, r, v)
	case "worry-now", "worry-today":
		p.raiseOn(w, r, v, func(status int, n *note) bool {
			if _, err := p.NoteCases.NoteCase(r.Context(), v.claims.Clinic, v.claims.Target); err != nil {
				return false
			}
			p.writeNote(w, r, v, s, status, n)
			return true
		})
	default:
		p.help(w, r, forStaff, v, helpForm)
	}
}
