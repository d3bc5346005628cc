package workflows

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/mooring-care/mooring/workflows/sample"
)

// A slip in one line is named in plain words where it stands, and alone: what depends on
// the file that could not be read is not spoken of.
func TestSlips(t *testing.T) {
	files := fstest.MapFS{}
	for _, name := range []string{clinicFile, resourcesFile} {
		src, err := fs.ReadFile(sample.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: src}
	}
	files["workflows/late.yaml"] = &fstest.MapFile{Data: []byte("workflow: late\ntitle: Late\nwhy: It waits for the clinic to open.\nstart:\n  on: [appointment.noshow]\nsteps:\n  - send: {template: A, within: office-hours}\n  - task: {what: call-client, owner: role:nobody, due: 2d}\n")}
	src := string(files[clinicFile].Data)
	const hours = "reply_hours: Monday to Friday, 9 am to 5 pm"
	for name, test := range map[string]struct{ old, text, at, says string }{
		"colon":                    {hours, "reply_hours: Mon to Fri: 9 to 5", "12:14", "this text holds a colon (YAML says: mapping value is not allowed in this context); put quotes around a text that holds a colon"},
		"colon at the end":         {hours, "reply_hours: always:", "12:14", "this text holds a colon"},
		"apostrophe":               {"name: Harbour Lane\nzone", "name: 'Harbour's Lane'\nzone", "2:7", "an apostrophe ends this text, since a ' begins it"},
		"apostrophe at the front":  {hours, "reply_hours: 'tis Monday", "12:14", "this text begins with a quote that is not closed"},
		"open quote":               {`phone: "988"`, `phone: "988`, "15:10", "this text begins with a quote that is not closed"},
		"last open quote":          {"acknowledge_no_baa: false", `acknowledge_no_baa: "false`, "105:21", "this text begins with a quote that is not closed"},
		"half in quotes":           {hours, `reply_hours: "Monday" to Friday`, "12:14", "this text goes on behind the quote that ends it"},
		"backslash":                {"name: Harbour Lane\nzone", "name: \"C:\\Harbour\"\nzone", "2:11", "a backslash between double quotes has a meaning of its own"},
		"one space more":           {"  email: hello@", "   email: hello@", "8:4", "this line begins with 3 spaces, and the entries around it with 2 ("},
		"one space less":           {"  email: hello@", " email: hello@", "8:2", "this line begins with 1 space, and the entries around it with 0 or 2 ("},
		"a person's indent":        {"  jonas:\n", "   jonas:\n", "36:4", "this line begins with 3 spaces, and the entries around it with 2 or 4 ("},
		"indented at the top":      {"booking_url:", "  booking_url:", "5:3", "this line begins with 2 spaces, and the entries around it with 0 ("},
		"an entry's indent":        {"      - {owner: cover, within: 10m}", "     - {owner: cover, within: 10m}", "72:6", "this line begins with 5 spaces, and the entries around it with 4 or 6 ("},
		"tab":                      {"    email: amara", "\temail: amara", "32:1", "a tab stands here (YAML says: found character '⇥' that cannot start any token); indent with spaces"},
		"tab behind spaces":        {"    email: amara", "  \temail: amara", "32:3", "a tab stands here"},
		"no plain space":           {"    email: amara", "\u00a0\u00a0\u00a0\u00a0email: amara", "32:1", "the space here is no plain one"},
		"no plain space, colon":    {"zone: America", "zone:\u00a0America", "3:6", "the space here is no plain one"},
		"no comma":                 {`from: "20:00", to`, `from: "20:00" to`, "95:29", "a comma is missing before this"},
		"no comma, no quotes":      {"{name: Harbour Lane duty desk, email", "{name: Harbour Lane duty desk email", "59:12", "this text holds the key `email`, which is missing; write a comma before it"},
		"open brace":               {"email: duty@harbour-lane.example.org}", "email: duty@harbour-lane.example.org", "59:5", "the bracket { that begins here is not closed"},
		"open list":                {"languages: [en, es]", "languages: [en, es", "20:12", "the bracket [ that begins here is not closed"},
		"other bracket":            {"inform: [role:supervisor]}", "inform: [role:supervisor}", "71:48", "the bracket [ that begins here is not closed"},
		"brace too many":           {"email: duty@harbour-lane.example.org}", "email: duty@harbour-lane.example.org}}", "59:73", "this } closes a bracket that nothing opened"},
		"no opening brace":         {"- {owner: cover, within: 10m}", "- owner: cover, within: 10m}", "72:9", "a } ends this entry, and no { begins it"},
		"no colon":                 {"zone: America/Chicago", "zone America/Chicago", "3:1", "this line has no key with a colon behind it"},
		"two lines":                {hours, "reply_hours: Monday to Friday,\n9 am to 5 pm", "13:1", "this line has no key with a colon behind it"},
		"no space":                 {"    cover: jonas", "    cover:jonas", "35:5", "no space follows the colon (YAML says: non-map value is specified); write `cover: jonas`"},
		"no space behind a hyphen": {"- {owner: cover", "-{owner: cover", "72:7", "no space follows the hyphen"},
		"a sign":                   {"name: Harbour Lane\nzone", "name: @Harbour\nzone", "2:7", "this text begins with @, which YAML reads as a sign of its own"},
		"a backquote":              {hours, "reply_hours: `always", "12:14", "this text begins with a backquote, which YAML reads as a sign of its own (YAML says: ''' is a reserved character); put quotes"},
		"a list and more":          {hours, "reply_hours: [always] there", "12:14", "this text begins with [,"},
		"folded":                   {hours, "reply_hours: > always", "12:14", "this text begins with >,"},
		"comma":                    {"name: Thanksgiving}", "name: Thanks, giving}", "101:36", "unknown key `giving`, with nothing behind it; put quotes around a text that holds a comma, or correct the key"},
		"comment":                  {hours, "reply_hours: #1 always", "12:13", "`reply_hours` has no text, since # begins a comment, which nothing reads; put quotes around a text that begins with #"},
		"comment in brackets":      {"name: Thanksgiving}", "name: #1 day}", "101:5", "the bracket { that begins here is not closed, since # begins a comment and what stands behind it is not read"},
		"a language":               {"languages: [en, es]", "languages: [en, es-MX]", "20:17", "`languages` must be the code of a language alone"},
		"hours":                    {`mon-fri: {from: "09:00", to: "17:00"}`, `mo-fri: {from: "09:00", to: "17:00"}`, "99:3", "unknown weekday `mo-fri`"},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(src, test.old) {
				t.Fatalf("clinic.yaml does not say %q", test.old)
			}
			files[clinicFile] = &fstest.MapFile{Data: []byte(strings.Replace(src, test.old, test.text, 1))}
			_, err := ReadClinic(files, "one")
			if err == nil {
				t.Fatal("read without an error")
			}
			// The task's owner is nobody's role: that is said where the people were read.
			var got []string
			for line := range strings.SplitSeq(err.Error(), "\n") {
				if !strings.Contains(line, "has the role `nobody`") {
					got = append(got, line)
				}
			}
			if want := clinicFile + ":" + test.at + ": " + test.says; len(got) != 1 || !strings.HasPrefix(got[0], want) {
				t.Errorf("got\n%s\nwant one that begins with\n%s", strings.Join(got, "\n"), want)
			}
		})
	}
}

// A space that no keyboard types makes a key that means nothing.
func TestSpaceInKey(t *testing.T) {
	src := strings.Replace(smallClinic, "\nzone:", "\n\u00a0zone:", 1)
	_, err := ReadClinic(fstest.MapFS{clinicFile: {Data: []byte(src)}}, "small")
	const want = "clinic.yaml:2:1: unknown key `zone`, which begins or ends with a space that is no plain one, as it comes from a web page or a word processor; type the spaces again"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v", err)
	}
}
