package app

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/notifier/templates"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/sample"
)

// TestNoClinicalWordsInResources: what a list of services may not say is refused
// with its place, and let by when somebody answers for it.
func TestNoClinicalWordsInResources(t *testing.T) {
	t.Parallel()
	base, err := templates.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	waiver := &workflows.Waiver{Words: []string{"recovery"}, By: "ruth", Why: "its name"}
	for _, tc := range []struct {
		entry workflows.Resource
		want  []string
	}{
		{workflows.Resource{Title: "Ride Together", About: "Rides to a visit.", Cost: "A small fee"}, nil},
		{workflows.Resource{Title: "Anxiety group"}, []string{"resources.yaml:1:1: \"anxiety\" in `title`"}},
		{workflows.Resource{Title: "A group", About: "For people in thera\u00adpy with depr\u0435ssion"}, []string{"\"therapy\" in `about`", "\"depression\" in `about`"}},
		{workflows.Resource{Title: "A group", Hours: "After intake", Cost: "Ask your doctor"}, []string{"\"intake\" in `hours`", "\"doctor\" in `cost`"}},
		{workflows.Resource{Title: "A group", Reach: workflows.Reach{URL: "https://trauma.example.org", Address: "Rehab house"}}, []string{"\"rehab\" in `address`", "\"trauma\" in `url`"}},
		{workflows.Resource{Title: "A group", Reach: workflows.Reach{URL: "https://help.example.org/harbourtherapygroup?mrn=4"}}, []string{"\"harbourtherapygroup\" in `url`", "\"mrn\" in `url`"}},
		{workflows.Resource{Title: "A group", About: "You must come, or you lose your place."}, []string{"\"you must\" in `about`", "\"lose your place\" in `about`"}},
		{workflows.Resource{Title: "A group", About: "For whoever missed a visit. MRN 48213", Hours: "A last chance on Monday"}, []string{"\"missed\" in `about`", "\"mrn\" in `about`", "\"mrn 48213\" in `about`", "\"last chance\" in `hours`"}},
		{workflows.Resource{Title: "A group", About: "What you owe us", Translations: map[string]workflows.ServiceWords{"es": {About: "Es su culpa", Cost: "Su culpa"}}}, []string{"\"owe\" in `about`", "\"culpa\" in `about`", "\"culpa\" in `cost`"}},
		{workflows.Resource{Title: "Help with debts, fees and unpaid bills", About: "Invoices, overdue rent and charges: we look at them with you. Deudas y facturas.", Cost: "No fee, or two dollars a visit: 20 charged once", Hours: "Closed on 12/25/2026", Reach: workflows.Reach{Phone: "5550100123", Address: "12 Harbour Dr. Springfield, IL 62701", URL: "https://help.example.org/bills?week=2"}}, nil},
		{workflows.Resource{Title: "Breathing tips", About: "A mindfulness app. Try it at night.", WhenFlagged: true}, []string{"\"breathing\" in `title`", "\"tips\" in `title`", "\"mindfulness\" in `about`", "\"try\" in `about`"}},
		{workflows.Resource{Title: "A group", About: "Rides.", Translations: map[string]workflows.ServiceWords{"es": {About: "Ejercicios para respirar"}}, WhenFlagged: true}, []string{"\"ejercicios\" in `about`", "\"respirar\" in `about`"}},
		{workflows.Resource{Title: "Breathing tips", About: "A mindfulness app. Try it at night."}, nil},
		{workflows.Resource{Title: "The Listening Line", About: "People who listen, day and night.", WhenFlagged: true}, nil},
		{workflows.Resource{Title: "Tips on Tuesdays", WhenFlagged: true, Waiver: &workflows.Waiver{Words: []string{"tips"}, By: "ruth", Why: "its name"}}, nil},
		{workflows.Resource{Title: "Recovery Circle"}, []string{"\"recovery\" in `title`"}},
		{workflows.Resource{Title: "Ride.help", About: "See ridetogether.org, or www.evil.com", Hours: "Ask evil.co.uk", Cost: "https://evil.com/pay"}, []string{"\"ride.help\" in `title`", "\"ridetogether.org\" in `about`", "\"www.evil.com\" in `about`", "\"evil.co.uk\" in `hours`", "\"https://evil.com/pay\" in `cost` of \"Ride.help\" may not stand in a mail, where a mail program makes a link of it; put the address under `reach: {url: ...}`, or say it in plain words"}},
		{workflows.Resource{Title: "Rides", Reach: workflows.Reach{Address: "12 Mill Street, evil.xyz", Phone: "+1 555 0142 evil.io"}, Translations: map[string]workflows.ServiceWords{"es": {Hours: "Vea bücher.de"}}}, []string{"\"evil.xyz\" in `address`", "\"evil.io\" in `phone`", "\"bücher.de\" in `hours`"}},
		{workflows.Resource{Title: "St. Mary's No.5", About: "Ask for J.R. or the like, e.g. at 9 a.m.", Hours: "9.am to 8.30.pm, Mon.-Fri.", Cost: "2.50 or 3.5 U.S. dollars", Reach: workflows.Reach{Phone: "555.0142", Address: "P.O. Box 4, St.Paul"}}, nil},
		{workflows.Resource{Title: "Care.com", Waiver: &workflows.Waiver{Words: []string{"care.com"}, By: "ruth", Why: "its name"}}, nil},
		{workflows.Resource{Title: "Recovery Circle", Waiver: waiver}, nil},
		{workflows.Resource{Title: "Recovery after trauma", Waiver: waiver}, []string{"\"trauma\" in `title`"}},
	} {
		err := fitToLeave(base, &workflows.Clinic{ID: "quay", Resources: []workflows.Resource{tc.entry}})
		got := ""
		if err != nil {
			got = err.Error()
		}
		if (len(tc.want) == 0) != (err == nil) || strings.Count(got, "may not stand in a mail") != len(tc.want) {
			t.Errorf("%q: %v, want %q", tc.entry.Title, err, tc.want)
		}
		for _, want := range tc.want {
			if !strings.Contains(got, want) {
				t.Errorf("%q: %v, want %q", tc.entry.Title, err, want)
			}
		}
	}
}

// TestDraftsAskForKnownWordings: a draft that nobody could ever approve is refused,
// with the place of the wording.
func TestDraftsAskForKnownWordings(t *testing.T) {
	t.Parallel()
	base, err := templates.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	w, err := workflows.ReadWorkflow("own.yaml", []byte("workflow: own\ntitle: Own\nwhy: A test.\nstart: {on: [client.signal]}\nsteps:\n  - send: {template: A, wording: warmer}\n"))
	if err != nil {
		t.Fatal(err)
	}
	c := &workflows.Clinic{ID: "quay", Drafts: []*workflows.Workflow{w}}
	if err := fitToLeave(base, c); err == nil || !strings.Contains(err.Error(), "workflows/own.yaml:6:34: the step \"1\" asks for the wording \"warmer\"") {
		t.Errorf("a draft with an unknown wording: %v", err)
	}
	if _, err := wordingOf(base, c); err != nil {
		t.Errorf("an older version of the clinic cannot be read for its draft: %v", err)
	}
}

// TestLinksThatAreReadCanBeSent: whatever address a clinic's files may hold, the
// mails that carry it are written.
func TestLinksThatAreReadCanBeSent(t *testing.T) {
	t.Parallel()
	base, err := templates.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	read, refused := 0, 0
	for _, link := range []string{
		"https://book.example.org", "https://book.example.org:8443/a?b=c&d=%20#e", "HTTPS://book.example.org", "http://book.example.org", "https://b\u00fccher.example.org",
		"https://book.example.org/caf\u00e9", "https://book.example.org/o'hara", "https://book.example.org/a b", "https://book.example.org/<a>", "https://book.example.org/`",
		"https://book.example.org/{a}", "https://book.example.org/a|b", "https://book.example.org/a^b", "https://:443/x", "https://", "https:///x", "https://user@book.example.org", "https://.example.org",
		"https://book.example.org/a@b", "https://xn--bcher-kva.example.org",
	} {
		clinic, err := sample.FS.ReadFile("clinic.yaml")
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(string(clinic), "booking_url: https://harbour-lane.example.org/book", "booking_url: \""+link+"\"", 1)
		text = strings.Replace(text, "url: https://988lifeline.org", "url: \""+link+"\"", 1)
		services := "resources:\n  - {title: Rides, reach: {url: \"" + link + "\"}, checked: 2026-11-02}\n"
		c, err := workflows.ReadClinic(fstest.MapFS{"clinic.yaml": {Data: []byte(text)}, "resources.yaml": {Data: []byte(services)}}, "quay")
		if err != nil {
			refused++
			continue
		}
		read++
		v := templates.SampleValues()
		v.BookingURL, v.CrisisURL, v.Resources = c.BookingURL, c.CrisisLine.URL, []templates.Resource{{Name: "Rides", URL: c.Resources[0].Reach.URL}}
		if _, err := base.Render("C", "en", templates.Unknown, v); err != nil {
			t.Errorf("%q is read, and the mail cannot be written: %v", link, err)
		}
	}
	if read < 4 || refused < 10 {
		t.Errorf("%d links were read and %d refused", read, refused)
	}
}

// TestClinicsOtherLanguages: wordings in another language lie in a folder of their
// own, as the documentation shows, and what is wrong in one is named by its own path.
func TestClinicsOtherLanguages(t *testing.T) {
	t.Parallel()
	base, err := templates.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	clinic, err := sample.FS.ReadFile("clinic.yaml")
	if err != nil {
		t.Fatal(err)
	}
	read := func(name, text string) error {
		c, err := workflows.ReadClinic(fstest.MapFS{"clinic.yaml": {Data: clinic}, name: {Data: []byte(text)}}, "quay")
		if err == nil {
			_, err = wordingOf(base, c)
		}
		return err
	}
	parts, err := os.ReadFile(filepath.Join("..", "..", "notifier", "templates", "es", "parts.md"))
	if err != nil {
		t.Fatal(err)
	}
	if err := read("templates/es/parts.md", string(parts)); err != nil {
		t.Errorf("a language's shared parts: %v", err)
	}
	for name, want := range map[string]string{
		"templates/es/a-notice.md":      "templates/es/a-notice.md:1:1: ",
		"templates/a-notice.md":         "templates/a-notice.md:1:1: ",
		"templates/english/a-notice.md": "templates/english/a-notice.md:1:1: nothing reads this folder",
	} {
		if err := read(name, "nothing of use"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

// TestClinicLanguages: only a language that somebody wrote in is served, and the
// clinic's own has every mail.
func TestClinicLanguages(t *testing.T) {
	t.Parallel()
	base, err := templates.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	clinic, err := sample.FS.ReadFile("clinic.yaml")
	if err != nil {
		t.Fatal(err)
	}
	// Another language than those that the sample serves.
	clinic = regexp.MustCompile("(?m)^(languages: .*|translations:(\n  .*)*)\n").ReplaceAll(clinic, nil)
	english := filepath.Join("..", "..", "notifier", "templates", "en")
	entries, err := os.ReadDir(english)
	if err != nil {
		t.Fatal(err)
	}
	read := func(languages string, files ...string) (*templates.Set, *workflows.Clinic, error) {
		folder := fstest.MapFS{"clinic.yaml": {Data: []byte(languages + "\n" + string(clinic))}}
		for _, name := range files {
			src, err := os.ReadFile(filepath.Join(english, name))
			if err != nil {
				t.Fatal(err)
			}
			folder["templates/vi/"+name] = &fstest.MapFile{Data: src}
		}
		c, err := workflows.ReadClinic(folder, "quay")
		if err != nil {
			t.Fatal(err)
		}
		set, err := wordingOf(base, c)
		if err == nil {
			err = fitToLeave(set, c)
		}
		return set, c, err
	}
	var all, most []string
	for _, e := range entries {
		all = append(all, e.Name())
		if e.Name() != "a-we-cancelled.md" {
			most = append(most, e.Name())
		}
	}
	for _, tc := range []struct {
		languages string
		files     []string
		want      string
	}{
		{"languages: [en]", nil, ""},
		{"languages: [en, vi]", nil, "clinic.yaml:1:1: `languages` lists `vi`, and there is no wording in it, only in en"},
		{"languages: [en, vi]", []string{"parts.md", "note.md"}, "there is no wording in it"},
		{"languages: [en, vi]", most, `asks for the wording "we-cancelled" of A, which no file has in the language "vi"`},
		{"languages: [vi]", []string{"parts.md", "a-notice.md", "a-we-cancelled.md", "a-check-in.md", "e-well-wishes.md", "e-hello.md"}, "`vi`, the first of `languages`, has no wording for B, C, D, E, F, address"},
		{"languages: [vi, en]", all, ""},
		{"languages: [en, vi]", all, ""},
	} {
		_, _, err := read(tc.languages, tc.files...)
		if (tc.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s with %d files: %v, want %q", tc.languages, len(tc.files), err, tc.want)
		}
	}

	set, c, err := read("languages: [en, vi]", "parts.md", "a-notice.md", "a-we-cancelled.md", "a-check-in.md", "e-well-wishes.md", "e-hello.md")
	if err != nil {
		t.Fatal(err)
	}
	var s workflows.State
	speak := func(name string, lane notifier.Lane, tag string) string {
		s.Profile.Language = &workflows.Field[string]{Value: tag}
		return set.Speaks(name, languages(c, lane, &s.Profile)...)
	}
	for _, tc := range []struct {
		name, tag, want string
		lane            notifier.Lane
	}{
		{"A", "vi-VN", "vi", notifier.Care},
		{"A", "pt", "en", notifier.Care},
		{"A", "", "en", notifier.Care},
		{"B", "vi", "en", notifier.Care}, // nobody wrote that one
		{"task", "vi", "en", notifier.Safety},
	} {
		if got := speak(tc.name, tc.lane, tc.tag); got != tc.want {
			t.Errorf("%s to somebody who speaks %q is in %q, want %q", tc.name, tc.tag, got, tc.want)
		}
	}
}

// TestStoredWordingStaysReadable: what an earlier program took is no reason to leave the
// journeys alone that began with it; the same words in a folder of today are refused.
func TestStoredWordingStaysReadable(t *testing.T) {
	t.Parallel()
	base, err := templates.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	own, err := os.ReadFile(filepath.Join("..", "..", "notifier", "templates", "en", "a-notice.md"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := workflows.ReadClinic(sample.FS, sample.ID)
	if err != nil {
		t.Fatal(err)
	}
	c.Templates = map[string][]byte{"a-notice.md": []byte(strings.Replace(string(own), "We are here,", "Your therapy goes on. We are here,", 1))}
	cs := &clinics{base: base}
	if _, err := cs.version(c, false); err == nil || !strings.Contains(err.Error(), "therapy") {
		t.Errorf("a folder of today: %v", err)
	}
	v, err := cs.version(c, true)
	if err != nil {
		t.Fatalf("as it was stored: %v", err)
	}
	if got := v.wording.Answers("A", "en", "unknown"); got == "" {
		t.Error("nothing answers the family A")
	}
	for _, stored := range []bool{true, false} {
		tried := &trial{id: c.ID, clinic: c, workflow: c.Workflows[0], stored: stored}
		if err := tried.wordings(); (err == nil) != stored {
			t.Errorf("a workflow that is tried in it, stored %v: %v", stored, err)
		}
	}
}

// TestWaiversNameWords: a waiver of a pattern, or of signs, lets nothing by and is
// refused with what to write.
func TestWaiversNameWords(t *testing.T) {
	t.Parallel()
	for word, refused := range map[string]bool{"*": true, "recover*": true, "": true, "...": true, "recovery": false, "988": false} {
		c := &workflows.Clinic{ID: "quay", Resources: []workflows.Resource{{Title: "Rides", Waiver: &workflows.Waiver{Words: []string{word}}}}}
		c.Lint.Waivers = []workflows.MailWaiver{{Rule: templates.ClinicalWord, Waiver: workflows.Waiver{Words: []string{word}}}}
		for what, wrong := range map[string]workflows.FileErrors{"clinic.yaml": unfit(c), "resources.yaml": unfitResources(c)} {
			if said := len(wrong) == 1 && strings.Contains(wrong[0].Error(), what) && strings.Contains(wrong[0].Error(), "such as `words: [recovery]`"); said != refused || !refused && len(wrong) > 0 {
				t.Errorf("%q in %s: %v", word, what, wrong)
			}
		}
	}
}
