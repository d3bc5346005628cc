package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mooring-care/mooring/internal/testkit"
)

const testClinics = "testdata/clinics"

// sendStory sends what the golden stories begin with.
func sendStory(t *testing.T) {
	t.Helper()
	who := []string{
		"--clinician", "amara", "--consent", "granted", "--time-zone", "America/Chicago", "--email-verified",
		"--start", "2026-03-02T14:00:00Z", "--at", "2026-03-02T15:10:00Z", "--source", "test",
	}
	done(t, slices.Concat([]string{
		"event", "appointment.noshow", "--client", "8421", "--id", "1", "--appointment", "a-1",
		"--first-name", "Sam", "--last-name", "Okafor", "--email", "sam@example.org", "--risk", "none",
	}, who)...)
	done(t, slices.Concat([]string{
		"event", "appointment.noshow", "--client", "8422", "--id", "2", "--appointment", "a-2",
		"--first-name", "Dee", "--last-name", "Alvarez", "--email", "dee@example.org", "--risk", "high",
	}, who)...)
}

// statusOfMail is the ledger's word on a client's only message.
func statusOfMail(t *testing.T, client string) string {
	t.Helper()
	c := call(t, "client", "show", client, "--json")
	var story struct {
		Messages []struct{ Status string }
		Timeline []struct{ Reason string }
	}
	if c.code != exitDone || json.Unmarshal([]byte(c.out), &story) != nil || len(story.Messages) == 0 {
		return ""
	}
	for _, m := range story.Timeline {
		if m.Reason == "provider-accepted" {
			return story.Messages[0].Status
		}
	}
	return "" // the notifier has not reported yet
}

var (
	stamps   = regexp.MustCompile(`(T\d\d:\d\d):\d\d(\.\d+)?Z`)
	versions = regexp.MustCompile(`"v[0-9a-f]{16}"`)
)

// What a client's story says does not depend on whether Mooring runs.
func TestClientShow(t *testing.T) {
	settle(t, testClinics)
	a := begin(t)
	sendStory(t)
	testkit.Eventually(t, patience, "both mails are accepted", func() bool {
		return statusOfMail(t, "8421") == "accepted" && statusOfMail(t, "8422") == "accepted"
	})
	fails(t, exitWrong, "has no client with the EHR id 9", "client", "show", "9")
	fails(t, exitMisuse, `there is no clinic "elsewhere" here; there is: quay`, "client", "show", "8421", "--clinic", "elsewhere")
	stories := func(t *testing.T) {
		golden(t, "client-care.txt", done(t, "client", "show", "8421"))
		golden(t, "client-safety.txt", done(t, "client", "show", "8422", "--clinic", "quay"))
		for _, name := range []string{"8421", "8422"} {
			text := done(t, "client", "show", name, "--json")
			text = versions.ReplaceAllString(stamps.ReplaceAllString(text, "$1:00Z"), `"v…"`)
			golden(t, "client-"+name+".json", text)
		}
	}
	t.Run("running", stories)
	a.Stop(context.Background())
	t.Run("stopped", stories)
	// A command that stood in has given everything back.
	begin(t)
	t.Run("running again", stories)
}

func TestClientShowWithoutData(t *testing.T) {
	settle(t, testClinics)
	fails(t, exitMisuse, "there is no Mooring's data in", "client", "show", "8421")
	if _, err := os.Stat(os.Getenv("MOORING_DATA")); !os.IsNotExist(err) {
		t.Errorf("a command made the data folder: %v", err)
	}
	fails(t, exitMisuse, "<ehr-id>", "client", "show")
}

// With another client key every client would be a stranger; a command says so.
func TestClientShowOtherKey(t *testing.T) {
	settle(t, testClinics)
	begin(t)
	t.Setenv("MOORING_CLIENT_KEY", "YW5vdGhlciBjbGllbnQga2V5LCAzMiBieXRlcyBsb25n")
	fails(t, exitWrong, "the client key is another one", "client", "show", "8421")
}

// Every field of the JSON stands in the documentation.
func TestClientShowJSONIsDocumented(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "commands.md"))
	if err != nil {
		t.Fatal(err)
	}
	fields := regexp.MustCompile(`"([a-z_0-9]+)":`)
	seen := map[string]bool{}
	for _, name := range []string{"client-8421.json", "client-8422.json"} {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range fields.FindAllStringSubmatch(string(text), -1) {
			seen[m[1]] = true
		}
	}
	if len(seen) < 40 {
		t.Fatalf("only %d fields were found", len(seen))
	}
	for name := range seen {
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("docs/commands.md does not name the field %s", name)
		}
	}
}
