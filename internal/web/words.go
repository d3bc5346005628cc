package web

import (
	"unicode"
	"unicode/utf8"
)

// sentence begins a reason with a capital: it stands on its own.
func sentence(reason string) string {
	first, n := utf8.DecodeRuneInString(reason)
	if n == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + reason[n:]
}

// words puts the codes of these pages into what people read. A code without
// words is shown as it is: better an odd word than nothing.
func words(code any) string {
	switch c := code.(type) {
	case Urgency:
		switch c {
		case Crisis:
			return "Crisis"
		case Urgent:
			return "Urgent"
		}
		return string(c)
	case EntryKind:
		switch c {
		case EntryEvent:
			return "Event"
		case EntryMail:
			return "Mail"
		case EntryHeld:
			return "Held back"
		case EntrySafety:
			return "Safety"
		case EntryHuman:
			return "A person"
		}
		return string(c)
	case string:
		switch c {
		case "phone":
			return "by phone"
		case "text":
			return "by text message"
		case "visit":
			return "by a visit"
		}
		return c
	default:
		return ""
	}
}
