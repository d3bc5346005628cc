package app

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/mooring-care/mooring/notifier/templates"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/finding"
)

// folderOf reads a clinic's folder, as it would be read now.
func folderOf(t *testing.T, clinic, services string) *workflows.Clinic {
	t.Helper()
	folder := fstest.MapFS{"clinic.yaml": {Data: []byte(clinic)}, "workflows/missed.yaml": {Data: []byte(soundWorkflow)}}
	if services != "" {
		folder["resources.yaml"] = &fstest.MapFile{Data: []byte(services)}
	}
	c, err := workflows.ReadClinic(folder, "pier")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// placesOf are the places and first words of findings, in the order of the file.
func placesOf(wrong workflows.FileErrors) []string {
	var out []string
	for _, f := range fromError(wrong).Sort() {
		said, _, _ := strings.Cut(f.Message, " stands in")
		said, _, _ = strings.Cut(said, " of \"")
		out = append(out, fmt.Sprintf("%s:%d:%d %s", f.File, f.Line, f.Column, said))
	}
	return out
}

// TestSettingsAreFoundAtTheirValues: what may not stand in a mail is named at the value
// that holds it, where other values and comments hold the same words, and however it is
// written.
func TestSettingsAreFoundAtTheirValues(t *testing.T) {
	t.Parallel()
	const text = `# Therapy desk, phone "+1 555 0100 therapy".
languages: [en, es]
reply_to: {email: desk@pier.example.org, name: "\u0054herapy desk"}
from:
  email: hello@pier.example.org
  name: 'Therapy desk'
reply_hours: >
  after the
  intake
phone: +1 555 0100
booking_url: https://pier.example.org/intake
crisis_line:
  name: 988 Lifeline
  phone: 988
  text: |-
    You must call
  url: https://pier.example.org/intake
translations:
  es:
    reply_hours: "after the intake"
    booking_url: https://pier.example.org/intake
    crisis_line: {text: 'You must call', url: "https://pier.example.org/intake"}
`
	rest, _, _ := strings.Cut(soundClinic, "from:")
	_, people, _ := strings.Cut(soundClinic, "people:")
	got := placesOf(unfit(folderOf(t, text+rest+"people:"+people, "")))
	want := []string{
		"clinic.yaml:3:48 clinical-word: \"therapy\" in `reply_to.name`",
		"clinic.yaml:6:9 clinical-word: \"therapy\" in `from.name`",
		"clinic.yaml:7:14 clinical-word: \"intake\" in `reply_hours`",
		"clinic.yaml:11:14 clinical-word: \"intake\" in `booking_url`",
		"clinic.yaml:15:9 blame: \"you must\" in `crisis_line.text`",
		"clinic.yaml:17:8 clinical-word: \"intake\" in `crisis_line.url`",
		"clinic.yaml:20:18 clinical-word: \"intake\" in `translations.es.reply_hours`",
		"clinic.yaml:21:18 clinical-word: \"intake\" in `translations.es.booking_url`",
		"clinic.yaml:22:25 blame: \"you must\" in `translations.es.crisis_line.text`",
		"clinic.yaml:22:47 clinical-word: \"intake\" in `translations.es.crisis_line.url`",
	}
	if !slices.Equal(got, want) {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestAddressesInSettingsHaveTheirKey: what stands in for an address in words of
// clinic.yaml is what that file can say.
func TestAddressesInSettingsHaveTheirKey(t *testing.T) {
	t.Parallel()
	const own, none, answered = "; write the words alone: the address stands under `url` of the crisis line", "; write it without an address", ", or let somebody answer for it under `lint`"
	for _, tc := range []struct{ line, want string }{
		{"crisis_line: {name: 988 Lifeline, phone: \"988\", text: Or chat at 988lifeline.org}", own + answered},
		{"crisis_line: {name: 988 Lifeline, phone: \"988\", text: Or chat at https://988lifeline.org/chat}", own},
		{"crisis_line: {name: 988 Lifeline, phone: \"988\", text: Or chat at 988lifeline.org, url: \"https://988lifeline.org\"}", own + answered},
		{"crisis_line: {name: 988 Lifeline, phone: \"988\"}\nlanguages: [en, es]\ntranslations: {es: {crisis_line: {text: O escriba a 988lifeline.org}}}", own + answered},
		{"crisis_line: {name: 988 Lifeline, phone: \"988\"}\nreply_hours: see 988lifeline.org", none + answered},
		{"crisis_line: {name: 988 Lifeline, phone: \"988\", text: You must call}", answered},
	} {
		var said string
		if wrong := unfit(folderOf(t, strings.Replace(soundClinic, "crisis_line: {name: 988 Lifeline, phone: \"988\"}", tc.line, 1), "")); len(wrong) == 1 {
			said = wrong[0].Message
		} else {
			t.Errorf("%s: %v", tc.line, wrong)
		}
		if !strings.HasSuffix(said, tc.want) || strings.Contains(said, "booking_link") {
			t.Errorf("%s: %q, want %q at its end", tc.line, said, tc.want)
		}
	}
}

// TestTellingNamesAreFoundAtTheirValues, each where it stands.
func TestTellingNamesAreFoundAtTheirValues(t *testing.T) {
	t.Parallel()
	text := strings.NewReplacer(
		"name: Pier House\n", "name:   Pier Therapy House\nlanguages: [en, es]\nbooking_url: https://therapy.pier.example.org\ntranslations:\n  es: {booking_url: 'https://terapia.pier.example.org', crisis_line: {name: >-\n    Línea de suicidio}}\n",
		"email: hello@", "email: therapy@", "name: 988 Lifeline", "name: \"Suicide Line\"",
	).Replace(soundClinic)
	text = strings.Replace(text, "{name: >-\n    Línea de suicidio}", "{name: Línea de suicidio}", 1)
	var got []string
	for _, f := range warnings(folderOf(t, text, ""), time.Now()) {
		if f.Rule == finding.TellingName {
			got = append(got, fmt.Sprintf("%d:%d", f.Line, f.Column))
		}
	}
	slices.Sort(got)
	if want := []string{"1:9", "3:14", "5:21", "5:77", "7:33", "9:21"}; !slices.Equal(got, want) {
		t.Errorf("found at %q, want %q", got, want)
	}
}

// TestServicesAreFoundAtTheirValues, in every field.
func TestServicesAreFoundAtTheirValues(t *testing.T) {
	t.Parallel()
	const services = `# after therapy
resources:
  - {title: Rides, reach: {phone: "1"}, checked: 2026-11-01}
  - title: Therapy rides
    about: >
      Rides after therapy.
    hours: 'after therapy'
    cost: "Free after \u0074herapy"
    reach: {phone: +1 555 0142, url: "https://rides.example.org/therapy", address: Therapy house}
    translations:
      es: {about: after therapy, hours: after therapy, cost: evil.com}
    checked: 2026-11-01
    waiver: {words: [rides, "***"], by: ruth, why: none}
`
	c := folderOf(t, "languages: [en, es]\n"+soundClinic, services)
	got := placesOf(unfitResources(c))
	want := []string{
		"resources.yaml:4:12 \"therapy\" in `title`",
		"resources.yaml:5:12 \"therapy\" in `about`",
		"resources.yaml:7:12 \"therapy\" in `hours`",
		"resources.yaml:8:11 \"therapy\" in `cost`",
		"resources.yaml:9:38 \"therapy\" in `url`",
		"resources.yaml:9:84 \"therapy\" in `address`",
		"resources.yaml:11:19 \"therapy\" in `about`",
		"resources.yaml:11:41 \"therapy\" in `hours`",
		"resources.yaml:11:62 \"evil.com\" in `cost`",
		"resources.yaml:13:29 \"***\" in `words` of a waiver matches nothing",
	}
	if !slices.Equal(got, want) {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestStoredSettingsStayReadable: a folder that an earlier program took is no reason to
// leave the journeys alone that began with it, whatever its settings and services say.
func TestStoredSettingsStayReadable(t *testing.T) {
	t.Parallel()
	base, err := templates.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(soundClinic, "phone: \"988\"", "phone: ask us, emergency_phone: therapy, url: https://pier.example.org/intake", 1)
	files := map[string][]byte{
		"workflows/missed.yaml": []byte(soundWorkflow),
		"clinic.yaml":           []byte("phone: n/a\nlint: {waivers: [{rule: grade, by: ruth, why: none}]}\n" + text),
		"resources.yaml":        []byte("resources:\n  - {title: Rides.com, about: '<b>[Here](https://evil.com)</b> &amp;', reach: {phone: ask}, checked: 2026-11-01}\n"),
	}
	c, err := workflows.ReadClinicFiles(files, "pier")
	if err != nil {
		t.Fatal(err)
	}
	v, err := (&clinics{base: base}).version(c, true)
	if err != nil {
		t.Fatal(err)
	}
	if v.Phone != "n/a" || v.CrisisLine.Phone != "ask us" || v.CrisisLine.EmergencyPhone != "therapy" {
		t.Errorf("read as %q, %+v", v.Phone, v.CrisisLine)
	}
	folder := fstest.MapFS{}
	for name, src := range files {
		folder[name] = &fstest.MapFile{Data: src}
	}
	if _, err := workflows.ReadClinic(folder, "pier"); err == nil || strings.Count(err.Error(), "must be one number") != 4 || !strings.Contains(err.Error(), "Markdown link") {
		t.Errorf("a folder like that is read anew: %v", err)
	}
}

// TestIdleWaivers: each word that lets nothing by is named at its place, with what is
// found near it; serve takes the folder all the same.
func TestIdleWaivers(t *testing.T) {
	t.Parallel()
	base, err := templates.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	const service = "resources:\n  - {title: %s, reach: {phone: \"1\"}, checked: 2026-11-01%s}\n"
	notice := readBuiltin(t, "en/a-notice.md")
	for name, tc := range map[string]struct {
		lint, title, waiver string
		files               map[string]string
		want                []string
	}{
		"none":                            {title: "Rides"},
		"a word of a service":             {lint: "waivers: [{rule: clinical-word, words: [recovery], by: ruth, why: w}]", title: "Recovery Circle"},
		"a word of a setting":             {lint: "waivers: [{rule: clinical-word, words: [intake], by: ruth, why: w}]", title: "Rides"},
		"a word of a wording":             {lint: "waivers: [{rule: clinical-word, words: [Terapia], by: ruth, why: w}]", title: "Rides", files: map[string]string{"a-notice": strings.Replace(notice, "We are here,", "Terapia. We are here,", 1)}},
		"a refused word of a built-in":    {lint: "words: [gusto]\n  waivers: [{rule: clinic-word, words: [gusto], by: ruth, why: w}]", title: "Rides"},
		"a word that nothing holds":       {lint: "waivers: [{rule: clinical-word, words: [recovery], by: ruth, why: w}]", title: "Rides", want: []string{"clinic.yaml:2:43 the waiver of `clinical-word` for \"recovery\" lets nothing by: the lint finds no such words in the clinic's wordings, settings and services / "}},
		"more than is found":              {lint: "waivers: [{rule: clinical-word, words: [intake, Recovery Circle], by: ruth, why: w}]", title: "Recovery Circle", waiver: "recovery", want: []string{"clinic.yaml:2:51 the waiver of `clinical-word` for \"recovery circle\" lets nothing by: the lint finds no such words in the clinic's wordings, settings and services / the lint finds \"recovery\"; write that"}},
		"less than is found":              {lint: "waivers: [{rule: clinical-word, words: [therap], by: ruth, why: w}]", title: "Therapy dogs", waiver: "therapy", want: []string{"clinic.yaml:2:43 the waiver of `clinical-word` for \"therap\" lets nothing by: the lint finds no such words in the clinic's wordings, settings and services / the lint finds \"therapy\"; write that"}},
		"with an accent that is no other": {lint: "waivers: [{rule: clinical-word, words: [Grupo de Recuperación], by: ruth, why: w}]", title: "Recuperación", waiver: "recuperación", want: []string{"clinic.yaml:2:43 the waiver of `clinical-word` for \"grupo de recuperación\" lets nothing by: the lint finds no such words in the clinic's wordings, settings and services / the lint finds \"recuperacion\"; write that"}},
		"by another rule":                 {lint: "waivers: [{rule: blame, words: [recovery], by: ruth, why: w}]", title: "Recovery Circle", waiver: "recovery", want: []string{"clinic.yaml:2:35 the waiver of `blame` for \"recovery\" lets nothing by: the lint finds no such words in the clinic's wordings, settings and services / the lint finds \"recovery\" by the rule `clinical-word`; write that rule"}},
		"a rule that nothing breaks":      {lint: "waivers: [{rule: grade, by: ruth, why: w}]", title: "Rides", want: []string{"clinic.yaml:2:13 the waiver of `grade` lets nothing by: no wording of the clinic breaks that rule / "}},
		"one that cannot be is refused":   {lint: "waivers: [{rule: clinical-word, words: [\"recover*\"], by: ruth, why: w}, {rule: nix, by: ruth, why: w}]", title: "Rides"},
		"a service's own":                 {title: "Recovery Circle", waiver: "recovery"},
		"a service's of nothing":          {title: "Rides", waiver: "recovery", want: []string{"resources.yaml:2:79 the waiver of \"recovery\" lets nothing by: the lint finds no such words in what Rides says / "}},
		"a service's of more":             {title: "Recovery Circle", waiver: "recovery circle", want: []string{"resources.yaml:2:89 the waiver of \"recovery circle\" lets nothing by: the lint finds no such words in what Recovery Circle says / the lint finds \"recovery\"; write that"}},
		"a wording that cannot be read":   {lint: "waivers: [{rule: clinical-word, words: [recovery], by: ruth, why: w}]", title: "Rides", files: map[string]string{"a-notice": "Hello\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := "reply_hours: after the intake\nlanguages: [en, es]\n" + soundClinic
			if tc.lint != "" {
				text = "lint:\n  " + tc.lint + "\n" + text
			}
			waiver := ""
			if tc.waiver != "" {
				waiver = ", waiver: {words: [" + tc.waiver + "], by: ruth, why: w}"
			}
			c := folderOf(t, text, fmt.Sprintf(service, tc.title, waiver))
			for name, src := range tc.files {
				c.Templates[name] = []byte(src)
			}
			var got []string
			for _, f := range idleWaivers(base, c) {
				got = append(got, fmt.Sprintf("%s:%d:%d %s / %s", f.File, f.Line, f.Column, f.Message, f.Mend))
				if f.Rule != finding.WrongWaiver || f.Level != finding.Error {
					t.Errorf("%+v", f)
				}
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
			}
			for _, wrong := range append(unfit(c), unfitResources(c)...) {
				if strings.Contains(wrong.Message, "lets nothing by") {
					t.Errorf("serve refuses it: %v", wrong)
				}
			}
		})
	}
}

func readBuiltin(t *testing.T, name string) string {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("..", "..", "notifier", "templates", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}
