package workflows

import (
	"slices"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
)

// Notes: the newest word counts, whatever order they come in; what a note does
// not speak of stays; somebody's own words are never kept.
func TestNoted(t *testing.T) {
	dir := versions{sampleClinic(t)}
	note := func(id string, after time.Duration, n events.Note) events.Event {
		n.By = "amara"
		return events.Event{
			ID: id, Source: "test", Clinic: "sample", Key: "k", Kind: events.ClientNoted,
			Time: historyStart.Add(after), Data: events.Data{Note: &n},
		}
	}
	first := note("1", time.Hour, events.Note{Noticed: []string{"late", "quieter"}, Approach: "slower", Reason: "shame"})
	second := note("2", 2*time.Hour, events.Note{Noticed: []string{"wants-to-stop", "sighs a lot"}, Approach: "by letter", Reason: "her mother"})
	for name, order := range map[string][]events.Event{"in order": {first, second}, "late news": {second, first}} {
		var s State
		for _, ev := range order {
			s = Decide(s, dir, ev, historyStart.Add(3*time.Hour)).State
		}
		p := &s.Profile
		if got := p.Noticed.Get(); !slices.Equal(got, []string{"wants-to-stop"}) {
			t.Errorf("%s: noticed %q", name, got)
		}
		if p.Approach.Get() != "slower" || p.Reason.Get() != "shame" {
			t.Errorf("%s: approach %q, reason %q", name, p.Approach.Get(), p.Reason.Get())
		}
	}
}

// TestConditionsAskForNotes: what a clinician said is there to ask for, and
// nothing is where nobody said anything.
func TestConditionsAskForNotes(t *testing.T) {
	said := &Facts{Noticed: []string{"late", "wants-to-stop"}, Approach: "remote"}
	for _, c := range []struct {
		text  string
		facts *Facts
		want  bool
	}{
		{`"late" in noticed && approach == "remote"`, said, true},
		{`"quieter" in noticed`, said, false},
		{`size(noticed) == 2 && approach in ["slower", "remote"]`, said, true},
		{`noticed == ["late", "wants-to-stop"]`, said, true},
		{`size(noticed) == 0 && approach == ""`, &Facts{}, true},
		{`"late" in noticed`, &Facts{}, false},
	} {
		cond, wrong := compileCondition(c.text)
		if len(wrong) > 0 {
			t.Errorf("%s: %v", c.text, wrong)
			continue
		}
		if got, err := cond.Eval(c.facts); err != nil || got != c.want {
			t.Errorf("%s: %v, %v; want %v", c.text, got, err, c.want)
		}
	}
}

// TestReasonsOfNotesAreKnown: what staff can choose is what the engine keeps.
func TestReasonsOfNotesAreKnown(t *testing.T) {
	if got := choiceCodes(events.NoteReasons()); !slices.Equal(got, reasonCodes()) {
		t.Errorf("staff choose from %q, the engine knows %q", got, reasonCodes())
	}
}
