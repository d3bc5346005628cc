package templates

import (
	"slices"
	"strings"
	"testing"
)

// TestExcuses: what is said kindly may stand, and beside each its guilty form may not.
func TestExcuses(t *testing.T) {
	l := NewLinter(SampleExceptions())
	for _, tc := range []struct {
		kind, guilty []string
		rule         string
	}{
		{[]string{
			"There is no charge.", "There is no fee.", "There is no fee for this, or for the next.", "At no cost to you", "at no charge", "Without a fee", "There are no hidden fees or charges.", "You will not be charged.", "We do not charge for this.", "We never charge you.", "We don't charge.", "You won't be charged.", "You do not owe us anything.", "There are no penalties.", "Free of charge and with no extra fee",
			"Nobody will charge you.", "No additional charges", "It comes without consequences.", "There is no late fee.", "We can help with overdue bills.", "Help with fees",
		}, []string{
			"There is a charge.", "There is a fee.", "A no-show fee", "No visit without a fee", "You will be charged.", "We charge for this.", "You owe us.", "There are penalties.", "No worries, a fee is due.", "It is not free. Fees are due.", "No, there is a charge.", "Is there no charge?", "No show, no charge but a fee", "Not without a charge", "There is no charge unless you cancel. A fee follows.",
			"Do not come late: a fee is due", "You have no excuse.", "We can help you, but you owe us.", "Late fee",
		}, Blame},
		{[]string{
			"It is not your fault.", "It's not your fault.", "It isn't your fault.", "It is nobody's fault.", "It is not anyone's fault.", "None of this is your fault.", "You are not to blame.", "There is no shame in it.", "There is no need to feel ashamed.", "You need not feel guilty.", "You did not fail.", "It was not at all your fault.", "You have not failed.", "It is no failure.",
		}, []string{
			"It is your fault.", "It is not our fault.", "It is not only your fault.", "It is not your fault alone.", "Is it not your fault?", "You are to blame.", "Shame on you.", "You failed.", "It is not without fault", "Not now. It is your fault.", "It is not just your fault.", "It is nobody's fault but yours.",
		}, Blame},
		{[]string{
			"You have not done anything wrong.", "You did not let us down.", "You have not let anyone down.", "Nobody here blames you.", "You should feel free to say no.", "We failed you, and we are sorry.", "It is OK if you forgot.", "Nadie le culpa.", "No nos falló.", "If you were not there, that is fine.", "It's OK if you did not come.", "No pasa nada si no llegó el martes.", "No importa si no nos llamó.", "It is fine if you missed it.", "You have not been well.", "You have not lost your place.", "There is no need to explain why you did not come.", "You do not have to pay us.",
			"You will not lose your place.", "We are not going to close your file.",
		}, []string{
			"You have not done anything.", "You did let us down.", "You have let everyone down, and let us down.", "Everybody here blames you.", "You should feel bad.", "You failed us.", "You forgot.", "It is not OK. You forgot.", "Todos dicen que la culpa es suya.", "Nos falló.", "Have we failed you?", "It is not fine if you did not come.", "It is fine, but not if you did not come.", "If you were not there, we noticed.", "It is fine that you missed it.", "Is it OK if you forgot?", "No está bien que no nos llamó.", "You have not been in touch.", "You have not lost your way.", "Explain why you did not come.", "You have to pay us.", "It is fine if we close your file.",
			"You lose your place.", "We are going to close your file.",
		}, Blame},
		{[]string{
			"No es culpa tuya.", "No es culpa suya.", "No es su culpa.", "No tiene la culpa.", "No tienes la culpa de nada.", "No tiene ninguna culpa.", "Nadie tiene la culpa.", "No ha sido culpa suya.", "Sin culpa", "No hay por qué sentir vergüenza.", "No es un fracaso.",
		}, []string{
			"Es culpa tuya.", "Es su culpa.", "Tiene la culpa.", "No es culpa nuestra.", "No es nuestra culpa.", "No es solo su culpa.", "¿No es culpa suya?", "La culpa es suya.", "No vino. Es culpa suya.", "Es un fracaso.", "No es culpa suya sino nuestra.",
		}, Blame},
		{[]string{
			"No le vamos a cobrar.", "No hay recargos.", "Sin recargos ni tarifas", "No hay ninguna tarifa.", "Sin ningún cargo adicional.", "No cobramos nada.", "No tiene deudas con nosotros.", "Ayuda con deudas", "Ayuda para pagar facturas", "No tienes que pagar nada.", "Sin coste", "Sin costo para usted", "Ayuda con las facturas de la luz", "Nunca cobramos por esto.", "No habrá multas.",
		}, []string{
			"Le vamos a cobrar.", "Hay recargos.", "Hay una tarifa.", "Un cargo adicional", "Cobramos por esto.", "Tiene deudas con nosotros.", "Su factura", "Pague sus deudas", "No venga tarde: hay recargos", "¿No hay recargos?", "Habrá multas.", "No viene sin recargo",
		}, Blame},
		{[]string{
			"We missed your call.", "We're sorry we missed your call today.", "We may have missed your call.", "I missed your call.", "We are sorry that we missed each other.",
		}, []string{
			"You missed your call.", "We missed you.", "You missed our call.", "We missed you on Tuesday", "We miss you.", "We see that you missed your visit.", "We missed your visit.", "Have we missed your visit?",
		}, Blame},
		{[]string{
			"Be patient with us.", "Please be patient with us.", "Thank you for your patience.", "Thank you for being patient.", "Sea paciente con nosotros.", "Gracias por ser paciente con nosotros.",
			"We will be patient.", "We are patient.", "We are patient, and we will wait.", "We're patient with you.", "Seamos pacientes.",
			"12 Harbour Dr.", "12 Harbour Dr., Springfield", "Come to 12 Harbour View Dr. We are next to the library.", "At 4 Old Mill Dr, Suite 2", "12 Martin Luther King Jr Dr, Springfield", "12 Harbour Dr. 2nd floor", "Our new address is 1200 Dr. Martin Luther King Jr. Blvd.", "Avenida Doctor Vértiz 12", "Colonia Doctores", "Inicie sesión aquí.", "12 Main Street, Baltimore, MD 21201",
			"Damos seguimiento a su mensaje.", "En seguimiento a su solicitud", "El seguimiento de su correo",
		}, []string{
			"You are a patient with us.", "Our patients", "As a patient, be kind", "You are a patient.", "We are patient advocates.", "We are patient-centred.", "You are patient 12", "Are we patient?", "Somos pacientes.", "Dr. Martin is here", "Calle del doctor", "Su sesión", "Ana Ruiz, MD 12", "Es paciente con nosotros", "Un paciente", "Dr. Moon", "At 5 with Dr. Moon", "12 Harbour Dr. Moon will see you", "The dr is in", "Room 12, Dr. Moon", "At 12 the Dr is in", "At 12 see Dr",
			"Su seguimiento", "Cita de seguimiento", "Visita de seguimiento a su mensaje", "El seguimiento con su equipo", "Primera cita", "Your first visit",
		}, ClinicalWord},
	} {
		for _, text := range tc.kind {
			for _, place := range []string{"%", "Hello Sam. % We are here."} {
				m := Mail{Text: strings.Replace(place, "%", text, 1), HTML: "<table><tr><td>a</td><td>b</td></tr></table><p>" + strings.Replace(place, "%", text, 1) + "</p><table><tr><td>"}
				if found := l.Leaving(m, Staff); len(found) > 0 {
					t.Errorf("%q: %v", text, found)
				}
			}
		}
		for _, text := range tc.guilty {
			found := l.Words("text", text)
			if !slices.ContainsFunc(found, func(f Finding) bool { return f.Rule == tc.rule }) {
				t.Errorf("%q: found %v, want %s", text, found, tc.rule)
			}
		}
	}
}

// FuzzExcuses: a clinic's own words are never excused, whatever stands around them, and
// what is excused in a text stays so in a longer one that begins anew.
func FuzzExcuses(f *testing.F) {
	for _, s := range []string{"no", "we missed your call", "12 harbour dr", "not t", "don't", "¿no", "sin"} {
		f.Add(s)
	}
	allowed := SampleExceptions()
	allowed.Refused = []string{"lodge"}
	l := NewLinter(allowed)
	f.Fuzz(func(t *testing.T, before string) {
		if found := l.Words("text", before+" lodge"); !slices.ContainsFunc(found, func(f Finding) bool { return f.Rule == ClinicWord }) {
			t.Errorf("%q excuses the clinic's own word: %v", before, found)
		}
		if found := l.Words("text", before+". Therapy"); !slices.ContainsFunc(found, func(f Finding) bool { return f.Rule == ClinicalWord }) {
			t.Errorf("%q excuses a clinical word: %v", before, found)
		}
	})
}
