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
		if !strings.Contains(out, "of 2 clients.\n") || !strings.Contains(out, "Every chain is whole") {
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
	if err := json.Unmarshal([]byte(text), &check); err != nil || check.Entries < 2 || check.Wrong == nil || len(check.Ends) != 2 {
		t.Fatalf("%v\n%s", err, text)
	}
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
