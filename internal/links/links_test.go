package links_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/internal/links"
	"pgregory.net/rapid"
)

func noon() time.Time { return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) }

func sample() links.Claims {
	return links.Claims{
		Purpose: links.Escalation, Clinic: "harbour", Target: "k3f7abc", Recipient: "dana",
		Issued: noon(), Expires: noon().Add(time.Hour),
	}
}

func mustParse(t *testing.T, text string) *links.Keys {
	t.Helper()
	k, err := links.ParseKeys(text)
	if err != nil {
		t.Fatalf("parse keys: %v", err)
	}
	return k
}

func TestVerifyGivesBackWhatWasSigned(t *testing.T) {
	k := links.Generate()
	token := k.Sign(sample())
	if strings.Trim(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		t.Errorf("token %q is not safe in a URL", token)
	}
	got, err := k.Verify(token, links.Escalation, noon())
	if err != nil || got != sample() {
		t.Errorf("Verify = %+v, %v; want %+v", got, err, sample())
	}
}

func TestVerifyRefuses(t *testing.T) {
	k, stranger := links.Generate(), links.Generate()
	token := k.Sign(sample())
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	swap := func(from, to string) string {
		changed := strings.Replace(string(raw), from, to, 1)
		if changed == string(raw) {
			t.Fatalf("the token has no %q to change", from)
		}
		return base64.RawURLEncoding.EncodeToString([]byte(changed))
	}
	for _, tc := range []struct {
		name, token string
		want        links.Purpose
		now         time.Time
		err         error
	}{
		{"nothing", "", links.Escalation, noon(), links.ErrMalformed},
		{"noise", "hello", links.Escalation, noon(), links.ErrMalformed},
		{"not base64", "%%%", links.Escalation, noon(), links.ErrMalformed},
		{"truncated by one", token[:len(token)-1], links.Escalation, noon(), nil},
		{"truncated by half", token[:len(token)/2], links.Escalation, noon(), nil},
		{"something appended", token + "AAAA", links.Escalation, noon(), links.ErrForged},
		{"far too long", strings.Repeat("A", 5000), links.Escalation, noon(), links.ErrMalformed},
		{"signed by a stranger", stranger.Sign(sample()), links.Escalation, noon(), links.ErrForged},
		{"other clinic", swap("harbour", "seaside"), links.Escalation, noon(), links.ErrForged},
		{"other target", swap("k3f7abc", "k3f7abd"), links.Escalation, noon(), links.ErrForged},
		{"other recipient", swap("dana", "evan"), links.Escalation, noon(), links.ErrForged},
		{"other purpose", token, links.Checkin, noon(), links.ErrPurpose},
		{"other purpose and expired", token, links.Checkin, noon().Add(2 * time.Hour), links.ErrPurpose},
		{"at its expiry", token, links.Escalation, noon().Add(time.Hour), links.ErrExpired},
		{"long expired", token, links.Escalation, noon().AddDate(9, 0, 0), links.ErrExpired},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := k.Verify(tc.token, tc.want, tc.now)
			if err == nil {
				t.Fatalf("accepted: %+v", got)
			}
			if tc.err != nil && !errors.Is(err, tc.err) {
				t.Errorf("err = %v, want %v", err, tc.err)
			}
			known := errors.Is(err, links.ErrExpired) || errors.Is(err, links.ErrPurpose)
			if known != (got.Clinic == "harbour") {
				t.Errorf("claims beside %v: %+v", err, got)
			}
		})
	}
}

func TestEveryChangedBitIsRefused(t *testing.T) {
	k := links.Generate()
	token := k.Sign(sample())
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		for bit := range 8 {
			changed := append([]byte(nil), raw...)
			changed[i] ^= 1 << bit
			_, err := k.Verify(base64.RawURLEncoding.EncodeToString(changed), links.Escalation, noon())
			if !errors.Is(err, links.ErrForged) && !errors.Is(err, links.ErrMalformed) {
				t.Fatalf("byte %d bit %d changed: %v", i, bit, err)
			}
		}
	}
}

func TestOneTokenHasOneSpelling(t *testing.T) {
	k := links.Generate()
	token := k.Sign(sample())
	last := token[len(token)-1]
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" {
		if byte(c) == last {
			continue
		}
		if _, err := k.Verify(token[:len(token)-1]+string(c), links.Escalation, noon()); err == nil {
			t.Errorf("a token that ends in %q instead of %q is accepted too", c, last)
		}
	}
	if _, err := k.Verify(token+"\n", links.Escalation, noon()); err == nil {
		t.Error("a token with a line end is accepted too")
	}
}

func TestRotation(t *testing.T) {
	old := links.Generate()
	token, code := old.Sign(sample()), old.Code(sample())

	rotated := old.With(links.Generate())
	if _, err := rotated.Verify(token, links.Escalation, noon()); err != nil {
		t.Errorf("an old key still verifies: %v", err)
	}
	if !rotated.CodeMatches(sample(), code) {
		t.Error("the code of a link under an old key still matches")
	}
	fresh := rotated.Sign(sample())
	if _, err := old.Verify(fresh, links.Escalation, noon()); !errors.Is(err, links.ErrForged) {
		t.Errorf("the new key signs: the old ring says %v", err)
	}

	first, _, _ := strings.Cut(rotated.Export(), ",")
	removed := mustParse(t, first)
	if _, err := removed.Verify(token, links.Escalation, noon()); !errors.Is(err, links.ErrForged) {
		t.Errorf("a removed key: %v, want %v", err, links.ErrForged)
	}
	if removed.CodeMatches(sample(), code) {
		t.Error("the code of a removed key still matches")
	}
}

func TestKeysPrintAndParse(t *testing.T) {
	k := links.Generate().With(links.Generate())
	again := mustParse(t, "  "+strings.ReplaceAll(k.Export(), ",", " ,\n ")+"\n")
	if again.Export() != k.Export() {
		t.Errorf("parsed ring is %s, want %s", again, k)
	}
	for secret := range strings.SplitSeq(k.Export(), ",") {
		_, secret, _ = strings.Cut(secret, ":")
		for _, shown := range []string{k.String(), fmt.Sprintf("%v %+v %#v %s", k, k, k, k)} {
			if strings.Contains(shown, secret) {
				t.Error("a printed ring shows a secret")
			}
		}
	}
}

func TestParseKeysRefuses(t *testing.T) {
	good := base64.StdEncoding.EncodeToString(make([]byte, 32))
	for name, text := range map[string]string{
		"nothing":       "",
		"spaces":        " \n",
		"no id":         good,
		"empty id":      ":" + good,
		"id in capital": "A:" + good,
		"long id":       strings.Repeat("a", 17) + ":" + good,
		"not base64":    "a:!!!!",
		"short key":     "a:" + base64.StdEncoding.EncodeToString(make([]byte, 15)),
		"twice":         "a:" + good + ",a:" + good,
		"gap":           "a:" + good + ",,b:" + good,
	} {
		if k, err := links.ParseKeys(text); err == nil {
			t.Errorf("%s: accepted as %s", name, k)
		} else if strings.Contains(err.Error(), good) {
			t.Errorf("%s: the error tells the key: %v", name, err)
		}
	}
}

func TestCode(t *testing.T) {
	k := mustParse(t, "a:"+base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32))))
	code := k.Code(sample())
	if len(code) != links.CodeLength {
		t.Fatalf("code %q has %d characters", code, len(code))
	}
	for _, input := range []string{
		code, strings.ToLower(code), " " + code + " ", code[:3] + "-" + code[3:], code[:3] + " " + code[3:],
		code[:2] + "\u2011" + code[2:4] + "." + code[4:],
		strings.NewReplacer("8", "b", "5", "s", "2", "z").Replace(code),
	} {
		if !k.CodeMatches(sample(), input) {
			t.Errorf("%q is refused for %q", input, code)
		}
	}
	other := sample()
	other.Recipient = "evan"
	for _, input := range []string{"", code[:5], code + "2", "------", "000000", "éééééé", strings.Repeat(" ", 70) + code, k.Code(other)} {
		if k.CodeMatches(sample(), input) {
			t.Errorf("%q is accepted for %q", input, code)
		}
	}
	// A clock with nanoseconds gives the same code as the token it stands
	// beside, whose times are whole seconds.
	precise := sample()
	precise.Issued = precise.Issued.Add(321 * time.Nanosecond)
	if k.Code(precise) != code {
		t.Error("a fraction of a second changes the code")
	}
	stranger := mustParse(t, "a:"+base64.StdEncoding.EncodeToString([]byte(strings.Repeat("m", 32))))
	if stranger.Code(sample()) == code {
		t.Error("another key gives the same code")
	}
}

func TestEveryClaimCountsForCodeAndToken(t *testing.T) {
	k := links.Generate()
	rapid.Check(t, func(t *rapid.T) {
		field := rapid.StringMatching(`[a-z0-9-]{0,40}`)
		draw := func(name string) links.Claims {
			return links.Claims{
				Purpose:   links.Purpose(rapid.SampledFrom([]byte("ecutsxwa")).Draw(t, name+" purpose")),
				Clinic:    field.Draw(t, name+" clinic"),
				Target:    field.Draw(t, name+" target"),
				Recipient: field.Draw(t, name+" recipient"),
				Issued:    time.Unix(rapid.Int64Range(0, 1<<40).Draw(t, name+" issued"), 0).UTC(),
				Expires:   time.Unix(rapid.Int64Range(0, 1<<40).Draw(t, name+" expires"), 0).UTC(),
			}
		}
		a, b := draw("a"), draw("b")
		got, err := k.Verify(k.Sign(a), a.Purpose, a.Expires.Add(-time.Second))
		if err != nil || got != a {
			t.Fatalf("%+v came back as %+v, %v", a, got, err)
		}
		if !k.CodeMatches(a, k.Code(a)) {
			t.Fatalf("the code of %+v does not match", a)
		}
		if (a == b) != (k.Sign(a) == k.Sign(b)) {
			t.Fatalf("%+v and %+v: tokens equal %v", a, b, k.Sign(a) == k.Sign(b))
		}
	})
}

func TestNewID(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := links.NewID()
		if len(id) != 26 || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz234567") != "" || seen[id] {
			t.Fatalf("id %q", id)
		}
		seen[id] = true
	}
}

// FuzzVerify feeds Verify whatever there is: it must not panic, and may accept
// nothing but what the ring signed.
func FuzzVerify(f *testing.F) {
	k := links.Generate()
	good := k.Sign(sample())
	for _, seed := range []string{"", "A", good, good[:40], good + "A", links.Generate().Sign(sample()), strings.Repeat("A", 3000)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		c, err := k.Verify(token, links.Escalation, noon())
		switch {
		case err == nil && (token != good || c != sample()):
			t.Errorf("accepted %q as %+v", token, c)
		case err != nil && !errors.Is(err, links.ErrMalformed) && !errors.Is(err, links.ErrForged):
			t.Errorf("Verify(%q) = %v", token, err)
		}
	})
}

// FuzzParseKeys: what is accepted prints to something that is accepted again.
func FuzzParseKeys(f *testing.F) {
	f.Add(links.Generate().Export())
	f.Add("a:AAAA,b:")
	f.Fuzz(func(t *testing.T, text string) {
		k, err := links.ParseKeys(text)
		if err != nil {
			return
		}
		again, err := links.ParseKeys(k.Export())
		if err != nil || again.Export() != k.Export() {
			t.Errorf("%q came back as %v, %v", text, again, err)
		}
	})
}

func FuzzCodeMatches(f *testing.F) {
	k := links.Generate()
	f.Add("K7M-4RT")
	f.Add(k.Code(sample()))
	f.Fuzz(func(t *testing.T, input string) {
		if k.CodeMatches(sample(), input) && len(input) < links.CodeLength {
			t.Errorf("%q is accepted", input)
		}
	})
}
