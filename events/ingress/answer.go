package ingress

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/mooring-care/mooring/events"
)

// Status says what became of one event of a request.
type Status string

// What can become of an event that was found valid.
const (
	// StatusAccepted: the stream has acknowledged it.
	StatusAccepted Status = "accepted"
	// StatusUnconfirmed: it was tried, and may be stored or not.
	StatusUnconfirmed Status = "unconfirmed"
	// StatusNotTried: an earlier event of the batch stopped the request.
	StatusNotTried Status = "not-tried"
)

// Result is the answer about one event.
type Result struct {
	Index int `json:"index"`
	// ID is the sender's own id of the event.
	ID string `json:"id"`
	// Event is the hash under which Mooring knows the event.
	Event  string `json:"event"`
	Status Status `json:"status"`
}

// answer is a problem in the form of RFC 9457 with members of our own: reason
// and field as in REJECTED, index in a batch, results where some were stored.
type answer struct {
	Type    string        `json:"type"`
	Title   string        `json:"title"`
	Status  int           `json:"status"`
	Detail  string        `json:"detail"`
	Reason  events.Reason `json:"reason,omitempty"`
	Field   string        `json:"field,omitempty"`
	Index   *int          `json:"index,omitempty"`
	Results []Result      `json:"results,omitempty"`

	retryAfter time.Duration
}

// plain is a problem of the request, not of an event.
func plain(status int, detail string) *answer {
	return &answer{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail}
}

// refuse is a problem of an event.
func refuse(reason events.Reason, field, detail string) *answer {
	status := http.StatusBadRequest
	if reason == events.ReasonOversized {
		status = http.StatusRequestEntityTooLarge
	}
	if reason == events.ReasonInsideFromOut {
		status = http.StatusForbidden
	}
	return &answer{
		Type: "urn:mooring:refused:" + string(reason), Title: reason.Meaning(),
		Status: status, Detail: detail, Reason: reason, Field: field,
	}
}

func refusal(err error) *answer {
	if p, ok := errors.AsType[*events.Problem](err); ok {
		return refuse(p.Reason, p.Field, p.Error())
	}
	return refuse(events.ReasonBroken, "", "the event cannot be read")
}

func unavailable(retryAfter time.Duration) *answer {
	a := plain(http.StatusServiceUnavailable,
		"the event is not confirmed as stored; send the same request again, with the same source and id")
	a.retryAfter = retryAfter
	return a
}

func (a *answer) write(w http.ResponseWriter) {
	if a.retryAfter > 0 {
		seconds := int((a.retryAfter + time.Second - 1) / time.Second)
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
	}
	writeJSON(w, a.Status, "application/problem+json", a)
}

func writeJSON(w http.ResponseWriter, status int, contentType string, v any) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	// The status is out; a sender who has gone repeats the request.
	_ = json.NewEncoder(w).Encode(v) //nolint:errchkjson // nobody is left to tell
}
