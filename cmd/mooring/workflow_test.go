package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const draftYAML = "workflow: own\ntitle: Our own\nwhy: It stands in a test.\nstart: {on: [client.signal]}\nsteps:\n  - send: A\n"

// TestWorkflowApprove: the file says who put which version to work; a change
// takes that away again.
func TestWorkflowApprove(t *testing.T) {
	file := filepath.Join(t.TempDir(), "own.yaml")
	if err := os.WriteFile(file, []byte(draftYAML), 0o640); err != nil {
		t.Fatal(err)
	}
	c := call(t, "workflow", "approve", file, "--by", `Dr. "Ruth" Adeyemi`, "--on", "2026-11-02")
	if c.code != exitDone || !strings.Contains(c.out, `Approved by Dr. "Ruth" Adeyemi on 2026-11-02 as version w`) {
		t.Fatalf("exit %d: %s%s", c.code, c.out, c.err)
	}
	first, err := os.ReadFile(file)
	if err != nil || !strings.HasPrefix(string(first), draftYAML) {
		t.Fatalf("%v: the file is now\n%s", err, first)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the file's mode became %v, %v", info.Mode(), err)
	}
	// Approved once more, by somebody else: one block, the same version.
	if c := call(t, "workflow", "approve", file, "--by", "Mei", "--on", "2026-11-03"); c.code != exitDone {
		t.Fatal(c.err)
	}
	second, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	version := func(text []byte) string { _, v, _ := strings.Cut(string(text), "version: "); return v }
	if strings.Count(string(second), "approved:") != 1 || !strings.Contains(string(second), `by: "Mei"`) || version(first) != version(second) {
		t.Errorf("approved twice the file is\n%s", second)
	}
}

func TestWorkflowApproveRefuses(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	good := write("own.yaml", draftYAML)
	tomorrow := time.Now().Add(49 * time.Hour).Format(time.DateOnly)
	for name, tc := range map[string]struct {
		args []string
		code int
		want string
	}{
		"nobody":                      {[]string{good}, exitMisuse, "--by"},
		"nobody by name":              {[]string{good, "--by", " "}, exitMisuse, "--by needs a name"},
		"no such file":                {[]string{filepath.Join(dir, "other.yaml"), "--by", "Ruth"}, exitWrong, "no such file"},
		"no such day":                 {[]string{good, "--by", "Ruth", "--on", "2026-02-30"}, exitMisuse, "must be a day"},
		"a day to come":               {[]string{good, "--by", "Ruth", "--on", tomorrow}, exitMisuse, "has not come yet"},
		"a broken file":               {[]string{write("broken.yaml", "workflow: broken\n"), "--by", "Ruth"}, exitWrong, "broken.yaml:1:1: a workflow needs the key `title`"},
		"another's name":              {[]string{write("copy.yaml", draftYAML), "--by", "Ruth"}, exitWrong, "give both the same name"},
		"no workflow":                 {[]string{write("text.yaml", "hello"), "--by", "Ruth"}, exitWrong, "text.yaml:1:1"},
		"approved before":             {[]string{write("twice.yaml", strings.Replace(draftYAML, "steps:", "approved: {}\nsteps:", 1)), "--by", "Ruth"}, exitWrong, "`approved` must be the last key of the file"},
		"a wording that nobody wrote": {[]string{write("split.yaml", strings.Replace(strings.Replace(draftYAML, "own", "split", 1), "send: A", "send: {template: A, wording: warmer}", 1)), "--by", "Ruth"}, exitWrong, "workflows/split.yaml:6:34: the step"},
	} {
		t.Run(name, func(t *testing.T) {
			c := call(t, append([]string{"workflow", "approve"}, tc.args...)...)
			if c.code != tc.code || !strings.Contains(c.err, tc.want) {
				t.Errorf("exit %d: %s; want %d and %q", c.code, c.err, tc.code, tc.want)
			}
		})
	}
	if now, err := os.ReadFile(good); err != nil || string(now) != draftYAML {
		t.Errorf("%v: a refusal changed the file:\n%s", err, now)
	}
}

// TestWorkflowApproveRefusesATakenPrecedence: what serve would refuse is not
// approved first.
func TestWorkflowApproveRefusesATakenPrecedence(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "workflows")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	with := func(name string) string {
		file := filepath.Join(dir, name+".yaml")
		text := strings.Replace(draftYAML, "workflow: own", "workflow: "+name+"\nprecedence: 50", 1)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	first, second := with("own"), with("other")
	if c := call(t, "workflow", "approve", first, "--by", "Ruth"); c.code != exitDone {
		t.Fatalf("exit %d: %s", c.code, c.err)
	}
	if c := call(t, "workflow", "approve", second, "--by", "Ruth"); c.code != exitWrong || !strings.Contains(c.err, "workflows/own.yaml has the precedence 50 too") {
		t.Errorf("exit %d: %s", c.code, c.err)
	}
	if c := call(t, "workflow", "approve", first, "--by", "Mei"); c.code != exitDone {
		t.Errorf("approved once more: exit %d: %s", c.code, c.err)
	}
}

// TestWorkflowApproveKnowsTheClinicsWordings: a wording of the clinic's own, in the
// folder beside the workflow's, will do.
func TestWorkflowApproveKnowsTheClinicsWordings(t *testing.T) {
	dir := t.TempDir()
	own, err := os.ReadFile(filepath.Join("..", "..", "notifier", "templates", "en", "a-notice.md"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"workflows/own.yaml":      strings.Replace(draftYAML, "send: A", "send: {template: A, wording: warmer}", 1),
		"templates/a-warmer.md":   strings.Replace(string(own), "family: A\n", "family: A\nwording: warmer\n", 1),
		"templates/README.md":     "Not a wording.",
		"workflows/elsewhere.txt": "",
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if c := call(t, "workflow", "approve", filepath.Join(dir, "workflows", "own.yaml"), "--by", "Ruth"); c.code != exitDone {
		t.Errorf("exit %d: %s%s", c.code, c.out, c.err)
	}
}

// TestWorkflowList: what is at work and what is a draft, as text and for
// programs.
func TestWorkflowList(t *testing.T) {
	c := call(t, "workflow", "list")
	if c.code != exitDone || !strings.Contains(c.out, "high-risk-no-show") || strings.Contains(c.out, "draft") {
		t.Fatalf("exit %d: %s%s", c.code, c.out, c.err)
	}
	c = call(t, "workflow", "list", "--json")
	var list []map[string]any
	if err := json.Unmarshal([]byte(c.out), &list); c.code != exitDone || err != nil || len(list) != 14 || list[0]["workflow"] != "high-risk-no-show" || list[0]["draft"] != false {
		t.Errorf("exit %d, %v: %s%s", c.code, err, c.out, c.err)
	}
}

// TestWorkflowCopy: what is copied reads as it stands, and nothing of the
// clinic's own is written over.
func TestWorkflowCopy(t *testing.T) {
	root := t.TempDir()
	clinic := filepath.Join(root, "quay")
	if err := os.CopyFS(clinic, os.DirFS(filepath.Join("..", "..", "workflows", "sample"))); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(clinic, "sample.go")); err != nil {
		t.Fatal(err)
	}
	if c := call(t, "workflow", "copy", clinic, "first-no-show"); c.code != exitDone || c.out != "workflows/first-no-show.yaml\nschema/workflow.schema.json\n" {
		t.Fatalf("exit %d: %s%s", c.code, c.out, c.err)
	}
	own := filepath.Join(clinic, "workflows", "first-no-show.yaml")
	before, err := os.ReadFile(own)
	if err != nil {
		t.Fatal(err)
	}
	before = append(before, "# our own\n"...)
	if err := os.WriteFile(own, before, 0o600); err != nil {
		t.Fatal(err)
	}
	if c := call(t, "workflow", "copy", clinic); c.code != exitDone || strings.Count(c.out, "\n") != 13 {
		t.Errorf("exit %d: %s%s", c.code, c.out, c.err)
	}
	if after, err := os.ReadFile(own); err != nil || string(after) != string(before) {
		t.Errorf("%v: the clinic's own file was written over:\n%s", err, after)
	}
	if c := call(t, "check", root); c.code != exitDone || !strings.Contains(c.out, "quay: 14 workflows") {
		t.Errorf("exit %d: %s%s", c.code, c.out, c.err)
	}
	if c := call(t, "workflow", "copy", clinic); c.code != exitDone || !strings.Contains(c.out, "nothing was written") {
		t.Errorf("exit %d: %s%s", c.code, c.out, c.err)
	}
	if c := call(t, "workflow", "copy", clinic, "frist-no-show"); c.code != exitWrong || !strings.Contains(c.err, "no built-in workflow") {
		t.Errorf("exit %d: %s%s", c.code, c.out, c.err)
	}
	if c := call(t, "workflow", "copy", root); c.code != exitWrong || !strings.Contains(c.err, "has no clinic.yaml") {
		t.Errorf("one folder too high, exit %d: %s%s", c.code, c.out, c.err)
	}
	if c := call(t, "check", clinic); c.code != exitMisuse || !strings.Contains(c.err, "the folder of clinics: "+clinic+" is one clinic's own folder") || strings.Contains(c.err, "MOORING_") {
		t.Errorf("one folder too low, exit %d: %s%s", c.code, c.out, c.err)
	}
	if c := call(t, "workflow", "list", clinic); c.code != exitMisuse || strings.Contains(c.err, "MOORING_") {
		t.Errorf("listing one folder too low, exit %d: %s%s", c.code, c.out, c.err)
	}
	if c := call(t, "workflow", "copy", filepath.Join(root, "nowhere")); c.code != exitWrong || !strings.Contains(c.err, "is no folder") {
		t.Errorf("exit %d: %s%s", c.code, c.out, c.err)
	}
}
