package web_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/mooring-care/mooring/internal/links"
	"github.com/mooring-care/mooring/internal/testkit/chromium"
)

// TestAStoryOfOneNote: the link alone names no client and reads no record; the
// code shows who it is about, how to reach them and what comes next. There is
// nothing to decide.
func TestAStoryOfOneNote(t *testing.T) {
	w := newWorld(t)
	c := w.claims(links.Note, "dana")
	before := w.snapshot()
	v := w.visitor(t)
	w.lookFail = errors.New("nobody may look yet")
	v.open("/n/" + w.keys.Sign(c))
	v.sees("News about one of your clients", "Dana Whitfield, please enter your code", "1 hour ago")
	v.press(url.Values{"code": {"222222"}})
	v.sees("That code does not match")
	v.seesNot("Jamie", "Rivera", "0177", "How are you?", "a caring note", clientKey)
	w.lookFail = nil
	v.press(url.Values{"code": {w.keys.Code(c)}})
	v.sees("Jamie Rivera", "tel:5550177", "&lt;script&gt;alert(1)&lt;/script&gt;", "How are you?", "a caring note", "15 minutes more")
	v.seesNot("javascript:alert", "<script>alert(1)", clientKey)
	for _, do := range []string{"done", "notice", "take", "close", ""} {
		page := v.page
		v.press(url.Values{"do": {do}, "noticed": {"quieter"}})
		v.seesNot("Jamie")
		if v.status != http.StatusBadRequest {
			t.Errorf("%q: status %d", do, v.status)
		}
		v.page = page
	}
	v.press(url.Values{"do": {"leave"}})
	v.sees("please enter your code")
	v.seesNot("Jamie")
	if w.snapshot() != before {
		t.Error("something changed")
	}
}

// TestANoteNeedsItsCode: neither the link, nor somebody else's session, nor the
// one of a task or question opens it.
func TestANoteNeedsItsCode(t *testing.T) {
	w := newWorld(t)
	c := w.claims(links.Note, "dana")
	path := "/n/" + w.keys.Sign(c)
	own, form := w.opened(t, path, c)
	other := w.claims(links.Note, "priya")
	stray, _ := w.opened(t, "/n/"+w.keys.Sign(other), other)
	for name, value := range map[string]string{"nothing": "", "somebody else's": stray.Value, "the link": w.keys.Sign(c)} {
		got := request(w.handler, http.MethodGet, path, nil, &http.Cookie{Name: own.Name, Value: value})
		if strings.Contains(got.body, "Jamie") || !strings.Contains(got.body, "please enter your code") {
			t.Errorf("%s as the session opens the note", name)
		}
		got = request(w.handler, http.MethodPost, path, url.Values{"do": {"leave"}, "form": {form}}, &http.Cookie{Name: own.Name, Value: value})
		if got.StatusCode != http.StatusForbidden {
			t.Errorf("%s as the session: status %d", name, got.StatusCode)
		}
	}
	for _, p := range []links.Purpose{links.Escalation, links.Task} {
		if w.keys.Code(c) == w.keys.Code(w.claims(p, "dana")) {
			t.Errorf("a note has the code of purpose %c", p)
		}
	}
	if own.Path != "/n/" {
		t.Errorf("the session is sent to %q", own.Path)
	}
}

// TestNoteByKeyboard at 360 px with scripts off: the keyboard alone enters the
// code and reaches the phone number.
func TestNoteByKeyboard(t *testing.T) {
	ctx, ok := chromium.Start(t)
	if !ok {
		return
	}
	w := newWorldAt(t, "http://127.0.0.1")
	server := httptest.NewServer(w.handler)
	defer server.Close()
	c := w.claims(links.Note, "dana")
	if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(360, 740), chromedp.Navigate(server.URL+"/n/"+w.keys.Sign(c))); err != nil {
		t.Fatal(err)
	}
	waitFor(t, ctx, "#code:focus")
	press(t, ctx, strings.Split(w.keys.Code(c), "")...)
	press(t, ctx, kb.Enter)
	waitFor(t, ctx, `a[href="tel:5550177"]`)
	if text := pageText(t, ctx); !strings.Contains(text, "Jamie Rivera") || !strings.Contains(text, "What comes next") {
		t.Errorf("the page says %q", text)
	}
}
