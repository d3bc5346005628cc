package workflows

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// speaksOfDanger says whether what a client wrote beside "I am safe" may speak of dying
// or of harming themself. It knows a short list of phrases in two languages: a net with
// holes, that asks a person sooner than the answer alone would, and never in their place.
func speaksOfDanger(text string) bool {
	words := plainWords(text)
	for phrase := range strings.SplitSeq(dangerPhrases, "\n") {
		if strings.Contains(words, " "+phrase+" ") {
			return true
		}
	}
	return false
}

// dangerPhrases are said of oneself, as plainWords writes them, one a line.
const dangerPhrases = `kill myself
killing myself
end my life
end my own life
kill my self
considering suicide
considered suicide
thinking suicide
think suicide
no longer want to live
dont wanna live
want to be dead
ending my life
take my life
take my own life
taking my own life
end it all
ending it all
suicidal
commit suicide
think about suicide
thinking about suicide
thinking of suicide
thoughts of suicide
want to die
going to die tonight
it ends tonight
goodbye everyone
goodbye everybody
say goodbye to everyone
wont be here tomorrow
will not be here tomorrow
took all my pills
took too many pills
take all my pills
taking all my pills
swallowed pills
have pills here
tired of living
tired of being alive
done with life
done with living
cant do this anymore
cannot do this anymore
cut myself again
overdosed
pills and i am scared
hang myself
shoot myself
drown myself
jump off a bridge
jump off the bridge
wanted to die
wanna die
ready to die
wish i was dead
wish i were dead
be better off dead
better off without me
rather be dead
no reason to live
nothing to live for
not worth living
dont want to live
do not want to live
dont want to be alive
do not want to be alive
dont want to be here anymore
do not want to be here anymore
dont want to wake up
do not want to wake up
cant go on .
cannot go on .
can not go on .
cant go on like this
cannot go on like this
cant go on living
cannot go on living
want to hurt myself
wanna hurt myself
going to hurt myself
hurting myself
hurt myself on purpose
hurt myself again
harm myself
harming myself
cut myself
cutting myself
self harm
self harming
selfharm
overdose
im not safe
i am not safe
dont feel safe .
do not feel safe .
dont feel safe with myself
dont feel safe on my own
dont feel safe alone
matarme
suicidarme
me voy a suicidar
me quiero matar
me voy a matar
me voy a quitar la vida
me quiero quitar la vida
quiero quitarme la vida
ya no quiero estar aqui
no quiero estar viva
no quiero estar vivo
no quiero existir
esta noche se acaba
esta noche me voy
me despedi de todos
me tome todas las pastillas
tome todas las pastillas
tomarme todas las pastillas
me quiero hacer dano
me voy a hacer dano
me hago dano
me hice dano
me corte otra vez
me quiero cortar
me estoy cortando
me quiero ahorcar
ahorcarme
cansada de vivir
cansado de vivir
me quiero suicidar
pienso en el suicidio
pensando en el suicidio
ideas de suicidio
pensamientos de suicidio
pensamientos suicidas
ideas suicidas
quitarme la vida
acabar con mi vida
terminar con mi vida
acabar con todo
quiero morir
quiero morirme
me quiero morir
quisiera morir
quisiera morirme
quisiera estar muerta
quisiera estar muerto
ganas de morir
ganas de morirme
no quiero vivir
no deseo vivir
no quiero seguir viviendo
no quiero despertar
sin ganas de vivir
no tengo ganas de vivir
no vale la pena vivir
estarian mejor sin mi
no puedo seguir asi
no puedo mas .
no puedo mas con esto
no puedo mas con la vida
hacerme dano
lastimarme
cortarme las venas
cortarme la piel
me corto la piel
autolesionarme
autolesion
autolesiones
sobredosis
no estoy a salvo
no me siento a salvo
no me siento segura
no me siento seguro`

// plainWords is a text in small letters without accents, apostrophes and signs, with
// one space around each word, and a dot as a word where a sentence ends.
func plainWords(text string) string {
	var b strings.Builder
	b.WriteByte(' ')
	gap := true
	for _, r := range norm.NFKD.String(strings.ToLower(text)) {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
			gap = false
		case strings.ContainsRune(".!?…", r):
			// The end of a sentence is a word of its own.
			if !gap {
				b.WriteByte(' ')
			}
			if !strings.HasSuffix(b.String(), " . ") {
				b.WriteString(". ")
			}
			gap = true
		case unicode.In(r, unicode.Mn, unicode.Cf) || strings.ContainsRune("'’‘ʼ`´′", r):
		case !gap:
			b.WriteByte(' ')
			gap = true
		}
	}
	if !gap {
		b.WriteByte(' ')
	}
	if !strings.HasSuffix(b.String(), " . ") {
		b.WriteString(". ")
	}
	return b.String()
}
