package templates

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/mooring-care/mooring/internal/testkit/axe"
	"github.com/mooring-care/mooring/internal/testkit/chromium"
)

// TestMailsInABrowser: no mail, in light or dark, on a phone or a desk, keeps
// anybody out, nor scrolls sideways.
func TestMailsInABrowser(t *testing.T) {
	ctx, ok := chromium.Start(t)
	if !ok {
		return
	}
	s := mustBuiltin(t)
	all := s.Gallery()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		m, err := s.Render(all[n].Template, all[n].Language, all[n].Reason, all[n].Values)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, m.HTML)
	}))
	defer server.Close()
	for i, g := range all {
		if err := chromedp.Do(ctx, chromedp.Navigate(fmt.Sprintf("%s/%d", server.URL, i))); err != nil {
			t.Fatal(err)
		}
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int64{360, 1200} {
				_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
				if err == nil {
					err = chromedp.Do(ctx, chromedp.EmulateViewport(width, 740))
				}
				if err != nil {
					t.Fatal(err)
				}
				if wide, err := chromedp.Run(ctx, chromedp.Evaluate[int64](`document.documentElement.scrollWidth`)); err != nil || wide > width {
					t.Errorf("%s: %d px wide on %d, %v", g.Title, wide, width, err)
				}
				// What axe-core finds hangs on the width or on the colours: two of the four
				// ways have both of each.
				if (width == 360) != (scheme == "light") {
					continue
				}
				if strings.HasSuffix(g.Title, ", bare") && width > 360 {
					continue // it lacks parts, and has none that the whole mail has not
				}
				// A mail has no landmarks and needs no heading: it is no page.
				found, err := axe.Check(ctx, "landmark-one-main", "page-has-heading-one", "region")
				if err != nil {
					t.Fatal(err)
				}
				for _, one := range found {
					t.Errorf("%s, %s, %d px: %s", g.Title, scheme, width, one)
				}
			}
		}
	}
}
