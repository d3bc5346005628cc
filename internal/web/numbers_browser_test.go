package web_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/mooring-care/mooring/internal/testkit/chromium"
	"github.com/mooring-care/mooring/internal/web"
)

// narrow finds a sentence that has a few letters a line, and words that leave their
// button.
const narrow = `(() => {
  const found = [];
  const lines = (e) => {
    const range = document.createRange();
    range.selectNodeContents(e);
    return new Set(Array.from(range.getClientRects(), (r) => Math.round(r.top))).size;
  };
  const say = (what, e) => found.push(what + ": " + e.textContent.trim());
  for (const e of document.querySelectorAll(".helpline p")) if (lines(e) > 3) say(lines(e) + " lines in " + Math.round(e.getBoundingClientRect().width) + " px", e);
  for (const e of document.querySelectorAll("a[href^='tel:']")) {
    if (lines(e) > 3) say(lines(e) + " lines in a link", e);
    const range = document.createRange();
    range.selectNodeContents(e);
    const words = range.getBoundingClientRect(), box = e.getBoundingClientRect(), around = e.parentElement.getBoundingClientRect();
    if (words.left < box.left - 0.5 || words.right > box.right + 0.5 || words.top < box.top - 3 || words.bottom > box.bottom + 3) say("words leave their link", e);
    if (box.left < around.left - 0.5 || box.right > around.right + 0.5) say("a link leaves what is around it", e);
  }
  if (document.querySelectorAll(".helpline .call, .safe.button").length < 2) found.push("a button is missing");
  return found;
})()`

// TestLongNumbersInABrowser: however long the crisis line's number is, on a small
// screen the bar's sentence can be read and the buttons hold their words.
func TestLongNumbersInABrowser(t *testing.T) {
	ctx, ok := chromium.Start(t)
	if !ok {
		return
	}
	tab := pageTab{shots: os.Getenv("MOORING_SCREENSHOTS"), walked: &sync.Map{}}
	for i, number := range []string{"+52 800 290 0024", "+9 (999) 9.9.9.9.9.9.9.9.9.9  9*#*#*#*#"} {
		sample := web.SampleClinic()
		sample.Clinic.Phone = number
		line := sample.Clinic.Crisis
		line.Phone, line.EmergencyPhone = number, number
		es := sample.Clinic.CrisisIn["es"]
		es.Phone, es.EmergencyPhone = number, number
		sample.Clinic.Crisis, sample.Clinic.CrisisIn = line, map[string]web.CrisisLine{"es": es}
		handler, err := web.GalleryHandler(sample, noon())
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		for _, page := range []string{"checkin-not-safe", "checkin-not-safe-es"} {
			tab.do(t, ctx, chromedp.EmulateViewport(360, 740), chromedp.Navigate(server.URL+"/gallery/"+page))
			for _, width := range []int64{360, 320} {
				tab.do(t, ctx, chromedp.EmulateViewport(width, 740))
				found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](narrow))
				if err != nil {
					t.Fatal(err)
				}
				for _, one := range found {
					t.Errorf("%s of %s, %d px: %s", page, number, width, one)
				}
				tab.check(t, ctx, fmt.Sprintf("%s of %s, %d px", page, number, width), true, false)
				tab.walk(t, ctx, true)
				tab.picture(t, ctx, fmt.Sprintf("number-%d-%s-%d.png", i+1, page, width))
			}
		}
	}
}
