package app

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mooring-care/mooring/notifier/templates"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/finding"
	"github.com/mooring-care/mooring/workflows/library"
)

// soundClinic is a small clinic.yaml in which nothing is to be found.
const soundClinic = `name: Pier House
zone: America/Chicago
from: {name: Pier House, email: hello@pier.example.org}
reply_to: {name: Pier House desk, email: desk@pier.example.org}
crisis_line: {name: 988 Lifeline, phone: "988"}
people:
  amara:
    name: Amara Cole
    email: amara@pier.example.org
    reach: {webhook: amara}
    verified: 2026-11-01
    roles: [clinician]
    cover: ruth
  ruth:
    name: Ruth Adeyemi
    email: ruth@pier.example.org
    reach: {webhook: ruth}
    verified: 2026-11-01
    roles: [lead]
on_call: ruth
emergency:
  - {name: Duty desk, email: duty@pier.example.org}
feed_quiet: 8h
policies:
  safety:
    urgency: crisis
    hold: 2h
    rungs:
      - {owner: assigned, within: 10m}
      - {owner: role:lead, within: 10m}
  same-day:
    urgency: urgent
    hold: 4h
    rungs:
      - {owner: assigned, within: 2h}
      - {owner: role:lead, within: 2h}
hours:
  mon-fri: {from: "09:00", to: "17:00"}
`

// soundWorkflow is a workflow file in which nothing is to be found.
const soundWorkflow = `workflow: missed
title: A missed visit
why: A client who misses a visit hears from us.
precedence: 10
start:
  on: [appointment.noshow]
  when: '!flagged'
steps:
  - wait: 3h
  - send: A
  - wait: 2d
  - choose:
      - when: reason == "stress"
        steps: [{send: C}]
      - otherwise: [{send: B}]
  - escalate: {id: ask, policy: safety, question: why}
  - wait: {event: [escalation.closed], of: ask}
  - end: done
`

// brokenFolder is a clinic's folder with one fault: what is put in the place of what,
// and which files stand there besides.
type brokenFolder struct {
	name string
	// clinic and workflow are pairs of an old text and a new one.
	clinic, workflow []string
	files            map[string]string
	// unapproved leaves the workflow as a draft; late changes it after its approval.
	unapproved bool
	late       []string
}

func brokenFolders(t *testing.T) []brokenFolder {
	t.Helper()
	builtin := func(name string) string {
		src, err := os.ReadFile(filepath.Join("..", "..", "notifier", "templates", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		return string(src)
	}
	french := map[string]string{"templates/fr/parts.md": builtin("es/parts.md"), "templates/fr/b-normalise.md": builtin("es/b-normalise.md")}
	served := []string{"people:\n", "languages: [en, fr]\ntranslations: {fr: {crisis_line: {name: Ligne 988}}}\npeople:\n"}
	other := approvedBy(t, "other", strings.Replace(soundWorkflow, "workflow: missed", "workflow: other", 1), "Ruth Adeyemi")
	draft := strings.Replace(soundWorkflow, "workflow: missed", "workflow: other", 1)
	service := "resources:\n  - {title: Rides, about: Rides to a visit., reach: {phone: \"+1 555 0142\"}, checked: 2026-11-01}\n"
	return []brokenFolder{
		{name: "nothing wrong"},
		{name: "not YAML", workflow: []string{"title: A missed visit", "title: [A missed visit"}},
		{name: "an empty clinic.yaml", clinic: []string{soundClinic, "# nothing\n"}},
		{name: "nothing reads a file", files: map[string]string{"policies.yaml": "a: b\n"}},
		{name: "a misspelt key", clinic: []string{"feed_quiet: 8h", "feed_quite: 8h"}},
		{name: "a missing key", clinic: []string{"on_call: ruth\n", ""}},
		{name: "a key twice", clinic: []string{"feed_quiet: 8h", "feed_quiet: 8h\nfeed_quiet: 9h"}},
		{name: "a wrong value", clinic: []string{"feed_quiet: 8h", "feed_quiet: soon"}},
		{name: "several things at once", clinic: []string{"feed_quiet: 8h", "feed_quiet: soon", "role:lead, within: 10m", "role:leed, within: 1s"}, workflow: []string{"wait: 3h", "wait: 400d", "title: A missed visit\n", ""}},
		{name: "a policy that there is not", workflow: []string{"policy: safety", "policy: saftey"}},
		{name: "a paused workflow that there is not", clinic: []string{"feed_quiet: 8h", "feed_quiet: 8h\npaused: {workflows: [mised]}"}},
		{name: "a condition without quotes", workflow: []string{"when: '!flagged'", "when: !flagged"}},
		{name: "a condition that cannot be read", workflow: []string{"when: '!flagged'", "when: flaged"}},
		{name: "a condition that never holds", workflow: []string{"when: '!flagged'", "when: '!flagged && flagged'"}},
		{name: "a condition that always holds", workflow: []string{"when: '!flagged'", `when: "true"`}},
		{name: "a step below an end", workflow: []string{"  - send: A\n", "  - send: A\n  - end: done\n"}},
		{name: "a branch that is never taken", workflow: []string{"      - otherwise", "      - when: reason == \"stress\" && minor\n        steps: [{send: D}]\n      - otherwise"}},
		{name: "a wait without a limit", workflow: []string{"wait: 3h", "wait: {event: [message.replied]}"}},
		{name: "a journey of years", workflow: []string{"  - wait: 3h\n", strings.Repeat("  - wait: 360d\n  - send: B\n", 3)}},
		{name: "a wait longer than is kept", workflow: []string{"wait: 3h", "wait: 53w"}},
		{name: "a precedence that is taken", files: map[string]string{"workflows/other.yaml": other}},
		{name: "a draft with a precedence that is taken", files: map[string]string{"workflows/other.yaml": draft}},
		{name: "changed after the approval", late: []string{"wait: 3h", "wait: 4h"}},
		{name: "approved by somebody who is gone", clinic: []string{"name: Ruth Adeyemi", "name: Jonas Reyes"}},
		{name: "a changed copy under the approval that it came with", files: map[string]string{
			"workflows/caring-contacts.yaml":    approvedBy(t, "caring-contacts", strings.Replace(string(library.Files()["caring-contacts.yaml"]), "title: ", "title: Our ", 1), "Mooring's maintainers, as shipped"),
			"workflows/rebooking-courtesy.yaml": string(library.Files()["rebooking-courtesy.yaml"]),
		}},
		{name: "a draft", unapproved: true},
		{name: "a role that nobody has", clinic: []string{"role:lead, within: 10m", "role:director, within: 10m"}},
		{name: "a person who is gone", clinic: []string{"cover: ruth", "cover: jonas"}},
		{name: "everybody on leave", clinic: []string{"    roles: [lead]\n", "    roles: [lead]\n    away: [{from: 2026-11-01, to: 2026-12-31}]\n"}},
		{name: "nobody works on Friday afternoon", clinic: []string{"    roles: [lead]\n", "    roles: [lead]\n    hours: {mon-thu: {from: \"08:00\", to: \"18:00\"}, fri: {from: \"08:00\", to: \"13:00\"}}\n"}},
		{name: "no emergency address", clinic: []string{"emergency:\n  - {name: Duty desk, email: duty@pier.example.org}\n", ""}},
		{name: "an address that nobody has tried", clinic: []string{"    verified: 2026-11-01\n    roles: [clinician]", "    roles: [clinician]", "verified: 2026-11-01", "verified: 2025-11-01"}},
		{name: "one mailbox for two", clinic: []string{"ruth@pier", "amara@pier"}},
		{name: "a channel that there is not", clinic: []string{"webhook: ruth", "pigeon: loft"}},
		{name: "a policy without rungs", clinic: []string{"    rungs:\n      - {owner: assigned, within: 2h}\n      - {owner: role:lead, within: 2h}\n", ""}},
		{name: "a policy with no rung", clinic: []string{"    rungs:\n      - {owner: assigned, within: 2h}\n      - {owner: role:lead, within: 2h}\n", "    rungs: []\n"}},
		{name: "minutes on mail alone", clinic: []string{"    reach: {webhook: ruth}\n", ""}},
		{name: "a rung of days", clinic: []string{"{owner: assigned, within: 2h}", "{owner: assigned, within: 3d}", "hold: 4h", "hold: 2d"}},
		{name: "one owner alone", clinic: []string{"      - {owner: assigned, within: 2h}\n", ""}},
		{name: "nobody hears of silence", clinic: []string{"feed_quiet: 8h\n", ""}},
		{name: "a mail that nobody wrote in French", clinic: served, files: french},
		{name: "a language that nobody wrote in", clinic: served},
		{name: "a wording that nobody wrote", workflow: []string{"send: A\n", "send: {template: A, wording: warmer}\n"}},
		{name: "words of its own in one language", clinic: []string{"people:\n", "languages: [en, es]\ntranslations: {es: {crisis_line: {name: Línea 988}}}\npeople:\n"}, files: map[string]string{
			"templates/b-shame.md": strings.Replace(builtin("en/b-normalise.md"), "reasons: unknown, vulnerability, shame", "reasons: shame", 1),
		}},
		{name: "a wording that cannot be read", files: map[string]string{"templates/a-notice.md": "Hello\n"}},
		{name: "a word that no mail may hold", files: map[string]string{"templates/a-notice.md": strings.Replace(builtin("en/a-notice.md"), "Hello", "Your therapy, hello", 1)}},
		{name: "said in one language alone", clinic: []string{"people:\n", "languages: [en, es]\npeople:\n"}},
		{name: "a service in one language", clinic: []string{"people:\n", "languages: [en, es]\ntranslations: {es: {crisis_line: {name: Línea 988}}}\npeople:\n"}, files: map[string]string{"resources.yaml": service}},
		{name: "a service that nobody has looked at", files: map[string]string{"resources.yaml": strings.Replace(service, "2026-11-01", "2024-11-01", 1)}},
		{name: "a name that tells", clinic: []string{"reply_to: {name: Pier House desk", "reply_to: {name: Pier therapy desk"}},
		{name: "wordings by names that nothing reads", clinic: []string{"feed_quiet: 8h\n", ""}, files: map[string]string{
			"templates/a-notice.md.txt": builtin("en/a-notice.md"), "templates/b-normalise.txt": "Hello", "templates/c-barriers.docx": "Hello", "templates/d-invite (copy).md": builtin("en/a-notice.md"),
			"templates/D-INVITE.md": builtin("en/a-notice.md"), "templates/es/a-notice.MD": builtin("es/a-notice.md"), "templates/e-caring.md": builtin("en/e-caring.md"), "templates/e-caring - Copy.md": builtin("en/e-caring.md"),
			"templates/README.txt": "Ours", "templates/a-notice.md~": "Hello", "templates/~$notice.docx": "", "templates/???.md": "Hello", "notes.docx": "Hello", "clinic.yaml.txt": "name: Pier", "templates/f-talk.md": "Hello\n",
		}},
		{name: "workflows by names that nothing reads", clinic: []string{"feed_quiet: 8h\n", "feed_quiet: 8h\npaused: {workflows: [later]}\n"}, files: map[string]string{
			"workflows/later.yml": other, "workflows/late.yaml.txt": other, "Resources.yaml": service, "a-notice.md": "Hello",
		}},
		{name: "a wording that no workflow asks for", files: map[string]string{"templates/c-list.md": builtin("en/c-list.md"), "templates/mine.md": strings.Replace(builtin("en/a-notice.md"), "family: A\n", "family: A\nwording: mine\n", 1)}},
		{name: "an address that tells", clinic: []string{"desk@pier.example.org", "desk@therapy.example.org"}},
		{name: "one wording in two files", files: map[string]string{"templates/a-notice.md": builtin("en/a-notice.md"), "templates/en/a-notice.md": builtin("en/a-notice.md")}},
		{name: "a wording in another language", clinic: []string{"people:\n", "languages: [en, es]\ntranslations: {es: {crisis_line: {name: Línea 988}}}\npeople:\n"}, files: map[string]string{
			"templates/es/a-notice.md": builtin("en/a-notice.md"),
		}},
		{name: "a waiver of what is never waived", clinic: []string{"feed_quiet: 8h", "feed_quiet: 8h\nlint:\n  waivers:\n    - {rule: missing-crisis-line, by: ruth, why: it is known}"}},
		{name: "a waiver", clinic: []string{"feed_quiet: 8h", "feed_quiet: 8h\nreply_hours: after the Recovery Circle\nlint:\n  waivers:\n    - {rule: clinical-word, words: [recovery], by: ruth, why: it is its name}"}},
		{name: "a waiver of other words than are found", clinic: []string{"feed_quiet: 8h", "feed_quiet: 8h\nlint:\n  waivers:\n    - rule: clinical-word\n      words: [anxiety, Recovery Circle]\n      by: ruth\n      why: it is its name\n    - {rule: grade, by: ruth, why: it is short}"}, files: map[string]string{
			"resources.yaml": strings.Replace(service, "Rides", "Recovery Circle", 1),
		}},
		{name: "a service's waiver of other words", files: map[string]string{
			"resources.yaml": strings.Replace(strings.Replace(service, "Rides", "Recovery Circle", 1), "checked:", "waiver: {words: [recovery, the circle], by: ruth, why: it is its name}, checked:", 1),
		}},
		{name: "links and words in a service", files: map[string]string{"resources.yaml": "resources:\n  - title: Rides\n    about: >\n      See ridetogether.org\n    hours: 'after therapy'\n    reach: {phone: \"1\", url: \"https://rides.example.org/intake\"}\n    checked: 2026-11-01\n"}},
		{name: "a number that nobody can call", clinic: []string{"phone: \"988\"", "phone: n/a"}},
		{name: "numbers of which a press dials another", clinic: []string{"phone: \"988\"", "phone: 988 (24/7), emergency_phone: 1-800-273-TALK"}},
		{name: "an address in the crisis line's text", clinic: []string{"phone: \"988\"", "phone: \"988\", text: Or chat at 988lifeline.org"}},
	}
}

func approvedBy(t *testing.T, name, src, by string) string {
	t.Helper()
	out, _, err := workflows.Approve(name, []byte(src), by, time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC))
	if err != nil {
		return src // a file that cannot be read
	}
	return string(out)
}

func (b *brokenFolder) folder(t *testing.T) oneFolder {
	t.Helper()
	change := func(text string, pairs []string) string {
		for i := 0; i+1 < len(pairs); i += 2 {
			if !strings.Contains(text, pairs[i]) {
				t.Fatalf("%q is not there to be changed", pairs[i])
			}
			text = strings.Replace(text, pairs[i], pairs[i+1], 1)
		}
		return text
	}
	workflow := change(soundWorkflow, b.workflow)
	if !b.unapproved {
		workflow = change(approvedBy(t, "missed", workflow, "Dr. Ruth Adeyemi"), b.late)
	}
	files := fstest.MapFS{
		"clinic.yaml":           {Data: []byte(change(soundClinic, b.clinic))},
		"workflows/missed.yaml": {Data: []byte(workflow)},
	}
	for name, text := range b.files {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return oneFolder{"pier", files}
}

// TestRulesInDocs: docs/check.md lists every rule, as the program has it; -update writes
// the list anew.
func TestRulesInDocs(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "docs", "check.md")
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const head = "| rule | level | what it finds | mend |\n| --- | --- | --- | --- |\n"
	before, rest, found := strings.Cut(string(page), head)
	_, after, ended := strings.Cut(rest, "\n## ")
	if !found || !ended {
		t.Fatal("docs/check.md has no list of rules")
	}
	var rows strings.Builder
	for _, r := range CheckRules() {
		fmt.Fprintf(&rows, "| `%s` | %s | %s | %s |\n", r.ID, r.Level, r.What, r.Mend)
	}
	want := before + head + rows.String() + "\n## " + after
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	} else if diff := cmp.Diff(want, string(page)); diff != "" {
		t.Errorf("docs/check.md (-want +got; -update writes it anew):\n%s", diff)
	}
}

// TestCheckSaysWhatToDo holds what a check says of a folder with one fault, and that
// each rule has such a folder. The clock stands still: some rules ask what day it is.
func TestCheckSaysWhatToDo(t *testing.T) {
	t.Parallel()
	base, err := templates.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	rules := CheckRules()
	seen := map[string]bool{}
	var out strings.Builder
	for _, b := range brokenFolders(t) {
		_, found := checkFolder(base, b.folder(t), now)
		out.WriteString("== " + b.name + "\n")
		if err := finding.WriteText(&out, "", found); err != nil {
			t.Fatal(err)
		}
		out.WriteString("\n")
		for _, f := range found {
			seen[f.Rule] = true
			if _, known := finding.Look(rules, f.Rule); !known || f.Message == "" || f.Mend == "" || f.Line < 1 || f.Column < 1 {
				t.Errorf("%s: %+v", b.name, f)
			}
		}
		if b.name == "nothing wrong" && len(found) > 0 {
			t.Errorf("of a sound folder: %v", found)
		} else if b.name != "nothing wrong" && len(found) == 0 {
			t.Errorf("%s: nothing was found", b.name)
		}
	}
	for _, r := range finding.Rules() {
		if !seen[r.ID] {
			t.Errorf("no folder breaks %s", r.ID)
		}
	}
	golden(t, "check.txt", out.String())
}
