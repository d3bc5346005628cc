package web_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/links"
	"github.com/mooring-care/mooring/internal/web"
)

func noon() time.Time { return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) }

// clinic is a small clinic behind the pages: it decides acts the way the
// engine does and writes every one of them down.
type clinic struct {
	mu      sync.Mutex
	now     time.Time
	seen    map[string]bool // ids of acts
	sights  []web.Sight     // who saw a client
	log     []string        // acts that counted
	asked   int             // calls of Acts, repeats too
	ack     *web.Ack
	closing *web.Closing
	tries   []web.Attempt
	answers []web.Answer
	stopped bool
	// mail is the client's own record, beside stopped; services are listed with one
	// that names the reasons, and held is what mails and links come to, "" for sent.
	mail     web.ClientMail
	services []web.Resource
	held     web.Result
	// alone says that one clinic is served.
	alone bool
	// named is what the clinic is called, "" for its usual name.
	named string
	// emergency is the number for danger right now.
	emergency string
	// owner has the task, "" for dana; over says that it is not open any more,
	// and ended how; first is who finishes it between a look and a press; done
	// are those who finished it, noticed what was noticed.
	owner string
	over  bool
	ended web.TaskEnd
	first string
	done  []string
	// asks says that the task asks whether a mail may leave; released are the answers.
	asks     bool
	released []bool
	noticed  []string
	// declined is what passing on comes to, informed who was only told.
	declined web.Result
	informed []string
	// fail answers every act, and lookFail every look, with an error.
	fail, lookFail error
	// lost is an act's answer where the act counted and its answer did not
	// come.
	lost error
}

const (
	target    = "e3scalation"
	clientKey = "k2345672345672345672345672"
)

func names() map[string]string {
	return map[string]string{"dana": "Dana Whitfield", "priya": "Priya Nair"}
}

func (c *clinic) Saw(s web.Sight) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sights = append(c.sights, s)
}

func (c *clinic) Clinic(id string) (web.Clinic, bool) {
	if id != "harbor" && id != "seaside" {
		return web.Clinic{}, false
	}
	name := "The " + id + " clinic"
	if c.named != "" {
		name = c.named
	}
	return web.Clinic{
		ID: id, Name: name, Phone: "(555) 010-0142",
		Crisis: web.CrisisLine{Name: "The crisis line", Phone: "988", EmergencyPhone: c.emergency}, Languages: []string{"en", "es"},
	}, true
}

func (c *clinic) Only() (web.Clinic, bool) {
	if !c.alone {
		return web.Clinic{}, false
	}
	return c.Clinic("harbor")
}

func (c *clinic) Person(_, id string) (string, bool) {
	name, ok := names()[id]
	return name, ok
}

func (c *clinic) Glance(_ context.Context, clinicID, id string) (web.Glance, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lookFail != nil {
		return web.Glance{}, c.lookFail
	}
	if clinicID != "harbor" || id != target {
		return web.Glance{}, web.ErrUnknown
	}
	return web.Glance{Urgency: web.Crisis, Opened: c.now.Add(-12 * time.Minute), Ack: c.ack, Closing: c.closing, Informed: c.informed}, nil
}

func (c *clinic) Case(ctx context.Context, clinicID, id string) (web.Case, error) {
	g, err := c.Glance(ctx, clinicID, id)
	if err != nil {
		return web.Case{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return web.Case{
		Glance: g, ClientKey: clientKey, Client: web.Contact{Name: "Jamie Rivera", Phone: "555 0177", ChartURL: "javascript:alert(1)"},
		Questions: []string{"Is Jamie safe?"}, Owner: "Dana Whitfield", Next: c.now.Add(8 * time.Minute), Attempts: c.tries,
		Brief: []web.Fact{{Label: "Said", Text: "<script>alert(1)</script>"}},
	}, nil
}

func (c *clinic) TaskGlance(_ context.Context, clinicID, id string) (web.TaskGlance, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.lookFail != nil:
		return web.TaskGlance{}, c.lookFail
	case clinicID != "harbor" || id != target:
		return web.TaskGlance{}, web.ErrUnknown
	case c.over:
		return web.TaskGlance{}, &web.TaskOverError{TaskEnd: c.ended}
	}
	owner := c.owner
	if owner == "" {
		owner = "dana"
	}
	return web.TaskGlance{What: "Call the client", Due: c.now.Add(20 * time.Hour), OwnerID: owner, Owner: names()[owner], Asks: c.asks}, nil
}

func (c *clinic) TaskCase(ctx context.Context, clinicID, id string) (web.TaskCase, error) {
	g, err := c.TaskGlance(ctx, clinicID, id)
	return web.TaskCase{
		TaskGlance: g, ID: "t4sk", ClientKey: clientKey, Client: web.Contact{Name: "Jamie Rivera", Phone: "555 0177", ChartURL: "javascript:alert(1)"},
		Text: "<script>alert(1)</script>", Brief: []web.Fact{{Label: "Missed", Text: "one visit"}}, Opening: "“How are you?”",
	}, err
}

func (c *clinic) NoteCase(_ context.Context, clinicID, id string) (web.NoteCase, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.lookFail != nil:
		return web.NoteCase{}, c.lookFail
	case clinicID != "harbor" || id != target:
		return web.NoteCase{}, web.ErrUnknown
	}
	return web.NoteCase{
		ClientKey: clientKey, Client: web.Contact{Name: "Jamie Rivera", Phone: "555 0177", ChartURL: "javascript:alert(1)"},
		Brief: []web.Fact{{Label: "Noticed", Text: "<script>alert(1)</script>"}}, Opening: "“How are you?”",
		Planned: []web.Planned{{What: "a caring note", At: c.now.Add(50 * time.Hour)}},
	}, nil
}

func (c *clinic) Finish(_ context.Context, clinicID, key, task, person string, release bool) (web.TaskEnd, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fail != nil {
		return web.TaskEnd{}, c.fail
	}
	if c.first != "" {
		person = c.first
	}
	c.done = append(c.done, strings.Join([]string{clinicID, key, task, person}, " "))
	c.released = append(c.released, release)
	c.over, c.ended = true, web.TaskEnd{By: person, Name: names()[person], At: c.now.Add(-3 * time.Minute)}
	return c.ended, nil
}

func (c *clinic) Notice(_ context.Context, a web.Act, n web.Notice) (web.Said, error) {
	_, err := c.act("notice", a, func() web.Outcome {
		c.noticed = append(c.noticed, fmt.Sprintf("%s by %s: %v %s %s", a.Target, a.Recipient, n.Noticed, n.Reason, n.Approach))
		return web.Outcome{}
	})
	return web.Said{Counted: true, Reason: "noted"}, err
}

func (c *clinic) Raise(_ context.Context, a web.Act, level events.ConcernLevel, words string) (web.Raised, error) {
	_, err := c.act("raise", a, func() web.Outcome {
		c.noticed = append(c.noticed, fmt.Sprintf("%s by %s: %s %q", a.Target, a.Recipient, level, words))
		return web.Outcome{}
	})
	return web.Raised{Owner: "Priya Nair"}, err
}

func (*clinic) Pause(context.Context, web.Act, string) (web.Said, error) {
	return web.Said{}, web.ErrUnknown
}

func (*clinic) Resume(context.Context, web.Act, bool) (web.Said, error) {
	return web.Said{}, web.ErrUnknown
}

func (c *clinic) ClientMail(context.Context, string, string) (web.ClientMail, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.mail
	m.OptedOut = m.OptedOut || c.stopped
	return m, c.lookFail
}

func (c *clinic) Resources(_ context.Context, _, _ string, reasons []string) ([]web.Resource, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []web.Resource
	for _, r := range append(c.services, web.Resource{Name: "For " + strings.Join(reasons, " and ")}) {
		if !c.mail.Flagged || r.Name == "Listeners" {
			out = append(out, r)
		}
	}
	return out, c.lookFail
}

func (c *clinic) MailList(_ context.Context, a web.Act, reasons []string) (web.Outcome, error) {
	return c.chose("list "+strings.Join(reasons, "+"), a, c.held)
}

func (c *clinic) Rest(_ context.Context, a web.Act, until time.Time) (web.Outcome, error) {
	return c.act("rest", a, func() web.Outcome {
		c.mail.RestsUntil = until
		return web.Outcome{Result: web.Chosen}
	})
}

func (c *clinic) EndRest(_ context.Context, a web.Act) (web.Outcome, error) {
	return c.act("end-rest", a, func() web.Outcome {
		c.mail.RestsUntil = time.Time{}
		return web.Outcome{Result: web.Chosen}
	})
}

func (c *clinic) Speak(_ context.Context, a web.Act, language string) (web.Outcome, error) {
	return c.act("speak "+language, a, func() web.Outcome {
		c.mail.Language = language
		return web.Outcome{Result: web.Chosen}
	})
}

func (c *clinic) AskAddress(_ context.Context, a web.Act, email string) (web.Outcome, error) {
	return c.chose("address "+email, a, c.held)
}

func (c *clinic) ConfirmAddress(_ context.Context, a web.Act) (web.Outcome, error) {
	if c.held == "" {
		return c.chose("confirm", a, web.Chosen)
	}
	return c.chose("confirm", a, c.held)
}

// chose counts once and comes to a result, a mail on its way where none is given.
func (c *clinic) chose(what string, a web.Act, r web.Result) (web.Outcome, error) {
	if r == "" {
		r = web.MailAsked
	}
	out, err := c.act(what, a, func() web.Outcome { return web.Outcome{Result: r} })
	if out.Result == web.Attempted {
		out.Result = r // a repeat is answered alike
	}
	return out, err
}

// act does once what an act says; a repeat answers the same again.
func (c *clinic) act(what string, a web.Act, do func() web.Outcome) (web.Outcome, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	if c.fail != nil {
		return web.Outcome{}, c.fail
	}
	if a.Clinic != "harbor" {
		return web.Outcome{}, web.ErrUnknown
	}
	if c.seen == nil {
		c.seen = map[string]bool{}
	}
	repeat := c.seen[a.ID]
	c.seen[a.ID] = true
	if repeat {
		return web.Outcome{Result: web.Attempted}, nil
	}
	out := do()
	c.log = append(c.log, fmt.Sprintf("%s %s by %s: %s", what, a.Target, a.Recipient, out.Result))
	return out, c.lost
}

func (c *clinic) Acknowledge(_ context.Context, a web.Act) (web.Outcome, error) {
	return c.act("acknowledge", a, func() web.Outcome {
		switch {
		case c.closing != nil:
			return web.Outcome{Result: web.AlreadyClosed, Name: c.closing.Name, At: c.closing.At}
		case c.ack != nil:
			return web.Outcome{Result: web.AlreadyAcknowledged, Name: c.ack.Name, At: c.ack.At}
		}
		c.ack = &web.Ack{By: a.Recipient, Name: names()[a.Recipient], At: c.now}
		return web.Outcome{Result: web.Acknowledged}
	})
}

func (c *clinic) Reopen(_ context.Context, a web.Act, why string) (web.Outcome, error) {
	return c.act("reopen "+why, a, func() web.Outcome {
		if c.closing == nil {
			return web.Outcome{Result: web.AlreadyOpen}
		}
		c.closing, c.ack = nil, nil
		return web.Outcome{Result: web.Reopened}
	})
}

func (c *clinic) Decline(_ context.Context, a web.Act, why string) (web.Outcome, error) {
	return c.act(strings.TrimSpace("decline "+why), a, func() web.Outcome {
		if c.declined != "" {
			return web.Outcome{Result: c.declined, Name: "Dana Whitfield"}
		}
		c.ack = nil
		return web.Outcome{Result: web.Declined, Name: "Priya Nair"}
	})
}

func (c *clinic) Attempt(_ context.Context, a web.Act, how string) (web.Outcome, error) {
	return c.act("attempt "+how, a, func() web.Outcome {
		c.tries = append(c.tries, web.Attempt{Name: names()[a.Recipient], How: how, At: c.now})
		return web.Outcome{Result: web.Attempted}
	})
}

func (c *clinic) Close(_ context.Context, a web.Act, o events.Outcome, note string) (web.Outcome, error) {
	return c.act("close "+string(o)+" "+note, a, func() web.Outcome {
		if c.closing != nil {
			return web.Outcome{Result: web.AlreadyClosed, Name: c.closing.Name, At: c.closing.At}
		}
		c.closing = &web.Closing{By: a.Recipient, Name: names()[a.Recipient], At: c.now, Outcome: o, Note: note}
		return web.Outcome{Result: web.Closed}
	})
}

func (c *clinic) Answer(_ context.Context, a web.Act, answer web.Answer) (web.Outcome, error) {
	return c.act("answer "+string(answer.Feeling), a, func() web.Outcome {
		c.answers = append(c.answers, answer)
		return web.Outcome{Result: web.Answered}
	})
}

func (c *clinic) OptOut(_ context.Context, a web.Act) (web.Outcome, error) {
	return c.act("opt-out", a, func() web.Outcome {
		c.stopped = true
		return web.Outcome{Result: web.OptedOut}
	})
}

// snapshot is all that could have changed, as bytes.
func (c *clinic) snapshot() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprintf("%v %d %+v %+v %+v %+v %v %+v %v %v", c.log, c.asked, c.ack, c.closing, c.tries, c.answers, c.stopped, c.mail, c.done, c.noticed)
}

// world is the public pages over a clinic, with one clock for everything.
type world struct {
	*clinic
	keys    *links.Keys
	handler http.Handler
	logged  *bytes.Buffer
	clock   *clock
}

// clock is a clock that tests turn.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) turn(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldAt(t, "https://mail.example")
}

func newWorldAt(t *testing.T, publicURL string) *world {
	t.Helper()
	w := &world{clinic: &clinic{now: noon()}, keys: links.Generate(), logged: &bytes.Buffer{}, clock: &clock{now: noon()}}
	h, err := web.NewPublic(web.PublicConfig{
		Keys: w.keys, Directory: w, Escalations: w, Clients: w, Acts: w, ClientActs: w, ClientChoices: w, PublicURL: publicURL,
		TaskCases: w, Tasks: w, Care: w, NoteCases: w, Sights: w,
		Now: w.clock.Now, Wall: w.clock.Now, Log: slog.New(slog.NewTextHandler(w.logged, nil)),
		Events: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.handler = h
	return w
}

func (w *world) claims(p links.Purpose, recipient string) links.Claims {
	return links.Claims{Purpose: p, Clinic: "harbor", Target: target, Recipient: recipient, Issued: noon().Add(-time.Hour), Expires: noon().AddDate(0, 0, 7)}
}

var formNonce = regexp.MustCompile(`name="form" value="([^"]+)"`)

// opened enters the code of a link to staff: the session's cookie, and what its
// forms carry.
func (w *world) opened(t *testing.T, path string, c links.Claims) (cookie *http.Cookie, form string) {
	t.Helper()
	got := request(w.handler, http.MethodPost, path, url.Values{"code": {w.keys.Code(c)}, "do": {"show"}})
	if len(got.Cookies()) != 1 {
		t.Fatalf("the code of %s: status %d, cookies %v", path, got.StatusCode, got.Cookies())
	}
	cookie = got.Cookies()[0]
	found := formNonce.FindStringSubmatch(request(w.handler, http.MethodGet, path, nil, cookie).body)
	if found == nil {
		t.Fatalf("the session of %s shows no form", path)
	}
	return cookie, found[1]
}

// answer is what came back, with its page as one line of text.
type answer struct {
	*http.Response
	body string
}

// request answers one request without a browser's cookies.
func request(h http.Handler, method, path string, form url.Values, cookies ...*http.Cookie) answer {
	var body io.Reader = http.NoBody
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequest(method, path, body)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, c := range cookies {
		r.AddCookie(c)
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return answer{rec.Result(), rec.Body.String()}
}

// visitor is one browser: it keeps cookies and fills in forms.
type visitor struct {
	t      *testing.T
	client *http.Client
	base   string
	page   string
	status int
	url    string
}

func (w *world) visitor(t *testing.T) *visitor {
	t.Helper()
	server := httptest.NewTLSServer(w.handler)
	t.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := server.Client()
	client.Jar = jar
	return &visitor{t: t, client: client, base: server.URL}
}

func (v *visitor) keep(res *http.Response, err error) {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	v.page, v.status, v.url = string(body), res.StatusCode, res.Request.URL.Path
}

func (v *visitor) open(path string) {
	v.t.Helper()
	v.keep(v.client.Get(v.base + path))
}

// press sends the page's hidden fields with what is filled in.
func (v *visitor) press(fill url.Values) {
	v.t.Helper()
	form := hidden(v.page)
	maps.Copy(form, fill)
	v.keep(v.client.PostForm(v.base+v.url, form))
}

func hidden(page string) url.Values {
	form := url.Values{}
	for _, m := range regexp.MustCompile(`name="(id|form|press)" value="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		form.Set(m[1], m[2])
	}
	return form
}

func (v *visitor) sees(parts ...string) {
	v.t.Helper()
	for _, part := range parts {
		if !strings.Contains(v.page, part) {
			v.t.Errorf("the page does not say %q:\n%s", part, v.page)
		}
	}
}

func (v *visitor) seesNot(parts ...string) {
	v.t.Helper()
	for _, part := range parts {
		if strings.Contains(v.page, part) {
			v.t.Errorf("the page says %q", part)
		}
	}
}

func serve(h http.Handler, r *http.Request) *http.Response {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec.Result()
}
