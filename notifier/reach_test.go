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

func reachOf(t *testing.T, mail, page error, pages, taken *atomic.Int32) *Reach {
	t.Helper()
	r, err := NewReach(ReachConfig{
		Mail: mailFunc(func() error { return mail }), Logger: slog.New(slog.DiscardHandler),
		Channels: map[string]Channel{"pager": pageFunc(func(p Page) error {
			if p.ID != "m1" || p.Attempt != 3 || p.To != "amara" {
				t.Errorf("the page is %+v", p)
			}
			pages.Add(1)
			return page
		})},
		Observe: func(channel string, ok bool) {
			if channel == "pager" && ok == (page == nil) {
				taken.Add(1)
			}
		},
		Pause: func(context.Context, time.Duration) bool { return true },
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What became of the mail is what counts, whatever became of the page; both stand on
// record.
func TestReach(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		mail, page error
		says       string
		class      Class
		pages      int32
	}{
		"both taken":               {nil, nil, "mail, pager", 0, 1},
		"the page refused":         {nil, refused(Permanent), "mail, not pager", 0, 1},
		"the page tried again":     {nil, refused(RetryAfter), "mail, not pager", 0, pageTries},
		"the page may have left":   {nil, refused(Ambiguous), "mail, not pager", 0, pageTries},
		"the mail refused":         {refused(Permanent), nil, "no; pager", Permanent, 1},
		"both refused":             {refused(Permanent), refused(Permanent), "no; not pager", Permanent, 1},
		"the mail may leave later": {refused(RetryAfter), refused(Permanent), "no; not pager", RetryAfter, 1},
		"a page in doubt":          {refused(Permanent), refused(Ambiguous), "no; not pager", Permanent, pageTries},
		"a mail in doubt":          {refused(Ambiguous), nil, "no; pager", Ambiguous, 1},
		"nobody's error":           {context.DeadlineExceeded, nil, "unexpected error; pager", Ambiguous, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var pages, taken atomic.Int32
			r := reachOf(t, c.mail, c.page, &pages, &taken)
			m := Mail{ID: "m1", Attempt: 3, Pages: []Page{{Channel: "pager", To: "amara"}}}
			got, err := r.Send(t.Context(), m)
			says := got.Ways
			if err != nil {
				says = Classify(err).Detail
			}
			if (err == nil) != (c.mail == nil) || says != c.says || err != nil && Classify(err).Class != c.class {
				t.Errorf("%+v, %v", got, err)
			}
			if (got.ProviderID == "p1") != (c.mail == nil) || pages.Load() != c.pages || taken.Load() != 1 {
				t.Errorf("provider's id %q, %d pages, told %d times", got.ProviderID, pages.Load(), taken.Load())
			}
			// Another attempt of the mail does not page anew whom its page has reached.
			_, _ = r.Send(t.Context(), m)
			if again := pages.Load() > c.pages; again != (c.page != nil) {
				t.Errorf("paged again: %v", again)
			}
		})
	}
}

// A channel that is not set up fails for good, and holds nothing back.
func TestReachUnknownChannel(t *testing.T) {
	t.Parallel()
	var pages, taken atomic.Int32
	r := reachOf(t, nil, refused(Permanent), &pages, &taken)
	if got, err := r.Send(t.Context(), Mail{ID: "m1", Pages: []Page{{Channel: "pigeon"}}}); err != nil || got.Ways != "mail, not pigeon" {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := r.Send(t.Context(), Mail{}); err != nil || got.Ways != "" {
		t.Errorf("without pages: %+v, %v", got, err)
	}
	if pages.Load() != 0 {
		t.Errorf("%d pages", pages.Load())
	}
}
