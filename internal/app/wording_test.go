package app

import (
	"strings"
	"testing"

	"github.com/mooring-care/mooring/notifier/templates"
	"github.com/mooring-care/mooring/workflows"
)

// TestNoClinicalWordsInResources: what a list of services may not say is refused
// with its place, and let by when somebody answers for it.
func TestNoClinicalWordsInResources(t *testing.T) {
	t.Parallel()
	base, err := templates.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	waiver := &workflows.Waiver{Words: []string{"recovery"}, By: "ruth", Why: "its name"}
	for _, tc := range []struct {
		entry workflows.Resource
		want  []string
	}{
		{workflows.Resource{Title: "Ride Together", About: "Rides to a visit.", Cost: "A small fee"}, nil},
		{workflows.Resource{Title: "Anxiety group", Line: 3}, []string{"resources.yaml:3:1: \"anxiety\" in `title`"}},
		{workflows.Resource{Title: "A group", About: "For people in thera\u00adpy with depr\u0435ssion", Line: 4}, []string{"\"therapy\" in `about`", "\"depression\" in `about`"}},
		{workflows.Resource{Title: "A group", Hours: "After intake", Cost: "Ask your doctor"}, []string{"\"intake\" in `hours`", "\"doctor\" in `cost`"}},
		{workflows.Resource{Title: "A group", Reach: workflows.Reach{URL: "https://trauma.example.org", Address: "Rehab house"}}, []string{"\"rehab\" in `address`", "\"trauma\" in `url`"}},
		{workflows.Resource{Title: "Recovery Circle"}, []string{"\"recovery\" in `title`"}},
		{workflows.Resource{Title: "Recovery Circle", Waiver: waiver}, nil},
		{workflows.Resource{Title: "Recovery after trauma", Waiver: waiver}, []string{"\"trauma\" in `title`"}},
	} {
		err := fitToLeave(base, &workflows.Clinic{ID: "quay", Resources: []workflows.Resource{tc.entry}})
		got := ""
		if err != nil {
			got = err.Error()
		}
		if (len(tc.want) == 0) != (err == nil) || strings.Count(got, "may not stand in a mail") != len(tc.want) {
			t.Errorf("%q: %v, want %q", tc.entry.Title, err, tc.want)
		}
		for _, want := range tc.want {
			if !strings.Contains(got, want) {
				t.Errorf("%q: %v, want %q", tc.entry.Title, err, want)
			}
		}
	}
}

// TestDraftsAskForKnownWordings: a draft that nobody could ever approve is refused,
// with the place of the wording.
func TestDraftsAskForKnownWordings(t *testing.T) {
	t.Parallel()
	base, err := templates.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	w, err := workflows.ReadWorkflow("own.yaml", []byte("workflow: own\ntitle: Own\nwhy: A test.\nstart: {on: [client.signal]}\nsteps:\n  - send: {template: A, wording: warmer}\n"))
	if err != nil {
		t.Fatal(err)
	}
	c := &workflows.Clinic{ID: "quay", Drafts: []*workflows.Workflow{w}}
	if err := fitToLeave(base, c); err == nil || !strings.Contains(err.Error(), "workflows/own.yaml:6:34: the step \"1\" asks for the wording \"warmer\"") {
		t.Errorf("a draft with an unknown wording: %v", err)
	}
	if _, err := wordingOf(base, c); err != nil {
		t.Errorf("an older version of the clinic cannot be read for its draft: %v", err)
	}
}
