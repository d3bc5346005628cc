package workflows

import "testing"

func TestPlaces(t *testing.T) {
	p := ReadPlaces([]byte("name: Quay\npolicies:\n  safety:\n    rungs:\n      - {owner: assigned, within: 10m}\n      - owner: role:lead\n        within: 1h\n\"on_call\": ruth\n"))
	for _, tc := range []struct {
		path         []string
		line, column int
	}{
		{[]string{"name"}, 1, 1},
		{[]string{"policies", "safety"}, 3, 3},
		{[]string{"policies", "safety", "rungs", "0", "within"}, 5, 27},
		{[]string{"policies", "safety", "rungs", "1"}, 6, 9},
		{[]string{"policies", "safety", "rungs", "1", "within"}, 7, 9},
		// What is not there is where it would belong.
		{[]string{"policies", "safety", "rungs", "1", "inform"}, 6, 9},
		{[]string{"policies", "same-day", "hold"}, 2, 1},
		{[]string{"on_call"}, 8, 1},
		{[]string{"emergency"}, 1, 1},
		{nil, 1, 1},
	} {
		if line, column := p.Of(tc.path...); line != tc.line || column != tc.column {
			t.Errorf("%v stands at %d:%d, want %d:%d", tc.path, line, column, tc.line, tc.column)
		}
	}
	for _, src := range []string{"", "a: [", "- a\n"} {
		if line, column := ReadPlaces([]byte(src)).Of("a"); line != 1 || column != 1 {
			t.Errorf("%q: %d:%d", src, line, column)
		}
	}
}

// TestPlacesOfValues: a value is found by its path, however it is written and whatever
// else in the file reads the same.
func TestPlacesOfValues(t *testing.T) {
	p := ReadPlaces([]byte("# Front desk\nname: Front desk\nfrom: {name: Front desk, email: a@b.example}\nreply_to:\n  name: 'Front desk'\n  note: >\n    Front\n    desk\n" +
		"  code: \"Fr\\u006fnt desk\"\n  long: Front\n    desk and more\n  below:\n    Front desk\n  plain: |-\n    Front desk\nlist:\n  - Front desk\n  - {a: [Front desk, \"Front desk\"]}\n"))
	for _, tc := range []struct {
		path         []string
		line, column int
	}{
		{[]string{"name"}, 2, 7},
		{[]string{"from", "name"}, 3, 14},
		{[]string{"from"}, 3, 7},
		{[]string{"reply_to"}, 5, 3},
		{[]string{"reply_to", "name"}, 5, 9},
		{[]string{"reply_to", "note"}, 6, 9},
		{[]string{"reply_to", "code"}, 9, 9},
		{[]string{"reply_to", "long"}, 10, 9},
		{[]string{"reply_to", "below"}, 13, 5},
		{[]string{"reply_to", "plain"}, 14, 10},
		{[]string{"list", "0"}, 17, 5},
		{[]string{"list", "1", "a", "1"}, 18, 22},
		// What is not there is where it would belong.
		{[]string{"reply_to", "email"}, 4, 1},
		{[]string{"phone"}, 1, 1},
	} {
		if line, column := p.ValueOf(tc.path...); line != tc.line || column != tc.column {
			t.Errorf("%v stands at %d:%d, want %d:%d", tc.path, line, column, tc.line, tc.column)
		}
	}
}
