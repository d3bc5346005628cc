package sendgrid

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/mooring-care/mooring/notifier"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 64 << 10

// Send makes one request. See classify for what each answer means.
func (s *Mailer) Send(ctx context.Context, m notifier.Mail) (notifier.Receipt, error) {
	if err := m.Check(); err != nil {
		return notifier.Receipt{}, err
	}
	body, err := payload(m)
	if err != nil {
		return notifier.Receipt{}, err
	}
	if s.inspect != nil {
		if err := inspected(m, body, s.inspect); err != nil {
			return notifier.Receipt{}, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()

	// Set when the last byte of the request was handed on. The library calls it
	// before the last flush, so false means that the request cannot be whole,
	// and true that it may be.
	var handedOn atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest: func(i httptrace.WroteRequestInfo) {
			if i.Err == nil {
				handedOn.Store(true)
			}
		},
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return notifier.Receipt{}, failed(notifier.Permanent, "http request", err)
	}
	// Without it the library cannot send the body a second time on its own, not
	// even over a fresh connection after a kept one has died.
	req.GetBody = nil
	req.Header.Set("Authorization", "Bearer "+s.key())
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "mooring")

	resp, err := s.client.Do(req)
	if err != nil {
		return notifier.Receipt{}, silence(ctx, handedOn.Load(), err)
	}
	defer func() { _ = resp.Body.Close() }()
	// The status decides. A body that breaks off changes nothing; reading it
	// lets the connection be kept.
	answer, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return s.classify(resp, answer)
}

func failed(class notifier.Class, detail string, err error) error {
	return &notifier.SendError{Class: class, Detail: detail, Err: err}
}

// silence classifies a request without an answer: not written to its end, not
// taken; else nobody can know.
func silence(ctx context.Context, handedOn bool, err error) error {
	word := "cut"
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		word = "timed out"
	case ctx.Err() != nil:
		word = "cancelled"
	case isTimeout(err):
		word = "timed out"
	}
	// A url.Error repeats the URL, and says nothing more.
	if ue, ok := errors.AsType[*url.Error](err); ok {
		err = ue.Err
	}
	if handedOn {
		return failed(notifier.Ambiguous, "http answer "+word, err)
	}
	if word == "cut" {
		word = "failed"
	}
	return failed(notifier.RetryAfter, "http request "+word, err)
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// word cuts s down to a short word of letters, digits and the given others; ""
// where s holds anything else.
func word(s, others string, most int) string {
	if len(s) > most {
		return ""
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.Contains(others, string(rune(c))) {
			return ""
		}
	}
	return s
}
