package templates

import (
	"slices"
	"strings"
	"testing"
)

// evasions are ways in which a word may be written so that its reader sees it and a
// plain search does not.
var evasions = map[string]func(word string) (html, text string){
	"plain":    func(w string) (string, string) { return w, w },
	"capitals": func(w string) (string, string) { return strings.ToUpper(w), strings.ToUpper(w) },
	"entities": func(w string) (string, string) {
		return strings.NewReplacer("a", "&#97;", "e", "&#x65;", "i", "&#105;", "o", "&#x6F;").Replace(w), ""
	},
	"soft hyphens": func(w string) (string, string) {
		return w[:2] + "&shy;" + w[2:], w[:2] + "\u00ad" + w[2:]
	},
	"zero width": func(w string) (string, string) {
		return w[:1] + "&#8203;" + w[1:], w[:2] + "\u200b" + w[2:3] + "\u2060\ufeff" + w[3:]
	},
	"split by tags": func(w string) (string, string) {
		return w[:2] + "<b></b>" + w[2:3] + "<span class=\"x\">" + w[3:] + "</span><!-- -->", ""
	},
	"look-alikes": func(w string) (string, string) {
		to := strings.NewReplacer("a", "а", "e", "е", "o", "ο", "c", "с", "p", "р", "i", "і").Replace(w)
		return to, to
	},
	"capital look-alikes": func(w string) (string, string) {
		to := strings.NewReplacer("A", "Α", "E", "Ε", "O", "О", "H", "Н", "N", "Ν", "P", "Р", "T", "Т", "B", "В").Replace(strings.ToUpper(w))
		return to, to
	},
	"full width": func(w string) (string, string) {
		to := strings.Map(func(r rune) rune {
			if r > ' ' && r <= '~' {
				return r + 0xFEE0
			}
			return r
		}, w)
		return to, to
	},
	"digits": func(w string) (string, string) {
		if strings.ContainsAny(w, "0123456789") || len(w) < 6 {
			return "", ""
		}
		// Every second letter that has a digit, so that more letters stay than go.
		at := 0
		to := strings.Map(func(r rune) rune {
			if i := strings.IndexRune("oiezsatb", r); i >= 0 {
				if at++; at%2 == 1 {
					return rune("01325478"[i])
				}
			}
			return r
		}, w)
		return to, to
	},
	"signs": func(w string) (string, string) {
		to := strings.NewReplacer("a", "@", "s", "$").Replace(w[:len(w)-1]) + w[len(w)-1:]
		return to, to
	},
	"raised": func(w string) (string, string) {
		to := strings.NewReplacer("a", "ᵃ", "d", "ᵈ", "e", "ᵉ", "i", "ⁱ", "n", "ⁿ", "o", "ᵒ", "p", "ᵖ", "r", "ʳ", "t", "ᵗ", "u", "ᵘ", "1", "¹", "2", "²").Replace(w)
		return to, to
	},
	"lowered": func(w string) (string, string) {
		to := strings.NewReplacer("a", "ₐ", "e", "ₑ", "i", "ᵢ", "o", "ₒ", "r", "ᵣ", "u", "ᵤ", "n", "ₙ", "p", "ₚ", "s", "ₛ", "t", "ₜ").Replace(w)
		return to, to
	},
	"circled":  func(w string) (string, string) { return shifted(w, 'ⓐ'), shifted(w, 'ⓐ') },
	"brackets": func(w string) (string, string) { return shifted(w, '⒜'), shifted(w, '⒜') },
	"dark":     func(w string) (string, string) { return shifted(w, '🅐'), shifted(w, '🅐') },
	"bold":     func(w string) (string, string) { return shifted(w, '𝐚'), shifted(w, '𝐚') },
	"cut by a line": func(w string) (string, string) {
		return w[:3] + "<br/>" + w[3:], w[:3] + "-\n" + w[3:]
	},
	"cut by cells": func(w string) (string, string) {
		if len(w) < 4 || strings.Contains(w[:4], " ") {
			return "", ""
		}
		return "<table><tr><td>" + w[:2] + "</td>\n <td>" + w[2:3] + "</td><td style=\"padding:0\">" + w[3:] + "</td></tr></table>", ""
	},
	"cut by a link": func(w string) (string, string) {
		return w[:3] + `<a href="https://book.riverside.example/times">` + w[3:] + "</a>", ""
	},
	"hyphens": func(w string) (string, string) {
		if strings.ContainsAny(w, " -") {
			return "", ""
		}
		to := w[:2] + "-" + w[2:3] + "‑" + w[3:]
		return to, to
	},
	"dots": func(w string) (string, string) {
		if strings.ContainsAny(w, " -") {
			return "", ""
		}
		return strings.Join(strings.Split(w, ""), ". "), strings.Join(strings.Split(w, ""), "·")
	},
	"spaced out": func(w string) (string, string) {
		if strings.ContainsAny(w, " -") || len(w) < 4 {
			return "", ""
		}
		to := strings.Join(strings.Split(w, ""), " ")
		return to, to
	},
}

// shifted moves small letters to those of a block that begins with an a.
func shifted(w string, a rune) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return a + r - 'a'
		}
		return r
	}, w)
}

// TestNothingSlipsThrough plants what must not leave in every place of a mail, in
// every disguise, in mails of both languages.
func TestNothingSlipsThrough(t *testing.T) {
	s := mustBuiltin(t)
	l := map[string]*Linter{}
	clean := map[string]Mail{}
	for _, language := range []string{"en", "es"} {
		v := SampleValuesIn(language)
		r, err := s.Render("A", language, Unknown, v)
		if err != nil {
			t.Fatal(err)
		}
		l[language] = NewLinter(v.Exceptions("https://mail.riverside.example/"))
		m := r.Mail()
		m.Sender, m.ReplyTo = "Riverside House", "Front desk"
		m.Headers = []Header{{"List-Unsubscribe", "<https://mail.riverside.example/u/v1.k1.dr-mrn-fee>"}, {"List-Unsubscribe-Post", "List-Unsubscribe=One-Click"}}
		if found := l[language].Lint(m, Client); len(found) > 0 {
			t.Fatalf("the mail in %s is not clean before: %v", language, found)
		}
		clean[language] = m
	}
	anchors := map[string]string{"en": "We are here", "es": "Aquí estamos"}
	for rule, words := range map[string][]string{
		ClinicalWord: {
			"therapy", "therapist", "counseling", "depression", "anxiety", "bipolar", "self-harm", "intake", "follow-up", "first visit", "screening", "score", "risk", "psychiatrist", "social worker",
			"sertraline", "sertralina", "zoloft", "fluoxetina", "prozac", "quetiapina", "seroquel", "lithium", "litio", "xanax", "lamotrigina", "aripiprazole", "adderall", "buprenorfina",
			"terapia", "terapeuta", "psicologa", "psiquiatra", "depresion", "ansiedad", "trastorno bipolar", "diagnostico", "tratamiento", "primera cita", "evaluacion", "seguimiento", "salud mental", "riesgo", "puntaje", "recaida", "sesion de grupo", "paciente",
		},
		Blame: {
			"missed", "no-show", "guilt", "your fault", "last chance", "overdue", "fees", "just kidding",
			"cita perdida", "culpa", "usted debe pagar", "recargo", "ultima oportunidad", "no se presento", "dar de alta", "broma", "irresponsable", "factura",
		},
		Identifier: {"mrn", "date of birth", "expediente", "fecha de nacimiento", "social security"},
	} {
		for _, word := range words {
			for disguise, put := range evasions {
				html, text := put(word)
				for language, anchor := range anchors {
					where := map[string]func(*Mail){}
					everywhere := disguise == "plain" || disguise == "look-alikes"
					if html != "" {
						where["html"] = func(m *Mail) { m.HTML = strings.Replace(m.HTML, anchor, anchor+". "+html, 1) }
					}
					if html != "" && everywhere {
						where["html title"] = func(m *Mail) { m.HTML = strings.Replace(m.HTML, "<p ", `<p title="`+stripTags(html)+`" `, 1) }
						where["comment"] = func(m *Mail) { m.HTML = strings.Replace(m.HTML, anchor, "<!-- "+stripTags(word)+" -->"+anchor, 1) }
						where["link text"] = func(m *Mail) {
							m.HTML = strings.Replace(m.HTML, anchor, `<a href="https://book.riverside.example/times">`+html+`</a> `+anchor, 1)
						}
					}
					if text != "" {
						where["text"] = func(m *Mail) { m.Text = strings.Replace(m.Text, anchor, anchor+". "+text, 1) }
						where["subject"] = func(m *Mail) { m.Subject += " " + text }
					}
					if text != "" && everywhere {
						where["sender"] = func(m *Mail) { m.Sender += ", " + text }
						where["reply-to"] = func(m *Mail) { m.ReplyTo = text }
						where["header"] = func(m *Mail) { m.Headers = append(slices.Clip(m.Headers), Header{"X-About", text}) }
						where["header name"] = func(m *Mail) {
							m.Headers = append(slices.Clip(m.Headers), Header{"About-" + strings.ReplaceAll(text, " ", "-"), "1"})
						}
					}
					for place, plant := range where {
						m, audience := clean[language], Client
						if !everywhere {
							// A few words around it are enough, and quick to read.
							m, audience = Mail{Subject: anchor, Text: anchor + ", Sam.", HTML: "<p>" + anchor + ", Sam.</p>", Language: language}, Staff
						}
						plant(&m)
						found := l[language].Leaving(m, audience)
						if !slices.ContainsFunc(found, func(f Finding) bool { return f.Rule == rule }) {
							t.Errorf("%q, %s, in the %s of a mail in %s: found %v, want %s", word, disguise, place, language, found, rule)
						}
					}
				}
			}
		}
	}
}

// stripTags leaves words that may stand in an attribute.
func stripTags(s string) string {
	for strings.Contains(s, "<") {
		before, rest, _ := strings.Cut(s, "<")
		_, after, _ := strings.Cut(rest, ">")
		s = before + after
	}
	return s
}

// TestIdentifiers: record numbers, dates of birth, and addresses of people do not
// leave; the numbers and times that our mails need do.
func TestIdentifiers(t *testing.T) {
	l := NewLinter(SampleExceptions())
	for text, want := range map[string]string{
		"MRN 48213":                     "mrn",
		"mrn: 0048213377":               "mrn",
		"Record #12345678":              "record #12345678",
		"Your number is A1234567":       "a1234567",
		"EXP-00123456":                  "exp-00123456",
		"Expediente 4471":               "expediente",
		"78812345 is yours":             "78812345",
		"123-45-6789":                   "123-45-6789",
		"#44712":                        "#44712",
		"Case 84215":                    "case 84215",
		"case no. 84215":                "case no. 84215",
		"Case #8421":                    "case #8421",
		"Your file 84215 is open":       "file 84215",
		"File no. 84215":                "file no. 84215",
		"File No: 84215":                "file no: 84215",
		"Exp. 84215":                    "exp. 84215",
		"Exp. nº 842":                   "exp. no 842",
		"Expte. 842":                    "expte. 842",
		"Caso 84215":                    "caso 84215",
		"Ref 84215":                     "ref 84215",
		"Ref.: 84215":                   "ref.: 84215",
		"Referencia núm. 84215":         "referencia num. 84215",
		"Account 123456":                "account 123456",
		"Member number 84215":           "member number 84215",
		"N.º de expediente 84215":       "expediente",
		"Born 3 May":                    "born 3",
		"born May 3":                    "born may",
		"born in October":               "born in october",
		"nacida el 3 de mayo":           "nacida el",
		"Nació el 3 de mayo":            "nacio el 3",
		"nacido en mayo":                "nacido en mayo",
		"Fec nac: 3 de mayo":            "fec nac",
		"D.O.B. 3 May":                  "d.o.b",
		"Born on 3/4/1987":              "born on",
		"1987-03-04":                    "1987-03-04",
		"04.03.87":                      "04.03.87",
		"March 4, 1987":                 "march 4, 1987",
		"Mar 4th 1987":                  "mar 4th 1987",
		"4 de marzo de 1987":            "4 de marzo de 1987",
		"el 4 de septiembre del 2003":   "4 de septiembre del 2003",
		"DOB":                           "dob",
		"Fecha de nacimiento: 4/3/1987": "fecha de nacimiento",
		"Write to sam@home.example":     "sam@home.example",
		"４/３/１９８７":                      "4/3/1987",
	} {
		found := l.Words("text", text)
		if !slices.ContainsFunc(found, func(f Finding) bool { return f.Rule == Identifier && f.Match == want }) {
			t.Errorf("%q: found %v, want %q", text, found, want)
		}
	}
	for _, text := range []string{
		"Tuesday, 4 March, 5:10 pm", "martes 4 de marzo, 5:10 pm", "988", "555-0100", "Call 555-0100 today", "9 to 5", "9-5", "12 Mill Street", "24/7", "741741 is not ours but short", "In case 988 is busy, stay on the line.", "in case 2027 suits you better", "a file of 12 pages", "ref to page 3", "She was born here", "En caso de 911", "at 9.30", "1 de cada 2",
	} {
		if found := l.Words("text", text); len(found) > 0 {
			t.Errorf("%q: %v", text, found)
		}
	}
}

// TestLinksSayNothing: the words of a link's path and query count, whatever encodes
// them; those that we make at random do not.
func TestLinksSayNothing(t *testing.T) {
	allowed := SampleExceptions()
	allowed.Links = append(allowed.Links, "https://book.riverside.example/")
	l := NewLinter(allowed)
	for link, want := range map[string]string{
		"https://book.riverside.example/therapy":                         ClinicalWord,
		"https://book.riverside.example/th%65rapy":                       ClinicalWord,
		"https://book.riverside.example/th%2565rapy":                     ClinicalWord,
		"https://book.riverside.example/times?visit=first_visit":         ClinicalWord,
		"https://book.riverside.example/times?type=groupSession":         ClinicalWord,
		"https://book.riverside.example/primera-cita":                    ClinicalWord,
		"https://book.riverside.example/traumatherapyintake":             ClinicalWord,
		"https://book.riverside.example/times?p=bookYourfirstvisit":      ClinicalWord,
		"https://book.riverside.example/citapsicologa":                   ClinicalWord,
		"https://harbourtherapy.example/times":                           ClinicalWord,
		"https://therapy.example":                                        ClinicalWord,
		"https://www.saludmentalhoy.example/":                            ClinicalWord,
		"https://book.riverside.example/depresi%C3%B3n":                  ClinicalWord,
		"https://book.riverside.example/times#zoloft":                    ClinicalWord,
		"https://book.riverside.example/no-show":                         Blame,
		"https://book.riverside.example/times?mrn=4":                     Identifier,
		"https://book.riverside.example/times?first_name=Sam":            Identifier,
		"https://book.riverside.example/times?c=sam%40home.example":      Identifier,
		"https://book.riverside.example/times/12345678":                  Identifier,
		"https://book.riverside.example/times?dob=1987-03-04":            Identifier,
		"https://book.riverside.example/times?d=1987-03-04":              Identifier,
		"https://book.riverside.example/times?q=t%E2%80%8Bherapy":        ClinicalWord,
		"https://book.riverside.example/times?q=th%D0%B5r%D0%B0py&lang=": ClinicalWord,
	} {
		for part, m := range map[string]Mail{
			"text": {Text: "Here: " + link}, "html": {HTML: `<a href="` + strings.ReplaceAll(link, "&", "&amp;") + `">Here</a>`},
			"header": {Headers: []Header{{"List-Help", "<" + link + ">"}}},
		} {
			found := l.Leaving(m, Staff)
			if !slices.ContainsFunc(found, func(f Finding) bool { return f.Rule == want && f.Part == part }) {
				t.Errorf("%s in %s: found %v, want %s", link, part, found, want)
			}
		}
	}
	allowed.Hosts = append(allowed.Hosts, "harbourtherapy.example")
	allowed.Links = append(allowed.Links, "https://harbourtherapy.example/", "https://book.harbourtherapy.example/")
	l = NewLinter(allowed)
	for _, link := range []string{"https://harbourtherapy.example/times", "https://book.harbourtherapy.example/times", "https://book.riverside.example/timestable", "https://book.riverside.example/times?week=2", "https://mail.riverside.example/c/v1.mrn.depression-1987-03-04", "https://988lifeline.org/"} {
		if found := l.Leaving(Mail{Text: link, HTML: `<a href="` + link + `">Here</a>`}, Staff); len(found) > 0 {
			t.Errorf("%s: %v", link, found)
		}
	}
}

// TestInnocentWords: what only looks like a word of the lists, in the other language
// too.
func TestInnocentWords(t *testing.T) {
	l := NewLinter(SampleExceptions())
	for _, text := range []string{
		"La clínica abre a las once.", "Su sobrino es alto.", "No hace falta llamar.", "Un año después, en otoño", "Hoy la piña está cara", "Con mucho cargo en el barco", "Doctrine and driver", "Medicaid may help with the cost.",
		"A fine day for a walk", "El consejo de la familia", "La peña del río", "Sin prisa", "Una mañana tranquila", "Un ataque de risa", "Recuperar el tiempo", "Cuidar a los niños", "Más o menos un minuto", "Con la señora Peña",
		"The cargo bike", "A group of people", "Vamos a dar un paseo", "Está bien descansar", "Su alta estima", "I missile", "La misión de la casa", "A scoreboard",
	} {
		if found := l.Words("text", text); len(found) > 0 {
			t.Errorf("%q: %v", text, found)
		}
	}
}

// TestFoldKeepsEnye: the ñ is a letter of its own, however it is written.
func TestFoldKeepsEnye(t *testing.T) {
	for in, want := range map[string]string{
		"año": "año", "AÑO": "año", "an\u0303o": "año", "ano": "ano", "Depresión": "depresion", "depresio\u0301n": "depresion", "pingüino": "pinguino", "niñ\u00ada": "niña",
	} {
		if got := fold(in); got != want {
			t.Errorf("fold(%q) = %q, want %q", in, got, want)
		}
	}
	for _, word := range []string{"añxiety", "sesióñ de grupo", "hacerse daño"} {
		if got := ClinicalWords(word); len(got) == 0 {
			t.Errorf("%q is not found", word)
		}
	}
}

// TestClinicsOwnWords: a clinic adds words, and answers for some; for a missing crisis
// line nobody can.
func TestClinicsOwnWords(t *testing.T) {
	allowed := SampleExceptions()
	allowed.Refused = []string{"Lodge", "membresía*", "bad idea", "x*"}
	allowed.Waived = []Waiver{{Rule: ClinicalWord, Words: []string{"Recovery"}}, {Rule: MissingCrisisLine}, {Rule: MissingPreferences}}
	l := NewLinter(allowed)
	for text, want := range map[string]string{
		"The LODGE is open": ClinicWord, "Sus membresias": ClinicWord, "A bad  idea": ClinicWord, "Recovery": "", "recovery and therapy": ClinicalWord, "Lodges": "", "xylophone": "",
	} {
		found := l.Words("text", text)
		if want == "" && len(found) > 0 || want != "" && (len(found) != 1 || found[0].Rule != want || found[0].Why() == "" || found[0].Instead() == "") {
			t.Errorf("%q: found %v, want %q", text, found, want)
		}
	}
	found := l.Leaving(Mail{Text: "Hello", HTML: "<p>Hello</p>"}, Client)
	if !slices.ContainsFunc(found, func(f Finding) bool { return f.Rule == MissingCrisisLine }) || slices.ContainsFunc(found, func(f Finding) bool { return f.Rule == MissingPreferences }) {
		t.Errorf("found %v", found)
	}
	for _, rule := range RuleNames() {
		if a := adviceOn(rule); a.why == "" || a.instead == "" {
			t.Errorf("%s does not say why, or what to write instead", rule)
		}
	}
}

func BenchmarkLeaving(b *testing.B) {
	for _, language := range []string{"en", "es"} {
		b.Run(language, func(b *testing.B) {
			v := SampleValuesIn(language)
			r, err := mustBuiltin(b).Render("C", language, Unknown, v)
			if err != nil {
				b.Fatal(err)
			}
			l, m := NewLinter(v.Exceptions("https://mail.riverside.example/")), r.Mail()
			b.ReportAllocs()
			for b.Loop() {
				if found := l.Leaving(m, Client); len(found) > 0 {
					b.Fatal(found)
				}
			}
		})
	}
}

// TestShortFormsSetApart: three letters that stand apart are a short form.
func TestShortFormsSetApart(t *testing.T) {
	l := NewLinter(SampleExceptions())
	for text, want := range map[string]string{
		"Your P.H.Q. is due": ClinicalWord, "P. H. Q.": ClinicalWord, "O C D": ClinicalWord, "o-c-d": ClinicalWord, "T.L.P.": ClinicalWord, "D.O.B.": Identifier, "D. O. B.": Identifier, "M R N": Identifier, "S.S.N.": Identifier, "f.e.e.": Blame, "A D H D": ClinicalWord,
		"PHQ-9 and G A D": ClinicalWord, "m3d1cation": ClinicalWord, "$uicide": ClinicalWord, "@nxiety": ClinicalWord, "th!s is depress!on": ClinicalWord, "m@nia": ClinicalWord, "ƭherapy": "", "self_harm": ClinicalWord, "d0se": ClinicalWord, "psych1atrist": ClinicalWord, "p1lls": ClinicalWord,
	} {
		if found := l.Words("text", text); want != "" && !slices.ContainsFunc(found, func(f Finding) bool { return f.Rule == want }) {
			t.Errorf("%q: found %v, want %s", text, found, want)
		}
	}
	for _, text := range []string{
		"At 9am or 5pm, on the 3rd, 2nd or 1st.", "70C outside", "A or B or C", "a) one b) two c) three", "J. R. Moon", "Mr. A. B. Reyes", "Rooms 2a, 2b and 2c", "well-being", "up-to-date", "either/or", "walk-in", "U.S.A.", "a.m. and p.m.", "B4 and H2O", "Come in\ntake a seat", "$5 a ride", "So good to see you!We are here",
	} {
		if found := l.Words("text", text); len(found) > 0 {
			t.Errorf("%q: %v", text, found)
		}
	}
}

// TestDisguisesAreRefused: what may show other words than stand there does not leave.
func TestDisguisesAreRefused(t *testing.T) {
	l := NewLinter(SampleExceptions())
	for name, m := range map[string]Mail{
		"reversed in the text":     {Text: "\u202eypareht\u202c"},
		"reversed in the subject":  {Subject: "\u2067ypareht\u2069"},
		"reversed in the sender":   {Sender: "a\u200fb"},
		"an Arabic mark":           {ReplyTo: "a\u061cb"},
		"reversed in entities":     {HTML: "<p>&#8238;ypareht</p>"},
		"reversed by a tag":        {HTML: `<p><bdo dir="rtl">ypareht</bdo></p>`},
		"reversed by an attribute": {HTML: `<p dir=rtl>ypareht</p>`},
		"reversed by a style":      {HTML: `<p style="direction:rtl;unicode-bidi:bidi-override">ypareht</p>`},
		"words of a style":         {HTML: `<style>p:before{content:"thera"}</style><p>py</p>`},
		"words of a style in code": {HTML: `<style>p:before{c\6fntent:"thera"}</style><p>py</p>`},
		"hidden letters":           {HTML: `the<span style="display: none">x</span>rapy`},
		"hidden by size":           {HTML: `the<span style="color:#fff;font-size:0px">x</span>rapy`},
		"hidden by an attribute":   {HTML: `the<span hidden>x</span>rapy`},
		"hidden by a value":        {HTML: `the<span class="a" hidden="">x</span>rapy`},
		"hidden by visibility":     {HTML: `<style>@media (max-width:480px){.x{visibility:hidden}}</style>the<b class=x>x</b>rapy`},
		"hidden by colour":         {HTML: `the<i style="color:transparent">x</i>rapy`},
		"moved":                    {HTML: `<b style="float:right">rapy</b>the`},
		"drawn over":               {HTML: `<b style="margin:0 0 0 -40px">the</b>`},
		"a comment for Outlook":    {HTML: `the<!--[if mso]>rapy<![endif]-->`},
		"a template":               {HTML: `<template>x</template>`},
		"style with a comment":     {HTML: `<b style="dis/**/play:none">x</b>`},
	} {
		found := l.Leaving(m, Staff)
		if !slices.ContainsFunc(found, func(f Finding) bool { return f.Rule == Disguised && f.Match != "" }) {
			t.Errorf("%s: found %v", name, found)
		}
	}
	for _, html := range []string{"<p>An unhidden gem</p>", `<p title="a hidden gem">x</p>`, `<p style="font-size:14px;margin:0">x</p>`, `<bdi>Sam</bdi>`, "<!-- a note -->"} {
		if found := l.Leaving(Mail{HTML: html}, Staff); len(found) > 0 {
			t.Errorf("%s: %v", html, found)
		}
	}
}

// TestSeams: what stands side by side without being one word is none.
func TestSeams(t *testing.T) {
	l := NewLinter(SampleExceptions())
	for html, want := range map[string]bool{
		"<td>the</td><td>rapy</td>": true, "<td>the</td>\n\t<td>\n rapy</td>": true, "thera<br>py": true, "thera <br/> py": true, "the<a href=\"https://988lifeline.org/\">rapy</a>": true, "<a href=\"https://988lifeline.org/\">the</a>rapy": true, "the<img alt=\"\">rapy": true,
		"<td>t</td><td>h</td><td>e</td><td>r</td><td>apy</td>": true, "a<wbr>nxiety": true, "depre<i></i>ssion": true,
		"<p>Come in</p><p>take a seat</p>": false, "come <a href=\"https://988lifeline.org/\">in</a> take": false, "<li>in</li><li>take</li>": false, "the best<br>rapid help": false,
	} {
		if found := l.Leaving(Mail{HTML: html}, Staff); (len(found) > 0) != want {
			t.Errorf("%s: found %v", html, found)
		}
	}
}
