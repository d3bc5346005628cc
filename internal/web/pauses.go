package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/mooring-care/mooring/internal/links"
)

// PauseWhyMost bounds the reason of a pause, in characters.
const PauseWhyMost = 200

// Pauses stops mail to clients at once, of a clinic or of one workflow, and lets it
// go out again. Act.Target is the workflow's name, "" for all of the clinic's mail.
// Both methods return once this process keeps to the change. counted says that what
// was asked for stands; it is false where something else does. The error is
// ErrUnknown or ErrNotConfirmed; any other is shown as not confirmed.
type Pauses interface {
	// Hold pauses. why is one line of 1 to PauseWhyMost characters. A pause that
	// stands already is not replaced, nor does a press that was lifted since count
	// again.
	Hold(ctx context.Context, a Act, why string) (counted bool, err error)
	// Release lifts the pause with this Pause.ID and no other.
	Release(ctx context.Context, a Act, pause string) (counted bool, err error)
}

// ClinicMail is what of a clinic's mail to clients is paused.
type ClinicMail struct {
	Clinic, Name string
	All          MailPause
	// Workflows are those that write to clients, and every other that is paused.
	Workflows []MailPause
}

// MailPause is whether some mail is paused, and by whom.
type MailPause struct {
	// Workflow is a name, and Title what people call it; both are "" for all mail.
	Workflow, Title string
	// Staff is the pause that somebody asked for; nil for none.
	Staff *Pause
	// Folder says that the clinic's folder pauses it; only a change there ends that.
	Folder bool
}

// Is says whether it is paused.
func (m MailPause) Is() bool { return m.Staff != nil || m.Folder }

// What names the mail.
func (m MailPause) What() string {
	if m.Workflow == "" {
		return "All mail"
	}
	return m.Title
}

// Pause is a pause that somebody asked for.
type Pause struct {
	// ID tells it from every other pause of the same mail.
	ID    string
	By    string // name
	Why   string
	Since time.Time
}

// pausedMail is a MailPause as pages show it.
type pausedMail struct {
	MailPause
	Clinic, ClinicName string
	T                  times
}

// paused lists what is paused; all says that it is all mail of some clinic.
func paused(clinics []ClinicMail, t times) (list []pausedMail, all bool) {
	for _, c := range clinics {
		all = all || c.All.Is()
		for _, m := range append([]MailPause{c.All}, c.Workflows...) {
			if m.Is() {
				list = append(list, pausedMail{m, c.Clinic, c.Name, t})
			}
		}
	}
	return list, all
}

// pausesPage is where mail is paused and let out again.
type pausesPage struct {
	base
	Note    *note
	Clinics []pausableClinic
	asked   pauseAsked
}

type pausableClinic struct {
	Clinic, Name string
	All          pausable
	Workflows    []pausable
}

// pausable is mail that can be paused, with its form.
type pausable struct {
	pausedMail
	Form, ID, Press string
	// Why is what was given as the reason, Error what is missing there.
	Why, Error string
	// Open is set where the form stands open.
	Open bool
}

// At is what ids within the page begin or end with.
func (p pausable) At() string { return p.Clinic + "." + p.Workflow }

// Most is how long a reason may be.
func (pausable) Most() int { return PauseWhyMost }

// pauseAsked is what a press asks for.
type pauseAsked struct {
	clinic, workflow string
	do               string
	why              string // the reason, where do is "pause"
	pause            string // which pause to lift, where do is "lift"
	press            string
	// problem is what is missing of the reason; again, that the press is to be
	// repeated.
	problem string
	again   bool
}

func (s *staff) readPause(r *http.Request) pauseAsked {
	return pauseAsked{
		clinic: r.PostFormValue("clinic"), workflow: r.PostFormValue("workflow"), do: r.PostFormValue("do"),
		why: strings.TrimSpace(r.PostFormValue("why")), pause: r.PostFormValue("pause"), press: pressName(r, s.Wall()),
	}
}

// act is the Act of the press. Its id follows from the press, the person, the mail
// and the content.
func (p pauseAsked) act(v session) Act {
	a := Act{Clinic: p.clinic, Target: p.workflow, Recipient: v.claims.Recipient}
	a.ID = derive("pause act", p.press, a.Recipient, p.clinic, p.workflow, p.do, p.why, p.pause)
	return a
}

// whyProblem says what is to be mended about a reason, "" for nothing.
func whyProblem(why string) string {
	switch {
	case why == "":
		return "Please say why, in a few words. Nothing was paused yet."
	case utf8.RuneCountInString(why) > PauseWhyMost:
		return fmt.Sprintf("Please say it in %d characters or fewer. Nothing was paused yet.", PauseWhyMost)
	case !utf8.ValidString(why) || strings.ContainsFunc(why, unicode.IsControl):
		return "Please write it on one line. Nothing was paused yet."
	}
	return ""
}

// pauses shows what is paused and what can be, and decides nothing.
func (s *staff) pauses(w http.ResponseWriter, r *http.Request, v session) {
	s.writePauses(w, r, v, http.StatusOK, pausesPage{})
}

func (s *staff) writePauses(w http.ResponseWriter, r *http.Request, v session, status int, page pausesPage) {
	if s.Pauses == nil {
		s.failed(w, r, v, ErrUnknown)
		return
	}
	clinics, err := s.Overview.ClinicMail(r.Context())
	if err != nil && page.Note != nil {
		// What was pressed has its answer, whether or not the page can be read.
		s.say(w, v, status, page.Note.Heading, page.Note.Text)
		return
	}
	if err != nil {
		s.failed(w, r, v, err)
		return
	}
	page.base = s.base(v, "Pause mail to clients", "pauses")
	for _, c := range clinics {
		shown := pausableClinic{Clinic: c.Clinic, Name: c.Name, All: page.pausable(v, c, c.All)}
		for _, m := range c.Workflows {
			shown.Workflows = append(shown.Workflows, page.pausable(v, c, m))
		}
		page.Clinics = append(page.Clinics, shown)
	}
	s.pages.write(w, s.Log, status, "pauses", page)
}

// pausable is the mail with its form; the form that was pressed keeps what it held.
func (page *pausesPage) pausable(v session, c ClinicMail, m MailPause) pausable {
	p := pausable{
		pausedMail: pausedMail{m, c.Clinic, c.Name, page.T},
		Form:       v.nonce(), ID: links.NewID(), Open: m.Is(),
	}
	if a := page.asked; a.clinic == c.Clinic && a.workflow == m.Workflow && (a.problem != "" || a.again) {
		p.Why, p.Error, p.Open = a.why, a.problem, true
		if a.again {
			p.Press = a.press
		}
	}
	return p
}

// pauseMail pauses mail and lifts a pause.
func (s *staff) pauseMail(w http.ResponseWriter, r *http.Request) {
	v, ok := s.pressed(w, r, s.Pauses != nil)
	if !ok {
		return
	}
	asked := s.readPause(r)
	ctx, cancel := acting(r)
	defer cancel()
	var counted bool
	var err error
	done := &note{Heading: "Mail is paused", Text: "It stays so until somebody lets it go out again. What stands is below."}
	switch asked.do {
	case "pause":
		if asked.problem = whyProblem(asked.why); asked.problem != "" {
			s.writePauses(w, r, v, http.StatusUnprocessableEntity, pausesPage{asked: asked})
			return
		}
		counted, err = s.Pauses.Hold(ctx, asked.act(v), asked.why)
	case "lift":
		done = &note{Heading: "The pause is lifted", Text: "Mail goes out again, unless another pause below keeps it. What was left out is not sent later."}
		counted, err = s.Pauses.Release(ctx, asked.act(v), asked.pause)
	default:
		s.writePauses(w, r, v, http.StatusUnprocessableEntity, pausesPage{Note: &note{Heading: "Nothing was changed", Text: "Press one of the buttons below.", Warn: true}})
		return
	}
	switch {
	case errors.Is(err, ErrUnknown):
		s.writePauses(w, r, v, http.StatusNotFound, pausesPage{Note: &note{Heading: "Nothing was changed", Text: "We do not know this mail any more. What stands is below.", Warn: true}})
	case err != nil:
		s.notConfirmed(r, err)
		asked.again = true
		s.writePauses(w, r, v, http.StatusServiceUnavailable, pausesPage{asked: asked, Note: &note{
			Heading: "Not yet confirmed", Text: "We do not know yet whether this counts. Press the same button again: it will not count twice.", Warn: true,
		}})
	case !counted:
		s.writePauses(w, r, v, http.StatusOK, pausesPage{Note: &note{Heading: "Please look again", Text: "Something else counts now, so this press changed nothing. What stands is below.", Warn: true}})
	default:
		s.writePauses(w, r, v, http.StatusOK, pausesPage{Note: done})
	}
}
