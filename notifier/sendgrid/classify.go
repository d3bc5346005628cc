package sendgrid

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/mooring-care/mooring/notifier"
)

const (
	// pause is how long the whole account waits when the key or the plan is at
	// fault: a person has to act.
	pause = 5 * time.Minute
	// maxWait bounds what a server may ask for, so that one odd header cannot
	// hold safety mail for an hour.
	maxWait = 5 * time.Minute
)

// classify says what an answer means. SendGrid documents 202 alone as taken (200
// is a mail that is valid and not queued), 4xx as a fault of the request and 503
// as a service that is not there.
//
//	answer                                   class        whole account
//	202                                      taken
//	400 404 405 406 413 415, other 4xx       permanent    404 405 406 415: yes
//	401 402 403, and any redirect            retry-after  yes, 5 minutes
//	408 425 429 503                          retry-after  no; as the headers say
//	200 and other 2xx, 500 502 504, others   ambiguous    no
func (s *Mailer) classify(resp *http.Response, body []byte) (notifier.Receipt, error) {
	if resp.StatusCode == http.StatusAccepted {
		r := notifier.Receipt{ProviderID: word(resp.Header.Get("X-Message-Id"), "-_.=", 128)}
		if strings.TrimSpace(resp.Header.Get("X-RateLimit-Remaining")) == "0" {
			r.Wait = s.wait(resp.Header)
		}
		return r, nil
	}
	detail := "http " + strconv.Itoa(resp.StatusCode)
	out := &notifier.SendError{Detail: detail, Err: errors.New(detail)}
	if fields := fields(body); fields != "" {
		out.Err = fmt.Errorf("%s: %s", detail, fields)
	}
	switch code := resp.StatusCode; {
	case code == http.StatusUnauthorized, code == http.StatusPaymentRequired, code == http.StatusForbidden, code/100 == 3:
		out.Class, out.Provider, out.After = notifier.RetryAfter, true, pause
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable:
		out.Class, out.After = notifier.RetryAfter, s.wait(resp.Header)
	case code == http.StatusNotFound, code == http.StatusMethodNotAllowed, code == http.StatusNotAcceptable, code == http.StatusUnsupportedMediaType:
		// The same for every mail: the URL or this program is wrong.
		out.Class, out.Provider = notifier.Permanent, true
	case code/100 == 4:
		out.Class = notifier.Permanent
	default:
		out.Class = notifier.Ambiguous
	}
	return notifier.Receipt{}, out
}

// wait is what Retry-After asks for (seconds or a date), else X-RateLimit-Reset
// (seconds since 1970); 0 where neither can be read.
func (s *Mailer) wait(h http.Header) time.Duration {
	var d time.Duration
	now := s.clock()
	if v := strings.TrimSpace(h.Get("Retry-After")); v != "" {
		if n, err := strconv.ParseUint(v, 10, 31); err == nil {
			d = time.Duration(n) * time.Second
		} else if at, err := http.ParseTime(v); err == nil {
			d = at.Sub(now)
		}
	}
	if d <= 0 {
		if n, err := strconv.ParseInt(strings.TrimSpace(h.Get("X-RateLimit-Reset")), 10, 64); err == nil {
			d = time.Unix(n, 0).Sub(now)
		}
	}
	return min(max(d, 0), maxWait)
}

// fields names the fields that SendGrid complains of, at most five. Its
// messages may repeat a value, and are never kept.
func fields(body []byte) string {
	var answer struct {
		Errors []struct {
			Field string `json:"field"`
		} `json:"errors"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return ""
	}
	var out []string
	for _, e := range answer.Errors {
		if f := word(e.Field, "._[]-", 64); f != "" && len(out) < 5 {
			out = append(out, f)
		}
	}
	return strings.Join(out, ", ")
}
