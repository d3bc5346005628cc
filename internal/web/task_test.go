package web_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/mooring-care/mooring/internal/links"
	"github.com/mooring-care/mooring/internal/testkit/chromium"
)

// TestAStoryOfOneTask: the link alone names no client; the code shows the brief;
// two taps notice something, and a press finishes the task, both in the name of
// the person whose link it is.
func TestAStoryOfOneTask(t *testing.T) {
	w := newWorld(t)
	c := w.claims(links.Task, "dana")
	v := w.visitor(t)
	v.open("/t/" + w.keys.Sign(c))
	v.sees("A task for you", "Dana Whitfield, please enter your code")
	v.seesNot("Call the client", "Jamie", "Rivera", "0177", "How are you?", clientKey)
	v.press(url.Values{"code": {"222222"}})
	v.sees("That code does not match")
	v.seesNot("Jamie")
	v.press(url.Values{"code": {w.keys.Code(c)}})
	v.sees("Jamie Rivera", "tel:5550177", "How are you?", "one visit", "15 minutes more", "&lt;script&gt;alert(1)&lt;/script&gt;")
	v.seesNot("javascript:alert", "<script>alert(1)")

	v.press(url.Values{"do": {"notice"}})
	v.sees("Tap one thing that you notice", "Nothing was saved")
	form := v.page
	for range 2 { // a double press counts once
		v.page = form
		v.press(url.Values{"do": {"notice"}, "noticed": {"quieter", "late"}, "reason": {"shame"}, "approach": {"slower"}})
		v.sees("Thank you", "Noted. The task is still open.")
	}
	v.press(url.Values{"do": {"done"}})
	v.sees("Thank you, that is done")
	v.seesNot("Jamie")
	if want := []string{clientKey + " by dana: [quieter late] shame slower"}; !slices.Equal(w.noticed, want) {
		t.Errorf("noticed %q, want %q", w.noticed, want)
	}
	if want := []string{"harbor " + clientKey + " t4sk dana"}; !slices.Equal(w.done, want) {
		t.Errorf("done %q, want %q", w.done, want)
	}
	v.open("/t/" + w.keys.Sign(c))
	v.sees("You finished this task", "3 minutes ago, <time", "You need do nothing")
	v.seesNot("Jamie", "enter your code")
}

// TestATaskLetsAMailGo: a task that asks whether a mail may leave has a button for each
// answer. Of another task nobody lets anything go.
func TestATaskLetsAMailGo(t *testing.T) {
	for name, tc := range map[string]struct {
		asks bool
		do   string
		want bool
	}{
		"yes":             {true, "release", true},
		"no":              {true, "done", false},
		"of another task": {false, "release", false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.asks = tc.asks
			c := w.claims(links.Task, "dana")
			v := w.visitor(t)
			v.open("/t/" + w.keys.Sign(c))
			v.press(url.Values{"code": {w.keys.Code(c)}})
			if tc.asks {
				v.sees("May the mail leave?", "Yes, let it leave", "No, keep it back")
				v.seesNot("Mark the task as done")
			} else {
				v.seesNot("let it leave")
			}
			v.press(url.Values{"do": {tc.do}})
			v.sees("Thank you, that is done")
			if !slices.Equal(w.released, []bool{tc.want}) {
				t.Errorf("let go: %v", w.released)
			}
		})
	}
}

// TestATaskIsFinishedOnce: whoever finishes it second reads who did and when,
// whether they had the page open, pressed at the same time, or come later; and
// nothing changes.
func TestATaskIsFinishedOnce(t *testing.T) {
	for name, press := range map[string]func(w *world, v *visitor){
		"with the page open": func(w *world, v *visitor) {
			if _, err := w.Finish(t.Context(), "harbor", clientKey, "t4sk", "priya", false); err != nil {
				t.Fatal(err)
			}
			v.press(url.Values{"do": {"done"}})
		},
		"at the same time": func(w *world, v *visitor) {
			w.first = "priya"
			v.press(url.Values{"do": {"done"}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c := w.claims(links.Task, "dana")
			v := w.visitor(t)
			v.open("/t/" + w.keys.Sign(c))
			v.press(url.Values{"code": {w.keys.Code(c)}})
			v.sees("Jamie Rivera")
			press(w, v)
			v.sees("Priya Nair finished this task", "3 minutes ago, <time", "nothing more was recorded")
			v.seesNot("Thank you", "Jamie")
			if v.status != http.StatusConflict {
				t.Errorf("status %d", v.status)
			}
			v.open("/t/" + w.keys.Sign(c))
			v.sees("Priya Nair finished this task", "3 minutes ago, <time")
			v.seesNot("before you pressed", "Jamie")
			if want := []string{"harbor " + clientKey + " t4sk priya"}; !slices.Equal(w.done, want) {
				t.Errorf("done %q, want %q", w.done, want)
			}
		})
	}
}

// TestATaskNotNeeded: nobody is said to have finished what nobody did.
func TestATaskNotNeeded(t *testing.T) {
	w := newWorld(t)
	w.over = true
	v := w.visitor(t)
	v.open("/t/" + w.keys.Sign(w.claims(links.Task, "dana")))
	v.sees("This task is not open any more", "It is not needed now")
	v.seesNot("finished", "<time")
}

// TestATaskNeedsItsCode: no press without the session counts, and a session for
// an escalation or for somebody else's link is none.
func TestATaskNeedsItsCode(t *testing.T) {
	w := newWorld(t)
	c := w.claims(links.Task, "dana")
	other := w.claims(links.Task, "priya")
	path := "/t/" + w.keys.Sign(c)
	own, form := w.opened(t, path, c)
	stray, strayForm := w.opened(t, "/t/"+w.keys.Sign(other), other)
	before := w.snapshot()
	for _, do := range []string{"notice", "worry-now", "done", "leave", "show", ""} {
		for name, tc := range map[string]struct{ cookie, form string }{
			"no session":             {"", form},
			"somebody else's":        {stray.Value, strayForm},
			"the link for a session": {w.keys.Sign(c), form},
			"another session's form": {own.Value, strayForm},
			"no form":                {own.Value, ""},
		} {
			got := request(w.handler, http.MethodPost, path, url.Values{"do": {do}, "noticed": {"quieter"}, "form": {tc.form}},
				&http.Cookie{Name: own.Name, Value: tc.cookie})
			if got.StatusCode != http.StatusForbidden || !strings.Contains(got.body, "Nothing was recorded") {
				t.Errorf("%s, %q: status %d", name, do, got.StatusCode)
			}
		}
	}
	if w.snapshot() != before {
		t.Error("something changed")
	}

	// The session that an escalation's code opened opens no task.
	v := w.visitor(t)
	e := w.claims(links.Escalation, "dana")
	v.open("/e/" + w.keys.Sign(e))
	v.press(url.Values{"code": {w.keys.Code(e)}, "do": {"show"}})
	v.sees("Jamie Rivera")
	v.open("/t/" + w.keys.Sign(c))
	v.seesNot("Jamie")
	if code := w.keys.Code(e); code == w.keys.Code(c) {
		t.Error("a task has its escalation's code")
	}
}

// TestATaskWithSomebodyElse says so, and may be done all the same; a late one
// says that it is late.
func TestATaskWithSomebodyElse(t *testing.T) {
	w := newWorld(t)
	w.owner = "priya"
	w.clock.turn(21 * time.Hour)
	v := w.visitor(t)
	v.open("/t/" + w.keys.Sign(w.claims(links.Task, "dana")))
	v.sees("This task is with <strong>Priya Nair</strong> now", "Overdue")
}

// TestATaskNotConfirmed: a press whose decision was not seen is never called
// done, and the same press again repeats it.
func TestATaskNotConfirmed(t *testing.T) {
	w := newWorld(t)
	c := w.claims(links.Task, "dana")
	v := w.visitor(t)
	v.open("/t/" + w.keys.Sign(c))
	v.press(url.Values{"code": {w.keys.Code(c)}})
	w.fail = errors.New("the store is away")
	v.press(url.Values{"do": {"notice"}, "noticed": {"quieter"}})
	v.sees("Not yet confirmed", `name="press"`, `value="quieter" checked`)
	v.press(url.Values{"do": {"done"}})
	v.sees("Not yet confirmed")
	v.seesNot("that is done")
	w.fail, w.lookFail = nil, errors.New("the store is away")
	v.press(url.Values{"do": {"done"}})
	v.sees("We cannot look this up right now")
	if v.status != http.StatusServiceUnavailable || len(w.done) != 0 {
		t.Errorf("status %d, done %v", v.status, w.done)
	}
}

// TestTaskByKeyboard at 360 px with scripts off: the keyboard alone enters the
// code, notices something in two taps, and finishes the task.
func TestTaskByKeyboard(t *testing.T) {
	ctx, ok := chromium.Start(t)
	if !ok {
		return
	}
	w := newWorldAt(t, "http://127.0.0.1")
	server := httptest.NewServer(w.handler)
	defer server.Close()
	c := w.claims(links.Task, "dana")
	if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(360, 740), chromedp.Navigate(server.URL+"/t/"+w.keys.Sign(c))); err != nil {
		t.Fatal(err)
	}
	waitFor(t, ctx, "#code:focus")
	press(t, ctx, strings.Split(w.keys.Code(c), "")...)
	press(t, ctx, kb.Enter)
	waitFor(t, ctx, `input[name="noticed"]`)
	if err := chromedp.Do(ctx, chromedp.Focus(chromedp.CSS(`input[value="quieter"]`))); err != nil {
		t.Fatal(err)
	}
	press(t, ctx, " ", kb.Enter)
	waitFor(t, ctx, ".note")
	if text := pageText(t, ctx); !strings.Contains(text, "The task is still open.") {
		t.Errorf("the page says %q", text)
	}
	if err := chromedp.Do(ctx, chromedp.Focus(chromedp.CSS(`button[value="done"]`))); err != nil {
		t.Fatal(err)
	}
	press(t, ctx, kb.Enter)
	waitFor(t, ctx, ".say")
	if len(w.noticed) != 1 || len(w.done) != 1 {
		t.Errorf("noticed %q, done %q", w.noticed, w.done)
	}
}
