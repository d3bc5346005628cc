package templates

import (
	"fmt"
	"strconv"
	"time"
)

// tongue is how a language writes times that mails fill in.
type tongue struct {
	weekdays [7]string
	months   [12]string
	// day joins a weekday, a day and a month; half marks the halves of a day.
	day  string
	half [2]string
	// units are minutes, hours and days, each for one and for several; instant is a
	// span too short to count.
	units   [3][2]string
	instant string
}

var tongues = map[string]tongue{ //nolint:gochecknoglobals // never written again
	"en": {
		weekdays: [...]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
		months:   [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
		day:      "%s, %d %s", half: [...]string{"am", "pm"},
		units: [...][2]string{{"minute", "minutes"}, {"hour", "hours"}, {"day", "days"}}, instant: "less than a minute",
	},
	"es": {
		weekdays: [...]string{"domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"},
		months:   [...]string{"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"},
		day:      "%s %d de %s", half: [...]string{"am", "pm"},
		units: [...][2]string{{"minuto", "minutos"}, {"hora", "horas"}, {"día", "días"}}, instant: "menos de un minuto",
	},
}

// Day writes a date in a language's words, such as "Tuesday, 4 March". A language
// that the program does not know reads "03-04",
// without a year as the others.
func Day(language string, t time.Time) string {
	l, ok := tongues[baseLanguage(language)]
	if !ok {
		return t.Format("01-02")
	}
	return fmt.Sprintf(l.day, l.weekdays[t.Weekday()], t.Day(), l.months[t.Month()-1])
}

// Moment writes a date and a time of day, such as "Tuesday, 4 March, 5:10 pm" or,
// for a language that the program does not know, "03-04 17:10".
func Moment(language string, t time.Time) string {
	l, ok := tongues[baseLanguage(language)]
	if !ok {
		return t.Format("01-02 15:04")
	}
	return fmt.Sprintf("%s, %d:%02d %s", Day(language, t), (t.Hour()+11)%12+1, t.Minute(), l.half[t.Hour()/12])
}

// Span writes a stretch of time as people say it, such as "12 minutes": minutes up to
// two hours, hours up to two days. For a language that the program does not know it
// is "12 min", "5 h" or "3 d".
func Span(language string, d time.Duration) string {
	n, unit := int(d/time.Minute), 0
	switch {
	case d >= 48*time.Hour:
		n, unit = int(d/(24*time.Hour)), 2
	case d >= 2*time.Hour:
		n, unit = int(d/time.Hour), 1
	}
	l, ok := tongues[baseLanguage(language)]
	switch {
	case !ok:
		return strconv.Itoa(max(n, 1)) + [...]string{" min", " h", " d"}[unit]
	case n < 1:
		return l.instant
	case n == 1:
		return "1 " + l.units[unit][0]
	}
	return strconv.Itoa(n) + " " + l.units[unit][1]
}
