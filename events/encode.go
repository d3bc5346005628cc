package events

import (
	"bytes"
	"encoding/json"
	"time"
)

// written is a CloudEvent as we write it.
type written struct {
	SpecVersion     string `json:"specversion"`
	ID              string `json:"id"`
	Source          string `json:"source"`
	Type            string `json:"type"`
	Subject         string `json:"subject"`
	Time            string `json:"time,omitempty"`
	DataContentType string `json:"datacontenttype"`
	Data            *Data  `json:"data"`
}

// Encode writes an event in structured mode, the only one that Mooring itself
// uses: no header names a person. It refuses, with a *Problem, what Decode
// would refuse. The clinic is not written; it travels in the subject.
func Encode(e Event) (header map[string]string, body []byte, err error) {
	if err := Validate(e); err != nil {
		return nil, nil, err
	}
	body, p := marshal(written{
		SpecVersion: "1.0", ID: e.ID, Source: e.Source, Type: TypePrefix + string(e.Kind),
		Subject: about(e), Time: timeText(e.Time), DataContentType: "application/json", Data: &e.Data,
	})
	header = map[string]string{"Content-Type": ContentType + "; charset=UTF-8"}
	if p == nil {
		p = checkSize(header, body)
	}
	if p != nil {
		return nil, nil, p
	}
	return header, body, nil
}

// EncodeBinary writes an event in binary mode, for senders that prefer it and
// for tests. The EHR's client id stands in a header then, which is why our own
// program writes with Encode.
func EncodeBinary(e Event) (header map[string]string, body []byte, err error) {
	if err := Validate(e); err != nil {
		return nil, nil, err
	}
	body, p := marshal(&e.Data)
	header = map[string]string{
		"ce-specversion": "1.0",
		"ce-id":          escapeHeader(e.ID),
		"ce-source":      escapeHeader(e.Source),
		"ce-type":        TypePrefix + string(e.Kind),
		"ce-subject":     escapeHeader(about(e)),
		"Content-Type":   "application/json",
	}
	if at := timeText(e.Time); at != "" {
		header["ce-time"] = at
	}
	if p == nil {
		p = checkSize(header, body)
	}
	if p != nil {
		return nil, nil, p
	}
	return header, body, nil
}

// about is the CloudEvent's subject: the EHR's client id on events from
// outside, the client key on our own.
func about(e Event) string {
	if spec, ok := Lookup(e.Kind); ok && spec.Origin == Inside {
		return e.Key
	}
	return e.Client
}

func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func marshal(v any) ([]byte, *Problem) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	// Nobody embeds an event in HTML; escaping would only make it longer.
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, problem(ReasonInvalidData, "data", "cannot be written as JSON")
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), nil
}

func checkSize(header map[string]string, body []byte) *Problem {
	size := len(body)
	for name, v := range header {
		size += len(name) + len(v)
	}
	if size > MaxEvent {
		return problem(ReasonOversized, "", "an event must be at most 256 KiB, headers included; send less in it")
	}
	return nil
}
