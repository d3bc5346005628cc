package web_test

import (
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/mooring-care/mooring/internal/testkit/chromium"
	"github.com/mooring-care/mooring/internal/web"
)

// TestPauseByKeyboard at 360 px with scripts off: the keyboard alone pauses the mail
// of a clinic and of a workflow, and lets it out again.
func TestPauseByKeyboard(t *testing.T) {
	ctx, ok := chromium.Start(t)
	if !ok {
		return
	}
	d := newDesk(t)
	server := httptest.NewServer(d.handler)
	defer server.Close()
	if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(360, 740), chromedp.Navigate(server.URL+"/signin/"+d.token()), chromedp.Click(chromedp.CSS("button.main"))); err != nil {
		t.Fatal(err)
	}
	waitFor(t, ctx, "#live")
	tabTo(t, ctx, "Pause mail")
	press(t, ctx, kb.Enter)
	waitFor(t, ctx, `input[name="why"]`)
	tabTo(t, ctx, "why")
	press(t, ctx, "n", "o", " ", "h", "e", "a", "t", kb.Tab)
	if got := focused(t, ctx); got != "Pause all mail to clients" {
		t.Errorf("after the reason the keyboard is on %q", got)
	}
	press(t, ctx, kb.Enter)
	waitFor(t, ctx, ".status")
	tabTo(t, ctx, "Late cancellation")
	press(t, ctx, kb.Enter, kb.Tab, "w", "o", "r", "d", "s", kb.Tab)
	if got := focused(t, ctx); got != "Pause its mail: Late cancellation" {
		t.Errorf("after the workflow's reason the keyboard is on %q", got)
	}
	press(t, ctx, kb.Enter)
	waitFor(t, ctx, "details .status")
	tabTo(t, ctx, "Let mail go out again")
	press(t, ctx, kb.Enter)
	waitFor(t, ctx, `section > form input[name="why"]`)
	d.mu.Lock()
	defer d.mu.Unlock()
	want := []string{"harbor/ operator holds no heat", "harbor/late-cancellation operator holds words", "harbor/ operator releases p1"}
	if !slices.Equal(d.pausing.asked, want) {
		t.Errorf("asked %q, want %q", d.pausing.asked, want)
	}
}

// TestPauseAppearsByItself on the first page, and is said aloud.
func TestPauseAppearsByItself(t *testing.T) {
	ctx, ok := chromium.Start(t)
	if !ok {
		return
	}
	d := newDesk(t)
	server := httptest.NewServer(d.handler)
	defer server.Close()
	if err := chromedp.Do(ctx, chromedp.Navigate(server.URL+"/signin/"+d.token()), chromedp.Click(chromedp.CSS("button.main"))); err != nil {
		t.Fatal(err)
	}
	waitFor(t, ctx, "#live")
	d.mu.Lock()
	d.pausing.all.Staff = &web.Pause{By: "Dana Whitfield", Why: "no heating", Since: noon()}
	d.mu.Unlock()
	waitFor(t, ctx, "#paused")
	if said, err := chromedp.Run(ctx, chromedp.TextContent(chromedp.CSS("#spoken"))); err != nil || said != "0 open escalations. Mail to clients is paused" {
		t.Errorf("said %q, %v", said, err)
	}
}
