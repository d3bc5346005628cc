package web_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/internal/links"
	"github.com/mooring-care/mooring/internal/web"
)

// badLinks are links that must open nothing, by what is wrong with them.
func badLinks(w *world, p links.Purpose, recipient string) map[string]string {
	good := w.keys.Sign(w.claims(p, recipient))
	change := func(f func(*links.Claims)) string {
		c := w.claims(p, recipient)
		f(&c)
		return w.keys.Sign(c)
	}
	return map[string]string{
		"noise":           "abc",
		"truncated":       good[:len(good)-5],
		"forged":          links.Generate().Sign(w.claims(p, recipient)),
		"changed":         good[:20] + "x" + good[21:],
		"other purpose":   change(func(c *links.Claims) { c.Purpose = otherThan(p) }),
		"session's token": change(func(c *links.Claims) { c.Purpose = links.Session }),
		"unknown clinic":  change(func(c *links.Claims) { c.Clinic = "nowhere" }),
		"expired":         change(func(c *links.Claims) { c.Expires = noon().Add(-time.Second) }),
	}
}

func otherThan(p links.Purpose) links.Purpose {
	if p == links.Task {
		return links.Escalation
	}
	return links.Task
}

func pagesByPrefix() map[string]struct {
	purpose   links.Purpose
	recipient string
} {
	return map[string]struct {
		purpose   links.Purpose
		recipient string
	}{
		"/e/": {links.Escalation, "dana"},
		"/t/": {links.Task, "dana"},
		"/n/": {links.Note, "dana"},
		"/c/": {links.Checkin, clientKey},
		"/u/": {links.Preferences, clientKey},
		"/a/": {links.Address, clientKey},
	}
}

// TestGetShows: no request that only looks changes anything, with a good link
// or a bad one, with a session or without, whatever stands in the query.
func TestGetShows(t *testing.T) {
	w := newWorld(t)
	before := w.snapshot()
	tried := 0
	for prefix, one := range pagesByPrefix() {
		tokens := badLinks(w, one.purpose, one.recipient)
		claims := w.claims(one.purpose, one.recipient)
		tokens["good"] = w.keys.Sign(claims)
		code := w.keys.Code(claims)
		var held []*http.Cookie
		if one.recipient != clientKey {
			cookie, _ := w.opened(t, prefix+tokens["good"], claims)
			held = append(held, cookie)
		}
		for name, token := range tokens {
			for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions} {
				for _, query := range []string{"", "?do=take&code=" + code + "&feeling=not-safe&List-Unsubscribe=One-Click&do=stop&lang=es"} {
					got := request(w.handler, method, prefix+token+query, nil, held...)
					if w.snapshot() != before {
						t.Fatalf("%s %s with a link that is %s changed something", method, prefix, name)
					}
					if len(got.Cookies()) != 0 {
						t.Errorf("%s %s with a link that is %s opens a session", method, prefix, name)
					}
					tried++
				}
			}
		}
	}
	if tried != 6*9*6*2 {
		t.Errorf("tried %d requests", tried)
	}
}

// TestBadLinksHelp: a bad link changes nothing by any method, answers with its
// status, and says what to do.
func TestBadLinksHelp(t *testing.T) {
	for prefix, one := range pagesByPrefix() {
		w := newWorld(t)
		before := w.snapshot()
		tokens := badLinks(w, one.purpose, one.recipient)
		for name, token := range tokens {
			for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
				var form url.Values
				if method == http.MethodPost {
					form = url.Values{"code": {w.keys.Code(w.claims(one.purpose, one.recipient))}, "do": {"take", "stop", "confirm"}, "feeling": {"not-safe"}, "List-Unsubscribe": {"One-Click"}}
				}
				got := request(w.handler, method, prefix+token, form)
				want := http.StatusNotFound
				if name == "expired" {
					want = http.StatusGone
				}
				if got.StatusCode != want {
					t.Errorf("%s %s, %s: status %d, want %d", method, prefix, name, got.StatusCode, want)
				}
				if w.snapshot() != before {
					t.Fatalf("%s %s, %s: something changed", method, prefix, name)
				}
				for _, say := range []string{"emergency", "What you can do"} {
					if one.recipient == "dana" {
						say = "If somebody may be in danger"
					}
					if !strings.Contains(got.body, say) {
						t.Errorf("%s %s, %s: the page does not say %q", method, prefix, name, say)
					}
				}
				// Only what was verified names the clinic.
				verified := name == "expired" || name == "other purpose" || name == "session's token"
				if verified != strings.Contains(got.body, "The harbor clinic") {
					t.Errorf("%s %s, %s: clinic named: %v", method, prefix, name, !verified)
				}
				if method == http.MethodPost && !strings.Contains(got.body, "Nothing was sent or changed.") {
					t.Errorf("%s %s, %s: the page does not say that nothing was sent", method, prefix, name)
				}
			}
		}
	}
}

func TestOtherClinicAndUnknownOnes(t *testing.T) {
	w := newWorld(t)
	for name, f := range map[string]func(*links.Claims){
		"another clinic's link to this escalation": func(c *links.Claims) { c.Clinic = "seaside" },
		"an escalation that does not exist":        func(c *links.Claims) { c.Target = "nothing" },
		"somebody who left":                        func(c *links.Claims) { c.Recipient = "gone" },
	} {
		c := w.claims(links.Escalation, "dana")
		f(&c)
		before := w.snapshot()
		got := request(w.handler, http.MethodGet, "/e/"+w.keys.Sign(c), nil)
		if got.StatusCode != http.StatusNotFound || !strings.Contains(got.body, "This link does not work") {
			t.Errorf("%s: GET %d", name, got.StatusCode)
		}
		if w.snapshot() != before {
			t.Errorf("%s: GET changed something", name)
		}
	}
}

// TestHeadersOnEveryPage goes through every page in every state.
func TestHeadersOnEveryPage(t *testing.T) {
	all, err := web.Gallery(web.SampleClinic(), noon())
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 55 {
		t.Errorf("only %d previews", len(all))
	}
	seen := map[string]bool{}
	for _, p := range all {
		if seen[p.Name] {
			t.Errorf("two previews are called %s", p.Name)
		}
		seen[p.Name] = true
		for name, want := range map[string]string{
			"Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
			"Content-Type": "text/html; charset=utf-8",
		} {
			if got := p.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", p.Name, name, got, want)
			}
		}
		if p.Header.Get("Permissions-Policy") == "" {
			t.Errorf("%s: no Permissions-Policy", p.Name)
		}
		policy := p.Header.Get("Content-Security-Policy")
		need := []string{"default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'", "style-src 'self'"}
		if strings.HasSuffix(p.Name, "-body") {
			need = []string{"default-src 'none'", "sandbox", "form-action 'none'"}
		}
		for _, part := range need {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: the policy %q lacks %q", p.Name, policy, part)
			}
		}
		if p.Staff == false && strings.Contains(policy, "script-src") {
			t.Errorf("%s: a public page may run scripts", p.Name)
		}
		if strings.HasSuffix(p.Name, "-body") {
			continue
		}
		for _, inline := range []string{"<style", " style=", "<script>", " onclick=", " onload=", "javascript:", "ZgotmplZ", "<no value>"} {
			if strings.Contains(string(p.HTML), inline) {
				t.Errorf("%s: contains %q", p.Name, inline)
			}
		}
	}
}

func TestClientsSeeTheCrisisLineFirst(t *testing.T) {
	all, err := web.Gallery(web.SampleClinic(), noon())
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, p := range all {
		if !strings.HasPrefix(p.Name, "checkin") && !strings.HasPrefix(p.Name, "preferences") {
			continue
		}
		seen++
		call, main := strings.Index(string(p.HTML), `href="tel:988"`), strings.Index(string(p.HTML), "<main")
		if call < 0 || call > main {
			t.Errorf("%s: the crisis line does not come before the page", p.Name)
		}
	}
	if seen < 10 {
		t.Errorf("only %d pages for clients", seen)
	}
}

func TestHeadIsGetWithoutABody(t *testing.T) {
	w := newWorld(t)
	server := httptest.NewServer(w.handler)
	defer server.Close()
	for prefix, one := range pagesByPrefix() {
		at := server.URL + prefix + w.keys.Sign(w.claims(one.purpose, one.recipient))
		get, err := http.Get(at)
		if err != nil {
			t.Fatal(err)
		}
		get.Body.Close()
		head, err := http.Head(at)
		if err != nil {
			t.Fatal(err)
		}
		head.Body.Close()
		if get.StatusCode != head.StatusCode || get.StatusCode != http.StatusOK || get.ContentLength != head.ContentLength || get.ContentLength < 500 {
			t.Errorf("%s: GET %d with %d bytes, HEAD %d with %d", prefix, get.StatusCode, get.ContentLength, head.StatusCode, head.ContentLength)
		}
	}
}

func TestMethodsAndBodies(t *testing.T) {
	w := newWorld(t)
	good := "/c/" + w.keys.Sign(w.claims(links.Checkin, clientKey))
	before := w.snapshot()
	for _, tc := range []struct {
		name, method, path string
		form               url.Values
		status             int
	}{
		{"other method", http.MethodDelete, good, nil, http.StatusMethodNotAllowed},
		{"too much", http.MethodPost, good, url.Values{"feeling": {"okay"}, "text": {strings.Repeat("x", 70_000)}}, http.StatusRequestEntityTooLarge},
		{"nothing there", http.MethodGet, "/", nil, http.StatusNotFound},
		{"no token", http.MethodGet, "/e/", nil, http.StatusNotFound},
		{"longer path", http.MethodGet, good + "/more", nil, http.StatusNotFound},
		{"unknown asset", http.MethodGet, "/assets/../pages.go", nil, http.StatusTemporaryRedirect},
		{"event door", http.MethodPost, "/v1/clinics/harbor/events", nil, http.StatusAccepted},
	} {
		got := request(w.handler, tc.method, tc.path, tc.form)
		if got.StatusCode != tc.status {
			t.Errorf("%s: status %d, want %d", tc.name, got.StatusCode, tc.status)
		}
		if tc.status == http.StatusMethodNotAllowed && got.Header.Get("Allow") != "GET, HEAD, POST" {
			t.Errorf("%s: Allow is %q", tc.name, got.Header.Get("Allow"))
		}
	}
	if w.snapshot() != before {
		t.Error("something changed")
	}
}

// TestRecordsThatCannotBeRead: neither a look nor an act pretends.
func TestRecordsThatCannotBeRead(t *testing.T) {
	w := newWorld(t)
	w.lookFail = errors.New("the leader is away")
	got := request(w.handler, http.MethodGet, "/e/"+w.keys.Sign(w.claims(links.Escalation, "dana")), nil)
	if got.StatusCode != http.StatusServiceUnavailable || got.Header.Get("Retry-After") == "" {
		t.Errorf("status %d, Retry-After %q", got.StatusCode, got.Header.Get("Retry-After"))
	}
	if !strings.Contains(w.logged.String(), "the leader is away") {
		t.Error("the log does not say why")
	}
}

// TestNoIdentifiersInLogs: tokens, codes, names and free text stay out of them.
func TestNoIdentifiersInLogs(t *testing.T) {
	w := newWorld(t)
	c := w.claims(links.Escalation, "dana")
	token := w.keys.Sign(c)
	v := w.visitor(t)
	v.open("/e/" + token)
	v.press(url.Values{"code": {w.keys.Code(c)}, "do": {"take"}})
	v.press(url.Values{"do": {"close"}, "outcome": {"reached-safe"}, "note": {"a private note"}})
	v.open("/c/" + w.keys.Sign(w.claims(links.Checkin, clientKey)))
	v.press(url.Values{"feeling": {"okay"}, "text": {"private words"}})
	v.open("/c/" + token)
	logged := w.logged.String()
	for _, secret := range []string{token, w.keys.Code(c), "Jamie", "Rivera", "0177", "private", "Dana", "dana"} {
		if strings.Contains(logged, secret) {
			t.Errorf("the log says %q:\n%s", secret, logged)
		}
	}
	if !strings.Contains(logged, "client page shown") || !strings.Contains(logged, "key="+clientKey) {
		t.Errorf("no access line:\n%s", logged)
	}
}

func TestNewPublicNamesWhatIsMissing(t *testing.T) {
	if _, err := web.NewPublic(web.PublicConfig{}); err == nil {
		t.Error("a handler without anything behind it was made")
	}
	if _, err := web.NewStaff(web.StaffConfig{}); err == nil {
		t.Error("a handler without anything behind it was made")
	}
}
