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

func (o *office) say(key, press, what string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if key != clientKey {
		return web.ErrUnknown
	}
	if !slices.Contains(o.said, press+" "+what) { // one press counts once
		o.said = append(o.said, press+" "+what)
	}
	if strings.Contains(what, "avoids-a-topic") {
		return web.ErrNotConfirmed
	}
	return nil
}

func (o *office) Note(_ context.Context, _, key, press string, n events.Note) error {
	return o.say(key, press, fmt.Sprintf("noted by %s: %v %q %q", n.By, n.Noticed, n.Reason, n.Approach))
}

func (o *office) Pause(_ context.Context, _, key, press, person string, until time.Time) error {
	days := -1
	if !until.IsZero() {
		days = int(until.Sub(noon()) / (24 * time.Hour))
	}
	return o.say(key, press, fmt.Sprintf("paused by %s for %d days", person, days))
}

func (o *office) Resume(_ context.Context, _, key, press, person string, optIn bool) error {
	return o.say(key, press, fmt.Sprintf("resumed by %s, opt-in %v", person, optIn))
}

// TestStaffSay: what a clinician notices takes two taps; a pause and its end take
// as many. Only codes that the page offers are taken, and a client's own "no"
// is lifted by the client's own word alone.
func TestStaffSay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, to string
		form     url.Values
		status   int
		says     string
		said     string
	}{
		{"two taps", "note", url.Values{"noticed": {"quieter"}}, http.StatusSeeOther, "", `noted by operator: [quieter] "" ""`},
		{
			"all that is known", "note",
			url.Values{"noticed": {"late", "wants-to-stop"}, "reason": {"stress"}, "approach": {"remote"}},
			http.StatusSeeOther, "", `noted by operator: [late wants-to-stop] "stress" "remote"`,
		},
		{"somebody's own words", "note", url.Values{"noticed": {"quieter", "is a liar"}, "reason": {"money"}}, http.StatusSeeOther, "", `noted by operator: [quieter] "" ""`},
		{"nothing chosen", "note", nil, http.StatusUnprocessableEntity, "choose something first", ""},
		{"not confirmed", "note", url.Values{"noticed": {"avoids-a-topic"}}, http.StatusServiceUnavailable, "Not yet confirmed", `noted by operator: [avoids-a-topic] "" ""`},
		{"a pause of two weeks", "pause", url.Values{"for": {"14"}}, http.StatusSeeOther, "", "paused by operator for 14 days"},
		{"a pause without an end", "pause", url.Values{"for": {"0"}}, http.StatusSeeOther, "", "paused by operator for -1 days"},
		{"a pause of a length that is not offered", "pause", url.Values{"for": {"9999"}}, http.StatusUnprocessableEntity, "choose something first", ""},
		{"the pause is lifted", "resume", nil, http.StatusSeeOther, "", "resumed by operator, opt-in false"},
		{"the client wants mail again", "resume", url.Values{"opt_in": {"1"}}, http.StatusSeeOther, "", "resumed by operator, opt-in true"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			session := d.signIn(t)
			path := "/clients/harbor/" + clientKey
			form := hidden(request(d.handler, http.MethodGet, path, nil, session).body)
			maps.Copy(form, c.form)
			for range 2 { // pressed twice
				got := request(d.handler, http.MethodPost, path+"/"+c.to, form, session)
				if got.StatusCode != c.status || !strings.Contains(got.body, c.says) {
					t.Fatalf("status %d, want %d saying %q:\n%s", got.StatusCode, c.status, c.says, got.body)
				}
				if to := got.Header.Get("Location"); c.status == http.StatusSeeOther && to != path+"#timeline" {
					t.Errorf("it leads to %q", to)
				}
			}
			if c.said == "" {
				if len(d.said) > 0 {
					t.Errorf("said %q", d.said)
				}
				return
			}
			if len(d.said) != 1 || d.said[0] != form.Get("press")+" "+c.said {
				t.Errorf("said %q, want %q once", d.said, c.said)
			}
		})
	}
}

// TestStaffSayIsGuarded: a session, its own form, a press and a POST; nothing
// else does anything (the rule get-shows).
func TestStaffSayIsGuarded(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	session := d.signIn(t)
	path := "/clients/harbor/" + clientKey
	form := hidden(request(d.handler, http.MethodGet, path, nil, session).body)
	form.Set("noticed", "quieter")
	form.Set("for", "14")
	without := func(key string) url.Values {
		out := url.Values{}
		for k, v := range form {
			if k != key {
				out[k] = v
			}
		}
		return out
	}
	for _, act := range []string{"note", "pause", "resume"} {
		for name, got := range map[string]answer{
			"nobody is signed in":   request(d.handler, http.MethodPost, path+"/"+act, form),
			"another site's form":   request(d.handler, http.MethodPost, path+"/"+act, without("form"), session),
			"a press without an id": request(d.handler, http.MethodPost, path+"/"+act, without("press"), session),
			"a scanner opens it":    request(d.handler, http.MethodGet, path+"/"+act, nil, session),
			"a client not known":    request(d.handler, http.MethodPost, "/clients/harbor/znobody/"+act, form, session),
		} {
			if got.StatusCode < 400 {
				t.Errorf("%s, %s: status %d", act, name, got.StatusCode)
			}
		}
	}
	if len(d.said) != 0 {
		t.Errorf("it counted all the same: %q", d.said)
	}
	if strings.Contains(d.logged.String(), "quieter") {
		t.Errorf("what was said of the client is logged:\n%s", d.logged)
	}
}

// TestOptOutIsTheClients: the page offers staff to lift an opt-out only with the
// client's own word.
func TestOptOutIsTheClients(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	session := d.signIn(t)
	d.optedOut = true
	page := request(d.handler, http.MethodGet, "/clients/harbor/"+clientKey, nil, session).body
	for _, want := range []string{"Only their own word lifts that", `name="opt_in" value="1" required`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(page, "/pause\"") {
		t.Error("the page offers a pause to a client who wants no mail")
	}
}
