package web_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mooring-care/mooring/internal/links"
	"github.com/mooring-care/mooring/internal/web"
)

// routes are the patterns that a source file gives to its mux, so that a new one
// cannot be forgotten here.
func routes(t *testing.T, file string) []string {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range regexp.MustCompile(`mux\.Handle(?:Func)?\(("[^"]+"|assetPrefix)`).FindAllStringSubmatch(string(src), -1) {
		out = append(out, strings.Trim(m[1], `"`))
	}
	if len(out) < 8 {
		t.Fatalf("only %d routes in %s", len(out), file)
	}
	return out
}

// TestHeadersOnEveryRoute, by every method, with a session and without, over TLS
// and without it: what a browser is told, and what its cookies may do.
func TestHeadersOnEveryRoute(t *testing.T) {
	for _, scheme := range []string{"https", "http"} {
		t.Run(scheme, func(t *testing.T) {
			w, d := newWorldAt(t, scheme+"://mail.example"), newDeskAt(t, scheme+"://staff.example")
			d.arrives(letter("m1", "A note"))
			headersOfPublic(t, w, scheme == "https")
			headersOfStaff(t, d, scheme == "https")
		})
	}
}

func headersOfPublic(t *testing.T, w *world, secure bool) {
	t.Helper()
	paths := map[string]string{"assetPrefix": "/assets/nothing", "/": "/nothing", "/v1/": "/v1/clinics/harbor/events"}
	cookies := 0
	for prefix, one := range pagesByPrefix() {
		c := w.claims(one.purpose, one.recipient)
		paths[prefix+"{token}"] = prefix + w.keys.Sign(c)
		if one.recipient == clientKey {
			continue
		}
		opened := request(w.handler, http.MethodPost, paths[prefix+"{token}"], url.Values{"code": {w.keys.Code(c)}, "do": {"show"}})
		held, form := w.opened(t, paths[prefix+"{token}"], c)
		left := request(w.handler, http.MethodPost, paths[prefix+"{token}"], url.Values{"do": {"leave"}, "form": {form}}, held)
		for what, got := range map[string]answer{"the code": opened, "leaving": left} {
			cookies += checkHeaders(t, what+" of "+prefix, got, secure, http.SameSiteStrictMode)
		}
		for _, method := range everyMethod() {
			checkHeaders(t, method+" "+prefix+" with a session", request(w.handler, method, paths[prefix+"{token}"], url.Values{}, held), secure, http.SameSiteStrictMode)
		}
	}
	if cookies != 3*2 {
		t.Errorf("%d cookies were set, want one to open and one to leave each page for staff", cookies)
	}
	for _, route := range routes(t, "public.go") {
		path, ok := paths[route]
		if !ok {
			t.Errorf("nobody looks at the headers of %s", route)
			continue
		}
		for _, method := range everyMethod() {
			checkHeaders(t, method+" "+route, request(w.handler, method, path, url.Values{}), secure, http.SameSiteStrictMode)
			checkHeaders(t, method+" "+route+", broken", request(w.handler, method, path+"x", url.Values{}), secure, http.SameSiteStrictMode)
		}
	}
}

func headersOfStaff(t *testing.T, d *desk, secure bool) {
	t.Helper()
	paths := map[string]string{
		"assetPrefix": "/assets/nothing", "/signin/{token}": "/signin/" + d.token(), "/signout": "/signout", "/{$}": "/", "/": "/nothing",
		"/clients/{clinic}/{key}": carePage, "POST /clients/{clinic}/{key}/tasks/{task}": carePage + "/tasks/t1",
		"/clients/{clinic}/{key}/notice": noticePath, "POST /clients/{clinic}/{key}/notice": noticePath, "POST /clients/{clinic}/{key}/mail": mailPath,
		"POST /clients/{clinic}/{key}/safety": safetyPath,
		"/pauses":                             pausesPath, "POST /pauses": pausesPath, "/mails": "/mails", "/mails/{name}": "/mails/m1", "/mails/{name}/body": "/mails/m1/body",
		"/fragments/overview": "/fragments/overview", "/fragments/mails": "/fragments/mails",
	}
	session := d.signIn(t)
	cookies := checkHeaders(t, "signing in", request(d.handler, http.MethodPost, "/signin/"+d.token(), url.Values{}), secure, http.SameSiteLaxMode)
	cookies += checkHeaders(t, "signing out", request(d.handler, http.MethodPost, "/signout", hidden(request(d.handler, http.MethodGet, carePage, nil, session).body), session), secure, http.SameSiteLaxMode)
	if cookies != 2 {
		t.Errorf("%d cookies were set, want one to sign in and one to sign out", cookies)
	}
	for _, route := range routes(t, "staff.go") {
		path, ok := paths[route]
		if !ok {
			t.Errorf("nobody looks at the headers of %s", route)
			continue
		}
		for _, method := range everyMethod() {
			checkHeaders(t, method+" "+route, request(d.handler, method, path, url.Values{}), secure, http.SameSiteLaxMode)
			if got := request(d.handler, method, path, url.Values{}, session); route != "/mails/{name}/body" || !slices.Contains([]string{http.MethodGet, http.MethodHead}, method) {
				checkHeaders(t, method+" "+route+" with a session", got, secure, http.SameSiteLaxMode)
			} else if policy := got.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "sandbox allow-popups allow-popups-to-escape-sandbox") || strings.Contains(policy, "script-src") || !strings.Contains(policy, "frame-ancestors 'self'") {
				// A mail brings its own styles and stands in a frame of our own page; it
				// is shut in a sandbox instead, in which nothing runs.
				t.Errorf("the policy of a mail's body is %q", policy)
			}
		}
	}
}

func everyMethod() []string {
	return []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodPatch, http.MethodTrace}
}

// checkHeaders holds one answer to what every answer has, and counts its cookies.
func checkHeaders(t *testing.T, what string, got answer, secure bool, site http.SameSite) int {
	t.Helper()
	for name, want := range map[string]string{
		"Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
		"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
	} {
		if value := got.Header.Get(name); value != want {
			t.Errorf("%s: %s is %q, want %q", what, name, value, want)
		}
	}
	policy := got.Header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("%s: the policy %q lacks %q", what, policy, part)
		}
	}
	for _, part := range []string{"unsafe", "data:", "*", "http:"} {
		if strings.Contains(policy, part) {
			t.Errorf("%s: the policy %q allows %q", what, policy, part)
		}
	}
	for _, c := range got.Cookies() {
		if !c.HttpOnly || c.SameSite != site || c.Secure != secure || c.Domain != "" {
			t.Errorf("%s: the cookie %+v", what, c)
		}
	}
	return len(got.Cookies())
}

// TestEveryFormIsOfItsSession: each form of each page that acts for a session
// carries its nonce. A form that opens a session asks for a code or stands behind
// a link that works once, and a client's own pages know no session: their link
// is the proof.
func TestEveryFormIsOfItsSession(t *testing.T) {
	all, err := web.Gallery(web.SampleClinic(), noon())
	if err != nil {
		t.Fatal(err)
	}
	forms := 0
	for _, p := range all {
		for _, form := range regexp.MustCompile(`(?s)<form.*?</form>`).FindAllString(string(p.HTML), -1) {
			forms++
			switch {
			case regexp.MustCompile(`name="form" value="[a-z2-7]{26}"`).MatchString(form):
			case p.Name == "staff-sign-in", strings.Contains(form, `name="code"`) && !p.Staff:
			case strings.HasPrefix(p.Name, "checkin"), strings.HasPrefix(p.Name, "preferences"), strings.HasPrefix(p.Name, "address"):
			default:
				t.Errorf("%s has a form of no session:\n%s", p.Name, form)
			}
		}
	}
	if forms < 150 {
		t.Errorf("only %d forms", forms)
	}
}

// TestAnotherSessionsFormDoesNothing, by every route of the staff pages that a
// form can be sent to; the session's own form does it.
func TestAnotherSessionsFormDoesNothing(t *testing.T) {
	fills := map[string]struct {
		path string
		fill url.Values
	}{
		"POST /clients/{clinic}/{key}/tasks/{task}": {carePage + "/tasks/t1", url.Values{}},
		"POST /clients/{clinic}/{key}/notice":       {noticePath, url.Values{"noticed": {"late"}}},
		"POST /clients/{clinic}/{key}/mail":         {mailPath, url.Values{"do": {"pause"}}},
		"POST /clients/{clinic}/{key}/safety":       {safetyPath, url.Values{"do": {"worry-now"}}},
		"POST /pauses":                              {pausesPath, url.Values{"clinic": {"harbor"}, "do": {"pause"}, "why": {"no heat"}}},
		"/signout":                                  {"/signout", url.Values{}},
	}
	for _, route := range routes(t, "staff.go") {
		if _, ok := fills[route]; !ok && strings.HasPrefix(route, "POST ") {
			t.Errorf("nobody sends a foreign form to %s", route)
		}
	}
	for route, one := range fills {
		d := newDesk(t)
		own, other := d.signIn(t), d.signIn(t)
		nonce := func(c *http.Cookie) string {
			return hidden(request(d.handler, http.MethodGet, carePage, nil, c).body).Get("form")
		}
		if nonce(own) == nonce(other) || nonce(own) == "" {
			t.Fatal("two sessions have the same nonce")
		}
		did := func() string {
			d.mu.Lock()
			defer d.mu.Unlock()
			return fmt.Sprint(d.care.ids, d.finished, d.pausing.asked)
		}
		before := did()
		send := func(form string, cookies ...*http.Cookie) answer {
			fill := maps.Clone(one.fill)
			fill.Set("form", form)
			fill.Set("id", links.NewID())
			return request(d.handler, http.MethodPost, one.path, fill, cookies...)
		}
		stranger := &http.Cookie{Name: own.Name, Value: links.Generate().Sign(links.Claims{Purpose: links.Staff, Target: "s", Recipient: "operator", Issued: noon(), Expires: noon().AddDate(0, 0, 1)})}
		for name, got := range map[string]answer{
			"no form":                send("", own),
			"no session":             send(nonce(own)),
			"another session's form": send(nonce(other), own),
			"the form of this one":   send(nonce(own), other),
			"a stranger's session":   send(nonce(own), stranger),
		} {
			if len(got.Cookies()) > 0 || did() != before {
				t.Errorf("%s, %s: cookies %v, done %s", route, name, got.Cookies(), did())
			}
		}
		if got := send(nonce(own), own); len(got.Cookies()) == 0 && did() == before {
			t.Errorf("%s: its own form does nothing either: status %d", route, got.StatusCode)
		}
	}
}
