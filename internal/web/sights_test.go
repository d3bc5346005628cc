package web_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/mooring-care/mooring/internal/links"
	"github.com/mooring-care/mooring/internal/web"
)

// TestSightsNeedASession: a page with a link tells of a look when it shows the
// client, and neither for a scanner's GET nor for a wrong code.
func TestSightsNeedASession(t *testing.T) {
	for purpose, c := range map[links.Purpose]struct {
		path string
		page web.Page
	}{
		links.Escalation: {"/e/", web.PageEscalation},
		links.Task:       {"/t/", web.PageTask},
		links.Note:       {"/n/", web.PageNote},
	} {
		t.Run(string(c.page), func(t *testing.T) {
			w := newWorld(t)
			claims := w.claims(purpose, "dana")
			path := c.path + w.keys.Sign(claims)
			request(w.handler, http.MethodGet, path, nil)
			request(w.handler, http.MethodHead, path, nil)
			request(w.handler, http.MethodPost, path, url.Values{"code": {"AAAAAA"}, "do": {"show"}})
			if len(w.sights) != 0 {
				t.Fatalf("nobody has seen anything, and %+v is told", w.sights)
			}
			cookie, _ := w.opened(t, path, claims)
			before := len(w.sights)
			if got := request(w.handler, http.MethodGet, path, nil, cookie); got.StatusCode != http.StatusOK {
				t.Fatalf("the page: %d", got.StatusCode)
			}
			if len(w.sights) != before+1 {
				t.Fatalf("one look, and %+v is told", w.sights[before:])
			}
			s := w.sights[before]
			if s.Session != cookie.Value || s.Person != "dana" || s.Page != c.page || s.Clinic != "harbor" || s.ClientKey != clientKey || (s.Target == "") != (purpose == links.Note) {
				t.Errorf("told: %+v", s)
			}
		})
	}
}

// TestSightsOfStaff: each staff page tells of every client whom it shows, and those
// without a session see nobody.
func TestSightsOfStaff(t *testing.T) {
	d := newDesk(t)
	d.open = []web.EscalationRow{{Clinic: "harbor", ID: "e1", ClientKey: clientKey, ClientName: "Jamie R.", Urgency: web.Crisis, Opened: noon()}}
	d.mails = []web.MailView{
		{MailRow: web.MailRow{Name: "a.eml", Message: "ma", To: "jamie@example.org"}},
		{MailRow: web.MailRow{Name: "b.eml", Message: "mb", To: "dana@harbor.example", Safety: true}},
	}
	client := "/clients/harbor/" + clientKey
	row := web.Sight{Page: web.PageList, Clinic: "harbor", ClientKey: clientKey}
	question, again, askedAgain := row, row, row
	question.Target, again.Refresh = "e1", true
	askedAgain.Target, askedAgain.Refresh = "e1", true
	cookie := d.signIn(t)
	for path, want := range map[string][]web.Sight{
		"/":                   {question, row},
		"/fragments/overview": {askedAgain, again},
		client:                {{Page: web.PageClient, Clinic: "harbor", ClientKey: clientKey}},
		client + "/notice":    {{Page: web.PageClient, Clinic: "harbor", ClientKey: clientKey}},
		"/mails":              {{Page: web.PageMails, Message: "ma"}},
		"/fragments/mails":    {{Page: web.PageMails, Message: "ma", Refresh: true}},
		"/mails/a.eml":        {{Page: web.PageMail, Message: "ma"}},
		"/mails/b.eml/body":   {{Page: web.PageMail, Message: "mb"}},
		"/pauses":             nil,
		"/nothing":            nil,
	} {
		d.sights = nil
		request(d.handler, http.MethodGet, path, nil)
		if len(d.sights) > 0 {
			t.Errorf("%s without a session tells of %+v", path, d.sights)
		}
		request(d.handler, http.MethodGet, path, nil, cookie)
		if len(d.sights) != len(want) {
			t.Errorf("%s tells of %+v, want %+v", path, d.sights, want)
			continue
		}
		for i, s := range d.sights {
			want[i].Session, want[i].Person = cookie.Value, "operator"
			if s != want[i] {
				t.Errorf("%s tells of %+v, want %+v", path, s, want[i])
			}
		}
	}
}
