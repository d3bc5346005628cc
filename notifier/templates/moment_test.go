package templates

import (
	"testing"
	"time"
)

// TestMoments: times that mails fill in read in the mail's language.
func TestMoments(t *testing.T) {
	at := func(hour, minute int) time.Time { return time.Date(2026, 3, 4, hour, minute, 0, 0, time.UTC) }
	for _, tc := range []struct {
		language  string
		at        time.Time
		day, when string
	}{
		{"en", at(17, 10), "Wednesday, 4 March", "Wednesday, 4 March, 5:10 pm"},
		{"en", at(0, 5), "Wednesday, 4 March", "Wednesday, 4 March, 12:05 am"},
		{"en", at(12, 0), "Wednesday, 4 March", "Wednesday, 4 March, 12:00 pm"},
		{"es", at(17, 10), "miércoles 4 de marzo", "miércoles 4 de marzo, 5:10 pm"},
		{"es-MX", at(8, 30), "miércoles 4 de marzo", "miércoles 4 de marzo, 8:30 am"},
		{"vi", at(17, 10), "03-04", "03-04 17:10"},
	} {
		if got := Day(tc.language, tc.at); got != tc.day {
			t.Errorf("a day in %s is %q, want %q", tc.language, got, tc.day)
		}
		if got := Moment(tc.language, tc.at); got != tc.when {
			t.Errorf("a moment in %s is %q, want %q", tc.language, got, tc.when)
		}
	}
	for _, tc := range []struct {
		d          time.Duration
		en, es, vi string
	}{
		{20 * time.Second, "less than a minute", "menos de un minuto", "1 min"},
		{time.Minute, "1 minute", "1 minuto", "1 min"},
		{119 * time.Minute, "119 minutes", "119 minutos", "119 min"},
		{2 * time.Hour, "2 hours", "2 horas", "2 h"},
		{47 * time.Hour, "47 hours", "47 horas", "47 h"},
		{48 * time.Hour, "2 days", "2 días", "2 d"},
	} {
		for language, want := range map[string]string{"en": tc.en, "es": tc.es, "vi": tc.vi} {
			if got := Span(language, tc.d); got != want {
				t.Errorf("%v in %s is %q, want %q", tc.d, language, got, want)
			}
		}
	}
}
