package crash

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/links"
	"github.com/mooring-care/mooring/internal/testkit/fakesendgrid"
	"github.com/mooring-care/mooring/internal/testkit/faults"
)

// people read the mails that the provider took and press what stands on the
// pages, as a browser would.
type people struct {
	record string // the provider's record
	seed   uint64
	keys   *links.Keys // to know whose link it is, for the verdict alone

	mu   sync.Mutex
	acts []faults.Act // guarded by mu
}

func (p *people) confirmed() []faults.Act {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]faults.Act{}, p.acts...)
}

// run reads new mails until stop ends. A press under way is repeated until it is
// confirmed, as long as ctx lives.
func (p *people) run(ctx, stop context.Context) error {
	f, err := os.Open(p.record)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	rng := rand.New(rand.NewPCG(p.seed, 1<<40))
	var rest []byte
	var busy sync.WaitGroup
	defer busy.Wait()
	hands := make(chan struct{}, 8)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-stop.Done():
			return nil
		}
		more, err := io.ReadAll(f)
		if err != nil {
			return err
		}
		rest = append(rest, more...)
		for {
			line, after, whole := bytes.Cut(rest, []byte("\n"))
			if !whole {
				break
			}
			rest = after
			var e fakesendgrid.Entry
			if err := json.Unmarshal(line, &e); err != nil {
				return err
			}
			what, delay := rng.Float64(), time.Duration(rng.Int64N(int64(3*time.Second)))
			busy.Go(func() {
				wait := time.NewTimer(delay)
				select {
				case <-wait.C:
				case <-stop.Done():
					wait.Stop()
					return
				}
				hands <- struct{}{}
				defer func() { <-hands }()
				p.read(ctx, e.Text, what)
			})
		}
	}
}

var (
	linkIn   = regexp.MustCompile(`(?m)^(http://\S+)/([ecu])/([A-Za-z0-9_-]+)$`)
	codeIn   = regexp.MustCompile(`asks for this code: (\S+)`)
	hiddenIn = regexp.MustCompile(`<input type="hidden" name="(id|form)" value="([^"]*)">`)
)

// read decides what to do with one mail; what is drawn from [0, 1).
func (p *people) read(ctx context.Context, text string, what float64) {
	found := map[string][]string{}
	for _, m := range linkIn.FindAllStringSubmatch(text, -1) {
		found[m[2]] = m
	}
	if m, ok := found["e"]; ok {
		if code := codeIn.FindStringSubmatch(text); code != nil && what < 0.6 {
			p.answerQuestion(ctx, m[0], m[3], code[1], what < 0.45)
		}
		return
	}
	if m, ok := found["c"]; ok && what < 0.1 {
		feeling := "okay"
		if what < 0.005 {
			feeling = "not-safe"
		}
		p.press(ctx, m[0], m[3], links.Checkin, url.Values{"feeling": {feeling}}, events.CheckinAnswered)
		return
	}
	if m, ok := found["u"]; ok && what > 0.997 {
		p.press(ctx, m[0], m[3], links.Preferences, url.Values{"List-Unsubscribe": {"One-Click"}}, events.ClientOptedOut)
	}
}

// confirmWithin bounds how long a person keeps pressing.
const confirmWithin = 30 * time.Second

// press opens a page and presses until it says that it counted.
func (p *people) press(ctx context.Context, link, token string, purpose links.Purpose, form url.Values, kind events.Kind) {
	claims, err := p.keys.Verify(token, purpose, time.Now())
	if err != nil {
		return
	}
	b := newBrowser()
	if !b.open(ctx, link) {
		return
	}
	form.Set("id", b.hidden["id"])
	if b.until(ctx, link, form, http.StatusOK) {
		p.done(faults.Act{Kind: kind, Clinic: claims.Clinic, Key: claims.Recipient, At: time.Now()})
	}
}

// answerQuestion takes an escalation, and perhaps closes it.
func (p *people) answerQuestion(ctx context.Context, link, token, code string, closes bool) {
	claims, err := p.keys.Verify(token, links.Escalation, time.Now())
	if err != nil {
		return
	}
	key, id, ok := strings.Cut(claims.Target, "-")
	if !ok {
		return
	}
	act := faults.Act{Kind: events.EscalationAcknowledged, Clinic: claims.Clinic, Key: key, Target: id, Person: claims.Recipient}
	b := newBrowser()
	if !b.open(ctx, link) {
		return
	}
	if !b.until(ctx, link, url.Values{"id": {b.hidden["id"]}, "code": {code}, "do": {"take"}}, http.StatusSeeOther) {
		return
	}
	act.At = time.Now()
	p.done(act)
	if !closes || !b.open(ctx, link) {
		return
	}
	form := url.Values{
		"id": {b.hidden["id"]}, "form": {b.hidden["form"]}, "do": {"close"}, "outcome": {string(events.OutcomeReachedSafe)}, "note": {""}, "none": {"yes"},
	}
	if b.until(ctx, link, form, http.StatusSeeOther) {
		act.Kind, act.At = events.EscalationClosed, time.Now()
		p.done(act)
	}
}

func (p *people) done(a faults.Act) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.acts = append(p.acts, a)
}

// browser keeps cookies and the hidden fields of the page that it shows, and
// follows no redirect by itself.
type browser struct {
	client *http.Client
	hidden map[string]string
}

func newBrowser() *browser {
	jar, _ := cookiejar.New(nil) // never fails without options
	return &browser{client: &http.Client{
		Jar: jar, Timeout: 8 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// open shows a page; it tries while the program is away.
func (b *browser) open(ctx context.Context, link string) bool {
	return b.again(ctx, func(ctx context.Context) (bool, bool) {
		status, page := b.do(ctx, http.MethodGet, link, nil)
		if status != http.StatusOK {
			return false, status/100 == 4
		}
		b.hidden = map[string]string{}
		for _, m := range hiddenIn.FindAllStringSubmatch(page, -1) {
			b.hidden[m[1]] = m[2]
		}
		return true, false
	})
}

// until sends a form until the page answers as wanted; any other answer but
// "not yet" ends it.
func (b *browser) until(ctx context.Context, link string, form url.Values, want int) bool {
	return b.again(ctx, func(ctx context.Context) (bool, bool) {
		status, _ := b.do(ctx, http.MethodPost, link, form)
		return status == want, status != 0 && status != http.StatusServiceUnavailable
	})
}

func (b *browser) again(ctx context.Context, try func(context.Context) (done, never bool)) bool {
	ctx, cancel := context.WithTimeout(ctx, confirmWithin)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		if done, never := try(ctx); done || never {
			return done
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false
		}
	}
}

// do makes one request; status 0 means that no answer came.
func (b *browser) do(ctx context.Context, method, link string, form url.Values) (status int, page string) {
	req, err := http.NewRequestWithContext(ctx, method, link, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, ""
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := b.client.Do(req)
	if err != nil {
		return 0, ""
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, ""
	}
	return resp.StatusCode, string(body)
}
