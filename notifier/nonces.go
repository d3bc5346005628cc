package notifier

import (
	"container/list"
	"crypto/rand"
)

// keptNonces bounds what is remembered of claims that may stand in the ledger.
// Another replica may settle the message, and then nobody here asks again.
const keptNonces = 4096

// nonces are the names of attempts, by message id; the oldest goes first. A
// forgotten one is safe: its claim is then taken for somebody else's.
type nonces struct {
	most int
	of   map[string]*list.Element // to a kept
	age  *list.List               // oldest first
}

type kept struct{ id, nonce string }

func newNonces(most int) nonces {
	return nonces{most: most, of: map[string]*list.Element{}, age: list.New()}
}

// take is the kept nonce, which is kept no longer, or a new one.
func (x *nonces) take(id string) string {
	e, ok := x.of[id]
	if !ok {
		return rand.Text()
	}
	delete(x.of, id)
	return x.age.Remove(e).(kept).nonce //nolint:errcheck // the list holds nothing else
}

func (x *nonces) keep(id, nonce string) {
	if e, ok := x.of[id]; ok {
		x.age.Remove(e)
	}
	x.of[id] = x.age.PushBack(kept{id, nonce})
	if x.age.Len() > x.most {
		oldest := x.age.Remove(x.age.Front()).(kept) //nolint:errcheck // the list holds nothing else
		delete(x.of, oldest.id)
	}
}
