package app

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/workflows/sample"
)

// previewClinic is the folder of a clinic that changed one mail and wrote one of its own.
func previewClinic(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(clinicFolder(t, atOnce()), "quay")
	base, err := os.ReadFile(filepath.Join("..", "..", "notifier", "templates", "en", "a-notice.md"))
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(base), "Plans change, and some days are full.", "Some days are full.", 1)
	changed = strings.Replace(changed, "We are here,", "We are here, and so is our recovery garden,", 1)
	own := strings.Replace(strings.Replace(string(base), "family: A\n", "family: B\n", 1), "reasons: unknown\n", "reasons: shame\n", 1)
	if err := os.MkdirAll(filepath.Join(dir, "templates"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"a-notice.md": changed, "our-words.md": own} {
		if err := os.WriteFile(filepath.Join(dir, "templates", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	clinic, err := os.ReadFile(filepath.Join(dir, "clinic.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	const waiver = "lint: {waivers: [{rule: clinical-word, words: [recovery], by: ruth, why: it is the name of our garden}]}\n"
	if err := os.WriteFile(filepath.Join(dir, "clinic.yaml"), append(clinic, waiver...), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestPreviewMail(t *testing.T) {
	t.Parallel()
	p, err := OpenPreviews(previewClinic(t), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, reason, file string
		own                bool
		changed            string
	}{
		{"A", "", "a-notice", true, "-We saw that your visit could not go as planned. That is okay. Plans change, and some days are full.\n+We saw that your visit could not go as planned. That is okay. Some days are full.\n"},
		{"a-notice", "", "a-notice", true, "+We saw that"},
		{"B", "shame", "our-words", true, ""},
		{"our-words", "", "our-words", true, ""},
		{"B", "vulnerability", "b-normalise", false, ""},
		{"D", "no-progress", "d-no-progress", false, ""},
		{"D", "shame", "d-collaborate", false, ""},
		{"task", "", "task", false, ""},
		{"digest", "", "digest", false, ""},
	} {
		m, err := p.Mail(c.name, "", c.reason)
		if err != nil || !strings.HasSuffix(m.File, "/"+c.file+".md") || m.Own != c.own || !strings.Contains(m.Changed, c.changed) || (c.changed == "") != (m.Changed == "") {
			t.Errorf("%s, %s: %s (own %v), %v\n%s", c.name, c.reason, m.File, m.Own, err, m.Changed)
		}
		if waived := len(m.Waived) == 1 && strings.Contains(m.Waived[0], "ruth answers for clinical-word recovery: it is the name of our garden"); waived != (c.file == "a-notice") {
			t.Errorf("%s is waived %q", c.name, m.Waived)
		}
		if m.Audience == "client" && (!strings.Contains(m.Text, "Hello Sam,") || !strings.Contains(m.Text, "988") || !strings.Contains(m.HTML, "Harbour Lane")) {
			t.Errorf("%s reads\n%s", c.name, m.Text)
		}
	}
	for name, want := range map[string]string{"Z": `there is no mail "Z"; there is: a-check-in, a-notice,`, "": "there is no mail"} {
		if _, err := p.Mail(name, "", ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", name, err)
		}
	}
	for language, want := range map[string]string{"": "en", "en": "en", "en-GB": "en", "es": "es", "es-MX": "es", "ES_mx": "es"} {
		if m, err := p.Mail("A", language, ""); err != nil || m.Language != want {
			t.Errorf("in %q it is in %q, want %q: %v", language, m.Language, want, err)
		}
	}
	for _, language := range []string{"fr", "fr-CA", "e", "english", "-"} {
		if _, err := p.Mail("A", language, ""); err == nil || err.Error() != fmt.Sprintf("the clinic does not serve the language %q; it serves en, es", language) {
			t.Errorf("in %q: %v", language, err)
		}
	}
	if _, err := p.Mail("A", "", "boredom"); err == nil || !strings.Contains(err.Error(), `there is no reason "boredom"; there is: unknown,`) {
		t.Errorf("an unknown reason: %v", err)
	}
}

// The folder of previews holds every mail and page, every link in it leads somewhere in
// it, and whoever cannot see or point can use it.
func TestPreviewFolder(t *testing.T) {
	t.Parallel()
	p, err := OpenPreviews(previewClinic(t), time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	mails, pages, err := p.Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	index, err := os.ReadFile(filepath.Join(dir, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	links := regexp.MustCompile(`(?:href|src)="([^"#]+)"`)
	seen := map[string]bool{}
	for _, m := range links.FindAllStringSubmatch(string(index), -1) {
		seen[m[1]] = true
		if _, err := os.Stat(filepath.Join(dir, m[1])); err != nil {
			t.Errorf("the first page leads to %s: %v", m[1], err)
		}
	}
	if len(seen) != 2*mails+pages || mails < 20 || pages < 50 {
		t.Errorf("%d links to %d mails and %d pages", len(seen), mails, pages)
	}
	page, err := os.ReadFile(filepath.Join(dir, "pages", "preferences.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?:href|src)="(/?assets[^"]+)"`).FindAllStringSubmatch(string(page), -1) {
		if _, err := os.Stat(filepath.Join(dir, "pages", m[1])); err != nil {
			t.Errorf("a page has no %s: %v", m[1], err)
		}
	}
	if !strings.Contains(string(index), "What you changed") || !strings.Contains(string(index), "No built-in file has this name.") {
		t.Error("what the clinic changed is not shown")
	}

	readable(t, dir, "index.html")
}

// The pages of the previews are the clinic's own too: its name and numbers, its services
// and its languages.
func TestPreviewPages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		languages        string
		english, spanish bool
	}{{"", true, true}, {"languages: [en]\n\npeople:\n", true, false}, {"languages: [es]\n\npeople:\n", false, true}} {
		folder := filepath.Join(t.TempDir(), "quay")
		if err := os.CopyFS(folder, sample.FS); err != nil {
			t.Fatal(err)
		}
		at := filepath.Join(folder, "clinic.yaml")
		clinic, err := os.ReadFile(at)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(string(clinic), `"+1 555 0100"`, `"555 0123"`, 1)
		words := []string{"Harbour Lane", "555 0123", "Ride Together"}
		if c.languages != "" {
			text = regexp.MustCompile(`(?s)languages: .*?\npeople:\n`).ReplaceAllString(text, c.languages)
			if err := os.Remove(filepath.Join(folder, "resources.yaml")); err != nil {
				t.Fatal(err)
			}
			words = words[:2]
		}
		if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := OpenPreviews(folder, time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if _, _, err := p.Write(dir); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]bool{"checkin-okay.html": c.english, "checkin-okay-es.html": c.spanish} {
			page, err := os.ReadFile(filepath.Join(dir, "pages", name))
			if want != (err == nil) {
				t.Errorf("languages %q: %s: %v", c.languages, name, err)
			}
			for _, w := range words {
				if want && !strings.Contains(string(page), w) {
					t.Errorf("%s lacks %q", name, w)
				}
			}
		}
	}
}

func TestPreviewRefusesWhatCheckDoes(t *testing.T) {
	t.Parallel()
	dir := previewClinic(t)
	if err := os.WriteFile(filepath.Join(dir, "templates", "a-notice.md"), []byte("no head"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenPreviews(dir, time.Now()); err == nil || !strings.Contains(err.Error(), "templates/a-notice.md:1") {
		t.Errorf("a broken file: %v", err)
	}
	if _, err := OpenPreviews(t.TempDir(), time.Now()); err == nil || !strings.Contains(err.Error(), "is no clinic's folder") {
		t.Errorf("no clinic: %v", err)
	}
}
