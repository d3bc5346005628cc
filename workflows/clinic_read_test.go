package workflows

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/escalation"
	"github.com/mooring-care/mooring/workflows/library"
	"github.com/mooring-care/mooring/workflows/sample"
)

func TestReadClinicSaysWhatToDo(t *testing.T) {
	badCases(t, "bad-clinics.txt", func(src []byte) error {
		c, err := ReadClinic(fstest.MapFS{"clinic.yaml": {Data: src}}, "case")
		if err != nil && c != nil {
			t.Error("a clinic came with an error")
		}
		return err
	})
}

// sampleFiles is the sample clinic as a folder that a test may change.
func sampleFiles(t *testing.T) fstest.MapFS {
	t.Helper()
	src, err := fs.ReadFile(sample.FS, "clinic.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return fstest.MapFS{"clinic.yaml": {Data: src}}
}

func TestReadSampleClinic(t *testing.T) {
	c, err := ReadClinic(sample.FS, sample.ID)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, w := range c.Workflows {
		names = append(names, w.Name)
	}
	if diff := cmp.Diff([]string{
		"high-risk-no-show", "after-discharge", "repeated-no-show", "first-no-show", "same-day-cancellation", "late-cancellation",
		"cancelled-not-rebooked", "disengaged", "first-visit", "caring-contacts", "missed-check-in", "not-safe", "rebooking-courtesy", "screening",
	}, names); diff != "" {
		t.Errorf("workflows by falling precedence differ (-want +got):\n%s", diff)
	}
	rungs := func(within time.Duration, inform ...string) []escalation.Rung {
		return []escalation.Rung{
			{Owner: "assigned", Within: within, Inform: inform},
			{Owner: "cover", Within: within},
			{Owner: "role:supervisor", Within: within},
		}
	}
	want := map[string]escalation.Policy{
		"safety": {
			ID: "safety", Urgency: "crisis", Hold: 2 * time.Hour,
			Rungs: rungs(10*time.Minute, "role:supervisor"),
		},
		"high-risk-no-show": {
			ID: "high-risk-no-show", Urgency: "urgent", Hold: 2 * time.Hour, KeepHours: true,
			Rungs: rungs(30 * time.Minute),
		},
	}
	want["same-day"] = escalation.Policy{
		ID: "same-day", Urgency: "urgent", Hold: 4 * time.Hour, KeepHours: true,
		Rungs: rungs(time.Hour),
	}
	want["same-day"].Rungs[0].Within = 2 * time.Hour
	if diff := cmp.Diff(want, c.Policies); diff != "" {
		t.Errorf("policies differ (-want +got):\n%s", diff)
	}
	if c.Zone.String() != "America/Chicago" || c.Cap != (Cap{3, 14 * 24 * time.Hour}) ||
		c.QuietFrom != 20*time.Hour || c.QuietTo != 9*time.Hour || c.AcknowledgeNoBAA || c.CrisisLine.Phone != "988" {
		t.Errorf("the clinic was read as %+v", c)
	}
	for _, p := range c.Staff.People {
		if !strings.HasSuffix(p.Email, ".example.org") || (p.Cover == "") != p.Emergency {
			t.Errorf("%s has the address %s and the cover %q", p.ID, p.Email, p.Cover)
		}
	}
}

// TestReadPeople: working hours in a zone of their own, leaves of some roles, and rotas
// are read as they are written.
func TestReadPeople(t *testing.T) {
	const text = `name: Small
zone: America/Chicago
from: {name: Small, email: hello@example.org}
reply_to: {name: Desk, email: desk@example.org}
crisis_line: {name: A line, phone: 988}
people:
  amara:
    name: Amara Cole
    email: amara@example.org
    reach: {webhook: amara-on-call}
    verified: 2026-05-04
    roles: [clinician, lead]
    hours: {mon-thu: {from: "08:00", to: "16:00"}}
    zone: America/New_York
    cover: jonas
    away:
      - {from: 2026-07-01, to: 2026-07-14, cover: jonas, roles: [clinician]}
  jonas:
    name: Jonas Reyes
    email: jonas@example.org
    roles: [clinician]
holidays: [2026-12-25]
rotas:
  weekend:
    people: [amara, jonas, amara]
    from: 2026-06-01
    at: "17:30"
    days: 7
    overrides:
      - {from: 2026-07-04, to: 2026-07-05, person: jonas}
      - {from: "2026-07-04T08:00:00-05:00", to: "2026-07-04T12:00:00-05:00", person: amara}
on_call: rota:weekend
policies:
  safety: {urgency: crisis, hold: 2h, off_hours: ask, rungs: [{owner: rota:weekend, within: 10m}]}
  high-risk-no-show: {urgency: urgent, hold: 2h, rungs: [{owner: role:clinician, within: 30m, inform: [rota:weekend]}]}
  same-day: {urgency: urgent, hold: 2h, off_hours: ask, rungs: [{owner: assigned, within: 30m}]}
`
	c, err := ReadClinic(fstest.MapFS{"clinic.yaml": {Data: []byte(text)}}, "small")
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	amara := c.Staff.Person("amara")
	if amara.Verified != 20260504 || amara.Zone.String() != "America/New_York" || len(amara.Hours.Week[time.Thursday]) != 1 || amara.Hours.Week[time.Friday] != nil ||
		len(amara.Hours.Holidays) != 1 || c.Staff.Person("jonas").Hours != nil {
		t.Errorf("amara is %+v", amara)
	}
	if len(amara.Reach) != 1 || amara.Reach["webhook"] != "amara-on-call" {
		t.Errorf("amara is reached by %v", amara.Reach)
	}
	if a := amara.Away[0]; a.Cover != "jonas" || !slices.Equal(a.Roles, []string{"clinician"}) {
		t.Errorf("the leave is %+v", a)
	}
	want := escalation.Rota{
		ID: "weekend", People: []string{"amara", "jonas", "amara"}, First: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), At: 17*time.Hour + 30*time.Minute, Days: 7,
		Overrides: []escalation.Override{
			{From: time.Date(2026, 7, 4, 0, 0, 0, 0, c.Zone), To: time.Date(2026, 7, 6, 0, 0, 0, 0, c.Zone), Person: "jonas"},
			{From: time.Date(2026, 7, 4, 13, 0, 0, 0, time.UTC), To: time.Date(2026, 7, 4, 17, 0, 0, 0, time.UTC), Person: "amara"},
		},
	}
	if diff := cmp.Diff(want, c.Staff.Rotas[0], cmpopts.IgnoreFields(escalation.Rota{}, "Zone")); diff != "" {
		t.Errorf("the rota differs (-want +got):\n%s", diff)
	}
	if c.Staff.OnCall != "rota:weekend" || c.TaskOwner != "rota:weekend" || c.Policies["safety"].Rungs[0].Owner != "rota:weekend" || c.Policies["safety"].KeepHours || !c.Policies["high-risk-no-show"].KeepHours ||
		c.Policies["same-day"].KeepHours {
		t.Errorf("on call %s, task owner %s, policies %+v", c.Staff.OnCall, c.TaskOwner, c.Policies)
	}
	now := time.Date(2026, 7, 4, 14, 0, 0, 0, time.UTC)
	if got := c.Staff.Resolve("rota:weekend", "", now); len(got) == 0 || got[0].ID != "amara" {
		t.Errorf("the last override gives %v", got)
	}
}

func TestReadClinicDefaults(t *testing.T) {
	c, err := ReadClinic(fstest.MapFS{"clinic.yaml": {Data: []byte(smallClinic)}}, "small")
	if err != nil {
		t.Fatal(err)
	}
	if c.Cap != (Cap{3, 14 * 24 * time.Hour}) || c.QuietFrom != 20*time.Hour || c.QuietTo != 9*time.Hour {
		t.Errorf("cap %+v, quiet %v to %v", c.Cap, c.QuietFrom, c.QuietTo)
	}
	if c.TaskOwner != "person:amara" || c.AcknowledgeNoBAA || !slices.Equal(c.Consent.ExcludedProgrammes, []string{"substance-use"}) {
		t.Errorf("task owner %q, acknowledge_no_baa %v, excluded %v", c.TaskOwner, c.AcknowledgeNoBAA, c.Consent.ExcludedProgrammes)
	}
	span := c.Staff.People[0].Away[0]
	zone := c.Zone
	if !span.From.Equal(time.Date(2026, 7, 1, 0, 0, 0, 0, zone)) || !span.To.Equal(time.Date(2026, 7, 15, 0, 0, 0, 0, zone)) {
		t.Errorf("away %v to %v, want all of 1 to 14 July in the clinic's zone", span.From, span.To)
	}
	exact := c.Staff.People[0].Away[1]
	if !exact.To.Equal(time.Date(2026, 8, 1, 17, 0, 0, 0, time.UTC)) {
		t.Errorf("away to %v", exact.To)
	}
}

// TestClinicLanguages: a client is spoken with in a language that the clinic serves,
// and in its own where theirs is none of these.
func TestClinicLanguages(t *testing.T) {
	for _, tc := range []struct{ listed, tag, want string }{
		{"", "", "en"},
		{"", "es", "en"},
		{"languages: [en, es]\n", "es-MX", "es"},
		{"languages: [en, es]\n", "ES_419", "es"},
		{"languages: [en, es]\n", "en-GB", "en"},
		{"languages: [en, es]\n", "pt-BR", "en"},
		{"languages: [en, es]\n", "est", "en"},
		{"languages: [es]\n", "en", "es"},
		{"languages: [es, en]\n", "", "es"},
		{"languages: [es, en]\n", "en", "en"},
	} {
		c, err := ReadClinic(fstest.MapFS{"clinic.yaml": {Data: []byte(tc.listed + smallClinic)}}, "small")
		if err != nil {
			t.Fatal(err)
		}
		if got := c.LanguageFor(tc.tag); got != tc.want {
			t.Errorf("with %q, %q is spoken with in %q, want %q", tc.listed, tc.tag, got, tc.want)
		}
	}
	c, err := ReadClinic(fstest.MapFS{"clinic.yaml": {Data: []byte("languages: [en, es, vi]\nreply_hours: Monday\nbooking_url: https://book.example.org\n" +
		"translations: {es: {reply_hours: lunes, crisis_line: {name: Una línea, text: Escriba, emergency_phone: \"112\"}, booking_url: https://book.example.org/es}}\n" +
		strings.Replace(smallClinic, "phone: 988}", "phone: 988, emergency_phone: \"911\"}", 1))}}, "small")
	if err != nil {
		t.Fatal(err)
	}
	for language, want := range map[string]Said{
		"en": {CrisisLine{Name: "A line", Phone: "988", EmergencyPhone: "911"}, "Monday", "https://book.example.org"},
		"es": {CrisisLine{Name: "Una línea", Phone: "988", Text: "Escriba", EmergencyPhone: "112"}, "lunes", "https://book.example.org/es"},
		"vi": {CrisisLine{Name: "A line", Phone: "988", EmergencyPhone: "911"}, "", "https://book.example.org"},
	} {
		if got := c.In(language); got != want {
			t.Errorf("in %s the clinic says %+v, want %+v", language, got, want)
		}
	}
	if got := (&Clinic{}).LanguageFor("es"); got != "en" {
		t.Errorf("a clinic that lists none speaks %q", got)
	}
}

const smallClinic = `name: Small
zone: America/Chicago
from: {name: Small, email: hello@example.org}
reply_to: {name: Desk, email: desk@example.org}
crisis_line: {name: A line, phone: 988}
people:
  amara:
    name: Amara Cole
    email: amara@example.org
    roles: [clinician]
    away:
      - {from: 2026-07-01, to: 2026-07-14}
      - {from: "2026-08-01T08:00:00-05:00", to: "2026-08-01T12:00:00-05:00"}
on_call: amara
policies:
  safety: {urgency: crisis, hold: 2h, rungs: [{owner: assigned, within: 10m}]}
  high-risk-no-show: {urgency: urgent, hold: 2h, rungs: [{owner: role:clinician, within: 30m, inform: [person:amara]}]}
`

const aResource = "resources:\n  - {title: Rides, reach: {phone: \"1\"}, checked: 2026-11-02}\n"

// TestVersion: the version follows every byte and name, and nothing else; the
// stored files give the same clinic again.
func TestVersion(t *testing.T) {
	files := sampleFiles(t)
	files["templates/a.md"] = &fstest.MapFile{Data: []byte("Hello")}
	files["resources.yaml"] = &fstest.MapFile{Data: []byte(aResource)}
	read := func() *Clinic {
		t.Helper()
		c, err := ReadClinic(files, "sample")
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first := read()
	if len(first.Version) != 17 || first.Version[0] != 'v' || !bytes.Equal(first.Templates["a"], []byte("Hello")) {
		t.Fatalf("version %q, templates %q", first.Version, first.Templates)
	}
	again, err := ReadClinicFiles(first.Files, "sample")
	if err != nil || again.Version != first.Version || len(again.Workflows) != len(first.Workflows) {
		t.Fatalf("the stored files give %v, %v", again, err)
	}
	seen := map[string]string{first.Version: "the first"}
	differs := func(what string) {
		t.Helper()
		v := read().Version
		if other, ok := seen[v]; ok {
			t.Errorf("%s has the version of %s", what, other)
		}
		seen[v] = what
	}
	files["README.md"] = &fstest.MapFile{Data: []byte("for people")}
	files["clinic.yaml~"] = &fstest.MapFile{Data: []byte("a backup")}
	files[".hidden/x.yaml"] = &fstest.MapFile{Data: []byte("x")}
	if v := read().Version; v != first.Version {
		t.Errorf("files that nothing reads changed the version to %s", v)
	}
	files["templates/a.md"] = &fstest.MapFile{Data: []byte("Hello.")}
	differs("another wording")
	files["resources.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(aResource, "Rides", "Help", 1))}
	differs("other resources")
	delete(files, "templates/a.md")
	files["templates/b.md"] = &fstest.MapFile{Data: []byte("Hello.")}
	differs("another name")
	// The built-in workflows copied into the folder are the same clinic.
	before := read().Version
	for name, src := range library.Files() {
		files["workflows/"+name] = &fstest.MapFile{Data: src}
	}
	if v := read().Version; v != before {
		t.Errorf("a copy of the built-in workflows changed the version from %s to %s", before, v)
	}
	delete(files, "workflows/first-no-show.yaml")
	differs("fewer workflows")
	// What was read does not change with the caller's memory.
	c := read()
	files["clinic.yaml"].Data[0] = 'x'
	if again, err := ReadClinicFiles(c.Files, "sample"); err != nil || again.Version != c.Version {
		t.Errorf("the clinic shares its caller's memory: %v", err)
	}
}

func TestReadClinicFolder(t *testing.T) {
	const extra = `workflow: extra
title: Extra
why: It names what the clinic does not have.
precedence: 60
start: {on: [client.signal]}
steps:
  - escalate: {policy: safty, question: what}
  - task: {what: call-client, owner: role:nurse, due: 24h}
  - task: {what: call-client, owner: person:amar, due: 24h}
`
	for name, test := range map[string]struct {
		change func(fstest.MapFS)
		want   string
	}{
		"no clinic.yaml": {
			func(f fstest.MapFS) { delete(f, "clinic.yaml") },
			"clinic.yaml:1:1: the file is missing; every clinic needs one, docs/clinic.md shows how to write it",
		},
		"empty workflows folder": {
			func(f fstest.MapFS) { f["workflows"] = &fstest.MapFile{Mode: fs.ModeDir | 0o755} },
			"workflows:1:1: the folder holds no workflow; add one, or remove the folder to use the built-in workflows",
		},
		"misspelt folder": {
			func(f fstest.MapFS) { f["workflow/extra.yaml"] = &fstest.MapFile{Data: []byte(extra)} },
			"workflow/extra.yaml:1:1: nothing reads this folder; a clinic's folder has `workflows` or `templates`",
		},
		"other extension": {
			func(f fstest.MapFS) { f["workflows/extra.yml"] = &fstest.MapFile{Data: []byte(extra)} },
			"workflows/extra.yml:1:1: nothing reads this file, since a workflow's name ends in .yaml; call it `extra.yaml`",
		},
		"stray file": {
			func(f fstest.MapFS) { f["clinics.yaml"] = &fstest.MapFile{Data: []byte("a: 1")} },
			"clinics.yaml:1:1: nothing reads this file; a clinic's folder has `clinic.yaml`, `resources.yaml`, `workflows/<name>.yaml` or `templates/<name>.md`",
		},
		"stray template": {
			func(f fstest.MapFS) { f["templates/my text.md"] = &fstest.MapFile{Data: []byte("a")} },
			"templates/my text.md:1:1: nothing reads this file, since a wording's name is small letters, digits and hyphens, and ends in .md; call it `my-text.md`",
		},
		"names that lead nowhere": {
			func(f fstest.MapFS) { f["workflows/extra.yaml"] = &fstest.MapFile{Data: []byte(extra)} },
			"workflows/extra.yaml:7:24: clinic.yaml has no policy `safty`; did you mean `safety`?\n" +
				"workflows/extra.yaml:8:38: nobody under `people` has the role `nurse`; it can be `clinician` or `supervisor`\n" +
				"workflows/extra.yaml:9:38: `people` has nobody called `amar`; did you mean `amara`?",
		},
		"one precedence twice": {
			func(f fstest.MapFS) {
				for name, src := range library.Files() {
					data, _, err := Approve(name, bytes.Replace(src, []byte("precedence: 40"), []byte("precedence: 60"), 1), "Ruth", historyStart)
					if err != nil {
						t.Fatal(err)
					}
					f["workflows/"+name] = &fstest.MapFile{Data: data}
				}
			},
			"workflows/late-cancellation.yaml:9:13: the workflow `first-no-show` has the precedence 60 too; give each its own",
		},
	} {
		t.Run(name, func(t *testing.T) {
			files := sampleFiles(t)
			test.change(files)
			_, err := ReadClinic(files, "sample")
			if err == nil {
				t.Fatal("read without an error")
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Errorf("errors differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadClinicID(t *testing.T) {
	for _, id := range []string{"", "Sample", "a b", strings.Repeat("x", 41)} {
		if _, err := ReadClinic(sample.FS, id); err == nil {
			t.Errorf("the id %q was taken", id)
		}
	}
}

// brokenFS fails when a file is read.
type brokenFS struct{ fstest.MapFS }

var errBroken = errors.New("disk on fire")

func (b brokenFS) Open(name string) (fs.File, error) {
	if name == "clinic.yaml" {
		return nil, errBroken
	}
	return b.MapFS.Open(name)
}

func TestReadClinicReportsTheDisk(t *testing.T) {
	_, err := ReadClinic(brokenFS{sampleFiles(t)}, "sample")
	var all FileErrors
	if !errors.Is(err, errBroken) || errors.As(err, &all) {
		t.Errorf("got %v, want the disk's own error", err)
	}
}

// TestLibrary holds three built-in workflows to their timing; the scenarios
// beside them hold them all.
func TestLibrary(t *testing.T) {
	type at struct {
		when time.Duration
		what string
	}
	const hour, day = time.Hour, 24 * time.Hour
	for name, want := range map[string][]at{
		"late-cancellation": {{4 * hour, "A"}, {3 * day, "choose"}, {3 * day, "C"}, {3 * day, "B"}, {7 * day, "call-client"}, {7 * day, "not-rebooked"}},
		"first-no-show":     {{3 * hour, "A"}, {3 * day, "B"}, {7 * day, "call-client"}, {10 * day, "D"}, {10 * day, "no-answer"}},
		"high-risk-no-show": {{0, "high-risk-no-show"}, {0, "E"}, {0, "with-a-human"}},
	} {
		t.Run(name, func(t *testing.T) {
			w, err := ReadWorkflow(name, library.Files()[name+".yaml"])
			if err != nil {
				t.Fatal(err)
			}
			var got []at
			var now time.Duration
			for _, s := range w.Program {
				switch s.Kind {
				case StepWait:
					now = max(now, s.Wait.SinceStart)
				case StepSend:
					got = append(got, at{now, s.Send.Template})
				case StepTask:
					got = append(got, at{now, s.Task.What})
				case StepEscalate:
					got = append(got, at{now, s.Escalate.Question})
				case StepChoose:
					got = append(got, at{now, "choose"})
				case StepEnd:
					got = append(got, at{now, s.End.Outcome})
				}
			}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(at{})); diff != "" {
				t.Errorf("timing differs (-want +got):\n%s", diff)
			}
		})
	}
	if n := len(library.Files()); n != 14 {
		t.Errorf("the library has %d workflows, want 14", n)
	}
}

// TestLibraryStarts says who gets which journey: for each client and event at
// most one of the withdrawal journeys begins.
func TestLibraryStarts(t *testing.T) {
	const many, hour = 2, time.Hour
	facts := func(change func(*Facts)) *Facts {
		noShows := 1
		f := &Facts{
			Risk: events.RiskNone, CancelledBy: events.ByClient, NoticeKnown: true, Notice: 30 * hour,
			Count: func(events.Kind, time.Duration) int { return noShows },
		}
		change(f)
		if f.Minor { // stands for "has missed before" in this table
			noShows = many
		}
		return f
	}
	for name, test := range map[string]struct {
		kind events.Kind
		f    *Facts
		want []string
	}{
		"first no-show":            {events.AppointmentNoShow, facts(func(*Facts) {}), []string{"first-no-show"}},
		"first visit missed":       {events.AppointmentNoShow, facts(func(f *Facts) { f.FirstVisit = true }), []string{"first-visit"}},
		"second no-show":           {events.AppointmentNoShow, facts(func(f *Facts) { f.Minor = true }), []string{"repeated-no-show"}},
		"no-show at high risk":     {events.AppointmentNoShow, facts(func(f *Facts) { f.Risk, f.Flagged = events.RiskHigh, true }), []string{"high-risk-no-show"}},
		"no-show at elevated risk": {events.AppointmentNoShow, facts(func(f *Facts) { f.Risk, f.Flagged = events.RiskElevated, true }), []string{"high-risk-no-show"}},
		"no-show, flagged":         {events.AppointmentNoShow, facts(func(f *Facts) { f.Flagged = true }), []string{"high-risk-no-show"}},
		"no-show, risk not known":  {events.AppointmentNoShow, facts(func(f *Facts) { f.Risk, f.Flagged = "", true }), []string{"high-risk-no-show"}},
		"late cancellation":        {events.AppointmentCancelled, facts(func(*Facts) {}), []string{"late-cancellation"}},
		"early cancellation":       {events.AppointmentCancelled, facts(func(f *Facts) { f.Notice = 48 * hour }), []string{"cancelled-not-rebooked"}},
		"same-day cancellation":    {events.AppointmentCancelled, facts(func(f *Facts) { f.Notice = 23 * hour }), []string{"same-day-cancellation"}},
		"cancelled by the clinic":  {events.AppointmentCancelled, facts(func(f *Facts) { f.CancelledBy = events.ByProvider }), []string{"rebooking-courtesy"}},
		"cancelled by somebody":    {events.AppointmentCancelled, facts(func(f *Facts) { f.CancelledBy = "" }), nil},
		"notice not known":         {events.AppointmentCancelled, facts(func(f *Facts) { f.NoticeKnown = false }), []string{"cancelled-not-rebooked"}},
		"late, flagged":            {events.AppointmentCancelled, facts(func(f *Facts) { f.Flagged = true }), nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, file := range slices.Sorted(maps.Keys(library.Files())) {
				w, err := ReadWorkflow(file, library.Files()[file])
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Contains(w.Start.On, test.kind) {
					continue
				}
				test.f.Kind = test.kind
				yes, err := w.Start.When.Eval(test.f)
				if err != nil {
					t.Fatal(err)
				}
				if yes {
					got = append(got, w.Name)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("journeys that begin differ (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzReadClinic(f *testing.F) {
	f.Add([]byte(smallClinic))
	src, err := fs.ReadFile(sample.FS, "clinic.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(src)
	raw, err := os.ReadFile(filepath.Join("testdata", "bad-clinics.txt"))
	if err != nil {
		f.Fatal(err)
	}
	for block := range strings.SplitSeq(string(raw), "\n== ") {
		_, rest, _ := strings.Cut(block, "\n")
		src, _, _ := strings.Cut(rest, "\n--")
		f.Add([]byte(src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		c, err := ReadClinicFiles(map[string][]byte{"clinic.yaml": src}, "fuzz")
		if err != nil {
			var all FileErrors
			if !errors.As(err, &all) || len(all) == 0 {
				t.Fatalf("error is a %T: %v", err, err)
			}
			for _, e := range all {
				if e.Line < 1 || e.Column < 1 || e.Message == "" || strings.ContainsAny(e.Message, "\n\r") {
					t.Errorf("error is not one line: %q", e.Error())
				}
			}
			return
		}
		// What every decision relies on.
		if c.Zone == nil || c.ReplyTo.Email == "" || c.CrisisLine.Phone == "" || c.Cap.Messages < 1 || c.TaskOwner == "" {
			t.Errorf("the clinic lacks something: %+v", c)
		}
		if _, ok := c.Policies["safety"]; !ok {
			t.Error("no safety policy")
		}
		for id, p := range c.Policies {
			if len(p.Rungs) == 0 || p.Hold <= 0 {
				t.Errorf("policy %s is empty", id)
			}
			for _, r := range p.Rungs {
				if r.Within <= 0 || r.Owner == "" {
					t.Errorf("policy %s has a rung %+v", id, r)
				}
			}
		}
		if !slices.ContainsFunc(c.Staff.People, func(p escalation.Person) bool { return p.ID == c.Staff.OnCall }) {
			t.Errorf("nobody is %q", c.Staff.OnCall)
		}
		again, err := ReadClinicFiles(c.Files, "fuzz")
		if err != nil || again.Version != c.Version {
			t.Errorf("the stored files give another clinic: %v", err)
		}
	})
}

// TestNothingIsOverlooked: what is called as a file that somebody would read, and is not
// read, is refused; so is what may never end, and what cannot be seen.
func TestNothingIsOverlooked(t *testing.T) {
	clinic := func(name string, f *fstest.MapFile) fstest.MapFS {
		return fstest.MapFS{"clinic.yaml": {Data: []byte(smallClinic)}, name: f}
	}
	for name, tc := range map[string]struct {
		fs   fstest.MapFS
		says string
	}{
		"a region's folder":   {clinic("templates/es-MX/a-notice.md", &fstest.MapFile{Data: []byte("x")}), "templates/es-MX/a-notice.md:1:1: nothing reads this folder; a folder of wordings is called by its language in two or three small letters, such as `templates/es`: move its files to `templates/es`"},
		"a language in words": {clinic("templates/spanish/a-notice.md", &fstest.MapFile{Data: []byte("x")}), "call it by its language alone (English stands in `templates` itself"},
		"capital ending":      {clinic("workflows/first-no-show.YAML", &fstest.MapFile{Data: []byte("x")}), "workflows/first-no-show.YAML:1:1: nothing reads this file"},
		"a folder":            {clinic("workflows/x.yaml/y.txt", &fstest.MapFile{}), "workflows/x.yaml:1:1: this is a folder, called as a file is"},
		"a pipe":              {clinic("workflows/x.yaml", &fstest.MapFile{Mode: fs.ModeNamedPipe}), "workflows/x.yaml:1:1: this is no file that can be read"},
		"a mark":              {clinic("resources.yaml", &fstest.MapFile{Data: []byte("\ufeffresources: []\n")}), "resources.yaml:1:1: a byte order mark stands here"},
		"an escape": {
			fstest.MapFS{"clinic.yaml": {Data: []byte(strings.Replace(smallClinic, "name: Small", `name: "Sm\e[2Jall"`, 1))}},
			"clinic.yaml:1:7: `name` has a character that cannot be seen",
		},
		"an override": {
			fstest.MapFS{"clinic.yaml": {Data: []byte(strings.Replace(smallClinic, "name: Small", `name: "Sm\u202eall"`, 1))}},
			"clinic.yaml:1:7: `name` has a character that cannot be seen",
		},
	} {
		if _, err := ReadClinic(tc.fs, "small"); err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v, want %q", name, err, tc.says)
		}
	}
}
