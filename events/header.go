package events

import (
	"mime"
	"net/url"
	"strings"
	"unicode/utf8"
)

// header is what the CloudEvents bindings say with headers.
type header struct {
	contentType string
	// binary is set when any ce- header stood there.
	binary bool
	// env holds the attributes of binary mode, decoded.
	env envelope
	// problem is what is wrong with them; in structured mode nobody minds.
	problem *Problem
}

// readHeader measures the message and picks the headers that mean something.
func readHeader(w Wire) (header, *Problem) {
	var h header
	size := len(w.Body)
	var typed bool
	for name, values := range w.Header {
		for _, v := range values {
			size += len(name) + len(v)
		}
		if len(values) == 0 {
			continue
		}
		switch {
		case strings.EqualFold(name, "content-type"):
			if typed || len(values) > 1 {
				h.problem = problem(ReasonBroken, "content-type", "must be given once")
			}
			typed, h.contentType = true, strings.TrimSpace(values[0])
		case len(name) > 3 && strings.EqualFold(name[:3], "ce-"):
			h.binary = true
			h.attribute(strings.ToLower(name[3:]), values)
		}
	}
	if size > MaxEvent {
		return h, problem(ReasonOversized, "", "an event must be at most 256 KiB, headers included; send less in it")
	}
	return h, nil
}

// attribute takes one ce- header; extensions are not read.
func (h *header) attribute(name string, values []string) {
	var to *string
	switch name {
	case "specversion":
		to = &h.env.SpecVersion
	case "id":
		to = &h.env.ID
	case "source":
		to = &h.env.Source
	case "type":
		to = &h.env.Type
	case "subject":
		to = &h.env.Subject
	case "time":
		to = &h.env.Time
	default:
		return
	}
	if *to != "" || len(values) > 1 {
		h.problem = problem(ReasonBroken, "ce-"+name, "must be given once")
		return
	}
	value, ok := unescapeHeader(values[0])
	if !ok {
		h.problem = problem(ReasonBroken, "ce-"+name, "must be percent-encoded UTF-8 (write a plain % as %25)")
		return
	}
	*to = value
}

// structured says how to read the body. A hand-written publisher may leave all
// headers out: then the body must be the whole CloudEvent.
func (h *header) structured() (bool, *Problem) {
	if len(h.contentType) >= len("application/cloudevents") && strings.EqualFold(h.contentType[:len("application/cloudevents")], "application/cloudevents") {
		media, params, err := mime.ParseMediaType(h.contentType)
		switch {
		case err == nil && media == ContentTypeBatch:
			return true, problem(ReasonBroken, "content-type", "must not be a batch here; send each event by itself")
		case err != nil || (media != ContentType && media != "application/cloudevents"):
			return true, problem(ReasonBroken, "content-type", "must be "+ContentType)
		}
		return true, checkCharset("content-type", params)
	}
	if h.problem != nil {
		return false, h.problem
	}
	if h.contentType == "" {
		return !h.binary, nil
	}
	return !h.binary, checkJSONType("content-type", h.contentType)
}

func (h *header) readBinary(body []byte) (env envelope, data *Problem) {
	env = h.env
	if len(body) > 0 {
		env.Data, data = readData(body)
	}
	return env, data
}

// unescapeHeader reads a header value as CloudEvents' HTTP and NATS bindings
// say: a double-quoted string first, then one round of percent-decoding.
func unescapeHeader(v string) (string, bool) {
	if n := len(v); n >= 2 && v[0] == '"' && v[n-1] == '"' {
		v = unquote(v[1 : n-1])
	}
	if strings.IndexByte(v, '%') >= 0 {
		var err error
		if v, err = url.PathUnescape(v); err != nil {
			return "", false
		}
	}
	return v, utf8.ValidString(v)
}

func unquote(v string) string {
	if strings.IndexByte(v, '\\') < 0 {
		return v
	}
	out := make([]byte, 0, len(v))
	for i := 0; i < len(v); i++ {
		if v[i] == '\\' && i+1 < len(v) {
			i++
		}
		out = append(out, v[i])
	}
	return string(out)
}

// escapeHeader percent-encodes what a header cannot carry: all but the visible
// ASCII characters, and the double quote and the percent sign.
func escapeHeader(v string) string {
	const hex = "0123456789ABCDEF"
	plain := true
	for i := range len(v) {
		plain = plain && isPlain(v[i])
	}
	if plain {
		return v
	}
	out := make([]byte, 0, len(v)+16)
	for i := range len(v) {
		if c := v[i]; isPlain(c) {
			out = append(out, c)
		} else {
			out = append(out, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(out)
}

func isPlain(c byte) bool { return c > ' ' && c < 0x7f && c != '"' && c != '%' }
