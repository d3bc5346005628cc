package events

import "slices"

// note checks the words of a note when it is stated. A note that is read back
// has passed knownAlone before.
func (c *checker) note(n *Note) {
	if len(n.Noticed) > maxList {
		c.fail("data.note.noticed", "must be a list of at most 50")
		return
	}
	for _, code := range n.Noticed {
		oneOf(c, "data.note.noticed", code, codes(Noticed())...)
	}
	if n.Approach != "" {
		oneOf(c, "data.note.approach", n.Approach, codes(Approaches())...)
	}
}

// knownAlone leaves out the words that this program does not know. A program of
// another version may have stated them; what else the note says must count all
// the same.
func (n *Note) knownAlone() {
	unknown := func(known []Choice) func(string) bool {
		return func(code string) bool { return !slices.Contains(codes(known), code) }
	}
	n.Noticed = slices.DeleteFunc(n.Noticed, unknown(Noticed()))
	if len(n.Noticed) == 0 {
		n.Noticed = nil
	}
	if unknown(Approaches())(n.Approach) {
		n.Approach = ""
	}
}

func codes(choices []Choice) []string {
	out := make([]string, len(choices))
	for i, c := range choices {
		out[i] = c.Code
	}
	return out
}
