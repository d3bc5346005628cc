package templates

import (
	"strings"
	"testing"
)

// TestOddities: a file in the wrong folder and Spanish that mixes tú and usted are
// named with the words that say so; what is in order is not.
func TestOddities(t *testing.T) {
	const head = "---\nfamily: A\naudience: client\nsubject: "
	english := []byte(head + "A note\n---\n\nHello,\n\nWe are here, and we would be glad to see you when you are ready. This is from all of us at {{clinic_name}}.\n")
	usted := []byte(head + "Un mensaje\n---\n\nHola,\n\nAquí estamos, y nos gustaría ver a usted cuando quiera. Puede elegir el día que le venga bien. Con afecto, el equipo de {{clinic_name}}.\n")
	tu := []byte(head + "Un mensaje\n---\n\nHola,\n\nAquí estamos, y nos gustaría verte cuando puedas. Tú eliges el día. Puedes decirlo con calma. Con afecto, el equipo de {{clinic_name}}.\n")
	mixed := []byte(strings.Replace(string(tu), "Con afecto", "Llámenos. Con afecto", 1))
	tuParts := []byte("# replies\n\nSi respondes a este correo, alguien te contesta.\n\n# task: other\n\nHable con usted\n")
	ustedParts := []byte("# replies\n\nSi responde, una persona le contesta a usted.\n")
	for name, tc := range map[string]struct {
		files map[string][]byte
		want  []string
	}{
		"in order":             {map[string][]byte{"a-notice": english, "es/a-notice": usted}, nil},
		"English for Spanish":  {map[string][]byte{"es/a-notice.md": english}, []string{`templates/es/a-notice.md: it reads as English ("`, "move it to the templates folder itself"}},
		"Spanish for English":  {map[string][]byte{"a-notice": usted}, []string{`templates/a-notice.md: it reads as Spanish ("`, "move it to templates/es"}},
		"both ways":            {map[string][]byte{"es/a-notice": mixed}, []string{`as tú ("tu") and as usted ("llamenos")`}},
		"other than the parts": {map[string][]byte{"es/a-notice": tu}, []string{"the shared parts below it say usted"}},
		"tú with its parts":    {map[string][]byte{"es/a-notice": tu, "es/parts": []byte("# replies\n\nAlguien te contesta.\n")}, nil},
		"parts that mix":       {map[string][]byte{"es/parts": tuParts}, []string{"templates/es/parts.md: it addresses the client as tú"}},
		"usted, and tú parts":  {map[string][]byte{"es/a-notice": usted, "es/parts": []byte("# replies\n\nAlguien te contesta.\n")}, []string{"say tú"}},
		"usted with its parts": {map[string][]byte{"es/a-notice": usted, "es/parts": ustedParts}, nil},
		"another language":     {map[string][]byte{"vi/a-notice": english}, nil},
		"too short to say":     {map[string][]byte{"es/a-notice": []byte(head + "A note\n---\n\nHello to you\n")}, nil},
		"no file's name":       {map[string][]byte{"es-MX/a-notice": english}, nil},
	} {
		got := Oddities(tc.files)
		if len(tc.want) == 0 && len(got) > 0 || len(tc.want) > 0 && len(got) != 1 {
			t.Errorf("%s: %v", name, got)
			continue
		}
		for _, want := range tc.want {
			if !strings.Contains(got[0].String(), want) {
				t.Errorf("%s: %s\nlacks %q", name, got[0], want)
			}
		}
	}
	files := map[string][]byte{}
	for key, f := range mustBuiltin(t).files {
		files[key.language+"/"+key.name] = f.data
	}
	if got := Oddities(files); len(got) > 0 {
		t.Errorf("our own files: %v", got)
	}
}
