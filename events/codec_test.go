package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// first is the subject's first token for a kind.
func first(s Spec) string {
	if s.Origin == Inside {
		return SubjectInside
	}
	return SubjectEvents
}

func structuredHeader() map[string][]string {
	return map[string][]string{"Content-Type": {ContentType}}
}

func sample(tb testing.TB, k Kind) []byte {
	tb.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", string(k)+".json"))
	if err != nil {
		tb.Fatalf("every registered kind needs a sample event: %v", err)
	}
	return body
}

func sampleWire(tb testing.TB, k Kind) Wire {
	tb.Helper()
	spec, ok := Lookup(k)
	if !ok {
		tb.Fatalf("kind %q is not registered", k)
	}
	return Wire{Subject: Subject(first(spec), "sample", k), Header: structuredHeader(), Body: sample(tb, k)}
}

func sampleEvent(tb testing.TB, k Kind) Event {
	tb.Helper()
	e, err := Decode(sampleWire(tb, k))
	if err != nil {
		tb.Fatalf("decode the sample of %s: %v", k, err)
	}
	return e
}

func wireOf(e Event, header map[string]string, body []byte) Wire {
	spec, _ := Lookup(e.Kind)
	h := make(map[string][]string, len(header))
	for name, v := range header {
		h[name] = []string{v}
	}
	return Wire{Subject: Subject(first(spec), e.Clinic, e.Kind), Header: h, Body: body}
}

func TestEveryKindHasASampleThatSurvivesTheRoundTrip(t *testing.T) {
	for _, spec := range Kinds() {
		t.Run(string(spec.Kind), func(t *testing.T) {
			e := sampleEvent(t, spec.Kind)
			if e.Kind != spec.Kind || e.Clinic != "sample" || e.ID == "" || e.Source == "" || e.Time.IsZero() {
				t.Fatalf("the sample decodes to %+v", e)
			}
			if (spec.Origin == Inside) != (e.Key != "") || (spec.Origin == Outside) != (e.Client != "") {
				t.Errorf("client %q, key %q on a kind of origin %d", e.Client, e.Key, spec.Origin)
			}
			for name, encode := range map[string]func(Event) (map[string]string, []byte, error){"structured": Encode, "binary": EncodeBinary} {
				header, body, err := encode(e)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				got, err := Decode(wireOf(e, header, body))
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if diff := cmp.Diff(e, got); diff != "" {
					t.Errorf("%s: the round trip changes the event:\n%s", name, diff)
				}
			}
		})
	}
}

func TestNoSampleWithoutAKind(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) != len(Kinds()) {
		t.Fatalf("%d samples for %d kinds (%v)", len(files), len(Kinds()), err)
	}
}

// TestStructuredHeadersNameNobody guards no-identifiers: nothing that we write
// has a header about a person.
func TestStructuredHeadersNameNobody(t *testing.T) {
	for _, spec := range Kinds() {
		header, _, err := Encode(sampleEvent(t, spec.Kind))
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"Content-Type": "application/cloudevents+json; charset=UTF-8"}
		if diff := cmp.Diff(want, header); diff != "" {
			t.Errorf("%s: %s", spec.Kind, diff)
		}
	}
}

func TestNeedsAreKnown(t *testing.T) {
	for _, spec := range Kinds() {
		e := sampleEvent(t, spec.Kind)
		for _, path := range spec.Needs {
			if !has(&e.Data, path) {
				t.Errorf("%s: the sample lacks %s, or has() does not know it", spec.Kind, path)
			}
			if has(&Data{}, path) {
				t.Errorf("%s: empty data is said to carry %s", spec.Kind, path)
			}
		}
	}
}

func TestNeedsAreEnforced(t *testing.T) {
	for _, spec := range Kinds() {
		for _, path := range spec.Needs {
			w := sampleWire(t, spec.Kind)
			w.Body = change(t, w.Body, path, nil)
			wantProblem(t, w, ReasonInvalidData, path)
		}
	}
}

// change sets the value at a JSON path of the body; nil removes it.
func change(tb testing.TB, body []byte, path string, value any) []byte {
	tb.Helper()
	var all map[string]any
	if err := json.Unmarshal(body, &all); err != nil {
		tb.Fatal(err)
	}
	names := strings.Split(path, ".")
	at := all
	for _, name := range names[:len(names)-1] {
		next, ok := at[name].(map[string]any)
		if !ok {
			next = map[string]any{}
			at[name] = next
		}
		at = next
	}
	last := names[len(names)-1]
	if value == nil {
		delete(at, last)
	} else {
		at[last] = value
	}
	out, err := json.Marshal(all)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

func wantProblem(t *testing.T, w Wire, reason Reason, field string) Event {
	t.Helper()
	e, err := Decode(w)
	p, ok := errors.AsType[*Problem](err)
	if !ok {
		t.Fatalf("got %v, want a problem %s at %s", err, reason, field)
	}
	if p.Reason != reason || p.Field != field {
		t.Errorf("got %s at %q (%v), want %s at %q", p.Reason, p.Field, p, reason, field)
	}
	if p.Err == nil || !strings.HasPrefix(p.Error(), field) || strings.Contains(p.Error(), secretValue) {
		t.Errorf("the text %q does not name the field alone", p.Error())
	}
	return e
}

// secretValue stands for a person's data; no error text may repeat it.
const secretValue = "zz-secret-zz"

func TestBrokenEnvelope(t *testing.T) {
	for _, tc := range []struct {
		path   string
		value  any
		reason Reason
	}{
		{"specversion", nil, ReasonBroken},
		{"specversion", "0.3", ReasonBroken},
		{"id", nil, ReasonBroken},
		{"id", "", ReasonBroken},
		{"id", 12, ReasonBroken},
		{"id", strings.Repeat("x", 257), ReasonBroken},
		{"id", "a\nb", ReasonBroken},
		{"source", nil, ReasonBroken},
		{"source", strings.Repeat("x", 257), ReasonBroken},
		{"type", nil, ReasonUnknownKind},
		{"type", "com.example.booked", ReasonUnknownKind},
		{"type", "care.mooring.appointment.forgotten", ReasonUnknownKind},
		{"type", TypePrefix + secretValue, ReasonUnknownKind},
		{"subject", nil, ReasonBadSubject},
		{"subject", " ", ReasonBadSubject},
		{"subject", strings.Repeat("x", 257), ReasonBadSubject},
		{"datacontenttype", "text/xml", ReasonBroken},
		{"datacontenttype", "application/json; charset=latin1", ReasonBroken},
		{"data_base64", "e30=", ReasonBroken},
	} {
		t.Run(fmt.Sprintf("%s=%.20v", tc.path, tc.value), func(t *testing.T) {
			w := sampleWire(t, AppointmentBooked)
			w.Body = change(t, w.Body, tc.path, tc.value)
			e := wantProblem(t, w, tc.reason, tc.path)
			if tc.path != "subject" && e.Client != "8421" {
				t.Errorf("the refused event lost its client: %+v", e)
			}
		})
	}
	w := sampleWire(t, EscalationClosed)
	w.Body = change(t, w.Body, "subject", "8421")
	if e := wantProblem(t, w, ReasonBadSubject, "subject"); e.Key != "" || e.Client != "" {
		t.Errorf("an EHR id was taken for a client key: %+v", e)
	}
}

func TestBrokenBodies(t *testing.T) {
	const at = "events.sample.appointment.booked"
	for name, tc := range map[string]struct {
		w      Wire
		reason Reason
		field  string
	}{
		"nothing":            {Wire{Subject: at}, ReasonBroken, "body"},
		"not JSON":           {Wire{Subject: at, Body: []byte("hello " + secretValue)}, ReasonBroken, "body"},
		"a list":             {Wire{Subject: at, Body: []byte("[]")}, ReasonBroken, "body"},
		"JSON, no event":     {Wire{Subject: at, Body: []byte(`{"hello":"zz-secret-zz"}`)}, ReasonBroken, "specversion"},
		"not UTF-8":          {Wire{Subject: at, Body: []byte("{\"id\":\"\xff\"}")}, ReasonBroken, "body"},
		"two values":         {Wire{Subject: at, Body: append(sample(t, AppointmentBooked), "{}"...)}, ReasonBroken, "body"},
		"a batch":            {Wire{Subject: at, Header: map[string][]string{"content-type": {ContentTypeBatch}}, Body: []byte("[]")}, ReasonBroken, "content-type"},
		"another format":     {Wire{Subject: at, Header: map[string][]string{"content-type": {"application/cloudevents+avro"}}}, ReasonBroken, "content-type"},
		"another charset":    {Wire{Subject: at, Header: map[string][]string{"content-type": {ContentType + "; charset=latin1"}}, Body: sample(t, AppointmentBooked)}, ReasonBroken, "content-type"},
		"another media type": {Wire{Subject: at, Header: map[string][]string{"content-type": {"text/plain"}}, Body: sample(t, AppointmentBooked)}, ReasonBroken, "content-type"},
		"no ce-type":         {Wire{Subject: at, Header: map[string][]string{"ce-specversion": {"1.0"}}}, ReasonUnknownKind, "type"},
		"a header twice":     {Wire{Subject: at, Header: map[string][]string{"ce-id": {"1", "2"}}}, ReasonBroken, "ce-id"},
		"a bad escape":       {Wire{Subject: at, Header: map[string][]string{"ce-source": {"100%"}}}, ReasonBroken, "ce-source"},
		"bytes as escapes":   {Wire{Subject: at, Header: map[string][]string{"ce-id": {"%ff"}}}, ReasonBroken, "ce-id"},
	} {
		t.Run(name, func(t *testing.T) {
			if e := wantProblem(t, tc.w, tc.reason, tc.field); e.Clinic != "sample" {
				t.Errorf("the clinic of the subject is lost: %+v", e)
			}
		})
	}
}

func TestOversized(t *testing.T) {
	w := sampleWire(t, AppointmentBooked)
	fits := MaxEvent - len(w.Body) - len("Content-Type") - len(ContentType)
	w.Body = append(w.Body, bytes.Repeat([]byte(" "), fits)...)
	if _, err := Decode(w); err != nil {
		t.Errorf("exactly 256 KiB: %v", err)
	}
	w.Header["x"] = []string{""}
	if e := wantProblem(t, w, ReasonOversized, ""); e.Clinic != "sample" {
		t.Errorf("the clinic of the subject is lost: %+v", e)
	}
}

// TestInsideOnly guards the rule inside-only.
func TestInsideOnly(t *testing.T) {
	for _, spec := range Kinds() {
		w := sampleWire(t, spec.Kind)
		for _, token := range []string{SubjectEvents, SubjectBulk, SubjectInside} {
			w.Subject = Subject(token, "sample", spec.Kind)
			_, err := Decode(w)
			p, refused := errors.AsType[*Problem](err)
			switch {
			case spec.Origin == Inside && token != SubjectInside:
				if !refused || p.Reason != ReasonInsideFromOut {
					t.Errorf("%s: %v", w.Subject, err)
				}
			case spec.Origin == Outside && token == SubjectInside:
				if !refused || p.Reason != ReasonOutsideFromIn {
					t.Errorf("%s: %v", w.Subject, err)
				}
			case refused:
				t.Errorf("%s: %v", w.Subject, err)
			}
		}
		_, err := DecodeOutside("sample", w)
		if p, refused := errors.AsType[*Problem](err); refused != (spec.Origin == Inside) || refused && p.Reason != ReasonInsideFromOut {
			t.Errorf("door: %s: %v", spec.Kind, err)
		}
	}
	// Nor does a part that only we state slip in on a kind from outside.
	w := sampleWire(t, ClientUpdated)
	for _, part := range []string{"answer", "escalation", "task", "note", "pause", "message"} {
		w.Body = change(t, w.Body, "data."+part, map[string]any{"id": "x", "by": "y", "safe": true})
	}
	e, err := Decode(w)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sampleEvent(t, ClientUpdated), e); diff != "" {
		t.Errorf("an event from outside carries a part from inside:\n%s", diff)
	}
}

func TestSubjectMustAgree(t *testing.T) {
	w := sampleWire(t, AppointmentBooked)
	w.Subject = "events.sample.appointment.noshow"
	if e := wantProblem(t, w, ReasonSubjectDisagree, "type"); e.Client != "8421" {
		t.Errorf("%+v", e)
	}
	for _, subject := range []string{"events", "events.sample", "other.sample.appointment.booked", "events.Sample.appointment.booked", "events.." + string(AppointmentBooked)} {
		w.Subject = subject
		wantProblem(t, w, ReasonBadSubject, "the NATS subject")
	}
	w.Subject = ""
	if e, err := Decode(w); err != nil || e.Clinic != "" {
		t.Errorf("without a subject: %+v, %v", e, err)
	}
	w.Subject = "bulk.north-2.appointment.booked"
	if e, err := Decode(w); err != nil || e.Clinic != "north-2" {
		t.Errorf("an import: %+v, %v", e, err)
	}
}

func TestDecodeIsFriendly(t *testing.T) {
	want := sampleEvent(t, AppointmentBooked)
	compact := change(t, sample(t, AppointmentBooked), "unused", nil)
	var all map[string]json.RawMessage
	if err := json.Unmarshal(compact, &all); err != nil {
		t.Fatal(err)
	}
	binary := func(content string) map[string][]string {
		h := map[string][]string{
			"Ce-Specversion": {"1.0"}, "CE-ID": {want.ID}, "ce-source": {`"https://ehr.example.org/\main"`},
			"ce-type": {TypePrefix + string(want.Kind)}, "ce-subject": {"84%321"}, "ce-time": {"2026-03-02T15:00:00+01:00"},
			"ce-traceparent": {"100%"},
		}
		if content != "" {
			h["content-type"] = []string{content}
		}
		return h
	}
	withBase64 := change(t, change(t, compact, "data", nil), "data_base64", []byte(all["data"]))
	extended := change(t, change(t, change(t, compact, "data.client.shoe_size", 42), "traceparent", "x"), "data.note", "as the EHR likes")
	for name, w := range map[string]Wire{
		"no headers":            {Body: compact},
		"plain JSON":            {Header: map[string][]string{"Content-Type": {"application/json; charset=utf-8"}}, Body: compact},
		"lower-case header":     {Header: map[string][]string{"content-type": {"Application/CloudEvents+JSON;charset=UTF-8"}}, Body: compact},
		"no format":             {Header: map[string][]string{"content-type": {"application/cloudevents"}}, Body: compact},
		"base64":                {Header: structuredHeader(), Body: withBase64},
		"unknown fields":        {Header: structuredHeader(), Body: extended},
		"binary":                {Header: binary(""), Body: all["data"]},
		"binary, JSON":          {Header: binary("application/json"), Body: all["data"]},
		"binary, vendor's JSON": {Header: binary("application/vnd.ehr+json"), Body: all["data"]},
		"structured wins":       {Header: map[string][]string{"ce-id": {"other", "another"}, "content-type": {ContentType}}, Body: compact},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := DecodeOutside("sample", w)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSayingNothingAndSayingNone(t *testing.T) {
	w := sampleWire(t, ClientUpdated)
	w.Body = change(t, w.Body, "data.client", map[string]any{"programmes": []string{}, "email": "", "time_zone": ""})
	e, err := Decode(w)
	if err != nil {
		t.Fatal(err)
	}
	header, body, err := Encode(e)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Decode(wireOf(e, header, body))
	if err != nil {
		t.Fatal(err)
	}
	c := again.Data.Client
	if c.Programmes == nil || c.Email == nil || *c.Email != "" || c.FirstName != nil || c.Consent != nil {
		t.Errorf("what was taken back and what was not said run together: %+v", c)
	}
}

func TestTimesAreUTC(t *testing.T) {
	w := sampleWire(t, AppointmentBooked)
	w.Body = change(t, w.Body, "data.appointment.start", "2026-03-10T10:00:00-05:00")
	e, err := Decode(w)
	if err != nil {
		t.Fatal(err)
	}
	if got := e.Data.Appointment.Start; !got.Equal(time.Date(2026, 3, 10, 15, 0, 0, 0, time.UTC)) || got.Location() != time.UTC {
		t.Errorf("got %v", got)
	}
}

func TestEncodeRefusesWhatDecodeWould(t *testing.T) {
	for name, spoil := range map[string]func(*Event){
		"kind":       func(e *Event) { e.Kind = "no.such" },
		"id":         func(e *Event) { e.ID = "" },
		"source":     func(e *Event) { e.Source = "\xff" },
		"client":     func(e *Event) { e.Client = "" },
		"time":       func(e *Event) { e.Time = time.Time{} },
		"far time":   func(e *Event) { e.Time = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"needs":      func(e *Event) { e.Data.Appointment = nil },
		"bad string": func(e *Event) { e.Data.Appointment.Reason = "\xff" },
	} {
		e := sampleEvent(t, AppointmentBooked)
		spoil(&e)
		for _, encode := range []func(Event) (map[string]string, []byte, error){Encode, EncodeBinary} {
			header, body, err := encode(e)
			if _, ok := errors.AsType[*Problem](err); !ok || header != nil || body != nil {
				t.Errorf("%s: got %v, %s, %v", name, header, body, err)
			}
		}
	}
	e := sampleEvent(t, EscalationClosed)
	e.Key = "8421"
	if _, _, err := Encode(e); err == nil {
		t.Error("an event from inside was written about an EHR id")
	}
}

func TestReasonsAreTokens(t *testing.T) {
	for _, r := range Reasons() {
		if r == "" || strings.Trim(string(r), "abcdefghijklmnopqrstuvwxyz-") != "" {
			t.Errorf("%q cannot stand in a subject", r)
		}
		if r.Meaning() == Reason("").Meaning() {
			t.Errorf("%q has no meaning of its own", r)
		}
	}
}
