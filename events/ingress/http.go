package ingress

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/mooring-care/mooring/events"
)

// The bounds of a batch. One event is bounded by events.MaxEvent.
const (
	MaxBatch       = 1 << 20
	MaxBatchEvents = 1000
)

// Publisher puts an event on its stream. Publish returns nil only after the
// stream has acknowledged. After an error the event may or may not be stored:
// msgID, the event's hash, makes the sender's repeat harmless.
type Publisher interface {
	Publish(ctx context.Context, subject, msgID string, header map[string]string, body []byte) error
}

// HTTPConfig is what the HTTP door needs.
type HTTPConfig struct {
	Tokens    Tokens
	Publisher Publisher
	// Log takes refusals and failures, never what an event says.
	Log *slog.Logger
	// PublishTimeout bounds one publish; 5 s when zero.
	PublishTimeout time.Duration
	// RetryAfter is what a sender is asked to wait when the stream does not
	// answer; 5 s when zero.
	RetryAfter time.Duration
}

// NewHTTP is the door POST /v1/clinics/{clinic}/events. It takes CloudEvents
// 1.0 in structured, binary and batch mode and answers 202 only after the
// stream has acknowledged every event. Whatever it refuses it answers as
// application/problem+json (RFC 9457), and publishes nothing.
func NewHTTP(c HTTPConfig) http.Handler {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.PublishTimeout <= 0 {
		c.PublishTimeout = 5 * time.Second
	}
	if c.RetryAfter <= 0 {
		c.RetryAfter = 5 * time.Second
	}
	return &httpDoor{c}
}

type httpDoor struct{ HTTPConfig }

// ServeHTTP is the way of a request through the door, in order.
func (d *httpDoor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	clinic, p := d.admit(w, r)
	if p == nil {
		var mode mode
		mode, p = modeOf(r.Header)
		if p == nil {
			var batch []accepted
			if batch, p = d.read(w, r, clinic, mode); p == nil {
				d.publish(w, r, batch, mode)
				return
			}
		}
	}
	if p.Reason != "" {
		d.Log.InfoContext(r.Context(), "event refused at the door", "clinic", clinic, "reason", string(p.Reason), "field", p.Field)
	}
	p.write(w)
}

// admit checks path, method and token.
func (d *httpDoor) admit(w http.ResponseWriter, r *http.Request) (clinic string, p *answer) {
	clinic, ok := clinicOf(r.URL.Path)
	if !ok {
		return "", plain(http.StatusNotFound, "events are posted to /v1/clinics/{clinic}/events")
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return "", plain(http.StatusMethodNotAllowed, "events are sent with POST")
	}
	token, ok := bearer(r.Header)
	// Nobody without a token learns which clinics exist.
	if !d.Tokens.Valid(clinic, token) || !ok || !events.ValidClinic(clinic) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="mooring"`)
		return "", plain(http.StatusUnauthorized, "send the clinic's token as Authorization: Bearer <token>")
	}
	return clinic, nil
}

func clinicOf(path string) (string, bool) {
	rest, ok := strings.CutPrefix(path, "/v1/clinics/")
	if !ok {
		return "", false
	}
	clinic, ok := strings.CutSuffix(rest, "/events")
	return clinic, ok && clinic != "" && !strings.Contains(clinic, "/")
}

func bearer(h http.Header) (string, bool) {
	scheme, token, ok := strings.Cut(h.Get("Authorization"), " ")
	return strings.TrimSpace(token), ok && strings.EqualFold(scheme, "Bearer")
}

// mode is how CloudEvents' HTTP binding wraps events.
type mode int

const (
	structured mode = iota + 1
	binary
	batched
)

func modeOf(h http.Header) (mode, *answer) {
	wrong := plain(http.StatusUnsupportedMediaType,
		"Content-Type must be "+events.ContentType+" or "+events.ContentTypeBatch+", or application/json with the ce- headers")
	if h.Get("Content-Encoding") != "" {
		return 0, plain(http.StatusUnsupportedMediaType, "send the body without Content-Encoding")
	}
	attributes := h.Get("Ce-Specversion") != "" || h.Get("Ce-Type") != "" || h.Get("Ce-Id") != ""
	content := h.Get("Content-Type")
	if content == "" {
		if attributes {
			return binary, nil
		}
		return 0, wrong
	}
	media, params, err := mime.ParseMediaType(content)
	if charset := params["charset"]; err != nil || (charset != "" && !strings.EqualFold(charset, "utf-8")) {
		return 0, wrong
	}
	switch {
	case media == events.ContentTypeBatch:
		return batched, nil
	case media == events.ContentType || media == "application/cloudevents":
		return structured, nil
	case attributes && (media == "application/json" || strings.HasSuffix(media, "+json")) && !strings.HasPrefix(media, "application/cloudevents"):
		return binary, nil
	default:
		return 0, wrong
	}
}

// accepted is an event that is ready to be published.
type accepted struct {
	id, subject, msgID string
	header             map[string]string
	body               []byte
}

// read reads and checks everything before anything is published.
func (d *httpDoor) read(w http.ResponseWriter, r *http.Request, clinic string, m mode) ([]accepted, *answer) {
	most := int64(events.MaxEvent)
	if m == batched {
		most = MaxBatch
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, refuse(events.ReasonOversized, "", "send at most 256 KiB an event and 1 MiB a batch")
	}
	if err != nil {
		return nil, refuse(events.ReasonBroken, "body", "the body did not arrive whole")
	}
	if m != batched {
		a, p := prepare(clinic, events.Wire{Header: cloudHeader(r.Header), Body: body})
		if p != nil {
			return nil, p
		}
		return []accepted{a}, nil
	}

	var each []json.RawMessage
	if err := json.Unmarshal(body, &each); err != nil || each == nil {
		return nil, refuse(events.ReasonBroken, "body", "body must be a JSON array of CloudEvents")
	}
	if len(each) > MaxBatchEvents {
		return nil, refuse(events.ReasonOversized, "", "send at most 1000 events a batch")
	}
	header := map[string][]string{"Content-Type": {events.ContentType}}
	out := make([]accepted, 0, len(each))
	for i, one := range each {
		a, p := prepare(clinic, events.Wire{Header: header, Body: one})
		if p != nil {
			p.Index = &i
			return nil, p
		}
		out = append(out, a)
	}
	return out, nil
}

// cloudHeader leaves out what is between the sender and this door alone; the
// token above all.
func cloudHeader(h http.Header) map[string][]string {
	out := make(map[string][]string, 8)
	for name, values := range h {
		if name == "Content-Type" || strings.HasPrefix(name, "Ce-") {
			out[name] = values
		}
	}
	return out
}

// prepare checks an event and writes it anew: what goes on is our own
// structured form, with no header about a person and no field that we do not
// know.
func prepare(clinic string, w events.Wire) (accepted, *answer) {
	e, err := events.DecodeOutside(clinic, w)
	if err != nil {
		return accepted{}, refusal(err)
	}
	header, body, err := events.Encode(e)
	if err != nil {
		return accepted{}, refusal(err)
	}
	return accepted{
		id:      e.ID,
		subject: events.Subject(events.SubjectEvents, clinic, e.Kind),
		msgID:   e.Hash().String(),
		header:  header,
		body:    body,
	}, nil
}

// publish hands the events on in the sender's order and stops at the first
// that the stream did not acknowledge. That one may be stored or not, so the
// sender repeats the whole request; source and id make the repeat harmless.
func (d *httpDoor) publish(w http.ResponseWriter, r *http.Request, batch []accepted, m mode) {
	results := make([]Result, len(batch))
	for i, a := range batch {
		results[i] = Result{Index: i, ID: a.id, Event: a.msgID, Status: StatusNotTried}
	}
	for i, a := range batch {
		if err := d.publishOne(r.Context(), a); err != nil {
			d.Log.WarnContext(r.Context(), "event not acknowledged by its stream", "subject", a.subject, "event", a.msgID, "error", err)
			results[i].Status = StatusUnconfirmed
			p := unavailable(d.RetryAfter)
			if m == batched {
				p.Results = results
			}
			p.write(w)
			return
		}
		results[i].Status = StatusAccepted
	}
	if m == batched {
		writeJSON(w, http.StatusAccepted, "application/json", struct {
			Results []Result `json:"results"`
		}{results})
		return
	}
	writeJSON(w, http.StatusAccepted, "application/json", results[0])
}

func (d *httpDoor) publishOne(ctx context.Context, a accepted) error {
	ctx, cancel := context.WithTimeout(ctx, d.PublishTimeout)
	defer cancel()
	return d.Publisher.Publish(ctx, a.subject, a.msgID, a.header, a.body)
}
