package templates

// Words that are innocent alone and say too much together stand here as phrases, as
// fold writes them; a word "*" is any word. TestPhrases has a line for each group and
// what only looks like it.
const (
	moneyPhrases = `
		pay your bill, pay your bills, pay your balance, pay your account, pay the bill, pay what you, pay us, pay for your visit, pay for the visit, payment is due, payment due, past due,
		bill is due, get a bill, send you a bill, send a bill, you have a balance, bring your copay, bring your co pay, tiene un saldo, tienes un saldo, bill you, we will bill, we ll bill, will be billed, been billed, your balance is, your balance of, outstanding balance, copay is due, co pay is due, copay due, co pay due, cancelling costs, canceling costs, cancellation costs,
		nos debe, nos debes, pague su cuenta, paga tu cuenta, pagar su cuenta, pague su saldo, paga tu saldo, pague lo que, paga lo que, pago esta pendiente, pago esta vencido, pago vencido, cuenta esta vencida, cuenta vencida, su saldo es, tu saldo es, saldo vencido,
		cancelacion cuesta, cancelar cuesta, cuesta cancelar, cancelar tarde, cancelling late, canceling late, late changes cost, your copay, your co pay, su copago, tu copago, debe * dolares, debes * dolares, debe * pesos, debes * pesos`
	threatPhrases = `
		end your care, ending your care, end your visits, end your services, case will be closed, file will be closed, chart will be closed, caso sera cerrado, caso se cerrara, give your time to, spot will go to, place will go to, time will go to, removed from our list, inform your probation, inform your parole, inform your employer, will not see you again, won t see you again, no longer see you, no longer work with you, let you go, take you off our list, take you off the list, take you off our books, take you off our schedule, take you off the waiting list, take you off our waiting list, taking you off,
		give your slot, your slot to, get your spot, get your place, get your slot, get your time, take your spot, take your slot, have your spot, have your slot, we will move on, we ll move on, we have to move on, we will have to move on,
		tell the court, tell your court, inform the court, notify the court, report you, tell your probation, tell your parole, tell your employer, tell your boss, tell your school, tell your parents, call the police,
		daremos de baja, damos de baja, dara de baja, dan de baja, daremos de alta, quitaremos su, quitaremos tu, quitar su lugar, quitarle su, quitarte tu, otra persona tomara, otra persona ocupara, otra persona tendra su, alguien mas tomara, alguien mas ocupara, le diremos al juez, diremos al juez, avisaremos al juez, avisaremos al juzgado, avisaremos a la corte`
	blamePhrases = `
		you were not there, you weren t there, you were not here, you weren t here, you never called, never called us, never called back, you never wrote, never wrote back, you never answered, never answered us, left us waiting, kept us waiting, stood us up, stood me up, stand us up,
		your family is worried, your family worries, your parents are worried, your mother is worried, your father is worried, your wife is worried, your husband is worried, your children are worried, everyone is worried about you, everybody is worried about you, su familia esta preocupada, tu familia esta preocupada,
		did you forget, forget about us, forgot about us, forgotten about us, forgotten us, se olvido de nosotros, te olvidaste de nosotros,
		no llego ayer, no llego hoy, no llego el lunes, no llego el martes, no llego el miercoles, no llego el jueves, no llego el viernes, no llego el sabado, no llego el domingo, no contesto nuestra, no contesto nuestras, no contesto el, no contesto la, no nos contesto, no nos llamo, no nos aviso, no nos escribio,
		nos quedamos esperando, quedamos esperandole, quedamos esperandolo, quedamos esperandola, nos dejo esperando, le estuvimos esperando, tiene que volver, tienes que volver, tiene que llamar, tienes que llamar, tiene que llamarnos, tienes que llamarnos, tiene que responder, tienes que responder, tiene que presentarse, tienes que venir, tiene que pagar, tienes que pagar,
		debio avisar*, debio llamar*, debio venir, debio cancelar, debio haber, debiste avisar*, debiste llamar*, debiste venir, debiste haber,
		you keep cancel*, you kept cancel*, you stopped coming, you have stopped coming, you ve stopped coming, you quit coming, cancelled * times, canceled * times, you cancelled twice, you canceled twice, you cancelled again, you canceled again, we waited for you, you never showed,
		no nos ha llamado, no nos has llamado, no nos ha escrito, no nos has escrito, no nos ha contestado, no nos has contestado, no ha contestado, no has contestado, ha dejado de venir, has dejado de venir, dejo de venir, dejaste de venir, cancelo * veces, sigue cancelando, le esperamos ayer, lo esperamos ayer, la esperamos ayer, te esperamos ayer, olvido su cita, olvido la cita, olvidaste tu cita, usted no llego, tu no llegaste`
	humourPhrases = `knock knock, ha ha, toc toc, not to bite, do not bite, don t bite, won t bite, will not bite, no mordemos`
	// claimPhrases: outreach is never said to keep anybody alive (caring contacts had no
	// effect on attempts, PMC11059042).
	claimPhrases = `
		keep people alive, keeps people alive, keep you alive, keeps you alive, kept people alive, save lives, saves lives, saved lives, saving lives, save a life, saves a life, save your life, saves your life,
		salva vidas, salvan vidas, salvar vidas, salvado vidas, salvo vidas, mantienen con vida, mantiene con vida`
	clinicalPhrases = `
		phq 9, phq9, phq 2, phq2, phq a, phqa, you scored, your total was, your total is, your cutting, cutting yourself, your drinking, drinking problem, problem drinking, binge drink*, your mood, mood swing*, flashback, flashbacks, tox screen*, drug screen*, drug test*, urine,
		injection, injections, your gambling, gambling problem*, your weed, weed use, smoking weed, your cannabis, cannabis use, your abuse, your abuser, your shrink, a shrink, my shrink,
		saco * puntos, sacaste * puntos, obtuvo * puntos, obtuviste * puntos, su resultado fue, su resultado es, tu resultado fue, tu resultado es, su total fue, tu total fue, en el cuestionario, su cuestionario, tu cuestionario, crisis nerviosa, crisis nerviosas, crisis de nervios, crisis de panico, crisis de angustia,
		pensamientos de muerte, ideas de muerte, problema con el alcohol, problemas con el alcohol, problema de alcohol, problemas de alcohol, problema con la bebida, problemas con la bebida, consumo de alcohol, prueba de orina, pruebas de orina, examen de orina, examenes de orina, analisis de orina, cambios de humor,
		telehealth*, tele health, telesalud*, teleterapi*, video visit*, group visit*, individual visit*, family visit*, couples visit*, safety plan*, crisis plan*, plan de seguridad, planes de seguridad, plan de crisis`
	// moreDrugs are medicines that are sold in Mexico and not in the United States.
	moreDrugs = `
		bromazepam*, clobazam*, sulpirid*, amisulprid*, levomepromazin*, reboxetin*, agomelatin*, tianeptin*, flupentixol*, zuclopentixol*,
		tafil, altruline, fluoxac, siquial, aropax, cipralex, seropram, efexor, anapsique, tryptanol, talpramin, lexotan, kriadex, stilnox, leponex, epival, carbolit, litheum, ekilid, dogmatil, sinogan, largactil, valdoxan, stablon, solian`
)
