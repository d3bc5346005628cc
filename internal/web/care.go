package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/links"
)

// Care does what staff say about one client: what they notice, that they worry, and
// whether mail may go out. Every method publishes, waits up to 5 s until that was decided,
// and says what was decided. Act.Target is the client's key and Act.Recipient
// the member of staff. The error is ErrUnknown, ErrDay or ErrNotConfirmed; any
// other is shown as not confirmed.
type Care interface {
	Notice(ctx context.Context, a Act, n Notice) (Said, error)
	// Raise asks for somebody to see whether the client is safe, now or today, with
	// the words of whoever asks, "" for none. Act.Target may be a link's target, too.
	Raise(ctx context.Context, a Act, level events.ConcernLevel, words string) (Raised, error)
	// Pause stops care mail until a day of the clinic's calendar begins,
	// "2026-03-09", or until somebody lifts it when day is "".
	Pause(ctx context.Context, a Act, day string) (Said, error)
	// Resume lifts a pause; with optIn, which is the client's own wish, it lifts
	// an opt-out too.
	Resume(ctx context.Context, a Act, optIn bool) (Said, error)
}

// ErrDay says that a pause cannot end on the day given: it is none, or it has
// begun.
var ErrDay = errors.New("not a day to come")

// Notice is what a member of staff notices, in the codes of events.Noticed,
// events.NoteReasons and events.Approaches.
type Notice struct {
	Noticed          []string
	Reason, Approach string
}

func (n Notice) empty() bool { return len(n.Noticed) == 0 && n.Reason == "" && n.Approach == "" }

// content is what makes one notice another than the next.
func (n Notice) content() []string {
	return append([]string{"notice", n.Reason, n.Approach}, n.Noticed...)
}

// Said is the decision on what staff said.
type Said struct {
	// Counted says that it stands; Reason is the decision's, in words.
	Counted bool
	Reason  string
}

// MailState is whether mail to a client may go out, as far as the client and
// staff have a say in it.
type MailState struct {
	// OptedOut says that the client asked for no more mail.
	OptedOut bool
	Paused   bool
	Until    time.Time // when the pause ends by itself; zero for never
}

// noticePage is the form for what somebody notices.
type noticePage struct {
	base
	Client          ClientView
	Form, ID, Press string
	Unconfirmed     bool
	noticeFields
}

// noticeFields are the form's choices, wherever it stands.
type noticeFields struct {
	About                        string // whom they are about, where the page does not say
	Noticed, Reasons, Approaches []choice
	Missing                      bool // nothing was chosen
	// More opens the part that may be left out.
	More bool
}

func newNoticeFields(given Notice) noticeFields {
	return noticeFields{
		Noticed:    choices(events.Noticed(), given.Noticed...),
		Reasons:    choices(append([]events.Choice{{Words: "I do not know"}}, events.NoteReasons()...), given.Reason),
		Approaches: choices(append([]events.Choice{{Words: "They have not said"}}, events.Approaches()...), given.Approach),
		More:       given.Reason != "" || given.Approach != "",
	}
}

// noticed is the way to the form: it shows, and decides nothing.
func (s *staff) noticed(w http.ResponseWriter, r *http.Request, v session) {
	s.writeNotice(w, r, v, http.StatusOK, noticePage{}, Notice{})
}

func (s *staff) writeNotice(w http.ResponseWriter, r *http.Request, v session, status int, page noticePage, n Notice) {
	c, err := s.Overview.Client(r.Context(), r.PathValue("clinic"), r.PathValue("key"))
	if s.Care == nil {
		err = ErrUnknown
	}
	if err != nil {
		s.failed(w, r, v, err)
		return
	}
	shown(s.Log, r, c.Clinic, c.Key)
	s.saw(v, Sight{Page: PageClient, Clinic: c.Clinic, ClientKey: c.Key})
	page.base, page.Client = s.base(v, "What do you notice?", "overview"), c
	page.Form, page.ID = v.nonce(), links.NewID()
	missing := page.Missing
	page.noticeFields = newNoticeFields(n)
	page.Missing, page.About = missing, c.Name
	s.pages.write(w, s.Log, status, "notice", page)
}

func choices(list []events.Choice, on ...string) []choice {
	out := make([]choice, len(list))
	for i, c := range list {
		out[i] = choice{Choice(c), slices.Contains(on, c.Code)}
	}
	return out
}

// readNotice reads the form; unknown codes are left out.
func readNotice(r *http.Request) Notice {
	var n Notice
	for _, c := range events.Noticed() {
		if slices.Contains(r.PostForm["noticed"], c.Code) {
			n.Noticed = append(n.Noticed, c.Code)
		}
	}
	one := func(list []events.Choice, field string) string {
		given := r.PostFormValue(field)
		if slices.ContainsFunc(list, func(c events.Choice) bool { return c.Code == given }) {
			return given
		}
		return ""
	}
	n.Reason, n.Approach = one(events.NoteReasons(), "reason"), one(events.Approaches(), "approach")
	return n
}

// notice takes what somebody notices.
func (s *staff) notice(w http.ResponseWriter, r *http.Request) {
	v, ok := s.pressed(w, r, s.Care != nil)
	if !ok {
		return
	}
	n := readNotice(r)
	if n.empty() {
		s.writeNotice(w, r, v, http.StatusUnprocessableEntity, noticePage{noticeFields: noticeFields{Missing: true}}, n)
		return
	}
	ctx, cancel := acting(r)
	defer cancel()
	press := pressName(r, s.Wall())
	said, err := s.Care.Notice(ctx, staffAct(r, v, press, n.content()...), n)
	switch {
	case errors.Is(err, ErrUnknown):
		s.failed(w, r, v, err)
	case err != nil:
		s.notConfirmed(r, err)
		s.writeNotice(w, r, v, http.StatusServiceUnavailable, noticePage{Unconfirmed: true, Press: press}, n)
	default:
		s.said(w, r, v, said, "Thank you")
	}
}

// mailTo pauses and resumes mail to one client.
func (s *staff) mailTo(w http.ResponseWriter, r *http.Request) {
	v, ok := s.pressed(w, r, s.Care != nil)
	if !ok {
		return
	}
	do, day := r.PostFormValue("do"), r.PostFormValue("until")
	ctx, cancel := acting(r)
	defer cancel()
	press := pressName(r, s.Wall())
	act := staffAct(r, v, press, do, day)
	var said Said
	var err error
	heading := "The pause is lifted"
	switch {
	case do == "pause":
		heading = "Mail is paused"
		said, err = s.Care.Pause(ctx, act, day)
	case do == "resume":
		said, err = s.Care.Resume(ctx, act, false)
	case do == "opt-in" && r.PostFormValue("asked") == "yes":
		heading = "Mail may go out again"
		said, err = s.Care.Resume(ctx, act, true)
	case do == "opt-in":
		s.writeClient(w, r, v, http.StatusUnprocessableEntity, &note{
			Heading: "Did the client ask for it?", Text: "Only the client can ask for mail again. Tick the sentence when they did. Nothing was changed.", Warn: true, Open: do,
		})
		return
	default:
		s.writeClient(w, r, v, http.StatusUnprocessableEntity, &note{Heading: "Nothing was changed", Text: "Press one of the buttons below.", Warn: true})
		return
	}
	switch {
	case errors.Is(err, ErrUnknown):
		s.failed(w, r, v, err)
	case errors.Is(err, ErrDay):
		s.writeClient(w, r, v, http.StatusUnprocessableEntity, &note{
			Heading: "Until which day?", Text: "Choose a day after today, or none for a pause until somebody lifts it. Nothing was changed.", Warn: true, Open: do,
		})
	case err != nil:
		s.notConfirmed(r, err)
		s.writeClient(w, r, v, http.StatusServiceUnavailable, &note{
			Heading: "Not yet confirmed", Text: "We do not know yet whether this was recorded. Press the same button again: it will not count twice.", Warn: true, Press: press, Open: do,
		})
	default:
		s.said(w, r, v, said, heading)
	}
}

// said shows the client with the decision above.
func (s *staff) said(w http.ResponseWriter, r *http.Request, v session, said Said, heading string) {
	n := &note{Heading: heading, Text: sentence(said.Reason) + "."}
	if !said.Counted {
		n.Heading, n.Warn = "Please look again", true
		n.Text += " Something else counts now. What stands is below."
	}
	s.writeClient(w, r, v, http.StatusOK, n)
}

func (s *staff) notConfirmed(r *http.Request, err error) {
	s.Log.Warn("act not confirmed", logRoute, route(r), logError, err)
}

// pressed lets a press through that comes from one of the session's own forms,
// so that no other site can make it, and answers every other. taken says whether
// somebody takes such presses at all.
func (s *staff) pressed(w http.ResponseWriter, r *http.Request, taken bool) (session, bool) {
	v, ok := s.session(r)
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if !ok || !taken || !v.holds(r.PostFormValue("form")) {
		s.say(w, v, http.StatusForbidden, "That did not work", "Nothing was changed. Go back, load the page again and press the button once more.")
		return v, false
	}
	return v, true
}

// staffAct is the Act of a press on a client's page. Its id follows from the
// press, the person, the client and the content.
func staffAct(r *http.Request, v session, press string, content ...string) Act {
	a := Act{Clinic: r.PathValue("clinic"), Target: r.PathValue("key"), Recipient: v.claims.Recipient}
	a.ID = derive("staff act", append([]string{press, a.Recipient, a.Clinic, a.Target}, content...)...)
	return a
}
