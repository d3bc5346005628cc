package sendgrid

import (
	"errors"
	"slices"
	"testing"

	"github.com/mooring-care/mooring/notifier"
)

// TestInspectsWhatIsSent: the request's own words are looked at, decoded, and a mail
// that is held makes no request.
func TestInspectsWhatIsSent(t *testing.T) {
	s := fake(t)
	var seen notifier.Mail
	hold := true
	m := to(t, s.URL(), func(c *Config) {
		c.Inspect = func(left notifier.Mail) error {
			seen = left
			if hold {
				return notifier.Held("clinical-word")
			}
			return nil
		}
	})
	_, err := m.Send(t.Context(), sound())
	if se, ok := errors.AsType[*notifier.SendError](err); !ok || se.Class != notifier.Permanent || se.Detail != "held clinical-word" {
		t.Errorf("a mail that is held: %v", err)
	}
	if n := len(s.Received()); n != 0 {
		t.Errorf("%d requests were made for it", n)
	}
	want := sound()
	if seen.Subject != want.Subject || seen.Text != want.Text || seen.HTML != want.HTML || seen.From != want.From || seen.ReplyTo != want.ReplyTo ||
		!slices.Contains(seen.Headers, want.Headers[0]) || !slices.Contains(seen.Headers, want.Headers[1]) || len(seen.Headers) != 2 {
		t.Errorf("looked at %+v", seen)
	}
	hold = false
	if _, err := m.Send(t.Context(), sound()); err != nil || len(s.Received()) != 1 {
		t.Errorf("a mail that may leave: %v, %d requests", err, len(s.Received()))
	}
}
