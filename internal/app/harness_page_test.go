package app

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/mooring-care/mooring/internal/testkit/axe"
	"github.com/mooring-care/mooring/internal/testkit/chromium"
)

// readable opens a page that was written into a folder in a browser: on a phone, in
// light and dark, it keeps nobody out and does not scroll sideways.
func readable(t *testing.T, dir, file string) {
	t.Helper()
	ctx, ok := chromium.Start(t)
	if !ok {
		return
	}
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	defer server.Close()
	for _, scheme := range []string{"light", "dark"} {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
		if err == nil {
			err = chromedp.Do(ctx, chromedp.EmulateViewport(360, 740))
		}
		if err == nil {
			err = chromedp.Do(ctx, chromedp.Navigate(server.URL+"/"+file))
		}
		if err != nil {
			t.Fatal(err)
		}
		found, err := axe.Check(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range found {
			t.Errorf("%s, %s: %s", file, scheme, one)
		}
		// What is folded away must fit, too.
		const unfolded = `document.querySelectorAll("details").forEach(d => d.open = true), document.documentElement.scrollWidth`
		if wide, err := chromedp.Run(ctx, chromedp.Evaluate[int64](unfolded)); err != nil || wide > 360 {
			t.Errorf("%s is %d px wide on 360, %v", file, wide, err)
		}
	}
}
