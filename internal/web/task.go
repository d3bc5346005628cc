package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/mooring-care/mooring/internal/links"
)

// TaskCases looks one open task up, from the leader. Both methods return
// ErrUnknown for a client or clinic that is not known, and a *TaskOverError for
// a task that is not open any more.
type TaskCases interface {
	// TaskGlance is what a link alone may show: nothing about the client.
	TaskGlance(ctx context.Context, clinic, id string) (TaskGlance, error)
	// TaskCase is what the 15-minute session shows. It is asked for only after
	// the short code was given.
	TaskCase(ctx context.Context, clinic, id string) (TaskCase, error)
}

// TaskEnd is who finished a task, and when; zero where nobody did, since what
// asked for it has ended.
type TaskEnd struct {
	By, Name string // a directory id and a name
	At       time.Time
}

// TaskOverError says that a task is not open any more, and how it ended.
type TaskOverError struct{ TaskEnd }

func (*TaskOverError) Error() string { return "the task is not open any more" }

// TaskGlance is a task without the client. Before the code was given a page
// shows Due and Owner alone: What may say more than a mail does.
type TaskGlance struct {
	What string // in words
	Due  time.Time
	// OwnerID and Owner are whom it is with: a directory id and a name.
	OwnerID, Owner string
	// Asks says that the task asks whether a mail may leave.
	Asks bool
}

// TaskCase is a task with the client.
type TaskCase struct {
	TaskGlance
	ID        string // of the task
	ClientKey string
	Client    Contact
	// Text is what the client wrote, "" for nothing.
	Text    string
	Brief   []Fact
	Opening string
}

// taskPage is the three states of /t/: the glance that the link alone shows,
// the case that a session shows, and the end.
type taskPage struct {
	base
	Glance TaskGlance
	// Case is nil without a session; Nonce and Left belong to the session.
	Case  *TaskCase
	Nonce string
	Left  string

	You   string // the name of the person whose link this is
	Other string // the name of whom the task is with, where that is somebody else
	ID    string // the nonce of the act that is made next
	Press string // set after an act that was not confirmed
	// CodeError is what is wrong with the code that was given.
	CodeError string
	Note      *note
	Late      bool
	noticeFields
}

func (p *public) showTask(w http.ResponseWriter, r *http.Request, v visit) {
	if s, ok := p.caseOf(r, v); ok {
		p.writeTask(w, r, v, s, http.StatusOK, nil, Notice{})
		return
	}
	p.writeTaskGlance(w, r, v, http.StatusOK, "", nil)
}

// writeTaskGlance shows when it is due, and asks for the code.
func (p *public) writeTaskGlance(w http.ResponseWriter, r *http.Request, v visit, status int, codeError string, n *note) {
	g, err := p.TaskCases.TaskGlance(r.Context(), v.claims.Clinic, v.claims.Target)
	if err != nil {
		p.taskNotShown(w, r, v, err)
		return
	}
	page := p.taskPage(v, g)
	page.CodeError, page.Note = codeError, n
	p.pages.write(w, p.Log, status, "task", page)
}

// writeTask shows the client, to the session alone, and logs that it did.
func (p *public) writeTask(w http.ResponseWriter, r *http.Request, v visit, s session, status int, n *note, given Notice) {
	c, err := p.TaskCases.TaskCase(r.Context(), v.claims.Clinic, v.claims.Target)
	if err != nil {
		p.taskNotShown(w, r, v, err)
		return
	}
	page := p.taskPage(v, c.TaskGlance)
	page.Title = c.Client.Name
	page.Case, page.Nonce, page.Note = &c, s.nonce(), n
	page.noticeFields = newNoticeFields(given)
	if n != nil {
		page.Press = n.Press
		page.Missing = n.Open == openNotice
	}
	page.Left = p.left(s)
	p.saw(r, v, s, PageTask, c.ClientKey)
	p.pages.write(w, p.Log, status, "task", page)
}

func (p *public) taskPage(v visit, g TaskGlance) taskPage {
	page := taskPage{base: p.base(v, "A task for you"), Glance: g, You: v.person, ID: links.NewID(), Late: p.Now().After(g.Due)}
	if g.OwnerID != v.claims.Recipient {
		page.Other = g.Owner
	}
	return page
}

// taskNotShown answers where there is no task to show: a finished one with
// what became of it, and no word of the client.
func (p *public) taskNotShown(w http.ResponseWriter, r *http.Request, v visit, err error) {
	over, ok := errors.AsType[*TaskOverError](err)
	if !ok {
		p.lookupFailed(w, r, v, err)
		return
	}
	p.writeTaskOver(w, r, v, over.TaskEnd)
}

// writeTaskOver says who finished a task, and when. A press that came later
// changed nothing, and is told so; only the same person's own counts as theirs.
func (p *public) writeTaskOver(w http.ResponseWriter, r *http.Request, v visit, end TaskEnd) {
	page := sayPage{When: end.At, Text: "It is marked as done. You need do nothing."}
	mine, status := end.By == v.claims.Recipient, http.StatusOK
	if !reads(r) && !mine {
		status, page.Text = http.StatusConflict, "It ended before you pressed, so nothing more was recorded. You need do nothing."
	}
	switch {
	case end.By == "":
		page.base = p.base(v, "This task is not open any more")
		if reads(r) {
			page.Text = "It is not needed now. You need do nothing."
		}
	case mine:
		page.base = p.base(v, "You finished this task")
	default:
		page.base = p.base(v, end.Name+" finished this task")
	}
	p.pages.write(w, p.Log, status, "say", page)
}

// openNotice is note.Open where the notice needs an answer.
const openNotice = "notice"

// actOnTask takes every press on /t/. A form with a code opens the session;
// every other one needs it.
func (p *public) actOnTask(w http.ResponseWriter, r *http.Request, v visit) {
	s, ok := p.held(w, r, v, func(status int, codeError string, n *note) { p.writeTaskGlance(w, r, v, status, codeError, n) })
	if !ok {
		return
	}
	switch r.PostFormValue("do") {
	case "notice":
		p.noticeOnTask(w, r, v, s)
	case "worry-now", "worry-today":
		p.raiseOnTask(w, r, v, s)
	case "done", "release":
		p.finishTask(w, r, v, s)
	case "leave":
		p.endCase(w, v)
		seeOther(w, r, v)
	default:
		p.help(w, r, forStaff, v, helpForm)
	}
}

// noticeOnTask records what somebody notices about the client whom the task is
// about.
func (p *public) noticeOnTask(w http.ResponseWriter, r *http.Request, v visit, s session) {
	n := readNotice(r)
	if n.empty() {
		p.writeTask(w, r, v, s, http.StatusUnprocessableEntity, &note{
			Heading: "Nothing was saved", Text: "Tap one of the boxes below first, then save.", Warn: true, Open: openNotice,
		}, n)
		return
	}
	c, err := p.TaskCases.TaskCase(r.Context(), v.claims.Clinic, v.claims.Target)
	if err != nil {
		p.taskNotShown(w, r, v, err)
		return
	}
	ctx, cancel := acting(r)
	defer cancel()
	press := p.press(r)
	a := act(press, v, n.content()...)
	a.Target = c.ClientKey
	said, err := p.Care.Notice(ctx, a, n)
	if err != nil {
		p.taskNotConfirmed(w, r, v, s, press, err, n)
		return
	}
	thanks := &note{Heading: "Thank you", Text: sentence(said.Reason) + ". The task is still open."}
	if !said.Counted {
		thanks.Heading, thanks.Warn = "Please look again", true
	}
	p.writeTask(w, r, v, s, http.StatusOK, thanks, Notice{})
}

// raiseOnTask asks whether the client whom the task is about is safe. A task that is
// open stays so.
func (p *public) raiseOnTask(w http.ResponseWriter, r *http.Request, v visit, s session) {
	p.raiseOn(w, r, v, func(status int, n *note) bool {
		if _, err := p.TaskCases.TaskCase(r.Context(), v.claims.Clinic, v.claims.Target); err != nil {
			return false
		}
		p.writeTask(w, r, v, s, status, n, Notice{})
		return true
	})
}

// finishTask marks the task as done, in the name of the person whose link this
// is; whoever was faster is named instead.
func (p *public) finishTask(w http.ResponseWriter, r *http.Request, v visit, s session) {
	c, err := p.TaskCases.TaskCase(r.Context(), v.claims.Clinic, v.claims.Target)
	if err != nil {
		p.taskNotShown(w, r, v, err)
		return
	}
	ctx, cancel := acting(r)
	defer cancel()
	press := p.press(r)
	end, err := p.Tasks.Finish(ctx, v.claims.Clinic, c.ClientKey, c.ID, v.claims.Recipient, c.Asks && r.PostFormValue("do") == "release")
	if err != nil {
		p.taskNotConfirmed(w, r, v, s, press, err, Notice{})
		return
	}
	p.endCase(w, v)
	if end.By != v.claims.Recipient {
		p.writeTaskOver(w, r, v, end)
		return
	}
	p.pages.write(w, p.Log, http.StatusOK, "say", sayPage{
		base: p.base(v, "Thank you, that is done"), Text: "Your colleagues can see that you did it. You can close this page.",
	})
}

func (p *public) taskNotConfirmed(w http.ResponseWriter, r *http.Request, v visit, s session, press string, err error, given Notice) {
	if errors.Is(err, ErrUnknown) {
		p.lookupFailed(w, r, v, err)
		return
	}
	p.notConfirmed(r, v, err)
	p.writeTask(w, r, v, s, http.StatusServiceUnavailable, &note{
		Heading: "Not yet confirmed", Text: "We do not know yet whether this was recorded. Press the same button again: it will not count twice.", Warn: true, Press: press,
	}, given)
}
