package web_test

import (
	"context"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/mooring-care/mooring/internal/testkit/chromium"
)

// tabTo goes on with the keyboard until it is on something.
func tabTo(t *testing.T, ctx context.Context, want string) {
	t.Helper()
	for range 30 {
		if focused(t, ctx) == want {
			return
		}
		press(t, ctx, kb.Tab)
	}
	t.Fatalf("the keyboard never comes to %q, it is on %q", want, focused(t, ctx))
}

// TestTwoTapsByKeyboard at 360 px with scripts off: the keyboard alone notices
// something and pauses mail, and sees where it is.
func TestTwoTapsByKeyboard(t *testing.T) {
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
	do := func(steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, steps...); err != nil {
			t.Fatal(err)
		}
	}
	do(chromedp.EmulateViewport(360, 740), chromedp.Navigate(server.URL+"/signin/"+d.token()), chromedp.Click(chromedp.CSS("button.main")))
	waitFor(t, ctx, "#live")

	do(chromedp.Navigate(server.URL + carePage))
	tabTo(t, ctx, "I notice…")
	press(t, ctx, kb.Enter)
	waitFor(t, ctx, `input[name="noticed"]`)
	tabTo(t, ctx, "noticed")
	press(t, ctx, " ")
	tabTo(t, ctx, "Do you know more?")
	press(t, ctx, kb.Enter, kb.Tab, kb.ArrowDown) // the first reason
	tabTo(t, ctx, "Save")
	outline, err := chromedp.Run(ctx, chromedp.Evaluate[string](`getComputedStyle(document.activeElement).outlineStyle`))
	if err != nil || outline != "solid" {
		t.Errorf("the focus looks like %q, %v", outline, err)
	}
	press(t, ctx, kb.Enter)
	waitFor(t, ctx, ".note")
	if text := pageText(t, ctx); !strings.Contains(text, "Thank you") {
		t.Errorf("the page says %q", text)
	}

	do(chromedp.Navigate(server.URL + carePage))
	tabTo(t, ctx, "I notice…") // past the menu, which pauses everybody's mail
	tabTo(t, ctx, "Pause mail")
	press(t, ctx, kb.Enter, kb.Tab) // into the day
	press(t, ctx, "03", "09", "2030")
	press(t, ctx, kb.Tab, kb.Tab)
	tabTo(t, ctx, "Pause mail")
	press(t, ctx, kb.Enter)
	waitFor(t, ctx, ".note")
	if text := pageText(t, ctx); !strings.Contains(text, "Mail is paused") {
		t.Errorf("the page says %q", text)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	want := []string{`operator notices [quieter] "vulnerability" ""`, "operator pauses 2030-03-09"}
	if !slices.Equal(d.care.said, want) {
		t.Errorf("said %q, want %q", d.care.said, want)
	}
}
