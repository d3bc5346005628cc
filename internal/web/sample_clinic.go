package web

import (
	"slices"
	"time"
)

// Sample is the clinic whose pages a gallery shows, with people who do not exist.
type Sample struct {
	Clinic Clinic
	// Resources are its services in a language, "en" or "es", for a client with a safety
	// flag or for one without.
	Resources func(language string, flagged bool) []Resource
}

// SampleClinic is one that does not exist.
func SampleClinic() Sample {
	return Sample{
		Clinic: Clinic{
			Name: "Harbor Clinic", Phone: "(555) 010-0142", Zone: time.UTC, Languages: []string{"en", "es"},
			Crisis: CrisisLine{
				Name: "988 Suicide and Crisis Lifeline", Phone: "988",
				Text: "Or text HOME to 741741.", URL: "https://988lifeline.org", EmergencyPhone: "911",
			},
			CrisisIn: map[string]CrisisLine{"es": {
				Name: "Línea 988 de Prevención del Suicidio y Crisis", Phone: "988",
				Text: "Para español, oprima el 2. O envíe la palabra AYUDA por mensaje de texto al 988.", URL: "https://988lifeline.org/es/inicio/", EmergencyPhone: "911",
			}},
		},
		Resources: func(language string, flagged bool) []Resource {
			of := servicesEnglish()
			if language == "es" {
				of = servicesSpanish()
			}
			if flagged {
				return of[:1]
			}
			return of[1:]
		},
	}
}

// servicesEnglish begin with the one for clients with a safety flag.
func servicesEnglish() []Resource {
	return []Resource{
		{Name: "Harbor Listening Line", About: "Somebody to talk to, day and night.", Phone: "(555) 010-0133", Hours: "Day and night", Cost: "Free"},
		{Name: "211", About: "Help with food, rent, bills and much more, wherever you live.", Phone: "211", URL: "https://www.211.org", Hours: "Day and night", Cost: "Free"},
		{Name: "Ride Together", About: "Rides to a visit and home again.", Phone: "(555) 010-0142", URL: "https://ride-together.example.org", Hours: "Monday to Friday, 8 am to 6 pm", Cost: "Free, or two dollars a ride"},
		{Name: "Lakeside Family Help Desk", About: "Help with child care, work and housing.", Address: "12 Mill Street, next to the library", Hours: "Tuesday and Thursday, 9 am to noon: walk in"},
	}
}

// servicesSpanish are the same; the last one has English words alone.
func servicesSpanish() []Resource {
	out := servicesEnglish()
	for i, words := range []Resource{
		{About: "Alguien con quien hablar, de día y de noche.", Hours: "Día y noche", Cost: "Gratis"},
		{About: "Ayuda con comida, renta, cuentas y mucho más, dondequiera que viva.", Hours: "Día y noche", Cost: "Gratis"},
		{About: "Transporte a su cita y de regreso a casa.", Hours: "Lunes a viernes, de 8 am a 6 pm", Cost: "Gratis, o dos dólares por viaje"},
	} {
		out[i].About, out[i].Hours, out[i].Cost, out[i].Translated = words.About, words.Hours, words.Cost, true
	}
	return slices.Clip(out)
}
