package app

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/notifier/templates"
	"github.com/mooring-care/mooring/workflows"
)

// TestIndiscreet: a clinic's own names and addresses are never refused; each that tells
// what a client comes for is named once, with the word and what to write instead.
func TestIndiscreet(t *testing.T) {
	t.Parallel()
	plain := workflows.Clinic{
		Name: "Harbour House", From: workflows.Address{Name: "Harbour House", Email: "hello@harbour.example"}, ReplyTo: workflows.Address{Name: "Front desk", Email: "desk@harbour.example"},
		BookingURL: "https://book.harbour.example/therapy", CrisisLine: workflows.CrisisLine{Name: "988 Lifeline", Phone: "988", URL: "https://988lifeline.org/"},
		Languages: []string{"en", "es"},
	}
	indiscreet := func(c *workflows.Clinic) []string {
		return slices.DeleteFunc(messages(c, time.Now()), func(m string) bool {
			return strings.Contains(m, "`emergency`") || strings.Contains(m, "`feed_quiet`") || strings.Contains(m, "do not translate")
		})
	}
	if got := indiscreet(&plain); len(got) > 0 {
		t.Fatalf("what says nothing: %q", got)
	}
	refused := plain
	refused.From.Name, refused.ReplyTo.Name = "Centro de Psicología Luna", "Dr. Moon"
	if got := indiscreet(&refused); len(got) > 0 {
		t.Errorf("what is refused is warned of too: %q", got)
	}
	waive := func(word string) []workflows.MailWaiver {
		return []workflows.MailWaiver{{Rule: templates.ClinicalWord, Waiver: workflows.Waiver{Words: []string{word}, By: "amara", Why: "it is its name"}}}
	}
	for name, tc := range map[string]struct {
		change func(*workflows.Clinic)
		want   []string
	}{
		"the name": {func(c *workflows.Clinic) { c.Name = "Harbour Lane Therapy and Counselling" }, []string{"the clinic's `name` \"Harbour Lane Therapy and Counselling\" says \"therapy\", \"counselling\"", "such as \"Harbour Lane\""}},
		"the name of the sender too": {
			func(c *workflows.Clinic) { c.Name, c.From.Name = "Anxiety Centre", "Anxiety Centre" },
			[]string{"the clinic's `name`, which is that of `from` too, \"Anxiety Centre\" says \"anxiety\", and everybody who sees a client's inbox", "in both places"},
		},
		// What an error names already is no warning too.
		"the sender": {func(c *workflows.Clinic) {
			c.From.Name, c.Lint.Waivers = "Centro de Psicología Luna", waive("psicologia")
		}, []string{"the name of `from`", "\"psicologia\"", "such as \"Centro de Luna\""}},
		"the reply name":         {func(c *workflows.Clinic) { c.ReplyTo.Name, c.Lint.Waivers = "Dr. Moon", waive("dr") }, []string{"the name of `reply_to` \"Dr. Moon\" says \"dr\""}},
		"the sender's address":   {func(c *workflows.Clinic) { c.From.Email = "therapy@harbour.example" }, []string{"the address of `from` \"therapy@harbour.example\" says \"therapy\""}},
		"the sender's host":      {func(c *workflows.Clinic) { c.From.Email = "hello@harbourtherapy.example" }, []string{"says \"harbourtherapy\""}},
		"the reply's address":    {func(c *workflows.Clinic) { c.ReplyTo.Email = "intake@harbour.example" }, []string{"the address of `reply_to`", "\"intake\""}},
		"the booking page":       {func(c *workflows.Clinic) { c.BookingURL = "https://book.anxietycare.example/x" }, []string{"the host of `booking_url` \"book.anxietycare.example\" says \"anxietycare\""}},
		"the crisis line":        {func(c *workflows.Clinic) { c.CrisisLine.Name = "Suicide Line" }, []string{"the name of the crisis line \"Suicide Line\"", "988 Lifeline"}},
		"the crisis line's page": {func(c *workflows.Clinic) { c.CrisisLine.URL = "https://suicideline.example/" }, []string{"the `url` of the crisis line", "\"suicideline\""}},
		"a wording": {func(c *workflows.Clinic) {
			c.Templates = map[string][]byte{"es/note": []byte("We are here for you and with you, and this is all of it")}
		}, []string{"templates/es/note.md:1:1: it reads as English"}},
	} {
		c := plain
		tc.change(&c)
		got := indiscreet(&c)
		if len(got) != 1 {
			t.Errorf("%s: %q", name, got)
			continue
		}
		for _, want := range tc.want {
			if !strings.Contains(got[0], want) {
				t.Errorf("%s: %s\nlacks %s", name, got[0], want)
			}
		}
	}
	want := []string{"988lifeline.org", "book.harbour.example", "harbour.example", "rides.example"}
	plain.Resources = []workflows.Resource{{Reach: workflows.Reach{URL: "https://rides.example/a"}}}
	if got := declaredHosts(&plain); !slices.Equal(got, want) {
		t.Errorf("declared %q, want %q", got, want)
	}
}
