package ingress

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mooring-care/mooring/events"
)

const token = "a-long-random-token"

// stream stands for JetStream: it keeps what it stored by message id and can
// fail before or after it did.
type stream struct {
	stored []events.Wire
	seen   map[string]bool
	calls  int
	// failAt is the call that fails, counted from 1; after says that the event
	// is stored nevertheless.
	failAt int
	after  bool
	hang   bool
}

var errStream = errors.New("no answer from the stream")

func (s *stream) Publish(ctx context.Context, subject, msgID string, header map[string]string, body []byte) error {
	s.calls++
	if s.hang {
		<-ctx.Done()
		return ctx.Err()
	}
	if s.calls == s.failAt && !s.after {
		return errStream
	}
	if s.seen == nil {
		s.seen = map[string]bool{}
	}
	if !s.seen[msgID] {
		s.seen[msgID] = true
		h := map[string][]string{}
		for name, v := range header {
			h[name] = []string{v}
		}
		s.stored = append(s.stored, events.Wire{Subject: subject, Header: h, Body: body})
	}
	if s.calls == s.failAt {
		return errStream
	}
	return nil
}

func (s *stream) ids(t *testing.T) []string {
	t.Helper()
	ids := []string{}
	for _, w := range s.stored {
		e, err := events.Decode(w)
		if err != nil {
			t.Fatalf("the door published what nobody can read: %v", err)
		}
		ids = append(ids, e.ID)
	}
	return ids
}

func door(s *stream) http.Handler {
	return NewHTTP(HTTPConfig{
		Tokens:    TokenHashes{"sample": {HashToken("an-older-token"), HashToken(token)}, "closed": nil},
		Publisher: s,
	})
}

func sample(t *testing.T, k events.Kind) []byte {
	t.Helper()
	body, err := os.ReadFile("../testdata/" + string(k) + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func post(body []byte, header map[string]string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/v1/clinics/sample/events", bytes.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", events.ContentType)
	for name, v := range header {
		r.Header.Set(name, v)
	}
	return r
}

func do(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func wantAnswer(t *testing.T, w *httptest.ResponseRecorder, status int, reason events.Reason, field string) answer {
	t.Helper()
	var a answer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		t.Fatalf("the answer is no JSON: %v: %s", err, w.Body)
	}
	if w.Code != status || a.Status != status || a.Reason != reason || a.Field != field {
		t.Errorf("got %d %s, want %d with reason %q at %q", w.Code, w.Body, status, reason, field)
	}
	if a.Type == "" || a.Title == "" || a.Detail == "" || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("not a whole problem: %v %s", w.Header(), w.Body)
	}
	return a
}

func TestStructuredAndBinaryAreOneEvent(t *testing.T) {
	for _, kind := range events.Kinds() {
		if kind.Origin != events.Outside {
			continue
		}
		body := sample(t, kind.Kind)
		subject := events.Subject(events.SubjectEvents, "sample", kind.Kind)
		want, err := events.Decode(events.Wire{Subject: subject, Body: body})
		if err != nil {
			t.Fatal(err)
		}
		header, data, err := events.EncodeBinary(want)
		if err != nil {
			t.Fatal(err)
		}
		for name, r := range map[string]*http.Request{"structured": post(body, nil), "binary": post(data, header)} {
			s := &stream{}
			w := do(door(s), r)
			if w.Code != http.StatusAccepted || len(s.stored) != 1 {
				t.Fatalf("%s %s: %d %s", kind.Kind, name, w.Code, w.Body)
			}
			got, err := events.Decode(s.stored[0])
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" || s.stored[0].Subject != subject {
				t.Errorf("%s %s on %s:\n%s", kind.Kind, name, s.stored[0].Subject, diff)
			}
			if !s.seen[want.Hash().String()] {
				t.Errorf("%s: the message id is not the event's hash", kind.Kind)
			}
			var result Result
			if err := json.Unmarshal(w.Body.Bytes(), &result); err != nil || result != (Result{ID: want.ID, Event: want.Hash().String(), Status: StatusAccepted}) {
				t.Errorf("%s: answer %s, %v", kind.Kind, w.Body, err)
			}
		}
	}
}

// TestNoIdentifiers guards no-identifiers at the door: neither the token nor
// anything about the person goes on in a header or a subject.
func TestNoIdentifiers(t *testing.T) {
	e, err := events.Decode(events.Wire{Body: sample(t, events.AppointmentBooked)})
	if err != nil {
		t.Fatal(err)
	}
	header, data, err := events.EncodeBinary(e)
	if err != nil {
		t.Fatal(err)
	}
	s := &stream{failAt: 2}
	var log bytes.Buffer
	h := NewHTTP(HTTPConfig{
		Tokens: TokenHashes{"sample": {HashToken(token)}}, Publisher: s, Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	for range 2 {
		do(h, post(data, header))
	}
	do(h, post([]byte(strings.ReplaceAll(string(sample(t, events.AppointmentBooked)), "ada@example.org", "ada at example")), nil))
	said := log.String() + s.stored[0].Subject + fmt.Sprint(s.stored[0].Header)
	for _, secret := range []string{"8421", "Ada", "ada", token} {
		if strings.Contains(said, secret) {
			t.Errorf("%q stands in a log, a header or a subject: %s", secret, said)
		}
	}
	if !strings.Contains(log.String(), "not acknowledged") || !strings.Contains(log.String(), "invalid-data") {
		t.Errorf("failure and refusal are not both logged: %s", log.String())
	}
}

func TestRefusedEventsAreNotPublished(t *testing.T) {
	booked := string(sample(t, events.AppointmentBooked))
	for name, tc := range map[string]struct {
		r      *http.Request
		status int
		reason events.Reason
		field  string
	}{
		"not JSON":     {post([]byte("hello"), nil), 400, events.ReasonBroken, "body"},
		"no id":        {post([]byte(strings.Replace(booked, `"id": "sample-01"`, `"id": ""`, 1)), nil), 400, events.ReasonBroken, "id"},
		"bad email":    {post([]byte(strings.Replace(booked, "ada@example.org", "ada", 1)), nil), 400, events.ReasonInvalidData, "data.client.email"},
		"no client":    {post([]byte(strings.Replace(booked, `"8421"`, `""`, 1)), nil), 400, events.ReasonBadSubject, "subject"},
		"unknown kind": {post([]byte(strings.Replace(booked, "appointment.booked", "appointment.lost", 1)), nil), 400, events.ReasonUnknownKind, "type"},
		"inside kind":  {post(sample(t, events.EscalationClosed), nil), 403, events.ReasonInsideFromOut, "type"},
		"oversized":    {post([]byte(booked+strings.Repeat(" ", events.MaxEvent)), nil), 413, events.ReasonOversized, ""},
		"with headers oversized": {
			post([]byte(booked+strings.Repeat(" ", events.MaxEvent-len(booked))), nil), 413, events.ReasonOversized, "",
		},
		"binary, bad escape": {post([]byte("{}"), map[string]string{"Content-Type": "application/json", "ce-id": "%"}), 400, events.ReasonBroken, "ce-id"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &stream{}
			wantAnswer(t, do(door(s), tc.r), tc.status, tc.reason, tc.field)
			if s.calls != 0 {
				t.Error("a refused event was published")
			}
		})
	}
}

func TestRequestsThatAreNoEvents(t *testing.T) {
	body := sample(t, events.AppointmentBooked)
	request := func(method, path string) *http.Request {
		r := httptest.NewRequest(method, path, bytes.NewReader(body))
		r.Header = post(nil, nil).Header
		return r
	}
	for name, tc := range map[string]struct {
		r      *http.Request
		status int
	}{
		"another path":   {request("POST", "/v1/clinics/sample/event"), 404},
		"no clinic":      {request("POST", "/v1/clinics//events"), 404},
		"deeper path":    {request("POST", "/v1/clinics/sample/x/events"), 404},
		"trailing slash": {request("POST", "/v1/clinics/sample/events/"), 404},
		"GET":            {request("GET", "/v1/clinics/sample/events"), 405},
		"PUT":            {request("PUT", "/v1/clinics/sample/events"), 405},
		"a form":         {post(body, map[string]string{"Content-Type": "application/x-www-form-urlencoded"}), 415},
		"plain JSON":     {post(body, map[string]string{"Content-Type": "application/json"}), 415},
		"no type":        {post(body, map[string]string{"Content-Type": ""}), 415},
		"broken type":    {post(body, map[string]string{"Content-Type": ";;"}), 415},
		"latin1":         {post(body, map[string]string{"Content-Type": events.ContentType + "; charset=latin1"}), 415},
		"avro":           {post(body, map[string]string{"Content-Type": "application/cloudevents+avro"}), 415},
		"binary, XML":    {post(body, map[string]string{"Content-Type": "text/xml", "ce-id": "1"}), 415},
		"gzip":           {post(body, map[string]string{"Content-Encoding": "gzip"}), 415},
	} {
		t.Run(name, func(t *testing.T) {
			s := &stream{}
			w := do(door(s), tc.r)
			wantAnswer(t, w, tc.status, "", "")
			if s.calls != 0 {
				t.Error("something was published")
			}
			if tc.status == 405 && w.Header().Get("Allow") != "POST" {
				t.Error("405 does not say what is allowed")
			}
		})
	}
}

func TestStrangersLearnNothing(t *testing.T) {
	var answers []string
	for name, change := range map[string]func(*http.Request){
		"wrong token":       func(r *http.Request) { r.Header.Set("Authorization", "Bearer wrong") },
		"no token":          func(r *http.Request) { r.Header.Del("Authorization") },
		"empty token":       func(r *http.Request) { r.Header.Set("Authorization", "Bearer ") },
		"another scheme":    func(r *http.Request) { r.Header.Set("Authorization", "Basic "+token) },
		"unknown clinic":    func(r *http.Request) { r.URL.Path = "/v1/clinics/other/events" },
		"no clinic at all":  func(r *http.Request) { r.URL.Path = "/v1/clinics/O>*/events" },
		"clinic, no tokens": func(r *http.Request) { r.URL.Path = "/v1/clinics/closed/events" },
	} {
		s := &stream{}
		r := post([]byte("not even JSON"), nil)
		change(r)
		w := do(door(s), r)
		wantAnswer(t, w, http.StatusUnauthorized, "", "")
		if s.calls != 0 || w.Header().Get("WWW-Authenticate") == "" {
			t.Errorf("%s: %d publishes, headers %v", name, s.calls, w.Header())
		}
		answers = append(answers, fmt.Sprint(w.Header(), w.Body))
	}
	for _, a := range answers {
		if a != answers[0] {
			t.Errorf("two strangers are told different things:\n%s\n%s", a, answers[0])
		}
	}
	for _, good := range []string{"Bearer " + token, "bearer " + token, "Bearer an-older-token"} {
		if w := do(door(&stream{}), post(sample(t, events.AppointmentBooked), map[string]string{"Authorization": good})); w.Code != http.StatusAccepted {
			t.Errorf("%q: %d", good, w.Code)
		}
	}
}

// TestNothingLost guards the rule nothing-lost at the door: whenever the
// stream fails, before or after it stored the event, the sender is not told
// 202, and the sender's repeat leads to the event being stored once.
func TestNothingLost(t *testing.T) {
	for _, after := range []bool{false, true} {
		s := &stream{failAt: 1, after: after}
		h := door(s)
		w := do(h, post(sample(t, events.SafetyConcern), nil))
		wantAnswer(t, w, http.StatusServiceUnavailable, "", "")
		if w.Header().Get("Retry-After") != "5" {
			t.Errorf("Retry-After %q", w.Header().Get("Retry-After"))
		}
		if w = do(h, post(sample(t, events.SafetyConcern), nil)); w.Code != http.StatusAccepted {
			t.Errorf("the repeat: %d %s", w.Code, w.Body)
		}
		if got := s.ids(t); len(got) != 1 {
			t.Errorf("stored after=%v: %v", after, got)
		}
	}
}

func TestAStreamThatHangsIsNotWaitedForEver(t *testing.T) {
	h := NewHTTP(HTTPConfig{
		Tokens: TokenHashes{"sample": {HashToken(token)}}, Publisher: &stream{hang: true},
		PublishTimeout: time.Millisecond, RetryAfter: 1500 * time.Millisecond,
	})
	w := do(h, post(sample(t, events.SafetyConcern), nil))
	wantAnswer(t, w, http.StatusServiceUnavailable, "", "")
	if w.Header().Get("Retry-After") != "2" {
		t.Errorf("Retry-After %q", w.Header().Get("Retry-After"))
	}
}

func batchOf(parts ...[]byte) *http.Request {
	body := append([]byte{'['}, bytes.Join(parts, []byte(","))...)
	return post(append(body, ']'), map[string]string{"Content-Type": events.ContentTypeBatch + "; charset=utf-8"})
}

func results(t *testing.T, w *httptest.ResponseRecorder) []Status {
	t.Helper()
	var got struct{ Results []Result }
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	out := []Status{}
	for i, r := range got.Results {
		if r.Index != i || r.ID == "" || len(r.Event) != 32 {
			t.Errorf("result %d is %+v", i, r)
		}
		out = append(out, r.Status)
	}
	return out
}

func TestBatch(t *testing.T) {
	a, b, c := sample(t, events.AppointmentBooked), sample(t, events.AppointmentRescheduled), sample(t, events.AppointmentCancelled)
	s := &stream{}
	w := do(door(s), batchOf(a, b, c))
	if diff := cmp.Diff([]Status{StatusAccepted, StatusAccepted, StatusAccepted}, results(t, w)); diff != "" || w.Code != http.StatusAccepted {
		t.Errorf("%d %s", w.Code, diff)
	}
	if diff := cmp.Diff([]string{"sample-01", "sample-02", "sample-03"}, s.ids(t)); diff != "" {
		t.Errorf("not in the sender's order: %s", diff)
	}
	if w := do(door(&stream{}), batchOf()); w.Code != http.StatusAccepted || len(results(t, w)) != 0 {
		t.Errorf("an empty batch: %d %s", w.Code, w.Body)
	}
}

func TestBatchIsCheckedWholeFirst(t *testing.T) {
	good := sample(t, events.AppointmentBooked)
	big := append(bytes.Repeat([]byte(" "), 10), bytes.Replace(good, []byte("sample-01"), bytes.Repeat([]byte("x"), events.MaxEvent), 1)...)
	for name, tc := range map[string]struct {
		r      *http.Request
		status int
		reason events.Reason
		field  string
		index  int
	}{
		"one invalid":   {batchOf(good, bytes.Replace(good, []byte(`"1.0"`), []byte(`"2"`), 1)), 400, events.ReasonBroken, "specversion", 1},
		"one no object": {batchOf([]byte("1"), good), 400, events.ReasonBroken, "body", 0},
		"one inside":    {batchOf(good, good, sample(t, events.TimerDue)), 403, events.ReasonInsideFromOut, "type", 2},
		"one oversized": {batchOf(good, big), 413, events.ReasonOversized, "", 1},
		"no list":       {post(good, map[string]string{"Content-Type": events.ContentTypeBatch}), 400, events.ReasonBroken, "body", -1},
		"null":          {post([]byte("null"), map[string]string{"Content-Type": events.ContentTypeBatch}), 400, events.ReasonBroken, "body", -1},
		"too large":     {batchOf(bytes.Repeat([]byte(" "), MaxBatch)), 413, events.ReasonOversized, "", -1},
		"too many":      {batchOf(bytes.Split(bytes.Repeat([]byte("1,"), MaxBatchEvents), []byte(","))[:MaxBatchEvents]...), 400, events.ReasonBroken, "body", 0},
		"more than too many": {
			batchOf(bytes.Split(bytes.Repeat([]byte("1,"), MaxBatchEvents+1), []byte(","))[:MaxBatchEvents+1]...), 413, events.ReasonOversized, "", -1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &stream{}
			got := wantAnswer(t, do(door(s), tc.r), tc.status, tc.reason, tc.field)
			if (got.Index == nil) != (tc.index < 0) || got.Index != nil && *got.Index != tc.index {
				t.Errorf("index %v, want %d", got.Index, tc.index)
			}
			if s.calls != 0 {
				t.Error("a part of an invalid batch was published")
			}
		})
	}
}

func TestBatchStopsWhereTheStreamFails(t *testing.T) {
	a, b, c := sample(t, events.AppointmentBooked), sample(t, events.AppointmentRescheduled), sample(t, events.AppointmentCancelled)
	for _, after := range []bool{false, true} {
		s := &stream{failAt: 2, after: after}
		h := door(s)
		w := do(h, batchOf(a, b, c))
		wantAnswer(t, w, http.StatusServiceUnavailable, "", "")
		if diff := cmp.Diff([]Status{StatusAccepted, StatusUnconfirmed, StatusNotTried}, results(t, w)); diff != "" || w.Header().Get("Retry-After") == "" {
			t.Error(diff)
		}
		if w = do(h, batchOf(a, b, c)); w.Code != http.StatusAccepted {
			t.Errorf("the repeat: %d %s", w.Code, w.Body)
		}
		if diff := cmp.Diff([]string{"sample-01", "sample-02", "sample-03"}, s.ids(t)); diff != "" {
			t.Errorf("after=%v: each event once, in order: %s", after, diff)
		}
	}
}

func TestTokenHashText(t *testing.T) {
	want := HashToken(token)
	text, err := want.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	var got TokenHash
	if err := got.UnmarshalText(text); err != nil || got != want {
		t.Errorf("%x, %v", got, err)
	}
	for _, bad := range []string{"", "00", strings.Repeat("g", 64)} {
		if err := got.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q is taken for a hash", bad)
		}
	}
}
