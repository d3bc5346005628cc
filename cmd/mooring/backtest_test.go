package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// pastLine is one event of a file of past events.
func pastLine(id, kind, client, at, data string) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"ehr","type":"care.mooring.%s","subject":%q,"time":%q,"data":%s}`+"\n", id, kind, client, at, data)
}

const reachablePast = `{"client":{"first_name":"Sam","email":"sam@client.example","email_verified":true,"clinician":"amara","risk":"none","status":"active","consent":{"outreach":{"state":"granted"}}}}`

// past is what happened to three clients: one signals, one signals and replies,
// one does neither. The lines are not in the order of time.
func past() string {
	return pastLine("3", "client.signal", "ehr-8421", "2026-06-01T15:00:00Z", `{"signal":{"name":"diary"}}`) +
		pastLine("1", "client.updated", "ehr-8421", "2026-06-01T14:00:00Z", reachablePast) +
		"\n" +
		pastLine("2", "client.updated", "ehr-8422", "2026-06-01T14:00:00Z", reachablePast) +
		pastLine("4", "client.signal", "ehr-8422", "2026-06-02T15:00:00Z", `{"signal":{"name":"diary"}}`) +
		pastLine("5", "message.replied", "ehr-8422", "2026-06-02T16:00:00Z", `{}`) +
		pastLine("6", "client.updated", "ehr-8423", "2026-06-01T14:00:00Z", reachablePast)
}

// TestBacktest: the past is decided with and without a draft, and nobody is named.
func TestBacktest(t *testing.T) {
	settle(t, "")
	dir := t.TempDir()
	draft, file := write(t, dir, "slower.yaml", triedYAML), write(t, dir, "past.jsonl", past())
	out := done(t, "backtest", draft, "--events", file, "--until", "2026-06-05")
	golden(t, "backtest.txt", out)
	if strings.Contains(out, "ehr-") || strings.Contains(out, "client.example") {
		t.Errorf("it names a client:\n%s", out)
	}
	if _, err := os.Stat(os.Getenv("MOORING_DATA")); !os.IsNotExist(err) {
		t.Errorf("a backtest made the data folder: %v", err)
	}
}

func TestBacktestJSON(t *testing.T) {
	settle(t, "")
	dir := t.TempDir()
	draft := write(t, dir, "slower.yaml", triedYAML)
	golden(t, "backtest.json", done(t, "backtest", draft, "--events", write(t, dir, "past.jsonl", past()), "--until", "2026-06-05", "--json"))
	// Without an end it goes on for 60 days after the last event.
	var b struct{ Until string }
	out := done(t, "backtest", draft, "--events", filepath.Join(dir, "past.jsonl"), "--json")
	if err := json.Unmarshal([]byte(out), &b); err != nil || b.Until != "2026-08-01T16:00:00Z" {
		t.Errorf("%v: it ends at %s", err, b.Until)
	}
}

// TestBacktestLeavesOutWhatItCannotRead: each such line is named, the rest counts,
// and the command ends with 1.
func TestBacktestLeavesOutWhatItCannotRead(t *testing.T) {
	settle(t, "")
	dir := t.TempDir()
	draft := write(t, dir, "slower.yaml", triedYAML)
	broken := "{\n" + past() +
		pastLine("7", "timer.due", "ehr-8421", "2026-06-03T14:00:00Z", `{}`) +
		pastLine("8", "appointment.noshow", "ehr-8421", "2026-06-03T14:00:00Z", `{}`)
	file := write(t, dir, "broken.jsonl", strings.TrimSuffix(broken, "\n"))
	c := call(t, "backtest", draft, "--events", file, "--until", "2026-06-05")
	whole := done(t, "backtest", draft, "--events", write(t, dir, "past.jsonl", past()), "--until", "2026-06-05")
	// The broken first line moves the others down by one.
	want := strings.NewReplacer("first on line 4\n", "first on line 5\n", "first on line 1\n", "first on line 2\n").Replace(whole)
	if c.code != exitWrong || c.out != want {
		t.Errorf("exit %d; with broken lines it says\n%swithout\n%s", c.code, c.out, want)
	}
	for _, words := range []string{
		"broken.jsonl:1: ", "broken.jsonl:9: type is a kind that only Mooring itself may state", "broken.jsonl:10: data.appointment.id", "could not be read and were left out: 3\n",
	} {
		if !strings.Contains(c.err, words) {
			t.Errorf("the complaint lacks %q:\n%s", words, c.err)
		}
	}
}

func TestBacktestRefuses(t *testing.T) {
	settle(t, "")
	dir := t.TempDir()
	draft, file := write(t, dir, "slower.yaml", triedYAML), write(t, dir, "past.jsonl", past())
	clinic, err := os.ReadFile(filepath.Join("..", "..", "workflows", "sample", "clinic.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "quay/clinic.yaml", string(clinic))
	inside := write(t, dir, "quay/workflows/slower.yaml", triedYAML)
	done(t, "workflow", "approve", inside, "--by", "Ruth")
	approved, err := os.ReadFile(inside)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "quay/workflows/slower.yaml", strings.Replace(string(approved), "4h", "5h", 1))
	write(t, dir, "good/quay/clinic.yaml", string(clinic))
	write(t, dir, "broken/clinic.yaml", string(clinic))
	broken := filepath.Dir(filepath.Dir(write(t, dir, "broken/workflows/slower.yaml", "workflows: slower\n")))
	for _, tc := range []struct {
		name, words string
		code        int
		args        []string
	}{
		{"no events and no Mooring", "--events FILE and --clinic-dir DIR do without it: MOORING_DATA: there is no Mooring's data", exitMisuse, []string{draft}},
		{"ids of the streams", "--ids needs --events", exitMisuse, []string{draft, "--ids"}},
		{"no such file", "none.jsonl: no such file", exitWrong, []string{draft, "--events", filepath.Join(dir, "none.jsonl")}},
		{"no event", "nothing.jsonl has no event that can be read\n" + filepath.Join(dir, "nothing.jsonl") + ":2: ", exitWrong, []string{draft, "--events", write(t, dir, "nothing.jsonl", "\nhello\n")}},
		{"no time", "--until: the end of a backtest must be a time such as", exitMisuse, []string{draft, "--events", file, "--until", "later"}},
		{"ends too early", "not before its last event: that was at 2026-06-02T16:00:00Z", exitMisuse, []string{draft, "--events", file, "--until", "2026-06-02"}},
		{"a folder that is no clinic's", "is no clinic's folder, which is the one with clinic.yaml", exitWrong, []string{filepath.Join(dir, "quay", "workflows"), "--events", file, "--clinic-dir", filepath.Join(dir, "good", "quay")}},
		{"a folder that cannot be read", "read the draft of the clinic quay:\nworkflows/slower.yaml:1", exitWrong, []string{broken, "--events", file, "--clinic-dir", filepath.Join(dir, "good", "quay")}},
		{"changed in its place", "a draft that takes the place of a workflow is kept outside its folder", exitWrong, []string{inside, "--events", file}},
	} {
		t.Run(tc.name, func(t *testing.T) { fails(t, tc.code, tc.words, append([]string{"backtest"}, tc.args...)...) })
	}
}

// TestBacktestHoldsTheTimes: a wrong year must not make it run without end.
func TestBacktestHoldsTheTimes(t *testing.T) {
	settle(t, "")
	dir := t.TempDir()
	draft := write(t, dir, "slower.yaml", triedYAML)
	ahead := past() + pastLine("9", "client.signal", "ehr-8421", "2999-01-01T00:00:00Z", `{"signal":{"name":"diary"}}`)
	c := call(t, "backtest", draft, "--events", write(t, dir, "ahead.jsonl", ahead))
	if c.code != exitWrong || !strings.Contains(c.err, "ahead.jsonl:8: it is dated 2999-01-01T00:00:00Z, which has not come yet") {
		t.Errorf("exit %d: %s", c.code, c.err)
	}
	// A question that nobody answers for decades is no reason to count for as long.
	long := pastLine("1", "appointment.noshow", "ehr-8421", "1999-01-01T00:00:00Z", `{"client":{"risk":"high"},"appointment":{"id":"a1"}}`) + past()
	if out := done(t, "backtest", draft, "--events", write(t, dir, "long.jsonl", long)); !strings.Contains(out, "from 31 Dec 1998") {
		t.Errorf("it says\n%s", out)
	}
}
