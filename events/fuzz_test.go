package events

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// survives checks that what Decode accepted is stable: written and read again,
// in either mode, it is the same event.
func survives(t *testing.T, e Event) {
	t.Helper()
	if e.Clinic == "" {
		e.Clinic = "sample"
	}
	if err := Validate(e); err != nil {
		t.Fatalf("what Decode accepts, Validate refuses: %v", err)
	}
	for _, encode := range []func(Event) (map[string]string, []byte, error){Encode, EncodeBinary} {
		header, body, err := encode(e)
		if err != nil {
			t.Fatalf("encode what was decoded: %v", err)
		}
		got, err := Decode(wireOf(e, header, body))
		if err != nil {
			t.Fatalf("decode what was encoded: %v\n%s", err, body)
		}
		if diff := cmp.Diff(e, got); diff != "" {
			t.Fatalf("the round trip changes the event:\n%s", diff)
		}
	}
}

func FuzzDecodeStructured(f *testing.F) {
	for _, spec := range Kinds() {
		f.Add(Subject(first(spec), "sample", spec.Kind), sample(f, spec.Kind))
	}
	f.Add("", sample(f, ClientUpdated))
	f.Add("events.sample.client.updated", []byte(`{"specversion":"1.0","data_base64":"e30="}`))
	f.Fuzz(func(t *testing.T, subject string, body []byte) {
		e, err := Decode(Wire{Subject: subject, Header: structuredHeader(), Body: body})
		if err != nil {
			if err.Error() == "" {
				t.Error("a refusal without words")
			}
			return
		}
		survives(t, e)
	})
}

func FuzzDecodeBinary(f *testing.F) {
	for _, spec := range Kinds() {
		e := sampleEvent(f, spec.Kind)
		h, body, err := EncodeBinary(e)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(h["ce-id"], h["ce-source"], h["ce-type"], h["ce-subject"], h["ce-time"], h["Content-Type"], body)
	}
	f.Add(`"a\"b"`, "a%20b", "care.mooring.message.replied", "%C3%A9", "2026-03-02T15:04:05Z", "", []byte(nil))
	f.Fuzz(func(t *testing.T, id, source, typ, subject, at, content string, body []byte) {
		e, err := Decode(Wire{Header: map[string][]string{
			"ce-specversion": {"1.0"}, "ce-id": {id}, "ce-source": {source}, "ce-type": {typ},
			"ce-subject": {subject}, "ce-time": {at}, "content-type": {content},
		}, Body: body})
		if err != nil {
			return
		}
		survives(t, e)
	})
}

func FuzzParseSubject(f *testing.F) {
	for _, s := range []string{"events.sample.appointment.booked", "bulk.a.b", "inside.a.timer.due", "events..x", "events.a.", "", "x.y.z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		first, clinic, kind, ok := ParseSubject(s)
		if !ok {
			if first != "" || clinic != "" || kind != "" {
				t.Errorf("%q is refused and yet says %q %q %q", s, first, clinic, kind)
			}
			return
		}
		if got := Subject(first, clinic, kind); got != s {
			t.Errorf("%q comes back as %q", s, got)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	for _, kind := range []Kind{AppointmentCancelled, AppointmentBooked, ClientUpdated, EscalationClosed} {
		w := sampleWire(b, kind)
		b.Run(string(kind), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Decode(w); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	for _, kind := range []Kind{AppointmentCancelled, EscalationClosed} {
		e := sampleEvent(b, kind)
		b.Run(string(kind), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := Encode(e); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
