package workflows

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/mooring-care/mooring/workflows/sample"
)

// TestReadResourcesSaysWhatToDo reads bad lists of services beside a good clinic.
func TestReadResourcesSaysWhatToDo(t *testing.T) {
	badCases(t, "bad-resources.txt", func(src []byte) error {
		folder := fstest.MapFS{"clinic.yaml": {Data: []byte(smallClinic)}, "resources.yaml": {Data: src}}
		c, err := ReadClinic(folder, "case")
		if err != nil && c != nil {
			t.Error("a clinic came with an error")
		}
		return err
	})
}

func FuzzReadResources(f *testing.F) {
	f.Add("resources:\n  - title: A\n    reach: {phone: \"1\"}\n    checked: 2026-11-02\n")
	f.Add("resources: [{title: A, reach: {url: \"https://a.example\"}, checked: 2026-11-02, until: 2027-01-01, waiver: {words: [x], by: amara, why: y}}]\n")
	f.Fuzz(func(t *testing.T, src string) {
		c, err := ReadClinic(fstest.MapFS{"clinic.yaml": {Data: []byte(smallClinic)}, "resources.yaml": {Data: []byte(src)}}, "case")
		if err != nil {
			return
		}
		if len(c.Resources) == 0 {
			t.Error("a list without an entry was read")
		}
		for _, s := range c.Resources {
			if told := strings.Join([]string{s.Title, s.About, s.Hours, s.Cost, s.Reach.Address, s.Reach.Phone}, " "); htmlTag.MatchString(told) || strings.Contains(told, "](") {
				t.Errorf("read with markup: %q", told)
			}
			if s.Title == "" || s.Reach == (Reach{}) || s.Checked.IsZero() || s.Line < 1 {
				t.Errorf("read as %+v", s)
			}
		}
		if got := c.ResourcesFor("", "", nil, time.Unix(0, 0)); len(got) > MaxListed {
			t.Errorf("%d services are listed", len(got))
		}
	})
}

func TestResourcesFor(t *testing.T) {
	t.Parallel()
	list := []Resource{
		{Title: "all"},
		{Title: "rides", HelpsWith: []string{"stress"}, Languages: []string{"en", "es"}},
		{Title: "walks", HelpsWith: []string{"shame", "overwhelm"}},
		{Title: "viajes", HelpsWith: []string{"stress"}, Languages: []string{"es"}},
		{Title: "onibus", HelpsWith: []string{"stress"}, Languages: []string{"pt-br"}},
		{Title: "circle", HelpsWith: []string{"stress"}, Programmes: []string{"peers"}},
		{Title: "summer", HelpsWith: []string{"stress"}, Until: 20260831},
	}
	for _, tc := range []struct {
		name, reason, language string
		programmes             []string
		on                     time.Time
		want                   []string
	}{
		{name: "no reason reads as practical help", want: []string{"rides", "all"}},
		{name: "another reason too", reason: "other", want: []string{"rides", "all"}},
		{name: "the reason comes first", reason: "shame", want: []string{"walks", "all"}},
		{name: "a reason that nothing names", reason: "no-progress", want: []string{"all"}},
		{name: "the client's language", reason: "stress", language: "es-MX", want: []string{"rides", "viajes", "all"}},
		{name: "a language of one country", language: "pt-BR", want: []string{"onibus", "all"}},
		{name: "the same language elsewhere", language: "pt-PT", want: []string{"all"}},
		{name: "a language that nobody speaks", reason: "stress", language: "fr", want: []string{"all"}},
		{name: "a programme of the client's", programmes: []string{"other", "peers"}, want: []string{"rides", "circle", "all"}},
		{name: "the last day", on: time.Date(2026, 9, 1, 4, 59, 0, 0, time.UTC), want: []string{"rides", "summer", "all"}},
		{name: "the day after it", on: time.Date(2026, 9, 1, 5, 0, 0, 0, time.UTC), want: []string{"rides", "all"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			zone, err := time.LoadLocation("America/Chicago")
			if err != nil {
				t.Fatal(err)
			}
			if tc.on.IsZero() {
				tc.on = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
			}
			c := &Clinic{Zone: zone, Resources: list}
			var got []string
			for _, s := range c.ResourcesFor(tc.reason, tc.language, tc.programmes, tc.on) {
				got = append(got, s.Title)
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("listed %q, want %q", got, tc.want)
			}
		})
	}
}

// TestResourcesForAny: what fits any of the reasons, the first one's first, each once;
// a client with a safety flag hears of nothing that the clinic does not let them be
// shown, however well it fits.
func TestResourcesForAny(t *testing.T) {
	t.Parallel()
	c := &Clinic{Zone: time.UTC, Resources: []Resource{
		{Title: "rides", HelpsWith: []string{"stress"}},
		{Title: "walks", HelpsWith: []string{"overwhelm", "shame"}},
		{Title: "breathing", HelpsWith: []string{"overwhelm"}},
		{Title: "all"},
		{Title: "listeners", WhenFlagged: true},
		{Title: "ears", HelpsWith: []string{"shame"}, WhenFlagged: true},
	}}
	for _, tc := range []struct {
		reasons []string
		flagged bool
		want    []string
	}{
		{nil, false, []string{"rides", "all", "listeners"}},
		{[]string{"shame", "overwhelm"}, false, []string{"walks", "ears", "all", "listeners", "breathing"}},
		{[]string{"shame", "stress"}, false, []string{"walks", "ears", "all", "listeners", "rides"}},
		{nil, true, []string{"listeners"}},
		{[]string{"overwhelm", "shame"}, true, []string{"listeners", "ears"}},
	} {
		var got []string
		for _, s := range c.ResourcesForAny(tc.reasons, "en", nil, tc.flagged, time.Unix(0, 0)) {
			got = append(got, s.Title)
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%q, flagged %v: %q, want %q", tc.reasons, tc.flagged, got, tc.want)
		}
	}
}

func TestResourcesAreFewInAMail(t *testing.T) {
	t.Parallel()
	c := &Clinic{Zone: time.UTC, Resources: make([]Resource, MaxListed+3)}
	if got := len(c.ResourcesFor("stress", "en", nil, time.Unix(0, 0))); got != MaxListed {
		t.Errorf("%d services are listed, want %d", got, MaxListed)
	}
}

func TestReadSampleResources(t *testing.T) {
	t.Parallel()
	c, err := ReadClinic(sample.FS, sample.ID)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Resources) < 4 {
		t.Errorf("the sample lists %d services", len(c.Resources))
	}
	on := time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC)
	for _, reason := range []string{"", "stress", "overwhelm", "shame", "vulnerability"} {
		if len(c.ResourcesFor(reason, "en", nil, on)) == 0 {
			t.Errorf("nothing helps with %q", reason)
		}
	}
}

// TestServicesAreTranslated: a client reads of a service in their own language as far as
// somebody translated it, and the check names what nobody did.
func TestServicesAreTranslated(t *testing.T) {
	t.Parallel()
	c := &Clinic{Zone: time.UTC, Languages: []string{"en", "es"}, Resources: []Resource{
		{Title: "rides", About: "Rides.", Hours: "Always", Cost: "Free", Translations: map[string]ServiceWords{"es": {About: "Viajes.", Cost: "Gratis"}}},
	}}
	for language, want := range map[string]string{"en": "Rides. Always Free", "": "Rides. Always Free", "es": "Viajes. Always Gratis", "es-MX": "Viajes. Always Gratis", "fr": "Rides. Always Free"} {
		s := c.ResourcesFor("", language, nil, time.Now())[0]
		if got := s.About + " " + s.Hours + " " + s.Cost; got != want || s.Title != "rides" {
			t.Errorf("in %q: %s, want %s", language, got, want)
		}
	}
	if got := c.Resources[0].Untranslated("es"); !slices.Equal(got, []string{"hours"}) {
		t.Errorf("not translated: %q", got)
	}
}

// TestServicesAreToldInPlainWords: markup is refused at the value that holds it, in a
// translation too, with what to write; what only looks like it is read.
func TestServicesAreToldInPlainWords(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ text, want string }{
		{"Rides & more; Q&A; for under-20s <18", ""},
		{"The [desk] (555 0100), a < b > c", ""},
		{"[Rides](https://e.example)", "holds the Markdown link `[Rides](https://e.example)`, which a mail shows as it stands; write the words alone, and put the address under `reach: {url: ...}`"},
		{"![Rides](x", "holds the Markdown link"},
		{"See <b>us</b>", "holds the tag `<b>`, which a mail shows as it stands; write plain words, without it"},
		{"See </p", "holds the tag `</p"},
		{"<!-- x", "holds the tag `<!-- x`"},
		{"<https://evil.example>", "holds the tag"},
		{"A ther&#97;pist", "holds the entity `&#97;`, which a mail shows as it stands; write the character itself, if one can see it, or nothing in its place"},
		{"A ther&#x61;pist", "holds the entity `&#x61;`"},
		{"Tom &amp; Ann", "holds the entity `&amp;`"},
		{"th&#8203;erapy", "holds the entity `&#8203;`"},
	} {
		text := "'" + tc.text + "'"
		const everywhere = "resources:\n  - {title: %, about: %, hours: %, cost: %, reach: {address: %}, translations: {es: {about: %, hours: %, cost: %}}, checked: 2026-11-02}\n"
		src := strings.ReplaceAll(everywhere, "%", text)
		_, err := ReadClinic(fstest.MapFS{"clinic.yaml": {Data: []byte("languages: [en, es]\n" + smallClinic)}, "resources.yaml": {Data: []byte(src)}}, "case")
		if tc.want == "" {
			if err != nil {
				t.Errorf("%q: %v", tc.text, err)
			}
			continue
		}
		wrong, _ := errors.AsType[FileErrors](err)
		if len(wrong) != 8 {
			t.Errorf("%q is refused in %d places of 8: %v", tc.text, len(wrong), err)
		}
		from := 0
		for _, e := range wrong {
			from += strings.Index(src[from:], "'") // the next value
			if column := from - strings.Index(src, "\n"); e.Line != 2 || e.Column != column || !strings.Contains(e.Message, tc.want) {
				t.Errorf("%q: %v, want %q in the column %d", tc.text, e, tc.want, column)
			}
			from += strings.Index(src[from+1:], "'") + 2
		}
	}
}
