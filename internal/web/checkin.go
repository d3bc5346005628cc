package web

import (
	"errors"
	"net/http"
	"slices"
	"unicode/utf8"

	"github.com/mooring-care/mooring/internal/links"
)

// maxText bounds the free text of a check-in, in characters.
const maxText = 2000

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
}

// choice is a Choice that may be marked.
type choice struct {
	Choice
	On bool
}

func (p *public) showCheckin(w http.ResponseWriter, _ *http.Request, v visit) {
	p.pages.write(w, p.Log, http.StatusOK, "checkin", p.checkinPage(v, Answer{}))
}

// checkinPage is the form with an answer filled in.
func (p *public) checkinPage(v visit, a Answer) checkinPage {
	page := checkinPage{base: p.base(v, "How are you right now?"), ID: links.NewID(), Feeling: a.Feeling, Text: a.Text}
	page.CrisisBar = true
	for _, c := range Reasons() {
		page.Reasons = append(page.Reasons, choice{c, slices.Contains(a.Reasons, c.Code)})
	}
	for _, c := range Wishes() {
		page.Wishes = append(page.Wishes, choice{c, a.Wish == c.Code})
	}
	return page
}

// answerCheckin takes an answer. "Not safe" is one press without a code: a mail
// scanner's false alarm is accepted there, a real one that got lost is not.
func (p *public) answerCheckin(w http.ResponseWriter, r *http.Request, v visit) {
	answer, whole := readAnswer(r)
	page := p.checkinPage(v, answer)
	if answer.Feeling == "" {
		page.Missing = true
		page.Title = "Please choose one: " + page.Title
		p.pages.write(w, p.Log, http.StatusUnprocessableEntity, "checkin", page)
		return
	}
	press := p.press(r)
	content := append([]string{"answer", string(answer.Feeling), answer.Wish, answer.Text}, answer.Reasons...)
	ctx, cancel := acting(r)
	defer cancel()
	_, err := p.ClientActs.Answer(ctx, act(press, v, content...), answer)
	status := http.StatusOK
	switch {
	case errors.Is(err, ErrUnknown) && answer.Feeling.Safe():
		p.lookupFailed(w, r, v, err)
		return
	case err != nil:
		// Whatever went wrong, somebody who is not safe gets the crisis line
		// and is told that the clinic may not know.
		p.notConfirmed(r, v, err)
		status = http.StatusServiceUnavailable
		page.Press = press
	}
	page.Said, page.Confirmed, page.Cut = answer.Feeling, err == nil, !whole
	page.Title = saidTitle(answer.Feeling, err == nil)
	p.pages.write(w, p.Log, status, "checkin", page)
}

func saidTitle(f Feeling, confirmed bool) string {
	switch {
	case f == NotSafe:
		return "Please call now"
	case !confirmed:
		return "Not yet confirmed"
	default:
		return "Thank you"
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
	a.Text = cut(all, maxText)
	return a, utf8.RuneCountInString(all) <= maxText
}
