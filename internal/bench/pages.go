package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/app"
	"github.com/mooring-care/mooring/notifier"
)

// Pages is part g: what clinicians wait for who open the links of their mails
// while many escalations are open. Each time runs from when a request was due
// to when its answer was read.
type Pages struct {
	Open    int     `json:"open_escalations"`
	Rate    int     `json:"requests_per_second"`
	Seconds float64 `json:"seconds"`
	Link    Spread  `json:"get_link"`
	Code    Spread  `json:"post_code"`
	Case    Spread  `json:"get_case"`
	Take    Spread  `json:"post_acknowledge"`
	// Failed counts requests with another answer than a clinician hopes for:
	// none.
	Failed int `json:"failed"`
}

// The requests of one clinician, in order.
const (
	getLink = iota
	postCode
	getCase
	postTake
	pageSteps
)

func (p *Pages) kinds() [pageSteps]Spread { return [pageSteps]Spread{p.Link, p.Code, p.Case, p.Take} }

func pageKinds() [pageSteps]string {
	return [pageSteps]string{"GET the link", "POST the code", "GET the case", "POST the acknowledgement"}
}

// thinking is the time between two requests of one clinician.
const thinking = 2 * time.Second

// letter is what a clinician needs of a mail.
type letter struct{ link, code string }

// letters is a mailer that keeps the link and the code of each mail that asks.
type letters struct {
	mu   sync.Mutex
	all  []letter        // guarded by mu
	seen map[string]bool // message ids, guarded by mu
	want int
	done chan struct{}

	link, code *regexp.Regexp
}

func newLetters(want int) *letters {
	return &letters{
		seen: map[string]bool{}, want: want, done: make(chan struct{}),
		link: regexp.MustCompile(`http://\S+/e/[A-Za-z0-9_.~-]+`), code: regexp.MustCompile(`asks for this code:\s+([A-Z0-9]+)`),
	}
}

// Send takes the mail.
func (l *letters) Send(_ context.Context, m notifier.Mail) (notifier.Receipt, error) {
	link, code := l.link.FindString(m.Text), l.code.FindStringSubmatch(m.Text)
	l.mu.Lock()
	defer l.mu.Unlock()
	if link == "" || code == nil || l.seen[m.ID] || len(l.all) == l.want {
		return notifier.Receipt{}, nil
	}
	l.seen[m.ID] = true
	if l.all = append(l.all, letter{link, code[1]}); len(l.all) == l.want {
		close(l.done)
	}
	return notifier.Receipt{}, nil
}

func (o *Options) pages(ctx context.Context, sync string) (*Pages, error) {
	mailer := newLetters(o.Open)
	in, err := o.start(ctx, sync, app.WithProvider(mailer))
	if err != nil {
		return nil, err
	}
	defer in.stop(ctx)
	for i := range o.Open {
		m, err := safetyEvent(events.SafetyConcern, i, time.Now())
		if err != nil {
			return nil, err
		}
		if err := in.pipe.Publish(m.subject, m.header, m.body); err != nil {
			return nil, err
		}
	}
	if err := in.pipe.Flush(ctx); err != nil {
		return nil, err
	}
	select {
	case <-mailer.done:
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for mails to staff: %w", ctx.Err())
	}
	if err := in.settled(ctx); err != nil {
		return nil, err
	}
	p := &Pages{Open: o.Open, Rate: o.Requests, Seconds: o.Span.Seconds()}
	took, failed := o.visits(ctx, mailer.all)
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("measure: %w", err)
	}
	p.Link, p.Code, p.Case, p.Take = spread(took[getLink]), spread(took[postCode]), spread(took[getCase]), spread(took[postTake])
	p.Failed = len(failed)
	for _, err := range failed[:min(len(failed), 3)] {
		o.progress("g  sync %-8s  a request failed: %v", sync, err)
	}
	var each []string
	for i, k := range p.kinds() {
		each = append(each, fmt.Sprintf("%s p50 %.2f, p99 %.2f, max %.2f ms", pageKinds()[i], k.P50, k.P99, k.Max))
	}
	o.progress("g  sync %-8s  %d/s for %s, %d escalations open: %s", sync, p.Rate, o.Span, p.Open, strings.Join(each, "; "))
	return p, nil
}

// visits has clinicians come one after another, so that from the moment when
// the first is through until no more come, the four requests take turns at the
// rate. Only those of this time count.
func (o *Options) visits(ctx context.Context, all []letter) (took [pageSteps][]time.Duration, failed []error) {
	tick := time.Second / time.Duration(o.Requests)
	// So many others begin between two requests of one.
	between := max(1, int(thinking/(pageSteps*tick)))
	first := pageSteps * (pageSteps - 1) * between
	count := max(pageSteps, int(float64(o.Requests)*o.Span.Seconds()))
	visitors := (first + count) / pageSteps

	began := time.Now()
	var mu sync.Mutex // guards what is returned
	var coming sync.WaitGroup
	for n := range visitors {
		coming.Go(func() {
			v := newVisitor(all[n*max(1, len(all)/visitors)%len(all)])
			defer v.client.CloseIdleConnections()
			for step := range pageSteps {
				turn := pageSteps*(n+step*between) + step
				if turn >= first+count {
					return
				}
				due := began.Add(time.Duration(turn) * tick)
				if sleep(ctx, time.Until(due)) != nil {
					return
				}
				err := v.do(ctx, step)
				d := time.Since(due)
				if turn < first && err == nil {
					continue
				}
				mu.Lock()
				if err != nil {
					failed = append(failed, fmt.Errorf("%s: %w", pageKinds()[step], err))
				} else {
					took[step] = append(took[step], d)
				}
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	coming.Wait()
	return took, failed
}

// visitor is one clinician with a browser and a connection of their own.
type visitor struct {
	letter
	client *http.Client
	cookie *http.Cookie
	// form and id are the last page's.
	form, id string
}

func newVisitor(l letter) *visitor {
	return &visitor{letter: l, client: &http.Client{
		Transport: &http.Transport{}, Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// errPage says that a page was not the one that a clinician hopes for.
var errPage = errors.New("not the page that should come")

// do makes one request and reads its answer.
func (v *visitor) do(ctx context.Context, step int) error {
	var form url.Values
	want := http.StatusSeeOther
	switch step {
	case getLink, getCase:
		want = http.StatusOK
	case postCode:
		form = url.Values{"id": {v.id}, "code": {v.code}, "do": {"show"}}
	case postTake:
		form = url.Values{"form": {v.form}, "id": {v.id}, "do": {"take"}}
	}
	method, body := http.MethodGet, io.Reader(http.NoBody)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, method, v.link, body)
	if err != nil {
		return fmt.Errorf("ask for a page: %w", err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if v.cookie != nil {
		req.AddCookie(v.cookie)
	}
	resp, err := v.client.Do(req)
	if err != nil {
		return fmt.Errorf("ask for a page: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("read a page: %w", err)
	}
	for _, c := range resp.Cookies() {
		v.cookie = c
	}
	page := string(text)
	v.form, v.id = field(page, "form"), field(page, "id")
	if resp.StatusCode != want || step == postCode && v.cookie == nil || step == getCase && v.form == "" {
		return fmt.Errorf("%w: answered %s", errPage, resp.Status)
	}
	return nil
}

// field is the value of the first hidden field of a name, "" where none is.
func field(page, name string) string {
	_, rest, _ := strings.Cut(page, `name="`+name+`" value="`)
	value, _, _ := strings.Cut(rest, `"`)
	return value
}
