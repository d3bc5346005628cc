package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/links"
	"github.com/mooring-care/mooring/internal/web"
)

// TestTheLinkAloneShowsUrgencyAndAge, and the very same page whether the
// question waits, was taken, or is closed.
func TestTheLinkAloneShowsUrgencyAndAge(t *testing.T) {
	w := newWorld(t)
	v := w.visitor(t)
	glance := func() string {
		v.open("/e/" + w.keys.Sign(w.claims(links.Escalation, "dana")))
		v.sees("Crisis", "12 minutes", "Dana Whitfield, please enter your code")
		v.seesNot("Jamie", "Rivera", "0177", "Is Jamie safe", clientKey, "Priya")
		return regexp.MustCompile(`name="id" value="[^"]*"`).ReplaceAllString(v.page, "")
	}
	waiting := glance()
	w.ack = &web.Ack{By: "priya", Name: "Priya Nair", At: noon()}
	if taken := glance(); taken != waiting {
		t.Errorf("the page tells that somebody took it:\n%s", taken)
	}
	w.closing = &web.Closing{By: "priya", Name: "Priya Nair", At: noon(), Outcome: events.OutcomeReachedSafe, Note: "All is well."}
	if closed := glance(); closed != waiting {
		t.Errorf("the page tells that somebody closed it:\n%s", closed)
	}
}

// TestAStoryOfOneEscalation: the code takes it and opens the page; a try and an
// outcome are recorded; the page can be hidden.
func TestAStoryOfOneEscalation(t *testing.T) {
	w := newWorld(t)
	c := w.claims(links.Escalation, "dana")
	v := w.visitor(t)
	v.open("/e/" + w.keys.Sign(c))
	code := w.keys.Code(c)
	v.press(url.Values{"code": {strings.ToLower(code[:3]) + " " + code[3:]}, "do": {"take"}})
	v.sees("Jamie Rivera", "tel:5550177", "You took this", "15 minutes more", "&lt;script&gt;alert(1)&lt;/script&gt;")
	v.seesNot("javascript:alert", "<script>alert(1)")

	v.press(url.Values{"do": {"attempt"}})
	v.sees("How did you try?")
	v.press(url.Values{"do": {"attempt"}, "how": {"phone"}})
	v.sees("Dana Whitfield, by phone")
	v.press(url.Values{"do": {"close"}})
	v.sees("How did it end?", "still open")
	v.press(url.Values{"do": {"close"}, "outcome": {"whatever"}})
	v.sees("How did it end?", "still open")
	v.press(url.Values{"do": {"close"}, "outcome": {"reached-safe"}, "note": {" "}})
	v.sees("A short note, or none?", "still open", `value="reached-safe" required checked`)
	v.press(url.Values{"do": {"close"}, "outcome": {"reached-safe"}, "note": {strings.Repeat("n", 600)}})
	v.sees("Closed by Dana Whitfield", "I reached the client, who is safe", "Dana Whitfield wrote", strings.Repeat("n", 500))
	v.press(url.Values{"do": {"reopen"}, "why": {" "}})
	v.sees("Why must it be asked again?", "still closed")
	v.press(url.Values{"do": {"reopen"}, "why": {"she called again"}})
	v.sees("Nobody has taken this yet")
	v.press(url.Values{"do": {"reopen"}, "why": {"she called again, and again"}})
	v.sees("It is open")
	v.press(url.Values{"do": {"close"}, "outcome": {"false-alarm"}, "none": {"yes"}})
	v.sees("Closed by Dana Whitfield", "It was a false alarm")
	v.press(url.Values{"do": {"leave"}})
	v.sees("please enter your code")
	v.seesNot("Jamie", "nnn")

	want := []string{
		"acknowledge " + target + " by dana: acknowledged",
		"attempt phone " + target + " by dana: attempted",
		"close reached-safe " + strings.Repeat("n", 500) + " " + target + " by dana: closed",
		"reopen she called again " + target + " by dana: reopened",
		"reopen she called again, and again " + target + " by dana: already-open",
		"close false-alarm  " + target + " by dana: closed",
	}
	if strings.Join(w.log, "\n") != strings.Join(want, "\n") {
		t.Errorf("acts:\n%s\nwant:\n%s", strings.Join(w.log, "\n"), strings.Join(want, "\n"))
	}
}

func TestOnlyShowing(t *testing.T) {
	w := newWorld(t)
	c := w.claims(links.Escalation, "dana")
	v := w.visitor(t)
	v.open("/e/" + w.keys.Sign(c))
	v.press(url.Values{"code": {w.keys.Code(c)}, "do": {"show"}})
	v.sees("Jamie Rivera", "Nobody has taken this yet")
	if w.asked != 0 {
		t.Errorf("showing acted: %v", w.log)
	}
	v.press(url.Values{"do": {"take"}})
	v.sees("You took this")
	v.press(url.Values{"do": {"pass"}, "why": {"busy"}})
	v.sees("You passed it on", "It is with Priya Nair now", "Nobody has taken this yet")
	v.press(url.Values{"do": {"pass"}, "why": {"whatever"}})
	if len(w.log) != 3 || w.log[1] != "decline busy "+target+" by dana: declined" || w.log[2] != "decline "+target+" by dana: declined" {
		t.Errorf("acts: %v", w.log)
	}
}

// TestTwoAcknowledge: both are told the same, the second one who was first and
// when.
func TestTwoAcknowledge(t *testing.T) {
	w := newWorld(t)
	dana, priya := w.visitor(t), w.visitor(t)
	for v, who := range map[*visitor]string{dana: "dana", priya: "priya"} {
		v.open("/e/" + w.keys.Sign(w.claims(links.Escalation, who)))
		v.sees("I am contacting the client now")
	}
	dana.press(url.Values{"code": {w.keys.Code(w.claims(links.Escalation, "dana"))}, "do": {"take"}})
	dana.sees("You took this")
	w.clock.turn(3 * time.Minute)
	priya.press(url.Values{"code": {w.keys.Code(w.claims(links.Escalation, "priya"))}, "do": {"take"}})
	priya.sees("Dana Whitfield took this 3 minutes ago", "It was taken before you pressed")
	if priya.status != http.StatusConflict {
		t.Errorf("status %d", priya.status)
	}
	if w.ack.By != "dana" {
		t.Errorf("it is with %s", w.ack.By)
	}
}

func TestADoublePressCountsOnce(t *testing.T) {
	w := newWorld(t)
	c := w.claims(links.Escalation, "dana")
	v := w.visitor(t)
	v.open("/e/" + w.keys.Sign(c))
	v.press(url.Values{"code": {w.keys.Code(c)}, "do": {"take"}})
	page := v.page
	for range 2 {
		v.page = page
		v.press(url.Values{"do": {"attempt"}, "how": {"phone"}})
	}
	if len(w.tries) != 1 {
		t.Errorf("%d tries from one form", len(w.tries))
	}
	// Another way from the same form is another try, and so is the same form
	// pressed again much later.
	v.page = page
	v.press(url.Values{"do": {"attempt"}, "how": {"visit"}})
	w.clock.turn(5 * time.Minute)
	v.page = page
	v.press(url.Values{"do": {"attempt"}, "how": {"phone"}})
	if len(w.tries) != 3 {
		t.Errorf("%d tries, want 3", len(w.tries))
	}
}

// TestNotConfirmedNeverSaysDone: an act without a known decision says so, and
// pressing again repeats the same act.
func TestNotConfirmedNeverSaysDone(t *testing.T) {
	w := newWorld(t)
	c := w.claims(links.Escalation, "dana")
	v := w.visitor(t)
	v.open("/e/" + w.keys.Sign(c))
	w.fail = web.ErrNotConfirmed
	v.press(url.Values{"code": {w.keys.Code(c)}, "do": {"take"}})
	v.sees("Not yet confirmed", "Jamie Rivera")
	v.seesNot("You took this")
	if v.status != http.StatusServiceUnavailable {
		t.Errorf("status %d", v.status)
	}
	w.fail = nil
	v.press(url.Values{"do": {"take"}})
	v.sees("You took this")
}

// TestPressingAgainCountsOnce: where the page says that pressing again does not
// count twice, it does not, however much later that is; another button counts.
func TestPressingAgainCountsOnce(t *testing.T) {
	for _, later := range []time.Duration{time.Second, 3 * time.Second, 14 * time.Minute} {
		w := newWorld(t)
		c := w.claims(links.Escalation, "dana")
		v := w.visitor(t)
		// A press at 12:01:58, just before the two minutes of a form are over.
		w.clock.turn(118 * time.Second)
		v.open("/e/" + w.keys.Sign(c))
		v.press(url.Values{"code": {w.keys.Code(c)}, "do": {"show"}})
		w.lost = web.ErrNotConfirmed
		v.press(url.Values{"do": {"attempt"}, "how": {"phone"}})
		v.sees("it will not count twice")
		w.lost = nil
		page := v.page
		w.clock.turn(later)
		v.press(url.Values{"do": {"attempt"}, "how": {"phone"}})
		if len(w.tries) != 1 {
			t.Errorf("pressed again %v later: %d tries, want the first one alone", later, len(w.tries))
		}
		v.page = page
		v.press(url.Values{"do": {"attempt"}, "how": {"visit"}})
		if len(w.tries) != 2 {
			t.Errorf("another button %v later: %d tries, want 2", later, len(w.tries))
		}
	}
}

// TestPressIsBelievedByItsShape alone: what is no name of a press is none.
func TestPressIsBelievedByItsShape(t *testing.T) {
	w := newWorld(t)
	path := w.checkin()
	for i, press := range []string{"", "short", strings.Repeat("A", 26), strings.Repeat("a", 4000), "<script>alert(1)</script>"} {
		w.fail = web.ErrNotConfirmed
		got := request(w.handler, http.MethodPost, path, url.Values{"feeling": {"okay"}, "press": {press}})
		if name := hidden(got.body).Get("press"); len(name) != 26 || name == press || strings.Contains(got.body, "<script>") {
			t.Errorf("press %d came back as %q", i, name)
		}
		w.fail = nil
		request(w.handler, http.MethodPost, path, url.Values{"feeling": {"okay"}, "press": {press}})
		if len(w.answers) != i+1 {
			t.Fatalf("%d answers after %d presses with a name of no press", len(w.answers), i+1)
		}
	}
}

// TestNobodyToPassItOn: who cannot pass a question on is told that it is still
// theirs, and never sees a page that looks as if it had worked.
func TestNobodyToPassItOn(t *testing.T) {
	for result, says := range map[web.Result]string{
		web.NobodyElse: "Nobody else can be asked. It is still with you",
		web.NotAsked:   "You were not asked, so there is nothing to pass on. It is with Dana Whitfield",
	} {
		w := newWorld(t)
		w.declined = result
		c := w.claims(links.Escalation, "dana")
		v := w.visitor(t)
		v.open("/e/" + w.keys.Sign(c))
		v.press(url.Values{"code": {w.keys.Code(c)}, "do": {"show"}})
		v.press(url.Values{"do": {"pass"}})
		v.sees(says, `class="note warn"`)
		v.seesNot("You passed it on")
		if v.status != http.StatusConflict {
			t.Errorf("%s: status %d", result, v.status)
		}
	}
}

// TestTheInformedAreNotAsked: their page says so, offers no passing on, and lets
// them take it all the same once the code is given.
func TestTheInformedAreNotAsked(t *testing.T) {
	w := newWorld(t)
	w.informed = []string{"priya"}
	c := w.claims(links.Escalation, "priya")
	v := w.visitor(t)
	v.open("/e/" + w.keys.Sign(c))
	v.sees("You are not asked to take it", "Show me where it stands")
	v.seesNot("I am contacting the client now", "Jamie", "Dana")
	v.press(url.Values{"code": {w.keys.Code(c)}, "do": {"show"}})
	v.sees("You are told of this, not asked", "It is with <strong>Dana Whitfield</strong>", "I am contacting the client now")
	v.seesNot("pass it on")
	v.press(url.Values{"do": {"take"}})
	v.sees("You took this", "pass it on")
}

// TestTheSession lasts 15 minutes, for one escalation and one person, and its
// cookie stays where it belongs.
func TestTheSession(t *testing.T) {
	w := newWorld(t)
	c := w.claims(links.Escalation, "dana")
	path := "/e/" + w.keys.Sign(c)
	got := request(w.handler, http.MethodPost, path, url.Values{"code": {w.keys.Code(c)}, "do": {"show"}})
	if got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != path || len(got.Cookies()) != 1 {
		t.Fatalf("status %d to %q with %d cookies", got.StatusCode, got.Header.Get("Location"), len(got.Cookies()))
	}
	cookie := got.Cookies()[0]
	if !cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != "/e/" || cookie.MaxAge != 900 {
		t.Errorf("cookie %+v", cookie)
	}
	shows := func(path string, c *http.Cookie) bool {
		return strings.Contains(request(w.handler, http.MethodGet, path, nil, c).body, "Jamie Rivera")
	}
	if !shows(path, cookie) {
		t.Error("the session does not open the page")
	}

	priya := "/e/" + w.keys.Sign(w.claims(links.Escalation, "priya"))
	if shows(priya, cookie) || shows(priya, &http.Cookie{Name: nameOfCookie(t, w, "priya"), Value: cookie.Value}) {
		t.Error("one person's session opens another one's page")
	}
	for name, value := range map[string]string{
		"link's token": w.keys.Sign(c), "staff session": w.keys.Sign(w.claims(links.Staff, "dana")), "stranger's": links.Generate().Sign(w.claims(links.Session, "dana")), "noise": "x",
	} {
		if shows(path, &http.Cookie{Name: cookie.Name, Value: value}) {
			t.Errorf("a %s passes as a session", name)
		}
	}

	// A form without the session's own nonce does nothing.
	_, others := w.opened(t, priya, w.claims(links.Escalation, "priya"))
	for _, nonce := range []string{"", "aaaaaaaaaaaaaaaaaaaaaaaaaa", others} {
		got := request(w.handler, http.MethodPost, path, url.Values{"do": {"take"}, "form": {nonce}}, cookie)
		if got.StatusCode != http.StatusForbidden || w.asked != 0 {
			t.Errorf("nonce %q: status %d, %d acts", nonce, got.StatusCode, w.asked)
		}
	}

	w.clock.turn(15*time.Minute - time.Second)
	if !shows(path, cookie) {
		t.Error("the session ended early")
	}
	w.clock.turn(2 * time.Second)
	if shows(path, cookie) {
		t.Error("the session goes on for more than 15 minutes")
	}

	plain := newWorldAt(t, "http://127.0.0.1:8080")
	got = request(plain.handler, http.MethodPost, "/e/"+plain.keys.Sign(c), url.Values{"code": {plain.keys.Code(c)}, "do": {"show"}})
	if got.Cookies()[0].Secure {
		t.Error("without TLS a Secure cookie would be dropped")
	}
}

func nameOfCookie(t *testing.T, w *world, who string) string {
	t.Helper()
	c := w.claims(links.Escalation, who)
	return request(w.handler, http.MethodPost, "/e/"+w.keys.Sign(c), url.Values{"code": {w.keys.Code(c)}, "do": {"show"}}).Cookies()[0].Name
}

// TestWrongCodesSlowDownAndNeverLockOut: 500 wrong codes get ever longer waits,
// record nothing, and the right one opens the page all the same.
func TestWrongCodesSlowDownAndNeverLockOut(t *testing.T) {
	w := newWorld(t)
	c := w.claims(links.Escalation, "dana")
	path := "/e/" + w.keys.Sign(c)
	wrong := "222222"
	if w.keys.CodeMatches(c, wrong) {
		wrong = "333333"
	}
	statuses := map[int]int{}
	last := ""
	for range 500 {
		got := request(w.handler, http.MethodPost, path, url.Values{"code": {wrong}, "do": {"take"}})
		statuses[got.StatusCode]++
		last = got.Header.Get("Retry-After")
		if strings.Contains(got.body, "Jamie") || len(got.Cookies()) != 0 {
			t.Fatal("a wrong code opened the page")
		}
	}
	if statuses[http.StatusForbidden] != 3 || statuses[http.StatusTooManyRequests] != 497 {
		t.Errorf("statuses %v", statuses)
	}
	if last == "" {
		t.Error("no Retry-After")
	}
	if w.asked != 0 {
		t.Errorf("wrong codes acted: %v", w.log)
	}

	// From another address the right code works at once.
	elsewhere := w.visitor(t)
	elsewhere.open(path)
	elsewhere.press(url.Values{"code": {w.keys.Code(c)}, "do": {"show"}})
	elsewhere.sees("Jamie Rivera")

	// And from this one a second later, long before the wait is over.
	w.clock.turn(time.Second)
	got := request(w.handler, http.MethodPost, path, url.Values{"code": {w.keys.Code(c)}, "do": {"take"}})
	if got.StatusCode != http.StatusSeeOther || w.ack == nil {
		t.Errorf("the right code: status %d", got.StatusCode)
	}
}

// TestWaitsDoubleUpToThirtySeconds, one try a second.
func TestWaitsDoubleUpToThirtySeconds(t *testing.T) {
	w := newWorld(t)
	path := "/e/" + w.keys.Sign(w.claims(links.Escalation, "dana"))
	waits := append([]string{"", "", "", "1", "2", "4", "8", "16"}, slices.Repeat([]string{"30"}, 100)...)
	for i, want := range waits {
		got := request(w.handler, http.MethodPost, path, url.Values{"code": {"nope"}})
		if got.Header.Get("Retry-After") != want {
			t.Errorf("wrong code %d: wait %q, want %q", i+1, got.Header.Get("Retry-After"), want)
		}
		w.clock.turn(time.Second)
	}
}
