package templates
import "testing"
func TestZZ(t *testing.T) {
	l := NewLinter(SampleExceptions())
	for _, s := range []string{
		"We are happy to pay for your bus ticket.", "We can help if your copay is too much.", "You can call us about your balance.", "We will let you know.", "We would never end your visits without a word.", "You can take your time.", "Someone from our team will call you.", "We will be there, and we will not give up on you.",
		"It is fine if you could not come.", "You do not have to explain.", "No one will be upset with you.", "You can come back at any time.", "If you were not there, that is fine.", "We know that you have not been well.", "We know you have a lot going on.", "Life gets busy.", "You are in no trouble.", "You have done nothing wrong.",
		"We will hold your place.", "Your place is safe.", "Your spot is still yours.", "You have not lost your place.", "We did not close your file.", "Nobody is angry with you.", "It is OK to stop.", "You should not worry about the cost.", "There is no need to explain why you did not come.",
		"If you did not come because of the bus, we can help.", "We care, and we are patient with you too.", "We can see you at no longer than a week from now.", "Many people step back for a while.", "We are sorry that we let you down.", "We are sorry we could not see you.", "You do not have to pay us anything.", "You will not have to pay us.", "Your visit is paid for.",
		"Usted no nos debe nada.", "No pasa nada si no llegó el martes.", "No tiene que pagar nada.", "No importa si no nos llamó.", "Nadie está molesto.", "Usted no ha hecho nada malo.", "Su lugar sigue aquí.", "Aquí seguimos.", "No ha perdido su lugar.", "No cobramos por cancelar.", "Puede pagar poco a poco.", "Le ayudamos a pagar el autobús.", "No tiene que explicar nada.", "No debe nada.", "No le cobraremos por cancelar.", "Cancelar no cuesta nada.", "La cancelación no cuesta nada.",
		"No está solo.", "No es tarde para volver.", "Tenga paciencia con nosotros.", "Somos pacientes con usted.", "We stay open on Dec 24, 2026.", "Our office is closed May 25, 2026.", "Closed on May 25, 2026.", "Cerrado el 25 de diciembre de 2026.", "Estamos cerrados el 25/12/2026.", "We will be closed from December 24, 2026 to January 2, 2027.", "We reopen on January 2, 2027.", "You said that you were tired, and that is fine.",
	} {
		if f := l.Words("text", s); len(f) > 0 { t.Logf("REFUSED %q %v", s, f) }
	}
	for _, s := range []string{
		"We bill $50 for each visit.", "You will get a bill.", "Your bill is due.", "There is a cancellation charge.", "You have a balance.", "We may have to end your care.", "We are closing your case.", "Your case will be closed.", "Your file will be closed.", "We'll give your time to somebody else.", "Your spot will go to someone else.", "You will be removed from our list.", "You left us waiting.", "You did not show up.", "You didn't come.", "Your family worries about you.", "We will inform your probation officer.", "Your score was 18.", "Your drug test", "Your therapist", "Do not lose your place!",
		"Le cobraremos 50 dólares.", "Tiene un saldo de 50 dólares.", "Vamos a cerrar su caso.", "Su caso será cerrado.", "Perderá su lugar.", "Daremos su lugar a otra persona.", "No se presentó.", "Nos dejó plantados.", "Su familia está preocupada por usted.", "Avisaremos al juzgado.",
		"Bring your co-pay.", "If you do not call by Friday we close your file.", "We will not see you again.", "No show up, no service.", "Nobody here but you will lose your place.",
	} {
		if f := l.Words("text", s); len(f) == 0 { t.Logf("PASSED %q", s) }
	}
	for _, s := range []string{"We miss the sound of your voice.", "You are on our minds.", "No reply is needed.", "There is nothing you have to do.", "We are here on Monday too.", "The door is open.", "We put a light in the window.", "Time goes slowly.", "There is time to talk when you like.", "We want to say hello.", "We need no answer.", "Your place here is yours.", "It is time for a warm hello.", "We hold you in our thoughts.", "A smile and a wave from all of us.", "Le deseamos un buen día.", "Con mucho ánimo, el equipo", "No necesita responder.", "Aquí está su lugar.", "Que tenga un buen día.", "No es hora de nada.", "Si necesita hablar, llame al 988.","Hang-gliders fly over the lake."} {
		if a := asksOf(s); len(a) > 0 { t.Logf("ASKS %q %v", s, a) }
	}
}
