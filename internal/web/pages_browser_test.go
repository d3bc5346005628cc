package web_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/mooring-care/mooring/internal/testkit/axe"
	"github.com/mooring-care/mooring/internal/testkit/chromium"
	"github.com/mooring-care/mooring/internal/web"
)

// inspect finds what is wrong with a page as it is laid out: wider than the
// screen, text that is hard to read, controls too small for a thumb or without
// a name, or one that needs a script to act. It answers with one line for each.
const inspect = `(() => {
  const found = [];
  const wide = document.documentElement.scrollWidth;
  if (wide > innerWidth) {
    const worst = Array.from(document.body.querySelectorAll("*")).filter((e) => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 3).map((e) => e.tagName + "." + e.className);
    found.push("scrolls sideways: " + wide + " px of " + innerWidth + ": " + worst.join(", "));
  }
  const rgb = (s) => { const m = s.match(/[\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m; };
  const light = (c) => { const f = c.slice(0, 3).map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * f[0] + 0.7152 * f[1] + 0.0722 * f[2]; };
  const behind = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c[3] > 0.99) return c; } return [255, 255, 255, 1]; };
  const hidden = (e) => e.closest(".quiet, .skip, [hidden], button.default") || getComputedStyle(e).visibility === "hidden" || e.getClientRects().length === 0;
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.textContent.trim() || seen.has(e) || ["SCRIPT", "STYLE", "NOSCRIPT"].includes(e.tagName) || hidden(e)) continue;
    seen.add(e);
    const style = getComputedStyle(e), a = light(rgb(style.color)), b = light(behind(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 600);
    if (ratio < (large ? 3 : 4.5)) found.push("contrast " + ratio.toFixed(2) + ": " + e.tagName + " " + e.textContent.trim().slice(0, 40));
    if (size < 13) found.push("small text " + size + ": " + e.textContent.trim().slice(0, 40));
  }
  for (const e of document.querySelectorAll("button, .button, .call, nav a, label.pick, summary, input:not([type=hidden]), textarea, .list h3 a, .links a")) {
    if (hidden(e)) continue;
    const box = (e.closest("label.pick") || e).getBoundingClientRect();
    if (box.height < 43.5) found.push("low for a thumb, " + box.height + " px: " + e.tagName + " " + e.textContent.trim().slice(0, 40));
    if (["INPUT", "TEXTAREA"].includes(e.tagName) && !e.labels.length) found.push("no label: " + e.name);
  }
  for (const e of document.querySelectorAll("button")) if (!e.form || e.type !== "submit") found.push("needs a script: " + e.textContent.trim());
  for (const e of document.querySelectorAll("a:not([href]), form:not([method=post])")) found.push("leads nowhere: " + e.outerHTML.slice(0, 80));
  if (document.querySelectorAll("h1").length !== 1) found.push("not one h1: " + document.querySelectorAll("h1").length);
  if (!document.documentElement.lang || !document.title) found.push("no language or no title");
  for (const e of document.querySelectorAll("[aria-describedby]")) for (const id of e.getAttribute("aria-describedby").split(" ")) if (!document.getElementById(id)) found.push("describes by nothing: " + id);
  const ids = Array.from(document.querySelectorAll("[id]"), (e) => e.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push("id twice: " + id);
  const bar = document.querySelector(".helpline");
  if (bar) { scrollTo(0, document.body.scrollHeight); if (bar.getBoundingClientRect().top < -0.5 || bar.getBoundingClientRect().bottom > innerHeight) found.push("the crisis line scrolls out of view"); scrollTo(0, 0); }
  return found;
})()`

// TestPagesInABrowser lays every page out in every state, narrow and wide, in
// light and dark, and finds nothing to mend, neither by the rules of this file
// nor by those of axe-core. Staff pages that follow what happens are opened
// without scripts, too; no other page has one. Then the keyboard goes through
// the page. MOORING_SCREENSHOTS names a folder that gets a picture of each.
func TestPagesInABrowser(t *testing.T) {
	ctx, ok := chromium.Start(t)
	if !ok {
		return
	}
	handler, err := web.GalleryHandler(web.SampleClinic(), noon())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(plain(handler))
	defer server.Close()
	all, err := web.Gallery(web.SampleClinic(), noon())
	if err != nil {
		t.Fatal(err)
	}
	const tabs = 2
	walked := &sync.Map{}
	todo := make(chan web.Preview)
	go func() {
		defer close(todo)
		for _, p := range all {
			select {
			case todo <- p:
			case <-ctx.Done():
				return
			}
		}
	}()
	// The group ends when its tabs have, so that the server outlives them.
	t.Run("tab", func(t *testing.T) {
		for i := range tabs {
			t.Run(fmt.Sprint(i+1), func(t *testing.T) {
				t.Parallel()
				ctx, tab := chromium.Tab(t, ctx), pageTab{base: server.URL, shots: os.Getenv("MOORING_SCREENSHOTS"), walked: walked}
				for p := range todo {
					t.Run(p.Name, func(t *testing.T) { tab.look(t, ctx, p) })
				}
			})
		}
	})
}

// plain serves pages under /plain as a browser without scripts reads them, and
// without the sandbox of a mail's body: axe-core is a script itself.
func plain(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, ok := strings.CutPrefix(r.URL.Path, "/plain")
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		got := request(next, http.MethodGet, path, nil)
		body := regexp.MustCompile(`<script.*?</script>|</?noscript>`).ReplaceAllString(got.body, "")
		w.Header().Set("Content-Type", got.Header.Get("Content-Type"))
		policy, _, _ := strings.Cut(got.Header.Get("Content-Security-Policy"), "sandbox")
		w.Header().Set("Content-Security-Policy", policy)
		_, _ = io.WriteString(w, body)
	})
}

// pageTab is a tab that looks at one page after the other.
type pageTab struct {
	base  string
	shots string // a folder for pictures, if any
	// walked are the stops of the pages that the keyboard has gone through: one
	// of the same stops in the same order is not gone through again.
	walked *sync.Map
}

func (tab pageTab) do(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

func (tab pageTab) scheme(t *testing.T, ctx context.Context, scheme string) {
	t.Helper()
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
	if err != nil {
		t.Fatal(err)
	}
}

func (tab pageTab) scripts(t *testing.T, ctx context.Context, on bool) {
	t.Helper()
	if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on}); err != nil {
		t.Fatal(err)
	}
}

// look opens a page and asks for every way in which it can be laid out.
func (tab pageTab) look(t *testing.T, ctx context.Context, p web.Preview) {
	t.Helper()
	// A mail's own HTML is laid out by its sender: axe-core alone looks at it.
	letter := strings.HasSuffix(p.Name, "-body")
	page := "/gallery/" + p.Name
	if letter {
		page = "/plain" + page
	}
	tab.do(t, ctx, chromedp.EmulateViewport(360, 740), chromedp.Navigate(tab.base+page))
	for _, width := range []int64{360, 1200} {
		tab.do(t, ctx, chromedp.EmulateViewport(width, 740))
		for _, scheme := range []string{"light", "dark"} {
			tab.scheme(t, ctx, scheme)
			how := fmt.Sprintf("%s, %d px", scheme, width)
			// What axe-core finds hangs on the width or on the colours: two of the four
			// ways have both of each.
			axes := (width == 360) == (scheme == "light")
			if strings.HasSuffix(p.Name, "-es") && width > 360 {
				axes = false // the colours are those of the page in English
			}
			tab.check(t, ctx, how, !letter, axes)
			tab.picture(t, ctx, fmt.Sprintf("%s-%s-%d.png", p.Name, scheme, width))
		}
	}
	tab.do(t, ctx, chromedp.EmulateViewport(360, 740))
	tab.scheme(t, ctx, "light")
	if letter {
		return
	}
	tab.walk(t, ctx, true)
	if !bytes.Contains(p.HTML, []byte("<noscript")) {
		return
	}
	tab.do(t, ctx, chromedp.Navigate(tab.base+"/plain"+page))
	tab.check(t, ctx, "without scripts", true, true)
	tab.scripts(t, ctx, false)
	defer tab.scripts(t, ctx, true)
	tab.do(t, ctx, chromedp.Navigate(tab.base+page))
	tab.walk(t, ctx, false)
	tab.picture(t, ctx, p.Name+"-without-scripts.png")
}

// check says what is wrong with the page as it is laid out now.
func (tab pageTab) check(t *testing.T, ctx context.Context, how string, ours, axes bool) {
	t.Helper()
	var found, except []string
	if !ours {
		// A mail has no landmarks and needs no heading: it is no page.
		except = []string{"landmark-one-main", "page-has-heading-one", "region"}
	}
	if axes {
		var err error
		if found, err = axe.Check(ctx, except...); err != nil {
			t.Fatalf("%s: %v", how, err)
		}
	}
	if ours {
		more, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](inspect))
		if err != nil {
			t.Fatalf("%s: %v", how, err)
		}
		found = append(found, more...)
	}
	for _, one := range found {
		t.Errorf("%s: %s", how, one)
	}
}

func (tab pageTab) picture(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	if tab.shots == "" {
		return
	}
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatalf("take a picture: %v", err)
	}
	if err := os.WriteFile(filepath.Join(tab.shots, name), picture, 0o600); err != nil {
		t.Fatal(err)
	}
}

// stops opens what is folded and names everything that the keyboard must come
// to. Of a group of radio buttons it comes to one, and arrows lead to the rest. The
// button that stands for Enter alone is for nobody to reach.
const stops = `(() => {
  for (const d of document.querySelectorAll("details")) d.open = true;
  const all = Array.from(document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, iframe, [tabindex='0'], [contenteditable]"));
  window.stops = all.filter((e) => !e.matches("button.default[aria-hidden='true'][tabindex='-1']") && e.getClientRects().length > 0 && getComputedStyle(e).visibility !== "hidden");
  return window.stops.map((e, i) => i + " " + e.tagName.toLowerCase() + (e.name ? " " + e.name + "=" + e.value : "") + " " + e.textContent.trim().slice(0, 40));
})()`

// stop says which of the stops has the keyboard, how many radio buttons follow
// it in its group, and what is wrong: a focus that does not show, or that is
// covered or out of view.
const stop = `(() => {
  const e = document.activeElement, at = window.stops.indexOf(e), wrong = [];
  const group = e.type === "radio" ? window.stops.filter((o) => o.type === "radio" && o.form === e.form && o.name === e.name) : [];
  if (at >= 0 && e.tagName !== "IFRAME") { // inside a frame the mail's own links have the focus
    const shown = [e, e.closest("label")].some((o) => o && getComputedStyle(o).outlineStyle !== "none" && parseFloat(getComputedStyle(o).outlineWidth) >= 2);
    if (!shown) wrong.push("the focus does not show");
    // The part of it that is in view; a tall field may go on below.
    const box = e.getClientRects()[0], top = Math.max(box.top, 0), bottom = Math.min(box.bottom, innerHeight);
    const seen = document.elementFromPoint(box.left + box.width / 2, (top + bottom) / 2);
    if (!seen || !(e.contains(seen) || seen.contains(e) && seen.closest("label"))) wrong.push("covered or out of view: at " + Math.round(box.top) + " to " + Math.round(box.bottom) + " lies " + (seen ? seen.tagName + "." + seen.className : "nothing"));
  }
  return {At: at, Group: group.length, Wrong: wrong};
})()`

// walk goes through the page with the keyboard alone.
func (tab pageTab) walk(t *testing.T, ctx context.Context, scripts bool) {
	t.Helper()
	names, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](stops))
	if err != nil {
		t.Fatal(err)
	}
	if _, before := tab.walked.LoadOrStore(fmt.Sprint(scripts, names), true); before {
		return
	}
	reached := make([]bool, len(names))
	key := func(k string) int {
		t.Helper()
		press(t, ctx, k)
		now, err := chromedp.Run(ctx, chromedp.Evaluate[struct {
			At, Group int
			Wrong     []string
		}](stop))
		if err != nil {
			t.Fatal(err)
		}
		if now.At < 0 || reached[now.At] {
			return 0
		}
		reached[now.At] = true
		for _, w := range now.Wrong {
			t.Errorf("by keyboard: %s: %s", names[now.At], w)
		}
		return now.Group
	}
	// A date is several stops, and the page's end is one more.
	for range 2*len(names) + 10 {
		if !slices.Contains(reached, false) {
			return
		}
		if group := key(kb.Tab); group > 1 {
			for range group {
				key(kb.ArrowDown)
			}
		}
	}
	for i, ok := range reached {
		if !ok {
			t.Errorf("the keyboard never comes to %s", names[i])
		}
	}
}
