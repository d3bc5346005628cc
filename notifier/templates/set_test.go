package templates

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
)

const goodA = `---
family: A
audience: client
reasons: unknown
subject: Hello from {{clinic_name}}
---

Hi[[ {{first_name}}]],

It would be good to see you.
[Find a time]({{booking_link}})

[Say how you are]({{checkin_link}})

{{crisis_line}}

{{replies}}

{{preferences}}
`

func TestClinicFileReplacesBuiltin(t *testing.T) {
	base := mustBuiltin(t)
	own, err := base.With(map[string][]byte{"a-notice": []byte(goodA)})
	if err != nil {
		t.Fatal(err)
	}
	if got := mustRender(t, own, "A", Unknown, SampleValues()); got.Subject != "Hello from Riverside House" {
		t.Errorf("subject = %q", got.Subject)
	}
	if got := mustRender(t, base, "A", Unknown, SampleValues()); got.Subject != "A note from Riverside House" {
		t.Errorf("the built-in set changed: subject = %q", got.Subject)
	}
}

func TestClinicFileTakesOneReason(t *testing.T) {
	file := strings.Replace(goodA, "reasons: unknown", "reasons: shame, no-progress", 1)
	own, err := mustBuiltin(t).With(map[string][]byte{"our-shame.md": []byte(file)})
	if err != nil {
		t.Fatal(err)
	}
	for reason, want := range map[string]string{
		Shame: "Hello from Riverside House", NoProgress: "Hello from Riverside House",
		Unknown: "A note from Riverside House", Overwhelm: "A note from Riverside House",
	} {
		if got := mustRender(t, own, "A", reason, SampleValues()).Subject; got != want {
			t.Errorf("reason %s: subject = %q, want %q", reason, got, want)
		}
	}
}

// TestWordings: a wording of a name stands beside the usual one, and answers to
// its name alone.
func TestWordings(t *testing.T) {
	short := strings.Replace(goodA, "reasons: unknown", "wording: short", 1)
	own, err := mustBuiltin(t).With(map[string][]byte{"a-short.md": []byte(short)})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"A.short": "Hello from Riverside House", "A": "A note from Riverside House", "A.long": "A note from Riverside House",
	} {
		for _, reason := range []string{Unknown, Shame} {
			if got := mustRender(t, own, name, reason, SampleValues()).Subject; got != want {
				t.Errorf("%s for %s: subject = %q, want %q", name, reason, got, want)
			}
		}
	}
	if !own.HasWording("en", "A", "short") || own.HasWording("en", "A", "long") || own.HasWording("en", "B", "short") {
		t.Error("the set says wrongly which wordings it has")
	}
	for wrong, want := range map[string]string{
		strings.Replace(goodA, "reasons: unknown", "wording: Too Short", 1):                                                                          "small letters",
		strings.NewReplacer("family: A", "family: task", "audience: client", "audience: staff", "reasons: unknown", "wording: short").Replace(goodA): "staff mail has one wording",
	} {
		if _, err := mustBuiltin(t).With(map[string][]byte{"a-short.md": []byte(wrong)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want one with %q", err, want)
		}
	}
}

func TestLanguageFallsBackToEnglish(t *testing.T) {
	base := mustBuiltin(t)
	for _, tag := range []string{"", "en", "en-GB", "vi", "vi-VN", "tlh", "../en", "EN_us"} {
		r, err := base.Render("A", tag, "no such reason", SampleValues())
		if err != nil || r.Language != "en" {
			t.Errorf("language %q: %q, %v", tag, r.Language, err)
		}
	}
	parts, err := builtin.ReadFile("es/parts.md")
	if err != nil {
		t.Fatal(err)
	}
	own, err := base.With(map[string][]byte{
		"es/parts":    []byte(strings.Replace(string(parts), "Usted elige qué correos recibe", "Usted elige qué correos le llegan", 1)),
		"es/a-notice": []byte(strings.Replace(goodA, "It would be good to see you.", "Nos gustaría verle.", 1)),
	})
	if err != nil {
		t.Fatal(err)
	}
	r, err := own.Render("A", "es-MX", Overwhelm, SampleValues())
	if err != nil {
		t.Fatal(err)
	}
	if r.Language != "es" || !strings.Contains(r.HTML, `<html lang="es">`) || !strings.Contains(r.Text, "Nos gustaría verle.") || !strings.Contains(squeeze(r.Text), "correos le llegan") {
		t.Errorf("not the Spanish wording: %s\n%s", r.Language, r.Text)
	}
	if r, err = own.Render("B", "vi", Unknown, SampleValues()); err != nil || r.Language != "en" {
		t.Errorf("family B has no Vietnamese file: %q, %v", r.Language, err)
	}
}

func TestUnknownTemplate(t *testing.T) {
	if _, err := mustBuiltin(t).Render("G", "en", Unknown, SampleValues()); !errors.Is(err, ErrUnknownTemplate) {
		t.Errorf("error = %v", err)
	}
}

// TestWrongFilesAreRefused: each with its file, line and column.
func TestWrongFilesAreRefused(t *testing.T) {
	edit := func(old, to string) string {
		if !strings.Contains(goodA, old) {
			t.Fatalf("nothing to edit: %q", old)
		}
		return strings.Replace(goodA, old, to, 1)
	}
	e, err := builtin.ReadFile("en/e-caring.md")
	if err != nil {
		t.Fatal(err)
	}
	parts, err := builtin.ReadFile("en/parts.md")
	if err != nil {
		t.Fatal(err)
	}
	inform, err := builtin.ReadFile("en/escalation-inform.md")
	if err != nil {
		t.Fatal(err)
	}
	escalation, err := builtin.ReadFile("en/escalation.md")
	if err != nil {
		t.Fatal(err)
	}
	inE := func(line string) string {
		return strings.Replace(string(e), "We are thinking of you.", line, 1)
	}
	tests := []struct {
		name, file, text, want string
	}{
		{"unknown placeholder", "a-notice", edit("{{first_name}}", "{{last_name}}"), "templates/a-notice.md:8:6: unknown placeholder {{last_name}}"},
		{"column counts characters", "a-notice", edit("Hi[[", "é{{nobody}}[["), "templates/a-notice.md:8:2: unknown placeholder {{nobody}}"},
		{"spaces in placeholder", "a-notice", edit("{{first_name}}", "{{first name}}"), "a-notice.md:8:6: a placeholder is two braces"},
		{"logic", "a-notice", edit("{{first_name}}", "{{if .X}}"), "a-notice.md:8:6: a placeholder is two braces"},
		{"open braces", "a-notice", edit("Hi[[", "Hi {{[["), "a-notice.md:8:4: a placeholder is two braces"},
		{"closing braces", "a-notice", edit("Hi[[", "Hi }}[["), "a-notice.md:8:4: }} without {{"},
		{"open optional words", "a-notice", edit("}}]],", "}},"), "a-notice.md:8:3: [[ without ]]"},
		{"closing optional words", "a-notice", edit("Hi[[", "Hi"), "a-notice.md:8:18: ]] without [["},
		{"nested optional words", "a-notice", edit("Hi[[", "Hi[[ [["), "a-notice.md:8:6: [[ inside [[ ]]"},
		{"optional words without a value", "a-notice", edit("Hi[[ {{first_name}}]],", "Hi[[ you]],"), "a-notice.md:8:9: [[ ]] without a placeholder"},
		{"optional words over paragraphs", "a-notice", edit("{{first_name}}]],\n\nIt would", "{{first_name}},\n\nIt]] would"), "must stand in one paragraph"},
		{"crisis line missing", "a-notice", edit("{{crisis_line}}\n", ""), "{{crisis_line}} is missing"},
		{"crisis line twice", "a-notice", edit("{{replies}}", "{{replies}}\n\n{{crisis_line}}"), "a-notice.md:19:1: {{crisis_line}} stands here twice"},
		{"replies missing", "a-notice", edit("{{replies}}", ""), "{{replies}} is missing"},
		{"preferences missing", "a-notice", edit("{{preferences}}", ""), "{{preferences}} is missing"},
		{"part among words", "a-notice", edit("{{replies}}", "Also: {{replies}}"), "a-notice.md:17:7: {{replies}} must stand alone"},
		{"check-in link missing", "a-notice", edit("[Say how you are]({{checkin_link}})", ""), "{{checkin_link}} is missing"},
		{"booking link missing", "a-notice", edit("[Find a time]({{booking_link}})", ""), "{{booking_link}} is missing"},
		{"staff placeholder", "a-notice", edit("good to see you", "good, {{code}}"), "a-notice.md:10:19: {{code}} cannot stand in mail to client"},
		{"word as a link", "a-notice", edit("{{booking_link}}", "{{clinic_name}}"), "a-notice.md:11:2: {{clinic_name}} is not a link"},
		{"link as a word", "a-notice", edit("good to see you", "good {{booking_link}}"), "a-notice.md:10:18: {{booking_link}} needs words"},
		{"other scheme", "a-notice", edit("{{booking_link}}", "javascript:alert(1)"), "a-notice.md:11:2: a link leads to"},
		{"half a placeholder", "a-notice", edit("{{booking_link}}", "https://x.example/{{code}}"), "a link leads to"},
		{"name in the subject", "a-notice", edit("Hello from {{clinic_name}}", "{{first_name}}, hello"), "a-notice.md:5:10: a client's name cannot stand in a subject"},
		{"HTML", "a-notice", edit("good to see you", "good <b>to</b> see you"), "a-notice.md:10:18: HTML cannot stand in a mail"},
		{"HTML block", "a-notice", edit("It would", "<div>\nIt would"), "HTML cannot stand in a mail"},
		{"picture", "a-notice", edit("good to see you", "![x](https://x.example/y.png)"), "a picture cannot stand in a mail"},
		{"code", "a-notice", edit("good to see you", "`good`"), "code cannot stand in a mail"},
		{"quotation", "a-notice", edit("It would", "> It would"), "a quotation cannot stand in a mail"},
		{"bare link", "a-notice", edit("good to see you", "<https://x.example/>"), "a bare link"},
		{"hidden character", "a-notice", edit("good to", "good\u200b to"), "a-notice.md:10:17: a character that nobody can see (U+200B)"},
		{"right-to-left mark", "a-notice", edit("good to", "good\u202e to"), "a-notice.md:10:17: a character that nobody can see (U+202E)"},
		{"private character", "a-notice", edit("good to", "good\ue100 to"), "a character that nobody can see (U+E100)"},
		{"no front matter", "a-notice", "Hello", "a-notice.md:1:1: the file must begin with a line of three dashes"},
		{"endless front matter", "a-notice", "---\nfamily: A\n", "must end with a line of three dashes"},
		{"unknown setting", "a-notice", edit("reasons:", "colour: red\nreasons:"), "a-notice.md:4:1: unknown setting \"colour\""},
		{"setting twice", "a-notice", edit("reasons:", "family: B\nreasons:"), "a-notice.md:4:1: \"family\" stands here twice"},
		{"unknown family", "a-notice", edit("family: A", "family: Z"), "a-notice.md:2:9: unknown family \"Z\""},
		{"wrong audience", "a-notice", edit("audience: client", "audience: staff"), "a-notice.md:3:11: the audience of A is client"},
		{"unknown reason", "a-notice", edit("reasons: unknown", "reasons: unknown, moon"), "a-notice.md:4:19: unknown reason \"moon\""},
		{"subject missing", "a-notice", edit("subject: Hello from {{clinic_name}}", ""), "\"subject\" is missing"},
		{"a new name in place of a built-in file", "our-a", edit("reasons: unknown", "reasons: unknown, shame"), ""},
		{"built-in left without unknown", "a-notice", edit("reasons: unknown", "reasons: shame"), "templates/a-notice.md:2:9: no file answers for family A, reason unknown: this file stands in the place of the built-in one that does; write"},
		{"language without parts", "vi/a-notice", goodA, "templates/vi/a-notice.md:1:1: the language \"vi\" has no parts.md"},
		{"no language", "../a-notice", goodA, "the folder .. is no language"},
		{"a region", "es-MX/a-notice", goodA, "templates/es-MX/a-notice:1:1: the folder es-MX names a region or is not in small letters: move its files to templates/es, which serves every region"},
		{"English of a region", "en-GB/a-notice", goodA, "move its files to the templates folder itself"},
		{"built-in left for a name", "a-notice", edit("reasons: unknown", "wording: own"), "templates/a-notice.md:2:9: no file answers for family A, reason unknown: this file stands in the place of the built-in one"},
		{"built-in left for another", "a-notice", strings.Replace(goodA, "family: A", "family: B", 1), "templates/a-notice.md:2:9: no file answers for family A"},
		{"odd name", "A Notice", goodA, "a file's name is made of"},
		{"not UTF-8", "a-notice", edit("good to", "good \xff to"), "not UTF-8"},
		{"clinical word", "a-notice", edit("good to see you", "good to have your therapy with you"), "a-notice.md:10:31: clinical-word: \"therapy\""},
		{"clinical word in the subject", "a-notice", edit("Hello from", "Therapy at"), "a-notice.md:5:10: clinical-word: \"therapy\""},
		{"clinical word across bold", "a-notice", edit("good to see you", "ther**apy**"), "clinical-word: \"therapy\""},
		{"clinical word in entities", "a-notice", edit("good to see you", "th&#101;rapy"), "clinical-word: \"therapy\""},
		{"blame", "a-notice", edit("good to see you", "good, but you missed your visit"), "a-notice.md:10:27: blame: \"missed\""},
		{"hard to read", "a-notice", edit("It would be good to see you.", "Participation in individually coordinated collaborative appointments continues to be exceptionally beneficial."), "grade: grade"},
		{"booking link in E", "e-caring", inE("[Times]({{booking_link}})"), "e-caring.md:10:2: family E has no links but the fixed ones"},
		{"own link in E", "e-caring", inE("[Times](https://x.example/)"), "family E has no links but the fixed ones"},
		{"advice in E", "e-caring", inE("Be kind to yourself."), "e-caring.md:10:1: caring-contact-asks: \"be kind\""},
		{"demand in E", "e-caring", inE("Please call."), "caring-contact-asks: \"please call\""},
		{"client's name to staff", "escalation", strings.Replace(string(escalation), "{{staff_name}}", "{{first_name}}", 1), "escalation.md:7:9: {{first_name}} cannot stand in mail to staff"},
		{"code missing", "escalation", strings.Replace(string(escalation), "**{{code}}**", "none", 1), "{{code}} is missing"},
		{"code missing where a person is informed", "escalation-inform", strings.Replace(string(inform), "**{{code}}**", "none", 1), "{{code}} is missing"},
		{"crisis number missing", "parts", strings.ReplaceAll(string(parts), "{{crisis_phone}}", "them"), "the part \"crisis_line\" must always show {{crisis_phone}}"},
		{"crisis line that may be left out", "parts", strings.Replace(string(parts), "[[ {{crisis_text}}.]]", " {{crisis_text}}.", 1), "must always show {{crisis_phone}}"},
		{"booking link in a part", "parts", strings.Replace(string(parts), "{{crisis_link}}", "{{booking_link}}", 1), "parts.md:5:25: {{booking_link}} cannot stand in a part"},
		{"preferences without link", "parts", strings.Replace(string(parts), "[change or stop them]({{preferences_link}})", "change them", 1), "must always show {{preferences_link}}"},
		{"replies without hours", "parts", strings.Replace(string(parts), "in office hours only[[ ({{reply_hours}})]]", "when we can", 1), "missing-reply-sentence"},
		{"unknown part", "parts", string(parts) + "\n# farewell\n\nBye.\n", "unknown part \"farewell\""},
		{"part missing", "parts", strings.Replace(string(parts), "# replies", "# crisis_line", 1), "\"crisis_line\" stands here twice"},
		{"code words missing", "parts", strings.Replace(string(parts), "# task: other", "# task: zzz", 1), "the part \"task: other\" is missing"},
	}
	base := mustBuiltin(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := base.With(map[string][]byte{tt.file: []byte(tt.text)})
			if tt.want == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error = %v\nwant  %s", err, tt.want)
			}
			var fe *FileError
			if !errors.As(err, &fe) || fe.Line < 1 || fe.Column < 1 {
				t.Errorf("no place in a file: %#v", err)
			}
		})
	}
}

func TestTwoClinicFilesForOneReason(t *testing.T) {
	_, err := mustBuiltin(t).With(map[string][]byte{"one": []byte(goodA), "two": []byte(goodA)})
	if err == nil || !strings.Contains(err.Error(), "templates/two.md:1:1: family A, reason unknown is answered by templates/one.md already") {
		t.Errorf("error = %v", err)
	}
}

// TestDocumentedExample: the file that the documentation shows is accepted.
func TestDocumentedExample(t *testing.T) {
	page, err := os.ReadFile("../../docs/templates.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, ok := strings.Cut(string(page), "```\n---\n")
	example, _, end := strings.Cut(after, "```\n")
	if !ok || !end {
		t.Fatal("docs/templates.md shows no file")
	}
	if _, err := mustBuiltin(t).With(map[string][]byte{"a-notice": []byte("---\n" + example)}); err != nil {
		t.Error(err)
	}
}

// TestDocumentedPlaceholders: each stands in the documentation.
func TestDocumentedPlaceholders(t *testing.T) {
	page, err := os.ReadFile("../../docs/templates.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fields {
		if !strings.Contains(string(page), "{{"+f.name+"}}") {
			t.Errorf("docs/templates.md does not explain {{%s}}", f.name)
		}
	}
}

// TestAllProblemsAtOnce: whoever writes wording fixes a file in one go.
func TestAllProblemsAtOnce(t *testing.T) {
	_, err := mustBuiltin(t).With(map[string][]byte{
		"a-notice": []byte(strings.NewReplacer("{{first_name}}", "{{one}}", "good", "{{two}}").Replace(goodA)),
		"b":        []byte("nothing"),
	})
	for _, want := range []string{"a-notice.md:8:6", "a-notice.md:10:13", "b.md:1:1"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error = %v, want %s in it", err, want)
		}
	}
}

func FuzzReadTemplate(f *testing.F) {
	entries, err := builtin.ReadDir("en")
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range entries {
		data, err := builtin.ReadFile("en/" + e.Name())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(strings.TrimSuffix(e.Name(), ".md"), data)
	}
	f.Add("a-notice", []byte(goodA))
	f.Add("a-notice", []byte("---\nfamily: A\n---\n[[ {{ ]] }} **[[** {{first_name}}]]\n- [[\n1. ]]\n"))
	base := mustBuiltin(f)
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		s, err := base.With(map[string][]byte{name: data})
		if err != nil {
			if e, ok := errors.AsType[*FileError](err); !ok || e.Line < 1 || e.Column < 1 || e.Line > bytes.Count(data, []byte("\n"))+bytes.Count(data, []byte("\r"))+1 {
				t.Fatalf("refused without a place: %v", err)
			}
			return
		}
		// What was accepted renders, in every state, and passes the lint.
		for _, g := range s.Gallery() {
			r, err := s.Render(g.Template, g.Language, g.Reason, g.Values)
			if err != nil {
				if _, ok := errors.AsType[*ValueError](err); !ok {
					t.Fatal(err)
				}
				continue
			}
			wellFormed(t, r.HTML)
			if strings.ContainsAny(r.Subject, "\r\n") || strings.ContainsRune(r.Text+r.HTML, markOpen) {
				t.Fatalf("subject %q\n%s", r.Subject, r.Text)
			}
		}
	})
}

// TestLinksOfAWording: a wording leads to the clinic's own hosts and to no other,
// however alike it looks.
func TestLinksOfAWording(t *testing.T) {
	t.Parallel()
	base := mustBuiltin(t)
	own := string(base.files[fileKey{"en", "a-notice"}].data)
	for link, may := range map[string]bool{
		"https://quay.example.org/parking": true, "https://www.quay.example.org/": true, "https://QUAY.example.org/": true,
		"https://evil.example/t.gif": false, "https://bit.ly/x": false, "https://quay.example.org.evil.example/": false, "https://evilquay.example.org/": false,
		"https://evil.example/?u=https://quay.example.org/": false,
	} {
		wording := strings.Replace(own, "We are here,", "[More here]("+link+")\n\nWe are here,", 1)
		_, err := base.WithRules(map[string][]byte{"a-notice.md": []byte(wording)}, Rules{Hosts: []string{"quay.example.org"}})
		if may && err != nil || !may && (err == nil || !strings.Contains(err.Error(), ForeignLink)) {
			t.Errorf("%s: %v", link, err)
		}
	}
}
