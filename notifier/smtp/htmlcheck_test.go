package smtp

import (
	"fmt"
	"testing"

	"github.com/mooring-care/mooring/notifier/templates"
)

// explained are the parts of our mails that some mail programs leave out or change, by
// mailpit's name for them (its data are those of caniemail.com), each with why that harms
// nobody. A part that is not here is a finding; one that no mail has any more must go.
func explained() map[string]string {
	return map[string]string{
		"css-at-media":        "dark colours and the narrow frame; without them the mail is light, and flows in any width",
		"css-background":      "a colour alone, no picture; without it dark words stand on the program's own ground",
		"css-border":          "lines around what is set apart by space as well",
		"css-border-radius":   "round corners; without them they are square",
		"css-display":         "inline-block gives a button its height; without it the button is a link in words",
		"css-font-weight":     "600 for a button; where only bold is known it is bold",
		"css-line-height":     "without it the program's own",
		"css-margin":          "the middle of the page is also said by align=center, and no margin is negative",
		"css-max-width":       "600 px; without it the frame is as wide as the window, and still reads",
		"css-padding":         "space around words",
		"css-text-decoration": "none for a button; without it the button's words are underlined",
		"css-white-space":     "keeps a number or a code on one line; otherwise it may break",
		"css-width":           "the frame is at most as wide as its window",
		"html-body":           "its colour and space are decoration; the words stand in the table",
		"html-style":          "holds nothing but the rules of css-at-media; colours and sizes stand inline",
	}
}

// TestHTMLCheck: mailpit's check of what mail programs make of the HTML finds nothing in
// any mail, in any state, that is not explained.
func TestHTMLCheck(t *testing.T) {
	binary := mailpit(t)
	if binary == "" {
		return
	}
	set, err := templates.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	s, api := run(t, binary, []string{"--max", "0"})
	send, samples := to(t, s, nil), set.Gallery()
	for i, sample := range samples {
		out, err := set.Render(sample.Template, sample.Language, sample.Reason, sample.Values)
		if err != nil {
			t.Fatal(err)
		}
		m := sound()
		m.ID, m.MessageID = fmt.Sprintf("m%d", i), fmt.Sprintf("m%d@example.org", i)
		m.Subject, m.Text, m.HTML = out.Subject, out.Text, out.HTML
		if _, err := send.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	var list struct {
		Messages []struct{ ID, Subject string }
	}
	get(t, fmt.Sprintf("%s/api/v1/messages?limit=%d", api, len(samples)+1), &list)
	if len(list.Messages) != len(samples) || len(samples) == 0 {
		t.Fatalf("mailpit has %d mails of %d", len(list.Messages), len(samples))
	}
	met, may := map[string]bool{}, explained()
	for _, m := range list.Messages {
		var report struct {
			Warnings []struct {
				Slug  string
				Score struct{ Found int }
			}
		}
		get(t, api+"/api/v1/message/"+m.ID+"/html-check", &report)
		for _, w := range report.Warnings {
			met[w.Slug] = true
			if may[w.Slug] == "" {
				t.Errorf("%q: %s, %d times", m.Subject, w.Slug, w.Score.Found)
			}
		}
	}
	for slug := range may {
		if !met[slug] {
			t.Errorf("%s is explained, and no mail has it", slug)
		}
	}
}
