package notifier

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"
)

type mailFunc func() error

func (f mailFunc) Send(context.Context, Mail) (Receipt, error) {
	if err := f(); err != nil {
		return Receipt{}, err
	}
	return Receipt{ProviderID: "p1"}, nil
}

type pageFunc func(Page) error

func (f pageFunc) Send(_ context.Context, p Page) error { return f(p) }

func refused(c Class) error { return &SendError{Class: c, Detail: "no"} }

// Whoever was reached in one way was reached; where every way failed, the error is the
// one that leaves most open.
func TestReach(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		mail, page error
		ways       string
		class      Class
		pages      int32
	}{
		"both taken":                   {nil, nil, "mail, pager", 0, 1},
		"the page refused":             {nil, refused(Permanent), "mail, not pager", 0, 1},
		"the page tried again":         {nil, refused(RetryAfter), "mail, not pager", 0, pageTries},
		"the mail refused":             {refused(Permanent), nil, "not mail, pager", 0, 1},
		"both refused":                 {refused(Permanent), refused(Permanent), "", Permanent, 1},
		"the mail may leave later":     {refused(RetryAfter), refused(Permanent), "", RetryAfter, 1},
		"the page may leave later":     {refused(Permanent), refused(RetryAfter), "", RetryAfter, pageTries},
		"the page may have left":       {refused(RetryAfter), refused(Ambiguous), "", Ambiguous, pageTries},
		"the mail may have left":       {refused(Ambiguous), refused(RetryAfter), "", Ambiguous, pageTries},
		"an error of nobody's, a page": {context.DeadlineExceeded, refused(Permanent), "", Ambiguous, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var pages, taken atomic.Int32
			r := &Reach{
				Mail: mailFunc(func() error { return c.mail }), Logger: slog.New(slog.DiscardHandler),
				Channels: map[string]Channel{"pager": pageFunc(func(p Page) error {
					if p.ID != "m1" || p.Attempt != 3 || p.To != "amara" {
						t.Errorf("the page is %+v", p)
					}
					pages.Add(1)
					return c.page
				})},
				Observe: func(channel string, ok bool) {
					if channel == "pager" && ok == (c.page == nil) {
						taken.Add(1)
					}
				},
				Pause: func(context.Context, time.Duration) bool { return true },
			}
			got, err := r.Send(t.Context(), Mail{ID: "m1", Attempt: 3, Pages: []Page{{Channel: "pager", To: "amara"}}})
			if (err == nil) != (c.ways != "") || got.Ways != c.ways || err != nil && Classify(err).Class != c.class {
				t.Errorf("%+v, %v", got, err)
			}
			if (got.ProviderID == "p1") != (c.mail == nil && err == nil) || pages.Load() != c.pages || taken.Load() != 1 {
				t.Errorf("provider's id %q, %d pages, told %d times", got.ProviderID, pages.Load(), taken.Load())
			}
		})
	}
}

// A channel that is not set up fails for good, and holds nothing back.
func TestReachUnknownChannel(t *testing.T) {
	t.Parallel()
	r := &Reach{Mail: mailFunc(func() error { return refused(Permanent) }), Logger: slog.New(slog.DiscardHandler), Pause: func(context.Context, time.Duration) bool { return true }}
	if _, err := r.Send(t.Context(), Mail{Pages: []Page{{Channel: "pager"}}}); Classify(err).Class != Permanent {
		t.Errorf("%v", err)
	}
	if got, err := (&Reach{Mail: mailFunc(func() error { return nil })}).Send(t.Context(), Mail{}); err != nil || got.Ways != "" {
		t.Errorf("without pages: %+v, %v", got, err)
	}
}
