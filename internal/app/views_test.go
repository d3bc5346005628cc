package app

import (
	"slices"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/internal/web"
	"github.com/mooring-care/mooring/workflows"
)

// TestBrief: whatever reason client or clinician can give stands in the brief in
// words and with a sentence to begin with; of mails those count that left in the
// last two weeks.
func TestBrief(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 16, 0, 0, 0, time.UTC)
	c := &Clock{}
	c.epoch.Store(&jetstream.Epoch{Real: time.Now(), Shown: now})
	v := &views{&reader{clock: c, clinics: &clinics{}}}
	fact := func(s *workflows.State, label string) string {
		facts, _ := v.brief("quay", s, now)
		i := slices.IndexFunc(facts, func(f web.Fact) bool { return f.Label == label })
		if i < 0 {
			return ""
		}
		return facts[i].Text
	}
	for _, r := range events.NoteReasons() {
		s := &workflows.State{Profile: workflows.Profile{Reason: &workflows.Field[string]{Value: r.Code, At: now}}}
		if fact(s, "Why they stepped back") == "" {
			t.Errorf("%s: the brief does not say why", r.Code)
		}
		if own := opening(r.Code) != opening(""); own != (r.Code != "other") {
			t.Errorf("%s: a sentence of its own: %v", r.Code, own)
		}
	}
	ago := func(days int, lane workflows.Lane, status workflows.SendStatus) workflows.Send {
		return workflows.Send{At: now.Add(-time.Duration(days) * 24 * time.Hour), Lane: lane, Status: status}
	}
	s := &workflows.State{Sends: []workflows.Send{
		ago(1, workflows.LaneCare, workflows.SendAccepted), ago(2, workflows.LaneCare, workflows.SendUnknown),
		ago(15, workflows.LaneCare, workflows.SendAccepted), ago(1, workflows.LaneSafety, workflows.SendAccepted),
		ago(0, workflows.LaneCare, workflows.SendAsked), ago(0, workflows.LaneCare, workflows.SendStopped),
	}}
	if got := fact(s, "Mails in the last two weeks"); got != "three" {
		t.Errorf("of three mails that left, or are about to, the brief counts %q", got)
	}
	s.Profile.Answered = &workflows.Field[workflows.Answered]{Value: workflows.Answered{Wish: "call"}, At: now}
	s.Profile.Noticed = &workflows.Field[[]string]{Value: []string{"quieter"}, At: now}
	s.Profile.Approach = &workflows.Field[string]{Value: "slower", At: now}
	s.Profile.Reason = &workflows.Field[string]{Value: "stress", At: now}
	for label, want := range map[string]string{
		"What they wish for": "A call from the clinic", "What was noticed": "Quieter than before",
		"What they would like better": "Go slower, or take smaller steps", whyNoted: "",
	} {
		if got := fact(s, label); got != want {
			t.Errorf("%s: the brief says %q, want %q", label, got, want)
		}
	}
}
