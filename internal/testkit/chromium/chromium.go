// Package chromium starts a real browser for a test.
//
// It must never be imported by the program itself.
package chromium

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Start starts one Chromium for a test. Where there is none the test is left
// out and says so, unless MOORING_REQUIRE_BROWSER=1 makes that a failure.
func Start(t testing.TB, more ...chromedp.ExecAllocatorOption) (context.Context, bool) {
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
		fmt.Fprintln(os.Stdout, "browser tests left out: no Chromium found")
		return nil, false
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
	)
	ctx, cancelAllocator := chromedp.NewExecAllocator(t.Context(), append(opts, more...)...)
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
	focus(t, ctx)
	limited, cancelTime := context.WithTimeout(ctx, 10*time.Minute)
	t.Cleanup(cancelTime)
	return limited, true
}

// Tab opens one more tab of the browser of ctx.
func Tab(t testing.TB, ctx context.Context) context.Context {
	t.Helper()
	tab, cancel := chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	focus(t, tab)
	return tab
}

// focus lets a tab behave as if it stood in front. A window without a screen
// never has the system's focus; what depends on it, such as autofocus, then
// waits for ever.
func focus(t testing.TB, ctx context.Context) {
	t.Helper()
	if _, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
}
