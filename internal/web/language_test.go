package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/mooring-care/mooring/internal/links"
	"github.com/mooring-care/mooring/internal/web"
)

// TestLanguageOfAPage: the one asked for, else the client's, else the browser's where no
// client is known, else the clinic's; what the clinic does not serve is passed over.
func TestLanguageOfAPage(t *testing.T) {
	const checkin, prefs, address, broken = "/c/", "/u/", "/a/", "/c/nothing"
	for name, tc := range map[string]struct {
		path, client, query, browser string
		fail                         error
		want                         string
	}{
		"nothing said":                      {path: checkin, want: "en"},
		"the client's":                      {path: checkin, client: "es", want: "es"},
		"the client's, of a country":        {path: prefs, client: "es-MX", want: "es"},
		"the client's before the browser's": {path: checkin, client: "en", browser: "es", want: "en"},
		"asked for":                         {path: prefs, client: "es", query: "?lang=en", want: "en"},
		"asked for, at a new address":       {path: address, query: "?lang=es", want: "es"},
		"asked for, and not served":         {path: checkin, client: "es", query: "?lang=fr", want: "es"},
		"asked for by code":                 {path: checkin, query: "?lang=%3Cscript%3E", want: "en"},
		"a client's that nobody serves":     {path: checkin, client: "vi", browser: "es", want: "en"},
		"records down":                      {path: checkin, client: "en", browser: "es-419,es;q=0.9", fail: http.ErrServerClosed, want: "es"},
		"a wrong link":                      {path: broken, want: "en"},
		"a wrong link, and a browser":       {path: broken, browser: "fr;q=0.9, es-MX;q=0.8, en;q=0.1", want: "es"},
		"a wrong link, asked for":           {path: broken, query: "?lang=es", browser: "en", want: "es"},
		"an odd header":                     {path: broken, browser: ";;q=x,\x7f", want: "en"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.mail.Language, w.lookFail = tc.client, tc.fail
			path := tc.path
			if p, ok := map[string]links.Purpose{checkin: links.Checkin, prefs: links.Preferences, address: links.Address}[path]; ok {
				path += w.keys.Sign(w.claims(p, clientKey))
			}
			r := httptest.NewRequest(http.MethodGet, path+tc.query, nil)
			r.Header.Set("Accept-Language", tc.browser)
			rec := httptest.NewRecorder()
			w.handler.ServeHTTP(rec, r)
			other, title := "es", "Español"
			if tc.want == "es" {
				other, title = "en", "English"
			}
			for _, part := range []string{`<html lang="` + tc.want + `">`, `<a href="?lang=` + other + `" hreflang="` + other + `" lang="` + other + `">` + title + `</a>`} {
				if !strings.Contains(rec.Body.String(), part) {
					t.Errorf("the page lacks %q:\n%s", part, rec.Body)
				}
			}
		})
	}
}

// TestLanguageOfAnExpiredLink is still the client's: the link says whose it was.
func TestLanguageOfAnExpiredLink(t *testing.T) {
	w := newWorld(t)
	w.mail.Language = "es"
	c := w.claims(links.Checkin, clientKey)
	c.Expires = noon().Add(-1)
	got := request(w.handler, http.MethodGet, "/c/"+w.keys.Sign(c), nil)
	if got.StatusCode != http.StatusGone || !strings.Contains(got.body, "Este enlace es demasiado antiguo") || !strings.Contains(got.body, `<html lang="es">`) {
		t.Errorf("status %d:\n%s", got.StatusCode, got.body)
	}
}

// TestLanguageOfStaffPages is English, whatever a browser asks for.
func TestLanguageOfStaffPages(t *testing.T) {
	w := newWorld(t)
	r := httptest.NewRequest(http.MethodGet, "/e/nothing?lang=es", nil)
	r.Header.Set("Accept-Language", "es")
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	if !strings.Contains(rec.Body.String(), `<html lang="en">`) || strings.Contains(rec.Body.String(), "Español") {
		t.Error(rec.Body)
	}
}

// TestSpanishAnswer goes through a check-in in the other language than the record's:
// the form keeps it, and the choice of a language speaks it at once.
func TestSpanishAnswer(t *testing.T) {
	w := newWorld(t)
	w.mail.Language = "en"
	path := w.checkin() + "?lang=es"
	page := request(w.handler, http.MethodGet, path, nil).body
	if strings.Contains(page, "action=") {
		t.Error("a form goes elsewhere than its page's own address, which holds the language")
	}
	got := request(w.handler, http.MethodPost, path, url.Values{"feeling": {"not-safe"}})
	for _, part := range []string{"Por favor, llame ahora", `href="tel:988"`, `<html lang="es">`} {
		if !strings.Contains(got.body, part) {
			t.Errorf("the page lacks %q:\n%s", part, got.body)
		}
	}
	if len(w.answers) != 1 || w.answers[0].Feeling != web.NotSafe {
		t.Errorf("answers: %+v", w.answers)
	}
	prefs := "/u/" + w.keys.Sign(w.claims(links.Preferences, clientKey)) + "?lang=en"
	got = request(w.handler, http.MethodPost, prefs, url.Values{"do": {"language"}, "language": {"es"}})
	if !strings.Contains(got.body, "El idioma quedó guardado") || w.mail.Language != "es" {
		t.Errorf("language %q:\n%s", w.mail.Language, got.body)
	}
	if got = request(w.handler, http.MethodPost, prefs, url.Values{"do": {"language"}, "language": {"fr"}}); got.StatusCode != http.StatusBadRequest || w.mail.Language != "es" {
		t.Errorf("a language that nobody serves: status %d, now %q", got.StatusCode, w.mail.Language)
	}
}
