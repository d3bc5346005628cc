package fakesendgrid

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const good = `{"from":{"email":"a@b.test"},"subject":"Hi","personalizations":[{"to":[{"email":"c@d.test"}]}],` +
	`"content":[{"type":"text/plain","value":"x"}],"headers":{"Message-ID":"<m@b.test>"},"custom_args":{"mid":"m1","attempt":"1"}}`

func post(t *testing.T, url, path, key, body string) (int, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(answer), nil
}

func start(t *testing.T, cfg Config) *Server {
	t.Helper()
	s, err := Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestValidates(t *testing.T) {
	s := start(t, Config{Key: "k"})
	swap := func(from, to string) string {
		if !strings.Contains(good, from) {
			t.Fatalf("%q is not in the mail", from)
		}
		return strings.Replace(good, from, to, 1)
	}
	for _, tc := range []struct {
		name, body string
		status     int
		field      string
	}{
		{"sound", good, 202, ""},
		{"no JSON", "{", 400, ""},
		{"wrong type", swap(`"1"`, `1`), 400, ""},
		{"no from", swap(`"from":{"email":"a@b.test"},`, ``), 400, "from.email"},
		{"bad from", swap(`a@b.test`, `a`), 400, "from.email"},
		{"no subject", swap(`"Hi"`, `""`), 400, "subject"},
		{"subject in two lines", swap(`"Hi"`, `"a\nb"`), 400, "subject"},
		{"no envelope", swap(`{"to":[{"email":"c@d.test"}]}`, ``), 400, "personalizations"},
		{"no recipient", swap(`{"email":"c@d.test"}`, ``), 400, "personalizations.0.to"},
		{"bad recipient", swap(`c@d.test`, `c`), 400, "personalizations.0.to.0.email"},
		{"recipient twice", swap(`{"email":"c@d.test"}`, `{"email":"c@d.test"},{"email":"C@d.test"}`), 400, "personalizations.0.to.1.email"},
		{"no content", swap(`{"type":"text/plain","value":"x"}`, ``), 400, "content"},
		{"empty content", swap(`"value":"x"`, `"value":""`), 400, "content.0.value"},
		{"text last", swap(`[{"type":"text/plain"`, `[{"type":"text/html","value":"x"},{"type":"text/plain"`), 400, "content.1.type"},
		{"reserved header", swap(`"Message-ID"`, `"Reply-To"`), 400, "headers"},
		{"header injection", swap(`<m@b.test>`, `a\r\nBcc: x`), 400, "headers"},
		{"long args", swap(`"m1"`, `"`+strings.Repeat("x", 10_000)+`"`), 400, "custom_args"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before := len(s.Received())
			status, answer, err := post(t, s.URL(), "/v3/mail/send", "k", tc.body)
			if err != nil || status != tc.status {
				t.Fatalf("got %d %s, %v", status, answer, err)
			}
			if (len(s.Received()) > before) != (tc.status == 202) {
				t.Error("the record does not fit the answer")
			}
			if tc.status == 202 {
				return
			}
			var got struct {
				Errors []struct{ Message, Field string }
			}
			if err := json.Unmarshal([]byte(answer), &got); err != nil || len(got.Errors) == 0 || got.Errors[0].Field != tc.field {
				t.Errorf("got %s (%v), want field %q first", answer, err, tc.field)
			}
		})
	}
	for name, want := range map[string]int{"other": 401, "": 401} {
		if status, _, err := post(t, s.URL(), "/v3/mail/send", name, good); err != nil || status != want {
			t.Errorf("key %q: %d, %v", name, status, err)
		}
	}
	if status, _, err := post(t, s.URL(), "/v3/mail", "k", good); err != nil || status != 404 {
		t.Errorf("wrong path: %d, %v", status, err)
	}
}

// A second process's way: flags, ready file, control, log on disk.
func TestProcess(t *testing.T) {
	dir := t.TempDir()
	logFile, readyFile, answerFile := filepath.Join(dir, "log"), filepath.Join(dir, "ready"), filepath.Join(dir, "answers")
	// What a killed server left behind: one whole line and half of one.
	if err := os.WriteFile(logFile, []byte(`{"mid":"m0","status":202}`+"\n"+`{"mid":"m0b","sta`), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	code := make(chan int, 1)
	var out, errs bytes.Buffer
	go func() {
		code <- Main(ctx, []string{"-log", logFile, "-ready-file", readyFile, "-answers", answerFile}, &out, &errs)
	}()
	var url string
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(10 * time.Second); url == ""; {
		select {
		case <-tick.C:
			if b, err := os.ReadFile(readyFile); err == nil {
				url = string(b)
			}
		case c := <-code:
			t.Fatalf("ended with %d: %s", c, errs.String())
		case <-deadline:
			t.Fatal("not ready in 10 s")
		}
	}
	if err := SendScript(t.Context(), url, Script{Queue: []Fault{"nonsense"}}); err == nil {
		t.Error("took a fault that does not exist")
	}
	if err := SendScript(t.Context(), url, Script{Chances: map[Fault]float64{Bad: 0.7, Away: 0.7}}); err == nil {
		t.Error("took chances above 1")
	}
	if err := SendScript(t.Context(), url, Script{Queue: []Fault{CutAfter, Away, TakenFail, Accept}}); err != nil {
		t.Fatal(err)
	}
	var statuses []int
	for range 5 {
		status, _, err := post(t, url, "/v3/mail/send", "k", good)
		if (err != nil) != (len(statuses) == 0) {
			t.Fatalf("request %d: %d, %v", len(statuses), status, err)
		}
		statuses = append(statuses, status)
	}
	if d := cmp.Diff([]int{0, 503, 500, 202, 202}, statuses); d != "" {
		t.Error(d)
	}
	resp, err := http.Get(url + "/_control")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var seen struct{ Received []Entry }
	if err := json.NewDecoder(resp.Body).Decode(&seen); err != nil || len(seen.Received) != 4 {
		t.Errorf("control shows %d mails (%v), want 4", len(seen.Received), err)
	}
	cancel()
	if c := <-code; c != 0 {
		t.Errorf("ended with %d: %s", c, errs.String())
	}
	if out.String() != url+"\n" {
		t.Errorf("printed %q", out.String())
	}
	got, err := ReadLog(logFile)
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		if i > 0 && time.Since(got[i].Time) > time.Minute {
			t.Errorf("time %v", got[i].Time)
		}
		got[i].Time, got[i].Began = time.Time{}, time.Time{}
	}
	entry := func(status int, f Fault) Entry {
		return Entry{MID: "m1", Attempt: "1", MessageID: "m@b.test", To: "c@d.test", Subject: "Hi", Lane: "care", Status: status, Fault: f}
	}
	if d := cmp.Diff([]Entry{{MID: "m0", Status: 202}, entry(0, CutAfter), entry(500, TakenFail), entry(202, Accept), entry(202, Accept)}, got); d != "" {
		t.Errorf("the log differs (-want +got):\n%s", d)
	}
	answers, err := ReadAnswers(answerFile)
	if err != nil {
		t.Fatal(err)
	}
	var given []int
	for _, a := range answers {
		if a.MID != "m1" || a.Attempt != "1" || a.Time.IsZero() {
			t.Errorf("the answer %+v is not to the mail", a)
		}
		given = append(given, a.Status)
	}
	if d := cmp.Diff(statuses, given); d != "" {
		t.Errorf("the answers differ (-want +got):\n%s", d)
	}
}

// TestAnswersOfFaults: what is written down is what the client is told.
func TestAnswersOfFaults(t *testing.T) {
	for _, f := range faults() {
		if f == Hang || f == HangBlind || f == CutBefore {
			continue // nothing is told, or nothing read
		}
		t.Run(string(f), func(t *testing.T) {
			s := start(t, Config{})
			if err := s.Script(Script{Queue: []Fault{f}}); err != nil {
				t.Fatal(err)
			}
			client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+"/v3/mail/send", strings.NewReader(good))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer k")
			req.Header.Set("Content-Type", "application/json")
			told := 0
			if resp, err := client.Do(req); err == nil {
				told = resp.StatusCode
				_ = resp.Body.Close()
			}
			if got := s.Answered(); len(got) != 1 || got[0].Status != told {
				t.Errorf("told %d, written down %+v", told, got)
			}
		})
	}
}

func TestMisuse(t *testing.T) {
	var out, errs bytes.Buffer
	for _, tc := range []struct {
		args []string
		code int
	}{
		{[]string{"-nonsense"}, 2},
		{[]string{"stray"}, 2},
		{[]string{"-listen", "256.0.0.1:0"}, 1},
		{[]string{"-log", filepath.Join(t.TempDir(), "no", "such")}, 1},
		{[]string{"-ready-file", filepath.Join(t.TempDir(), "no", "such")}, 1},
	} {
		if got := Main(t.Context(), tc.args, &out, &errs); got != tc.code {
			t.Errorf("%v: exit %d, want %d", tc.args, got, tc.code)
		}
	}
}

func FuzzPayload(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte(`{"personalizations":[{}],"content":[{}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		p, problems := check(body)
		// What the record reads without asking must be there.
		if len(problems) == 0 && (p.From == nil || len(p.Personalizations) == 0 || len(p.Personalizations[0].To) == 0) {
			t.Errorf("took %s", body)
		}
	})
}
