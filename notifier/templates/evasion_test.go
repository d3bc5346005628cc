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
	"spaced out": func(w string) (string, string) {
		if strings.ContainsAny(w, " -") || len(w) < 4 {
			return "", ""
		}
		to := strings.Join(strings.Split(w, ""), " ")
		return to, to
	},
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
						m := clean[language]
						plant(&m)
						found := l[language].Leaving(m, Client)
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
		"Tuesday, 4 March, 5:10 pm", "martes 4 de marzo, 5:10 pm", "988", "555-0100", "Call 555-0100 today", "9 to 5", "9-5", "12 Mill Street", "24/7", "741741 is not ours but short", "at 9.30", "1 de cada 2",
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
	for _, link := range []string{"https://book.riverside.example/times", "https://book.riverside.example/times?week=2", "https://mail.riverside.example/c/v1.mrn.depression-1987-03-04", "https://988lifeline.org/"} {
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
