package events

import "strings"

// The first tokens of every subject that events travel on.
const (
	SubjectEvents = "events" // events.<clinic>.<kind>
	SubjectBulk   = "bulk"   // bulk.<clinic>.<kind>, imports: the same, later
	SubjectInside = "inside" // inside.<clinic>.<kind>
)

// Subject is where an event is published: the first token by its origin, the
// clinic, the kind. It names no person.
func Subject(first, clinic string, k Kind) string {
	return first + "." + clinic + "." + string(k)
}

// ParseSubject takes a subject of Subject's form apart. It says nothing about
// whether clinic or kind exist; ok is false when the form is another.
func ParseSubject(subject string) (first, clinic string, k Kind, ok bool) {
	first, rest, ok := strings.Cut(subject, ".")
	if !ok || (first != SubjectEvents && first != SubjectBulk && first != SubjectInside) {
		return "", "", "", false
	}
	clinic, kind, ok := strings.Cut(rest, ".")
	if !ok || clinic == "" || kind == "" {
		return "", "", "", false
	}
	return first, clinic, Kind(kind), true
}
