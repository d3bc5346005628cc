package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/internal/web"
)

// Finish is the office's word on tasks: "t1" is known, "slow" is not confirmed.
func (o *office) Finish(_ context.Context, clinic, key, task, person string, release bool) (web.TaskEnd, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch task {
	case "t1":
		o.finished = append(o.finished, fmt.Sprint(clinic, " ", key, " ", task, " ", person, map[bool]string{true: " released"}[release]))
		return web.TaskEnd{By: person}, nil
	case "slow":
		return web.TaskEnd{}, web.ErrNotConfirmed
	case "faster":
		return web.TaskEnd{By: "priya", Name: "Priya Nair", At: noon().Add(-3 * time.Minute)}, nil
	case "ended":
		return web.TaskEnd{}, nil
	}
	return web.TaskEnd{}, web.ErrUnknown
}

// TestATaskHasAllItNeeds: what its mail promises, and how to reach the client.
func TestATaskHasAllItNeeds(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	page := request(d.handler, http.MethodGet, "/clients/harbor/"+clientKey, nil, d.signIn(t)).body
	for _, want := range []string{
		`href="tel:5550177">Call 555 0177 x12</a>`, `href="https://ehr.example/1"`, "Before you talk", "It was too much", "We can go slower.", "A friend was there.",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the client's page does not show %q", want)
		}
	}
}

func TestFinishTask(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	session := d.signIn(t)
	page := request(d.handler, http.MethodGet, "/clients/harbor/"+clientKey, nil, session)
	form := url.Values{"form": {hidden(page.body).Get("form")}}
	if !strings.Contains(page.body, "Done: Call the client") || form.Get("form") == "" {
		t.Fatalf("the client's page offers no way to finish the task:\n%s", page.body)
	}
	const path = "/clients/harbor/" + clientKey + "/tasks/"
	for _, c := range []struct {
		name    string
		method  string
		task    string
		form    url.Values
		session []*http.Cookie
		status  int
		says    string
	}{
		{"nobody is signed in", http.MethodPost, "t1", form, nil, http.StatusForbidden, "load the page again"},
		{"another site pressed it", http.MethodPost, "t1", url.Values{}, []*http.Cookie{session}, http.StatusForbidden, "load the page again"},
		{"a scanner opens it", http.MethodGet, "t1", nil, []*http.Cookie{session}, http.StatusNotFound, "nothing here"},
		{"an unknown task", http.MethodPost, "t9", form, []*http.Cookie{session}, http.StatusNotFound, "nothing here"},
		{"a colleague was faster", http.MethodPost, "faster", form, []*http.Cookie{session}, http.StatusConflict, "Priya Nair finished this task"},
		{"it is not needed now", http.MethodPost, "ended", form, []*http.Cookie{session}, http.StatusConflict, "not open any more"},
		{"no decision in time", http.MethodPost, "slow", form, []*http.Cookie{session}, http.StatusServiceUnavailable, "Not yet confirmed"},
	} {
		t.Run(c.name, func(t *testing.T) { //nolint:paralleltest // one desk counts for all
			got := request(d.handler, c.method, path+c.task, c.form, c.session...)
			if got.StatusCode != c.status || !strings.Contains(got.body, c.says) {
				t.Errorf("status %d, want %d saying %q:\n%s", got.StatusCode, c.status, c.says, got.body)
			}
			if len(d.finished) != 0 {
				t.Errorf("it was finished all the same: %v", d.finished)
			}
		})
	}
	got := request(d.handler, http.MethodPost, path+"t1", form, session)
	if got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != "/clients/harbor/"+clientKey {
		t.Fatalf("status %d to %q, want the client's page again", got.StatusCode, got.Header.Get("Location"))
	}
	if want := "harbor " + clientKey + " t1 operator"; len(d.finished) != 1 || d.finished[0] != want {
		t.Errorf("finished %v, want %q", d.finished, want)
	}
}
