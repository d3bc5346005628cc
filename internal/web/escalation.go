package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/links"
)

// maxNote bounds the note beside an outcome, in characters.
const maxNote = 500

// escalationPage is both states of /e/: the glance that the link alone shows,
// and the case that a session shows.
type escalationPage struct {
	base
	Glance Glance
	// Case is nil without a session; Nonce and Left belong to the session.
	Case  *Case
	Nonce string
	Left  string

	You  string // the name of the person whose link this is
	Mine bool   // this person took it
	ID   string // the nonce of the act that is made next
	// Press is set after an act that was not confirmed: pressing the same
	// button again repeats that press.
	Press string
	// Informed is somebody who was told of it and not asked.
	Informed bool
	// CodeError is what is wrong with the code that was given.
	CodeError string
	Note      *note
	Outcomes  []Choice
	Ways      []Choice
	Declines  []Choice
}

// note is said above the page once.
type note struct {
	Heading, Text string
	// Warn asks for attention: what was pressed did not count, or not yet.
	Warn bool
	// Press is what pressing again repeats, where it is not known whether the
	// first press counted.
	Press string
	// Open is the value of the button whose part of the page stands open.
	Open string
	// Chosen is what was chosen already in a form that lacks something.
	Chosen string
	// Given is what was written, to be sent again.
	Given string
}

func ways() []Choice {
	return []Choice{{"phone", "By phone"}, {"text", "By text message"}, {"visit", "By a visit"}}
}

// CanTake says whether there is something to acknowledge.
func (e escalationPage) CanTake() bool { return e.Glance.Closing == nil && e.Glance.Ack == nil }

// CanPass says whether this person may pass the question on.
func (e escalationPage) CanPass() bool {
	return e.Glance.Closing == nil && (e.Mine || e.Glance.Ack == nil && !e.Informed)
}

// OutcomeWords is the outcome as staff read it.
func (e escalationPage) OutcomeWords() string {
	if e.Glance.Closing == nil {
		return ""
	}
	for _, o := range events.Outcomes() {
		if o.Code == e.Glance.Closing.Outcome {
			return o.Words
		}
	}
	return string(e.Glance.Closing.Outcome)
}

func (p *public) showEscalation(w http.ResponseWriter, r *http.Request, v visit) {
	if s, ok := p.caseOf(r, v); ok {
		p.writeCase(w, r, v, s, http.StatusOK, nil)
		return
	}
	p.writeGlance(w, r, v, http.StatusOK, "", nil)
}

// writeGlance shows urgency and age, the same for every state of the question,
// and asks for the code.
func (p *public) writeGlance(w http.ResponseWriter, r *http.Request, v visit, status int, codeError string, n *note) {
	g, err := p.Escalations.Glance(r.Context(), v.claims.Clinic, v.claims.Target)
	if err != nil {
		p.lookupFailed(w, r, v, err)
		return
	}
	if p.leftOut(w, v, g) {
		return
	}
	page := p.escalationPage(v, g)
	page.CodeError, page.Note = codeError, n
	p.pages.write(w, p.Log, status, "escalation", page)
}

// writeCase shows the client, to the session alone, and logs that it did.
func (p *public) writeCase(w http.ResponseWriter, r *http.Request, v visit, s session, status int, n *note) {
	c, err := p.Escalations.Case(r.Context(), v.claims.Clinic, v.claims.Target)
	if err != nil {
		p.lookupFailed(w, r, v, err)
		return
	}
	if p.leftOut(w, v, c.Glance) {
		return
	}
	page := p.escalationPage(v, c.Glance)
	page.Title = c.Client.Name
	page.Case, page.Nonce, page.Note = &c, s.nonce(), n
	if n != nil {
		page.Press = n.Press
	}
	page.Left = span(s.claims.Expires.Sub(p.Wall()).Round(time.Minute))
	p.saw(r, v, s, PageEscalation, c.ClientKey)
	p.pages.write(w, p.Log, status, "escalation", page)
}

// leftOut answers somebody who must not be asked about this client, by the client's
// record or by their own word: their link shows nothing of it any more.
func (p *public) leftOut(w http.ResponseWriter, v visit, g Glance) bool {
	if !slices.Contains(g.LeftOut, v.claims.Recipient) {
		return false
	}
	p.pages.write(w, p.Log, http.StatusForbidden, "say", sayPage{
		base: p.base(v, "This question is not yours"),
		Text: "It is about somebody whom you should not be asked about. Others have it. If nobody can help the client now, call the clinic.",
	})
	return true
}

func (p *public) escalationPage(v visit, g Glance) escalationPage {
	page := escalationPage{
		base: p.base(v, "A question that needs a person"), Glance: g, You: v.person, Ways: ways(), ID: links.NewID(),
		Mine:     g.Ack != nil && g.Ack.By == v.claims.Recipient,
		Informed: slices.Contains(g.Informed, v.claims.Recipient),
	}
	for _, o := range events.Outcomes() {
		page.Outcomes = append(page.Outcomes, Choice{string(o.Code), o.Words})
	}
	for _, c := range events.Declines() {
		page.Declines = append(page.Declines, Choice(c))
	}
	return page
}

// lookupFailed answers when the records could not be read.
func (p *public) lookupFailed(w http.ResponseWriter, r *http.Request, v visit, err error) {
	who := forClient
	if v.staff() {
		who = forStaff
	}
	if errors.Is(err, ErrUnknown) {
		p.help(w, r, who, v, helpBroken)
		return
	}
	p.Log.Error("records not read", logRoute, route(r), logClinic, v.claims.Clinic, logError, err)
	p.help(w, r, who, v, helpDown)
}

// actOnEscalation takes every press on /e/. A form with a code opens the
// session; every other one needs it.
func (p *public) actOnEscalation(w http.ResponseWriter, r *http.Request, v visit) {
	g, err := p.Escalations.Glance(r.Context(), v.claims.Clinic, v.claims.Target)
	if err == nil && p.leftOut(w, v, g) {
		return // a look that failed fails again where it counts
	}
	if r.PostForm.Has("code") {
		refuse := func(status int, codeError string) { p.writeGlance(w, r, v, status, codeError, nil) }
		s, ok := p.enterCode(w, r, v, refuse)
		switch {
		case !ok:
		case r.PostFormValue("do") == "take":
			// The first button takes the question in the same press.
			p.doOnCase(w, r, v, s, "acknowledge", p.Acts.Acknowledge)
		default:
			seeOther(w, r, v)
		}
		return
	}
	s, ok := p.caseOf(r, v)
	if !ok || !s.holds(r.PostFormValue("form")) {
		p.writeGlance(w, r, v, http.StatusForbidden, "", sessionOver())
		return
	}
	switch r.PostFormValue("do") {
	case "take":
		p.doOnCase(w, r, v, s, "acknowledge", p.Acts.Acknowledge)
	case "pass":
		p.passOn(w, r, v, s)
	case "reopen":
		p.reopenEscalation(w, r, v, s)
	case "attempt":
		p.recordAttempt(w, r, v, s)
	case "close":
		p.closeEscalation(w, r, v, s)
	case "leave":
		p.endCase(w, v)
		seeOther(w, r, v)
	default:
		p.help(w, r, forStaff, v, helpForm)
	}
}

// doOnCase performs one act and shows what was decided: the case anew when it
// counted, and the reason when something else came first.
func (p *public) doOnCase(w http.ResponseWriter, r *http.Request, v visit, s session, what string, do func(context.Context, Act) (Outcome, error), content ...string) {
	ctx, cancel := acting(r)
	defer cancel()
	press := p.press(r)
	out, err := do(ctx, act(press, v, append([]string{what}, content...)...))
	if errors.Is(err, ErrUnknown) {
		p.lookupFailed(w, r, v, err)
		return
	}
	if err != nil {
		p.notConfirmed(r, v, err)
		p.writeCase(w, r, v, s, http.StatusServiceUnavailable, &note{
			Heading: "Not yet confirmed",
			Text:    "We could not confirm that this was recorded, so others may still be asked. Do what the client needs first. Then press the same button again: it will not count twice.",
			Warn:    true, Press: press,
		})
		return
	}
	switch out.Result {
	case AlreadyAcknowledged:
		// Somebody who presses twice is told nothing but that it is theirs.
		if g, err := p.Escalations.Glance(r.Context(), v.claims.Clinic, v.claims.Target); err == nil && g.Ack != nil && g.Ack.By == v.claims.Recipient {
			seeOther(w, r, v)
			return
		}
		t := newTimes(p.Now(), v.clinic.Zone)
		p.writeCase(w, r, v, s, http.StatusConflict, &note{
			Heading: out.Name + " took this " + t.Ago(out.At),
			Text:    "It was taken before you pressed. If you were about to call, agree with " + out.Name + " first.",
		})
	case AlreadyClosed:
		t := newTimes(p.Now(), v.clinic.Zone)
		p.writeCase(w, r, v, s, http.StatusConflict, &note{
			Heading: out.Name + " closed this " + t.Ago(out.At),
			Text:    "It was closed before you pressed, so nothing more was recorded.",
		})
	case Declined:
		p.passedOn(w, r, v, s, out.Name)
	case AlreadyOpen:
		p.writeCase(w, r, v, s, http.StatusConflict, &note{
			Heading: "It is open", Text: "There is nothing to open again. Its people are being asked.",
		})
	case LookFirst:
		p.writeCase(w, r, v, s, http.StatusConflict, &note{
			Heading: "Something new came up", Warn: true,
			Text: "It came after you opened this page, so nothing was closed. Please read what is new below. If it is answered too, close the question again.",
		})
	case NobodyElse:
		p.writeCase(w, r, v, s, http.StatusConflict, &note{
			Heading: "It is still with you",
			Text:    "Nobody else can be asked. It is still with you, and you will be asked again. If you cannot do it, call your cover, your supervisor or the clinic yourself.", Warn: true,
		})
	case NotAsked:
		p.writeCase(w, r, v, s, http.StatusConflict, &note{
			Heading: "Nothing was passed on", Text: "You were not asked, so there is nothing to pass on. It is with " + out.Name + ".", Warn: true,
		})
	default:
		seeOther(w, r, v)
	}
}

func (p *public) recordAttempt(w http.ResponseWriter, r *http.Request, v visit, s session) {
	how := r.PostFormValue("how")
	if !slices.ContainsFunc(ways(), func(c Choice) bool { return c.Code == how }) {
		p.writeCase(w, r, v, s, http.StatusUnprocessableEntity, &note{Heading: "How did you try?", Text: "Choose phone, text message or visit. Nothing was recorded yet.", Warn: true})
		return
	}
	p.doOnCase(w, r, v, s, "attempt", func(ctx context.Context, a Act) (Outcome, error) {
		return p.Acts.Attempt(ctx, a, how)
	}, how)
}

// passedOn says whose the question is now. Whoever should not be asked about the client
// sees nothing more of them.
func (p *public) passedOn(w http.ResponseWriter, r *http.Request, v visit, s session, owner string) {
	const heading = "You passed it on"
	text := "It is with " + owner + " now."
	g, err := p.Escalations.Glance(r.Context(), v.claims.Clinic, v.claims.Target)
	if err == nil && slices.Contains(g.LeftOut, v.claims.Recipient) {
		p.pages.write(w, p.Log, http.StatusOK, "say", sayPage{base: p.base(v, heading), Text: text + " You are not asked about this client again."})
		return
	}
	p.writeCase(w, r, v, s, http.StatusOK, &note{Heading: heading, Text: text})
}

// passOn passes the question on. A reason is asked for; without one it is passed on
// all the same, since somebody must answer it.
func (p *public) passOn(w http.ResponseWriter, r *http.Request, v visit, s session) {
	why := r.PostFormValue("why")
	if !slices.ContainsFunc(events.Declines(), func(c events.Choice) bool { return c.Code == why }) {
		why = ""
	}
	p.doOnCase(w, r, v, s, "decline", func(ctx context.Context, a Act) (Outcome, error) {
		return p.Acts.Decline(ctx, a, why)
	}, why)
}

// reopenEscalation asks the question anew, with the reason for whoever answers it.
func (p *public) reopenEscalation(w http.ResponseWriter, r *http.Request, v visit, s session) {
	why := cut(r.PostFormValue("why"), maxNote)
	if why == "" {
		p.writeCase(w, r, v, s, http.StatusUnprocessableEntity, &note{
			Heading: "Why must it be asked again?", Text: "Write a few words for whoever answers it. It is still closed.", Warn: true, Open: "reopen",
		})
		return
	}
	p.doOnCase(w, r, v, s, "reopen", func(ctx context.Context, a Act) (Outcome, error) {
		return p.Acts.Reopen(ctx, a, why)
	}, why)
}

func (p *public) closeEscalation(w http.ResponseWriter, r *http.Request, v visit, s session) {
	outcome := events.Outcome(r.PostFormValue("outcome"))
	known := false
	for _, o := range events.Outcomes() {
		known = known || o.Code == outcome
	}
	if !known {
		p.writeCase(w, r, v, s, http.StatusUnprocessableEntity, &note{Heading: "How did it end?", Text: "Choose one outcome. The question is still open.", Warn: true})
		return
	}
	text := cut(r.PostFormValue("note"), maxNote)
	if text == "" && r.PostFormValue("none") == "" {
		p.writeCase(w, r, v, s, http.StatusUnprocessableEntity, &note{
			Heading: "A short note, or none?", Text: "Write a few words for your colleagues, or tick “I have nothing to add”. The question is still open.", Warn: true, Chosen: string(outcome),
		})
		return
	}
	turn, err := strconv.Atoi(r.PostFormValue("turn"))
	if err != nil {
		turn = -1 // of no page of ours
	}
	p.doOnCase(w, r, v, s, "close", func(ctx context.Context, a Act) (Outcome, error) {
		a.Turn = &turn
		return p.Acts.Close(ctx, a, outcome, text)
	}, string(outcome), text, strconv.Itoa(turn))
}

// notConfirmed logs why an act has no known result.
func (p *public) notConfirmed(r *http.Request, v visit, err error) {
	p.Log.Warn("act not confirmed", logRoute, route(r), logClinic, v.claims.Clinic, logError, err)
}

// cut is text as stored: valid UTF-8, one kind of line end, nothing invisible that an
// event refuses, at most n
// characters.
func cut(text string, n int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1 // what nobody can see; an event holds none of it
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	text = strings.TrimSpace(text)
	if runes := []rune(text); len(runes) > n {
		return string(runes[:n])
	}
	return text
}
