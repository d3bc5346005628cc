package workflows

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/mooring-care/mooring/events"
)

// TestTelephonesAreOneNumber: each number of clinic.yaml and resources.yaml is taken
// where a press dials it as it is meant, and refused with what to write elsewhere.
func TestTelephonesAreOneNumber(t *testing.T) {
	t.Parallel()
	const one, digits = "must be one number, which a press dials, not ", "must be one number in digits, which a press dials, not "
	for _, tc := range []struct{ number, want string }{
		{"+1 555 0100", ""},
		{"988", ""},
		{"(555) 010-0142", ""},
		{"+52 (800) 290.0024", ""},
		{"1  800 273 8255", ""},
		{"*31#555-0100", ""},
		{"999999999999999", ""},
		{"9999999999999999", one},
		{"988 (24/7)", one + "`988 (24/7)`; write one number, such as \""},
		{"988 (24)", one},
		{"911 or 988", one},
		{"988, option 1", one},
		{"988; 911", one},
		{"1-800-273-TALK", digits + "`1-800-273-TALK`; write 1-800-273-8255"},
		{"(800) 273-talk", digits + "`(800) 273-talk`; write (800) 273-8255"},
		{"+1 800 GO-FEDEX", digits + "`+1 800 GO-FEDEX`; write +1 800 46-33339"},
		{"2-800-273-TALK", one},
		{"1-800-HELP", one},
		{"TEXT 741741", one},
		{"1-800-273-8255 ext 4", one},
		{"1-800-273-8255x4", one},
		{"555 0100 / 555 0101", one},
		{"555 0100 - 555 0101", one},
		{"555 0100, 555 0101", one},
		{"+44 (0)20 7946 0958", "not `+44 (0)20 7946 0958`; leave out the 0 in brackets"},
		{"555 0100 (desk)", one},
		{"555+0100", one},
		{"++1 555 0100", one},
		{"+", one},
		{"*#", one},
		{"555\u20130100", "`555\u20130100`; write 555-0100"},
		{"555\u00a00100", "; write 555 0100"},
		{"٩١١", one},
		{"n/a", one},
		{"—", one},
	} {
		numbers := strings.ReplaceAll("phone: %\ncrisis_line: {name: A line, phone: %, emergency_phone: %}\nlanguages: [en, es]\ntranslations: {es: {crisis_line: {phone: %, emergency_phone: %}}}\n", "%", "\""+tc.number+"\"")
		text := numbers + strings.Replace(smallClinic, "crisis_line: {name: A line, phone: 988}\n", "", 1)
		service := strings.Replace(aResource, "\"1\"", "\""+tc.number+"\"", 1)
		_, err := ReadClinic(fstest.MapFS{"clinic.yaml": {Data: []byte(text)}, "resources.yaml": {Data: []byte(service)}}, "small")
		wrong, _ := errors.AsType[FileErrors](err)
		if tc.want == "" && err != nil || tc.want != "" && (len(wrong) != 6 || strings.Count(err.Error(), tc.want) != 6) {
			t.Errorf("%q: %v, want %q of each of the 6", tc.number, err, tc.want)
		}
	}
}

// FuzzNumbers: what is taken has digits, a plus at its beginning alone, and nothing that
// a press would leave out; what is offered in place of a text is a number.
func FuzzNumbers(f *testing.F) {
	for _, s := range []string{"988", "+1 (555) 010-0142", "1-800-273-TALK", "988 (24/7)", "555\u20130100", "*31#555"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if events.Dials(s) {
			if n := digitsIn(s); n == 0 || n > 15 || strings.LastIndexByte(s, '+') > 0 || strings.Trim(s, "0123456789+*# .-()") != "" {
				t.Errorf("%q is taken", s)
			}
		}
		for _, offer := range []string{spelled(s), typed(s)} {
			if offer != "" && (!events.Dials(offer) || events.Dials(s)) {
				t.Errorf("%q is offered for %q", offer, s)
			}
		}
	})
}

// TestPastedQuotes: what stands between the quotes of a word processor is refused at
// its place, and what holds some is not.
func TestPastedQuotes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ clinic, service, want string }{
		{"name: “Small”", "", "clinic.yaml:1:7: `name` stands between curly quotes"},
		{"name: \"“Small”\"", "", "clinic.yaml:1:7: `name`"},
		{"name: ‘Amara’s House’", "", "clinic.yaml:1:7: `name`"},
		{"name: «Small»", "", "clinic.yaml:1:7: `name`"},
		{"name: „Small“", "", "clinic.yaml:1:7: `name`"},
		{"name: >\n  “Small\n  house”", "", "clinic.yaml:1:7: `name`"},
		{"name: Small\nphone: “+1 555 0100”", "", "clinic.yaml:2:8: `phone` stands between curly quotes, which would be part of it: `“+1 555 0100”`; take the quotes out, or write straight ones"},
		{"name: Small\nlanguages: [“en”]", "", "clinic.yaml:2:13: `languages`"},
		{"name: “Small” House", "", ""},
		{"name: “Small” and “House”", "", ""},
		{"name: Amara’s House’", "", ""},
		{"name: ”", "", ""},
		{"name: Small", "“Rides”", "resources.yaml:2:13: `title`"},
		{"name: Small", "The “Rides”", ""},
	} {
		folder := fstest.MapFS{"clinic.yaml": {Data: []byte(strings.Replace(smallClinic, "name: Small", tc.clinic, 1))}}
		if tc.service != "" {
			folder["resources.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(aResource, "Rides", tc.service, 1))}
		}
		_, err := ReadClinic(folder, "small")
		wrong, _ := errors.AsType[FileErrors](err)
		if tc.want == "" && err != nil || tc.want != "" && (len(wrong) != 1 || !strings.HasPrefix(err.Error(), tc.want)) {
			t.Errorf("%s, %s: %v, want %q", tc.clinic, tc.service, err, tc.want)
		}
	}
}
