package web

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// mailsPage lists the mails that left.
type mailsPage struct {
	base
	Mails   []MailRow
	Trouble bool
}

func (s *staff) mailsData(ctx context.Context, v session) mailsPage {
	page := mailsPage{base: s.base(v, "Mails that left", "mails")}
	page.Live = true
	var err error
	if page.Mails, err = s.Mails.List(ctx, listMails); err != nil {
		s.Log.Error("mails not read", logError, err)
		page.Trouble = true
	}
	return page
}

func (s *staff) mails(w http.ResponseWriter, r *http.Request, v session) {
	page := s.mailsData(r.Context(), v)
	s.sawMails(v, page, false)
	s.pages.write(w, s.Log, http.StatusOK, "mails", page)
}

func (s *staff) mailsFragment(w http.ResponseWriter, r *http.Request, v session) {
	page := s.mailsData(r.Context(), v)
	s.sawMails(v, page, true)
	s.fragment(w, r, "mails", page)
}

// sawMails tells of every client whose address stands in the list. A mail to staff
// names no client.
func (s *staff) sawMails(v session, page mailsPage, refresh bool) {
	for i := range page.Mails {
		if m := &page.Mails[i]; !m.Safety {
			s.saw(v, Sight{Page: PageMails, Message: m.Message, Refresh: refresh})
		}
	}
}

// mailPage is one mail, in one of three views.
type mailPage struct {
	base
	Mail MailView
	// View is "look", "text" or "headers"; each is a page of its own, so that
	// they work without a script.
	View  string
	Parts []part
	Links []string
	Path  string
}

// part is a piece of text, a link where URL is set.
type part struct{ Text, URL string }

func (s *staff) mail(w http.ResponseWriter, r *http.Request, v session) {
	m, err := s.Mails.Read(r.Context(), r.PathValue("name"))
	if err != nil {
		s.failed(w, r, v, err)
		return
	}
	s.saw(v, Sight{Page: PageMail, Message: m.Message})
	page := mailPage{base: s.base(v, m.Subject, "mails"), Mail: m, View: r.URL.Query().Get("view"), Path: "/mails/" + url.PathEscape(m.Name)}
	switch page.View {
	case "text", "headers":
	default:
		page.View = "look"
		if m.HTML == "" {
			page.View = "text"
		}
	}
	page.Parts = parts(m.Text)
	for _, p := range page.Parts {
		if p.URL != "" {
			page.Links = append(page.Links, p.URL)
		}
	}
	s.pages.write(w, s.Log, http.StatusOK, "mail", page)
}

// mailBody is the mail's own HTML, for the frame in the mail's page. Its policy
// and the frame's sandbox both keep it from running or fetching anything.
func (s *staff) mailBody(w http.ResponseWriter, r *http.Request, v session) {
	m, err := s.Mails.Read(r.Context(), r.PathValue("name"))
	if err != nil {
		s.failed(w, r, v, err)
		return
	}
	s.saw(v, Sight{Page: PageMail, Message: m.Message})
	h := w.Header()
	h.Set("Content-Security-Policy", policyMail)
	h.Set("X-Frame-Options", "SAMEORIGIN")
	h.Set("Content-Type", "text/html; charset=utf-8")
	// Shown as its recipient sees it: policyMail lets nothing in it run.
	body := besideLinks(m.HTML)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write([]byte(body))
}

// besideLinks makes the links of a mail open beside the page: inside the frame
// they could not be followed.
func besideLinks(html string) string {
	const target = `<base target="_blank">`
	if i := strings.Index(strings.ToLower(html), "<head>"); i >= 0 {
		i += len("<head>")
		return html[:i] + target + html[i:]
	}
	return target + html
}

// parts splits text at its web addresses.
func parts(text string) []part {
	address := regexp.MustCompile(`https?://[^\s<>"']+`)
	var out []part
	for {
		at := address.FindStringIndex(text)
		if at == nil {
			break
		}
		found := strings.TrimRight(text[at[0]:at[1]], ".,;:!?)")
		if at[0] > 0 {
			out = append(out, part{Text: text[:at[0]]})
		}
		out = append(out, part{Text: found, URL: found})
		text = text[at[0]+len(found):]
	}
	if text != "" {
		out = append(out, part{Text: text})
	}
	return out
}
