package app

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/notifier/mime"
	"github.com/mooring-care/mooring/notifier/templates"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/sample"
)

// spanishClinic is the sample clinic, which serves Spanish too and keeps a word out of
// its mails, in a folder.
func spanishClinic(tb testing.TB, lint string) fstest.MapFS {
	tb.Helper()
	clinic, err := sample.FS.ReadFile("clinic.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	return fstest.MapFS{"clinic.yaml": {Data: []byte(lint + string(clinic))}}
}

// lastLook is a last reader of one clinic and what it counts.
func lastLook(tb testing.TB, lint string) (r *lastReader, counted map[string]int) {
	tb.Helper()
	base, err := templates.Builtin()
	if err != nil {
		tb.Fatal(err)
	}
	c, err := workflows.ReadClinic(spanishClinic(tb, lint), "quay")
	if err != nil {
		tb.Fatal(err)
	}
	set, err := wordingOf(base, c)
	if err == nil {
		err = fitToLeave(set, c)
	}
	if err != nil {
		tb.Fatal(err)
	}
	v := &version{c, set}
	counted = map[string]int{}
	return &lastReader{
		clinics: &clinics{byID: map[string]*clinic{"quay": {current: v, versions: map[string]*version{c.Version: v}}}},
		ours:    []string{"https://mail.example.org", "https://staff.example.org"}, preferences: "https://mail.example.org/u/", log: slog.New(slog.DiscardHandler),
		found:   func(l notifier.Lane, rule string) { counted[string(l)+" "+rule]++ },
		linters: map[linterKey]*templates.Linter{},
	}, counted
}

// aMail is a mail of the clinic, as it is written.
func aMail(tb testing.TB, r *lastReader, template, language string) notifier.Mail {
	tb.Helper()
	c := r.clinics.byID["quay"].current
	said := c.In(language)
	v := templates.SampleValuesIn(language)
	v.ClinicName, v.ClinicPhone, v.BookingURL, v.ReplyHours, v.Resources = c.Name, c.Phone, said.BookingURL, said.ReplyHours, nil
	v.CrisisName, v.CrisisPhone, v.CrisisText, v.CrisisURL = said.CrisisLine.Name, said.CrisisLine.Phone, said.CrisisLine.Text, said.CrisisLine.URL
	v.CheckinURL, v.PreferencesURL = "https://mail.example.org/c/v1.k1.dr-mrn-fee", "https://mail.example.org/u/v1.k1.ptsd"
	v.ConfirmURL = "https://mail.example.org/a/v1.k1.c"
	v.TaskURL, v.EscalationURL = "https://mail.example.org/t/v1.k1.a", "https://mail.example.org/e/v1.k1.b"
	out, err := c.wording.Render(template, language, templates.Unknown, v)
	if err != nil {
		tb.Fatal(err)
	}
	m := notifier.Mail{
		ID: "m1", Attempt: 1, Lane: notifier.Care, MessageID: "m1@example.org", Date: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), From: notifier.Address(c.From), ReplyTo: notifier.Address(c.ReplyTo),
		To: notifier.Address{Email: "sam@client.example"}, Subject: out.Subject, Text: out.Text, HTML: out.HTML,
		Headers: []notifier.Header{{Name: "List-Unsubscribe", Value: "<" + v.PreferencesURL + ">"}, {Name: "List-Unsubscribe-Post", Value: "List-Unsubscribe=One-Click"}},
		Origin:  notifier.Origin{Clinic: "quay", Version: c.Version, Language: out.Language, Stranger: template == "address" || template == "address-changed"},
	}
	if len(template) > 1 && !strings.HasPrefix(template, "address") {
		m.Lane, m.Headers = notifier.Safety, nil
	}
	return m
}

// TestNoClinicalWordsLeave: what a mail's bytes say is read before they leave. A
// client's mail with a finding stays here; mail to staff leaves, and is counted.
func TestNoClinicalWordsLeave(t *testing.T) {
	t.Parallel()
	r, counted := lastLook(t, "")
	for _, language := range []string{"en", "es"} {
		for _, name := range templates.Names() {
			if name == "digest" || name == "alarm" || name == "feed" || strings.HasPrefix(name, "escalation") || name == "note" {
				continue // they link to where the sample values lead
			}
			if _, err := mime.Leaving(aMail(t, r, name, language), r.look); err != nil {
				t.Errorf("%s in %s does not leave: %v", name, language, err)
			}
		}
	}
	if len(counted) > 0 {
		t.Fatalf("clean mails are counted: %v", counted)
	}
	for name, tc := range map[string]struct {
		spoil func(*notifier.Mail)
		rule  string
	}{
		"subject":         {func(m *notifier.Mail) { m.Subject = "Su terapia" }, templates.ClinicalWord},
		"encoded subject": {func(m *notifier.Mail) { m.Subject = "Su depresión" }, templates.ClinicalWord},
		"sender":          {func(m *notifier.Mail) { m.From.Name = "Anxiety Desk" }, templates.ClinicalWord},
		"reply-to":        {func(m *notifier.Mail) { m.ReplyTo.Name = "Dra. Luna" }, templates.ClinicalWord},
		"text":            {func(m *notifier.Mail) { m.Text += "\nZoloft" }, templates.ClinicalWord},
		"html":            {func(m *notifier.Mail) { m.HTML = strings.Replace(m.HTML, "</td>", "ther&shy;apy</td>", 1) }, templates.ClinicalWord},
		"header": {func(m *notifier.Mail) {
			m.Headers = append(m.Headers, notifier.Header{Name: "X-Visit", Value: "intake"})
		}, templates.ClinicalWord},
		"number":           {func(m *notifier.Mail) { m.Text += "\nMRN 0048213" }, templates.Identifier},
		"address":          {func(m *notifier.Mail) { m.Text += "\nsam@client.example" }, templates.Identifier},
		"blame":            {func(m *notifier.Mail) { m.Subject = "Usted debe pagar un recargo" }, templates.Blame},
		"a foreign link":   {func(m *notifier.Mail) { m.Text += "\nhttps://elsewhere.example/" }, templates.ForeignLink},
		"no crisis number": {func(m *notifier.Mail) { m.Text, _, _ = strings.Cut(m.Text, "----") }, templates.MissingCrisisLine},
	} {
		for _, language := range []string{"en", "es"} {
			m := aMail(t, r, "A", language)
			tc.spoil(&m)
			_, err := mime.Leaving(m, r.look)
			se := notifier.Classify(err)
			if err == nil || se.Class != notifier.Permanent || se.Detail != "held "+tc.rule {
				t.Errorf("%s in %s: %v, want held %s", name, language, err, tc.rule)
			}
			if err != nil && strings.Contains(err.Error()+errors.Unwrap(se).Error(), "sam@") {
				t.Errorf("the error says whose it is: %v", err)
			}
			// The same to staff leaves.
			m.Lane = notifier.Safety
			if data, err := mime.Leaving(m, r.look); err != nil || len(data) == 0 {
				t.Errorf("%s in %s to staff: %v", name, language, err)
			}
		}
		if tc.rule != templates.MissingCrisisLine && counted["safety "+tc.rule] == 0 || counted["care "+tc.rule] == 0 {
			t.Errorf("%s is not counted: %v", tc.rule, counted)
		}
	}
	stranger := aMail(t, r, "A", "en")
	stranger.Origin.Clinic = "annex"
	if err := r.look(stranger); err == nil {
		t.Error("a mail of a clinic that nobody knows leaves")
	}
	if len(r.linters) != 4 {
		t.Errorf("%d linters are kept, want one for each language, and for who is known there", len(r.linters))
	}
}

// TestClinicsLint: a clinic's words are kept out of mails, built-in ones too, and what
// somebody answers for leaves.
func TestClinicsLint(t *testing.T) {
	t.Parallel()
	read := func(lint string, files ...string) error {
		base, err := templates.Builtin()
		if err != nil {
			t.Fatal(err)
		}
		folder := spanishClinic(t, lint)
		for i := 0; i < len(files); i += 2 {
			folder[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
		}
		c, err := workflows.ReadClinic(folder, "quay")
		if err != nil {
			t.Fatal(err)
		}
		set, err := wordingOf(base, c)
		if err == nil {
			err = fitToLeave(set, c)
		}
		return err
	}
	notice, err := os.ReadFile(filepath.Join("..", "..", "notifier", "templates", "es", "a-notice.md"))
	if err != nil {
		t.Fatal(err)
	}
	recovery := strings.Replace(string(notice), "No hay problema.", "El grupo se llama Recuperación.", 1)
	for _, tc := range []struct {
		lint  string
		files []string
		want  string
	}{
		{"", nil, ""},
		{"lint: {words: [lodge]}\n", nil, ""},
		{"lint: {words: [gusto]}\n", nil, "templates/es/a-notice.md:12:26: "},
		{"lint: {words: [gusto]}\n", nil, `clinic-word: "gusto": your clinic keeps this word out of its mails; say it in other words`},
		{"", []string{"templates/es/a-notice.md", recovery}, `templates/es/a-notice.md:10:68: clinical-word: "recuperacion": whoever sees the screen`},
		{"lint: {waivers: [{rule: clinical-word, words: [Recuperación], by: ruth, why: it is its name}]}\n", []string{"templates/es/a-notice.md", recovery}, ""},
		{"lint: {waivers: [{rule: missing-crisis-line, by: ruth, why: no}]}\n", nil, "clinic.yaml:1:18: a missing crisis line is never waived"},
		{"lint: {waivers: [{rule: clinical, by: ruth, why: no}]}\n", nil, "there is no rule `clinical` to waive; the rules are clinical-word"},
		{"lint: {waivers: [{rule: blame, by: ruth, why: no}]}\n", nil, "the waiver of `blame` needs `words`"},
		{"lint: {words: [always]}\n", nil, ""},
	} {
		err := read(tc.lint, tc.files...)
		if (tc.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%q: %v, want %q", tc.lint, err, tc.want)
		}
	}
	folder := spanishClinic(t, "")
	text := strings.NewReplacer("name: Harbour Lane front desk", "name: Anxiety front desk", "harbour-lane.example.org/book", "harbour-lane.example.org/book?visit=first_visit", "de 9 am a 5 pm", "con la doctora").Replace(string(folder["clinic.yaml"].Data))
	folder["clinic.yaml"].Data = []byte(text)
	c, err := workflows.ReadClinic(folder, "quay")
	if err != nil {
		t.Fatal(err)
	}
	found := unfit(c)
	for _, want := range []string{"clinic.yaml:10:9: clinical-word: \"anxiety\" in `reply_to.name` stands in mails", "clinic.yaml:5:14: clinical-word: \"first visit\" in `booking_url`", "clinic.yaml:23:18: clinical-word: \"doctora\" in `translations.es.reply_hours`"} {
		if !strings.Contains(found.Error(), want) {
			t.Errorf("found %v, want %q", found, want)
		}
	}
	c.Lint.Waivers = []workflows.MailWaiver{{Rule: "clinical-word", Waiver: workflows.Waiver{Words: []string{"anxiety"}, By: "ruth", Why: "it is its name"}, Line: 7}}
	if got := notes(c, nil); len(got) != 1 || got[0].Line != 7 || got[0].Message != "ruth waives clinical-word for anxiety: it is its name" {
		t.Errorf("the notes are %v", got)
	}
}

// A client's name may make words that the clinic keeps out of its mails together with
// the greeting, which nobody could know before: the mail does not leave, the timeline says why, and a person is asked. A client who reads Spanish
// gets Spanish.
func TestStoryLanguageAndLastRead(t *testing.T) {
	t.Parallel()
	cfg := storyConfig(t)
	cfg.Clinics = t.TempDir()
	folder := filepath.Join(cfg.Clinics, "quay")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "clinic.yaml"), spanishClinic(t, "lint: {words: [hello firstben]}\n")["clinic.yaml"].Data, 0o600); err != nil {
		t.Fatal(err)
	}
	p := run(t, cfg)
	for who, language := range map[string]string{"ana": "es-MX", "ben": "en"} {
		client := person(who, events.RiskNone)
		client.Language = &language
		p.say(events.AppointmentCancelled, who, events.Data{Client: client, Appointment: cancelled(p.appointment(who+"-1", 96*time.Hour))})
	}
	p.pass(49 * time.Hour)
	p.settle()
	if mail := p.expect("ana@example.org", "A"); !strings.Contains(mail.Text, "Hola Firstana,") || !strings.Contains(mail.Text, "envíe la palabra AYUDA") || strings.Contains(mail.Text, "Monday") {
		t.Errorf("the mail is not in Spanish:\n%s", mail.Text)
	}
	task := p.expect("amara@harbour-lane.example.org", "task")
	if !strings.Contains(task.Text, "Look at the words of a mail that was kept back") {
		t.Errorf("the task is\n%s", task.Text)
	}
	if log := p.log.String(); !strings.Contains(log, "a mail to a client holds what must not leave") || strings.Contains(log, "Firstben") {
		t.Error("the log does not say that a mail was kept back, or says whose")
	}
	p.quiet()
}

func BenchmarkLastRead(b *testing.B) {
	for _, language := range []string{"en", "es"} {
		b.Run(language, func(b *testing.B) {
			r, _ := lastLook(b, "")
			m := aMail(b, r, "A", language)
			b.ReportAllocs()
			for b.Loop() {
				if err := r.look(m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
