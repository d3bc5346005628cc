package web_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mooring-care/mooring/internal/links"
	"github.com/mooring-care/mooring/internal/web"
)

// office is what the staff pages show in tests.
type office struct {
	mu    sync.Mutex
	open  []web.EscalationRow
	mails []web.MailView
	fail  error
	// sights are who saw a client.
	sights []web.Sight
	// finished are the tasks that were finished.
	finished []string
	care     care
	pausing  pausing
	// superseded says that what is said never stands.
	superseded bool
	// more are entries of the timeline, older than its first.
	more int
}

func (o *office) Saw(s web.Sight) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sights = append(o.sights, s)
}

func (o *office) OpenEscalations(context.Context) ([]web.EscalationRow, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.open, o.fail
}

func (o *office) RecentClients(context.Context, int) ([]web.ClientRow, error) {
	return []web.ClientRow{{Clinic: "harbor", Key: clientKey, Name: "Jamie R.", Runs: []string{"Late cancellation"}, Last: noon()}}, nil
}

func (o *office) Client(_ context.Context, clinic, key string) (web.ClientView, error) {
	if clinic != "harbor" || key != clientKey {
		return web.ClientView{}, web.ErrUnknown
	}
	older := slices.Repeat([]web.Entry{{At: noon().Add(-time.Hour), Kind: web.EntrySafety, What: "An earlier moment"}}, o.more)
	return web.ClientView{
		Clinic: clinic, ClinicName: "Harbor Clinic", Key: key, Name: "Jamie R.",
		Mail:  o.care.mail,
		Phone: "555 0177 x12", ChartURL: "https://ehr.example/1", Brief: []web.Fact{{Label: "Why they stepped back", Text: "It was too much"}}, Opening: "“We can go slower.”",
		Tasks:   []web.TaskRow{{ID: "t1", What: "Call the client", Owner: "Dr. Reyes", Due: noon()}},
		Entries: append([]web.Entry{{Note: "A friend was there.", At: noon(), Kind: web.EntryHeld, What: "A note was not sent", Reason: "the client booked again", ReasonCode: "booked"}}, older...),
	}, nil
}

func (o *office) List(context.Context, int) ([]web.MailRow, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var rows []web.MailRow
	for _, m := range o.mails {
		rows = append(rows, m.MailRow)
	}
	return rows, o.fail
}

func (o *office) Read(_ context.Context, name string) (web.MailView, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, m := range o.mails {
		if m.Name == name {
			return m, nil
		}
	}
	return web.MailView{}, web.ErrUnknown
}

func (o *office) arrives(m web.MailView) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.mails = append([]web.MailView{m}, o.mails...)
}

// desk is the staff pages over an office.
type desk struct {
	*office
	keys    *links.Keys
	handler http.Handler
	logged  *bytes.Buffer
	clock   *clock
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	return newDeskAt(t, "http://127.0.0.1:8081")
}

func newDeskAt(t *testing.T, staffURL string) *desk {
	t.Helper()
	d := &desk{office: &office{}, keys: links.Generate(), logged: &bytes.Buffer{}, clock: &clock{now: noon()}}
	h, err := web.NewStaff(web.StaffConfig{
		Keys: d.keys, Overview: d, Mails: d, Tasks: d, Care: d, Pauses: d, Sights: d, StaffURL: staffURL, Now: d.clock.Now, Wall: d.clock.Now,
		Log: slog.New(slog.NewTextHandler(d.logged, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	d.handler = h
	return d
}

func (d *desk) token() string {
	return web.SignInToken(d.keys, "operator", d.clock.Now(), d.clock.Now().Add(10*time.Minute))
}

// signIn gives back the cookie of a new session.
func (d *desk) signIn(t *testing.T) *http.Cookie {
	t.Helper()
	got := request(d.handler, http.MethodPost, "/signin/"+d.token(), url.Values{})
	if got.StatusCode != http.StatusSeeOther || len(got.Cookies()) != 1 {
		t.Fatalf("sign in: status %d, %d cookies", got.StatusCode, len(got.Cookies()))
	}
	return got.Cookies()[0]
}

// TestSignInOnce: looking at the link changes nothing; the first press signs
// in; every later one is refused.
func TestSignInOnce(t *testing.T) {
	d := newDesk(t)
	token := d.token()
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodGet} {
		got := request(d.handler, method, "/signin/"+token, nil)
		if got.StatusCode != http.StatusOK || len(got.Cookies()) != 0 {
			t.Errorf("%s: status %d", method, got.StatusCode)
		}
	}
	got := request(d.handler, http.MethodPost, "/signin/"+token, url.Values{})
	cookie := got.Cookies()[0]
	if got.StatusCode != http.StatusSeeOther || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.MaxAge != 8*3600 || cookie.Secure {
		t.Errorf("status %d, cookie %+v", got.StatusCode, cookie)
	}
	got = request(d.handler, http.MethodPost, "/signin/"+token, url.Values{})
	if got.StatusCode != http.StatusGone || len(got.Cookies()) != 0 {
		t.Errorf("the second press: status %d", got.StatusCode)
	}
	if got := request(d.handler, http.MethodGet, "/", nil, cookie); got.StatusCode != http.StatusOK {
		t.Errorf("with the session: status %d", got.StatusCode)
	}
	d.clock.turn(8 * time.Hour)
	if got := request(d.handler, http.MethodGet, "/", nil, cookie); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("after 8 hours: status %d", got.StatusCode)
	}
}

func TestSignInRefuses(t *testing.T) {
	d := newDesk(t)
	now := d.clock.Now()
	for name, tc := range map[string]struct {
		token  string
		status int
	}{
		"noise":                    {"x", http.StatusNotFound},
		"forged":                   {web.SignInToken(links.Generate(), "operator", now, now.Add(time.Hour)), http.StatusNotFound},
		"another purpose":          {d.keys.Sign(links.Claims{Purpose: links.Staff, Issued: now, Expires: now.Add(time.Hour)}), http.StatusNotFound},
		"expired":                  {web.SignInToken(d.keys, "operator", now, now), http.StatusGone},
		"made before the program":  {web.SignInToken(d.keys, "operator", now.Add(-time.Minute), now.Add(time.Hour)), http.StatusGone},
		"made long before it even": {web.SignInToken(d.keys, "operator", now.Add(-time.Hour), now.Add(time.Hour)), http.StatusGone},
	} {
		got := request(d.handler, http.MethodPost, "/signin/"+tc.token, url.Values{})
		if got.StatusCode != tc.status || len(got.Cookies()) != 0 {
			t.Errorf("%s: status %d, want %d", name, got.StatusCode, tc.status)
		}
	}
}

// TestStaffPagesNeedASession, every one of them, and only a staff session.
func TestStaffPagesNeedASession(t *testing.T) {
	d := newDesk(t)
	d.arrives(letter("m1", "A note"))
	cookie := d.signIn(t)
	paths := []string{"/", "/clients/harbor/" + clientKey, "/mails", "/mails/m1", "/mails/m1/body", "/fragments/overview", "/fragments/mails", "/whatever"}
	other := d.keys.Sign(links.Claims{Purpose: links.Session, Clinic: "harbor", Target: target, Recipient: "dana", Expires: noon().Add(time.Hour)})
	for _, path := range paths {
		for name, c := range map[string]*http.Cookie{"none": nil, "escalation's": {Name: cookie.Name, Value: other}, "stranger's": {Name: cookie.Name, Value: "x"}} {
			var cookies []*http.Cookie
			if c != nil {
				cookies = append(cookies, c)
			}
			got := request(d.handler, http.MethodGet, path, nil, cookies...)
			if got.StatusCode != http.StatusUnauthorized || strings.Contains(got.body, "Jamie") || strings.Contains(got.body, "A note") {
				t.Errorf("%s with a session that is %s: status %d", path, name, got.StatusCode)
			}
		}
		got := request(d.handler, http.MethodPost, path, url.Values{}, cookie)
		if got.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: status %d", path, got.StatusCode)
		}
	}
}

func TestSignOut(t *testing.T) {
	d := newDesk(t)
	cookie := d.signIn(t)
	if got := request(d.handler, http.MethodPost, "/signout", url.Values{"form": {"x"}}, cookie); len(got.Cookies()) != 0 {
		t.Error("another site's form signs out")
	}
	page := request(d.handler, http.MethodGet, "/", nil, cookie)
	got := request(d.handler, http.MethodPost, "/signout", hidden(page.body), cookie)
	if len(got.Cookies()) != 1 || got.Cookies()[0].MaxAge >= 0 {
		t.Errorf("cookies %v", got.Cookies())
	}
}

func TestOverview(t *testing.T) {
	d := newDesk(t)
	cookie := d.signIn(t)
	row := func(name string, age time.Duration) web.EscalationRow {
		return web.EscalationRow{Clinic: "harbor", ClientKey: clientKey, ClientName: name, Urgency: web.Crisis, Opened: noon().Add(-age), Owner: "Dana", Next: noon().Add(8 * time.Minute), Policy: "safety", Rung: 2, Rungs: 3, Mail: "m1"}
	}
	d.open = []web.EscalationRow{row("Younger", time.Minute), row("Older", time.Hour)}
	got := request(d.handler, http.MethodGet, "/", nil, cookie)
	older, younger := strings.Index(got.body, "Older"), strings.Index(got.body, "Younger")
	if older < 0 || younger < older {
		t.Error("the oldest does not come first")
	}
	for _, say := range []string{"With <strong>Dana</strong>", "in 8 minutes", "step 2 of 3", `href="/mails/m1"`, "Late cancellation"} {
		if !strings.Contains(got.body, say) {
			t.Errorf("the page does not say %q", say)
		}
	}

	d.open, d.fail = nil, errors.New("the leader is away")
	got = request(d.handler, http.MethodGet, "/", nil, cookie)
	if !strings.Contains(got.body, "could not be read") || strings.Contains(got.body, "Nobody is waiting") {
		t.Error("a list that could not be read looks like an empty one")
	}
}

// TestFragmentsSayWhenNothingChanged, at every look while the minute is the
// same and the lists are.
func TestFragmentsSayWhenNothingChanged(t *testing.T) {
	for path, change := range map[string]func(*desk){
		"/fragments/mails": func(d *desk) { d.arrives(letter("m1", "A note")) },
		"/fragments/overview": func(d *desk) {
			d.open = []web.EscalationRow{{Clinic: "harbor", ClientKey: clientKey, ClientName: "Jamie R.", Opened: noon(), Next: noon().Add(time.Hour)}}
		},
	} {
		d := newDesk(t)
		cookie := d.signIn(t)
		first := request(d.handler, http.MethodGet, path, nil, cookie)
		tag := first.Header.Get("Etag")
		if first.StatusCode != http.StatusOK || tag == "" || strings.Contains(first.body, "<html") {
			t.Fatalf("%s: status %d, tag %q", path, first.StatusCode, tag)
		}
		ask := func() int {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
			r.AddCookie(cookie)
			r.Header.Set("If-None-Match", tag)
			return serve(d.handler, r).StatusCode
		}
		for range 3 {
			d.clock.turn(time.Second)
			if got := ask(); got != http.StatusNotModified {
				t.Errorf("%s unchanged, a second later: status %d", path, got)
			}
		}
		change(d)
		if got := ask(); got != http.StatusOK {
			t.Errorf("%s changed: status %d", path, got)
		}
	}
}

// TestLongTimeline: a page shows the newest hundred entries, and all when asked.
func TestLongTimeline(t *testing.T) {
	for _, c := range []struct {
		more, shown int
		says        string
	}{{99, 99, ""}, {100, 99, "Show 1 older entry too"}, {350, 99, "Show 251 older entries too"}} {
		d := newDesk(t)
		d.more = c.more
		cookie := d.signIn(t)
		got := request(d.handler, http.MethodGet, "/clients/harbor/"+clientKey, nil, cookie).body
		if n := strings.Count(got, "An earlier moment"); n != c.shown || !strings.Contains(got, c.says) || strings.Contains(got, "older entr") != (c.says != "") {
			t.Errorf("%d older ones: %d are shown, want %d and %q", c.more, n, c.shown, c.says)
		}
		if c.says != "" && !strings.Contains(got, `href="/clients/harbor/`+clientKey+`?timeline=all#timeline"`) {
			t.Error("no link leads to the others")
		}
		all := request(d.handler, http.MethodGet, "/clients/harbor/"+clientKey+"?timeline=all", nil, cookie).body
		if n := strings.Count(all, "An earlier moment"); n != c.more || strings.Contains(all, "older entr") {
			t.Errorf("asked for all of %d, %d are shown", c.more, n)
		}
		// A press answers at another address: its link leads back to the client's page.
		pressed := request(d.handler, http.MethodPost, safetyPath, hidden(got), cookie).body
		if c.says != "" && !strings.Contains(pressed, `href="/clients/harbor/`+clientKey+`?timeline=all#timeline"`) {
			t.Errorf("after a press no link leads to the others:\n%s", pressed)
		}
	}
}

// TestClientPageIsLogged with the client key and nothing else of the client.
func TestClientPageIsLogged(t *testing.T) {
	d := newDesk(t)
	cookie := d.signIn(t)
	got := request(d.handler, http.MethodGet, "/clients/harbor/"+clientKey, nil, cookie)
	for _, say := range []string{"A note was not sent", "The client booked again", "booked", "Held back", "Nothing is planned"} {
		if !strings.Contains(got.body, say) {
			t.Errorf("the page does not say %q", say)
		}
	}
	logged := d.logged.String()
	if !strings.Contains(logged, "client page shown") || !strings.Contains(logged, "key="+clientKey) || strings.Contains(logged, "Jamie") {
		t.Errorf("logged: %s", logged)
	}
	if got := request(d.handler, http.MethodGet, "/clients/harbor/nobody", nil, cookie); got.StatusCode != http.StatusNotFound {
		t.Errorf("unknown client: status %d", got.StatusCode)
	}
}

func letter(name, subject string) web.MailView {
	return web.MailView{
		MailRow: web.MailRow{Name: name, At: noon(), To: "Alex <alex@example.net>", Subject: subject, Attempt: 1},
		From:    "Harbor Clinic <hello@harbor.example>", Headers: []web.Fact{{Label: "X-Odd", Text: "<b>odd</b>"}},
		Text: "See https://mail.example/c/abc, or (https://mail.example/u/def).",
		HTML: `<html><head></head><body><p id="hello">Hello <a id="go" href="https://mail.example/c/abc">here</a></p><img src="/ran" alt=""><script>fetch("/ran")</script></body></html>`,
	}
}

func TestMailViews(t *testing.T) {
	d := newDesk(t)
	d.arrives(letter("m1", "A <b>note</b>"))
	cookie := d.signIn(t)
	for path, says := range map[string][]string{
		"/mails":                  {"A &lt;b&gt;note&lt;/b&gt;", `href="/mails/m1"`},
		"/mails/m1":               {`src="/mails/m1/body"`, `sandbox="allow-popups allow-popups-to-escape-sandbox"`, "Links in this mail"},
		"/mails/m1?view=text":     {`<a href="https://mail.example/c/abc" target="_blank" rel="noopener noreferrer">https://mail.example/c/abc</a>, or (<a href="https://mail.example/u/def"`},
		"/mails/m1?view=headers":  {"X-Odd", "&lt;b&gt;odd"},
		"/mails/m1/body":          {`<base target="_blank">`, `id="hello"`},
		"/mails/..%2f..%2fsecret": {"There is nothing here"},
	} {
		got := request(d.handler, http.MethodGet, path, nil, cookie)
		for _, say := range says {
			if !strings.Contains(got.body, say) {
				t.Errorf("%s does not say %q:\n%s", path, say, got.body)
			}
		}
	}
	body := request(d.handler, http.MethodGet, "/mails/m1/body", nil, cookie)
	if policy := body.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "sandbox") || strings.Contains(policy, "script-src") || strings.Contains(policy, "allow-scripts") {
		t.Errorf("policy %q", policy)
	}
}
