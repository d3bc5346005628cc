package templates

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// TestNoClinicalWords lints every template for every reason, full and bare: no
// clinical word, no blame, no foreign link leaves, grade 6 holds, and every
// client mail has the crisis line, how replies are read, and preferences, but for the
// one that goes to an address which nobody has confirmed.
func TestNoClinicalWords(t *testing.T) {
	s := mustBuiltin(t)
	// Many reasons share a file: the same mail is linted once.
	linted := map[Rendered]bool{}
	for key := range s.index {
		sample := SampleValuesIn(key.language)
		for state, v := range map[string]Values{"full": sample, "bare": bareValues(sample)} {
			r, err := s.Render(withWording(key.family, key.wording), key.language, key.reason, v)
			if err != nil {
				t.Fatal(err)
			}
			if linted[r] {
				continue
			}
			linted[r] = true
			allowed := v.Exceptions("https://mail.riverside.example/")
			allowed.NoPreferences = key.family == familyAddress || key.family == familyMoved
			for _, f := range Lint(r, audienceOf(key.family), allowed) {
				t.Errorf("%+v, %s: %s", key, state, f)
			}
		}
	}
	if len(linted) < 80 {
		t.Errorf("only %d mails were read", len(linted))
	}
}

// codesInWords are the languages and the codes that have words in them.
func codesInWords(s *Set) (out [][2]string) {
	for language, words := range s.words {
		for code := range words {
			out = append(out, [2]string{language, code})
		}
	}
	return out
}

// TestEveryCodeInWords lints staff mail for every code that has words.
func TestEveryCodeInWords(t *testing.T) {
	s := mustBuiltin(t)
	for _, c := range codesInWords(s) {
		language, words := c[0], c[1]
		table, code, _ := strings.Cut(words, ": ")
		v, name := SampleValuesIn(language), "task"
		switch v.TaskWhat = code; table {
		case "urgency":
			v.Urgency, name = code, "escalation"
		case "alarm":
			v.Alarm, name = code, "alarm"
		}
		r, err := s.Render(name, language, Unknown, v)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(squeeze(r.Text), s.words[language][words]) {
			t.Errorf("%s is not in the mail:\n%s", words, r.Text)
		}
		for _, f := range Lint(r, Staff, SampleExceptions()) {
			t.Errorf("%s: %s", words, f)
		}
	}
	v := SampleValues()
	v.TaskWhat = "suicide-screening"
	if r := mustRender(t, s, "task", Unknown, v); strings.Contains(r.Subject+r.Text+r.HTML, "screening") || !strings.Contains(r.Text, "Something that needs a person") {
		t.Errorf("an unknown code shows:\n%s", r.Text)
	}
}

// TestLintCatches plants one violation at a time.
func TestLintCatches(t *testing.T) {
	clean := mustRender(t, mustBuiltin(t), "A", Unknown, SampleValues())
	const here = "We are here"
	plant := func(words string) func(*Rendered) {
		return func(r *Rendered) {
			r.Text = strings.Replace(r.Text, here, words, 1)
			r.HTML = strings.Replace(r.HTML, here, words, 1)
		}
	}
	inHTML := func(words string) func(*Rendered) {
		return func(r *Rendered) { r.HTML = strings.Replace(r.HTML, here, words, 1) }
	}
	inText := func(words string) func(*Rendered) {
		return func(r *Rendered) { r.Text = strings.Replace(r.Text, here, words, 1) }
	}
	drop := func(words string) func(*Rendered) {
		return func(r *Rendered) {
			r.Text = strings.ReplaceAll(r.Text, words, "")
			r.HTML = strings.ReplaceAll(r.HTML, words, "")
		}
	}
	tests := []struct {
		name string
		do   func(*Rendered)
		rule string
	}{
		{"therapy", plant("Your therapy"), ClinicalWord},
		{"capitals", plant("THERAPY"), ClinicalWord},
		{"title", plant("Dr. Moon is here"), ClinicalWord},
		{"diagnosis", plant("your depression"), ClinicalWord},
		{"visit type", plant("your follow-up"), ClinicalWord},
		{"score", plant("your PHQ-9"), ClinicalWord},
		{"in the subject", func(r *Rendered) { r.Subject = "Your psychologist writes" }, ClinicalWord},
		{"in HTML alone", inHTML("therapist"), ClinicalWord},
		{"in text alone", inText("therapist"), ClinicalWord},
		{"zero-width", plant("the\u200bra\u200dpy"), ClinicalWord},
		{"soft hyphen", plant("thera\u00adpy"), ClinicalWord},
		{"entities", inHTML("th&#101;r&#x61;py"), ClinicalWord},
		{"soft hyphen entity", inHTML("thera&shy;py"), ClinicalWord},
		{"tag inside a word", inHTML("the<b></b>rapy"), ClinicalWord},
		{"comment inside a word", inHTML("the<!-- > -->rapy"), ClinicalWord},
		{"full width", plant("ｔｈｅｒａｐｙ"), ClinicalWord},
		{"mathematical", plant("𝐭𝐡𝐞𝐫𝐚𝐩𝐲"), ClinicalWord},
		{"Cyrillic look-alikes", plant("thеrару"), ClinicalWord},
		{"accents", plant("thérápy"), ClinicalWord},
		{"combining marks", plant("the\u0301rapy"), ClinicalWord},
		{"image text", inHTML(`<img alt="therapy" src="https://book.riverside.example/times"/>`), ClinicalWord},
		{"over a line", inText("self-\nharm and first\nvisit"), ClinicalWord},
		{"missed", plant("You missed it"), Blame},
		{"no-show", plant("A no-show"), Blame},
		{"no‑show with another hyphen", plant("A no\u2011show"), Blame},
		{"guilt", plant("You let us down"), Blame},
		{"should", plant("You should come"), Blame},
		{"did not come", plant("You didn’t come"), Blame},
		{"fee", plant("There is a fee"), Blame},
		{"threat", plant("We will close your file"), Blame},
		{"last chance", plant("Your last chance"), Blame},
		{"joke", plant("Just kidding"), Blame},
		{"no crisis line", drop("988"), MissingCrisisLine},
		{"no crisis line in text", func(r *Rendered) { r.Text = strings.ReplaceAll(r.Text, "988", "") }, MissingCrisisLine},
		{"no crisis line in HTML", func(r *Rendered) { r.HTML = strings.ReplaceAll(r.HTML, "988", "") }, MissingCrisisLine},
		{"no reader of replies", drop("read"), MissingReplySentence},
		{"no office hours", drop("hours"), MissingReplySentence},
		{"no preferences sentence", drop("mails"), MissingPreferences},
		{"no preferences link", drop("https://mail.riverside.example/u/"), MissingPreferences},
		{"link", plant("https://elsewhere.example/"), ForeignLink},
		{"link in text alone", inText("https://elsewhere.example/"), ForeignLink},
		{"link target", inHTML(`<a href="https://elsewhere.example/">We</a>`), ForeignLink},
		{"longer host", plant("https://book.riverside.example.evil.example/times"), ForeignLink},
		{"user before the host", plant("https://book.riverside.example@evil.example/times"), ForeignLink},
		{"port", plant("https://book.riverside.example:444/times"), ForeignLink},
		{"other scheme", plant("http://book.riverside.example/times"), ForeignLink},
		{"longer path", plant("https://book.riverside.example/timesheet"), ForeignLink},
		{"path that climbs", plant("https://book.riverside.example/times/../admin"), ForeignLink},
		{"look-alike host", plant("https://bооk.riverside.example/times"), ForeignLink},
		{"www", plant("www.elsewhere.example"), ForeignLink},
		{"bare domain", plant("elsewhere.com is here"), ForeignLink},
		{"script link", inHTML(`<a href="javascript:alert(1)">We</a>`), ForeignLink},
		{"mailto", inHTML(`<a href="mailto:a@b.example">We</a>`), ForeignLink},
		{"full-width colon", plant("https：//elsewhere.net/x"), ForeignLink},
		{"tracking picture", inHTML(`<img src="https://pixel.example/1.gif"/>`), ForeignLink},
		{"quoted bracket", inHTML(`<img alt=">" src="https://pixel.example/1.gif"/>`), ForeignLink},
		{"background", inHTML(`<p style="background:url(https://pixel.example/1)">We</p>`), ForeignLink},
		{"style sheet", inHTML(`<style>@import "x";</style>`), ForeignLink},
		{"script", inHTML(`<script>1</script>`), ForeignLink},
		{"frame", inHTML(`<iframe></iframe>`), ForeignLink},
		{"form", inHTML(`<form></form>`), ForeignLink},
		{"hard words", plant("Participation in individually coordinated collaborative appointments continues to be exceptionally beneficial for everybody, organizationally and interpersonally."), GradeRule},
	}
	if f := Lint(clean, Client, SampleExceptions()); len(f) > 0 {
		t.Fatalf("the mail is not clean before: %v", f)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := clean
			tt.do(&r)
			if r == clean {
				t.Fatal("nothing was planted")
			}
			found := Lint(r, Client, SampleExceptions())
			if !slices.ContainsFunc(found, func(f Finding) bool { return f.Rule == tt.rule }) {
				t.Errorf("found %v, want %s", found, tt.rule)
			}
		})
	}
}

// TestLintLetsPass: a lint that cries wolf is switched off.
func TestLintLetsPass(t *testing.T) {
	clean := mustRender(t, mustBuiltin(t), "A", Unknown, SampleValues())
	for _, words := range []string{
		"We are here, and so is Dr. Oak House", "https://mail.riverside.example/c/dr-ptsd-fee", "permission to dismiss the mission",
		"https://BOOK.riverside.example/times/today", "a coffee and a driver", "Feel free, at 9 a.m. or 5 p.m.", "We are group people",
	} {
		allowed := SampleExceptions()
		allowed.Words = append(allowed.Words, "Dr. Oak House", "Oak House")
		r := clean
		r.Text = strings.Replace(r.Text, "We are here", words, 1)
		if found := Lint(r, Client, allowed); len(found) > 0 {
			t.Errorf("%q: %v", words, found)
		}
	}
	// Staff mail needs no crisis line, and no grade.
	if found := Lint(Rendered{Text: "Organizationally indispensable considerations."}, Staff, Exceptions{}); len(found) > 0 {
		t.Errorf("staff: %v", found)
	}
	// Without the clinic's number any number beside words of help will do.
	if found := Lint(clean, Client, Exceptions{Links: SampleExceptions().Links, Words: SampleExceptions().Words}); len(found) > 0 {
		t.Errorf("no crisis phone given: %v", found)
	}
}

func TestSyllables(t *testing.T) {
	for word, want := range map[string]int{
		"a": 1, "I": 1, "the": 1, "time": 1, "times": 1, "visit": 2, "people": 2, "little": 2, "wanted": 2, "asked": 1,
		"needed": 2, "changes": 2, "choose": 1, "being": 2, "visual": 3, "question": 2, "office": 2, "hours": 1,
		"beneficial": 4, "station": 2, "radio": 3, "you'll": 1, "well-known": 2, "988": 1, "every": 3, "page": 1, "boxes": 2,
	} {
		if got := syllables(word); got != want {
			t.Errorf("syllables(%q) = %d, want %d", word, got, want)
		}
	}
}

func TestGrade(t *testing.T) {
	for _, tt := range []struct {
		text  string
		names []string
		want  float64
	}{
		{"", nil, 0},
		// 6 words, 1 sentence, 6 syllables: 2.34 + 11.8 − 15.59 < 0.
		{"The cat sat on the mat.", nil, 0},
		// 7 words, 1 sentence, 14 syllables.
		{"The little tiger wanted another visit today.", nil, 0.39*7 + 11.8*14/7 - 15.59},
		// Links and names do not count; a greeting is no sentence.
		{"Hello Sam,\n\nWe are at Interdisciplinary Collaboration Center.\n\nhttps://a.example/organizationally", []string{"Interdisciplinary Collaboration Center"}, 0},
	} {
		if got := Grade(tt.text, tt.names...); math.Abs(got-tt.want) > 0.001 {
			t.Errorf("Grade(%q) = %.3f, want %.3f", tt.text, got, tt.want)
		}
	}
}

// TestGradeIsOfTheHarderPart: an easy footer does not carry a hard letter.
func TestGradeIsOfTheHarderPart(t *testing.T) {
	hard := "Organizational considerations necessitate interdisciplinary collaboration."
	easy := strings.Repeat("We are here. ", 200)
	r := Rendered{Text: hard + "\n\nCall 988.\n\n" + easy}
	if Grade(r.Text) > MaxGrade {
		t.Fatal("the whole is meant to be easy")
	}
	found := Lint(r, Client, Exceptions{CrisisPhone: "988"})
	if !slices.ContainsFunc(found, func(f Finding) bool { return f.Rule == GradeRule }) {
		t.Errorf("found %v", found)
	}
}

func BenchmarkLint(b *testing.B) {
	r := mustRender(b, mustBuiltin(b), "C", Unknown, SampleValues())
	allowed := SampleExceptions()
	for b.Loop() {
		if found := Lint(r, Client, allowed); len(found) > 0 {
			b.Fatal(found)
		}
	}
}
