package events

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// dressed draws ways to write a kind's type: as it is, and so that a careless reader
// might take it for another.
func dressed(rt *rapid.T, k Kind) string {
	s := "care.mooring." + string(k)
	switch rapid.IntRange(0, 9).Draw(rt, "dress") {
	case 0:
		return strings.ToUpper(s)
	case 1:
		return " " + s + "\t"
	case 2:
		return strings.ReplaceAll(s, ".", "%2E")
	case 3:
		return s + "\x00"
	case 4:
		return string(k)
	case 5:
		return strings.ReplaceAll(s, "e", "\u0435") // a letter that only looks like it
	case 6:
		return s + ".v1"
	}
	return s
}

// outside draws a message from another system than our own: structured or binary, on the
// subjects that such systems may write to, of any kind and with any part.
func outside(rt *rapid.T, samples map[Kind][]byte, kinds []Kind) Wire {
	kind := rapid.SampledFrom(kinds).Draw(rt, "kind")
	var body map[string]any
	if err := json.Unmarshal(samples[kind], &body); err != nil {
		rt.Fatal(err)
	}
	as := dressed(rt, rapid.SampledFrom(kinds).Draw(rt, "said to be"))
	if rapid.Bool().Draw(rt, "as it is") {
		as = dressed(rt, kind)
	}
	// Parts of other kinds are put beside its own.
	for range rapid.IntRange(0, 3).Draw(rt, "parts") {
		var other map[string]any
		if err := json.Unmarshal(samples[rapid.SampledFrom(kinds).Draw(rt, "parts of")], &other); err != nil {
			rt.Fatal(err)
		}
		mine, _ := body["data"].(map[string]any)
		theirs, _ := other["data"].(map[string]any)
		for name, part := range theirs {
			if mine != nil {
				mine[name] = part
			}
		}
	}
	w := Wire{Header: structuredHeader()}
	binary := rapid.Bool().Draw(rt, "binary")
	if binary {
		w.Header = map[string][]string{"Content-Type": {"application/json"}}
		for _, name := range []string{"specversion", "id", "source", "time", "subject"} {
			if v, ok := body[name]; ok {
				w.Header["ce-"+name] = []string{fmt.Sprint(v)}
			}
		}
		w.Header[rapid.SampledFrom([]string{"ce-type", "Ce-Type", "CE-TYPE"}).Draw(rt, "header")] = []string{as}
		if rapid.Bool().Draw(rt, "a second type") {
			w.Header["ce-type "] = []string{dressed(rt, kind)}
		}
		body, _ = body["data"].(map[string]any)
	} else {
		body["type"] = as
		if rapid.Bool().Draw(rt, "a second type") {
			body["Type"] = dressed(rt, kind)
		}
	}
	var err error
	if w.Body, err = json.Marshal(body); err != nil {
		rt.Fatal(err)
	}
	on := rapid.SampledFrom(kinds).Draw(rt, "on the subject of")
	if rapid.Bool().Draw(rt, "on its own subject") {
		on = kind
	}
	token := rapid.SampledFrom([]string{SubjectEvents, SubjectBulk}).Draw(rt, "stream")
	w.Subject = Subject(token, "sample", on)
	return w
}

// TestInsideOnlyHistories: whatever another system writes, on whatever subject it may
// write to or at the door: what comes of it is of a kind from outside and has no part
// that only we state, or it is refused with a reason (the rule inside-only).
func TestInsideOnlyHistories(t *testing.T) {
	samples := map[Kind][]byte{}
	var kinds []Kind
	for _, spec := range Kinds() {
		samples[spec.Kind] = sample(t, spec.Kind)
		kinds = append(kinds, spec.Kind)
	}
	slices.Sort(kinds)
	taken := 0
	rapid.Check(t, func(rt *rapid.T) {
		w := outside(rt, samples, kinds)
		e, err := Decode(w)
		if rapid.Bool().Draw(rt, "at the door") {
			e, err = DecodeOutside("sample", w)
		}
		if err != nil {
			return
		}
		taken++
		spec, ok := Lookup(e.Kind)
		d := e.Data
		if !ok || spec.Origin != Outside || d.Answer != nil || d.Escalation != nil || d.Task != nil || d.Note != nil || d.Pause != nil || d.Message != nil || d.Move != nil {
			rt.Fatalf("%q on %s is taken for %+v", w.Body, w.Subject, e)
		}
	})
	if taken == 0 {
		t.Error("no message was taken at all: the property says nothing")
	}
}
