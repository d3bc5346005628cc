package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSignIn(t *testing.T) {
	settle(t, testClinics)
	fails(t, exitMisuse, "there is no Mooring's data in", "signin")
	a := begin(t)
	got := call(t, "signin")
	if got.code != exitDone || !strings.HasPrefix(got.out, "http://"+a.Addr("MOORING_STAFF_HTTP")+"/signin/") || strings.Count(got.out, "\n") != 1 {
		t.Errorf("exit %d, %q", got.code, got.out)
	}
	if !strings.Contains(got.err, "once") {
		t.Errorf("it does not say that the link works once: %q", got.err)
	}
	a.Stop(context.Background())
	fails(t, exitWrong, "no Mooring is running", "signin")
}

// check says what a person should look at, and does not refuse it.
func TestCheckWarns(t *testing.T) {
	settle(t, testClinics)
	if out := done(t, "check"); !strings.Contains(out, "quay: warning: the policy") || !strings.Contains(out, "minutes, and mail is all") {
		t.Errorf("no warning about minutes and mail:\n%s", out)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(testClinics)); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "quay"), filepath.Join(dir, "pier")); err != nil {
		t.Fatal(err)
	}
	if out := done(t, "check", dir); !strings.Contains(out, "pier: ") {
		t.Errorf("it read another folder:\n%s", out)
	}
}

// The last word is true.
func TestSayStopped(t *testing.T) {
	for finished, want := range map[bool]string{true: "Nothing was lost", false: "did not end within 25 seconds"} {
		var out strings.Builder
		if err := sayStopped(streams{out: &out}, finished); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), want) || strings.Contains(out.String(), "Nothing was lost") != finished {
			t.Errorf("finished %v: %q", finished, out.String())
		}
	}
}
