package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/mooring-care/mooring/internal/testkit"
)

// settled waits until both clients' mails are told of, and AUDIT has all of it.
func settledStory(t *testing.T) {
	t.Helper()
	sendStory(t)
	testkit.Eventually(t, patience, "both mails are accepted", func() bool {
		return statusOfMail(t, "8421") == "accepted" && statusOfMail(t, "8422") == "accepted"
	})
}

// The verification ends with 0 while all is right, running or stopped, and with 1
// and the client's key where it is not.
func TestAuditVerify(t *testing.T) {
	settle(t, testClinics)
	a := begin(t)
	settledStory(t)
	right := func(t *testing.T) {
		t.Helper()
		out := done(t, "audit", "verify")
		if !strings.Contains(out, "of 2 clients. ACCESS: ") || !strings.Contains(out, "Every chain is whole") {
			t.Errorf("it says\n%s", out)
		}
	}
	right(t)
	text := done(t, "audit", "verify", "--clinic", "quay", "--json")
	var check struct {
		Entries int
		Wrong   []struct{ Client, Do string }
		Ends    []struct{ Client, Hash string }
	}
	if err := json.Unmarshal([]byte(text), &check); err != nil || check.Entries < 2 || check.Wrong == nil || len(check.Ends) < 2 {
		t.Fatalf("%v\n%s", err, text)
	}
	documented(t, "docs/audit.md", text, 10)
	earlier := filepath.Join(t.TempDir(), "earlier.json")
	write := func(text string) {
		if err := os.WriteFile(earlier, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(text)
	done(t, "audit", "verify", "--earlier", earlier)
	a.Stop(context.Background())
	right(t)
	// As if the chain had been another one then.
	write(strings.Replace(text, check.Ends[0].Hash, strings.Repeat("0", 64), 1))
	c := call(t, "audit", "verify", "--earlier", earlier)
	if c.code != exitWrong || !strings.Contains(c.out, "client "+check.Ends[0].Client) || strings.Contains(c.out, "8421") || !strings.Contains(c.err, "one thing is wrong") {
		t.Errorf("exit %d\n%s%s", c.code, c.out, c.err)
	}
	fails(t, exitMisuse, "--earlier takes what", "audit", "verify", "--earlier", earlier+"x")
	fails(t, exitMisuse, `there is no clinic "elsewhere"`, "audit", "verify", "--clinic", "elsewhere")
}

// TestAuditAccess: looking a client up at a terminal is written down, and listed by
// client and by person, without a name of the client.
func TestAuditAccess(t *testing.T) {
	settle(t, testClinics)
	begin(t)
	sendStory(t)
	testkit.Eventually(t, patience, "the client is known", func() bool { return call(t, "client", "show", "8422").code == exitDone })
	done(t, "client", "show", "8422", "--by", "ruth")
	fails(t, exitMisuse, `there is no person "nobody"`, "client", "show", "8422", "--by", "nobody")
	out := done(t, "audit", "access", "--client", "8422")
	if !strings.Contains(out, "an operator at a terminal") || !strings.Contains(out, "by --by at a terminal") || strings.Contains(out, "8422") || strings.Contains(out, "Dee") {
		t.Errorf("it says\n%s", out)
	}
	text := done(t, "audit", "access", "--person", "ruth", "--since", "1d", "--json")
	var rows []struct{ Client, Who, Page string }
	if err := json.Unmarshal([]byte(text), &rows); err != nil || len(rows) != 1 || rows[0].Who != "ruth" || rows[0].Page != "terminal" || len(rows[0].Client) != 26 {
		t.Errorf("%v\n%s", err, text)
	}
	documented(t, "docs/audit.md", text, 7)
	if out := done(t, "audit", "access", "--person", "amara"); !strings.Contains(out, "Nobody looked") {
		t.Errorf("it says\n%s", out)
	}
	fails(t, exitMisuse, "--client, a person with --person", "audit", "access")
	fails(t, exitMisuse, "--since takes", "audit", "access", "--person", "ruth", "--since", "lately")
	fails(t, exitWrong, "has no client with the EHR id 9", "audit", "access", "--client", "9")
}

// TestAuditExportAndReport: one escalation's story, and the count of all, by the
// commands; running or stopped they say the same.
func TestAuditExportAndReport(t *testing.T) {
	settle(t, testClinics)
	a := begin(t)
	settledStory(t)
	var story struct{ Escalations []struct{ ID string } }
	if err := json.Unmarshal([]byte(done(t, "client", "show", "8422", "--json")), &story); err != nil || len(story.Escalations) != 1 {
		t.Fatal(story, err)
	}
	id := story.Escalations[0].ID
	text := done(t, "audit", "export", id, "--by", "ruth", "--json")
	documented(t, "docs/audit.md", text, 20)
	report := done(t, "report", "escalations", "--since", "90d", "--json")
	documented(t, "docs/audit.md", report, 15)
	both := func(t *testing.T) {
		t.Helper()
		if out := done(t, "audit", "export", id); !strings.Contains(out, "Amara Cole is asked by mail") || !strings.Contains(out, "The chain is whole") ||
			!strings.Contains(out, "Ruth Adeyemi, by --by at a terminal: mooring audit export") || strings.Contains(out, "Alvarez") {
			t.Errorf("it says\n%s", out)
		}
		if out := done(t, "report", "escalations", "--clinic", "quay"); !strings.Contains(out, "nobody yet") {
			t.Errorf("it says\n%s", out)
		}
	}
	both(t)
	fails(t, exitWrong, "has no escalation abc: no decision speaks of it", "audit", "export", "abc")
	fails(t, exitMisuse, `there is no person "nobody"`, "audit", "export", id, "--by", "nobody")
	fails(t, exitMisuse, "--since takes", "report", "escalations", "--since", "lately")
	fails(t, exitMisuse, `there is no clinic "elsewhere"`, "report", "escalations", "--clinic", "elsewhere")
	a.Stop(context.Background())
	both(t)
}

// documented fails for every field of some JSON that a page does not name.
func documented(t *testing.T, page, text string, atLeast int) {
	t.Helper()
	words := docs(t, page)
	fields := regexp.MustCompile(`"([a-z_0-9]+)":`).FindAllStringSubmatch(text, -1)
	if len(fields) < atLeast {
		t.Fatalf("only %d fields in\n%s", len(fields), text)
	}
	for _, m := range fields {
		if !strings.Contains(words, "`"+m[1]+"`") {
			t.Errorf("%s does not name the field %s", page, m[1])
		}
	}
}
