package templates

import (
	"strings"
	"time"
)

// Sample is one mail to preview: what to ask Render for, and with which
// values.
type Sample struct {
	// Title names the sample, such as "b-overwhelm, bare".
	Title    string
	Template string
	Language string
	Reason   string
	Audience string
	Values   Values
}

// Gallery lists every wording file in every state worth a look: with all
// values, and bare, with only those that no mail can do without.
func (s *Set) Gallery() []Sample {
	var out []Sample
	for _, key := range sortedKeys(s.files) {
		f := s.files[key]
		if key.name == partsName || s.index[wordingKey{key.language, f.header.family, f.header.reasons[0], f.header.wording}] != f {
			continue
		}
		sample := Sample{
			Title: strings.TrimPrefix(key.language+"/", DefaultLanguage+"/") + key.name, Template: withWording(f.header.family, f.header.wording), Language: key.language,
			Reason: f.header.reasons[0], Audience: f.header.audience, Values: SampleValuesIn(key.language),
		}
		bare := sample
		bare.Title, bare.Values = sample.Title+", bare", bareValues(sample.Values)
		if f.header.family == "digest" {
			sample.Values.Tasks = SampleTasks(key.language)
		}
		out = append(out, sample, bare)
		if f.header.family == "escalation" {
			again := sample
			again.Title, again.Values.Round, again.Values.Urgency = sample.Title+", again", 3, "crisis"
			out = append(out, again)
		}
	}
	return out
}

// SampleValues fills every field, with people and places that do not exist.
func SampleValues() Values {
	return Values{
		FirstName: "Sam", ClinicName: "Riverside House", ClinicPhone: "555-0100",
		CrisisName: "988 Suicide and Crisis Lifeline", CrisisPhone: "988", CrisisText: "Or text 988",
		CrisisURL: "https://988lifeline.org/", ReplyHours: "Monday to Friday, 9 to 5",
		BookingURL:     "https://book.riverside.example/times",
		CheckinURL:     "https://mail.riverside.example/c/v1.k1.5dX2mQ9aTzL0wYb7",
		PreferencesURL: "https://mail.riverside.example/u/v1.k1.8hR4nC6eJsP1vKd3",
		ConfirmURL:     "https://mail.riverside.example/a/v1.k1.7nW1cJ5tRfL3xDq0",
		Resources: []Resource{
			{
				Name: "Ride Together", About: "Rides to visits.", Phone: "555-0142", URL: "https://rides.riverside.example/",
				Hours: "Monday to Friday, 8 am to 6 pm", Cost: "Free, or two dollars a ride",
			},
			{
				Name: "Family Help Desk", About: "Help with child care, work and housing.", Phone: "555-0177",
				Address: "12 Mill Street, next to the library", Hours: "Tuesday, 9 am to noon: walk in", Cost: "Free",
			},
		},
		EscalationURL: "https://mail.riverside.example/e/v1.k1.2fB7tW5uGyN9xHc4",
		Code:          "4TK9QW", Urgency: "urgent", OpenedAgo: "12 minutes",
		StaffName: "Jordan Lee", OwnerName: "Alex Moreno", HoldEnds: "Tuesday, 4 March, 5:10 pm",
		ClientURL: "https://mail.riverside.example/n/v1.k1.9sQ2xD4hYkT6mBv8",
		TaskURL:   "https://mail.riverside.example/t/v1.k1.6jM3rZ8oVqE0pLs5",
		StaffURL:  "https://mail.riverside.example/", Alarm: "questions",
		TaskWhat: "call-client", TaskDue: "Tuesday, 4 March, 5 pm",
		TaskLate: "Monday, 3 March, 5 pm", TaskSince: "Friday, 28 February", TaskCount: 5, TaskMore: 2,
	}
}

// SampleValuesIn is SampleValues as they read in a language.
func SampleValuesIn(language string) Values {
	v := SampleValues()
	day := func(d int) time.Time { return time.Date(2025, 3, d, 17, 0, 0, 0, time.UTC) }
	v.OpenedAgo, v.HoldEnds = Span(language, 12*time.Minute), Moment(language, day(4).Add(10*time.Minute))
	v.TaskDue, v.TaskLate, v.TaskSince = Moment(language, day(4)), Moment(language, day(3)), Day(language, day(0))
	if language == "es" {
		v.CrisisName, v.CrisisText = "Línea 988 de Prevención del Suicidio y Crisis", "O envíe la palabra AYUDA por mensaje de texto al 988"
		v.CrisisURL, v.ReplyHours = "https://988lifeline.org/es/inicio/", "lunes a viernes, de 9 a 5"
		v.Resources = []Resource{
			{
				Name: "Viajes Juntos", About: "Transporte para llegar a su cita.", Phone: "555-0142", URL: "https://rides.riverside.example/es",
				Hours: "Lunes a viernes, de 8 am a 6 pm", Cost: "Gratis, o dos dólares por viaje",
			},
			{
				Name: "Mesa de Ayuda Familiar", About: "Ayuda con cuidado de niños, trabajo y vivienda.", Phone: "555-0177",
				Address: "12 Mill Street, junto a la biblioteca", Hours: "Martes, de 9 am a mediodía, sin cita", Cost: "Gratis",
			},
		}
	}
	return v
}

// SampleTasks are a digest's: one that is late, one of somebody who is away, one that
// is ahead.
func SampleTasks(language string) []Task {
	at := func(day, hour int) time.Time { return time.Date(2025, 3, day, hour, 0, 0, 0, time.UTC) }
	return []Task{
		{
			What: "read-reply", Late: Moment(language, at(3, 17)), Since: Day(language, at(0, 9)),
			URL: "https://mail.riverside.example/t/v1.k1.3fK8wP1nXcR5yUd7", Code: "4TK9QW",
		},
		{
			What: "call-client", Late: Moment(language, at(4, 8)), Since: Day(language, at(3, 9)), Owner: "Alex Moreno",
			URL: "https://mail.riverside.example/t/v1.k1.6jM3rZ8oVqE0pLs5", Code: "H2MDXV",
		},
		{
			What: "decide-closure", Due: Moment(language, at(6, 17)), Since: Day(language, at(3, 9)),
			URL: "https://mail.riverside.example/t/v1.k1.0bT7gA4hJmW9sQe2", Code: "7RYCNF",
		},
	}
}

// bareValues are the sample values that no mail can do without.
func bareValues(v Values) Values {
	return Values{
		ClinicName: v.ClinicName, CrisisName: v.CrisisName, CrisisPhone: v.CrisisPhone,
		CheckinURL: v.CheckinURL, PreferencesURL: v.PreferencesURL, ConfirmURL: v.ConfirmURL,
		EscalationURL: v.EscalationURL, Code: v.Code, Urgency: v.Urgency, OpenedAgo: v.OpenedAgo, HoldEnds: v.HoldEnds,
		StaffURL: v.StaffURL, Alarm: v.Alarm, ClientURL: v.ClientURL, TaskURL: v.TaskURL, TaskWhat: v.TaskWhat, TaskCount: 1,
	}
}

// SampleExceptions are the lint's exceptions for SampleValues.
func SampleExceptions() Exceptions {
	return SampleValues().Exceptions("https://mail.riverside.example/")
}

// Exceptions are the lint's exceptions that values bring with them: names,
// numbers and links that the clinic gave. bases are the addresses that our own
// links begin with.
func (v Values) Exceptions(bases ...string) Exceptions {
	e := Exceptions{
		Words: []string{v.ClinicName, v.CrisisName, v.CrisisText}, Said: []string{v.ClinicPhone, v.ReplyHours}, Own: bases,
		CrisisPhone: v.CrisisPhone, PreferencesURL: v.PreferencesURL,
	}
	e.Links = append(e.Links, bases...)
	for _, link := range []string{v.BookingURL, v.CrisisURL} {
		if link != "" {
			e.Links, e.Hosts = append(e.Links, link), append(e.Hosts, HostOf(link))
		}
	}
	for _, r := range v.Resources {
		lines := r.lines()
		e.Words, e.Said = append(e.Words, r.Name), append(e.Said, lines[:]...)
		if r.URL != "" {
			e.Links, e.Hosts = append(e.Links, r.URL), append(e.Hosts, HostOf(r.URL))
		}
	}
	return e
}
