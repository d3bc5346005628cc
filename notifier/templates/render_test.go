package templates

import (
	"errors"
	"html"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestNames(t *testing.T) {
	tests := []struct{ name, in, greeting string }{
		{"usual", "Sam", "Hello Sam,"},
		{"none", "", "Hello,"},
		{"blank", " \t\u00a0\u3000", "Hello,"},
		{"two words", " Mary  Ann ", "Hello Mary Ann,"},
		{"initials", "J. R.", "Hello J. R.,"},
		{"apostrophe", "D'Arcy", "Hello D'Arcy,"},
		{"accents", "Zoë", "Hello Zoë,"},
		{"combining accent", "Zoe\u0308", "Hello Zoe\u0308,"},
		{"Arabic", "نور", "Hello نور,"},
		{"Japanese", "さくら", "Hello さくら,"},
		{"a number to call", "Sam, call 555 0199 now", "Hello,"},
		{"24 letters", strings.Repeat("a", 24), "Hello " + strings.Repeat("a", 24) + ","},
		{"25 letters", strings.Repeat("a", 25), "Hello,"},
		{"long with a hyphen", strings.Repeat("a", 15) + "-" + strings.Repeat("b", 15), "Hello " + strings.Repeat("a", 15) + "-" + strings.Repeat("b", 15) + ","},
		{"new lines", "Sam\r\nBcc: all@evil.example", "Hello,"},
		{"header without an address", "Sam\r\nX-Evil: 1", "Hello,"},
		{"line separator", "Sam\u2028Lee", "Hello Sam Lee,"},
		{"controls", "S\x00a\x1bm\x7f", "Hello Sam,"},
		{"right-to-left override", "Sam\u202egnp.exe", "Hello,"},
		{"direction marks", "\u200fSam\u2066\u2069", "Hello Sam,"},
		{"zero width", "S\u200ba\u200dm\ufeff", "Hello Sam,"},
		{"tag characters", "Sam\U000e0041\U000e0042", "Hello Sam,"},
		{"private characters", "Sam\ue100\ue000", "Hello Sam,"},
		{"filler letters", "\u3164\u115f", "Hello,"},
		{"only marks", "\u0301\u0302\u0303", "Hello,"},
		{"piled marks", "S" + strings.Repeat("\u0301", 30) + "am", "Hello S\u0301\u0301am,"},
		{"HTML", "<b>Sam</b>", "Hello,"},
		{"script", "<script>alert(1)</script>", "Hello,"},
		{"ampersand entity", "&lt;img&gt;", "Hello,"},
		{"full-width bracket", "＜b＞", "Hello,"},
		{"link", "https://evil.example/x", "Hello,"},
		{"www", "WWW.evil", "Hello,"},
		{"domain", "evil.com", "Hello,"},
		{"split domain", "evil\u200b.com", "Hello,"},
		{"full-width domain", "evil．com", "Hello,"},
		{"address", "sam@evil.example", "Hello,"},
		{"placeholder", "{{code}}", "Hello,"},
		{"Markdown link", "[x](y)", "Hello,"},
		{"Markdown emphasis", "**Sam**", "Hello **Sam**,"},
		{"number", "12345", "Hello,"},
		{"dashes", "---", "Hello,"},
		{"emoji alone", "😀", "Hello,"},
		{"500 letters", strings.Repeat("a", 500), "Hello,"},
		{"long, cut at a word", strings.Repeat("abcdefgh ", 50), "Hello" + strings.Repeat(" abcdefgh", 4) + ","},
		{"a megabyte", strings.Repeat("x\u0301", 300_000), "Hello,"},
		{"broken UTF-8", "Sa\xff\xfem", "Hello Sam,"},
	}
	s := mustBuiltin(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := SampleValues()
			v.FirstName = tt.in
			r := mustRender(t, s, "A", Unknown, v)
			if first, _, _ := strings.Cut(r.Text, "\n"); first != tt.greeting {
				t.Errorf("greeting = %q, want %q", first, tt.greeting)
			}
			if bare := html.UnescapeString(strings.NewReplacer("<bdi>", "", "</bdi>", "").Replace(r.HTML)); !strings.Contains(bare, ">"+tt.greeting+"</p>") {
				t.Errorf("the HTML greets otherwise:\n%s", r.HTML)
			}
			harmless(t, r, v)
		})
	}
}

// harmless checks what no value may do to a mail.
func harmless(tb testing.TB, r Rendered, v Values) {
	tb.Helper()
	if strings.ContainsAny(r.Subject, "\r\n") || r.Subject == "" || utf8.RuneCountInString(r.Subject) > maxSubject {
		tb.Fatalf("subject = %q", r.Subject)
	}
	for _, part := range []string{r.Subject, r.Text, r.HTML} {
		for _, c := range part {
			if c != '\n' && invisible(c) {
				tb.Fatalf("an invisible character %U in %q", c, part)
			}
		}
	}
	wellFormed(tb, r.HTML)
	for _, f := range Lint(r, Client, v.Exceptions("https://mail.riverside.example/")) {
		if f.Rule == ForeignLink {
			tb.Fatalf("a link came in: %s", f)
		}
	}
}

func FuzzRender(f *testing.F) {
	for _, name := range []string{
		"Sam", "", "<b>", "a\r\nBcc: x", "https://x.example", "x@y.example", "\u202eevil", "{{code}}", "[[x]]", "&amp;", "\"'>", "evil.co", "ｗｗｗ．x",
	} {
		f.Add(name, name, name)
	}
	s := mustBuiltin(f)
	plain := mustRender(f, s, "A", Unknown, SampleValues())
	tags := strings.Count(plain.HTML, "<")
	f.Fuzz(func(t *testing.T, name, clinic, code string) {
		v := SampleValues()
		v.FirstName = name
		r := mustRender(t, s, "A", Unknown, v)
		harmless(t, r, v)
		// A greeting without a name lacks the two tags around it.
		if got := strings.Count(r.HTML, "<"); got != tags && got != tags-2 {
			t.Fatalf("%d tags, want %d or %d:\n%s", got, tags, tags-2, r.HTML)
		}

		v.ClinicName, v.Code, v.StaffName, v.TaskDue, v.OpenedAgo, v.CrisisText = clinic, code, name, clinic, code, clinic
		for _, template := range []string{"A", "escalation", "task"} {
			r, err := s.Render(template, "en", Unknown, v)
			if _, ok := errors.AsType[*ValueError](err); ok {
				if len(name) > 8 && strings.Contains(err.Error(), name) {
					t.Fatalf("the error holds the value: %v", err)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if strings.ContainsAny(r.Subject, "\r\n") {
				t.Fatalf("subject = %q", r.Subject)
			}
			wellFormed(t, r.HTML)
		}
	})
}

func TestMissingValues(t *testing.T) {
	s := mustBuiltin(t)
	for placeholder, tt := range map[string]struct {
		template string
		drop     func(*Values)
	}{
		"clinic_name":      {"E", func(v *Values) { v.ClinicName = " " }},
		"crisis_name":      {"E", func(v *Values) { v.CrisisName = "" }},
		"crisis_phone":     {"F", func(v *Values) { v.CrisisPhone = "" }},
		"preferences_link": {"E", func(v *Values) { v.PreferencesURL = "" }},
		"checkin_link":     {"B", func(v *Values) { v.CheckinURL = "" }},
		"booking_link":     {"A", func(v *Values) { v.BookingURL = "javascript:alert(1)" }},
		"crisis_link":      {"E", func(v *Values) { v.CrisisURL = "https://a b/" }},
		"resources":        {"C", func(v *Values) { v.Resources = []Resource{{Name: "x", URL: "ftp://x"}} }},
		"escalation_link":  {"escalation", func(v *Values) { v.EscalationURL = "" }},
		"code":             {"escalation", func(v *Values) { v.Code = "" }},
		"client_link":      {"note", func(v *Values) { v.ClientURL = "" }},
		"task_link":        {"task-reminder", func(v *Values) { v.TaskURL = "https://\"onload=" }},
	} {
		v := SampleValues()
		tt.drop(&v)
		_, err := s.Render(tt.template, "en", Unknown, v)
		var ve *ValueError
		if !errors.As(err, &ve) || ve.Placeholder != placeholder {
			t.Errorf("%s: error = %v", placeholder, err)
		}
	}
}

// TestMailsAskForNoMore: a mail that does not show a value does not need it.
func TestMailsAskForNoMore(t *testing.T) {
	s := mustBuiltin(t)
	v := bareValues(SampleValues())
	v.CheckinURL, v.EscalationURL, v.TaskURL = "", "", ""
	if _, err := s.Render("note", "en", Unknown, v); err != nil {
		t.Errorf("note: %v", err)
	}
	v.ClientURL, v.Code = "", ""
	for _, family := range []string{"E", "F"} {
		if _, err := s.Render(family, "en", Unknown, v); err != nil {
			t.Errorf("%s: %v", family, err)
		}
	}
}

// TestCaringNoAsk: E and F show no links but the fixed ones; E has no word of
// demand or advice.
func TestCaringNoAsk(t *testing.T) {
	s := mustBuiltin(t)
	v := SampleValues()
	for _, family := range []string{"E", "F"} {
		for _, reason := range Reasons() {
			r := mustRender(t, s, family, reason, v)
			for _, link := range readHTML(r.HTML).links {
				if link != v.PreferencesURL && link != v.CrisisURL {
					t.Errorf("%s, %s: %s", family, reason, link)
				}
			}
			for _, link := range []string{v.BookingURL, v.CheckinURL} {
				if strings.Contains(r.Text, link) {
					t.Errorf("%s, %s: %s in the text", family, reason, link)
				}
			}
		}
	}
}

// TestNoClientInStaffMail: staff mail says nothing of the client (the rule
// no-identifiers).
func TestNoClientInStaffMail(t *testing.T) {
	v := SampleValues()
	v.FirstName = "Zebulon"
	s := mustBuiltin(t)
	for _, name := range Names() {
		if audienceOf(name) != Staff {
			continue
		}
		if r := mustRender(t, s, name, AtRisk, v); strings.Contains(r.Subject+r.Text+r.HTML, "Zebulon") {
			t.Errorf("%s names the client", name)
		}
	}
}

// TestTheCodeStandsBesideTheLink in every mail that leads to a page which asks
// for it, and never in a subject, which shows on a locked screen.
func TestTheCodeStandsBesideTheLink(t *testing.T) {
	v, s := SampleValues(), mustBuiltin(t)
	for _, name := range []string{"escalation", "escalation-inform"} {
		r := mustRender(t, s, name, Unknown, v)
		for _, body := range []string{r.Text, r.HTML} {
			if !strings.Contains(body, v.EscalationURL) || !strings.Contains(body, v.Code) {
				t.Errorf("%s has the link without the code:\n%s", name, body)
			}
		}
		if strings.Contains(r.Subject, v.Code) {
			t.Errorf("the subject of %s shows the code", name)
		}
	}
}

func TestResources(t *testing.T) {
	v := SampleValues()
	v.Resources = []Resource{
		{Name: "Rides & <More>", About: strings.Repeat("word ", 30), URL: "https://r.example/?a=1&b=2"},
		{Name: ""},
		{Name: "Plain"},
	}
	r := mustRender(t, mustBuiltin(t), "C", OutsideStress, v)
	for _, want := range []string{"- Rides & <More>\n  word", "\n  https://r.example/?a=1&b=2\n- Plain\n"} {
		if !strings.Contains(r.Text, want) {
			t.Errorf("%q is not in\n%s", want, r.Text)
		}
	}
	if !strings.Contains(r.HTML, `href="https://r.example/?a=1&amp;b=2">Rides &amp; &lt;More&gt;</a>`) {
		t.Errorf("HTML:\n%s", r.HTML)
	}
	wellFormed(t, r.HTML)
	if bare := mustRender(t, mustBuiltin(t), "C", Unknown, bareValues(SampleValues())); strings.Contains(bare.Text, "These places") {
		t.Errorf("an introduction without its list:\n%s", bare.Text)
	}
}

// TestTextWrapped: lines of at most 72 columns, but for a word that is longer.
func TestTextWrapped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOf(rapid.StringMatching(`[a-zéß]{1,90}|[a-z]{1,9}`)).Draw(t, "words")
		indent := strings.Repeat(" ", rapid.IntRange(0, 4).Draw(t, "indent"))
		in := strings.Join(words, rapid.SampledFrom([]string{" ", "  "}).Draw(t, "space"))
		out := string(wrap(nil, []byte(in), indent, indent))
		if got := strings.Join(strings.Fields(out), " "); got != strings.Join(words, " ") {
			t.Fatalf("words changed: %q", got)
		}
		for line := range strings.SplitSeq(out, "\n") {
			if utf8.RuneCountInString(line) > textWidth && strings.Contains(strings.TrimSpace(line), " ") {
				t.Fatalf("a long line: %q", line)
			}
			if strings.TrimRight(line, " ") != line && strings.TrimSpace(line) != "" {
				t.Fatalf("space at the end of %q", line)
			}
		}
	})
}

// TestCleanWords: whatever comes in, a clean value is short, visible, and
// already clean.
func TestCleanWords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.String().Draw(t, "in")
		limit := rapid.IntRange(1, 50).Draw(t, "limit")
		out := cleanWords(in, limit)
		if utf8.RuneCountInString(out) > limit || strings.TrimSpace(out) != out || strings.Contains(out, "  ") || !utf8.ValidString(out) {
			t.Fatalf("cleanWords(%q, %d) = %q", in, limit, out)
		}
		if i := strings.IndexFunc(out, func(r rune) bool { return invisible(r) || (unicode.IsSpace(r) && r != ' ') }); i >= 0 {
			t.Fatalf("cleanWords(%q) = %q", in, out)
		}
		if again := cleanWords(out, limit); again != out {
			t.Fatalf("cleaned twice: %q, then %q", out, again)
		}
	})
}

func TestPlainURL(t *testing.T) {
	for link, want := range map[string]bool{
		"https://a.example": true, "http://127.0.0.1:8080/c/x.y_z-1": true, "https://a.example/?q=1&r=%20#f": true,
		"": false, "https://": false, "https:///x": false, "javascript:alert(1)": false, "//a.example": false, "HTTPS://a.example": false,
		"https://u@a.example/": false, "https://a.example/ x": false, "https://a.example/\nx": false, "https://a.example/\"": false,
		"https://a.example/<": false, "https://é.example/": false, "https://.": false, "https://a/" + strings.Repeat("x", 2000): false,
	} {
		if got := plainURL(link); got != want {
			t.Errorf("plainURL(%.40q) = %v", link, got)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	s := mustBuiltin(b)
	for _, name := range []string{"A", "C", "E", "escalation"} {
		b.Run(name, func(b *testing.B) {
			v := SampleValues()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Render(name, "en", Unknown, v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkBuiltin(b *testing.B) {
	for b.Loop() {
		if _, err := Builtin(); err != nil {
			b.Fatal(err)
		}
	}
}
