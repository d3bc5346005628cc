package web

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestNumbersThatAPressDials: a clinic's number and a client's, each as what a press
// dials; empty is shown as text.
func TestNumbersThatAPressDials(t *testing.T) {
	t.Parallel()
	for phone, want := range map[string]struct{ ours, client string }{
		"988":                              {"tel:988", "tel:988"},
		"+52 800 290 0024":                 {"tel:+528002900024", "tel:+528002900024"},
		"(555) 010-0177":                   {"tel:5550100177", "tel:5550100177"},
		" 555.010.0177 ":                   {"tel:5550100177", "tel:5550100177"},
		"*31#5550177":                      {"tel:*31%235550177", "tel:*31%235550177"},
		"":                                 {},
		"n/a":                              {},
		"*#":                               {},
		"988 (24/7)":                       {},
		"988 (24)":                         {},
		"911 or 988":                       {},
		"988, option 1":                    {},
		"1-800-273-TALK":                   {},
		"555 0177 / 555 0178":              {},
		"+44 (0)20 7946 0958":              {},
		"15550100177 15550100178":          {},
		"(555) 010-0177 x12":               {"", "tel:5550100177"},
		"(555) 010-0177x12":                {"", "tel:5550100177"},
		"+1 555 0177 EXT. 12":              {"", "tel:+15550177"},
		"+1 555 0177, extension: 12":       {"", "tel:+15550177"},
		"555-0177;ext=12":                  {"", "tel:5550177"},
		"555-0177 #12":                     {"tel:5550177%2312", "tel:5550177"},
		"x12":                              {},
		"555 0177 ext":                     {},
		"555 0177 or 555 0178 x12":         {},
		"555 0177 x12 x13":                 {},
		"\">\u003cscript>5550177</script>": {},
	} {
		linked := func(number string) string {
			if !dials(number) {
				return ""
			}
			return string(telURL(number))
		}
		if ours, client := linked(phone), linked(direct(phone)); ours != want.ours || client != want.client {
			t.Errorf("%q dials %q, of a client %q; want %+v", phone, ours, client, want)
		}
	}
}

// TestClientsNumbersAreShownWhole, beside a link to what comes before an extension.
func TestClientsNumbersAreShownWhole(t *testing.T) {
	t.Parallel()
	pages, err := newPages()
	if err != nil {
		t.Fatal(err)
	}
	for phone, want := range map[string]string{
		"555 0177 x12":        `<a class="button main" href="tel:5550177">Call 555 0177 x12</a>`,
		"555 0177 / 555 0178": `Call <strong>555 0177 / 555 0178</strong>. This is not one number`,
		"":                    "No phone number is on record.",
	} {
		var b bytes.Buffer
		if err := pages.byName["escalation"].ExecuteTemplate(&b, "reach", Contact{Phone: phone}); err != nil {
			t.Fatal(err)
		}
		if got := b.String(); !strings.Contains(got, want) || strings.Contains(got, "tel:") != strings.Contains(want, "tel:") {
			t.Errorf("%q is shown as %s, want %s", phone, got, want)
		}
	}
}

// TestNoPageDialsAnotherNumber: whatever an older program stored under the clinic's
// telephones, no page has a link to anything else than is written, and clients read it.
func TestNoPageDialsAnotherNumber(t *testing.T) {
	t.Parallel()
	sample := SampleClinic()
	sample.Clinic.Phone = "555 0100 / 555 0101"
	line := CrisisLine{Name: "The line", Phone: "988 (24/7)", EmergencyPhone: "911 or 988"}
	sample.Clinic.Crisis, sample.Clinic.CrisisIn = line, map[string]CrisisLine{"es": line}
	sample.Resources = func(string, bool) []Resource { return []Resource{{Name: "Rides", Phone: "555 0142, option 1"}} }
	all, err := Gallery(sample, time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`href="tel:[^"]*"`)
	said := map[string]bool{"988 (24/7)": false, "555 0100 / 555 0101": false, "555 0142, option 1": false}
	clients := 0
	for _, p := range all {
		html := string(p.HTML)
		for text := range said {
			said[text] = said[text] || strings.Contains(html, text)
		}
		for _, l := range link.FindAllString(html, -1) {
			if l != `href="tel:5550100177"` {
				t.Errorf("%s: %s", p.Name, l)
			}
			clients++
		}
		if strings.Contains(html, `class="helpline"`) && !strings.Contains(html, "<p><span>The line</span>: 988 (24/7)</p>") && !strings.Contains(html, `<p><span lang="en">The line</span>: 988 (24/7)</p>`) {
			t.Errorf("%s: the bar does not say the line's number", p.Name)
		}
	}
	if clients == 0 || slices.Contains([]bool{said["988 (24/7)"], said["555 0100 / 555 0101"], said["555 0142, option 1"]}, false) {
		t.Errorf("%d links to a client's number; said %v", clients, said)
	}
}
