package app

import (
	"context"
	"fmt"
	"html"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	natsjs "github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/testkit"
	"github.com/mooring-care/mooring/internal/testkit/chromium"
)

var (
	addressIn = regexp.MustCompile(`https?://[^\s"'<>()\[\]]+`)
	hrefIn    = regexp.MustCompile(`(?:href|src|action|data-refresh)="([^"]+)"`)
	formIn    = regexp.MustCompile(`(?s)<form[^>]*method="post".*?</form>`)
	fieldIn   = regexp.MustCompile(`<(?:input|button|textarea)[^>]*name="([^"]+)"[^>]*?(?:value="([^"]*)")?[^>]*>`)
)

// everyMail has every kind of mail with a link leave: a check-in with its
// preferences, a note and a task, a question about safety, and the watcher's
// alarm when that question stands still.
func (p *program) everyMail() map[string]letter {
	p.t.Helper()
	p.say(events.AppointmentCancelled, "bea", events.Data{Client: person("bea", events.RiskNone), Appointment: cancelled(p.appointment("bea-1", 30*time.Hour))})
	p.noshow("ana", events.RiskNone)
	out := map[string]letter{
		"check-in": p.expect("bea@example.org", "A"), "note": p.expect(amara, "note"),
		"task": p.expect(amara, "task"), "escalation": p.expect(amara, "escalation"),
	}
	p.expect(ruth, "escalation-inform")
	p.quiet()
	p.lose("ana")
	testkit.Eventually(p.t, patience, "the watcher alarms", func() bool {
		for _, l := range p.alarms() {
			out["alarm"] = l
		}
		return out["alarm"].Subject != ""
	})
	if err := p.store.Set(p.t.Context(), p.ref("ana"), p.Now()); err != nil {
		p.t.Fatal(err)
	}
	testkit.Eventually(p.t, patience, "the ladder goes on", func() bool { return p.question("ana").Next.After(p.Now()) })
	p.looks(calmLooks + 2) // the alarm is over
	p.settle()
	p.inbox = nil // who else was asked
	return out
}

// ours are the addresses in a text that lead to this program.
func (p *program) ours(text string) []string {
	var out []string
	for _, found := range addressIn.FindAllString(html.UnescapeString(text), -1) {
		found = strings.TrimRight(found, ".,;")
		if u, err := url.Parse(found); err == nil && p.addrs[u.Hostname()+":80"] != "" && !slices.Contains(out, found) {
			out = append(out, found)
		}
	}
	return out
}

// links are the addresses that a page leads to and that are this program's.
func (p *program) links(base, text string) []string {
	at, err := url.Parse(base)
	if err != nil {
		return nil
	}
	var out []string
	for _, m := range hrefIn.FindAllStringSubmatch(text, -1) {
		u, err := at.Parse(html.UnescapeString(m[1]))
		if err != nil || p.addrs[u.Hostname()+":80"] == "" {
			continue
		}
		u.Fragment = ""
		out = append(out, u.String())
	}
	return out
}

// everything is what must not move: the last sequence of each stream, whatever
// streams there are, and the last record of each client.
func (p *program) everything() map[string]string {
	p.t.Helper()
	out := p.records()
	list := streams(p.t, p.nc).ListStreams(p.t.Context())
	for info := range list.Info() {
		// The directory also holds what the program notes for itself as time goes
		// by: that it is well, where its clock stands, and how far its index is.
		if info.Config.Name == "KV_DIRECTORY" {
			continue
		}
		out["stream "+info.Config.Name] = fmt.Sprint(info.State.LastSeq, " ", info.State.Msgs)
	}
	if err := list.Err(); err != nil {
		p.t.Fatal(err)
	}
	p.each("KV_DIRECTORY", func(m *natsjs.RawStreamMsg) {
		if !slices.ContainsFunc([]string{"ping", "epoch", "index"}, func(own string) bool { return strings.HasSuffix(m.Subject, "_meta."+own) }) {
			out[m.Subject] = string(m.Data)
		}
	})
	return out
}

// unmoved fails when anything moved.
func (p *program) unmoved(before map[string]string, after string) {
	p.t.Helper()
	p.settle()
	now := p.everything()
	for what, was := range before {
		if now[what] != was {
			p.t.Errorf("after %s: %s changed:\n%.400s\nwas\n%.400s", after, what, now[what], was)
		}
	}
	if len(now) != len(before) {
		p.t.Errorf("after %s: %d records and streams, were %d", after, len(now), len(before))
	}
	p.quiet()
}

// A mail scanner opens every link of every mail by every method, follows what
// the pages link to, runs their scripts in a real browser, and submits every
// form for staff without the code, with an empty one and with a guess. No
// client's record and no stream differs after it.
//
// A client's own pages act on a form that is filled in and sent, by design; their
// forms are therefore sent only as a scanner without a will would: empty.
func TestGetShowsToScanners(t *testing.T) {
	t.Parallel()
	cfg := storyConfig(t)
	cfg.Clinics = clinicFolder(t, map[string]string{"kind": `start: {on: [appointment.cancelled]}
steps:
  - send: {template: A, id: first}
  - end: written
`, "urgent": `start: {on: [appointment.noshow]}
steps:
  - send: {template: note, to: assigned}
  - task: {id: call, what: call-client, owner: assigned, due: 24h}
  - escalate: {id: ask, policy: safety, question: high-risk-no-show}
  - wait: {event: [escalation.acknowledged, escalation.closed], of: ask}
  - end: with-a-human
`})
	p := run(t, cfg, WithWatch(look, time.Hour))
	mails := p.everyMail()
	found := map[string]bool{}
	for _, l := range mails {
		text := l.Text + " " + l.HTML
		for _, h := range l.Headers {
			text += " " + h.Value
		}
		for _, address := range p.ours(text) {
			found[address] = true
		}
	}
	for _, path := range []string{publicURL + "/e/", publicURL + "/t/", publicURL + "/n/", publicURL + "/c/", publicURL + "/u/", staffURL + "/"} {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(found)), func(a string) bool { return strings.HasPrefix(a, path) }) {
			t.Fatalf("no mail leads to %s: %v", path, found)
		}
	}
	before := p.everything()

	forms := p.scan(slices.Sorted(maps.Keys(found)))
	// Two buttons of a question, one each of a task and of a note.
	if forms < 4*3 {
		t.Errorf("only %d forms were sent", forms)
	}
	p.unmoved(before, "a scanner without scripts")

	p.scanInBrowser(slices.Sorted(maps.Keys(found)))
	p.unmoved(before, "a scanner with scripts")

	// The links live on: what nobody pressed can still be pressed.
	asked := mails["escalation"]
	if g := p.browser().post(asked.link(t, "e"), "code", asked.code(t), "do", "take"); g.status != http.StatusSeeOther {
		t.Errorf("the right code after the scanners: %d\n%s", g.status, g.text)
	}
	p.settle()
	if e := p.question("ana"); e.Ack == nil || e.Ack.By != "amara" {
		t.Errorf("acknowledged by %+v", e.Ack)
	}
	if maps.Equal(before, p.everything()) {
		t.Error("a press changed nothing either: this story sees nothing")
	}
	p.collect()
	p.inbox = nil // whoever was asked since is told
}

// forStaff says whether a link needs a code.
func forStaff(address string) bool {
	return strings.HasPrefix(address, publicURL+"/e/") || strings.HasPrefix(address, publicURL+"/t/") || strings.HasPrefix(address, publicURL+"/n/")
}

// scan opens addresses, and everything they lead to, by every method, and
// submits the forms for staff. It answers with how many forms it sent.
func (p *program) scan(addresses []string) (forms int) {
	t := p.t
	t.Helper()
	methods := []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete,
		http.MethodOptions, http.MethodPatch, http.MethodTrace,
	}
	seen := map[string]bool{}
	for len(addresses) > 0 {
		address := addresses[0]
		addresses = addresses[1:]
		if seen[address] {
			continue
		}
		seen[address] = true
		box := p.browser()
		for _, method := range methods {
			g := box.do(method, address, "", "", nil)
			if g.status == 0 || g.status >= 500 {
				t.Errorf("%s %s: %d", method, address, g.status)
			}
			if len(g.header.Values("Set-Cookie")) > 0 {
				t.Errorf("%s %s opens a session", method, address)
			}
			addresses = append(addresses, p.links(address, g.text)...)
			if method != http.MethodGet || !forStaff(address) {
				continue
			}
			for _, form := range formIn.FindAllString(g.text, -1) {
				forms += p.submit(box, address, form)
			}
		}
	}
	return forms
}

// submit sends a form for staff once for each of its buttons, without a code,
// with an empty one and with a guess.
func (p *program) submit(box *browser, address, form string) (sent int) {
	p.t.Helper()
	var pairs, buttons []string
	for _, m := range fieldIn.FindAllStringSubmatch(form, -1) {
		switch {
		case strings.HasPrefix(m[0], "<button"):
			buttons = append(buttons, m[1], m[2])
		case m[1] != "code":
			pairs = append(pairs, m[1], html.UnescapeString(m[2]))
		}
	}
	for button := range slices.Chunk(buttons, 2) {
		for _, code := range [][]string{nil, {"code", ""}, {"code", "AAAAAA"}} {
			g := box.post(address, slices.Concat(pairs, button, code)...)
			if g.status != http.StatusForbidden && g.status != http.StatusTooManyRequests || !strings.Contains(g.text, "Nothing was recorded") {
				p.t.Errorf("%s with %v and the code %q: %d\n%s", address, button, code, g.status, g.text)
			}
			sent++
		}
	}
	return sent
}

// scanInBrowser opens addresses in a real browser, lets their scripts run, opens
// what they link to, and presses every button for staff without a code.
func (p *program) scanInBrowser(addresses []string) {
	t := p.t
	t.Helper()
	var rules []string
	for host, to := range p.addrs {
		rules = append(rules, "MAP "+host+" "+to)
	}
	ctx, ok := chromium.Start(t, chromedp.Flag("host-resolver-rules", strings.Join(rules, ",")))
	if !ok {
		return
	}
	// Whatever a page can do by itself it has done when it has loaded and its
	// timers of a second have run.
	const open = `(async () => { await new Promise((r) => setTimeout(r, 1000)); return Array.from(document.querySelectorAll("a[href^=http]"), (a) => a.href); })()`
	seen := map[string]bool{}
	for first := len(addresses); len(addresses) > 0; first-- {
		address := addresses[0]
		addresses = addresses[1:]
		if seen[address] {
			continue
		}
		seen[address] = true
		if err := chromedp.Do(ctx, chromedp.Navigate(address)); err != nil {
			t.Fatalf("open %s: %v", address, err)
		}
		hrefs, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](open, chromedp.EvalAwaitPromise))
		if err != nil {
			t.Fatalf("look at %s: %v", address, err)
		}
		title, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.title`))
		if err != nil || title == "" {
			t.Errorf("%s shows no page: %v", address, err)
		}
		for _, href := range hrefs {
			addresses = append(addresses, p.ours(href)...)
		}
		if !forStaff(address) || first <= 0 {
			continue
		}
		buttons, err := chromedp.Run(ctx, chromedp.Evaluate[int](`document.querySelectorAll("form button").length`))
		if err != nil || buttons == 0 {
			t.Fatalf("%s has %d buttons: %v", address, buttons, err)
		}
		for i := range buttons {
			press := fmt.Sprintf(`(() => { const b = document.querySelectorAll("form button")[%d]; b.form.noValidate = true; b.click(); })()`, i)
			limited, cancel := context.WithTimeout(ctx, patience)
			err := chromedp.Do(limited, chromedp.Navigate(address), chromedp.Evaluate[chromedp.Void](press), chromedp.WaitReady(chromedp.CSS("#code-error")))
			cancel()
			if err != nil {
				t.Fatalf("press button %d of %s: %v", i, address, err)
			}
		}
	}
}

// 500 wrong codes on a link record nothing and keep nobody out: the right one
// works right after them.
func TestWrongCodesLockNobodyOut(t *testing.T) {
	t.Parallel()
	p := run(t, storyConfig(t))
	p.noshow("dee", events.RiskHigh)
	asked := p.expect(amara, "escalation")
	before := p.everything()
	b, link := p.browser(), asked.link(t, "e")
	wrong, tooFast := "AAAAAA", 0
	if asked.code(t) == wrong {
		wrong = "BBBBBB"
	}
	for range 500 {
		g := b.post(link, "code", wrong, "do", "take")
		switch {
		case !strings.Contains(g.text, "Nothing was recorded"), strings.Contains(g.text, "Vandermolen"):
			t.Fatalf("a wrong code: %d\n%s", g.status, g.text)
		case g.status == http.StatusTooManyRequests && g.header.Get("Retry-After") != "":
			tooFast++
		case g.status != http.StatusForbidden:
			t.Fatalf("a wrong code: %d\n%s", g.status, g.text)
		}
	}
	if tooFast < 400 {
		t.Errorf("only %d of 500 wrong codes were asked to wait", tooFast)
	}
	p.unmoved(before, "500 wrong codes")
	if g := b.post(link, "code", asked.code(t), "do", "take"); g.status != http.StatusSeeOther {
		t.Fatalf("the right code after 500 wrong ones: %d\n%s", g.status, g.text)
	}
	p.settle()
	if e := p.stillOpen("dee", "the right code"); e.Ack == nil || e.Ack.By != "amara" {
		t.Errorf("acknowledged by %+v", e.Ack)
	}
	p.expect("dee@example.org", "E")
}
