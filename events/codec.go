package events

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"mime"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxEvent bounds an event on the wire: its body and its headers, in bytes.
const MaxEvent = 256 << 10

// The content types of CloudEvents in JSON.
const (
	ContentType      = "application/cloudevents+json"
	ContentTypeBatch = "application/cloudevents-batch+json"
)

// Wire is an event as it travels: a NATS message or an HTTP request.
type Wire struct {
	// Subject is the NATS subject; empty where there is none.
	Subject string
	// Header is looked up without regard to case.
	Header map[string][]string
	Body   []byte
}

// envelope is a CloudEvent in JSON, read in one pass with its data.
type envelope struct {
	SpecVersion     string    `json:"specversion"`
	ID              string    `json:"id"`
	Source          string    `json:"source"`
	Type            string    `json:"type"`
	Subject         string    `json:"subject"`
	Time            string    `json:"time"`
	DataContentType string    `json:"datacontenttype"`
	Data            *wireData `json:"data"`
	Base64          string    `json:"data_base64"`
}

// wireData is Data before the kind is known. The parts that only our own
// program states stay unread: on an event from outside they are fields that we
// do not know, whatever an EHR means by "note" or "task".
type wireData struct {
	Client      *Client         `json:"client"`
	Appointment *Appointment    `json:"appointment"`
	Signal      *Signal         `json:"signal"`
	Concern     *Concern        `json:"concern"`
	Reply       *Reply          `json:"reply"`
	Merge       *Merge          `json:"merge"`
	Answer      json.RawMessage `json:"answer"`
	Escalation  json.RawMessage `json:"escalation"`
	Task        json.RawMessage `json:"task"`
	Note        json.RawMessage `json:"note"`
	Pause       json.RawMessage `json:"pause"`
	Choice      json.RawMessage `json:"choice"`
	Move        json.RawMessage `json:"move"`
	Message     json.RawMessage `json:"message"`
}

// Decode reads a CloudEvent 1.0 in structured or binary mode and checks it:
// what it returns without an error may be acted upon. The clinic comes from the
// subject; without a subject it stays empty and the kind alone says where the
// event belongs. Times come back in UTC.
//
// Every error is a *Problem. The event beside it holds what could be
// trusted of the envelope (clinic, kind, id, source, client or key), so that
// REJECTED and its task can name the client.
func Decode(w Wire) (Event, error) {
	e, p := decode(w, door{})
	return e, asError(p)
}

// DecodeOutside is Decode for a door that has no NATS subject: the door knows
// whose it is, and only kinds from outside come through it.
func DecodeOutside(clinic string, w Wire) (Event, error) {
	w.Subject = ""
	e, p := decode(w, door{clinic: clinic, origin: Outside})
	return e, asError(p)
}

// door is what the way in says about an event before it is read.
type door struct {
	clinic string
	// origin is who may have sent it; 0 when the way in does not tell.
	origin Origin
	// kind is what the subject names; empty when there is no subject.
	kind Kind
}

func decode(w Wire, d door) (Event, *Problem) {
	var e Event
	h, p := readHeader(w)
	if p != nil {
		// Even a message too large to be read says on its subject whose it is.
		if _, clinic, _, ok := ParseSubject(w.Subject); ok && ValidClinic(clinic) {
			e.Clinic = clinic
		}
		return e, p
	}
	if w.Subject != "" {
		if d, p = readSubject(w.Subject); p != nil {
			return e, p
		}
	}
	e.Clinic = d.clinic

	var env envelope
	var dataProblem *Problem
	structured, p := h.structured()
	if p != nil {
		return e, p
	}
	if !utf8.Valid(w.Body) {
		return e, problem(ReasonBroken, "body", "must be UTF-8")
	}
	if structured {
		env, dataProblem, p = readStructured(w.Body)
	} else {
		env, dataProblem = h.readBinary(w.Body)
	}
	// Even a broken envelope is checked, for what can be trusted of it.
	spec, wrong := env.check(&e, d)
	if p == nil {
		p = wrong
	}
	if p != nil {
		return e, p
	}
	if dataProblem == nil {
		dataProblem = env.data(&e, spec)
	}
	return e, dataProblem
}

// readSubject takes the subject at its word; the event must then agree.
func readSubject(subject string) (door, *Problem) {
	first, clinic, kind, ok := ParseSubject(subject)
	if !ok || !ValidClinic(clinic) {
		return door{}, problem(ReasonBadSubject, "the NATS subject", "must be events.<clinic>.<kind> with a clinic id of a-z, 0-9 and -, at most 40 characters")
	}
	d := door{clinic: clinic, kind: kind, origin: Outside}
	if first == SubjectInside {
		d.origin = Inside
	}
	return d, nil
}

// readStructured reads the envelope and its data in one pass. A problem in the
// data is returned apart: the envelope's own problems go first.
func readStructured(body []byte) (env envelope, data, p *Problem) {
	if err := json.Unmarshal(body, &env); err != nil {
		env, data, p = readSlowly(body)
	}
	if p != nil || env.Base64 == "" {
		return env, data, p
	}
	if env.Data != nil {
		return env, nil, problem(ReasonBroken, "data_base64", "must not stand beside data; send one of them")
	}
	raw, err := base64.StdEncoding.DecodeString(env.Base64)
	if err != nil || !utf8.Valid(raw) {
		return env, problem(ReasonInvalidData, "data_base64", "must be base64 of JSON in UTF-8"), nil
	}
	env.Data, data = readData(raw)
	return env, data, nil
}

// readSlowly reads what json.Unmarshal would not, attribute by attribute, to
// say which one is wrong and to save the rest.
func readSlowly(body []byte) (env envelope, data, p *Problem) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(body, &all); err != nil {
		return env, nil, problem(ReasonBroken, "body", "must be one CloudEvent as a JSON object")
	}
	attributes := [...]struct {
		name string
		to   *string
	}{
		{"subject", &env.Subject},
		{"specversion", &env.SpecVersion},
		{"id", &env.ID},
		{"source", &env.Source},
		{"type", &env.Type},
		{"time", &env.Time},
		{"datacontenttype", &env.DataContentType},
		{"data_base64", &env.Base64},
	}
	for _, a := range attributes {
		raw, there := all[a.name]
		if !there {
			continue
		}
		if err := json.Unmarshal(raw, a.to); err != nil && p == nil {
			p = problem(ReasonBroken, a.name, "must be a string")
		}
	}
	if p != nil {
		return env, nil, p
	}
	if raw, there := all["data"]; there {
		env.Data, data = readData(raw)
	}
	return env, data, nil
}

// readData reads data that stands alone: a binary body or a slow second look.
func readData(raw []byte) (*wireData, *Problem) {
	var d *wireData
	if err := json.Unmarshal(raw, &d); err != nil {
		return nil, dataProblem("data", raw, err)
	}
	return d, nil
}

// check moves the envelope into the event, each attribute once it is trusted.
// A refused event still needs its client, so those who are named go first.
func (env *envelope) check(e *Event, d door) (Spec, *Problem) {
	name, ours := strings.CutPrefix(env.Type, TypePrefix)
	spec, known := Lookup(Kind(name))
	known = known && ours
	if known {
		e.Kind = spec.Kind
	}
	id := checkAttribute(ReasonBroken, "id", env.ID)
	if id == nil {
		e.ID = env.ID
	}
	source := checkAttribute(ReasonBroken, "source", env.Source)
	if source == nil {
		e.Source = env.Source
	}
	subject := checkAttribute(ReasonBadSubject, "subject", env.Subject)
	switch {
	case subject != nil:
	case known && spec.Origin == Inside:
		if !ValidToken(env.Subject) {
			subject = problem(ReasonBadSubject, "subject", "must be a client key")
		} else if d.origin != Outside {
			e.Key = env.Subject
		}
	case d.origin != Inside:
		e.Client = env.Subject
	}

	switch {
	case env.SpecVersion != "1.0":
		return spec, problem(ReasonBroken, "specversion", `must be "1.0"`)
	case !ours:
		return spec, problem(ReasonUnknownKind, "type", "must be "+TypePrefix+" and a kind such as "+string(AppointmentBooked))
	case !known:
		return spec, problem(ReasonUnknownKind, "type", "names no kind that exists"+shown(name))
	case d.kind != "" && spec.Kind != d.kind:
		return spec, problem(ReasonSubjectDisagree, "type", "must be "+TypePrefix+" and the kind that the NATS subject ends with")
	case d.origin == Outside && spec.Origin == Inside:
		return spec, problem(ReasonInsideFromOut, "type", "is a kind that only Mooring itself may state: "+string(spec.Kind))
	case d.origin == Inside && spec.Origin == Outside:
		return spec, problem(ReasonOutsideFromIn, "type", "is a kind that comes from outside: "+string(spec.Kind))
	case id != nil:
		return spec, id
	case source != nil:
		return spec, source
	case subject != nil:
		return spec, subject
	}
	return spec, env.checkTime(e, spec)
}

func (env *envelope) checkTime(e *Event, spec Spec) *Problem {
	if env.Time == "" && spec.Origin == Inside {
		return nil
	}
	var t time.Time
	if err := t.UnmarshalText([]byte(env.Time)); err != nil || !validTime(t) {
		return problem(ReasonInvalidData, "time", mustTime)
	}
	e.Time = t.UTC()
	return nil
}

// data moves the parts that the kind's origin may state into the event.
func (env *envelope) data(e *Event, spec Spec) *Problem {
	if env.DataContentType != "" {
		if p := checkJSONType("datacontenttype", env.DataContentType); p != nil {
			return p
		}
	}
	if d := env.Data; d != nil {
		e.Data = Data{
			Client: d.Client, Appointment: d.Appointment, Signal: d.Signal,
			Concern: d.Concern, Reply: d.Reply, Merge: d.Merge,
		}
		if spec.Origin == Inside {
			if p := d.inside(&e.Data); p != nil {
				e.Data = Data{}
				return p
			}
		}
	}
	normalise(&e.Data)
	if p := checkData(*e, spec); p != nil {
		// Half-checked data must not be acted upon by mistake.
		e.Data = Data{}
		return p
	}
	return nil
}

// inside reads the parts that only our own program states.
func (d *wireData) inside(to *Data) *Problem {
	parts := [...]struct {
		field string
		raw   json.RawMessage
		to    any
	}{
		{"data.answer", d.Answer, &to.Answer},
		{"data.escalation", d.Escalation, &to.Escalation},
		{"data.task", d.Task, &to.Task},
		{"data.note", d.Note, &to.Note},
		{"data.pause", d.Pause, &to.Pause},
		{"data.choice", d.Choice, &to.Choice},
		{"data.move", d.Move, &to.Move},
		{"data.message", d.Message, &to.Message},
	}
	for _, part := range parts {
		if part.raw == nil {
			continue
		}
		if err := json.Unmarshal(part.raw, part.to); err != nil {
			return dataProblem(part.field, part.raw, err)
		}
	}
	return nil
}

// timePaths are the times in Data. Their error from encoding/json names no
// field, so the field is found by trying each.
var timePaths = [...]string{
	"data.client.consent.outreach.at",
	"data.client.consent.resources.at",
	"data.client.consent.caring.at",
	"data.client.consent.orientation.at",
	"data.appointment.start",
	"data.pause.until",
}

// dataProblem finds the field that err is about; raw is the JSON at path at.
func dataProblem(at string, raw []byte, err error) *Problem {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		field := at
		if wrong.Field != "" {
			field += "." + wrong.Field
		}
		return problem(ReasonInvalidData, field, mustBe(wrong))
	}
	if _, ok := errors.AsType[*json.SyntaxError](err); ok {
		return problem(ReasonBroken, at, "must be JSON")
	}
	for _, path := range timePaths {
		rest, below := strings.CutPrefix(path, at+".")
		if below && !readableTime(raw, strings.Split(rest, ".")) {
			return problem(ReasonInvalidData, path, mustTime)
		}
	}
	return problem(ReasonInvalidData, at, "has a field of the wrong form")
}

// readableTime says whether the time at the path is absent or readable.
func readableTime(raw []byte, path []string) bool {
	for _, name := range path {
		var object map[string]json.RawMessage
		if json.Unmarshal(raw, &object) != nil {
			return true
		}
		var there bool
		if raw, there = object[name]; !there {
			return true
		}
	}
	var t *time.Time
	return json.Unmarshal(raw, &t) == nil
}

// checkJSONType accepts JSON media types in UTF-8.
func checkJSONType(field, contentType string) *Problem {
	if contentType == "application/json" {
		return nil
	}
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil || (media != "application/json" && media != "text/json" && !strings.HasSuffix(media, "+json")) {
		return problem(ReasonBroken, field, "must be application/json")
	}
	return checkCharset(field, params)
}

func checkCharset(field string, params map[string]string) *Problem {
	if c := params["charset"]; c != "" && !strings.EqualFold(c, "utf-8") && !strings.EqualFold(c, "us-ascii") {
		return problem(ReasonBroken, field, "must have the charset UTF-8")
	}
	return nil
}
