package workflows

import (
	"slices"
	"strings"

	"github.com/mooring-care/mooring/events"
)

// sayFact says that a fact which is yes or no holds, and that it does not.
func sayFact(name string) (yes, no string, ok bool) {
	switch name {
	case "flagged":
		return "there is a safety flag", "there is no safety flag", true
	case "minor":
		return "the client is a minor", "the client is no minor", true
	case "first_visit":
		return "it is a first visit", "it is not a first visit", true
	case "late":
		return "the notice was less than 48 hours", "the notice was 48 hours or more, or is not known", true
	case "same_day":
		return "the notice was less than 24 hours", "the notice was 24 hours or more, or is not known", true
	case "notice_known":
		return "the notice is known", "the notice is not known", true
	case "has_future_appointment":
		return "another appointment is booked", "no other appointment is booked", true
	}
	return "", "", false
}

// sayValues says that a fact is one of several values, or none of them.
func sayValues(name string, values []string, not bool) (string, bool) {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = valueWords(name, v)
	}
	either := joinedOr(words)
	is, isNot := "is", "is not"
	if len(words) > 1 {
		isNot = "is neither" // … nor
		either = pick(not, strings.Join(words, " nor "), either)
	}
	switch name {
	case "risk":
		if len(values) == 1 && values[0] == string(events.RiskNone) {
			return pick(not, "the client is at risk, or nobody has said", "the client is not at risk"), true
		}
		return "the risk " + pick(not, isNot, is) + " " + either, true
	case "status":
		return "the client " + pick(not, isNot, is) + " " + either, true
	case "status_before":
		return "the client " + pick(not, pick(len(words) > 1, "was neither", "was not"), "was") + " " + either + " before", true
	case "cancelled_by":
		if !not {
			return either + " cancelled", true
		}
		return "it is not known that " + strings.Join(words, " or ") + " cancelled", true
	case "kind":
		return "what happened " + pick(not, isNot, is) + ": " + either, true
	case "reason":
		return "the reason " + pick(not, isNot, is) + " " + either, true
	case "signal":
		return "the sign seen " + pick(not, isNot, is) + " " + either, true
	case "concern":
		return "the question raised " + pick(not, isNot, is) + " " + either, true
	case "concern_from":
		return "the question’s source " + pick(not, isNot, is) + " " + either, true
	case "language":
		return "the client " + pick(not, "does not read", "reads") + " " + either, true
	case "noticed":
		return pick(not, "nobody", "a clinician") + " noticed " + either, true
	case "approach":
		return "what they would like better " + pick(not, isNot, is) + " " + either, true
	case "wish":
		return "their wish " + pick(not, isNot, is) + " " + either, true
	case "safe":
		return "the check-in’s answer “I am safe” " + pick(not, isNot, is) + " " + either, true
	case "programmes":
		return "the client is " + pick(not, "not ", "") + "in the programme " + either, true
	}
	return "", false
}

func joinedOr(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	end := len(words) - 1
	return strings.Join(words[:end], ", ") + " or " + words[end]
}

// valueWords says one value of a fact; what it has no words for stands in quotes.
func valueWords(name, value string) string {
	choice := func(list []events.Choice) (string, bool) {
		i := slices.IndexFunc(list, func(c events.Choice) bool { return c.Code == value })
		if i < 0 {
			return "", false
		}
		return "“" + list[i].Words + "”", true
	}
	switch name {
	case "risk", "safe", "language":
		return orUnstated(value)
	case "status", "status_before":
		return orUnstated(map[string]string{"active": "active", "hospitalised": "in hospital"}[value], value)
	case "cancelled_by":
		if w, ok := map[string]string{string(events.ByClient): "the client", string(events.ByProvider): "the clinic", unknown: "nobody known"}[value]; ok {
			return w
		}
	case "kind":
		if s, ok := events.Lookup(events.Kind(value)); ok {
			return s.Meaning
		}
	case "concern":
		return orUnstated(map[events.ConcernLevel]string{events.ConcernImmediate: "one for now", events.ConcernSameDay: "one for today"}[events.ConcernLevel(value)], pick(value == "", "none", ""))
	case "wish":
		if w, ok := map[string]string{"visit": "another time", "time": "some time to themself", "call": "a call", "pause": "a pause", "another-approach": "another way", "stop": "to stop"}[value]; ok {
			return w
		}
	case "reason":
		if w, ok := choice(events.NoteReasons()); ok {
			return w
		}
	case "noticed":
		if w, ok := choice(events.Noticed()); ok {
			return w
		}
	case "approach":
		if w, ok := choice(events.Approaches()); ok {
			return w
		}
	}
	if value == "" {
		return "unknown"
	}
	return "“" + value + "”"
}

// orUnstated is the first that is not empty; what nobody stated is "unknown".
func orUnstated(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return unknown
}

// OccurrenceWords names what conditions count, one and several: "no-show", "no-shows".
// ok is false for a kind that none counts.
func OccurrenceWords(k events.Kind) (one, many string, ok bool) {
	switch k {
	case events.AppointmentBooked:
		return "booking", "bookings", true
	case events.AppointmentRescheduled:
		return "move to another time", "moves to another time", true
	case events.AppointmentCancelled:
		return "cancellation", "cancellations", true
	case events.AppointmentNoShow:
		return "no-show", "no-shows", true
	case events.AppointmentAttended:
		return "visit", "visits", true
	case events.ClientSignal:
		return "sign of stepping back", "signs of stepping back", true
	case events.SafetyConcern:
		return "safety concern", "safety concerns", true
	case events.SafetyRaised:
		return "question about safety by staff", "questions about safety by staff", true
	case events.MessageReplied:
		return "reply", "replies", true
	case events.CheckinAnswered:
		return "check-in answer", "check-in answers", true
	case events.ClientNoted:
		return "note of a clinician", "notes of a clinician", true
	}
	return "", "", false
}
