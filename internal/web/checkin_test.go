package web_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/internal/links"
	"github.com/mooring-care/mooring/internal/web"
)

func (w *world) checkin() string {
	return "/c/" + w.keys.Sign(w.claims(links.Checkin, clientKey))
}

func TestCheckinAnswers(t *testing.T) {
	for _, tc := range []struct {
		name   string
		form   url.Values
		want   web.Answer
		status int
		sees   []string
	}{
		{
			"okay",
			url.Values{"feeling": {"okay"}},
			web.Answer{Feeling: web.Okay},
			http.StatusOK,
			[]string{"Thank you", "good to hear"},
		},
		{
			"hard, with all there is",
			url.Values{"feeling": {"hard"}, "reason": {"stress", "overwhelm", "made-up"}, "wish": {"call"}, "text": {" Two\r\nlines \xff"}},
			web.Answer{Feeling: web.Hard, Reasons: []string{"overwhelm", "stress"}, Wish: "call", Text: "Two\nlines"},
			http.StatusOK,
			[]string{"That sounds hard", "tel:988"},
		},
		{
			"not safe",
			url.Values{"feeling": {"not-safe"}},
			web.Answer{Feeling: web.NotSafe},
			http.StatusOK,
			[]string{"Please call now", "is being told now", "We cannot say when"},
		},
		{
			"not safe, with all that was written and whatever was chosen before",
			url.Values{"unsafe": {"1"}, "feeling": {"okay"}, "reason": {"stress"}, "wish": {"call"}, "text": {"I am on my own."}},
			web.Answer{Feeling: web.NotSafe, Reasons: []string{"stress"}, Wish: "call", Text: "I am on my own."},
			http.StatusOK,
			[]string{"Please call now", "is being told now"},
		},
		{
			"too long",
			url.Values{"feeling": {"okay"}, "wish": {"made-up"}, "text": {strings.Repeat("ü", 2001)}},
			web.Answer{Feeling: web.Okay, Text: strings.Repeat("ü", 2001)},
			http.StatusOK,
			[]string{"we kept the beginning and the end"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t)
			v := w.visitor(t)
			v.open(w.checkin())
			v.press(tc.form)
			v.sees(tc.sees...)
			if v.status != tc.status || len(w.answers) != 1 || !reflect.DeepEqual(w.answers[0], tc.want) {
				t.Errorf("status %d, answers %+v", v.status, w.answers)
			}
		})
	}
}

func TestCheckinWithoutAChoice(t *testing.T) {
	for _, feeling := range []string{"", "great"} {
		w := newWorld(t)
		v := w.visitor(t)
		v.open(w.checkin())
		v.press(url.Values{"feeling": {feeling}, "reason": {"stress"}, "text": {"my words"}})
		v.sees("Please choose one of the answers", "my words", `value="stress" checked`)
		if v.status != http.StatusUnprocessableEntity || w.asked != 0 {
			t.Errorf("status %d, %d acts", v.status, w.asked)
		}
	}
}

// TestCheckinRepeats: a double press counts once; a changed answer, above all
// "not safe", always counts, even from the same form; and so does the same
// answer later.
func TestCheckinRepeats(t *testing.T) {
	w := newWorld(t)
	v := w.visitor(t)
	v.open(w.checkin())
	page := v.page
	press := func(feeling string) {
		v.page = page
		v.press(url.Values{"feeling": {feeling}})
	}
	press("okay")
	press("okay")
	if len(w.answers) != 1 {
		t.Fatalf("a double press counted %d times", len(w.answers))
	}
	press("not-safe")
	if len(w.answers) != 2 || w.answers[1].Feeling != web.NotSafe {
		t.Fatalf("a changed answer was lost: %+v", w.answers)
	}
	w.clock.turn(3 * time.Minute)
	press("not-safe")
	v.open(w.checkin())
	v.press(url.Values{"feeling": {"not-safe"}})
	if len(w.answers) != 4 {
		t.Errorf("%d answers, want 4", len(w.answers))
	}
}

// TestNotSafeNotConfirmed: somebody who is not safe gets the crisis line
// whatever fails, and is never told that the clinic knows when it may not.
func TestNotSafeNotConfirmed(t *testing.T) {
	for _, err := range []error{web.ErrNotConfirmed, web.ErrUnknown, http.ErrServerClosed} {
		w := newWorld(t)
		w.fail = err
		v := w.visitor(t)
		v.open(w.checkin())
		v.press(url.Values{"unsafe": {"1"}, "reason": {"stress"}, "text": {"I am on my own."}})
		v.sees("Please call now", "tel:988", "The clinic may not know yet", "Send it again", `name="feeling" value="not-safe"`, `name="reason" value="stress"`, `name="text" value="I am on my own."`)
		v.seesNot("is being told now")
		if v.status != http.StatusServiceUnavailable {
			t.Errorf("status %d", v.status)
		}
		w.fail = nil
		v.press(url.Values{"feeling": {"not-safe"}})
		v.sees("is being told now")
	}
}

func TestCheckinNotConfirmedKeepsTheAnswer(t *testing.T) {
	w := newWorld(t)
	w.fail = web.ErrNotConfirmed
	v := w.visitor(t)
	v.open(w.checkin())
	v.press(url.Values{"feeling": {"hard"}, "reason": {"stress"}, "wish": {"call"}, "text": {"my words"}})
	v.sees("Not yet confirmed", `name="feeling" value="hard"`, `name="reason" value="stress"`, `name="wish" value="call"`, `name="text" value="my words"`)
	v.seesNot("Thank you")
}

func TestPreferences(t *testing.T) {
	w := newWorld(t)
	v := w.visitor(t)
	v.open("/u/" + w.keys.Sign(w.claims(links.Preferences, clientKey)))
	v.sees("Stop all emails")
	w.fail = web.ErrNotConfirmed
	v.press(url.Values{"do": {"stop"}})
	v.sees("Not yet confirmed")
	w.fail = nil
	v.press(url.Values{"do": {"stop"}})
	v.sees("You will get no more of these emails")
	if !w.stopped {
		t.Error("nothing was stopped")
	}
	v.open(v.url)
	v.sees("You will get no more of these emails")
}

// TestOneClick: RFC 8058's POST is honoured at once in either encoding, without
// a cookie or a form; every one is an act of its own, since staff may have
// lifted the one before.
func TestOneClick(t *testing.T) {
	w := newWorld(t)
	path := "/u/" + w.keys.Sign(w.claims(links.Preferences, clientKey))
	got := request(w.handler, http.MethodPost, path, url.Values{"List-Unsubscribe": {"One-Click"}})
	if got.StatusCode != http.StatusOK || !w.stopped {
		t.Fatalf("status %d, stopped %v", got.StatusCode, w.stopped)
	}

	w.stopped = false
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	if err := form.WriteField("List-Unsubscribe", "One-Click"); err != nil {
		t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, path, &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	if rec.Code != http.StatusOK || !w.stopped {
		t.Errorf("multipart: status %d, stopped %v", rec.Code, w.stopped)
	}

	w.fail = web.ErrNotConfirmed
	got = request(w.handler, http.MethodPost, path, url.Values{"List-Unsubscribe": {"One-Click"}})
	if got.StatusCode != http.StatusServiceUnavailable || got.Header.Get("Retry-After") == "" {
		t.Errorf("not confirmed: status %d", got.StatusCode)
	}
	got = request(w.handler, http.MethodPost, path, url.Values{"List-Unsubscribe": {"Perhaps"}})
	if got.StatusCode != http.StatusBadRequest {
		t.Errorf("another value: status %d", got.StatusCode)
	}
}
