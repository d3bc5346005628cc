package templates

import (
	"errors"
	"strings"
	"testing"
)

// TestDigestEntries: the entry of a task stands in the mail once for each, in their
// order, with its own values, whatever they hold.
func TestDigestEntries(t *testing.T) {
	s := mustBuiltin(t)
	v := SampleValues()
	v.Tasks = SampleTasks("en")
	v.Tasks[0].What, v.Tasks[1].Owner = "suicide-screening", `<b>"Alex"</b>`
	r := mustRender(t, s, "digest", Unknown, v)
	for _, body := range []string{r.Text, r.HTML} {
		at := -1
		for _, task := range v.Tasks {
			link, code := strings.Index(body, task.URL), strings.Index(body, task.Code)
			if link <= at || code <= at || strings.Count(body, task.URL) != 1 || strings.Count(body, task.Code) != 1 {
				t.Errorf("the link stands at %d and the code at %d, after %d:\n%s", link, code, at, body)
			}
			at = max(link, code)
		}
		if strings.Contains(body, "screening") || !strings.Contains(body, "Something that needs a person") {
			t.Errorf("a value shows as it is:\n%s", body)
		}
		if strings.Count(body, "belongs to") != 1 || strings.Count(body, "It was due") != 2 || strings.Count(body, "It is due") != 1 {
			t.Errorf("what is empty is not left out:\n%s", body)
		}
	}
	if strings.Contains(r.HTML, "<b>") {
		t.Errorf("a value is read as HTML:\n%s", r.HTML)
	}
	wellFormed(t, r.HTML)
	for placeholder, spoil := range map[string]func(*Values){
		"code":       func(v *Values) { v.Tasks[2].Code = "" },
		"task_link":  func(v *Values) { v.Tasks[1].URL = "javascript:alert(1)" },
		"task_count": func(v *Values) { v.TaskCount = 0 },
	} {
		v := SampleValues()
		v.Tasks = SampleTasks("en")
		spoil(&v)
		_, err := s.Render("digest", "en", Unknown, v)
		var ve *ValueError
		if !errors.As(err, &ve) || ve.Placeholder != placeholder {
			t.Errorf("%s: error = %v", placeholder, err)
		}
	}
}

// TestDigestFile: a clinic's own digest keeps each task's link and code side by side.
func TestDigestFile(t *testing.T) {
	const good = `---
family: digest
audience: staff
subject: Today: {{task_count}}
---

Hello,

- {{task}}: [look]({{task_link}}). Code: {{code}}[[ for {{owner_name}}]]

And {{task_more}} more.

[The first page]({{staff_link}})
`
	read := func(text string) error {
		_, err := mustBuiltin(t).With(map[string][]byte{"digest.md": []byte(text)})
		return err
	}
	if err := read(good); err != nil {
		t.Fatal(err)
	}
	const entry = "- {{task}}: [look]({{task_link}}). Code: {{code}}[[ for {{owner_name}}]]\n"
	for _, tt := range []struct{ old, put, want string }{
		{". Code: {{code}}", "", "{{code}} is missing"},
		{"Code: {{code}}", "[[ Code: {{code}}]]", "the entry of a task always shows"},
		{entry, "{{task}}: [look]({{task_link}}). Code: {{code}}\n", "a digest has many tasks"},
		{"Hello,", "Hello, {{code}},", "a digest has many tasks"},
		{"Today: {{task_count}}", "Today: {{task}}", "a digest has many tasks"},
		{entry, entry + entry, "listed twice"},
		{"And {{task_more}} more.", "And more.", "{{task_more}} is missing"},
		{"[The first page]({{staff_link}})", "", "{{staff_link}} is missing"},
		{"Hello,", "Hello {{first_name}},", "{{first_name}} cannot stand in mail to staff"},
		{"Hello,", "[It]({{client_link}})", "{{client_link}} cannot stand in family digest"},
		{"Hello,", "You failed to do this:", "blame"},
	} {
		if err := read(strings.Replace(good, tt.old, tt.put, 1)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q for %q: %v, want %q", tt.put, tt.old, err, tt.want)
		}
	}
	task := strings.NewReplacer("family: digest", "family: task", "subject: Today: {{task_count}}", "subject: A task", "[The first page]({{staff_link}})", "").Replace(good)
	if _, err := mustBuiltin(t).With(map[string][]byte{"task.md": []byte(task)}); err == nil || !strings.Contains(err.Error(), "{{task_more}} cannot stand in family task") {
		t.Errorf("a digest's value in another mail: %v", err)
	}
}
