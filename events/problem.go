package events

import "errors"

// Reason says in one token why an event was refused. It stands in REJECTED
// subjects, so it is [a-z-]+ and stable like a kind.
type Reason string

// The reasons for which an event ends in REJECTED.
const (
	ReasonOversized       Reason = "oversized"
	ReasonBroken          Reason = "broken"
	ReasonUnknownKind     Reason = "unknown-kind"
	ReasonUnknownClinic   Reason = "unknown-clinic"
	ReasonSubjectDisagree Reason = "subject-type-disagree"
	ReasonInsideFromOut   Reason = "inside-kind-from-outside"
	ReasonOutsideFromIn   Reason = "outside-kind-from-inside"
	ReasonInvalidData     Reason = "invalid-data"
	ReasonBadSubject      Reason = "bad-subject"
)

// Reasons lists every reason, in the order in which Decode looks for them.
func Reasons() []Reason {
	return []Reason{
		ReasonOversized, ReasonBadSubject, ReasonBroken, ReasonUnknownKind, ReasonUnknownClinic,
		ReasonSubjectDisagree, ReasonInsideFromOut, ReasonOutsideFromIn, ReasonInvalidData,
	}
}

// Meaning is one sentence for people: what was wrong and what the sender does.
func (r Reason) Meaning() string {
	switch r {
	case ReasonOversized:
		return "the event is larger than 256 KiB, headers included; send less in it"
	case ReasonBroken:
		return "this is not a CloudEvent 1.0 in JSON; compare it with the examples"
	case ReasonUnknownKind:
		return "the type is not one of the kinds below"
	case ReasonUnknownClinic:
		return "no such clinic is configured"
	case ReasonSubjectDisagree:
		return "the NATS subject and the event's type name different kinds"
	case ReasonInsideFromOut:
		return "only Mooring itself may state this kind"
	case ReasonOutsideFromIn:
		return "this kind comes from the clinic's systems and never from inside"
	case ReasonInvalidData:
		return "a field is missing or has the wrong form; the text names it"
	case ReasonBadSubject:
		return "the NATS subject has another form, or the CloudEvent's subject names no client"
	default:
		return "the event was refused"
	}
}

// Problem is why an event was refused. Its text is one sentence that names the
// field and what is expected there; it never repeats what the field held, for
// that may be about a person.
type Problem struct { //nolint:errname // the word of RFC 9457, and of REJECTED
	Reason Reason
	// Field is an attribute ("time") or a JSON path ("data.client.email").
	Field string
	Err   error
}

// Error is the sentence: the field and what is expected of it.
func (p *Problem) Error() string {
	if p.Field == "" {
		return p.Err.Error()
	}
	return p.Field + " " + p.Err.Error()
}

// Unwrap gives what is expected of the field.
func (p *Problem) Unwrap() error { return p.Err }

func problem(r Reason, field, must string) *Problem {
	return &Problem{Reason: r, Field: field, Err: errors.New(must)}
}

// asError keeps a nil *Problem from becoming a non-nil error.
func asError(p *Problem) error {
	if p == nil {
		return nil
	}
	return p
}
