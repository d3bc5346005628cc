package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// looking draws the ways to look at a page: what browsers, mail scanners and link
// checkers do, and what a form would have said, put where it does not belong.
func looking(w *world) *rapid.Generator[*http.Request] {
	type link struct{ path, code string }
	var good, bad []link
	for prefix, one := range pagesByPrefix() {
		claims := w.claims(one.purpose, one.recipient)
		code := w.keys.Code(claims)
		good = append(good, link{prefix + w.keys.Sign(claims), code})
		for _, token := range badLinks(w, one.purpose, one.recipient) {
			bad = append(bad, link{prefix + token, code})
		}
	}
	// What counts on each page, as its form says it.
	acts := map[string][][2]string{
		"/e/": {{"do", "take"}, {"do", "pass"}, {"do", "close"}},
		"/t/": {{"do", "done"}, {"do", "show"}},
		"/n/": {{"do", "show"}, {"do", "pause"}},
		"/c/": {{"do", "list"}, {"feeling", "not-safe"}, {"unsafe", "1"}, {"feeling", "okay"}},
		"/u/": {{"do", "stop"}, {"List-Unsubscribe", "One-Click"}, {"do", "pause"}, {"do", "resume"}, {"do", "language"}, {"do", "address"}},
		"/a/": {{"do", "confirm"}},
	}
	methods := []string{http.MethodGet, http.MethodGet, http.MethodGet, http.MethodGet, http.MethodHead, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodTrace, "PROPFIND", "post"}
	names := []string{
		"do", "code", "form", "id", "press", "feeling", "unsafe", "reason", "wish", "text", "outcome", "none", "note", "why", "how",
		"List-Unsubscribe", "_method", "lang", "days", "address", "language",
	}
	values := []string{
		"take", "pass", "close", "stop", "show", "attempt", "reopen", "done", "pause", "resume", "one-click", "One-Click", "not-safe", "yes", "reached-safe",
		"conflict", "call", "es", "14", "",
	}
	headers := []string{"X-HTTP-Method-Override", "X-Method-Override", "Purpose", "Origin", "Sec-Fetch-Site", "Content-Type", "Referer", "Range", "Expect"}
	said := []string{"POST", "prefetch", "null", "same-origin", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "bytes=0-1", "100-continue"}
	return rapid.Custom(func(rt *rapid.T) *http.Request {
		links := good
		if rapid.IntRange(0, 3).Draw(rt, "bad") == 0 {
			links = bad
		}
		l := rapid.SampledFrom(links).Draw(rt, "link")
		form := url.Values{}
		if rapid.Bool().Draw(rt, "acts") {
			act := rapid.SampledFrom(acts[l.path[:3]]).Draw(rt, "act")
			form.Set(act[0], act[1])
			form.Set("code", l.code)
		}
		for range rapid.IntRange(0, 2).Draw(rt, "fields") {
			v := rapid.SampledFrom(values).Draw(rt, "value")
			form.Add(rapid.SampledFrom(names).Draw(rt, "name"), v)
		}
		path := l.path
		switch rapid.IntRange(0, 19).Draw(rt, "path") {
		case 0:
			path += "/"
		case 1:
			path = strings.ToUpper(path)
		case 2:
			path = "/." + path
		case 3:
			path += "/" + rapid.SampledFrom(values).Draw(rt, "more")
		}
		r := httptest.NewRequest(http.MethodGet, "/", strings.NewReader(form.Encode()))
		r.Method = rapid.SampledFrom(methods).Draw(rt, "method")
		r.URL = &url.URL{Path: path}
		if rapid.Bool().Draw(rt, "in the address") {
			r.URL.RawQuery = form.Encode()
		}
		for range rapid.IntRange(0, 3).Draw(rt, "headers") {
			r.Header.Set(rapid.SampledFrom(headers).Draw(rt, "header"), rapid.SampledFrom(said).Draw(rt, "says"))
		}
		return r
	})
}

// TestGetShowsHistories: whatever is asked, in whatever order, of good links and bad
// ones, with a session and without: as long as nothing is POSTed nothing is decided (the
// rule get-shows).
func TestGetShowsHistories(t *testing.T) {
	w := newWorld(t)
	var cookies []*http.Cookie
	for prefix, one := range pagesByPrefix() {
		if one.recipient != clientKey {
			claims := w.claims(one.purpose, one.recipient)
			cookie, _ := w.opened(t, prefix+w.keys.Sign(claims), claims)
			cookies = append(cookies, cookie)
		}
	}
	requests := looking(w)
	rapid.Check(t, func(rt *rapid.T) {
		before := w.snapshot()
		for range rapid.IntRange(1, 8).Draw(rt, "requests") {
			r := requests.Draw(rt, "request")
			if rapid.Bool().Draw(rt, "session") {
				r.AddCookie(rapid.SampledFrom(cookies).Draw(rt, "cookie"))
			}
			rec := httptest.NewRecorder()
			w.handler.ServeHTTP(rec, r)
			if w.snapshot() != before || rec.Header().Get("Set-Cookie") != "" {
				rt.Fatalf("%s %s changed something", r.Method, r.URL)
			}
		}
	})
}
