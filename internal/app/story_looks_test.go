package app

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/internal/testkit"
	"github.com/mooring-care/mooring/internal/web"
	"github.com/mooring-care/mooring/workflows/runner"
)

const streamAccess = "ACCESS"

// beside opens what a command beside the program would.
func (p *program) beside() *Operator {
	p.t.Helper()
	return openedBeside(p.t, p.cfg)
}

func openedBeside(t testing.TB, cfg Config) *Operator {
	t.Helper()
	o, err := OpenOperator(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.Close)
	return o
}

// seen are the looks at a client, as "who page target".
func (p *program) seen(o *Operator, who string) []string {
	p.t.Helper()
	p.settle()
	rows, err := o.Access(p.t.Context(), AccessQuery{Clinic: p.clinic(), EHR: who})
	if err != nil {
		p.t.Fatal(err)
	}
	out := []string{}
	for _, r := range rows {
		if r.Client != p.ref(who).Key || r.At.Before(time.Date(2026, 3, 2, 16, 0, 0, 0, time.UTC)) {
			p.t.Errorf("a look at %s: %+v", who, r)
		}
		out = append(out, strings.TrimSpace(r.Who+" "+r.Page+" "+r.Target))
	}
	return out
}

// TestStoryLooks: every page that shows a client says who saw them, once a minute
// and session; a link without its code shows nothing, and says nothing.
func TestStoryLooks(t *testing.T) {
	t.Parallel()
	p := run(t, storyConfig(t))
	p.noshow("dee", events.RiskHigh)
	asked := p.expect(amara, "escalation")
	p.pass(31 * time.Minute)
	second := p.expect(jonas, "escalation")
	o := p.beside()
	e := p.question("dee").ID

	// A scanner opens every link, and somebody guesses a code.
	link, scanner := asked.link(t, "e"), p.browser()
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		scanner.do(method, link, "", "", nil)
	}
	scanner.post(link, "code", "AAAAAA", "do", "take")
	if got := p.seen(o, "dee"); len(got) != 0 {
		t.Errorf("nobody has seen the client, and %q is written down", got)
	}

	clinician := p.browser()
	clinician.post(link, "code", asked.code(t), "do", "show")
	for range 3 {
		if g := clinician.get(link); !strings.Contains(g.text, "Vandermolen-dee") {
			t.Fatalf("the page: %d\n%s", g.status, g.text)
		}
	}
	want := []string{"amara escalation " + e}
	if got := p.seen(o, "dee"); !slices.Equal(got, want) {
		t.Errorf("seen %q, want %q", got, want)
	}
	// Another person is another look.
	cover := p.browser()
	cover.post(second.link(t, "e"), "code", second.code(t), "do", "take")
	cover.get(second.link(t, "e"))
	p.settle()
	p.expect("dee@example.org", "E")
	want = append(want, "jonas escalation "+e)
	if got := p.seen(o, "dee"); !slices.Equal(got, want) {
		t.Errorf("seen %q, want %q", got, want)
	}

	// The staff pages: the first page's rows, the client's page, a mail, the mails.
	signed := p.browser()
	if g := signed.post(p.SignInLink()); g.status != http.StatusSeeOther {
		t.Fatalf("signing in: %d\n%s", g.status, g.text)
	}
	for range 2 {
		signed.get(staffURL + "/")
		signed.get(staffURL + "/fragments/overview")
	}
	key := p.ref("dee").Key
	signed.get(staffURL + "/clients/sample/" + key)
	signed.get(staffURL + "/clients/sample/" + key + "/notice")
	signed.get(staffURL + "/mails")
	var name, message string
	for _, l := range p.all {
		if l.To.Email == "dee@example.org" {
			message = l.id
		}
	}
	entries, err := p.mailbox.List(0)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range entries {
		if x.MessageID == message {
			name = x.Name
		}
	}
	if g := signed.get(staffURL + "/mails/" + name); g.status != http.StatusOK {
		t.Fatalf("the mail: %d\n%s", g.status, g.text)
	}
	want = append(want, "operator list "+e, "operator list", "operator client", "operator mails "+message, "operator mail "+message)
	if got := p.seen(o, "dee"); !slices.Equal(got, want) {
		t.Errorf("seen %q, want %q", got, want)
	}

	// A terminal says so, with or without a name.
	for _, by := range []string{"", "ruth"} {
		if err := o.Looked(t.Context(), p.clinic(), "dee", by); err != nil {
			t.Fatal(err)
		}
	}
	want = append(want, "terminal", "ruth terminal")
	if got := p.seen(o, "dee"); !slices.Equal(got, want) {
		t.Errorf("seen %q, want %q", got, want)
	}
	rows, err := o.Access(t.Context(), AccessQuery{Clinic: p.clinic(), Person: "ruth"})
	if err != nil || len(rows) != 1 || rows[0].Client != key || !strings.Contains(rows[0].WhoWords, "at a terminal") {
		t.Errorf("whom ruth saw: %+v, %v", rows, err)
	}
	if rows, err = o.Access(t.Context(), AccessQuery{Clinic: p.clinic(), Person: "ruth", Since: p.Now().Add(time.Hour)}); err != nil || len(rows) != 0 {
		t.Errorf("later: %+v, %v", rows, err)
	}
	check, err := o.VerifyAudit(t.Context(), "", nil)
	if err != nil || check.Looks != len(want) || len(check.Wrong) > 0 {
		t.Errorf("%+v, %v", check, err)
	}
	var text bytes.Buffer
	all, err := o.Access(t.Context(), AccessQuery{Clinic: p.clinic(), EHR: "dee"})
	if err == nil {
		err = o.WriteAccess(&text, p.clinic(), all)
	}
	if err != nil || strings.Contains(text.String(), "Vandermolen") || !strings.Contains(text.String(), "Amara Cole") || !strings.Contains(text.String(), "America/Chicago") {
		t.Errorf("%v\n%s", err, &text)
	}
}

// clumsy fails to write looks down, as long as it is told to.
type clumsy struct {
	LookKeeper
	fails *atomic.Int64
}

var errClumsy = errors.New("the disk is full")

func (c clumsy) KeepAccess(ctx context.Context, ref runner.Ref, a jetstream.Access) error {
	if c.fails.Add(-1) >= 0 {
		return errClumsy
	}
	err := c.LookKeeper.KeepAccess(ctx, ref, a)
	if c.fails.Load() == -1 && err == nil {
		return errClumsy // it took effect, and nobody heard so
	}
	return err
}

// TestLooksHoldUpNoPage: while looks cannot be written down the pages are shown, and
// once they can be, each is there once.
func TestLooksHoldUpNoPage(t *testing.T) {
	t.Parallel()
	fails := &atomic.Int64{}
	fails.Store(4)
	p := run(t, storyConfig(t), WithBetween(Between{Looks: func(k LookKeeper) LookKeeper { return clumsy{k, fails} }}))
	p.noshow("dee", events.RiskHigh)
	asked := p.expect(amara, "escalation")
	clinician := p.browser()
	clinician.post(asked.link(t, "e"), "code", asked.code(t), "do", "show")
	if g := clinician.get(asked.link(t, "e")); g.status != http.StatusOK || !strings.Contains(g.text, "Vandermolen-dee") {
		t.Fatalf("the page: %d\n%s", g.status, g.text)
	}
	o := p.beside()
	testkit.Eventually(t, patience, "the look is written down and no more is tried", func() bool { return fails.Load() <= -2 })
	if got := p.seen(o, "dee"); len(got) != 1 {
		t.Errorf("written down: %q", got)
	}
}

// TestLooksAreLostLoudly: what cannot be written down is counted and said, and the
// same look is tried anew when it comes again. A stop writes down what waits.
func TestLooksAreLostLoudly(t *testing.T) {
	t.Parallel()
	srv, err := jetstream.StartServer(jetstream.ServerConfig{Dir: t.TempDir(), Listen: "127.0.0.1:0", EventsPassword: "e", OperatorPassword: "o"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(srv.Stop)
	store, err := jetstream.Connect(t.Context(), jetstream.Options{Server: srv})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	fails, lost, log := &atomic.Int64{}, &atomic.Int64{}, &buffer{}
	wall := time.Date(2026, 3, 2, 16, 0, 0, 0, time.UTC)
	clock := func() time.Time { return wall }
	cfg := Config{Log: "json", LogLevel: "info"}
	l := newLooks(func(k LookKeeper) LookKeeper { return clumsy{k, fails} }, store, clock, func() { lost.Add(1) }, cfg.Logger(log))
	l.wall, l.patient = clock, -time.Second
	ref := runner.Ref{Clinic: "harbor", Key: events.ClientKey([]byte("x"), "harbor", "1")}
	sight := web.Sight{Session: "s", Person: "amara", Page: web.PageClient, Clinic: ref.Clinic, ClientKey: ref.Key}
	kept := func() int {
		n := 0
		if err := store.Accesses(t.Context(), ref, func(runner.Ref, jetstream.Access) error { n++; return nil }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); l.run(ctx) }()

	fails.Store(1 << 40)
	l.Saw(sight)
	testkit.Eventually(t, patience, "it is counted", func() bool { return lost.Load() == 1 })
	if text := log.tail(); !strings.Contains(text, "could not be written down") || !strings.Contains(text, ref.Key) || strings.Contains(text, "amara") {
		t.Errorf("the log says\n%s", text)
	}
	fails.Store(-10)
	l.Saw(sight)
	testkit.Eventually(t, patience, "it is written down", func() bool { return kept() == 1 })
	l.Saw(sight) // within the minute
	cancel()
	<-done
	wall = wall.Add(59 * time.Second)
	l.Saw(sight)
	wall = wall.Add(2 * time.Second)
	l.Saw(sight)
	refresh := sight
	refresh.Refresh = true
	wall = wall.Add(58 * time.Minute)
	l.Saw(refresh)
	wall = wall.Add(2 * time.Minute)
	l.Saw(refresh)
	l.run(ctx) // ended: it writes down what waits
	if n := kept(); n != 3 || lost.Load() != 1 {
		t.Errorf("%d are written down, %d lost; want 3 and 1", n, lost.Load())
	}
	// More than can wait.
	for i := range looksWaiting + 3 {
		one := sight
		one.Target = strings.Repeat("a", 1+i%40) + string(rune('a'+i/40%26)) + string(rune('a'+i/1040))
		l.Saw(one)
	}
	if lost.Load() != 1+3 {
		t.Errorf("%d are lost, want 4", lost.Load())
	}
}

// Every page has words, and no two the same.
func TestEveryPageHasWords(t *testing.T) {
	src, err := os.ReadFile("../web/sights.go")
	if err != nil {
		t.Fatal(err)
	}
	pages := []web.Page{pageTerminal, pageExport}
	for line := range strings.Lines(string(src)) {
		if f := strings.Fields(line); len(f) > 3 && strings.HasPrefix(f[0], "Page") && f[1] == "Page" {
			pages = append(pages, web.Page(strings.Trim(f[3], `"`)))
		}
	}
	words := map[string]bool{}
	for _, p := range pages {
		if w := pageWords(p); w == string(p) || words[w] {
			t.Errorf("the page %q has the words %q", p, w)
		}
		words[pageWords(p)] = true
	}
	if len(pages) != 9 {
		t.Errorf("%d pages were found: %q", len(pages), pages)
	}
}
