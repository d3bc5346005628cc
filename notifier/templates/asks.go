package templates

import (
	"slices"
	"strings"
	"sync"
)

// What family E may not hold. It goes to a client with a safety flag: it asks for
// nothing and advises nothing. The lists are closed, of English and Spanish, as fold
// writes words.
const (
	// demands begin a sentence, or a part of one, with a verb that tells its reader what
	// to do. Verbs of good wishes are left out: know, have, enjoy, sepa, reciba, cuente con.
	demandsEnglish = `
		accept, act, aim, allow, answer, arrange, ask, attend, avoid, be, begin, believe, book, breathe, bring, build, call, check, cheer, choose, click, come, complete, confirm, connect, consider, contact, continue, count, cut, decide,
		dial, do, don, download, drink, drop, eat, email, exercise, fill, find, finish, focus, follow, forgive, get, give, go, hang, help, hold, ignore, imagine, join, journal, keep, learn, leave, let, listen, look, love yourself, mail, make, meditate, message, move,
		never, notice, open the, open this, open your, phone, pick, picture, plan, practice, pray, put, practise, press, read, reach, reduce, relax, remember, remind, remove, reply, respond, rest, return, ring, save, say, schedule, see, send, set, share, show, sit, sleep, slow, smile, speak, stand, start, stay, stick, stop, stretch,
		switch, take, talk, tap, tell, text, think, time to book, time to call, time to talk, time to write, time to reply, time to come, trust, try, turn, use, visit, wait, wake, walk, watch, wear, work, write`
	demandsSpanish = `
		abra, abre, acepte, acepta, acerquese, acercate, acuda, acude, acuerdese, acuerdate, agende, anime*, animate, animo, anote, aprenda, apunte, avise*, avisanos, ayudese, beba, busque, busca, calmese, calmate, camine, camina, cierre, coma, comience, comienza, comparta, comparte, complete, concentrese, concentrate, confie, confirme, confirma, considere, considera,
		contacte*, contactanos, conteste*, contesta, contestanos, continue, cuentenos, cuentanos, cuentame, cuide, cuida, cuidese, cuidate, de click, de un paseo, deje, deja, descanse, descansa, dese, dialoguemos, conversemos, platiquemos, hablemos, veamonos, echele, echale, diga, diganos, dinos, dime, distraigase, distraete, duerma, duerme, elija, elige, empiece, empieza, entre en, envie, envia, escoja, escoge, escriba*, escribe, escribenos, escuche, escucha,
		espere, espera, evite, evita, fijese, fijate, haga, haganos, haz, haznos, hable, habla, hablenos, hablanos, hagalo, hazlo, hidratese, intente, intenta, intentelo, intentalo, lea, levantese, levantate, llame*, llama, llamanos, llene, mande, mandanos, mantenga, manten, marque, marca, mire, mira, muevase, muevete, no deje, no dejes, no dude, no dudes, no falte, no faltes, no haga, no hagas, no se rinda, no te rindas, imagine, imagina, ore, oremos, rece, reza, recemos, no olvide*, no se olvide,
		no te olvides, nunca, oprima, perdonese, perdonate, permitase, permitete, pida, pide, piense, piensa, ponga, pon, ponganse, pongase, ponte, practique, procure, procura, pruebe, prueba, pulse, pulsa, quede, quedese, quedate, quierase, quierete, recuerde, recuerda, regrese, regresa, relaje*, relajate, reserve, respire, respira, respondanos, responda, responde, respondenos, salga, sal a, sea, se amable, se bueno, se buena, siga, sigue,
		sientese, sientate, sientase, sientete, sonria, sonrie, tenga cuidado, ten cuidado, tenga paciencia, tomese, tomate, tome, toma, trate, trata, use, utilice, vaya, ven a, venga, vuelva, vuelve, visite*, visitanos`
	// invitations stand anywhere and ask for what the next word says.
	invitationsEnglish = `please, kindly, you can, you could, you may, you might, you are free to, you are welcome to, feel free to, you re welcome to`
	invitationsSpanish = `por favor, puede, puedes, podria, podrias`
	// urgings stand anywhere and are an ask or advice whatever follows.
	urgingsEnglish = `
		you must, you should, you need to, you have to, you ought, you had better, you will want, you ll want, you will need, you are asked, you are expected, be kind, be gentle, be good to, deep breath, deep breaths, breathing, a breath, mindful*, meditat*, coping, self care, selfcare, grounding, exercises, fresh air, yoga, journaling,
		reach out, get in touch, let us know, let me know, tell us, call us, write to us, write back to us, come back, come in and, come and see, hear from you, hearing from you, your reply, your answer, back to us soon, make sure, remember to,
		we ask, we need you, we want you, we expect, we suggest, we recommend, we advise, we encourage, we invite you, we urge, we hope you, we hope to see, we hope to hear, we would like you, we d like you, we would love you, we wonder, wondering if, wondering how, we would like to know, we would love to know, we want to know, we need to know, we would like to hear, we would love to hear,
		it helps to, it can help, it may help, it might help, it would help, helps many, a good idea, why not, how about, what about, it is important, it s important, it is best, better to, one thing to try, worth trying, it is time to, it s time to, we need to, we want to see, we want to talk, we have to talk, look forward to, looking forward to, mean a lot if, mean so much if, mean the world, make our day, made our day, note from you, word from you, line from you, call from you, cheer up, chin up, hang on, hang in, pray with, picture a, picture yourself, imagine a, no more drinking, no drinking, no more smoking, no more using, tips,
		find that * helps, find that * * helps, find that * * * helps, find that * help, find that * * help, find * helpful, find * * helpful, look after yourself, care of yourself, good to yourself, kind to yourself, take care`
	urgingsSpanish = `
		debe, deberia, debes, deberias, tiene que, tienes que, hay que, hace falta que, es importante, es bueno, es mejor, seria bueno, lo mejor es, le conviene, te conviene, buena idea, por que no, que tal si, ayuda mucho, le ayudara, te ayudara, puede ayudar, puede servir, sea amable,
		respirar, respiracion*, respiraciones, ejercicios, meditar, meditacion*, relajarse, relajarte, atencion plena, autocuidado, aire fresco, yoga, un paseo, cuidarse, cuidarte,
		queremos que, necesitamos que, pedimos que, le pedimos, te pedimos, rogamos, le invitamos, te invitamos, lo invitamos, la invitamos, animamos a, recomendamos, sugerimos, aconsejamos, nos gustaria que, nos gustaria saber, nos gustaria verle, quisieramos saber, queremos saber, nos preguntamos,
		esperamos que venga, esperamos que vengas, esperamos que vuelva, esperamos que vuelvas, esperamos que llame, esperamos que llames, esperamos que escriba, esperamos que escribas, esperamos que responda, esperamos que respondas, esperamos que regrese, esperamos que regreses, esperamos que nos, esperamos su, esperamos tu, esperamos verle, esperamos verte, su respuesta, tu respuesta,
		nos encantaria que, nos encantaria saber, nos encantaria verle, nos encantaria verlo, nos encantaria verla, nos encantaria verte, esperamos noticias, esperamos saber, es hora de, ya es hora, llego la hora de, tenemos que hablar, necesitamos hablar, necesitamos verle, necesitamos verlo, necesitamos verla, necesitamos verte, queremos verle, queremos verte, queremos hablar, mucho animo, echele ganas, echale ganas, que descanse, que descanses, no se rinda, no te rindas, consejos, una noticia suya, unas lineas suyas,
		haganos saber, haznos saber, no dude, no dudes, pongase en contacto, ponte en contacto`
	// questions have no mark and are questions all the same, where they begin a sentence.
	questionsText = `
		are you, aren t you, do you, did you, don t you, can you, could you, would you, will you, won t you, have you, is everything, is there, how are you, how have you, how do you, how did you, how is, how s, what can we, what do you, what would, where are you, when can, when will you, why do, why did,
		como esta usted, como estas, como se siente, como te sientes, como se encuentra, como te encuentras, como va, que necesita, que necesitas, cuando puede, cuando puedes`
	// notAsked are words that look like the above and ask for nothing.
	notAsked = `
		see you soon, talk soon, rest well, be safe, work is, nothing you need to, want you to know, please know, please accept our, kindly yours, do not worry, don t worry, be well, we hope you are well, we hope you are ok, we hope you are okay, we hope you are safe, never alone, do not have to, do not need to, don t have to, don t need to, let us be here, you may not hear, rest assured, love from, help is, mail is, mails are, email is, if you need to, nothing you have to do, nothing that you have to do, con mucho animo, no es hora de, take all the time you need, take all the time you want, you can take all the time you need, you can take all the time you want, you may take all the time you need, take your time, you can take your time, you may take your time,
		no tiene que, no tienes que, no hay que, tomese todo el tiempo que, tomate todo el tiempo que, tomese su tiempo, tomate tu tiempo, puede tomarse su tiempo, puede tomarse todo el tiempo que, puedes tomarte tu tiempo, queremos que sepa, queremos que sepas, no se preocupe, no te preocupes, nunca sola, nunca solo, nunca es tarde, sea cual sea, puede contar con, puedes contar con, puede que`
)

// asking is the lexicon of each kind, in the place of rules.
const (
	aDemand     = "demand"
	anInvite    = "invitation"
	anUrging    = "urging"
	aQuestion   = "question"
	asksNothing = "nothing"
)

var asking = sync.OnceValue(func() *lexicon { //nolint:gochecknoglobals // never written again
	l := newLexicon()
	l.add(aDemand, demandsEnglish)
	l.add(aDemand, demandsSpanish)
	l.add(anInvite, invitationsEnglish)
	l.add(anInvite, invitationsSpanish)
	l.add(anUrging, urgingsEnglish)
	l.add(anUrging, urgingsSpanish)
	l.add(aQuestion, questionsText)
	l.add(asksNothing, notAsked)
	return l
})

// What a caring contact may ask for, where its sentence says so: help in danger, a
// change of these mails, an answer that is left open, how replies are read.
var (
	towardsHelp  = []string{"call", "dial", "phone", "ring", "text", "find", "reach", "talk", "chat", "speak", "go", "visit", "see", "write", "llame", "llama", "llamar", "marque", "marca", "marcar", "encontrar", "encuentre", "hablar", "hable", "habla", "escriba", "escribe", "escribir", "envie", "envia", "enviar", "oprima", "acuda", "acude", "vaya", "ver", "visite", "pedir", "pida", "pide"}                                                           //nolint:gochecknoglobals // never written again
	towardsMails = []string{"change", "choose", "stop", "pick", "click", "tap", "press", "use", "tell", "let", "cambie", "cambia", "cambiar", "cambiarlos", "dejar", "deje", "deja", "elija", "elige", "elegir", "parar", "cancelar", "pulse", "pulsa", "use", "usar", "decirnos"}                                                                                                                                                                                 //nolint:gochecknoglobals // never written again
	towardsUs    = []string{"call", "phone", "ring", "text", "write", "reply", "respond", "answer", "email", "mail", "contact", "talk", "speak", "llame", "llamenos", "llama", "llamanos", "llamar", "llamarnos", "escriba", "escribanos", "escribe", "escribenos", "escribir", "escribirnos", "responda", "respondanos", "responde", "respondenos", "responder", "respondernos", "conteste", "contesta", "contestar", "contestarnos", "hable", "habla", "hablar"} //nolint:gochecknoglobals // never written again
	leftOpen     = []string{"if you like", "if you want", "if you wish", "if you would like", "if you d like", "if you ever", "if you feel like it", "whenever you", "any time you", "si quiere", "si quieres", "si lo desea", "si lo deseas", "si gusta", "si gustas", "si le apetece", "si te apetece", "cuando quiera", "cuando quieras", "cuando guste", "cuando gustes"}                                                                                      //nolint:gochecknoglobals // never written again
	emergencies  = []string{"crisis", "emergency", "emergencies", "emergencia", "emergencias"}                                                                                                                                                                                                                                                                                                                                                                     //nolint:gochecknoglobals // never written again
	between      = []string{"also", "always", "still", "just", "simply", "then", "and", "or", "but", "so", "now", "first", "today", "tambien", "siempre", "solo", "simplemente", "luego", "y", "o", "pero", "ahora", "primero", "hoy", "al", "not", "to"}                                                                                                                                                                                                          //nolint:gochecknoglobals // never written again
)

// pressing are the words with which the news that somebody reads replies asks for one.
var pressing = strings.Fields("please kindly today tonight tomorrow now soon favor hoy ahora mañana pronto") //nolint:gochecknoglobals // never written again

// asked is one demand, piece of advice or question; from is where its words begin in
// the text that was read.
type asked struct {
	words, what string
	from        int
}

// asksOf lists what a text asks of its reader, sentence by sentence.
func asksOf(text string) []asked {
	f := squeeze(fold(text))
	tokens := tokensOf(f)
	var out []asked
	for from := 0; from < len(tokens); {
		to := from
		for !tokens[to].last {
			to++
		}
		out = append(out, asksOfSentence(f, tokens, from, to+1)...)
		from = to + 1
	}
	return out
}

func asksOfSentence(f string, tokens []token, from, to int) []asked {
	sentence := f[tokens[from].from:tokens[to-1].to]
	before, after := 0, len(f)
	if from > 0 {
		before = tokens[from-1].to
	}
	if to < len(tokens) {
		after = tokens[to].from
	}
	// A question mark before a sentence ends the one before.
	if strings.Contains(f[before:tokens[to-1].to], "¿") || strings.ContainsAny(f[tokens[from].from:after], "?؟") {
		return []asked{{sentence, "a question", tokens[from].from}}
	}
	may := mayAsk(sentence, tokens[from:to])
	var out []asked
	add := func(i, end int, what string) {
		out = append(out, asked{f[tokens[i].from:tokens[end].to], what, tokens[i].from})
	}
	opened := false // a demand that may stand makes the verbs after it visible
	for i := from; i < to; i++ {
		kind, end := longest(tokens[:to], i)
		begins := i == from || beginsPart(f[tokens[i-1].to:tokens[i].from]) || begun(tokens, f, from, i) || opened && slices.Contains([]string{"and", "or", "y", "o", "then", "luego"}, tokens[i-1].word)
		switch {
		case kind == asksNothing:
			i = end
		case kind == anUrging && !slices.Contains(may, tokens[i].word):
			add(i, end, "it asks or advises")
			i = end
		case kind == anInvite:
			next := end + 1
			for next < to && slices.Contains(between, tokens[next].word) {
				next++
			}
			if next >= to && may == nil || next < to && !slices.Contains(may, tokens[next].word) {
				add(i, min(next, to-1), "it asks or advises")
			}
			opened = true
			i = min(next, to-1)
		case kind == aQuestion && begins:
			add(i, end, "a question")
			i = end
		case kind == aDemand && begins:
			opened = true
			if !slices.Contains(may, tokens[i].word) {
				add(i, end, "it asks or advises")
				i = end
			}
		}
	}
	return out
}

// mayAsk are the verbs that a sentence may use to its reader.
func mayAsk(sentence string, tokens []token) []string {
	var may []string
	var all class
	for _, t := range tokens {
		if slices.Contains(emergencies, t.word) || len(t.word) == 3 && digits(t.word) == 3 {
			may = append(may, towardsHelp...)
		}
		for _, words := range telling {
			all |= words[t.word]
		}
	}
	if strings.Contains(sentence, "preferences_link") || all&tellsMail != 0 && all&tellsChange != 0 {
		may = append(may, towardsMails...)
	}
	if all&tellsReply != 0 && all&tellsRead != 0 && !slices.ContainsFunc(tokens, func(t token) bool { return slices.Contains(pressing, t.word) }) || slices.ContainsFunc(leftOpen, func(p string) bool { return strings.Contains(sentence, p) }) {
		may = append(may, towardsUs...)
	}
	return may
}

// longest is the kind of the longest entry that begins at a token; one that asks for
// nothing stands before the others.
func longest(tokens []token, i int) (kind string, end int) {
	end = -1
	asking().findAt(tokens, i, tokens[i].word, func(rule string, _, to int) {
		last := i
		for tokens[last].to < to {
			last++
		}
		if last > end || last == end && rule == asksNothing {
			kind, end = rule, last
		}
	})
	return kind, end
}

// beginsPart says whether a new part of a sentence begins behind a gap.
func beginsPart(gap string) bool {
	return strings.ContainsAny(gap, ",;:()\"*[") || strings.Contains(gap, " - ")
}

// begun says whether only words such as "also" stand between a token and the beginning
// of its part.
func begun(tokens []token, f string, from, i int) bool {
	for i--; i >= from && slices.Contains(between, tokens[i].word); i-- {
		if i == from || beginsPart(f[tokens[i-1].to:tokens[i].from]) {
			return true
		}
	}
	return false
}

// asks are the findings of a wording of family E, or of the parts that it shows.
func (f *file) asks() []Finding {
	var out []Finding
	f.eachAsk(func(a asked, _ int) {
		out = append(out, Finding{Rule: CaringContactAsks, Part: "text", Match: a.words, Detail: a.what})
	})
	return out
}

// eachAsk tells what a file asks, with and without what may be left out, and where.
func (f *file) eachAsk(tell func(a asked, at int)) {
	for _, runs := range f.paragraphs() {
		for _, how := range []reading{asMarked, asMarked | asBare} {
			var m mapped
			m.paragraph(runs, how)
			for _, a := range asksOf(string(m.text)) {
				tell(a, m.at[a.from])
			}
		}
	}
}

// Asks lists what a text asks of its reader, or advises, as nothing may that a client
// with a safety flag is shown; part says where it stands.
func (l *Linter) Asks(part, text string) []Finding {
	found := l.findings(Client)
	for _, a := range asksOf(text) {
		found.add(Finding{Rule: CaringContactAsks, Part: part, Match: a.words, Detail: a.what})
	}
	return found.list
}
