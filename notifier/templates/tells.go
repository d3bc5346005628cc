package templates

import (
	"slices"
	"strings"
)

// told is what the sentences of a text say, by class.
type told struct {
	all class
	// sentences are the classes of each; denied those that some sentence says the opposite
	// of: "nobody reads it", "you cannot stop them".
	sentences []class
	denied    class
}

// both says whether one sentence has two classes.
func (t told) both(a, b class) bool {
	return slices.ContainsFunc(t.sentences, func(c class) bool { return c&a != 0 && c&b != 0 })
}

var (
	// withLimits keep a denial to a part of the day or of the world: "nobody reads it at
	// night", "nobody else reads it".
	withLimits = strings.Fields("night nights weekend weekends evening evenings holiday holidays after before outside until else but only yet noche noches fin fines fuera festivos hasta despues antes mas excepto salvo solo") //nolint:gochecknoglobals // never written again
	// refusals stand before what a client cannot do.
	refusals = []string{"you cannot", "can not", "can t", "you never", "no puede", "no puedes", "nunca puede"} //nolint:gochecknoglobals // never written again
)

// tells reads folded text sentence by sentence. In a part of a sentence with a negation,
// that somebody reads, when, and how to change mails does not count; that there are
// replies or mails is said either way.
func tells(f string, tokens []token, language string) told {
	words := telling[language]
	var out told
	var now, part, denies class
	negated, limited := false, false
	endPart := func() {
		if negated {
			if !limited {
				denies |= part & tellsRead
			}
			part &^= tellsRead | tellsHours | tellsChange
		}
		now, part, negated, limited = now|part, 0, false, false
	}
	for i, t := range tokens {
		if i > 0 && beginsPart(f[tokens[i-1].to:t.from]) {
			endPart()
		}
		negated = negated || slices.Contains(negations, t.word) || t.word == "t" && i > 0 && slices.Contains(contract, tokens[i-1].word)
		limited = limited || slices.Contains(withLimits, t.word)
		c := words[t.word]
		if c == tellsCall && i > 0 && slices.Contains([]string{"not", "never", "t", "no", "nunca", "cannot"}, tokens[i-1].word) {
			c = 0
		}
		if c&tellsChange != 0 && i > 1 && slices.Contains(refusals, tokens[i-2].word+" "+tokens[i-1].word) {
			out.denied |= tellsChange
		}
		part |= c
		if t.last {
			endPart()
			if now&tellsReply != 0 {
				out.denied |= denies
			}
			out.sentences, out.all = append(out.sentences, now), out.all|now
			now, denies = 0, 0
		}
	}
	return out
}
