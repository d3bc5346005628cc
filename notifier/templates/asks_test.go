package templates

import (
	"slices"
	"strings"
	"testing"
)

// TestCaringContactAsksForNothing: what goes to a client with a safety flag holds no
// demand, advice or question; help in danger and what is left open may stand.
func TestCaringContactAsksForNothing(t *testing.T) {
	for _, text := range []string{
		"Try to breathe.", "Please reply today.", "Are you safe?", "Are you safe.", "How are you doing?", "Please call.", "Call us.", "Call us today, please.", "We are here, so call us.", "Remember that feelings pass.", "Be kind to yourself.",
		"Take a walk.", "Take care.", "When it gets hard, breathe.", "When it gets hard take a deep breath.", "You can book a time.", "You could try a walk.", "You should rest.", "We hope you come back.", "We would love to hear from you.", "We wonder how you are.",
		"We suggest a quiet evening.", "It helps to write things down.", "Why not come by", "Do not give up.", "Don't be alone tonight.", "Stay strong.", "Now, drink some water.", "Just let us know.", "Let us know if you like.", "Call 988 and try to breathe.", "Please write back.",
		"Reply to this mail.", "Tell us how you are.", "You are welcome to book a visit.", "We think of you.\n\n- Breathe in\n- Breathe out", "Come by if you like.", "Never give up", "You can call us.", "**Rest.** We are here.", "P\u200blease reply", "Please write back to this email today: a person on our team reads it.", "Reply now: a person reads it.", "Por favor responda: una persona lo lee.", "Ｔry to rest", "Is this ok?Write.", "Make sure you eat.", "You need to talk to someone.",
		"Time to book.", "It is time to call.", "We need to see you.", "We need to talk.", "We look forward to your call.", "It would mean a lot if you wrote back.", "A short note from you would make our day.", "Cheer up.", "Smile!", "Hang on.", "Pray with us.", "Picture a calm place.", "Put your phone away at night.", "No more drinking.", "Many people find that a walk helps.", "Some find tea helpful.", "Take all the time to breathe.", "Here are some tips.",
		"Hablemos.", "No se rinda.", "Ánimo.", "¡Ánimo!", "Échele ganas.", "Nos encantaría que llamara.", "Esperamos noticias suyas.", "Ore con nosotros.", "Es hora de llamar.", "Que descanse.", "Tómese un té.",
		"Intente respirar.", "¿Está a salvo?", "¿Está bien", "Por favor responda hoy.", "Por favor, llámenos.", "Llámenos.", "Llámanos hoy.", "Cuídese mucho.", "Cuídate.", "Esperamos que vuelva.", "Puede venir.", "Puedes reservar una hora.", "Tiene que descansar.", "Respire hondo.", "Un paseo ayuda mucho.", "Recuerde que todo pasa.",
		"No se rinda, intente dormir.", "Cuando sea difícil, respire.", "Nos gustaría saber de usted.", "Le recomendamos descansar.", "Cuéntenos cómo está.", "Sea amable consigo.", "Love yourself.", "Rest.", "Talk to us.", "See your clinician.", "You need to rest.", "Nunca deje de intentar.", "Be kind to yourself.", "Work on it.", "No dude en escribir.", "Díganos cómo está si quiere.", "Hay que seguir adelante.", "¿Cómo está?", "Cómo está usted.", "Venga cuando quiera.", "Llame al 988 y respire.",
	} {
		f := &file{source: newSource("", []byte(strings.ReplaceAll(text, "\u200b", "&#x200b;")))}
		if f.doc = f.source.readBody(span{text: f.source.text}); len(f.source.errs) > 0 {
			t.Fatal(f.source.errs)
		}
		if len(f.asks()) == 0 {
			t.Errorf("%q asks for something", text)
		}
	}
	for _, text := range []string{
		"We are thinking of you.", "You do not have to do anything with this note.", "You don't have to reply.", "We just want you to know that we care how you are.", "You are welcome here.", "Please know that we think of you.", "We hope you are well.", "Warm wishes from all of us.", "Love from all of us", "Help is there day and night.",
		"Call 988 at any hour.", "Please call 988 if you are in danger.", "If you are in danger, call the crisis line.", "If you are in danger, please call 911 or go to the nearest emergency room.", "Text 988.", "Call us if you like.", "Please reply if you like.", "You can write to us whenever you like.", "If you want, you can call us.", "You are welcome to call us if you like.",
		"You can change or stop these mails.", "Choose which mails you get, or stop them.", "Just reply to this mail: a person reads it.", "Do not worry.", "A person will call you tomorrow.", "Somebody from our team calls tomorrow.", "Rest assured that we are here.", "You are never alone.", "We will ask you how you are. We do that by phone.",
		"Love, Dana", "Talk soon.", "See you soon.", "There is nothing you need to do.", "Rest well.", "Be safe.", "Nunca es tarde.", "Work is slow.", "Sea cual sea el día, estamos aquí.",
		"You can take all the time you need.", "Take your time.", "There is nothing you have to do.", "There is time to talk when you like.", "Con mucho ánimo, el equipo", "No es hora de nada.", "Many people find that weeks like these are hard.", "A smile from all of us.", "We hang a light in the window.", "The time is yours.", "If you need to talk, call 988.", "Tómese todo el tiempo que necesite.", "Con mucho gusto y con cariño", "Le mandamos una sonrisa.", "La hora no importa.",
		"Pensamos en usted.", "No tiene que hacer nada con este mensaje.", "No tienes que responder.", "Solo queremos que sepa que nos importa cómo está.", "Con afecto, el equipo", "Sepa que aquí hay un lugar para usted.", "Llame al 988 si está en peligro.", "Por favor, llame al 988 si está en peligro.", "Si quiere, puede llamarnos.", "Puede escribirnos cuando quiera.", "Responda si quiere.",
		"Puede cambiar o dejar estos correos.", "Mañana una persona de nuestro equipo llama.", "No se preocupe.", "Puede contar con nosotros.", "Cuente con nosotros.", "Le enviamos un abrazo.", "Nadie espera una respuesta de su parte.",
	} {
		if got := asksOf(text); len(got) > 0 {
			t.Errorf("%q asks for nothing: %v", text, got)
		}
	}
}

// TestBuiltinCaringContacts: our own wordings of family E, and the parts that they
// show, ask for nothing in either language.
func TestBuiltinCaringContacts(t *testing.T) {
	s := mustBuiltin(t)
	n := 0
	for key, f := range s.files {
		if key.name != partsName && f.header.family != "E" {
			continue
		}
		n++
		if found := f.asks(); len(found) > 0 {
			t.Errorf("%s: %v", f.path(), found)
		}
	}
	if n < 4 {
		t.Errorf("only %d files were read", n)
	}
}

// TestCaringContactIsRefused: a clinic's wording that asks is refused with its place,
// the reason and what to write; a named person may let it by, and other families may
// ask.
func TestCaringContactIsRefused(t *testing.T) {
	s := mustBuiltin(t)
	for _, tc := range []struct {
		file, old, new, want string
	}{
		{"en/e-caring", "We are thinking of you.", "We are thinking of you. Try to\nbreathe.", "templates/en/e-caring.md:10:25: caring-contact-asks: \"try\""},
		{"en/e-caring", "We are thinking of you.", "Are you safe?", "templates/en/e-caring.md:10:1: caring-contact-asks: \"are you safe\": a question"},
		{"en/e-caring", "subject: A note", "subject: Please answer a note", "e-caring.md:5:10: caring-contact-asks"},
		{"es/e-caring", "Pensamos en usted.", "Pensamos en usted. Por favor responda hoy.", "e-caring.md:10:20: caring-contact-asks: \"por favor responda\""},
		{"en/parts", "at any time.", "at any time. Try to breathe.", "caring-contact-asks: \"try\""},
		{"es/parts", "cuando quiera.", "cuando quiera. ¿Cómo está?", "caring-contact-asks"},
		{"en/a-notice", "We are here", "Try to breathe. We are here", ""},
	} {
		src, err := builtin.ReadFile(tc.file + ".md")
		if err != nil {
			t.Fatal(err)
		}
		spoilt := strings.Replace(string(src), tc.old, tc.new, 1)
		if spoilt == string(src) {
			t.Fatalf("%s does not hold %q", tc.file, tc.old)
		}
		_, err = s.With(map[string][]byte{tc.file: []byte(spoilt)})
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s with %q: %v, want %q", tc.file, tc.new, err, tc.want)
		}
		if tc.want != "" && err != nil && (!strings.Contains(err.Error(), "asks for nothing") || !strings.Contains(err.Error(), "if you like")) {
			t.Errorf("%v does not say why and what to write", err)
		}
	}
	src, err := builtin.ReadFile("en/e-caring.md")
	if err != nil {
		t.Fatal(err)
	}
	own := map[string][]byte{"e-caring": []byte(strings.Replace(string(src), "We are thinking of you.", "Take care.", 1))}
	if _, err := s.WithRules(own, Rules{Waived: []Waiver{{Rule: CaringContactAsks, Words: []string{"Take care"}}}}); err != nil {
		t.Errorf("somebody answers for it: %v", err)
	}
	if _, err := s.WithRules(own, Rules{Waived: []Waiver{{Rule: CaringContactAsks, Words: []string{"Try"}}}}); err == nil {
		t.Error("a waiver of other words lets it by")
	}
}

func FuzzAsks(f *testing.F) {
	for _, s := range []string{"Try to breathe. Call 988, if you like!", "¿Está a salvo?", "a.b;c¿", "- - please", "don't"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		folded := squeeze(fold(text))
		for _, a := range asksOf(text) {
			if a.words == "" || !strings.Contains(folded, a.words) {
				t.Errorf("%q is no part of %q", a.words, folded)
			}
		}
		// A question stays one whatever stands around it.
		if got := asksOf(text + ". Are you safe?"); !slices.ContainsFunc(got, func(a asked) bool { return a.what == "a question" }) {
			t.Errorf("the question behind %q is lost: %v", text, got)
		}
	})
}
