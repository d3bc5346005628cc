package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/mooring-care/mooring/internal/links"
	"github.com/mooring-care/mooring/internal/web"
)

func (w *world) preferences() string {
	return "/u/" + w.keys.Sign(w.claims(links.Preferences, clientKey))
}

// TestCheckinListsServices after an answer, by its reasons; a client with a flag sees
// only those that may be shown then and no button, one who is not safe none at all.
func TestCheckinListsServices(t *testing.T) {
	w := newWorld(t)
	w.services = []web.Resource{{Name: "Listeners", Phone: "555 0133"}, {Name: "Calm app", About: "Breathe."}}
	v := w.visitor(t)
	v.open(w.checkin())
	v.press(url.Values{"feeling": {"hard"}, "reason": {"stress", "overwhelm"}})
	v.sees("Calm app", "Listeners", `href="tel:5550133"`, "For overwhelm and stress", "Email me this list")
	v.press(url.Values{"do": {"list"}, "reason": {"overwhelm", "stress"}})
	v.sees("The list is on its way", "Calm app")
	if last := w.log[len(w.log)-1]; !strings.HasPrefix(last, "list overwhelm+stress") {
		t.Errorf("the last act: %s", last)
	}
	v.open(w.checkin())
	v.press(url.Values{"unsafe": {"1"}})
	v.seesNot("Calm app", "Listeners", "Mail me")

	w.mail.Flagged = true
	v.open(w.checkin())
	v.press(url.Values{"feeling": {"hard"}})
	v.sees("Listeners", "People you can reach")
	v.seesNot("Calm app", "Email me this list", "These places")

	w.mail = web.ClientMail{OptedOut: true}
	v.open(w.checkin())
	v.press(url.Values{"feeling": {"okay"}, "wish": {"stop"}})
	v.sees("You will get no more of these emails", "Calm app")
	v.seesNot("Email me this list")
}

// TestEmergencyNumber: the number for danger right now is a link to press, in both
// languages and on pages without an answer; without one that can be dialled it is named
// in words.
func TestEmergencyNumber(t *testing.T) {
	for number, says := range map[string][3]string{
		"911":      {`In danger right now? <a href="tel:911">Call 911</a>`, `¿Está en peligro ahora mismo? <a href="tel:911">Llame al 911</a>`, "local emergency number"},
		"":         {"In danger right now? Call your local emergency number.", "Llame al número de emergencias de su zona.", `href="tel:911"`},
		"the desk": {"In danger right now? Call your local emergency number.", "Llame al número de emergencias de su zona.", `href="tel:"`},
	} {
		w := newWorld(t)
		w.emergency = number
		v := w.visitor(t)
		v.open(w.checkin())
		v.sees(says[0])
		v.seesNot(says[2])
		v.press(url.Values{"feeling": {"not-safe"}})
		v.sees(says[0])
		v.seesNot(says[2])
		v.open(w.checkin() + "?lang=es")
		v.sees(says[1])
	}
}

// TestCheckinList says what became of the mail, and counts one press once.
func TestCheckinList(t *testing.T) {
	for result, says := range map[web.Result]string{web.MailAsked: "The list is on its way", web.MailHeld: "We cannot email the list", web.AskedOften: "a few times today"} {
		w := newWorld(t)
		w.held = result
		v := w.visitor(t)
		v.open(w.checkin())
		v.press(url.Values{"feeling": {"okay"}})
		page := v.page
		for range 2 {
			v.page = page
			v.press(url.Values{"do": {"list"}})
			v.sees(says)
		}
		if got := len(w.log); got != 2 {
			t.Errorf("%d acts counted: %v", got, w.log)
		}
		w.fail = web.ErrNotConfirmed
		v.page = page
		v.press(url.Values{"do": {"list"}, "reason": {"stress"}})
		v.sees("Not yet confirmed", `name="reason" value="stress"`)
		v.seesNot("The list is on its way")
	}
}

// TestCheckinPause tells until when, and leads to the page that ends it.
func TestCheckinPause(t *testing.T) {
	w := newWorld(t)
	w.mail.RestsUntil = noon().AddDate(0, 0, 30)
	v := w.visitor(t)
	v.open(w.checkin())
	v.press(url.Values{"feeling": {"okay"}, "wish": {"pause"}})
	v.sees("You will get none of these emails until April 1, 2026.", `<a href="/u/`)
	_, rest, _ := strings.Cut(v.page, `<a href="/u/`)
	token, _, _ := strings.Cut(rest, `"`)
	v.open("/u/" + token)
	v.sees("Your emails are on a break")
}

// TestPreferencesChoices: each does what it says, and says until when.
func TestPreferencesChoices(t *testing.T) {
	w := newWorld(t)
	v := w.visitor(t)
	for code, until := range map[string]string{"2w": "March 16, 2026", "1m": "April 2, 2026", "3m": "June 2, 2026"} {
		v.open(w.preferences())
		v.press(url.Values{"do": {"pause"}, "for": {code}})
		v.sees("Your emails are on a break", until, "End the break")
		v.press(url.Values{"do": {"resume"}})
		v.sees("The break is over", "Take a break")
		if !w.mail.RestsUntil.IsZero() {
			t.Error("the break goes on")
		}
	}
	for _, form := range []url.Values{{"do": {"pause"}}, {"do": {"pause"}, "for": {"9y"}}, {"do": {"dance"}}, {}} {
		before := w.snapshot()
		if got := request(w.handler, http.MethodPost, w.preferences(), form); got.StatusCode != http.StatusBadRequest || w.snapshot() != before {
			t.Errorf("%v: status %d", form, got.StatusCode)
		}
	}
	w.fail = web.ErrNotConfirmed
	v.open(w.preferences())
	v.press(url.Values{"do": {"pause"}, "for": {"1m"}})
	v.sees("Not yet confirmed", `name="for" value="1m"`, `value="pause"`)
}

// TestNewAddress: only a plain address is asked about; the page tells what became of
// it, and neither an address nor a log line holds the address.
func TestNewAddress(t *testing.T) {
	w := newWorld(t)
	v := w.visitor(t)
	for _, wrong := range []string{"", "new", "a@b", "new@localhost", "new@example.", "new@.org", "new@example.c", "new at example.org", "new@example.org, other@example.org", "New <new@example.org>", "zoë@example.org", "a\"b@example.org", strings.Repeat("a", 300) + "@example.org"} {
		v.open(w.preferences())
		v.press(url.Values{"do": {"address"}, "address": {wrong}})
		v.sees("This does not look like an email address", `id="wrong" tabindex="-1" autofocus`, `aria-invalid="true"`)
		if v.status != http.StatusUnprocessableEntity || w.asked != 0 {
			t.Fatalf("%q: status %d, %d acts", wrong, v.status, w.asked)
		}
	}
	w.mail.AddressUntil = noon().AddDate(0, 0, 3)
	v.open(w.preferences())
	v.press(url.Values{"do": {"address"}, "address": {" new@example.org "}})
	v.sees("Please look in your new inbox", "It works until March 5, 2026")
	if w.log[len(w.log)-1] != "address new@example.org "+target+" by "+clientKey+": mail-asked" {
		t.Errorf("the act: %v", w.log)
	}
	w.held = web.AskedOften
	v.open(w.preferences())
	v.press(url.Values{"do": {"address"}, "address": {"other@example.org"}})
	v.sees("You have asked for a few links today")
	w.fail = web.ErrNotConfirmed
	v.press(url.Values{"do": {"address"}, "address": {"third@example.org"}})
	v.sees("Not yet confirmed", `name="address" value="third@example.org"`)
	if strings.Contains(w.logged.String(), "example.org") || strings.Contains(v.url, "example.org") {
		t.Errorf("an address stands in the log or in a URL:\n%s", w.logged)
	}
}

// TestConfirmAddress: looking changes nothing, the button does, once; the page says
// where the link is too old, and that an opt-out stays.
func TestConfirmAddress(t *testing.T) {
	w := newWorld(t)
	path := "/a/" + w.keys.Sign(w.claims(links.Address, clientKey))
	v := w.visitor(t)
	v.open(path)
	v.sees("Use this address from now on?")
	if w.asked != 0 {
		t.Fatal("looking asked for something")
	}
	v.press(url.Values{"do": {"confirm"}})
	v.sees("From now on our emails come to this address", "We tell the old address")
	if len(w.log) != 1 || w.log[0] != "confirm "+target+" by "+clientKey+": chosen" {
		t.Errorf("acts: %v", w.log)
	}
	w.mail.OptedOut = true
	v.open(path)
	v.press(url.Values{"do": {"confirm"}})
	v.sees("You asked for no more emails, and that stays so")
	w.held = web.MailHeld
	v.open(path)
	w.clock.turn(3 * time.Minute)
	v.press(url.Values{"do": {"confirm"}})
	v.sees("This link is not the newest one")
	if got := request(w.handler, http.MethodPost, path, url.Values{"List-Unsubscribe": {"One-Click"}}); got.StatusCode != http.StatusBadRequest {
		t.Errorf("another press: status %d", got.StatusCode)
	}
}

// TestOddWordsAreHarmless: whatever a person, a clinic or a service is called, and
// whatever somebody writes, no page lets it act, and every page ends as it should.
func TestOddWordsAreHarmless(t *testing.T) {
	for name, odd := range map[string]string{
		"a script":      `<script>alert(1)</script>`,
		"a quote":       `"><img src=x onerror=alert(1)>'`,
		"lines":         "Ana\r\nSet-Cookie: a=b\n\n.",
		"right to left": "\u202eana\u2066\u200f",
		"long":          strings.Repeat("Ana María ", 50),
		"a template":    `{{.Say}} %s %[3]d`,
		"nothing seen":  "\x00\x07\u200b\ufeff",
		"broken":        "\xff\xfe",
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.named = odd
			w.services = []web.Resource{{Name: odd, About: odd, Phone: odd, Address: odd, URL: "javascript:" + odd, Hours: odd, Cost: odd}}
			for _, lang := range []string{"", "?lang=es"} {
				address := "/a/" + w.keys.Sign(w.claims(links.Address, clientKey))
				for _, one := range []struct {
					path string
					form url.Values
				}{
					{w.checkin(), nil},
					{w.preferences(), nil},
					{address, nil},
					{w.checkin(), url.Values{"text": {odd}, "reason": {odd}, "wish": {odd}}},
					{w.checkin(), url.Values{"feeling": {"hard"}, "text": {odd}, "reason": {odd}, "wish": {odd}, "id": {odd}, "press": {odd}}},
					{w.checkin(), url.Values{"unsafe": {odd}, "text": {odd}}},
					{w.checkin(), url.Values{"do": {"list"}, "reason": {odd, "stress"}}},
					{w.preferences(), url.Values{"do": {"address"}, "address": {odd}}},
					{w.preferences(), url.Values{"do": {"language"}, "language": {odd}}},
					{w.preferences(), url.Values{"do": {"pause"}, "for": {odd}}},
					{address, url.Values{"do": {"confirm"}, "press": {odd}}},
				} {
					method := http.MethodGet
					if one.form != nil {
						method = http.MethodPost
					}
					r := httptest.NewRequest(method, one.path+lang, strings.NewReader(one.form.Encode()))
					r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
					rec := httptest.NewRecorder()
					w.handler.ServeHTTP(rec, r)
					body := rec.Body.String()
					if rec.Header().Get("Set-Cookie") != "" {
						t.Errorf("%s %v: a header came out of words", one.path[:3], one.form)
					}
					if rec.Code >= http.StatusInternalServerError || !strings.HasSuffix(strings.TrimSpace(body), "</html>") {
						t.Errorf("%s %v: status %d, the page breaks off", one.path[:3], one.form, rec.Code)
					}
					for _, bad := range []string{"<script", "<img", `href="javascript:`, "onerror=alert(1)>'<"} {
						if strings.Contains(body, bad) {
							t.Errorf("%s %v: the page holds %q", one.path[:3], one.form, bad)
						}
					}
				}
			}
			for _, a := range w.answers {
				if !utf8.ValidString(a.Text) || strings.ContainsAny(a.Text, "\x00\x07\r") || len([]rune(a.Text)) > 5000 {
					t.Errorf("the answer keeps %q", a.Text)
				}
			}
		})
	}
}

// TestABreakAfterStopping promises nothing: who gets no mail is told that, and neither
// that a break begins nor that mail goes on.
func TestABreakAfterStopping(t *testing.T) {
	for _, do := range []string{"pause", "resume"} {
		t.Run(do, func(t *testing.T) {
			w := newWorld(t)
			w.stopped = true
			v := w.visitor(t)
			v.open("/u/" + w.keys.Sign(w.claims(links.Preferences, clientKey)))
			v.press(url.Values{"do": {do}, "for": {"2w"}})
			v.sees("You will get no more of these emails")
			v.seesNot("on a break", "The break is over", "as before")
		})
	}
}

// TestWordsAreReadLater: whoever wrote something, or was not safe before, sees the crisis
// line beside the thanks; who only says that all is well is not handed one.
func TestWordsAreReadLater(t *testing.T) {
	for name, tc := range map[string]struct {
		text    string
		flagged bool
		want    bool
	}{"no words": {"", false, false}, "words": {"I took all my pills", false, true}, "not safe before": {"", true, true}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.mail.Flagged = tc.flagged
			v := w.visitor(t)
			v.open("/c/" + w.keys.Sign(w.claims(links.Checkin, clientKey)))
			v.press(url.Values{"feeling": {"okay"}, "text": {tc.text}})
			if v.sees("It is good to hear from you"); tc.want {
				v.sees("If you need somebody now, please do not wait for us:")
			} else {
				v.seesNot("please do not wait for us")
			}
		})
	}
}
