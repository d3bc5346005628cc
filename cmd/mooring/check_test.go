package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// twoClinics is a folder of two clinics, one in order and one with three faults.
func twoClinics(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, id := range []string{"quay", "pier"} {
		if err := os.CopyFS(filepath.Join(dir, id), os.DirFS(filepath.Join(testClinics, "quay"))); err != nil {
			t.Fatal(err)
		}
	}
	change := func(name, old, text string) {
		file := filepath.Join(dir, "pier", name)
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(src), old) {
			t.Fatalf("%s does not say %q", name, old)
		}
		if err := os.WriteFile(file, []byte(strings.Replace(string(src), old, text, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	change("clinic.yaml", "role:supervisor", "role:supervsor")
	change("clinic.yaml", "on_call: ruth", "on_call: ruht")
	change("workflows/missed.yaml", "title:", "titel:")
	return dir
}

// check says what a person should look at, and ends with 0: a warning is no fault, unless
// it is asked for.
func TestCheckWarns(t *testing.T) {
	settle(t, testClinics)
	out := done(t, "check")
	for _, want := range []string{
		filepath.Join(testClinics, "quay", "clinic.yaml") + ":", ": warning: the policy", "minutes, and mail is all", "[urgent-on-mail-alone]",
		"quay: 2 workflows, 2 people, version ", ": in order\n", "warnings\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("nothing says %q:\n%s", want, out)
		}
	}
	fails(t, exitWrong, "there are warnings", "check", "--strict")
	fails(t, exitMisuse, "cannot be read", "check", filepath.Join(t.TempDir(), "nowhere"))
	fails(t, exitMisuse, "--json and --sarif can't be used together", "check", "--json", "--sarif")
}

// One folder that is wrong hides no other, and the command ends with 1.
func TestCheckOfSeveral(t *testing.T) {
	dir := twoClinics(t)
	c := call(t, "check", dir)
	if c.code != exitWrong || !strings.Contains(c.err, "something is wrong in the clinic folders") {
		t.Errorf("exit %d: %s", c.code, c.err)
	}
	for _, want := range []string{
		"nobody under `people` has the role `supervsor` [role-without-person]\n    did you mean `supervisor`?\n", "pier: not in order\n",
		"quay: 2 workflows", "4 errors, 9 warnings\n",
	} {
		if !strings.Contains(c.out, want) {
			t.Errorf("nothing says %q:\n%s", want, c.out)
		}
	}
	c = call(t, "check", "--json", dir)
	if c.code != exitWrong {
		t.Errorf("exit %d: %s", c.code, c.err)
	}
	golden(t, "check.json", c.out)
	c = call(t, "check", "--sarif", dir)
	var log struct {
		Runs []struct {
			Results []struct {
				RuleID    string
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
					}
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(c.out), &log); err != nil || c.code != exitWrong {
		t.Fatalf("exit %d: %v: %s", c.code, err, c.err)
	}
	files := map[string]int{}
	for _, r := range log.Runs[0].Results {
		files[r.Locations[0].PhysicalLocation.ArtifactLocation.URI]++
	}
	if files["pier/clinic.yaml"] != 2 || files["pier/workflows/missed.yaml"] != 2 || files["quay/clinic.yaml"] != 7 {
		t.Errorf("results by file: %v", files)
	}
}

// The built-in sample is in order, and what is said of it is true: its people exist
// nowhere, so no pager reaches them, and its names tell what it is a sample of.
func TestCheckOfTheSample(t *testing.T) {
	t.Setenv("MOORING_CLINICS", "")
	out := done(t, "check")
	told := 0
	// The last two come with the years: nobody looks after addresses that are no one's.
	for _, rule := range []string{"urgent-on-mail-alone", "telling-name", "unverified-address", "stale-resource"} {
		told += strings.Count(out, "["+rule+"]")
	}
	if strings.Contains(out, ": error: ") || strings.Count(out, ": warning: ") != told || !strings.Contains(out, "sample: 14 workflows, 4 people") {
		t.Errorf("of the sample:\n%s", out)
	}
}
