package main

import (
	"context"
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
