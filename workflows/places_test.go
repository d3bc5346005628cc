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
