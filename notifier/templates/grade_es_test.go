package templates

import (
	"math"
	"testing"
)

func TestSpanishSyllables(t *testing.T) {
	for word, want := range map[string]int{
		"y": 1, "yo": 1, "muy": 1, "hoy": 1, "rey": 1, "reyes": 2, "pie": 1, "bien": 1, "dos": 1, "guion": 1, "buey": 1, "a": 1, "988": 1,
		"agua": 2, "ciudad": 2, "jueves": 2, "país": 2, "día": 2, "oír": 2, "búho": 2, "leer": 2, "aquí": 2, "aunque": 2, "quiero": 2, "guerra": 2, "quien": 1, "que": 1, "guitarra": 3, "seria": 2, "sería": 3, "hacia": 2, "hacía": 3, "estáis": 2, "limpiáis": 2, "también": 2, "usted": 2, "fui": 1, "ruido": 2, "aire": 2, "causa": 2, "luego": 2, "cuenta": 2, "buscó": 2,
		"pingüino": 3, "cigüeña": 3, "poeta": 3, "oeste": 3, "alcohol": 3, "teatro": 3, "ayuda": 3, "correo": 3, "cuéntenos": 3, "léeme": 3, "miércoles": 3, "Uruguay": 3, "ahijado": 3, "mañana": 3, "señora": 3, "chiita": 3, "bohemio": 3, "línea": 3, "distancia": 3,
		"aéreo": 4, "teléfono": 4, "vehículo": 4, "averigüe": 4, "querríamos": 4, "energía": 4, "momento": 3, "tendríamos": 4, "universidad": 5, "zoológico": 5, "anticonstitucionalmente": 9,
		"pai\u0301s": 2, "pingu\u0308ino": 3, "¿Qué": 1, "hablarlo,": 3, "EQUIPO": 3,
	} {
		if got := syllablesSpanish(word); got != want {
			t.Errorf("%q has %d syllables, want %d", word, got, want)
		}
	}
}

func TestGradeSpanish(t *testing.T) {
	for _, tc := range []struct {
		text  string
		names []string
		want  float64
	}{
		{"", nil, 0},
		// 5 words, 1 sentence, 8 syllables: Crawford 0.33, Fernández Huerta 2.43.
		{"El perro duerme en casa.", nil, 13 - (206.84-60*8.0/5-1.02*5)/10},
		// 4 words, 1 sentence, 25 syllables.
		{"Universidades internacionales colaboran interdisciplinariamente.", nil, 13 - (206.84-60*25.0/4-1.02*4)/10},
		// Names count as one short word.
		{"Vamos a Casa Interdisciplinaria hoy.", []string{"Casa Interdisciplinaria"}, 13 - (206.84-60*6.0/4-1.02*4)/10},
	} {
		if got := GradeSpanish(tc.text, tc.names...); math.Abs(got-max(0, tc.want)) > 0.001 {
			t.Errorf("GradeSpanish(%q) = %.3f, want %.3f", tc.text, got, tc.want)
		}
	}
	// Crawford is the harder one for short sentences of long words.
	if got, want := gradeOfSpanish(100, 20, 250), -0.205*20+0.049*250-3.407; math.Abs(got-max(want, 13-(206.84-150-1.02*5)/10)) > 0.001 {
		t.Errorf("grade %.3f, want %.3f", got, want)
	}
	for language, want := range map[string]bool{"es-MX": true, "es": true, "en": true, "": true, "vi": false} {
		if got := GradeIn(language, "Universidades internacionales colaboran interdisciplinariamente.") > MaxGrade; got != want {
			t.Errorf("in %q the sentence is hard: %v", language, got)
		}
	}
}
