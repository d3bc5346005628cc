package app

import (
	"strings"
	"testing"

	"github.com/mooring-care/mooring/notifier/templates"
)

// TestWhatIsLetByLeaves: what the check of settings and services lets by, a waiver's
// words too, is not kept back when the mail leaves; what it refuses would be.
func TestWhatIsLetByLeaves(t *testing.T) {
	t.Parallel()
	base, err := templates.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	const phone = "phone: \"988\""
	for name, tc := range map[string]struct {
		line, service string
		let, leaves   bool
	}{
		"plain":                               {let: true, leaves: true},
		"a crisis line's page":                {line: ", url: https://line.example.org/talk", let: true, leaves: true},
		"a crisis line's page that tells":     {line: ", url: https://line.example.org/intake", leaves: false},
		"a name that is a host":               {service: "title: Care.com", leaves: true}, // it is the service's own name
		"a name that is a host, answered":     {service: "title: Care.com, waiver: {words: [care.com], by: ruth, why: its name}", let: true, leaves: true},
		"a host in what is told":              {service: "title: Rides, about: See evil.com today., waiver: {words: [evil.com], by: ruth, why: w}", let: true, leaves: true},
		"an ending that few know":             {service: "title: Rides, about: See ride.help today., waiver: {words: [ride.help], by: ruth, why: w}", let: true, leaves: true},
		"an address, which nobody can let by": {service: "title: Rides, about: See https://evil.com/pay today., waiver: {words: [\"https://evil.com/pay\"], by: ruth, why: w}"},
		"one that begins with www":            {service: "title: Rides, about: See www.evil.com today., waiver: {words: [www.evil.com], by: ruth, why: w}"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := tc.service
			if service == "" {
				service = "title: Rides"
			}
			c := folderOf(t, strings.Replace(soundClinic, phone, phone+tc.line, 1), "resources:\n  - {"+service+", reach: {phone: \"1\"}, checked: 2026-11-01}\n")
			wrong := append(unfit(c), unfitResources(c)...)
			if (len(wrong) == 0) != tc.let {
				t.Errorf("the check finds %v", wrong)
			}
			set, err := base.WithRules(nil, lintRules(c))
			if err != nil {
				t.Fatal(err)
			}
			allowed := exceptions(&version{c, set}, "en")
			v := templates.SampleValues()
			v.ClinicName, v.CrisisName, v.CrisisPhone, v.CrisisText, v.CrisisURL = c.Name, c.CrisisLine.Name, c.CrisisLine.Phone, "", c.CrisisLine.URL
			v.Resources = []templates.Resource{resourceOf(&c.Resources[0])}
			sampled := v.Exceptions("https://mail.riverside.example/")
			allowed.Links, allowed.Own, allowed.PreferencesURL = append(allowed.Links, v.CheckinURL, v.BookingURL, v.PreferencesURL), sampled.Own, ""
			mail, err := base.Render("C", "en", templates.Unknown, v)
			if err != nil {
				t.Fatal(err)
			}
			found := templates.NewLinter(allowed).Leaving(mail.Mail(), templates.Client)
			if (len(found) == 0) != tc.leaves {
				t.Errorf("as it leaves, the lint finds %v", found)
			}
		})
	}
}

// FuzzBareHosts: what is taken for a host stands in the text, has an ending, and is
// named once.
func FuzzBareHosts(f *testing.F) {
	for _, s := range []string{"See ride.help, or evil.co.uk.", "9.am, 8.30.pm", "a..b.com", "bücher.de -x.org x-.org", ".com co.uk"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		seen := map[string]bool{}
		for _, host := range bareHosts(text) {
			if !strings.Contains(strings.ToLower(text), host) || !strings.Contains(host, ".") || seen[host] {
				t.Errorf("%q in %q", host, text)
			}
			seen[host] = true
		}
	})
}
