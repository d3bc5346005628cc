package web_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/mooring-care/mooring/internal/links"
	"github.com/mooring-care/mooring/internal/web"
)

// browser starts one Chromium for a test. Where there is none the test is left
// out and says so, unless MOORING_REQUIRE_BROWSER=1 makes that a failure.
func browser(t *testing.T) (context.Context, bool) {
	t.Helper()
	path := os.Getenv("MOORING_CHROMIUM")
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome", "headless-shell"} {
		if path != "" {
			break
		}
		path, _ = exec.LookPath(name)
	}
	if path == "" {
		if os.Getenv("MOORING_REQUIRE_BROWSER") == "1" {
			t.Fatal("MOORING_REQUIRE_BROWSER=1, and no Chromium was found in PATH or MOORING_CHROMIUM")
		}
		fmt.Println("browser tests left out: no Chromium found")
		return nil, false
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
	)
	ctx, cancelAllocator := chromedp.NewExecAllocator(t.Context(), opts...)
	ctx, cancel := chromedp.NewContext(ctx)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		// cancel would wait for a Chromium that never started.
		cancelAllocator()
		t.Fatalf("start Chromium %s: %v", path, err)
	}
	// Cancel waits until Chromium has ended, so that its folder can be removed.
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx)
		cancel()
		cancelAllocator()
	})
	// A window without a screen never has the system's focus; what depends on
	// it, such as autofocus, then waits for ever.
	if _, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	limited, cancelTime := context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(cancelTime)
	return limited, true
}

// inspect finds what is wrong with a page as it is laid out: wider than the
// screen, text that is hard to read, controls too small for a thumb or without
// a name. It answers with one line for each.
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
  const hidden = (e) => e.closest(".quiet, .skip, [hidden]") || getComputedStyle(e).visibility === "hidden" || e.getClientRects().length === 0;
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
  for (const e of document.querySelectorAll("button, .button, .call, nav a, label.pick, input:not([type=hidden]), textarea, .list h3 a, .links a")) {
    if (hidden(e)) continue;
    const box = (e.closest("label.pick") || e).getBoundingClientRect();
    if (box.height < 43.5) found.push("low for a thumb, " + box.height + " px: " + e.tagName + " " + e.textContent.trim().slice(0, 40));
    if (["INPUT", "TEXTAREA"].includes(e.tagName) && !e.labels.length) found.push("no label: " + e.name);
  }
  if (document.querySelectorAll("h1").length !== 1) found.push("not one h1: " + document.querySelectorAll("h1").length);
  if (!document.documentElement.lang || !document.title) found.push("no language or no title");
  for (const e of document.querySelectorAll("[aria-describedby]")) for (const id of e.getAttribute("aria-describedby").split(" ")) if (!document.getElementById(id)) found.push("describes by nothing: " + id);
  const ids = Array.from(document.querySelectorAll("[id]"), (e) => e.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push("id twice: " + id);
  const bar = document.querySelector(".helpline");
  if (bar) { scrollTo(0, document.body.scrollHeight); if (bar.getBoundingClientRect().top < -0.5 || bar.getBoundingClientRect().bottom > innerHeight) found.push("the crisis line scrolls out of view"); scrollTo(0, 0); }
  return found;
})()`

// TestPagesInABrowser lays every page out in every state at 360 px, in light
// and dark, and finds nothing to mend. MOORING_SCREENSHOTS names a folder that
// gets a picture of each, wide ones too.
func TestPagesInABrowser(t *testing.T) {
	ctx, ok := browser(t)
	if !ok {
		return
	}
	handler, err := web.GalleryHandler(noon())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	all, err := web.Gallery(noon())
	if err != nil {
		t.Fatal(err)
	}
	shots := os.Getenv("MOORING_SCREENSHOTS")
	for _, p := range all {
		if strings.HasSuffix(p.Name, "-body") {
			continue // a mail's own HTML, whose look is its sender's
		}
		if err := chromedp.Do(ctx, chromedp.EmulateViewport(360, 740), chromedp.Navigate(server.URL+"/gallery/"+p.Name)); err != nil {
			t.Fatalf("%s: %v", p.Name, err)
		}
		for _, scheme := range []string{"light", "dark"} {
			_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
			}})
			if err != nil {
				t.Fatalf("%s, %s: %v", p.Name, scheme, err)
			}
			found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](inspect))
			if err != nil {
				t.Fatalf("%s, %s: %v", p.Name, scheme, err)
			}
			for _, one := range found {
				t.Errorf("%s, %s: %s", p.Name, scheme, one)
			}
			if shots == "" {
				continue
			}
			for _, width := range []int64{360, 1200} {
				if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 740)); err != nil {
					t.Fatal(err)
				}
				picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
				if err != nil {
					t.Fatalf("%s: take a picture: %v", p.Name, err)
				}
				name := filepath.Join(shots, fmt.Sprintf("%s-%s-%d.png", p.Name, scheme, width))
				if err := os.WriteFile(name, picture, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := chromedp.Do(ctx, chromedp.EmulateViewport(360, 740)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// press types keys, one after the other.
func press(t *testing.T, ctx context.Context, keys ...string) {
	t.Helper()
	for _, k := range keys {
		if err := chromedp.Do(ctx, chromedp.KeyEvent(k)); err != nil {
			t.Fatalf("press %q: %v", k, err)
		}
	}
}

// focused names what the keyboard is on.
func focused(t *testing.T, ctx context.Context) string {
	t.Helper()
	got, err := chromedp.Run(ctx, chromedp.Evaluate[string](`(document.activeElement.textContent.trim() || document.activeElement.name || document.activeElement.tagName)`))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// waitFor waits until a selector is there, and shows the page when it is not.
func waitFor(t *testing.T, ctx context.Context, selector string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.WaitReady(chromedp.CSS(selector))); err != nil {
		t.Fatalf("wait for %s: %v", selector, err)
	}
}

func pageText(t *testing.T, ctx context.Context) string {
	t.Helper()
	text, err := chromedp.Run(ctx, chromedp.TextContent(chromedp.CSS("main")))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestKeyboardAloneAcknowledges at 360 px: the code field has the focus, the
// next stop is the button, and what has the focus can be seen.
func TestKeyboardAloneAcknowledges(t *testing.T) {
	ctx, ok := browser(t)
	if !ok {
		return
	}
	w := newWorldAt(t, "http://127.0.0.1")
	server := httptest.NewServer(w.handler)
	defer server.Close()
	c := w.claims(links.Escalation, "dana")
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(360, 740), chromedp.Navigate(server.URL+"/e/"+w.keys.Sign(c))); err != nil {
		t.Fatal(err)
	}
	waitFor(t, ctx, "#code:focus")
	press(t, ctx, strings.Split(w.keys.Code(c), "")...)
	press(t, ctx, kb.Tab)
	if got := focused(t, ctx); got != "I am contacting the client now" {
		t.Fatalf("after the code the keyboard is on %q", got)
	}
	outline, err := chromedp.Run(ctx, chromedp.Evaluate[string](`getComputedStyle(document.activeElement).outlineStyle + " " + getComputedStyle(document.activeElement).outlineWidth`))
	if err != nil || outline != "solid 3px" {
		t.Errorf("the focus looks like %q, %v", outline, err)
	}
	press(t, ctx, kb.Enter)
	waitFor(t, ctx, "p.status.taken")
	if text := pageText(t, ctx); !strings.Contains(text, "You took this") || !strings.Contains(text, "Jamie Rivera") {
		t.Errorf("the page says %q", text)
	}
	if w.ack == nil || w.ack.By != "dana" {
		t.Errorf("acknowledged: %+v", w.ack)
	}
	cookies, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.cookie`))
	if err != nil || cookies != "" {
		t.Errorf("a script can read %q, %v", cookies, err)
	}
}

// TestWithoutScripts: check-in, code and staff pages work with scripts off, and
// Enter on an answer never sends "not safe".
func TestWithoutScripts(t *testing.T) {
	ctx, ok := browser(t)
	if !ok {
		return
	}
	w := newWorldAt(t, "http://127.0.0.1")
	server := httptest.NewServer(w.handler)
	defer server.Close()
	if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	open := func(path string) {
		t.Helper()
		if err := chromedp.Do(ctx, chromedp.EmulateViewport(360, 740), chromedp.Navigate(server.URL+path)); err != nil {
			t.Fatal(err)
		}
	}
	click := func(selector string) {
		t.Helper()
		if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
			t.Fatalf("click %s: %v", selector, err)
		}
	}

	open(w.checkin())
	click(`input[value="hard"]`)
	press(t, ctx, kb.Enter)
	waitFor(t, ctx, ".lines")
	if text := pageText(t, ctx); !strings.Contains(text, "That sounds hard") {
		t.Errorf("the page says %q", text)
	}

	open(w.checkin())
	if err := chromedp.Do(ctx, chromedp.SendKeys(chromedp.CSS("#text"), "I am on my own.")); err != nil {
		t.Fatal(err)
	}
	click("button.unsafe")
	waitFor(t, ctx, ".card.now")
	if text := pageText(t, ctx); !strings.Contains(text, "is being told now") {
		t.Errorf("the page says %q", text)
	}
	if len(w.answers) != 2 || w.answers[0].Feeling != web.Hard || w.answers[1].Feeling != web.NotSafe || w.answers[1].Text != "I am on my own." {
		t.Errorf("answers: %+v", w.answers)
	}

	c := w.claims(links.Escalation, "dana")
	open("/e/" + w.keys.Sign(c))
	if err := chromedp.Do(ctx, chromedp.SendKeys(chromedp.CSS("#code"), w.keys.Code(c))); err != nil {
		t.Fatal(err)
	}
	click(`button[value="take"]`)
	waitFor(t, ctx, "p.status.taken")
	if w.ack == nil {
		t.Error("nothing was acknowledged")
	}
}

// TestStaffPagesInABrowser: the lists follow what happens; a mail shows in its
// frame with its own styles, and runs nothing.
func TestStaffPagesInABrowser(t *testing.T) {
	ctx, ok := browser(t)
	if !ok {
		return
	}
	d := newDesk(t)
	d.arrives(letter("m1", "The first note"))
	var mu sync.Mutex
	asked := map[string]int{} // what the browser asked for, with the answer's status
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		d.handler.ServeHTTP(rec, r)
		mu.Lock()
		asked[r.URL.Path] = rec.Code
		mu.Unlock()
		maps.Copy(w.Header(), rec.Header())
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	}))
	defer server.Close()
	do := func(steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, steps...); err != nil {
			t.Fatal(err)
		}
	}
	do(chromedp.Navigate(server.URL+"/signin/"+d.token()), chromedp.Click(chromedp.CSS("button.main")))
	waitFor(t, ctx, "#live")

	do(chromedp.Navigate(server.URL + "/mails"))
	waitFor(t, ctx, `a[href="/mails/m1"]`)
	do(chromedp.Focus(chromedp.CSS(`a[href="/mails/m1"]`)))
	d.arrives(letter("m2", "The second note"))
	waitFor(t, ctx, `a[href="/mails/m2"]`)
	if got := focused(t, ctx); got != "The first note" {
		t.Errorf("after the list changed the keyboard is on %q", got)
	}
	if said, err := chromedp.Run(ctx, chromedp.TextContent(chromedp.CSS("#spoken"))); err != nil || said != "2 mails, the newest: The second note" {
		t.Errorf("said %q, %v", said, err)
	}

	do(chromedp.Navigate(server.URL + "/mails/m2"))
	waitFor(t, ctx, "iframe.mail")
	found, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.querySelector("iframe.mail").contentDocument === null`))
	if err != nil || !found {
		t.Errorf("the mail is not shut off from the page: %v, %v", found, err)
	}
	mu.Lock()
	defer mu.Unlock()
	if asked["/mails/m2/body"] != http.StatusOK {
		t.Errorf("the frame got status %d", asked["/mails/m2/body"])
	}
	if status, ran := asked["/ran"]; ran {
		t.Errorf("the mail made a request, answered with %d", status)
	}
}
