package web_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/web"
)

// care is the office's word on what staff say about a client.
type care struct {
	said []string // what counted, with who said it
	ids  []string // of every act, repeats too
	// fail answers every act.
	fail error
	mail web.MailState
}

func (o *office) take(a web.Act, what string) (web.Said, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if a.Clinic != "harbor" || a.Target != clientKey {
		return web.Said{}, web.ErrUnknown
	}
	repeat := slices.Contains(o.care.ids, a.ID)
	o.care.ids = append(o.care.ids, a.ID)
	if o.care.fail != nil {
		return web.Said{}, o.care.fail
	}
	if !repeat {
		o.care.said = append(o.care.said, a.Recipient+" "+what)
	}
	return web.Said{Counted: !o.superseded, Reason: "the reason of " + what}, nil
}

func (o *office) Notice(_ context.Context, a web.Act, n web.Notice) (web.Said, error) {
	return o.take(a, fmt.Sprintf("notices %v %q %q", n.Noticed, n.Reason, n.Approach))
}

func (o *office) Raise(_ context.Context, a web.Act, level events.ConcernLevel, words string) (web.Raised, error) {
	_, err := o.take(a, fmt.Sprintf("raises %s %q", level, words))
	return web.Raised{Owner: "Priya Nair"}, err
}

func (o *office) Pause(_ context.Context, a web.Act, day string) (web.Said, error) {
	if day == "yesterday" {
		return web.Said{}, web.ErrDay
	}
	return o.take(a, "pauses "+day)
}

func (o *office) Resume(_ context.Context, a web.Act, optIn bool) (web.Said, error) {
	return o.take(a, fmt.Sprintf("resumes %v", optIn))
}

const (
	carePage   = "/clients/harbor/" + clientKey
	noticePath = carePage + "/notice"
	mailPath   = carePage + "/mail"
	safetyPath = carePage + "/safety"
)

// TestWhatStaffSay: each press, what it says, and what comes back.
func TestWhatStaffSay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, path string
		fill       url.Values
		status     int
		says, said string
	}{
		{"two taps", noticePath, url.Values{"noticed": {"quieter"}}, http.StatusOK, "The reason of notices", `operator notices [quieter] "" ""`},
		{
			"everything", noticePath,
			url.Values{"noticed": {"late", "wants-to-stop"}, "reason": {"stress"}, "approach": {"remote"}},
			http.StatusOK, "Thank you", `operator notices [late wants-to-stop] "stress" "remote"`,
		},
		{"a reason alone", noticePath, url.Values{"reason": {"shame"}, "approach": {""}}, http.StatusOK, "Thank you", `operator notices [] "shame" ""`},
		{"nothing", noticePath, nil, http.StatusUnprocessableEntity, "Nothing was saved yet", ""},
		{"own words", noticePath, url.Values{"noticed": {"her mother"}, "reason": {"her mother"}, "approach": {"x"}}, http.StatusUnprocessableEntity, "Nothing was saved yet", ""},
		{"pause", mailPath, url.Values{"do": {"pause"}, "until": {""}}, http.StatusOK, "Mail is paused", "operator pauses "},
		{"pause until", mailPath, url.Values{"do": {"pause"}, "until": {"2026-03-09"}}, http.StatusOK, "The reason of pauses 2026-03-09.", "operator pauses 2026-03-09"},
		{"no day to come", mailPath, url.Values{"do": {"pause"}, "until": {"yesterday"}}, http.StatusUnprocessableEntity, "Until which day?", ""},
		{"resume", mailPath, url.Values{"do": {"resume"}}, http.StatusOK, "The pause is lifted", "operator resumes false"},
		{"opt in", mailPath, url.Values{"do": {"opt-in"}, "asked": {"yes"}}, http.StatusOK, "Mail may go out again", "operator resumes true"},
		{"opt in without the client's word", mailPath, url.Values{"do": {"opt-in"}}, http.StatusUnprocessableEntity, "Did the client ask for it?", ""},
		{"a call now", safetyPath, url.Values{"do": {"worry-now"}, "worry": {" a friend rang "}}, http.StatusOK, "Priya Nair is asked now", `operator raises immediate "a friend rang"`},
		{"a call today", safetyPath, url.Values{"do": {"worry-today"}}, http.StatusOK, "Priya Nair is asked now", `operator raises same-day ""`},
		{"another button", safetyPath, url.Values{"do": {"pause"}}, http.StatusUnprocessableEntity, "Nothing was changed", ""},
		{"nobody known to worry about", "/clients/harbor/other/safety", url.Values{"do": {"worry-now"}}, http.StatusNotFound, "nothing here", ""},
		{"no button", mailPath, url.Values{"do": {"dance"}}, http.StatusUnprocessableEntity, "Nothing was changed", ""},
		{"nobody known", "/clients/harbor/other/mail", url.Values{"do": {"resume"}}, http.StatusNotFound, "nothing here", ""},
		{"nobody known to notice", "/clients/harbor/other/notice", url.Values{"noticed": {"late"}}, http.StatusNotFound, "nothing here", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			session := d.signIn(t)
			form := hidden(request(d.handler, http.MethodGet, carePage, nil, session).body)
			maps.Copy(form, c.fill)
			got := request(d.handler, http.MethodPost, c.path, form, session)
			if got.StatusCode != c.status || !strings.Contains(got.body, c.says) {
				t.Errorf("status %d, want %d saying %q:\n%s", got.StatusCode, c.status, c.says, got.body)
			}
			var want []string
			if c.said != "" {
				want = []string{c.said}
			}
			if !slices.Equal(d.care.said, want) {
				t.Errorf("said %q, want %q", d.care.said, want)
			}
			if strings.Contains(d.logged.String(), "Jamie") {
				t.Errorf("the log names the client:\n%s", d.logged)
			}
		})
	}
}

// TestOnlyTheSessionsOwnFormsSay: without a session, and without its nonce,
// nothing is said.
func TestOnlyTheSessionsOwnFormsSay(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	session := d.signIn(t)
	form := hidden(request(d.handler, http.MethodGet, carePage, nil, session).body)
	for path, fill := range map[string]url.Values{noticePath: {"noticed": {"late"}}, mailPath: {"do": {"pause"}}, safetyPath: {"do": {"worry-now"}}} {
		fill["form"] = form["form"]
		foreign := url.Values{}
		maps.Copy(foreign, fill)
		foreign.Set("form", "x")
		for name, got := range map[string]answer{
			"nobody is signed in":      request(d.handler, http.MethodPost, path, fill),
			"another site's form":      request(d.handler, http.MethodPost, path, foreign, session),
			"all of it in the address": request(d.handler, http.MethodPost, path+"?"+fill.Encode(), url.Values{}, session),
		} {
			if got.StatusCode != http.StatusForbidden || !strings.Contains(got.body, "load the page again") {
				t.Errorf("%s, %s: status %d", path, name, got.StatusCode)
			}
		}
	}
	if len(d.care.ids) != 0 {
		t.Errorf("it was said all the same: %v", d.care.said)
	}
}

// TestGetShowsToStaff: looking at what staff can say says nothing.
func TestGetShowsToStaff(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	session := d.signIn(t)
	form := hidden(request(d.handler, http.MethodGet, noticePath, nil, session).body)
	form["noticed"], form["do"], form["asked"] = []string{"late"}, []string{"pause", "opt-in", "worry-now"}, []string{"yes"}
	for _, path := range []string{carePage, noticePath, mailPath, safetyPath, carePage + "/tasks/t1"} {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions} {
			for _, query := range []string{"", "?" + form.Encode()} {
				got := request(d.handler, method, path+query, form, session) // the body too, which only a POST may have
				if len(got.Cookies()) != 0 {
					t.Errorf("%s %s opens a session", method, path)
				}
			}
		}
	}
	if len(d.care.ids) != 0 || len(d.finished) != 0 {
		t.Errorf("looking said %q and finished %q", d.care.said, d.finished)
	}
	if got := request(d.handler, http.MethodGet, noticePath, nil); got.StatusCode != http.StatusUnauthorized || strings.Contains(got.body, "Jamie") {
		t.Errorf("without a session: status %d", got.StatusCode)
	}
}

// TestNotYetConfirmedIsNeverDone: the page says so, keeps what was chosen, and
// the next press repeats the same act, however much later.
func TestNotYetConfirmedIsNeverDone(t *testing.T) {
	t.Parallel()
	for path, fill := range map[string]url.Values{
		noticePath: {"noticed": {"late"}, "reason": {"stress"}},
		mailPath:   {"do": {"pause"}, "until": {"2026-03-09"}},
	} {
		d := newDesk(t)
		session := d.signIn(t)
		d.care.fail = web.ErrNotConfirmed
		form := hidden(request(d.handler, http.MethodGet, carePage, nil, session).body)
		maps.Copy(form, fill)
		got := request(d.handler, http.MethodPost, path, form, session)
		if got.StatusCode != http.StatusServiceUnavailable || !strings.Contains(got.body, "Not yet confirmed") {
			t.Fatalf("%s: status %d\n%s", path, got.StatusCode, got.body)
		}
		if path == noticePath && (!strings.Contains(got.body, `value="late" checked`) || !strings.Contains(got.body, `value="stress" checked`) || !strings.Contains(got.body, "<details class=\"more\" open>")) {
			t.Errorf("what was chosen is gone:\n%s", got.body)
		}
		d.care.fail = nil
		d.clock.turn(10 * time.Minute)
		form = hidden(got.body)
		maps.Copy(form, fill)
		if got = request(d.handler, http.MethodPost, path, form, session); got.StatusCode != http.StatusOK {
			t.Errorf("%s again: status %d", path, got.StatusCode)
		}
		if ids := d.care.ids; len(ids) != 2 || ids[0] != ids[1] {
			t.Errorf("%s: the second press is another act: %v", path, ids)
		}
		// A double press counts once; other content is another act.
		request(d.handler, http.MethodPost, path, form, session)
		if path == noticePath {
			form.Set("reason", "shame")
		} else {
			form.Set("until", "2026-04-09")
		}
		request(d.handler, http.MethodPost, path, form, session)
		if ids := d.care.ids; ids[2] != ids[1] || ids[3] == ids[2] {
			t.Errorf("%s: the acts are %v", path, ids)
		}
	}
}

// TestMailToTheClient: the page says how it stands, and offers what can be done.
func TestMailToTheClient(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		mail            web.MailState
		offers, offersN []string
	}{
		"free":      {web.MailState{}, []string{"Nobody has paused it.", `value="pause"`}, []string{`value="resume"`, `value="opt-in"`}},
		"paused":    {web.MailState{Paused: true}, []string{"until somebody lifts the pause", `value="resume"`, "Change the pause"}, []string{`value="opt-in"`, "Nobody has paused it."}},
		"for days":  {web.MailState{Paused: true, Until: noon().AddDate(0, 0, 7)}, []string{"Mail is paused until <time", "Mon, Mar 9", `value="resume"`}, nil},
		"opted out": {web.MailState{OptedOut: true}, []string{"They asked for no more mail", "The client told us that they want mail again.", `value="opt-in"`}, []string{`value="resume"`}},
	} {
		d := newDesk(t)
		d.care.mail = c.mail
		page := request(d.handler, http.MethodGet, carePage, nil, d.signIn(t)).body
		for _, want := range append(c.offers, `href="`+noticePath+`"`) {
			if !strings.Contains(page, want) {
				t.Errorf("%s: the page does not say %q", name, want)
			}
		}
		for _, not := range c.offersN {
			if strings.Contains(page, not) {
				t.Errorf("%s: the page says %q", name, not)
			}
		}
	}
}

// TestADecisionThatDoesNotStand is shown as what it is.
func TestADecisionThatDoesNotStand(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	session := d.signIn(t)
	form := hidden(request(d.handler, http.MethodGet, carePage, nil, session).body)
	d.care.fail = nil
	d.superseded = true
	form.Set("do", "pause")
	got := request(d.handler, http.MethodPost, mailPath, form, session)
	if !strings.Contains(got.body, "Please look again") || strings.Contains(got.body, "<h2>Mail is paused</h2>") {
		t.Errorf("a pause that does not stand reads:\n%s", got.body)
	}
}
