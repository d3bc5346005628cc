package web_test

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/mooring-care/mooring/internal/links"
	"github.com/mooring-care/mooring/internal/testkit/chromium"
	"github.com/mooring-care/mooring/internal/web"
)

// press types keys, one after the other.
func press(t *testing.T, ctx context.Context, keys ...string) {
	t.Helper()
	for _, k := range keys {
		if err := chromedp.Do(ctx, chromedp.KeyEvent(k)); err != nil {
			t.Fatalf("press %q: %v", k, err)
		}
	}
}

// focused names what the keyboard is on.
func focused(t *testing.T, ctx context.Context) string {
	t.Helper()
	got, err := chromedp.Run(ctx, chromedp.Evaluate[string](`(document.activeElement.textContent.trim() || document.activeElement.name || document.activeElement.tagName)`))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// waitFor waits until a selector is there, and shows the page when it is not.
func waitFor(t *testing.T, ctx context.Context, selector string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.WaitReady(chromedp.CSS(selector))); err != nil {
		t.Fatalf("wait for %s: %v", selector, err)
	}
}

func pageText(t *testing.T, ctx context.Context) string {
	t.Helper()
	text, err := chromedp.Run(ctx, chromedp.TextContent(chromedp.CSS("main")))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestKeyboardAloneAcknowledges at 360 px: the code field has the focus, the
// next stop is the button, and what has the focus can be seen.
func TestKeyboardAloneAcknowledges(t *testing.T) {
	ctx, ok := chromium.Start(t)
	if !ok {
		return
	}
	w := newWorldAt(t, "http://127.0.0.1")
	server := httptest.NewServer(w.handler)
	defer server.Close()
	c := w.claims(links.Escalation, "dana")
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(360, 740), chromedp.Navigate(server.URL+"/e/"+w.keys.Sign(c))); err != nil {
		t.Fatal(err)
	}
	waitFor(t, ctx, "#code:focus")
	press(t, ctx, strings.Split(w.keys.Code(c), "")...)
	press(t, ctx, kb.Tab)
	if got := focused(t, ctx); got != "I am contacting the client now" {
		t.Fatalf("after the code the keyboard is on %q", got)
	}
	outline, err := chromedp.Run(ctx, chromedp.Evaluate[string](`getComputedStyle(document.activeElement).outlineStyle + " " + getComputedStyle(document.activeElement).outlineWidth`))
	if err != nil || outline != "solid 3px" {
		t.Errorf("the focus looks like %q, %v", outline, err)
	}
	press(t, ctx, kb.Enter)
	waitFor(t, ctx, "p.status.taken")
	if text := pageText(t, ctx); !strings.Contains(text, "You took this") || !strings.Contains(text, "Jamie Rivera") {
		t.Errorf("the page says %q", text)
	}
	if w.ack == nil || w.ack.By != "dana" {
		t.Errorf("acknowledged: %+v", w.ack)
	}
	cookies, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.cookie`))
	if err != nil || cookies != "" {
		t.Errorf("a script can read %q, %v", cookies, err)
	}
}

// TestWithoutScripts: check-in, code, preferences and staff pages work with scripts off, and
// Enter on an answer never sends "not safe".
func TestWithoutScripts(t *testing.T) {
	ctx, ok := chromium.Start(t)
	if !ok {
		return
	}
	w := newWorldAt(t, "http://127.0.0.1")
	server := httptest.NewServer(w.handler)
	defer server.Close()
	if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	open := func(path string) {
		t.Helper()
		if err := chromedp.Do(ctx, chromedp.EmulateViewport(360, 740), chromedp.Navigate(server.URL+path)); err != nil {
			t.Fatal(err)
		}
	}
	click := func(selector string) {
		t.Helper()
		if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
			t.Fatalf("click %s: %v", selector, err)
		}
	}

	open(w.checkin())
	click(`input[value="hard"]`)
	press(t, ctx, kb.Enter)
	waitFor(t, ctx, ".lines")
	if text := pageText(t, ctx); !strings.Contains(text, "That sounds hard") {
		t.Errorf("the page says %q", text)
	}

	open(w.checkin())
	if err := chromedp.Do(ctx, chromedp.SendKeys(chromedp.CSS("#text"), "I am on my own.")); err != nil {
		t.Fatal(err)
	}
	click("button.unsafe")
	waitFor(t, ctx, ".card.now")
	if text := pageText(t, ctx); !strings.Contains(text, "is being told now") {
		t.Errorf("the page says %q", text)
	}
	if len(w.answers) != 2 || w.answers[0].Feeling != web.Hard || w.answers[1].Feeling != web.NotSafe || w.answers[1].Text != "I am on my own." {
		t.Errorf("answers: %+v", w.answers)
	}

	c := w.claims(links.Escalation, "dana")
	open("/e/" + w.keys.Sign(c))
	if err := chromedp.Do(ctx, chromedp.SendKeys(chromedp.CSS("#code"), w.keys.Code(c))); err != nil {
		t.Fatal(err)
	}
	click(`button[value="take"]`)
	waitFor(t, ctx, "p.status.taken")
	if w.ack == nil {
		t.Error("nothing was acknowledged")
	}

	open("/u/" + w.keys.Sign(w.claims(links.Preferences, clientKey)))
	click(`button[value="stop"]`)
	waitFor(t, ctx, "main:not(:has(button[value=stop]))")
	if text := pageText(t, ctx); !strings.Contains(text, "We have stopped the emails") || !w.stopped {
		t.Errorf("the page says %q", text)
	}
}

// TestSignInAndOutWithoutScripts, by the buttons of the pages; between them the
// lists say that they do not follow what happens.
func TestSignInAndOutWithoutScripts(t *testing.T) {
	ctx, ok := chromium.Start(t)
	if !ok {
		return
	}
	d := newDesk(t)
	server := httptest.NewServer(d.handler)
	defer server.Close()
	if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(server.URL+"/signin/"+d.token()), chromedp.Click(chromedp.CSS("button.main"))); err != nil {
		t.Fatal(err)
	}
	waitFor(t, ctx, "#live")
	waitFor(t, ctx, `.note a[href="/"]`)
	if err := chromedp.Do(ctx, chromedp.Navigate(server.URL+"/mails")); err != nil {
		t.Fatal(err)
	}
	d.arrives(letter("m1", "The first note"))
	if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS(`.note a[href="/mails"]`))); err != nil {
		t.Fatal(err)
	}
	waitFor(t, ctx, `a[href="/mails/m1"]`)
	if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS(`form[action="/signout"] button`))); err != nil {
		t.Fatal(err)
	}
	waitFor(t, ctx, ".say")
	if text := pageText(t, ctx); !strings.Contains(text, "You are signed out") {
		t.Errorf("the page says %q", text)
	}
}

// TestStaffPagesInABrowser: the lists follow what happens; a mail shows in its
// frame with its own styles, and runs nothing.
func TestStaffPagesInABrowser(t *testing.T) {
	ctx, ok := chromium.Start(t)
	if !ok {
		return
	}
	d := newDesk(t)
	d.arrives(letter("m1", "The first note"))
	var mu sync.Mutex
	asked := map[string]int{} // what the browser asked for, with the answer's status
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		d.handler.ServeHTTP(rec, r)
		mu.Lock()
		asked[r.URL.Path] = rec.Code
		mu.Unlock()
		maps.Copy(w.Header(), rec.Header())
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	}))
	defer server.Close()
	do := func(steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, steps...); err != nil {
			t.Fatal(err)
		}
	}
	do(chromedp.Navigate(server.URL+"/signin/"+d.token()), chromedp.Click(chromedp.CSS("button.main")))
	waitFor(t, ctx, "#live")

	do(chromedp.Navigate(server.URL + "/mails"))
	waitFor(t, ctx, `a[href="/mails/m1"]`)
	do(chromedp.Focus(chromedp.CSS(`a[href="/mails/m1"]`)))
	d.arrives(letter("m2", "The second note"))
	waitFor(t, ctx, `a[href="/mails/m2"]`)
	if got := focused(t, ctx); got != "The first note" {
		t.Errorf("after the list changed the keyboard is on %q", got)
	}
	if said, err := chromedp.Run(ctx, chromedp.TextContent(chromedp.CSS("#spoken"))); err != nil || said != "2 mails, the newest: The second note" {
		t.Errorf("said %q, %v", said, err)
	}

	do(chromedp.Navigate(server.URL + "/mails/m2"))
	waitFor(t, ctx, "iframe.mail")
	found, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.querySelector("iframe.mail").contentDocument === null`))
	if err != nil || !found {
		t.Errorf("the mail is not shut off from the page: %v, %v", found, err)
	}
	mu.Lock()
	defer mu.Unlock()
	if asked["/mails/m2/body"] != http.StatusOK {
		t.Errorf("the frame got status %d", asked["/mails/m2/body"])
	}
	if status, ran := asked["/ran"]; ran {
		t.Errorf("the mail made a request, answered with %d", status)
	}
}
