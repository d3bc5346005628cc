package main

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/mooring-care/mooring/internal/testkit"
)

// mailState is what the story says about mail to the client.
type mailState struct {
	Profile struct {
		Paused *struct {
			Value struct {
				On    bool
				Until string
			}
		}
		OptedOut *struct{ Value bool } `json:"opted_out"`
	}
	Timeline []struct{ Reason, Person string }
}

func mailOf(t *testing.T, client string) mailState {
	t.Helper()
	var s mailState
	if err := json.Unmarshal([]byte(done(t, "client", "show", client, "--json")), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// A pause and its end are decided before a command says so, and name who acted.
func TestClientPauseAndResume(t *testing.T) {
	settle(t, testClinics)
	a := begin(t)
	sendStory(t)
	testkit.Eventually(t, patience, "the client is known", func() bool {
		return call(t, "client", "show", "8421").code == exitDone
	})

	if out := done(t, "client", "pause", "8421", "--until", "2026-03-09", "--by", "ruth"); out != "Done: staff paused mail for this client.\n" {
		t.Errorf("pausing says %q", out)
	}
	s := mailOf(t, "8421")
	// Midnight in Chicago, on a Monday on which its clocks have changed.
	if p := s.Profile.Paused; p == nil || !p.Value.On || p.Value.Until != "2026-03-09T05:00:00Z" {
		t.Errorf("paused: %+v", p)
	}
	named := false
	for _, m := range s.Timeline {
		named = named || m.Reason == "paused" && m.Person == "ruth"
	}
	if !named {
		t.Errorf("nobody is named for the pause: %+v", s.Timeline)
	}

	if out := done(t, "client", "resume", "8421", "--by", "amara"); out != "Done: staff lifted the pause.\n" {
		t.Errorf("resuming says %q", out)
	}
	if s = mailOf(t, "8421"); s.Profile.Paused.Value.On || s.Profile.OptedOut != nil {
		t.Errorf("after resuming: %+v", s.Profile)
	}
	if out := done(t, "client", "resume", "8421", "--by", "amara", "--opt-in"); out != "Done: staff noted that the client wants mail again.\n" {
		t.Errorf("opting in says %q", out)
	}
	if s = mailOf(t, "8421"); s.Profile.OptedOut == nil || s.Profile.OptedOut.Value {
		t.Errorf("after opting in: %+v", s.Profile)
	}

	fails(t, exitMisuse, "--by", "client", "pause", "8421")
	fails(t, exitMisuse, `there is no person "nobody" in the clinic quay`, "client", "pause", "8421", "--by", "nobody")
	fails(t, exitMisuse, "a day to come", "client", "pause", "8421", "--by", "ruth", "--until", "2026-03-02")
	fails(t, exitMisuse, "a day to come", "client", "pause", "8421", "--by", "ruth", "--until", "tomorrow")
	fails(t, exitWrong, "has no client with the EHR id 9", "client", "resume", "9", "--by", "ruth")
	if s = mailOf(t, "8421"); s.Profile.Paused.Value.On {
		t.Error("what was refused counted all the same")
	}

	a.Stop(context.Background())
	fails(t, exitWrong, "only a running one decides", "client", "pause", "8421", "--by", "ruth")
}
