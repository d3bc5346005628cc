package events

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestOnce guards the rule once: an event's identity is its clinic, source and
// id, all of them and nothing else.
func TestOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.StringMatching(`[0-9:a]{0,4}`)
		draw := func(who string) Event {
			return Event{
				Clinic: part.Draw(t, who+" clinic"), Source: part.Draw(t, who+" source"), ID: part.Draw(t, who+" id"),
				Client: part.Draw(t, who+" client"), Kind: Kind(part.Draw(t, who+" kind")),
			}
		}
		a, b := draw("a"), draw("b")
		same := a.Clinic == b.Clinic && a.Source == b.Source && a.ID == b.ID
		if (a.Hash() == b.Hash()) != same {
			t.Fatalf("%+v and %+v: hashes %s and %s", a, b, a.Hash(), b.Hash())
		}
		repeat := b
		repeat.Clinic, repeat.Source, repeat.ID = a.Clinic, a.Source, a.ID
		if repeat.Hash() != a.Hash() {
			t.Fatal("a repeat that says something else is taken for another event")
		}
	})
}

func TestHashText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := Event{ID: rapid.String().Draw(t, "id")}.Hash()
		text, err := want.MarshalText()
		if err != nil || string(text) != want.String() || len(text) != 32 || want.IsZero() {
			t.Fatalf("%s, %v", text, err)
		}
		var got Hash
		if err := got.UnmarshalText(text); err != nil || got != want {
			t.Fatalf("%s comes back as %s, %v", want, got, err)
		}
	})
	for _, bad := range []string{"", "00", strings.Repeat("g", 32), strings.Repeat("0", 33)} {
		var h Hash
		if err := h.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q is taken for a hash", bad)
		}
	}
}

func TestClientKeyIsStableAndNamesNobody(t *testing.T) {
	// Stored subjects depend on it: it must be the same for ever.
	if got := ClientKey([]byte("secret"), "sample", "8421"); got != "l36ndth7r3fsseroga77asktiu" {
		t.Errorf("the client key became %s: every client would be a stranger", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.StringMatching(`[0-9:a]{0,4}`)
		secret := []byte(rapid.StringN(1, 8, -1).Draw(t, "secret"))
		c1, id1, c2, id2 := part.Draw(t, "c1"), part.Draw(t, "id1"), part.Draw(t, "c2"), part.Draw(t, "id2")
		k1, k2 := ClientKey(secret, c1, id1), ClientKey(secret, c2, id2)
		if (k1 == k2) != (c1 == c2 && id1 == id2) {
			t.Fatalf("%q %q and %q %q: %s and %s", c1, id1, c2, id2, k1, k2)
		}
		if !ValidToken(k1) || len(k1) != 26 || len(Bucket(k1)) != 1 {
			t.Fatalf("%q is no client key", k1)
		}
		if ClientKey(append(secret, 'x'), c1, id1) == k1 {
			t.Fatal("another secret gives the same key")
		}
	})
}

func TestMessageIDLeadsToItsBucket(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := ClientKey([]byte("s"), "sample", rapid.String().Draw(t, "client"))
		cause := Event{ID: rapid.String().Draw(t, "cause")}.Hash()
		n := rapid.IntRange(0, 1000).Draw(t, "n")
		id := MessageID(key, cause, n)
		if !ValidToken(id) || Bucket(id) != Bucket(key) {
			t.Fatalf("message id %q of client %q", id, key)
		}
		if id != MessageID(key, cause, n) {
			t.Fatal("a repeat of the decision asks for another message")
		}
		if id == MessageID(key, cause, n+1) || id == TargetID("task", key, cause, n) || id == MessageID(key, Hash{}, n) {
			t.Fatal("two messages share an id")
		}
	})
}

func TestValidClinic(t *testing.T) {
	for id, want := range map[string]bool{
		"sample": true, "north-2": true, "a": true, strings.Repeat("a", 40): true,
		"": false, "Sample": false, "a.b": false, "a b": false, "*": false, ">": false, "é": false, strings.Repeat("a", 41): false,
	} {
		if ValidClinic(id) != want {
			t.Errorf("ValidClinic(%q) = %v", id, !want)
		}
	}
}

// TestAddressMark: the mark is the same for one address however it is written,
// another for every other address and client, and does not show the address.
func TestAddressMark(t *testing.T) {
	mark := AddressMark("kclient", "ana@client.example")
	if AddressMark("kclient", " Ana@Client.example") != mark {
		t.Error("case and space make another address")
	}
	for _, other := range []string{AddressMark("kclient", "anna@client.example"), AddressMark("kother", "ana@client.example"), AddressMark("kclient", "")} {
		if other == mark {
			t.Error("two addresses share a mark")
		}
	}
	if !ValidToken(mark) || len(mark) != 16 {
		t.Errorf("the mark is %q", mark)
	}
}
