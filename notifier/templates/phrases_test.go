package templates

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestPhrases: what is said in more than one word is found, in every part of a mail,
// and what only looks like it is not.
func TestPhrases(t *testing.T) {
	l := NewLinter(SampleExceptions())
	for _, tc := range []struct {
		name, rule       string
		guilty, innocent []string
	}{
		{"money", Blame, []string{
			"Please pay your bill.", "We will bill you for the visit.", "Your balance is $50.", "Your account is past due.", "Your co-pay is due.", "Your copay is due.", "Your insurance will be billed.", "Please pay us.", "Your bill is due.", "You will get a bill.", "You have a balance.", "Bring your co-pay.", "Tiene un saldo de 50 dólares.", "You have been billed.", "Canceling costs $50.",
			"Nos debe 50 dólares.", "Nos debe $50.", "Pague su cuenta.", "Su pago está pendiente.", "Su cuenta está vencida.", "Su saldo es de 50 dólares.", "La cancelación cuesta 50 dólares.", "¿No nos debe algo?", "Will you not pay us?",
		}, []string{
			"We will not bill you.", "We never bill you for this.", "Bill, you are welcome here.", "Hello Bill,\n\nyou are welcome.", "Balance matters to all of us.", "Pay no mind to the snow.", "No nos debe nada.", "Nadie nos debe nada.", "It is due to the snow.", "Su cuenta con nosotros", "Se debe a la nieve.",
		}},
		{"threats", Blame, []string{
			"We will end your care.", "We can no longer see you.", "We will have to let you go.", "We will take you off our list.", "Someone else will get your spot.", "If you do not call by Friday, we will move on.", "We will tell the court.", "Your case will be closed.", "Su caso será cerrado.", "We'll give your time to somebody else.", "Your spot will go to someone else.", "You will be removed from our list.", "We will inform your probation officer.", "We will not see you again.",
			"Le daremos de baja.", "Le quitaremos su lugar.", "Otra persona tomará su lugar.", "If not, we will close your file.", "You will not lose your place if you call today.", "You will not lose your place unless you stay away.", "Will you not lose your place?", "No perderá su lugar si llama hoy.", "No, le daremos de baja.", "Do not let us down.", "So as not to lose your place, call.", "Para no perder su lugar, llame.", "You will not only lose your place.", "Please don't lose your place.",
		}, []string{
			"You will not lose your place.", "We will not close your file.", "We will never close your file.", "Nobody will take your spot.", "Nobody else will get your spot.", "We will not tell your employer.", "You will not lose your place if you do not call.", "You will not lose your place if you need more time.",
			"No perderá su lugar.", "No le daremos de baja.", "No le quitaremos su lugar.", "No cerraremos su caso.", "We can take you off these mails.", "We will move on to what you like.",
		}},
		{"blame", Blame, []string{
			"You were not there on Tuesday.", "You weren't there.", "You never called us back.", "You stood us up.", "You left us waiting.", "Your family is worried about you.", "Did you forget about us?",
			"No llegó el martes.", "No contestó nuestras llamadas.", "No nos llamó.", "Nos quedamos esperando.", "Tiene que volver.", "Tiene que llamar.", "Debió avisarnos.", "¿No tiene que venir?", "You keep canceling.", "You cancelled twice.", "We waited for you yesterday.", "You never showed up.", "We will give your slot to someone else.", "Lo esperamos ayer.", "Olvidó su cita.", "Usted no llegó.", "Late changes cost $25.", "Your copay is 20 dollars.", "Debe 50 dólares.", "Traiga su copago.", "You stopped coming.", "You cancelled three times.", "No nos ha llamado.", "No ha contestado nuestras llamadas.", "Ha dejado de venir.", "Dejó de venir.", "Canceló tres veces.",
		}, []string{
			"No tiene que venir si no quiere.", "No tiene que llamar.", "No tienes que responder.", "Se debió a la nieve.", "Llegó el martes a la puerta.", "We wait for the bus.", "Your family is welcome.", "We do not forget you.", "You keep what is yours.", "The bus stopped coming by.", "You can cancel as many times as you like.", "No ha pasado nada.", "Puede cancelar las veces que quiera.",
		}},
		{"humour", Blame, []string{"Knock knock.", "Knock-knock!", "Ha ha.", "We promise not to bite!", "We won't bite.", "Toc-toc."}, []string{"Knock at the door.", "Ha sido un gusto.", "A bite to eat"}},
		{"claims", Blame, []string{"Notes like this one keep people alive.", "This mail saves lives.", "Una nota así salva vidas."}, []string{"People live here.", "Una vida tranquila", "The lives of many"}},
		{"scores and words of the field", ClinicalWord, []string{
			"Your PHQ is due", "Maria Lopez, MD, thinks of you.", "Maria Lopez M.D.", "Prof. Lopez", "Family session on Monday", "Our sessions are private.", "La sesión del lunes", "Your telehealth visit", "A video visit", "Your group visit", "Your next session", "Su próxima sesión", "Your safety plan", "Su plan de seguridad", "PHQ-9", "PHQ9", "PHQ 2", "A Ph.D.", "You scored 18 on the form.", "Your total was 21 out of 27.", "Your cutting worries us.", "Your drinking worries us.", "Your mood swings", "Your flashbacks", "Your tox screen", "Your urine test", "Your next injection", "couples session", "Your gambling", "Your weed use", "Your abuse", "your shrink",
			"Sacó 18 puntos", "en el cuestionario", "Su resultado fue 18.", "crisis nerviosa", "pensamientos de muerte", "problema con el alcohol", "sesión de pareja", "Tafil", "Altruline", "Lexotan", "Epival",
		}, []string{
			"Drinking water is here.", "We are in the mood for tea.", "A total of two", "Su saco tiene dos botones.", "A cutting from the garden", "The wool may shrink.", "A couple of seats", "La crisis pasa.", "Weeds grow by the door.", "El resultado es bueno.",
		}},
		{"closing days", Identifier, []string{
			"Your day is May 25, 2026.", "We are closed. May 25, 1987.", "May 25, 1987. We are closed on Monday.", "We are closed on May 25, 2026, the day you were born.", "Cerramos su expediente el 25 de diciembre de 2026.", "We are closed on May 25, 2026. You came on May 25, 2026.",
		}, []string{
			"We are closed on May 25, 2026.", "We're closed from 5/25/2026.", "We open again on 2026-05-26.", "Cerramos el 25 de diciembre de 2026.", "Abrimos el 26 de diciembre de 2026.", "On May 25, 2026 we are closed.", "Closed on May 25, 2026.", "Cerrado el 25 de diciembre de 2026.",
		}},
		{"numbers of records", Identifier, []string{"Client 8421.", "Cliente 8421", "Your ID is 8421.", "Su folio es 8421."}, []string{"We have 8421 steps.", "The client of 2 visits", "Our number is 555-0100."}},
	} {
		for _, text := range tc.guilty {
			if found := l.Words("text", text); !slices.ContainsFunc(found, func(f Finding) bool { return f.Rule == tc.rule }) {
				t.Errorf("%s: %q: found %v, want %s", tc.name, text, found, tc.rule)
			}
		}
		for _, text := range tc.innocent {
			if found := l.Words("text", text); len(found) > 0 {
				t.Errorf("%s: %q: %v", tc.name, text, found)
			}
		}
	}
}

// TestCodesAreNoWords: the short code of a mail to staff, whatever its letters, is no
// finding; a word of the lists in the same place is one.
func TestCodesAreNoWords(t *testing.T) {
	l := NewLinter(SampleExceptions())
	mail := func(code string) Mail {
		return Mail{Text: "The page asks for this code: " + code, HTML: "<p>The page asks for this code: <strong>" + code + "</strong></p>"}
	}
	codes := []string{"PHQWWD", "PHD234", "R3H48X", "TCC234", "MRN234", "NHC234", "234567", "D3PR35", "DR2345", "F33234", "8PD8PD"}
	random := rand.New(rand.NewPCG(7, 7))
	letters := strings.ToUpper(codeLetters)
	for len(codes) < 4000 {
		b := make([]byte, staffCode)
		for i := range b {
			b[i] = letters[random.IntN(len(letters))]
		}
		codes = append(codes, string(b), "PHQ"+string(b[:3]))
	}
	for _, code := range codes {
		if found := l.Leaving(mail(code), Staff); len(found) > 0 {
			t.Errorf("%s: %v", code, found)
		}
	}
	for _, word := range []string{"PHQ", "TH3RAPY", "PHQ-9"} {
		if found := l.Leaving(mail(word), Staff); len(found) == 0 {
			t.Errorf("%s is not found", word)
		}
	}
}
