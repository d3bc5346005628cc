package templates

import (
	"slices"
	"strings"
)

// A threat that is denied is a promise: "we will not close your file". What asks for
// something, or holds on a condition, stays a threat: "do not lose your place", "you
// will not lose it if you call".

// deniable are the first words of threats and claims that a denial excuses.
var deniable = stemsOf("close closing lose end ending let take taking get give have tell inform notify report stop drop perder perdera cerrar cerraremos daremos damos dara dan dar darle darlo darla quitaremos quitar quitarle diremos avisaremos tiene tienes nos") //nolint:gochecknoglobals // never written again

var (
	deniedBetween = strings.Fields("will would ever be going else here us anyone le lo la les te se su") //nolint:gochecknoglobals // never written again
	// inOrder begin what somebody does in order that something does not come about.
	inOrder = strings.Fields("para as to or and por please") //nolint:gochecknoglobals // never written again
	// conditions are followed by what somebody must do; doings are such verbs.
	conditions = strings.Fields("if si when cuando once provided")                                                                                                                                                //nolint:gochecknoglobals // never written again
	exceptions = strings.Fields("unless until salvo excepto menos hasta siempre long")                                                                                                                            //nolint:gochecknoglobals // never written again
	doings     = stemsOf("call come reply answer write book act show respond pay keep attend contact tell let visit llam* viene vien* respond* contest* escrib* pag* cumpl* asist* avis* reserv* acud* present*") //nolint:gochecknoglobals // never written again
)

// isDenied says whether one negation stands right before a token, and tells of what will
// not be: no "do not", and nothing that is done in order to.
func isDenied(tokens []token, i int) bool {
	for k := i - 1; k >= 0 && !tokens[k].last && tokens[k+1].near && i-k <= 6; k-- {
		w := tokens[k].word
		contracted := w == "t" && k > 0 && slices.Contains(contract, tokens[k-1].word)
		if contracted {
			k--
			w = tokens[k].word
		}
		switch {
		case contracted || slices.Contains(negations, w):
			if k == 0 || tokens[k-1].last || !tokens[k].near {
				return w != "don"
			}
			before := tokens[k-1].word
			if before == "do" && (k == 1 || tokens[k-2].last || !tokens[k-1].near || slices.Contains(inOrder, tokens[k-2].word)) {
				return false
			}
			return !slices.Contains(inOrder, before) && !slices.Contains(negations, before)
		case w == "to" && k > 0 && tokens[k-1].word == "going", slices.Contains(deniedBetween, w):
		default:
			return false
		}
	}
	return false
}

// onCondition says whether the rest of a sentence makes it depend on what its reader
// does.
func onCondition(tokens []token, last int) bool {
	asked, not := false, false
	for k := last; k+1 < len(tokens) && !tokens[k].last; k++ {
		switch w := tokens[k+1].word; {
		case slices.Contains(exceptions, w):
			return true
		case slices.Contains(conditions, w):
			asked, not = true, false
		case slices.Contains(negations, w) || w == "t":
			not = true
		case asked && !not && doings(w):
			return true
		}
	}
	return false
}

// ofPatience says whether "patient" says how we are, and not what somebody is: "we are
// patient", and nothing that it could go with behind it.
func ofPatience(tokens []token, i int) bool {
	if i < 2 || !tokens[i].near || !tokens[i-1].near {
		return false
	}
	if !slices.Contains([]string{"we are", "we re", "will be", "ll be", "can be"}, tokens[i-2].word+" "+tokens[i-1].word) {
		return false
	}
	return i+1 == len(tokens) || !tokens[i+1].near || slices.Contains(strings.Fields("and with when while as too here about"), tokens[i+1].word)
}

// forgiving are the words of a sentence that does not mind; "not" before them does.
var forgiving = []string{"is ok", "s ok", "is okay", "s okay", "is fine", "s fine", "is alright", "no matter", "no importa", "no pasa", "esta bien"} //nolint:gochecknoglobals // never written again

// isForgiven says whether a token tells of what may be, right behind an "if", in a
// sentence that does not mind it and says no "but": "if you were not there, that is fine".
func isForgiven(tokens []token, i int) bool {
	begin, end := i, i
	for begin > 0 && !tokens[begin-1].last {
		begin--
	}
	for end+1 < len(tokens) && !tokens[end].last {
		end++
	}
	may, kind := false, false
	for k := begin; k <= end; k++ {
		switch w := tokens[k].word; {
		case w == "but" || w == "pero" || slices.Contains(exceptions, w):
			return false
		case (w == "if" || w == "si") && k < i && i-k <= 2:
			may = true
		case k > begin && slices.Contains(forgiving, tokens[k-1].word+" "+w):
			kind = true
		}
	}
	return may && kind
}
