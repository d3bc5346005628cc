package templates

import (
	"fmt"
	"strings"
	"sync"
)

// The words that no mail may hold, as fold writes them: small letters, no accents but
// the ñ. All of them count in a mail of any language, because a clinical word of one
// is understood in the other. What is innocent in either language is left out, or
// stands in a phrase: "clínica" and "doctrine", "once" (eleven), "alta" (tall),
// "cargo", "falta" (not needed), "medicaid", "sobrino" (nephew).
const (
	clinicalEnglish = `
		therapy, therapies, therapist*, therapeutic*, psycho*, psychiatr*, psych, counsel*,
		doctor, doctors, dr, drs, md, m d, prof, ph d, phd, phds, psy d, psyd*, lcsw*, lmft*, lpc, lpcs, lpcc*, lmhc*, lmsw*, licsw*, lcpc*, ladc, cadc, pmhnp, bcba,
		clinician*, clinical*, patient, patients, nurse, nurses, social worker*, case manager*,
		diagnos*, disorder*, depress*, anxiet*, anxious*, ptsd, bipolar*, borderline, adhd, ocd, bpd, autis*, schizo*, panic attack*, psychosis,
		anorexi*, bulimi*, insomni*, dementia, hallucinat*, delusion*,
		suicid*, self harm*, selfharm*, self injur*, selfinjur*, overdos*, trauma*, addict*, relaps*, rehab*, sober, sobriety, recovery, detox*, alcoholi*, substance use, substance abuse,
		mental, mentally, illness*, symptom*, medication*, medicine*, meds, pill, pills, prescription*, dose, doses, dosage*, treatment*, disease*, inpatient*, outpatient*, hospitali*,
		appointment type*, intake, intakes, evaluation*, assessment*, screening*, follow up*, followup*, first visit, first appointment, session, sessions, med check*,
		behavioral health, behavioural health, emotional health, grief, bereave*, kill yourself, end your life, want to die, take your own life, mania, manic, phobia*, phobic, paranoi*, hearing voices, hear voices,
		domestic violence, rape, raped, hiv, aa meeting*, na meeting*, 12 step*, twelve step*, drug use, opioid*, heroin, ssri*, benzo, benzos, refill*, icd 10, dsm, aprn, lisw, consultation*, anger management, eating problem*,
		phq, gad 7, gad7, c ssrs, cssrs, pcl 5, pcl5, bdi, madrs, score, scores, risk, risks, cbt, dbt, emdr`
	clinicalSpanish = `
		terapia*, terapeut*, psicolog*, psicot*, psicos*, psicoan*, psiq*, psic, consejeri*, consejero*, consejera*,
		doctora, doctoras, doctores, dra, dras, lic, licenciad*, mtro, mtra, medico, medicos, medica, medicas, enfermer*, paciente, pacientes, trabajador social, trabajadora social, especialista*,
		clinico, clinicos, historia clinica, diagnost*, trastorno*, depres*, deprim*, ansiedad*, ansios*, angustia, ataque de panico, ataques de panico, tept, tdah, tlp, toc, autist*, esquizo*,
		demencia, alucina*, delirio*, suicid*, autoles*, hacerse daño, hacerme daño, hacerte daño, se hace daño, sobredosis, adicc*, adict*, recaid*, sobriedad, sobrio, sobria, recuperacion, desintoxic*, droga, drogas, drogadic*, abuso de sustancias, consumo de sustancias,
		salud mental, mentales, enfermedad*, enfermo, enferma, enfermos, enfermas, sintoma*, medicina, medicinas, medicament*, medicacion*, medicad*, pastilla*, receta, recetas, dosis, tratamiento*, hospitaliz*, internamiento,
		tipo de cita, tipo de consulta, evaluacion*, valoracion*, tamizaje*, cribado*, entrevista inicial, entrevista de admision, cita de seguimiento, visita de seguimiento, cita de control, consulta medica,
		seguimiento, primera cita, primera visita, primera consulta, sesion, sesiones,
		sicolog*, siquiatr*, sicosis, salud conductual, salud emocional, ataque de nervios, ataques de nervios, duelo, luto, fobia*, obsesiv*, quitarse la vida, quitarme la vida, matarse, quiere morir, quiero morir, lastimarse, lastimarme, cortarse, hacerse dano,
		violencia domestica, abuso sexual, pildora*, farmaco*, inyeccion*, internado, internada, trabajadores sociales, lcda, licda, ldo, lcdo, doce pasos, narcoticos anonimos, alcoholicos anonimos, vih,
		puntaje*, puntuacion*, riesgo, riesgos, tcc`
	blameEnglish = `
		miss, missed, missing, no show*, noshow*, fail, failed, fails, failing, failure, failures, fault, faults, blam*, guilt*, asham*, shame, shames, shamed, shaming, shameful, excuse, excuses,
		disappoint*, let us down, let me down, let yourself down, waste, wasted, wasting, neglect*, ignored, ignoring, you ignore, irresponsib*, lazy,
		you must, you should, you ought, you did not, you didn t, you didnt, you have not, you haven t, you havent, why did not, why didn t, why didnt, why did you not, why haven t, why have you not, once again, yet again, still have not,
		fee, fees, charge, charges, charged, invoic*, penalt*, owe, owes, owed, overdue, unpaid,
		discharg*, terminat*, dropped from, close your file, close your case, close your chart, closing your file, closing your case, closing your chart, lose your place, lose your spot, lose your slot,
		skipped, you forgot, forgot us, absent, you never came, you never repl*, give your spot, give your place, stop seeing you, removed from the list, your responsibility, late cancellation*, balance due, collections, where were you, third time,
		last chance, last notice, last reminder, last warning*, final notice, final reminder, final warning*, or else, warning, consequence, consequences, comply, complian*, noncomplian*,
		lol, haha*, joke, jokes, joking, just kidding`
	blameSpanish = `
		cita perdida, citas perdidas, perdio su cita, perdio la cita, perdio una cita, se perdio su, falto a, ha faltado, sus faltas, su falta, por faltar, inasistencia*, su ausencia, no asistio, no se presento, no se ha presentado, no vino a su, no vino a la, usted no vino, no cumplio, no llamo, no aviso, no ha respondido, no respondio,
		fallo, fallado, fallar, fracaso*, fracasa*, culpa, culpas, culpable*, culpar*, verguenza*, avergonz*, averguenz*, excusa, excusas, pretexto*, decepcion*, defraud*, nos quedo mal, desperdici*, perder el tiempo, perdio el tiempo, negligen*, descuido*, ignora, ignoro, ignorado, ignorar, ignorando, irresponsab*, perezos*, pereza, flojera, floja, incumpl*,
		usted debe, usted deberia, deberia haber, debe venir, debe asistir, debe llamar, debe pagar, debe responder, debe presentarse, tiene la obligacion, esta obligado, esta obligada, por que no vino, por que no ha,
		tarifa*, cobrar*, cobro, cobros, cobramos, recargo*, multa, multas, factura*, penaliz*, deuda, deudas, adeud*, debe dinero, pago pendiente, pagos pendientes, cargo adicional, cargos adicionales, cargo extra,
		dar de alta, dado de alta, dada de alta, dar de baja, darle de baja, darlo de baja, darla de baja, dado de baja, dada de baja, cerrar su expediente, cerrar su caso, cerraremos su, cerrar su ficha, perdera su, perder su lugar, perder su espacio, perder su cupo,
		ha perdido su, perdiste tu, perdiste la, la cita que perdio, cita que perdio, perdio su ultima, falto sin, usted falto, falta de asistencia, no llego a su, no llego a la, no cancelo, cancelacion tardia, se le olvido, dejo plantad*, plantados, plantadas, le esperamos ese, tiene que venir, su responsabilidad, saldo pendiente, un cargo de,
		le daremos de alta, daremos su hora, daremos su lugar, daremos su cita, si no viene, tercera vez, huevon*, flojo,
		ultima oportunidad, ultimo aviso, ultima advertencia, ultimo recordatorio, advertencia*, de lo contrario, consecuencia, consecuencias, amenaza*,
		jaja*, jeje*, broma, bromas, bromeando, chiste, chistes`
	// identifying are the words that lead to a person's identity.
	identifying = `
		mrn, m r n, d o b, file number, case number, medical record*, record number, chart number, patient id, client id, patient number, client number, date of birth, dob, birth date, birthdate, birthday, born on, born the, year of birth, place of birth, case no, file no, case num, exp no, exp num, social security, ssn,
		expediente, expedientes, historial clinico, historial medico, numero de historia, numero de paciente, fecha de nacimiento, cumpleaños, nacido el, nacida el, fec nac, fecha nac, f nac, fecha de nac, año de nacimiento, lugar de nacimiento, seguro social, nss, curp`
	// monthNames are those of both languages.
	monthNames = `january february march april may june july august september october november december enero febrero marzo abril mayo junio julio agosto septiembre setiembre octubre noviembre diciembre`
	// drugs are the common psychiatric medicines in the United States: generic names
	// without their last letters, which English and Spanish write differently, then
	// brands. Sonata and Exelon are left out: the one is a word, the other sells
	// electricity.
	drugs = `
		fluoxetin*, sertralin*, paroxetin*, citalopram*, escitalopram*, fluvoxamin*, venlafaxin*, desvenlafaxin*, duloxetin*, milnacipran*, levomilnacipran*, vilazodon*, vortioxetin*,
		bupropion*, mirtazapin*, trazodon*, nefazodon*, amitriptilin*, amitriptylin*, nortriptilin*, nortriptylin*, imipramin*, desipramin*, doxepin*, clomipramin*, protriptylin*, trimipramin*,
		fenelzin*, phenelzin*, tranilcipromin*, tranylcypromin*, selegilin*, isocarboxaz*, ketamin*, esketamin*, esketamina, zuranolon*, brexanolon*,
		lithium, litio, valpro*, divalpro*, lamotrigin*, carbamazepin*, oxcarbazepin*, topiramat*, gabapentin*, pregabalin*,
		quetiapin*, olanzapin*, risperidon*, paliperidon*, aripiprazol*, brexpiprazol*, cariprazin*, lurasidon*, ziprasidon*, asenapin*, iloperidon*, lumateperon*, clozapin*, haloperidol*, xanomelin*,
		chlorpromazin*, clorpromazin*, fluphenazin*, flufenazin*, perphenazin*, perfenazin*, thioridazin*, tioridazin*, trifluoperazin*, thiothixen*, tiotixen*, loxapin*, pimavanserin*,
		alprazolam*, lorazepam*, clonazepam*, diazepam*, chlordiazepoxid*, clordiazepoxid*, temazepam*, oxazepam*, clorazepat*, triazolam*, estazolam*, flurazepam*, benzodiaze*, buspiron*, hydroxyzin*, hidroxizin*,
		propranolol*, prazosin*, clonidin*, guanfacin*, atomoxetin*, viloxazin*, methylphenidat*, metilfenidat*, dexmethylphenidat*, dexmetilfenidat*, amphetamin*, anfetamin*, dextroamphetamin*, dextroanfetamin*, lisdexamfetamin*, lisdexanfetamin*, modafinil*, armodafinil*,
		zolpidem*, eszopiclon*, zopiclon*, zaleplon*, ramelteon*, suvorexant*, lemborexant*, daridorexant*, naltrexon*, buprenorphin*, buprenorfin*, methadon*, metadon*, acamprosat*, disulfiram*, naloxon*, vareniclin*,
		donepezil*, memantin*, galantamin*, rivastigmin*, benztropin*, benzatropin*, deutetrabenazin*, valbenazin*, antidepres*, antipsic*, antipsych*, ansiolit*, anxiolyt*,
		prozac, sarafem, zoloft, paxil, pexeva, celexa, lexapro, luvox, effexor, pristiq, cymbalta, fetzima, savella, viibryd, trintellix, wellbutrin, zyban, aplenzin, remeron, desyrel, oleptro, elavil, pamelor, tofranil, norpramin, sinequan, silenor, anafranil, vivactil, surmontil,
		nardil, parnate, emsam, marplan, spravato, zurzuvae, zulresso, auvelity, symbyax, lithobid, eskalith, depakote, depakene, lamictal, tegretol, equetro, trileptal, topamax, neurontin, lyrica,
		seroquel, zyprexa, lybalvi, risperdal, perseris, invega, abilify, aristada, rexulti, vraylar, latuda, geodon, saphris, fanapt, caplyta, cobenfy, clozaril, versacloz, haldol, thorazine, prolixin, mellaril, stelazine, navane, loxitane, nuplazid,
		xanax, ativan, klonopin, rivotril, valium, librium, restoril, serax, tranxene, halcion, buspar, vistaril, atarax, inderal, minipress, catapres, kapvay, tenex, intuniv, strattera, qelbree, ritalin, ritalina, concerta, metadate, daytrana, focalin, adderall, dexedrine, zenzedi, vyvanse, evekeo, mydayis, provigil, nuvigil,
		ambien, edluar, lunesta, rozerem, belsomra, dayvigo, quviviq, vivitrol, revia, suboxone, subutex, sublocade, brixadi, zubsolv, methadose, dolophine, campral, antabuse, narcan, chantix, aricept, namenda, razadyne, cogentin, austedo, ingrezza`
)

// builtinWords is the lexicon of every mail.
var builtinWords = sync.OnceValue(func() *lexicon { //nolint:gochecknoglobals // never written again
	l := newLexicon()
	for _, words := range []string{clinicalEnglish, clinicalSpanish, clinicalPhrases, drugs, moreDrugs} {
		l.add(ClinicalWord, words)
	}
	for _, words := range []string{blameEnglish, blameSpanish, moneyPhrases, threatPhrases, blamePhrases, humourPhrases, claimPhrases} {
		l.add(Blame, words)
	}
	l.add(Identifier, identifying)
	for day := 1; day <= 31; day++ {
		l.add(Identifier, fmt.Sprintf("born %d, born %dst, born %dnd, born %drd, born %dth, nacio el %d, nacio un %d, nacido un %d, nacida un %d", day, day, day, day, day, day, day, day, day))
	}
	for m := range strings.FieldsSeq(monthNames) {
		l.add(Identifier, fmt.Sprintf("born %s, born in %s, nacido en %s, nacida en %s, nacio en %s, nacimiento en %s", m, m, m, m, m, m))
	}
	return l
})

// class is what a word can be part of in a sentence that every client mail has.
type class uint8

const (
	tellsCall   class = 1 << iota // to call or write to the crisis line
	tellsReply                    // what a client writes back
	tellsRead                     // that somebody reads it
	tellsHours                    // in which hours
	tellsMail                     // our mails
	tellsChange                   // to change or stop them
)

// telling are the words of such sentences, by language. A language without them is
// not asked for sentences, only for the crisis line's number and the links.
var telling = map[string]map[string]class{ //nolint:gochecknoglobals // never written again
	"en": {
		"call": tellsCall, "text": tellsCall, "reach": tellsCall, "phone": tellsCall,
		"reply": tellsReply, "replies": tellsReply, "answer": tellsReply, "answers": tellsReply, "back": tellsReply,
		"read": tellsRead, "reads": tellsRead, "hours": tellsHours,
		"mail": tellsMail, "mails": tellsMail, "email": tellsMail, "emails": tellsMail, "message": tellsMail, "messages": tellsMail, "note": tellsMail, "notes": tellsMail,
		"stop": tellsChange, "change": tellsChange, "choose": tellsChange, "fewer": tellsChange, "less": tellsChange,
	},
	"es": {
		"llame": tellsCall, "llamar": tellsCall, "llamada": tellsCall, "marque": tellsCall, "marcar": tellsCall, "escriba": tellsCall,
		"responde": tellsReply, "responda": tellsReply, "responder": tellsReply, "respuesta": tellsReply, "respuestas": tellsReply, "contesta": tellsReply, "contestar": tellsReply, "contestaciones": tellsReply,
		"lee": tellsRead, "leen": tellsRead, "leemos": tellsRead, "leer": tellsRead, "leera": tellsRead, "lea": tellsRead, "horario": tellsHours, "horarios": tellsHours,
		"correo": tellsMail, "correos": tellsMail, "email": tellsMail, "emails": tellsMail, "mensaje": tellsMail, "mensajes": tellsMail,
		"cambiar": tellsChange, "cambiarlos": tellsChange, "dejar": tellsChange, "elige": tellsChange, "elegir": tellsChange, "parar": tellsChange, "cancelar": tellsChange,
	},
}
