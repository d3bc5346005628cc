package templates

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Oddity is what is in order by the rules in a clinic's own wording, and yet a person
// should look at.
type Oddity struct{ File, Problem string }

// String reads "file: problem".
func (o Oddity) String() string { return o.File + ": " + o.Problem }

// The short words that every text of a language has, as fold writes them, without those
// that the other has too.
var (
	shortWords = map[string]string{ //nolint:gochecknoglobals // never written again
		"en": "the and you your we is are to of that with this for our us when if not have can it at by from or how will what would here they them there",
		"es": "el la los las que de y en usted su sus con para es una un por si se le lo nos puede como del al cuando este esta mas tu te o pero aqui muy ya nuestro nuestra",
	}
	languageNames = map[string]string{"en": "English", "es": "Spanish"} //nolint:gochecknoglobals // never written again
	// saysTu and saysUsted address a reader in one of the two ways and in no other.
	saysTu    = strings.Fields("tu tus te ti contigo eres puedes quieres tienes necesitas sabes debes deseas prefieres podrias llamanos escribenos cuentanos dinos respondenos") //nolint:gochecknoglobals // never written again
	saysUsted = strings.Fields("usted llamenos escribanos cuentenos diganos respondanos quiera desee elija llame escriba responda consulte acuda venga vuelva reserve")          //nolint:gochecknoglobals // never written again
)

// minShort is how many short words a text needs before anything is said of its
// language, and moreShort how many times as many of the other one it must have.
const minShort, moreShort = 6, 3

// Oddities looks at a clinic's own files, keyed as for With: one that reads as another
// language than its folder's, and Spanish that addresses its reader in two ways.
func Oddities(files map[string][]byte) []Oddity {
	var out []Oddity
	parts := "usted" // as our own say
	for name, data := range files {
		if key, err := keyOf(name); err == nil && key == (fileKey{"es", partsName}) {
			parts = ""
			if tu, usted := addresses(wordingTokens(data)); tu != "" && usted == "" {
				parts = "tú"
			} else if usted != "" {
				parts = "usted"
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		key, err := keyOf(name)
		if err != nil || shortWords[key.language] == "" {
			continue
		}
		file := "templates/" + strings.TrimSuffix(strings.TrimPrefix(name, "templates/"), ".md") + ".md"
		say := func(format string, args ...any) {
			out = append(out, Oddity{file, fmt.Sprintf(format, args...)})
		}
		tokens := wordingTokens(files[name])
		if other, words := readsAs(tokens, key.language); other != "" {
			place := "templates/" + other
			if other == DefaultLanguage {
				place = "the templates folder itself"
			}
			say("it reads as %s (%s), and is sent to clients who read %s; write it in %s, or move it to %s", languageNames[other], words, languageNames[key.language], languageNames[key.language], place)
			continue
		}
		if key.language != "es" {
			continue
		}
		switch tu, usted := addresses(tokens); {
		case tu != "" && usted != "":
			say("it addresses the client as tú (%q) and as usted (%q); keep to one of them", tu, usted)
		case key.name == partsName:
		case tu != "" && parts == "usted":
			say("it addresses the client as tú (%q), and the shared parts below it say usted; keep to one of them, here or in templates/es/parts.md", tu)
		case usted != "" && parts == "tú":
			say("it addresses the client as usted (%q), and the shared parts below it say tú; keep to one of them, here or in templates/es/parts.md", usted)
		}
	}
	return out
}

// wordingTokens are the words of a file without its settings, placeholders and the
// names of its parts.
func wordingTokens(data []byte) []token {
	var b strings.Builder
	head := strings.HasPrefix(string(data), "---")
	for i, line := range strings.Split(string(data), "\n") {
		switch {
		case head && i > 0 && strings.TrimSpace(line) == "---":
			head = false
			continue
		case head:
			_, line, _ = strings.Cut(line, "subject:")
		case strings.HasPrefix(line, "# "):
			continue
		}
		for before, rest, more := strings.Cut(line, "{{"); ; before, rest, more = strings.Cut(rest, "{{") {
			b.WriteString(before + " ")
			if !more {
				break
			}
			_, rest, _ = strings.Cut(rest, "}}")
		}
		b.WriteByte('\n')
	}
	return tokensOf(squeeze(fold(b.String())))
}

// readsAs is another language that a text seems to be in, with some of the words that
// say so; empty where it seems to be in its own.
func readsAs(tokens []token, own string) (other, words string) {
	counts := map[string]int{}
	found := map[string][]string{}
	for language, list := range shortWords {
		short := strings.Fields(list)
		for _, t := range tokens {
			if !slices.Contains(short, t.word) {
				continue
			}
			counts[language]++
			if q := fmt.Sprintf("%q", t.word); len(found[language]) < 3 && !slices.Contains(found[language], q) {
				found[language] = append(found[language], q)
			}
		}
	}
	for _, language := range slices.Sorted(maps.Keys(counts)) {
		if language != own && counts[language] >= minShort && counts[language] > moreShort*counts[own] {
			return language, strings.Join(found[language], ", ")
		}
	}
	return "", ""
}

// addresses are the first words of a Spanish text that address its reader as tú and as
// usted; empty where none does.
func addresses(tokens []token) (tu, usted string) {
	for _, t := range tokens {
		if tu == "" && slices.Contains(saysTu, t.word) {
			tu = t.word
		}
		if usted == "" && slices.Contains(saysUsted, t.word) {
			usted = t.word
		}
	}
	return tu, usted
}
