package templates

import (
	"maps"
	"strings"
	"testing"
)

// TestEveryPlaceIsNamed: the same words twice are two problems, each with its place;
// where they are said kindly, or ask for nothing, they are none.
func TestEveryPlaceIsNamed(t *testing.T) {
	s := mustBuiltin(t)
	for _, tc := range []struct {
		file, old, new string
		want           []string
	}{
		{"en/a-notice", "We are here", "The therapy. Your\ntherapy, therapies. We are here", []string{`:12:5: clinical-word: "therapy"`, `:13:1: clinical-word: "therapy"`, `:13:10: clinical-word: "therapies"`}},
		{"en/a-notice", "We are here", "There is no charge. There is a charge. A charger. We are here", []string{`: blame: "charge"`}},
		{"en/a-notice", "We are here", "Come to\nTh&#101;r&shy;apy. We are here", []string{`:13:1: clinical-word: "therapy"`}},
		{"en/a-notice", "We are here", "Come to\na therap*y* or a **th**erapy. We are here", []string{`:13:3: clinical-word: "therapy"`, `:13:20: clinical-word: "therapy"`}},
		{"en/a-notice", "We are here", "Come to\nour [Thera]({{booking_link}})py. We are here", []string{`:13:6: clinical-word: "therapy"`}},
		{"en/a-notice", "We are here", "Come to\nthera\\\npy. We are here", []string{`:13:1: clinical-word: "therapy"`}},
		{"en/a-notice", "We are here", "Come \\& see\nour thera\u0301py, therap&yacute;. We are here", []string{`:13:5: clinical-word: "therapy"`, `:13:15: clinical-word: "therapy"`}},
		{"en/a-notice", "We are here", "It is\nno *charge*. But\na ch&#97;rge. We are here", []string{`:14:3: blame: "charge"`}},
		{"en/a-notice", "We are here", "Come\nand *see [us*](https://evil.example/therapy) now. We are here", []string{`:13:37: clinical-word: "therapy"`}},
		{"en/a-notice", "We are here", "Come [to us](https://riverside.example/therapy)\nnow, th*er*apy. We are here", []string{`:12:40: clinical-word: "therapy"`, `:13:6: clinical-word: "therapy"`}},
		{"en/a-notice", "We are here", "Come\nnow. It is a multitudinous accumulation of considerations regarding *institutional* availability, {{first_name}}, necessitating nonetheless an unproblematic organizational communication opportunity, individually negotiated, immediately available and continually reconsidered. We are here", []string{`:13:6: grade`}},
		{"en/e-caring", "We are thinking of you.", "We are thinking of you, and\nc&#97;ll *u*s. C*al*l us too\\\nPl**ea**se do.", []string{`:11:1: caring-contact-asks: "call"`, `:11:16: caring-contact-asks: "call us"`, `:12:1: caring-contact-asks: "please do"`}},
		{"en/a-notice", "We are here", "Come\nto\ttherapy, our\ttherapist&Tab;therapy&#10;and. We are here", []string{`:13:4: clinical-word: "therapy"`, `:13:17: clinical-word: "therapist"`, `:13:31: clinical-word: "therapy"`}},
		{"en/a-notice", "We are here", "The[[ {{first_name}}]]rapy is near.\nWe are here", []string{`:12:1: clinical-word: "therapy"`}},
		{"en/a-notice", "We are here", "Come [here](https://riverside.example/%74herapy)\nor [here](https://riverside.example/ourTherapyTeam)\nor [here](https://riverside.example/x?client=8421). We are here", []string{`:12:13: clinical-word: "therapy"`, `:13:40: clinical-word: "therapy"`, `:14:39: identifier: "client"`}},
		{"en/b-normalise", "Many people", "It is a shame. Many people", []string{`:10:9: blame: "shame"`}},
		{"en/e-caring", "We are thinking of you.", "Are you well today? We are thinking of you.", []string{`:10:1: caring-contact-asks: "are you well today"`}},
		{"en/parts", "Call a client", "Call about\ndepression", []string{`:38:1: clinical-word: "depression"`}},
		{"en/parts", "Call a client", "Call about a safety\nplan", []string{`:37:14: clinical-word: "safety plan"`}},
		{"en/e-caring", "We are thinking of you.", "[[Dear {{first_name}} ]]take a long walk.", []string{`:10:25: caring-contact-asks: "take"`}},
		{"en/parts", "a person on our team reads it", "nobody reads it", []string{`:7:1: missing-reply-sentence`}},
		{"en/e-caring", "We are thinking of you.", "Call 988. Call us. And now, call us!", []string{`:10:11: caring-contact-asks: "call us"`, `:10:29: caring-contact-asks: "call us"`}},
	} {
		src, err := builtin.ReadFile(tc.file + ".md")
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.With(map[string][]byte{tc.file: []byte(strings.Replace(string(src), tc.old, tc.new, 1))})
		if err == nil || strings.Count(err.Error(), "templates/") != len(tc.want) {
			t.Errorf("%q: %v, want %d problems", tc.new, err, len(tc.want))
			continue
		}
		rest := err.Error()
		for _, want := range tc.want {
			_, after, ok := strings.Cut(rest, want)
			if !ok {
				t.Errorf("%q: %v, want %q", tc.new, err, want)
			}
			rest = after
		}
	}
}

// TestSharedPartsAreRead where no mail of their language shows them, and nothing is held
// against both files that make a mail.
func TestSharedPartsAreRead(t *testing.T) {
	s := mustBuiltin(t)
	read := func(name string) string {
		t.Helper()
		data, err := builtin.ReadFile(name + ".md")
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	parts, caring, notice := read("en/parts"), read("en/e-caring"), read("en/a-notice")
	spoilt := strings.NewReplacer("You can also find help", "Therapy at [ours](https://evil.example/). MRN 48213. Call us today! You can also find help", "Call a client", "Call about depression").Replace(parts)
	in := func(file, text string) map[string][]byte { return map[string][]byte{file: []byte(text)} }
	both := func(a, b map[string][]byte) map[string][]byte { maps.Copy(a, b); return a }
	inParts := []string{`:5:1: clinical-word: "therapy"`, `:5:19: foreign-link`, `identifier: "mrn"`, `identifier: "mrn 48213"`, `caring-contact-asks: "call us"`, `clinical-word: "depression"`}
	for name, tc := range map[string]struct {
		files map[string][]byte
		want  []string // in the one file that has problems
	}{
		"without a mail":       {in("vi/parts", spoilt), inParts},
		"with another mail":    {both(in("vi/parts", spoilt), in("vi/a-notice", notice)), inParts},
		"of our own mails":     {in("en/parts", spoilt), inParts},
		"the mail alone":       {both(in("en/parts", parts), in("en/e-caring", strings.Replace(caring, "We are thinking", "Our therapy is thinking", 1))), []string{`e-caring.md:10:5: clinical-word: "therapy"`}},
		"the mail's subject":   {both(in("en/parts", parts), in("en/e-caring", strings.Replace(caring, "A note from", "A missed note from", 1))), []string{`e-caring.md:5:12: blame: "missed"`}},
		"a hard mail":          {both(in("en/parts", parts), in("en/e-caring", strings.Replace(caring, "thinking of you", "continuously considering immeasurable opportunities concerning organizational availability, institutional accountability, and multidisciplinary communication responsibilities", 1))), []string{"e-caring.md:10:1: grade"}},
		"a refused word there": {both(in("en/parts", strings.Replace(parts, "Call a client", "Call about happy\ncamp", 1)), nil), []string{`parts.md:37:12: clinic-word: "happy camp"`}},
	} {
		_, err := s.WithRules(tc.files, Rules{Refused: []string{"happy camp"}, Languages: []string{"en", "vi"}, Hosts: []string{"quay.example.org"}})
		if err == nil {
			t.Errorf("%s: nothing is found", name)
			continue
		}
		for _, want := range tc.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", name, err, want)
			}
		}
		if lines := strings.Split(err.Error(), "\n"); len(lines) != len(tc.want) {
			t.Errorf("%s: %d problems, want %d:\n%v", name, len(lines), len(tc.want), err)
		}
	}
}

// TestClinicWordsStandWhereTheyAreNamed: a word that a clinic refuses is a problem of the
// files that hold it, each at its place: not of every mail that shows the shared parts,
// and not of our sample values.
func TestClinicWordsStandWhereTheyAreNamed(t *testing.T) {
	s := mustBuiltin(t)
	for _, word := range []string{"help", "visits*", "danger", "line", "somebody*"} {
		_, err := s.WithRules(nil, Rules{Refused: []string{word}, Languages: []string{"en"}})
		if err == nil {
			if word == "help" || word == "danger" {
				t.Errorf("%q is found nowhere", word)
			}
			continue
		}
		joined, ok := err.(interface{ Unwrap() []error })
		if !ok {
			t.Fatal(err)
		}
		stem := strings.TrimSuffix(word, "*")
		for _, one := range joined.Unwrap() {
			e, ok := one.(*FileError) //nolint:errorlint // the list is of these
			if !ok {
				t.Fatal(one)
			}
			src, err := builtin.ReadFile(strings.TrimPrefix(e.File, "templates/"))
			if err != nil {
				t.Fatal(err)
			}
			line := []rune(strings.Split(string(src), "\n")[e.Line-1])
			if here := fold(string(line[e.Column-1:])); !strings.HasPrefix(here, stem) {
				t.Errorf("%v: there stands %q", one, here)
			}
		}
	}
}

// TestSubjectsSaySomething: a subject of quotes or signs alone is refused at its place.
func TestSubjectsSaySomething(t *testing.T) {
	for subject, refused := range map[string]bool{`""`: true, "...": true, "-": true, "“A note”": true, "\"A note\"": true, "**A note**": true, "A <b>note</b>": true, "A `note`": true, "A “kind” note": false, "A & B": false, "1 < 2": false, "''": true, "¿?": true, "Hello": false, "{{clinic_name}}": false, "211": false} {
		own := strings.Replace(goodA, "subject: Hello from {{clinic_name}}", "subject: "+subject, 1)
		if own == goodA {
			t.Fatal("the subject was not replaced")
		}
		_, err := mustBuiltin(t).With(map[string][]byte{"a-own.md": []byte(own)})
		if refused != (err != nil && strings.Contains(err.Error(), "subject")) || !refused && err != nil {
			t.Errorf("%s: %v", subject, err)
		}
	}
}

// TestLongSubjects: what no phone shows is refused at its place.
func TestLongSubjects(t *testing.T) {
	for n, refused := range map[int]bool{16: false, 17: true} {
		own := strings.Replace(goodA, "subject: Hello from {{clinic_name}}", "subject: Hi"+strings.Repeat(" hello", n)+" é", 1)
		_, err := mustBuiltin(t).With(map[string][]byte{"a-own.md": []byte(own)})
		if refused != (err != nil) || err != nil && !strings.Contains(err.Error(), "a-own.md:5:10: the subject is longer than 100 characters") {
			t.Errorf("%d words: %v", n, err)
		}
	}
}

// TestSentencesThatSayTheOpposite: what every client mail must say does not count where
// it is denied; a negation elsewhere in its sentence does no harm.
func TestSentencesThatSayTheOpposite(t *testing.T) {
	s := mustBuiltin(t)
	for _, tc := range []struct{ file, old, new, want string }{
		{"en/parts", "a person on our team reads it", "nobody reads it", MissingReplySentence},
		{"en/parts", "We read replies in office hours only", "We read replies day and night, not in office hours only", MissingReplySentence},
		{"en/parts", "You can [change or stop them]", "You cannot [change or stop them]", MissingPreferences},
		{"en/parts", "You can [change or stop them]", "You can't [change or stop them]", MissingPreferences},
		{"en/parts", "If you write back to this email, a person on our team reads it", "If you do not like to call, reply, and a person on our team reads it", ""},
		{"en/parts", "You choose which emails you get from us. You can", "If you do not want these mails, you can", ""},
		{"en/parts", "We read replies in office hours only", "Nobody reads replies at night. We read replies in office hours only", ""},
		{"en/parts", "a person on our team reads it", "nobody but our team reads it", ""},
		{"en/parts", "You can [change or stop them]", "We will not stop. You can [change or stop them]", ""},
		{"es/parts", "una persona de nuestro equipo lo lee", "nadie lo lee", MissingReplySentence},
		{"es/parts", "Puede [cambiar", "No puede [cambiar", MissingPreferences},
	} {
		src, err := builtin.ReadFile(tc.file + ".md")
		if err != nil {
			t.Fatal(err)
		}
		spoilt := strings.Replace(string(src), tc.old, tc.new, 1)
		if !strings.Contains(spoilt, tc.new) {
			t.Fatalf("%s does not hold %q", tc.file, tc.old)
		}
		_, err = s.With(map[string][]byte{tc.file: []byte(spoilt)})
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%q: %v, want %q", tc.new, err, tc.want)
		}
	}
}
