package templates

import (
	"slices"
	"strings"
	"sync"
)

// Some words of the lists are said kindly: "there is no charge", "it is not your
// fault", "we missed your call". An excuse is about the words around, never about the
// word alone, and each has its guilty form in TestExcuses.

// Groups of blame that a negation excuses. What a negation makes worse, such as "no
// excuse", is in neither.
var (
	moneyWords = stemsOf("fee fees charge charges charged invoic* penalt* owe owes owed overdue unpaid consequence consequences consecuencia consecuencias tarifa* cobrar* cobro cobros cobramos recargo* multa multas factura* penaliz* deuda deudas adeud* cargo bill billed pay pague copay") //nolint:gochecknoglobals // never written again
	faultWords = stemsOf("fault faults blam* guilt* asham* shame fail failed failure failures culpa culpas culpable* verguenza* avergonz* averguenz* fallo fallado fracaso* fracasa* responsibility")                                                                                            //nolint:gochecknoglobals // never written again

	negations = strings.Fields("no not never without neither nobody noone nothing none zero cannot sin nunca ningun ninguna nadie tampoco nada jamas") //nolint:gochecknoglobals // never written again
	contract  = strings.Fields("isn aren wasn weren don doesn didn won wouldn hasn haven can ain")                                                     //nolint:gochecknoglobals // never written again
	// moneyBetween and faultBetween may stand between a negation and the word.
	moneyBetween = strings.Fields("nor ni extra additional hidden other further a an any be is are will you the late or and fee fees charge charges cost costs del de un una ningun ninguna otro otra otros otras le te se les hay va vamos a ser habra tiene tienes que adicional adicionales oculto ocultos coste costo recargos tarifas o y") //nolint:gochecknoglobals // never written again
	faultBetween = strings.Fields("nor ni this that it need your yours a at all anyone anyones anybody s is to be feel in the there any of su tu tus sus suya tuya es fue ha sido era tiene tienes la el una un ningun ninguna que sentir siente sienta de esto eso hay por usted usteds nada un es ser here le te lo nos")                      //nolint:gochecknoglobals // never written again
	// taking it back: the word behind makes it the client's, or nobody else's, after all.
	takenBack = strings.Fields("alone only solo solamente nuestra nuestro ours but sino unless salvo") //nolint:gochecknoglobals // never written again
)

// stemsOf is a lexicon of words, some of them beginnings.
func stemsOf(words string) func(string) bool {
	list := strings.Fields(words)
	return func(word string) bool {
		return slices.ContainsFunc(list, func(w string) bool {
			stem, cut := strings.CutSuffix(w, "*")
			return w == word || cut && strings.HasPrefix(word, stem)
		})
	}
}

// OfMoney says whether a finding of the rule Blame is of prices and debts, which may
// stand where a service is described.
func OfMoney(match string) bool {
	for w := range strings.FieldsFuncSeq(match, func(r rune) bool { return !isLetter(r) }) {
		if moneyWords(w) {
			return true
		}
	}
	return false
}

// kindly are whole phrases that excuse a word of the lists which stands in them.
const kindly = `
	be patient with, being patient with, been patient with, so patient with, for being patient, thanks for being patient, please be patient, to be patient, be patient while, be patient as, be patient until,
	sea paciente con, ser paciente con, sido paciente con,
	free of charge, you have not been well, you have not lost your place, you have not lost your spot, no ha perdido su lugar, no has perdido tu lugar, no need to explain why you did not, not have to pay us, not need to pay us, don t have to pay us, don t need to pay us, you have not done anything wrong, you haven t done anything wrong, you did not do anything wrong, you didn t do anything wrong,
	you did not let us down, you didn t let us down, you did not let anyone down, you didn t let anyone down, you did not let anybody down, you have not let us down, you haven t let us down, you have not let anyone down, you haven t let anyone down, you have not let anybody down, you have not let yourself down,
	if you stopped coming, if you have stopped coming, if you ve stopped coming, if you cancelled * times, if you canceled * times, if you have cancelled * times, if you have canceled * times, si ha dejado de venir, si has dejado de venir, si dejo de venir, si dejaste de venir, si cancelo * veces,
	inicie sesion, iniciar sesion, inicia sesion, cerrar sesion, cierre sesion, avenida doctor, avenida dr, av doctor, av dr, calle doctor, calle dr, colonia doctores, col doctores, we missed each other,
	you should feel free, you should not feel, you should never feel, you should not worry, we failed you, we have failed you, it is ok if you forgot, it s ok if you forgot, it is okay if you forgot, it s okay if you forgot, it is fine if you forgot, it s fine if you forgot, that is ok if you forgot, it is all right if you forgot,
	seamos pacientes, seremos pacientes, we will move on to, we ll move on to, we will move on together, we will move on with you, you did not fail, you didn t fail, you have not failed, you haven t failed,
	we missed your call, we missed your calls, we missed your message, we missed your messages, we missed your mail, we missed your email, we missed your note, we missed your letter, we missed your reply, we have missed your call, we may have missed your call, we just missed your call, we missed a call from you, i missed your call,
	sorry we missed your call, dar seguimiento a, damos seguimiento a, daremos seguimiento a, daremos seguimiento, damos seguimiento, seguimiento a su mensaje, seguimiento a su correo, seguimiento a su solicitud, seguimiento a su pregunta, seguimiento a su llamada, seguimiento a tu mensaje, seguimiento a tu correo, seguimiento a tu solicitud, seguimiento a tu pregunta, seguimiento a tu llamada, seguimiento de su mensaje, seguimiento de su correo, seguimiento de su solicitud, seguimiento de su pregunta, seguimiento de tu mensaje, seguimiento de tu correo, seguimiento de tu solicitud, seguimiento de tu pregunta,
	help with fees, help with charges, help with invoices, help with overdue bills, help with unpaid bills, help with overdue rent, help with unpaid rent, help with the fees, help with the charges, help with what you owe, help for people who owe,
	ayuda con deudas, ayuda con las deudas, ayuda con sus deudas, ayuda con tus deudas, ayuda con facturas, ayuda con las facturas, ayuda con sus facturas, ayuda con tus facturas, ayuda para pagar facturas, ayuda para pagar deudas, ayuda a pagar facturas, ayuda a pagar las facturas, pagar las facturas de la luz, ayuda con multas, ayuda con las multas`

var kindPhrases = sync.OnceValue(func() *lexicon { //nolint:gochecknoglobals // never written again
	l := newLexicon()
	l.add("", kindly)
	return l
})

// excused says whether what stands at a place of a folded text is said kindly.
func excused(f, rule string, tokens []token, from, to int) bool {
	if rule != ClinicalWord && rule != Blame {
		return false
	}
	first := slices.IndexFunc(tokens, func(t token) bool { return t.from >= from })
	if first < 0 {
		return false
	}
	last := first
	for last+1 < len(tokens) && tokens[last+1].to <= to {
		last++
	}
	return excuses(f, rule, tokens, first, last)
}

// excuses says whether what stands in tokens from first to last is said kindly.
func excuses(f, rule string, tokens []token, first, last int) bool {
	word := tokens[first].word
	if rule == ClinicalWord && word == "dr" && first == last {
		king := first+2 < len(tokens) && tokens[first+1].word == "martin" && tokens[first+2].word == "luther" // whose name streets bear
		return king || ofAStreet(f, tokens, first) || inKindPhrase(tokens, first, last)
	}
	if rule == ClinicalWord && word == "md" && first == last {
		return first+1 < len(tokens) && len(tokens[first+1].word) == 5 && digits(tokens[first+1].word) == 5 // the state
	}
	if rule == ClinicalWord && word == "patient" && first == last && ofPatience(tokens, first) || inKindPhrase(tokens, first, last) {
		return !isQuestion(f, tokens, last)
	}
	if rule != Blame {
		return false
	}
	if deniable(word) && isDenied(tokens, first) {
		return !isQuestion(f, tokens, last) && !isTakenBack(tokens, last) && !onCondition(tokens, last)
	}
	if !deniable(word) && isForgiven(tokens, first) {
		return !isQuestion(f, tokens, last)
	}
	between := moneyBetween
	if last := tokens[last].word; faultWords(word) || faultWords(last) {
		between = faultBetween
	} else if !moneyWords(word) && !moneyWords(last) {
		return false
	}
	return negated(tokens, first, between) && !isQuestion(f, tokens, last) && !isTakenBack(tokens, last)
}

// inKindPhrase says whether a kind phrase stands over the tokens.
func inKindPhrase(tokens []token, first, last int) bool {
	found := false
	for i := max(0, first-6); i <= first && !found; i++ {
		kindPhrases().findAt(tokens, i, tokens[i].word, func(_ string, _, to int) {
			found = found || to >= tokens[last].to
		})
	}
	return found
}

// negated says whether a negation, and not two, stands right before a token in its
// sentence, but for words that change nothing.
func negated(tokens []token, i int, between []string) bool {
	n := 0
	for k := i - 1; k >= 0 && !tokens[k].last && i-k <= 8; k-- {
		switch w := tokens[k].word; {
		case slices.Contains(negations, w), w == "t" && k > 0 && slices.Contains(contract, tokens[k-1].word):
			if w == "t" {
				k--
			}
			if (w == "without" || w == "sin") && lastNegation(tokens, max(0, k-4), k) != "" {
				return false // "no visit without a fee"
			}
			// Spanish says "no" twice and means it once: "no tiene ninguna culpa".
			if spanishTwice := n > 0 && slices.Contains([]string{"no", "sin", "nunca"}, w) && slices.Contains([]string{"ninguna", "ningun", "nada", "nadie", "ni"}, lastNegation(tokens, k+1, i)); !spanishTwice {
				n++
			}
		case slices.Contains(between, w):
		default:
			return n == 1
		}
	}
	return n == 1
}

// lastNegation is the first negation at a token or behind it, before end.
func lastNegation(tokens []token, from, end int) string {
	for _, t := range tokens[from:end] {
		if slices.Contains(negations, t.word) {
			return t.word
		}
	}
	return ""
}

// isQuestion says whether the sentence of a token is a question.
func isQuestion(f string, tokens []token, i int) bool {
	for i < len(tokens)-1 && !tokens[i].last {
		i++
	}
	end := len(f)
	if i+1 < len(tokens) {
		end = tokens[i+1].from
	}
	return strings.Contains(f[tokens[i].to:end], "?")
}

// isTakenBack says whether the words behind make it worse again.
func isTakenBack(tokens []token, last int) bool {
	for k := last + 1; k < len(tokens) && k <= last+2 && !tokens[k-1].last; k++ {
		if slices.Contains(takenBack, tokens[k].word) {
			return true
		}
	}
	return false
}

// ofAStreet says whether "dr" ends the name of a street: a house's number and one or two
// words stand before it, and no name behind it.
func ofAStreet(f string, tokens []token, i int) bool {
	house := -1
	for k := i - 1; k >= max(0, i-5); k-- {
		if w := tokens[k].word; slices.Contains(strings.Fields("with and by from your the at am pm see to a for con y el la los las de a su tu un una our my is or o"), w) {
			return false
		} else if strings.Trim(w, "0123456789") == "" {
			house = k
			break
		}
	}
	if house < 0 || house == i-1 {
		return false
	}
	if i+1 == len(tokens) || strings.ContainsAny(f[tokens[i].to:tokens[i+1].from], ",;\n") {
		return true
	}
	next := tokens[i+1].word
	return next[0] >= '0' && next[0] <= '9' || slices.Contains(strings.Fields("suite apt unit floor north south east west n s e w we you our it there next near between opposite behind"), next)
}
