package app

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/escalation"
)

// messages are what warnings say, each with its place and mend in one line.
func messages(c *workflows.Clinic, now time.Time) []string {
	var out []string
	for _, f := range warnings(c, now) {
		line := fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Message)
		if f.Mend != "" {
			line += "; " + f.Mend
		}
		out = append(out, line)
	}
	return out
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	policy := func(within ...time.Duration) escalation.Policy {
		var p escalation.Policy
		for _, d := range within {
			p.Rungs = append(p.Rungs, escalation.Rung{Owner: []string{"assigned", "cover"}[len(p.Rungs)%2], Within: d})
		}
		return p
	}
	const day = 8 * time.Hour
	if got := messages(&workflows.Clinic{FeedQuiet: day}, time.Now()); len(got) != 1 || !strings.Contains(got[0], "there is no `emergency` address") {
		t.Errorf("without an emergency address: %q", got)
	}
	desk := escalation.Staff{People: []escalation.Person{{ID: "emergency-1", Emergency: true}}}
	if got := messages(&workflows.Clinic{Staff: desk}, time.Now()); len(got) != 1 || !strings.Contains(got[0], "`feed_quiet` is not set") {
		t.Errorf("nobody hears of silence: %q", got)
	}
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	reached := desk
	reached.People = append(slices.Clone(desk.People), escalation.Person{ID: "amara"}, escalation.Person{ID: "jonas", Verified: 20251101}, escalation.Person{ID: "mei", Verified: 20251102})
	if got := messages(&workflows.Clinic{FeedQuiet: day, Staff: reached}, now); len(got) != 2 || !strings.Contains(got[0], "mail reaches amara") || !strings.Contains(got[1], "mail reaches jonas") {
		t.Errorf("who was not verified: %q", got)
	}
	got := messages(&workflows.Clinic{FeedQuiet: day, Staff: desk, Policies: map[string]escalation.Policy{
		"late-rung": policy(2*time.Hour, 30*time.Minute), "safety": policy(10*time.Minute, time.Hour), "slow": policy(time.Hour, 24*time.Hour),
	}}, time.Now())
	if len(got) != 2 || !strings.Contains(got[0], "late-rung gives people 30 minutes") || !strings.Contains(got[1], "safety gives people 10 minutes") {
		t.Errorf("%q", got)
	}
}

func TestWarningsOfStaleResources(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	desk := escalation.Staff{People: []escalation.Person{{ID: "emergency-1", Emergency: true}}}
	const services = `resources:
  - {title: Looked at, reach: {phone: "1"}, checked: 2026-03-01}
  - title: Forgotten
    reach: {phone: "1"}
    checked: 2025-10-01
  - {title: Over, reach: {phone: "1"}, checked: 2026-03-01, until: 2026-10-31}
  - {title: Last day, reach: {phone: "1"}, checked: 2026-03-01, until: 2026-11-01}
  - {title: To come, reach: {phone: "1"}, checked: 2027-03-01}
`
	folder := spanishClinic(t, "")
	folder["resources.yaml"] = &fstest.MapFile{Data: []byte(services)}
	read, err := workflows.ReadClinic(folder, "quay")
	if err != nil {
		t.Fatal(err)
	}
	c := &workflows.Clinic{Zone: zone, FeedQuiet: time.Hour, Staff: desk, Resources: read.Resources, Files: map[string][]byte{"resources.yaml": []byte(services)}}
	// It is the 1st of November in Chicago, and the 2nd in London.
	got := messages(c, time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC))
	want := []string{
		"resources.yaml:5:14: Forgotten was last looked at on 1 October 2025, more than a year ago",
		"resources.yaml:6:68: Over has ended and is listed no more; take it out, or change `until`",
		"resources.yaml:8:52: To come is said to have been looked at on 1 March 2027, which has not come yet; write the day of the last look into `checked`",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// A way to reach people that this program does not know is refused by name; a pager
// beside mail takes the warning of a short policy away.
func TestReachedBeside(t *testing.T) {
	t.Parallel()
	c := &workflows.Clinic{
		FeedQuiet: time.Hour,
		Staff: escalation.Staff{People: []escalation.Person{
			{ID: "amara", Email: "a@x.example", Verified: 20261001, Roles: []string{"lead"}, Reach: map[string]string{"webhook": "a"}},
			{ID: "desk", Emergency: true},
		}},
		Policies: map[string]escalation.Policy{"safety": {Rungs: []escalation.Rung{{Owner: "role:lead", Within: time.Minute}, {Owner: "person:amara", Within: time.Minute}}}},
	}
	now := time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC)
	if got := messages(c, now); len(got) != 0 {
		t.Errorf("with a pager: %q", got)
	}
	c.Staff.People = append(c.Staff.People, escalation.Person{ID: "jonas", Email: "j@x.example", Verified: 20261001, Roles: []string{"lead"}})
	if got := messages(c, now); len(got) != 1 || !strings.Contains(got[0], "mail is all that reaches some of them") {
		t.Errorf("with one of two: %q", got)
	}
	if wrong := unknownChannels(c); len(wrong) > 0 {
		t.Error(wrong)
	}
	c.Staff.People[0].Reach["pigeon"] = "loft"
	if wrong := unknownChannels(c); len(wrong) != 1 || !strings.Contains(wrong.Error(), `amara is to be reached by "pigeon"`) {
		t.Errorf("an unknown channel: %v", wrong)
	}
}

// Policies that only seem to be safe, and people who share an address, are named.
func TestThinPolicies(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC)
	c := &workflows.Clinic{
		FeedQuiet: time.Hour,
		Staff: escalation.Staff{People: []escalation.Person{
			{ID: "amara", Email: "A@x.example", Verified: 20261001, Reach: map[string]string{"webhook": "a"}},
			{ID: "jonas", Email: "j@x.example", Verified: 20261001, Reach: map[string]string{"webhook": "j"}, Away: []escalation.Absence{{From: now.AddDate(0, -1, 0), To: now.AddDate(9, 0, 0)}}},
			{ID: "desk", Email: "a@x.example", Emergency: true},
		}},
		Policies: map[string]escalation.Policy{
			"one":  {Rungs: []escalation.Rung{{Owner: "assigned", Within: 2 * time.Hour}, {Owner: "assigned", Within: 2 * time.Hour}}},
			"slow": {Hold: 48 * time.Hour, Rungs: []escalation.Rung{{Owner: "assigned", Within: 72 * time.Hour}, {Owner: "person:jonas", Within: time.Hour}}},
		},
	}
	got := strings.Join(messages(c, now), "\n")
	for _, want := range []string{
		"amara and desk have one mail address",
		"the policy one asks assigned alone",
		"the policy slow lets its rung 1 wait 72 hours",
		"the policy slow asks person:jonas on its rung 2, where nobody can be asked now",
		"the policy slow gives whoever took a question 48 hours",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no warning %q in\n%s", want, got)
		}
	}
	if n := strings.Count(got, "\n") + 1; n != 5 {
		t.Errorf("%d warnings:\n%s", n, got)
	}
}
