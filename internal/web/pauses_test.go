package web_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/internal/web"
)

// pausing is the office's mail to clients: what is paused, and who asked.
type pausing struct {
	all, workflow web.MailPause
	asked         []string // what was asked, repeats too
	ids           []string
	// fail answers every press, lookFail every look; other says that something
	// else stands.
	fail, lookFail error
	other          bool
}

func (o *office) ClinicMail(context.Context) ([]web.ClinicMail, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	w := o.pausing.workflow
	w.Workflow, w.Title = "late-cancellation", "Late cancellation"
	return []web.ClinicMail{{Clinic: "harbor", Name: "Harbor Clinic", All: o.pausing.all, Workflows: []web.MailPause{w}}}, o.pausing.lookFail
}

func (o *office) Hold(_ context.Context, a web.Act, why string) (bool, error) {
	return o.pausing.press(o, a, "holds "+why, &web.Pause{ID: "p1", By: names()["dana"], Why: why, Since: noon()})
}

func (o *office) Release(_ context.Context, a web.Act, pause string) (bool, error) {
	return o.pausing.press(o, a, "releases "+pause, nil)
}

func (p *pausing) press(o *office, a web.Act, what string, stands *web.Pause) (bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	p.asked = append(p.asked, fmt.Sprintf("%s/%s %s %s", a.Clinic, a.Target, a.Recipient, what))
	p.ids = append(p.ids, a.ID)
	mail := map[string]*web.MailPause{"harbor/": &p.all, "harbor/late-cancellation": &p.workflow}[a.Clinic+"/"+a.Target]
	switch {
	case p.fail != nil:
		return false, p.fail
	case mail == nil:
		return false, web.ErrUnknown
	case p.other:
		return false, nil
	}
	mail.Staff = stands
	return true, nil
}

const pausesPath = "/pauses"

// pressPause presses a button of the page that pauses mail.
func (d *desk) pressPause(session *http.Cookie, pairs ...string) answer {
	form := hidden(request(d.handler, http.MethodGet, pausesPath, nil, session).body)
	for pair := range slices.Chunk(pairs, 2) {
		form.Set(pair[0], pair[1])
	}
	return request(d.handler, http.MethodPost, pausesPath, form, session)
}

// TestPausesPage: each press, what it asks for, and what comes back.
func TestPausesPage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		press  []string
		status int
		says   []string
		asked  string
	}{
		"all mail": {
			[]string{"clinic", "harbor", "do", "pause", "why", "  no heating "},
			http.StatusOK,
			[]string{"<h2>Mail is paused</h2>", "Mail to clients is paused.", "Dana Whitfield", "no heating", "Let mail go out again"},
			"harbor/ operator holds no heating",
		},
		"one workflow": {
			[]string{"clinic", "harbor", "workflow", "late-cancellation", "do", "pause", "why", "its words"},
			http.StatusOK,
			[]string{"<h2>Mail is paused</h2>", `<details class="more" open>`, "its words"},
			"harbor/late-cancellation operator holds its words",
		},
		"lift": {
			[]string{"clinic", "harbor", "do", "lift", "pause", "p1"},
			http.StatusOK,
			[]string{"<h2>The pause is lifted</h2>", "Pause all mail to clients"},
			"harbor/ operator releases p1",
		},
		"the longest reason": {
			[]string{"clinic", "harbor", "do", "pause", "why", strings.Repeat("ü", 200)},
			http.StatusOK,
			[]string{"<h2>Mail is paused</h2>"},
			"harbor/ operator holds " + strings.Repeat("ü", 200),
		},
		"no reason":         {[]string{"clinic", "harbor", "do", "pause", "why", " "}, http.StatusUnprocessableEntity, []string{"Please say why", "Nothing was paused yet", `aria-describedby="hint.harbor. error.harbor."`}, ""},
		"too long a reason": {[]string{"clinic", "harbor", "workflow", "late-cancellation", "do", "pause", "why", strings.Repeat("x", 201)}, http.StatusUnprocessableEntity, []string{"200 characters or fewer", `value="` + strings.Repeat("x", 201) + `"`, `<details class="more" open>`}, ""},
		"two lines":         {[]string{"clinic", "harbor", "do", "pause", "why", "one\ntwo"}, http.StatusUnprocessableEntity, []string{"on one line"}, ""},
		"no button":         {[]string{"clinic", "harbor", "do", "dance"}, http.StatusUnprocessableEntity, []string{"Nothing was changed"}, ""},
		"no such clinic":    {[]string{"clinic", "seaside", "do", "pause", "why", "x"}, http.StatusNotFound, []string{"Nothing was changed"}, "seaside/ operator holds x"},
		"no such workflow":  {[]string{"clinic", "harbor", "workflow", "x", "do", "pause", "why", "x"}, http.StatusNotFound, []string{"Nothing was changed"}, "harbor/x operator holds x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			got := d.pressPause(d.signIn(t), c.press...)
			if got.StatusCode != c.status {
				t.Errorf("status %d, want %d", got.StatusCode, c.status)
			}
			for _, want := range c.says {
				if !strings.Contains(got.body, want) {
					t.Errorf("the page does not say %q:\n%s", want, got.body)
				}
			}
			if asked := strings.Join(d.pausing.asked, "; "); asked != c.asked {
				t.Errorf("asked %q, want %q", asked, c.asked)
			}
			if log := d.logged.String(); strings.Contains(log, "heating") || strings.Contains(log, "words") {
				t.Errorf("the log repeats the reason:\n%s", log)
			}
		})
	}
}

// TestPausesGetShows: looking decides nothing, and shows nothing without a session.
func TestPausesGetShows(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	session := d.signIn(t)
	form := hidden(request(d.handler, http.MethodGet, pausesPath, nil, session).body)
	form["clinic"], form["do"], form["why"] = []string{"harbor"}, []string{"pause"}, []string{"no heating"}
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodPatch} {
		for _, query := range []string{"", "?" + form.Encode()} {
			if got := request(d.handler, method, pausesPath+query, form, session); len(got.Cookies()) != 0 {
				t.Errorf("%s opens a session", method)
			}
		}
	}
	foreign := url.Values{}
	maps.Copy(foreign, form)
	foreign.Set("form", "x")
	for name, got := range map[string]answer{
		"nobody is signed in":      request(d.handler, http.MethodPost, pausesPath, form),
		"another site's form":      request(d.handler, http.MethodPost, pausesPath, foreign, session),
		"all of it in the address": request(d.handler, http.MethodPost, pausesPath+"?"+form.Encode(), url.Values{}, session),
	} {
		if got.StatusCode != http.StatusForbidden || !strings.Contains(got.body, "load the page again") {
			t.Errorf("%s: status %d", name, got.StatusCode)
		}
	}
	if len(d.pausing.asked) != 0 {
		t.Errorf("it was asked all the same: %q", d.pausing.asked)
	}
	if got := request(d.handler, http.MethodGet, pausesPath, nil); got.StatusCode != http.StatusUnauthorized || strings.Contains(got.body, "Harbor") {
		t.Errorf("without a session: status %d", got.StatusCode)
	}
	if got := request(d.handler, http.MethodPost, pausesPath, form, session); got.StatusCode != http.StatusOK || len(d.pausing.asked) != 1 {
		t.Errorf("the same form from its own session: status %d, asked %q", got.StatusCode, d.pausing.asked)
	}
}

// TestPausePressedTwice is one act; other words, and the same words later, are
// another.
func TestPausePressedTwice(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	session := d.signIn(t)
	form := hidden(request(d.handler, http.MethodGet, pausesPath, nil, session).body)
	form["clinic"], form["do"], form["why"] = []string{"harbor"}, []string{"pause"}, []string{"no heating"}
	press := func() { request(d.handler, http.MethodPost, pausesPath, form, session) }
	press()
	press()
	form.Set("why", "no water")
	press()
	d.clock.turn(10 * time.Minute)
	press()
	ids := d.pausing.ids
	if len(ids) != 4 || ids[0] != ids[1] || ids[1] == ids[2] || ids[2] == ids[3] {
		t.Errorf("the acts are %v", ids)
	}
}

// TestPauseNotYetConfirmed is never done: the form stays, and its next press is the
// same act, however much later.
func TestPauseNotYetConfirmed(t *testing.T) {
	t.Parallel()
	for _, fail := range []error{web.ErrNotConfirmed, errors.New("the disk is full")} {
		d := newDesk(t)
		session := d.signIn(t)
		d.pausing.fail = fail
		got := d.pressPause(session, "clinic", "harbor", "do", "pause", "why", "no heating")
		if got.StatusCode != http.StatusServiceUnavailable || !strings.Contains(got.body, "Not yet confirmed") || strings.Contains(got.body, "is paused") || !strings.Contains(got.body, `value="no heating"`) {
			t.Fatalf("%v: status %d\n%s", fail, got.StatusCode, got.body)
		}
		d.pausing.fail = nil
		d.clock.turn(10 * time.Minute)
		form := hidden(got.body)
		form["clinic"], form["do"], form["why"] = []string{"harbor"}, []string{"pause"}, []string{"no heating"}
		if got = request(d.handler, http.MethodPost, pausesPath, form, session); got.StatusCode != http.StatusOK || !strings.Contains(got.body, "Mail is paused") {
			t.Errorf("%v, again: status %d", fail, got.StatusCode)
		}
		if ids := d.pausing.ids; len(ids) != 2 || ids[0] != ids[1] {
			t.Errorf("%v: the second press is another act: %v", fail, ids)
		}
	}
}

// TestPauseThatDoesNotStand: somebody else's word counts, and the page says so.
func TestPauseThatDoesNotStand(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.pausing.other = true
	got := d.pressPause(d.signIn(t), "clinic", "harbor", "do", "lift", "pause", "p0")
	if got.StatusCode != http.StatusOK || !strings.Contains(got.body, "Please look again") || strings.Contains(got.body, "The pause is lifted") {
		t.Errorf("status %d:\n%s", got.StatusCode, got.body)
	}
}

// TestPressHasItsAnswer: what was pressed is answered even where the page cannot be
// read any more.
func TestPressHasItsAnswer(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	session := d.signIn(t)
	form := hidden(request(d.handler, http.MethodGet, pausesPath, nil, session).body)
	form["clinic"], form["do"], form["why"] = []string{"harbor"}, []string{"pause"}, []string{"no heating"}
	d.pausing.lookFail = errors.New("records cannot be read")
	if got := request(d.handler, http.MethodPost, pausesPath, form, session); got.StatusCode != http.StatusOK || !strings.Contains(got.body, "Mail is paused") {
		t.Errorf("status %d:\n%s", got.StatusCode, got.body)
	}
	if got := request(d.handler, http.MethodGet, pausesPath, nil, session); got.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a look: status %d", got.StatusCode)
	}
	if got := request(d.handler, http.MethodGet, "/", nil, session); !strings.Contains(got.body, "Some of this could not be read") {
		t.Errorf("the first page takes no pauses that were read for none:\n%s", got.body)
	}
}

// TestPauseBanner: the first page and its part that changes say what is paused, by
// whom and why, as plain text.
func TestPauseBanner(t *testing.T) {
	t.Parallel()
	staff := &web.Pause{ID: "p1", By: "Dana <b>Whitfield</b>", Why: `<script>alert(1)</script>"`, Since: noon().Add(-3 * time.Hour)}
	for name, c := range map[string]struct {
		all, workflow web.MailPause
		says, saysNot []string
	}{
		"nothing": {says: []string{"Open escalations"}, saysNot: []string{"is paused"}},
		"all": {
			all:     web.MailPause{Staff: staff},
			says:    []string{`<h2 id="paused">Mail to clients is paused</h2>`, "All mail</strong>, Harbor Clinic", "9:00 AM", "Dana &lt;b&gt;", "&lt;script&gt;alert(1)", ". Mail to clients is paused\""},
			saysNot: []string{"<script>alert", "<b>Whitfield", "Late cancellation</strong>", "folder"},
		},
		"one workflow": {
			workflow: web.MailPause{Staff: staff},
			says:     []string{`<h2 id="paused">Some mail to clients is paused</h2>`, "Late cancellation</strong>, Harbor Clinic", ". Some mail to clients is paused\""},
			saysNot:  []string{"All mail</strong>", "<script>alert"},
		},
		"in the folder": {
			all:     web.MailPause{Folder: true},
			says:    []string{`<h2 id="paused">Mail to clients is paused</h2>`, "in the clinic’s folder"},
			saysNot: []string{"Paused since"},
		},
		"both": {
			all:  web.MailPause{Folder: true, Staff: staff},
			says: []string{"Paused since", "in the clinic’s folder, until somebody changes it there"},
		},
	} {
		d := newDesk(t)
		d.pausing.all, d.pausing.workflow = c.all, c.workflow
		session := d.signIn(t)
		for _, path := range []string{"/", "/fragments/overview"} {
			got := request(d.handler, http.MethodGet, path, nil, session).body
			for _, want := range c.says {
				if !strings.Contains(got, want) {
					t.Errorf("%s, %s: does not say %q:\n%s", name, path, want, got)
				}
			}
			for _, not := range c.saysNot {
				if strings.Contains(got, not) {
					t.Errorf("%s, %s: says %q", name, path, not)
				}
			}
		}
		if got := request(d.handler, http.MethodGet, pausesPath, nil, session).body; strings.Contains(got, "<script>alert") || !strings.Contains(got, "Questions about safety go on") {
			t.Errorf("%s: the page that pauses:\n%s", name, got)
		}
	}
}
